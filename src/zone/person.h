/* person.h - people of user sources: which source a login belongs to, and what follows from what a source says.
 *
 * A worker of api asks the source and sends what came of it (directory/person.h); here it is judged. Whoever is in a
 * group of the source that is mapped to a group of ours has an account here, LOGIN@SOURCE, made with the first login;
 * it is in the groups that follow from the source, and in those that it was put into by hand. */
#ifndef ZONE_PERSON_H
#define ZONE_PERSON_H

#include "directory/person.h"
#include "store/user_source.h"
#include "zone/command.h"

/* Whose login this is. "alice@corp" is of the source corp; "alice" of the default one; a local account of just that
 * name comes first. Only enabled sources. 0 with the login as the source has to be asked for it; ERR_NOT_FOUND: it is
 * local, or nobody's. Reads only; also used by api. */
int person_find_source(struct db *db, struct arena *a, const char *typed, struct store_user_source *ret,
		       const char **ret_login, struct err *e);
/* The name of an account, under which failed logins are counted too. NULL login: what was typed, in lower case. */
const char *person_account(struct arena *a, const struct store_user_source *s, const char *login, const char *typed);

/* LOGIN of somebody whose login is of source s. */
int person_login(struct command *c, const struct store_user_source *s, const char *typed, struct err *e);

/* What the source said of an account that is logged in. */
int person_on_check(struct zone *z, const struct zone_person *m, struct err *e);
/* Has api ask the sources about those that were not asked about for the time of setting directory-recheck. */
int person_recheck(struct zone *z, struct err *e);

#endif
