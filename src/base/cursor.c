#include "base/cursor.h"

#include <endian.h>

void cursor_init(struct cursor *c, struct bytes in)
{
	*c = (struct cursor){.p = in.p, .end = in.len ? in.p + in.len : in.p};
}

size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* After the first read past the end nothing more is given, so that a later short field is not taken for it. */
struct bytes cursor_take(struct cursor *c, size_t len)
{
	if (c->failed || len > cursor_left(c)) {
		c->failed = true;
		c->p = c->end;
		return BYTES_NONE;
	}
	struct bytes got = BYTES(c->p, len);
	if (len)
		c->p += len;
	return got;
}

void cursor_skip(struct cursor *c, size_t len)
{
	(void)cursor_take(c, len); /* a failure is kept in the cursor */
}

static void take_into(struct cursor *c, void *to, size_t len)
{
	struct bytes got = cursor_take(c, len);
	if (got.p)
		memcpy(to, got.p, len);
	else
		memset(to, 0, len);
}

uint8_t cursor_u8(struct cursor *c)
{
	uint8_t v;
	take_into(c, &v, sizeof(v));
	return v;
}

uint16_t cursor_be16(struct cursor *c)
{
	uint16_t v;
	take_into(c, &v, sizeof(v));
	return be16toh(v);
}

uint32_t cursor_be32(struct cursor *c)
{
	uint32_t v;
	take_into(c, &v, sizeof(v));
	return be32toh(v);
}

uint64_t cursor_be64(struct cursor *c)
{
	uint64_t v;
	take_into(c, &v, sizeof(v));
	return be64toh(v);
}

uint16_t cursor_le16(struct cursor *c)
{
	uint16_t v;
	take_into(c, &v, sizeof(v));
	return le16toh(v);
}

uint32_t cursor_le32(struct cursor *c)
{
	uint32_t v;
	take_into(c, &v, sizeof(v));
	return le32toh(v);
}
