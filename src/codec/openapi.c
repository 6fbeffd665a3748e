#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/json.h"

/* OpenAPI 3.1.0; schemas are JSON Schema 2020-12. Everything comes from the tables of api.c. */

#define REF_SIZE 64

static void put_ref(struct json_writer *w, const char *name, const char *object)
{
	char ref[REF_SIZE];
	(void)snprintf(ref, sizeof(ref), "#/components/schemas/%s", object);
	json_begin_object(w, name);
	json_put_str(w, "$ref", ref);
	json_end(w);
}

static const char *json_type(enum api_type t)
{
	switch (t) {
	case API_INT:
	case API_DURATION:
		return "integer";
	case API_BOOL:
		return "boolean";
	case API_STRS:
	case API_TARGETS:
		return "array";
	case API_MAP:
		return "object";
	default:
		return "string";
	}
}

static void put_type(struct json_writer *w, enum api_type t, bool nullable)
{
	if (!nullable) {
		json_put_str(w, "type", json_type(t));
		return;
	}
	json_begin_array(w, "type");
	json_put_str(w, NULL, json_type(t));
	json_put_str(w, NULL, "null");
	json_end(w);
}

static void put_string_items(struct json_writer *w)
{
	json_begin_object(w, "items");
	json_put_str(w, "type", "string");
	json_end(w);
}

static void put_string_members(struct json_writer *w)
{
	json_begin_object(w, "additionalProperties");
	json_put_str(w, "type", "string");
	json_end(w);
}

static void put_field(struct json_writer *w, const struct api_field *f)
{
	json_begin_object(w, f->name);
	put_type(w, f->type, f->nullable);
	if (f->type == API_TIME)
		json_put_str(w, "format", "date-time");
	if (f->type == API_STRS)
		put_string_items(w);
	if (f->type == API_DATA)
		json_put_str(w, "contentEncoding", "base64");
	if (f->type == API_MAP)
		put_string_members(w);
	json_put_str(w, "description", f->sentence);
	json_end(w);
}

static void put_object(struct json_writer *w, const struct api_object *o)
{
	json_begin_object(w, o->name);
	json_put_str(w, "type", "object");
	json_put_str(w, "description", o->sentence);
	json_begin_object(w, "properties");
	for (size_t i = 0; i < o->field_count; i++)
		put_field(w, &o->fields[i]);
	json_end(w);
	json_begin_array(w, "required");
	for (size_t i = 0; i < o->field_count; i++)
		json_put_str(w, NULL, o->fields[i].name);
	json_end(w);
	json_put_bool(w, "additionalProperties", false);
	json_end(w);
}

/* The example as JSON, through the same check that a typed value passes. */
static void put_example(struct json_writer *w, const struct api_arg *a)
{
	bool list = a->type == API_STRS || a->type == API_TARGETS;
	struct api_arg named = *a;
	named.name = list ? a->name : "example";
	if (list)
		json_begin_array(w, "example");
	int code = api_arg_put(&named, a->example, w, NULL);
	ASSERT(!code); /* a test holds every example of the table against its check */
	if (list)
		json_end(w);
}

static void put_arg_schema(struct json_writer *w, const struct api_arg *a)
{
	put_type(w, a->type, false);
	switch (a->type) {
	case API_INT:
	case API_DURATION:
		json_put_u64(w, "minimum", 0);
		json_put_i64(w, "maximum", API_INT_MAX);
		break;
	case API_TIME:
		json_put_str(w, "format", "date-time");
		break;
	case API_STRS:
	case API_TARGETS:
		put_string_items(w);
		json_put_u64(w, "maxItems", API_STRS_MAX);
		break;
	case API_SECRET:
		json_put_str(w, "format", "password");
		json_put_bool(w, "writeOnly", true);
		break;
	case API_DATA:
		json_put_str(w, "contentEncoding", "base64");
		json_put_u64(w, "maxLength", API_FILE_MAX / 3 * 4 + 4);
		break;
	default:
		json_put_u64(w, "maxLength", a->type == API_FILE ? API_FILE_MAX : API_STR_MAX);
		break;
	}
	if (a->required && (a->type == API_STR || a->type == API_PLACE || a->type == API_SECRET ||
			    a->type == API_FILE || a->type == API_DATA))
		json_put_u64(w, "minLength", 1);
}

static void put_parameter(struct json_writer *w, const struct api_arg *a)
{
	json_begin_object(w, NULL);
	json_put_str(w, "name", a->name);
	json_put_str(w, "in", a->where == API_PATH ? "path" : "query");
	json_put_bool(w, "required", a->where == API_PATH || a->required);
	json_put_str(w, "description", a->sentence);
	json_begin_object(w, "schema");
	put_arg_schema(w, a);
	json_end(w);
	put_example(w, a);
	json_end(w);
}

