#include "pki/ca.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/pem.h>

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "pki/ossl.h"

#define DAY_MS           ((int64_t)86400000)
#define CLOCK_SLACK_MS   DAY_MS /* clocks of devices and people are behind by hours, and by time zones */
#define ROOT_DAYS        3652
#define SERVER_DAYS      398 /* what browsers accept at most (CA/Browser Forum baseline, 6.3.2) */
#define RENEW_BEFORE     (30 * DAY_MS)
#define ROOT_KEY_BITS    3072
#define COMMON_NAME_MAX  64 /* ub-common-name, RFC 5280 appendix A */
#define HOST_NAME_MAX_   253
#define ALWAYS_ADDRESSES "127.0.0.1,::1"

struct pki_ca {
	X509 *cert;
	EVP_PKEY *key;
};

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

static int add_name(X509_NAME *name, const char *field, const char *value, struct err *e)
{
	if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1)
		return 0;
	return ossl_fail(e, ERR_INVALID, value);
}

/* One extension in the notation of x509v3_config(5); only for texts of our own. */
static int add_ext(X509 *x, X509 *issuer, int nid, const char *value, struct err *e)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = ext && X509_add_ext(x, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok ? 0 : ossl_fail(e, ERR_FAILED, value);
}

/* A certificate with serial number, dates, key and the subject's O; the rest is the caller's. */
static X509 *begin_cert(EVP_PKEY *key, int64_t from_ms, int64_t to_ms, struct err *e)
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
		rc = add_name(X509_get_subject_name(x), "O", "Lamplighter", e);
	if (rc == 0)
		return x;
	X509_free(x);
	return NULL;
}

/* PKCS#8 DER of the key, sealed. */
static int seal_key(const struct vault *v, struct vault_place place, EVP_PKEY *key, struct buf *out, struct err *e)
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

static int unseal_key(const struct vault *v, struct vault_place place, struct bytes sealed, EVP_PKEY **ret,
		      struct err *e)
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

/* Signs the certificate and gives it away with its sealed key; ret is empty on failure. */
static int finish(X509 *x, EVP_PKEY *signer, const struct vault *v, struct vault_place place, EVP_PKEY *key,
		  struct pki_stored *ret, struct err *e)
{
	struct pki_stored s;
	pki_stored_init(&s);
	int rc = X509_sign(x, signer, EVP_sha256()) > 0 ? 0 : ossl_fail(e, ERR_FAILED, "sign a certificate");
	if (rc == 0)
		rc = ossl_cert_encode(x, &s.cert, e);
	if (rc == 0)
		rc = seal_key(v, place, key, &s.key, e);
	if (rc == 0)
		rc = pki_cert_validity(buf_bytes(&s.cert), &s.not_before, &s.not_after, e);
	if (rc == 0)
		*ret = s;
	else
		pki_stored_release(&s);
	return rc;
}

/* "Lamplighter zone NAME", cut between characters. */
static void root_name(const char *zone, char to[COMMON_NAME_MAX + 1])
{
	int len = (int)strnlen(zone, 40);
	while (len > 0 && (zone[len] & 0xc0) == 0x80)
		len--;
	(void)snprintf(to, COMMON_NAME_MAX + 1, "Lamplighter zone %.*s", len, zone); /* fits */
}

static int describe_root(X509 *x, const char *zone_name, const char *zone_id, struct err *e)
{
	char cn[COMMON_NAME_MAX + 1];
	root_name(zone_name, cn);
	int rc = add_name(X509_get_subject_name(x), "OU", zone_id, e);
	if (rc == 0)
		rc = add_name(X509_get_subject_name(x), "CN", cn, e);
	if (rc == 0 && X509_set_issuer_name(x, X509_get_subject_name(x)) != 1)
		rc = ossl_fail(e, ERR_FAILED, "name a root");
	if (rc == 0)
		rc = add_ext(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:1", e);
	if (rc == 0)
		rc = add_ext(x, x, NID_key_usage, "critical,keyCertSign,cRLSign", e);
	if (rc == 0)
		rc = add_ext(x, x, NID_subject_key_identifier, "hash", e);
	return rc;
}

int pki_ca_make(const struct vault *v, struct vault_place place, const char *zone_name, const char *zone_id,
		int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = EVP_RSA_gen(ROOT_KEY_BITS);
	if (!key)
		return ossl_fail(e, ERR_FAILED, "make a key");
	AUTO_X509 X509 *x = begin_cert(key, now_ms - CLOCK_SLACK_MS, now_ms + ROOT_DAYS * DAY_MS, e);
	if (!x)
		return ERR_FAILED;
	int rc = describe_root(x, zone_name, zone_id, e);
	return rc == 0 ? finish(x, key, v, place, key, ret, e) : rc;
}

int pki_ca_load(const struct vault *v, struct vault_place place, struct bytes cert, struct bytes key,
		struct pki_ca **ret, struct err *e)
{
	EVP_PKEY *k = NULL;
	int rc = unseal_key(v, place, key, &k, e);
	if (rc)
		return rc;
	X509 *x = ossl_cert_parse(cert);
	if (!x || X509_check_private_key(x, k) != 1) {
		X509_free(x);
		EVP_PKEY_free(k);
		return ossl_fail(e, ERR_MALFORMED, "certificate authority");
	}
	struct pki_ca *ca = mem_alloc(sizeof(*ca));
	ca->cert = x;
	ca->key = k;
	*ret = ca;
	return 0;
}

void pki_ca_free(struct pki_ca *ca)
{
	if (!ca)
		return;
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	free(ca);
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

/* Letters, digits, hyphens and dots (RFC 1123 2.1), no empty label. */
static bool is_host_name(const char *s)
{
	size_t len = strlen(s);
	if (!len || len > HOST_NAME_MAX_ || s[0] == '.' || strstr(s, ".."))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '-' && *s != '.')
			return false;
	return true;
}

static bool add_address(GENERAL_NAMES *names, const char *text)
{
	uint8_t b[16];
	if (inet_pton(AF_INET, text, b) == 1)
		return add_general(names, GEN_IPADD, b, 4);
	return inet_pton(AF_INET6, text, b) == 1 && add_general(names, GEN_IPADD, b, 16);
}

/* Calls each for every address of a list; stops at the first false. */
static bool each_address(const char *list, bool (*each)(void *arg, const char *address), void *arg)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");
		char one[INET6_ADDRSTRLEN];
		if (!bytes_to_str(bytes_trim(BYTES(list, len)), one, sizeof(one)) || !each(arg, one))
			return false;
		list += len + (list[len] == ',');
	}
	return true;
}

