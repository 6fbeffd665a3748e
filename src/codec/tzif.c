#include "codec/tzif.h"

#include "base/base.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/text.h"

#define TYPES_MAX 256
#define HOUR_S    3600

struct span { /* what holds from an instant on */
	int64_t from;
	int32_t offset;
	bool dst;
};

enum day_form {
	DAY_JULIAN,  /* Jn: 1 to 365, the 29th of February is never counted */
	DAY_OF_YEAR, /* n: 0 to 365 */
	DAY_OF_WEEK, /* Mm.w.d: the w-th (5: last) weekday d (0 Sunday) of month m */
};

struct rule_day {
	enum day_form form;
	int month, week, day;
	int32_t time; /* seconds after local midnight, from -167 to 167 hours */
};

/* The rule in the footer. */
struct rule {
	bool is_set, has_dst;
	int32_t offset, dst_offset;
	struct rule_day begin, end;
};

struct tz {
	char name[TZ_NAME_SIZE];
	struct span first;  /* before spans[0] */
	struct span *spans; /* rising, each different from the one before */
	size_t len;
	struct rule rule;
	int64_t rule_from; /* the last change of the table, even if it changed only the abbreviation */
};

static const struct tz utc = {.name = "UTC"};

const struct tz *tz_utc(void)
{
	return &utc;
}

const char *tz_name(const struct tz *tz)
{
	return tz->name;
}

void tz_free(struct tz *tz)
{
	if (!tz)
		return;
	free(tz->spans);
	free(tz);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
	       c == '-';
}

bool tz_name_is_valid(const char *name)
{
	bool inside = false; /* a part */
	size_t len = strlen(name);
	if (len == 0 || len >= TZ_NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool fits = is_name_char(name[i]) || (inside && strchr("/.", name[i]));
		if (!fits)
			return false;
		inside = name[i] != '/';
	}
	return inside;
}

/* The bytes of one block of a file, RFC 8536 section 3.1. */
struct counts {
	uint32_t is_ut, is_std, leap, times, types, chars;
};

static bool read_header(struct cursor *c, uint8_t *ret_version, struct counts *ret)
{
	bool magic = bytes_equal_str(cursor_take(c, 4), "TZif");
	*ret_version = cursor_u8(c);
	cursor_skip(c, 15);
	uint32_t *members[] = {&ret->is_ut, &ret->is_std, &ret->leap, &ret->times, &ret->types, &ret->chars};
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		*members[i] = cursor_be32(c);
	return magic && !c->failed && ret->types > 0 && ret->types <= TYPES_MAX && ret->times <= TZ_FILE_MAX &&
	       ret->chars <= TZ_FILE_MAX && ret->leap <= TZ_FILE_MAX && ret->is_ut <= TYPES_MAX &&
	       ret->is_std <= TYPES_MAX;
}

/* How long the block behind the header is; times have 4 bytes in the first block, 8 in the second. */
static size_t block_len(const struct counts *n, size_t time_len)
{
	return n->times * (time_len + 1) + n->types * 6u + n->chars + n->leap * (time_len + 4) + n->is_std + n->is_ut;
}

static bool read_types(struct cursor *c, uint32_t n, struct span *types)
{
	for (uint32_t i = 0; i < n; i++) {
		types[i].offset = (int32_t)cursor_be32(c);
		uint8_t dst = cursor_u8(c);
		types[i].dst = dst == 1;
		cursor_skip(c, 1); /* where its abbreviation begins */
		if (dst > 1 || types[i].offset < -TZ_OFFSET_MAX || types[i].offset > TZ_OFFSET_MAX)
			return false;
	}
	return true;
}

static bool span_is_same(const struct span *a, const struct span *b)
{
	return a->offset == b->offset && a->dst == b->dst;
}

static bool read_block(struct tz *tz, struct bytes block, const struct counts *n, size_t time_len)
{
	struct cursor at, which, rest;
	struct span types[TYPES_MAX];
	cursor_init(&at, block);
	which = rest = at;
	cursor_skip(&which, n->times * time_len);
	cursor_skip(&rest, n->times * (time_len + 1));
	if (!read_types(&rest, n->types, types))
		return false;
	tz->first = types[0];
	tz->spans = mem_array(n->times + 1, sizeof(*tz->spans));
	tz->rule_from = INT64_MIN;
	for (uint32_t i = 0; i < n->times; i++) {
		int64_t from = time_len == 8 ? (int64_t)cursor_be64(&at) : (int32_t)cursor_be32(&at);
		uint8_t type = cursor_u8(&which);
		if (type >= n->types || (i > 0 && from <= tz->rule_from))
			return false;
		tz->rule_from = from;
		struct span span = {.from = from, .offset = types[type].offset, .dst = types[type].dst};
		if (!span_is_same(&span, tz->len > 0 ? &tz->spans[tz->len - 1] : &tz->first))
			tz->spans[tz->len++] = span;
	}
	return !rest.failed;
}

