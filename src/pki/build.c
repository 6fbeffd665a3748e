#include "pki/build.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"

#define HOST_MAX 253

EVP_PKEY *build_key(enum pki_key kind, struct err *e)
{
	EVP_PKEY *key = NULL;
	switch (kind) {
	case PKI_KEY_RSA_2048:
		key = EVP_RSA_gen(2048);
		break;
	case PKI_KEY_RSA_3072:
		key = EVP_RSA_gen(3072);
		break;
	case PKI_KEY_P256:
		key = EVP_EC_gen("P-256");
		break;
	case PKI_KEY_P384:
		key = EVP_EC_gen("P-384");
		break;
	case PKI_KEY_COUNT:
		break;
	}
	if (!key)
		(void)ossl_fail(e, ERR_FAILED, "make a key");
	return key;
}

int build_seal(const struct vault *v, struct vault_place place, EVP_PKEY *key, struct buf *out, struct err *e)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : -1;
	int rc = len > 0 ? vault_seal(v, place, BYTES(der, (size_t)len), out, e)
			 : ossl_fail(e, ERR_FAILED, "encode a key");
	if (len > 0)
		OPENSSL_clear_free(der, (size_t)len);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

int build_unseal(const struct vault *v, struct vault_place place, struct bytes sealed, EVP_PKEY **ret, struct err *e)
{
	struct secret der = SECRET_INIT;
	int rc = vault_unseal(v, place, sealed, &der, e);
	if (rc < 0)
		return rc;
	const unsigned char *p = der.p;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	secret_release(&der);
	if (!key)
		return ossl_fail(e, ERR_MALFORMED, "read a key");
	*ret = key;
	return 0;
}

static int set_serial(X509 *x, struct err *e)
{
	uint8_t random[16];
	rng_secret(random, sizeof(random));
	random[0] = (uint8_t)((random[0] & 0x7f) | 0x40); /* positive, and always of the same length */
	BIGNUM *n = BN_bin2bn(random, sizeof(random), NULL);
	bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return ok ? 0 : ossl_fail(e, ERR_FAILED, "number a certificate");
}

static int set_times(X509 *x, int64_t from_ms, int64_t to_ms, struct err *e)
{
	bool ok = ASN1_TIME_set(X509_getm_notBefore(x), from_ms / 1000) &&
		  ASN1_TIME_set(X509_getm_notAfter(x), to_ms / 1000);
	return ok ? 0 : ossl_fail(e, ERR_FAILED, "date a certificate");
}

X509 *build_begin(EVP_PKEY *key, int64_t from_ms, int64_t to_ms, struct err *e)
{
	X509 *x = X509_new();
	int rc = x && X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, key) == 1
			 ? 0
			 : ossl_fail(e, ERR_FAILED, "begin a certificate");
	if (rc == 0)
		rc = set_serial(x, e);
	if (rc == 0)
		rc = set_times(x, from_ms, to_ms, e);
	if (rc == 0)
		return x;
	X509_free(x);
	return NULL;
}

int build_name(X509_NAME *name, const char *field, const char *value, struct err *e)
{
	if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1)
		return 0;
	return ossl_fail(e, ERR_INVALID, value);
}

X509_EXTENSION *build_ext(X509V3_CTX *ctx, const struct build_ext *ext)
{
	return X509V3_EXT_conf_nid(NULL, ctx, ext->nid, ext->value);
}

int build_exts(X509 *x, X509 *issuer, const struct build_ext *exts, size_t count, struct err *e)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		X509_EXTENSION *ext = build_ext(&ctx, &exts[i]);
		bool ok = ext && X509_add_ext(x, ext, -1) == 1;
		X509_EXTENSION_free(ext);
		if (!ok)
			return ossl_fail(e, ERR_FAILED, exts[i].value);
	}
	return 0;
}

static bool add_general(GENERAL_NAMES *names, int type, const void *p, size_t len)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
	if (!g || !s || ASN1_STRING_set(s, p, (int)len) != 1) {
		GENERAL_NAME_free(g);
		ASN1_STRING_free(s);
		return false;
	}
	GENERAL_NAME_set0_value(g, type, s);
	if (sk_GENERAL_NAME_push(names, g) > 0)
		return true;
	GENERAL_NAME_free(g);
	return false;
}

bool build_is_host(const char *s)
{
	size_t len = strlen(s);
	if (!len || len > HOST_MAX || s[0] == '.' || strstr(s, ".."))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '-' && *s != '.')
			return false;
	return true;
}

bool build_add_dns(GENERAL_NAMES *names, const char *text)
{
	return build_is_host(text) && add_general(names, GEN_DNS, text, strlen(text));
}

bool build_add_address(GENERAL_NAMES *names, const char *text)
{
	uint8_t b[16];
	if (inet_pton(AF_INET, text, b) == 1)
		return add_general(names, GEN_IPADD, b, 4);
	return inet_pton(AF_INET6, text, b) == 1 && add_general(names, GEN_IPADD, b, 16);
}

int build_finish(X509 *x, const struct pki_ca *signer, const EVP_MD *hash, const struct vault *v,
		 struct vault_place place, EVP_PKEY *key, struct pki_stored *ret, struct err *e)
{
	struct pki_stored s;
	pki_stored_init(&s);
	int rc = X509_sign(x, signer->key, hash) > 0 ? 0 : ossl_fail(e, ERR_FAILED, "sign a certificate");
	if (rc == 0)
		rc = ossl_cert_encode(x, &s.cert, e);
	if (rc == 0 && key)
		rc = build_seal(v, place, key, &s.key, e);
	if (rc == 0)
		rc = pki_cert_validity(buf_bytes(&s.cert), &s.not_before, &s.not_after, e);
	if (rc == 0)
		*ret = s;
	else
		pki_stored_release(&s);
	return rc;
}

const EVP_MD *build_hash_of(const struct pki_ca *ca)
{
	int hash = NID_undef;
	bool known = OBJ_find_sigid_algs(X509_get_signature_nid(ca->cert), &hash, NULL) == 1;
	return known && hash == NID_sha384 ? EVP_sha384() : known && hash == NID_sha512 ? EVP_sha512() : EVP_sha256();
}

int64_t build_end(const struct pki_ca *ca)
{
	struct tm tm;
	return ASN1_TIME_to_tm(X509_get0_notAfter(ca->cert), &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}
