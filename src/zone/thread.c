/* The zone's thread: takes what lies in the mailboxes, gives it to the machine, and lets go of what comes back. */
#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/metric.h"
#include "zone/zone_priv.h"

#define COMMANDS_MAX  4096
#define MESSAGES_MAX  65536
#define WAKE_MAX_MS   1000 /* a stepped wall clock is noticed by then */
#define WIRE_RETRY_MS 50

struct zone_thread {
	struct zone_deps deps;
	struct zone *z;
	struct loop *loop;
	struct mailbox *commands, *messages;
	struct loop_timer batch, wake, wire_retry, stop;
	struct chain wire_waiting; /* starts that did not fit into wire's mailbox */
	pthread_t thread;
	bool joined;
	bool stopping;
};

struct stop_mail {
	struct mail mail; /* ZONE_STOP */
	int wait_ms;
};

static void mail_free_simply(struct mail *m)
{
	free(m);
}

static bool may_wait(const struct mail *m)
{
	return m->kind == WIRE_ACT_START || m->kind == WIRE_SCAN_START;
}

/* Answers of gates go at once whatever the box holds; starts wait for room, in order. */
static void post_wire(struct zone_thread *t, struct mail *chain)
{
	while (chain) {
		struct mail *m = chain;
		chain = m->next;
		m->next = NULL;
		bool wait = may_wait(m);
		if (wait && (t->wire_waiting.first || !mailbox_put(t->deps.to_wire, m)))
			chain_add(&t->wire_waiting, m);
		else if (!wait && !mailbox_put_always(t->deps.to_wire, m))
			m->free(m); /* closed: it is over */
	}
	if (t->wire_waiting.first && !loop_timer_is_set(&t->wire_retry))
		loop_timer_set(&t->wire_retry, WIRE_RETRY_MS);
}

static void post_waiting(void *arg)
{
	struct zone_thread *t = arg;
	struct mail *chain = t->wire_waiting.first;
	chain_init(&t->wire_waiting);
	loop_timer_stop(&t->wire_retry);
	post_wire(t, chain);
}

static void post_api(struct zone_thread *t, struct mail *chain)
{
	while (chain) {
		struct mail *m = chain;
		chain = m->next;
		m->next = NULL;
		if (!mailbox_put_always(t->deps.to_api, m))
			m->free(m);
	}
}

/* News that do not fit are no loss: post/ reads on from where it was. */
static void post_post(struct zone_thread *t, struct mail *chain)
{
	while (chain) {
		struct mail *m = chain;
		chain = m->next;
		m->next = NULL;
		if (!mailbox_put(t->deps.to_post, m))
			m->free(m);
	}
}

static void post(struct zone_thread *t, const struct zone_out *out)
{
	post_wire(t, out->to_wire);
	post_api(t, out->to_api);
	post_post(t, out->to_post);
}

static void finish(void *arg)
{
	struct zone_thread *t = arg;
	struct mail *m = mem_alloc(sizeof(*m));
	*m = (struct mail){.kind = API_STOPPED, .free = mail_free_simply};
	post_api(t, m);
	loop_timer_stop(&t->batch);
	loop_timer_stop(&t->wake);
	loop_timer_stop(&t->wire_retry);
	loop_timer_stop(&t->stop);
	loop_stop(t->loop);
}

static void set_wake(struct zone_thread *t)
{
	int64_t now = clock_wall_ms(t->deps.clock), at = machine_wake(t->z);
	int64_t after = at <= now ? 0 : at - now < WAKE_MAX_MS ? at - now : WAKE_MAX_MS;
	loop_timer_set(&t->wake, after);
}

/* Takes the stop out of the commands. */
static struct mail *read_stop(struct zone_thread *t, struct mail *commands)
{
	struct chain rest;
	chain_init(&rest);
	while (commands) {
		struct mail *m = commands;
		commands = m->next;
		if (m->kind != ZONE_STOP) {
			chain_add(&rest, m);
			continue;
		}
		t->stopping = true;
		machine_stop(t->z);
		loop_timer_set(&t->stop, ((struct stop_mail *)m)->wait_ms);
		m->free(m);
	}
	return rest.first;
}

static bool has_room_mail(const struct mail *m)
{
	for (; m; m = m->next)
		if (m->kind == ZONE_WIRE_ROOM)
			return true;
	return false;
}

