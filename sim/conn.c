#include "conn.h"

#include "base/base.h"
#include "http.h"
#include "setup.h"
#include "sim.h"
#include "tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE     (64 * 1024)
#define OUT_MAX       (32 * 1024 * 1024)
#define REST_MAX      (256 * 1024)
#define FREE_LIST_MAX 4096
#define FILLER_PIECE  (64 * 1024)
#define REQUEST_MAX   (64 * 1024)

struct conns {
	struct sim *s;
	struct list open; /* the longest idle first */
	struct list spare;
	size_t open_count, spare_count;
	uint64_t last_id;
	struct loop_timer sweep;
	uint8_t read[READ_SIZE];
};

static void on_ready(void *arg, int events);
static void on_timer(void *arg);
static void pump(struct conn *c);

static struct conns *conns_of(const struct conn *c)
{
	return http_conns(c->s);
}

static void release(struct conn *c)
{
	http1_release(&c->in);
	buf_release(&c->rest);
	buf_release(&c->out);
	free(c);
}

static void touch(struct conn *c)
{
	c->active_ms = loop_now_ms(c->s->loop);
	list_remove(&c->link);
	list_append(&conns_of(c)->open, &c->link);
}

/* Keeps the buffers of connections that end, so that a new one needs no memory. */
static void recycle(struct conn *c)
{
	struct conns *all = conns_of(c);

	if (all->spare_count >= FREE_LIST_MAX) {
		release(c);
		return;
	}
	http1_reuse(&c->in);
	if (c->out.cap > FILLER_PIECE)
		buf_release(&c->out);
	all->spare_count++;
	list_append(&all->spare, &c->link);
}

static void count_tls_bytes(struct conn *c)
{
	uint64_t in, out;

	if (!c->ssl)
		return;
	tls_counts(c->ssl, &in, &out);
	c->d->count.bytes_in += in;
	c->d->count.bytes_out += out;
}

static void end(struct conn *c, bool reset)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (c->gone)
		return;
	c->gone = true;
	loop_timer_stop(&c->timer);
	count_tls_bytes(c);
	if (c->ssl)
		tls_close(c->ssl, !reset);
	if (reset)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* then it is a FIN */
	loop_fd_free(c->watch);
	(void)close(c->fd); /* nothing can be done about it */
	c->d->open--;
	list_remove(&c->link);
	conns_of(c)->open_count--;
	if (!c->in_callback)
		recycle(c);
}

void conn_close(struct conn *c)
{
	end(c, false);
}

void conn_reset(struct conn *c)
{
	end(c, true);
}

void conn_hang(struct conn *c)
{
	c->answering = true;
	c->end = CONN_HANG;
	loop_fd_want(c->watch, 0);
}

void conns_drop(struct sim *s, const struct device *d)
{
	if (!s->http)
		return; /* devices are still being made */
	LIST_EACH(&http_conns(s)->open, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, link);

		if (c->d == d && !c->in_callback)
			conn_reset(c);
	}
}

/* A connection that hangs is not watched; it goes when the peer has gone. */
static bool peer_is_gone(const struct conn *c)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	return getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 || info.tcpi_state != TCP_ESTABLISHED;
}

static void on_sweep(void *arg)
{
	struct conns *all = arg;
	int64_t now = loop_now_ms(all->s->loop);

	LIST_EACH(&all->open, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, link);

		if (c->answering && c->end == CONN_HANG) {
			if (peer_is_gone(c))
				conn_close(c);
			continue;
		}
		if (now - c->active_ms < all->s->set.idle_timeout * 1000)
			break;
		if (!c->answering)
			conn_close(c);
	}
	if (all->open_count > 0)
		loop_timer_set(&all->sweep, 1000);
}

struct conns *conns_new(struct sim *s)
{
	struct conns *all = mem_alloc(sizeof(*all));

	all->s = s;
	list_init(&all->open);
	list_init(&all->spare);
	loop_timer_init(&all->sweep, s->loop, on_sweep, all);
	return all;
}

void conns_free(struct conns *all)
{
	if (!all)
		return;
	LIST_EACH(&all->open, it, safe)
		conn_reset(LIST_ENTRY(it, struct conn, link));
	LIST_EACH(&all->spare, it, safe)
		release(LIST_ENTRY(it, struct conn, link));
	loop_timer_stop(&all->sweep);
	free(all);
}

