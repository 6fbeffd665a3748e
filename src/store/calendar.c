#include "store/calendar.h"

#include "store/row.h"

static void read_calendar(struct db_stmt *st, struct arena *a, struct store_calendar *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->note = row_text(st, a);
	ret->ranges = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
}

int store_calendar_add(struct db *db, const struct store_calendar *c, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_ADD);
	db_bind_i64(st, c->id);
	db_bind_text(st, c->name);
	db_bind_text(st, c->note);
	db_bind_i64(st, c->ranges);
	db_bind_i64(st, c->created_at);
	db_bind_i64(st, c->changed_at);
	return row_add(st, e, "calendar \"%s\"", c->name);
}

int store_calendar_put(struct db *db, const struct store_calendar *c, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_PUT);
	db_bind_i64(st, c->id);
	db_bind_text(st, c->note);
	db_bind_i64(st, c->ranges);
	db_bind_i64(st, c->changed_at);
	return row_change(st, e, "calendar \"%s\"", c->name);
}

int store_calendar_delete(struct db *db, int64_t id, struct err *e)
{
	int rc = store_calendar_clear(db, id, e);
	if (rc)
		return rc;
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "calendar %lld", (long long)id);
}

int store_calendar_by_name(struct db *db, struct arena *a, const char *name, struct store_calendar *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "calendar \"%s\"", name);
	if (rc < 0)
		return rc;
	read_calendar(st, a, ret);
	db_end(st);
	return 0;
}

int store_calendar_list(struct db *db, const char *after_name, int limit, store_calendar_fn each, void *arg,
			struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_LIST);
	db_bind_text(st, after_name ? after_name : "");
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_calendar, read_calendar, each, arg, e);
}

int store_calendar_add_range(struct db *db, int64_t calendar, const struct recur_out *r, bool *ret_won, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_RANGE_ADD);
	db_bind_i64(st, calendar);
	db_bind_i64(st, r->from_s);
	db_bind_i64(st, r->to_s);
	db_bind_i64(st, r->utc);
	db_bind_text(st, r->name);
	return row_won(st, ret_won, e);
}

static void read_range(struct db_stmt *st, struct arena *a, struct recur_out *ret)
{
	*ret = (struct recur_out){.from_s = db_take_i64(st)};
	ret->to_s = db_take_i64(st);
	ret->utc = db_take_i64(st) != 0;
	ret->name = row_text(st, a);
}

int store_calendar_list_ranges(struct db *db, int64_t calendar, store_calendar_range_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_RANGE_LIST);
	db_bind_i64(st, calendar);
	return ROW_EACH(st, struct recur_out, read_range, each, arg, e);
}

int store_calendar_delete_ranges(struct db *db, int64_t calendar, int64_t from_s, bool is_utc, int64_t *ret_count,
				 struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_RANGE_DELETE);
	db_bind_i64(st, calendar);
	db_bind_i64(st, from_s);
	db_bind_i64(st, is_utc);
	return db_run(st, ret_count, e);
}

int store_calendar_clear(struct db *db, int64_t calendar, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CALENDAR_RANGE_CLEAR);
	db_bind_i64(st, calendar);
	return db_run(st, NULL, e);
}
