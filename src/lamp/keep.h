/* keep.h - an answer that goes into a file of its own (--out) and not onto the screen. The file is made before the
 * server is asked, so that what is given once is not lost because it cannot be written. */
#ifndef LAMP_KEEP_H
#define LAMP_KEEP_H

#include <stddef.h>

struct err;

struct keep {
	const char *path; /* borrowed; NULL: nothing is kept */
	int fd;
};

/* Makes a new file, for its owner alone. ERR_EXISTS when there is one, ERR_SYSTEM. */
int keep_begin(struct keep *k, const char *path, struct err *e);
/* Writes what base64 stands for, and closes the file. ERR_MALFORMED, ERR_SYSTEM: the file is gone then. */
int keep_base64(struct keep *k, const char *base64, size_t *ret_len, struct err *e);
void keep_drop(struct keep *k); /* nothing came: the file goes again. Harmless when it was written, or there is none */

#endif
