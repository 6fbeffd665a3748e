/* crash.h - places at which a test build of lampd dies on demand: LAMPD_CRASH=NAME or NAME:N (the N-th time). A round
 * that did what NAME says dies right before its commit ("before-NAME"), or behind it with nothing let go
 * ("after-NAME"). The names are those of CRASH_POINTS. Nothing happens unless zone_deps.crash_points is set. */
#ifndef ZONE_CRASH_H
#define ZONE_CRASH_H

#include <stdbool.h>

/* CRASH_POINT(NAME, "name", what the round did) */
#define CRASH_POINTS                                                                                                   \
	CRASH_POINT(JOB, "job", a job was accepted)                                                                    \
	CRASH_POINT(SLICE, "slice", acts of a long job were made)                                                      \
	CRASH_POINT(CLAIM, "claim", an act was claimed)                                                                \
	CRASH_POINT(SENT, "sent", an act became sent)                                                                  \
	CRASH_POINT(REQUEUE, "requeue", an act went back to queued)                                                    \
	CRASH_POINT(DOUBT, "doubt", an act fell into doubt)                                                            \
	CRASH_POINT(FINAL, "final", an act became final)                                                               \
	CRASH_POINT(COUNT, "count", a job was counted)                                                                 \
	CRASH_POINT(DISCOVERED, "discovered", a sighting was written)                                                  \
	CRASH_POINT(OCCURRENCE, "occurrence", a due time of a schedule was handled)

enum crash_point {
#define CRASH_POINT(NAME, name, what) CRASH_##NAME,
	CRASH_POINTS
#undef CRASH_POINT
		CRASH_POINT_COUNT,
};

struct zone;
void crash_mark(struct zone *z, enum crash_point p);
void crash_here(const struct zone *z, bool committed); /* does not come back when this is the place */

#endif
