/* api_priv.h - what the files of api/ share: the server, its connections, and the work that goes to workers. All of it
 * belongs to the api thread; of a struct work the worker alone between pool_submit and its done. */
#ifndef API_API_PRIV_H
#define API_API_PRIV_H

#include <pthread.h>

#include "api/api.h"
#include "api/sight.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/secret.h"
#include "base/stream.h"
#include "codec/api.h"
#include "codec/http1.h"
#include "zone/entitle.h"
#include "zone/zone.h"

#define API_MAGIC       0x61706931u
#define CONN_MAGIC      0x61706332u
#define CONN_MAX        512  /* per listener, so that the local socket stays open while TLS is full */
#define CONN_SOURCE_MAX 64   /* per address */
#define SOURCE_MAX      4096 /* addresses remembered */
#define STREAM_MAX      256  /* clients that follow events */
#define AUTH_FAILURES   20   /* per source and minute, then 429 */
#define AUTH_WINDOW_MS  60000
#define BODY_SMALL      (64u * 1024)
#define BODY_LARGE      (4u * 1024 * 1024) /* for commands that take lists or files */
#define HEAD_MS         10000
#define BODY_MS         30000
#define IDLE_MS         60000
#define WRITE_MS        30000 /* without progress */
#define LINGER_MS       2000
#define ANSWER_MS       60000 /* of the zone */
#define HEARTBEAT_MS    15000
#define PENDING_MAX     (256u * 1024) /* bytes given to a stream and not yet with the kernel */
#define REPLY_MAX       (16u * 1024 * 1024)
#define WORKERS         4
#define WORK_MAX        1024
#define ASKERS          4 /* who wait for user sources, and for nothing else */
#define ASK_MAX         64
#define API_MAILBOX_MAX 20000
#define TOKEN_TEXT_SIZE 72 /* "lamp_" or "lses_", and 64 hex digits */
#define COOKIE_NAME     "__Host-session"

/* One address, or one user of the local socket. */
struct source {
	char name[64];
	size_t conns;
	uint32_t failures;
	int64_t window_start_ms;
};

struct listener {
	struct api *api;
	int fd; /* -1: none */
	bool local;
	struct loop_fd *watch;
	struct loop_timer pause; /* after EMFILE and the like */
	size_t conns;
};

/* The newest events, for those who follow: encoded once. */
#define RING_EVENTS 4096
#define RING_BYTES  (4u * 1024 * 1024)
struct ring_event {
	uint64_t seq, job, scan;
	unsigned bit;    /* of its kind, see sight.h */
	struct buf text; /* as it goes out */
};
struct ring {
	struct ring_event at[RING_EVENTS]; /* seq modulo RING_EVENTS */
	uint64_t first, next;              /* seq of the oldest, and behind the newest; equal: empty */
	size_t bytes;
};

struct api {
	uint32_t magic;
	struct clock *clock;
	struct vault *vault;
	struct bytes audit_key;
	void (*root_changed)(void *arg); /* NULL: nobody wants to know */
	void *root_changed_arg;
	char *database, *socket_path, *setup_path, *server_name;
	struct loop *loop;
	struct mailbox *mailbox, *to_zone;
	struct pool *pool;
	struct pool_client *workers;
	struct pool *ask_pool;
	struct pool_client *askers;
	bool rechecking;     /* askers look after those who are logged in */
	struct tls_ctx *tls; /* NULL until the identity has come */
	struct buf ca_pem, openapi;
	struct listener local, tcp;
	struct list conns, dead;
	struct map_str *sources;
	struct map_u64 *waiting; /* number of a request that is with the zone -> its connection */
	uint64_t last_request;
	uint64_t rights_changes; /* how often somebody came to have fewer rights */
	struct ring *ring;
	struct list streams;
	size_t stream_count;
	struct loop_timer heartbeat, end;
	int64_t server; /* our id, part of the ids of events */
	pthread_t thread;
	bool running, stopping, zone_stopped, ending;
	bool local_bound; /* the socket's file is ours to remove */
};

/* What a worker does for a request, and what came of it. */
enum work_kind { WORK_COMMAND, WORK_METRICS, WORK_CATCH_UP };
struct work {
	struct pool_job job;
	struct api *api;
	struct conn *conn;
	enum work_kind kind;
	const struct api_command *command;
	enum right_id page_right;       /* METRICS */
	struct bytes path, query, body; /* of the connection's request */
	struct bytes token;             /* as it came; p NULL: the connection itself says who asks */
	struct principal by;            /* in when there is no token, out else */
	struct entitled entitled;       /* what by may do */
	bool stale;                     /* by was not used for a minute */
	uint64_t rights_changes;        /* of the api when it was begun */
	struct sight sight;             /* of by; STREAM */
	uint64_t seq;                   /* CATCH_UP: the first that is wanted */
	uint64_t only_job, only_scan;
	bool ran; /* false in done: the pool ended before it was run */
	/* out */
	int status;     /* 0: not answered yet, the call goes on to the zone or becomes a stream */
	struct err err; /* with status 400 and above */
	struct api_call *call;
	uint8_t token_hash[32]; /* TOKEN_ADD, LOGIN: of the secret that was made for it; SETUP: of the one that was
				   given */
	struct proof proof;
	struct secret current, fresh;   /* SETUP_FILE_ADD: passwords, in clear */
	const struct zone_setup *setup; /* the same: in the arena of call */
	struct secret file;             /* the same: base64 of what is given once */
	struct person *person;          /* what a user source said; goes on to the zone */
	bool asks, is_asker;            /* out: a user source has to be asked; in: by this worker */
	struct secret password;         /* of a file of certificates; gone when the worker is done */
	struct zone_made *made;         /* commands about certificates */
	struct buf out;
	uint64_t newest; /* STREAM: seq of the newest event on disk */
	uint64_t last;   /* CATCH_UP: seq of the last event in out, or of the last that did not fit the filter */
	bool missed;     /* CATCH_UP: some events are no longer kept */
};

