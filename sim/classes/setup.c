/* How a device is set up and undone over the network: AMT_SetupAndConfigurationService, IPS_HostBasedSetupService, the
 * hashes that it trusts, and the record of how it was set up. Recorded: AMT 12.0.67; Intel AMT guide; class headers of
 * Intel's LMS for the records. */
#include "setup.h"
#include "audit.h"
#include "base/base.h"
#include "base/err.h"
#include "classes/classes.h"
#include "conn.h"
#include "fault.h"
#include "listen.h"
#include "mebx.h"
#include "trust.h"

#include <sodium.h>

#define SERVICE     "AMT_SetupAndConfigurationService"
#define ZEROS_32    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define NONCE_SIZE  20
#define HA1_SIZE    16
#define PERIOD_MOST 24 /* hours a call */

/* SMB and enterprise until admin and client control came with 6.0. */
static void provisioning_mode(const struct get *g, struct values *to)
{
	if (g->d->mode == DEVICE_CLIENT)
		values_u64(to, 4);
	else
		values_u64(to, g->p->major < 6 && g->d->mode == DEVICE_SMB ? 2 : 1);
}

static void provisioning_state(const struct get *g, struct values *to)
{
	values_u64(to, device_is_set_up(g->d) ? 2 : g->d->mode == DEVICE_SETUP ? 1 : 0);
}

/* It is told while the device is being set up only. */
static void server_otp(const struct get *g, struct values *to)
{
	const char *otp = g->d->mode == DEVICE_SETUP && g->d->setup ? g->d->setup->otp : "";
	struct buf b;

	buf_init(&b, 64);
	base64_encode(&b, bytes_str(otp));
	values_str(to, otp[0] ? buf_cstr(&b) : ZEROS_32);
	buf_release(&b);
}

static void zero_touch(const struct get *g, struct values *to)
{
	values_bool(to, !(g->d->setup && g->d->setup->remote_off));
}

static void server_fqdn(const struct get *g, struct values *to)
{
	if (g->d->setup && g->d->setup->server_fqdn)
		values_str(to, g->d->setup->server_fqdn);
}

/* While it is being set up, so that the server can tell which certificate to show. */
static void dhcp_suffix(const struct get *g, struct values *to)
{
	const char *suffix = setup_dhcp_suffix(g->s, g->d);

	if (g->d->mode == DEVICE_SETUP && suffix[0])
		values_str(to, suffix);
}

static void trusted_suffix(const struct get *g, struct values *to)
{
	if (g->d->setup && g->d->setup->suffix)
		values_str(to, g->d->setup->suffix);
}

static const struct prop setup_props[] = {
	PUT_MADE("ConfigurationServerFQDN", STR, server_fqdn),
	KEY("CreationClassName", SERVICE),
	MADE("DhcpDNSSuffix", STR, dhcp_suffix),
	FIXED("ElementName", STR, "Intel(r) AMT Setup and Configuration Service"),
	FIXED("EnabledState", INT, "5"),
	KEY("Name", "Intel(r) AMT Setup and Configuration Service"),
	FIXED("PasswordModel", INT, "1"),
	MADE("ProvisioningMode", INT, provisioning_mode),
	PUT_MADE("ProvisioningServerOTP", BASE64, server_otp),
	MADE("ProvisioningState", INT, provisioning_state),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
	MADE("TrustedDNSSuffix", STR, trusted_suffix),
	PUT_MADE("ZeroTouchConfigurationEnabled", BOOL, zero_touch),
};

/* 8 to 32 characters; what nobody has set reads as zeros and may be put back so. */
static bool take_otp(struct setup *p, const char *base64)
{
	struct buf raw;
	bool good;

	if (strcmp(base64, ZEROS_32) == 0)
		return true;
	buf_init(&raw, SETUP_OTP_MOST);
	good = base64_decode(bytes_str(base64), &raw) == 0 && raw.len >= SETUP_OTP_LEAST &&
	       text_is_printable(buf_bytes(&raw));
	if (good)
		(void)bytes_to_str(buf_bytes(&raw), p->otp, sizeof(p->otp)); /* its length was checked */
	buf_release(&raw);
	return good;
}

