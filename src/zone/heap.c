#include "zone/heap.h"

#include <stdlib.h>

#include "base/base.h"

void heap_init(struct heap *h, bool (*before)(const void *a, const void *b), size_t *(*place)(void *member))
{
	*h = (struct heap){.before = before, .place = place};
}

void heap_release(struct heap *h)
{
	free(h->at);
	*h = (struct heap){.before = h->before, .place = h->place};
}

/* Places count from 1: the children of i are 2i and 2i + 1. */
static void put_at(struct heap *h, size_t i, void *member)
{
	h->at[i - 1] = member;
	*h->place(member) = i;
}

static void sift_up(struct heap *h, size_t i, void *member)
{
	for (; i > 1 && h->before(member, h->at[i / 2 - 1]); i /= 2)
		put_at(h, i, h->at[i / 2 - 1]);
	put_at(h, i, member);
}

static void sift_down(struct heap *h, size_t i, void *member)
{
	for (size_t child; (child = 2 * i) <= h->count; i = child) {
		if (child < h->count && h->before(h->at[child], h->at[child - 1]))
			child++;
		if (!h->before(h->at[child - 1], member))
			break;
		put_at(h, i, h->at[child - 1]);
	}
	put_at(h, i, member);
}

static void settle(struct heap *h, size_t i, void *member)
{
	if (i > 1 && h->before(member, h->at[i / 2 - 1]))
		sift_up(h, i, member);
	else
		sift_down(h, i, member);
}

void heap_put(struct heap *h, void *member)
{
	size_t i = *h->place(member);
	if (i) {
		settle(h, i, member);
		return;
	}
	if (h->count == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 4;
		h->at = mem_grow(h->at, h->cap, sizeof(h->at[0]));
	}
	h->count++;
	sift_up(h, h->count, member);
}

void heap_delete(struct heap *h, void *member)
{
	size_t i = *h->place(member);
	if (!i)
		return;
	*h->place(member) = 0;
	void *last = h->at[--h->count];
	if (last != member)
		settle(h, i, last);
}

void *heap_first(const struct heap *h)
{
	return h->count ? h->at[0] : NULL;
}
