/* setup.h - the way in when the zone has no administrator: a token that lampd makes at its start, for the server's own
 * user to read (DATA/setup-token, 0600), and that makes the first administrator once. No password is there by default.
 */
#ifndef LAMPD_SETUP_H
#define LAMPD_SETUP_H

#include <stdint.h>

struct err;

struct setup {
	char token[72];   /* wiped by setup_offer when it is not needed */
	uint8_t hash[32]; /* for the zone */
};

void setup_make(struct setup *ret);
/* After the zone has opened its database: where there is no administrator the file is written, and said on the terminal
 * if standard output is one; else a file of an earlier start is removed. The token is wiped from memory either way. */
int setup_offer(struct setup *s, const char *database, const char *path, struct err *e);

#endif
