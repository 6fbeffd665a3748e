/* user_source.h - user sources: directories that say who somebody is, and which of their groups are which of ours. */
#ifndef STORE_USER_SOURCE_H
#define STORE_USER_SOURCE_H

#include "store/store.h"

struct arena;

struct store_user_source {
	int64_t id;
	const char *name; /* unique; its accounts are called LOGIN@NAME */
	int kind;         /* enum source_kind (directory/source.h) */
	bool enabled;
	bool is_default;     /* logins without an @ are of this one, where there is no local account */
	const char *options; /* JSON object, see directory/source.h */
	struct bytes secret; /* sealed; p NULL none */
	int64_t version;     /* of the secret; rises with each change */
	int64_t created_at, changed_at;
	int64_t failed_at; /* since when it does not answer; 0 it does */
	const char *error; /* why; "" */
};

int store_user_source_add(struct db *db, const struct store_user_source *s, struct err *e); /* ERR_EXISTS: the name */
int store_user_source_put(struct db *db, const struct store_user_source *s,
			  struct err *e);                               /* ERR_NOT_FOUND, ERR_EXISTS */
int store_user_source_delete(struct db *db, int64_t id, struct err *e); /* with its groups. ERR_NOT_FOUND */
int store_user_source_get(struct db *db, struct arena *a, int64_t id, struct store_user_source *ret, struct err *e);
int store_user_source_by_name(struct db *db, struct arena *a, const char *name, struct store_user_source *ret,
			      struct err *e);
typedef int (*store_user_source_fn)(void *arg, const struct store_user_source *row);
int store_user_source_list(struct db *db, store_user_source_fn each, void *arg, struct err *e); /* by name */

/* A group of a source, and the group of ours that its members are in. */
struct store_user_source_map {
	int64_t source;
	const char *outside;
	int64_t group;
	int64_t created_at;
	const char *created_by;
	const char *source_name, *group_name; /* not written */
};
int store_user_source_map_add(struct db *db, const struct store_user_source_map *m, struct err *e); /* ERR_EXISTS */
int store_user_source_map_delete(struct db *db, const struct store_user_source_map *m,
				 struct err *e); /* ERR_NOT_FOUND */
typedef int (*store_user_source_map_fn)(void *arg, const struct store_user_source_map *row);
/* Of one source, or of all (0). */
int store_user_source_map_list(struct db *db, int64_t source, store_user_source_map_fn each, void *arg, struct err *e);

#endif
