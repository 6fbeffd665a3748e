/* place.h - the data folder of lampd: who may use it, what lies in it. Main thread, at the start. */
#ifndef LAMPD_PLACE_H
#define LAMPD_PLACE_H

#include "base/vault.h"

struct err;

/* Mode 0700: lampd.db, vault.key (0600), ca.pem, lampd.sock, lock, log/ (files of messages), setup-token (0600, until
 * there is an administrator). */
struct place {
	char *folder, *lock, *key, *ca, *socket, *log, *setup;
	char *database; /* the target: a file here, or what was asked for */
	int lock_fd;
};

/* Makes the folder when it is missing, and locks it for this process until it ends. ERR_LOCKED when another lampd has
 * it; ERR_PRIVILEGE, ERR_DISK, ERR_SYSTEM when it cannot be used. place_release in any case. */
int place_take(const char *folder, const char *database, struct place *ret, struct err *e);
void place_release(struct place *p);

/* The key of the vault: made with the database and never again. ERR_NOT_FOUND when the database is there without it. */
int place_vault(const struct place *p, struct vault **ret, struct err *e);

#endif
