#include "wire/probe.h"

#include <stdlib.h>

#include "amt/firmware.h"
#include "base/base.h"
#include "base/err.h"
#include "base/stream.h"
#include "codec/wsman.h"
#include "wire/kit.h"

#define REPLY_MS 5000

struct probe {
	struct wire_kit *kit;
	struct probe_target target;
	struct probe_result result;
	void (*done)(void *arg, struct probe *p, const struct probe_target *target, const struct probe_result *result);
	void *arg;
	struct stream *stream;
	struct http_reader *reader;
	struct loop_timer timer; /* for the reply; and to begin, as nothing may be told from inside probe_start */
	bool on_tls;             /* the port that is looked at now */
	bool shakes_hands;
	bool old_tls;
	bool begun;
};

static void connect_to(struct probe *p);
static void reply_read(struct probe *p);

static void drop(struct probe *p)
{
	loop_timer_stop(&p->timer);
	stream_free(p->stream);
	p->stream = NULL;
	kit_reader_return(p->kit, p->reader);
	p->reader = NULL;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	drop(p);
	free(p);
}

static void finish(struct probe *p)
{
	drop(p);
	p->done(p->arg, p, &p->target, &p->result);
	free(p);
}

static bool knows_who(const struct probe *p)
{
	return p->result.is_amt;
}

/* After the plain port the other one, unless it is known and would tell nothing new. */
static void go_on(struct probe *p)
{
	enum probe_port tls = p->target.tls;
	drop(p);
	p->result.tls |= tls == PROBE_OPEN;
	if (p->on_tls || tls == PROBE_CLOSED || (tls == PROBE_OPEN && knows_who(p))) {
		finish(p);
		return;
	}
	p->on_tls = true;
	connect_to(p);
}

static void on_open(void *arg)
{
	struct probe *p = arg;
	*(p->on_tls ? &p->result.tls : &p->result.plain) = true;
	if (knows_who(p)) {
		go_on(p);
		return;
	}
	struct buf *out = &p->kit->out;
	char host[RANGE_ADDR_TEXT_SIZE];
	range_addr_text(&p->target.address, host);
	buf_reset(out);
	http1_write_request(out, "POST", WSMAN_PATH);
	http1_write_header_str(out, "Host", p->target.address.v6 ? "[::]" : host);
	http1_write_end_body(out, BYTES_NONE);
	loop_timer_set(&p->timer, REPLY_MS);
	if (stream_write(p->stream, buf_bytes(out), NULL) == 0)
		p->reader = kit_reader_take(p->kit);
	/* A connection that broke is told by closed. */
}

static void on_data(void *arg, struct bytes data)
{
	struct probe *p = arg;
	enum http1_event event = HTTP1_MORE;
	while (p->reader && (data.len || event == HTTP1_HEAD)) {
		size_t used;
		int rc = http1_feed(&p->reader->http, data, &used, &event, NULL);
		if (!rc && event == HTTP1_HEAD)
			reply_read(p); /* the head says it all */
		if (rc || event == HTTP1_HEAD) {
			go_on(p);
			return;
		}
		data = BYTES(data.p + used, data.len - used);
	}
}

static void reply_read(struct probe *p)
{
	const struct http1 *http = &p->reader->http;
	struct digest_challenge c;
	struct probe_result *r = &p->result;
	r->is_amt = firmware_from_server(http1_header(http, "Server"), r->version);
	if (http->status == 401 && digest_challenge_read(http, DIGEST_FLAG_ALLOW_NO_QOP, &c, NULL) == 0 &&
	    firmware_is_realm(c.realm)) {
		r->is_amt = true;
		memcpy(r->realm, c.realm, sizeof(r->realm));
	}
}

/* Old firmware fails on a present-day greeting; no password is at stake here. */
static void on_closed(void *arg, int code, const struct err *e)
{
	struct probe *p = arg;
	if (p->on_tls && p->shakes_hands && code == ERR_TLS_FAILED) {
		p->result.tls = true;
		if (!p->old_tls) {
			drop(p);
			p->old_tls = true;
			connect_to(p);
			return;
		}
	}
	go_on(p);
}

static void on_time(void *arg)
{
	struct probe *p = arg;
	if (p->begun)
		go_on(p);
	else
		connect_to(p);
}

static const struct stream_events events = {.open = on_open, .data = on_data, .closed = on_closed};

static void connect_to(struct probe *p)
{
	const struct probe_target *t = &p->target;
	struct stream_connect c = {.timeout_ms = t->connect_ms};
	p->begun = true;
	if (!p->on_tls && t->plain == PROBE_CLOSED) {
		go_on(p);
		return;
	}
	c.to_len = range_addr_to_sockaddr(&t->address, p->on_tls ? t->tls_port : t->plain_port, &c.to);
	p->shakes_hands = p->on_tls && !knows_who(p);
	if (p->shakes_hands) {
		c.tls = p->kit->tls;
		c.tls_opts.old_tls = p->old_tls;
	}
	p->stream = stream_connect_start(p->kit->loop, &c, &events, p);
}

struct probe *probe_start(struct wire_kit *kit, const struct probe_target *target,
			  void (*done)(void *arg, struct probe *p, const struct probe_target *target,
				       const struct probe_result *result),
			  void *arg)
{
	struct probe *p = mem_alloc(sizeof(*p));
	p->kit = kit;
	p->target = *target;
	p->done = done;
	p->arg = arg;
	loop_timer_init(&p->timer, kit->loop, on_time, p);
	loop_timer_set(&p->timer, 0);
	return p;
}
