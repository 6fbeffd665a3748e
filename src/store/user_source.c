#include "store/user_source.h"

#include "base/base.h"
#include "store/row.h"

static void bind_source(struct db_stmt *st, const struct store_user_source *s)
{
	db_bind_i64(st, s->id);
	db_bind_text(st, s->name);
	db_bind_i64(st, s->kind);
	db_bind_bool(st, s->enabled);
	db_bind_bool(st, s->is_default);
	db_bind_text(st, s->options);
	db_bind_blob(st, s->secret);
	db_bind_i64(st, s->version);
	db_bind_i64(st, s->created_at);
	db_bind_i64(st, s->changed_at);
	db_bind_i64(st, s->failed_at);
	db_bind_text(st, s->error);
}

static void read_source(struct db_stmt *st, struct arena *a, struct store_user_source *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->kind = (int)db_take_i64(st);
	ret->enabled = db_take_bool(st);
	ret->is_default = db_take_bool(st);
	ret->options = row_text(st, a);
	ret->secret = row_blob(st, a);
	ret->version = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
	ret->failed_at = db_take_i64(st);
	ret->error = row_text(st, a);
}

int store_user_source_add(struct db *db, const struct store_user_source *s, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_ADD);
	bind_source(st, s);
	return row_add(st, e, "user source \"%s\"", s->name);
}

int store_user_source_put(struct db *db, const struct store_user_source *s, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_PUT);
	bind_source(st, s);
	return row_change(st, e, "user source \"%s\"", s->name);
}

int store_user_source_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "user source %lld", (long long)id);
}

static int take_source(struct db_stmt *st, struct arena *a, struct store_user_source *ret)
{
	read_source(st, a, ret);
	db_end(st);
	return 0;
}

int store_user_source_get(struct db *db, struct arena *a, int64_t id, struct store_user_source *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "user source %lld", (long long)id);
	return rc < 0 ? rc : take_source(st, a, ret);
}

int store_user_source_by_name(struct db *db, struct arena *a, const char *name, struct store_user_source *ret,
			      struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "user source \"%s\"", name);
	return rc < 0 ? rc : take_source(st, a, ret);
}

int store_user_source_list(struct db *db, store_user_source_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_SOURCE_LIST), struct store_user_source, read_source, each, arg, e);
}

int store_user_source_map_add(struct db *db, const struct store_user_source_map *m, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_MAP_ADD);
	db_bind_i64(st, m->source);
	db_bind_text(st, m->outside);
	db_bind_i64(st, m->group);
	db_bind_i64(st, m->created_at);
	db_bind_text(st, m->created_by);
	return row_add(st, e, "group \"%s\" of a user source", m->outside);
}

int store_user_source_map_delete(struct db *db, const struct store_user_source_map *m, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_MAP_DELETE);
	db_bind_i64(st, m->source);
	db_bind_text(st, m->outside);
	db_bind_i64(st, m->group);
	return row_change(st, e, "group \"%s\" of a user source", m->outside);
}

static void read_map(struct db_stmt *st, struct arena *a, struct store_user_source_map *ret)
{
	ret->source = db_take_i64(st);
	ret->outside = row_text(st, a);
	ret->group = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->created_by = row_text(st, a);
	ret->source_name = row_text(st, a);
	ret->group_name = row_text(st, a);
}

int store_user_source_map_list(struct db *db, int64_t source, store_user_source_map_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SOURCE_MAP_LIST);
	db_bind_i64(st, source);
	return ROW_EACH(st, struct store_user_source_map, read_map, each, arg, e);
}
