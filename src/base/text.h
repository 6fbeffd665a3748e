/* text.h - small texts: numbers, hex, base64, UTF-8, UUIDs. Parsers take all of the input or nothing. Any thread. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

bool text_to_u64(struct bytes s, uint64_t *ret); /* decimal digits only, no sign, no blanks, no overflow */
bool text_to_i64(struct bytes s, int64_t *ret);
bool text_to_duration_ms(const char *s, int64_t *ret_ms); /* "200" (ms), "200ms", "30s", "10m", "24h", "7d" */
/* RFC 3629 section 4: length of the character at the start of s, which goes to *ret; 0 when there is none. */
size_t text_utf8_next(struct bytes s, uint32_t *ret);
bool text_is_utf8(struct bytes s);
/* UTF-8 without control characters, line separators and changes of writing direction. */
bool text_is_printable(struct bytes s);
/* Puts s into out so that it can stand between double quotes in a log or message: what text_is_printable refuses as
 * \xNN, and a backslash before backslash and double quote. */
void text_escape(struct buf *out, struct bytes s);

/* Encoders mark out as failed when it is full. Decoders append: 0, or ERR_INVALID or ERR_TOO_BIG with out's bytes as
 * they were. */
void hex_encode(struct buf *out, struct bytes in); /* lower case */
void hex_encode_upper(struct buf *out, struct bytes in);
int hex_decode(struct bytes in, struct buf *out); /* either case, no separators */

void base64_encode(struct buf *out, struct bytes in);
int base64_decode(struct bytes in, struct buf *out); /* padding needed, no blanks, unused bits 0 */

/* A UUID in the order in which it is printed. */
struct uuid {
	uint8_t b[16];
};
#define UUID_TEXT_SIZE 37

bool uuid_is_nil(const struct uuid *u);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
void uuid_text(const struct uuid *u, char to[UUID_TEXT_SIZE]); /* 8-4-4-4-12, lower case */
bool uuid_parse(struct bytes text, struct uuid *ret);
/* SMBIOS memory order, as AMT puts it on the wire: the first three groups are little-endian. */
struct uuid uuid_from_smbios(const uint8_t wire[16]);
void uuid_to_smbios(const struct uuid *u, uint8_t wire[16]);
struct uuid uuid_v4(const uint8_t random[16]);
struct uuid uuid_v7(int64_t wall_ms, const uint8_t random[10]);

#endif
