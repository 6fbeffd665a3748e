/* reconcile_view.h - the reconciliation as both sides answer it: when it runs, and what the last run found. Only reads;
 * any thread with a connection of its own. */
#ifndef ZONE_RECONCILE_VIEW_H
#define ZONE_RECONCILE_VIEW_H

#include "codec/recur.h"
#include "store/reconcile.h"

struct json_writer;

/* The rule in force: that of the row, else every 24 hours from the minute in which the zone was made. */
int reconcile_rule(const struct store_reconcile *row, int64_t zone_created, struct recur *ret, struct err *e);
/* The row, or one with nothing in it. */
int reconcile_state(struct db *db, struct arena *a, struct store_reconcile *ret, struct err *e);
/* The zone's setting time-zone. */
const char *reconcile_zone(struct db *db, struct arena *a);
/* The object "reconciliation". */
int reconcile_write(struct db *db, struct arena *a, struct json_writer *json, const struct store_reconcile *row,
		    int64_t now, struct err *e);

#endif
