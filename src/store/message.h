/* message.h - the message log: what a zone has to say to people, until it is purged.
 *
 * The id is server * 2^40 + sequence, as of events (event.h), so the messages of one server rise with time. What a
 * number means stands in message.tbl.h. A message that nobody has acknowledged is open, and
 * an object's state is the worst of its open messages. */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "store/event.h"
#include "store/store.h"

struct arena;

/* Lower is worse, so that the worst is the least. */
enum message_severity {
	MESSAGE_ERROR = 1,
	MESSAGE_WARNING = 2,
	MESSAGE_INFORMATION = 3,
	MESSAGE_DEBUG = 4, /* never in the database */
};
const char *message_severity_name(enum message_severity s); /* "error", ... */
bool message_severity_from_name(const char *name, enum message_severity *ret);

enum message_id {
#define MESSAGE(name, number, severity, component, sentence, next) MESSAGE_##name = number,
#include "store/message.tbl.h"
#undef MESSAGE
};

struct message_row {
	int number;
	const char *name; /* as the table spells it: message_name gives what people see */
	enum message_severity severity;
	const char *component;
	const char *sentence, *next;
};
const char *message_name(const struct message_row *row); /* "act_failed" */
/* The row of a number; never NULL: a number of a newer version has the name "unknown". */
const struct message_row *message_row(int number);
bool message_has_component(struct bytes name);
const struct message_row *message_row_from_name(const char *name); /* NULL */

/* What a message is about. The numbers are in the database. */
enum message_kind {
	MESSAGE_OF_ZONE,
	MESSAGE_OF_FOLDER,
	MESSAGE_OF_DEVICE,
	MESSAGE_OF_SERVER,
	MESSAGE_OF_CREDENTIAL,
	MESSAGE_OF_CERTIFICATE,
	MESSAGE_OF_TOKEN,
	MESSAGE_OF_TARGET,
	MESSAGE_OF_JOB,
	MESSAGE_OF_SCAN,
	MESSAGE_OF_ADMIN,
	MESSAGE_OF_SOURCE,
	MESSAGE_KINDS,
};
const char *message_kind_name(enum message_kind k); /* "zone", "folder", ... */
bool message_kind_from_name(const char *name, enum message_kind *ret);

#define STORE_MESSAGE_TEXT_MAX 1024

struct store_message {
	int64_t id; /* the writer counts: store_message_last + 1 */
	int64_t time;
	int number;
	enum message_severity severity;
	const char *actor; /* whose doing it was; "server" where it was nobody's */
	enum message_kind kind;
	int64_t object;
	const char *name; /* of the object at that time */
	int64_t related;  /* number of a job or scan; 0 none */
	const char *text; /* one sentence */
	const char *more; /* a device's own words and the like; may be empty */
	int64_t acked_at; /* 0: open */
	const char *acked_by;
};

int store_message_add(struct db *db, const struct store_message *m, struct err *e);
/* The newest id of this server, or STORE_SEQ_ID(server, 0). */
int store_message_last(struct db *db, int64_t server, int64_t *ret_id, struct err *e);
int store_message_get(struct db *db, struct arena *a, int64_t id, struct store_message *ret, struct err *e);

/* Which messages; 0, -1 and false leave a condition out. */
struct store_message_filter {
	int64_t server;
	int worst;  /* this severity and worse ones; 0: all */
	int number; /* only this message; 0: all */
	int kind;   /* about things of this kind; -1: all */
	int64_t object;
	bool open;            /* only those that nobody has acknowledged */
	int64_t since, until; /* times; until 0: no end */
};
#define STORE_MESSAGE_FILTER_INIT(server_id) ((struct store_message_filter){.server = (server_id), .kind = -1})

typedef int (*store_message_fn)(void *arg, const struct store_message *row);
/* Newest first, below before_id (0: from the newest). */
int store_message_list(struct db *db, const struct store_message_filter *f, int64_t before_id, int limit,
		       store_message_fn each, void *arg, struct err *e);
/* Oldest first, behind after_id, of the server in after_id: for whoever passes messages on. */
int store_message_follow(struct db *db, int64_t after_id, int limit, store_message_fn each, void *arg, struct err *e);

/* Acknowledges one that is open: *ret_won. ERR_NOT_FOUND. */
int store_message_ack(struct db *db, int64_t id, const char *by, int64_t now, bool *ret_won, struct err *e);
/* Acknowledges up to limit of those that fit, up to the id last; *ret_count: how many. */
int store_message_ack_all(struct db *db, const struct store_message_filter *f, int64_t last, const char *by,
			  int64_t now, int limit, int64_t *ret_count, struct err *e);
/* Removes up to limit of the oldest that are older than before; the newest of all stays, so that numbers go on. */
int store_message_purge(struct db *db, int64_t server, int64_t before, int limit, int64_t *ret_count, struct err *e);

/* The state of a thing that has open messages. */
struct store_message_state {
	enum message_kind kind;
	int64_t object;
	const char *name; /* as its newest open message says */
	enum message_severity worst;
	int64_t count; /* open messages */
};
typedef int (*store_message_state_fn)(void *arg, const struct store_message_state *row);
/* In the order of kind and object, behind those two (-1, 0: from the start); worst as in the filter. */
int store_message_states(struct db *db, int worst, int after_kind, int64_t after_object, int limit,
			 store_message_state_fn each, void *arg, struct err *e);

#endif
