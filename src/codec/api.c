#include "codec/api.h"

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/api_priv.h"

/* clang-format off */
/* How many rows follow each head row, and where they begin in the flat arrays: known to the compiler. */
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)

struct args_before_the_first { char none;
#define API_COMMAND(id, ...) }; struct args_of_##id { char none;
#define API_ARG(...) char JOIN(row, __LINE__);
#include "codec/api.tbl.h"
};
enum { ARGS_START = -1,
#define API_COMMAND(id, ...) ARGS_AT_##id, ARGS_BACK_##id = ARGS_AT_##id - 1,
#define API_ARG(...) JOIN(ARG_ROW_, __LINE__),
#include "codec/api.tbl.h"
};

struct fields_before_the_first { char none;
#define API_OBJECT(id, ...) }; struct fields_of_##id { char none;
#define API_FIELD(...) char JOIN(row, __LINE__);
#include "codec/api.tbl.h"
};
enum { FIELDS_START = -1,
#define API_OBJECT(id, ...) FIELDS_AT_##id, FIELDS_BACK_##id = FIELDS_AT_##id - 1,
#define API_FIELD(...) JOIN(FIELD_ROW_, __LINE__),
#include "codec/api.tbl.h"
};

enum { NEED_REQ = true, NEED_OPT = false, NULL_NO = false, NULL_OK = true };

