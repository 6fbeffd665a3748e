/* event.h - what happened, numbered in the commit.
 *
 * A stored event has id server * 2^40 + sequence; body is the whole object "event" of codec/api.tbl.h. kind is its kind
 * alone; object is the job for kinds job and act, the scan for scan and discovered (0: found unasked), else the id of
 * the thing: so a follower of one job or scan can be served from the table. Progress is volatile: it is not stored and
 * has sequence 0. */
#ifndef ZONE_EVENT_H
#define ZONE_EVENT_H

#include <stdint.h>

#include "base/buf.h"

struct err;
struct json_writer;
struct zone;

struct tell {
	const char *kind, *change; /* constant texts */
	int64_t id;
	const char *name; /* "" none */
	int64_t job, scan;
	struct bytes data; /* a JSON object; none: "{}" */
	bool of_rights;    /* see struct zone_event */
};

int event_tell(struct zone *z, const struct tell *t, struct err *e);
void event_tell_progress(struct zone *z, const struct tell *t);
int event_load(struct zone *z, struct err *e); /* the last number */

#endif
