#include "trust.h"

#include "base/base.h"
#include "base/err.h"
#include "fault.h"
#include "more.h"
#include "sim.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define OID_SETUP   "2.16.840.1.113741.1.2.3"
#define OID_CONSOLE "2.16.840.1.113741.1.2.1"
#define OU_SETUP    "Intel(R) Client Setup Certificate"
#define BITS_OLD    1024
#define BITS_NEW    2048
#define BITS_FAULT  4096

/* Labels of a common name that count, from the right, by its top level; others count whole. As MeshCentral knows it. */
static const char *const two_labels[] = {"com", "net", "org", "gov", "edu", "de", "ch", "dk", "cz", "cl", "ua"};
static const char *const three_labels[] = {"uk", "fr", "cn", "nl", "br", "mx", "pl",  "tw", "ca", "fi",
					   "be", "ru", "se", "ar", "es", "no", "at",  "in", "tr", "ro",
					   "hu", "nz", "pt", "il", "gr", "co", "ie",  "za", "th", "sg",
					   "hk", "lt", "id", "hr", "ee", "bg", "arpa"};

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(text, list[i]) == 0)
			return true;
	return false;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t a = strlen(name), b = strlen(suffix);

	return a > b && name[a - b - 1] == '.' && strcasecmp(name + a - b, suffix) == 0;
}

/* The part of a name that counts. 2.6 knows .com and .net only. */
static const char *relaxed(const struct device *d, const char *name)
{
	const char *top = strrchr(name, '.'), *p = name + strlen(name);
	int labels = 0;

	if (!top)
		return name;
	if (is_one_of(top + 1, two_labels, device_profile(d)->major < 3 ? 2 : ARRAY_LEN(two_labels)))
		labels = 2;
	else if (device_profile(d)->major >= 3 && is_one_of(top + 1, three_labels, ARRAY_LEN(three_labels)))
		labels = 3;
	if (labels == 0)
		return name;
	while (p > name && (p[-1] != '.' || --labels > 0))
		p--;
	return p;
}

bool trust_name_fits(const struct device *d, const char *name, const char *suffix)
{
	const char *own;

	if (strncmp(name, "*.", 2) == 0)
		name += 2;
	if (!name[0] || strcasecmp(name, suffix) == 0 || ends_with(name, suffix))
		return name[0] != '\0';
	own = relaxed(d, name);
	return strcasecmp(own, suffix) == 0 || ends_with(suffix, own);
}

static void common_name(X509 *x, char *to, size_t size)
{
	if (X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, to, (int)size) < 0)
		to[0] = '\0';
}

static bool has_unit(X509 *x, const char *unit)
{
	const X509_NAME *n = X509_get_subject_name(x);

	for (int at = -1; (at = X509_NAME_get_index_by_NID(n, NID_organizationalUnitName, at)) >= 0;) {
		const ASN1_STRING *v = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(n, at));

		if (bytes_equal_str(BYTES(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)), unit))
			return true;
	}
	return false;
}

static bool has_usage(X509 *x, const char *oid)
{
	EXTENDED_KEY_USAGE *all = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	bool found = false;
	char text[80];

	for (int i = 0; i < sk_ASN1_OBJECT_num(all); i++)
		if (OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(all, i), 1) > 0)
			found |= strcmp(text, oid) == 0;
	EXTENDED_KEY_USAGE_free(all);
	return found;
}

static enum refusal check_order(const struct sim *s, STACK_OF(X509) * chain)
{
	int n = sk_X509_num(chain);
	X509 *last;

	if (n <= 0)
		return REFUSED_NO_CHAIN;
	if (n > s->set.setup_chain_most)
		return REFUSED_TOO_LONG;
	for (int i = 0; i + 1 < n; i++) {
		X509 *x = sk_X509_value(chain, i), *issuer = sk_X509_value(chain, i + 1);

		if (X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)) != 0 ||
		    X509_verify(x, X509_get0_pubkey(issuer)) != 1)
			return REFUSED_ORDER;
	}
	last = sk_X509_value(chain, n - 1);
	if (X509_NAME_cmp(X509_get_issuer_name(last), X509_get_subject_name(last)) != 0 ||
	    X509_verify(last, X509_get0_pubkey(last)) != 1)
		return REFUSED_NO_ROOT;
	return REFUSED_NOT;
}

static const EVP_MD *digest_of(enum hash_type type)
{
	return type == HASH_SHA1 ? EVP_sha1() : type == HASH_SHA256 ? EVP_sha256() : EVP_sha384();
}