static const struct api_arg args[] = {
#define API_ARG(command, name, where, type, need, cli, sentence, example) \
	{name, API_##where, API_##type, NEED_##need, API_CLI_##cli, sentence, example},
#include "codec/api.tbl.h"
};

static const struct api_command commands[] = {
#define API_COMMAND(id, noun, verb, method, path, kind, right, scope, answer, asks, sentence, example) \
	{API_CMD_##id, noun, verb, API_##method, path, API_##kind, RIGHT_##right, API_SCOPE_##scope, answer, asks, \
	 sentence, example, args + ARGS_AT_##id, sizeof(struct args_of_##id) - 1},
#include "codec/api.tbl.h"
};

static const struct api_field fields[] = {
#define API_FIELD(object, name, type, nulls, sentence) {name, API_##type, nulls, sentence},
#include "codec/api.tbl.h"
};

static const struct api_object objects[] = {
#define API_OBJECT(id, sentence) \
	{API_OBJECT_##id, #id, sentence, fields + FIELDS_AT_##id, sizeof(struct fields_of_##id) - 1},
#include "codec/api.tbl.h"
};

static const struct api_page pages[] = {
#define API_PAGE(id, path, media, right, sentence) {path, media, RIGHT_##right, sentence},
#include "codec/api.tbl.h"
};
/* clang-format on */

static const char *const method_names[API_METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
static const char *const scope_names[API_SCOPE_COUNT] = {"zone",   "device", "folder", "vault", "credential",
							 "target", "job",    "each",   "own"};

const struct api_command *api_command(enum api_command_id id)
{
	ASSERT(id < API_CMD_COUNT);
	return &commands[id];
}

size_t api_command_name(const struct api_command *c, char *to, size_t to_size)
{
	return (size_t)snprintf(to, to_size, "%s%s%s", c->noun, *c->verb ? "." : "", c->verb);
}

const struct api_command *api_command_find(const char *noun, const char *verb)
{
	for (size_t i = 0; i < API_CMD_COUNT; i++)
		if (strcmp(commands[i].noun, noun) == 0 && strcmp(commands[i].verb, verb) == 0)
			return &commands[i];
	return NULL;
}

const struct api_object *api_object(enum api_object_id id)
{
	ASSERT(id < API_OBJECT_COUNT);
	return &objects[id];
}

const struct api_object *api_object_find(const char *name)
{
	for (size_t i = 0; i < API_OBJECT_COUNT; i++)
		if (strcmp(objects[i].name, name) == 0)
			return &objects[i];
	return NULL;
}

const struct api_page *api_page(enum api_page_id id)
{
	ASSERT(id < API_PAGE_COUNT);
	return &pages[id];
}

const char *api_method_name(enum api_method m)
{
	ASSERT(m < API_METHOD_COUNT);
	return method_names[m];
}

bool api_method_from_name(struct bytes name, enum api_method *ret)
{
	if (bytes_equal_str(name, "HEAD"))
		name = BYTES_LIT("GET");
	for (size_t i = 0; i < API_METHOD_COUNT; i++)
		if (bytes_equal_str(name, method_names[i])) {
			*ret = (enum api_method)i;
			return true;
		}
	return false;
}

const char *api_scope_name(enum api_scope s)
{
	ASSERT(s < API_SCOPE_COUNT);
	return scope_names[s];
}

bool api_take_segment(struct bytes *rest, struct bytes *ret)
{
	if (!rest->len || rest->p[0] != '/')
		return false;
	size_t n = 1;
	while (n < rest->len && rest->p[n] != '/')
		n++;
	*ret = BYTES(rest->p + 1, n - 1);
	*rest = BYTES(rest->p + n, rest->len - n);
	return true;
}

bool api_is_argument(struct bytes segment)
{
	return segment.len > 2 && segment.p[0] == '{';
}

bool api_path_matches(const struct api_command *c, struct bytes path)
{
	struct bytes want = bytes_str(c->path), w, p;
	if (!bytes_starts_with(path, API_PREFIX))
		return false;
	path = BYTES(path.p + strlen(API_PREFIX), path.len - strlen(API_PREFIX));
	while (api_take_segment(&want, &w)) {
		if (!api_take_segment(&path, &p) || !p.len)
			return false;
		if (!api_is_argument(w) && !bytes_equal(w, p))
			return false;
	}
	return !path.len;
}

/* "GET, HEAD, POST, OPTIONS" of a set of methods. */
static void write_allow(unsigned methods, char to[API_ALLOW_SIZE])
{
	size_t n = 0;
	for (unsigned i = 0; i < API_METHOD_COUNT; i++)
		if (methods & 1u << i)
			n += (size_t)snprintf(to + n, API_ALLOW_SIZE - n, "%s%s, ", method_names[i],
					      i == API_GET ? ", HEAD" : "");
	(void)snprintf(to + n, API_ALLOW_SIZE - n, "OPTIONS");
}

static unsigned methods_of(struct bytes path)
{
	unsigned methods = 0;
	for (size_t i = 0; i < API_CMD_COUNT; i++)
		if (api_path_matches(&commands[i], path))
			methods |= 1u << commands[i].method;
	for (size_t i = 0; i < API_PAGE_COUNT; i++)
		if (bytes_equal_str(path, pages[i].path))
			methods |= 1u << API_GET;
	return methods;
}

bool api_allowed(struct bytes path, char ret_allowed[API_ALLOW_SIZE])
{
	unsigned methods = methods_of(path);
	if (methods)
		write_allow(methods, ret_allowed);
	return methods != 0;
}

int api_route(enum api_method method, struct bytes path, const struct api_command **ret,
	      char ret_allowed[API_ALLOW_SIZE], struct err *e)
{
	for (size_t i = 0; i < API_CMD_COUNT; i++)
		if (commands[i].method == method && api_path_matches(&commands[i], path)) {
			*ret = &commands[i];
			return 0;
		}
	char shown[128];
	if (!bytes_to_str(path, shown, sizeof(shown)) || !text_is_printable(path))
		(void)snprintf(shown, sizeof(shown), "(this path)");
	if (!api_allowed(path, ret_allowed))
		return err_set(e, ERR_NOT_FOUND, "there is nothing at '%s'", shown);
	return err_set(e, ERR_UNSUPPORTED, "'%s' does not take %s; it takes %s", shown, api_method_name(method),
		       ret_allowed);
}

bool api_command_has_secret(const struct api_command *c)
{
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].type == API_SECRET)
			return true;
	return false;
}
