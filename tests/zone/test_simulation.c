/* Hours of orders in a world where everything goes wrong: lost and late orders, busy devices, crashes, a process that
 * stands still for longer than its lease. The seed is the bug report. ZONE_SEEDS=N in the environment runs N seeds of
 * each instead of a few, from ZONE_SEED_FIRST on. */
#include "world.h"

#include <stdlib.h>

#include "base/text.h"

#define DEVICES 40
#define ROUNDS  12
#define LONG_MS (60 * 60000)

static const char *const verbs[] = {"reset", "off", "on", "cycle", "status"};

/* Half of the orders that boot choose into what. */
static const char *boot_of(struct rng *rng, const char *verb)
{
	static const char *const choices[] = {",\"boot\":\"pxe\"", ",\"boot\":\"bios\"", "", ""};
	bool boots = strcmp(verb, "off") != 0 && strcmp(verb, "status") != 0;
	return boots ? choices[rng_below(rng, ARRAY_LEN(choices))] : "";
}

static void simulate(uint64_t seed, const struct faults *f, unsigned *ret_unknown)
{
	struct harness *h = harness_new(seed);
	furnish(h, DEVICES);
	struct world *w = world_new(h, seed * 31, f, DEVICES);
	struct rng rng;
	rng_init(&rng, seed);
	for (int i = 0; i < ROUNDS; i++) {
		world_set_power(w, 1 + (int)rng_below(&rng, DEVICES), rng_below(&rng, 2)); /* by hand */
		for (int d = 1; d <= DEVICES / 2; d++)
			world_set_power(w, d, true);
		const char *verb = verbs[rng_below(&rng, ARRAY_LEN(verbs))];
		assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"all\":true,\"confirm\":%d%s}", verb,
				      DEVICES, boot_of(&rng, verb)),
				 200);
		(void)world_run(
			w, (int64_t)rng_below(&rng, 120000)); /* the next order may come before the last has ended */
	}
	if (!world_run(w, LONG_MS))
		fail_msg("seed %llu: not everything is final", (unsigned long long)seed);
	world_check(w);
	assert_true(world_obeyed(w) > DEVICES);
	*ret_unknown = (unsigned)query(h, "SELECT COUNT(*) FROM act WHERE state = 6");
	world_free(w);
	harness_free(h);
}

static void simulate_many(uint64_t first, const struct faults *f, bool may_be_unknown)
{
	uint64_t count = harness_number("ZONE_SEEDS", 6);
	unsigned all = 0;
	first = harness_number("ZONE_SEED_FIRST", first);
	for (uint64_t seed = first; seed < first + count; seed++) {
		unsigned unknown;
		simulate(seed, f, &unknown);
		assert_true(may_be_unknown || unknown == 0);
		all += unknown;
	}
	print_message("# %llu seeds of %d acts: %u unknown\n", (unsigned long long)count, ROUNDS * DEVICES, all);
}

static void orders_stay_single_and_true_with_faults_and_without_crashes(void **state)
{
	static const struct faults f = {.unreachable = 10,
					.lost_request = 7,
					.lost_reply = 10,
					.late = 8,
					.busy = 6,
					.no_change = 3,
					.slow_gate = 1,
					.no_audit = 50,
					.torn = 15};
	simulate_many(1, &f, true);
}

static void orders_stay_single_and_true_with_faults_crashes_and_freezes(void **state)
{
	static const struct faults f = {.unreachable = 5,
					.lost_request = 7,
					.lost_reply = 10,
					.late = 8,
					.busy = 6,
					.slow_gate = 1,
					.no_audit = 30,
					.crash = 2,
					.freeze = 1,
					.torn = 10};
	simulate_many(101, &f, true);
}

/* G4: where the device's log proves, nothing stays unknown. */
static void nothing_stays_unknown_where_the_device_keeps_a_log(void **state)
{
	static const struct faults f = {.lost_request = 20, .lost_reply = 20, .late = 10};
	simulate_many(201, &f, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_stay_single_and_true_with_faults_and_without_crashes),
		cmocka_unit_test(orders_stay_single_and_true_with_faults_crashes_and_freezes),
		cmocka_unit_test(nothing_stays_unknown_where_the_device_keeps_a_log),
	};
	return cmocka_run_group_tests_name("zone/simulation", tests, NULL, NULL);
}