/* An active hash is better than one that is switched off. */
static enum refusal check_root(struct sim *s, struct device *d, X509 *root, struct trust *ret)
{
	enum refusal why = REFUSED_HASH;
	struct cert_hash h;
	uint8_t own[EVP_MAX_MD_SIZE];

	for (unsigned i = 0; setup_hash_at(s, d, i, &h); i++) {
		if (X509_digest(root, digest_of((enum hash_type)h.type), own, NULL) != 1 ||
		    memcmp(own, h.value, h.len) != 0)
			continue;
		if (setup_hash_counts(s, d, &h)) {
			ret->root = h;
			return REFUSED_NOT;
		}
		if (!h.active)
			why = REFUSED_HASH_OFF;
	}
	return why;
}

static enum refusal check_purpose(X509 *leaf)
{
	if (!has_usage(leaf, "1.3.6.1.5.5.7.3.1"))
		return REFUSED_USAGE;
	return has_usage(leaf, OID_SETUP) || has_unit(leaf, OU_SETUP) ? REFUSED_NOT : REFUSED_PURPOSE;
}

static enum refusal check_name(const struct sim *s, const struct device *d, struct trust *ret)
{
	const char *suffix = setup_suffix(s, d, &ret->secure_dns), *fqdn = d->setup ? d->setup->server_fqdn : NULL;

	if (!suffix[0])
		return REFUSED_NO_SUFFIX;
	if (!trust_name_fits(d, ret->name, suffix))
		return REFUSED_SUFFIX;
	if (fqdn && strcasecmp(fqdn, ret->name) != 0 &&
	    !(strncmp(ret->name, "*.", 2) == 0 && ends_with(fqdn, ret->name + 2)))
		return REFUSED_FQDN;
	return REFUSED_NOT;
}

static int least_bits(const struct sim *s, const struct device *d)
{
	if (fault_is_on(s, d, FAULT_SETUP_KEY_SMALL, NULL))
		return BITS_FAULT;
	return profile_wants_sha2(device_profile(d)) ? BITS_NEW : BITS_OLD;
}

static enum refusal check_keys(const struct sim *s, const struct device *d, STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *x = sk_X509_value(chain, i);
		EVP_PKEY *key = X509_get0_pubkey(x);
		int md = NID_undef;

		if (!key || EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
			return REFUSED_KEY_TYPE;
		if (EVP_PKEY_bits(key) < least_bits(s, d))
			return REFUSED_KEY_SMALL;
		(void)X509_get_signature_info(x, &md, NULL, NULL, NULL); /* unknown ones are no SHA-1 */
		if (md == NID_sha1 && profile_wants_sha2(device_profile(d)))
			return REFUSED_SHA1;
	}
	return REFUSED_NOT;
}

static enum refusal check_times(const struct sim *s, const struct device *d, STACK_OF(X509) * chain)
{
	time_t now = (time_t)device_clock_s(s, d);

	for (int i = 0; i < sk_X509_num(chain); i++) {
		if (X509_cmp_time(X509_get0_notAfter(sk_X509_value(chain, i)), &now) < 0)
			return REFUSED_EXPIRED;
		if (X509_cmp_time(X509_get0_notBefore(sk_X509_value(chain, i)), &now) > 0)
			return REFUSED_NOT_YET;
	}
	return REFUSED_NOT;
}

static void take_serials(STACK_OF(X509) * chain, struct trust *ret)
{
	int n = sk_X509_num(chain), first = n - TRUST_SERIALS > 1 ? n - TRUST_SERIALS : 1;

	ret->more_serials = first > 1;
	ret->serial_count = 0;
	for (int i = first; i < n; i++) {
		BIGNUM *b = ASN1_INTEGER_to_BN(X509_get0_serialNumber(sk_X509_value(chain, i)), NULL);

		if (b && BN_num_bytes(b) <= 16)
			BN_bn2binpad(b, ret->serials[ret->serial_count], 16);
		ret->serial_count++;
		BN_free(b);
	}
}

enum refusal trust_setup(struct sim *s, struct device *d, void *chain, struct trust *ret)
{
	enum refusal why = check_order(s, chain), times;

