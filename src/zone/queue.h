/* queue.h - the zone's memory of acts that are not final: which may start next, which wait for what, and when somebody
 * has to look at one again. Decides nothing about states and writes nothing: act.c does, and tells the queue.
 *
 * The acts are a cache of the database: after a round that failed queue_clear forgets them and act.c reads them anew.
 * The conversations that are open in wire are no cache but a fact; queue_clear leaves them.
 *
 * A queued act that is due stands either in the ready heap of its subnet, or in the line of its interface behind the
 * act that is live there. An interface has one live act and one conversation at most. A subnet most of which cannot be
 * reached is held back by its breaker (zone/breaker.h), which is a fact like the conversations.
 *
 * Acts of schedules that change power do not come to a subnet as a herd, whatever else goes on there: so many
 * starts a second, and so many with an order that may be on the wire. One thread. */
#ifndef ZONE_QUEUE_H
#define ZONE_QUEUE_H

#include "amt/act.h"
#include "base/list.h"
#include "store/act.h"
#include "zone/breaker.h"

#define QUEUE_NEVER       INT64_MAX
#define QUEUE_SUBNET_SIZE (ACT_HOST_SIZE + 4)

struct line;
struct queue;

/* An act that is not final. Fields are for reading; the queue_ functions write those from state on. */
struct slot {
	int64_t id, job, device, amt;
	int64_t deadline;
	int64_t fence;
	int64_t due_kept; /* queued: due as it is on disk; act.c keeps it */
	int attempt;
	int reason; /* of the last failure: positive number, 0 none */
	enum verb verb;
	int64_t paced;        /* the time at which the power-on rate of its folder lets it start; 0 not asked yet */
	bool minds_boot;      /* its conversation says whether a boot choice stands in the device */
	bool scheduled;       /* of a schedule, and it changes power */
	bool in_doubt;        /* sent, and its conversation ended without an answer */
	bool held_back;       /* queued: it is on disk that the breaker holds it */
	int64_t settle_until; /* in doubt: after this it is unknown */

	enum act_state state; /* queued, claimed or sent */
	int64_t due;          /* queued: not before */
	int64_t wake;         /* wall time at which queue_timer gives it out */
	size_t timer_place, ready_place;
	struct list waiting; /* in the line of its interface */
	struct list newly_held;
	struct list of_line; /* all of its interface */
	struct line *line;
};

/* A subnet and its breaker, for people. */
struct queue_subnet {
	char name[QUEUE_SUBNET_SIZE]; /* "10.0.0.0/24" */
	unsigned tried, failed;       /* addresses */
};

struct queue *queue_new(void);
void queue_free(struct queue *q); /* NULL is fine */
void queue_clear(struct queue *q);
size_t queue_count(const struct queue *q);
/* Most conversations at once, in all and in one subnet (/24, or /64 of IPv6; a name is a subnet of its own). */
void queue_set_limits(struct queue *q, size_t zone, size_t subnet);
void queue_set_breaker(struct queue *q, const struct breaker_rule *rule); /* without it none opens */
/* For acts of schedules in one subnet: orders on the wire at once, starts in a second. */
void queue_set_pace(struct queue *q, size_t orders, size_t starts_per_s);

struct slot *queue_get(const struct queue *q, int64_t act); /* NULL: final or unknown */
/* Copies the fields above state; host chooses the subnet. The act has no state until one of the next two is called. */
struct slot *queue_add(struct queue *q, const struct slot *init, const char *host);
/* Queued, not before due; wakes at due or deadline. due QUEUE_NEVER: until somebody calls this again. */
void queue_wait(struct queue *q, struct slot *s, int64_t due, int64_t now);
/* Claimed or sent: the live act of its interface, which must have none other. */
void queue_live(struct queue *q, struct slot *s, enum act_state state, int64_t wake);
void queue_wake_at(struct queue *q, struct slot *s, int64_t wake); /* changes wake alone */
void queue_delete(struct queue *q, struct slot *s);                /* final: frees s */

bool queue_has_interface(const struct queue *q, int64_t amt); /* some act of it is not final */
/* The acts of an interface, for walking: NULL gives the first; NULL comes behind the last. */
struct slot *queue_of(const struct queue *q, int64_t amt, const struct slot *after);
/* Any act, for walking: *it starts at 0; the queue must not change meanwhile. */
bool queue_each(const struct queue *q, size_t *it, struct slot **ret);
/* An act whose wake has come; it stays until it is moved. A queued one that is due becomes ready by itself and is not
 * given out before its deadline. Breakers whose next try is due let it through. NULL: none. */
struct slot *queue_timer(struct queue *q, int64_t now);
int64_t queue_wake(const struct queue *q); /* when the next one wakes; QUEUE_NEVER */
/* The ready act that may start now, oldest due first. It stays ready until it is moved. NULL: none may. */
struct slot *queue_next(struct queue *q, int64_t now);
/* A ready act that a breaker holds back and of which that was not told: its held_back becomes true. NULL: none. */
struct slot *queue_next_held(struct queue *q);
void queue_subnet(const struct slot *s, struct queue_subnet *ret);

/* Conversations. open: the limits allow it and none is open on the interface (queue_can_talk). */
bool queue_can_talk(const struct queue *q, const struct slot *s);
/* may_order: an order may come of it; of a scheduled act this is the start that counts, and an order that may be on the
 * wire. */
void queue_talk_open(struct queue *q, struct slot *s, bool may_order, int64_t now);
/* From now on no order of the conversation can be on the wire: false when it was not counted. */
bool queue_talk_quiet(struct queue *q, int64_t act);
/* What an open conversation says of its subnet: the address could be reached, or no connection could be made to it.
 * *ret is filled when the breaker changed. Before queue_talk_close. */
enum breaker_change queue_talk_tells(struct queue *q, int64_t act, int64_t fence, bool reached, int64_t now,
				     struct queue_subnet *ret);
/* The conversation of act and fence ended; false when there is none. */
bool queue_talk_close(struct queue *q, int64_t act, int64_t fence);
bool queue_talk_is_open(const struct queue *q, int64_t act, int64_t fence);
size_t queue_talks(const struct queue *q);
size_t queue_breakers_open(const struct queue *q);
/* The clock was put back to now: what is known of starts and of breakers waits no longer than it would have. */
void queue_clock_back(struct queue *q, int64_t now);
/* Forgets what is known of subnets that were not used for a while. */
void queue_tidy(struct queue *q, int64_t now);

#endif
