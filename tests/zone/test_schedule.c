/* Schedules: which list counts for whom, when what falls due, and what is refused before it happens. */
#include <stdlib.h>

#include "codec/recur.h"
#include "schedule.h"

static void refused(struct harness *h, const char *json, const char *reason, const char *words)
{
	char code[64];
	(void)snprintf(code, sizeof(code), "\"error\":\"%s\"", reason);
	assert_int_not_equal(ask(h, "POST /schedules", json), 200);
	if (!strstr(answer(h), code) || !strstr(answer(h), words))
		fail_msg("%s: %s", json, answer(h));
}

static void says(struct harness *h, const char *words)
{
	if (!strstr(answer(h), words))
		fail_msg("\"%s\" is not in %s", words, answer(h));
}

/* Nothing happens until then, and nobody looks. */
static void skip_to(struct harness *h, const char *time)
{
	int64_t at;
	assert_true(clock_parse(time, &at));
	clock_advance(h->clock, at - clock_wall_ms(h->clock));
	harness_round(h, NULL);
}

/* The computer is off until then. */
static void down_until(struct harness *h, const char *time)
{
	int64_t at;
	assert_true(clock_parse(time, &at));
	clock_set_wall(h->clock, at);
	harness_restart(h);
	harness_round(h, NULL);
}

static int64_t jobs(struct harness *h)
{
	return query(h, "SELECT COUNT(*) FROM job");
}

static const char *reason_of_last(struct harness *h)
{
	return err_name(-(int)query(h, "SELECT reason FROM occurrence ORDER BY due DESC LIMIT 1"));
}

static void an_entry_fires_at_its_local_time_and_not_before(void **state)
{
	struct harness *h = *state;
	set_up(h, 3);
	add(h, "{\"name\":\"morning\",\"verb\":\"on\",\"target\":\"/Workstations/"
	       "\",\"weekly\":\"mon-fri\",\"at\":\"07:30\"}");
	says(h, "\"text\":\"every Monday to Friday at 07:30, Europe/Berlin\"");
	says(h, "\"next\":\"2027-03-25T06:30:00.000Z\"");
	until(h, "2027-03-25T06:29:59Z");
	assert_int_equal(jobs(h), 0);
	until(h, "2027-03-25T06:30:00Z");
	assert_int_equal(jobs(h), 1);
	assert_string_equal(query_text(h, "SELECT requested_by FROM job"), "schedule morning");
	assert_int_equal(count_wire(h, WIRE_ACT_START), 3);
	skip_to(h, "2027-03-26T06:29:00Z");
	until(h, "2027-03-26T06:30:00Z");
	skip_to(h, "2027-03-28T22:00:00Z");
	assert_int_equal(jobs(h), 2); /* Friday; then the weekend */
	skip_to(h, "2027-03-29T05:29:00Z");
	until(h, "2027-03-29T05:30:00Z");
	assert_int_equal(jobs(h), 3); /* summer has come */
	assert_int_equal(query(h, "SELECT COUNT(DISTINCT local) FROM occurrence WHERE job > 0"), 3);
}

static void nothing_fires_where_it_says_no_schedule(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	add(h, "{\"name\":\"never\",\"verb\":\"on\",\"target\":\"zone\",\"none\":true}");
	says(h, "\"next\":null");
	for (int hour = 0; hour < 30 * 24; hour++) {
		clock_advance(h->clock, HOUR);
		harness_round(h, NULL);
	}
	assert_int_equal(jobs(h), 0);
}

static void the_nearest_level_with_a_list_wins_as_a_whole(void **state)
{
	struct harness *h = *state;
	set_up(h, 3);
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/a/b/\"}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"folder\":\"/Workstations/a/b/\"}"), 200);
	add(h, "{\"name\":\"all\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\"}");
	add(h, "{\"name\":\"b\",\"verb\":\"on\",\"target\":\"/Workstations/a/\",\"weekly\":\"thu\",\"at\":\"08:00\"}");
	says(h, "/Workstations/a/ has a list of its own now: 1 inherited schedule no longer counts there");
	assert_int_equal(ask(h, "POST /schedule-levels/override", "{\"target\":\"d3\",\"nothing\":true}"), 200);
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(query(h, "SELECT SUM(total) FROM job"), 1); /* d2: d1 has another list, d3 an empty one */
	until(h, "2027-03-25T07:00:00Z");
	assert_int_equal(query(h, "SELECT SUM(total) FROM job"), 2);
	assert_int_equal(ask(h, "POST /schedule-levels/revert", "{\"target\":\"d3\"}"), 200);
	assert_int_equal(ask(h, "DELETE /schedules/b", NULL), 204); /* its level inherits again */
	skip_to(h, "2027-04-01T04:59:00Z");
	until(h, "2027-04-01T05:00:00Z");
	assert_int_equal(query(h, "SELECT total FROM job ORDER BY id DESC LIMIT 1"), 3);
}

