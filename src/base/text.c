#include "base/text.h"

#include <string.h>

#include "base/base.h"
#include "base/err.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool text_to_u64(struct bytes s, uint64_t *ret)
{
	uint64_t v = 0;
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_digit(s.p[i]) || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

bool text_to_i64(struct bytes s, int64_t *ret)
{
	bool negative = bytes_starts_with(s, "-");
	uint64_t v, most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	if (negative)
		s = BYTES(s.p + 1, s.len - 1);
	if (!text_to_u64(s, &v) || v > most)
		return false;
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool text_to_duration_ms(const char *s, int64_t *ret_ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	size_t digits = strspn(s, "0123456789");
	int64_t v, ms = -1;
	if (!text_to_i64(BYTES(s, digits), &v))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(s + digits, units[i].name) == 0 && v <= INT64_MAX / units[i].ms)
			ms = v * units[i].ms;
	if (ms < 0)
		return false;
	*ret_ms = ms;
	return true;
}

size_t text_utf8_next(struct bytes s, uint32_t *ret)
{
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} kinds[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	size_t more = 0;
	while (s.len > 0 && more < ARRAY_LEN(kinds) && (s.p[0] & kinds[more].mask) != kinds[more].lead)
		more++;
	if (more == ARRAY_LEN(kinds) || more >= s.len)
		return 0;
	uint32_t c = s.p[0] & (uint8_t)~kinds[more].mask;
	for (size_t i = 1; i <= more; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.p[i] & 0x3f);
	}
	if (c < kinds[more].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return more + 1;
}

/* Controls, and what lets a text look like another one: line separators, changes of direction. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool all_characters(struct bytes s, bool with_control)
{
	while (s.len) {
		uint32_t c;
		bool is_plain = s.p[0] >= 0x20 && s.p[0] < 0x7f; /* nearly all are */
		size_t n = is_plain ? 1 : text_utf8_next(s, &c);
		if (n == 0 || (!is_plain && !with_control && is_control(c)))
			return false;
		s = BYTES(s.p + n, s.len - n);
	}
	return true;
}

bool text_is_utf8(struct bytes s)
{
	return all_characters(s, true);
}

bool text_is_printable(struct bytes s)
{
	return all_characters(s, false);
}

static const char lower_digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";

static void escape_bytes(struct buf *out, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_add(out, (char[]){'\\', 'x', lower_digits[p[i] >> 4], lower_digits[p[i] & 15]}, 4);
}

void text_escape(struct buf *out, struct bytes s)
{
	while (s.len) {
		uint32_t c = 0;
		size_t n = text_utf8_next(s, &c), len = n ? n : 1;
		if (n == 0 || is_control(c))
			escape_bytes(out, s.p, len);
		else if (c == '"' || c == '\\')
			buf_add(out, (char[]){'\\', (char)c}, 2);
		else
			buf_add(out, s.p, len);
		s = BYTES(s.p + len, s.len - len);
	}
}

static void encode_hex(struct buf *out, struct bytes in, const char *digits)
{
	uint8_t *to = buf_reserve(out, in.len > SIZE_MAX / 2 ? SIZE_MAX : in.len * 2);
	if (!to)
		return;
	for (size_t i = 0; i < in.len; i++) {
		to[2 * i] = (uint8_t)digits[in.p[i] >> 4];
		to[2 * i + 1] = (uint8_t)digits[in.p[i] & 15];
	}
	buf_commit(out, in.len * 2);
}

void hex_encode(struct buf *out, struct bytes in)
{
	encode_hex(out, in, lower_digits);
}

void hex_encode_upper(struct buf *out, struct bytes in)
{
	encode_hex(out, in, upper_digits);
}

/* -1: not a digit. */
static int hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode_hex(struct bytes in, uint8_t *to)
{
	for (size_t i = 0; i + 1 < in.len; i += 2) {
		int high = hex_digit(in.p[i]), low = hex_digit(in.p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i / 2] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int hex_decode(struct bytes in, struct buf *out)
{
	if (in.len % 2)
		return ERR_INVALID;
	uint8_t *to = buf_reserve(out, in.len / 2);
	if (!to)
		return ERR_TOO_BIG;
	if (!decode_hex(in, to))
		return ERR_INVALID;
	buf_commit(out, in.len / 2);
	return 0;
}

/* RFC 4648 section 4. */
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *out, struct bytes in)
{
	size_t len = in.len > SIZE_MAX / 2 ? SIZE_MAX : (in.len + 2) / 3 * 4;
	uint8_t *to = buf_reserve(out, len);
	if (!to)
		return;
	for (size_t i = 0; i < in.len; i += 3, to += 4) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.p[i] << 16;
		v |= left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0;
		v |= left > 2 ? in.p[i + 2] : 0;
		to[0] = (uint8_t)base64_digits[v >> 18];
		to[1] = (uint8_t)base64_digits[v >> 12 & 63];
		to[2] = left > 1 ? (uint8_t)base64_digits[v >> 6 & 63] : '=';
		to[3] = left > 2 ? (uint8_t)base64_digits[v & 63] : '=';
	}
	buf_commit(out, len);
}

