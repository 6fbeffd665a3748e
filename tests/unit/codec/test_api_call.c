/* Requests as they come: path, query and JSON body against the arguments of a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/json.h"

static int seal(void *arg, const struct api_call *call, const struct api_arg *a, struct bytes plain,
		struct api_value *ret, struct err *e)
{
	struct buf text;
	buf_init(&text, 256);
	/* the other arguments are there when a secret is sealed */
	(void)buf_addf(&text, "sealed(%s/%s/%zu)", a->name, api_str(call, "name"), plain.len);
	ret->v.secret.sealed = arena_bytes(call->arena, buf_bytes(&text));
	ret->v.secret.row = 7;
	ret->v.secret.version = 1;
	buf_release(&text);
	return 0;
}

static int parse(enum api_command_id id, const char *path, const char *query, const char *body, struct api_call **ret,
		 struct err *e)
{
	return api_call_parse(api_command(id), bytes_str(path), bytes_str(query), bytes_str(body), seal, NULL, ret, e);
}

static void arguments_come_from_path_query_and_body(void **state)
{
	struct api_call *c = NULL;
	struct err e = ERR_INIT;
	size_t n;
	assert_int_equal(parse(API_CMD_DEVICE_SET, "/api/v1/devices/desk%2017%2Fa", "",
			       "{\"name\":\"desk-18\",\"old-tls\":true,\"add-tags\":[\"a\",\"b\"],\"note\":\"\"}", &c,
			       &e),
			 0);
	assert_string_equal(api_str(c, "device"), "desk 17/a");
	assert_string_equal(api_str(c, "name"), "desk-18");
	assert_string_equal(api_str(c, "note"), "");
	assert_true(api_bool(c, "old-tls"));
	assert_false(api_bool(c, "protected"));
	assert_false(api_has(c, "amt"));
	assert_null(api_str(c, "amt"));
	const struct bytes *tags = api_strs(c, "add-tags", &n);
	assert_int_equal(n, 2);
	assert_string_equal((const char *)tags[1].p, "b");
	assert_null(api_strs(c, "remove-tags", &n));
	assert_int_equal(n, 0);
	api_call_free(c);

	assert_int_equal(parse(API_CMD_DEVICE_LIST, "/api/v1/devices", "folder=%2FWork+stations%2f&limit=7&after=6162&",
			       "", &c, &e),
			 0);
	assert_string_equal(api_str(c, "folder"), "/Work stations/");
	assert_int_equal(c->limit, 7);
	assert_true(bytes_equal_str(c->after, "6162"));
	api_call_free(c);

	assert_int_equal(parse(API_CMD_POWER, "/api/v1/power", "",
			       "{\"verb\":\"off\",\"targets\":[\"/lab/\"],\"confirm\":120,\"deadline\":60000}", &c, &e),
			 0);
	assert_int_equal(api_int(c, "confirm", -1), 120);
	assert_int_equal(api_int(c, "deadline", -1), 60000);
	api_call_free(c);

	assert_int_equal(parse(API_CMD_JOB_SHOW, "/api/v1/jobs/42", "", "", &c, &e), 0);
	assert_int_equal(api_int(c, "job", -1), 42);
	api_call_free(c);
}

