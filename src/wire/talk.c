#include "wire/talk.h"

#include <stdio.h>
#include <stdlib.h>

#include "amt/firmware.h"
#include "base/base.h"
#include "base/err.h"
#include "base/map.h"
#include "base/metric.h"
#include "base/rng.h"
#include "base/secret.h"
#include "base/stream.h"
#include "base/vault.h"
#include "codec/wsman.h"
#include "wire/manager.h"

#define UNAUTHORIZED_MAX 2       /* replies to one request; one more when the device says that the nonce was too old */
#define LEAST_RATE       64      /* bytes a second of a reply, */
#define SLOW_SHAKE_MS    250     /* a handshake that takes longer waits for the peer, not for us: others may begin */
#define FACTORY_PASSWORD "admin" /* of an admin whose password nobody has set */
#define KEEP_MS          60000   /* a connection for the next conversation */
#define RATE_AFTER_MS    3000    /* once it has begun */

static void on_open(void *arg);
static void on_data(void *arg, struct bytes data);
static void on_closed(void *arg, int code, const struct err *e);
static void on_time(void *arg);
static void on_resolved(void *arg, int code, const struct range_addr *address, const struct err *e);

static const struct stream_events stream_events = {.open = on_open, .data = on_data, .closed = on_closed};

static void dial(struct talk *t)
{
	struct stream_connect c = {.timeout_ms = t->kit->connect_ms};
	c.to_len = range_addr_to_sockaddr(&t->address, t->tls ? t->at->tls_port : t->at->plain_port, &c.to);
	if (t->tls) {
		c.tls = t->kit->tls;
		c.tls_opts.old_tls = t->at->old_tls;
		if (t->at->in_setup)
			(void)manager_tls(t->kit, &c.tls_opts.identity, NULL); /* without one the device refuses us */
		t->kit->handshakes++;
		t->shaking = true;
		loop_timer_set(&t->timer, SLOW_SHAKE_MS);
	}
	t->state = TALK_CONNECTING;
	t->stream = stream_connect_start(t->kit->loop, &c, &stream_events, t);
	if (t->session)
		stream_tls_resume(t->stream, t->session);
	metric_add(METRIC_wire_connects, 1);
}

static void dial_when_free(struct talk *t)
{
	if (t->tls && t->kit->handshakes >= t->kit->handshakes_max) {
		t->state = TALK_QUEUED;
		list_append(&t->kit->handshake_queue, &t->wait);
	} else {
		dial(t);
	}
}

/* Lets the next ones shake hands. */
static void handshake_over(struct talk *done)
{
	struct wire_kit *k = done->kit;
	if (!done->shaking)
		return;
	done->shaking = false;
	k->handshakes--;
	while (k->handshakes < k->handshakes_max && !list_is_empty(&k->handshake_queue)) {
		struct talk *t = LIST_FIRST(&k->handshake_queue, struct talk, wait);
		list_remove(&t->wait);
		dial(t);
	}
}

static void keep_session(struct talk *t)
{
	struct tls_session *session = t->tls && t->stream ? stream_tls_session(t->stream) : NULL;
	if (!session)
		return;
	tls_session_free(t->session);
	t->session = session;
}

static void disconnect(struct talk *t)
{
	keep_session(t);
	net_cancel(&t->lookup);
	list_remove(&t->wait);
	loop_timer_stop(&t->timer);
	stream_free(t->stream);
	t->stream = NULL;
	kit_reader_return(t->kit, t->reader);
	t->reader = NULL;
	t->state = TALK_CLOSED;
	t->used_before = false;
	handshake_over(t);
}

void talk_close(struct talk *t)
{
	disconnect(t);
}

void talk_repin(struct talk *t, const uint8_t pin[TLS_PIN_SIZE])
{
	if (t->state == TALK_IDLE)
		disconnect(t);
	tls_session_free(t->session);
	t->session = NULL;
	t->at->has_pin = t->found.has_pin = true;
	memcpy(t->at->pin, pin, TLS_PIN_SIZE);
	memcpy(t->found.pin, pin, TLS_PIN_SIZE);
}

