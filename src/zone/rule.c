#include "zone/rule.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/log.h"
#include "zone/command.h"
#include "zone/device.h"
#include "zone/filter.h"
#include "zone/move.h"

struct rules {
	struct rule *v;
	size_t count, cap;
};

void rules_free(struct rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		free(r->v[i].name);
		free(r->v[i].tags);
		free(r->v[i].groups);
		devfilter_free(r->v[i].filter);
	}
	free(r->v);
	free(r);
}

const struct rule *rules_find(const struct rules *r, const struct devfilter_facts *d)
{
	for (size_t i = 0; i < r->count; i++)
		if (devfilter_match(r->v[i].filter, d))
			return &r->v[i];
	return NULL;
}

static int see_rule(void *arg, const struct store_rule *row)
{
	struct rules *r = arg;
	struct devfilter *filter;
	struct err why = ERR_INIT;
	if (filter_parse(row->filter, FILTER_NEW, &filter, &why)) {
		log_event(LOG_WARNING, "registration rule left out, carrying on without it", LOG_S("rule", row->name),
			  LOG_S("why", why.msg));
		return 0;
	}
	if (r->count == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 8;
		r->v = mem_grow(r->v, r->cap, sizeof(r->v[0]));
	}
	r->v[r->count++] = (struct rule){
		.id = row->id,
		.name = mem_str(row->name),
		.tags = mem_str(row->tags),
		.folder = row->folder,
		.filter = filter,
	};
	return 0;
}

static int see_group(void *arg, int64_t group, const char *name)
{
	struct rule *rule = arg;
	rule->groups = mem_grow(rule->groups, rule->group_count + 1, sizeof(rule->groups[0]));
	rule->groups[rule->group_count++] = group;
	return 0;
}

int rules_load(struct db *db, struct rules **ret, struct err *e)
{
	struct rules *r = mem_alloc(sizeof(*r));
	int rc = store_rule_list(db, see_rule, r, e);
	for (size_t i = 0; i < r->count && !rc; i++)
		rc = store_rule_group_list(db, r->v[i].id, see_group, &r->v[i], e);
	if (rc)
		rules_free(r);
	else
		*ret = r;
	return rc;
}

void rule_forget(struct zone *z)
{
	rules_free(z->rules);
	z->rules = NULL;
}

int rule_find(struct zone *z, const struct devfilter_facts *d, const struct rule **ret, struct err *e)
{
	int rc = z->rules ? 0 : rules_load(z->db, &z->rules, e);
	if (!rc)
		*ret = rules_find(z->rules, d);
	return rc;
}

int rule_may(struct command *c, const struct rule *rule, const char *device, struct err *e)
{
	const struct tree_folder *f = tree_get(c->z->tree, rule->folder);
	return access_need(&c->who, RIGHT_DEVICE_CREATE, f ? f->path : "/", device, e);
}

static int add_tags(struct zone *z, const char *tags, int64_t device, struct err *e)
{
	int rc = 0;
	for (const char *at = tags; *at && !rc;) {
		size_t len = strcspn(at, ",");
		AUTO_FREE char *tag = bytes_dup_str(BYTES(at, len));
		rc = store_tag_add(z->db, device, tag, e);
		at += len + (at[len] == ',');
	}
	return rc;
}

int rule_apply(struct zone *z, const struct rule *rule, int64_t device, struct err *e)
{
	bool changed;
	int rc = rule ? add_tags(z, rule->tags, device, e) : 0;
	for (size_t i = 0; rule && i < rule->group_count && !rc; i++)
		rc = store_group_member_add(z->db, rule->groups[i], device, &changed, e);
	return rc;
}

static int done(struct command *c, const char *change, int64_t id, const char *name, struct err *e)
{
	c->object = arena_printf(c->arena, "rule:%s", name);
	rule_forget(c->z);
	return event_tell(c->z, &(struct tell){.kind = "rule", .change = change, .id = id, .name = name}, e);
}

/* The ids of all rules in their order. */
struct order {
	int64_t ids[RULES_MAX + 1]; /* room for one to be put in */
	size_t count;
};

static int see_place(void *arg, const struct store_rule *row)
{
	struct order *o = arg;
	if (o->count < RULES_MAX)
		o->ids[o->count++] = row->id;
	return 0;
}

static void take_out(struct order *o, int64_t id)
{
	size_t to = 0;
	for (size_t i = 0; i < o->count; i++)
		if (o->ids[i] != id)
			o->ids[to++] = o->ids[i];
	o->count = to;
}

/* place counts from 1; behind the end is the end. */
static void put_in(struct order *o, int64_t id, int64_t place)
{
	size_t at = place - 1 < (int64_t)o->count ? (size_t)(place - 1) : o->count;
	memmove(o->ids + at + 1, o->ids + at, (o->count - at) * sizeof(o->ids[0]));
	o->ids[at] = id;
	o->count++;
}

static int store_order(struct zone *z, const struct order *o, struct err *e)
{
	int rc = 0;
	for (size_t i = 0; i < o->count && !rc; i++)
		rc = store_rule_place(z->db, o->ids[i], (int64_t)i + 1, e);
	return rc;
}

