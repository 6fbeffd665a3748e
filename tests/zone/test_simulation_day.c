/* More than a day of schedules and of people's orders in a world where everything goes wrong: devices that are silent
 * or busy, requests and replies that are lost or late, a power failure for all, a process that dies or stands still, a
 * clock that is put back and forth, the change of daylight saving, holds. Nothing is done twice, nothing is lost,
 * nothing told falsely. The seed is the bug report: ZONE_SEEDS, ZONE_SEED_FIRST as in test_simulation.c. */
#include "world.h"

#include <stdlib.h>

#include "base/text.h"

#define DEVICES 40
#define HOURS   28
#define ENTRIES 14
#define HOUR    INT64_C(3600000)
#define MINUTE  60000

static const char *const verbs[] = {"on", "off", "reset", "cycle", "status"};

static const char *verb_of(struct rng *rng)
{
	return verbs[rng_below(rng, ARRAY_LEN(verbs))];
}

static void target_of(struct rng *rng, char *to, size_t size)
{
	static const char *const targets[] = {"zone", "/Workstations/", "/Workstations/lab/", "group:odd"};
	uint64_t i = rng_below(rng, ARRAY_LEN(targets) + 1);
	if (i < ARRAY_LEN(targets))
		(void)snprintf(to, size, "%s", targets[i]);
	else
		(void)snprintf(to, size, "d%d", 1 + (int)rng_below(rng, DEVICES));
}

/* One entry by chance; some contradict others and are refused. */
static void add_entry(struct harness *h, struct rng *rng, int number)
{
	char target[32], rule[128], json[512];
	int minute = (int)rng_below(rng, 24 * 60), length = 1 + (int)rng_below(rng, 59);
	target_of(rng, target, sizeof(target));
	switch (rng_below(rng, 4)) {
	case 0:
		(void)snprintf(rule, sizeof(rule), "\"refresh\":true,\"after\":\"%dm\"", length);
		break;
	case 1:
		(void)snprintf(rule, sizeof(rule), "\"every\":\"%d minutes\",\"from\":\"2027-03-01T00:%02d\"",
			       60 + minute % 300, length);
		break;
	case 2:
		(void)snprintf(rule, sizeof(rule), "\"weekly\":\"mon-sun\",\"at\":\"%02d:%02d\"", minute / 60,
			       minute % 60);
		break;
	default:
		(void)snprintf(rule, sizeof(rule),
			       "\"weekly\":\"mon-sun\",\"at\":\"%02d:%02d\",\"to\":\"%02d:59\",\"random\":true",
			       minute / 60, minute % 59, minute / 60);
	}
	(void)snprintf(json, sizeof(json), "{\"name\":\"s%d\",\"verb\":\"%s\",\"target\":\"%s\",%s%s}", number,
		       verb_of(rng), target, !strstr(rule, "refresh") && rng_below(rng, 2) ? "\"catchup\":true," : "",
		       rule);
	int status = ask(h, "POST /schedules", json);
	if (status != 200 && !strstr(answer(h), "\"error\":\"clash\""))
		fail_msg("%s: %s", json, answer(h));
}

static void furnish_all(struct harness *h, struct rng *rng)
{
	int64_t at;
	furnish(h, DEVICES);
	assert_true(clock_parse("2027-03-27T12:00:30Z", &at)); /* 13 hours before summer comes to Berlin */
	clock_set_wall(h->clock, at);
	harness_round(h, NULL);
	assert_int_equal(ask(h, "PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/keep-acts", "{\"value\":\"30d\"}"), 200);
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(ask(h, "POST /groups", "{\"name\":\"odd\"}"), 200);
	for (int i = 1; i <= DEVICES; i += 2) {
		char what[32];
		(void)snprintf(what, sizeof(what), "PATCH /devices/d%d", i);
		if (i % 3 == 0)
			assert_int_equal(ask(h, what, "{\"folder\":\"/Workstations/lab/\"}"), 200);
		assert_int_equal(askf(h, "POST /groups/odd/members", "{\"targets\":[\"d%d\"]}", i), 200);
	}
	for (int i = 0; i < ENTRIES; i++)
		add_entry(h, rng, i);
}

