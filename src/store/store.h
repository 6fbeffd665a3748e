/* store.h - the folder store: the records of the zone, and every SQL statement of the product.
 *
 * db.h, sql.tbl.h            the driver interface and the statements, in the subset that SQLite and PostgreSQL speak
 * migrations/                the schema, numbered, forward only; store_open applies what is missing
 * zone, server, setting, id  the zone itself, its servers, its settings, the reserved blocks of ids
 * folder, device, group, rule, inventory, amt, credential, discovered, scan     what is managed
 * reconcile                  how AMT interfaces and inventory records are brought together
 * job, act, hold             what was ordered and what became of it
 * schedule                   when something is ordered by itself, and what became of each due time
 * event, audit, token, certificate
 * admin, session            administrators, what they were given, who is logged in
 *
 * A noun is a plain struct and functions on a connection (struct db): _get reads one row, _list many, _add inserts,
 * _put overwrites an existing row, _delete removes. Nothing here decides, waits, logs above debug or asks the time.
 * Writing belongs to one connection and one transaction, the zone's; reading connections are anybody's, one thread at
 * a time each.
 *
 * Conventions of all nouns: ids are BIGINTs made by id.h, 0 is none. Times are milliseconds UTC, 0 is never. Texts
 * are UTF-8, never NULL unless the field says so. A row handed to a callback borrows from the connection until the
 * callback returns; a _get copies its texts into the caller's arena. A callback returns 0 to go on; anything else
 * ends the list and becomes its result. A callback must not run a list of the same kind on the same connection.
 * A compare-and-set that found no row says so in *ret_won = false and returns 0: a lost race is an answer.
 *
 * Errors of all functions, beside those that each names: ERR_DISK (full, read-only, I/O), ERR_BUSY (another writer),
 * ERR_DATABASE (everything else the database said), ERR_EXISTS (a unique name is taken), ERR_CONFLICT (a row that
 * this one refers to is gone, or a row that is referred to cannot go). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/db.h"

struct err;

/* Opens the database and brings its schema to this version, each migration in one transaction. READ_ONLY changes
 * nothing. ERR_DATABASE_NEWER when the schema is newer than this program, or older and the mode is READ_ONLY gives
 * ERR_DATABASE; in both cases nothing was changed. */
int store_open(const char *target, enum db_mode mode, unsigned flags, struct db **ret, struct err *e);

/* The schema that this program speaks: the number of its last migration. */
int store_schema_version(void);

/* Bytes of one text field are bounded by whoever takes it from outside; these are the limits to check against. */
#define STORE_NAME_MAX   255
#define STORE_PATH_MAX   1024
#define STORE_NOTE_MAX   4096
#define STORE_DETAIL_MAX 384

#endif
