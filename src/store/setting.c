#include "store/setting.h"

#include "base/base.h"
#include "codec/range.h"
#include "codec/tzif.h"
#include "store/names.h"
#include "store/row.h"

static const struct setting_row rows[SETTING_COUNT] = {
#define SETTING(NAME, name, type, unit, min, max, def, scopes, text)                                                   \
	[SETTING_##NAME] = {SETTING_##NAME, name, SETTING_TYPE_##type, unit, min, max, def, STORE_SCOPE_##scopes, text},
#include "store/setting.tbl.h"
#undef SETTING
};

const char *setting_type_name(enum setting_type t)
{
	static const char *const names[] = {"duration", "count", "bool",     "cidrs",
					    "choice",   "span",  "timezone", "names"};
	return names_of(names, ARRAY_LEN(names), (int)t);
}

const char *store_scope_name(enum store_scope s)
{
	static const char *const names[] = {"zone", "folder", "device", "server"};
	return names_of(names, ARRAY_LEN(names), (int)s);
}

const struct setting_row *setting_row(enum setting_id id)
{
	ASSERT(id < SETTING_COUNT);
	return &rows[id];
}

bool setting_from_name(const char *name, enum setting_id *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*ret = (enum setting_id)i;
			return true;
		}
	}
	return false;
}

static int out_of_range(const struct setting_row *row, const char *text, struct err *e)
{
	return err_set(e, ERR_INVALID, "setting %s: \"%s\" is not between %lld and %lld%s%s", row->name, text,
		       (long long)row->min, (long long)row->max, row->unit[0] ? " " : "", row->unit);
}

static int check_duration(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	if (!text_to_duration_ms(text, ret))
		return err_set(e, ERR_INVALID, "setting %s: \"%s\" is not a duration, as 30s, 10m or 24h", row->name,
			       text);
	if (*ret >= row->min && *ret <= row->max)
		return 0;
	return err_set(e, ERR_INVALID, "setting %s: \"%s\" is not between %lld and %lld seconds", row->name, text,
		       (long long)row->min / 1000, (long long)row->max / 1000);
}

static int check_count(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	if (!text_to_i64(bytes_str(text), ret))
		return err_set(e, ERR_INVALID, "setting %s: \"%s\" is not a number", row->name, text);
	return *ret >= row->min && *ret <= row->max ? 0 : out_of_range(row, text, e);
}

static int check_bool(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	static const char *const words[] = {"off", "on"};
	int n;
	if (!names_find(words, ARRAY_LEN(words), text, &n))
		return err_set(e, ERR_INVALID, "setting %s: \"%s\" is neither on nor off", row->name, text);
	*ret = n;
	return 0;
}

static int check_choice(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	size_t len = strlen(text);
	int64_t n = 0;
	for (const char *word = row->unit; *word; n++) {
		size_t word_len = strcspn(word, "|");
		if (word_len == len && memcmp(word, text, len) == 0) {
			*ret = n;
			return 0;
		}
		word += word_len + (word[word_len] == '|');
	}
	return err_set(e, ERR_INVALID, "setting %s: \"%s\" is none of %s", row->name, text, row->unit);
}

static int check_cidrs(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	*ret = 0;
	if (!text[strspn(text, ", \t")])
		return 0;
	struct range r;
	range_init(&r);
	int rc = range_parse(text, NULL, UINT64_MAX, &r, e);
	if (rc == 0)
		*ret = (int64_t)(r.v4_len + r.v6_len);
	range_release(&r);
	if (rc < 0)
		return err_wrap(e, ERR_INVALID, "setting %s", row->name);
	return *ret <= row->max ? 0 : out_of_range(row, text, e);
}

static int check_span(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	if (strcmp(text, "never") != 0)
		return check_duration(row, text, ret, e);
	*ret = 0;
	return 0;
}

