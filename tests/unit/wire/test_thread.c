/* The network thread as a thread: messages over mailboxes, a full mailbox, the end. The device and the zone are on the
 * test's own loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "bench.h"
#include "wire/wire.h"

#define ACTS 20

struct site {
	struct bench b; /* its own network thread only seals passwords here; the one that is tested is w */
	struct loop *loop;
	struct peer peer;
	struct mailbox *zone;
	struct wire *w;
	int done, rooms;
};

static void wake(void *arg)
{
	loop_wake(arg);
}

static void on_wake(void *arg)
{
	struct site *s = arg;
	struct mail *m = mailbox_take(s->zone, 1000, NULL);
	while (m) {
		struct mail *next = m->next;
		if (m->kind == ZONE_ACT_GATE) {
			const struct act_gate *g = (const struct act_gate *)(const void *)m;
			struct act_gate_answer *a = act_gate_answer_new(WIRE_ACT_GATE_ANSWER);
			*a = (struct act_gate_answer){.mail = a->mail, .act = g->act, .fence = g->fence, .go = true};
			a->committed_boot_ms = clock_boot_ms(clock_real());
			assert_true(mailbox_put_always(wire_mailbox(s->w), &a->mail));
		}
		if (m->kind == ZONE_ACT_OUTCOME) {
			assert_int_equal(((const struct act_outcome *)(const void *)m)->end, ACT_END_DONE);
			s->done++;
		}
		s->rooms += m->kind == ZONE_WIRE_ROOM;
		m->free(m);
		m = next;
	}
}

static void site_init(struct site *s)
{
	*s = (struct site){.loop = loop_new(clock_real())};
	bench_init(&s->b);
	peer_init(&s->peer, s->loop);
	s->zone = mailbox_new(1000, wake, s->loop);
	loop_set_wake(s->loop, on_wake, s);
	struct wire_deps deps = {.clock = clock_real(), .vault = s->b.vault, .pool = s->b.pool, .mailbox_limit = 4};
	assert_int_equal(wire_new(&deps, &s->w, NULL), 0);
}

static void site_release(struct site *s)
{
	wire_free(s->w);
	peer_release(&s->peer);
	mailbox_free(s->zone);
	loop_free(s->loop);
	bench_release(&s->b);
}

static void put(struct site *s, struct mail *m)
{
	while (!mailbox_put(wire_mailbox(s->w), m)) {
		int before = s->rooms;
		while (s->rooms == before)
			(void)loop_run_once(s->loop, -1);
	}
}

static void acts_go_round(void **state)
{
	struct site s;
	site_init(&s);
	assert_int_equal(wire_start(s.w, s.zone, NULL), 0);
	put(&s, &bench_config(&s.b)->mail);
	for (int i = 0; i < ACTS; i++) {
		struct act_start *o = bench_order(&s.b, i % 2 ? VERB_RESET : VERB_STATUS);
		o->at.plain_port = s.peer.port;
		put(&s, &o->mail);
		while (s.done <= i) /* the device knows one nonce at a time */
			(void)loop_run_once(s.loop, -1);
	}
	assert_int_equal(s.peer.acts, ACTS / 2);
	assert_int_equal(s.peer.obeyed, ACTS / 2);
	site_release(&s);
}

/* More than the mailbox holds lies there before the thread runs: what is refused may come again after ROOM. */
static void a_full_mailbox_says_when_there_is_room(void **state)
{
	struct site s;
	site_init(&s);
	assert_true(mailbox_put(wire_mailbox(s.w), &bench_config(&s.b)->mail));
	struct scan_cancel *c = scan_cancel_new();
	while (mailbox_put(wire_mailbox(s.w), &c->mail))
		c = scan_cancel_new();
	assert_int_equal(wire_start(s.w, s.zone, NULL), 0);
	while (!s.rooms)
		(void)loop_run_once(s.loop, -1);
	put(&s, &c->mail);
	site_release(&s);
}

static void a_thread_that_never_ran_is_freed(void **state)
{
	struct site s;
	site_init(&s);
	wire_stop(s.w);
	site_release(&s);
	wire_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acts_go_round),
		cmocka_unit_test(a_full_mailbox_says_when_there_is_room),
		cmocka_unit_test(a_thread_that_never_ran_is_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
