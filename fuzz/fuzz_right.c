/* Rights as administrators give them, a line each: "a|b|c allow|deny|role NAME at zone|device|vault PATH" for three
 * sets. The answers hang together: below means everywhere below, nowhere means nowhere, and who may give gives only his
 * own. */
#include "base/base.h"
#include "base/buf.h"
#include "codec/right.h"
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETS      3
#define LINES_MAX 32
#define PATH_MAX_ 64
#define MOVES     4

struct play {
	struct rights sets[SETS];
	char paths[LINES_MAX + 1][PATH_MAX_];
	size_t path_count;
};

static enum right_tree tree_of(const char *word)
{
	if (strcmp(word, "device") == 0)
		return RIGHT_TREE_DEVICE;
	return strcmp(word, "vault") == 0 ? RIGHT_TREE_VAULT : RIGHT_TREE_ZONE;
}

static void add(struct play *p, const char *line)
{
	char set, effect[8], name[40], tree[8], path[PATH_MAX_ - 1];
	enum right_id r;
	enum right_role role;
	if (sscanf(line, "%c %7s %39s %7s %62s", &set, effect, name, tree, path) != 5 || set < 'a' || set >= 'a' + SETS)
		return;
	if (path[0] != '/' || path[strlen(path) - 1] != '/' || p->path_count == LINES_MAX)
		return;
	struct rights *s = &p->sets[set - 'a'];
	if (strcmp(effect, "role") == 0 && right_role_from_name(name, &role)) {
		ASSERT(strcmp(right_role_name(role), name) == 0 && *right_role_sentence(role));
		rights_add_role(s, role, tree_of(tree), path);
	} else if (right_from_name(name, &r)) {
		ASSERT(strcmp(right_name(r), name) == 0 && *right_sentence(r));
		enum right_effect how = strcmp(effect, "allow") == 0 ? RIGHT_ALLOW : RIGHT_UNSET;
		rights_add(s, r, strcmp(effect, "deny") == 0 ? RIGHT_DENY : how, tree_of(tree), path);
	}
	(void)snprintf(p->paths[p->path_count++], PATH_MAX_, "%s", path);
}

static bool is_below(const char *path, const char *folder)
{
	return strncmp(path, folder, strlen(folder)) == 0;
}

static void check_right(const struct play *p, const struct rights *s, enum right_id r)
{
	bool anywhere = false;
	for (size_t i = 0; i < p->path_count; i++) {
		bool below = rights_may_below(s, r, p->paths[i]);
		anywhere |= rights_may(s, r, p->paths[i]);
		ASSERT(!below || rights_may(s, r, p->paths[i]));
		for (size_t k = 0; below && k < p->path_count; k++)
			ASSERT(right_tree(r) == RIGHT_TREE_ZONE || !is_below(p->paths[k], p->paths[i]) ||
			       rights_may(s, r, p->paths[k]));
	}
	ASSERT(!anywhere || rights_may_somewhere(s, r));
}

static void check_giving(const struct play *p)
{
	const struct rights *giver = &p->sets[0], *before = &p->sets[1], *after = &p->sets[2];
	enum right_id what = RIGHT_COUNT;
	const char *where = NULL;
	bool may = rights_may_give(giver, before, after, &what, &where);
	if (!may)
		ASSERT(rights_may(after, what, where) && !rights_may(before, what, where) &&
		       !rights_may(giver, what, where));
	for (size_t i = 0; may && i < p->path_count; i++)
		for (enum right_id r = 0; r < RIGHT_COUNT; r++)
			ASSERT(!rights_may(after, r, p->paths[i]) || rights_may(before, r, p->paths[i]) ||
			       rights_may(giver, r, p->paths[i]));
}

static bool gains(const struct play *p, enum right_id r, const char *from, const char *to)
{
	return rights_may(&p->sets[2], r, to) && !rights_may(&p->sets[1], r, from) && !rights_may(&p->sets[0], r, from);
}

/* Of a folder that was moved: what a look at every named folder below it says. */
static void check_moved_folder(const struct play *p, const struct right_move *m)
{
	char to[2 * PATH_MAX_];
	for (size_t i = 0; i < p->path_count; i++) {
		if (!is_below(p->paths[i], m->from))
			continue;
		(void)snprintf(to, sizeof(to), "%s%s", m->to, p->paths[i] + strlen(m->from));
		for (enum right_id r = 0; r < RIGHT_COUNT; r++)
			ASSERT(right_tree(r) != m->tree || !gains(p, r, p->paths[i], to));
	}
}

static void check_moving(const struct play *p, const char *from, const char *to)
{
	enum right_id what = RIGHT_COUNT;
	struct right_move m = {RIGHT_TREE_DEVICE, from, to, false};
	bool thing = rights_may_move(&p->sets[0], &p->sets[1], &p->sets[2], &m, &what);
	ASSERT(thing || gains(p, what, from, to));
	m.is_folder = true;
	bool folder = rights_may_move(&p->sets[0], &p->sets[1], &p->sets[2], &m, &what);
	ASSERT(thing || !folder);
	if (folder)
		check_moved_folder(p, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rights all = RIGHTS_ALL;
	struct play p = {.path_count = 1, .paths = {"/"}};
	AUTO_FREE char *text = bytes_dup_str(BYTES(data, size));
	char *rest = NULL;
	for (const char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		add(&p, line);
	p.sets[2].within = size % 2 ? &p.sets[1] : &all;
	for (size_t i = 0; i < SETS; i++)
		for (enum right_id r = 0; r < RIGHT_COUNT; r++)
			check_right(&p, &p.sets[i], r);
	check_giving(&p);
	for (size_t i = 0; i < p.path_count && i < MOVES; i++)
		for (size_t k = 0; k < p.path_count && k < MOVES; k++)
			check_moving(&p, p.paths[i], p.paths[k]);
	for (enum right_id r = 0; r <= RIGHT_OPEN; r++)
		ASSERT(right_audit(r) != RIGHT_AUDIT_UNSAID);
	ASSERT(strcmp(right_name(RIGHT_LOGIN), right_name(RIGHT_OPEN)) != 0);
	ASSERT(rights_may(&p.sets[0], RIGHT_OPEN, "/"));
	for (size_t i = 0; i < SETS; i++)
		rights_release(&p.sets[i]);
	return 0;
}
