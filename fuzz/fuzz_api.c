/* A request of the API: method, path, query and body, as lines. What is taken fits the table; what is refused says why,
 * and every value that was taken is taken again when it is typed. With "lamp" for a method: noun, verb and what is
 * typed for its arguments. */
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/api.h"
#include "codec/json.h"
#include "codec/password.h"
#include "fuzz/fuzz.h"

static int seal(void *arg, const struct api_call *call, const struct api_arg *a, struct bytes plain,
		struct api_value *ret, struct err *e)
{
	(void)arg;
	int code = api_has(call, "any-password") ? 0 : password_check(plain, e);
	ret->v.secret.sealed = arena_bytes(call->arena, plain);
	return code;
}

static struct bytes take_line(struct bytes *in)
{
	const uint8_t *end = in->len ? memchr(in->p, '\n', in->len) : NULL;
	struct bytes line = end ? BYTES(in->p, (size_t)(end - in->p)) : *in;
	*in = end ? BYTES(end + 1, in->len - line.len - 1) : BYTES_NONE;
	return line;
}

static void check_value(const struct api_call *call, const struct api_arg *a)
{
	size_t n;
	struct buf target;
	switch (a->type) {
	case API_STR:
	case API_PLACE:
		ASSERT(text_is_printable(api_value(call, a->name)->v.s));
		buf_init(&target, 4 * API_STR_MAX);
		ASSERT(api_query_put(&target, a, api_str(call, a->name), NULL) == 0);
		buf_release(&target);
		break;
	case API_STRS:
	case API_TARGETS:
		(void)api_strs(call, a->name, &n);
		ASSERT(n <= API_STRS_MAX && (n || !a->required));
		break;
	case API_FILE:
	case API_DATA:
		ASSERT(api_file(call, a->name).len <= API_FILE_MAX);
		break;
	case API_BOOL:
		(void)api_bool(call, a->name);
		break;
	case API_SECRET:
		ASSERT(api_command_has_secret(call->command) && api_value(call, a->name)->v.secret.sealed.len);
		break;
	default:
		ASSERT(api_int(call, a->name, -1) >= 0);
		break;
	}
}

/* The query once more, as if a person had typed it for each argument: what is taken becomes JSON. */
static void type_it(const struct api_command *c, struct bytes typed)
{
	char *text = bytes_dup_str(typed);
	for (size_t i = 0; i < c->arg_count; i++) {
		struct buf out;
		struct json_writer w;
		bool list = c->args[i].type == API_STRS || c->args[i].type == API_TARGETS;
		buf_init(&out, 8 * typed.len + 256);
		json_writer_init(&w, &out);
		if (list)
			json_begin_array(&w, NULL);
		else
			json_begin_object(&w, NULL);
		int code = api_arg_put(&c->args[i], text, &w, NULL);
		ASSERT(code == api_arg_check(&c->args[i], text, NULL));
		json_end(&w);
		ASSERT(json_writer_is_done(&w) && !buf_check(&out, NULL, ""));
		buf_release(&out);
	}
	free(text);
}

static void command_line(struct bytes noun, struct bytes verb, struct bytes typed)
{
	char name[128];
	AUTO_FREE char *n = bytes_dup_str(noun), *v = bytes_dup_str(verb);
	const struct api_command *c = api_command_find(n, v);
	if (!c)
		return;
	ASSERT(api_command_name(c, name, sizeof(name)) == strlen(n) + strlen(v) + (*v != '\0'));
	type_it(c, typed);
}

/* A path whose methods are told has a command or a page for each of them. */
static void options(struct bytes path)
{
	char allow[API_ALLOW_SIZE];
	const struct api_command *c;
	if (!api_allowed(path, allow))
		return;
	ASSERT(strstr(allow, "OPTIONS"));
	for (int m = 0; m < API_METHOD_COUNT; m++)
		if (api_route((enum api_method)m, path, &c, allow, NULL) == 0)
			ASSERT(c->method == (enum api_method)m && strstr(allow, api_method_name(c->method)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = BYTES(data, size);
	struct bytes name = take_line(&rest), path = take_line(&rest), query = take_line(&rest);
	const struct api_command *c = NULL;
	struct api_call *call = NULL;
	struct err e = ERR_INIT;
	enum api_method method;
	char allow[API_ALLOW_SIZE];
	if (bytes_equal_str(name, "lamp"))
		command_line(path, query, rest);
	if (bytes_equal_str(name, "OPTIONS"))
		options(path);
	if (!api_method_from_name(name, &method) || api_route(method, path, &c, allow, &e))
		return 0;
	type_it(c, query);
	int code = api_call_parse(c, path, query, rest, seal, NULL, &call, &e);
	ASSERT(code ? code == e.code && *e.msg && !call : call != NULL);
	for (size_t i = 0; call && i < c->arg_count; i++) {
		ASSERT(!c->args[i].required || call->values[i].set);
		if (call->values[i].set)
			check_value(call, &c->args[i]);
	}
	ASSERT(!call || (call->limit >= 1 && call->limit <= API_LIMIT_MAX));
	api_call_free(call);
	return 0;
}
