#include "pki/pki.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

#include "base/base.h"
#include "base/err.h"
#include "pki/ossl.h"

void pki_stored_init(struct pki_stored *s)
{
	buf_init(&s->cert, PKI_CERT_MAX);
	buf_init(&s->key, VAULT_SEALED_MAX);
	s->not_before = s->not_after = 0;
}

void pki_stored_release(struct pki_stored *s)
{
	buf_release(&s->cert);
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

int pki_fingerprint(struct bytes cert, enum pki_hash h, char to[PKI_FINGERPRINT_SIZE], struct err *e)
{
	const EVP_MD *const hashes[] = {EVP_sha1(), EVP_sha256(), EVP_sha384()};
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len;
	ASSERT((size_t)h < ARRAY_LEN(hashes));
	if (EVP_Digest(cert.p, cert.len, sum, &len, hashes[h], NULL) != 1)
		return ossl_fail(e, ERR_FAILED, "fingerprint of a certificate");
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(to + 3 * i, PKI_FINGERPRINT_SIZE - 3 * i, "%02X%s", sum[i], i + 1 < len ? ":" : "");
	return 0;
}

int pki_cert_pem(struct bytes cert, struct buf *out, struct err *e)
{
	AUTO_X509 X509 *x = ossl_cert_parse(cert);
	if (!x)
		return ossl_fail(e, ERR_MALFORMED, "read a certificate");
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	int rc = 0;
	if (bio && PEM_write_bio_X509(bio, x) == 1) {
		long len = BIO_get_mem_data(bio, &text);
		(void)buf_add(out, text, (size_t)len); /* looked at in the next line */
		rc = buf_check(out, e, "certificate in PEM");
	} else {
		rc = ossl_fail(e, ERR_FAILED, "write a certificate as PEM");
	}
	BIO_free(bio);
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
