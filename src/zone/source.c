/* User sources: what people set up, which groups of theirs are which of ours, and whether they answer. */
#include "zone/source.h"

#include <stdlib.h>

#include "base/base.h"
#include "codec/json.h"
#include "directory/source.h"
#include "zone/admin.h"
#include "zone/person.h"

#define DRAWN_ID_MIN (INT64_C(1) << 40) /* api draws ids of sources with a secret above the blocks of ids */
#define NAME_MAX_LEN 24
#define SECRET_MAX   1024
#define OUTSIDE_MAX  1024
#define SHOWN_GROUPS 100

static int say(struct zone *z, enum message_id id, const struct store_user_source *s, const char *text, struct err *e)
{
	struct message m = {.id = id, .kind = MESSAGE_OF_SOURCE, .object = s->id, .name = s->name, .text = text};
	return message_add(z, &m, e);
}

int source_note_failure(struct zone *z, const struct store_user_source *s, const char *why, struct err *e)
{
	struct store_user_source now = *s;
	if (s->failed_at && strcmp(s->error, why) == 0)
		return 0;
	now.failed_at = s->failed_at ? s->failed_at : z->now;
	now.error = why;
	int rc = store_user_source_put(z->db, &now, e);
	if (rc || s->failed_at)
		return rc;
	return say(z, MESSAGE_SOURCE_DOWN, s,
		   arena_printf(z->arena, "user source \"%s\" cannot be asked: %s", s->name, why), e);
}

int source_note_answer(struct zone *z, const struct store_user_source *s, struct err *e)
{
	struct store_user_source now = *s;
	if (!s->failed_at)
		return 0;
	now.failed_at = 0;
	now.error = "";
	int rc = store_user_source_put(z->db, &now, e);
	if (rc)
		return rc;
	return say(z, MESSAGE_SOURCE_BACK, s, arena_printf(z->arena, "user source \"%s\" answers again", s->name), e);
}

static int find(struct command *c, struct store_user_source *ret, struct err *e)
{
	const char *name = api_str(c->call, "source");
	int rc = store_user_source_by_name(c->z->db, c->arena, name, ret, NULL);
	if (rc != ERR_NOT_FOUND)
		return rc ? err_set(e, rc, "user source \"%s\" cannot be read", name) : 0;
	command_name(c, name);
	return err_set(e, rc, "user source \"%s\" does not exist", name);
}

static int tell(struct command *c, const char *change, const struct store_user_source *s, struct err *e)
{
	struct tell t = {.kind = "user-source", .change = change, .id = s->id, .name = s->name};
	c->object = arena_printf(c->arena, "user-source:%s", s->name);
	return event_tell(c->z, &t, e);
}

/* URLs as one text, blanks between them. */
static const char *join(struct command *c, const char *arg, struct err *e)
{
	size_t count;
	const struct bytes *texts = api_strs(c->call, arg, &count);
	struct buf joined;
	const char *ret = NULL;
	buf_init(&joined, 2048);
	for (size_t i = 0; i < count; i++) {
		if (memchr(texts[i].p, ' ', texts[i].len)) {
			buf_release(&joined);
			(void)err_set(e, ERR_INVALID, "%s \"%.*s\" has a blank", arg, (int)texts[i].len, texts[i].p);
			return NULL;
		}
		(void)buf_addf(&joined, "%s%.*s", i ? " " : "", (int)texts[i].len, texts[i].p); /* checked below */
	}
	if (!buf_check(&joined, e, arg))
		ret = arena_str(c->arena, buf_bytes(&joined));
	buf_release(&joined);
	return ret;
}

static int read_option(struct command *c, enum source_option o, struct source_options *to, struct err *e)
{
	const char *name = source_option_name(o);
	if (!api_has(c->call, name))
		return 0;
	switch (o) {
	case SOURCE_URL:
		to->text[o] = join(c, name, e);
		return to->text[o] ? 0 : ERR_INVALID;
	case SOURCE_CA:
		to->text[o] = arena_str(c->arena, api_file(c->call, name));
		return 0;
	case SOURCE_TIMEOUT:
		to->text[o] = arena_printf(c->arena, "%lld", (long long)api_int(c->call, name, 0));
		return 0;
	default:
		to->text[o] = api_str(c->call, name);
		return 0;
	}
}

