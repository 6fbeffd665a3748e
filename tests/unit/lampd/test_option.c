/* Flags, the configuration file, and the manual pages that have to know every option. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "lampd/option.h"

#define PAGE_MAX (256 * 1024)

static const char *page(const char *name, struct buf *ret)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/docs/man/%s", getenv("LAMPLIGHTER_SOURCE"), name);
	buf_init(ret, PAGE_MAX);
	assert_int_equal(file_read(path, ret, NULL), 0);
	return buf_cstr(ret);
}

static void every_option_stands_in_the_manual(void **state)
{
	struct buf lampd_page, conf_page;
	const char *lampd = page("lampd.8.scd", &lampd_page), *conf = page("lampd.conf.5.scd", &conf_page);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = option_row((enum option_id)i);
		char flag[64], key[64];
		(void)snprintf(flag, sizeof(flag), "\n*--%s*%s%s%s\n", row->name, row->argument ? " _" : "",
			       row->argument ? row->argument : "", row->argument ? "_" : "");
		(void)snprintf(key, sizeof(key), "\n*%s*\n", row->name);
		if (!strstr(lampd, flag))
			fail_msg("lampd(8) lacks %s", flag);
		if ((strstr(conf, key) != NULL) != (row->where == OPTION_BOTH))
			fail_msg("lampd.conf(5) and the table do not agree about %s", row->name);
		assert_true(*row->sentence);
	}
	buf_release(&lampd_page);
	buf_release(&conf_page);
}

static int read_options(struct options *o, struct err *e, int argc, ...)
{
	char *argv[16] = {(char *)(uintptr_t) "lampd"};
	va_list ap;
	va_start(ap, argc);
	for (int i = 0; i < argc; i++)
		argv[1 + i] = va_arg(ap, char *);
	va_end(ap);
	return options_read(1 + argc, argv, o, e);
}

static void flags_are_read(void **state)
{
	struct options o;
	struct err e = ERR_INIT;
	assert_int_equal(read_options(&o, &e, 6, "--data", "/d", "--allow-net=10.0.0.0/8", "--foreground",
				      "--allow-net", "127.0.0.0/8"),
			 0);
	assert_string_equal(option_text(&o, OPTION_DATA), "/d");
	assert_string_equal(option_text(&o, OPTION_ALLOW_NET), "10.0.0.0/8,127.0.0.0/8");
	assert_true(option_is_set(&o, OPTION_FOREGROUND));
	assert_false(option_is_set(&o, OPTION_LISTEN));
	assert_string_equal(option_text(&o, OPTION_LISTEN), "127.0.0.1:8443");
	options_release(&o);
}

static void a_slip_is_named(void **state)
{
	static const struct {
		const char *argument;
		int code;
		const char *part;
	} rows[] = {
		{"--nonsense", ERR_INVALID, "unknown option --nonsense"},
		{"--nonsense=5", ERR_INVALID, "unknown option --nonsense=5"},
		{"-x", ERR_INVALID, "unknown option"},
		{"--data", ERR_MISSING, "--data needs a value"},
		{"--foreground=yes", ERR_INVALID, "--foreground"},
		{"loose", ERR_INVALID, "unexpected argument 'loose'"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options o;
		struct err e = ERR_INIT;
		assert_int_equal(read_options(&o, &e, 1, rows[i].argument), rows[i].code);
		assert_non_null(strstr(e.msg, rows[i].part));
		options_release(&o);
	}
}

static void flags_win_over_the_file(void **state)
{
	char path[] = "/tmp/lamp-conf-XXXXXX";
	struct options o;
	struct err e = ERR_INIT;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	static const char text[] = "data = /file\nlisten = none\nallow-net = 10.0.0.0/8\nallow-net = 10.1.0.0/16\n";
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(read_options(&o, &e, 3, "--config", path, "--data=/flag"), 0);
	assert_string_equal(option_text(&o, OPTION_DATA), "/flag");
	assert_string_equal(option_text(&o, OPTION_LISTEN), "none");
	assert_string_equal(option_text(&o, OPTION_ALLOW_NET), "10.0.0.0/8,10.1.0.0/16");
	options_release(&o);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_stands_in_the_manual),
		cmocka_unit_test(flags_are_read),
		cmocka_unit_test(a_slip_is_named),
		cmocka_unit_test(flags_win_over_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
