/* ca.h - the zone's own certificate authority and the certificates that it gives to the zone's servers.
 *
 * The root: RSA-3072, SHA-256, 10 years, CA with path length 1, keyCertSign and cRLSign (RFC 5280 4.2.1). RSA because
 * AMT firmware takes no other roots. A server's certificate: P-256, 398 days, serverAuth, with the names by which it
 * is reached. Serial numbers are 127 random bits. */
#ifndef PKI_CA_H
#define PKI_CA_H

#include "pki/pki.h"

struct pki_ca;

/* Makes a root for this zone. place: where the sealed key will be kept. zone_name goes into the subject's CN, up to 40
 * bytes of it; zone_id (text of a UUID) into its OU. */
int pki_ca_make(const struct vault *v, struct vault_place place, const char *zone_name, const char *zone_id,
		int64_t now_ms, struct pki_stored *ret, struct err *e);

/* Opens a root that was made: ERR_TAMPERED when the key's seal is broken, ERR_MALFORMED when key and certificate are
 * not each other's. */
int pki_ca_load(const struct vault *v, struct vault_place place, struct bytes cert, struct bytes key,
		struct pki_ca **ret, struct err *e);
void pki_ca_free(struct pki_ca *ca); /* NULL is fine */

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

/* The server's key as PEM, for the TLS library of the API (base/tls.h). Wiped with the secret. */
int pki_server_key_pem(const struct vault *v, struct vault_place place, struct bytes sealed_key, struct secret *ret,
		       struct err *e);

#endif
