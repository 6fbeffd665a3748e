/* tls.h - the TLS side of the devices: a small pool of RSA keys and a certificate for each device that is asked for
 * one, both made from the seed, so that the same device shows the same leaf in every run; protocol versions and
 * suites of each generation. OpenSSL's types stay in tls.c. */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include "base/buf.h"

struct device;
struct err;
struct sim;
struct tls_keys;

struct tls_keys *tls_keys_new(void);
void tls_keys_free(struct tls_keys *t);

/* A server connection on fd; NULL when the device ends it before it begins (fault). */
void *tls_open(struct sim *s, struct device *d, int fd);
void tls_close(void *ssl, bool orderly);

enum tls_step {
	TLS_DONE,
	TLS_WANT_READ,
	TLS_WANT_WRITE,
	TLS_END,  /* the peer's orderly end */
	TLS_FAIL, /* anything else; an alert was sent where the protocol wants one */
};

enum tls_step tls_handshake(void *ssl);
enum tls_step tls_read(void *ssl, void *to, size_t size, size_t *ret_len);
enum tls_step tls_write(void *ssl, const void *p, size_t len, size_t *ret_len);
bool tls_was_resumed(void *ssl);
/* Bytes on the wire so far. */
void tls_counts(void *ssl, uint64_t *ret_in, uint64_t *ret_out);

void tls_certificate_free(void *certificate); /* NULL is fine */
/* The device's own leaf, the public half of its key (PKCS#1), and the public half of a private key (PKCS#1 or PKCS#8),
 * all DER in base64. 0, ERR_INVALID, ERR_TOO_BIG. */
int tls_certificate_base64(struct sim *s, struct device *d, struct buf *out);
int tls_public_key_base64(struct sim *s, struct device *d, struct buf *out);
int tls_public_half_base64(struct bytes private_der, struct buf *out);
/* Issuer and subject of a certificate as AMT writes them. ERR_INVALID: no certificate. */
int tls_certificate_names(struct bytes der, char *issuer, char *subject, size_t size);
/* SHA-256 of the leaf that the device shows now. ERR_SYSTEM. */
int tls_leaf_pin(struct sim *s, struct device *d, uint8_t ret[32], struct err *e);

#endif
