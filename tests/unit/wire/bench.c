#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/vault.h"
#include "wire/names.h"
#include "wire/net.h"

static void seal(struct bench *b, struct act_interface *at)
{
	struct buf sealed;
	struct vault_place place = {"credential", at->credential, "secret", at->credential_version};
	buf_init(&sealed, sizeof(at->sealed));
	assert_int_equal(vault_seal(b->vault, place, BYTES_LIT(PEER_PASSWORD), &sealed, NULL), 0);
	memcpy(at->sealed, sealed.p, sealed.len);
	at->sealed_len = (uint16_t)sealed.len;
	buf_release(&sealed);
}

struct act_start *bench_order(struct bench *b, enum verb verb)
{
	static uint64_t act = 100;
	struct act_start *o = act_start_new();
	o->act = ++act;
	o->fence = 1;
	o->verb = verb;
	o->give_up_after_ms = 600000;
	o->observe_ms = 60000;
	o->at.id = 5;
	(void)snprintf(o->at.host, sizeof(o->at.host), "127.0.0.1");
	(void)snprintf(o->at.login, sizeof(o->at.login), "admin");
	o->at.plain_port = b->peer.port;
	o->at.tls_port = 1; /* nobody */
	o->at.credential = 9;
	o->at.credential_version = 2;
	seal(b, &o->at);
	return o;
}

void bench_send(struct bench *b, struct mail *m)
{
	assert_true(mailbox_put(wire_mailbox(b->w), m));
}

struct wire_config *bench_config(struct bench *b)
{
	struct wire_config *c = wire_config_new();
	c->allowed_nets = mem_alloc(sizeof(*c->allowed_nets));
	range_init(c->allowed_nets);
	assert_int_equal(range_parse("127.0.0.0/8,10.0.0.0/8", NULL, 1ull << 40, c->allowed_nets, NULL), 0);
	c->allow_loopback = true;
	c->connect_ms = 5000;
	c->head_ms = 10000;
	c->exchange_ms = 30000;
	c->handshakes_at_once = 4;
	return c;
}

void bench_init(struct bench *b)
{
	struct err e = ERR_INIT;
	*b = (struct bench){.clock = clock_driven_new(1900000000000)};
	b->pool = pool_new(1, 64, NULL, NULL);
	(void)snprintf(b->folder, sizeof(b->folder), "/tmp/lamplighter-wire-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	char key[80];
	(void)snprintf(key, sizeof(key), "%s/key", b->folder);
	assert_int_equal(vault_open(key, true, &b->vault, &e), 0);
	assert_int_equal(unlink(key), 0);
	struct wire_deps deps = {.clock = b->clock, .vault = b->vault, .pool = b->pool, .mailbox_limit = 64};
	assert_int_equal(wire_new(&deps, &b->w, &e), 0);
	b->zone = mailbox_new(1000, NULL, NULL);
	wire_begin(b->w, b->zone);
	peer_init(&b->peer, b->w->kit.loop);
	bench_send(b, &bench_config(b)->mail);
}

void bench_release(struct bench *b)
{
	if (b->out)
		b->out->mail.free(&b->out->mail);
	wire_stop(b->w);
	for (int i = 0; i < 1000 && !wire_is_over(b->w); i++)
		bench_step(b);
	assert_true(wire_is_over(b->w));
	peer_release(&b->peer);
	wire_free(b->w);
	mailbox_free(b->zone);
	vault_close(b->vault);
	pool_free(b->pool);
	clock_free(b->clock);
	(void)rmdir(b->folder);
}

static void answer_gate(struct bench *b)
{
	if (b->at_gate)
		b->at_gate(b);
	clock_advance(b->clock, b->think_ms);
	struct act_gate_answer *a = act_gate_answer_new(b->cancel ? WIRE_ACT_CANCEL : WIRE_ACT_GATE_ANSWER);
	a->act = b->gate.act;
	a->fence = b->gate.fence;
	a->go = !b->deny && !b->cancel;
	a->reason = b->deny ? ERR_HELD : 0;
	a->committed_boot_ms = clock_boot_ms(b->clock);
	if (b->suspend)
		clock_suspend(b->clock, b->commit_ms);
	else
		clock_advance(b->clock, b->commit_ms);
	bench_send(b, &a->mail);
}

static void on_outcome(struct bench *b, struct act_outcome *o)
{
	if (b->out)
		b->out->mail.free(&b->out->mail);
	b->out = o;
	b->outcomes++;
}

static void on_scan(struct bench *b, const struct scan_progress *p)
{
	assert_true(p->done <= p->total);
	if (p->mail.kind == ZONE_SCAN_PROGRESS) {
		b->progresses++;
		b->progress_done_max = p->done > b->progress_done_max ? p->done : b->progress_done_max;
		return;
	}
	b->scan_end = *p;
	b->scan_ends++;
}

void bench_take(struct bench *b)
{
	struct mail *m = mailbox_take(b->zone, 1000, NULL);
	while (m) {
		struct mail *next = m->next;
		if (m->kind == ZONE_ACT_OUTCOME) {
			on_outcome(b, (struct act_outcome *)(void *)m);
			m = next;
			continue;
		}
		if (m->kind == ZONE_SIGHTING) {
			if (b->saw)
				b->saw(b->saw_arg, (const struct sighting *)(const void *)m);
			b->sighting = *(struct sighting *)(void *)m;
			b->sighting.hello = NULL;
			b->sightings++;
		}
		if (m->kind == ZONE_SCAN_PROGRESS || m->kind == ZONE_SCAN_END)
			on_scan(b, (const struct scan_progress *)(const void *)m);
		if (m->kind == ZONE_ACT_ANSWERED) {
			b->answered++;
			b->answered_ms = clock_mono_ms(b->clock);
		}
		if (m->kind == ZONE_ACT_GATE) {
			b->gate = *(struct act_gate *)(void *)m;
			b->gates++;
			if (!b->silent)
				answer_gate(b);
		}
		m->free(m);
		m = next;
	}
}

void bench_step(struct bench *b)
{
	bool busy = loop_run_once(b->w->kit.loop, 3);
	bench_take(b);
	if (busy || !net_is_idle(b->w->kit.net) || !names_is_idle(b->w->kit.names)) /* a worker takes real time */
		return;
	clock_advance(b->clock, 1000);
	peer_tick(&b->peer);
}

void bench_run(struct bench *b, int outcomes)
{
	bench_wait(b, &b->outcomes, outcomes);
	assert_int_equal(b->outcomes, outcomes);
}

void bench_wait(struct bench *b, const int *what, int n)
{
	for (int i = 0; i < 20000 && *what < n; i++)
		bench_step(b);
	assert_true(*what >= n);
}

const struct act_outcome *bench_act(struct bench *b, struct act_start *order)
{
	bench_send(b, &order->mail);
	bench_run(b, b->outcomes + 1);
	return b->out;
}