static void talk_free(struct talk *t)
{
	disconnect(t);
	tls_session_free(t->session);
	free(t);
}

static void kept_take_out(struct talk *t)
{
	(void)map_u64_delete(t->kit->kept_by_id, t->id);
	list_remove(&t->wait);
	loop_timer_stop(&t->timer);
}

static void kept_drop(struct talk *t)
{
	kept_take_out(t);
	talk_free(t);
}

/* All that must be the same for the next conversation on this connection: AMT takes the login of a TLS connection's
 * first request for those that follow. */
static uint64_t identity_of(const struct act_interface *at)
{
	const uint64_t numbers[] = {at->id, at->tls_port, at->old_tls, at->credential, at->credential_version};
	uint64_t h = rng_hash(1, numbers, sizeof(numbers));
	h = rng_hash(h, at->host, strlen(at->host));
	h = rng_hash(h, at->login, strlen(at->login));
	return rng_hash(h, at->pin, sizeof(at->pin));
}

static void keep(struct talk *t)
{
	struct wire_kit *k = t->kit;
	struct talk *before = map_u64_get(k->kept_by_id, t->at->id);
	if (before)
		kept_drop(before);
	t->id = t->at->id;
	t->identity = identity_of(t->at);
	t->at = NULL;
	(void)map_u64_put(k->kept_by_id, t->id, t);
	list_append(&k->kept, &t->wait);
	loop_timer_set(&t->timer, KEEP_MS);
}

void talk_end(struct talk *t)
{
	/* When there are enough, the new one goes: of a sweep over more devices than that, the first are met again. */
	bool has_room = map_u64_count(t->kit->kept_by_id) < t->kit->kept_max;
	if (t->state == TALK_IDLE && t->tls && t->found.login_good && has_room)
		keep(t);
	else
		talk_free(t);
}

void talk_drop_kept(struct wire_kit *k)
{
	while (!list_is_empty(&k->kept))
		kept_drop(LIST_FIRST(&k->kept, struct talk, wait));
}

static struct talk *kept_for(struct wire_kit *k, const struct act_interface *at)
{
	struct talk *t = at->has_pin && at->tls_policy != TLS_POLICY_NEVER ? map_u64_get(k->kept_by_id, at->id) : NULL;
	if (!t)
		return NULL;
	if (t->identity != identity_of(at)) {
		kept_drop(t);
		return NULL;
	}
	kept_take_out(t);
	t->found = (struct talk_found){.used_tls = true, .tls_version = t->found.tls_version};
	t->once = t->want = t->again = false;
	return t;
}

static struct talk *talk_alloc(struct wire_kit *k, const struct act_interface *at)
{
	struct talk *t = mem_alloc(sizeof(*t));
	t->kit = k;
	t->found.tls_version = "";
	loop_timer_init(&t->timer, k->loop, on_time, t);
	net_wait_init(&t->lookup, on_resolved, t);
	list_init(&t->wait);
	t->tls = at->tls_policy == TLS_POLICY_REQUIRE ||
		 (at->tls_policy == TLS_POLICY_AUTO &&
		  (at->tls_seen || at->has_pin || firmware_has(at->version, QUIRK_NO_PLAIN)));
	return t;
}

struct talk *talk_new(struct wire_kit *k, struct act_interface *at, const struct talk_events *ev, void *arg)
{
	struct talk *t = kept_for(k, at);
	if (!t)
		t = talk_alloc(k, at);
	t->at = at;
	t->ev = ev;
	t->arg = arg;
	return t;
}

bool talk_is_open(const struct talk *t)
{
	return t->state == TALK_IDLE;
}

bool talk_sent_nothing(const struct talk *t)
{
	return t->sent_nothing;
}

/* Nothing may be done with t afterwards: its owner may have freed it. */
static void fail(struct talk *t, int code, const struct err *e)
{
	t->sent_nothing = t->state != TALK_ASKING || stream_bytes_sent(t->stream) == t->sent_before;
	t->want = false;
	disconnect(t);
	t->ev->failed(t->arg, code, e);
}

