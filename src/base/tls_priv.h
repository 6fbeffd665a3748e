/* tls_priv.h - what base/stream.c needs of base/tls.c, and nobody else. */
#ifndef BASE_TLS_PRIV_H
#define BASE_TLS_PRIV_H

#include <openssl/ssl.h>

#include "base/tls.h"

/* An SSL for one connection on fd, ready for its handshake. ERR_TLS_FAILED. */
int tls_ssl_new(const struct tls_ctx *c, const struct tls_opts *opts, int fd, SSL **ret, struct err *e);

/* After the handshake: false when the peer's key is weaker than the connection's level allows. OpenSSL looks at that
 * only where it verifies a chain. */
bool tls_peer_key_is_strong(const SSL *ssl);

/* Where SSL's owner keeps the newest session that may be resumed; set with SSL_set_app_data. */
struct tls_keeper {
	SSL_SESSION *session;
};

/* The reason of OpenSSL's last error on this thread, or why a chain was refused; lives as long as the program. */
const char *tls_reason(const SSL *ssl);

#endif
