/* Search filters: the examples of RFC 4515, what hostile login names become, and templates that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "directory/filter.h"

/* RFC 4515 section 4; values there that are written with escapes, and those bytes as they were. */
static void values_are_escaped_as_the_rfc_shows(void **state)
{
	static const struct {
		struct bytes value;
		const char *escaped;
	} rows[] = {
		{BYTES_LIT("Parens R Us (for all your parenthetical needs)"),
		 "Parens\\20R\\20Us\\20\\28for\\20all\\20your\\20parenthetical\\20needs\\29"},
		{BYTES_LIT("*"), "\\2a"},
		{BYTES_LIT("C:\\MyFile"), "C:\\5cMyFile"},
		{BYTES_LIT("\0\0\0\4"), "\\00\\00\\00\\04"},
		{BYTES_LIT("Lu\xc4\x8di\xc4\x87"), "Lu\\c4\\8di\\c4\\87"},
		{BYTES_LIT("\x04\x02Hi"), "\\04\\02Hi"},
		{BYTES_LIT("alice@corp.example"), "alice@corp.example"},
		{BYTES_LIT(""), ""},
		{BYTES_LIT("\x7f\xff"), "\\7f\\ff"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 256);
		filter_escape(&out, rows[i].value);
		assert_string_equal(buf_cstr(&out), rows[i].escaped);
		buf_release(&out);
	}
}

static void no_login_name_gets_out_of_its_place(void **state)
{
	static const struct {
		const char *template, *login, *filter;
	} rows[] = {
		{"(uid={login})", "alice", "(uid=alice)"},
		{"(uid={login})", "*", "(uid=\\2a)"},
		{"(uid={login})", "a*", "(uid=a\\2a)"},
		{"(uid={login})", "alice)(uid=*", "(uid=alice\\29\\28uid=\\2a)"},
		{"(uid={login})", "alice)(|(uid=*))", "(uid=alice\\29\\28|\\28uid=\\2a\\29\\29)"},
		{"(uid={login})", "{login}", "(uid={login})"},
		{"(&(objectClass=person)(|(uid={login})(mail={login}@corp)))", "b",
		 "(&(objectClass=person)(|(uid=b)(mail=b@corp)))"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, FILTER_MAX);
		assert_int_equal(filter_fill(rows[i].template, bytes_str(rows[i].login), &out, NULL), 0);
		assert_string_equal(buf_cstr(&out), rows[i].filter);
		buf_release(&out);
	}
}

static void a_filter_that_is_too_long_is_no_filter(void **state)
{
	struct buf out;
	struct err e = ERR_INIT;
	for (size_t max = 0; max < strlen("(uid=\\2a)"); max++) {
		buf_init(&out, max);
		assert_int_equal(filter_fill("(uid={login})", BYTES_LIT("*"), &out, &e), ERR_TOO_BIG);
		buf_release(&out);
	}
}

static void templates_are_checked(void **state)
{
	static const struct {
		const char *template;
		int code;
	} rows[] = {
		{"(uid={login})", 0},
		{"(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(sAMAccountName={login}))", 0},
		{"", ERR_INVALID},
		{"uid={login}", ERR_INVALID},
		{"(uid={login}", ERR_INVALID},
		{"(uid={login}))", ERR_INVALID},
		{"(uid={login})(cn=*)", ERR_INVALID},
		{"(uid=alice)", ERR_INVALID},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(filter_check(rows[i].template, NULL), rows[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped_as_the_rfc_shows),
		cmocka_unit_test(no_login_name_gets_out_of_its_place),
		cmocka_unit_test(a_filter_that_is_too_long_is_no_filter),
		cmocka_unit_test(templates_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
