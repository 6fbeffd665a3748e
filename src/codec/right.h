/* right.h - what an administrator may do: a small set of allowed and denied rights, each from a folder downwards, and
 * the one function that answers a question to it. Used by zone/ for commands and by api/ for reads. Pure; knows neither
 * accounts nor the database. A set belongs to one thread at a time; it does not change while it is asked.
 *
 * The rules (features M176-M181): a right that was given at a folder covers the folders below. The most restrictive
 * wins: one denial on the way up beats every allowance. What nothing allows is refused; unset says nothing. Folders are
 * meant by their path, which begins and ends with a slash; "/" is the root of a tree and the zone as a whole. */
#ifndef CODEC_RIGHT_H
#define CODEC_RIGHT_H

#include <stdbool.h>
#include <stddef.h>

enum right_id {
#define RIGHT(id, ...) RIGHT_##id,
#include "codec/right.tbl.h"
	RIGHT_COUNT,
	/* Of commands only: */
	RIGHT_LOGIN, /* whoever is logged in */
	RIGHT_OPEN,  /* nobody has to log in */
};

/* What a right is asked about; also where it was given: at the zone it is given in both trees. */
enum right_tree { RIGHT_TREE_ZONE, RIGHT_TREE_DEVICE, RIGHT_TREE_VAULT };

enum right_effect { RIGHT_UNSET, RIGHT_ALLOW, RIGHT_DENY };

/* The roles that come with the product. */
enum right_role {
#define ROLE(id, ...) RIGHT_ROLE_##id,
#include "codec/right.tbl.h"
	RIGHT_ROLE_COUNT,
};

const char *right_name(enum right_id r); /* "device.view"; also of RIGHT_LOGIN and RIGHT_OPEN */
bool right_from_name(const char *name, enum right_id *ret);
enum right_tree right_tree(enum right_id r);
const char *right_sentence(enum right_id r);
enum right_audit { RIGHT_AUDIT_UNSAID, RIGHT_AUDIT_ALWAYS, RIGHT_AUDIT_SWITCHED };
/* Whether commands that need it go into the audit in any case. LOGIN and OPEN: always, they are logins and sessions.
 * UNSAID: its category has no row, which is taken as always. */
enum right_audit right_audit(enum right_id r);

const char *right_role_name(enum right_role r);
const char *right_role_sentence(enum right_role r);
bool right_role_from_name(const char *name, enum right_role *ret);
bool right_role_allows(enum right_role role, enum right_id r); /* built-in roles deny nothing */

struct right_entry {
	enum right_id right;
	enum right_effect effect;
	char *path;
};

struct rights {
	struct right_entry *entries;
	size_t count, cap;
	bool all;                    /* everything, everywhere */
	const struct rights *within; /* what these have not, the set has not either; borrowed; NULL: no such limit */
};

#define RIGHTS_INIT ((struct rights){NULL, 0, 0, false, NULL})
#define RIGHTS_ALL  ((struct rights){NULL, 0, 0, true, NULL})

void rights_release(struct rights *s); /* leaves an empty set */
/* Gives or denies one right at a place: the zone, or a folder of a tree. A right that is not asked about that tree is
 * left as it is: no folder of devices says anything of the zone or the vault. UNSET adds nothing. */
void rights_add(struct rights *s, enum right_id r, enum right_effect effect, enum right_tree at, const char *path);
void rights_add_role(struct rights *s, enum right_role role, enum right_tree at, const char *path);

/* May it be done at this folder? path is not looked at for rights of the zone. */
bool rights_may(const struct rights *s, enum right_id r, const char *path);
/* Also in every folder below? For what touches the whole subtree. */
bool rights_may_below(const struct rights *s, enum right_id r, const char *path);
/* Anywhere at all? What is refused nowhere can still be refused at a place. */
bool rights_may_somewhere(const struct rights *s, enum right_id r);

/* Does a change from before to after give something that giver has not? Then false, with what and where (borrowed from
 * the sets). Every folder is thought of, also such as no set names. */
bool rights_may_give(const struct rights *giver, const struct rights *before, const struct rights *after,
		     enum right_id *ret_right, const char **ret_path);

/* Whether a path is that of the folder, or lies below it. */
bool right_path_is_below(const char *path, const char *folder);

/* A move within a tree: of a folder with all below it, by its own path, or of a thing, by the path of its folder. */
struct right_move {
	enum right_tree tree;
	const char *from, *to;
	bool is_folder;
};
/* Somebody's rights before and after a move: may he do more with what is moved, of what giver may not do where it was?
 * Then false, with what (and where a folder lay is what m says, or below). */
bool rights_may_move(const struct rights *giver, const struct rights *before, const struct rights *after,
		     const struct right_move *m, enum right_id *ret_right);

#endif
