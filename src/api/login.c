#include "api/login.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"
#include "store/admin.h"
#include "store/session.h"
#include "store/token.h"

#define HASH_PASSES      2
#define HASH_BYTES       (19u * 1024 * 1024)
#define HASHES_AT_ONCE   2
#define STALE_MS         60000
#define PASSWORD_LEAST   12
#define PASSWORD_LONGEST 128

static bool same_hash(struct bytes stored, const uint8_t hash[crypto_hash_sha256_BYTES])
{
	/* The index has compared already; this one takes the same time wherever they differ. */
	return stored.len == crypto_hash_sha256_BYTES && sodium_memcmp(stored.p, hash, stored.len) == 0;
}

static int unknown(const char *what, const char *so, struct err *e)
{
	return err_set(e, ERR_NOT_ALLOWED, "this %s is not known or has ended; %s", what, so);
}

static int look_up_session(struct db *db, struct arena *a, const uint8_t *hash, int64_t now, struct principal *ret,
			   bool *ret_stale, struct err *e)
{
	struct store_session s;
	int code = store_session_by_hash(db, a, BYTES(hash, crypto_hash_sha256_BYTES), &s, e);
	if (code && code != ERR_NOT_FOUND)
		return code;
	if (code || !same_hash(s.hash, hash) || store_session_is_over(&s, now))
		return unknown("session", "log in again, or forget it with 'lamp logout'", e);
	ret->kind = PRINCIPAL_SESSION;
	ret->id = s.id;
	ret->admin = s.admin;
	(void)snprintf(ret->name, sizeof(ret->name), "admin %s", s.admin_name);
	*ret_stale = now - s.used_at >= STALE_MS;
	return 0;
}

static int look_up_token(struct db *db, struct arena *a, const uint8_t *hash, int64_t now, struct principal *ret,
			 bool *ret_stale, struct err *e)
{
	struct store_token t;
	int code = store_token_by_hash(db, a, BYTES(hash, crypto_hash_sha256_BYTES), now, &t, e);
	if (code && code != ERR_NOT_FOUND)
		return code;
	if (code || !same_hash(t.hash, hash))
		return unknown("token", "'lamp token list' shows those that count", e);
	ret->kind = PRINCIPAL_TOKEN;
	ret->id = t.id;
	ret->admin = t.owner;
	(void)snprintf(ret->name, sizeof(ret->name), "token %s", t.name);
	*ret_stale = now - t.used_at >= STALE_MS;
	return 0;
}

int login_look_up(struct db *db, struct arena *a, struct bytes token, int64_t now, struct principal *ret,
		  bool *ret_stale, struct err *e)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	(void)crypto_hash_sha256(hash, token.p, token.len); /* cannot fail */
	if (bytes_starts_with(token, LOGIN_SESSION_PREFIX))
		return look_up_session(db, a, hash, now, ret, ret_stale, e);
	return look_up_token(db, a, hash, now, ret, ret_stale, e);
}

static atomic_int at_once;

static int take_turn(struct err *e)
{
	if (atomic_fetch_add(&at_once, 1) < HASHES_AT_ONCE)
		return 0;
	atomic_fetch_sub(&at_once, 1);
	return err_set(e, ERR_BUSY, "too many people log in at this moment");
}

static void end_turn(void)
{
	atomic_fetch_sub(&at_once, 1);
}

static bool make_hash(struct bytes password, char to[crypto_pwhash_STRBYTES])
{
	return crypto_pwhash_str_alg(to, (const char *)password.p, password.len, HASH_PASSES, HASH_BYTES,
				     crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/* What a password is compared with where there is no account: of a password that nobody knows. */
static char nobody_hash[crypto_pwhash_STRBYTES];

static void make_nobody(void)
{
	uint8_t random[32];
	rng_secret(random, sizeof(random));
	if (!make_hash(BYTES(random, sizeof(random)), nobody_hash))
		nobody_hash[0] = 0; /* out of memory: then known names fail as fast */
}

static bool must_wait(struct db *db, enum store_guard_kind kind, const char *name, int64_t now)
{
	struct store_guard g;
	return store_guard_get(db, kind, name, &g, NULL) == 0 && g.until > now;
}

bool login_must_wait(struct db *db, const char *name, const char *source, int64_t now)
{
	return must_wait(db, STORE_GUARD_ACCOUNT, name, now) || must_wait(db, STORE_GUARD_SOURCE, source, now);
}

int login_prove(struct db *db, struct arena *a, const char *name, const char *source, struct bytes password,
		int64_t now, struct proof *ret, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct store_admin row;
	*ret = (struct proof){0};
	if (login_must_wait(db, name, source, now))
		return 0;
	int code = store_admin_by_name(db, a, name, &row, NULL);
	if (code && code != ERR_NOT_FOUND)
		return err_set(e, code, "the accounts cannot be read");
	bool known = !code && *row.hash;
	code = take_turn(e);
	if (code)
		return code;
	(void)pthread_once(&once, make_nobody); /* cannot fail with this once */
	bool same =
		crypto_pwhash_str_verify(known ? row.hash : nobody_hash, (const char *)password.p, password.len) == 0;
	end_turn();
	ret->admin = known ? row.id : 0;
	ret->version = known ? row.version : 0;
	ret->matches = known && same;
	return 0;
}

static int check_password(struct bytes p, const char *name, struct err *e)
{
	if (p.len < PASSWORD_LEAST || p.len > PASSWORD_LONGEST)
		return err_set(e, ERR_WEAK_PASSWORD, "the password has %zu bytes; it needs %d to %d", p.len,
			       PASSWORD_LEAST, PASSWORD_LONGEST);
	bool all_same = true;
	for (size_t i = 1; i < p.len; i++)
		all_same = all_same && p.p[i] == p.p[0];
	if (all_same || (*name && p.len <= strlen(name) + 4 && memmem(p.p, p.len, name, strlen(name))))
		return err_set(e, ERR_WEAK_PASSWORD,
			       "the password is one character repeated, or little more than the name");
	return 0;
}

int login_hash(struct bytes password, const char *name, struct arena *a, struct bytes *ret, struct err *e)
{
	char text[crypto_pwhash_STRBYTES];
	int code = check_password(password, name, e);
	code = code ? code : take_turn(e);
	if (code)
		return code;
	bool made = make_hash(password, text);
	end_turn();
	if (!made)
		return err_set(e, ERR_BUSY, "no memory for the password's hash");
	*ret = arena_bytes(a, bytes_str(text));
	return 0;
}
