#include "store/device.h"

#include "base/base.h"
#include "store/amt_row.h"
#include "store/row.h"

static void read_device(struct db_stmt *st, struct arena *a, struct store_device *ret)
{
	ret->id = db_take_i64(st);
	ret->folder = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->note = row_text(st, a);
	ret->is_protected = db_take_bool(st);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
}

static struct db_stmt *bind_device(struct db *db, enum sql_id id, const struct store_device *d)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, d->id);
	db_bind_id(st, d->folder);
	db_bind_text(st, d->name);
	db_bind_text(st, d->note);
	db_bind_bool(st, d->is_protected);
	db_bind_i64(st, d->created_at);
	db_bind_i64(st, d->changed_at);
	return st;
}

int store_device_add(struct db *db, const struct store_device *d, struct err *e)
{
	return row_add(bind_device(db, SQL_DEVICE_ADD, d), e, "device \"%s\"", d->name);
}

int store_device_put(struct db *db, const struct store_device *d, struct err *e)
{
	return row_change(bind_device(db, SQL_DEVICE_PUT, d), e, "device \"%s\"", d->name);
}

int store_device_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "device %lld", (long long)id);
}

static int get_device(struct db_stmt *st, struct arena *a, struct store_device *ret)
{
	read_device(st, a, ret);
	db_end(st);
	return 0;
}

int store_device_get(struct db *db, struct arena *a, int64_t id, struct store_device *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "device %lld", (long long)id);
	return rc < 0 ? rc : get_device(st, a, ret);
}

int store_device_by_name(struct db *db, struct arena *a, const char *name, struct store_device *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "device \"%s\"", name);
	return rc < 0 ? rc : get_device(st, a, ret);
}

int store_device_folder(struct db *db, int64_t id, int64_t *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_FOLDER);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "device %lld", (long long)id);
	if (rc < 0)
		return rc;
	*ret = db_take_i64(st);
	db_end(st);
	return 0;
}

int store_device_count(struct db *db, int64_t *ret, struct err *e)
{
	return row_number(db_stmt(db, SQL_DEVICE_COUNT), ret, e);
}

int store_device_count_below(struct db *db, const char *path, int64_t *ret, struct err *e)
{
	char end[ROW_PREFIX_END_MAX];
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_COUNT_BELOW);
	row_prefix_end(path, end);
	db_bind_text(st, path);
	db_bind_text(st, end);
	return row_number(st, ret, e);
}

int store_device_count_in_folder(struct db *db, int64_t folder, int64_t *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_COUNT_IN_FOLDER);
	db_bind_i64(st, folder);
	return row_number(st, ret, e);
}

/* One list in its three orders. */
struct by {
	enum sql_id name, folder, tag, group; /* SQL_COUNT: not in this way */
};
static const struct by views = {SQL_DEVICE_LIST_BY_NAME, SQL_DEVICE_LIST_BY_FOLDER, SQL_DEVICE_LIST_BY_TAG,
				SQL_DEVICE_LIST_BY_GROUP};
static const struct by targets = {SQL_TARGET_LIST_BY_NAME, SQL_TARGET_LIST_BY_FOLDER, SQL_TARGET_LIST_BY_TAG,
				  SQL_COUNT};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* end is borrowed by the statement until its end. */
static struct db_stmt *bind_filter(struct db *db, const struct by *by, const struct store_device_filter *f,
				   char end[ROW_PREFIX_END_MAX])
{
	ASSERT(!f->folder + !f->tag + !f->name_prefix + !f->group >= 3);
	enum sql_id id = f->folder ? by->folder : f->tag ? by->tag : f->group ? by->group : by->name;
	ASSERT(id != SQL_COUNT);
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, f->mode);
	db_bind_i64(st, f->power);
	db_bind_i64(st, f->limit);
	if (f->folder) {
		row_prefix_end(f->folder, end);
		db_bind_text(st, f->after_path ? f->after_path : f->folder);
		db_bind_text(st, end);
	} else if (f->tag) {
		db_bind_text(st, f->tag);
	} else if (f->group) {
		db_bind_i64(st, f->group);
		db_bind_i64(st, f->after_id);
		return st;
	}
	if (f->folder || f->tag) {
		db_bind_text(st, or_empty(f->after_name));
		return st;
	}
	row_prefix_end(or_empty(f->name_prefix), end);
	db_bind_text(st, or_empty(f->after_name));
	db_bind_text(st, or_empty(f->name_prefix));
	db_bind_text(st, end);
	return st;
}

