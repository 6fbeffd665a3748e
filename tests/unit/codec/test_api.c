/* The table itself: what every row has to fulfil so that routes, checks, documents and clients may be made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/json.h"
#include "codec/password.h"

static const struct {
	enum api_command_id command;
	const char *name;
} arg_rows[] = {
#define API_ARG(command, name, ...) {API_CMD_##command, name},
#include "codec/api.tbl.h"
};

static const struct {
	enum api_object_id object;
	const char *name;
} field_rows[] = {
#define API_FIELD(object, name, ...) {API_OBJECT_##object, name},
#include "codec/api.tbl.h"
};

static void every_argument_and_field_stands_behind_its_own_head(void **state)
{
	size_t at[API_CMD_COUNT] = {0}, of[API_OBJECT_COUNT] = {0};
	for (size_t i = 0; i < ARRAY_LEN(arg_rows); i++) {
		const struct api_command *c = api_command(arg_rows[i].command);
		assert_true(at[c->id] < c->arg_count);
		assert_string_equal(c->args[at[c->id]++].name, arg_rows[i].name);
	}
	for (size_t i = 0; i < API_CMD_COUNT; i++)
		assert_int_equal(at[i], api_command((enum api_command_id)i)->arg_count);
	for (size_t i = 0; i < ARRAY_LEN(field_rows); i++) {
		const struct api_object *o = api_object(field_rows[i].object);
		assert_true(of[o->id] < o->field_count);
		assert_string_equal(o->fields[of[o->id]++].name, field_rows[i].name);
	}
	for (size_t i = 0; i < API_OBJECT_COUNT; i++)
		assert_int_equal(of[i], api_object((enum api_object_id)i)->field_count);
}

/* Two templates meet when some path fits both. */
static bool templates_meet(const char *a, const char *b)
{
	while (*a && *b) {
		size_t n = 1 + strcspn(a + 1, "/"), m = 1 + strcspn(b + 1, "/");
		bool open = a[1] == '{' || b[1] == '{';
		if (!open && (n != m || strncmp(a, b, n) != 0))
			return false;
		a += n;
		b += m;
	}
	return !*a && !*b;
}

static void no_path_has_two_commands_with_one_method(void **state)
{
	for (size_t i = 0; i < API_CMD_COUNT; i++)
		for (size_t j = i + 1; j < API_CMD_COUNT; j++) {
			const struct api_command *a = api_command((enum api_command_id)i);
			const struct api_command *b = api_command((enum api_command_id)j);
			assert_false(a->method == b->method && templates_meet(a->path, b->path));
			assert_false(strcmp(a->noun, b->noun) == 0 && strcmp(a->verb, b->verb) == 0);
		}
}

static void commands_fit_their_kind(void **state)
{
	for (size_t i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		assert_true(c->right <= RIGHT_OPEN && c->scope < API_SCOPE_COUNT);
		assert_true(*c->path == '/' && *c->sentence && strncmp(c->example, "lamp ", 5) == 0);
		assert_true((c->kind == API_WRITE) == (c->method != API_GET));
		if (*c->answer)
			assert_non_null(api_object_find(c->answer));
		else
			assert_int_equal(c->kind, API_WRITE);
	}
}

static void arguments_fit_their_place(void **state)
{
	for (size_t i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		for (size_t k = 0; k < c->arg_count; k++) {
			const struct api_arg *a = &c->args[k];
			char in_path[64];
			bool list = a->type == API_STRS || a->type == API_TARGETS || a->type == API_SECRET;
			(void)snprintf(in_path, sizeof(in_path), "{%s}", a->name);
			assert_true((a->where == API_PATH) == (strstr(c->path, in_path) != NULL));
			assert_true(a->where != API_PATH || a->required);
			assert_true(!list || a->where == API_BODY);
			assert_true(a->where != API_BODY || c->method != API_GET);
			assert_true(*a->sentence);
		}
	}
}

