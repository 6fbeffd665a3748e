/* Hello messages: what is taken is written back as the same bytes; its beginnings are beginnings and nothing else. */
#include "base/base.h"
#include "base/err.h"
#include "codec/hello.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size);
	struct hello h, part;
	struct err e = ERR_INIT;
	if (hello_parse(in, &h, &e)) {
		ASSERT(e.code == ERR_END || e.code == ERR_MALFORMED || e.code == ERR_TOO_BIG ||
		       e.code == ERR_UNSUPPORTED);
		return 0;
	}
	struct buf out;
	buf_init(&out, size);
	ASSERT(hello_encode(&h, &out, NULL) == 0);
	ASSERT(bytes_equal(buf_bytes(&out), in));
	for (size_t len = 0; len < size; len++)
		ASSERT(hello_parse(BYTES(data, len), &part, NULL) == ERR_END);
	ASSERT(hello_sent_after_ms(h.retry) <= HELLO_SERIES_MS);
	buf_reset(&out);
	out.max = size - 1;
	ASSERT(hello_encode(&h, &out, NULL) == ERR_TOO_BIG && out.len == 0);
	for (size_t i = 0; i < h.hash_count; i++) {
		ASSERT(hello_hash_name(h.hashes[i].type));
		struct hello other = h;
		other.hashes[i].value.len--;
		ASSERT(hello_encode(&other, &out, NULL) == ERR_INVALID);
	}
	struct bytes rest = h.hash_count ? BYTES(h.hashes[0].value.p - 2, size - 25) : BYTES_NONE;
	struct hello_hash next;
	size_t count = 0;
	while (hello_hash_next(&rest, &next)) {
		ASSERT(bytes_equal(next.value, h.hashes[count].value));
		count++;
	}
	ASSERT(count == h.hash_count && rest.len == 0);
	h.version = (enum hello_version)1;
	ASSERT(hello_encode(&h, &out, NULL) == ERR_INVALID);
	h.version = HELLO_VERSION_PKI;
	h.hash_count = HELLO_HASHES_MAX + 1;
	ASSERT(hello_encode(&h, &out, NULL) == ERR_INVALID);
	buf_release(&out);
	return 0;
}
