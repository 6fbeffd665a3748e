/* Numbers, hex, base64, UTF-8 and UUIDs; expected values from the RFCs, and every input again at each shorter length.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"

static void numbers_are_digits_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		bool is_u64, is_i64;
		uint64_t u;
		int64_t i;
	} rows[] = {
		{"0", true, true, 0, 0},
		{"007", true, true, 7, 7},
		{"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
		{"9223372036854775808", true, false, UINT64_C(9223372036854775808), 0},
		{"18446744073709551615", true, false, UINT64_MAX, 0},
		{"18446744073709551616", false, false, 0, 0},
		{"99999999999999999999", false, false, 0, 0},
		{"-1", false, true, 0, -1},
		{"-9223372036854775808", false, true, 0, INT64_MIN},
		{"-9223372036854775809", false, false, 0, 0},
		{"", false, false, 0, 0},
		{"-", false, false, 0, 0},
		{"+1", false, false, 0, 0},
		{"--1", false, false, 0, 0},
		{" 1", false, false, 0, 0},
		{"1 ", false, false, 0, 0},
		{"0x1", false, false, 0, 0},
		{"1.0", false, false, 0, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t u = 99;
		int64_t s = 99;
		assert_int_equal(text_to_u64(bytes_str(rows[i].text), &u), rows[i].is_u64);
		assert_true(u == (rows[i].is_u64 ? rows[i].u : 99));
		assert_int_equal(text_to_i64(bytes_str(rows[i].text), &s), rows[i].is_i64);
		assert_true(s == (rows[i].is_i64 ? rows[i].i : 99));
	}
	uint64_t u;
	assert_false(text_to_u64(BYTES_NONE, &u));
	assert_false(text_to_u64(BYTES_LIT("1\0"), &u));
}

static void durations_have_a_unit_or_are_milliseconds(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {
		{"200", 200},
		{"200ms", 200},
		{"30s", 30000},
		{"10m", 600000},
		{"24h", 86400000},
		{"7d", 604800000},
		{"0", 0},
		{"9223372036854775807ms", INT64_MAX},
		{"9223372036854775s", INT64_C(9223372036854775000)},
		{"9223372036854776s", -1},
		{"106751991167300d", -1},
		{"", -1},
		{"s", -1},
		{"-1s", -1},
		{"1 s", -1},
		{"1S", -1},
		{"1min", -1},
		{"1h30m", -1},
		{"1.5h", -1},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = -1;
		assert_int_equal(text_to_duration_ms(rows[i].text, &ms), rows[i].ms >= 0);
		assert_true(ms == rows[i].ms);
	}
}

/* The wide limits and the ill-formed sequences of the Unicode Standard, chapter 3.9, and RFC 3629. */
static void utf8_is_strict(void **state)
{
	static const struct {
		struct bytes in;
		bool utf8, printable;
		const char *escaped;
	} rows[] = {
		{BYTES_LIT(""), true, true, ""},
		{BYTES_LIT("desk-17 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xa1"), true, true,
		 "desk-17 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xa1"},
		{BYTES_LIT("a\nb"), true, false, "a\\x0ab"},
		{BYTES_LIT("\0"), true, false, "\\x00"},
		{BYTES_LIT("\x1b[2J"), true, false, "\\x1b[2J"},
		{BYTES_LIT("\x7f"), true, false, "\\x7f"},
		{BYTES_LIT("\xc2\x85"), true, false, "\\xc2\\x85"},          /* next line */
		{BYTES_LIT("\xe2\x80\xa8"), true, false, "\\xe2\\x80\\xa8"}, /* line separator */
		{BYTES_LIT("\xe2\x80\xae"), true, false, "\\xe2\\x80\\xae"}, /* right-to-left override */
		{BYTES_LIT("a\"b\\c"), true, true, "a\\\"b\\\\c"},
		{BYTES_LIT("\xc3"), false, false, "\\xc3"},
		{BYTES_LIT("\xc3("), false, false, "\\xc3("},
		{BYTES_LIT("\x80"), false, false, "\\x80"},
		{BYTES_LIT("\xc0\xaf"), false, false, "\\xc0\\xaf"},          /* longer than needed */
		{BYTES_LIT("\xe0\x9f\xbf"), false, false, "\\xe0\\x9f\\xbf"}, /* longer than needed */
		{BYTES_LIT("\xed\xa0\x80"), false, false, "\\xed\\xa0\\x80"}, /* surrogate */
		{BYTES_LIT("\xed\x9f\xbf\xee\x80\x80"), true, true, "\xed\x9f\xbf\xee\x80\x80"},
		{BYTES_LIT("\xf4\x8f\xbf\xbf"), true, true, "\xf4\x8f\xbf\xbf"}, /* the last code point */
		{BYTES_LIT("\xf4\x90\x80\x80"), false, false, "\\xf4\\x90\\x80\\x80"},
		{BYTES_LIT("\xf8\x88\x80\x80\x80"), false, false, "\\xf8\\x88\\x80\\x80\\x80"},
		{BYTES_LIT("\xff"), false, false, "\\xff"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 1000);
		assert_int_equal(text_is_utf8(rows[i].in), rows[i].utf8);
		assert_int_equal(text_is_printable(rows[i].in), rows[i].printable);
		text_escape(&out, rows[i].in);
		assert_string_equal(buf_cstr(&out), rows[i].escaped);
		assert_true(text_is_printable(buf_bytes(&out)));
		buf_release(&out);
	}
}

