/* What people do about the reconciliation: run it now, say when it runs, link and unlink by hand. */
#include <stdlib.h>

#include "base/base.h"
#include "base/civil.h"
#include "codec/json.h"
#include "store/discovered.h"
#include "store/server.h"
#include "zone/device.h"
#include "zone/discover.h"
#include "zone/reconcile.h"
#include "zone/reconcile_view.h"
#include "zone/task.h"

#define SUFFIX_MAX 1000

static int answer_state(struct command *c, struct err *e)
{
	struct store_reconcile row;
	struct json_writer json;
	int rc = reconcile_state(c->z->db, c->arena, &row, e);
	json_writer_init(&json, &c->body);
	return rc ? rc : reconcile_write(c->z->db, c->arena, &json, &row, c->z->now, e);
}

/* How many runs have to be over before the answer. */
struct waiting {
	uint64_t for_run;
};

static int wait_slice(struct command *c, struct task *t, struct task_state *s, struct err *e)
{
	const struct waiting *w = task_own(t);
	s->done = reconcile_ended(c->z) >= w->for_run;
	return s->done ? answer_state(c, e) : 0;
}

int command_RECONCILE_RUN(struct command *c, struct err *e)
{
	static const struct task_kind kind = {wait_slice, free};
	struct waiting *w = mem_alloc(sizeof(*w));
	w->for_run = reconcile_ended(c->z) + 1;
	int rc = reconcile_start(c->z, c->m->by.name, e);
	if (rc)
		free(w);
	else
		task_add(c, &kind, w);
	return rc;
}

static bool takes(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < call->command->arg_count; i++)
		if (strcmp(call->command->args[i].name, name) == 0)
			return api_has(call, name);
	return false;
}

static const char *word_of(struct command *c, enum recur_word w)
{
	const char *name = recur_word_name(w);
	if (!takes(c->call, name))
		return NULL;
	return recur_word_takes_value(w) ? api_str(c->call, name) : api_bool(c->call, name) ? "" : NULL;
}

/* "every" without "from" begins now, to the minute. */
static const char *from_now(struct command *c, const struct tz *tz)
{
	char text[CIVIL_TEXT_SIZE];
	civil_text(tz_wall(tz, c->z->now / 1000), text);
	return arena_str(c->arena, bytes_str(text));
}

static int read_rule(struct command *c, const struct tz *tz, struct recur *ret, struct err *e)
{
	struct recur_words words = {{NULL}};
	bool any = false;
	for (int w = 0; w < RECUR_WORD_COUNT; w++) {
		words.value[w] = word_of(c, (enum recur_word)w);
		any = any || words.value[w];
	}
	if (!any)
		return err_set(e, ERR_MISSING,
			       "nothing is said; give --none, --dates, --weekly, --monthly, --every or --default");
	if (words.value[RECUR_WORD_EVERY] && !words.value[RECUR_WORD_FROM])
		words.value[RECUR_WORD_FROM] = from_now(c, words.value[RECUR_WORD_UTC] ? tz_utc() : tz);
	int rc = recur_build(&words, ret, e);
	if (rc || ret->kind == RECUR_NONE)
		return rc;
	return recur_check(ret, ret->utc ? tz_utc() : tz, c->z->now, e);
}

static int write_rule(struct command *c, const struct tz *tz, struct store_reconcile *row, struct err *e)
{
	struct recur rule;
	struct buf text;
	row->rule = "";
	if (api_bool(c->call, "default"))
		return 0;
	int rc = read_rule(c, tz, &rule, e);
	if (rc)
		return rc;
	buf_init(&text, RECUR_TEXT_MAX);
	rc = recur_write(&rule, &text);
	row->rule = arena_str(c->arena, buf_bytes(&text));
	buf_release(&text);
	return rc ? err_set(e, rc, "the rule is too long") : 0;
}

int command_RECONCILE_SCHEDULE(struct command *c, struct err *e)
{
	struct store_reconcile row;
	struct tz *tz;
	const char *zone = command_str(c, "timezone", "");
	int rc = reconcile_state(c->z->db, c->arena, &row, e);
	rc = rc ? rc : tz_load(NULL, *zone ? zone : reconcile_zone(c->z->db, c->arena), &tz, e);
	if (rc)
		return rc;
	row.time_zone = zone;
	rc = write_rule(c, tz, &row, e);
	tz_free(tz);
	row.handled = c->z->now;
	rc = rc ? rc : store_reconcile_put(c->z->db, &row, e);
	rc = rc ? rc : reconcile_changed(c->z, e);
	return rc ? rc : answer_state(c, e);
}

/* The device of a record. *ret_amt: its interface, id 0 none. */
static int find_recorded(struct command *c, struct store_device *d, struct store_inventory *record,
			 struct store_amt *ret_amt, struct err *e)
{
	int rc = find_device(c, api_str(c->call, "device"), d, e);
	if (rc)
		return rc;
	c->object = arena_printf(c->arena, "device:%s", d->name);
	rc = store_inventory_get(c->z->db, c->arena, d->id, record, NULL);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc, "the inventory says nothing of device \"%s\"; import its record first", d->name);
	if (rc)
		return err_set(e, rc, "inventory record of device \"%s\" cannot be read", d->name);
	rc = store_amt_of_device(c->z->db, c->arena, d->id, ret_amt, NULL);
	if (rc == ERR_NOT_FOUND)
		*ret_amt = (struct store_amt){0};
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int refuse(const char *device, enum match_reason why, struct err *e)
{
	const struct match_word *w = match_word((int)why);
	return err_set(e, why == MATCH_BUSY ? ERR_IN_USE : ERR_CONFLICT, "device \"%s\": %s; %s", device, w->sentence,
		       w->next);
}

