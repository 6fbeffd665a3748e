#include "codec/ical.h"

#include <libical/ical.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"

#define COMPONENT_SIZE 24 /* of a component's name with its NUL; longer ones are cut, and compared so */
#define QUOTE_SIZE     64

/* A point in time as an event has it: the reading of a clock. */
struct moment {
	int64_t s;
	bool is_date;
	const struct tz *tz; /* NULL: of whoever asks */
};

/* The same on one of two scales: UTC, or the wall clock of whoever asks. */
struct point {
	int64_t s;
	bool utc;
};

/* One time of an event that another event replaces. */
struct moved {
	uint64_t uid; /* a hash of it */
	struct point at;
};

struct event {
	size_t line; /* where it begins */
	char name[ICAL_NAME_MAX + 1];
	uint64_t uid;
	bool cancelled, is_move;
	struct moment start, moves;
	int64_t length_s;
	icalcomponent *properties;
};

struct reader {
	struct bytes text;
	size_t at, line;           /* of what is read next; the number of the line before */
	struct buf unfolded, kept; /* a logical line; what is looked at of an event */
	char stack[ICAL_DEPTH_MAX][COMPONENT_SIZE];
	size_t depth, event_line, event_dates;
	struct tz_cache *zones;
	int64_t from_s, to_s;
	size_t steps;
	struct moved *moved;
	size_t moved_len;
	struct ical *out;
	const char *name; /* of the event at hand, when it has a range already */
};

static int refuse(struct err *e, int code, const struct event *ev, const char *why)
{
	char quoted[QUOTE_SIZE];
	(void)snprintf(quoted, sizeof(quoted), "%s", ev->name);
	for (size_t len = strlen(quoted); !text_is_utf8(BYTES(quoted, len)) && len > 0;)
		quoted[--len] = '\0';
	return err_set(e, code, "calendar: event \"%s\" (line %zu): %s", quoted, ev->line, why);
}

/* Lines are joined again where they were folded (RFC 5545 section 3.1). A line longer than what is looked at of an
 * event is cut, and marked by the buf. */
static bool next_line(struct reader *r)
{
	size_t len = r->text.len;
	const uint8_t *p = r->text.p;
	buf_reset(&r->unfolded);
	if (r->at == len)
		return false;
	do {
		const uint8_t *end = memchr(p + r->at, '\n', len - r->at);
		size_t stop = end ? (size_t)(end - p) : len, next = end ? stop + 1 : len;
		if (stop > r->at && p[stop - 1] == '\r')
			stop--;
		(void)buf_add(&r->unfolded, p + r->at, stop - r->at); /* whether it fitted is asked where it matters */
		r->at = next;
		r->line++;
		if (r->at < len && (p[r->at] == ' ' || p[r->at] == '\t'))
			r->at++;
		else
			break;
	} while (r->at < len);
	return true;
}

static struct bytes line_name(const struct reader *r)
{
	struct bytes line = buf_bytes(&r->unfolded);
	size_t n = 0;
	while (n < line.len && line.p[n] != ':' && line.p[n] != ';')
		n++;
	return BYTES(line.p, n);
}

static bool line_is(const struct reader *r, const char *name)
{
	return bytes_equal_str_nocase(line_name(r), name);
}

/* Behind the name and its colon, in upper case. */
static void component_name(const struct reader *r, char to[COMPONENT_SIZE])
{
	struct bytes line = buf_bytes(&r->unfolded), name = line_name(r);
	struct bytes v =
		name.len < line.len ? bytes_trim(BYTES(line.p + name.len + 1, line.len - name.len - 1)) : BYTES_NONE;
	size_t n = 0;
	for (; n < v.len && n + 1 < COMPONENT_SIZE; n++)
		to[n] = (char)(v.p[n] >= 'a' && v.p[n] <= 'z' ? v.p[n] - 'a' + 'A' : v.p[n]);
	to[n] = '\0';
}

static bool in_event(const struct reader *r)
{
	return r->depth >= 2 && strcmp(r->stack[1], "VEVENT") == 0;
}

