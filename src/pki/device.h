/* device.h - certificates of devices, with which their AMT answers over TLS after it was set up.
 *
 * Issued here for a key pair that was made on the device (AMT_PublicKeyManagementService: GenerateKeyPair, then
 * GeneratePKCS10RequestEx or AddCertificate), or here for old firmware; or brought along in files, many devices at
 * once. Facts: Intel AMT Implementation and Reference Guide. */
#ifndef PKI_DEVICE_H
#define PKI_DEVICE_H

#include "base/text.h"
#include "pki/bag.h"
#include "pki/ca.h"

/* Who a device is. CN and DNS name are the FQDN; the UUID stands in the subject's serialNumber. */
struct pki_device_name {
	const char *fqdn; /* a name or an address; NULL or "": then the CN is the UUID */
	struct uuid uuid; /* nil: none */
};

/* For a public key: SubjectPublicKeyInfo or PKCS#1 RSAPublicKey in DER, as AMT_PublicPrivateKeyPair.DERKey gives it.
 * 5 years, no longer than what signs; serverAuth and clientAuth. ret has no key. ERR_CERT_UNREADABLE,
 * ERR_CERT_WEAK_KEY, ERR_CERT_KEY_KIND, ERR_INVALID. */
int pki_device_issue(const struct pki_ca *ca, struct bytes public_key, const struct pki_device_name *name,
		     int64_t now_ms, struct pki_stored *ret, struct err *e);
/* For a PKCS#10 that the device signed, which proves that it has the key. The names are ours, not the request's. As
 * pki_device_issue; ERR_CERT_UNREADABLE also when its signature is wrong. */
int pki_device_issue_request(const struct pki_ca *ca, struct bytes request, const struct pki_device_name *name,
			     int64_t now_ms, struct pki_stored *ret, struct err *e);
/* With a key that is made here (RSA-2048), for firmware that cannot make one. */
int pki_device_make(const struct pki_ca *ca, const struct vault *v, struct vault_place place,
		    const struct pki_device_name *name, int64_t now_ms, struct pki_stored *ret, struct err *e);

/* A request for this public key with a null signature, which GeneratePKCS10RequestEx has the device sign. Appends. */
int pki_device_request_null(struct bytes public_key, const struct pki_device_name *name, struct buf *out,
			    struct err *e);

/* Certificates and keys that were brought along, for one device or many. */
struct pki_device_set;
/* Pairs every certificate that is no authority with its key. ERR_CERT_NO_KEY names the first that has none;
 * ERR_CERT_KEY when there are keys, but of none of the certificates; ERR_CERT_UNREADABLE when there is no certificate.
 * Takes bag, also on failure. */
int pki_device_set_new(struct pki_bag *bag, struct pki_device_set **ret, struct err *e);
void pki_device_set_free(struct pki_device_set *s); /* NULL is fine */
size_t pki_device_set_count(const struct pki_device_set *s);
/* The certificate of this device: its UUID stands in the subject's serialNumber or CN, or its name is CN or DNS name
 * (the first label alone is enough where only one certificate fits). Its key is sealed for place; chain is what the
 * files hold above it, and may be without a root. ERR_CERT_NAME none or several; ERR_CERT_EXPIRED, ERR_CERT_NOT_YET,
 * ERR_CERT_KEY_KIND, ERR_CERT_WEAK_KEY.
 */
int pki_device_set_find(const struct pki_device_set *s, const struct pki_device_name *name, const struct vault *v,
			struct vault_place place, int64_t now_ms, struct pki_stored *ret, struct err *e);

#endif
