#include "store/session.h"

#include "base/base.h"
#include "store/row.h"

bool store_session_is_over(const struct store_session *s, int64_t now)
{
	return now >= s->expires_at || now - s->used_at >= s->idle_ms;
}

int store_session_add(struct db *db, const struct store_session *s, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_ADD);
	db_bind_i64(st, s->id);
	db_bind_blob(st, s->hash);
	db_bind_i64(st, s->admin);
	db_bind_text(st, s->source);
	db_bind_i64(st, s->created_at);
	db_bind_i64(st, s->used_at);
	db_bind_i64(st, s->idle_ms);
	db_bind_i64(st, s->expires_at);
	return row_add(st, e, "session %lld", (long long)s->id);
}

int store_session_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "session %lld", (long long)id);
}

int store_session_delete_of(struct db *db, int64_t admin, int64_t but, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_DELETE_OF);
	db_bind_i64(st, admin);
	db_bind_i64(st, but);
	return db_run(st, NULL, e);
}

static void read_session(struct db_stmt *st, struct arena *a, struct store_session *ret)
{
	ret->id = db_take_i64(st);
	ret->hash = row_blob(st, a);
	ret->admin = db_take_i64(st);
	ret->source = row_text(st, a);
	ret->created_at = db_take_i64(st);
	ret->used_at = db_take_i64(st);
	ret->idle_ms = db_take_i64(st);
	ret->expires_at = db_take_i64(st);
	ret->admin_name = row_text(st, a);
}

static int get_session(struct db_stmt *st, struct arena *a, struct store_session *ret)
{
	read_session(st, a, ret);
	db_end(st);
	return 0;
}

int store_session_get(struct db *db, struct arena *a, int64_t id, struct store_session *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "session %lld", (long long)id);
	return rc < 0 ? rc : get_session(st, a, ret);
}

int store_session_by_hash(struct db *db, struct arena *a, struct bytes hash, struct store_session *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_BY_HASH);
	db_bind_blob(st, hash);
	int rc = row_need(st, e, "session");
	return rc < 0 ? rc : get_session(st, a, ret);
}

int store_session_used(struct db *db, int64_t id, int64_t now, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_USED);
	db_bind_i64(st, id);
	db_bind_i64(st, now);
	return row_change(st, e, "session %lld", (long long)id);
}

int store_session_list(struct db *db, int64_t after_id, int limit, store_session_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_LIST);
	db_bind_i64(st, after_id);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_session, read_session, each, arg, e);
}

int store_session_purge(struct db *db, int64_t now, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SESSION_PURGE);
	db_bind_i64(st, now);
	db_bind_i64(st, limit);
	return db_run(st, ret_count, e);
}

int store_guard_get(struct db *db, enum store_guard_kind kind, const char *name, struct store_guard *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GUARD_GET);
	struct store_guard g = {.kind = kind, .name = name};
	db_bind_i64(st, kind);
	db_bind_text(st, name);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	if (rc > 0) {
		g.failures = db_take_i64(st);
		g.last_at = db_take_i64(st);
		g.until = db_take_i64(st);
		db_end(st);
	}
	*ret = g;
	return 0;
}

int store_guard_put(struct db *db, const struct store_guard *g, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GUARD_PUT);
	db_bind_i64(st, g->kind);
	db_bind_text(st, g->name);
	db_bind_i64(st, g->failures);
	db_bind_i64(st, g->last_at);
	db_bind_i64(st, g->until);
	return db_run(st, NULL, e);
}

int store_guard_delete(struct db *db, enum store_guard_kind kind, const char *name, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GUARD_DELETE);
	db_bind_i64(st, kind);
	db_bind_text(st, name);
	return db_run(st, NULL, e);
}

int store_guard_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GUARD_PURGE);
	db_bind_i64(st, before);
	db_bind_i64(st, limit);
	return db_run(st, ret_count, e);
}
