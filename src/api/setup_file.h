/* setup_file.h - makes files for USB keys, on a worker: draws what is secret in them, seals it for the zone, and writes
 * the file, which goes to who asked and is kept nowhere. */
#ifndef API_SETUP_FILE_H
#define API_SETUP_FILE_H

#include "base/secret.h"
#include "zone/zone.h"

struct api_call;
struct db;
struct err;
struct vault;

#define SETUP_FILE_RECORDS_MAX 1000

struct setup_file_order {
	const struct api_call *call;
	struct db *db;
	const struct vault *vault;
	int64_t server;                       /* our id */
	const struct secret *current, *fresh; /* MEBx passwords; empty: admin, and drawn for each record */
};

/* *ret lives in the call's arena. *ret_file: base64 of the file, or of the image of a key with it. ERR_INVALID and
 * others for arguments that do not go together, ERR_PASSWORD_RULE, ERR_SYSTEM where the programs for images are
 * missing. */
int setup_file_make(const struct setup_file_order *o, const struct zone_setup **ret, struct secret *ret_file,
		    struct err *e);

#endif
