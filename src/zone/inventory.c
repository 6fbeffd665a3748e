/* Records of managed computers: imported, and forgotten. A record belongs to the device of its name; where there is
 * none it is made, in the folder that the row, the command or a registration rule says. Goes in slices; rows that are
 * in already cost no write, so an import that was broken off is given again. */
#include "store/inventory.h"

#include <stdlib.h>

#include "base/base.h"
#include "codec/inventory.h"
#include "codec/json.h"
#include "zone/device.h"
#include "zone/rule.h"
#include "zone/task.h"

#define ERRORS_MAX   100
#define SLICE        200 /* rows in one round: each is a handful of statements */
#define SOURCE_MAX   64
#define WORKSTATIONS "/Workstations/"

enum { ADDED, CHANGED, UNCHANGED, FAILED }; /* places in task_state.counts */

struct import {
	struct arena *arena;
	struct inventory all;
	struct map_str *names; /* of the file: the row that had it first */
	int64_t row_shift;
	bool dry_run;
	const char *source;
	char *errors[ERRORS_MAX];
};

static void import_free(void *own)
{
	struct import *im = own;
	for (size_t i = 0; i < ERRORS_MAX; i++)
		free(im->errors[i]);
	map_str_free(im->names);
	arena_free(im->arena);
	free(im);
}

static void leave_out(struct import *im, struct task_state *s, const struct inventory_record *r, const char *column,
		      int code, const char *why)
{
	struct buf text;
	int64_t place = s->counts[FAILED]++;
	if (place >= ERRORS_MAX)
		return;
	buf_init(&text, 2048);
	buf_addf(&text, "row %lld%s%s: %s: ", (long long)(r->row + im->row_shift), *column ? ", column " : "", column,
		 err_name(code));
	buf_addf(&text, "%s; %s", why, err_next(code));
	free(im->errors[place]); /* may hold one of a round that failed */
	im->errors[place] = mem_str(buf_cstr(&text));
	buf_release(&text);
}

/* Where a new device of this record goes. */
struct place {
	const char *path; /* NULL: where the rule says */
	const struct rule *rule;
	int64_t folder;
};

static int find_rule(struct command *c, const struct inventory_record *r, const struct rule **ret, struct err *e)
{
	struct devfilter_facts facts = {.name = r->name, .source = "import", .unseen_ms = -1};
	facts.has_address = *r->addresses && !strchr(r->addresses, ',') &&
			    range_addr_parse(bytes_str(r->addresses), &facts.address, NULL) == 0;
	return rule_find(c->z, &facts, ret, e);
}

static int may_make(struct command *c, const struct inventory_record *r, const char *path, struct err *e)
{
	struct store_folder f;
	int rc = check_path(path, e);
	rc = rc ? rc : access_need(&c->who, RIGHT_DEVICE_CREATE, path, r->name, e);
	if (!rc && store_folder_by_path(c->z->db, c->arena, STORE_TREE_DEVICE, path, &f, NULL))
		rc = access_need(&c->who, RIGHT_DEVICE_FOLDER_CREATE, path, path, e);
	return rc;
}

/* Everything that can stand in the way of a new device. *ret_column: which column it lies in. */
static int find_place(struct command *c, const struct inventory_record *r, struct place *ret, const char **ret_column,
		      struct err *e)
{
	*ret = (struct place){.path = *r->folder ? r->folder : api_str(c->call, "folder")};
	*ret_column = inventory_field_name(INVENTORY_FOLDER);
	int rc = ret->path ? 0 : find_rule(c, r, &ret->rule, e);
	if (rc)
		return rc;
	if (ret->rule)
		return rule_may(c, ret->rule, r->name, e);
	if (!ret->path)
		ret->path = WORKSTATIONS;
	return may_make(c, r, ret->path, e);
}

