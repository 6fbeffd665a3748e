/* Filters of devices: what fits, what is refused with which words, and that the text written is the filter read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/devfilter.h"

#define DAY INT64_C(86400000)

static bool known(enum devfilter_key k, const char *word)
{
	static const char *const words[] = {"smb", "enterprise", "none", "on", "off", "rmcp"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static struct devfilter *parse(const char *text)
{
	struct devfilter *f = NULL;
	struct err e = ERR_INIT;
	if (devfilter_parse(text, known, &f, &e))
		fail_msg("%s: %s", text, e.msg);
	return f;
}

static struct devfilter_facts desk(void)
{
	struct devfilter_facts d = {
		.folder = "/Workstations/lab/",
		.name = "Desk-17",
		.tags = "kiosk,lobby",
		.amt = "11.8.79",
		.mode = "smb",
		.power = "off",
		.source = "tcp,rmcp",
		.has_address = true,
		.unseen_ms = 40 * DAY,
	};
	assert_int_equal(range_addr_parse(BYTES_LIT("10.1.2.3"), &d.address, NULL), 0);
	return d;
}

static void conditions_fit_or_not(void **state)
{
	static const struct {
		const char *text;
		bool fits;
	} rows[] = {
		{"folder:/", true},
		{"folder:/Workstations/", true},
		{"folder:/Workstations/lab/", true},
		{"folder:/Workstations/lab/a/", false},
		{"folder:/Work/", false},
		{"folder:/Servers/,/Workstations/", true},
		{"tag:kiosk", true},
		{"tag:lobby", true},
		{"tag:kio", false},
		{"tag:lobby2", false},
		{"tag:x,lobby", true},
		{"!tag:x", true},
		{"!tag:x,lobby", false},
		{"name:desk-17", true},
		{"name:desk-*", true},
		{"name:*-17", true},
		{"name:d*k*7", true},
		{"name:desk-1?", true},
		{"name:desk-?", false},
		{"name:*", true},
		{"name:**17**", true},
		{"name:desk", false},
		{"amt:11", true},
		{"amt:11.8", true},
		{"amt:11.8.79", true},
		{"amt:11.9", false},
		{"amt:1", false},
		{"amt:>=11", true},
		{"amt:>11", false},
		{"amt:>11.7", true},
		{"amt:<=11", true},
		{"amt:<11", false},
		{"amt:<11.8.80", true},
		{"amt:<11.8.79", false},
		{"amt:>=11.8.79.1", false},
		{"amt:>=6,<3", true},
		{"mode:smb", true},
		{"mode:none,enterprise", false},
		{"power:off", true},
		{"!power:off", false},
		{"address:10.1.0.0/16", true},
		{"address:10.1.2.4-10.1.2.9", false},
		{"address:10.9.0.0/16,10.1.2.3", true},
		{"address:fe80::1", false},
		{"not-seen:40d", true},
		{"not-seen:41d", false},
		{"not-seen:1h", true},
		{"source:rmcp", true},
		{"  tag:kiosk   name:desk-*  ", true},
		{"tag:kiosk name:x", false},
		{"folder:/Workstations/ !tag:x amt:>=11 address:10.0.0.0/8 not-seen:30d", true},
		{"name:\"desk-17\"", true},
		{"folder:\"/Work stations/\",/Workstations/", true},
	};
	const struct devfilter_facts d = desk();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct devfilter *f = parse(rows[i].text);
		if (devfilter_match(f, &d) != rows[i].fits)
			fail_msg("%s: %d", rows[i].text, !rows[i].fits);
		devfilter_free(f);
	}
}

static void what_is_not_known_fits_no_value(void **state)
{
	static const char *const rows[] = {
		"folder:/",          "tag:x",       "name:*",      "amt:<99", "mode:none", "power:off",
		"address:0.0.0.0/0", "not-seen:1s", "source:rmcp",
	};
	const struct devfilter_facts nothing = {.unseen_ms = -1}, odd = {.amt = "11.x", .name = "", .unseen_ms = -1};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char opposite[64];
		(void)snprintf(opposite, sizeof(opposite), "!%s", rows[i]);
		struct devfilter *f = parse(rows[i]), *g = parse(opposite);
		assert_false(devfilter_match(f, &nothing));
		assert_false(devfilter_match(f, &odd));
		assert_true(devfilter_match(g, &nothing));
		devfilter_free(f);
		devfilter_free(g);
	}
}

static void what_is_wrong_is_quoted(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *says;
	} rows[] = {
		{"", ERR_MISSING, "no condition"},
		{"   ", ERR_MISSING, "no condition"},
		{"desk-17", ERR_INVALID, "\"desk-17\" does not begin with folder:, tag:"},
		{"colour:red", ERR_INVALID, "\"colour:red\""},
		{"tag", ERR_INVALID, "\"tag\""},
		{"!", ERR_INVALID, "does not begin"},
		{"!!tag:x", ERR_INVALID, "\"!tag:x\""},
		{"tag:", ERR_INVALID, "tag has an empty value"},
		{"tag:a,", ERR_INVALID, "tag has an empty value"},
		{"tag:,a", ERR_INVALID, "tag has an empty value"},
		{"tag:\"\"", ERR_INVALID, "tag has an empty value"},
		{"tag:\"a", ERR_INVALID, "has no quote at its end"},
		{"tag:\"a\"b", ERR_INVALID, "a blank or a comma is missing before \"b\""},
		{"folder:lab", ERR_INVALID, "folder \"lab\" does not begin and end with a slash"},
		{"folder:/a//b/", ERR_INVALID, "folder"},
		{"amt:new", ERR_INVALID, "amt \"new\" is not a version"},
		{"amt:=11", ERR_INVALID, "not a version"},
		{"amt:>=", ERR_INVALID, "not a version"},
		{"amt:11.", ERR_INVALID, "not a version"},
		{"amt:1.2.3.4.5", ERR_INVALID, "not a version"},
		{"amt:9999999999", ERR_INVALID, "not a version"},
		{"mode:smbb", ERR_INVALID, "\"smbb\" is no mode"},
		{"power:smbx", ERR_INVALID, "\"smbx\" is no power"},
		{"address:10.0.0.0/33", ERR_INVALID, "filter: address"},
		{"address:desk-17", ERR_INVALID, "filter: address"},
		{"not-seen:soon", ERR_INVALID, "not-seen \"soon\" is not a duration"},
		{"not-seen:0", ERR_INVALID, "is not a duration"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct devfilter *f = NULL;
		struct err e = ERR_INIT;
		int rc = devfilter_parse(rows[i].text, known, &f, &e);
		if (rc != rows[i].rc || !strstr(e.msg, rows[i].says))
			fail_msg("%s: %d %s", rows[i].text, rc, e.msg);
		assert_null(f);
	}
}

static void there_are_limits(void **state)
{
	struct devfilter *f = NULL;
	struct err e = ERR_INIT;
	struct buf text;
	buf_init(&text, 8192);
	buf_adds(&text, "tag:a");
	for (int i = 1; i < DEVFILTER_VALUES_MAX; i++)
		buf_adds(&text, i % 2 ? ",b" : " tag:c");
	f = parse(buf_cstr(&text));
	devfilter_free(f);
	buf_adds(&text, ",d");
	assert_int_equal(devfilter_parse(buf_cstr(&text), known, &f, &e), ERR_TOO_BIG);
	buf_reset(&text);
	buf_adds(&text, "tag:");
	while (text.len < DEVFILTER_TEXT_MAX)
		buf_addc(&text, 'x');
	f = parse(buf_cstr(&text));
	devfilter_free(f);
	buf_addc(&text, 'x');
	assert_int_equal(devfilter_parse(buf_cstr(&text), known, &f, &e), ERR_TOO_BIG);
	buf_release(&text);
}

static void its_text_is_the_same_filter(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{" tag:a   !name:b* ", "tag:a !name:b*"},
		{"tag:\"a\",b", "tag:a,b"},
		{"folder:\"/a b/\"", "folder:\"/a b/\""},
		{"name:\"x,y\"", "name:\"x,y\""},
		{"name:\"say \"\"hi\"\"\"", "name:\"say \"\"hi\"\"\""},
		{"name:a\"b", "name:\"a\"\"b\""},
		{"amt:>=11.8,<6 not-seen:30d address:10.0.0.1-9", "amt:>=11.8,<6 not-seen:30d address:10.0.0.1-9"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text, again;
		buf_init(&text, 8192);
		buf_init(&again, 8192);
		struct devfilter *f = parse(rows[i].text);
		assert_int_equal(devfilter_text(f, NULL, NULL, &text), 0);
		assert_string_equal(buf_cstr(&text), rows[i].canonical);
		struct devfilter *g = parse(buf_cstr(&text));
		assert_int_equal(devfilter_text(g, NULL, NULL, &again), 0);
		assert_string_equal(buf_cstr(&again), rows[i].canonical);
		devfilter_free(f);
		devfilter_free(g);
		buf_release(&text);
		buf_release(&again);
	}
}

static void a_moved_folder_is_followed(void **state)
{
	struct buf text;
	struct devfilter *f = parse("folder:/a/,/a/b/,/ab/ name:/a/ !folder:/c/");
	buf_init(&text, 8192);
	assert_int_equal(devfilter_text(f, "/a/", "/x y/z/", &text), 0);
	assert_string_equal(buf_cstr(&text), "folder:\"/x y/z/\",\"/x y/z/b/\",/ab/ name:/a/ !folder:/c/");
	devfilter_free(f);
	buf_release(&text);
}

static void what_narrows_a_search_is_known(void **state)
{
	struct devfilter *f = parse("!folder:/a/ folder:/b/,/c/ tag:x name:y");
	assert_null(devfilter_only(f, DEVFILTER_FOLDER));
	assert_string_equal(devfilter_only(f, DEVFILTER_TAG), "x");
	assert_true(devfilter_uses(f, DEVFILTER_NAME));
	assert_false(devfilter_uses(f, DEVFILTER_SOURCE));
	assert_string_equal(devfilter_key_name(DEVFILTER_NOT_SEEN), "not-seen");
	devfilter_free(f);
}

/* Ended at every byte: a filter, or an error with a sentence. */
static void every_beginning_is_an_answer(void **state)
{
	static const char full[] = "folder:\"/a \"\"b\"\"/\",/c/ !tag:x,y amt:>=11.8 address:10.0.0.0/8 not-seen:30d";
	char part[sizeof(full)];
	for (size_t len = 0; len < sizeof(full); len++) {
		struct devfilter *f = NULL;
		struct err e = ERR_INIT;
		memcpy(part, full, len);
		part[len] = '\0';
		int rc = devfilter_parse(part, known, &f, &e);
		assert_true(rc == 0 ? f != NULL : e.msg[0] != '\0');
		if (!rc)
			devfilter_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_fit_or_not),          cmocka_unit_test(what_is_not_known_fits_no_value),
		cmocka_unit_test(what_is_wrong_is_quoted),        cmocka_unit_test(there_are_limits),
		cmocka_unit_test(its_text_is_the_same_filter),    cmocka_unit_test(a_moved_folder_is_followed),
		cmocka_unit_test(what_narrows_a_search_is_known), cmocka_unit_test(every_beginning_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
