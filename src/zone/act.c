/* The states of acts and the rules by which they change. Every change is one compare-and-set in the database, made
 * before memory follows; a set that found no row is an answer (somebody else was first), after which memory is read
 * anew. What must never happen: two orders for one act, an act that is lost, an outcome that is not true. */
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/rng.h"
#include "store/hold.h"
#include "store/power.h"
#include "zone/act_priv.h"
#include "zone/crash.h"
#include "zone/engine.h"

#define ORDER_MS        32000 /* how long after its gate an order may be on the wire: R8, and one exchange */
#define BACKOFF_MS      2000  /* doubled with each attempt */
#define BACKOFF_MAX_MS  60000
#define SETTLE_RETRY_MS 5000 /* between two looks for evidence */
#define LOST_RACE_MS    1000

/* How an act ends, or why it goes on. */
struct end {
	enum act_state to;
	int reason; /* positive number */
	int evidence, device_status;
	int power_before, power_after;
	const char *detail;
};

/* A setting of the act's device. Where that cannot be read the zone's does: nothing here may fail for it. */
int64_t act_setting(struct zone *z, enum setting_id id, int64_t device)
{
	int64_t v = setting(z, id);
	(void)setting_at(z, id, 0, device, &v, NULL); /* as said above */
	return v;
}

static const char *text_or_null(const char *s)
{
	return s && *s ? s : NULL;
}

/* Another act than expected is in the database: memory follows it. */
int act_resync(struct zone *z, struct slot *s, struct err *e)
{
	struct store_act a;
	int rc = store_act_get(z->db, z->arena, s->id, &a, NULL);
	if (rc && rc != ERR_NOT_FOUND)
		return err_set(e, rc, "act %lld cannot be read", (long long)s->id);
	if (rc || act_state_is_final(a.state) || a.server != z->server) {
		queue_delete(z->queue, s);
		return 0;
	}
	s->fence = a.fence;
	s->due_kept = a.due;
	if (a.state == ACT_STATE_QUEUED)
		queue_wait(z->queue, s, later(z->now, LOST_RACE_MS), z->now);
	else
		queue_live(z->queue, s, a.state, later(z->now, LOST_RACE_MS));
	return 0;
}

bool act_boot_is_left(const struct zone *z, int64_t amt)
{
	return map_u64_get(z->boot_left, (uint64_t)amt) != NULL;
}

int act_note_boot(struct zone *z, int64_t amt, bool left, struct err *e)
{
	if (left == act_boot_is_left(z, amt))
		return 0;
	int rc = left ? store_boot_left_put(z->db, amt, e) : store_boot_left_delete(z->db, amt, e);
	if (rc)
		return rc;
	if (left)
		map_u64_put(z->boot_left, (uint64_t)amt, z);
	else
		map_u64_delete(z->boot_left, (uint64_t)amt);
	return 0;
}

/* An order that was done has used what stood there. In doubt nothing is known but that. */
static int learn_boot(struct zone *z, const struct slot *s, const struct act_outcome *m, struct err *e)
{
	bool used = m->end == ACT_END_DONE;
	if (s->in_doubt)
		return used && job_boot(z, s->job) ? act_note_boot(z, s->amt, false, e) : 0;
	return s->minds_boot ? act_note_boot(z, s->amt, !used && m->boot_left, e) : 0;
}

static int finish(struct zone *z, struct slot *s, const struct end *end, struct err *e)
{
	bool won;
	struct store_act_outcome o = {
		.id = s->id,
		.fence = s->fence,
		.now = z->now,
		.from = s->state,
		.to = end->to,
		.evidence_kind = end->evidence,
		.reason = end->reason,
		.device_status = end->device_status,
		.power_before = end->power_before,
		.power_after = end->power_after,
		.detail = text_or_null(end->detail),
	};
	int rc = store_act_finish(z->db, &o, &won, e);
	if (rc)
		return rc;
	if (!won)
		return act_resync(z, s, e);
	struct store_act a = {
		.id = s->id,
		.job = s->job,
		.device = s->device,
		.verb = (int)s->verb,
		.state = end->to,
		.reason = end->reason,
		.evidence_kind = end->evidence,
		.power_before = end->power_before,
		.power_after = end->power_after,
		.detail = o.detail,
	};
	struct job *j = job_get(z, s->job);
	if (j)
		job_count(z, j, end->to);
	rc = j && j->boot && act_boot_is_left(z, s->amt) ? job_unboot(z, s, e) : 0;
	queue_delete(z->queue, s);
	return rc ? rc : act_tell_final(z, &a, e);
}