static void utf8_cut_inside_a_character_is_not_utf8(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa1";
	static const bool whole[] = {true, true, false, true, false, false, true, false, false, false, true};
	for (size_t len = 0; len < sizeof(text); len++) {
		uint8_t *exact = malloc(len + 1); /* so that ASan sees a read behind it */
		memcpy(exact, text, len);
		assert_int_equal(text_is_utf8(BYTES(exact, len)), whole[len]);
		free(exact);
	}
}

static void hex_goes_both_ways(void **state)
{
	struct buf text, back;
	buf_init(&text, 512);
	buf_init(&back, 256);
	uint8_t all[256];
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	hex_encode(&text, BYTES(all, 256));
	assert_memory_equal(text.p, "000102030405060708090a0b", 24);
	assert_int_equal(hex_decode(buf_bytes(&text), &back), 0);
	assert_true(bytes_equal(buf_bytes(&back), BYTES(all, 256)));
	buf_reset(&text);
	buf_reset(&back);
	hex_encode_upper(&text, BYTES_LIT("\xab\xcd\xef"));
	assert_string_equal(buf_cstr(&text), "ABCDEF");
	assert_int_equal(hex_decode(BYTES_LIT("aBcDeF"), &back), 0);
	assert_true(bytes_equal(buf_bytes(&back), BYTES_LIT("\xab\xcd\xef")));
	buf_release(&text);
	buf_release(&back);
}

/* RFC 4648 section 10; the others from coreutils' base64. */
static const struct {
	const char *plain, *base64;
} base64_rows[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xef\xbe\xff", "++++/w=="},
};

static void base64_goes_both_ways(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(base64_rows); i++) {
		struct buf b;
		buf_init(&b, 100);
		base64_encode(&b, bytes_str(base64_rows[i].plain));
		assert_string_equal(buf_cstr(&b), base64_rows[i].base64);
		buf_reset(&b);
		assert_int_equal(base64_decode(bytes_str(base64_rows[i].base64), &b), 0);
		assert_string_equal(buf_cstr(&b), base64_rows[i].plain);
		buf_release(&b);
	}
}

static void base64_of_random_bytes_comes_back(void **state)
{
	struct rng r;
	rng_init(&r, 5);
	struct buf text, back;
	buf_init(&text, 1000);
	buf_init(&back, 1000);
	for (size_t len = 0; len < 200; len++) {
		uint8_t in[200];
		rng_fill(&r, in, len);
		buf_reset(&text);
		buf_reset(&back);
		base64_encode(&text, BYTES(in, len));
		assert_int_equal(base64_decode(buf_bytes(&text), &back), 0);
		assert_true(bytes_equal(buf_bytes(&back), BYTES(in, len)));
	}
	buf_release(&text);
	buf_release(&back);
}

/* Every length of good input: it decodes where a whole group ends, and adds nothing elsewhere. */
static void a_cut_text_decodes_only_at_its_groups(void **state)
{
	static const char b64[] = "Zm9vYmFyZm9vYmE=", hex[] = "00ff10a0";
	for (size_t len = 0; len < sizeof(b64); len++) {
		struct buf b;
		buf_init(&b, 100);
		buf_adds(&b, "was");
		uint8_t *exact = malloc(len + 1);
		memcpy(exact, b64, len);
		assert_int_equal(base64_decode(BYTES(exact, len), &b), len % 4 ? ERR_INVALID : 0);
		assert_int_equal(b.len, 3 + (len % 4 ? 0 : len == 16 ? 11 : len / 4 * 3));
		free(exact);
		buf_release(&b);
	}
	for (size_t len = 0; len < sizeof(hex); len++) {
		struct buf b;
		buf_init(&b, 100);
		assert_int_equal(hex_decode(BYTES(hex, len), &b), len % 2 ? ERR_INVALID : 0);
		assert_int_equal(b.len, len % 2 ? 0 : len / 2);
		buf_release(&b);
	}
}

