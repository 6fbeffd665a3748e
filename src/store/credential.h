/* credential.h - named AMT logins. The secret is sealed by api/ (place: table "credential", row id, field "secret",
 * version) and opened by wire/ at the moment of use; nothing here sees it. */
#ifndef STORE_CREDENTIAL_H
#define STORE_CREDENTIAL_H

#include "store/store.h"

struct arena;

struct store_credential {
	int64_t id, folder;
	const char *name, *login, *description;
	struct bytes secret; /* sealed; not read by _list */
	int64_t version;     /* of the secret; rises with each new one */
	int64_t created_at, changed_at;
};

int store_credential_add(struct db *db, const struct store_credential *c, struct err *e); /* ERR_EXISTS: the name */
int store_credential_put(struct db *db, const struct store_credential *c, struct err *e); /* NOT_FOUND, EXISTS */
/* ERR_IN_USE: an interface refers to it (store_amt_list_by_credential says which). */
int store_credential_delete(struct db *db, int64_t id, struct err *e);
int store_credential_get(struct db *db, struct arena *a, int64_t id, struct store_credential *ret, struct err *e);
int store_credential_by_name(struct db *db, struct arena *a, int64_t folder, const char *name,
			     struct store_credential *ret, struct err *e);
/* By name alone, for "--credential lab". ERR_NOT_FOUND; ERR_CONFLICT when several folders have the name. */
int store_credential_find(struct db *db, struct arena *a, const char *name, struct store_credential *ret,
			  struct err *e);

struct store_credential_view {
	struct store_credential credential; /* without the secret */
	const char *folder_path;
	int64_t used_by; /* interfaces */
};
typedef int (*store_credential_fn)(void *arg, const struct store_credential_view *row);
/* By folder path, then name; folder: path, NULL is all. */
int store_credential_list(struct db *db, const char *folder, const char *after_path, const char *after_name, int limit,
			  store_credential_fn each, void *arg, struct err *e);

#endif
