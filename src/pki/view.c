#include "pki/view.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "pki/ossl.h"

/* As much as fits, cut between characters. */
static void cut(struct bytes text, char *to, size_t size)
{
	size_t at = 0;
	uint32_t c;
	while (at < text.len) {
		size_t n = text_utf8_next(BYTES(text.p + at, text.len - at), &c);
		if (!n || at + n >= size)
			break;
		at += n;
	}
	memcpy(to, text.p, at);
	to[at] = 0;
}

static void name_text(const X509_NAME *name, unsigned long flags, char *to, size_t size)
{
	AUTO_BIO BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	*to = 0;
	if (!bio || X509_NAME_print_ex(bio, name, 0, flags) < 0)
		return;
	long len = BIO_get_mem_data(bio, &text);
	cut(BYTES(text, (size_t)len), to, size);
}

/* Names come from outside: what could not be shown as it is, is shown escaped. */
static void show_name(const X509_NAME *name, char *to, size_t size)
{
	name_text(name, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB, to, size);
	if (!text_is_printable(bytes_str(to)))
		name_text(name, XN_FLAG_RFC2253, to, size);
}

/* Empty when it does not fit, or cannot be shown. */
static void show_string(const ASN1_STRING *s, char *to, size_t size)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, s);
	if (len < 0 || !text_is_printable(BYTES(text, (size_t)len)) ||
	    !bytes_to_str(BYTES(text, (size_t)len), to, size))
		*to = 0;
	OPENSSL_free(text);
}

static void read_subject(X509_NAME *name, struct pki_view *v)
{
	char text[PKI_COMMON_SIZE];
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
		show_string(X509_NAME_ENTRY_get_data(entry), text, sizeof(text));
		if (nid == NID_commonName && !*v->common_name)
			memcpy(v->common_name, text, sizeof(text));
		v->setup_ou |= nid == NID_organizationalUnitName && strcmp(text, PKI_OU_SETUP) == 0;
		v->seed_ou |= nid == NID_organizationalUnitName && strcmp(text, PKI_OU_SEED) == 0;
	}
}

static void read_usage(X509 *x, struct pki_view *v)
{
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	v->has_usage = usage != NULL;
	for (int i = 0; usage && i < sk_ASN1_OBJECT_num(usage); i++) {
		char oid[64];
		const ASN1_OBJECT *o = sk_ASN1_OBJECT_value(usage, i);
		(void)OBJ_obj2txt(oid, sizeof(oid), o, 1); /* a longer one is none of ours */
		v->server_auth |= OBJ_obj2nid(o) == NID_server_auth;
		v->client_auth |= OBJ_obj2nid(o) == NID_client_auth;
		v->setup_oid |= strcmp(oid, PKI_OID_SETUP) == 0;
		v->console_oid |= strcmp(oid, PKI_OID_CONSOLE) == 0;
	}
	EXTENDED_KEY_USAGE_free(usage);
}

static void read_dns_name(X509 *x, struct pki_view *v)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && !*v->dns_name; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		if (g->type == GEN_DNS)
			show_string(g->d.dNSName, v->dns_name, sizeof(v->dns_name));
	}
	GENERAL_NAMES_free(names);
}

static void read_serial(X509 *x, struct pki_view *v)
{
	const ASN1_INTEGER *n = X509_get0_serialNumber(x);
	const unsigned char *p = ASN1_STRING_get0_data(n);
	int len = ASN1_STRING_length(n);
	char *to = v->serial;
	for (int i = 0; i < len && i < 20; i++) /* RFC 5280 4.1.2.2: at most 20 octets */
		to += snprintf(to, 4, "%s%02X", i ? ":" : "", p[i]);
}

static void read_key(X509 *x, struct pki_view *v)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	char curve[16] = "";
	int kind = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
	v->is_rsa = kind == EVP_PKEY_RSA;
	v->key_bits = key && EVP_PKEY_get_bits(key) > 0 ? (unsigned)EVP_PKEY_get_bits(key) : 0;
	if (v->is_rsa)
		(void)snprintf(v->key, sizeof(v->key), "RSA %u", v->key_bits);
	else if (kind == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1)
		(void)snprintf(v->key, sizeof(v->key), "EC %s",
			       strcmp(curve, "prime256v1") == 0  ? "P-256"
			       : strcmp(curve, "secp384r1") == 0 ? "P-384"
								 : curve);
	else
		(void)snprintf(v->key, sizeof(v->key), "%s", kind == EVP_PKEY_EC ? "EC" : "other");
}

static void read_signature(X509 *x, struct pki_view *v)
{
	int hash = NID_undef;
	int nid = X509_get_signature_nid(x);
	const char *name = nid == NID_undef ? NULL : OBJ_nid2ln(nid);
	(void)snprintf(v->signature, sizeof(v->signature), "%s", name ? name : "unknown");
	(void)X509_get_signature_info(x, &hash, NULL, NULL, NULL); /* hash stays undefined where there is none */
	v->is_sha1 = hash == NID_sha1 || hash == NID_md5 || hash == NID_md4 || hash == NID_md2 || hash == NID_md5_sha1;
}

int pki_view_read(struct bytes cert, struct pki_view *ret, struct err *e)
{
	struct pki_view v = {0};
	AUTO_X509 X509 *x = ossl_cert_parse(cert);
	int rc = x ? pki_cert_validity(cert, &v.not_before, &v.not_after, NULL) : ERR_MALFORMED;
	if (rc)
		return ossl_fail(e, ERR_CERT_UNREADABLE, "read a certificate");
	show_name(X509_get_subject_name(x), v.subject, sizeof(v.subject));
	show_name(X509_get_issuer_name(x), v.issuer, sizeof(v.issuer));
	read_subject(X509_get_subject_name(x), &v);
	read_dns_name(x, &v);
	read_usage(x, &v);
	read_serial(x, &v);
	read_key(x, &v);
	read_signature(x, &v);
	v.is_ca = X509_check_ca(x) == 1;
	v.is_self_issued = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
	ERR_clear_error(); /* of extensions that cannot be read: they are not there */
	*ret = v;
	return 0;
}

/* How many labels a registered name has below these top levels; elsewhere the name counts as it is. */
static unsigned registered_labels(const char *top)
{
	static const char two[] = " com net org gov edu de ch dk cz cl ua ";
	static const char three[] = " uk fr cn nl br mx pl tw ca fi be ru se ar es no at in tr ro hu nz pt il gr co ie "
				    "za th sg hk lt id hr ee bg arpa ";
	char word[16];
	int n = snprintf(word, sizeof(word), " %s ", top);
	if (n < 0 || (size_t)n >= sizeof(word))
		return 0;
	return strcasestr(two, word) ? 2 : strcasestr(three, word) ? 3 : 0;
}

/* The last labels of a name. */
static const char *registered(const char *name)
{
	const char *dot = strrchr(name, '.');
	unsigned labels = dot ? registered_labels(dot + 1) : 0, seen = 0;
	if (!labels)
		return name;
	for (const char *p = name + strlen(name); p > name; p--)
		if (p[-1] == '.' && ++seen == labels)
			return p;
	return name;
}

static bool lies_under(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);
	return strcasecmp(name, domain) == 0 ||
	       (n > d && name[n - d - 1] == '.' && strcasecmp(name + n - d, domain) == 0);
}

bool pki_suffix_fits(const char *name, const char *suffix)
{
	if (strncmp(name, "*.", 2) == 0)
		name += 2;
	if (*suffix == '.')
		suffix++;
	if (!*name || !*suffix)
		return false;
	return lies_under(name, suffix) || lies_under(suffix, registered(name));
}