static bool setup_changed(struct invoke *i, enum wsman_fault *fault)
{
	struct setup *p = setup_get(i->x->s, i->x->d);
	const struct change *c;
	bool good = true;

	if ((c = more_change(i->x->d, SERVICE, 0, "ProvisioningServerOTP")) && c->count)
		good = take_otp(p, c->values);
	if (good && (c = more_change(i->x->d, SERVICE, 0, "ZeroTouchConfigurationEnabled")) && c->count)
		p->remote_off = strcmp(c->values, "false") == 0;
	if (good && (c = more_change(i->x->d, SERVICE, 0, "ConfigurationServerFQDN")) && c->count) {
		free(p->server_fqdn);
		p->server_fqdn = c->values[0] ? bytes_dup_str(bytes_str(c->values)) : NULL;
	}
	more_unset(i->x->d, SERVICE, 0, NULL);
	return good;
}

static uint32_t get_uuid(struct invoke *i)
{
	uint8_t raw[16];

	wire_uuid(&i->g, raw);
	wsman_add_base64(i->w, "UUID", BYTES(raw, sizeof(raw)));
	return RV_OK;
}

/* What being set up needs before it can end; Intel AMT guide, CommitChanges. */
static uint32_t setup_check(const struct invoke *i)
{
	const struct setup *p = setup_get(i->x->s, i->x->d);
	struct get g = i->g;
	struct values v;
	bool dhcp;

	g.instance = 0;
	dhcp = strcmp(class_text("AMT_EthernetPortSettings", "DHCPEnabled", &g, &v), "true") == 0;
	if (!p->admin_set || (i->x->s->set.setup_mebx && setup_password_is_factory(i->x->d)))
		return PT_DATA_MISSING;
	if (dhcp && class_text("AMT_GeneralSettings", "HostName", &g, &v)[0] == '\0')
		return PT_DATA_MISSING;
	return RV_OK;
}

/* How it was set up: by remote configuration, which hash and which authorities, and the server's name. */
static void audit_done(const struct exchange *x)
{
	const struct trust *t = x->d->setup->record;
	struct buf b;

	buf_init(&b, 512);
	buf_addc(&b, 2);
	if (!t || t->psk) {
		buf_add(&b, "\0\0\0", 3);
		buf_addc(&b, 0);
	} else {
		buf_addc(&b, (char)t->root.type);
		buf_add(&b, t->root.value, t->root.len);
		buf_addc(&b, (char)t->serial_count);
		for (unsigned k = 0; k < t->serial_count; k++)
			buf_add(&b, t->serials[k], sizeof(t->serials[k]));
		buf_addc(&b, t->more_serials);
		buf_addc(&b, (char)strlen(t->name));
		buf_adds(&b, t->name);
	}
	if (b.len <= 255)
		audit_add(x, AUDIT_SECURITY, AUDIT_SETUP_DONE, buf_bytes(&b));
	buf_release(&b);
}

/* Ports, certificate and mutual TLS follow from what was staged; all connections end when the listener starts anew. */
static uint32_t commit_changes(struct invoke *i)
{
	struct exchange *x = i->x;
	bool ends = x->d->mode == DEVICE_SETUP;
	uint32_t rv = ends ? setup_check(i) : RV_OK;

	if (!ends && !(x->d->more && x->d->more->tls_staged))
		return RV_OK;
	if (rv == RV_OK)
		rv = tls_commit_check(&i->g);
	if (rv != RV_OK)
		return rv;
	if (ends) {
		if (x->d->setup->pending)
			x->d->setup->pending->server = x->peer;
		setup_done(x->s, x->d, DEVICE_ENTERPRISE);
		audit_done(x);
	}
	tls_commit(x, &i->g);
	x->drop = true;
	conns_drop(x->s, x->d);
	listen_update(x->s, x->d);
	return RV_OK;
}

/* Not in client control mode, where the administrator has no say in MEBx. */
static uint32_t set_mebx_password(struct invoke *i)
{
	struct bytes password = invoke_text(i, "Password");

	if (i->x->d->mode == DEVICE_CLIENT || fault_is_on(i->x->s, i->x->d, FAULT_SETUP_MEBX_LOCKED, NULL))
		return PT_NOT_PERMITTED;
	if (mebx_check_password(password, NULL) != 0)
		return PT_INVALID_PASSWORD;
	setup_set_password(i->x->s, i->x->d, password);
	return RV_OK;
}

/* An auditor who has locked the log is asked first; not for client control mode. */
static bool auditor_blocks(const struct invoke *i)
{
	return i->x->d->mode != DEVICE_CLIENT && fault_is_on(i->x->s, i->x->d, FAULT_AUDIT_LOCKED, NULL);
}

