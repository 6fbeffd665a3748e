#include "store/group.h"

#include "base/base.h"
#include "store/row.h"

static void read_group(struct db_stmt *st, struct arena *a, struct store_group *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->note = row_text(st, a);
	ret->filter = row_text(st, a);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
}

static struct db_stmt *bind_group(struct db *db, enum sql_id id, const struct store_group *g)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, g->id);
	db_bind_text(st, g->name);
	db_bind_text(st, g->note);
	db_bind_text(st, g->filter);
	db_bind_i64(st, g->created_at);
	db_bind_i64(st, g->changed_at);
	return st;
}

int store_group_add(struct db *db, const struct store_group *g, struct err *e)
{
	return row_add(bind_group(db, SQL_GROUP_ADD, g), e, "group \"%s\"", g->name);
}

int store_group_put(struct db *db, const struct store_group *g, struct err *e)
{
	return row_change(bind_group(db, SQL_GROUP_PUT, g), e, "group \"%s\"", g->name);
}

int store_group_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GROUP_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "group %lld", (long long)id);
}

static int get_group(struct db_stmt *st, struct arena *a, struct store_group *ret)
{
	read_group(st, a, ret);
	db_end(st);
	return 0;
}

int store_group_get(struct db *db, struct arena *a, int64_t id, struct store_group *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GROUP_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "group %lld", (long long)id);
	return rc < 0 ? rc : get_group(st, a, ret);
}

int store_group_by_name(struct db *db, struct arena *a, const char *name, struct store_group *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GROUP_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "group \"%s\"", name);
	return rc < 0 ? rc : get_group(st, a, ret);
}

int store_group_list(struct db *db, store_group_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_GROUP_LIST), struct store_group, read_group, each, arg, e);
}

static int change_member(struct db *db, enum sql_id id, int64_t group, int64_t device, bool *ret_changed, struct err *e)
{
	int64_t n;
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, group);
	db_bind_i64(st, device);
	int rc = db_run(st, &n, e);
	if (rc == 0)
		*ret_changed = n > 0;
	return rc;
}

int store_group_member_add(struct db *db, int64_t group, int64_t device, bool *ret_changed, struct err *e)
{
	return change_member(db, SQL_GROUP_MEMBER_ADD, group, device, ret_changed, e);
}

int store_group_member_delete(struct db *db, int64_t group, int64_t device, bool *ret_changed, struct err *e)
{
	return change_member(db, SQL_GROUP_MEMBER_DELETE, group, device, ret_changed, e);
}

int store_group_member_is(struct db *db, int64_t group, int64_t device, bool *ret, struct err *e)
{
	int64_t n;
	struct db_stmt *st = db_stmt(db, SQL_GROUP_MEMBER_IS);
	db_bind_i64(st, group);
	db_bind_i64(st, device);
	int rc = row_number(st, &n, e);
	if (!rc)
		*ret = n > 0;
	return rc;
}

int store_group_member_count(struct db *db, int64_t group, int64_t *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GROUP_MEMBER_COUNT);
	db_bind_i64(st, group);
	return row_number(st, ret, e);
}
