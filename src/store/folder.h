/* folder.h - the two trees of folders: of devices and of credentials. A path begins and ends with a slash; a name has
 * none and is not empty. Paths are kept with each row, so that a subtree is one range of an index. */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "store/store.h"

struct arena;

enum store_tree { STORE_TREE_DEVICE, STORE_TREE_CREDENTIAL };

/* Made by the first migration: "/", "/Servers/" and "/Workstations/" of devices, "/" of credentials. */
#define STORE_FOLDER_ROOT         1
#define STORE_FOLDER_SERVERS      2
#define STORE_FOLDER_WORKSTATIONS 3
#define STORE_FOLDER_CREDENTIALS  4

struct store_folder {
	int64_t id;
	enum store_tree tree;
	int64_t parent; /* 0: a root */
	const char *name, *path;
	int64_t created_at;
};

/* The path is made from the parent's. ERR_EXISTS: the name is taken there; ERR_NOT_FOUND: no such parent;
 * ERR_INVALID: the name is empty, has a slash, or the path would pass STORE_PATH_MAX. f->path and f->tree are not
 * looked at. */
int store_folder_add(struct db *db, const struct store_folder *f, struct err *e);
/* Renames, moves or both, with everything below. ERR_INVALID also: a root, or into itself. */
int store_folder_move(struct db *db, int64_t id, int64_t parent, const char *name, struct err *e);
int store_folder_delete(struct db *db, int64_t id, struct err *e); /* ERR_IN_USE: not empty, a root or built in */
int store_folder_get(struct db *db, struct arena *a, int64_t id, struct store_folder *ret, struct err *e);
int store_folder_by_path(struct db *db, struct arena *a, enum store_tree t, const char *path, struct store_folder *ret,
			 struct err *e);
/* The folder of this path; missing ones are made, with ids of next_id(arg). *ret_created: how many were made. */
int store_folder_make_path(struct db *db, enum store_tree t, const char *path, int64_t now,
			   int (*next_id)(void *arg, int64_t *ret, struct err *e), void *arg, int64_t *ret_id,
			   int *ret_created, struct err *e);
typedef int (*store_folder_fn)(void *arg, const struct store_folder *row);
/* The subtree of path, itself first, in the order of paths, behind after_path (NULL: from the start). */
int store_folder_list(struct db *db, enum store_tree t, const char *path, const char *after_path, int limit,
		      store_folder_fn each, void *arg, struct err *e);

#endif
