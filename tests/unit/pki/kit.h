/* kit.h - what tests of pki/ share: a folder, a vault, and what the command lines of others say of a file. */
#ifndef TEST_PKI_KIT_H
#define TEST_PKI_KIT_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/vault.h"

static struct {
	char folder[64];
	struct vault *vault;
	struct err e;
} kit;

#define OK(call)                                                                                                       \
	do {                                                                                                           \
		int ok_rc_ = (call);                                                                                   \
		if (ok_rc_)                                                                                            \
			print_error("%s: %s\n", #call, kit.e.msg);                                                     \
		assert_int_equal(ok_rc_, 0);                                                                           \
	} while (0)

static inline const char *path_of(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *to = path[turn++ % 4];
	(void)snprintf(to, 128, "%s/%s", kit.folder, name);
	return to;
}

static inline void kit_open(void)
{
	(void)snprintf(kit.folder, sizeof(kit.folder), "/tmp/lamp-pki-XXXXXX");
	assert_non_null(mkdtemp(kit.folder));
	OK(vault_open(path_of("vault.key"), true, &kit.vault, &kit.e));
}

static inline int kit_close(void)
{
	vault_close(kit.vault);
	DIR *d = opendir(kit.folder);
	for (struct dirent *entry; (entry = readdir(d));)
		(void)unlinkat(dirfd(d), entry->d_name, 0); /* "." and ".." stay */
	(void)closedir(d);
	return rmdir(kit.folder);
}

/* What a command prints, standard error included. */
static inline const char *output(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
static inline const char *output(const char *fmt, ...)
{
	static char text[16384];
	char command[1024];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	FILE *p = popen(command, "re");
	assert_non_null(p);
	size_t len = fread(text, 1, sizeof(text) - 1, p);
	text[len] = '\0';
	(void)pclose(p); /* the text tells */
	return text;
}

static __attribute__((noinline, unused)) void says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted)) {
		print_error("not found: %s\nin: %s\n", wanted, text);
		fail();
	}
}

#endif
