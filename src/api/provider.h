/* provider.h - logins by an OpenID provider, on a worker that may wait: begun here, kept by whoever logs in as a sealed
 * text, finished here. Nothing is remembered between the two, so any server of the zone can finish. */
#ifndef API_PROVIDER_H
#define API_PROVIDER_H

#include "base/arena.h"
#include "codec/api.h"
#include "store/db.h"

struct api;
struct err;
struct person;

/* OIDC_START: answers into out. ERR_NOT_FOUND: no such source; the errors of oidc_begin. */
int provider_begin(struct api *a, struct db *db, const struct api_call *call, struct buf *out, struct err *e);
/* OIDC_FINISH: what the provider said is in the person, who is the caller's. ERR_LOGIN_PENDING; ERR_WRONG_LOGIN: the
 * flow is not one of ours, has expired, or belongs to another answer. */
int provider_finish(struct api *a, struct db *db, const struct api_call *call, struct person **ret, struct err *e);

#endif
