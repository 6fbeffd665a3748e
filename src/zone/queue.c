#include "zone/queue.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/map.h"
#include "codec/range.h"
#include "zone/heap.h"

#define SUBNET_KEY_MAX (1 + ACT_HOST_SIZE)

struct subnet {
	uint8_t key[SUBNET_KEY_MAX];
	size_t key_len;
	size_t lines; /* that refer to it */
	size_t talks;
	struct heap ready;
	size_t place; /* among the subnets that may start one */
};

/* An interface that has an open act or conversation. */
struct line {
	int64_t amt;
	size_t slots;
	struct subnet *net;
	struct slot *live;
	int64_t talk_act; /* 0: no conversation */
	int64_t talk_fence;
	struct list waiters;
};

struct queue {
	struct map_u64 *slots, *lines, *talks; /* by act; by interface; line by act */
	struct map_str *nets;
	struct heap timers, startable;
	size_t zone_limit, subnet_limit;
};

static bool slot_wakes_before(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;
	return x->wake != y->wake ? x->wake < y->wake : x->id < y->id;
}

static bool slot_starts_before(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;
	return x->due != y->due ? x->due < y->due : x->id < y->id;
}

static bool net_starts_before(const void *a, const void *b)
{
	const struct subnet *x = a, *y = b;
	return slot_starts_before(heap_first(&x->ready), heap_first(&y->ready));
}

static size_t *timer_place(void *s)
{
	return &((struct slot *)s)->timer_place;
}

static size_t *ready_place(void *s)
{
	return &((struct slot *)s)->ready_place;
}

static size_t *net_place(void *n)
{
	return &((struct subnet *)n)->place;
}

struct queue *queue_new(void)
{
	struct queue *q = mem_alloc(sizeof(*q));
	q->slots = map_u64_new();
	q->lines = map_u64_new();
	q->talks = map_u64_new();
	q->nets = map_str_new();
	q->zone_limit = q->subnet_limit = SIZE_MAX;
	heap_init(&q->timers, slot_wakes_before, timer_place);
	heap_init(&q->startable, net_starts_before, net_place);
	return q;
}

/* The one rule of starting: a subnet is startable while it has somebody ready and room. To be called before anything
 * that the order of subnets depends on changes, and net_fix after it. */
static void net_leave(struct queue *q, struct subnet *n)
{
	heap_delete(&q->startable, n);
}

static void net_fix(struct queue *q, struct subnet *n)
{
	if (heap_first(&n->ready) && n->talks < q->subnet_limit)
		heap_put(&q->startable, n);
	else
		heap_delete(&q->startable, n);
}

static size_t net_key(const char *host, uint8_t key[SUBNET_KEY_MAX])
{
	struct range_addr a;
	size_t len;
	if (range_addr_parse(bytes_str(host), &a, NULL) == 0) {
		key[0] = a.v6 ? 6 : 4;
		len = a.v6 ? 8 : 3;
		memcpy(key + 1, a.b, len);
		return 1 + len;
	}
	key[0] = 0;
	len = strnlen(host, SUBNET_KEY_MAX - 1);
	memcpy(key + 1, host, len);
	return 1 + len;
}

static struct subnet *net_get(struct queue *q, const char *host)
{
	uint8_t key[SUBNET_KEY_MAX];
	size_t len = net_key(host, key);
	struct subnet *n = map_str_get(q->nets, BYTES(key, len));
	if (!n) {
		n = mem_alloc(sizeof(*n));
		memcpy(n->key, key, len);
		n->key_len = len;
		heap_init(&n->ready, slot_starts_before, ready_place);
		map_str_put(q->nets, BYTES(key, len), n);
	}
	return n;
}

static void net_drop(struct queue *q, struct subnet *n)
{
	heap_delete(&q->startable, n);
	map_str_delete(q->nets, BYTES(n->key, n->key_len));
	heap_release(&n->ready);
	free(n);
}

