#include "store/schedule.h"

#include "store/row.h"

static void read_schedule(struct db_stmt *st, struct arena *a, struct store_schedule *ret)
{
	ret->id = db_take_i64(st);
	ret->scope = (int)db_take_i64(st);
	ret->object = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->verb = (int)db_take_i64(st);
	ret->boot = row_text(st, a);
	ret->rule = row_text(st, a);
	ret->time_zone = row_text(st, a);
	ret->spread = db_take_i64(st);
	ret->include_protected = db_take_bool(st);
	ret->is_suspended = db_take_bool(st);
	ret->since = db_take_i64(st);
	ret->created_by = row_text(st, a);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
}

static struct db_stmt *bind_schedule(struct db *db, enum sql_id id, const struct store_schedule *s)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, s->id);
	db_bind_i64(st, s->scope);
	db_bind_i64(st, s->object);
	db_bind_text(st, s->name);
	db_bind_i64(st, s->verb);
	db_bind_text(st, s->boot);
	db_bind_text(st, s->rule);
	db_bind_text(st, s->time_zone);
	db_bind_i64(st, s->spread);
	db_bind_bool(st, s->include_protected);
	db_bind_bool(st, s->is_suspended);
	db_bind_i64(st, s->since);
	db_bind_text(st, s->created_by);
	db_bind_i64(st, s->created_at);
	db_bind_i64(st, s->changed_at);
	return st;
}

int store_schedule_add(struct db *db, const struct store_schedule *s, struct err *e)
{
	return row_add(bind_schedule(db, SQL_SCHEDULE_ADD, s), e, "schedule \"%s\"", s->name);
}

int store_schedule_put(struct db *db, const struct store_schedule *s, struct err *e)
{
	return row_change(bind_schedule(db, SQL_SCHEDULE_PUT, s), e, "schedule \"%s\"", s->name);
}

int store_schedule_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCHEDULE_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "schedule %lld", (long long)id);
}

int store_schedule_get(struct db *db, struct arena *a, int64_t id, struct store_schedule *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCHEDULE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "schedule %lld", (long long)id);
	if (rc)
		return rc;
	read_schedule(st, a, ret);
	db_end(st);
	return 0;
}

int store_schedule_by_name(struct db *db, struct arena *a, const char *name, struct store_schedule *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCHEDULE_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "schedule \"%s\"", name);
	if (rc)
		return rc;
	read_schedule(st, a, ret);
	db_end(st);
	return 0;
}

int store_schedule_count(struct db *db, int64_t *ret, struct err *e)
{
	return row_number(db_stmt(db, SQL_SCHEDULE_COUNT), ret, e);
}

int store_schedule_list(struct db *db, const char *after_name, int limit, store_schedule_fn each, void *arg,
			struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCHEDULE_LIST);
	db_bind_text(st, after_name ? after_name : "");
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_schedule, read_schedule, each, arg, e);
}

int store_schedule_list_at(struct db *db, int scope, int64_t object, store_schedule_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCHEDULE_LIST_AT);
	db_bind_i64(st, scope);
	db_bind_i64(st, object);
	return ROW_EACH(st, struct store_schedule, read_schedule, each, arg, e);
}

static struct db_stmt *bind_level(struct db *db, enum sql_id id, int scope, int64_t object)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, scope);
	db_bind_i64(st, object);
	return st;
}

int store_schedule_forget(struct db *db, int scope, int64_t object, struct err *e)
{
	int rc = db_run(bind_level(db, SQL_SCHEDULE_FORGET, scope, object), NULL, e);
	return rc ? rc : db_run(bind_level(db, SQL_LEVEL_DELETE, scope, object), NULL, e);
}

int store_level_put(struct db *db, int scope, int64_t object, bool keep, struct err *e)
{
	struct db_stmt *st = bind_level(db, SQL_LEVEL_PUT, scope, object);
	db_bind_bool(st, keep);
	return db_run(st, NULL, e);
}

int store_level_let_go(struct db *db, int scope, int64_t object, struct err *e)
{
	return db_run(bind_level(db, SQL_LEVEL_LET_GO, scope, object), NULL, e);
}

int store_level_delete(struct db *db, int scope, int64_t object, struct err *e)
{
	return row_change(bind_level(db, SQL_LEVEL_DELETE, scope, object), e, "own list");
}

