#include <inttypes.h>
#include <stdio.h>

#include "api/read.h"
#include "base/base.h"
#include "base/err.h"
#include "store/admin.h"
#include "store/session.h"
#include "store/token.h"
#include "store/user_source.h"

#define TEXTS_MAX 500

/* A list of texts that grows in the arena of the answer. */
struct texts {
	struct read *r;
	const char *at[TEXTS_MAX];
	size_t count;
};

static void add_text(struct texts *t, const char *text)
{
	if (t->count < TEXTS_MAX)
		t->at[t->count++] = text;
}

static const char *place_text(struct read *r, const struct store_grant *g)
{
	if (g->tree == RIGHT_TREE_ZONE)
		return "zone";
	return arena_printf(r->arena, "%s%s", g->tree == RIGHT_TREE_VAULT ? "vault:" : "", *g->path ? g->path : "?");
}

/* "operator at /Workstations/lab/", "deny device.modify at zone" */
static int add_grant(void *arg, const struct store_grant *g)
{
	struct texts *t = arg;
	size_t prefix = strlen(STORE_GRANT_ROLE);
	bool is_role = strncmp(g->what, STORE_GRANT_ROLE, prefix) == 0;
	add_text(t, arena_printf(t->r->arena, "%s%s at %s",
				 is_role                   ? ""
				 : g->effect == RIGHT_DENY ? "deny "
							   : "allow ",
				 is_role ? g->what + prefix : g->what, place_text(t->r, g)));
	return 0;
}

static int put_grants(struct read *r, struct api_writer *w, const char *member, enum store_holder kind, int64_t holder,
		      struct err *e)
{
	struct texts t = {.r = r};
	int code = store_grant_of(r->db, kind, holder, add_grant, &t, e);
	if (!code)
		api_put_strs(w, member, t.at, t.count);
	return code;
}

/* Lists of few rows come whole; the page begins behind the key. */
static bool is_behind(const struct read *r, const char *name)
{
	return strcmp(name, r->key[0]) > 0;
}

static int add_bundle_name(void *arg, const struct store_bundle *b)
{
	struct texts *t = arg;
	add_text(t, arena_str(t->r->arena, bytes_str(b->name)));
	return 0;
}

static const char *source_name(struct read *r, int64_t id)
{
	struct store_user_source s;
	return store_user_source_get(r->db, r->arena, id, &s, NULL) ? "(removed)" : s.name;
}

static int put_admin(struct read *r, const struct store_admin *a, struct err *e)
{
	struct texts groups = {.r = r};
	struct store_guard guard = {.until = 0};
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_admin);
	api_put_int(&w, "id", a->id);
	api_put_str(&w, "name", a->name);
	api_put_str(&w, "full_name", a->full_name);
	api_put_bool(&w, "disabled", a->is_disabled);
	api_put_bool(&w, "password", *a->hash != 0);
	int code = put_grants(r, &w, "rights", STORE_HOLDER_ADMIN, a->id, e);
	code = code ? code : store_admin_group_of_admin(r->db, a->id, add_bundle_name, &groups, e);
	code = code ? code : store_guard_get(r->db, STORE_GUARD_ACCOUNT, a->name, &guard, e);
	if (code)
		return code;
	api_put_strs(&w, "groups", groups.at, groups.count);
	api_put_time(&w, "created", a->created_at);
	api_put_time(&w, "changed", a->changed_at);
	api_put_time(&w, "login", a->login_at);
	api_put_text(&w, "login_from", a->login_from);
	api_put_time(&w, "locked_until", guard.until > r->now ? guard.until : 0);
	api_put_str(&w, "source", a->source ? source_name(r, a->source) : NULL);
	api_put_bool(&w, "gone", a->is_gone);
	api_end(&w);
	return 0;
}

static int put_admin_row(void *arg, const struct store_admin *a)
{
	struct read *r = arg;
	if (!is_behind(r, a->name))
		return 0;
	if (!read_take(r))
		return 1;
	int code = put_admin(r, a, NULL);
	read_key(r, a->name, NULL);
	return code;
}

int read_ADMIN_LIST(struct read *r, struct err *e)
{
	int code = store_admin_list(r->db, put_admin_row, r, e);
	return code < 0 ? code : 0;
}

int read_ADMIN_SHOW(struct read *r, struct err *e)
{
	struct store_admin a;
	const char *name = api_str(r->call, "admin");
	int code = store_admin_by_name(r->db, r->arena, name, &a, e);
	if (code == ERR_NOT_FOUND)
		return read_missing("administrator", name, e);
	return code ? code : put_admin(r, &a, e);
}

