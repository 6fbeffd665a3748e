#include "store/scan.h"

#include "base/base.h"
#include "store/names.h"
#include "store/row.h"

const char *scan_state_name(enum scan_state s)
{
	static const char *const names[] = {"running", "done", "cancelled", "failed", "waiting"};
	return names_of(names, ARRAY_LEN(names), (int)s);
}

static void read_scan(struct db_stmt *st, struct arena *a, struct store_scan *ret)
{
	ret->id = db_take_i64(st);
	ret->spec = row_text(st, a);
	ret->state = (enum scan_state)db_take_i64(st);
	ret->server = db_take_i64(st);
	ret->requested_by = row_text(st, a);
	ret->created_at = db_take_i64(st);
	ret->ended_at = db_take_i64(st);
	ret->total = db_take_i64(st);
	ret->asked = db_take_i64(st);
	ret->found = db_take_i64(st);
	ret->found_new = db_take_i64(st);
	ret->reason = (int)db_take_i64(st);
	ret->detail = row_text(st, a);
	ret->started_at = db_take_i64(st);
}

static struct db_stmt *bind_scan(struct db *db, enum sql_id id, const struct store_scan *s)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, s->id);
	db_bind_text(st, s->spec);
	db_bind_i64(st, s->state);
	db_bind_i64(st, s->server);
	db_bind_text(st, s->requested_by);
	db_bind_i64(st, s->created_at);
	db_bind_i64(st, s->ended_at);
	db_bind_i64(st, s->total);
	db_bind_i64(st, s->asked);
	db_bind_i64(st, s->found);
	db_bind_i64(st, s->found_new);
	db_bind_i64(st, s->reason);
	db_bind_text(st, s->detail);
	db_bind_i64(st, s->started_at);
	return st;
}

int store_scan_add(struct db *db, const struct store_scan *s, struct err *e)
{
	return row_add(bind_scan(db, SQL_SCAN_ADD, s), e, "scan %lld", (long long)s->id);
}

int store_scan_put(struct db *db, const struct store_scan *s, struct err *e)
{
	return row_change(bind_scan(db, SQL_SCAN_PUT, s), e, "scan %lld", (long long)s->id);
}

int store_scan_get(struct db *db, struct arena *a, int64_t id, struct store_scan *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCAN_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "scan %lld", (long long)id);
	if (rc < 0)
		return rc;
	read_scan(st, a, ret);
	db_end(st);
	return 0;
}

int store_scan_list(struct db *db, int64_t before_id, int limit, store_scan_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCAN_LIST);
	db_bind_i64(st, before_id ? before_id : INT64_MAX);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_scan, read_scan, each, arg, e);
}

int store_scan_list_open(struct db *db, int64_t server, store_scan_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCAN_LIST_OPEN);
	db_bind_i64(st, server);
	return ROW_EACH(st, struct store_scan, read_scan, each, arg, e);
}
