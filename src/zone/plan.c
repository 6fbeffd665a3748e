#include "zone/plan.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "store/device.h"
#include "store/folder.h"
#include "zone/group.h"

#define PAGE           1000
#define HERD_FROM      200   /* devices from which starts are spread by themselves */
#define HERD_PER_S     200   /* starts a second then */
#define HERD_LEAST_MS  60000 /* and not faster than over this */
#define NAME_MAX_BYTES 1024

struct folder {
	int64_t id, parent;
	struct store_level level;
	const char *time_zone;
};

struct plan {
	struct tz_cache *zones;
	struct arena *arena;
	struct plan_entry *entries;
	size_t count, cap;
	struct folder *folders; /* parents before children */
	size_t folder_count, folder_cap;
	struct map_u64 *folder_of; /* by id */
	struct map_u64 *lists;     /* by level_key: it has an own list */
	struct map_u64 *time_zone; /* by level_key: texts that were set */
	struct map_u64 *on_limit, *off_limit;
	struct plan_ids apart; /* devices with a list or a time zone of their own */
	bool has_refresh;
};

static uint64_t level_key(int scope, int64_t object)
{
	return (uint64_t)scope << 56 | (uint64_t)object;
}

void plan_ids_add(struct plan_ids *l, int64_t id)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->v = mem_grow(l->v, l->cap, sizeof(l->v[0]));
	}
	l->v[l->count++] = id;
}

void plan_ids_release(struct plan_ids *l)
{
	free(l->v);
	*l = (struct plan_ids){0};
}

static int see_schedule(void *arg, const struct store_schedule *row)
{
	struct plan *p = arg;
	struct err e = ERR_INIT;
	struct plan_entry en = {
		.id = row->id,
		.scope = row->scope,
		.object = row->object,
		.verb = (enum verb)row->verb,
		.spread = row->spread,
		.since = row->since,
		.changed_at = row->changed_at,
		.include_protected = row->include_protected,
		.is_suspended = row->is_suspended,
	};
	en.name = arena_str(p->arena, bytes_str(row->name));
	if (recur_parse(row->rule, &en.recur, &e)) {
		log_event(LOG_ERROR, "rule of a schedule cannot be read; it does nothing", LOG_S("schedule", row->name),
			  LOG_S("error", e.msg));
		return 0;
	}
	en.boot = arena_str(p->arena, bytes_str(row->boot));
	en.time_zone = en.recur.utc ? "UTC" : arena_str(p->arena, bytes_str(row->time_zone));
	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 32;
		p->entries = mem_grow(p->entries, p->cap, sizeof(p->entries[0]));
	}
	p->entries[p->count++] = en;
	p->has_refresh = p->has_refresh || en.recur.kind == RECUR_REFRESH;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	int64_t x = ((const struct plan_entry *)a)->id, y = ((const struct plan_entry *)b)->id;
	return x < y ? -1 : x > y;
}

struct names {
	struct plan *p;
	char last[STORE_NAME_MAX + 1];
	int rows;
};

static int see_schedule_of_page(void *arg, const struct store_schedule *row)
{
	struct names *n = arg;
	(void)bytes_to_str(bytes_str(row->name), n->last, sizeof(n->last)); /* no longer than that */
	n->rows++;
	return see_schedule(n->p, row);
}

static int load_schedules(struct plan *p, struct db *db, struct err *e)
{
	struct names n = {.p = p};
	int rc;
	do {
		n.rows = 0;
		rc = store_schedule_list(db, n.last, PAGE, see_schedule_of_page, &n, e);
	} while (!rc && n.rows == PAGE);
	if (p->count)
		qsort(p->entries, p->count, sizeof(p->entries[0]), compare_entries);
	return rc;
}

static int see_level(void *arg, const struct store_level *row)
{
	struct plan *p = arg;
	map_u64_put(p->lists, level_key(row->scope, row->object), p);
	if (row->scope == STORE_SCOPE_DEVICE)
		plan_ids_add(&p->apart, row->object);
	return 0;
}

static int see_setting(void *arg, const struct store_setting *row)
{
	struct plan *p = arg;
	enum setting_id id;
	if (!setting_from_name(row->name, &id))
		return 0;
	struct map_u64 *to = id == SETTING_TIME_ZONE          ? p->time_zone
			     : id == SETTING_MISSED_ON_LIMIT  ? p->on_limit
			     : id == SETTING_MISSED_OFF_LIMIT ? p->off_limit
							      : NULL;
	if (!to)
		return 0;
	map_u64_put(to, level_key((int)row->scope, row->object), arena_str(p->arena, bytes_str(row->value)));
	if (row->scope == STORE_SCOPE_DEVICE && to == p->time_zone)
		plan_ids_add(&p->apart, row->object);
	return 0;
}

