/* inventory.h - records of managed computers from a text: CSV with a header row (codec/csv.h), or JSON, a list of
 * objects or an object with the list "items". Columns and members: codec/inventory.tbl.h; others are passed over, and
 * named.
 *
 * What is not well formed in one row leaves that row out; what makes the whole unreadable is an error. Keys come out in
 * one form, so that the same thing is the same text. Pure; any thread. */
#ifndef CODEC_INVENTORY_H
#define CODEC_INVENTORY_H

#include "base/arena.h"
#include "base/text.h"

struct err;

#define INVENTORY_ROWS_MAX   10000
#define INVENTORY_VALUES_MAX 32  /* of one field of one row */
#define INVENTORY_TEXT_MAX   255 /* bytes of name, fqdn, serial */
#define INVENTORY_MAC_SIZE   18

enum inventory_field {
#define INVENTORY_FIELD(id, ...) INVENTORY_##id,
#include "codec/inventory.tbl.h"
#undef INVENTORY_FIELD
	INVENTORY_FIELD_COUNT,
};

/* Texts are "" where nothing is said. */
struct inventory_record {
	int64_t row;           /* CSV: as a spreadsheet counts, the header is 1; JSON: place in the list, from 1 */
	const char *name;      /* never empty in a row without error */
	struct uuid uuid;      /* nil: none */
	const char *macs;      /* "02:00:00:00:00:01,..." each once, sorted */
	const char *fqdn;      /* lower case, no dot at its end */
	const char *addresses; /* canonical, each once, sorted */
	const char *serial, *folder;
	int code;           /* 0, or why the row cannot be taken: ERR_INVALID, ERR_MISSING, ERR_TOO_BIG */
	const char *column; /* that is wrong; "" the row as a whole */
	const char *why;    /* a sentence that quotes the slip and says what is wanted */
};

struct inventory {
	struct inventory_record *rows;
	size_t count;
	const char *ignored; /* columns that mean nothing here, joined with commas; "" none */
};

const char *inventory_field_name(enum inventory_field f);

/* All in the arena. ERR_INVALID: no header that says anything, no JSON; ERR_TOO_BIG: more than INVENTORY_ROWS_MAX. */
int inventory_read(struct bytes text, struct arena *a, struct inventory *ret, struct err *e);

/* One record of fields as texts, for other sources: NULL is not given. */
void inventory_record_read(const char *const fields[INVENTORY_FIELD_COUNT], struct arena *a,
			   struct inventory_record *ret);

/* The forms of a MAC address that people write: 02:00.., 02-00.., 0200.0000.0001, 020000000001. */
bool inventory_mac_parse(struct bytes text, char ret[INVENTORY_MAC_SIZE]);

#endif
