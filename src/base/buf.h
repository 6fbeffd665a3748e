/* buf.h - a piece of memory that somebody else owns (struct bytes), and a growing one with a ceiling (struct buf).
 *
 * A buf is told its ceiling when it is initialised. An append that would pass it adds nothing, and marks the buf as
 * failed; so a writer may append many times and look once at the end (buf_check). Memory exhaustion below the
 * ceiling aborts. Not for secrets: see base/secret.h. No locks: one thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct err;

struct bytes {
	const uint8_t *p;
	size_t len;
};

#define BYTES(ptr, length) ((struct bytes){(const uint8_t *)(ptr), (length)})
#define BYTES_LIT(literal) ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})
#define BYTES_NONE         ((struct bytes){NULL, 0})

static inline struct bytes bytes_str(const char *s)
{
	return s ? BYTES(s, strlen(s)) : BYTES_NONE;
}

bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_str(struct bytes a, const char *s);
bool bytes_equal_str_nocase(struct bytes a, const char *s); /* ASCII only */
bool bytes_starts_with(struct bytes a, const char *prefix);
struct bytes bytes_trim(struct bytes a); /* without blanks, tabs, CR and LF at both ends */
char *bytes_dup_str(struct bytes a);     /* malloc'd, NUL at the end; the caller frees */
/* Copies into to with a NUL at the end; false and an empty string when it does not fit or holds a NUL. */
bool bytes_to_str(struct bytes a, char *to, size_t to_size);

struct buf {
	uint8_t *p; /* NULL until the first append */
	size_t len;
	size_t cap;
	size_t max;  /* ceiling of len */
	bool failed; /* an append was refused since the last reset */
};

/* The struct is the caller's; the memory behind it belongs to the buf. */
void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* frees the memory; the struct may be initialised again */
void buf_reset(struct buf *b);   /* len 0, not failed, keeps the memory */

/* Appends: 0, or ERR_TOO_BIG with the buf marked and otherwise unchanged. */
int buf_add(struct buf *b, const void *p, size_t len);
int buf_add_bytes(struct buf *b, struct bytes more);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_addv(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
int buf_add_u64(struct buf *b, uint64_t v); /* decimal */
int buf_add_be16(struct buf *b, uint16_t v);
int buf_add_be32(struct buf *b, uint32_t v);
int buf_add_le16(struct buf *b, uint16_t v);
int buf_add_le32(struct buf *b, uint32_t v);

/* Room for len more bytes, not yet counted; NULL (and marked) past the ceiling. buf_commit counts what was written. */
uint8_t *buf_reserve(struct buf *b, size_t len);
void buf_commit(struct buf *b, size_t len);

void buf_consume(struct buf *b, size_t len); /* drops the first len bytes (at most all) */
void buf_truncate(struct buf *b, size_t len);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return BYTES(b->p, b->len);
}

/* The content with a NUL behind it (not counted); "" when empty. Valid until the next change. */
const char *buf_cstr(struct buf *b);

/* 0, or ERR_TOO_BIG naming what, when an append was refused. */
int buf_check(const struct buf *b, struct err *e, const char *what);

#endif
