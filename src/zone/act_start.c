/* The start of conversations: a claimed act becomes an order to wire, at its folder's pace and with its subnet's
 * breaker closed; and the looks for evidence of those in doubt. */
#include <stdio.h>

#include "base/base.h"
#include "store/device.h"
#include "zone/act_priv.h"
#include "zone/calendar.h"
#include "zone/crash.h"

#define RUN_MS   10000 /* how long one run may try again to reach the device */
#define PACE_MS  10000 /* the power-on rate is for so long */
#define NC_SPARE 64    /* answers whose counters may have been lost with an earlier process */

/* Its own, or what its folder and the zone say. */
static enum tls_policy tls_policy_of(struct zone *z, const struct store_act_due *d)
{
	if (d->interface.tls_policy != STORE_TLS_POLICY_DEFAULT)
		return (enum tls_policy)d->interface.tls_policy;
	return (enum tls_policy)act_setting(z, SETTING_TLS_DEFAULT, d->device);
}

/* Rows of a device become an order to wire. ERR_NOT_CONFIGURED, ERR_NO_CREDENTIAL. */
static int fill_interface(struct zone *z, const struct store_act_due *d, struct act_interface *at, struct err *e)
{
	const struct login *l;
	if (!d->interface.id || !*d->interface.host)
		return err_set(e, ERR_NOT_CONFIGURED, "device has no AMT address");
	static const struct login none;
	int rc = 0;
	if (d->verb == VERB_PROVISION && !d->interface.credential)
		l = &none;
	else
		rc = credential_login(z, setup_credential(job_get(z, d->job), d->interface.credential), &l, e);
	if (rc)
		return rc;
	at->id = (uint64_t)d->interface.id;
	bytes_to_str(bytes_str(d->interface.host), at->host, sizeof(at->host));
	at->plain_port = (uint16_t)d->interface.port_plain;
	at->tls_port = (uint16_t)d->interface.port_tls;
	at->tls_policy = tls_policy_of(z, d);
	at->old_tls = d->interface.old_tls;
	at->tls_seen = d->state.transport == STORE_TRANSPORT_TLS;
	at->has_pin = d->state.tls_pin.len == TLS_PIN_SIZE;
	if (at->has_pin)
		memcpy(at->pin, d->state.tls_pin.p, TLS_PIN_SIZE);
	at->uuid = d->state.uuid;
	at->has_uuid = !uuid_is_nil(&at->uuid);
	bytes_to_str(bytes_str(d->state.version), at->version, sizeof(at->version));
	memcpy(at->login, l->login, sizeof(at->login));
	at->credential = (uint64_t)l->id;
	at->credential_version = (uint64_t)l->version;
	at->sealed_len = l->sealed_len;
	memcpy(at->sealed, l->sealed, l->sealed_len);
	uint32_t spare = map_u64_get(z->fresh, (uint64_t)d->interface.id) ? 0 : NC_SPARE;
	if (digest_session_parse(bytes_str(d->state.digest), spare, &at->digest, NULL))
		bytes_to_str(bytes_str(d->state.realm), at->digest.realm, sizeof(at->digest.realm));
	return 0;
}

static void start_talk(struct zone *z, struct slot *s, struct act_start *m)
{
	m->act = (uint64_t)s->id;
	m->fence = (uint32_t)s->fence;
	m->verb = s->verb;
	m->boot = job_boot(z, s->job);
	m->observe_ms = act_setting(z, SETTING_OBSERVE_TIME, s->device);
	queue_talk_open(z->queue, s, m->mode == ACT_RUN, z->now);
	chain_add(&z->to_wire, &m->mail);
}

static int claim(struct zone *z, struct slot *s, bool *ret_won, struct err *e)
{
	int64_t lease = setting(z, SETTING_LEASE);
	struct store_act_claim c = {
		.id = s->id,
		.fence = s->fence,
		.server = z->server,
		.epoch = z->epoch,
		.now = z->now > s->due_kept ? z->now : s->due_kept,
		.lease_end = later(z->now, lease),
		.hold_counts = act_minds_hold(s->verb),
	};
	int rc = store_act_claim(z->db, &c, ret_won, e);
	if (rc || !*ret_won)
		return rc;
	crash_mark(z, CRASH_CLAIM);
	s->fence++;
	s->attempt++;
	queue_live(z->queue, s, ACT_STATE_CLAIMED, later(s->deadline, BOUND_MS));
	if (z->renew_at == INT64_MAX)
		z->renew_at = later(z->now, lease / 3);
	return 0;
}

