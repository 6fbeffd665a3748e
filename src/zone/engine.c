#include "zone/engine.h"

#include <stdlib.h>

#include "amt/boot.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json.h"
#include "store/device.h"
#include "zone/command.h"
#include "zone/crash.h"
#include "zone/heap.h"

#define ANCIENT_MS (25 * INT64_C(3600000)) /* longer ago than anything may be late: passed over in one step */
#define EVENT_MAX  4096

/* One entry in one time zone. */
struct stream {
	const struct plan_entry *en; /* of the plan */
	const struct tz *tz;
	struct recur_due due; /* the next one */
	size_t place;
};

struct engine {
	struct tz_cache *zones;
	struct plan *plan;
	struct heap streams;
	struct stream **all;
	size_t count, cap;
	int64_t until; /* everything due until then was handled */
	bool stale;
};

static bool stream_before(const void *a, const void *b)
{
	const struct stream *x = a, *y = b;
	if (x->due.due_ms != y->due.due_ms)
		return x->due.due_ms < y->due.due_ms;
	return x->en->id != y->en->id ? x->en->id < y->en->id : strcmp(tz_name(x->tz), tz_name(y->tz)) < 0;
}

static size_t *stream_place(void *s)
{
	return &((struct stream *)s)->place;
}

struct engine *engine_new(void)
{
	struct engine *g = mem_alloc(sizeof(*g));
	g->zones = tz_cache_new(NULL);
	heap_init(&g->streams, stream_before, stream_place);
	return g;
}

static void forget_plan(struct engine *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->all[i]);
	g->count = 0;
	heap_release(&g->streams);
	plan_free(g->plan);
	g->plan = NULL;
}

void engine_free(struct engine *g)
{
	if (!g)
		return;
	forget_plan(g);
	free(g->all);
	tz_cache_free(g->zones);
	free(g);
}

void engine_stale(struct zone *z)
{
	z->engine->stale = true;
}

static void find_next(struct engine *g, struct stream *s, int64_t after)
{
	if (recur_next(&s->en->recur, s->tz, after, &s->due))
		heap_put(&g->streams, s);
	else
		heap_delete(&g->streams, s);
}

struct building {
	struct engine *g;
	const struct plan_entry *en;
};

static int add_stream(void *arg, const char *time_zone)
{
	struct building *b = arg;
	struct engine *g = b->g;
	struct err e = ERR_INIT;
	const struct tz *tz;
	if (plan_zone(g->plan, time_zone, &tz, &e)) {
		log_event(LOG_ERROR, "schedule does nothing: its time zone cannot be read",
			  LOG_S("schedule", b->en->name), LOG_S("error", e.msg));
		return 0;
	}
	struct stream *s = mem_alloc(sizeof(*s));
	s->en = b->en;
	s->tz = tz;
	if (g->count == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 32;
		g->all = mem_grow(g->all, g->cap, sizeof(g->all[0]));
	}
	g->all[g->count++] = s;
	find_next(g, s, b->en->since > g->until ? b->en->since : g->until);
	return 0;
}

static int make_plan(struct zone *z, struct err *e)
{
	struct engine *g = z->engine;
	struct plan *plan;
	int rc = plan_load(z->db, g->zones, &plan, e);
	if (rc)
		return rc;
	forget_plan(g);
	g->plan = plan;
	g->stale = false;
	for (size_t i = 0; i < plan_count(plan); i++) {
		struct building b = {g, plan_at(plan, i)};
		if (!b.en->is_suspended)
			(void)plan_zones(plan, b.en, add_stream, &b); /* which never fails */
	}
	return 0;
}

int engine_load(struct zone *z, struct err *e)
{
	int64_t until;
	int rc = store_cursor_get(z->db, z->server, &until, e);
	if (rc)
		return rc;
	z->engine->until = until && until < z->now ? until : z->now;
	return make_plan(z, e);
}

int engine_plan(struct zone *z, struct plan **ret, struct err *e)
{
	int rc = z->engine->stale ? make_plan(z, e) : 0;
	if (!rc)
		*ret = z->engine->plan;
	return rc;
}

