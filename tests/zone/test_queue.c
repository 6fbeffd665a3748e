/* The zone's memory of open acts: order, lines, subnets, wake times; and the heap beneath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/rng.h"
#include "zone/heap.h"
#include "zone/queue.h"

struct thing {
	int key;
	size_t place;
};

static bool thing_before(const void *a, const void *b)
{
	return ((const struct thing *)a)->key < ((const struct thing *)b)->key;
}

static size_t *thing_place(void *t)
{
	return &((struct thing *)t)->place;
}

static void a_heap_gives_the_least_whatever_is_put_moved_and_taken(void **state)
{
	struct thing things[200] = {{0}};
	struct heap h;
	struct rng rng;
	(void)state;
	rng_init(&rng, 1);
	heap_init(&h, thing_before, thing_place);
	assert_null(heap_first(&h));
	for (int i = 0; i < 20000; i++) {
		struct thing *t = &things[rng_below(&rng, ARRAY_LEN(things))];
		if (rng_below(&rng, 3) == 0) {
			heap_delete(&h, t);
			assert_int_equal(t->place, 0);
		} else {
			t->key = (int)rng_below(&rng, 1000);
			heap_put(&h, t);
		}
		const struct thing *first = heap_first(&h);
		size_t in = 0;
		for (size_t k = 0; k < ARRAY_LEN(things); k++) {
			in += things[k].place != 0;
			assert_true(!things[k].place || things[k].key >= first->key);
		}
		assert_int_equal(in, h.count);
	}
	heap_release(&h);
}

static struct slot *add(struct queue *q, int64_t id, int64_t amt, const char *host, int64_t due)
{
	struct slot init = {.id = id, .job = 1, .amt = amt, .deadline = 1000, .verb = VERB_ON};
	struct slot *s = queue_add(q, &init, host);
	queue_wait(q, s, due, 100);
	return s;
}

static void start(struct queue *q, struct slot *s)
{
	queue_live(q, s, ACT_STATE_CLAIMED, 1000);
	queue_talk_open(q, s, true, 100);
}

static void the_oldest_due_starts_first_and_the_future_waits(void **state)
{
	struct queue *q = queue_new();
	(void)state;
	add(q, 3, 30, "10.0.0.3", 50);
	add(q, 2, 20, "10.0.1.2", 40);
	add(q, 1, 10, "10.0.0.1", 40);
	add(q, 4, 40, "10.0.0.4", 200);
	assert_int_equal(queue_count(q), 4);
	assert_int_equal(queue_wake(q), 200);
	static const int64_t order[] = {1, 2, 3};
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct slot *s = queue_next(q, 0);
		assert_int_equal(s->id, order[i]);
		start(q, s);
	}
	assert_null(queue_next(q, 0));
	assert_null(queue_timer(q, 199));
	assert_null(queue_timer(q, 200)); /* becomes ready by itself */
	assert_int_equal(queue_next(q, 0)->id, 4);
	assert_int_equal(queue_timer(q, 1000)->id, 1); /* deadline */
	queue_free(q);
}

static void an_interface_has_one_live_act_and_one_conversation(void **state)
{
	struct queue *q = queue_new();
	(void)state;
	struct slot *a = add(q, 1, 10, "10.0.0.1", 0), *b = add(q, 2, 10, "10.0.0.1", 0);
	start(q, a);
	assert_null(queue_next(q, 0));
	assert_true(queue_has_interface(q, 10));
	queue_delete(q, a); /* final, and wire still talks */
	assert_null(queue_next(q, 0));
	assert_false(queue_can_talk(q, b));
	assert_false(queue_talk_close(q, 1, 7)); /* another fence */
	assert_true(queue_talk_close(q, 1, 0));
	assert_false(queue_talk_close(q, 1, 0));
	assert_ptr_equal(queue_next(q, 0), b);
	start(q, b);
	assert_true(queue_talk_close(q, 2, 0));
	struct slot *c = add(q, 3, 10, "10.0.0.1", 0);
	assert_null(queue_next(q, 0)); /* b is live without a conversation: in doubt */
	queue_wait(q, b, 0, 100);
	assert_ptr_equal(queue_next(q, 0), b);
	queue_delete(q, b);
	assert_ptr_equal(queue_next(q, 0), c);
	queue_free(q);
}

static void a_full_subnet_does_not_keep_others_waiting(void **state)
{
	struct queue *q = queue_new();
	(void)state;
	queue_set_limits(q, 4, 2);
	for (int64_t i = 1; i <= 5; i++)
		add(q, i, i, "10.0.0.1", 0);
	add(q, 6, 6, "10.0.1.1", 0);
	add(q, 7, 7, "pc7.example", 0);
	add(q, 8, 8, "pc8.example", 0);
	static const int64_t order[] = {1, 2, 6, 7};
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct slot *s = queue_next(q, 0);
		assert_int_equal(s->id, order[i]);
		start(q, s);
	}
	assert_null(queue_next(q, 0)); /* the zone is full */
	assert_true(queue_talk_close(q, 7, 0));
	assert_int_equal(queue_next(q, 0)->id, 8);
	assert_true(queue_talk_close(q, 1, 0));
	assert_int_equal(queue_next(q, 0)->id, 3);
	queue_set_limits(q, 4, 3);
	assert_int_equal(queue_next(q, 0)->id, 3);
	queue_free(q);
}