static void put_page_parameters(struct json_writer *w)
{
	json_begin_object(w, NULL);
	json_put_str(w, "name", "limit");
	json_put_str(w, "in", "query");
	json_put_str(w, "description", "most items of one page");
	json_begin_object(w, "schema");
	json_put_str(w, "type", "integer");
	json_put_u64(w, "minimum", 1);
	json_put_u64(w, "maximum", API_LIMIT_MAX);
	json_put_u64(w, "default", API_LIMIT);
	json_end(w);
	json_end(w);
	json_begin_object(w, NULL);
	json_put_str(w, "name", "after");
	json_put_str(w, "in", "query");
	json_put_str(w, "description", "the 'next' of the page before; opaque");
	json_begin_object(w, "schema");
	json_put_str(w, "type", "string");
	json_end(w);
	json_end(w);
}

static void put_parameters(struct json_writer *w, const struct api_command *c)
{
	json_begin_array(w, "parameters");
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].where != API_BODY)
			put_parameter(w, &c->args[i]);
	if (c->kind == API_LIST)
		put_page_parameters(w);
	json_end(w);
}

static bool has_body(const struct api_command *c, bool required)
{
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].where == API_BODY && (c->args[i].required || !required))
			return true;
	return false;
}

static void put_body_schema(struct json_writer *w, const struct api_command *c)
{
	json_begin_object(w, "schema");
	json_put_str(w, "type", "object");
	json_begin_object(w, "properties");
	for (size_t i = 0; i < c->arg_count; i++) {
		if (c->args[i].where != API_BODY)
			continue;
		json_begin_object(w, c->args[i].name);
		put_arg_schema(w, &c->args[i]);
		json_put_str(w, "description", c->args[i].sentence);
		put_example(w, &c->args[i]);
		json_end(w);
	}
	json_end(w);
	json_begin_array(w, "required");
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].where == API_BODY && c->args[i].required)
			json_put_str(w, NULL, c->args[i].name);
	json_end(w);
	json_put_bool(w, "additionalProperties", false);
	json_end(w);
}