/* Parents come first, so that what is inherited is there already. */
static void add_folder(struct plan *p, const struct store_folder *row)
{
	const struct folder *above = map_u64_get(p->folder_of, (uint64_t)row->parent);
	const char *own = map_u64_get(p->time_zone, level_key(STORE_SCOPE_FOLDER, row->id));
	const char *of_zone = map_u64_get(p->time_zone, level_key(STORE_SCOPE_ZONE, 0));
	struct folder *f = arena_alloc(p->arena, sizeof(*f));
	f->id = row->id;
	f->parent = row->parent;
	f->level = above ? above->level : (struct store_level){STORE_SCOPE_ZONE, 0};
	if (plan_has_list(p, STORE_SCOPE_FOLDER, row->id))
		f->level = (struct store_level){STORE_SCOPE_FOLDER, row->id};
	f->time_zone = own ? own : above ? above->time_zone : of_zone ? of_zone : setting_row(SETTING_TIME_ZONE)->def;
	map_u64_put(p->folder_of, (uint64_t)f->id, f);
	if (p->folder_count == p->folder_cap) {
		p->folder_cap = p->folder_cap ? p->folder_cap * 2 : 64;
		p->folders = mem_grow(p->folders, p->folder_cap, sizeof(p->folders[0]));
	}
	p->folders[p->folder_count++] = *f;
}

struct paths {
	struct plan *p;
	char last[STORE_PATH_MAX + 1];
	int rows;
};

static int see_folder(void *arg, const struct store_folder *row)
{
	struct paths *at = arg;
	(void)bytes_to_str(bytes_str(row->path), at->last, sizeof(at->last)); /* no longer than that */
	at->rows++;
	add_folder(at->p, row);
	return 0;
}

static int load_folders(struct plan *p, struct db *db, struct err *e)
{
	struct paths at = {.p = p};
	int rc;
	do {
		at.rows = 0;
		rc = store_folder_list(db, STORE_TREE_DEVICE, "/", *at.last ? at.last : NULL, PAGE, see_folder, &at, e);
	} while (!rc && at.rows == PAGE);
	return rc;
}

int plan_load(struct db *db, struct tz_cache *zones, struct plan **ret, struct err *e)
{
	struct plan *p = mem_alloc(sizeof(*p));
	p->zones = zones;
	p->arena = arena_new(0);
	p->folder_of = map_u64_new();
	p->lists = map_u64_new();
	p->time_zone = map_u64_new();
	p->on_limit = map_u64_new();
	p->off_limit = map_u64_new();
	int rc = load_schedules(p, db, e);
	rc = rc ? rc : store_level_list(db, see_level, p, e);
	rc = rc ? rc : store_setting_list(db, see_setting, p, e);
	rc = rc ? rc : load_folders(p, db, e);
	if (rc) {
		plan_free(p);
		return rc;
	}
	*ret = p;
	return 0;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	free(p->entries);
	free(p->folders);
	plan_ids_release(&p->apart);
	map_u64_free(p->folder_of);
	map_u64_free(p->lists);
	map_u64_free(p->time_zone);
	map_u64_free(p->on_limit);
	map_u64_free(p->off_limit);
	arena_free(p->arena);
	free(p);
}

size_t plan_count(const struct plan *p)
{
	return p->count;
}

const struct plan_entry *plan_at(const struct plan *p, size_t i)
{
	return &p->entries[i];
}

const struct plan_entry *plan_get(const struct plan *p, int64_t schedule)
{
	struct plan_entry key = {.id = schedule};
	return p->count ? bsearch(&key, p->entries, p->count, sizeof(key), compare_entries) : NULL;
}

bool plan_has_refresh(const struct plan *p)
{
	return p->has_refresh;
}

bool plan_has_list(const struct plan *p, int scope, int64_t object)
{
	return map_u64_get(p->lists, level_key(scope, object)) != NULL;
}

struct store_level plan_level(const struct plan *p, int64_t device, int64_t folder)
{
	const struct folder *f = map_u64_get(p->folder_of, (uint64_t)folder);
	if (device && plan_has_list(p, STORE_SCOPE_DEVICE, device))
		return (struct store_level){STORE_SCOPE_DEVICE, device};
	return f ? f->level : (struct store_level){STORE_SCOPE_ZONE, 0};
}

