/* migrations.h - the texts of migrations/, made into a table by embed.py. The first (number 0) prepares the table of
 * versions and is run each time; the others are numbered from 1 without gaps. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>

struct migration {
	int number;
	const char *name; /* of the file */
	const char *script;
};

extern const struct migration migrations[];
extern const size_t migrations_len;

#endif
