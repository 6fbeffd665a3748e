#include "pki/pki.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/build.h"

void pki_stored_init(struct pki_stored *s)
{
	buf_init(&s->cert, PKI_CERT_MAX);
	buf_init(&s->chain, PKI_CHAIN_MAX);
	buf_init(&s->key, VAULT_SEALED_MAX);
	s->not_before = s->not_after = 0;
}

void pki_stored_release(struct pki_stored *s)
{
	buf_release(&s->cert);
	buf_release(&s->chain);
	buf_release(&s->key);
}

int ossl_fail(struct err *e, int code, const char *what)
{
	unsigned long reason = ERR_peek_last_error();
	const char *text = reason ? ERR_reason_error_string(reason) : NULL;
	ERR_clear_error();
	return err_set(e, code, "%s: %s", what, text ? text : "OpenSSL refused it");
}

X509 *ossl_cert_parse(struct bytes der)
{
	const unsigned char *p = der.p;
	X509 *cert = der.len <= PKI_CERT_MAX ? d2i_X509(NULL, &p, (long)der.len) : NULL;
	if (cert && p == der.p + der.len)
		return cert;
	X509_free(cert);
	return NULL;
}

int ossl_cert_encode(X509 *cert, struct buf *out, struct err *e)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	if (len < 0)
		return ossl_fail(e, ERR_FAILED, "encode a certificate");
	(void)buf_add(out, der, (size_t)len); /* looked at in the next line but one */
	OPENSSL_free(der);
	return buf_check(out, e, "certificate");
}

const EVP_MD *ossl_hash(int hash)
{
	switch ((enum pki_hash)hash) {
	case PKI_HASH_MD5:
		return EVP_md5();
	case PKI_HASH_SHA1:
		return EVP_sha1();
	case PKI_HASH_SHA256:
		return EVP_sha256();
	case PKI_HASH_SHA384:
		return EVP_sha384();
	case PKI_HASH_COUNT:
		break;
	}
	return NULL;
}

int ossl_bio_take(BIO *bio, struct buf *out, const char *what, struct err *e)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	(void)buf_add(out, text, (size_t)len); /* looked at in the next line */
	return buf_check(out, e, what);
}

static const char *const key_names[PKI_KEY_COUNT] = {"rsa-2048", "rsa-3072", "p-256", "p-384"};
static const char *const hash_names[PKI_HASH_COUNT] = {"md5", "sha1", "sha256", "sha384"};
static const uint8_t hash_sizes[PKI_HASH_COUNT] = {16, 20, 32, 48};

const char *pki_key_name(enum pki_key k)
{
	ASSERT(k < PKI_KEY_COUNT);
	return key_names[k];
}

static bool find(const char *const *names, size_t count, const char *name, size_t *ret)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

bool pki_key_from_name(const char *name, enum pki_key *ret)
{
	size_t i;
	if (!find(key_names, PKI_KEY_COUNT, name, &i))
		return false;
	*ret = (enum pki_key)i;
	return true;
}

const char *pki_hash_name(enum pki_hash h)
{
	ASSERT(h < PKI_HASH_COUNT);
	return hash_names[h];
}

bool pki_hash_from_name(const char *name, enum pki_hash *ret)
{
	size_t i;
	if (!find(hash_names, PKI_HASH_COUNT, name, &i))
		return false;
	*ret = (enum pki_hash)i;
	return true;
}

size_t pki_hash_size(enum pki_hash h)
{
	ASSERT(h < PKI_HASH_COUNT);
	return hash_sizes[h];
}

int pki_hash(struct bytes cert, enum pki_hash h, uint8_t to[PKI_HASH_MAX], struct err *e)
{
	unsigned len;
	ASSERT(h < PKI_HASH_COUNT);
	if (EVP_Digest(cert.p, cert.len, to, &len, ossl_hash(h), NULL) != 1)
		return ossl_fail(e, ERR_FAILED, "fingerprint of a certificate");
	return 0;
}

/* A separator stands before every digit group of so many bytes but the first. */
static void write_groups(const uint8_t *sum, size_t len, char separator, size_t group, char to[PKI_FINGERPRINT_SIZE])
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < len; i++) {
		if (i && i % group == 0)
			*to++ = separator;
		*to++ = digits[sum[i] >> 4];
		*to++ = digits[sum[i] & 15];
	}
	*to = 0;
}

int pki_fingerprint(struct bytes cert, enum pki_hash h, char to[PKI_FINGERPRINT_SIZE], struct err *e)
{
	uint8_t sum[PKI_HASH_MAX];
	int rc = pki_hash(cert, h, sum, e);
	if (!rc)
		write_groups(sum, pki_hash_size(h), ':', 1, to);
	return rc;
}

