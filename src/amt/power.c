/* The flows that read and change the power of a device (CIM_PowerManagementService, DSP1027). */
#include "amt/flow_priv.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/cim.h"

/* What the state that was read before means for an order: reset, cycle and off are accepted only from powered on, on
 * only from off or asleep (Intel's Open AMT documentation, "Power States"); off also ends a sleep. */
enum shape { SHAPE_ON, SHAPE_OFF, SHAPE_ASLEEP, SHAPE_CHANGING, SHAPE_UNKNOWN, SHAPE_COUNT };
enum before { GO, ALREADY, REFUSED, LATER };

static const struct before_row {
	enum verb verb;
	uint8_t before[SHAPE_COUNT]; /* enum before */
} before_rows[] = {
	/*           on       off      asleep   changing unknown */
	{VERB_ON, {ALREADY, GO, GO, LATER, GO}},
	{VERB_OFF, {GO, ALREADY, GO, LATER, GO}},
	{VERB_RESET, {GO, REFUSED, REFUSED, LATER, GO}},
	{VERB_CYCLE, {GO, REFUSED, REFUSED, LATER, GO}},
};

/* How an order ended by its ReturnValue, where that differs from what codec's table of errors says. 2 is also PT_STATUS
 * "not ready"; 3 is the device's own time limit, which does not say that nothing happened. */
static const struct answer_row {
	uint32_t value;
	enum act_end end;
	int reason;
} answers[] = {
	{2, ACT_END_REFUSED, ERR_DEVICE_BUSY},
	{3, ACT_END_DOUBT, ERR_BAD_REPLY},
};

#define ACCEPTED    0
#define JOB_STARTED 4096

static enum shape shape_of(int state)
{
	switch (state) {
	case POWER_STATE_LIGHT_SLEEP:
	case POWER_STATE_DEEP_SLEEP:
	case POWER_STATE_HIBERNATE:
		return SHAPE_ASLEEP;
	case POWER_STATE_CYCLE_SOFT:
	case POWER_STATE_CYCLE_HARD:
		return SHAPE_CHANGING;
	default:
		return power_state_is_on(state) ? SHAPE_ON : power_state_is_off(state) ? SHAPE_OFF : SHAPE_UNKNOWN;
	}
}

static enum before before_of(enum verb verb, int state)
{
	for (size_t i = 0; i < ARRAY_LEN(before_rows); i++)
		if (before_rows[i].verb == verb)
			return before_rows[i].before[shape_of(state)];
	return GO;
}

static int state_of(struct flow_ctx *ctx, const struct xml_node *instance, struct err *e)
{
	struct cim_power power;
	int rc = cim_power_read(instance, &power, e);
	if (rc)
		return rc;
	ctx->power = power.state <= INT32_MAX ? (int)power.state : POWER_STATE_OTHER;
	return 0;
}

static int got(struct flow_ctx *ctx, const struct wsman_reply *r, bool *ret_known, struct err *e)
{
	if (r->is_fault && r->fault == WSMAN_FAULT_DESTINATION_UNREACHABLE) {
		ctx->no_power_get = true;
		return 0;
	}
	if (ctx->fault)
		return err_set(e, ctx->fault, "the device answered with the fault %.*s", (int)r->fault_subcode.len,
			       (const char *)r->fault_subcode.p);
	const struct xml_node *instance;
	int rc = wsman_instance_read(r, POWER_CLASS, &instance, e);
	if (!rc)
		rc = state_of(ctx, instance, e);
	if (rc)
		return rc;
	*ret_known = true;
	ctx->next = (uint8_t)(ctx->at + POWER_STEP_COUNT);
	return 0;
}

/* Pulls to the end, so that no enumeration stays open in the device, and takes the first state it meets. */
static int pulled(struct flow_ctx *ctx, const struct wsman_reply *r, bool *ret_known, struct err *e)
{
	const struct xml_node *items;
	int rc = wsman_pull_read(r, &ctx->context, &items, e);
	if (rc)
		return rc;
	if (++ctx->pages > FLOW_PAGES_MAX)
		return err_set(e, ERR_TOO_BIG, "the list of power services does not end");
	const struct xml_node *item = items ? items->child : NULL;
	while (item && !wsman_is_of_class(item, POWER_CLASS))
		item = item->next;
	if (item && ctx->power == POWER_STATE_UNKNOWN)
		rc = state_of(ctx, item, e);
	if (rc)
		return rc;
	if (*ctx->context.text) {
		ctx->next = ctx->at;
		return 0;
	}
	if (ctx->power == POWER_STATE_UNKNOWN)
		return err_set(e, ERR_MALFORMED, "the list of power services holds no power state");
	*ret_known = true;
	return 0;
}

