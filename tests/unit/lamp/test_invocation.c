/* Command lines and the requests that they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "lamp/invocation.h"

#define WORDS_MAX 16

static int split(char *line, char **argv)
{
	int n = 0;
	char *rest = NULL;
	argv[n++] = (char *)(uintptr_t) "lamp";
	for (char *word = strtok_r(line, " ", &rest); word && n < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		argv[n++] = word;
	return n;
}

static const struct {
	const char *line, *path, *body;
} good[] = {
	{"power on desk-17 /Workstations/lab/", "/api/v1/power",
	 "{\"verb\":\"on\",\"targets\":[\"desk-17\",\"/Workstations/lab/\"]}"},
	{"power status --all --wait --json", "/api/v1/power", "{\"verb\":\"status\",\"all\":true}"},
	{"power off tag:kiosk --deadline 90s", "/api/v1/power",
	 "{\"verb\":\"off\",\"targets\":[\"tag:kiosk\"],\"deadline\":90000}"},
	{"device list --folder /a/ --tag=x", "/api/v1/devices?folder=%2Fa%2F&tag=x", ""},
	{"device show a/b", "/api/v1/devices/a%2Fb", ""},
	{"device add desk-17 --amt 10.1.0.17 --tags a,b --old-tls", "/api/v1/devices",
	 "{\"name\":\"desk-17\",\"amt\":\"10.1.0.17\",\"old-tls\":true,\"tags\":[\"a\",\"b\"]}"},
	{"device add desk-17 --server lamp2", "/api/v1/devices", "{\"name\":\"desk-17\",\"server\":\"lamp2\"}"},
	{"device import discovered --credential lab", "/api/v1/devices/import",
	 "{\"discovered\":[\"discovered\"],\"credential\":\"lab\"}"},
	{"discover 10.1.0.0/24 10.2.0.1 --exclude 10.1.0.1", "/api/v1/scans",
	 "{\"ranges\":[\"10.1.0.0/24\",\"10.2.0.1\"],\"exclude\":[\"10.1.0.1\"]}"},
	{"setting reset discovery-validity --yes", "/api/v1/settings/discovery-validity", ""},
	{"job cancel 42", "/api/v1/jobs/42/cancel", ""},
	{"device repin desk-17 --yes", "/api/v1/devices/desk-17/repin", ""},
	{"job acts 42 --state failed --limit 5", "/api/v1/jobs/42/acts?state=failed", ""},
};

static void a_command_line_becomes_its_request(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		char line[256], *argv[WORDS_MAX];
		struct invocation in;
		struct buf path, body;
		struct err e = ERR_INIT;
		(void)snprintf(line, sizeof(line), "%s", good[i].line);
		assert_int_equal(invocation_read(&in, split(line, argv), argv, &e), 0);
		buf_init(&path, 4096);
		buf_init(&body, 4096);
		assert_int_equal(invocation_request(&in, &path, &body, &e), 0);
		assert_string_equal(buf_cstr(&path), good[i].path);
		assert_string_equal(buf_cstr(&body), good[i].body);
		buf_release(&path);
		buf_release(&body);
		invocation_release(&in);
	}
}

static const struct {
	const char *line;
	int code;
	const char *says;
} bad[] = {
	{"powre on x", ERR_INVALID, "powre"},
	{"device frobnicate", ERR_INVALID, "frobnicate"},
	{"device", ERR_MISSING, "device"},
	{"device add", ERR_MISSING, "name"},
	{"device add x y", ERR_INVALID, "y"},
	{"device list --colour red", ERR_INVALID, "--colour"},
	{"device list --folder", ERR_MISSING, "--folder"},
	{"device list --limit 0", ERR_INVALID, "--limit"},
	{"device list --limit x", ERR_INVALID, "--limit"},
	{"zone show --targets-file /dev/null", ERR_INVALID, "--targets-file"},
	{"power on --targets-file /nonexistent", ERR_SYSTEM, "/nonexistent"},
	{"credential add lab --password-file /nonexistent", ERR_NOT_FOUND, "/nonexistent"},
};

static void a_wrong_command_line_is_refused_with_the_word_that_is_wrong(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char line[256], *argv[WORDS_MAX];
		struct invocation in;
		struct err e = ERR_INIT;
		(void)snprintf(line, sizeof(line), "%s", bad[i].line);
		assert_int_equal(invocation_read(&in, split(line, argv), argv, &e), bad[i].code);
		assert_non_null(strstr(e.msg, bad[i].says));
		invocation_release(&in);
	}
}

static void values_that_are_not_of_their_type_are_named(void **state)
{
	static const char *const lines[] = {"scan show x", "power off a --confirm many", "power on a --deadline soon"};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char line[256], *argv[WORDS_MAX];
		struct invocation in;
		struct buf path, body;
		struct err e = ERR_INIT;
		(void)snprintf(line, sizeof(line), "%s", lines[i]);
		assert_int_equal(invocation_read(&in, split(line, argv), argv, &e), 0);
		buf_init(&path, 4096);
		buf_init(&body, 4096);
		/* A path is checked by the server, which knows the route. */
		int rc = invocation_request(&in, &path, &body, &e);
		assert_true(i == 0 ? rc == 0 : rc == ERR_INVALID);
		buf_release(&path);
		buf_release(&body);
		invocation_release(&in);
	}
}

static void targets_come_from_a_file_one_a_line(void **state)
{
	char name[] = "/tmp/lamp-targets-XXXXXX";
	int fd = mkstemp(name);
	static const char text[] = "desk-1\n\n# a comment\n  /Workstations/lab/  \n";
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	char *argv[] = {(char *)(uintptr_t) "lamp", (char *)(uintptr_t) "power", (char *)(uintptr_t) "on",
			(char *)(uintptr_t) "--targets-file", name};
	struct invocation in;
	struct buf path, body;
	struct err e = ERR_INIT;
	assert_int_equal(invocation_read(&in, ARRAY_LEN(argv), argv, &e), 0);
	buf_init(&path, 4096);
	buf_init(&body, 4096);
	assert_int_equal(invocation_request(&in, &path, &body, &e), 0);
	assert_string_equal(buf_cstr(&body), "{\"verb\":\"on\",\"targets\":[\"desk-1\",\"/Workstations/lab/\"]}");
	buf_release(&path);
	buf_release(&body);
	invocation_release(&in);
	(void)close(fd);
	(void)unlink(name);
}

static void the_example_of_every_command_is_a_valid_command_line(void **state)
{
	for (int i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		char line[256], *argv[WORDS_MAX + 1];
		struct invocation in;
		struct err e = ERR_INIT;
		assert_memory_equal(c->example, "lamp ", 5);
		(void)snprintf(line, sizeof(line), "%s", c->example + 5);
		int argc = split(line, argv);
		/* The one that names a password file is about a file that is not there. */
		int rc = invocation_read(&in, argc, argv, &e);
		assert_true(rc == 0 || strstr(c->example, "--password-file"));
		assert_ptr_equal(in.command, c);
		invocation_release(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_line_becomes_its_request),
		cmocka_unit_test(a_wrong_command_line_is_refused_with_the_word_that_is_wrong),
		cmocka_unit_test(values_that_are_not_of_their_type_are_named),
		cmocka_unit_test(targets_come_from_a_file_one_a_line),
		cmocka_unit_test(the_example_of_every_command_is_a_valid_command_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
