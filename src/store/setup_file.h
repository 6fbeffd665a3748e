/* setup_file.h - files for USB keys that were made, and what is kept of each of their records.
 *
 * The password of a record is sealed as that of a credential which does not exist yet (place: table "credential", id of
 * the record, field "secret", version 1); it becomes one, with the same id, when a computer appears that took the
 * record. The PPS is sealed for table "setup_record", id, field "pps", version 1. */
#ifndef STORE_SETUP_FILE_H
#define STORE_SETUP_FILE_H

#include "store/store.h"

struct arena;

struct store_setup_file {
	int64_t id;
	const char *name;
	const char *version; /* of the format: "2.1" */
	bool is_shared;      /* one record, the same for all computers */
	const char *fqdn, *suffix;
	const char *created_by;
	int64_t created_at, expires_at;
	int64_t records, used; /* counted; not written */
};

struct store_setup_record {
	int64_t id, file, number; /* number: 1, 2, ... */
	struct bytes password;    /* sealed */
	const char *pid;          /* "" none */
	struct bytes pps;         /* sealed; empty: none */
	int64_t used_at;          /* 0: not yet */
	int64_t device;           /* that took it; 0 none */
	const char *device_name;  /* "" none; not written */
};

int store_setup_file_add(struct db *db, const struct store_setup_file *f, struct err *e); /* ERR_EXISTS: the name */
int store_setup_file_delete(struct db *db, int64_t id, struct err *e);                    /* with its records */
int store_setup_file_get(struct db *db, struct arena *a, int64_t id, struct store_setup_file *ret, struct err *e);
int store_setup_file_by_name(struct db *db, struct arena *a, const char *name, struct store_setup_file *ret,
			     struct err *e);
typedef int (*store_setup_file_fn)(void *arg, const struct store_setup_file *row);
int store_setup_file_list(struct db *db, const char *after_name, int limit, store_setup_file_fn each, void *arg,
			  struct err *e); /* by name */

int store_setup_record_add(struct db *db, const struct store_setup_record *r, struct err *e); /* ERR_EXISTS: the PID */
int store_setup_record_get(struct db *db, struct arena *a, int64_t id, struct store_setup_record *ret, struct err *e);
int store_setup_record_by_number(struct db *db, struct arena *a, int64_t file, int64_t number,
				 struct store_setup_record *ret, struct err *e);
int store_setup_record_by_pid(struct db *db, struct arena *a, const char *pid, struct store_setup_record *ret,
			      struct err *e);
typedef int (*store_setup_record_fn)(void *arg, const struct store_setup_record *row);
/* By number; without the sealed bytes. */
int store_setup_record_list(struct db *db, int64_t file, int64_t after_number, int limit, store_setup_record_fn each,
			    void *arg, struct err *e);
/* A computer took it; device 0: which is not known. ERR_NOT_FOUND. */
int store_setup_record_use(struct db *db, int64_t id, int64_t used_at, int64_t device, struct err *e);

#endif
