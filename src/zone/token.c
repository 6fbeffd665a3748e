/* API tokens: api makes the secret, here its hash is kept. */
#include "store/token.h"

#include "codec/json.h"
#include "zone/command.h"

static int answer_token(struct command *c, const struct store_token *t)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_token);
	api_put_int(&w, "id", t->id);
	api_put_str(&w, "name", t->name);
	api_put_str(&w, "role", t->role);
	api_put_time(&w, "created", t->created_at);
	api_put_time(&w, "expires", t->expires_at);
	api_put_null(&w, "token");
	api_end(&w);
	return 0;
}

static int tell(struct command *c, const char *change, const struct store_token *t, struct err *e)
{
	c->object = arena_printf(c->arena, "token:%s", t->name);
	return event_tell(c->z, &(struct tell){.kind = "token", .change = change, .id = t->id, .name = t->name}, e);
}

int command_TOKEN_ADD(struct command *c, struct err *e)
{
	enum right_role role;
	struct store_token there;
	int64_t span = api_int(c->call, "expires", 0);
	struct store_token t = {
		.name = api_str(c->call, "name"),
		.hash = BYTES(c->m->token_hash, sizeof(c->m->token_hash)),
		.role = command_str(c, "role", "viewer"),
		.created_by = c->m->by.name,
		.created_at = c->z->now,
		.expires_at = api_has(c->call, "expires") ? later(c->z->now, span) : 0,
	};
	int rc = check_name("token name", t.name, e);
	if (!rc && !right_role_from_name(t.role, &role))
		rc = err_set(e, ERR_INVALID, "role \"%s\" is none of administrator, operator, power, viewer, auditor",
			     t.role);
	if (!rc && api_has(c->call, "expires") && span < 1000)
		rc = err_set(e, ERR_INVALID, "a token is valid for at least 1s");
	if (!rc && store_token_by_name(c->z->db, c->arena, t.name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "token \"%s\" exists already", t.name);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &t.id, e);
	rc = rc ? rc : store_token_add(c->z->db, &t, e);
	rc = rc ? rc : tell(c, "added", &t, e);
	return rc ? rc : answer_token(c, &t);
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
	return rc ? rc : tell(c, "removed", &t, e);
}