static struct line *line_get(struct queue *q, int64_t amt, const char *host)
{
	struct line *l = map_u64_get(q->lines, (uint64_t)amt);
	if (l)
		return l;
	l = mem_alloc(sizeof(*l));
	l->amt = amt;
	l->net = net_get(q, host);
	l->net->lines++;
	list_init(&l->waiters);
	map_u64_put(q->lines, (uint64_t)amt, l);
	return l;
}

static void line_drop_unused(struct queue *q, struct line *l)
{
	if (l->slots || l->talk_act)
		return;
	if (--l->net->lines == 0)
		net_drop(q, l->net);
	map_u64_delete(q->lines, (uint64_t)l->amt);
	free(l);
}

static void make_ready(struct queue *q, struct slot *s)
{
	struct subnet *n = s->line->net;
	net_leave(q, n);
	heap_put(&n->ready, s);
	net_fix(q, n);
}

static void leave_ready(struct queue *q, struct slot *s)
{
	struct subnet *n = s->line->net;
	if (!s->ready_place)
		return;
	net_leave(q, n);
	heap_delete(&n->ready, s);
	net_fix(q, n);
}

/* A due act stands where it can start from, or behind what its interface is busy with. */
static void line_up(struct queue *q, struct slot *s)
{
	if (s->line->live || s->line->talk_act)
		list_append(&s->line->waiters, &s->waiting);
	else
		make_ready(q, s);
}

static void leave_places(struct queue *q, struct slot *s)
{
	leave_ready(q, s);
	list_remove(&s->waiting);
}

/* Whoever waited for the interface becomes ready; the first one that starts sends the others back (see queue_next). */
static void line_move_on(struct queue *q, struct line *l)
{
	if (l->live || l->talk_act)
		return;
	LIST_EACH(&l->waiters, it, safe) {
		list_remove(it);
		make_ready(q, LIST_ENTRY(it, struct slot, waiting));
	}
}

static void line_set_live(struct queue *q, struct slot *s, bool live)
{
	struct line *l = s->line;
	if (live) {
		ASSERT(!l->live || l->live == s);
		l->live = s;
	} else if (l->live == s) {
		l->live = NULL;
		line_move_on(q, l);
	}
}

static void slot_free(struct queue *q, struct slot *s)
{
	heap_delete(&q->timers, s);
	leave_places(q, s);
	line_set_live(q, s, false);
	s->line->slots--;
	line_drop_unused(q, s->line);
	free(s);
}

void queue_clear(struct queue *q)
{
	size_t it = 0;
	uint64_t id;
	void *s;
	while (map_u64_each(q->slots, &it, &id, &s))
		slot_free(q, s);
	map_u64_free(q->slots);
	q->slots = map_u64_new();
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	queue_clear(q);
	size_t it = 0;
	uint64_t id;
	void *l;
	while (map_u64_each(q->talks, &it, &id, &l)) {
		((struct line *)l)->talk_act = 0;
		line_drop_unused(q, l);
	}
	heap_release(&q->timers);
	heap_release(&q->startable);
	map_u64_free(q->slots);
	map_u64_free(q->lines);
	map_u64_free(q->talks);
	map_str_free(q->nets);
	free(q);
}

size_t queue_count(const struct queue *q)
{
	return map_u64_count(q->slots);
}

void queue_set_limits(struct queue *q, size_t zone, size_t subnet)
{
	size_t it = 0;
	struct bytes key;
	void *n;
	q->zone_limit = zone;
	q->subnet_limit = subnet;
	while (map_str_each(q->nets, &it, &key, &n))
		net_fix(q, n);
}

struct slot *queue_get(const struct queue *q, int64_t act)
{
	return map_u64_get(q->slots, (uint64_t)act);
}

bool queue_has_interface(const struct queue *q, int64_t amt)
{
	const struct line *l = map_u64_get(q->lines, (uint64_t)amt);
	return l && l->slots;
}

