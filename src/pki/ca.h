/* ca.h - the zone's own certificate authority and the certificates that it gives to the zone's servers.
 *
 * The root: RSA-3072 and SHA-256 unless something else is chosen, 10 years, CA with path length 1, keyCertSign and
 * cRLSign (RFC 5280 4.2.1). RSA, because no AMT firmware is known to take a root of another kind. A server's
 * certificate: P-256, 398 days, serverAuth, with the names by which it is reached. Serial numbers are 127 random bits.
 */
#ifndef PKI_CA_H
#define PKI_CA_H

#include "pki/pki.h"

struct pki_ca;

/* What a root is made of. Keys: RSA_2048, RSA_3072, P384; hashes: SHA256, SHA384. Others are ERR_INVALID. */
struct pki_ca_choice {
	enum pki_key key;
	enum pki_hash hash;
};
#define PKI_CA_CHOICE ((struct pki_ca_choice){PKI_KEY_RSA_3072, PKI_HASH_SHA256})

/* Makes a root for this zone. place: where the sealed key will be kept. zone_name goes into the subject's CN, up to 40
 * bytes of it; zone_id (text of a UUID) into its OU. */
int pki_ca_make(const struct vault *v, struct vault_place place, const char *zone_name, const char *zone_id,
		struct pki_ca_choice choice, int64_t now_ms, struct pki_stored *ret, struct err *e);

/* Opens what signs: a root that was made, or a management certificate that is an authority too (its chain is what lies
 * above it). ERR_TAMPERED when the key's seal is broken, ERR_MALFORMED when key and certificate are not each other's.
 */
int pki_ca_load(const struct vault *v, struct vault_place place, struct bytes cert, struct bytes key,
		struct pki_ca **ret, struct err *e);
void pki_ca_free(struct pki_ca *ca); /* NULL is fine */

/* The root and its key in a PKCS#12 that the password locks (AES-256, PBKDF2 with 600,000 rounds of HMAC-SHA-256);
 * every PKCS#12 reader opens it. Appends to out; the key is in it in the clear for who knows the password, and for
 * nobody else. Takes about a second. */
int pki_ca_backup(const struct pki_ca *ca, const struct secret *password, struct buf *out, struct err *e);
#define PKI_BACKUP_MAX (64u * 1024)

/* A root out of such a file, sealed for place. ERR_CERT_PASSPHRASE, ERR_CERT_UNREADABLE; ERR_CERT_KEY when key and
 * certificate are not each other's; ERR_INVALID for a certificate that is no root of an authority; ERR_CERT_EXPIRED,
 * ERR_CERT_NOT_YET. */
int pki_ca_restore(const struct vault *v, struct vault_place place, struct bytes file, const struct secret *password,
		   int64_t now_ms, struct pki_stored *ret, struct err *e);

/* What a server is called. localhost, 127.0.0.1 and ::1 are always added. */
struct pki_names {
	const char *fqdn;      /* a name or an address; also the subject's CN when it is not longer than 64 bytes */
	const char *addresses; /* more IP addresses, separated by commas; NULL none */
};

/* A certificate for a server's API, and its key. ERR_INVALID: a name or address is none. */
int pki_ca_issue_server(const struct pki_ca *ca, const struct vault *v, struct vault_place place,
			const struct pki_names *names, int64_t now_ms, struct pki_stored *ret, struct err *e);

/* Whether a server's certificate should be made anew: it ends within 30 days, is not of this root, or lacks a name. */
bool pki_server_needs_renewal(const struct pki_ca *ca, struct bytes cert, const struct pki_names *names,
			      int64_t now_ms);

#endif
