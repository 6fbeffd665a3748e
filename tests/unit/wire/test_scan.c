/* The scanner against a responder that plays as many addresses of 127.0.0.0/8 as a test wants. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include <semaphore.h>

#include "base/base.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/rng.h"
#include "bench.h"
#include "codec/rmcp.h"
#include "wire/names.h"

struct responder {
	struct loop *loop;
	int fd;
	struct loop_fd *watch;
	uint16_t port;
	struct rng rng;
	unsigned one_in; /* this many addresses have a device */
	unsigned drop_of_100;
	bool wrong_tag, wrong_address, not_amt, old;
	int64_t late_ms; /* the answer goes out when this has passed, by hand */
	int pings, pongs;
	uint8_t asked[65536]; /* how often, by the last 16 bits of the address */
};

static void pong_send(struct responder *r, struct sockaddr_in *to, struct in_pktinfo *from, uint8_t tag)
{
	uint8_t data[RMCP_PONG_SIZE];
	struct rmcp_pong pong = {.tag = (uint8_t)(r->wrong_tag ? (tag + 1) % 255 : tag),
				 .enterprise = r->not_amt ? 42 : RMCP_IANA_INTEL,
				 .port = 16992,
				 .major = r->old ? 0 : 11,
				 .minor = r->old ? 0 : 8,
				 .provisioning = 2};
	rmcp_pong_encode(&pong, data);
	if (r->wrong_address)
		from->ipi_addr.s_addr ^= htonl(1);
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = {0};
	struct iovec iov = {data, sizeof(data)};
	struct msghdr m = {.msg_name = to, .msg_namelen = sizeof(*to), .msg_iov = &iov, .msg_iovlen = 1};
	m.msg_control = &control;
	m.msg_controllen = sizeof(control.room);
	control.header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(*from)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
	struct in_pktinfo out = {.ipi_spec_dst = from->ipi_addr};
	memcpy(CMSG_DATA(&control.header), &out, sizeof(out));
	assert_int_equal(sendmsg(r->fd, &m, 0), (ssize_t)sizeof(data));
	r->pongs++;
}

static bool has_device(const struct responder *r, uint32_t address)
{
	return r->one_in && address % r->one_in == 0;
}

static void ping_read(struct responder *r, struct sockaddr_in *from, struct in_pktinfo *to, struct bytes data)
{
	struct rmcp_ping ping;
	uint32_t address = ntohl(to->ipi_addr.s_addr);
	assert_int_equal(rmcp_ping_parse(data, &ping, NULL), 0);
	assert_int_not_equal(ping.tag, 255);
	r->pings++;
	r->asked[address & 0xffff]++;
	if (has_device(r, address) && rng_below(&r->rng, 100) >= r->drop_of_100)
		pong_send(r, from, to, ping.tag);
}