static uint32_t forget(struct invoke *i, enum setup_forget what)
{
	if (auditor_blocks(i))
		return PT_BLOCKING_COMPONENT;
	audit_add(i->x, AUDIT_SECURITY, AUDIT_UNSETUP_STARTED, BYTES_LIT("\4"));
	i->x->drop = true;
	setup_forget(i->x->s, i->x->d, what);
	return RV_OK;
}

/* 0 keeps the mode, 1 enterprise, 2 SMB, 3 remote connectivity: from 6.0 on all do the same. */
static uint32_t unprovision(struct invoke *i)
{
	uint64_t mode = 0;

	if (invoke_node(i, "ProvisioningMode") && (!invoke_u64(i, "ProvisioningMode", &mode) || mode > 3))
		return PT_INVALID_PARAMETER;
	return forget(i, SETUP_FULL);
}

static uint32_t partial_unprovision(struct invoke *i)
{
	return forget(i, SETUP_PARTIAL);
}

static uint32_t blocking_components(struct invoke *i)
{
	if (auditor_blocks(i))
		wsman_add_u64(i->w, "BlockingComponents", 1);
	return RV_OK;
}

static uint32_t extend_period(struct invoke *i)
{
	uint64_t hours;

	if (!invoke_u64(i, "Duration", &hours) || hours > PERIOD_MOST)
		return PT_INVALID_PARAMETER;
	if (hours == 0)
		i->x->drop = true;
	setup_extend(i->x->s, i->x->d, (unsigned)hours);
	return RV_OK;
}

static uint32_t set_psk(struct invoke *i)
{
	struct setup *p = setup_get(i->x->s, i->x->d);
	struct bytes pid = invoke_text(i, "PID"), pps = invoke_text(i, "PPS");

	if (!mebx_is_psk(i->x->s, pid, SETUP_PID_LEN))
		return PT_INVALID_PID_FORMAT;
	if (!mebx_is_psk(i->x->s, pps, SETUP_PPS_LEN))
		return PT_INVALID_PPS_FORMAT;
	(void)bytes_to_str(pid, p->pid, sizeof(p->pid)); /* their lengths were checked */
	(void)bytes_to_str(pps, p->pps, sizeof(p->pps));
	audit_add(i->x, AUDIT_SECURITY, AUDIT_PSK_SET, BYTES_NONE);
	return RV_OK;
}

static uint32_t reset_wear_out(struct invoke *i)
{
	return RV_OK;
}

static const struct method setup_methods[] = {
	{"CommitChanges", commit_changes, 0},
	{"GetUuid", get_uuid, 0},
	{"SetMEBxPassword", set_mebx_password, 0},
	{"Unprovision", unprovision, 0},
	{"PartialUnprovision", partial_unprovision, 0},
	{"GetUnprovisionBlockingComponents", blocking_components, PROFILE_VERSION(6, 1)},
	{"ExtendProvisioningPeriod", extend_period, 0},
	{"ResetFlashWearOutProtection", reset_wear_out, 0},
	{"SetTLSPSK", set_psk, 0, PROFILE_VERSION(11, 0)},
};

static const struct class setup = {.name = SERVICE,
				   CLASS_PROPS(setup_props),
				   CLASS_METHODS(setup_methods),
				   .instances = 1,
				   .flags = CLASS_COMMON | CLASS_PUT,
				   .changed = setup_changed};

/* IPS_HostBasedSetupService: from 6.1.
 * A program of the host begins it; over the network only the way from client to admin control mode is open. */

/* The values that its methods return are its own. */
enum { HB_INTERNAL = 1, HB_INVALID_STATE = 2, HB_INVALID_PARAMETER = 3, HB_FAILED = 5 };
enum { CHAIN_INVALID_PARAMETER = 1, CHAIN_INVALID_STATE = 3, CHAIN_FAILED = 4, CHAIN_TOO_LONG = 5 };

static void make_nonce(const struct get *g, uint8_t to[NONCE_SIZE])
{
	uint32_t renewed = g->d->setup ? g->d->setup->nonces : 0;
	uint64_t r[3];

	for (uint64_t k = 0; k < ARRAY_LEN(r); k++) {
		uint64_t which[2] = {k, renewed};

		r[k] = rng_hash(device_hash(g->s, g->d, "nonce"), which, sizeof(which));
	}
	memcpy(to, r, NONCE_SIZE);
}

