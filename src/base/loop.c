#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <uv.h>

#include "base/base.h"

#define EVENTS_MAX     512
#define DRIVEN_LOOK_MS 5 /* real time between looks at a driven clock while a timer is set */

/* libuv waits, wakes, times and takes signals. The file descriptors are in an epoll set of our own, which libuv watches
 * as one: a uv_poll_t of each would cost nine system calls in a connection's life, the set costs one. See
 * docs/decisions/005-descriptors-of-the-loop.md. */
struct loop {
	uv_loop_t uv;
	uv_timer_t timer;
	uv_async_t wake;
	uv_poll_t set;
	int set_fd;
	struct clock *clock;
	int64_t now_ms, round_began_ms; /* of the loop's clock, of the real one */
	bool in_round, stop, did;
	void (*wake_cb)(void *arg);
	void *wake_arg;
	void (*round_cb)(void *arg);
	void *round_arg;
	struct due *heap; /* from 1; each timer's slot is its place here */
	size_t heap_len, heap_cap;
	uint64_t sets; /* how often a timer was set: those of the same time keep their order */
	struct place *places;
	uint32_t place_count, place_cap, first_free;
	size_t fd_count;
	struct watched_signal *signals;
	void *companion;
	void (*companion_free)(void *p);
};

struct due {
	int64_t ms;
	uint64_t set;
	struct loop_timer *timer;
};

/* An event names a place and the generation of who was there when it was asked for. So an event for a descriptor that
 * is gone (freed by an earlier callback of the same round, or kept open by a copy in a child) finds nobody. */
struct place {
	struct loop_fd *fd; /* NULL: free */
	uint32_t generation;
	uint32_t next_free; /* place + 1; 0 ends the list */
};

struct loop_fd {
	struct loop *loop;
	int fd;
	int wanted;
	uint32_t place;
	void (*cb)(void *arg, int events);
	void *arg;
};

struct watched_signal {
	struct watched_signal *next;
	uv_signal_t uv;
	void (*cb)(void *arg, int signum);
	void *arg;
};

static void begin_round(struct loop *l)
{
	if (l->in_round)
		return;
	l->in_round = true;
	l->round_began_ms = clock_mono_ms(clock_real());
	l->now_ms = clock_is_driven(l->clock) ? clock_mono_ms(l->clock) : l->round_began_ms;
}

static void on_wake(uv_async_t *h)
{
	struct loop *l = h->data;
	begin_round(l);
	l->did = true;
	if (l->wake_cb)
		l->wake_cb(l->wake_arg);
}

static void on_timer(uv_timer_t *h)
{
	(void)h; /* it only ends the wait: fire_timers does the rest */
}

static int events_told(uint32_t e, int wanted)
{
	int told = 0;
	if (e & (EPOLLIN | EPOLLRDHUP))
		told |= LOOP_READ;
	if (e & EPOLLOUT)
		told |= LOOP_WRITE;
	if (e & (EPOLLERR | EPOLLHUP))
		told |= LOOP_READ | LOOP_WRITE;
	if ((wanted & LOOP_EDGE) && (e & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)))
		told |= LOOP_END;
	return told;
}

static void on_set(uv_poll_t *h, int status, int events)
{
	struct loop *l = h->data;
	struct epoll_event list[EVENTS_MAX];
	int n = epoll_wait(l->set_fd, list, EVENTS_MAX, 0);
	begin_round(l);
	for (int i = 0; i < n; i++) {
		const struct place *p = &l->places[(uint32_t)list[i].data.u64];
		if (!p->fd || p->generation != list[i].data.u64 >> 32)
			continue;
		l->did = true;
		p->fd->cb(p->fd->arg, events_told(list[i].events, p->fd->wanted));
	}
}

static void ignore_sigpipe(void)
{
	(void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets without MSG_NOSIGNAL */
}

struct loop *loop_new(struct clock *clock)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, ignore_sigpipe);
	struct loop *l = mem_alloc(sizeof(*l));
	l->clock = clock;
	l->set_fd = epoll_create1(EPOLL_CLOEXEC);
	ASSERT(l->set_fd >= 0);
	ASSERT(uv_loop_init(&l->uv) == 0);
	ASSERT(uv_timer_init(&l->uv, &l->timer) == 0);
	ASSERT(uv_async_init(&l->uv, &l->wake, on_wake) == 0);
	ASSERT(uv_poll_init(&l->uv, &l->set, l->set_fd) == 0);
	l->timer.data = l->wake.data = l->set.data = l;
	ASSERT(uv_poll_start(&l->set, UV_READABLE, on_set) == 0);
	return l;
}

