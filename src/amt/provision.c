/* The flow that sets AMT up over the network: on a device that waits for it, reached by TLS on its port 16993 with the
 * management certificate as client (Intel AMT guide, "Setup and Configuration"; the order is that of MeshCentral).
 *
 * Until its admin has a password such a device asks for no login. Each step reads first or may be repeated, and what
 * the new password and the certificate are is on disk before the device has them: a run that was cut off is run again,
 * and finds what it finds. The last step is a login with what the vault has, over TLS with the certificate that we
 * issued. */
#include "amt/flow_priv.h"
#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"
#include "codec/cim.h"

#define SETUP_CLASS       "AMT_SetupAndConfigurationService"
#define GENERAL_CLASS     "AMT_GeneralSettings"
#define CLOCK_CLASS       "AMT_TimeSynchronizationService"
#define CLOCK_GET         "GetLowAccuracyTimeSynch"
#define CLOCK_SET         "SetHighAccuracyTimeSynch"
#define KEYS_CLASS        "AMT_PublicKeyManagementService"
#define KEY_CLASS         "AMT_PublicPrivateKeyPair"
#define CERTIFICATE_CLASS "AMT_PublicKeyCertificate"
#define CONTEXT_CLASS     "AMT_TLSCredentialContext"
#define TLS_CLASS         "AMT_TLSSettingData"
#define MEBX_SET          "SetMEBxPassword"
#define KEY_MAKE          "GenerateKeyPair"
#define CERTIFICATE_ADD   "AddCertificate"
#define COMMIT            "CommitChanges"

#define STATE_IN_SETUP 1 /* ProvisioningState */
#define STATE_SET_UP   2
#define CLOCK_OFF_S    10 /* a clock that is off by more is set */
#define KEY_RSA        0
#define KEY_BITS       2048
#define TLS_INSTANCES  2 /* the network's and the host's */
#define REMOTE         "802.3"

#define PT_NOT_PERMITTED 16

enum {
	AT_STATE,
	AT_VERSION,
	AT_UUID,
	AT_GENERAL,
	AT_NAME,
	AT_CLOCK,
	AT_SET_CLOCK,
	AT_MEBX,
	AT_ADMIN,
	AT_CERTIFICATES,
	AT_CERTIFICATES_PULL,
	AT_KEY,
	AT_KEYS,
	AT_KEYS_PULL,
	AT_CERTIFICATE,
	AT_CONTEXT,
	AT_TLS,
	AT_TLS_PULL,
	AT_TLS_FIRST,
	AT_TLS_SECOND,
	AT_COMMIT,
	AT_PROOF,
	AT_COUNT,
};

static struct wsman_request call_of(const struct flow_ctx *ctx)
{
	const struct step *s = flow_step(ctx);
	return (struct wsman_request){
		.op = s->op, .class_name = s->class_name, .method = s->method, .message_id = ctx->message_id};
}

static int setup_of(const struct wsman_reply *r, struct cim_setup *ret, struct err *e)
{
	const struct xml_node *instance;
	int rc = wsman_instance_read(r, SETUP_CLASS, &instance, e);
	return rc ? rc : cim_setup_read(instance, ret, e);
}

static void provisioned(struct flow_ctx *ctx, enum act_end end)
{
	const struct act_learned *l = &ctx->out->learned;
	ctx->out->learned.has_mode = true;
	ctx->out->learned.mode = 2;
	flow_end(ctx, end, 0, ACT_EVIDENCE_REPLY, "AMT %s, %s", l->has_version ? l->version : "of unknown version",
		 *ctx->tls ? ctx->tls : "no TLS");
}

/* A device that is set up and has what an earlier run gave it needs nothing but the proof, which this reply is. */
static int state_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_setup setup;
	const struct act_setup *s = ctx->order->setup;
	int rc = setup_of(r, &setup, e);
	if (rc)
		return rc;
	if (setup.provisioning_state == STATE_IN_SETUP)
		return 0;
	bool is_ours = ctx->has_next && s->has_pin && memcmp(ctx->order->at.pin, s->pin, TLS_PIN_SIZE) == 0;
	if (setup.provisioning_state == STATE_SET_UP && is_ours)
		provisioned(ctx, ACT_END_DONE);
	else if (setup.provisioning_state == STATE_SET_UP)
		flow_end(ctx, ACT_END_FAILED, ERR_ALREADY_SET_UP, ACT_EVIDENCE_REPLY, NULL);
	else
		flow_end(ctx, ACT_END_FAILED, ERR_NOT_IN_SETUP, ACT_EVIDENCE_REPLY, "its setup is in state %u",
			 (unsigned)setup.provisioning_state);
	return 0;
}

