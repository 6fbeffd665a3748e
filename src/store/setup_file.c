#include "store/setup_file.h"

#include "store/row.h"

static void read_file(struct db_stmt *st, struct arena *a, struct store_setup_file *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->version = row_text(st, a);
	ret->is_shared = db_take_bool(st);
	ret->fqdn = row_text(st, a);
	ret->suffix = row_text(st, a);
	ret->created_by = row_text(st, a);
	ret->created_at = db_take_i64(st);
	ret->expires_at = db_take_i64(st);
	ret->records = db_take_i64(st);
	ret->used = db_take_i64(st);
}

int store_setup_file_add(struct db *db, const struct store_setup_file *f, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_FILE_ADD);
	db_bind_i64(st, f->id);
	db_bind_text(st, f->name);
	db_bind_text(st, f->version);
	db_bind_bool(st, f->is_shared);
	db_bind_text(st, f->fqdn);
	db_bind_text(st, f->suffix);
	db_bind_text(st, f->created_by);
	db_bind_i64(st, f->created_at);
	db_bind_i64(st, f->expires_at);
	return row_add(st, e, "setup file \"%s\"", f->name);
}

int store_setup_file_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_FILE_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "setup file %lld", (long long)id);
}

static int get_file(struct db_stmt *st, struct arena *a, struct store_setup_file *ret)
{
	read_file(st, a, ret);
	db_end(st);
	return 0;
}

int store_setup_file_get(struct db *db, struct arena *a, int64_t id, struct store_setup_file *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_FILE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "setup file %lld", (long long)id);
	return rc < 0 ? rc : get_file(st, a, ret);
}

int store_setup_file_by_name(struct db *db, struct arena *a, const char *name, struct store_setup_file *ret,
			     struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_FILE_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "setup file \"%s\"", name);
	return rc < 0 ? rc : get_file(st, a, ret);
}

int store_setup_file_list(struct db *db, const char *after_name, int limit, store_setup_file_fn each, void *arg,
			  struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_FILE_LIST);
	db_bind_text(st, after_name ? after_name : "");
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_setup_file, read_file, each, arg, e);
}

static void read_record(struct db_stmt *st, struct arena *a, struct store_setup_record *ret)
{
	ret->id = db_take_i64(st);
	ret->file = db_take_i64(st);
	ret->number = db_take_i64(st);
	ret->password = row_blob(st, a);
	ret->pid = row_text(st, a);
	ret->pps = row_blob(st, a);
	ret->used_at = db_take_i64(st);
	ret->device = db_take_i64(st);
	ret->device_name = row_text(st, a);
}

int store_setup_record_add(struct db *db, const struct store_setup_record *r, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_RECORD_ADD);
	db_bind_i64(st, r->id);
	db_bind_i64(st, r->file);
	db_bind_i64(st, r->number);
	db_bind_blob(st, r->password);
	db_bind_text(st, *r->pid ? r->pid : NULL);
	db_bind_blob(st, r->pps);
	db_bind_i64(st, r->used_at);
	db_bind_id(st, r->device);
	return row_add(st, e, "record %lld of a setup file", (long long)r->number);
}

static int get_record(struct db_stmt *st, struct arena *a, struct store_setup_record *ret, struct err *e)
{
	int rc = row_need(st, e, "record of a setup file");
	if (rc < 0)
		return rc;
	read_record(st, a, ret);
	db_end(st);
	return 0;
}

int store_setup_record_get(struct db *db, struct arena *a, int64_t id, struct store_setup_record *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_RECORD_GET);
	db_bind_i64(st, id);
	return get_record(st, a, ret, e);
}

int store_setup_record_by_number(struct db *db, struct arena *a, int64_t file, int64_t number,
				 struct store_setup_record *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_RECORD_BY_NUMBER);
	db_bind_i64(st, file);
	db_bind_i64(st, number);
	return get_record(st, a, ret, e);
}

int store_setup_record_by_pid(struct db *db, struct arena *a, const char *pid, struct store_setup_record *ret,
			      struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_RECORD_BY_PID);
	db_bind_text(st, pid);
	return get_record(st, a, ret, e);
}

int store_setup_record_list(struct db *db, int64_t file, int64_t after_number, int limit, store_setup_record_fn each,
			    void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_RECORD_LIST);
	db_bind_i64(st, file);
	db_bind_i64(st, after_number);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_setup_record, read_record, each, arg, e);
}

int store_setup_record_use(struct db *db, int64_t id, int64_t used_at, int64_t device, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETUP_RECORD_USE);
	db_bind_i64(st, id);
	db_bind_i64(st, used_at);
	db_bind_id(st, device);
	return row_change(st, e, "record %lld of a setup file", (long long)id);
}