/* Mission row M12: the example that people see passes the check that people meet. */
static void every_example_passes_its_own_check(void **state)
{
	for (size_t i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		for (size_t k = 0; k < c->arg_count; k++) {
			struct err e = ERR_INIT;
			assert_int_equal(api_arg_check(&c->args[k], c->args[k].example, &e), 0);
			if (c->args[k].type == API_SECRET)
				assert_int_equal(password_check(bytes_str(c->args[k].example), &e), 0);
		}
	}
}

static void every_command_is_found_by_its_route_and_by_its_name(void **state)
{
	for (size_t i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i), *found = NULL;
		char path[128], allow[API_ALLOW_SIZE];
		(void)snprintf(path, sizeof(path), API_PREFIX "%s", c->path);
		for (char *open; (open = strchr(path, '{'));) { /* any text will do for an argument */
			*open = 'x';
			*strchr(path, '}') = 'x';
		}
		assert_int_equal(api_route(c->method, bytes_str(path), &found, allow, NULL), 0);
		assert_ptr_equal(found, c);
		assert_ptr_equal(api_command_find(c->noun, c->verb), c);
	}
	assert_null(api_command_find("device", "explode"));
}

static void a_wrong_path_and_a_wrong_method_are_told_apart(void **state)
{
	static const struct {
		enum api_method method;
		const char *path;
		int code;
		const char *allow;
	} rows[] = {
		{API_GET, "/api/v1/nothing", ERR_NOT_FOUND, ""},
		{API_GET, "/api/v2/devices", ERR_NOT_FOUND, ""},
		{API_GET, "/devices", ERR_NOT_FOUND, ""},
		{API_GET, "/api/v1/devices/", ERR_NOT_FOUND, ""},
		{API_GET, "/api/v1/devices//name", ERR_NOT_FOUND, ""},
		{API_GET, "/api/v1", ERR_NOT_FOUND, ""},
		{API_GET, "", ERR_NOT_FOUND, ""},
		{API_DELETE, "/api/v1/devices", ERR_UNSUPPORTED, "GET, HEAD, POST, OPTIONS"},
		{API_PUT, "/api/v1/devices/test", ERR_UNSUPPORTED, "GET, HEAD, POST, PATCH, DELETE, OPTIONS"},
		{API_POST, "/healthz", ERR_UNSUPPORTED, "GET, HEAD, OPTIONS"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct api_command *c = NULL;
		char allow[API_ALLOW_SIZE] = "";
		struct err e = ERR_INIT;
		assert_int_equal(api_route(rows[i].method, bytes_str(rows[i].path), &c, allow, &e), rows[i].code);
		assert_string_equal(allow, rows[i].allow);
		assert_null(c);
	}
}

static void methods_and_scopes_have_names(void **state)
{
	enum api_method m = API_POST;
	assert_true(api_method_from_name(BYTES_LIT("HEAD"), &m));
	assert_int_equal(m, API_GET);
	assert_true(api_method_from_name(BYTES_LIT("DELETE"), &m));
	assert_int_equal(m, API_DELETE);
	assert_false(api_method_from_name(BYTES_LIT("get"), &m));
	assert_string_equal(api_method_name(API_PATCH), "PATCH");
	assert_string_equal(api_scope_name(API_SCOPE_ZONE), "zone");
	assert_string_equal(api_scope_name(API_SCOPE_OWN), "own");
	char name[32];
	assert_int_equal(api_command_name(api_command(API_CMD_DEVICE_ADD), name, sizeof(name)), 10);
	assert_string_equal(name, "device.add");
	(void)api_command_name(api_command(API_CMD_POWER), name, sizeof(name));
	assert_string_equal(name, "power");
}

static void an_object_is_written_member_by_member(void **state)
{
	static const char *const names[] = {"desk-1", "desk \"2\""};
	struct err e = ERR_INIT;
	struct buf out;
	buf_init(&out, 4096);
	(void)err_set(&e, ERR_CONFIRM, "2 devices would go off");
	api_error_write(&out, &e, &(struct api_error){2, names, 2});
	assert_string_equal(
		buf_cstr(&out),
		"{\"error\":\"confirm\",\"message\":\"2 devices would go off\",\"next\":\"repeat it with the "
		"number of devices as confirmation\",\"expected\":2,\"names\":[\"desk-1\",\"desk \\\"2\\\"\"]}");
	buf_reset(&out);
	api_error_write(&out, &(struct err){.code = ERR_BUSY}, &API_ERROR_NONE);
	assert_string_equal(buf_cstr(&out), "{\"error\":\"busy\",\"message\":\"the server is too busy to take this "
					    "now\",\"next\":\"try again in a few "
					    "seconds\",\"expected\":null,\"names\":null}");
	buf_reset(&out);
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &out);
	api_begin(&w, &json, NULL, API_OBJECT_server);
	api_put_int(&w, "id", 1);
	api_put_str(&w, "name", "lamp1");
	api_put_str(&w, "fqdn", "");
	api_put_str(&w, "version", "1");
	api_put_time(&w, "started", 1795360996123);
	api_put_time(&w, "last_seen", 0);
	api_end(&w);
	assert_string_equal(buf_cstr(&out), "{\"id\":1,\"name\":\"lamp1\",\"fqdn\":\"\",\"version\":\"1\",\"started\":"
					    "\"2026-11-22T15:23:16.123Z\",\"last_seen\":null}");
	buf_release(&out);
}

