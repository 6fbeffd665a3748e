#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api_priv.h"
#include "base/base.h"
#include "base/log.h"
#include "base/metric.h"

#define BACKLOG         512
#define ACCEPTS_A_ROUND 64
#define FULL_PAUSE_MS   1000

static int open_local(struct api *a, const char *path, struct err *e)
{
	int code = stream_listen_unix(path, 0666, &a->local.fd, e); /* who connects is asked of the kernel */
	a->local_bound = !code;
	return code ? err_wrap(e, code, "local socket '%s'", path) : 0;
}

static int open_tcp(struct api *a, const char *text, struct err *e)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int code = stream_parse_address(text, &addr, &len, e);
	if (!code)
		code = stream_listen_tcp((struct sockaddr *)&addr, len, BACKLOG, &a->tcp.fd, e);
	return code ? err_wrap(e, code, "listen on '%s'", text) : 0;
}

int listen_open(struct api *a, const struct api_deps *deps, struct err *e)
{
	int code = deps->socket_path ? open_local(a, deps->socket_path, e) : 0;
	if (!code && deps->listen_fd >= 0)
		a->tcp.fd = deps->listen_fd;
	else if (!code && deps->listen)
		code = open_tcp(a, deps->listen, e);
	return code;
}

/* A new address needs room: one without connections is forgotten. */
static bool make_room(struct api *a)
{
	size_t it = 0;
	struct bytes key;
	void *value;
	if (map_str_count(a->sources) < SOURCE_MAX)
		return true;
	while (map_str_each(a->sources, &it, &key, &value)) {
		struct source *s = value;
		if (s->conns)
			continue;
		(void)map_str_delete(a->sources, bytes_str(s->name)); /* it is s */
		free(s);
		return true;
	}
	return false;
}

static struct source *source_enter(struct api *a, const char *name, size_t limit)
{
	struct source *s = map_str_get(a->sources, bytes_str(name));
	if (!s) {
		if (!make_room(a))
			return NULL;
		s = mem_alloc(sizeof(*s));
		(void)snprintf(s->name, sizeof(s->name), "%s", name);
		(void)map_str_put(a->sources, bytes_str(s->name), s); /* there was none */
	}
	if (s->conns >= limit)
		return NULL;
	s->conns++;
	return s;
}

void source_leave(struct api *a, struct source *s)
{
	ASSERT(s->conns);
	if (--s->conns || s->failures)
		return;
	(void)map_str_delete(a->sources, bytes_str(s->name)); /* it is s */
	free(s);
}

bool source_may_try(struct source *s, int64_t now_ms)
{
	if (now_ms - s->window_start_ms >= AUTH_WINDOW_MS)
		s->failures = 0;
	return s->failures < AUTH_FAILURES;
}

void source_failed(struct source *s, int64_t now_ms)
{
	if (!s->failures)
		s->window_start_ms = now_ms;
	s->failures++;
}

static void peer_name(const struct listener *l, int fd, char *to, size_t to_size)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	(void)snprintf(to, to_size, "local");
	if (!l->local && getpeername(fd, (struct sockaddr *)&addr, &len) == 0)
		stream_address_text((struct sockaddr *)&addr, to, to_size, false);
}

static void take(struct listener *l, int fd)
{
	char name[64];
	peer_name(l, fd, name, sizeof(name));
	struct source *s = NULL;
	if (l->conns < CONN_MAX)
		s = source_enter(l->api, name, l->local ? CONN_MAX : CONN_SOURCE_MAX);
	if (!s) {
		log_event(LOG_WARNING, "api connection refused: too many", LOG_S("from", name));
		close(fd);
		return;
	}
	conn_new(l->api, l, fd, s);
}

/* Out of descriptors: the queue stays readable, so look away for a while instead of spinning. */
static void pause_for_a_while(struct listener *l, int sys)
{
	log_event(LOG_WARNING, "api cannot accept connections, trying again in 1 s", LOG_S("cause", strerror(sys)));
	loop_fd_want(l->watch, 0);
	loop_timer_set(&l->pause, FULL_PAUSE_MS);
}

static void on_ready(void *arg, int events)
{
	struct listener *l = arg;
	for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(l, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_for_a_while(l, errno);
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void on_pause_end(void *arg)
{
	struct listener *l = arg;
	if (l->watch)
		loop_fd_want(l->watch, LOOP_READ);
}

void listen_start(struct listener *l)
{
	if (l->fd < 0 || l->watch)
		return;
	loop_timer_init(&l->pause, l->api->loop, on_pause_end, l);
	l->watch = loop_fd_new(l->api->loop, l->fd, on_ready, l);
	loop_fd_want(l->watch, LOOP_READ);
}

void listen_stop(struct listener *l)
{
	if (l->watch) {
		loop_timer_stop(&l->pause);
		loop_fd_free(l->watch);
		l->watch = NULL;
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
