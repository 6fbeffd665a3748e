/* ossl.h - the OpenSSL objects of this folder, freed on every way out, and its errors as ours. Private. */
#ifndef PKI_OSSL_H
#define PKI_OSSL_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"

struct err;

#define PKI_CLEANUP(type, name, release)                                                                               \
	static inline void name(type **p)                                                                              \
	{                                                                                                              \
		release(*p);                                                                                           \
	}
PKI_CLEANUP(X509, ossl_free_x509, X509_free)
PKI_CLEANUP(X509_REQ, ossl_free_request, X509_REQ_free)
PKI_CLEANUP(EVP_PKEY, ossl_free_key, EVP_PKEY_free)
PKI_CLEANUP(BIO, ossl_free_bio, BIO_free_all)
#define AUTO_X509    __attribute__((cleanup(ossl_free_x509)))
#define AUTO_REQUEST __attribute__((cleanup(ossl_free_request)))
#define AUTO_KEY     __attribute__((cleanup(ossl_free_key)))
#define AUTO_BIO     __attribute__((cleanup(ossl_free_bio)))

/* Sets ERR_FAILED, or code, with OpenSSL's own reason behind what, and empties its queue. */
int ossl_fail(struct err *e, int code, const char *what);

/* All of der must be one certificate: else NULL. */
X509 *ossl_cert_parse(struct bytes der);
int ossl_cert_encode(X509 *cert, struct buf *out, struct err *e); /* appends DER */
/* Appends what was written into a BIO_s_mem or BIO_s_secmem. */
int ossl_bio_take(BIO *bio, struct buf *out, const char *what, struct err *e);
const EVP_MD *ossl_hash(int hash); /* enum pki_hash */

#endif
