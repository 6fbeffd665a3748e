#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/api_priv.h"
#include "codec/json.h"

void api_begin(struct api_writer *w, struct json_writer *json, const char *name, enum api_object_id id)
{
	*w = (struct api_writer){.json = json, .object = api_object(id)};
	json_begin_object(json, name);
}

/* The next member has to be this one, of one of these types. */
static struct json_writer *next_member(struct api_writer *w, const char *name, unsigned types, bool null)
{
	ASSERT(w->next < w->object->field_count);
	const struct api_field *f = &w->object->fields[w->next++];
	ASSERT(strcmp(f->name, name) == 0);
	ASSERT(types & 1u << f->type);
	ASSERT(!null || f->nullable);
	return w->json;
}

void api_put_int(struct api_writer *w, const char *name, int64_t v)
{
	json_put_i64(next_member(w, name, 1u << API_INT | 1u << API_DURATION, false), name, v);
}

void api_put_bool(struct api_writer *w, const char *name, bool v)
{
	json_put_bool(next_member(w, name, 1u << API_BOOL, false), name, v);
}

void api_put_str(struct api_writer *w, const char *name, const char *v)
{
	json_put_str(next_member(w, name, 1u << API_STR | 1u << API_DATA, !v), name, v);
}

void api_put_text(struct api_writer *w, const char *name, const char *v)
{
	api_put_str(w, name, v && *v ? v : NULL);
}

void api_put_bytes(struct api_writer *w, const char *name, struct bytes v)
{
	json_put_bytes(next_member(w, name, 1u << API_STR | 1u << API_DATA, !v.p), name, v);
}

void api_put_time(struct api_writer *w, const char *name, int64_t wall_ms)
{
	struct json_writer *json = next_member(w, name, 1u << API_TIME, !wall_ms);
	char text[CLOCK_TEXT_SIZE];
	if (wall_ms)
		clock_text_ms(wall_ms, text);
	json_put_str(json, name, wall_ms ? text : NULL);
}

void api_put_strs(struct api_writer *w, const char *name, const char *const *v, size_t count)
{
	struct json_writer *json = next_member(w, name, 1u << API_STRS, false);
	json_begin_array(json, name);
	for (size_t i = 0; i < count; i++)
		json_put_str(json, NULL, v[i]);
	json_end(json);
}

void api_put_list(struct api_writer *w, const char *name, const char *joined, char separator)
{
	struct json_writer *json = next_member(w, name, 1u << API_STRS, false);
	struct bytes rest = bytes_str(joined);
	json_begin_array(json, name);
	while (rest.len) {
		size_t n = api_find_byte(rest, separator);
		json_put_bytes(json, NULL, BYTES(rest.p, n));
		rest = n < rest.len ? BYTES(rest.p + n + 1, rest.len - n - 1) : BYTES_NONE;
	}
	json_end(json);
}

void api_put_map(struct api_writer *w, const char *name, const char *const *names, const char *const *texts,
		 size_t count)
{
	struct json_writer *json = next_member(w, name, 1u << API_MAP, false);
	json_begin_object(json, name);
	for (size_t i = 0; i < count; i++)
		json_put_str(json, names[i], texts[i]);
	json_end(json);
}

void api_put_null(struct api_writer *w, const char *name)
{
	json_put_null(next_member(w, name, ~0u, true), name);
}

void api_end(struct api_writer *w)
{
	ASSERT(w->next == w->object->field_count);
	json_end(w->json);
}

#define ERROR_NAMES_MAX 100

void api_error_write(struct buf *out, const struct err *e, const struct api_error *more)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, out);
	api_begin(&w, &json, NULL, API_OBJECT_error);
	api_put_str(&w, "error", err_name(e->code));
	api_put_str(&w, "message", *e->msg ? e->msg : err_sentence(e->code));
	api_put_str(&w, "next", err_next(e->code));
	if (more->expected < 0)
		api_put_null(&w, "expected");
	else
		api_put_int(&w, "expected", more->expected);
	if (!more->names)
		api_put_null(&w, "names");
	else
		api_put_strs(&w, "names", more->names,
			     more->name_count < ERROR_NAMES_MAX ? more->name_count : ERROR_NAMES_MAX);
	api_end(&w);
}

int api_error_status(int code)
{
	switch (code) {
	case ERR_NOT_FOUND:
		return 404;
	case ERR_EXISTS:
	case ERR_IN_USE:
	case ERR_CONFLICT:
	case ERR_CONFIRM:
	case ERR_HELD:
		return 409;
	case ERR_TOO_BIG:
		return 413;
	case ERR_WRONG_LOGIN:
		return 401;
	case ERR_LOCKED_OUT:
		return 429;
	case ERR_DISK:
		return 507;
	default:
		break;
	}
	switch (err_class(code)) {
	case ERR_CLASS_RETRY:
		return 503;
	case ERR_CLASS_AUTH:
		return 403;
	case ERR_CLASS_INPUT:
		return 400;
	case ERR_CLASS_REFUSED:
		return 409;
	default:
		return 500;
	}
}
