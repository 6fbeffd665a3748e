/* file.h - files: read whole within a limit, write so that after a crash the old or the new content is there. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

struct err;

int file_read(const char *path, struct buf *out, struct err *e); /* the buf's ceiling is the limit */
/* Writes path.tmp, fsyncs, renames, fsyncs the folder. */
int file_write(const char *path, int mode, struct bytes content, struct err *e);
int file_make_folder(const char *path, int mode, struct err *e); /* fine when it exists */
/* Locks path (made when missing) for this process until it ends. ERR_LOCKED when another has it. */
int file_lock(const char *path, int *ret_fd, struct err *e);

#endif
