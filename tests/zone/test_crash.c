/* The process dies at every commit, once before it and once behind it; and with every fault at once, many times. */
#include "world.h"

#define DEVICES 4
#define LONG_MS (40 * 60000)

static void order(struct harness *h, const char *verb, int expected)
{
	assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"all\":true,\"confirm\":%d}", verb, expected), 200);
}

static void order_everything(struct harness *h)
{
	order(h, "reset", DEVICES);
	order(h, "off", DEVICES);
	order(h, "on", DEVICES);
	order(h, "cycle", DEVICES);
	order(h, "status", DEVICES);
}

/* One run with a crash in the given round; answers how many rounds there were. */
static unsigned run_with_crash(const struct faults *f, unsigned round, bool after_commit)
{
	struct harness *h = harness_new(11);
	furnish(h, DEVICES);
	struct world *w = world_new(h, 5, f, DEVICES);
	order_everything(h);
	world_crash_at(w, round, after_commit);
	assert_true(world_run(w, LONG_MS));
	world_check(w);
	assert_int_equal(world_crashes(w), round ? 1 : 0);
	unsigned rounds = world_rounds(w);
	world_free(w);
	harness_free(h);
	return rounds;
}

static void nothing_is_lost_or_doubled_when_the_process_dies_at_any_commit(void **state)
{
	static const struct faults f = {0};
	unsigned rounds = run_with_crash(&f, 0, false);
	assert_true(rounds >= 12);
	for (unsigned i = 1; i <= rounds; i++) {
		run_with_crash(&f, i, false);
		run_with_crash(&f, i, true);
	}
}

static void nothing_is_lost_or_doubled_when_it_dies_amid_doubt(void **state)
{
	static const struct faults f = {.lost_reply = 40, .lost_request = 30, .late = 30, .no_audit = 50};
	unsigned rounds = run_with_crash(&f, 0, false);
	for (unsigned i = 1; i <= rounds; i += 3) {
		run_with_crash(&f, i, false);
		run_with_crash(&f, i + 1, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_or_doubled_when_the_process_dies_at_any_commit),
		cmocka_unit_test(nothing_is_lost_or_doubled_when_it_dies_amid_doubt),
	};
	return cmocka_run_group_tests_name("zone/crash", tests, NULL, NULL);
}