static void free_signals(struct loop *l)
{
	while (l->signals) {
		struct watched_signal *s = l->signals;
		l->signals = s->next;
		free(s);
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->companion_free)
		l->companion_free(l->companion);
	ASSERT(l->heap_len == 0 && l->fd_count == 0);
	uv_close((uv_handle_t *)&l->timer, NULL);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->set, NULL);
	for (struct watched_signal *s = l->signals; s; s = s->next)
		uv_close((uv_handle_t *)&s->uv, NULL);
	while (uv_run(&l->uv, UV_RUN_NOWAIT) != 0)
		;
	ASSERT(uv_loop_close(&l->uv) == 0);
	free_signals(l);
	(void)close(l->set_fd); /* holds no data */
	free(l->heap);
	free(l->places);
	free(l);
}

struct clock *loop_clock(struct loop *l)
{
	return l->clock;
}

int64_t loop_now_ms(struct loop *l)
{
	return l->in_round ? l->now_ms : clock_mono_ms(l->clock);
}

int64_t loop_round_ms(const struct loop *l)
{
	return l->in_round ? clock_mono_ms(clock_real()) - l->round_began_ms : 0;
}

/* Real milliseconds until the first timer: 0 when it is due, -1 when only something else can end the wait. */
static int64_t until_due(const struct loop *l)
{
	if (l->heap_len == 0)
		return -1;
	int64_t left = l->heap[1].ms - clock_mono_ms(l->clock);
	if (left <= 0)
		return 0;
	return clock_is_driven(l->clock) ? -1 : left;
}

