#include "base/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/list.h"
#include "base/secret.h"
#include "base/stream_priv.h"
#include "base/tls_priv.h"

#define READ_SIZE      65536
#define READS_PER_TURN 8 /* then others come first */

/* What all streams of a loop share; the loop's companion. */
struct shared {
	uint8_t *read_buf;
	struct list kicked; /* streams with something to do that no event of theirs will tell */
	struct loop_timer kick;
};

enum state {
	CONNECTING,
	HANDSHAKE,
	OPEN,
	CLOSED, /* told, or aborted: nothing more is called */
};

struct stream {
	struct loop *loop;
	const struct stream_events *ev;
	void *arg;
	int fd;
	struct loop_fd *watch;
	enum state state;
	/* Edges come once: these hold what they said until the kernel says otherwise. */
	bool can_read, can_write, peer_ended;
	bool paused;
	bool want_shutdown, did_shutdown;
	bool end_after_flush;    /* the peer has ended, our last bytes are still on the way */
	bool in_call, freed;     /* freed inside a callback: pump does it */
	int fail_code, fail_sys; /* found outside the loop, told from it */
	struct list kick;
	struct loop_timer timer;
	int64_t timeout_ms;
	struct buf out; /* from out_at on: not yet with the kernel */
	size_t out_at;
	uint64_t sent, received;
	SSL *ssl;
	struct tls_ctx *tls; /* of a client until its handshake begins */
	struct tls_opts tls_opts;
	char *server_name;
	struct tls_keeper keeper;
};

static void pump(struct stream *s);

static void on_kick(void *arg)
{
	struct shared *sh = arg;
	struct list now;
	list_init(&now);
	while (!list_is_empty(&sh->kicked)) {
		struct list *first = sh->kicked.next;
		list_remove(first);
		list_append(&now, first);
	}
	while (!list_is_empty(&now)) {
		struct stream *s = LIST_ENTRY(now.next, struct stream, kick);
		list_remove(&s->kick);
		pump(s);
	}
}

static void shared_free(void *p)
{
	struct shared *sh = p;
	ASSERT(list_is_empty(&sh->kicked));
	loop_timer_stop(&sh->kick);
	free(sh->read_buf);
	free(sh);
}

static struct shared *shared_of(struct loop *l)
{
	struct shared *sh = loop_companion(l);
	if (sh)
		return sh;
	sh = mem_alloc(sizeof(*sh));
	sh->read_buf = mem_alloc(READ_SIZE);
	list_init(&sh->kicked);
	loop_timer_init(&sh->kick, l, on_kick, sh);
	loop_set_companion(l, sh, shared_free);
	return sh;
}

/* The stream is looked at in the next round. */
static void kick(struct stream *s)
{
	struct shared *sh = shared_of(s->loop);
	if (!list_is_empty(&s->kick))
		return;
	list_append(&sh->kicked, &s->kick);
	loop_timer_set(&sh->kick, 0);
}

/* Gives back descriptor, TLS and buffers. */
static void release_io(struct stream *s)
{
	SSL_free(s->ssl);
	s->ssl = NULL;
	if (s->watch)
		loop_fd_close(s->watch);
	else if (s->fd >= 0)
		(void)close(s->fd); /* never used */
	s->watch = NULL;
	s->fd = -1;
	loop_timer_stop(&s->timer);
	list_remove(&s->kick);
	buf_release(&s->out);
	s->out_at = 0;
}

static void close_with(struct stream *s, int code, const struct err *e)
{
	s->state = CLOSED;
	release_io(s);
	s->ev->closed(s->arg, code, e);
}

static int connect_code(int sys)
{
	switch (sys) {
	case ECONNREFUSED:
		return ERR_REFUSED_PORT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EACCES: /* a packet filter of this machine */
	case EPERM:
		return ERR_UNREACHABLE;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return ERR_CLOSED;
	default:
		return ERR_SYSTEM;
	}
}

static void say_close_notify(struct stream *s)
{
	if (!s->ssl || s->did_shutdown)
		return;
	s->did_shutdown = true;
	ERR_clear_error();
	(void)SSL_shutdown(s->ssl); /* a peer that is gone does not miss it */
	ERR_clear_error();
}

