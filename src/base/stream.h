/* stream.h - a connection that carries bytes: TCP or a local socket, plain or with TLS. Belongs to one loop and its
 * thread. Reading uses one buffer per loop and unsent bytes are kept only until they are with the kernel, so an idle
 * stream holds no buffer. Bytes are pushed to the owner; stream_pause stops that. No stream ever sends anything twice.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/tls.h"

struct stream;
struct err;

/* All are called on the loop's thread, from loop_run, never from inside a function of this header. After closed nothing
 * more is called; the owner then frees the stream. stream_free inside any of them is fine. open and drained may be
 * NULL. */
struct stream_events {
	void (*open)(void *arg);                    /* connected, and TLS agreed where it was asked for */
	void (*data)(void *arg, struct bytes data); /* borrowed for the call */
	/* What the kernel did not take at once is with it now. Not called for a write that it took at once. */
	void (*drained)(void *arg);
	/* ERR_END for the peer's orderly end (with TLS: its close_notify; what was still pending here was sent first),
	 * ERR_REFUSED_PORT, ERR_UNREACHABLE, ERR_TIMEOUT (connect), ERR_NO_ANSWER (the TLS handshake does not go on in
	 * time), ERR_TLS_FAILED (the message has OpenSSL's reason), ERR_CLOSED (reset, or an end in the middle of the
	 * TLS handshake or without close_notify), ERR_SYSTEM (no descriptor left); e says more and is borrowed. */
	void (*closed)(void *arg, int code, const struct err *e);
};

struct stream_connect {
	struct sockaddr_storage to;
	socklen_t to_len;
	int64_t timeout_ms;  /* connect and handshake each */
	struct tls_ctx *tls; /* NULL: plain */
	struct tls_opts tls_opts;
};

/* Starts connecting. The stream is never NULL: an immediate failure comes through closed, from the loop. */
struct stream *stream_connect_start(struct loop *l, const struct stream_connect *c, const struct stream_events *ev,
				    void *arg);
/* Takes over an accepted, non-blocking fd; open is called when the handshake is done (at once, from the loop, if
 * plain). opts may be NULL. */
struct stream *stream_accept(struct loop *l, int fd, struct tls_ctx *tls, const struct tls_opts *opts,
			     int64_t timeout_ms, const struct stream_events *ev, void *arg);
/* Closes at once what is open (with TLS it says so to the peer); what is pending is lost. NULL is fine. */
void stream_free(struct stream *s);

/* Writes now what the kernel takes and keeps the rest (at most STREAM_PENDING_MAX: else ERR_TOO_BIG and nothing is
 * taken). Before open all is kept. ERR_CLOSED or ERR_TLS_FAILED when the connection is broken or was shut down; if it
 * was open, closed comes from the loop. How much had gone before it broke, stream_bytes_sent says. */
#define STREAM_PENDING_MAX (1 << 20)
int stream_write(struct stream *s, struct bytes data, struct err *e);
/* Bytes given to stream_write that the kernel has taken; with TLS those whose records it has taken whole. As long as it
 * is 0 the peer has nothing of ours that it could obey. */
uint64_t stream_bytes_sent(const struct stream *s);
uint64_t stream_bytes_received(const struct stream *s); /* given to data */
size_t stream_pending(const struct stream *s);          /* written but not yet with the kernel */
void stream_shutdown(struct stream *s); /* after what is pending: close_notify (TLS) and FIN; reading goes on */
void stream_abort(struct stream *s);    /* RST; then closed is not called: free it */
void stream_pause(struct stream *s, bool paused); /* data, and the end behind it, waits in the kernel */

int stream_fd(const struct stream *s); /* -1 after closed */
/* TLS: SHA-256 of the peer's leaf. False when plain or not open. */
bool stream_tls_leaf(const struct stream *s, uint8_t ret_pin[TLS_PIN_SIZE]);
const char *stream_tls_version(const struct stream *s); /* "TLSv1.2"; "" when plain */
bool stream_tls_resumed(const struct stream *s);
/* Client sessions: to be resumed by a later connection to the same peer, also on another thread. NULL when there is
 * none; with TLS 1.3 the peer sends it after open. Opaque, ref-counted: each one that was given out is freed. */
struct tls_session;
struct tls_session *stream_tls_session(struct stream *s);
void tls_session_free(struct tls_session *t);
void stream_tls_resume(struct stream *s, struct tls_session *t); /* right after stream_connect_start; not taken */

/* Listening sockets, non-blocking and close-on-exec. ERR_PORT_TAKEN, ERR_PRIVILEGE (port below 1024), ERR_SYSTEM. */
int stream_listen_tcp(const struct sockaddr *addr, socklen_t len, int backlog, int *ret_fd, struct err *e);
/* Replaces a stale socket; ERR_PORT_TAKEN when somebody listens there or it is something else. ERR_INVALID for a path
 * of more than 107 bytes. */
int stream_listen_unix(const char *path, int mode, int *ret_fd, struct err *e);
/* "127.0.0.1:8443", "[::1]:80" -> address; ERR_INVALID. */
int stream_parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len, struct err *e);
/* As above or, without the port, "::1"; "local" for a local socket. */
#define STREAM_ADDRESS_SIZE 56
void stream_address_text(const struct sockaddr *addr, char *to, size_t to_size, bool with_port);

#endif
