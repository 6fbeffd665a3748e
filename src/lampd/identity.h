/* identity.h - the certificate with which the API answers: loaded, or made when there is none or it ends soon.
 *
 * Making the zone's root takes tenths of a second, so this runs on a thread of its own beside a server that is ready;
 * TLS clients wait in the listener's queue until then. It only reads the database: what it made goes to the zone as a
 * message, and when the zone is done with that it reads again what is in force now. Looked at again every day, so that
 * a server that runs for years renews its certificate in time. */
#ifndef LAMPD_IDENTITY_H
#define LAMPD_IDENTITY_H

struct api;
struct clock;
struct err;
struct identity;
struct mailbox;
struct vault;

struct identity_deps {
	struct clock *clock;
	struct vault *vault;
	struct api *api;
	struct mailbox *zone;                                /* its commands */
	const char *database, *server_name, *fqdn, *address; /* of the listener; NULL: none */
	const char *ca_path;                                 /* file that gets the root as PEM */
};

/* Starts the thread after the zone was started; what is lent must live until identity_stop. ERR_SYSTEM. */
int identity_start(const struct identity_deps *deps, struct identity **ret, struct err *e);
void identity_look(struct identity *id); /* at once, not only in a day; any thread */
void identity_stop(struct identity *id); /* waits for the thread's end; NULL is fine */
/* After identity_stop, and after the zone has freed its mailboxes: a message there still knows its sender. */
void identity_free(struct identity *id);

#endif
