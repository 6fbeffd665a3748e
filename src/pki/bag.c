#include "pki/bag.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "base/base.h"
#include "base/err.h"
#include "pki/bag_priv.h"

/* Key derivation is meant to be slow; a file says how slow. All of one file may take a few seconds. */
#define ROUNDS_MAX INT64_C(4000000)
#define NEST_MAX   4

struct reading {
	struct pki_bag *bag;
	const struct secret *password; /* NULL: none */
	struct err *e;
};

static int add_cert(struct reading *r, X509 *cert) /* takes it */
{
	struct pki_bag *b = r->bag;
	if (b->cert_count == PKI_BAG_MOST) {
		X509_free(cert);
		return err_set(r->e, ERR_TOO_BIG, "more than %d certificates", PKI_BAG_MOST);
	}
	if (b->cert_count == b->cert_cap) {
		b->cert_cap = b->cert_cap ? 2 * b->cert_cap : 8;
		b->certs = mem_grow(b->certs, b->cert_cap, sizeof(X509 *));
	}
	b->certs[b->cert_count++] = cert;
	return 0;
}

static int add_key(struct reading *r, EVP_PKEY *key) /* takes it */
{
	struct pki_bag *b = r->bag;
	if (b->key_count == PKI_BAG_MOST) {
		EVP_PKEY_free(key);
		return err_set(r->e, ERR_TOO_BIG, "more than %d keys", PKI_BAG_MOST);
	}
	if (b->key_count == b->key_cap) {
		b->key_cap = b->key_cap ? 2 * b->key_cap : 8;
		b->keys = mem_grow(b->keys, b->key_cap, sizeof(EVP_PKEY *));
	}
	b->keys[b->key_count++] = key;
	return 0;
}

static int unreadable(struct reading *r, const char *why)
{
	ERR_clear_error();
	return err_set(r->e, ERR_CERT_UNREADABLE, "%s", why);
}

static const char *password_of(const struct reading *r)
{
	return r->password && r->password->len ? (const char *)r->password->p : NULL;
}

static int locked(struct reading *r, const char *what)
{
	ERR_clear_error();
	return err_set(r->e, ERR_CERT_PASSPHRASE,
		       password_of(r) ? "the password does not open %s" : "%s is locked with a password", what);
}

/* Counts rounds of key derivation. False: the file asks for more than is spent on one. */
static bool spend(struct reading *r, int64_t rounds)
{
	if (rounds < 0 || rounds > r->bag->rounds_left)
		return false;
	r->bag->rounds_left -= rounds;
	return true;
}

static int64_t pbkdf2_rounds(const X509_ALGOR *kdf)
{
	if (OBJ_obj2nid(kdf->algorithm) != NID_id_pbkdf2)
		return 0; /* scrypt: OpenSSL has a ceiling of its own */
	PBKDF2PARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), kdf->parameter);
	int64_t rounds = -1;
	if (p && ASN1_INTEGER_get_int64(&rounds, p->iter) != 1)
		rounds = -1;
	PBKDF2PARAM_free(p);
	return rounds;
}

/* How much work it is to decrypt something; -1: it cannot be told. */
static int64_t rounds_of(const X509_ALGOR *alg)
{
	int64_t rounds = -1;
	if (OBJ_obj2nid(alg->algorithm) == NID_pbes2) {
		PBE2PARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), alg->parameter);
		if (p)
			rounds = pbkdf2_rounds(p->keyfunc);
		PBE2PARAM_free(p);
		return rounds;
	}
	PBEPARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), alg->parameter);
	if (p && ASN1_INTEGER_get_int64(&rounds, p->iter) != 1)
		rounds = -1;
	PBEPARAM_free(p);
	return rounds;
}

static int add_key_info(struct reading *r, const PKCS8_PRIV_KEY_INFO *info)
{
	EVP_PKEY *key = info ? EVP_PKCS82PKEY(info) : NULL;
	return key ? add_key(r, key) : unreadable(r, "a key is of a kind that is not known");
}

static int add_locked_key(struct reading *r, const X509_SIG *sig)
{
	const X509_ALGOR *alg;
	X509_SIG_get0(sig, &alg, NULL);
	if (!password_of(r))
		return locked(r, "a key");
	if (!spend(r, rounds_of(alg)))
		return unreadable(r, "a key is locked in a way that takes too long to open");
	PKCS8_PRIV_KEY_INFO *info = PKCS8_decrypt(sig, password_of(r), (int)r->password->len);
	if (!info)
		return locked(r, "a key");
	int rc = add_key_info(r, info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return rc;
}

static int add_bags(struct reading *r, const STACK_OF(PKCS12_SAFEBAG) * bags, int depth);

static int add_bag(struct reading *r, const PKCS12_SAFEBAG *bag, int depth)
{
	X509 *cert;
	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_certBag:
		cert = PKCS12_SAFEBAG_get1_cert(bag);
		return cert ? add_cert(r, cert) : unreadable(r, "a certificate in the PKCS#12 cannot be read");
	case NID_keyBag:
		return add_key_info(r, PKCS12_SAFEBAG_get0_p8inf(bag));
	case NID_pkcs8ShroudedKeyBag:
		return add_locked_key(r, PKCS12_SAFEBAG_get0_pkcs8(bag));
	case NID_safeContentsBag:
		return depth ? add_bags(r, PKCS12_SAFEBAG_get0_safes(bag), depth - 1) : 0;
	default:
		return 0; /* lists of revocations, secrets of others */
	}
}

