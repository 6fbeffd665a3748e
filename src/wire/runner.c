#include "wire/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "amt/firmware.h"
#include "amt/flow.h"
#include "base/base.h"
#include "base/err.h"
#include "base/map.h"
#include "base/metric.h"
#include "wire/logins.h"
#include "wire/manager.h"
#include "wire/talk.h"

#define RETRY_MS       1000 /* a controller that slept drops the first request */
#define GATE_MS        2000 /* R8: from zone's commit to the order's first byte */
#define ALIVE_MS       5000 /* a connection that was seen to live this long ago carries the order */
#define KEEP_OPEN_MS   5000 /* a longer pause closes the connection */
#define GATE_WAIT_MS   60000
#define FDS_FOR_OTHERS 256
#define QUIRKS_MAX     100000 /* interfaces; more are found out each time anew */

enum run_state {
	RUN_WAITING, /* for a place */
	RUN_READING,
	RUN_PAUSED,
	RUN_OPENING, /* a connection for the order */
	RUN_GATE,    /* for zone's leave */
	RUN_ORDERED, /* the order was written, its reply is waited for */
};

/* One act in flight. */
struct run {
	struct list link; /* in runner->waiting or ->running */
	struct runner *runner;
	struct act_start *order;
	struct act_outcome *out;
	struct flow_ctx ctx;
	struct talk *talk;
	struct loop_timer pause;
	enum run_state state;
	bool tried;                     /* the present read has failed once */
	bool accepted;                  /* the order was answered and what it did is observed */
	bool given_up;                  /* the outcome is filled; the present exchange ends first */
	bool one_use;                   /* the device's nonces seem to be good for one request */
	bool kept;                      /* zone has on disk what the present step needs there */
	uint8_t login;                  /* enum login_at */
	int64_t started_ms, ordered_ms; /* mono */
};

struct runner {
	struct wire_kit *kit;
	struct map_u64 *by_act;
	struct list waiting, running;
	size_t running_count, running_max;
	bool starting; /* start_waiting is at work */
	bool stopping;
	struct loop_timer give_up;
};

static void on_open(void *arg);
static int on_write(void *arg, struct buf *soap, struct err *e);
static void on_reply(void *arg, const struct http1 *http);
static void on_failed(void *arg, int code, const struct err *e);

static const struct talk_events talk_events = {on_open, on_write, on_reply, on_failed};

static void next(struct run *run);

/* Each act in flight has one descriptor, and so has each connection that is kept. */
static size_t descriptors(const struct wire_kit *kit)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 4 * FDS_FOR_OTHERS)
		return FDS_FOR_OTHERS;
	size_t most = limit.rlim_cur > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)limit.rlim_cur;
	return most - FDS_FOR_OTHERS - kit->kept_max;
}

static void on_give_up(void *arg);

struct runner *runner_new(struct wire_kit *kit)
{
	struct runner *r = mem_alloc(sizeof(*r));
	r->kit = kit;
	r->by_act = map_u64_new();
	r->running_max = descriptors(kit);
	list_init(&r->waiting);
	list_init(&r->running);
	loop_timer_init(&r->give_up, kit->loop, on_give_up, r);
	return r;
}

void runner_free(struct runner *r)
{
	if (!r)
		return;
	ASSERT(runner_open(r) == 0);
	loop_timer_stop(&r->give_up);
	map_u64_free(r->by_act);
	free(r);
}

size_t runner_open(const struct runner *r)
{
	return map_u64_count(r->by_act);
}

static void learn(const struct run *run, struct act_learned *to)
{
	const struct talk_found *t = &run->talk->found;
	to->answered = t->answered;
	/* Of a device that is being set up nothing is known for good before it is. */
	if (run->order->at.in_setup && run->out->end != ACT_END_DONE)
		return;
	to->used_tls = t->used_tls && t->login_good;
	to->has_digest = t->login_good;
	if (to->has_digest)
		to->digest = run->order->at.digest;
	to->has_pin = t->has_pin && t->login_good;
	if (to->has_pin)
		memcpy(to->pin, t->pin, sizeof(to->pin));
	if (!to->has_version && *t->version && t->login_good) {
		to->has_version = true;
		memcpy(to->version, t->version, sizeof(to->version));
	}
}

