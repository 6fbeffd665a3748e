#include "zone/machine.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "zone/calendar.h"
#include "zone/command.h"
#include "zone/crash.h"
#include "zone/engine.h"
#include "zone/person.h"
#include "zone/post.h"
#include "zone/reconcile.h"
#include "zone/refusal.h"
#include "zone/rule.h"
#include "zone/task.h"
#include "zone/zone_priv.h"

#define RETRY_MS      1000 /* after the database refused a round */
#define CLOCK_BACK_MS 5000 /* a clock that is put back by less makes waits that much longer */

void chain_init(struct chain *c)
{
	c->first = NULL;
	c->end = &c->first;
}

void chain_add(struct chain *c, struct mail *m)
{
	m->next = NULL;
	*c->end = m;
	c->end = &m->next;
}

static struct mail *chain_take(struct chain *c)
{
	struct mail *first = c->first;
	chain_init(c);
	return first;
}

void mail_free_all(struct mail *chain)
{
	while (chain) {
		struct mail *next = chain->next;
		chain->free(chain);
		chain = next;
	}
}

/* What a round is run with: messages that stay the batch's until the round is committed. */
struct batch {
	struct mail **mail;
	size_t count;
	bool with_work; /* also what the time brings */
};

static void free_events(struct zone_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_release(&events[i].json);
	free(events);
}

static void events_mail_free(struct mail *m)
{
	struct api_events *ev = (struct api_events *)m;
	free_events(ev->events, ev->count);
	free(ev);
}

static void let_go_events(struct chain *to, int kind, struct zone_event **events, size_t *count, size_t *cap)
{
	if (!*count)
		return;
	struct api_events *m = mem_alloc(sizeof(*m));
	m->mail = (struct mail){.kind = kind, .free = events_mail_free};
	m->count = *count;
	m->events = *events;
	*events = NULL;
	*count = *cap = 0;
	chain_add(to, &m->mail);
}

static void chain_move(struct chain *to, struct chain *from)
{
	if (!from->first)
		return;
	*to->end = from->first;
	to->end = from->end;
	chain_init(from);
}

/* After the commit: answers first, then the events that tell of the same. */
static void let_go(struct zone *z)
{
	let_go_events(&z->to_api, API_EVENTS, &z->events, &z->event_count, &z->event_cap);
	let_go_events(&z->to_api, API_PROGRESS, &z->progress, &z->progress_count, &z->progress_cap);
	chain_move(&z->out_wire, &z->to_wire);
	chain_move(&z->out_api, &z->to_api);
	sink_tell_news(z);
	z->news = NEWS_NONE;
	chain_move(&z->out_post, &z->to_post);
}

/* What was decided in a round that did not come to be. Conversations that were about to open never did. */
static void drop_outputs(struct zone *z)
{
	for (struct mail *m = z->to_wire.first; m; m = m->next)
		if (m->kind == WIRE_ACT_START) {
			const struct act_start *s = (const struct act_start *)m;
			queue_talk_close(z->queue, (int64_t)s->act, s->fence);
		} else if (m->kind == WIRE_SCAN_START) {
			z->scan_in_wire = 0;
		}
	mail_free_all(chain_take(&z->to_wire));
	mail_free_all(chain_take(&z->to_api));
	mail_free_all(chain_take(&z->to_post));
	z->news = NEWS_NONE;
	free_events(z->events, z->event_count);
	free_events(z->progress, z->progress_count);
	z->events = z->progress = NULL;
	z->event_count = z->event_cap = z->progress_count = z->progress_cap = 0;
}

int machine_forget(struct zone *z, struct err *e)
{
	store_ids_forget(&z->ids);
	queue_clear(z->queue);
	job_forget_all(z);
	credential_forget(z);
	calendar_forget(z);
	discover_forget(z);
	audit_forget(z);
	task_forget(z);
	refusal_forget(z);
	map_u64_free(z->fresh);
	z->fresh = map_u64_new();
	rule_forget(z);
	int rc = tree_load(z->tree, z->db, e);
	rc = rc ? rc : overrides_load(z->overrides, z->db, e);
	rc = rc ? rc : setting_load(z, e);
	rc = rc ? rc : event_load(z, e);
	rc = rc ? rc : message_load(z, e);
	rc = rc ? rc : job_load(z, e);
	rc = rc ? rc : act_load(z, e);
	rc = rc ? rc : setup_load(z, e);
	rc = rc ? rc : engine_load(z, e);
	rc = rc ? rc : reconcile_load(z, e);
	return rc ? rc : discover_load(z, e);
}

