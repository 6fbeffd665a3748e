/* pki.h - the folder pki: keys and certificates of the zone.
 *
 * ca.h          the zone's certificate authority; the certificate with which a server's API answers
 * view.h        what a certificate says, for people and for checks
 * bag.h         files of certificates and keys as they come from elsewhere
 * management.h  the certificate with which a server sets up AMT: made here, or requested from an authority outside
 * device.h      certificates of devices: issued here, or brought along
 *
 * Everything here is bytes in, bytes out: DER of certificates and sealed keys, which the caller keeps (store/ has a
 * table for them). No files, no database, no clock: the time is a parameter. A private key is sealed with base/vault
 * before it leaves, and opened only inside. Making an RSA key takes tenths of a second: never on a loop, use a worker.
 * Any thread; what is handed out as a pointer belongs to one thread at a time. */
#ifndef PKI_PKI_H
#define PKI_PKI_H

#include "base/buf.h"
#include "base/vault.h"

struct err;

#define PKI_CERT_MAX   8192 /* most bytes of one certificate in DER */
#define PKI_CHAIN_MOST 8    /* certificates of a chain, the leaf counted */
#define PKI_CHAIN_MAX  ((size_t)PKI_CHAIN_MOST * PKI_CERT_MAX)

/* A certificate with its sealed key, as it is kept. What a function gives back in one is the caller's to release. */
struct pki_stored {
	struct buf cert;  /* DER */
	struct buf chain; /* those above it, DER behind DER, its issuer first and the root last; or empty */
	struct buf key;   /* PKCS#8 DER, sealed for the place that was given; empty: the key is elsewhere */
	int64_t not_before, not_after; /* milliseconds UTC */
};
void pki_stored_init(struct pki_stored *s);
void pki_stored_release(struct pki_stored *s);

/* Cuts the first certificate off a chain. False at its end, and when no certificate follows. */
bool pki_chain_take(struct bytes *rest, struct bytes *ret_cert);
/* Certificate and chain as PEM, in the order in which TLS sends them and AMT wants them: leaf, intermediates, root. */
int pki_chain_pem(struct bytes cert, struct bytes chain, struct buf *out, struct err *e);
/* The last certificate of the chain, or cert itself when there is none above it. */
struct bytes pki_chain_root(struct bytes cert, struct bytes chain);

/* Kinds of keys that are made here. */
enum pki_key { PKI_KEY_RSA_2048, PKI_KEY_RSA_3072, PKI_KEY_P256, PKI_KEY_P384, PKI_KEY_COUNT };
const char *pki_key_name(enum pki_key k); /* "rsa-3072", "p-384" */
bool pki_key_from_name(const char *name, enum pki_key *ret);

/* Hashes of the DER, as people compare them: upper case with colons. MD5 is for comparing with old notes only. */
enum pki_hash { PKI_HASH_MD5, PKI_HASH_SHA1, PKI_HASH_SHA256, PKI_HASH_SHA384, PKI_HASH_COUNT };
const char *pki_hash_name(enum pki_hash h); /* "sha256" */
bool pki_hash_from_name(const char *name, enum pki_hash *ret);
size_t pki_hash_size(enum pki_hash h); /* bytes */
#define PKI_HASH_MAX         48
#define PKI_FINGERPRINT_SIZE (3 * PKI_HASH_MAX)
int pki_hash(struct bytes cert, enum pki_hash h, uint8_t to[PKI_HASH_MAX], struct err *e);
int pki_fingerprint(struct bytes cert, enum pki_hash h, char to[PKI_FINGERPRINT_SIZE], struct err *e);
/* The same as it is typed into MEBx: "1F0E-1C88-...", groups of four. */
int pki_fingerprint_mebx(struct bytes cert, enum pki_hash h, char to[PKI_FINGERPRINT_SIZE], struct err *e);
/* A hash in any of these forms (colons, hyphens, blanks or nothing between the digits, either case). False: it is none,
 * or of a length that no hash has. */
bool pki_hash_parse(const char *text, enum pki_hash *ret, uint8_t to[PKI_HASH_MAX]);

int pki_cert_pem(struct bytes cert, struct buf *out, struct err *e); /* appends */
/* notBefore and notAfter of a certificate, milliseconds UTC. ERR_MALFORMED. */
int pki_cert_validity(struct bytes cert, int64_t *ret_not_before, int64_t *ret_not_after, struct err *e);

/* A sealed key as PEM (PKCS#8), for a TLS library; as PKCS#1 RSAPrivateKey DER, for AMT's AddKey (ERR_CERT_KEY_KIND
 * when it is no RSA key). Wiped with the secret. ERR_TAMPERED, ERR_MALFORMED. */
int pki_key_pem(const struct vault *v, struct vault_place place, struct bytes sealed, struct secret *ret,
		struct err *e);
int pki_key_pkcs1(const struct vault *v, struct vault_place place, struct bytes sealed, struct secret *ret,
		  struct err *e);
/* The same key sealed for another place; appends. */
int pki_key_move(const struct vault *v, struct vault_place from, struct bytes sealed, struct vault_place to,
		 struct buf *out, struct err *e);

#endif
