/* Devices and their AMT settings. */
#include "zone/device.h"
#include "base/base.h"
#include "codec/range.h"
#include "store/hold.h"
#include "store/server.h"
#include "zone/engine.h"
#include "zone/move.h"
#include "zone/rule.h"

#define TAG_MAX      64
#define PORT_PLAIN   16992
#define PORT_TLS     16993
#define WORKSTATIONS "/Workstations/"

int device_tell(struct zone *z, const char *change, int64_t id, const char *name, struct err *e)
{
	return event_tell(z, &(struct tell){.kind = "device", .change = change, .id = id, .name = name}, e);
}

static int tell(struct command *c, const char *change, const struct store_device *d, struct err *e)
{
	c->object = arena_printf(c->arena, "device:%s", d->name);
	c->at_folder = d->folder;
	c->at_device = d->id;
	return device_tell(c->z, change, d->id, d->name, e);
}

/* A label of a host name: RFC 1123 2.1, with the underscore that some names have. */
static bool is_label(struct bytes l)
{
	if (l.len == 0 || l.len > 63 || l.p[0] == '-' || l.p[l.len - 1] == '-')
		return false;
	for (size_t i = 0; i < l.len; i++) {
		uint8_t ch = l.p[i] | 0x20;
		if (!(ch >= 'a' && ch <= 'z') && !(l.p[i] >= '0' && l.p[i] <= '9') && l.p[i] != '-' && l.p[i] != '_')
			return false;
	}
	return true;
}

/* The last label of a name has a letter; so "10.0.0" and "1.2.3.999" are no names. */
static bool has_letter(struct bytes l)
{
	for (size_t i = 0; i < l.len; i++)
		if ((l.p[i] | 0x20) >= 'a' && (l.p[i] | 0x20) <= 'z')
			return true;
	return false;
}

static bool is_host_name(struct bytes s)
{
	struct bytes label = BYTES_NONE;
	if (s.len && s.p[s.len - 1] == '.')
		s.len--;
	if (s.len > 253)
		return false;
	for (;;) {
		const uint8_t *dot = s.len ? memchr(s.p, '.', s.len) : NULL;
		label = dot ? BYTES(s.p, (size_t)(dot - s.p)) : s;
		if (!is_label(label))
			return false;
		if (!dot)
			return has_letter(label);
		s = BYTES(dot + 1, s.len - label.len - 1);
	}
}

static struct bytes without_brackets(struct bytes s)
{
	return s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']' ? BYTES(s.p + 1, s.len - 2) : s;
}

int device_check_host(struct command *c, const char *text, const char **ret, struct err *e)
{
	struct range_addr a;
	char canonical[RANGE_ADDR_TEXT_SIZE];
	struct bytes s = without_brackets(bytes_str(text));
	if (range_addr_parse(s, &a, NULL) == 0) {
		int rc = setting_check_address(c->z, &a, e);
		range_addr_text(&a, canonical);
		*ret = arena_str(c->arena, bytes_str(canonical));
		return rc;
	}
	if (!is_host_name(s))
		return err_set(e, ERR_INVALID, "AMT address \"%s\" is neither an IP address nor a host name", text);
	*ret = arena_str(c->arena, s);
	return 0;
}

struct taken {
	int64_t own;
	char name[STORE_NAME_MAX + 1];
};

static int see_taken(void *arg, const struct store_amt_user *row)
{
	struct taken *t = arg;
	if (row->device && row->device != t->own)
		bytes_to_str(bytes_str(row->device_name), t->name, sizeof(t->name));
	return 0;
}

/* Two devices at one address would be two conversations with one machine. */
static int check_host_is_free(struct command *c, int64_t device, const char *host, struct err *e)
{
	struct taken t = {.own = device};
	int rc = store_amt_list_by_host(c->z->db, host, see_taken, &t, e);
	if (rc || !t.name[0])
		return rc;
	command_name(c, t.name);
	return err_set(e, ERR_EXISTS, "AMT address \"%s\" is already that of device \"%s\"", host, t.name);
}

