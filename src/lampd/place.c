#include "lampd/place.h"

#include <errno.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/rng.h"
#include "store/audit.h"

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
	ret->audit = inside(folder, "audit.key");
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
	free(p->audit);
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

static const struct vault_place audit_place = {"audit", 0, "key", 1};

static void make_audit_key(struct secret *ret)
{
	uint8_t random[STORE_AUDIT_KEY_SIZE];
	rng_secret(random, sizeof(random));
	secret_set(ret, random, sizeof(random));
	secret_wipe(random, sizeof(random));
}

int place_audit_key(const struct place *p, const struct vault *v, struct secret *ret, bool *ret_is_new, struct err *e)
{
	struct buf sealed;
	struct err why = ERR_INIT;
	buf_init(&sealed, VAULT_SEALED_MAX);
	int code = file_read(p->audit, &sealed, &why);
	*ret_is_new = code == ERR_NOT_FOUND;
	if (*ret_is_new) {
		make_audit_key(ret);
		code = 0;
	} else if (!code) {
		code = vault_unseal(v, audit_place, buf_bytes(&sealed), ret, &why);
	}
	if (!code && ret->len != STORE_AUDIT_KEY_SIZE)
		code = err_set(&why, ERR_TAMPERED, "it has %zu bytes", ret->len);
	buf_release(&sealed);
	if (!code)
		return 0;
	return err_set(e, code,
		       "the key of the audit '%s' cannot be used: %s; restore it from the backup of the database and "
		       "'%s', or move it away: then the audit begins a new seal, and says so",
		       p->audit, why.msg, p->key);
}

int place_keep_audit_key(const struct place *p, const struct vault *v, const struct secret *key, struct err *e)
{
	struct buf sealed;
	buf_init(&sealed, VAULT_SEALED_MAX);
	int code = vault_seal(v, audit_place, BYTES(key->p, key->len), &sealed, e);
	code = code ? code : file_write(p->audit, 0600, buf_bytes(&sealed), e);
	buf_release(&sealed);
	return code ? err_wrap(e, code, "key of the audit") : 0;
}