int engine_forget_level(struct zone *z, int scope, int64_t object, struct err *e)
{
	struct plan *plan;
	int rc = engine_plan(z, &plan, e);
	for (size_t i = 0; !rc && i < plan_count(plan); i++) {
		const struct plan_entry *en = plan_at(plan, i);
		if (en->scope == scope && en->object == object)
			rc = job_cancel_schedule(z, en->id, e);
	}
	engine_stale(z);
	return rc ? rc : store_schedule_forget(z->db, scope, object, e);
}

int64_t engine_wake(const struct zone *z)
{
	const struct engine *g = z->engine;
	const struct stream *s = heap_first(&g->streams);
	if (z->stopping)
		return INT64_MAX;
	return g->stale ? INT64_MIN : s ? s->due.due_ms : INT64_MAX;
}

int engine_keep(struct zone *z, struct err *e)
{
	return store_cursor_put(z->db, z->server, z->engine->until, e);
}

/* One due time that has come. */
struct candidate {
	const struct plan_entry *en;
	const struct tz *tz;
	struct recur_due due;
};

struct candidates {
	struct candidate *v;
	size_t count, cap;
};

static void add_candidate(struct candidates *l, const struct stream *s)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->v = mem_grow(l->v, l->cap, sizeof(l->v[0]));
	}
	l->v[l->count++] = (struct candidate){s->en, s->tz, s->due};
}

/* Of a time long ago the first one stands for all: nothing of it can still be done. */
static void collect(struct engine *g, int64_t now, struct candidates *ret)
{
	struct stream *s;
	while ((s = heap_first(&g->streams)) && s->due.due_ms <= now) {
		int64_t after = s->due.due_ms;
		add_candidate(ret, s);
		find_next(g, s, after < now - ANCIENT_MS ? now - ANCIENT_MS : after);
	}
}

/* The newest intent first: the later time, then the entry that was changed last. */
static int compare_intent(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->due.due_ms != y->due.due_ms)
		return x->due.due_ms > y->due.due_ms ? -1 : 1;
	if (x->en->changed_at != y->en->changed_at)
		return x->en->changed_at > y->en->changed_at ? -1 : 1;
	return x->en->id > y->en->id ? -1 : x->en->id < y->en->id ? 1 : strcmp(tz_name(x->tz), tz_name(y->tz));
}

static int tell(struct zone *z, const struct plan_entry *en, const struct store_occurrence *o, struct err *e)
{
	struct json_writer w;
	struct buf data;
	char due[CLOCK_TEXT_SIZE];
	clock_text(o->due, due);
	buf_init(&data, EVENT_MAX);
	json_writer_init(&w, &data);
	json_begin_object(&w, NULL);
	json_put_str(&w, "schedule", en->name);
	json_put_str(&w, "verb", verb_name(en->verb));
	json_put_str(&w, "due", due);
	json_put_str(&w, "local", o->local);
	json_put_str(&w, "time_zone", o->time_zone);
	json_put_i64(&w, "job", o->job);
	json_put_str(&w, "reason", o->reason ? err_name(-o->reason) : NULL);
	json_put_str(&w, "message", o->reason ? err_sentence(-o->reason) : NULL);
	json_end(&w);
	enum log_level level = o->reason == REASON(ERR_MISSED) ? LOG_WARNING : LOG_INFO;
	struct tell t = {"occurrence", o->is_left_out ? "skipped" : "added", en->id, en->name, 0, 0, buf_bytes(&data)};
	int rc = event_tell(z, &t, e);
	buf_release(&data);
	log_event(level, "schedule fell due", LOG_S("schedule", en->name), LOG_S("verb", verb_name(en->verb)),
		  LOG_S("due", due), LOG_S("local", o->local), LOG_S("time_zone", o->time_zone), LOG_I("job", o->job),
		  LOG_S("reason", err_name(-o->reason)));
	return rc;
}

static int leave_out(struct zone *z, const struct plan_entry *en, struct store_occurrence *o, int code, struct err *e)
{
	bool won;
	o->is_left_out = true;
	o->reason = REASON(code);
	int rc = store_occurrence_leave_out(z->db, o, &won, e);
	return rc || !won ? rc : tell(z, en, o, e);
}