static void fail_with(struct talk *t, int code, const char *why)
{
	struct err e = ERR_INIT;
	err_set(&e, code, "%s", why);
	fail(t, code, &e);
}

/* The password is in the open from here to the end of the function. */
static int add_login(struct talk *t, struct buf *out, struct err *e)
{
	struct act_interface *at = t->at;
	const struct vault_place place = {"credential", at->credential, "secret", at->credential_version};
	struct secret password = SECRET_INIT;
	struct digest_key key;
	int rc = 0;
	if (at->factory)
		secret_set(&password, FACTORY_PASSWORD, strlen(FACTORY_PASSWORD));
	else if (!at->sealed_len)
		return err_set(e, ERR_NO_CREDENTIAL, "no password came with the order");
	else
		rc = vault_unseal(t->kit->vault, place, BYTES(at->sealed, at->sealed_len), &password, e);
	if (rc)
		return rc;
	digest_key_make(at->digest.algorithm, bytes_str(at->login), bytes_str(at->digest.realm),
			BYTES(password.p, password.len), &key);
	secret_release(&password);
	rc = digest_session_answer(&at->digest, &key, at->login, "POST", WSMAN_PATH, buf_bytes(&t->kit->soap), out, e);
	digest_key_wipe(&key);
	return rc;
}

static void add_host(const struct talk *t, struct buf *out)
{
	char host[ACT_HOST_SIZE + 16];
	bool is_v6_text = strchr(t->at->host, ':') != NULL;
	(void)snprintf(host, sizeof(host), "%s%s%s:%u", is_v6_text ? "[" : "", t->at->host, is_v6_text ? "]" : "",
		       t->tls ? t->at->tls_port : t->at->plain_port);
	http1_write_header_str(out, "Host", host);
}

/* Headers and body in one piece. Without a nonce the first request is only made to get one, so it has no body. */
static int compose(struct talk *t, struct err *e)
{
	struct buf *soap = &t->kit->soap, *out = &t->kit->out;
	buf_reset(soap);
	buf_reset(out);
	t->with_login = digest_session_is_open(&t->at->digest);
	if (t->once && !t->with_login)
		return err_set(e, ERR_DEVICE_BUSY, "the device's nonce is used up");
	int rc = t->with_login || t->at->in_setup ? t->ev->write(t->arg, soap, e) : 0;
	if (rc)
		return rc;
	http1_write_request(out, "POST", WSMAN_PATH);
	add_host(t, out);
	if (t->with_login)
		rc = add_login(t, out, e);
	if (rc)
		return rc;
	http1_write_header_str(out, "Content-Type", "application/soap+xml;charset=UTF-8");
	http1_write_end_body(out, buf_bytes(soap));
	return buf_check(out, e, "request");
}

static int compose_again(struct talk *t, struct err *e)
{
	int rc = compose(t, e);
	if (rc != ERR_EXPIRED || t->once)
		return rc;
	t->at->digest.nonce[0] = 0; /* its counter is used up; the realm stays known */
	return compose(t, e);
}

static int send_request(struct talk *t, struct err *e)
{
	int rc = compose_again(t, e);
	if (rc)
		return rc;
	struct bytes request = buf_bytes(&t->kit->out);
	t->want = false;
	t->sent_before = stream_bytes_sent(t->stream);
	t->received_before = stream_bytes_received(t->stream);
	t->asked_ms = loop_now_ms(t->kit->loop);
	t->first_byte_ms = 0;
	rc = stream_write(t->stream, request, e);
	if (t->wipe) {
		secret_wipe(t->kit->soap.p, t->kit->soap.len);
		secret_wipe(t->kit->out.p, t->kit->out.len);
		t->wipe = false;
	}
	if (rc && rc != ERR_CLOSED)
		return rc;
	/* A broken connection is told by the stream's event, from the loop. */
	t->state = TALK_ASKING;
	t->found.requests++;
	loop_timer_set(&t->timer, t->kit->head_ms);
	metric_add(METRIC_wire_requests, 1);
	metric_add(METRIC_wire_bytes_out, (int64_t)request.len);
	return 0;
}

