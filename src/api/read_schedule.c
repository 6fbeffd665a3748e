/* Schedules as lists: what there is, what is coming for each device and why something will be skipped, what became of
 * it. The rules of what counts where are those of zone/plan.h; here they are only asked. */
#include <stdio.h>
#include <stdlib.h>

#include "api/read.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "store/calendar.h"
#include "store/device.h"
#include "store/hold.h"
#include "zone/plan.h"
#include "zone/schedule.h"

#define COUNT_DEFAULT 5
#define COUNT_MAX     100
#define TEST_COUNT    10
#define FROM_MAX      ((RECUR_DAY_LAST + 1) * CIVIL_DAY_S * 1000)

/* What a command needs besides the database. */
struct reading {
	struct read *r;
	struct tz_cache *zones;
	struct plan *plan;
};

static int begin(struct reading *x, struct read *r, struct err *e)
{
	*x = (struct reading){.r = r, .zones = tz_cache_new(NULL)};
	return plan_load(r->db, x->zones, &x->plan, e);
}

static void end(struct reading *x)
{
	plan_free(x->plan);
	tz_cache_free(x->zones);
}

static bool may_see(struct read *r, const struct store_schedule *s)
{
	struct store_folder f;
	if (s->scope == STORE_SCOPE_DEVICE)
		return read_may_see_device(r, s->object) && rights_may_somewhere(r->who->rights, RIGHT_SCHEDULE_VIEW);
	if (s->scope != STORE_SCOPE_FOLDER)
		return read_may(r, RIGHT_SCHEDULE_VIEW, "/");
	return store_folder_get(r->db, r->arena, s->object, &f, NULL) == 0 && read_may(r, RIGHT_SCHEDULE_VIEW, f.path);
}