static int read_switch(struct command *c, const char *arg, bool *to, struct err *e)
{
	const char *text = api_str(c->call, arg);
	if (text && strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return err_set(e, ERR_INVALID, "%s \"%s\" is neither on nor off", arg, text);
	if (text)
		*to = strcmp(text, "on") == 0;
	return 0;
}

/* What add and set have in common. */
static int read_source(struct command *c, struct store_user_source *s, struct err *e)
{
	struct source_options o;
	struct buf out;
	int rc = source_options_parse(s->options, c->arena, &o, e);
	for (int i = 0; i < SOURCE_OPTION_COUNT && !rc; i++)
		rc = read_option(c, (enum source_option)i, &o, e);
	rc = rc ? rc : source_options_check((enum source_kind)s->kind, &o, e);
	rc = rc ? rc : read_switch(c, "default", &s->is_default, e);
	rc = rc ? rc : read_switch(c, "enabled", &s->enabled, e);
	if (rc)
		return rc;
	buf_init(&out, SOURCE_JSON_MAX);
	source_options_write(&o, &out);
	rc = buf_check(&out, e, "options");
	s->options = arena_str(c->arena, buf_bytes(&out));
	buf_release(&out);
	return rc;
}

/* The password must not go to where it was not meant for: who sends it elsewhere has to know it. */
static int check_same_place(struct command *c, const struct store_user_source *s, struct err *e)
{
	static const char *const places[] = {"url", "tls", "authority"};
	for (size_t i = 0; s->secret.len && i < ARRAY_LEN(places); i++)
		if (api_has(c->call, places[i]))
			return err_set(e, ERR_MISSING, "with another %s the secret has to be given again", places[i]);
	return 0;
}

static int take_secret(struct command *c, struct store_user_source *s, struct err *e)
{
	const struct api_value *secret = api_value(c->call, "secret");
	if (!secret->set)
		return check_same_place(c, s, e);
	if ((int64_t)secret->v.secret.row != s->id || (int64_t)secret->v.secret.version != s->version + 1)
		return err_set(e, ERR_CONFLICT, "user source \"%s\" was changed meanwhile", s->name);
	if (secret->v.secret.sealed.len > SECRET_MAX)
		return err_set(e, ERR_TOO_BIG, "secret is too long");
	s->secret = secret->v.secret.sealed;
	s->version++;
	return 0;
}

static int choose_id(struct command *c, struct store_user_source *s, struct err *e)
{
	const struct api_value *secret = api_value(c->call, "secret");
	struct store_user_source there;
	if (!secret->set)
		return new_id(c->z, STORE_ID_OBJECT, &s->id, e);
	s->id = (int64_t)secret->v.secret.row;
	if (s->id < DRAWN_ID_MIN || s->id > API_INT_MAX ||
	    store_user_source_get(c->z->db, c->arena, s->id, &there, NULL) != ERR_NOT_FOUND)
		return err_set(e, ERR_CONFLICT, "secret was sealed for another place; try again");
	return 0;
}

struct others {
	struct command *c;
	const struct store_user_source *but;
	struct store_user_source row;
	bool found;
};

static int see_default(void *arg, const struct store_user_source *row)
{
	struct others *o = arg;
	if (!row->is_default || row->id == o->but->id)
		return 0;
	o->found = true;
	return store_user_source_get(o->c->z->db, o->c->arena, row->id, &o->row, NULL);
}

/* One at most is the default. */
static int take_default(struct command *c, const struct store_user_source *s, struct err *e)
{
	struct others o = {.c = c, .but = s};
	int rc = s->is_default ? store_user_source_list(c->z->db, see_default, &o, e) : 0;
	o.row.is_default = false;
	return rc || !o.found ? rc : store_user_source_put(c->z->db, &o.row, e);
}

struct suffix {
	const char *name;
	bool taken;
};

static int see_admin(void *arg, const struct store_admin *row)
{
	struct suffix *s = arg;
	const char *at = strrchr(row->name, '@');
	s->taken = s->taken || (row->origin == STORE_ADMIN_LOCAL && at && strcmp(at + 1, s->name) == 0);
	return 0;
}

static int check_source_name(struct command *c, const char *name, struct err *e)
{
	struct store_user_source there;
	struct suffix s = {.name = name};
	int rc = check_name("name", name, e);
	if (!rc && (strlen(name) > NAME_MAX_LEN || strpbrk(name, "@: ")))
		rc = err_set(e, ERR_INVALID, "name \"%s\" has more than %d bytes, or a blank, colon or @", name,
			     NAME_MAX_LEN);
	if (!rc && store_user_source_by_name(c->z->db, c->arena, name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "user source \"%s\" exists already", name);
	rc = rc ? rc : store_admin_list(c->z->db, see_admin, &s, e);
	if (!rc && s.taken)
		rc = err_set(e, ERR_EXISTS, "a local account is called ...@%s already", name);
	return rc;
}

int command_SOURCE_ADD(struct command *c, struct err *e)
{
	struct store_user_source s = {
		.name = api_str(c->call, "name"),
		.enabled = true,
		.options = "{}",
		.created_at = c->z->now,
		.changed_at = c->z->now,
		.error = "",
	};
	const char *kind_text = api_str(c->call, "kind");
	enum source_kind kind;
	if (!source_kind_from_name(kind_text, &kind))
		return err_set(e, ERR_INVALID, "kind \"%s\" is neither ldap nor oidc", kind_text);
	s.kind = (int)kind;
	int rc = check_source_name(c, s.name, e);
	rc = rc ? rc : read_source(c, &s, e);
	rc = rc ? rc : choose_id(c, &s, e);
	rc = rc ? rc : take_secret(c, &s, e);
	rc = rc ? rc : store_user_source_add(c->z->db, &s, e);
	rc = rc ? rc : take_default(c, &s, e);
	rc = rc ? rc : tell(c, "added", &s, e);
	return rc ? rc : answer_ref(c, s.id, s.name);
}

int command_SOURCE_SET(struct command *c, struct err *e)
{
	struct store_user_source s;
	int rc = find(c, &s, e);
	rc = rc ? rc : read_source(c, &s, e);
	rc = rc ? rc : entitle_check_source(c->z->db, c->who.rights, s.id, e);
	rc = rc ? rc : take_secret(c, &s, e);
	if (rc)
		return rc;
	s.changed_at = c->z->now;
	rc = store_user_source_put(c->z->db, &s, e);
	rc = rc ? rc : take_default(c, &s, e);
	rc = rc ? rc : tell(c, "changed", &s, e);
	return rc ? rc : answer_ref(c, s.id, s.name);
}

struct accounts {
	struct command *c;
	int64_t source;
	int64_t *ids;
	size_t count, cap;
};

static int see_account(void *arg, const struct store_admin *row)
{
	struct accounts *s = arg;
	if (row->source != s->source)
		return 0;
	command_name(s->c, row->name);
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->ids = mem_grow(s->ids, s->cap, sizeof(s->ids[0]));
	}
	s->ids[s->count++] = row->id;
	return 0;
}

static int remove_source(struct command *c, struct err *e)
{
	struct store_user_source s;
	struct accounts a = {.c = c};
	int rc = find(c, &s, e);
	a.source = s.id;
	rc = rc ? rc : store_admin_list(c->z->db, see_account, &a, e);
	if (!rc && a.count && !api_bool(c->call, "force"))
		rc = err_set(e, ERR_IN_USE, "user source \"%s\" has %zu accounts", s.name, a.count);
	for (size_t i = 0; i < a.count && !rc; i++)
		rc = store_admin_delete(c->z->db, a.ids[i], e);
	free(a.ids);
	rc = rc ? rc : store_user_source_delete(c->z->db, s.id, e);
	return rc ? rc : rights_tell(c, "user-source", "removed", s.id, s.name, e);
}

int command_SOURCE_REMOVE(struct command *c, struct err *e)
{
	return under_law(c, remove_source, e);
}

static int find_ours(struct command *c, struct store_bundle *ret, struct err *e)
{
	const char *name = api_str(c->call, "group");
	int rc = store_admin_group_by_name(c->z->db, c->arena, name, ret, NULL);
	if (rc != ERR_NOT_FOUND)
		return rc ? err_set(e, rc, "group \"%s\" cannot be read", name) : 0;
	command_name(c, name);
	return err_set(e, rc, "group \"%s\" of administrators does not exist", name);
}

static int change_map(struct command *c, bool add, struct err *e)
{
	struct store_user_source s;
	struct store_bundle g;
	struct store_user_source_map m = {
		.outside = api_str(c->call, "outside"),
		.created_at = c->z->now,
		.created_by = c->m->by.name,
	};
	int rc = find(c, &s, e);
	rc = rc ? rc : check_text("group", m.outside, OUTSIDE_MAX, e);
	rc = rc ? rc : find_ours(c, &g, e);
	if (rc)
		return rc;
	m.source = s.id;
	m.group = g.id;
	if (add)
		rc = store_user_source_map_add(c->z->db, &m, e);
	else if (store_user_source_map_delete(c->z->db, &m, NULL))
		rc = err_set(e, ERR_NOT_FOUND, "group \"%s\" of \"%s\" is not mapped to \"%s\"", m.outside, s.name,
			     g.name);
	rc = rc ? rc : tell(c, "changed", &s, e);
	return rc ? rc : answer_ref(c, s.id, s.name);
}

static int map(struct command *c, struct err *e)
{
	return change_map(c, true, e);
}

int command_SOURCE_MAP(struct command *c, struct err *e)
{
	return under_law(c, map, e);
}

int command_SOURCE_UNMAP(struct command *c, struct err *e)
{
	return change_map(c, false, e);
}

struct test {
	const struct person *p;
	struct arena *arena;
	const char *ours[SHOWN_GROUPS];
	size_t count;
};

static int see_map(void *arg, const struct store_user_source_map *row)
{
	struct test *t = arg;
	if (t->count == SHOWN_GROUPS || !person_is_in(t->p, row->outside))
		return 0;
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->ours[i], row->group_name) == 0)
			return 0;
	t->ours[t->count++] = arena_str(t->arena, bytes_str(row->group_name));
	return 0;
}

