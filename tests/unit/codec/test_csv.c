#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "codec/csv.h"

static void cells_are_quoted_and_formulas_defused(void **state)
{
	static const struct {
		const char *cell, *text;
	} rows[] = {
		{"", ""},
		{"plain", "plain"},
		{"a,b", "\"a,b\""},
		{"say \"hi\"", "\"say \"\"hi\"\"\""},
		{"\"", "\"\"\"\""},
		{"two\nlines", "\"two\nlines\""},
		{" blank", "\" blank\""},
		{"=1+1", "'=1+1"},
		{"+49 30", "'+49 30"},
		{"-17", "-17"},
		{"-17a", "'-17a"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\tx", "'\tx"},
		{"=HYPERLINK(\"http://x\",1)", "\"'=HYPERLINK(\"\"http://x\"\",1)\""},
		{"\xc3\xa4", "\xc3\xa4"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 256);
		csv_put(&out, true, bytes_str(rows[i].cell));
		csv_put(&out, false, BYTES_LIT("x"));
		csv_end(&out);
		char expected[256];
		(void)snprintf(expected, sizeof(expected), "%s,x\r\n", rows[i].text);
		assert_string_equal(buf_cstr(&out), expected);
		buf_release(&out);
	}
}

static void a_full_buffer_is_marked_at_every_byte(void **state)
{
	for (size_t max = 0; max < 12; max++) {
		struct buf out;
		buf_init(&out, max);
		csv_put(&out, true, BYTES_LIT("=a\",\"b"));
		csv_end(&out);
		assert_true(out.failed);
		assert_true(out.len <= max);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_quoted_and_formulas_defused),
		cmocka_unit_test(a_full_buffer_is_marked_at_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
