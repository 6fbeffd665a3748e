/* The steps that choose what the next boot is, and those that take the choice back: AMT_BootSettingData,
 * CIM_BootConfigSetting and CIM_BootService, in the order that other consoles use with all firmware (Intel AMT guide,
 * "Set or Disable Boot Configuration Settings"). An earlier source is cleared first: the BIOS set-up is refused beside
 * one. Each may be repeated: it says how things shall be.
 *
 * Taking back means that nothing is chosen, not what was there before: options that somebody else left (an erasure, a
 * flashing) must not be made to count by us, and their source cannot be read. */
#include "amt/boot.h"

#include <ctype.h>

#include "amt/flow_priv.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/cim.h"
#include "codec/json.h"

#define BOOT_INVALID_REFERENCE 4 /* ReturnValue of ChangeBootOrder */
#define OPTIONS_MAX            4096

static const struct choice_row {
	enum boot_choice choice;
	const char *name, *source, *sentence;
} choices[] = {
#define BOOT_CHOICE(name, number, capability, source, sentence) {BOOT_##name, #name, source, sentence},
#include "amt/boot.tbl.h"
#undef BOOT_CHOICE
};

static char names[ARRAY_LEN(choices)][8];

__attribute__((constructor)) static void fill_names(void)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		for (size_t j = 0; choices[i].name[j] && j + 1 < sizeof(names[i]); j++)
			names[i][j] = (char)tolower((unsigned char)choices[i].name[j]);
}

static const struct choice_row *choice_row(enum boot_choice b)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (choices[i].choice == b)
			return &choices[i];
	return NULL;
}

const char *boot_name(enum boot_choice b)
{
	const struct choice_row *row = choice_row(b);
	return row ? names[row - choices] : NULL;
}

const char *boot_sentence(enum boot_choice b)
{
	const struct choice_row *row = choice_row(b);
	return row ? row->sentence : "";
}

bool boot_from_name(const char *name, enum boot_choice *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (strcmp(names[i], name) == 0) {
			*ret = choices[i].choice;
			return true;
		}
	return false;
}

enum boot_choice boot_from_options(const char *options)
{
	struct json_t *doc;
	const char *name = NULL;
	enum boot_choice b = BOOT_NONE;
	if (json_parse(bytes_str(options), OPTIONS_MAX, &doc, NULL))
		return BOOT_NONE;
	if (!json_opt_str(doc, "boot", sizeof(names[0]), &name, NULL) && name)
		(void)boot_from_name(name, &b); /* zone wrote it, and checked it before */
	json_free(doc);
	return b;
}

static bool is_offered(const struct cim_boot_capabilities *c, enum boot_choice b)
{
	switch (b) {
#define BOOT_CHOICE(name, number, capability, source, sentence)                                                        \
	case BOOT_##name:                                                                                              \
		return CIM_HAS(boot_capabilities, c, capability) && c->capability;
#include "amt/boot.tbl.h"
#undef BOOT_CHOICE
	default:
		return false;
	}
}

/* Every option of one boot as if nobody had chosen anything; of those that the firmware has. True when one changed. */
static bool make_neutral(struct cim_boot *b)
{
	bool changed = false;
#define NEUTRAL(field)                                                                                                 \
	do {                                                                                                           \
		changed = changed || (CIM_HAS(boot, b, field) && b->field);                                            \
		b->field = 0;                                                                                          \
	} while (0)
	NEUTRAL(bios_pause);
	NEUTRAL(bios_setup);
	NEUTRAL(media_index);
	NEUTRAL(configuration_reset);
	NEUTRAL(verbosity);
	NEUTRAL(progress_events);
	NEUTRAL(ider_device);
	NEUTRAL(lock_keyboard);
	NEUTRAL(lock_power_button);
	NEUTRAL(lock_reset_button);
	NEUTRAL(lock_sleep_button);
	NEUTRAL(platform_erase);
	NEUTRAL(reflash_bios);
	NEUTRAL(secure_erase);
	NEUTRAL(use_ider);
	NEUTRAL(use_sol);
	NEUTRAL(use_safe_mode);
	NEUTRAL(user_password_bypass);
#undef NEUTRAL
	return changed;
}

