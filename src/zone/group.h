/* group.h - groups of devices: what a task or an order is for, beside folders. They never carry settings.
 *
 * Who is a member is asked of the database at that moment: of the list of a static group, of the filter of a dynamic
 * one. Any thread, on its own connection. */
#ifndef ZONE_GROUP_H
#define ZONE_GROUP_H

#include "store/device.h"
#include "store/group.h"

struct arena;
struct zone;

/* Each member as it stands, once; a result other than 0 ends the list and becomes its result. ERR_INVALID: a filter
 * that this version does not read. Texts are borrowed for the call; tags are "" unless the filter asks for them. The
 * callback must not list devices on the same connection. */
int group_members(struct db *db, const struct store_group *g, int64_t now, store_device_view_fn each, void *arg,
		  struct err *e);

/* Whether one device is a member: what it costs does not depend on how many there are. A device that is gone is none.
 * ERR_INVALID as above. */
int group_has(struct db *db, struct arena *a, const struct store_group *g, int64_t device, int64_t now, bool *ret,
	      struct err *e);

/* A folder was moved: filters that name it follow. */
int group_follow(struct zone *z, const char *from, const char *to, struct err *e);

#endif
