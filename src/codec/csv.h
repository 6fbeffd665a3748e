/* csv.h - writes rows of comma-separated values (RFC 4180) that a spreadsheet does not take for formulas.
 *
 * A cell that begins with = + - @, a tab or a carriage return gets an apostrophe before it, as OWASP advises against
 * formula injection; numbers, be they negative, stay what they are. Any thread. */
#ifndef CODEC_CSV_H
#define CODEC_CSV_H

#include "base/buf.h"

/* One more cell of the row that out ends with: a comma before it unless it is the first. Marks out when it is full. */
void csv_put(struct buf *out, bool first, struct bytes cell);
void csv_end(struct buf *out); /* CR LF */

#endif
