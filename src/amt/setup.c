/* The flows that take a device over (adopt) and that take AMT down (unprovision): AMT_SetupAndConfigurationService and
 * AMT_AuthorizationService, Intel AMT guide, "Setup and Configuration" and "Access Control".
 *
 * Each step may be repeated: it says how things shall be. What a step leads to is on disk before its request leaves
 * (STEP_FLAG_KEEP), so a run that was cut off is simply run again. Where a new password was sent and no answer came,
 * the device has the old one or the new one; wire tries both. */
#include "amt/flow_priv.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/cim.h"

#define SETUP_CLASS         "AMT_SetupAndConfigurationService"
#define AUTHORIZATION_CLASS "AMT_AuthorizationService"
#define DOWN_FULLY          "Unprovision"
#define DOWN_PARTLY         "PartialUnprovision"
#define DOWN_MODE           1 /* what all firmware takes: from 6.0 on only this one has an effect */

#define STATE_NOT_SET_UP 0 /* ProvisioningState */
#define STATE_SET_UP     2

#define PT_BLOCKING_COMPONENT 2076

static int setup_of(const struct wsman_reply *r, struct cim_setup *ret, struct err *e)
{
	const struct xml_node *instance;
	int rc = wsman_instance_read(r, SETUP_CLASS, &instance, e);
	return rc ? rc : cim_setup_read(instance, ret, e);
}

static void learn_mode(struct flow_ctx *ctx, int mode)
{
	ctx->out->learned.has_mode = true;
	ctx->out->learned.mode = mode;
}

static int adopt_state_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_setup setup;
	int rc = setup_of(r, &setup, e);
	if (rc)
		return rc;
	if (setup.provisioning_state != STATE_SET_UP)
		flow_end(ctx, ACT_END_FAILED, ERR_NOT_PROVISIONED, ACT_EVIDENCE_REPLY,
			 "its setup is in state %u; only a device that is set up can be adopted",
			 (unsigned)setup.provisioning_state);
	else
		learn_mode(ctx, *ctx->tls ? 2 : 1);
	return 0;
}

static void adopted(struct flow_ctx *ctx)
{
	const struct act_learned *l = &ctx->out->learned;
	flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_REPLY, "AMT %s, %s%s%s",
		 l->has_version ? l->version : "of unknown version", *ctx->tls ? ctx->tls : "no TLS",
		 *ctx->host_name ? ", host name " : "", ctx->host_name);
}

/* The device's admin is as wanted when no other password is, or when an earlier run got so far. */
static int adopt_package_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	int rc = look_package_read(ctx, r, e);
	const struct act_setup *s = ctx->order->setup;
	if (!rc && !ctx->over && (!s || !s->next.credential || ctx->has_next))
		adopted(ctx);
	return rc;
}

static struct wsman_request call_of(const struct flow_ctx *ctx, const char *method)
{
	return (struct wsman_request){
		.op = WSMAN_METHOD,
		.class_name = flow_step(ctx)->class_name,
		.method = method,
		.message_id = ctx->message_id,
	};
}

/* The 16 bytes of MD5(name:realm:password). */
static void add_digest(const struct wsman_writer *w, const char *ha1)
{
	struct buf raw;
	buf_init(&raw, 64);
	int rc = hex_decode(bytes_str(ha1), &raw);
	ASSERT(rc == 0);
	wsman_add_base64(w, "DigestPassword", buf_bytes(&raw));
	secret_wipe(raw.p, raw.len);
	buf_release(&raw);
}

int setup_password_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct digest_key key;
	struct wsman_request rq = call_of(ctx, SETUP_PASSWORD);
	const char *login = ctx->order->setup->next.login;
	digest_key_make(DIGEST_MD5, bytes_str(login), bytes_str(*ctx->device_realm ? ctx->device_realm : ctx->realm),
			BYTES(ctx->password->p, ctx->password->len), &key);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_str(&w, "Username", login);
	add_digest(&w, key.ha1);
	digest_key_wipe(&key);
	return wsman_request_end(&w, &rq, e);
}

/* Refused for good: the device keeps the password that it had. */
int setup_password_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *output;
	int rc = wsman_method_done(r, SETUP_PASSWORD, &output, e);
	if (!rc)
		ctx->take_next = true;
	return rc;
}

static int adopt_proof_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_setup setup;
	int rc = setup_of(r, &setup, e);
	if (!rc)
		adopted(ctx);
	return rc;
}

static const struct step adopt_steps[] = {
	LOOK_GENERAL_STEP,
	LOOK_SOFTWARE_STEP,
	{.name = "read how it is set up", .op = WSMAN_GET, .class_name = SETUP_CLASS, .read = adopt_state_read},
	{.name = "read the UUID",
	 .flags = STEP_FLAG_FAULTS,
	 .op = WSMAN_GET,
	 .class_name = "CIM_ComputerSystemPackage",
	 .read = adopt_package_read},
	{.name = "give the admin a new password",
	 .flags = STEP_FLAG_KEEP | STEP_FLAG_SECRET,
	 .op = WSMAN_METHOD,
	 .class_name = AUTHORIZATION_CLASS,
	 .method = SETUP_PASSWORD,
	 .write = setup_password_write,
	 .read = setup_password_read},
	{.name = "log in with the new password", .op = WSMAN_GET, .class_name = SETUP_CLASS, .read = adopt_proof_read},
};

