/* API tokens: api makes the secret, here its hash is kept. */
#include "store/token.h"

#include "base/base.h"

#include "codec/json.h"
#include "zone/admin.h"

static const char *owner_name(struct command *c, int64_t admin)
{
	struct store_admin a;
	return store_admin_get(c->z->db, c->arena, admin, &a, NULL) ? "(removed)" : a.name;
}

static const char *place_text(struct command *c)
{
	return command_str(c, "at", "zone");
}

static int answer_token(struct command *c, const struct store_token *t, const char *role)
{
	size_t count = 0;
	const struct bytes *rights = api_has(c->call, "rights") ? api_strs(c->call, "rights", &count) : NULL;
	const char *texts[RIGHT_COUNT + 1];
	size_t n = 0;
	if (role)
		texts[n++] = arena_printf(c->arena, "%s at %s", role, place_text(c));
	for (size_t i = 0; i < count && n < ARRAY_LEN(texts); i++)
		texts[n++] = arena_printf(c->arena, "allow %s at %s", (const char *)rights[i].p, place_text(c));
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_token);
	api_put_int(&w, "id", t->id);
	api_put_str(&w, "name", t->name);
	api_put_strs(&w, "rights", texts, n);
	api_put_str(&w, "owner", t->owner ? owner_name(c, t->owner) : NULL);
	api_put_time(&w, "created", t->created_at);
	api_put_time(&w, "expires", t->expires_at);
	api_put_null(&w, "last_used");
	api_put_null(&w, "token");
	api_end(&w);
	return 0;
}

static int add(struct command *c, struct err *e)
{
	struct store_token there;
	int64_t span = api_int(c->call, "expires", 0);
	const char *role = command_str(c, "role", api_has(c->call, "rights") ? NULL : "viewer");
	struct place at;
	struct store_token t = {
		.name = api_str(c->call, "name"),
		.hash = BYTES(c->m->token_hash, sizeof(c->m->token_hash)),
		.created_by = c->m->by.name,
		.created_at = c->z->now,
		.expires_at = api_has(c->call, "expires") ? later(c->z->now, span) : 0,
		.owner = c->m->by.admin,
	};
	int rc = check_name("token name", t.name, e);
	if (!rc && strlen(t.name) > ADMIN_NAME_MAX)
		rc = err_set(e, ERR_TOO_BIG, "token name \"%s\" has more than %d bytes", t.name, ADMIN_NAME_MAX);
	if (!rc && api_has(c->call, "expires") && span < 1000)
		rc = err_set(e, ERR_INVALID, "a token is valid for at least 1s");
	if (!rc && store_token_by_name(c->z->db, c->arena, t.name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "token \"%s\" exists already", t.name);
	rc = rc || !role ? rc : entitle_check_role(c->z->db, c->arena, role, e);
	rc = rc ? rc : place_find(c, api_str(c->call, "at"), RIGHT_TREE_DEVICE, &at, e);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &t.id, e);
	rc = rc ? rc : store_token_add(c->z->db, &t, e);
	rc = rc || !role ? rc : grant_role(c, STORE_HOLDER_TOKEN, t.id, role, &at, e);
	struct holder h = {STORE_HOLDER_TOKEN, t.id, t.name};
	rc = rc ? rc : rights_put(c, "rights", RIGHT_ALLOW, &h, api_str(c->call, "at"), e);
	struct tell told = {.kind = "token", .change = "added", .id = t.id, .name = t.name};
	rc = rc ? rc : event_tell(c->z, &told, e);
	c->object = arena_printf(c->arena, "token:%s", t.name);
	return rc ? rc : answer_token(c, &t, role);
}

int command_TOKEN_ADD(struct command *c, struct err *e)
{
	return under_law(c, add, e);
}

struct search {
	struct command *c;
	uint64_t id;
	struct store_token found;
};

static int see_token(void *arg, const struct store_token *row)
{
	struct search *s = arg;
	if ((uint64_t)row->id != s->id)
		return 0;
	s->found.id = row->id;
	s->found.name = arena_str(s->c->arena, bytes_str(row->name));
	return 1;
}

static int find_token(struct command *c, const char *text, struct store_token *ret, struct err *e)
{
	struct search s = {.c = c};
	int rc = store_token_by_name(c->z->db, c->arena, text, ret, NULL);
	if (rc == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &s.id) &&
	    store_token_list(c->z->db, see_token, &s, NULL) == 1) {
		*ret = s.found;
		return 0;
	}
	if (rc != ERR_NOT_FOUND)
		return rc;
	command_name(c, text);
	return err_set(e, rc, "token \"%s\" does not exist", text);
}

int command_TOKEN_REMOVE(struct command *c, struct err *e)
{
	struct store_token t;
	int rc = find_token(c, api_str(c->call, "token"), &t, e);
	rc = rc ? rc : store_token_delete(c->z->db, t.id, e);
	return rc ? rc : rights_tell(c, "token", "removed", t.id, t.name, e);
}
