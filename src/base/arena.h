/* arena.h - memory for one request or one job, freed at once. Aborts when the system has none left; what a stranger
 * can lengthen must have a limit of its own (arena_new takes one: past it arena_alloc gives NULL). One thread. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buf.h"

struct arena;

struct arena *arena_new(size_t max); /* max 0: no limit */
void arena_free(struct arena *a);
void arena_reset(struct arena *a); /* forgets everything, keeps the first block: no malloc in steady state */
void *arena_alloc(struct arena *a, size_t len);   /* aligned for any type, zeroed; NULL past the limit */
char *arena_str(struct arena *a, struct bytes s); /* copy with a NUL; NULL past the limit */
struct bytes arena_bytes(struct arena *a, struct bytes s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *a);

#endif