const struct flow adopt_flow = {.name = "adopt", .steps = adopt_steps, .step_count = ARRAY_LEN(adopt_steps)};

static void taken_down(struct flow_ctx *ctx, enum act_end end, enum act_evidence evidence, const char *how)
{
	learn_mode(ctx, 0);
	flow_end(ctx, end, 0, evidence, "%s", how);
}

static int down_state_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_setup setup;
	int rc = setup_of(r, &setup, e);
	if (!rc && setup.provisioning_state == STATE_NOT_SET_UP)
		taken_down(ctx, ACT_END_ALREADY, ACT_EVIDENCE_REPLY, "it was not set up");
	return rc;
}

static bool is_full(const struct flow_ctx *ctx)
{
	return ctx->order->setup && ctx->order->setup->full;
}

static int down_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct wsman_request rq = call_of(ctx, is_full(ctx) ? DOWN_FULLY : DOWN_PARTLY);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	if (is_full(ctx))
		wsman_add_u64(&w, "ProvisioningMode", DOWN_MODE);
	return wsman_request_end(&w, &rq, e);
}

/* The firmware's own words, and for the audit log, which can forbid it, what to do. */
static int down_refused(struct flow_ctx *ctx, const char *method, uint32_t value)
{
	const char *word = wsman_status_name(method, value);
	ctx->out->device_status = value <= INT32_MAX ? (int)value : INT32_MAX;
	flow_end(ctx, ACT_END_FAILED,
		 value == PT_BLOCKING_COMPONENT ? ERR_UNPROVISION_BLOCKED : wsman_status_error(method, value),
		 ACT_EVIDENCE_REPLY, "ReturnValue %u%s%s%s", value, word ? " (" : "", word ? word : "",
		 word ? ")" : "");
	return 0;
}

static int down_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *output;
	uint32_t value;
	bool full = is_full(ctx);
	const char *method = full ? DOWN_FULLY : DOWN_PARTLY;
	int rc = wsman_method_read(r, method, &output, &value, e);
	if (rc)
		return rc;
	if (value)
		return down_refused(ctx, method, value);
	taken_down(ctx, ACT_END_DONE, ACT_EVIDENCE_REPLY, full ? "taken down fully" : "taken down partly");
	return 0;
}

/* It was told, no reply came, and it answers as before. */
static int down_proof_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_setup setup;
	int rc = setup_of(r, &setup, e);
	if (rc)
		return rc;
	if (setup.provisioning_state != STATE_SET_UP)
		taken_down(ctx, ACT_END_DONE, ACT_EVIDENCE_OBSERVED, "taken down");
	else
		flow_end(ctx, ACT_END_FAILED, ERR_NO_CHANGE, ACT_EVIDENCE_OBSERVED, "it is still set up");
	return 0;
}

/* A device that is taken down has no AMT port, or another realm and certificate, or waits to be set up and takes other
 * clients. That its password or TLS is another one counts only where it was right a moment ago, or was not there. */
static bool down_failed(struct flow_ctx *ctx, int code)
{
	bool told_now = ctx->at == ctx->flow->step_count - 1;
	bool told = told_now || (ctx->order->setup && ctx->order->setup->told);
	bool gone = code == ERR_REFUSED_PORT || code == ERR_REALM_CHANGED || code == ERR_TLS_PIN ||
		    (told_now && code == ERR_WRONG_PASSWORD) ||
		    ((told_now || !ctx->order->at.tls_seen) && code == ERR_TLS_FAILED);
	if (!told || !gone)
		return false;
	taken_down(ctx, ACT_END_DONE, ACT_EVIDENCE_OBSERVED, "it was told to, and its AMT is gone");
	return true;
}

static const struct step down_steps[] = {
	{.name = "read how it is set up", .op = WSMAN_GET, .class_name = SETUP_CLASS, .read = down_state_read},
	{.name = "take AMT down",
	 .flags = STEP_FLAG_KEEP | STEP_FLAG_ENDS,
	 .op = WSMAN_METHOD,
	 .class_name = SETUP_CLASS,
	 .method = DOWN_FULLY,
	 .write = down_write,
	 .read = down_read},
	{.name = "see that AMT is down", .op = WSMAN_GET, .class_name = SETUP_CLASS, .read = down_proof_read},
};

const struct flow unprovision_flow = {
	.name = "unprovision",
	.steps = down_steps,
	.step_count = ARRAY_LEN(down_steps),
	.failed = down_failed,
};
