#include "store/setup.h"

#include "store/row.h"

int store_setup_left_put(struct db *db, const struct store_setup_left *s, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_LEFT_PUT);
	db_bind_i64(st, s->amt);
	db_bind_id(st, s->credential);
	db_bind_bool(st, s->drawn);
	db_bind_bool(st, s->told);
	db_bind_blob(st, s->pin);
	db_bind_text(st, s->step);
	db_bind_i64(st, s->changed_at);
	return db_run(st, NULL, e);
}

int store_setup_left_delete(struct db *db, int64_t amt, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_LEFT_DELETE);
	db_bind_i64(st, amt);
	return db_run(st, NULL, e);
}

static void read_left(struct db_stmt *st, struct arena *a, struct store_setup_left *ret)
{
	ret->amt = db_take_i64(st);
	ret->credential = db_take_i64(st);
	ret->drawn = db_take_bool(st);
	ret->told = db_take_bool(st);
	ret->pin = row_blob(st, a);
	ret->step = row_text(st, a);
	ret->changed_at = db_take_i64(st);
}

int store_setup_left_list(struct db *db, store_setup_left_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_LEFT_LIST);
	return ROW_EACH(st, struct store_setup_left, read_left, each, arg, e);
}
