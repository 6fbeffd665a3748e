/* Calendar files: golden ones range by range, slips in words, bounds, and random recurrences against libical. */
#include "testing.h"

#include <libical/ical.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "codec/ical.h"

#define FROM "1990-01-01T00:00:00Z"
#define TO   "2040-01-01T00:00:00Z"

static struct tz_cache *zones;

static int64_t seconds(const char *text)
{
	int64_t ms = 0;
	assert_true(clock_parse(text, &ms));
	return ms / 1000;
}

static int read_text(struct bytes text, struct ical *ret, struct err *e)
{
	return ical_read(text, zones, seconds(FROM), seconds(TO), ret, e);
}

struct expected {
	const char *name, *from, *to;
	bool utc;
};

static void expect_range(const struct ical *c, const struct expected *x)
{
	for (size_t i = 0; i < c->len; i++)
		if (c->v[i].utc == x->utc && c->v[i].from_s == seconds(x->from) && c->v[i].to_s == seconds(x->to) &&
		    strcmp(c->v[i].name, x->name) == 0)
			return;
	for (size_t i = 0; i < c->len; i++) {
		char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
		clock_text(c->v[i].from_s * 1000, from);
		clock_text(c->v[i].to_s * 1000, to);
		print_message("# %s %s%s %s\n", c->v[i].name, from, c->v[i].utc ? " utc" : "", to);
	}
	fail_msg("no range %s from %s to %s", x->name, x->from, x->to);
}

static void the_examples_of_rfc_5545_give_their_ranges(void **state)
{
	static const struct expected rows[] = {
		{"Laurel is in sensitivity awareness class.", "1997-04-01T16:30:00Z", "1997-04-02T01:00:00Z", true},
		{"Our Blissful Anniversary", "1997-11-02T00:00:00Z", "1997-11-03T00:00:00Z", false},
		{"Our Blissful Anniversary", "2039-11-02T00:00:00Z", "2039-11-03T00:00:00Z", false},
		{"Festival International de Jazz de Montreal", "2007-06-28T00:00:00Z", "2007-07-09T00:00:00Z", false},
		{"XYZ Project Review", "1998-03-12T13:30:00Z", "1998-03-12T14:30:00Z", true},
		/* RFC 5545 3.8.5.3: 1996 November 5, 2000 November 7, 2004 November 2 at 9:00 AM EST */
		{"U.S. Presidential Election day", "1996-11-05T14:00:00Z", "1996-11-05T22:00:00Z", true},
		{"U.S. Presidential Election day", "2000-11-07T14:00:00Z", "2000-11-07T22:00:00Z", true},
		{"U.S. Presidential Election day", "2004-11-02T14:00:00Z", "2004-11-02T22:00:00Z", true},
		{"Periods", "1996-04-03T02:00:00Z", "1996-04-03T04:00:00Z", true},
		{"Periods", "1996-04-04T01:00:00Z", "1996-04-04T04:00:00Z", true},
	};
	struct buf file;
	struct ical c;
	struct err e = ERR_INIT;
	golden_read("ical/rfc5545.ics", &file);
	if (read_text(buf_bytes(&file), &c, &e))
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_range(&c, &rows[i]);
	assert_int_equal(c.events, 6);
	assert_int_equal(c.empty, 1);
	assert_int_equal(c.cancelled, 0);
	/* class, review, festival, two periods; 43 anniversaries, 11 elections */
	assert_int_equal(c.len, 5 + 43 + 11);
	ical_release(&c);
	buf_release(&file);
}

