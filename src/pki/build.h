/* build.h - how certificates and requests are put together: names, extensions, keys and seals. Private to pki/. */
#ifndef PKI_BUILD_H
#define PKI_BUILD_H

#include "pki/ca.h"
#include "pki/ossl.h"

#define DAY_MS          ((int64_t)86400000)
#define CLOCK_SLACK_MS  DAY_MS /* clocks of devices and people are behind by hours, and by time zones */
#define COMMON_NAME_MAX 64     /* ub-common-name, RFC 5280 appendix A */

struct pki_ca {
	X509 *cert;
	EVP_PKEY *key;
};

EVP_PKEY *build_key(enum pki_key kind, struct err *e); /* NULL with e set */
/* PKCS#8 DER of the key, sealed; appends. */
int build_seal(const struct vault *v, struct vault_place place, EVP_PKEY *key, struct buf *out, struct err *e);
int build_unseal(const struct vault *v, struct vault_place place, struct bytes sealed, EVP_PKEY **ret, struct err *e);

/* A certificate with serial number, dates and key; NULL with e set. Names, extensions and issuer are the caller's. */
X509 *build_begin(EVP_PKEY *key, int64_t from_ms, int64_t to_ms, struct err *e);
int build_name(X509_NAME *name, const char *field, const char *value, struct err *e); /* UTF-8 */
struct build_ext {
	int nid;
	const char *value; /* in the notation of x509v3_config(5); only texts of our own */
};
int build_exts(X509 *x, X509 *issuer, const struct build_ext *exts, size_t count, struct err *e);
X509_EXTENSION *build_ext(X509V3_CTX *ctx, const struct build_ext *ext); /* NULL: refused */

/* Alternative names. False: text is no such name, or OpenSSL refused it. */
bool build_is_host(const char *text); /* letters, digits, hyphens and dots (RFC 1123 2.1), no empty label */
bool build_add_dns(GENERAL_NAMES *names, const char *text);
bool build_add_address(GENERAL_NAMES *names, const char *text);

/* Signs the certificate and gives it away with its key sealed (key NULL: without); ret is empty on failure. */
int build_finish(X509 *x, const struct pki_ca *signer, const EVP_MD *hash, const struct vault *v,
		 struct vault_place place, EVP_PKEY *key, struct pki_stored *ret, struct err *e);
/* The hash with which this authority signed itself or was signed: what it issues is signed with the same, SHA-256 where
 * that is older. */
const EVP_MD *build_hash_of(const struct pki_ca *ca);
int64_t build_end(const struct pki_ca *ca); /* its last moment, which nothing of it outlives; ms UTC */

#endif