/* It cost a request to find out. */
static void remember_quirk(struct run *run)
{
	struct map_u64 *known = run->runner->kit->no_power_get;
	if (run->ctx.no_power_get && map_u64_count(known) < QUIRKS_MAX)
		map_u64_put(known, run->order->at.id, run->runner);
}

static void start_waiting(struct runner *r);

#define LEFT "the boot choice may still stand in the device"

/* An order that may have been obeyed has used its boot choice up, or will; anything else left it where it is. */
static void tell_what_is_left(struct run *run)
{
	struct act_outcome *out = run->out;
	char text[ACT_DETAIL_SIZE + sizeof("; " LEFT)];
	out->boot_left = run->ctx.dirty && out->end != ACT_END_DONE;
	if (!out->boot_left || !out->reason || out->end == ACT_END_DOUBT)
		return;
	(void)snprintf(text, sizeof(text), "%s%s%s", out->detail, *out->detail ? "; " : "", LEFT);
	act_outcome_set_detail(out, text);
}

/* Tells the outcome, which is filled, and ends the run. */
static void tell(struct run *run)
{
	struct runner *r = run->runner;
	bool had_place = run->state != RUN_WAITING;
	tell_what_is_left(run);
	learn(run, &run->out->learned);
	if (run->talk->found.login_good)
		run->out->learned.credential = run->order->at.credential;
	remember_quirk(run);
	run->out->requests = run->talk->found.requests;
	map_u64_delete(r->by_act, run->order->act);
	list_remove(&run->link);
	loop_timer_stop(&run->pause);
	talk_end(run->talk);
	flow_release(&run->ctx);
	kit_tell_zone(r->kit, &run->out->mail);
	run->order->mail.free(&run->order->mail);
	free(run);
	metric_set(METRIC_wire_acts_in_flight, (int64_t)map_u64_count(r->by_act));
	if (had_place) {
		r->running_count--;
		start_waiting(r);
	}
}

static void pause_for(struct run *run, int64_t ms);

/* The outcome is filled. What the flow has written for its order is taken back first; not from inside the event that
 * ended the flow, which the conversation has still to come back from. */
static void finish(struct run *run)
{
	if (!run->talk->found.answered || !flow_undo(&run->ctx)) {
		tell(run);
		return;
	}
	run->tried = false;
	pause_for(run, 0);
}

static void fill(struct run *run, enum act_end how, int reason, const char *detail)
{
	if (!run->ctx.over && !run->ctx.undoing)
		run->out->step = flow_step(&run->ctx)->name;
	run->out->end = how;
	run->out->reason = reason;
	run->out->evidence = ACT_EVIDENCE_NONE;
	act_outcome_set_detail(run->out, detail);
}

static void end(struct run *run, enum act_end how, int reason, const char *detail)
{
	fill(run, how, reason, detail);
	finish(run);
}

static void end_with(struct run *run, enum act_end how, int reason, const struct err *e)
{
	if (e->device_status)
		run->out->device_status = e->device_status;
	end(run, how, reason, e->msg);
}

static void read_failed(struct run *run, int code, const struct err *e);

static void ask(struct run *run)
{
	struct err e = ERR_INIT;
	run->state = RUN_READING;
	int rc = talk_ask(run->talk, false, &e);
	if (rc)
		read_failed(run, rc, &e);
}

static void pause_for(struct run *run, int64_t ms)
{
	run->state = RUN_PAUSED;
	if (ms > KEEP_OPEN_MS)
		talk_close(run->talk);
	loop_timer_set(&run->pause, ms);
}

static void on_pause_over(void *arg)
{
	struct run *run = arg;
	if (run->state == RUN_GATE)
		end(run, ACT_END_NOT_SENT, ERR_BUSY, "the zone did not answer in time");
	else
		next(run);
}

