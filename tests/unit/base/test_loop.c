/* Timers against a sorted list, descriptors that vanish in the round that reports them, wake-ups and signals. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/loop.h"
#include "base/rng.h"

static struct clock *test_clock;
static struct loop *loop;
static int calls;

static int set_up(void **state)
{
	test_clock = clock_driven_new(0);
	loop = loop_new(test_clock);
	calls = 0;
	return 0;
}

static int tear_down(void **state)
{
	loop_free(loop);
	clock_free(test_clock);
	return 0;
}

static void count_call(void *arg)
{
	calls++;
}

static void a_timer_fires_once_when_its_time_has_come(void **state)
{
	struct loop_timer t;
	loop_timer_init(&t, loop, count_call, NULL);
	assert_false(loop_timer_is_set(&t));
	loop_timer_set(&t, 100);
	assert_true(loop_timer_is_set(&t));
	assert_false(loop_run_once(loop, 0));
	clock_advance(test_clock, 99);
	assert_false(loop_run_once(loop, 0));
	clock_advance(test_clock, 1);
	assert_true(loop_run_once(loop, 0));
	assert_int_equal(calls, 1);
	assert_false(loop_timer_is_set(&t));
	clock_advance(test_clock, 1000);
	assert_false(loop_run_once(loop, 0));
}

static void a_timer_set_again_or_stopped_forgets_its_old_time(void **state)
{
	struct loop_timer t;
	loop_timer_init(&t, loop, count_call, NULL);
	loop_timer_set(&t, 10);
	loop_timer_set(&t, 30);
	clock_advance(test_clock, 20);
	assert_false(loop_run_once(loop, 0));
	loop_timer_stop(&t);
	loop_timer_stop(&t);
	clock_advance(test_clock, 20);
	assert_false(loop_run_once(loop, 0));
	loop_timer_set(&t, INT64_MAX);
	assert_false(loop_run_once(loop, 0));
	loop_timer_stop(&t);
	loop_timer_set(&t, -5);
	assert_true(loop_run_once(loop, 0));
	assert_int_equal(calls, 1);
}

#define TIMERS 2000

static struct numbered {
	struct loop_timer timer;
	int64_t due, order;
	bool set;
} numbered[TIMERS];
static int64_t last_due, last_order, set_count;

static void check_order(void *arg)
{
	struct numbered *n = arg;
	assert_true(n->set && n->due <= clock_mono_ms(test_clock));
	assert_true(n->due > last_due || (n->due == last_due && n->order > last_order));
	last_due = n->due;
	last_order = n->order;
	n->set = false;
	calls++;
}

/* Random settings, resettings and stops; then all that is left must come in the order of time and of setting. */
static void many_timers_fire_in_order(void **state)
{
	struct rng r;
	int left = 0;
	rng_init(&r, 6);
	set_count = 0;
	for (size_t i = 0; i < TIMERS; i++)
		loop_timer_init(&numbered[i].timer, loop, check_order, &numbered[i]);
	for (int i = 0; i < 20000; i++) {
		struct numbered *n = &numbered[rng_below(&r, TIMERS)];
		n->set = rng_below(&r, 4) != 0;
		if (!n->set) {
			loop_timer_stop(&n->timer);
			continue;
		}
		int64_t after = (int64_t)rng_below(&r, 500);
		n->due = clock_mono_ms(test_clock) + after;
		n->order = ++set_count;
		loop_timer_set(&n->timer, after);
	}
	for (size_t i = 0; i < TIMERS; i++) {
		assert_int_equal(loop_timer_is_set(&numbered[i].timer), numbered[i].set);
		left += numbered[i].set;
	}
	last_due = 0;
	for (int ms = 0; ms <= 500; ms += 50) {
		loop_run_once(loop, 0);
		clock_advance(test_clock, 50);
	}
	assert_int_equal(calls, left);
}

static void set_self_again(void *arg)
{
	calls++;
	loop_timer_set(arg, 0);
}

static void a_timer_set_by_itself_waits_for_the_next_round(void **state)
{
	struct loop_timer t;
	loop_timer_init(&t, loop, set_self_again, &t);
	loop_timer_set(&t, 0);
	for (int i = 1; i < 5; i++) {
		assert_true(loop_run_once(loop, 0));
		assert_int_equal(calls, i);
	}
	loop_timer_stop(&t);
}

static void stop_other(void *arg)
{
	calls++;
	loop_timer_stop(arg);
}

static void a_timer_stopped_by_an_earlier_one_does_not_fire(void **state)
{
	struct loop_timer a, b;
	loop_timer_init(&a, loop, stop_other, &b);
	loop_timer_init(&b, loop, stop_other, &a);
	loop_timer_set(&a, 5);
	loop_timer_set(&b, 5);
	clock_advance(test_clock, 5);
	loop_run_once(loop, 0);
	assert_int_equal(calls, 1);
}