static void what_is_not_strict_is_refused(void **state)
{
	static const char *const bad[] = {"Zg",   "Zg=",  "Zg===",    "Z===",     "====",
					  "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n",   "Zm 9",
					  "Zm-_", "Z=9v", "=m9v",     "Zm9v====", "Zm\xc3\xa9"};
	struct buf b;
	buf_init(&b, 100);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(base64_decode(bytes_str(bad[i]), &b), ERR_INVALID);
		assert_int_equal(b.len, 0);
	}
	static const char *const bad_hex[] = {"0", "0g", "g0", "0x", " 0", "00 0", "0:", "/0", "@0", "`0"};
	for (size_t i = 0; i < ARRAY_LEN(bad_hex); i++)
		assert_int_equal(hex_decode(bytes_str(bad_hex[i]), &b), ERR_INVALID);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void a_full_buffer_takes_all_or_nothing(void **state)
{
	for (size_t max = 0; max < 20; max++) {
		struct buf b;
		buf_init(&b, max);
		assert_int_equal(base64_decode(BYTES_LIT("Zm9vYmFy"), &b), max < 6 ? ERR_TOO_BIG : 0);
		assert_int_equal(b.len, max < 6 ? 0 : 6);
		buf_reset(&b);
		assert_int_equal(hex_decode(BYTES_LIT("001122"), &b), max < 3 ? ERR_TOO_BIG : 0);
		assert_int_equal(b.len, max < 3 ? 0 : 3);
		buf_reset(&b);
		base64_encode(&b, BYTES_LIT("foobar"));
		assert_int_equal(b.len, max < 8 ? 0 : 8);
		assert_int_equal(b.failed, max < 8);
		buf_reset(&b);
		hex_encode(&b, BYTES_LIT("foo"));
		assert_int_equal(b.len, max < 6 ? 0 : 6);
		buf_release(&b);
	}
}

static const char uuid_example[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"; /* RFC 4122 section 3 */

static void uuids_go_both_ways(void **state)
{
	struct uuid u;
	char text[UUID_TEXT_SIZE];
	assert_true(uuid_parse(bytes_str(uuid_example), &u));
	assert_int_equal(u.b[0], 0xf8);
	assert_int_equal(u.b[15], 0xf6);
	uuid_text(&u, text);
	assert_string_equal(text, uuid_example);
	struct uuid upper, nil = {{0}};
	assert_true(uuid_parse(BYTES_LIT("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"), &upper));
	assert_true(uuid_equal(&u, &upper));
	assert_false(uuid_is_nil(&u));
	assert_true(uuid_is_nil(&nil));
}

static void a_cut_or_damaged_uuid_is_refused(void **state)
{
	struct uuid u;
	for (size_t len = 0; len < sizeof(uuid_example) - 1; len++) {
		uint8_t *exact = malloc(len + 1);
		memcpy(exact, uuid_example, len);
		assert_false(uuid_parse(BYTES(exact, len), &u));
		free(exact);
		for (int c = 0; c < 256; c++) {
			char damaged[sizeof(uuid_example)], back[UUID_TEXT_SIZE];
			memcpy(damaged, uuid_example, sizeof(damaged));
			damaged[len] = (char)c;
			if (!uuid_parse(BYTES(damaged, sizeof(damaged) - 1), &u))
				continue;
			uuid_text(&u, back);
			assert_true(bytes_equal_str_nocase(BYTES(damaged, sizeof(damaged) - 1), back));
		}
	}
	assert_false(uuid_parse(BYTES_LIT("f81d4fae-7dec-11d0-a765-00a0c91e6bf6\0"), &u));
	assert_false(uuid_parse(BYTES_LIT("{f81d4fae-7dec-11d0-a765-00a0c91e6b}"), &u));
	assert_false(uuid_parse(BYTES_LIT("f81d4fae7dec-11d0-a765-00a0c91e6bf6a"), &u));
}

/* The example of the SMBIOS specification (DSP0134, System - UUID). */
static void smbios_order_swaps_the_first_three_groups(void **state)
{
	static const uint8_t wire[16] = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
					 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	struct uuid u = uuid_from_smbios(wire);
	char text[UUID_TEXT_SIZE];
	uuid_text(&u, text);
	assert_string_equal(text, "00112233-4455-6677-8899-aabbccddeeff");
	uint8_t back[16];
	uuid_to_smbios(&u, back);
	assert_memory_equal(back, wire, 16);
}

/* RFC 9562 appendix A.3 and A.6: all values of the examples. */
static void made_uuids_carry_version_and_variant(void **state)
{
	static const uint8_t v4[16] = {0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0x03, 0x20,
				       0x1b, 0xac, 0xf8, 0x47, 0xdb, 0x41, 0x48, 0xa8};
	static const uint8_t v7[10] = {0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
	char text[UUID_TEXT_SIZE];
	struct uuid u = uuid_v4(v4);
	uuid_text(&u, text);
	assert_string_equal(text, "919108f7-52d1-4320-9bac-f847db4148a8");
	u = uuid_v7(INT64_C(1645557742000), v7);
	uuid_text(&u, text);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_and_nothing_else),
		cmocka_unit_test(durations_have_a_unit_or_are_milliseconds),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(utf8_cut_inside_a_character_is_not_utf8),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(base64_of_random_bytes_comes_back),
		cmocka_unit_test(a_cut_text_decodes_only_at_its_groups),
		cmocka_unit_test(what_is_not_strict_is_refused),
		cmocka_unit_test(a_full_buffer_takes_all_or_nothing),
		cmocka_unit_test(uuids_go_both_ways),
		cmocka_unit_test(a_cut_or_damaged_uuid_is_refused),
		cmocka_unit_test(smbios_order_swaps_the_first_three_groups),
		cmocka_unit_test(made_uuids_carry_version_and_variant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