int read_find_schedule(struct read *r, const char *text, struct store_schedule *ret, struct err *e)
{
	uint64_t id;
	int code = store_schedule_by_name(r->db, r->arena, text, ret, e);
	if (code == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		code = store_schedule_get(r->db, r->arena, (int64_t)id, ret, e);
	if (code == ERR_NOT_FOUND && read_may(r, RIGHT_SCHEDULE_VIEW, "/"))
		return read_missing("schedule", text, e);
	if (code == ERR_NOT_FOUND || (!code && !may_see(r, ret)))
		return access_refuse_thing(r->who, RIGHT_SCHEDULE_VIEW, text, e);
	return code;
}

/* The next due time in any of its time zones. */
struct soonest {
	const struct reading *x;
	const struct plan_entry *en;
	int64_t at;
};

static int see_zone(void *arg, const char *time_zone)
{
	struct soonest *s = arg;
	const struct tz *tz;
	struct recur_due due;
	if (plan_zone(s->x->plan, time_zone, &tz, NULL))
		return 0;
	if (recur_next(&s->en->recur, tz, s->x->r->now, &due) && (!s->at || due.due_ms < s->at))
		s->at = due.due_ms;
	return 0;
}

static void put_schedule(struct reading *x, const struct store_schedule *row)
{
	struct read *r = x->r;
	const struct plan_entry *en = plan_get(x->plan, row->id);
	struct recur none = {.kind = RECUR_NONE};
	struct soonest s = {x, en, 0};
	struct api_writer w;
	if (en && !en->is_suspended)
		(void)plan_zones(x->plan, en, see_zone, &s); /* which never fails */
	struct schedule_view v = {
		.row = row,
		.recur = en ? &en->recur : &none,
		.level = level_name(r->db, r->arena, row->scope, row->object),
		.inherited_zone = level_zone(x->plan, r->db, row->scope, row->object),
		.next = s.at,
	};
	api_begin(&w, &r->json, NULL, API_OBJECT_schedule);
	schedule_write(&w, &v);
	api_end(&w);
}

int read_SCHEDULE_SHOW(struct read *r, struct err *e)
{
	struct reading x;
	struct store_schedule s;
	int code = read_find_schedule(r, api_str(r->call, "schedule"), &s, e);
	if (code)
		return code;
	code = begin(&x, r, e);
	if (!code)
		put_schedule(&x, &s);
	end(&x);
	return code;
}

static int put_schedule_row(void *arg, const struct store_schedule *row)
{
	struct reading *x = arg;
	struct read *r = x->r;
	const char *target = api_str(r->call, "target");
	read_row(r);
	if (may_see(r, row) && (!target || strcmp(target, level_name(r->db, r->arena, row->scope, row->object)) == 0)) {
		if (!read_take(r))
			return 1;
		put_schedule(x, row);
	}
	read_key(r, row->name, NULL);
	return 0;
}

int read_SCHEDULE_LIST(struct read *r, struct err *e)
{
	struct reading x;
	int code = begin(&x, r, e);
	for (int i = 0; !code; i++) {
		r->rows = 0;
		code = store_schedule_list(r->db, read_after(r, 0), READ_BATCH, put_schedule_row, &x, e);
		if (r->rows < READ_BATCH)
			break;
	}
	end(&x);
	return code < 0 ? code : 0;
}

/* What is coming for one device: its entries, each with its next due time. */
struct coming {
	const struct plan_entry *en;
	const struct tz *tz;
	struct recur_due due;
	bool is_over;
};

/* How many devices an entry means in one time zone: asked once a page. */
struct crowd {
	const struct plan_entry *en;
	const struct tz *tz;
	size_t n;
};

struct upcoming {
	struct reading x;
	int64_t from;
	uint32_t count;
	struct coming *v;
	size_t len, cap;
	struct crowd *crowds;
	size_t crowd_len;
	const struct store_target *device; /* the one whose entries are gathered */
	int64_t folder;
	bool is_held;
	const char *out_names; /* the calendars of the device before, and their ranges */
	struct recur_out *out_v;
	struct recur_outs outs;
	struct err *e;
};

static int see_range(void *arg, const struct recur_out *row)
{
	struct upcoming *u = arg;
	u->out_v = mem_grow(u->out_v, u->outs.len + 1, sizeof(u->out_v[0]));
	u->out_v[u->outs.len++] = *row; /* its name is borrowed and not looked at */
	return 0;
}

/* The black-outs that count for a device; neighbours mostly share them. */
static int load_outs(struct upcoming *u, int64_t device, struct err *e)
{
	struct read *r = u->x.r;
	struct store_setting_value v;
	struct store_calendar c;
	char name[STORE_NAME_MAX + 1];
	int code = store_setting_find(r->db, r->arena, SETTING_BLACK_OUTS, STORE_SCOPE_DEVICE, device, &v, e);
	if (code || (u->out_names && strcmp(u->out_names, v.text) == 0))
		return code;
	u->out_names = v.text;
	u->outs.len = 0;
	const char *names = strcmp(v.text, "none") == 0 ? "" : v.text;
	while (!code && *names && setting_next_name(&names, name))
		if (store_calendar_by_name(r->db, r->arena, name, &c, NULL) == 0)
			code = store_calendar_list_ranges(r->db, c.id, see_range, u, e);
	recur_outs_sort(u->out_v, u->outs.len);
	u->outs.v = u->out_v;
	return code;
}

static int see_entry(void *arg, const struct plan_entry *en)
{
	struct upcoming *u = arg;
	const char *name = *en->time_zone ? en->time_zone : plan_time_zone(u->x.plan, u->device->device, u->folder);
	struct coming c = {.en = en};
	int code = plan_zone(u->x.plan, name, &c.tz, u->e);
	if (code)
		return code;
	c.is_over = !recur_next(&en->recur, c.tz, u->from - 1, &c.due);
	if (u->len == u->cap) {
		u->cap = u->cap ? u->cap * 2 : 16;
		u->v = mem_grow(u->v, u->cap, sizeof(u->v[0]));
	}
	u->v[u->len++] = c;
	return 0;
}

static bool is_newer(const struct plan_entry *a, const struct plan_entry *b)
{
	return a->changed_at != b->changed_at ? a->changed_at > b->changed_at : a->id > b->id;
}

static struct coming *soonest(const struct upcoming *u)
{
	struct coming *best = NULL;
	for (size_t i = 0; i < u->len; i++)
		if (!u->v[i].is_over && (!best || u->v[i].due.due_ms < best->due.due_ms))
			best = &u->v[i];
	return best;
}

/* Another entry at the very instant, which was changed later. */
static bool is_superseded(const struct upcoming *u, const struct coming *c)
{
	for (size_t i = 0; i < u->len; i++) {
		const struct coming *o = &u->v[i];
		if (o != c && !o->is_over && !o->en->is_suspended && o->due.due_ms == c->due.due_ms &&
		    verb_changes_power(o->en->verb) && is_newer(o->en, c->en))
			return true;
	}
	return false;
}

static int why_skipped(const struct upcoming *u, const struct coming *c, int64_t slot)
{
	const struct store_target *t = u->device;
	if (c->en->is_suspended)
		return ERR_SUSPENDED;
	if (recur_out_at(&u->outs, c->tz, c->due.due_ms) || recur_out_at(&u->outs, c->tz, slot))
		return ERR_BLACKED_OUT;
	if (!t->amt || t->mode == STORE_AMT_MODE_NONE || !*t->host)
		return ERR_NOT_CONFIGURED;
	if (!t->credential)
		return ERR_NO_CREDENTIAL;
	if (!verb_changes_power(c->en->verb))
		return 0;
	if (is_superseded(u, c))
		return ERR_SUPERSEDED;
	if (t->is_protected && verb_is_harmful(c->en->verb) && !c->en->include_protected)
		return ERR_PROTECTED;
	return u->is_held ? ERR_HELD : 0;
}

static int crowd_of(struct upcoming *u, const struct coming *c, size_t *ret, struct err *e)
{
	for (size_t i = 0; i < u->crowd_len; i++)
		if (u->crowds[i].en == c->en && u->crowds[i].tz == c->tz) {
			*ret = u->crowds[i].n;
			return 0;
		}
	int code = plan_select_count(u->x.plan, u->x.r->db, c->en, tz_name(c->tz), u->x.r->now, ret, e);
	if (code)
		return code;
	u->crowds = mem_grow(u->crowds, u->crowd_len + 1, sizeof(u->crowds[0]));
	u->crowds[u->crowd_len++] = (struct crowd){c->en, c->tz, *ret};
	return 0;
}

static int put_due(struct upcoming *u, const struct coming *c, struct err *e)
{
	struct read *r = u->x.r;
	char due[CLOCK_TEXT_SIZE];
	struct api_writer w;
	size_t n = 0;
	int code = crowd_of(u, c, &n, e);
	if (code)
		return code;
	int64_t window = plan_window(c->en, &c->due, c->due.due_ms, n);
	int64_t slot = recur_slot(c->due.due_ms, window, u->device->device, c->en->id);
	int why = why_skipped(u, c, slot);
	const char *shift = recur_shift_sentence(c->due.shift);
	clock_text(c->due.due_ms, due);
	api_begin(&w, &r->json, NULL, API_OBJECT_due);
	api_put_str(&w, "device", u->device->name);
	api_put_str(&w, "schedule", c->en->name);
	api_put_str(&w, "target", level_name(r->db, r->arena, c->en->scope, c->en->object));
	api_put_str(&w, "verb", verb_name(c->en->verb));
	api_put_str(&w, "due", due);
	char local[CIVIL_TEXT_SIZE];
	civil_text(tz_wall(c->tz, civil_floor_div(c->due.due_ms, 1000)), local);
	api_put_str(&w, "local", local);
	api_put_str(&w, "timezone", tz_name(c->tz));
	api_put_time(&w, "slot", slot);
	api_put_str(&w, "skipped", why ? err_name(why) : NULL);
	api_put_text(&w, "note", why ? err_sentence(why) : shift);
	api_end(&w);
	return 0;
}

static int put_device(struct upcoming *u, struct err *e)
{
	struct read *r = u->x.r;
	struct store_device d;
	u->len = 0;
	int code = store_device_get(r->db, r->arena, u->device->device, &d, e);
	code = code ? code : store_hold_covers(r->db, u->device->device, &u->is_held, e);
	u->folder = code ? 0 : d.folder;
	code = code ? code : load_outs(u, u->device->device, e);
	code = code ? code : plan_of_device(u->x.plan, r->db, u->device->device, u->folder, r->now, see_entry, u, e);
	struct coming *c;
	for (uint32_t n = 0; !code && n < u->count && (c = soonest(u)); n++) {
		if (!read_take(r))
			break;
		code = put_due(u, c, e);
		c->is_over = !recur_next(&c->en->recur, c->tz, c->due.due_ms, &c->due);
	}
	return code;
}

static int see_device(void *arg, const struct store_target *t)
{
	struct upcoming *u = arg;
	struct read *r = u->x.r;
	read_row(r);
	if (r->count && r->count + u->count > r->call->limit) { /* a device's rows stay together */
		r->more = true;
		return 1;
	}
	u->device = t;
	int code = read_may(r, RIGHT_SCHEDULE_VIEW, t->folder_path) ? put_device(u, u->e) : 0;
	read_key(r, t->name, t->folder_path);
	return code;
}

static int fetch(struct upcoming *u, struct err *e)
{
	struct read *r = u->x.r;
	const char *target = api_str(r->call, "target");
	struct store_device_filter f = STORE_DEVICE_FILTER_INIT;
	struct store_device d;
	struct store_target t;
	int code;
	f.limit = READ_BATCH;
	f.after_name = read_after(r, 0);
	if (target[0] == '/') {
		f.folder = target;
		f.after_path = read_after(r, 1);
		code = read_check_folder(r, STORE_TREE_DEVICE, target, e);
		return code ? code : store_target_list(r->db, &f, see_device, u, e);
	}
	if (strncmp(target, "tag:", 4) == 0) {
		f.tag = target + 4;
		return store_target_list(r->db, &f, see_device, u, e);
	}
	code = read_find_device(r, target, &d, e);
	code = code ? code : store_target_get(r->db, r->arena, d.id, &t, e);
	return code ? code : see_device(u, &t);
}

/* "2027-03-25" or a time with Z. */
static int find_start(const struct read *r, int64_t *ret, struct err *e)
{
	const char *text = api_str(r->call, "from");
	int64_t days;
	*ret = r->now;
	if (!text || clock_parse(text, ret))
		return 0;
	if (!civil_parse_date(bytes_str(text), &days) || days < RECUR_DAY_FIRST || days > RECUR_DAY_LAST)
		return err_set(e, ERR_INVALID,
			       "'from' is neither a date such as 2027-03-25 nor a time such as "
			       "2027-03-25T06:00:00Z");
	*ret = days * CIVIL_DAY_S * 1000;
	return 0;
}

int read_SCHEDULE_NEXT(struct read *r, struct err *e)
{
	struct upcoming u = {.e = e};
	int64_t count = api_int(r->call, "count", COUNT_DEFAULT);
	int code = find_start(r, &u.from, e);
	if (!code && (count < 1 || count > COUNT_MAX))
		code = err_set(e, ERR_INVALID, "'count' is not between 1 and %d", COUNT_MAX);
	if (code)
		return code;
	u.count = (uint32_t)count;
	code = begin(&u.x, r, e);
	for (bool again = !code; again;) {
		r->rows = 0;
		code = fetch(&u, e);
		again = !code && !r->more && r->rows == READ_BATCH;
	}
	free(u.v);
	free(u.crowds);
	free(u.out_v);
	end(&u.x);
	return code < 0 ? code : 0;
}

#define PLAIN_MAX 256

/* "Monday 2027-03-29 07:30 Europe/Berlin = 2027-03-29T05:30:00Z" */
static const char *plain(struct read *r, const struct recur_due *due, const struct tz *tz)
{
	static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
					   "Friday", "Saturday", "Sunday"};
	int64_t wall = tz_wall(tz, civil_floor_div(due->due_ms, 1000));
	char local[CIVIL_TEXT_SIZE], utc[CLOCK_TEXT_SIZE];
	const char *shift = recur_shift_sentence(due->shift);
	civil_text(wall, local);
	*strchr(local, 'T') = ' ';
	clock_text(due->due_ms, utc);
	return arena_printf(r->arena, "%s %s %s = %s%s%s", days[civil_weekday(civil_floor_div(wall, CIVIL_DAY_S))],
			    local, tz_name(tz), utc, *shift ? ": " : "", shift);
}

