#include "store/folder.h"

#include "base/base.h"
#include "store/row.h"

static void read_folder(struct db_stmt *st, struct arena *a, struct store_folder *ret)
{
	ret->id = db_take_i64(st);
	ret->tree = (enum store_tree)db_take_i64(st);
	ret->parent = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->path = row_text(st, a);
	ret->created_at = db_take_i64(st);
}

static int get_folder(struct db_stmt *st, struct arena *a, struct store_folder *ret)
{
	read_folder(st, a, ret);
	db_end(st);
	return 0;
}

int store_folder_get(struct db *db, struct arena *a, int64_t id, struct store_folder *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "folder %lld", (long long)id);
	return rc < 0 ? rc : get_folder(st, a, ret);
}

int store_folder_by_path(struct db *db, struct arena *a, enum store_tree t, const char *path, struct store_folder *ret,
			 struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_BY_PATH);
	db_bind_i64(st, t);
	db_bind_text(st, path);
	int rc = row_need(st, e, "folder \"%s\"", path);
	return rc < 0 ? rc : get_folder(st, a, ret);
}

/* Tree and path of a folder, without an arena. */
struct place {
	enum store_tree tree;
	int64_t parent;
	char name[STORE_NAME_MAX + 1];
	char path[STORE_PATH_MAX + 1];
};

static int get_place(struct db *db, int64_t id, struct place *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "folder %lld", (long long)id);
	if (rc < 0)
		return rc;
	struct store_folder f;
	read_folder(st, NULL, &f);
	ret->tree = f.tree;
	ret->parent = f.parent;
	bool fits = bytes_to_str(bytes_str(f.name), ret->name, sizeof(ret->name)) &&
		    bytes_to_str(bytes_str(f.path), ret->path, sizeof(ret->path));
	db_end(st);
	return fits ? 0 : err_set(e, ERR_DATABASE, "folder %lld: its path is too long", (long long)id);
}

/* to = parent's path + name + "/" */
static int make_path(const char *parent, const char *name, char to[STORE_PATH_MAX + 1], struct err *e)
{
	size_t len = strlen(name);
	if (!len || len > STORE_NAME_MAX || strchr(name, '/'))
		return err_set(e, ERR_INVALID, "folder name \"%s\": 1 to %d bytes without a slash", name,
			       STORE_NAME_MAX);
	if (strlen(parent) + len + 1 > STORE_PATH_MAX)
		return err_set(e, ERR_INVALID, "folder \"%s\": its path would be longer than %d bytes", name,
			       STORE_PATH_MAX);
	int n = snprintf(to, STORE_PATH_MAX + 1, "%s%s/", parent, name);
	ASSERT(n > 0 && n <= STORE_PATH_MAX);
	return 0;
}

int store_folder_add(struct db *db, const struct store_folder *f, struct err *e)
{
	struct place parent;
	char path[STORE_PATH_MAX + 1];
	int rc = get_place(db, f->parent, &parent, e);
	if (rc == 0)
		rc = make_path(parent.path, f->name, path, e);
	if (rc < 0)
		return rc;
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_ADD);
	db_bind_i64(st, f->id);
	db_bind_i64(st, parent.tree);
	db_bind_id(st, f->parent);
	db_bind_text(st, f->name);
	db_bind_text(st, path);
	db_bind_i64(st, f->created_at);
	return row_add(st, e, "folder \"%s\"", path);
}

/* Characters, not bytes: what substr counts. */
static int64_t text_length(const char *s)
{
	int64_t n = 0;
	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static int move_paths(struct db *db, enum store_tree t, const char *from, const char *to, struct err *e)
{
	char end[ROW_PREFIX_END_MAX];
	row_prefix_end(from, end);
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_MOVE_PATHS);
	db_bind_i64(st, t);
	db_bind_text(st, from);
	db_bind_text(st, end);
	db_bind_i64(st, text_length(from) + 1);
	db_bind_text(st, to);
	return row_add(st, e, "folder \"%s\"", to);
}

/* Longest path below a folder, which a move could make too long. */
static int longest(void *arg, const struct store_folder *row)
{
	size_t *most = arg, len = strlen(row->path);
	*most = len > *most ? len : *most;
	return 0;
}

static int check_move(struct db *db, const struct place *at, const struct place *parent, const char *to, struct err *e)
{
	if (!at->parent || at->tree != parent->tree || bytes_starts_with(bytes_str(parent->path), at->path))
		return err_set(e, ERR_INVALID, "folder \"%s\": it cannot be moved to \"%s\"", at->path, to);
	size_t most = 0;
	int rc = store_folder_list(db, at->tree, at->path, NULL, -1, longest, &most, e);
	if (rc == 0 && most - strlen(at->path) + strlen(to) > STORE_PATH_MAX)
		rc = err_set(e, ERR_INVALID, "folder \"%s\": paths below it would be longer than %d bytes", at->path,
			     STORE_PATH_MAX);
	return rc;
}

