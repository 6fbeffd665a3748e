#include <sys/socket.h>
#include <unistd.h>

#include "api/api_priv.h"
#include "base/base.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/secret.h"

#define EARLY_MAX (1u << 20) /* more than one read of a stream brings */

static void on_open(void *arg)
{
	struct conn *c = arg;
	c->open = true;
	conn_wait(c, HEAD_MS);
}

/* One step of the reader. Returns how many bytes it took; *ret_again: it wants to be called, be it with nothing. */
static size_t feed_once(struct conn *c, struct bytes data, bool *ret_again)
{
	size_t used;
	enum http1_event event = HTTP1_MORE;
	*ret_again = false;
	struct err e = ERR_INIT;
	if (http1_is_idle(&c->http))
		conn_wait(c, HEAD_MS);
	int code = http1_feed(&c->http, data, &used, &event, &e);
	if (code) {
		c->req = (struct request){.keep_alive = false};
		reply_error(c, code == ERR_TOO_BIG ? 413 : 400, &e);
		return data.len;
	}
	if (event == HTTP1_HEAD) {
		*ret_again = true;
		conn_wait(c, BODY_MS);
		request_head(c);
	} else if (event == HTTP1_DONE) {
		c->state = CONN_WORKING;
		loop_timer_stop(&c->timer);
		request_run(c);
	}
	return used;
}

/* Feeds what came until a request has to wait for its answer. Requests that are answered at once come back here, not
 * deeper: so a thousand of them in one packet cost no stack. */
static void feed(struct conn *c, struct bytes data)
{
	bool again = false;
	c->feeding = true;
	while ((data.len || again) && c->state == CONN_READING) {
		size_t used = feed_once(c, data, &again);
		data = BYTES(data.p + used, data.len - used);
	}
	c->feeding = false;
	if (c->state != CONN_WORKING && c->state != CONN_WRITING)
		return;
	stream_pause(c->stream, true);
	if (buf_add_bytes(&c->early, data))
		conn_close(c);
}

static void on_data(void *arg, struct bytes data)
{
	struct conn *c = arg;
	if (c->state == CONN_READING)
		feed(c, data);
	else if ((c->state == CONN_WORKING || c->state == CONN_WRITING) && buf_add_bytes(&c->early, data))
		conn_close(c);
}

static void on_drained(void *arg)
{
	struct conn *c = arg;
	if (c->state == CONN_STREAMING || c->state == CONN_WRITING)
		loop_timer_stop(&c->timer); /* it set a limit to standing still */
	conn_pump(c);
}

static void on_closed(void *arg, int code, const struct err *e)
{
	conn_close(arg);
}

static const struct stream_events stream_events = {on_open, on_data, on_drained, on_closed};

static void on_timeout(void *arg)
{
	struct conn *c = arg;
	struct err e = ERR_INIT;
	if (c->state == CONN_WORKING && c->number) {
		(void)map_u64_delete(c->api->waiting, c->number); /* an answer that comes now has no reader */
		c->number = 0;
		(void)err_set(&e, ERR_TIMEOUT, "the zone has not answered yet; the command may still be carried out");
		c->req.keep_alive = false;
		reply_error(c, 503, &e);
		return;
	}
	if (c->state == CONN_READING && c->open && !http1_is_idle(&c->http)) {
		(void)err_set(&e, ERR_TIMEOUT, "the request did not come in time");
		c->req = (struct request){.keep_alive = false};
		reply_error(c, 408, &e);
		return;
	}
	conn_close(c);
}

void conn_wait(struct conn *c, int64_t ms)
{
	loop_timer_set(&c->timer, ms);
}

/* Who is at the other end of the local socket is known to the kernel. */
static void ask_kernel(struct conn *c, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return;
	c->is_admin = cred.uid == 0 || cred.uid == getuid();
	c->peer.kind = c->is_admin ? PRINCIPAL_LOCAL : PRINCIPAL_NOBODY;
	if (cred.uid == 0)
		(void)snprintf(c->peer.name, sizeof(c->peer.name), "root (local)");
	else
		(void)snprintf(c->peer.name, sizeof(c->peer.name), "uid %u (local)", (unsigned)cred.uid);
}

void conn_new(struct api *a, struct listener *l, int fd, struct source *source)
{
	struct conn *c = mem_alloc(sizeof(*c));
	c->magic = CONN_MAGIC;
	c->api = a;
	c->from = l;
	c->source = source;
	c->state = CONN_READING;
	http1_init(&c->http, HTTP1_REQUEST, BODY_LARGE);
	buf_init(&c->early, EARLY_MAX);
	buf_init(&c->out, REPLY_MAX + HTTP1_HEAD_MAX);
	loop_timer_init(&c->timer, a->loop, on_timeout, c);
	list_init(&c->stream_link);
	list_append(&a->conns, &c->link);
	(void)snprintf(c->peer.name, sizeof(c->peer.name), "nobody");
	(void)snprintf(c->peer.source, sizeof(c->peer.source), "%s", source->name);
	l->conns++;
	metric_add(METRIC_api_connections, 1);
	if (l->local)
		ask_kernel(c, fd);
	c->stream = stream_accept(a->loop, fd, l->local ? NULL : a->tls, NULL, HEAD_MS, &stream_events, c);
	conn_wait(c, HEAD_MS);
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	events_leave(c);
	c->state = CONN_DEAD;
	loop_timer_stop(&c->timer);
	stream_free(c->stream);
	c->stream = NULL;
	if (c->number)
		(void)map_u64_delete(c->api->waiting, c->number); /* the command goes on, nobody waits */
	c->number = 0;
	c->from->conns--;
	source_leave(c->api, c->source);
	metric_add(METRIC_api_connections, -1);
	list_remove(&c->link);
	list_append(&c->api->dead, &c->link);
}

