/* recur_text.c - rules as words: read, checked, written, and said in a sentence. */
#include "codec/recur.h"

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

#define QUOTE_SIZE 48 /* that much of a slip is quoted */
#define LISTED_MAX 5  /* dates that a sentence names one by one */
#define VALUE_MAX  (RECUR_DATES_MAX * (CIVIL_DATE_SIZE + 1))
#define BIT(w)     (1u << RECUR_WORD_##w)

static const struct {
	const char *name;
	bool takes_value;
	const char *value;
} words[] = {
#define WORD(id, word, takes_value, value, sentence) {word, takes_value, value},
#include "codec/recur.tbl.h"
#undef WORD
};

/* What goes with each kind, and what has to. */
#define TIMES (BIT(TO) | BIT(RANDOM) | BIT(UTC) | BIT(DURING) | BIT(CATCHUP))
static const struct {
	enum recur_kind kind;
	enum recur_word word;
	unsigned needs, allows;
} kinds[] = {
	{RECUR_NONE, RECUR_WORD_NONE, 0, 0},
	{RECUR_DATES, RECUR_WORD_DATES, BIT(AT), BIT(YEARLY) | TIMES},
	{RECUR_WEEKLY, RECUR_WORD_WEEKLY, BIT(AT), TIMES},
	{RECUR_MONTHLY, RECUR_WORD_MONTHLY, BIT(AT), TIMES},
	{RECUR_EVERY, RECUR_WORD_EVERY, BIT(FROM), TIMES},
	{RECUR_REFRESH, RECUR_WORD_REFRESH, 0, BIT(AFTER) | BIT(UTC) | BIT(DURING)},
};

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const unit_names[] = {"minutes", "hours", "days", "weeks", "months"};

const char *recur_word_name(enum recur_word w)
{
	return words[w].name;
}

bool recur_word_takes_value(enum recur_word w)
{
	return words[w].takes_value;
}

/* As much of v as fits, ended between characters. */
static const char *quote(struct bytes v, char to[QUOTE_SIZE])
{
	size_t len = v.len < QUOTE_SIZE ? v.len : QUOTE_SIZE - 1;
	while (len < v.len && len > 0 && (v.p[len] & 0xc0) == 0x80)
		len--;
	if (len > 0)
		memcpy(to, v.p, len);
	to[len] = '\0';
	return to;
}

static int refuse(struct err *e, enum recur_word w, struct bytes v, const char *why)
{
	char q[QUOTE_SIZE];
	return err_set(e, ERR_INVALID, "schedule: %s \"%s\": %s", words[w].name, quote(v, q), why);
}

/* Cuts the next part off *rest, up to one of the characters of ends, or all of it. */
static struct bytes cut(struct bytes *rest, const char *ends)
{
	size_t n = 0;
	while (n < rest->len && !strchr(ends, rest->p[n]))
		n++;
	struct bytes part = BYTES(rest->p, n);
	n += n < rest->len;
	*rest = BYTES(rest->p + n, rest->len - n);
	return bytes_trim(part);
}

static int parse_date(enum recur_word w, struct bytes v, int64_t *ret, struct err *e)
{
	struct civil c = {0};
	uint64_t number[3] = {0};
	struct bytes rest = v;
	if (civil_parse_date(v, ret) && *ret >= RECUR_DAY_FIRST && *ret <= RECUR_DAY_LAST)
		return 0;
	bool is_form = v.len == 10;
	for (size_t i = 0; i < 3; i++)
		is_form = text_to_u64(cut(&rest, "-"), &number[i]) && is_form;
	c = (struct civil){.year = (int64_t)number[0], .month = (int)(number[1] % 100), .day = (int)(number[2] % 100)};
	if (!is_form || v.p[4] != '-' || c.month < 1 || c.month > 12)
		return refuse(e, w, v, "not a date, which is written 2027-03-28");
	if (c.year < 1970 || c.year > 2999)
		return refuse(e, w, v, "the years 1970 to 2999 are known");
	char why[64];
	(void)snprintf(why, sizeof(why), "there is no such day; that month has %d", civil_month_days(c.year, c.month));
	return refuse(e, w, v, why);
}