static void wait_for_events(struct loop *l, int64_t most_ms)
{
	int64_t wait = until_due(l);
	if (wait < 0 || (most_ms >= 0 && most_ms < wait))
		wait = most_ms;
	if (wait > 0) {
		uv_update_time(&l->uv);
		ASSERT(uv_timer_start(&l->timer, on_timer, (uint64_t)wait, 0) == 0);
	} else {
		uv_timer_stop(&l->timer);
	}
	uv_run(&l->uv, wait == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
}

/* Those that are set meanwhile wait for the next round, even if they are due. */
static void fire_timers(struct loop *l)
{
	uint64_t before = l->sets;
	while (l->heap_len && l->heap[1].ms <= l->now_ms && l->heap[1].set <= before) {
		struct loop_timer *t = l->heap[1].timer;
		loop_timer_stop(t);
		l->did = true;
		t->cb(t->arg);
	}
}

static bool run_round(struct loop *l, int64_t most_ms)
{
	l->did = false;
	wait_for_events(l, most_ms);
	begin_round(l);
	fire_timers(l);
	if (l->did && l->round_cb)
		l->round_cb(l->round_arg);
	l->in_round = false;
	return l->did;
}

void loop_run(struct loop *l)
{
	l->stop = false;
	while (!l->stop) {
		bool looks = clock_is_driven(l->clock) && l->heap_len;
		run_round(l, looks ? DRIVEN_LOOK_MS : -1);
	}
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

bool loop_run_once(struct loop *l, int wait_ms)
{
	return run_round(l, wait_ms);
}

void loop_set_wake(struct loop *l, void (*wake_cb)(void *arg), void *arg)
{
	l->wake_cb = wake_cb;
	l->wake_arg = arg;
}

void loop_wake(struct loop *l)
{
	ASSERT(uv_async_send(&l->wake) == 0);
}

void loop_set_round(struct loop *l, void (*round_cb)(void *arg), void *arg)
{
	l->round_cb = round_cb;
	l->round_arg = arg;
}

static bool is_before(const struct due *a, const struct due *b)
{
	return a->ms != b->ms ? a->ms < b->ms : a->set < b->set;
}

static void put_at(struct loop *l, size_t slot, struct due d)
{
	l->heap[slot] = d;
	d.timer->slot = slot;
}

static void sift_up(struct loop *l, size_t slot, struct due d)
{
	for (; slot > 1 && is_before(&d, &l->heap[slot / 2]); slot /= 2)
		put_at(l, slot, l->heap[slot / 2]);
	put_at(l, slot, d);
}

static void sift_down(struct loop *l, size_t slot, struct due d)
{
	for (size_t child = slot * 2; child <= l->heap_len; slot = child, child *= 2) {
		if (child < l->heap_len && is_before(&l->heap[child + 1], &l->heap[child]))
			child++;
		if (!is_before(&l->heap[child], &d))
			break;
		put_at(l, slot, l->heap[child]);
	}
	put_at(l, slot, d);
}

void loop_timer_init(struct loop_timer *t, struct loop *l, void (*cb)(void *arg), void *arg)
{
	*t = (struct loop_timer){.loop = l, .cb = cb, .arg = arg};
}

void loop_timer_set(struct loop_timer *t, int64_t after_ms)
{
	struct loop *l = t->loop;
	loop_timer_stop(t);
	if (l->heap_len + 1 >= l->heap_cap) {
		l->heap_cap = l->heap_cap ? l->heap_cap * 2 : 64;
		l->heap = mem_grow(l->heap, l->heap_cap, sizeof(*l->heap));
	}
	int64_t now = loop_now_ms(l);
	t->due_ms = after_ms <= 0 ? now : after_ms < INT64_MAX - now ? now + after_ms : INT64_MAX;
	sift_up(l, ++l->heap_len, (struct due){t->due_ms, ++l->sets, t});
}

void loop_timer_stop(struct loop_timer *t)
{
	struct loop *l = t->loop;
	size_t slot = t->slot;
	if (slot == 0)
		return;
	t->slot = 0;
	struct due last = l->heap[l->heap_len--];
	if (last.timer == t)
		return;
	if (slot > 1 && is_before(&last, &l->heap[slot / 2]))
		sift_up(l, slot, last);
	else
		sift_down(l, slot, last);
}

bool loop_timer_is_set(const struct loop_timer *t)
{
	return t->slot != 0;
}

static uint32_t take_place(struct loop *l, struct loop_fd *f)
{
	if (l->first_free) {
		uint32_t at = l->first_free - 1;
		l->first_free = l->places[at].next_free;
		l->places[at].fd = f;
		return at;
	}
	if (l->place_count == l->place_cap) {
		l->place_cap = l->place_cap ? l->place_cap * 2 : 64;
		l->places = mem_grow(l->places, l->place_cap, sizeof(*l->places));
	}
	l->places[l->place_count] = (struct place){.fd = f};
	return l->place_count++;
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*cb)(void *arg, int events), void *arg)
{
	struct loop_fd *f = mem_alloc(sizeof(*f));
	*f = (struct loop_fd){.loop = l, .fd = fd, .cb = cb, .arg = arg, .place = take_place(l, f)};
	l->fd_count++;
	return f;
}

static uint32_t events_asked(int wanted)
{
	uint32_t e = wanted & LOOP_EDGE ? (uint32_t)(EPOLLET | EPOLLRDHUP) : 0;
	if (wanted & LOOP_READ)
		e |= EPOLLIN;
	if (wanted & LOOP_WRITE)
		e |= EPOLLOUT;
	return e;
}

void loop_fd_want(struct loop_fd *f, int events)
{
	struct loop *l = f->loop;
	if (events == f->wanted)
		return;
	int op = f->wanted == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
	struct epoll_event ev = {.events = events_asked(events)};
	ev.data.u64 = (uint64_t)l->places[f->place].generation << 32 | f->place;
	ASSERT(epoll_ctl(l->set_fd, op, f->fd, &ev) == 0);
	f->wanted = events;
}

static void give_up(struct loop_fd *f)
{
	struct loop *l = f->loop;
	struct place *p = &l->places[f->place];
	p->fd = NULL;
	p->generation++;
	p->next_free = l->first_free;
	l->first_free = f->place + 1;
	l->fd_count--;
	free(f);
}

void loop_fd_free(struct loop_fd *f)
{
	if (!f)
		return;
	loop_fd_want(f, 0);
	give_up(f);
}

void loop_fd_close(struct loop_fd *f)
{
	if (!f)
		return;
	(void)close(f->fd); /* the kernel takes it out of the set; what it cannot deliver, it could not before */
	give_up(f);
}

static void on_signal(uv_signal_t *h, int signum)
{
	struct watched_signal *s = h->data;
	struct loop *l = h->loop->data;
	begin_round(l);
	l->did = true;
	s->cb(s->arg, signum);
}

void loop_on_signal(struct loop *l, int signum, void (*cb)(void *arg, int signum), void *arg)
{
	struct watched_signal *s = mem_alloc(sizeof(*s));
	s->cb = cb;
	s->arg = arg;
	s->next = l->signals;
	l->signals = s;
	l->uv.data = l;
	s->uv.data = s;
	ASSERT(uv_signal_init(&l->uv, &s->uv) == 0);
	ASSERT(uv_signal_start(&s->uv, on_signal, signum) == 0);
}

void *loop_companion(const struct loop *l)
{
	return l->companion;
}

void loop_set_companion(struct loop *l, void *p, void (*free_cb)(void *p))
{
	ASSERT(!l->companion);
	l->companion = p;
	l->companion_free = free_cb;
}