/* What somebody, or nature, does in this hour. */
static void disturb(struct world *w, struct harness *h, struct rng *rng)
{
	int64_t now = clock_wall_ms(h->clock), by = (int64_t)rng_below(rng, 2 * 60) * MINUTE;
	switch (rng_below(rng, 8)) {
	case 0:
		clock_set_wall(h->clock, now - by);
		break;
	case 1:
		clock_set_wall(h->clock, now + by / 4);
		break;
	case 2:
		world_power_fails(w, by);
		break;
	case 3:
		(void)ask(h, "POST /holds", "{\"target\":\"/Workstations/\"}");
		break;
	case 4:
		(void)ask(h, "POST /holds/remove", "{\"target\":\"/Workstations/\"}"); /* if it is held */
		break;
	case 5:
		assert_int_equal(
			askf(h, "POST /power", "{\"verb\":\"%s\",\"all\":true,\"confirm\":%d}", verb_of(rng), DEVICES),
			200);
		break;
	case 6:
		harness_restart(h);
		break;
	default:
		for (int d = 1; d <= DEVICES; d++)
			world_set_power(w, d, rng_below(rng, 2)); /* by hand */
	}
}

static void stop_schedules(struct harness *h)
{
	for (int i = 0; i < ENTRIES; i++) {
		char what[64];
		(void)snprintf(what, sizeof(what), "POST /schedules/s%d/suspend", i);
		(void)ask(h, what, NULL); /* not there if it was refused */
	}
	(void)ask(h, "POST /holds/remove", "{\"target\":\"/Workstations/\"}");
}

static void check_schedules(struct harness *h, uint64_t seed)
{
	if (query(h, "SELECT COUNT(*) FROM (SELECT 1 FROM occurrence o JOIN act a ON a.job = o.job GROUP BY o.schedule,"
		     " o.local, a.device HAVING COUNT(*) > 1)"))
		fail_msg("seed %llu: a device has two acts of one due time", (unsigned long long)seed);
	if (query(h, "SELECT COUNT(*) FROM job j WHERE j.requested_by LIKE 'schedule %' AND NOT EXISTS (SELECT 1 FROM"
		     " occurrence o WHERE o.job = j.id)"))
		fail_msg("seed %llu: a job of a schedule belongs to no due time", (unsigned long long)seed);
}

static void simulate(uint64_t seed, const struct faults *f, int64_t *ret_acts)
{
	struct harness *h = harness_new(seed);
	struct rng rng;
	rng_init(&rng, seed);
	furnish_all(h, &rng);
	struct world *w = world_new(h, seed * 31, f, DEVICES);
	for (int hour = 0; hour < HOURS; hour++) {
		world_pass(w, (int64_t)rng_below(&rng, (uint64_t)HOUR));
		disturb(w, h, &rng);
		world_pass(w, (int64_t)rng_below(&rng, (uint64_t)HOUR));
	}
	stop_schedules(h);
	world_power_fails(w, 0);
	if (!world_run(w, 12 * HOUR))
		fail_msg("seed %llu: not everything is final", (unsigned long long)seed);
	world_check(w);
	check_schedules(h, seed);
	*ret_acts += query(h, "SELECT COUNT(*) FROM act");
	world_free(w);
	harness_free(h);
}

static void a_day_of_schedules_and_orders_stays_single_and_true(void **state)
{
	static const struct faults f = {.unreachable = 10,
					.lost_request = 5,
					.lost_reply = 5,
					.late = 5,
					.busy = 6,
					.no_change = 2,
					.no_audit = 40,
					.crash = 1};
	uint64_t count = harness_number("ZONE_SEEDS", 2), first = harness_number("ZONE_SEED_FIRST", 1);
	int64_t acts = 0;
	(void)state;
	for (uint64_t seed = first; seed < first + count; seed++)
		simulate(seed, &f, &acts);
	print_message("# %llu seeds: %lld acts\n", (unsigned long long)count, (long long)acts);
	assert_true(acts > 100 * (int64_t)count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_of_schedules_and_orders_stays_single_and_true),
	};
	return cmocka_run_group_tests_name("zone/simulation_day", tests, NULL, NULL);
}
