#include "store/setting.h"

#include "base/base.h"
#include "codec/range.h"
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
	static const char *const names[] = {"duration", "count", "bool", "cidrs", "choice"};
	return names_of(names, ARRAY_LEN(names), (int)t);
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

int setting_check(enum setting_id id, const char *text, int64_t *ret, struct err *e)
{
	static int (*const check[])(const struct setting_row *row, const char *text, int64_t *ret, struct err *e) = {
		[SETTING_TYPE_DURATION] = check_duration, [SETTING_TYPE_COUNT] = check_count,
		[SETTING_TYPE_BOOL] = check_bool,         [SETTING_TYPE_CIDRS] = check_cidrs,
		[SETTING_TYPE_CHOICE] = check_choice,
	};
	const struct setting_row *row = setting_row(id);
	int64_t v;
	int rc = check[row->type](row, text, &v, e);
	if (rc == 0 && ret)
		*ret = v;
	return rc;
}

#define VALUE_MAX 4096

/* Appends the value that counts: every setting is the zone's so far, so nothing lies nearer to an object. */
static int find(struct db *db, enum setting_id id, struct buf *ret, bool *ret_set, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SETTING_GET);
	db_bind_i64(st, STORE_SCOPE_ZONE);
	db_bind_i64(st, 0);
	db_bind_text(st, rows[id].name);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret_set = rc > 0;
	rc = buf_adds(ret, rc > 0 ? row_text(st, NULL) : rows[id].def);
	db_end(st);
	return rc < 0 ? buf_check(ret, e, rows[id].name) : 0;
}

int store_setting_get(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, int64_t *ret,
		      struct err *e)
{
	struct buf b;
	bool set;
	buf_init(&b, VALUE_MAX);
	int rc = find(db, id, &b, &set, e);
	if (rc == 0)
		rc = setting_check(id, buf_cstr(&b), ret, e);
	buf_release(&b);
	return rc;
}

int store_setting_text(struct db *db, struct arena *a, enum setting_id id, enum store_scope scope, int64_t object,
		       const char **ret, bool *ret_own, struct err *e)
{
	struct buf b;
	bool set;
	buf_init(&b, VALUE_MAX);
	int rc = find(db, id, &b, &set, e);
	if (rc == 0) {
		*ret = arena_str(a, buf_bytes(&b));
		*ret_own = set && scope == STORE_SCOPE_ZONE;
	}
	buf_release(&b);
	return rc;
}

static int check_scope(enum setting_id id, enum store_scope scope, struct err *e)
{
	if (scope <= rows[id].scopes)
		return 0;
	return err_set(e, ERR_INVALID, "setting %s: it can be set for the zone only", rows[id].name);
}

int store_setting_put(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, const char *text,
		      struct err *e)
{
	int rc = check_scope(id, scope, e);
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