static int parse_time(enum recur_word w, struct bytes v, int *ret, struct err *e)
{
	if (!civil_parse_time(v, ret))
		return refuse(e, w, v, "not a time of day, which is written 07:30, from 00:00 to 23:59");
	return 0;
}

static int parse_dates(struct bytes v, struct recur *r, struct err *e)
{
	struct bytes rest = v;
	do {
		int64_t day;
		int rc = parse_date(RECUR_WORD_DATES, cut(&rest, ","), &day, e);
		if (rc)
			return rc;
		size_t at = r->dates_len;
		while (at > 0 && r->dates[at - 1] > day)
			at--;
		if (at > 0 && r->dates[at - 1] == day)
			continue;
		if (r->dates_len == RECUR_DATES_MAX)
			return err_set(e, ERR_TOO_BIG, "schedule: dates: more than %d", RECUR_DATES_MAX);
		memmove(&r->dates[at + 1], &r->dates[at], (r->dates_len - at) * sizeof(r->dates[0]));
		r->dates[at] = (int32_t)day;
		r->dates_len++;
	} while (rest.len > 0);
	return 0;
}

static bool parse_day(struct bytes v, size_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(day_names); i++)
		if (bytes_equal_str_nocase(v, day_names[i])) {
			*ret = i;
			return true;
		}
	return false;
}

/* "mon", "mon-fri", "sat-mon". */
static int parse_days(struct bytes v, struct recur *r, struct err *e)
{
	struct bytes rest = v;
	do {
		struct bytes part = cut(&rest, ","), last = part;
		struct bytes first = cut(&last, "-");
		size_t from, to;
		if (!parse_day(first, &from) || !parse_day(last.len > 0 ? bytes_trim(last) : first, &to))
			return refuse(e, RECUR_WORD_WEEKLY, part,
				      "not a day of the week: mon tue wed thu fri sat sun, or a span as mon-fri");
		for (size_t i = from;; i = (i + 1) % 7) {
			r->weekdays |= (uint8_t)(1u << i);
			if (i == to)
				break;
		}
	} while (rest.len > 0);
	return 0;
}

static int parse_month_days(struct bytes v, struct recur *r, struct err *e)
{
	struct bytes rest = v;
	do {
		struct bytes part = cut(&rest, ",");
		uint64_t day;
		if (bytes_equal_str_nocase(part, "last"))
			r->last_day = true;
		else if (text_to_u64(part, &day) && day >= 1 && day <= 31)
			r->month_days |= 1u << (day - 1);
		else
			return refuse(e, RECUR_WORD_MONTHLY, part, "not a day of the month: 1 to 31, or last");
	} while (rest.len > 0);
	return 0;
}

/* "2 weeks", "1 day". */
static int parse_every(struct bytes v, struct recur *r, struct err *e)
{
	struct bytes unit = v;
	uint64_t every;
	struct bytes number = cut(&unit, " ");
	unit = bytes_trim(unit);
	if (!text_to_u64(number, &every))
		return refuse(e, RECUR_WORD_EVERY, v, "it begins with a number, as in 2 weeks");
	if (every < 1 || every > RECUR_EVERY_MAX)
		return refuse(e, RECUR_WORD_EVERY, v, "the number lies between 1 and 9999");
	for (size_t i = 0; i < ARRAY_LEN(unit_names); i++) {
		bool is_one = unit.len + 1 == strlen(unit_names[i]) && every == 1;
		if ((is_one || unit.len == strlen(unit_names[i])) && memcmp(unit.p, unit_names[i], unit.len) == 0) {
			r->every = (int32_t)every;
			r->unit = (enum recur_unit)i;
			return 0;
		}
	}
	return refuse(e, RECUR_WORD_EVERY, v, "the unit is one of minutes, hours, days, weeks, months");
}

