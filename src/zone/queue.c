#include "zone/queue.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/map.h"
#include "codec/range.h"
#include "zone/heap.h"

#define SUBNET_KEY_MAX (1 + ACT_HOST_SIZE)
#define SECOND_MS      1000
#define KEEP_UNUSED_MS 600000 /* what is known of a subnet, after its last conversation */

struct subnet {
	uint8_t key[SUBNET_KEY_MAX];
	size_t key_len;
	size_t lines; /* that refer to it */
	size_t talks;
	struct heap ready;
	size_t place; /* among the subnets that may start one */
	struct breaker breaker;
	size_t try_place; /* among those whose breaker waits for its next try */
	int64_t used_at;

	/* scheduled acts */
	size_t orders;     /* that may be on the wire */
	size_t ready_some; /* in ready */
	struct list held;  /* slots that wait for one of the orders to end, or for their turn to start */
	int64_t *starts;   /* when the last ones started, as many as a second may have; NULL: none yet */
	size_t starts_len, start_at;
	int64_t turn_at;   /* when the first of held may go */
	size_t turn_place; /* among those of which one may go by and by */
};

/* An interface that has an open act or conversation. */
struct line {
	int64_t amt;
	size_t slots;
	struct subnet *net;
	uint8_t place; /* of the address, for the breaker */
	struct slot *live;
	int64_t talk_act; /* 0: no conversation */
	int64_t talk_fence;
	bool talk_tries;  /* it began while the breaker was open */
	bool talk_orders; /* it counts in net->orders */
	struct list waiters;
	struct list all; /* slots */
};

