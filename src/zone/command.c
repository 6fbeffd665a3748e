#include "zone/command.h"

#include "directory/person.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/metric.h"
#include "codec/json.h"
#include "store/credential.h"
#include "store/event.h"
#include "store/folder.h"
#include "store/session.h"
#include "store/token.h"
#include "zone/refusal.h"

#define USED_MS 60000 /* last use is kept to the minute */

#define COMMAND_READ(id)
#define COMMAND_LIST(id)
#define COMMAND_STREAM(id)
#define COMMAND_WRITE(id) [API_CMD_##id] = command_##id,
static command_fn *const handlers[API_CMD_COUNT] = {
#define API_COMMAND(id, noun, verb, method, path, kind, ...) COMMAND_##kind(id)
#include "codec/api.tbl.h"
};

static void command_mail_free(struct mail *m)
{
	struct zone_command *c = (struct zone_command *)m;
	api_call_free(c->call);
	person_free(c->person);
	zone_made_free(c->made);
	free(c);
}

struct zone_command *zone_command_new(void)
{
	struct zone_command *c = mem_alloc(sizeof(*c));
	c->mail = (struct mail){.kind = ZONE_COMMAND, .free = command_mail_free};
	return c;
}

struct zone_made *zone_made_new(void)
{
	struct zone_made *m = mem_alloc(sizeof(*m));
	pki_stored_init(&m->stored);
	pki_stored_init(&m->root);
	buf_init(&m->file, PKI_BACKUP_MAX);
	return m;
}

void zone_made_free(struct zone_made *m)
{
	if (!m)
		return;
	pki_stored_release(&m->stored);
	pki_stored_release(&m->root);
	buf_release(&m->file);
	free(m);
}

static void answer_mail_free(struct mail *m)
{
	struct api_answer *a = (struct api_answer *)m;
	buf_release(&a->body);
	free(a);
}

void command_answer(struct zone *z, uint64_t request, int status, struct buf *body)
{
	struct api_answer *a = mem_alloc(sizeof(*a));
	a->mail = (struct mail){.kind = API_ANSWER, .free = answer_mail_free};
	a->request = request;
	a->status = body->len || status >= 300 ? status : 204;
	a->before = (uint64_t)STORE_SEQ_OF(z->event_before);
	a->body = *body;
	buf_init(body, body->max);
	chain_add(&z->to_api, &a->mail);
}

void command_answer_error(struct zone *z, const struct zone_command *m, const struct err *e,
			  const struct api_error *more)
{
	struct buf body;
	buf_init(&body, COMMAND_BODY_MAX);
	api_error_write(&body, e, more);
	command_answer(z, m->request, api_error_status(e->code), &body);
}

static void write_arg(struct json_writer *w, const struct api_call *call, const struct api_arg *a)
{
	size_t count;
	const struct bytes *strs;
	switch (a->type) {
	case API_SECRET:
		json_put_str(w, a->name, "(sealed)");
		return;
	case API_STR:
	case API_PLACE:
		json_put_str(w, a->name, api_str(call, a->name));
		return;
	case API_FILE: /* its bytes, counted */
	case API_DATA:
		json_put_u64(w, a->name, api_file(call, a->name).len);
		return;
	case API_BOOL:
		json_put_bool(w, a->name, api_bool(call, a->name));
		return;
	case API_INT:
	case API_TIME:
	case API_DURATION:
		json_put_i64(w, a->name, api_int(call, a->name, 0));
		return;
	case API_MAP:
	case API_STRS:
	case API_TARGETS:
		break;
	}
	strs = api_strs(call, a->name, &count);
	if (count > 20) {
		json_put_u64(w, a->name, count);
		return;
	}
	json_begin_array(w, a->name);
	for (size_t i = 0; i < count; i++)
		json_put_bytes(w, NULL, strs[i]);
	json_end(w);
}

/* What a login by a provider is finished with says nothing to people. */
static bool is_left_out(const struct api_call *call)
{
	return call->command->id == API_CMD_OIDC_FINISH;
}

void audit_detail(const struct api_call *call, struct buf *out)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	for (size_t i = 0; i < call->command->arg_count; i++)
		if (call->values[i].set && !is_left_out(call))
			write_arg(&w, call, &call->command->args[i]);
	json_end(&w);
}