static int general_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_general g;
	int rc = wsman_instance_read(r, GENERAL_CLASS, &instance, e);
	if (!rc)
		rc = cim_general_read(instance, &g, e);
	if (rc)
		return rc;
	if (!CIM_HAS(general, &g, digest_realm) ||
	    !bytes_to_str(bytes_str(g.digest_realm), ctx->device_realm, sizeof(ctx->device_realm)))
		return err_set(e, ERR_MALFORMED, "its settings name no digest realm");
	if (*g.host_name || !*ctx->order->setup->host_name) {
		ctx->next = AT_CLOCK;
		return 0;
	}
	buf_reset(&ctx->keep);
	return buf_add(&ctx->keep, &g, sizeof(g));
}

static int name_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct cim_general g;
	ASSERT(ctx->keep.len == sizeof(g));
	memcpy(&g, ctx->keep.p, sizeof(g));
	CIM_GIVE(general, &g, host_name);
	(void)bytes_to_str(bytes_str(ctx->order->setup->host_name), g.host_name, sizeof(g.host_name));
	return cim_general_put(out, &ctx->message_id, &g, e);
}

static int done_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *output;
	const struct step *s = flow_step(ctx);
	return s->method ? wsman_method_done(r, s->method, &output, e) : 0;
}

/* Ta0 is the device's time; Tm1 and Tm2 are ours behind that answer and before the order. */
static int clock_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *output;
	uint64_t ta0;
	int rc = wsman_method_done(r, CLOCK_GET, &output, e);
	if (rc)
		return rc;
	if (!xml_u64(xml_child(output, XML_NS_ANY, "Ta0"), &ta0) || ta0 > UINT32_MAX)
		return err_set(e, ERR_MALFORMED, "the device tells no time");
	int64_t off = (int64_t)ta0 - ctx->answered_at_ms / 1000;
	ctx->settle.ahead_ms = (int64_t)ta0;
	ctx->settle.marked_at_ms = ctx->answered_at_ms;
	if (off <= CLOCK_OFF_S && off >= -CLOCK_OFF_S)
		ctx->next = AT_MEBX;
	return 0;
}

static int clock_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct wsman_request rq = call_of(ctx);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_u64(&w, "Ta0", (uint64_t)ctx->settle.ahead_ms);
	wsman_add_u64(&w, "Tm1", (uint64_t)(ctx->settle.marked_at_ms / 1000));
	wsman_add_u64(&w, "Tm2", (uint64_t)(ctx->asked_at_ms / 1000));
	return wsman_request_end(&w, &rq, e);
}

static int mebx_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct wsman_request rq = call_of(ctx);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_bytes(&w, "Password", BYTES(ctx->password->p, ctx->password->len));
	return wsman_request_end(&w, &rq, e);
}

/* What is set in MEBx may forbid it, mostly where somebody has chosen that password by hand: then it stays. */
static int mebx_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *output;
	uint32_t value;
	int rc = wsman_method_read(r, MEBX_SET, &output, &value, e);
	if (rc || !value || value == PT_NOT_PERMITTED)
		return rc;
	return wsman_method_done(r, MEBX_SET, &output, e);
}

/* One that an earlier run has put there: its hash is on disk. */
static int certificates_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *items;
	const struct act_setup *s = ctx->order->setup;
	int rc = wsman_pull_read(r, &ctx->context, &items, e);
	if (rc)
		return rc;
	if (++ctx->pages > FLOW_PAGES_MAX)
		return err_set(e, ERR_TOO_BIG, "the list of certificates does not end");
	for (const struct xml_node *n = items ? items->child : NULL; n && s->has_pin; n = n->next) {
		struct cim_certificate c;
		uint8_t pin[TLS_PIN_SIZE];
		if (cim_certificate_read(n, &c, NULL) || !c.der_len)
			continue;
		tls_pin_of(BYTES(c.der, c.der_len), pin);
		if (memcmp(pin, s->pin, sizeof(pin)) == 0)
			(void)bytes_to_str(bytes_str(c.instance_id), ctx->handle, sizeof(ctx->handle));
	}
	if (*ctx->context.text)
		ctx->next = ctx->at;
	else if (*ctx->handle)
		ctx->next = AT_CONTEXT;
	return 0;
}

