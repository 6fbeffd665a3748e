/* plan.h - the schedules of a zone as they apply to devices: which list counts where, in which time zone, and which
 * devices an entry means.
 *
 * Read from the database in one go and never changed after that; whoever learns of a change makes a new one. Both sides
 * use it: the engine in the zone's thread, and the lists of api on a reader's connection. Asks neither clock nor
 * chance. The nearest level (device, folder upwards, zone) that has a list of its own wins as a whole; tasks of groups
 * come beside that list. One thread. */
#ifndef ZONE_PLAN_H
#define ZONE_PLAN_H

#include "amt/act.h"
#include "codec/recur.h"
#include "store/schedule.h"

struct arena;
struct map_u64;
struct plan;

struct plan_entry {
	int64_t id;
	int scope; /* as store_schedule */
	int64_t object;
	const char *name, *boot;
	const char *time_zone; /* in which it falls due; "" that of each device; "UTC" for rules in UTC */
	enum verb verb;
	struct recur recur;
	int64_t spread, since, changed_at;
	bool include_protected, is_suspended;
};

/* zones is borrowed and must outlive the plan. An entry whose rule cannot be read any more is left out and told in the
 * log. The store's errors. */
int plan_load(struct db *db, struct tz_cache *zones, struct plan **ret, struct err *e);
void plan_free(struct plan *p); /* NULL is fine */

size_t plan_count(const struct plan *p);
const struct plan_entry *plan_at(const struct plan *p, size_t i);          /* in the order of ids */
const struct plan_entry *plan_get(const struct plan *p, int64_t schedule); /* NULL: none */
bool plan_has_refresh(const struct plan *p);                               /* any entry of that kind */

/* The level whose list counts for a device in this folder. */
struct store_level plan_level(const struct plan *p, int64_t device, int64_t folder);
bool plan_has_list(const struct plan *p, int scope, int64_t object); /* an own one */
const char *plan_time_zone(const struct plan *p, int64_t device, int64_t folder);
/* The time zone that a level itself has: for a device that of its folder, unless it has its own. */
const char *level_zone(const struct plan *p, struct db *db, int scope, int64_t object);
/* Whether a device in this folder, whose list is now that of level l, would get the list of a folder above it, if that
 * folder had one. */
bool plan_is_below(const struct plan *p, int64_t folder, int64_t above, struct store_level l);
/* "zone", "/folder/", a device's name or "group:NAME"; "?" for what is gone. */
const char *level_name(struct db *db, struct arena *a, int scope, int64_t object);
/* ERR_INVALID: there is no such time zone. */
int plan_zone(const struct plan *p, const char *name, const struct tz **ret, struct err *e);
/* How late this entry's verb may still be done, by the settings at its level. */
int64_t plan_late_limit(const struct plan *p, const struct plan_entry *en);

/* The time zones in which an entry may fall due; each is told once. */
typedef int (*plan_zone_fn)(void *arg, const char *time_zone);
int plan_zones(const struct plan *p, const struct plan_entry *en, plan_zone_fn each, void *arg);

/* A list of ids that grows. */
struct plan_ids {
	int64_t *v;
	size_t count, cap;
};
void plan_ids_add(struct plan_ids *l, int64_t id);
void plan_ids_release(struct plan_ids *l);

/* The devices that an entry means at this moment, whose local times are of time_zone (NULL: of any). now is asked by
 * groups whose members a filter chooses. */
int plan_select(const struct plan *p, struct db *db, const struct plan_entry *en, const char *time_zone, int64_t now,
		struct plan_ids *ret, struct err *e);
/* Their number. */
int plan_select_count(const struct plan *p, struct db *db, const struct plan_entry *en, const char *time_zone,
		      int64_t now, size_t *ret, struct err *e);
/* The entries that apply to one device. What it costs does not depend on how many other devices there are. */
typedef int (*plan_entry_fn)(void *arg, const struct plan_entry *en);
int plan_of_device(const struct plan *p, struct db *db, int64_t device, int64_t folder, int64_t now, plan_entry_fn each,
		   void *arg, struct err *e);

/* How long the starts of n devices are spread, ms: the rule's window, the entry's spread, or by their number; never
 * longer than the window lasts. start is when the first may start. */
int64_t plan_window(const struct plan_entry *en, const struct recur_due *due, int64_t start, size_t n);

#endif