static int finish_as(struct zone *z, struct slot *s, struct end *end, enum act_state to, int reason, struct err *e)
{
	*end = (struct end){
		.to = to,
		.reason = reason,
		.device_status = end->device_status,
		.detail = end->detail,
	};
	return finish(z, s, end, e);
}

int act_finish_simply(struct zone *z, struct slot *s, enum act_state to, int code, struct err *e)
{
	return finish(z, s, &(struct end){.to = to, .reason = REASON(code)}, e);
}

/* Its deadline passed in the queue. What was tried and failed until then failed; what was never tried expired. */
static int expire(struct zone *z, struct slot *s, struct end *end, struct err *e)
{
	if (s->attempt && s->reason)
		return finish_as(z, s, end, ACT_STATE_FAILED, s->reason, e);
	return finish_as(z, s, end, ACT_STATE_EXPIRED, s->reason ? s->reason : REASON(ERR_EXPIRED), e);
}

int act_expire(struct zone *z, struct slot *s, struct err *e)
{
	return expire(z, s, &(struct end){0}, e);
}

/* Doubles with each attempt, and differs from act to act so that a whole subnet does not come back at once. */
static int64_t backoff(const struct zone *z, const struct slot *s)
{
	const int64_t key[2] = {s->id, s->attempt};
	int shift = s->attempt < 1 ? 0 : s->attempt > 6 ? 5 : s->attempt - 1;
	int64_t ms = (int64_t)BACKOFF_MS << shift;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	return ms * 3 / 4 + (int64_t)(rng_hash(z->deps.seed, key, sizeof(key)) % (uint64_t)(ms / 2));
}

static int requeue(struct zone *z, struct slot *s, int64_t due, struct end *why, struct err *e)
{
	bool won;
	struct store_act_back b = {
		.id = s->id,
		.fence = s->fence,
		.from = s->state,
		.due = due,
		.reason = why->reason,
		.device_status = why->device_status,
		.detail = text_or_null(why->detail),
	};
	int rc = store_act_requeue(z->db, &b, &won, e);
	if (rc || !won)
		return rc ? rc : act_resync(z, s, e);
	crash_mark(z, CRASH_REQUEUE);
	why->to = ACT_STATE_QUEUED;
	s->reason = why->reason;
	s->due_kept = due;
	queue_wait(z->queue, s, due, z->now);
	return 0;
}

static int fall_into_doubt(struct zone *z, struct slot *s, struct end *why, struct err *e)
{
	bool won;
	struct store_act_settle settle = {
		.id = s->id,
		.fence = s->fence,
		.settle_after = later(z->now, setting(z, SETTING_IN_DOUBT_DRAIN)),
		.evidence_kind = why->evidence,
		.reason = why->reason,
		.device_status = why->device_status,
		.detail = text_or_null(why->detail),
	};
	int rc = store_act_keep_sent(z->db, &settle, &won, e);
	if (rc || !won)
		return rc ? rc : act_resync(z, s, e);
	crash_mark(z, CRASH_DOUBT);
	why->to = ACT_STATE_SENT;
	s->reason = why->reason;
	s->in_doubt = true;
	s->settle_until = later(settle.settle_after, setting(z, SETTING_IN_DOUBT_SETTLE));
	queue_live(z->queue, s, ACT_STATE_SENT, settle.settle_after);
	return 0;
}

static void tell_wire(struct zone *z, enum wire_mail kind, uint64_t act, uint32_t fence, int reason)
{
	struct act_gate_answer *a = act_gate_answer_new(kind);
	a->act = act;
	a->fence = fence;
	a->go = reason == 0;
	a->reason = reason;
	a->committed_boot_ms = z->boot;
	chain_add(&z->to_wire, &a->mail);
}

static void cancel_talk(struct zone *z, const struct slot *s, int reason)
{
	if (queue_talk_is_open(z->queue, s->id, s->fence))
		tell_wire(z, WIRE_ACT_CANCEL, (uint64_t)s->id, (uint32_t)s->fence, reason);
}

