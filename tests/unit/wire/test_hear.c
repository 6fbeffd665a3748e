/* Hellos over real connections: messages in any pieces, what is none, limits, and a flood in which a device is heard.
 * Senders have addresses of loopback; the clock is the test's, so that it says how many come in a second. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/metric.h"
#include "bench.h"
#include "codec/hello.h"
#include "wire/hear.h"

#define DEVICE "127.77.0.1" /* of captured-23 */

struct site {
	struct bench b;
	struct hearer *h;
	uint16_t port;
	struct buf golden; /* a message of a device */
	/* what the zone was told last, and how often of the device */
	int told, of_device;
	char address[64];
	struct uuid uuid;
	uint8_t hashes[4096];
	struct sighting_hello hello; /* without its hashes */
};

static void golden_read(const char *name, struct buf *ret)
{
	char path[512];
	const char *root = getenv("LAMPLIGHTER_SOURCE");
	assert_non_null(root);
	(void)snprintf(path, sizeof(path), "%s/tests/golden/hello/%s", root, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	buf_init(ret, HELLO_SIZE_MAX);
	uint8_t part[HELLO_SIZE_MAX];
	size_t n = fread(part, 1, sizeof(part), f);
	assert_int_equal(buf_add(ret, part, n), 0);
	(void)fclose(f);
}

static void saw(void *arg, const struct sighting *m)
{
	struct site *s = arg;
	s->told++;
	s->of_device += strcmp(m->address, DEVICE) == 0;
	assert_int_equal(m->scan, 0);
	assert_int_equal(m->provisioning, 1);
	assert_non_null(m->hello);
	memcpy(s->address, m->address, sizeof(s->address));
	s->uuid = m->uuid;
	s->hello = (struct sighting_hello){.admin_set = m->hello->admin_set,
					   .version = m->hello->version,
					   .retry = m->hello->retry,
					   .hashes_len = m->hello->hashes_len};
	memcpy(s->hello.pid, m->hello->pid, sizeof(s->hello.pid));
	memcpy(s->hashes, m->hello->hashes, m->hello->hashes_len);
}

static void site_init(struct site *s)
{
	*s = (struct site){.told = 0};
	bench_init(&s->b);
	s->b.saw = saw;
	s->b.saw_arg = s;
	(void)loop_run_once(s->b.w->kit.loop, 3); /* takes the configuration */
	assert_int_equal(hearer_new(&s->b.w->kit, "127.0.0.1:0", &s->h, NULL), 0);
	s->port = hearer_port(s->h);
	hearer_start(s->h);
	golden_read("captured-23.bin", &s->golden);
}

static void site_release(struct site *s)
{
	hearer_free(s->h);
	buf_release(&s->golden);
	bench_release(&s->b);
}

static int connect_from(const struct site *s, uint32_t from)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(from)};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(s->port), .sin_addr.s_addr = htonl(0x7f000001)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static uint32_t address(const char *text)
{
	struct in_addr a;
	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return ntohl(a.s_addr);
}

/* Rounds without time going on, until nothing is ready any more. */
static void settle(struct site *s)
{
	while (loop_run_once(s->b.w->kit.loop, 20))
		bench_take(&s->b);
	bench_take(&s->b);
}