/* Devices that had this local time of the entry already, in another time zone. */
struct sibling {
	struct zone *z;
	const struct store_occurrence *o;
	struct map_u64 *had;
	int64_t jobs[16];
	size_t count;
};

static int see_sibling(void *arg, const struct store_occurrence *row)
{
	struct sibling *s = arg;
	if (row->job && strcmp(row->time_zone, s->o->time_zone) != 0 && s->count < ARRAY_LEN(s->jobs))
		s->jobs[s->count++] = row->job;
	return 0;
}

static int see_had(void *arg, const struct store_device_place *row)
{
	struct sibling *s = arg;
	map_u64_put(s->had, (uint64_t)row->device, s);
	return 0;
}

static int drop_served(struct zone *z, const struct store_occurrence *o, struct plan_ids *ids, struct err *e)
{
	struct sibling s = {.z = z, .o = o};
	int rc = store_occurrence_list_at(z->db, o->schedule, o->local, see_sibling, &s, e);
	if (rc || !s.count)
		return rc;
	s.had = map_u64_new();
	for (size_t i = 0; i < s.count && !rc; i++)
		rc = store_act_list_places(z->db, s.jobs[i], see_had, &s, e);
	size_t kept = 0;
	for (size_t i = 0; i < ids->count; i++)
		if (!map_u64_get(s.had, (uint64_t)ids->v[i]))
			ids->v[kept++] = ids->v[i];
	ids->count = kept;
	map_u64_free(s.had);
	return rc;
}

/* Of several due times in one round a device gets the newest; in the others its act is marked as superseded. */
static void mark_taken(struct map_u64 *taken, const struct plan_entry *en, struct plan_ids *ids)
{
	if (!taken || !verb_changes_power(en->verb))
		return;
	for (size_t i = 0; i < ids->count; i++)
		if (map_u64_put(taken, (uint64_t)ids->v[i], taken))
			ids->v[i] = -ids->v[i];
}

struct placed {
	int64_t slot, id;
};

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* In the order of their slots: what starts together stands together in the database. */
static void sort_by_slot(const struct job_origin *from, struct plan_ids *ids)
{
	struct placed *p = mem_array(ids->count, sizeof(*p));
	for (size_t i = 0; i < ids->count; i++) {
		int64_t device = ids->v[i] < 0 ? -ids->v[i] : ids->v[i];
		p[i] = (struct placed){recur_slot(from->base, from->window, device, from->schedule), ids->v[i]};
	}
	qsort(p, ids->count, sizeof(*p), compare_placed);
	for (size_t i = 0; i < ids->count; i++)
		ids->v[i] = p[i].id;
	free(p);
}

static int audit(struct zone *z, const char *by, const struct plan_entry *en, const struct store_occurrence *o,
		 size_t devices, struct err *e)
{
	struct json_writer w;
	struct buf detail;
	char object[32];
	buf_init(&detail, EVENT_MAX);
	json_writer_init(&w, &detail);
	json_begin_object(&w, NULL);
	json_put_str(&w, "verb", verb_name(en->verb));
	json_put_str(&w, "local", o->local);
	json_put_str(&w, "time_zone", o->time_zone);
	json_put_u64(&w, "devices", devices);
	json_end(&w);
	(void)snprintf(object, sizeof(object), "job:%lld", (long long)o->job); /* fits */
	int rc = audit_add(z, by, "schedule.run", object, buf_cstr(&detail), e);
	buf_release(&detail);
	return rc;
}

/* M147, also where it came about after the schedule was saved: a server that is switched off cannot do what falls due
 * later, so it is left out as long as anything does. */
static bool may_take_protected(const struct zone *z, const struct plan_entry *en)
{
	return en->include_protected && (en->verb != VERB_OFF || !heap_first(&z->engine->streams));
}

