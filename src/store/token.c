#include "store/token.h"

#include "store/admin.h"
#include "store/row.h"

static void read_token(struct db_stmt *st, struct arena *a, struct store_token *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->hash = row_blob(st, a);
	ret->created_by = row_text(st, a);
	ret->created_at = db_take_i64(st);
	ret->expires_at = db_take_i64(st);
	ret->used_at = db_take_i64(st);
	ret->owner = db_take_i64(st);
}

int store_token_add(struct db *db, const struct store_token *t, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TOKEN_ADD);
	db_bind_i64(st, t->id);
	db_bind_text(st, t->name);
	db_bind_blob(st, t->hash);
	db_bind_text(st, t->created_by);
	db_bind_i64(st, t->created_at);
	db_bind_i64(st, t->expires_at);
	db_bind_i64(st, t->used_at);
	db_bind_i64(st, t->owner);
	return row_add(st, e, "token \"%s\"", t->name);
}

int store_token_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TOKEN_DELETE);
	db_bind_i64(st, id);
	int rc = row_change(st, e, "token %lld", (long long)id);
	return rc ? rc : store_grant_forget_holder(db, STORE_HOLDER_TOKEN, id, e);
}

static int get_token(struct db_stmt *st, struct arena *a, struct store_token *ret)
{
	read_token(st, a, ret);
	db_end(st);
	return 0;
}

int store_token_by_hash(struct db *db, struct arena *a, struct bytes hash, int64_t now, struct store_token *ret,
			struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TOKEN_BY_HASH);
	db_bind_blob(st, hash);
	db_bind_i64(st, now);
	int rc = row_need(st, e, "token");
	return rc < 0 ? rc : get_token(st, a, ret);
}

int store_token_get(struct db *db, struct arena *a, int64_t id, struct store_token *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TOKEN_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "token %lld", (long long)id);
	return rc < 0 ? rc : get_token(st, a, ret);
}

int store_token_by_name(struct db *db, struct arena *a, const char *name, struct store_token *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TOKEN_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "token \"%s\"", name);
	return rc < 0 ? rc : get_token(st, a, ret);
}

int store_token_used(struct db *db, int64_t id, int64_t now, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TOKEN_USED);
	db_bind_i64(st, id);
	db_bind_i64(st, now);
	return row_change(st, e, "token %lld", (long long)id);
}

int store_token_list(struct db *db, store_token_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_TOKEN_LIST), struct store_token, read_token, each, arg, e);
}