bool act_is_cancelled(struct zone *z, const struct slot *s)
{
	const struct job *j = job_get(z, s->job);
	return j && j->cancelled_at;
}

bool act_minds_hold(enum verb v)
{
	return verb_changes_power(v) || verb_sets_up(v);
}

/* Why the compare-and-set of `sent` or `claimed` found no row. */
int act_why_not(struct zone *z, const struct slot *s, int *ret_code, struct err *e)
{
	bool held = false;
	*ret_code = s->deadline <= z->now ? ERR_EXPIRED : ERR_CONFLICT;
	int rc = act_minds_hold(s->verb) ? store_hold_covers(z->db, s->device, &held, e) : 0;
	if (!rc && held)
		*ret_code = ERR_HELD;
	return rc;
}

/* How long a sent act may be observed before its outcome is missed. */
static int64_t observe_bound(struct zone *z, const struct slot *s)
{
	return act_setting(z, SETTING_OBSERVE_TIME, s->device) + 2 * BOUND_MS;
}

/* A step that may be repeated: its act stays claimed. */
static int on_keep_gate(struct zone *z, const struct act_gate *m, struct err *e)
{
	struct slot *s = queue_get(z->queue, (int64_t)m->act);
	int code = ERR_CONFLICT, rc = 0;
	if (s && s->fence == m->fence && s->state == ACT_STATE_CLAIMED) {
		bool held = false;
		rc = store_hold_covers(z->db, s->device, &held, e);
		if (!rc && (held || act_is_cancelled(z, s) || s->deadline <= z->now))
			code = held ? ERR_HELD : act_is_cancelled(z, s) ? ERR_CANCELLED : ERR_EXPIRED;
		else if (!rc)
			rc = setup_on_gate(z, s, m, &code, e);
	}
	if (!rc)
		tell_wire(z, WIRE_ACT_GATE_ANSWER, m->act, m->fence, code);
	return rc;
}

int act_on_gate(struct zone *z, const struct act_gate *m, struct err *e)
{
	struct slot *s = queue_get(z->queue, (int64_t)m->act);
	bool won = false;
	int code = ERR_CONFLICT, rc = 0;
	if (m->keeps)
		return on_keep_gate(z, m, e);
	if (s && s->fence == m->fence && s->state == ACT_STATE_CLAIMED) {
		struct store_act_send send = {
			.id = s->id,
			.fence = s->fence,
			.server = z->server,
			.epoch = z->epoch,
			.now = z->now,
			.power_before = m->power_before,
			.message_id = m->message_id,
		};
		if (act_is_cancelled(z, s))
			code = ERR_CANCELLED;
		else
			rc = store_act_send(z->db, &send, &won, e);
		if (!rc && !won && code != ERR_CANCELLED)
			rc = act_why_not(z, s, &code, e);
	}
	if (rc)
		return rc;
	if (won) {
		crash_mark(z, CRASH_SENT);
		queue_live(z->queue, s, ACT_STATE_SENT, later(z->now, s->scheduled ? ORDER_MS : observe_bound(z, s)));
	}
	tell_wire(z, WIRE_ACT_GATE_ANSWER, m->act, m->fence, won ? 0 : code);
	return 0;
}

void act_on_answered(struct zone *z, const struct act_gate *m)
{
	struct slot *s = queue_get(z->queue, (int64_t)m->act);
	if (!queue_talk_is_open(z->queue, (int64_t)m->act, m->fence) || !queue_talk_quiet(z->queue, (int64_t)m->act))
		return;
	if (s && s->fence == m->fence && s->state == ACT_STATE_SENT && !s->in_doubt)
		queue_wake_at(z->queue, s, later(z->now, observe_bound(z, s)));
}

/* What an outcome leads to, by the state in which it finds the act. */
enum action {
	ACTION_DONE,
	ACTION_ALREADY,
	ACTION_FAIL,
	ACTION_BACK,  /* nothing was obeyed: again, or the end */
	ACTION_DOUBT, /* it may have been obeyed */
	ACTION_LOOK_AGAIN,
};

enum stage { STAGE_CLAIMED, STAGE_SENT, STAGE_DOUBT, STAGE_COUNT };

