/* option.h - what lampd was told: flags first, then the configuration file for what no flag said, then defaults.
 * Rows: option.tbl.h. Used once, at the start. */
#ifndef LAMPD_OPTION_H
#define LAMPD_OPTION_H

#include "base/buf.h"

struct err;

enum option_id {
#define OPTION(NAME, ...) OPTION_##NAME,
#include "lampd/option.tbl.h"
#undef OPTION
	OPTION_COUNT
};

enum option_where { OPTION_BOTH, OPTION_FLAG, OPTION_TEST };

struct option_row {
	enum option_id id;
	const char *name, *argument; /* argument NULL: a switch */
	bool many;
	enum option_where where;
	const char *standard, *sentence;
};
const struct option_row *option_row(enum option_id id);

struct options {
	char *value[OPTION_COUNT]; /* NULL: not given; a switch: "". MANY: joined by commas */
	bool by_flag[OPTION_COUNT];
};

/* Reads argv, and the file of --config. ERR_INVALID, ERR_MISSING, ERR_EXISTS with one sentence. The caller releases
 * ret in any case. */
int options_read(int argc, char **argv, struct options *ret, struct err *e);
void options_release(struct options *o);
bool option_is_set(const struct options *o, enum option_id id);
/* The value, or the default of the table. */
const char *option_text(const struct options *o, enum option_id id);
void option_help(struct buf *out);

#endif
