/* Import: discovered AMT interfaces become devices. Goes in slices; what belongs to a device already is linked to it.
 */
#include <stdlib.h>

#include "base/base.h"
#include "codec/json.h"
#include "zone/device.h"
#include "zone/discover.h"
#include "zone/rule.h"
#include "zone/task.h"

#define REASONS_MAX  100
#define SLICE        200 /* imports in one round: each is a handful of rows */
#define SUFFIX_MAX   1000
#define WORKSTATIONS "/Workstations/"
#define ALL_THAT_ARE "discovered"

enum { IMPORTED, LINKED, SKIPPED, REASONS }; /* places in task_state.counts */

struct import {
	int64_t folder, credential;
	bool has_tls, all;
	enum store_tls_policy tls;
	char *reasons[REASONS_MAX];
};

static void import_free(void *own)
{
	struct import *im = own;
	for (size_t i = 0; i < REASONS_MAX; i++)
		free(im->reasons[i]);
	free(im);
}

static void skip(struct import *im, struct task_state *s, const char *thing, int code)
{
	struct buf text;
	s->counts[SKIPPED]++;
	if (s->counts[REASONS] == REASONS_MAX)
		return;
	buf_init(&text, 1024);
	buf_addf(&text, "%s: %s", thing, err_sentence(code));
	char **place = &im->reasons[s->counts[REASONS]++]; /* may hold one of a round that failed */
	free(*place);
	*place = mem_str(buf_cstr(&text));
	buf_release(&text);
}

/* Why a discovered thing cannot be made a device; 0: it can. */
static int obstacle(const struct zone *z, const struct store_discovered *d)
{
	if (d->valid_until <= z->now)
		return ERR_DISCOVERY_EXPIRED;
	if (d->reason)
		return -d->reason;
	bool is_set_up = d->provisioned == STORE_PROVISIONED_YES || d->provisioned == STORE_PROVISIONED_UNKNOWN;
	return is_set_up ? 0 : ERR_NOT_PROVISIONED;
}

static int see_device(void *arg, const struct store_amt_user *row)
{
	int64_t *device = arg;
	if (row->device && !*device)
		*device = row->device;
	return 0;
}

static int find_existing(struct zone *z, const struct store_discovered *d, int64_t *ret_device, struct err *e)
{
	*ret_device = d->device;
	int rc = 0;
	if (!*ret_device && !uuid_is_nil(&d->uuid))
		rc = store_amt_list_by_uuid(z->db, &d->uuid, see_device, ret_device, e);
	if (!rc && !*ret_device)
		rc = store_amt_list_by_host(z->db, d->address, see_device, ret_device, e);
	return rc;
}

/* Host name, else address; with a number behind it where the name is taken. */
static int choose_name(struct command *c, const struct store_discovered *d, const char **ret, struct err *e)
{
	const char *base = *d->name && !check_name("name", d->name, NULL) ? d->name : d->address;
	const char *name = base;
	for (int n = 2; n <= SUFFIX_MAX; n++) {
		struct store_device there;
		int rc = store_device_by_name(c->z->db, c->arena, name, &there, NULL);
		if (rc == ERR_NOT_FOUND) {
			*ret = name;
			return 0;
		}
		if (rc)
			return err_set(e, rc, "device \"%s\" cannot be read", name);
		name = arena_printf(c->arena, "%s-%d", base, n);
	}
	return err_set(e, ERR_EXISTS, "no free name like \"%s\"", base);
}

static int add_interface(struct command *c, const struct import *im, const struct store_discovered *d, int64_t device,
			 struct err *e)
{
	struct store_amt m;
	int rc = device_amt_init(c->z, device, &m, e);
	if (rc)
		return rc;
	m.host = d->address;
	m.mode = STORE_AMT_MODE_SMB;
	m.credential = im->credential;
	if (im->has_tls)
		m.tls_policy = im->tls;
	rc = store_amt_add(c->z->db, &m, e);
	if (!rc && !uuid_is_nil(&d->uuid))
		rc = store_amt_state_set_uuid(c->z->db, m.id, &d->uuid, e);
	struct store_amt_learned l = {.amt = m.id, .version = d->version};
	return rc ? rc : store_amt_state_learn(c->z->db, &l, e);
}

