#include "codec/msgline.h"

#include "testing.h"

static const char *const said[MSGLINE_FIELDS] = {
	"warning",
	"2026-11-22T15:03:16.123Z",
	"root (local)",
	"power",
	"act_failed",
	"on of \"a]b\\c\" failed\nagain",
	"",
	"42",
};
static const char line[] = "[warning] [2026-11-22T15:03:16.123Z] [root (local)] [power] [act_failed] "
			   "[on of \\\"a\\]b\\\\c\\\" failed\\x0aagain] [] [42]";

static void a_line_is_written_in_the_order_that_is_promised(void **state)
{
	struct bytes fields[MSGLINE_FIELDS];
	struct buf out;
	for (int i = 0; i < MSGLINE_FIELDS; i++)
		fields[i] = bytes_str(said[i]);
	buf_init(&out, 1000);
	msgline_write(&out, fields);
	char expected[300];
	(void)snprintf(expected, sizeof(expected), "%s\n", line);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
}

static void a_line_is_read_back(void **state)
{
	struct bytes fields[MSGLINE_FIELDS];
	assert_int_equal(msgline_parse(bytes_str(line), fields, NULL), 0);
	assert_bytes_equal_str(fields[MSGLINE_SEVERITY], "warning");
	assert_bytes_equal_str(fields[MSGLINE_TEXT], "on of \\\"a\\]b\\\\c\\\" failed\\x0aagain");
	assert_bytes_equal_str(fields[MSGLINE_MORE], "");
	assert_bytes_equal_str(fields[MSGLINE_RELATED], "42");
}

static void a_line_that_ends_early_is_refused_at_every_byte(void **state)
{
	for (size_t len = 0; len < strlen(line); len++) {
		struct bytes part = visible(bytes_str(line), len), fields[MSGLINE_FIELDS];
		assert_int_equal(msgline_parse(part, fields, NULL), ERR_INVALID);
		free((void *)(uintptr_t)part.p);
	}
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const bad[] = {"",
					  "x",
					  "[a] [b]",
					  "[a][b][c][d][e][f][g][h]",
					  "[1] [2] [3] [4] [5] [6] [7] [8] ",
					  "[1] [2] [3] [4] [5] [6] [7] [8\\]"};
	struct bytes fields[MSGLINE_FIELDS];
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(msgline_parse(bytes_str(bad[i]), fields, NULL), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_written_in_the_order_that_is_promised),
		cmocka_unit_test(a_line_is_read_back),
		cmocka_unit_test(a_line_that_ends_early_is_refused_at_every_byte),
		cmocka_unit_test(what_is_no_line_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
