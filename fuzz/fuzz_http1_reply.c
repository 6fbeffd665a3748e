/* Replies; the first byte says what was asked for. Every cut gives the same, and what was read is written in chunks and
 * read again. */
#include "codec/digest.h"
#include "fuzz/fuzz.h"
#include "fuzz/http1_common.h"

static void write_again(const struct http1 *h)
{
	const struct http1_chunking how = {.chunk_len = 7, .digits = 1 + h->status % 8, .upper = h->keep_alive};
	struct buf out;
	struct http1 again;
	buf_init(&out, 1 << 20);
	http1_init(&again, HTTP1_REPLY, FUZZ_BODY_MAX);
	http1_expect(&again, false, h->status == 101);
	ASSERT(http1_write_status(&out, h->status, NULL) == 0);
	fuzz_http1_copy_headers(h, &out);
	ASSERT(http1_write_header_str(&out, "Transfer-Encoding", "chunked") == 0);
	ASSERT(http1_write_end(&out) == 0);
	ASSERT(http1_write_chunks(&out, buf_bytes(&h->body), &how) == 0);
	ASSERT(http1_write_last_chunk(&out) == 0);
	struct fuzz_http1 f = fuzz_http1_feed(&again, buf_bytes(&out), SIZE_MAX);
	ASSERT(f.done || h->head.len > HTTP1_HEAD_MAX - 64 || h->lines >= HTTP1_HEADERS_MAX);
	ASSERT(!f.done || bytes_equal(buf_bytes(&again.body), buf_bytes(&h->body)));
	buf_release(&out);
	http1_release(&again);
}

static void reader_init(struct http1 *h, uint8_t kind)
{
	http1_init(h, HTTP1_REPLY, FUZZ_BODY_MAX);
	http1_set_streaming(h, kind & 4);
	if (!(kind & 8))
		http1_expect(h, kind & 1, kind & 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http1 whole, cut;
	if (size == 0)
		return 0;
	reader_init(&whole, data[0]);
	reader_init(&cut, data[0]);
	struct bytes in = BYTES(data + 1, size - 1);
	struct fuzz_http1 a = fuzz_http1_feed(&whole, in, SIZE_MAX);
	struct fuzz_http1 b = fuzz_http1_feed(&cut, in, 1 + size / 7);
	fuzz_http1_same(&whole, &a, &cut, &b);
	if (a.done) {
		struct digest_challenge c;
		(void)digest_challenge_read(&whole, 0, &c, NULL); /* that it ends is enough; fuzz_digest asserts more */
		write_again(&whole);
	}
	http1_release(&whole);
	http1_release(&cut);
	return 0;
}