static void put_test(struct read *r, const struct recur *rule, const struct tz *tz)
{
	struct api_writer w;
	struct buf text;
	const char *times[TEST_COUNT];
	size_t n = 0;
	struct recur_due due = {.due_ms = r->now};
	while (n < TEST_COUNT && recur_next(rule, tz, due.due_ms, &due))
		times[n++] = plain(r, &due, tz);
	api_begin(&w, &r->json, NULL, API_OBJECT_schedule_test);
	buf_init(&text, RECUR_TEXT_MAX);
	(void)recur_write(rule, &text); /* it fits */
	api_put_str(&w, "rule", buf_cstr(&text));
	buf_reset(&text);
	(void)recur_sentence(rule, tz_name(tz), &text); /* cut where too long */
	api_put_str(&w, "text", buf_cstr(&text));
	buf_release(&text);
	api_put_str(&w, "timezone", tz_name(tz));
	api_put_strs(&w, "due", times, n);
	api_end(&w);
}

static int test_rule(struct reading *x, struct err *e)
{
	struct read *r = x->r;
	struct store_schedule s = {.time_zone = "", .scope = STORE_SCOPE_ZONE};
	struct recur before, rule;
	const struct tz *tz = tz_utc();
	const char *of = api_str(r->call, "schedule"), *zone = api_str(r->call, "timezone");
	int code = of ? read_find_schedule(r, of, &s, e) : 0;
	if (!code && of)
		code = recur_parse(s.rule, &before, e);
	code = code ? code : schedule_read_rule(r->call, r->arena, of ? &before : NULL, &rule, e);
	if (code)
		return code;
	zone = zone ? zone : *s.time_zone ? s.time_zone : level_zone(x->plan, r->db, s.scope, s.object);
	code = rule.utc ? 0 : plan_zone(x->plan, zone, &tz, e);
	if (!code && rule.kind != RECUR_NONE && rule.kind != RECUR_REFRESH)
		code = recur_check(&rule, tz, r->now, e);
	if (!code)
		put_test(r, &rule, tz);
	return code;
}

