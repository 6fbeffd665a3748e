/* cut.h - cuts the text of an inventory (codec/inventory.h) into parts that a server takes, between rows. One thread.
 */
#ifndef LAMP_CUT_H
#define LAMP_CUT_H

#include "base/buf.h"

struct err;
struct json_t;

#define CUT_WHOLE_MAX (64u << 20) /* bytes of a text */

struct cut {
	struct bytes text, header; /* CSV: its header row goes before each part */
	size_t at;                 /* what was not given out yet: bytes, or places in the list */
	int64_t row;               /* number of the row there */
	bool begun;
	struct json_t *json; /* NULL: CSV */
};

/* Borrows text. ERR_INVALID: JSON that is none, a text that is not UTF-8. */
int cut_start(struct cut *cut, struct bytes text, struct err *e);
/* The next part, and the number of its first row behind the header; false at the end. A row that is longer than a part
 * may be leaves ret marked. */
bool cut_next(struct cut *cut, struct buf *ret, int64_t *ret_row);
void cut_end(struct cut *cut);

#endif
