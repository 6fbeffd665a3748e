#include "directory/idtoken.h"

#include <cjose/cjose.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/json.h"

#define TEXT_MAX 4096
#define TIME_MAX (INT64_C(1) << 40) /* seconds */

static bool is_taken(const char *alg)
{
	static const char *const taken[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
					    "PS512", "ES256", "ES384", "ES512"};
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (strcmp(alg, taken[i]) == 0)
			return true;
	return false;
}

/* NULL where it is not there. */
static const char *text_of(const struct json_t *j, const char *name)
{
	const char *text = NULL;
	(void)json_opt_str(j, name, TEXT_MAX, &text, NULL); /* stays NULL otherwise */
	return text;
}

/* Whether a key of the set may have made this signature. */
static bool may_be_key(const struct json_t *key, const char *alg, const char *kid)
{
	const char *its_kid = text_of(key, "kid"), *use = text_of(key, "use"), *its_alg = text_of(key, "alg");
	const char *kty = text_of(key, "kty");
	if (!kty || strcmp(kty, alg[0] == 'E' ? "EC" : "RSA") != 0)
		return false;
	if (kid && (!its_kid || strcmp(kid, its_kid) != 0))
		return false;
	return (!use || strcmp(use, "sig") == 0) && (!its_alg || strcmp(its_alg, alg) == 0);
}

static bool is_signed_by(cjose_jws_t *jws, const struct json_t *key)
{
	struct buf text;
	cjose_err why;
	buf_init(&text, IDTOKEN_JWKS_MAX);
	cjose_jwk_t *jwk = json_dump(&text, key) ? NULL : cjose_jwk_import(buf_cstr(&text), text.len, &why);
	bool yes = jwk && cjose_jws_verify(jws, jwk, &why);
	cjose_jwk_release(jwk);
	buf_release(&text);
	return yes;
}

static int check_signature(cjose_jws_t *jws, const struct json_t *jwks, struct err *e)
{
	cjose_err why;
	cjose_header_t *header = cjose_jws_get_protected(jws);
	const char *alg = cjose_header_get(header, "alg", &why), *kid = cjose_header_get(header, "kid", &why);
	const struct json_t *keys = NULL;
	if (!alg || !is_taken(alg))
		return err_set(e, ERR_WRONG_LOGIN, "the ID token is signed with \"%.16s\", which is not taken",
			       alg ? alg : "nothing");
	char *crit = cjose_header_get_raw(header, "crit", &why);
	free(crit);
	if (crit) /* RFC 7515 section 4.1.11: what is not understood must be refused */
		return err_set(e, ERR_WRONG_LOGIN, "the ID token has critical headers");
	int rc = json_get_array(jwks, "keys", IDTOKEN_KEYS_MAX, &keys, e);
	if (rc)
		return err_set(e, ERR_MALFORMED, "the issuer's keys cannot be read");
	for (size_t i = 0; i < json_count(keys); i++)
		if (may_be_key(json_at(keys, i), alg, kid) && is_signed_by(jws, json_at(keys, i)))
			return 0;
	return err_set(e, ERR_WRONG_LOGIN, "the signature of the ID token is of none of the issuer's keys");
}

static bool names(const struct json_t *claims, const char *client, size_t *ret_count)
{
	const char *one = text_of(claims, "aud"), *text;
	const struct json_t *many = NULL;
	*ret_count = 1;
	if (one)
		return strcmp(one, client) == 0;
	if (json_opt_array(claims, "aud", 100, &many, NULL) || !many)
		return false;
	*ret_count = json_count(many);
	for (size_t i = 0; i < json_count(many); i++)
		if (json_at_str(many, i, TEXT_MAX, &text, NULL) == 0 && strcmp(text, client) == 0)
			return true;
	return false;
}

