/* Keys, certificates and TLS settings. Recorded: AMT 12.0.67 and newer; Intel AMT guide. A device that speaks TLS shows
 * its own self-signed certificate here, as number 0 of each kind. */
#include "audit.h"
#include "base/base.h"
#include "base/err.h"
#include "classes/classes.h"
#include "fault.h"
#include "setup.h"
#include "tls.h"
#include "trust.h"

#define CERTIFICATE      "AMT_PublicKeyCertificate"
#define KEY_PAIR         "AMT_PublicPrivateKeyPair"
#define CONTEXT          "AMT_TLSCredentialContext"
#define TLS_SETTINGS     "AMT_TLSSettingData"
#define DER_MAX          4100 /* Intel AMT guide */
#define CERTIFICATES_MAX 8
#define KEYS_MAX         4
#define REQUEST_MAX      4096
#define PRIVATE          "(private)" /* kept like a property, of a name that no schema has */
#define BITS             2048
#define BITS_OLD         1024

static uint32_t own_count(const struct get *g)
{
	return g->d->flags & DEVICE_OWN ? 1 : 0;
}

static void certificate_name(const struct get *g, struct values *to)
{
	values_str(to, "Intel(r) AMT Certificate: Handle: 0");
}

static void own_certificate_text(const struct get *g, struct values *to)
{
	struct buf b;

	buf_init(&b, MORE_VALUE_MAX);
	if (tls_certificate_base64(g->s, g->d, &b) == 0)
		values_add(to, buf_bytes(&b));
	buf_release(&b);
}

static void own_subject(const struct get *g, struct values *to)
{
	char name[DEVICE_TEXT_SIZE];

	device_name(g->s, g->d, name, sizeof(name));
	values_fmt(to, "CN=%s,O=Intel(R) AMT", name);
}

static const struct prop certificate_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT Certificate"),
	MADE_KEY("InstanceID", certificate_name),
	MADE("Issuer", STR, own_subject),
	{"ReadOnlyCertificate", PROP_BOOL, 0, SINCE(16, 0), .value = "false"},
	MADE("Subject", STR, own_subject),
	FIXED("TrustedRootCertficate", BOOL, "false"), /* so spelt in the schema */
	PUT_MADE("X509Certificate", BASE64, own_certificate_text),
};

/* Is it the one that TLS is to show? */
static bool is_in_context(const struct get *g, const char *id)
{
	struct get context = *g;
	struct values used;
	struct wsman_epr epr;

	for (uint32_t k = 0; class_instance_at(class_find(BYTES_LIT(CONTEXT)), &context, k); k++)
		if (epr_from_text(bytes_str(class_text(CONTEXT, "ElementInContext", &context, &used)), &epr) &&
		    bytes_equal_str(wsman_selector_get(epr.selectors, epr.selector_count, "InstanceID"), id))
			return true;
	return false;
}

static bool is_root(const struct get *g)
{
	struct values v;

	return strcmp(class_text(CERTIFICATE, "TrustedRootCertficate", g, &v), "true") == 0;
}

static unsigned root_count(const struct get *g)
{
	struct get at = *g;
	unsigned n = 0;

	for (uint32_t k = 0; class_instance_at(class_find(BYTES_LIT(CERTIFICATE)), &at, k); k++)
		n += is_root(&at);
	return n;
}

static void audit_serial(const struct exchange *x, enum audit_security event, struct bytes der)
{
	uint8_t serial[TLS_SERIAL_SIZE];
	size_t len;

	if (tls_certificate_serial(der, serial, &len) == 0)
		audit_add(x, AUDIT_SECURITY, event, BYTES(serial, len));
}

/* The DER of the certificate's or key's base64 property. */
static bool read_der(const struct get *g, const char *class_name, const char *prop, struct buf *out)
{
	struct values v;

	buf_reset(out);
	return base64_decode(bytes_str(class_text(class_name, prop, g, &v)), out) == 0;
}