static void clearing_forgets_acts_and_keeps_conversations(void **state)
{
	struct queue *q = queue_new();
	(void)state;
	start(q, add(q, 1, 10, "10.0.0.1", 0));
	add(q, 2, 10, "10.0.0.1", 0);
	queue_clear(q);
	assert_int_equal(queue_count(q), 0);
	assert_int_equal(queue_talks(q), 1);
	assert_true(queue_talk_is_open(q, 1, 0));
	struct slot *s = add(q, 2, 10, "10.0.0.1", 0);
	assert_null(queue_next(q, 0));
	assert_true(queue_talk_close(q, 1, 0));
	assert_ptr_equal(queue_next(q, 0), s);
	queue_free(q);
}

static void protected_ones_wait_until_they_are_called(void **state)
{
	struct queue *q = queue_new();
	(void)state;
	struct slot *s = add(q, 1, 10, "10.0.0.1", QUEUE_NEVER);
	assert_int_equal(queue_wake(q), QUEUE_NEVER);
	assert_null(queue_next(q, 0));
	queue_wait(q, s, 100, 100);
	assert_ptr_equal(queue_next(q, 0), s);
	assert_int_equal(queue_wake(q), 1000);
	queue_free(q);
}

static void add_scheduled(struct queue *q, int64_t id, const char *host)
{
	struct slot init = {.id = id, .job = 1, .amt = id, .deadline = 1000000, .verb = VERB_ON, .scheduled = true};
	queue_wait(q, queue_add(q, &init, host), 1, 1);
}

/* Starts what may start at this moment; how many. */
static unsigned start_all(struct queue *q, int64_t now)
{
	struct slot *s;
	unsigned n = 0;
	(void)queue_timer(q, now);
	for (; (s = queue_next(q, now)); n++) {
		queue_live(q, s, ACT_STATE_CLAIMED, QUEUE_NEVER);
		queue_talk_open(q, s, true, now);
	}
	return n;
}

static void scheduled_acts_of_a_subnet_have_few_orders_on_the_wire(void **state)
{
	struct queue *q = queue_new();
	unsigned in_second = 0;
	(void)state;
	queue_set_pace(q, 10, 20);
	for (int64_t id = 1; id <= 60; id++)
		add_scheduled(q, id, "10.0.0.1");
	struct slot other = {.id = 100, .job = 1, .amt = 100, .deadline = 1000000, .verb = VERB_ON};
	queue_wait(q, queue_add(q, &other, "10.0.0.2"), 0, 0);
	for (int64_t now = 1; now < 1000; now += 10)
		in_second += start_all(q, now);
	assert_int_equal(in_second, 10 + 1); /* and one act that is not */
	assert_true(queue_talk_quiet(q, 1)); /* it is observed now */
	assert_false(queue_talk_quiet(q, 1));
	assert_int_equal(start_all(q, 1000), 1);
	for (int64_t id = 1; id <= 11; id++) {
		queue_talk_close(q, id, 0);
		queue_delete(q, queue_get(q, id));
	}
	assert_int_equal(start_all(q, 1100), 10);
	queue_free(q);
}

static void scheduled_acts_of_a_subnet_start_no_faster_than_they_may(void **state)
{
	struct queue *q = queue_new();
	(void)state;
	queue_set_pace(q, 1000, 20);
	for (int64_t id = 1; id <= 60; id++)
		add_scheduled(q, id, "10.0.0.1");
	for (int64_t now = 1; now < 4000; now += 10) {
		unsigned n = start_all(q, now);
		assert_int_equal(n, now % 1000 == 1 && now < 3000 ? 20 : 0);
	}
	queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heap_gives_the_least_whatever_is_put_moved_and_taken),
		cmocka_unit_test(the_oldest_due_starts_first_and_the_future_waits),
		cmocka_unit_test(an_interface_has_one_live_act_and_one_conversation),
		cmocka_unit_test(a_full_subnet_does_not_keep_others_waiting),
		cmocka_unit_test(clearing_forgets_acts_and_keeps_conversations),
		cmocka_unit_test(protected_ones_wait_until_they_are_called),
		cmocka_unit_test(scheduled_acts_of_a_subnet_have_few_orders_on_the_wire),
		cmocka_unit_test(scheduled_acts_of_a_subnet_start_no_faster_than_they_may),
	};
	return cmocka_run_group_tests_name("zone/queue", tests, NULL, NULL);
}
