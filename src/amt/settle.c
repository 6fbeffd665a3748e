/* The flows that find out what became of an order whose reply was lost. They read, and at most write the boot settings
 * that they have just read, unchanged.
 *
 * On and off show in the power state. Reset and cycle leave it as it was, so the controller's audit log is asked: a
 * record of that order by our user since the order was sent proves it. That nothing was done is believed only when the
 * log is shown to record such things (rule R6): writing the boot settings must put its own record behind the place
 * where the order's would stand, with nothing of ours in between. Events: Intel AMT guide, "Audit Log". */
#include "amt/flow_priv.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/auditlog.h"
#include "codec/cim.h"

#define APP_REMOTE_CONTROL 17
#define EVENT_LAST_POWER   3 /* 0 up, 1 down, 2 cycle, 3 reset */
#define EVENT_BOOT_OPTIONS 4
#define APP_AUDIT_LOG      20
#define EVENT_EXPORTED     4 /* of the audit log's own events the one that changes nothing */
#define APP_TIME           21

#define AUDIT_OFF  1u /* bits of AuditState */
#define AUDIT_FULL 8u

#define TAIL 20 /* records that are looked at first */

#define CLOCK_CLASS  "AMT_TimeSynchronizationService"
#define CLOCK_METHOD "GetLowAccuracyTimeSynch"

static void doubt(struct flow_ctx *ctx, const char *why)
{
	flow_end(ctx, ACT_END_DOUBT, ERR_NO_REPLY, ACT_EVIDENCE_NONE, "%s", why);
}

static int switched_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	bool known;
	int rc = power_read(ctx, r, &known, e);
	if (rc || !known)
		return rc;
	int before = ctx->order->power_before;
	bool on = ctx->order->verb == VERB_ON;
	ctx->out->power_before = before;
	ctx->out->power_after = ctx->power;
	if (on ? power_state_is_on(ctx->power) : power_state_is_off(ctx->power))
		flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_OBSERVED, NULL);
	else if (ctx->power == before)
		flow_end(ctx, ACT_END_NOT_DONE, ERR_NO_CHANGE, ACT_EVIDENCE_OBSERVED, "its power state is still \"%s\"",
			 power_state_name(ctx->power));
	else
		flow_end(ctx, ACT_END_DOUBT, ERR_NO_REPLY, ACT_EVIDENCE_OBSERVED,
			 "its power state went from \"%s\" to \"%s\"", power_state_name(before),
			 power_state_name(ctx->power));
	return 0;
}

static int state_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	bool known;
	int rc = power_read(ctx, r, &known, e);
	if (rc || !known)
		return rc;
	ctx->out->power_before = ctx->order->power_before;
	ctx->out->power_after = ctx->power;
	return 0;
}

static int clock_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *output;
	uint64_t seconds;
	if (ctx->fault) {
		doubt(ctx, "the device does not tell its time");
		return 0;
	}
	int rc = wsman_method_done(r, CLOCK_METHOD, &output, e);
	if (rc)
		return rc;
	if (!xml_u64(xml_child(output, output->ns, "Ta0"), &seconds) || seconds > UINT32_MAX)
		return err_set(e, ERR_MALFORMED, "the reply to " CLOCK_METHOD " holds no time");
	/* Its clock and the records count whole seconds: half a second is the best guess for either. */
	int64_t middle = ctx->asked_at_ms + (ctx->answered_at_ms - ctx->asked_at_ms) / 2;
	ctx->settle.ahead_ms = (int64_t)seconds * 1000 + 500 - middle;
	ctx->settle.blur_ms = (ctx->answered_at_ms - ctx->asked_at_ms) / 2 + 500 + 500;
	return 0;
}

static int log_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_audit_log log;
	if (ctx->fault) {
		doubt(ctx, "the device has no audit log that this user may read");
		return 0;
	}
	int rc = wsman_instance_read(r, "AMT_AuditLog", &instance, e);
	if (!rc)
		rc = cim_audit_log_read(instance, &log, e);
	if (rc)
		return rc;
	uint64_t count = log.records <= UINT32_MAX ? log.records : 0;
	ctx->settle.records = !(log.audit_state & (AUDIT_OFF | AUDIT_FULL));
	ctx->settle.start = count > TAIL ? (uint32_t)(count - TAIL + 1) : 1;
	ctx->settle.covered = ctx->settle.start == 1;
	if (!count && !ctx->settle.records)
		doubt(ctx, "the device's audit log is empty and records nothing");
	else if (!count)
		ctx->next++; /* nothing to read yet */
	return 0;
}

static bool is_ours(const struct flow_ctx *ctx, const struct auditlog_record *record)
{
	return record->initiator == AUDITLOG_BY_DIGEST && bytes_equal_str(record->user, ctx->order->at.login);
}

/* The latest moment, by our clock, at which the record may have been written is not before then_ms. */
static bool may_be_since(const struct flow_ctx *ctx, const struct auditlog_record *record, int64_t then_ms)
{
	return record->at * 1000 + 500 - ctx->settle.ahead_ms + ctx->settle.blur_ms >= then_ms;
}

static void power_record(struct flow_ctx *ctx, const struct auditlog_record *record)
{
	int wanted = ctx->order->verb == VERB_RESET ? 3 : 2;
	if (record->event == EVENT_BOOT_OPTIONS) {
		if (ctx->settle.marked && may_be_since(ctx, record, ctx->settle.marked_at_ms))
			ctx->settle.marker_seen = true;
	} else if (record->event == wanted) {
		flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_AUDIT, "recorded in the device's audit log");
	} else if (record->event <= EVENT_LAST_POWER) {
		ctx->settle.other = true;
	}
}

