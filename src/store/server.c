#include "store/server.h"

#include "store/row.h"

int store_zone_get(struct db *db, struct arena *a, struct store_zone *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ZONE_GET);
	int rc = row_need(st, e, "zone");
	if (rc < 0)
		return rc;
	db_take_uuid(st, &ret->id);
	ret->name = row_text(st, a);
	ret->created_at = db_take_i64(st);
	db_end(st);
	return 0;
}

int store_zone_put(struct db *db, const struct store_zone *z, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ZONE_PUT);
	db_bind_uuid(st, &z->id);
	db_bind_text(st, z->name);
	db_bind_i64(st, z->created_at);
	return db_run(st, NULL, e);
}

static void read_server(struct db_stmt *st, struct arena *a, struct store_server *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	db_take_uuid(st, &ret->uuid);
	ret->fqdn = row_text(st, a);
	ret->address = row_text(st, a);
	ret->version = row_text(st, a);
	ret->epoch = db_take_i64(st);
	ret->started_at = db_take_i64(st);
	ret->seen_at = db_take_i64(st);
}

static struct db_stmt *bind_server(struct db *db, enum sql_id id, const struct store_server *s)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, s->id);
	db_bind_text(st, s->name);
	db_bind_uuid(st, &s->uuid);
	db_bind_text(st, s->fqdn);
	db_bind_text(st, s->address);
	db_bind_text(st, s->version);
	db_bind_i64(st, s->epoch);
	db_bind_i64(st, s->started_at);
	db_bind_i64(st, s->seen_at);
	return st;
}

int store_server_add(struct db *db, const struct store_server *s, struct err *e)
{
	return row_add(bind_server(db, SQL_SERVER_ADD, s), e, "server \"%s\"", s->name);
}

int store_server_put(struct db *db, const struct store_server *s, struct err *e)
{
	return row_change(bind_server(db, SQL_SERVER_PUT, s), e, "server \"%s\"", s->name);
}

int store_server_start(struct db *db, int64_t id, int64_t now, int64_t *ret_epoch, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SERVER_START);
	db_bind_i64(st, id);
	db_bind_i64(st, now);
	int rc = row_need(st, e, "server %lld", (long long)id);
	if (rc < 0)
		return rc;
	*ret_epoch = db_take_i64(st);
	return db_run(st, NULL, e);
}

int store_server_seen(struct db *db, int64_t id, int64_t now, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SERVER_SEEN);
	db_bind_i64(st, id);
	db_bind_i64(st, now);
	return row_change(st, e, "server %lld", (long long)id);
}

static int get_server(struct db_stmt *st, struct arena *a, struct store_server *ret)
{
	read_server(st, a, ret);
	db_end(st);
	return 0;
}

int store_server_get(struct db *db, struct arena *a, int64_t id, struct store_server *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SERVER_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "server %lld", (long long)id);
	return rc < 0 ? rc : get_server(st, a, ret);
}

int store_server_by_name(struct db *db, struct arena *a, const char *name, struct store_server *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SERVER_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "server \"%s\"", name);
	return rc < 0 ? rc : get_server(st, a, ret);
}

int store_server_list(struct db *db, store_server_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_SERVER_LIST), struct store_server, read_server, each, arg, e);
}
