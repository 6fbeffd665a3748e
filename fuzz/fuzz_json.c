/* JSON in: every getter on what was read. JSON out: any bytes become a text that reads back. */
#include "base/base.h"
#include "base/text.h"
#include "codec/json.h"
#include "fuzz/fuzz.h"

static void read_items(const struct json_t *list)
{
	const char *text;
	int64_t n;
	for (size_t i = 0; i <= json_count(list); i++) {
		(void)json_at_str(list, i, 100, &text, NULL);
		(void)json_at_i64(list, i, -100, 100, &n, NULL);
		(void)json_at(list, i);
	}
}

static void read_members(const struct json_t *j)
{
	static const char *const names[] = {"text", "number", "bool", "object", "list", NULL};
	const struct json_t *v = NULL;
	const char *text = NULL;
	int64_t n = 0;
	bool b = false;
	(void)json_check_members(j, names, NULL);
	(void)json_has(j, "text");
	if (json_get_str(j, "text", 10, &text, NULL) == 0)
		ASSERT(strlen(text) <= 10 && text_is_utf8(bytes_str(text)));
	if (json_get_i64(j, "number", -10, 10, &n, NULL) == 0)
		ASSERT(n >= -10 && n <= 10);
	(void)json_get_bool(j, "bool", &b, NULL);
	(void)json_get_object(j, "object", &v, NULL);
	if (json_get_array(j, "list", 10, &v, NULL) == 0)
		read_items(v);
	(void)json_opt_str(j, "text", 10, &text, NULL);
	(void)json_opt_i64(j, "number", -10, 10, &n, NULL);
	(void)json_opt_bool(j, "bool", &b, NULL);
	(void)json_opt_array(j, "list", 10, &v, NULL);
	v = NULL;
	if (json_opt_object(j, "object", &v, NULL) == 0 && v)
		read_members(v);
}

/* What was read and written reads and writes the same again. */
static void write_back(const struct json_t *j, size_t size)
{
	struct json_t *again = NULL;
	struct buf first, second;
	buf_init(&first, 8 * size + 100); /* a number may grow: 1e5 and 17 digits */
	buf_init(&second, 8 * size + 100);
	ASSERT(json_dump(&first, j) == 0);
	ASSERT(json_parse(buf_bytes(&first), SIZE_MAX, &again, NULL) == 0);
	ASSERT(json_dump(&second, again) == 0 && bytes_equal(buf_bytes(&first), buf_bytes(&second)));
	json_text(&second, j);
	json_text(&second, json_member(j, "list"));
	json_free(again);
	buf_release(&first);
	buf_release(&second);
}

static void write_all(struct json_writer *w, struct bytes in)
{
	double d = 0;
	memcpy(&d, in.p, in.len < sizeof(d) ? in.len : sizeof(d));
	json_begin_object(w, NULL);
	json_put_bytes(w, "text", in);
	json_begin_array(w, "list");
	json_put_u64(w, NULL, in.len);
	json_put_i64(w, NULL, -(int64_t)in.len);
	json_put_double(w, NULL, d);
	json_put_bool(w, NULL, in.len & 1);
	json_put_null(w, NULL);
	json_end(w);
	json_put_str(w, "none", NULL);
	json_put_raw(w, "raw", BYTES_LIT("[]"));
	json_end(w);
	ASSERT(json_writer_is_done(w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_t *j = NULL;
	struct json_writer w;
	struct buf out;
	const char *text;
	struct bytes in = size ? BYTES(data, size) : BYTES_LIT("");
	if (json_parse(in, 60000, &j, NULL) == 0) {
		read_members(j);
		write_back(j, size);
	}
	json_free(j);
	buf_init(&out, 6 * size + 1000);
	json_writer_init(&w, &out);
	write_all(&w, in);
	ASSERT(!out.failed && text_is_printable(buf_bytes(&out)));
	if (!memchr(in.p, 0, in.len)) { /* the reader takes no NUL */
		ASSERT(json_parse(buf_bytes(&out), SIZE_MAX, &j, NULL) == 0);
		ASSERT(json_get_str(j, "text", SIZE_MAX, &text, NULL) == 0);
		ASSERT(!text_is_utf8(in) || bytes_equal_str(in, text));
		json_free(j);
	}
	buf_release(&out);
	return 0;
}