static void read_level(struct db_stmt *st, struct arena *a, struct store_level *ret)
{
	(void)a; /* no texts */
	ret->scope = (int)db_take_i64(st);
	ret->object = db_take_i64(st);
}

int store_level_list(struct db *db, store_level_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_LEVEL_LIST), struct store_level, read_level, each, arg, e);
}

static struct db_stmt *bind_occurrence(struct db *db, enum sql_id id, const struct store_occurrence *o)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, o->schedule);
	db_bind_text(st, o->time_zone);
	db_bind_text(st, o->local);
	db_bind_i64(st, o->due);
	db_bind_bool(st, o->is_left_out);
	db_bind_i64(st, o->reason);
	db_bind_i64(st, o->job);
	db_bind_i64(st, o->made_at);
	return st;
}

int store_occurrence_take(struct db *db, const struct store_occurrence *o, int again, bool *ret_won, struct err *e)
{
	struct db_stmt *st = bind_occurrence(db, SQL_OCCURRENCE_TAKE, o);
	db_bind_i64(st, again);
	return row_won(st, ret_won, e);
}

int store_occurrence_set_job(struct db *db, const struct store_occurrence *o, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_OCCURRENCE_SET_JOB);
	db_bind_i64(st, o->schedule);
	db_bind_text(st, o->local);
	db_bind_text(st, o->time_zone);
	db_bind_i64(st, o->job);
	return row_change(st, e, "occurrence \"%s\"", o->local);
}

int store_occurrence_leave_out(struct db *db, const struct store_occurrence *o, bool *ret_won, struct err *e)
{
	return row_won(bind_occurrence(db, SQL_OCCURRENCE_LEAVE_OUT, o), ret_won, e);
}

static void read_occurrence(struct db_stmt *st, struct arena *a, struct store_occurrence *ret)
{
	ret->schedule = db_take_i64(st);
	ret->time_zone = row_text(st, a);
	ret->local = row_text(st, a);
	ret->due = db_take_i64(st);
	ret->is_left_out = db_take_bool(st);
	ret->reason = (int)db_take_i64(st);
	ret->job = db_take_i64(st);
	ret->made_at = db_take_i64(st);
}

int store_occurrence_list_at(struct db *db, int64_t schedule, const char *local, store_occurrence_fn each, void *arg,
			     struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_OCCURRENCE_LIST_AT);
	db_bind_i64(st, schedule);
	db_bind_text(st, local);
	return ROW_EACH(st, struct store_occurrence, read_occurrence, each, arg, e);
}

int store_occurrence_list(struct db *db, int64_t schedule, const struct store_occurrence *before, int limit,
			  store_occurrence_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_OCCURRENCE_LIST);
	db_bind_i64(st, schedule);
	db_bind_i64(st, before ? before->due : INT64_MAX);
	db_bind_text(st, before ? before->local : "");
	db_bind_text(st, before ? before->time_zone : "");
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_occurrence, read_occurrence, each, arg, e);
}

int store_occurrence_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_OCCURRENCE_PURGE);
	db_bind_i64(st, before);
	db_bind_i64(st, limit);
	return db_run(st, ret_count, e);
}

static int see_until(struct db_stmt *st, int64_t *ret, struct err *e)
{
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret = rc ? db_take_i64(st) : 0;
	db_end(st);
	return 0;
}

int store_cursor_get(struct db *db, int64_t server, int64_t *ret_until, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CURSOR_GET);
	db_bind_i64(st, server);
	return see_until(st, ret_until, e);
}

int store_cursor_put(struct db *db, int64_t server, int64_t until, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CURSOR_PUT);
	db_bind_i64(st, server);
	db_bind_i64(st, until);
	return db_run(st, NULL, e);
}

static void read_place(struct db_stmt *st, struct arena *a, struct store_device_place *ret)
{
	(void)a; /* no texts */
	ret->device = db_take_i64(st);
	ret->folder = db_take_i64(st);
}

int store_device_list_in(struct db *db, int64_t folder, store_device_place_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_LIST_IN);
	db_bind_i64(st, folder);
	return ROW_EACH(st, struct store_device_place, read_place, each, arg, e);
}

int store_device_list_protected(struct db *db, int limit, store_device_place_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_LIST_PROTECTED);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_device_place, read_place, each, arg, e);
}

int store_act_list_places(struct db *db, int64_t job, store_device_place_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_LIST_PLACES);
	db_bind_i64(st, job);
	return ROW_EACH(st, struct store_device_place, read_place, each, arg, e);
}