static int handle(struct zone *z, const struct mail *m, struct err *e)
{
	metric_add(METRIC_zone_messages, 1);
	switch (m->kind) {
	case ZONE_COMMAND:
		return command_handle(z, (const struct zone_command *)m, e);
	case ZONE_CERTIFICATE:
		return certificate_keep(z, (const struct zone_certificate *)m, e);
	case ZONE_USED:
		return command_used(z, (const struct zone_used *)m, e);
	case ZONE_REFUSED:
		return command_refused(z, (const struct zone_refused *)m, e);
	case ZONE_PERSON:
		return person_on_check(z, (const struct zone_person *)m, e);
	case ZONE_ACT_GATE:
		return act_on_gate(z, (const struct act_gate *)m, e);
	case ZONE_ACT_ANSWERED:
		act_on_answered(z, (const struct act_gate *)m);
		return 0;
	case ZONE_ACT_OUTCOME:
		return act_on_outcome(z, (const struct act_outcome *)m, e);
	case ZONE_SIGHTING:
		return discover_on_sighting(z, (const struct sighting *)m, e);
	case ZONE_SCAN_PROGRESS:
		return discover_on_progress(z, (const struct scan_progress *)m, e);
	case ZONE_SCAN_END:
		return discover_on_end(z, (const struct scan_progress *)m, e);
	case ZONE_SINK_STATE:
		return sink_on_state(z, (const struct sink_state *)m, e);
	case ZONE_SINK_TESTED:
		return sink_on_tested(z, (const struct sink_tested *)m, e);
	default: /* room in wire, the end: of the thread */
		return 0;
	}
}

static int handle_one(struct zone *z, const struct mail *m, struct err *e)
{
	arena_reset(z->arena);
	z->change_base = db_total_changes(z->db);
	return handle(z, m, e);
}

/* What the time brings, and what follows from the messages. */
static int work(struct zone *z, struct err *e)
{
	z->run_again = false;
	int rc = z->put_back ? act_clock_back(z, e) : 0;
	rc = rc ? rc : act_timers(z, e);
	rc = rc ? rc : engine_run(z, e);
	rc = rc ? rc : job_slice(z, e);
	rc = rc ? rc : task_step(z, e);
	rc = rc ? rc : act_dispatch(z, e);
	rc = rc ? rc : job_flush(z, e);
	rc = rc ? rc : act_dispatch(z, e); /* protected devices that job_flush released */
	rc = rc ? rc : job_flush(z, e);
	rc = rc ? rc : reconcile_step(z, e);
	rc = rc ? rc : discover_expire(z, e);
	rc = rc ? rc : discover_start_next(z, e);
	rc = rc ? rc : refusal_flush(z, e);
	return rc ? rc : tidy(z, e);
}

static int run_in_transaction(struct zone *z, const struct batch *b, struct err *e)
{
	int rc = 0;
	for (size_t i = 0; i < b->count && !rc; i++)
		rc = handle_one(z, b->mail[i], e);
	arena_reset(z->arena);
	if (!rc)
		rc = b->with_work ? work(z, e) : job_flush(z, e);
	return rc;
}

/* A clock that was put back leaves the times of what comes regularly too far ahead. */
static void read_clock(struct zone *z)
{
	int64_t before = z->now;
	z->now = clock_wall_ms(z->deps.clock);
	z->boot = clock_boot_ms(z->deps.clock);
	if (z->now >= before)
		return;
	z->seen_at = z->tidy_at = z->now;
	z->renew_at = z->renew_at == INT64_MAX ? INT64_MAX : z->now;
	z->put_back = z->put_back || before - z->now >= CLOCK_BACK_MS;
}