struct slot *queue_add(struct queue *q, const struct slot *init, const char *host)
{
	struct slot *s = mem_alloc(sizeof(*s));
	*s = *init;
	s->timer_place = s->ready_place = 0;
	s->state = ACT_STATE_QUEUED;
	s->due = s->wake = QUEUE_NEVER;
	list_init(&s->waiting);
	s->line = line_get(q, s->amt, host);
	s->line->slots++;
	ASSERT(!map_u64_put(q->slots, (uint64_t)s->id, s));
	return s;
}

void queue_wake_at(struct queue *q, struct slot *s, int64_t wake)
{
	s->wake = wake;
	if (wake == QUEUE_NEVER)
		heap_delete(&q->timers, s);
	else
		heap_put(&q->timers, s);
}

void queue_wait(struct queue *q, struct slot *s, int64_t due, int64_t now)
{
	leave_places(q, s);
	s->state = ACT_STATE_QUEUED;
	s->in_doubt = false;
	s->due = due;
	if (due <= now)
		line_up(q, s);
	line_set_live(q, s, false);
	queue_wake_at(q, s, due > now && due < s->deadline ? due : due == QUEUE_NEVER ? due : s->deadline);
}

void queue_live(struct queue *q, struct slot *s, enum act_state state, int64_t wake)
{
	leave_places(q, s);
	line_set_live(q, s, true);
	s->state = state;
	queue_wake_at(q, s, wake);
}

void queue_delete(struct queue *q, struct slot *s)
{
	map_u64_delete(q->slots, (uint64_t)s->id);
	slot_free(q, s);
}

bool queue_each(const struct queue *q, size_t *it, struct slot **ret)
{
	uint64_t id;
	void *s;
	if (!map_u64_each(q->slots, it, &id, &s))
		return false;
	*ret = s;
	return true;
}

struct slot *queue_timer(struct queue *q, int64_t now)
{
	for (;;) {
		struct slot *s = heap_first(&q->timers);
		if (!s || s->wake > now)
			return NULL;
		if (s->state != ACT_STATE_QUEUED || s->deadline <= now)
			return s;
		queue_wait(q, s, s->due, now);
	}
}

int64_t queue_wake(const struct queue *q)
{
	const struct slot *s = heap_first(&q->timers);
	return s ? s->wake : QUEUE_NEVER;
}

struct slot *queue_next(struct queue *q)
{
	struct subnet *n;
	while (map_u64_count(q->talks) < q->zone_limit && (n = heap_first(&q->startable))) {
		struct slot *s = heap_first(&n->ready);
		if (!s->line->live && !s->line->talk_act)
			return s;
		leave_ready(q, s);
		list_append(&s->line->waiters, &s->waiting);
	}
	return NULL;
}

bool queue_can_talk(const struct queue *q, const struct slot *s)
{
	return !s->line->talk_act && s->line->net->talks < q->subnet_limit && map_u64_count(q->talks) < q->zone_limit;
}

void queue_talk_open(struct queue *q, struct slot *s)
{
	struct line *l = s->line;
	ASSERT(!l->talk_act);
	l->talk_act = s->id;
	l->talk_fence = s->fence;
	map_u64_put(q->talks, (uint64_t)s->id, l);
	net_leave(q, l->net);
	l->net->talks++;
	net_fix(q, l->net);
}

bool queue_talk_is_open(const struct queue *q, int64_t act, int64_t fence)
{
	const struct line *l = map_u64_get(q->talks, (uint64_t)act);
	return l && l->talk_fence == fence;
}

bool queue_talk_close(struct queue *q, int64_t act, int64_t fence)
{
	struct line *l = map_u64_get(q->talks, (uint64_t)act);
	if (!l || l->talk_fence != fence)
		return false;
	map_u64_delete(q->talks, (uint64_t)act);
	l->talk_act = 0;
	net_leave(q, l->net);
	l->net->talks--;
	net_fix(q, l->net);
	line_move_on(q, l);
	line_drop_unused(q, l);
	return true;
}

size_t queue_talks(const struct queue *q)
{
	return map_u64_count(q->talks);
}