/* The job of an occurrence that was taken. Its texts outlive the arena, which is used anew. */
static int start_job(struct zone *z, const struct plan_entry *en, struct store_occurrence *o,
		     const struct job_origin *from, const struct plan_ids *ids, struct err *e)
{
	struct job *j;
	char by[STORE_NAME_MAX + 16], key[128];
	(void)snprintf(by, sizeof(by), "schedule %s", en->name); /* fits */
	(void)snprintf(key, sizeof(key), "%lld %s %s", (long long)en->id, o->local, o->time_zone);
	struct job_order order = {
		.verb = en->verb,
		.deadline = later(from->base + from->window, setting(z, SETTING_ACT_DEADLINE)),
		.by = by,
		.key = key,
		.target = en->name,
		.options = {.include_protected = may_take_protected(z, en), .deadline_given = true, .from = *from},
	};
	(void)boot_from_name(en->boot, &order.options.boot); /* "" is none */
	int rc = job_start(z, &order, ids->v, ids->count, &j, e);
	if (rc)
		return rc;
	o->job = j->id;
	rc = store_occurrence_set_job(z->db, o, e);
	rc = rc ? rc : audit(z, by, en, o, ids->count, e);
	return rc ? rc : tell(z, en, o, e);
}

/* Late ones that may be made up for start from now on; else each device keeps its slot, and those that are over are
 * skipped. */
static struct job_origin origin_of(const struct zone *z, const struct candidate *c, size_t devices)
{
	bool late = z->now > c->due.due_ms + JOB_LATE_MS;
	int64_t base = late && (c->en->recur.catch_up || !c->due.window_ms) ? z->now : c->due.due_ms;
	return (struct job_origin){
		.schedule = c->en->id,
		.due = c->due.due_ms,
		.base = base,
		.window = plan_window(c->en, &c->due, base, devices),
		.ends = c->due.end_ms,
	};
}

static int carry_out(struct zone *z, const struct candidate *c, struct store_occurrence *o, struct map_u64 *taken,
		     struct err *e)
{
	struct plan_ids ids = {0};
	bool won;
	int rc = store_occurrence_take(z->db, o, REASON(ERR_MISSED), &won, e);
	if (rc || !won)
		return rc;
	rc = plan_select(z->engine->plan, z->db, c->en, tz_name(c->tz), z->now, &ids, e);
	rc = rc ? rc : drop_served(z, o, &ids, e);
	if (!rc && ids.count) {
		struct job_origin from = origin_of(z, c, ids.count);
		mark_taken(taken, c->en, &ids);
		sort_by_slot(&from, &ids);
		rc = start_job(z, c->en, o, &from, &ids, e);
	}
	plan_ids_release(&ids);
	return rc;
}

/* How late it may be: a restart is always made up for, more only where the entry says so. */
static bool is_too_late(const struct zone *z, const struct candidate *c)
{
	int64_t late = z->now - c->due.due_ms, limit = JOB_LATE_MS;
	if (c->due.end_ms <= z->now)
		return late > 0;
	if (c->en->recur.catch_up && plan_late_limit(z->engine->plan, c->en) > limit)
		limit = plan_late_limit(z->engine->plan, c->en);
	bool has_slots_ahead = c->due.window_ms && !c->en->recur.catch_up;
	return late > limit && !has_slots_ahead;
}

static int handle(struct zone *z, const struct candidate *c, bool newer_of_same, struct map_u64 *taken, struct err *e)
{
	struct store_occurrence o = {
		.schedule = c->en->id,
		.time_zone = tz_name(c->tz),
		.local = c->due.key,
		.due = c->due.due_ms,
		.made_at = z->now,
	};
	crash_mark(z, CRASH_OCCURRENCE);
	if (is_too_late(z, c))
		return leave_out(z, c->en, &o, ERR_MISSED, e);
	if (newer_of_same)
		return leave_out(z, c->en, &o, ERR_SUPERSEDED, e);
	return carry_out(z, c, &o, taken, e);
}

static bool has_newer(const struct candidates *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (l->v[k].en == l->v[i].en && l->v[k].tz == l->v[i].tz)
			return true;
	return false;
}

static int handle_all(struct zone *z, struct candidates *l, struct err *e)
{
	struct map_u64 *taken = l->count > 1 ? map_u64_new() : NULL;
	int rc = 0;
	qsort(l->v, l->count, sizeof(l->v[0]), compare_intent);
	for (size_t i = 0; i < l->count && !rc; i++) {
		arena_reset(z->arena);
		rc = handle(z, &l->v[i], has_newer(l, i), taken, e);
	}
	map_u64_free(taken);
	return rc;
}

