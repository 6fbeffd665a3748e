/* conf.h - the configuration file: lines of "key = value".
 *
 * Empty lines, and what follows a # at the start of a line or after a blank, are comments. A value may stand in double
 * quotes, to keep blanks or a #; there are no escapes. UTF-8 without control characters, at most CONF_LINE_MAX bytes a
 * line. A key that the caller's table does not know, or that comes twice without leave, is an error, so that a slip is
 * noticed. Pure. */
#ifndef CODEC_CONF_H
#define CODEC_CONF_H

#include "base/buf.h"

struct err;

#define CONF_LINE_MAX 4096

struct conf_key {
	const char *name;
	bool many; /* may come several times */
	/* Takes the value, borrowed for the call. An error's message is put behind file, line and key. */
	int (*set)(void *arg, const char *value, struct err *e);
};

/* Calls set for each line in order; keys ends with a row whose name is NULL. file is for messages. Returns 0, or the
 * first error, which reads "lampd.conf line 3: listen: ..."; lines before it have been set. Own errors: ERR_INVALID
 * (no key, no "=", unknown key, not UTF-8), ERR_EXISTS (twice), ERR_MISSING (no value), ERR_TOO_BIG (line). */
int conf_parse(struct bytes text, const char *file, const struct conf_key *keys, void *arg, struct err *e);

#endif