/* May hold a password or a token. */
static void wipe(struct buf *b)
{
	secret_wipe(b->p, b->cap);
	buf_release(b);
}

static void conn_free(struct conn *c)
{
	request_forget(c);
	http1_release(&c->http);
	wipe(&c->early);
	wipe(&c->out);
	list_remove(&c->link);
	free(c);
}

void conn_sweep(struct api *a)
{
	LIST_EACH(&a->dead, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, link);
		if (!c->busy)
			conn_free(c);
	}
}

/* What came while the last answer was made. */
static void read_on(struct conn *c)
{
	struct buf early = c->early;
	buf_init(&c->early, EARLY_MAX);
	feed(c, buf_bytes(&early));
	wipe(&early);
	if (c->state == CONN_READING)
		stream_pause(c->stream, false);
}

/* The answer has left: make ready for the next request, which may be here already. */
static void finish(struct conn *c)
{
	request_forget(c);
	wipe(&c->out);
	buf_init(&c->out, REPLY_MAX + HTTP1_HEAD_MAX);
	c->out_at = 0;
	if (!c->req.keep_alive) {
		c->state = CONN_ENDING;
		stream_pause(c->stream, false); /* what still comes is dropped, so that our answer is not */
		stream_shutdown(c->stream);
		conn_wait(c, LINGER_MS);
		return;
	}
	http1_next(&c->http);
	if (!c->early.len)
		http1_shrink(&c->http);
	c->state = CONN_READING;
	conn_wait(c, IDLE_MS);
	if (!c->feeding)
		read_on(c);
}

/* Gives out to the stream; true when all of it went. */
static bool write_out(struct conn *c)
{
	while (c->out_at < c->out.len && stream_pending(c->stream) < PENDING_MAX) {
		size_t n = c->out.len - c->out_at;
		if (n > PENDING_MAX)
			n = PENDING_MAX;
		if (stream_write(c->stream, BYTES(c->out.p + c->out_at, n), NULL)) {
			conn_close(c);
			return false;
		}
		c->out_at += n;
	}
	if (c->out_at < c->out.len && !loop_timer_is_set(&c->timer))
		conn_wait(c, WRITE_MS);
	return c->out_at == c->out.len;
}

static void pump_stream(struct conn *c)
{
	do {
		if (!write_out(c))
			return;
		buf_reset(&c->out);
		c->out_at = 0;
	} while (events_fill(c));
	if (stream_pending(c->stream) && !loop_timer_is_set(&c->timer))
		conn_wait(c, WRITE_MS);
}

void conn_pump(struct conn *c)
{
	if (c->state == CONN_STREAMING)
		pump_stream(c);
	else if (c->state == CONN_WRITING && write_out(c))
		finish(c);
}

/* The zone leaves a hole at the end of its answer for a secret that it never sees. */
static void reply_secret(struct conn *c, const struct api_answer *answer, const char *hole, struct bytes secret)
{
	struct buf body;
	size_t len = strlen(hole), size = answer->body.len + secret.len + 16;
	ASSERT(answer->body.len > len && memcmp(answer->body.p + answer->body.len - len, hole, len) == 0);
	buf_init(&body, size);
	(void)buf_reserve(&body, size - 1);                    /* at once: what grows leaves copies behind */
	(void)buf_reserve(&c->out, size + HTTP1_HEAD_MAX / 2); /* the same */
	(void)buf_add(&body, answer->body.p, answer->body.len - strlen("null}"));
	(void)buf_addc(&body, '"');
	(void)buf_add_bytes(&body, secret);
	(void)buf_adds(&body, "\"}");
	reply_json(c, answer->status, buf_bytes(&body));
	wipe(&body);
}

void conn_answered(struct conn *c, const struct api_answer *answer)
{
	c->number = 0;
	c->req.changed = true;
	c->req.answered_after = answer->before;
	loop_timer_stop(&c->timer);
	if (answer->status == 200 && c->req.command == api_command(API_CMD_SETUP) && c->api->setup_path)
		(void)unlink(c->api->setup_path); /* used: it works for nobody any more */
	bool new_root = c->req.command == api_command(API_CMD_CERTIFICATE_AUTHORITY_REMINT) ||
			c->req.command == api_command(API_CMD_CERTIFICATE_AUTHORITY_RESTORE);
	if (answer->status == 200 && new_root && c->api->root_changed)
		c->api->root_changed(c->api->root_changed_arg);
	if (answer->status == 204)
		reply_none(c);
	else if (answer->status == 200 && *c->token_secret && !c->req.cookie)
		reply_secret(c, answer, "\"token\":null}", bytes_str(c->token_secret));
	else if (answer->status == 200 && c->work.file.len)
		reply_secret(c, answer, "\"file\":null}", BYTES(c->work.file.p, c->work.file.len));
	else
		reply_json(c, answer->status, buf_bytes(&answer->body));
}

void conn_shut_idle(struct api *a)
{
	LIST_EACH(&a->conns, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, link);
		if (c->state == CONN_READING || c->state == CONN_STREAMING)
			conn_close(c);
	}
}