/* Results of read_once and write_once beside the number of bytes; with FAILED the struct err is filled. */
#define AGAIN  (-1)
#define ENDED  (-2)
#define FAILED (-3)

static ssize_t plain_failed(struct stream *s, int sys, struct err *e)
{
	s->fail_sys = sys;
	err_set_sys(e, ERR_CLOSED, sys, "the connection broke");
	return FAILED;
}

/* Why OpenSSL gave no bytes. When it wants the other direction, the edge of that one brings us back. */
static ssize_t tls_result(struct stream *s, int rc, const char *what, struct err *e)
{
	int sys = errno;
	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		s->can_read = false;
		return AGAIN;
	case SSL_ERROR_WANT_WRITE:
		s->can_write = false;
		return AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return ENDED;
	case SSL_ERROR_SYSCALL:
		s->fail_sys = sys ? sys : ECONNRESET;
		err_set_sys(e, ERR_CLOSED, s->fail_sys, "%s", what);
		break;
	default:
		if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
			err_set(e, ERR_CLOSED, "%s: the peer ended the connection without close_notify", what);
		else
			err_set(e, ERR_TLS_FAILED, "%s: %s", what, tls_reason(s->ssl));
	}
	ERR_clear_error();
	return FAILED;
}

static ssize_t read_once(struct stream *s, uint8_t *to, size_t size, struct err *e)
{
	if (s->ssl) {
		ERR_clear_error();
		int n = SSL_read(s->ssl, to, (int)size);
		return n > 0 ? n : tls_result(s, n, "read from a TLS connection", e);
	}
	ssize_t n = recv(s->fd, to, size, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		s->can_read = errno == EINTR;
		return AGAIN;
	}
	if (n < 0)
		return plain_failed(s, errno, e);
	/* A short read took all there was: the next bytes are an edge of their own. */
	if ((size_t)n < size && !s->peer_ended)
		s->can_read = false;
	return n ? n : ENDED;
}

static ssize_t write_once(struct stream *s, struct bytes data, struct err *e)
{
	if (s->ssl) {
		ERR_clear_error();
		int n = SSL_write(s->ssl, data.p, (int)data.len);
		return n > 0 ? n : tls_result(s, n, "write to a TLS connection", e);
	}
	ssize_t n = send(s->fd, data.p, data.len, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		s->can_write = errno == EINTR;
		return AGAIN;
	}
	if (n < 0)
		return plain_failed(s, errno, e);
	if ((size_t)n < data.len)
		s->can_write = false;
	return n;
}

/* As much as goes: 0 and how much, or the code of what broke. */
static int write_some(struct stream *s, struct bytes data, size_t *ret_taken, struct err *e)
{
	size_t at = 0;
	while (at < data.len && s->can_write) {
		ssize_t n = write_once(s, BYTES(data.p + at, data.len - at), e);
		if (n == FAILED || n == ENDED)
			return e->code;
		if (n == AGAIN && s->ssl)
			break;
		if (n > 0) {
			at += (size_t)n;
			s->sent += (uint64_t)n; /* also when a later one fails */
		}
	}
	*ret_taken = at;
	return 0;
}

static void tell_failure(struct stream *s)
{
	struct err e = ERR_INIT;
	if (s->fail_code == ERR_TIMEOUT && !s->fail_sys)
		err_set(&e, ERR_TIMEOUT, "connecting took longer than %lld ms", (long long)s->timeout_ms);
	else if (s->fail_code == ERR_NO_ANSWER)
		err_set(&e, ERR_NO_ANSWER, "the TLS handshake took longer than %lld ms", (long long)s->timeout_ms);
	else
		err_set_sys(&e, s->fail_code, s->fail_sys, s->state == OPEN ? "the connection broke" : "connect");
	close_with(s, s->fail_code, &e);
}

static void on_timeout(void *arg)
{
	struct stream *s = arg;
	s->fail_code = s->state == CONNECTING ? ERR_TIMEOUT : ERR_NO_ANSWER;
	pump(s);
}

