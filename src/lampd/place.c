#include "lampd/place.h"

#include <errno.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"

static char *inside(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = mem_alloc(size);
	(void)snprintf(path, size, "%s/%s", folder, name);
	return path;
}

int place_take(const char *folder, const char *database, struct place *ret, struct err *e)
{
	*ret = (struct place){.lock_fd = -1};
	ret->folder = mem_str(folder);
	ret->lock = inside(folder, "lock");
	ret->key = inside(folder, "vault.key");
	ret->log = inside(folder, "log");
	ret->ca = inside(folder, "ca.pem");
	ret->socket = inside(folder, "lampd.sock");
	ret->setup = inside(folder, "setup-token");
	ret->database = database ? mem_str(database) : inside(folder, "lampd.db");
	int code = file_make_folder(folder, 0700, e);
	if (code == ERR_NOT_FOUND)
		return err_set(
			e, ERR_INVALID,
			"data folder '%s': the folder above it does not exist; make that one first, or give --data"
			" another path",
			folder);
	if (code)
		return err_wrap(e, code, "data folder");
	if (access(folder, R_OK | W_OK | X_OK) < 0)
		return err_set_sys(e, errno == EROFS ? ERR_DISK : ERR_PRIVILEGE, errno,
				   "data folder '%s' cannot be written", folder);
	code = file_lock(ret->lock, &ret->lock_fd, e);
	if (code == ERR_LOCKED)
		return err_set(e, code, "another lampd uses the data folder '%s'", folder);
	return code ? err_wrap(e, code, "data folder") : 0;
}

void place_release(struct place *p)
{
	free(p->folder);
	free(p->lock);
	free(p->key);
	free(p->log);
	free(p->ca);
	free(p->socket);
	free(p->setup);
	free(p->database);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
}

int place_vault(const struct place *p, struct vault **ret, struct err *e)
{
	bool is_new = access(p->database, F_OK) < 0;
	int code = vault_open(p->key, is_new, ret, e);
	if (code == ERR_NOT_FOUND)
		return err_set(e, code,
			       "the database '%s' is there but its key '%s' is not; restore both from the same backup",
			       p->database, p->key);
	return code ? err_wrap(e, code, "vault") : 0;
}
