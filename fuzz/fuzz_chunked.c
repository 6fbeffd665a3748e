/* Bodies in chunks, behind a fixed head; the first byte is where the input is cut. The server lowers its ceiling. */
#include "fuzz/fuzz.h"
#include "fuzz/http1_common.h"

#define HEAD "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static struct fuzz_http1 feed(struct http1 *h, struct bytes in, size_t step)
{
	size_t used;
	enum http1_event ev;
	http1_init(h, HTTP1_REQUEST, FUZZ_BODY_MAX);
	ASSERT(http1_feed(h, BYTES_LIT(HEAD), &used, &ev, NULL) == 0 && ev == HTTP1_HEAD);
	ASSERT(http1_limit_body(h, 64, NULL) == 0);
	return fuzz_http1_feed(h, in, step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http1 whole, cut;
	if (size == 0)
		return 0;
	struct bytes in = BYTES(data + 1, size - 1);
	struct fuzz_http1 a = feed(&whole, in, SIZE_MAX);
	struct fuzz_http1 b = feed(&cut, in, 1 + data[0]);
	fuzz_http1_same(&whole, &a, &cut, &b);
	ASSERT(whole.body.len <= 64);
	http1_release(&whole);
	http1_release(&cut);
	return 0;
}
