/* setup_bin.h - the file setup.bin on a USB key, from which firmware takes its first settings: a header record and one
 * record for each computer (or one for all), each of 512 bytes, little-endian. Versions 1, 2, 2.1, 3 and 4; scrambled
 * records too. Source: Intel AMT guide, "USB Key Provisioning File"; what the variables are: codec/setup_bin.tbl.h.
 *
 * A record holds passwords in clear (scrambling hides them from the eye only), so nothing here grows a buffer or keeps
 * a copy but struct setup_bin_record, which the caller wipes. Pure; any thread. */
#ifndef CODEC_SETUP_BIN_H
#define CODEC_SETUP_BIN_H

#include "base/buf.h"

struct err;

#define SETUP_BIN_NAME        "setup.bin" /* in the root of a key with a FAT file system */
#define SETUP_BIN_RECORD_SIZE 512
#define SETUP_BIN_BODY_SIZE   488
#define SETUP_BIN_ENTRIES_MAX 61 /* of a body: each takes 8 bytes at least */
#define SETUP_BIN_RECORDS_MAX 10000

/* Major and minor number. */
enum setup_bin_version {
	SETUP_BIN_V1 = 0x0100,   /* AMT 2: PID and PPS */
	SETUP_BIN_V2 = 0x0200,   /* AMT 3 */
	SETUP_BIN_V2_1 = 0x0201, /* AMT 4 */
	SETUP_BIN_V3 = 0x0300,   /* AMT 6 */
	SETUP_BIN_V4 = 0x0400,   /* later; can be scrambled */
};

#define SETUP_BIN_FLAG_KEEP        0x0001u /* of a file: records are not used up */
#define SETUP_BIN_RECORD_VALID     0x0001u
#define SETUP_BIN_RECORD_SCRAMBLED 0x0002u

/* Module in the upper half, variable in the lower: SETUP_BIN_NEW_PASSWORD, ... */
#define SETUP_BIN_ID(module, variable) ((uint32_t)(module) << 16 | (variable))
enum setup_bin_id {
#define SETUP_BIN(NAME, module, variable, name, kind, least, most, since, secret, words)                               \
	SETUP_BIN_##NAME = SETUP_BIN_ID(module, variable),
#include "codec/setup_bin.tbl.h"
#undef SETUP_BIN
};

enum setup_bin_kind {
	SETUP_BIN_TEXT,     /* ASCII; least and most are bytes */
	SETUP_BIN_RAW,      /* bytes */
	SETUP_BIN_NUMBER_1, /* numbers of 1, 2, 4 bytes; least and most are values */
	SETUP_BIN_NUMBER_2,
	SETUP_BIN_NUMBER_4,
};

struct setup_bin_variable {
	uint32_t id;
	const char *name; /* "new-password" */
	enum setup_bin_kind kind;
	uint32_t least, most;
	enum setup_bin_version since;
	bool is_secret;
	const char *words; /* "new MEBx password" */
};

/* NULL for what the table does not know. Lives as long as the program. */
const struct setup_bin_variable *setup_bin_variable(uint32_t id);

struct setup_bin_entry {
	uint32_t id; /* enum setup_bin_id, or what the table does not know */
	struct bytes value;
};

/* Reading. */

struct setup_bin {
	enum setup_bin_version version;
	uint16_t flags;
	uint32_t records;
	uint32_t consumed;
	struct bytes file; /* borrowed */
};

struct setup_bin_record {
	uint32_t flags;
	uint32_t number; /* 1, 2, ... */
	size_t count;
	struct setup_bin_entry entries[SETUP_BIN_ENTRIES_MAX]; /* values point into body */
	uint8_t body[SETUP_BIN_BODY_SIZE];                     /* in clear */
};

/* Looks at the header. ERR_MALFORMED: not a file of this type, or a size that is not that of the records it tells of;
 * ERR_UNSUPPORTED: a version or a size of records that is unknown; ERR_TOO_BIG: over SETUP_BIN_RECORDS_MAX. */
int setup_bin_open(struct bytes file, struct setup_bin *ret, struct err *e);
/* Record index counts from 0, below f->records. Entries that the table does not know come too. ERR_MALFORMED: not a
 * data record, or entries that pass its end. */
int setup_bin_read(const struct setup_bin *f, uint32_t index, struct setup_bin_record *ret, struct err *e);
void setup_bin_record_wipe(struct setup_bin_record *r);

/* The first with this id; NULL when there is none. */
const struct setup_bin_entry *setup_bin_find(const struct setup_bin_record *r, uint32_t id);
/* False when the entry is not of a kind of number, or its length is another than its kind has. */
bool setup_bin_number(const struct setup_bin_entry *entry, uint32_t *ret);

/* What a computer does when it has taken record index out of its file: the record becomes invalid and one more is
 * counted as consumed; nothing in a file with SETUP_BIN_FLAG_KEEP. file is what f was opened on. */
void setup_bin_consume(const struct setup_bin *f, uint32_t index, uint8_t *file);

/* SETUP_BIN_HASH: a root that the firmware shall trust. */
#define SETUP_BIN_HASH_NAME_MAX 32
struct setup_bin_hash {
	uint8_t type; /* 1 SHA-1, 2 SHA-256, 3 SHA-384: enum hello_hash_type */
	struct bytes value;
	struct bytes name;
};
#define SETUP_BIN_HASH_SIZE (1 + 48 + 1 + SETUP_BIN_HASH_NAME_MAX)
int setup_bin_hash_parse(struct bytes in, struct setup_bin_hash *ret, struct err *e); /* ERR_MALFORMED */
/* Writes at most SETUP_BIN_HASH_SIZE bytes to to and their number to *ret_len. ERR_INVALID: a length that is not that
 * of the type, a name that is empty, too long or not ASCII. */
int setup_bin_hash_encode(const struct setup_bin_hash *h, uint8_t *to, size_t *ret_len, struct err *e);

/* Writing: begin, one add for each record, end. */

struct setup_bin_writer {
	uint8_t *to; /* the caller's */
	size_t size;
	enum setup_bin_version version;
	uint32_t records;
	uint16_t modules[2];
	size_t module_count;
};

static inline size_t setup_bin_size(uint32_t records)
{
	return (size_t)SETUP_BIN_RECORD_SIZE * (records + 1);
}

/* to holds setup_bin_size of the records that will be added. */
void setup_bin_begin(struct setup_bin_writer *w, enum setup_bin_version version, uint16_t flags, uint8_t *to,
		     size_t size);
/* Adds a record; entries are put into the order that firmware wants (by module, then variable). flags:
 * SETUP_BIN_RECORD_VALID, SETUP_BIN_RECORD_SCRAMBLED. ERR_INVALID: a variable or a value that the table does not allow,
 * that is of a later version, or twice (but for SETUP_BIN_HASH); ERR_TOO_BIG: more than fits into one record, or
 * into to. */
int setup_bin_add(struct setup_bin_writer *w, const struct setup_bin_entry *entries, size_t count, uint32_t flags,
		  struct err *e);
size_t setup_bin_end(struct setup_bin_writer *w); /* length of the file */

const char *setup_bin_version_name(enum setup_bin_version v); /* "2.1"; NULL for what is none */
bool setup_bin_version_from_name(struct bytes name, enum setup_bin_version *ret);

#endif