static void each_time_zone_has_its_own_due_time(void **state)
{
	struct harness *h = *state;
	set_up(h, 2);
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/ny/\"}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"folder\":\"/Workstations/ny/\"}"), 200);
	assert_int_equal(
		ask(h, "PUT /settings/time-zone", "{\"value\":\"America/New_York\",\"at\":\"/Workstations/ny/\"}"),
		200);
	add(h, "{\"name\":\"all\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:30\"}");
	until(h, "2027-03-25T06:30:00Z");
	assert_int_equal(query(h, "SELECT SUM(total) FROM job"), 1);
	until(h, "2027-03-25T11:30:00Z");
	assert_int_equal(query(h, "SELECT SUM(total) FROM job"), 2);
	assert_string_equal(query_text(h, "SELECT time_zone FROM occurrence ORDER BY due DESC LIMIT 1"),
			    "America/New_York");
}

static void contradictions_are_refused_when_saved(void **state)
{
	static const struct {
		const char *json, *reason, *words;
	} rows[] = {
		{"\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"tue\",\"at\":\"07:30\"", "clash",
		 "when \\\"morning\\\" of the same list orders on"},
		{"\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"tue\",\"at\":\"08:30\",\"boot\":\"pxe\"", "invalid",
		 "boots nothing"},
		{"\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"tue\",\"at\":\"08:30\",\"boot\":\"net\"", "invalid",
		 "none of bios, pxe, disk or cd"},
		{"\"verb\":\"on\",\"target\":\"zone\",\"dates\":\"2027-02-31\",\"at\":\"08:30\"", "invalid",
		 "2027-02-31"},
		{"\"verb\":\"on\",\"target\":\"zone\",\"dates\":\"2027-03-24\",\"at\":\"08:30\"", "invalid",
		 "2027-03-24"},
		{"\"verb\":\"on\",\"target\":\"zone\",\"monthly\":\"31\",\"at\":\"08:30\","
		 "\"during\":\"2027-04-01..2027-04-30\"",
		 "invalid", "never"},
		{"\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"tue\",\"at\":\"09:30\",\"timezone\":\"Europe/"
		 "Atlantis\"",
		 "invalid", "Europe/Atlantis"},
		{"\"verb\":\"dance\",\"target\":\"zone\",\"weekly\":\"tue\",\"at\":\"09:30\"", "invalid", "dance"},
		{"\"verb\":\"on\",\"target\":\"/Nowhere/\",\"weekly\":\"tue\",\"at\":\"09:30\"", "not_found",
		 "/Nowhere/"},
		{"\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"tue\",\"at\":\"25:00\"", "invalid", "25:00"},
	};
	struct harness *h = *state;
	set_up(h, 1);
	add(h, "{\"name\":\"morning\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"mon-fri\",\"at\":\"07:30\"}");
	add(h, "{\"name\":\"evening\",\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"mon-fri\",\"at\":\"19:00\"}");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char json[1024];
		(void)snprintf(json, sizeof(json), "{\"name\":\"x\",%s}", rows[i].json);
		refused(h, json, rows[i].reason, rows[i].words);
	}
	assert_int_equal(query(h, "SELECT COUNT(*) FROM schedule"), 2);
	assert_int_not_equal(ask(h, "PATCH /schedules/evening", "{\"at\":\"07:30\"}"), 200);
	assert_int_equal(ask(h, "PATCH /schedules/evening", "{\"at\":\"18:30\"}"), 200);
	says(h, "\"rule\":\"weekly mon,tue,wed,thu,fri at 18:30\"");
}