static int answer_test(struct command *c, const struct store_user_source *s, const struct person *p, struct err *e)
{
	struct test t = {.p = p, .arena = c->arena};
	struct json_writer json;
	struct api_writer w;
	int rc = store_user_source_map_list(c->z->db, s->id, see_map, &t, e);
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_user_source_test);
	api_put_str(&w, "source", s->name);
	api_put_str(&w, "login", p->login);
	api_put_str(&w, "id", p->subject);
	api_put_text(&w, "name", p->name);
	size_t shown = p->group_count < SHOWN_GROUPS ? p->group_count : SHOWN_GROUPS;
	api_put_strs(&w, "outside", (const char *const *)p->groups, shown);
	api_put_strs(&w, "groups", t.ours, t.count);
	api_end(&w);
	return rc;
}

/* What api found out by asking it. */
int command_SOURCE_TEST(struct command *c, struct err *e)
{
	struct store_user_source s;
	const struct person *p = c->m->person;
	int rc = find(c, &s, e);
	if (rc)
		return rc;
	c->object = arena_printf(c->arena, "user-source:%s", s.name);
	if (!p || p->source != s.id)
		return err_set(e, ERR_CONFLICT, "user source \"%s\" was changed meanwhile", s.name);
	if (p->state == PERSON_REFUSED)
		return err_set(e, ERR_NOT_FOUND, "user source \"%s\": %s", s.name, p->err.msg);
	if (p->state == PERSON_UNKNOWN) {
		err_set(&c->refusal, ERR_SOURCE_DOWN, "user source \"%s\": %s", s.name, p->err.msg);
		return source_note_failure(c->z, &s, p->err.msg, e);
	}
	rc = source_note_answer(c->z, &s, e);
	return rc ? rc : answer_test(c, &s, p, e);
}