static int begin_component(struct reader *r, struct err *e)
{
	char name[COMPONENT_SIZE];
	component_name(r, name);
	if (r->depth == 0 && strcmp(name, "VCALENDAR") != 0)
		return err_set(e, ERR_INVALID, "calendar: line %zu: it does not begin with BEGIN:VCALENDAR", r->line);
	if (r->depth == ICAL_DEPTH_MAX)
		return err_set(e, ERR_TOO_BIG, "calendar: line %zu: components inside of components, more than %d deep",
			       r->line, ICAL_DEPTH_MAX);
	memcpy(r->stack[r->depth++], name, sizeof(name));
	if (r->depth == 2 && in_event(r)) {
		buf_reset(&r->kept);
		r->event_line = r->line;
		r->event_dates = 0;
	}
	return 0;
}

/* Whether an event ended with it goes to ret_event. */
static int end_component(struct reader *r, bool *ret_event, struct err *e)
{
	char name[COMPONENT_SIZE];
	component_name(r, name);
	if (r->depth == 0 || strcmp(r->stack[r->depth - 1], name) != 0)
		return err_set(e, ERR_INVALID, "calendar: line %zu: an END without its BEGIN", r->line);
	*ret_event = r->depth == 2 && in_event(r);
	r->depth--;
	return 0;
}

static size_t count_values(struct bytes line)
{
	size_t n = 1;
	for (size_t i = 0; i < line.len; i++)
		n += line.p[i] == ',';
	return n;
}

/* What an event means here; all else does not reach the library. */
static void keep_line(struct reader *r)
{
	static const char *const names[] = {"DTSTART", "DTEND",   "DURATION", "RRULE", "EXRULE",       "RDATE",
					    "EXDATE",  "SUMMARY", "STATUS",   "UID",   "RECURRENCE-ID"};
	if (line_is(r, "RDATE") || line_is(r, "EXDATE"))
		r->event_dates += count_values(buf_bytes(&r->unfolded));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (line_is(r, names[i])) {
			(void)buf_add_bytes(&r->kept, buf_bytes(&r->unfolded)); /* asked when the event ends */
			(void)buf_adds(&r->kept, "\r\n");
			r->kept.failed |= r->unfolded.failed;
		}
}

/* Takes one line; says whether it ended an event, whose properties are then in kept. */
static int take_line(struct reader *r, bool *ret_event, struct err *e)
{
	*ret_event = false;
	if (bytes_trim(buf_bytes(&r->unfolded)).len == 0)
		return 0;
	if (line_is(r, "BEGIN"))
		return begin_component(r, e);
	if (line_is(r, "END"))
		return end_component(r, ret_event, e);
	if (r->depth == 0)
		return err_set(e, ERR_INVALID, "calendar: line %zu: it does not begin with BEGIN:VCALENDAR", r->line);
	if (r->depth == 2 && in_event(r))
		keep_line(r);
	return 0;
}

/* Vendors put paths in front of names ("/example.org/Europe/Berlin"): the longest end that is a zone. */
static int find_zone(struct reader *r, const struct event *ev, const char *tzid, const struct tz **ret, struct err *e)
{
	char why[160];
	char bare[128];
	size_t len = strlen(tzid);
	bool quoted = len > 1 && tzid[0] == '"' && tzid[len - 1] == '"';
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)(quoted ? len - 2 : len), tzid + quoted);
	for (const char *name = bare; name; name = strchr(name, '/')) {
		name += *name == '/';
		if (tz_name_is_valid(name) && tz_cache_get(r->zones, name, ret, NULL) == 0)
			return 0;
	}
	(void)snprintf(why, sizeof(why),
		       "its time zone \"%.60s\" is none of the IANA database, whose names look like Europe/Berlin",
		       text_is_printable(bytes_str(bare)) ? bare : "?");
	return refuse(e, ERR_INVALID, ev, why);
}

