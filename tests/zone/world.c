#include "world.h"

#include <stdlib.h>

#include "base/map.h"
#include "store/act.h"

#define STEP_MS    100
#define OBSERVE_MS 2000
#define ACTS_MAX   4096
#define BOOT_MS    2000 /* R8 */
#define LEASE_OUT  40000

/* One conversation, as wire holds it. */
struct talk {
	struct act_start *s;
	int64_t at; /* when its next thing happens */
	enum { TALK_READING, TALK_AT_GATE, TALK_ORDERED } state;
	struct act_outcome *outcome; /* TALK_ORDERED: what it will say */
	bool told;                   /* that its order was answered */
};

/* An order that is on its way to a device; it outlives the process that sent it. */
struct order {
	uint64_t act;
	int device;
	enum verb verb;
	enum boot_choice boot;
	int64_t at;
};

struct world {
	struct harness *h;
	struct rng rng;
	struct faults faults;
	int devices;
	bool *on, *audit;
	enum boot_choice *armed; /* what the next boot of a device goes into */
	uint64_t *interfaces;    /* of devices that were spoken to */
	struct map_u64 *obeyed;  /* by act: a count */
	struct talk talks[ACTS_MAX];
	size_t talk_count;
	struct order orders[ACTS_MAX];
	size_t order_count;
	unsigned rounds, crash_round, crashes, total_obeyed;
	bool crash_after;
	int64_t dark_until; /* no device has power */
};

/* What wire and devices wait by: no clock that people set. */
static int64_t now_of(const struct world *w)
{
	return clock_mono_ms(w->h->clock);
}

static bool chance(struct world *w, unsigned percent)
{
	return percent && rng_below(&w->rng, 100) < percent;
}

struct world *world_new(struct harness *h, uint64_t seed, const struct faults *faults, int devices)
{
	struct world *w = mem_alloc(sizeof(*w));
	w->h = h;
	w->faults = *faults;
	w->devices = devices;
	rng_init(&w->rng, seed);
	w->on = mem_array((size_t)devices + 1, sizeof(bool));
	w->audit = mem_array((size_t)devices + 1, sizeof(bool));
	w->armed = mem_array((size_t)devices + 1, sizeof(enum boot_choice));
	w->interfaces = mem_array((size_t)devices + 1, sizeof(uint64_t));
	w->obeyed = map_u64_new();
	for (int i = 1; i <= devices; i++) {
		w->on[i] = true;
		w->audit[i] = !chance(w, faults->no_audit);
	}
	return w;
}

static void talk_free(struct talk *t)
{
	mail_drop(t->s);
	mail_drop(t->outcome);
}

static void hang_up(struct world *w)
{
	for (size_t i = 0; i < w->talk_count; i++)
		talk_free(&w->talks[i]);
	w->talk_count = 0;
}

void world_free(struct world *w)
{
	hang_up(w);
	free(w->on);
	free(w->audit);
	free(w->armed);
	free(w->interfaces);
	map_u64_free(w->obeyed);
	free(w);
}

void world_power_fails(struct world *w, int64_t ms)
{
	w->dark_until = now_of(w) + ms;
	for (int d = 1; d <= w->devices; d++)
		w->on[d] = false;
}

static bool is_dark(const struct world *w)
{
	return now_of(w) < w->dark_until;
}

void world_set_power(struct world *w, int device, bool on)
{
	w->on[device] = on;
}

unsigned world_obeyed(const struct world *w)
{
	return w->total_obeyed;
}

unsigned world_crashes(const struct world *w)
{
	return w->crashes;
}

unsigned world_rounds(const struct world *w)
{
	return w->rounds;
}

void world_crash_at(struct world *w, unsigned round, bool after_commit)
{
	w->crash_round = round;
	w->crash_after = after_commit;
}