const char *plan_time_zone(const struct plan *p, int64_t device, int64_t folder)
{
	const char *own = device ? map_u64_get(p->time_zone, level_key(STORE_SCOPE_DEVICE, device)) : NULL;
	const struct folder *f = map_u64_get(p->folder_of, (uint64_t)folder);
	const char *of_zone = map_u64_get(p->time_zone, level_key(STORE_SCOPE_ZONE, 0));
	return own ? own : f ? f->time_zone : of_zone ? of_zone : setting_row(SETTING_TIME_ZONE)->def;
}

static int folder_of_device(struct db *db, int64_t device, int64_t *ret)
{
	struct store_device d;
	struct arena *a = arena_new(0);
	int rc = store_device_get(db, a, device, &d, NULL);
	if (!rc)
		*ret = d.folder;
	arena_free(a);
	return rc;
}

const char *level_zone(const struct plan *p, struct db *db, int scope, int64_t object)
{
	int64_t folder;
	if (scope == STORE_SCOPE_DEVICE && folder_of_device(db, object, &folder) == 0)
		return plan_time_zone(p, object, folder);
	return plan_time_zone(p, 0, scope == STORE_SCOPE_FOLDER ? object : 0);
}

bool plan_is_below(const struct plan *p, int64_t folder, int64_t above, struct store_level l)
{
	const struct folder *f = map_u64_get(p->folder_of, (uint64_t)folder);
	for (; f; f = map_u64_get(p->folder_of, (uint64_t)f->parent)) {
		if (f->id == above)
			return true;
		if (l.scope == STORE_SCOPE_FOLDER && f->id == l.object)
			return false;
	}
	return false;
}

const char *level_name(struct db *db, struct arena *a, int scope, int64_t object)
{
	struct store_folder f;
	struct store_device d;
	struct store_group g;
	if (scope == STORE_SCOPE_ZONE)
		return "zone";
	if (scope == STORE_SCOPE_FOLDER)
		return store_folder_get(db, a, object, &f, NULL) ? "?" : f.path;
	if (scope == STORE_SCOPE_DEVICE)
		return store_device_get(db, a, object, &d, NULL) ? "?" : d.name;
	return store_group_get(db, a, object, &g, NULL) ? "?" : arena_printf(a, "group:%s", g.name);
}

int plan_zone(const struct plan *p, const char *name, const struct tz **ret, struct err *e)
{
	return tz_cache_get(p->zones, name, ret, e);
}

/* At the level itself: a folder's limit counts for the entries of its list. */
int64_t plan_late_limit(const struct plan *p, const struct plan_entry *en)
{
	enum setting_id id = verb_is_harmful(en->verb) ? SETTING_MISSED_OFF_LIMIT : SETTING_MISSED_ON_LIMIT;
	const struct map_u64 *set = id == SETTING_MISSED_ON_LIMIT ? p->on_limit : p->off_limit;
	const char *text = map_u64_get(set, level_key(en->scope, en->object));
	const char *of_zone = map_u64_get(set, level_key(STORE_SCOPE_ZONE, 0));
	int64_t ms = 0;
	text = text ? text : of_zone ? of_zone : setting_row(id)->def;
	return setting_check(id, text, &ms, NULL) ? 0 : ms;
}

struct zones {
	const char **v;
	size_t count;
};

static bool note_zone(struct zones *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->v[i], name) == 0)
			return false;
	s->v = mem_grow(s->v, s->count + 1, sizeof(s->v[0]));
	s->v[s->count++] = name;
	return true;
}

static bool same_level(struct store_level l, const struct plan_entry *en)
{
	return l.scope == en->scope && l.object == en->object;
}

int plan_zones(const struct plan *p, const struct plan_entry *en, plan_zone_fn each, void *arg)
{
	struct zones seen = {0};
	int rc = 0;
	if (*en->time_zone)
		return each(arg, en->time_zone);
	bool any = en->scope == STORE_SCHEDULE_GROUP || en->scope == STORE_SCOPE_DEVICE;
	for (size_t i = 0; i < p->folder_count && !rc; i++)
		if ((any || same_level(p->folders[i].level, en)) && note_zone(&seen, p->folders[i].time_zone))
			rc = each(arg, p->folders[i].time_zone);
	for (size_t i = 0; i < p->apart.count && !rc; i++) {
		const char *own = map_u64_get(p->time_zone, level_key(STORE_SCOPE_DEVICE, p->apart.v[i]));
		if (own && note_zone(&seen, own))
			rc = each(arg, own);
	}
	free(seen.v);
	return rc;
}

/* Choosing devices: those of a place whose list and time zone are the right ones. */
struct choosing {
	const struct plan *p;
	const struct plan_entry *en;
	const char *time_zone;
	int64_t now;         /* for groups whose members a filter chooses */
	struct plan_ids *to; /* NULL: count only */
	size_t count;
};