static void with_the_real_clock_a_timer_ends_the_wait(void **state)
{
	struct loop *l = loop_new(clock_real());
	struct loop_timer t;
	loop_timer_init(&t, l, count_call, NULL);
	loop_timer_set(&t, 20);
	int64_t due = loop_now_ms(l) + 20;
	while (calls == 0)
		loop_run_once(l, -1);
	assert_true(clock_mono_ms(clock_real()) >= due);
	loop_timer_set(&t, 3600000);
	assert_false(loop_run_once(l, 5)); /* gives up after 5 ms */
	loop_timer_stop(&t);
	loop_free(l);
}

static int told;

static void note_events(void *arg, int events)
{
	calls++;
	told = events;
}

static void a_descriptor_is_reported_as_long_as_it_is_ready(void **state)
{
	int fds[2];
	char c;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	struct loop_fd *f = loop_fd_new(loop, fds[0], note_events, NULL);
	assert_false(loop_run_once(loop, 0));
	loop_fd_want(f, LOOP_READ);
	assert_false(loop_run_once(loop, 0));
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_true(loop_run_once(loop, -1));
	assert_true(loop_run_once(loop, 0));
	assert_int_equal(told, LOOP_READ);
	loop_fd_want(f, LOOP_WRITE);
	assert_true(loop_run_once(loop, 0));
	assert_int_equal(told, LOOP_WRITE);
	loop_fd_want(f, 0);
	assert_false(loop_run_once(loop, 0));
	loop_fd_want(f, LOOP_READ);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_false(loop_run_once(loop, 0));
	close(fds[1]);
	assert_true(loop_run_once(loop, -1));
	assert_int_equal(told, LOOP_READ | LOOP_WRITE); /* a hang-up */
	loop_fd_free(f);
	assert_false(loop_run_once(loop, 0));
	loop_fd_free(NULL);
	close(fds[0]);
}

static void with_edges_each_change_is_told_once(void **state)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	struct loop_fd *f = loop_fd_new(loop, fds[0], note_events, NULL);
	loop_fd_want(f, LOOP_READ | LOOP_WRITE | LOOP_EDGE);
	assert_true(loop_run_once(loop, -1));
	assert_int_equal(told, LOOP_WRITE);
	assert_false(loop_run_once(loop, 0));
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_true(loop_run_once(loop, -1));
	assert_int_equal(told & LOOP_READ, LOOP_READ);
	assert_false(loop_run_once(loop, 0));
	assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
	assert_true(loop_run_once(loop, -1));
	assert_int_equal(told & (LOOP_READ | LOOP_END), LOOP_READ | LOOP_END);
	loop_fd_close(f);
	assert_int_equal(fcntl(fds[0], F_GETFD), -1);
	loop_fd_close(NULL);
	close(fds[1]);
}

static struct loop_fd *pair[2];

/* Whichever comes first frees both. */
static void free_both(void *arg, int events)
{
	calls++;
	loop_fd_free(pair[0]);
	loop_fd_free(pair[1]);
	int *again = arg;
	pair[0] = loop_fd_new(loop, again[0], note_events, NULL); /* takes one of the places that became free */
	pair[1] = NULL;
}

static void a_descriptor_freed_in_the_same_round_is_not_reported(void **state)
{
	int a[2], b[2], idle[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, idle), 0);
	pair[0] = loop_fd_new(loop, a[0], free_both, idle);
	pair[1] = loop_fd_new(loop, b[0], free_both, idle);
	loop_fd_want(pair[0], LOOP_READ);
	loop_fd_want(pair[1], LOOP_READ);
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	assert_true(loop_run_once(loop, -1));
	assert_int_equal(calls, 1);
	assert_false(loop_run_once(loop, 0));
	loop_fd_free(pair[0]);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
		close(idle[i]);
	}
}

/* A copy of the descriptor keeps it in the kernel's set after the close; nobody must be told. */
static void a_closed_descriptor_with_a_copy_is_not_reported(void **state)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	int copy = dup(fds[0]);
	struct loop_fd *f = loop_fd_new(loop, fds[0], note_events, NULL);
	loop_fd_want(f, LOOP_READ | LOOP_EDGE);
	loop_fd_close(f);
	int pipes[2];
	assert_int_equal(pipe(pipes), 0);
	f = loop_fd_new(loop, pipes[0], note_events, NULL); /* in the same place */
	loop_fd_want(f, LOOP_READ);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_false(loop_run_once(loop, 0));
	assert_int_equal(calls, 0);
	loop_fd_free(f);
	close(copy);
	close(fds[1]);
	close(pipes[0]);
	close(pipes[1]);
}

#define MANY 3000

