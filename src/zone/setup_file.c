/* Files for USB keys: api draws and seals what is in them and gives the file away; here it is kept what became of them.
 */
#include "zone/setup_file.h"

#include "base/base.h"
#include "codec/json.h"
#include "zone/command.h"
#include "zone/device.h"

#define SPAN_MIN_MS INT64_C(3600000)
#define SPAN_MAX_MS (INT64_C(400) * 24 * 3600000)
#define SPAN_MS     (INT64_C(30) * 24 * 3600000)

static int find_file(struct command *c, const char *text, struct store_setup_file *ret, struct err *e)
{
	uint64_t id;
	int rc = store_setup_file_by_name(c->z->db, c->arena, text, ret, NULL);
	if (rc == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		rc = store_setup_file_get(c->z->db, c->arena, (int64_t)id, ret, NULL);
	if (!rc) {
		c->object = arena_printf(c->arena, "setup-file:%s", ret->name);
		return 0;
	}
	command_name(c, text);
	return err_set(e, rc, "setup file \"%s\" does not exist", text);
}

static int tell(struct command *c, const char *change, const struct store_setup_file *f, struct err *e)
{
	struct tell t = {.kind = "setup-file", .change = change, .id = f->id, .name = f->name};
	c->object = arena_printf(c->arena, "setup-file:%s", f->name);
	return event_tell(c->z, &t, e);
}

static int answer_file(struct command *c, const struct store_setup_file *f)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_setup_file);
	api_put_int(&w, "id", f->id);
	api_put_str(&w, "name", f->name);
	api_put_str(&w, "version", f->version);
	api_put_bool(&w, "shared", f->is_shared);
	api_put_text(&w, "fqdn", f->fqdn);
	api_put_text(&w, "dns", f->suffix);
	api_put_int(&w, "records", f->records);
	api_put_int(&w, "used", f->used);
	api_put_bool(&w, "expired", f->expires_at <= c->z->now);
	api_put_str(&w, "created_by", f->created_by);
	api_put_time(&w, "created", f->created_at);
	api_put_time(&w, "expires", f->expires_at);
	api_put_null(&w, "file");
	api_end(&w);
	return 0;
}

static int add_record(struct command *c, int64_t file, size_t i, struct err *e)
{
	const struct zone_setup_record *m = &c->m->setup->records[i];
	struct store_credential there;
	struct store_setup_record r = {
		.id = m->id,
		.file = file,
		.number = (int64_t)i + 1,
		.password = m->password,
		.pid = m->pid,
		.pps = m->pps,
	};
	if (store_credential_get(c->z->db, c->arena, r.id, &there, NULL) == 0)
		return err_set(e, ERR_CONFLICT, "id %lld is taken; try again", (long long)r.id);
	int rc = store_setup_record_add(c->z->db, &r, e);
	return rc == ERR_EXISTS ? err_set(e, ERR_CONFLICT, "a name that was drawn is taken; try again") : rc;
}

int command_SETUP_FILE_ADD(struct command *c, struct err *e)
{
	const struct zone_setup *m = c->m->setup;
	struct store_setup_file there;
	int64_t span = api_int(c->call, "expires", SPAN_MS);
	struct store_setup_file f = {
		.name = api_str(c->call, "name"),
		.version = m->version,
		.is_shared = api_bool(c->call, "shared"),
		.fqdn = m->fqdn,
		.suffix = m->suffix,
		.created_by = c->m->by.name,
		.created_at = c->z->now,
		.expires_at = later(c->z->now, span),
		.records = (int64_t)m->count,
	};
	int rc = check_name("name of a setup file", f.name, e);
	if (!rc && (span < SPAN_MIN_MS || span > SPAN_MAX_MS))
		rc = err_set(e, ERR_INVALID, "a setup file is for one hour to 400 days");
	if (!rc && store_setup_file_by_name(c->z->db, c->arena, f.name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "setup file \"%s\" exists already", f.name);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &f.id, e);
	rc = rc ? rc : store_setup_file_add(c->z->db, &f, e);
	for (size_t i = 0; i < m->count && !rc; i++)
		rc = add_record(c, f.id, i, e);
	rc = rc ? rc : tell(c, "added", &f, e);
	return rc ? rc : answer_file(c, &f);
}

