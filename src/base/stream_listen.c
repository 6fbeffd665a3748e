#include "base/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/stream_priv.h"
#include "base/text.h"

void stream_tcp_options(int fd)
{
	int on = 1;
	unsigned timeout_ms = STREAM_UNANSWERED_MS;
	/* Without them it only is slower to send or to notice a dead peer. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
}

static int code_of(int sys)
{
	switch (sys) {
	case EADDRINUSE:
		return ERR_PORT_TAKEN;
	case EACCES:
	case EPERM:
		return ERR_PRIVILEGE;
	default:
		return ERR_SYSTEM;
	}
}

int stream_listen_tcp(const struct sockaddr *addr, socklen_t len, int backlog, int *ret_fd, struct err *e)
{
	char text[STREAM_ADDRESS_SIZE];
	stream_address_text(addr, text, sizeof(text), true);
	int on = 1, fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "listen on %s", text);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* else bind says what is wrong */
	stream_tcp_options(fd);                                          /* accepted sockets inherit them */
	if (bind(fd, addr, len) == 0 && listen(fd, backlog) == 0) {
		*ret_fd = fd;
		return 0;
	}
	int sys = errno;
	(void)close(fd); /* nothing is in it */
	return err_set_sys(e, code_of(sys), sys, "listen on %s", text);
}

/* True when nobody listens at the socket that is there. */
static bool is_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	if (lstat(addr->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool stale = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0 && errno == ECONNREFUSED;
	(void)close(fd); /* nothing is in it */
	return stale;
}

/* The mode of the descriptor is the widest that bind gives the file, so it is never open to more than asked for. */
static int bind_unix(int fd, const struct sockaddr_un *addr, int mode)
{
	if (fchmod(fd, (mode_t)mode) != 0)
		return -1;
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
	if (rc != 0 && errno == EADDRINUSE && is_stale(addr)) {
		(void)unlink(addr->sun_path); /* else bind fails again */
		rc = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
	}
	return rc == 0 ? chmod(addr->sun_path, (mode_t)mode) : rc;
}

int stream_listen_unix(const char *path, int mode, int *ret_fd, struct err *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	if (!bytes_to_str(bytes_str(path), addr.sun_path, sizeof(addr.sun_path)))
		return err_set(e, ERR_INVALID, "the path of socket \"%s\" is longer than %zu bytes", path,
			       sizeof(addr.sun_path) - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "listen on \"%s\"", path);
	if (bind_unix(fd, &addr, mode) == 0 && listen(fd, SOMAXCONN) == 0) {
		*ret_fd = fd;
		return 0;
	}
	int sys = errno;
	(void)close(fd); /* nothing is in it */
	return err_set_sys(e, code_of(sys), sys, "listen on \"%s\"", path);
}

static bool parse_ip(struct bytes ip, uint16_t port, bool six, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	if (!bytes_to_str(ip, text, sizeof(text)) ||
	    inet_pton(six ? AF_INET6 : AF_INET, text, six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
		return false;
	*ret_len = six ? sizeof(v6) : sizeof(v4);
	*ret = (struct sockaddr_storage){0};
	memcpy(ret, six ? (void *)&v6 : (void *)&v4, *ret_len);
	return true;
}

int stream_parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len, struct err *e)
{
	const char *colon = strrchr(text, ':');
	bool six = text[0] == '[';
	uint64_t port = 0;
	size_t len = colon ? (size_t)(colon - text) : 0;
	if (!colon || (six && (len < 2 || colon[-1] != ']')) || !text_to_u64(bytes_str(colon + 1), &port) ||
	    port > UINT16_MAX ||
	    !parse_ip(six ? BYTES(text + 1, len - 2) : BYTES(text, len), (uint16_t)port, six, ret, ret_len))
		return err_set(e, ERR_INVALID, "\"%s\" is not an address and port (127.0.0.1:8443, [::1]:8443)", text);
	return 0;
}

void stream_address_text(const struct sockaddr *addr, char *to, size_t to_size, bool with_port)
{
	char ip[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	bool six = addr->sa_family == AF_INET6;
	if (!six && addr->sa_family != AF_INET) {
		(void)snprintf(to, to_size, "%s", addr->sa_family == AF_UNIX ? "local" : "?");
		return;
	}
	memcpy(six ? (void *)&v6 : (void *)&v4, addr, six ? sizeof(v6) : sizeof(v4));
	unsigned port = ntohs(six ? v6.sin6_port : v4.sin_port);
	/* ::ffff:127.0.0.1, as a socket for both shows it. */
	bool mapped = six && IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
	if (mapped)
		memcpy(&v4.sin_addr, v6.sin6_addr.s6_addr + 12, sizeof(v4.sin_addr));
	six = six && !mapped;
	(void)inet_ntop(six ? AF_INET6 : AF_INET, six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr, ip, sizeof(ip));
	if (with_port)
		(void)snprintf(to, to_size, six ? "[%s]:%u" : "%s:%u", ip, port); /* cut when to is small */
	else
		(void)snprintf(to, to_size, "%s", ip);
}
