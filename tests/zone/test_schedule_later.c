/* What changes while schedules stand and acts wait: devices are protected, calendars are made, the clock is put back.
 */
#include "schedule.h"

/* What became of the acts: "state reason number" in their order. */
static const char *outcomes(struct harness *h, const char *where)
{
	char sql[512];
	(void)snprintf(
		sql, sizeof(sql),
		"SELECT COALESCE(group_concat(t, ', '), '') FROM (SELECT state || ' ' || reason || ' ' || COUNT(*) AS t"
		" FROM act WHERE %s GROUP BY state, reason ORDER BY state, reason)",
		where);
	return query_text(h, sql);
}

static void a_device_that_is_protected_later_is_left_out_of_what_waits(void **state)
{
	static const struct {
		const char *verb, *state, *reason;
	} rows[] = {{"off", "skipped", "protected"}, {"reset", "skipped", "protected"}, {"on", "claimed", "ok"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct harness *h = harness_new(i);
		char json[256];
		set_up(h, 1);
		(void)snprintf(
			json, sizeof(json),
			"{\"name\":\"s\",\"verb\":\"%s\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\","
			"\"to\":\"19:00\",\"random\":true}",
			rows[i].verb);
		add(h, json);
		until(h, "2027-03-25T06:00:01Z");
		assert_string_equal(state_of(h, 1), "queued");
		assert_int_equal(ask(h, "PATCH /devices/d1", "{\"protected\":true}"), 200);
		harness_pass(h, query(h, "SELECT due FROM act") - clock_wall_ms(h->clock));
		assert_string_equal(state_of(h, 1), rows[i].state);
		assert_string_equal(reason_of(h, 1), rows[i].reason);
		assert_int_equal(count_wire(h, WIRE_ACT_START), strcmp(rows[i].verb, "on") == 0);
		harness_free(h);
	}
	(void)state;
}

static void what_a_person_ordered_before_it_was_protected_is_left_out_too(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\"]}"),
			 200); /* waits for the status */
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"protected\":true}"), 200);
	send_outcome(h, s, ACT_END_DONE, 0);
	mail_drop(s);
	assert_null(take_start(h));
	assert_string_equal(state_of(h, 2), "skipped");
	assert_string_equal(reason_of(h, 2), "protected");
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\"],\"include-protected\":true}"),
			 200);
	s = take_start(h);
	assert_non_null(s);
	mail_drop(s);
}

/* M147 where it could not be seen when the schedule was saved: the device was none of ours then. */
static void a_schedule_that_stands_does_not_switch_off_what_is_protected_later(void **state)
{
	struct harness *h = *state;
	set_up(h, 2);
	add(h, "{\"name\":\"night\",\"verb\":\"off\",\"target\":\"zone\",\"weekly\":\"mon-sun\",\"at\":\"07:00\","
	       "\"include-protected\":true}");
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"protected\":true}"), 200);
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(count_wire(h, WIRE_ACT_START), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act a JOIN device d ON d.id = a.device WHERE d.name = 'd1' AND"
				  " a.state = 9"),
			 1);
}

/* The last duty of all: nothing is left that a server would be needed for. */
static void the_last_duty_may_switch_the_server_off(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"protected\":true}"), 200);
	add(h, "{\"name\":\"end\",\"verb\":\"off\",\"target\":\"zone\",\"dates\":\"2027-03-25\",\"at\":\"07:00\","
	       "\"include-protected\":true}");
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(count_wire(h, WIRE_ACT_START), 1);
}

static void a_calendar_that_is_made_later_counts_for_what_waits(void **state)
{
	struct harness *h = *state;
	set_up(h, 2);
	add(h, "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"23:30\",\"spread\":"
	       "3600000}");
	until(h, "2027-03-25T22:30:00Z");
	int64_t queued = query(h, "SELECT COUNT(*) FROM act WHERE state = 0");
	assert_true(queued > 0);
	int64_t today = query(h, "SELECT COUNT(*) FROM act WHERE due < 1806015600000"); /* midnight in Berlin */
	assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"holidays\",\"from\":\"2027-03-26\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"holidays\"}"), 200);
	harness_pass(h, HOUR);
	assert_int_equal(count_wire(h, WIRE_ACT_START), today);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 9 AND reason = 77"), 2 - today);
}

