/* http1_common.h - for the targets that feed the HTTP/1.1 reader: one message, whole or in pieces. */
#ifndef FUZZ_HTTP1_COMMON_H
#define FUZZ_HTTP1_COMMON_H

#include "base/base.h"
#include "codec/http1.h"

#define FUZZ_BODY_MAX 4096

struct fuzz_http1 {
	int rc;
	bool done;
	size_t used;
};

/* The caller has initialised h, and releases it. */
static inline struct fuzz_http1 fuzz_http1_feed(struct http1 *h, struct bytes in, size_t step)
{
	struct fuzz_http1 f = {0};
	while (!f.done && f.rc == 0) {
		size_t used = 0, left = in.len - f.used;
		enum http1_event ev;
		f.rc = http1_feed(h, BYTES(in.p + f.used, left < step ? left : step), &used, &ev, NULL);
		f.used += used;
		f.done = f.rc == 0 && ev == HTTP1_DONE;
		if (f.rc == 0 && ev == HTTP1_MORE && f.used == in.len)
			break;
	}
	if (f.rc == 0 && !f.done)
		f.done = http1_end(h, NULL) == 0;
	return f;
}

/* However it is cut, a message is the same message. */
static inline void fuzz_http1_same(const struct http1 *a, const struct fuzz_http1 *fa, const struct http1 *b,
				   const struct fuzz_http1 *fb)
{
	ASSERT(fa->rc == fb->rc && fa->done == fb->done);
	if (!fa->done)
		return;
	ASSERT(fa->used == fb->used && a->status == b->status && a->keep_alive == b->keep_alive);
	ASSERT(bytes_equal(a->method, b->method) && bytes_equal(a->target, b->target));
	ASSERT(bytes_equal(buf_bytes(&a->body), buf_bytes(&b->body)));
}

/* All headers but those that frame the body. */
static inline void fuzz_http1_copy_headers(const struct http1 *h, struct buf *out)
{
	size_t it = 0;
	struct bytes name, value;
	while (http1_header_each(h, &it, &name, &value)) {
		AUTO_FREE char *n = bytes_dup_str(name);
		ASSERT(http1_header(h, n).p);
		if (!bytes_equal_str_nocase(name, "Content-Length") &&
		    !bytes_equal_str_nocase(name, "Transfer-Encoding"))
			ASSERT(http1_write_header(out, n, value) == 0);
	}
}

#endif
