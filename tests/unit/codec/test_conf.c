/* The configuration file: what is taken, and errors that say file, line and key. */
#include "testing.h"

#include "codec/conf.h"

struct seen {
	char text[256];
};

static int take(void *arg, const char *value, struct err *e)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);
	(void)snprintf(s->text + len, sizeof(s->text) - len, "[%s]", value);
	return 0;
}

static int refuse(void *arg, const char *value, struct err *e)
{
	return err_set(e, ERR_INVALID, "\"%s\" is no number", value);
}

static const struct conf_key keys[] = {
	{"listen", false, take},
	{"allow-net", true, take},
	{"number", false, refuse},
	{0},
};

static void lines_are_taken_in_order_without_comments_and_blanks(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf# a comment\n\n  listen = 127.0.0.1:8443 \t# behind\r\n"
		"allow-net=10.0.0.0/8\n\t#another\nallow-net = \" a # b \" # c\nallow-net=a#b=\"c\"\n"
		"allow-net=\"\"";
	struct seen s = {""};
	assert_int_equal(conf_parse(bytes_str(text), "f", keys, &s, NULL), 0);
	assert_string_equal(s.text, "[127.0.0.1:8443][10.0.0.0/8][ a # b ][a#b=\"c\"][]");
	assert_int_equal(conf_parse(BYTES_NONE, "f", keys, &s, NULL), 0);
}

static void errors_say_file_line_and_key(void **state)
{
	static const struct {
		const char *in;
		int rc;
		const char *says;
	} rows[] = {
		{"listen\n", ERR_INVALID, "lampd.conf line 1: not of the form key = value"},
		{"\n= 5\n", ERR_INVALID, "lampd.conf line 2: not of the form key = value"},
		{"#\n\nlistem = 5\n", ERR_INVALID, "lampd.conf line 3: unknown key \"listem\""},
		{"\1\x80 = 5\n", ERR_INVALID, "lampd.conf line 1: unknown key"},
		{"listen = a\nlisten = b\n", ERR_EXISTS, "lampd.conf line 2: listen: is set a second time"},
		{"listen =\n", ERR_MISSING, "lampd.conf line 1: listen: has no value"},
		{"listen = # none\n", ERR_MISSING, "lampd.conf line 1: listen: has no value"},
		{"number = x\n", ERR_INVALID, "lampd.conf line 1: number: \"x\" is no number"},
		{"listen = \"a\n", ERR_INVALID, "lampd.conf line 1: listen: the quote is not closed"},
		{"listen = \"a\" b\n", ERR_INVALID, "lampd.conf line 1: listen: something follows the closing quote"},
		{"listen = a\1b\n", ERR_INVALID,
		 "lampd.conf line 1: listen: the value is not UTF-8, or holds a control character"},
		{"listen = \xff\n", ERR_INVALID,
		 "lampd.conf line 1: listen: the value is not UTF-8, or holds a control character"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seen s = {""};
		struct err e = ERR_INIT;
		assert_int_equal(conf_parse(bytes_str(rows[i].in), "lampd.conf", keys, &s, &e), rows[i].rc);
		assert_string_equal(e.msg, rows[i].says);
	}
}

static void a_line_has_a_limit(void **state)
{
	char line[CONF_LINE_MAX + 2];
	for (size_t over = 0; over < 2; over++) {
		memset(line, 'a', sizeof(line));
		memcpy(line, "listen=", 7);
		struct seen s = {""};
		int rc = conf_parse(BYTES(line, CONF_LINE_MAX + over), "f", keys, &s, NULL);
		assert_int_equal(rc, over ? ERR_TOO_BIG : 0);
	}
}

static void the_end_may_come_at_any_byte(void **state)
{
	static const char text[] = "\xef\xbb\xbflisten = \"a b\" # c\nallow-net = x\n";
	for (size_t len = 0; len < sizeof(text); len++) {
		struct seen s = {""};
		struct bytes in = visible(bytes_str(text), len);
		int rc = conf_parse(in, "f", keys, &s, NULL);
		assert_true(rc == 0 || rc == ERR_INVALID || rc == ERR_MISSING);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_taken_in_order_without_comments_and_blanks),
		cmocka_unit_test(errors_say_file_line_and_key),
		cmocka_unit_test(a_line_has_a_limit),
		cmocka_unit_test(the_end_may_come_at_any_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
