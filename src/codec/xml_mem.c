#include "codec/xml_mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define SMALLEST 32
#define CLASSES  20 /* 32 bytes to 16 MiB */

/* Stands before each piece. */
struct piece {
	struct xml_mem *mem;
	union {
		struct piece *next; /* while it is not in use */
		size_t class;       /* while it is */
	};
};

struct xml_mem {
	struct piece *spare[CLASSES];
	size_t max, held;
	size_t in_use; /* pieces */
};

static __thread struct xml_mem *current;

struct xml_mem *xml_mem_new(size_t max)
{
	struct xml_mem *m = mem_alloc(sizeof(*m));
	m->max = max;
	return m;
}

void xml_mem_free(struct xml_mem *m)
{
	if (!m)
		return;
	ASSERT(m->in_use == 0);
	for (size_t i = 0; i < CLASSES; i++) {
		while (m->spare[i]) {
			struct piece *p = m->spare[i];
			m->spare[i] = p->next;
			free(p);
		}
	}
	free(m);
}

size_t xml_mem_held(const struct xml_mem *m)
{
	return m->held;
}

static size_t class_of(size_t len)
{
	size_t class = 0;
	while (class < CLASSES && ((size_t)SMALLEST << class) < len)
		class ++;
	return class;
}

static struct piece *piece_new(struct xml_mem *m, size_t class)
{
	size_t size = sizeof(struct piece) + ((size_t)SMALLEST << class);
	if (size > m->max - m->held)
		return NULL;
	struct piece *p = malloc(size);
	if (p)
		m->held += size;
	return p;
}

void *xml_mem_take(struct xml_mem *m, size_t len)
{
	size_t class = class_of(len);
	if (class == CLASSES)
		return NULL;
	struct piece *p = m->spare[class];
	if (p)
		m->spare[class] = p->next;
	else
		p = piece_new(m, class);
	if (!p)
		return NULL;
	p->mem = m;
	p->class = class;
	m->in_use++;
	return p + 1;
}

void xml_mem_give(void *ptr)
{
	if (!ptr)
		return;
	struct piece *p = (struct piece *)ptr - 1;
	struct xml_mem *m = p->mem;
	size_t class = p->class;
	p->next = m->spare[class];
	m->spare[class] = p;
	m->in_use--;
}

void xml_mem_enter(struct xml_mem *m)
{
	current = m;
}

void *xml_mem_malloc(size_t len)
{
	return xml_mem_take(current, len);
}

void *xml_mem_realloc(void *ptr, size_t len)
{
	if (!ptr)
		return xml_mem_take(current, len);
	size_t room = (size_t)SMALLEST << ((struct piece *)ptr - 1)->class;
	if (len <= room)
		return ptr;
	void *more = xml_mem_take(current, len);
	if (!more)
		return NULL;
	memcpy(more, ptr, room);
	xml_mem_give(ptr);
	return more;
}
