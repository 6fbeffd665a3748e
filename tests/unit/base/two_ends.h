/* two_ends.h - for tests of streams: a listener and two ends on one loop, each of which notes what it is told. */
#ifndef TESTS_TWO_ENDS_H
#define TESTS_TWO_ENDS_H

#include "base/err.h"
#include "base/stream.h"

struct end {
	struct stream *stream;
	int opens, drains, closes;
	int code;                      /* of closed */
	struct err e;                  /* of closed */
	struct buf got;                /* what data brought */
	void (*on_open)(struct end *); /* called beside the noting; NULL: nothing */
	void (*on_data)(struct end *);
	void (*on_drained)(struct end *);
	void (*on_closed)(struct end *);
};

/* Both ends, and what they are made with; set before two_ends_connect. */
struct two_ends {
	struct clock *clock; /* NULL: the real one */
	struct loop *loop;
	int listen_fd;
	struct loop_fd *listener;
	struct stream_connect to;
	struct tls_ctx *server_tls;
	struct tls_opts server_opts;
	struct tls_session *resume;
	struct end client, server;
};

void two_ends_init(struct two_ends *t, struct clock *clock); /* listens on a free port of 127.0.0.1 */
void two_ends_release(struct two_ends *t);
void two_ends_connect(struct two_ends *t); /* starts the client; the server's end comes to be when it is accepted */
/* Frees both streams and forgets what was noted, so that they can connect again. */
void two_ends_again(struct two_ends *t);
/* Runs the loop until *what is at least n; fails the test when nothing comes for ten seconds. */
void two_ends_wait(struct two_ends *t, const int *what, int n);
void two_ends_wait_got(struct two_ends *t, const struct end *end, size_t len);

#endif