size_t conns_count(const struct conns *all)
{
	return all->open_count;
}

static struct conn *take(struct conns *all)
{
	struct conn *c = LIST_FIRST(&all->spare, struct conn, link);

	if (c) {
		list_remove(&c->link);
		all->spare_count--;
		buf_reset(&c->out);
		buf_reset(&c->rest);
		return c;
	}
	c = mem_alloc(sizeof(*c));
	list_init(&c->link);
	http1_init(&c->in, HTTP1_REQUEST, REQUEST_MAX);
	buf_init(&c->rest, REST_MAX);
	buf_init(&c->out, OUT_MAX);
	return c;
}

void conn_start(struct sim *s, struct device *d, int fd, bool tls, uint32_t peer, bool hang)
{
	struct conns *all = http_conns(s);
	struct conn *c = take(all);

	c->s = s;
	c->d = d;
	c->id = ++all->last_id;
	c->peer = peer;
	c->fd = fd;
	c->ssl = NULL;
	c->handshaking = tls;
	c->answering = c->drip = c->in_callback = c->gone = false;
	c->end = CONN_KEEP;
	c->filler_left = 0;
	c->session[0] = '\0';
	c->watch = loop_fd_new(s->loop, fd, on_ready, c);
	loop_timer_init(&c->timer, s->loop, on_timer, c);
	d->open++;
	if (all->open_count++ == 0)
		loop_timer_set(&all->sweep, 1000);
	touch(c);
	if (hang) {
		conn_hang(c);
		return;
	}
	if (tls) {
		c->ssl = tls_open(s, d, fd);
		if (!c->ssl) {
			conn_close(c);
			return;
		}
	}
	loop_fd_want(c->watch, LOOP_READ);
}

/* Sends what the kernel takes. 1: all gone, 0: later, -1: the connection has ended. */
static int send_some(struct conn *c, const uint8_t *p, size_t len, size_t *sent)
{
	ssize_t n;
	size_t done;

	while (*sent < len) {
		if (c->ssl) {
			switch (tls_write(c->ssl, p + *sent, len - *sent, &done)) {
			case TLS_DONE:
				*sent += done;
				continue;
			case TLS_WANT_READ:
			case TLS_WANT_WRITE:
				return 0;
			default:
				conn_reset(c);
				return -1;
			}
		}
		n = send(c->fd, p + *sent, len - *sent, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0) {
			conn_reset(c);
			return -1;
		}
		c->d->count.bytes_out += (uint64_t)n;
		*sent += (size_t)n;
	}
	return 1;
}

static void answered(struct conn *c)
{
	switch (c->end) {
	case CONN_CLOSE:
		conn_close(c);
		return;
	case CONN_RESET:
		conn_reset(c);
		return;
	case CONN_HANG:
		conn_hang(c);
		return;
	default:
		c->answering = c->drip = false;
	}
}

/* Puts the next piece of what follows the answer into out. */
static void refill(struct conn *c)
{
	size_t len = strlen(c->filler);

	while (c->filler_left > 0 && c->out.len < FILLER_PIECE) {
		size_t n = c->filler_left < len ? (size_t)c->filler_left : len;

		(void)buf_add(&c->out, c->filler, n); /* far below its ceiling */
		c->filler_left -= n;
	}
	if (c->filler_left == 0)
		(void)buf_adds(&c->out, c->tail);
}

static void flush(struct conn *c)
{
	size_t sent = 0, len = c->drip && c->out.len > 1 ? 1 : c->out.len;
	int r = send_some(c, c->out.p, len, &sent);

	if (r < 0)
		return;
	buf_consume(&c->out, sent);
	touch(c);
	if (c->out.len == 0 && c->filler_left > 0) {
		refill(c);
		r = 0;
	}
	if (c->out.len == 0) {
		answered(c);
		if (!c->gone && !c->answering)
			loop_fd_want(c->watch, LOOP_READ);
		return;
	}
	if (c->drip && r == 1) {
		loop_fd_want(c->watch, 0);
		loop_timer_set(&c->timer, 1000);
		return;
	}
	loop_fd_want(c->watch, LOOP_WRITE);
}