static void on_ready(void *arg, int events)
{
	struct responder *r = arg;
	for (;;) {
		uint8_t data[64], control[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct sockaddr_in from;
		struct iovec iov = {data, sizeof(data)};
		struct msghdr m = {.msg_name = &from,
				   .msg_namelen = sizeof(from),
				   .msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(r->fd, &m, MSG_DONTWAIT);
		if (n < 0)
			return;
		struct in_pktinfo to;
		memcpy(&to, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(to));
		ping_read(r, &from, &to, BYTES(data, (size_t)n));
	}
}

static void responder_init(struct responder *r, struct loop *l, unsigned one_in)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int on = 1, size = 1 << 24;
	*r = (struct responder){.loop = l, .one_in = one_in};
	rng_init(&r->rng, 7);
	r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(setsockopt(r->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)), 0);
	if (setsockopt(r->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	assert_int_equal(bind(r->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(r->fd, (struct sockaddr *)&a, &len), 0);
	r->port = ntohs(a.sin_port);
	r->watch = loop_fd_new(l, r->fd, on_ready, r);
	loop_fd_want(r->watch, LOOP_READ);
}

struct site {
	struct bench b;
	struct responder r;
};

static struct site *site_new(unsigned one_in)
{
	struct site *s = mem_alloc(sizeof(*s));
	bench_init(&s->b);
	responder_init(&s->r, s->b.w->kit.loop, one_in);
	return s;
}

static void site_free(struct site *s)
{
	loop_fd_close(s->r.watch);
	bench_release(&s->b);
	free(s);
}

static struct scan_start *scan_of(struct site *s, const char *ranges)
{
	static uint64_t scan;
	struct scan_start *o = scan_start_new();
	o->scan = ++scan;
	o->ranges = mem_alloc(sizeof(*o->ranges));
	range_init(o->ranges);
	assert_int_equal(range_parse(ranges, NULL, UINT64_MAX, o->ranges, NULL), 0);
	o->rmcp_port = s->r.port;
	o->plain_port = s->b.peer.port;
	o->tls_port = 1;
	o->presence_only = true;
	return o;
}

static const struct scan_progress *run(struct site *s, struct scan_start *o)
{
	bench_send(&s->b, &o->mail);
	bench_wait(&s->b, &s->b.scan_ends, s->b.scan_ends + 1);
	return &s->b.scan_end;
}

static void every_device_of_a_range_is_found_once(void **state)
{
	struct site *s = site_new(16);
	const struct scan_progress *end = run(s, scan_of(s, "127.9.0.0/20"));
	assert_int_equal(end->reason, 0);
	assert_int_equal(end->total, 4096);
	assert_int_equal(end->done, 4096);
	assert_int_equal(end->found, 256);
	assert_int_equal(s->b.sightings, 256);
	assert_int_equal(s->r.pings, 4096 + 3840);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(s->r.asked[i], i % 16 ? 2 : 1);
	const struct sighting *last = &s->b.sighting;
	assert_true(last->rmcp && !last->has_uuid && last->has_plain && last->has_tls && last->plain && !last->tls);
	assert_string_equal(last->version, "11.8");
	assert_int_equal(last->provisioning, 2);
	assert_int_equal(last->note, 0);
	site_free(s);
}

static void when_everybody_has_answered_nothing_is_waited_for(void **state)
{
	struct site *s = site_new(1);
	int64_t before = clock_mono_ms(s->b.clock);
	const struct scan_progress *end = run(s, scan_of(s, "127.9.1.0-127.9.1.99"));
	assert_int_equal(end->found, 100);
	assert_int_equal(s->r.pings, 100);
	assert_true(clock_mono_ms(s->b.clock) - before < 1000);
	site_free(s);
}

static void lost_pings_are_made_up_for_by_more_passes(void **state)
{
	struct site *s = site_new(2);
	s->r.drop_of_100 = 20;
	struct scan_start *o = scan_of(s, "127.9.0.0/20");
	o->passes = 3;
	const struct scan_progress *end = run(s, o);
	/* Three passes miss 0.8 %, give or take 0.2; the other addresses are asked three times. */
	assert_true(end->found >= 2048 * 98 / 100);
	assert_true(s->r.pings >= 2048 * 3 + 2048 && s->r.pings <= 2048 * 3 + 2048 * 3 / 2);
	site_free(s);
}

static void pongs_that_nobody_asked_for_find_nothing(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct site *s = site_new(1);
		s->r.wrong_tag = i == 0;
		s->r.wrong_address = i == 1;
		s->r.not_amt = i == 2;
		/* One address: the neighbour that answers for it was not asked. */
		const struct scan_progress *end = run(s, scan_of(s, "127.9.0.8"));
		assert_int_equal(end->found, 0);
		assert_int_equal(s->b.sightings, 0);
		assert_true(s->r.pongs >= 1);
		site_free(s);
	}
}

static void a_rate_is_kept(void **state)
{
	struct site *s = site_new(0);
	struct scan_start *o = scan_of(s, "127.9.0.0/20");
	o->rate = 1000;
	o->passes = 1;
	int64_t before = clock_mono_ms(s->b.clock);
	bench_send(&s->b, &o->mail);
	while (s->r.pings < 2000) {
		int64_t took = clock_mono_ms(s->b.clock) - before;
		/* What piled up while the clock stood still is limited to a tenth of a second's. */
		assert_true(s->r.pings <= took + 100);
		(void)loop_run_once(s->b.w->kit.loop, 0);
		clock_advance(s->b.clock, 10);
	}
	assert_true(clock_mono_ms(s->b.clock) - before >= 1900);
	struct scan_cancel *c = scan_cancel_new();
	c->scan = o->scan;
	bench_send(&s->b, &c->mail);
	bench_wait(&s->b, &s->b.scan_ends, 1);
	assert_int_equal(s->b.scan_end.reason, ERR_CANCELLED);
	assert_true(s->b.scan_end.done < s->b.scan_end.total);
	site_free(s);
}

static void progress_is_told_at_most_four_times_a_second(void **state)
{
	struct site *s = site_new(0);
	struct scan_start *o = scan_of(s, "127.9.0.0/22");
	o->rate = 500;
	o->passes = 1;
	int64_t before = clock_mono_ms(s->b.clock);
	(void)run(s, o);
	int64_t took = clock_mono_ms(s->b.clock) - before;
	assert_true(s->b.progresses > 0 && s->b.progresses <= took / 250 + 1);
	assert_true(s->b.progress_done_max <= 1024);
	site_free(s);
}

static void what_must_not_be_asked_is_passed_over(void **state)
{
	struct site *s = site_new(1);
	const struct scan_progress *end =
		run(s, scan_of(s, "0.0.0.1, 192.0.2.1, 224.0.0.1, 255.255.255.255, 127.9.0.1"));
	assert_int_equal(end->total, 5);
	assert_int_equal(end->found, 1);
	assert_int_equal(s->r.pings, 1);
	site_free(s);
}

static void a_closer_look_tells_version_realm_and_ports(void **state)
{
	struct site *s = site_new(1);
	struct scan_start *o = scan_of(s, "127.0.0.1");
	o->presence_only = false;
	o->tls_port = s->b.peer.port; /* open, although it speaks no TLS */
	s->r.old = true;              /* so that the ports are not told and must be tried */
	const struct scan_progress *end = run(s, o);
	assert_int_equal(end->found, 1);
	assert_int_equal(s->b.sightings, 1);
	const struct sighting *f = &s->b.sighting;
	assert_string_equal(f->address, "127.0.0.1");
	assert_true(f->rmcp && f->tcp && f->plain && f->tls);
	assert_string_equal(f->version, "11.8.50.3425");
	assert_string_equal(f->realm, PEER_REALM);
	assert_int_equal(f->provisioning, 2);
	assert_int_equal(s->b.peer.requests, 1);
	assert_int_equal(s->b.peer.connects, 2);
	site_free(s);
}

static void where_no_pong_comes_tcp_is_tried_on_demand(void **state)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		struct site *s = site_new(0);
		struct scan_start *o = scan_of(s, "127.0.0.1-127.0.0.9");
		o->presence_only = false;
		o->tcp = tcp;
		const struct scan_progress *end = run(s, o);
		assert_int_equal(end->found, tcp);
		assert_int_equal(s->b.sightings, tcp);
		assert_int_equal(s->b.peer.requests, tcp);
		if (tcp)
			assert_true(s->b.sighting.tcp && !s->b.sighting.rmcp);
		site_free(s);
	}
}

