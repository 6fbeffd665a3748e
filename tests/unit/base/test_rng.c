/* The generator against the published reference outputs, and that its results stay the same for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"

/* Reference implementations of Blackman and Vigna (prng.di.unimi.it): xoshiro256** from state 1, 2, 3, 4, and
 * splitmix64 from 0. */
static void the_generator_is_the_published_one(void **state)
{
	static const uint64_t want[] = {
		UINT64_C(11520),
		UINT64_C(0),
		UINT64_C(1509978240),
		UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360),
		UINT64_C(607988272756665600),
		UINT64_C(16172922978634559625),
		UINT64_C(8476171486693032832),
		UINT64_C(10595114339597558777),
		UINT64_C(2904607092377533576),
	};
	struct rng r = {{1, 2, 3, 4}};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_true(rng_next(&r) == want[i]);
	rng_init(&r, 0);
	assert_true(r.s[0] == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(r.s[1] == UINT64_C(0x6e789e6aa1b965f4));
	assert_true(r.s[2] == UINT64_C(0x06c45d188009454f));
	assert_true(r.s[3] == UINT64_C(0xf88bb8a8724c81ec));
}

static void below_stays_below_and_reaches_all(void **state)
{
	struct rng r;
	rng_init(&r, 3);
	unsigned seen[7] = {0};
	for (int i = 0; i < 7000; i++)
		seen[rng_below(&r, 7)]++;
	for (size_t i = 0; i < 7; i++)
		assert_in_range(seen[i], 800, 1200);
	assert_int_equal(rng_below(&r, 1), 0);
	for (int i = 0; i < 100; i++)
		assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

static void the_same_seed_fills_the_same_bytes(void **state)
{
	struct rng a, b;
	rng_init(&a, 4);
	rng_init(&b, 4);
	uint8_t x[21] = {0}, y[21] = {0};
	rng_fill(&a, x, 20);
	rng_fill(&b, y, 20);
	assert_memory_equal(x, y, 21);
	assert_int_equal(x[20], 0);
	rng_fill(&a, x, 20);
	assert_memory_not_equal(x, y, 20);
}

/* Spreading devices over a window must not move when the program is updated. */
static void hashes_spread_and_depend_on_seed_and_length(void **state)
{
	assert_true(rng_hash(1, "ab", 2) == rng_hash(1, "ab", 2));
	assert_true(rng_hash(1, "ab", 2) != rng_hash(2, "ab", 2));
	assert_true(rng_hash(1, "\0", 1) != rng_hash(1, "\0\0", 2));
	unsigned seen[16] = {0};
	for (uint32_t i = 0; i < 16000; i++)
		seen[rng_hash(9, &i, sizeof(i)) % 16]++;
	for (size_t i = 0; i < 16; i++)
		assert_in_range(seen[i], 850, 1150);
}

static void secret_bytes_differ_each_time(void **state)
{
	uint8_t a[32], b[32];
	rng_secret(a, sizeof(a));
	rng_secret(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	rng_secret(a, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_generator_is_the_published_one),
		cmocka_unit_test(below_stays_below_and_reaches_all),
		cmocka_unit_test(the_same_seed_fills_the_same_bytes),
		cmocka_unit_test(hashes_spread_and_depend_on_seed_and_length),
		cmocka_unit_test(secret_bytes_differ_each_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
