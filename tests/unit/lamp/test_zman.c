/* Command lines of the original, and the commands of lamp that they mean. */
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
#include "lamp/zman.h"

#define WORDS_MAX 24

static int split(char *line, char **argv)
{
	int n = 0;
	char *rest = NULL;
	for (char *word = strtok_r(line, " ", &rest); word && n < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		argv[n++] = word;
	return n;
}

static int read_line(const char *text, struct arena *a, struct zman *ret, struct err *e)
{
	static char line[512], *argv[WORDS_MAX];
	(void)snprintf(line, sizeof(line), "%s", text);
	return zman_read(split(line, argv), argv, a, ret, e);
}

static void each_form_of_an_option_means_the_same(void **state)
{
	static const struct {
		const char *line, *means;
	} rows[] = {
		{"zman icmc", "zman certificate create --yes"},
		{"/usr/bin/zman iamt-create-mgmtcert", "/usr/bin/zman certificate create --yes"},
		{"lamp icmc", "lamp certificate create --yes"},
		{"zman icmc -p a.der", "zman certificate import --yes a.der"},
		{"zman icmc -pa.der", "zman certificate import --yes a.der"},
		{"zman icmc --certpath=a.der", "zman certificate import --yes a.der"},
		{"zman icmc --certpath a.der --chain b --chain=c",
		 "zman certificate import --yes a.der --chain b --chain c"},
		{"zman icmc --json -p a.der --password-file f",
		 "zman certificate import --yes --json a.der --password-file f"},
		{"zman irch --json", "zman certificate hash --yes --json"},
		{"zman iamt-root-certificate-hash --server-address unix:x",
		 "zman certificate hash --yes --server-address unix:x"},
		{"zman idmc", "zman certificate remove --yes"},
		{"zman --json idmc", "zman certificate remove --yes --json"},
		{"zman icc -c DE -s A -o B -d /tmp",
		 "zman certificate-request add --yes --country DE --state A --organization B --out /tmp"},
		{"zman icc true device --country=DE -sA --organization B -u U -n n.x --destination-folder=/tmp",
		 "zman certificate-request add --yes --is-ca --type device --country DE --state A --organization B "
		 "--orgunit U "
		 "--common-name n.x --out /tmp"},
		{"zman icc false management -c DE -s A -o B --commonname=n.x -d /tmp",
		 "zman certificate-request add --yes --type management --country DE --state A --organization B "
		 "--common-name n.x --out /tmp"},
		{"zman icc device -c DE -s A -o B -d /tmp",
		 "zman certificate-request add --yes --type device --country DE --state A --organization B --out /tmp"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new(0);
		struct err e = ERR_INIT;
		struct zman z;
		char joined[512] = "";
		if (read_line(rows[i].line, a, &z, &e))
			fail_msg("%s: %s", rows[i].line, e.msg);
		assert_true(z.is && !z.help);
		for (int k = 0; k < z.argc; k++)
			(void)snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%s", k ? " " : "",
				       z.argv[k]);
		assert_string_equal(joined, rows[i].means);
		arena_free(a);
	}
}

static void wrong_usage_names_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{"zman power", "no command \"power\""},
		{"zman icmc -p", "--certpath needs a value"},
		{"zman icmc x", "one word too many"},
		{"zman irch -x", "unknown option -x"},
		{"zman icc -s A -o B -d /tmp", "-c|--country is missing"},
		{"zman icc -c DE -o B -d /tmp", "-s|--state is missing"},
		{"zman icc -c DE -s A -d /tmp", "-o|--organization is missing"},
		{"zman icc -c DE -s A -o B", "-d|--destination-folder is missing"},
		{"zman icc maybe -c DE -s A -o B -d /tmp", "\"maybe\": isCA is true or false"},
		{"zman icc true server -c DE -s A -o B -d /tmp", "\"server\": isCA"},
		{"zman icc -c DE -s A -o B -d /nowhere/at/all", "folder \"/nowhere/at/all\""},
		{"zman icc -c DE -s A -o B -d /dev/null", "\"/dev/null\" is no folder"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new(0);
		struct err e = ERR_INIT;
		struct zman z;
		assert_true(read_line(rows[i].line, a, &z, &e) < 0);
		if (!strstr(e.msg, rows[i].says))
			fail_msg("%s: %s", rows[i].line, e.msg);
		arena_free(a);
	}
}

static void other_commands_are_left_to_lamp_and_help_needs_nothing(void **state)
{
	struct arena *a = arena_new(0);
	struct err e = ERR_INIT;
	struct zman z;
	assert_int_equal(read_line("lamp device list", a, &z, &e), 0);
	assert_false(z.is || z.help);
	assert_int_equal(read_line("lamp device show irch", a, &z, &e), 0);
	assert_false(z.is);
	assert_int_equal(read_line("zman", a, &z, &e), 0);
	assert_true(z.help && !z.verb);
	assert_int_equal(read_line("zman icc --help", a, &z, &e), 0);
	assert_true(z.help);
	assert_string_equal(z.verb, "iamt-create-csr");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_an_option_means_the_same),
		cmocka_unit_test(wrong_usage_names_what_is_wrong),
		cmocka_unit_test(other_commands_are_left_to_lamp_and_help_needs_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