static void what_answers_tcp_but_is_no_amt_is_not_found(void **state)
{
	static const enum does challenges[] = {DOES_401_FOREIGN, DOES_401_BASIC};
	for (size_t i = 0; i < ARRAY_LEN(challenges); i++) {
		struct site *s = site_new(0);
		struct scan_start *o = scan_of(s, "127.0.0.1");
		o->presence_only = false;
		o->tcp = true;
		s->b.peer.challenge = challenges[i];
		s->b.peer.foreign_server = true;
		const struct scan_progress *end = run(s, o);
		assert_int_equal(end->found, 0);
		assert_int_equal(s->b.sightings, 0);
		site_free(s);
	}
}

/* localhost is the one name that every machine has for an address. */
static struct scan_start *named_scan(struct site *s, const char *ranges)
{
	struct wire_config *c = bench_config(&s->b);
	c->reverse_names = true;
	bench_send(&s->b, &c->mail);
	return scan_of(s, ranges);
}

static void what_is_found_is_told_with_its_host_name(void **state)
{
	static const struct {
		const char *address, *host;
	} rows[] = {{"127.0.0.1", "localhost"}, {"127.99.88.77", ""}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct site *s = site_new(1);
		for (int again = 1; again <= 2; again++) { /* the second time from memory */
			(void)run(s, named_scan(s, rows[i].address));
			assert_int_equal(s->b.sightings, again);
			assert_string_equal(s->b.sighting.host, rows[i].host);
		}
		(void)run(s, scan_of(s, rows[i].address));
		site_free(s);
	}
}

struct blocker {
	struct pool_job job;
	sem_t *go;
};

static void block(struct pool_job *job)
{
	sem_wait(((struct blocker *)(void *)job)->go);
}

static void unblocked(struct pool_job *job)
{
	free(job);
}

