/* ask.h - asks user sources who somebody is, on a worker: opens the source's secret, asks, and brings back what it
 * says. Takes as long as a directory that does not answer may take, so these workers do nothing else. */
#ifndef API_ASK_H
#define API_ASK_H

#include "base/arena.h"
#include "base/secret.h"
#include "store/db.h"
#include "store/user_source.h"

struct api;
struct err;
struct person;
struct pool_job;
struct api_recheck;

/* A login at a source. password NULL: whether he is there; login NULL: whether the source answers. brake: where failed
 * logins come from; NULL: none are counted. Never fails: what went wrong is in the person, who is the caller's. */
struct person *ask_source(struct api *a, struct db *db, struct arena *arena, const struct store_user_source *s,
			  const char *login, const struct bytes *password, const char *brake, int64_t now);

/* The api thread: accounts of which the zone wants to know. The message stays the caller's. */
void ask_recheck(struct api *a, const struct api_recheck *m);

#endif
