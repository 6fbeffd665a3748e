#include "codec/http1.h"

#include <llhttp.h>
#include <strings.h>

#include "base/base.h"
#include "base/err.h"

#define MAGIC       0x68747431u
#define KEEP_BYTES  (16 * 1024) /* buffers up to this size stay from message to message */
#define HEAD_FIRST  1000        /* room for most heads at the first allocation */
#define BODY_FIRST  2000        /* and for most replies of a device */
#define INTERIM_MAX 8           /* a device that sends 100 for ever is not waited for */

/* Chunk sizes, extensions and trailers may take this much, and this many bytes more for each byte of body (the
 * smallest honest chunk, four digits and one byte, takes eight). Neither has a limit in llhttp. */
#define FRAMING_MAX      (16 * 1024)
#define FRAMING_PER_BYTE 16

enum state {
	STATE_IDLE,
	STATE_HEAD,
	STATE_BODY,
	STATE_DONE,
	STATE_FAILED,
};

_Static_assert(sizeof(llhttp_t) <= sizeof(((struct http1 *)0)->parser), "room for llhttp's struct");

static llhttp_t *parser_of(struct http1 *h)
{
	return (llhttp_t *)(void *)h->parser;
}

static const char *noun(const struct http1 *h)
{
	return h->side == HTTP1_REQUEST ? "request" : "reply";
}

#define FAIL(h, code, status, ...) fail(h, code, status, err_set(e, code, __VA_ARGS__))

static int fail(struct http1 *h, int code, int status, int set)
{
	h->error = code;
	h->refusal = (uint16_t)status;
	h->state = STATE_FAILED;
	return set;
}

/* The callbacks of llhttp find the struct in its data pointer. */

static bool has_no_body(const struct http1 *h)
{
	return h->side == HTTP1_REPLY &&
	       (h->status / 100 == 1 || h->status == 204 || h->status == 304 || h->expecting_no_body);
}

static int on_headers_complete(llhttp_t *p)
{
	struct http1 *h = p->data;
	h->head_seen = true;
	h->chunked = (p->flags & F_CHUNKED) != 0;
	h->has_length = (p->flags & F_CONTENT_LENGTH) != 0;
	h->content_length = h->has_length ? p->content_length : 0;
	h->upgrade = h->side == HTTP1_REQUEST ? p->upgrade : h->status == 101;
	h->until_end = h->side == HTTP1_REPLY && !has_no_body(h) && !h->chunked && !h->has_length;
	h->keep_alive = !(p->flags & F_CONNECTION_CLOSE) && (h->minor == 1 || (p->flags & F_CONNECTION_KEEP_ALIVE)) &&
			!h->until_end;
	return has_no_body(h) ? 1 : 0;
}

static int on_message_complete(llhttp_t *p)
{
	struct http1 *h = p->data;
	h->done_seen = true;
	return HPE_PAUSED;
}

static int on_chunk_header(llhttp_t *p)
{
	struct http1 *h = p->data;
	if (h->streaming || p->content_length <= h->body.max - h->body.len)
		return 0;
	h->error = ERR_TOO_BIG;
	return -1;
}

/* One allocation instead of a row of doublings; never because of what the peer announces. */
static void buf_begin(struct buf *b, size_t len)
{
	if (!b->p)
		(void)buf_reserve(b, b->max < len ? b->max : len);
}

static int on_body(llhttp_t *p, const char *at, size_t len)
{
	struct http1 *h = p->data;
	h->body_seen += len;
	buf_begin(&h->body, BODY_FIRST);
	if (buf_add(&h->body, at, len) == 0)
		return 0;
	h->error = ERR_TOO_BIG;
	return HPE_USER;
}

static const llhttp_settings_t settings = {
	.on_headers_complete = on_headers_complete,
	.on_message_complete = on_message_complete,
	.on_chunk_header = on_chunk_header,
	.on_body = on_body,
};