static void a_holiday_calendar_gives_its_ranges(void **state)
{
	static const struct expected rows[] = {
		{"Neujahr", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", false},
		{"Neujahr", "2039-01-01T00:00:00Z", "2039-01-02T00:00:00Z", false},
		{"Heilige Drei K\303\266nige", "2027-01-06T00:00:00Z", "2027-01-07T00:00:00Z", false},
		{"Karfreitag", "2028-04-14T00:00:00Z", "2028-04-15T00:00:00Z", false},
		{"Ostermontag", "2029-04-02T00:00:00Z", "2029-04-03T00:00:00Z", false},
		{"Tag der Deutschen Einheit", "2028-10-03T00:00:00Z", "2028-10-04T00:00:00Z", false},
		{"Weihnachten, drei Tage", "2028-12-24T00:00:00Z", "2028-12-27T00:00:00Z", false},
		{"Inventur", "2027-01-29T17:00:00Z", "2027-01-29T22:59:00Z", true},
		{"Inventur (verschoben)", "2027-02-27T17:00:00Z", "2027-02-27T19:00:00Z", true},
		{"Inventur", "2027-03-26T17:00:00Z", "2027-03-26T22:59:00Z", true},
		{"Inventur", "2027-04-30T16:00:00Z", "2027-04-30T21:59:00Z", true},
		{"Wartung nach Ortszeit", "2027-06-05T20:00:00Z", "2027-06-05T22:00:00Z", false},
	};
	struct buf file;
	struct ical c;
	struct err e = ERR_INIT;
	golden_read("ical/holidays.ics", &file);
	if (read_text(buf_bytes(&file), &c, &e))
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_range(&c, &rows[i]);
	assert_int_equal(c.events, 11);
	assert_int_equal(c.cancelled, 1);
	/* 20 each of three, Easter 3 and 3, 9 of October, 9 - 1 of December, 4 - 1 + 1 inventories, maintenance */
	assert_int_equal(c.len, 3 * 20 + 6 + 9 + 8 + 4 + 1);
	struct recur_outs outs = {c.v, c.len};
	const struct tz *berlin = NULL;
	assert_int_equal(tz_cache_get(zones, "Europe/Berlin", &berlin, NULL), 0);
	assert_string_equal(recur_out_at(&outs, berlin, seconds("2027-12-31T23:00:00Z") * 1000)->name, "Neujahr");
	assert_null(recur_out_at(&outs, berlin, seconds("2027-12-31T22:59:59Z") * 1000));
	ical_release(&c);
	buf_release(&file);
}

/* An event with these lines, in a calendar. */
static void one_event(const char *lines, struct buf *out)
{
	buf_init(out, 64 << 20);
	buf_addf(out, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Party\n%s\nEND:VEVENT\nEND:VCALENDAR\n", lines);
}

static void slips_name_the_event_and_its_line(void **state)
{
	static const struct {
		const char *lines;
		int rc;
		const char *says;
	} rows[] = {
		{"DTEND:20270101", ERR_MISSING, "calendar: event \"Party\" (line 2): it has no DTSTART"},
		{"DTSTART:20270231T100000", ERR_INVALID,
		 "event \"Party\" (line 2): it has a date or time that does not exist"},
		{"DTSTART:20270201T250000", ERR_INVALID, "it has a date or time that does not exist"},
		{"DTSTART:15000101", ERR_INVALID, "it has a date or time that does not exist"},
		{"DTSTART;TZID=W. Europe Standard Time:20270101T100000", ERR_INVALID,
		 "its time zone \"W. Europe Standard Time\" is none of the IANA database"},
		{"DTSTART;TZID=../../etc/passwd:20270101T100000", ERR_INVALID, "is none of the IANA database"},
		{"DTSTART:20270101T100000\nDTEND:20270101T090000", ERR_INVALID, "it ends before it begins"},
		{"DTSTART:20270101T100000\nDURATION:-PT1H", ERR_INVALID, "it ends before it begins"},
		{"DTSTART:20270101T100000\nDTEND;VALUE=DATE:20270102", ERR_INVALID,
		 "its begin and its end are of different kinds"},
		{"DTSTART:20270101T100000Z\nDTEND:20270101T110000", ERR_INVALID,
		 "its begin and its end are of different kinds"},
		{"DTSTART:20270101T100000\nRRULE:FREQ=SOMETIMES", ERR_INVALID, "Can't parse as RECUR value"},
		{"DTSTART:20270101T100000\nRRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", ERR_UNSUPPORTED,
		 "it recurs more often than daily"},
		{"DTSTART:20270101T100000\nRRULE:FREQ=YEARLY;BYWEEKNO=20", ERR_UNSUPPORTED,
		 "parts that are not taken here"},
		{"DTSTART:20270101T100000\nRRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1", ERR_UNSUPPORTED,
		 "parts that are not taken here"},
		{"DTSTART:20270101T100000\nRRULE:FREQ=YEARLY\nRRULE:FREQ=DAILY", ERR_UNSUPPORTED,
		 "one recurrence (RRULE)"},
		{"DTSTART:20270101T100000\nRRULE:FREQ=DAILY\nEXRULE:FREQ=YEARLY", ERR_UNSUPPORTED,
		 "one recurrence (RRULE)"},
		{"DTSTART:20270101T100000\nEND:VALARM", ERR_INVALID, "calendar: line 5: an END without its BEGIN"},
		{"DTSTART:20270101T100000\nEXDATE:20270231T100000", ERR_INVALID, "a date or time that does not exist"},
		{"DTSTART:20270101T100000\nRDATE:20270231T100000", ERR_INVALID, "a date or time that does not exist"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;
		struct ical c = {.len = 77};
		struct err e = ERR_INIT;
		one_event(rows[i].lines, &text);
		assert_int_equal(read_text(buf_bytes(&text), &c, &e), rows[i].rc);
		assert_contains(e.msg, rows[i].says);
		assert_int_equal(c.len, 77);
		buf_release(&text);
	}
}

static void what_is_no_calendar_is_said_so(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "it is no iCalendar file"},
		{"\n\n", "it is no iCalendar file"},
		{"PK\3\4", "line 1: it does not begin with BEGIN:VCALENDAR"},
		{"BEGIN:VEVENT\nEND:VEVENT\n", "line 1: it does not begin with BEGIN:VCALENDAR"},
		{"BEGIN:VCALENDAR\n", "it ends inside of VCALENDAR"},
		{"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101", "it ends inside of VEVENT"},
		{"BEGIN:VCALENDAR\nEND:VEVENT\n", "line 2: an END without its BEGIN"},
		{"BEGIN:VCALENDAR\nEND:VCALENDAR\nX:y\n", "line 3: it does not begin"},
		{"BEGIN:VCALENDAR\nSUMMARY:\377\nEND:VCALENDAR\n", "it is not UTF-8 text"},
		{"BEGIN:A\n", "does not begin"},
		{"BEGIN:VCALENDAR\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\n",
		 "line 9: components inside of components, more than 8 deep"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ical c;
		struct err e = ERR_INIT;
		assert_true(read_text(bytes_str(rows[i].text), &c, &e) < 0);
		assert_contains(e.msg, rows[i].says);
	}
	struct ical c;
	assert_int_equal(read_text(BYTES_LIT("\xef\xbb\xbf"
					     "begin:vcalendar\r\nEnd:VCalendar\r\n"),
				   &c, NULL),
			 0);
	assert_int_equal(c.len + c.events, 0);
	ical_release(&c);
	struct err e = ERR_INIT;
	assert_int_equal(read_text(BYTES_LIT("BEGIN:VCALENDAR\0\n"), &c, &e), ERR_INVALID);
}

static void times_follow_our_own_zones(void **state)
{
	static const struct {
		const char *lines;
		struct expected x;
	} rows[] = {
		{"DTSTART;TZID=Europe/Berlin:20270328T023000\nDURATION:PT1H",
		 {"Party", "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z", true}},
		{"DTSTART;TZID=America/New_York:20271107T013000\nDURATION:PT1H",
		 {"Party", "2027-11-07T05:30:00Z", "2027-11-07T06:30:00Z", true}},
		{"DTSTART;TZID=\"/example.org/20070101_1/Europe/Berlin\":20270101T100000\nDURATION:PT1H",
		 {"Party", "2027-01-01T09:00:00Z", "2027-01-01T10:00:00Z", true}},
		/* by the wall clock of New York, also behind the change of clocks */
		{"DTSTART;TZID=America/New_York:20270101T100000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;COUNT=8",
		 {"Party", "2027-08-01T14:00:00Z", "2027-08-01T15:00:00Z", true}},
		{"DTSTART:20270101T100000\nDURATION:P1W",
		 {"Party", "2027-01-01T10:00:00Z", "2027-01-08T10:00:00Z", false}},
		/* a day that ends on itself is a day */
		{"DTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270101",
		 {"Party", "2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z", false}},
		{"DTSTART:20270101T235960Z\nDTEND:20270102T000100Z",
		 {"Party", "2027-01-01T23:59:59Z", "2027-01-02T00:01:00Z", true}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;
		struct ical c;
		struct err e = ERR_INIT;
		one_event(rows[i].lines, &text);
		if (read_text(buf_bytes(&text), &c, &e))
			fail_msg("%s", e.msg);
		expect_range(&c, &rows[i].x);
		ical_release(&c);
		buf_release(&text);
	}
}

static void names_are_made_printable_and_cut(void **state)
{
	struct buf name;
	struct ical c;
	buf_init(&name, 1024);
	buf_adds(&name, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nSUMMARY:a\\nb\\, c\\;d ");
	for (size_t i = 0; i < 100; i++)
		buf_adds(&name, "\303\244");
	buf_adds(&name, "\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20270201\nEND:VEVENT\nEND:VCALENDAR\n");
	assert_int_equal(read_text(buf_bytes(&name), &c, NULL), 0);
	assert_int_equal(c.len, 2);
	assert_int_equal(strncmp(c.v[0].name, "a b, c;d \303\244", 11), 0);
	assert_in_range(strlen(c.v[0].name), ICAL_NAME_MAX - 1, ICAL_NAME_MAX);
	assert_true(text_is_utf8(bytes_str(c.v[0].name)));
	assert_string_equal(c.v[1].name, "(no summary)");
	ical_release(&c);
	buf_release(&name);
}

static void a_million_events_are_refused_at_once(void **state)
{
	static const char event[] = "BEGIN:VEVENT\nDTSTART:20270101\nEND:VEVENT\n";
	struct buf text;
	struct ical c;
	struct err e = ERR_INIT;
	buf_init(&text, 64 << 20);
	buf_adds(&text, "BEGIN:VCALENDAR\n");
	for (size_t i = 0; i < 1000000; i++)
		assert_int_equal(buf_add(&text, event, sizeof(event) - 1), 0);
	buf_adds(&text, "END:VCALENDAR\n");
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), ERR_TOO_BIG);
	assert_string_equal(e.msg, "calendar: 1000000 events, the limit is 10000");
	buf_release(&text);
}

static void each_bound_is_kept(void **state)
{
	struct buf text, lines;
	struct ical c;
	struct err e = ERR_INIT;
	buf_init(&lines, 64 << 20);
	/* bytes of a file */
	buf_adds(&lines, "DTSTART:20270101\nX-LONG:");
	while (lines.len < ICAL_TEXT_MAX - 200)
		buf_adds(&lines, "0123456789012345678901234567890123456789012345678901234567890123456789\n ");
	one_event(buf_cstr(&lines), &text);
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), 0); /* a long line that does not matter */
	ical_release(&c);
	buf_release(&text);
	while (lines.len <= ICAL_TEXT_MAX)
		buf_addc(&lines, 'x');
	one_event(buf_cstr(&lines), &text);
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), ERR_TOO_BIG);
	assert_contains(e.msg, "larger than 8 MiB");
	buf_release(&text);
	/* of an event */
	buf_reset(&lines);
	buf_adds(&lines, "DTSTART:20270101\nUID:");
	while (lines.len <= ICAL_EVENT_MAX)
		buf_adds(&lines, "0123456789");
	one_event(buf_cstr(&lines), &text);
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), ERR_TOO_BIG);
	assert_contains(e.msg, "(line 2): it has more than 16 KiB");
	buf_release(&text);
	/* dates */
	static const char *const names[] = {"EXDATE", "RDATE"};
	for (size_t n = 0; n < ARRAY_LEN(names); n++) {
		buf_reset(&lines);
		buf_addf(&lines, "DTSTART:20270101\n%s;VALUE=DATE:20270101", names[n]);
		for (size_t i = 0; i < ICAL_DATES_MAX; i++)
			buf_adds(&lines, ",20270102");
		one_event(buf_cstr(&lines), &text);
		assert_int_equal(read_text(buf_bytes(&text), &c, &e), ERR_TOO_BIG);
		assert_contains(e.msg, "more than 400 dates");
		buf_release(&text);
	}
	buf_release(&lines);
}

