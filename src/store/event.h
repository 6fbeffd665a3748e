/* event.h - what happened, numbered in the commit, kept 24 hours so that a client can go on where it was.
 *
 * An event's id is server * 2^40 + sequence, so the events of one server are one range that rises with time. One
 * event may tell of many acts (a list in its body): a sweep of 10,000 devices need not write 10,000 events. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/store.h"

#define STORE_SEQ_BITS            40
#define STORE_SEQ_ID(server, seq) (((int64_t)(server) << STORE_SEQ_BITS) | (int64_t)(seq))
#define STORE_SEQ_SERVER(id)      ((int64_t)(id) >> STORE_SEQ_BITS)
#define STORE_SEQ_OF(id)          ((int64_t)(id) & (((int64_t)1 << STORE_SEQ_BITS) - 1))

struct store_event {
	int64_t id; /* the writer counts: store_event_last + 1 */
	int64_t time;
	const char *kind; /* "job.ended", "act.final", ... */
	int64_t object;   /* id of what it is about; 0 none */
	const char *body; /* JSON object */
};

int store_event_add(struct db *db, const struct store_event *ev, struct err *e);
/* The newest id of this server, or STORE_SEQ_ID(server, 0). */
int store_event_last(struct db *db, int64_t server, int64_t *ret_id, struct err *e);
/* The oldest id of this server that is still there, or 0: a client that wants older ones has missed some. */
int store_event_first(struct db *db, int64_t server, int64_t *ret_id, struct err *e);
typedef int (*store_event_fn)(void *arg, const struct store_event *row);
/* Behind after_id, of the server in after_id. */
int store_event_list(struct db *db, int64_t after_id, int limit, store_event_fn each, void *arg, struct err *e);
/* Removes up to limit of the oldest that are older than before. The newest of all stays, so that numbers go on. */
int store_event_purge(struct db *db, int64_t server, int64_t before, int limit, int64_t *ret_count, struct err *e);

#endif
