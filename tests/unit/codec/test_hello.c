/* Hello messages against captured ones and the bytes of the Intel AMT guide. */
#include "testing.h"

#include "codec/hello.h"

#define ABC_SHA1 "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d"
#define ABC_SHA256                                                                                                     \
	"\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff" \
	"\x61\xf2\x00\x15\xad"

static const struct row {
	const char *file;
	bool admin_set;
	enum hello_version version;
	uint32_t retry;
	const char *uuid;
	const char *pid;
	size_t hashes;
	enum hello_hash_type first;
} rows[] = {
	{"hello/three-hashes.bin", false, HELLO_VERSION_PKI, 2, "00112233-4455-6677-8899-aabbccddeeff", "", 3,
	 HELLO_HASH_SHA1},
	{"hello/captured-23.bin", true, HELLO_VERSION_PKI, 0, "939b524b-13d4-1d18-e487-1c697a6b7a2b", "", 23,
	 HELLO_HASH_SHA256},
	{"hello/captured-24.bin", true, HELLO_VERSION_PKI, 0, "939b524b-13d4-1d18-e487-1c697a6b7a2b", "", 24,
	 HELLO_HASH_SHA256},
	{"hello/captured-retry.bin", true, HELLO_VERSION_PKI, 1, "d2ffc23e-9dd1-412d-860a-54b2039b72ff", "", 24,
	 HELLO_HASH_SHA256},
	{"hello/psk.bin", false, HELLO_VERSION_PSK, 14, "00112233-4455-6677-8899-aabbccddeeff", "0000ABCU", 0, 0},
};

static void golden_messages_are_read_and_written(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct buf in, out;
		struct hello h;
		char uuid[UUID_TEXT_SIZE];
		golden_read(row->file, &in);
		assert_int_equal(hello_parse(buf_bytes(&in), &h, NULL), 0);
		uuid_text(&h.uuid, uuid);
		assert_int_equal(h.admin_set, row->admin_set);
		assert_int_equal(h.version, row->version);
		assert_int_equal(h.retry, row->retry);
		assert_string_equal(uuid, row->uuid);
		assert_string_equal(h.pid, row->pid);
		assert_int_equal(h.hash_count, row->hashes);
		assert_int_equal(h.hash_count ? h.hashes[0].type : 0, row->first);
		buf_init(&out, in.len);
		assert_int_equal(hello_encode(&h, &out, NULL), 0);
		assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&in)));
		buf_release(&in);
		buf_release(&out);
	}
}

static void each_kind_of_hash_is_read(void **state)
{
	struct buf in;
	struct hello h;
	golden_read("hello/three-hashes.bin", &in);
	assert_int_equal(hello_parse(buf_bytes(&in), &h, NULL), 0);
	assert_true(bytes_equal(h.hashes[0].value, BYTES_LIT(ABC_SHA1)));
	assert_true(bytes_equal(h.hashes[1].value, BYTES_LIT(ABC_SHA256)));
	assert_int_equal(h.hashes[2].type, HELLO_HASH_SHA384);
	assert_int_equal(h.hashes[2].value.len, 48);
	assert_string_equal(hello_hash_name(HELLO_HASH_SHA384), "sha384");
	assert_int_equal(hello_hash_size(HELLO_HASH_SHA384), 48);
	assert_null(hello_hash_name((enum hello_hash_type)0));
	assert_int_equal(hello_hash_size((enum hello_hash_type)4), 0);
	buf_release(&in);
}

static void messages_have_their_times(void **state)
{
	static const int minutes[] = {0, 1, 2, 3, 4, 14, 24, 34, 44, 54, 114, 174, 234, 294, 354, 354};
	for (uint32_t i = 0; i < ARRAY_LEN(minutes); i++)
		assert_int_equal(hello_sent_after_ms(i), minutes[i] * 60000);
	assert_int_equal(hello_sent_after_ms(UINT32_MAX), HELLO_SERIES_MS);
}