static void parser_start(struct http1 *h)
{
	llhttp_init(parser_of(h), h->side == HTTP1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
}

/* Forgets the message but neither the buffers nor what is expected. */
static void message_clear(struct http1 *h)
{
	h->state = STATE_IDLE;
	h->minor = 0;
	h->keep_alive = h->upgrade = h->chunked = h->has_length = h->until_end = false;
	h->head_seen = h->done_seen = h->blank_seen = false;
	h->lines = h->status = h->refusal = 0;
	h->error = 0;
	h->line_start = 0;
	h->content_length = h->body_seen = h->framing_seen = 0;
	h->method = h->target = BYTES_NONE;
	h->body.max = h->body_max;
	buf_reset(&h->head);
	buf_reset(&h->body);
}

static void buf_shrink(struct buf *b, size_t keep)
{
	size_t max = b->max;
	if (b->cap <= keep)
		return;
	buf_release(b);
	buf_init(b, max);
}

void http1_init(struct http1 *h, enum http1_side side, size_t body_max)
{
	memset(h, 0, sizeof(*h));
	h->magic = MAGIC;
	h->side = (uint8_t)side;
	h->body_max = body_max;
	buf_init(&h->head, HTTP1_HEAD_MAX);
	buf_init(&h->body, body_max);
}

void http1_release(struct http1 *h)
{
	buf_release(&h->head);
	buf_release(&h->body);
	h->magic = 0;
}

void http1_set_streaming(struct http1 *h, bool on)
{
	ASSERT(h->magic == MAGIC);
	h->streaming = on;
}

static int length_check(struct http1 *h, struct err *e)
{
	if (h->streaming || h->content_length <= h->body.max || has_no_body(h))
		return 0;
	return FAIL(h, ERR_TOO_BIG, 413, "%s: body of %llu bytes, the limit is %zu", noun(h),
		    (unsigned long long)h->content_length, h->body.max);
}

int http1_limit_body(struct http1 *h, size_t body_max, struct err *e)
{
	ASSERT(h->magic == MAGIC && h->state == STATE_BODY && body_max <= h->body_max && h->body.len == 0);
	h->body.max = body_max;
	return length_check(h, e);
}

void http1_expect(struct http1 *h, bool head_only, bool upgrade)
{
	ASSERT(h->magic == MAGIC && h->side == HTTP1_REPLY && h->state == STATE_IDLE && !h->expecting);
	h->expecting = true;
	h->expecting_no_body = head_only;
	h->expecting_upgrade = upgrade;
}

bool http1_is_idle(const struct http1 *h)
{
	return h->state == STATE_IDLE && h->head.len == 0;
}

void http1_next(struct http1 *h)
{
	ASSERT(h->magic == MAGIC && (h->state == STATE_DONE || h->state == STATE_IDLE));
	http1_reuse(h);
	buf_shrink(&h->head, KEEP_BYTES);
	buf_shrink(&h->body, KEEP_BYTES);
}

void http1_shrink(struct http1 *h)
{
	ASSERT(h->magic == MAGIC && http1_is_idle(h));
	buf_shrink(&h->head, 0);
	buf_shrink(&h->body, 0);
}

void http1_reuse(struct http1 *h)
{
	ASSERT(h->magic == MAGIC);
	message_clear(h);
	h->interim = 0;
	h->expecting = h->expecting_no_body = h->expecting_upgrade = false;
}

/* RFC 9110 5.6.2 and 5.5: what may stand in a name (1) and in a value or reason (2). */
static const uint8_t char_kind[256] = {
	['\t'] = 2,          [' '] = 2,         ['!'] = 3,         ['"'] = 2,         ['#' ... '\''] = 3,
	['('] = 2,           [')'] = 2,         ['*' ... '+'] = 3, [','] = 2,         ['-' ... '.'] = 3,
	['/'] = 2,           ['0' ... '9'] = 3, [':' ... '@'] = 2, ['A' ... 'Z'] = 3, ['[' ... ']'] = 2,
	['^' ... 'z'] = 3,   ['{'] = 2,         ['|'] = 3,         ['}'] = 2,         ['~'] = 3,
	[0x80 ... 0xff] = 2,
};

static bool all_of(struct bytes s, uint8_t kind)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(char_kind[s.p[i]] & kind))
			return false;
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes trim_blanks(struct bytes s)
{
	while (s.len > 0 && is_blank(s.p[0]))
		s = BYTES(s.p + 1, s.len - 1);
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* The line at *it without its end; false at the empty line that ends the head. */
static bool line_each(const struct http1 *h, size_t *it, struct bytes *ret)
{
	const uint8_t *p = h->head.p + *it;
	const uint8_t *end = memchr(p, '\n', h->head.len - *it);
	*it += (size_t)(end - p) + 1;
	*ret = BYTES(p, (size_t)(end - p) - 1);
	return ret->len > 0;
}

static bool version_read(struct http1 *h, struct bytes v)
{
	if (!bytes_equal_str(v, "HTTP/1.0") && !bytes_equal_str(v, "HTTP/1.1"))
		return false;
	h->minor = v.p[7] - '0';
	return true;
}

static bool is_target(struct bytes t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.p[i] <= ' ' || t.p[i] >= 0x7f)
			return false;
	return t.len > 0;
}

