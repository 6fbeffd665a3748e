/* How `lamp inventory import` cuts a file: between rows, and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/inventory.h"
#include "lamp/cut.h"

/* Reads each part as the server does; the names of all rows come out in their order, at the numbers of the whole. */
static void check_parts(struct bytes text, size_t rows, size_t most_parts)
{
	struct cut cut;
	struct buf part;
	struct err e = ERR_INIT;
	int64_t row = 0;
	size_t seen = 0, parts = 0;
	buf_init(&part, API_FILE_MAX);
	assert_int_equal(cut_start(&cut, text, &e), 0);
	while (cut_next(&cut, &part, &row)) {
		struct arena *a = arena_new(0);
		struct inventory all;
		assert_false(part.failed);
		assert_int_equal(inventory_read(buf_bytes(&part), a, &all, &e), 0);
		int64_t shift = row - (cut.json ? 1 : 2);
		for (size_t i = 0; i < all.count; i++) {
			char name[32];
			(void)snprintf(name, sizeof(name), "pc-%lld", (long long)(all.rows[i].row + shift));
			assert_string_equal(all.rows[i].name, name);
		}
		seen += all.count;
		parts++;
		arena_free(a);
	}
	cut_end(&cut);
	assert_int_equal(seen, rows);
	assert_in_range(parts, 1, most_parts);
	buf_release(&part);
}

static void csv_is_cut_between_rows(void **state)
{
	struct buf text;
	buf_init(&text, 32 << 20);
	buf_adds(&text, "\xef\xbb\xbf\r\nname,serial\r\n");
	for (int i = 3; i < 30003; i++)
		buf_addf(&text, "pc-%d,\"quoted, \"\"%d\"\"\"\r\n", i, i);
	check_parts(buf_bytes(&text), 30000, 8);
	buf_release(&text);
}

static void json_is_cut_between_objects(void **state)
{
	struct buf text;
	buf_init(&text, 32 << 20);
	buf_adds(&text, "{\"items\":[");
	for (int i = 1; i <= 12000; i++)
		buf_addf(&text, "%s{\"name\":\"pc-%d\",\"mac\":[]}", i > 1 ? "," : "", i);
	buf_adds(&text, "]}");
	check_parts(buf_bytes(&text), 12000, 3);
	buf_release(&text);
}

static void a_file_without_rows_still_goes_once(void **state)
{
	check_parts(BYTES_LIT("name\n"), 0, 1);
	check_parts(BYTES_LIT("name"), 0, 1);
	check_parts(BYTES_LIT("[]"), 0, 1);
}

static void what_is_no_text_is_refused_before_anything_is_sent(void **state)
{
	struct cut cut;
	struct err e = ERR_INIT;
	assert_int_equal(cut_start(&cut, BYTES_LIT("name\n\xe4\n"), &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "UTF-8"));
	assert_int_equal(cut_start(&cut, BYTES_LIT("[1,"), &e), ERR_INVALID);
}

static void a_row_that_is_too_long_is_marked(void **state)
{
	struct cut cut;
	struct buf text, part;
	int64_t row;
	buf_init(&text, 4 << 20);
	buf_init(&part, API_FILE_MAX);
	buf_adds(&text, "name\n");
	for (int i = 0; i < 2 << 20; i++)
		buf_addc(&text, 'x');
	assert_int_equal(cut_start(&cut, buf_bytes(&text), NULL), 0);
	assert_true(cut_next(&cut, &part, &row));
	assert_true(part.failed);
	cut_end(&cut);
	buf_release(&part);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_is_cut_between_rows),
		cmocka_unit_test(json_is_cut_between_objects),
		cmocka_unit_test(a_file_without_rows_still_goes_once),
		cmocka_unit_test(what_is_no_text_is_refused_before_anything_is_sent),
		cmocka_unit_test(a_row_that_is_too_long_is_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
