/* oidc.h - logins by an OpenID provider (OpenID Connect Core and Discovery, RFC 6749, PKCE of RFC 7636, device codes of
 * RFC 8628). By libcurl, which blocks: worker threads only. HTTPS only, no redirects, answers within bounds.
 *
 * A login is begun, goes on in a browser, and is finished with what came back. Between the two it is a struct oidc_flow
 * that the caller keeps: nothing is remembered here. Discovery and keys are fetched anew for each login, so keys that
 * the provider changes are seen at once. */
#ifndef DIRECTORY_OIDC_H
#define DIRECTORY_OIDC_H

#include "base/secret.h"
#include "directory/person.h"
#include "directory/source.h"

#define OIDC_TEXT_MAX 2048
#define OIDC_RANDOM   65 /* 64 hex digits: 256 bits */

struct oidc {
	const struct source_options *options;
	const struct secret *secret; /* of the client; empty: it is a public one */
	int64_t now_s;               /* UTC */
};

/* What has to be known again when a login is finished: secret, whoever has it can finish it. */
struct oidc_flow {
	char state[OIDC_RANDOM], nonce[OIDC_RANDOM], verifier[OIDC_RANDOM]; /* by a browser */
	char device_code[OIDC_TEXT_MAX]; /* by a code that is typed elsewhere; else "" */
};

/* What a person needs to go on. */
struct oidc_begun {
	char url[4096];       /* to open: the provider's page, or the one where the code is typed */
	char complete[4096];  /* with the code in it; "" */
	char user_code[64];   /* "" by a browser */
	char end[2048];       /* where the provider's own session is ended; "" */
	int64_t interval_s;   /* between two questions whether it was confirmed */
	int64_t expires_in_s; /* of the code */
};

/* ERR_SOURCE_DOWN: the provider does not answer, or what it says makes no sense. ERR_UNSUPPORTED: it has no device
 * codes, or the source has no redirect. */
int oidc_begin(const struct oidc *o, bool by_device, struct oidc_flow *flow, struct oidc_begun *ret, struct err *e);

/* code: what the provider gave the browser; NULL by a device code. Fills p. True when nobody has confirmed yet: ask
 * again after the interval. */
bool oidc_finish(const struct oidc *o, const struct oidc_flow *flow, const char *code, struct person *p);

/* What the claims of a checked token say of a person. */
struct json_t;
int oidc_take_claims(const struct source_options *o, const struct json_t *claims, struct person *p, struct err *e);

#endif
