/* admin.h - administrators, their groups, the zone's own roles, and who was given what. What follows from these rows is
 * for zone/entitle.h to say. Names are compared byte by byte. */
#ifndef STORE_ADMIN_H
#define STORE_ADMIN_H

#include "codec/right.h"
#include "store/store.h"

struct arena;

enum store_admin_origin { STORE_ADMIN_LOCAL, STORE_ADMIN_OF_SOURCE };

struct store_admin {
	int64_t id;
	const char *name;      /* unique; the principal is "admin NAME" */
	const char *full_name; /* "" unknown */
	enum store_admin_origin origin;
	const char *subject; /* what the origin knows it by; "" for local ones */
	const char *hash;    /* argon2id string of the password; "" none: nobody logs in with it */
	int64_t version;     /* of the password; rises with each change */
	bool is_disabled;
	int64_t created_at, changed_at; /* changed: the password */
	int64_t login_at;               /* last login; 0 never */
	const char *login_from;         /* its source; "" none */
	int64_t source;                 /* user source; 0: local */
	bool is_gone;                   /* its source says that he may not log in any more */
	int64_t checked_at;             /* when its source was asked last; 0 */
};

int store_admin_add(struct db *db, const struct store_admin *a, struct err *e); /* ERR_EXISTS: the name */
int store_admin_put(struct db *db, const struct store_admin *a, struct err *e); /* ERR_NOT_FOUND, ERR_EXISTS */
/* With memberships, grants and sessions. ERR_NOT_FOUND. */
int store_admin_delete(struct db *db, int64_t id, struct err *e);
int store_admin_get(struct db *db, struct arena *a, int64_t id, struct store_admin *ret, struct err *e);
int store_admin_by_name(struct db *db, struct arena *a, const char *name, struct store_admin *ret, struct err *e);
/* By what a user source knows it. */
int store_admin_by_subject(struct db *db, struct arena *a, int64_t source, const char *subject, struct store_admin *ret,
			   struct err *e);
typedef int (*store_admin_fn)(void *arg, const struct store_admin *row);
int store_admin_list(struct db *db, store_admin_fn each, void *arg, struct err *e); /* by name */
/* Accounts of user sources of this kind that have a session or a token and were not asked about since before, the
 * longest first. */
int store_admin_due(struct db *db, int kind, int64_t before, int limit, store_admin_fn each, void *arg, struct err *e);

/* Groups and roles have the same columns. */
struct store_bundle {
	int64_t id;
	const char *name; /* unique among its kind */
	const char *note;
	int64_t created_at;
};
typedef int (*store_bundle_fn)(void *arg, const struct store_bundle *row);

int store_admin_group_add(struct db *db, const struct store_bundle *g, struct err *e);
int store_admin_group_delete(struct db *db, int64_t id, struct err *e); /* with memberships and grants */
int store_admin_group_by_name(struct db *db, struct arena *a, const char *name, struct store_bundle *ret,
			      struct err *e);
int store_admin_group_list(struct db *db, store_bundle_fn each, void *arg, struct err *e); /* by name */
int store_admin_group_join(struct db *db, int64_t group, int64_t admin, struct err *e);    /* fine when it is there */
/* Memberships that a user source gave; by hand given ones stay as they are. */
int store_admin_group_join_by(struct db *db, int64_t group, int64_t admin, int64_t source, struct err *e);
/* Ids of the groups that it gave. */
int store_admin_group_given_by(struct db *db, int64_t admin, int64_t source, int (*each)(void *arg, int64_t group),
			       void *arg, struct err *e);
int store_admin_group_leave_by(struct db *db, int64_t group, int64_t admin, int64_t source, struct err *e);
int store_admin_group_leave(struct db *db, int64_t group, int64_t admin, struct err *e); /* ERR_NOT_FOUND */
/* Ids of groups of an administrator, and names of administrators of a group, in order. */
int store_admin_group_of_admin(struct db *db, int64_t admin, store_bundle_fn each, void *arg, struct err *e);
int store_admin_group_members(struct db *db, int64_t group, int (*each)(void *arg, const char *admin), void *arg,
			      struct err *e);

int store_role_add(struct db *db, const struct store_bundle *r, struct err *e);
int store_role_delete(struct db *db, int64_t id, struct err *e); /* with its rights */
int store_role_by_name(struct db *db, struct arena *a, const char *name, struct store_bundle *ret, struct err *e);
int store_role_list(struct db *db, store_bundle_fn each, void *arg, struct err *e); /* by name */

enum store_holder { STORE_HOLDER_ADMIN, STORE_HOLDER_GROUP, STORE_HOLDER_ROLE, STORE_HOLDER_TOKEN };
const char *store_holder_name(enum store_holder h); /* "admin" */

#define STORE_GRANT_ROLE "role:" /* what begins with it names a role */

struct store_grant {
	enum store_holder holder_kind;
	int64_t holder;
	const char *what; /* "device.view", "role:viewer" */
	enum right_tree tree;
	int64_t folder; /* 0 with RIGHT_TREE_ZONE */
	enum right_effect effect;
	int64_t created_at;
	const char *created_by;
	const char *path;        /* of the folder; "/" of the zone; "" when it is gone. Not written */
	const char *holder_name; /* "" when it is gone. Not written; with store_grant_list only */
};
typedef int (*store_grant_fn)(void *arg, const struct store_grant *row);

int store_grant_put(struct db *db, const struct store_grant *g, struct err *e);    /* over one of the same place */
int store_grant_delete(struct db *db, const struct store_grant *g, struct err *e); /* ERR_NOT_FOUND */
int store_grant_forget_holder(struct db *db, enum store_holder kind, int64_t holder, struct err *e);
int store_grant_forget_folder(struct db *db, int64_t folder, struct err *e);
int store_grant_of(struct db *db, enum store_holder kind, int64_t holder, store_grant_fn each, void *arg,
		   struct err *e);
/* The rights of a role of the zone's own, by name: may run inside a callback of store_grant_of. */
int store_grant_of_role(struct db *db, const char *role, store_grant_fn each, void *arg, struct err *e);
int store_grant_used(struct db *db, const char *what, bool *ret, struct err *e);
/* All, in the order of holder, what, place. */
int store_grant_list(struct db *db, store_grant_fn each, void *arg, struct err *e);

#endif
