/* message.h - what the zone has to say to people: rows of store/message.tbl.h, written in the transaction of what they
 * tell.
 *
 * A message is kept in the database (debug only in the local log file), shown by `lamp message`, acknowledged by hand
 * or after a time, purged after another, and passed on to targets. It is about one thing; the worst message of a thing
 * that nobody has acknowledged is the thing's state. Events (event.h) are for programs that follow; messages are for
 * people. The zone's thread. */
#ifndef ZONE_MESSAGE_H
#define ZONE_MESSAGE_H

#include "store/message.h"

struct err;
struct zone;

/* What is said. All pointers are borrowed for the call. */
struct message {
	enum message_id id;
	enum message_severity severity; /* 0: the table's */
	const char *by;                 /* principal whose doing it was; NULL: the server's own */
	enum message_kind kind;         /* what it is about; names are for people, "" where there is none */
	int64_t object;
	const char *name;
	int64_t related;  /* number of a job or scan, 0 none */
	const char *text; /* one sentence that names the thing, the reason and the next step; NULL: the table's */
	const char *more; /* a device's own words and the like; NULL none */
};

/* Texts longer than STORE_MESSAGE_TEXT_MAX are cut. Fails with the store's errors only. */
int message_add(struct zone *z, const struct message *m, struct err *e);

int message_load(struct zone *z, struct err *e); /* the last number */
/* What is old enough is acknowledged by itself, and what is older still is removed: at most *left rows. */
int message_tidy(struct zone *z, int64_t *left, struct err *e);

#endif
