/* engine.h - the schedules of the zone at work: what falls due becomes jobs.
 *
 * Each entry has one stream per time zone in which it may fall due; the streams stand in a heap by their next due time,
 * so that an idle zone sleeps until then. All due times of one round are handled in its transaction: the devices are
 * chosen and frozen, one job each, acts with slots of their own; so a device that moves at that moment gets one
 * command.
 *
 * Exactly once: a due time is taken by a row (schedule, local time, time zone) that is unique. Everything due until the
 * cursor was handled; it is stored whenever something was, and once a minute. A clock that is put back lets due times
 * come again, and they find their rows; one that is put forward makes them late, and what is too late is left out as
 * missed, with an event. The newest intent wins: of several due times for one device in a round the latest one, and
 * what older ones still have queued is skipped.
 *
 * The state is a cache of the database (engine_load). One thread, the zone's. */
#ifndef ZONE_ENGINE_H
#define ZONE_ENGINE_H

#include "zone/plan.h"
#include "zone/zone_priv.h"

struct engine *engine_new(void);
void engine_free(struct engine *g);
int engine_load(struct zone *z, struct err *e);
void engine_stale(struct zone *z); /* something that a plan is made of has changed */
/* A level or group goes, with its list and tasks; what those have open is cancelled. */
int engine_forget_level(struct zone *z, int scope, int64_t object, struct err *e);
/* Handles what is due. */
int engine_run(struct zone *z, struct err *e);
int64_t engine_wake(const struct zone *z);      /* wall time; INT64_MAX: nothing will fall due */
int engine_keep(struct zone *z, struct err *e); /* stores the cursor */
/* The plan as the database stands now; borrowed until the next change. */
int engine_plan(struct zone *z, struct plan **ret, struct err *e);
bool engine_waits_for_contact(const struct zone *z); /* some schedule is of the kind refresh */
/* Conversations may trigger schedules of the kind refresh. seen_at and reason: of the interface, before this contact.
 */
int engine_on_contact(struct zone *z, int64_t device, int64_t by_schedule, int64_t seen_at, int reason, struct err *e);

#endif