static int check_whom(const struct json_t *claims, const struct idtoken_rules *r, struct err *e)
{
	const char *issuer = text_of(claims, "iss"), *party = text_of(claims, "azp"), *subject = text_of(claims, "sub");
	const char *nonce = text_of(claims, "nonce");
	size_t audience;
	if (!issuer || strcmp(issuer, r->issuer) != 0)
		return err_set(e, ERR_WRONG_LOGIN, "the ID token is of another issuer (iss)");
	if (!names(claims, r->client, &audience))
		return err_set(e, ERR_WRONG_LOGIN, "the ID token is meant for somebody else (aud)");
	if (party ? strcmp(party, r->client) != 0 : audience > 1)
		return err_set(e, ERR_WRONG_LOGIN, "the ID token was given to somebody else (azp)");
	if (r->nonce && (!nonce || strcmp(nonce, r->nonce) != 0))
		return err_set(e, ERR_WRONG_LOGIN, "the ID token is of another login (nonce)");
	if (!subject || !*subject)
		return err_set(e, ERR_WRONG_LOGIN, "the ID token is about nobody (sub)");
	return 0;
}

/* Seconds, with or without a fraction; false when it is not there or no time. */
static bool time_of(const struct json_t *claims, const char *name, int64_t *ret)
{
	struct buf text;
	const struct json_t *j = json_member(claims, name);
	char *end = NULL;
	buf_init(&text, 64);
	double value = j && json_dump(&text, j) == 0 ? strtod(buf_cstr(&text), &end) : -1;
	bool fine = end && end != buf_cstr(&text) && !*end && value >= 0 && value < (double)TIME_MAX;
	if (fine)
		*ret = (int64_t)value;
	buf_release(&text);
	return fine;
}

static int check_when(const struct json_t *claims, int64_t now, struct err *e)
{
	int64_t expires, issued, from;
	if (!time_of(claims, "exp", &expires) || expires <= now - IDTOKEN_SKEW_S)
		return err_set(e, ERR_WRONG_LOGIN, "the ID token has expired (exp)");
	if (!time_of(claims, "iat", &issued) || issued > now + IDTOKEN_SKEW_S)
		return err_set(e, ERR_WRONG_LOGIN, "the ID token was issued in the future (iat): compare the clocks");
	if (issued < now - IDTOKEN_AGE_S)
		return err_set(e, ERR_WRONG_LOGIN, "the ID token is too old (iat): compare the clocks");
	if (json_has(claims, "nbf") && (!time_of(claims, "nbf", &from) || from > now + IDTOKEN_SKEW_S))
		return err_set(e, ERR_WRONG_LOGIN, "the ID token is not valid yet (nbf)");
	return 0;
}

static int read_claims(cjose_jws_t *jws, struct json_t **ret, struct err *e)
{
	uint8_t *text = NULL;
	size_t len = 0;
	cjose_err why;
	if (!cjose_jws_get_plaintext(jws, &text, &len, &why))
		return err_set(e, ERR_MALFORMED, "the ID token cannot be read");
	return json_parse(BYTES(text, len), IDTOKEN_MAX, ret, e) ? err_set(e, ERR_MALFORMED, "the ID token is no JSON")
								 : 0;
}

static int check(cjose_jws_t *jws, const struct json_t *jwks, const struct idtoken_rules *r, struct json_t **ret,
		 struct err *e)
{
	struct json_t *claims = NULL;
	int rc = check_signature(jws, jwks, e);
	rc = rc ? rc : read_claims(jws, &claims, e);
	rc = rc ? rc : check_whom(claims, r, e);
	rc = rc ? rc : check_when(claims, r->now_s, e);
	if (rc)
		json_free(claims);
	else
		*ret = claims;
	return rc;
}

int idtoken_check(struct bytes token, struct bytes jwks, const struct idtoken_rules *r, struct json_t **ret,
		  struct err *e)
{
	struct json_t *keys = NULL;
	cjose_err why;
	if (token.len > IDTOKEN_MAX)
		return err_set(e, ERR_TOO_BIG, "the ID token has more than %u bytes", IDTOKEN_MAX);
	if (json_parse(jwks, IDTOKEN_JWKS_MAX, &keys, e))
		return err_set(e, ERR_MALFORMED, "the issuer's keys are no JSON");
	cjose_jws_t *jws = token.len ? cjose_jws_import((const char *)token.p, token.len, &why) : NULL;
	int rc = jws ? check(jws, keys, r, ret, e) : err_set(e, ERR_MALFORMED, "the ID token is none");
	cjose_jws_release(jws);
	json_free(keys);
	return rc;
}