static void lists_are_split_at_their_separator(void **state)
{
	struct buf out;
	struct json_writer json;
	struct api_writer w = {0};
	buf_init(&out, 4096);
	json_writer_init(&json, &out);
	json_begin_object(&json, NULL);
	w.json = &json;
	w.object = api_object(API_OBJECT_device);
	w.next = 3; /* tags */
	assert_string_equal(w.object->fields[3].name, "tags");
	api_put_list(&w, "tags", "a,b c,d", ',');
	w.next = 3;
	json_end(&json);
	assert_string_equal(buf_cstr(&out), "{\"tags\":[\"a\",\"b c\",\"d\"]}");
	buf_reset(&out);
	json_writer_init(&json, &out);
	json_begin_object(&json, NULL);
	api_put_list(&w, "tags", "", ',');
	json_end(&json);
	assert_string_equal(buf_cstr(&out), "{\"tags\":[]}");
	buf_release(&out);
}

static void every_error_has_a_status(void **state)
{
	static const struct {
		int code, status;
	} rows[] = {
		{ERR_INVALID, 400},  {ERR_MISSING, 400},  {ERR_NOT_FOUND, 404},   {ERR_EXISTS, 409},
		{ERR_IN_USE, 409},   {ERR_CONFLICT, 409}, {ERR_CONFIRM, 409},     {ERR_HELD, 409},
		{ERR_TOO_BIG, 413},  {ERR_BUSY, 503},     {ERR_DISK, 507},        {ERR_DATABASE, 503},
		{ERR_TAMPERED, 500}, {ERR_FAILED, 500},   {ERR_NOT_ALLOWED, 403}, {ERR_PASSWORD_RULE, 400},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(api_error_status(rows[i].code), rows[i].status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_argument_and_field_stands_behind_its_own_head),
		cmocka_unit_test(no_path_has_two_commands_with_one_method),
		cmocka_unit_test(commands_fit_their_kind),
		cmocka_unit_test(arguments_fit_their_place),
		cmocka_unit_test(every_example_passes_its_own_check),
		cmocka_unit_test(every_command_is_found_by_its_route_and_by_its_name),
		cmocka_unit_test(a_wrong_path_and_a_wrong_method_are_told_apart),
		cmocka_unit_test(methods_and_scopes_have_names),
		cmocka_unit_test(an_object_is_written_member_by_member),
		cmocka_unit_test(lists_are_split_at_their_separator),
		cmocka_unit_test(every_error_has_a_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
