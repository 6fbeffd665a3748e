/* place.h - the data folder of lampd: who may use it, what lies in it. Main thread, at the start. */
#ifndef LAMPD_PLACE_H
#define LAMPD_PLACE_H

#include "base/vault.h"

struct err;

/* Mode 0700: lampd.db, vault.key (0600), audit.key (sealed by the vault), ca.pem, lampd.sock, lock, log/ (files of
 * messages), setup-token (0600, until there is an administrator). */
struct place {
	char *folder, *lock, *key, *audit, *ca, *socket, *log, *setup;
	char *database; /* the target: a file here, or what was asked for */
	int lock_fd;
};

/* Makes the folder when it is missing, and locks it for this process until it ends. ERR_LOCKED when another lampd has
 * it; ERR_PRIVILEGE, ERR_DISK, ERR_SYSTEM when it cannot be used. place_release in any case. */
int place_take(const char *folder, const char *database, struct place *ret, struct err *e);
void place_release(struct place *p);

/* The key of the vault: made with the database and never again. ERR_NOT_FOUND when the database is there without it. */
int place_vault(const struct place *p, struct vault **ret, struct err *e);

/* The key of the audit's MACs (store/audit.h). *ret_is_new: there was none, and this one is not kept yet: that is done
 * with place_keep_audit_key once the database says from where on it counts, so that a crash between leaves no rows of a
 * key that nobody knows. ERR_TAMPERED: the file is not what this vault sealed. */
int place_audit_key(const struct place *p, const struct vault *v, struct secret *ret, bool *ret_is_new, struct err *e);
int place_keep_audit_key(const struct place *p, const struct vault *v, const struct secret *key, struct err *e);

#endif