static int add_bags(struct reading *r, const STACK_OF(PKCS12_SAFEBAG) * bags, int depth)
{
	int rc = 0;
	for (int i = 0; !rc && i < sk_PKCS12_SAFEBAG_num(bags); i++)
		rc = add_bag(r, sk_PKCS12_SAFEBAG_value(bags, i), depth);
	return rc;
}

static int add_safe(struct reading *r, PKCS7 *safe)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	if (PKCS7_type_is_data(safe)) {
		bags = PKCS12_unpack_p7data(safe);
	} else if (PKCS7_type_is_encrypted(safe) && safe->d.encrypted && safe->d.encrypted->enc_data) {
		if (!spend(r, rounds_of(safe->d.encrypted->enc_data->algorithm)))
			return unreadable(r, "the PKCS#12 is locked in a way that takes too long to open");
		bags = PKCS12_unpack_p7encdata(safe, password_of(r), r->password ? (int)r->password->len : 0);
	}
	if (!bags)
		return unreadable(r,
				  "a part of the PKCS#12 cannot be opened: it is locked with an algorithm that is no "
				  "longer taken (RC2); export it anew with AES or TripleDES");
	int rc = add_bags(r, bags, NEST_MAX);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return rc;
}

static int check_mac(struct reading *r, PKCS12 *p)
{
	const ASN1_INTEGER *rounds = NULL;
	if (!PKCS12_mac_present(p))
		return 0;
	PKCS12_get0_mac(NULL, NULL, NULL, &rounds, p);
	if (!spend(r, rounds ? ASN1_INTEGER_get(rounds) : 1))
		return unreadable(r, "the PKCS#12 is locked in a way that takes too long to open");
	const char *password = password_of(r);
	bool right = PKCS12_verify_mac(p, password, password ? (int)r->password->len : 0) == 1 ||
		     (!password && PKCS12_verify_mac(p, "", 0) == 1);
	return right ? 0 : locked(r, "the PKCS#12");
}

static int add_pkcs12(struct reading *r, PKCS12 *p)
{
	int rc = check_mac(r, p);
	if (rc)
		return rc;
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p);
	if (!safes)
		return unreadable(r, "the PKCS#12 is broken");
	for (int i = 0; !rc && i < sk_PKCS7_num(safes); i++)
		rc = add_safe(r, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return rc;
}

static int add_pkcs7(struct reading *r, const PKCS7 *p)
{
	const STACK_OF(X509) *certs = NULL;
	int rc = 0;
	if (PKCS7_type_is_signed(p) && p->d.sign)
		certs = p->d.sign->cert;
	for (int i = 0; !rc && certs && i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);
		(void)X509_up_ref(cert); /* cannot fail */
		rc = add_cert(r, cert);
	}
	return rc;
}

/* What the first element of der is. *ret_len: its bytes. */
static int add_der(struct reading *r, struct bytes der, size_t *ret_len)
{
	int rc = ERR_CERT_UNREADABLE;
	const unsigned char *p = der.p;
	void *thing;
#define TRY(type, how, what)                                                                                           \
	do {                                                                                                           \
		type *it;                                                                                              \
		p = der.p;                                                                                             \
		thing = it = (how);                                                                                    \
		if (it) {                                                                                              \
			what;                                                                                          \
			goto out;                                                                                      \
		}                                                                                                      \
	} while (0)
	TRY(X509, d2i_X509(NULL, &p, (long)der.len), rc = add_cert(r, it));
	TRY(PKCS12, d2i_PKCS12(NULL, &p, (long)der.len), rc = add_pkcs12(r, it); PKCS12_free(it));
	TRY(PKCS7, d2i_PKCS7(NULL, &p, (long)der.len), rc = add_pkcs7(r, it); PKCS7_free(it));
	TRY(X509_SIG, d2i_X509_SIG(NULL, &p, (long)der.len), rc = add_locked_key(r, it); X509_SIG_free(it));
	TRY(EVP_PKEY, d2i_AutoPrivateKey(NULL, &p, (long)der.len), rc = add_key(r, it));
#undef TRY
	(void)thing;
	return unreadable(r, "something is neither certificate nor key");
out:
	ERR_clear_error();
	*ret_len = (size_t)(p - der.p);
	return rc;
}