static void unsupported(struct flow_ctx *ctx, const char *why)
{
	flow_end(ctx, ACT_END_FAILED, ERR_BOOT_UNSUPPORTED, ACT_EVIDENCE_REPLY, "%s %s", why,
		 boot_sentence(ctx->order->boot));
}

/* A fault that is no answer which the steps know. */
static int faulted(const struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	return err_set(e, ctx->fault, "the device answered with the fault %.*s: %.*s", (int)r->fault_subcode.len,
		       (const char *)r->fault_subcode.p, (int)r->fault_reason.len, (const char *)r->fault_reason.p);
}

int boot_capabilities_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_boot_capabilities c;
	if (r->is_fault && r->fault == WSMAN_FAULT_DESTINATION_UNREACHABLE) {
		unsupported(ctx, "the firmware has no boot options, so it cannot boot into");
		return 0;
	}
	if (ctx->fault)
		return faulted(ctx, r, e);
	int rc = wsman_instance_read(r, "AMT_BootCapabilities", &instance, e);
	if (!rc)
		rc = cim_boot_capabilities_read(instance, &c, e);
	if (!rc && !is_offered(&c, ctx->order->boot))
		unsupported(ctx, "the firmware says that it cannot boot into");
	return rc;
}

static int settings_of(struct flow_ctx *ctx, const struct wsman_reply *r, struct cim_boot *ret, struct err *e)
{
	const struct xml_node *instance;
	int rc = wsman_instance_read(r, BOOT_SETTINGS_CLASS, &instance, e);
	if (!rc)
		rc = cim_boot_read(instance, ret, e);
	if (rc)
		return rc;
	buf_reset(&ctx->keep);
	return buf_add(&ctx->keep, ret, sizeof(*ret));
}

static void settings_kept(const struct flow_ctx *ctx, struct cim_boot *ret)
{
	ASSERT(ctx->keep.len == sizeof(*ret));
	memcpy(ret, ctx->keep.p, sizeof(*ret));
}

int boot_settings_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_boot b;
	int rc = settings_of(ctx, r, &b, e);
	if (!rc && ctx->order->boot == BOOT_BIOS && !CIM_HAS(boot, &b, bios_setup))
		unsupported(ctx, "the firmware has no setting for");
	return rc;
}

int boot_settings_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct cim_boot b;
	settings_kept(ctx, &b);
	(void)make_neutral(&b);
	b.bios_setup = ctx->order->boot == BOOT_BIOS;
	return cim_boot_put(out, &ctx->message_id, &b, e);
}

int boot_no_source_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	return cim_boot_order_write(out, &ctx->message_id, NULL, e);
}

int boot_source_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	return cim_boot_order_write(out, &ctx->message_id, choice_row(ctx->order->boot)->source, e);
}

int boot_next_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	return cim_boot_role_write(out, &ctx->message_id, CIM_BOOT_ROLE_NEXT_ONCE, e);
}

int boot_not_next_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	return cim_boot_role_write(out, &ctx->message_id, CIM_BOOT_ROLE_NOT_NEXT, e);
}

/* What the reply to a Put or a method says: 0 or what the refusal means, with what it said in e. */
static int answer_of(const struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *output;
	const struct step *s = flow_step(ctx);
	if (ctx->fault)
		return faulted(ctx, r, e);
	return s->method ? wsman_method_done(r, s->method, &output, e) : 0;
}

/* What firmware calls an invalid reference is a source that it does not have. */
static bool is_no_such_choice(int rc, const struct err *e)
{
	return rc == ERR_UNSUPPORTED || (rc == ERR_DEVICE_FAULT && e->device_status == BOOT_INVALID_REFERENCE);
}

