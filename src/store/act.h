/* act.h - acts: one verb on one AMT interface inside a job, in the states of act.tbl.h.
 *
 * All changes but the insert are compare-and-set: they name the state and the fence that they expect, and say in
 * *ret_won whether they found it so (see store.h). The fence rises with each claim, so whoever lost his claim can
 * change nothing. One live act (claimed, sent) per interface is kept by the unique index one_live_act.
 *
 * What a verb is called, when to retry and how many may be in flight are not known here: verb and power state are
 * numbers of amt/. A reason is the positive number of a code in base/err.tbl.h (0 none). */
#ifndef STORE_ACT_H
#define STORE_ACT_H

#include "store/amt.h"
#include "store/store.h"

struct arena;

enum act_state {
#define ACT_STATE(NAME, number, final, name, text) ACT_STATE_##NAME = number,
#include "store/act.tbl.h"
#undef ACT_STATE
	ACT_STATE_COUNT,
};

const char *act_state_name(enum act_state s); /* "queued" ... */
const char *act_state_sentence(enum act_state s);
bool act_state_from_name(const char *name, enum act_state *ret);
bool act_state_is_final(enum act_state s);

struct store_act {
	int64_t id, job;
	int64_t device; /* 0: an act on a discovered thing that is no device yet */
	int64_t amt;    /* 0 only for acts that are final from the start because there is no interface: see insert */
	int64_t server; /* which server is to do it */
	int verb;
	enum act_state state;
	int64_t fence; /* rises with each claim */
	int64_t epoch; /* of the server that claimed it */
	int attempt;   /* claims so far */
	int64_t due, deadline, lease_end;
	int64_t sent_at;      /* when it became sent */
	int64_t settle_after; /* while sent: not to be settled before */
	int64_t ended_at;
	int evidence_kind; /* of zone/: what the outcome rests on; 0 nothing */
	int reason;
	int device_status;             /* ReturnValue, PT_STATUS or HTTP status; 0 none */
	int power_before, power_after; /* 0 not read */
	const char *message_id;        /* of the one request that changes power; NULL before it is sent */
	const char *evidence;          /* JSON; NULL none */
	const char *detail;            /* for a person, at most STORE_DETAIL_MAX bytes; NULL none */
};

/* Inserts n acts with the state, reason and times given (fence, epoch and attempt start at 0). An id or (amt, job)
 * that is there already is left as it is, so a slice may be repeated. An act without an interface is given the
 * negative of its device id as amt, so that the pair stays unique. *ret_inserted may be NULL. */
int store_act_insert(struct db *db, const struct store_act *acts, size_t n, int64_t *ret_inserted, struct err *e);

/* An act with all that is needed to do it. Borrowed for the callback, or of the arena. */
struct store_act_due {
	int64_t id, job, device, amt;
	int verb;
	int64_t fence;
	int attempt;
	int64_t due, deadline;
	bool is_protected; /* the device */
	struct store_amt interface;
	struct store_amt_state state;
};
/* One act with all that is needed to do it, whatever its state. ERR_NOT_FOUND. */
int store_act_due_get(struct db *db, struct arena *a, int64_t id, struct store_act_due *ret, struct err *e);

struct store_act_claim {
	int64_t id, fence; /* the fence as read; it becomes one more */
	int64_t server, epoch, now, lease_end;
	bool hold_counts; /* the verb changes power: a hold on device, folder or zone refuses it */
};
/* queued -> claimed: due, before its deadline, no other live act of the interface. */
int store_act_claim(struct db *db, const struct store_act_claim *c, bool *ret_won, struct err *e);

struct store_act_send {
	int64_t id, fence, server, epoch, now;
	int64_t settle_after;
	int power_before;
	const char *message_id;
	const char *evidence; /* what was read before; NULL none */
};
/* claimed -> sent (R1, R2, R10): same fence, server and epoch, lease and deadline not ended, no hold that covers it. */
int store_act_send(struct db *db, const struct store_act_send *s, bool *ret_won, struct err *e);