struct queue {
	struct map_u64 *slots, *lines, *talks; /* by act; by interface; line by act */
	struct map_str *nets;
	struct heap timers, startable;
	struct heap tries;      /* subnets with an open breaker that has somebody to try and may not yet */
	struct heap turns;      /* subnets that hold scheduled acts and have room for an order */
	struct list newly_held; /* slots */
	size_t breakers_open;
	struct breaker_rule rule;
	size_t zone_limit, subnet_limit, order_limit, start_rate;
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

static bool net_tries_before(const void *a, const void *b)
{
	const struct subnet *x = a, *y = b;
	if (x->breaker.try_at != y->breaker.try_at)
		return x->breaker.try_at < y->breaker.try_at;
	return slot_starts_before(heap_first(&x->ready), heap_first(&y->ready));
}

static bool net_turns_before(const void *a, const void *b)
{
	const struct subnet *x = a, *y = b;
	if (x->turn_at != y->turn_at)
		return x->turn_at < y->turn_at;
	return slot_starts_before(LIST_FIRST(&x->held, struct slot, waiting),
				  LIST_FIRST(&y->held, struct slot, waiting));
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

static size_t *try_place(void *n)
{
	return &((struct subnet *)n)->try_place;
}

static size_t *turn_place(void *n)
{
	return &((struct subnet *)n)->turn_place;
}

struct queue *queue_new(void)
{
	struct queue *q = mem_alloc(sizeof(*q));
	q->slots = map_u64_new();
	q->lines = map_u64_new();
	q->talks = map_u64_new();
	q->nets = map_str_new();
	q->zone_limit = q->subnet_limit = q->order_limit = q->start_rate = SIZE_MAX;
	heap_init(&q->timers, slot_wakes_before, timer_place);
	heap_init(&q->startable, net_starts_before, net_place);
	heap_init(&q->tries, net_tries_before, try_place);
	heap_init(&q->turns, net_turns_before, turn_place);
	list_init(&q->newly_held);
	return q;
}

/* When one more scheduled act may start behind so many others: as soon as the start that lies as many before it as a
 * second may have is a second old. */
static int64_t turn_behind(const struct queue *q, const struct subnet *n, size_t others)
{
	if (!n->starts || n->starts_len != q->start_rate)
		return 0;
	size_t back = others < n->starts_len ? others : n->starts_len - 1;
	int64_t at = n->starts[(n->start_at + back) % n->starts_len];
	return at ? at + SECOND_MS : 0;
}

/* The one rule of starting: a subnet is startable while it has somebody ready, room, and no breaker against it. What it
 * holds back becomes ready when its turn has come, as many as there may be orders. To be called before anything that
 * the order of subnets depends on changes, and net_fix after it. */
static void net_leave(struct queue *q, struct subnet *n)
{
	heap_delete(&q->startable, n);
	heap_delete(&q->tries, n);
	heap_delete(&q->turns, n);
}

static void net_fix(struct queue *q, struct subnet *n)
{
	net_leave(q, n);
	if (!list_is_empty(&n->held) && n->orders + n->ready_some < q->order_limit) {
		n->turn_at = turn_behind(q, n, n->ready_some);
		heap_put(&q->turns, n);
	}
	if (!heap_first(&n->ready))
		return;
	if (!breaker_lets_through(&n->breaker))
		heap_put(&q->tries, n);
	else if (n->talks < q->subnet_limit)
		heap_put(&q->startable, n);
}

#define KEY_NAME 0 /* first byte of the key: a host name, or the version of IP */

/* *ret_place: where the address stands in its subnet; those of a /64 are folded into 256 places. */
static size_t net_key(const char *host, uint8_t key[SUBNET_KEY_MAX], uint8_t *ret_place)
{
	struct range_addr a;
	size_t len;
	*ret_place = 0;
	if (range_addr_parse(bytes_str(host), &a, NULL) == 0) {
		key[0] = a.v6 ? 6 : 4;
		len = a.v6 ? 8 : 3;
		memcpy(key + 1, a.b, len);
		for (size_t i = len; i < (a.v6 ? 16 : 4); i++)
			*ret_place ^= a.b[i];
		return 1 + len;
	}
	key[0] = KEY_NAME;
	len = strnlen(host, SUBNET_KEY_MAX - 1);
	memcpy(key + 1, host, len);
	return 1 + len;
}

static void net_name(const struct subnet *n, char ret[QUEUE_SUBNET_SIZE])
{
	struct range_addr a = {.v6 = n->key[0] == 6};
	char text[RANGE_ADDR_TEXT_SIZE];
	if (n->key[0] == KEY_NAME) {
		bytes_to_str(BYTES(n->key + 1, n->key_len - 1), ret, QUEUE_SUBNET_SIZE);
		return;
	}
	memcpy(a.b, n->key + 1, n->key_len - 1);
	range_addr_text(&a, text);
	(void)snprintf(ret, QUEUE_SUBNET_SIZE, "%s/%d", text, a.v6 ? 64 : 24); /* an address is shorter than a name */
}

static void net_view(const struct subnet *n, struct queue_subnet *ret)
{
	net_name(n, ret->name);
	ret->tried = breaker_tried(&n->breaker);
	ret->failed = breaker_failed(&n->breaker);
}

static struct subnet *net_get(struct queue *q, const char *host, uint8_t *ret_place)
{
	uint8_t key[SUBNET_KEY_MAX];
	size_t len = net_key(host, key, ret_place);
	struct subnet *n = map_str_get(q->nets, BYTES(key, len));
	if (!n) {
		n = mem_alloc(sizeof(*n));
		memcpy(n->key, key, len);
		n->key_len = len;
		heap_init(&n->ready, slot_starts_before, ready_place);
		list_init(&n->held);
		map_str_put(q->nets, BYTES(key, len), n);
	}
	return n;
}

static void net_free(struct queue *q, struct subnet *n)
{
	net_leave(q, n);
	q->breakers_open -= n->breaker.open;
	heap_release(&n->ready);
	free(n->starts);
	free(n);
}

static void net_drop(struct queue *q, struct subnet *n)
{
	map_str_delete(q->nets, BYTES(n->key, n->key_len));
	net_free(q, n);
}

/* Its breaker knows something; queue_tidy drops it later. A name is one address: its breaker never opens. */
static bool net_is_remembered(const struct subnet *n)
{
	return n->key[0] != KEY_NAME && breaker_tried(&n->breaker);
}

static struct line *line_get(struct queue *q, int64_t amt, const char *host)
{
	struct line *l = map_u64_get(q->lines, (uint64_t)amt);
	if (l)
		return l;
	l = mem_alloc(sizeof(*l));
	l->amt = amt;
	l->net = net_get(q, host, &l->place);
	l->net->lines++;
	list_init(&l->waiters);
	list_init(&l->all);
	map_u64_put(q->lines, (uint64_t)amt, l);
	return l;
}

static void line_drop_unused(struct queue *q, struct line *l)
{
	if (l->slots || l->talk_act)
		return;
	if (--l->net->lines == 0 && !net_is_remembered(l->net))
		net_drop(q, l->net);
	map_u64_delete(q->lines, (uint64_t)l->amt);
	free(l);
}

static void make_ready(struct queue *q, struct slot *s)
{
	struct subnet *n = s->line->net;
	net_leave(q, n);
	heap_put(&n->ready, s);
	n->ready_some += s->scheduled;
	net_fix(q, n);
	if (n->breaker.open && !s->held_back)
		list_append(&q->newly_held, &s->newly_held);
}

static void leave_ready(struct queue *q, struct slot *s)
{
	struct subnet *n = s->line->net;
	if (!s->ready_place)
		return;
	net_leave(q, n);
	heap_delete(&n->ready, s);
	n->ready_some -= s->scheduled;
	net_fix(q, n);
	list_remove(&s->newly_held);
}

/* A due act stands where it can start from, or behind what its interface is busy with. */
static void line_up(struct queue *q, struct slot *s)
{
	if (s->line->live || s->line->talk_act)
		list_append(&s->line->waiters, &s->waiting);
	else
		make_ready(q, s);
}

static void leave_waiting(struct queue *q, struct slot *s)
{
	if (list_is_empty(&s->waiting))
		return;
	net_leave(q, s->line->net);
	list_remove(&s->waiting);
	net_fix(q, s->line->net);
}

static void leave_places(struct queue *q, struct slot *s)
{
	leave_ready(q, s);
	leave_waiting(q, s);
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
	list_remove(&s->of_line);
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
	struct bytes key;
	void *n;
	for (it = 0; map_str_each(q->nets, &it, &key, &n);)
		net_free(q, n);
	heap_release(&q->timers);
	heap_release(&q->startable);
	heap_release(&q->tries);
	heap_release(&q->turns);
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

static void net_close(struct queue *q, struct subnet *n)
{
	q->breakers_open--;
	for (size_t i = 0; i < n->ready.count; i++)
		list_remove(&((struct slot *)n->ready.at[i])->newly_held);
	net_fix(q, n);
}

static void net_open(struct queue *q, struct subnet *n)
{
	q->breakers_open++;
	for (size_t i = 0; i < n->ready.count; i++) {
		struct slot *s = n->ready.at[i];
		if (!s->held_back)
			list_append(&q->newly_held, &s->newly_held);
	}
	net_fix(q, n);
}

void queue_set_breaker(struct queue *q, const struct breaker_rule *rule)
{
	size_t it = 0;
	struct bytes key;
	void *v;
	q->rule = *rule;
	while (!rule->share && map_str_each(q->nets, &it, &key, &v)) {
		struct subnet *n = v;
		bool was_open = n->breaker.open;
		n->breaker = (struct breaker){.open = false};
		if (was_open)
			net_close(q, n);
	}
}

void queue_set_pace(struct queue *q, size_t orders, size_t starts_per_s)
{
	size_t it = 0;
	struct bytes key;
	void *n;
	q->order_limit = orders;
	q->start_rate = starts_per_s;
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

struct slot *queue_of(const struct queue *q, int64_t amt, const struct slot *after)
{
	const struct line *l = map_u64_get(q->lines, (uint64_t)amt);
	struct list *next = !l ? NULL : after ? after->of_line.next : l->all.next;
	return !l || next == &l->all ? NULL : LIST_ENTRY(next, struct slot, of_line);
}

struct slot *queue_add(struct queue *q, const struct slot *init, const char *host)
{
	struct slot *s = mem_alloc(sizeof(*s));
	*s = *init;
	s->timer_place = s->ready_place = 0;
	s->state = ACT_STATE_QUEUED;
	s->due = s->wake = QUEUE_NEVER;
	list_init(&s->waiting);
	list_init(&s->newly_held);
	s->line = line_get(q, s->amt, host);
	s->line->slots++;
	list_init(&s->of_line);
	list_append(&s->line->all, &s->of_line);
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
	s->held_back = false;
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

/* Breakers whose pause is over let one through. */
static void let_try(struct queue *q, int64_t now)
{
	struct subnet *n;
	while ((n = heap_first(&q->tries)) && n->breaker.try_at <= now) {
		n->breaker.may_try = true;
		net_fix(q, n);
	}
}

/* Held acts whose turn has come become ready. */
static void let_turns(struct queue *q, int64_t now)
{
	struct subnet *n;
	while ((n = heap_first(&q->turns)) && n->turn_at <= now) {
		struct slot *s = LIST_FIRST(&n->held, struct slot, waiting);
		leave_waiting(q, s);
		line_up(q, s);
	}
}

struct slot *queue_timer(struct queue *q, int64_t now)
{
	let_try(q, now);
	let_turns(q, now);
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
	const struct subnet *trying = heap_first(&q->tries), *turning = heap_first(&q->turns);
	int64_t wake = s ? s->wake : QUEUE_NEVER;
	if (trying && trying->breaker.try_at < wake)
		wake = trying->breaker.try_at;
	return turning && turning->turn_at < wake ? turning->turn_at : wake;
}

static void note_start(const struct queue *q, struct subnet *n, int64_t now)
{
	if (q->start_rate == SIZE_MAX)
		return;
	if (n->starts_len != q->start_rate) {
		free(n->starts);
		n->starts = mem_array(q->start_rate, sizeof(n->starts[0]));
		n->starts_len = q->start_rate;
		n->start_at = 0;
	}
	n->starts[n->start_at] = now;
	n->start_at = (n->start_at + 1) % n->starts_len;
}

/* Whether a scheduled act may start now; else it is moved to where it waits. */
static bool is_its_turn(struct queue *q, struct slot *s, int64_t now)
{
	struct subnet *n = s->line->net;
	if (n->orders < q->order_limit && turn_behind(q, n, 0) <= now)
		return true;
	leave_ready(q, s);
	net_leave(q, n);
	list_append(&n->held, &s->waiting);
	net_fix(q, n);
	return false;
}

struct slot *queue_next(struct queue *q, int64_t now)
{
	struct subnet *n;
	let_turns(q, now);
	while (map_u64_count(q->talks) < q->zone_limit && (n = heap_first(&q->startable))) {
		struct slot *s = heap_first(&n->ready);
		if (s->line->live || s->line->talk_act) {
			leave_ready(q, s);
			list_append(&s->line->waiters, &s->waiting);
		} else if (!s->scheduled || is_its_turn(q, s, now)) {
			return s;
		}
	}
	return NULL;
}

struct slot *queue_next_held(struct queue *q)
{
	struct slot *s = LIST_FIRST(&q->newly_held, struct slot, newly_held);
	if (s) {
		list_remove(&s->newly_held);
		s->held_back = true;
	}
	return s;
}

void queue_subnet(const struct slot *s, struct queue_subnet *ret)
{
	net_view(s->line->net, ret);
}

bool queue_can_talk(const struct queue *q, const struct slot *s)
{
	return !s->line->talk_act && s->line->net->talks < q->subnet_limit && map_u64_count(q->talks) < q->zone_limit;
}

void queue_talk_open(struct queue *q, struct slot *s, bool may_order, int64_t now)
{
	struct line *l = s->line;
	ASSERT(!l->talk_act);
	l->talk_orders = may_order && s->scheduled;
	l->talk_act = s->id;
	l->talk_fence = s->fence;
	l->talk_tries = l->net->breaker.open;
	map_u64_put(q->talks, (uint64_t)s->id, l);
	net_leave(q, l->net);
	l->net->talks++;
	l->net->orders += l->talk_orders;
	if (l->talk_orders)
		note_start(q, l->net, now);
	l->net->used_at = now;
	breaker_start(&l->net->breaker, l->place, &q->rule, now);
	net_fix(q, l->net);
}

/* There is room for one more order. */
static bool quiet(struct queue *q, struct line *l)
{
	if (!l->talk_orders)
		return false;
	net_leave(q, l->net);
	l->talk_orders = false;
	l->net->orders--;
	net_fix(q, l->net);
	return true;
}

bool queue_talk_quiet(struct queue *q, int64_t act)
{
	struct line *l = map_u64_get(q->talks, (uint64_t)act);
	return l && quiet(q, l);
}

bool queue_talk_is_open(const struct queue *q, int64_t act, int64_t fence)
{
	const struct line *l = map_u64_get(q->talks, (uint64_t)act);
	return l && l->talk_fence == fence;
}

enum breaker_change queue_talk_tells(struct queue *q, int64_t act, int64_t fence, bool reached, int64_t now,
				     struct queue_subnet *ret)
{
	struct line *l = map_u64_get(q->talks, (uint64_t)act);
	if (!l || l->talk_fence != fence)
		return BREAKER_SAME;
	struct subnet *n = l->net;
	struct queue_subnet before = {.name = ""};
	if (l->talk_tries)
		net_view(n, &before);
	net_leave(q, n);
	enum breaker_change change = breaker_end(&n->breaker, l->place, reached, l->talk_tries, &q->rule, now);
	net_fix(q, n);
	if (change == BREAKER_OPENED) {
		net_open(q, n);
		net_view(n, ret);
	} else if (change == BREAKER_CLOSED) {
		net_close(q, n);
		*ret = before;
	}
	return change;
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
	(void)quiet(q, l); /* or it was before */
	line_move_on(q, l);
	line_drop_unused(q, l);
	return true;
}

size_t queue_talks(const struct queue *q)
{
	return map_u64_count(q->talks);
}

size_t queue_breakers_open(const struct queue *q)
{
	return q->breakers_open;
}

void queue_clock_back(struct queue *q, int64_t now)
{
	size_t it = 0;
	struct bytes key;
	void *v;
	while (map_str_each(q->nets, &it, &key, &v)) {
		struct subnet *n = v;
		net_leave(q, n);
		for (size_t i = 0; n->starts && i < n->starts_len; i++)
			n->starts[i] = n->starts[i] < now ? n->starts[i] : now;
		if (n->breaker.try_at > now + q->rule.pause_ms)
			n->breaker.try_at = now + q->rule.pause_ms;
		n->used_at = n->used_at < now ? n->used_at : now;
		net_fix(q, n);
	}
}

void queue_tidy(struct queue *q, int64_t now)
{
	struct subnet **old = mem_array(map_str_count(q->nets), sizeof(struct subnet *));
	size_t it = 0, count = 0;
	struct bytes key;
	void *v;
	while (map_str_each(q->nets, &it, &key, &v)) {
		struct subnet *n = v;
		if (!n->lines && n->used_at <= now - KEEP_UNUSED_MS)
			old[count++] = n;
	}
	for (size_t i = 0; i < count; i++)
		net_drop(q, old[i]);
	free(old);
}