static void a_due_time_in_a_black_out_is_left_out_though_its_slot_is_not(void **state)
{
	struct harness *h = *state;
	set_up(h, 20);
	assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"holidays\",\"from\":\"2027-03-25\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"holidays\"}"), 200);
	add(h, "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"23:30\",\"spread\":"
	       "7200000}");
	until(h, "2027-03-25T22:30:00Z");
	assert_string_equal(outcomes(h, "1 = 1"), "9 77 20");
	assert_true(query(h, "SELECT COUNT(*) FROM act WHERE due >= 1806015600000") > 5);
}

static void see(struct harness *h, bool reached)
{
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	struct act_outcome *o = outcome_of(s, reached ? ACT_END_DONE : ACT_END_NOT_SENT, reached ? 0 : ERR_UNREACHABLE);
	o->learned.answered = reached;
	harness_round(h, &o->mail);
	mail_drop(s);
}

/* By when the trigger would start something, not by when it came; what falls into it is not made up for. */
static void what_a_contact_triggers_is_left_out_in_a_black_out(void **state)
{
	static const struct {
		const char *seen_at;
		int64_t starts, left_out;
	} rows[] = {
		{"2027-03-25T22:00:00Z", 1, 0}, /* due 23:30 in Berlin, on the 25th */
		{"2027-03-25T22:40:00Z", 0, 1}, /* due 00:10 on the 26th, a holiday */
		{"2027-03-26T12:00:00Z", 0, 1}, /* in the middle of it */
		{"2027-03-26T22:45:00Z", 1, 0}, /* seen on the holiday, due 00:15 on the 27th */
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct harness *h = harness_new(i);
		set_up(h, 1);
		assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"holidays\",\"from\":\"2027-03-26\"}"), 200);
		assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"holidays\"}"), 200);
		add(h, "{\"name\":\"seen\",\"verb\":\"cycle\",\"target\":\"zone\",\"refresh\":true,\"after\":\"30m\"}");
		until(h, rows[i].seen_at);
		see(h, true);
		harness_pass(h, HOUR);
		if ((int64_t)count_wire(h, WIRE_ACT_START) != rows[i].starts ||
		    query(h, "SELECT COUNT(*) FROM act WHERE state = 9 AND reason = 77") != rows[i].left_out)
			fail_msg("%s: %zu started, acts %s", rows[i].seen_at, count_wire(h, WIRE_ACT_START),
				 outcomes(h, "verb = 5"));
		harness_free(h);
	}
	(void)state;
}

/* It was away during the holiday and comes back after it: that is a contact like any other. */
static void a_device_that_was_away_in_a_black_out_triggers_when_it_is_back(void **state)
{
	struct harness *h = *state;
	set_up(h, 1);
	assert_int_equal(ask(h, "POST /calendars", "{\"name\":\"holidays\",\"from\":\"2027-03-26\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/black-outs", "{\"value\":\"holidays\"}"), 200);
	add(h, "{\"name\":\"seen\",\"verb\":\"cycle\",\"target\":\"zone\",\"refresh\":true,\"after\":\"30m\"}");
	until(h, "2027-03-26T12:00:00Z");
	see(h, true); /* left out */
	until(h, "2027-03-26T20:00:00Z");
	see(h, false);
	until(h, "2027-03-27T06:00:00Z");
	see(h, true);
	harness_pass(h, HOUR);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 1);
}

static struct act_start *order(struct harness *h, const char *verb)
{
	assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"targets\":[\"d1\"]}", verb), 200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	return s;
}

static void put_back(struct harness *h, int64_t ms)
{
	clock_set_wall(h->clock, clock_wall_ms(h->clock) - ms);
	harness_round(h, NULL);
}

