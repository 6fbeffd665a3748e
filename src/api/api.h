/* api.h - the folder api: the one door for people and programs. HTTP/1.1 on a local unix socket and over TLS.
 *
 * listen   accepts; limits connections in all and per source        conn     one connection: reads, answers, timeouts
 * request  what is asked, and whether it may be: route, role, origin work     on a worker: token, arguments, seals,
 * reads read_*   what READ and LIST commands answer, from the database    events   live events, resumed from the
 * database page     /metrics, /healthz, /openapi.json, /ca.pem               reply    status line, headers, error
 * object    ask      asks user sources, on workers of its own
 *
 * api writes nothing to the database: a change becomes a struct zone_command in the zone's mailbox and is answered when
 * the zone says that it is on disk. Reading is done by workers, each with a read-only connection of its own. All else
 * runs on one thread with one loop. Which commands there are, what they take and who may give them is said by
 * codec/api.tbl.h alone.
 *
 * Entry points: lampd makes it with api_new (which binds the sockets, so that a taken port is known before anything
 * else happens), gives api_mailbox to the zone, and runs it with api_start. */
#ifndef API_API_H
#define API_API_H

#include "base/buf.h"
#include "base/mailbox.h"
#include "base/secret.h"

struct api;
struct clock;
struct err;
struct vault;

struct api_deps {
	struct clock *clock;
	struct bytes audit_key; /* of the MACs of the audit, see store/audit.h; BYTES_NONE: it has none */
	struct vault *vault; /* seals secrets on arrival; opens those of user sources when they are asked, and keys that
				sign */
	const char *database;    /* target for store_open, read only */
	const char *setup_path;  /* file of the setup token, removed when it was used; NULL: none */
	const char *socket_path; /* the local socket; NULL: none */
	const char *listen;      /* "127.0.0.1:8443"; NULL: no TLS listener */
	int listen_fd;           /* inherited listening socket that is used instead of listen; -1: none */
	/* Called on the api thread when the zone has another root: it has to be shown, and server certificates made
	 * anew. NULL: nobody wants to know. */
	void (*root_changed)(void *arg);
	void *root_changed_arg;
};

/* Binds the sockets; nobody is served before api_start. What is lent must live until api_free; texts are copied.
 * ERR_PORT_TAKEN, ERR_PRIVILEGE, ERR_INVALID (listen), ERR_SYSTEM. */
int api_new(const struct api_deps *deps, struct api **ret, struct err *e);
struct mailbox *api_mailbox(struct api *a); /* takes enum api_zone_mail (zone/zone.h); any thread */
/* Starts the thread. to_zone takes struct zone_command; server_name is this server's name in the database. ERR_SYSTEM.
 */
int api_start(struct api *a, struct mailbox *to_zone, const char *server_name, struct err *e);

/* Any thread, after api_new. Until the identity has come, TLS clients wait in the listener's queue. The contents are
 * copied; chain_pem also holds the zone's root, last, which /ca.pem shows as ca_pem. */
void api_set_identity(struct api *a, struct bytes chain_pem, const struct secret *key_pem, struct bytes ca_pem);

/* Port of the TLS listener, 0 when there is none: for "127.0.0.1:0". */
int api_port(const struct api *a);

/* Stops accepting and reading new requests; those on their way are still answered. Any thread; does not wait. */
void api_stop(struct api *a);
/* Ends the thread: waits up to 2 s for the last answers to leave, then closes everything. NULL is fine. */
void api_free(struct api *a);

#endif
