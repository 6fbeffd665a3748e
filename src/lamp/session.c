#include "lamp/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"

#define FILE_PATH_MAX 4096

/* False when nobody's home is known. Characters of the address that a file name does not like become underscores. */
static bool path_of(const char *where, char to[FILE_PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n = -1;
	if (state && *state)
		n = snprintf(to, FILE_PATH_MAX, "%s/lamplighter/session-", state);
	else if (home && *home)
		n = snprintf(to, FILE_PATH_MAX, "%s/.local/state/lamplighter/session-", home);
	size_t len = strlen(where);
	if (n < 0 || (size_t)n + len + 1 > FILE_PATH_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		char ch = where[i];
		bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
			     ch == '.' || ch == '-' || !ch;
		to[(size_t)n + i] = plain ? ch : '_';
	}
	return true;
}

int session_read(const char *where, struct secret *ret, struct err *e)
{
	char path[FILE_PATH_MAX];
	struct stat st;
	if (!path_of(where, path) || stat(path, &st) < 0)
		return err_set(e, ERR_NOT_FOUND, "nobody is logged in");
	if (st.st_mode & 077)
		return err_set(e, ERR_INVALID,
			       "the session in \"%s\" can be read by others; remove it and log in again", path);
	return secret_read_file(path, ret, e);
}

/* Every folder above that is missing, for this person alone. */
static int make_folders(char *path, struct err *e)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct stat st;
		*slash = 0;
		int rc = stat(path, &st) < 0 ? file_make_folder(path, 0700, e) : 0;
		*slash = '/';
		if (rc)
			return rc;
	}
	return 0;
}

int session_write(const char *where, const char *token, struct err *e)
{
	char path[FILE_PATH_MAX];
	struct buf text;
	if (!path_of(where, path))
		return err_set(e, ERR_SYSTEM, "there is no home folder to keep the session in; set HOME");
	int rc = make_folders(path, e);
	if (rc)
		return rc;
	buf_init(&text, SECRET_LINE_MAX);
	(void)buf_addf(&text, "%s\n", token); /* checked below */
	rc = buf_check(&text, e, "the session");
	rc = rc ? rc : file_write(path, 0600, buf_bytes(&text), e);
	secret_wipe(text.p, text.cap);
	buf_release(&text);
	return rc;
}

void session_forget(const char *where)
{
	char path[FILE_PATH_MAX];
	if (path_of(where, path))
		(void)unlink(path); /* mostly it is there */
}
