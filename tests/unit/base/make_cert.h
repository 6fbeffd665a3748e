/* make_cert.h - certificates for tests, made at run time by OpenSSL alone. The functions abort when OpenSSL does. */
#ifndef TESTS_MAKE_CERT_H
#define TESTS_MAKE_CERT_H

#include <openssl/x509.h>

#include "base/buf.h"

struct test_cert {
	EVP_PKEY *key;
	X509 *cert;
	struct buf cert_pem, key_pem;
	uint8_t pin[32]; /* SHA-256 of the DER */
};

struct test_cert_kind {
	int rsa_bits;                   /* 0: a P-256 key */
	const char *hash;               /* "SHA256", "SHA1" */
	const char *name;               /* common name */
	const char *alt_names;          /* "DNS:a,IP:127.0.0.1"; NULL: none */
	const struct test_cert *issuer; /* NULL: self-signed, and may sign others */
};

void test_cert_make(struct test_cert *c, const struct test_cert_kind *kind);
void test_cert_release(struct test_cert *c);

#endif
