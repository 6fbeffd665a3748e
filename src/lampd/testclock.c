#include "lampd/testclock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/stream.h"
#include "base/text.h"

#define LINE_SIZE 256
#define TICK_MS   10

struct testclock {
	pthread_t thread;
	struct clock *clock;
	char *path;
	int listen_fd;
	atomic_int client_fd; /* -1: none */
	pthread_t ticker;
	bool ticks;
	atomic_bool ends;
};

static void answer(struct testclock *t, FILE *f)
{
	char wall[CLOCK_TEXT_SIZE];
	clock_text_ms(clock_wall_ms(t->clock), wall);
	(void)fprintf(f, "%s %" PRId64 "\n", wall, clock_mono_ms(t->clock)); /* a client that went away asks no more */
}

static void obey(struct testclock *t, const char *line, FILE *f)
{
	int64_t ms;
	if (strncmp(line, "advance ", 8) == 0 && text_to_i64(bytes_str(line + 8), &ms) && ms >= 0)
		clock_advance(t->clock, ms);
	else if (strncmp(line, "set ", 4) == 0 && clock_parse(line + 4, &ms))
		clock_set_wall(t->clock, ms);
	else if (strcmp(line, "show") != 0) {
		(void)fputs("error: advance MS, set TIME or show\n", f);
		return;
	}
	answer(t, f);
}

static void serve(struct testclock *t, int fd)
{
	char line[LINE_SIZE];
	FILE *f = fdopen(fd, "r+");
	if (!f) {
		close(fd);
		return;
	}
	atomic_store(&t->client_fd, fd);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = 0;
		(void)fflush(f); /* between reading and writing, as C wants it */
		obey(t, line, f);
		if (fflush(f))
			break;
	}
	atomic_store(&t->client_fd, -1);
	(void)fclose(f);
}

static void *run(void *arg)
{
	struct testclock *t = arg;
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		int fd = accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return NULL; /* testclock_free shut it down */
		serve(t, fd);
	}
}

static int start(struct testclock *t, struct err *e)
{
	int code = stream_listen_unix(t->path, 0600, &t->listen_fd, e);
	if (code)
		return err_wrap(e, code, "--test-clock");
	int flags = fcntl(t->listen_fd, F_GETFL);
	if (flags < 0 || fcntl(t->listen_fd, F_SETFL, flags & ~O_NONBLOCK) < 0) /* this thread waits in accept */
		return err_set_sys(e, ERR_SYSTEM, errno, "--test-clock");
	int sys = pthread_create(&t->thread, NULL, run, t);
	return sys ? err_set_sys(e, ERR_SYSTEM, sys, "cannot start the clock's thread") : 0;
}

int testclock_start(const char *socket_path, struct testclock **ret, struct clock **ret_clock, struct err *e)
{
	struct testclock *t = mem_alloc(sizeof(*t));
	t->path = mem_str(socket_path);
	t->listen_fd = -1;
	atomic_init(&t->client_fd, -1);
	t->clock = clock_driven_new(clock_wall_ms(clock_real()));
	int code = start(t, e);
	if (code) {
		if (t->listen_fd >= 0)
			close(t->listen_fd);
		clock_free(t->clock);
		free(t->path);
		free(t);
		return code;
	}
	*ret = t;
	*ret_clock = t->clock;
	return 0;
}

static void *tick(void *arg)
{
	struct testclock *t = arg;
	while (!atomic_load(&t->ends)) {
		(void)usleep(TICK_MS * 1000);
		clock_advance(t->clock, TICK_MS);
	}
	return NULL;
}

void testclock_let_go(struct testclock *t)
{
	if (t)
		t->ticks = pthread_create(&t->ticker, NULL, tick, t) == 0;
}

void testclock_free(struct testclock *t)
{
	if (!t)
		return;
	atomic_store(&t->ends, true);
	if (t->ticks)
		pthread_join(t->ticker, NULL);
	int client = atomic_load(&t->client_fd);
	(void)shutdown(t->listen_fd, SHUT_RDWR); /* ends accept */
	if (client >= 0)
		(void)shutdown(client, SHUT_RDWR); /* ends fgets */
	pthread_join(t->thread, NULL);
	close(t->listen_fd);
	(void)unlink(t->path); /* the next start replaces it anyway */
	clock_free(t->clock);
	free(t->path);
	free(t);
}