static int moment_of(struct reader *r, const struct event *ev, icalproperty *p, struct icaltimetype t,
		     struct moment *ret, struct err *e)
{
	struct moment m = {.is_date = t.is_date};
	const char *tzid = icalproperty_get_parameter_as_string(p, "TZID");
	if (t.year < 1600 || t.year > 2999 || !civil_is_date(t.year, t.month, t.day) || t.hour < 0 || t.hour > 23 ||
	    t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 60)
		return refuse(e, ERR_INVALID, ev, "it has a date or time that does not exist");
	m.s = civil_to_days((struct civil){t.year, t.month, t.day}) * CIVIL_DAY_S;
	if (!t.is_date) {
		m.s += t.hour * 3600 + t.minute * 60 + (t.second == 60 ? 59 : t.second);
		if (t.zone == icaltimezone_get_utc_timezone())
			m.tz = tz_utc();
		else if (tzid) {
			int rc = find_zone(r, ev, tzid, &m.tz, e);
			if (rc)
				return rc;
		}
	}
	*ret = m;
	return 0;
}

static struct point point_of(const struct moment *m)
{
	struct point p = {.s = m->s, .utc = m->tz != NULL};
	if (m->tz)
		(void)tz_instant(m->tz, m->s, &p.s); /* any fit will do */
	return p;
}

static icalproperty *property(const struct event *ev, icalproperty_kind kind)
{
	return icalcomponent_get_first_property(ev->properties, kind);
}

static void read_name(struct event *ev)
{
	icalproperty *p = property(ev, ICAL_SUMMARY_PROPERTY);
	const char *text = p ? icalproperty_get_summary(p) : NULL;
	struct bytes rest = bytes_trim(bytes_str(text));
	size_t len = 0;
	for (uint32_t c; rest.len > 0;) {
		size_t n = text_utf8_next(rest, &c);
		if (n == 0 || len + n > ICAL_NAME_MAX)
			break;
		if (text_is_printable(BYTES(rest.p, n)))
			memcpy(ev->name + len, rest.p, n);
		else
			memset(ev->name + len, ' ', n);
		len += n;
		rest = BYTES(rest.p + n, rest.len - n);
	}
	ev->name[len] = '\0';
	if (len == 0)
		(void)snprintf(ev->name, sizeof(ev->name), "(no summary)");
}

static int read_end(struct reader *r, struct event *ev, struct err *e)
{
	icalproperty *p = property(ev, ICAL_DTEND_PROPERTY), *duration = property(ev, ICAL_DURATION_PROPERTY);
	struct moment end;
	ev->length_s = ev->start.is_date ? CIVIL_DAY_S : 0;
	if (p) {
		int rc = moment_of(r, ev, p, icalproperty_get_dtend(p), &end, e);
		if (rc)
			return rc;
		struct point to = point_of(&end), from = point_of(&ev->start);
		if (end.is_date != ev->start.is_date || to.utc != from.utc)
			return refuse(e, ERR_INVALID, ev, "its begin and its end are of different kinds");
		if (to.s < from.s)
			return refuse(e, ERR_INVALID, ev, "it ends before it begins");
		/* some programs write the first day as the end of a day */
		ev->length_s = to.s == from.s ? ev->length_s : to.s - from.s;
	} else if (duration) {
		int seconds = icaldurationtype_as_int(icalproperty_get_duration(duration));
		if (seconds < 0)
			return refuse(e, ERR_INVALID, ev, "it ends before it begins");
		ev->length_s = seconds;
	}
	return 0;
}

static int read_event(struct reader *r, struct event *ev, struct err *e)
{
	icalproperty *p = property(ev, ICAL_XLICERROR_PROPERTY);
	read_name(ev);
	if (p) {
		char why[256];
		const char *said = icalproperty_get_xlicerror(p);
		bool fine = said && text_is_printable(bytes_str(said));
		(void)snprintf(why, sizeof(why), "%.200s", fine ? said : "a property of it cannot be read");
		return refuse(e, ERR_INVALID, ev, why);
	}
	p = property(ev, ICAL_STATUS_PROPERTY);
	ev->cancelled = p && icalproperty_get_status(p) == ICAL_STATUS_CANCELLED;
	p = property(ev, ICAL_UID_PROPERTY);
	const char *uid = p ? icalproperty_get_uid(p) : NULL;
	ev->uid = uid ? rng_hash(0, uid, strlen(uid)) : 0;
	p = property(ev, ICAL_DTSTART_PROPERTY);
	if (!p)
		return refuse(e, ERR_MISSING, ev, "it has no DTSTART");
	int rc = moment_of(r, ev, p, icalproperty_get_dtstart(p), &ev->start, e);
	p = property(ev, ICAL_RECURRENCEID_PROPERTY);
	ev->is_move = p != NULL;
	if (rc == 0 && p)
		rc = moment_of(r, ev, p, icalproperty_get_recurrenceid(p), &ev->moves, e);
	return rc ? rc : read_end(r, ev, e);
}