static int read_place(struct command *c, int64_t otherwise, int64_t *ret, struct err *e)
{
	*ret = api_int(c->call, "place", otherwise);
	return *ret >= 1 ? 0 : err_set(e, ERR_INVALID, "place %lld is not 1 or more", (long long)*ret);
}

static int find_rule(struct command *c, struct store_rule *ret, struct err *e)
{
	const char *name = api_str(c->call, "rule");
	int rc = store_rule_by_name(c->z->db, c->arena, name, ret, NULL);
	if (rc != ERR_NOT_FOUND)
		return rc ? err_set(e, rc, "rule \"%s\" cannot be read", name) : 0;
	command_name(c, name);
	return err_set(e, rc, "rule \"%s\" does not exist", name);
}

/* Groups are static ones: a dynamic one chooses for itself. */
static int find_groups(struct command *c, int64_t **ret, size_t *ret_count, struct err *e)
{
	size_t count = 0;
	const struct bytes *names = api_has(c->call, "groups") ? api_strs(c->call, "groups", &count) : NULL;
	int64_t *ids = arena_alloc(c->arena, RULE_GROUPS_MAX * sizeof(*ids));
	if (count > RULE_GROUPS_MAX)
		return err_set(e, ERR_TOO_BIG, "more than %d groups", RULE_GROUPS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct store_group g;
		int rc = find_group(c, (const char *)names[i].p, &g, e);
		if (!rc && *g.filter)
			rc = err_set(e, ERR_INVALID, "the members of group \"%s\" are those that fit its filter",
				     g.name);
		rc = rc ? rc : move_check_group(c, g.id, "/", e);
		if (rc)
			return rc;
		ids[i] = g.id;
	}
	*ret = ids;
	*ret_count = count;
	return 0;
}

static int check_rule(struct command *c, const struct store_rule *r, const struct order *o, struct err *e)
{
	struct store_rule there;
	struct devfilter *filter;
	int rc = check_name("rule name", r->name, e);
	if (!rc && store_rule_by_name(c->z->db, c->arena, r->name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "rule \"%s\" exists already", r->name);
	if (!rc && o->count == RULES_MAX)
		rc = err_set(e, ERR_TOO_BIG, "there are %d rules already", RULES_MAX);
	rc = rc ? rc : device_check_tags(c, "tags", e);
	rc = rc ? rc : check_path(api_str(c->call, "folder"), e);
	rc = rc ? rc : filter_parse(r->filter, FILTER_NEW, &filter, e);
	if (!rc)
		devfilter_free(filter);
	return rc;
}

static int write_rule(struct command *c, const struct store_rule *r, const int64_t *groups, size_t count,
		      struct order *o, struct err *e)
{
	int rc = store_rule_add(c->z->db, r, e);
	for (size_t i = 0; i < count && !rc; i++)
		rc = store_rule_group_add(c->z->db, r->id, groups[i], e);
	put_in(o, r->id, r->place);
	return rc ? rc : store_order(c->z, o, e);
}

int command_RULE_ADD(struct command *c, struct err *e)
{
	struct store_rule r = {
		.name = api_str(c->call, "name"),
		.filter = api_str(c->call, "filter"),
		.created_at = c->z->now,
	};
	struct order *o = arena_alloc(c->arena, sizeof(*o));
	int64_t *groups;
	size_t count;
	int rc = store_rule_list(c->z->db, see_place, o, e);
	rc = rc ? rc : check_rule(c, &r, o, e);
	rc = rc ? rc : read_place(c, RULES_MAX, &r.place, e);
	rc = rc ? rc : find_groups(c, &groups, &count, e);
	if (rc)
		return rc;
	r.tags = device_joined_tags(c, "tags");
	rc = access_need(&c->who, RIGHT_DEVICE_CREATE, api_str(c->call, "folder"), api_str(c->call, "folder"), e);
	rc = rc ? rc : command_folder(c, STORE_TREE_DEVICE, api_str(c->call, "folder"), &r.folder, e);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &r.id, e);
	rc = rc ? rc : write_rule(c, &r, groups, count, o, e);
	rc = rc ? rc : done(c, "added", r.id, r.name, e);
	return rc ? rc : answer_ref(c, r.id, r.name);
}

int command_RULE_MOVE(struct command *c, struct err *e)
{
	struct store_rule r;
	int64_t place;
	struct order *o = arena_alloc(c->arena, sizeof(*o));
	int rc = find_rule(c, &r, e);
	rc = rc ? rc : read_place(c, 0, &place, e);
	rc = rc ? rc : store_rule_list(c->z->db, see_place, o, e);
	if (rc)
		return rc;
	take_out(o, r.id);
	put_in(o, r.id, place);
	rc = store_order(c->z, o, e);
	rc = rc ? rc : done(c, "changed", r.id, r.name, e);
	return rc ? rc : answer_ref(c, r.id, r.name);
}

int command_RULE_REMOVE(struct command *c, struct err *e)
{
	struct store_rule r;
	struct order *o = arena_alloc(c->arena, sizeof(*o));
	int rc = find_rule(c, &r, e);
	rc = rc ? rc : store_rule_list(c->z->db, see_place, o, e);
	rc = rc ? rc : store_rule_delete(c->z->db, r.id, e);
	if (rc)
		return rc;
	take_out(o, r.id);
	rc = store_order(c->z, o, e);
	return rc ? rc : done(c, "removed", r.id, r.name, e);
}
