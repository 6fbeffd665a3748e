#include "pki/device.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/base.h"
#include "base/err.h"
#include "pki/bag_priv.h"
#include "pki/build.h"
#include "pki/view.h"

#define DEVICE_DAYS  (5 * 365)
#define ORGANIZATION "Lamplighter"
#define WEAKEST_BITS 1024 /* what the oldest firmware makes */

static int check_name(const struct pki_device_name *n, struct err *e)
{
	bool named = n->fqdn && *n->fqdn;
	if (!named && uuid_is_nil(&n->uuid))
		return err_set(e, ERR_INVALID, "a device's certificate needs a name or a UUID");
	GENERAL_NAMES *names = named ? sk_GENERAL_NAME_new_null() : NULL;
	bool ok = !named || (names && (build_add_address(names, n->fqdn) || build_add_dns(names, n->fqdn)));
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return ok ? 0 : err_set(e, ERR_INVALID, "\"%s\" is no name or address", n->fqdn);
}

static int name_subject(X509_NAME *subject, const struct pki_device_name *n, struct err *e)
{
	char uuid[UUID_TEXT_SIZE];
	bool has_uuid = !uuid_is_nil(&n->uuid);
	uuid_text(&n->uuid, uuid);
	bool named = n->fqdn && *n->fqdn && strlen(n->fqdn) <= COMMON_NAME_MAX;
	int rc = build_name(subject, "O", ORGANIZATION, e);
	if (!rc && has_uuid)
		rc = build_name(subject, "serialNumber", uuid, e);
	if (!rc && (named || has_uuid))
		rc = build_name(subject, "CN", named ? n->fqdn : uuid, e);
	return rc;
}

static int add_alternative(X509 *x, const struct pki_device_name *n, struct err *e)
{
	if (!n->fqdn || !*n->fqdn)
		return 0;
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool ok = names && (build_add_address(names, n->fqdn) || build_add_dns(names, n->fqdn)) &&
		  X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return ok ? 0 : ossl_fail(e, ERR_FAILED, "name a certificate");
}

static int describe(X509 *x, X509 *issuer, const struct pki_device_name *n, struct err *e)
{
	static const struct build_ext exts[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature,keyEncipherment"},
		{NID_ext_key_usage, "serverAuth,clientAuth"},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid"},
	};
	int rc = name_subject(X509_get_subject_name(x), n, e);
	if (!rc && X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1)
		rc = ossl_fail(e, ERR_FAILED, "name the issuer");
	rc = rc ? rc : add_alternative(x, n, e);
	return rc ? rc : build_exts(x, issuer, exts, ARRAY_LEN(exts), e);
}

static int check_key(EVP_PKEY *key, struct err *e)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return err_set(e, ERR_CERT_KEY_KIND, "the device's key is no RSA key");
	if (EVP_PKEY_get_bits(key) < WEAKEST_BITS)
		return err_set(e, ERR_CERT_WEAK_KEY, "the device's key has %d bits", EVP_PKEY_get_bits(key));
	return 0;
}

/* place and v are for a private key; v NULL: the key stays where it is. */
static int issue(const struct pki_ca *ca, EVP_PKEY *key, const struct pki_device_name *name, const struct vault *v,
		 struct vault_place place, int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	int rc = check_name(name, e);
	rc = rc ? rc : check_key(key, e);
	if (rc)
		return rc;
	int64_t end = now_ms + DEVICE_DAYS * DAY_MS, last = build_end(ca);
	AUTO_X509 X509 *x = build_begin(key, now_ms - CLOCK_SLACK_MS, end < last ? end : last, e);
	if (!x)
		return ERR_FAILED;
	rc = describe(x, ca->cert, name, e);
	rc = rc ? rc : build_finish(x, ca, build_hash_of(ca), v, place, v ? key : NULL, ret, e);
	if (!rc && (rc = ossl_cert_encode(ca->cert, &ret->chain, e)))
		pki_stored_release(ret);
	return rc;
}

