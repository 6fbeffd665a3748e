/* scope.h - where something applies that is inherited: the zone, a folder with all below it, or one device. What lies
 * nearest to a device wins: the device, then its folder and those above, then the zone. */
#ifndef ZONE_SCOPE_H
#define ZONE_SCOPE_H

#include "zone/command.h"

struct scope {
	enum store_scope kind; /* zone, folder or device */
	int64_t object;        /* 0: the zone */
	int64_t folder;        /* the folder itself, or the device's; 0: the zone */
	const char *name;      /* "zone", "/folder/", "desk-17"; lives in the command's arena */
};

/* text: the word zone (also NULL), a /folder/ path, or a device's name or id. ERR_NOT_FOUND names what was looked for;
 * ERR_INVALID: a tag or a group, which nothing is inherited from. */
int scope_find(struct command *c, const char *text, struct scope *ret, struct err *e);

#endif
