/* management.h - the certificate with which a server sets up AMT over the network: it is the TLS client towards a
 * device in setup mode, whose firmware looks at its root, its usage and its name.
 *
 * Made by the zone's authority, or requested from one outside (PKCS#10) and imported when that has signed it. Facts:
 * Intel AMT Implementation and Reference Guide, "Acquiring an Intel vPro Certificate". Keys are RSA. */
#ifndef PKI_MANAGEMENT_H
#define PKI_MANAGEMENT_H

#include "pki/bag.h"
#include "pki/ca.h"
#include "pki/view.h"

/* A certificate of the zone's authority: serverAuth, clientAuth, both OIDs of Intel, the OU, CN and DNS name fqdn, 398
 * days but no longer than the root. It is no authority itself: the zone's root issues devices' certificates. key:
 * RSA_2048 or RSA_3072. ERR_INVALID: fqdn is no name, or longer than a CN may be (64). */
struct pki_management_wish {
	const char *fqdn;
	enum pki_key key;
	enum pki_hash hash; /* SHA256, SHA384 */
};
int pki_management_make(const struct pki_ca *ca, const struct vault *v, struct vault_place place,
			const struct pki_management_wish *wish, int64_t now_ms, struct pki_stored *ret, struct err *e);

/* A certificate request. unit NULL: PKI_OU_SETUP. is_ca: asks for an authority that can issue devices' certificates
 * (CA:TRUE, path length 0, keyCertSign). for_device: asks for serverAuth and clientAuth only, without Intel's OIDs and
 * OU. ret->cert is the PKCS#10 in DER. ERR_INVALID names the part that is wrong: country is two letters, the others 1
 * to 64 characters (X.520), common_name a DNS name. */
struct pki_request_wish {
	bool for_device, is_ca;
	const char *country, *state, *organization, *unit, *common_name;
	enum pki_key key; /* RSA_2048, RSA_3072 */
};
int pki_request_make(const struct vault *v, struct vault_place place, const struct pki_request_wish *wish,
		     struct pki_stored *ret, struct err *e);
int pki_request_pem(struct bytes request, struct buf *out, struct err *e); /* appends */

/* A request that waits for its certificate. */
struct pki_pending {
	int64_t id;
	struct vault_place place;
	struct bytes request, key; /* PKCS#10 DER; sealed */
};

struct pki_import {
	struct bytes files;                /* the certificate, what lies above it, maybe its key: as bag.h */
	const struct secret *password;     /* of files; NULL none */
	struct bytes more;                 /* roots that are known anyway, DER behind DER: the zone's */
	const struct pki_pending *pending; /* whose keys may be the certificate's */
	size_t pending_count;
	const char *suffix; /* DNS suffix that the devices trust; NULL: not compared */
	int64_t now_ms;
};

/* What is unusual and was taken all the same. */
enum pki_notice {
	PKI_NOTICE_REORDERED = 1,    /* the chain was not leaf first: mended */
	PKI_NOTICE_SEED_OU = 2,      /* it has PKI_OU_SEED, which firmware does not take; the OID makes up for it */
	PKI_NOTICE_NO_OID = 4,       /* only the OU makes it one */
	PKI_NOTICE_NO_OU = 8,        /* only the OID does */
	PKI_NOTICE_LONG = 16,        /* more than 4 certificates: some firmware refuses such chains */
	PKI_NOTICE_SHA1_ROOT = 32,   /* the root signed itself with SHA-1: refused from AMT 15 on */
	PKI_NOTICE_UNUSED = 64,      /* files hold certificates that are not in its chain */
	PKI_NOTICE_OTHER_KEYS = 128, /* an authority above it has no RSA key: no firmware is known to take that */
};
/* Appends a sentence for each, separated by "; ". */
void pki_notice_text(unsigned notices, struct buf *out);

struct pki_imported {
	struct pki_stored stored;
	int64_t request; /* id of the pending request whose key it has; 0: its key came in the files */
	bool is_ca;      /* can issue devices' certificates */
	unsigned notices;
};
/* Checks everything before it gives anything back; each refusal has its own code. First the files and the key:
 * ERR_CERT_UNREADABLE, ERR_CERT_PASSPHRASE, ERR_CERT_NO_KEY, ERR_CERT_KEY; then the certificate: ERR_CERT_EXPIRED,
 * ERR_CERT_NOT_YET, ERR_CERT_KEY_KIND, ERR_CERT_WEAK_KEY, ERR_CERT_WEAK_SIGNATURE, ERR_CERT_PURPOSE, ERR_CERT_USAGE,
 * ERR_CERT_SUFFIX; then what lies above it: ERR_CERT_CHAIN, and the same for dates, keys and signatures. place: where
 * the key will be kept. */
int pki_management_import(const struct vault *v, struct vault_place place, const struct pki_import *in,
			  struct pki_imported *ret, struct err *e);

#endif
