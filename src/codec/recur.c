#include "codec/recur.h"

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"

#define MINUTE_S  60
/* Days that a due instant may lie behind the date it is named by: Apia's missing day, and the offset. */
#define BACK_DAYS 2

static bool is_elapsed(const struct recur *r)
{
	return r->kind == RECUR_EVERY && r->unit <= RECUR_HOURS;
}

static const struct tz *clock_of(const struct recur *r, const struct tz *tz)
{
	return r->utc ? tz_utc() : tz;
}

/* The first of the dates on or after a day. */
static bool next_date(const struct recur *r, int64_t day, int64_t *ret)
{
	for (size_t i = 0; i < r->dates_len; i++)
		if (r->dates[i] >= day) {
			*ret = r->dates[i];
			return true;
		}
	return false;
}

static int64_t in_year(struct civil date, int64_t year)
{
	date.year = year;
	if (!civil_is_date(year, date.month, date.day))
		date.day = 28;
	return civil_to_days(date);
}

static bool next_yearly(const struct recur *r, int64_t day, int64_t *ret)
{
	int64_t year = civil_from_days(day).year, best = INT64_MAX;
	for (size_t i = 0; i < r->dates_len; i++) {
		struct civil date = civil_from_days(r->dates[i]);
		int64_t first = year > date.year ? year : date.year;
		int64_t at = in_year(date, first);
		if (at < day)
			at = in_year(date, first + 1);
		best = at < best ? at : best;
	}
	*ret = best;
	return true;
}

static bool next_weekday(const struct recur *r, int64_t day, int64_t *ret)
{
	while (!(r->weekdays & 1u << civil_weekday(day)))
		day++;
	*ret = day;
	return true;
}

/* No day of the month is missing in two months on end. */
static bool next_month_day(const struct recur *r, int64_t day, int64_t *ret)
{
	for (struct civil c = civil_from_days(day);; c = civil_from_days(++day)) {
		bool is_last = c.day == civil_month_days(c.year, c.month);
		if (r->month_days & 1u << (c.day - 1) || (r->last_day && is_last)) {
			*ret = day;
			return true;
		}
	}
}

static int64_t from_day(const struct recur *r)
{
	return civil_floor_div(r->from_s, CIVIL_DAY_S);
}

/* The k-th time of every so many months. */
static int64_t month_step(const struct recur *r, int64_t k)
{
	struct civil c = civil_from_days(from_day(r));
	int64_t months = c.year * 12 + c.month - 1 + k * r->every;
	c.year = civil_floor_div(months, 12);
	c.month = (int)(months - c.year * 12) + 1;
	int most = civil_month_days(c.year, c.month);
	c.day = c.day < most ? c.day : most;
	return civil_to_days(c);
}

static int64_t next_month_step(const struct recur *r, int64_t day)
{
	struct civil start = civil_from_days(from_day(r)), c = civil_from_days(day);
	int64_t k = ((c.year - start.year) * 12 + c.month - start.month) / r->every;
	while (month_step(r, k) < day)
		k++;
	return month_step(r, k);
}

static bool next_step(const struct recur *r, int64_t day, int64_t *ret)
{
	int64_t start = from_day(r), step = r->unit == RECUR_WEEKS ? 7 * r->every : r->every;
	if (day <= start)
		*ret = start;
	else if (r->unit == RECUR_MONTHS)
		*ret = next_month_step(r, day);
	else
		*ret = start + (day - start + step - 1) / step * step;
	return true;
}

/* The first day on or after the given one that the rule names, whatever its range of dates. */
static bool next_named_day(const struct recur *r, int64_t day, int64_t *ret)
{
	switch (r->kind) {
	case RECUR_DATES:
		return r->yearly ? next_yearly(r, day, ret) : next_date(r, day, ret);
	case RECUR_WEEKLY:
		return next_weekday(r, day, ret);
	case RECUR_MONTHLY:
		return next_month_day(r, day, ret);
	case RECUR_EVERY:
		return next_step(r, day, ret);
	default:
		return false;
	}
}

static bool next_day(const struct recur *r, int64_t day, int64_t *ret)
{
	int64_t found;
	if (day < r->during_from)
		day = r->during_from;
	if (day > r->during_to || !next_named_day(r, day, &found) || found > r->during_to)
		return false;
	*ret = found;
	return true;
}

static void key_write(struct recur_due *d, bool is_utc)
{
	char text[CIVIL_TEXT_SIZE];
	civil_text(d->wall_s, text);
	(void)snprintf(d->key, sizeof(d->key), "%s%s", text, is_utc ? "Z" : "");
}

static void set_window(const struct recur *r, int64_t end_s, struct recur_due *d)
{
	d->end_ms = r->to_minute == RECUR_NO_MINUTE ? INT64_MAX : end_s * 1000;
	d->window_ms = r->random ? d->end_ms - d->due_ms : 0;
}