/* Reads of the footer, a POSIX TZ string. Each marks the cursor as failed at what does not belong there. */
static uint8_t peek(const struct cursor *c)
{
	return cursor_left(c) > 0 ? *c->p : 0;
}

static bool skip_if(struct cursor *c, char what)
{
	if (peek(c) != (uint8_t)what)
		return false;
	cursor_skip(c, 1);
	return true;
}

static void read_abbreviation(struct cursor *c)
{
	bool quoted = skip_if(c, '<');
	size_t len = 0;
	while (cursor_left(c) > 0 && peek(c) < 0x80 && is_name_char((char)peek(c)) &&
	       (quoted || (peek(c) >= 'A' && peek(c) != '_'))) {
		cursor_skip(c, 1);
		len++;
	}
	if (len < 3 || (quoted && !skip_if(c, '>')))
		c->failed = true;
}

static int read_number(struct cursor *c, int most)
{
	int v = 0;
	size_t digits = 0;
	for (; peek(c) >= '0' && peek(c) <= '9' && digits < 4; digits++)
		v = v * 10 + cursor_u8(c) - '0';
	if (digits == 0 || v > most)
		c->failed = true;
	return v;
}

/* [+-]hh[:mm[:ss]] as seconds. */
static int32_t read_time(struct cursor *c, int most_hours)
{
	bool negative = skip_if(c, '-');
	if (!negative)
		(void)skip_if(c, '+'); /* may be there or not */
	int32_t s = read_number(c, most_hours) * HOUR_S;
	if (skip_if(c, ':')) {
		s += read_number(c, 59) * 60;
		if (skip_if(c, ':'))
			s += read_number(c, 59);
	}
	return negative ? -s : s;
}

static void expect(struct cursor *c, char what)
{
	if (!skip_if(c, what))
		c->failed = true;
}

static struct rule_day read_rule_day(struct cursor *c)
{
	struct rule_day d = {.form = DAY_OF_YEAR, .time = 2 * HOUR_S};
	if (skip_if(c, 'M')) {
		d.form = DAY_OF_WEEK;
		d.month = read_number(c, 12);
		expect(c, '.');
		d.week = read_number(c, 5);
		expect(c, '.');
		d.day = read_number(c, 6);
		c->failed |= d.month == 0 || d.week == 0;
	} else if (skip_if(c, 'J')) {
		d.form = DAY_JULIAN;
		d.day = read_number(c, 365);
		c->failed |= d.day == 0;
	} else {
		d.day = read_number(c, 365);
	}
	if (skip_if(c, '/'))
		d.time = read_time(c, 167);
	return d;
}

static bool read_rule(struct bytes text, struct rule *ret)
{
	struct cursor c;
	struct rule r = {.is_set = true};
	cursor_init(&c, text);
	read_abbreviation(&c);
	r.offset = -read_time(&c, 24);
	if (cursor_left(&c) > 0 && !c.failed) {
		r.has_dst = true;
		read_abbreviation(&c);
		r.dst_offset = peek(&c) == ',' ? r.offset + HOUR_S : -read_time(&c, 24);
		expect(&c, ',');
		r.begin = read_rule_day(&c);
		expect(&c, ',');
		r.end = read_rule_day(&c);
	}
	if (c.failed || cursor_left(&c) > 0)
		return false;
	*ret = r;
	return true;
}

/* A line feed, the rule or nothing, a line feed. */
static bool read_footer(struct cursor *c, struct rule *ret)
{
	expect(c, '\n');
	size_t len = cursor_left(c);
	if (c->failed || len == 0 || c->p[len - 1] != '\n')
		return false;
	return len == 1 || read_rule(BYTES(c->p, len - 1), ret);
}