static bool add_address_to(void *arg, const char *address)
{
	return add_address(arg, address);
}

static int add_names(X509 *x, const struct pki_names *n, struct err *e)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool ok = names && (add_address(names, n->fqdn) ||
			    (is_host_name(n->fqdn) && add_general(names, GEN_DNS, n->fqdn, strlen(n->fqdn))));
	ok = ok && add_general(names, GEN_DNS, "localhost", 9);
	ok = ok && each_address(ALWAYS_ADDRESSES, add_address_to, names) &&
	     each_address(n->addresses, add_address_to, names);
	int rc = 0;
	if (!ok)
		rc = err_set(e, ERR_INVALID,
			     "certificate for \"%s\" and the addresses \"%s\": one of them is no name or address",
			     n->fqdn, n->addresses ? n->addresses : "");
	else if (X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		rc = ossl_fail(e, ERR_FAILED, "name a certificate");
	GENERAL_NAMES_free(names);
	return rc;
}

static int describe_server(X509 *x, X509 *issuer, const struct pki_names *n, struct err *e)
{
	static const struct {
		int nid;
		const char *value;
	} exts[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "serverAuth"},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid:always"},
	};
	int rc = add_names(x, n, e);
	if (rc == 0 && strlen(n->fqdn) <= COMMON_NAME_MAX)
		rc = add_name(X509_get_subject_name(x), "CN", n->fqdn, e);
	if (rc == 0 && X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1)
		rc = ossl_fail(e, ERR_FAILED, "name the issuer");
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(exts); i++)
		rc = add_ext(x, issuer, exts[i].nid, exts[i].value, e);
	return rc;
}

/* The last moment of the root, which no certificate of it outlives. */
static int64_t root_end(const struct pki_ca *ca)
{
	struct tm tm;
	return ASN1_TIME_to_tm(X509_get0_notAfter(ca->cert), &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

int pki_ca_issue_server(const struct pki_ca *ca, const struct vault *v, struct vault_place place,
			const struct pki_names *names, int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = EVP_EC_gen("P-256");
	if (!key)
		return ossl_fail(e, ERR_FAILED, "make a key");
	int64_t end = now_ms + SERVER_DAYS * DAY_MS - CLOCK_SLACK_MS, last = root_end(ca);
	AUTO_X509 X509 *x = begin_cert(key, now_ms - CLOCK_SLACK_MS, end < last ? end : last, e);
	if (!x)
		return ERR_FAILED;
	int rc = describe_server(x, ca->cert, names, e);
	return rc == 0 ? finish(x, ca->key, v, place, key, ret, e) : rc;
}

static bool has_address(void *arg, const char *address)
{
	return X509_check_ip_asc(arg, address, 0) == 1;
}

static bool has_names(X509 *x, const struct pki_names *n)
{
	bool ok = X509_check_ip_asc(x, n->fqdn, 0) == 1 ||
		  X509_check_host(x, n->fqdn, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
	return ok && each_address(n->addresses, has_address, x);
}

bool pki_server_needs_renewal(const struct pki_ca *ca, struct bytes cert, const struct pki_names *names, int64_t now_ms)
{
	int64_t before, after;
	if (pki_cert_validity(cert, &before, &after, NULL) < 0)
		return true;
	AUTO_X509 X509 *x = ossl_cert_parse(cert);
	bool good = now_ms >= before && now_ms < after - RENEW_BEFORE &&
		    X509_verify(x, X509_get0_pubkey(ca->cert)) == 1 && has_names(x, names);
	return !good;
}

int pki_server_key_pem(const struct vault *v, struct vault_place place, struct bytes sealed_key, struct secret *ret,
		       struct err *e)
{
	AUTO_KEY EVP_PKEY *key = NULL;
	int rc = unseal_key(v, place, sealed_key, &key, e);
	if (rc < 0)
		return rc;
	BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
	char *text;
	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		long len = BIO_get_mem_data(bio, &text);
		secret_set(ret, text, (size_t)len);
	} else {
		rc = ossl_fail(e, ERR_FAILED, "write a key as PEM");
	}
	BIO_free(bio);
	return rc;
}