static const char *sources_text(struct command *c, unsigned sources)
{
	static const struct {
		enum store_source bit;
		const char *word;
	} words[] = {{STORE_SOURCE_RMCP, "rmcp"}, {STORE_SOURCE_TCP, "tcp"}, {STORE_SOURCE_HELLO, "hello"}};
	const char *all = "";
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (sources & words[i].bit)
			all = arena_printf(c->arena, "%s%s%s", all, *all ? "," : "", words[i].word);
	return all;
}

/* Where a device belongs for which no folder was named. */
static int find_rule(struct command *c, const struct store_discovered *d, const char *name, const struct rule **ret,
		     struct err *e)
{
	struct devfilter_facts facts = {.name = name, .amt = d->version, .unseen_ms = -1};
	facts.tags = device_joined_tags(c, "tags");
	facts.source = sources_text(c, d->sources);
	facts.has_address = range_addr_parse(bytes_str(d->address), &facts.address, NULL) == 0;
	return rule_find(c->z, &facts, ret, e);
}

static int make_device(struct command *c, const struct import *im, const struct store_discovered *d,
		       const struct rule *rule, const char *name, struct err *e)
{
	struct zone *z = c->z;
	struct store_device row = {.name = name, .note = "", .created_at = z->now, .changed_at = z->now};
	row.folder = rule ? rule->folder : im->folder;
	int rc = new_id(z, STORE_ID_OBJECT, &row.id, e);
	rc = rc ? rc : store_device_add(z->db, &row, e);
	rc = rc ? rc : add_interface(c, im, d, row.id, e);
	rc = rc ? rc : device_set_tags(c, row.id, "tags", true, e);
	rc = rc ? rc : rule_apply(z, rule, row.id, e);
	rc = rc ? rc : store_discovered_link(z->db, d->id, row.id, e);
	return rc ? rc : device_tell(z, "added", row.id, row.name, e);
}

static int make_or_skip(struct command *c, struct import *im, struct task_state *s, const struct store_discovered *d,
			struct err *e)
{
	const char *name;
	const struct rule *rule = NULL;
	int why = obstacle(c->z, d);
	int rc = why ? 0 : choose_name(c, d, &name, e);
	if (!rc && !why && !api_has(c->call, "folder"))
		rc = find_rule(c, d, name, &rule, e);
	if (!rc && rule)
		why = rule_may(c, rule, name, NULL);
	if (rc)
		return rc;
	if (why) {
		skip(im, s, d->address, why);
		return 0;
	}
	s->counts[IMPORTED]++;
	return make_device(c, im, d, rule, name, e);
}

/* A device that was linked by its inventory record gets the interface now. */
static int complete(struct command *c, struct import *im, struct task_state *s, const struct store_discovered *d,
		    int64_t device, struct err *e)
{
	struct store_device row;
	struct store_folder f;
	int why = obstacle(c->z, d);
	int rc = store_device_get(c->z->db, c->arena, device, &row, e);
	rc = rc ? rc : store_folder_get(c->z->db, c->arena, row.folder, &f, e);
	if (rc)
		return rc;
	if (!why)
		why = access_need(&c->who, RIGHT_DEVICE_MODIFY, f.path, row.name, NULL);
	if (why) {
		skip(im, s, d->address, why);
		return 0;
	}
	s->counts[LINKED]++;
	rc = add_interface(c, im, d, device, e);
	return rc ? rc : device_tell(c->z, "changed", device, row.name, e);
}

static int import_one(struct command *c, struct import *im, struct task_state *s, const struct store_discovered *d,
		      struct err *e)
{
	int64_t device;
	struct store_amt m;
	int rc = find_existing(c->z, d, &device, e);
	if (rc)
		return rc;
	if (!device)
		return make_or_skip(c, im, s, d, e);
	if (d->device == device && store_amt_of_device(c->z->db, c->arena, device, &m, NULL) == ERR_NOT_FOUND)
		return complete(c, im, s, d, device, e);
	bool is_new = d->device != device;
	s->counts[LINKED] += is_new || !im->all; /* of all only what is news */
	return is_new ? store_discovered_link(c->z->db, d->id, device, e) : 0;
}

