/* db_priv.h - what a driver is: the other side of db.h. For src/store and its tests only.
 *
 * A driver's functions take its own connection and statement. They return 0 (step: 1 for a row) or a negative error
 * code with a sentence in e. Parameters are counted from 1 as in the text ($3 is 3), columns from 0. */
#ifndef STORE_DB_PRIV_H
#define STORE_DB_PRIV_H

#include "store/db.h"

struct db_ops {
	int (*open)(const char *target, enum db_mode mode, unsigned flags, void **ret_conn, struct err *e);
	void (*close)(void *conn);
	int (*begin)(void *conn, enum db_mode mode, struct err *e);
	int (*commit)(void *conn, struct err *e);
	void (*rollback)(void *conn);
	int (*define)(void *conn, const char *script, struct err *e);
	int64_t (*changes)(void *conn); /* of the last statement that ran to its end */
	int64_t (*total_changes)(void *conn);

	int (*prepare)(void *conn, const char *text, void **ret_stmt, struct err *e);
	void (*finalize)(void *stmt);
	int (*bind_i64)(void *stmt, int n, int64_t v, struct err *e);
	int (*bind_null)(void *stmt, int n, struct err *e);
	int (*bind_text)(void *stmt, int n, const char *s, struct err *e);
	int (*bind_blob)(void *stmt, int n, struct bytes b, struct err *e);
	int (*step)(void *stmt, struct err *e);
	void (*reset)(void *stmt);

	int64_t (*column_i64)(void *stmt, int n);
	const char *(*column_text)(void *stmt, int n);
	struct bytes (*column_blob)(void *stmt, int n);
};

extern const struct db_ops db_sqlite_ops;

/* The driver's own connection, for tests that need its words (a page limit, EXPLAIN). */
void *db_driver_conn(struct db *db);

/* One connection with any text, for tests: as db_stmt, but not cached; db_stmt_drop ends and frees it. */
int db_stmt_new(struct db *db, const char *text, struct db_stmt **ret, struct err *e);
void db_stmt_drop(struct db_stmt *st);

#endif
