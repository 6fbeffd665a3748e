/* admin.h - what the commands about administrators share: names of holders and places as people give them, and the law
 * under which every change of rights stands. */
#ifndef ZONE_ADMIN_H
#define ZONE_ADMIN_H

#include "store/admin.h"
#include "zone/command.h"

#define ADMIN_NAME_MAX 48 /* "admin NAME" fits a principal */

struct holder {
	enum store_holder kind;
	int64_t id;
	const char *name;
};
/* "alice", "admin:alice", "group:helpdesk", "role:NAME" (of the zone's own), "token:ci". ERR_NOT_FOUND, ERR_INVALID. */
int holder_find(struct command *c, const char *text, struct holder *ret, struct err *e);
int admin_find(struct command *c, const char *name, struct store_admin *ret, struct err *e);

struct place {
	enum right_tree tree;
	int64_t folder; /* 0: the zone */
};
/* NULL or "zone", "/folder/" of the tree that is meant by default, "vault:/folder/". ERR_NOT_FOUND, ERR_INVALID. */
int place_find(struct command *c, const char *text, enum right_tree by_default, struct place *ret, struct err *e);

/* Runs a change of rights: nobody gives what he has not, the last administrator stays. When the law is broken the error
 * takes the whole change back. */
int under_law(struct command *c, command_fn *change, struct err *e);

/* Tells of a change after which whoever follows events is asked anew who he is. */
int rights_tell(struct command *c, const char *kind, const char *change, int64_t id, const char *name, struct err *e);

/* A password was not the right one: the command is refused, and the failure counts against account and source. */
int login_failed(struct command *c, const struct store_admin *a, const char *why, struct err *e);

int admin_check_name(const char *name, struct err *e); /* ERR_INVALID, ERR_TOO_BIG */
/* An account with no rights. sealed: what api made of the password, empty: none. */
int admin_make(struct command *c, const char *name, const char *full_name, struct bytes hash, int64_t *ret_id,
	       struct err *e);
/* Sets the rights that the argument lists, at a place as people write it. ERR_INVALID: no such right, or not there. */
int rights_put(struct command *c, const char *arg, enum right_effect effect, const struct holder *h, const char *at,
	       struct err *e);
int grant_role(struct command *c, enum store_holder kind, int64_t holder, const char *role, const struct place *at,
	       struct err *e);

#endif