static void send_or_fail(struct talk *t)
{
	struct err e = ERR_INIT;
	int rc = send_request(t, &e);
	if (rc)
		fail(t, rc, &e);
}

static int connect_start(struct talk *t, struct err *e)
{
	if (!t->has_address) {
		int rc = net_resolve(t->kit->net, t->at->host, &t->lookup, &t->address, e);
		if (rc == NET_LATER) {
			t->state = TALK_RESOLVING;
			loop_timer_set(&t->timer, t->kit->connect_ms);
			return 0;
		}
		if (rc)
			return rc;
		t->has_address = true;
	}
	dial_when_free(t);
	return 0;
}

static void on_resolved(void *arg, int code, const struct range_addr *address, const struct err *e)
{
	struct talk *t = arg;
	if (code) {
		fail(t, code, e);
		return;
	}
	t->address = *address;
	t->has_address = true;
	loop_timer_stop(&t->timer);
	dial_when_free(t);
}

int talk_ask(struct talk *t, bool once, struct err *e)
{
	ASSERT(t->state == TALK_CLOSED || t->state == TALK_IDLE);
	t->once = once;
	t->unauthorized = 0;
	t->again = t->only_nonce = false;
	if (t->state == TALK_IDLE)
		return send_request(t, e);
	if (once)
		return err_set(e, ERR_LOST_CONNECTION, "the device closed the connection");
	t->want = true;
	return connect_start(t, e);
}

int talk_open(struct talk *t, struct err *e)
{
	ASSERT(t->state == TALK_CLOSED);
	t->once = t->want = false;
	return connect_start(t, e);
}

int talk_open_fresh(struct talk *t, struct err *e)
{
	t->at->digest.nonce[0] = 0;
	int rc = talk_ask(t, false, e);
	t->only_nonce = !rc;
	return rc;
}

/* The leaf is compared before anything that follows from a password leaves. A first one is kept: that somebody added
 * the interface is the permission. */
static bool leaf_is_right(struct talk *t)
{
	uint8_t leaf[TLS_PIN_SIZE];
	if (!stream_tls_leaf(t->stream, leaf)) {
		fail_with(t, ERR_TLS_FAILED, "the device shows no certificate");
		return false;
	}
	if (t->at->has_pin && memcmp(leaf, t->at->pin, sizeof(leaf)) != 0) {
		fail_with(t, ERR_TLS_PIN, "the device's certificate is not the one it was pinned to");
		return false;
	}
	if (!t->at->has_pin) {
		t->found.has_pin = t->at->has_pin = true;
		memcpy(t->found.pin, leaf, sizeof(leaf));
		memcpy(t->at->pin, leaf, sizeof(leaf));
	}
	t->at->tls_seen = t->found.used_tls = true;
	t->found.tls_version = stream_tls_version(t->stream);
	return true;
}

static void on_open(void *arg)
{
	struct talk *t = arg;
	loop_timer_stop(&t->timer);
	t->state = TALK_IDLE;
	t->alive_ms = loop_now_ms(t->kit->loop);
	if (t->tls) {
		metric_add(METRIC_wire_handshakes, 1);
		handshake_over(t);
		if (!leaf_is_right(t))
			return;
	}
	if (t->want)
		send_or_fail(t);
	else
		t->ev->open(t->arg);
}

/* Firmware without a plain port is found by trying TLS next: where the port is refused, drops everything, or takes
 * connections only to reset them. A device that was spoken to in plain before has the port, whatever it does now; and
 * once TLS was seen there is no way back. */
static bool try_other_way(struct talk *t, int code)
{
	bool was_plain = t->found.answered || *t->at->digest.realm;
	bool is_shut = code == ERR_REFUSED_PORT || code == ERR_TIMEOUT || (code == ERR_CLOSED && !was_plain);
	if (t->tls || t->other_way || t->at->tls_policy != TLS_POLICY_AUTO || t->once || !is_shut)
		return false;
	bool wanted = t->want || t->state == TALK_ASKING;
	t->plain_reset = code == ERR_CLOSED;
	disconnect(t);
	t->tls = t->other_way = true;
	t->want = wanted;
	dial_when_free(t);
	return true;
}