/* True when the exchange that has just ended was the last. */
static bool ends_here(struct run *run)
{
	bool ends = run->given_up;
	run->given_up = false;
	if (ends)
		finish(run);
	return ends;
}

/* The outcome is known already. */
static void undo_failed(struct run *run, int code)
{
	if (err_class(code) != ERR_CLASS_RETRY || run->tried) {
		tell(run);
		return;
	}
	run->tried = true;
	pause_for(run, RETRY_MS);
}

/* The next login that the device may have, where this one was refused. */
static bool try_other_login(struct run *run, int code)
{
	if (code != ERR_WRONG_PASSWORD || run->ctx.undoing || !logins_next(run->order, &run->login))
		return false;
	run->ctx.has_next = run->login == LOGIN_NEXT;
	run->talk->found.login_good = false; /* that of another login */
	ask(run);
	return true;
}

/* The request had left, and the device was expected to break the connection off. */
static bool was_to_end(struct run *run, int code)
{
	bool left = code == ERR_LOST_CONNECTION || code == ERR_NO_ANSWER || code == ERR_CLOSED;
	if (!left || run->ctx.over || run->ctx.undoing || !(flow_step(&run->ctx)->flags & STEP_FLAG_ENDS) ||
	    talk_sent_nothing(run->talk))
		return false;
	if (flow_step(&run->ctx)->flags & STEP_FLAG_REPIN)
		talk_repin(run->talk, run->order->setup->pin);
	flow_lost(&run->ctx);
	run->kept = run->tried = false;
	pause_for(run, RETRY_MS);
	return true;
}

/* A failure that may pass is tried once more, soon; zone decides about everything after that. */
static void read_failed(struct run *run, int code, const struct err *e)
{
	int64_t now = loop_now_ms(run->runner->kit->loop);
	bool may_pass = err_class(code) == ERR_CLASS_RETRY;
	run->state = RUN_READING;
	if (ends_here(run) || try_other_login(run, code) || was_to_end(run, code))
		return;
	if (run->ctx.undoing) {
		undo_failed(run, code);
	} else if (run->accepted) {
		if (flow_skip_observation(&run->ctx))
			next(run);
		else
			end_with(run, ACT_END_DOUBT, code, e);
	} else if (may_pass && !run->tried && code != ERR_NAME_UNRESOLVED &&
		   now + RETRY_MS - run->started_ms <= run->order->give_up_after_ms && !run->runner->stopping) {
		run->tried = true;
		pause_for(run, RETRY_MS);
	} else if (flow_failed(&run->ctx, code)) {
		finish(run);
	} else if (run->order->mode == ACT_SETTLE) {
		end_with(run, ACT_END_DOUBT, code, e);
	} else {
		end_with(run, may_pass ? ACT_END_NOT_SENT : ACT_END_FAILED, code, e);
	}
}

/* Stops before the order. The MessageID that zone commits is the one that it will carry. */
static void gate(struct run *run)
{
	struct act_gate *gate = act_gate_new();
	struct wire_kit *kit = run->runner->kit;
	run->ctx.message_id = kit_uuid(kit);
	gate->act = run->order->act;
	gate->fence = run->order->fence;
	gate->power_before = run->out->power_before;
	wsman_message_id(&run->ctx.message_id, gate->message_id);
	run->state = RUN_GATE;
	loop_timer_set(&run->pause, GATE_WAIT_MS);
	kit_tell_zone(kit, &gate->mail);
}

/* Whoever waits until this order is off the wire may go; where nothing is observed the outcome says so. */
static void tell_answered(struct run *run)
{
	if (!run->order->tell_answered)
		return;
	struct act_gate *m = act_gate_new();
	m->mail.kind = ZONE_ACT_ANSWERED;
	m->act = run->order->act;
	m->fence = run->order->fence;
	kit_tell_zone(run->runner->kit, &m->mail);
}

