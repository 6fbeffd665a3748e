/* vault.h - seals secrets for the database and opens them at the moment of use.
 *
 * A sealed value is: format byte 1, key id (4 bytes), nonce (24), ciphertext and tag of XChaCha20-Poly1305. What it
 * belongs to (table, row, field, version) is authenticated with it, so that sealed values cannot be swapped between
 * rows or rolled back unnoticed. The key is in a file of its own outside the database (mode 0600), or comes from a
 * systemd credential. Sealing and opening: any thread at once; the struct does not change after vault_open. */
#ifndef BASE_VAULT_H
#define BASE_VAULT_H

#include "base/secret.h"

struct vault;
struct err;

/* What a sealed value belongs to. */
struct vault_place {
	const char *table;
	uint64_t row;
	const char *field;
	uint64_t version; /* rises with each change of this value */
};

#define VAULT_SEALED_MAX 4096 /* most bytes of a sealed value: the PEM of an RSA-4096 key fits */
#define VAULT_PLAIN_MAX  (VAULT_SEALED_MAX - 45)

/* Opens the key file, or makes it (fsynced, 0600) when create is set and it is not there; the caller holds the lock of
 * the data folder then. ERR_NOT_FOUND, ERR_SYSTEM, ERR_INVALID for a file that is not a key file, that others may read
 * or that belongs to another user, and what file_write gives. */
int vault_open(const char *key_path, bool create, struct vault **ret, struct err *e);
void vault_close(struct vault *v); /* wipes the key; NULL is fine */

/* Appends the sealed value. ERR_TOO_BIG over VAULT_PLAIN_MAX or over out's ceiling. */
int vault_seal(const struct vault *v, struct vault_place place, struct bytes plain, struct buf *out, struct err *e);
/* ERR_TAMPERED when anything of the sealed bytes, the place or the key is not what it was. */
int vault_unseal(const struct vault *v, struct vault_place place, struct bytes sealed, struct secret *ret,
		 struct err *e);

#endif