/* What "device add" and "device set" say of the interface. */
struct amt_wish {
	bool any;
	const char *host;
	int64_t credential, server;
	bool has_tls;
	enum store_tls_policy tls;
	bool has_uuid;
	struct uuid uuid;
};

static int read_tls(struct command *c, struct amt_wish *w, struct err *e)
{
	const char *tls = api_str(c->call, "tls");
	if (!tls)
		return 0;
	w->has_tls = store_tls_policy_from_name(tls, &w->tls);
	return w->has_tls ? 0 : err_set(e, ERR_INVALID, "tls \"%s\" is none of auto, require, never, default", tls);
}

static int read_uuid(struct command *c, struct amt_wish *w, struct err *e)
{
	const char *text = api_str(c->call, "uuid");
	if (!text)
		return 0;
	if (!uuid_parse(bytes_str(text), &w->uuid))
		return err_set(e, ERR_INVALID, "UUID \"%s\" is not of the form 8-4-4-4-12 hexadecimal digits", text);
	if (discover_uuid_is_none(&w->uuid))
		return err_set(e, ERR_INVALID, "UUID \"%s\" is a vendor's default and tells no computer apart", text);
	w->has_uuid = true;
	return 0;
}

static int read_server(struct command *c, struct amt_wish *w, struct err *e)
{
	const char *name = api_str(c->call, "server");
	struct store_server s;
	if (!name)
		return 0;
	int rc = store_server_by_name(c->z->db, c->arena, name, &s, NULL);
	if (rc) {
		command_name(c, name);
		return err_set(e, rc, "server \"%s\" does not exist", name);
	}
	w->server = s.id;
	return 0;
}

static int read_credential(struct command *c, struct amt_wish *w, struct err *e)
{
	const char *name = api_str(c->call, "credential");
	struct store_credential row;
	if (!name)
		return 0;
	int rc = find_credential(c, name, &row, e);
	if (!rc)
		w->credential = row.id;
	return rc;
}

static int read_wish(struct command *c, int64_t device, struct amt_wish *w, struct err *e)
{
	static const char *const args[] = {"amt", "credential", "server", "tls", "old-tls", "uuid"};
	*w = (struct amt_wish){0};
	for (size_t i = 0; i < ARRAY_LEN(args); i++)
		w->any = w->any || api_has(c->call, args[i]);
	int rc = api_has(c->call, "amt") ? device_check_host(c, api_str(c->call, "amt"), &w->host, e) : 0;
	rc = rc || !w->host ? rc : check_host_is_free(c, device, w->host, e);
	rc = rc ? rc : read_credential(c, w, e);
	rc = rc ? rc : read_server(c, w, e);
	rc = rc ? rc : read_tls(c, w, e);
	return rc ? rc : read_uuid(c, w, e);
}

int device_amt_init(struct zone *z, int64_t device, struct store_amt *ret, struct err *e)
{
	*ret = (struct store_amt){
		.device = device,
		.host = "",
		.port_plain = PORT_PLAIN,
		.port_tls = PORT_TLS,
		.mode = STORE_AMT_MODE_NONE,
		.server = z->server,
		.tls_policy = STORE_TLS_POLICY_DEFAULT,
		.changed_at = z->now,
	};
	return new_id(z, STORE_ID_OBJECT, &ret->id, e);
}

static void apply_wish(struct command *c, const struct amt_wish *w, struct store_amt *m)
{
	if (w->host)
		m->host = w->host;
	if (w->credential)
		m->credential = w->credential;
	if (w->server)
		m->server = w->server;
	if (w->has_tls)
		m->tls_policy = w->tls;
	if (api_has(c->call, "old-tls"))
		m->old_tls = api_bool(c->call, "old-tls");
	if (*m->host && m->mode == STORE_AMT_MODE_NONE)
		m->mode = STORE_AMT_MODE_SMB;
	m->changed_at = c->z->now;
}

