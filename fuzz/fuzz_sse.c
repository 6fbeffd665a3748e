/* Event streams: every cut gives the same events; what is written is read back, with line ends as LF. */
#include "base/base.h"
#include "codec/sse.h"
#include "fuzz/fuzz.h"

#define LINE_MAX 256

/* Puts all events behind each other. */
static int read_all(struct bytes in, size_t step, size_t max, struct buf *out)
{
	struct sse_reader r;
	int rc = 0;
	sse_reader_init(&r, max);
	for (size_t at = 0; at < in.len && rc == 0;) {
		size_t used = 0;
		bool event = false;
		rc = sse_feed(&r, BYTES(in.p + at, in.len - at < step ? in.len - at : step), &used, &event, NULL);
		ASSERT(rc || used > 0);
		at += used;
		if (!event)
			continue;
		buf_addf(out, "%zu %zu %lld:", r.id.len, r.event.len, (long long)r.retry_ms);
		buf_add_bytes(out, buf_bytes(&r.data));
	}
	sse_reader_release(&r);
	return rc;
}

static void every_cut(struct bytes in)
{
	struct buf whole, cut;
	buf_init(&whole, SIZE_MAX);
	buf_init(&cut, SIZE_MAX);
	int rc = read_all(in, SIZE_MAX, LINE_MAX, &whole);
	ASSERT(rc == read_all(in, 1 + in.len / 7, LINE_MAX, &cut));
	ASSERT(rc || bytes_equal(buf_bytes(&whole), buf_bytes(&cut)));
	buf_release(&whole);
	buf_release(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size);
	struct buf out, back;
	every_cut(in);
	buf_init(&out, 8 * size + 200);
	buf_init(&back, SIZE_MAX);
	(void)sse_write(&out, "a\nb", NULL, in);
	ASSERT(sse_write_comment(&out, "fuzz") == 0 && sse_write_retry(&out, 1000) == 0);
	ASSERT(sse_write(&out, "7", "kind", in) == 0);
	ASSERT(read_all(buf_bytes(&out), SIZE_MAX, size + 100, &back) == 0);
	ASSERT(bytes_starts_with(buf_bytes(&back), "1 4 1000:"));
	if (size == 0 || !memchr(data, '\r', size))
		ASSERT(back.len == 9 + size && (size == 0 || memcmp(back.p + 9, data, size) == 0));
	buf_reset(&out);
	out.max = size / 2;
	ASSERT(sse_write(&out, NULL, NULL, in) != 0 && out.len == 0);
	buf_release(&out);
	buf_release(&back);
	return 0;
}
