/* audit.h - who did what: one hash chain per server, appended in the transaction of the deed itself.
 *
 * hash = SHA-256(previous hash (32 zero bytes for the first) || id || time (both 64-bit big-endian) || actor, action,
 * object, detail (each: 32-bit big-endian length, bytes)). The id is server * 2^40 + sequence, without gaps. The newest
 * id and hash stand once more in audit_head, so that rows taken from the end are missed. Old rows are cut off at a
 * recorded checkpoint only.
 *
 * Hashes can be made anew by whoever writes to the database. So each of them, the head, and each checkpoint also carry
 * a MAC with a key that is not in the database:
 *   HMAC-SHA256(key, tag (4 bytes) || id || hash || more), numbers as above, and
 *   tag "row ": a row's; "torn": that of a row behind an end that is not what this server wrote; "head";
 *   "cut ": a checkpoint's, more = time || removed; "seal": more = time.
 * Rows of the time before there was a key have no MAC; the seal says up to which row, and with which hash there. An end
 * that is not what was written is no reason to stop: the chain goes on behind it, and names that place ever after. A
 * database that was put back to an earlier copy of itself as a whole is not noticed here; what was exported, and what a
 * target got, tells. */
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
	struct bytes mac;   /* 32 bytes, or none; the same */
};

/* The chain of one server. key: 32 bytes, borrowed; BYTES_NONE: no MAC is made, and none asked for. */
#define STORE_AUDIT_KEY_SIZE 32
struct store_audit_chain {
	int64_t server;
	struct bytes key;
};

/* Appends to the chain, and moves its head. *ret_id may be NULL. */
int store_audit_add(struct db *db, const struct store_audit_chain *of, const struct store_audit *a, int64_t *ret_id,
		    struct err *e);
/* A key is new: what is there is taken as it is, and MACs begin behind it. *ret_last: the last row without one, with
 * ret_hash; *ret_bad: 0, or the first row that did not hold then, which the walk will name ever after. Needs a key. */
int store_audit_seal(struct db *db, const struct store_audit_chain *of, int64_t now, int64_t *ret_last,
		     uint8_t ret_hash[32], int64_t *ret_bad, struct err *e);
/* The id of the newest row of this server; that of sequence 0 when there is none. */
int store_audit_last(struct db *db, int64_t server, int64_t *ret_id, struct err *e);
typedef int (*store_audit_fn)(void *arg, const struct store_audit *row);

/* Which rows; "" and 0 leave a condition out. */
struct store_audit_filter {
	int64_t server;
	const char *actor;
	const char *action; /* "device.add", or "device" for all that begins with "device." */
	const char *object;
	int64_t since, until; /* times */
};
#define STORE_AUDIT_FILTER_INIT(server_id)                                                                             \
	((struct store_audit_filter){.server = (server_id), .actor = "", .action = "", .object = ""})
/* Newest first, below before_id (0: from the newest). */
int store_audit_list(struct db *db, const struct store_audit_filter *f, int64_t before_id, int limit,
		     store_audit_fn each, void *arg, struct err *e);
/* Oldest first, behind after_id, of the server in after_id. */
int store_audit_follow(struct db *db, int64_t after_id, int limit, store_audit_fn each, void *arg, struct err *e);

/* How often each action was done in a time, on all servers; refused ones apart. */
typedef int (*store_audit_count_fn)(void *arg, const char *action, bool refused, int64_t count);
int store_audit_counts(struct db *db, int64_t since, int64_t until, store_audit_count_fn each, void *arg,
		       struct err *e);

/* Where a chain was cut: rows up to id are gone, and hash is what the next one follows from. */
struct store_audit_checkpoint {
	int64_t id, time;
	uint8_t hash[32];
	int64_t removed; /* rows that this cut took */
};
/* The newest of this server; id is that of sequence 0, and hash zeros, when nothing was ever cut. */
int store_audit_checkpoint(struct db *db, int64_t server, struct store_audit_checkpoint *ret, struct err *e);
/* Removes up to limit of the oldest rows that are older than before, the newest never, and records the checkpoint in
 * the same transaction. A row that does not hold is not removed, nor anything behind it: it is what somebody wants to
 * be rid of. ret->removed: how many; 0: none, and nothing was written. Whoever calls writes an audit row about it. */
int store_audit_cut(struct db *db, const struct store_audit_chain *of, int64_t before, int64_t now, int limit,
		    struct store_audit_checkpoint *ret, struct err *e);

/* What is wrong with a chain. */
enum store_audit_fault {
	STORE_AUDIT_FINE,
	STORE_AUDIT_CHANGED, /* the row does not follow from the one before: it was changed, or the one before with its
				hash */
	STORE_AUDIT_REMOVED, /* the row is not there */
	STORE_AUDIT_ADDED,   /* the row stands behind the end of the chain */
	STORE_AUDIT_REWRITTEN, /* the row fits those before it, but was not written by who has the key */
	STORE_AUDIT_TORN,      /* the end of the chain before this row was changed: rows may be missing */
	STORE_AUDIT_BEHEADED,  /* the checkpoint before this row was not made by who has the key */
};

const char *store_audit_fault_text(enum store_audit_fault f); /* "was removed" ... */

/* A walk over the chain from its checkpoint on, in pages, so that no reading transaction lasts long. */
struct store_audit_walk {
	struct store_audit_chain of;
	struct store_audit_checkpoint from;
	int64_t sealed; /* id of the last row without a MAC; 0: there is none */
	uint8_t sealed_hash[32];
	int64_t expected; /* id of the next row */
	uint8_t hash[32]; /* of the row before it */
	int64_t rows;     /* that hold so far */
	int64_t last_time;
	bool done; /* to the end, or to the first fault */
	enum store_audit_fault fault;
	int64_t bad; /* id of the first row at fault */
};
int store_audit_walk_start(struct db *db, const struct store_audit_chain *of, struct store_audit_walk *ret,
			   struct err *e);
/* The next up to limit rows. Rows that were added after the walk began are walked too. 0 also when it finds a fault. */
int store_audit_walk_page(struct db *db, struct store_audit_walk *w, int limit, struct err *e);

/* Walks the whole chain. 0 and *ret_bad = 0 when it holds; ERR_TAMPERED and *ret_bad = the first id at fault. */
int store_audit_verify(struct db *db, const struct store_audit_chain *of, int64_t *ret_bad, struct err *e);

#endif
