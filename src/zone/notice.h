/* notice.h - what ends soon, and what an administrator is told of it (features M60): from 90 days before its end on
 * once in 24 hours, and in the last 5 days at every login too. Certificates of the zone and API tokens end; accounts do
 * not. Only reads, but for notice_seen; any thread with a connection of its own. */
#ifndef ZONE_NOTICE_H
#define ZONE_NOTICE_H

#include "store/message.h"

struct arena;
struct db;
struct err;
struct rights;

#define NOTICE_LAST_DAYS 5 /* in which it is an error, and told at every login */

/* Something that ends. Texts are borrowed for the call. */
struct ending {
	enum message_kind kind;
	int64_t object;
	const char *name;  /* "ca", "server", a token's */
	const char *what;  /* for a sentence: "the zone's root certificate" */
	int64_t end;       /* ms */
	int64_t warn_days; /* it is told of from so many days before its end on */
	int64_t owner;     /* of a token: the administrator who made it; 0 */
};
typedef int (*ending_fn)(void *arg, const struct ending *x);
/* Everything of the zone and of this server that ends at all. each: negative or positive ends it, and is returned. */
int ending_each(struct db *db, struct arena *a, int64_t server, ending_fn each, void *arg, struct err *e);
int64_t ending_days(const struct ending *x, int64_t now); /* whole days; below 0: it has ended */
bool ending_is_soon(const struct ending *x, int64_t now);
const char *ending_text(struct arena *a, const struct ending *x, int64_t now); /* one sentence */

/* To whom. login_at: of his session; 0: he has none. */
struct notice_reader {
	int64_t admin; /* 0: whoever is on the server itself */
	const struct rights *rights;
	int64_t login_at;
};
struct notice {
	const struct ending *of;
	int64_t shown_at; /* 0: never */
	bool due;         /* he has to be told */
};
typedef int (*notice_fn)(void *arg, const struct notice *n);
/* What ends soon and may be known by the reader. */
int notice_each(struct db *db, struct arena *a, int64_t server, int64_t now, const struct notice_reader *to,
		notice_fn each, void *arg, struct err *e);
int notice_seen(struct db *db, const struct notice_reader *to, const struct notice *n, int64_t now, struct err *e);

#endif
