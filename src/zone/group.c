#include "zone/group.h"

#include <stdlib.h>

#include "base/base.h"
#include "codec/json.h"
#include "zone/command.h"
#include "zone/engine.h"
#include "zone/filter.h"
#include "zone/move.h"
#include "zone/rule.h"
#include "zone/task.h"

struct asking {
	const struct devfilter *filter; /* NULL: each is a member */
	int64_t now;
	store_device_view_fn each;
	void *arg;
};

static int see_device(void *arg, const struct store_device_view *row)
{
	const struct asking *a = arg;
	struct devfilter_facts facts;
	if (a->filter) {
		filter_facts(row, a->now, &facts);
		if (!devfilter_match(a->filter, &facts))
			return 0;
	}
	return a->each(a->arg, row);
}

int group_members(struct db *db, const struct store_group *g, int64_t now, store_device_view_fn each, void *arg,
		  struct err *e)
{
	struct store_device_filter f = STORE_DEVICE_FILTER_INIT;
	struct devfilter *filter = NULL;
	f.limit = INT32_MAX;
	f.without_tags = true;
	if (*g->filter) {
		int rc = filter_parse(g->filter, FILTER_DEVICES, &filter, e);
		if (rc)
			return err_wrap(e, rc, "group \"%s\"", g->name);
		f.folder = devfilter_only(filter, DEVFILTER_FOLDER);
		f.tag = f.folder ? NULL : devfilter_only(filter, DEVFILTER_TAG);
		f.without_tags = !devfilter_uses(filter, DEVFILTER_TAG);
	} else {
		f.group = g->id;
	}
	struct asking a = {filter, now, each, arg};
	int rc = store_device_list(db, &f, see_device, &a, e);
	devfilter_free(filter);
	return rc;
}

static int fits(struct db *db, struct arena *a, const struct devfilter *filter, int64_t device, int64_t now, bool *ret,
		struct err *e)
{
	struct store_device_view v;
	struct devfilter_facts facts;
	int rc = store_device_view(db, a, device, &v, NULL);
	if (rc && rc != ERR_NOT_FOUND)
		return err_set(e, rc, "device %lld cannot be read", (long long)device);
	if (!rc)
		filter_facts(&v, now, &facts);
	*ret = !rc && devfilter_match(filter, &facts);
	return 0;
}

int group_has(struct db *db, struct arena *a, const struct store_group *g, int64_t device, int64_t now, bool *ret,
	      struct err *e)
{
	struct devfilter *filter;
	if (!*g->filter)
		return store_group_member_is(db, g->id, device, ret, e);
	int rc = filter_parse(g->filter, FILTER_DEVICES, &filter, e);
	if (rc)
		return err_wrap(e, rc, "group \"%s\"", g->name);
	rc = fits(db, a, filter, device, now, ret, e);
	devfilter_free(filter);
	return rc;
}

static int tell(struct zone *z, const char *change, int64_t id, const char *name, struct err *e)
{
	return event_tell(z, &(struct tell){.kind = "group", .change = change, .id = id, .name = name}, e);
}

static int done(struct command *c, const char *change, const struct store_group *g, struct err *e)
{
	c->object = arena_printf(c->arena, "group:%s", g->name);
	return tell(c->z, change, g->id, g->name, e);
}

static int find(struct command *c, struct store_group *ret, struct err *e)
{
	return find_group(c, api_str(c->call, "group"), ret, e);
}

static int check_filter(const char *text, struct err *e)
{
	struct devfilter *f;
	int rc = filter_parse(text, FILTER_DEVICES, &f, e);
	if (!rc)
		devfilter_free(f);
	return rc;
}

static int check_group(struct command *c, const struct store_group *g, struct err *e)
{
	struct store_group there;
	int rc = check_name("group name", g->name, e);
	rc = rc ? rc : check_text("note", g->note, STORE_NOTE_MAX, e);
	if (rc)
		return rc;
	rc = store_group_by_name(c->z->db, c->arena, g->name, &there, NULL);
	if (rc == 0 && there.id != g->id)
		return err_set(e, ERR_EXISTS, "group \"%s\" exists already", g->name);
	return rc == 0 || rc == ERR_NOT_FOUND ? 0 : err_set(e, rc, "group \"%s\" cannot be read", g->name);
}

