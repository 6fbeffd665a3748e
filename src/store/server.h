/* server.h - the zone and its servers. */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

#include "base/text.h"
#include "store/store.h"

struct arena;

struct store_zone {
	struct uuid id; /* survives every rename */
	const char *name;
	int64_t created_at;
};
int store_zone_get(struct db *db, struct arena *a, struct store_zone *ret,
		   struct err *e);                                            /* NOT_FOUND: a new database */
int store_zone_put(struct db *db, const struct store_zone *z, struct err *e); /* there is one: overwrites */

struct store_server {
	int64_t id; /* below 8,192: it is part of event ids */
	const char *name;
	struct uuid uuid; /* SMBIOS UUID of its machine; nil unknown */
	const char *fqdn, *address, *version;
	int64_t epoch; /* rises with each start */
	int64_t started_at, seen_at;
};
int store_server_add(struct db *db, const struct store_server *s, struct err *e); /* ERR_EXISTS: the name */
int store_server_put(struct db *db, const struct store_server *s, struct err *e); /* ERR_NOT_FOUND, ERR_EXISTS */
/* The next epoch of this server, with its start time. */
int store_server_start(struct db *db, int64_t id, int64_t now, int64_t *ret_epoch, struct err *e);
int store_server_seen(struct db *db, int64_t id, int64_t now, struct err *e);
int store_server_get(struct db *db, struct arena *a, int64_t id, struct store_server *ret, struct err *e);
int store_server_by_name(struct db *db, struct arena *a, const char *name, struct store_server *ret, struct err *e);
typedef int (*store_server_fn)(void *arg, const struct store_server *row);
int store_server_list(struct db *db, store_server_fn each, void *arg, struct err *e); /* by name */

#endif
