/* cursor.h - reads through bytes of a stranger. A read past the end gives zero (or no bytes) and marks the cursor;
 * one look at failed at the end is enough. Nothing is copied: taken bytes are borrowed. Any thread. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/buf.h"

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
	bool failed;
};

void cursor_init(struct cursor *c, struct bytes in);
size_t cursor_left(const struct cursor *c);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_be16(struct cursor *c);
uint32_t cursor_be32(struct cursor *c);
uint64_t cursor_be64(struct cursor *c);
uint16_t cursor_le16(struct cursor *c);
uint32_t cursor_le32(struct cursor *c);
struct bytes cursor_take(struct cursor *c, size_t len);
void cursor_skip(struct cursor *c, size_t len);

#endif
