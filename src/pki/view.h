/* view.h - what a certificate says, and what AMT makes of it. Any thread. */
#ifndef PKI_VIEW_H
#define PKI_VIEW_H

#include "pki/pki.h"

/* Object identifiers of Intel in the extended key usage ("Intel AMT Implementation and Reference Guide"), and the OU
 * that firmware compares byte by byte. The seed's spelling lacks the (R): no firmware takes it. */
#define PKI_OID_SETUP   "2.16.840.1.113741.1.2.3" /* sets up AMT over the network */
#define PKI_OID_CONSOLE "2.16.840.1.113741.1.2.1" /* a console that logs in with a certificate */
#define PKI_OU_SETUP    "Intel(R) Client Setup Certificate"
#define PKI_OU_SEED     "Intel Client Setup Certificate"

#define PKI_NAME_SIZE   512
#define PKI_COMMON_SIZE 256

struct pki_view {
	char subject[PKI_NAME_SIZE], issuer[PKI_NAME_SIZE]; /* RFC 2253, cut when longer; printable */
	char common_name[PKI_COMMON_SIZE];                  /* "" when there is none */
	char dns_name[PKI_COMMON_SIZE];                     /* the first of the alternative names; "" none */
	char serial[64];                                    /* upper case hex with colons */
	char key[32];                                       /* "RSA 3072", "EC P-384", "EC", "other" */
	char signature[48];                                 /* "sha256WithRSAEncryption" */
	int64_t not_before, not_after;                      /* milliseconds UTC */
	unsigned key_bits;
	bool is_rsa, is_ca, is_self_issued;
	bool is_sha1;                  /* signed with SHA-1, MD5 or older */
	bool has_usage;                /* there is an extended key usage at all */
	bool server_auth, client_auth; /* in it */
	bool setup_oid, console_oid;   /* in it */
	bool setup_ou, seed_ou;        /* some OU of the subject is exactly this */
};
/* ERR_CERT_UNREADABLE. */
int pki_view_read(struct bytes cert, struct pki_view *ret, struct err *e);

/* Whether firmware that trusts this DNS suffix takes a certificate of this common name (IG "Acquiring an Intel vPro
 * Certificate"): the name is the suffix or lies under it, or the suffix lies in the name's registered domain (its last
 * two labels; three below country codes that register on the third). A leading "*." of the name does not count; upper
 * and lower case are the same. */
bool pki_suffix_fits(const char *common_name, const char *suffix);

#endif