static void put_body(struct json_writer *w, const struct api_command *c)
{
	if (!has_body(c, false))
		return;
	json_begin_object(w, "requestBody");
	json_put_bool(w, "required", has_body(c, true));
	json_begin_object(w, "content");
	json_begin_object(w, "application/json");
	put_body_schema(w, c);
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_list_schema(struct json_writer *w, const struct api_command *c)
{
	json_begin_object(w, "schema");
	json_put_str(w, "type", "object");
	json_begin_object(w, "properties");
	json_begin_object(w, "items");
	json_put_str(w, "type", "array");
	put_ref(w, "items", c->answer);
	json_end(w);
	json_begin_object(w, "next");
	put_type(w, API_STR, true);
	json_put_str(w, "description", "give it as 'after' to get the next page; null on the last one");
	json_end(w);
	json_end(w);
	json_begin_array(w, "required");
	json_put_str(w, NULL, "items");
	json_put_str(w, NULL, "next");
	json_end(w);
	json_put_bool(w, "additionalProperties", false);
	json_end(w);
}

static void put_stream_schema(struct json_writer *w, const struct api_command *c)
{
	json_begin_object(w, "schema");
	json_put_str(w, "type", "string");
	json_end(w);
	char ref[REF_SIZE];
	(void)snprintf(ref, sizeof(ref), "#/components/schemas/%s", c->answer);
	json_put_str(w, "x-data", ref); /* of each event's data */
}

static void put_content(struct json_writer *w, const struct api_command *c)
{
	json_begin_object(w, "content");
	json_begin_object(w, c->kind == API_STREAM ? "text/event-stream" : "application/json");
	if (c->kind == API_STREAM)
		put_stream_schema(w, c);
	else if (c->kind == API_LIST)
		put_list_schema(w, c);
	else
		put_ref(w, "schema", c->answer);
	json_end(w);
	json_end(w);
}

static void put_error_response(struct json_writer *w)
{
	json_begin_object(w, "default");
	json_put_str(w, "$ref", "#/components/responses/error");
	json_end(w);
}

/* A change says where to follow events from, so that nothing of what it starts is missed. */
static void put_headers(struct json_writer *w)
{
	json_begin_object(w, "headers");
	json_begin_object(w, "Event-ID");
	json_put_str(w, "description",
		     "the id of the last event before this change: give it as 'from' to follow what it does");
	json_put_bool(w, "required", true);
	json_begin_object(w, "schema");
	json_put_str(w, "type", "string");
	json_put_str(w, "pattern", "^[0-9]+-[0-9]+$");
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_responses(struct json_writer *w, const struct api_command *c)
{
	json_begin_object(w, "responses");
	json_begin_object(w, *c->answer ? "200" : "204");
	json_put_str(w, "description", *c->answer ? api_object_find(c->answer)->sentence : "Done.");
	if (c->kind == API_WRITE)
		put_headers(w);
	if (*c->answer)
		put_content(w, c);
	json_end(w);
	put_error_response(w);
	json_end(w);
}

static void put_security(struct json_writer *w)
{
	json_begin_array(w, "security");
	json_begin_object(w, NULL);
	json_begin_array(w, "token");
	json_end(w);
	json_end(w);
	json_begin_object(w, NULL); /* none: on the local socket the system says who asks */
	json_end(w);
	json_end(w);
}

static void put_operation(struct json_writer *w, const struct api_command *c)
{
	static const char *const member[API_METHOD_COUNT] = {"get", "post", "put", "patch", "delete"};
	char name[64];
	(void)api_command_name(c, name, sizeof(name));
	json_begin_object(w, member[c->method]);
	json_put_str(w, "operationId", name);
	json_begin_array(w, "tags");
	json_put_str(w, NULL, c->noun);
	json_end(w);
	json_put_str(w, "summary", c->sentence);
	json_put_str(w, "x-right", right_name(c->right));
	json_put_str(w, "x-scope", api_scope_name(c->scope));
	json_put_str(w, "x-lamp", c->example);
	put_security(w);
	put_parameters(w, c);
	put_body(w, c);
	put_responses(w, c);
	json_end(w);
}

static bool is_first_of_path(const struct api_command *c)
{
	for (size_t i = 0; i < (size_t)c->id; i++)
		if (strcmp(api_command((enum api_command_id)i)->path, c->path) == 0)
			return false;
	return true;
}

static void put_path(struct json_writer *w, const struct api_command *first)
{
	char path[128];
	(void)snprintf(path, sizeof(path), API_PREFIX "%s", first->path);
	json_begin_object(w, path);
	for (size_t i = first->id; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		if (strcmp(c->path, first->path) == 0)
			put_operation(w, c);
	}
	json_end(w);
}

static void put_page(struct json_writer *w, enum api_page_id id)
{
	const struct api_page *p = api_page(id);
	json_begin_object(w, p->path);
	json_begin_object(w, "get");
	json_put_str(w, "summary", p->sentence);
	json_put_str(w, "x-right", right_name(p->right));
	json_begin_array(w, "security");
	json_begin_object(w, NULL);
	if (p->right != RIGHT_OPEN) {
		json_begin_array(w, "token");
		json_end(w);
	}
	json_end(w);
	json_end(w);
	json_begin_object(w, "responses");
	json_begin_object(w, "200");
	json_put_str(w, "description", p->sentence);
	json_begin_object(w, "content");
	json_begin_object(w, p->media);
	json_end(w);
	json_end(w);
	json_end(w);
	put_error_response(w);
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_paths(struct json_writer *w)
{
	json_begin_object(w, "paths");
	for (size_t i = 0; i < API_PAGE_COUNT; i++)
		put_page(w, (enum api_page_id)i);
	for (size_t i = 0; i < API_CMD_COUNT; i++)
		if (is_first_of_path(api_command((enum api_command_id)i)))
			put_path(w, api_command((enum api_command_id)i));
	json_end(w);
}

static void put_error_component(struct json_writer *w)
{
	json_begin_object(w, "responses");
	json_begin_object(w, "error");
	json_put_str(w, "description", api_object(API_OBJECT_error)->sentence);
	json_begin_object(w, "content");
	json_begin_object(w, "application/json");
	put_ref(w, "schema", "error");
	json_end(w);
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_components(struct json_writer *w)
{
	json_begin_object(w, "components");
	json_begin_object(w, "schemas");
	for (size_t i = 0; i < API_OBJECT_COUNT; i++)
		put_object(w, api_object((enum api_object_id)i));
	json_end(w);
	put_error_component(w);
	json_begin_object(w, "securitySchemes");
	json_begin_object(w, "token");
	json_put_str(w, "type", "http");
	json_put_str(w, "scheme", "bearer");
	json_put_str(w, "description",
		     "a token of 'lamp token add'. On the local unix socket none is needed: root and the server's own "
		     "user are administrators there");
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_info(struct json_writer *w)
{
	json_begin_object(w, "info");
	json_put_str(w, "title", "Lamplighter");
	json_put_str(w, "summary",
		     "Out-of-band management for Intel AMT: find devices, switch them, follow what happens.");
	json_put_str(w, "version", LAMPLIGHTER_VERSION);
	json_begin_object(w, "license");
	json_put_str(w, "name", "Apache-2.0");
	json_put_str(w, "identifier", "Apache-2.0");
	json_end(w);
	json_end(w);
}

int api_openapi_write(struct buf *out)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_put_str(&w, "openapi", "3.1.0");
	put_info(&w);
	json_begin_array(&w, "servers");
	json_begin_object(&w, NULL);
	json_put_str(&w, "url", "/");
	json_end(&w);
	json_end(&w);
	put_paths(&w);
	put_components(&w);
	json_end(&w);
	return buf_check(out, NULL, "the API description");
}