static int moved_compare(const void *va, const void *vb)
{
	const struct moved *a = va, *b = vb;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	if (a->at.utc != b->at.utc)
		return a->at.utc ? 1 : -1;
	return a->at.s < b->at.s ? -1 : a->at.s > b->at.s;
}

static int note_move(struct reader *r, struct event *ev, struct err *e)
{
	if (!ev->is_move)
		return 0;
	r->moved = mem_grow(r->moved, r->moved_len + 1, sizeof(*r->moved));
	r->moved[r->moved_len++] = (struct moved){.uid = ev->uid, .at = point_of(&ev->moves)};
	return 0;
}

/* Does another event, or an EXDATE, take this time away? */
static bool is_taken_away(const struct reader *r, const struct event *ev, struct point at, const struct point *ex,
			  size_t ex_len)
{
	struct moved key = {.uid = ev->uid, .at = at};
	for (size_t i = 0; i < ex_len; i++)
		if (ex[i].utc == at.utc && ex[i].s == at.s)
			return true;
	return !ev->is_move && r->moved_len > 0 &&
	       bsearch(&key, r->moved, r->moved_len, sizeof(*r->moved), moved_compare) != NULL;
}

static int add_range(struct reader *r, const struct event *ev, struct point at, int64_t length_s, struct err *e)
{
	struct ical *out = r->out;
	if (length_s <= 0 || at.s >= r->to_s || at.s + length_s <= r->from_s)
		return 0;
	if (out->len == ICAL_RANGES_MAX)
		return err_set(e, ERR_TOO_BIG, "calendar: its events give more than %d ranges", ICAL_RANGES_MAX);
	if (!r->name)
		r->name = arena_str(out->names, bytes_str(ev->name));
	if (out->len % 256 == 0)
		out->v = mem_grow(out->v, out->len + 256, sizeof(*out->v));
	out->v[out->len++] =
		(struct recur_out){.from_s = at.s, .to_s = at.s + length_s, .utc = at.utc, .name = r->name};
	return 0;
}

/* A recurrence at work. */
struct rule {
	struct icalrecurrencetype r;
	int64_t first_day; /* of DTSTART */
	struct civil first;
	int64_t until_s; /* by the wall clock of DTSTART */
};

#define LIST_END ICAL_RECURRENCE_ARRAY_MAX

static bool is_given(const short *list)
{
	return list[0] != LIST_END;
}

static bool is_in(const short *list, int64_t value)
{
	for (; *list != LIST_END; list++)
		if (*list == value)
			return true;
	return false;
}

static bool has_place(const short *by_day)
{
	for (; *by_day != LIST_END; by_day++)
		if (icalrecurrencetype_day_position(*by_day) != 0)
			return true;
	return false;
}

static int check_rule(const struct icalrecurrencetype *r, const struct event *ev, struct err *e)
{
	bool yearly = r->freq == ICAL_YEARLY_RECURRENCE, monthly = r->freq == ICAL_MONTHLY_RECURRENCE;
	bool weekly = r->freq == ICAL_WEEKLY_RECURRENCE, daily = r->freq == ICAL_DAILY_RECURRENCE;
	bool other_parts = is_given(r->by_second) || is_given(r->by_minute) || is_given(r->by_hour) ||
			   is_given(r->by_week_no) || is_given(r->by_set_pos) || r->rscale;
	if (!yearly && !monthly && !weekly && !daily)
		return refuse(e, ERR_UNSUPPORTED, ev,
			      "it recurs more often than daily, which no black-out does; take its rule out");
	if (other_parts || (is_given(r->by_year_day) && !yearly) || (is_given(r->by_month_day) && weekly) ||
	    (has_place(r->by_day) && !yearly && !monthly) || r->interval < 1)
		return refuse(e, ERR_UNSUPPORTED, ev,
			      "its recurrence has parts that are not taken here; give its dates one by one (RDATE)");
	return 0;
}

