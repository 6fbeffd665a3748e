/* sink.h - where messages and audit records are passed on to, and how far each server has got with each.
 *
 * People call a sink a target (lamp target add ...); in the code a target is a device that an order is meant for. */
#ifndef STORE_SINK_H
#define STORE_SINK_H

#include "store/message.h"
#include "store/store.h"

struct arena;

enum sink_kind {
#define SINK_KIND(NAME, number, name, address, sentence) SINK_##NAME = number,
#include "store/sink.tbl.h"
#undef SINK_KIND
};
const char *sink_kind_name(enum sink_kind k);
const char *sink_kind_address(enum sink_kind k); /* an example */
bool sink_kind_from_name(const char *name, enum sink_kind *ret);

enum sink_feed { SINK_FEED_MESSAGES, SINK_FEED_AUDIT };

struct store_sink {
	int64_t id;
	const char *name;
	enum sink_kind kind;
	enum sink_feed feed;
	bool enabled;
	const char *address;
	const char *options; /* JSON object of texts: from, to, subject, user, roll, size */
	struct bytes secret; /* sealed; place: table "sink", row id, field "secret", version. p NULL: none */
	int64_t version;
	enum message_severity severity; /* the mildest that is passed on */
	const char *components;         /* separated by blanks; "" all */
	int64_t created_at, changed_at;
	const char *ca; /* PEM; "": the other end's certificate must come from one that the system trusts */
};

int store_sink_add(struct db *db, const struct store_sink *t, struct err *e);
int store_sink_put(struct db *db, const struct store_sink *t, struct err *e);
int store_sink_delete(struct db *db, int64_t id, struct err *e);
int store_sink_get(struct db *db, struct arena *a, int64_t id, struct store_sink *ret, struct err *e);
int store_sink_by_name(struct db *db, struct arena *a, const char *name, struct store_sink *ret, struct err *e);

/* How it stands with one server. */
struct store_sink_state {
	int64_t sink, server;
	int64_t position;  /* id of the last message or record that it took; 0: none yet */
	int64_t sent;      /* how many it took */
	int64_t missed;    /* how many were purged before it got them */
	int64_t failed_at; /* since when it takes nothing; 0: it does */
	const char *error; /* why, as a sentence */
};
int store_sink_state_put(struct db *db, const struct store_sink_state *s, struct err *e);
/* Zeros where there is none. */
int store_sink_state_get(struct db *db, struct arena *a, int64_t sink, int64_t server, struct store_sink_state *ret,
			 struct err *e);

typedef int (*store_sink_fn)(void *arg, const struct store_sink *row, const struct store_sink_state *state);
/* By name; with the state of this server. */
int store_sink_list(struct db *db, int64_t server, store_sink_fn each, void *arg, struct err *e);

#endif
