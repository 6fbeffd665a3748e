/* bag_priv.h - the inside of a bag, for those who pick from it. Private to pki/. */
#ifndef PKI_BAG_PRIV_H
#define PKI_BAG_PRIV_H

#include "pki/bag.h"
#include "pki/ossl.h"

struct pki_bag {
	X509 **certs; /* in the order of the files */
	EVP_PKEY **keys;
	size_t cert_count, cert_cap, key_count, key_cap;
	int64_t rounds_left; /* of key derivation: what may still be spent on encrypted parts */
};

/* The one that issued cert and signed it: of the bag, else NULL. */
X509 *bag_issuer(const struct pki_bag *bag, X509 *cert);
bool bag_is_issuer(X509 *issuer, X509 *cert);

#endif
