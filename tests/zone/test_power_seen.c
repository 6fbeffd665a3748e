/* What power states were seen is kept for the report: one row where a state differs from the one before. */
#include "harness.h"

#include "amt/act.h"

static void status_says(struct harness *h, int power)
{
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	struct act_outcome *o = outcome_of(s, ACT_END_DONE, 0);
	o->power_before = power;
	o->learned.answered = true;
	harness_round(h, &o->mail);
	mail_drop(s);
}

static void a_state_is_kept_when_it_is_new(void **state)
{
	static const int seen[] = {POWER_STATE_ON,       POWER_STATE_ON, POWER_STATE_OFF_SOFT, 0,
				   POWER_STATE_OFF_SOFT, POWER_STATE_ON};
	struct harness *h = *state;
	furnish(h, 1);
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		status_says(h, seen[i]);
		harness_pass(h, 60000);
	}
	assert_int_equal(query(h, "SELECT COUNT(*) FROM power_seen"), 3);
	assert_string_equal(
		query_text(h, "SELECT GROUP_CONCAT(power) FROM (SELECT power FROM power_seen ORDER BY time)"), "2,8,2");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM power_seen p JOIN device d ON d.id = p.device"), 3);
}

static void old_states_go_but_for_the_last(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	status_says(h, POWER_STATE_ON);
	harness_pass(h, 3600000);
	status_says(h, POWER_STATE_OFF_SOFT);
	assert_int_equal(ask(h, "PUT /settings/keep-power", "{\"value\":\"1d\"}"), 200);
	clock_advance(h->clock, INT64_C(3) * 86400000);
	for (int i = 0; i < 5; i++)
		harness_round(h, NULL);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM power_seen"), 1);
	assert_int_equal(query(h, "SELECT power FROM power_seen"), POWER_STATE_OFF_SOFT);
	assert_int_equal(ask(h, "DELETE /devices/d1", NULL), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM power_seen"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ZONE_TEST(a_state_is_kept_when_it_is_new),
		ZONE_TEST(old_states_go_but_for_the_last),
	};
	return cmocka_run_group_tests_name("power_seen", tests, NULL, NULL);
}
