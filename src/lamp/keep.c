#include "lamp/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"

int keep_begin(struct keep *k, const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set_sys(e, errno == EEXIST ? ERR_EXISTS : ERR_SYSTEM, errno, "file \"%s\"", path);
	*k = (struct keep){path, fd};
	return 0;
}

void keep_drop(struct keep *k)
{
	if (!k->path)
		return;
	(void)close(k->fd);
	(void)unlink(k->path); /* empty, and ours */
	k->path = NULL;
}

static int write_all(int fd, struct bytes b)
{
	while (b.len) {
		ssize_t n = write(fd, b.p, b.len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			b = BYTES(b.p + n, b.len - (size_t)n);
	}
	return fsync(fd);
}

int keep_base64(struct keep *k, const char *base64, size_t *ret_len, struct err *e)
{
	struct buf file;
	struct bytes text = bytes_str(base64);
	buf_init(&file, text.len + 1);
	(void)buf_reserve(&file, text.len); /* at once, so that no copies are left behind */
	int rc = base64_decode(text, &file) ? err_set(e, ERR_MALFORMED, "the answer holds no file") : 0;
	if (!rc && write_all(k->fd, buf_bytes(&file)))
		rc = err_set_sys(e, ERR_SYSTEM, errno, "file \"%s\"", k->path);
	*ret_len = file.len;
	if (file.p)
		secret_wipe(file.p, file.cap);
	buf_release(&file);
	if (rc) {
		keep_drop(k);
		return rc;
	}
	k->path = NULL;
	return close(k->fd) ? err_set_sys(e, ERR_SYSTEM, errno, "the file") : 0;
}