static void configuration_nonce(const struct get *g, struct values *to)
{
	uint8_t raw[NONCE_SIZE];
	char text[64];

	make_nonce(g, raw);
	sodium_bin2base64(text, sizeof(text), raw, sizeof(raw), sodium_base64_VARIANT_ORIGINAL);
	values_str(to, text);
}

static void allowed_modes(const struct get *g, struct values *to)
{
	values_str(to, "2");
	if (!g->d->setup || !g->d->setup->client_off)
		values_str(to, "1");
}

static void control_mode(const struct get *g, struct values *to)
{
	values_u64(to, !device_is_set_up(g->d) ? 0 : g->d->mode == DEVICE_CLIENT ? 1 : 2);
}

/* 0 not started, 1 in progress, 2 complete. */
static unsigned chain_state(const struct device *d)
{
	if (!d->setup || !d->setup->chain)
		return 0;
	return d->setup->pending ? 2 : 1;
}

static void chain_status(const struct get *g, struct values *to)
{
	values_u64(to, chain_state(g->d));
}

static const struct prop host_based_props[] = {
	{"AllowedControlModes", PROP_INT, PROP_ARRAY, .make = allowed_modes},
	MADE("CertChainStatus", INT, chain_status),
	MADE("ConfigurationNonce", BASE64, configuration_nonce),
	KEY("CreationClassName", "IPS_HostBasedSetupService"),
	MADE("CurrentControlMode", INT, control_mode),
	FIXED("ElementName", STR, "Intel(r) AMT Host Based Setup Service"),
	KEY("Name", "Intel(r) AMT Host Based Setup Service"),
	IN_AMT,
};

static uint32_t only_local(struct invoke *i)
{
	return HB_INVALID_STATE;
}

static uint32_t chain_refused(struct setup *p, uint32_t rv)
{
	trust_chain_free(p->chain);
	p->chain = NULL;
	return rv;
}

/* The whole chain is there: it must be one that might set the device up. */
static uint32_t chain_ends(struct invoke *i, struct setup *p)
{
	struct trust *t = mem_alloc(sizeof(*t));
	enum refusal why = trust_setup(i->x->s, i->x->d, p->chain, t);

	if (why != REFUSED_NOT) {
		free(t);
		setup_refuse(i->x->s, i->x->d, why);
		return chain_refused(p, CHAIN_FAILED);
	}
	p->pending = t;
	return RV_OK;
}

/* The leaf first, the root last. */
static uint32_t add_next(struct invoke *i)
{
	struct setup *p = setup_get(i->x->s, i->x->d);
	bool leaf = false, root = false;
	struct buf der;
	uint32_t rv = RV_OK;

	if (i->x->d->mode != DEVICE_CLIENT || chain_state(i->x->d) == 2)
		return CHAIN_INVALID_STATE;
	(void)invoke_bool(i, "IsLeafCertificate", &leaf); /* not given: no */
	(void)invoke_bool(i, "IsRootCertificate", &root); /* as above */
	if (leaf != (trust_chain_count(p->chain) == 0))
		return chain_refused(p, CHAIN_INVALID_STATE);
	if (trust_chain_count(p->chain) >= (unsigned)i->x->s->set.setup_chain_most)
		return chain_refused(p, CHAIN_TOO_LONG);
	buf_init(&der, MORE_VALUE_MAX);
	if (!p->chain)
		p->chain = trust_chain_new();
	if (base64_decode(invoke_text(i, "NextCertificate"), &der) != 0)
		rv = CHAIN_INVALID_PARAMETER;
	else if (!trust_chain_goes_on(p->chain, buf_bytes(&der)) || trust_chain_add(p->chain, buf_bytes(&der)) != 0)
		rv = CHAIN_FAILED;
	buf_release(&der);
	if (rv != RV_OK)
		return chain_refused(p, rv);
	return root ? chain_ends(i, p) : RV_OK;
}

/* The leaf's key has signed our nonce and the server's behind it. */
static bool is_signed(const struct invoke *i, const void *chain)
{
	struct buf text, signature;
	uint8_t nonce[NONCE_SIZE];
	bool good;

	buf_init(&text, 2 * NONCE_SIZE);
	buf_init(&signature, 1024);
	make_nonce(&i->g, nonce);
	buf_add(&text, nonce, sizeof(nonce));
	good = base64_decode(invoke_text(i, "McNonce"), &text) == 0 && text.len == 2 * NONCE_SIZE &&
	       base64_decode(invoke_text(i, "DigitalSignature"), &signature) == 0 &&
	       trust_chain_signed(chain, buf_bytes(&text), buf_bytes(&signature));
	buf_release(&text);
	buf_release(&signature);
	return good;
}

