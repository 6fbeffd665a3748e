/* discovered.h - what answered a scan or said hello. One row per address; identity by UUID is for zone/ to decide. */
#ifndef STORE_DISCOVERED_H
#define STORE_DISCOVERED_H

#include "store/amt.h"
#include "store/store.h"

/* Where it was seen; a set. */
enum store_source {
	STORE_SOURCE_RMCP = 1,
	STORE_SOURCE_TCP = 2,
	STORE_SOURCE_PROBE = 4,
	STORE_SOURCE_HELLO = 8,
	STORE_SOURCE_AGENT = 16,
};

enum store_provisioned {
	STORE_PROVISIONED_UNKNOWN,
	STORE_PROVISIONED_NO,
	STORE_PROVISIONED_YES,
	STORE_PROVISIONED_IN_SETUP,
};
enum store_answer { STORE_ANSWER_UNKNOWN, STORE_ANSWER_YES, STORE_ANSWER_NO };

struct store_discovered {
	int64_t id;
	const char *address; /* canonical text of an IP address; unique */
	const char *name;    /* by DNS; "" unknown */
	int port;            /* that answered: 16992 or 16993; 0 none yet */
	struct uuid uuid;    /* nil unknown */
	const char *version; /* "" unknown */
	enum store_provisioned provisioned;
	enum store_amt_mode mode;
	enum store_transport transport;
	const char *realm;
	unsigned sources; /* set of enum store_source */
	int64_t first_at, seen_at, valid_until;
	int reason;                   /* of the last probe: number of base/err.tbl.h; 0 well */
	const char *detail;           /* "" none */
	int64_t device;               /* 0: not imported */
	enum store_answer plain, tls; /* whether the two ports answer */
	struct store_hello {
		int version;         /* enum hello_version; 0: it said no hello */
		int64_t retry;       /* of the last message */
		int64_t at, since;   /* the last message, and the first of the present series */
		int64_t until;       /* end of the time in which it can be set up */
		bool admin_set;      /* its password is not the factory's */
		const char *pid;     /* "" none; NULL counts as "" */
		struct bytes hashes; /* of the roots that it trusts: hello_hash_next */
	} hello;
};

int store_discovered_add(struct db *db, const struct store_discovered *d, struct err *e); /* ERR_EXISTS: the address */
int store_discovered_put(struct db *db, const struct store_discovered *d, struct err *e); /* NOT_FOUND, EXISTS */
int store_discovered_delete(struct db *db, int64_t id, struct err *e);
int store_discovered_get(struct db *db, struct arena *a, int64_t id, struct store_discovered *ret, struct err *e);
int store_discovered_by_address(struct db *db, struct arena *a, const char *address, struct store_discovered *ret,
				struct err *e);
typedef int (*store_discovered_fn)(void *arg, const struct store_discovered *row);
int store_discovered_by_uuid(struct db *db, const struct uuid *u, store_discovered_fn each, void *arg, struct err *e);
/* The link to a device; 0 takes it away. ERR_NOT_FOUND. */
int store_discovered_link(struct db *db, int64_t id, int64_t device, struct err *e);

struct store_discovered_filter {
	int64_t after_id;
	int imported;     /* 0 not imported only, 1 imported only, -1 both */
	int64_t valid_at; /* only what is valid at this time; 0 all */
	int limit;
};
int store_discovered_list(struct db *db, const struct store_discovered_filter *f, store_discovered_fn each, void *arg,
			  struct err *e);
/* When the next validity behind `after` ends; 0: none does. */
int store_discovered_next_end(struct db *db, int64_t after, int64_t *ret, struct err *e);
/* Whose validity ended in (after, until], in the order of valid_until, id, behind the last row's two. */
int store_discovered_ended(struct db *db, int64_t after, int64_t until, int64_t last_until, int64_t last_id, int limit,
			   store_discovered_fn each, void *arg, struct err *e);
int store_discovered_count(struct db *db, int64_t *ret, struct err *e); /* that are no device's */
/* Those that nothing but a hello told of, and that are no device's: how many, and away with the limit of them that were
 * seen longest ago. */
int store_discovered_count_hello(struct db *db, int64_t *ret, struct err *e);
int store_discovered_drop_hello(struct db *db, int limit, struct err *e);
/* Removes up to limit that are no device's and were valid until before `before`. */
int store_discovered_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e);

#endif
