/* schedule.h - where tests of schedules begin: a Thursday morning in Berlin. */
#ifndef TESTS_ZONE_SCHEDULE_H
#define TESTS_ZONE_SCHEDULE_H

#include "harness.h"

#define MINUTE 60000
#define HOUR   (60 * MINUTE)

/* Devices d1..dn in /Workstations/, Berlin's time, Thursday 2027-03-25 05:00:00 UTC, which is 06:00 there. */
static inline void set_up(struct harness *h, int devices)
{
	int64_t at;
	furnish(h, devices);
	assert_true(clock_parse("2027-03-25T05:00:00Z", &at));
	clock_set_wall(h->clock, at);
	harness_round(h, NULL);
	assert_int_equal(ask(h, "PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\"}"), 200);
}

static inline void add(struct harness *h, const char *json)
{
	if (ask(h, "POST /schedules", json) != 200)
		fail_msg("%s: %s", json, answer(h));
}

static inline void until(struct harness *h, const char *time)
{
	int64_t at;
	assert_true(clock_parse(time, &at));
	harness_pass(h, at - clock_wall_ms(h->clock));
}

#endif