static int request_line_read(struct http1 *h, struct bytes line, struct err *e)
{
	const uint8_t *first = memchr(line.p, ' ', line.len);
	const uint8_t *last = memrchr(line.p, ' ', line.len);
	if (!first || first == last)
		return FAIL(h, ERR_MALFORMED, 400, "request: the first line is not method, target and version");
	const uint8_t *end = line.p + line.len;
	if (!version_read(h, BYTES(last + 1, (size_t)(end - last) - 1)))
		return FAIL(h, ERR_MALFORMED, 505, "request: not of HTTP/1.0 or HTTP/1.1");
	h->method = BYTES(line.p, (size_t)(first - line.p));
	h->target = BYTES(first + 1, (size_t)(last - first) - 1);
	if (h->method.len == 0 || !all_of(h->method, 1) || !is_target(h->target))
		return FAIL(h, ERR_MALFORMED, 400, "request: method or target with characters that are not allowed");
	if (bytes_equal_str(h->method, "CONNECT"))
		return FAIL(h, ERR_MALFORMED, 501, "request: the method CONNECT is not served");
	return 0;
}

static int status_line_read(struct http1 *h, struct bytes line, struct err *e)
{
	if (line.len < 12 || !version_read(h, BYTES(line.p, 8)))
		return FAIL(h, ERR_MALFORMED, 400, "reply: not of HTTP/1.0 or HTTP/1.1");
	const uint8_t *d = line.p + 9;
	bool digits = d[0] >= '1' && d[0] <= '5' && d[1] >= '0' && d[1] <= '9' && d[2] >= '0' && d[2] <= '9';
	if (line.p[8] != ' ' || !digits || (line.len > 12 && line.p[12] != ' '))
		return FAIL(h, ERR_MALFORMED, 400, "reply: no status of three digits");
	if (!all_of(BYTES(line.p + 12, line.len - 12), 2))
		return FAIL(h, ERR_MALFORMED, 400, "reply: control character in the first line");
	h->status = (uint16_t)((d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0'));
	if (h->status == 101 && !h->expecting_upgrade)
		return FAIL(h, ERR_MALFORMED, 400, "reply: switches protocols unasked");
	return 0;
}

/* What decides where a message ends, or whom it is for, may be said once. */
struct singles {
	unsigned host;
	unsigned coding;
	bool coding_known;
};

static int header_read(struct http1 *h, struct bytes line, unsigned number, struct singles *s, struct err *e)
{
	if (is_blank(line.p[0]))
		return FAIL(h, ERR_MALFORMED, 400, "%s: header line %u is folded", noun(h), number);
	const uint8_t *colon = memchr(line.p, ':', line.len);
	if (!colon || colon == line.p)
		return FAIL(h, ERR_MALFORMED, 400, "%s: header line %u has no name and colon", noun(h), number);
	struct bytes name = BYTES(line.p, (size_t)(colon - line.p));
	struct bytes value = trim_blanks(BYTES(colon + 1, line.len - name.len - 1));
	if (is_blank(colon[-1]))
		return FAIL(h, ERR_MALFORMED, 400, "%s: header line %u has a blank before its colon", noun(h), number);
	if (!all_of(name, 1) || !all_of(value, 2))
		return FAIL(h, ERR_MALFORMED, 400, "%s: header line %u holds a character that is not allowed", noun(h),
			    number);
	if (bytes_equal_str_nocase(name, "Host"))
		s->host++;
	if (bytes_equal_str_nocase(name, "Transfer-Encoding")) {
		s->coding++;
		s->coding_known = bytes_equal_str_nocase(value, "chunked");
	}
	return 0;
}

static int singles_check(struct http1 *h, const struct singles *s, struct err *e)
{
	if (h->side == HTTP1_REQUEST && s->host == 0 && h->minor == 1)
		return FAIL(h, ERR_MALFORMED, 400, "request: no Host header");
	if (h->side == HTTP1_REQUEST && s->host > 1)
		return FAIL(h, ERR_MALFORMED, 400, "request: more than one Host header");
	if (s->coding > 1 || (s->coding && !s->coding_known))
		return FAIL(h, ERR_MALFORMED, 501, "%s: a transfer coding other than chunked", noun(h));
	if (s->coding && h->minor == 0)
		return FAIL(h, ERR_MALFORMED, 400, "%s: Transfer-Encoding in HTTP/1.0", noun(h));
	return 0;
}

static int headers_read(struct http1 *h, size_t it, struct err *e)
{
	struct singles s = {0};
	struct bytes line;
	for (unsigned number = 1; line_each(h, &it, &line); number++) {
		int rc = header_read(h, line, number, &s, e);
		if (rc)
			return rc;
	}
	return singles_check(h, &s, e);
}

/* llhttp reads the head once more, as a whole; it has to agree. */
static int head_confirm(struct http1 *h, struct err *e)
{
	parser_start(h);
	llhttp_t *p = parser_of(h);
	p->data = h;
	enum llhttp_errno rc = llhttp_execute(p, (const char *)h->head.p, h->head.len);
	if (rc != HPE_OK && rc != HPE_PAUSED && rc != HPE_PAUSED_UPGRADE)
		return FAIL(h, ERR_MALFORMED, 400, "%s: %s", noun(h), llhttp_get_error_reason(p));
	if (!h->head_seen)
		return FAIL(h, ERR_MALFORMED, 400, "%s: the head does not end where it seems to", noun(h));
	return length_check(h, e);
}

static int head_read(struct http1 *h, struct err *e)
{
	size_t it = 0;
	struct bytes line;
	(void)line_each(h, &it, &line); /* that the first line is there is known */
	int rc = h->side == HTTP1_REQUEST ? request_line_read(h, line, e) : status_line_read(h, line, e);
	if (rc == 0)
		rc = headers_read(h, it, e);
	return rc ? rc : head_confirm(h, e);
}

/* Garbage, or TLS on a plain port, is noticed by its first bytes instead of after 16 KiB without a line end. */
static int beginning_check(struct http1 *h, struct err *e)
{
	static const char version[] = "HTTP/1.";
	size_t len = h->head.len < sizeof(version) - 1 ? h->head.len : sizeof(version) - 1;
	bool fine = h->side == HTTP1_REPLY ? memcmp(h->head.p, version, len) == 0
					   : (h->head.p[0] >= 'A' && h->head.p[0] <= 'Z') || h->head.p[0] == '\r';
	return fine ? 0 : FAIL(h, ERR_MALFORMED, 400, "%s: not HTTP", noun(h));
}

/* A line has come to its end in the head buffer. Sets *ret_complete when it is the empty one. */
static int line_end(struct http1 *h, bool *ret_complete, struct err *e)
{
	size_t len = h->head.len - h->line_start;
	if (len < 2 || h->head.p[h->head.len - 2] != '\r')
		return FAIL(h, ERR_MALFORMED, 400, "%s: a line ends without CR", noun(h));
	if (len == 2 && h->lines == 0 && h->side == HTTP1_REQUEST && !h->blank_seen) {
		h->blank_seen = true;
		buf_reset(&h->head);
		return 0;
	}
	if (len == 2 && h->lines == 0)
		return FAIL(h, ERR_MALFORMED, 400, "%s: begins with an empty line", noun(h));
	if (len > 2 && h->lines > HTTP1_HEADERS_MAX)
		return FAIL(h, ERR_TOO_BIG, 431, "%s: more than %d headers", noun(h), HTTP1_HEADERS_MAX);
	h->lines++;
	h->line_start = (uint32_t)h->head.len;
	*ret_complete = len == 2;
	return 0;
}

/* Moves what belongs to the head into its buffer. */
static int head_take(struct http1 *h, struct bytes in, size_t *ret_used, bool *ret_complete, struct err *e)
{
	size_t used = 0;
	*ret_complete = false;
	buf_begin(&h->head, HEAD_FIRST);
	while (used < in.len && !*ret_complete) {
		const uint8_t *p = in.p + used;
		const uint8_t *lf = memchr(p, '\n', in.len - used);
		size_t len = lf ? (size_t)(lf - p) + 1 : in.len - used;
		if (buf_add(&h->head, p, len) != 0)
			return FAIL(h, ERR_TOO_BIG, 431, "%s: head over %d bytes", noun(h), HTTP1_HEAD_MAX);
		used += len;
		int rc = h->lines == 0 ? beginning_check(h, e) : 0;
		if (rc == 0 && lf)
			rc = line_end(h, ret_complete, e);
		if (rc)
			return rc;
	}
	*ret_used = used;
	return 0;
}

static bool is_interim(const struct http1 *h)
{
	return h->side == HTTP1_REPLY && h->status / 100 == 1 && h->status != 101;
}

static int interim_skip(struct http1 *h, struct err *e)
{
	if (++h->interim > INTERIM_MAX)
		return FAIL(h, ERR_MALFORMED, 400, "reply: more than %d interim replies", INTERIM_MAX);
	message_clear(h);
	return 0;
}

static int feed_head(struct http1 *h, struct bytes in, size_t *ret_used, enum http1_event *ret, struct err *e)
{
	size_t used = 0;
	while (used < in.len) {
		size_t n = 0;
		bool complete;
		h->state = STATE_HEAD;
		int rc = head_take(h, BYTES(in.p + used, in.len - used), &n, &complete, e);
		used += n;
		if (rc == 0 && complete)
			rc = head_read(h, e);
		if (rc)
			return rc;
		if (complete && !is_interim(h)) {
			h->state = STATE_BODY;
			*ret_used = used;
			*ret = HTTP1_HEAD;
			return 0;
		}
		rc = complete ? interim_skip(h, e) : 0;
		if (rc)
			return rc;
	}
	*ret_used = used;
	*ret = HTTP1_MORE;
	return 0;
}

static int body_error(struct http1 *h, struct err *e)
{
	if (h->error == ERR_TOO_BIG)
		return FAIL(h, ERR_TOO_BIG, 413, "%s: body over %zu bytes", noun(h), h->body.max);
	return FAIL(h, ERR_MALFORMED, 400, "%s: %s", noun(h), llhttp_get_error_reason(parser_of(h)));
}

static int done(struct http1 *h, size_t used, size_t *ret_used, enum http1_event *ret)
{
	h->state = STATE_DONE;
	h->expecting = false;
	*ret_used = used;
	*ret = HTTP1_DONE;
	return 0;
}

/* Two things that llhttp lets pass: framing without end, and a bare LF at the very end. */
static int framing_check(struct http1 *h, struct bytes taken, struct err *e)
{
	if (h->framing_seen > FRAMING_MAX + FRAMING_PER_BYTE * h->body_seen)
		return FAIL(h, ERR_TOO_BIG, 413, "%s: the framing of the body is far larger than the body", noun(h));
	uint8_t before_last = taken.len > 1 ? taken.p[taken.len - 2] : h->last;
	if (h->done_seen && h->chunked && before_last != '\r')
		return FAIL(h, ERR_MALFORMED, 400, "%s: the last line of the body ends without CR", noun(h));
	h->last = taken.len > 0 ? taken.p[taken.len - 1] : h->last;
	return 0;
}

/* As many bytes as may pass before framing_check has to look again: so the byte at which it says no does not depend on
 * how the input is cut. */
static struct bytes slice_of(const struct http1 *h, struct bytes in)
{
	uint64_t room = FRAMING_MAX + FRAMING_PER_BYTE * h->body_seen - h->framing_seen + 1;
	return in.len <= room ? in : BYTES(in.p, (size_t)room);
}

static int feed_slice(struct http1 *h, struct bytes in, size_t *ret_used, struct err *e)
{
	llhttp_t *p = parser_of(h);
	p->data = h;
	uint64_t had = h->body_seen;
	enum llhttp_errno rc = in.len ? llhttp_execute(p, (const char *)in.p, in.len) : HPE_OK;
	if (rc != HPE_OK && !h->done_seen)
		return body_error(h, e);
	size_t used = rc == HPE_OK ? in.len : (size_t)((const uint8_t *)llhttp_get_error_pos(p) - in.p);
	h->framing_seen += used - (h->body_seen - had);
	*ret_used = used;
	return framing_check(h, BYTES(in.p, used), e);
}

static int feed_body(struct http1 *h, struct bytes in, size_t *ret_used, enum http1_event *ret, struct err *e)
{
	size_t total = 0;
	if (h->done_seen)
		return done(h, 0, ret_used, ret);
	do {
		size_t used = 0;
		int failed = feed_slice(h, slice_of(h, BYTES(in.p + total, in.len - total)), &used, e);
		if (failed)
			return failed;
		total += used;
	} while (!h->done_seen && total < in.len);
	if (h->done_seen)
		return done(h, total, ret_used, ret);
	*ret_used = total;
	*ret = HTTP1_MORE;
	return 0;
}

int http1_feed(struct http1 *h, struct bytes in, size_t *ret_used, enum http1_event *ret, struct err *e)
{
	ASSERT(h->magic == MAGIC && h->state != STATE_DONE);
	if (h->state == STATE_FAILED)
		return err_set(e, h->error, "%s: an earlier error ended this connection", noun(h));
	if (h->state == STATE_BODY)
		return feed_body(h, in, ret_used, ret, e);
	if (h->side == HTTP1_REPLY && !h->expecting && in.len > 0)
		return FAIL(h, ERR_MALFORMED, 400, "reply: no request asked for it");
	return feed_head(h, in, ret_used, ret, e);
}

int http1_end(struct http1 *h, struct err *e)
{
	ASSERT(h->magic == MAGIC);
	if (http1_is_idle(h))
		return err_set(e, ERR_END, "connection closed before a %s", noun(h));
	if (h->state != STATE_BODY || !h->until_end)
		return err_set(e, ERR_CLOSED, "connection closed in the middle of a %s", noun(h));
	h->state = STATE_DONE;
	h->expecting = false;
	return 0;
}

struct bytes http1_header(const struct http1 *h, const char *name)
{
	size_t it = 0;
	struct bytes value = BYTES_NONE;
	(void)http1_header_again(h, name, &it, &value); /* nothing found leaves none */
	return value;
}

bool http1_header_each(const struct http1 *h, size_t *it, struct bytes *ret_name, struct bytes *ret_value)
{
	struct bytes line;
	ASSERT(h->magic == MAGIC && (h->state == STATE_BODY || h->state == STATE_DONE));
	if (*it == 0)
		(void)line_each(h, it, &line); /* the first line is no header */
	if (*it >= h->head.len || !line_each(h, it, &line))
		return false;
	const uint8_t *colon = memchr(line.p, ':', line.len);
	*ret_name = BYTES(line.p, (size_t)(colon - line.p));
	*ret_value = trim_blanks(BYTES(colon + 1, line.len - ret_name->len - 1));
	return true;
}

bool http1_header_again(const struct http1 *h, const char *name, size_t *it, struct bytes *ret_value)
{
	struct bytes n, v;
	while (http1_header_each(h, it, &n, &v)) {
		if (!bytes_equal_str_nocase(n, name))
			continue;
		*ret_value = v;
		return true;
	}
	return false;
}