static uint32_t upgrade(struct invoke *i)
{
	struct setup *p = setup_get(i->x->s, i->x->d);
	uint64_t algorithm;

	if (i->x->d->mode != DEVICE_CLIENT || chain_state(i->x->d) != 2)
		return HB_INVALID_STATE;
	if (!invoke_u64(i, "SigningAlgorithm", &algorithm) || algorithm != 2)
		return HB_INVALID_PARAMETER;
	if (!is_signed(i, p->chain))
		return HB_FAILED;
	p->pending->server = i->x->peer;
	setup_done(i->x->s, i->x->d, DEVICE_ENTERPRISE);
	audit_add(i->x, AUDIT_SECURITY, AUDIT_UPGRADED, BYTES_NONE);
	return RV_OK;
}

static uint32_t forbid_client(struct invoke *i)
{
	setup_get(i->x->s, i->x->d)->client_off = true;
	return RV_OK;
}

static const struct method host_based_methods[] = {
	{"Setup", only_local, 0},
	{"AdminSetup", only_local, 0},
	{"UpgradeClientToAdmin", upgrade, 0},
	{"AddNextCertInChain", add_next, 0},
	{"DisableClientControlMode", forbid_client, 0},
};

static const struct class host_based = {.name = "IPS_HostBasedSetupService",
					CLASS_PROPS(host_based_props),
					CLASS_METHODS(host_based_methods),
					.instances = 1,
					SINCE(6, 1),
					.flags = CLASS_COMMON};

static uint32_t hash_count(const struct get *g)
{
	struct cert_hash h;
	uint32_t n = 0;

	while (setup_hash_at(g->s, g->d, n, &h))
		n++;
	return n;
}

static struct cert_hash hash_of(const struct get *g)
{
	struct cert_hash h = {0};

	(void)setup_hash_at(g->s, g->d, g->instance, &h); /* instances are counted by it */
	return h;
}

static void hash_enabled(const struct get *g, struct values *to)
{
	values_bool(to, hash_of(g).active);
}

static void hash_name(const struct get *g, struct values *to)
{
	values_str(to, hash_of(g).name);
}

static void hash_data(const struct get *g, struct values *to)
{
	struct cert_hash h = hash_of(g);
	char text[80];

	sodium_bin2base64(text, sizeof(text), h.value, h.len, sodium_base64_VARIANT_ORIGINAL);
	values_str(to, text);
}

static void hash_type(const struct get *g, struct values *to)
{
	values_u64(to, hash_of(g).type);
}

static void hash_id(const struct get *g, struct values *to)
{
	values_fmt(to, "Intel(r) AMT:Provisioning Certificate Hash %u", g->instance);
}

static void hash_default(const struct get *g, struct values *to)
{
	values_bool(to, hash_of(g).builtin);
}

/* Names and keys from Intel's class headers; the form of the InstanceID is assumed. */
static const struct prop hash_props[] = {
	MADE("ElementName", STR, hash_name), MADE("Enabled", BOOL, hash_enabled), MADE("HashData", BASE64, hash_data),
	MADE("HashType", INT, hash_type),    MADE_KEY("InstanceID", hash_id),     MADE("IsDefault", BOOL, hash_default),
};

static const struct class hash = {
	.name = "AMT_ProvisioningCertificateHash", CLASS_PROPS(hash_props), .count = hash_count, SINCE(6, 0)};

static bool has_record(const struct get *g)
{
	return g->d->setup && g->d->setup->record;
}

static const struct trust *record_of(const struct get *g)
{
	return g->d->setup->record;
}

static uint32_t by_hand_count(const struct get *g)
{
	return g->d->mode == DEVICE_SMB;
}

static uint32_t by_tls_count(const struct get *g)
{
	return g->d->mode == DEVICE_ENTERPRISE && has_record(g);
}

static uint32_t by_client_count(const struct get *g)
{
	return g->d->mode == DEVICE_CLIENT;
}

static const struct prop plain_record_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT Provisioning Record"),
	KEY("InstanceID", "Intel(r) AMT:Provisioning Record 1"),
};

static const struct class by_hand = {
	.name = "IPS_ManualProvisioningRecord", CLASS_PROPS(plain_record_props), .count = by_hand_count, SINCE(6, 1)};
