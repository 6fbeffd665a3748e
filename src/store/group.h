/* group.h - groups of devices. A static one has its members here; who is in a dynamic one is for the filter to say, see
 * zone/group.h. */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "store/store.h"

struct arena;

struct store_group {
	int64_t id;
	const char *name, *note;
	const char *filter; /* of codec/devfilter.h; "" static */
	int64_t created_at, changed_at;
};

int store_group_add(struct db *db, const struct store_group *g, struct err *e); /* ERR_EXISTS: the name */
int store_group_put(struct db *db, const struct store_group *g, struct err *e); /* ERR_NOT_FOUND, ERR_EXISTS */
int store_group_delete(struct db *db, int64_t id, struct err *e);               /* with its members; ERR_NOT_FOUND */
int store_group_get(struct db *db, struct arena *a, int64_t id, struct store_group *ret, struct err *e);
int store_group_by_name(struct db *db, struct arena *a, const char *name, struct store_group *ret, struct err *e);
typedef int (*store_group_fn)(void *arg, const struct store_group *row);
int store_group_list(struct db *db, store_group_fn each, void *arg, struct err *e); /* all, by name */

/* *ret_changed: it was not one before, or was one. Its devices are listed with store_device_list. */
int store_group_member_add(struct db *db, int64_t group, int64_t device, bool *ret_changed, struct err *e);
int store_group_member_delete(struct db *db, int64_t group, int64_t device, bool *ret_changed, struct err *e);
int store_group_member_is(struct db *db, int64_t group, int64_t device, bool *ret, struct err *e);
int store_group_member_count(struct db *db, int64_t group, int64_t *ret, struct err *e);

#endif