static int list_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	return wsman_enumerate_read(r, &ctx->context, e);
}

static int key_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct wsman_request rq = call_of(ctx);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_u64(&w, "KeyAlgorithm", KEY_RSA);
	wsman_add_u64(&w, "KeyLength", KEY_BITS);
	return wsman_request_end(&w, &rq, e);
}

/* The InstanceID that a method's output refers to. */
static int handle_read(struct flow_ctx *ctx, const struct wsman_reply *r, const char *name, struct err *e)
{
	const struct xml_node *output;
	struct wsman_epr epr;
	int rc = wsman_method_done(r, flow_step(ctx)->method, &output, e);
	const struct xml_node *n = rc ? NULL : xml_child(output, XML_NS_ANY, name);
	if (!rc && !n)
		return err_set(e, ERR_MALFORMED, "reply of %s names nothing that it made", flow_step(ctx)->method);
	rc = rc ? rc : wsman_epr_read(n, &epr, e);
	if (rc)
		return rc;
	struct bytes id = wsman_selector_get(epr.selectors, epr.selector_count, "InstanceID");
	if (!id.len || !bytes_to_str(id, ctx->handle, sizeof(ctx->handle)))
		return err_set(e, ERR_MALFORMED, "reply of %s names nothing that it made", flow_step(ctx)->method);
	return 0;
}

static int key_made_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	buf_reset(&ctx->keep);
	return handle_read(ctx, r, "KeyPair", e);
}

static int keys_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *items;
	int rc = wsman_pull_read(r, &ctx->context, &items, e);
	if (rc)
		return rc;
	if (++ctx->pages > FLOW_PAGES_MAX)
		return err_set(e, ERR_TOO_BIG, "the list of keys does not end");
	for (const struct xml_node *n = items ? items->child : NULL; n; n = n->next) {
		struct cim_key_pair k;
		if (cim_key_pair_read(n, &k, NULL) == 0 && strcmp(k.instance_id, ctx->handle) == 0) {
			buf_reset(&ctx->keep);
			buf_add(&ctx->keep, k.der, k.der_len);
		}
	}
	if (*ctx->context.text)
		ctx->next = ctx->at;
	else if (!ctx->keep.len)
		return err_set(e, ERR_MALFORMED, "the key that it made is not in its list");
	return 0;
}

static int certificate_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct wsman_request rq = call_of(ctx);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_base64(&w, "CertificateBlob", buf_bytes(&ctx->certificate));
	return wsman_request_end(&w, &rq, e);
}

static int certificate_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	return handle_read(ctx, r, "CreatedCertificate", e);
}

static struct wsman_epr reference(const char *class_name, const char *key, const char *value)
{
	struct wsman_epr epr = {.address = bytes_str(WSMAN_ANONYMOUS), .class_name = bytes_str(class_name)};
	epr.selectors[0] = (struct wsman_selector){bytes_str(key), bytes_str(value), NULL, NULL};
	epr.selector_count = 1;
	return epr;
}

static int context_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct wsman_request rq = call_of(ctx);
	struct wsman_epr what = reference(CERTIFICATE_CLASS, "InstanceID", ctx->handle);
	struct wsman_epr where = reference("AMT_TLSProtocolEndpointCollection", "ElementName",
					   "TLSProtocolEndpointInstances Collection");
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_epr(&w, "ElementInContext", &what);
	wsman_add_epr(&w, "ElementProvidingContext", &where);
	return wsman_request_end(&w, &rq, e);
}

