/* zman.h - the four commands of the original's command line, by their long and short names and with their options. They
 * stand beside those of lamp; a program that is called zman knows only them. Each becomes a command of lamp; they never
 * ask. */
#ifndef LAMP_ZMAN_H
#define LAMP_ZMAN_H

#include <stdbool.h>

struct arena;
struct err;

struct zman {
	bool is;      /* a command of zman: argc and argv are those of lamp that it means */
	bool help;    /* only its usage is wanted */
	bool program; /* called as zman */
	const char *verb;
	int argc;
	char **argv; /* in the arena, and borrowed */
};
/* Looks at the first word that is no option. ERR_INVALID, ERR_MISSING: wrong usage of a command of zman, or a program
 * called zman was given another. */
int zman_read(int argc, char **argv, struct arena *a, struct zman *ret, struct err *e);
void zman_help(const char *verb); /* NULL: all */

#endif