static int parse_from(struct bytes v, struct recur *r, struct err *e)
{
	struct bytes rest = v;
	int64_t day;
	int minute;
	int rc = parse_date(RECUR_WORD_FROM, cut(&rest, "T"), &day, e);
	if (rc == 0)
		rc = parse_time(RECUR_WORD_FROM, rest, &minute, e);
	if (rc)
		return rc;
	r->from_s = day * CIVIL_DAY_S + minute * 60;
	r->at_minute = (int16_t)minute;
	return 0;
}

/* "1d2h30m": each unit at most once, from the largest. */
static int parse_after(struct bytes v, struct recur *r, struct err *e)
{
	static const struct {
		char name;
		uint64_t minutes;
	} units[] = {{'d', 1440}, {'h', 60}, {'m', 1}};
	uint64_t sum = 0, n;
	struct bytes rest = v;
	for (size_t i = 0; i < ARRAY_LEN(units) && rest.len > 0; i++) {
		size_t digits = 0;
		while (digits < rest.len && rest.p[digits] >= '0' && rest.p[digits] <= '9')
			digits++;
		if (digits == rest.len || rest.p[digits] != (uint8_t)units[i].name)
			continue;
		if (!text_to_u64(BYTES(rest.p, digits), &n) || n > RECUR_DELAY_MAX)
			break;
		sum += n * units[i].minutes;
		rest = BYTES(rest.p + digits + 1, rest.len - digits - 1);
	}
	if (v.len == 0 || rest.len > 0)
		return refuse(e, RECUR_WORD_AFTER, v, "not a duration of days, hours and minutes, as in 1d2h30m");
	if (sum > RECUR_DELAY_MAX)
		return refuse(e, RECUR_WORD_AFTER, v, "the longest is 366d");
	r->delay_minute = (int32_t)sum;
	return 0;
}

static int parse_at(struct bytes v, struct recur *r, struct err *e)
{
	int minute;
	int rc = parse_time(RECUR_WORD_AT, v, &minute, e);
	if (rc == 0)
		r->at_minute = (int16_t)minute;
	return rc;
}

static int parse_to(struct bytes v, struct recur *r, struct err *e)
{
	int minute;
	int rc = parse_time(RECUR_WORD_TO, v, &minute, e);
	if (rc == 0)
		r->to_minute = (int16_t)minute;
	return rc;
}

static int parse_during(struct bytes v, struct recur *r, struct err *e)
{
	const uint8_t *dots = v.len > 2 ? memmem(v.p, v.len, "..", 2) : NULL;
	int64_t from = RECUR_DAY_FIRST, to = RECUR_DAY_LAST;
	if (!dots)
		return refuse(e, RECUR_WORD_DURING, v,
			      "a range is written 2027-01-01..2027-06-30, 2027-01-01.. or ..2027-06-30");
	struct bytes first = BYTES(v.p, (size_t)(dots - v.p)), last = BYTES(dots + 2, v.len - first.len - 2);
	int rc = first.len > 0 ? parse_date(RECUR_WORD_DURING, first, &from, e) : 0;
	if (rc == 0 && last.len > 0)
		rc = parse_date(RECUR_WORD_DURING, last, &to, e);
	if (rc)
		return rc;
	if (to < from)
		return refuse(e, RECUR_WORD_DURING, v, "it ends before it begins");
	r->during_from = (int32_t)from;
	r->during_to = (int32_t)to;
	return 0;
}

static int parse_value(enum recur_word w, struct bytes v, struct recur *r, struct err *e)
{
	static int (*const parsers[RECUR_WORD_COUNT])(struct bytes, struct recur *, struct err *) = {
		[RECUR_WORD_DATES] = parse_dates,
		[RECUR_WORD_WEEKLY] = parse_days,
		[RECUR_WORD_MONTHLY] = parse_month_days,
		[RECUR_WORD_EVERY] = parse_every,
		[RECUR_WORD_FROM] = parse_from,
		[RECUR_WORD_AFTER] = parse_after,
		[RECUR_WORD_AT] = parse_at,
		[RECUR_WORD_TO] = parse_to,
		[RECUR_WORD_DURING] = parse_during,
	};
	if (!parsers[w])
		return 0;
	if (v.len > VALUE_MAX || !text_is_printable(v))
		return err_set(e, ERR_INVALID, "schedule: %s: too long, or with characters that do not print",
			       words[w].name);
	return parsers[w](bytes_trim(v), r, e);
}

