#include "listen.h"

#include "base/base.h"
#include "base/err.h"
#include "base/map.h"
#include "fault.h"
#include "http.h"
#include "setup.h"
#include "sim.h"
#include "taken.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG           4096
#define ACCEPTS_PER_ROUND 256
#define PAUSE_MS          50
#define IP_DESTINATION    16 /* offset in the IPv4 header */

struct listener {
	struct sim *s;
	struct device *d; /* NULL: all */
	int fd;
	bool tls;
	bool drops;
	struct loop_fd *watch;
	struct loop_timer pause;
};

struct listeners {
	struct listener *wild[2];
	struct map_u64 *own; /* address and port -> listener of one device */
};

static uint64_t own_key(const struct sim *s, const struct device *d, bool tls)
{
	return (uint64_t)device_address(s, d) << 1 | tls;
}

static void listener_free(struct listener *l)
{
	if (!l)
		return;
	loop_timer_stop(&l->pause);
	loop_fd_free(l->watch);
	(void)close(l->fd); /* nothing can be done about it */
	free(l);
}

void listen_free(struct listeners *all)
{
	size_t it = 0;
	uint64_t key;
	void *l;

	if (!all)
		return;
	listener_free(all->wild[0]);
	listener_free(all->wild[1]);
	while (map_u64_each(all->own, &it, &key, &l))
		listener_free(l);
	map_u64_free(all->own);
	free(all);
}

static void resume(void *arg)
{
	struct listener *l = arg;

	loop_fd_want(l->watch, LOOP_READ);
}

static void accept_one(struct listener *l, int fd, const struct sockaddr_in *peer)
{
	struct device *d = l->d;
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	if (!d && getsockname(fd, (struct sockaddr *)&own, &len) == 0)
		d = device_at(l->s, ntohl(own.sin_addr.s_addr));
	if (!d) {
		(void)close(fd); /* with a filter nothing of the kind comes this far */
		return;
	}
	http_accept(l->s, d, fd, l->tls, ntohl(peer->sin_addr.s_addr));
}

static void on_accept(void *arg, int events)
{
	struct listener *l = arg;

	for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
		struct sockaddr_in peer = {0};
		socklen_t len = sizeof(peer);
		int fd = accept4(l->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accept_one(l, fd, &peer);
			continue;
		}
		/* Out of files: the backlog holds the others for a moment. */
		if (errno == EMFILE || errno == ENFILE) {
			loop_fd_want(l->watch, 0);
			loop_timer_set(&l->pause, PAUSE_MS);
		}
		return;
	}
}

/* 0, or errno. EPERM: newer kernels (seen with 6.18) want CAP_NET_ADMIN for a filter on a TCP socket. */
static int attach(int fd, struct sock_filter *code, size_t len)
{
	struct sock_fprog prog = {.len = (unsigned short)len, .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0 ? 0 : errno;
}

int listen_confine(struct sim *s, int fd, struct err *e)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + IP_DESTINATION),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, s->first, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, s->first + s->opt.devices - 1, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	bool bound;
	int sys;

	/* Either confines: binding is allowed to everybody since Linux 5.7, and 127/8 never comes from outside. Without
	 * the filter accept_one closes what is for no device. */
	bound = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) == 0;
	sys = attach(fd, code, ARRAY_LEN(code));
	if (sys != 0 && !(sys == EPERM && bound))
		return err_set_sys(e, ERR_SYSTEM, sys,
				   "cannot hold a listener to loopback (this needs Linux 5.7, or CAP_NET_ADMIN)");
	return 0;
}

static int drop_all(int fd, struct err *e)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	int sys = attach(fd, code, ARRAY_LEN(code));

	if (sys != 0)
		return err_set_sys(e, sys == EPERM ? ERR_PRIVILEGE : ERR_SYSTEM, sys,
				   "syn-drop needs a filter, which this kernel allows with CAP_NET_ADMIN only");
	return 0;
}

static int bind_error(int sys, uint32_t address, uint16_t port, struct err *e)
{
	int code = sys == EADDRINUSE ? ERR_PORT_TAKEN : sys == EACCES ? ERR_PRIVILEGE : ERR_SYSTEM;

	return err_set_sys(e, code, sys, "cannot listen on %u.%u.%u.%u port %u", address >> 24, address >> 16 & 255,
			   address >> 8 & 255, address & 255, port);
}

static int bind_to(int fd, uint32_t address, uint16_t port, struct err *e)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};

	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		return bind_error(errno, address, port, e);
	return 0;
}