int command_SETUP_FILE_REMOVE(struct command *c, struct err *e)
{
	struct store_setup_file f;
	int rc = find_file(c, api_str(c->call, "setup-file"), &f, e);
	if (!rc && !api_bool(c->call, "force") && f.used < f.records && f.expires_at > c->z->now)
		rc = err_set(
			e, ERR_IN_USE,
			"%lld records of setup file \"%s\" are not used yet; a computer that takes one could not be "
			"reached any more",
			(long long)(f.records - f.used), f.name);
	rc = rc ? rc : store_setup_file_delete(c->z->db, f.id, e);
	return rc ? rc : tell(c, "removed", &f, e);
}

static int make_credential(struct zone *z, const struct store_setup_file *f, const struct store_setup_record *r,
			   struct err *e)
{
	struct store_credential there;
	if (store_credential_get(z->db, z->arena, r->id, &there, NULL) == 0)
		return 0; /* of a shared record */
	struct store_credential row = {
		.id = r->id,
		.name = f->is_shared ? f->name : arena_printf(z->arena, "%s-%03lld", f->name, (long long)r->number),
		.login = "admin",
		.description = arena_printf(z->arena, "record %lld of setup file %s", (long long)r->number, f->name),
		.secret = r->password,
		.version = 1,
		.created_at = z->now,
		.changed_at = z->now,
	};
	int rc = folder_make(z, STORE_TREE_CREDENTIAL, SETUP_FILE_CREDENTIALS, &row.folder, e);
	if (!rc && store_credential_by_name(z->db, z->arena, row.folder, row.name, &there, NULL) == 0)
		row.name = arena_printf(z->arena, "%s-%lld", row.name, (long long)row.id);
	rc = rc ? rc : store_credential_add(z->db, &row, e);
	struct tell t = {.kind = "credential", .change = "added", .id = row.id, .name = row.name};
	credential_forget(z);
	return rc ? rc : event_tell(z, &t, e);
}

int setup_file_use(struct zone *z, const struct store_setup_record *r, int64_t device, int64_t *ret_credential,
		   struct err *e)
{
	struct store_setup_file f;
	int rc = store_setup_file_get(z->db, z->arena, r->file, &f, e);
	if (!rc && !f.is_shared && r->used_at && r->device != device)
		rc = err_set(e, ERR_IN_USE, "record %lld of setup file \"%s\" was used already%s%s",
			     (long long)r->number, f.name, *r->device_name ? ", by " : "", r->device_name);
	rc = rc ? rc : make_credential(z, &f, r, e);
	rc = rc ? rc : store_setup_record_use(z->db, r->id, z->now, device, e);
	struct tell t = {.kind = "setup-file", .change = "changed", .id = f.id, .name = f.name};
	rc = rc ? rc : event_tell(z, &t, e);
	if (!rc)
		*ret_credential = r->id;
	return rc;
}

static int give_login(struct command *c, const struct store_device *d, int64_t credential, struct err *e)
{
	struct store_amt m;
	int rc = store_amt_of_device(c->z->db, c->arena, d->id, &m, NULL);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_CONFIGURED, "device \"%s\" has no AMT address", d->name);
	if (rc)
		return err_set(e, rc, "AMT interface of device \"%s\"", d->name);
	m.credential = credential;
	m.changed_at = c->z->now;
	rc = store_amt_put(c->z->db, &m, e);
	return rc ? rc : device_tell(c->z, "changed", d->id, d->name, e);
}

int command_SETUP_FILE_USE(struct command *c, struct err *e)
{
	struct store_setup_file f;
	struct store_setup_record r;
	struct store_device d;
	int64_t credential = 0, number = api_int(c->call, "record", 1);
	int rc = find_file(c, api_str(c->call, "setup-file"), &f, e);
	if (!rc && store_setup_record_by_number(c->z->db, c->arena, f.id, number, &r, NULL))
		rc = err_set(e, ERR_NOT_FOUND, "setup file \"%s\" has no record %lld", f.name, (long long)number);
	if (!rc && f.expires_at <= c->z->now && !api_bool(c->call, "expired"))
		rc = err_set(e, ERR_EXPIRED, "the time of setup file \"%s\" is over", f.name);
	rc = rc ? rc : find_device(c, api_str(c->call, "device"), &d, e);
	rc = rc ? rc : setup_file_use(c->z, &r, d.id, &credential, e);
	rc = rc ? rc : give_login(c, &d, credential, e);
	return rc ? rc : answer_ref(c, credential, d.name);
}