/* The one kind among the words. */
static int find_kind(unsigned given, size_t *ret, struct err *e)
{
	size_t found = ARRAY_LEN(kinds);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!(given & 1u << kinds[i].word))
			continue;
		if (found < ARRAY_LEN(kinds))
			return err_set(e, ERR_INVALID, "schedule: %s and %s do not go together; give one of them",
				       words[kinds[found].word].name, words[kinds[i].word].name);
		found = i;
	}
	if (found == ARRAY_LEN(kinds))
		return err_set(
			e, ERR_MISSING,
			"schedule: it does not say when; give one of none, dates, weekly, monthly, every, refresh");
	*ret = found;
	return 0;
}

static int check_words(unsigned given, size_t kind, struct err *e)
{
	const char *name = words[kinds[kind].word].name;
	unsigned allowed = kinds[kind].needs | kinds[kind].allows | 1u << kinds[kind].word;
	for (enum recur_word w = 0; w < RECUR_WORD_COUNT; w++) {
		if (kinds[kind].needs & ~given & 1u << w)
			return err_set(e, ERR_MISSING, "schedule: %s needs \"%s %s\" beside it", name, words[w].name,
				       words[w].value);
		if (given & ~allowed & 1u << w)
			return err_set(e, ERR_INVALID, "schedule: \"%s\" does not go with %s", words[w].name, name);
	}
	if (given & BIT(RANDOM) && !(given & BIT(TO)))
		return err_set(e, ERR_MISSING, "schedule: random needs \"to TIME\" beside it, the end of its span");
	return 0;
}

/* What the words say together. */
static int check_together(const struct recur *r, struct err *e)
{
	if (r->to_minute == RECUR_NO_MINUTE)
		return 0;
	if (r->to_minute <= r->at_minute)
		return err_set(
			e, ERR_INVALID,
			"schedule: the end time %02d:%02d is not later than the start time %02d:%02d of the same day",
			r->to_minute / 60, r->to_minute % 60, r->at_minute / 60, r->at_minute % 60);
	int64_t period = r->unit == RECUR_HOURS ? r->every * INT64_C(60) : r->every;
	if (r->kind == RECUR_EVERY && r->unit <= RECUR_HOURS && r->to_minute - r->at_minute > period)
		return err_set(e, ERR_INVALID,
			       "schedule: from start to end time it is longer than from one time to the next");
	return 0;
}

int recur_build(const struct recur_words *in, struct recur *ret, struct err *e)
{
	struct recur r = {.to_minute = RECUR_NO_MINUTE, .during_from = RECUR_DAY_FIRST, .during_to = RECUR_DAY_LAST};
	unsigned given = 0;
	size_t kind;
	for (enum recur_word w = 0; w < RECUR_WORD_COUNT; w++)
		given |= in->value[w] ? 1u << w : 0;
	int rc = find_kind(given, &kind, e);
	if (rc == 0)
		rc = check_words(given, kind, e);
	for (enum recur_word w = 0; w < RECUR_WORD_COUNT && rc == 0; w++)
		if (in->value[w])
			rc = parse_value(w, bytes_str(in->value[w]), &r, e);
	if (rc)
		return rc;
	r.kind = kinds[kind].kind;
	r.yearly = given & BIT(YEARLY);
	r.random = given & BIT(RANDOM);
	r.utc = given & BIT(UTC);
	r.catch_up = given & BIT(CATCHUP);
	rc = check_together(&r, e);
	if (rc == 0)
		*ret = r;
	return rc;
}