enum conn_state {
	CONN_READING, /* a request, or idle */
	CONN_WORKING, /* a worker or the zone has it */
	CONN_WRITING,
	CONN_STREAMING,
	CONN_ENDING, /* answered; the peer's end is waited for */
	CONN_DEAD,
};

struct conn {
	uint32_t magic;
	enum conn_state state;
	struct list link; /* of api->conns or api->dead */
	struct api *api;
	struct listener *from;
	struct source *source;
	struct stream *stream; /* NULL: gone */
	bool open;             /* the handshake is done */
	bool feeding;          /* inside the reader's loop */
	bool busy;             /* a worker has our memory: not to be freed */
	bool is_admin;         /* root or our own user, on the local socket */
	struct principal peer; /* NOBODY where the kernel does not know */
	struct http1 http;
	struct buf early; /* came while a request was being answered */
	struct buf out;
	size_t out_at;
	struct loop_timer timer;
	/* of the present request */
	struct request {
		enum api_method method;
		bool has_method, head_only, options, keep_alive;
		const struct api_command *command;
		const struct api_page *page;
		struct bytes path, query, token;
		bool by_cookie; /* the token came so */
		bool as_peer;   /* by root or our own user on the local socket, who named nobody else */
		bool cookie;    /* the answer sets one, or takes it away */
		char allow[API_ALLOW_SIZE];
		int status;              /* refused already */
		uint64_t answered_after; /* a change: seq of the last event before it */
		bool changed;
		struct err err;
	} req;
	struct work work;
	uint64_t number;                    /* of the request that is with the zone; 0: none */
	char token_secret[TOKEN_TEXT_SIZE]; /* of a TOKEN_ADD or LOGIN on its way */
	/* of a stream of events */
	struct list stream_link;
	uint64_t seq; /* next to send */
	uint64_t only_job, only_scan;
	struct sight sight; /* when it began; workers look anew */
	bool catching_up;
};

/* listen.c */
int listen_open(struct api *a, const struct api_deps *deps, struct err *e);
void listen_start(struct listener *l);
void listen_stop(struct listener *l);
bool source_may_try(struct source *s, int64_t now_ms); /* false: too many failed logins */
void source_failed(struct source *s, int64_t now_ms);
void source_leave(struct api *a, struct source *s);

/* conn.c */
void conn_new(struct api *a, struct listener *l, int fd, struct source *source);
void conn_close(struct conn *c); /* the memory goes at the end of the round, or when the worker is done */
void conn_pump(struct conn *c);  /* gives to the stream what it takes */
void conn_sweep(struct api *a);  /* frees the dead */
void conn_answered(struct conn *c, const struct api_answer *answer);
void conn_wait(struct conn *c, int64_t ms);
void conn_shut_idle(struct api *a);

/* request.c: called by conn with a complete head, and with a complete request */
void request_head(struct conn *c);
void request_run(struct conn *c);
void request_worked(struct conn *c); /* a worker is done with it; the connection may be dead */
void request_refused(struct conn *c, int status, const struct err *e); /* for the audit */
void request_busy(struct conn *c, const char *sentence);
void request_forget(struct conn *c); /* wipes what may be secret */

/* work.c */
bool work_start(struct conn *c, enum work_kind kind); /* false: the workers' queue is full */
void work_thread(void *api, bool start);              /* per worker */
void work_release(struct work *w);
struct db *work_db(struct api *a, struct err *e); /* of this worker; NULL with e set */

/* reply.c: each queues one reply and lets the connection go on */
void reply_json(struct conn *c, int status, struct bytes body);
void reply_text(struct conn *c, int status, const char *media, struct bytes body);
void reply_error(struct conn *c, int status, const struct err *e);
void reply_none(struct conn *c);    /* 204 */
void reply_options(struct conn *c); /* 204 with Allow */
void reply_stream(struct conn *c);  /* the head of an event stream */

/* page.c */
void page_run(struct conn *c);
int page_prepare(struct api *a, struct err *e);

/* events.c */
void events_put(struct api *a, const struct api_events *ev, bool progress);
#define EVENT_ID_SIZE 48
void event_id(int64_t server, uint64_t seq, char to[EVENT_ID_SIZE]); /* "1-4711" */
void events_follow(struct conn *c);                                  /* turns the connection into a stream */
void events_leave(struct conn *c);
bool events_fill(struct conn *c); /* appends what is due to the connection's out; false: nothing is */
void events_caught_up(struct conn *c);
void events_start(struct api *a);
void events_catch_up_run(struct work *w, struct db *db, struct arena *a); /* on a worker */
void ring_free(struct ring *r);

#endif
