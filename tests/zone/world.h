/* world.h - a small model of wire and of the devices behind it: conversations, gates, orders that are lost, late,
 * refused or obeyed without a reply. It counts what each act made its device do, so that a test can say after any
 * number of crashes that nothing was done twice, nothing was lost and nothing is told falsely; and that each boot goes
 * where its order says. */
#ifndef TESTS_ZONE_WORLD_H
#define TESTS_ZONE_WORLD_H

#include "base/rng.h"
#include "harness.h"

/* Chances in percent. */
struct faults {
	unsigned unreachable, lost_request, lost_reply, late, busy, no_change, slow_gate;
	unsigned no_audit; /* devices without a log that proves */
	unsigned torn;     /* a conversation breaks behind its boot settings, or before they are taken back */
	unsigned crash;    /* of the zone's process, each round */
	unsigned freeze;   /* of the process, longer than a lease */
};

struct world;

struct world *world_new(struct harness *h, uint64_t seed, const struct faults *faults, int devices);
void world_free(struct world *w);
/* Lets time pass until every job is final or ms are over; false: something is still open. */
bool world_run(struct world *w, int64_t ms);
/* Lets time pass, whether anything is open or not. */
void world_pass(struct world *w, int64_t ms);
/* The crash_at-th round (from 1) that writes dies before its commit, or right behind it. 0: none. */
void world_crash_at(struct world *w, unsigned round, bool after_commit);
unsigned world_rounds(const struct world *w); /* that wrote something */
/* Every act is final; each was obeyed at most once; done, failed and the others are true; the counts are right. */
void world_check(struct world *w);
unsigned world_obeyed(const struct world *w);
unsigned world_crashes(const struct world *w);
/* Turns a device on or off by hand. */
void world_power_fails(struct world *w, int64_t ms); /* nobody answers for so long, and all are off then */
void world_set_power(struct world *w, int device, bool on);

#endif
