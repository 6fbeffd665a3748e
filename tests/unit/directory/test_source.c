/* Options of user sources: what is taken, what is refused by name, and that the database gives back what it got. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "directory/source.h"

static struct source_options good(void)
{
	struct source_options o;
	source_options_init(&o);
	o.text[SOURCE_URL] = "ldaps://ldap.corp.example";
	o.text[SOURCE_BASE] = "dc=corp";
	return o;
}

static void options_are_checked_one_by_one(void **state)
{
	static const struct {
		enum source_option option;
		const char *text;
		int code;
		const char *says;
	} rows[] = {
		{SOURCE_URL, "ldap://a ldaps://b:3636/ ldaps://[::1]:636", 0, ""},
		{SOURCE_URL, "", ERR_MISSING, "--url"},
		{SOURCE_URL, "http://a", ERR_INVALID, "ldap://"},
		{SOURCE_URL, "ldap://", ERR_INVALID, "HOST"},
		{SOURCE_URL, "ldap://:389", ERR_INVALID, "HOST"},
		{SOURCE_URL, "ldap://a/dc=x??sub", ERR_INVALID, "HOST"},
		{SOURCE_URL, "ldap://user@a", ERR_INVALID, "HOST"},
		{SOURCE_URL, "ldap://a,ldap://b", ERR_INVALID, "HOST"},
		{SOURCE_URL, "ldapi:///", ERR_INVALID, "ldap://"},
		{SOURCE_URL, "ldap://1 ldap://2 ldap://3 ldap://4 ldap://5 ldap://6 ldap://7 ldap://8 ldap://9",
		 ERR_TOO_BIG, "8"},
		{SOURCE_BASE, "", ERR_MISSING, "--base"},
		{SOURCE_BASE, "dc=\n", ERR_INVALID, "base"},
		{SOURCE_TLS, "off", 0, ""},
		{SOURCE_TLS, "none", ERR_INVALID, "starttls"},
		{SOURCE_FILTER, "(&(objectClass=person)(mail={login}))", 0, ""},
		{SOURCE_FILTER, "(uid=*)", ERR_INVALID, "{login}"},
		{SOURCE_LOGIN_ATTRIBUTE, "sAMAccountName", 0, ""},
		{SOURCE_LOGIN_ATTRIBUTE, "1.2.840.113556.1.4.221", 0, ""},
		{SOURCE_LOGIN_ATTRIBUTE, "uid)(cn", ERR_INVALID, "login-attribute"},
		{SOURCE_LOGIN_ATTRIBUTE, "", ERR_INVALID, "login-attribute"},
		{SOURCE_GROUPS, "in-chain", 0, ""},
		{SOURCE_GROUPS, "all", ERR_INVALID, "in-chain"},
		{SOURCE_NESTED, "maybe", ERR_INVALID, "nested"},
		{SOURCE_TIMEOUT, "499", ERR_INVALID, "timeout"},
		{SOURCE_TIMEOUT, "500", 0, ""},
		{SOURCE_TIMEOUT, "30001", ERR_INVALID, "timeout"},
		{SOURCE_CA, "hello", ERR_INVALID, "PEM"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct source_options o = good();
		struct err e = ERR_INIT;
		o.text[rows[i].option] = rows[i].text;
		int code = source_options_check(SOURCE_LDAP, &o, &e);
		if (code != rows[i].code || !strstr(e.msg, rows[i].says))
			fail_msg("row %zu: %d %s", i, code, e.msg);
	}
}

static void what_is_kept_comes_back(void **state)
{
	struct arena *a = arena_new(0);
	struct source_options o = good(), back;
	struct buf json;
	buf_init(&json, SOURCE_JSON_MAX);
	o.text[SOURCE_CA] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	o.text[SOURCE_FILTER] = "(cn=\"{login}\\5c\")";
	source_options_write(&o, &json);
	assert_int_equal(source_options_parse(buf_cstr(&json), a, &back, NULL), 0);
	for (size_t i = 0; i < SOURCE_OPTION_COUNT; i++)
		assert_string_equal(back.text[i], o.text[i]);
	assert_int_equal(source_options_parse("{\"of-a-newer-version\":1}", a, &back, NULL), 0);
	assert_int_equal(source_options_parse("{\"url\":1}", a, &back, NULL), ERR_INVALID);
	assert_int_equal(source_options_parse("[", a, &back, NULL), ERR_INVALID);
	buf_release(&json);
	arena_free(a);
}

static void urls_come_one_by_one(void **state)
{
	struct source_options o = good();
	struct bytes url;
	size_t at = 0;
	o.text[SOURCE_URL] = "ldap://a ldaps://b";
	assert_true(source_next_url(&o, &at, &url) && bytes_equal_str(url, "ldap://a"));
	assert_true(source_next_url(&o, &at, &url) && bytes_equal_str(url, "ldaps://b"));
	assert_false(source_next_url(&o, &at, &url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_checked_one_by_one),
		cmocka_unit_test(what_is_kept_comes_back),
		cmocka_unit_test(urls_come_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
