#include "lamp/client.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/base.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/stream.h"
#include "codec/http1.h"
#include "codec/json.h"
#include "codec/sse.h"
#include "lamp/session.h"

#define DEFAULT_SERVER "unix:/var/lib/lamplighter/lampd.sock"
#define CONNECT_MS     10000
#define BODY_MAX       (32u << 20)
#define EVENT_MAX      (1u << 20)
#define RECONNECTS     5
#define RECONNECT_MS   500

struct client {
	struct loop *loop;
	struct sockaddr_storage to;
	socklen_t to_len;
	struct tls_ctx *tls;
	struct secret token;
	char host[256]; /* for the Host header and the certificate */
	char where[300];
	/* The conversation under way. */
	struct stream *stream;
	struct http1 http;
	struct buf request;
	bool opened, finished;
	int code;
	struct err why;
	/* A followed stream. */
	struct sse_reader *events;
	bool (*on_event)(void *arg, struct bytes data);
	void *arg;
	bool enough;
	unsigned silent_breaks;
};

static int use_unix(struct client *c, const char *path, struct err *e)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&c->to;
	un->sun_family = AF_UNIX;
	if (!bytes_to_str(bytes_str(path), un->sun_path, sizeof(un->sun_path)))
		return err_set(e, ERR_INVALID, "server \"unix:%s\": the path is too long", path);
	c->to_len = sizeof(*un);
	(void)bytes_to_str(BYTES_LIT("localhost"), c->host, sizeof(c->host)); /* fits */
	return 0;
}

static int split_host(const char *text, char *host, size_t host_size, char port[16], struct err *e)
{
	struct bytes all = bytes_str(text);
	while (all.len && all.p[all.len - 1] == '/')
		all.len--;
	const char *end = (const char *)all.p + all.len;
	const char *colon = memrchr(all.p, ':', all.len);
	bool bracket = all.len && all.p[0] == '[';
	const char *close = bracket ? memchr(all.p, ']', all.len) : NULL;
	if (bracket && (!close || (colon && colon < close)))
		colon = NULL;
	struct bytes name = BYTES(text, (size_t)((colon ? colon : end) - text));
	if (bracket && close)
		name = BYTES(text + 1, (size_t)(close - text - 1));
	if (!name.len || !bytes_to_str(name, host, host_size) ||
	    !bytes_to_str(colon ? BYTES(colon + 1, (size_t)(end - colon - 1)) : BYTES_LIT("8443"), port, 16))
		return err_set(e, ERR_INVALID, "server \"https://%s\": it is written https://HOST:PORT", text);
	return 0;
}

static int use_https(struct client *c, const char *text, const char *ca, struct err *e)
{
	char port[16];
	int rc = split_host(text, c->host, sizeof(c->host), port, e);
	if (rc)
		return rc;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	int gai = getaddrinfo(c->host, port, &hints, &found);
	if (gai)
		return err_set(e, ERR_NO_SERVER, "server \"%s\": %s", c->host, gai_strerror(gai));
	memcpy(&c->to, found->ai_addr, found->ai_addrlen);
	c->to_len = found->ai_addrlen;
	freeaddrinfo(found);
	rc = tls_ctx_new(TLS_CLIENT, &c->tls, e);
	if (!rc)
		rc = tls_ctx_set_ca(c->tls, ca, e);
	return rc;
}

/* The local socket knows its own users; others log in there too. */
static int take_token(struct client *c, const char *token_file, struct err *e)
{
	if (token_file)
		return secret_read_file(token_file, &c->token, e);
	int rc = session_read(c->where, &c->token, e);
	if (rc != ERR_NOT_FOUND)
		return rc;
	if (!c->tls)
		return 0;
	return err_set(e, ERR_NOT_ALLOWED,
		       "server \"%s\" needs a login: run 'lamp login NAME', or give --token-file FILE or set "
		       "LAMP_TOKEN_FILE",
		       c->host);
}