/* "10.0.0.7" is device 7; see furnish. */
static int device_of(const struct act_start *s)
{
	unsigned a, b, c;
	assert_int_equal(sscanf(s->at.host, "10.%u.%u.%u", &a, &b, &c), 3);
	return (int)(a * 65536 + b * 250 + c);
}

static int power_of(const struct world *w, int device)
{
	return w->on[device] ? POWER_STATE_ON : POWER_STATE_OFF_SOFT;
}

static uintptr_t times_obeyed(const struct world *w, uint64_t act)
{
	return (uintptr_t)map_u64_get(w->obeyed, act);
}

static void obey(struct world *w, const struct order *o)
{
	map_u64_put(w->obeyed, o->act, (void *)(times_obeyed(w, o->act) + 1));
	w->total_obeyed++;
	w->on[o->device] = o->verb != VERB_OFF;
	if (o->verb == VERB_OFF)
		return;
	if (w->armed[o->device] != o->boot)
		fail_msg("act %llu booted device %d into %d instead of %d", (unsigned long long)o->act, o->device,
			 (int)w->armed[o->device], (int)o->boot);
	w->armed[o->device] = BOOT_NONE;
}

static struct talk *find(struct world *w, uint64_t act, uint32_t fence)
{
	for (size_t i = 0; i < w->talk_count; i++)
		if (w->talks[i].s->act == act && w->talks[i].s->fence == fence)
			return &w->talks[i];
	return NULL;
}

static void schedule(struct world *w, struct talk *t, enum act_end end, int reason, int64_t after)
{
	t->outcome = outcome_of(t->s, end, reason);
	t->outcome->boot_left = t->s->boot_left && end != ACT_END_DONE;
	t->outcome->power_after = power_of(w, device_of(t->s));
	t->state = TALK_ORDERED;
	t->at = now_of(w) + after;
}

/* The order does not follow: its choice is taken back, if the device can still be reached. */
static void take_back(struct world *w, struct talk *t, enum act_end end, int reason, int64_t after)
{
	int d = device_of(t->s);
	bool torn = t->s->boot && chance(w, w->faults.torn);
	if (t->s->boot && !torn)
		w->armed[d] = BOOT_NONE;
	schedule(w, t, end, reason, after);
	t->outcome->boot_left = torn;
}

static void doubt(struct world *w, struct talk *t, int reason, int64_t after)
{
	schedule(w, t, ACT_END_DOUBT, reason, after);
	t->outcome->boot_left = t->s->boot != BOOT_NONE;
}

static void send_order(struct world *w, const struct talk *t, int64_t after)
{
	assert_true(w->order_count < ACTS_MAX);
	struct order *o = &w->orders[w->order_count++];
	*o = (struct order){t->s->act, device_of(t->s), t->s->verb, t->s->boot, now_of(w) + after};
	if (after == 0) {
		obey(w, o);
		w->order_count--;
	}
}

/* The gate is open: what becomes of the one request. */
static void let_go(struct world *w, struct talk *t)
{
	const struct faults *f = &w->faults;
	if (is_dark(w) || chance(w, f->lost_request)) {
		doubt(w, t, ERR_NO_REPLY, 3000);
	} else if (chance(w, f->lost_reply)) {
		send_order(w, t, 0);
		doubt(w, t, ERR_LOST_CONNECTION, 200);
	} else if (chance(w, f->late)) {
		send_order(w, t, 1 + (int64_t)rng_below(&w->rng, 30000));
		doubt(w, t, ERR_NO_REPLY, 5000);
	} else if (chance(w, f->busy)) {
		take_back(w, t, ACT_END_REFUSED, ERR_DEVICE_BUSY, 100);
	} else if (chance(w, f->no_change)) {
		take_back(w, t, ACT_END_FAILED, ERR_NO_CHANGE, 10000);
	} else {
		send_order(w, t, 0);
		schedule(w, t, ACT_END_DONE, 0, 500);
	}
}

