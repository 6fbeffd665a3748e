/* json.h - JSON (RFC 8259) in and out.
 *
 * The reader is a thin coat over jansson: it refuses members given twice, trailing bytes, invalid UTF-8, NUL, more than
 * its size and depth; the getters say which member is wrong and why. The writer streams into a buf, needs no tree, and
 * never lets invalid UTF-8 out. Values that the reader gives are borrowed from the document. One thread a document. */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/buf.h"

struct err;
struct json_t; /* jansson's value; callers here need no more of it */

#define JSON_DEPTH_MAX 32

/* Reads one value of at most max_len bytes. 0 and *ret, which json_free ends; ERR_TOO_BIG (size or depth), ERR_INVALID
 * with line and column. */
int json_parse(struct bytes in, size_t max_len, struct json_t **ret, struct err *e);
void json_free(struct json_t *j); /* NULL is fine */
/* From now on what the reader frees is overwritten first: for programs that read passwords. Once, before threads. */
void json_wipe_freed(void);

/* Members of an object that have to be there: 0, ERR_MISSING, or ERR_INVALID (wrong type, out of bounds; the object is
 * none). Texts live as long as the document. max_len counts bytes. */
int json_get_str(const struct json_t *obj, const char *name, size_t max_len, const char **ret, struct err *e);
int json_get_i64(const struct json_t *obj, const char *name, int64_t least, int64_t most, int64_t *ret, struct err *e);
int json_get_bool(const struct json_t *obj, const char *name, bool *ret, struct err *e);
int json_get_object(const struct json_t *obj, const char *name, const struct json_t **ret, struct err *e);
int json_get_array(const struct json_t *obj, const char *name, size_t max_count, const struct json_t **ret,
		   struct err *e);

/* The same for members that may be left out or be null: then 0 and *ret as it was. */
int json_opt_str(const struct json_t *obj, const char *name, size_t max_len, const char **ret, struct err *e);
int json_opt_i64(const struct json_t *obj, const char *name, int64_t least, int64_t most, int64_t *ret, struct err *e);
int json_opt_bool(const struct json_t *obj, const char *name, bool *ret, struct err *e);
int json_opt_object(const struct json_t *obj, const char *name, const struct json_t **ret, struct err *e);
int json_opt_array(const struct json_t *obj, const char *name, size_t max_count, const struct json_t **ret,
		   struct err *e);

/* ERR_INVALID naming the first member that is not in names (which ends with NULL), so that a slip is not ignored. */
int json_check_members(const struct json_t *obj, const char *const *names, struct err *e);
bool json_has(const struct json_t *obj, const char *name); /* there, be it null */

size_t json_count(const struct json_t *array);                      /* 0 for anything else */
const struct json_t *json_at(const struct json_t *array, size_t i); /* NULL past the end */
int json_at_str(const struct json_t *array, size_t i, size_t max_len, const char **ret, struct err *e);
int json_at_i64(const struct json_t *array, size_t i, int64_t least, int64_t most, int64_t *ret, struct err *e);

const struct json_t *json_member(const struct json_t *obj, const char *name); /* NULL when it is not there */
bool json_has_members(const struct json_t *j);                                /* it is an object */
typedef void (*json_member_fn)(void *arg, const char *name, const struct json_t *value);
void json_each_member(const struct json_t *obj, json_member_fn each, void *arg); /* in their order */
int json_dump(struct buf *out, const struct json_t *j); /* compact, members in their order; 0 or ERR_TOO_BIG */
/* As a person reads it: a text without quotes, elements of an array with commas between, nothing for null and NULL. */
void json_text(struct buf *out, const struct json_t *j);

/* Writes into out, compact, without a newline at the end. Every value takes the name of its member, or NULL inside an
 * array and at the top. Look once at the end: buf_check of out. Nesting over JSON_DEPTH_MAX, an end too many or a name
 * at the wrong place is our own mistake and asserts. */
struct json_writer {
	struct buf *out;
	uint32_t depth;
	uint64_t arrays; /* one bit a level: it is an array */
	uint64_t filled; /* one bit a level: it has a member already */
};

void json_writer_init(struct json_writer *w, struct buf *out);
bool json_writer_is_done(const struct json_writer *w); /* all that was begun has ended */
void json_begin_object(struct json_writer *w, const char *name);
void json_begin_array(struct json_writer *w, const char *name);
void json_end(struct json_writer *w);                                             /* of what was begun last */
void json_put_str(struct json_writer *w, const char *name, const char *value);    /* NULL gives null */
void json_put_bytes(struct json_writer *w, const char *name, struct bytes value); /* text; p NULL gives null */
void json_put_u64(struct json_writer *w, const char *name, uint64_t value);
void json_put_i64(struct json_writer *w, const char *name, int64_t value);
void json_put_double(struct json_writer *w, const char *name, double value); /* not finite gives null */
void json_put_bool(struct json_writer *w, const char *name, bool value);
void json_put_null(struct json_writer *w, const char *name);
/* value is a complete JSON text that comes from a writer. */
void json_put_raw(struct json_writer *w, const char *name, struct bytes value);

/* The string with its quotes, as the writer escapes it: quote, backslash and all that text_is_printable refuses
 * (controls, U+2028, U+2029, changes of direction) escaped; each byte of invalid UTF-8 becomes U+FFFD. */
void json_quote(struct buf *out, struct bytes text);

#endif
