/* The HTTP/1.1 reader, both directions: what it takes, what it refuses and how, in every cut of the input. */
#include "testing.h"

#include "codec/http1.h"

#define BODY_MAX 4096

/* What one message looked like to the caller, however it was cut. */
struct seen {
	int rc;
	int refusal;
	unsigned heads;
	bool done;
	size_t used;
	struct err e;
};

/* Feeds all in pieces of step bytes until the message is done or refused. */
static struct seen feed_all(struct http1 *h, struct bytes all, size_t step)
{
	struct seen s = {.e = ERR_INIT};
	while (!s.done && s.rc == 0) {
		size_t left = all.len - s.used;
		struct bytes part = visible(BYTES(all.p + s.used, left), left < step ? left : step);
		size_t used = SIZE_MAX;
		enum http1_event ev = HTTP1_MORE;
		s.rc = http1_feed(h, part, &used, &ev, &s.e);
		free((void *)(uintptr_t)part.p);
		if (s.rc)
			break;
		assert_true(used <= part.len);
		assert_true(ev != HTTP1_MORE || used == part.len);
		s.used += used;
		s.heads += ev == HTTP1_HEAD;
		s.done = ev == HTTP1_DONE;
		if (ev == HTTP1_MORE && s.used == all.len)
			break;
	}
	s.refusal = h->refusal;
	return s;
}

static void reader_init(struct http1 *h, enum http1_side side)
{
	http1_init(h, side, BODY_MAX);
	if (side == HTTP1_REPLY)
		http1_expect(h, false, false);
}

struct refused {
	const char *in;
	size_t len; /* 0: up to the NUL */
	int rc;
	int status;
	const char *says;
};

static void check_refused(const struct refused *rows, size_t count, enum http1_side side)
{
	static const size_t steps[] = {SIZE_MAX, 1, 3};
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < ARRAY_LEN(steps); j++) {
			struct http1 h;
			reader_init(&h, side);
			size_t len = rows[i].len ? rows[i].len : strlen(rows[i].in);
			struct seen s = feed_all(&h, BYTES(rows[i].in, len), steps[j]);
			if (s.rc != rows[i].rc || !strstr(s.e.msg, rows[i].says) || s.refusal != rows[i].status)
				fail_msg("row %zu, step %zu: %d %d \"%s\", wanted %d %d \"%s\"", i, steps[j], s.rc,
					 s.refusal, s.e.msg, rows[i].rc, rows[i].status, rows[i].says);
			assert_false(s.done);
			size_t used;
			enum http1_event ev;
			assert_int_equal(http1_feed(&h, BYTES_LIT("x"), &used, &ev, NULL), s.rc);
			assert_int_equal(http1_end(&h, NULL), ERR_CLOSED);
			http1_release(&h);
		}
	}
}

#define HEAD_1_1 "POST /wsman HTTP/1.1\r\nHost: a\r\n"

