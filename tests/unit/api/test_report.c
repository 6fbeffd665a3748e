/* The power report: hours by hand against what is reckoned from the states that were seen. */
#include "fixture.h"

#include "amt/act.h"
#include "store/amt.h"
#include "store/folder.h"
#include "store/power.h"
#include "store/schedule.h"
#include "store/setting.h"

#define DEVICE 1000
#define AMT    2000

static int64_t ms(const char *utc)
{
	int64_t t = 0;
	assert_true(clock_parse(utc, &t));
	return t;
}

static void see(struct fixture *f, const char *utc, int power)
{
	struct store_amt_learned l = {.amt = AMT, .power = power, .at = ms(utc)};
	OK(store_power_seen(f->db, AMT, ms(utc), power, NULL));
	OK(store_amt_state_learn(f->db, &l, NULL));
}

/* Now is 2026-11-22T15:23:16Z. */
static void furnish(struct fixture *f)
{
	struct store_device d = {.id = DEVICE, .folder = STORE_FOLDER_WORKSTATIONS, .name = "d1", .note = ""};
	struct store_amt m = {.id = AMT, .device = DEVICE, .host = "10.0.0.1"};
	d.created_at = d.changed_at = ms("2026-11-20T06:00:00Z");
	OK(db_begin(f->db, NULL));
	OK(store_device_add(f->db, &d, NULL));
	OK(store_amt_add(f->db, &m, NULL));
	see(f, "2026-11-20T08:00:00Z", POWER_STATE_ON);
	see(f, "2026-11-20T09:00:00Z", POWER_STATE_ON); /* nothing new */
	see(f, "2026-11-20T18:00:00Z", POWER_STATE_OFF_SOFT);
	see(f, "2026-11-21T08:00:00Z", POWER_STATE_ON);
	see(f, "2026-11-21T12:00:00Z", POWER_STATE_DEEP_SLEEP);
	OK(db_commit(f->db, NULL));
}

static void hours_are_those_that_were_seen(void **state)
{
	struct fixture *f = *state;
	furnish(f);
	char *answer = ask_with(f, "GET /api/v1/reports/power?since=2026-11-20", "", "");
	static const char *const rows[] = {
		"{\"folder\":\"/Workstations/"
		"\",\"day\":\"2026-11-20\",\"devices\":1,\"on\":\"10.00\",\"sleep\":\"0.00\","
		"\"off\":\"6.00\",\"unknown\":\"2.00\",\"on_share\":\"15.00\",\"kwh\":\"0.60\",\"cost\":\"0.18\"}",
		"\"day\":\"2026-11-21\",\"devices\":1,\"on\":\"4.00\",\"sleep\":\"12.00\",\"off\":\"8.00\",\"unknown\":"
		"\"0.00\"",
		"\"day\":\"2026-11-22\",\"devices\":1,\"on\":\"0.00\",\"sleep\":\"15.38\",\"off\":\"0.00\",\"unknown\":"
		"\"0.00\"",
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strstr(answer, rows[i]))
			fail_msg("%s is not in %s", rows[i], answer);
	free(answer);
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-21&until=2026-11-21", "", ""), 200,
	       "\"on\":\"4.00\",\"sleep\":\"12.00\",\"off\":\"8.00\",\"unknown\":\"0.00\"");
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-20&split=2026-11-21", "", ""), 200,
	       "\"day\":\"before 2026-11-21\",\"devices\":1,\"on\":\"10.00\"");
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-20&split=2026-11-21", "", ""), 200,
	       "\"day\":\"from 2026-11-21\",\"devices\":1,\"on\":\"4.00\",\"sleep\":\"27.38\",\"off\":\"8.00\"");
	/* a page of one row goes on */
	char *page = ask_with(f, "GET /api/v1/reports/power?since=2026-11-20&limit=1", "", "");
	assert_non_null(strstr(page, "2026-11-20"));
	assert_null(strstr(page, "2026-11-21"));
	assert_null(strstr(page, "\"next\":null"));
	free(page);
}

static void a_schedule_splits_at_the_day_on_which_it_was_made(void **state)
{
	struct fixture *f = *state;
	furnish(f);
	struct store_schedule s = {
		.id = 3000,
		.name = "night",
		.verb = VERB_OFF,
		.boot = "",
		.rule = "weekly mon at 19:00",
		.time_zone = "",
		.created_by = "ann",
		.created_at = ms("2026-11-21T10:00:00Z"),
		.changed_at = ms("2026-11-22T10:00:00Z"),
	};
	OK(db_begin(f->db, NULL));
	OK(store_schedule_add(f->db, &s, NULL));
	OK(db_commit(f->db, NULL));
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-20&split=night", "", ""), 200,
	       "\"day\":\"before 2026-11-21\",\"devices\":1,\"on\":\"10.00\"");
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-20&split=night", "", ""), 200,
	       "\"day\":\"from 2026-11-21\",\"devices\":1,\"on\":\"4.00\"");
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-22&split=night", "", ""), 400,
	       "schedule \\\"night\\\" was made on 2026-11-21, outside of the days of the report");
	expect(ask_with(f, "GET /api/v1/reports/power?split=day", "", ""), 404,
	       "'split' is neither a day such as 2027-01-31 nor a schedule: 'day'");
}

static void days_follow_the_folders_time_zone(void **state)
{
	struct fixture *f = *state;
	furnish(f);
	OK(db_begin(f->db, NULL));
	OK(store_setting_put(f->db, SETTING_TIME_ZONE, STORE_SCOPE_FOLDER, STORE_FOLDER_WORKSTATIONS,
			     "America/New_York", NULL));
	OK(store_setting_put(f->db, SETTING_WATTS_ON, STORE_SCOPE_ZONE, 0, "100", NULL));
	OK(db_commit(f->db, NULL));
	/* 05:00Z to 05:00Z: off till 08:00Z, on till 12:00Z, asleep */
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-21&until=2026-11-21", "", ""), 200,
	       "\"on\":\"4.00\",\"sleep\":\"17.00\",\"off\":\"3.00\",\"unknown\":\"0.00\",\"on_share\":\"4.00\","
	       "\"kwh\":\"0.45\"");
}

static void what_cannot_be_reported_is_said(void **state)
{
	struct fixture *f = *state;
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-02-31", "", ""), 400, "is not a day such as");
	expect(ask_with(f, "GET /api/v1/reports/power?since=2026-11-25", "", ""), 400, "'since' lies behind 'until'");
	expect(ask_with(f, "GET /api/v1/reports/power?since=2020-01-01", "", ""), 413, "at most 400 days");
	expect(ask_with(f, "GET /api/v1/reports/power?split=2020-01-01", "", ""), 400, "'split' lies outside");
	expect(ask_with(f, "GET /api/v1/reports/power?folder=%2Fnone%2F", "", ""), 404, "/none/");
	expect(ask_with(f, "GET /api/v1/reports/power", "", ""), 200, "\"items\":[]");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hours_are_those_that_were_seen, fixture_start, fixture_end),
		cmocka_unit_test_setup_teardown(a_schedule_splits_at_the_day_on_which_it_was_made, fixture_start,
						fixture_end),
		cmocka_unit_test_setup_teardown(days_follow_the_folders_time_zone, fixture_start, fixture_end),
		cmocka_unit_test_setup_teardown(what_cannot_be_reported_is_said, fixture_start, fixture_end),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
