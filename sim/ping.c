#include "ping.h"

#include "base/base.h"
#include "base/err.h"
#include "codec/rmcp.h"
#include "fault.h"
#include "listen.h"
#include "more.h"
#include "sim.h"
#include "taken.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH          64
#define DATAGRAM_MAX   64 /* a ping has 12 bytes */
#define BUFFER_SIZE    (8 * 1024 * 1024)
#define RMCP_CLASS_ACK 0x80

struct socket {
	struct ping *all;
	struct device *d; /* NULL: for all */
	int fd;
	struct loop_fd *watch;
};

struct ping {
	struct sim *s;
	struct socket *sockets;
	size_t count;
	/* One batch in, and what goes out. */
	struct mmsghdr in[BATCH], out[2 * BATCH];
	struct iovec in_data[BATCH], out_data[2 * BATCH];
	struct sockaddr_in peers[BATCH];
	uint8_t data[BATCH][DATAGRAM_MAX], replies[2 * BATCH][RMCP_PONG_SIZE];
	union {
		char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr align;
	} in_control[BATCH], out_control[2 * BATCH];
};

void ping_free(struct ping *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		loop_fd_free(p->sockets[i].watch);
		(void)close(p->sockets[i].fd); /* nothing can be done about it */
	}
	free(p->sockets);
	free(p);
}

static bool is_silenced(const struct device *d)
{
	const struct change *c = d->more ? more_change(d, "AMT_GeneralSettings", 0, "RmcpPingResponseEnabled") : NULL;

	return c && strcmp(c->values, "false") == 0;
}

static bool answers(struct sim *s, struct device *d)
{
	const struct profile *p = device_profile(d);

	if (!profile_answers_ping(p, device_is_set_up(d), s->set.ping_16) || is_silenced(d))
		return false;
	if (faults_is_empty(s->faults))
		return true;
	if (fault_is_on(s, d, FAULT_SYN_DROP, NULL))
		return false;
	return fault_ask(s, d, FAULT_POINT_PING, FAULT_ON_ANY, false).kind == FAULT_NONE;
}

static void make_pong(const struct device *d, const struct rmcp_ping *ping, uint8_t to[RMCP_PONG_SIZE])
{
	const struct profile *p = device_profile(d);
	bool tells_version = profile_version(p) >= PROFILE_VERSION(6, 0), set_up = device_is_set_up(d);
	struct rmcp_pong pong = {.tag = ping->tag, .enterprise = RMCP_IANA_INTEL};

	pong.entities = profile_ping_entities(p);
	pong.interactions = profile_ping_interactions(p);
	pong.major = tells_version ? p->major : 0;
	pong.minor = tells_version ? p->minor : 0;
	if (tells_version)
		pong.provisioning = set_up                    ? RMCP_PROVISIONING_POST
				    : d->mode == DEVICE_SETUP ? RMCP_PROVISIONING_IN
							      : RMCP_PROVISIONING_PRE;
	if (set_up)
		pong.port = device_port_is_open(d, true) ? 16993 : 16992;
	pong.both_ports = set_up && device_port_is_open(d, true) && device_port_is_open(d, false);
	rmcp_pong_encode(&pong, to);
}

/* The address that was asked, from the datagram's control data. */
static struct device *asked(struct ping *p, struct socket *k, unsigned i)
{
	struct msghdr *m = &p->in[i].msg_hdr;
	struct in_pktinfo info;

	if (k->d)
		return k->d;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return device_at(p->s, ntohl(info.ipi_addr.s_addr));
		}
	return NULL;
}