static void times_that_the_clock_skips_or_shows_twice_are_told_when_saved(void **state)
{
	static const struct {
		const char *rule, *says;
	} rows[] = {
		{"\"dates\":\"2027-03-28\",\"at\":\"02:30\"",
		 "\"next\":\"2027-03-28T01:00:00.000Z\""}, /* the first instant after the gap */
		{"\"dates\":\"2027-03-28\",\"at\":\"02:30\"", "2027-03-28T02:30, Europe/Berlin: the clock is put "
							      "forward over this time: due at the first instant after"},
		{"\"dates\":\"2027-10-31\",\"at\":\"02:30\"",
		 "2027-10-31T02:30, Europe/Berlin: the clock is put back over this time: due when it comes first"},
		{"\"weekly\":\"mon-sun\",\"at\":\"02:30\"",
		 "2027-03-28T02:30, Europe/Berlin: the clock is put forward"},
		{"\"weekly\":\"mon-sun\",\"at\":\"02:30\"", "2027-10-31T02:30, Europe/Berlin: the clock is put back"},
		{"\"weekly\":\"mon-sun\",\"at\":\"02:30\",\"timezone\":\"America/New_York\"",
		 "2028-03-12T02:30, America/New_York: the clock is put forward"},
		{"\"dates\":\"2027-04-04\",\"at\":\"01:45\",\"timezone\":\"Australia/Lord_Howe\"",
		 "2027-04-04T01:45, Australia/Lord_Howe: the clock is put back"}, /* by half an hour */
		{"\"weekly\":\"mon-sun\",\"at\":\"02:30\",\"utc\":true", "\"warnings\":[]"},
		{"\"weekly\":\"mon-sun\",\"at\":\"07:30\"", "\"warnings\":[]"},
	};
	struct harness *h = *state;
	set_up(h, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char json[512];
		(void)snprintf(json, sizeof(json), "{\"name\":\"x\",\"verb\":\"on\",\"target\":\"zone\",%s}",
			       rows[i].rule);
		add(h, json);
		says(h, rows[i].says);
		assert_int_equal(ask(h, "DELETE /schedules/x", NULL), 204);
	}
}

/* Each with the sentence that says what is wrong; nothing is saved. */
static void rules_that_can_never_be_are_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *rule, *reason, *words;
	} rows[] = {
		{"\"dates\":\"2028-02-30\",\"yearly\":true,\"at\":\"08:30\"", "invalid", "2028-02-30"},
		{"\"dates\":\"2027-02-29\",\"at\":\"08:30\"", "invalid", "2027-02-29"},
		{"\"monthly\":\"32\",\"at\":\"08:30\"", "invalid", "32"},
		{"\"monthly\":\"30,31\",\"at\":\"08:30\",\"during\":\"2028-02-01..2028-02-29\"", "invalid",
		 "it never is due: no time that it names comes from 2028-02-01 to 2028-02-29"},
		{"\"weekly\":\"mon\",\"at\":\"08:30\",\"during\":\"2027-04-06..2027-04-11\"", "invalid",
		 "it never is due"},
		{"\"weekly\":\"mon\",\"at\":\"08:30\",\"during\":\"..2027-03-24\"", "invalid",
		 "its last date, 2027-03-24, is over"},
		{"\"weekly\":\"mon\",\"at\":\"08:30\",\"during\":\"2027-04-11..2027-04-06\"", "invalid", "2027-04-06"},
		{"\"weekly\":\"mon\",\"at\":\"24:00\"", "invalid", "24:00"},
		{"\"weekly\":\"mon\",\"at\":\"08:30\",\"to\":\"08:30\"", "invalid", "08:30"},
		{"\"weekly\":\"mon\",\"at\":\"08:30\",\"timezone\":\"Europe/Berlin\",\"utc\":true", "invalid",
		 "not both"},
		{"\"weekly\":\"mon\",\"at\":\"08:30\",\"timezone\":\"../../etc/passwd\"", "invalid",
		 "not a name of the IANA database"},
		{"\"weekly\":\"mon\",\"at\":\"08:30\",\"timezone\":\"europe/berlin\"", "invalid", "europe/berlin"},
		{"\"every\":\"0 days\",\"from\":\"2027-04-01T08:00\"", "invalid", "0 days"},
		{"\"weekly\":\"\",\"at\":\"08:30\"", "invalid", "weekly"},
		{"\"weekly\":\"mon\"", "missing", "at"},
		{"\"at\":\"08:30\"", "missing", "it does not say when"},
	};
	struct harness *h = *state;
	set_up(h, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char json[512];
		(void)snprintf(json, sizeof(json), "{\"name\":\"x\",\"verb\":\"on\",\"target\":\"zone\",%s}",
			       rows[i].rule);
		refused(h, json, rows[i].reason, rows[i].words);
	}
	assert_int_equal(query(h, "SELECT COUNT(*) FROM schedule"), 0);
}

