#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/err.h"

#define FIRST_CAP 64

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool bytes_equal_str(struct bytes a, const char *s)
{
	return bytes_equal(a, bytes_str(s));
}

bool bytes_equal_str_nocase(struct bytes a, const char *s)
{
	struct bytes b = bytes_str(s);
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool bytes_starts_with(struct bytes a, const char *prefix)
{
	size_t len = strlen(prefix);
	return a.len >= len && (len == 0 || memcmp(a.p, prefix, len) == 0);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes a)
{
	while (a.len && is_blank(a.p[0])) {
		a.p++;
		a.len--;
	}
	while (a.len && is_blank(a.p[a.len - 1]))
		a.len--;
	return a;
}

char *bytes_dup_str(struct bytes a)
{
	char *s = mem_grow(NULL, a.len + 1, 1);
	if (a.len)
		memcpy(s, a.p, a.len);
	s[a.len] = '\0';
	return s;
}

bool bytes_to_str(struct bytes a, char *to, size_t to_size)
{
	ASSERT(to_size > 0);
	bool fits = a.len < to_size && (a.len == 0 || !memchr(a.p, 0, a.len));
	size_t len = fits ? a.len : 0;
	if (len)
		memcpy(to, a.p, len);
	to[len] = '\0';
	return fits;
}

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* Memory for need bytes and a NUL, where need is at most max. */
static void grow(struct buf *b, size_t need)
{
	if (need < b->cap)
		return;
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	while (cap <= need)
		cap = cap > SIZE_MAX / 2 ? need + 1 : cap * 2;
	if (cap > b->max && b->max < SIZE_MAX)
		cap = b->max + 1;
	b->p = mem_grow(b->p, cap, 1);
	b->cap = cap;
}

uint8_t *buf_reserve(struct buf *b, size_t len)
{
	if (b->len > b->max || len > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	grow(b, b->len + len);
	return b->p + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
	ASSERT(len == 0 || (b->len < b->cap && len < b->cap - b->len));
	b->len += len;
}

int buf_add(struct buf *b, const void *p, size_t len)
{
	uint8_t *to = buf_reserve(b, len);
	if (!to)
		return ERR_TOO_BIG;
	if (len)
		memcpy(to, p, len);
	b->len += len;
	return 0;
}

int buf_add_bytes(struct buf *b, struct bytes more)
{
	return buf_add(b, more.p, more.len);
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int rc = buf_addv(b, fmt, ap);
	va_end(ap);
	return rc;
}

/* Mostly the text fits behind what is there: one pass. cap counts the place of the NUL that vsnprintf writes. */
int buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	size_t room = b->cap - b->len;
	int n = vsnprintf(room ? (char *)b->p + b->len : NULL, room, fmt, ap);
	uint8_t *to = NULL;
	if (n < 0)
		b->failed = true;
	else
		to = buf_reserve(b, (size_t)n);
	if (to && (size_t)n >= room)
		(void)vsnprintf((char *)to, (size_t)n + 1, fmt, again); /* same text, same length */
	va_end(again);
	if (!to)
		return ERR_TOO_BIG;
	b->len += (size_t)n;
	return 0;
}

int buf_add_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return buf_add(b, digits + at, sizeof(digits) - at);
}

int buf_add_be16(struct buf *b, uint16_t v)
{
	return buf_add(b, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

int buf_add_be32(struct buf *b, uint32_t v)
{
	return buf_add(b, (uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 4);
}

int buf_add_le16(struct buf *b, uint16_t v)
{
	return buf_add(b, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2);
}

int buf_add_le32(struct buf *b, uint32_t v)
{
	return buf_add(b, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)}, 4);
}

void buf_consume(struct buf *b, size_t len)
{
	if (len >= b->len) {
		b->len = 0;
		return;
	}
	b->len -= len;
	memmove(b->p, b->p + len, b->len);
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
}

const char *buf_cstr(struct buf *b)
{
	if (b->len == 0)
		return "";
	b->p[b->len] = '\0'; /* grow always leaves this place */
	return (const char *)b->p;
}

int buf_check(const struct buf *b, struct err *e, const char *what)
{
	if (!b->failed)
		return 0;
	return err_set(e, ERR_TOO_BIG, "%s is larger than %zu bytes", what, b->max);
}