static const enum action actions[STAGE_COUNT][ACT_END_NOT_DONE + 1] = {
	[STAGE_CLAIMED] =
		{
			[ACT_END_DONE] = ACTION_DONE,
			[ACT_END_ALREADY] = ACTION_ALREADY,
			[ACT_END_FAILED] = ACTION_FAIL,
			[ACT_END_NOT_SENT] = ACTION_BACK,
			[ACT_END_REFUSED] = ACTION_BACK,
			[ACT_END_DOUBT] = ACTION_BACK, /* no order can have left: `sent` was not committed */
			[ACT_END_NOT_DONE] = ACTION_BACK,
		},
	[STAGE_SENT] =
		{
			[ACT_END_DONE] = ACTION_DONE,
			[ACT_END_ALREADY] = ACTION_DOUBT,
			[ACT_END_FAILED] = ACTION_FAIL,
			[ACT_END_NOT_SENT] = ACTION_BACK,
			[ACT_END_REFUSED] = ACTION_BACK,
			[ACT_END_DOUBT] = ACTION_DOUBT,
			[ACT_END_NOT_DONE] = ACTION_DOUBT, /* R5: not before the drain */
		},
	[STAGE_DOUBT] =
		{
			[ACT_END_DONE] = ACTION_DONE,
			[ACT_END_ALREADY] = ACTION_LOOK_AGAIN,
			[ACT_END_FAILED] = ACTION_FAIL,
			[ACT_END_NOT_SENT] = ACTION_LOOK_AGAIN,
			[ACT_END_REFUSED] = ACTION_LOOK_AGAIN,
			[ACT_END_DOUBT] = ACTION_LOOK_AGAIN,
			[ACT_END_NOT_DONE] = ACTION_BACK, /* R4, R6: same server, evidence of absence */
		},
};

static enum stage stage_of(const struct slot *s)
{
	return s->state == ACT_STATE_CLAIMED ? STAGE_CLAIMED : s->in_doubt ? STAGE_DOUBT : STAGE_SENT;
}

static bool may_try_again(struct zone *z, const struct slot *s, const struct act_outcome *m)
{
	bool repeats = verb_changes_power(s->verb) || verb_sets_up(s->verb) || s->verb == VERB_UNBOOT;
	if (!repeats || s->attempt >= act_setting(z, SETTING_ACT_TRIES, s->device))
		return false;
	if (s->state == ACT_STATE_SENT)
		return true; /* proven refused or never left, whatever the reason: act.h */
	return err_class(m->reason) == ERR_CLASS_RETRY;
}

/* Nothing was obeyed. */
static int go_back(struct zone *z, struct slot *s, const struct act_outcome *m, struct end *end, struct err *e)
{
	if (act_is_cancelled(z, s))
		return finish_as(z, s, end, ACT_STATE_CANCELLED, REASON(ERR_CANCELLED), e);
	switch (m->reason) {
	case ERR_HELD:
		return finish_as(z, s, end, ACT_STATE_CANCELLED, REASON(ERR_HELD), e);
	case ERR_EXPIRED:
		return expire(z, s, end, e);
	case ERR_CANCELLED: /* wire is stopping */
	case ERR_CONFLICT:  /* the lease was lost */
		end->reason = s->reason;
		return requeue(z, s, later(z->now, LOST_RACE_MS), end, e);
	default:
		break;
	}
	int64_t due = later(z->now, backoff(z, s));
	if (may_try_again(z, s, m) && due < s->deadline)
		return requeue(z, s, due, end, e);
	end->to = ACT_STATE_FAILED;
	if (!end->reason)
		end->reason = REASON(ERR_NO_CHANGE);
	return finish(z, s, end, e);
}

static int look_again(struct zone *z, struct slot *s, struct end *end, struct err *e)
{
	if (z->now >= s->settle_until)
		return finish_as(z, s, end, ACT_STATE_UNKNOWN, s->reason, e);
	int64_t next = later(z->now, SETTLE_RETRY_MS);
	queue_wake_at(z->queue, s, next < s->settle_until ? next : s->settle_until);
	return 0;
}

