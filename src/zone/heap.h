/* heap.h - a priority queue of things that remember their own place in it, so that one can be taken out or moved at
 * any time. Borrows what it holds. One thread. */
#ifndef ZONE_HEAP_H
#define ZONE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap {
	void **at;
	size_t count, cap;
	bool (*before)(const void *a, const void *b); /* a strict order of all members */
	size_t *(*place)(void *member);               /* where the member keeps its place: 0 outside */
};

void heap_init(struct heap *h, bool (*before)(const void *a, const void *b), size_t *(*place)(void *member));
void heap_release(struct heap *h); /* members are not touched */
/* Puts the member in, or moves it after its key changed. */
void heap_put(struct heap *h, void *member);
void heap_delete(struct heap *h, void *member); /* harmless when it is not in */
void *heap_first(const struct heap *h);         /* NULL: empty */

#endif
