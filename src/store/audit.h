/* audit.h - who did what: one hash chain per server, appended in the transaction of the deed itself.
 *
 * hash = SHA-256(previous hash (32 zero bytes for the first) || id || time (both 64-bit big-endian) || actor, action,
 * object, detail (each: 32-bit big-endian length, bytes)). The id is server * 2^40 + sequence, without gaps. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/event.h"
#include "store/store.h"

struct store_audit {
	int64_t id; /* set by _add */
	int64_t time;
	const char *actor;  /* principal, as "uid:1000" or "token:NAME" */
	const char *action; /* "device.add" */
	const char *object; /* "device:desk-17" */
	const char *detail; /* JSON object; never a secret */
	struct bytes hash;  /* 32 bytes; set by _add, filled by _list */
};

/* Appends to the chain of this server; reads the last row of the chain for its hash. *ret_id may be NULL. */
int store_audit_add(struct db *db, int64_t server, const struct store_audit *a, int64_t *ret_id, struct err *e);
typedef int (*store_audit_fn)(void *arg, const struct store_audit *row);
/* Newest first, below before_id of the same server (0: from the newest). */
int store_audit_list(struct db *db, int64_t server, int64_t before_id, int limit, store_audit_fn each, void *arg,
		     struct err *e);
/* Walks the whole chain. 0 and *ret_bad = 0 when it holds; ERR_TAMPERED and *ret_bad = the first id that does not
 * follow from what stands before it (or that is missing). */
int store_audit_verify(struct db *db, int64_t server, int64_t *ret_bad, struct err *e);

#endif
