#include "api/usb_image.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "codec/setup_bin.h"

/* 4,416 sectors with one in a cluster: the smallest geometry with which it is FAT16 and not FAT12. */
#define TRACKS     "69"
#define HEADS      "2"
#define SECTORS    "32"
#define IMAGE_SIZE (69 * 2 * 32 * 512)
#define FILE_MAX   (2000 * 1024)
#define IMAGE_FD   3
#define IMAGE_PATH "/proc/self/fd/3"

static int memory_file(const char *name, struct bytes content, int *ret, struct err *e)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "memory for the image of a key");
	size_t done = 0;
	while (done < content.len) {
		ssize_t n = write(fd, content.p + done, content.len - done);
		if (n < 0 && errno != EINTR) {
			int sys = errno;
			(void)close(fd); /* nothing is in it */
			return err_set_sys(e, ERR_SYSTEM, sys, "memory for the image of a key");
		}
		done += n > 0 ? (size_t)n : 0;
	}
	(void)lseek(fd, 0, SEEK_SET); /* a memory file can be sought in */
	*ret = fd;
	return 0;
}

static int run(char *const argv[], int image, int input, struct err *e)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", rc_file[] = "MTOOLSRC=/dev/null", lang[] = "LC_ALL=C";
	char *env[] = {path, rc_file, lang, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	pid_t child;
	int status = 0;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", 1, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", 1, 0);
	posix_spawn_file_actions_adddup2(&files, image, IMAGE_FD);
	int sys = posix_spawnp(&child, argv[0], &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (sys)
		return err_set_sys(e, ERR_SYSTEM, sys, "%s (of the package mtools) cannot be run", argv[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(e, ERR_SYSTEM, "%s made no image of a key", argv[0]);
	return 0;
}

static int fill(int image, int file, struct err *e)
{
	char format[] = "mformat", copy[] = "mcopy", i[] = "-i", at[] = IMAGE_PATH, t[] = "-t", tracks[] = TRACKS;
	char h[] = "-h", heads[] = HEADS, s[] = "-s", sectors[] = SECTORS, c[] = "-c", one[] = "1", v[] = "-v";
	char label[] = USB_IMAGE_LABEL, root[] = "::", input[] = "-", name[] = "::" SETUP_BIN_NAME;
	char *const formats[] = {format, i, at, t, tracks, h, heads, s, sectors, c, one, v, label, root, NULL};
	char *const copies[] = {copy, i, at, input, name, NULL};
	int rc = run(formats, image, file, e);
	return rc ? rc : run(copies, image, file, e);
}

static int take(int image, struct secret *ret, struct err *e)
{
	void *p = mmap(NULL, IMAGE_SIZE, PROT_READ, MAP_SHARED, image, 0);
	if (p == MAP_FAILED)
		return err_set_sys(e, ERR_SYSTEM, errno, "the image of a key");
	secret_set(ret, p, IMAGE_SIZE);
	(void)munmap(p, IMAGE_SIZE); /* it is mapped */
	return 0;
}

int usb_image_make(struct bytes file, struct secret *ret, struct err *e)
{
	int image = -1, input = -1;
	if (file.len > FILE_MAX)
		return err_set(e, ERR_TOO_BIG, "a file of %zu bytes for the image of a key", file.len);
	int rc = memory_file("key", BYTES_NONE, &image, e);
	if (!rc && ftruncate(image, IMAGE_SIZE))
		rc = err_set_sys(e, ERR_SYSTEM, errno, "memory for the image of a key");
	rc = rc ? rc : memory_file("setup.bin", file, &input, e);
	rc = rc ? rc : fill(image, input, e);
	rc = rc ? rc : take(image, ret, e);
	if (image >= 0)
		(void)close(image); /* nothing is kept of it */
	if (input >= 0)
		(void)close(input); /* the same */
	return rc;
}