/* Version 1 has one block with times of 32 bits, all later ones a second one with 64 bits, and the footer. */
static int read_file(struct tz *tz, struct bytes file, struct err *e)
{
	struct cursor c;
	struct counts n;
	uint8_t version;
	cursor_init(&c, file);
	if (!read_header(&c, &version, &n))
		return err_set(e, ERR_MALFORMED, "time zone \"%s\": its file has no TZif header", tz->name);
	size_t time_len = 4;
	if (version >= '2') {
		cursor_skip(&c, block_len(&n, 4));
		time_len = 8;
		if (!read_header(&c, &version, &n))
			return err_set(e, ERR_MALFORMED, "time zone \"%s\": its file has no second TZif header",
				       tz->name);
	}
	if (n.leap > 0)
		return err_set(e, ERR_UNSUPPORTED, "time zone \"%s\": it counts leap seconds, which UTC clocks do not",
			       tz->name);
	struct bytes block = cursor_take(&c, block_len(&n, time_len));
	if (c.failed || !read_block(tz, block, &n, time_len) || (time_len == 8 && !read_footer(&c, &tz->rule)))
		return err_set(e, ERR_MALFORMED, "time zone \"%s\": its file is broken", tz->name);
	return 0;
}

int tz_parse(const char *name, struct bytes file, struct tz **ret, struct err *e)
{
	if (!tz_name_is_valid(name))
		return err_set(e, ERR_INVALID,
			       "time zone: not a name of the IANA database, which look like Europe/Berlin");
	struct tz *tz = mem_alloc(sizeof(*tz));
	ASSERT(bytes_to_str(bytes_str(name), tz->name, sizeof(tz->name)));
	int rc = read_file(tz, file, e);
	if (rc) {
		tz_free(tz);
		return rc;
	}
	*ret = tz;
	return 0;
}

/* What file_read says of names that are none: no file, a folder, a text of the database. */
static int load_refused(const char *name, struct err *e)
{
	return err_set(
		e, ERR_INVALID,
		"time zone \"%s\": this server's time zone database (tzdata) has none of that name; names look like "
		"Europe/Berlin",
		name);
}

int tz_load(const char *root, const char *name, struct tz **ret, struct err *e)
{
	char path[512];
	struct buf file;
	if (!tz_name_is_valid(name))
		return err_set(e, ERR_INVALID,
			       "time zone: not a name of the IANA database, which look like Europe/Berlin");
	if (strcmp(name, utc.name) == 0) {
		*ret = mem_alloc(sizeof(**ret));
		**ret = utc;
		return 0;
	}
	int n = snprintf(path, sizeof(path), "%s/%s", root ? root : TZ_ROOT, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, ERR_INVALID, "time zone \"%s\": the path of the database is too long", name);
	buf_init(&file, TZ_FILE_MAX);
	int rc = file_read(path, &file, e);
	if (rc == ERR_NOT_FOUND || rc == ERR_SYSTEM || rc == ERR_TOO_BIG ||
	    (rc == 0 && !bytes_starts_with(buf_bytes(&file), "TZif")))
		rc = load_refused(name, e);
	else if (rc == 0)
		rc = tz_parse(name, buf_bytes(&file), ret, e);
	buf_release(&file);
	return rc;
}

/* The day of a year that a rule names, without its time. */
static int64_t rule_days(const struct rule_day *d, int64_t year)
{
	int64_t first = civil_to_days((struct civil){year, 1, 1});
	if (d->form == DAY_OF_YEAR)
		return first + d->day;
	if (d->form == DAY_JULIAN)
		return first + d->day - 1 + (d->day >= 60 && civil_month_days(year, 2) == 29);
	int64_t month = civil_to_days((struct civil){year, d->month, 1});
	int to_sunday_based = (civil_weekday(month) + 1) % 7;
	int64_t day = month + (d->day - to_sunday_based + 7) % 7 + (d->week - 1) * 7;
	return day >= month + civil_month_days(year, d->month) ? day - 7 : day;
}

static int64_t rule_begin(const struct rule *r, int64_t year)
{
	return rule_days(&r->begin, year) * CIVIL_DAY_S + r->begin.time - r->offset;
}

static int64_t rule_end(const struct rule *r, int64_t year)
{
	return rule_days(&r->end, year) * CIVIL_DAY_S + r->end.time - r->dst_offset;
}

static int64_t rule_year(const struct rule *r, int64_t utc_s)
{
	return civil_from_days(civil_floor_div(utc_s + r->offset, CIVIL_DAY_S)).year;
}

/* Times of up to 167 hours let the begin or end of a year fall into its neighbours. */
static bool rule_is_dst(const struct rule *r, int64_t utc_s)
{
	int64_t year = rule_year(r, utc_s);
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t begin = rule_begin(r, y), end = rule_end(r, y);
		if (end <= begin) /* south of the equator */
			end = rule_end(r, y + 1);
		if (utc_s >= begin && utc_s < end)
			return true;
	}
	return false;
}