/* An answer that wholly refuses leaves the device as it was; an internal error of its own says nothing. */
int boot_written_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct err said = ERR_INIT;
	int rc = answer_of(ctx, r, &said);
	if (!rc)
		return 0;
	if (rc != ERR_MALFORMED && r->fault != WSMAN_FAULT_INTERNAL_ERROR && r->fault != WSMAN_FAULT_TIMED_OUT)
		ctx->dirty = ctx->was_dirty;
	if (rc == ERR_ACCESS_DENIED) {
		ctx->next = BOOT_CONSENT_STEP;
		return 0;
	}
	if (is_no_such_choice(rc, &said)) {
		flow_end(ctx, ACT_END_FAILED, ERR_BOOT_UNSUPPORTED, ACT_EVIDENCE_REPLY, "%s", said.msg);
		return 0;
	}
	e->device_status = said.device_status;
	return err_set(e, rc, "%s", said.msg);
}

/* The last of them: what asks for consent is skipped. */
int boot_source_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	ctx->next = BOOT_CONSENT_STEP + 1;
	return boot_written_read(ctx, r, e);
}

#define CONSENT_FOR_ALL  UINT32_MAX /* OptInRequired */
#define CONSENT_RECEIVED 3          /* OptInState */
#define CONSENT_IN_USE   4

/* Boot options were refused. With consent required and missing firmware refuses them to everybody (Intel AMT guide,
 * "User Consent"); before AMT 6 there is no such class. */
int boot_consent_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_opt_in o = {0};
	int rc = ctx->fault ? 0 : wsman_instance_read(r, "IPS_OptInService", &instance, e);
	if (!rc && !ctx->fault)
		rc = cim_opt_in_read(instance, &o, e);
	if (rc)
		return rc;
	bool missing = o.required == CONSENT_FOR_ALL && o.state != CONSENT_RECEIVED && o.state != CONSENT_IN_USE;
	flow_end(ctx, ACT_END_FAILED, missing ? ERR_CONSENT_REQUIRED : ERR_ACCESS_DENIED, ACT_EVIDENCE_REPLY,
		 missing ? "the device takes boot options only with the consent of the person in front of it"
			 : "the device refuses boot options to this user");
	return 0;
}

/* What is asked for stands: no boot choice does. */
static void cleared(struct flow_ctx *ctx)
{
	ctx->dirty = false;
	if (ctx->undoing)
		ctx->over = true;
	else if (ctx->order->verb == VERB_UNBOOT)
		flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_REPLY, NULL);
	else
		ctx->next = POWER_STEP_COUNT + BOOT_CLEAR_COUNT;
}

/* An order without a choice is not sent into one that it did not make. */
static int not_cleared(const struct flow_ctx *ctx, int rc, const struct err *said, struct err *e)
{
	e->device_status = said->device_status;
	if (ctx->undoing || ctx->order->verb == VERB_UNBOOT)
		return err_set(e, rc, "%s", said->msg);
	return err_set(e, rc, "an earlier boot choice may stand there and cannot be taken back: %s", said->msg);
}

int boot_clear_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct err said = ERR_INIT;
	if (r->is_fault && r->fault == WSMAN_FAULT_DESTINATION_UNREACHABLE) {
		cleared(ctx); /* it has no boot options */
		return 0;
	}
	int rc = answer_of(ctx, r, &said);
	return rc ? not_cleared(ctx, rc, &said, e) : 0;
}

int boot_clear_settings_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct cim_boot b;
	int rc = settings_of(ctx, r, &b, e);
	if (!rc && !make_neutral(&b))
		cleared(ctx);
	return rc;
}

int boot_clear_settings_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct cim_boot b;
	settings_kept(ctx, &b);
	(void)make_neutral(&b);
	return cim_boot_put(out, &ctx->message_id, &b, e);
}

int boot_cleared_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct err said = ERR_INIT;
	int rc = answer_of(ctx, r, &said);
	if (rc)
		return not_cleared(ctx, rc, &said, e);
	cleared(ctx);
	return 0;
}

const struct step boot_clear_steps[BOOT_CLEAR_COUNT] = {BOOT_CLEAR_STEPS};
const struct flow boot_flow_unboot = {.name = "unboot", .steps = boot_clear_steps, .step_count = BOOT_CLEAR_COUNT};
