#include "store/admin.h"

#include "base/base.h"
#include "store/names.h"
#include "store/row.h"

static const char *const holder_names[] = {"admin", "group", "role", "token"};

const char *store_holder_name(enum store_holder h)
{
	return names_of(holder_names, ARRAY_LEN(holder_names), (int)h);
}

static void bind_admin(struct db_stmt *st, const struct store_admin *a)
{
	db_bind_i64(st, a->id);
	db_bind_text(st, a->name);
	db_bind_text(st, a->full_name);
	db_bind_i64(st, a->origin);
	db_bind_text(st, a->subject);
	db_bind_text(st, a->hash);
	db_bind_i64(st, a->version);
	db_bind_bool(st, a->is_disabled);
	db_bind_i64(st, a->created_at);
	db_bind_i64(st, a->changed_at);
	db_bind_i64(st, a->login_at);
	db_bind_text(st, a->login_from);
	db_bind_i64(st, a->source);
	db_bind_bool(st, a->is_gone);
	db_bind_i64(st, a->checked_at);
}

static void read_admin(struct db_stmt *st, struct arena *a, struct store_admin *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->full_name = row_text(st, a);
	ret->origin = (enum store_admin_origin)db_take_i64(st);
	ret->subject = row_text(st, a);
	ret->hash = row_text(st, a);
	ret->version = db_take_i64(st);
	ret->is_disabled = db_take_bool(st);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
	ret->login_at = db_take_i64(st);
	ret->login_from = row_text(st, a);
	ret->source = db_take_i64(st);
	ret->is_gone = db_take_bool(st);
	ret->checked_at = db_take_i64(st);
}

int store_admin_add(struct db *db, const struct store_admin *a, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_ADD);
	bind_admin(st, a);
	return row_add(st, e, "administrator \"%s\"", a->name);
}

int store_admin_put(struct db *db, const struct store_admin *a, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_PUT);
	bind_admin(st, a);
	return row_change(st, e, "administrator \"%s\"", a->name);
}

int store_admin_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_DELETE);
	db_bind_i64(st, id);
	int rc = row_change(st, e, "administrator %lld", (long long)id);
	return rc ? rc : store_grant_forget_holder(db, STORE_HOLDER_ADMIN, id, e);
}

static int get_admin(struct db_stmt *st, struct arena *a, struct store_admin *ret)
{
	read_admin(st, a, ret);
	db_end(st);
	return 0;
}

int store_admin_get(struct db *db, struct arena *a, int64_t id, struct store_admin *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "administrator %lld", (long long)id);
	return rc < 0 ? rc : get_admin(st, a, ret);
}

int store_admin_by_name(struct db *db, struct arena *a, const char *name, struct store_admin *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "administrator \"%s\"", name);
	return rc < 0 ? rc : get_admin(st, a, ret);
}

int store_admin_by_subject(struct db *db, struct arena *a, int64_t source, const char *subject, struct store_admin *ret,
			   struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_BY_SUBJECT);
	db_bind_i64(st, source);
	db_bind_text(st, subject);
	int rc = row_need(st, e, "administrator \"%s\"", subject);
	return rc < 0 ? rc : get_admin(st, a, ret);
}

int store_admin_due(struct db *db, int kind, int64_t before, int limit, store_admin_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_DUE);
	db_bind_i64(st, kind);
	db_bind_i64(st, before);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_admin, read_admin, each, arg, e);
}

int store_admin_list(struct db *db, store_admin_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_ADMIN_LIST), struct store_admin, read_admin, each, arg, e);
}

static int add_bundle(struct db *db, enum sql_id id, const char *kind, const struct store_bundle *b, struct err *e)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, b->id);
	db_bind_text(st, b->name);
	db_bind_text(st, b->note);
	db_bind_i64(st, b->created_at);
	return row_add(st, e, "%s \"%s\"", kind, b->name);
}

static void read_bundle(struct db_stmt *st, struct arena *a, struct store_bundle *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->note = row_text(st, a);
	ret->created_at = db_take_i64(st);
}

static int find_bundle(struct db *db, enum sql_id id, struct arena *a, const char *kind, const char *name,
		       struct store_bundle *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_text(st, name);
	int rc = row_need(st, e, "%s \"%s\"", kind, name);
	if (rc < 0)
		return rc;
	read_bundle(st, a, ret);
	db_end(st);
	return 0;
}

static int delete_bundle(struct db *db, enum sql_id sql, enum store_holder kind, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, sql);
	db_bind_i64(st, id);
	int rc = row_change(st, e, "%s %lld", store_holder_name(kind), (long long)id);
	return rc ? rc : store_grant_forget_holder(db, kind, id, e);
}

int store_admin_group_add(struct db *db, const struct store_bundle *g, struct err *e)
{
	return add_bundle(db, SQL_ADMIN_GROUP_ADD, "group", g, e);
}

int store_admin_group_delete(struct db *db, int64_t id, struct err *e)
{
	return delete_bundle(db, SQL_ADMIN_GROUP_DELETE, STORE_HOLDER_GROUP, id, e);
}

int store_admin_group_by_name(struct db *db, struct arena *a, const char *name, struct store_bundle *ret, struct err *e)
{
	return find_bundle(db, SQL_ADMIN_GROUP_BY_NAME, a, "group", name, ret, e);
}

int store_admin_group_list(struct db *db, store_bundle_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_ADMIN_GROUP_LIST), struct store_bundle, read_bundle, each, arg, e);
}

int store_admin_group_join(struct db *db, int64_t group, int64_t admin, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_MEMBER_ADD);
	db_bind_i64(st, group);
	db_bind_i64(st, admin);
	return db_run(st, NULL, e);
}

