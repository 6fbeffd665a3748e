/* session.h - who is logged in, and whose logins fail. Only the SHA-256 of a session's secret is stored. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "store/store.h"

struct arena;

struct store_session {
	int64_t id;
	struct bytes hash;
	int64_t admin;
	const char *source; /* where it was begun from */
	int64_t created_at;
	int64_t used_at;        /* at most a minute old */
	int64_t idle_ms;        /* ends so long after its last use */
	int64_t expires_at;     /* ends then at the latest */
	const char *admin_name; /* not written */
};

/* Whether it has ended by now. */
bool store_session_is_over(const struct store_session *s, int64_t now);

int store_session_add(struct db *db, const struct store_session *s, struct err *e);
int store_session_delete(struct db *db, int64_t id, struct err *e); /* ERR_NOT_FOUND */
/* All of an administrator but one (0: all). */
int store_session_delete_of(struct db *db, int64_t admin, int64_t but, struct err *e);
int store_session_get(struct db *db, struct arena *a, int64_t id, struct store_session *ret, struct err *e);
int store_session_by_hash(struct db *db, struct arena *a, struct bytes hash, struct store_session *ret, struct err *e);
int store_session_used(struct db *db, int64_t id, int64_t now, struct err *e);
typedef int (*store_session_fn)(void *arg, const struct store_session *row);
int store_session_list(struct db *db, int64_t after_id, int limit, store_session_fn each, void *arg, struct err *e);
/* Removes up to limit that are over. */
int store_session_purge(struct db *db, int64_t now, int limit, int64_t *ret_count, struct err *e);

/* Failed logins of one account's name, or from one source. */
enum store_guard_kind { STORE_GUARD_ACCOUNT, STORE_GUARD_SOURCE };
struct store_guard {
	enum store_guard_kind kind;
	const char *name;
	int64_t failures, last_at;
	int64_t until; /* no login is looked at before; 0 */
};
/* Zero failures where there is no row. */
int store_guard_get(struct db *db, enum store_guard_kind kind, const char *name, struct store_guard *ret,
		    struct err *e);
int store_guard_put(struct db *db, const struct store_guard *g, struct err *e);
int store_guard_delete(struct db *db, enum store_guard_kind kind, const char *name, struct err *e); /* fine if none */
/* Removes up to limit whose last failure was before `before`. */
int store_guard_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e);

#endif