static void the_last_slash_of_a_folder_may_be_left_out(void **state)
{
	static const struct {
		const char *typed, *want;
	} rows[] = {
		{"/lab", "/lab/"},      {"/lab/", "/lab/"}, {"/", "/"}, {"vault:/amt", "vault:/amt/"},
		{"desk-17", "desk-17"}, {"zone", "zone"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct api_call *c = NULL;
		char text[64];
		(void)snprintf(text, sizeof(text), "{\"targets\":[\"%s\"],\"verb\":\"on\"}", rows[i].typed);
		assert_int_equal(parse(API_CMD_POWER, "/api/v1/power", "", text, &c, NULL), 0);
		size_t n;
		const struct bytes *targets = api_strs(c, "targets", &n);
		assert_int_equal(n, 1);
		assert_true(bytes_equal_str(targets[0], rows[i].want));
		api_call_free(c);
		(void)snprintf(text, sizeof(text), "target=%s", rows[i].typed);
		assert_int_equal(parse(API_CMD_SCHEDULE_LIST, "/api/v1/schedules", text, "", &c, NULL), 0);
		assert_string_equal(api_str(c, "target"), rows[i].want);
		api_call_free(c);
	}
	struct api_call *c = NULL; /* the last part is no folder */
	assert_int_equal(parse(API_CMD_CREDENTIAL_SHOW, "/api/v1/credentials/%2Famt%2Flab", "", "", &c, NULL), 0);
	assert_string_equal(api_str(c, "credential"), "/amt/lab");
	api_call_free(c);
}

static void a_list_has_a_page_size_when_none_is_given(void **state)
{
	struct api_call *c = NULL;
	assert_int_equal(parse(API_CMD_DEVICE_LIST, "/api/v1/devices", "", "", &c, NULL), 0);
	assert_int_equal(c->limit, API_LIMIT);
	assert_int_equal(c->after.len, 0);
	api_call_free(c);
}

static void secrets_are_sealed_last_and_not_kept(void **state)
{
	struct api_call *c = NULL;
	assert_int_equal(parse(API_CMD_CREDENTIAL_ADD, "/api/v1/credentials", "",
			       "{\"password\":\"P@ssw0rd\",\"name\":\"lab\"}", &c, NULL),
			 0);
	const struct api_value *v = api_value(c, "password");
	assert_true(v->set);
	assert_true(bytes_equal_str(v->v.secret.sealed, "sealed(password/lab/8)"));
	assert_int_equal(v->v.secret.row, 7);
	api_call_free(c);
	assert_true(api_command_has_secret(api_command(API_CMD_CREDENTIAL_ADD)));
	assert_false(api_command_has_secret(api_command(API_CMD_DEVICE_ADD)));
}

static const struct {
	enum api_command_id id;
	const char *path, *query, *body;
	int code;
	const char *part; /* of the sentence */
} bad[] = {
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "", ERR_MISSING, "'name' is missing"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{}", ERR_MISSING, "'name' is missing"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"\"}", ERR_MISSING, "'name' is empty"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":5}", ERR_INVALID, "name"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":null}", ERR_INVALID, "name"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\\u0007\"}", ERR_INVALID, "control character"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\",\"nmae\":\"b\"}", ERR_INVALID, "nmae"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\",\"name\":\"b\"}", ERR_INVALID, "body"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\",\"old-tls\":1}", ERR_INVALID, "old-tls"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\",\"tags\":\"x\"}", ERR_INVALID, "tags"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\",\"tags\":[1]}", ERR_INVALID, "tags"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\",\"tags\":[\"\"]}", ERR_MISSING, "tags"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "[]", ERR_INVALID, ""},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":\"a\"} x", ERR_INVALID, "body"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "", "{\"name\":", ERR_INVALID, "body"},
	{API_CMD_DEVICE_ADD, "/api/v1/devices", "dry=1", "{\"name\":\"a\"}", ERR_INVALID, "'dry'"},
	{API_CMD_POWER, "/api/v1/power", "", "{\"verb\":\"on\",\"confirm\":-1}", ERR_INVALID, "confirm"},
	{API_CMD_POWER, "/api/v1/power", "", "{\"verb\":\"on\",\"confirm\":9007199254740992}", ERR_INVALID, "confirm"},
	{API_CMD_POWER, "/api/v1/power", "", "{\"verb\":\"on\",\"deadline\":\"10m\"}", ERR_INVALID, "deadline"},
	{API_CMD_DISCOVER, "/api/v1/scans", "", "{\"ranges\":[]}", ERR_MISSING, "'ranges' is empty"},
	{API_CMD_DEVICE_SHOW, "/api/v1/devices/a%zz", "", "", ERR_INVALID, "'device' in the path"},
	{API_CMD_DEVICE_SHOW, "/api/v1/devices/a%0", "", "", ERR_INVALID, "'device' in the path"},
	{API_CMD_DEVICE_SHOW, "/api/v1/devices/a%00", "", "", ERR_INVALID, "'device' in the path"},
	{API_CMD_DEVICE_SHOW, "/api/v1/devices/a%ff", "", "", ERR_INVALID, "UTF-8"},
	{API_CMD_DEVICE_SHOW, "/api/v1/devices/a", "", "{}", ERR_INVALID, "takes no body"},
	{API_CMD_JOB_SHOW, "/api/v1/jobs/four", "", "", ERR_INVALID, "'job'"},
	{API_CMD_JOB_SHOW, "/api/v1/jobs/-1", "", "", ERR_INVALID, "'job'"},
	{API_CMD_DEVICE_LIST, "/api/v1/devices", "limit=0", "", ERR_INVALID, "'limit'"},
	{API_CMD_DEVICE_LIST, "/api/v1/devices", "limit=1001", "", ERR_INVALID, "'limit'"},
	{API_CMD_DEVICE_LIST, "/api/v1/devices", "tag=a&tag=b", "", ERR_INVALID, "'tag' is given twice"},
	{API_CMD_DEVICE_LIST, "/api/v1/devices", "tag=%", "", ERR_INVALID, "query"},
	{API_CMD_DEVICE_SHOW, "/api/v1/devices/a", "limit=5", "", ERR_INVALID, "'limit'"},
	{API_CMD_DISCOVERED_LIST, "/api/v1/discovered", "linked=yes", "", ERR_INVALID, "'linked'"},
	{API_CMD_CREDENTIAL_ADD, "/api/v1/credentials", "", "{\"name\":\"a\"}", ERR_MISSING, "'password' is missing"},
	{API_CMD_CREDENTIAL_ADD, "/api/v1/credentials", "", "{\"name\":\"a\",\"password\":\"\"}", ERR_MISSING,
	 "'password'"},
	{API_CMD_CREDENTIAL_ADD, "/api/v1/credentials", "", "{\"name\":\"a\",\"password\":[\"x\"]}", ERR_INVALID,
	 "password"},
};