static void run_round(struct zone_thread *t)
{
	struct zone_out out;
	size_t n = 0, more = 0;
	loop_timer_stop(&t->batch);
	struct mail *commands = read_stop(t, mailbox_take(t->commands, ZONE_BATCH_MAX, &n));
	struct mail *messages = mailbox_take(t->messages, ZONE_BATCH_MAX, &more);
	bool room = has_room_mail(messages);
	machine_round(t->z, commands, messages, &out);
	post(t, &out);
	if (room)
		post_waiting(t);
	if (mailbox_count(t->commands) || mailbox_count(t->messages))
		loop_wake(t->loop);
	if (t->stopping && machine_in_flight(t->z) == 0)
		finish(t);
	else
		set_wake(t);
}

static bool must_run(const struct zone_thread *t)
{
	size_t n = mailbox_count(t->messages);
	return mailbox_count(t->commands) || n >= ZONE_BATCH_MAX || (n && machine_in_flight(t->z) <= ZONE_BATCH_ABOVE);
}

static void on_mail(void *arg)
{
	struct zone_thread *t = arg;
	if (must_run(t))
		run_round(t);
	else if (!loop_timer_is_set(&t->batch))
		loop_timer_set(&t->batch,
			       machine_in_flight(t->z) < ZONE_BATCH_MANY ? ZONE_BATCH_MS : ZONE_BATCH_MANY_MS);
}

static void on_timer(void *arg)
{
	run_round(arg);
}

static void on_round(void *arg)
{
	struct zone_thread *t = arg;
	metric_max(METRIC_zone_round_ms_max, loop_round_ms(t->loop));
}

static void *run_thread(void *arg)
{
	struct zone_thread *t = arg;
	loop_run(t->loop);
	return NULL;
}

static void wake_loop(void *arg)
{
	loop_wake(arg);
}

static void set_up(struct zone_thread *t)
{
	t->loop = loop_new(t->deps.clock);
	t->commands = mailbox_new(COMMANDS_MAX, wake_loop, t->loop);
	t->messages = mailbox_new(MESSAGES_MAX, wake_loop, t->loop);
	chain_init(&t->wire_waiting);
	loop_timer_init(&t->batch, t->loop, on_timer, t);
	loop_timer_init(&t->wake, t->loop, on_timer, t);
	loop_timer_init(&t->wire_retry, t->loop, post_waiting, t);
	loop_timer_init(&t->stop, t->loop, finish, t);
	loop_set_wake(t->loop, on_mail, t);
	loop_set_round(t->loop, on_round, t);
}

static void tear_down(struct zone_thread *t)
{
	machine_free(t->z);
	mail_free_all(t->wire_waiting.first);
	mailbox_free(t->commands);
	mailbox_free(t->messages);
	loop_free(t->loop);
	free(t);
}

int zone_start(const struct zone_deps *deps, struct zone_thread **ret, struct err *e)
{
	struct zone_out out;
	struct zone_thread *t = mem_alloc(sizeof(*t));
	t->deps = *deps;
	set_up(t);
	int rc = machine_new(deps, &t->z, &out, e);
	if (rc) {
		tear_down(t);
		return rc;
	}
	post(t, &out);
	set_wake(t);
	int sys = pthread_create(&t->thread, NULL, run_thread, t);
	if (sys) {
		loop_timer_stop(&t->wake);
		loop_timer_stop(&t->wire_retry);
		tear_down(t);
		return err_set_sys(e, ERR_SYSTEM, sys, "thread of the zone cannot be started");
	}
	(void)pthread_setname_np(t->thread, "zone"); /* for people only */
	*ret = t;
	return 0;
}

struct mailbox *zone_commands(struct zone_thread *t)
{
	return t->commands;
}

struct mailbox *zone_messages(struct zone_thread *t)
{
	return t->messages;
}

void zone_stop(struct zone_thread *t, int wait_ms)
{
	struct stop_mail *m = mem_alloc(sizeof(*m));
	m->mail = (struct mail){.kind = ZONE_STOP, .free = mail_free_simply};
	m->wait_ms = wait_ms;
	if (!mailbox_put_always(t->commands, &m->mail))
		free(m);
}

void zone_join(struct zone_thread *t)
{
	if (!t->joined)
		(void)pthread_join(t->thread, NULL); /* ours, and joined once */
	t->joined = true;
}

void zone_free(struct zone_thread *t)
{
	if (!t)
		return;
	zone_join(t);
	tear_down(t);
}
