#include "codec/csv.h"

#include "base/err.h"
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

/* Whether a cell begins behind this byte; separator 0: behind any that could be one. */
static bool ends_cell(uint8_t before, char separator)
{
	return separator ? before == (uint8_t)separator : memchr(",;\t", before, 3) != NULL;
}

static size_t row_len(struct bytes text, char separator)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		bool is_quote = text.p[i] == '"';
		if (quoted && is_quote && i + 1 < text.len && text.p[i + 1] == '"')
			i++;
		else if (quoted && is_quote)
			quoted = false;
		else if (is_quote && (i == 0 || ends_cell(text.p[i - 1], separator)))
			quoted = true;
		else if (text.p[i] == '\n' && !quoted)
			return i + 1;
	}
	return text.len;
}

size_t csv_row_len(struct bytes text)
{
	return row_len(text, 0);
}

void csv_reader_init(struct csv_reader *r, struct bytes text)
{
	bool has_mark = bytes_starts_with(text, "\xef\xbb\xbf");
	*r = (struct csv_reader){.rest = has_mark ? BYTES(text.p + 3, text.len - 3) : text};
	buf_init(&r->hold, CSV_ROW_MAX);
}

void csv_reader_release(struct csv_reader *r)
{
	buf_release(&r->hold);
}

static char guess_separator(struct bytes row)
{
	static const char others[] = {';', '\t'};
	if (!row.len || memchr(row.p, ',', row.len))
		return ',';
	for (size_t i = 0; i < sizeof(others); i++)
		if (memchr(row.p, others[i], row.len))
			return others[i];
	return ',';
}

/* The next row without its end, quotes respected. */
static struct bytes cut_row(struct csv_reader *r)
{
	size_t len = row_len(r->rest, r->separator);
	struct bytes row = BYTES(r->rest.p, len);
	r->rest = BYTES(r->rest.p + len, r->rest.len - len);
	r->row++;
	if (row.len && row.p[row.len - 1] == '\n')
		row.len--;
	if (row.len && row.p[row.len - 1] == '\r')
		row.len--;
	return row;
}

/* The cell between quotes at the start of s; room for it was made. *ret_used: with both quotes. */
static int read_quoted(struct csv_reader *r, struct bytes s, struct bytes *ret, size_t *ret_used, struct err *e)
{
	size_t start = r->hold.len, i = 1;
	for (; i < s.len; i++) {
		if (s.p[i] != '"')
			(void)buf_addc(&r->hold, (char)s.p[i]); /* fits: the row is no longer than its ceiling */
		else if (i + 1 < s.len && s.p[i + 1] == '"')
			(void)buf_addc(&r->hold, (char)s.p[i++]);
		else
			break;
	}
	if (i == s.len)
		return err_set(e, ERR_INVALID, "a double quote that begins a cell has no end");
	*ret = BYTES(r->hold.p + start, r->hold.len - start);
	*ret_used = i + 1;
	return 0;
}

static int read_plain(const struct csv_reader *r, struct bytes s, struct bytes *ret, size_t *ret_used, struct err *e)
{
	const uint8_t *end = s.len ? memchr(s.p, r->separator, s.len) : NULL;
	*ret = BYTES(s.p, end ? (size_t)(end - s.p) : s.len);
	*ret_used = ret->len;
	if (ret->len && memchr(ret->p, '"', ret->len))
		return err_set(e, ERR_INVALID, "a double quote stands inside a cell that does not begin with one");
	return 0;
}

static int read_cell(struct csv_reader *r, struct bytes *rest, struct bytes *ret, struct err *e)
{
	size_t used = 0;
	bool quoted = rest->len && rest->p[0] == '"';
	int rc = quoted ? read_quoted(r, *rest, ret, &used, e) : read_plain(r, *rest, ret, &used, e);
	if (rc)
		return rc;
	*rest = BYTES(rest->p + used, rest->len - used);
	if (rest->len && rest->p[0] != (uint8_t)r->separator)
		return err_set(e, ERR_INVALID, "something stands behind the double quote that ends a cell");
	return 0;
}

static int read_cells(struct csv_reader *r, struct bytes row, struct csv_row *ret, struct err *e)
{
	ret->count = 0;
	for (;;) {
		if (ret->count == CSV_CELLS_MAX)
			return err_set(e, ERR_TOO_BIG, "more than %d cells", CSV_CELLS_MAX);
		int rc = read_cell(r, &row, &ret->cells[ret->count++], e);
		if (rc)
			return rc;
		if (!row.len)
			return 0;
		row = BYTES(row.p + 1, row.len - 1);
	}
}

int csv_read(struct csv_reader *r, struct csv_row *ret, struct err *e)
{
	struct bytes row = BYTES_NONE;
	while (r->rest.len && !row.len)
		row = cut_row(r);
	if (!row.len)
		return 0;
	if (row.len > CSV_ROW_MAX)
		return err_set(e, ERR_TOO_BIG, "longer than %d KiB", CSV_ROW_MAX / 1024);
	if (!r->separator)
		r->separator = guess_separator(row);
	buf_reset(&r->hold);
	(void)buf_reserve(&r->hold, row.len); /* so that it does not move while cells point into it */
	int rc = read_cells(r, row, ret, e);
	return rc ? rc : 1;
}
