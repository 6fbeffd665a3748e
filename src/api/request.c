#include <stdio.h>

#include "api/api_priv.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/rng.h"
#include "base/secret.h"
#include "base/text.h"

/* Refuses: the first refusal stays. */
static void refuse(struct conn *c, int status, int code, const char *sentence)
{
	if (c->req.status)
		return;
	c->req.status = status;
	(void)err_set(&c->req.err, code, "%s", sentence);
}

static void split_target(struct conn *c)
{
	struct bytes t = c->http.target;
	const uint8_t *mark = t.len ? memchr(t.p, '?', t.len) : NULL;
	c->req.path = mark ? BYTES(t.p, (size_t)(mark - t.p)) : t;
	c->req.query = mark ? BYTES(mark + 1, t.len - c->req.path.len - 1) : BYTES_NONE;
}

/* What needs no login: the fixed pages, and which methods an address takes. */
static void look_at_page(struct conn *c)
{
	struct request *r = &c->req;
	r->head_only = bytes_equal_str(c->http.method, "HEAD");
	r->options = bytes_equal_str(c->http.method, "OPTIONS") && api_allowed(r->path, r->allow);
	r->has_method = api_method_from_name(c->http.method, &r->method);
	if (!r->has_method || r->method != API_GET)
		return;
	for (size_t i = 0; i < API_PAGE_COUNT; i++)
		if (bytes_equal_str(r->path, api_page((enum api_page_id)i)->path))
			r->page = api_page((enum api_page_id)i);
}

static void route(struct conn *c)
{
	struct request *r = &c->req;
	struct err e = ERR_INIT;
	int code = ERR_NOT_FOUND;
	if (r->options || r->page)
		return;
	if (r->has_method)
		code = api_route(r->method, r->path, &r->command, r->allow, &e);
	else if (api_allowed(r->path, r->allow))
		code = err_set(&e, ERR_UNSUPPORTED, "this address takes %s", r->allow);
	else
		(void)err_set(&e, code, "there is nothing at this address");
	if (code)
		refuse(c, code == ERR_NOT_FOUND ? 404 : 405, code, e.msg);
}

/* A change must not come from a page of somebody else: a browser says where it comes from, programs say nothing. */
static void check_origin(struct conn *c)
{
	struct bytes site = http1_header(&c->http, "Sec-Fetch-Site");
	struct bytes origin = http1_header(&c->http, "Origin");
	struct bytes host = http1_header(&c->http, "Host");
	static const char scheme[] = "https://";
	if (c->req.has_method && c->req.method == API_GET)
		return;
	if (site.p && !bytes_equal_str(site, "same-origin") && !bytes_equal_str(site, "none"))
		refuse(c, 403, ERR_NOT_ALLOWED, "changes are not taken from pages of another site");
	if (c->req.by_cookie && !site.p && !origin.p)
		refuse(c, 403, ERR_NOT_ALLOWED, "a change with a cookie has to say which page it comes from");
	if (!origin.p)
		return;
	bool same = bytes_starts_with(origin, scheme) &&
		    bytes_equal(BYTES(origin.p + strlen(scheme), origin.len - strlen(scheme)), host);
	if (!same)
		refuse(c, 403, ERR_NOT_ALLOWED, "changes are not taken from pages of another origin");
}

static bool has_body(const struct conn *c)
{
	return c->http.chunked || (c->http.has_length && c->http.content_length);
}

static void check_media(struct conn *c)
{
	struct bytes media = http1_header(&c->http, "Content-Type");
	if (!has_body(c))
		return;
	const uint8_t *semi = media.len ? memchr(media.p, ';', media.len) : NULL;
	if (semi)
		media = bytes_trim(BYTES(media.p, (size_t)(semi - media.p)));
	if (!bytes_equal_str_nocase(media, "application/json"))
		refuse(c, 415, ERR_UNSUPPORTED, "the body has to be application/json");
}

static void check_size(struct conn *c)
{
	size_t max = 0;
	for (size_t i = 0; c->req.command && i < c->req.command->arg_count; i++) {
		const struct api_arg *a = &c->req.command->args[i];
		bool large =
			a->type == API_STRS || a->type == API_TARGETS || a->type == API_FILE || a->type == API_DATA;
		size_t need = large ? BODY_LARGE : BODY_SMALL;
		if (a->where == API_BODY && need > max)
			max = need;
	}
	struct err e = ERR_INIT;
	if (http1_limit_body(&c->http, max, &e))
		refuse(c, 413, ERR_TOO_BIG, e.msg);
}