static int make_device(struct command *c, const struct inventory_record *r, const struct place *at, int64_t *ret,
		       struct err *e)
{
	struct zone *z = c->z;
	struct store_device row = {.name = r->name, .note = "", .created_at = z->now, .changed_at = z->now};
	int rc = new_id(z, STORE_ID_OBJECT, &row.id, e);
	if (!rc && at->rule)
		row.folder = at->rule->folder;
	else if (!rc)
		rc = folder_make(z, STORE_TREE_DEVICE, at->path, &row.folder, e);
	rc = rc ? rc : store_device_add(z->db, &row, e);
	rc = rc ? rc : rule_apply(z, at->rule, row.id, e);
	*ret = row.id;
	return rc ? rc : device_tell(z, "added", row.id, row.name, e);
}

static int put(struct command *c, const struct import *im, const struct inventory_record *r, int64_t device,
	       struct err *e)
{
	struct store_inventory row = {
		.device = device,
		.uuid = r->uuid,
		.macs = r->macs,
		.fqdn = r->fqdn,
		.addresses = r->addresses,
		.serial = r->serial,
		.source = im->source,
		.created_at = c->z->now,
		.changed_at = c->z->now,
	};
	return store_inventory_put(c->z->db, &row, e);
}

static bool says_the_same(const struct store_inventory *was, const struct inventory_record *r, const char *source)
{
	return uuid_equal(&was->uuid, &r->uuid) && strcmp(was->macs, r->macs) == 0 && strcmp(was->fqdn, r->fqdn) == 0 &&
	       strcmp(was->addresses, r->addresses) == 0 && strcmp(was->serial, r->serial) == 0 &&
	       strcmp(was->source, source) == 0;
}

static int import_existing(struct command *c, struct import *im, struct task_state *s, const struct inventory_record *r,
			   int64_t device, struct err *e)
{
	struct store_inventory was;
	int rc = store_inventory_get(c->z->db, c->arena, device, &was, NULL);
	if (rc && rc != ERR_NOT_FOUND)
		return err_set(e, rc, "inventory record of device \"%s\" cannot be read", r->name);
	bool is_new = rc == ERR_NOT_FOUND;
	if (!is_new && says_the_same(&was, r, im->source)) {
		s->counts[UNCHANGED]++;
		return 0;
	}
	s->counts[is_new ? ADDED : CHANGED]++;
	return im->dry_run ? 0 : put(c, im, r, device, e);
}

static int import_new(struct command *c, struct import *im, struct task_state *s, const struct inventory_record *r,
		      struct err *e)
{
	struct place at;
	struct err why = ERR_INIT;
	const char *column;
	int64_t device;
	int rc = find_place(c, r, &at, &column, &why);
	if (rc && err_class(rc) != ERR_CLASS_INPUT && err_class(rc) != ERR_CLASS_AUTH)
		return err_set(e, rc, "%s", why.msg);
	if (rc) {
		leave_out(im, s, r, column, rc, why.msg);
		return 0;
	}
	s->counts[ADDED]++;
	if (im->dry_run)
		return 0;
	rc = make_device(c, r, &at, &device, e);
	return rc ? rc : put(c, im, r, device, e);
}

/* The name is fine, and this is the first row that has it. */
static bool is_named_well(struct import *im, struct task_state *s, const struct inventory_record *r)
{
	static const char column[] = "name";
	struct err why = ERR_INIT;
	int rc = check_name("name", r->name, &why);
	const struct inventory_record *first = map_str_get(im->names, bytes_str(r->name));
	if (rc) {
		leave_out(im, s, r, column, rc, why.msg);
	} else if (first && first != r) {
		(void)err_set(&why, ERR_EXISTS, "\"%s\" stands in row %lld already", r->name,
			      (long long)(first->row + im->row_shift));
		leave_out(im, s, r, column, ERR_EXISTS, why.msg);
	} else {
		(void)map_str_put(im->names, bytes_str(r->name), (void *)(uintptr_t)r); /* nothing else was there */
	}
	return !rc && (!first || first == r);
}

