/* The thread around the machine: mailboxes, batches, the end. Real clock, real threads; waits for events. */
#include <pthread.h>
#include <semaphore.h>

#include "harness.h"

#include "base/mailbox.h"
#include "base/metric.h"
#include "zone/zone.h"

struct ends {
	struct harness *h; /* for its database and its commands */
	struct zone_thread *t;
	struct mailbox *to_wire, *to_api;
	sem_t wire, api;
};

static void post_sem(void *arg)
{
	(void)sem_post(arg); /* a valid semaphore far from its limit */
}

static int set_up(void **state)
{
	struct ends *n = mem_alloc(sizeof(*n));
	n->h = harness_new(5);
	furnish(n->h, 3);
	mail_free_all(n->h->wire);
	n->h->wire = NULL;
	machine_free(n->h->z);
	n->h->z = NULL;
	assert_int_equal(sem_init(&n->wire, 0, 0), 0);
	assert_int_equal(sem_init(&n->api, 0, 0), 0);
	n->to_wire = mailbox_new(4, post_sem, &n->wire);
	n->to_api = mailbox_new(100, post_sem, &n->api);
	n->h->deps.clock = clock_real();
	n->h->deps.to_wire = n->to_wire;
	n->h->deps.to_api = n->to_api;
	assert_int_equal(zone_start(&n->h->deps, &n->t, NULL), 0);
	*state = n;
	return 0;
}

static int tear_down(void **state)
{
	struct ends *n = *state;
	zone_free(n->t);
	mailbox_free(n->to_wire);
	mailbox_free(n->to_api);
	(void)sem_destroy(&n->wire);
	(void)sem_destroy(&n->api);
	harness_free(n->h);
	free(n);
	return 0;
}

/* Waits for a message of this kind; others are dropped. */
static struct mail *wait_for(struct mailbox *box, sem_t *sem, int kind)
{
	for (;;) {
		struct mail *m = mailbox_take(box, 1, NULL);
		if (!m) {
			assert_int_equal(sem_wait(sem), 0);
			continue;
		}
		if (m->kind == kind)
			return m;
		m->free(m);
	}
}

static struct api_answer *tell(struct ends *n, const char *what, const char *json)
{
	struct zone_command *c = command_of(n->h, what, json);
	assert_true(mailbox_put(zone_commands(n->t), &c->mail));
	return (struct api_answer *)wait_for(n->to_api, &n->api, API_ANSWER);
}

static void stop(struct ends *n, int wait_ms)
{
	zone_stop(n->t, wait_ms);
	mail_drop(wait_for(n->to_api, &n->api, API_STOPPED));
}

static void an_order_goes_round_the_ring(void **state)
{
	struct ends *n = *state;
	mail_drop(wait_for(n->to_wire, &n->wire, WIRE_CONFIG));
	struct api_answer *a = tell(n, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"]}");
	assert_int_equal(a->status, 200);
	struct act_start *s = (struct act_start *)wait_for(n->to_wire, &n->wire, WIRE_ACT_START);
	assert_true(mailbox_put(zone_messages(n->t), &gate_of(s, POWER_STATE_ON)->mail));
	struct act_gate_answer *g = (struct act_gate_answer *)wait_for(n->to_wire, &n->wire, WIRE_ACT_GATE_ANSWER);
	assert_true(g->go);
	assert_true(clock_boot_ms(clock_real()) - g->committed_boot_ms < 60000);
	assert_true(mailbox_put(zone_messages(n->t), &outcome_of(s, ACT_END_DONE, 0)->mail));
	struct mail *final = NULL;
	while (!final || !strstr((const char *)((struct api_events *) final)->events[0].json.p, "final")) {
		mail_drop(final);
		final = wait_for(n->to_api, &n->api, API_EVENTS);
	}
	assert_string_equal(state_of(n->h, (int64_t)s->act), "done");
	stop(n, 1000);
	mail_drop(final);
	mail_drop(g);
	mail_drop(s);
	mail_drop(a);
}

static void starts_wait_for_room_in_wire_and_answers_do_not(void **state)
{
	struct ends *n = *state;
	for (int i = 0; i < 3; i++) { /* the config and three starts fill the box */
		static const char *const order[] = {"{\"verb\":\"status\",\"targets\":[\"d1\"]}",
						    "{\"verb\":\"status\",\"targets\":[\"d2\"]}",
						    "{\"verb\":\"reset\",\"targets\":[\"d3\"]}"};
		mail_drop(tell(n, "POST /power", order[i]));
	}
	assert_int_equal(mailbox_count(n->to_wire), 4);
	mail_drop(tell(n, "POST /scans", "{\"ranges\":[\"10.0.0.0/24\"]}"));
	assert_int_equal(mailbox_count(n->to_wire), 4);
	struct act_start *s = NULL;
	for (int i = 0; i < 3; i++) {
		mail_drop(s);
		s = (struct act_start *)wait_for(n->to_wire, &n->wire, WIRE_ACT_START);
	}
	mail_drop(wait_for(n->to_wire, &n->wire, WIRE_SCAN_START)); /* comes by itself */
	mail_drop(s);
	stop(n, 0); /* two conversations are open: not waited for */
}

static void its_end_waits_for_what_wire_gives_back(void **state)
{
	struct ends *n = *state;
	mail_drop(tell(n, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"]}"));
	struct act_start *s = (struct act_start *)wait_for(n->to_wire, &n->wire, WIRE_ACT_START);
	zone_stop(n->t, 60000);
	assert_true(mailbox_put(zone_messages(n->t), &outcome_of(s, ACT_END_NOT_SENT, ERR_CANCELLED)->mail));
	mail_drop(wait_for(n->to_api, &n->api, API_STOPPED));
	assert_string_equal(state_of(n->h, (int64_t)s->act), "queued");
	mail_drop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_order_goes_round_the_ring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(starts_wait_for_room_in_wire_and_answers_do_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(its_end_waits_for_what_wire_gives_back, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("zone/thread", tests, NULL, NULL);
}
