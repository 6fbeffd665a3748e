#include "store/power.h"

#include "store/row.h"

int store_power_seen(struct db *db, int64_t amt, int64_t at, int power, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_POWER_SEEN_ADD);
	db_bind_i64(st, amt);
	db_bind_i64(st, at);
	db_bind_i64(st, power);
	return db_run(st, NULL, e);
}

static void read_power(struct db_stmt *st, struct arena *a, struct store_power *ret)
{
	ret->device = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->time = db_take_i64(st);
	ret->power = (int)db_take_i64(st);
}

int store_power_list(struct db *db, int64_t folder, int64_t from, int64_t to, store_power_fn each, void *arg,
		     struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_POWER_SEEN_LIST);
	db_bind_i64(st, folder);
	db_bind_i64(st, from);
	db_bind_i64(st, to);
	return ROW_EACH(st, struct store_power, read_power, each, arg, e);
}

int store_power_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_POWER_SEEN_PURGE);
	db_bind_i64(st, before);
	db_bind_i64(st, limit);
	return db_run(st, ret_count, e);
}