static const struct class by_client = {
	.name = "IPS_ClientProvisioningRecord", CLASS_PROPS(plain_record_props), .count = by_client_count, SINCE(7, 0)};

static void record_more(const struct get *g, struct values *to)
{
	values_bool(to, record_of(g)->more_serials);
}

static void record_serials(const struct get *g, struct values *to)
{
	char text[32];

	for (unsigned k = 0; k < record_of(g)->serial_count; k++) {
		sodium_bin2base64(text, sizeof(text), record_of(g)->serials[k], 16, sodium_base64_VARIANT_ORIGINAL);
		values_str(to, text);
	}
}

static void record_default(const struct get *g, struct values *to)
{
	values_bool(to, record_of(g)->root.builtin);
}

static void record_time(const struct get *g, struct values *to)
{
	values_bool(to, record_of(g)->time_valid);
}

static void record_fqdn(const struct get *g, struct values *to)
{
	values_str(to, record_of(g)->name);
}

static void record_server(const struct get *g, struct values *to)
{
	uint32_t a = record_of(g)->server;

	values_fmt(to, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

/* Two lists of Intel's disagree which of PSK and PKI is 1; this is the one of the class. */
static void record_tls(const struct get *g, struct values *to)
{
	values_u64(to, record_of(g)->psk ? 2 : 1);
}

static void record_dns(const struct get *g, struct values *to)
{
	values_bool(to, record_of(g)->secure_dns);
}

static void record_hash(const struct get *g, struct values *to)
{
	const struct cert_hash *h = &record_of(g)->root;
	char text[80];

	if (h->len == 0)
		return;
	sodium_bin2base64(text, sizeof(text), h->value, h->len, sodium_base64_VARIANT_ORIGINAL);
	values_str(to, text);
}

static void record_hash_type(const struct get *g, struct values *to)
{
	if (record_of(g)->root.len)
		values_u64(to, record_of(g)->root.type);
}

static const struct prop tls_record_props[] = {
	MADE("AdditionalCaSerialNums", BOOL, record_more),
	{"CaCertificateSerials", PROP_BASE64, PROP_ARRAY, .make = record_serials},
	FIXED("ElementName", STR, "Intel(r) AMT Provisioning Record"),
	MADE("HashIsOemDefault", BOOL, record_default),
	FIXED("HostInitiated", BOOL, "false"),
	KEY("InstanceID", "Intel(r) AMT:Provisioning Record 1"),
	MADE("IsTimeValid", BOOL, record_time),
	MADE("ProvServerFQDN", STR, record_fqdn),
	MADE("ProvServerIP", STR, record_server),
	MADE("ProvisioningTLSMode", INT, record_tls),
	MADE("SecureDNS", BOOL, record_dns),
	MADE("SelectedHashData", BASE64, record_hash),
	MADE("SelectedHashType", INT, record_hash_type),
};

static const struct class by_tls = {
	.name = "IPS_TLSProvisioningRecord", CLASS_PROPS(tls_record_props), .count = by_tls_count, SINCE(7, 0)};

static const char *const record_members[] = {"IPS_ManualProvisioningRecord", "IPS_TLSProvisioningRecord",
					     "IPS_ClientProvisioningRecord", NULL};
static const struct class record = {.name = "IPS_ProvisioningAuditRecord", .members = record_members, SINCE(6, 1)};

static const struct prop record_log_props[] = {
	FIXED("CurrentNumberOfRecords", INT, "1"),
	FIXED("ElementName", STR, "Intel(r) AMT Provisioning Record Log"),
	FIXED("EnabledState", INT, "2"),
	FIXED("HealthState", INT, "0"),
	KEY("InstanceID", "Intel(r) AMT: RecordLog 1"),
	FIXED("LogState", INT, "4"),
	FIXED("MaxNumberOfRecords", INT, "1"),
	FIXED("Name", STR, "Intel(r) AMT Provisioning Record Log"),
	FIXED("OverwritePolicy", INT, "2"),
	FIXED("RequestedState", INT, "12"),
};

static const struct class record_log = {.name = "IPS_ProvisioningRecordLog",
					CLASS_PROPS(record_log_props),
					.instances = 1,
					SINCE(6, 1),
					.flags = CLASS_COMMON};

const struct class *const classes_setup[] = {
	&setup, &host_based, &hash, &by_hand, &by_client, &by_tls, &record, &record_log, NULL,
};