static int claim_lost(struct zone *z, struct slot *s, struct err *e)
{
	int code;
	int rc = act_why_not(z, s, &code, e);
	if (rc)
		return rc;
	if (code == ERR_EXPIRED)
		return act_expire(z, s, e);
	if (code == ERR_HELD)
		return act_finish_simply(z, s, ACT_STATE_CANCELLED, ERR_HELD, e);
	return act_resync(z, s, e);
}

/* What has come between the making of an act and its start: the device was marked as protected, or a black-out that
 * was not known then has begun. */
static int why_left_out(struct zone *z, const struct slot *s, const struct store_act_due *d, int *ret_code,
			struct err *e)
{
	const struct job *j = job_get(z, s->job);
	const struct recur_out *out = NULL;
	*ret_code = 0;
	if (d->is_protected && verb_is_harmful(s->verb) && !(j && j->include_protected)) {
		*ret_code = ERR_PROTECTED;
		return 0;
	}
	int rc = j && j->from.schedule ? calendar_black_out(z, 0, s->device, z->now, &out, e) : 0;
	if (!rc && out)
		*ret_code = ERR_BLACKED_OUT;
	return rc;
}

/* Fills the order and claims the act. Not won: the act ended or waits, and nothing is to be started. */
static int prepare(struct zone *z, struct slot *s, struct act_start *m, bool *ret_won, struct err *e)
{
	struct store_act_due d;
	struct err why = ERR_INIT;
	int code;
	*ret_won = false;
	int rc = store_act_due_get(z->db, z->arena, s->id, &d, e);
	if (rc)
		return rc;
	rc = why_left_out(z, s, &d, &code, e);
	if (rc)
		return rc;
	if (code)
		return act_finish_simply(z, s, ACT_STATE_SKIPPED, code, e);
	rc = fill_interface(z, &d, &m->at, &why);
	rc = rc ? rc : setup_prepare(z, s, m, &why);
	if (rc && err_class(rc) == ERR_CLASS_INPUT) /* it cannot be done as it is set up */
		return act_finish_simply(z, s, ACT_STATE_FAILED, rc, e);
	if (rc)
		return err_set(e, rc, "%s", why.msg);
	rc = claim(z, s, ret_won, e);
	return rc || *ret_won ? rc : claim_lost(z, s, e);
}

/* Takes the next free time of the folder, rate of them in PACE_MS. */
static int64_t take_time(struct zone *z, int64_t folder, int64_t rate)
{
	int64_t next = (int64_t)(intptr_t)map_u64_get(z->paces, (uint64_t)folder);
	int64_t at = next > z->now && next <= later(z->now, PACE_MS * ZONE_SLICE) ? next : z->now;
	map_u64_put(z->paces, (uint64_t)folder, (void *)(intptr_t)(at + (PACE_MS + rate - 1) / rate));
	return at;
}

/* Computers that are switched on at once load their circuit more than it may stand: each gets a time of its own. True
 * when this one's has not come; then it waits for that. */
static int wait_for_pace(struct zone *z, struct slot *s, bool *ret_waits, struct err *e)
{
	struct store_device d;
	int64_t rate = 0;
	*ret_waits = false;
	if (s->verb != VERB_ON)
		return 0;
	int rc = setting_at(z, SETTING_POWER_ON_RATE, 0, s->device, &rate, e);
	if (rc || !rate)
		return rc;
	if (!s->paced) {
		rc = store_device_get(z->db, z->arena, s->device, &d, NULL);
		if (rc) /* it is gone; whoever starts the act says so */
			return 0;
		s->paced = take_time(z, d.folder, rate);
	}
	*ret_waits = s->paced > z->now;
	if (*ret_waits)
		queue_wait(z->queue, s, s->paced, z->now);
	else
		s->paced = 0;
	return 0;
}

