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

/* A refusal of the other end is noted in the device. */
enum tls_step tls_handshake(struct sim *s, void *ssl);
enum tls_step tls_read(void *ssl, void *to, size_t size, size_t *ret_len);
enum tls_step tls_write(void *ssl, const void *p, size_t len, size_t *ret_len);
bool tls_was_resumed(void *ssl);
/* Bytes on the wire so far. */
void tls_counts(void *ssl, uint64_t *ret_in, uint64_t *ret_out);

/* What the TLS port shows from now on: a certificate and its private key, or its own for BYTES_NONE; roots: a chain
 * (trust.h) of those who may sign clients in mutual TLS, taken over; NULL: none is asked for. */
void tls_serve(struct device *d, struct bytes certificate, struct bytes private_der, void *roots);
void tls_credential_free(void *credential); /* NULL is fine */

/* Key number i of the pool from which devices take new key pairs, 2048 or 1024 bits: PKCS#1, DER in base64. Making one
 * takes long, so devices share them. */
int tls_pool_key_base64(struct sim *s, unsigned i, unsigned bits, struct buf *out);
int tls_key_bits(struct bytes private_der); /* 0: no RSA key */
bool tls_key_fits(struct bytes private_der, struct bytes certificate);
int tls_own_key_base64(struct sim *s, struct device *d, struct buf *out); /* the private half of its first key */
enum tls_digest { TLS_SHA1, TLS_SHA256, TLS_SHA384 };
/* The PKCS#10 request signed anew, DER in base64. ERR_INVALID: no request, or for another key. */
int tls_request_sign(struct bytes private_der, struct bytes request, enum tls_digest digest, struct buf *out);
#define TLS_SERIAL_SIZE 20
int tls_certificate_serial(struct bytes der, uint8_t to[TLS_SERIAL_SIZE], size_t *ret_len); /* ERR_INVALID */

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
