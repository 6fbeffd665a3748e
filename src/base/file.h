/* file.h - files: read whole within a limit, write so that after a crash the old or the new content is there. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

struct err;

/* All give ERR_NOT_FOUND, ERR_PRIVILEGE (not allowed), ERR_DISK (full, read-only or broken) or ERR_SYSTEM, beside what
 * is said at each. They block: not for the loop of a busy thread. */

/* Appends the whole file. The buf's ceiling is the limit: ERR_TOO_BIG. On failure out is as it was. */
int file_read(const char *path, struct buf *out, struct err *e);
/* Writes path.tmp, fsyncs, renames, fsyncs the folder. One writer at a time per path. */
int file_write(const char *path, int mode, struct bytes content, struct err *e);
int file_make_folder(const char *path, int mode, struct err *e); /* the last one only; fine when it exists */
/* Locks path (made when missing, mode 0600) until the fd is closed, at the latest by the end of the process. ERR_LOCKED
 * when another process has it. */
int file_lock(const char *path, int *ret_fd, struct err *e);

#endif
