#include "make_cert.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/base.h"

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ASSERT(ext && X509_add_ext(x, ext, -1));
	X509_EXTENSION_free(ext);
}

static void fill(X509 *x, const struct test_cert_kind *k, EVP_PKEY *key)
{
	uint64_t serial = 0;
	ASSERT(RAND_bytes((unsigned char *)&serial, sizeof(serial) - 1) == 1);
	ASSERT(X509_set_version(x, X509_VERSION_3) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial));
	ASSERT(X509_gmtime_adj(X509_getm_notBefore(x), -86400) && X509_gmtime_adj(X509_getm_notAfter(x), 86400));
	X509_NAME *name = X509_get_subject_name(x);
	ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)k->name, -1, -1, 0));
	ASSERT(X509_set_issuer_name(x, k->issuer ? X509_get_subject_name(k->issuer->cert) : name));
	ASSERT(X509_set_pubkey(x, key));
	add_extension(x, k->issuer ? k->issuer->cert : x, NID_basic_constraints, k->issuer ? "CA:FALSE" : "CA:TRUE");
	if (k->alt_names)
		add_extension(x, x, NID_subject_alt_name, k->alt_names);
}

static void take(BIO *from, struct buf *to)
{
	char *p;
	long n = BIO_get_mem_data(from, &p);
	buf_init(to, 65536);
	ASSERT(n > 0 && buf_add(to, p, (size_t)n) == 0);
	BIO_free(from);
}

void test_cert_make(struct test_cert *c, const struct test_cert_kind *k)
{
	unsigned len = 0;
	c->key = k->rsa_bits ? EVP_RSA_gen((unsigned)k->rsa_bits) : EVP_EC_gen("P-256");
	c->cert = X509_new();
	ASSERT(c->key && c->cert);
	fill(c->cert, k, c->key);
	ASSERT(X509_sign(c->cert, k->issuer ? k->issuer->key : c->key, EVP_get_digestbyname(k->hash)));
	ASSERT(X509_digest(c->cert, EVP_sha256(), c->pin, &len) && len == sizeof(c->pin));
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
	ASSERT(PEM_write_bio_X509(cert, c->cert) && PEM_write_bio_PrivateKey(key, c->key, NULL, NULL, 0, NULL, NULL));
	take(cert, &c->cert_pem);
	take(key, &c->key_pem);
}

void test_cert_release(struct test_cert *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->cert);
	buf_release(&c->cert_pem);
	buf_release(&c->key_pem);
}