static int audit_command(const struct command *c, const char *object, struct err *e)
{
	char action[64];
	struct buf detail;
	api_command_name(c->call->command, action, sizeof(action));
	buf_init(&detail, COMMAND_BODY_MAX);
	audit_detail(c->call, &detail);
	int rc = buf_check(&detail, e, "audit record");
	rc = rc ? rc : audit_add(c->z, c->m->by.name, action, object, buf_cstr(&detail), e);
	buf_release(&detail);
	return rc;
}

static int note_refusal(struct command *c, const struct err *why, struct err *e)
{
	char action[64];
	api_command_name(c->call->command, action, sizeof(action));
	struct refusal r = {c->m->by.source, c->m->by.name, action, why->code, why->msg, c->object ? c->object : ""};
	return refusal_note(c->z, &r, e);
}

static int answer_refusal(struct command *c, const struct err *why, struct err *e)
{
	struct api_error more = {c->expected, c->name_count ? c->names : NULL, c->name_count};
	command_answer_error(c->z, c->m, why, &more);
	return err_class(why->code) == ERR_CLASS_AUTH ? note_refusal(c, why, e) : 0;
}

static int carry_out(struct command *c, struct err *e)
{
	struct err own = ERR_INIT;
	int rc = access_check(c->z->db, c->arena, &c->who, c->call, &own);
	rc = rc ? rc : handlers[c->call->command->id](c, &own);
	if (rc) {
		enum err_class class = err_class(rc);
		bool asked_wrong = class != ERR_CLASS_RETRY && class != ERR_CLASS_BUG;
		if (asked_wrong && db_total_changes(c->z->db) == c->z->change_base)
			return answer_refusal(c, &own, e);
		return err_set(e, rc, "%s", own.msg);
	}
	if (c->refusal.code)
		return answer_refusal(c, &c->refusal, e);
	bool wanted = false;
	rc = audit_wants(c, &wanted, e);
	if (!rc && wanted)
		rc = audit_command(c, c->object, e);
	if (!rc && !c->later)
		command_answer(c->z, c->m->request, 200, &c->body);
	return rc;
}

int command_set_asker(struct command *c, struct entitled *ret, struct err *e)
{
	const struct principal *by = &c->m->by;
	c->who = (struct asker){by->name, &ret->rights, by};
	int rc = entitle(c->z->db, c->arena, by, c->z->now, ret, e);
	if (!rc && by->kind == PRINCIPAL_NOBODY && c->call->command->right != RIGHT_OPEN)
		rc = err_set(e, ERR_NOT_ALLOWED, "this needs a login");
	return rc;
}

int command_handle(struct zone *z, const struct zone_command *m, struct err *e)
{
	struct command c = {.z = z, .m = m, .call = m->call, .arena = z->arena, .expected = -1};
	metric_add(METRIC_zone_commands, 1);
	ASSERT(m->call->command->kind == API_WRITE);
	struct err why = ERR_INIT;
	struct entitled entitled;
	if (command_set_asker(&c, &entitled, &why))
		return answer_refusal(&c, &why, e);
	buf_init(&c.body, COMMAND_BODY_MAX);
	int rc = carry_out(&c, e);
	entitled_release(&entitled);
	buf_release(&c.body);
	free(c.names);
	return rc;
}

int command_used(struct zone *z, const struct zone_used *m, struct err *e)
{
	struct store_session s;
	struct store_token t;
	bool session = m->by.kind == PRINCIPAL_SESSION;
	int rc = session ? store_session_get(z->db, z->arena, m->by.id, &s, NULL)
			 : store_token_get(z->db, z->arena, m->by.id, &t, NULL);
	if (rc || z->now - (session ? s.used_at : t.used_at) < USED_MS)
		return rc == ERR_NOT_FOUND ? 0 : rc; /* it has ended meanwhile */
	return session ? store_session_used(z->db, s.id, z->now, e) : store_token_used(z->db, t.id, z->now, e);
}

/* What was refused after it had written is taken back with its whole round; so this comes in a round of its own. */
struct mail *command_refusal_mail(const struct zone_command *m, const struct err *why)
{
	struct zone_refused *r = zone_refused_new();
	r->by = m->by;
	r->code = why->code;
	api_command_name(m->call->command, r->action, sizeof(r->action));
	(void)snprintf(r->why, sizeof(r->why), "%s", why->msg); /* cut is fine */
	return &r->mail;
}