static int apply(struct zone *z, struct slot *s, const struct act_outcome *m, struct end *end, struct err *e)
{
	enum stage stage = stage_of(s);
	enum action action = actions[stage][m->end];
	*end = (struct end){
		.to = s->state,
		.reason = REASON(m->reason),
		.evidence = (int)m->evidence,
		.device_status = m->device_status,
		.power_before = m->power_before,
		.power_after = m->power_after,
		.detail = m->detail,
	};
	if (verb_sets_up(s->verb) && m->reason && m->step)
		end->detail =
			arena_printf(z->arena, "at the step \"%s\"%s%s", m->step, *m->detail ? ": " : "", m->detail);
	if (action == ACTION_DONE && stage == STAGE_CLAIMED && verb_changes_power(s->verb)) {
		log_event(LOG_ERROR, "an order was reported done that was never let go", LOG_I("act", s->id));
		end->reason = REASON(ERR_FAILED);
		action = ACTION_FAIL;
	}
	switch (action) {
	case ACTION_DONE:
		end->to = ACT_STATE_DONE;
		return finish(z, s, end, e);
	case ACTION_ALREADY:
		end->to = ACT_STATE_ALREADY;
		return finish(z, s, end, e);
	case ACTION_FAIL:
		end->to = ACT_STATE_FAILED;
		return finish(z, s, end, e);
	case ACTION_BACK:
		return go_back(z, s, m, end, e);
	case ACTION_DOUBT:
		return fall_into_doubt(z, s, end, e);
	case ACTION_LOOK_AGAIN:
		return look_again(z, s, end, e);
	}
	return 0;
}

static int learn_mode(struct zone *z, int64_t amt, int mode, struct err *e)
{
	struct store_amt m;
	if (mode != STORE_AMT_MODE_SMB && mode != STORE_AMT_MODE_ENTERPRISE)
		return 0;
	int rc = store_amt_get(z->db, z->arena, amt, &m, e);
	if (rc || (int)m.mode == mode || m.mode == STORE_AMT_MODE_NONE)
		return rc;
	m.mode = (enum store_amt_mode)mode;
	m.changed_at = z->now;
	return store_amt_put(z->db, &m, e);
}

static int learn_uuid(struct zone *z, int64_t amt, const struct uuid *u, struct err *e)
{
	struct store_amt_state s;
	if (discover_uuid_is_none(u))
		return 0;
	int rc = store_amt_state_get(z->db, z->arena, amt, &s, e);
	return rc || !uuid_is_nil(&s.uuid) ? rc : store_amt_state_set_uuid(z->db, amt, u, e);
}

/* What the conversation taught about the interface; end is what became of the act. */
static int learn(struct zone *z, int64_t amt, enum verb verb, const struct act_outcome *m, const struct end *end,
		 struct err *e)
{
	const struct act_learned *l = &m->learned;
	struct buf digest;
	struct store_amt_learned row = {
		.amt = amt,
		.version = l->has_version ? l->version : NULL,
		.transport = l->used_tls   ? STORE_TRANSPORT_TLS
			     : l->answered ? STORE_TRANSPORT_PLAIN
					   : STORE_TRANSPORT_UNKNOWN,
		.tls_pin = l->has_pin ? BYTES(l->pin, TLS_PIN_SIZE) : BYTES_NONE,
		.power = m->power_after ? m->power_after : m->power_before,
		.answered = l->answered,
		.last_act = (int64_t)m->act,
		.last_verb = (int)verb,
		.last_state = (int)end->to,
		.last_reason = end->reason,
		.at = z->now,
	};
	buf_init(&digest, 2048);
	if (l->has_digest && digest_session_encode(&l->digest, &digest) == 0) {
		row.digest = buf_cstr(&digest);
		row.realm = l->digest.realm;
		map_u64_put(z->fresh, (uint64_t)amt, z);
	}
	int rc = row.power ? store_power_seen(z->db, amt, z->now, row.power, e) : 0;
	rc = rc ? rc : store_amt_state_learn(z->db, &row, e);
	buf_release(&digest);
	rc = rc || !l->has_uuid ? rc : learn_uuid(z, amt, &l->uuid, e);
	return rc || !l->has_mode ? rc : learn_mode(z, amt, l->mode, e);
}

