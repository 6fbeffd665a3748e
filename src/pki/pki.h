/* pki.h - the folder pki: keys and certificates of the zone.
 *
 * ca.h   the zone's certificate authority, and the certificate with which a server's API answers
 *
 * Everything here is bytes in, bytes out: DER of certificates and sealed keys, which the caller keeps (store/ has a
 * table for them). No files, no database, no clock: the time is a parameter. A private key is sealed with base/vault
 * before it leaves, and opened only inside. Making an RSA key takes tenths of a second: never on a loop, use a worker.
 * Any thread; a struct pki_ca or pki_server belongs to one at a time. */
#ifndef PKI_PKI_H
#define PKI_PKI_H

#include "base/buf.h"
#include "base/vault.h"

struct err;

/* A certificate with its sealed key, as it is kept. What a function gives back in one is the caller's to release. */
struct pki_stored {
	struct buf cert;               /* DER */
	struct buf key;                /* PKCS#8 DER, sealed for the place that was given */
	int64_t not_before, not_after; /* milliseconds UTC */
};
void pki_stored_init(struct pki_stored *s);
void pki_stored_release(struct pki_stored *s);

#define PKI_CERT_MAX 8192 /* most bytes of one certificate in DER */

/* Hashes of the DER, as people compare them: upper case with colons. */
enum pki_hash { PKI_HASH_SHA1, PKI_HASH_SHA256, PKI_HASH_SHA384 };
#define PKI_FINGERPRINT_SIZE (3 * 48)
int pki_fingerprint(struct bytes cert, enum pki_hash h, char to[PKI_FINGERPRINT_SIZE], struct err *e);
int pki_cert_pem(struct bytes cert, struct buf *out, struct err *e); /* appends */
/* notBefore and notAfter of a certificate, milliseconds UTC. ERR_MALFORMED. */
int pki_cert_validity(struct bytes cert, int64_t *ret_not_before, int64_t *ret_not_after, struct err *e);

#endif
