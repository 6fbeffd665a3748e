/* access.h - whether a command may be given, by the columns RIGHT and SCOPE of its row in codec/api.tbl.h. Used by the
 * zone for changes, in the transaction of the change itself, and by api for reads, in the snapshot that is read. Only
 * reads; any thread with a connection of its own. */
#ifndef ZONE_ACCESS_H
#define ZONE_ACCESS_H

#include "codec/api.h"
#include "store/db.h"
#include "zone/zone.h"

struct arena;

/* Who asks, as far as rights are concerned. */
struct asker {
	const char *name; /* principal, as in the audit and in jobs */
	const struct rights *rights;
	const struct principal *by;
};

/* Before the arguments are known: 0, or ERR_NOT_ALLOWED where the right is had nowhere. Scope OWN is left to the
 * command. */
int access_check_somewhere(const struct asker *who, const struct api_command *c, struct err *e);
/* With the arguments: 0, or ERR_NOT_ALLOWED. EACH and OWN are left to the command, past the first check. What does not
 * exist passes where the right covers the whole tree, for the command to say so. */
int access_check(struct db *db, struct arena *a, const struct asker *who, const struct api_call *call, struct err *e);

/* One more question of a command about the folder of a thing that it names: 0 or ERR_NOT_ALLOWED. */
int access_need(const struct asker *who, enum right_id r, const char *path, const char *thing, struct err *e);
/* The same for all that lies below. */
int access_need_below(const struct asker *who, enum right_id r, const char *path, struct err *e);
/* ERR_NOT_ALLOWED for a thing that is not there or not to be touched, told apart by nobody. */
int access_refuse_thing(const struct asker *who, enum right_id r, const char *thing, struct err *e);

/* Whether a job may be seen: one's own, or one with a device that may be. */
int access_may_see_job(struct db *db, const struct asker *who, int64_t job, const char *requested_by, bool *ret,
		       struct err *e);

#endif
