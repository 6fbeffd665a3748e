#include "control.h"

#include "base/base.h"
#include "base/err.h"
#include "base/list.h"
#include "codec/json.h"
#include "command.h"
#include "sim.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_LEN (64 * 1024)
#define OUT_MAX      (512 * 1024 * 1024)
#define CLIENTS_MAX  64

struct client {
	struct list link;
	struct control *all;
	int fd;
	struct loop_fd *watch;
	struct buf in, out;
	size_t sent;
};

struct control {
	struct sim *s;
	int fd;
	struct loop_fd *watch;
	struct list clients;
	size_t count;
};

static void client_free(struct client *c)
{
	list_remove(&c->link);
	c->all->count--;
	loop_fd_free(c->watch);
	(void)close(c->fd); /* nothing can be done about it */
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
}

void control_free(struct control *all)
{
	if (!all)
		return;
	LIST_EACH(&all->clients, it, safe)
		client_free(LIST_ENTRY(it, struct client, link));
	loop_fd_free(all->watch);
	(void)close(all->fd);              /* nothing can be done about it */
	(void)unlink(all->s->opt.control); /* as above */
	free(all);
}

static void answer(struct client *c, struct bytes line)
{
	struct err e = ERR_INIT;
	size_t before = c->out.len;

	if (command_run(c->all->s, line, &c->out, &e) != 0) {
		buf_truncate(&c->out, before);
		buf_adds(&c->out, "{\"error\":");
		json_quote(&c->out, bytes_str(e.msg));
		buf_adds(&c->out, "}\n");
	}
	buf_addc(&c->out, '\n');
}

static bool flush(struct client *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.p + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			loop_fd_want(c->watch, LOOP_READ | LOOP_WRITE);
			return true;
		}
		if (n <= 0)
			return false;
		c->sent += (size_t)n;
	}
	buf_release(&c->out);
	buf_init(&c->out, OUT_MAX);
	c->sent = 0;
	loop_fd_want(c->watch, LOOP_READ);
	return true;
}

static bool read_lines(struct client *c)
{
	uint8_t data[4096], *end;
	ssize_t n = recv(c->fd, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0 || buf_add(&c->in, data, (size_t)n) != 0)
		return false;
	while (c->in.len > 0 && (end = memchr(c->in.p, '\n', c->in.len))) {
		size_t len = (size_t)(end - c->in.p);

		answer(c, BYTES(c->in.p, len));
		buf_consume(&c->in, len + 1);
	}
	return true;
}

static void on_client(void *arg, int events)
{
	struct client *c = arg;

	if (((events & LOOP_READ) && !read_lines(c)) || !flush(c))
		client_free(c);
}

static void on_accept(void *arg, int events)
{
	struct control *all = arg;
	int fd = accept4(all->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c;

	if (fd < 0)
		return;
	if (all->count >= CLIENTS_MAX) {
		(void)close(fd); /* nothing can be done about it */
		return;
	}
	c = mem_alloc(sizeof(*c));
	c->all = all;
	c->fd = fd;
	buf_init(&c->in, LINE_MAX_LEN);
	buf_init(&c->out, OUT_MAX);
	c->watch = loop_fd_new(all->s->loop, fd, on_client, c);
	loop_fd_want(c->watch, LOOP_READ);
	list_append(&all->clients, &c->link);
	all->count++;
}

static int listen_at(const char *path, int *ret_fd, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t old;
	bool bound;

	if (fd < 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "cannot make a socket");
	if (strlen(path) >= sizeof(a.sun_path)) {
		(void)close(fd); /* nothing can be done about it */
		return err_set(e, ERR_INVALID, "control socket \"%s\" has a path longer than %zu bytes", path,
			       sizeof(a.sun_path) - 1);
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		(void)close(fd); /* nothing can be done about it */
		return err_set(e, ERR_PORT_TAKEN, "another amtsim answers at \"%s\"", path);
	}
	if (errno == ECONNREFUSED)
		(void)unlink(path); /* nobody answers: it is stale; bind says if it could not go */
	old = umask(0177);
	bound = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, CLIENTS_MAX) == 0;
	umask(old);
	if (!bound) {
		int sys = errno;

		(void)close(fd); /* nothing can be done about it */
		return err_set_sys(e, ERR_SYSTEM, sys, "cannot listen at \"%s\"", path);
	}
	*ret_fd = fd;
	return 0;
}

int control_open(struct sim *s, struct err *e)
{
	int fd, r = listen_at(s->opt.control, &fd, e);

	if (r != 0)
		return r;
	s->control = mem_alloc(sizeof(*s->control));
	s->control->s = s;
	s->control->fd = fd;
	list_init(&s->control->clients);
	s->control->watch = loop_fd_new(s->loop, fd, on_accept, s->control);
	loop_fd_want(s->control->watch, LOOP_READ);
	return 0;
}
