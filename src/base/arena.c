#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

#define FIRST_SIZE 4096
#define LATER_SIZE 32768
#define ALIGN      _Alignof(max_align_t)

struct block {
	struct block *older; /* NULL for the first, which stays until arena_free */
	size_t size, used;
	_Alignas(max_align_t) uint8_t bytes[];
};

struct arena {
	struct block *newest;
	size_t max, used;
};

static struct block *block_new(size_t size, struct block *older)
{
	struct block *b = mem_grow(NULL, 1, sizeof(*b) + size);
	*b = (struct block){.older = older, .size = size};
	return b;
}

struct arena *arena_new(size_t max)
{
	struct arena *a = mem_alloc(sizeof(*a));
	a->max = max ? max : SIZE_MAX;
	a->newest = block_new(max && max < FIRST_SIZE ? max + ALIGN : FIRST_SIZE, NULL);
	return a;
}

void arena_reset(struct arena *a)
{
	while (a->newest->older) {
		struct block *b = a->newest;
		a->newest = b->older;
		free(b);
	}
	a->newest->used = 0;
	a->used = 0;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	free(a->newest);
	free(a);
}

/* len bytes of any content, aligned; NULL past the limit. */
static void *take(struct arena *a, size_t len)
{
	if (len > SIZE_MAX / 2)
		return NULL;
	size_t whole = (len + ALIGN - 1) / ALIGN * ALIGN;
	if (len > a->max - a->used)
		return NULL;
	struct block *b = a->newest;
	if (whole > b->size / ALIGN * ALIGN - b->used)
		b = a->newest = block_new(whole > LATER_SIZE ? whole : LATER_SIZE, b);
	void *p = b->bytes + b->used;
	b->used += whole;
	a->used += whole < a->max - a->used ? whole : a->max - a->used;
	return p;
}

void *arena_alloc(struct arena *a, size_t len)
{
	void *p = take(a, len);
	if (p)
		memset(p, 0, len);
	return p;
}

char *arena_str(struct arena *a, struct bytes s)
{
	char *p = take(a, s.len + 1);
	if (!p)
		return NULL;
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

struct bytes arena_bytes(struct arena *a, struct bytes s)
{
	const char *p = arena_str(a, s);
	return p ? BYTES(p, s.len) : BYTES_NONE;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = n < 0 ? NULL : take(a, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap); /* measured just now */
	va_end(ap);
	return p;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