static int write_amt(struct command *c, int64_t device, const struct amt_wish *w, struct err *e)
{
	struct store_amt m;
	if (!w->any)
		return 0;
	int rc = store_amt_of_device(c->z->db, c->arena, device, &m, NULL);
	bool is_new = rc == ERR_NOT_FOUND;
	if (is_new)
		rc = device_amt_init(c->z, device, &m, e);
	if (rc)
		return rc;
	apply_wish(c, w, &m);
	rc = is_new ? store_amt_add(c->z->db, &m, e) : store_amt_put(c->z->db, &m, e);
	if (!rc && w->has_uuid)
		rc = store_amt_state_set_uuid(c->z->db, m.id, &w->uuid, e);
	return rc;
}

int device_check_tags(struct command *c, const char *arg, struct err *e)
{
	size_t count = 0;
	const struct bytes *tags = api_has(c->call, arg) ? api_strs(c->call, arg, &count) : NULL;
	for (size_t i = 0; i < count; i++) {
		const char *tag = (const char *)tags[i].p;
		int rc = check_text("tag", tag, TAG_MAX, e);
		if (rc)
			return rc;
		if (!*tag || strpbrk(tag, ",/ \t"))
			return err_set(e, ERR_INVALID, "tag \"%s\" is empty or has a comma, slash or blank", tag);
	}
	return 0;
}

const char *device_joined_tags(struct command *c, const char *arg)
{
	size_t count = 0;
	const struct bytes *tags = api_has(c->call, arg) ? api_strs(c->call, arg, &count) : NULL;
	struct buf all;
	buf_init(&all, SIZE_MAX / 2); /* the request has a limit */
	for (size_t i = 0; i < count; i++) {
		buf_adds(&all, i ? "," : "");
		buf_add_bytes(&all, tags[i]);
	}
	const char *s = arena_str(c->arena, buf_bytes(&all));
	buf_release(&all);
	return s;
}

int device_set_tags(struct command *c, int64_t device, const char *arg, bool there, struct err *e)
{
	size_t count = 0;
	const struct bytes *tags = api_has(c->call, arg) ? api_strs(c->call, arg, &count) : NULL;
	int rc = 0;
	for (size_t i = 0; i < count && !rc; i++) {
		const char *tag = (const char *)tags[i].p;
		rc = there ? store_tag_add(c->z->db, device, tag, e) : store_tag_delete(c->z->db, device, tag, e);
	}
	return rc;
}

static int check_free(struct command *c, const char *name, int64_t own, struct err *e)
{
	struct store_device there;
	int rc = store_device_by_name(c->z->db, c->arena, name, &there, NULL);
	if (rc == 0 && there.id != own)
		return err_set(e, ERR_EXISTS, "device \"%s\" exists already", name);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int check_add(struct command *c, const struct store_device *d, const char *path, struct amt_wish *w,
		     struct err *e)
{
	int rc = check_name("device name", d->name, e);
	rc = rc ? rc : check_text("note", d->note, STORE_NOTE_MAX, e);
	rc = rc ? rc : check_path(path, e);
	rc = rc ? rc : check_free(c, d->name, 0, e);
	rc = rc ? rc : device_check_tags(c, "tags", e);
	return rc ? rc : read_wish(c, 0, w, e);
}

/* Where a device belongs for which no folder was named. */
static int find_rule(struct command *c, const char *name, const char *host, const struct rule **ret, struct err *e)
{
	struct devfilter_facts d = {.name = name, .source = "add", .unseen_ms = -1};
	d.tags = device_joined_tags(c, "tags");
	d.has_address = host && range_addr_parse(bytes_str(host), &d.address, NULL) == 0;
	return rule_find(c->z, &d, ret, e);
}

int command_DEVICE_ADD(struct command *c, struct err *e)
{
	const char *path = command_str(c, "folder", WORKSTATIONS);
	const struct rule *rule = NULL;
	struct amt_wish w;
	struct store_device d = {
		.name = api_str(c->call, "name"),
		.note = command_str(c, "note", ""),
		.is_protected = api_bool(c->call, "protected"),
		.created_at = c->z->now,
		.changed_at = c->z->now,
	};
	int rc = check_add(c, &d, path, &w, e);
	rc = rc || api_has(c->call, "folder") ? rc : find_rule(c, d.name, w.host, &rule, e);
	rc = rc || !rule ? rc : rule_may(c, rule, d.name, e);
	d.folder = rule ? rule->folder : 0;
	rc = rc || rule ? rc : command_folder(c, STORE_TREE_DEVICE, path, &d.folder, e);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &d.id, e);
	rc = rc ? rc : store_device_add(c->z->db, &d, e);
	rc = rc ? rc : write_amt(c, d.id, &w, e);
	rc = rc ? rc : device_set_tags(c, d.id, "tags", true, e);
	rc = rc ? rc : rule_apply(c->z, rule, d.id, e);
	rc = rc ? rc : tell(c, "added", &d, e);
	return rc ? rc : answer_ref(c, d.id, d.name);
}