int pki_fingerprint_mebx(struct bytes cert, enum pki_hash h, char to[PKI_FINGERPRINT_SIZE], struct err *e)
{
	uint8_t sum[PKI_HASH_MAX];
	int rc = pki_hash(cert, h, sum, e);
	if (!rc)
		write_groups(sum, pki_hash_size(h), '-', 2, to);
	return rc;
}

bool pki_hash_parse(const char *text, enum pki_hash *ret, uint8_t to[PKI_HASH_MAX])
{
	struct buf digits, bytes;
	buf_init(&digits, (size_t)2 * PKI_HASH_MAX);
	buf_init(&bytes, PKI_HASH_MAX);
	for (; *text; text++)
		if (!strchr(":- ", *text))
			(void)buf_addc(&digits, *text); /* looked at in the next line */
	bool ok = !digits.failed && hex_decode(buf_bytes(&digits), &bytes) == 0, found = false;
	for (size_t i = 0; ok && !found && i < PKI_HASH_COUNT; i++)
		if (hash_sizes[i] == bytes.len) {
			*ret = (enum pki_hash)i;
			memcpy(to, bytes.p, bytes.len);
			found = true;
		}
	buf_release(&digits);
	buf_release(&bytes);
	return found;
}

int pki_cert_pem(struct bytes cert, struct buf *out, struct err *e)
{
	AUTO_X509 X509 *x = ossl_cert_parse(cert);
	if (!x)
		return ossl_fail(e, ERR_MALFORMED, "read a certificate");
	AUTO_BIO BIO *bio = BIO_new(BIO_s_mem());
	if (!bio || PEM_write_bio_X509(bio, x) != 1)
		return ossl_fail(e, ERR_FAILED, "write a certificate as PEM");
	return ossl_bio_take(bio, out, "certificate in PEM", e);
}

bool pki_chain_take(struct bytes *rest, struct bytes *ret_cert)
{
	const unsigned char *p = rest->p;
	if (!rest->len)
		return false;
	X509 *x = d2i_X509(NULL, &p, (long)rest->len);
	ERR_clear_error();
	if (!x)
		return false;
	X509_free(x);
	size_t len = (size_t)(p - rest->p);
	*ret_cert = BYTES(rest->p, len);
	*rest = BYTES(p, rest->len - len);
	return true;
}

int pki_chain_pem(struct bytes cert, struct bytes chain, struct buf *out, struct err *e)
{
	struct bytes one;
	int rc = pki_cert_pem(cert, out, e);
	while (!rc && pki_chain_take(&chain, &one))
		rc = pki_cert_pem(one, out, e);
	return rc;
}

struct bytes pki_chain_root(struct bytes cert, struct bytes chain)
{
	struct bytes one;
	while (pki_chain_take(&chain, &one))
		cert = one;
	return cert;
}

int pki_key_pem(const struct vault *v, struct vault_place place, struct bytes sealed, struct secret *ret, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = NULL;
	int rc = build_unseal(v, place, sealed, &key, e);
	if (rc < 0)
		return rc;
	AUTO_BIO BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
	char *text;
	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return ossl_fail(e, ERR_FAILED, "write a key as PEM");
	long len = BIO_get_mem_data(bio, &text);
	secret_set(ret, text, (size_t)len);
	return 0;
}

int pki_key_pkcs1(const struct vault *v, struct vault_place place, struct bytes sealed, struct secret *ret,
		  struct err *e)
{
	AUTO_KEY EVP_PKEY *key = NULL;
	int rc = build_unseal(v, place, sealed, &key, e);
	if (rc < 0)
		return rc;
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return err_set(e, ERR_CERT_KEY_KIND, "the device's key is no RSA key");
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(key, &der); /* of RSA: PKCS#1 */
	if (len < 0)
		return ossl_fail(e, ERR_FAILED, "encode a key");
	secret_set(ret, der, (size_t)len);
	OPENSSL_clear_free(der, (size_t)len);
	return 0;
}

int pki_key_move(const struct vault *v, struct vault_place from, struct bytes sealed, struct vault_place to,
		 struct buf *out, struct err *e)
{
	struct secret der = SECRET_INIT;
	int rc = vault_unseal(v, from, sealed, &der, e);
	if (rc == 0)
		rc = vault_seal(v, to, BYTES(der.p, der.len), out, e);
	secret_release(&der);
	return rc;
}

static bool to_ms(const ASN1_TIME *t, int64_t *ret)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*ret = (int64_t)timegm(&tm) * 1000;
	return true;
}

int pki_cert_validity(struct bytes cert, int64_t *ret_not_before, int64_t *ret_not_after, struct err *e)
{
	AUTO_X509 X509 *x = ossl_cert_parse(cert);
	int64_t before, after;
	if (!x || !to_ms(X509_get0_notBefore(x), &before) || !to_ms(X509_get0_notAfter(x), &after))
		return ossl_fail(e, ERR_MALFORMED, "read a certificate");
	*ret_not_before = before;
	*ret_not_after = after;
	return 0;
}
