/* schedule.h - a schedule as both sides answer it: the zone after a change, api's lists. */
#ifndef ZONE_SCHEDULE_H
#define ZONE_SCHEDULE_H

#include "zone/plan.h"

struct api_writer;

struct schedule_view {
	const struct store_schedule *row;
	const struct recur *recur;
	const char *level;
	const char *inherited_zone; /* named where the schedule has none of its own */
	int64_t next;               /* 0: never */
	const char *const *warnings;
	size_t warning_count;
};
/* The members of the object "schedule", between api_begin and api_end. */
void schedule_write(struct api_writer *w, const struct schedule_view *v);

/* The words of a command on top of the rule as it was (NULL: none), unless they name a kind of rule. The errors of
 * recur_build. */
struct api_call;
int schedule_read_rule(const struct api_call *call, struct arena *a, const struct recur *before, struct recur *ret,
		       struct err *e);

#endif
