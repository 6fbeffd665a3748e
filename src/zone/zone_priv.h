/* zone_priv.h - what the files of zone/ share: the state of a zone, and the round that is under way.
 *
 * machine.c runs rounds. Commands of people are handled by folder.c, credential.c, device.c, group.c, rule.c, import.c,
 * power.c, discover.c, setting.c, hold.c and token.c through the table in command.c; messages of wire by act.c and
 * discover.c; what the time brings by act.c, power.c and tidy.c. All of them write the database first and memory
 * (queue, jobs) behind it; a failed round makes the memory anew. */
#ifndef ZONE_ZONE_PRIV_H
#define ZONE_ZONE_PRIV_H

#include "amt/act.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "store/act.h"
#include "store/audit.h"
#include "store/device.h"
#include "store/id.h"
#include "store/job.h"
#include "store/setting.h"
#include "zone/event.h"
#include "zone/machine.h"
#include "zone/message.h"
#include "zone/override.h"
#include "zone/queue.h"
#include "zone/tree.h"

#define ZONE_SLICE 1000 /* most rows that one round writes for one long piece of work */

/* Positive number of an error code, as the database keeps it, and back. */
#define REASON(code) (-(code))

struct chain {
	struct mail *first, **end;
};
void chain_init(struct chain *c);
void chain_add(struct chain *c, struct mail *m);

/* What a schedule's job knows of its occurrence. */
struct job_origin {
	int64_t schedule;     /* 0: the job is a person's */
	int64_t due;          /* when the occurrence was due, unspread: the newest intent wins */
	int64_t base, window; /* the slot of a device is recur_slot(base, window, device, schedule) */
	int64_t ends;         /* what has not started by then does not start; INT64_MAX: no such end */
};

/* What an order that changes how AMT is set up says besides. */
struct job_setup {
	int64_t credential; /* the login that the devices have; 0: that of each interface */
	int64_t next;       /* the credential that they are to have; 0: no other */
	bool new_passwords; /* each is to have one of its own */
	bool full;          /* UNPROVISION: also what a partial one keeps */
	bool delete_failed; /* UNPROVISION: a device that it fails for is removed */
};

/* What an order says besides; stored with the job as JSON. */
struct job_options {
	bool include_protected, deadline_given;
	enum boot_choice boot;
	struct job_setup setup;
	struct job_origin from;
};

/* A job that is not final. */
struct job {
	int64_t id;
	enum verb verb;
	enum boot_choice boot;
	enum job_state state;
	int64_t created_at, deadline, cancelled_at, ended_at;
	int64_t act_first, total, expanded;
	int64_t cancel_next;            /* cancelled: acts before this one were looked at */
	struct store_job_counts counts; /* as in the database */
	struct store_job_counts more;   /* of this round */
	int64_t told_at;                /* last progress */
	bool include_protected;
	bool deadline_given; /* else each act has that of its device's setting */
	struct job_setup setup;
	struct job_origin from;
	struct list last;            /* slots of protected devices that wait for all others, in the order of ids */
	struct list touched;         /* on zone.touched: counts to be written */
	struct list busy;            /* on zone.busy: being expanded or cancelled */
	struct map_u64 *credentials; /* used so far by its acts */
	char by[64];
};

/* A credential as wire needs it. */
struct login {
	int64_t id, version;
	char login[ACT_LOGIN_SIZE];
	uint16_t sealed_len;
	uint8_t sealed[ACT_SEALED_SIZE];
};

/* A scan that was ordered and has not ended. */
struct scan {
	struct list link; /* on zone.scans, in the order of ids */
	int64_t id;
	int64_t found_new, written_at;
	bool cancelled;
};

struct zone {
	unsigned magic;
	struct zone_deps deps;
	struct db *db;
	int64_t server, epoch;
	struct store_ids ids;
	int64_t setting[SETTING_COUNT]; /* values in force for the zone */
	struct range *allowed_nets;     /* parsed; NULL: none */
	struct tree *tree;              /* the folders of devices */
	struct overrides *overrides;    /* what is set for zone, folders and devices */
	struct rules *rules;            /* for new devices; NULL: not read yet */
	struct calendars *calendars;    /* calendar.c: ranges by value of black-outs; NULL: none was asked for */

	int64_t now, boot;              /* wall and boot time of this round */
	int64_t change_base;            /* rows changed before the present message */
	struct arena *arena;            /* of the present message */
	struct chain to_wire, to_api;   /* decided in this round */
	struct chain out_wire, out_api; /* committed */
	struct chain to_post, out_post; /* for whoever passes messages on */
	struct zone_event *events, *progress;
	size_t event_count, event_cap, progress_count, progress_cap;
	unsigned crash_marks; /* what this round did, see crash.h */