/* The sockets share their port, so that one on all addresses and others on single ones stand side by side, also those
 * of several amtsim. Two of a kind would take each other's connections. */
static int check_free(struct sim *s, struct err *e)
{
	struct taken *t = taken_read(false);
	uint16_t ports[2] = {s->opt.port_plain, s->opt.port_tls};
	uint32_t n = s->opt.each ? s->opt.devices : 1;
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++)
		for (int tls = 0; tls < 2 && r == 0; tls++) {
			uint32_t address = s->opt.each ? device_address(s, &s->devices[i]) : INADDR_ANY;

			if (taken_has(t, address, ports[tls]))
				r = bind_error(EADDRINUSE, address, ports[tls], e);
		}
	taken_free(t);
	return r;
}

static int open_socket(struct sim *s, uint32_t address, uint16_t port, bool drops, int *ret_fd, struct err *e)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, r;

	if (fd < 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "cannot make a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)); /* bind says if it mattered */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)); /* as above */
	r = drops ? drop_all(fd, e) : listen_confine(s, fd, e);
	if (r == 0)
		r = bind_to(fd, address, port, e);
	if (r == 0 && listen(fd, BACKLOG) != 0)
		r = bind_error(errno, address, port, e);
	if (r != 0) {
		(void)close(fd); /* nothing can be done about it */
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int listener_new(struct sim *s, struct device *d, bool tls, bool drops, struct listener **ret, struct err *e)
{
	uint16_t port = tls ? s->opt.port_tls : s->opt.port_plain;
	struct listener *l;
	int fd, r;

	r = open_socket(s, d ? device_address(s, d) : INADDR_ANY, port, drops, &fd, e);
	if (r != 0)
		return r;
	l = mem_alloc(sizeof(*l));
	l->s = s;
	l->d = d;
	l->fd = fd;
	l->tls = tls;
	l->drops = drops;
	l->watch = loop_fd_new(s->loop, fd, on_accept, l);
	loop_timer_init(&l->pause, s->loop, resume, l);
	loop_fd_want(l->watch, LOOP_READ);
	*ret = l;
	return 0;
}

enum want { WANT_NOTHING, WANT_OPEN, WANT_DROP };

static enum want wanted(const struct sim *s, const struct device *d, bool tls)
{
	if (fault_is_on(s, d, FAULT_SYN_DROP, NULL))
		return WANT_DROP;
	if (!s->opt.each || !device_port_is_open(d, tls) || setup_is_shut(s, d) ||
	    fault_is_on(s, d, FAULT_REFUSE, NULL))
		return WANT_NOTHING;
	return WANT_OPEN;
}

static int update(struct sim *s, struct device *d, bool tls, struct err *e)
{
	enum want want = wanted(s, d, tls);
	struct map_u64 *own = s->listeners->own;
	struct listener *l = map_u64_get(own, own_key(s, d, tls));
	int r;

	if (l && (want == WANT_NOTHING || l->drops != (want == WANT_DROP))) {
		(void)map_u64_delete(own, own_key(s, d, tls)); /* it is l */
		listener_free(l);
		l = NULL;
	}
	if (l || want == WANT_NOTHING)
		return 0;
	r = listener_new(s, d, tls, want == WANT_DROP, &l, e);
	if (r == 0)
		(void)map_u64_put(own, own_key(s, d, tls), l); /* nothing was there */
	return r;
}

static int update_all(struct sim *s, struct err *e)
{
	int r = 0;

	if (!s->opt.each && faults_is_empty(s->faults) && map_u64_count(s->listeners->own) == 0)
		return 0;
	for (uint32_t i = 0; i < s->opt.devices && r == 0; i++)
		for (int tls = 0; tls < 2 && r == 0; tls++)
			r = update(s, &s->devices[i], tls, e);
	return r;
}

void listen_update(struct sim *s, struct device *d)
{
	struct err e = ERR_INIT;
	int r = 0;

	if (!s->listeners)
		return;
	if (!d)
		r = update_all(s, &e);
	for (int tls = 0; d && tls < 2 && r == 0; tls++)
		r = update(s, d, tls, &e);
	if (r != 0)
		fprintf(stderr, "amtsim: %s\n", e.msg);
}

int listen_open(struct sim *s, struct err *e)
{
	int r;

	s->listeners = mem_alloc(sizeof(*s->listeners));
	s->listeners->own = map_u64_new();
	r = check_free(s, e);
	for (int tls = 0; tls < 2 && r == 0 && !s->opt.each; tls++)
		r = listener_new(s, NULL, tls, false, &s->listeners->wild[tls], e);
	return r == 0 ? update_all(s, e) : r;
}
