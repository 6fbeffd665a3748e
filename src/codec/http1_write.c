#include "base/base.h"
#include "base/err.h"
#include "codec/http1.h"

const struct http1_chunking http1_chunking_amt = {.chunk_len = 1024, .digits = 4, .upper = true};
const struct http1_chunking http1_chunking_common = {.chunk_len = 8192, .digits = 1, .upper = false};

static const struct status {
	int number;
	const char *reason;
} statuses[] = {
	{100, "Continue"},
	{101, "Switching Protocols"},
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{206, "Partial Content"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{417, "Expectation Failed"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{426, "Upgrade Required"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
};

const char *http1_status_reason(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].number == status)
			return statuses[i].reason;
	return "";
}

static int refuse(struct buf *out)
{
	out->failed = true;
	return ERR_INVALID;
}

static bool breaks_line(struct bytes s)
{
	return memchr(s.p, '\r', s.len) || memchr(s.p, '\n', s.len) || memchr(s.p, '\0', s.len);
}

/* Text without its NUL into what was reserved; returns the place behind it. */
static uint8_t *put(uint8_t *to, struct bytes s)
{
	if (s.len > 0)
		memcpy(to, s.p, s.len);
	return to + s.len;
}

static int put_line(struct buf *out, const struct bytes *parts, size_t count)
{
	size_t len = 2;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > 0 && breaks_line(parts[i]))
			return refuse(out);
		len += parts[i].len;
	}
	uint8_t *to = buf_reserve(out, len);
	if (!to)
		return ERR_TOO_BIG;
	for (size_t i = 0; i < count; i++)
		to = put(to, parts[i]);
	(void)put(to, BYTES_LIT("\r\n"));
	buf_commit(out, len);
	return 0;
}

int http1_write_request(struct buf *out, const char *method, const char *target)
{
	if (!*method || !*target || strchr(method, ' ') || strchr(target, ' '))
		return refuse(out);
	const struct bytes parts[] = {bytes_str(method), BYTES_LIT(" "), bytes_str(target), BYTES_LIT(" HTTP/1.1")};
	return put_line(out, parts, ARRAY_LEN(parts));
}

int http1_write_status(struct buf *out, int status, const char *reason)
{
	if (status < 100 || status > 599)
		return refuse(out);
	const uint8_t digits[3] = {(uint8_t)('0' + status / 100), (uint8_t)('0' + status / 10 % 10),
				   (uint8_t)('0' + status % 10)};
	const struct bytes parts[] = {BYTES_LIT("HTTP/1.1 "), BYTES(digits, 3), BYTES_LIT(" "),
				      bytes_str(reason ? reason : http1_status_reason(status))};
	return put_line(out, parts, ARRAY_LEN(parts));
}

int http1_write_header(struct buf *out, const char *name, struct bytes value)
{
	if (!*name || strpbrk(name, ": \t"))
		return refuse(out);
	const struct bytes parts[] = {bytes_str(name), BYTES_LIT(": "), value};
	return put_line(out, parts, ARRAY_LEN(parts));
}

int http1_write_header_str(struct buf *out, const char *name, const char *value)
{
	return http1_write_header(out, name, bytes_str(value));
}

int http1_write_header_u64(struct buf *out, const char *name, uint64_t value)
{
	char text[21];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return http1_write_header(out, name, BYTES(text, (size_t)len));
}

int http1_write_end(struct buf *out)
{
	return buf_add(out, "\r\n", 2);
}

int http1_write_end_body(struct buf *out, struct bytes body)
{
	int rc = http1_write_header_u64(out, "Content-Length", body.len);
	if (rc == 0)
		rc = http1_write_end(out);
	return rc ? rc : buf_add_bytes(out, body);
}

static size_t put_size(char text[10], size_t len, const struct http1_chunking *how)
{
	static const char *const hex[] = {"0123456789abcdef", "0123456789ABCDEF"};
	char reversed[8];
	size_t n = 0;
	for (; (len > 0 || n < how->digits) && n < sizeof(reversed); len >>= 4)
		reversed[n++] = hex[how->upper][len & 15];
	for (size_t i = 0; i < n; i++)
		text[i] = reversed[n - 1 - i];
	text[n] = '\r';
	text[n + 1] = '\n';
	return n + 2;
}

int http1_write_chunks(struct buf *out, struct bytes body, const struct http1_chunking *how)
{
	ASSERT(how->chunk_len > 0 && how->digits > 0 && how->digits <= 8);
	for (size_t at = 0; at < body.len;) {
		size_t len = body.len - at < how->chunk_len ? body.len - at : how->chunk_len;
		char size[10];
		(void)buf_add(out, size, put_size(size, len, how)); /* out->failed tells */
		(void)buf_add(out, body.p + at, len);
		(void)buf_add(out, "\r\n", 2);
		if (out->failed)
			return ERR_TOO_BIG;
		at += len;
	}
	return 0;
}

int http1_write_last_chunk(struct buf *out)
{
	return buf_adds(out, "0\r\n\r\n");
}