/* An earlier run may have made it. */
static int context_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	bool is_new = ctx->certificate.len > 0;
	if (!ctx->fault || (r->fault == WSMAN_FAULT_ALREADY_EXISTS && !is_new))
		return 0;
	return err_set(e, ctx->fault, "the device answered with the fault %.*s: %.*s", (int)r->fault_subcode.len,
		       (const char *)r->fault_subcode.p, (int)r->fault_reason.len, (const char *)r->fault_reason.p);
}

static int tls_list_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	buf_reset(&ctx->keep);
	return list_read(ctx, r, e);
}

static struct cim_tls_setting setting_kept(const struct flow_ctx *ctx, size_t i)
{
	struct cim_tls_setting t;
	ASSERT(ctx->keep.len >= (i + 1) * sizeof(t));
	memcpy(&t, ctx->keep.p + i * sizeof(t), sizeof(t));
	return t;
}

static size_t settings_kept(const struct flow_ctx *ctx)
{
	return ctx->keep.len / sizeof(struct cim_tls_setting);
}

/* What differs from how it shall be. No plain connections on the network's interface; the host's is left to the host's
 * programs. */
static bool change(struct cim_tls_setting *t)
{
	bool remote = strstr(t->instance_id, REMOTE) != NULL;
	bool changed = !t->enabled || (remote && t->accepts_plain);
	CIM_GIVE(tls_setting, t, enabled);
	CIM_GIVE(tls_setting, t, mutual);
	t->enabled = true;
	if (remote) {
		CIM_GIVE(tls_setting, t, accepts_plain);
		t->accepts_plain = false;
	}
	return changed;
}

static int tls_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *items;
	int rc = wsman_pull_read(r, &ctx->context, &items, e);
	if (rc)
		return rc;
	if (++ctx->pages > FLOW_PAGES_MAX)
		return err_set(e, ERR_TOO_BIG, "the list of TLS settings does not end");
	for (const struct xml_node *n = items ? items->child : NULL; n && !rc; n = n->next) {
		struct cim_tls_setting t;
		rc = cim_tls_setting_read(n, &t, e);
		if (!rc && settings_kept(ctx) < TLS_INSTANCES && change(&t))
			rc = buf_add(&ctx->keep, &t, sizeof(t));
	}
	if (rc)
		return rc;
	if (*ctx->context.text)
		ctx->next = ctx->at;
	else if (!settings_kept(ctx))
		ctx->next = AT_COMMIT;
	return 0;
}

static int tls_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct cim_tls_setting t = setting_kept(ctx, ctx->at - AT_TLS_FIRST);
	struct wsman_selector key = {.name = BYTES_LIT("InstanceID"), .value = bytes_str(t.instance_id)};
	struct wsman_request rq = call_of(ctx);
	rq.selectors = &key;
	rq.selector_count = 1;
	struct wsman_writer w = wsman_request_begin(out, &rq);
	if (CIM_HAS(tls_setting, &t, accepts_plain))
		wsman_add_bool(&w, "AcceptNonSecureConnections", t.accepts_plain);
	wsman_add_str(&w, "ElementName", t.element_name);
	wsman_add_bool(&w, "Enabled", t.enabled);
	wsman_add_str(&w, "InstanceID", t.instance_id);
	wsman_add_bool(&w, "MutualAuthentication", t.mutual);
	return wsman_request_end(&w, &rq, e);
}

static int tls_first_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	if (settings_kept(ctx) < TLS_INSTANCES)
		ctx->next = AT_COMMIT;
	return 0;
}

static int tls_second_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	return 0;
}

static int proof_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_setup setup;
	int rc = setup_of(r, &setup, e);
	if (rc)
		return rc;
	if (setup.provisioning_state == STATE_SET_UP)
		provisioned(ctx, ACT_END_DONE);
	else
		flow_end(ctx, ACT_END_FAILED, ERR_NO_CHANGE, ACT_EVIDENCE_REPLY, "its setup is in state %u",
			 (unsigned)setup.provisioning_state);
	return 0;
}

#define CALL(class, what) .op = WSMAN_METHOD, .class_name = (class), .method = (what)

