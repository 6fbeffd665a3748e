/* notice.h - when an administrator was last told that something expires soon. What is told, and when, is said by
 * zone/notice.h. */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include "store/store.h"

/* What he was told of: kind and object as in a message. admin 0: whoever is on the server itself. */
struct store_notice {
	int64_t admin;
	int kind;
	int64_t object;
};

int store_notice_get(struct db *db, const struct store_notice *n, int64_t *ret_shown_at, struct err *e); /* 0: never */
int store_notice_put(struct db *db, const struct store_notice *n, int64_t shown_at, struct err *e);
/* Those of before a time, and those of an account that goes. */
int store_notice_purge(struct db *db, int64_t before, struct err *e);
int store_notice_forget(struct db *db, int64_t admin, struct err *e);

#endif
