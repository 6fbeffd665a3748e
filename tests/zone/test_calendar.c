/* Calendars of black-outs: made by hand and from files, chosen by the setting that counts for a device. */
#include "harness.h"

#include "codec/json.h"
#include "zone/calendar.h"

static void calendars_are_made_changed_and_removed(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /calendars", "{\"name\":\"bavaria\",\"note\":\"official\"}", 200, "\"name\":\"bavaria\""},
		{"POST /calendars", "{\"name\":\"bavaria\"}", 409, "exists already; give --from"},
		{"POST /calendars", "{\"name\":\"none\"}", 400, "the word none and commas"},
		{"POST /calendars", "{\"name\":\"a,b\"}", 400, "the word none and commas"},
		{"POST /calendars", "{\"name\":\"x\",\"to\":\"2027-01-01\"}", 400, "'from' is missing"},
		{"POST /calendars", "{\"name\":\"bavaria\",\"from\":\"2027-12-24\",\"to\":\"2027-12-26\"}", 200, NULL},
		{"POST /calendars", "{\"name\":\"bavaria\",\"from\":\"2027-12-24\",\"to\":\"2027-12-26\"}", 200, NULL},
		{"POST /calendars", "{\"name\":\"bavaria\",\"from\":\"2027-02-31\"}", 400, "is neither a day such as"},
		{"POST /calendars", "{\"name\":\"bavaria\",\"from\":\"2027-02-01T25:00\"}", 400,
		 "is neither a day such as"},
		{"POST /calendars", "{\"name\":\"bavaria\",\"from\":\"2027-02-02\",\"to\":\"2027-02-01\"}", 400,
		 "ends before it begins"},
		{"POST /calendars",
		 "{\"name\":\"move\",\"from\":\"2027-02-01T18:00\",\"to\":\"2027-02-01T20:00\",\"utc\":true,\"title\":"
		 "\"Move\"}",
		 200, NULL},
		{"PUT /settings/black-outs", "{\"value\":\"bavaria, move\",\"at\":\"/Workstations/\"}", 200, NULL},
		{"PUT /settings/black-outs", "{\"value\":\"atlantis\"}", 404,
		 "calendar \\\"atlantis\\\" does not exist"},
		{"PUT /settings/black-outs", "{\"value\":\"bavaria,,move\"}", 400, "is not a list of names"},
		{"DELETE /calendars/bavaria", NULL, 409, "is named by setting black-outs in 1 place"},
		{"DELETE /calendars/bavaria?from=2027-12-25", NULL, 404, "no black-out that begins at 2027-12-25"},
		{"DELETE /calendars/bavaria?from=2027-12-24", NULL, 204, NULL},
		{"DELETE /calendars/bavaria?force=true", NULL, 204, NULL},
		{"DELETE /calendars/bavaria", NULL, 404, "does not exist"},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM calendar"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM calendar_range"), 1);
	assert_int_equal(query(h, "SELECT ranges FROM calendar"), 1);
	assert_string_equal(query_text(h, "SELECT object FROM audit WHERE action = 'calendar.remove' LIMIT 1"),
			    "calendar:bavaria");
}

static const char *black_out(struct harness *h, int64_t device, const char *utc)
{
	struct err e = ERR_INIT;
	const struct recur_out *o = NULL;
	int64_t ms = 0;
	assert_true(clock_parse(utc, &ms));
	assert_int_equal(calendar_black_out(h->z, 0, device, ms, &o, &e), 0);
	return o ? o->name : NULL;
}