static int check_set(struct command *c, const struct store_device *d, const char *path, struct amt_wish *w,
		     struct err *e)
{
	int rc = api_has(c->call, "name") ? check_name("device name", d->name, e) : 0;
	rc = rc ? rc : check_text("note", d->note, STORE_NOTE_MAX, e);
	rc = rc || !path ? rc : check_path(path, e);
	rc = rc ? rc : check_free(c, d->name, d->id, e);
	rc = rc ? rc : device_check_tags(c, "add-tags", e);
	return rc ? rc : read_wish(c, d->id, w, e);
}

/* To move a device is to take it out of one folder and to make it in another; all else is to change it. */
static int check_may_set(struct command *c, const struct store_device *d, const char *to, struct err *e)
{
	struct store_folder f;
	bool changes = !to;
	for (size_t i = 0; i < c->call->command->arg_count; i++) {
		const struct api_arg *a = &c->call->command->args[i];
		changes = changes || (a->where == API_BODY && c->call->values[i].set && strcmp(a->name, "folder") != 0);
	}
	int rc = store_folder_get(c->z->db, c->arena, d->folder, &f, e);
	if (!rc && changes)
		rc = access_need(&c->who, RIGHT_DEVICE_MODIFY, f.path, d->name, e);
	if (!rc && to)
		rc = access_need(&c->who, RIGHT_DEVICE_CREATE, f.path, d->name, e);
	return rc || !to ? rc : access_need(&c->who, RIGHT_DEVICE_CREATE, to, to, e);
}

static int find_to_set(struct command *c, const char *to, struct store_device *ret, struct err *e)
{
	const char *name = api_str(c->call, "device");
	int rc = find_device(c, name, ret, e);
	if (rc == ERR_NOT_FOUND && !rights_may_below(c->who.rights, RIGHT_DEVICE_MODIFY, "/")) {
		c->name_count = 0;
		return access_refuse_thing(&c->who, RIGHT_DEVICE_MODIFY, name, e);
	}
	return rc ? rc : check_may_set(c, ret, to, e);
}

static int set(struct command *c, void *arg, struct err *e)
{
	const char *path = api_str(c->call, "folder");
	struct store_device *d = arg;
	struct amt_wish w;
	int rc = check_set(c, d, path, &w, e);
	if (!rc && path)
		rc = command_folder(c, STORE_TREE_DEVICE, path, &d->folder, e);
	rc = rc ? rc : store_device_put(c->z->db, d, e);
	rc = rc ? rc : write_amt(c, d->id, &w, e);
	rc = rc ? rc : device_set_tags(c, d->id, "add-tags", true, e);
	rc = rc ? rc : device_set_tags(c, d->id, "remove-tags", false, e);
	return rc ? rc : tell(c, "changed", d, e);
}

static int set_elsewhere(struct command *c, struct store_device *d, const char *path, struct err *e)
{
	struct store_folder f;
	int rc = store_folder_get(c->z->db, c->arena, d->folder, &f, e);
	if (rc || strcmp(f.path, path) == 0)
		return rc ? rc : set(c, d, e);
	const struct move m = {.tree = RIGHT_TREE_DEVICE, .from = f.path, .to = path};
	return move_under_law(c, &m, set, d, e);
}

