#include "pki/management.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "pki/bag_priv.h"
#include "pki/build.h"

#define MANAGEMENT_DAYS 398
#define ORGANIZATION    "Lamplighter"
#define NAME_MAX_       64 /* of O, OU, ST and CN: RFC 5280 appendix A allows 64 to 128 */
#define USAGE           "serverAuth,clientAuth," PKI_OID_SETUP "," PKI_OID_CONSOLE

static int add_dns_name(X509 *x, const char *fqdn, struct err *e)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool ok = names && build_add_dns(names, fqdn) &&
		  X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return ok ? 0 : ossl_fail(e, ERR_FAILED, "name a certificate");
}

static int check_fqdn(const char *fqdn, struct err *e)
{
	const char *name = strncmp(fqdn, "*.", 2) == 0 ? fqdn + 2 : fqdn;
	if (!build_is_host(name) || !strchr(name, '.') || strlen(fqdn) > NAME_MAX_)
		return err_set(e, ERR_INVALID, "\"%s\" is no full DNS name of at most %d characters", fqdn, NAME_MAX_);
	return 0;
}

static int describe(X509 *x, X509 *issuer, const char *fqdn, struct err *e)
{
	static const struct build_ext exts[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature,keyEncipherment"},
		{NID_ext_key_usage, USAGE},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid"},
	};
	int rc = build_name(X509_get_subject_name(x), "O", ORGANIZATION, e);
	rc = rc ? rc : build_name(X509_get_subject_name(x), "OU", PKI_OU_SETUP, e);
	rc = rc ? rc : build_name(X509_get_subject_name(x), "CN", fqdn, e);
	if (!rc && X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1)
		rc = ossl_fail(e, ERR_FAILED, "name the issuer");
	rc = rc ? rc : add_dns_name(x, fqdn, e);
	return rc ? rc : build_exts(x, issuer, exts, ARRAY_LEN(exts), e);
}

static int check_choice(enum pki_key key, enum pki_hash hash, struct err *e)
{
	if (key != PKI_KEY_RSA_2048 && key != PKI_KEY_RSA_3072)
		return err_set(e, ERR_INVALID, "AMT takes RSA keys only: rsa-2048 or rsa-3072");
	if (hash != PKI_HASH_SHA256 && hash != PKI_HASH_SHA384)
		return err_set(e, ERR_INVALID, "a certificate is signed with sha256 or sha384");
	return 0;
}

int pki_management_make(const struct pki_ca *ca, const struct vault *v, struct vault_place place,
			const struct pki_management_wish *wish, int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	int rc = check_choice(wish->key, wish->hash, e);
	rc = rc ? rc : check_fqdn(wish->fqdn, e);
	if (!rc && *wish->fqdn == '*')
		rc = err_set(e, ERR_INVALID, "\"%s\": a server has one name", wish->fqdn);
	if (rc)
		return rc;
	AUTO_KEY EVP_PKEY *key = build_key(wish->key, e);
	if (!key)
		return ERR_FAILED;
	int64_t end = now_ms + MANAGEMENT_DAYS * DAY_MS - CLOCK_SLACK_MS, last = build_end(ca);
	AUTO_X509 X509 *x = build_begin(key, now_ms - CLOCK_SLACK_MS, end < last ? end : last, e);
	if (!x)
		return ERR_FAILED;
	rc = describe(x, ca->cert, wish->fqdn, e);
	rc = rc ? rc : build_finish(x, ca, ossl_hash(wish->hash), v, place, key, ret, e);
	if (!rc && (rc = ossl_cert_encode(ca->cert, &ret->chain, e)))
		pki_stored_release(ret);
	return rc;
}

static int check_part(const char *what, const char *text, struct err *e)
{
	if (!*text || strlen(text) > NAME_MAX_ || !text_is_printable(bytes_str(text)))
		return err_set(e, ERR_INVALID, "%s \"%s\" is not 1 to %d characters", what, text, NAME_MAX_);
	return 0;
}

static int check_request(const struct pki_request_wish *w, struct err *e)
{
	int rc = 0;
	if (strlen(w->country) != 2 || !isalpha((unsigned char)w->country[0]) || !isalpha((unsigned char)w->country[1]))
		rc = err_set(e, ERR_INVALID,
			     "country \"%s\" is not a code of two letters, such as DE (X.520, ISO 3166)", w->country);
	rc = rc ? rc : check_part("state", w->state, e);
	rc = rc ? rc : check_part("organization", w->organization, e);
	rc = rc || !w->unit ? rc : check_part("orgunit", w->unit, e);
	rc = rc ? rc : check_fqdn(w->common_name, e);
	if (!rc && w->is_ca && w->for_device)
		rc = err_set(e, ERR_INVALID, "a device's certificate is never an authority");
	return rc ? rc : check_choice(w->key, PKI_HASH_SHA256, e);
}