int command_refused(struct zone *z, const struct zone_refused *m, struct err *e)
{
	struct refusal r = {m->by.source, m->by.name, m->action, m->code, m->why, ""};
	return refusal_note(z, &r, e);
}

static void plain_mail_free(struct mail *m)
{
	free(m);
}

struct zone_used *zone_used_new(void)
{
	struct zone_used *m = mem_alloc(sizeof(*m));
	m->mail = (struct mail){.kind = ZONE_USED, .free = plain_mail_free};
	return m;
}

static void person_mail_free(struct mail *m)
{
	struct zone_person *p = (struct zone_person *)m;
	person_free(p->person);
	free(p);
}

struct zone_person *zone_person_new(void)
{
	struct zone_person *m = mem_alloc(sizeof(*m));
	m->mail = (struct mail){.kind = ZONE_PERSON, .free = person_mail_free};
	return m;
}

struct zone_refused *zone_refused_new(void)
{
	struct zone_refused *m = mem_alloc(sizeof(*m));
	m->mail = (struct mail){.kind = ZONE_REFUSED, .free = plain_mail_free};
	return m;
}

int answer_ref(struct command *c, int64_t id, const char *name)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_ref);
	api_put_int(&w, "id", id);
	api_put_str(&w, "name", name);
	api_end(&w);
	return 0;
}

void command_name(struct command *c, const char *name)
{
	if (c->name_count == COMMAND_NAMES_MAX)
		return;
	if (c->name_count == c->name_cap) {
		c->name_cap = c->name_cap ? c->name_cap * 2 : 8;
		c->names = mem_grow(c->names, c->name_cap, sizeof(c->names[0]));
	}
	c->names[c->name_count++] = arena_str(c->arena, bytes_str(name));
}

const char *command_str(struct command *c, const char *arg, const char *otherwise)
{
	const char *s = api_str(c->call, arg);
	return s ? s : otherwise;
}

int check_text(const char *what, const char *text, size_t max, struct err *e)
{
	if (strlen(text) > max)
		return err_set(e, ERR_TOO_BIG, "%s has more than %zu bytes", what, max);
	if (!text_is_printable(bytes_str(text)))
		return err_set(e, ERR_INVALID, "%s holds characters that cannot be shown", what);
	return 0;
}

static bool is_number(const char *s)
{
	uint64_t n;
	return text_to_u64(bytes_str(s), &n);
}

int check_name(const char *what, const char *name, struct err *e)
{
	int rc = check_text(what, name, STORE_NAME_MAX, e);
	if (rc)
		return rc;
	if (!*name || bytes_trim(bytes_str(name)).len != strlen(name))
		return err_set(e, ERR_INVALID, "%s \"%s\" is empty or has blanks at its ends", what, name);
	if (strchr(name, '/') || strncmp(name, "tag:", 4) == 0 || strncmp(name, "group:", 6) == 0)
		return err_set(e, ERR_INVALID, "%s \"%s\" has a slash or begins with tag: or group:", what, name);
	if (is_number(name))
		return err_set(e, ERR_INVALID, "%s \"%s\" is a number, which would be taken for an id", what, name);
	return 0;
}

int check_path(const char *path, struct err *e)
{
	size_t len = strlen(path);
	int rc = check_text("path", path, STORE_PATH_MAX, e);
	if (rc)
		return rc;
	if (len == 0 || path[0] != '/' || path[len - 1] != '/')
		return err_set(e, ERR_INVALID, "path \"%s\" does not begin with a slash", path);
	if (strstr(path, "//"))
		return err_set(e, ERR_INVALID, "path \"%s\" has an empty part", path);
	return 0;
}

static int next_folder_id(void *arg, int64_t *ret, struct err *e)
{
	return new_id(arg, STORE_ID_OBJECT, ret, e);
}

int new_id(struct zone *z, enum store_id_kind kind, int64_t *ret, struct err *e)
{
	return store_ids_take(z->db, &z->ids, kind, 1, ret, e);
}

int folder_make(struct zone *z, enum store_tree tree, const char *path, int64_t *ret, struct err *e)
{
	int created = 0;
	int rc = check_path(path, e);
	rc = rc ? rc : store_folder_make_path(z->db, tree, path, z->now, next_folder_id, z, ret, &created, e);
	if (rc || !created)
		return rc;
	rc = tree == STORE_TREE_DEVICE ? tree_learn(z->tree, z->db, *ret, e) : 0;
	if (rc)
		return rc;
	struct tell t = {.kind = "folder", .change = "added", .id = *ret, .name = path};
	return event_tell(z, &t, e);
}

