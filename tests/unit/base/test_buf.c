/* Appends up to and over the ceiling; questions about borrowed bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"

static void appends_follow_each_other(void **state)
{
	struct buf b;
	buf_init(&b, 1000);
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(buf_adds(&b, "one "), 0);
	assert_int_equal(buf_addc(&b, '2'), 0);
	assert_int_equal(buf_addf(&b, " %s %d ", "three", 4), 0);
	assert_int_equal(buf_add_u64(&b, 0), 0);
	assert_int_equal(buf_addc(&b, ' '), 0);
	assert_int_equal(buf_add_u64(&b, UINT64_MAX), 0);
	assert_int_equal(buf_add_bytes(&b, BYTES_LIT(" end")), 0);
	assert_string_equal(buf_cstr(&b), "one 2 three 4 0 18446744073709551615 end");
	assert_int_equal(buf_check(&b, NULL, "text"), 0);
	buf_release(&b);
}

static void integers_are_written_in_the_order_asked_for(void **state)
{
	static const uint8_t want[] = {0x12, 0x34, 0x34, 0x12, 0x89, 0xab, 0xcd, 0xef, 0xef, 0xcd, 0xab, 0x89};
	struct buf b;
	buf_init(&b, sizeof(want));
	buf_add_be16(&b, 0x1234);
	buf_add_le16(&b, 0x1234);
	buf_add_be32(&b, 0x89abcdef);
	buf_add_le32(&b, 0x89abcdef);
	assert_int_equal(buf_check(&b, NULL, "integers"), 0);
	assert_true(bytes_equal(buf_bytes(&b), BYTES(want, sizeof(want))));
	buf_release(&b);
}

/* Each way to append, at each ceiling: all of it or nothing, and the mark stays until the reset. */
static void an_append_over_the_ceiling_adds_nothing(void **state)
{
	for (size_t max = 0; max < 12; max++) {
		for (int way = 0; way < 4; way++) {
			struct buf b;
			buf_init(&b, max);
			buf_adds(&b, "ab");
			bool first = !b.failed;
			size_t was = b.len;
			int rc = way == 0   ? buf_adds(&b, "123456")
				 : way == 1 ? buf_addf(&b, "%d", 123456)
				 : way == 2 ? buf_add_u64(&b, 123456)
					    : (buf_reserve(&b, 6) ? 0 : ERR_TOO_BIG);
			if (way == 3 && rc == 0) {
				memcpy(b.p + b.len, "123456", 6);
				buf_commit(&b, 6);
			}
			assert_int_equal(rc, max >= was + 6 ? 0 : ERR_TOO_BIG);
			assert_int_equal(b.len, max >= was + 6 ? was + 6 : was);
			assert_int_equal(b.failed, !first || rc);
			struct err e = ERR_INIT;
			assert_int_equal(buf_check(&b, &e, "the text"), first && !rc ? 0 : ERR_TOO_BIG);
			if (b.len == 8)
				assert_string_equal(buf_cstr(&b), "ab123456");
			buf_reset(&b);
			assert_int_equal(buf_check(&b, NULL, "the text"), 0);
			buf_release(&b);
		}
	}
}

static void a_refused_append_is_named_with_its_limit(void **state)
{
	struct err e = ERR_INIT;
	struct buf b;
	buf_init(&b, 4);
	buf_adds(&b, "12345");
	assert_int_equal(buf_check(&b, &e, "header"), ERR_TOO_BIG);
	assert_string_equal(e.msg, "header is larger than 4 bytes");
	buf_release(&b);
}

static void a_formatted_text_may_be_longer_than_the_memory_so_far(void **state)
{
	struct buf b;
	buf_init(&b, 100000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_addf(&b, "%0*d", i % 90 + 1, i), 0);
	size_t want = 0;
	for (int i = 0; i < 1000; i++)
		want += (size_t)snprintf(NULL, 0, "%0*d", i % 90 + 1, i);
	assert_int_equal(b.len, want);
	assert_int_equal(strlen(buf_cstr(&b)), want);
	buf_release(&b);
}

static void consume_and_truncate_take_at_most_what_is_there(void **state)
{
	struct buf b;
	buf_init(&b, 100);
	buf_adds(&b, "abcdef");
	buf_consume(&b, 2);
	assert_string_equal(buf_cstr(&b), "cdef");
	buf_truncate(&b, 9);
	assert_string_equal(buf_cstr(&b), "cdef");
	buf_truncate(&b, 3);
	assert_string_equal(buf_cstr(&b), "cde");
	buf_consume(&b, 9);
	assert_string_equal(buf_cstr(&b), "");
	buf_release(&b);
}

static void a_copy_to_a_string_fits_whole_or_is_empty(void **state)
{
	static const struct {
		struct bytes in;
		size_t size;
		bool ok;
		const char *text;
	} rows[] = {
		{BYTES_LIT("abc"), 4, true, "abc"}, {BYTES_LIT("abc"), 3, false, ""}, {BYTES_LIT("a\0c"), 8, false, ""},
		{BYTES_LIT(""), 1, true, ""},       {BYTES_NONE, 4, true, ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char to[8] = "xxxxxxx";
		assert_int_equal(bytes_to_str(rows[i].in, to, rows[i].size), rows[i].ok);
		assert_string_equal(to, rows[i].text);
	}
}

static void borrowed_bytes_are_compared_and_trimmed(void **state)
{
	assert_true(bytes_equal(BYTES_NONE, BYTES_LIT("")));
	assert_true(bytes_equal_str(BYTES_LIT("abc"), "abc"));
	assert_false(bytes_equal_str(BYTES_LIT("ab"), "abc"));
	assert_true(bytes_equal_str_nocase(BYTES_LIT("Content-LENGTH"), "content-length"));
	assert_false(bytes_equal_str_nocase(BYTES_LIT("a["), "a{")); /* differ by 0x20 and are no letters */
	assert_true(bytes_starts_with(BYTES_LIT("abc"), "ab"));
	assert_true(bytes_starts_with(BYTES_NONE, ""));
	assert_false(bytes_starts_with(BYTES_LIT("a"), "ab"));
	assert_true(bytes_equal_str(bytes_trim(BYTES_LIT(" \t\r\na b\n ")), "a b"));
	assert_int_equal(bytes_trim(BYTES_LIT(" \n ")).len, 0);
	char *s = bytes_dup_str(BYTES_NONE);
	assert_string_equal(s, "");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_follow_each_other),
		cmocka_unit_test(integers_are_written_in_the_order_asked_for),
		cmocka_unit_test(an_append_over_the_ceiling_adds_nothing),
		cmocka_unit_test(a_refused_append_is_named_with_its_limit),
		cmocka_unit_test(a_formatted_text_may_be_longer_than_the_memory_so_far),
		cmocka_unit_test(consume_and_truncate_take_at_most_what_is_there),
		cmocka_unit_test(a_copy_to_a_string_fits_whole_or_is_empty),
		cmocka_unit_test(borrowed_bytes_are_compared_and_trimmed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
