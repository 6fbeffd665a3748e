/* trust.h - whom a device trusts: the check of a set-up server's certificate chain against its hashes, purpose, DNS
 * suffix and keys, and of a client's certificate in mutual TLS. A chain is a stack of certificates as they came, the
 * leaf first; OpenSSL's types stay in trust.c and tls.c. Source: Intel AMT guide, "Acquiring an Intel vPro
 * Certificate"; class IPS_TLSProvisioningRecord. */
#ifndef SIM_TRUST_H
#define SIM_TRUST_H

#include "setup.h"

#define TRUST_SERIALS 3 /* certificate authorities in a provisioning record: the last three of a longer chain */

/* What a chain showed, for the record. */
struct trust {
	struct cert_hash root;
	char name[SETUP_HOST_SIZE];         /* common name of the leaf */
	uint8_t serials[TRUST_SERIALS][16]; /* big-endian, zeros in front */
	uint8_t serial_count;
	bool more_serials;
	bool secure_dns; /* the suffix is from MEBx, not from DHCP */
	bool time_valid; /* by the device's clock */
	bool psk;        /* no chain at all */
	uint32_t server; /* address of the server, host order */
};

/* May the chain set the device up? *ret is filled as far as the check came. */
enum refusal trust_setup(struct sim *s, struct device *d, void *chain, struct trust *ret);
/* Mutual TLS: roots, a chain too, holds the trusted ones. */
enum refusal trust_client(struct sim *s, struct device *d, void *chain, void *roots);
/* What X509_STORE_CTX_set_error is told, so that the alert of the row leaves. */
int trust_error(const struct sim *s, enum refusal why);

/* Does the name fit the suffix as firmware compares them? */
bool trust_name_fits(const struct device *d, const char *name, const char *suffix);

void *trust_chain_new(void);
/* ERR_INVALID: no certificate. */
int trust_chain_add(void *chain, struct bytes der);
unsigned trust_chain_count(const void *chain);
/* Has the last one been signed by this? True also for an empty chain. */
bool trust_chain_goes_on(const void *chain, struct bytes der);
/* SHA-256 with RSA by the leaf's key. */
bool trust_chain_signed(const void *chain, struct bytes text, struct bytes signature);
void trust_chain_free(void *chain); /* NULL is fine */

#endif