static bool fits_weekday(const struct rule *rule, struct civil c, int64_t day)
{
	const struct icalrecurrencetype *r = &rule->r;
	bool in_month = r->freq == ICAL_MONTHLY_RECURRENCE || is_given(r->by_month);
	int64_t year = civil_to_days((struct civil){c.year, 1, 1}),
		next = civil_to_days((struct civil){c.year + 1, 1, 1});
	int64_t before = in_month ? c.day - 1 : day - year;
	int64_t behind = in_month ? civil_month_days(c.year, c.month) - c.day : next - 1 - day;
	int sunday_based = (civil_weekday(day) + 1) % 7 + 1; /* as libical counts: 1 is Sunday */
	for (const short *d = r->by_day; *d != LIST_END; d++) {
		int place = icalrecurrencetype_day_position(*d);
		if ((int)icalrecurrencetype_day_day_of_week(*d) != sunday_based)
			continue;
		if (place == 0 || (place > 0 && before / 7 + 1 == place) || (place < 0 && behind / 7 + 1 == -place))
			return true;
	}
	return false;
}

static bool fits_year_day(const struct rule *rule, struct civil c, int64_t day)
{
	int64_t year = civil_to_days((struct civil){c.year, 1, 1}),
		next = civil_to_days((struct civil){c.year + 1, 1, 1});
	return is_in(rule->r.by_year_day, day - year + 1) || is_in(rule->r.by_year_day, day - next);
}

/* What DTSTART decides where the rule does not (RFC 5545 section 3.3.10, the table). */
static bool fits_first(const struct rule *rule, struct civil c, int64_t day)
{
	const struct icalrecurrencetype *r = &rule->r;
	if (is_given(r->by_day) || is_given(r->by_month_day) || is_given(r->by_year_day))
		return true;
	if (r->freq == ICAL_WEEKLY_RECURRENCE)
		return civil_weekday(day) == civil_weekday(rule->first_day);
	if (r->freq == ICAL_DAILY_RECURRENCE)
		return true;
	bool month_fits = r->freq == ICAL_MONTHLY_RECURRENCE || is_given(r->by_month) || c.month == rule->first.month;
	return month_fits && c.day == rule->first.day;
}

static bool fits(const struct rule *rule, struct civil c, int64_t day)
{
	const struct icalrecurrencetype *r = &rule->r;
	if (is_given(r->by_month_day) && !is_in(r->by_month_day, c.day) &&
	    !is_in(r->by_month_day, c.day - civil_month_days(c.year, c.month) - 1))
		return false;
	if (is_given(r->by_year_day) && !fits_year_day(rule, c, day))
		return false;
	if (is_given(r->by_day) && !fits_weekday(rule, c, day))
		return false;
	return fits_first(rule, c, day);
}

static int64_t week_of(const struct rule *rule, int64_t day)
{
	int64_t monday_based = ((int64_t)rule->r.week_start + 5) % 7; /* libical: 1 is Sunday */
	return civil_floor_div(day + 3 - monday_based, 7);
}

