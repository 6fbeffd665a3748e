#include "pki/ca.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"
#include "pki/build.h"

#define ROOT_DAYS        3652
#define SERVER_DAYS      398 /* what browsers accept at most (CA/Browser Forum baseline, 6.3.2) */
#define RENEW_BEFORE     (30 * DAY_MS)
#define ADDRESS_SIZE     46
#define ALWAYS_ADDRESSES "127.0.0.1,::1"
#define BACKUP_ROUNDS    600000 /* OWASP's figure for PBKDF2 with HMAC-SHA-256, 2023 */
#define ORGANIZATION     "Lamplighter"

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
	static const struct build_ext exts[] = {
		{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
		{NID_key_usage, "critical,keyCertSign,cRLSign"},
		{NID_subject_key_identifier, "hash"},
	};
	char cn[COMMON_NAME_MAX + 1];
	root_name(zone_name, cn);
	int rc = build_name(X509_get_subject_name(x), "O", ORGANIZATION, e);
	if (rc == 0)
		rc = build_name(X509_get_subject_name(x), "OU", zone_id, e);
	if (rc == 0)
		rc = build_name(X509_get_subject_name(x), "CN", cn, e);
	if (rc == 0 && X509_set_issuer_name(x, X509_get_subject_name(x)) != 1)
		rc = ossl_fail(e, ERR_FAILED, "name a root");
	return rc == 0 ? build_exts(x, x, exts, ARRAY_LEN(exts), e) : rc;
}

static int check_choice(struct pki_ca_choice c, struct err *e)
{
	bool key = c.key == PKI_KEY_RSA_2048 || c.key == PKI_KEY_RSA_3072 || c.key == PKI_KEY_P384;
	bool hash = c.hash == PKI_HASH_SHA256 || c.hash == PKI_HASH_SHA384;
	if (!key)
		return err_set(e, ERR_INVALID, "a root's key is rsa-2048, rsa-3072 or p-384");
	return hash ? 0 : err_set(e, ERR_INVALID, "a root is signed with sha256 or sha384");
}

int pki_ca_make(const struct vault *v, struct vault_place place, const char *zone_name, const char *zone_id,
		struct pki_ca_choice choice, int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	int rc = check_choice(choice, e);
	if (rc)
		return rc;
	AUTO_KEY EVP_PKEY *key = build_key(choice.key, e);
	if (!key)
		return ERR_FAILED;
	AUTO_X509 X509 *x = build_begin(key, now_ms - CLOCK_SLACK_MS, now_ms + ROOT_DAYS * DAY_MS, e);
	if (!x)
		return ERR_FAILED;
	rc = describe_root(x, zone_name, zone_id, e);
	struct pki_ca self = {x, key};
	return rc == 0 ? build_finish(x, &self, ossl_hash(choice.hash), v, place, key, ret, e) : rc;
}

int pki_ca_load(const struct vault *v, struct vault_place place, struct bytes cert, struct bytes key,
		struct pki_ca **ret, struct err *e)
{
	EVP_PKEY *k = NULL;
	int rc = build_unseal(v, place, key, &k, e);
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

static PKCS12 *lock(const struct pki_ca *ca, const char *password)
{
	PKCS12 *p = PKCS12_create_ex(password, "Lamplighter zone root", ca->key, ca->cert, NULL, NID_aes_256_cbc,
				     NID_aes_256_cbc, BACKUP_ROUNDS, -1, 0, NULL, NULL); /* no MAC yet */
	if (p && PKCS12_set_mac(p, password, -1, NULL, 0, BACKUP_ROUNDS, EVP_sha256()) == 1)
		return p;
	PKCS12_free(p);
	return NULL;
}

int pki_ca_backup(const struct pki_ca *ca, const struct secret *password, struct buf *out, struct err *e)
{
	if (!password->len)
		return err_set(e, ERR_MISSING, "a backup without a password: the key would lie open");
	PKCS12 *p = lock(ca, (const char *)password->p);
	unsigned char *der = NULL;
	int len = p ? i2d_PKCS12(p, &der) : -1;
	PKCS12_free(p);
	if (len < 0)
		return ossl_fail(e, ERR_FAILED, "back up a root");
	int rc = buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return rc ? err_set(e, rc, "backup of a root") : 0;
}

static int unlock(struct bytes file, const struct secret *password, EVP_PKEY **ret_key, X509 **ret_cert, struct err *e)
{
	const unsigned char *at = file.p;
	if (file.len > PKI_BACKUP_MAX)
		return err_set(e, ERR_TOO_BIG, "a backup of a root is not larger than %u bytes", PKI_BACKUP_MAX);
	PKCS12 *p = d2i_PKCS12(NULL, &at, (long)file.len);
	if (!p)
		return ossl_fail(e, ERR_CERT_UNREADABLE, "this is no backup (PKCS#12)");
	bool right = PKCS12_verify_mac(p, (const char *)password->p, (int)password->len) == 1;
	bool open = right && PKCS12_parse(p, (const char *)password->p, ret_key, ret_cert, NULL) == 1;
	PKCS12_free(p);
	ERR_clear_error();
	if (!right)
		return err_set(e, ERR_CERT_PASSPHRASE, "the password does not open this backup");
	if (!open || !*ret_key || !*ret_cert)
		return err_set(e, ERR_CERT_UNREADABLE, "the backup lacks a certificate or its key");
	return 0;
}

static int check_root(X509 *x, EVP_PKEY *key, int64_t now_ms, struct err *e)
{
	time_t now = (time_t)(now_ms / 1000);
	int rc = 0;
	if (X509_check_private_key(x, key) != 1)
		rc = err_set(e, ERR_CERT_KEY, "key and certificate of the backup are not each other's");
	else if (X509_check_ca(x) != 1 || X509_self_signed(x, 1) != 1)
		rc = err_set(e, ERR_INVALID, "the certificate of the backup is no root of an authority");
	else if (X509_cmp_time(X509_get0_notAfter(x), &now) <= 0)
		rc = err_set(e, ERR_CERT_EXPIRED, "the root of the backup has expired");
	else if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0)
		rc = err_set(e, ERR_CERT_NOT_YET, "the root of the backup is not valid yet");
	ERR_clear_error();
	return rc;
}

