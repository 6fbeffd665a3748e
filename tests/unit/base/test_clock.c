/* Dates against the system's own calendar, the parser at every length, and the driven clock. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/clock.h"

/* Values from "date -u -d @N +%FT%TZ" of GNU coreutils. */
static const struct {
	int64_t ms;
	const char *text, *text_ms;
} known[] = {
	{0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
	{INT64_C(951782399999), "2000-02-28T23:59:59Z", "2000-02-28T23:59:59.999Z"},
	{INT64_C(951868800000), "2000-03-01T00:00:00Z", "2000-03-01T00:00:00.000Z"},
	{INT64_C(1795359796123), "2026-11-22T15:03:16Z", "2026-11-22T15:03:16.123Z"},
	{INT64_C(4107542400001), "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.001Z"},
	{-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z"},
	{INT64_C(-2208988800000), "1900-01-01T00:00:00Z", "1900-01-01T00:00:00.000Z"},
	{INT64_C(253402300799000), "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"},
	{INT64_C(-62167219200000), "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
};

static void known_dates_are_written_and_read(void **state)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char text[CLOCK_TEXT_SIZE];
		int64_t back;
		clock_text(known[i].ms, text);
		assert_string_equal(text, known[i].text);
		assert_true(clock_parse(text, &back));
		assert_true(back <= known[i].ms && known[i].ms - back < 1000);
		clock_text_ms(known[i].ms, text);
		assert_string_equal(text, known[i].text_ms);
		assert_true(clock_parse(text, &back));
		assert_true(back == known[i].ms);
	}
}

static void every_day_of_nine_centuries_agrees_with_the_system(void **state)
{
	for (int64_t day = -200000; day < 130000; day++) {
		time_t t = (time_t)(day * 86400 + (day & 0xffff));
		struct tm tm;
		assert_non_null(gmtime_r(&t, &tm));
		char want[CLOCK_TEXT_SIZE], got[CLOCK_TEXT_SIZE];
		assert_true(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
		clock_text((int64_t)t * 1000, got);
		assert_string_equal(got, want);
		int64_t back;
		assert_true(clock_parse(got, &back));
		assert_true(back == (int64_t)t * 1000);
	}
}

static void the_outermost_times_still_fit(void **state)
{
	char text[CLOCK_TEXT_SIZE];
	clock_text_ms(INT64_MAX, text);
	assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
	clock_text_ms(INT64_MIN, text);
	assert_string_equal(text, "-292275055-05-16T16:47:04.192Z");
}

/* A text cut at any byte, or with any byte replaced, is refused or is another date: never a wrong reading. */
static void a_cut_or_damaged_text_is_refused(void **state)
{
	static const char whole[] = "2026-11-22T15:03:16.123Z";
	for (size_t len = 0; len < strlen(whole); len++) {
		char cut[sizeof(whole)] = "";
		memcpy(cut, whole, len);
		int64_t ms = 7;
		assert_false(clock_parse(cut, &ms));
		assert_int_equal(ms, 7);
		for (int c = 1; c < 256; c++) {
			char damaged[sizeof(whole)], back[CLOCK_TEXT_SIZE];
			memcpy(damaged, whole, sizeof(whole));
			damaged[len] = (char)c;
			if (clock_parse(damaged, &ms)) {
				clock_text_ms(ms, back);
				assert_string_equal(damaged, back);
			}
		}
	}
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = {
		"2026-02-29T00:00:00Z",  "2100-02-29T00:00:00Z",      "2026-04-31T00:00:00Z",
		"2026-00-10T00:00:00Z",  "2026-13-10T00:00:00Z",      "2026-01-00T00:00:00Z",
		"2026-01-01T24:00:00Z",  "2026-01-01T00:60:00Z",      "2026-01-01T00:00:60Z",
		"2026-01-01 00:00:00Z",  "2026-01-01T00:00:00",       "2026-01-01T00:00:00+00:00",
		"2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z",     "+026-01-01T00:00:00Z",
		"2026-1-01T00:00:000Z",  "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:00.+12Z",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t ms;
		assert_false(clock_parse(bad[i], &ms));
	}
	int64_t ms;
	assert_true(clock_parse("2000-02-29T00:00:00Z", &ms));
}

static void a_driven_clock_stands_until_it_is_moved(void **state)
{
	struct clock *c = clock_driven_new(1000);
	int64_t mono = clock_mono_ms(c), boot = clock_boot_ms(c);
	assert_true(clock_is_driven(c));
	assert_int_equal(clock_wall_ms(c), 1000);
	clock_advance(c, 500);
	assert_int_equal(clock_wall_ms(c), 1500);
	assert_int_equal(clock_mono_ms(c), mono + 500);
	assert_int_equal(clock_boot_ms(c), boot + 500);
	clock_suspend(c, 30);
	assert_int_equal(clock_wall_ms(c), 1530);
	assert_int_equal(clock_mono_ms(c), mono + 500);
	assert_int_equal(clock_boot_ms(c), boot + 530);
	clock_set_wall(c, 3);
	assert_int_equal(clock_wall_ms(c), 3);
	assert_int_equal(clock_boot_ms(c), boot + 530);
	clock_free(c);
	clock_free(NULL);
}

static void the_real_clock_is_the_systems(void **state)
{
	struct clock *c = clock_real();
	int64_t before = (int64_t)time(NULL) * 1000 - 1000;
	assert_false(clock_is_driven(c));
	assert_true(clock_wall_ms(c) >= before);
	int64_t mono = clock_mono_ms(c);
	assert_true(clock_mono_ms(c) >= mono);
	assert_true(clock_boot_ms(c) >= mono);
}

static void *advance_often(void *arg)
{
	for (int i = 0; i < 1000; i++)
		clock_advance(arg, 1);
	return NULL;
}

static void one_thread_moves_while_another_reads(void **state)
{
	struct clock *c = clock_driven_new(0);
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, advance_often, c), 0);
	int64_t last = 0;
	while (last < 1000) {
		int64_t now = clock_wall_ms(c);
		assert_true(now >= last);
		last = now;
	}
	pthread_join(t, NULL);
	clock_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates_are_written_and_read),
		cmocka_unit_test(every_day_of_nine_centuries_agrees_with_the_system),
		cmocka_unit_test(the_outermost_times_still_fit),
		cmocka_unit_test(a_cut_or_damaged_text_is_refused),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(a_driven_clock_stands_until_it_is_moved),
		cmocka_unit_test(the_real_clock_is_the_systems),
		cmocka_unit_test(one_thread_moves_while_another_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
