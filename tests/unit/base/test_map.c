/* Both maps against a plain array that does the same, over long random histories with many removals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/map.h"
#include "base/rng.h"

#define KEYS   300
#define ROUNDS 60000

static int things[KEYS + 1];

static void numbers_behave_as_a_plain_array(void **state)
{
	struct map_u64 *m = map_u64_new();
	void *want[KEYS] = {NULL};
	size_t count = 0;
	struct rng r;
	rng_init(&r, 1);
	assert_null(map_u64_get(m, 0));
	assert_null(map_u64_delete(m, 0));
	for (int i = 0; i < ROUNDS; i++) {
		size_t k = rng_below(&r, KEYS);
		uint64_t key = k << 32; /* low bits all zero: a bad hash would pile them up */
		bool put = rng_below(&r, 8) < (i / 5000 % 2 ? 3 : 5);
		void *value = put ? &things[rng_below(&r, KEYS)] : NULL;
		assert_ptr_equal(map_u64_get(m, key), want[k]);
		assert_ptr_equal(put ? map_u64_put(m, key, value) : map_u64_delete(m, key), want[k]);
		count += (value != NULL) - (want[k] != NULL);
		want[k] = value;
		assert_int_equal(map_u64_count(m), count);
	}
	size_t seen = 0, it = 0;
	uint64_t key;
	void *value;
	while (map_u64_each(m, &it, &key, &value)) {
		assert_ptr_equal(value, want[key >> 32]);
		seen++;
	}
	assert_int_equal(seen, count);
	map_u64_free(m);
}

static struct bytes name_of(size_t k, char to[64])
{
	int n = snprintf(to, 64, "%.*s%zu", (int)(k % 40), "a long beginning that many of the keys share", k);
	return BYTES(to, (size_t)n);
}

static void bytes_behave_as_a_plain_array(void **state)
{
	struct map_str *m = map_str_new();
	void *want[KEYS] = {NULL};
	size_t count = 0;
	struct rng r;
	rng_init(&r, 2);
	for (int i = 0; i < ROUNDS; i++) {
		char name[64];
		size_t k = rng_below(&r, KEYS);
		bool put = rng_below(&r, 8) < (i / 5000 % 2 ? 3 : 5);
		void *value = put ? &things[k] : NULL;
		struct bytes key = name_of(k, name);
		assert_ptr_equal(map_str_get(m, key), want[k]);
		assert_ptr_equal(put ? map_str_put(m, key, value) : map_str_delete(m, key), want[k]);
		count += (value != NULL) - (want[k] != NULL);
		want[k] = value;
		assert_int_equal(map_str_count(m), count);
	}
	size_t seen = 0, it = 0;
	struct bytes key;
	void *value;
	while (map_str_each(m, &it, &key, &value)) {
		char name[64];
		assert_true(bytes_equal(key, name_of((size_t)((int *)value - things), name)));
		seen++;
	}
	assert_int_equal(seen, count);
	map_str_free(m);
}

static void an_empty_key_is_a_key(void **state)
{
	struct map_str *m = map_str_new();
	assert_null(map_str_put(m, BYTES_NONE, &things[1]));
	assert_ptr_equal(map_str_get(m, BYTES_LIT("")), &things[1]);
	assert_null(map_str_get(m, BYTES_LIT("\0")));
	assert_ptr_equal(map_str_delete(m, BYTES_LIT("")), &things[1]);
	map_str_free(m);
	map_str_free(NULL);
	map_u64_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_behave_as_a_plain_array),
		cmocka_unit_test(bytes_behave_as_a_plain_array),
		cmocka_unit_test(an_empty_key_is_a_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