/* Whether a connection could be made is what counts for the breaker; other ends say nothing about the network. */
static int tell_subnet(struct zone *z, const struct act_outcome *m, struct err *e)
{
	struct queue_subnet n;
	bool unreached = m->reason == ERR_UNREACHABLE || m->reason == ERR_REFUSED_PORT;
	if (!m->learned.answered && !unreached)
		return 0;
	enum breaker_change change =
		queue_talk_tells(z->queue, (int64_t)m->act, m->fence, m->learned.answered, z->now, &n);
	return change == BREAKER_SAME ? 0 : act_tell_breaker(z, change, &n, e);
}

/* A conversation, for schedules that wait until a device is seen again. */
struct contact {
	int64_t amt, device, by_schedule;
	int64_t seen_at; /* before it */
	int reason;
};

static int look_before(struct zone *z, struct contact *c, struct err *e)
{
	struct store_amt_state s;
	if (!engine_waits_for_contact(z))
		return 0;
	int rc = store_amt_state_get(z->db, z->arena, c->amt, &s, NULL);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : err_set(e, rc, "interface %lld cannot be read", (long long)c->amt);
	c->seen_at = s.seen_at;
	c->reason = s.last_act ? s.last_reason : 0;
	return 0;
}

int act_on_outcome(struct zone *z, const struct act_outcome *m, struct err *e)
{
	struct slot *s = queue_get(z->queue, (int64_t)m->act);
	int told = tell_subnet(z, m, e);
	queue_talk_close(z->queue, (int64_t)m->act, m->fence);
	if (told)
		return told;
	if (!s || s->fence != m->fence || s->state == ACT_STATE_QUEUED)
		return 0; /* of a claim that was lost */
	struct end end;
	const struct slot was = *s; /* it may end here */
	struct contact c = {.amt = s->amt, .device = s->device};
	const struct job *j = job_get(z, s->job);
	enum verb verb = s->verb;
	c.by_schedule = j ? j->from.schedule : 0;
	int rc = look_before(z, &c, e);
	rc = rc ? rc : learn_boot(z, s, m, e);
	rc = rc ? rc : apply(z, s, m, &end, e);
	rc = rc ? rc : learn(z, c.amt, verb, m, &end, e);
	rc = rc ? rc : setup_learn(z, &was, m, end.to, e);
	if (rc || !m->learned.answered)
		return rc;
	return engine_on_contact(z, c.device, c.by_schedule, c.seen_at, c.reason, e);
}

static int wake_in_doubt(struct zone *z, struct slot *s, struct err *e)
{
	if (z->now >= s->settle_until) {
		cancel_talk(z, s, ERR_TIMEOUT);
		return finish(z, s, &(struct end){.to = ACT_STATE_UNKNOWN, .reason = s->reason}, e);
	}
	if (!z->stopping && queue_can_talk(z->queue, s))
		return act_start_settle(z, s, e);
	queue_wake_at(z->queue, s, later(z->now, LOST_RACE_MS));
	return 0;
}

/* Wire owes an outcome for every start; these are the bounds for the day on which it does not give one. */
static int wake_overrun(struct zone *z, struct slot *s, struct err *e)
{
	log_event(LOG_ERROR, "no outcome came for an act", LOG_I("act", s->id),
		  LOG_S("state", act_state_name(s->state)));
	cancel_talk(z, s, ERR_TIMEOUT);
	if (s->state == ACT_STATE_SENT)
		return fall_into_doubt(z, s, &(struct end){.reason = REASON(ERR_NO_REPLY)}, e);
	return act_finish_simply(z, s, ACT_STATE_FAILED, ERR_TIMEOUT, e);
}

static int wake(struct zone *z, struct slot *s, struct err *e)
{
	if (s->state == ACT_STATE_QUEUED)
		return act_expire(z, s, e);
	if (s->state == ACT_STATE_SENT && !s->in_doubt && queue_talk_quiet(z->queue, s->id)) {
		queue_wake_at(z->queue, s, later(z->now, observe_bound(z, s) - ORDER_MS));
		return 0;
	}
	return s->in_doubt ? wake_in_doubt(z, s, e) : wake_overrun(z, s, e);
}