static const struct step steps[AT_COUNT] = {
	[AT_STATE] = {.name = "read how it is set up", .op = WSMAN_GET, .class_name = SETUP_CLASS, .read = state_read},
	[AT_VERSION] = LOOK_SOFTWARE_STEP,
	[AT_UUID] = {.name = "read the UUID",
		     .flags = STEP_FLAG_FAULTS,
		     .op = WSMAN_GET,
		     .class_name = "CIM_ComputerSystemPackage",
		     .read = look_package_read},
	[AT_GENERAL] = {.name = "read the names", .op = WSMAN_GET, .class_name = GENERAL_CLASS, .read = general_read},
	[AT_NAME] = {.name = "write the host name",
		     .op = WSMAN_PUT,
		     .class_name = GENERAL_CLASS,
		     .write = name_write,
		     .read = done_read},
	[AT_CLOCK] = {.name = "read the clock", CALL(CLOCK_CLASS, CLOCK_GET), .read = clock_read},
	[AT_SET_CLOCK] = {.name = "set the clock",
			  CALL(CLOCK_CLASS, CLOCK_SET),
			  .write = clock_write,
			  .read = done_read},
	[AT_MEBX] = {.name = "give MEBx a new password",
		     .flags = STEP_FLAG_KEEP | STEP_FLAG_SECRET,
		     CALL(SETUP_CLASS, MEBX_SET),
		     .write = mebx_write,
		     .read = mebx_read},
	[AT_ADMIN] = {.name = "give the admin a new password",
		      .flags = STEP_FLAG_SECRET,
		      CALL("AMT_AuthorizationService", SETUP_PASSWORD),
		      .write = setup_password_write,
		      .read = setup_password_read},
	[AT_CERTIFICATES] = {.name = "list the certificates",
			     .op = WSMAN_ENUMERATE,
			     .class_name = CERTIFICATE_CLASS,
			     .read = list_read},
	[AT_CERTIFICATES_PULL] = {.name = "read the certificates",
				  .op = WSMAN_PULL,
				  .class_name = CERTIFICATE_CLASS,
				  .read = certificates_read},
	[AT_KEY] = {.name = "make a key pair", CALL(KEYS_CLASS, KEY_MAKE), .write = key_write, .read = key_made_read},
	[AT_KEYS] = {.name = "list the key pairs", .op = WSMAN_ENUMERATE, .class_name = KEY_CLASS, .read = list_read},
	[AT_KEYS_PULL] = {.name = "read the key pairs", .op = WSMAN_PULL, .class_name = KEY_CLASS, .read = keys_read},
	[AT_CERTIFICATE] = {.name = "add the certificate",
			    .flags = STEP_FLAG_KEEP | STEP_FLAG_CERTIFICATE,
			    CALL(KEYS_CLASS, CERTIFICATE_ADD),
			    .write = certificate_write,
			    .read = certificate_read},
	[AT_CONTEXT] = {.name = "use the certificate for TLS",
			.flags = STEP_FLAG_FAULTS,
			.op = WSMAN_CREATE,
			.class_name = CONTEXT_CLASS,
			.write = context_write,
			.read = context_read},
	[AT_TLS] = {.name = "list the TLS settings",
		    .op = WSMAN_ENUMERATE,
		    .class_name = TLS_CLASS,
		    .read = tls_list_read},
	[AT_TLS_PULL] = {.name = "read the TLS settings", .op = WSMAN_PULL, .class_name = TLS_CLASS, .read = tls_read},
	[AT_TLS_FIRST] = {.name = "switch TLS on",
			  .op = WSMAN_PUT,
			  .class_name = TLS_CLASS,
			  .write = tls_write,
			  .read = tls_first_read},
	[AT_TLS_SECOND] = {.name = "switch TLS on for the host",
			   .op = WSMAN_PUT,
			   .class_name = TLS_CLASS,
			   .write = tls_write,
			   .read = tls_second_read},
	[AT_COMMIT] = {.name = "commit the changes",
		       .flags = STEP_FLAG_ENDS | STEP_FLAG_REPIN,
		       CALL(SETUP_CLASS, COMMIT),
		       .read = done_read},
	[AT_PROOF] = {.name = "log in as the vault says",
		      .op = WSMAN_GET,
		      .class_name = SETUP_CLASS,
		      .read = proof_read},
};

const struct flow provision_flow = {.name = "provision", .steps = steps, .step_count = AT_COUNT};
