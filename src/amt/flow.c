#include "amt/flow.h"

#include <stdio.h>

#include "amt/flow_priv.h"
#include "base/base.h"
#include "base/err.h"

static const struct flow_row {
	enum verb verb;
	const struct flow *run, *settle;
	const struct flow *boot;  /* with a boot choice */
	const struct flow *clear; /* without one, where an earlier choice may stand */
} flows[] = {
	{VERB_STATUS, &power_flow_status, NULL, NULL, NULL},
	{VERB_ON, &power_flow_on, &settle_flow_on, &power_flow_boot_on, &power_flow_clear_on},
	{VERB_OFF, &power_flow_off, &settle_flow_off, NULL, NULL},
	{VERB_RESET, &power_flow_reset, &settle_flow_reset, &power_flow_boot_reset, &power_flow_clear_reset},
	{VERB_CYCLE, &power_flow_cycle, &settle_flow_cycle, &power_flow_boot_cycle, &power_flow_clear_cycle},
	{VERB_TEST, &test_flow, NULL, NULL, NULL},
	{VERB_UNBOOT, &boot_flow_unboot, NULL, NULL, NULL},
	{VERB_ADOPT, &adopt_flow, NULL, NULL, NULL},
	{VERB_PROVISION, &provision_flow, NULL, NULL, NULL},
	{VERB_UNPROVISION, &unprovision_flow, NULL, NULL, NULL},
};

/* A controller of AMT 11.8 was seen to fail when polled every 5 s, and what is off answers slowly: few reads, and
 * further apart from each other. In sixtieths of the time that is given. */
static const uint8_t observe_at[] = {2, 4, 8, 15, 30, 60};

static const struct flow *choose(const struct flow_row *row, const struct act_start *order)
{
	if (order->mode == ACT_SETTLE)
		return row->settle;
	if (order->boot && row->boot)
		return row->boot;
	return order->boot_left && row->clear ? row->clear : row->run;
}

const struct flow *flow_for(const struct act_start *order)
{
	for (size_t i = 0; i < ARRAY_LEN(flows); i++)
		if (flows[i].verb == order->verb)
			return choose(&flows[i], order);
	return NULL;
}

void flow_begin(struct flow_ctx *ctx, const struct act_start *order, struct act_outcome *out)
{
	*ctx = (struct flow_ctx){.flow = flow_for(order), .order = order, .out = out, .dirty = order->boot_left};
	ASSERT(ctx->flow);
	out->act = order->act;
	out->fence = order->fence;
	out->interface = order->at.id;
	buf_init(&ctx->keep, 16384);
	buf_init(&ctx->certificate, 8192);
}

/* The Get of the power state stands before its enumeration. */
static void leave_out(struct flow_ctx *ctx)
{
	if (ctx->over || ctx->undoing || !ctx->no_power_get)
		return;
	const struct step *s = flow_step(ctx);
	if (s->op == WSMAN_GET && strcmp(s->class_name, POWER_CLASS) == 0)
		ctx->at++;
}

void flow_without_power_get(struct flow_ctx *ctx)
{
	ctx->no_power_get = true;
	leave_out(ctx);
}

void flow_release(struct flow_ctx *ctx)
{
	buf_release(&ctx->keep);
	buf_release(&ctx->certificate);
}

const struct step *flow_step(const struct flow_ctx *ctx)
{
	ASSERT(ctx->at < (ctx->undoing ? ctx->flow->undo_count : ctx->flow->step_count));
	return ctx->undoing ? &ctx->flow->undo[ctx->at] : &ctx->flow->steps[ctx->at];
}

static struct wsman_request request_of(const struct flow_ctx *ctx)
{
	const struct step *s = flow_step(ctx);
	struct wsman_request rq = {
		.op = s->op,
		.class_name = s->class_name,
		.method = s->method,
		.message_id = ctx->message_id,
	};
	if (s->op == WSMAN_PULL)
		rq.context = bytes_str(ctx->context.text);
	return rq;
}

int flow_write(struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	const struct step *s = flow_step(ctx);
	if (s->flags & STEP_FLAG_WRITES) {
		ctx->was_dirty = ctx->dirty;
		ctx->dirty = true;
	}
	if (s->write)
		return s->write(ctx, out, e);
	struct wsman_request rq = request_of(ctx);
	struct wsman_selector key = {.name = bytes_str(s->key), .value = bytes_str(s->key_value)};
	rq.selectors = &key;
	rq.selector_count = s->key ? 1 : 0;
	return wsman_request_write(out, &rq, e);
}

int flow_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct step *s = flow_step(ctx);
	struct wsman_request rq = request_of(ctx);
	int rc = wsman_reply_check(r, &rq, e);
	if (rc && (rc == ERR_MALFORMED || !(s->flags & STEP_FLAG_FAULTS)))
		return rc;
	ctx->fault = rc;
	ctx->next = (uint8_t)(ctx->at + 1);
	rc = s->read(ctx, r, e);
	if (rc)
		return rc;
	if (ctx->next != ctx->at)
		ctx->pages = 0;
	ctx->at = ctx->next;
	leave_out(ctx);
	ASSERT(ctx->over || ctx->at < (ctx->undoing ? ctx->flow->undo_count : ctx->flow->step_count));
	return 0;
}

void flow_lost(struct flow_ctx *ctx)
{
	ASSERT(flow_step(ctx)->flags & STEP_FLAG_ENDS);
	ctx->at++;
}

bool flow_failed(struct flow_ctx *ctx, int code)
{
	return ctx->flow->failed && !ctx->undoing && ctx->flow->failed(ctx, code);
}

bool flow_undo(struct flow_ctx *ctx)
{
	enum act_end end = ctx->out->end;
	if (!ctx->dirty || ctx->undoing || !ctx->flow->undo || end == ACT_END_DONE || end == ACT_END_DOUBT)
		return false;
	ctx->undoing = true;
	ctx->over = false;
	ctx->at = 0;
	return true;
}

int64_t flow_wait_ms(const struct flow_ctx *ctx)
{
	size_t last = ARRAY_LEN(observe_at) - 1;
	size_t i = ctx->observed < last ? ctx->observed : last;
	return ctx->order->observe_ms * observe_at[i] / observe_at[last];
}

bool flow_skip_observation(struct flow_ctx *ctx)
{
	ctx->observed++;
	return ctx->observed < ARRAY_LEN(observe_at);
}

void flow_end(struct flow_ctx *ctx, enum act_end end, int reason, enum act_evidence evidence, const char *detail, ...)
{
	ctx->over = true;
	ctx->out->step = flow_step(ctx)->name;
	ctx->out->end = end;
	ctx->out->reason = reason;
	ctx->out->evidence = evidence;
	if (!detail)
		return;
	char text[1024];
	va_list ap;
	va_start(ap, detail);
	(void)vsnprintf(text, sizeof(text), detail, ap); /* cut when longer */
	va_end(ap);
	act_outcome_set_detail(ctx->out, text);
}
