/* db.h - one connection to the database: the small interface behind which SQLite (and later PostgreSQL) stands.
 *
 * Every statement is a row of sql.tbl.h and is addressed by its enum; it is prepared once per connection at its first
 * use. Use: db_stmt, db_bind_* once per parameter in the order $1, $2, ..., then db_run for a change, or db_step
 * until it gives no more rows and db_end. Binding errors stay in the statement and come out of the next db_step or
 * db_run, so nobody checks a bind. Rows are read column by column from left to right with db_take_*.
 *
 * A connection belongs to one thread at a time. Different statements may be open at once on it, the same one not. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct err;
struct db;
struct db_stmt;
struct uuid; /* base/text.h */

enum sql_id {
#define SQL(name, text)      SQL_##name,
#define SQL_SCAN(name, text) SQL_##name,
#include "store/sql.tbl.h"
#undef SQL
#undef SQL_SCAN
	SQL_COUNT,
};

enum db_mode { DB_READ_ONLY, DB_READ_WRITE };

#define DB_FLAG_CREATE 1u /* make the database when it is not there */
#define DB_FLAG_UNSAFE 2u /* do not wait for the disk: for tests only, a power cut may lose commits */

/* target: a file path, or "postgresql://...", which this build refuses with ERR_UNSUPPORTED. ERR_NOT_FOUND, ERR_DISK
 * (cannot be written), ERR_DATABASE (is not a database, or damaged). */
int db_open(const char *target, enum db_mode mode, unsigned flags, struct db **ret, struct err *e);
void db_close(struct db *db); /* rolls back what is open; NULL is fine */

/* READ_WRITE: takes the right to write at once (ERR_BUSY after the wait). READ_ONLY: one snapshot for what follows. */
int db_begin(struct db *db, struct err *e);
int db_commit(struct db *db, struct err *e); /* on failure the transaction is rolled back */
void db_rollback(struct db *db);             /* harmless outside a transaction */
bool db_in_transaction(const struct db *db);
/* Rows inserted, updated and deleted since the connection was opened. */
int64_t db_total_changes(const struct db *db);
/* Steps of statements since then, about one a row that was read: what something costs, as tests count it. */
int64_t db_total_steps(const struct db *db);

/* Never NULL: an error of preparing comes out of the first step. Forgets earlier bindings. */
struct db_stmt *db_stmt(struct db *db, enum sql_id id);
void db_bind_i64(struct db_stmt *st, int64_t v);
void db_bind_id(struct db_stmt *st, int64_t id); /* 0 is NULL */
void db_bind_bool(struct db_stmt *st, bool v);
void db_bind_text(struct db_stmt *st, const char *s);        /* borrowed until db_end; NULL is NULL */
void db_bind_blob(struct db_stmt *st, struct bytes b);       /* borrowed until db_end; p NULL is NULL */
void db_bind_uuid(struct db_stmt *st, const struct uuid *u); /* borrowed; nil is NULL */

/* 1: a row stands ready. 0: no more rows, and the statement is ended. Negative: error, and the statement is ended. */
int db_step(struct db_stmt *st, struct err *e);
void db_end(struct db_stmt *st); /* needed only when rows may be left */
/* Runs to the end. *ret_changes (may be NULL): rows that were changed. */
int db_run(struct db_stmt *st, int64_t *ret_changes, struct err *e);

/* The next column of the row. Texts and blobs are borrowed until the next db_step or db_end. */
int64_t db_take_i64(struct db_stmt *st); /* NULL is 0 */
bool db_take_bool(struct db_stmt *st);
const char *db_take_text(struct db_stmt *st);            /* NULL stays NULL */
struct bytes db_take_blob(struct db_stmt *st);           /* NULL is BYTES_NONE */
void db_take_uuid(struct db_stmt *st, struct uuid *ret); /* NULL, or not 16 bytes: nil */

/* Runs the text of a migration: statements without parameters, not cached. The driver puts its own words where the
 * dialects differ. */
int db_define(struct db *db, const char *script, struct err *e);

const char *sql_text(enum sql_id id);
const char *sql_name(enum sql_id id);
bool sql_may_scan(enum sql_id id); /* its row says that it may read a table from end to end */

#endif
