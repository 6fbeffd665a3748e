/* hold.h - emergency holds: while one covers a device, nothing that changes its power is claimed or sent (R10). */
#ifndef STORE_HOLD_H
#define STORE_HOLD_H

#include "store/setting.h"
#include "store/store.h"

struct store_hold {
	enum store_scope scope; /* zone (object 0), folder with all below it, or device */
	int64_t object;
	const char *actor, *reason;
	int64_t created_at;
};

int store_hold_put(struct db *db, const struct store_hold *h, struct err *e);                /* fine when it is there */
int store_hold_delete(struct db *db, enum store_scope scope, int64_t object, struct err *e); /* ERR_NOT_FOUND */
typedef int (*store_hold_fn)(void *arg, const struct store_hold *row);
int store_hold_list(struct db *db, store_hold_fn each, void *arg, struct err *e);
/* Whether a hold covers this device (0: whether the whole zone is held). */
int store_hold_covers(struct db *db, int64_t device, bool *ret, struct err *e);

#endif