int find_device(struct command *c, const char *text, struct store_device *ret, struct err *e)
{
	uint64_t id;
	int rc = store_device_by_name(c->z->db, c->arena, text, ret, NULL);
	if (rc == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		rc = store_device_get(c->z->db, c->arena, (int64_t)id, ret, NULL);
	if (rc == ERR_NOT_FOUND) {
		command_name(c, text);
		return err_set(e, rc, "device \"%s\" does not exist", text);
	}
	return rc ? err_set(e, rc, "device \"%s\" cannot be read", text) : 0;
}

int find_group(struct command *c, const char *text, struct store_group *ret, struct err *e)
{
	uint64_t id;
	int rc = store_group_by_name(c->z->db, c->arena, text, ret, NULL);
	if (rc == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		rc = store_group_get(c->z->db, c->arena, (int64_t)id, ret, NULL);
	if (rc == ERR_NOT_FOUND) {
		command_name(c, text);
		return err_set(e, rc, "group \"%s\" does not exist", text);
	}
	return rc ? err_set(e, rc, "group \"%s\" cannot be read", text) : 0;
}

/* "/folder/name" */
static int find_credential_by_path(struct command *c, const char *text, struct store_credential *ret)
{
	const char *name = strrchr(text, '/') + 1;
	struct store_folder f;
	const char *path = arena_str(c->arena, BYTES(text, (size_t)(name - text)));
	int rc = store_folder_by_path(c->z->db, c->arena, STORE_TREE_CREDENTIAL, path, &f, NULL);
	return rc ? rc : store_credential_by_name(c->z->db, c->arena, f.id, name, ret, NULL);
}

int command_folder(struct command *c, enum store_tree tree, const char *path, int64_t *ret, struct err *e)
{
	struct store_folder f;
	enum right_id make = tree == STORE_TREE_DEVICE ? RIGHT_DEVICE_FOLDER_CREATE : RIGHT_CREDENTIAL_FOLDER_CREATE;
	int rc = check_path(path, e);
	if (!rc && store_folder_by_path(c->z->db, c->arena, tree, path, &f, NULL))
		rc = access_need(&c->who, make, path, path, e);
	return rc ? rc : folder_make(c->z, tree, path, ret, e);
}

/* Who may not see a credential may not use it either, nor learn that it is there. Commands of the vault have asked for
 * what they need. */
static int check_may_see(struct command *c, int rc, const struct store_credential *row, const char *text, struct err *e)
{
	struct store_folder f;
	enum right_id own = c->call->command->right;
	if (own < RIGHT_COUNT && right_tree(own) == RIGHT_TREE_VAULT)
		return 0;
	if (rights_may_below(c->who.rights, RIGHT_CREDENTIAL_VIEW, "/"))
		return 0;
	if (rc == ERR_NOT_FOUND || rc == ERR_CONFLICT)
		return access_refuse_thing(&c->who, RIGHT_CREDENTIAL_VIEW, text, e);
	if (rc || store_folder_get(c->z->db, c->arena, row->folder, &f, NULL))
		return 0; /* the caller says what is wrong */
	return access_need(&c->who, RIGHT_CREDENTIAL_VIEW, f.path, text, e);
}

int find_credential(struct command *c, const char *text, struct store_credential *ret, struct err *e)
{
	uint64_t id;
	int rc;
	if (text[0] == '/')
		rc = find_credential_by_path(c, text, ret);
	else
		rc = store_credential_find(c->z->db, c->arena, text, ret, NULL);
	if (rc == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		rc = store_credential_get(c->z->db, c->arena, (int64_t)id, ret, NULL);
	int refused = check_may_see(c, rc, ret, text, e);
	if (refused)
		return refused;
	if (rc == ERR_NOT_FOUND) {
		command_name(c, text);
		return err_set(e, rc, "credential \"%s\" does not exist", text);
	}
	if (rc == ERR_CONFLICT)
		return err_set(e, ERR_INVALID, "several credentials are called \"%s\"; say which as /folder/%s", text,
			       text);
	return rc ? err_set(e, rc, "credential \"%s\" cannot be read", text) : 0;
}
