/* tls.h - the TLS policies of Lamplighter, one SSL_CTX each. OpenSSL's types stay behind this header and
 * base/stream.c. A context may be used by many streams of one thread; make one per thread. It may be freed while
 * streams that it made are open, but not before a connecting one has begun its handshake. */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include "base/buf.h"

struct err;
struct tls_ctx;

#define TLS_PIN_SIZE 32 /* SHA-256 of the leaf certificate's DER */

void tls_pin_of(struct bytes der, uint8_t ret_pin[TLS_PIN_SIZE]); /* of a certificate */

enum tls_role { TLS_CLIENT, TLS_SERVER };

/* Version numbers as on the wire, for the least and the most a context accepts. */
enum tls_version { TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/* Strict: at least TLS 1.2, security level 2 (keys of 112 bits: RSA-2048), also for a leaf that is not verified; a
 * server of TLS 1.2 has forward secrecy and an AEAD cipher. The peer's chain is not verified here unless a CA is set:
 * devices are known by the pin of their leaf, which stream_tls_leaf gives. ERR_FAILED when OpenSSL gives no context. */
int tls_ctx_new(enum tls_role role, struct tls_ctx **ret, struct err *e);
void tls_ctx_free(struct tls_ctx *c); /* NULL is fine */

/* A certificate, its chain and its key. Weak ones (RSA-1024, SHA-1: old firmware) are taken; a strict peer refuses them
 * in the handshake. ERR_INVALID for what is no PEM or does not fit together. The key may be wiped afterwards. */
struct tls_identity;
int tls_identity_new(struct bytes chain_pem, struct bytes key_pem, struct tls_identity **ret, struct err *e);
void tls_identity_free(struct tls_identity *id); /* streams that use it keep what they need. NULL is fine */

int tls_ctx_set_identity(struct tls_ctx *c, const char *cert_chain_pem, const char *key_pem, struct err *e); /* paths */
/* As above from memory. One identity per context: to change it, make a new context. */
int tls_ctx_set_identity_mem(struct tls_ctx *c, struct bytes chain_pem, struct bytes key_pem, struct err *e);
/* Client: the server's chain must end in a CA of this file and tls_opts.server_name, which must then be given, must be
 * a name or address in its leaf. ERR_INVALID when the file holds no certificate. */
int tls_ctx_set_ca(struct tls_ctx *c, const char *ca_pem_path, struct err *e);

/* What one connection may differ in; all zero: as the context says. */
struct tls_opts {
	const char *server_name; /* client: SNI and, with a CA, the name that is verified; copied. NULL: none */
	bool old_tls;            /* TLS 1.0, level 0, no RFC 5746 needed: for that device only */
	enum tls_version least;  /* server (simulator): 0 for the context's; below TLS 1.2 as with old_tls */
	enum tls_version most;   /* 0: no cap */
	const struct tls_identity
		*identity; /* instead of the context's; NULL: none. A client's outlives the handshake */
};

#endif
