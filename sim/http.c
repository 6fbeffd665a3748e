#include "http.h"

#include "base/base.h"
#include "base/err.h"
#include "conn.h"
#include "eoi.h"
#include "events.h"
#include "fault.h"
#include "operation.h"
#include "setup.h"
#include "sim.h"

#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX      (4 * 1024 * 1024)
#define OUT_MAX       (16 * 1024 * 1024)
/* Sizes of first and further chunks, as in the captures of 11.8.50; they fall where they fall. */
#define CHUNK_FIRST   0x220
#define CHUNK_NEXT    0x43E
#define HUGE_LEN      (UINT64_C(1) << 30)
#define DEEP_ELEMENTS 100000
#define MANY_HEADERS  1000000

/* An act that is obeyed long after its request; the connection may be gone by then. */
struct late_act {
	struct list link;
	struct loop_timer timer;
	struct sim *s;
	struct device *d;
	const struct eoi_service *eoi;
	uint32_t peer;
	char user[LOGIN_USER_SIZE];
	uint32_t realms;
	struct buf body;
};

struct http_server {
	struct sim *s;
	struct conns *conns;
	struct buf body, out;
	struct list late;
	int64_t date_s;
	char date[40];
};

static void late_free(struct late_act *l)
{
	loop_timer_stop(&l->timer);
	list_remove(&l->link);
	buf_release(&l->body);
	free(l);
}

struct http_server *http_new(struct sim *s)
{
	struct http_server *h = mem_alloc(sizeof(*h));

	h->s = s;
	h->conns = conns_new(s);
	h->date_s = -1;
	list_init(&h->late);
	buf_init(&h->body, BODY_MAX);
	buf_init(&h->out, OUT_MAX);
	return h;
}

void http_free(struct http_server *h)
{
	if (!h)
		return;
	conns_free(h->conns);
	LIST_EACH(&h->late, it, safe)
		late_free(LIST_ENTRY(it, struct late_act, link));
	buf_release(&h->body);
	buf_release(&h->out);
	free(h);
}

struct conns *http_conns(struct sim *s)
{
	return s->http->conns;
}