static void thousands_of_descriptors_and_timers_at_once(void **state)
{
	struct rlimit lim;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
	lim.rlim_cur = lim.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
	size_t n = lim.rlim_cur > 2 * MANY + 100 ? MANY : (lim.rlim_cur - 100) / 2;
	struct loop_fd **f = mem_array(n, sizeof(*f));
	struct loop_timer *t = mem_array(n, sizeof(*t));
	int *other = mem_array(n, sizeof(*other));
	for (size_t i = 0; i < n; i++) {
		int fds[2];
		assert_int_equal(pipe(fds), 0);
		other[i] = fds[1];
		f[i] = loop_fd_new(loop, fds[0], note_events, NULL);
		loop_fd_want(f[i], LOOP_READ | LOOP_EDGE);
		loop_timer_init(&t[i], loop, count_call, NULL);
		loop_timer_set(&t[i], (int64_t)(i % 100));
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(write(other[i], "x", 1), 1);
	clock_advance(test_clock, 100);
	while (loop_run_once(loop, 0))
		;
	assert_int_equal(calls, 2 * n);
	for (size_t i = 0; i < n; i++) {
		loop_fd_close(f[i]);
		close(other[i]);
	}
	free(f);
	free(t);
	free(other);
}

static void end_loop(void *arg)
{
	calls++;
	loop_stop(loop);
}

static void *wake_often(void *arg)
{
	for (int i = 0; i < 1000; i++)
		loop_wake(loop);
	return NULL;
}

static void another_thread_wakes_the_loop(void **state)
{
	pthread_t t;
	loop_set_wake(loop, end_loop, NULL);
	assert_int_equal(pthread_create(&t, NULL, wake_often, NULL), 0);
	loop_run(loop);
	pthread_join(t, NULL);
	assert_int_equal(calls, 1);
	loop_wake(loop);
	loop_wake(loop);
	assert_true(loop_run_once(loop, 0));
	assert_in_range(calls, 2, 3); /* one that was under way may come beside */
	while (loop_run_once(loop, 0))
		;
	assert_in_range(calls, 2, 3);
}

static void *advance_and_wake(void *arg)
{
	clock_advance(test_clock, 1000);
	loop_wake(loop);
	return NULL;
}

static void another_thread_drives_the_clock(void **state)
{
	pthread_t t;
	struct loop_timer timer;
	loop_timer_init(&timer, loop, end_loop, NULL);
	loop_timer_set(&timer, 1000);
	assert_int_equal(pthread_create(&t, NULL, advance_and_wake, NULL), 0);
	loop_run(loop);
	pthread_join(t, NULL);
	assert_int_equal(calls, 1);
}

static int rounds;

static void count_round(void *arg)
{
	assert_true(loop_round_ms(loop) >= 0);
	rounds++;
}

static void the_end_of_a_round_is_told_when_something_was_done(void **state)
{
	struct loop_timer a, b;
	rounds = 0;
	loop_set_round(loop, count_round, NULL);
	loop_timer_init(&a, loop, count_call, NULL);
	loop_timer_init(&b, loop, count_call, NULL);
	loop_run_once(loop, 0);
	assert_int_equal(rounds, 0);
	loop_timer_set(&a, 0);
	loop_timer_set(&b, 0);
	loop_run_once(loop, 0);
	assert_int_equal(rounds, 1);
	assert_int_equal(calls, 2);
}

static int last_signal;

static void note_signal(void *arg, int signum)
{
	last_signal = signum;
	loop_stop(loop);
}

static void signals_arrive_on_the_loop(void **state)
{
	loop_on_signal(loop, SIGTERM, note_signal, NULL);
	loop_on_signal(loop, SIGUSR1, note_signal, NULL);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	loop_run(loop);
	assert_int_equal(last_signal, SIGTERM);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	loop_run(loop);
	assert_int_equal(last_signal, SIGUSR1);
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write(fds[1], "x", 1), -1); /* SIGPIPE does not end the process */
	close(fds[1]);
}

static void free_companion(void *p)
{
	assert_ptr_equal(p, &calls);
	calls = 77;
}

static void a_companion_goes_with_its_loop(void **state)
{
	struct loop *l = loop_new(test_clock);
	assert_null(loop_companion(l));
	loop_set_companion(l, &calls, free_companion);
	assert_ptr_equal(loop_companion(l), &calls);
	assert_ptr_equal(loop_clock(l), test_clock);
	loop_free(l);
	assert_int_equal(calls, 77);
	loop_free(NULL);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(a_timer_fires_once_when_its_time_has_come),
		WITH_LOOP(a_timer_set_again_or_stopped_forgets_its_old_time),
		WITH_LOOP(many_timers_fire_in_order),
		WITH_LOOP(a_timer_set_by_itself_waits_for_the_next_round),
		WITH_LOOP(a_timer_stopped_by_an_earlier_one_does_not_fire),
		WITH_LOOP(with_the_real_clock_a_timer_ends_the_wait),
		WITH_LOOP(a_descriptor_is_reported_as_long_as_it_is_ready),
		WITH_LOOP(with_edges_each_change_is_told_once),
		WITH_LOOP(a_descriptor_freed_in_the_same_round_is_not_reported),
		WITH_LOOP(a_closed_descriptor_with_a_copy_is_not_reported),
		WITH_LOOP(thousands_of_descriptors_and_timers_at_once),
		WITH_LOOP(another_thread_wakes_the_loop),
		WITH_LOOP(another_thread_drives_the_clock),
		WITH_LOOP(the_end_of_a_round_is_told_when_something_was_done),
		WITH_LOOP(signals_arrive_on_the_loop),
		WITH_LOOP(a_companion_goes_with_its_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