static void requests_that_break_the_rules_are_refused(void **state)
{
	static const struct refused rows[] = {
		{"GET / HTTP/1.1\r\n\r\n", 0, ERR_MALFORMED, 400, "no Host"},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 400, "more than one Host"},
		{"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 0, ERR_MALFORMED, 400, "more than one Host"},
		{HEAD_1_1 "X: 1\r\n 2\r\n\r\n", 0, ERR_MALFORMED, 400, "folded"},
		{HEAD_1_1 "X: 1\r\n\t2\r\n\r\n", 0, ERR_MALFORMED, 400, "folded"},
		{"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 0, ERR_MALFORMED, 400, "folded"},
		{HEAD_1_1 "X : 1\r\n\r\n", 0, ERR_MALFORMED, 400, "blank before its colon"},
		{HEAD_1_1 "X\t: 1\r\n\r\n", 0, ERR_MALFORMED, 400, "blank before its colon"},
		{HEAD_1_1 "X\r\n\r\n", 0, ERR_MALFORMED, 400, "no name and colon"},
		{HEAD_1_1 ": 1\r\n\r\n", 0, ERR_MALFORMED, 400, "no name and colon"},
		{HEAD_1_1 "X(: 1\r\n\r\n", 0, ERR_MALFORMED, 400, "not allowed"},
		{HEAD_1_1 "X: a\0b\r\n\r\n", sizeof(HEAD_1_1 "X: a\0b\r\n\r\n") - 1, ERR_MALFORMED, 400, "not allowed"},
		{HEAD_1_1 "X: a\rb\r\n\r\n", 0, ERR_MALFORMED, 400, "not allowed"},
		{HEAD_1_1 "X: a\177b\r\n\r\n", 0, ERR_MALFORMED, 400, "not allowed"},
		{"GET / HTTP/1.1\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 400, "without CR"},
		{HEAD_1_1 "X: 1\n\r\n", 0, ERR_MALFORMED, 400, "without CR"},
		{HEAD_1_1 "\n", 0, ERR_MALFORMED, 400, "without CR"},
		{"\r\n\r\nGET / HTTP/1.1\r\n", 0, ERR_MALFORMED, 400, "empty line"},
		{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 505, "not of HTTP/1.0"},
		{"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 505, "not of HTTP/1.0"},
		{"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 505, "not of HTTP/1.0"},
		{"GET / http/1.1\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 505, "not of HTTP/1.0"},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, ERR_MALFORMED, 505, "not of HTTP/1.0"},
		{"OPTIONS rtsp://a RTSP/1.0\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 505, "not of HTTP/1.0"},
		{"GET /\r\n\r\n", 0, ERR_MALFORMED, 400, "not method, target and version"},
		{"GET\r\n\r\n", 0, ERR_MALFORMED, 400, "not method, target and version"},
		{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 400, "not allowed"},
		{"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 400, "not allowed"},
		{"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 400, "not allowed"},
		{"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 400, "not allowed"},
		{"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 400, "nvalid method"},
		{"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 0, ERR_MALFORMED, 501, "CONNECT"},
		{"\x16\x03\x01\x02", 0, ERR_MALFORMED, 400, "not HTTP"},
		{"get / HTTP/1.1\r\n", 0, ERR_MALFORMED, 400, "not HTTP"},
	};
	check_refused(rows, ARRAY_LEN(rows), HTTP1_REQUEST);
}

static void lengths_that_disagree_are_refused(void **state)
{
	static const struct refused rows[] = {
		{HEAD_1_1 "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 0, ERR_MALFORMED, 400,
		 "Content-Length"},
		{HEAD_1_1 "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length: 3, 3\r\n\r\nabc", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length: -1\r\n\r\n", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length: +1\r\n\r\n", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length: 0x3\r\n\r\n", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length:\r\n\r\n", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length: 3 4\r\n\r\n", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length: 18446744073709551616\r\n\r\n", 0, ERR_MALFORMED, 400, "Content-Length"},
		{HEAD_1_1 "Content-Length: 18446744073709551615\r\n\r\n", 0, ERR_TOO_BIG, 413, "18446744073709551615"},
		{HEAD_1_1 "Content-Length: 4097\r\n\r\n", 0, ERR_TOO_BIG, 413, "4097"},
		{HEAD_1_1 "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0,
		 ERR_MALFORMED, 400, "Transfer-Encoding"},
		{HEAD_1_1 "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 0, ERR_MALFORMED, 400,
		 "Transfer-Encoding"},
		{HEAD_1_1 "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, ERR_MALFORMED, 501, "other than chunked"},
		{HEAD_1_1 "Transfer-Encoding: chunked, identity\r\n\r\n", 0, ERR_MALFORMED, 501, "other than chunked"},
		{HEAD_1_1 "Transfer-Encoding: xchunked\r\n\r\n", 0, ERR_MALFORMED, 501, "other than chunked"},
		{HEAD_1_1 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 0, ERR_MALFORMED, 501,
		 "other than chunked"},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 0, ERR_MALFORMED, 400, "in HTTP/1.0"},
	};
	check_refused(rows, ARRAY_LEN(rows), HTTP1_REQUEST);
}

#define CHUNKED HEAD_1_1 "Transfer-Encoding: chunked\r\n\r\n"

static void chunks_that_break_the_rules_are_refused(void **state)
{
	static const struct refused rows[] = {
		{CHUNKED "ffffffffffffffff\r\n", 0, ERR_TOO_BIG, 413, "body over 4096"},
		{CHUNKED "fffffffffffffffff\r\n", 0, ERR_MALFORMED, 400, "overflow"},
		{CHUNKED "1001\r\n", 0, ERR_TOO_BIG, 413, "body over 4096"},
		{CHUNKED "3\r\nabc\r\nffe\r\n", 0, ERR_TOO_BIG, 413, "body over 4096"},
		{CHUNKED "-1\r\n", 0, ERR_MALFORMED, 400, "chunk size"},
		{CHUNKED "+1\r\na\r\n", 0, ERR_MALFORMED, 400, "chunk size"},
		{CHUNKED "0x1\r\na\r\n", 0, ERR_MALFORMED, 400, "chunk size"},
		{CHUNKED " 1\r\na\r\n", 0, ERR_MALFORMED, 400, "chunk size"},
		{CHUNKED "\r\n", 0, ERR_MALFORMED, 400, "chunk size"},
		{CHUNKED "3\nabc\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "3\rXabc\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "3\r\nabcd\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "3\r\nabc\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "3;a\nabc\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "0\r\nX : 1\r\n\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "0\r\nX: \1\r\n\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "0\r\nX: 1\n\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "0\r\nX: 1\rY: 2\r\n\r\n", 0, ERR_MALFORMED, 400, ""},
		{CHUNKED "0\r\n\n", 0, ERR_MALFORMED, 400, ""},
	};
	check_refused(rows, ARRAY_LEN(rows), HTTP1_REQUEST);
}

static void replies_that_break_the_rules_are_refused(void **state)
{
	static const struct refused rows[] = {
		{"HTTP/1.1 200 OK\nServer: a\r\n\r\n", 0, ERR_MALFORMED, 400, "without CR"},
		{"HTTP/2.0 200 OK\r\n\r\n", 0, ERR_MALFORMED, 400, "not HTTP"},
		{"HTTP/1.2 200 OK\r\n\r\n", 0, ERR_MALFORMED, 400, "not of HTTP/1.0"},
		{"HTTP/1.1\r\n\r\n", 0, ERR_MALFORMED, 400, "not of HTTP/1.0"},
		{"HTTP/1.1 20 OK\r\n\r\n", 0, ERR_MALFORMED, 400, "three digits"},
		{"HTTP/1.1 2000 OK\r\n\r\n", 0, ERR_MALFORMED, 400, "three digits"},
		{"HTTP/1.1  200 OK\r\n\r\n", 0, ERR_MALFORMED, 400, "three digits"},
		{"HTTP/1.1 600 X\r\n\r\n", 0, ERR_MALFORMED, 400, "three digits"},
		{"HTTP/1.1 099 X\r\n\r\n", 0, ERR_MALFORMED, 400, "three digits"},
		{"HTTP/1.1 200 O\1K\r\n\r\n", 0, ERR_MALFORMED, 400, "control character"},
		{"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 0, ERR_MALFORMED, 400,
		 "unasked"},
		{"\r\nHTTP/1.1 200 OK\r\n\r\n", 0, ERR_MALFORMED, 400, "not HTTP"},
		{"SSH-2.0-OpenSSH_9.2\r\n", 0, ERR_MALFORMED, 400, "not HTTP"},
		{"HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\n\r\n", 0, ERR_MALFORMED, 400, "folded"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0, ERR_MALFORMED, 400,
		 "Content-Length"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", 0, ERR_TOO_BIG, 413, "1073741824"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 0, ERR_MALFORMED, 400,
		 "Transfer-Encoding"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 0, ERR_TOO_BIG, 413,
		 "body over"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0, ERR_MALFORMED, 501, "other than chunked"},
	};
	check_refused(rows, ARRAY_LEN(rows), HTTP1_REPLY);
}

static void a_head_has_limits(void **state)
{
	struct buf many, long_one;
	buf_init(&many, 64 << 20);
	buf_init(&long_one, 2 << 20);
	buf_adds(&many, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 1000000; i++)
		buf_adds(&many, "X: 1\r\n");
	buf_adds(&long_one, "HTTP/1.1 200 OK\r\nX: ");
	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&long_one, 'a');
	struct refused rows[] = {
		{(char *)many.p, many.len, ERR_TOO_BIG, 431, "more than 64 headers"},
		{(char *)long_one.p, long_one.len, ERR_TOO_BIG, 431, "head over 16384 bytes"},
	};
	check_refused(rows, 2, HTTP1_REPLY);
	buf_release(&many);
	buf_release(&long_one);
}

static void sixty_four_headers_are_welcome(void **state)
{
	struct buf in;
	buf_init(&in, 65536);
	buf_adds(&in, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 1; i < HTTP1_HEADERS_MAX; i++)
		buf_addf(&in, "X-%d: v%d\r\n", i, i);
	buf_adds(&in, "\r\n");
	struct http1 h;
	reader_init(&h, HTTP1_REQUEST);
	struct seen s = feed_all(&h, buf_bytes(&in), SIZE_MAX);
	assert_true(s.done);
	assert_bytes_equal_str(http1_header(&h, "x-63"), "v63");
	http1_release(&h);
	buf_release(&in);
}

/* The framing of a body may not grow without end while the body stays small. */
static void endless_framing_is_too_big(void **state)
{
	static const struct {
		const char *begin, *again;
	} rows[] = {
		{CHUNKED "1;", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{CHUNKED "0", "00000000000000000000000000000000"},
		{CHUNKED "0\r\n", "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http1 h;
		reader_init(&h, HTTP1_REQUEST);
		struct seen s = feed_all(&h, bytes_str(rows[i].begin), SIZE_MAX);
		unsigned fed = 0;
		for (; s.rc == 0 && fed < 100000; fed += 32)
			s = feed_all(&h, bytes_str(rows[i].again), SIZE_MAX);
		assert_int_equal(s.rc, ERR_TOO_BIG);
		assert_true(fed < 20000);
		assert_contains(s.e.msg, "framing");
		http1_release(&h);
	}
}

struct good {
	const char *in;
	enum http1_side side;
	size_t used;
	int status;
	const char *method, *target, *body;
	bool keep_alive, chunked, has_length, upgrade, until_end;
	int minor;
};

static void check_good(const struct good *g, size_t step)
{
	struct http1 h;
	reader_init(&h, g->side);
	struct seen s = feed_all(&h, bytes_str(g->in), step);
	if (g->until_end) {
		assert_false(s.done);
		assert_int_equal(http1_end(&h, NULL), 0);
		s.done = true;
	}
	if (s.rc || !s.done || s.heads != 1 || s.used != g->used)
		fail_msg("%s: rc %d \"%s\", heads %u, used %zu", g->in, s.rc, s.e.msg, s.heads, s.used);
	if (g->side == HTTP1_REQUEST) {
		assert_bytes_equal_str(h.method, g->method);
		assert_bytes_equal_str(h.target, g->target);
	}
	assert_int_equal(h.status, g->status);
	assert_int_equal(h.keep_alive, g->keep_alive);
	assert_int_equal(h.chunked, g->chunked);
	assert_int_equal(h.has_length, g->has_length);
	assert_int_equal(h.upgrade, g->upgrade);
	assert_int_equal(h.minor, g->minor);
	assert_bytes_equal_str(buf_bytes(&h.body), g->body);
	http1_release(&h);
}

static void messages_are_read_in_every_cut(void **state)
{
	static const struct good rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP1_REQUEST, 27, 0, "GET", "/", "", true, false, false, false,
		 false, 1},
		{"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP1_REQUEST, 29, 0, "GET", "/", "", true, false, false,
		 false, false, 1},
		{"GET / HTTP/1.0\r\n\r\n", HTTP1_REQUEST, 18, 0, "GET", "/", "", false, false, false, false, false, 0},
		{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", HTTP1_REQUEST, 42, 0, "GET", "/", "", true, false,
		 false, false, false, 0},
		{"GET /a?b=c HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", HTTP1_REQUEST, 49, 0, "GET", "/a?b=c", "",
		 false, false, false, false, false, 1},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", HTTP1_REQUEST, 58, 0, "GET", "/",
		 "", false, false, false, false, false, 1},
		{HEAD_1_1 "Content-Length: 3\r\n\r\nabcGET", HTTP1_REQUEST, 55, 0, "POST", "/wsman", "abc", true, false,
		 true, false, false, 1},
		{HEAD_1_1 "Content-Length: 0\r\n\r\n", HTTP1_REQUEST, 52, 0, "POST", "/wsman", "", true, false, true,
		 false, false, 1},
		{CHUNKED "0003\r\nabc\r\n3;x=\"y\"\r\nDEF\r\n0\r\nT: 1\r\n\r\nGET", HTTP1_REQUEST, 97, 0, "POST",
		 "/wsman", "abcDEF", true, true, false, false, false, 1},
		{CHUNKED "0\r\n\r\n", HTTP1_REQUEST, 66, 0, "POST", "/wsman", "", true, true, false, false, false, 1},
		{"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x80",
		 HTTP1_REQUEST, 82, 0, "GET", "/ws", "", true, false, false, true, false, 1},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP", HTTP1_REPLY, 40, 200, NULL, NULL, "hi", true,
		 false, true, false, false, 1},
		{"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", HTTP1_REPLY, 35, 200, NULL, NULL, "", true, false, true,
		 false, false, 1},
		{"HTTP/1.1 204 No Content\r\n\r\nHTTP", HTTP1_REPLY, 27, 204, NULL, NULL, "", true, false, false, false,
		 false, 1},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", HTTP1_REPLY, 46, 204, NULL, NULL, "", true,
		 false, true, false, false, 1},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", HTTP1_REPLY, 48, 304, NULL, NULL, "", true,
		 false, true, false, false, 1},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 401 U\r\nContent-Length: "
		 "1\r\n\r\nx",
		 HTTP1_REPLY, 90, 401, NULL, NULL, "x", true, false, true, false, false, 1},
		{"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nto the end", HTTP1_REPLY, 40, 200, NULL, NULL, "to the end",
		 false, false, false, false, true, 1},
		{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nx", HTTP1_REPLY, 44, 200, NULL, NULL, "x", false,
		 false, false, false, true, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step <= strlen(rows[i].in); step++)
			check_good(&rows[i], step);
}

/* Every golden message again with its end at every byte: more is wanted, and the early end is noticed. */
static void check_early_end(struct bytes all, enum http1_side side, bool head_only, size_t step)
{
	for (size_t len = 0; len < all.len; len++) {
		struct http1 h;
		http1_init(&h, side, BODY_MAX);
		if (side == HTTP1_REPLY)
			http1_expect(&h, head_only, false);
		struct bytes part = visible(all, len);
		struct seen s = feed_all(&h, part, step);
		free((void *)(uintptr_t)part.p);
		assert_int_equal(s.rc, 0);
		assert_false(s.done);
		assert_int_equal(s.used, len);
		bool idle = http1_is_idle(&h);
		assert_true(len > 0 || idle);
		assert_int_equal(http1_end(&h, NULL), idle ? ERR_END : ERR_CLOSED);
		http1_release(&h);
	}
}

static const struct golden {
	const char *name;
	enum http1_side side;
	bool head_only;
	const char *header, *value;
	size_t body_len;
	bool keep_alive;
} goldens[] = {
	{"http1/request-curl-digest.bin", HTTP1_REQUEST, false, "content-type", "application/soap+xml; charset=utf-8",
	 49, true},
	{"http1/request-curl-chunked.bin", HTTP1_REQUEST, false, "transfer-encoding", "chunked", 49, true},
	{"http1/request-lwp-digest.bin", HTTP1_REQUEST, false, "TE", "deflate,gzip;q=0.3", 5, false},
	{"http1/request-requests-digest.bin", HTTP1_REQUEST, false, "accept", "*/*", 49, true},
	{"http1/request-node-chunked.bin", HTTP1_REQUEST, false, "host", "localhost:18806", 8, true},
	{"http1/reply-amt-401.bin", HTTP1_REPLY, false, "server", "Intel(R) Active Management Technology 11.8.50.3425",
	 690, false},
	{"http1/reply-amt-200.bin", HTTP1_REPLY, false, "x-frame-options", "DENY", 130, true},
	{"http1/reply-python-200.bin", HTTP1_REPLY, false, "Content-Type", "text/plain", 18, false},
	{"http1/reply-python-head.bin", HTTP1_REPLY, true, "Content-Length", "18", 0, false},
	{"http1/reply-node-trailers.bin", HTTP1_REPLY, false, "Trailer", "X-Sum", 13, true},
	{"http1/reply-node-204.bin", HTTP1_REPLY, false, "Keep-Alive", "timeout=5", 0, true},
	{"http1/reply-node-interim.bin", HTTP1_REPLY, false, "Connection", "close", 10, false},
};

static void golden_messages_are_read_and_their_early_end_is_noticed(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(goldens); i++) {
		const struct golden *g = &goldens[i];
		struct buf all;
		golden_read(g->name, &all);
		for (size_t step = 1; step <= all.len; step = step * 3) {
			struct http1 h;
			http1_init(&h, g->side, BODY_MAX);
			if (g->side == HTTP1_REPLY)
				http1_expect(&h, g->head_only, false);
			struct seen s = feed_all(&h, buf_bytes(&all), step);
			if (s.rc || !s.done || s.used != all.len)
				fail_msg("%s: %d \"%s\" used %zu of %zu", g->name, s.rc, s.e.msg, s.used, all.len);
			assert_bytes_equal_str(http1_header(&h, g->header), g->value);
			assert_int_equal(h.body.len, g->body_len);
			assert_int_equal(h.keep_alive, g->keep_alive);
			http1_release(&h);
		}
		check_early_end(buf_bytes(&all), g->side, g->head_only, SIZE_MAX);
		buf_release(&all);
	}
}

static void pipelined_requests_stay_apart(void **state)
{
	static const char in[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" HEAD_1_1 "Content-Length: 2\r\n\r\nhi" CHUNKED
				 "1\r\nx\r\n0\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n";
	static const char *const targets[] = {"/1", "/wsman", "/wsman", "/4"};
	static const char *const bodies[] = {"", "hi", "x", ""};
	for (size_t step = 1; step <= sizeof(in); step++) {
		struct http1 h;
		reader_init(&h, HTTP1_REQUEST);
		size_t at = 0;
		for (size_t i = 0; i < 4; i++) {
			struct seen s = feed_all(&h, BYTES(in + at, sizeof(in) - 1 - at), step);
			assert_true(s.done);
			assert_bytes_equal_str(h.target, targets[i]);
			assert_bytes_equal_str(buf_bytes(&h.body), bodies[i]);
			at += s.used;
			http1_next(&h);
		}
		assert_int_equal(at, sizeof(in) - 1);
		assert_int_equal(http1_end(&h, NULL), ERR_END);
		http1_release(&h);
	}
}

static void a_second_reply_to_one_request_is_refused(void **state)
{
	static const char one[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	char two[2 * sizeof(one)];
	(void)snprintf(two, sizeof(two), "%s%s", one, one);
	struct http1 h;
	struct err e = ERR_INIT;
	reader_init(&h, HTTP1_REPLY);
	struct seen s = feed_all(&h, bytes_str(two), SIZE_MAX);
	assert_true(s.done);
	assert_int_equal(s.used, sizeof(one) - 1);
	http1_next(&h);
	size_t used;
	enum http1_event ev;
	assert_int_equal(http1_feed(&h, BYTES(two + s.used, sizeof(one) - 1), &used, &ev, &e), ERR_MALFORMED);
	assert_contains(e.msg, "no request asked for it");
	http1_release(&h);
}

static void too_many_interim_replies_are_refused(void **state)
{
	struct http1 h;
	reader_init(&h, HTTP1_REPLY);
	struct seen s = {0};
	int count = 0;
	while (s.rc == 0 && count++ < 100)
		s = feed_all(&h, BYTES_LIT("HTTP/1.1 100 Continue\r\n\r\n"), SIZE_MAX);
	assert_int_equal(s.rc, ERR_MALFORMED);
	assert_int_equal(count, 9);
	http1_release(&h);
}

static void an_upgrade_that_was_asked_for_is_done_after_its_head(void **state)
{
	static const char in[] =
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00";
	struct http1 h;
	http1_init(&h, HTTP1_REPLY, BODY_MAX);
	http1_expect(&h, false, true);
	struct seen s = feed_all(&h, BYTES(in, sizeof(in) - 1), SIZE_MAX);
	assert_true(s.done);
	assert_true(h.upgrade);
	assert_int_equal(s.used, sizeof(in) - 3);
	http1_release(&h);
}

static void a_streamed_body_has_no_end_but_a_bounded_buffer(void **state)
{
	struct http1 h;
	http1_init(&h, HTTP1_REPLY, 16);
	http1_set_streaming(&h, true);
	http1_expect(&h, false, false);
	struct seen s = feed_all(&h, BYTES_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), SIZE_MAX);
	assert_int_equal(s.rc, 0);
	for (int i = 0; i < 1000; i++) {
		s = feed_all(&h, BYTES_LIT("10\r\n0123456789abcdef\r\n"), SIZE_MAX);
		assert_int_equal(s.rc, 0);
		assert_bytes_equal_str(buf_bytes(&h.body), "0123456789abcdef");
		buf_reset(&h.body);
	}
	s = feed_all(&h, BYTES_LIT("11\r\n0123456789abcdefg\r\n"), SIZE_MAX);
	assert_int_equal(s.rc, ERR_TOO_BIG);
	http1_release(&h);
}

static void a_body_at_its_ceiling_is_read_and_one_byte_more_is_not(void **state)
{
	for (size_t len = 15; len <= 17; len++) {
		struct http1 h;
		http1_init(&h, HTTP1_REPLY, 16);
		http1_expect(&h, false, false);
		struct seen s = feed_all(&h, BYTES_LIT("HTTP/1.1 200 OK\r\n\r\n"), SIZE_MAX);
		s = feed_all(&h, BYTES("0123456789abcdefg", len), SIZE_MAX);
		assert_int_equal(s.rc, len <= 16 ? 0 : ERR_TOO_BIG);
		assert_int_equal(http1_end(&h, NULL), len <= 16 ? 0 : ERR_CLOSED);
		http1_release(&h);
	}
}

static void a_server_may_lower_the_ceiling_after_the_head(void **state)
{
	struct http1 h;
	reader_init(&h, HTTP1_REQUEST);
	size_t used;
	enum http1_event ev;
	struct bytes in = BYTES_LIT(HEAD_1_1 "Content-Length: 11\r\n\r\nhello world");
	assert_int_equal(http1_feed(&h, in, &used, &ev, NULL), 0);
	assert_int_equal(ev, HTTP1_HEAD);
	assert_int_equal(http1_limit_body(&h, 11, NULL), 0);
	struct seen s = feed_all(&h, BYTES(in.p + used, in.len - used), SIZE_MAX);
	assert_true(s.done);
	http1_next(&h);
	assert_int_equal(h.body.max, BODY_MAX);
	assert_int_equal(http1_feed(&h, in, &used, &ev, NULL), 0);
	assert_int_equal(http1_limit_body(&h, 10, NULL), ERR_TOO_BIG);
	assert_int_equal(h.refusal, 413);
	http1_release(&h);
}

static void headers_are_found_by_name_and_listed_in_order(void **state)
{
	struct http1 h;
	reader_init(&h, HTTP1_REPLY);
	struct seen s =
		feed_all(&h,
			 BYTES_LIT("HTTP/1.1 401 U\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n"
				   "www-authenticate:\t Digest x \t\r\nEmpty:\r\n\r\n"),
			 SIZE_MAX);
	assert_true(s.done);
	size_t it = 0;
	struct bytes name, value;
	assert_true(http1_header_again(&h, "WWW-Authenticate", &it, &value));
	assert_bytes_equal_str(value, "Basic realm=\"a\"");
	assert_true(http1_header_again(&h, "WWW-Authenticate", &it, &value));
	assert_bytes_equal_str(value, "Digest x");
	assert_false(http1_header_again(&h, "WWW-Authenticate", &it, &value));
	assert_false(http1_header_each(&h, &it, &name, &value));
	assert_null(http1_header(&h, "Server").p);
	assert_non_null(http1_header(&h, "empty").p);
	assert_int_equal(http1_header(&h, "empty").len, 0);
	static const char *const names[] = {"WWW-Authenticate", "Content-Length", "www-authenticate", "Empty"};
	it = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_true(http1_header_each(&h, &it, &name, &value));
		assert_bytes_equal_str(name, names[i]);
	}
	assert_false(http1_header_each(&h, &it, &name, &value));
	http1_release(&h);
}

static void buffers_stay_for_the_next_message_and_go_when_large_or_idle(void **state)
{
	struct http1 h;
	http1_init(&h, HTTP1_REQUEST, 65536);
	assert_null(h.head.p);
	for (int i = 0; i < 3; i++) {
		assert_true(feed_all(&h, BYTES_LIT(HEAD_1_1 "Content-Length: 2\r\n\r\nhi"), SIZE_MAX).done);
		const uint8_t *head = h.head.p, *body = h.body.p;
		http1_next(&h);
		assert_ptr_equal(h.head.p, head);
		assert_ptr_equal(h.body.p, body);
	}
	assert_int_equal(feed_all(&h, BYTES_LIT(HEAD_1_1 "Content-Length: 40000\r\n\r\n"), SIZE_MAX).rc, 0);
	for (int i = 0; i < 4000; i++)
		assert_int_equal(feed_all(&h, BYTES_LIT("0123456789"), SIZE_MAX).rc, 0);
	http1_next(&h);
	assert_null(h.body.p);
	assert_non_null(h.head.p);
	http1_shrink(&h);
	assert_null(h.head.p);
	http1_reuse(&h);
	http1_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_that_break_the_rules_are_refused),
		cmocka_unit_test(lengths_that_disagree_are_refused),
		cmocka_unit_test(chunks_that_break_the_rules_are_refused),
		cmocka_unit_test(replies_that_break_the_rules_are_refused),
		cmocka_unit_test(a_head_has_limits),
		cmocka_unit_test(sixty_four_headers_are_welcome),
		cmocka_unit_test(endless_framing_is_too_big),
		cmocka_unit_test(messages_are_read_in_every_cut),
		cmocka_unit_test(golden_messages_are_read_and_their_early_end_is_noticed),
		cmocka_unit_test(pipelined_requests_stay_apart),
		cmocka_unit_test(a_second_reply_to_one_request_is_refused),
		cmocka_unit_test(too_many_interim_replies_are_refused),
		cmocka_unit_test(an_upgrade_that_was_asked_for_is_done_after_its_head),
		cmocka_unit_test(a_streamed_body_has_no_end_but_a_bounded_buffer),
		cmocka_unit_test(a_body_at_its_ceiling_is_read_and_one_byte_more_is_not),
		cmocka_unit_test(a_server_may_lower_the_ceiling_after_the_head),
		cmocka_unit_test(headers_are_found_by_name_and_listed_in_order),
		cmocka_unit_test(buffers_stay_for_the_next_message_and_go_when_large_or_idle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