/* From now on a choice of this act may stand in the device; one of an earlier act is kept from being used. */
static int mind_boot(struct zone *z, struct slot *s, struct act_start *m, struct err *e)
{
	enum boot_choice boot = job_boot(z, s->job);
	bool may_use = verb_boots(s->verb) || s->verb == VERB_UNBOOT;
	m->boot_left = may_use && act_boot_is_left(z, s->amt);
	s->minds_boot = boot || m->boot_left;
	return boot ? act_note_boot(z, s->amt, true, e) : 0;
}

/* Whatever happens, the act is not ready any more afterwards. */
static int start_act(struct zone *z, struct slot *s, struct err *e)
{
	bool won, waits;
	if (act_is_cancelled(z, s))
		return act_finish_simply(z, s, ACT_STATE_CANCELLED, ERR_CANCELLED, e);
	int rc = wait_for_pace(z, s, &waits, e);
	if (rc || waits)
		return rc;
	struct act_start *m = act_start_new();
	rc = prepare(z, s, m, &won, e);
	if (rc || !won) {
		m->mail.free(&m->mail);
		return rc;
	}
	int64_t left = s->deadline - z->now;
	m->mode = ACT_RUN;
	m->tell_answered = s->scheduled;
	m->give_up_after_ms = left < RUN_MS ? left : RUN_MS;
	rc = mind_boot(z, s, m, e);
	if (rc)
		m->mail.free(&m->mail);
	else
		start_talk(z, s, m);
	return rc;
}

/* It stays where it is and is told to wait for the breaker of its subnet. */
static int hold_back(struct zone *z, struct slot *s, struct err *e)
{
	bool won;
	char detail[ACT_DETAIL_SIZE];
	struct queue_subnet n;
	queue_subnet(s, &n);
	(void)snprintf(detail, sizeof(detail),
		       "waits for the breaker of %.64s: %u of %u addresses tried there cannot be reached", n.name,
		       n.failed, n.tried);
	struct store_act_back b = {
		.id = s->id,
		.fence = s->fence,
		.from = ACT_STATE_QUEUED,
		.due = s->due,
		.reason = REASON(ERR_SUBNET_DOWN),
		.detail = detail,
	};
	int rc = store_act_requeue(z->db, &b, &won, e);
	if (rc || !won)
		return rc ? rc : act_resync(z, s, e);
	s->reason = b.reason;
	return 0;
}

static int hold_back_all(struct zone *z, struct err *e)
{
	struct slot *s;
	int rc = 0;
	size_t n = 0;
	for (; n < ZONE_SLICE && !rc && (s = queue_next_held(z->queue)); n++) {
		arena_reset(z->arena);
		rc = hold_back(z, s, e);
	}
	if (n == ZONE_SLICE)
		z->run_again = true;
	return rc;
}

int act_dispatch(struct zone *z, struct err *e)
{
	struct slot *s;
	int rc = 0;
	if (z->stopping)
		return 0;
	for (size_t n = 0; n < ZONE_SLICE && !rc && (s = queue_next(z->queue, z->now)); n++) {
		arena_reset(z->arena);
		rc = start_act(z, s, e);
	}
	if (!rc && queue_next(z->queue, z->now))
		z->run_again = true;
	return rc ? rc : hold_back_all(z, e);
}

/* Reads only: was the order obeyed? An interface that can no longer be asked leaves the act to its deadline. */
int act_start_settle(struct zone *z, struct slot *s, struct err *e)
{
	struct store_act_due d;
	struct store_act a;
	int rc = store_act_due_get(z->db, z->arena, s->id, &d, e);
	rc = rc ? rc : store_act_get(z->db, z->arena, s->id, &a, e);
	if (rc)
		return rc;
	struct act_start *m = act_start_new();
	queue_wake_at(z->queue, s, s->settle_until);
	if (fill_interface(z, &d, &m->at, NULL)) {
		m->mail.free(&m->mail);
		return 0;
	}
	m->mode = ACT_SETTLE;
	m->give_up_after_ms = s->settle_until - z->now;
	m->sent_at_ms = a.sent_at;
	m->power_before = a.power_before;
	bytes_to_str(bytes_str(a.message_id), m->message_id, sizeof(m->message_id));
	queue_wake_at(z->queue, s, later(s->settle_until, BOUND_MS));
	start_talk(z, s, m);
	return 0;
}