static void many_events(const char *rule, size_t n, struct buf *out)
{
	buf_init(out, 64 << 20);
	buf_adds(out, "BEGIN:VCALENDAR\n");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "BEGIN:VEVENT\nSUMMARY:E%zu\nDTSTART:19000101\nRRULE:%s\nEND:VEVENT\n", i, rule);
	buf_adds(out, "END:VCALENDAR\n");
}

static void rules_that_never_fire_end_and_many_ranges_are_refused(void **state)
{
	struct buf text;
	struct ical c;
	struct err e = ERR_INIT;
	many_events("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 1, &text);
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), 0);
	assert_int_equal(c.len, 0);
	ical_release(&c);
	buf_release(&text);
	many_events("FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=2;COUNT=5", 500, &text);
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), 0);
	ical_release(&c);
	buf_release(&text);
	many_events("FREQ=YEARLY;BYMONTHDAY=30,31;BYDAY=1MO;COUNT=5", 2000, &text);
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), ERR_TOO_BIG);
	assert_contains(e.msg, "the recurrences up to it take too long to work out");
	buf_release(&text);
	many_events("FREQ=DAILY", 2, &text);
	assert_int_equal(read_text(buf_bytes(&text), &c, &e), ERR_TOO_BIG);
	assert_contains(e.msg, "more than 20000 ranges");
	buf_release(&text);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
	struct buf file;
	golden_read("ical/holidays.ics", &file);
	for (size_t len = 0; len < file.len - 2; len++) {
		struct bytes part = visible(buf_bytes(&file), len);
		struct ical c;
		assert_true(read_text(part, &c, NULL) < 0);
		free((void *)(uintptr_t)part.p);
	}
	buf_release(&file);
}

