/* Order, limit, wake-ups, and many writers with one reader. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/mailbox.h"

static int freed;

static void free_mail(struct mail *m)
{
	freed++;
	free(m);
}

static struct mail *mail_new(int kind)
{
	struct mail *m = mem_alloc(sizeof(*m));
	m->kind = kind;
	m->free = free_mail;
	return m;
}

static void count_wake(void *arg)
{
	++*(int *)arg;
}

static void put(struct mailbox *mb, int kind, bool want)
{
	struct mail *m = mail_new(kind);
	assert_int_equal(mailbox_put(mb, m), want);
	if (!want)
		free(m);
}

static void take(struct mailbox *mb, size_t max, const char *want)
{
	size_t n = 99;
	struct mail *m = mailbox_take(mb, max, &n);
	assert_int_equal(n, strlen(want));
	for (; *want; want++) {
		assert_non_null(m);
		assert_int_equal(m->kind, *want);
		struct mail *next = m->next;
		free(m);
		m = next;
	}
	assert_null(m);
}

static void messages_come_out_in_the_order_they_went_in(void **state)
{
	int wakes = 0;
	struct mailbox *mb = mailbox_new(4, count_wake, &wakes);
	take(mb, 9, "");
	put(mb, 'a', true);
	put(mb, 'b', true);
	put(mb, 'c', true);
	assert_int_equal(wakes, 1);
	take(mb, 0, "");
	take(mb, 2, "ab");
	put(mb, 'd', true);
	assert_int_equal(wakes, 1); /* it was not empty */
	take(mb, 9, "cd");
	take(mb, 9, "");
	put(mb, 'e', true);
	assert_int_equal(wakes, 2);
	take(mb, 1, "e");
	mailbox_free(mb);
}

static void a_full_or_closed_box_leaves_the_message_with_its_writer(void **state)
{
	struct mailbox *mb = mailbox_new(2, NULL, NULL);
	put(mb, 'a', true);
	put(mb, 'b', true);
	put(mb, 'x', false);
	assert_true(mailbox_put_always(mb, mail_new('c')));
	assert_int_equal(mailbox_count(mb), 3);
	take(mb, 1, "a");
	put(mb, 'x', false); /* still at its limit */
	mailbox_close(mb);
	take(mb, 1, "b");
	put(mb, 'x', false);
	struct mail *late = mail_new('y');
	assert_false(mailbox_put_always(mb, late));
	free(late);
	freed = 0;
	mailbox_free(mb);
	assert_int_equal(freed, 1);
	mailbox_free(NULL);
}

#define WRITERS 4
#define EACH    5000

struct crowd {
	struct mailbox *mb;
	sem_t woken;
};

static void post(void *arg)
{
	sem_post(arg);
}

static void *write_many(void *arg)
{
	struct crowd *c = arg;
	for (int i = 0; i < EACH; i++) {
		struct mail *m = mail_new(i);
		while (!mailbox_put(c->mb, m))
			(void)sched_yield();
	}
	return NULL;
}

static void many_writers_lose_nothing(void **state)
{
	struct crowd c;
	pthread_t t[WRITERS];
	assert_int_equal(sem_init(&c.woken, 0, 0), 0);
	c.mb = mailbox_new(64, post, &c.woken);
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, write_many, &c), 0);
	size_t seen = 0;
	long sum = 0;
	while (seen < WRITERS * EACH) {
		size_t n;
		while (sem_wait(&c.woken) != 0)
			;
		while (mailbox_count(c.mb)) {
			for (struct mail *m = mailbox_take(c.mb, 7, &n), *next; m; m = next) {
				next = m->next;
				sum += m->kind;
				seen++;
				free(m);
			}
		}
	}
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(sum, (long)WRITERS * EACH * (EACH - 1) / 2);
	assert_int_equal(mailbox_count(c.mb), 0);
	mailbox_free(c.mb);
	sem_destroy(&c.woken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_in_the_order_they_went_in),
		cmocka_unit_test(a_full_or_closed_box_leaves_the_message_with_its_writer),
		cmocka_unit_test(many_writers_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
