/* The rule is mission row M17; every row of the table says which part it breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "codec/password.h"

static const struct {
	const char *password;
	const char *part; /* of the sentence; NULL: it is good */
} rows[] = {
	{"P@ssw0rd", NULL},
	{"Xx1 xxxx!", NULL},
	{"Aa1~aaaa", NULL},
	{"Abcdef1!Abcdef1!Abcdef1!Abcdef1!", NULL}, /* 32 */
	{"P@ssw0r", "is shorter than 8 characters"},
	{"Abcdef1!Abcdef1!Abcdef1!Abcdef1!x", "is longer than 32 characters"},
	{"p@ssw0rd", "lacks an upper case letter"},
	{"P@SSW0RD", "lacks a lower case letter"},
	{"P@ssword", "lacks a digit"},
	{"Passw0rd", "lacks a special character"},
	{"Pass_w0rd", "lacks a special character"}, /* underscore does not count */
	{"P@ss:w0rd", "holds a colon"},
	{"P@ss,w0rd", "holds a comma"},
	{"P@ss\"w0rd", "holds a double quote"},
	{"P@ssw0rd\xc3\xa4", "holds a character that is not printable ASCII"},
	{"P@ssw0rd\t", "holds a character that is not printable ASCII"},
	{"",
	 "is shorter than 8 characters, lacks an upper case letter, lacks a lower case letter, lacks a digit, lacks a"},
	{"Passw0rd:", "lacks a special character (underscore does not count), holds a colon"},
};

static void the_rule_names_what_is_missing(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		int code = password_check(bytes_str(rows[i].password), &e);
		assert_int_equal(code, rows[i].part ? ERR_PASSWORD_RULE : 0);
		assert_int_equal(e.code, code);
		if (rows[i].part)
			assert_non_null(strstr(e.msg, rows[i].part));
		else
			assert_string_equal(e.msg, "");
	}
}

static void a_refusal_quotes_nothing_of_the_password(void **state)
{
	struct err e = ERR_INIT;
	assert_int_equal(password_check(BYTES_LIT("Zzyzx"), &e), ERR_PASSWORD_RULE);
	assert_null(strstr(e.msg, "Zzyzx"));
}

static void passwords_that_are_made_are_good_and_differ(void **state)
{
	struct secret made = SECRET_INIT, before = SECRET_INIT;
	for (int i = 0; i < 1000; i++) {
		password_make(rng_secret, &made);
		assert_int_equal(made.len, PASSWORD_MADE_LEN);
		assert_int_equal(password_check(BYTES(made.p, made.len), NULL), 0);
		assert_false(secret_equal(&made, &before));
		for (const char *c = "0O1lI:,\""; *c; c++)
			assert_null(memchr(made.p, *c, made.len));
		secret_set(&before, made.p, made.len);
	}
	secret_release(&made);
	secret_release(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_names_what_is_missing),
		cmocka_unit_test(a_refusal_quotes_nothing_of_the_password),
		cmocka_unit_test(passwords_that_are_made_are_good_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