/* Makes what the step gives to the device. */
static int prepare_keep(struct run *run, struct err *e)
{
	struct wire_kit *kit = run->runner->kit;
	struct act_setup *to = run->order->setup;
	unsigned flags = flow_step(&run->ctx)->flags;
	int rc = 0;
	if ((flags & STEP_FLAG_SECRET) && !to->next.sealed_len)
		rc = logins_draw(kit, &to->next, e);
	if (!rc && (flags & STEP_FLAG_CERTIFICATE) && !run->ctx.certificate.len)
		rc = manager_issue(kit, run->order, &run->out->learned.uuid, buf_bytes(&run->ctx.keep),
				   &run->ctx.certificate, to->pin, e);
	if (!rc && (flags & STEP_FLAG_CERTIFICATE))
		to->has_pin = true;
	return rc;
}

/* Stops before a step whose consequence has to be on disk first; a new password is drawn here, sealed, and told to
 * zone. */
static void keep_gate(struct run *run)
{
	struct wire_kit *kit = run->runner->kit;
	struct err e = ERR_INIT;
	int rc = prepare_keep(run, &e);
	if (rc) {
		end_with(run, ACT_END_FAILED, rc, &e);
		return;
	}
	struct act_gate *gate = act_gate_new();
	gate->act = run->order->act;
	gate->fence = run->order->fence;
	gate->keeps = true;
	gate->keep.step = flow_step(&run->ctx)->name;
	gate->keep.credential = run->order->at.credential;
	if (flow_step(&run->ctx)->flags & STEP_FLAG_SECRET) {
		gate->keep.sealed_len = run->order->setup->next.sealed_len;
		memcpy(gate->keep.sealed, run->order->setup->next.sealed, gate->keep.sealed_len);
	}
	if (flow_step(&run->ctx)->flags & STEP_FLAG_CERTIFICATE) {
		gate->keep.has_pin = true;
		memcpy(gate->keep.pin, run->order->setup->pin, TLS_PIN_SIZE);
	}
	run->state = RUN_GATE;
	loop_timer_set(&run->pause, GATE_WAIT_MS);
	kit_tell_zone(kit, &gate->mail);
}

static void prepare_order(struct run *run)
{
	struct err e = ERR_INIT;
	bool fresh = run->one_use || run->talk->found.nonce_refused;
	if (talk_is_open(run->talk) && !fresh) {
		gate(run);
		return;
	}
	run->state = RUN_OPENING;
	int rc = fresh ? talk_open_fresh(run->talk, &e) : talk_open(run->talk, &e);
	if (rc)
		read_failed(run, rc, &e);
}

static void observe(struct run *run)
{
	int64_t due = run->ordered_ms + flow_wait_ms(&run->ctx), now = loop_now_ms(run->runner->kit->loop);
	if (due > now)
		pause_for(run, due - now);
	else
		ask(run);
}

static void next(struct run *run)
{
	if (run->ctx.over) {
		finish(run);
		return;
	}
	unsigned flags = flow_step(&run->ctx)->flags;
	if (flags & STEP_FLAG_GATE)
		prepare_order(run);
	else if ((flags & STEP_FLAG_KEEP) && !run->kept)
		keep_gate(run);
	else if (flags & STEP_FLAG_OBSERVE)
		observe(run);
	else
		ask(run);
}

static void on_open(void *arg)
{
	struct run *run = arg;
	if (!ends_here(run))
		gate(run);
}

/* The new password is in the open for as long as the request is written. */
static int write_secret(struct run *run, struct buf *soap, struct err *e)
{
	struct secret password = SECRET_INIT;
	struct wire_kit *kit = run->runner->kit;
	run->ctx.realm = run->order->at.digest.realm;
	int rc = logins_open(kit, &run->order->setup->next, &password, e);
	if (rc)
		return rc;
	run->ctx.password = &password;
	rc = flow_write(&run->ctx, soap, e);
	run->ctx.password = NULL;
	run->talk->wipe = true;
	secret_release(&password);
	return rc;
}

