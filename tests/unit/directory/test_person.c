/* People of a source: names of groups that are the same, and bounds of what a source may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "directory/person.h"

static void names_of_one_group_are_the_same_however_they_are_written(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"cn=ops,ou=groups,dc=corp", "cn=ops,ou=groups,dc=corp", true},
		{"CN=Ops, OU=Groups , DC = corp", "cn=ops,ou=groups,dc=corp", true},
		{" cn=ops,dc=corp ", "cn=ops,dc=corp", true},
		{"cn=night shift,dc=corp", "cn=Night Shift,dc=corp", true},
		{"cn=night shift,dc=corp", "cn=nightshift,dc=corp", false},
		{"cn=ops,dc=corp", "cn=ops,dc=corp,dc=x", false},
		{"cn=ops", "cn=op", false},
		{"cn=ops\\, more,dc=corp", "cn=ops,dc=corp", false},
		{"", "", true},
		{"", "a", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(person_same_group(rows[i].a, rows[i].b), rows[i].same);
		assert_int_equal(person_same_group(rows[i].b, rows[i].a), rows[i].same);
	}
}

static void what_a_source_says_is_bounded(void **state)
{
	struct person *p = person_new(7);
	char name[16], big[PERSON_TEXT_MAX + 1];
	memset(big, 'a', sizeof(big));
	assert_int_equal(p->state, PERSON_UNKNOWN);
	for (int i = 0; i < PERSON_GROUPS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "cn=g%d", i);
		assert_int_equal(person_add_group(p, bytes_str(name), NULL), 0);
		if (i == 10)
			assert_int_equal(person_add_group(p, BYTES_LIT("CN=g10"), NULL), 0);
	}
	assert_int_equal(p->group_count, PERSON_GROUPS_MAX);
	assert_int_equal(person_add_group(p, BYTES_LIT("cn=one more"), NULL), ERR_TOO_BIG);
	assert_true(person_is_in(p, "CN = g999"));
	assert_int_equal(person_set(&p->login, "login", BYTES(big, sizeof(big)), NULL), ERR_TOO_BIG);
	assert_int_equal(person_set(&p->login, "login", BYTES_LIT("a\nb"), NULL), ERR_MALFORMED);
	assert_int_equal(person_set(&p->login, "login", BYTES_LIT("\xff"), NULL), ERR_MALFORMED);
	assert_int_equal(person_set(&p->login, "login", BYTES_NONE, NULL), ERR_MALFORMED);
	assert_null(p->login);
	assert_int_equal(person_set(&p->login, "login", BYTES_LIT("alice"), NULL), 0);
	assert_string_equal(p->login, "alice");
	person_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_one_group_are_the_same_however_they_are_written),
		cmocka_unit_test(what_a_source_says_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