int pki_ca_restore(const struct vault *v, struct vault_place place, struct bytes file, const struct secret *password,
		   int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = NULL;
	AUTO_X509 X509 *x = NULL;
	struct pki_stored s;
	if (!password->len)
		return err_set(e, ERR_CERT_PASSPHRASE, "a backup has a password");
	int rc = unlock(file, password, &key, &x, e);
	rc = rc ? rc : check_root(x, key, now_ms, e);
	if (rc)
		return rc;
	pki_stored_init(&s);
	rc = ossl_cert_encode(x, &s.cert, e);
	rc = rc ? rc : build_seal(v, place, key, &s.key, e);
	rc = rc ? rc : pki_cert_validity(buf_bytes(&s.cert), &s.not_before, &s.not_after, e);
	if (rc)
		pki_stored_release(&s);
	else
		*ret = s;
	return rc;
}

/* Calls each for every address of a list; stops at the first false. */
static bool each_address(const char *list, bool (*each)(void *arg, const char *address), void *arg)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");
		char one[ADDRESS_SIZE];
		if (!bytes_to_str(bytes_trim(BYTES(list, len)), one, sizeof(one)) || !each(arg, one))
			return false;
		list += len + (list[len] == ',');
	}
	return true;
}

static bool add_address_to(void *arg, const char *address)
{
	return build_add_address(arg, address);
}

static int add_names(X509 *x, const struct pki_names *n, struct err *e)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool ok = names && (build_add_address(names, n->fqdn) || build_add_dns(names, n->fqdn));
	ok = ok && build_add_dns(names, "localhost");
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
	static const struct build_ext exts[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "serverAuth"},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid:always"},
	};
	int rc = add_names(x, n, e);
	if (rc == 0)
		rc = build_name(X509_get_subject_name(x), "O", ORGANIZATION, e);
	if (rc == 0 && strlen(n->fqdn) <= COMMON_NAME_MAX)
		rc = build_name(X509_get_subject_name(x), "CN", n->fqdn, e);
	if (rc == 0 && X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1)
		rc = ossl_fail(e, ERR_FAILED, "name the issuer");
	return rc == 0 ? build_exts(x, issuer, exts, ARRAY_LEN(exts), e) : rc;
}

int pki_ca_issue_server(const struct pki_ca *ca, const struct vault *v, struct vault_place place,
			const struct pki_names *names, int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = build_key(PKI_KEY_P256, e);
	if (!key)
		return ERR_FAILED;
	int64_t end = now_ms + SERVER_DAYS * DAY_MS - CLOCK_SLACK_MS, last = build_end(ca);
	AUTO_X509 X509 *x = build_begin(key, now_ms - CLOCK_SLACK_MS, end < last ? end : last, e);
	if (!x)
		return ERR_FAILED;
	int rc = describe_server(x, ca->cert, names, e);
	return rc == 0 ? build_finish(x, ca, build_hash_of(ca), v, place, key, ret, e) : rc;
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
	ERR_clear_error();
	return !good;
}