static void a_server_does_not_switch_itself_off_before_its_next_duty(void **state)
{
	struct harness *h = *state;
	set_up(h, 2);
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"protected\":true}"), 200);
	refused(h,
		"{\"name\":\"x\",\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"mon-fri\",\"at\":\"19:00\","
		"\"include-protected\":true}",
		"protected", "it would switch \\\"d1\\\" off before its next duty, \\\"x\\\" at");
	add(h, "{\"name\":\"night\",\"verb\":\"cycle\",\"target\":\"zone\",\"weekly\":\"mon-fri\",\"at\":\"02:00\","
	       "\"include-protected\":true}");
	says(h, "is handled last");
	add(h, "{\"name\":\"evening\",\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"mon-fri\",\"at\":\"19:00\"}");
	says(h, "is protected and is left out");
	until(h, "2027-03-25T18:00:00Z");
	assert_int_equal(query(h, "SELECT skipped FROM job ORDER BY id DESC LIMIT 1"), 1);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 1);
}

static void what_was_missed_is_made_up_for_within_its_limit_only(void **state)
{
	static const struct {
		const char *verb, *more, *back_at;
		int64_t jobs;
	} rows[] = {
		{"on", ",\"catchup\":true", "2027-03-25T07:29:00Z", 1},
		{"on", ",\"catchup\":true", "2027-03-25T07:31:00Z", 0},
		{"off", ",\"catchup\":true", "2027-03-25T06:34:59Z", 1},
		{"off", ",\"catchup\":true", "2027-03-25T06:35:01Z", 0},
		{"on", "", "2027-03-25T06:30:50Z", 1},
		{"on", "", "2027-03-25T06:31:10Z", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char json[512];
		struct harness *h = harness_new(i);
		set_up(h, 1);
		(void)snprintf(
			json, sizeof(json),
			"{\"name\":\"s\",\"verb\":\"%s\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:30\"%s}",
			rows[i].verb, rows[i].more);
		add(h, json);
		down_until(h, rows[i].back_at);
		if (jobs(h) != rows[i].jobs)
			fail_msg("%s %s: %lld jobs", rows[i].verb, rows[i].back_at, (long long)jobs(h));
		assert_string_equal(reason_of_last(h), rows[i].jobs ? "ok" : "missed");
		assert_int_equal(strstr(buf_cstr(&h->events), "occurrence skipped") != NULL, !rows[i].jobs);
		harness_free(h);
	}
}

static void after_a_long_time_off_no_backlog_is_run(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	add(h, "{\"name\":\"often\",\"verb\":\"on\",\"target\":\"zone\",\"every\":\"10 minutes\","
	       "\"from\":\"2027-03-25T06:30\",\"catchup\":true}");
	add(h, "{\"name\":\"daily\",\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"mon-sun\",\"at\":\"19:05\"}");
	down_until(h, "2028-03-25T05:00:30Z");
	assert_int_equal(jobs(h), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM occurrence WHERE state = 0"), 1);
	assert_true(query(h, "SELECT COUNT(*) FROM occurrence") < 200);
}

static void a_newer_order_takes_the_place_of_what_still_waits(void **state)
{
	struct harness *h = *state;
	set_up(h, 40);
	add(h,
	    "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\",\"to\":\"08:00\","
	    "\"random\":true}");
	add(h, "{\"name\":\"down\",\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"08:30\"}");
	assert_int_equal(ask(h, "DELETE /schedules/down", NULL), 204);
	until(h, "2027-03-25T06:20:00Z");
	int64_t started = (int64_t)count_wire(h, WIRE_ACT_START);
	assert_true(started > 2 && started < 30);
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/late/\"}"), 200);
	add(h,
	    "{\"name\":\"down\",\"verb\":\"off\",\"target\":\"/Workstations/\",\"weekly\":\"thu\",\"at\":\"07:30\"}");
	until(h, "2027-03-25T06:30:00Z");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE job = 1 AND state = 0"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE job = 1 AND state = 9"),
			 40 - count_wire(h, WIRE_ACT_START) +
				 query(h, "SELECT COUNT(*) FROM act WHERE job = 2 AND state = 1"));
	assert_string_equal(query_text(h, "SELECT reason FROM act WHERE job = 1 AND state = 9 LIMIT 1"), "74");
}

