/* Server-sent events: the examples of the WHATWG standard, in every cut, and exact bytes of the writer. */
#include "testing.h"

#include "codec/sse.h"

/* Reads all in pieces of step bytes; events become "id|event|data;". */
static int read_all(const char *in, size_t len, size_t step, size_t max, char *ret, size_t size)
{
	struct sse_reader r;
	int rc = 0;
	sse_reader_init(&r, max);
	ret[0] = '\0';
	for (size_t at = 0; at < len && rc == 0;) {
		struct bytes part = visible(BYTES(in + at, len - at), len - at < step ? len - at : step);
		size_t used = 0;
		bool event = false;
		rc = sse_feed(&r, part, &used, &event, NULL);
		free((void *)(uintptr_t)part.p);
		assert_true(rc || used > 0);
		at += used;
		size_t n = strlen(ret);
		if (rc == 0 && event) {
			(void)snprintf(ret + n, size - n, "%s|%s|", buf_cstr(&r.id), buf_cstr(&r.event));
			n = strlen(ret);
			(void)snprintf(ret + n, size - n, "%s;", buf_cstr(&r.data));
		}
	}
	if (r.retry_ms >= 0 && strlen(ret) + 20 < size)
		(void)snprintf(ret + strlen(ret), size - strlen(ret), "retry %lld", (long long)r.retry_ms);
	sse_reader_release(&r);
	return rc;
}

static void streams_are_read_in_every_cut(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"data: YHOO\ndata: +2\ndata: 10\n\n", "||YHOO\n+2\n10;"},
		{": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
		 "1||first event;||second event;"},
		{"data\n\ndata\ndata\n\ndata:", "||;||\n;"},
		{"data:test\n\ndata: test\n\n", "||test;||test;"},
		{"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", "|add|73857293;|remove|2153;"},
		{"event: lost\n\ndata: x\n\n", "||x;"},
		{"\xef\xbb\xbf"
		 "data: a\r\n\r\ndata: b\r\rdata: c\n\n",
		 "||a;||b;||c;"},
		{"id: 5\ndata: a\n\ndata: b\n\nid: 6\n\n", "5||a;5||b;"},
		{"retry: 3000\nretry: 3x\nunknown: y\n\ndata: a\n\n", "||a;retry 3000"},
		{"id: 7\ndata: never ended", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t step = 1; step <= strlen(rows[i].in); step++) {
			char is[256];
			assert_int_equal(read_all(rows[i].in, strlen(rows[i].in), step, 64, is, sizeof(is)), 0);
			assert_string_equal(is, rows[i].out);
		}
	}
}

static void an_id_counts_when_its_event_is_complete(void **state)
{
	struct sse_reader r;
	size_t used;
	bool event;
	sse_reader_init(&r, 100);
	assert_int_equal(sse_feed(&r, BYTES_LIT("id: 1\ndata: a\n\nid: 2\ndata: b\n"), &used, &event, NULL), 0);
	assert_true(event);
	assert_int_equal(used, strlen("id: 1\ndata: a\n\n"));
	assert_int_equal(sse_feed(&r, BYTES_LIT("id: 2\ndata: b\n"), &used, &event, NULL), 0);
	assert_false(event);
	assert_string_equal(buf_cstr(&r.id), "1");
	assert_int_equal(sse_feed(&r, BYTES("id: 3\0x\n\n", 10), &used, &event, NULL), 0);
	assert_true(event);
	assert_string_equal(buf_cstr(&r.id), "2");
	sse_reader_release(&r);
}

static void lines_and_data_have_a_ceiling(void **state)
{
	static const struct {
		const char *in;
		int rc;
	} rows[] = {
		{"data: 12\n\n", 0},
		{"data:123\n\n", 0},
		{"data:1234\n\n", ERR_TOO_BIG},
		{"data: 1\ndata: 2\ndata: 3\n", 0},
		{"data: 1\ndata: 2\ndata: 3\ndata: 4\ndata: 5\n", ERR_TOO_BIG},
		{"xxxxxxxxx", ERR_TOO_BIG},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char is[64];
		assert_int_equal(read_all(rows[i].in, strlen(rows[i].in), 3, 8, is, sizeof(is)), rows[i].rc);
	}
}

static void events_are_written_line_by_line(void **state)
{
	static const struct {
		const char *id, *event, *data, *out;
	} rows[] = {
		{"12", "job", "{\"a\":1}", "id: 12\nevent: job\ndata: {\"a\":1}\n\n"},
		{NULL, NULL, "a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n"},
		{NULL, NULL, "a\n", "data: a\ndata: \n\n"},
		{NULL, "e", NULL, "event: e\ndata: \n\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 256);
		assert_int_equal(sse_write(&out, rows[i].id, rows[i].event, bytes_str(rows[i].data)), 0);
		assert_bytes_equal_str(buf_bytes(&out), rows[i].out);
		buf_release(&out);
	}
	struct buf out;
	buf_init(&out, 256);
	assert_int_equal(sse_write_comment(&out, "still here"), 0);
	assert_int_equal(sse_write_retry(&out, 2500), 0);
	assert_bytes_equal_str(buf_bytes(&out), ": still here\n\nretry: 2500\n\n");
	buf_release(&out);
}

static void what_does_not_fit_or_breaks_lines_leaves_nothing(void **state)
{
	struct buf out;
	buf_init(&out, 20);
	assert_int_equal(sse_write(&out, "a\nb", NULL, BYTES_LIT("x")), ERR_INVALID);
	assert_int_equal(sse_write(&out, NULL, "a\rb", BYTES_LIT("x")), ERR_INVALID);
	assert_int_equal(sse_write_comment(&out, "a\nb"), ERR_INVALID);
	assert_int_equal(sse_write(&out, "1", NULL, BYTES_LIT("12345678")), ERR_TOO_BIG);
	assert_int_equal(out.len, 0);
	buf_reset(&out);
	assert_int_equal(sse_write(&out, "1", NULL, BYTES_LIT("123456")), 0);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_read_in_every_cut),
		cmocka_unit_test(an_id_counts_when_its_event_is_complete),
		cmocka_unit_test(lines_and_data_have_a_ceiling),
		cmocka_unit_test(events_are_written_line_by_line),
		cmocka_unit_test(what_does_not_fit_or_breaks_lines_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
