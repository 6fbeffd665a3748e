/* job.h - jobs: one order of a person (later: one occurrence of a schedule) for one or many devices.
 *
 * The id is the number that people see. The acts of a job have the consecutive ids act_first .. act_first + total - 1.
 * The counts by final state are kept with each outcome, in the same transaction; store_job_recount makes them anew. */
#ifndef STORE_JOB_H
#define STORE_JOB_H

#include "store/act.h"
#include "store/store.h"

enum job_state {
#define JOB_STATE(NAME, number, name, text) JOB_STATE_##NAME = number,
#include "store/job.tbl.h"
#undef JOB_STATE
};
const char *job_state_name(enum job_state s);

/* How many acts ended how; also used as a difference. */
struct store_job_counts {
	int64_t done, already, failed, unknown, cancelled, expired, skipped;
};
/* The count that belongs to a final state; NULL for the others. */
int64_t *store_job_count_of(struct store_job_counts *c, enum act_state s);
int64_t store_job_counts_sum(const struct store_job_counts *c);

struct store_job {
	int64_t id;
	int verb;
	enum job_state state;
	const char *requested_by; /* principal */
	const char *idempotency;  /* key, unique per principal; NULL none */
	int64_t server;           /* where it was accepted */
	int64_t created_at, deadline, ended_at;
	const char *target;  /* as it was asked for, for people */
	const char *options; /* JSON object */
	int64_t act_first, total;
	int64_t expanded; /* how many acts have been made so far */
	struct store_job_counts counts;
	int64_t cancelled_at; /* somebody asked to cancel it; 0: nobody */
};

int store_job_add(struct db *db, const struct store_job *j, struct err *e); /* ERR_EXISTS: (principal, key) is there */
int store_job_get(struct db *db, struct arena *a, int64_t id, struct store_job *ret, struct err *e);
/* ERR_NOT_FOUND when this principal has not used the key. */
int store_job_by_key(struct db *db, struct arena *a, const char *principal, const char *key, struct store_job *ret,
		     struct err *e);
typedef int (*store_job_fn)(void *arg, const struct store_job *row);
/* Newest first, below before_id (0: from the newest). */
int store_job_list(struct db *db, int64_t before_id, int limit, store_job_fn each, void *arg, struct err *e);
/* Jobs that have not ended, oldest first. */
int store_job_list_open(struct db *db, int64_t after_id, int limit, store_job_fn each, void *arg, struct err *e);

/* Open and not cancelled before: *ret_won. */
int store_job_cancel(struct db *db, int64_t id, int64_t now, bool *ret_won, struct err *e);
/* After a slice: state and how many acts were made. */
int store_job_expand(struct db *db, int64_t id, enum job_state state, int64_t expanded, struct err *e);
/* Adds the differences, and ends the job when its state is open and all acts are final: then *ret_ended is true. */
int store_job_count(struct db *db, int64_t id, const struct store_job_counts *more, int64_t now, bool *ret_ended,
		    struct err *e);
/* What the acts themselves say; for the check after a crash and for tests. */
int store_job_recount(struct db *db, int64_t id, struct store_job_counts *ret, struct err *e);

/* The paths of the folders in which the devices of a job lie, each once, in no order. */
int store_job_folders(struct db *db, int64_t job, int (*each)(void *arg, const char *path), void *arg, struct err *e);

/* Parts of a frozen selection: up to 1,000 ids each, big-endian 64 bits, in the order of part. */
#define STORE_SELECTION_PART 1000
int store_job_selection_put(struct db *db, int64_t job, int64_t part, const int64_t *ids, size_t n, struct err *e);
/* ids has room for STORE_SELECTION_PART. ERR_NOT_FOUND. */
int store_job_selection_get(struct db *db, int64_t job, int64_t part, int64_t *ids, size_t *ret_n, struct err *e);
int store_job_selection_delete(struct db *db, int64_t job, int64_t part, struct err *e);

/* Removes up to limit acts of one ended job of this verb that ended before `before`, and the job's row with its last
 * act. *ret_count: rows removed; 0: nothing is left to purge. */
int store_job_purge(struct db *db, int verb, int64_t before, int limit, int64_t *ret_count, struct err *e);

/* Moves up to limit acts of one ended job of this verb that ended before `before` to the history; the job is archived
 * with its last act. *ret_count: acts moved, and one for the job; 0: nothing is left to move. */
int store_job_archive(struct db *db, int verb, int64_t before, int limit, int64_t *ret_count, struct err *e);
/* As store_job_purge, for archived jobs. */
int store_job_purge_archived(struct db *db, int verb, int64_t before, int limit, int64_t *ret_count, struct err *e);

#endif