/* The day itself if it lies in a period (and month) that the rule has; else a later one, before which there is none. */
static int64_t skip(const struct rule *rule, struct civil c, int64_t day)
{
	const struct icalrecurrencetype *r = &rule->r;
	int64_t n = r->interval;
	int64_t months = (c.year - rule->first.year) * 12 + c.month - rule->first.month;
	bool month_counts = r->freq == ICAL_YEARLY_RECURRENCE && !is_given(r->by_month) && !is_given(r->by_day) &&
			    !is_given(r->by_month_day) && !is_given(r->by_year_day);
	bool month_fits =
		is_given(r->by_month) ? is_in(r->by_month, c.month) : !month_counts || c.month == rule->first.month;
	if (r->freq == ICAL_YEARLY_RECURRENCE && (c.year - rule->first.year) % n != 0)
		return civil_to_days((struct civil){c.year + n - (c.year - rule->first.year) % n, 1, 1});
	if ((r->freq == ICAL_MONTHLY_RECURRENCE && months % n != 0) || !month_fits)
		return day + civil_month_days(c.year, c.month) - c.day + 1;
	int64_t weeks = week_of(rule, day) - week_of(rule, rule->first_day);
	if (r->freq == ICAL_WEEKLY_RECURRENCE && weeks % n != 0)
		return (week_of(rule, day) + n - weeks % n) * 7 - 3 + ((int64_t)r->week_start + 5) % 7;
	if (r->freq == ICAL_DAILY_RECURRENCE && (day - rule->first_day) % n != 0)
		return day + n - (day - rule->first_day) % n;
	return day;
}

static int64_t until_of(const struct event *ev, const struct icalrecurrencetype *r)
{
	struct icaltimetype t = r->until;
	if (icaltime_is_null_time(t))
		return INT64_MAX;
	if (!civil_is_date(t.year, t.month, t.day))
		return INT64_MIN;
	int64_t s = civil_to_days((struct civil){t.year, t.month, t.day}) * CIVIL_DAY_S;
	if (t.is_date)
		return s + CIVIL_DAY_S - 1;
	s += t.hour * 3600 + t.minute * 60 + t.second;
	return t.zone && ev->start.tz ? tz_wall(ev->start.tz, s) : s;
}

/* With COUNT every time since the first has to be counted, without it looking begins where the range does. */
static int64_t first_look(const struct reader *r, const struct event *ev, const struct rule *rule)
{
	int64_t from = civil_floor_div(r->from_s - ev->length_s, CIVIL_DAY_S) - 2;
	return rule->r.count > 0 || from < rule->first_day + 1 ? rule->first_day + 1 : from;
}

static int expand(struct reader *r, const struct event *ev, const struct rule *rule, const struct point *ex,
		  size_t ex_len, struct err *e)
{
	int64_t time_of_day = ev->start.s - rule->first_day * CIVIL_DAY_S;
	int64_t last = civil_floor_div(r->to_s, CIVIL_DAY_S) + 1, count = 1; /* DTSTART is the first */
	for (int64_t day = first_look(r, ev, rule); day <= last;) {
		struct civil c = civil_from_days(day);
		int64_t next = skip(rule, c, day);
		struct moment m = ev->start;
		m.s = day * CIVIL_DAY_S + time_of_day;
		if (m.s > rule->until_s || (rule->r.count > 0 && count >= rule->r.count))
			return 0;
		if (++r->steps > ICAL_STEPS_MAX)
			return refuse(
				e, ERR_TOO_BIG, ev,
				"the recurrences up to it take too long to work out; give dates one by one (RDATE)");
		if (next == day && fits(rule, c, day)) {
			struct point at = point_of(&m);
			count++;
			int rc = is_taken_away(r, ev, at, ex, ex_len) ? 0 : add_range(r, ev, at, ev->length_s, e);
			if (rc)
				return rc;
		}
		day = next > day ? next : day + 1;
	}
	return 0;
}

static int expand_rule(struct reader *r, const struct event *ev, const struct point *ex, size_t ex_len, struct err *e)
{
	icalproperty *p = property(ev, ICAL_RRULE_PROPERTY);
	if (property(ev, ICAL_EXRULE_PROPERTY) ||
	    (p && icalcomponent_count_properties(ev->properties, ICAL_RRULE_PROPERTY) > 1))
		return refuse(e, ERR_UNSUPPORTED, ev, "one recurrence (RRULE) is taken for an event, and no EXRULE");
	if (!p)
		return 0;
	struct rule rule = {.r = icalproperty_get_rrule(p)};
	rule.first_day = civil_floor_div(ev->start.s, CIVIL_DAY_S);
	rule.first = civil_from_days(rule.first_day);
	rule.until_s = until_of(ev, &rule.r);
	int rc = check_rule(&rule.r, ev, e);
	return rc ? rc : expand(r, ev, &rule, ex, ex_len, e);
}

