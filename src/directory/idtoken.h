/* idtoken.h - ID tokens of OpenID Connect: whether one is signed by a key of the issuer and meant for us, now (OpenID
 * Connect Core 3.1.3.7, RFC 7515, RFC 7519). Signatures are cjose's to check; what a token may claim is decided here.
 * Taken are RS, PS and ES with SHA-256, 384 and 512: never "none", and never HS, whose key would be public. Pure; any
 * thread. */
#ifndef DIRECTORY_IDTOKEN_H
#define DIRECTORY_IDTOKEN_H

#include <stdint.h>

#include "base/buf.h"

struct err;
struct json_t;

#define IDTOKEN_MAX      (64u * 1024)
#define IDTOKEN_JWKS_MAX (512u * 1024)
#define IDTOKEN_KEYS_MAX 100
#define IDTOKEN_SKEW_S   60  /* how far the issuer's clock may be from ours */
#define IDTOKEN_AGE_S    600 /* how old one may be when it comes */

struct idtoken_rules {
	const char *issuer, *client;
	const char
		*nonce; /* that the login was begun with; NULL: none was sent, and one that is there does not matter */
	int64_t now_s;  /* UTC */
};

/* token: the compact form; jwks: the issuer's keys (RFC 7517 section 5) as they came. 0 with the claims, which
 * json_free ends. ERR_MALFORMED, ERR_TOO_BIG; ERR_WRONG_LOGIN: it is refused, and why. */
int idtoken_check(struct bytes token, struct bytes jwks, const struct idtoken_rules *r, struct json_t **ret,
		  struct err *e);

#endif
