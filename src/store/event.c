#include "store/event.h"

#include "store/row.h"

int store_event_add(struct db *db, const struct store_event *ev, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_EVENT_ADD);
	db_bind_i64(st, ev->id);
	db_bind_i64(st, ev->time);
	db_bind_text(st, ev->kind);
	db_bind_i64(st, ev->object);
	db_bind_text(st, ev->body);
	return row_add(st, e, "event %lld", (long long)ev->id);
}

static int edge(struct db *db, enum sql_id id, int64_t server, int64_t none, int64_t *ret, struct err *e)
{
	int64_t found;
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	int rc = row_number(st, &found, e);
	if (rc == 0)
		*ret = found ? found : none;
	return rc;
}

int store_event_last(struct db *db, int64_t server, int64_t *ret_id, struct err *e)
{
	return edge(db, SQL_EVENT_LAST, server, STORE_SEQ_ID(server, 0), ret_id, e);
}

int store_event_first(struct db *db, int64_t server, int64_t *ret_id, struct err *e)
{
	return edge(db, SQL_EVENT_FIRST, server, 0, ret_id, e);
}

static void read_event(struct db_stmt *st, struct arena *a, struct store_event *ret)
{
	ret->id = db_take_i64(st);
	ret->time = db_take_i64(st);
	ret->kind = row_text(st, a);
	ret->object = db_take_i64(st);
	ret->body = row_text(st, a);
}

int store_event_list(struct db *db, int64_t after_id, int limit, store_event_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_EVENT_LIST);
	db_bind_i64(st, after_id);
	db_bind_i64(st, STORE_SEQ_ID(STORE_SEQ_SERVER(after_id) + 1, 0));
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_event, read_event, each, arg, e);
}

int store_event_purge(struct db *db, int64_t server, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_EVENT_PURGE);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	db_bind_i64(st, limit);
	db_bind_i64(st, before);
	return db_run(st, ret_count, e);
}
