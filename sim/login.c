#include "login.h"

#include "base/err.h"
#include "codec/digest.h"
#include "codec/http1.h"
#include "fault.h"
#include "more.h"
#include "sim.h"

#include <sodium.h>

/* Six bytes of time, six zeros, twelve bytes that look random: as in all captured nonces. */
#define NONCE_BYTES     24
#define NONCE_MAC       12
#define NONCE_TIME_MASK UINT64_C(0xFFFFFFFFFFFF)

struct nonce_input {
	uint64_t ticks, connection, epoch, device;
};

static uint64_t nonce_connection(const struct sim *s, uint64_t connection)
{
	return s->set.nonce_bound ? connection : 0;
}

static void nonce_mac(const struct sim *s, const struct device *d, uint64_t ticks, uint64_t connection,
		      uint8_t to[NONCE_MAC])
{
	struct nonce_input in = {ticks, nonce_connection(s, connection), d->nonce_epoch, d->number};
	uint8_t mac[2][crypto_shorthash_BYTES];

	crypto_shorthash(mac[0], (const uint8_t *)&in, sizeof(in), s->nonce_key);
	in.device ^= UINT64_C(1) << 63;
	crypto_shorthash(mac[1], (const uint8_t *)&in, sizeof(in), s->nonce_key);
	memcpy(to, mac, NONCE_MAC);
}

/* Nanoseconds since the controller's start, made unique by a count. */
static uint64_t nonce_ticks(struct sim *s)
{
	return ((uint64_t)(sim_now(s) - s->start_ms) * 1000000 + s->nonces++ % 1000000) & NONCE_TIME_MASK;
}

void login_nonce(struct sim *s, struct device *d, uint64_t connection, char to[LOGIN_NONCE_SIZE])
{
	uint64_t ticks = nonce_ticks(s);
	uint8_t raw[NONCE_BYTES] = {0};

	for (unsigned i = 0; i < 6; i++)
		raw[i] = (uint8_t)(ticks >> 8 * i);
	nonce_mac(s, d, ticks, connection, raw + NONCE_BYTES - NONCE_MAC);
	sodium_bin2base64(to, LOGIN_NONCE_SIZE, raw, sizeof(raw), sodium_base64_VARIANT_ORIGINAL);
}

