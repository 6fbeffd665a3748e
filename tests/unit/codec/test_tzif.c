/* Time zones: hand-reckoned instants, and every transition from 1900 to 2100 as zdump (tzcode, glibc) prints it. With
 * LAMPLIGHTER_ALL_ZONES set, of all zones of the system's database instead of a choice. */
#include "testing.h"

#include <ftw.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "codec/tzif.h"

#define ZONES_MAX  800
#define LINES_MAX  4096 /* transitions of one zone */
#define YEARS      "1900,2100"
#define OUTPUT_MAX (8 << 20)

static struct tz *load(const char *name)
{
	struct err e = ERR_INIT;
	struct tz *tz = NULL;
	if (tz_load(NULL, name, &tz, &e))
		fail_msg("%s", e.msg);
	return tz;
}

/* "2027-03-28T02:30" as a reading of a wall clock. */
static int64_t wall(const char *text)
{
	int64_t day;
	int minute;
	assert_true(civil_parse_date(BYTES(text, 10), &day));
	assert_true(civil_parse_time(bytes_str(text + 11), &minute));
	return day * CIVIL_DAY_S + minute * 60;
}

static void a_wall_clock_stands_for_one_instant(void **state)
{
	static const struct {
		const char *zone, *wall;
		enum tz_fit fit;
		const char *utc;
	} rows[] = {
		{"America/New_York", "2027-11-07T01:30", TZ_FIT_FOLD, "2027-11-07T05:30:00Z"},
		{"America/New_York", "2027-11-07T00:59", TZ_FIT_ONE, "2027-11-07T04:59:00Z"},
		{"America/New_York", "2027-11-07T02:00", TZ_FIT_ONE, "2027-11-07T07:00:00Z"},
		{"America/New_York", "2027-03-14T02:30", TZ_FIT_GAP, "2027-03-14T07:00:00Z"},
		{"Europe/Berlin", "2027-03-28T01:59", TZ_FIT_ONE, "2027-03-28T00:59:00Z"},
		{"Europe/Berlin", "2027-03-28T02:00", TZ_FIT_GAP, "2027-03-28T01:00:00Z"},
		{"Europe/Berlin", "2027-03-28T02:30", TZ_FIT_GAP, "2027-03-28T01:00:00Z"},
		{"Europe/Berlin", "2027-03-28T03:00", TZ_FIT_ONE, "2027-03-28T01:00:00Z"},
		{"Europe/Berlin", "2027-10-31T02:30", TZ_FIT_FOLD, "2027-10-31T00:30:00Z"},
		{"Europe/Berlin", "2027-10-31T03:00", TZ_FIT_ONE, "2027-10-31T02:00:00Z"},
		/* far behind the table, by the rule of the footer: the last Sunday of March 2950 is the 29th */
		{"Europe/Berlin", "2950-03-29T02:30", TZ_FIT_GAP, "2950-03-29T01:00:00Z"},
		{"Europe/Berlin", "2950-07-01T12:00", TZ_FIT_ONE, "2950-07-01T10:00:00Z"},
		/* thirty minutes, from +10:30 to +11:00 at 02:00 and back */
		{"Australia/Lord_Howe", "2027-10-03T02:15", TZ_FIT_GAP, "2027-10-02T15:30:00Z"},
		{"Australia/Lord_Howe", "2027-10-03T02:30", TZ_FIT_ONE, "2027-10-02T15:30:00Z"},
		{"Australia/Lord_Howe", "2027-04-04T01:45", TZ_FIT_FOLD, "2027-04-03T14:45:00Z"},
		{"Australia/Lord_Howe", "2027-04-04T02:00", TZ_FIT_ONE, "2027-04-03T15:30:00Z"},
		/* the 30th never was: from -10:00 to +14:00 */
		{"Pacific/Apia", "2011-12-29T23:59", TZ_FIT_ONE, "2011-12-30T09:59:00Z"},
		{"Pacific/Apia", "2011-12-30T00:00", TZ_FIT_GAP, "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "2011-12-30T07:30", TZ_FIT_GAP, "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "2011-12-30T23:59", TZ_FIT_GAP, "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "2011-12-31T00:00", TZ_FIT_ONE, "2011-12-30T10:00:00Z"},
		/* a whole day came twice: 31 December 1867 to Alaska's purchase has no row here; Kwajalein skipped one
		 */
		{"Pacific/Kwajalein", "1993-08-21T12:00", TZ_FIT_GAP, "1993-08-21T12:00:00Z"},
		{"Asia/Kolkata", "2027-06-01T00:00", TZ_FIT_ONE, "2027-05-31T18:30:00Z"},
		{"Asia/Kathmandu", "2027-06-01T00:00", TZ_FIT_ONE, "2027-05-31T18:15:00Z"},
		{"Etc/GMT+5", "2027-06-01T00:00", TZ_FIT_ONE, "2027-06-01T05:00:00Z"},
		{"UTC", "2027-03-28T02:30", TZ_FIT_ONE, "2027-03-28T02:30:00Z"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tz *tz = load(rows[i].zone);
		int64_t utc_s = 0;
		char text[CLOCK_TEXT_SIZE];
		enum tz_fit fit = tz_instant(tz, wall(rows[i].wall), &utc_s);
		clock_text(utc_s * 1000, text);
		if (fit != rows[i].fit || strcmp(text, rows[i].utc) != 0)
			fail_msg("%s %s: fit %d, %s", rows[i].zone, rows[i].wall, (int)fit, text);
		assert_string_equal(tz_name(tz), rows[i].zone);
		tz_free(tz);
	}
}

/* What zdump says of one zone. */
struct dumped {
	size_t len;
	int64_t from[LINES_MAX]; /* [0] is not used: from the beginning of 1900 on */
	int32_t offset[LINES_MAX];
	bool dst[LINES_MAX];
};

/* "+0053", "-1030", "+005328", "+01". */
static int32_t dumped_offset(const char *s)
{
	int part[3] = {0};
	size_t digits = strspn(s + 1, "0123456789");
	for (size_t i = 0; i * 2 < digits; i++)
		part[i] = (s[1 + 2 * i] - '0') * 10 + s[2 + 2 * i] - '0';
	int32_t offset = part[0] * 3600 + part[1] * 60 + part[2];
	return s[0] == '-' ? -offset : offset;
}

/* "03", "23:06", "23:06:32". */
static int64_t dumped_time(const char *s)
{
	int64_t part[3] = {0};
	for (size_t i = 0; i < 3 && *s; i++, s += *s == ':')
		part[i] = strtol(s, (char **)(void *)&s, 10);
	return part[0] * 3600 + part[1] * 60 + part[2];
}

/* DATE TIME OFFSET [ABBREVIATION] [IS-DST], the wall clock behind the transition. An abbreviation that is the offset is
 * left out, with its tab kept. */
static void dumped_line(char *line, struct dumped *d)
{
	char *column[5] = {0};
	size_t n = 0;
	for (char *rest = line; rest && n < 5; n++)
		column[n] = strsep(&rest, "\t");
	assert_true(n >= 3 && d->len < LINES_MAX);
	size_t i = d->len++;
	d->offset[i] = dumped_offset(column[2]);
	d->dst[i] = n == 5 && column[4][0] == '1';
	if (column[0][0] == '-')
		return;
	int64_t day;
	assert_true(civil_parse_date(bytes_str(column[0]), &day));
	d->from[i] = day * CIVIL_DAY_S + dumped_time(column[1]) - d->offset[i];
}

static void expect_spans(const struct tz *tz, const struct dumped *d)
{
	for (size_t i = 0; i < d->len; i++) {
		int64_t from = d->from[i], next = 0;
		if (i > 0 && (tz_offset(tz, from - 1) != d->offset[i - 1] || tz_is_dst(tz, from - 1) != d->dst[i - 1]))
			fail_msg("%s: before transition %zu", tz_name(tz), i);
		if (i > 0 && (tz_offset(tz, from) != d->offset[i] || tz_is_dst(tz, from) != d->dst[i]))
			fail_msg("%s: from transition %zu on", tz_name(tz), i);
		/* zdump also prints where only the abbreviation changes; we do not stop there */
		if (i == 0 || i + 1 == d->len)
			continue;
		size_t after = i + 1;
		while (after < d->len && d->offset[after] == d->offset[i] && d->dst[after] == d->dst[i])
			after++;
		if (after < d->len && (!tz_next_change(tz, from, &next) || next != d->from[after]))
			fail_msg("%s: the change after transition %zu", tz_name(tz), i);
	}
}

/* The policy once more, from zdump's numbers: the first of the spans that shows this wall clock, else the begin of the
 * span that jumped over it. */
static void expect_instant(const struct tz *tz, const struct dumped *d, int64_t wall_s)
{
	int64_t first = 0, is = 0;
	size_t times = 0;
	for (size_t i = 1; i < d->len; i++) {
		int64_t at = wall_s - d->offset[i];
		if (at < d->from[i] || (i + 1 < d->len && at >= d->from[i + 1]))
			continue;
		first = times++ == 0 ? at : first;
	}
	for (size_t i = 2; i < d->len && times == 0 && first == 0; i++)
		if (wall_s >= d->from[i] + d->offset[i - 1] && wall_s < d->from[i] + d->offset[i])
			first = d->from[i];
	enum tz_fit fit = tz_instant(tz, wall_s, &is);
	enum tz_fit expected = times == 0 ? TZ_FIT_GAP : times == 1 ? TZ_FIT_ONE : TZ_FIT_FOLD;
	if (fit != expected || is != first)
		fail_msg("%s: wall clock %lld is %lld (fit %d), not %lld (fit %d)", tz_name(tz), (long long)wall_s,
			 (long long)is, (int)fit, (long long)first, (int)expected);
}

static size_t expect_instants(const struct tz *tz, const struct dumped *d)
{
	static const int64_t around[] = {-90000, -7200, -3600, -1801, -1800, -1,    0,
					 1,      1799,  1800,  3599,  3600,  40000, 86399};
	size_t n = 0;
	for (size_t i = 3; i + 1 < d->len; i++)
		for (size_t j = 0; j < ARRAY_LEN(around); j++, n++)
			expect_instant(tz, d, d->from[i] + d->offset[i - 1] + around[j]);
	return n;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *zones[ZONES_MAX];
static size_t zones_len;

static int zone_found(const char *path, const struct stat *st, int type, struct FTW *at)
{
	char magic[4];
	const char *name = path + strlen(TZ_ROOT "/");
	bool other =
		strncmp(name, "right/", 6) == 0 || strncmp(name, "posix", 5) == 0 || strcmp(name, "localtime") == 0;
	if (type != FTW_F || other)
		return 0;
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(magic, 1, sizeof(magic), f);
	(void)fclose(f);
	if (n == sizeof(magic) && memcmp(magic, "TZif", 4) == 0) {
		assert_true(zones_len < ZONES_MAX);
		zones[zones_len++] = mem_str(name);
	}
	return 0;
}

static void choose_zones(void)
{
	static const char *const few[] = {
		"Africa/Cairo",        "Africa/Casablanca", "America/Asuncion", "America/New_York", "America/Nuuk",
		"America/Sao_Paulo",   "Antarctica/Troll",  "Asia/Gaza",        "Asia/Kolkata",     "Asia/Tehran",
		"Australia/Lord_Howe", "Europe/Berlin",     "Europe/Dublin",    "Europe/Lisbon",    "Pacific/Apia",
		"Pacific/Kwajalein",   "Etc/GMT-14",
	};
	if (getenv("LAMPLIGHTER_ALL_ZONES"))
		assert_int_equal(nftw(TZ_ROOT, zone_found, 16, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(few) && !getenv("LAMPLIGHTER_ALL_ZONES"); i++)
		zones[zones_len++] = mem_str(few[i]);
	qsort(zones, zones_len, sizeof(zones[0]), name_compare);
}

static void expect_zone(const struct dumped *d, const char *name, size_t *samples)
{
	struct tz *tz = load(name);
	expect_spans(tz, d);
	*samples += expect_instants(tz, d);
	tz_free(tz);
}

static void transitions_are_those_that_zdump_prints(void **state)
{
	struct buf command;
	size_t lines = 0, samples = 0, seen = 0;
	char line[512], name[TZ_NAME_SIZE] = "";
	buf_init(&command, 1 << 16);
	choose_zones();
	buf_adds(&command, "zdump -i -c " YEARS);
	for (size_t i = 0; i < zones_len; i++)
		buf_addf(&command, " %s", zones[i]);
	struct dumped *d = mem_alloc(sizeof(*d));
	FILE *f = popen(buf_cstr(&command), "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "TZ=\"", 4) == 0) {
			if (d->len > 0)
				expect_zone(d, name, &samples);
			d->len = 0;
			line[strcspn(line + 4, "\"") + 4] = '\0';
			assert_true(bytes_to_str(bytes_str(line + 4), name, sizeof(name)));
			seen++;
		} else if (line[0] != '\0') {
			dumped_line(line, d);
			lines++;
		}
	}
	expect_zone(d, name, &samples);
	assert_int_equal(pclose(f), 0);
	assert_int_equal(seen, zones_len);
	assert_true(lines > 1000);
	print_message("# %zu zones, %zu transitions, %zu wall clocks\n", zones_len, lines, samples);
	for (size_t i = 0; i < zones_len; i++)
		free(zones[i]);
	free(d);
	buf_release(&command);
}

static void names_that_are_none_are_explained(void **state)
{
	static const struct {
		const char *name, *says;
	} rows[] = {
		{"", "not a name of the IANA database"},
		{"/etc/passwd", "not a name of the IANA database"},
		{"../passwd", "not a name of the IANA database"},
		{"Europe/../../passwd", "not a name of the IANA database"},
		{"Europe//Berlin", "not a name of the IANA database"},
		{"Europe/", "not a name of the IANA database"},
		{".hidden", "not a name of the IANA database"},
		{"Europe/Ber lin", "not a name of the IANA database"},
		{"Europe/B\303\266rlin", "not a name of the IANA database"},
		{"A234567890123456789012345678901234567890123456789012345678901234", "not a name of the IANA database"},
		{"Europe/Atlantis",
		 "time zone \"Europe/Atlantis\": this server's time zone database (tzdata) has none"},
		{"Europe", "time zone \"Europe\": this server's"},
		{"tzdata.zi", "time zone \"tzdata.zi\": this server's"},
		{"zone.tab", "time zone \"zone.tab\": this server's"},
		{"right/Europe/Berlin", "time zone \"right/Europe/Berlin\": it counts leap seconds"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct tz *tz = NULL;
		int rc = tz_load(NULL, rows[i].name, &tz, &e);
		if (strncmp(rows[i].name, "right/", 6) == 0 && strstr(e.msg, "has none"))
			continue; /* Debian keeps those in a package of their own since 2024 */
		assert_true(rc == ERR_INVALID || rc == ERR_UNSUPPORTED);
		assert_contains(e.msg, rows[i].says);
		assert_null(tz);
	}
}

static void utc_needs_no_database(void **state)
{
	struct tz *tz = NULL;
	struct err e = ERR_INIT;
	assert_int_equal(tz_load("/nonexistent", "UTC", &tz, &e), 0);
	assert_int_equal(tz_offset(tz, 0), 0);
	assert_int_equal(tz_load("/nonexistent", "Europe/Berlin", &(struct tz *){NULL}, &e), ERR_INVALID);
	assert_string_equal(tz_name(tz_utc()), "UTC");
	int64_t next;
	assert_false(tz_next_change(tz, 0, &next));
	tz_free(tz);
	tz_free(NULL);
}

static void a_cache_loads_each_zone_once(void **state)
{
	struct tz_cache *c = tz_cache_new(NULL);
	const struct tz *a = NULL, *b = NULL;
	struct err e = ERR_INIT;
	assert_int_equal(tz_cache_get(c, "Europe/Berlin", &a, &e), 0);
	assert_int_equal(tz_cache_get(c, "Europe/Berlin", &b, &e), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(tz_cache_get(c, "Europe/Atlantis", &b, &e), ERR_INVALID);
	assert_ptr_equal(a, b);
	tz_cache_free(c);
	tz_cache_free(NULL);
}

static void read_system_file(const char *path, struct buf *ret)
{
	char part[4096];
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	buf_init(ret, TZ_FILE_MAX);
	for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;)
		assert_int_equal(buf_add(ret, part, n), 0);
	(void)fclose(f);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
	static const char *const names[] = {"Europe/Berlin", "America/Nuuk", "Etc/UTC", "Africa/Casablanca"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf file;
		char path[256];
		(void)snprintf(path, sizeof(path), TZ_ROOT "/%s", names[i]);
		read_system_file(path, &file);
		for (size_t len = 0; len < file.len; len++) {
			struct bytes part = visible(buf_bytes(&file), len);
			struct tz *tz = NULL;
			struct err e = ERR_INIT;
			assert_int_equal(tz_parse(names[i], part, &tz, &e), ERR_MALFORMED);
			assert_null(tz);
			free((void *)(uintptr_t)part.p);
		}
		struct tz *tz = NULL;
		assert_int_equal(tz_parse(names[i], buf_bytes(&file), &tz, NULL), 0);
		tz_free(tz);
		buf_release(&file);
	}
}

/* A file without transitions: version 2, one type (UTC offset 0), and this footer. */
static void footer_file(const char *footer, struct buf *out)
{
	static const uint8_t type[] = {0, 0, 0, 0, 0, 0, 'X', 'X', 'X', 0};
	buf_init(out, 4096);
	for (size_t i = 0; i < 2; i++) {
		buf_adds(out, "TZif2");
		buf_add(out, (uint8_t[15]){0}, 15);
		for (size_t count = 0; count < 4; count++)
			buf_add_be32(out, 0);
		buf_add_be32(out, 1);
		buf_add_be32(out, 4);
		buf_add(out, type, sizeof(type));
	}
	buf_addf(out, "\n%s\n", footer);
}

static void footers_follow_rfc_8536(void **state)
{
	static const struct {
		const char *footer;
		bool good;
		const char *utc;
		int32_t offset;
		bool dst;
	} rows[] = {
		/* RFC 8536, section 3.3.1 and appendix B: Greenland, and daylight saving all year */
		{"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true, "2027-03-28T00:59:59Z", -10800, false},
		{"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true, "2027-03-28T01:00:00Z", -7200, true},
		{"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true, "2027-10-31T00:59:59Z", -7200, true},
		{"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true, "2027-10-31T01:00:00Z", -10800, false},
		{"EST5EDT,0/0,J365/25", true, "2027-01-01T00:00:00Z", -14400, true},
		{"EST5EDT,0/0,J365/25", true, "2028-12-31T23:00:00Z", -14400, true},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", true, "2027-01-01T00:00:00Z", 0, true},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", true, "2027-07-01T00:00:00Z", 3600, false},
		/* J60 is 1 March in every year, 59 is 29 February in leap years */
		{"AAA0BBB,J60/0,J61/0", true, "2028-02-29T12:00:00Z", 0, false},
		{"AAA0BBB,J60/0,J61/0", true, "2028-03-01T12:00:00Z", 3600, true},
		{"AAA0BBB,59/0,60/0", true, "2028-02-29T12:00:00Z", 3600, true},
		{"AAA0BBB,59/0,60/0", true, "2027-02-28T12:00:00Z", 0, false},
		{"AAA+1:30:15", true, "2027-02-28T12:00:00Z", -5415, false},
		{"", true, "2027-02-28T12:00:00Z", 0, false},
		{"A0", false, NULL, 0, false},
		{"AAA", false, NULL, 0, false},
		{"AAA25", false, NULL, 0, false},
		{"AAA0BBB", false, NULL, 0, false},
		{"AAA0BBB,M3.5.0", false, NULL, 0, false},
		{"AAA0BBB,M13.5.0,M10.5.0", false, NULL, 0, false},
		{"AAA0BBB,M0.5.0,M10.5.0", false, NULL, 0, false},
		{"AAA0BBB,M3.6.0,M10.5.0", false, NULL, 0, false},
		{"AAA0BBB,M3.5.7,M10.5.0", false, NULL, 0, false},
		{"AAA0BBB,M3.5.0/168,M10.5.0", false, NULL, 0, false},
		{"AAA0BBB,J0,J5", false, NULL, 0, false},
		{"AAA0BBB,J366,J5", false, NULL, 0, false},
		{"AAA0BBB,0,J5 ", false, NULL, 0, false},
		{"<AAA0", false, NULL, 0, false},
		{"AAA0:60", false, NULL, 0, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf file;
		struct tz *tz = NULL;
		int64_t at = 0;
		footer_file(rows[i].footer, &file);
		assert_int_equal(tz_parse("X", buf_bytes(&file), &tz, NULL), rows[i].good ? 0 : ERR_MALFORMED);
		if (rows[i].good) {
			assert_true(clock_parse(rows[i].utc, &at));
			assert_int_equal(tz_offset(tz, at / 1000), rows[i].offset);
			assert_int_equal(tz_is_dst(tz, at / 1000), rows[i].dst);
		}
		tz_free(tz);
		buf_release(&file);
	}
}

static void daylight_saving_all_year_never_changes(void **state)
{
	struct buf file;
	struct tz *tz = NULL;
	int64_t next;
	footer_file("EST5EDT,0/0,J365/25", &file);
	assert_int_equal(tz_parse("X", buf_bytes(&file), &tz, NULL), 0);
	assert_false(tz_next_change(tz, INT64_C(1798761600), &next));
	tz_free(tz);
	buf_release(&file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wall_clock_stands_for_one_instant),
		cmocka_unit_test(transitions_are_those_that_zdump_prints),
		cmocka_unit_test(names_that_are_none_are_explained),
		cmocka_unit_test(utc_needs_no_database),
		cmocka_unit_test(a_cache_loads_each_zone_once),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(footers_follow_rfc_8536),
		cmocka_unit_test(daylight_saving_all_year_never_changes),
	};
	return cmocka_run_group_tests_name("tzif", tests, NULL, NULL);
}
