#include "codec/json.h"

#include <jansson.h>
#include <malloc.h>
#include <math.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

/* jansson has a depth limit of its own, but it is 2,048 and built in. */
static bool too_deep(struct bytes in)
{
	unsigned depth = 0;
	bool in_text = false;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];
		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '{' || c == '['))
			depth++;
		else if (!in_text && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return true;
	}
	return false;
}

static void wipe_and_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void json_wipe_freed(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

int json_parse(struct bytes in, size_t max_len, struct json_t **ret, struct err *e)
{
	if (in.len > max_len)
		return err_set(e, ERR_TOO_BIG, "JSON: %zu bytes, the limit is %zu", in.len, max_len);
	if (too_deep(in))
		return err_set(e, ERR_TOO_BIG, "JSON: nested deeper than %d", JSON_DEPTH_MAX);
	json_error_t why;
	json_t *j = json_loadb((const char *)in.p, in.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!j) {
		/* what follows is a piece of the input, which may be a password */
		char *quote = strstr(why.text, " near ");
		if (quote)
			*quote = '\0';
		return err_set(e, ERR_INVALID, "JSON: line %d column %d: %s", why.line, why.column, why.text);
	}
	*ret = j;
	return 0;
}

void json_free(struct json_t *j)
{
	json_decref(j);
}

/* Where a value stands, for messages: a member when it has a name, else an item. */
struct place {
	const char *name;
	size_t index;
};

static int bad(const struct place *at, int code, struct err *e, const char *why)
{
	if (at->name)
		return err_set(e, code, "member \"%s\" %s", at->name, why);
	return err_set(e, code, "item %zu %s", at->index, why);
}

static int as_str(const json_t *v, const struct place *at, size_t max_len, const char **ret, struct err *e)
{
	if (!json_is_string(v))
		return bad(at, ERR_INVALID, e, "is not a text");
	if (json_string_length(v) > max_len) {
		char why[64];
		(void)snprintf(why, sizeof(why), "is longer than %zu bytes", max_len);
		return bad(at, ERR_INVALID, e, why);
	}
	*ret = json_string_value(v);
	return 0;
}

static int as_i64(const json_t *v, const struct place *at, int64_t least, int64_t most, int64_t *ret, struct err *e)
{
	if (!json_is_integer(v))
		return bad(at, ERR_INVALID, e, "is not a whole number");
	int64_t n = json_integer_value(v);
	if (n < least || n > most) {
		char why[96];
		(void)snprintf(why, sizeof(why), "is not between %lld and %lld", (long long)least, (long long)most);
		return bad(at, ERR_INVALID, e, why);
	}
	*ret = n;
	return 0;
}

/* Sets *ret to NULL for an optional member that was left out or is null. */
static int find(const json_t *obj, const char *name, bool needed, const json_t **ret, struct err *e)
{
	const struct place at = {.name = name};
	if (!json_is_object(obj))
		return err_set(e, ERR_INVALID, "not an object, where the member \"%s\" is looked for", name);
	const json_t *v = json_object_get(obj, name);
	if (!v && needed)
		return bad(&at, ERR_MISSING, e, "is missing");
	*ret = !needed && json_is_null(v) ? NULL : v;
	return 0;
}

static int find_str(const json_t *obj, const char *name, bool needed, size_t max_len, const char **ret, struct err *e)
{
	const json_t *v = NULL;
	int rc = find(obj, name, needed, &v, e);
	return rc || !v ? rc : as_str(v, &(struct place){.name = name}, max_len, ret, e);
}

static int find_i64(const json_t *obj, const char *name, bool needed, int64_t least, int64_t most, int64_t *ret,
		    struct err *e)
{
	const json_t *v = NULL;
	int rc = find(obj, name, needed, &v, e);
	return rc || !v ? rc : as_i64(v, &(struct place){.name = name}, least, most, ret, e);
}

static int find_bool(const json_t *obj, const char *name, bool needed, bool *ret, struct err *e)
{
	const json_t *v = NULL;
	int rc = find(obj, name, needed, &v, e);
	if (rc || !v)
		return rc;
	if (!json_is_boolean(v))
		return bad(&(struct place){.name = name}, ERR_INVALID, e, "is neither true nor false");
	*ret = json_is_true(v);
	return 0;
}

static int find_object(const json_t *obj, const char *name, bool needed, const json_t **ret, struct err *e)
{
	const json_t *v = NULL;
	int rc = find(obj, name, needed, &v, e);
	if (rc || !v)
		return rc;
	if (!json_is_object(v))
		return bad(&(struct place){.name = name}, ERR_INVALID, e, "is not an object");
	*ret = v;
	return 0;
}

static int find_array(const json_t *obj, const char *name, bool needed, size_t max_count, const json_t **ret,
		      struct err *e)
{
	const json_t *v = NULL;
	const struct place at = {.name = name};
	int rc = find(obj, name, needed, &v, e);
	if (rc || !v)
		return rc;
	if (!json_is_array(v))
		return bad(&at, ERR_INVALID, e, "is not a list");
	if (json_array_size(v) > max_count) {
		char why[64];
		(void)snprintf(why, sizeof(why), "has more than %zu items", max_count);
		return bad(&at, ERR_INVALID, e, why);
	}
	*ret = v;
	return 0;
}

int json_get_str(const struct json_t *obj, const char *name, size_t max_len, const char **ret, struct err *e)
{
	return find_str(obj, name, true, max_len, ret, e);
}

int json_get_i64(const struct json_t *obj, const char *name, int64_t least, int64_t most, int64_t *ret, struct err *e)
{
	return find_i64(obj, name, true, least, most, ret, e);
}

int json_get_bool(const struct json_t *obj, const char *name, bool *ret, struct err *e)
{
	return find_bool(obj, name, true, ret, e);
}

int json_get_object(const struct json_t *obj, const char *name, const struct json_t **ret, struct err *e)
{
	return find_object(obj, name, true, ret, e);
}

int json_get_array(const struct json_t *obj, const char *name, size_t max_count, const struct json_t **ret,
		   struct err *e)
{
	return find_array(obj, name, true, max_count, ret, e);
}

int json_opt_str(const struct json_t *obj, const char *name, size_t max_len, const char **ret, struct err *e)
{
	return find_str(obj, name, false, max_len, ret, e);
}

int json_opt_i64(const struct json_t *obj, const char *name, int64_t least, int64_t most, int64_t *ret, struct err *e)
{
	return find_i64(obj, name, false, least, most, ret, e);
}

int json_opt_bool(const struct json_t *obj, const char *name, bool *ret, struct err *e)
{
	return find_bool(obj, name, false, ret, e);
}

int json_opt_object(const struct json_t *obj, const char *name, const struct json_t **ret, struct err *e)
{
	return find_object(obj, name, false, ret, e);
}

int json_opt_array(const struct json_t *obj, const char *name, size_t max_count, const struct json_t **ret,
		   struct err *e)
{
	return find_array(obj, name, false, max_count, ret, e);
}

static bool is_listed(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

int json_check_members(const struct json_t *obj, const char *const *names, struct err *e)
{
	if (!json_is_object(obj))
		return err_set(e, ERR_INVALID, "not an object");
	json_t *o = (json_t *)(uintptr_t)obj; /* jansson's iterator takes it without const and changes nothing */
	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
		if (!is_listed(json_object_iter_key(it), names))
			return err_set(e, ERR_INVALID, "member \"%.64s\" is not known here", json_object_iter_key(it));
	return 0;
}

bool json_has(const struct json_t *obj, const char *name)
{
	return json_object_get(obj, name) != NULL;
}

size_t json_count(const struct json_t *array)
{
	return json_array_size(array);
}

const struct json_t *json_at(const struct json_t *array, size_t i)
{
	return json_array_get(array, i);
}

int json_at_str(const struct json_t *array, size_t i, size_t max_len, const char **ret, struct err *e)
{
	return as_str(json_array_get(array, i), &(struct place){.index = i}, max_len, ret, e);
}

int json_at_i64(const struct json_t *array, size_t i, int64_t least, int64_t most, int64_t *ret, struct err *e)
{
	return as_i64(json_array_get(array, i), &(struct place){.index = i}, least, most, ret, e);
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void quote_special(struct buf *out, uint32_t c)
{
	static const char escapes[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	if (c == '"' || c == '\\')
		(void)buf_add(out, (char[]){'\\', (char)c}, 2);
	else if (c < sizeof(escapes) && escapes[c])
		(void)buf_add(out, (char[]){'\\', escapes[c]}, 2);
	else
		(void)buf_addf(out, "\\u%04x", c);
}

/* Takes one character that is not plain; returns how many bytes it was. What is not fit to be shown (controls, line
 * separators, changes of direction) leaves escaped, so that a reader who prints it raw comes to no harm. */
static size_t quote_one(struct buf *out, struct bytes s)
{
	uint32_t c;
	size_t len = text_utf8_next(s, &c);
	if (len == 0)
		(void)buf_adds(out, "\xef\xbf\xbd");
	else if (c < 0x80 || !text_is_printable(BYTES(s.p, len)))
		quote_special(out, c);
	else
		(void)buf_add(out, s.p, len);
	return len ? len : 1;
}

void json_quote(struct buf *out, struct bytes text)
{
	(void)buf_addc(out, '"'); /* the buf remembers what it refuses */
	for (size_t i = 0; i < text.len;) {
		size_t from = i;
		while (i < text.len && is_plain(text.p[i]))
			i++;
		if (i > from)
			(void)buf_add(out, text.p + from, i - from);
		if (i < text.len)
			i += quote_one(out, BYTES(text.p + i, text.len - i));
	}
	(void)buf_addc(out, '"');
}

void json_writer_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){.out = out};
}

bool json_writer_is_done(const struct json_writer *w)
{
	return w->depth == 0 && (w->filled & 1);
}

static void put_name(struct json_writer *w, const char *name)
{
	uint64_t level = 1ull << w->depth;
	bool in_object = w->depth > 0 && !(w->arrays & level);
	ASSERT(in_object == (name != NULL) && (w->depth > 0 || !(w->filled & level)));
	if (w->filled & level)
		(void)buf_addc(w->out, ',');
	w->filled |= level;
	if (!name)
		return;
	json_quote(w->out, bytes_str(name));
	(void)buf_addc(w->out, ':');
}

static void begin(struct json_writer *w, const char *name, bool array)
{
	put_name(w, name);
	ASSERT(w->depth < JSON_DEPTH_MAX);
	uint64_t level = 1ull << ++w->depth;
	w->arrays = array ? w->arrays | level : w->arrays & ~level;
	w->filled &= ~level;
	(void)buf_addc(w->out, array ? '[' : '{');
}

void json_begin_object(struct json_writer *w, const char *name)
{
	begin(w, name, false);
}

void json_begin_array(struct json_writer *w, const char *name)
{
	begin(w, name, true);
}

void json_end(struct json_writer *w)
{
	ASSERT(w->depth > 0);
	(void)buf_addc(w->out, w->arrays & 1ull << w->depth ? ']' : '}');
	w->depth--;
}

void json_put_str(struct json_writer *w, const char *name, const char *value)
{
	json_put_bytes(w, name, bytes_str(value));
}

void json_put_bytes(struct json_writer *w, const char *name, struct bytes value)
{
	if (!value.p) {
		json_put_null(w, name);
		return;
	}
	put_name(w, name);
	json_quote(w->out, value);
}

void json_put_u64(struct json_writer *w, const char *name, uint64_t value)
{
	put_name(w, name);
	(void)buf_add_u64(w->out, value);
}

void json_put_i64(struct json_writer *w, const char *name, int64_t value)
{
	put_name(w, name);
	if (value < 0)
		(void)buf_addc(w->out, '-');
	(void)buf_add_u64(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_put_double(struct json_writer *w, const char *name, double value)
{
	char text[40];
	if (!isfinite(value)) {
		json_put_null(w, name);
		return;
	}
	value = value == 0 ? 0 : value; /* -0 is a number that no reader keeps */
	(void)snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		(void)snprintf(text, sizeof(text), "%.17g", value);
	char *comma = strchr(text, ','); /* some languages write one */
	if (comma)
		*comma = '.';
	put_name(w, name);
	(void)buf_adds(w->out, text);
}

void json_put_bool(struct json_writer *w, const char *name, bool value)
{
	put_name(w, name);
	(void)buf_adds(w->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *name)
{
	put_name(w, name);
	(void)buf_adds(w->out, "null");
}

void json_put_raw(struct json_writer *w, const char *name, struct bytes value)
{
	put_name(w, name);
	(void)buf_add_bytes(w->out, value);
}

static void put_value(struct json_writer *w, const char *name, json_t *j);

static void put_members(struct json_writer *w, json_t *object)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
		put_value(w, name, value);
}

static void put_items(struct json_writer *w, json_t *array)
{
	size_t i;
	json_t *value;
	json_array_foreach(array, i, value)
		put_value(w, NULL, value);
}

/* As deep as json_parse let it be. */
static void put_value(struct json_writer *w, const char *name, json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		json_begin_object(w, name);
		put_members(w, j);
		json_end(w);
		break;
	case JSON_ARRAY:
		json_begin_array(w, name);
		put_items(w, j);
		json_end(w);
		break;
	case JSON_STRING:
		json_put_bytes(w, name, BYTES(json_string_value(j), json_string_length(j)));
		break;
	case JSON_INTEGER:
		json_put_i64(w, name, json_integer_value(j));
		break;
	case JSON_REAL:
		json_put_double(w, name, json_real_value(j));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_put_bool(w, name, json_is_true(j));
		break;
	case JSON_NULL:
		json_put_null(w, name);
		break;
	}
}

/* jansson's walks take their value without const, though they leave it as it is. */
static json_t *mutable(const struct json_t *j)
{
	return (json_t *)(uintptr_t)j;
}

const struct json_t *json_member(const struct json_t *obj, const char *name)
{
	return json_object_get(obj, name);
}

int json_dump(struct buf *out, const struct json_t *j)
{
	struct json_writer w;
	json_writer_init(&w, out);
	put_value(&w, NULL, mutable(j));
	return out->failed ? ERR_TOO_BIG : 0;
}

bool json_has_members(const struct json_t *j)
{
	return json_is_object(j);
}

void json_each_member(const struct json_t *obj, json_member_fn each, void *arg)
{
	for (void *it = json_object_iter((json_t *)(uintptr_t)obj); it; /* jansson's iterators change nothing */
	     it = json_object_iter_next((json_t *)(uintptr_t)obj, it))
		each(arg, json_object_iter_key(it), json_object_iter_value(it));
}

void json_text(struct buf *out, const struct json_t *j)
{
	if (!j || json_is_null(j))
		return;
	if (json_is_string(j)) {
		buf_add_bytes(out, BYTES(json_string_value(j), json_string_length(j)));
	} else if (json_is_boolean(j)) {
		buf_adds(out, json_is_true(j) ? "yes" : "no");
	} else if (json_is_array(j)) {
		for (size_t i = 0; i < json_array_size(j); i++) {
			if (i)
				buf_addc(out, ',');
			json_text(out, json_array_get(j, i));
		}
	} else {
		(void)json_dump(out, j); /* the buf is marked when it does not fit */
	}
}