static void on_gate_answer(struct world *w, const struct act_gate_answer *a)
{
	struct talk *t = find(w, a->act, a->fence);
	if (!t || t->state != TALK_AT_GATE)
		return;
	if (!a->go)
		take_back(w, t, ACT_END_NOT_SENT, a->reason, 0);
	else if (clock_boot_ms(w->h->clock) - a->committed_boot_ms > BOOT_MS)
		take_back(w, t, ACT_END_NOT_SENT, ERR_TIMEOUT, 0);
	else
		let_go(w, t);
}

static void on_cancel(struct world *w, const struct act_gate_answer *a)
{
	struct talk *t = find(w, a->act, a->fence);
	if (t && t->state == TALK_AT_GATE)
		take_back(w, t, ACT_END_NOT_SENT, ERR_CANCELLED, 0);
	else if (t && t->state != TALK_ORDERED && t->s->mode == ACT_RUN)
		schedule(w, t, ACT_END_NOT_SENT, ERR_CANCELLED, 0);
}

static bool is_busy(const struct world *w, uint64_t interface)
{
	for (size_t i = 0; i < w->talk_count; i++)
		if (w->talks[i].s->at.id == interface)
			return true;
	return false;
}

static void on_start(struct world *w, struct act_start *s)
{
	assert_false(is_busy(w, s->at.id)); /* one conversation per device */
	assert_true(w->talk_count < ACTS_MAX);
	w->interfaces[device_of(s)] = s->at.id;
	w->talks[w->talk_count++] = (struct talk){.s = s, .at = now_of(w) + 50 + (int64_t)rng_below(&w->rng, 200)};
}

static void read_wire(struct world *w)
{
	struct mail *m = w->h->wire;
	w->h->wire = NULL;
	while (m) {
		struct mail *next = m->next;
		m->next = NULL;
		if (m->kind == WIRE_ACT_GATE_ANSWER)
			on_gate_answer(w, (struct act_gate_answer *)m);
		else if (m->kind == WIRE_ACT_CANCEL)
			on_cancel(w, (struct act_gate_answer *)m);
		if (m->kind == WIRE_ACT_START)
			on_start(w, (struct act_start *)m);
		else
			mail_drop(m);
		m = next;
	}
}

static void settle(struct world *w, struct talk *t)
{
	int d = device_of(t->s);
	bool wanted = t->s->verb == VERB_ON ? w->on[d] : !w->on[d];
	bool told_by_state = t->s->verb == VERB_ON || t->s->verb == VERB_OFF;
	if (is_dark(w) || chance(w, w->faults.unreachable))
		schedule(w, t, ACT_END_NOT_SENT, ERR_UNREACHABLE, 5000);
	else if (w->audit[d])
		schedule(w, t, times_obeyed(w, t->s->act) ? ACT_END_DONE : ACT_END_NOT_DONE, 0, 100);
	else if (told_by_state && wanted && times_obeyed(w, t->s->act))
		schedule(w, t, ACT_END_DONE, 0, 100);
	else
		schedule(w, t, ACT_END_DOUBT, ERR_NO_REPLY, 2000);
}

/* What is written before the order; false: the conversation breaks behind it. */
static bool prepare_boot(struct world *w, const struct talk *t)
{
	if (t->s->boot || t->s->boot_left)
		w->armed[device_of(t->s)] = t->s->boot;
	return !t->s->boot || !chance(w, w->faults.torn);
}