static int name_request(X509_REQ *q, const struct pki_request_wish *w, struct err *e)
{
	X509_NAME *name = X509_REQ_get_subject_name(q);
	char country[3] = {(char)toupper((unsigned char)w->country[0]), (char)toupper((unsigned char)w->country[1]), 0};
	const char *unit = w->unit ? w->unit : w->for_device ? NULL : PKI_OU_SETUP;
	int rc = build_name(name, "C", country, e);
	rc = rc ? rc : build_name(name, "ST", w->state, e);
	rc = rc ? rc : build_name(name, "O", w->organization, e);
	rc = rc || !unit ? rc : build_name(name, "OU", unit, e);
	return rc ? rc : build_name(name, "CN", w->common_name, e);
}

/* What the authority is asked to put in; it may leave out what it does not like, which the import then sees. */
static int ask_for(X509_REQ *q, const struct pki_request_wish *w, struct err *e)
{
	char san[NAME_MAX_ + 8];
	const struct build_ext exts[] = {
		{NID_basic_constraints, w->is_ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"},
		{NID_key_usage, w->is_ca ? "critical,digitalSignature,keyEncipherment,keyCertSign"
					 : "critical,digitalSignature,keyEncipherment"},
		{NID_ext_key_usage, w->for_device ? "serverAuth,clientAuth" : USAGE},
		{NID_subject_alt_name, san},
	};
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, NULL, NULL, q, NULL, 0);
	(void)snprintf(san, sizeof(san), "DNS:%s", w->common_name); /* fits, and is a host name: was checked */
	STACK_OF(X509_EXTENSION) *stack = sk_X509_EXTENSION_new_null();
	bool ok = stack != NULL;
	for (size_t i = 0; ok && i < ARRAY_LEN(exts); i++) {
		X509_EXTENSION *ext = build_ext(&ctx, &exts[i]);
		ok = ext && sk_X509_EXTENSION_push(stack, ext) > 0;
		if (!ok)
			X509_EXTENSION_free(ext);
	}
	ok = ok && X509_REQ_add_extensions(q, stack) == 1;
	sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
	return ok ? 0 : ossl_fail(e, ERR_FAILED, "describe a request");
}

static int encode_request(X509_REQ *q, struct buf *out, struct err *e)
{
	unsigned char *der = NULL;
	int len = i2d_X509_REQ(q, &der);
	if (len < 0)
		return ossl_fail(e, ERR_FAILED, "encode a request");
	(void)buf_add(out, der, (size_t)len); /* looked at in the next line but one */
	OPENSSL_free(der);
	return buf_check(out, e, "certificate request");
}

int pki_request_make(const struct vault *v, struct vault_place place, const struct pki_request_wish *wish,
		     struct pki_stored *ret, struct err *e)
{
	struct pki_stored s;
	int rc = check_request(wish, e);
	if (rc)
		return rc;
	AUTO_KEY EVP_PKEY *key = build_key(wish->key, e);
	AUTO_REQUEST X509_REQ *q = X509_REQ_new();
	if (!key || !q || X509_REQ_set_version(q, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(q, key) != 1)
		return ossl_fail(e, ERR_FAILED, "begin a request");
	rc = name_request(q, wish, e);
	rc = rc ? rc : ask_for(q, wish, e);
	if (!rc && X509_REQ_sign(q, key, EVP_sha256()) <= 0)
		rc = ossl_fail(e, ERR_FAILED, "sign a request");
	pki_stored_init(&s);
	rc = rc ? rc : encode_request(q, &s.cert, e);
	rc = rc ? rc : build_seal(v, place, key, &s.key, e);
	if (rc)
		pki_stored_release(&s);
	else
		*ret = s;
	return rc;
}

static X509_REQ *parse_request(struct bytes der)
{
	const unsigned char *p = der.p;
	X509_REQ *q = der.len <= PKI_CERT_MAX ? d2i_X509_REQ(NULL, &p, (long)der.len) : NULL;
	if (q && p == der.p + der.len)
		return q;
	X509_REQ_free(q);
	return NULL;
}

int pki_request_pem(struct bytes request, struct buf *out, struct err *e)
{
	AUTO_REQUEST X509_REQ *q = parse_request(request);
	AUTO_BIO BIO *bio = BIO_new(BIO_s_mem());
	if (!q)
		return ossl_fail(e, ERR_MALFORMED, "read a certificate request");
	if (!bio || PEM_write_bio_X509_REQ(bio, q) != 1)
		return ossl_fail(e, ERR_FAILED, "write a certificate request as PEM");
	return ossl_bio_take(bio, out, "certificate request in PEM", e);
}
