#include "store/rule.h"

#include "base/base.h"
#include "store/row.h"

static void read_rule(struct db_stmt *st, struct arena *a, struct store_rule *ret)
{
	ret->id = db_take_i64(st);
	ret->place = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->filter = row_text(st, a);
	ret->folder = db_take_i64(st);
	ret->tags = row_text(st, a);
	ret->created_at = db_take_i64(st);
}

int store_rule_add(struct db *db, const struct store_rule *r, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RULE_ADD);
	db_bind_i64(st, r->id);
	db_bind_i64(st, r->place);
	db_bind_text(st, r->name);
	db_bind_text(st, r->filter);
	db_bind_i64(st, r->folder);
	db_bind_text(st, r->tags);
	db_bind_i64(st, r->created_at);
	return row_add(st, e, "rule \"%s\"", r->name);
}

int store_rule_place(struct db *db, int64_t id, int64_t place, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RULE_PLACE);
	db_bind_i64(st, id);
	db_bind_i64(st, place);
	return row_change(st, e, "rule %lld", (long long)id);
}

int store_rule_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RULE_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "rule %lld", (long long)id);
}

static int get_rule(struct db_stmt *st, struct arena *a, struct store_rule *ret)
{
	read_rule(st, a, ret);
	db_end(st);
	return 0;
}

int store_rule_by_name(struct db *db, struct arena *a, const char *name, struct store_rule *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RULE_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "rule \"%s\"", name);
	return rc < 0 ? rc : get_rule(st, a, ret);
}

int store_rule_by_folder(struct db *db, struct arena *a, int64_t folder, struct store_rule *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RULE_BY_FOLDER);
	db_bind_i64(st, folder);
	int rc = row_need(st, e, "rule of folder %lld", (long long)folder);
	return rc < 0 ? rc : get_rule(st, a, ret);
}

int store_rule_list(struct db *db, store_rule_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_RULE_LIST), struct store_rule, read_rule, each, arg, e);
}

int store_rule_group_add(struct db *db, int64_t rule, int64_t group, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RULE_GROUP_ADD);
	db_bind_i64(st, rule);
	db_bind_i64(st, group);
	return row_add(st, e, "group of a rule");
}

int store_rule_group_list(struct db *db, int64_t rule, int (*each)(void *arg, int64_t group, const char *name),
			  void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RULE_GROUP_LIST);
	int rc;
	db_bind_i64(st, rule);
	while ((rc = db_step(st, e)) > 0) {
		int64_t group = db_take_i64(st);
		rc = each(arg, group, row_text(st, NULL));
		if (rc)
			break;
	}
	db_end(st);
	return rc;
}