static struct span rule_span(const struct rule *r, int64_t utc_s)
{
	bool dst = r->has_dst && rule_is_dst(r, utc_s);
	return (struct span){.offset = dst ? r->dst_offset : r->offset, .dst = dst};
}

/* How many spans begin at or before the instant. */
static size_t spans_until(const struct tz *tz, int64_t utc_s)
{
	size_t low = 0, high = tz->len;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (tz->spans[mid].from <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct span span_at(const struct tz *tz, int64_t utc_s)
{
	if (tz->rule.is_set && utc_s >= tz->rule_from)
		return rule_span(&tz->rule, utc_s);
	size_t n = spans_until(tz, utc_s);
	return n > 0 ? tz->spans[n - 1] : tz->first;
}

int32_t tz_offset(const struct tz *tz, int64_t utc_s)
{
	return span_at(tz, utc_s).offset;
}

int64_t tz_wall(const struct tz *tz, int64_t utc_s)
{
	return utc_s + tz_offset(tz, utc_s);
}

bool tz_is_dst(const struct tz *tz, int64_t utc_s)
{
	return span_at(tz, utc_s).dst;
}

/* A rule for daylight saving all year ends it where it begins again: no change. */
static bool rule_changes_at(const struct rule *r, int64_t utc_s)
{
	struct span before = rule_span(r, utc_s - 1), after = rule_span(r, utc_s);
	return !span_is_same(&before, &after);
}

static bool rule_next_change(const struct rule *r, int64_t after, int64_t *ret)
{
	int64_t best = INT64_MAX;
	int64_t year = rule_year(r, after);
	for (int64_t y = year - 1; y <= year + 2; y++) {
		const int64_t at[] = {rule_begin(r, y), rule_end(r, y)};
		for (size_t i = 0; i < ARRAY_LEN(at); i++)
			if (at[i] > after && at[i] < best && rule_changes_at(r, at[i]))
				best = at[i];
	}
	if (best == INT64_MAX)
		return false;
	*ret = best;
	return true;
}

bool tz_next_change(const struct tz *tz, int64_t utc_s, int64_t *ret_utc_s)
{
	size_t n = spans_until(tz, utc_s);
	if (n < tz->len) {
		*ret_utc_s = tz->spans[n].from;
		return true;
	}
	if (!tz->rule.is_set || !tz->rule.has_dst)
		return false;
	int64_t after = utc_s < tz->rule_from ? tz->rule_from : utc_s;
	return rule_next_change(&tz->rule, after, ret_utc_s);
}

enum tz_fit tz_instant(const struct tz *tz, int64_t wall_s, int64_t *ret_utc_s)
{
	int64_t from = wall_s - TZ_OFFSET_MAX - 1, last = wall_s + TZ_OFFSET_MAX + 1;
	int64_t found = 0, gap = last;
	int times = 0;
	bool in_gap = false;
	while (from <= last) {
		int32_t offset = tz_offset(tz, from);
		int64_t instant = wall_s - offset, next;
		bool more = tz_next_change(tz, from, &next);
		if (instant >= from && (!more || instant < next)) {
			found = times == 0 ? instant : found;
			times++;
		}
		if (!more)
			break;
		if (!in_gap && wall_s >= next + offset && wall_s < next + tz_offset(tz, next)) {
			gap = next;
			in_gap = true;
		}
		from = next;
	}
	*ret_utc_s = times > 0 ? found : gap;
	return times > 1 ? TZ_FIT_FOLD : times == 1 ? TZ_FIT_ONE : TZ_FIT_GAP;
}

struct tz_cache {
	char *root;
	struct map_str *zones;
};

struct tz_cache *tz_cache_new(const char *root)
{
	struct tz_cache *c = mem_alloc(sizeof(*c));
	c->root = mem_str(root ? root : TZ_ROOT);
	c->zones = map_str_new();
	return c;
}

void tz_cache_free(struct tz_cache *c)
{
	if (!c)
		return;
	size_t it = 0;
	struct bytes key;
	void *tz;
	while (map_str_each(c->zones, &it, &key, &tz))
		tz_free(tz);
	map_str_free(c->zones);
	free(c->root);
	free(c);
}

int tz_cache_get(struct tz_cache *c, const char *name, const struct tz **ret, struct err *e)
{
	struct tz *tz = map_str_get(c->zones, bytes_str(name));
	if (!tz) {
		int rc = tz_load(c->root, name, &tz, e);
		if (rc)
			return rc;
		(void)map_str_put(c->zones, bytes_str(name), tz); /* nothing was there */
	}
	*ret = tz;
	return 0;
}
