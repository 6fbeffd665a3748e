#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "fault.h"
#include "fixture.h"

#define DEVICES 1000

static struct fault_rule rule(const char *kind, double share, uint64_t seed)
{
	struct fault_rule r;

	fault_rule_init(&r);
	assert_int_equal(fault_kind_parse(kind, &r, NULL), 0);
	r.share = share;
	r.seed = seed;
	return r;
}

static uint32_t add(struct sim *s, const char *kind, double share, uint64_t seed)
{
	struct fault_rule r = rule(kind, share, seed);
	unsigned id;
	uint32_t devices;

	assert_int_equal(faults_add(s, &r, &id, &devices, NULL), 0);
	return devices;
}

static unsigned struck(struct sim *s, enum fault_on on, bool logged_in, bool set[DEVICES])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < DEVICES; i++) {
		set[i] = fault_ask(s, &s->devices[i], FAULT_POINT_REQUEST, on, logged_in).kind != FAULT_NONE;
		n += set[i];
	}
	return n;
}

static void the_same_seed_chooses_the_same_devices(void **state)
{
	struct sim *a = fixture_new("11.8", DEVICES), *b = fixture_new("11.8", DEVICES);
	bool one[DEVICES], two[DEVICES];

	assert_int_equal(add(a, "lie", 0.1, 3), DEVICES / 10);
	assert_int_equal(add(b, "lie", 0.1, 3), DEVICES / 10);
	assert_int_equal(struck(a, FAULT_ON_ACT, true, one), DEVICES / 10);
	struck(b, FAULT_ON_ACT, true, two);
	assert_memory_equal(one, two, sizeof(one));
	faults_clear(b, 0);
	add(b, "lie", 0.1, 4);
	struck(b, FAULT_ON_ACT, true, two);
	assert_memory_not_equal(one, two, sizeof(one));
	sim_free(a);
	sim_free(b);
}

static void shares_of_one_seed_take_different_devices(void **state)
{
	struct sim *s = fixture_new("11.8", DEVICES);
	bool all[DEVICES];

	add(s, "act-no-reply", 0.1, 1);
	add(s, "close-before-act", 0.05, 1);
	add(s, "close-after-act", 0.05, 1);
	assert_int_equal(struck(s, FAULT_ON_ACT, true, all), DEVICES / 5);
	sim_free(s);
}

static void a_rule_for_acts_waits_for_a_right_login_and_an_act(void **state)
{
	struct sim *s = fixture_new("11.8", DEVICES);
	bool set[DEVICES];

	add(s, "act-no-reply", 1, 1);
	assert_int_equal(struck(s, FAULT_ON_ANY, false, set), 0);
	assert_int_equal(struck(s, FAULT_ON_READ, true, set), 0);
	assert_int_equal(struck(s, FAULT_ON_ACT, true, set), DEVICES);
	sim_free(s);
}

static void a_rule_for_everything_strikes_before_the_login_once(void **state)
{
	struct sim *s = fixture_new("11.8", DEVICES);
	bool set[DEVICES];

	add(s, "http-503", 1, 1);
	assert_int_equal(struck(s, FAULT_ON_ANY, false, set), DEVICES);
	assert_int_equal(struck(s, FAULT_ON_READ, true, set), 0);
	sim_free(s);
}

static void request_and_times_are_counted_for_each_device(void **state)
{
	struct sim *s = fixture_new("11.8", DEVICES);
	struct fault_rule r = rule("lie", 1, 1);
	bool set[DEVICES];
	unsigned id;
	uint32_t devices;

	r.request = 2;
	assert_int_equal(faults_add(s, &r, &id, &devices, NULL), 0);
	assert_int_equal(struck(s, FAULT_ON_ACT, true, set), 0);
	assert_int_equal(struck(s, FAULT_ON_ACT, true, set), DEVICES);
	assert_int_equal(struck(s, FAULT_ON_ACT, true, set), 0);
	assert_int_equal(faults_clear(s, id), 1);
	r.request = 0;
	r.times = 1;
	assert_int_equal(faults_add(s, &r, &id, &devices, NULL), 0);
	assert_int_equal(struck(s, FAULT_ON_ACT, true, set), DEVICES);
	assert_int_equal(struck(s, FAULT_ON_ACT, true, set), 0);
	sim_free(s);
}

static void return_values_are_part_of_the_kind(void **state)
{
	struct fault_rule r;
	struct err e = ERR_INIT;

	fault_rule_init(&r);
	assert_int_equal(fault_kind_parse("return-value-4099", &r, NULL), 0);
	assert_int_equal(r.kind, FAULT_RETURN_VALUE);
	assert_int_equal(r.value, 4099);
	assert_int_equal(fault_kind_parse("return-value-N", &r, &e), ERR_INVALID);
	assert_int_equal(fault_kind_parse("return-value-", &r, &e), ERR_INVALID);
	assert_int_equal(fault_kind_parse("gremlins", &r, &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "gremlins"));
}

static void a_device_that_is_none_is_refused(void **state)
{
	struct sim *s = fixture_new("11.8", 2);
	struct fault_rule r = rule("lie", 1, 1);
	unsigned id;
	uint32_t devices;

	r.device = "127.200.0.3";
	assert_int_equal(faults_add(s, &r, &id, &devices, NULL), ERR_INVALID);
	r.device = "127.200.0.2";
	assert_int_equal(faults_add(s, &r, &id, &devices, NULL), 0);
	assert_int_equal(devices, 1);
	assert_true(faults_clear(s, 0) == 1 && faults_is_empty(s->faults));
	sim_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_chooses_the_same_devices),
		cmocka_unit_test(shares_of_one_seed_take_different_devices),
		cmocka_unit_test(a_rule_for_acts_waits_for_a_right_login_and_an_act),
		cmocka_unit_test(a_rule_for_everything_strikes_before_the_login_once),
		cmocka_unit_test(request_and_times_are_counted_for_each_device),
		cmocka_unit_test(return_values_are_part_of_the_kind),
		cmocka_unit_test(a_device_that_is_none_is_refused),
	};

	return cmocka_run_group_tests_name("sim/fault", tests, NULL, NULL);
}
