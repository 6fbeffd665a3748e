/* override.h - the values of settings that were set anywhere, in memory: so that the setting of one device out of
 * 100,000 costs no query. A cache of the table setting: setting.c tells it of every change right behind the row, and a
 * round that failed reads it anew. One thread, the zone's. About 100 bytes for each value that is set somewhere. */
#ifndef ZONE_OVERRIDE_H
#define ZONE_OVERRIDE_H

#include "store/setting.h"

struct overrides;

struct override {
	int64_t value; /* as setting_check gives it */
	char text[];
};

struct overrides *overrides_new(void);
void overrides_free(struct overrides *o); /* NULL is fine */
/* All of them anew. A value that this version does not take (its table has changed) counts as not set, with a warning
 * in the log. */
int overrides_load(struct overrides *o, struct db *db, struct err *e);
void overrides_put(struct overrides *o, enum setting_id id, enum store_scope scope, int64_t object, int64_t value,
		   const char *text);
void overrides_delete(struct overrides *o, enum setting_id id, enum store_scope scope, int64_t object);
/* All settings of a folder or device that is gone. */
void overrides_forget(struct overrides *o, enum store_scope scope, int64_t object);

/* Set at this very place; NULL: not. Lives until the next change. */
const struct override *overrides_get(const struct overrides *o, enum setting_id id, enum store_scope scope,
				     int64_t object);
/* Whether this setting is set for any folder or device: most are not, and then nobody has to look. */
bool overrides_below_zone(const struct overrides *o, enum setting_id id);

#endif