int read_SCHEDULE_TEST(struct read *r, struct err *e)
{
	struct reading x;
	int code = begin(&x, r, e);
	code = code ? code : test_rule(&x, e);
	end(&x);
	return code;
}

struct past {
	struct read *r;
	const char *name;
};

static int put_occurrence(void *arg, const struct store_occurrence *o)
{
	struct past *p = arg;
	struct read *r = p->r;
	struct api_writer w;
	read_row(r);
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_occurrence);
	api_put_str(&w, "schedule", p->name);
	api_put_time(&w, "due", o->due);
	api_put_str(&w, "local", o->local);
	api_put_str(&w, "timezone", o->time_zone);
	api_put_str(&w, "state", o->is_left_out ? "skipped" : "run");
	api_put_str(&w, "reason", o->reason ? err_name(-o->reason) : NULL);
	api_put_str(&w, "message", o->reason ? err_sentence(-o->reason) : NULL);
	if (o->job)
		api_put_int(&w, "job", o->job);
	else
		api_put_null(&w, "job");
	api_end(&w);
	char due[32];
	(void)snprintf(due, sizeof(due), "%lld", (long long)o->due); /* fits */
	read_key(r, due, arena_printf(r->arena, "%s %s", o->time_zone, o->local));
	return 0;
}

int read_SCHEDULE_HISTORY(struct read *r, struct err *e)
{
	struct store_schedule s;
	struct store_occurrence before = {.due = read_after_id(r)};
	int code = read_find_schedule(r, api_str(r->call, "schedule"), &s, e);
	if (code)
		return code;
	struct past p = {r, s.name};
	const char *key = read_after(r, 1);
	const char *blank = key ? strchr(key, ' ') : NULL;
	if (blank) {
		before.time_zone = arena_str(r->arena, BYTES(key, (size_t)(blank - key)));
		before.local = arena_str(r->arena, bytes_str(blank + 1));
	}
	code = store_occurrence_list(r->db, s.id, blank ? &before : NULL, READ_BATCH, put_occurrence, &p, e);
	return code < 0 ? code : 0;
}
