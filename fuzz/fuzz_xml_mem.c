/* The memory that an XML document's pieces come from: the bytes are requests, as a document makes expat make them. What
 * is in use keeps its content and never exceeds the ceiling. */
#include "base/base.h"
#include "codec/xml_mem.h"
#include "fuzz/fuzz.h"

#include <string.h>

#define CEILING (1 << 18)
#define SLOTS   16

struct slot {
	uint8_t *p;
	size_t len;
	uint8_t mark;
};

static void check(const struct slot *s)
{
	ASSERT((uintptr_t)s->p % _Alignof(max_align_t) == 0);
	for (size_t i = 0; i < s->len; i++)
		ASSERT(s->p[i] == s->mark);
}

static void give(struct slot *s)
{
	if (s->p)
		check(s);
	xml_mem_give(s->p);
	*s = (struct slot){NULL, 0, 0};
}

static void resize(struct slot *s, size_t len, uint8_t mark)
{
	size_t kept = s->p && s->len < len ? s->len : len;
	uint8_t *p = s->p || mark % 2 ? xml_mem_realloc(s->p, len) : xml_mem_malloc(len);
	if (!p)
		return; /* what was there stays */
	for (size_t i = 0; s->p && i < kept; i++)
		ASSERT(p[i] == s->mark);
	*s = (struct slot){p, len, mark};
	memset(p, mark, len);
}

/* Four bytes each: what to do with which slot, and a length as base and shift. */
static void play(struct xml_mem *m, struct slot slots[SLOTS], const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 4 <= size; i += 4) {
		struct slot *s = &slots[data[i] % SLOTS];
		if (data[i] / SLOTS % 4 == 0)
			give(s);
		else
			resize(s, ((size_t)data[i + 1] | (size_t)data[i + 2] << 8) << data[i + 3] % 16, data[i + 1]);
		ASSERT(xml_mem_held(m) <= CEILING);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slot slots[SLOTS] = {{NULL, 0, 0}};
	struct xml_mem *m = xml_mem_new(CEILING);
	xml_mem_enter(m);
	play(m, slots, data, size);
	for (size_t i = 0; i < SLOTS; i++)
		give(&slots[i]);
	xml_mem_free(m);
	xml_mem_free(NULL);
	return 0;
}
