/* schedule.h - schedules, the levels that have a list of their own, and what became of each due time.
 *
 * An entry is one verb with one rule in the list of a level (zone, folder, device), or a task of a group. An occurrence
 * is one due time of it in one time zone; its key is unique, which is what keeps a due time from being done twice. The
 * rule is a text that nobody here reads (codec/recur.h). */
#ifndef STORE_SCHEDULE_H
#define STORE_SCHEDULE_H

#include "store/setting.h"
#include "store/store.h"

struct arena;

#define STORE_SCHEDULE_GROUP  4  /* scope of a group's task, beside enum store_scope */
#define STORE_SPREAD_BY_COUNT -1 /* of store_schedule.spread: by the number of devices */

struct store_schedule {
	int64_t id;
	int scope; /* enum store_scope up to device, or STORE_SCHEDULE_GROUP */
	int64_t object;
	const char *name; /* unique in the zone */
	int verb;
	const char *boot;      /* "" none */
	const char *rule;      /* canonical text of codec/recur.h */
	const char *time_zone; /* IANA; "" that of each device */
	int64_t spread;        /* ms, or STORE_SPREAD_BY_COUNT */
	bool include_protected, is_suspended;
	int64_t since; /* what fell due before is not its */
	const char *created_by;
	int64_t created_at, changed_at;
};

int store_schedule_add(struct db *db, const struct store_schedule *s, struct err *e); /* ERR_EXISTS: the name */
int store_schedule_put(struct db *db, const struct store_schedule *s, struct err *e); /* NOT_FOUND, EXISTS */
int store_schedule_delete(struct db *db, int64_t id, struct err *e);                  /* ERR_NOT_FOUND */
int store_schedule_get(struct db *db, struct arena *a, int64_t id, struct store_schedule *ret, struct err *e);
int store_schedule_by_name(struct db *db, struct arena *a, const char *name, struct store_schedule *ret, struct err *e);
int store_schedule_count(struct db *db, int64_t *ret, struct err *e);
typedef int (*store_schedule_fn)(void *arg, const struct store_schedule *row);
/* By name, behind after_name (NULL: from the start). */
int store_schedule_list(struct db *db, const char *after_name, int limit, store_schedule_fn each, void *arg,
			struct err *e);
/* The entries of one level or group, by name. */
int store_schedule_list_at(struct db *db, int scope, int64_t object, store_schedule_fn each, void *arg, struct err *e);
/* A level or group that goes: its list and all entries. */
int store_schedule_forget(struct db *db, int scope, int64_t object, struct err *e);

/* Levels with a list of their own. */
int store_level_put(struct db *db, int scope, int64_t object, bool keep, struct err *e); /* fine when it is there */
/* An own list without entries goes, unless it was to be kept. */
int store_level_let_go(struct db *db, int scope, int64_t object, struct err *e);
int store_level_delete(struct db *db, int scope, int64_t object, struct err *e); /* ERR_NOT_FOUND */
struct store_level {
	int scope;
	int64_t object;
};
typedef int (*store_level_fn)(void *arg, const struct store_level *row);
int store_level_list(struct db *db, store_level_fn each, void *arg, struct err *e);

struct store_occurrence {
	int64_t schedule;
	const char *time_zone, *local; /* the key, with schedule */
	int64_t due;
	bool is_left_out;
	int reason;  /* left out: positive number of an error code */
	int64_t job; /* 0: none */
	int64_t made_at;
};
/* A due time is taken for doing: not won when it was done or left out before; one that was left out for `again` may
 * still be done (it was missed by a clock that ran ahead). */
int store_occurrence_take(struct db *db, const struct store_occurrence *o, int again, bool *ret_won, struct err *e);
int store_occurrence_set_job(struct db *db, const struct store_occurrence *o, struct err *e);
/* A due time is left out: not won when it has a row. */
int store_occurrence_leave_out(struct db *db, const struct store_occurrence *o, bool *ret_won, struct err *e);
typedef int (*store_occurrence_fn)(void *arg, const struct store_occurrence *row);
/* The same local time of the entry in all time zones. */
int store_occurrence_list_at(struct db *db, int64_t schedule, const char *local, store_occurrence_fn each, void *arg,
			     struct err *e);
/* Newest due time first, behind the row *before (NULL: from the newest). */
int store_occurrence_list(struct db *db, int64_t schedule, const struct store_occurrence *before, int limit,
			  store_occurrence_fn each, void *arg, struct err *e);
/* Up to limit rows made before. */
int store_occurrence_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e);

int store_cursor_get(struct db *db, int64_t server, int64_t *ret_until, struct err *e); /* 0: none yet */
int store_cursor_put(struct db *db, int64_t server, int64_t until, struct err *e);

/* Where devices are, for choosing many of them. */
struct store_device_place {
	int64_t device, folder;
};
typedef int (*store_device_place_fn)(void *arg, const struct store_device_place *row);
int store_device_list_in(struct db *db, int64_t folder, store_device_place_fn each, void *arg, struct err *e);
/* Devices that are marked protected, at most limit. */
int store_device_list_protected(struct db *db, int limit, store_device_place_fn each, void *arg, struct err *e);
/* The devices of a job's acts. */
int store_act_list_places(struct db *db, int64_t job, store_device_place_fn each, void *arg, struct err *e);

#endif