/* One transaction. On failure nothing has happened but that the messages of the batch are still the caller's. */
static int run(struct zone *z, const struct batch *b, struct err *e)
{
	z->crash_marks = 0;
	z->event_before = z->event_last;
	int rc = db_begin(z->db, e);
	if (rc)
		return rc;
	int64_t before = db_total_changes(z->db);
	rc = run_in_transaction(z, b, e);
	if (!rc) {
		bool changed = db_total_changes(z->db) != before;
		crash_here(z, false);
		rc = db_commit(z->db, e);
		if (!rc && changed) {
			metric_add(METRIC_zone_commits, 1);
			crash_here(z, true);
		}
	}
	if (!rc) {
		task_committed(z);
		reconcile_committed(z);
		let_go(z);
		return 0;
	}
	db_rollback(z->db);
	metric_add(METRIC_zone_rollbacks, 1);
	drop_outputs(z);
	struct err again = ERR_INIT;
	if (machine_forget(z, &again))
		log_event(LOG_ERROR, "zone cannot read its database; trying again", LOG_S("error", again.msg));
	return rc;
}

/* The disk or another writer, and not the message, is at fault: running it alone would not help. */
static bool is_of_disk(int code)
{
	return code == ERR_DISK || code == ERR_BUSY;
}

static void give_up(struct zone *z, struct mail *m, const struct err *e)
{
	if (m->kind == ZONE_COMMAND) {
		command_answer_error(z, (const struct zone_command *)m, e, &API_ERROR_NONE);
		if (err_class(e->code) == ERR_CLASS_AUTH) {
			chain_add(&z->kept, command_refusal_mail((const struct zone_command *)m, e));
			z->retry_at = z->now;
		}
		let_go(z);
	} else if (is_of_disk(e->code)) {
		chain_add(&z->kept, m);
		return;
	} else {
		log_event(LOG_ERROR, "message dropped", LOG_I("kind", m->kind), LOG_S("error", e->msg));
	}
	m->free(m);
}

static void failed(struct zone *z, const struct err *e)
{
	log_event(LOG_ERROR, "round of the zone failed; trying again", LOG_S("reason", err_name(e->code)),
		  LOG_S("error", e->msg));
	z->retry_at = later(z->now, RETRY_MS);
}

static void release_mail(struct zone *z, struct mail **mail, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!task_took(z, mail[i]))
			mail[i]->free(mail[i]);
}

/* The round failed as a whole: each message on its own, then what the time brings. */
static void run_one_by_one(struct zone *z, const struct batch *b, const struct err *why)
{
	log_event(LOG_WARNING, "round rolled back, running its messages one by one", LOG_U("messages", b->count),
		  LOG_S("error", why->msg));
	for (size_t i = 0; i < b->count; i++) {
		struct err e = ERR_INIT;
		struct batch one = {.mail = b->mail + i, .count = 1};
		if (run(z, &one, &e))
			give_up(z, b->mail[i], &e);
		else
			release_mail(z, one.mail, 1);
	}
	struct err e = ERR_INIT;
	if (run(z, &(struct batch){.with_work = true}, &e))
		failed(z, &e);
}

static void run_batch(struct zone *z, const struct batch *b)
{
	struct err e = ERR_INIT;
	z->retry_at = 0;
	int rc = run(z, b, &e);
	if (!rc) {
		release_mail(z, b->mail, b->count);
	} else if (is_of_disk(rc)) {
		for (size_t i = 0; i < b->count; i++)
			give_up(z, b->mail[i], &e);
		failed(z, &e);
	} else if (b->count) {
		run_one_by_one(z, b, &e);
	} else {
		failed(z, &e);
	}
}

static size_t gather(struct mail *chain, struct mail **to)
{
	size_t n = 0;
	for (; chain; chain = chain->next, n++)
		if (to)
			to[n] = chain;
	return n;
}

static bool time_has_come(const struct zone *z)
{
	return machine_wake(z) <= z->now;
}

void machine_round(struct zone *z, struct mail *commands, struct mail *messages, struct zone_out *ret_out)
{
	ASSERT(z->magic == ZONE_MAGIC);
	read_clock(z);
	struct mail *const parts[] = {commands, chain_take(&z->kept), messages};
	struct batch b = {.with_work = true};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		b.count += gather(parts[i], NULL);
	b.mail = mem_array(b.count, sizeof(b.mail[0]));
	for (size_t i = 0, n = 0; i < ARRAY_LEN(parts); i++)
		n += gather(parts[i], b.mail + n);
	if (b.count || time_has_come(z))
		run_batch(z, &b);
	task_sweep(z);
	free(b.mail);
	metric_set(METRIC_zone_acts_open, (int64_t)queue_count(z->queue));
	metric_set(METRIC_breakers_open, (int64_t)queue_breakers_open(z->queue));
	*ret_out = (struct zone_out){chain_take(&z->out_wire), chain_take(&z->out_api), chain_take(&z->out_post)};
}