static int check_timezone(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	*ret = 0;
	if (tz_name_is_valid(text))
		return 0;
	return err_set(e, ERR_INVALID, "setting %s: \"%.100s\" is not the name of a time zone, as Europe/Berlin or UTC",
		       row->name, text);
}

bool setting_next_name(const char **list, char to[STORE_NAME_MAX + 1])
{
	const char *from = *list + strspn(*list, " ");
	size_t len = strcspn(from, ",");
	*list = from + len + (from[len] == ',');
	return bytes_to_str(bytes_trim(BYTES(from, len)), to, STORE_NAME_MAX + 1) && *to;
}

static int check_names(const struct setting_row *row, const char *text, int64_t *ret, struct err *e)
{
	char name[STORE_NAME_MAX + 1];
	*ret = 0;
	if (strcmp(text, "none") == 0)
		return 0;
	for (const char *rest = text; *rest; (*ret)++)
		if (!setting_next_name(&rest, name))
			return err_set(e, ERR_INVALID,
				       "setting %s: \"%.100s\" is not a list of names with commas between", row->name,
				       text);
	return *ret >= 1 && *ret <= row->max ? 0 : out_of_range(row, text, e);
}

int setting_check(enum setting_id id, const char *text, int64_t *ret, struct err *e)
{
	static int (*const check[])(const struct setting_row *row, const char *text, int64_t *ret, struct err *e) = {
		[SETTING_TYPE_DURATION] = check_duration, [SETTING_TYPE_COUNT] = check_count,
		[SETTING_TYPE_BOOL] = check_bool,         [SETTING_TYPE_CIDRS] = check_cidrs,
		[SETTING_TYPE_CHOICE] = check_choice,     [SETTING_TYPE_SPAN] = check_span,
		[SETTING_TYPE_TIMEZONE] = check_timezone, [SETTING_TYPE_NAMES] = check_names,
	};
	const struct setting_row *row = setting_row(id);
	int64_t v;
	int rc = check[row->type](row, text, &v, e);
	if (rc == 0 && ret)
		*ret = v;
	return rc;
}

#define VALUE_MAX 4096

/* A place where a value may be set, and the way up from it. */
struct place {
	enum store_scope scope;
	int64_t object;
	int steps; /* folders so far: a damaged tree must not keep us */
};

#define STEPS_MAX (STORE_PATH_MAX / 2)

/* 1: the value that is set there was appended to text; 0: nothing is set there. */
static int get_own(struct db *db, enum setting_id id, const struct place *at, struct buf *text,
		   struct store_setting_value *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETTING_GET);
	db_bind_i64(st, at->scope);
	db_bind_i64(st, at->object);
	db_bind_text(st, rows[id].name);
	int rc = db_step(st, e);
	if (rc <= 0)
		return rc;
	(void)buf_adds(text, row_text(st, NULL)); /* looked at below */
	db_end(st);
	*ret = (struct store_setting_value){.from = at->scope, .from_object = at->object};
	rc = buf_check(text, e, rows[id].name);
	return rc ? rc : 1;
}

static int step_up(struct db *db, struct place *at, struct err *e)
{
	bool device = at->scope == STORE_SCOPE_DEVICE;
	int64_t above;
	struct db_stmt *st = db_stmt(db, device ? SQL_DEVICE_FOLDER : SQL_FOLDER_PARENT);
	db_bind_i64(st, at->object);
	int rc = row_need(st, e, "%s %lld", store_scope_name(at->scope), (long long)at->object);
	if (rc < 0)
		return rc;
	above = db_take_i64(st);
	db_end(st);
	*at = above && at->steps < STEPS_MAX ? (struct place){STORE_SCOPE_FOLDER, above, at->steps + 1}
					     : (struct place){STORE_SCOPE_ZONE, 0, 0};
	return 0;
}

/* Copies the nearest value into text, and says where it was found. skip: what is set at the place itself is not asked
 * for. */