/* True when the connection stands. */
static bool finish_connect(struct stream *s)
{
	int sys = 0;
	socklen_t len = sizeof(sys);
	if (!s->can_write)
		return false;
	if (s->peer_ended && getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &len) == 0 && sys) {
		s->fail_code = connect_code(sys);
		s->fail_sys = sys;
		tell_failure(s);
		return false;
	}
	return true;
}

static void become_open(struct stream *s)
{
	loop_timer_stop(&s->timer);
	s->state = OPEN;
	if (s->ssl)
		s->can_read = true; /* OpenSSL may have read ahead */
	if (s->ev->open)
		s->ev->open(s->arg);
}

static void begin_handshake(struct stream *s)
{
	struct err e = ERR_INIT;
	s->state = HANDSHAKE;
	loop_timer_set(&s->timer, s->timeout_ms);
	if (s->ssl)
		return;
	s->tls_opts.server_name = s->server_name;
	int rc = tls_ssl_new(s->tls, &s->tls_opts, s->fd, &s->ssl, &e);
	if (rc) {
		close_with(s, rc, &e);
		return;
	}
	SSL_set_app_data(s->ssl, &s->keeper);
	/* A copy: OpenSSL spoils the session of a connection that ends without close_notify, though the peer
	 * would take it up again (RFC 5246 section 7.2.1). */
	SSL_SESSION *again = s->keeper.session ? SSL_SESSION_dup(s->keeper.session) : NULL;
	if (again)
		(void)SSL_set_session(s->ssl, again); /* without it the handshake is a full one */
	SSL_SESSION_free(again);
}

static void shake_hands(struct stream *s)
{
	struct err e = ERR_INIT;
	ERR_clear_error();
	int rc = SSL_do_handshake(s->ssl);
	if (rc == 1 && tls_peer_key_is_strong(s->ssl)) {
		become_open(s);
		return;
	}
	if (rc == 1) {
		err_set(&e, ERR_TLS_FAILED, "the TLS handshake: the key of the peer's certificate is too small");
		close_with(s, e.code, &e);
		return;
	}
	ssize_t n = tls_result(s, rc, "the TLS handshake", &e);
	if (n == ENDED)
		err_set(&e, ERR_CLOSED, "the TLS handshake: the peer ended the connection");
	if (n != AGAIN)
		close_with(s, e.code, &e);
}

/* close_notify goes before FIN. Reading goes on. */
static void shut_down_now(struct stream *s)
{
	say_close_notify(s);
	s->did_shutdown = true;
	(void)shutdown(s->fd, SHUT_WR); /* a peer that is gone does not miss it either */
}

/* Told from the loop. */
static void fail_later(struct stream *s, int code, int sys)
{
	s->fail_code = code;
	s->fail_sys = sys;
	kick(s);
}

/* Bytes that the peer had sent before it went are still read; then closed tells. */
static void write_broke(struct stream *s, int code)
{
	buf_release(&s->out);
	s->out_at = 0;
	s->peer_ended = true;
	s->can_read = !s->ssl;
	fail_later(s, code, s->fail_sys);
}

static void flush(struct stream *s)
{
	struct err e = ERR_INIT;
	size_t pending = stream_pending(s), taken = 0;
	if (pending && s->can_write) {
		if (write_some(s, BYTES(s->out.p + s->out_at, pending), &taken, &e) != 0) {
			write_broke(s, e.code);
			return;
		}
		s->out_at += taken;
	}
	if (stream_pending(s))
		return;
	buf_release(&s->out);
	s->out_at = 0;
	if (s->want_shutdown && !s->did_shutdown)
		shut_down_now(s);
	if (pending && s->ev->drained)
		s->ev->drained(s->arg);
}

static void end_reached(struct stream *s)
{
	struct err e = ERR_INIT;
	if (s->fail_code) {
		tell_failure(s);
		return;
	}
	s->end_after_flush = true;
	if (stream_pending(s))
		return;
	say_close_notify(s);
	err_set(&e, ERR_END, "the peer ended the connection");
	close_with(s, ERR_END, &e);
}

static bool may_read(const struct stream *s)
{
	return s->state == OPEN && !s->freed && s->can_read && !s->paused && !s->end_after_flush;
}