static int link_device(struct command *c, const struct store_device *to, const struct store_device *from, struct err *e)
{
	struct store_inventory record;
	struct store_amt m;
	enum match_reason why;
	int rc = store_inventory_get(c->z->db, c->arena, from->id, &record, NULL);
	if (rc == 0)
		return err_set(e, ERR_CONFLICT,
			       "device \"%s\" has an inventory record of its own; forget it first with 'lamp inventory "
			       "remove'",
			       from->name);
	rc = store_amt_of_device(c->z->db, c->arena, from->id, &m, NULL);
	if (rc)
		return err_set(e, rc == ERR_NOT_FOUND ? ERR_NOT_CONFIGURED : rc, "device \"%s\" has no AMT settings",
			       from->name);
	rc = reconcile_merge(c->z, c->m->by.name, m.id, from->id, to->id, &why, e);
	return rc || why == MATCH_LINKED ? rc : refuse(from->name, why, e);
}

static int link_discovered(struct command *c, const struct store_device *to, const char *text, struct err *e)
{
	struct store_discovered d;
	struct store_device other;
	int rc = discover_find(c, text, &d, e);
	if (rc)
		return rc;
	if (d.device && d.device != to->id && store_device_get(c->z->db, c->arena, d.device, &other, NULL) == 0)
		return err_set(e, ERR_CONFLICT, "\"%s\" belongs to device \"%s\"; name that device instead", d.address,
			       other.name);
	rc = store_discovered_link(c->z->db, d.id, to->id, e);
	return rc ? rc : device_tell(c->z, "changed", to->id, to->name, e);
}

int command_RECONCILE_LINK(struct command *c, struct err *e)
{
	const char *text = api_str(c->call, "amt");
	struct store_device to, from;
	struct store_inventory record;
	struct store_amt m;
	int rc = find_recorded(c, &to, &record, &m, e);
	if (rc)
		return rc;
	if (m.id)
		return err_set(e, ERR_CONFLICT, "device \"%s\" has AMT settings already, at %s; unlink it first",
			       to.name, m.host);
	bool is_device = store_device_by_name(c->z->db, c->arena, text, &from, NULL) == 0;
	rc = is_device ? link_device(c, &to, &from, e) : link_discovered(c, &to, text, e);
	rc = rc ? rc : store_inventory_set_pin(c->z->db, to.id, STORE_PIN_LINKED, e);
	return rc ? rc : answer_ref(c, to.id, to.name);
}

/* The address, or with a number behind it. */
static int choose_name(struct command *c, const char *host, const char **ret, struct err *e)
{
	struct store_device there;
	const char *name = host;
	for (int n = 2; n <= SUFFIX_MAX; n++) {
		int rc = store_device_by_name(c->z->db, c->arena, name, &there, NULL);
		*ret = name;
		if (rc)
			return rc == ERR_NOT_FOUND ? 0 : err_set(e, rc, "device \"%s\" cannot be read", name);
		name = arena_printf(c->arena, "%s-%d", host, n);
	}
	return err_set(e, ERR_EXISTS, "no free name like \"%s\"", host);
}

/* The interface becomes a device of its own again. */
static int split(struct command *c, const struct store_device *from, struct store_amt *m, struct err *e)
{
	struct zone *z = c->z;
	struct store_device d = {.folder = from->folder, .note = "", .created_at = z->now, .changed_at = z->now};
	if (queue_has_interface(z->queue, m->id))
		return refuse(from->name, MATCH_BUSY, e);
	int rc = choose_name(c, m->host, &d.name, e);
	rc = rc ? rc : new_id(z, STORE_ID_OBJECT, &d.id, e);
	rc = rc ? rc : store_device_add(z->db, &d, e);
	m->device = d.id;
	m->changed_at = z->now;
	rc = rc ? rc : store_amt_put(z->db, m, e);
	return rc ? rc : device_tell(z, "added", d.id, d.name, e);
}

int command_RECONCILE_UNLINK(struct command *c, struct err *e)
{
	struct store_device d;
	struct store_inventory record;
	struct store_amt m;
	int64_t links = 0;
	int rc = find_recorded(c, &d, &record, &m, e);
	rc = rc || !m.id ? rc : split(c, &d, &m, e);
	rc = rc ? rc : store_reconcile_unlink(c->z->db, d.id, &links, e);
	if (!rc && !m.id && !links)
		rc = err_set(e, ERR_NOT_FOUND, "no AMT interface belongs to device \"%s\"", d.name);
	rc = rc ? rc : store_inventory_set_pin(c->z->db, d.id, STORE_PIN_APART, e);
	rc = rc ? rc : device_tell(c->z, "changed", d.id, d.name, e);
	return rc ? rc : answer_ref(c, d.id, d.name);
}

int command_RECONCILE_RELEASE(struct command *c, struct err *e)
{
	struct store_device d;
	struct store_inventory record;
	struct store_amt m;
	int rc = find_recorded(c, &d, &record, &m, e);
	rc = rc ? rc : store_inventory_set_pin(c->z->db, d.id, STORE_PIN_NONE, e);
	return rc ? rc : answer_ref(c, d.id, d.name);
}
