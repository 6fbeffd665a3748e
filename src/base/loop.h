/* loop.h - one thread's event loop: file descriptors, timers, wake-ups from other threads, signals. libuv stands
 * behind it and no other file includes it. Everything but loop_wake is for the loop's own thread. Callbacks come from
 * loop_run only, never from inside the call that set them. Timers ask the clock that the loop was given; with a driven
 * clock they fire when it is moved: loop_run notices that by itself within 5 ms of real time, loop_run_once has to be
 * called. The first loop of a process makes it ignore SIGPIPE. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/clock.h"

struct loop;

struct loop *loop_new(struct clock *clock);
void loop_free(struct loop *l); /* no timer may be set on it and no fd watched; NULL is fine */
struct clock *loop_clock(struct loop *l);
int64_t loop_now_ms(struct loop *l); /* mono, read once a round */
void loop_run(struct loop *l);       /* until loop_stop */
void loop_stop(struct loop *l);      /* ends loop_run after the present round */
/* One round, for tests: waits at most wait_ms of real time (-1: for ever). False when nothing was ready in time. */
bool loop_run_once(struct loop *l, int wait_ms);

/* Any thread: wake_cb runs once on the loop's thread, however often it was asked for meanwhile. */
void loop_set_wake(struct loop *l, void (*wake_cb)(void *arg), void *arg);
void loop_wake(struct loop *l);

/* Called at the end of each round that did something (to flush batches). */
void loop_set_round(struct loop *l, void (*round_cb)(void *arg), void *arg);
/* Real milliseconds since the present round began; in round_cb: how long it took. */
int64_t loop_round_ms(const struct loop *l);

/* A timer lives in its owner's struct; initialise once with loop_timer_init. Timers that are due fire in the order of
 * their times, those of the same time in the order in which they were set. */
struct loop_timer {
	struct loop *loop;
	int64_t due_ms;
	size_t slot; /* place in the heap, 0 when not set */
	void (*cb)(void *arg);
	void *arg;
};
void loop_timer_init(struct loop_timer *t, struct loop *l, void (*cb)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *t, int64_t after_ms); /* again replaces; 0: in the next round */
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_is_set(const struct loop_timer *t);

/* A watched file descriptor, which stays the caller's. */
struct loop_fd;
#define LOOP_READ  1
#define LOOP_WRITE 2
/* Asked for beside the others: each change is told once, and costs no system call to silence. Who gets it reads until
 * less came than there was room for (with LOOP_END: until the end), and writes until less went than was given. */
#define LOOP_EDGE  4
/* Only told, and only with LOOP_EDGE: the other side has ended or broken, nothing new will be told. */
#define LOOP_END   8
struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*cb)(void *arg, int events), void *arg);
void loop_fd_want(struct loop_fd *f, int events); /* 0: watch nothing. An error or hang-up is reported as both */
void loop_fd_free(struct loop_fd *f);             /* before the fd is closed; NULL is fine; fine in its own callback */
void loop_fd_close(struct loop_fd *f);            /* frees, and closes the fd: one system call for both */

void loop_on_signal(struct loop *l, int signum, void (*cb)(void *arg, int signum), void *arg);

/* One thing that lives as long as the loop and is freed with it: base/stream keeps its read buffer there. */
void *loop_companion(const struct loop *l);
void loop_set_companion(struct loop *l, void *p, void (*free_cb)(void *p));

#endif