int act_supersede(struct zone *z, const struct store_act *a, int64_t due, struct err *e)
{
	int rc = 0;
	struct slot *next, *s = verb_changes_power((enum verb)a->verb) ? queue_of(z->queue, a->amt, NULL) : NULL;
	for (; s && !rc; s = next) {
		const struct job *j = job_get(z, s->job);
		next = queue_of(z->queue, a->amt, s);
		if (s->state == ACT_STATE_QUEUED && verb_changes_power(s->verb) && j && j->from.schedule &&
		    j->from.due < due)
			rc = act_finish_simply(z, s, ACT_STATE_SKIPPED, ERR_SUPERSEDED, e);
	}
	return rc;
}

struct lapsed {
	int64_t ids[ZONE_SLICE];
	size_t count;
};

static int see_lapsed(void *arg, const struct store_act *row)
{
	struct lapsed *l = arg;
	l->ids[l->count++] = row->id;
	return 0;
}

/* Claims whose lease ended while this process stood still: another server may have taken the device since. */
static int take_back_lapsed(struct zone *z, struct err *e)
{
	struct lapsed l = {.count = 0};
	int rc = store_act_lapsed(z->db, z->now, ZONE_SLICE, see_lapsed, &l, e);
	for (size_t i = 0; i < l.count && !rc; i++) {
		struct slot *s = queue_get(z->queue, l.ids[i]);
		if (!s || s->state != ACT_STATE_CLAIMED)
			continue;
		cancel_talk(z, s, ERR_CONFLICT);
		rc = requeue(z, s, later(z->now, LOST_RACE_MS), &(struct end){.reason = s->reason}, e);
	}
	return rc;
}

static int renew_leases(struct zone *z, struct err *e)
{
	int64_t lease = setting(z, SETTING_LEASE);
	if (z->now < z->renew_at)
		return 0;
	int rc = take_back_lapsed(z, e);
	rc = rc ? rc
		: store_act_renew(z->db, z->server, z->epoch, later(z->now, lease * 2 / 3), later(z->now, lease), NULL,
				  e);
	z->renew_at = queue_talks(z->queue) ? later(z->now, lease / 3) : INT64_MAX;
	return rc;
}

int act_timers(struct zone *z, struct err *e)
{
	struct slot *s;
	int rc = renew_leases(z, e);
	for (size_t n = 0; n < ZONE_SLICE && !rc && (s = queue_timer(z->queue, z->now)); n++) {
		arena_reset(z->arena);
		rc = wake(z, s, e);
	}
	if (!rc && queue_wake(z->queue) <= z->now)
		z->run_again = true;
	return rc;
}

static int64_t at_most(int64_t at, int64_t most)
{
	return at < most ? at : most;
}

/* Another try that is due later than any pause lasts was put off by a clock that ran ahead then. The first one is due
 * when people said. */
static int64_t due_of(const struct zone *z, const struct slot *s)
{
	bool is_ahead = s->attempt && s->due_kept != QUEUE_NEVER && s->due_kept > later(z->now, 2 * BACKOFF_MAX_MS);
	return is_ahead ? later(z->now, backoff(z, s)) : s->due_kept;
}

void act_remember(struct zone *z, const struct store_act *a, const char *host)
{
	struct slot init = {
		.id = a->id,
		.job = a->job,
		.device = a->device,
		.amt = a->amt,
		.deadline = a->deadline,
		.fence = a->fence,
		.due_kept = a->due,
		.attempt = a->attempt,
		.reason = a->reason,
		.verb = (enum verb)a->verb,
		.held_back = a->state == ACT_STATE_QUEUED && a->reason == REASON(ERR_SUBNET_DOWN),
	};
	const struct job *j = job_get(z, a->job);
	init.scheduled = j && j->from.schedule && verb_changes_power(init.verb);
	struct slot *s = queue_add(z->queue, &init, host);
	if (a->state == ACT_STATE_QUEUED) {
		queue_wait(z->queue, s, due_of(z, s), z->now);
		job_keep_last(z, s);
		return;
	}
	int64_t observe = act_setting(z, SETTING_OBSERVE_TIME, s->device);
	int64_t settle_after = at_most(a->settle_after, later(z->now, setting(z, SETTING_IN_DOUBT_DRAIN)));
	s->in_doubt = a->state == ACT_STATE_SENT && a->settle_after;
	s->settle_until = later(settle_after, setting(z, SETTING_IN_DOUBT_SETTLE));
	queue_live(z->queue, s, a->state,
		   s->in_doubt                  ? settle_after
		   : a->state == ACT_STATE_SENT ? later(at_most(a->sent_at, z->now), observe + 2 * BOUND_MS)
						: later(a->deadline, BOUND_MS));
}