static int on_write(void *arg, struct buf *soap, struct err *e)
{
	struct run *run = arg;
	struct wire_kit *kit = run->runner->kit;
	bool is_order = run->state == RUN_ORDERED;
	ASSERT(is_order == ((flow_step(&run->ctx)->flags & STEP_FLAG_GATE) != 0));
	if (!is_order)
		run->ctx.message_id = kit_uuid(kit);
	run->ctx.asked_at_ms = clock_wall_ms(kit->clock);
	if (flow_step(&run->ctx)->flags & STEP_FLAG_SECRET)
		return write_secret(run, soap, e);
	return flow_write(&run->ctx, soap, e);
}

/* What a status other than those that carry SOAP says. */
static int status_error(const struct run *run, const struct http1 *http, struct err *e)
{
	const char *version = run->talk->found.version;
	e->device_status = http->status;
	switch (http->status) {
	case 503:
		return err_set(e, ERR_DEVICE_BUSY, "the device answered with HTTP 503");
	case 403:
		return err_set(e, ERR_ACCESS_DENIED, "the device answered with HTTP 403");
	default:
		if (firmware_is_too_old(version))
			return err_set(e, ERR_TOO_OLD, "its firmware is %s", version);
		return err_set(e, ERR_NOT_AMT, "it answered with HTTP %u", http->status);
	}
}

static bool carries_soap(const struct http1 *http)
{
	return http->status == 200 || http->status == 400 || http->status == 500;
}

static int read_soap(struct run *run, const struct http1 *http, struct err *e)
{
	struct wire_kit *kit = run->runner->kit;
	struct wsman_reply reply;
	e->device_status = http->status == 200 ? 0 : http->status;
	if (http->status != 200 && http->body.len == 0)
		return err_set(e, ERR_DEVICE_FAULT, "the device answered with HTTP %u and said nothing", http->status);
	int rc = wsman_reply_parse(kit->xml, buf_bytes(&http->body), &reply, e);
	if (rc)
		return rc == ERR_TOO_BIG ? ERR_MALFORMED : rc;
	run->ctx.answered_at_ms = clock_wall_ms(kit->clock);
	run->ctx.realm = run->order->at.digest.realm;
	run->ctx.tls = run->talk->found.tls_version;
	buf_reset(&kit->scratch);
	return flow_read(&run->ctx, &reply, e);
}

/* The device has the new password. A connection keeps the login of its first request, so another one is opened. */
static void take_next(struct run *run)
{
	run->ctx.take_next = false;
	run->ctx.has_next = true;
	run->login = LOGIN_NEXT;
	logins_take(&run->order->at, &run->order->setup->next);
	run->talk->found.login_good = false; /* of the new one nothing is known yet */
	if (talk_is_open(run->talk))
		talk_close(run->talk);
}

static void read_replied(struct run *run, const struct http1 *http)
{
	struct err e = ERR_INIT;
	unsigned flags = flow_step(&run->ctx)->flags;
	int rc = carries_soap(http) ? read_soap(run, http, &e) : status_error(run, http, &e);
	if (rc) {
		read_failed(run, rc, &e);
		return;
	}
	if (flags & STEP_FLAG_REPIN)
		talk_repin(run->talk, run->order->setup->pin);
	run->tried = run->kept = false;
	if (run->ctx.take_next)
		take_next(run);
	next(run);
}

/* The read before it was let in with the same nonce. A device that calls that nonce stale has refused the order; one
 * that gives no reason contradicts itself, and may have obeyed all the same. */
static void order_unauthorized(struct run *run, const struct http1 *http)
{
	struct digest_challenge c;
	if (digest_challenge_read(http, 0, &c, NULL) == 0 && c.stale)
		end(run, ACT_END_REFUSED, ERR_DEVICE_BUSY, "the device wanted a new login for the order");
	else
		end(run, ACT_END_DOUBT, ERR_BAD_REPLY,
		    "the device answered the order with HTTP 401 after a good login");
}

