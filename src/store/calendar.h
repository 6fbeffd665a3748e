/* calendar.h - named lists of black-out ranges: holidays, maintenance. What a range means: codec/recur.h, recur_out. */
#ifndef STORE_CALENDAR_H
#define STORE_CALENDAR_H

#include "codec/recur.h"
#include "store/store.h"

struct arena;

struct store_calendar {
	int64_t id;
	const char *name; /* unique in the zone */
	const char *note;
	int64_t ranges; /* their number; whoever changes them keeps it */
	int64_t created_at, changed_at;
};

int store_calendar_add(struct db *db, const struct store_calendar *c, struct err *e); /* ERR_EXISTS */
int store_calendar_put(struct db *db, const struct store_calendar *c, struct err *e); /* all but the name; NOT_FOUND */
int store_calendar_delete(struct db *db, int64_t id, struct err *e);                  /* with its ranges; NOT_FOUND */
int store_calendar_by_name(struct db *db, struct arena *a, const char *name, struct store_calendar *ret, struct err *e);
typedef int (*store_calendar_fn)(void *arg, const struct store_calendar *row);
/* By name, behind after_name (NULL: from the start). */
int store_calendar_list(struct db *db, const char *after_name, int limit, store_calendar_fn each, void *arg,
			struct err *e);

/* Not won: it was there. */
int store_calendar_add_range(struct db *db, int64_t calendar, const struct recur_out *r, bool *ret_won, struct err *e);
typedef int (*store_calendar_range_fn)(void *arg, const struct recur_out *row);
int store_calendar_list_ranges(struct db *db, int64_t calendar, store_calendar_range_fn each, void *arg, struct err *e);
/* Those that begin then, or all. */
int store_calendar_delete_ranges(struct db *db, int64_t calendar, int64_t from_s, bool is_utc, int64_t *ret_count,
				 struct err *e);
int store_calendar_clear(struct db *db, int64_t calendar, struct err *e);

#endif