static int read_exdates(struct reader *r, const struct event *ev, struct point *ex, size_t *ret_len, struct err *e)
{
	size_t n = 0;
	for (icalproperty *p = property(ev, ICAL_EXDATE_PROPERTY); p;
	     p = icalcomponent_get_next_property(ev->properties, ICAL_EXDATE_PROPERTY)) {
		struct moment m;
		ASSERT(n < ICAL_DATES_MAX); /* counted before */
		int rc = moment_of(r, ev, p, icalproperty_get_exdate(p), &m, e);
		if (rc)
			return rc;
		ex[n++] = point_of(&m);
	}
	*ret_len = n;
	return 0;
}

/* A date that is added, which may bring an end of its own. */
static int add_rdate(struct reader *r, const struct event *ev, icalproperty *p, const struct point *ex, size_t ex_len,
		     struct err *e)
{
	struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);
	bool is_period = icaltime_is_null_time(d.time);
	struct moment m, end;
	int64_t length_s = ev->length_s;
	int rc = moment_of(r, ev, p, is_period ? d.period.start : d.time, &m, e);
	if (rc)
		return rc;
	struct point at = point_of(&m);
	if (is_period && icaltime_is_null_time(d.period.end)) {
		length_s = icaldurationtype_as_int(d.period.duration);
	} else if (is_period) {
		rc = moment_of(r, ev, p, d.period.end, &end, e);
		if (rc)
			return rc;
		length_s = point_of(&end).s - at.s;
	}
	return is_taken_away(r, ev, at, ex, ex_len) ? 0 : add_range(r, ev, at, length_s, e);
}

static int add_rdates(struct reader *r, const struct event *ev, const struct point *ex, size_t ex_len, struct err *e)
{
	int rc = 0;
	for (icalproperty *p = property(ev, ICAL_RDATE_PROPERTY); p && rc == 0;
	     p = icalcomponent_get_next_property(ev->properties, ICAL_RDATE_PROPERTY))
		rc = add_rdate(r, ev, p, ex, ex_len, e);
	return rc;
}

static int add_event(struct reader *r, struct event *ev, struct err *e)
{
	size_t ex_len = 0;
	r->out->events++;
	r->out->cancelled += ev->cancelled;
	r->out->empty += ev->length_s == 0;
	r->name = NULL;
	if (ev->cancelled)
		return 0;
	AUTO_FREE struct point *ex = mem_array(ICAL_DATES_MAX, sizeof(*ex));
	int rc = read_exdates(r, ev, ex, &ex_len, e);
	struct point first = point_of(&ev->start);
	if (rc == 0 && !is_taken_away(r, ev, first, ex, ex_len))
		rc = add_range(r, ev, first, ev->length_s, e);
	if (rc == 0)
		rc = expand_rule(r, ev, ex, ex_len, e);
	return rc ? rc : add_rdates(r, ev, ex, ex_len, e);
}

/* Hands one event's properties to the library, and what it made of them on. */
static int with_event(struct reader *r, int (*then)(struct reader *, struct event *, struct err *), struct err *e)
{
	struct buf text;
	struct event ev = {.line = r->event_line, .name = "?"};
	if (r->kept.failed)
		return refuse(e, ERR_TOO_BIG, &ev, "it has more than 16 KiB of dates and names");
	if (r->event_dates > ICAL_DATES_MAX)
		return refuse(e, ERR_TOO_BIG, &ev, "it has more than 400 dates (RDATE, EXDATE)");
	buf_init(&text, ICAL_EVENT_MAX + 64);
	ASSERT(buf_addf(&text, "BEGIN:VEVENT\r\n%sEND:VEVENT\r\n", buf_cstr(&r->kept)) == 0);
	ev.properties = icalparser_parse_string(buf_cstr(&text));
	buf_release(&text);
	bool is_event = ev.properties && icalcomponent_isa(ev.properties) == ICAL_VEVENT_COMPONENT;
	int rc = is_event ? read_event(r, &ev, e) : refuse(e, ERR_INVALID, &ev, "it cannot be read");
	if (rc == 0)
		rc = then(r, &ev, e);
	if (ev.properties)
		icalcomponent_free(ev.properties);
	return rc;
}