int command_GROUP_ADD(struct command *c, struct err *e)
{
	struct store_group g = {
		.name = api_str(c->call, "name"),
		.note = command_str(c, "note", ""),
		.filter = command_str(c, "filter", ""),
		.created_at = c->z->now,
		.changed_at = c->z->now,
	};
	int rc = check_group(c, &g, e);
	rc = rc || !api_has(c->call, "filter") ? rc : check_filter(g.filter, e);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &g.id, e);
	rc = rc ? rc : store_group_add(c->z->db, &g, e);
	rc = rc ? rc : done(c, "added", &g, e);
	return rc ? rc : answer_ref(c, g.id, g.name);
}

/* One kind stays that kind: a filter would make members that were chosen by hand mean nothing. */
static int check_kind(struct command *c, const struct store_group *g, struct err *e)
{
	if (!api_has(c->call, "filter"))
		return 0;
	if (!*g->filter)
		return err_set(e, ERR_INVALID,
			       "group \"%s\" has members that were chosen; a filter needs another group", g->name);
	return check_filter(api_str(c->call, "filter"), e);
}

int command_GROUP_SET(struct command *c, struct err *e)
{
	struct store_group g;
	int rc = find(c, &g, e);
	rc = rc ? rc : check_kind(c, &g, e);
	rc = rc || !api_has(c->call, "filter") ? rc : move_check_group(c, g.id, "/", e);
	if (rc)
		return rc;
	g.name = command_str(c, "name", g.name);
	g.note = command_str(c, "note", g.note);
	g.filter = command_str(c, "filter", g.filter);
	g.changed_at = c->z->now;
	rc = check_group(c, &g, e);
	rc = rc ? rc : store_group_put(c->z->db, &g, e);
	rc = rc ? rc : done(c, "changed", &g, e);
	return rc ? rc : answer_ref(c, g.id, g.name);
}

int command_GROUP_REMOVE(struct command *c, struct err *e)
{
	struct store_group g;
	int rc = find(c, &g, e);
	rc = rc ? rc : move_check_group(c, g.id, "/", e);
	rc = rc ? rc : engine_forget_level(c->z, STORE_SCHEDULE_GROUP, g.id, e);
	rc = rc ? rc : store_group_delete(c->z->db, g.id, e);
	rule_forget(c->z); /* some may have named it */
	return rc ? rc : done(c, "removed", &g, e);
}

/* Members come and go in slices. */
struct change {
	int64_t group;
	bool add;
	int64_t *devices;
	size_t count;
};

enum { CHANGED }; /* place in task_state.counts */

static void change_free(void *own)
{
	struct change *ch = own;
	free(ch->devices);
	free(ch);
}

static int answer_members(struct command *c, const struct change *ch, int64_t changed, struct err *e)
{
	struct json_writer json;
	struct api_writer w;
	int64_t members;
	int rc = store_group_member_count(c->z->db, ch->group, &members, e);
	if (rc)
		return rc;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_members);
	api_put_int(&w, "changed", changed);
	api_put_int(&w, "members", members);
	api_end(&w);
	return 0;
}

static int change_one(struct command *c, const struct change *ch, int64_t device, struct task_state *s, struct err *e)
{
	bool changed;
	int64_t folder;
	int rc = store_device_folder(c->z->db, device, &folder, NULL);
	if (rc == ERR_NOT_FOUND) /* it went between two slices */
		return 0;
	rc = ch->add ? store_group_member_add(c->z->db, ch->group, device, &changed, e)
		     : store_group_member_delete(c->z->db, ch->group, device, &changed, e);
	if (!rc)
		s->counts[CHANGED] += changed;
	return rc;
}

static int change_slice(struct command *c, struct task *t, struct task_state *s, struct err *e)
{
	const struct change *ch = task_own(t);
	struct store_group g;
	int rc = store_group_get(c->z->db, c->arena, ch->group, &g, e);
	for (size_t n = 0; n < ZONE_SLICE && (size_t)s->after < ch->count && !rc; n++)
		rc = change_one(c, ch, ch->devices[s->after++], s, e);
	s->done = (size_t)s->after >= ch->count;
	if (!rc && s->done)
		rc = tell(c->z, "changed", g.id, g.name, e);
	return rc || !s->done ? rc : answer_members(c, ch, s->counts[CHANGED], e);
}