int store_folder_move(struct db *db, int64_t id, int64_t parent, const char *name, struct err *e)
{
	struct place at, above;
	char to[STORE_PATH_MAX + 1];
	int rc = get_place(db, id, &at, e);
	if (rc == 0)
		rc = get_place(db, parent, &above, e);
	if (rc == 0)
		rc = make_path(above.path, name, to, e);
	if (rc == 0)
		rc = check_move(db, &at, &above, to, e);
	if (rc == 0)
		rc = move_paths(db, at.tree, at.path, to, e);
	if (rc < 0)
		return rc;
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_MOVE);
	db_bind_i64(st, id);
	db_bind_i64(st, parent);
	db_bind_text(st, name);
	return row_change(st, e, "folder \"%s\"", to);
}

int store_folder_delete(struct db *db, int64_t id, struct err *e)
{
	struct place at;
	int rc = get_place(db, id, &at, e);
	if (rc < 0)
		return rc;
	int64_t used;
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_USED);
	db_bind_i64(st, id);
	rc = row_number(st, &used, e);
	if (rc < 0)
		return rc;
	if (used || id <= STORE_FOLDER_CREDENTIALS)
		return err_set(e, ERR_IN_USE, "folder \"%s\": it is %s", at.path, used ? "not empty" : "built in");
	st = db_stmt(db, SQL_FOLDER_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "folder \"%s\"", at.path);
}

static int find_id(struct db *db, enum store_tree t, const char *path, int64_t *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_BY_PATH);
	db_bind_i64(st, t);
	db_bind_text(st, path);
	int rc = row_need(st, e, "folder \"%s\"", path);
	if (rc < 0)
		return rc;
	*ret = db_take_i64(st);
	db_end(st);
	return 0;
}

struct maker {
	int64_t now;
	int (*next_id)(void *arg, int64_t *ret, struct err *e);
	void *arg;
	int created;
};

/* One step down from *at, making the folder when it is not there. path is the whole path with its slash. */
static int step_down(struct db *db, struct maker *m, enum store_tree t, const char *path, const char *name, int64_t *at,
		     struct err *e)
{
	struct err why = ERR_INIT;
	int rc = find_id(db, t, path, at, &why);
	if (rc != ERR_NOT_FOUND)
		return rc < 0 ? err_set(e, rc, "%s", why.msg) : 0;
	struct store_folder f = {.parent = *at, .name = name, .created_at = m->now};
	rc = m->next_id(m->arg, &f.id, e);
	if (rc == 0)
		rc = store_folder_add(db, &f, e);
	if (rc < 0)
		return rc;
	*at = f.id;
	m->created++;
	return 0;
}

static int check_path(const char *path, struct err *e)
{
	size_t len = strlen(path);
	if (len == 0 || len > STORE_PATH_MAX || path[0] != '/' || path[len - 1] != '/' || strstr(path, "//"))
		return err_set(e, ERR_INVALID, "folder path \"%s\": begins and ends with a slash, at most %d bytes",
			       path, STORE_PATH_MAX);
	return 0;
}

int store_folder_make_path(struct db *db, enum store_tree t, const char *path, int64_t now,
			   int (*next_id)(void *arg, int64_t *ret, struct err *e), void *arg, int64_t *ret_id,
			   int *ret_created, struct err *e)
{
	struct maker m = {now, next_id, arg, 0};
	char upto[STORE_PATH_MAX + 1], name[STORE_PATH_MAX + 1];
	int rc = check_path(path, e);
	int64_t at = t == STORE_TREE_DEVICE ? STORE_FOLDER_ROOT : STORE_FOLDER_CREDENTIALS;
	for (const char *from = path + 1; rc == 0 && *from;) {
		const char *slash = strchr(from, '/');
		(void)bytes_to_str(BYTES(from, (size_t)(slash - from)), name, sizeof(name)); /* fits: checked above */
		from = slash + 1;
		(void)bytes_to_str(BYTES(path, (size_t)(from - path)), upto, sizeof(upto));
		rc = step_down(db, &m, t, upto, name, &at, e);
	}
	if (rc < 0)
		return rc;
	*ret_id = at;
	*ret_created = m.created;
	return 0;
}

int store_folder_list(struct db *db, enum store_tree t, const char *path, const char *after_path, int limit,
		      store_folder_fn each, void *arg, struct err *e)
{
	char end[ROW_PREFIX_END_MAX];
	row_prefix_end(path, end);
	struct db_stmt *st = db_stmt(db, SQL_FOLDER_LIST);
	db_bind_i64(st, t);
	db_bind_text(st, path);
	db_bind_text(st, end);
	db_bind_text(st, after_path ? after_path : "");
	db_bind_i64(st, limit < 0 ? INT32_MAX : limit);
	return ROW_EACH(st, struct store_folder, read_folder, each, arg, e);
}