static void read_some(struct stream *s)
{
	uint8_t *to = shared_of(s->loop)->read_buf;
	bool waits_to_write = false;
	for (int i = 0; i < READS_PER_TURN && may_read(s) && !waits_to_write; i++) {
		struct err e;
		e.device_status = 0;
		ssize_t n = read_once(s, to, READ_SIZE, &e);
		if (n == FAILED) {
			close_with(s, e.code, &e);
		} else if (n == ENDED) {
			end_reached(s);
		} else if (n > 0) {
			s->received += (uint64_t)n;
			s->ev->data(s->arg, BYTES(to, (size_t)n));
			secret_wipe(to, (size_t)n); /* it may hold a password, and the next read may be far away */
		} else {
			waits_to_write = s->can_read && !s->can_write; /* TLS; that edge comes */
		}
	}
	if (may_read(s) && !waits_to_write)
		kick(s);
}

/* The whole conversation: each step goes on where the one before it came through. */
static void advance(struct stream *s)
{
	if (s->fail_code && s->state != OPEN) {
		tell_failure(s);
		return;
	}
	if (s->state == CONNECTING && finish_connect(s)) {
		if (s->tls || s->ssl)
			begin_handshake(s);
		else
			become_open(s);
	}
	if (s->state == HANDSHAKE && !s->freed)
		shake_hands(s);
	if (s->state == OPEN && !s->freed && !s->fail_code)
		flush(s);
	if (may_read(s))
		read_some(s);
	if (s->state != OPEN || s->freed)
		return;
	if (s->fail_code && !may_read(s))
		tell_failure(s);
	else if (s->end_after_flush && stream_pending(s) == 0)
		end_reached(s);
}

static void destroy(struct stream *s)
{
	SSL_SESSION_free(s->keeper.session);
	free(s->server_name);
	free(s);
}

static void pump(struct stream *s)
{
	if (s->state == CLOSED)
		return;
	s->in_call = true;
	advance(s);
	s->in_call = false;
	if (s->freed)
		destroy(s);
}

static void on_events(void *arg, int events)
{
	struct stream *s = arg;
	s->can_read |= (events & LOOP_READ) != 0;
	s->can_write |= (events & LOOP_WRITE) != 0;
	s->peer_ended |= (events & LOOP_END) != 0;
	pump(s);
}

static struct stream *stream_new(struct loop *l, int fd, int64_t timeout_ms, const struct stream_events *ev, void *arg)
{
	struct stream *s = mem_alloc(sizeof(*s));
	s->loop = l;
	s->ev = ev;
	s->arg = arg;
	s->fd = fd;
	s->timeout_ms = timeout_ms;
	list_init(&s->kick);
	buf_init(&s->out, STREAM_PENDING_MAX);
	loop_timer_init(&s->timer, l, on_timeout, s);
	return s;
}

static void watch(struct stream *s)
{
	s->watch = loop_fd_new(s->loop, s->fd, on_events, s);
	loop_fd_want(s->watch, LOOP_READ | LOOP_WRITE | LOOP_EDGE);
	loop_timer_set(&s->timer, s->timeout_ms);
}

struct stream *stream_connect_start(struct loop *l, const struct stream_connect *c, const struct stream_events *ev,
				    void *arg)
{
	int fd = socket(c->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stream *s = stream_new(l, fd, c->timeout_ms, ev, arg);
	s->tls = c->tls;
	s->tls_opts = c->tls_opts;
	s->server_name = c->tls ? mem_str(c->tls_opts.server_name) : NULL;
	if (fd < 0) {
		fail_later(s, ERR_SYSTEM, errno);
		return s;
	}
	if (c->to.ss_family != AF_UNIX)
		stream_tcp_options(fd);
	if (connect(fd, (const struct sockaddr *)&c->to, c->to_len) != 0 && errno != EINPROGRESS)
		fail_later(s, connect_code(errno), errno);
	else
		watch(s);
	return s;
}

struct stream *stream_accept(struct loop *l, int fd, struct tls_ctx *tls, const struct tls_opts *opts,
			     int64_t timeout_ms, const struct stream_events *ev, void *arg)
{
	struct stream *s = stream_new(l, fd, timeout_ms, ev, arg);
	if (tls && tls_ssl_new(tls, opts, fd, &s->ssl, NULL) != 0)
		fail_later(s, ERR_TLS_FAILED, 0);
	else
		watch(s);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s || s->freed)
		return;
	if (s->state == OPEN && !s->fail_code)
		say_close_notify(s);
	s->state = CLOSED;
	release_io(s);
	s->freed = true;
	if (!s->in_call)
		destroy(s);
}