static bool word_from_name(struct bytes name, enum recur_word *ret)
{
	for (enum recur_word w = 0; w < RECUR_WORD_COUNT; w++)
		if (bytes_equal_str(name, words[w].name)) {
			*ret = w;
			return true;
		}
	return false;
}

/* Puts a NUL behind each value, and notes where it begins. */
static int split(char *text, struct recur_words *to, struct err *e)
{
	char quoted[QUOTE_SIZE];
	const char *const end = text + strlen(text);
	enum recur_word w = RECUR_WORD_COUNT; /* none yet */
	for (char *p = text + strspn(text, " "); p < end;) {
		size_t len = strcspn(p, " ");
		struct bytes token = BYTES(p, len);
		char *next = p + len + strspn(p + len, " ");
		if (word_from_name(token, &w)) {
			if (to->value[w])
				return err_set(e, ERR_INVALID, "schedule: \"%s\" is said twice", words[w].name);
			*p = '\0';
			to->value[w] = words[w].takes_value ? next : "";
		} else if (w == RECUR_WORD_COUNT || !words[w].takes_value) {
			return err_set(e, ERR_INVALID, "schedule: \"%s\": not a word that is known here",
				       quote(token, quoted));
		}
		p = next;
	}
	return 0;
}

int recur_parse(const char *text, struct recur *ret, struct err *e)
{
	struct recur_words in = {0};
	if (strlen(text) > RECUR_TEXT_MAX || !text_is_printable(bytes_str(text)))
		return err_set(e, ERR_INVALID, "schedule: too long, or with characters that do not print");
	AUTO_FREE char *copy = mem_str(text);
	int rc = split(copy, &in, e);
	return rc ? rc : recur_build(&in, ret, e);
}

static void add_date(struct buf *out, int64_t day)
{
	char text[CIVIL_DATE_SIZE];
	civil_date_text(day, text);
	(void)buf_adds(out, text); /* who asked for the whole looks whether there was room */
}

static void add_time(struct buf *out, int minute)
{
	(void)buf_addf(out, "%02d:%02d", minute / 60, minute % 60);
}

static void write_month_days(const struct recur *r, struct buf *out)
{
	const char *comma = "";
	for (int day = 1; day <= 31; day++)
		if (r->month_days & 1u << (day - 1)) {
			(void)buf_addf(out, "%s%d", comma, day);
			comma = ",";
		}
	if (r->last_day)
		(void)buf_addf(out, "%slast", comma);
}

static void write_weekdays(const struct recur *r, struct buf *out)
{
	const char *comma = "";
	for (size_t i = 0; i < ARRAY_LEN(day_names); i++)
		if (r->weekdays & 1u << i) {
			(void)buf_addf(out, "%s%s", comma, day_names[i]);
			comma = ",";
		}
}

static void write_delay(int32_t minutes, struct buf *out)
{
	if (minutes >= 1440)
		(void)buf_addf(out, "%dd", minutes / 1440);
	if (minutes / 60 % 24 > 0)
		(void)buf_addf(out, "%dh", minutes / 60 % 24);
	if (minutes % 60 > 0)
		(void)buf_addf(out, "%dm", minutes % 60);
}

static bool has_during(const struct recur *r)
{
	return r->during_from != RECUR_DAY_FIRST || r->during_to != RECUR_DAY_LAST;
}

static bool has_word(const struct recur *r, enum recur_word w)
{
	switch (w) {
	case RECUR_WORD_YEARLY:
		return r->yearly;
	case RECUR_WORD_FROM:
		return r->kind == RECUR_EVERY;
	case RECUR_WORD_AFTER:
		return r->delay_minute > 0;
	case RECUR_WORD_AT:
		return r->kind == RECUR_DATES || r->kind == RECUR_WEEKLY || r->kind == RECUR_MONTHLY;
	case RECUR_WORD_TO:
		return r->to_minute != RECUR_NO_MINUTE;
	case RECUR_WORD_RANDOM:
		return r->random;
	case RECUR_WORD_UTC:
		return r->utc;
	case RECUR_WORD_DURING:
		return has_during(r);
	case RECUR_WORD_CATCHUP:
		return r->catch_up;
	default:
		return kinds[r->kind].word == w;
	}
}