/* The cookie of a session: "a=b; __Host-session=SECRET". */
static bool take_cookie(struct conn *c)
{
	struct bytes rest = http1_header(&c->http, "Cookie");
	while (rest.len) {
		const uint8_t *semi = memchr(rest.p, ';', rest.len);
		struct bytes one = bytes_trim(BYTES(rest.p, semi ? (size_t)(semi - rest.p) : rest.len));
		rest = semi ? BYTES(semi + 1, rest.len - (size_t)(semi + 1 - rest.p)) : BYTES_NONE;
		if (!bytes_starts_with(one, COOKIE_NAME "="))
			continue;
		size_t n = strlen(COOKIE_NAME "=");
		c->req.token = BYTES(one.p + n, one.len - n);
		c->req.by_cookie = true;
		return c->req.token.len > 0;
	}
	return false;
}

/* "Bearer TOKEN": whether it is one of ours is for a worker to look up. */
static bool take_token(struct conn *c)
{
	struct bytes h = http1_header(&c->http, "Authorization");
	if (!h.p)
		return take_cookie(c);
	if (h.len <= 7 || !bytes_equal_str_nocase(BYTES(h.p, 7), "Bearer "))
		return false;
	c->req.token = bytes_trim(BYTES(h.p + 7, h.len - 7));
	return c->req.token.len > 0;
}

/* A command that nobody has to be logged in for: to log in is one. */
static bool is_open_command(const struct conn *c)
{
	const struct api_command *command;
	char allow[API_ALLOW_SIZE];
	return c->req.has_method && api_route(c->req.method, c->req.path, &command, allow, NULL) == 0 &&
	       command->right == RIGHT_OPEN;
}

static void check_login(struct conn *c)
{
	bool open = c->req.options || (c->req.page && c->req.page->right == RIGHT_OPEN);
	c->req.as_peer = c->is_admin && !http1_header(&c->http, "Authorization").p;
	if (open || c->req.as_peer)
		return;
	if (!source_may_try(c->source, loop_now_ms(c->api->loop)))
		refuse(c, 429, ERR_NOT_ALLOWED, "too many failed logins from this address; wait a minute");
	if (is_open_command(c) || take_token(c))
		return;
	if (c->from->local)
		refuse(c, 403, ERR_NOT_ALLOWED,
		       "the local socket serves root and the server's own user; others need a token");
	refuse(c, 401, ERR_NOT_ALLOWED, "log in, or send a token: Authorization: Bearer TOKEN");
}

/* A buffer that grows leaves copies behind; a body with a password comes into one that is large enough, and is wiped.
 */
static void make_room(struct conn *c)
{
	if (c->req.command && api_command_has_secret(c->req.command) && c->http.has_length)
		(void)buf_reserve(&c->http.body, (size_t)c->http.content_length); /* within its ceiling: was checked */
}

static void answer_expect(struct conn *c)
{
	struct bytes expect = http1_header(&c->http, "Expect");
	if (c->http.minor == 0 || !expect.p || !bytes_equal_str_nocase(expect, "100-continue"))
		return;
	if (stream_write(c->stream, BYTES_LIT("HTTP/1.1 100 Continue\r\n\r\n"), NULL))
		conn_close(c);
}

void request_head(struct conn *c)
{
	c->req = (struct request){.keep_alive = c->http.keep_alive};
	split_target(c);
	look_at_page(c);
	check_login(c); /* first: strangers learn nothing from the rest */
	route(c);
	check_origin(c);
	check_media(c);
	check_size(c);
	if (!has_body(c))
		return;
	if (!c->req.status) {
		make_room(c);
		answer_expect(c);
		return;
	}
	c->req.keep_alive = false; /* the body is not read */
	reply_error(c, c->req.status, &c->req.err);
}

static void run_page(struct conn *c)
{
	if (c->req.page->right == RIGHT_OPEN || c->req.as_peer)
		page_run(c);
	else if (!work_start(c, WORK_METRICS))
		request_busy(c, "too many requests are waiting for a worker");
}

