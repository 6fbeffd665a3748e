#include "codec/csv.h"

#include "base/text.h"

static bool is_number(struct bytes s)
{
	int64_t n;
	return text_to_i64(s, &n);
}

static bool looks_like_formula(struct bytes s)
{
	return s.len && memchr("=+-@\t\r", s.p[0], 6) && !is_number(s);
}

static bool needs_quotes(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\r' || s.p[i] == '\n')
			return true;
	return s.len && (s.p[0] == ' ' || s.p[s.len - 1] == ' ');
}

static void put_doubled(struct buf *out, struct bytes s)
{
	const uint8_t *quote;
	while (s.len && (quote = memchr(s.p, '"', s.len))) {
		size_t n = (size_t)(quote - s.p) + 1;
		(void)buf_add(out, s.p, n); /* a full buf is marked */
		(void)buf_addc(out, '"');
		s = BYTES(s.p + n, s.len - n);
	}
	(void)buf_add_bytes(out, s);
}

void csv_put(struct buf *out, bool first, struct bytes cell)
{
	bool quotes = needs_quotes(cell);
	if (!first)
		(void)buf_addc(out, ',');
	if (quotes)
		(void)buf_addc(out, '"');
	if (looks_like_formula(cell))
		(void)buf_addc(out, '\'');
	put_doubled(out, cell);
	if (quotes)
		(void)buf_addc(out, '"');
}

void csv_end(struct buf *out)
{
	(void)buf_adds(out, "\r\n");
}
