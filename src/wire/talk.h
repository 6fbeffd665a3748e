/* talk.h - an HTTP conversation with one device: connection, TLS and its pin, login, time limits.
 *
 * One request at a time. A request that may be repeated is asked again by itself where that is part of the protocol:
 * after a 401 with the nonce that came with it, and when a connection that was idle turns out to be closed. A request
 * that is asked once is written at most once, on a connection that is open, whatever happens. No password leaves
 * before the peer's certificate was compared with the pin; the digest realm is compared with the one that is known.
 * Knows nothing of WS-Management or acts.
 *
 * A TLS connection that has carried a good login stays open for a minute after its conversation, for the next one with
 * the same interface, credential and pin: a handshake costs more than everything else. Within one conversation a new
 * connection resumes the TLS session of the last. One thread. */
#ifndef WIRE_TALK_H
#define WIRE_TALK_H

#include "amt/act.h"
#include "wire/kit.h"
#include "wire/net.h"

struct stream;
struct tls_session;

/* All come from the loop. */
struct talk_events {
	/* The connection that talk_open asked for stands. */
	void (*open)(void *arg);
	/* Appends the body of the request; for each writing anew, as it may come twice. An error ends the request. */
	int (*write)(void *arg, struct buf *soap, struct err *e);
	/* A complete reply, borrowed for the call; its status is never 401 but for what was asked once. */
	void (*reply)(void *arg, const struct http1 *http);
	/* The request (or talk_open) failed; the connection is closed. */
	void (*failed)(void *arg, int code, const struct err *e);
};

enum talk_state {
	TALK_CLOSED,
	TALK_RESOLVING,
	TALK_QUEUED, /* for a TLS handshake */
	TALK_CONNECTING,
	TALK_IDLE,
	TALK_ASKING,
};

struct talk {
	struct wire_kit *kit;
	struct act_interface *at; /* borrowed; its digest session is used and replaced. NULL: the connection is kept */
	const struct talk_events *ev;
	void *arg;

	struct stream *stream;
	struct http_reader *reader; /* while a reply comes in */
	struct loop_timer timer;
	struct net_wait lookup;
	struct list wait; /* in kit->handshake_queue, or kit->kept */
	struct range_addr address;
	uint8_t state; /* enum talk_state */
	bool has_address;
	bool tls;                              /* how it is connected, or will be */
	bool other_way;                        /* plain was tried in vain, so TLS is */
	bool plain_reset;                      /* and it had taken the connection */
	bool shaking;                          /* counts in kit->handshakes */
	bool want;                             /* a request waits for the connection */
	bool only_nonce;                       /* the request is for a new nonce and for nothing else */
	bool once;                             /* the request may be written once only */
	bool with_login;                       /* the request carried a digest */
	bool used_before;                      /* the connection has carried a reply */
	bool again;                            /* the request was asked again because an idle connection was closed */
	bool sent_nothing;                     /* of the request that failed */
	bool wipe;                             /* set in ev->write: what was written holds a secret */
	uint8_t unauthorized;                  /* 401 replies to the present request */
	int64_t asked_ms, first_byte_ms;       /* mono; 0: no byte of the reply yet */
	int64_t alive_ms;                      /* mono: when the present connection was seen to live */
	uint64_t sent_before, received_before; /* the stream's counters when the request was written */

	struct tls_session *session; /* of the last connection, to resume */
	uint64_t id, identity;       /* of a connection that is kept: interface, and all that must be the same */
	struct talk_found {
		bool answered, used_tls, has_pin, login_good;
		bool nonce_refused; /* one that was good before, and the device did not call it stale */
		uint16_t requests;
		uint8_t pin[TLS_PIN_SIZE];
		char version[ACT_VERSION_SIZE]; /* from the Server header; "" unknown */
		const char *tls_version;        /* "" when plain */
	} found;                                /* what this conversation learned */
};

struct talk *talk_new(struct wire_kit *kit, struct act_interface *at, const struct talk_events *ev, void *arg);
/* The conversation is over: keeps its connection if that is worth while. Nothing is called any more; fine inside any
 * event. */
void talk_end(struct talk *t);
void talk_drop_kept(struct wire_kit *kit); /* closes all connections that are kept */

/* Asks the request that ev->write gives, connecting first if need be. An error here means that nothing was sent and
 * nothing will be called. once: only on an open connection (talk_is_open), and with a login that was not yet refused.
 */
int talk_ask(struct talk *t, bool once, struct err *e);
int talk_open(struct talk *t, struct err *e);
/* As talk_open, with a nonce that was not used yet: for devices whose nonces are good for one request. */
int talk_open_fresh(struct talk *t, struct err *e);
bool talk_is_open(const struct talk *t); /* and nothing is under way on it */
void talk_close(struct talk *t);         /* an idle connection */
/* From now on the peer shows this certificate, which is what its login proves. */
void talk_repin(struct talk *t, const uint8_t pin[TLS_PIN_SIZE]);
/* In ev->failed: true when the kernel took no byte of the request. */
bool talk_sent_nothing(const struct talk *t);

#endif