static void choose(struct choosing *c, int64_t device, int64_t folder)
{
	if (c->en->scope != STORE_SCHEDULE_GROUP && !same_level(plan_level(c->p, device, folder), c->en))
		return;
	if (c->time_zone && !*c->en->time_zone && strcmp(plan_time_zone(c->p, device, folder), c->time_zone) != 0)
		return;
	c->count++;
	if (c->to)
		plan_ids_add(c->to, device);
}

static int see_place(void *arg, const struct store_device_place *row)
{
	choose(arg, row->device, row->folder);
	return 0;
}

static int choose_device(struct choosing *c, struct db *db, struct err *e)
{
	int64_t folder;
	int rc = folder_of_device(db, c->en->object, &folder);
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (!rc)
		choose(c, c->en->object, folder);
	return rc ? err_set(e, rc, "device %lld cannot be read", (long long)c->en->object) : 0;
}

static int choose_folders(struct choosing *c, struct db *db, struct err *e)
{
	int rc = 0;
	for (size_t i = 0; i < c->p->folder_count && !rc; i++)
		if (same_level(c->p->folders[i].level, c->en))
			rc = store_device_list_in(db, c->p->folders[i].id, see_place, c, e);
	return rc;
}

static int see_member(void *arg, const struct store_device_view *row)
{
	choose(arg, row->device.id, row->device.folder);
	return 0;
}

static int choose_members(struct choosing *c, struct db *db, struct err *e)
{
	struct store_group g;
	struct arena *a = arena_new(0);
	int rc = store_group_get(db, a, c->en->object, &g, NULL);
	if (!rc)
		rc = group_members(db, &g, c->now, see_member, c, e);
	else if (rc != ERR_NOT_FOUND)
		rc = err_set(e, rc, "group %lld cannot be read", (long long)c->en->object);
	arena_free(a);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int choose_all(struct choosing *c, struct db *db, struct err *e)
{
	if (c->en->scope == STORE_SCHEDULE_GROUP)
		return choose_members(c, db, e);
	if (c->en->scope == STORE_SCOPE_DEVICE)
		return choose_device(c, db, e);
	return choose_folders(c, db, e);
}

int plan_select(const struct plan *p, struct db *db, const struct plan_entry *en, const char *time_zone, int64_t now,
		struct plan_ids *ret, struct err *e)
{
	struct choosing c = {p, en, time_zone, now, ret, 0};
	return choose_all(&c, db, e);
}

int plan_select_count(const struct plan *p, struct db *db, const struct plan_entry *en, const char *time_zone,
		      int64_t now, size_t *ret, struct err *e)
{
	struct choosing c = {p, en, time_zone, now, NULL, 0};
	int rc = choose_all(&c, db, e);
	if (!rc)
		*ret = c.count;
	return rc;
}

static int is_member(struct db *db, int64_t group, int64_t device, int64_t now, bool *ret, struct err *e)
{
	struct store_group g;
	struct arena *a = arena_new(0);
	int rc = store_group_get(db, a, group, &g, NULL);
	if (rc == ERR_NOT_FOUND)
		*ret = false;
	else if (rc)
		(void)err_set(e, rc, "group %lld cannot be read", (long long)group);
	else
		rc = group_has(db, a, &g, device, now, ret, e);
	arena_free(a);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

int plan_of_device(const struct plan *p, struct db *db, int64_t device, int64_t folder, int64_t now, plan_entry_fn each,
		   void *arg, struct err *e)
{
	struct store_level l = plan_level(p, device, folder);
	int rc = 0;
	for (size_t i = 0; i < p->count && !rc; i++) {
		const struct plan_entry *en = &p->entries[i];
		bool counts = same_level(l, en);
		if (en->scope == STORE_SCHEDULE_GROUP)
			rc = is_member(db, en->object, device, now, &counts, e);
		if (!rc && counts)
			rc = each(arg, en);
	}
	return rc;
}

int64_t plan_window(const struct plan_entry *en, const struct recur_due *due, int64_t start, size_t n)
{
	int64_t herd = (int64_t)n * 1000 / HERD_PER_S;
	int64_t w = n < HERD_FROM ? 0 : herd > HERD_LEAST_MS ? herd : HERD_LEAST_MS;
	if (due->window_ms)
		w = start > due->due_ms ? due->end_ms - start : due->window_ms;
	else if (en->spread != STORE_SPREAD_BY_COUNT)
		w = en->spread;
	int64_t left = due->end_ms - start;
	return w < 0 ? 0 : w > left ? (left > 0 ? left : 0) : w;
}
