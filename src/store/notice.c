#include "store/notice.h"

#include "store/row.h"

static struct db_stmt *stmt_of(struct db *db, enum sql_id id, const struct store_notice *n)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, n->admin);
	db_bind_i64(st, n->kind);
	db_bind_i64(st, n->object);
	return st;
}

int store_notice_get(struct db *db, const struct store_notice *n, int64_t *ret_shown_at, struct err *e)
{
	struct db_stmt *st = stmt_of(db, SQL_NOTICE_GET, n);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret_shown_at = rc ? db_take_i64(st) : 0;
	if (rc)
		db_end(st);
	return 0;
}

int store_notice_put(struct db *db, const struct store_notice *n, int64_t shown_at, struct err *e)
{
	struct db_stmt *st = stmt_of(db, SQL_NOTICE_PUT, n);
	db_bind_i64(st, shown_at);
	return db_run(st, NULL, e);
}

int store_notice_purge(struct db *db, int64_t before, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_NOTICE_PURGE);
	db_bind_i64(st, before);
	return db_run(st, NULL, e);
}

int store_notice_forget(struct db *db, int64_t admin, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_NOTICE_FORGET);
	db_bind_i64(st, admin);
	return db_run(st, NULL, e);
}
