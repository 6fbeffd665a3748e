/* peer.h - a device on 127.0.0.1 that does what a test says, on the test's own loop: it checks the login, knows a power
 * state, and can go wrong in one chosen way at one chosen request. It counts what came over the wire. */
#ifndef TESTS_WIRE_PEER_H
#define TESTS_WIRE_PEER_H

#include "base/list.h"
#include "base/loop.h"
#include "base/tls.h"
#include "codec/xml.h"

#define PEER_REALM    "Digest:F3EB554784E729164447A89F60B641C5"
#define PEER_PASSWORD "P@ssw0rd-of-the-peer"

enum does {
	DOES_WELL,
	DOES_HANG,       /* reads and says nothing */
	DOES_CLOSE,      /* no answer, orderly end */
	DOES_RESET,      /* no answer, reset */
	DOES_CLOSE_HALF, /* half an answer */
	DOES_STOP_HALF,  /* half an answer, then silence */
	DOES_DRIP,       /* a byte for each peer_tick */
	DOES_GARBAGE,    /* not HTTP */
	DOES_BAD_XML,    /* HTTP, but no XML inside */
	DOES_BOMB,       /* entities that multiply */
	DOES_WRONG_ID,   /* answers another message */
	DOES_NO_ID,
	DOES_EMPTY, /* 200 without a body */
	DOES_503,
	DOES_404,
	DOES_302,
	DOES_400_EMPTY,
	DOES_401, /* although the login was right */
	DOES_401_STALE,
	DOES_401_BASIC,
	DOES_401_BARE, /* an empty Digest challenge */
	DOES_401_NO_QOP,
	DOES_401_REALM,   /* another realm */
	DOES_401_FOREIGN, /* a realm that no AMT has */
	DOES_FAULT,       /* AccessDenied */
	DOES_REFUSE,      /* ReturnValue of peer.return_value */
	DOES_CHUNK_HUGE,
	DOES_CHUNK_NEGATIVE,
	DOES_CHUNK_NO_END,
	DOES_LENGTH_SHORT, /* Content-Length smaller than the body */
	DOES_LENGTH_LONG,
	DOES_LENGTH_TWICE,
	DOES_HEADERS, /* without end */
	DOES_HUGE,    /* a body of more than a megabyte */
	DOES_TWICE,   /* the same answer two times */
	DOES_LIE,     /* accepts the order and does nothing */
};

struct peer {
	struct loop *loop;
	struct tls_ctx *tls; /* NULL: plain */
	struct tls_opts tls_opts;
	int fd;
	struct loop_fd *listener;
	uint16_t port;
	struct list conns;
	struct xml_parser *xml;

	enum does read[6];  /* what the n-th logged-in read meets; behind the last: as the last */
	enum does boot[12]; /* the same of requests about booting: they are counted for themselves */
	enum does act;
	enum does challenge; /* one of DOES_401...: what a request without a good login meets */
	enum does connect;   /* DOES_HANG, DOES_CLOSE, DOES_RESET: as soon as a connection is accepted */
	uint32_t return_value;
	bool close_after_401, close_after_reply;
	bool nonce_for_one;  /* a nonce is good for one request */
	bool close_at_gate;  /* after the reply to a read the connection is closed, without saying so before */
	bool no_power_get;   /* the power state is told by enumeration only */
	bool foreign_server; /* the Server header names something else */
	int power;

	int nonce, nc;
	int connects, requests, unauthorized;
	int reads, acts; /* logged-in requests; acts counts every order that came whole, whatever was made of it */
	int obeyed;
	int boots;   /* logged-in requests about booting */
	bool armed;  /* a boot choice counts for the next boot */
	int resumed; /* TLS sessions */
};

void peer_init(struct peer *p, struct loop *l);
void peer_release(struct peer *p);
void peer_refuse(struct peer *p);  /* stops listening */
void peer_hang_up(struct peer *p); /* closes all connections */
void peer_tick(struct peer *p);    /* DOES_DRIP sends its next byte */

#endif
