#include "wire/hear.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "amt/act.h"
#include "base/base.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/metric.h"
#include "base/stream.h"
#include "codec/hello.h"
#include "wire/kit.h"
#include "wire/net.h"

#define BACKLOG         256
#define ACCEPTS_A_ROUND 64
#define FULL_PAUSE_MS   1000
#define ALL_EVERY_US    200 /* of all addresses */
#define ALL_BURST       5000
#define ZONE_BEHIND     2000 /* messages that it has not read */
#define KEY_MAX         16

/* An address, or a network of IPv6 addresses, which one machine can have all of. */
struct source {
	struct list link; /* the one that was silent longest first */
	uint8_t key[KEY_MAX];
	size_t key_len;
	size_t conns;
	int64_t paid_ms; /* until then its connections are accounted for */
};

struct ear {
	struct list link; /* oldest first */
	struct hearer *hearer;
	struct source *source;
	struct stream *stream;
	struct loop_timer timer;
	struct range_addr from;
	struct buf in;
};

struct hearer {
	struct wire_kit *kit;
	int fd;
	uint16_t port;
	struct loop_fd *watch;
	struct loop_timer pause;
	struct list ears;
	size_t ear_count;
	struct map_str *by_key; /* struct source */
	struct list sources;
	int64_t paid_us; /* of all */
};