struct loading {
	struct zone *z;
	int64_t last_due, last_id, last_amt;
	int count;
};

static int see_queued(void *arg, const struct store_act_view *row)
{
	struct loading *l = arg;
	l->last_due = row->act.due;
	l->last_id = row->act.id;
	l->count++;
	act_remember(l->z, &row->act, row->host ? row->host : "");
	return 0;
}

static int see_live(void *arg, const struct store_act *row)
{
	struct loading *l = arg;
	struct store_amt m = {.host = ""};
	l->last_amt = row->amt;
	l->count++;
	if (store_amt_get(l->z->db, l->z->arena, row->amt, &m, NULL))
		m.host = "";
	act_remember(l->z, row, m.host);
	return 0;
}

static void see_boot_left(void *arg, int64_t amt)
{
	struct zone *z = arg;
	map_u64_put(z->boot_left, (uint64_t)amt, z);
}

int act_load(struct zone *z, struct err *e)
{
	struct loading l = {.z = z, .last_due = INT64_MIN, .last_amt = INT64_MIN};
	map_u64_free(z->boot_left);
	z->boot_left = map_u64_new();
	int rc = store_boot_left_list(z->db, see_boot_left, z, e);
	while (!rc) {
		l.count = 0;
		arena_reset(z->arena);
		rc = store_act_live(z->db, z->server, l.last_amt, ZONE_SLICE, see_live, &l, e);
		if (l.count < ZONE_SLICE)
			break;
	}
	do {
		l.count = 0;
		if (!rc)
			rc = store_act_queued(z->db, z->server, l.last_due, l.last_id, ZONE_SLICE, see_queued, &l, e);
	} while (!rc && l.count == ZONE_SLICE);
	z->renew_at = queue_talks(z->queue) ? later(z->now, setting(z, SETTING_LEASE) / 3) : INT64_MAX;
	return rc;
}

int act_clock_back(struct zone *z, struct err *e)
{
	z->put_back = false;
	map_u64_free(z->paces);
	z->paces = map_u64_new();
	queue_clear(z->queue);
	queue_clock_back(z->queue, z->now);
	return act_load(z, e);
}

int act_release(struct zone *z, struct slot *s, int64_t deadline, struct err *e)
{
	bool won;
	int rc = store_act_release(z->db, s->id, s->fence, z->now, deadline, &won, e);
	if (rc || !won)
		return rc ? rc : act_resync(z, s, e);
	s->deadline = deadline;
	s->due_kept = z->now;
	queue_wait(z->queue, s, z->now, z->now);
	return 0;
}

void act_cancel_talks(struct zone *z, const struct job *j)
{
	for (int64_t id = j->act_first; id < j->act_first + j->total; id++) {
		const struct slot *s = queue_get(z->queue, id);
		if (s && s->state == ACT_STATE_CLAIMED)
			cancel_talk(z, s, ERR_CANCELLED);
	}
}

int act_cancel_queued(struct zone *z, struct job *j, int64_t first, int64_t last, struct err *e)
{
	struct store_act_range r = {
		.job = j->id,
		.first = first,
		.last = last,
		.now = z->now,
		.to = ACT_STATE_CANCELLED,
		.reason = REASON(ERR_CANCELLED),
	};
	int64_t ended, seen = 0;
	int rc = store_act_end_queued(z->db, &r, &ended, e);
	for (int64_t id = first; id <= last && !rc; id++) {
		struct slot *s = queue_get(z->queue, id);
		if (!s || s->state != ACT_STATE_QUEUED)
			continue;
		seen++;
		job_count(z, j, ACT_STATE_CANCELLED);
		metric_add(METRIC_acts_cancelled, 1);
		rc = j->boot && act_boot_is_left(z, s->amt) ? job_unboot(z, s, e) : 0;
		queue_delete(z->queue, s);
	}
	if (!rc && seen != ended)
		rc = err_set(e, ERR_FAILED, "job %lld: %lld acts cancelled, %lld known", (long long)j->id,
			     (long long)ended, (long long)seen);
	return rc;
}