/* One that TLS uses stays, and so does the last root while clients need one. */
static bool certificate_is_free(struct invoke *i, enum wsman_fault *fault)
{
	struct values id;
	struct buf der;

	*fault = WSMAN_FAULT_INTERNAL_ERROR;
	i->pt_status = PT_NOT_PERMITTED;
	if (i->call->op != WSMAN_DELETE)
		return true;
	if (is_in_context(&i->g, class_text(CERTIFICATE, "InstanceID", &i->g, &id)) ||
	    (is_root(&i->g) && root_count(&i->g) == 1 && tls_setting(&i->g, "MutualAuthentication")))
		return false;
	buf_init(&der, DER_MAX);
	if (read_der(&i->g, CERTIFICATE, "X509Certificate", &der))
		audit_serial(i->x, is_root(&i->g) ? AUDIT_ROOT_REMOVED : AUDIT_CERTIFICATE_REMOVED, buf_bytes(&der));
	buf_release(&der);
	return true;
}

static const struct class certificate = {.name = CERTIFICATE,
					 CLASS_PROPS(certificate_props),
					 .count = own_count,
					 .flags = CLASS_COMMON | CLASS_PUT | CLASS_DELETE,
					 .allowed = certificate_is_free};

static void key_name(const struct get *g, struct values *to)
{
	values_str(to, "Intel(r) AMT Key: Handle: 0");
}

static void own_key_text(const struct get *g, struct values *to)
{
	struct buf b;

	buf_init(&b, MORE_VALUE_MAX);
	if (tls_public_key_base64(g->s, g->d, &b) == 0)
		values_add(to, buf_bytes(&b));
	buf_release(&b);
}

static const struct prop key_props[] = {
	MADE("DERKey", BASE64, own_key_text),
	FIXED("ElementName", STR, "Intel(r) AMT Key"),
	MADE_KEY("InstanceID", key_name),
};

/* The private half of a key pair; false: it has none. */
static bool read_private(const struct get *g, struct buf *out)
{
	const struct change *c = more_change(g->d, KEY_PAIR, g->instance, PRIVATE);
	struct buf text;
	bool good = c != NULL;

	buf_reset(out);
	if (c)
		return base64_decode(bytes_str(c->values), out) == 0;
	buf_init(&text, MORE_VALUE_MAX);
	if (g->instance < MORE_OBJECT_FIRST)
		good = tls_own_key_base64(g->s, g->d, &text) == 0 && base64_decode(buf_bytes(&text), out) == 0;
	buf_release(&text);
	return good;
}

/* The key pair of a certificate: its private half. */
static bool find_private(const struct get *g, struct bytes der, struct buf *out)
{
	struct get at = *g;

	for (uint32_t k = 0; class_instance_at(class_find(BYTES_LIT(KEY_PAIR)), &at, k); k++)
		if (read_private(&at, out) && tls_key_fits(buf_bytes(out), der))
			return true;
	return false;
}

/* One whose certificate TLS uses stays. */
static bool key_is_free(struct invoke *i, enum wsman_fault *fault)
{
	struct get at = i->g;
	struct values id;
	struct buf key, der;
	bool used = false;

	*fault = WSMAN_FAULT_INTERNAL_ERROR;
	i->pt_status = PT_NOT_PERMITTED;
	buf_init(&key, DER_MAX);
	buf_init(&der, DER_MAX);
	for (uint32_t k = 0; class_instance_at(&certificate, &at, k) && !used; k++)
		used = is_in_context(&at, class_text(CERTIFICATE, "InstanceID", &at, &id)) &&
		       read_der(&at, CERTIFICATE, "X509Certificate", &der) && read_private(&i->g, &key) &&
		       tls_key_fits(buf_bytes(&key), buf_bytes(&der));
	buf_release(&key);
	buf_release(&der);
	return !used;
}

static const struct class key_pair = {.name = KEY_PAIR,
				      CLASS_PROPS(key_props),
				      .count = own_count,
				      .flags = CLASS_COMMON | CLASS_DELETE,
				      .allowed = key_is_free};

