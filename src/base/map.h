/* map.h - a hash map from a 64-bit number or from bytes to a pointer. Keys that strangers choose are hashed with a
 * key of this process. Values are borrowed. Open addressing: 16 bytes a slot for numbers. One thread. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/buf.h"

/* Number -> pointer. NULL is not a value. */
struct map_u64;
struct map_u64 *map_u64_new(void);
void map_u64_free(struct map_u64 *m);
void *map_u64_get(const struct map_u64 *m, uint64_t key);        /* NULL: not there */
void *map_u64_put(struct map_u64 *m, uint64_t key, void *value); /* returns what was there */
void *map_u64_delete(struct map_u64 *m, uint64_t key);           /* returns what was there */
size_t map_u64_count(const struct map_u64 *m);
/* Walks in no order; *it starts at 0. The map must not change meanwhile. */
bool map_u64_each(const struct map_u64 *m, size_t *it, uint64_t *ret_key, void **ret_value);

/* Bytes -> pointer. The key is copied. */
struct map_str;
struct map_str *map_str_new(void);
void map_str_free(struct map_str *m);
void *map_str_get(const struct map_str *m, struct bytes key);
void *map_str_put(struct map_str *m, struct bytes key, void *value);
void *map_str_delete(struct map_str *m, struct bytes key);
size_t map_str_count(const struct map_str *m);
bool map_str_each(const struct map_str *m, size_t *it, struct bytes *ret_key, void **ret_value);

#endif
