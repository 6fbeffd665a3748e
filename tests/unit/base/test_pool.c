/* Jobs go to workers and come back to the loop that asked, also when the pool ends. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/loop.h"
#include "base/pool.h"

struct test_job {
	struct pool_job job;
	int in, out;
	bool ran;
	sem_t *gate;
	pthread_t worker;
};

static struct clock *test_clock;
static struct loop *loop;
static struct pool_client *client;
static int back, back_run;
static long sum;

static void square(struct pool_job *job)
{
	struct test_job *t = (struct test_job *)job;
	if (t->gate)
		while (sem_wait(t->gate) != 0)
			;
	t->out = t->in * t->in;
	t->worker = pthread_self();
	t->ran = true;
}

static void done(struct pool_job *job)
{
	struct test_job *t = (struct test_job *)job;
	back++;
	back_run += t->ran;
	sum += t->out;
	assert_false(t->ran && pthread_equal(t->worker, pthread_self()));
	free(t);
}

static struct test_job *job_new(int in, sem_t *gate)
{
	struct test_job *t = mem_alloc(sizeof(*t));
	*t = (struct test_job){.job = {.run = square, .done = done}, .in = in, .gate = gate};
	return t;
}

static int set_up(void **state)
{
	test_clock = clock_driven_new(0);
	loop = loop_new(test_clock);
	back = back_run = 0;
	sum = 0;
	return 0;
}

static int tear_down(void **state)
{
	loop_free(loop);
	clock_free(test_clock);
	return 0;
}

static void jobs_run_elsewhere_and_come_back(void **state)
{
	struct pool *p = pool_new(3, 2000, NULL, NULL);
	client = pool_client_new(p, loop);
	for (int i = 0; i < 1000; i++)
		assert_true(pool_submit(client, &job_new(i, NULL)->job));
	while (pool_client_open(client))
		loop_run_once(loop, -1);
	assert_int_equal(back_run, 1000);
	assert_int_equal(sum, 332833500);
	pool_client_free(client);
	pool_free(p);
}

static void a_full_pool_leaves_the_job_with_its_owner(void **state)
{
	sem_t gate;
	assert_int_equal(sem_init(&gate, 0, 0), 0);
	struct pool *p = pool_new(1, 2, NULL, NULL);
	client = pool_client_new(p, loop);
	size_t taken = 0;
	for (int i = 0; i < 4; i++) { /* one may be with the worker already, two wait */
		struct test_job *t = job_new(i, &gate);
		if (pool_submit(client, &t->job))
			taken++;
		else
			free(t);
	}
	assert_in_range(taken, 2, 3);
	assert_int_equal(pool_client_open(client), taken);
	for (size_t i = 0; i < taken; i++)
		sem_post(&gate);
	while (pool_client_open(client))
		loop_run_once(loop, -1);
	assert_int_equal(back, taken);
	pool_client_free(client);
	pool_free(p);
	sem_destroy(&gate);
}

static void end_of_pool_brings_all_jobs_back(void **state)
{
	sem_t gate;
	assert_int_equal(sem_init(&gate, 0, 1), 0); /* the first job passes, none of the others runs before the end */
	struct pool *p = pool_new(1, 100, NULL, NULL);
	client = pool_client_new(p, loop);
	assert_true(pool_submit(client, &job_new(2, &gate)->job));
	while (pool_client_open(client))
		loop_run_once(loop, -1);
	for (int i = 0; i < 50; i++)
		assert_true(pool_submit(client, &job_new(1, NULL)->job));
	pool_free(p);
	assert_int_equal(back, 1); /* nothing outside the loop */
	assert_int_equal(pool_client_open(client), 50);
	loop_run_once(loop, 0);
	assert_int_equal(back, 51);
	assert_int_equal(sum, 4 + back_run - 1);
	pool_client_free(client);
	sem_destroy(&gate);
}

static void a_client_that_ends_takes_back_what_came(void **state)
{
	struct pool *p = pool_new(2, 100, NULL, NULL);
	client = pool_client_new(p, loop);
	for (int i = 0; i < 10; i++)
		assert_true(pool_submit(client, &job_new(i, NULL)->job));
	pool_free(p);
	pool_client_free(client);
	assert_int_equal(back, 10);
	pool_client_free(NULL);
	pool_free(NULL);
}

static _Thread_local int mine;
static atomic_int starts, ends;

static void count_thread(void *arg, bool start)
{
	assert_ptr_equal(arg, &starts);
	if (start) {
		mine = 5;
		atomic_fetch_add(&starts, 1);
	} else {
		atomic_fetch_add(&ends, mine == 5);
	}
}

static void submit_and_wait(int in)
{
	assert_true(pool_submit(client, &job_new(in, NULL)->job));
	while (pool_client_open(client))
		loop_run_once(loop, -1);
}

static void workers_start_when_all_others_are_busy_and_end_once(void **state)
{
	sem_t gate;
	assert_int_equal(sem_init(&gate, 0, 0), 0);
	struct pool *p = pool_new(3, 10, count_thread, &starts);
	client = pool_client_new(p, loop);
	assert_int_equal(starts, 0);
	submit_and_wait(1);
	assert_int_equal(starts, 1);
	for (int i = 0; i < 5; i++) /* each holds a worker; the last two wait for one */
		assert_true(pool_submit(client, &job_new(i, &gate)->job));
	for (int i = 0; i < 5; i++)
		sem_post(&gate);
	while (pool_client_open(client))
		loop_run_once(loop, -1);
	pool_free(p);
	pool_client_free(client);
	assert_int_equal(starts, 3);
	assert_int_equal(ends, 3);
	sem_destroy(&gate);
}

static void resubmit(struct pool_job *job)
{
	struct test_job *t = (struct test_job *)job;
	back++;
	if (t->in++ < 20)
		assert_true(pool_submit(client, job));
	else
		free(t);
}

static void a_job_may_go_round_again(void **state)
{
	struct pool *p = pool_new(2, 10, NULL, NULL);
	client = pool_client_new(p, loop);
	struct test_job *t = job_new(0, NULL);
	t->job.done = resubmit;
	assert_true(pool_submit(client, &t->job));
	while (pool_client_open(client))
		loop_run_once(loop, -1);
	assert_int_equal(back, 21);
	pool_client_free(client);
	pool_free(p);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(jobs_run_elsewhere_and_come_back),
		WITH_LOOP(a_full_pool_leaves_the_job_with_its_owner),
		WITH_LOOP(end_of_pool_brings_all_jobs_back),
		WITH_LOOP(a_client_that_ends_takes_back_what_came),
		WITH_LOOP(workers_start_when_all_others_are_busy_and_end_once),
		WITH_LOOP(a_job_may_go_round_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