/* The reads before the order. */
static void read_device(struct world *w, struct talk *t, struct mail ***to_zone)
{
	int d = device_of(t->s);
	enum verb v = t->s->verb;
	if (is_dark(w) || chance(w, w->faults.unreachable)) {
		schedule(w, t, ACT_END_NOT_SENT, ERR_UNREACHABLE, 5000);
	} else if (t->s->mode == ACT_SETTLE) {
		settle(w, t);
	} else if (v == VERB_STATUS) {
		schedule(w, t, ACT_END_DONE, 0, 0);
	} else if (v == VERB_UNBOOT) {
		w->armed[d] = BOOT_NONE;
		schedule(w, t, ACT_END_DONE, 0, 0);
	} else if (v == VERB_ON && w->on[d] && t->s->boot) {
		schedule(w, t, ACT_END_FAILED, ERR_ALREADY_ON, 0);
	} else if ((v == VERB_ON && w->on[d]) || (v == VERB_OFF && !w->on[d])) {
		schedule(w, t, ACT_END_ALREADY, 0, 0);
	} else if (v != VERB_ON && !w->on[d]) {
		schedule(w, t, ACT_END_FAILED, ERR_INVALID_STATE, 0);
	} else if (!prepare_boot(w, t)) {
		schedule(w, t, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, 0);
		t->outcome->boot_left = true;
	} else {
		struct act_gate *g = gate_of(t->s, power_of(w, d));
		**to_zone = &g->mail;
		*to_zone = &g->mail.next;
		t->state = TALK_AT_GATE;
	}
}

static void deliver_orders(struct world *w, int64_t now)
{
	for (size_t i = 0; i < w->order_count;) {
		if (w->orders[i].at > now) {
			i++;
			continue;
		}
		if (!is_dark(w))
			obey(w, &w->orders[i]);
		w->orders[i] = w->orders[--w->order_count];
	}
}

static bool says_that_it_was_answered(const struct talk *t)
{
	return t->s->tell_answered && t->s->mode == ACT_RUN && !t->told && t->outcome->end == ACT_END_DONE;
}

/* What wire has to say at this moment: a chain for the zone. */
static struct mail *advance(struct world *w)
{
	struct mail *chain = NULL, **end = &chain;
	int64_t now = now_of(w);
	deliver_orders(w, now);
	for (size_t i = 0; i < w->talk_count;) {
		struct talk *t = &w->talks[i];
		if (t->at > now || t->state == TALK_AT_GATE) {
			i++;
		} else if (t->state == TALK_READING) {
			read_device(w, t, &end);
			i++;
		} else if (says_that_it_was_answered(t)) {
			struct act_gate *g = gate_of(t->s, 0);
			g->mail.kind = ZONE_ACT_ANSWERED;
			*end = &g->mail;
			end = &g->mail.next;
			t->told = true;
			t->at = now + OBSERVE_MS;
			i++;
		} else {
			*end = &t->outcome->mail;
			end = &t->outcome->mail.next;
			mail_drop(t->s);
			*t = w->talks[--w->talk_count];
		}
	}
	*end = NULL;
	return chain;
}

static void crash(struct world *w)
{
	w->crashes++;
	hang_up(w);
	harness_restart(w->h);
}

static bool is_crash_round(struct world *w)
{
	return (w->crash_round && w->rounds + 1 == w->crash_round) || chance(w, w->faults.crash);
}

/* One round of the zone, in which the process may die on either side of the commit. */
static void run_round(struct world *w, struct mail *messages)
{
	if (!messages && machine_wake(w->h->z) > clock_wall_ms(w->h->clock))
		return;
	if (!is_crash_round(w)) {
		w->rounds++;
		harness_round(w->h, messages);
		return;
	}
	w->crash_round = 0;
	if (w->crash_after || chance(w, 50)) {
		struct zone_out out;
		machine_round(w->h->z, NULL, messages, &out); /* committed, and nothing of it left */
		mail_free_all(out.to_wire);
		mail_free_all(out.to_api);
	} else {
		mail_free_all(messages);
	}
	w->rounds++;
	crash(w);
}

static bool is_over(struct world *w)
{
	return w->order_count == 0 && query(w->h, "SELECT COUNT(*) FROM job WHERE state < 2") == 0;
}

static bool is_idle(const struct world *w)
{
	return !w->talk_count && !w->order_count && !w->h->wire;
}

