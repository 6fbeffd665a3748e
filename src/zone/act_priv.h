/* act_priv.h - what act.c (states, and how acts end) and act_start.c (how conversations begin) share. */
#ifndef ZONE_ACT_PRIV_H
#define ZONE_ACT_PRIV_H

#include "zone/zone_priv.h"

#define BOUND_MS 60000 /* how long wire may overrun a deadline before it is no longer waited for */

/* A setting of the act's device. Where that cannot be read the zone's does: nothing here may fail for it. */
int64_t act_setting(struct zone *z, enum setting_id id, int64_t device);
/* Another act than expected is in the database: memory follows it. */
int act_resync(struct zone *z, struct slot *s, struct err *e);
int act_finish_simply(struct zone *z, struct slot *s, enum act_state to, int code, struct err *e);
/* Its deadline passed in the queue. */
int act_expire(struct zone *z, struct slot *s, struct err *e);
/* Why the compare-and-set of `sent` or `claimed` found no row. */
int act_why_not(struct zone *z, const struct slot *s, int *ret_code, struct err *e);
bool act_is_cancelled(struct zone *z, const struct slot *s);
bool act_minds_hold(enum verb v);
/* Whether a boot choice may stand in the device; and that it may from now on, or does not any more. */
bool act_boot_is_left(const struct zone *z, int64_t amt);
int act_note_boot(struct zone *z, int64_t amt, bool left, struct err *e);

/* act_start.c. Reads only: was the order obeyed? An interface that can no longer be asked leaves the act to its
 * deadline. */
int act_start_settle(struct zone *z, struct slot *s, struct err *e);

#endif
