/* tls.h - the TLS policies of Lamplighter, one SSL_CTX each. OpenSSL's types stay behind this header and
 * base/stream.c. A context may be used by many streams of one thread; make one per thread. */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include "base/buf.h"

struct err;
struct tls_ctx;

#define TLS_PIN_SIZE 32 /* SHA-256 of the leaf certificate's DER */

enum tls_role { TLS_CLIENT, TLS_SERVER };

/* Version numbers as on the wire, for the least and the most a context accepts. */
enum tls_version { TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/* Strict: at least TLS 1.2, level 2. The peer's chain is not verified here unless a CA is set: devices are known by
 * the pin of their leaf, which stream_tls_leaf gives. */
int tls_ctx_new(enum tls_role role, struct tls_ctx **ret, struct err *e);
void tls_ctx_free(struct tls_ctx *c);
int tls_ctx_set_identity(struct tls_ctx *c, const char *cert_chain_pem, const char *key_pem, struct err *e);
/* As above from memory. */
int tls_ctx_set_identity_mem(struct tls_ctx *c, struct bytes chain_pem, struct bytes key_pem, struct err *e);
/* Client: the server's chain must end in this CA and its name must match (see stream_tls_start). */
int tls_ctx_set_ca(struct tls_ctx *c, const char *ca_pem_path, struct err *e);

/* What one connection may differ in. */
struct tls_opts {
	const char *server_name; /* client: SNI and, with a CA, the name that is verified; NULL: none */
	bool old_tls;            /* TLS 1.0, level 0, no RFC 5746 needed: for that device only */
	enum tls_version least;  /* server (simulator): 0 for the context's */
	enum tls_version most;   /* 0: no cap */
};

#endif