/* SubjectPublicKeyInfo, else PKCS#1. All of der. */
static EVP_PKEY *parse_public(struct bytes der)
{
	const unsigned char *p = der.p;
	EVP_PKEY *key = der.len && der.len <= PKI_CERT_MAX ? d2i_PUBKEY(NULL, &p, (long)der.len) : NULL;
	if (!key && der.len && der.len <= PKI_CERT_MAX) {
		p = der.p;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.len);
	}
	ERR_clear_error();
	if (key && p == der.p + der.len)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

int pki_device_issue(const struct pki_ca *ca, struct bytes public_key, const struct pki_device_name *name,
		     int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = parse_public(public_key);
	if (!key)
		return err_set(e, ERR_CERT_UNREADABLE, "the device's public key cannot be read");
	return issue(ca, key, name, NULL, (struct vault_place){0}, now_ms, ret, e);
}

int pki_device_issue_request(const struct pki_ca *ca, struct bytes request, const struct pki_device_name *name,
			     int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	const unsigned char *p = request.p;
	bool fits = request.len && request.len <= PKI_CERT_MAX;
	AUTO_REQUEST X509_REQ *q = fits ? d2i_X509_REQ(NULL, &p, (long)request.len) : NULL;
	EVP_PKEY *key = q ? X509_REQ_get0_pubkey(q) : NULL;
	bool proven = key && X509_REQ_verify(q, key) == 1;
	ERR_clear_error();
	if (!proven)
		return err_set(e, ERR_CERT_UNREADABLE, "the device's certificate request %s",
			       key ? "is not signed with its key" : "cannot be read");
	return issue(ca, key, name, NULL, (struct vault_place){0}, now_ms, ret, e);
}

int pki_device_make(const struct pki_ca *ca, const struct vault *v, struct vault_place place,
		    const struct pki_device_name *name, int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = build_key(PKI_KEY_RSA_2048, e);
	return key ? issue(ca, key, name, v, place, now_ms, ret, e) : ERR_FAILED;
}

int pki_device_request_null(struct bytes public_key, const struct pki_device_name *name, struct buf *out, struct err *e)
{
	AUTO_KEY EVP_PKEY *key = parse_public(public_key);
	AUTO_REQUEST X509_REQ *q = X509_REQ_new();
	int rc = check_name(name, e);
	if (!rc && !key)
		rc = err_set(e, ERR_CERT_UNREADABLE, "the device's public key cannot be read");
	rc = rc ? rc : check_key(key, e);
	if (rc)
		return rc;
	if (!q || X509_REQ_set_version(q, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(q, key) != 1)
		return ossl_fail(e, ERR_FAILED, "begin a request");
	rc = name_subject(X509_REQ_get_subject_name(q), name, e);
	X509_ALGOR *alg = X509_ALGOR_new();
	bool ok = alg && X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256WithRSAEncryption), V_ASN1_NULL, NULL) == 1 &&
		  X509_REQ_set1_signature_algo(q, alg) == 1;
	X509_ALGOR_free(alg);
	unsigned char *der = NULL;
	int len = ok && !rc ? i2d_X509_REQ(q, &der) : -1; /* the signature is an empty bit string */
	if (rc)
		return rc;
	if (len < 0)
		return ossl_fail(e, ERR_FAILED, "encode a request");
	(void)buf_add(out, der, (size_t)len); /* looked at in the next line but one */
	OPENSSL_free(der);
	return buf_check(out, e, "certificate request");
}

struct pair {
	X509 *cert;
	EVP_PKEY *key;
	struct pki_view view;
};

struct pki_device_set {
	struct pki_bag *bag;
	struct pair *pairs;
	size_t count;
};

/* Keys are found by the hash of their public half. */
struct hashed {
	uint8_t hash[SHA256_DIGEST_LENGTH];
	EVP_PKEY *key;
};

static bool hash_public(unsigned char *der, int len, uint8_t to[SHA256_DIGEST_LENGTH])
{
	bool ok = len > 0 && SHA256(der, (size_t)len, to);
	OPENSSL_free(der);
	ERR_clear_error();
	return ok;
}