static int bound_port(int fd, uint16_t *ret, struct err *e)
{
	struct sockaddr_storage at = {0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	socklen_t len = sizeof(at);
	if (getsockname(fd, (struct sockaddr *)&at, &len))
		return err_set_sys(e, ERR_SYSTEM, errno, "the port of a socket");
	memcpy(&v4, &at, sizeof(v4));
	memcpy(&v6, &at, sizeof(v6));
	*ret = ntohs(at.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
	return 0;
}

static void on_pause_end(void *arg)
{
	struct hearer *h = arg;
	if (h->watch)
		loop_fd_want(h->watch, LOOP_READ);
}

int hearer_new(struct wire_kit *kit, const char *address, struct hearer **ret, struct err *e)
{
	struct sockaddr_storage at;
	socklen_t len;
	uint16_t port = 0;
	int fd = -1;
	int rc = stream_parse_address(address, &at, &len, e);
	rc = rc ? rc : stream_listen_tcp((struct sockaddr *)&at, len, BACKLOG, &fd, e);
	rc = rc ? rc : bound_port(fd, &port, e);
	if (rc) {
		if (fd >= 0)
			(void)close(fd); /* nothing is in it */
		return err_wrap(e, rc, "hellos");
	}
	struct hearer *h = mem_alloc(sizeof(*h));
	h->kit = kit;
	h->fd = fd;
	h->port = port;
	h->by_key = map_str_new();
	list_init(&h->ears);
	list_init(&h->sources);
	loop_timer_init(&h->pause, kit->loop, on_pause_end, h);
	*ret = h;
	return 0;
}

uint16_t hearer_port(const struct hearer *h)
{
	return h->port;
}

size_t hearer_open(const struct hearer *h)
{
	return h->ear_count;
}

size_t hearer_sources(const struct hearer *h)
{
	return map_str_count(h->by_key);
}

static void source_free(struct hearer *h, struct source *s)
{
	(void)map_str_delete(h->by_key, BYTES(s->key, s->key_len)); /* it is s */
	list_remove(&s->link);
	free(s);
}

/* Those with connections are few; one of the others is forgotten. */
static void make_room(struct hearer *h)
{
	LIST_EACH(&h->sources, it, safe) {
		struct source *s = LIST_ENTRY(it, struct source, link);
		if (map_str_count(h->by_key) < HEAR_SOURCES)
			return;
		if (!s->conns)
			source_free(h, s);
	}
}

static struct source *source_of(struct hearer *h, const struct range_addr *from)
{
	struct bytes key = BYTES(from->b, from->v6 ? 8 : 4);
	struct source *s = map_str_get(h->by_key, key);
	if (s) {
		list_remove(&s->link);
	} else {
		make_room(h);
		s = mem_alloc(sizeof(*s));
		memcpy(s->key, key.p, key.len);
		s->key_len = key.len;
		(void)map_str_put(h->by_key, key, s); /* there was none */
	}
	list_append(&h->sources, &s->link);
	return s;
}

/* Takes one of what flows in with one each every, up to burst of them at once. */
static bool pay(int64_t *paid, int64_t now, int64_t every, int64_t burst)
{
	int64_t from = *paid > now ? *paid : now;
	if (from + every > now + burst * every)
		return false;
	*paid = from + every;
	return true;
}

static void ear_free(struct ear *n)
{
	list_remove(&n->link);
	n->hearer->ear_count--;
	n->source->conns--;
	loop_timer_stop(&n->timer);
	stream_free(n->stream);
	buf_release(&n->in);
	free(n);
}

static void refused(struct ear *n, const char *why)
{
	char from[RANGE_ADDR_TEXT_SIZE];
	range_addr_text(&n->from, from);
	log_event(LOG_DEBUG, "no hello", LOG_S("from", from), LOG_S("cause", why));
	metric_add(METRIC_hellos_refused, 1);
	ear_free(n);
}

static struct sighting_hello *hello_of(const struct hello *h)
{
	size_t len = 0;
	for (size_t i = 0; i < h->hash_count; i++)
		len += 2 + h->hashes[i].value.len;
	struct sighting_hello *s = mem_alloc(sizeof(*s) + len);
	s->admin_set = h->admin_set;
	s->version = (uint8_t)h->version;
	s->retry = h->retry;
	memcpy(s->pid, h->pid, sizeof(s->pid));
	for (size_t i = 0; i < h->hash_count; i++) {
		struct bytes value = h->hashes[i].value;
		s->hashes[s->hashes_len++] = (uint8_t)h->hashes[i].type;
		s->hashes[s->hashes_len++] = (uint8_t)value.len;
		memcpy(s->hashes + s->hashes_len, value.p, value.len);
		s->hashes_len = (uint16_t)(s->hashes_len + value.len);
	}
	return s;
}

static void tell(struct hearer *h, const struct range_addr *from, const struct hello *hello)
{
	int64_t now_us = loop_now_ms(h->kit->loop) * 1000;
	if (mailbox_count(h->kit->to_zone) >= ZONE_BEHIND || !pay(&h->paid_us, now_us, ALL_EVERY_US, ALL_BURST)) {
		metric_add(METRIC_hellos_limited, 1);
		return;
	}
	struct sighting *s = sighting_new();
	range_addr_text(from, s->address);
	s->has_uuid = !uuid_is_nil(&hello->uuid);
	s->uuid = hello->uuid;
	s->provisioning = 1;
	s->hello = hello_of(hello);
	metric_add(METRIC_hellos, 1);
	if (mailbox_put(h->kit->to_zone, &s->mail))
		return;
	metric_add(METRIC_sightings_dropped, 1);
	s->mail.free(&s->mail);
}

/* A message is told when it is whole, without waiting for the end of the connection. */
static void on_data(void *arg, struct bytes data)
{
	struct ear *n = arg;
	struct hello hello;
	struct err e = ERR_INIT;
	if (buf_add_bytes(&n->in, data)) {
		refused(n, "more than 4 KiB");
		return;
	}
	int rc = hello_parse(buf_bytes(&n->in), &hello, &e);
	if (rc == ERR_END)
		return;
	if (rc) {
		refused(n, e.msg);
		return;
	}
	tell(n->hearer, &n->from, &hello);
	ear_free(n);
}

static void on_closed(void *arg, int code, const struct err *e)
{
	refused(arg, code == ERR_END ? "cut short" : e->msg);
}

static void on_late(void *arg)
{
	refused(arg, "not whole within 2 s");
}

static void ear_new(struct hearer *h, struct source *s, const struct range_addr *from, int fd)
{
	static const struct stream_events events = {.data = on_data, .closed = on_closed};
	struct ear *n = mem_alloc(sizeof(*n));
	n->hearer = h;
	n->source = s;
	n->from = *from;
	s->conns++;
	buf_init(&n->in, HELLO_SIZE_MAX);
	loop_timer_init(&n->timer, h->kit->loop, on_late, n);
	loop_timer_set(&n->timer, HEAR_MS);
	n->stream = stream_accept(h->kit->loop, fd, NULL, NULL, HEAR_MS, &events, n);
	list_append(&h->ears, &n->link);
	h->ear_count++;
}

/* Whether a connection from there is taken; if so, *ret is who it is of. */
static bool may_speak(struct hearer *h, const struct range_addr *from, struct source **ret)
{
	if (net_check(h->kit->net, from, NULL))
		return false;
	struct source *s = source_of(h, from);
	*ret = s;
	return s->conns < HEAR_OF_ONE && pay(&s->paid_ms, loop_now_ms(h->kit->loop), HEAR_EVERY_MS, HEAR_BURST);
}

static bool address_of(const struct sockaddr_storage *peer, struct range_addr *ret)
{
	char text[STREAM_ADDRESS_SIZE];
	stream_address_text((const struct sockaddr *)peer, text, sizeof(text), false);
	return range_addr_parse(bytes_str(text), ret, NULL) == 0;
}

static void take(struct hearer *h, int fd, const struct sockaddr_storage *peer)
{
	struct range_addr from;
	struct source *s;
	if (!address_of(peer, &from) || !may_speak(h, &from, &s)) {
		metric_add(METRIC_hellos_limited, 1);
		(void)close(fd); /* nothing of ours is in it */
		return;
	}
	/* A device says all it has at once: who is oldest is slow, or not meant well. */
	if (h->ear_count == HEAR_AT_ONCE)
		refused(LIST_FIRST(&h->ears, struct ear, link), "others came");
	ear_new(h, s, &from, fd);
}

static void on_ready(void *arg, int events)
{
	struct hearer *h = arg;
	for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int fd = accept4(h->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(h, fd, &peer);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			log_event(LOG_WARNING, "hellos cannot be taken, trying again in 1 s",
				  LOG_S("cause", strerror(errno)));
			loop_fd_want(h->watch, 0);
			loop_timer_set(&h->pause, FULL_PAUSE_MS);
			return;
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

void hearer_start(struct hearer *h)
{
	h->watch = loop_fd_new(h->kit->loop, h->fd, on_ready, h);
	loop_fd_want(h->watch, LOOP_READ);
}

void hearer_stop(struct hearer *h)
{
	if (!h)
		return;
	LIST_EACH(&h->ears, it, safe)
		ear_free(LIST_ENTRY(it, struct ear, link));
	loop_timer_stop(&h->pause);
	loop_fd_free(h->watch);
	h->watch = NULL;
	if (h->fd >= 0)
		(void)close(h->fd); /* nothing is in it */
	h->fd = -1;
}

void hearer_free(struct hearer *h)
{
	if (!h)
		return;
	hearer_stop(h);
	LIST_EACH(&h->sources, it, safe)
		source_free(h, LIST_ENTRY(it, struct source, link));
	map_str_free(h->by_key);
	free(h);
}