/* The table of what a complete HTTP reply to the order proves; its inside is the flow's. */
static void order_replied(struct run *run, const struct http1 *http)
{
	struct err e = ERR_INIT;
	run->out->device_status = http->status == 200 ? 0 : http->status;
	if (http->status == 401) {
		order_unauthorized(run, http);
		return;
	}
	if (http->status == 503) {
		end(run, ACT_END_REFUSED, ERR_DEVICE_BUSY, "the device answered the order with HTTP 503");
		return;
	}
	if (!carries_soap(http)) {
		(void)status_error(run, http, &e);
		end(run, ACT_END_DOUBT, ERR_BAD_REPLY, e.msg);
		return;
	}
	if (read_soap(run, http, &e)) {
		end(run, ACT_END_DOUBT, ERR_BAD_REPLY, e.msg);
		return;
	}
	run->accepted = true;
	if (!run->ctx.over)
		tell_answered(run);
	next(run);
}

static void on_reply(void *arg, const struct http1 *http)
{
	struct run *run = arg;
	if (run->state == RUN_ORDERED)
		order_replied(run, http);
	else if (!ends_here(run))
		read_replied(run, http);
}

static void on_failed(void *arg, int code, const struct err *e)
{
	struct run *run = arg;
	if (run->state != RUN_ORDERED)
		read_failed(run, code, e);
	else if (talk_sent_nothing(run->talk))
		end_with(run, ACT_END_NOT_SENT, code, e);
	else
		end_with(run, ACT_END_DOUBT, code == ERR_MALFORMED ? ERR_BAD_REPLY : ERR_NO_REPLY, e);
}

static void run_begin(struct run *run)
{
	struct runner *r = run->runner;
	list_remove(&run->link);
	list_append(&r->running, &run->link);
	r->running_count++;
	run->state = RUN_READING;
	next(run);
}

static void start_waiting(struct runner *r)
{
	if (r->starting || r->stopping)
		return;
	r->starting = true;
	while (r->running_count < r->running_max && !list_is_empty(&r->waiting))
		run_begin(LIST_FIRST(&r->waiting, struct run, link));
	r->starting = false;
}

/* Before the order's first byte: it will not leave any more. An exchange that is under way may be writing what is then
 * taken back, and must not overtake that: its end is waited for. */
static void give_back(struct run *run, int reason, const char *why)
{
	bool asking = run->talk->state != TALK_CLOSED && run->talk->state != TALK_IDLE;
	fill(run, run->order->mode == ACT_SETTLE ? ACT_END_DOUBT : ACT_END_NOT_SENT, reason, why);
	run->given_up = run->ctx.dirty && asking;
	if (!run->given_up)
		finish(run);
}

static bool is_before_order(const struct run *run)
{
	return run->state != RUN_ORDERED && !run->accepted && !run->ctx.undoing;
}

/* The newer start takes over what the old one left in the device. */
static void replace(struct runner *r, uint64_t act)
{
	struct run *old = map_u64_get(r->by_act, act);
	if (!old)
		return;
	if (!old->ctx.undoing)
		fill(old, is_before_order(old) && old->order->mode == ACT_RUN ? ACT_END_NOT_SENT : ACT_END_DOUBT,
		     is_before_order(old) ? ERR_CANCELLED : ERR_NO_REPLY, "replaced by a newer start");
	tell(old);
}

void runner_start(struct runner *r, struct act_start *order)
{
	const struct tls_identity *identity;
	replace(r, order->act);
	struct run *run = mem_alloc(sizeof(*run));
	run->runner = r;
	run->order = order;
	run->out = act_outcome_new();
	run->started_ms = loop_now_ms(r->kit->loop);
	list_append(&r->waiting, &run->link);
	flow_begin(&run->ctx, order, run->out);
	if (map_u64_get(r->kit->no_power_get, order->at.id))
		flow_without_power_get(&run->ctx);
	run->ctx.scratch = &r->kit->scratch;
	run->talk = talk_new(r->kit, &order->at, &talk_events, run);
	/* A stored nonce that was never used is what a 401 to an order leaves: the read before it had used up the last.
	 */
	run->one_use = digest_session_is_open(&order->at.digest) && order->at.digest.nc == 0;
	loop_timer_init(&run->pause, r->kit->loop, on_pause_over, run);
	map_u64_put(r->by_act, order->act, run);
	metric_set(METRIC_wire_acts_in_flight, (int64_t)map_u64_count(r->by_act));
	if (r->stopping)
		give_back(run, ERR_CLOSED, "the server stops");
	else if (!*order->at.host)
		end(run, ACT_END_FAILED, ERR_NOT_CONFIGURED, "the interface has no address");
	else if (order->at.in_setup && manager_tls(r->kit, &identity, NULL))
		end(run, ACT_END_FAILED, ERR_NO_MANAGEMENT_CERT, "");
	else
		start_waiting(r);
}