static int64_t span_s(const struct recur *r)
{
	return (int64_t)(r->to_minute - r->at_minute) * MINUTE_S;
}

/* The time of one day. The end is where the wall clock shows it; a gap that swallows the whole span leaves it as long
 * as it was meant. */
static void due_on(const struct recur *r, const struct tz *clock, int64_t day, struct recur_due *ret)
{
	static const enum recur_shift shifts[] = {
		[TZ_FIT_ONE] = RECUR_SHIFT_NONE,
		[TZ_FIT_GAP] = RECUR_SHIFT_GAP,
		[TZ_FIT_FOLD] = RECUR_SHIFT_FOLD,
	};
	int64_t due_s, end_s;
	*ret = (struct recur_due){.wall_s = day * CIVIL_DAY_S + r->at_minute * MINUTE_S};
	ret->shift = shifts[tz_instant(clock, ret->wall_s, &due_s)];
	ret->due_ms = due_s * 1000;
	(void)tz_instant(clock, day * CIVIL_DAY_S + r->to_minute * MINUTE_S, &end_s); /* any fit will do */
	set_window(r, end_s > due_s ? end_s : due_s + span_s(r), ret);
	key_write(ret, r->utc);
}

/* Where a day is missing, two may fall on one instant: the later one is it, which needs no shift. */
static void join_same(const struct recur *r, const struct tz *clock, int64_t day, struct recur_due *d)
{
	struct recur_due other;
	while (d->shift == RECUR_SHIFT_GAP && next_day(r, day + 1, &day)) {
		due_on(r, clock, day, &other);
		if (other.due_ms != d->due_ms)
			return;
		*d = other;
	}
}

static bool next_wall(const struct recur *r, const struct tz *clock, int64_t after_s, struct recur_due *ret)
{
	struct recur_due d;
	int64_t day = civil_floor_div(tz_wall(clock, after_s), CIVIL_DAY_S) - BACK_DAYS;
	for (; next_day(r, day, &day); day++) {
		due_on(r, clock, day, &d);
		if (d.due_ms <= after_s * 1000)
			continue;
		join_same(r, clock, day, &d);
		*ret = d;
		return true;
	}
	return false;
}

/* Every N minutes or hours, as the instants first, first + period, ... up to last. */
struct series {
	int64_t first, period, last;
};

static struct series series_of(const struct recur *r, const struct tz *clock)
{
	struct series s = {.period = (int64_t)r->every * (r->unit == RECUR_HOURS ? 60 : 1) * MINUTE_S};
	int64_t begin;
	(void)tz_instant(clock, r->from_s, &s.first);
	(void)tz_instant(clock, r->during_from * CIVIL_DAY_S, &begin);
	(void)tz_instant(clock, (r->during_to + INT64_C(1)) * CIVIL_DAY_S, &s.last);
	s.last--;
	if (s.first < begin)
		s.first += (begin - s.first + s.period - 1) / s.period * s.period;
	return s;
}

static bool series_next(const struct series *s, int64_t after_s, int64_t *ret)
{
	int64_t at = after_s < s->first ? s->first : s->first + ((after_s - s->first) / s->period + 1) * s->period;
	if (at > s->last)
		return false;
	*ret = at;
	return true;
}

static bool next_elapsed(const struct recur *r, const struct tz *clock, int64_t after_s, struct recur_due *ret)
{
	struct series s = series_of(r, clock);
	int64_t at;
	if (!series_next(&s, after_s, &at))
		return false;
	*ret = (struct recur_due){.wall_s = at, .due_ms = at * 1000};
	set_window(r, at + span_s(r), ret);
	key_write(ret, true);
	return true;
}

/* Rules name days of 1970 to 2999 only: earlier and later instants need not be told apart. */
static int64_t seconds_of(int64_t utc_ms)
{
	const int64_t least = (RECUR_DAY_FIRST - 10) * CIVIL_DAY_S, most = (RECUR_DAY_LAST + 10) * CIVIL_DAY_S;
	int64_t s = civil_floor_div(utc_ms, 1000);
	return s < least ? least : s > most ? most : s;
}

bool recur_next(const struct recur *r, const struct tz *tz, int64_t after_utc_ms, struct recur_due *ret)
{
	int64_t after_s = seconds_of(after_utc_ms);
	if (r->kind == RECUR_NONE || r->kind == RECUR_REFRESH)
		return false;
	if (is_elapsed(r))
		return next_elapsed(r, clock_of(r, tz), after_s, ret);
	return next_wall(r, clock_of(r, tz), after_s, ret);
}

