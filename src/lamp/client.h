/* client.h - asks a lampd: HTTP/1.1 over its local socket, or over TLS with the zone's certificate authority and a
 * token. Blocks. A request is never sent twice. */
#ifndef LAMP_CLIENT_H
#define LAMP_CLIENT_H

#include "base/buf.h"

struct err;
struct client;

/* Where: "unix:PATH" or "https://HOST:PORT"; NULL: LAMP_SERVER, else unix:/var/lib/lamplighter/lampd.sock. For https:
 * the zone's CA (NULL: LAMP_CA, else the system's). The token file (NULL: LAMP_TOKEN_FILE, else the session of `lamp
 * login`, see session.h); no_login: for a command that nobody has to be logged in for. ERR_INVALID, ERR_SYSTEM. */
int client_new(const char *where, const char *ca, const char *token_file, bool no_login, struct client **ret,
	       struct err *e);
const char *client_where(const struct client *c); /* "unix:PATH" or "https://HOST:PORT" */
void client_free(struct client *c);

struct reply {
	int status;      /* HTTP */
	char event[64];  /* of a change: id of the event before it; "" when there is none */
	struct buf body; /* initialised by client_ask; the caller releases it */
};

/* One request and its whole reply (at most 32 MiB). 0 for any HTTP status; ERR_NO_SERVER when there was none. */
int client_ask(struct client *c, const char *method, const char *path, struct bytes body, struct reply *ret,
	       struct err *e);
/* 0 for 2xx. Else the error object of the reply as code and message. */
int reply_check(const struct reply *r, struct err *e);

/* Follows a stream of events until on_event says true, or the server ends it. Reconnects with the last event's id when
 * the connection breaks (at most 5 times without an event in between). */
int client_follow(struct client *c, const char *path, bool (*on_event)(void *arg, struct bytes data), void *arg,
		  struct err *e);

#endif
