#include "two_ends.h"

#include <unistd.h>

#include "base/base.h"

#define GOT_MAX (64 << 20)

static void on_open(void *arg)
{
	struct end *end = arg;
	end->opens++;
	if (end->on_open)
		end->on_open(end);
}

static void on_data(void *arg, struct bytes data)
{
	struct end *end = arg;
	ASSERT(end->opens == 1 && end->closes == 0 && data.len > 0);
	ASSERT(buf_add_bytes(&end->got, data) == 0);
	if (end->on_data)
		end->on_data(end);
}

static void on_drained(void *arg)
{
	struct end *end = arg;
	ASSERT(stream_pending(end->stream) == 0);
	end->drains++;
	if (end->on_drained)
		end->on_drained(end);
}

static void on_closed(void *arg, int code, const struct err *e)
{
	struct end *end = arg;
	ASSERT(code == e->code);
	end->closes++;
	end->code = code;
	end->e = *e;
	if (end->on_closed)
		end->on_closed(end);
}

static const struct stream_events events = {on_open, on_data, on_drained, on_closed};

static void on_accept(void *arg, int told)
{
	struct two_ends *t = arg;
	int fd = accept4(t->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	ASSERT(!t->server.stream);
	t->server.stream = stream_accept(t->loop, fd, t->server_tls, &t->server_opts, 5000, &events, &t->server);
}

void two_ends_init(struct two_ends *t, struct clock *clock)
{
	*t = (struct two_ends){.clock = clock, .to.timeout_ms = 5000};
	t->loop = loop_new(clock ? clock : clock_real());
	buf_init(&t->client.got, GOT_MAX);
	buf_init(&t->server.got, GOT_MAX);
	ASSERT(stream_parse_address("127.0.0.1:0", &t->to.to, &t->to.to_len, NULL) == 0);
	ASSERT(stream_listen_tcp((struct sockaddr *)&t->to.to, t->to.to_len, 64, &t->listen_fd, NULL) == 0);
	ASSERT(getsockname(t->listen_fd, (struct sockaddr *)&t->to.to, &t->to.to_len) == 0);
	t->listener = loop_fd_new(t->loop, t->listen_fd, on_accept, t);
	loop_fd_want(t->listener, LOOP_READ);
}

static void end_again(struct end *end)
{
	stream_free(end->stream);
	end->stream = NULL;
	end->opens = end->drains = end->closes = end->code = 0;
	buf_reset(&end->got);
}

void two_ends_again(struct two_ends *t)
{
	end_again(&t->client);
	end_again(&t->server);
}

void two_ends_release(struct two_ends *t)
{
	two_ends_again(t);
	buf_release(&t->client.got);
	buf_release(&t->server.got);
	loop_fd_close(t->listener);
	loop_free(t->loop);
}

void two_ends_connect(struct two_ends *t)
{
	t->client.stream = stream_connect_start(t->loop, &t->to, &events, &t->client);
	stream_tls_resume(t->client.stream, t->resume);
}

void two_ends_wait(struct two_ends *t, const int *what, int n)
{
	while (*what < n)
		ASSERT(loop_run_once(t->loop, 10000));
}

void two_ends_wait_got(struct two_ends *t, const struct end *end, size_t len)
{
	while (end->got.len < len)
		ASSERT(loop_run_once(t->loop, 10000));
}
