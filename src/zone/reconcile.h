/* reconcile.h - AMT interfaces and inventory records are brought together: by schedule (every 24 hours unless said
 * otherwise), at once when asked, and by hand.
 *
 * A run reads all keys in pages, one a round, matches them in memory (zone/match.h) and writes what differs from
 * before, in slices: so the zone's loop is never held, and a run that finds nothing new writes nothing but when it ran.
 * What it decided from keys that changed meanwhile fails its compare-and-set or is mended by the next run. A run that
 * was broken off (the round failed, the process died) begins anew. One thread, the zone's. */
#ifndef ZONE_RECONCILE_H
#define ZONE_RECONCILE_H

#include "codec/recur.h"
#include "store/reconcile.h"
#include "zone/match.h"
#include "zone/zone_priv.h"

struct reconcile *reconcile_new(void);
void reconcile_free(struct reconcile *r);
int reconcile_load(struct zone *z, struct err *e); /* also after a round that failed */
void reconcile_committed(struct zone *z);          /* the round is on disk */
int reconcile_step(struct zone *z, struct err *e); /* what is due, or the next slice of the run */
int64_t reconcile_wake(const struct zone *z);
int reconcile_start(struct zone *z, const char *by, struct err *e); /* joins one that runs */
uint64_t reconcile_ended(const struct zone *z);                     /* number of runs that ended */
int reconcile_changed(struct zone *z, struct err *e);               /* the row says something else about when */

/* A device with an interface and without a record becomes one with a device that has a record: the interface goes
 * there, with tags, memberships and what is discovered, and the first one goes. MATCH_LINKED, or why not: BUSY,
 * OWN_RULES, HAS_AMT. Nothing is written then. */
int reconcile_merge(struct zone *z, const char *by, int64_t amt, int64_t from, int64_t to, enum match_reason *ret,
		    struct err *e);

#endif
