/* The HTTP/1.1 writers: exact bytes, order and spelling as the caller says, and nothing that breaks the framing. */
#include "testing.h"

#include "codec/http1.h"

static void a_request_is_one_buffer(void **state)
{
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(http1_write_request(&out, "POST", "/wsman"), 0);
	assert_int_equal(http1_write_header_str(&out, "Host", "127.1.0.1:16992"), 0);
	assert_int_equal(http1_write_header(&out, "X-odd", BYTES_LIT("")), 0);
	assert_int_equal(http1_write_end_body(&out, BYTES_LIT("hello")), 0);
	assert_bytes_equal_str(buf_bytes(&out), "POST /wsman HTTP/1.1\r\nHost: 127.1.0.1:16992\r\nX-odd: \r\n"
						"Content-Length: 5\r\n\r\nhello");
	buf_release(&out);
}

/* The head that AMT firmware sends with a 401, byte for byte. */
static void a_reply_keeps_the_order_and_spelling_of_the_firmware(void **state)
{
	struct buf golden, out;
	golden_read("http1/reply-amt-401.bin", &golden);
	buf_init(&out, 4096);
	http1_write_status(&out, 401, NULL);
	http1_write_header_str(&out, "WWW-Authenticate",
			       "Digest realm=\"Digest:727734D63A1FC0423736E48DA554E462\", "
			       "nonce=\"fVNueyEAAAAAAAAAcO8WqJ8s+WdyFUIY\",stale=\"false\",qop=\"auth\"");
	http1_write_header_str(&out, "Content-Type", "text/html");
	http1_write_header_str(&out, "Server", "Intel(R) Active Management Technology 11.8.50.3425");
	http1_write_header_u64(&out, "Content-Length", 690);
	http1_write_header_str(&out, "Connection", "close");
	http1_write_end(&out);
	assert_int_equal(out.len, golden.len - 690);
	assert_memory_equal(out.p, golden.p, out.len);
	buf_release(&out);
	buf_release(&golden);
}

static void chunk_sizes_look_as_they_are_told(void **state)
{
	static const struct http1_chunking wide = {.chunk_len = 11, .digits = 8, .upper = false};
	static const struct http1_chunking four = {.chunk_len = 11, .digits = 4, .upper = true};
	static const struct http1_chunking least = {.chunk_len = 11, .digits = 1, .upper = true};
	static const struct {
		const struct http1_chunking *how;
		const char *body, *wanted;
	} rows[] = {
		{&four, "0123456789abcdef", "000B\r\n0123456789a\r\n0005\r\nbcdef\r\n0\r\n\r\n"},
		{&least, "0123456789a", "B\r\n0123456789a\r\n0\r\n\r\n"},
		{&wide, "0123456789a", "0000000b\r\n0123456789a\r\n0\r\n\r\n"},
		{&http1_chunking_amt, "x", "0001\r\nx\r\n0\r\n\r\n"},
		{&http1_chunking_common, "", "0\r\n\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 4096);
		assert_int_equal(http1_write_chunks(&out, bytes_str(rows[i].body), rows[i].how), 0);
		assert_int_equal(http1_write_last_chunk(&out), 0);
		assert_bytes_equal_str(buf_bytes(&out), rows[i].wanted);
		buf_release(&out);
	}
}

static void what_would_break_the_framing_is_refused(void **state)
{
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(http1_write_header_str(&out, "X", "a\r\nB: c"), ERR_INVALID);
	assert_true(out.failed);
	assert_int_equal(http1_write_header_str(&out, "X", "a\nb"), ERR_INVALID);
	assert_int_equal(http1_write_header(&out, "X", BYTES("a\0b", 3)), ERR_INVALID);
	assert_int_equal(http1_write_header_str(&out, "X: y\r\nZ", "a"), ERR_INVALID);
	assert_int_equal(http1_write_header_str(&out, "X\n", "a"), ERR_INVALID);
	assert_int_equal(http1_write_header_str(&out, "", "a"), ERR_INVALID);
	assert_int_equal(http1_write_request(&out, "GET", "/a b"), ERR_INVALID);
	assert_int_equal(http1_write_request(&out, "GET", "/a\r\nX:"), ERR_INVALID);
	assert_int_equal(http1_write_request(&out, "", "/"), ERR_INVALID);
	assert_int_equal(http1_write_status(&out, 200, "a\r\nb"), ERR_INVALID);
	assert_int_equal(http1_write_status(&out, 99, NULL), ERR_INVALID);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static void a_full_buffer_is_noticed_at_every_byte(void **state)
{
	static const char whole[] = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhi0002\r\nhi\r\n0\r\n\r\n";
	for (size_t max = 0; max <= sizeof(whole) - 1; max++) {
		struct buf out;
		buf_init(&out, max);
		(void)http1_write_status(&out, 200, NULL);
		(void)http1_write_header_str(&out, "A", "b");
		(void)http1_write_end_body(&out, BYTES_LIT("hi"));
		(void)http1_write_chunks(&out, BYTES_LIT("hi"), &http1_chunking_amt);
		(void)http1_write_last_chunk(&out);
		assert_int_equal(buf_check(&out, NULL, "reply"), max < sizeof(whole) - 1 ? ERR_TOO_BIG : 0);
		buf_release(&out);
	}
}

static void usual_statuses_have_words_and_others_none(void **state)
{
	assert_string_equal(http1_status_reason(401), "Unauthorized");
	assert_string_equal(http1_status_reason(503), "Service Unavailable");
	assert_string_equal(http1_status_reason(599), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_one_buffer),
		cmocka_unit_test(a_reply_keeps_the_order_and_spelling_of_the_firmware),
		cmocka_unit_test(chunk_sizes_look_as_they_are_told),
		cmocka_unit_test(what_would_break_the_framing_is_refused),
		cmocka_unit_test(a_full_buffer_is_noticed_at_every_byte),
		cmocka_unit_test(usual_statuses_have_words_and_others_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
