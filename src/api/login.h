/* login.h - who asks, on a worker: tokens, sessions and passwords are looked up here. Comparing a password takes about
 * 20 ms of one core by design; at most two are compared at once, so that logins cannot starve the reads. */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include "base/arena.h"
#include "store/db.h"
#include "zone/zone.h"

struct api_call;
struct api_value;
struct err;

#define LOGIN_SESSION_PREFIX "lses_" /* of the secret of a session; API tokens begin otherwise */

/* Who holds this token or session. *ret_stale: its last use was a minute ago or more. ERR_NOT_ALLOWED: nobody, or it
 * has ended; the store's errors. */
int login_look_up(struct db *db, struct arena *a, struct bytes token, int64_t now, struct principal *ret,
		  bool *ret_stale, struct err *e);

/* Compares a password with that of an account; takes as long for a name that does not exist. While the account or the
 * source has to wait nothing is compared. 0 whatever came of it; ERR_BUSY when too many are being compared. */
int login_prove(struct db *db, struct arena *a, const char *name, const char *source, struct bytes password,
		int64_t now, struct proof *ret, struct err *e);

/* Whether logins of this name or from this source have to wait. */
bool login_must_wait(struct db *db, const char *name, const char *source, int64_t now);

/* A new password of an administrator: checked, and made into what is stored. ERR_WEAK_PASSWORD, ERR_BUSY. */
int login_hash(struct bytes password, const char *name, struct arena *a, struct bytes *ret, struct err *e);

#endif
