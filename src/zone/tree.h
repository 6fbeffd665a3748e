/* tree.h - the folders of devices in memory: who is above whom, without asking the database.
 *
 * A cache of the table: folder.c and command.c tell it of every change right behind the row, and a round that failed
 * reads it anew (tree_load). An entry lives until the next change of the tree; keep ids, not entries. One thread, the
 * zone's: zone.tree. Holds every folder, about 150 bytes each. */
#ifndef ZONE_TREE_H
#define ZONE_TREE_H

#include "store/folder.h"

struct tree;

struct tree_folder {
	int64_t id;
	int64_t parent; /* 0: the root */
	int depth;      /* of the root: 0; paths are at most STORE_PATH_MAX long, so at most TREE_DEPTH_MAX */
	char path[];    /* with its slashes: "/Workstations/lab/" */
};

#define TREE_DEPTH_MAX (STORE_PATH_MAX / 2)

struct tree *tree_new(void);
void tree_free(struct tree *t); /* NULL is fine */
/* All of it anew. ERR_DATABASE: a folder whose path does not lie below its parent's, or whose parent is missing. */
int tree_load(struct tree *t, struct db *db, struct err *e);
/* A folder that was made, with those above it that are not known yet. */
int tree_learn(struct tree *t, struct db *db, int64_t id, struct err *e);
void tree_drop(struct tree *t, int64_t id); /* a folder that was removed; it has none below */

size_t tree_count(const struct tree *t);
const struct tree_folder *tree_get(const struct tree *t, int64_t id); /* NULL: there is none */
const struct tree_folder *tree_by_path(const struct tree *t, const char *path);
/* The walk up: the folder above, NULL above the root. */
const struct tree_folder *tree_above(const struct tree *t, const struct tree_folder *f);
/* Whether folder id lies below `above` or is it; false when there is no such folder. */
bool tree_is_below(const struct tree *t, int64_t id, int64_t above);

#endif