int engine_run(struct zone *z, struct err *e)
{
	struct engine *g = z->engine;
	struct candidates l = {0};
	int rc = 0;
	if (z->stopping)
		return 0;
	if (z->now < g->until) { /* the clock was put back: what comes again finds its row */
		g->until = z->now;
		g->stale = true;
	}
	if (g->stale)
		rc = make_plan(z, e);
	if (rc)
		return rc;
	collect(g, z->now, &l);
	g->until = z->now;
	if (l.count) {
		rc = handle_all(z, &l, e);
		rc = rc ? rc : engine_keep(z, e);
	}
	free(l.v);
	return rc;
}

/* Of the kind refresh: a device answers that had not since the entry was saved, or that could not be reached before. */
struct contact {
	struct zone *z;
	int64_t device, by_schedule, seen_at;
	int reason;
	struct plan_ids fits; /* schedules */
};

static bool is_in_range(const struct zone *z, const struct recur *r, const struct tz *tz)
{
	int64_t day = civil_floor_div(tz_wall(tz, civil_floor_div(z->now, 1000)), CIVIL_DAY_S);
	return day >= r->during_from && day <= r->during_to;
}

static int see_entry(void *arg, const struct plan_entry *en)
{
	struct contact *c = arg;
	if (en->recur.kind != RECUR_REFRESH || en->is_suspended || en->id == c->by_schedule)
		return 0;
	bool was_away = c->reason && err_class(-c->reason) == ERR_CLASS_RETRY;
	if (c->seen_at <= en->since || was_away)
		plan_ids_add(&c->fits, en->id);
	return 0;
}

static int run_refresh(struct zone *z, const struct plan_entry *en, int64_t device, const struct tz *tz, struct err *e)
{
	char local[64], at[CLOCK_TEXT_SIZE];
	bool won;
	int64_t due = later(z->now, en->recur.delay_minute * INT64_C(60000));
	clock_text(z->now, at);
	(void)snprintf(local, sizeof(local), "%s device %lld", at, (long long)device); /* fits */
	struct store_occurrence o = {
		.schedule = en->id, .time_zone = tz_name(tz), .local = local, .due = due, .made_at = z->now};
	struct job_origin from = {.schedule = en->id, .due = due, .base = due, .ends = INT64_MAX};
	struct plan_ids one = {.v = &device, .count = 1};
	if (!is_in_range(z, &en->recur, tz))
		return 0;
	crash_mark(z, CRASH_OCCURRENCE);
	int rc = store_occurrence_take(z->db, &o, REASON(ERR_MISSED), &won, e);
	return rc || !won ? rc : start_job(z, en, &o, &from, &one, e);
}

bool engine_waits_for_contact(const struct zone *z)
{
	return z->engine->stale || plan_has_refresh(z->engine->plan);
}

int engine_on_contact(struct zone *z, int64_t device, int64_t by_schedule, int64_t seen_at, int reason, struct err *e)
{
	struct contact c = {z, device, by_schedule, seen_at, reason, {0}};
	struct store_device d;
	struct plan *plan;
	int rc = engine_waits_for_contact(z) && device ? engine_plan(z, &plan, e) : 0;
	if (rc || !device || !engine_waits_for_contact(z))
		return rc;
	rc = store_device_get(z->db, z->arena, device, &d, NULL);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : err_set(e, rc, "device %lld cannot be read", (long long)device);
	rc = plan_of_device(plan, z->db, device, d.folder, z->now, see_entry, &c, e);
	for (size_t i = 0; i < c.fits.count && !rc; i++) {
		const struct plan_entry *en = plan_get(plan, c.fits.v[i]);
		const struct tz *tz;
		const char *name = *en->time_zone ? en->time_zone : plan_time_zone(plan, device, d.folder);
		rc = plan_zone(plan, name, &tz, e);
		rc = rc ? rc : run_refresh(z, en, device, tz, e);
	}
	plan_ids_release(&c.fits);
	return rc;
}
