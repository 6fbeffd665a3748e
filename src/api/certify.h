/* certify.h - what commands about certificates need keys and time for, done on a worker: keys are made, certificates
 * signed, and files of others read and checked. What came of it goes to the zone as a struct zone_made, which keeps it
 * when it still fits. The only place of api/ that opens sealed values: keys that sign. */
#ifndef API_CERTIFY_H
#define API_CERTIFY_H

#include "store/db.h"
#include "zone/access.h"
#include "zone/zone.h"

struct err;
struct secret;
struct vault;

bool certify_takes(enum api_command_id id);

struct certify {
	struct db *db;
	const struct vault *vault;
	const struct asker *who;
	struct api_call *call; /* files in it are wiped */
	const struct secret *password;
	int64_t server, now;
};
/* The right to it is asked first. *ret is the caller's to free (zone_made_free). Errors: those of pki/, of the store,
 * and ERR_NOT_ALLOWED. */
int certify_run(const struct certify *c, struct zone_made **ret, struct err *e);

#endif
