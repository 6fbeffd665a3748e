/* calendar.h - black-outs as they count for a device: the calendars that setting black-outs names for it, its folder or
 * the zone. Their ranges are kept in memory once they were asked for (about 100 bytes each), until a calendar changes.
 * One thread, the zone's. */
#ifndef ZONE_CALENDAR_H
#define ZONE_CALENDAR_H

#include "codec/recur.h"
#include "zone/zone_priv.h"

#define CALENDAR_RANGES_MAX 5000 /* of one calendar */

/* The range in which the instant lies for this device (or for a folder: device 0), by its wall clock (setting
 * time-zone); NULL: none. Lives until the next change of a calendar or setting. A calendar that is gone counts as
 * empty. folder and device as for setting_at. Where black-outs is set nowhere it costs no query. */
int calendar_black_out(struct zone *z, int64_t folder, int64_t device, int64_t utc_ms, const struct recur_out **ret,
		       struct err *e);
/* Whether all calendars of a value of black-outs exist. */
int calendar_check_names(struct zone *z, const char *names, struct err *e);
void calendar_forget(struct zone *z); /* a calendar changed, or a round failed */

#endif