struct store_act_outcome {
	int64_t id, fence, now;
	enum act_state from; /* claimed or sent (queued for what ends before it starts) */
	enum act_state to;   /* a final state */
	int evidence_kind, reason, device_status;
	int power_before; /* 0 keeps what is stored */
	int power_after;
	const char *evidence; /* NULL keeps what is stored */
	const char *detail;   /* NULL: none */
};
int store_act_finish(struct db *db, const struct store_act_outcome *o, bool *ret_won, struct err *e);

struct store_act_back {
	int64_t id, fence;
	enum act_state
		from; /* claimed, or sent when it is proven that the order was refused or never left; or queued */
	int64_t due;
	int reason, device_status;
	const char *detail;
};
/* Back to queued, with a back-off; or, queued already, why it waits. */
int store_act_requeue(struct db *db, const struct store_act_back *b, bool *ret_won, struct err *e);

struct store_act_settle {
	int64_t id, fence;
	int64_t settle_after;
	int evidence_kind, reason, device_status;
	const char *detail;
};
/* sent -> sent: in doubt, or accepted and being observed. */
int store_act_keep_sent(struct db *db, const struct store_act_settle *s, bool *ret_won, struct err *e);

/* Longer leases for the claimed acts of this server and epoch whose lease ends before `before`. */
int store_act_renew(struct db *db, int64_t server, int64_t epoch, int64_t before, int64_t lease_end, int64_t *ret_count,
		    struct err *e);

typedef int (*store_act_fn)(void *arg, const struct store_act *row);

/* Claimed by anybody, lease ended by now. */
int store_act_lapsed(struct db *db, int64_t now, int limit, store_act_fn each, void *arg, struct err *e);
/* Live acts of this server (its memory after a start), by interface, behind after_amt. */
int store_act_live(struct db *db, int64_t server, int64_t after_amt, int limit, store_act_fn each, void *arg,
		   struct err *e);

/* A server starts with a new epoch: its claimed acts of older epochs go back to queued, due now; its sent acts of
 * older epochs are in doubt until settle_after, with this reason. */
int store_act_server_start(struct db *db, int64_t server, int64_t epoch, int64_t now, int64_t settle_after, int reason,
			   int64_t *ret_requeued, int64_t *ret_doubted, struct err *e);

struct store_act_range {
	int64_t job, first, last; /* ids, both included: a slice of the job's acts */
	int64_t now;
	enum act_state to; /* cancelled, expired or skipped */
	int reason;
};
/* The queued acts of the slice end. *ret_count is how many did. */
int store_act_end_queued(struct db *db, const struct store_act_range *r, int64_t *ret_count, struct err *e);

/* Another due time and deadline for a queued act. */
int store_act_release(struct db *db, int64_t id, int64_t fence, int64_t due, int64_t deadline, bool *ret_won,
		      struct err *e);

int store_act_get(struct db *db, struct arena *a, int64_t id, struct store_act *ret, struct err *e); /* NOT_FOUND */

/* For people: an act with the names around it. */
struct store_act_view {
	struct store_act act;
	const char *device_name; /* NULL: the device is gone, or never was one */
	const char *host;        /* NULL: the interface is gone */
};
typedef int (*store_act_view_fn)(void *arg, const struct store_act_view *row);

/* Queued acts of a server in the order of due, id (its memory after a start). device_name is NULL. */
int store_act_queued(struct db *db, int64_t server, int64_t after_due, int64_t after_id, int limit,
		     store_act_view_fn each, void *arg, struct err *e);
/* Acts of a job, fresh or of the history, in the order of ids, behind after_id. wanted: a set of 1u << state; 0 is all.
 * NOT_FOUND: no such job. */
int store_act_list(struct db *db, int64_t job, int64_t after_id, unsigned wanted, int limit, store_act_view_fn each,
		   void *arg, struct err *e);
/* What is known for long of an act: the fresh ones and those of the history alike. */
struct store_past {
	int64_t id, job, device;
	int verb;
	enum act_state state;
	int evidence_kind, attempt, reason, power_before, power_after; /* as in struct store_act */
	int64_t ended_at;                                              /* to the second in the history */
	const char *requested_by;
};
typedef int (*store_past_fn)(void *arg, const struct store_past *row);
/* The acts of a device and its interface (0: none), newest job first, below before_job (0: from the newest). */
int store_act_history(struct db *db, int64_t device, int64_t amt, int64_t before_job, int limit, store_past_fn each,
		      void *arg, struct err *e);

#endif