static void another_try_does_not_wait_for_the_time_that_the_clock_was_put_back(void **state)
{
	static const bool restarts[] = {false, true};
	for (size_t i = 0; i < ARRAY_LEN(restarts); i++) {
		struct harness *h = harness_new(i);
		furnish(h, 1);
		struct act_start *s = order(h, "reset");
		send_outcome(h, s, ACT_END_NOT_SENT, ERR_DEVICE_BUSY);
		mail_drop(s);
		assert_null(take_start(h));
		put_back(h, 3 * HOUR);
		if (restarts[i])
			harness_restart(h);
		harness_pass(h, 10000);
		s = take_start(h);
		assert_non_null(s);
		send_gate(h, s, POWER_STATE_ON);
		struct act_gate_answer *a = take_gate_answer(h);
		assert_true(a->go);
		mail_drop(a);
		send_outcome(h, s, ACT_END_DONE, 0);
		assert_string_equal(state_of(h, 1), "done");
		mail_drop(s);
		harness_free(h);
	}
	(void)state;
}

static void doubt_does_not_last_for_the_time_that_the_clock_was_put_back(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset");
	send_gate(h, s, POWER_STATE_ON);
	send_outcome(h, s, ACT_END_DOUBT, ERR_NO_REPLY);
	put_back(h, 3 * HOUR);
	harness_pass(h, 59000);
	assert_null(take_start(h)); /* R5: not before the drain */
	harness_pass(h, 2000);
	struct act_start *look = take_start(h);
	assert_non_null(look);
	assert_int_equal(look->mode, ACT_SETTLE);
	send_outcome(h, look, ACT_END_DOUBT, ERR_UNREACHABLE);
	harness_pass(h, 130000); /* the drain, and as long again for wire to be over with its second look */
	assert_string_equal(state_of(h, 1), "unknown");
	mail_drop(look);
	mail_drop(s);
}

static void slots_stay_where_people_put_them_when_the_clock_is_put_back(void **state)
{
	struct harness *h = *state;
	set_up(h, 5);
	add(h,
	    "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\",\"to\":\"19:00\","
	    "\"random\":true}");
	until(h, "2027-03-25T06:00:01Z");
	int64_t first = query(h, "SELECT MIN(due) FROM act");
	put_back(h, HOUR);
	harness_pass(h, first - clock_wall_ms(h->clock) - 1);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 0);
	harness_pass(h, 1);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 1);
}

static void a_subnet_that_has_used_its_starts_goes_on_a_second_after_the_clock_was_put_back(void **state)
{
	struct harness *h = *state;
	set_up(h, 60);
	assert_int_equal(ask(h, "PUT /settings/schedule-orders", "{\"value\":\"1000\"}"), 200);
	add(h, "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"07:00\"}");
	until(h, "2027-03-25T06:00:00Z");
	assert_int_equal(count_wire(h, WIRE_ACT_START), 20);
	put_back(h, 30000);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 20);
	harness_pass(h, 999);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 20);
	harness_pass(h, 60000);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_is_protected_later_is_left_out_of_what_waits),
		ZONE_TEST(what_a_person_ordered_before_it_was_protected_is_left_out_too),
		ZONE_TEST(a_schedule_that_stands_does_not_switch_off_what_is_protected_later),
		ZONE_TEST(the_last_duty_may_switch_the_server_off),
		ZONE_TEST(a_calendar_that_is_made_later_counts_for_what_waits),
		ZONE_TEST(a_due_time_in_a_black_out_is_left_out_though_its_slot_is_not),
		cmocka_unit_test(what_a_contact_triggers_is_left_out_in_a_black_out),
		ZONE_TEST(a_device_that_was_away_in_a_black_out_triggers_when_it_is_back),
		cmocka_unit_test(another_try_does_not_wait_for_the_time_that_the_clock_was_put_back),
		ZONE_TEST(doubt_does_not_last_for_the_time_that_the_clock_was_put_back),
		ZONE_TEST(slots_stay_where_people_put_them_when_the_clock_is_put_back),
		ZONE_TEST(a_subnet_that_has_used_its_starts_goes_on_a_second_after_the_clock_was_put_back),
	};
	return cmocka_run_group_tests_name("zone/schedule_later", tests, NULL, NULL);
}
