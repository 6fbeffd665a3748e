/* entitle.h - what somebody may do, from the database: an account's own rights and roles and those of its groups; a
 * token's, limited by those of the administrator who owns it. Only reads; any thread with a connection of its own. The
 * zone asks again for each command and api for each request, so a right that was taken away is gone at once. */
#ifndef ZONE_ENTITLE_H
#define ZONE_ENTITLE_H

#include "store/admin.h"
#include "zone/zone.h"

struct arena;

struct entitled {
	struct rights rights;
	struct rights limit; /* rights.within points here, where there is such a limit */
};

/* ERR_NOT_ALLOWED: the account, session or token has ended; then nothing is allowed. Release in any case; may not be
 * copied. */
int entitle(struct db *db, struct arena *a, const struct principal *p, int64_t now, struct entitled *ret,
	    struct err *e);
void entitled_release(struct entitled *s);

/* The rights of one account, whether it is disabled or not, or of one token without its limit. */
int entitle_holder(struct db *db, enum store_holder kind, int64_t holder, struct rights *ret, struct err *e);
/* Enabled accounts that may change administrators: without one nobody could make the next. */
int entitle_count_administrators(struct db *db, int64_t *ret, struct err *e);

/* "viewer" or a role of the zone's own. */
int entitle_check_role(struct db *db, struct arena *a, const char *role, struct err *e);

/* Everybody's rights, before and after a command that changes them. */
struct entitle_all;
int entitle_all_load(struct db *db, struct entitle_all **ret, struct err *e);
void entitle_all_free(struct entitle_all *all); /* NULL is fine */
/* Nobody gives what he has not (ERR_NOT_ALLOWED), and the last administrator stays (ERR_LAST_ADMINISTRATOR). */
int entitle_check_change(const struct rights *giver, const struct entitle_all *before, const struct entitle_all *after,
			 struct err *e);
/* The same of a move: nobody may do more with what was moved, unless giver may do it where it was. */
int entitle_check_move(const struct rights *giver, const struct entitle_all *before, const struct entitle_all *after,
		       const struct right_move *m, struct err *e);

/* Who changes a user source can become each of its people, those too who come later: 0 when the giver has all that they
 * and the groups that it fills have, else ERR_NOT_ALLOWED. */
int entitle_check_source(struct db *db, const struct rights *giver, int64_t source, struct err *e);

#endif
