#include "zone/tree.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/map.h"

struct tree {
	struct map_u64 *by_id;
	struct map_str *by_path;
};

struct tree *tree_new(void)
{
	struct tree *t = mem_alloc(sizeof(*t));
	t->by_id = map_u64_new();
	t->by_path = map_str_new();
	return t;
}

static void clear(struct tree *t)
{
	size_t it = 0;
	uint64_t id;
	void *f;
	while (map_u64_each(t->by_id, &it, &id, &f))
		free(f);
	map_u64_free(t->by_id);
	map_str_free(t->by_path);
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	clear(t);
	free(t);
}

size_t tree_count(const struct tree *t)
{
	return map_u64_count(t->by_id);
}

const struct tree_folder *tree_get(const struct tree *t, int64_t id)
{
	return map_u64_get(t->by_id, (uint64_t)id);
}

const struct tree_folder *tree_by_path(const struct tree *t, const char *path)
{
	return map_str_get(t->by_path, bytes_str(path));
}

const struct tree_folder *tree_above(const struct tree *t, const struct tree_folder *f)
{
	return f->parent ? tree_get(t, f->parent) : NULL;
}

/* Paths are kept true by the store and by put, so the walk need not be done. */
bool tree_is_below(const struct tree *t, int64_t id, int64_t above)
{
	const struct tree_folder *f = tree_get(t, id), *top = tree_get(t, above);
	return f && top && strncmp(f->path, top->path, strlen(top->path)) == 0;
}

void tree_drop(struct tree *t, int64_t id)
{
	struct tree_folder *f = map_u64_delete(t->by_id, (uint64_t)id);
	if (!f)
		return;
	(void)map_str_delete(t->by_path, bytes_str(f->path)); /* it was f */
	free(f);
}

/* The parent is known already, and its path is a shorter beginning of this one: so there is no circle. */
static int put(struct tree *t, const struct store_folder *row, struct err *e)
{
	const struct tree_folder *parent = row->parent ? tree_get(t, row->parent) : NULL;
	size_t len = strlen(row->path);
	bool fits = row->parent ? parent && len > strlen(parent->path) &&
					  strncmp(row->path, parent->path, strlen(parent->path)) == 0
				: strcmp(row->path, "/") == 0;
	if (!fits)
		return err_set(e, ERR_DATABASE, "folder %lld \"%s\" does not lie below its parent", (long long)row->id,
			       row->path);
	tree_drop(t, row->id);
	struct tree_folder *f = mem_alloc(sizeof(*f) + len + 1);
	f->id = row->id;
	f->parent = row->parent;
	f->depth = parent ? parent->depth + 1 : 0;
	memcpy(f->path, row->path, len + 1);
	(void)map_u64_put(t->by_id, (uint64_t)f->id, f); /* nothing was there */
	(void)map_str_put(t->by_path, bytes_str(f->path), f);
	return 0;
}

struct loading {
	struct tree *t;
	struct err *e;
};

static int see_folder(void *arg, const struct store_folder *row)
{
	struct loading *l = arg;
	return put(l->t, row, l->e);
}

int tree_load(struct tree *t, struct db *db, struct err *e)
{
	struct loading l = {t, e};
	clear(t);
	t->by_id = map_u64_new();
	t->by_path = map_str_new();
	return store_folder_list(db, STORE_TREE_DEVICE, "/", NULL, -1, see_folder, &l, e); /* parents come first */
}

int tree_learn(struct tree *t, struct db *db, int64_t id, struct err *e)
{
	int64_t unknown[TREE_DEPTH_MAX + 1];
	size_t n = 0;
	struct store_folder row = {.parent = id};
	struct arena *a = arena_new(0);
	int rc = 0;
	while (!rc && row.parent && !tree_get(t, row.parent) && n < ARRAY_LEN(unknown)) {
		unknown[n++] = row.parent;
		rc = store_folder_get(db, a, row.parent, &row, e);
	}
	while (!rc && n) {
		rc = store_folder_get(db, a, unknown[--n], &row, e);
		rc = rc ? rc : put(t, &row, e);
	}
	arena_free(a);
	return rc;
}
