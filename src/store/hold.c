#include "store/hold.h"

#include "store/row.h"

int store_hold_put(struct db *db, const struct store_hold *h, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_HOLD_PUT);
	db_bind_i64(st, h->scope);
	db_bind_i64(st, h->object);
	db_bind_text(st, h->actor);
	db_bind_text(st, h->reason);
	db_bind_i64(st, h->created_at);
	return db_run(st, NULL, e);
}

int store_hold_delete(struct db *db, enum store_scope scope, int64_t object, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_HOLD_DELETE);
	db_bind_i64(st, scope);
	db_bind_i64(st, object);
	return row_change(st, e, "hold");
}

static void read_hold(struct db_stmt *st, struct arena *a, struct store_hold *ret)
{
	ret->scope = (enum store_scope)db_take_i64(st);
	ret->object = db_take_i64(st);
	ret->actor = row_text(st, a);
	ret->reason = row_text(st, a);
	ret->created_at = db_take_i64(st);
}

int store_hold_list(struct db *db, store_hold_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_HOLD_LIST), struct store_hold, read_hold, each, arg, e);
}

int store_hold_covers(struct db *db, int64_t device, bool *ret, struct err *e)
{
	int64_t n;
	struct db_stmt *st = db_stmt(db, SQL_HOLD_COVERS);
	db_bind_i64(st, device);
	int rc = row_number(st, &n, e);
	if (rc == 0)
		*ret = n != 0;
	return rc;
}
