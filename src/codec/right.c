#include "codec/right.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* clang-format off */
enum { RIGHT_NONE = -1 };

static const struct right_row {
	const char *name;
	enum right_tree tree;
	int denied_with;
	const char *roles, *sentence;
} rows[RIGHT_COUNT] = {
#define RIGHT(id, name, tree, denied_with, roles, sentence) \
	[RIGHT_##id] = {name, RIGHT_TREE_##tree, RIGHT_##denied_with, roles, sentence},
#include "codec/right.tbl.h"
};

static const struct {
	const char *name, *letter, *sentence;
} roles[RIGHT_ROLE_COUNT] = {
#define ROLE(id, name, letter, sentence) [RIGHT_ROLE_##id] = {name, letter, sentence},
#include "codec/right.tbl.h"
};

static const struct {
	const char *name;
	enum right_audit audit;
} categories[] = {
#define CATEGORY(name, audit) {name, RIGHT_AUDIT_##audit},
#include "codec/right.tbl.h"
};
/* clang-format on */

const char *right_name(enum right_id r)
{
	if (r == RIGHT_LOGIN)
		return "login";
	if (r == RIGHT_OPEN)
		return "open";
	ASSERT(r < RIGHT_COUNT);
	return rows[r].name;
}

bool right_from_name(const char *name, enum right_id *ret)
{
	for (size_t i = 0; i < RIGHT_COUNT; i++)
		if (strcmp(name, rows[i].name) == 0) {
			*ret = (enum right_id)i;
			return true;
		}
	return false;
}

enum right_tree right_tree(enum right_id r)
{
	ASSERT(r < RIGHT_COUNT);
	return rows[r].tree;
}

const char *right_sentence(enum right_id r)
{
	ASSERT(r < RIGHT_COUNT);
	return rows[r].sentence;
}

enum right_audit right_audit(enum right_id r)
{
	if (r >= RIGHT_COUNT)
		return RIGHT_AUDIT_ALWAYS;
	size_t len = strcspn(rows[r].name, ".");
	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		if (strncmp(categories[i].name, rows[r].name, len) == 0 && !categories[i].name[len])
			return categories[i].audit;
	return RIGHT_AUDIT_UNSAID;
}

const char *right_role_name(enum right_role r)
{
	ASSERT(r < RIGHT_ROLE_COUNT);
	return roles[r].name;
}

const char *right_role_sentence(enum right_role r)
{
	ASSERT(r < RIGHT_ROLE_COUNT);
	return roles[r].sentence;
}

bool right_role_from_name(const char *name, enum right_role *ret)
{
	for (size_t i = 0; i < RIGHT_ROLE_COUNT; i++)
		if (strcmp(name, roles[i].name) == 0) {
			*ret = (enum right_role)i;
			return true;
		}
	return false;
}

bool right_role_allows(enum right_role role, enum right_id r)
{
	ASSERT(role < RIGHT_ROLE_COUNT && r < RIGHT_COUNT);
	return role == RIGHT_ROLE_ADMINISTRATOR || strstr(rows[r].roles, roles[role].letter) != NULL;
}

void rights_release(struct rights *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->entries[i].path);
	free(s->entries);
	*s = RIGHTS_INIT;
}

void rights_add(struct rights *s, enum right_id r, enum right_effect effect, enum right_tree at, const char *path)
{
	ASSERT(r < RIGHT_COUNT);
	if (effect == RIGHT_UNSET || (at != RIGHT_TREE_ZONE && at != rows[r].tree))
		return;
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->entries = mem_grow(s->entries, s->cap, sizeof(s->entries[0]));
	}
	s->entries[s->count++] = (struct right_entry){r, effect, mem_str(at == RIGHT_TREE_ZONE ? "/" : path)};
}

void rights_add_role(struct rights *s, enum right_role role, enum right_tree at, const char *path)
{
	for (size_t i = 0; i < RIGHT_COUNT; i++)
		if (right_role_allows(role, (enum right_id)i))
			rights_add(s, (enum right_id)i, RIGHT_ALLOW, at, path);
}

/* Paths end with a slash: so a prefix is the folder itself or one above it. */
bool right_path_is_below(const char *path, const char *folder)
{
	return strncmp(path, folder, strlen(folder)) == 0;
}

static bool concerns(const struct right_entry *en, enum right_id r)
{
	return en->right == r || (en->effect == RIGHT_DENY && (int)en->right == rows[r].denied_with);
}