static void of_two_due_times_made_up_for_the_newer_wins(void **state)
{
	struct harness *h = *state;
	set_up(h, 2);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\",\"catchup\":"
	       "true}");
	add(h, "{\"name\":\"down\",\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:02\","
	       "\"catchup\":true}");
	down_until(h, "2027-03-25T06:04:00Z");
	assert_int_equal(jobs(h), 2);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 2);
	struct act_start *s = take_start(h);
	assert_int_equal(s->verb, VERB_OFF);
	mail_drop(s);
	assert_int_equal(query(h, "SELECT skipped FROM job WHERE verb = 2"), 2);
}

static void each_device_has_its_slot_in_the_window_and_none_starts_behind_it(void **state)
{
	struct harness *h = *state;
	set_up(h, 100);
	add(h,
	    "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\",\"to\":\"07:30\","
	    "\"random\":true}");
	int64_t due, schedule = query(h, "SELECT id FROM schedule");
	assert_true(clock_parse("2027-03-25T06:00:00Z", &due));
	until(h, "2027-03-25T06:00:00Z");
	for (int i = 1; i <= 100; i++) {
		char sql[128];
		(void)snprintf(sql, sizeof(sql), "SELECT device FROM act WHERE id = %d", i);
		int64_t device = query(h, sql);
		(void)snprintf(sql, sizeof(sql), "SELECT due FROM act WHERE id = %d", i);
		assert_int_equal(query(h, sql), recur_slot(due, 30 * MINUTE, device, schedule));
	}
	assert_true(query(h, "SELECT MAX(deadline) FROM act") <= due + 30 * MINUTE + 30000);
	assert_true(query(h, "SELECT MAX(due) - MIN(due) FROM act") > 25 * MINUTE);
	machine_stop(h->z); /* nothing starts any more: what has not by then does not */
	until(h, "2027-03-25T06:31:00Z");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 0"), 0);
}

static void many_devices_are_spread_by_their_number(void **state)
{
	struct harness *h = *state;
	set_up(h, 220);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\"}");
	until(h, "2027-03-25T06:00:00Z");
	int64_t span = query(h, "SELECT MAX(due) - MIN(due) FROM act");
	assert_true(span > 50000 && span < 60000);
}

static void suspending_stops_what_waits_and_resuming_makes_up_for_nothing(void **state)
{
	struct harness *h = *state;
	set_up(h, 20);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"mon-sun\",\"at\":\"07:00\",\"to\":"
	       "\"08:00\","
	       "\"random\":true,\"catchup\":true}");
	until(h, "2027-03-25T06:01:00Z");
	assert_int_equal(ask(h, "POST /schedules/up/suspend", NULL), 200);
	harness_pass(h, 1000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 0"), 0);
	skip_to(h, "2027-03-26T06:10:00Z");
	assert_int_equal(ask(h, "POST /schedules/up/resume", NULL), 200);
	harness_pass(h, HOUR);
	assert_int_equal(jobs(h), 1);
	skip_to(h, "2027-03-27T05:59:00Z");
	until(h, "2027-03-27T06:00:00Z");
	assert_int_equal(jobs(h), 2);
}

static void a_clock_that_is_put_back_does_nothing_twice(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"mon-sun\",\"at\":\"07:00\"}");
	until(h, "2027-03-25T06:00:30Z");
	assert_int_equal(jobs(h), 1);
	clock_set_wall(h->clock, clock_wall_ms(h->clock) - HOUR);
	harness_pass(h, 2 * HOUR);
	assert_int_equal(jobs(h), 1);
	clock_set_wall(h->clock, clock_wall_ms(h->clock) - 2 * HOUR);
	harness_restart(h);
	harness_pass(h, 4 * HOUR);
	assert_int_equal(jobs(h), 1);
	skip_to(h, "2027-03-26T05:59:00Z");
	until(h, "2027-03-26T06:00:00Z");
	assert_int_equal(jobs(h), 2);
}