static const char *const ical_days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

static void add_days(struct rng *rng, bool with_place, struct buf *rule)
{
	size_t n = 1 + rng_below(rng, 3), day = rng_below(rng, 3);
	buf_adds(rule, ";BYDAY=");
	for (size_t i = 0; i < n; i++, day += 1 + rng_below(rng, 2)) {
		buf_adds(rule, i > 0 ? "," : "");
		if (with_place && rng_below(rng, 2))
			buf_addf(rule, "%d",
				 rng_below(rng, 2) ? 1 + (int)rng_below(rng, 4) : -1 - (int)rng_below(rng, 4));
		buf_adds(rule, ical_days[day]);
	}
}

/* Combinations in which libical 3.0.16 follows RFC 5545's table. Where it does not: with YEARLY it takes BYMONTHDAY
 * alone as of the month of DTSTART, not of every month; with DAILY it does not see days from the end of the month. */
static void make_rule(struct rng *rng, struct buf *rule)
{
	static const char *const freqs[] = {"YEARLY", "MONTHLY", "WEEKLY", "DAILY"};
	size_t freq = rng_below(rng, 4);
	buf_addf(rule, "FREQ=%s;INTERVAL=%u", freqs[freq], 1 + (unsigned)rng_below(rng, freq < 2 ? 3 : 9));
	bool by_month = rng_below(rng, 3) == 0;
	if (by_month)
		buf_addf(rule, ";BYMONTH=%u,%u", 1 + (unsigned)rng_below(rng, 6), 7 + (unsigned)rng_below(rng, 6));
	size_t part = rng_below(rng, 3);
	if (part == 1 && freq != 2 && (freq > 0 || by_month))
		buf_addf(rule, ";BYMONTHDAY=%u,%d", 1 + (unsigned)rng_below(rng, 28),
			 freq == 3 ? 31 : -1 - (int)rng_below(rng, 28));
	else if (part == 2 && (freq < 2 || !by_month))
		add_days(rng, freq < 2, rule);
	else if (freq == 0 && !by_month && rng_below(rng, 2))
		buf_addf(rule, ";BYYEARDAY=%u,-%u", 1 + (unsigned)rng_below(rng, 360),
			 1 + (unsigned)rng_below(rng, 360));
}