static bool hash_key(EVP_PKEY *key, uint8_t to[SHA256_DIGEST_LENGTH])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	return hash_public(der, len, to);
}

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct hashed *)a)->hash, ((const struct hashed *)b)->hash, SHA256_DIGEST_LENGTH);
}

static struct hashed *sort_keys(const struct pki_bag *bag, size_t *ret_count)
{
	struct hashed *keys = mem_grow(NULL, bag->key_count + 1, sizeof(*keys));
	size_t n = 0;
	for (size_t i = 0; i < bag->key_count; i++)
		if (hash_key(bag->keys[i], keys[n].hash))
			keys[n++].key = bag->keys[i];
	qsort(keys, n, sizeof(*keys), compare);
	*ret_count = n;
	return keys;
}

static EVP_PKEY *key_of(X509 *cert, const struct hashed *keys, size_t count)
{
	struct hashed wanted = {.key = NULL};
	EVP_PKEY *public_key = X509_get0_pubkey(cert);
	ERR_clear_error();
	if (!public_key || !hash_key(public_key, wanted.hash))
		return NULL;
	const struct hashed *found = bsearch(&wanted, keys, count, sizeof(*keys), compare);
	return found ? found->key : NULL;
}

static int view_of(X509 *x, struct pki_view *ret, struct err *e)
{
	struct buf der;
	buf_init(&der, PKI_CERT_MAX);
	int rc = ossl_cert_encode(x, &der, NULL);
	rc = rc ? err_set(e, ERR_CERT_UNREADABLE, "a certificate is larger than %d bytes", PKI_CERT_MAX)
		: pki_view_read(buf_bytes(&der), ret, e);
	buf_release(&der);
	return rc;
}

static int pair_up(struct pki_device_set *s, struct err *e)
{
	size_t key_count, without = 0;
	struct hashed *keys = sort_keys(s->bag, &key_count);
	struct pki_view lonely = {0};
	int rc = 0;
	for (size_t i = 0; i < s->bag->cert_count && !rc; i++) {
		struct pair *p = &s->pairs[s->count];
		p->cert = s->bag->certs[i];
		rc = view_of(p->cert, &p->view, e);
		if (rc || p->view.is_ca)
			continue;
		p->key = key_of(p->cert, keys, key_count);
		s->count += p->key != NULL;
		if (!p->key && !without++)
			lonely = p->view;
	}
	free(keys);
	if (rc)
		return rc;
	if (without && key_count && !s->count)
		return err_set(e, ERR_CERT_KEY, "none of the keys is that of \"%s\"", lonely.subject);
	if (without)
		return err_set(e, ERR_CERT_NO_KEY, "there is no key for \"%s\"", lonely.subject);
	return s->count ? 0 : err_set(e, ERR_CERT_UNREADABLE, "the files hold no device's certificate");
}

int pki_device_set_new(struct pki_bag *bag, struct pki_device_set **ret, struct err *e)
{
	struct pki_device_set *s = mem_alloc(sizeof(*s));
	s->bag = bag;
	s->pairs = mem_grow(NULL, bag->cert_count + 1, sizeof(*s->pairs));
	int rc = pair_up(s, e);
	if (rc)
		pki_device_set_free(s);
	else
		*ret = s;
	return rc;
}

void pki_device_set_free(struct pki_device_set *s)
{
	if (!s)
		return;
	pki_bag_free(s->bag);
	free(s->pairs);
	free(s);
}

size_t pki_device_set_count(const struct pki_device_set *s)
{
	return s->count;
}

static bool has_uuid(const struct pair *p, const struct uuid *uuid)
{
	struct uuid found;
	X509_NAME *name = X509_get_subject_name(p->cert);
	char text[64];
	if (uuid_is_nil(uuid))
		return false;
	for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_serialNumber, at)) >= 0;) {
		const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
		struct bytes b = BYTES(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
		if (bytes_to_str(b, text, sizeof(text)) && uuid_parse(bytes_str(text), &found) &&
		    uuid_equal(&found, uuid))
			return true;
	}
	return uuid_parse(bytes_str(p->view.common_name), &found) && uuid_equal(&found, uuid);
}

