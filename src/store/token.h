/* token.h - API tokens. Only the SHA-256 of a token is stored; a token is 256 bits of chance, so that is enough. */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "store/store.h"

struct arena;

struct store_token {
	int64_t id;
	const char *name; /* unique; the principal is "token:NAME" */
	struct bytes hash;
	const char *created_by;
	int64_t created_at, expires_at; /* 0: does not expire */
	int64_t used_at;
	int64_t owner; /* the administrator whose rights limit it; 0 none. What it may do: store/admin.h */
};

int store_token_add(struct db *db, const struct store_token *t, struct err *e); /* ERR_EXISTS: the name */
int store_token_delete(struct db *db, int64_t id, struct err *e);               /* with its grants; ERR_NOT_FOUND */
/* ERR_NOT_FOUND when there is none, or it is expired at now. */
int store_token_by_hash(struct db *db, struct arena *a, struct bytes hash, int64_t now, struct store_token *ret,
			struct err *e);
int store_token_get(struct db *db, struct arena *a, int64_t id, struct store_token *ret, struct err *e);
int store_token_by_name(struct db *db, struct arena *a, const char *name, struct store_token *ret, struct err *e);
int store_token_used(struct db *db, int64_t id, int64_t now, struct err *e);
typedef int (*store_token_fn)(void *arg, const struct store_token *row);
int store_token_list(struct db *db, store_token_fn each, void *arg, struct err *e); /* by name */

#endif