/* Where its schedules order something for the members. */
static int check_may_join(struct command *c, const struct change *ch, struct err *e)
{
	int rc = move_check_group(c, ch->group, "/", NULL) ? ERR_NOT_ALLOWED : 0;
	for (size_t i = 0; i < ch->count && rc == ERR_NOT_ALLOWED; i++) {
		const struct tree_folder *f;
		int64_t folder = 0;
		if (store_device_folder(c->z->db, ch->devices[i], &folder, NULL))
			continue; /* it went */
		f = tree_get(c->z->tree, folder);
		if (!f || !rights_may(c->who.rights, RIGHT_POWER_SWITCH, f->path))
			return access_need(&c->who, RIGHT_POWER_SWITCH, f ? f->path : "/", api_str(c->call, "group"),
					   e);
	}
	return 0;
}

static int change_members(struct command *c, bool add, struct err *e)
{
	static const struct task_kind kind = {change_slice, change_free};
	struct store_group g;
	int rc = find(c, &g, e);
	if (!rc && *g.filter)
		rc = err_set(e, ERR_INVALID, "the members of group \"%s\" are those that fit its filter", g.name);
	if (rc)
		return rc;
	struct change *ch = mem_alloc(sizeof(*ch));
	ch->group = g.id;
	ch->add = add;
	rc = select_devices(c, &ch->devices, &ch->count, e);
	rc = rc || !add ? rc : check_may_join(c, ch, e);
	c->object = arena_printf(c->arena, "group:%s", g.name);
	if (rc)
		change_free(ch);
	else
		task_add(c, &kind, ch);
	return rc;
}

int command_GROUP_MEMBER_ADD(struct command *c, struct err *e)
{
	return change_members(c, true, e);
}

int command_GROUP_MEMBER_REMOVE(struct command *c, struct err *e)
{
	return change_members(c, false, e);
}

/* Filters that name a folder, with the new name. */
struct following {
	struct zone *z;
	const char *from, *to;
	struct store_group *changed; /* in the arena of the message */
	size_t count, cap;
	struct err *e;
};

static int follow_one(struct following *f, const struct store_group *row, const struct devfilter *filter)
{
	struct buf text;
	buf_init(&text, DEVFILTER_TEXT_MAX);
	int rc = devfilter_text(filter, f->from, f->to, &text);
	if (rc)
		rc = err_set(f->e, rc, "the filter of group \"%s\" would be longer than %d bytes", row->name,
			     DEVFILTER_TEXT_MAX);
	if (!rc && strcmp(buf_cstr(&text), row->filter) != 0) {
		if (f->count == f->cap) {
			f->cap = f->cap ? 2 * f->cap : 8;
			f->changed = mem_grow(f->changed, f->cap, sizeof(f->changed[0]));
		}
		struct store_group *g = &f->changed[f->count++];
		*g = *row;
		g->name = arena_str(f->z->arena, bytes_str(row->name));
		g->note = arena_str(f->z->arena, bytes_str(row->note));
		g->filter = arena_str(f->z->arena, buf_bytes(&text));
		g->changed_at = f->z->now;
	}
	buf_release(&text);
	return rc;
}

static int see_group(void *arg, const struct store_group *row)
{
	struct following *f = arg;
	struct devfilter *filter;
	if (!*row->filter || filter_parse(row->filter, FILTER_DEVICES, &filter, NULL))
		return 0;
	int rc = devfilter_uses(filter, DEVFILTER_FOLDER) ? follow_one(f, row, filter) : 0;
	devfilter_free(filter);
	return rc;
}

int group_follow(struct zone *z, const char *from, const char *to, struct err *e)
{
	struct following f = {.z = z, .from = from, .to = to, .e = e};
	int rc = store_group_list(z->db, see_group, &f, e);
	for (size_t i = 0; i < f.count && !rc; i++) {
		rc = store_group_put(z->db, &f.changed[i], e);
		rc = rc ? rc : tell(z, "changed", f.changed[i].id, f.changed[i].name, e);
	}
	free(f.changed);
	return rc;
}