static int add_member(void *arg, const char *name)
{
	struct texts *t = arg;
	add_text(t, arena_str(t->r->arena, bytes_str(name)));
	return 0;
}

static int put_group(void *arg, const struct store_bundle *g)
{
	struct read *r = arg;
	struct texts members = {.r = r};
	struct api_writer w;
	if (!is_behind(r, g->name))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_admin_group);
	api_put_int(&w, "id", g->id);
	api_put_str(&w, "name", g->name);
	api_put_str(&w, "note", g->note);
	int code = store_admin_group_members(r->db, g->id, add_member, &members, NULL);
	if (code < 0)
		return code;
	api_put_strs(&w, "members", members.at, members.count);
	code = put_grants(r, &w, "rights", STORE_HOLDER_GROUP, g->id, NULL);
	if (code)
		return code;
	api_end(&w);
	read_key(r, g->name, NULL);
	return 0;
}

int read_ADMIN_GROUP_LIST(struct read *r, struct err *e)
{
	int code = store_admin_group_list(r->db, put_group, r, e);
	return code < 0 ? code : 0;
}

struct role_rights {
	struct texts allow, deny;
};

static int add_role_right(void *arg, const struct store_grant *g)
{
	struct role_rights *t = arg;
	struct texts *to = g->effect == RIGHT_DENY ? &t->deny : &t->allow;
	add_text(to, arena_str(to->r->arena, bytes_str(g->what)));
	return 0;
}

static void put_role(struct read *r, const char *name, bool built_in, const char *note, const struct role_rights *t)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_role);
	api_put_str(&w, "name", name);
	api_put_bool(&w, "built_in", built_in);
	api_put_str(&w, "note", note);
	api_put_strs(&w, "allow", t->allow.at, t->allow.count);
	api_put_strs(&w, "deny", t->deny.at, t->deny.count);
	api_end(&w);
}

static void put_built_in(struct read *r, enum right_role role)
{
	struct role_rights t = {{.r = r}, {.r = r}};
	for (size_t i = 0; i < RIGHT_COUNT; i++)
		if (right_role_allows(role, (enum right_id)i))
			add_text(&t.allow, right_name((enum right_id)i));
	put_role(r, right_role_name(role), true, right_role_sentence(role), &t);
}

static int put_own_role(void *arg, const struct store_bundle *b)
{
	struct read *r = arg;
	struct role_rights t = {{.r = r}, {.r = r}};
	if (r->rows++ < read_after_id(r))
		return 0;
	if (!read_take(r))
		return 1;
	int code = store_grant_of_role(r->db, b->name, add_role_right, &t, NULL);
	if (code)
		return code;
	put_role(r, b->name, false, b->note, &t);
	read_key_id(r, r->rows);
	return 0;
}

/* Those of the product, then the zone's own; the key is the place in the list. */
int read_ROLE_LIST(struct read *r, struct err *e)
{
	for (int i = 0; i < RIGHT_ROLE_COUNT; i++) {
		if (r->rows++ < read_after_id(r))
			continue;
		if (!read_take(r))
			return 0;
		put_built_in(r, (enum right_role)i);
		read_key_id(r, r->rows);
	}
	int code = store_role_list(r->db, put_own_role, r, e);
	return code < 0 ? code : 0;
}

static int put_grant(void *arg, const struct store_grant *g)
{
	struct read *r = arg;
	struct api_writer w;
	const char *only = api_str(r->call, "holder");
	const char *holder = arena_printf(r->arena, "%s:%s", store_holder_name(g->holder_kind), g->holder_name);
	bool wanted = !only || strcmp(only, holder) == 0 ||
		      (g->holder_kind == STORE_HOLDER_ADMIN && strcmp(only, g->holder_name) == 0);
	if (r->rows++ < read_after_id(r) || !wanted)
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_grant);
	api_put_str(&w, "holder", holder);
	api_put_str(&w, "effect", g->effect == RIGHT_DENY ? "deny" : "allow");
	api_put_str(&w, "what", g->what);
	api_put_str(&w, "at", place_text(r, g));
	api_put_time(&w, "since", g->created_at);
	api_put_str(&w, "by", g->created_by);
	api_end(&w);
	read_key_id(r, r->rows);
	return 0;
}

int read_RIGHT_LIST(struct read *r, struct err *e)
{
	int code = store_grant_list(r->db, put_grant, r, e);
	return code < 0 ? code : 0;
}