static void the_nearest_setting_chooses_the_calendars(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /devices", "{\"name\":\"d1\",\"folder\":\"/Workstations/lab/\"}", 200, NULL},
		{"POST /calendars", "{\"name\":\"a\",\"from\":\"2027-12-24\",\"title\":\"Eve\"}", 200, NULL},
		{"POST /calendars", "{\"name\":\"b\",\"from\":\"2027-12-25\",\"title\":\"Day\"}", 200, NULL},
		{"PUT /settings/black-outs", "{\"value\":\"a\"}", 200, NULL},
		{"PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\"}", 200, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	int64_t d1 = query(h, "SELECT id FROM device");
	assert_string_equal(black_out(h, d1, "2027-12-23T23:00:00Z"), "Eve");
	assert_null(black_out(h, d1, "2027-12-23T22:59:59Z"));
	assert_null(black_out(h, d1, "2027-12-24T23:00:00Z"));
	assert_int_equal(ask(h, "PUT /settings/time-zone", "{\"value\":\"America/New_York\",\"at\":\"d1\"}"), 200);
	assert_null(black_out(h, d1, "2027-12-23T23:00:00Z"));
	assert_string_equal(black_out(h, d1, "2027-12-24T23:00:00Z"), "Eve");
	assert_int_equal(ask(h, "DELETE /settings/time-zone?at=d1", NULL), 204);
	assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"a,b\",\"at\":\"/Workstations/\"}"), 200);
	assert_string_equal(black_out(h, d1, "2027-12-24T23:00:00Z"), "Day");
	assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"b\",\"from\":\"2027-12-26\",\"title\":\"More\"}"), 200);
	assert_string_equal(black_out(h, d1, "2027-12-26T12:00:00Z"), "More");
	assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"none\",\"at\":\"d1\"}"), 200);
	assert_null(black_out(h, d1, "2027-12-24T12:00:00Z"));
	harness_restart(h);
	assert_int_equal(ask(h, "DELETE /settings/black-outs?at=d1", NULL), 204);
	assert_string_equal(black_out(h, d1, "2027-12-24T12:00:00Z"), "Eve");
	assert_int_equal(ask(h, "DELETE /calendars/a?force=true", NULL), 204);
	assert_null(black_out(h, d1, "2027-12-24T12:00:00Z"));
}

static int import(struct harness *h, const char *calendar, struct bytes content, bool replace)
{
	struct buf body, what;
	struct json_writer w;
	buf_init(&body, 4 << 20);
	buf_init(&what, 256);
	json_writer_init(&w, &body);
	json_begin_object(&w, NULL);
	json_put_bytes(&w, "file", content);
	json_put_bool(&w, "replace", replace);
	json_end(&w);
	buf_addf(&what, "POST /calendars/%s/import", calendar);
	int status = ask(h, buf_cstr(&what), buf_cstr(&body));
	buf_release(&body);
	buf_release(&what);
	return status;
}

static void files_are_imported_within_bounds(void **state)
{
	static const char good[] =
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nRRULE:FREQ=YEARLY\nSUMMARY:New "
		"Year\nEND:VEVENT\nBEGIN:VEVENT\nSTATUS:CANCELLED\nDTSTART:20270601\nEND:VEVENT\nEND:VCALENDAR\n";
	static const char daily[] =
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
		"BEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n";
	struct harness *h = *state;
	assert_int_equal(import(h, "bavaria", bytes_str(good), false), 200);
	assert_int_equal(answer_int(h, "events"), 2);
	assert_int_equal(answer_int(h, "cancelled"), 1);
	assert_int_equal(answer_int(h, "added"), 10); /* from November 2026 on for ten years */
	assert_int_equal(import(h, "bavaria", bytes_str(good), false), 200);
	assert_int_equal(answer_int(h, "added"), 0);
	assert_int_equal(answer_int(h, "ranges"), 10);
	assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"bavaria\",\"from\":\"2027-12-24\"}"), 200);
	assert_int_equal(import(h, "bavaria", bytes_str(good), true), 200);
	assert_int_equal(answer_int(h, "ranges"), 10);
	assert_int_equal(import(h, "bavaria", bytes_str(daily), false), 413);
	assert_non_null(strstr(answer(h), "ranges for ten years, the limit is 5000"));
	assert_int_equal(import(h, "bavaria", bytes_str("BEGIN:VEVENT\n"), true), 400);
	assert_int_equal(query(h, "SELECT ranges FROM calendar"), 10);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM calendar_range"), 10);
	assert_non_null(strstr(
		query_text(h, "SELECT detail FROM audit WHERE action = 'calendar.import' ORDER BY id DESC LIMIT 1"),
		"\"file\":"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ZONE_TEST(calendars_are_made_changed_and_removed),
		ZONE_TEST(the_nearest_setting_chooses_the_calendars),
		ZONE_TEST(files_are_imported_within_bounds),
	};
	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
