/* certificate.h - how certificates and requests of the zone are shown: objects of codec/api.tbl.h, for the zone's
 * answers and for the API's reads. No state; any thread. */
#ifndef ZONE_CERTIFICATE_H
#define ZONE_CERTIFICATE_H

#include "codec/json.h"
#include "store/certificate.h"

struct arena;

struct certificate_about {
	const char *server; /* whose it is; NULL: the zone's */
	bool in_use;        /* not replaced by a newer one */
	int64_t now;        /* ms UTC */
};
/* Writes the object "certificate". ERR_CERT_UNREADABLE. */
int certificate_write(struct json_writer *json, struct arena *a, const struct store_certificate *c,
		      const struct certificate_about *about, struct err *e);

/* Writes the object "certificate_request", with the request as PEM. ERR_MALFORMED. */
int certificate_request_write(struct json_writer *json, const struct store_request *r, const char *server,
			      struct err *e);

/* Writes the object "file": name, media type and content. */
void certificate_file_write(struct json_writer *json, const char *name, const char *media, struct bytes content);

/* The certificate whose hash goes into devices that this server sets up: the root of its management certificate, or the
 * zone's root where it has none. *ret_root lives in a. ERR_NOT_FOUND: there is neither. */
int certificate_anchor(struct db *db, struct arena *a, int64_t server, struct bytes *ret_root, bool *ret_outside,
		       struct err *e);

#endif