/* R8, and a connection that was seen to live a moment ago; else the order is given back unsent. */
static void order(struct run *run, int64_t committed_boot_ms)
{
	struct wire_kit *kit = run->runner->kit;
	struct err e = ERR_INIT;
	loop_timer_stop(&run->pause);
	if (clock_boot_ms(kit->clock) - committed_boot_ms > GATE_MS) {
		end(run, ACT_END_NOT_SENT, ERR_BUSY, "the server took more than 2 s from its commit to the sending");
		return;
	}
	if (!talk_is_open(run->talk)) {
		end(run, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, "the device closed the connection before the order");
		return;
	}
	if (loop_now_ms(kit->loop) - run->talk->alive_ms > ALIVE_MS) {
		end(run, ACT_END_NOT_SENT, ERR_BUSY, "the server took more than 5 s to allow the order");
		return;
	}
	run->state = RUN_ORDERED;
	run->ordered_ms = loop_now_ms(kit->loop);
	int rc = talk_ask(run->talk, true, &e);
	if (rc)
		end_with(run, ACT_END_NOT_SENT, rc, &e);
}

/* NULL when the message is about an act, or a start of it, that is over. */
static struct run *find(const struct runner *r, const struct act_gate_answer *m)
{
	struct run *run = map_u64_get(r->by_act, m->act);
	return run && run->order->fence == m->fence ? run : NULL;
}

void runner_answer(struct runner *r, const struct act_gate_answer *answer)
{
	struct run *run = find(r, answer);
	if (!run || run->state != RUN_GATE)
		return;
	if (answer->go && (flow_step(&run->ctx)->flags & STEP_FLAG_KEEP)) {
		loop_timer_stop(&run->pause);
		run->kept = run->order->setup->told = true;
		next(run);
	} else if (answer->go)
		order(run, answer->committed_boot_ms);
	else
		give_back(run, answer->reason ? answer->reason : ERR_CANCELLED, "");
}

void runner_cancel(struct runner *r, const struct act_gate_answer *cancel)
{
	struct run *run = find(r, cancel);
	if (run && is_before_order(run))
		give_back(run, cancel->reason ? cancel->reason : ERR_CANCELLED, "");
}

static void give_all_back(struct runner *r, struct list *runs)
{
	LIST_EACH(runs, it, safe) {
		struct run *run = LIST_ENTRY(it, struct run, link);
		if (is_before_order(run))
			give_back(run, ERR_CLOSED, "the server stops");
		else if (run->state != RUN_ORDERED && !run->ctx.undoing)
			end(run, ACT_END_DOUBT, ERR_RESTARTED, "the server stopped before the change was seen");
	}
}

void runner_stop(struct runner *r, int64_t give_up_ms)
{
	r->stopping = true;
	give_all_back(r, &r->waiting);
	give_all_back(r, &r->running);
	loop_timer_set(&r->give_up, give_up_ms);
}

static void on_give_up(void *arg)
{
	struct runner *r = arg;
	LIST_EACH(&r->running, it, safe) {
		struct run *run = LIST_ENTRY(it, struct run, link);
		if (!run->ctx.undoing && !run->given_up)
			fill(run, ACT_END_DOUBT, ERR_RESTARTED, "the server stopped before the reply");
		tell(run);
	}
}