static void what_is_wrong_is_named(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct api_call *c = NULL;
		struct err e = ERR_INIT;
		int code = parse(bad[i].id, bad[i].path, bad[i].query, bad[i].body, &c, &e);
		if (code != bad[i].code || !strstr(e.msg, bad[i].part))
			print_error("row %zu: %s %s\n", i, err_name(code), e.msg);
		assert_int_equal(code, bad[i].code);
		assert_non_null(strstr(e.msg, bad[i].part));
		assert_null(c);
	}
}

static void a_text_that_is_too_long_is_refused(void **state)
{
	struct api_call *c = NULL;
	struct err e = ERR_INIT;
	struct buf body;
	buf_init(&body, 3 * API_STR_MAX);
	(void)buf_adds(&body, "{\"name\":\"");
	for (int i = 0; i < API_STR_MAX + 1; i++)
		(void)buf_addc(&body, 'x');
	(void)buf_adds(&body, "\"}");
	int code = parse(API_CMD_DEVICE_ADD, "/api/v1/devices", "", buf_cstr(&body), &c, &e);
	assert_true(code == ERR_TOO_BIG || code == ERR_INVALID);
	assert_non_null(strstr(e.msg, "name"));
	buf_release(&body);
}

static const struct api_arg *arg_of(enum api_command_id id, const char *name)
{
	const struct api_command *c = api_command(id);
	for (size_t i = 0; i < c->arg_count; i++)
		if (strcmp(c->args[i].name, name) == 0)
			return &c->args[i];
	return NULL;
}

