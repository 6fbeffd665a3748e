/* Alignment, limit, reset; what ASan sees, the tests do not repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
	struct arena *a = arena_new(0);
	unsigned char *was[200];
	for (size_t i = 0; i < 200; i++) {
		size_t len = i * 37 % 701;
		was[i] = arena_alloc(a, len);
		assert_int_equal((uintptr_t)was[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < len; j++)
			assert_int_equal(was[i][j], 0);
		memset(was[i], (int)i, len);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t j = 0; j < i * 37 % 701; j++)
			assert_int_equal(was[i][j], i);
	unsigned char *big = arena_alloc(a, 1000000);
	big[999999] = 1;
	arena_free(a);
}

static void past_the_limit_there_is_nothing(void **state)
{
	for (size_t max = 1; max < 100; max++) {
		struct arena *a = arena_new(max);
		assert_null(arena_alloc(a, max + 1));
		assert_int_equal(arena_used(a), 0);
		assert_non_null(arena_alloc(a, max));
		assert_int_equal(arena_used(a), max);
		assert_null(arena_alloc(a, 1));
		assert_null(arena_str(a, BYTES_LIT("x")));
		assert_null(arena_printf(a, "x"));
		arena_reset(a);
		assert_non_null(arena_alloc(a, 1));
		arena_free(a);
	}
	struct arena *a = arena_new(0);
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 8));
	arena_free(a);
}

static void a_reset_arena_gives_the_same_memory_again(void **state)
{
	struct arena *a = arena_new(0);
	char *first = arena_alloc(a, 100);
	memset(first, 1, 100);
	for (int i = 0; i < 100; i++)
		arena_alloc(a, 4000);
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	char *again = arena_alloc(a, 100);
	assert_ptr_equal(first, again);
	assert_int_equal(again[99], 0);
	arena_free(a);
}

static void texts_are_copied(void **state)
{
	struct arena *a = arena_new(0);
	char source[] = "source";
	char *s = arena_str(a, bytes_str(source));
	struct bytes b = arena_bytes(a, bytes_str(source));
	char *f = arena_printf(a, "%s-%d", source, 7);
	source[0] = 'x';
	assert_string_equal(s, "source");
	assert_true(bytes_equal_str(b, "source"));
	assert_string_equal(f, "source-7");
	assert_string_equal(arena_str(a, BYTES_NONE), "");
	arena_free(a);
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
		cmocka_unit_test(past_the_limit_there_is_nothing),
		cmocka_unit_test(a_reset_arena_gives_the_same_memory_again),
		cmocka_unit_test(texts_are_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