static void connect_failed(struct talk *t, int code, const struct err *e)
{
	if (try_other_way(t, code))
		return;
	if (t->other_way)
		t->tls = t->other_way = false; /* the next try begins with the plain port again */
	if (code == ERR_REFUSED_PORT && t->plain_reset) {
		t->plain_reset = false;
		fail_with(t, ERR_LOST_CONNECTION, "the plain port resets each connection, and the TLS port is closed");
		return;
	}
	switch (code) {
	case ERR_TIMEOUT:
		fail(t, ERR_UNREACHABLE, e);
		break;
	case ERR_END:
	case ERR_CLOSED:
		fail(t, ERR_LOST_CONNECTION, e);
		break;
	default:
		fail(t, code, e);
	}
}

static void reply_done(struct talk *t, bool more);

static void exchange_broke(struct talk *t, int code, const struct err *e)
{
	bool heard = stream_bytes_received(t->stream) != t->received_before;
	if (!heard && try_other_way(t, code))
		return;
	if (heard && t->reader && http1_end(&t->reader->http, NULL) == 0) {
		reply_done(t, true);
		return;
	}
	if (!heard && t->used_before && !t->once && !t->again) {
		struct err again = ERR_INIT;
		disconnect(t);
		t->again = t->want = true;
		int rc = connect_start(t, &again);
		if (rc)
			fail(t, rc, &again);
		return;
	}
	fail(t, ERR_LOST_CONNECTION, e);
}

static void on_closed(void *arg, int code, const struct err *e)
{
	struct talk *t = arg;
	if (!t->at) {
		kept_drop(t);
		return;
	}
	switch (t->state) {
	case TALK_CONNECTING:
		connect_failed(t, code, e);
		break;
	case TALK_ASKING:
		exchange_broke(t, code, e);
		break;
	default: /* idle: whoever needs it next finds it closed */
		disconnect(t);
	}
}

static void on_time(void *arg)
{
	struct talk *t = arg;
	struct err e = ERR_INIT;
	if (!t->at) {
		kept_drop(t);
		return;
	}
	if (t->state == TALK_CONNECTING) {
		handshake_over(t);
		return;
	}
	if (t->state == TALK_RESOLVING)
		err_set(&e, ERR_NAME_UNRESOLVED, "name \"%s\": no answer within %lld ms", t->at->host,
			(long long)t->kit->connect_ms);
	else
		err_set(&e, ERR_NO_ANSWER, "no whole reply within %lld ms",
			(long long)(loop_now_ms(t->kit->loop) - t->asked_ms));
	fail(t, e.code, &e);
}

static int check_challenge(const struct talk *t, const struct http1 *http, struct digest_challenge *ret, struct err *e)
{
	int rc = digest_challenge_read(http, 0, ret, e);
	if (rc)
		return rc;
	const char *known = t->at->digest.realm;
	if (*known && strcmp(known, ret->realm) != 0)
		return err_set(e, ERR_REALM_CHANGED, "the digest realm is \"%s\", it was \"%s\"", ret->realm, known);
	if (!firmware_is_realm(ret->realm)) /* nothing but AMT gets a digest of the password */
		return err_set(e, ERR_NOT_AMT, "the digest realm is \"%s\"", ret->realm);
	return 0;
}

/* A 401 means a new nonce, once; only the next one means a wrong password. 0: ask again. */
static int challenged(struct talk *t, const struct http1 *http, struct err *e)
{
	struct digest_challenge c;
	uint8_t random[16];
	metric_add(METRIC_wire_unauthorized, 1);
	e->device_status = http->status;
	int rc = check_challenge(t, http, &c, e);
	if (rc)
		return rc;
	t->found.nonce_refused |= t->with_login && t->unauthorized == 0 && !c.stale;
	kit_random(t->kit, random, sizeof(random));
	digest_session_start(&t->at->digest, &c, random);
	t->unauthorized++;
	if (t->unauthorized < UNAUTHORIZED_MAX + (c.stale ? 1 : 0))
		return 0;
	return c.stale ? err_set(e, ERR_DEVICE_BUSY, "the device calls each of its own nonces stale")
		       : err_set(e, ERR_WRONG_PASSWORD, "the device refuses the login of \"%s\"", t->at->login);
}

