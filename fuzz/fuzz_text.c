/* Hex, base64, UUIDs, numbers, durations, dates and UTF-8: what is taken is written back as the same text. */
#include "base/base.h"
#include "base/clock.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

static void decoders(struct bytes in)
{
	struct buf plain, text;
	buf_init(&plain, in.len);
	buf_init(&text, in.len);
	if (base64_decode(in, &plain) == 0) {
		base64_encode(&text, buf_bytes(&plain));
		ASSERT(bytes_equal(buf_bytes(&text), in));
	}
	buf_reset(&plain);
	buf_reset(&text);
	if (hex_decode(in, &plain) == 0) {
		hex_encode(&text, buf_bytes(&plain));
		ASSERT(bytes_equal_str_nocase(in, buf_cstr(&text)));
	}
	buf_release(&plain);
	buf_release(&text);
}

/* What is made of any 16 bytes is of the version and variant of RFC 9562, and the wire's order is its own inverse. */
static void uuids(struct bytes in)
{
	uint8_t wire[16];
	if (in.len < sizeof(wire))
		return;
	struct uuid u = uuid_from_smbios(in.p), v4 = uuid_v4(in.p), v7 = uuid_v7((int64_t)in.len, in.p);
	uuid_to_smbios(&u, wire);
	ASSERT(memcmp(wire, in.p, sizeof(wire)) == 0);
	ASSERT(v4.b[6] >> 4 == 4 && v4.b[8] >> 6 == 2 && v7.b[6] >> 4 == 7 && v7.b[8] >> 6 == 2);
}

static void names_and_numbers(struct bytes in)
{
	struct uuid u;
	char text[UUID_TEXT_SIZE];
	uint64_t n;
	int64_t i;
	if (uuid_parse(in, &u)) {
		uuid_text(&u, text);
		ASSERT(bytes_equal_str_nocase(in, text));
		ASSERT(uuid_is_nil(&u) == (strspn(text, "0-") == strlen(text)));
	}
	if (text_to_i64(in, &i) && i > 0)
		ASSERT(text_to_u64(in, &n) && n == (uint64_t)i);
	AUTO_FREE char *s = bytes_dup_str(in);
	char date[CLOCK_TEXT_SIZE];
	if (clock_parse(s, &i)) {
		bool with_ms = strlen(s) > strlen("2026-11-22T15:03:16Z");
		(with_ms ? clock_text_ms : clock_text)(i, date);
		ASSERT(strcmp(date, s) == 0);
	}
	if (text_to_duration_ms(s, &i))
		ASSERT(i >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size);
	struct buf escaped;
	decoders(in);
	uuids(in);
	names_and_numbers(in);
	buf_init(&escaped, 4 * size);
	text_escape(&escaped, in);
	ASSERT(!escaped.failed && text_is_printable(buf_bytes(&escaped)));
	ASSERT(!text_is_printable(in) || text_is_utf8(in));
	buf_release(&escaped);
	return 0;
}