static void what_a_clock_that_ran_ahead_missed_is_done_when_its_time_comes(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"mon-sun\",\"at\":\"07:00\"}");
	int64_t right = clock_wall_ms(h->clock);
	clock_set_wall(h->clock, right + (400 * INT64_C(24) + 5) * HOUR);
	harness_round(h, NULL);
	assert_int_equal(jobs(h), 0);
	clock_set_wall(h->clock, right + MINUTE);
	harness_round(h, NULL);
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(jobs(h), 1);
}

static void a_device_that_is_seen_again_triggers_what_waits_for_it(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	add(h, "{\"name\":\"seen\",\"verb\":\"cycle\",\"target\":\"zone\",\"refresh\":true,\"after\":\"5m\"}");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
		struct act_start *s = take_start(h);
		struct act_outcome *o =
			outcome_of(s, i == 1 ? ACT_END_NOT_SENT : ACT_END_DONE, i == 1 ? ERR_UNREACHABLE : 0);
		o->learned.answered = i != 1;
		harness_round(h, &o->mail);
		mail_drop(s);
		harness_pass(h, 10000);
	}
	/* the first time, and when it came back */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job WHERE verb = 5"), 2);
	assert_string_equal(query_text(h, "SELECT reason FROM act WHERE verb = 5 ORDER BY id LIMIT 1"), "74");
	int64_t due = query(h, "SELECT due FROM act WHERE verb = 5 AND state = 0");
	assert_int_equal(due, clock_wall_ms(h->clock) - 10000 + 5 * MINUTE);
	harness_pass(h, 5 * MINUTE - 10001);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 0);
	harness_pass(h, 1);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 1);
}

static void nothing_runs_in_a_black_out_of_the_device(void **state)
{
	struct harness *h = *state;
	set_up(h, 3);
	assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"closed\",\"from\":\"2027-03-25\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"closed\",\"at\":\"d2\"}"), 200);
	add(h, "{\"name\":\"all\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu,fri\",\"at\":\"07:00\"}");
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(count_wire(h, WIRE_ACT_START), 2);
	assert_int_equal(query(h, "SELECT skipped FROM job"), 1);
	assert_string_equal(err_name(-(int)query(h, "SELECT a.reason FROM act a JOIN device d ON d.id = a.device WHERE"
						    " d.name = 'd2'")),
			    "blacked_out");
	skip_to(h, "2027-03-26T05:59:00Z");
	until(h, "2027-03-26T06:00:00Z");
	assert_int_equal(query(h, "SELECT skipped FROM job ORDER BY id DESC LIMIT 1"), 0);
}

static void a_group_carries_tasks_beside_the_inherited_list(void **state)
{
	struct harness *h = *state;
	set_up(h, 3);
	assert_int_equal(ask(h, "POST /groups", "{\"name\":\"kiosks\"}"), 200);
	assert_int_equal(ask(h, "POST /groups/kiosks/members", "{\"targets\":[\"d2\"]}"), 200);
	add(h, "{\"name\":\"all\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\"}");
	add(h, "{\"name\":\"k\",\"verb\":\"cycle\",\"target\":\"group:kiosks\",\"weekly\":\"thu\",\"at\":\"08:00\"}");
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(query(h, "SELECT SUM(total) FROM job"), 3);
	until(h, "2027-03-25T07:00:00Z");
	assert_int_equal(query(h, "SELECT SUM(total) FROM job"), 4);
	assert_int_equal(ask(h, "DELETE /groups/kiosks", NULL), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM schedule"), 1);
}

static void nothing_runs_in_a_black_out(void **state)
{
	struct harness *h = *state;
	set_up(h, 2);
	assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"holidays\",\"from\":\"2027-03-25\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"holidays\",\"at\":\"d2\"}"), 200);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\"}");
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(count_wire(h, WIRE_ACT_START), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 9 AND reason = 77"), 1);
}

