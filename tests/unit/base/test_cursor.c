/* Reads inside and past the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cursor.h"

static const uint8_t input[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
				0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16};

/* The whole input, and the input ended early at each byte: a field that is cut gives zero, and so do all after it. */
static void a_field_past_the_end_gives_zero_and_marks_the_cursor(void **state)
{
	static const size_t ends[] = {1, 3, 7, 15, 17, 21};
	static const uint64_t want[] = {0x01, 0x0203, 0x04050607, 0x08090a0b0c0d0e0f, 0x1110, 0x15141312};
	for (size_t len = 0; len < sizeof(input); len++) {
		struct cursor c;
		cursor_init(&c, BYTES(input, len));
		uint64_t got[6];
		got[0] = cursor_u8(&c);
		got[1] = cursor_be16(&c);
		got[2] = cursor_be32(&c);
		got[3] = cursor_be64(&c);
		got[4] = cursor_le16(&c);
		got[5] = cursor_le32(&c);
		for (size_t i = 0; i < 6; i++)
			assert_int_equal(got[i], len >= ends[i] ? want[i] : 0);
		assert_int_equal(c.failed, len < 21);
		if (c.failed)
			assert_int_equal(cursor_left(&c), 0);
	}
}

static void taken_bytes_are_borrowed_from_the_input(void **state)
{
	struct cursor c;
	cursor_init(&c, BYTES(input, sizeof(input)));
	cursor_skip(&c, 2);
	struct bytes got = cursor_take(&c, 3);
	assert_ptr_equal(got.p, input + 2);
	assert_int_equal(got.len, 3);
	assert_int_equal(cursor_take(&c, 0).len, 0);
	assert_false(c.failed);
	assert_int_equal(cursor_take(&c, SIZE_MAX).len, 0);
	assert_true(c.failed);
	assert_int_equal(cursor_u8(&c), 0);
}

static void no_input_has_nothing_to_give(void **state)
{
	struct cursor c;
	cursor_init(&c, BYTES_NONE);
	assert_int_equal(cursor_left(&c), 0);
	cursor_skip(&c, 0);
	assert_false(c.failed);
	assert_int_equal(cursor_be32(&c), 0);
	assert_true(c.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_past_the_end_gives_zero_and_marks_the_cursor),
		cmocka_unit_test(taken_bytes_are_borrowed_from_the_input),
		cmocka_unit_test(no_input_has_nothing_to_give),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