static int find(struct db *db, enum setting_id id, struct place at, bool skip, struct buf *text,
		struct store_setting_value *ret, struct err *e)
{
	for (;; skip = false) {
		int rc = skip ? 0 : get_own(db, id, &at, text, ret, e);
		if (rc)
			return rc < 0 ? rc : 0;
		if (at.scope == STORE_SCOPE_ZONE) {
			*ret = (struct store_setting_value){.is_default = true};
			return buf_adds(text, rows[id].def);
		}
		rc = step_up(db, &at, e);
		if (rc)
			return rc;
	}
}

static int find_text(struct db *db, struct arena *a, enum setting_id id, struct place at, bool skip,
		     struct store_setting_value *ret, struct err *e)
{
	struct buf b;
	buf_init(&b, VALUE_MAX);
	int rc = find(db, id, at, skip, &b, ret, e);
	if (!rc)
		ret->text = arena_str(a, BYTES(buf_cstr(&b), b.len));
	buf_release(&b);
	return rc;
}

int store_setting_find(struct db *db, struct arena *a, enum setting_id id, enum store_scope scope, int64_t object,
		       struct store_setting_value *ret, struct err *e)
{
	return find_text(db, a, id, (struct place){scope, object, 0}, false, ret, e);
}

int store_setting_inherited(struct db *db, struct arena *a, enum setting_id id, enum store_scope scope, int64_t object,
			    struct store_setting_value *ret, struct err *e)
{
	if (scope != STORE_SCOPE_ZONE)
		return find_text(db, a, id, (struct place){scope, object, 0}, true, ret, e);
	*ret = (struct store_setting_value){.text = rows[id].def, .is_default = true};
	return 0;
}

int store_setting_get(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, int64_t *ret,
		      struct err *e)
{
	struct buf b;
	struct store_setting_value v;
	buf_init(&b, VALUE_MAX);
	int rc = find(db, id, (struct place){scope, object, 0}, false, &b, &v, e);
	if (rc == 0)
		rc = setting_check(id, buf_cstr(&b), ret, e);
	buf_release(&b);
	return rc;
}

static void read_setting(struct db_stmt *st, struct arena *a, struct store_setting *ret)
{
	ret->scope = (enum store_scope)db_take_i64(st);
	ret->object = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->value = row_text(st, a);
}

int store_setting_list(struct db *db, store_setting_fn each, void *arg, struct err *e)
{
	return ROW_EACH(db_stmt(db, SQL_SETTING_LIST), struct store_setting, read_setting, each, arg, e);
}

int setting_check_scope(enum setting_id id, enum store_scope scope, struct err *e)
{
	const struct setting_row *row = setting_row(id);
	if (scope <= row->scopes)
		return 0;
	return err_set(e, ERR_INVALID, "setting %s: it can be set for the zone %s", row->name,
		       row->scopes == STORE_SCOPE_FOLDER ? "and for folders only" : "only");
}

int store_setting_put(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, const char *text,
		      struct err *e)
{
	int rc = setting_check_scope(id, scope, e);
	if (rc == 0 && strlen(text) > VALUE_MAX)
		rc = err_set(e, ERR_INVALID, "setting %s: longer than %d bytes", rows[id].name, VALUE_MAX);
	if (rc == 0)
		rc = setting_check(id, text, NULL, e);
	if (rc < 0)
		return rc;
	struct db_stmt *st = db_stmt(db, SQL_SETTING_PUT);
	db_bind_i64(st, scope);
	db_bind_i64(st, object);
	db_bind_text(st, rows[id].name);
	db_bind_text(st, text);
	return db_run(st, NULL, e);
}

int store_setting_delete(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETTING_DELETE);
	db_bind_i64(st, scope);
	db_bind_i64(st, object);
	db_bind_text(st, rows[id].name);
	return db_run(st, NULL, e);
}

int store_setting_forget(struct db *db, enum store_scope scope, int64_t object, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETTING_FORGET);
	db_bind_i64(st, scope);
	db_bind_i64(st, object);
	return db_run(st, NULL, e);
}