static void queue_reply(struct ping *p, unsigned n, const struct device *d, unsigned from, size_t len)
{
	struct msghdr *m = &p->out[n].msg_hdr;
	struct in_pktinfo info = {.ipi_spec_dst = {htonl(device_address(p->s, d))}};
	struct cmsghdr *c;

	p->out_data[n] = (struct iovec){p->replies[n], len};
	*m = (struct msghdr){.msg_name = &p->peers[from],
			     .msg_namelen = sizeof(p->peers[from]),
			     .msg_iov = &p->out_data[n],
			     .msg_iovlen = 1,
			     .msg_control = p->out_control[n].room,
			     .msg_controllen = sizeof(p->out_control[n].room)};
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static unsigned answer_one(struct ping *p, struct socket *k, unsigned i, unsigned n)
{
	struct device *d = asked(p, k, i);
	struct rmcp_ping ping;

	if (!d || rmcp_ping_parse(BYTES(p->data[i], p->in[i].msg_len), &ping, NULL) != 0)
		return n;
	d->count.pings++;
	if (!answers(p->s, d))
		return n;
	if (p->s->set.rmcp_ack && ping.sequence != 0xff) {
		const uint8_t ack[4] = {0x06, 0x00, ping.sequence, 0x06 | RMCP_CLASS_ACK};

		memcpy(p->replies[n], ack, sizeof(ack));
		queue_reply(p, n++, d, i, sizeof(ack));
	}
	make_pong(d, &ping, p->replies[n]);
	queue_reply(p, n++, d, i, RMCP_PONG_SIZE);
	d->count.pongs++;
	return n;
}

static void on_ping(void *arg, int events)
{
	struct socket *k = arg;
	struct ping *p = k->all;
	unsigned n = 0;
	int got;

	for (unsigned i = 0; i < BATCH; i++) {
		p->in_data[i] = (struct iovec){p->data[i], DATAGRAM_MAX};
		p->in[i].msg_hdr = (struct msghdr){.msg_name = &p->peers[i],
						   .msg_namelen = sizeof(p->peers[i]),
						   .msg_iov = &p->in_data[i],
						   .msg_iovlen = 1,
						   .msg_control = p->in_control[i].room,
						   .msg_controllen = sizeof(p->in_control[i].room)};
	}
	got = recvmmsg(k->fd, p->in, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++)
		n = answer_one(p, k, (unsigned)i, n);
	for (unsigned sent = 0; sent < n;) {
		int r = sendmmsg(k->fd, p->out + sent, n - sent, 0);

		sent += r > 0 ? (unsigned)r : 1; /* what cannot be sent is lost, as on any net */
	}
}

static int bind_error(int sys, uint16_t port, struct err *e)
{
	if (sys == EACCES)
		return err_set(e, ERR_PRIVILEGE,
			       "UDP port %u needs the capability CAP_NET_BIND_SERVICE: run as root, or move it with "
			       "--rmcp-port 10623 (0: none)",
			       port);
	return err_set_sys(e, sys == EADDRINUSE ? ERR_PORT_TAKEN : ERR_SYSTEM, sys, "cannot listen on UDP port %u",
			   port);
}

static int open_one(struct ping *p, struct device *d, struct err *e)
{
	struct sim *s = p->s;
	struct socket *k = &p->sockets[p->count];
	int one = 1, size = BUFFER_SIZE, r;
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(s->opt.port_rmcp),
				.sin_addr = {htonl(d ? device_address(s, d) : INADDR_ANY)}};

	k->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (k->fd < 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "cannot make a socket");
	(void)setsockopt(k->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)); /* bind says if it mattered */
	(void)setsockopt(k->fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));   /* without it nothing is answered */
	if (!d && setsockopt(k->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(k->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); /* as much as the user may */
	r = listen_confine(s, k->fd, e);
	if (r == 0 && bind(k->fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		r = bind_error(errno, s->opt.port_rmcp, e);
	if (r != 0) {
		(void)close(k->fd); /* nothing can be done about it */
		return r;
	}
	k->all = p;
	k->d = d;
	k->watch = loop_fd_new(s->loop, k->fd, on_ping, k);
	loop_fd_want(k->watch, LOOP_READ);
	p->count++;
	return 0;
}

/* As with the TCP ports: see listen.c. */
static int check_free(struct sim *s, struct err *e)
{
	struct taken *t = taken_read(true);
	bool taken = !s->opt.each && taken_has(t, INADDR_ANY, s->opt.port_rmcp);

	for (uint32_t i = 0; i < s->opt.devices && s->opt.each; i++)
		taken |= taken_has(t, device_address(s, &s->devices[i]), s->opt.port_rmcp);
	taken_free(t);
	return taken ? bind_error(EADDRINUSE, s->opt.port_rmcp, e) : 0;
}

int ping_open(struct sim *s, struct err *e)
{
	size_t n = s->opt.each ? s->opt.devices : 1;
	int r;

	if (s->opt.port_rmcp == 0)
		return 0;
	r = check_free(s, e);
	if (r != 0)
		return r;
	s->ping = mem_alloc(sizeof(*s->ping));
	s->ping->s = s;
	s->ping->sockets = mem_array(n, sizeof(struct socket));
	for (size_t i = 0; i < n && r == 0; i++)
		r = open_one(s->ping, s->opt.each ? &s->devices[i] : NULL, e);
	return r;
}
