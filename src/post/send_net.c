/* Datagrams and streams: plain UDP, SNMP traps, and system logs by UDP (RFC 5426), TCP (RFC 6587) or a local socket. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "post/post_priv.h"

#define SLICE_MS    200 /* between two looks at whether to give up */
#define REFUSAL_MS  100 /* how long a refusal of a datagram may take to come back */
#define FAREWELL_MS 2000
#define STREAM_MAX  (16u << 20)
#define HOST_SIZE   256

static int failed(struct err *e, const struct parcel *p, const char *what, int sys)
{
	return err_set_sys(e, ERR_NOT_DELIVERED, sys, "%s %s", p->to.address, what);
}

/* "[IPv6]:PORT", "HOST:PORT", or a HOST with the port of the kind. */
static void split(const char *address, const char *otherwise, char host[HOST_SIZE], const char **ret_port)
{
	bool bracket = address[0] == '[';
	const char *end = bracket ? strchr(address, ']') : strrchr(address, ':');
	size_t len = end ? (size_t)(end - address) - bracket : strlen(address);
	(void)bytes_to_str(BYTES(address + bracket, len), host, HOST_SIZE); /* its length was checked */
	const char *colon = bracket && end ? strchr(end, ':') : end;
	*ret_port = colon ? colon + 1 : otherwise;
}

/* Waits for an event, in slices, so that a stop does not have to wait. 0: in time. */
static int wait_for(const struct parcel *p, int fd, short events, int ms)
{
	for (int waited = 0; waited < ms && !atomic_load(p->stopping); waited += SLICE_MS) {
		struct pollfd pfd = {.fd = fd, .events = events};
		int n = poll(&pfd, 1, ms - waited < SLICE_MS ? ms - waited : SLICE_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return errno;
	}
	return ETIMEDOUT;
}

static int connect_one(const struct parcel *p, int type, const struct sockaddr *to, socklen_t len, int *ret_fd)
{
	int fd = socket(to->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), sys = 0;
	socklen_t size = sizeof(sys);
	if (fd < 0)
		return errno;
	if (connect(fd, to, len) < 0)
		sys = errno;
	if (sys == EINPROGRESS) {
		sys = wait_for(p, fd, POLLOUT, SEND_MS);
		if (!sys && getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &size) < 0)
			sys = errno;
	}
	if (sys)
		(void)close(fd); /* it was never used */
	else
		*ret_fd = fd;
	return sys;
}

static int connect_host(const struct parcel *p, const char *address, const char *port, int type, int *ret_fd,
			struct err *e)
{
	char host[HOST_SIZE];
	struct addrinfo *found, want = {.ai_family = AF_UNSPEC, .ai_socktype = type};
	split(address, port, host, &port);
	int gai = getaddrinfo(host, port, &want, &found);
	if (gai)
		return err_set(e, ERR_NOT_DELIVERED, "the name \"%s\" does not resolve: %s", host, gai_strerror(gai));
	int sys = EADDRNOTAVAIL;
	for (struct addrinfo *a = found; a && sys; a = a->ai_next)
		sys = connect_one(p, type, a->ai_addr, a->ai_addrlen, ret_fd);
	freeaddrinfo(found);
	return sys ? failed(e, p, "cannot be reached", sys) : 0;
}

static int connect_local(const struct parcel *p, const char *path, int *ret_fd, struct err *e)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	if (!bytes_to_str(bytes_str(path), to.sun_path, sizeof(to.sun_path)))
		return failed(e, p, "has a path that is too long", ENAMETOOLONG);
	int sys = connect_one(p, SOCK_DGRAM, (const struct sockaddr *)&to, sizeof(to), ret_fd);
	return sys ? failed(e, p, "cannot be reached", sys) : 0;
}

static int open_socket(const struct parcel *p, int *ret_fd, struct err *e)
{
	const char *a = p->to.address;
	if (p->to.kind == SINK_SNMP)
		return connect_host(p, a, "162", SOCK_DGRAM, ret_fd, e);
	if (p->to.kind == SINK_UDP)
		return connect_host(p, a, NULL, SOCK_DGRAM, ret_fd, e);
	if (strncmp(a, "unix:", 5) == 0)
		return connect_local(p, a + 5, ret_fd, e);
	return connect_host(p, a + 4, NULL, SOCK_DGRAM, ret_fd, e);
}

static int encode(const struct parcel *p, const struct note *n, struct buf *out, struct err *e)
{
	buf_reset(out);
	if (p->to.kind == SINK_SNMP)
		return note_trap(n, BYTES(p->secret.p, p->secret.len), out, e);
	if (p->to.kind == SINK_UDP)
		note_line(n, out);
	else
		note_syslog(n, p->deps->fqdn, out);
	return buf_check(out, e, "message");
}

/* A refusal of an earlier datagram shows as an error of the socket. */
static int send_one(const struct parcel *p, int fd, struct bytes s)
{
	for (;;) {
		if (send(fd, s.p, s.len, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno;
		int sys = wait_for(p, fd, POLLOUT, SEND_MS);
		if (sys)
			return sys;
	}
}

static int look_for_refusal(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = 0};
	int sys = 0;
	socklen_t size = sizeof(sys);
	if (poll(&pfd, 1, REFUSAL_MS) > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &size) == 0)
		return sys;
	return 0;
}

int send_datagrams(struct parcel *p, struct err *e)
{
	struct buf out;
	int fd = -1, sys = 0;
	int rc = open_socket(p, &fd, e);
	if (rc)
		return rc;
	buf_init(&out, NOTE_MAX);
	for (size_t i = 0; i < p->count && !rc && !sys; i++) {
		rc = encode(p, &p->notes[i], &out, e);
		if (!rc)
			sys = send_one(p, fd, buf_bytes(&out));
	}
	if (!rc && !sys)
		sys = look_for_refusal(fd);
	if (sys)
		rc = failed(e, p, "took no datagram", sys);
	if (!rc)
		p->done = p->count; /* on an error nobody knows which came through: all go again */
	(void)close(fd);            /* all was sent */
	buf_release(&out);
	return rc;
}

static int send_all(const struct parcel *p, int fd, struct bytes s)
{
	while (s.len) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL);
		int sys = n >= 0 || errno == EINTR ? 0 : errno == EAGAIN ? wait_for(p, fd, POLLOUT, SEND_MS) : errno;
		if (sys)
			return sys;
		if (n > 0)
			s = BYTES(s.p + n, s.len - (size_t)n);
	}
	return 0;
}

/* The other side has read to the end when it closes, or at least did not reset the connection. */
static int say_farewell(const struct parcel *p, int fd)
{
	char c;
	if (shutdown(fd, SHUT_WR) < 0)
		return errno;
	if (wait_for(p, fd, POLLIN, FAREWELL_MS))
		return 0;
	return recv(fd, &c, 1, 0) < 0 && errno != EAGAIN ? errno : 0;
}

int send_stream(struct parcel *p, struct err *e)
{
	struct buf out;
	int fd = -1;
	int rc = connect_host(p, p->to.address + 4, NULL, SOCK_STREAM, &fd, e);
	if (rc)
		return rc;
	buf_init(&out, STREAM_MAX);
	rc = note_stream(p, &out, e);
	int sys = rc ? 0 : send_all(p, fd, buf_bytes(&out));
	if (!rc && !sys)
		sys = say_farewell(p, fd);
	if (sys)
		rc = failed(e, p, "broke the connection", sys);
	if (!rc)
		p->done = p->count;
	(void)close(fd); /* it was read to the end, or will be sent again */
	buf_release(&out);
	return rc;
}
