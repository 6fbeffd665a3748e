/* Rows for spreadsheets: read as RFC 4180 says, a cell is what went in, or that with an apostrophe before it where it
 * would have been taken for a formula. Cells are given a NUL apart. */
#include "base/base.h"
#include "base/text.h"
#include "codec/csv.h"
#include "fuzz/fuzz.h"

/* One cell from *in, which then begins at the comma or the end of the row. */
static void read_cell(struct bytes *in, struct buf *ret)
{
	bool quoted = in->len && in->p[0] == '"';
	size_t i = quoted;
	for (; i < in->len; i++) {
		if (quoted && in->p[i] == '"') {
			if (i + 1 == in->len || in->p[i + 1] != '"')
				break;
			i++;
		} else if (!quoted && (in->p[i] == ',' || in->p[i] == '\r')) {
			break;
		}
		ASSERT(buf_addc(ret, (char)in->p[i]) == 0);
	}
	i += quoted;
	ASSERT(i < in->len);
	*in = BYTES(in->p + i, in->len - i);
}

static void check_cell(struct bytes wrote, struct bytes read)
{
	int64_t n;
	bool is_marked = read.len == wrote.len + 1 && read.p[0] == '\'';
	if (is_marked)
		read = BYTES(read.p + 1, read.len - 1);
	ASSERT(bytes_equal(wrote, read));
	bool is_risky = wrote.len && memchr("=+-@\t\r", wrote.p[0], 6);
	ASSERT(is_marked == (is_risky && !text_to_i64(wrote, &n)));
}

static struct bytes take(struct bytes *in)
{
	const uint8_t *end = in->len ? memchr(in->p, '\0', in->len) : NULL;
	struct bytes cell = end ? BYTES(in->p, (size_t)(end - in->p)) : *in;
	*in = end ? BYTES(end + 1, in->len - cell.len - 1) : BYTES_NONE;
	return cell;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf row, cell;
	struct bytes in = BYTES(data, size);
	buf_init(&row, 4 * size + 16);
	buf_init(&cell, size + 1);
	for (bool first = true; first || in.len; first = false)
		csv_put(&row, first, take(&in));
	csv_end(&row);
	ASSERT(!row.failed);
	struct bytes rest = buf_bytes(&row);
	in = BYTES(data, size);
	for (bool first = true; first || in.len; first = false) {
		ASSERT(first || rest.p[0] == ',');
		rest = first ? rest : BYTES(rest.p + 1, rest.len - 1);
		buf_reset(&cell);
		read_cell(&rest, &cell);
		check_cell(take(&in), buf_bytes(&cell));
	}
	ASSERT(bytes_equal(rest, BYTES_LIT("\r\n")));
	buf_release(&row);
	buf_release(&cell);
	return 0;
}