static void a_slow_resolver_does_not_hold_up_a_scan_and_its_names_come_later(void **state)
{
	struct site *s = site_new(1);
	sem_t go;
	assert_int_equal(sem_init(&go, 0, 0), 0);
	struct pool_client *client = pool_client_new(s->b.pool, s->b.w->kit.loop);
	struct blocker *b = mem_alloc(sizeof(*b));
	*b = (struct blocker){.job = {.run = block, .done = unblocked}, .go = &go};
	assert_true(pool_submit(client, &b->job)); /* there is one worker */

	struct scan_start *o = named_scan(s, "127.0.0.1");
	uint64_t scan = o->scan;
	bench_send(&s->b, &o->mail);
	for (int i = 0; i < 1000 && s->b.scan_ends == 0; i++) {
		(void)loop_run_once(s->b.w->kit.loop, 1);
		clock_advance(s->b.clock, 10);
		bench_take(&s->b);
	}
	assert_int_equal(s->b.scan_ends, 1);
	assert_int_equal(s->b.scan_end.found, 1);
	assert_int_equal(s->b.sightings, 1);
	assert_string_equal(s->b.sighting.host, "");

	assert_int_equal(sem_post(&go), 0);
	bench_wait(&s->b, &s->b.sightings, 2);
	assert_string_equal(s->b.sighting.host, "localhost");
	assert_string_equal(s->b.sighting.address, "127.0.0.1");
	assert_int_equal(s->b.sighting.scan, scan);
	pool_client_free(client);
	(void)sem_destroy(&go);
	site_free(s);
}

static void only_host_names_are_taken_for_names(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{"pc1", true},
		{"desk-17.corp.example", true},
		{"Win_PC", true},
		{"4you.example", true},
		{"", false},
		{"pc1.", false},
		{".pc1", false},
		{"a..b", false},
		{"-pc", false},
		{"pc-.example", false},
		{"pc 1", false},
		{"pc\n1", false},
		{"<b>x</b>", false},
		{"10.0.0.5", false},
		{"fd00::1", false},
		{"p\xc3\xbc.example", false},
		{"a123456789b123456789c123456789d123456789e123456789f123456789g12", true},
		{"a123456789b123456789c123456789d123456789e123456789f123456789g123", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (names_is_host(rows[i].text) != rows[i].is)
			fail_msg("%s", rows[i].text);
	char longest[256];
	memset(longest, 'a', 255);
	for (int i = 49; i < 255; i += 50)
		longest[i] = '.';
	longest[253] = '\0';
	assert_true(names_is_host(longest));
	longest[253] = 'a';
	longest[254] = '\0';
	assert_false(names_is_host(longest));
}

static void a_scan_ends_with_the_thread(void **state)
{
	struct site *s = site_new(0);
	struct scan_start *o = scan_of(s, "127.9.0.0/16");
	o->rate = 100;
	bench_send(&s->b, &o->mail);
	bench_wait(&s->b, &s->r.pings, 10);
	wire_stop(s->b.w);
	bench_wait(&s->b, &s->b.scan_ends, 1);
	assert_int_equal(s->b.scan_end.reason, ERR_CANCELLED);
	site_free(s);
}

static void a_range_that_is_too_large_is_refused_with_a_sentence(void **state)
{
	struct site *s = site_new(0);
	const struct scan_progress *end = run(s, scan_of(s, "0.0.0.0/0"));
	assert_int_equal(end->reason, ERR_TOO_BIG);
	assert_true(*end->detail);
	site_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_device_of_a_range_is_found_once),
		cmocka_unit_test(when_everybody_has_answered_nothing_is_waited_for),
		cmocka_unit_test(lost_pings_are_made_up_for_by_more_passes),
		cmocka_unit_test(pongs_that_nobody_asked_for_find_nothing),
		cmocka_unit_test(a_rate_is_kept),
		cmocka_unit_test(progress_is_told_at_most_four_times_a_second),
		cmocka_unit_test(what_must_not_be_asked_is_passed_over),
		cmocka_unit_test(a_closer_look_tells_version_realm_and_ports),
		cmocka_unit_test(where_no_pong_comes_tcp_is_tried_on_demand),
		cmocka_unit_test(what_answers_tcp_but_is_no_amt_is_not_found),
		cmocka_unit_test(what_is_found_is_told_with_its_host_name),
		cmocka_unit_test(a_slow_resolver_does_not_hold_up_a_scan_and_its_names_come_later),
		cmocka_unit_test(only_host_names_are_taken_for_names),
		cmocka_unit_test(a_scan_ends_with_the_thread),
		cmocka_unit_test(a_range_that_is_too_large_is_refused_with_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
