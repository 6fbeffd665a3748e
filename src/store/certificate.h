/* certificate.h - certificates of the zone with their sealed keys, and the requests for more; pki/ makes and reads
 * them. */
#ifndef STORE_CERTIFICATE_H
#define STORE_CERTIFICATE_H

#include "store/store.h"

struct arena;

#define STORE_CERTIFICATE_CA         "ca"
#define STORE_CERTIFICATE_SERVER     "server"
#define STORE_CERTIFICATE_MANAGEMENT "management"

struct store_certificate {
	int64_t id;
	const char *kind;
	int64_t server;    /* whose it is; of kind ca: 0 */
	struct bytes cert; /* DER */
	struct bytes
		chain; /* those above it, DER behind DER, the root last; empty where the zone's root is the only one */
	struct bytes key; /* sealed PKCS#8 DER; place: table "certificate", row id, field "key", key_version */
	int64_t key_version;
	const char *note; /* what was unusual about it; or "" */
	int64_t not_before, not_after, created_at;
};
typedef int (*store_certificate_fn)(void *arg, const struct store_certificate *row);

int store_certificate_add(struct db *db, const struct store_certificate *c, struct err *e);
int store_certificate_delete(struct db *db, int64_t id, struct err *e); /* ERR_NOT_FOUND */
int store_certificate_get(struct db *db, struct arena *a, int64_t id, struct store_certificate *ret, struct err *e);
/* The newest of its kind (and server, 0 for the CA). ERR_NOT_FOUND. */
int store_certificate_newest(struct db *db, struct arena *a, const char *kind, int64_t server,
			     struct store_certificate *ret, struct err *e);
/* By id, those behind after; rows live for the call. */
int store_certificate_list(struct db *db, int64_t after, int limit, store_certificate_fn each, void *arg,
			   struct err *e);

struct store_request {
	int64_t id;
	int64_t server;
	const char *kind; /* "management", "device" */
	bool is_ca;
	const char *name;     /* common name */
	struct bytes request; /* PKCS#10 DER */
	struct bytes key;     /* sealed; place: table "certificate_request", row id, field "key", key_version */
	int64_t key_version;
	int64_t created_at;
};
typedef int (*store_request_fn)(void *arg, const struct store_request *row);
int store_request_add(struct db *db, const struct store_request *r, struct err *e);
int store_request_delete(struct db *db, int64_t id, struct err *e); /* ERR_NOT_FOUND */
int store_request_get(struct db *db, struct arena *a, int64_t id, struct store_request *ret, struct err *e);
/* By id, those behind after. With an arena rows live as long as that, else for the call. */
int store_request_list(struct db *db, struct arena *a, int64_t after, int limit, store_request_fn each, void *arg,
		       struct err *e);

#endif