struct page {
	int64_t ids[SLICE];
	int count;
};

static int see_id(void *arg, const struct store_discovered *row)
{
	struct page *p = arg;
	p->ids[p->count++] = row->id;
	return 0;
}

static int import_page(struct command *c, struct import *im, struct task_state *s, struct err *e)
{
	struct page p = {.count = 0};
	struct store_discovered d;
	struct store_discovered_filter f = {
		.after_id = s->after, .imported = -1, .valid_at = c->z->now, .limit = SLICE};
	int rc = store_discovered_list(c->z->db, &f, see_id, &p, e);
	for (int i = 0; i < p.count && !rc; i++) {
		arena_reset(c->arena);
		s->after = p.ids[i];
		rc = store_discovered_get(c->z->db, c->arena, p.ids[i], &d, e);
		rc = rc ? rc : import_one(c, im, s, &d, e);
	}
	s->done = p.count < SLICE;
	return rc;
}

static int import_named(struct command *c, struct import *im, struct task_state *s, struct err *e)
{
	size_t count;
	const struct bytes *names = api_strs(c->call, "discovered", &count);
	int rc = 0;
	for (size_t n = 0; n < SLICE && (size_t)s->after < count && !rc; n++) {
		struct store_discovered d;
		const char *name = (const char *)names[s->after++].p;
		arena_reset(c->arena);
		if (discover_find(c, name, &d, NULL))
			skip(im, s, name, ERR_NOT_FOUND);
		else
			rc = import_one(c, im, s, &d, e);
	}
	s->done = (size_t)s->after >= count;
	return rc;
}

static void answer(struct command *c, const struct import *im, const struct task_state *s)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_import);
	api_put_int(&w, "imported", s->counts[IMPORTED]);
	api_put_int(&w, "linked", s->counts[LINKED]);
	api_put_int(&w, "skipped", s->counts[SKIPPED]);
	api_put_strs(&w, "reasons", (const char *const *)im->reasons, (size_t)s->counts[REASONS]);
	api_end(&w);
}

static int import_slice(struct command *c, struct task *t, struct task_state *s, struct err *e)
{
	struct import *im = task_own(t);
	int rc = im->all ? import_page(c, im, s, e) : import_named(c, im, s, e);
	if (!rc && s->done)
		answer(c, im, s);
	return rc;
}

static int read_import(struct command *c, struct import *im, struct err *e)
{
	size_t count = 0;
	const char *tls = api_str(c->call, "tls"), *credential = api_str(c->call, "credential");
	const struct bytes *names = api_has(c->call, "discovered") ? api_strs(c->call, "discovered", &count) : NULL;
	struct store_credential row;
	if (!count)
		return err_set(e, ERR_MISSING, "nothing is named; name addresses, or the word discovered for all");
	im->all = count == 1 && bytes_equal_str(names[0], ALL_THAT_ARE);
	im->has_tls = tls != NULL;
	if (tls && !store_tls_policy_from_name(tls, &im->tls))
		return err_set(e, ERR_INVALID, "tls \"%s\" is none of auto, require, never, default", tls);
	int rc = credential ? find_credential(c, credential, &row, e) : 0;
	if (!rc && credential)
		im->credential = row.id;
	rc = rc ? rc : device_check_tags(c, "tags", e);
	return rc ? rc : command_folder(c, STORE_TREE_DEVICE, command_str(c, "folder", WORKSTATIONS), &im->folder, e);
}

int command_DEVICE_IMPORT(struct command *c, struct err *e)
{
	static const struct task_kind kind = {import_slice, import_free};
	struct import *im = mem_alloc(sizeof(*im));
	int rc = read_import(c, im, e);
	if (rc)
		import_free(im);
	else
		task_add(c, &kind, im);
	return rc;
}