static bool has_name(const struct pair *p, const char *fqdn)
{
	if (!fqdn || !*fqdn)
		return false;
	bool is = X509_check_host(p->cert, fqdn, 0, 0, NULL) == 1 || X509_check_ip_asc(p->cert, fqdn, 0) == 1 ||
		  strcasecmp(p->view.common_name, fqdn) == 0;
	ERR_clear_error();
	return is;
}

static bool has_label(const struct pair *p, const char *fqdn)
{
	size_t len = fqdn ? strcspn(fqdn, ".") : 0;
	const char *names[] = {p->view.common_name, p->view.dns_name};
	for (size_t i = 0; len && i < ARRAY_LEN(names); i++)
		if (strcspn(names[i], ".") == len && strncasecmp(names[i], fqdn, len) == 0 &&
		    (!names[i][len] || !fqdn[len]))
			return true;
	return false;
}

/* The only one that fits best: by UUID, else by name, else by the first label. */
static int choose(const struct pki_device_set *s, const struct pki_device_name *n, const struct pair **ret,
		  struct err *e)
{
	const struct pair *found = NULL;
	size_t fits = 0;
	for (int how = 0; how < 3 && !fits; how++)
		for (size_t i = 0; i < s->count; i++) {
			const struct pair *p = &s->pairs[i];
			bool is = how == 0   ? has_uuid(p, &n->uuid)
				  : how == 1 ? has_name(p, n->fqdn)
					     : has_label(p, n->fqdn);
			fits += is;
			found = is ? p : found;
		}
	if (fits == 1) {
		*ret = found;
		return 0;
	}
	const char *name = n->fqdn && *n->fqdn ? n->fqdn : "of this UUID";
	if (fits)
		return err_set(e, ERR_CERT_NAME, "%zu certificates are made out to the device \"%s\"", fits, name);
	return err_set(e, ERR_CERT_NAME, "no certificate is made out to the device \"%s\"; the first is to \"%s\"",
		       name, s->pairs[0].view.subject);
}

static int check_fits(const struct pair *p, int64_t now_ms, struct err *e)
{
	if (now_ms >= p->view.not_after)
		return err_set(e, ERR_CERT_EXPIRED, "\"%s\" has expired", p->view.subject);
	if (now_ms < p->view.not_before)
		return err_set(e, ERR_CERT_NOT_YET, "\"%s\" is not valid yet", p->view.subject);
	return check_key(p->key, e);
}

static int add_chain(const struct pki_bag *bag, X509 *at, struct buf *out, struct err *e)
{
	int rc = 0;
	for (int i = 1; i < PKI_CHAIN_MOST && !rc && !bag_is_issuer(at, at); i++) {
		at = bag_issuer(bag, at);
		if (!at)
			break;
		rc = ossl_cert_encode(at, out, e);
	}
	return rc;
}

int pki_device_set_find(const struct pki_device_set *s, const struct pki_device_name *name, const struct vault *v,
			struct vault_place place, int64_t now_ms, struct pki_stored *ret, struct err *e)
{
	const struct pair *p = NULL;
	struct pki_stored out;
	int rc = choose(s, name, &p, e);
	rc = rc ? rc : check_fits(p, now_ms, e);
	if (rc)
		return rc;
	pki_stored_init(&out);
	rc = ossl_cert_encode(p->cert, &out.cert, e);
	rc = rc ? rc : add_chain(s->bag, p->cert, &out.chain, e);
	rc = rc ? rc : build_seal(v, place, p->key, &out.key, e);
	out.not_before = p->view.not_before;
	out.not_after = p->view.not_after;
	if (rc)
		pki_stored_release(&out);
	else
		*ret = out;
	return rc;
}
