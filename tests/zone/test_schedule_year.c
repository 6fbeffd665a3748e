/* Exactly one command for each device and due time: over a year with both changes of daylight saving, crashes, outages,
 * a clock that is set back and forth and devices that move at the very moment; and over a week with a crash at every
 * single commit. Test sizes can be chosen: SCHEDULE_DAYS, SCHEDULE_FOLDERS (of 100 devices), SCHEDULE_CRASHES. */
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "clockwork.h"

#define ALL_DAYS 0x7f
#define MON_FRI  0x1f

static struct harness *harness_at(const char *time, uint64_t seed)
{
	int64_t at;
	struct harness *h = harness_new(seed);
	assert_true(clock_parse(time, &at));
	clock_set_wall(h->clock, at);
	harness_round(h, NULL);
	return h;
}

static void a_year_of_a_thousand_devices_gives_each_due_time_one_command(void **state)
{
	int days = (int)harness_number("SCHEDULE_DAYS", 365), folders = (int)harness_number("SCHEDULE_FOLDERS", 10);
	int crashes = (int)harness_number("SCHEDULE_CRASHES", 200);
	struct harness *h = harness_at("2027-01-01T00:00:30Z", 11);
	struct clockwork *w = clockwork_new(h, harness_number("SCHEDULE_SEED", 5), folders, 100);
	for (int f = 0; f < folders; f++) {
		if (f == 0) /* in the gap of March, twice in October */
			clockwork_entry(w, f, "on", ALL_DAYS, 0, 2 * 60 + 30);
		else if (f == 1)
			clockwork_entry(w, f, "on", 0, 31, 2 * 60);
		else if (f == 2)
			clockwork_entry(w, f, "on", 0, 32, 0);
		else
			clockwork_entry(w, f, "on", 1u << f % 7, 0, 6 * 60 + 7 * f);
		clockwork_entry(w, f, f % 2 ? "off" : "on", MON_FRI & 1u << (f + 3) % 5, 0, 12 * 60 + f);
	}
	clock_t before = clock();
	clockwork_run(w, days,
		      &(struct clockwork_chances){
			      .crashes = crashes, .moves = days * 2, .steps = days / 4, .outages = days / 10});
	print_message("# %d days, %d devices: %u commands, %u crashes, %u rounds, %.1f s of CPU\n", days, folders * 100,
		      clockwork_commands(w), clockwork_crashes(w), clockwork_rounds(w),
		      (double)(clock() - before) / CLOCKS_PER_SEC);
	clockwork_free(w);
	harness_free(h);
}

static unsigned week(unsigned crash_at, bool after_commit)
{
	struct harness *h = harness_at("2027-03-22T00:00:30Z", 3);
	struct clockwork *w = clockwork_new(h, 3, 2, 10);
	clockwork_entry(w, 0, "on", ALL_DAYS, 0, 2 * 60 + 30);
	clockwork_entry(w, 1, "on", MON_FRI, 0, 7 * 60 + 30);
	clockwork_entry(w, 1, "off", MON_FRI, 0, 19 * 60);
	clockwork_crash_at(w, crash_at, after_commit);
	clockwork_run(w, 7, &(struct clockwork_chances){.moves = 4});
	unsigned rounds = clockwork_rounds(w);
	assert_int_equal(clockwork_crashes(w), crash_at && crash_at <= rounds ? 1 : 0);
	clockwork_free(w);
	harness_free(h);
	return rounds;
}

static void a_week_with_a_crash_at_every_commit_gives_each_due_time_one_command(void **state)
{
	unsigned rounds = week(0, false), step = (unsigned)harness_number("SCHEDULE_CRASH_STEP", 1);
	assert_true(rounds > 40);
	for (unsigned n = 1; n <= rounds; n += step) {
		week(n, false);
		week(n, true);
	}
	print_message("# %u rounds, a crash before and behind the commit of each\n", rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_year_of_a_thousand_devices_gives_each_due_time_one_command),
		cmocka_unit_test(a_week_with_a_crash_at_every_commit_gives_each_due_time_one_command),
	};
	return cmocka_run_group_tests_name("zone/schedule_year", tests, NULL, NULL);
}