void request_busy(struct conn *c, const char *sentence)
{
	struct err e = ERR_INIT;
	(void)err_set(&e, ERR_BUSY, "%s", sentence);
	reply_error(c, 503, &e);
}

void request_run(struct conn *c)
{
	if (c->req.status)
		reply_error(c, c->req.status, &c->req.err);
	else if (c->req.options)
		reply_options(c);
	else if (c->req.page)
		run_page(c);
	else if (!work_start(c, WORK_COMMAND))
		request_busy(c, "too many requests are waiting for a worker");
}

/* A change goes to the zone and is answered when it is on disk, or refused there. */
static void put_to_zone(struct conn *c)
{
	struct api *a = c->api;
	struct zone_command *m = zone_command_new();
	uint64_t number = m->request = ++a->last_request; /* once put, the command is the zone's */
	m->by = c->work.by;
	m->call = c->work.call;
	memcpy(m->token_hash, c->work.token_hash, sizeof(m->token_hash));
	m->proof = c->work.proof;
	m->setup = c->work.setup;
	m->person = c->work.person;
	c->work.person = NULL;
	bool login = m->call->command->id == API_CMD_LOGIN || m->call->command->id == API_CMD_OIDC_FINISH;
	c->req.cookie = login && api_bool(m->call, "cookie");
	c->req.cookie = c->req.cookie || (m->call->command->id == API_CMD_LOGOUT && c->req.by_cookie);
	m->made = c->work.made;
	c->work.call = NULL;
	c->work.made = NULL;
	if (a->zone_stopped || !mailbox_put(a->to_zone, &m->mail)) {
		m->mail.free(&m->mail);
		metric_add(METRIC_zone_mailbox_full, 1);
		if (c->state != CONN_DEAD)
			request_busy(c, a->zone_stopped ? "the server is stopping" : "the zone has too much to do");
		return;
	}
	if (c->state == CONN_DEAD)
		return; /* done all the same: a client that went away does not matter */
	c->number = number;
	(void)map_u64_put(a->waiting, number, c); /* numbers are never used twice */
	conn_wait(c, ANSWER_MS);
}

/* To the zone as it has room: a flood of refusals must not keep commands out. */
void request_refused(struct conn *c, int status, const struct err *e)
{
	struct api *a = c->api;
	if ((status != 401 && status != 403 && status != 429) || a->zone_stopped || !a->to_zone)
		return;
	struct zone_refused *m = zone_refused_new();
	m->by = c->work.by.kind ? c->work.by : c->peer;
	m->code = e->code;
	if (c->req.command)
		(void)api_command_name(c->req.command, m->action, sizeof(m->action));
	else
		(void)snprintf(m->action, sizeof(m->action), "request");
	(void)snprintf(m->why, sizeof(m->why), "%s", e->msg);
	if (!mailbox_put(a->to_zone, &m->mail)) {
		m->mail.free(&m->mail);
		metric_add(METRIC_zone_mailbox_full, 1);
	}
}

static void tell_used(struct conn *c)
{
	struct work *w = &c->work;
	w->stale = false;
	struct zone_used *m = zone_used_new();
	m->by = w->by;
	if (c->api->zone_stopped || !mailbox_put(c->api->to_zone, &m->mail))
		m->mail.free(&m->mail); /* with the next request */
}

void request_worked(struct conn *c)
{
	struct work *w = &c->work;
	if (w->stale)
		tell_used(c);
	if (w->status == 401)
		source_failed(c->source, loop_now_ms(c->api->loop));
	if (!w->status && w->command && w->command->kind == API_WRITE)
		put_to_zone(c);
	else if (c->state == CONN_DEAD)
		return;
	else if (w->kind == WORK_METRICS && !w->status)
		page_run(c);
	else if (!w->status)
		events_follow(c);
	else if (w->status >= 400)
		reply_error(c, w->status, &w->err);
	else
		reply_json(c, w->status, buf_bytes(&w->out));
}

void request_forget(struct conn *c)
{
	if (c->http.body.p)
		secret_wipe(c->http.body.p, c->http.body.cap);
	if (c->http.head.p)
		secret_wipe(c->http.head.p, c->http.head.cap); /* a token */
	secret_wipe(c->token_secret, sizeof(c->token_secret));
	work_release(&c->work);
}
