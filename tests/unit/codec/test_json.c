/* JSON in and out: what is refused and how it is said, and exact bytes of the writer. */
#include "testing.h"

#include <math.h>

#include "codec/json.h"

static struct json_t *parsed(const char *text)
{
	struct json_t *j = NULL;
	struct err e = ERR_INIT;
	if (json_parse(bytes_str(text), 65536, &j, &e))
		fail_msg("%s: %s", text, e.msg);
	return j;
}

static void what_is_not_strict_json_is_refused(void **state)
{
	static const struct {
		const char *in;
		int rc;
		const char *says;
	} rows[] = {
		{"", ERR_INVALID, "line 1"},
		{"{", ERR_INVALID, "line 1"},
		{"{\"a\":1,\"a\":2}", ERR_INVALID, "duplicate"},
		{"{\"a\":1} x", ERR_INVALID, "end of file expected"},
		{"{\"a\":1}{}", ERR_INVALID, "end of file expected"},
		{"{\"a\":1,}", ERR_INVALID, "line 1 column 8"},
		{"{\n\"a\":\n tru}", ERR_INVALID, "line 3"},
		{"{'a':1}", ERR_INVALID, "string or '}' expected"},
		{"[01]", ERR_INVALID, "line 1"},
		{"[9223372036854775808]", ERR_INVALID, "too big integer"},
		{"[1e999]", ERR_INVALID, "real number overflow"},
		{"\"a\nb\"", ERR_INVALID, "unexpected newline"},
		{"\"\\u0000\"", ERR_INVALID, "u0000"},
		{"\"\\ud800\"", ERR_INVALID, "invalid Unicode"},
		{"\"\xff\"", ERR_INVALID, "unable to decode"},
		{"\"\xed\xa0\x80\"", ERR_INVALID, "unable to decode"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", ERR_TOO_BIG, "deeper than 32"},
		{"{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}", ERR_TOO_BIG,
		 "limit is 77"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_t *j = NULL;
		struct err e = ERR_INIT;
		struct bytes in = visible(bytes_str(rows[i].in), strlen(rows[i].in));
		int rc = json_parse(in, 77, &j, &e);
		free((void *)(uintptr_t)in.p);
		if (rc != rows[i].rc || !strstr(e.msg, rows[i].says))
			fail_msg("row %zu: %d \"%s\"", i, rc, e.msg);
		assert_null(j);
	}
}

static void messages_do_not_quote_the_input(void **state)
{
	struct json_t *j;
	struct err e = ERR_INIT;
	assert_int_equal(json_parse(BYTES_LIT("{\"password\": Geheim}"), 100, &j, &e), ERR_INVALID);
	assert_null(strstr(e.msg, "Geheim"));
}

static void brackets_inside_texts_are_not_nesting(void **state)
{
	json_free(parsed("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[\", {}, [], {}, []]"));
	json_free(parsed("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"));
}

static const char sample[] = "{\"name\":\"desk-17\",\"count\":-5,\"big\":9223372036854775807,\"on\":true,\"off\":false,"
			     "\"nothing\":null,\"inner\":{\"a\":1},\"list\":[\"x\",2,\"y\"],\"real\":1.5}";

static void every_early_end_is_noticed(void **state)
{
	for (size_t len = 0; len < sizeof(sample) - 1; len++) {
		struct json_t *j;
		struct bytes in = visible(bytes_str(sample), len);
		assert_int_equal(json_parse(in, 4096, &j, NULL), ERR_INVALID);
		free((void *)(uintptr_t)in.p);
	}
}

static void members_are_read_with_their_type(void **state)
{
	struct json_t *j = parsed(sample);
	const char *text = NULL;
	int64_t n = 0;
	bool b = false;
	const struct json_t *v = NULL;
	assert_int_equal(json_get_str(j, "name", 7, &text, NULL), 0);
	assert_string_equal(text, "desk-17");
	assert_int_equal(json_get_i64(j, "count", -5, 5, &n, NULL), 0);
	assert_int_equal(n, -5);
	assert_int_equal(json_get_i64(j, "big", 0, INT64_MAX, &n, NULL), 0);
	assert_true(n == INT64_MAX);
	assert_int_equal(json_get_bool(j, "on", &b, NULL), 0);
	assert_true(b);
	assert_int_equal(json_get_bool(j, "off", &b, NULL), 0);
	assert_false(b);
	assert_int_equal(json_get_object(j, "inner", &v, NULL), 0);
	assert_int_equal(json_get_i64(v, "a", 1, 1, &n, NULL), 0);
	assert_int_equal(json_get_array(j, "list", 3, &v, NULL), 0);
	assert_int_equal(json_count(v), 3);
	assert_int_equal(json_at_str(v, 2, 10, &text, NULL), 0);
	assert_string_equal(text, "y");
	assert_int_equal(json_at_i64(v, 1, 0, 2, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_non_null(json_at(v, 0));
	assert_null(json_at(v, 3));
	assert_int_equal(json_count(j), 0);
	assert_true(json_has(j, "nothing"));
	assert_false(json_has(j, "else"));
	json_free(j);
	json_free(NULL);
}

static void a_wrong_member_is_named(void **state)
{
	struct json_t *j = parsed(sample);
	struct err e = ERR_INIT;
	const char *text = "untouched";
	int64_t n = 77;
	bool b = true;
	const struct json_t *v = j, *list;
	assert_int_equal(json_get_str(j, "none", 9, &text, &e), ERR_MISSING);
	assert_string_equal(e.msg, "member \"none\" is missing");
	assert_int_equal(json_get_str(j, "count", 9, &text, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"count\" is not a text");
	assert_int_equal(json_get_str(j, "name", 6, &text, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"name\" is longer than 6 bytes");
	assert_int_equal(json_get_str(j, "nothing", 6, &text, &e), ERR_INVALID);
	assert_int_equal(json_get_i64(j, "real", 0, 9, &n, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"real\" is not a whole number");
	assert_int_equal(json_get_i64(j, "count", 0, 9, &n, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"count\" is not between 0 and 9");
	assert_int_equal(json_get_bool(j, "name", &b, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"name\" is neither true nor false");
	assert_int_equal(json_get_object(j, "list", &v, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"list\" is not an object");
	assert_int_equal(json_get_array(j, "inner", 9, &v, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"inner\" is not a list");
	assert_int_equal(json_get_array(j, "list", 2, &v, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"list\" has more than 2 items");
	assert_int_equal(json_get_array(j, "list", 3, &list, &e), 0);
	assert_int_equal(json_at_str(list, 1, 9, &text, &e), ERR_INVALID);
	assert_string_equal(e.msg, "item 1 is not a text");
	assert_int_equal(json_at_i64(list, 9, 0, 9, &n, &e), ERR_INVALID);
	assert_int_equal(json_get_str(list, "name", 9, &text, &e), ERR_INVALID);
	assert_contains(e.msg, "not an object");
	assert_string_equal(text, "untouched");
	assert_int_equal(n, 77);
	assert_true(b);
	assert_ptr_equal(v, j);
	json_free(j);
}

static void optional_members_may_be_left_out_or_null_but_not_wrong(void **state)
{
	struct json_t *j = parsed(sample);
	const char *text = "as it was";
	int64_t n = 7;
	bool b = true;
	const struct json_t *v = NULL;
	static const char *const absent[] = {"none", "nothing"};
	for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
		assert_int_equal(json_opt_str(j, absent[i], 9, &text, NULL), 0);
		assert_int_equal(json_opt_i64(j, absent[i], 0, 9, &n, NULL), 0);
		assert_int_equal(json_opt_bool(j, absent[i], &b, NULL), 0);
		assert_int_equal(json_opt_object(j, absent[i], &v, NULL), 0);
		assert_int_equal(json_opt_array(j, absent[i], 9, &v, NULL), 0);
	}
	assert_string_equal(text, "as it was");
	assert_int_equal(n, 7);
	assert_true(b);
	assert_null(v);
	assert_int_equal(json_opt_str(j, "count", 9, &text, NULL), ERR_INVALID);
	assert_int_equal(json_opt_i64(j, "count", -9, 9, &n, NULL), 0);
	assert_int_equal(n, -5);
	json_free(j);
}

static void unknown_members_are_named(void **state)
{
	static const char *const all[] = {"name",    "count", "big",  "on",   "off",
					  "nothing", "inner", "list", "real", NULL};
	static const char *const fewer[] = {"name", "count", "big", "on", "off", "nothing", "inner", "list", NULL};
	struct json_t *j = parsed(sample), *list = parsed("[]");
	struct err e = ERR_INIT;
	assert_int_equal(json_check_members(j, all, &e), 0);
	assert_int_equal(json_check_members(j, fewer, &e), ERR_INVALID);
	assert_string_equal(e.msg, "member \"real\" is not known here");
	assert_int_equal(json_check_members(list, all, &e), ERR_INVALID);
	json_free(j);
	json_free(list);
}

static void the_writer_puts_names_commas_and_ends(void **state)
{
	struct buf out;
	struct json_writer w;
	buf_init(&out, 4096);
	json_writer_init(&w, &out);
	assert_false(json_writer_is_done(&w));
	json_begin_object(&w, NULL);
	json_put_str(&w, "a", "b");
	json_put_str(&w, "none", NULL);
	json_put_u64(&w, "u", UINT64_MAX);
	json_put_i64(&w, "i", INT64_MIN);
	json_put_i64(&w, "j", 7);
	json_put_bool(&w, "t", true);
	json_put_bool(&w, "f", false);
	json_begin_array(&w, "list");
	json_put_double(&w, NULL, 0.1);
	json_put_double(&w, NULL, 1.0 / 3);
	json_put_double(&w, NULL, NAN);
	json_begin_object(&w, NULL);
	json_end(&w);
	json_begin_array(&w, NULL);
	json_end(&w);
	json_end(&w);
	json_put_raw(&w, "raw", BYTES_LIT("{\"x\":1}"));
	json_put_null(&w, "last");
	assert_false(json_writer_is_done(&w));
	json_end(&w);
	assert_true(json_writer_is_done(&w));
	assert_bytes_equal_str(
		buf_bytes(&out),
		"{\"a\":\"b\",\"none\":null,\"u\":18446744073709551615,\"i\":-9223372036854775808,\"j\":7,"
		"\"t\":true,\"f\":false,\"list\":[0.1,0.33333333333333331,null,{},[]],\"raw\":{\"x\":1},"
		"\"last\":null}");
	buf_release(&out);
}

static void texts_are_escaped_and_never_leave_as_invalid_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"", "\"\""},
		{"plain /text", "\"plain /text\""},
		{"\"\\", "\"\\\"\\\\\""},
		{"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
		{"\1\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
		{"\xc2\x85", "\"\\u0085\""},
		{"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"\xe2\x80\xae\xe2\x81\xa9", "\"\\u202e\\u2069\""},
		{"a\xff\xfe z", "\"a\xef\xbf\xbd\xef\xbf\xbd z\""},
		{"\xc3", "\"\xef\xbf\xbd\""},
		{"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"</script>", "\"</script>\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 256);
		struct bytes in = visible(bytes_str(rows[i].in), strlen(rows[i].in));
		json_quote(&out, in);
		free((void *)(uintptr_t)in.p);
		assert_bytes_equal_str(buf_bytes(&out), rows[i].out);
		json_free(parsed(buf_cstr(&out)));
		buf_release(&out);
	}
}

static void a_full_buffer_is_noticed_at_every_byte(void **state)
{
	static const char whole[] = "{\"a\":[\"b\\n\xef\xbf\xbd\",12,true]}";
	for (size_t max = 0; max < sizeof(whole); max++) {
		struct buf out;
		struct json_writer w;
		buf_init(&out, max);
		json_writer_init(&w, &out);
		json_begin_object(&w, NULL);
		json_begin_array(&w, "a");
		json_put_str(&w, NULL, "b\n\xff");
		json_put_u64(&w, NULL, 12);
		json_put_bool(&w, NULL, true);
		json_end(&w);
		json_end(&w);
		assert_int_equal(buf_check(&out, NULL, "answer"), max < sizeof(whole) - 1 ? ERR_TOO_BIG : 0);
		if (max == sizeof(whole) - 1)
			assert_bytes_equal_str(buf_bytes(&out), whole);
		buf_release(&out);
	}
}

static void what_was_read_is_written_again_in_its_order(void **state)
{
	static const char text[] = "{\"z\":[1,-2,true,null,\"a\\\"b\"],\"a\":{\"x\":1.5},\"b\":[]}";
	struct json_t *j = NULL;
	struct buf out;
	assert_int_equal(json_parse(BYTES_LIT(text), sizeof(text), &j, NULL), 0);
	buf_init(&out, 4096);
	assert_int_equal(json_dump(&out, j), 0);
	assert_string_equal(buf_cstr(&out), text);
	buf_release(&out);
	buf_init(&out, sizeof(text) - 2);
	assert_int_equal(json_dump(&out, j), ERR_TOO_BIG);
	buf_release(&out);
	json_free(j);
}

static void values_are_shown_to_people_without_quotes(void **state)
{
	static const char text[] =
		"{\"s\":\"a b\",\"n\":7,\"t\":true,\"f\":false,\"l\":[\"x\",\"y\"],\"e\":[],\"o\":null}";
	static const struct {
		const char *name, *shown;
	} rows[] = {{"s", "a b"}, {"n", "7"}, {"t", "yes"}, {"f", "no"},
		    {"l", "x,y"}, {"e", ""},  {"o", ""},    {"gone", ""}};
	struct json_t *j = NULL;
	assert_int_equal(json_parse(BYTES_LIT(text), sizeof(text), &j, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 256);
		json_text(&out, json_member(j, rows[i].name));
		assert_string_equal(buf_cstr(&out), rows[i].shown);
		buf_release(&out);
	}
	json_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_read_is_written_again_in_its_order),
		cmocka_unit_test(values_are_shown_to_people_without_quotes),
		cmocka_unit_test(what_is_not_strict_json_is_refused),
		cmocka_unit_test(messages_do_not_quote_the_input),
		cmocka_unit_test(brackets_inside_texts_are_not_nesting),
		cmocka_unit_test(every_early_end_is_noticed),
		cmocka_unit_test(members_are_read_with_their_type),
		cmocka_unit_test(a_wrong_member_is_named),
		cmocka_unit_test(optional_members_may_be_left_out_or_null_but_not_wrong),
		cmocka_unit_test(unknown_members_are_named),
		cmocka_unit_test(the_writer_puts_names_commas_and_ends),
		cmocka_unit_test(texts_are_escaped_and_never_leave_as_invalid_utf8),
		cmocka_unit_test(a_full_buffer_is_noticed_at_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