int64_t machine_wake(const struct zone *z)
{
	if (z->retry_at)
		return z->retry_at;
	if (z->run_again || !list_is_empty(&z->busy) || !list_is_empty(&z->tasks))
		return INT64_MIN;
	int64_t wake = queue_wake(z->queue);
	const int64_t others[] = {z->renew_at,  z->seen_at,     z->tidy_at,       z->expiry_at,
				  z->refuse_at, engine_wake(z), reconcile_wake(z)};
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (others[i] < wake)
			wake = others[i];
	return wake;
}

size_t machine_in_flight(const struct zone *z)
{
	return queue_talks(z->queue);
}

void machine_stop(struct zone *z)
{
	z->stopping = true;
}

static struct zone *zone_alloc(const struct zone_deps *deps)
{
	struct zone *z = mem_alloc(sizeof(*z));
	z->magic = ZONE_MAGIC;
	z->deps = *deps;
	z->arena = arena_new(0);
	z->queue = queue_new();
	z->tree = tree_new();
	z->overrides = overrides_new();
	z->engine = engine_new();
	z->reconcile = reconcile_new();
	z->jobs = map_u64_new();
	z->logins = map_u64_new();
	z->fresh = map_u64_new();
	z->boot_left = map_u64_new();
	z->setup_left = map_u64_new();
	z->paces = map_u64_new();
	z->renew_at = z->expiry_at = z->refuse_at = INT64_MAX;
	list_init(&z->touched);
	list_init(&z->busy);
	list_init(&z->tasks);
	list_init(&z->scans);
	list_init(&z->refusals);
	chain_init(&z->to_wire);
	chain_init(&z->to_api);
	chain_init(&z->out_wire);
	chain_init(&z->out_api);
	chain_init(&z->kept);
	chain_init(&z->to_post);
	chain_init(&z->out_post);
	store_ids_forget(&z->ids);
	return z;
}

static int start(struct zone *z, struct err *e)
{
	unsigned flags = DB_FLAG_CREATE | (z->deps.no_sync ? DB_FLAG_UNSAFE : 0);
	int rc = store_open(z->deps.database, DB_READ_WRITE, flags, &z->db, e);
	if (rc)
		return rc;
	rc = db_begin(z->db, e);
	rc = rc ? rc : start_server(z, e);
	if (rc)
		db_rollback(z->db);
	else
		rc = db_commit(z->db, e);
	store_ids_forget(&z->ids);
	return rc ? rc : machine_forget(z, e);
}

int machine_new(const struct zone_deps *deps, struct zone **ret, struct zone_out *ret_out, struct err *e)
{
	struct zone *z = zone_alloc(deps);
	read_clock(z);
	int rc = start(z, e);
	rc = rc ? rc : setting_tell_wire(z, e);
	if (rc) {
		machine_free(z);
		return rc;
	}
	z->run_again = true;
	let_go(z);
	*ret_out = (struct zone_out){chain_take(&z->out_wire), chain_take(&z->out_api), chain_take(&z->out_post)};
	*ret = z;
	return 0;
}

static void free_allowed_nets(struct zone *z)
{
	if (z->allowed_nets)
		range_release(z->allowed_nets);
	free(z->allowed_nets);
}

void machine_free(struct zone *z)
{
	if (!z)
		return;
	ASSERT(z->magic == ZONE_MAGIC);
	drop_outputs(z);
	mail_free_all(chain_take(&z->out_wire));
	mail_free_all(chain_take(&z->out_api));
	mail_free_all(chain_take(&z->out_post));
	mail_free_all(chain_take(&z->kept));
	queue_clear(z->queue);
	job_forget_all(z);
	credential_forget(z);
	calendar_forget(z);
	discover_forget(z);
	task_free_all(z);
	refusal_forget(z);
	free_allowed_nets(z);
	queue_free(z->queue);
	tree_free(z->tree);
	overrides_free(z->overrides);
	rule_forget(z);
	engine_free(z->engine);
	reconcile_free(z->reconcile);
	map_u64_free(z->jobs);
	map_u64_free(z->logins);
	map_u64_free(z->fresh);
	map_u64_free(z->boot_left);
	setup_forget(z);
	map_u64_free(z->setup_left);
	map_u64_free(z->paces);
	arena_free(z->arena);
	db_close(z->db);
	z->magic = 0;
	free(z);
}
