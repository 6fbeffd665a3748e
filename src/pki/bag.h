/* bag.h - files of certificates and keys as people get them: PEM or DER, one or many, PKCS#7 and PKCS#12, whole chains
 * in any order, several files one behind the other.
 *
 * Bytes from outside: at most PKI_BAG_FILE bytes and PKI_BAG_MOST things of each kind, else ERR_TOO_BIG. */
#ifndef PKI_BAG_H
#define PKI_BAG_H

#include "base/secret.h"
#include "pki/pki.h"

#define PKI_BAG_FILE (1024u * 1024)
#define PKI_BAG_MOST 4096 /* certificates, and as many keys */

struct pki_bag;

/* password: of encrypted keys and PKCS#12; NULL none. ERR_CERT_UNREADABLE when something is neither certificate nor
 * key, ERR_CERT_PASSPHRASE when a password is missing or wrong. An empty file is an empty bag. */
int pki_bag_read(struct bytes files, const struct secret *password, struct pki_bag **ret, struct err *e);
void pki_bag_free(struct pki_bag *bag); /* wipes the keys; NULL is fine */
size_t pki_bag_certs(const struct pki_bag *bag);
size_t pki_bag_keys(const struct pki_bag *bag);

#endif