void stream_abort(struct stream *s)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	if (s->fd >= 0)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* else it is a FIN */
	s->state = CLOSED;
	release_io(s);
}

/* Keeps what could not be written yet. The ceiling was looked at: at most the part that is gone already is in the way.
 */
static void keep(struct stream *s, struct bytes data)
{
	if (s->out_at && s->out.len + data.len > s->out.max) {
		buf_consume(&s->out, s->out_at);
		s->out_at = 0;
	}
	ASSERT(buf_add_bytes(&s->out, data) == 0);
}

static int broken(struct err *e)
{
	return err_set(e, ERR_CLOSED, "the connection is closed");
}

int stream_write(struct stream *s, struct bytes data, struct err *e)
{
	size_t pending = stream_pending(s), taken = 0;
	if (s->state == CLOSED || s->fail_code || s->want_shutdown)
		return broken(e);
	if (data.len > STREAM_PENDING_MAX - pending)
		return err_set(e, ERR_TOO_BIG, "more than %d bytes wait to be sent", STREAM_PENDING_MAX);
	if (s->state == OPEN && pending == 0) {
		struct err why = ERR_INIT;
		int rc = write_some(s, data, &taken, &why);
		if (rc) {
			write_broke(s, rc);
			if (e)
				*e = why;
			return rc;
		}
	}
	if (taken < data.len)
		keep(s, BYTES(data.p + taken, data.len - taken));
	return 0;
}

uint64_t stream_bytes_sent(const struct stream *s)
{
	return s->sent;
}

uint64_t stream_bytes_received(const struct stream *s)
{
	return s->received;
}

size_t stream_pending(const struct stream *s)
{
	return s->out.len - s->out_at;
}

void stream_shutdown(struct stream *s)
{
	if (s->state == CLOSED || s->want_shutdown)
		return;
	s->want_shutdown = true;
	if (s->state == OPEN && stream_pending(s) == 0)
		shut_down_now(s);
}

void stream_pause(struct stream *s, bool paused)
{
	s->paused = paused;
	if (!paused && s->state == OPEN && s->can_read)
		kick(s);
}

int stream_fd(const struct stream *s)
{
	return s->fd;
}

bool stream_tls_leaf(const struct stream *s, uint8_t ret_pin[TLS_PIN_SIZE])
{
	X509 *leaf = s->ssl && s->state == OPEN ? SSL_get1_peer_certificate(s->ssl) : NULL;
	unsigned len = 0;
	bool ok = leaf && X509_digest(leaf, EVP_sha256(), ret_pin, &len) && len == TLS_PIN_SIZE;
	X509_free(leaf);
	return ok;
}

const char *stream_tls_version(const struct stream *s)
{
	return s->ssl ? SSL_get_version(s->ssl) : "";
}

bool stream_tls_resumed(const struct stream *s)
{
	return s->ssl && SSL_session_reused(s->ssl);
}

/* A struct tls_session is an SSL_SESSION, which counts its references itself. */
struct tls_session *stream_tls_session(struct stream *s)
{
	SSL_SESSION *session = s->keeper.session;
	if (!session || !SSL_SESSION_is_resumable(session) || !SSL_SESSION_up_ref(session))
		return NULL;
	return (struct tls_session *)session;
}

void tls_session_free(struct tls_session *t)
{
	SSL_SESSION_free((SSL_SESSION *)t);
}

void stream_tls_resume(struct stream *s, struct tls_session *t)
{
	if (!t || s->state != CONNECTING || !SSL_SESSION_up_ref((SSL_SESSION *)t))
		return;
	SSL_SESSION_free(s->keeper.session);
	s->keeper.session = (SSL_SESSION *)t;
}