const char *recur_shift_sentence(enum recur_shift s)
{
	switch (s) {
	case RECUR_SHIFT_GAP:
		return "the clock is put forward over this time: due at the first instant after";
	case RECUR_SHIFT_FOLD:
		return "the clock is put back over this time: due when it comes first";
	default:
		return "";
	}
}

/* A date that is over, of those that do not come every year. */
static int check_dates(const struct recur *r, const struct tz *tz, int64_t now_ms, struct err *e)
{
	for (size_t i = 0; i < r->dates_len && !r->yearly; i++) {
		struct recur_due d;
		char text[CIVIL_TEXT_SIZE];
		due_on(r, clock_of(r, tz), r->dates[i], &d);
		civil_text(d.wall_s, text);
		if (d.due_ms <= now_ms)
			return err_set(e, ERR_INVALID,
				       "schedule: %s is over already; leave the date out, or give yearly as well",
				       text);
	}
	return 0;
}

static int never_due(const struct recur *r, int64_t today, struct err *e)
{
	char from[CIVIL_DATE_SIZE], to[CIVIL_DATE_SIZE];
	civil_date_text(r->during_from, from);
	civil_date_text(r->during_to, to);
	if (r->during_to < today)
		return err_set(e, ERR_INVALID, "schedule: it never is due: its last date, %s, is over", to);
	return err_set(e, ERR_INVALID, "schedule: it never is due: no time that it names comes from %s to %s", from,
		       to);
}

int recur_check(const struct recur *r, const struct tz *tz, int64_t now_utc_ms, struct err *e)
{
	struct recur_due d;
	int64_t today = civil_floor_div(tz_wall(clock_of(r, tz), seconds_of(now_utc_ms)), CIVIL_DAY_S);
	if (r->kind == RECUR_NONE)
		return 0;
	int rc = check_dates(r, tz, now_utc_ms, e);
	if (rc)
		return rc;
	bool is_due = r->kind == RECUR_REFRESH ? r->during_to >= today : recur_next(r, tz, now_utc_ms, &d);
	return is_due ? 0 : never_due(r, today, e);
}

/* x with a * x = gcd (mod m), by Euclid; 0 <= x < m. */
static int64_t euclid(int64_t a, int64_t m, int64_t *ret_gcd)
{
	int64_t r0 = a, r1 = m, x0 = 1, x1 = 0;
	while (r1 != 0) {
		int64_t q = r0 / r1, r2 = r0 - q * r1, x2 = x0 - q * x1;
		r0 = r1, r1 = r2, x0 = x1, x1 = x2;
	}
	*ret_gcd = r0;
	return (x0 % m + m) % m;
}

/* The first member of a, not before least, that is also a member of b plus apart; INT64_MAX: none. The products stay
 * below (9999 hours)^2 seconds. */
static int64_t meeting(const struct series *a, const struct series *b, int64_t apart, int64_t least)
{
	int64_t gcd, inverse = euclid(a->period, b->period, &gcd), diff = b->first + apart - a->first;
	if (diff % gcd != 0)
		return INT64_MAX;
	int64_t turn = b->period / gcd, steps = (diff / gcd % turn + turn) % turn * (inverse % turn) % turn;
	int64_t at = a->first + steps * a->period, every = turn * a->period;
	return at >= least ? at : at + (least - at + every - 1) / every * every;
}

/* Two series: a time x of a and y of b, whose windows last wide_a and wide_b seconds longer than one, meet when x - y
 * is between -wide_a and wide_b; each such difference is solved for. */
static int64_t series_clash(const struct series *a, int64_t wide_a, const struct series *b, int64_t wide_b,
			    int64_t after_s)
{
	int64_t gcd, x, y, best = INT64_MAX;
	(void)euclid(a->period, b->period, &gcd);
	if (!series_next(a, after_s, &x) || !series_next(b, after_s, &y))
		return best;
	int64_t residue = ((a->first - b->first) % gcd + gcd) % gcd;
	int64_t apart = civil_floor_div(-wide_a - residue + gcd - 1, gcd) * gcd + residue;
	for (; apart <= wide_b; apart += gcd) {
		int64_t at = meeting(a, b, apart, x > y + apart ? x : y + apart);
		if (at > a->last || at - apart > b->last)
			continue;
		int64_t later = apart < 0 ? at - apart : at;
		best = later < best ? later : best;
	}
	return best;
}

/* One of the two sides of a comparison: a rule, and the most that its windows may last (0 without random). */
struct side {
	const struct recur *r;
	const struct tz *tz;
	int64_t most_ms;
	struct recur_due due;
};

static struct side side_of(const struct recur *r, const struct tz *tz)
{
	int64_t most = !r->random ? 0 : is_elapsed(r) ? span_s(r) * 1000 : 2 * CIVIL_DAY_S * 1000;
	return (struct side){.r = r, .tz = tz, .most_ms = most};
}