int read_RIGHT_NAMES(struct read *r, struct err *e)
{
	static const char *const trees[] = {"zone", "folder", "vault"};
	for (int64_t i = read_after_id(r); i < RIGHT_COUNT; i++) {
		struct texts roles = {.r = r};
		struct api_writer w;
		enum right_id id = (enum right_id)i;
		if (!read_take(r))
			return 0;
		for (int k = 0; k < RIGHT_ROLE_COUNT; k++)
			if (right_role_allows((enum right_role)k, id))
				add_text(&roles, right_role_name((enum right_role)k));
		api_begin(&w, &r->json, NULL, API_OBJECT_right);
		api_put_str(&w, "name", right_name(id));
		api_put_str(&w, "of", trees[right_tree(id)]);
		api_put_str(&w, "sentence", right_sentence(id));
		api_put_strs(&w, "roles", roles.at, roles.count);
		api_end(&w);
		read_key_id(r, i + 1);
	}
	return 0;
}

static bool may_see_session(const struct read *r, const struct store_session *s)
{
	if (rights_may(r->who->rights, RIGHT_ADMINISTRATOR_VIEW, "/"))
		return true;
	return r->who->by->kind == PRINCIPAL_SESSION && r->who->by->admin == s->admin;
}

static int put_session(void *arg, const struct store_session *s)
{
	struct read *r = arg;
	struct api_writer w;
	read_row(r);
	if (!store_session_is_over(s, r->now) && may_see_session(r, s)) {
		if (!read_take(r))
			return 1;
		api_begin(&w, &r->json, NULL, API_OBJECT_session);
		api_put_int(&w, "id", s->id);
		api_put_str(&w, "admin", s->admin_name);
		api_put_str(&w, "source", s->source);
		api_put_time(&w, "created", s->created_at);
		api_put_time(&w, "last_used", s->used_at);
		api_put_time(&w, "expires", s->expires_at);
		api_put_bool(&w, "own", r->who->by->kind == PRINCIPAL_SESSION && r->who->by->id == s->id);
		api_end(&w);
	}
	read_key_id(r, s->id);
	return 0;
}

static int fetch_sessions(struct read *r, struct err *e)
{
	return store_session_list(r->db, read_after_id(r), READ_BATCH, put_session, r, e);
}

int read_SESSION_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_sessions, e);
}

/* What was allowed and is not denied there; denials below are not shown. */
static void add_own_right(struct texts *t, const struct rights *s, enum right_id id)
{
	if (rights_may(s, id, "/")) {
		add_text(t, right_name(id));
		return;
	}
	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].right == id && s->entries[i].effect == RIGHT_ALLOW &&
		    rights_may(s, id, s->entries[i].path))
			add_text(t, arena_printf(t->r->arena, "%s at %s", right_name(id), s->entries[i].path));
}

int read_WHOAMI(struct read *r, struct err *e)
{
	static const char *const kinds[] = {"nobody", "local", "session", "token"};
	struct texts t = {.r = r};
	struct api_writer w;
	for (size_t i = 0; i < RIGHT_COUNT; i++)
		add_own_right(&t, r->who->rights, (enum right_id)i);
	api_begin(&w, &r->json, NULL, API_OBJECT_whoami);
	api_put_str(&w, "name", r->who->name);
	api_put_str(&w, "kind", kinds[r->who->by->kind]);
	api_put_strs(&w, "rights", t.at, t.count);
	api_end(&w);
	return 0;
}

static int put_token(void *arg, const struct store_token *k)
{
	struct read *r = arg;
	struct store_admin owner;
	struct api_writer w;
	if (!is_behind(r, k->name))
		return 0;
	if (!read_take(r))
		return 1;
	bool owned = k->owner && store_admin_get(r->db, r->arena, k->owner, &owner, NULL) == 0;
	api_begin(&w, &r->json, NULL, API_OBJECT_token);
	api_put_int(&w, "id", k->id);
	api_put_str(&w, "name", k->name);
	int code = put_grants(r, &w, "rights", STORE_HOLDER_TOKEN, k->id, NULL);
	if (code)
		return code;
	api_put_str(&w, "owner", owned ? owner.name : k->owner ? "(removed)" : NULL);
	api_put_time(&w, "created", k->created_at);
	api_put_time(&w, "expires", k->expires_at);
	api_put_time(&w, "last_used", k->used_at);
	api_put_null(&w, "token");
	api_end(&w);
	read_key(r, k->name, NULL);
	return 0;
}

int read_TOKEN_LIST(struct read *r, struct err *e)
{
	int code = store_token_list(r->db, put_token, r, e);
	return code < 0 ? code : 0;
}
