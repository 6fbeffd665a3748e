/* stream.h - a connection that carries bytes: TCP, TLS over TCP, or whatever else fills the same events later (a
 * forwarded channel). Belongs to one loop and its thread. Reading uses one buffer per loop, so an idle stream holds
 * no buffer. Bytes are pushed to the owner; stream_pause stops that. No stream ever sends anything twice. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/tls.h"

struct stream;
struct err;

/* All are called on the loop's thread, from loop_run. After closed nothing more is called; the owner then frees the
 * stream. stream_free inside any of them is fine. */
struct stream_events {
	void (*open)(void *arg);                    /* connected, and TLS agreed where it was asked for */
	void (*data)(void *arg, struct bytes data); /* borrowed for the call */
	void (*drained)(void *arg);                 /* all that was written is with the kernel; may be NULL */
	/* ERR_END for the peer's orderly end, ERR_REFUSED_PORT, ERR_UNREACHABLE, ERR_TIMEOUT (connect, handshake),
	 * ERR_TLS_FAILED, ERR_CLOSED (reset); e says more and is borrowed. */
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
 * plain). */
struct stream *stream_accept(struct loop *l, int fd, struct tls_ctx *tls, const struct tls_opts *opts,
			     int64_t timeout_ms, const struct stream_events *ev, void *arg);
void stream_free(struct stream *s); /* closes at once what is open; NULL is fine */

/* Writes now what the kernel takes and keeps the rest (at most 1 MiB: else ERR_TOO_BIG and nothing is taken). */
int stream_write(struct stream *s, struct bytes data, struct err *e);
/* Bytes given to stream_write of which the kernel took at least one since the stream opened: 0 proves that nothing
 * left. */
uint64_t stream_bytes_sent(const struct stream *s);
uint64_t stream_bytes_received(const struct stream *s);
size_t stream_pending(const struct stream *s); /* written but not yet with the kernel */
void stream_shutdown(struct stream *s);        /* after what is pending: FIN (and close_notify) */
void stream_abort(struct stream *s);           /* RST; then closed is not called: free it */
void stream_pause(struct stream *s, bool paused);

int stream_fd(const struct stream *s);
/* TLS: SHA-256 of the peer's leaf. False when plain or not open. */
bool stream_tls_leaf(const struct stream *s, uint8_t ret_pin[TLS_PIN_SIZE]);
const char *stream_tls_version(const struct stream *s); /* "TLSv1.2"; "" when plain */
bool stream_tls_resumed(const struct stream *s);
/* Client sessions: to be resumed by a later connection to the same peer. NULL when there is none. Opaque, ref-counted.
 */
struct tls_session;
struct tls_session *stream_tls_session(struct stream *s);
void tls_session_free(struct tls_session *t);
void stream_tls_resume(struct stream *s, struct tls_session *t); /* right after stream_connect_start; not taken */

/* Listening sockets, non-blocking and close-on-exec. ERR_PORT_TAKEN, ERR_PRIVILEGE (port below 1024), ERR_SYSTEM. */
int stream_listen_tcp(const struct sockaddr *addr, socklen_t len, int backlog, int *ret_fd, struct err *e);
int stream_listen_unix(const char *path, int mode, int *ret_fd, struct err *e); /* replaces a stale socket */
/* "127.0.0.1:8443", "[::1]:80" -> address; ERR_INVALID. */
int stream_parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len, struct err *e);
void stream_address_text(const struct sockaddr *addr, char *to, size_t to_size, bool with_port);

#endif
