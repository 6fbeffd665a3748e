/* What people and programs are told of acts and of the subnets they go to: events, messages, the log and metrics.
 * Nothing here changes an act. */
#include "base/base.h"
#include "base/log.h"
#include "base/metric.h"
#include "codec/json.h"
#include "zone/crash.h"
#include "zone/message.h"
#include "zone/zone_priv.h"

static const char *const evidence_names[] = {
	[ACT_EVIDENCE_NONE] = "none",
	[ACT_EVIDENCE_REPLY] = "reply",
	[ACT_EVIDENCE_OBSERVED] = "observed",
	[ACT_EVIDENCE_AUDIT] = "audit",
};

static void put_reason(struct json_writer *w, int reason)
{
	json_put_str(w, "reason", reason ? err_name(-reason) : NULL);
	json_put_str(w, "message", reason ? err_sentence(-reason) : NULL);
	json_put_str(w, "next", reason ? err_next(-reason) : NULL);
}

static void write_final(const struct store_act *a, enum boot_choice boot, const char *device, struct buf *out)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_put_i64(&w, "job", a->job);
	json_put_str(&w, "device", device);
	json_put_str(&w, "verb", verb_name((enum verb)a->verb));
	json_put_str(&w, "boot", boot_name(boot));
	json_put_str(&w, "state", act_state_name(a->state));
	put_reason(&w, a->reason);
	json_put_str(&w, "evidence", evidence_names[a->evidence_kind]);
	json_put_str(&w, "power_before", a->power_before ? power_state_name(a->power_before) : NULL);
	json_put_str(&w, "power_after", a->power_after ? power_state_name(a->power_after) : NULL);
	json_put_str(&w, "detail", a->detail);
	json_end(&w);
}

static enum metric metric_of(enum act_state s)
{
	switch (s) {
	case ACT_STATE_DONE:
		return METRIC_acts_done;
	case ACT_STATE_ALREADY:
		return METRIC_acts_already;
	case ACT_STATE_FAILED:
		return METRIC_acts_failed;
	case ACT_STATE_UNKNOWN:
		return METRIC_acts_unknown;
	default:
		return METRIC_acts_cancelled;
	}
}

/* What a failure says about the device, beside the act itself. */
static int tell_identity(struct zone *z, const struct store_act *a, const char *device, struct err *e)
{
	int code = -a->reason;
	bool identity = code == ERR_TLS_PIN || code == ERR_REALM_CHANGED || code == ERR_WRONG_DEVICE;
	if (!a->device || (!identity && code != ERR_WRONG_PASSWORD))
		return 0;
	struct message m = {
		.id = identity ? MESSAGE_DEVICE_IDENTITY : MESSAGE_DEVICE_LOGIN,
		.kind = MESSAGE_OF_DEVICE,
		.object = a->device,
		.name = device,
		.related = a->job,
		.text = arena_printf(z->arena, "device \"%s\": %s; %s", device, err_sentence(code), err_next(code)),
		.more = a->detail,
	};
	return message_add(z, &m, e);
}

static int tell_failed(struct zone *z, const struct store_act *a, const char *device, struct err *e)
{
	const char *verb = verb_name((enum verb)a->verb);
	bool is_unknown = a->state == ACT_STATE_UNKNOWN;
	if ((!is_unknown && a->state != ACT_STATE_FAILED) || !verb_changes_power((enum verb)a->verb))
		return 0;
	struct message m = {
		.id = is_unknown ? MESSAGE_ACT_UNKNOWN : MESSAGE_ACT_FAILED,
		.kind = MESSAGE_OF_DEVICE,
		.object = a->device,
		.name = device,
		.related = a->job,
		.text = arena_printf(z->arena, "%s of device \"%s\" %s: %s; %s", verb, device,
				     is_unknown ? "has an unknown outcome" : "failed", err_sentence(-a->reason),
				     err_next(-a->reason)),
		.more = a->detail,
	};
	return message_add(z, &m, e);
}

/* A status that was read well is told by its job's sums alone: a sweep of 10,000 devices writes no 10,000 events. */
static bool is_told(const struct store_act *a)
{
	return verb_changes_power((enum verb)a->verb) || (a->state != ACT_STATE_DONE && a->state != ACT_STATE_ALREADY);
}

int act_tell_final(struct zone *z, const struct store_act *a, struct err *e)
{
	struct store_device d = {.name = ""};
	struct buf data;
	metric_add(metric_of(a->state), 1);
	crash_mark(z, CRASH_FINAL);
	if (!is_told(a))
		return 0;
	if (a->device && store_device_get(z->db, z->arena, a->device, &d, NULL))
		d.name = "";
	buf_init(&data, 8192);
	write_final(a, job_boot(z, a->job), d.name, &data);
	struct tell t = {"act", "final", a->id, d.name, a->job, 0, buf_bytes(&data)};
	int rc = event_tell(z, &t, e);
	buf_release(&data);
	log_event(LOG_INFO, "act finished", LOG_S("device", d.name), LOG_I("job", a->job), LOG_I("act", a->id),
		  LOG_S("verb", verb_name((enum verb)a->verb)), LOG_S("state", act_state_name(a->state)),
		  LOG_S("reason", err_name(-a->reason)));
	struct message ended = {
		.id = MESSAGE_ACT_ENDED,
		.kind = MESSAGE_OF_DEVICE,
		.object = a->device,
		.name = d.name,
		.related = a->job,
		.text = act_state_name(a->state),
	};
	rc = rc ? rc : message_add(z, &ended, e);
	rc = rc ? rc : tell_failed(z, a, d.name, e);
	return rc ? rc : tell_identity(z, a, d.name, e);
}

static int say_breaker(struct zone *z, bool open, const struct queue_subnet *n, struct err *e)
{
	struct message m = {
		.id = open ? MESSAGE_SUBNET_DOWN : MESSAGE_SUBNET_BACK, .kind = MESSAGE_OF_ZONE, .name = ""};
	m.text = open ? arena_printf(z->arena,
				     "%u of %u addresses that were tried in %s cannot be reached; what is ordered there"
				     " waits, and one device at a time is tried until one answers: look at its network",
				     n->failed, n->tried, n->name)
		      : arena_printf(z->arena, "%s can be reached again; what waited there goes on", n->name);
	return message_add(z, &m, e);
}

int act_tell_breaker(struct zone *z, enum breaker_change change, const struct queue_subnet *n, struct err *e)
{
	bool open = change == BREAKER_OPENED;
	struct buf data;
	struct json_writer w;
	buf_init(&data, 512);
	json_writer_init(&w, &data);
	json_begin_object(&w, NULL);
	json_put_bool(&w, "open", open);
	json_put_i64(&w, "tried", n->tried);
	json_put_i64(&w, "failed", n->failed);
	json_end(&w);
	log_event(open ? LOG_WARNING : LOG_NOTICE, "breaker of a subnet changed", LOG_S("subnet", n->name),
		  LOG_S("is", open ? "open: one device at a time is tried" : "closed"), LOG_U("tried", n->tried),
		  LOG_U("failed", n->failed));
	metric_add(METRIC_breakers_opened, open);
	struct tell t = {.kind = "subnet", .change = "changed", .name = n->name, .data = buf_bytes(&data)};
	int rc = event_tell(z, &t, e);
	buf_release(&data);
	return rc ? rc : say_breaker(z, open, n, e);
}
