/* login.h - what logins by password and by a user source share: the brake on guessing, and the session. */
#ifndef ZONE_LOGIN_H
#define ZONE_LOGIN_H

#include "store/admin.h"
#include "zone/command.h"

/* Until when logins of this name or from this source are not looked at; 0: they are. */
int login_find_wait(struct command *c, const char *name, int64_t *ret, struct err *e);
int login_refuse_for_now(struct command *c, int64_t until); /* 0 */
/* Counts a failed login of this name and from this source. */
int login_count(struct command *c, const char *name, struct err *e);
/* Begins a session of the account, for longest at most, and answers the command with it. */
int login_open(struct command *c, struct store_admin *a, int64_t longest, struct err *e);

#endif
