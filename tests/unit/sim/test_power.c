#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/base.h"
#include "power.h"
#include "profile.h"
#include "setting.h"

/* State x request -> ReturnValue and the states that follow: Intel AMT guide and DSP1027, wsman value map. */
struct row {
	unsigned state, code;
	const char *profile;
	uint32_t rv;
	unsigned after_power_time, after_cycle; /* power state */
	unsigned boots;
};

static const struct row rows[] = {
	{POWER_OFF, 2, "11.8", 0, POWER_ON, POWER_ON, 1},
	{POWER_HIBERNATED, 2, "11.8", 0, POWER_ON, POWER_ON, 1},
	{POWER_ASLEEP, 2, "11.8", 0, POWER_ON, POWER_ON, 0},
	{POWER_ON, 2, "11.8", 4097, POWER_ON, POWER_ON, 0},
	{POWER_ON, 8, "11.8", 0, POWER_OFF, POWER_OFF, 0},
	{POWER_ASLEEP, 8, "11.8", 0, POWER_OFF, POWER_OFF, 0},
	{POWER_HIBERNATED, 8, "11.8", 0, POWER_OFF, POWER_OFF, 0},
	{POWER_OFF, 8, "11.8", 4097, POWER_OFF, POWER_OFF, 0},
	{POWER_ON, 5, "11.8", 0, POWER_OFF, POWER_ON, 1},
	{POWER_OFF, 5, "11.8", 4097, POWER_OFF, POWER_OFF, 0},
	{POWER_ASLEEP, 5, "11.8", 4097, POWER_ASLEEP, POWER_ASLEEP, 0},
	{POWER_ON, 10, "11.8", 0, POWER_ON, POWER_ON, 1},
	{POWER_OFF, 10, "11.8", 4097, POWER_OFF, POWER_OFF, 0},
	{POWER_ON, 11, "11.8", 0, POWER_ON, POWER_ON, 0},
	{POWER_ON, 11, "8.1", 1, POWER_ON, POWER_ON, 0},
	{POWER_ON, 4, "11.8", 1, POWER_ON, POWER_ON, 0},
	{POWER_ON, 4, "12", 0, POWER_ASLEEP, POWER_ASLEEP, 0},
	{POWER_ON, 7, "12", 0, POWER_HIBERNATED, POWER_HIBERNATED, 0},
	{POWER_ON, 12, "12", 0, POWER_OFF, POWER_OFF, 0},
	{POWER_ON, 12, "8.1", 1, POWER_ON, POWER_ON, 0},
	{POWER_ON, 14, "16.1", 0, POWER_ON, POWER_ON, 1},
	{POWER_OFF, 14, "16.1", 4097, POWER_OFF, POWER_OFF, 0},
	{POWER_ON, 3, "12", 1, POWER_ON, POWER_ON, 0},
	{POWER_ON, 0, "12", 5, POWER_ON, POWER_ON, 0},
	{POWER_ON, 17, "12", 5, POWER_ON, POWER_ON, 0},
};

static void each_state_takes_the_requests_it_can(void **state)
{
	struct settings set;

	settings_init(&set);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		enum power_act act = POWER_ACT_COUNT;
		struct power p;
		unsigned boots;

		power_init(&p, (enum power_state)r->state);
		assert_int_equal(power_check(&p, profile_find(r->profile), &set, r->code, 1000, &act), r->rv);
		if (r->rv == 0)
			power_start(&p, act, &set, 1000);
		assert_int_equal(p.state, r->state); /* the answer comes before the change */
		boots = power_settle(&p, 1000 + set.power_time);
		assert_int_equal(p.state, r->after_power_time);
		boots += power_settle(&p, 1000 + set.power_time + set.cycle_time);
		assert_int_equal(p.state, r->after_cycle);
		assert_int_equal(boots, r->boots);
	}
}

static void an_open_session_blocks_off_and_cycle_but_not_reset(void **state)
{
	struct settings set;
	struct power p;
	enum power_act act;

	settings_init(&set);
	power_init(&p, POWER_ON);
	p.session = 1;
	assert_int_equal(power_check(&p, profile_find("12"), &set, 8, 0, &act), 4097);
	assert_int_equal(power_check(&p, profile_find("12"), &set, 5, 0, &act), 4097);
	assert_int_equal(power_check(&p, profile_find("12"), &set, 10, 0, &act), 0);
	assert_int_equal(act, POWER_ACT_RESET);
}

static void a_state_on_its_way_is_busy(void **state)
{
	struct settings set;
	struct power p;
	enum power_act act;

	settings_init(&set);
	power_init(&p, POWER_OFF);
	assert_int_equal(power_check(&p, profile_find("12"), &set, 2, 0, &act), 0);
	power_start(&p, act, &set, 0);
	assert_int_equal(power_check(&p, profile_find("12"), &set, 2, 50, &act), 4099);
	power_settle(&p, set.power_time);
	assert_int_equal(power_check(&p, profile_find("12"), &set, 10, set.power_time, &act), 0);
}

static void the_busy_window_refuses_until_it_ends(void **state)
{
	struct settings set;
	struct power p;
	enum power_act act;

	settings_init(&set);
	set.busy_window = 10000;
	power_init(&p, POWER_ON);
	power_start(&p, POWER_ACT_RESET, &set, 500);
	power_settle(&p, 5000);
	assert_int_equal(power_check(&p, profile_find("12"), &set, 10, 10499, &act), 4099);
	assert_int_equal(power_check(&p, profile_find("12"), &set, 10, 10500, &act), 0);
}

static void states_have_names_that_are_read_back(void **state)
{
	static const unsigned all[] = {POWER_ON, POWER_ASLEEP, POWER_HIBERNATED, POWER_OFF};
	enum power_state s;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_true(power_state_from_name(power_state_name(all[i]), &s));
		assert_int_equal(s, all[i]);
	}
	assert_true(power_state_from_name("s5", &s));
	assert_int_equal(s, POWER_OFF);
	assert_false(power_state_from_name("sideways", &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_takes_the_requests_it_can),
		cmocka_unit_test(an_open_session_blocks_off_and_cycle_but_not_reset),
		cmocka_unit_test(a_state_on_its_way_is_busy),
		cmocka_unit_test(the_busy_window_refuses_until_it_ends),
		cmocka_unit_test(states_have_names_that_are_read_back),
	};

	return cmocka_run_group_tests_name("sim/power", tests, NULL, NULL);
}
