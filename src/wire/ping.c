#include "wire/ping.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/rng.h"
#include "wire/kit.h"
#include "wire/net.h"

#define BATCH       1024 /* datagrams in one system call: the most that Linux takes */
#define GROUP_BITS  8    /* addresses that share a tag and a time: 256 */
#define ANSWER_MS   3000 /* a pong that comes later is passed over */
#define RECEIVE_BUF (16 * 1024 * 1024)
#define PONG_ROOM   64 /* a pong has 28 bytes; longer datagrams are cut, and still longer than a pong */

struct batch_in {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in6 from[BATCH]; /* holds an IPv4 address too */
	uint8_t data[BATCH][PONG_ROOM];
};

struct batch_out {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in to[BATCH];
	uint8_t data[BATCH][RMCP_PING_SIZE];
	size_t len, at; /* from at on: not yet with the system */
};

struct pinger {
	struct wire_kit *kit;
	const struct range *range;
	uint16_t port;
	pinger_pong_fn pong;
	void *arg;
	int fd, fd6;
	struct loop_fd *watch, *watch6;
	uint64_t count, place;         /* slots; a slot is a place in the order of asking */
	uint64_t offset, stride, back; /* index = (offset + slot * stride) mod count; back undoes stride */
	uint64_t seed, silent;
	uint32_t pass;
	uint64_t *done;        /* a bit for each index */
	uint32_t *asked_at[2]; /* of even and odd passes, for each group of slots: ms since started_ms; 0 never */
	int64_t started_ms;
	struct batch_in in;
	struct batch_out out;
};

static uint64_t times(uint64_t a, uint64_t b, uint64_t mod)
{
	return (uint64_t)((__uint128_t)a * b % mod);
}

static uint64_t divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* x with a * x = 1 (mod m); a and m have no common divisor. */
static uint64_t inverse(uint64_t a, uint64_t m)
{
	int64_t x = 0, next_x = 1;
	uint64_t r = m, next_r = a % m;
	while (next_r) {
		uint64_t q = r / next_r;
		int64_t keep_x = x - (int64_t)q * next_x;
		uint64_t keep_r = r - q * next_r;
		x = next_x;
		next_x = keep_x;
		r = next_r;
		next_r = keep_r;
	}
	return m == 1 ? 0 : (uint64_t)(x < 0 ? x + (int64_t)m : x);
}

/* A stride near the golden section of the range puts each slot far from those just before it. */
static void choose_order(struct pinger *p)
{
	uint64_t stride = p->count * 618 / 1000 + 1;
	while (divisor(stride, p->count) != 1)
		stride++;
	p->stride = stride % p->count;
	p->back = inverse(stride, p->count);
	p->offset = p->seed % p->count;
}

static uint64_t index_of(const struct pinger *p, uint64_t slot)
{
	return (p->offset + times(slot, p->stride, p->count)) % p->count;
}

static uint64_t slot_of(const struct pinger *p, uint64_t index)
{
	return times((index + p->count - p->offset) % p->count, p->back, p->count);
}

static bool is_done(const struct pinger *p, uint64_t index)
{
	return p->done[index / 64] >> index % 64 & 1;
}

static void set_done(struct pinger *p, uint64_t index)
{
	p->done[index / 64] |= UINT64_C(1) << index % 64;
	p->silent--;
}

/* Never 255, which stands for messages that want no answer. */
static uint8_t tag_of(const struct pinger *p, uint32_t pass, uint64_t group)
{
	const uint64_t of[2] = {pass, group};
	return (uint8_t)(rng_hash(p->seed, of, sizeof(of)) % 255);
}

static uint32_t since_start(const struct pinger *p)
{
	return (uint32_t)(loop_now_ms(p->kit->loop) - p->started_ms) + 1;
}

static bool was_asked(const struct pinger *p, uint32_t pass, uint64_t group, uint8_t tag)
{
	uint32_t at = p->asked_at[pass % 2][group];
	return at && since_start(p) - at <= ANSWER_MS && tag == tag_of(p, pass, group);
}

