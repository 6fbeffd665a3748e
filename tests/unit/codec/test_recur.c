/* Rules: their text, and when they are due. Instants are reckoned by hand, or by the rules of the zones (EU: last
 * Sunday of March and October, 01:00 UTC). test_recur_oracle.c compares many rules with libical. */
#include "testing.h"

#include "base/clock.h"
#include "base/rng.h"
#include "codec/recur.h"

static struct tz_cache *zones;

static const struct tz *zone(const char *name)
{
	struct err e = ERR_INIT;
	const struct tz *tz = NULL;
	if (tz_cache_get(zones, name, &tz, &e))
		fail_msg("%s", e.msg);
	return tz;
}

static struct recur rule(const char *text)
{
	struct recur r;
	struct err e = ERR_INIT;
	if (recur_parse(text, &r, &e))
		fail_msg("%s: %s", text, e.msg);
	return r;
}

static int64_t ms(const char *utc)
{
	int64_t t = 0;
	if (!clock_parse(utc, &t))
		fail_msg("%s is no instant", utc);
	return t;
}

static void texts_are_written_canonically_and_said_in_words(void **state)
{
	static const struct {
		const char *read, *written, *said; /* written NULL: as read */
	} rows[] = {
		{"none", NULL, "never by itself"},
		{"dates 2027-03-01 at 07:30", NULL, "on 1 March 2027 at 07:30, Europe/Berlin"},
		{"dates 2027-12-24,2027-03-01,2027-12-24 at 07:30", "dates 2027-03-01,2027-12-24 at 07:30",
		 "on 1 March 2027 and 24 December 2027 at 07:30, Europe/Berlin"},
		{"dates 2028-02-29 yearly at 00:00 utc", NULL, "every year on 29 February at 00:00, UTC"},
		{"dates 2027-01-01,2027-01-02,2027-01-03,2027-01-04,2027-01-05,2027-01-06 at 23:59", NULL,
		 "on 6 dates from 1 January 2027 to 6 January 2027 at 23:59, Europe/Berlin"},
		{"weekly mon,tue,wed,thu,fri at 07:30", NULL, "every Monday to Friday at 07:30, Europe/Berlin"},
		{"weekly mon-fri at 07:30", "weekly mon,tue,wed,thu,fri at 07:30",
		 "every Monday to Friday at 07:30, Europe/Berlin"},
		{"weekly Sat-MON at 07:30", "weekly mon,sat,sun at 07:30",
		 "every Monday, Saturday and Sunday at 07:30, Europe/Berlin"},
		{"  weekly   mon , wed-fri ,mon   at   07:30  ", "weekly mon,wed,thu,fri at 07:30",
		 "every Monday and Wednesday to Friday at 07:30, Europe/Berlin"},
		{"weekly mon-sun at 07:30", "weekly mon,tue,wed,thu,fri,sat,sun at 07:30",
		 "every day at 07:30, Europe/Berlin"},
		{"catchup during 2027-01-01..2027-06-30 random to 08:00 at 07:30 weekly tue",
		 "weekly tue at 07:30 to 08:00 random during 2027-01-01..2027-06-30 catchup",
		 "every Tuesday, each device at an instant of its own from 07:30 to 08:00, Europe/Berlin, not before 1 "
		 "January 2027, up to 30 June 2027, as soon as possible when missed"},
		{"weekly tue at 07:30 to 08:00 during 2027-01-01..", NULL,
		 "every Tuesday at 07:30, Europe/Berlin, not started after 08:00, not before 1 January 2027"},
		{"weekly tue at 07:30 during ..2027-01-01", NULL,
		 "every Tuesday at 07:30, Europe/Berlin, up to 1 January 2027"},
		{"monthly last,15,1,15 at 22:00", "monthly 1,15,last at 22:00",
		 "on the 1st, 15th and last day of every month at 22:00, Europe/Berlin"},
		{"monthly 2,3,11,12,13,21,22,23,31 at 22:00", NULL,
		 "on the 2nd, 3rd, 11th, 12th, 13th, 21st, 22nd, 23rd and 31st of every month at 22:00, Europe/Berlin"},
		{"every 1 day from 2027-01-04T07:30", "every 1 days from 2027-01-04T07:30",
		 "every day from 4 January 2027 on at 07:30, Europe/Berlin"},
		{"every 2 weeks from 2027-01-04T07:30 to 08:30 random", NULL,
		 "every 2 weeks from 4 January 2027 on, each device at an instant of its own from 07:30 to 08:30, "
		 "Europe/Berlin"},
		{"every 90 minutes from 2027-01-04T07:30 utc", NULL,
		 "every 90 minutes from 4 January 2027 on at 07:30, UTC"},
		{"every 9999 months from 1970-01-01T00:00", NULL,
		 "every 9999 months from 1 January 1970 on at 00:00, Europe/Berlin"},
		{"refresh", NULL, "whenever a device is seen again"},
		{"refresh after 1d2h30m", NULL, "whenever a device is seen again, 1d2h30m later"},
		{"refresh after 90m", "refresh after 1h30m", "whenever a device is seen again, 1h30m later"},
		{"refresh after 0m", "refresh", "whenever a device is seen again"},
		{"refresh utc during 2027-01-01..", NULL, "whenever a device is seen again, not before 1 January 2027"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *written = rows[i].written ? rows[i].written : rows[i].read;
		struct recur r = rule(rows[i].read), again = rule(written);
		struct buf out;
		buf_init(&out, RECUR_TEXT_MAX);
		assert_int_equal(recur_write(&r, &out), 0);
		assert_bytes_equal_str(buf_bytes(&out), written);
		assert_true(recur_equal(&r, &again));
		buf_reset(&out);
		assert_int_equal(recur_sentence(&r, "Europe/Berlin", &out), 0);
		assert_bytes_equal_str(buf_bytes(&out), rows[i].said);
		buf_release(&out);
	}
}

static void slips_are_quoted_and_explained(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *says;
	} rows[] = {
		{"", ERR_MISSING, "it does not say when"},
		{"at 07:30", ERR_MISSING, "it does not say when"},
		{"hourly", ERR_INVALID, "\"hourly\": not a word that is known here"},
		{"none none", ERR_INVALID, "\"none\" is said twice"},
		{"none at 07:30", ERR_INVALID, "\"at\" does not go with none"},
		{"weekly mon monthly 1 at 07:30", ERR_INVALID, "weekly and monthly do not go together"},
		{"weekly mon", ERR_MISSING, "weekly needs \"at TIME\" beside it"},
		{"weekly at 07:30", ERR_INVALID, "weekly \"\": not a day of the week"},
		{"weekly mon,funday at 07:30", ERR_INVALID, "weekly \"funday\": not a day of the week"},
		{"weekly mon-fun at 07:30", ERR_INVALID, "weekly \"mon-fun\": not a day of the week"},
		{"weekly mon at 25:00", ERR_INVALID, "at \"25:00\": not a time of day"},
		{"weekly mon at 24:00", ERR_INVALID, "at \"24:00\": not a time of day"},
		{"weekly mon at 07:60", ERR_INVALID, "at \"07:60\": not a time of day"},
		{"weekly mon at 7:30", ERR_INVALID, "at \"7:30\": not a time of day"},
		{"weekly mon at 07:30 to 07:30", ERR_INVALID,
		 "the end time 07:30 is not later than the start time 07:30 of the same day"},
		{"weekly mon at 22:00 to 02:00", ERR_INVALID,
		 "the end time 02:00 is not later than the start time 22:00 of the same day"},
		{"weekly mon at 07:30 random", ERR_MISSING, "random needs \"to TIME\" beside it"},
		{"weekly mon at 07:30 random yes", ERR_INVALID, "\"yes\": not a word that is known here"},
		{"weekly mon at 07:30 during 2027-01-01", ERR_INVALID, "a range is written 2027-01-01..2027-06-30"},
		{"weekly mon at 07:30 during 2027-06-30..2027-01-01", ERR_INVALID, "it ends before it begins"},
		{"weekly mon at 07:30 during 2027-06-31..", ERR_INVALID,
		 "during \"2027-06-31\": there is no such day; that month has 30"},
		{"dates 2027-02-31 at 07:30", ERR_INVALID,
		 "dates \"2027-02-31\": there is no such day; that month has 28"},
		{"dates 2027-02-29 yearly at 07:30", ERR_INVALID, "there is no such day; that month has 28"},
		{"dates 2027-13-01 at 07:30", ERR_INVALID, "dates \"2027-13-01\": not a date"},
		{"dates 31.12.2027 at 07:30", ERR_INVALID, "dates \"31.12.2027\": not a date"},
		{"dates 1969-12-31 at 07:30", ERR_INVALID, "the years 1970 to 2999 are known"},
		{"dates 3000-01-01 at 07:30", ERR_INVALID, "the years 1970 to 2999 are known"},
		{"dates 2027-01-01, at 07:30", 0, NULL},
		{"dates ,2027-01-01 at 07:30", ERR_INVALID, "dates \"\": not a date"},
		{"dates 2027-01-01", ERR_MISSING, "dates needs \"at TIME\" beside it"},
		{"monthly 0 at 07:30", ERR_INVALID, "monthly \"0\": not a day of the month"},
		{"monthly 32 at 07:30", ERR_INVALID, "monthly \"32\": not a day of the month"},
		{"every 2 weeks", ERR_MISSING, "every needs \"from DATETIME\" beside it"},
		{"every weeks from 2027-01-04T07:30", ERR_INVALID, "every \"weeks\": it begins with a number"},
		{"every 0 weeks from 2027-01-04T07:30", ERR_INVALID, "the number lies between 1 and 9999"},
		{"every 10000 weeks from 2027-01-04T07:30", ERR_INVALID, "the number lies between 1 and 9999"},
		{"every 2 week from 2027-01-04T07:30", ERR_INVALID, "the unit is one of minutes"},
		{"every 2 from 2027-01-04T07:30", ERR_INVALID, "the unit is one of minutes"},
		{"every 2 years from 2027-01-04T07:30", ERR_INVALID, "the unit is one of minutes"},
		{"every 2 weeks from 2027-01-04", ERR_INVALID, "from \"\": not a time of day"},
		{"every 2 weeks from 2027-01-04T07:30 at 07:30", ERR_INVALID, "\"at\" does not go with every"},
		{"every 20 minutes from 2027-01-04T07:30 to 08:00", ERR_INVALID,
		 "from start to end time it is longer than from one time to the next"},
		{"refresh after soon", ERR_INVALID, "after \"soon\": not a duration"},
		{"refresh after 2m1h", ERR_INVALID, "after \"2m1h\": not a duration"},
		{"refresh after 367d", ERR_INVALID, "the longest is 366d"},
		{"refresh at 07:30", ERR_INVALID, "\"at\" does not go with refresh"},
		{"weekly m\1n at 07:30", ERR_INVALID, "too long, or with characters that do not print"},
		{"weekly \303\244\303\266 at 07:30", ERR_INVALID, "weekly \"\303\244\303\266\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct recur r = {.every = 77};
		int rc = recur_parse(rows[i].text, &r, &e);
		if (rc != rows[i].rc)
			fail_msg("%s: %d, %s", rows[i].text, rc, e.msg);
		if (rc == 0)
			continue;
		assert_contains(e.msg, rows[i].says);
		assert_int_equal(r.every, 77);
	}
}

static void long_texts_and_many_dates_are_refused(void **state)
{
	struct buf text;
	struct recur r;
	struct err e = ERR_INIT;
	buf_init(&text, 1 << 16);
	buf_adds(&text, "dates ");
	for (int64_t day = 0; day < RECUR_DATES_MAX; day++) {
		char date[CIVIL_DATE_SIZE];
		civil_date_text(21000 + day, date);
		buf_addf(&text, "%s%s", day > 0 ? "," : "", date);
	}
	buf_adds(&text, " at 07:30");
	assert_int_equal(recur_parse(buf_cstr(&text), &r, &e), 0);
	assert_int_equal(r.dates_len, RECUR_DATES_MAX);
	struct recur_words words = {.value = {[RECUR_WORD_AT] = "07:30"}};
	struct buf dates;
	buf_init(&dates, 1 << 16);
	buf_add(&dates, text.p + 6, RECUR_DATES_MAX * 11 - 1);
	buf_adds(&dates, ",2026-01-01");
	words.value[RECUR_WORD_DATES] = buf_cstr(&dates);
	assert_int_equal(recur_build(&words, &r, &e), ERR_TOO_BIG);
	assert_contains(e.msg, "more than 100");
	while (text.len <= RECUR_TEXT_MAX)
		buf_addc(&text, ' ');
	assert_int_equal(recur_parse(buf_cstr(&text), &r, &e), ERR_INVALID);
	assert_contains(e.msg, "too long");
	for (size_t room = 0; room < 50; room++) {
		struct buf small;
		struct recur one = rule("weekly mon at 07:30 to 08:00 random utc during 2027-01-01..2027-06-30");
		buf_init(&small, room);
		assert_int_equal(recur_write(&one, &small), ERR_TOO_BIG);
		buf_release(&small);
	}
	buf_release(&dates);
	buf_release(&text);
}

static void members_are_given_one_by_one(void **state)
{
	struct recur r = rule("weekly mon,fri at 07:30 to 08:00 random during 2027-01-01..");
	struct buf out;
	buf_init(&out, 256);
	for (enum recur_word w = 0; w < RECUR_WORD_COUNT; w++)
		if (recur_word_write(&r, w, &out))
			buf_addf(&out, "=%s;", recur_word_name(w));
	assert_bytes_equal_str(buf_bytes(&out), "mon,fri=weekly;07:30=at;08:00=to;=random;2027-01-01..=during;");
	assert_true(recur_word_takes_value(RECUR_WORD_TO));
	assert_false(recur_word_takes_value(RECUR_WORD_RANDOM));
	buf_release(&out);
}

#define NONE RECUR_SHIFT_NONE
#define GAP  RECUR_SHIFT_GAP
#define FOLD RECUR_SHIFT_FOLD

static void the_next_times_are_these(void **state)
{
	static const struct {
		const char *rule, *zone, *after;
		struct {
			const char *key, *due;
			enum recur_shift shift;
		} due[5];
	} rows[] = {
		{"weekly mon-fri at 07:30",
		 "Europe/Berlin",
		 "2027-03-25T07:00:00Z",
		 {{"2027-03-26T07:30", "2027-03-26T06:30:00Z", NONE},
		  {"2027-03-29T07:30", "2027-03-29T05:30:00Z", NONE},
		  {"2027-03-30T07:30", "2027-03-30T05:30:00Z", NONE}}},
		{"weekly sun at 02:30",
		 "Europe/Berlin",
		 "2027-03-21T01:30:00Z",
		 {{"2027-03-28T02:30", "2027-03-28T01:00:00Z", GAP},
		  {"2027-04-04T02:30", "2027-04-04T00:30:00Z", NONE}}},
		{"weekly sun at 02:30",
		 "Europe/Berlin",
		 "2027-10-31T00:29:59Z",
		 {{"2027-10-31T02:30", "2027-10-31T00:30:00Z", FOLD},
		  {"2027-11-07T02:30", "2027-11-07T01:30:00Z", NONE}}},
		{"dates 2027-11-07 at 01:30",
		 "America/New_York",
		 "2027-01-01T00:00:00Z",
		 {{"2027-11-07T01:30", "2027-11-07T05:30:00Z", FOLD}, {"end", "", NONE}}},
		{"weekly mon-sun at 02:15",
		 "Australia/Lord_Howe",
		 "2027-10-01T20:00:00Z",
		 {{"2027-10-03T02:15", "2027-10-02T15:30:00Z", GAP},
		  {"2027-10-04T02:15", "2027-10-03T15:15:00Z", NONE}}},
		/* the 30th of Apia is made up for at the first instant of the 31st */
		{"weekly mon-sun at 07:30",
		 "Pacific/Apia",
		 "2011-12-29T00:00:00Z",
		 {{"2011-12-29T07:30", "2011-12-29T17:30:00Z", NONE},
		  {"2011-12-30T07:30", "2011-12-30T10:00:00Z", GAP},
		  {"2011-12-31T07:30", "2011-12-30T17:30:00Z", NONE},
		  {"2012-01-01T07:30", "2011-12-31T17:30:00Z", NONE}}},
		/* at midnight both fall together: once */
		{"weekly mon-sun at 00:00",
		 "Pacific/Apia",
		 "2011-12-29T10:00:00Z",
		 {{"2011-12-31T00:00", "2011-12-30T10:00:00Z", NONE},
		  {"2012-01-01T00:00", "2011-12-31T10:00:00Z", NONE}}},
		{"weekly mon-sun at 07:30 utc",
		 "Pacific/Apia",
		 "2011-12-29T10:00:00Z",
		 {{"2011-12-30T07:30Z", "2011-12-30T07:30:00Z", NONE},
		  {"2011-12-31T07:30Z", "2011-12-31T07:30:00Z", NONE}}},
		{"monthly 31 at 22:00",
		 "UTC",
		 "2027-01-31T22:00:00Z",
		 {{"2027-03-31T22:00", "2027-03-31T22:00:00Z", NONE},
		  {"2027-05-31T22:00", "2027-05-31T22:00:00Z", NONE},
		  {"2027-07-31T22:00", "2027-07-31T22:00:00Z", NONE},
		  {"2027-08-31T22:00", "2027-08-31T22:00:00Z", NONE}}},
		{"monthly last at 22:00",
		 "UTC",
		 "2027-12-31T22:00:00Z",
		 {{"2028-01-31T22:00", "2028-01-31T22:00:00Z", NONE},
		  {"2028-02-29T22:00", "2028-02-29T22:00:00Z", NONE},
		  {"2028-03-31T22:00", "2028-03-31T22:00:00Z", NONE},
		  {"2028-04-30T22:00", "2028-04-30T22:00:00Z", NONE}}},
		{"monthly 28,last at 22:00",
		 "UTC",
		 "2027-02-01T00:00:00Z",
		 {{"2027-02-28T22:00", "2027-02-28T22:00:00Z", NONE},
		  {"2027-03-28T22:00", "2027-03-28T22:00:00Z", NONE},
		  {"2027-03-31T22:00", "2027-03-31T22:00:00Z", NONE}}},
		{"dates 2028-02-29 yearly at 12:00",
		 "UTC",
		 "2027-01-01T00:00:00Z",
		 {{"2028-02-29T12:00", "2028-02-29T12:00:00Z", NONE},
		  {"2029-02-28T12:00", "2029-02-28T12:00:00Z", NONE},
		  {"2030-02-28T12:00", "2030-02-28T12:00:00Z", NONE},
		  {"2031-02-28T12:00", "2031-02-28T12:00:00Z", NONE},
		  {"2032-02-29T12:00", "2032-02-29T12:00:00Z", NONE}}},
		{"dates 2028-02-28,2028-02-29 yearly at 12:00",
		 "UTC",
		 "2028-01-01T00:00:00Z",
		 {{"2028-02-28T12:00", "2028-02-28T12:00:00Z", NONE},
		  {"2028-02-29T12:00", "2028-02-29T12:00:00Z", NONE},
		  {"2029-02-28T12:00", "2029-02-28T12:00:00Z", NONE},
		  {"2030-02-28T12:00", "2030-02-28T12:00:00Z", NONE}}},
		{"dates 2027-03-01,2027-12-24 at 07:30",
		 "UTC",
		 "2027-01-01T00:00:00Z",
		 {{"2027-03-01T07:30", "2027-03-01T07:30:00Z", NONE},
		  {"2027-12-24T07:30", "2027-12-24T07:30:00Z", NONE},
		  {"end", "", NONE}}},
		{"every 1 months from 2027-01-31T10:00",
		 "UTC",
		 "2027-01-01T00:00:00Z",
		 {{"2027-01-31T10:00", "2027-01-31T10:00:00Z", NONE},
		  {"2027-02-28T10:00", "2027-02-28T10:00:00Z", NONE},
		  {"2027-03-31T10:00", "2027-03-31T10:00:00Z", NONE},
		  {"2027-04-30T10:00", "2027-04-30T10:00:00Z", NONE}}},
		{"every 2 weeks from 2027-03-15T07:30",
		 "Europe/Berlin",
		 "2027-03-15T06:30:00Z",
		 {{"2027-03-29T07:30", "2027-03-29T05:30:00Z", NONE},
		  {"2027-04-12T07:30", "2027-04-12T05:30:00Z", NONE}}},
		{"every 1 days from 2027-03-27T02:30",
		 "Europe/Berlin",
		 "2020-01-01T00:00:00Z",
		 {{"2027-03-27T02:30", "2027-03-27T01:30:00Z", NONE},
		  {"2027-03-28T02:30", "2027-03-28T01:00:00Z", GAP},
		  {"2027-03-29T02:30", "2027-03-29T00:30:00Z", NONE}}},
		/* hours count: 24 of them are not a day of the wall clock */
		{"every 24 hours from 2027-03-27T07:30",
		 "Europe/Berlin",
		 "2027-03-27T06:30:00Z",
		 {{"2027-03-28T06:30Z", "2027-03-28T06:30:00Z", NONE},
		  {"2027-03-29T06:30Z", "2027-03-29T06:30:00Z", NONE}}},
		{"every 30 minutes from 2027-10-31T01:30",
		 "Europe/Berlin",
		 "2027-10-30T23:59:59Z",
		 {{"2027-10-31T00:00Z", "2027-10-31T00:00:00Z", NONE},
		  {"2027-10-31T00:30Z", "2027-10-31T00:30:00Z", NONE},
		  {"2027-10-31T01:00Z", "2027-10-31T01:00:00Z", NONE},
		  {"2027-10-31T01:30Z", "2027-10-31T01:30:00Z", NONE}}},
		{"every 1 hours from 2027-01-01T00:00 during 2027-02-03..2027-02-03",
		 "America/New_York",
		 "2027-02-04T03:00:00Z",
		 {{"2027-02-04T04:00Z", "2027-02-04T04:00:00Z", NONE}, {"end", "", NONE}}},
		{"every 7 hours from 2027-01-01T00:00 during 2027-02-03..2027-02-03",
		 "UTC",
		 "2020-01-01T00:00:00Z",
		 {{"2027-02-03T06:00Z", "2027-02-03T06:00:00Z", NONE},
		  {"2027-02-03T13:00Z", "2027-02-03T13:00:00Z", NONE},
		  {"2027-02-03T20:00Z", "2027-02-03T20:00:00Z", NONE},
		  {"end", "", NONE}}},
		/* both borders of the range belong to it */
		{"weekly mon-sun at 07:30 during 2027-05-01..2027-05-02",
		 "Europe/Berlin",
		 "2020-01-01T00:00:00Z",
		 {{"2027-05-01T07:30", "2027-05-01T05:30:00Z", NONE},
		  {"2027-05-02T07:30", "2027-05-02T05:30:00Z", NONE},
		  {"end", "", NONE}}},
		{"none", "UTC", "2027-01-01T00:00:00Z", {{"end", "", NONE}}},
		{"refresh", "UTC", "2027-01-01T00:00:00Z", {{"end", "", NONE}}},
		{"weekly mon at 07:30 during 2027-05-04..2027-05-09",
		 "UTC",
		 "2020-01-01T00:00:00Z",
		 {{"end", "", NONE}}},
		{"monthly 31 at 07:30 during 2027-02-01..2027-02-28",
		 "UTC",
		 "2020-01-01T00:00:00Z",
		 {{"end", "", NONE}}},
		{"weekly sun at 07:30", "UTC", "2999-12-29T07:30:00Z", {{"end", "", NONE}}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct recur r = rule(rows[i].rule);
		const struct tz *tz = zone(rows[i].zone);
		int64_t after = ms(rows[i].after);
		for (size_t j = 0; j < ARRAY_LEN(rows[i].due); j++) {
			struct recur_due d;
			char due[CLOCK_TEXT_SIZE];
			bool more = recur_next(&r, tz, after, &d);
			if (!rows[i].due[j].key)
				break;
			if (strcmp(rows[i].due[j].key, "end") == 0) {
				assert_false(more);
				break;
			}
			if (!more)
				fail_msg("%s: not due at %s", rows[i].rule, rows[i].due[j].key);
			clock_text(d.due_ms, due);
			if (strcmp(d.key, rows[i].due[j].key) != 0 || strcmp(due, rows[i].due[j].due) != 0 ||
			    d.shift != rows[i].due[j].shift)
				fail_msg("%s: %s, %s, shift %d instead of %s, %s", rows[i].rule, d.key, due,
					 (int)d.shift, rows[i].due[j].key, rows[i].due[j].due);
			after = d.due_ms;
		}
	}
}

static void half_past_seven_on_weekdays_stays_so_all_year(void **state)
{
	struct recur r = rule("weekly mon-fri at 07:30");
	const struct tz *tz = zone("Europe/Berlin");
	int64_t summer = ms("2027-03-28T01:00:00Z"), winter = ms("2027-10-31T01:00:00Z");
	int64_t after = ms("2026-12-31T23:00:00Z"), end = ms("2027-12-31T23:00:00Z");
	size_t n = 0;
	struct recur_due d;
	for (int64_t day = ms("2027-01-01T00:00:00Z"); day < end; day += CIVIL_DAY_S * 1000) {
		int64_t since_friday = day / 1000 / CIVIL_DAY_S - ms("2027-01-01T00:00:00Z") / 1000 / CIVIL_DAY_S;
		if (since_friday % 7 == 1 || since_friday % 7 == 2)
			continue;
		assert_true(recur_next(&r, tz, after, &d));
		int64_t offset_hours = day >= summer && day < winter ? 2 : 1;
		assert_int_equal(d.due_ms, day + INT64_C(27000000) - offset_hours * 3600000);
		assert_int_equal(d.shift, RECUR_SHIFT_NONE);
		assert_int_equal(d.window_ms, 0);
		assert_int_equal(d.end_ms, INT64_MAX);
		after = d.due_ms;
		n++;
	}
	assert_int_equal(n, 261);
}

static void an_end_time_bounds_the_start(void **state)
{
	static const struct {
		const char *rule, *after, *due, *end;
		int64_t window_min;
	} rows[] = {
		{"weekly mon at 07:30 to 08:00", "2027-01-01T00:00:00Z", "2027-01-04T06:30:00Z", "2027-01-04T07:00:00Z",
		 0},
		{"weekly mon at 07:30 to 08:00 random", "2027-01-01T00:00:00Z", "2027-01-04T06:30:00Z",
		 "2027-01-04T07:00:00Z", 30},
		/* the end is where the wall clock shows it: the hours that are skipped or repeated count */
		{"weekly sun at 01:00 to 04:00 random", "2027-03-27T12:00:00Z", "2027-03-28T00:00:00Z",
		 "2027-03-28T02:00:00Z", 120},
		{"weekly sun at 01:00 to 04:00 random", "2027-10-30T12:00:00Z", "2027-10-30T23:00:00Z",
		 "2027-10-31T03:00:00Z", 240},
		{"weekly sun at 02:10 to 02:40 random", "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z",
		 "2027-03-28T01:30:00Z", 30},
		{"every 6 hours from 2027-01-01T00:00 to 00:20 random", "2027-01-01T00:00:00Z", "2027-01-01T05:00:00Z",
		 "2027-01-01T05:20:00Z", 20},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct recur r = rule(rows[i].rule);
		struct recur_due d;
		assert_true(recur_next(&r, zone("Europe/Berlin"), ms(rows[i].after), &d));
		assert_int_equal(d.due_ms, ms(rows[i].due));
		assert_int_equal(d.end_ms, ms(rows[i].end));
		assert_int_equal(d.window_ms, rows[i].window_min * 60000);
	}
}

static void instants_far_away_end_quickly(void **state)
{
	static const char *const rules[] = {
		"weekly mon at 07:30",
		"monthly 31 at 07:30",
		"dates 2028-02-29 yearly at 07:30",
		"every 9999 months from 1970-01-01T00:00",
		"every 1 minutes from 1970-01-01T00:00",
		"every 9999 hours from 2999-12-31T23:00",
		"dates 2027-01-01 at 00:00",
	};
	static const int64_t afters[] = {INT64_MIN, -1, 0, INT64_C(1) << 50, INT64_MAX - 1, INT64_MAX};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		for (size_t j = 0; j < ARRAY_LEN(afters); j++) {
			struct recur r = rule(rules[i]);
			struct recur_due d;
			bool more = recur_next(&r, zone("Europe/Berlin"), afters[j], &d);
			assert_true(!more || d.due_ms > afters[j]);
			assert_true(more || j >= 2);
		}
}

static void rules_are_checked_against_zone_and_clock(void **state)
{
	static const struct {
		const char *rule, *says;
	} rows[] = {
		{"none", NULL},
		{"refresh", NULL},
		{"weekly mon at 07:30", NULL},
		{"dates 2027-03-01 at 07:30", NULL},
		{"dates 2020-03-01 yearly at 07:30", NULL},
		{"every 24 hours from 2020-01-01T00:00", NULL},
		/* now is 12:00 in Berlin */
		{"dates 2027-01-15 at 12:01", NULL},
		{"dates 2027-01-15 at 11:01 utc", NULL},
		{"dates 2027-01-15 at 12:00", "schedule: 2027-01-15T12:00 is over already"},
		{"dates 2026-03-01,2027-03-01 at 07:30", "schedule: 2026-03-01T07:30 is over already"},
		{"weekly mon at 07:30 during ..2027-01-14", "it never is due: its last date, 2027-01-14, is over"},
		{"refresh during ..2027-01-14", "it never is due: its last date, 2027-01-14, is over"},
		{"refresh during ..2027-01-15", NULL},
		{"monthly 31 at 07:30 during 2027-02-01..2027-02-28",
		 "it never is due: no time that it names comes from 2027-02-01 to 2027-02-28"},
		{"every 9999 months from 2027-01-01T00:00 during 2027-02-01..2050-01-01", "it never is due"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct recur r = rule(rows[i].rule);
		struct err e = ERR_INIT;
		int rc = recur_check(&r, zone("Europe/Berlin"), ms("2027-01-15T11:00:00Z"), &e);
		if (rc != (rows[i].says ? ERR_INVALID : 0))
			fail_msg("%s: %s", rows[i].rule, e.msg);
		if (rc)
			assert_contains(e.msg, rows[i].says);
	}
}

static void entries_that_fall_together_are_found(void **state)
{
	static const struct {
		const char *a, *b, *when; /* NULL: never */
	} rows[] = {
		{"weekly mon-fri at 07:30", "weekly mon-fri at 19:00", NULL},
		{"weekly mon-fri at 07:30", "weekly fri,sat at 07:30", "2027-01-08T06:30:00Z"},
		{"weekly mon at 07:30", "monthly 1 at 07:30", "2027-02-01T06:30:00Z"},
		{"weekly mon at 07:30", "monthly 1 at 07:30 utc", NULL},
		{"weekly mon at 07:30", "weekly mon at 06:30 utc", "2027-01-11T06:30:00Z"},
		{"weekly mon at 08:30", "weekly mon at 06:30 utc", "2027-03-29T06:30:00Z"},
		/* both in the gap of one night: the same first instant after it */
		{"weekly sun at 02:10", "weekly sun at 02:50", "2027-03-28T01:00:00Z"},
		{"weekly sun at 02:10", "weekly sun at 03:00", "2027-03-28T01:00:00Z"},
		{"dates 2027-02-28 yearly at 07:30", "dates 2028-02-29 yearly at 07:30", "2029-02-28T06:30:00Z"},
		{"dates 2040-01-02 at 07:30", "weekly mon at 07:30", NULL}, /* past the horizon */
		{"none", "weekly mon at 07:30", NULL},
		{"refresh", "refresh", NULL},
		{"weekly mon at 07:30 during ..2027-03-31", "weekly mon at 07:30 during 2027-04-01..", NULL},
		{"weekly mon at 07:30 to 08:00", "weekly mon at 07:45", NULL},
		{"weekly mon at 07:30 to 08:00 random", "weekly mon at 07:45", "2027-01-11T06:45:00Z"},
		{"weekly mon at 07:30 to 08:00 random", "weekly mon at 08:00", NULL},
		{"weekly mon at 08:00", "weekly mon at 07:30 to 08:01 random", "2027-01-11T07:00:00Z"},
		{"every 1 minutes from 2027-01-01T00:00", "weekly mon at 07:30", "2027-01-11T06:30:00Z"},
		{"every 2 hours from 2027-01-01T00:30", "weekly mon at 07:30", "2027-03-29T05:30:00Z"},
		{"every 7 minutes from 2027-01-01T00:00", "every 14 minutes from 2027-01-01T00:01", NULL},
		{"every 7 minutes from 2027-01-08T00:00", "every 11 minutes from 2027-01-08T00:01",
		 "2027-01-07T23:56:00Z"}, /* 7 x = 1 + 11 y: 56 */
		{"every 7 minutes from 2027-01-08T00:00 to 00:02 random", "every 14 minutes from 2027-01-08T00:01",
		 "2027-01-07T23:01:00Z"},
		{"every 9999 minutes from 2027-01-08T00:00", "every 9998 minutes from 2027-01-08T00:01",
		 "2027-01-14T21:39:00Z"},
		/* in 95 years: 5000 times 9999 minutes */
		{"every 9999 minutes from 2027-01-08T00:00", "every 9998 minutes from 2027-01-11T11:20", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t turned = 0; turned < 2; turned++) {
			struct recur a = rule(turned ? rows[i].b : rows[i].a), b = rule(turned ? rows[i].a : rows[i].b);
			const struct tz *tz = zone("Europe/Berlin");
			int64_t when = 0;
			char text[CLOCK_TEXT_SIZE] = "";
			bool meet = recur_clash(&a, tz, &b, tz, ms("2027-01-05T00:00:00Z"), &when);
			if (meet)
				clock_text(when, text);
			if (meet != !!rows[i].when || (meet && strcmp(text, rows[i].when) != 0))
				fail_msg("%s - %s: %s", rows[i].a, rows[i].b, meet ? text : "never");
		}
}

/* The first common instant by walking both, minute by minute of their times. */
static bool plain_clash(const struct recur *a, const struct recur *b, const struct tz *tz, int64_t from, int64_t to,
			int64_t *ret)
{
	struct recur_due x, y;
	bool more = recur_next(a, tz, from, &x) && recur_next(b, tz, from, &y);
	while (more && x.due_ms <= to && y.due_ms <= to) {
		int64_t x_end = x.due_ms + (x.window_ms ? x.window_ms : 1),
			y_end = y.due_ms + (y.window_ms ? y.window_ms : 1);
		if (x.due_ms < y_end && y.due_ms < x_end) {
			*ret = x.due_ms > y.due_ms ? x.due_ms : y.due_ms;
			return true;
		}
		more = x_end <= y_end ? recur_next(a, tz, x.due_ms, &x) : recur_next(b, tz, y.due_ms, &y);
	}
	return false;
}

static void clashes_of_intervals_are_those_of_plain_walking(void **state)
{
	struct rng rng;
	const uint64_t seed = 20270101;
	size_t met = 0;
	const struct tz *tz = zone("Europe/Berlin");
	int64_t from = ms("2027-03-20T00:00:00Z"), to = from + INT64_C(60) * CIVIL_DAY_S * 1000;
	rng_init(&rng, seed);
	for (size_t i = 0; i < 400; i++) {
		struct recur r[2];
		for (size_t j = 0; j < 2; j++) {
			char text[128];
			uint64_t n = 3 + rng_below(&rng, 400), hours = rng_below(&rng, 4) == 0;
			uint64_t span = 1 + rng_below(&rng, n < 20 && !hours ? n : 20);
			char tail[32] = "";
			if (rng_below(&rng, 2))
				(void)snprintf(tail, sizeof(tail), " to 00:%02u random", (unsigned)(9 + span));
			(void)snprintf(text, sizeof(text), "every %u %s from 2027-03-%02uT00:09%s%s", (unsigned)n,
				       hours ? "hours" : "minutes", (unsigned)(1 + rng_below(&rng, 28)), tail,
				       rng_below(&rng, 3) ? "" : " during 2027-04-02..2027-05-01");
			r[j] = rule(text);
		}
		int64_t is = 0, expected = 0;
		bool plain = plain_clash(&r[0], &r[1], tz, from, to, &expected);
		bool found = recur_clash(&r[0], tz, &r[1], tz, from, &is) && is <= to;
		if (plain != found || (plain && is != expected)) {
			struct buf a, b;
			buf_init(&a, RECUR_TEXT_MAX);
			buf_init(&b, RECUR_TEXT_MAX);
			recur_write(&r[0], &a);
			recur_write(&r[1], &b);
			fail_msg("round %zu: %s - %s: %d %lld, plainly %d %lld", i, buf_cstr(&a), buf_cstr(&b), found,
				 (long long)is, plain, (long long)expected);
		}
		met += found;
	}
	assert_in_range(met, 100, 390);
}

/* Chi-square over 60 minutes of a window: 99.9 % of uniform samples stay below 99 with 59 degrees of freedom. */
static void slots_are_stable_and_uniform(void **state)
{
	int64_t due = ms("2027-01-04T06:30:00Z"), window = 3600000;
	for (int64_t schedule = 1; schedule < 6; schedule++) {
		size_t count[60] = {0};
		double chi = 0, expected = 50000.0 / 60;
		for (int64_t device = 1; device <= 50000; device++) {
			int64_t slot = recur_slot(due, window, device, schedule);
			assert_true(slot >= due && slot < due + window);
			assert_int_equal(slot + 86400000, recur_slot(due + 86400000, window, device, schedule));
			count[(slot - due) / 60000]++;
		}
		for (size_t i = 0; i < 60; i++)
			chi += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
		assert_true(chi < 99.0);
	}
	assert_int_equal(recur_slot(due, 0, 7, 7), due);
	assert_int_equal(recur_slot(due, 1, 7, 7), due);
	/* never to change: these places are in people's mornings */
	assert_int_equal(recur_slot(0, 3600000, 1, 1), 785695);
	assert_int_equal(recur_slot(0, 3600000, 100000, 42), 230697);
}

static int64_t wall_day(const char *date)
{
	int64_t day;
	assert_true(civil_parse_date(bytes_str(date), &day));
	return day * CIVIL_DAY_S;
}

static void black_outs_are_found_by_wall_clock_or_utc(void **state)
{
	struct recur_out v[] = {
		{.from_s = wall_day("2027-12-24"), .to_s = wall_day("2027-12-27"), .name = "Christmas"},
		{.from_s = wall_day("2027-01-01"), .to_s = wall_day("2027-12-31"), .name = "Year"},
		{.from_s = wall_day("2028-01-01"), .to_s = wall_day("2028-01-02"), .name = "New Year"},
		{.from_s = ms("2028-01-01T12:00:00Z") / 1000,
		 .to_s = ms("2028-01-02T12:00:00Z") / 1000,
		 .utc = true,
		 .name = "Move"},
	};
	struct recur_outs outs = {v, ARRAY_LEN(v)}, none = {NULL, 0};
	static const struct {
		const char *at, *name;
	} rows[] = {
		{"2026-12-31T22:59:59Z", NULL},        {"2026-12-31T23:00:00Z", "Year"},
		{"2027-12-23T22:59:59Z", "Year"},      {"2027-12-23T23:00:00Z", "Christmas"},
		{"2027-12-26T22:59:59Z", "Christmas"}, {"2027-12-26T23:00:00Z", "Year"},
		{"2027-12-30T23:00:00Z", NULL},        {"2028-01-01T11:00:00Z", "New Year"},
		{"2028-01-01T23:30:00Z", "Move"},      {"2028-01-02T12:00:00Z", NULL},
	};
	recur_outs_sort(v, ARRAY_LEN(v));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct recur_out *o = recur_out_at(&outs, zone("Europe/Berlin"), ms(rows[i].at));
		if (!o != !rows[i].name || (o && strcmp(o->name, rows[i].name) != 0))
			fail_msg("%s: %s", rows[i].at, o ? o->name : "free");
	}
	assert_null(recur_out_at(&none, tz_utc(), 0));
	recur_outs_sort(NULL, 0);
}

static void black_outs_are_those_of_plain_looking(void **state)
{
	struct rng rng;
	struct recur_out v[200];
	rng_init(&rng, 7);
	for (size_t round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_LEN(v); i++) {
			int64_t from = (int64_t)rng_below(&rng, 10000);
			v[i] = (struct recur_out){.from_s = from,
						  .to_s = from + 1 + (int64_t)rng_below(&rng, i % 10 ? 50 : 2000),
						  .utc = rng_below(&rng, 2),
						  .name = "x"};
		}
		struct recur_outs outs = {v, ARRAY_LEN(v)};
		recur_outs_sort(v, ARRAY_LEN(v));
		for (int64_t t = -10; t < 13000; t += 7) {
			bool covered = false;
			for (size_t i = 0; i < ARRAY_LEN(v); i++)
				covered |= v[i].from_s <= t && t < v[i].to_s;
			assert_int_equal(recur_out_at(&outs, tz_utc(), t * 1000) != NULL, covered);
		}
	}
}

static int setup(void **state)
{
	zones = tz_cache_new(NULL);
	return 0;
}

static int teardown(void **state)
{
	tz_cache_free(zones);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_written_canonically_and_said_in_words),
		cmocka_unit_test(slips_are_quoted_and_explained),
		cmocka_unit_test(long_texts_and_many_dates_are_refused),
		cmocka_unit_test(members_are_given_one_by_one),
		cmocka_unit_test(the_next_times_are_these),
		cmocka_unit_test(half_past_seven_on_weekdays_stays_so_all_year),
		cmocka_unit_test(an_end_time_bounds_the_start),
		cmocka_unit_test(instants_far_away_end_quickly),
		cmocka_unit_test(rules_are_checked_against_zone_and_clock),
		cmocka_unit_test(entries_that_fall_together_are_found),
		cmocka_unit_test(clashes_of_intervals_are_those_of_plain_walking),
		cmocka_unit_test(slots_are_stable_and_uniform),
		cmocka_unit_test(black_outs_are_found_by_wall_clock_or_utc),
		cmocka_unit_test(black_outs_are_those_of_plain_looking),
	};
	return cmocka_run_group_tests_name("recur", tests, setup, teardown);
}