static void recurrences_are_those_of_libical(void **state)
{
	struct rng rng;
	size_t compared = 0;
	rng_init(&rng, 5545);
	for (size_t i = 0; i < 400; i++) {
		struct buf rule, lines, text;
		struct ical c;
		struct err e = ERR_INIT;
		buf_init(&rule, 256);
		buf_init(&lines, 512);
		make_rule(&rng, &rule);
		struct civil first = civil_from_days(12000 + (int64_t)rng_below(&rng, 5000));
		struct icaltimetype start = {
			.year = (int)first.year, .month = first.month, .day = first.day, .is_date = 1};
		/* its first time shall be one of the rule's own */
		icalrecur_iterator *it = icalrecur_iterator_new(icalrecurrencetype_from_string(buf_cstr(&rule)), start);
		assert_non_null(it);
		start = icalrecur_iterator_next(it);
		icalrecur_iterator_free(it);
		unsigned count = 1 + (unsigned)rng_below(&rng, 30);
		if (icaltime_is_null_time(start) || start.year > 2030)
			count = 0;
		buf_addf(&rule, ";COUNT=%u", count ? count : 1);
		buf_addf(&lines, "DTSTART;VALUE=DATE:%04d%02d%02d\nRRULE:%s", start.year, start.month, start.day,
			 buf_cstr(&rule));
		one_event(buf_cstr(&lines), &text);
		if (count > 0 && read_text(buf_bytes(&text), &c, &e))
			fail_msg("%s: %s", buf_cstr(&rule), e.msg);
		it = icalrecur_iterator_new(icalrecurrencetype_from_string(buf_cstr(&rule)), start);
		for (size_t n = 0; count > 0; n++, compared++) {
			struct icaltimetype t = icalrecur_iterator_next(it);
			if (icaltime_is_null_time(t) || t.year >= 2040) {
				if (n != c.len)
					fail_msg("%s from %s: %zu ranges, not %zu", buf_cstr(&rule),
						 icaltime_as_ical_string(start), c.len, n);
				break;
			}
			int64_t day = civil_to_days((struct civil){t.year, t.month, t.day});
			if (n >= c.len || c.v[n].from_s != day * CIVIL_DAY_S)
				fail_msg("%s from %s: number %zu is not %s", buf_cstr(&rule),
					 icaltime_as_ical_string(start), n, icaltime_as_ical_string(t));
		}
		icalrecur_iterator_free(it);
		if (count > 0)
			ical_release(&c);
		buf_release(&rule);
		buf_release(&lines);
		buf_release(&text);
	}
	icalmemory_free_ring();
	assert_true(compared > 2000);
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
		cmocka_unit_test(the_examples_of_rfc_5545_give_their_ranges),
		cmocka_unit_test(a_holiday_calendar_gives_its_ranges),
		cmocka_unit_test(slips_name_the_event_and_its_line),
		cmocka_unit_test(what_is_no_calendar_is_said_so),
		cmocka_unit_test(times_follow_our_own_zones),
		cmocka_unit_test(names_are_made_printable_and_cut),
		cmocka_unit_test(a_million_events_are_refused_at_once),
		cmocka_unit_test(each_bound_is_kept),
		cmocka_unit_test(rules_that_never_fire_end_and_many_ranges_are_refused),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(recurrences_are_those_of_libical),
	};
	return cmocka_run_group_tests_name("ical", tests, setup, teardown);
}
