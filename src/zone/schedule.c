/* The schedules that people make: entries of the list of a level (zone, folder, device). Everything that can be said
 * before it happens is refused or told here: rules that never fire, dates that are over, entries that contradict each
 * other, a server that would switch itself off before its next duty. */
#include <stdlib.h>

#include "amt/boot.h"
#include "base/base.h"
#include "base/clock.h"
#include "codec/json.h"
#include "store/device.h"
#include "zone/command.h"
#include "zone/engine.h"
#include "zone/group.h"
#include "zone/schedule.h"

#define ENTRIES_MAX   10000 /* in a zone */
#define AT_LEVEL_MAX  100   /* in one list */
#define SPREAD_MAX_MS 86400000
#define WARNINGS_MAX  20
#define PROTECTED_MAX 100
#define LOOK_AHEAD    400 /* due times that are looked at for shifts: of a daily rule, more than a year */

/* One schedule being made or changed. */
struct draft {
	struct command *c;
	struct store_schedule row;
	struct recur recur;
	const char *level; /* for people */
	const struct tz *tz;
	struct plan *plan; /* as it stood before */
	const char *warnings[WARNINGS_MAX];
	size_t warning_count;
};

static void warn(struct draft *d, const char *text)
{
	if (d->warning_count < WARNINGS_MAX)
		d->warnings[d->warning_count++] = text;
}

/* Whether who asks has this right where what is saved at a level works: in all below it. */
static int check_right(struct command *c, enum right_id right, const char *name, int scope, int64_t object,
		       struct err *e)
{
	struct store_folder f = {.path = "/"};
	struct store_device d;
	int rc = 0;
	if (scope == STORE_SCOPE_DEVICE) {
		rc = store_device_get(c->z->db, c->arena, object, &d, e);
		object = rc ? 0 : d.folder;
	}
	if (!rc && (scope == STORE_SCOPE_DEVICE || scope == STORE_SCOPE_FOLDER))
		rc = store_folder_get(c->z->db, c->arena, object, &f, e);
	if (rc)
		return rc;
	if (scope == STORE_SCOPE_DEVICE)
		return access_need(&c->who, right, f.path, name, e);
	return access_need_below(&c->who, right, f.path, e);
}

/* Who makes a schedule orders by it what it will do. All verbs of schedules need the same right. */
static int check_right_of_verb(struct command *c, const struct store_schedule *s, const char *level, struct err *e)
{
	return check_right(c, RIGHT_POWER_SWITCH, level, s->scope, s->object, e);
}

/* For the audit. */
static void done_at(struct command *c, int scope, int64_t object)
{
	c->at_folder = scope == STORE_SCOPE_FOLDER ? object : 0;
	c->at_device = scope == STORE_SCOPE_DEVICE ? object : 0;
}

