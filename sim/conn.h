/* conn.h - one TCP connection to one device: bytes in and out, TLS, endings of all kinds. What is said on it is
 * http.c's business. A connection frees itself when it ends; between requests it holds its fd and little else. */
#ifndef SIM_CONN_H
#define SIM_CONN_H

#include "base/list.h"
#include "base/loop.h"
#include "codec/http1.h"
#include "login.h"

struct device;
struct sim;

enum conn_end {
	CONN_KEEP,  /* wait for the next request */
	CONN_CLOSE, /* end in order once all is sent */
	CONN_RESET, /* RST once all is sent */
	CONN_HANG,  /* stay open, read and send nothing more */
};

struct conn {
	struct list link; /* all, the longest idle first */
	struct sim *s;
	struct device *d;
	uint64_t id;   /* never used twice */
	uint32_t peer; /* IPv4, host order */
	int fd;
	struct loop_fd *watch;
	void *ssl; /* SSL, NULL: plain */
	bool handshaking;
	bool answering;   /* an answer is under way: nothing is read meanwhile */
	bool drip;        /* one byte a second */
	bool in_callback; /* being fed: freed afterwards */
	bool gone;
	uint8_t end; /* enum conn_end, when the answer is sent */
	int64_t active_ms;
	int64_t delay_ms; /* of the answer to the request at hand */
	struct http1 in;
	struct buf rest; /* read but not yet looked at */
	struct buf out;
	uint64_t filler_left; /* bytes of filler still to follow what is in out */
	const char *filler;
	const char *tail; /* sent after the filler */
	struct loop_timer timer;
	char session[LOGIN_USER_SIZE]; /* TLS: who is logged in */
};

struct conns;
struct conns *conns_new(struct sim *s);
void conns_free(struct conns *c); /* resets all connections */
size_t conns_count(const struct conns *c);

/* Takes over an accepted, non-blocking fd. hang: it is never read. */
void conn_start(struct sim *s, struct device *d, int fd, bool tls, uint32_t peer, bool hang);

/* An answer: sent after delay_ms, then the connection goes on or ends as end says. Bytes are copied when they cannot
 * leave at once. From here until it is sent, answering is set and the next request waits. */
void conn_answer(struct conn *c, struct bytes answer, enum conn_end end, int64_t delay_ms);
/* As above; then len bytes made of filler over and over, then tail. The texts are constants. */
void conn_answer_filler(struct conn *c, struct bytes answer, const char *filler, uint64_t len, const char *tail);
/* Something before the answer, at once ("100 Continue"). */
void conn_write_now(struct conn *c, struct bytes bytes);

void conn_close(struct conn *c); /* at once, in order */
void conn_reset(struct conn *c);
void conn_hang(struct conn *c);
/* Resets every connection of the device but the one that is being served. */
void conns_drop(struct sim *s, const struct device *d);

#endif