	struct queue *queue;
	struct engine *engine;       /* schedules: engine.c */
	struct reconcile *reconcile; /* reconcile.c */
	struct map_u64 *jobs;
	struct list touched, busy;
	struct list tasks;      /* commands that take several rounds */
	struct map_u64 *logins; /* by credential */
	struct map_u64 *fresh;  /* interfaces whose digest counter this process stored: it is exact */
	struct map_u64 *paces;  /* by folder: when the next one may be switched on; no cache, lost with the process */
	struct map_u64 *boot_left;  /* interfaces of the table boot_left */
	struct map_u64 *setup_left; /* by interface: setup.c */
	int64_t identity[2];        /* certificates that wire was told of: setup.c */
	int64_t hello_rows;         /* discovered by a hello alone: at most so many */
	struct list scans;
	int64_t scan_in_wire;                           /* no cache but a fact, as conversations are; 0: none */
	int64_t event_last;                             /* id of the last event */
	int64_t event_before;                           /* the same when the present transaction began */
	enum { NEWS_NONE, NEWS_SOME, NEWS_SINKS } news; /* what post/ is told after the commit of this round */
	int64_t message_last;                           /* id of the last message */
	int64_t ends_at;                                /* the next look at what expires */
	int64_t audit_at, audit_bad;                    /* the next daily look at the audit; what the last one found */
	struct store_audit_walk audit_walk;             /* of.server 0: none is under way */
	int64_t renew_at, seen_at, tidy_at, expiry_at;
	bool run_again; /* work that posted itself again */
	bool put_back;  /* the clock was, and acts do not know it yet */
	bool stopping;  /* no act is claimed any more */

	struct list refusals; /* of this minute, see refusal.h */
	size_t refusal_count;
	int64_t refuse_at; /* its end; INT64_MAX: none */

	struct chain kept; /* messages of wire that could not be written */
	int64_t retry_at;  /* after a failure: not before; 0 */
};

#define ZONE_MAGIC 0x5a4f4e45u

static inline int64_t setting(const struct zone *z, enum setting_id id)
{
	return z->setting[id];
}

static inline int64_t later(int64_t now, int64_t ms)
{
	return ms > INT64_MAX - now ? INT64_MAX : now + ms;
}

/* act.c: the states of acts, with rules R1-R11. */
int act_on_gate(struct zone *z, const struct act_gate *m, struct err *e);
void act_on_answered(struct zone *z, const struct act_gate *m); /* its order is off the wire */
int act_on_outcome(struct zone *z, const struct act_outcome *m, struct err *e);
int act_timers(struct zone *z, struct err *e);   /* due, deadline, settle, lost leases */
int act_dispatch(struct zone *z, struct err *e); /* claims what may start */
int act_load(struct zone *z, struct err *e);     /* memory from the database */
/* The clock was put back: what waits for so many seconds, as another try does, waits no longer than that. */
int act_clock_back(struct zone *z, struct err *e);
/* A queued act whose due and deadline are now: for protected ones that waited. */
int act_release(struct zone *z, struct slot *s, int64_t deadline, struct err *e);
/* A job is being cancelled: conversations of its acts that were not sent are asked to end. */
void act_cancel_talks(struct zone *z, const struct job *j);
/* The queued acts first .. last of a job end as cancelled. */
int act_cancel_queued(struct zone *z, struct job *j, int64_t first, int64_t last, struct err *e);
/* Puts a new queued act into memory. */
void act_remember(struct zone *z, const struct store_act *a, const char *host);
/* A new act of a schedule whose occurrence fell due then: what older occurrences still have queued for its interface
 * ends as skipped. */
int act_supersede(struct zone *z, const struct store_act *a, int64_t due, struct err *e);

/* act_tell.c */
/* Counts and tells a final act. */
int act_tell_final(struct zone *z, const struct store_act *a, struct err *e);
/* A breaker opened or closed. */
int act_tell_breaker(struct zone *z, enum breaker_change change, const struct queue_subnet *n, struct err *e);

/* power.c: jobs. */
struct job_order {
	enum verb verb;
	int64_t deadline; /* of all acts, but for those of a schedule: then the latest of them */
	const char *by, *key, *target;
	struct job_options options;
};
/* ids: devices, in the order in which their acts are made. An id below 0: its act is skipped, superseded by another one
 * that is made at the same time. Uses the arena anew. */
int job_start(struct zone *z, const struct job_order *o, const int64_t *ids, size_t count, struct job **ret,
	      struct err *e);
int job_cancel(struct zone *z, int64_t id, bool *ret_won, struct err *e); /* not won: it is final or cancelled */
int job_cancel_schedule(struct zone *z, int64_t schedule, struct err *e); /* what it has open */
#define JOB_LATE_MS 60000 /* what starts so much later than its time was on time: a restart takes as long */

/* The devices of this server's own machine, known by UUID. */
#define JOB_OWN_MAX 8
struct job_own {
	int64_t device[JOB_OWN_MAX];
	size_t count;
};
int job_find_own(struct zone *z, struct job_own *ret, struct err *e);
bool job_is_own(const struct job_own *o, int64_t device);