/* Goes through the file once. */
static int walk(struct reader *r, bool moves_only, struct err *e)
{
	bool ended, any = false;
	int rc = 0;
	r->at = r->line = r->depth = 0;
	if (bytes_starts_with(r->text, "\xef\xbb\xbf"))
		r->at = 3;
	while (rc == 0 && next_line(r)) {
		rc = take_line(r, &ended, e);
		any |= r->depth > 0;
		if (rc == 0 && ended && !moves_only)
			rc = with_event(r, add_event, e);
		else if (rc == 0 && ended && r->kept.len > 0 && memmem(r->kept.p, r->kept.len, "RECURRENCE-ID", 13))
			rc = with_event(r, note_move, e);
	}
	if (rc == 0 && !any)
		rc = err_set(e, ERR_INVALID, "calendar: it is no iCalendar file, which begins with BEGIN:VCALENDAR");
	if (rc == 0 && r->depth > 0)
		rc = err_set(e, ERR_INVALID, "calendar: it ends inside of %s; is a part of it missing?",
			     text_is_printable(bytes_str(r->stack[r->depth - 1])) ? r->stack[r->depth - 1]
										  : "a component");
	return rc;
}

static size_t count_events(struct bytes text)
{
	static const char begin[] = "BEGIN:VEVENT";
	size_t n = 0;
	for (size_t at = 0; at < text.len;) {
		size_t left = text.len - at;
		n += left >= strlen(begin) && bytes_equal_str_nocase(BYTES(text.p + at, strlen(begin)), begin);
		const uint8_t *end = memchr(text.p + at, '\n', left);
		at = end ? (size_t)(end - text.p) + 1 : text.len;
	}
	return n;
}

static int check_text(struct bytes text, struct err *e)
{
	size_t events = count_events(text);
	if (events > ICAL_EVENTS_MAX)
		return err_set(e, ERR_TOO_BIG, "calendar: %zu events, the limit is %d", events, ICAL_EVENTS_MAX);
	if (text.len > ICAL_TEXT_MAX)
		return err_set(e, ERR_TOO_BIG, "calendar: larger than %d MiB", ICAL_TEXT_MAX >> 20);
	if (text.len > 0 && (memchr(text.p, 0, text.len) || !text_is_utf8(text)))
		return err_set(e, ERR_INVALID, "calendar: it is not UTF-8 text");
	return 0;
}

int ical_read(struct bytes text, struct tz_cache *zones, int64_t from_s, int64_t to_s, struct ical *ret, struct err *e)
{
	struct ical made = {0};
	int rc = check_text(text, e);
	if (rc)
		return rc;
	made.names = arena_new(0);
	struct reader r = {.text = text, .zones = zones, .from_s = from_s, .to_s = to_s, .out = &made};
	buf_init(&r.unfolded, ICAL_EVENT_MAX);
	buf_init(&r.kept, ICAL_EVENT_MAX);
	icalerror_set_errors_are_fatal(0);
	rc = walk(&r, true, e);
	if (rc == 0 && r.moved_len > 0)
		qsort(r.moved, r.moved_len, sizeof(*r.moved), moved_compare);
	if (rc == 0)
		rc = walk(&r, false, e);
	icalmemory_free_ring();
	buf_release(&r.unfolded);
	buf_release(&r.kept);
	free(r.moved);
	if (rc) {
		ical_release(&made);
		return rc;
	}
	recur_outs_sort(made.v, made.len);
	*ret = made;
	return 0;
}

void ical_release(struct ical *c)
{
	free(c->v);
	arena_free(c->names);
	*c = (struct ical){0};
}