static int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, the last pad of which are "=", to 3 - pad bytes. Bits that no byte takes must be 0, so that there
 * is one text only for any bytes. */
static bool decode_quad(const uint8_t *in, size_t pad, uint8_t *to)
{
	uint32_t v = 0;
	for (size_t i = 0; i < 4; i++) {
		int digit = i < 4 - pad ? base64_digit(in[i]) : 0;
		if (digit < 0)
			return false;
		v = v << 6 | (uint32_t)digit;
	}
	if (v & ((UINT32_C(1) << 8 * pad) - 1))
		return false;
	for (size_t i = 0; i < 3 - pad; i++)
		to[i] = (uint8_t)(v >> (16 - 8 * i));
	return true;
}

int base64_decode(struct bytes in, struct buf *out)
{
	if (in.len % 4)
		return ERR_INVALID;
	if (in.len == 0)
		return 0;
	size_t pad = in.p[in.len - 1] != '=' ? 0 : in.p[in.len - 2] != '=' ? 1 : 2;
	size_t len = in.len / 4 * 3 - pad;
	uint8_t *to = buf_reserve(out, len);
	if (!to)
		return ERR_TOO_BIG;
	for (size_t i = 0; i < in.len; i += 4)
		if (!decode_quad(in.p + i, i + 4 == in.len ? pad : 0, to + i / 4 * 3))
			return ERR_INVALID;
	buf_commit(out, len);
	return 0;
}

bool uuid_is_nil(const struct uuid *u)
{
	static const struct uuid nil;
	return uuid_equal(u, &nil);
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static bool has_dash_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void uuid_text(const struct uuid *u, char to[UUID_TEXT_SIZE])
{
	for (size_t i = 0; i < sizeof(u->b); i++) {
		if (has_dash_before(i))
			*to++ = '-';
		*to++ = lower_digits[u->b[i] >> 4];
		*to++ = lower_digits[u->b[i] & 15];
	}
	*to = '\0';
}

bool uuid_parse(struct bytes text, struct uuid *ret)
{
	struct uuid u;
	if (text.len != UUID_TEXT_SIZE - 1)
		return false;
	const uint8_t *p = text.p;
	for (size_t i = 0; i < sizeof(u.b); i++, p += 2) {
		if (has_dash_before(i) && *p++ != '-')
			return false;
		if (!decode_hex(BYTES(p, 2), &u.b[i]))
			return false;
	}
	*ret = u;
	return true;
}

/* The order is its own inverse. SMBIOS specification (DSP0134), "System - UUID". */
static void swap_groups(const uint8_t from[16], uint8_t to[16])
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	for (size_t i = 0; i < 16; i++)
		to[i] = from[order[i]];
}

struct uuid uuid_from_smbios(const uint8_t wire[16])
{
	struct uuid u;
	swap_groups(wire, u.b);
	return u;
}

void uuid_to_smbios(const struct uuid *u, uint8_t wire[16])
{
	swap_groups(u->b, wire);
}

/* RFC 9562 sections 4.1 and 4.2. */
static void set_version(struct uuid *u, uint8_t version)
{
	u->b[6] = (uint8_t)((u->b[6] & 0x0f) | version << 4);
	u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

struct uuid uuid_v4(const uint8_t random[16])
{
	struct uuid u;
	memcpy(u.b, random, sizeof(u.b));
	set_version(&u, 4);
	return u;
}

struct uuid uuid_v7(int64_t wall_ms, const uint8_t random[10])
{
	struct uuid u;
	for (size_t i = 0; i < 6; i++)
		u.b[i] = (uint8_t)((uint64_t)wall_ms >> (40 - 8 * i));
	memcpy(u.b + 6, random, 10);
	set_version(&u, 7);
	return u;
}