/* Where nobody talks, straight to what the zone waits for. */
static int64_t step(const struct world *w, int64_t left)
{
	int64_t wake = machine_wake(w->h->z), wall = clock_wall_ms(w->h->clock);
	if (!is_idle(w) || wake <= wall + STEP_MS)
		return STEP_MS;
	return wake - wall < left ? wake - wall : left;
}

void world_pass(struct world *w, int64_t ms)
{
	int64_t end = now_of(w) + ms;
	while (now_of(w) < end) {
		read_wire(w);
		clock_advance(w->h->clock, chance(w, w->faults.freeze) ? LEASE_OUT : step(w, end - now_of(w)));
		if (chance(w, w->faults.slow_gate))
			clock_advance(w->h->clock, BOOT_MS + 1);
		run_round(w, advance(w));
	}
}

bool world_run(struct world *w, int64_t ms)
{
	int64_t end = now_of(w) + ms;
	for (int n = 0; now_of(w) < end; n++) {
		read_wire(w);
		if (n % 50 == 0 && is_over(w))
			return true;
		clock_advance(w->h->clock, chance(w, w->faults.freeze) ? LEASE_OUT : STEP_MS);
		if (chance(w, w->faults.slow_gate))
			clock_advance(w->h->clock, BOOT_MS + 1);
		run_round(w, advance(w));
	}
	return is_over(w);
}

static void check_act(struct world *w, int64_t act, enum act_state s, enum verb v)
{
	unsigned times = (unsigned)times_obeyed(w, (uint64_t)act);
	if (times > 1)
		fail_msg("act %lld was obeyed %u times", (long long)act, times);
	if (!act_state_is_final(s))
		fail_msg("act %lld is still %s", (long long)act, act_state_name(s));
	if (s == ACT_STATE_DONE && verb_changes_power(v) && times == 0)
		fail_msg("act %lld is done and was not obeyed", (long long)act);
	if (s != ACT_STATE_DONE && s != ACT_STATE_UNKNOWN && times)
		fail_msg("act %lld is %s and was obeyed", (long long)act, act_state_name(s));
}

static const char *next_act(int64_t after, char *sql, size_t sql_size)
{
	(void)snprintf(sql, sql_size, "SELECT COALESCE(MIN(id), 0) FROM act WHERE id > %lld", (long long)after);
	return sql;
}

/* No boot choice stands in a device that the zone does not know of. */
static void check_boot(struct world *w, int device)
{
	char sql[128];
	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM boot_left WHERE amt = %lld",
		       (long long)w->interfaces[device]);
	if (w->armed[device] && !query(w->h, sql))
		fail_msg("device %d would boot into %d", device, (int)w->armed[device]);
}

void world_check(struct world *w)
{
	char sql[128];
	int64_t id = 0;
	for (int d = 1; d <= w->devices; d++)
		check_boot(w, d);
	while ((id = query(w->h, next_act(id, sql, sizeof(sql)))) != 0) {
		(void)snprintf(sql, sizeof(sql), "SELECT state FROM act WHERE id = %lld", (long long)id);
		enum act_state s = (enum act_state)query(w->h, sql);
		(void)snprintf(sql, sizeof(sql), "SELECT verb FROM act WHERE id = %lld", (long long)id);
		check_act(w, id, s, (enum verb)query(w->h, sql));
	}
	assert_int_equal(query(w->h,
			       "SELECT COUNT(*) FROM job WHERE total <> done + already + failed + unknown + cancelled"
			       " + expired + skipped OR ended_at = 0"),
			 0);
	assert_int_equal(query(w->h,
			       "SELECT COUNT(*) FROM job j WHERE j.done <> (SELECT COUNT(*) FROM act a WHERE a.job ="
			       " j.id AND a.state = 3) OR j.unknown <> (SELECT COUNT(*) FROM act a WHERE a.job = j.id"
			       " AND a.state = 6)"),
			 0);
}
