/* certificate.h - certificates of the zone with their sealed keys; pki/ makes and reads them. */
#ifndef STORE_CERTIFICATE_H
#define STORE_CERTIFICATE_H

#include "store/store.h"

struct arena;

#define STORE_CERTIFICATE_CA     "ca"
#define STORE_CERTIFICATE_SERVER "server"

struct store_certificate {
	int64_t id;
	const char *kind;
	int64_t server;    /* of kind server; else 0 */
	struct bytes cert; /* DER */
	struct bytes key;  /* sealed PKCS#8 DER; place: table "certificate", row id, field "key", key_version */
	int64_t key_version;
	int64_t not_before, not_after, created_at;
};

int store_certificate_add(struct db *db, const struct store_certificate *c, struct err *e);
int store_certificate_delete(struct db *db, int64_t id, struct err *e); /* ERR_NOT_FOUND */
/* The newest of its kind (and server, 0 for the CA). ERR_NOT_FOUND. */
int store_certificate_newest(struct db *db, struct arena *a, const char *kind, int64_t server,
			     struct store_certificate *ret, struct err *e);

#endif