static void ten_orders_are_on_the_wire_of_a_subnet_and_what_is_observed_does_not_count(void **state)
{
	struct harness *h = *state;
	set_up(h, 13);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\"}");
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(count_wire(h, WIRE_ACT_START), 10);
	struct act_start *first = take_start(h), *second = take_start(h);
	assert_true(first->tell_answered);
	send_gate(h, first, POWER_STATE_OFF_SOFT);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 8);
	struct act_gate *answered = gate_of(first, 0);
	answered->mail.kind = ZONE_ACT_ANSWERED;
	harness_round(h, &answered->mail);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 9);
	send_gate(h, second, POWER_STATE_OFF_SOFT); /* nothing is heard of this one */
	harness_pass(h, 31000);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 9);
	harness_pass(h, 2000);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 10);
	assert_string_equal(state_of(h, (int64_t)first->act), "sent");
	assert_string_equal(state_of(h, (int64_t)second->act), "sent");
	send_outcome(h, first, ACT_END_DONE, 0);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 10);
	mail_drop(first);
	mail_drop(second);
}

static void a_folder_has_a_cap_for_switching_on(void **state)
{
	struct harness *h = *state;
	set_up(h, 20);
	assert_int_equal(ask(h, "PUT /settings/power-on-rate", "{\"value\":\"20\",\"at\":\"/Workstations/\"}"), 200);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\"}");
	until(h, "2027-03-25T06:00:00Z");
	for (size_t s = 0; s < 4; s++) {
		harness_pass(h, 900);
		assert_int_equal(count_wire(h, WIRE_ACT_START), 2 * (s + 1));
		harness_pass(h, 100);
	}
}

static void an_idle_zone_sleeps_until_something_is_due(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	add(h, "{\"name\":\"up\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"mon-sun\",\"at\":\"07:00\"}");
	harness_pass(h, 1000);
	unsigned wakes = 0;
	int64_t end = clock_wall_ms(h->clock) + HOUR / 2, at;
	while ((at = machine_wake(h->z)) < end) {
		wakes++;
		clock_advance(h->clock, at - clock_wall_ms(h->clock));
		harness_round(h, NULL);
	}
	assert_true(wakes < 60); /* in half an hour */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(an_entry_fires_at_its_local_time_and_not_before),
		ZONE_TEST(nothing_fires_where_it_says_no_schedule),
		ZONE_TEST(the_nearest_level_with_a_list_wins_as_a_whole),
		ZONE_TEST(each_time_zone_has_its_own_due_time),
		ZONE_TEST(contradictions_are_refused_when_saved),
		ZONE_TEST(times_that_the_clock_skips_or_shows_twice_are_told_when_saved),
		ZONE_TEST(rules_that_can_never_be_are_refused_with_a_sentence),
		ZONE_TEST(a_server_does_not_switch_itself_off_before_its_next_duty),
		cmocka_unit_test(what_was_missed_is_made_up_for_within_its_limit_only),
		ZONE_TEST(after_a_long_time_off_no_backlog_is_run),
		ZONE_TEST(a_newer_order_takes_the_place_of_what_still_waits),
		ZONE_TEST(of_two_due_times_made_up_for_the_newer_wins),
		ZONE_TEST(each_device_has_its_slot_in_the_window_and_none_starts_behind_it),
		ZONE_TEST(many_devices_are_spread_by_their_number),
		ZONE_TEST(suspending_stops_what_waits_and_resuming_makes_up_for_nothing),
		ZONE_TEST(a_clock_that_is_put_back_does_nothing_twice),
		ZONE_TEST(what_a_clock_that_ran_ahead_missed_is_done_when_its_time_comes),
		ZONE_TEST(a_device_that_is_seen_again_triggers_what_waits_for_it),
		ZONE_TEST(nothing_runs_in_a_black_out_of_the_device),
		ZONE_TEST(a_group_carries_tasks_beside_the_inherited_list),
		ZONE_TEST(nothing_runs_in_a_black_out),
		ZONE_TEST(ten_orders_are_on_the_wire_of_a_subnet_and_what_is_observed_does_not_count),
		ZONE_TEST(a_folder_has_a_cap_for_switching_on),
		ZONE_TEST(an_idle_zone_sleeps_until_something_is_due),
	};
	return cmocka_run_group_tests_name("zone/schedule", tests, NULL, NULL);
}
