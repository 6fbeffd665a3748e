/* Keys, certificates and TLS settings. Recorded: AMT 12.0.67 and newer; Intel AMT guide. A device that speaks TLS shows
 * its own self-signed certificate here, as number 0 of each kind. */
#include "audit.h"
#include "base/base.h"
#include "base/err.h"
#include "classes/classes.h"
#include "tls.h"

#define CERTIFICATE      "AMT_PublicKeyCertificate"
#define KEY_PAIR         "AMT_PublicPrivateKeyPair"
#define CONTEXT          "AMT_TLSCredentialContext"
#define TLS_SETTINGS     "AMT_TLSSettingData"
#define DER_MAX          4100 /* Intel AMT guide */
#define CERTIFICATES_MAX 8
#define KEYS_MAX         4

static uint32_t own_count(const struct get *g)
{
	return device_port_is_open(g->d, true) ? 1 : 0;
}

/* ---- AMT_PublicKeyCertificate ---- */

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

/* One that TLS uses stays. */
static bool certificate_is_free(struct invoke *i, enum wsman_fault *fault)
{
	struct get g = i->g, context = i->g;
	struct values id, used;
	const char *text = class_text(CERTIFICATE, "InstanceID", &g, &id);

	*fault = WSMAN_FAULT_INTERNAL_ERROR;
	i->pt_status = PT_NOT_PERMITTED;
	if (i->call->op != WSMAN_DELETE)
		return true;
	for (uint32_t k = 0; class_instance_at(class_find(BYTES_LIT(CONTEXT)), &context, k); k++)
		if (strstr(class_text(CONTEXT, "ElementInContext", &context, &used), text))
			return false;
	return true;
}

static const struct class certificate = {.name = CERTIFICATE,
					 CLASS_PROPS(certificate_props),
					 .count = own_count,
					 .flags = CLASS_COMMON | CLASS_PUT | CLASS_DELETE,
					 .allowed = certificate_is_free};

/* ---- AMT_PublicPrivateKeyPair ---- */

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

static const struct class key_pair = {
	.name = KEY_PAIR, CLASS_PROPS(key_props), .count = own_count, .flags = CLASS_COMMON | CLASS_DELETE};

/* ---- AMT_PublicKeyManagementService ---- */

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

static uint32_t new_key(struct invoke *i, const char *der_base64, const char *out, const char *out_class)
{
	struct device *d = i->x->d;
	struct object *o;
	char id[64];

	if (more_object_count(d, KEY_PAIR) >= KEYS_MAX)
		return PT_MAX_LIMIT_REACHED;
	snprintf(id, sizeof(id), "Intel(r) AMT Key: Handle: %u",
		 free_handle(&i->g, KEY_PAIR, "Intel(r) AMT Key: Handle: "));
	o = more_object_new(d, KEY_PAIR);
	if (!o)
		return PT_MAX_LIMIT_REACHED;
	more_set_str(d, KEY_PAIR, o->id, "DERKey", der_base64);
	more_set_str(d, KEY_PAIR, o->id, "InstanceID", id);
	add_created(i, out, out_class, id);
	return RV_OK;
}

/* Keys come from the pool of the simulator; only RSA of 2048 bits (and 1024 before 15) is made. */
static uint32_t generate_key(struct invoke *i)
{
	uint64_t algorithm, bits;
	struct buf b;
	uint32_t rv;

	if (!invoke_u64(i, "KeyAlgorithm", &algorithm) || !invoke_u64(i, "KeyLength", &bits) || algorithm != 0)
		return PT_INVALID_PARAMETER;
	if (bits != 2048)
		return PT_INVALID_KEY;
	buf_init(&b, MORE_VALUE_MAX);
	rv = tls_public_key_base64(i->x->s, i->x->d, &b) == 0 ? new_key(i, buf_cstr(&b), "KeyPair", KEY_PAIR)
							      : PT_INTERNAL_ERROR;
	buf_release(&b);
	return rv;
}

/* Takes a private key and keeps its public half. */
static uint32_t add_key(struct invoke *i)
{
	struct buf der, b;
	uint32_t rv = PT_INVALID_KEY;

	buf_init(&der, DER_MAX);
	buf_init(&b, MORE_VALUE_MAX);
	if (base64_decode(invoke_text(i, "KeyBlob"), &der) == 0 && tls_public_half_base64(buf_bytes(&der), &b) == 0)
		rv = has_text(i, KEY_PAIR, "DERKey", buf_bytes(&b))
			     ? PT_DUPLICATE
			     : new_key(i, buf_cstr(&b), "CreatedKey", CERTIFICATE);
	buf_release(&der);
	buf_release(&b);
	return rv;
}

static const struct method service_methods[] = {
	{"AddCertificate", add_leaf, 0},
	{"AddTrustedRootCertificate", add_root, 0},
	{"AddKey", add_key, 0},
	{"GenerateKeyPair", generate_key, PROFILE_VERSION(6, 0)},
};

static const struct class service = {.name = "AMT_PublicKeyManagementService",
				     CLASS_PROPS(service_props),
				     CLASS_METHODS(service_methods),
				     .instances = 1,
				     .flags = CLASS_COMMON};

/* ---- AMT_TLSSettingData: 0 remote, 1 local ---- */

static void tls_name(const struct get *g, struct values *to)
{
	values_str(to, g->instance == 0 ? "Intel(r) AMT 802.3 TLS Settings" : "Intel(r) AMT LMS TLS Settings");
}

static void tls_enabled(const struct get *g, struct values *to)
{
	values_bool(to, g->instance == 0 && device_port_is_open(g->d, true));
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

/* ---- AMT_TLSCredentialContext and the collection that it is for ---- */

#define EPR_COLLECTION "AMT_TLSProtocolEndpointCollection?ElementName=TLSProtocolEndpoint Instances Collection"

static void own_in_context(const struct get *g, struct values *to)
{
	values_str(to, CERTIFICATE "?InstanceID=Intel(r) AMT Certificate: Handle: 0");
}

static const struct prop context_props[] = {
	{"ElementInContext", PROP_EPR, PROP_KEY | PROP_PUT | PROP_NEED, .make = own_in_context},
	{"ElementProvidingContext", PROP_EPR, PROP_KEY, .value = EPR_COLLECTION},
};

static bool context_allowed(struct invoke *i, enum wsman_fault *fault)
{
	struct get other = i->g;

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
