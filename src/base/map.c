#include "base/map.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/rng.h"

#define FIRST_CAP 8 /* a power of two, as all later ones */

/* Linear probing, at most 3/4 full; a removal moves later members back, so that there are no marks of removed ones.
 * Both maps use it: for bytes the key is their keyed hash and the value is the entry, and keys may repeat. */
struct slot {
	uint64_t key;
	void *value; /* NULL: free */
};

struct table {
	struct slot *slots;
	size_t cap, count;
};

struct map_u64 {
	struct table t;
};

struct map_str {
	struct table t;
};

struct entry {
	void *value;
	size_t len;
	uint8_t key[];
};

static struct {
	uint64_t xor, mul;
	uint8_t bytes[crypto_shorthash_KEYBYTES];
} process_key;

static void make_process_key(void)
{
	rng_secret(&process_key, sizeof(process_key));
	process_key.mul |= 1;
}

static void need_process_key(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_process_key);
}

static size_t home(const struct table *t, uint64_t key)
{
	__uint128_t wide = (__uint128_t)(key ^ process_key.xor) * process_key.mul;
	uint64_t folded = (uint64_t)wide ^ (uint64_t)(wide >> 64);
	return (size_t)(folded ^ folded >> 32) & (t->cap - 1);
}

static size_t after(const struct table *t, size_t i)
{
	return (i + 1) & (t->cap - 1);
}

static void place(struct table *t, uint64_t key, void *value)
{
	size_t i = home(t, key);
	while (t->slots[i].value)
		i = after(t, i);
	t->slots[i] = (struct slot){key, value};
}

static void add(struct table *t, uint64_t key, void *value)
{
	if (t->count + 1 > t->cap / 4 * 3) {
		struct table wider = {.cap = t->cap ? t->cap * 2 : FIRST_CAP, .count = t->count};
		wider.slots = mem_array(wider.cap, sizeof(struct slot));
		for (size_t i = 0; i < t->cap; i++)
			if (t->slots[i].value)
				place(&wider, t->slots[i].key, t->slots[i].value);
		free(t->slots);
		*t = wider;
	}
	place(t, key, value);
	t->count++;
}

/* Frees slot gap: each member behind it that would no longer be found from its home moves into the gap. */
static void drop(struct table *t, size_t gap)
{
	for (size_t i = after(t, gap); t->slots[i].value; i = after(t, i)) {
		size_t from_home = (i - home(t, t->slots[i].key)) & (t->cap - 1);
		size_t from_gap = (i - gap) & (t->cap - 1);
		if (from_home < from_gap)
			continue;
		t->slots[gap] = t->slots[i];
		gap = i;
	}
	t->slots[gap] = (struct slot){0};
	t->count--;
}

static struct slot *each(const struct table *t, size_t *it)
{
	while (*it < t->cap) {
		struct slot *s = &t->slots[(*it)++];
		if (s->value)
			return s;
	}
	return NULL;
}

struct map_u64 *map_u64_new(void)
{
	need_process_key();
	return mem_alloc(sizeof(struct map_u64));
}

void map_u64_free(struct map_u64 *m)
{
	if (!m)
		return;
	free(m->t.slots);
	free(m);
}

static struct slot *find_u64(const struct map_u64 *m, uint64_t key)
{
	if (m->t.cap == 0)
		return NULL;
	for (size_t i = home(&m->t, key); m->t.slots[i].value; i = after(&m->t, i))
		if (m->t.slots[i].key == key)
			return &m->t.slots[i];
	return NULL;
}

void *map_u64_get(const struct map_u64 *m, uint64_t key)
{
	const struct slot *s = find_u64(m, key);
	return s ? s->value : NULL;
}

void *map_u64_put(struct map_u64 *m, uint64_t key, void *value)
{
	ASSERT(value);
	struct slot *s = find_u64(m, key);
	if (!s) {
		add(&m->t, key, value);
		return NULL;
	}
	void *was = s->value;
	s->value = value;
	return was;
}

void *map_u64_delete(struct map_u64 *m, uint64_t key)
{
	struct slot *s = find_u64(m, key);
	if (!s)
		return NULL;
	void *was = s->value;
	drop(&m->t, (size_t)(s - m->t.slots));
	return was;
}

size_t map_u64_count(const struct map_u64 *m)
{
	return m->t.count;
}

bool map_u64_each(const struct map_u64 *m, size_t *it, uint64_t *ret_key, void **ret_value)
{
	const struct slot *s = each(&m->t, it);
	if (!s)
		return false;
	*ret_key = s->key;
	*ret_value = s->value;
	return true;
}

struct map_str *map_str_new(void)
{
	need_process_key();
	return mem_alloc(sizeof(struct map_str));
}

void map_str_free(struct map_str *m)
{
	if (!m)
		return;
	size_t it = 0;
	for (struct slot *s = each(&m->t, &it); s; s = each(&m->t, &it))
		free(s->value);
	free(m->t.slots);
	free(m);
}

static uint64_t hash_of(struct bytes key)
{
	uint64_t h;
	_Static_assert(sizeof(h) == crypto_shorthash_BYTES, "SipHash gives 64 bits");
	crypto_shorthash((uint8_t *)&h, key.len ? key.p : (const uint8_t *)"", key.len, process_key.bytes);
	return h;
}

static struct slot *find_str(const struct map_str *m, uint64_t hash, struct bytes key)
{
	if (m->t.cap == 0)
		return NULL;
	for (size_t i = home(&m->t, hash); m->t.slots[i].value; i = after(&m->t, i)) {
		const struct entry *e = m->t.slots[i].value;
		if (m->t.slots[i].key == hash && bytes_equal(BYTES(e->key, e->len), key))
			return &m->t.slots[i];
	}
	return NULL;
}

void *map_str_get(const struct map_str *m, struct bytes key)
{
	const struct slot *s = find_str(m, hash_of(key), key);
	return s ? ((const struct entry *)s->value)->value : NULL;
}

void *map_str_put(struct map_str *m, struct bytes key, void *value)
{
	ASSERT(value);
	uint64_t hash = hash_of(key);
	const struct slot *s = find_str(m, hash, key);
	if (s) {
		struct entry *e = s->value;
		void *was = e->value;
		e->value = value;
		return was;
	}
	struct entry *e = mem_alloc(sizeof(*e) + key.len);
	e->value = value;
	e->len = key.len;
	if (key.len)
		memcpy(e->key, key.p, key.len);
	add(&m->t, hash, e);
	return NULL;
}

void *map_str_delete(struct map_str *m, struct bytes key)
{
	struct slot *s = find_str(m, hash_of(key), key);
	if (!s)
		return NULL;
	struct entry *e = s->value;
	void *was = e->value;
	drop(&m->t, (size_t)(s - m->t.slots));
	free(e);
	return was;
}

size_t map_str_count(const struct map_str *m)
{
	return m->t.count;
}

bool map_str_each(const struct map_str *m, size_t *it, struct bytes *ret_key, void **ret_value)
{
	const struct slot *s = each(&m->t, it);
	if (!s)
		return false;
	const struct entry *e = s->value;
	*ret_key = BYTES(e->key, e->len);
	*ret_value = e->value;
	return true;
}