static void read_view(struct db_stmt *st, struct arena *a, struct store_device_view *ret)
{
	read_device(st, a, &ret->device);
	ret->folder_path = row_text(st, a);
	amt_row_read(st, a, &ret->amt);
	amt_state_row_read(st, a, &ret->state);
	ret->credential_name = row_text(st, a);
	ret->server_name = row_text(st, a);
}

/* Names joined with commas: neither dialect's word for it is known to the other. */
static int read_tags(struct db *db, int64_t device, struct buf *out, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TAG_OF_DEVICE);
	db_bind_i64(st, device);
	buf_reset(out);
	int rc;
	while ((rc = db_step(st, e)) > 0) {
		if (out->len)
			(void)buf_addc(out, ','); /* looked at below */
		(void)buf_adds(out, or_empty(db_take_text(st)));
	}
	return rc == 0 ? buf_check(out, e, "tags of a device") : rc;
}

#define TAGS_MAX 65536

int store_device_list(struct db *db, const struct store_device_filter *f, store_device_view_fn each, void *arg,
		      struct err *e)
{
	char end[ROW_PREFIX_END_MAX];
	struct buf tags;
	buf_init(&tags, TAGS_MAX);
	struct db_stmt *st = bind_filter(db, &views, f, end);
	int rc;
	while ((rc = db_step(st, e)) > 0) {
		struct store_device_view row;
		read_view(st, NULL, &row);
		rc = f->without_tags ? 0 : read_tags(db, row.device.id, &tags, e);
		row.tags = buf_cstr(&tags);
		if (rc == 0)
			rc = each(arg, &row);
		if (rc)
			break;
	}
	db_end(st);
	buf_release(&tags);
	return rc;
}

int store_device_view(struct db *db, struct arena *a, int64_t id, struct store_device_view *ret, struct err *e)
{
	struct buf tags;
	buf_init(&tags, TAGS_MAX);
	int rc = read_tags(db, id, &tags, e);
	struct db_stmt *st = db_stmt(db, SQL_DEVICE_VIEW);
	db_bind_i64(st, id);
	if (rc == 0)
		rc = row_need(st, e, "device %lld", (long long)id);
	if (rc == 0) {
		read_view(st, a, ret);
		ret->tags = arena_str(a, buf_bytes(&tags));
	}
	db_end(st);
	buf_release(&tags);
	return rc;
}

static void read_target(struct db_stmt *st, struct arena *a, struct store_target *ret)
{
	ret->device = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->folder_path = row_text(st, a);
	ret->is_protected = db_take_bool(st);
	ret->amt = db_take_i64(st);
	ret->host = row_text(st, a);
	ret->mode = (enum store_amt_mode)db_take_i64(st);
	ret->credential = db_take_i64(st);
	ret->server = db_take_i64(st);
}

int store_target_list(struct db *db, const struct store_device_filter *f, store_target_fn each, void *arg,
		      struct err *e)
{
	char end[ROW_PREFIX_END_MAX];
	return ROW_EACH(bind_filter(db, &targets, f, end), struct store_target, read_target, each, arg, e);
}

int store_target_get(struct db *db, struct arena *a, int64_t device, struct store_target *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TARGET_GET);
	db_bind_i64(st, device);
	int rc = row_need(st, e, "device %lld", (long long)device);
	if (rc < 0)
		return rc;
	read_target(st, a, ret);
	db_end(st);
	return 0;
}

int store_tag_add(struct db *db, int64_t device, const char *tag, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TAG_ADD);
	db_bind_text(st, tag);
	db_bind_i64(st, device);
	return row_add(st, e, "tag \"%s\"", tag);
}

int store_tag_delete(struct db *db, int64_t device, const char *tag, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TAG_DELETE);
	db_bind_text(st, tag);
	db_bind_i64(st, device);
	return db_run(st, NULL, e);
}

int store_tag_clear(struct db *db, int64_t device, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TAG_CLEAR);
	db_bind_i64(st, device);
	return db_run(st, NULL, e);
}

int store_tag_list(struct db *db, int (*each)(void *arg, const char *tag, int64_t devices), void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_TAG_LIST);
	int rc;
	while ((rc = db_step(st, e)) > 0) {
		const char *tag = or_empty(db_take_text(st));
		rc = each(arg, tag, db_take_i64(st));
		if (rc)
			break;
	}
	db_end(st);
	return rc;
}