static void record_seen(struct flow_ctx *ctx, const struct auditlog_record *record)
{
	if (!may_be_since(ctx, record, ctx->order->sent_at_ms))
		ctx->settle.covered = true;
	else if (record->app == APP_TIME || (record->app == APP_AUDIT_LOG && record->event != EVENT_EXPORTED))
		ctx->settle.broken = true;
	else if (record->app == APP_REMOTE_CONTROL && is_ours(ctx, record))
		power_record(ctx, record);
}

/* What to do when all records up to the present end are read, and none is the order's. */
static void tail_read(struct flow_ctx *ctx)
{
	const struct settle *s = &ctx->settle;
	if (!s->records || !s->covered || s->broken || s->other)
		doubt(ctx, "the device's audit log does not tell");
	else if (s->marked && s->marker_seen)
		flow_end(ctx, ACT_END_NOT_DONE, ERR_NO_CHANGE, ACT_EVIDENCE_AUDIT,
			 "the device's audit log records such orders and holds none");
	else if (s->marked)
		doubt(ctx, "the device's audit log does not record boot settings");
}

static int page_read(struct flow_ctx *ctx, const struct auditlog_page *page, struct err *e)
{
	for (const struct xml_node *n = page->first; n && !ctx->over; n = xml_next(n)) {
		struct auditlog_record record;
		int rc = auditlog_node_read(n, ctx->scratch, &record, e);
		if (rc)
			return rc;
		ctx->settle.start++;
		record_seen(ctx, &record);
	}
	return 0;
}

static int records_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	struct auditlog_page page;
	if (ctx->fault) {
		doubt(ctx, "the device's audit log cannot be read");
		return 0;
	}
	int rc = auditlog_page_read(r, &page, e);
	if (rc)
		return rc;
	uint32_t start = ctx->settle.start;
	if (page.total < ctx->settle.total)
		ctx->settle.broken = true;
	ctx->settle.total = page.total;
	if (++ctx->pages > FLOW_PAGES_MAX)
		return err_set(e, ERR_TOO_BIG, "the audit log grows faster than it can be read");
	rc = page_read(ctx, &page, e);
	if (rc || ctx->over)
		return rc;
	if (ctx->settle.start == start && start <= page.total)
		return err_set(e, ERR_MALFORMED, "the audit log has %u records but gives none from %u on", page.total,
			       start);
	if (ctx->settle.start <= page.total)
		ctx->next = ctx->at;
	else
		tail_read(ctx);
	return 0;
}

static int records_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	return auditlog_read_write(out, &ctx->message_id, ctx->settle.start, e);
}

static int boot_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_boot boot;
	if (ctx->fault) {
		doubt(ctx, "the device has no boot settings that this user may read");
		return 0;
	}
	int rc = wsman_instance_read(r, "AMT_BootSettingData", &instance, e);
	if (!rc)
		rc = cim_boot_read(instance, &boot, e);
	if (rc)
		return rc;
	buf_reset(&ctx->keep);
	return buf_add(&ctx->keep, &boot, sizeof(boot));
}

static int marker_write(const struct flow_ctx *ctx, struct buf *out, struct err *e)
{
	struct cim_boot boot;
	ASSERT(ctx->keep.len == sizeof(boot));
	memcpy(&boot, ctx->keep.p, sizeof(boot));
	return cim_boot_put(out, &ctx->message_id, &boot, e);
}

static int marker_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	if (ctx->fault)
		doubt(ctx, "the device does not let this user write boot settings");
	ctx->settle.marked = true;
	ctx->settle.marked_at_ms = ctx->asked_at_ms;
	return 0;
}

#define RECORDS_STEP(what)                                                                                             \
	{                                                                                                              \
		.name = (what), .flags = STEP_FLAG_FAULTS, .op = WSMAN_METHOD, .class_name = "AMT_AuditLog",           \
		.method = AUDITLOG_READ, .write = records_write, .read = records_read                                  \
	}

static const struct step switch_steps[] = {POWER_STEPS(switched_read, 0)};
static const struct step jolt_steps[] = {
	POWER_STEPS(state_read, 0),
	{.name = "read the device's clock",
	 .flags = STEP_FLAG_FAULTS,
	 .op = WSMAN_METHOD,
	 .class_name = CLOCK_CLASS,
	 .method = CLOCK_METHOD,
	 .read = clock_read},
	{.name = "look at the audit log",
	 .flags = STEP_FLAG_FAULTS,
	 .op = WSMAN_GET,
	 .class_name = "AMT_AuditLog",
	 .read = log_read},
	RECORDS_STEP("read the audit log"),
	{.name = "read the boot settings",
	 .flags = STEP_FLAG_FAULTS,
	 .op = WSMAN_GET,
	 .class_name = "AMT_BootSettingData",
	 .read = boot_read},
	{.name = "write the same boot settings",
	 .flags = STEP_FLAG_FAULTS,
	 .op = WSMAN_PUT,
	 .class_name = "AMT_BootSettingData",
	 .write = marker_write,
	 .read = marker_read},
	RECORDS_STEP("read what the audit log made of it"),
};

const struct flow settle_flow_on = {"settle on", switch_steps, ARRAY_LEN(switch_steps)};
const struct flow settle_flow_off = {"settle off", switch_steps, ARRAY_LEN(switch_steps)};
const struct flow settle_flow_reset = {"settle reset", jolt_steps, ARRAY_LEN(jolt_steps)};
const struct flow settle_flow_cycle = {"settle cycle", jolt_steps, ARRAY_LEN(jolt_steps)};