	*ret = (struct trust){.time_valid = false};
	if (why == REFUSED_NOT) {
		common_name(sk_X509_value(chain, 0), ret->name, sizeof(ret->name));
		take_serials(chain, ret);
		why = check_root(s, d, sk_X509_value(chain, sk_X509_num(chain) - 1), ret);
	}
	if (why == REFUSED_NOT)
		why = check_purpose(sk_X509_value(chain, 0));
	if (why == REFUSED_NOT)
		why = check_name(s, d, ret);
	if (why == REFUSED_NOT)
		why = check_keys(s, d, chain);
	if (why == REFUSED_NOT) {
		times = check_times(s, d, chain);
		ret->time_valid = times == REFUSED_NOT;
		why = s->set.setup_times ? times : REFUSED_NOT;
	}
	ERR_clear_error();
	return why;
}

/* Goes from the leaf through what the client sent to a trusted root. */
static bool is_signed_by(STACK_OF(X509) * chain, STACK_OF(X509) * roots, struct sim *s, struct device *d,
			 enum refusal *why)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool good = false;

	for (int i = 0; i < sk_X509_num(roots); i++)
		X509_STORE_add_cert(store, sk_X509_value(roots, i));
	if (X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) == 1) {
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
		X509_STORE_CTX_set_time(ctx, 0, (time_t)device_clock_s(s, d));
		good = X509_verify_cert(ctx) == 1;
	}
	if (!good)
		switch (X509_STORE_CTX_get_error(ctx)) {
		case X509_V_ERR_CERT_HAS_EXPIRED:
			*why = REFUSED_EXPIRED;
			break;
		case X509_V_ERR_CERT_NOT_YET_VALID:
			*why = REFUSED_NOT_YET;
			break;
		default:
			*why = REFUSED_UNTRUSTED;
		}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return good;
}

static bool fits_trusted_cn(const struct device *d, const char *name)
{
	const struct change *c = more_change(d, "AMT_TLSSettingData", 0, "TrustedCN");
	const char *p = c ? c->values : NULL;

	for (uint32_t i = 0; c && i < c->count; i++, p += strlen(p) + 1)
		if (strcasecmp(name, p) == 0 || ends_with(name, p))
			return true;
	return !c || c->count == 0;
}

enum refusal trust_client(struct sim *s, struct device *d, void *chain, void *roots)
{
	enum refusal why = REFUSED_NOT;
	char name[SETUP_HOST_SIZE];
	X509 *leaf = sk_X509_value(chain, 0);

	if (!leaf)
		return REFUSED_NO_CHAIN;
	if (is_signed_by(chain, roots, s, d, &why)) {
		common_name(leaf, name, sizeof(name));
		if (!has_usage(leaf, "1.3.6.1.5.5.7.3.2") || !has_usage(leaf, OID_CONSOLE))
			why = REFUSED_CONSOLE;
		else if (!fits_trusted_cn(d, name))
			why = REFUSED_TRUSTED_CN;
	}
	ERR_clear_error();
	return why;
}

int trust_error(const struct sim *s, enum refusal why)
{
	static const int errors[REFUSED_COUNT] = {
		X509_V_OK,
#define REFUSAL(id, word, error, alert, sentence) error,
#include "refusal.tbl.h"
#undef REFUSAL
	};

	return s->set.setup_alert ? errors[why] : X509_V_ERR_CERT_UNTRUSTED;
}

void *trust_chain_new(void)
{
	return sk_X509_new_null();
}

static X509 *read_certificate(struct bytes der)
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);

	ERR_clear_error();
	return x;
}

int trust_chain_add(void *chain, struct bytes der)
{
	X509 *x = read_certificate(der);

	if (!x)
		return ERR_INVALID;
	sk_X509_push(chain, x);
	return 0;
}

unsigned trust_chain_count(const void *chain)
{
	int n = sk_X509_num(chain);

	return n > 0 ? (unsigned)n : 0;
}

bool trust_chain_goes_on(const void *chain, struct bytes der)
{
	X509 *x = read_certificate(der);
	int n = sk_X509_num(chain);
	bool good = x && (n <= 0 || X509_verify(sk_X509_value(chain, n - 1), X509_get0_pubkey(x)) == 1);

	X509_free(x);
	ERR_clear_error();
	return good;
}

bool trust_chain_signed(const void *chain, struct bytes text, struct bytes signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	X509 *leaf = sk_X509_value(chain, 0);
	bool good = leaf && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(leaf)) == 1 &&
		    EVP_DigestVerify(ctx, signature.p, signature.len, text.p, text.len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

void trust_chain_free(void *chain)
{
	sk_X509_pop_free(chain, X509_free);
}