static int give_password(char *to, int size, int writing, void *arg)
{
	const struct reading *r = arg;
	const char *password = password_of(r);
	if (!password || r->password->len > (size_t)size)
		return -1;
	memcpy(to, password, r->password->len);
	return (int)r->password->len;
}

static int add_pem_part(struct reading *r, const char *name, char *header, unsigned char *data, long len)
{
	static const char *const skipped[] = {"EC PARAMETERS", "X509 CRL", "PUBLIC KEY", "DH PARAMETERS"};
	EVP_CIPHER_INFO cipher;
	size_t used = 0;
	if (strcmp(name, PEM_STRING_X509_REQ) == 0 || strcmp(name, PEM_STRING_X509_REQ_OLD) == 0)
		return unreadable(r, "this is a certificate request, not the certificate that was signed for it");
	for (size_t i = 0; i < ARRAY_LEN(skipped); i++)
		if (strcmp(name, skipped[i]) == 0)
			return 0;
	if (PEM_get_EVP_CIPHER_INFO(header, &cipher) != 1)
		return unreadable(r, "a part of the PEM file is locked in an unknown way");
	if (cipher.cipher && PEM_do_header(&cipher, data, &len, give_password, r) != 1)
		return locked(r, "a key");
	return add_der(r, BYTES(data, (size_t)len), &used);
}

/* The next part of a PEM file; text before it is skipped. */
static int add_pem(struct reading *r, struct bytes pem, size_t *ret_len)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	AUTO_BIO BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	if (!bio || PEM_read_bio(bio, &name, &header, &data, &len) != 1)
		return unreadable(r, "a part of the PEM file is broken");
	*ret_len = pem.len - (size_t)BIO_pending(bio);
	int rc = add_pem_part(r, name, header, data, len);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(data, (size_t)len);
	return rc;
}

/* A DER element of more than 127 bytes: no text begins so. */
static bool is_der(struct bytes b)
{
	return b.len > 1 && b.p[0] == 0x30 && b.p[1] >= 0x80;
}

/* Not at the end, where they may be the last bytes of a DER element. */
static struct bytes skip_blanks(struct bytes b)
{
	size_t n = 0;
	while (n < b.len && strchr(" \t\r\n", b.p[n]) && b.p[n])
		n++;
	return BYTES(b.p + n, b.len - n);
}

static int read_all(struct reading *r, struct bytes rest)
{
	while ((rest = skip_blanks(rest)).len) {
		size_t used = 0;
		bool der = is_der(rest);
		if (!der && !memmem(rest.p, rest.len, "-----BEGIN ", 11)) {
			bool any = r->bag->cert_count || r->bag->key_count;
			return any ? 0 : unreadable(r, "the file holds neither PEM nor DER");
		}
		int rc = der ? add_der(r, rest, &used) : add_pem(r, rest, &used);
		if (rc)
			return rc;
		rest = BYTES(rest.p + used, rest.len - used);
	}
	return 0;
}

int pki_bag_read(struct bytes files, const struct secret *password, struct pki_bag **ret, struct err *e)
{
	if (files.len > PKI_BAG_FILE)
		return err_set(e, ERR_TOO_BIG, "the files are larger than %u KiB", PKI_BAG_FILE / 1024);
	struct pki_bag *bag = mem_alloc(sizeof(*bag));
	bag->rounds_left = ROUNDS_MAX;
	struct reading r = {bag, password, e};
	int rc = read_all(&r, files);
	if (rc)
		pki_bag_free(bag);
	else
		*ret = bag;
	return rc;
}

void pki_bag_free(struct pki_bag *bag)
{
	if (!bag)
		return;
	for (size_t i = 0; i < bag->cert_count; i++)
		X509_free(bag->certs[i]);
	for (size_t i = 0; i < bag->key_count; i++)
		EVP_PKEY_free(bag->keys[i]);
	free(bag->certs);
	free(bag->keys);
	free(bag);
}

size_t pki_bag_certs(const struct pki_bag *bag)
{
	return bag->cert_count;
}

size_t pki_bag_keys(const struct pki_bag *bag)
{
	return bag->key_count;
}

bool bag_is_issuer(X509 *issuer, X509 *cert)
{
	bool is = X509_check_issued(issuer, cert) == X509_V_OK && X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
	ERR_clear_error();
	return is;
}

X509 *bag_issuer(const struct pki_bag *bag, X509 *cert)
{
	for (size_t i = 0; i < bag->cert_count; i++)
		if (X509_cmp(bag->certs[i], cert) != 0 && bag_is_issuer(bag->certs[i], cert))
			return bag->certs[i];
	return NULL;
}
