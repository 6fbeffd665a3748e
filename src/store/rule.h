/* rule.h - registration rules: where new devices are put. Few, in an order of their own. */
#ifndef STORE_RULE_H
#define STORE_RULE_H

#include "store/store.h"

struct arena;

struct store_rule {
	int64_t id;
	int64_t place; /* the first that fits counts, by rising place */
	const char *name;
	const char *filter; /* of codec/devfilter.h */
	int64_t folder;
	const char *tags; /* joined with commas; "" none */
	int64_t created_at;
};

int store_rule_add(struct db *db, const struct store_rule *r, struct err *e);  /* ERR_EXISTS: the name */
int store_rule_place(struct db *db, int64_t id, int64_t place, struct err *e); /* ERR_NOT_FOUND */
int store_rule_delete(struct db *db, int64_t id, struct err *e);               /* ERR_NOT_FOUND */
int store_rule_by_name(struct db *db, struct arena *a, const char *name, struct store_rule *ret, struct err *e);
/* Any rule that puts devices into this folder. ERR_NOT_FOUND: none does. */
int store_rule_by_folder(struct db *db, struct arena *a, int64_t folder, struct store_rule *ret, struct err *e);
typedef int (*store_rule_fn)(void *arg, const struct store_rule *row);
int store_rule_list(struct db *db, store_rule_fn each, void *arg, struct err *e); /* all, by place */

/* The static groups into which a rule puts devices. */
int store_rule_group_add(struct db *db, int64_t rule, int64_t group, struct err *e); /* fine when it is there */
int store_rule_group_list(struct db *db, int64_t rule, int (*each)(void *arg, int64_t group, const char *name),
			  void *arg, struct err *e); /* by name */

#endif
