#include "codec/sse.h"

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

static bool breaks_line(const char *s)
{
	return s && strpbrk(s, "\r\n");
}

/* Takes the first line and its end off the text. False when no end follows it: it is the last. */
static bool line_take(struct bytes *text, struct bytes *ret_line)
{
	size_t len = 0;
	while (len < text->len && text->p[len] != '\r' && text->p[len] != '\n')
		len++;
	*ret_line = BYTES(text->p, len);
	if (len == text->len)
		return false;
	size_t end = text->p[len] == '\r' && text->len - len > 1 && text->p[len + 1] == '\n' ? 2 : 1;
	*text = BYTES(text->p + len + end, text->len - len - end);
	return true;
}

static void field_write(struct buf *out, const char *name, struct bytes value)
{
	(void)buf_adds(out, name); /* the end of sse_write looks whether there was room */
	(void)buf_add_bytes(out, value);
	(void)buf_addc(out, '\n');
}

static int write_end(struct buf *out, size_t was)
{
	if (!out->failed)
		return 0;
	buf_truncate(out, was);
	return ERR_TOO_BIG;
}

int sse_write(struct buf *out, const char *id, const char *event, struct bytes data)
{
	size_t was = out->len;
	if (breaks_line(id) || breaks_line(event))
		return ERR_INVALID;
	if (id)
		field_write(out, "id: ", bytes_str(id));
	if (event)
		field_write(out, "event: ", bytes_str(event));
	struct bytes line;
	while (line_take(&data, &line))
		field_write(out, "data: ", line);
	field_write(out, "data: ", line);
	(void)buf_addc(out, '\n');
	return write_end(out, was);
}

int sse_write_comment(struct buf *out, const char *text)
{
	size_t was = out->len;
	if (breaks_line(text))
		return ERR_INVALID;
	field_write(out, ": ", bytes_str(text));
	(void)buf_addc(out, '\n');
	return write_end(out, was);
}

int sse_write_retry(struct buf *out, uint32_t retry_ms)
{
	size_t was = out->len;
	(void)buf_addf(out, "retry: %u\n\n", retry_ms);
	return write_end(out, was);
}

void sse_reader_init(struct sse_reader *r, size_t max)
{
	*r = (struct sse_reader){.retry_ms = -1};
	buf_init(&r->line, max);
	buf_init(&r->data, max);
	buf_init(&r->event, max);
	buf_init(&r->id, max);
	buf_init(&r->next_id, max);
}

void sse_reader_release(struct sse_reader *r)
{
	buf_release(&r->line);
	buf_release(&r->data);
	buf_release(&r->event);
	buf_release(&r->id);
	buf_release(&r->next_id);
}

static void set(struct buf *to, struct bytes value)
{
	buf_reset(to);
	(void)buf_add_bytes(to, value); /* it fits: a line is no longer */
}

static int field_read(struct sse_reader *r, struct bytes name, struct bytes value, struct err *e)
{
	uint64_t ms;
	if (bytes_equal_str(name, "data")) {
		(void)buf_add_bytes(&r->data, value);
		(void)buf_addc(&r->data, '\n');
		return buf_check(&r->data, e, "data of an event");
	}
	if (bytes_equal_str(name, "event"))
		set(&r->event, value);
	else if (bytes_equal_str(name, "id") && !(value.len && memchr(value.p, '\0', value.len)))
		set(&r->next_id, value);
	else if (bytes_equal_str(name, "retry") && text_to_u64(value, &ms) && ms <= INT64_MAX)
		r->retry_ms = (int64_t)ms;
	return 0;
}

/* An empty line. Only now the id counts: an event that is cut off will be asked for again. */
static bool dispatch(struct sse_reader *r)
{
	set(&r->id, buf_bytes(&r->next_id));
	if (r->data.len == 0) {
		buf_reset(&r->event);
		return false;
	}
	buf_truncate(&r->data, r->data.len - 1);
	r->dispatched = true;
	return true;
}

static int line_read(struct sse_reader *r, bool *ret_event, struct err *e)
{
	struct bytes line = buf_bytes(&r->line);
	if (line.len == 0) {
		*ret_event = dispatch(r);
		return 0;
	}
	const uint8_t *colon = memchr(line.p, ':', line.len);
	if (colon == line.p)
		return 0; /* a comment */
	size_t name_len = colon ? (size_t)(colon - line.p) : line.len;
	struct bytes value = colon ? BYTES(colon + 1, line.len - name_len - 1) : BYTES_LIT("");
	if (value.len > 0 && value.p[0] == ' ')
		value = BYTES(value.p + 1, value.len - 1);
	return field_read(r, BYTES(line.p, name_len), value, e);
}

/* The end of a line has come; the byte order mark is no part of the first. */
static int line_end(struct sse_reader *r, bool *ret_event, struct err *e)
{
	if (!r->begun && bytes_starts_with(buf_bytes(&r->line), "\xef\xbb\xbf"))
		buf_consume(&r->line, 3);
	r->begun = true;
	int rc = line_read(r, ret_event, e);
	buf_reset(&r->line);
	return rc;
}

static size_t until_line_end(struct bytes in)
{
	size_t n = 0;
	while (n < in.len && in.p[n] != '\r' && in.p[n] != '\n')
		n++;
	return n;
}

int sse_feed(struct sse_reader *r, struct bytes in, size_t *ret_used, bool *ret_event, struct err *e)
{
	size_t used = 0;
	bool event = false;
	if (r->dispatched) {
		buf_reset(&r->data);
		buf_reset(&r->event);
		r->dispatched = false;
	}
	while (used < in.len && !event) {
		if (r->after_cr && in.p[used] == '\n')
			used++;
		r->after_cr = false;
		size_t n = until_line_end(BYTES(in.p + used, in.len - used));
		(void)buf_add(&r->line, in.p + used, n);
		int rc = buf_check(&r->line, e, "line of an event stream");
		used += n;
		if (rc == 0 && used < in.len) {
			r->after_cr = in.p[used++] == '\r';
			rc = line_end(r, &event, e);
		}
		if (rc)
			return rc;
	}
	*ret_used = used;
	*ret_event = event;
	return 0;
}