static bool own_may(const struct rights *s, enum right_id r, const char *path)
{
	bool allowed = s->all;
	for (size_t i = 0; i < s->count; i++) {
		const struct right_entry *en = &s->entries[i];
		if (!concerns(en, r) || !right_path_is_below(path, en->path))
			continue;
		if (en->effect == RIGHT_DENY)
			return false;
		allowed = true;
	}
	return allowed;
}

bool rights_may(const struct rights *s, enum right_id r, const char *path)
{
	if (r >= RIGHT_COUNT)
		return true;
	if (rows[r].tree == RIGHT_TREE_ZONE)
		path = "/";
	for (; s; s = s->within)
		if (!own_may(s, r, path))
			return false;
	return true;
}

bool rights_may_below(const struct rights *s, enum right_id r, const char *path)
{
	if (!rights_may(s, r, path))
		return false;
	if (r >= RIGHT_COUNT || rows[r].tree == RIGHT_TREE_ZONE)
		return true;
	for (; s; s = s->within)
		for (size_t i = 0; i < s->count; i++) {
			const struct right_entry *en = &s->entries[i];
			if (en->effect == RIGHT_DENY && concerns(en, r) && right_path_is_below(en->path, path))
				return false;
		}
	return true;
}

/* What is allowed anywhere is allowed where an allowance was given: no denial above that one could be passed. */
bool rights_may_somewhere(const struct rights *s, enum right_id r)
{
	if (rights_may(s, r, "/"))
		return true;
	for (const struct rights *part = s; part; part = part->within)
		for (size_t i = 0; i < part->count; i++)
			if (part->entries[i].right == r && rights_may(s, r, part->entries[i].path))
				return true;
	return false;
}

struct question {
	const struct rights *giver, *before, *after;
	enum right_id right;
	const char *path;
};

static bool gives_too_much(struct question *q, const char *path)
{
	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		enum right_id r = (enum right_id)i;
		if (rights_may(q->after, r, path) && !rights_may(q->before, r, path) &&
		    !rights_may(q->giver, r, path)) {
			q->right = r;
			q->path = path;
			return true;
		}
	}
	return false;
}

static bool gives_too_much_where(struct question *q, const struct rights *s)
{
	for (; s; s = s->within)
		for (size_t i = 0; i < s->count; i++)
			if (gives_too_much(q, s->entries[i].path))
				return true;
	return false;
}

/* A folder is answered as the deepest folder above it that any of the sets names; so those, and the root, are all. */
bool rights_may_give(const struct rights *giver, const struct rights *before, const struct rights *after,
		     enum right_id *ret_right, const char **ret_path)
{
	struct question q = {.giver = giver, .before = before, .after = after};
	if (!gives_too_much(&q, "/") && !gives_too_much_where(&q, after) && !gives_too_much_where(&q, before) &&
	    !gives_too_much_where(&q, giver))
		return true;
	*ret_right = q.right;
	*ret_path = q.path;
	return false;
}

static char *join(const char *a, const char *b)
{
	size_t len = strlen(a), size = len + strlen(b) + 1;
	char *s = mem_alloc(size);
	memcpy(s, a, len);
	memcpy(s + len, b, size - len);
	return s;
}

struct moved {
	const struct rights *giver, *before, *after;
	const struct right_move *m;
	enum right_id right;
};

/* Of what lay at from and rest and lies at to and rest now. */
static bool gains_at(struct moved *v, const char *rest)
{
	AUTO_FREE char *old = join(v->m->from, rest);
	AUTO_FREE char *now = join(v->m->to, rest);
	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		enum right_id r = (enum right_id)i;
		if (rows[r].tree != v->m->tree || !rights_may(v->after, r, now) || rights_may(v->before, r, old) ||
		    rights_may(v->giver, r, old))
			continue;
		v->right = r;
		return true;
	}
	return false;
}

/* Every folder below the moved one that a set names. */
static bool gains_below(struct moved *v, const struct rights *s, const char *top)
{
	for (; s; s = s->within)
		for (size_t i = 0; i < s->count; i++)
			if (rows[s->entries[i].right].tree == v->m->tree &&
			    right_path_is_below(s->entries[i].path, top) &&
			    gains_at(v, s->entries[i].path + strlen(top)))
				return true;
	return false;
}

bool rights_may_move(const struct rights *giver, const struct rights *before, const struct rights *after,
		     const struct right_move *m, enum right_id *ret_right)
{
	struct moved v = {.giver = giver, .before = before, .after = after, .m = m};
	bool gains = gains_at(&v, "");
	if (!gains && m->is_folder)
		gains = gains_below(&v, before, m->from) || gains_below(&v, giver, m->from) ||
			gains_below(&v, after, m->to);
	if (gains)
		*ret_right = v.right;
	return !gains;
}