static bool nonce_is_good(struct sim *s, const struct device *d, struct bytes text, uint64_t connection)
{
	uint8_t raw[NONCE_BYTES + 1], mac[NONCE_MAC];
	size_t len = 0;
	uint64_t ticks = 0, now = (uint64_t)(sim_now(s) - s->start_ms) * 1000000 + 1000000;
	uint64_t age;

	if (text.len != LOGIN_NONCE_SIZE - 1 ||
	    sodium_base642bin(raw, sizeof(raw), (const char *)text.p, text.len, NULL, &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len != NONCE_BYTES)
		return false;
	for (unsigned i = 0; i < 6; i++)
		ticks |= (uint64_t)raw[i] << 8 * i;
	nonce_mac(s, d, ticks, connection, mac);
	if (memcmp(mac, raw + NONCE_BYTES - NONCE_MAC, NONCE_MAC) != 0)
		return false;
	age = (now - ticks) & NONCE_TIME_MASK; /* the time starts anew every 78 hours */
	return age <= (uint64_t)s->set.nonce_lifetime * 1000000000;
}

/* Counts of the nonce used last must grow; a nonce that comes back after another starts anew. */
static bool count_is_good(const struct sim *s, struct device *d, const struct digest_authorization *a)
{
	uint64_t seen = rng_hash(1, a->nonce.p, a->nonce.len);

	if (a->qop == DIGEST_QOP_NONE)
		return true;
	if (s->set.nonce_count && seen == d->nonce_seen && a->nc <= d->nonce_count)
		return false;
	d->nonce_seen = seen;
	d->nonce_count = a->nc;
	return true;
}

static const struct user *find_user(const struct device *d, struct bytes name)
{
	for (const struct user *u = d->more ? d->more->users : NULL; u; u = u->next)
		if (u->enabled && u->permission != 0 && bytes_equal_str(name, u->name))
			return u;
	return NULL;
}

static bool find_key(struct sim *s, struct device *d, struct bytes name, struct digest_key *ret, uint32_t *ret_realms)
{
	const struct user *u = find_user(d, name);
	const uint8_t *ha1 = u ? u->ha1 : d->ha1;

	if (!u && !bytes_equal_str(name, "admin"))
		return false;
	if (!u && !(d->flags & DEVICE_HA1))
		device_set_password(s, d, device_password(s, d));
	sodium_bin2hex(ret->ha1, sizeof(ret->ha1), ha1, 16);
	*ret_realms = u ? u->realms : LOGIN_ALL_REALMS;
	return true;
}

static enum login check(struct sim *s, struct device *d, const struct http1 *request, uint64_t connection,
			struct digest_authorization *a, uint32_t *ret_realms)
{
	char realm[DEVICE_TEXT_SIZE];
	struct digest_key key;
	bool right;

	device_realm(s, d, realm);
	if (a->algorithm != DIGEST_MD5 || !bytes_equal_str(a->realm, realm) || !bytes_equal(a->uri, request->target) ||
	    !find_key(s, d, a->username, &key, ret_realms))
		return LOGIN_WRONG;
	right = digest_authorization_verify(a, &key, request->method, buf_bytes(&request->body));
	digest_key_wipe(&key);
	if (!right)
		return LOGIN_WRONG;
	if (!nonce_is_good(s, d, a->nonce, connection) || !count_is_good(s, d, a))
		return LOGIN_STALE;
	return LOGIN_OK;
}

/* Intel AMT guide: from 6.0 on one login holds for a TLS connection; other credentials need another connection. */
static bool session_holds(const struct sim *s, const struct device *d, bool tls, const char *session)
{
	return tls && session[0] && s->set.digest_session &&
	       profile_version(device_profile(d)) >= PROFILE_VERSION(6, 0);
}

static enum login from_session(const struct device *d, const char *session, char ret_user[LOGIN_USER_SIZE],
			       uint32_t *ret_realms)
{
	const struct user *u = find_user(d, bytes_str(session));

	snprintf(ret_user, LOGIN_USER_SIZE, "%s", session);
	*ret_realms = u ? u->realms : LOGIN_ALL_REALMS;
	return LOGIN_OK;
}

enum login login_check(struct sim *s, struct device *d, const struct http1 *request, uint64_t connection, bool tls,
		       char session[LOGIN_USER_SIZE], char ret_user[LOGIN_USER_SIZE], uint32_t *ret_realms)
{
	struct bytes header = http1_header(request, "Authorization");
	bool holds = session_holds(s, d, tls, session);
	struct digest_authorization a;
	enum login r;

	if (!header.p)
		return holds ? from_session(d, session, ret_user, ret_realms) : LOGIN_NONE;
	if (digest_authorization_parse(header, &a, NULL) != 0 || a.username.len >= LOGIN_USER_SIZE)
		return LOGIN_WRONG;
	if (holds && !bytes_equal_str(a.username, session))
		return LOGIN_WRONG;
	r = check(s, d, request, connection, &a, ret_realms);
	if (r == LOGIN_STALE && holds)
		r = LOGIN_OK;
	d->wrong_logins = r == LOGIN_WRONG ? (uint8_t)(d->wrong_logins < 255 ? d->wrong_logins + 1 : 255) : 0;
	if (r != LOGIN_OK)
		return r;
	(void)bytes_to_str(a.username, ret_user, LOGIN_USER_SIZE); /* its length was checked */
	snprintf(session, LOGIN_USER_SIZE, "%s", ret_user);
	return LOGIN_OK;
}
