/* filter.h - filters of codec/devfilter.h and the devices of the database. Pure: any thread, also api's workers. */
#ifndef ZONE_FILTER_H
#define ZONE_FILTER_H

#include "codec/devfilter.h"
#include "store/device.h"

/* What a filter is for, which says what it may ask. */
enum filter_use {
	FILTER_DEVICES, /* devices that are there: all but source */
	FILTER_NEW,     /* a device that is being made: name, tag, amt, address, source */
};

/* The filter of text; the caller frees it with devfilter_free. ERR_INVALID also: a condition that does not go with the
 * use, or a word that is none. ERR_MISSING, ERR_TOO_BIG. */
int filter_parse(const char *text, enum filter_use use, struct devfilter **ret, struct err *e);

/* What is known of a device; borrows from the row. */
void filter_facts(const struct store_device_view *v, int64_t now, struct devfilter_facts *ret);
/* Since the device answered last; one that never did has not been seen since it was made. ms */
int64_t filter_unseen(const struct store_device_view *v, int64_t now);

#endif