static const char *date_text(struct http_server *h, const struct device *d)
{
	int64_t now = device_clock_s(h->s, d);
	struct tm tm;
	time_t t = (time_t)now;

	if (now == h->date_s)
		return h->date;
	gmtime_r(&t, &tm);
	strftime(h->date, sizeof(h->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	h->date_s = now;
	return h->date;
}

/* X-Frame-Options came with the fix of INTEL-SA-00081 (9.1.40). */
static void add_head(struct http_server *h, const struct device *d, int status, const char *type)
{
	const struct profile *p = device_profile(d);
	struct buf *out = &h->out;

	buf_adds(out, status == 200   ? "HTTP/1.1 200 OK\r\nDate: "
		      : status == 400 ? "HTTP/1.1 400 Bad Request\r\nDate: "
				      : "HTTP/1.1 500 Internal Server Error\r\nDate: ");
	buf_adds(out, date_text(h, d));
	buf_adds(out, "\r\nServer: ");
	buf_adds(out, p->server);
	if (p->major >= 9)
		buf_adds(out, "\r\nX-Frame-Options: DENY");
	buf_addf(out, "\r\nContent-Type: %s\r\n", type);
}

static void add_soap_head(struct http_server *h, const struct device *d, int status)
{
	add_head(h, d, status,
		 status == 500 ? "application/soap+xml;charset=UTF-8" : "application/soap+xml; charset=UTF-8");
}

void http_add_chunked(struct buf *out, struct bytes body)
{
	size_t size = CHUNK_FIRST;

	while (body.len > 0) {
		size_t n = body.len < size ? body.len : size;

		buf_addf(out, "%04zX\r\n", n);
		buf_add(out, body.p, n);
		buf_adds(out, "\r\n");
		body = BYTES(body.p + n, body.len - n);
		size = CHUNK_NEXT;
	}
	buf_adds(out, "0\r\n\r\n");
}

static void add_body(struct http_server *h, bool close, struct bytes body)
{
	buf_adds(&h->out, "Transfer-Encoding: chunked\r\n");
	if (close)
		buf_adds(&h->out, "Connection: close\r\n");
	buf_adds(&h->out, "\r\n");
	http_add_chunked(&h->out, body);
}

static void add_soap(struct http_server *h, const struct device *d, int status, bool close, struct bytes body)
{
	add_soap_head(h, d, status);
	add_body(h, close, body);
}

/* As clients of the old interface expect it. */
static void add_old_soap(struct http_server *h, const struct exchange *x, bool close)
{
	add_head(h, x->d, x->status, "text/xml; charset=utf-8");
	add_body(h, close, buf_bytes(&h->body));
}

/* 690 bytes, like the page of 11.8.50; ends as clients look for it. */
static const char logon_failed[] =
	"<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\" >\r\n"
	"<html><head><link rel=stylesheet href=/styles.css>\r\n"
	"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n"
	"<title>Intel&reg; Active Management Technology</title></head>\r\n"
	"<body>\r\n<table class=header>\r\n<tr><td valign=top nowrap>\r\n"
	"<p class=top1>Intel<font class=r><sup>&reg;</sup></font> Active Management Technology\r\n"
	"<td valign=\"top\"><img src=\"logo.gif\" align=\"right\">\r\n</table>\r\n<br/>"
	"<h2 class=warn>Log on failed. Incorrect user name or password, or user account temporarily locked.</h2>\r\n"
	"<p>\r\n<form METHOD=\"GET\" action=\"index.htm\"><h2><input type=submit value=\"Try again\">\r\n"
	"</h2></form>\r\n<p>\r\n</body>\r\n</html>\n";

static void add_challenge(struct conn *c, struct buf *out, bool stale, enum fault_kind fault)
{
	char realm[DEVICE_TEXT_SIZE], nonce[LOGIN_NONCE_SIZE];

	if (fault == FAULT_EMPTY_CHALLENGE) {
		buf_adds(out, "WWW-Authenticate: Digest\r\n");
		return;
	}
	device_realm(c->s, c->d, realm);
	if (fault == FAULT_BASIC_OFFERED) {
		buf_addf(out, "WWW-Authenticate: Basic realm=\"%s\"\r\n", realm);
		return;
	}
	login_nonce(c->s, c->d, c->id, nonce);
	buf_addf(out, "WWW-Authenticate: Digest realm=\"%s\", nonce=\"%s\",stale=\"%s\",qop=\"%s\"\r\n", realm, nonce,
		 stale ? "true" : "false", device_profile(c->d)->qop);
}

static void answer_unauthorized(struct conn *c, bool stale, enum fault_kind fault)
{
	struct http_server *h = c->s->http;
	bool close = c->s->set.close_after_401;
	int64_t delay = c->delay_ms;

	c->d->count.unauthorized++;
	if (c->d->wrong_logins >= 3 && delay < c->s->set.lockout_delay)
		delay = c->s->set.lockout_delay;
	buf_reset(&h->out);
	buf_adds(&h->out, "HTTP/1.1 401 Unauthorized\r\n");
	add_challenge(c, &h->out, stale, fault);
	buf_addf(&h->out, "Content-Type: text/html\r\nServer: %s\r\nContent-Length: %zu\r\n%s\r\n",
		 device_profile(c->d)->server, sizeof(logon_failed) - 1, close ? "Connection: close\r\n" : "");
	buf_add(&h->out, logon_failed, sizeof(logon_failed) - 1);
	conn_answer(c, buf_bytes(&h->out), close ? CONN_CLOSE : CONN_KEEP, delay);
}

static void answer_status(struct conn *c, int status, const char *reason, const char *extra, const char *page)
{
	struct http_server *h = c->s->http;

	buf_reset(&h->out);
	buf_addf(&h->out, "HTTP/1.1 %d %s\r\n%sServer: %s\r\nContent-Length: %zu\r\n%s\r\n", status, reason, extra,
		 device_profile(c->d)->server, strlen(page), status >= 400 ? "Connection: close\r\n" : "");
	if (!bytes_equal_str(c->in.method, "HEAD"))
		buf_adds(&h->out, page);
	conn_answer(c, buf_bytes(&h->out), status >= 400 ? CONN_CLOSE : CONN_KEEP, c->delay_ms);
}

static void answer_page(struct conn *c)
{
	static const char logon[] =
		"<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\" >\r\n<html><head>"
		"<title>Intel&reg; Active Management Technology</title></head>\r\n<body><p>Log on to Intel&reg; "
		"Active Management Technology on this computer.\r\n<form METHOD=\"GET\" action=\"index.htm\">"
		"<input type=submit value=\"Log On...\"></form>\r\n</body>\r\n</html>\n";

	if (bytes_equal_str(c->in.target, "/"))
		answer_status(c, 303, "See Other", "Location: /logon.htm\r\n", "");
	else if (bytes_equal_str(c->in.target, "/logon.htm"))
		answer_status(c, 200, "OK", "Content-Type: text/html\r\n", logon);
	else
		answer_status(c, 404, "Not Found", "Content-Type: text/html\r\n", "<html>Not Found</html>\n");
}

static void answer_text(struct conn *c, const char *head, struct bytes body, enum conn_end end)
{
	struct http_server *h = c->s->http;

	buf_reset(&h->out);
	add_soap_head(h, c->d, 200);
	buf_adds(&h->out, head);
	buf_adds(&h->out, "\r\n");
	buf_add_bytes(&h->out, body);
	conn_answer(c, buf_bytes(&h->out), end, c->delay_ms);
}

static void answer_body(struct conn *c, struct bytes body)
{
	struct http_server *h = c->s->http;

	buf_reset(&h->out);
	add_soap(h, c->d, 200, false, body);
	conn_answer(c, buf_bytes(&h->out), CONN_KEEP, c->delay_ms);
}

static void answer_deep(struct conn *c)
{
	struct buf body;

	buf_init(&body, BODY_MAX);
	buf_adds(&body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	for (int i = 0; i < DEEP_ELEMENTS; i++)
		buf_adds(&body, "<a>");
	for (int i = 0; i < DEEP_ELEMENTS; i++)
		buf_adds(&body, "</a>");
	answer_body(c, buf_bytes(&body));
	buf_release(&body);
}

static void answer_huge(struct conn *c)
{
	static const char open[] = "Transfer-Encoding: chunked\r\n\r\n0020\r\n<?xml version=\"1.0\"?><Envelope><E>\r\n";
	static const char piece[] = "0040\r\n0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\r\n";
	struct http_server *h = c->s->http;

	buf_reset(&h->out);
	add_soap_head(h, c->d, 200);
	buf_adds(&h->out, open);
	conn_answer_filler(c, buf_bytes(&h->out), piece, HUGE_LEN / (sizeof(piece) - 1) * (sizeof(piece) - 1),
			   "0014\r\n</E></Envelope>\r\n\r\n\r\n\r\n0\r\n\r\n");
}

static void answer_many_headers(struct conn *c)
{
	static const char header[] = "X-A: b\r\n";
	struct http_server *h = c->s->http;

	buf_reset(&h->out);
	add_soap_head(h, c->d, 200);
	conn_answer_filler(c, buf_bytes(&h->out), header, (sizeof(header) - 1) * (uint64_t)MANY_HEADERS,
			   "Content-Length: 0\r\n\r\n");
}

static void answer_huge_header(struct conn *c)
{
	struct http_server *h = c->s->http;

	buf_reset(&h->out);
	add_soap_head(h, c->d, 200);
	buf_adds(&h->out, "X-Long: ");
	conn_answer_filler(c, buf_bytes(&h->out), "AAAAAAAAAAAAAAAA", 1024 * 1024, "\r\nContent-Length: 0\r\n\r\n");
}

static const char entity_bomb[] =
	"<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
	"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">"
	"<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">"
	"<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\"><!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;\">]><l>&h;</l>";

static const char nul_xml[] = "<?xml version=\"1.0\"?><a:Envelope xmlns:a=\"http://www.w3.org/2003/05/soap-envelope\">"
			      "<a:Header>\0\0</a:Header><a:Body>\0</a:Body></a:Envelope>";
static const char bad_utf8[] = "<?xml version=\"1.0\"?><a:Envelope xmlns:a=\"http://www.w3.org/2003/05/soap-envelope\">"
			       "<a:Header>\xc0\xaf\xed\xa0\x80</a:Header><a:Body>\xff\xfe</a:Body></a:Envelope>";
static const char small[] = "<?xml version=\"1.0\"?><a:Envelope xmlns:a=\"http://www.w3.org/2003/05/soap-envelope\">"
			    "<a:Header></a:Header><a:Body></a:Body></a:Envelope>";

/* True when the fault is one that replaces the whole answer, whatever was asked. */
static bool answer_hostile(struct conn *c, enum fault_kind kind)
{
	switch (kind) {
	case FAULT_HTTP_503:
		answer_status(c, 503, "Service Unavailable", "Content-Type: text/html\r\n", "<html>busy</html>\n");
		return true;
	case FAULT_GARBAGE_XML:
		answer_body(c, BYTES_LIT("\x7f\x45\x4c\x46 this is <no xml & never <<was>>\r\n]]>"));
		return true;
	case FAULT_ENTITY_BOMB:
		answer_body(c, BYTES_LIT(entity_bomb));
		return true;
	case FAULT_DEEP_XML:
		answer_deep(c);
		return true;
	case FAULT_HUGE_XML:
		answer_huge(c);
		return true;
	case FAULT_NUL_XML:
		answer_body(c, BYTES_LIT(nul_xml));
		return true;
	case FAULT_BAD_UTF8:
		answer_body(c, BYTES_LIT(bad_utf8));
		return true;
	case FAULT_CHUNK_HUGE:
		answer_text(c, "Transfer-Encoding: chunked\r\n", BYTES_LIT("ffffffffffffffff\r\n<a>"), CONN_HANG);
		return true;
	case FAULT_CHUNK_NEGATIVE:
		answer_text(c, "Transfer-Encoding: chunked\r\n", BYTES_LIT("-1\r\n<a></a>\r\n0\r\n\r\n"), CONN_KEEP);
		return true;
	case FAULT_MANY_HEADERS:
		answer_many_headers(c);
		return true;
	case FAULT_HUGE_HEADER:
		answer_huge_header(c);
		return true;
	case FAULT_LENGTH_TOO_BIG:
		answer_text(c, "Content-Length: 100000\r\n", BYTES_LIT(small), CONN_CLOSE);
		return true;
	case FAULT_LENGTH_TOO_SMALL:
		answer_text(c, "Content-Length: 10\r\n", BYTES_LIT(small), CONN_KEEP);
		return true;
	case FAULT_LENGTH_TWICE:
		answer_text(c, "Content-Length: 10\r\nContent-Length: 20\r\n", BYTES_LIT(small), CONN_KEEP);
		return true;
	default:
		return false;
	}
}

static bool is_act(const struct conn *c)
{
	struct bytes body = buf_bytes(&c->in.body);

	return memmem(body.p, body.len, "RequestPowerStateChange_INPUT", 29) != NULL ||
	       memmem(body.p, body.len, "IanaOemNumber", 13) != NULL; /* RemoteControl of the old interface */
}

static enum conn_end soap_end(const struct conn *c, const struct exchange *x)
{
	if (x->drop || !c->in.keep_alive)
		return CONN_CLOSE;
	return x->status != 200 && c->s->set.close_after_fault ? CONN_CLOSE : CONN_KEEP;
}

static void add_answer(struct conn *c, const struct exchange *x, enum fault_kind fault, enum conn_end end)
{
	struct http_server *h = c->s->http;

	if (x->status == 400 && h->body.len == 0) {
		buf_addf(&h->out,
			 "HTTP/1.1 400 Bad Request\r\nServer: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
			 device_profile(c->d)->server);
		return;
	}
	if (x->eoi) {
		add_old_soap(h, x, end == CONN_CLOSE);
		return;
	}
	if (fault == FAULT_LENGTH_CHUNKED) {
		add_soap_head(h, c->d, x->status);
		buf_addf(&h->out, "Content-Length: %zu\r\nTransfer-Encoding: chunked\r\n\r\n", h->body.len);
		http_add_chunked(&h->out, buf_bytes(&h->body));
		return;
	}
	add_soap(h, c->d, x->status, end == CONN_CLOSE, buf_bytes(&h->body));
	if (fault == FAULT_CHUNK_NO_END)
		buf_truncate(&h->out, h->out.len - 5);
	if (fault == FAULT_TWO_REPLIES)
		add_soap(h, c->d, x->status, end == CONN_CLOSE, buf_bytes(&h->body));
}

/* Sends the answer of an operation, or what the fault makes of it. */
static void answer_operation(struct conn *c, const struct exchange *x)
{
	struct http_server *h = c->s->http;
	enum conn_end end = soap_end(c, x);
	int64_t delay = c->delay_ms;

	buf_reset(&h->out);
	add_answer(c, x, x->fault.kind, end);
	switch (x->fault.kind) {
	case FAULT_CLOSE_AFTER_ACT:
		conn_reset(c);
		return;
	case FAULT_CLOSE_MID_REPLY:
		conn_answer(c, BYTES(h->out.p, h->out.len / 2), CONN_RESET, delay);
		return;
	case FAULT_ACT_NO_REPLY:
		conn_hang(c);
		return;
	case FAULT_UNAUTH_AFTER_ACT:
		answer_unauthorized(c, false, FAULT_NONE);
		return;
	case FAULT_SLOW:
		c->drip = true;
		break;
	case FAULT_CHUNK_NO_END:
		end = CONN_HANG;
		break;
	case FAULT_REPLY_AFTER:
		delay = x->fault.after_ms;
		break;
	default:
		break;
	}
	conn_answer(c, buf_bytes(&h->out), end, delay);
}

static void run(struct exchange *x)
{
	struct buf *out = &x->s->http->body;

	buf_reset(out);
	if (x->eoi)
		eoi_run(x, out);
	else
		operation_run(x, out);
}

static void on_late(void *arg)
{
	struct late_act *l = arg;
	struct exchange x = {
		.s = l->s, .d = l->d, .eoi = l->eoi, .peer = l->peer, .user = l->user, .realms = l->realms};

	x.request = buf_bytes(&l->body);
	run(&x);
	late_free(l);
}

static void act_later(struct conn *c, const struct exchange *x)
{
	struct late_act *l = mem_alloc(sizeof(*l));

	l->s = c->s;
	l->d = c->d;
	l->eoi = x->eoi;
	l->peer = c->peer;
	l->realms = x->realms;
	snprintf(l->user, sizeof(l->user), "%s", x->user);
	buf_init(&l->body, BODY_MAX);
	(void)buf_add_bytes(&l->body, x->request); /* a request is far smaller */
	list_init(&l->link);
	list_append(&c->s->http->late, &l->link);
	loop_timer_init(&l->timer, c->s->loop, on_late, l);
	loop_timer_set(&l->timer, x->fault.after_ms);
	conn_hang(c);
}

static void press_button(struct sim *s, struct device *d)
{
	device_settle(s, d);
	device_force(s, d, d->power.state == POWER_ON ? POWER_OFF : POWER_ON);
}

static void serve_operation(struct conn *c, struct exchange *x)
{
	switch (x->fault.kind) {
	case FAULT_HANG:
		conn_hang(c);
		return;
	case FAULT_CLOSE_MID_REQUEST:
		conn_reset(c);
		return;
	case FAULT_CLOSE_BEFORE_ACT:
		conn_close(c);
		return;
	case FAULT_ACT_AFTER:
		act_later(c, x);
		return;
	case FAULT_STATE_BY_HAND:
		press_button(c->s, c->d);
		break;
	case FAULT_UNAUTH_FOREVER:
	case FAULT_BASIC_OFFERED:
	case FAULT_EMPTY_CHALLENGE:
		answer_unauthorized(c, false, x->fault.kind);
		return;
	case FAULT_STALE:
		c->d->nonce_epoch++;
		answer_unauthorized(c, true, FAULT_NONE);
		return;
	case FAULT_NONCE_EACH:
		c->d->nonce_epoch++;
		break;
	default:
		if (answer_hostile(c, x->fault.kind))
			return;
	}
	run(x);
	answer_operation(c, x);
}

/* Its certificate or key is login enough for a set-up server; how far is a setting, as clients differ. */
static bool is_setup_server(const struct conn *c)
{
	bool asks = c->s->set.setup_login == 2 || (c->s->set.setup_login == 1 && c->d->setup->admin_set);

	return !asks || c->session[0] != '\0';
}

static enum login check_login(struct conn *c, char user[LOGIN_USER_SIZE], uint32_t *ret_realms)
{
	if (c->d->mode != DEVICE_SETUP || !c->d->setup)
		return login_check(c->s, c->d, &c->in, c->id, c->ssl != NULL, c->session, user, ret_realms);
	if (fault_is_on(c->s, c->d, FAULT_SETUP_LOGIN, NULL))
		return LOGIN_NONE;
	if (!is_setup_server(c))
		return login_check(c->s, c->d, &c->in, c->id, true, c->session, user, ret_realms);
	snprintf(user, LOGIN_USER_SIZE, "admin");
	snprintf(c->session, sizeof(c->session), "admin");
	*ret_realms = LOGIN_ALL_REALMS;
	return LOGIN_OK;
}

static void serve_soap(struct conn *c, struct fault_hit early, const struct eoi_service *eoi)
{
	struct exchange x = {.s = c->s, .d = c->d, .eoi = eoi, .peer = c->peer, .fault = early};
	char user[LOGIN_USER_SIZE];
	enum login login;

	login = check_login(c, user, &x.realms);
	if (login == LOGIN_WRONG)
		events_failed_login(c->s, c->d, c->d->wrong_logins);
	if (login != LOGIN_OK) {
		answer_unauthorized(c, login == LOGIN_STALE, early.kind);
		return;
	}
	if (x.fault.kind == FAULT_NONE)
		x.fault = fault_ask_request(c->s, c->d, is_act(c) ? FAULT_ON_ACT : FAULT_ON_READ, true,
					    buf_bytes(&c->in.body));
	x.user = user;
	x.tls = c->ssl != NULL;
	x.request = buf_bytes(&c->in.body);
	serve_operation(c, &x);
}

/* Faults that strike before the login is looked at. */
static bool strike_early(struct conn *c, struct fault_hit hit)
{
	switch (hit.kind) {
	case FAULT_UNAUTH_FOREVER:
		answer_unauthorized(c, false, FAULT_NONE);
		return true;
	case FAULT_BASIC_OFFERED:
	case FAULT_EMPTY_CHALLENGE:
		answer_unauthorized(c, false, hit.kind);
		return true;
	default:
		return answer_hostile(c, hit.kind);
	}
}

static void serve(struct conn *c)
{
	struct sim *s = c->s;
	struct fault_hit early = {.kind = FAULT_NONE};

	c->d->count.requests++;
	c->delay_ms = device_hear(s, c->d);
	if (!faults_is_empty(s->faults))
		early = fault_ask_request(s, c->d, FAULT_ON_ANY, false, buf_bytes(&c->in.body));
	c->drip = early.kind == FAULT_SLOW;
	if (strike_early(c, early))
		return;
	unsigned flags = device_profile(c->d)->flags;
	const struct eoi_service *eoi = flags & PROFILE_EOI ? eoi_find(c->in.target) : NULL;
	if (eoi || (bytes_equal_str(c->in.target, "/wsman") && (flags & PROFILE_WSMAN))) {
		if (bytes_equal_str(c->in.method, "POST"))
			serve_soap(c, early, eoi);
		else
			answer_status(c, 405, "Method Not Allowed", "Allow: POST\r\n", "");
		return;
	}
	answer_page(c);
}

static void on_head(struct conn *c)
{
	struct bytes expect = http1_header(&c->in, "Expect");

	if (expect.p && bytes_equal_str_nocase(expect, "100-continue"))
		conn_write_now(c, BYTES_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void answer_malformed(struct conn *c)
{
	struct http_server *h = c->s->http;

	buf_reset(&h->out);
	buf_addf(&h->out, "HTTP/1.1 400 Bad Request\r\nServer: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		 device_profile(c->d)->server);
	conn_answer(c, buf_bytes(&h->out), CONN_CLOSE, 0);
}

size_t http_data(struct conn *c, struct bytes data)
{
	size_t used = 0, more = 0;
	enum http1_event ev;
	int r = http1_feed(&c->in, data, &used, &ev, NULL);

	if (r == 0 && ev == HTTP1_HEAD) {
		on_head(c);
		/* Also when nothing is left: a request without a body is complete only then. */
		r = http1_feed(&c->in, BYTES(data.p + used, data.len - used), &more, &ev, NULL);
		used += more;
	}
	if (r != 0) {
		answer_malformed(c);
		return data.len;
	}
	if (ev != HTTP1_DONE)
		return used;
	serve(c);
	if (!c->gone)
		http1_next(&c->in);
	return used;
}

static void refuse(struct device *d, int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	d->count.refused++;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* then it is a FIN */
	(void)close(fd);                                                /* nothing can be done about it */
}

void http_accept(struct sim *s, struct device *d, int fd, bool tls, uint32_t peer)
{
	struct fault_hit hit = {.kind = FAULT_NONE};

	if (!device_port_is_open(d, tls) || setup_is_shut(s, d) || d->open >= s->set.connections) {
		refuse(d, fd);
		return;
	}
	d->count.connects++;
	if (!faults_is_empty(s->faults))
		hit = fault_ask(s, d, FAULT_POINT_CONNECT, FAULT_ON_CONNECT, false);
	if (hit.kind == FAULT_REFUSE || hit.kind == FAULT_RESET_BEFORE) {
		refuse(d, fd);
		return;
	}
	conn_start(s, d, fd, tls, peer, hit.kind == FAULT_HANG);
}