int power_read(struct flow_ctx *ctx, const struct wsman_reply *r, bool *ret_known, struct err *e)
{
	*ret_known = false;
	if (flow_step(ctx)->op == WSMAN_PULL)
		return pulled(ctx, r, ret_known, e);
	ctx->power = POWER_STATE_UNKNOWN;
	if (flow_step(ctx)->op == WSMAN_GET)
		return got(ctx, r, ret_known, e);
	return wsman_enumerate_read(r, &ctx->context, e);
}

static int status_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	bool known;
	int rc = power_read(ctx, r, &known, e);
	if (rc || !known)
		return rc;
	ctx->out->power_after = ctx->power;
	flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_REPLY, NULL);
	return 0;
}

/* Waking from S3 is no boot, and what is on does not boot either: the choice would wait for some later boot. */
static bool would_not_boot(const struct act_start *order, int state)
{
	return order->boot && order->verb == VERB_ON &&
	       (power_state_is_on(state) || state == POWER_STATE_LIGHT_SLEEP || state == POWER_STATE_DEEP_SLEEP);
}

static int before_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	bool known;
	int rc = power_read(ctx, r, &known, e);
	if (rc || !known)
		return rc;
	ctx->out->power_before = ctx->power;
	const char *word = power_state_name(ctx->power);
	if (would_not_boot(ctx->order, ctx->power)) {
		flow_end(ctx, ACT_END_FAILED, ERR_ALREADY_ON, ACT_EVIDENCE_OBSERVED, "its power state is \"%s\"", word);
		return 0;
	}
	switch (before_of(ctx->order->verb, ctx->power)) {
	case GO:
		break;
	case ALREADY:
		ctx->out->power_after = ctx->power;
		flow_end(ctx, ACT_END_ALREADY, 0, ACT_EVIDENCE_OBSERVED, NULL);
		break;
	case REFUSED:
		flow_end(ctx, ACT_END_FAILED, ERR_INVALID_STATE, ACT_EVIDENCE_OBSERVED, "its power state is \"%s\"",
			 word);
		break;
	case LATER:
		flow_end(ctx, ACT_END_NOT_SENT, ERR_DEVICE_BUSY, ACT_EVIDENCE_OBSERVED, "its power state is \"%s\"",
			 word);
		break;
	}
	return 0;
}

static int order_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	return cim_power_change_write(out, &ctx->message_id, (unsigned)verb_order(ctx->order->verb), e);
}

/* A fault is a complete refusal. The two that the device blames on itself may pass; its own time limit proves
 * nothing. */
static void order_faulted(struct flow_ctx *ctx, const struct wsman_reply *r)
{
	enum act_end end = ACT_END_FAILED;
	int reason = ctx->fault;
	if (r->fault == WSMAN_FAULT_TIMED_OUT) {
		end = ACT_END_DOUBT;
		reason = ERR_BAD_REPLY;
	} else if (err_class(reason) == ERR_CLASS_RETRY || r->fault == WSMAN_FAULT_INTERNAL_ERROR) {
		end = ACT_END_REFUSED;
	}
	ctx->out->device_status = r->pt_status;
	flow_end(ctx, end, reason, ACT_EVIDENCE_REPLY, "fault %.*s: %.*s", (int)r->fault_subcode.len,
		 (const char *)r->fault_subcode.p, (int)r->fault_reason.len, (const char *)r->fault_reason.p);
}

/* Off and cycle are refused as an invalid change while a KVM, SOL or IDE-R session is open, reset is not (Intel AMT
 * guide, "Remote Control"); the state that would allow them was read a moment ago. */
static bool looks_like_open_session(const struct flow_ctx *ctx, int reason)
{
	enum verb verb = ctx->order->verb;
	return reason == ERR_INVALID_STATE && (verb == VERB_OFF || verb == VERB_CYCLE) &&
	       power_state_is_on(ctx->out->power_before);
}

static void order_refused(struct flow_ctx *ctx, uint32_t value)
{
	int reason = wsman_status_error(CIM_POWER_CHANGE, value);
	enum act_end end = err_class(reason) == ERR_CLASS_RETRY ? ACT_END_REFUSED : ACT_END_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (answers[i].value == value) {
			end = answers[i].end;
			reason = answers[i].reason;
		}
	if (looks_like_open_session(ctx, reason))
		reason = ERR_SESSION_OPEN;
	const char *word = wsman_status_name(CIM_POWER_CHANGE, value);
	ctx->out->device_status = value <= INT32_MAX ? (int)value : INT32_MAX;
	flow_end(ctx, end, reason, ACT_EVIDENCE_REPLY, "ReturnValue %u%s%s%s", value, word ? " (" : "",
		 word ? word : "", word ? ")" : "");
}

