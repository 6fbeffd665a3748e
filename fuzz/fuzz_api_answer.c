/* An answer of the API: the name of an object and, a line each, the values of its members, as names and texts come from
 * devices and people. It reads back as JSON with these members. "description" as a name: the whole description does. */
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/api.h"
#include "codec/json.h"
#include "fuzz/fuzz.h"

#define ANSWER_MAX (4 << 20)
#define NAMES_MAX  150

static struct bytes take_line(struct bytes *in)
{
	const uint8_t *end = in->len ? memchr(in->p, '\n', in->len) : NULL;
	struct bytes line = end ? BYTES(in->p, (size_t)(end - in->p)) : *in;
	*in = end ? BYTES(end + 1, in->len - line.len - 1) : BYTES_NONE;
	return line;
}

static void put_text(struct api_writer *w, const struct api_field *f, struct bytes line)
{
	AUTO_FREE char *text = bytes_dup_str(line);
	if (f->nullable)
		api_put_text(w, f->name, text);
	else if (line.len % 2)
		api_put_str(w, f->name, text);
	else
		api_put_bytes(w, f->name, bytes_str(text));
}

/* The same words by way of both writers of lists. */
static void put_list(struct api_writer *w, const struct api_field *f, struct bytes line)
{
	AUTO_FREE char *text = bytes_dup_str(line);
	if (line.len % 2) {
		api_put_list(w, f->name, text, ',');
		return;
	}
	const char *words[] = {text, "b"};
	api_put_strs(w, f->name, words, line.len ? ARRAY_LEN(words) : 0);
}

static void put_map(struct api_writer *w, const struct api_field *f, struct bytes line)
{
	static const char *const names[] = {"sha256", "sha1"};
	AUTO_FREE char *text = bytes_dup_str(line);
	const char *texts[] = {text, "b"};
	api_put_map(w, f->name, names, texts, line.len ? ARRAY_LEN(names) : 0);
}

static void put_value(struct api_writer *w, const struct api_field *f, struct bytes line)
{
	uint64_t n = line.len;
	(void)text_to_u64(line, &n); /* the length where it is no number */
	n &= API_INT_MAX;
	if (f->nullable && !line.len)
		api_put_null(w, f->name);
	else if (f->type == API_INT || f->type == API_DURATION)
		api_put_int(w, f->name, (int64_t)n);
	else if (f->type == API_BOOL)
		api_put_bool(w, f->name, n & 1);
	else if (f->type == API_TIME)
		api_put_time(w, f->name, (int64_t)(n % 4102444800000 + !f->nullable)); /* until the year 2100 */
	else if (f->type == API_STRS)
		put_list(w, f, line);
	else if (f->type == API_MAP)
		put_map(w, f, line);
	else
		put_text(w, f, line);
}

static struct json_t *read_back(struct buf *out)
{
	struct json_t *j = NULL;
	ASSERT(!buf_check(out, NULL, ""));
	ASSERT(json_parse(buf_bytes(out), out->len, &j, NULL) == 0);
	return j;
}

static void check_object(const struct api_object *o, struct bytes rest)
{
	struct buf out;
	struct json_writer json;
	struct api_writer w;
	buf_init(&out, ANSWER_MAX);
	json_writer_init(&json, &out);
	api_begin(&w, &json, NULL, o->id);
	for (size_t i = 0; i < o->field_count; i++)
		put_value(&w, &o->fields[i], take_line(&rest));
	api_end(&w);
	struct json_t *j = read_back(&out);
	for (size_t i = 0; i < o->field_count; i++)
		ASSERT(json_has(j, o->fields[i].name));
	json_free(j);
	buf_release(&out);
}

/* Number of the code, expected, message; the rest is a name. */
static void check_error(struct bytes rest)
{
	struct buf out;
	struct err e = ERR_INIT;
	uint64_t code = 0, expected = 0;
	bool has_code = text_to_u64(take_line(&rest), &code), has_expected = text_to_u64(take_line(&rest), &expected);
	AUTO_FREE char *message = bytes_dup_str(take_line(&rest));
	AUTO_FREE char *name = bytes_dup_str(rest);
	const char *names[NAMES_MAX];
	for (size_t i = 0; i < NAMES_MAX; i++)
		names[i] = name;
	struct api_error more = {has_expected ? (int64_t)(expected & API_INT_MAX) : -1, rest.len ? names : NULL,
				 NAMES_MAX};
	(void)err_set(&e, has_code ? -(int)(code % 1000) : ERR_FAILED, "%s", message);
	buf_init(&out, ANSWER_MAX);
	api_error_write(&out, &e, &more);
	struct json_t *j = read_back(&out);
	const struct json_t *said = NULL;
	ASSERT(json_opt_array(j, "names", NAMES_MAX, &said, NULL) == 0);
	ASSERT(rest.len ? json_count(said) > 0 : !said);
	int status = api_error_status(e.code);
	ASSERT(status >= 400 && status <= 599);
	json_free(j);
	buf_release(&out);
}

static void check_description(void)
{
	struct buf out;
	const struct json_t *components, *schemas;
	buf_init(&out, ANSWER_MAX);
	ASSERT(api_openapi_write(&out) == 0);
	struct json_t *j = read_back(&out);
	ASSERT(json_get_object(j, "components", &components, NULL) == 0);
	ASSERT(json_get_object(components, "schemas", &schemas, NULL) == 0);
	for (size_t i = 0; i < API_OBJECT_COUNT; i++)
		ASSERT(json_has(schemas, api_object((enum api_object_id)i)->name));
	json_free(j);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = BYTES(data, size);
	AUTO_FREE char *name = bytes_dup_str(take_line(&rest));
	const struct api_object *o = api_object_find(name);
	if (o)
		check_object(o, rest);
	if (o && o->id == API_OBJECT_error)
		check_error(rest);
	if (strcmp(name, "description") == 0 && !rest.len)
		check_description();
	return 0;
}
