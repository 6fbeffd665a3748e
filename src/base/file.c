#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"

#define PIECE 65536

static int code_of(int sys)
{
	switch (sys) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case ENOSPC:
	case EDQUOT:
	case EIO:
	case EROFS:
		return ERR_DISK;
	case EACCES:
	case EPERM:
		return ERR_PRIVILEGE;
	default:
		return ERR_SYSTEM;
	}
}

static int failed(struct err *e, const char *what, const char *path)
{
	int sys = errno;
	return err_set_sys(e, code_of(sys), sys, "%s \"%s\"", what, path);
}

/* Reads to the end; was is what out held before, for the way back. */
static int read_all(int fd, const char *path, struct buf *out, struct err *e)
{
	size_t was = out->len;
	for (;;) {
		size_t room = out->max - out->len < PIECE ? out->max - out->len : PIECE;
		uint8_t over, *to = room ? buf_reserve(out, room) : &over;
		ssize_t n = read(fd, to, room ? room : 1);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || room == 0) {
			buf_truncate(out, was);
			return n < 0 ? failed(e, "read", path)
				     : err_set(e, ERR_TOO_BIG, "\"%s\" is larger than %zu bytes", path, out->max);
		}
		buf_commit(out, (size_t)n);
	}
}

int file_read(const char *path, struct buf *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(e, "open", path);
	int rc = read_all(fd, path, out, e);
	(void)close(fd); /* only read */
	return rc;
}

static int write_all(int fd, struct bytes content)
{
	while (content.len) {
		ssize_t n = write(fd, content.p, content.len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			content = BYTES(content.p + n, content.len - (size_t)n);
	}
	return 0;
}

static int sync_folder_of(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
	AUTO_FREE char *folder = len ? bytes_dup_str(BYTES(path, len)) : mem_str(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed(e, "open folder", folder);
	int rc = fsync(fd) == 0 ? 0 : failed(e, "sync folder", folder);
	(void)close(fd); /* only read */
	return rc;
}

static int write_new(const char *path, int mode, struct bytes content, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return failed(e, "create", path);
	int rc = 0;
	if (fchmod(fd, (mode_t)mode) != 0 || write_all(fd, content) != 0 || fsync(fd) != 0)
		rc = failed(e, "write", path);
	if (close(fd) != 0 && rc == 0)
		rc = failed(e, "close", path);
	return rc;
}

int file_write(const char *path, int mode, struct bytes content, struct err *e)
{
	struct buf name;
	buf_init(&name, 4096);
	buf_addf(&name, "%s.tmp", path);
	int rc = buf_check(&name, e, "file name");
	if (rc)
		goto out;
	const char *tmp = buf_cstr(&name);
	rc = write_new(tmp, mode, content, e);
	if (rc == 0 && rename(tmp, path) != 0)
		rc = failed(e, "replace", path);
	if (rc)
		(void)unlink(tmp); /* may never have come to be */
	else
		rc = sync_folder_of(path, e);
out:
	buf_release(&name);
	return rc;
}

int file_make_folder(const char *path, int mode, struct err *e)
{
	struct stat st;
	if (mkdir(path, (mode_t)mode) == 0)
		return 0;
	if (errno != EEXIST)
		return failed(e, "make folder", path);
	if (stat(path, &st) != 0)
		return failed(e, "look at", path);
	return S_ISDIR(st.st_mode) ? 0 : err_set_sys(e, ERR_SYSTEM, ENOTDIR, "make folder \"%s\"", path);
}

int file_lock(const char *path, int *ret_fd, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(e, "open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret_fd = fd;
		return 0;
	}
	int rc = errno == EWOULDBLOCK ? err_set(e, ERR_LOCKED, "\"%s\" is locked by another process", path)
				      : failed(e, "lock", path);
	(void)close(fd); /* nothing was written */
	return rc;
}
