#include <stdlib.h>

#include "amt/act.h"
#include "base/base.h"
#include "base/err.h"
#include "base/metric.h"
#include "base/tls.h"
#include "wire/hear.h"
#include "wire/manager.h"
#include "wire/names.h"
#include "wire/net.h"
#include "wire/runner.h"
#include "wire/scan.h"
#include "wire/talk.h"
#include "wire/wire_priv.h"

#define MAILBOX_LIMIT 20000
#define TAKE_AT_ONCE  256
#define STOP_MS       3000 /* for the reply to an order that is on its way */

static void wake(void *arg)
{
	struct wire *w = arg;
	loop_wake(w->kit.loop);
}

int wire_new(const struct wire_deps *deps, struct wire **ret, struct err *e)
{
	struct wire *w = mem_alloc(sizeof(*w));
	struct loop *l = loop_new(deps->clock);
	int rc = kit_init(&w->kit, l, deps->vault, e);
	if (rc) {
		kit_release(&w->kit);
		loop_free(l);
		free(w);
		return rc;
	}
	w->inbox_limit = deps->mailbox_limit ? deps->mailbox_limit : MAILBOX_LIMIT;
	w->inbox = mailbox_new(w->inbox_limit, wake, w);
	w->kit.net = net_new(l, deps->pool);
	w->kit.names = names_new(l, deps->pool);
	w->runner = runner_new(&w->kit);
	w->scanner = scanner_new(&w->kit);
	rc = deps->hello ? hearer_new(&w->kit, deps->hello, &w->hearer, e) : 0;
	if (rc)
		wire_free(w);
	else
		*ret = w;
	return rc;
}

uint16_t wire_hello_port(const struct wire *w)
{
	return w->hearer ? hearer_port(w->hearer) : 0;
}

struct mailbox *wire_mailbox(struct wire *w)
{
	return w->inbox;
}

static void configure(struct wire *w, struct wire_config *c)
{
	struct wire_kit *k = &w->kit;
	net_set_allowed(k->net, c->allowed_nets, c->allow_loopback);
	talk_drop_kept(k);
	c->allowed_nets = NULL;
	k->connect_ms = c->connect_ms > 0 ? c->connect_ms : k->connect_ms;
	k->head_ms = c->head_ms > 0 ? c->head_ms : k->head_ms;
	k->exchange_ms = c->exchange_ms > 0 ? c->exchange_ms : k->exchange_ms;
	k->reverse_names = c->reverse_names;
	k->handshakes_max = c->handshakes_at_once ? c->handshakes_at_once : k->handshakes_max;
}

static void stop(struct wire *w)
{
	if (w->stopping)
		return;
	w->stopping = true;
	mailbox_close(w->inbox);
	runner_stop(w->runner, STOP_MS);
	w->kit.kept_max = 0;
	talk_drop_kept(&w->kit);
	scanner_stop(w->scanner);
	hearer_stop(w->hearer);
}

/* Takes the message, but for those that it hands on. */
static void handle(struct wire *w, struct mail *m)
{
	void *p = m;
	switch (m->kind) {
	case WIRE_ACT_START:
		runner_start(w->runner, p);
		return;
	case WIRE_ACT_GATE_ANSWER:
		runner_answer(w->runner, p);
		break;
	case WIRE_ACT_CANCEL:
		runner_cancel(w->runner, p);
		break;
	case WIRE_SCAN_START:
		scanner_start(w->scanner, p);
		return;
	case WIRE_SCAN_CANCEL:
		scanner_cancel(w->scanner, ((const struct scan_cancel *)p)->scan);
		break;
	case WIRE_IDENTITY:
		manager_set(&w->kit, p);
		break;
	case WIRE_CONFIG:
		configure(w, p);
		break;
	case WIRE_STOP:
		stop(w);
		break;
	}
	m->free(m);
}

static void free_plain(struct mail *m)
{
	free(m);
}

static void tell_room(struct wire *w)
{
	struct mail *m = mem_alloc(sizeof(*m));
	m->kind = ZONE_WIRE_ROOM;
	m->free = free_plain;
	kit_tell_zone(&w->kit, m);
}

static void on_wake(void *arg)
{
	struct wire *w = arg;
	bool was_full = mailbox_count(w->inbox) >= w->inbox_limit;
	struct mail *m = mailbox_take(w->inbox, TAKE_AT_ONCE, NULL);
	while (m) {
		struct mail *next = m->next;
		handle(w, m);
		m = next;
	}
	if (was_full)
		tell_room(w);
	if (mailbox_count(w->inbox))
		loop_wake(w->kit.loop);
}

bool wire_is_over(const struct wire *w)
{
	return w->stopping && runner_open(w->runner) == 0 && scanner_open(w->scanner) == 0 && net_is_idle(w->kit.net) &&
	       names_is_idle(w->kit.names);
}

static void on_round(void *arg)
{
	struct wire *w = arg;
	metric_max(METRIC_wire_round_ms_max, loop_round_ms(w->kit.loop));
	if (wire_is_over(w))
		loop_stop(w->kit.loop);
}

void wire_begin(struct wire *w, struct mailbox *to_zone)
{
	w->kit.to_zone = to_zone;
	loop_set_wake(w->kit.loop, on_wake, w);
	loop_set_round(w->kit.loop, on_round, w);
	if (w->hearer)
		hearer_start(w->hearer);
	loop_wake(w->kit.loop);
}

static void *run(void *arg)
{
	struct wire *w = arg;
	loop_run(w->kit.loop);
	return NULL;
}

int wire_start(struct wire *w, struct mailbox *to_zone, struct err *e)
{
	wire_begin(w, to_zone);
	int sys = pthread_create(&w->thread, NULL, run, w);
	if (sys)
		return err_set_sys(e, ERR_SYSTEM, sys, "the network thread cannot be started");
	(void)pthread_setname_np(w->thread, "wire"); /* for people only */
	w->started = true;
	return 0;
}

void wire_stop(struct wire *w)
{
	struct mail *m = mem_alloc(sizeof(*m));
	m->kind = WIRE_STOP;
	m->free = free_plain;
	if (!mailbox_put_always(w->inbox, m))
		free(m); /* it stops already */
}

void wire_free(struct wire *w)
{
	if (!w)
		return;
	if (w->started) {
		wire_stop(w);
		(void)pthread_join(w->thread, NULL);
	}
	runner_free(w->runner);
	scanner_free(w->scanner);
	hearer_free(w->hearer);
	names_free(w->kit.names);
	net_free(w->kit.net);
	struct loop *l = w->kit.loop;
	kit_release(&w->kit);
	mailbox_free(w->inbox);
	loop_free(l);
	free(w);
}