int client_new(const char *where, const char *ca, const char *token_file, bool no_login, struct client **ret,
	       struct err *e)
{
	struct client *c = mem_alloc(sizeof(*c));
	c->loop = loop_new(clock_real());
	http1_init(&c->http, HTTP1_REPLY, BODY_MAX);
	buf_init(&c->request, BODY_MAX);
	where = where ? where : getenv("LAMP_SERVER");
	where = where ? where : DEFAULT_SERVER;
	ca = ca ? ca : getenv("LAMP_CA");
	token_file = token_file ? token_file : getenv("LAMP_TOKEN_FILE");
	int rc;
	if (!bytes_to_str(bytes_str(where), c->where, sizeof(c->where)))
		rc = err_set(e, ERR_INVALID, "server: the name is too long");
	else if (strncmp(where, "unix:", 5) == 0)
		rc = use_unix(c, where + 5, e);
	else if (strncmp(where, "https://", 8) == 0)
		rc = use_https(c, where + 8, ca, e);
	else
		rc = err_set(e, ERR_INVALID, "server \"%s\": it is written unix:PATH or https://HOST:PORT", where);
	if (!rc && !no_login)
		rc = take_token(c, token_file, e);
	if (rc) {
		client_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

const char *client_where(const struct client *c)
{
	return c->where;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	stream_free(c->stream);
	http1_release(&c->http);
	buf_release(&c->request);
	secret_release(&c->token);
	tls_ctx_free(c->tls);
	loop_free(c->loop);
	free(c);
}

static void finish(struct client *c, int code, const struct err *e)
{
	c->finished = true;
	c->code = code;
	if (e)
		c->why = *e;
	loop_stop(c->loop);
}

static void on_open(void *arg)
{
	struct client *c = arg;
	c->opened = true;
	struct err e = ERR_INIT;
	int rc = stream_write(c->stream, buf_bytes(&c->request), &e);
	if (rc)
		finish(c, rc, &e);
}

/* Hands on what the stream of events brought; true when the caller has enough. */
static int take_events(struct client *c, struct err *e)
{
	struct bytes in = buf_bytes(&c->http.body);
	int rc = 0;
	while (in.len && !rc && !c->enough) {
		size_t used;
		bool event;
		rc = sse_feed(c->events, in, &used, &event, e);
		if (rc)
			break;
		in = BYTES(in.p + used, in.len - used);
		if (event) {
			c->silent_breaks = 0;
			c->enough = c->on_event(c->arg, buf_bytes(&c->events->data));
		}
	}
	buf_reset(&c->http.body);
	return rc;
}

static void on_data(void *arg, struct bytes data)
{
	struct client *c = arg;
	struct err e = ERR_INIT;
	enum http1_event event = HTTP1_MORE;
	/* A head can be all that there is: whether a body follows it is told by the next event. */
	while ((data.len || event == HTTP1_HEAD) && !c->finished) {
		size_t used;
		int rc = http1_feed(&c->http, data, &used, &event, &e);
		if (!rc && event == HTTP1_HEAD && c->events && c->http.status == 200)
			http1_set_streaming(&c->http, true);
		if (!rc && c->events && c->http.streaming)
			rc = take_events(c, &e);
		if (rc)
			finish(c, rc, &e);
		else if (event == HTTP1_DONE || c->enough)
			finish(c, 0, NULL);
		data = rc ? BYTES_NONE : BYTES(data.p + used, data.len - used);
	}
}

static void on_closed(void *arg, int code, const struct err *e)
{
	struct client *c = arg;
	if (c->finished)
		return;
	struct err why = ERR_INIT;
	if (code == ERR_END && http1_end(&c->http, &why) == 0)
		finish(c, 0, NULL);
	else if (c->opened)
		finish(c, ERR_CLOSED, e);
	else
		finish(c, ERR_NO_SERVER, e);
}

static const struct stream_events stream_events = {on_open, on_data, NULL, on_closed};

static int write_request(struct client *c, const char *method, const char *path, struct bytes body, const char *last_id,
			 struct err *e)
{
	buf_reset(&c->request);
	http1_write_request(&c->request, method, path);
	http1_write_header_str(&c->request, "Host", c->host);
	http1_write_header_str(&c->request, "User-Agent", "lamp/" LAMPLIGHTER_VERSION);
	if (c->token.len) {
		struct buf bearer;
		buf_init(&bearer, 2048);
		buf_adds(&bearer, "Bearer ");
		buf_add(&bearer, c->token.p, c->token.len);
		http1_write_header(&c->request, "Authorization", buf_bytes(&bearer));
		secret_wipe(bearer.p, bearer.len);
		buf_release(&bearer);
	}
	if (last_id && *last_id)
		http1_write_header_str(&c->request, "Last-Event-ID", last_id);
	if (body.len) {
		http1_write_header_str(&c->request, "Content-Type", "application/json");
		http1_write_end_body(&c->request, body);
	} else if (strcmp(method, "GET") == 0 || strcmp(method, "DELETE") == 0) {
		http1_write_end(&c->request);
	} else {
		http1_write_end_body(&c->request, BYTES_NONE);
	}
	return buf_check(&c->request, e, "the request");
}

static int converse(struct client *c, struct err *e)
{
	struct stream_connect to = {.to = c->to,
				    .to_len = c->to_len,
				    .timeout_ms = CONNECT_MS,
				    .tls = c->tls,
				    .tls_opts = {.server_name = c->host}};
	c->opened = c->finished = false;
	c->code = 0;
	c->why = ERR_INIT;
	http1_reuse(&c->http);
	http1_set_streaming(&c->http, false);
	http1_expect(&c->http, false, false);
	c->stream = stream_connect_start(c->loop, &to, &stream_events, c);
	loop_run(c->loop);
	stream_free(c->stream);
	c->stream = NULL;
	if (!c->code)
		return 0;
	if (e)
		*e = c->why;
	return err_wrap(e, c->code, "server \"%s\"", c->where);
}

int client_ask(struct client *c, const char *method, const char *path, struct bytes body, struct reply *ret,
	       struct err *e)
{
	int rc = write_request(c, method, path, body, NULL, e);
	if (!rc)
		rc = converse(c, e);
	secret_wipe(c->request.p, c->request.len);
	if (rc)
		return rc;
	ret->status = c->http.status;
	if (!bytes_to_str(http1_header(&c->http, "Event-ID"), ret->event, sizeof(ret->event)))
		ret->event[0] = 0;
	buf_init(&ret->body, BODY_MAX);
	return buf_add_bytes(&ret->body, buf_bytes(&c->http.body));
}

static int http_code(int status)
{
	if (status == 401 || status == 403)
		return ERR_NOT_ALLOWED;
	return status == 404 ? ERR_NOT_FOUND : status >= 500 ? ERR_BUSY : ERR_INVALID;
}

int reply_check(const struct reply *r, struct err *e)
{
	if (r->status / 100 == 2)
		return 0;
	struct json_t *j = NULL;
	const char *name = NULL, *message = NULL;
	int code = http_code(r->status);
	if (json_parse(buf_bytes(&r->body), BODY_MAX, &j, NULL) == 0 &&
	    json_get_str(j, "error", 64, &name, NULL) == 0 && json_get_str(j, "message", 4096, &message, NULL) == 0) {
		int named = err_from_name(name);
		code = err_set(e, named == ERR_NOT_FOUND && strcmp(name, "not_found") != 0 ? code : named, "%s",
			       message);
	} else {
		code = err_set(e, code, "the server answered with HTTP status %d", r->status);
	}
	json_free(j);
	return code;
}

/* A new connection begins a new stream: what was half read goes, the last id stays. */
static void restart_reader(struct sse_reader *r, const char *last_id)
{
	sse_reader_release(r);
	sse_reader_init(r, EVENT_MAX);
	buf_adds(&r->id, last_id);
}

static int follow_once(struct client *c, const char *path, struct err *e)
{
	char last_id[64];
	(void)bytes_to_str(buf_bytes(&c->events->id), last_id, sizeof(last_id)); /* too long: from the beginning */
	restart_reader(c->events, last_id);
	int rc = write_request(c, "GET", path, BYTES_NONE, last_id, e);
	if (!rc)
		rc = converse(c, e);
	if (rc || c->enough || c->http.status == 200)
		return rc;
	struct reply r = {.status = c->http.status, .body = c->http.body};
	return reply_check(&r, e);
}

static void on_paused(void *arg)
{
	loop_stop(arg);
}

static void pause_before_reconnect(struct client *c)
{
	struct loop_timer timer;
	loop_timer_init(&timer, c->loop, on_paused, c->loop);
	loop_timer_set(&timer, RECONNECT_MS);
	loop_run(c->loop);
	loop_timer_stop(&timer);
}

int client_follow(struct client *c, const char *path, bool (*on_event)(void *arg, struct bytes data), void *arg,
		  struct err *e)
{
	struct sse_reader reader;
	sse_reader_init(&reader, EVENT_MAX);
	c->events = &reader;
	c->on_event = on_event;
	c->arg = arg;
	c->enough = false;
	c->silent_breaks = 0;
	int rc = 0;
	while (!c->enough && c->silent_breaks < RECONNECTS) {
		if (c->silent_breaks++)
			pause_before_reconnect(c);
		rc = follow_once(c, path, e);
		if (rc && rc != ERR_CLOSED && rc != ERR_NO_SERVER)
			break;
	}
	bool enough = c->enough;
	c->events = NULL;
	c->enough = false; /* the next conversation is read to its end again */
	sse_reader_release(&reader);
	return enough ? 0 : rc ? rc : err_set(e, ERR_CLOSED, "server \"%s\" ended the stream of events", c->where);
}