static void a_beginning_asks_for_more_at_every_byte(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf in;
		struct hello h;
		golden_read(rows[i].file, &in);
		for (size_t len = 0; len <= in.len; len++) {
			struct bytes part = visible(buf_bytes(&in), len);
			struct err e = ERR_INIT;
			int rc = hello_parse(part, &h, &e);
			assert_int_equal(rc, len < in.len ? ERR_END : 0);
			assert_int_equal(e.code, rc);
			free((void *)(uintptr_t)part.p);
		}
		buf_release(&in);
	}
}

static void a_full_buffer_keeps_what_it_had(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf in, out;
		struct hello h;
		golden_read(rows[i].file, &in);
		assert_int_equal(hello_parse(buf_bytes(&in), &h, NULL), 0);
		for (size_t max = 1; max <= in.len; max++) {
			buf_init(&out, max);
			assert_int_equal(buf_addc(&out, 'x'), 0);
			assert_int_equal(hello_encode(&h, &out, NULL), ERR_TOO_BIG);
			assert_int_equal(out.len, 1);
			buf_release(&out);
		}
		buf_release(&in);
	}
}

#define HEAD   "\0\0\3\0\2\0\0\0\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
#define HEAD_2 "\0\0\2\0\2\0\0\0\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"

static void what_no_device_sends_is_refused(void **state)
{
	static const struct {
		struct bytes in;
		int rc;
		const char *says;
	} cases[] = {
		{{(const uint8_t *)HEAD "\0", 25}, 0, ""}, /* a device without hashes */
		{{(const uint8_t *)HEAD "\0x", 26}, ERR_MALFORMED, "1 bytes behind its end"},
		{{(const uint8_t *)HEAD "\1\1\x20", 27}, ERR_MALFORMED, "type 1 has 32 bytes"},
		{{(const uint8_t *)HEAD "\1\2\x14", 27}, ERR_MALFORMED, "type 2 has 20 bytes"},
		{{(const uint8_t *)HEAD "\1\4\x20", 27}, ERR_MALFORMED, "type 4 has 32 bytes"},
		{{(const uint8_t *)HEAD "\1\0\0", 27}, ERR_MALFORMED, "type 0 has 0 bytes"},
		{{(const uint8_t *)HEAD "\x41", 25}, ERR_TOO_BIG, "65 hashes"},
		{{(const uint8_t *)"\2\0\3\0", 4}, ERR_MALFORMED, "begins with 2"},
		{{(const uint8_t *)"\0\0\1\0", 4}, ERR_UNSUPPORTED, "version 1"},
		{{(const uint8_t *)"\0\0\4\0", 4}, ERR_UNSUPPORTED, "version 4"},
		{{(const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18}, ERR_MALFORMED, "begins with"},
		{{(const uint8_t *)HEAD_2 "0000ABCU", 32}, 0, ""},
		{{(const uint8_t *)HEAD_2 "0000 BCU", 32}, ERR_MALFORMED, "PID"},
		{{(const uint8_t *)HEAD_2 "0000ABCUV", 33}, ERR_MALFORMED, "behind its end"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		struct hello h;
		assert_int_equal(hello_parse(cases[i].in, &h, &e), cases[i].rc);
		assert_contains(e.msg, cases[i].says);
	}
}

static void what_would_be_refused_is_not_written(void **state)
{
	struct hello_hash wrong = {HELLO_HASH_SHA1, BYTES_LIT(ABC_SHA256)};
	const struct hello cases[] = {
		{.version = (enum hello_version)1},
		{.version = HELLO_VERSION_PSK, .pid = "SHORT"},
		{.version = HELLO_VERSION_PKI, .hash_count = HELLO_HASHES_MAX + 1},
		{.version = HELLO_VERSION_PKI, .hash_count = 1, .hashes = {wrong}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;
		buf_init(&out, HELLO_SIZE_MAX);
		assert_int_equal(hello_encode(&cases[i], &out, NULL), ERR_INVALID);
		assert_int_equal(out.len, 0);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_messages_are_read_and_written),
		cmocka_unit_test(each_kind_of_hash_is_read),
		cmocka_unit_test(messages_have_their_times),
		cmocka_unit_test(a_beginning_asks_for_more_at_every_byte),
		cmocka_unit_test(a_full_buffer_keeps_what_it_had),
		cmocka_unit_test(what_no_device_sends_is_refused),
		cmocka_unit_test(what_would_be_refused_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