void conn_answer(struct conn *c, struct bytes answer, enum conn_end how, int64_t delay_ms)
{
	size_t sent = 0;

	c->answering = true;
	c->end = (uint8_t)how;
	c->d->count.replies++;
	if (delay_ms > 0 || c->drip || c->filler_left > 0) {
		(void)buf_add_bytes(&c->out, answer); /* our own answers are below the ceiling */
		loop_fd_want(c->watch, delay_ms > 0 ? 0 : LOOP_WRITE);
		if (delay_ms > 0)
			loop_timer_set(&c->timer, delay_ms);
		return;
	}
	switch (send_some(c, answer.p, answer.len, &sent)) {
	case 1:
		touch(c);
		answered(c);
		return;
	case 0:
		(void)buf_add(&c->out, answer.p + sent, answer.len - sent); /* as above */
		loop_fd_want(c->watch, LOOP_WRITE);
	}
}

void conn_answer_filler(struct conn *c, struct bytes answer, const char *filler, uint64_t len, const char *tail)
{
	c->filler = filler;
	c->filler_left = len;
	c->tail = tail;
	conn_answer(c, answer, CONN_KEEP, 0);
}

void conn_write_now(struct conn *c, struct bytes bytes)
{
	size_t sent = 0;

	(void)send_some(c, bytes.p, bytes.len, &sent); /* a few bytes on an empty socket */
}

/* Hands over what is in rest, as far as answers allow. */
static void drain_rest(struct conn *c)
{
	while (!c->gone && !c->answering && c->rest.len > 0)
		buf_consume(&c->rest, http_data(c, buf_bytes(&c->rest)));
}

static void take_bytes(struct conn *c, const uint8_t *p, size_t len)
{
	size_t used = 0;

	if (c->rest.len == 0)
		while (used < len && !c->gone && !c->answering)
			used += http_data(c, BYTES(p + used, len - used));
	if (!c->gone && used < len && buf_add(&c->rest, p + used, len - used) != 0)
		conn_reset(c);
}

static void read_tls(struct conn *c)
{
	struct conns *all = conns_of(c);
	size_t len;

	while (!c->gone && !c->answering) {
		switch (tls_read(c->ssl, all->read, sizeof(all->read), &len)) {
		case TLS_DONE:
			take_bytes(c, all->read, len);
			continue;
		case TLS_WANT_READ:
		case TLS_WANT_WRITE:
			return;
		default:
			conn_close(c);
		}
	}
}

static void read_plain(struct conn *c)
{
	struct conns *all = conns_of(c);
	ssize_t n = recv(c->fd, all->read, sizeof(all->read), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_close(c);
		return;
	}
	c->d->count.bytes_in += (uint64_t)n;
	take_bytes(c, all->read, (size_t)n);
}

static void handshake(struct conn *c)
{
	switch (tls_handshake(c->s, c->ssl)) {
	case TLS_DONE:
		c->handshaking = false;
		c->d->count.handshakes++;
		c->d->count.resumed += tls_was_resumed(c->ssl);
		if (c->d->mode == DEVICE_SETUP)
			setup_reached(c->s, c->d);
		loop_fd_want(c->watch, LOOP_READ);
		read_tls(c);
		return;
	case TLS_WANT_READ:
		loop_fd_want(c->watch, LOOP_READ);
		return;
	case TLS_WANT_WRITE:
		loop_fd_want(c->watch, LOOP_WRITE);
		return;
	default:
		conn_close(c);
	}
}

/* Goes on after an answer: what came meanwhile is read now. */
static void pump(struct conn *c)
{
	drain_rest(c);
	if (!c->gone && !c->answering && c->ssl && !c->handshaking)
		read_tls(c);
}

static void leave(struct conn *c)
{
	c->in_callback = false;
	if (c->gone)
		recycle(c);
}

static void on_ready(void *arg, int events)
{
	struct conn *c = arg;

	c->in_callback = true;
	touch(c);
	if (c->handshaking) {
		handshake(c);
	} else if (c->answering) {
		if (c->out.len > 0 && !loop_timer_is_set(&c->timer))
			flush(c);
		if (!c->gone && !c->answering)
			pump(c);
	} else if (c->ssl) {
		read_tls(c);
	} else {
		read_plain(c);
	}
	leave(c);
}

static void on_timer(void *arg)
{
	struct conn *c = arg;

	c->in_callback = true;
	flush(c);
	if (!c->gone && !c->answering)
		pump(c);
	leave(c);
}