/* Runs until the other end has closed; what it sent is counted. */
static size_t read_to_end(struct site *s, int fd)
{
	uint8_t any[64];
	size_t got = 0;
	for (;;) {
		ssize_t n = recv(fd, any, sizeof(any), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return got;
		got += n > 0 ? (size_t)n : 0;
		(void)loop_run_once(s->b.w->kit.loop, 3);
		bench_take(&s->b);
	}
}

static void send_bytes(int fd, const void *p, size_t len)
{
	assert_int_equal(send(fd, p, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void a_hello_is_told_with_all_it_says(void **state)
{
	struct site s;
	site_init(&s);
	int fd = connect_from(&s, address(DEVICE));
	send_bytes(fd, s.golden.p, s.golden.len);
	assert_int_equal(read_to_end(&s, fd), 0); /* nothing is answered */
	assert_int_equal(s.told, 1);
	assert_string_equal(s.address, DEVICE);
	char uuid[UUID_TEXT_SIZE];
	uuid_text(&s.uuid, uuid);
	assert_string_equal(uuid, "939b524b-13d4-1d18-e487-1c697a6b7a2b");
	assert_true(s.hello.admin_set);
	assert_int_equal(s.hello.version, 3);
	assert_int_equal(s.hello.retry, 0);
	assert_string_equal(s.hello.pid, "");
	assert_int_equal(s.hello.hashes_len, 23 * 34);
	assert_memory_equal(s.hashes, s.golden.p + 25, 23 * 34);
	(void)close(fd);
	site_release(&s);
}

static void the_psk_form_is_told_with_its_pid(void **state)
{
	struct site s;
	struct buf psk;
	site_init(&s);
	golden_read("psk.bin", &psk);
	int fd = connect_from(&s, address(DEVICE));
	send_bytes(fd, psk.p, psk.len);
	(void)read_to_end(&s, fd);
	assert_int_equal(s.told, 1);
	assert_int_equal(s.hello.version, 2);
	assert_int_equal(s.hello.retry, 14);
	assert_string_equal(s.hello.pid, "0000ABCU");
	assert_int_equal(s.hello.hashes_len, 0);
	(void)close(fd);
	buf_release(&psk);
	site_release(&s);
}

static void a_hello_may_come_byte_by_byte(void **state)
{
	struct site s;
	site_init(&s);
	int fd = connect_from(&s, address(DEVICE));
	for (size_t i = 0; i < s.golden.len; i++) {
		assert_int_equal(s.told, 0);
		send_bytes(fd, s.golden.p + i, 1);
		settle(&s);
	}
	assert_int_equal(s.told, 1);
	(void)close(fd);
	site_release(&s);
}

static void what_is_no_hello_is_counted_and_closed(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool then_end;
	} cases[] = {
		{"", 0, true},          {"\0\0\3\0", 4, true},        {"GET / HTTP/1.1\r\n\r\n", 18, false},
		{"\0\0\4\0", 4, false}, {"\x16\3\1\0\x05", 5, false}, /* TLS */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct site s;
		site_init(&s);
		int64_t before = metric_get(METRIC_hellos_refused);
		int fd = connect_from(&s, address(DEVICE));
		send_bytes(fd, cases[i].bytes, cases[i].len);
		if (cases[i].then_end)
			assert_int_equal(shutdown(fd, SHUT_WR), 0);
		assert_int_equal(read_to_end(&s, fd), 0);
		assert_int_equal(s.told, 0);
		assert_int_equal(hearer_open(s.h), 0);
		assert_int_equal(metric_get(METRIC_hellos_refused), before + 1);
		(void)close(fd);
		site_release(&s);
	}
}

static void who_says_nothing_is_closed_after_two_seconds(void **state)
{
	struct site s;
	site_init(&s);
	int fd = connect_from(&s, address(DEVICE));
	send_bytes(fd, s.golden.p, 100);
	settle(&s);
	clock_advance(s.b.clock, HEAR_MS - 1);
	settle(&s);
	assert_int_equal(hearer_open(s.h), 1);
	clock_advance(s.b.clock, 1);
	(void)read_to_end(&s, fd);
	assert_int_equal(hearer_open(s.h), 0);
	assert_int_equal(s.told, 0);
	(void)close(fd);
	site_release(&s);
}

static void one_address_gets_four_connections_and_a_rate(void **state)
{
	struct site s;
	int fd[HEAR_OF_ONE + 1];
	site_init(&s);
	for (int i = 0; i <= HEAR_OF_ONE; i++) {
		fd[i] = connect_from(&s, address(DEVICE));
		settle(&s);
	}
	assert_int_equal(hearer_open(s.h), HEAR_OF_ONE);
	for (int i = 0; i <= HEAR_OF_ONE; i++)
		(void)close(fd[i]);
	settle(&s);
	assert_int_equal(hearer_open(s.h), 0);
	/* Two more make the six at once; from then on one in ten seconds. */
	for (int i = 0; i < 5; i++) {
		int one = connect_from(&s, address(DEVICE));
		send_bytes(one, s.golden.p, s.golden.len);
		(void)read_to_end(&s, one);
		(void)close(one);
	}
	assert_int_equal(s.told, HEAR_BURST - HEAR_OF_ONE);
	for (int i = 0; i < 60; i++) {
		clock_advance(s.b.clock, 1000);
		int one = connect_from(&s, address(DEVICE));
		send_bytes(one, s.golden.p, s.golden.len);
		(void)read_to_end(&s, one);
		(void)close(one);
	}
	assert_int_equal(s.told, HEAR_BURST - HEAR_OF_ONE + 60000 / HEAR_EVERY_MS);
	site_release(&s);
}

/* A device says all at once; those who hold connections open lose the oldest. */
static void slow_ones_do_not_keep_a_device_out(void **state)
{
	struct site s;
	int fd[HEAR_AT_ONCE];
	site_init(&s);
	for (uint32_t i = 0; i < HEAR_AT_ONCE; i++) {
		fd[i] = connect_from(&s, 0x7f050001 + i / HEAR_OF_ONE);
		send_bytes(fd[i], s.golden.p, 30);
	}
	settle(&s);
	assert_int_equal(hearer_open(s.h), HEAR_AT_ONCE);
	int one = connect_from(&s, address(DEVICE));
	send_bytes(one, s.golden.p, s.golden.len);
	(void)read_to_end(&s, one);
	assert_int_equal(s.of_device, 1);
	assert_int_equal(hearer_open(s.h), HEAR_AT_ONCE - 1);
	(void)close(one);
	for (uint32_t i = 0; i < HEAR_AT_ONCE; i++)
		(void)close(fd[i]);
	site_release(&s);
}

static void addresses_that_are_not_allowed_are_not_heard(void **state)
{
	struct site s;
	site_init(&s);
	struct wire_config *c = bench_config(&s.b);
	c->allow_loopback = false;
	bench_send(&s.b, &c->mail);
	settle(&s);
	int fd = connect_from(&s, address(DEVICE));
	send_bytes(fd, s.golden.p, s.golden.len);
	(void)read_to_end(&s, fd);
	assert_int_equal(s.told, 0);
	(void)close(fd);
	site_release(&s);
}

/* One of each five: a whole hello that is a lie, one that is cut, rubbish, half a hello that is held open, nothing. */
static void send_forged(struct site *s, uint32_t number, int *held)
{
	uint8_t bytes[HELLO_SIZE_MAX];
	uint32_t kind = number % 5;
	size_t len = kind == 0 ? s->golden.len : kind == 1 || kind == 3 ? 500 : kind == 2 ? 64 : 0;
	memcpy(bytes, s->golden.p, s->golden.len);
	memcpy(bytes + 8, &number, sizeof(number)); /* each has a UUID of its own */
	if (kind == 2)
		memset(bytes, (int)number, len);
	int fd = connect_from(s, 0x7f100001 + number % 20000);
	if (len)
		(void)send(fd, bytes, len, MSG_NOSIGNAL); /* it may be closed already */
	if (kind == 3) {
		if (*held >= 0)
			(void)close(*held);
		*held = fd;
	} else {
		(void)close(fd);
	}
}

/* 20,000 senders, 10,000 messages a second, of which the device sends one in a thousand; it is a stranger each time,
 * for so many others came between. 10,000 messages, or as many as LAMPLIGHTER_FLOOD says. */
static void a_device_is_heard_in_a_flood(void **state)
{
	struct site s;
	const char *wanted = getenv("LAMPLIGHTER_FLOOD");
	uint32_t count = wanted ? (uint32_t)strtoul(wanted, NULL, 10) : 10000;
	int held = -1, sent = 0;
	site_init(&s);
	for (uint32_t i = 0; i < count; i++) {
		send_forged(&s, i, &held);
		if (i % 10 == 9)
			clock_advance(s.b.clock, 1);
		if (i % 10000 == 9000) {
			int one = connect_from(&s, address(DEVICE));
			send_bytes(one, s.golden.p, s.golden.len);
			(void)read_to_end(&s, one);
			(void)close(one);
			sent++;
		}
		(void)loop_run_once(s.b.w->kit.loop, 0);
		bench_take(&s.b);
		assert_in_range(hearer_open(s.h), 0, HEAR_AT_ONCE);
		assert_in_range(hearer_sources(s.h), 0, HEAR_SOURCES);
	}
	settle(&s);
	print_message("# %u forged, %d told; the device: %d sent, %d told\n", count, s.told, sent, s.of_device);
	assert_int_equal(s.of_device, sent);
	if (held >= 0)
		(void)close(held);
	site_release(&s);
}

/* The same while the zone reads nothing: what waits for it has a bound. */
static void a_zone_that_is_behind_is_told_no_more(void **state)
{
	struct site s;
	int held = -1;
	site_init(&s);
	for (uint32_t i = 0; i < 20000; i += 5) {
		send_forged(&s, i, &held);
		(void)loop_run_once(s.b.w->kit.loop, 0);
		assert_in_range(mailbox_count(s.b.zone), 0, 2000);
	}
	site_release(&s);
}

static void a_taken_port_is_said(void **state)
{
	struct site s;
	struct hearer *other = NULL;
	struct err e = ERR_INIT;
	char at[32];
	site_init(&s);
	(void)snprintf(at, sizeof(at), "127.0.0.1:%u", s.port);
	assert_int_equal(hearer_new(&s.b.w->kit, at, &other, &e), ERR_PORT_TAKEN);
	assert_non_null(strstr(e.msg, at));
	assert_int_equal(hearer_new(&s.b.w->kit, "nonsense", &other, &e), ERR_INVALID);
	assert_null(other);
	site_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_is_told_with_all_it_says),
		cmocka_unit_test(the_psk_form_is_told_with_its_pid),
		cmocka_unit_test(a_hello_may_come_byte_by_byte),
		cmocka_unit_test(what_is_no_hello_is_counted_and_closed),
		cmocka_unit_test(who_says_nothing_is_closed_after_two_seconds),
		cmocka_unit_test(one_address_gets_four_connections_and_a_rate),
		cmocka_unit_test(slow_ones_do_not_keep_a_device_out),
		cmocka_unit_test(addresses_that_are_not_allowed_are_not_heard),
		cmocka_unit_test(a_device_is_heard_in_a_flood),
		cmocka_unit_test(a_zone_that_is_behind_is_told_no_more),
		cmocka_unit_test(a_taken_port_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