static int import_row(struct command *c, struct import *im, struct task_state *s, const struct inventory_record *r,
		      struct err *e)
{
	struct store_device d;
	if (r->code)
		leave_out(im, s, r, r->column, r->code, r->why);
	if (r->code || !is_named_well(im, s, r))
		return 0;
	int rc = store_device_by_name(c->z->db, c->arena, r->name, &d, NULL);
	if (rc && rc != ERR_NOT_FOUND)
		return err_set(e, rc, "device \"%s\" cannot be read", r->name);
	return rc ? import_new(c, im, s, r, e) : import_existing(c, im, s, r, d.id, e);
}

static void put_errors(struct api_writer *w, const struct import *im, const struct task_state *s)
{
	size_t count = s->counts[FAILED] < ERRORS_MAX ? (size_t)s->counts[FAILED] : ERRORS_MAX;
	api_put_strs(w, "errors", (const char *const *)im->errors, count);
}

static void answer(struct command *c, const struct import *im, const struct task_state *s)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_inventory_import);
	api_put_int(&w, "rows", (int64_t)im->all.count);
	api_put_int(&w, "added", s->counts[ADDED]);
	api_put_int(&w, "changed", s->counts[CHANGED]);
	api_put_int(&w, "unchanged", s->counts[UNCHANGED]);
	api_put_int(&w, "failed", s->counts[FAILED]);
	put_errors(&w, im, s);
	api_put_list(&w, "ignored", im->all.ignored, ',');
	api_put_bool(&w, "dry_run", im->dry_run);
	api_end(&w);
}

static int import_slice(struct command *c, struct task *t, struct task_state *s, struct err *e)
{
	struct import *im = task_own(t);
	int rc = 0;
	for (int n = 0; n < SLICE && (size_t)s->after < im->all.count && !rc; n++) {
		arena_reset(c->arena);
		rc = import_row(c, im, s, &im->all.rows[s->after++], e);
	}
	s->done = (size_t)s->after >= im->all.count;
	if (!rc && s->done)
		answer(c, im, s);
	return rc;
}

static int read_import(struct command *c, struct import *im, struct err *e)
{
	struct bytes file = api_file(c->call, "file"), start = bytes_trim(file);
	bool is_json = start.len && (start.p[0] == '[' || start.p[0] == '{');
	const char *folder = api_str(c->call, "folder");
	int64_t first = is_json ? 1 : 2;
	im->dry_run = api_bool(c->call, "dry-run");
	im->row_shift = api_int(c->call, "first-row", first) - first;
	im->source = arena_str(im->arena, bytes_str(command_str(c, "source", is_json ? "json" : "csv")));
	int rc = check_text("source", im->source, SOURCE_MAX, e);
	rc = rc || !folder ? rc : check_path(folder, e);
	return rc ? rc : inventory_read(file, im->arena, &im->all, e);
}

int command_INVENTORY_IMPORT(struct command *c, struct err *e)
{
	static const struct task_kind kind = {import_slice, import_free};
	struct import *im = mem_alloc(sizeof(*im));
	im->arena = arena_new(0); /* the file is bounded, and so is what is made of it */
	im->names = map_str_new();
	int rc = read_import(c, im, e);
	if (rc)
		import_free(im);
	else
		task_add(c, &kind, im);
	return rc;
}

int command_INVENTORY_REMOVE(struct command *c, struct err *e)
{
	struct store_device d;
	int rc = find_device(c, api_str(c->call, "device"), &d, e);
	if (rc)
		return rc;
	c->object = arena_printf(c->arena, "device:%s", d.name);
	rc = store_inventory_delete(c->z->db, d.id, e);
	if (rc == ERR_NOT_FOUND)
		rc = err_set(e, rc, "the inventory says nothing of device \"%s\"", d.name);
	return rc ? rc : device_tell(c->z, "changed", d.id, d.name, e);
}