static void files_come_as_they_are(void **state)
{
	struct api_call *c = NULL;
	struct err e = ERR_INIT;
	assert_int_equal(parse(API_CMD_CALENDAR_IMPORT, "/api/v1/calendars/a/import", "",
			       "{\"file\":\"BEGIN:VCALENDAR\\r\\n\\tx\\n\"}", &c, &e),
			 0);
	assert_true(bytes_equal_str(api_file(c, "file"), "BEGIN:VCALENDAR\r\n\tx\n"));
	api_call_free(c);
	assert_int_equal(parse(API_CMD_CALENDAR_IMPORT, "/api/v1/calendars/a/import", "", "{\"file\":\"\"}", &c, &e),
			 ERR_MISSING);
	assert_int_equal(parse(API_CMD_CALENDAR_IMPORT, "/api/v1/calendars/a/import", "", "{\"replace\":true}", &c, &e),
			 ERR_MISSING);
	struct buf body;
	buf_init(&body, 4 << 20);
	(void)buf_adds(&body, "{\"file\":\"");
	for (size_t i = 0; i <= API_FILE_MAX; i++)
		(void)buf_addc(&body, 'x');
	(void)buf_adds(&body, "\"}");
	assert_int_equal(parse(API_CMD_CALENDAR_IMPORT, "/api/v1/calendars/a/import", "", buf_cstr(&body), &c, &e),
			 ERR_INVALID);
	buf_release(&body);
	const struct api_arg *a = &api_command(API_CMD_CALENDAR_IMPORT)->args[1];
	assert_int_equal(api_arg_check_bytes(a, BYTES_LIT("a\0b"), &e), ERR_INVALID);
	assert_int_equal(api_arg_check_bytes(a, BYTES_LIT("\xff"), &e), ERR_INVALID);
}

static void typed_values_become_json(void **state)
{
	static const struct {
		enum api_command_id id;
		const char *arg, *text, *json;
	} rows[] = {
		{API_CMD_POWER, "deadline", "10m", "{\"deadline\":600000}"},
		{API_CMD_POWER, "confirm", "12", "{\"confirm\":12}"},
		{API_CMD_POWER, "all", "true", "{\"all\":true}"},
		{API_CMD_DEVICE_ADD, "name", "a \"b\"", "{\"name\":\"a \\\"b\\\"\"}"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		struct json_writer w;
		buf_init(&out, 256);
		json_writer_init(&w, &out);
		json_begin_object(&w, NULL);
		assert_int_equal(api_arg_put(arg_of(rows[i].id, rows[i].arg), rows[i].text, &w, NULL), 0);
		json_end(&w);
		assert_string_equal(buf_cstr(&out), rows[i].json);
		buf_release(&out);
	}
	struct err e = ERR_INIT;
	assert_int_equal(api_arg_check(arg_of(API_CMD_POWER, "confirm"), "many", &e), ERR_INVALID);
	assert_int_equal(api_arg_check(arg_of(API_CMD_POWER, "targets"), "", &e), ERR_MISSING);
}

static void addresses_are_escaped(void **state)
{
	struct buf out;
	buf_init(&out, 256);
	(void)buf_adds(&out, "/api/v1/devices/");
	api_escape(&out, BYTES_LIT("desk 17/\xc3\xa4~"));
	assert_int_equal(api_query_put(&out, arg_of(API_CMD_DEVICE_LIST, "folder"), "/a b/", NULL), 0);
	assert_int_equal(api_query_put(&out, arg_of(API_CMD_DEVICE_LIST, "tag"), "x&y", NULL), 0);
	assert_string_equal(buf_cstr(&out), "/api/v1/devices/desk%2017%2F%C3%A4~?folder=%2Fa%20b%2F&tag=x%26y");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_come_from_path_query_and_body),
		cmocka_unit_test(the_last_slash_of_a_folder_may_be_left_out),
		cmocka_unit_test(a_list_has_a_page_size_when_none_is_given),
		cmocka_unit_test(secrets_are_sealed_last_and_not_kept),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_text_that_is_too_long_is_refused),
		cmocka_unit_test(files_come_as_they_are),
		cmocka_unit_test(typed_values_become_json),
		cmocka_unit_test(addresses_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