int command_DEVICE_SET(struct command *c, struct err *e)
{
	const char *path = api_str(c->call, "folder");
	struct store_device d;
	int rc = find_to_set(c, path, &d, e);
	if (rc)
		return rc;
	d.name = command_str(c, "name", d.name);
	d.note = command_str(c, "note", d.note);
	if (api_has(c->call, "protected"))
		d.is_protected = api_bool(c->call, "protected");
	d.changed_at = c->z->now;
	rc = path ? set_elsewhere(c, &d, path, e) : set(c, &d, e);
	return rc ? rc : answer_ref(c, d.id, d.name);
}

/* The device and its interface (id 0: none); refused while an act of it is open. */
static int find_idle(struct command *c, struct store_device *d, struct store_amt *m, struct err *e)
{
	int rc = find_device(c, api_str(c->call, "device"), d, e);
	if (rc)
		return rc;
	rc = store_amt_of_device(c->z->db, c->arena, d->id, m, NULL);
	if (rc == ERR_NOT_FOUND) {
		*m = (struct store_amt){0};
		return 0;
	}
	if (!rc && queue_has_interface(c->z->queue, m->id)) {
		command_name(c, d->name);
		return err_set(e, ERR_IN_USE, "device \"%s\" has an act that is not final", d->name);
	}
	return rc;
}

static int not_configured(struct err *e, const char *name)
{
	return err_set(e, ERR_NOT_CONFIGURED, "device \"%s\" has no AMT settings", name);
}

int command_DEVICE_UNSET(struct command *c, struct err *e)
{
	struct store_device d;
	struct store_amt m;
	int rc = find_idle(c, &d, &m, e);
	if (!rc && !m.id)
		rc = not_configured(e, d.name);
	rc = rc ? rc : store_amt_delete(c->z->db, m.id, e);
	if (rc)
		return rc;
	setup_drop(c->z, m.id);
	return tell(c, "changed", &d, e);
}

int command_DEVICE_REPIN(struct command *c, struct err *e)
{
	struct store_device d;
	struct store_amt m;
	struct store_amt_state s;
	int rc = find_idle(c, &d, &m, e);
	if (!rc && !m.id)
		rc = not_configured(e, d.name);
	rc = rc ? rc : store_amt_state_get(c->z->db, c->arena, m.id, &s, e);
	if (rc)
		return rc;
	s.tls_pin = BYTES_NONE;
	s.transport = STORE_TRANSPORT_UNKNOWN;
	s.realm = s.digest = "";
	rc = store_amt_state_put(c->z->db, &s, e);
	rc = rc ? rc : tell(c, "changed", &d, e);
	return rc ? rc : answer_ref(c, d.id, d.name);
}

int device_remove(struct zone *z, const struct store_device *d, struct err *e)
{
	int rc = store_hold_delete(z->db, STORE_SCOPE_DEVICE, d->id, e);
	rc = rc == ERR_NOT_FOUND ? 0 : rc;
	rc = rc ? rc : setting_forget(z, STORE_SCOPE_DEVICE, d->id, e);
	rc = rc ? rc : engine_forget_level(z, STORE_SCOPE_DEVICE, d->id, e);
	rc = rc ? rc : store_device_delete(z->db, d->id, e);
	return rc ? rc : device_tell(z, "removed", d->id, d->name, e);
}

int command_DEVICE_REMOVE(struct command *c, struct err *e)
{
	struct store_device d;
	struct store_amt m;
	int rc = find_idle(c, &d, &m, e);
	if (rc)
		return rc;
	c->object = arena_printf(c->arena, "device:%s", d.name);
	c->at_folder = d.folder;
	c->at_device = d.id;
	rc = device_remove(c->z, &d, e);
	if (!rc)
		setup_drop(c->z, m.id);
	return rc;
}