static void write_value(const struct recur *r, enum recur_word w, struct buf *out)
{
	char text[CIVIL_TEXT_SIZE];
	switch (w) {
	case RECUR_WORD_DATES:
		for (size_t i = 0; i < r->dates_len; i++) {
			(void)buf_adds(out, i > 0 ? "," : "");
			add_date(out, r->dates[i]);
		}
		break;
	case RECUR_WORD_WEEKLY:
		write_weekdays(r, out);
		break;
	case RECUR_WORD_MONTHLY:
		write_month_days(r, out);
		break;
	case RECUR_WORD_EVERY:
		(void)buf_addf(out, "%d %s", r->every, unit_names[r->unit]);
		break;
	case RECUR_WORD_FROM:
		civil_text(r->from_s, text);
		(void)buf_adds(out, text);
		break;
	case RECUR_WORD_AFTER:
		write_delay(r->delay_minute, out);
		break;
	case RECUR_WORD_AT:
		add_time(out, r->at_minute);
		break;
	case RECUR_WORD_TO:
		add_time(out, r->to_minute);
		break;
	case RECUR_WORD_DURING:
		if (r->during_from != RECUR_DAY_FIRST)
			add_date(out, r->during_from);
		(void)buf_adds(out, "..");
		if (r->during_to != RECUR_DAY_LAST)
			add_date(out, r->during_to);
		break;
	default:
		break;
	}
}

bool recur_word_write(const struct recur *r, enum recur_word w, struct buf *out)
{
	if (!has_word(r, w))
		return false;
	write_value(r, w, out);
	return true;
}

int recur_write(const struct recur *r, struct buf *out)
{
	const char *blank = "";
	for (enum recur_word w = 0; w < RECUR_WORD_COUNT; w++) {
		if (!has_word(r, w))
			continue;
		(void)buf_addf(out, "%s%s%s", blank, words[w].name, words[w].takes_value ? " " : "");
		write_value(r, w, out);
		blank = " ";
	}
	return out->failed ? ERR_TOO_BIG : 0;
}

bool recur_equal(const struct recur *a, const struct recur *b)
{
	struct buf text_a, text_b;
	buf_init(&text_a, RECUR_TEXT_MAX);
	buf_init(&text_b, RECUR_TEXT_MAX);
	ASSERT(recur_write(a, &text_a) == 0 && recur_write(b, &text_b) == 0);
	bool equal = bytes_equal(buf_bytes(&text_a), buf_bytes(&text_b));
	buf_release(&text_a);
	buf_release(&text_b);
	return equal;
}

/* What stands between the i-th of n things of a list in words and the one before. */
static const char *comma_and(size_t i, size_t n)
{
	return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

static void say_date(int64_t day, bool with_year, struct buf *out)
{
	static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
					     "July",    "August",   "September", "October", "November", "December"};
	struct civil c = civil_from_days(day);
	(void)buf_addf(out, "%d %s", c.day, months[c.month - 1]);
	if (with_year)
		(void)buf_addf(out, " %d", (int)c.year);
}

static void say_dates(const struct recur *r, struct buf *out)
{
	(void)buf_adds(out, r->yearly ? "every year on " : "on ");
	if (r->dates_len > LISTED_MAX) {
		(void)buf_addf(out, "%zu dates from ", r->dates_len);
		say_date(r->dates[0], true, out);
		(void)buf_adds(out, " to ");
		say_date(r->dates[r->dates_len - 1], true, out);
		return;
	}
	for (size_t i = 0; i < r->dates_len; i++) {
		(void)buf_adds(out, comma_and(i, r->dates_len));
		say_date(r->dates[i], !r->yearly, out);
	}
}