static int change_by(struct db *db, enum sql_id id, int64_t group, int64_t admin, int64_t source, struct err *e)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, group);
	db_bind_i64(st, admin);
	db_bind_i64(st, source);
	return db_run(st, NULL, e);
}

int store_admin_group_join_by(struct db *db, int64_t group, int64_t admin, int64_t source, struct err *e)
{
	return change_by(db, SQL_ADMIN_MEMBER_ADD_BY, group, admin, source, e);
}

int store_admin_group_leave_by(struct db *db, int64_t group, int64_t admin, int64_t source, struct err *e)
{
	return change_by(db, SQL_ADMIN_MEMBER_DELETE_BY, group, admin, source, e);
}

int store_admin_group_given_by(struct db *db, int64_t admin, int64_t source, int (*each)(void *arg, int64_t group),
			       void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_MEMBER_OF_SOURCE);
	int rc;
	db_bind_i64(st, admin);
	db_bind_i64(st, source);
	while ((rc = db_step(st, e)) > 0) {
		rc = each(arg, db_take_i64(st));
		if (rc)
			break;
	}
	db_end(st);
	return rc;
}

int store_admin_group_leave(struct db *db, int64_t group, int64_t admin, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_MEMBER_DELETE);
	db_bind_i64(st, group);
	db_bind_i64(st, admin);
	return row_change(st, e, "membership");
}

int store_admin_group_of_admin(struct db *db, int64_t admin, store_bundle_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_GROUP_OF);
	db_bind_i64(st, admin);
	return ROW_EACH(st, struct store_bundle, read_bundle, each, arg, e);
}

int store_admin_group_members(struct db *db, int64_t group, int (*each)(void *arg, const char *admin), void *arg,
			      struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ADMIN_MEMBERS);
	int rc;
	db_bind_i64(st, group);
	while ((rc = db_step(st, e)) > 0) {
		rc = each(arg, row_text(st, NULL));
		if (rc)
			break;
	}
	db_end(st);
	return rc;
}

int store_role_add(struct db *db, const struct store_bundle *r, struct err *e)
{
	return add_bundle(db, SQL_ROLE_ADD, "role", r, e);
}

int store_role_delete(struct db *db, int64_t id, struct err *e)
{
	return delete_bundle(db, SQL_ROLE_DELETE, STORE_HOLDER_ROLE, id, e);
}

int store_role_by_name(struct db *db, struct arena *a, const char *name, struct store_bundle *ret, struct err *e)
{
	return find_bundle(db, SQL_ROLE_BY_NAME, a, "role", name, ret, e);
}

int store_role_list(struct db *db, store_bundle_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_ROLE_LIST), struct store_bundle, read_bundle, each, arg, e);
}

static void bind_place(struct db_stmt *st, const struct store_grant *g)
{
	db_bind_i64(st, g->holder_kind);
	db_bind_i64(st, g->holder);
	db_bind_text(st, g->what);
	db_bind_i64(st, g->tree);
	db_bind_i64(st, g->folder);
}

int store_grant_put(struct db *db, const struct store_grant *g, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GRANT_PUT);
	bind_place(st, g);
	db_bind_i64(st, g->effect);
	db_bind_i64(st, g->created_at);
	db_bind_text(st, g->created_by);
	return db_run(st, NULL, e);
}

int store_grant_delete(struct db *db, const struct store_grant *g, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GRANT_DELETE);
	bind_place(st, g);
	return row_change(st, e, "right \"%s\"", g->what);
}

int store_grant_forget_holder(struct db *db, enum store_holder kind, int64_t holder, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GRANT_FORGET_HOLDER);
	db_bind_i64(st, kind);
	db_bind_i64(st, holder);
	return db_run(st, NULL, e);
}

int store_grant_forget_folder(struct db *db, int64_t folder, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GRANT_FORGET_FOLDER);
	db_bind_i64(st, folder);
	return db_run(st, NULL, e);
}

static void read_grant(struct db_stmt *st, struct arena *a, struct store_grant *ret)
{
	ret->holder_kind = (enum store_holder)db_take_i64(st);
	ret->holder = db_take_i64(st);
	ret->what = row_text(st, a);
	ret->tree = (enum right_tree)db_take_i64(st);
	ret->folder = db_take_i64(st);
	ret->effect = (enum right_effect)db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->created_by = row_text(st, a);
	ret->path = row_text(st, a);
	ret->holder_name = row_text(st, a);
	if (ret->tree == RIGHT_TREE_ZONE)
		ret->path = "/";
}

int store_grant_of(struct db *db, enum store_holder kind, int64_t holder, store_grant_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GRANT_OF);
	db_bind_i64(st, kind);
	db_bind_i64(st, holder);
	return ROW_EACH(st, struct store_grant, read_grant, each, arg, e);
}

int store_grant_of_role(struct db *db, const char *role, store_grant_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_GRANT_OF_ROLE);
	db_bind_text(st, role);
	return ROW_EACH(st, struct store_grant, read_grant, each, arg, e);
}

int store_grant_used(struct db *db, const char *what, bool *ret, struct err *e)
{
	int64_t n;
	struct db_stmt *st = db_stmt(db, SQL_GRANT_USED);
	db_bind_text(st, what);
	int rc = row_number(st, &n, e);
	if (rc == 0)
		*ret = n != 0;
	return rc;
}

int store_grant_list(struct db *db, store_grant_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_GRANT_LIST), struct store_grant, read_grant, each, arg, e);
}
