/* What the tables say is what the guide and the manual page say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/file.h"
#include "fault.h"
#include "profile.h"
#include "setting.h"
#include "setup.h"

static const char *const command_rows[][2] = {
#define COMMAND(words, handler, args, options, flags, sentence) {words, sentence},
#include "command.tbl.h"
#undef COMMAND
};

static const char *const counter_rows[][2] = {
#define COUNTER(id, sentence) {#id, sentence},
#include "counter.tbl.h"
#undef COUNTER
};

static struct buf guide, manual;

static void read_doc(struct buf *b, const char *name)
{
	char path[4096];
	const char *root = getenv("LAMPLIGHTER_SOURCE");

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/docs/%s", root, name);
	buf_init(b, 1024 * 1024);
	assert_int_equal(file_read(path, b, NULL), 0);
}

static int read_docs(void **state)
{
	read_doc(&guide, "guide/simulator.md");
	read_doc(&manual, "man/amtsim.1.scd");
	return 0;
}

static int release_docs(void **state)
{
	buf_release(&guide);
	buf_release(&manual);
	return 0;
}

static unsigned count(struct buf *b, const char *what)
{
	unsigned n = 0;

	for (const char *p = buf_cstr(b); (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

/* "| `name` | ... | sentence |", with the bars of tables escaped. */
static void expect_row(const char *name, const char *sentence)
{
	char start[160], text[1024];
	const char *row;
	size_t used = 0;

	snprintf(start, sizeof(start), "\n| `%s", name);
	for (const char *p = sentence; *p && used < sizeof(text) - 4; p++) {
		if (*p == '|')
			text[used++] = '\\';
		text[used++] = *p;
	}
	snprintf(text + used, sizeof(text) - used, " |\n");
	row = strstr(buf_cstr(&guide), start);
	if (!row)
		fail_msg("the guide has no row for %s", name);
	for (; row; row = strstr(row + 1, start)) {
		const char *end = strchr(row + 1, '\n');

		if ((size_t)(end + 1 - row) > strlen(text) && memcmp(end + 1 - strlen(text), text, strlen(text)) == 0)
			return;
	}
	fail_msg("the guide's row for %s does not end with: %s", name, sentence);
}

/* "*name*" at the start of a line. */
static void expect_entry(const char *name)
{
	char start[160];
	size_t used = (size_t)snprintf(start, sizeof(start), "\n*");

	for (const char *p = name; *p && used < sizeof(start) - 4; p++) {
		if (*p == '_')
			start[used++] = '\\';
		start[used++] = *p;
	}
	snprintf(start + used, sizeof(start) - used, "*");
	if (count(&manual, start) == 0)
		fail_msg("the manual page has no entry for %s", name);
}

static void every_fault_is_described(void **state)
{
	for (int i = 1; i < FAULT_COUNT; i++) {
		expect_row(fault_rows[i].kind, fault_rows[i].sentence);
		expect_entry(fault_rows[i].kind);
	}
}

static void every_setting_is_described(void **state)
{
	for (size_t i = 0; i < setting_count; i++) {
		expect_row(setting_rows[i].name, setting_rows[i].sentence);
		expect_entry(setting_rows[i].name);
	}
}

static void every_profile_is_described(void **state)
{
	for (size_t i = 0; i < profile_count; i++) {
		expect_row(profiles[i].name, profiles[i].source);
		expect_entry(profiles[i].name);
	}
}

static void every_command_and_counter_is_described(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(command_rows); i++) {
		expect_row(command_rows[i][0], command_rows[i][1]);
		expect_entry(command_rows[i][0]);
	}
	for (size_t i = 0; i < ARRAY_LEN(counter_rows); i++)
		expect_row(counter_rows[i][0], counter_rows[i][1]);
}

static void every_refusal_is_described(void **state)
{
	for (int i = 1; i < REFUSED_COUNT; i++)
		expect_row(refusal_rows[i].word, refusal_rows[i].sentence);
}

static void nothing_else_is_described(void **state)
{
	size_t rows = FAULT_COUNT - 1 + setting_count + profile_count + ARRAY_LEN(command_rows) +
		      ARRAY_LEN(counter_rows) + REFUSED_COUNT - 1;

	assert_int_equal(count(&guide, "\n| `"), rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_is_described),   cmocka_unit_test(every_setting_is_described),
		cmocka_unit_test(every_profile_is_described), cmocka_unit_test(every_command_and_counter_is_described),
		cmocka_unit_test(every_refusal_is_described), cmocka_unit_test(nothing_else_is_described),
	};

	return cmocka_run_group_tests_name("sim/doc", tests, read_docs, release_docs);
}