/* Three days and more on end are said as a span. */
static void say_weekdays(const struct recur *r, struct buf *out)
{
	static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
					    "Friday", "Saturday", "Sunday"};
	struct {
		size_t from, to;
	} parts[7];
	size_t n = 0;
	if (r->weekdays == 0x7f) {
		(void)buf_adds(out, "every day");
		return;
	}
	for (size_t i = 0; i < 7; i++) {
		size_t to = i;
		if (!(r->weekdays & 1u << i))
			continue;
		while (to + 1 < 7 && r->weekdays & 1u << (to + 1))
			to++;
		parts[n].from = i;
		i = parts[n++].to = to >= i + 2 ? to : i;
	}
	(void)buf_adds(out, "every ");
	for (size_t i = 0; i < n; i++) {
		(void)buf_addf(out, "%s%s", comma_and(i, n), names[parts[i].from]);
		if (parts[i].to > parts[i].from)
			(void)buf_addf(out, " to %s", names[parts[i].to]);
	}
}

static const char *ordinal(int day)
{
	if (day / 10 == 1)
		return "th";
	return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
}

static void say_month_days(const struct recur *r, struct buf *out)
{
	size_t i = 0, n = (size_t)__builtin_popcount(r->month_days) + r->last_day;
	(void)buf_adds(out, "on the ");
	for (int day = 1; day <= 31; day++)
		if (r->month_days & 1u << (day - 1)) {
			(void)buf_addf(out, "%s%d%s", comma_and(i, n), day, ordinal(day));
			i++;
		}
	if (r->last_day)
		(void)buf_addf(out, "%slast day", comma_and(i, n));
	(void)buf_adds(out, " of every month");
}

static void say_every(const struct recur *r, struct buf *out)
{
	const char *unit = unit_names[r->unit];
	if (r->every == 1)
		(void)buf_addf(out, "every %.*s", (int)strlen(unit) - 1, unit);
	else
		(void)buf_addf(out, "every %d %s", r->every, unit);
	(void)buf_adds(out, " from ");
	say_date(civil_floor_div(r->from_s, CIVIL_DAY_S), true, out);
	(void)buf_adds(out, " on");
}

static void say_refresh(const struct recur *r, struct buf *out)
{
	(void)buf_adds(out, "whenever a device is seen again");
	if (r->delay_minute > 0) {
		(void)buf_adds(out, ", ");
		write_delay(r->delay_minute, out);
		(void)buf_adds(out, " later");
	}
}

static void say_time(const struct recur *r, const char *zone, struct buf *out)
{
	if (r->random)
		(void)buf_adds(out, ", each device at an instant of its own from ");
	else
		(void)buf_adds(out, " at ");
	add_time(out, r->at_minute);
	if (r->random) {
		(void)buf_adds(out, " to ");
		add_time(out, r->to_minute);
	}
	(void)buf_addf(out, ", %s", r->utc ? "UTC" : zone);
	if (r->to_minute != RECUR_NO_MINUTE && !r->random) {
		(void)buf_adds(out, ", not started after ");
		add_time(out, r->to_minute);
	}
}

static void say_during(const struct recur *r, struct buf *out)
{
	if (r->during_from != RECUR_DAY_FIRST) {
		(void)buf_adds(out, ", not before ");
		say_date(r->during_from, true, out);
	}
	if (r->during_to != RECUR_DAY_LAST) {
		(void)buf_adds(out, ", up to ");
		say_date(r->during_to, true, out);
	}
}

int recur_sentence(const struct recur *r, const char *zone, struct buf *out)
{
	static void (*const says[])(const struct recur *, struct buf *) = {
		[RECUR_DATES] = say_dates, [RECUR_WEEKLY] = say_weekdays, [RECUR_MONTHLY] = say_month_days,
		[RECUR_EVERY] = say_every, [RECUR_REFRESH] = say_refresh,
	};
	if (r->kind == RECUR_NONE)
		return buf_adds(out, "never by itself");
	says[r->kind](r, out);
	if (r->kind != RECUR_REFRESH)
		say_time(r, zone, out);
	say_during(r, out);
	if (r->catch_up)
		(void)buf_adds(out, ", as soon as possible when missed");
	return out->failed ? ERR_TOO_BIG : 0;
}