static int order_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	if (ctx->fault) {
		order_faulted(ctx, r);
		return 0;
	}
	const struct xml_node *output;
	uint32_t value;
	int rc = wsman_method_read(r, CIM_POWER_CHANGE, &output, &value, e);
	if (rc)
		return rc;
	if (value != ACCEPTED && value != JOB_STARTED)
		order_refused(ctx, value);
	else if (!ctx->flow->observe)
		flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_REPLY, NULL);
	else
		ctx->next = ctx->flow->observe;
	return 0;
}

static bool is_reached(enum verb verb, int state)
{
	return verb == VERB_ON ? power_state_is_on(state) : power_state_is_off(state);
}

static int observe_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	bool known;
	int rc = power_read(ctx, r, &known, e);
	if (rc || !known)
		return rc;
	ctx->out->power_after = ctx->power;
	if (is_reached(ctx->order->verb, ctx->power))
		flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_OBSERVED, NULL);
	else if (flow_skip_observation(ctx))
		ctx->next = ctx->flow->observe;
	else
		flow_end(ctx, ACT_END_FAILED, ERR_NO_CHANGE, ACT_EVIDENCE_OBSERVED, "its power state is still \"%s\"",
			 power_state_name(ctx->power));
	return 0;
}

#define ORDER_STEP                                                                                                     \
	{                                                                                                              \
		.name = "order the power change", .flags = STEP_FLAG_GATE | STEP_FLAG_FAULTS, .op = WSMAN_METHOD,      \
		.class_name = CIM_POWER_SERVICE, .method = CIM_POWER_CHANGE, .write = order_write, .read = order_read  \
	}

static const struct step status_steps[] = {POWER_STEPS(status_read, 0)};
static const struct step switch_steps[] = {
	POWER_STEPS(before_read, 0),
	ORDER_STEP,
	POWER_STEPS(observe_read, STEP_FLAG_OBSERVE),
};
static const struct step jolt_steps[] = {POWER_STEPS(before_read, 0), ORDER_STEP};
static const struct step boot_on_steps[] = {
	POWER_STEPS(before_read, 0),
	BOOT_STEPS,
	ORDER_STEP,
	POWER_STEPS(observe_read, STEP_FLAG_OBSERVE),
};
static const struct step boot_jolt_steps[] = {POWER_STEPS(before_read, 0), BOOT_STEPS, ORDER_STEP};
static const struct step clear_on_steps[] = {
	POWER_STEPS(before_read, 0),
	BOOT_CLEAR_STEPS,
	ORDER_STEP,
	POWER_STEPS(observe_read, STEP_FLAG_OBSERVE),
};
static const struct step clear_jolt_steps[] = {POWER_STEPS(before_read, 0), BOOT_CLEAR_STEPS, ORDER_STEP};

#define FLOW(what, table)           .name = (what), .steps = (table), .step_count = ARRAY_LEN(table)
#define FLOW_WITH_BOOT(what, table) FLOW(what, table), .undo = boot_clear_steps, .undo_count = BOOT_CLEAR_COUNT
/* Looks behind the state before, so many more steps, and the order. */
#define OBSERVED(steps)             .observe = POWER_STEP_COUNT + (steps) + 1

const struct flow power_flow_status = {FLOW("status", status_steps)};
const struct flow power_flow_on = {FLOW("on", switch_steps), OBSERVED(0)};
const struct flow power_flow_off = {FLOW("off", switch_steps), OBSERVED(0)};
const struct flow power_flow_reset = {FLOW("reset", jolt_steps)};
const struct flow power_flow_cycle = {FLOW("cycle", jolt_steps)};
const struct flow power_flow_boot_on = {
	FLOW_WITH_BOOT("on with a boot choice", boot_on_steps),
	OBSERVED(BOOT_STEP_COUNT),
};
const struct flow power_flow_boot_reset = {FLOW_WITH_BOOT("reset with a boot choice", boot_jolt_steps)};
const struct flow power_flow_boot_cycle = {FLOW_WITH_BOOT("cycle with a boot choice", boot_jolt_steps)};
const struct flow power_flow_clear_on = {
	FLOW("on, a boot choice taken back", clear_on_steps),
	OBSERVED(BOOT_CLEAR_COUNT),
};
const struct flow power_flow_clear_reset = {FLOW("reset, a boot choice taken back", clear_jolt_steps)};
const struct flow power_flow_clear_cycle = {FLOW("cycle, a boot choice taken back", clear_jolt_steps)};
