/* The API description: JSON that a strict reader takes, with every route of the table and no other. Its schemas are
 * held against real answers by the scenarios, with a checker that others wrote (python3-jsonschema). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/json.h"

#define MAX (2u * 1024 * 1024)

static const struct json_t *member(const struct json_t *j, const char *name)
{
	const struct json_t *found = NULL;
	struct err e = ERR_INIT;
	if (json_get_object(j, name, &found, &e))
		fail_msg("no member %s: %s", name, e.msg);
	return found;
}

static void every_route_is_described(void **state)
{
	static const char *const method[] = {"get", "post", "put", "patch", "delete"};
	struct json_t *doc = NULL;
	struct buf out;
	buf_init(&out, MAX);
	assert_int_equal(api_openapi_write(&out), 0);
	struct err e = ERR_INIT;
	if (json_parse(buf_bytes(&out), MAX, &doc, &e))
		fail_msg("%s", e.msg);
	const struct json_t *paths = member(doc, "paths");
	for (size_t i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		char path[128], name[64];
		const char *id, *right;
		(void)snprintf(path, sizeof(path), API_PREFIX "%s", c->path);
		(void)api_command_name(c, name, sizeof(name));
		const struct json_t *op = member(member(paths, path), method[c->method]);
		assert_int_equal(json_get_str(op, "operationId", 100, &id, NULL), 0);
		assert_string_equal(id, name);
		assert_int_equal(json_get_str(op, "x-right", 100, &right, NULL), 0);
		assert_string_equal(right, right_name(c->right));
		(void)member(member(op, "responses"), *c->answer ? "200" : "204");
		(void)member(member(op, "responses"), "default");
	}
	for (size_t i = 0; i < API_OBJECT_COUNT; i++)
		(void)member(member(member(doc, "components"), "schemas"), api_object((enum api_object_id)i)->name);
	json_free(doc);
	buf_release(&out);
}

static void a_buffer_that_is_too_small_is_told(void **state)
{
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(api_openapi_write(&out), ERR_TOO_BIG);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described),
		cmocka_unit_test(a_buffer_that_is_too_small_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