/* On to the next time that may reach the other side's begin. */
static bool side_advance(struct side *s, int64_t begin_ms)
{
	int64_t after = begin_ms - s->most_ms - 1;
	return recur_next(s->r, s->tz, after > s->due.due_ms ? after : s->due.due_ms, &s->due);
}

static bool walk_clash(struct side *a, struct side *b, int64_t from_ms, int64_t last_ms, int64_t *ret)
{
	bool more = recur_next(a->r, a->tz, from_ms, &a->due) && recur_next(b->r, b->tz, from_ms, &b->due);
	while (more) {
		struct side *early = a->due.due_ms <= b->due.due_ms ? a : b;
		struct side *late = early == a ? b : a;
		if (late->due.due_ms > last_ms)
			return false;
		bool meet = early->due.due_ms == late->due.due_ms ||
			    early->due.due_ms + early->due.window_ms > late->due.due_ms;
		if (meet) {
			*ret = late->due.due_ms;
			return true;
		}
		more = side_advance(early, late->due.due_ms);
	}
	return false;
}

bool recur_clash(const struct recur *a, const struct tz *tz_a, const struct recur *b, const struct tz *tz_b,
		 int64_t from_utc_ms, int64_t *ret_utc_ms)
{
	int64_t from_s = seconds_of(from_utc_ms), last_s = from_s + RECUR_CLASH_YEARS * 366 * CIVIL_DAY_S;
	struct side side_a = side_of(a, tz_a), side_b = side_of(b, tz_b);
	if (!is_elapsed(a) || !is_elapsed(b))
		return walk_clash(&side_a, &side_b, from_s * 1000, last_s * 1000, ret_utc_ms);
	struct series series_a = series_of(a, clock_of(a, tz_a)), series_b = series_of(b, clock_of(b, tz_b));
	int64_t wide_a = a->random ? span_s(a) - 1 : 0, wide_b = b->random ? span_s(b) - 1 : 0;
	int64_t at = series_clash(&series_a, wide_a, &series_b, wide_b, from_s);
	if (at > last_s)
		return false;
	*ret_utc_ms = at * 1000;
	return true;
}

int64_t recur_slot(int64_t due_ms, int64_t window_ms, int64_t device, int64_t schedule)
{
	uint8_t ids[16];
	if (window_ms <= 0)
		return due_ms;
	for (size_t i = 0; i < 8; i++) {
		ids[i] = (uint8_t)((uint64_t)device >> 8 * i);
		ids[8 + i] = (uint8_t)((uint64_t)schedule >> 8 * i);
	}
	uint64_t place = rng_hash(0, ids, sizeof(ids));
	return due_ms + (int64_t)((unsigned __int128)place * (uint64_t)window_ms >> 64);
}

static int out_compare(const void *va, const void *vb)
{
	const struct recur_out *a = va, *b = vb;
	if (a->utc != b->utc)
		return a->utc ? 1 : -1;
	if (a->from_s != b->from_s)
		return a->from_s < b->from_s ? -1 : 1;
	if (a->to_s != b->to_s)
		return a->to_s < b->to_s ? -1 : 1;
	return strcmp(a->name, b->name);
}

void recur_outs_sort(struct recur_out *v, size_t len)
{
	if (len > 0)
		qsort(v, len, sizeof(*v), out_compare);
	for (size_t i = 0; i < len; i++) {
		bool goes_on = i > 0 && v[i - 1].utc == v[i].utc && v[i - 1].reach_s > v[i].to_s;
		v[i].reach_s = goes_on ? v[i - 1].reach_s : v[i].to_s;
	}
}

/* Those before the last one that begins at or before t; back as long as one of them still reaches t. */
static const struct recur_out *out_find(const struct recur_outs *outs, bool is_utc, int64_t t)
{
	size_t low = 0, high = outs->len;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct recur_out *o = &outs->v[mid];
		if (o->utc < is_utc || (o->utc == is_utc && o->from_s <= t))
			low = mid + 1;
		else
			high = mid;
	}
	for (; low > 0; low--) {
		const struct recur_out *o = &outs->v[low - 1];
		if (o->utc != is_utc || o->reach_s <= t)
			return NULL;
		if (o->to_s > t)
			return o;
	}
	return NULL;
}

const struct recur_out *recur_out_at(const struct recur_outs *outs, const struct tz *tz, int64_t utc_ms)
{
	int64_t utc_s = civil_floor_div(utc_ms, 1000);
	if (outs->len == 0)
		return NULL;
	const struct recur_out *o = out_find(outs, false, tz_wall(tz, utc_s));
	return o ? o : out_find(outs, true, utc_s);
}
