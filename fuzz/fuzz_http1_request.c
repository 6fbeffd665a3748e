/* Requests: every cut gives the same, and what was read is written and read again with the same body. */
#include "fuzz/fuzz.h"
#include "fuzz/http1_common.h"

static void write_again(const struct http1 *h)
{
	struct buf out;
	struct http1 again;
	buf_init(&out, 1 << 20);
	http1_init(&again, HTTP1_REQUEST, FUZZ_BODY_MAX);
	AUTO_FREE char *method = bytes_dup_str(h->method);
	AUTO_FREE char *target = bytes_dup_str(h->target);
	ASSERT(http1_write_request(&out, method, target) == 0);
	fuzz_http1_copy_headers(h, &out);
	if (!http1_header(h, "Host").p)
		ASSERT(http1_write_header_str(&out, "Host", "a") == 0);
	ASSERT(http1_write_end_body(&out, buf_bytes(&h->body)) == 0);
	struct fuzz_http1 f = fuzz_http1_feed(&again, buf_bytes(&out), SIZE_MAX);
	/* a head near its limit may grow over it */
	ASSERT(f.done || h->head.len > HTTP1_HEAD_MAX - 64 || h->lines >= HTTP1_HEADERS_MAX);
	ASSERT(!f.done || bytes_equal(buf_bytes(&again.body), buf_bytes(&h->body)));
	buf_release(&out);
	http1_release(&again);
}

/* Whatever is written as name, value, method, target or reason is one line or nothing. */
static void write_hostile(struct bytes in)
{
	AUTO_FREE char *text = bytes_dup_str(in);
	struct buf out;
	for (int i = 0; i < 6; i++) {
		buf_init(&out, 300);
		int rc = i == 0   ? http1_write_header(&out, "X", in)
			 : i == 1 ? http1_write_header_str(&out, text, "x")
			 : i == 2 ? http1_write_request(&out, "GET", text)
			 : i == 3 ? http1_write_request(&out, text, "/")
			 : i == 4 ? http1_write_status(&out, 200, text)
				  : http1_write_status(&out, (int)in.len, NULL);
		const uint8_t *lf = out.len ? memchr(out.p, '\n', out.len) : NULL;
		ASSERT(rc ? out.failed && out.len == 0 : lf == out.p + out.len - 1);
		buf_release(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http1 whole, cut;
	http1_init(&whole, HTTP1_REQUEST, FUZZ_BODY_MAX);
	http1_init(&cut, HTTP1_REQUEST, FUZZ_BODY_MAX);
	struct fuzz_http1 a = fuzz_http1_feed(&whole, BYTES(data, size), SIZE_MAX);
	struct fuzz_http1 b = fuzz_http1_feed(&cut, BYTES(data, size), 1 + size / 7);
	fuzz_http1_same(&whole, &a, &cut, &b);
	if (a.done) {
		write_again(&whole);
		http1_next(&whole);
		(void)fuzz_http1_feed(&whole, BYTES(data + a.used, size - a.used), SIZE_MAX);
	}
	write_hostile(BYTES(data, size));
	http1_reuse(&cut);
	http1_shrink(&cut);
	http1_release(&whole);
	http1_release(&cut);
	return 0;
}