static void learn_version(struct talk *t, const struct http1 *http)
{
	if (!*t->found.version)
		(void)firmware_from_server(http1_header(http, "Server"), t->found.version); /* unknown: stays empty */
}

/* After a 401, with the nonce that it brought. */
static void go_on(struct talk *t)
{
	struct err e = ERR_INIT;
	int rc = 0;
	if (t->state != TALK_IDLE) {
		t->want = !t->only_nonce;
		rc = connect_start(t, &e);
	} else if (t->only_nonce) {
		t->ev->open(t->arg);
	} else {
		rc = send_request(t, &e);
	}
	if (rc)
		fail(t, rc, &e);
}

/* The reply is whole. more: bytes follow it, or the connection has ended, so that it is of no use any more. */
static void reply_done(struct talk *t, bool more)
{
	struct wire_kit *kit = t->kit;
	struct http_reader *reader = t->reader;
	const struct http1 *http = &reader->http;
	struct err e = ERR_INIT;
	bool with_login = t->with_login;
	t->reader = NULL;
	t->found.answered = true;
	t->alive_ms = loop_now_ms(kit->loop);
	t->state = TALK_IDLE;
	t->used_before = true;
	loop_timer_stop(&t->timer);
	learn_version(t, http);
	int rc = http->status == 401 ? challenged(t, http, &e) : 0;
	if (more || !http->keep_alive)
		disconnect(t);
	if (rc && !t->once)
		fail(t, rc, &e);
	else if (http->status == 401 && !t->once)
		go_on(t);
	else if (!with_login && http->status == 200 && !t->at->in_setup)
		fail_with(t, ERR_NOT_AMT, "it asks for no login");
	else {
		t->found.login_good |=
			with_login && (http->status == 200 || http->status == 400 || http->status == 500);
		t->ev->reply(t->arg, http);
	}
	kit_reader_return(kit, reader);
}

static bool is_too_slow(const struct talk *t)
{
	int64_t took = loop_now_ms(t->kit->loop) - t->first_byte_ms;
	uint64_t got = stream_bytes_received(t->stream) - t->received_before;
	return took > RATE_AFTER_MS && got * 1000 < LEAST_RATE * (uint64_t)took;
}

static void head_done(struct talk *t)
{
	int64_t left = t->asked_ms + t->kit->exchange_ms - loop_now_ms(t->kit->loop);
	loop_timer_set(&t->timer, left > 0 ? left : 0);
}

static void read_reply(struct talk *t, struct bytes data)
{
	enum http1_event event = HTTP1_MORE;
	struct err e = ERR_INIT;
	while (data.len || event == HTTP1_HEAD) {
		size_t used;
		int rc = http1_feed(&t->reader->http, data, &used, &event, &e);
		if (rc) {
			fail(t, ERR_MALFORMED, &e);
			return;
		}
		data = BYTES(data.p + used, data.len - used);
		if (event == HTTP1_HEAD)
			head_done(t);
		if (event == HTTP1_DONE) {
			reply_done(t, data.len > 0);
			return;
		}
	}
	if (is_too_slow(t))
		fail_with(t, ERR_NO_ANSWER, "the reply comes at less than 64 bytes a second");
}

static void on_data(void *arg, struct bytes data)
{
	struct talk *t = arg;
	metric_add(METRIC_wire_bytes_in, (int64_t)data.len);
	if (!t->at) {
		kept_drop(t);
		return;
	}
	if (t->state != TALK_ASKING) {
		disconnect(t); /* a reply that nobody asked for: nothing on this connection can be trusted */
		return;
	}
	if (!t->reader) {
		t->reader = kit_reader_take(t->kit);
		t->first_byte_ms = loop_now_ms(t->kit->loop);
	}
	read_reply(t, data);
}
