/* secret.h - a password or key in memory that is locked, kept out of core dumps, wiped on release and compared in
 * constant time. There is no way to print one. Any thread, one at a time per secret. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/buf.h"

struct secret {
	uint8_t *p; /* NUL behind len bytes, not counted; NULL when empty */
	size_t len;
};

#define SECRET_INIT ((struct secret){NULL, 0})

void secret_set(struct secret *s, const void *p, size_t len); /* copies; releases what was there */
void secret_release(struct secret *s);
bool secret_equal(const struct secret *a, const struct secret *b);
bool secret_equal_bytes(const struct secret *a, struct bytes b);
void secret_wipe(void *p, size_t len); /* for buffers on the stack; the compiler does not drop it */

/* First line of a file (or of standard input for "-") without its newline. 0, ERR_SYSTEM, ERR_TOO_BIG over 1 KiB,
 * ERR_MISSING when the line is empty. */
int secret_read_file(const char *path, struct secret *ret, struct err *e);
/* From the terminal without echo, after the prompt. ERR_MISSING when there is no terminal. */
int secret_read_terminal(const char *prompt, struct secret *ret, struct err *e);

#endif
