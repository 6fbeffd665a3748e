/* csv.h - rows of comma-separated values (RFC 4180), written so that a spreadsheet does not take them for formulas, and
 * read as spreadsheets write them.
 *
 * A cell that begins with = + - @, a tab or a carriage return gets an apostrophe before it, as OWASP advises against
 * formula injection; numbers, be they negative, stay what they are. Any thread. */
#ifndef CODEC_CSV_H
#define CODEC_CSV_H

#include "base/buf.h"

struct err;

/* One more cell of the row that out ends with: a comma before it unless it is the first. Marks out when it is full. */
void csv_put(struct buf *out, bool first, struct bytes cell);
void csv_end(struct buf *out); /* CR LF */

/* Rows end with LF or CR LF; a byte order mark at the start is skipped, rows without any character are too. Cells may
 * stand between double quotes, where quotes are doubled and lines may break. Where the first row has no comma but
 * semicolons or tabs, these separate the cells: spreadsheets write them in countries with a decimal comma. */
#define CSV_CELLS_MAX 64
#define CSV_ROW_MAX   65536 /* bytes */

struct csv_reader {
	struct bytes rest;
	int64_t row;    /* of what was read last; the first is 1, and empty ones count */
	char separator; /* 0: not known yet */
	struct buf hold;
};
struct csv_row {
	struct bytes cells[CSV_CELLS_MAX]; /* until the next call */
	size_t count;
};

void csv_reader_init(struct csv_reader *r, struct bytes text); /* borrows text */
void csv_reader_release(struct csv_reader *r);
/* 1 and a row; 0 at the end; ERR_INVALID or ERR_TOO_BIG when the present row is not well formed: the next call goes on
 * behind it. */
int csv_read(struct csv_reader *r, struct csv_row *ret, struct err *e);
/* The length of the first row of text with its end, quotes respected: for cutting a text into parts. */
size_t csv_row_len(struct bytes text);

#endif
