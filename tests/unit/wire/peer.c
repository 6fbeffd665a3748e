#include "peer.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/stream.h"
#include "codec/digest.h"
#include "codec/http1.h"
#include "codec/wsman.h"

struct conn {
	struct list link;
	struct peer *peer;
	struct stream *stream;
	struct http1 http;
	struct buf drip;
};

#define ENVELOPE                                                                                                       \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a:Envelope xmlns:a=\"http://www.w3.org/2003/05/soap-envelope\" "   \
	"xmlns:b=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "                                                \
	"xmlns:e=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" "                                                  \
	"xmlns:g=\"%s%.*s\"><a:Header>%s<b:Action>x</b:Action>"                                                        \
	"</a:Header><a:Body>%s</a:Body></a:Envelope>"

static void conn_free(struct conn *c)
{
	list_remove(&c->link);
	stream_free(c->stream);
	http1_release(&c->http);
	buf_release(&c->drip);
	free(c);
}

static void send_text(struct conn *c, const char *text)
{
	(void)stream_write(c->stream, bytes_str(text), NULL);
}

static void send_buf(struct conn *c, struct buf *b)
{
	assert_false(b->failed);
	(void)stream_write(c->stream, buf_bytes(b), NULL);
	buf_release(b);
}

static void challenge(struct conn *c, const char *header)
{
	struct buf b;
	buf_init(&b, 4096);
	c->peer->unauthorized++;
	buf_addf(&b, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: %s\r\nContent-Type: text/html\r\n", header);
	buf_addf(&b, "Server: %s\r\nContent-Length: 15\r\n",
		 c->peer->foreign_server ? "router" : "Intel(R) Active Management Technology 11.8.50.3425");
	buf_addf(&b, "%s\r\nLog on failed.\n", c->peer->close_after_401 ? "Connection: close\r\n" : "");
	send_buf(c, &b);
	if (c->peer->close_after_401)
		stream_shutdown(c->stream);
}

static void challenge_as_amt(struct conn *c, const char *realm, bool stale)
{
	char text[256];
	c->peer->nonce++;
	c->peer->nc = 0;
	(void)snprintf(text, sizeof(text), "Digest realm=\"%s\", nonce=\"nonce-%d\",stale=\"%s\",qop=\"auth\"", realm,
		       c->peer->nonce, stale ? "true" : "false");
	challenge(c, text);
}

static bool login_is_right(struct conn *c)
{
	struct peer *p = c->peer;
	struct digest_authorization a;
	struct digest_key key;
	char nonce[32];
	struct bytes value = http1_header(&c->http, "Authorization");
	if (!value.p || digest_authorization_parse(value, &a, NULL))
		return false;
	digest_key_make(DIGEST_MD5, a.username, BYTES_LIT(PEER_REALM), BYTES_LIT(PEER_PASSWORD), &key);
	(void)snprintf(nonce, sizeof(nonce), "nonce-%d", p->nonce);
	bool right = bytes_equal_str(a.username, "admin") && bytes_equal_str(a.realm, PEER_REALM) &&
		     bytes_equal_str(a.nonce, nonce) && (int)a.nc > p->nc && !(p->nonce_for_one && p->nc) &&
		     digest_authorization_verify(&a, &key, c->http.method, buf_bytes(&c->http.body));
	if (right)
		p->nc = (int)a.nc;
	return right;
}

static void soap_reply(struct conn *c, struct buf *out, int status, struct bytes body)
{
	http1_write_status(out, status, NULL);
	http1_write_header_str(out, "Server", "Intel(R) Active Management Technology 11.8.50.3425");
	http1_write_header_str(out, "Content-Type", "application/soap+xml; charset=UTF-8");
	if (c->peer->close_after_reply)
		http1_write_header_str(out, "Connection", "close");
	http1_write_header_str(out, "Transfer-Encoding", "chunked");
	http1_write_end(out);
	http1_write_chunks(out, body, &http1_chunking_amt);
	http1_write_last_chunk(out);
}

#define CIM "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
#define AMT "http://intel.com/wbem/wscim/1/amt-schema/1/"

static bool is_about_boot(const struct wsman_call *call)
{
	return memmem(call->class_name.p, call->class_name.len, "Boot", 4) != NULL;
}

/* A device that offers every choice, with nothing chosen. */
static void boot_inside(struct peer *p, const struct wsman_call *call, char *inside, size_t inside_size)
{
	uint64_t role;
	if (call->body && xml_u64(xml_child(call->body, XML_NS_ANY, "Role"), &role))
		p->armed = role == 1;
	if (call->op == WSMAN_METHOD)
		(void)snprintf(inside, inside_size, "<g:%.*s_OUTPUT><g:ReturnValue>0</g:ReturnValue></g:%.*s_OUTPUT>",
			       (int)call->method.len, (const char *)call->method.p, (int)call->method.len,
			       (const char *)call->method.p);
	else if (bytes_equal_str(call->class_name, "AMT_BootCapabilities"))
		(void)snprintf(inside, inside_size,
			       "<g:AMT_BootCapabilities><g:ForcePXEBoot>true</g:ForcePXEBoot>"
			       "<g:InstanceID>Intel(r) AMT:BootCapabilities 0</g:InstanceID></g:AMT_BootCapabilities>");
	else
		(void)snprintf(inside, inside_size,
			       "<g:AMT_BootSettingData><g:BIOSSetup>false</g:BIOSSetup><g:InstanceID>"
			       "Intel(r) AMT:BootSettingData 0</g:InstanceID></g:AMT_BootSettingData>");
}

#define ENUMERATION "xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\""

/* The right answer; what goes wrong is then done to it. */
static void answer_write(struct conn *c, const struct wsman_call *call, enum does does, struct buf *out)
{
	struct peer *p = c->peer;
	char inside[768], relates[256], soap[2048];
	bool is_act = call->op == WSMAN_METHOD, is_gone = p->no_power_get && call->op == WSMAN_GET;
	(void)snprintf(relates, sizeof(relates), "<b:RelatesTo>%.*s%s</b:RelatesTo>", (int)call->message_id.len,
		       (const char *)call->message_id.p, does == DOES_WRONG_ID ? "0" : "");
	if (is_gone)
		(void)snprintf(
			inside, sizeof(inside),
			"<a:Fault><a:Code><a:Value>a:Sender</a:Value><a:Subcode><a:Value>b:DestinationUnreachable"
			"</a:Value></a:Subcode></a:Code><a:Reason><a:Text>no</a:Text></a:Reason></a:Fault>");
	else if (call->op == WSMAN_ENUMERATE)
		(void)snprintf(inside, sizeof(inside),
			       "<n:EnumerateResponse " ENUMERATION "><n:EnumerationContext>c1</n:EnumerationContext>"
			       "</n:EnumerateResponse>");
	else if (call->op == WSMAN_PULL)
		(void)snprintf(inside, sizeof(inside),
			       "<n:PullResponse " ENUMERATION "><n:Items><g:CIM_AssociatedPowerManagementService>"
			       "<g:PowerState>%d</g:PowerState></g:CIM_AssociatedPowerManagementService></n:Items>"
			       "<n:EndOfSequence></n:EndOfSequence></n:PullResponse>",
			       p->power);
	else if (does == DOES_FAULT)
		(void)snprintf(inside, sizeof(inside),
			       "<a:Fault><a:Code><a:Value>a:Sender</a:Value><a:Subcode><a:Value>e:AccessDenied"
			       "</a:Value></a:Subcode></a:Code><a:Reason><a:Text>no</a:Text></a:Reason></a:Fault>");
	else if (is_about_boot(call))
		boot_inside(p, call, inside, sizeof(inside));
	else if (is_act)
		(void)snprintf(inside, sizeof(inside),
			       "<g:RequestPowerStateChange_OUTPUT><g:ReturnValue>%u</g:ReturnValue>"
			       "</g:RequestPowerStateChange_OUTPUT>",
			       does == DOES_REFUSE ? p->return_value : 0);
	else
		(void)snprintf(inside, sizeof(inside),
			       "<g:CIM_AssociatedPowerManagementService><g:PowerState>%d</g:PowerState>"
			       "</g:CIM_AssociatedPowerManagementService>",
			       p->power);
	struct bytes name =
		is_act || is_about_boot(call) ? call->class_name : BYTES_LIT("CIM_AssociatedPowerManagementService");
	int n = snprintf(soap, sizeof(soap), ENVELOPE, bytes_starts_with(name, "AMT_") ? AMT : CIM, (int)name.len,
			 (const char *)name.p, does == DOES_NO_ID ? "" : relates, inside);
	soap_reply(c, out, does == DOES_FAULT || is_gone ? 400 : 200, BYTES(soap, (size_t)n));
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const char *canned(enum does does)
{
	switch (does) {
	case DOES_GARBAGE:
		return "SSH-2.0-OpenSSH_9.2\r\n\r\n";
	case DOES_BAD_XML:
		return "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<a><b></a";
	case DOES_BOMB:
		return "HTTP/1.1 200 OK\r\nContent-Length: 62\r\n\r\n<!DOCTYPE a [<!ENTITY a "
		       "\"aaaaaaaaaaaaaaaaaaaaaa\">]>"
		       "<a>&a;</a>\n";
	case DOES_EMPTY:
		return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	case DOES_503:
		return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
	case DOES_404:
		return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	case DOES_302:
		return "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n";
	case DOES_400_EMPTY:
		return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	case DOES_CHUNK_HUGE:
		return CHUNKED "ffffffffffffffff\r\nabc";
	case DOES_CHUNK_NEGATIVE:
		return CHUNKED "-1\r\nabc";
	case DOES_CHUNK_NO_END:
		return CHUNKED "3\r\nabc\r\n";
	case DOES_LENGTH_SHORT:
		return "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<a></a>";
	case DOES_LENGTH_LONG:
		return "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n<a></a>";
	case DOES_LENGTH_TWICE:
		return "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n<a></a>";
	default:
		return NULL;
	}
}

static bool unauthorized(struct conn *c, enum does does)
{
	switch (does) {
	case DOES_401:
	case DOES_401_STALE:
		challenge_as_amt(c, PEER_REALM, does == DOES_401_STALE);
		return true;
	case DOES_401_REALM:
		challenge_as_amt(c, "Digest:A4070000000000000000000000000000", false);
		return true;
	case DOES_401_FOREIGN:
		challenge_as_amt(c, "router", false);
		return true;
	case DOES_401_BASIC:
		challenge(c, "Basic realm=\"" PEER_REALM "\"");
		return true;
	case DOES_401_BARE:
		challenge(c, "Digest");
		return true;
	case DOES_401_NO_QOP:
		challenge(c, "Digest realm=\"" PEER_REALM "\", nonce=\"abc\"");
		return true;
	default:
		return false;
	}
}

static void send_without_end(struct conn *c, enum does does)
{
	struct buf b;
	buf_init(&b, 1 << 21);
	buf_adds(&b, "HTTP/1.1 200 OK\r\n");
	if (does == DOES_HEADERS) {
		for (int i = 0; i < 2000; i++)
			buf_addf(&b, "X-Header-%d: something\r\n", i);
	} else {
		buf_adds(&b, "Content-Length: 1100000\r\n\r\n");
		for (int i = 0; i < 30000; i++)
			buf_adds(&b, "<a>0123456789012345678901234567</a>");
	}
	(void)stream_write(c->stream, BYTES(b.p, b.len < 1000000 ? b.len : 1000000), NULL);
	buf_release(&b);
}

static void answer_cut(struct conn *c, const struct buf *whole, enum does does)
{
	(void)stream_write(c->stream, BYTES(whole->p, whole->len / 2), NULL);
	if (does == DOES_CLOSE_HALF)
		stream_shutdown(c->stream);
}

static void misbehave(struct conn *c, const struct wsman_call *call, enum does does)
{
	struct buf b;
	if (unauthorized(c, does))
		return;
	if (canned(does)) {
		send_text(c, canned(does));
		if (does == DOES_LENGTH_LONG)
			stream_shutdown(c->stream);
		return;
	}
	buf_init(&b, 65536);
	answer_write(c, call, does, &b);
	switch (does) {
	case DOES_HANG:
		break;
	case DOES_CLOSE:
		stream_shutdown(c->stream);
		break;
	case DOES_RESET:
		stream_abort(c->stream);
		break;
	case DOES_CLOSE_HALF:
	case DOES_STOP_HALF:
		answer_cut(c, &b, does);
		break;
	case DOES_DRIP:
		buf_add_bytes(&c->drip, buf_bytes(&b));
		break;
	case DOES_HEADERS:
	case DOES_HUGE:
		send_without_end(c, does);
		break;
	case DOES_TWICE:
		(void)stream_write(c->stream, buf_bytes(&b), NULL);
		(void)stream_write(c->stream, buf_bytes(&b), NULL);
		break;
	default:
		(void)stream_write(c->stream, buf_bytes(&b), NULL);
	}
	buf_release(&b);
}

/* Most faults are in the answer alone: the order was obeyed. */
static bool obeys(enum does does)
{
	switch (does) {
	case DOES_CLOSE:
	case DOES_RESET:
	case DOES_503:
	case DOES_401:
	case DOES_FAULT:
	case DOES_REFUSE:
	case DOES_LIE:
		return false;
	default:
		return true;
	}
}

static void obey(struct peer *p, const struct wsman_call *call)
{
	uint64_t state = 0;
	(void)xml_u64(xml_child(call->body, XML_NS_ANY, "PowerState"), &state);
	p->power = state == 8 ? 8 : 2;
	p->armed = false;
	p->obeyed++;
}

static void answer(struct conn *c)
{
	struct peer *p = c->peer;
	struct wsman_call call;
	p->requests++;
	if (!login_is_right(c)) {
		if (!unauthorized(c, p->challenge))
			challenge_as_amt(c, PEER_REALM, false);
		return;
	}
	assert_int_equal(wsman_call_parse(p->xml, buf_bytes(&c->http.body), &call, NULL), 0);
	if (is_about_boot(&call)) {
		size_t n = (size_t)p->boots++;
		misbehave(c, &call, n < ARRAY_LEN(p->boot) ? p->boot[n] : DOES_WELL);
		return;
	}
	if (call.op == WSMAN_METHOD) {
		p->acts++;
		if (obeys(p->act))
			obey(p, &call);
		misbehave(c, &call, p->act);
		return;
	}
	size_t n = (size_t)p->reads++;
	misbehave(c, &call, p->read[n < ARRAY_LEN(p->read) ? n : ARRAY_LEN(p->read) - 1]);
	if (p->close_at_gate)
		stream_shutdown(c->stream);
}

static void on_data(void *arg, struct bytes data)
{
	struct conn *c = arg;
	enum http1_event event = HTTP1_MORE;
	while (data.len || event == HTTP1_HEAD) {
		size_t used;
		assert_int_equal(http1_feed(&c->http, data, &used, &event, NULL), 0);
		data = BYTES(data.p + used, data.len - used);
		if (event != HTTP1_DONE)
			continue;
		answer(c);
		http1_next(&c->http);
	}
}

static void on_closed(void *arg, int code, const struct err *e)
{
	conn_free(arg);
}

static void on_open(void *arg)
{
	struct conn *c = arg;
	c->peer->resumed += stream_tls_resumed(c->stream);
	if (c->peer->connect == DOES_CLOSE)
		stream_shutdown(c->stream);
	if (c->peer->connect == DOES_RESET)
		stream_abort(c->stream);
}

static const struct stream_events events = {.open = on_open, .data = on_data, .closed = on_closed};

static void on_accept(void *arg, int ready)
{
	struct peer *p = arg;
	int fd;
	while ((fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = mem_alloc(sizeof(*c));
		c->peer = p;
		http1_init(&c->http, HTTP1_REQUEST, 65536);
		buf_init(&c->drip, 65536);
		list_append(&p->conns, &c->link);
		p->connects++;
		c->stream = stream_accept(p->loop, fd, p->connect == DOES_HANG ? NULL : p->tls, &p->tls_opts, 600000,
					  &events, c);
		stream_pause(c->stream, p->connect == DOES_HANG);
	}
}

void peer_init(struct peer *p, struct loop *l)
{
	*p = (struct peer){.loop = l, .power = 2, .nonce = 1, .xml = xml_parser_new()};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	list_init(&p->conns);
	assert_int_equal(stream_listen_tcp((struct sockaddr *)&a, len, 64, &p->fd, NULL), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &len), 0);
	p->port = ntohs(a.sin_port);
	p->listener = loop_fd_new(l, p->fd, on_accept, p);
	loop_fd_want(p->listener, LOOP_READ);
}

void peer_refuse(struct peer *p)
{
	if (p->listener)
		loop_fd_close(p->listener);
	p->listener = NULL;
}

void peer_release(struct peer *p)
{
	peer_refuse(p);
	peer_hang_up(p);
	xml_parser_free(p->xml);
}

void peer_hang_up(struct peer *p)
{
	LIST_EACH(&p->conns, it, safe)
		conn_free(LIST_ENTRY(it, struct conn, link));
}

void peer_tick(struct peer *p)
{
	LIST_EACH(&p->conns, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, link);
		if (!c->drip.len)
			continue;
		(void)stream_write(c->stream, BYTES(c->drip.p, 1), NULL);
		buf_consume(&c->drip, 1);
	}
}