static const struct prop service_props[] = {
	KEY("CreationClassName", "AMT_PublicKeyManagementService"),
	FIXED("ElementName", STR, "Intel(r) AMT Certificate Store Service"),
	FIXED("EnabledDefault", INT, "5"),
	FIXED("EnabledState", INT, "5"),
	KEY("Name", "Intel(r) AMT Public Key Management Service"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
};

/* The lowest number that no instance of the class has. */
static unsigned free_handle(const struct get *g, const char *class_name, const char *form)
{
	const struct class *c = class_find(bytes_str(class_name));
	struct get at;
	struct values v;
	char want[64];

	for (unsigned n = 0;; n++) {
		bool used = false;

		snprintf(want, sizeof(want), "%s%u", form, n);
		at = *g;
		for (uint32_t k = 0; class_instance_at(c, &at, k); k++)
			used |= strcmp(class_text(class_name, "InstanceID", &at, &v), want) == 0;
		if (!used)
			return n;
	}
}

/* The answer's reference. Recorded: that to a key names the class of certificates. */
static void add_created(const struct invoke *i, const char *out, const char *class_name, const char *id)
{
	struct wsman_epr epr = {.class_name = bytes_str(class_name), .selector_count = 1};

	epr.selectors[0] = (struct wsman_selector){.name = BYTES_LIT("InstanceID"), .value = bytes_str(id)};
	wsman_add_epr(i->w, out, &epr);
}

static bool has_text(const struct invoke *i, const char *class_name, const char *prop, struct bytes text)
{
	struct get g = i->g;
	struct values v;

	for (uint32_t k = 0; class_instance_at(class_find(bytes_str(class_name)), &g, k); k++)
		if (bytes_equal_str(text, class_text(class_name, prop, &g, &v)))
			return true;
	return false;
}

/* Issuer and subject as AMT writes them: C, O, CN, with "unknown" where there is none. */
static bool describe(struct bytes base64, char issuer[256], char subject[256])
{
	struct buf der;
	bool good;

	buf_init(&der, DER_MAX);
	good = base64_decode(base64, &der) == 0 && tls_certificate_names(buf_bytes(&der), issuer, subject, 256) == 0;
	buf_release(&der);
	return good;
}

static void audit_root(const struct invoke *i, struct bytes base64)
{
	struct buf der;

	buf_init(&der, DER_MAX);
	if (base64_decode(base64, &der) == 0)
		audit_serial(i->x, AUDIT_ROOT_ADDED, buf_bytes(&der));
	buf_release(&der);
}

static uint32_t add_certificate(struct invoke *i, bool root)
{
	struct bytes blob = invoke_text(i, "CertificateBlob");
	char issuer[256], subject[256], id[64], text[MORE_VALUE_MAX];
	struct device *d = i->x->d;
	struct object *o;

	if (!bytes_to_str(blob, text, sizeof(text)) || !describe(blob, issuer, subject))
		return PT_INVALID_CERT;
	if (has_text(i, CERTIFICATE, "X509Certificate", blob))
		return PT_DUPLICATE;
	if (more_object_count(d, CERTIFICATE) >= CERTIFICATES_MAX)
		return PT_MAX_LIMIT_REACHED;
	snprintf(id, sizeof(id), "Intel(r) AMT Certificate: Handle: %u",
		 free_handle(&i->g, CERTIFICATE, "Intel(r) AMT Certificate: Handle: "));
	o = more_object_new(d, CERTIFICATE);
	if (!o)
		return PT_MAX_LIMIT_REACHED;
	more_set_str(d, CERTIFICATE, o->id, "InstanceID", id);
	more_set_str(d, CERTIFICATE, o->id, "Issuer", issuer);
	more_set_str(d, CERTIFICATE, o->id, "Subject", subject);
	more_set_str(d, CERTIFICATE, o->id, "TrustedRootCertficate", root ? "true" : "false");
	more_set_str(d, CERTIFICATE, o->id, "X509Certificate", text);
	add_created(i, "CreatedCertificate", CERTIFICATE, id);
	if (root)
		audit_root(i, blob);
	return RV_OK;
}

static uint32_t add_leaf(struct invoke *i)
{
	return add_certificate(i, false);
}

static uint32_t add_root(struct invoke *i)
{
	return add_certificate(i, true);
}

static uint32_t new_key(struct invoke *i, const char *private_base64, const char *public_base64, const char *out,
			const char *out_class)
{
	struct device *d = i->x->d;
	struct object *o;
	char id[64];

	if (has_text(i, KEY_PAIR, "DERKey", bytes_str(public_base64)))
		return PT_DUPLICATE;
	if (more_object_count(d, KEY_PAIR) >= KEYS_MAX)
		return PT_MAX_LIMIT_REACHED;
	snprintf(id, sizeof(id), "Intel(r) AMT Key: Handle: %u",
		 free_handle(&i->g, KEY_PAIR, "Intel(r) AMT Key: Handle: "));
	o = more_object_new(d, KEY_PAIR);
	if (!o)
		return PT_MAX_LIMIT_REACHED;
	more_set_str(d, KEY_PAIR, o->id, "DERKey", public_base64);
	more_set_str(d, KEY_PAIR, o->id, "InstanceID", id);
	more_set_str(d, KEY_PAIR, o->id, PRIVATE, private_base64);
	add_created(i, out, out_class, id);
	return RV_OK;
}

static bool key_size_is_good(const struct get *g, uint64_t bits)
{
	return bits == BITS || (bits == BITS_OLD && !profile_wants_sha2(g->p));
}

/* The public half in base64 of what is there in base64. */
static bool public_half(struct bytes private_base64, struct buf *out)
{
	struct buf der;
	bool good;

	buf_init(&der, DER_MAX);
	good = base64_decode(private_base64, &der) == 0 && tls_public_half_base64(buf_bytes(&der), out) == 0;
	buf_release(&der);
	return good;
}

/* Keys come from the pool of the simulator. With the fault setup-key-mismatch the device keeps another private half
 * than the one whose public half it tells. */
static uint32_t generate_key(struct invoke *i)
{
	uint64_t algorithm, bits;
	struct buf private, public, kept;
	unsigned n = (unsigned)(device_hash(i->x->s, i->x->d, "pool") + more_get(i->x->d)->next_object);
	bool other = fault_is_on(i->x->s, i->x->d, FAULT_SETUP_KEY_MISMATCH, NULL);
	uint32_t rv = PT_INTERNAL_ERROR;

	if (!invoke_u64(i, "KeyAlgorithm", &algorithm) || !invoke_u64(i, "KeyLength", &bits) || algorithm != 0)
		return PT_INVALID_PARAMETER;
	if (!key_size_is_good(&i->g, bits))
		return PT_INVALID_KEY;
	buf_init(&private, MORE_VALUE_MAX);
	buf_init(&public, MORE_VALUE_MAX);
	buf_init(&kept, MORE_VALUE_MAX);
	if (tls_pool_key_base64(i->x->s, n, (unsigned)bits, &private) == 0 &&
	    public_half(buf_bytes(&private), &public) &&
	    tls_pool_key_base64(i->x->s, n + other, (unsigned)bits, &kept) == 0)
		rv = new_key(i, buf_cstr(&kept), buf_cstr(&public), "KeyPair", KEY_PAIR);
	buf_release(&private);
	buf_release(&public);
	buf_release(&kept);
	return rv;
}

static uint32_t add_key(struct invoke *i)
{
	struct bytes blob = invoke_text(i, "KeyBlob");
	struct buf der, public;
	char text[MORE_VALUE_MAX];
	uint32_t rv = PT_INVALID_KEY;

	buf_init(&der, DER_MAX);
	buf_init(&public, MORE_VALUE_MAX);
	if (bytes_to_str(blob, text, sizeof(text)) && base64_decode(blob, &der) == 0 &&
	    key_size_is_good(&i->g, (uint64_t)tls_key_bits(buf_bytes(&der))) && public_half(blob, &public))
		rv = new_key(i, text, buf_cstr(&public), "CreatedKey", CERTIFICATE);
	buf_release(&der);
	buf_release(&public);
	return rv;
}

/* 0 SHA-1 (gone in 18), 1 SHA-256, 2 SHA-384. */
static bool take_digest(const struct invoke *i, enum tls_digest *ret)
{
	uint64_t algorithm;

	if (!invoke_u64(i, "SigningAlgorithm", &algorithm) || algorithm > TLS_SHA384 ||
	    (algorithm == TLS_SHA1 && i->g.p->major >= 18))
		return false;
	*ret = (enum tls_digest)algorithm;
	return true;
}

/* The request is whole but for its signature. */
static uint32_t sign_request(struct invoke *i)
{
	struct wsman_epr epr;
	struct get at = i->g;
	struct buf key, request, out;
	enum tls_digest digest;
	uint32_t rv = PT_INVALID_PARAMETER;

	if (!invoke_epr(i, "KeyPair", &epr) || !class_select(&key_pair, &at, epr.selectors, epr.selector_count))
		return PT_INVALID_PARAMETER;
	if (!take_digest(i, &digest))
		return PT_UNSUPPORTED;
	buf_init(&key, DER_MAX);
	buf_init(&request, REQUEST_MAX);
	buf_init(&out, MORE_VALUE_MAX);
	if (read_private(&at, &key) && base64_decode(invoke_text(i, "NullSignedCertificateRequest"), &request) == 0 &&
	    tls_request_sign(buf_bytes(&key), buf_bytes(&request), digest, &out) == 0) {
		wsman_add_str(i->w, "SignedCertificateRequest", buf_cstr(&out));
		rv = RV_OK;
	}
	buf_release(&key);
	buf_release(&request);
	buf_release(&out);
	return rv;
}

static const struct method service_methods[] = {
	{"AddCertificate", add_leaf, 0},
	{"AddTrustedRootCertificate", add_root, 0},
	{"AddKey", add_key, 0},
	{"GenerateKeyPair", generate_key, PROFILE_VERSION(6, 0)},
	{"GeneratePKCS10RequestEx", sign_request, PROFILE_VERSION(6, 2)},
};

static const struct class service = {.name = "AMT_PublicKeyManagementService",
				     CLASS_PROPS(service_props),
				     CLASS_METHODS(service_methods),
				     .instances = 1,
				     .flags = CLASS_COMMON};

/* AMT_TLSSettingData: 0 remote, 1 local. */

static void tls_name(const struct get *g, struct values *to)
{
	values_str(to, g->instance == 0 ? "Intel(r) AMT 802.3 TLS Settings" : "Intel(r) AMT LMS TLS Settings");
}

static void tls_enabled(const struct get *g, struct values *to)
{
	bool forced = g->p->flags & PROFILE_TLS_ONLY;

	values_bool(to, g->instance == 0 && (forced || g->d->mode != DEVICE_SETUP) && device_port_is_open(g->d, true));
}

static void tls_accepts_plain(const struct get *g, struct values *to)
{
	values_bool(to, g->instance == 1 || (device_port_is_open(g->d, true) && device_port_is_open(g->d, false)));
}

static void tls_plain_supported(const struct get *g, struct values *to)
{
	values_bool(to, g->instance == 1);
}

static const struct prop tls_props[] = {
	{"AcceptNonSecureConnections", PROP_BOOL, PROP_PUT | PROP_NEED, .make = tls_accepts_plain},
	MADE("ElementName", STR, tls_name),
	{"Enabled", PROP_BOOL, PROP_PUT | PROP_NEED, .make = tls_enabled},
	MADE_KEY("InstanceID", tls_name),
	{"MutualAuthentication", PROP_BOOL, PROP_PUT | PROP_NEED, .value = "false"},
	{"NonSecureConnectionsSupported", PROP_BOOL, 0, SINCE(16, 1), .make = tls_plain_supported},
	{"TrustedCN", PROP_STR, PROP_ARRAY | PROP_PUT, .value = NULL},
};

bool tls_setting(const struct get *g, const char *prop)
{
	struct get remote = *g;
	struct values v;

	remote.instance = 0;
	return strcmp(class_text(TLS_SETTINGS, prop, &remote, &v), "true") == 0;
}

/* From 16.1 on the remote interface cannot go without TLS. */
static bool tls_changed(struct invoke *i, enum wsman_fault *fault)
{
	struct values v;
	bool on = strcmp(class_text(TLS_SETTINGS, "Enabled", &i->g, &v), "true") == 0;
	bool plain = strcmp(class_text(TLS_SETTINGS, "AcceptNonSecureConnections", &i->g, &v), "true") == 0;

	if (i->g.instance == 0 && (i->g.p->flags & PROFILE_TLS_ONLY) && (!on || plain)) {
		more_unset(i->x->d, TLS_SETTINGS, 0, NULL);
		*fault = WSMAN_FAULT_INTERNAL_ERROR;
		i->pt_status = PT_NOT_PERMITTED;
		return false;
	}
	more_get(i->x->d)->tls_staged = true;
	return true;
}

static const struct class tls_settings = {
	.name = TLS_SETTINGS, CLASS_PROPS(tls_props), .instances = 2, .flags = CLASS_PUT, .changed = tls_changed};

#define EPR_COLLECTION "AMT_TLSProtocolEndpointCollection?ElementName=TLSProtocolEndpoint Instances Collection"

static void own_in_context(const struct get *g, struct values *to)
{
	values_str(to, CERTIFICATE "?InstanceID=Intel(r) AMT Certificate: Handle: 0");
}

static const struct prop context_props[] = {
	{"ElementInContext", PROP_EPR, PROP_KEY | PROP_PUT | PROP_NEED, .make = own_in_context},
	{"ElementProvidingContext", PROP_EPR, PROP_KEY, .value = EPR_COLLECTION},
};

/* One at most; and as long as TLS shows it, it can be put but not deleted. */
static bool context_allowed(struct invoke *i, enum wsman_fault *fault)
{
	struct get other = i->g;

	if (i->call->op == WSMAN_DELETE) {
		*fault = WSMAN_FAULT_INTERNAL_ERROR;
		i->pt_status = PT_NOT_PERMITTED;
		return !device_is_set_up(i->x->d) || !device_port_is_open(i->x->d, true);
	}
	if (i->call->op != WSMAN_CREATE)
		return true;
	*fault = WSMAN_FAULT_ALREADY_EXISTS;
	return !class_instance_at(class_find(BYTES_LIT(CONTEXT)), &other, 0);
}

static bool context_changed(struct invoke *i, enum wsman_fault *fault)
{
	struct values v;
	struct wsman_epr epr;
	struct get g = i->g;
	const char *text = class_text(CONTEXT, "ElementInContext", &i->g, &v);

	/* Its name is written in two ways; firmware keeps its own. */
	more_unset(i->x->d, CONTEXT, i->g.instance, "ElementProvidingContext");
	if (!epr_from_text(bytes_str(text), &epr) || !class_select(&certificate, &g, epr.selectors, epr.selector_count))
		return false;
	more_get(i->x->d)->tls_staged = true;
	return true;
}

/* The certificate of the context, and its key: none for the device's own. False: there is no context, or no key. */
static bool read_context(const struct get *g, struct buf *der, struct buf *key)
{
	struct get at = *g, cert = *g;
	struct values v;
	struct wsman_epr epr;

	buf_reset(der);
	buf_reset(key);
	if (!class_instance_at(class_find(BYTES_LIT(CONTEXT)), &at, 0) ||
	    !epr_from_text(bytes_str(class_text(CONTEXT, "ElementInContext", &at, &v)), &epr) ||
	    !class_select(&certificate, &cert, epr.selectors, epr.selector_count))
		return false;
	if (cert.instance < MORE_OBJECT_FIRST && !more_change(g->d, CERTIFICATE, cert.instance, "X509Certificate"))
		return true;
	return read_der(&cert, CERTIFICATE, "X509Certificate", der) && find_private(g, buf_bytes(der), key);
}

uint32_t tls_commit_check(const struct get *g)
{
	struct buf der, key;
	bool good;

	if (!tls_setting(g, "Enabled"))
		return g->p->flags & PROFILE_TLS_ONLY ? PT_DATA_MISSING : RV_OK;
	buf_init(&der, DER_MAX);
	buf_init(&key, DER_MAX);
	good = read_context(g, &der, &key);
	buf_release(&der);
	buf_release(&key);
	if (good && tls_setting(g, "MutualAuthentication"))
		good = root_count(g) > 0 && (g->d->mode != DEVICE_SETUP || (g->d->setup && g->d->setup->clock_set));
	return good ? RV_OK : PT_DATA_MISSING;
}

/* A chain of all trusted roots. */
static void *all_roots(const struct get *g)
{
	struct get at = *g;
	void *roots = trust_chain_new();
	struct buf der;

	buf_init(&der, DER_MAX);
	for (uint32_t k = 0; class_instance_at(&certificate, &at, k); k++)
		if (is_root(&at) && read_der(&at, CERTIFICATE, "X509Certificate", &der))
			(void)trust_chain_add(roots, buf_bytes(&der)); /* it was a certificate when it was added */
	buf_release(&der);
	return roots;
}

static void audit_tls(const struct exchange *x, bool tls, bool mutual, struct bytes der)
{
	const char state[2] = {(char)(mutual ? 2 : tls), 0};

	if (der.len)
		audit_serial(x, AUDIT_TLS_CERTIFICATE, der);
	audit_add(x, AUDIT_SECURITY, AUDIT_TLS_STATE, BYTES(state, sizeof(state)));
}

void tls_commit(const struct exchange *x, const struct get *g)
{
	struct device *d = x->d;
	bool tls = tls_setting(g, "Enabled"), mutual = tls && tls_setting(g, "MutualAuthentication");
	bool plain = tls_setting(g, "AcceptNonSecureConnections");
	uint16_t own = d->flags & DEVICE_OWN;
	struct buf der, key;

	buf_init(&der, DER_MAX);
	buf_init(&key, DER_MAX);
	(void)read_context(g, &der, &key); /* without TLS there need be none */
	device_set_mode(x->s, d, (enum device_mode)d->mode, tls);
	d->flags = (uint16_t)((d->flags & ~DEVICE_OWN) | own);
	if (tls && !(g->p->flags & PROFILE_TLS_ONLY))
		d->flags = (uint16_t)((d->flags & ~DEVICE_PLAIN) | (plain ? DEVICE_PLAIN : 0));
	if (!tls && !(g->p->flags & PROFILE_TLS_ONLY))
		d->flags = (uint16_t)((d->flags & ~DEVICE_TLS) | DEVICE_PLAIN);
	tls_serve(d, tls ? buf_bytes(&der) : BYTES_NONE, buf_bytes(&key), mutual ? all_roots(g) : NULL);
	audit_tls(x, tls, mutual, tls ? buf_bytes(&der) : BYTES_NONE);
	d->more->tls_staged = false;
	buf_release(&der);
	buf_release(&key);
}

static const struct class context = {.name = CONTEXT,
				     CLASS_PROPS(context_props),
				     .count = own_count,
				     .flags = CLASS_PUT | CLASS_CREATE | CLASS_DELETE,
				     .allowed = context_allowed,
				     .changed = context_changed};

static const struct prop collection_props[] = {KEY("ElementName", "TLSProtocolEndpoint Instances Collection")};

static const struct class collection = {
	.name = "AMT_TLSProtocolEndpointCollection", CLASS_PROPS(collection_props), .instances = 1};

static const struct prop crypto_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT: Cryptographic Capabilities"),
	FIXED("HardwareAcceleration", INT, "1"),
	KEY("InstanceID", "Intel(r) AMT: Cryptographic Capabilities 0"),
};

static const struct class crypto = {.name = "AMT_CryptographicCapabilities", CLASS_PROPS(crypto_props), .instances = 1};

static const char *const credential_members[] = {CONTEXT, "AMT_8021xCredentialContext", "IPS_8021xCredentialContext",
						 NULL};
static const struct class credential = {.name = "CIM_CredentialContext", .members = credential_members};

const struct class *const classes_certificates[] = {
	&certificate, &key_pair, &service, &tls_settings, &context, &collection, &crypto, &credential, NULL,
};