/* In this pass, or at the end of the one before. */
static bool is_expected(const struct pinger *p, uint64_t index, uint8_t tag)
{
	uint64_t group = slot_of(p, index) >> GROUP_BITS;
	return was_asked(p, p->pass, group, tag) || (p->pass > 0 && was_asked(p, p->pass - 1, group, tag));
}

static void take_one(struct pinger *p, const struct sockaddr_in6 *from, struct bytes data)
{
	struct range_addr address;
	struct rmcp_pong pong;
	uint64_t index;
	if (rmcp_pong_parse(data, &pong, NULL) != 0 ||
	    !range_addr_from_sockaddr((const struct sockaddr *)from, &address) ||
	    !range_index(p->range, &address, &index) || is_done(p, index) || !is_expected(p, index, pong.tag)) {
		metric_add(METRIC_scan_ignored, 1);
		return;
	}
	set_done(p, index);
	metric_add(METRIC_scan_pongs, 1);
	if (rmcp_pong_is_amt(&pong))
		p->pong(p->arg, &address, &pong);
}

static void take_all(struct pinger *p, int fd)
{
	struct batch_in *in = &p->in;
	int n;
	do {
		for (int i = 0; i < BATCH; i++)
			in->msgs[i].msg_hdr.msg_namelen = sizeof(in->from[i]);
		n = recvmmsg(fd, in->msgs, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			take_one(p, &in->from[i], BYTES(in->data[i], in->msgs[i].msg_len));
	} while (n == BATCH);
}

static void on_ready(void *arg, int events)
{
	struct pinger *p = arg;
	take_all(p, p->fd);
	if (p->fd6 >= 0)
		take_all(p, p->fd6);
}

static void batches_init(struct pinger *p)
{
	for (size_t i = 0; i < BATCH; i++) {
		p->in.iov[i] = (struct iovec){p->in.data[i], PONG_ROOM};
		p->in.msgs[i].msg_hdr =
			(struct msghdr){.msg_iov = &p->in.iov[i], .msg_iovlen = 1, .msg_name = &p->in.from[i]};
		p->out.iov[i] = (struct iovec){p->out.data[i], RMCP_PING_SIZE};
		p->out.msgs[i].msg_hdr = (struct msghdr){.msg_iov = &p->out.iov[i],
							 .msg_iovlen = 1,
							 .msg_name = &p->out.to[i],
							 .msg_namelen = sizeof(p->out.to[i])};
	}
}

static int socket_new(struct pinger *p, int family, int *ret_fd, struct loop_fd **ret_watch, struct err *e)
{
	int size = RECEIVE_BUF;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set_sys(e, errno == EPERM || errno == EACCES ? ERR_PRIVILEGE : ERR_SYSTEM, errno,
				   "a UDP socket for the scan");
	/* Past the system's limit with the right for it, else up to the limit: pongs of a whole range come at once. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	*ret_fd = fd;
	*ret_watch = loop_fd_new(p->kit->loop, fd, on_ready, p);
	loop_fd_want(*ret_watch, LOOP_READ);
	return 0;
}

static int sockets_new(struct pinger *p, struct err *e)
{
	int rc = p->range->v4_len ? socket_new(p, AF_INET, &p->fd, &p->watch, e) : 0;
	if (!rc && p->range->v6_len)
		rc = socket_new(p, AF_INET6, &p->fd6, &p->watch6, e);
	return rc;
}

int pinger_new(struct wire_kit *kit, const struct range *range, uint16_t port, pinger_pong_fn pong, void *arg,
	       struct pinger **ret, struct err *e)
{
	uint64_t count = range_count(range);
	if (count == 0 || count > PINGER_MAX)
		return err_set(e, ERR_TOO_BIG, "a scan takes from 1 to %llu addresses, not %llu",
			       (unsigned long long)PINGER_MAX, (unsigned long long)count);
	struct pinger *p = mem_alloc(sizeof(*p));
	size_t groups = (size_t)(count >> GROUP_BITS) + 1;
	*p = (struct pinger){.kit = kit, .range = range, .port = port, .pong = pong, .arg = arg, .fd = -1, .fd6 = -1};
	p->count = p->silent = count;
	p->done = mem_array((size_t)(count / 64) + 1, sizeof(*p->done));
	p->asked_at[0] = mem_array(groups, sizeof(uint32_t));
	p->asked_at[1] = mem_array(groups, sizeof(uint32_t));
	p->started_ms = loop_now_ms(kit->loop);
	kit_random(kit, &p->seed, sizeof(p->seed));
	choose_order(p);
	batches_init(p);
	int rc = sockets_new(p, e);
	if (rc)
		pinger_free(p);
	else
		*ret = p;
	return rc;
}

void pinger_free(struct pinger *p)
{
	if (!p)
		return;
	if (p->watch)
		loop_fd_close(p->watch);
	if (p->watch6)
		loop_fd_close(p->watch6);
	free(p->done);
	free(p->asked_at[0]);
	free(p->asked_at[1]);
	free(p);
}

static void ping_write(struct pinger *p, uint64_t slot, uint8_t to[RMCP_PING_SIZE])
{
	uint64_t group = slot >> GROUP_BITS;
	p->asked_at[p->pass % 2][group] = since_start(p);
	rmcp_ping_encode(&(struct rmcp_ping){.tag = tag_of(p, p->pass, group)}, to);
}

/* IPv6 ranges are single addresses, so there are few. */
static void send_v6(struct pinger *p, uint64_t slot, const struct range_addr *a)
{
	struct sockaddr_storage to;
	uint8_t ping[RMCP_PING_SIZE];
	socklen_t len = range_addr_to_sockaddr(a, p->port, &to);
	ping_write(p, slot, ping);
	(void)sendto(p->fd6, ping, sizeof(ping), 0, (struct sockaddr *)&to, len); /* lost ones are asked again */
	metric_add(METRIC_scan_pings, 1);
}

/* Puts the present slot into the batch, when its address is to be asked. True when it is. */
static bool slot_take(struct pinger *p)
{
	struct range_addr a;
	uint64_t slot = p->place++, index = index_of(p, slot);
	if (is_done(p, index) || !range_at(p->range, index, &a))
		return false;
	if (net_check(p->kit->net, &a, NULL) != 0) {
		set_done(p, index);
		return false;
	}
	if (a.v6) {
		send_v6(p, slot, &a);
		return true;
	}
	struct batch_out *out = &p->out;
	out->to[out->len] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(p->port)};
	memcpy(&out->to[out->len].sin_addr, a.b, 4);
	ping_write(p, slot, out->data[out->len]);
	out->len++;
	return true;
}

/* False when the system takes no more. */
static bool batch_flush(struct pinger *p)
{
	struct batch_out *out = &p->out;
	while (out->at < out->len) {
		int n = sendmmsg(p->fd, out->msgs + out->at, (unsigned)(out->len - out->at), 0);
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS))
			return false;
		if (n < 0 && errno == EINTR)
			continue;
		/* One that cannot be sent (no route, a broadcast address) is as good as silent. */
		out->at += n > 0 ? (size_t)n : 1;
		metric_add(METRIC_scan_pings, n > 0 ? n : 0);
	}
	out->at = out->len = 0;
	return true;
}

enum pinger_state pinger_send(struct pinger *p, uint64_t limit)
{
	uint64_t asked = 0;
	bool flushed = batch_flush(p);
	while (flushed && asked < limit && p->place < p->count) {
		while (asked < limit && p->place < p->count && p->out.len < BATCH)
			asked += slot_take(p) ? 1 : 0;
		flushed = batch_flush(p);
		on_ready(p, LOOP_READ);
	}
	if (!flushed)
		return PINGER_BLOCKED;
	return p->place < p->count ? PINGER_MORE : PINGER_OVER;
}

void pinger_next_pass(struct pinger *p)
{
	p->pass++;
	p->place = 0;
	memset(p->asked_at[p->pass % 2], 0, ((size_t)(p->count >> GROUP_BITS) + 1) * sizeof(uint32_t));
}

uint64_t pinger_place(const struct pinger *p)
{
	return p->place;
}

uint64_t pinger_silent(const struct pinger *p)
{
	return p->silent;
}

bool pinger_next_silent(const struct pinger *p, uint64_t *it, struct range_addr *ret)
{
	while (*it < p->count && is_done(p, *it))
		++*it;
	return *it < p->count && range_at(p->range, (*it)++, ret);
}
