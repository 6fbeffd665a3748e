#include "store/credential.h"

#include "store/row.h"

static void read_credential(struct db_stmt *st, struct arena *a, struct store_credential *ret)
{
	ret->id = db_take_i64(st);
	ret->folder = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->login = row_text(st, a);
	ret->description = row_text(st, a);
	ret->secret = row_blob(st, a);
	ret->version = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
}

static struct db_stmt *bind_credential(struct db *db, enum sql_id id, const struct store_credential *c)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, c->id);
	db_bind_id(st, c->folder);
	db_bind_text(st, c->name);
	db_bind_text(st, c->login);
	db_bind_text(st, c->description);
	db_bind_blob(st, c->secret);
	db_bind_i64(st, c->version);
	db_bind_i64(st, c->created_at);
	db_bind_i64(st, c->changed_at);
	return st;
}

int store_credential_add(struct db *db, const struct store_credential *c, struct err *e)
{
	return row_add(bind_credential(db, SQL_CREDENTIAL_ADD, c), e, "credential \"%s\"", c->name);
}

int store_credential_put(struct db *db, const struct store_credential *c, struct err *e)
{
	return row_change(bind_credential(db, SQL_CREDENTIAL_PUT, c), e, "credential \"%s\"", c->name);
}

int store_credential_delete(struct db *db, int64_t id, struct err *e)
{
	int64_t used;
	struct db_stmt *st = db_stmt(db, SQL_CREDENTIAL_USED);
	db_bind_i64(st, id);
	int rc = row_number(st, &used, e);
	if (rc < 0)
		return rc;
	if (used)
		return err_set(e, ERR_IN_USE, "credential %lld: devices use it", (long long)id);
	st = db_stmt(db, SQL_CREDENTIAL_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "credential %lld", (long long)id);
}

static int get_credential(struct db_stmt *st, struct arena *a, struct store_credential *ret)
{
	read_credential(st, a, ret);
	db_end(st);
	return 0;
}

int store_credential_get(struct db *db, struct arena *a, int64_t id, struct store_credential *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CREDENTIAL_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "credential %lld", (long long)id);
	return rc < 0 ? rc : get_credential(st, a, ret);
}

int store_credential_by_name(struct db *db, struct arena *a, int64_t folder, const char *name,
			     struct store_credential *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CREDENTIAL_BY_NAME);
	db_bind_i64(st, folder);
	db_bind_text(st, name);
	int rc = row_need(st, e, "credential \"%s\"", name);
	return rc < 0 ? rc : get_credential(st, a, ret);
}

int store_credential_find(struct db *db, struct arena *a, const char *name, struct store_credential *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CREDENTIAL_FIND);
	db_bind_text(st, name);
	int rc = row_need(st, e, "credential \"%s\"", name);
	if (rc < 0)
		return rc;
	struct store_credential found;
	read_credential(st, a, &found);
	rc = db_step(st, e);
	if (rc == 0)
		*ret = found;
	if (rc <= 0)
		return rc;
	db_end(st);
	return err_set(e, ERR_CONFLICT, "credential \"%s\": several folders have one; give the folder too", name);
}

static void read_view(struct db_stmt *st, struct arena *a, struct store_credential_view *ret)
{
	read_credential(st, a, &ret->credential);
	ret->folder_path = row_text(st, a);
	ret->used_by = db_take_i64(st);
}

int store_credential_list(struct db *db, const char *folder, const char *after_path, const char *after_name, int limit,
			  store_credential_fn each, void *arg, struct err *e)
{
	char end[ROW_PREFIX_END_MAX];
	const char *from = folder ? folder : "/";
	row_prefix_end(from, end);
	struct db_stmt *st = db_stmt(db, SQL_CREDENTIAL_LIST);
	db_bind_text(st, after_path ? after_path : from);
	db_bind_text(st, end);
	db_bind_text(st, after_name ? after_name : "");
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_credential_view, read_view, each, arg, e);
}