struct job *job_get(struct zone *z, int64_t id); /* NULL: final */
enum boot_choice job_boot(struct zone *z, int64_t id);
void job_count(struct zone *z, struct job *j, enum act_state final);
int job_flush(struct zone *z, struct err *e); /* writes the counts of this round; releases protected acts */
int job_slice(struct zone *z, struct err *e); /* one slice of expanding or cancelling */
/* s ends, and its boot choice may still stand in the device: an act of its own takes it back. */
int job_unboot(struct zone *z, const struct slot *s, struct err *e);
void job_keep_last(struct zone *z, struct slot *s); /* s is queued: it joins job.last if it waits for the others */
int job_load(struct zone *z, struct err *e);
void job_forget_all(struct zone *z); /* after queue_clear */

/* setup.c: how AMT is set up on devices, and what an attempt to change that left behind. */
int setup_load(struct zone *z, struct err *e);
void setup_forget(struct zone *z);
void setup_drop(struct zone *z, int64_t amt); /* the interface is gone, and its row with it */
/* Adds what the order of s needs to m, whose interface is filled: other logins, and what is to become of the device.
 * ERR_NO_CREDENTIAL. */
int setup_prepare(struct zone *z, const struct slot *s, struct act_start *m, struct err *e);
/* The credential with whose login an act of this job begins; otherwise that of its interface. */
int64_t setup_credential(const struct job *j, int64_t otherwise);
/* Puts on disk what a step leads to. *ret_reason: 0, or why it may not be taken. */
int setup_on_gate(struct zone *z, const struct slot *s, const struct act_gate *m, int *ret_reason, struct err *e);
/* What an outcome says about the set-up of an interface, to be called behind everything else that it teaches. */
int setup_learn(struct zone *z, const struct slot *s, const struct act_outcome *m, enum act_state end, struct err *e);
/* Whether a device may have this credential's password though its interface has another one. */
bool setup_may_use(const struct zone *z, int64_t credential);

/* discover.c */
int discover_on_sighting(struct zone *z, const struct sighting *m, struct err *e);
int discover_on_progress(struct zone *z, const struct scan_progress *m, struct err *e);
int discover_on_end(struct zone *z, const struct scan_progress *m, struct err *e);
int discover_expire(struct zone *z, struct err *e); /* tells of what lost its validity */
int discover_load(struct zone *z, struct err *e);
int discover_start_next(struct zone *z, struct err *e); /* one scan runs at a time */
void discover_forget(struct zone *z);
/* No identity: nil, all ones, or one that a vendor put into many machines. */
bool discover_uuid_is_none(const struct uuid *u);

/* setting.c */
int setting_load(struct zone *z, struct err *e); /* also the limits of the queue */
/* The value that counts for a device: the nearest of its own, its folder's, those of the folders above, the zone's, the
 * default. device 0: for a folder. folder 0: the device's is asked of the database, where that matters; a device that
 * is gone has the zone's. Fails with the store's errors, and only when folder is 0. */
int setting_at(struct zone *z, enum setting_id id, int64_t folder, int64_t device, int64_t *ret, struct err *e);
/* As text, for time-zone. Lives until the next change of a setting. */
int setting_text_at(struct zone *z, enum setting_id id, int64_t folder, int64_t device, const char **ret,
		    struct err *e);
/* What was set for a folder or device that goes. */
int setting_forget(struct zone *z, enum store_scope scope, int64_t object, struct err *e);
int setting_tell_wire(struct zone *z, struct err *e);
/* Whether the zone may talk to this address: 0 or ERR_NET_NOT_ALLOWED. */
int setting_check_address(const struct zone *z, const struct range_addr *a, struct err *e);

/* Whether all of ranges, less exclude, is allowed: 0 or ERR_NET_NOT_ALLOWED with what is not. */
int setting_check_ranges(const struct zone *z, const char *ranges, const char *exclude, struct err *e);
const char *setting_never_scanned(const struct zone *z); /* ranges in which no device can be */

/* credential.c */
/* The credential with its sealed password, remembered until one changes. ERR_NO_CREDENTIAL. */
int credential_login(struct zone *z, int64_t id, const struct login **ret, struct err *e);
void credential_forget(struct zone *z);

/* certificate.c */
int certificate_keep(struct zone *z, const struct zone_certificate *m, struct err *e);

/* tidy.c: what is done once a minute, an hour. */
int tidy(struct zone *z, struct err *e);

/* audit.c: old rows are cut off and the chain is looked at, once a day, in slices of *left rows */
/* A key that is new: what is in the audit without its MACs is taken as it is, and that is recorded. */
int audit_start(struct zone *z, struct err *e);
int audit_tidy(struct zone *z, int64_t *left, struct err *e);
void audit_forget(struct zone *z);

/* sink.c: where messages are passed on to */
struct sink_state;
struct sink_tested;
void sink_tell_news(struct zone *z); /* at the end of a round that may be committed */
int sink_on_state(struct zone *z, const struct sink_state *m, struct err *e);
int sink_on_tested(struct zone *z, const struct sink_tested *m, struct err *e);

/* expiry.c: what ends soon is told once a day */
int expiry_tidy(struct zone *z, struct err *e);

/* start.c: zone, server and epoch at the start. */
int start_server(struct zone *z, struct err *e);

/* ids */
int new_id(struct zone *z, enum store_id_kind kind, int64_t *ret, struct err *e);

#endif
