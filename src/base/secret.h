/* secret.h - a password or key in memory that is locked (as far as the system allows), kept out of core dumps, wiped on
 * release and compared in constant time (its length is no secret). There is no way to print one. Any thread, one at a
 * time per secret; a secret may be released by another thread than the one that set it.
 *
 * Up to 127 bytes cost no system call, so an act may open its credential when it needs it and release it at once. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/buf.h"

struct err;

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

#define SECRET_LINE_MAX 1024

/* First line of a file (or of standard input for "-") without its newline (LF or CR LF); of a pipe no more than that
 * line is read. 0, ERR_NOT_FOUND, ERR_SYSTEM, ERR_TOO_BIG over SECRET_LINE_MAX bytes, ERR_MISSING when the line is
 * empty, ERR_INVALID when it holds a zero byte. */
int secret_read_file(const char *path, struct secret *ret, struct err *e);
/* From the terminal without echo, after the prompt. ERR_MISSING when there is no terminal or the line is empty. A
 * signal that comes meanwhile (Ctrl-C) acts after the echo is on again; where that does not end the process:
 * ERR_CANCELLED. */
int secret_read_terminal(const char *prompt, struct secret *ret, struct err *e);

#endif