static int find_schedule(struct command *c, struct store_schedule *ret, struct err *e)
{
	const char *text = api_str(c->call, "schedule");
	uint64_t id;
	int rc = store_schedule_by_name(c->z->db, c->arena, text, ret, NULL);
	if (rc == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		rc = store_schedule_get(c->z->db, c->arena, (int64_t)id, ret, NULL);
	if (rc == ERR_NOT_FOUND && access_need_below(&c->who, RIGHT_SCHEDULE_MODIFY, "/", NULL))
		return access_refuse_thing(&c->who, RIGHT_SCHEDULE_MODIFY, text, e);
	if (rc == ERR_NOT_FOUND) {
		command_name(c, text);
		return err_set(e, rc, "schedule \"%s\" does not exist", text);
	}
	if (rc)
		return err_set(e, rc, "schedule \"%s\" cannot be read", text);
	c->object = arena_printf(c->arena, "schedule:%s", ret->name);
	done_at(c, ret->scope, ret->object);
	return check_right(c, RIGHT_SCHEDULE_MODIFY, text, ret->scope, ret->object, e);
}

static int tell(struct command *c, const char *change, int64_t id, const char *name, struct err *e)
{
	return event_tell(c->z, &(struct tell){.kind = "schedule", .change = change, .id = id, .name = name}, e);
}

/* "zone", "/folder/", a device or "group:NAME". */
static int find_level(struct command *c, const char *target, struct store_level *ret, struct err *e)
{
	struct store_folder f;
	struct store_device d;
	*ret = (struct store_level){STORE_SCOPE_ZONE, 0};
	if (strcmp(target, "zone") == 0)
		return 0;
	if (strncmp(target, "group:", 6) == 0) {
		struct store_group g;
		int rc = find_group(c, target + 6, &g, e);
		*ret = (struct store_level){STORE_SCHEDULE_GROUP, rc ? 0 : g.id};
		return rc;
	}
	if (target[0] != '/') {
		int rc = find_device(c, target, &d, e);
		*ret = (struct store_level){STORE_SCOPE_DEVICE, rc ? 0 : d.id};
		return rc;
	}
	int rc = check_path(target, e);
	rc = rc ? rc : store_folder_by_path(c->z->db, c->arena, STORE_TREE_DEVICE, target, &f, e);
	if (rc == ERR_NOT_FOUND) {
		command_name(c, target);
		return err_set(e, rc, "folder \"%s\" does not exist", target);
	}
	if (!rc)
		*ret = (struct store_level){STORE_SCOPE_FOLDER, f.id};
	return rc;
}

static int check_verb(struct draft *d, const char *verb, struct err *e)
{
	enum verb v;
	if (!verb_from_name(verb, &v) || v == VERB_TEST || v == VERB_UNBOOT || verb_sets_up(v))
		return err_set(e, ERR_INVALID, "verb \"%s\" is none of on, off, reset, cycle, status", verb);
	d->row.verb = (int)v;
	return 0;
}

static int check_boot(struct draft *d, struct err *e)
{
	enum verb v = (enum verb)d->row.verb;
	enum boot_choice b;
	if (!*d->row.boot)
		return 0;
	if (!boot_from_name(d->row.boot, &b))
		return err_set(e, ERR_INVALID, "boot choice \"%s\" is none of " BOOT_WORDS, d->row.boot);
	if (!verb_boots(v))
		return err_set(e, ERR_INVALID, "\"%s\" boots nothing; a boot choice goes with on, reset or cycle",
			       verb_name(v));
	return 0;
}

static int check_zone(struct draft *d, struct err *e)
{
	struct store_schedule *s = &d->row;
	if (*s->time_zone && d->recur.utc)
		return err_set(e, ERR_INVALID, "times are either of time zone \"%s\" or of UTC, not both",
			       s->time_zone);
	if (d->recur.utc)
		d->tz = tz_utc();
	if (d->recur.utc)
		return 0;
	return plan_zone(d->plan, *s->time_zone ? s->time_zone : level_zone(d->plan, d->c->z->db, s->scope, s->object),
			 &d->tz, e);
}

static int check_entry(struct draft *d, struct err *e)
{
	struct store_schedule *s = &d->row;
	int rc = check_name("name", s->name, e);
	rc = rc ? rc : check_boot(d, e);
	if (!rc && s->spread != STORE_SPREAD_BY_COUNT && (s->spread < 0 || s->spread > SPREAD_MAX_MS))
		rc = err_set(e, ERR_INVALID, "spread is longer than 24 hours");
	rc = rc ? rc : check_zone(d, e);
	if (rc || d->recur.kind == RECUR_NONE || d->recur.kind == RECUR_REFRESH)
		return rc;
	return recur_check(&d->recur, d->tz, d->c->z->now, e);
}

/* Two entries of one list meet at one instant: named, with the instant. */
static int check_clash(struct draft *d, struct err *e)
{
	size_t others = 0;
	for (size_t i = 0; i < plan_count(d->plan); i++) {
		const struct plan_entry *en = plan_at(d->plan, i);
		const struct tz *tz = d->tz;
		int64_t at;
		char text[CLOCK_TEXT_SIZE];
		if (en->id == d->row.id || en->scope != d->row.scope || en->object != d->row.object)
			continue;
		if (++others >= AT_LEVEL_MAX)
			return err_set(e, ERR_TOO_BIG, "%s has %d schedules, which is the most", d->level,
				       AT_LEVEL_MAX);
		if (!verb_changes_power(en->verb) || !verb_changes_power((enum verb)d->row.verb))
			continue;
		if (*en->time_zone && plan_zone(d->plan, en->time_zone, &tz, NULL))
			continue;
		if (!recur_clash(&d->recur, d->tz, &en->recur, tz, d->c->z->now, &at))
			continue;
		clock_text(at, text);
		command_name(d->c, en->name);
		return err_set(e, ERR_CLASH, "\"%s\" orders %s at %s, when \"%s\" of the same list orders %s",
			       d->row.name, verb_name((enum verb)d->row.verb), text, en->name, verb_name(en->verb));
	}
	return 0;
}

/* The first time after an instant at which this server has something to do. */
static bool next_duty(const struct draft *d, int64_t after, const char **ret_name, int64_t *ret_at)
{
	bool found = false;
	for (size_t i = 0; i <= plan_count(d->plan); i++) {
		const struct plan_entry *en = i < plan_count(d->plan) ? plan_at(d->plan, i) : NULL;
		const struct recur *r = en ? &en->recur : &d->recur;
		const struct tz *tz = d->tz;
		struct recur_due due;
		if (en && (en->id == d->row.id || en->is_suspended))
			continue;
		if (en && *en->time_zone && plan_zone(d->plan, en->time_zone, &tz, NULL))
			continue;
		if (!recur_next(r, tz, after, &due) || (found && due.due_ms >= *ret_at))
			continue;
		found = true;
		*ret_name = en ? en->name : d->row.name;
		*ret_at = due.due_ms;
	}
	return found;
}

struct guarded {
	struct store_device_place v[PROTECTED_MAX];
	size_t count;
};

static int see_guarded(void *arg, const struct store_device_place *row)
{
	struct guarded *g = arg;
	g->v[g->count++] = *row;
	return 0;
}

/* Protected devices, and this server's own machine. */
static int find_guarded(struct zone *z, struct guarded *g, struct err *e)
{
	struct job_own own;
	struct store_device d;
	g->count = 0;
	int rc = job_find_own(z, &own, e);
	for (size_t i = 0; i < own.count && !rc; i++) {
		rc = store_device_get(z->db, z->arena, own.device[i], &d, e);
		if (!rc && !d.is_protected)
			g->v[g->count++] = (struct store_device_place){d.id, d.folder};
	}
	return rc ? rc : store_device_list_protected(z->db, (int)(PROTECTED_MAX - g->count), see_guarded, g, e);
}

static bool covers(const struct draft *d, const struct store_device_place *at)
{
	const struct store_schedule *s = &d->row;
	struct store_level l = plan_level(d->plan, at->device, at->folder);
	if (s->scope == STORE_SCOPE_DEVICE)
		return s->object == at->device;
	if (s->scope == STORE_SCHEDULE_GROUP)
		return true; /* who is a member then cannot be known now */
	if (plan_has_list(d->plan, s->scope, s->object) || s->scope == STORE_SCOPE_ZONE)
		return l.scope == s->scope && l.object == s->object;
	return l.scope != STORE_SCOPE_DEVICE && plan_is_below(d->plan, at->folder, s->object, l);
}

/* M147: a server that a schedule takes down cannot do what falls due after that. */
static int check_own_server(struct draft *d, struct err *e)
{
	struct command *c = d->c;
	struct guarded g;
	struct recur_due due;
	if (!verb_is_harmful((enum verb)d->row.verb))
		return 0;
	int rc = find_guarded(c->z, &g, e);
	for (size_t i = 0; i < g.count && !rc; i++) {
		struct store_device dev;
		const char *duty = "";
		char at[CLOCK_TEXT_SIZE];
		int64_t duty_at = 0;
		if (!covers(d, &g.v[i]))
			continue;
		rc = store_device_get(c->z->db, c->arena, g.v[i].device, &dev, e);
		if (rc)
			break;
		if (!d->row.include_protected) {
			warn(d, arena_printf(c->arena, "device \"%s\" is protected and is left out", dev.name));
			continue;
		}
		warn(d, arena_printf(c->arena, "device \"%s\" is protected: it is handled last, after all others",
				     dev.name));
		if (d->row.verb != VERB_OFF || !recur_next(&d->recur, d->tz, c->z->now, &due) ||
		    !next_duty(d, due.due_ms, &duty, &duty_at))
			continue;
		clock_text(duty_at, at);
		command_name(c, dev.name);
		rc = err_set(
			e, ERR_PROTECTED,
			"it would switch \"%s\" off before its next duty, \"%s\" at %s; leave protected devices out",
			dev.name, duty, at);
	}
	return rc;
}

static const char *word_of(const struct api_call *call, struct arena *a, const struct recur *base, enum recur_word w)
{
	const char *name = recur_word_name(w);
	struct buf text;
	if (api_has(call, name))
		return recur_word_takes_value(w) ? api_str(call, name) : api_bool(call, name) ? "" : NULL;
	if (!base)
		return NULL;
	buf_init(&text, RECUR_TEXT_MAX);
	const char *value = recur_word_write(base, w, &text) ? arena_str(a, buf_bytes(&text)) : NULL;
	buf_release(&text);
	return value;
}

static bool names_kind(const struct api_call *call)
{
	for (int w = RECUR_WORD_NONE; w <= RECUR_WORD_REFRESH; w++)
		if (api_has(call, recur_word_name((enum recur_word)w)))
			return true;
	return false;
}

int schedule_read_rule(const struct api_call *call, struct arena *a, const struct recur *before, struct recur *ret,
		       struct err *e)
{
	struct recur_words words = {{NULL}};
	const struct recur *base = names_kind(call) ? NULL : before;
	for (int w = 0; w < RECUR_WORD_COUNT; w++)
		words.value[w] = word_of(call, a, base, (enum recur_word)w);
	return recur_build(&words, ret, e);
}

static int read_rule(struct draft *d, const struct recur *before, struct err *e)
{
	struct buf text;
	int rc = schedule_read_rule(d->c->call, d->c->arena, before, &d->recur, e);
	if (rc)
		return rc;
	buf_init(&text, RECUR_TEXT_MAX);
	rc = recur_write(&d->recur, &text);
	d->row.rule = arena_str(d->c->arena, buf_bytes(&text));
	buf_release(&text);
	return rc ? err_set(e, rc, "rule is too long") : 0;
}

void schedule_write(struct api_writer *w, const struct schedule_view *v)
{
	const struct store_schedule *s = v->row;
	struct buf text;
	buf_init(&text, RECUR_TEXT_MAX);
	(void)recur_sentence(v->recur, *s->time_zone ? s->time_zone : v->inherited_zone,
			     &text); /* cut where too long */
	api_put_int(w, "id", s->id);
	api_put_str(w, "name", s->name);
	api_put_str(w, "target", v->level);
	api_put_str(w, "verb", verb_name((enum verb)s->verb));
	api_put_text(w, "boot", s->boot);
	api_put_str(w, "rule", s->rule);
	api_put_str(w, "text", buf_cstr(&text));
	api_put_text(w, "timezone", s->time_zone);
	if (s->spread == STORE_SPREAD_BY_COUNT)
		api_put_null(w, "spread");
	else
		api_put_int(w, "spread", s->spread);
	api_put_bool(w, "include_protected", s->include_protected);
	api_put_bool(w, "suspended", s->is_suspended);
	api_put_time(w, "next", v->next);
	api_put_str(w, "by", s->created_by);
	api_put_time(w, "created", s->created_at);
	api_put_time(w, "changed", s->changed_at);
	api_put_strs(w, "warnings", v->warnings, v->warning_count);
	buf_release(&text);
}

static int answer(struct draft *d)
{
	struct json_writer json;
	struct api_writer w;
	struct recur_due due;
	bool never = d->row.is_suspended || !recur_next(&d->recur, d->tz, d->c->z->now, &due);
	struct schedule_view v = {
		.row = &d->row,
		.recur = &d->recur,
		.level = d->level,
		.inherited_zone = tz_name(d->tz),
		.next = never ? 0 : due.due_ms,
		.warnings = d->warnings,
		.warning_count = d->warning_count,
	};
	json_writer_init(&json, &d->c->body);
	api_begin(&w, &json, NULL, API_OBJECT_schedule);
	schedule_write(&w, &v);
	api_end(&w);
	return 0;
}

/* The first time that the wall clock skips, and the first that it shows twice: what becomes of them is said now and not
 * found out that night. */
static void warn_of_shifts(struct draft *d)
{
	bool told[] = {[RECUR_SHIFT_NONE] = true, [RECUR_SHIFT_FOLD] = false};
	int64_t after = d->c->z->now;
	struct recur_due due;
	for (int i = 0; i < LOOK_AHEAD && recur_next(&d->recur, d->tz, after, &due); i++) {
		after = due.due_ms;
		if (told[due.shift])
			continue;
		told[due.shift] = true;
		warn(d,
		     arena_printf(d->c->arena, "%s, %s: %s", due.key, tz_name(d->tz), recur_shift_sentence(due.shift)));
	}
}

/* What only the whole can tell. The plan is that of before. */
static int check_all(struct draft *d, struct err *e)
{
	int rc = engine_plan(d->c->z, &d->plan, e);
	rc = rc ? rc : check_entry(d, e);
	rc = rc ? rc : check_clash(d, e);
	rc = rc ? rc : check_own_server(d, e);
	if (!rc)
		warn_of_shifts(d);
	return rc;
}

static void warn_of_new_list(struct draft *d)
{
	struct store_level now = {STORE_SCOPE_ZONE, 0};
	struct store_device dev;
	const struct store_schedule *s = &d->row;
	size_t lost = 0;
	if (s->scope == STORE_SCOPE_ZONE || s->scope == STORE_SCHEDULE_GROUP ||
	    plan_has_list(d->plan, s->scope, s->object))
		return;
	if (s->scope == STORE_SCOPE_FOLDER)
		now = plan_level(d->plan, 0, s->object);
	else if (store_device_get(d->c->z->db, d->c->arena, s->object, &dev, NULL) == 0)
		now = plan_level(d->plan, 0, dev.folder);
	for (size_t i = 0; i < plan_count(d->plan); i++)
		lost += plan_at(d->plan, i)->scope == now.scope && plan_at(d->plan, i)->object == now.object;
	if (lost)
		warn(d, arena_printf(d->c->arena,
				     "%s has a list of its own now: %zu inherited schedule%s no longer counts there",
				     d->level, lost, lost == 1 ? "" : "s"));
}

static int read_add(struct draft *d, struct err *e)
{
	struct command *c = d->c;
	struct store_level level;
	int64_t count;
	d->level = api_str(c->call, "target");
	d->row = (struct store_schedule){
		.name = api_str(c->call, "name"),
		.boot = command_str(c, "boot", ""),
		.time_zone = command_str(c, "timezone", ""),
		.spread = api_int(c->call, "spread", STORE_SPREAD_BY_COUNT),
		.include_protected = api_bool(c->call, "include-protected"),
		.since = c->z->now,
		.created_by = c->m->by.name,
		.created_at = c->z->now,
		.changed_at = c->z->now,
	};
	int rc = find_level(c, d->level, &level, e);
	if (rc)
		return rc;
	done_at(c, level.scope, level.object);
	d->row.scope = level.scope;
	d->row.object = level.object;
	rc = check_right_of_verb(c, &d->row, d->level, e);
	rc = rc ? rc : check_verb(d, api_str(c->call, "verb"), e);
	rc = rc ? rc : read_rule(d, NULL, e);
	rc = rc ? rc : store_schedule_count(c->z->db, &count, e);
	if (!rc && count >= ENTRIES_MAX)
		rc = err_set(e, ERR_TOO_BIG, "the zone has %d schedules, which is the most", ENTRIES_MAX);
	return rc;
}

int command_SCHEDULE_ADD(struct command *c, struct err *e)
{
	struct draft d = {.c = c};
	struct store_schedule there;
	int rc = read_add(&d, e);
	if (!rc && store_schedule_by_name(c->z->db, c->arena, d.row.name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "schedule \"%s\" exists already", d.row.name);
	rc = rc ? rc : check_all(&d, e);
	if (rc)
		return rc;
	warn_of_new_list(&d);
	rc = new_id(c->z, STORE_ID_OBJECT, &d.row.id, e);
	rc = rc ? rc : store_schedule_add(c->z->db, &d.row, e);
	if (!rc && d.row.scope != STORE_SCOPE_ZONE && d.row.scope != STORE_SCHEDULE_GROUP)
		rc = store_level_put(c->z->db, d.row.scope, d.row.object, false, e);
	rc = rc ? rc : tell(c, "added", d.row.id, d.row.name, e);
	c->object = arena_printf(c->arena, "schedule:%s", d.row.name);
	return rc ? rc : answer(&d);
}

static int read_set(struct draft *d, struct err *e)
{
	struct command *c = d->c;
	struct recur before;
	int rc = find_schedule(c, &d->row, e);
	if (rc)
		return rc;
	d->level = level_name(c->z->db, c->arena, d->row.scope, d->row.object);
	rc = check_right_of_verb(c, &d->row, d->level, e);
	rc = rc ? rc : recur_parse(d->row.rule, &before, e);
	d->row.name = command_str(c, "name", d->row.name);
	d->row.boot = command_str(c, "boot", d->row.boot);
	if (strcmp(d->row.boot, "none") == 0)
		d->row.boot = "";
	d->row.time_zone = command_str(c, "timezone", d->row.time_zone);
	d->row.spread = api_int(c->call, "spread", d->row.spread);
	if (api_has(c->call, "include-protected"))
		d->row.include_protected = api_bool(c->call, "include-protected");
	if (!rc && api_has(c->call, "verb"))
		rc = check_verb(d, api_str(c->call, "verb"), e);
	d->row.changed_at = d->row.since = c->z->now;
	return rc ? rc : read_rule(d, &before, e);
}

int command_SCHEDULE_SET(struct command *c, struct err *e)
{
	struct draft d = {.c = c};
	struct store_schedule there;
	int rc = read_set(&d, e);
	if (!rc && store_schedule_by_name(c->z->db, c->arena, d.row.name, &there, NULL) == 0 && there.id != d.row.id)
		rc = err_set(e, ERR_EXISTS, "schedule \"%s\" exists already", d.row.name);
	rc = rc ? rc : check_all(&d, e);
	rc = rc ? rc : store_schedule_put(c->z->db, &d.row, e);
	rc = rc ? rc : tell(c, "changed", d.row.id, d.row.name, e);
	return rc ? rc : answer(&d);
}

int command_SCHEDULE_REMOVE(struct command *c, struct err *e)
{
	struct store_schedule s;
	int rc = find_schedule(c, &s, e);
	rc = rc ? rc : job_cancel_schedule(c->z, s.id, e);
	rc = rc ? rc : store_schedule_delete(c->z->db, s.id, e);
	rc = rc ? rc : store_level_let_go(c->z->db, s.scope, s.object, e);
	return rc ? rc : tell(c, "removed", s.id, s.name, e);
}

static int suspend(struct command *c, bool suspended, struct err *e)
{
	struct store_schedule s;
	int rc = find_schedule(c, &s, e);
	if (!rc && !suspended)
		rc = check_right_of_verb(c, &s, level_name(c->z->db, c->arena, s.scope, s.object), e);
	if (rc)
		return rc;
	if (s.is_suspended != suspended) {
		s.is_suspended = suspended;
		s.since = s.changed_at = c->z->now;
		rc = suspended ? job_cancel_schedule(c->z, s.id, e) : 0;
		rc = rc ? rc : store_schedule_put(c->z->db, &s, e);
		rc = rc ? rc : tell(c, "changed", s.id, s.name, e);
	}
	return rc ? rc : answer_ref(c, s.id, s.name);
}

int command_SCHEDULE_SUSPEND(struct command *c, struct err *e)
{
	return suspend(c, true, e);
}

int command_SCHEDULE_RESUME(struct command *c, struct err *e)
{
	return suspend(c, false, e);
}

/* A level below the zone. */
static int find_lower_level(struct command *c, struct store_level *ret, struct err *e)
{
	const char *target = api_str(c->call, "target");
	int rc = find_level(c, target, ret, e);
	done_at(c, ret->scope, ret->object);
	c->object = arena_printf(c->arena, "schedule-level:%s", target);
	if (!rc && (ret->scope == STORE_SCOPE_ZONE || ret->scope == STORE_SCHEDULE_GROUP))
		rc = err_set(e, ERR_INVALID, "%s inherits from nothing; remove its schedules one by one", target);
	return rc;
}

int command_SCHEDULE_OVERRIDE(struct command *c, struct err *e)
{
	struct store_level l;
	struct plan *plan;
	int rc = find_lower_level(c, &l, e);
	rc = rc ? rc : engine_plan(c->z, &plan, e);
	if (rc)
		return rc;
	if (!api_bool(c->call, "nothing"))
		return err_set(e, ERR_INVALID, "say --nothing for an empty list, or add entries with schedule add");
	for (size_t i = 0; i < plan_count(plan); i++) {
		const struct plan_entry *en = plan_at(plan, i);
		if (en->scope != l.scope || en->object != l.object)
			continue;
		command_name(c, en->name);
		rc = ERR_IN_USE;
	}
	if (rc)
		return err_set(e, rc, "%s has schedules of its own; remove them first", api_str(c->call, "target"));
	rc = store_level_put(c->z->db, l.scope, l.object, true, e);
	rc = rc ? rc : tell(c, "changed", l.object, api_str(c->call, "target"), e);
	return rc ? rc : answer_ref(c, l.object, api_str(c->call, "target"));
}

int command_SCHEDULE_REVERT(struct command *c, struct err *e)
{
	struct store_level l;
	struct plan *plan;
	int rc = find_lower_level(c, &l, e);
	rc = rc ? rc : check_right(c, RIGHT_POWER_SWITCH, api_str(c->call, "target"), l.scope, l.object, e);
	rc = rc ? rc : engine_plan(c->z, &plan, e);
	if (!rc && !plan_has_list(plan, l.scope, l.object))
		rc = err_set(e, ERR_NOT_FOUND, "%s has no list of its own", api_str(c->call, "target"));
	rc = rc ? rc : engine_forget_level(c->z, l.scope, l.object, e);
	rc = rc ? rc : tell(c, "changed", l.object, api_str(c->call, "target"), e);
	return rc ? rc : answer_ref(c, l.object, api_str(c->call, "target"));
}
