/* Roles of the zone's own, and who was given or denied what. */
#include "zone/admin.h"

#include "base/base.h"
#include "zone/entitle.h"

int rights_put(struct command *c, const char *arg, enum right_effect effect, const struct holder *h, const char *at,
	       struct err *e)
{
	size_t count = 0;
	const struct bytes *names = api_has(c->call, arg) ? api_strs(c->call, arg, &count) : NULL;
	int rc = 0;
	for (size_t i = 0; i < count && !rc; i++) {
		enum right_id r;
		struct place place;
		struct store_grant g = {
			.holder_kind = h->kind,
			.holder = h->id,
			.what = (const char *)names[i].p,
			.effect = effect,
			.created_at = c->z->now,
			.created_by = c->m->by.name,
		};
		if (!right_from_name(g.what, &r))
			return err_set(e, ERR_INVALID, "\"%s\" is no right; 'lamp right names' lists them", g.what);
		rc = place_find(c, at, right_tree(r), &place, e);
		if (!rc && place.tree != RIGHT_TREE_ZONE && place.tree != right_tree(r))
			rc = err_set(e, ERR_INVALID, "%s is a right of %s and not of such a folder", g.what,
				     right_tree(r) == RIGHT_TREE_ZONE    ? "the zone"
				     : right_tree(r) == RIGHT_TREE_VAULT ? "the vault"
									 : "devices");
		g.tree = place.tree;
		g.folder = place.folder;
		if (!rc && effect == RIGHT_UNSET)
			(void)store_grant_delete(c->z->db, &g, NULL); /* fine when it was not set */
		else if (!rc)
			rc = store_grant_put(c->z->db, &g, e);
	}
	return rc;
}

/* A change of rights may have nothing to do. */
static int touch(struct command *c, enum right_effect effect, struct err *e)
{
	struct holder h;
	int rc = holder_find(c, api_str(c->call, "holder"), &h, e);
	if (!rc && h.kind == STORE_HOLDER_ROLE && api_has(c->call, "at"))
		rc = err_set(e, ERR_INVALID, "a role has its rights wherever it is given; give the role at a folder");
	rc = rc ? rc : rights_put(c, "rights", effect, &h, api_str(c->call, "at"), e);
	rc = rc ? rc : rights_tell(c, "right", "changed", h.id, h.name, e);
	return rc ? rc : answer_ref(c, h.id, h.name);
}

static int allow(struct command *c, struct err *e)
{
	return touch(c, RIGHT_ALLOW, e);
}

static int deny(struct command *c, struct err *e)
{
	return touch(c, RIGHT_DENY, e);
}

static int unset(struct command *c, struct err *e)
{
	return touch(c, RIGHT_UNSET, e);
}

int command_RIGHT_GRANT(struct command *c, struct err *e)
{
	return under_law(c, allow, e);
}

int command_RIGHT_DENY(struct command *c, struct err *e)
{
	return under_law(c, deny, e);
}

int command_RIGHT_UNSET(struct command *c, struct err *e)
{
	return under_law(c, unset, e);
}

static int find_role(struct command *c, struct holder *ret, struct err *e)
{
	enum right_role built_in;
	const char *name = api_str(c->call, "role");
	if (right_role_from_name(name, &built_in))
		return err_set(e, ERR_INVALID, "role \"%s\" comes with the product and stays as it is", name);
	return holder_find(c, arena_printf(c->arena, "role:%s", name), ret, e);
}

static int put_role_rights(struct command *c, const struct holder *h, struct err *e)
{
	int rc = rights_put(c, "allow", RIGHT_ALLOW, h, NULL, e);
	return rc ? rc : rights_put(c, "deny", RIGHT_DENY, h, NULL, e);
}

int command_ROLE_ADD(struct command *c, struct err *e)
{
	struct store_bundle r = {
		.name = api_str(c->call, "role"),
		.note = command_str(c, "note", ""),
		.created_at = c->z->now,
	};
	int rc = check_name("role", r.name, e);
	if (!rc && strlen(r.name) > ADMIN_NAME_MAX)
		rc = err_set(e, ERR_TOO_BIG, "role \"%s\" has more than %d bytes", r.name, ADMIN_NAME_MAX);
	rc = rc ? rc : check_text("note", r.note, STORE_NOTE_MAX, e);
	if (!rc && entitle_check_role(c->z->db, c->arena, r.name, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "role \"%s\" exists already", r.name);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &r.id, e);
	rc = rc ? rc : store_role_add(c->z->db, &r, e);
	rc = rc ? rc : put_role_rights(c, &(struct holder){STORE_HOLDER_ROLE, r.id, r.name}, e);
	rc = rc ? rc : rights_tell(c, "role", "added", r.id, r.name, e);
	return rc ? rc : answer_ref(c, r.id, r.name);
}

static int set_role(struct command *c, struct err *e)
{
	struct holder h;
	int rc = find_role(c, &h, e);
	rc = rc ? rc : rights_put(c, "unset", RIGHT_UNSET, &h, NULL, e);
	rc = rc ? rc : put_role_rights(c, &h, e);
	rc = rc ? rc : rights_tell(c, "role", "changed", h.id, h.name, e);
	return rc ? rc : answer_ref(c, h.id, h.name);
}

int command_ROLE_SET(struct command *c, struct err *e)
{
	return under_law(c, set_role, e);
}

int command_ROLE_REMOVE(struct command *c, struct err *e)
{
	struct holder h;
	bool used = false;
	int rc = find_role(c, &h, e);
	rc = rc ? rc : store_grant_used(c->z->db, arena_printf(c->arena, STORE_GRANT_ROLE "%s", h.name), &used, e);
	if (!rc && used)
		rc = err_set(e, ERR_IN_USE, "role \"%s\" is given to somebody", h.name);
	rc = rc ? rc : store_role_delete(c->z->db, h.id, e);
	return rc ? rc : rights_tell(c, "role", "removed", h.id, h.name, e);
}

static int move_role(struct command *c, bool give, struct err *e)
{
	struct holder h;
	struct place at;
	const char *role = api_str(c->call, "role");
	int rc = holder_find(c, api_str(c->call, "holder"), &h, e);
	if (!rc && h.kind == STORE_HOLDER_ROLE)
		rc = err_set(e, ERR_INVALID, "a role holds rights and no other roles");
	rc = rc ? rc : place_find(c, api_str(c->call, "at"), RIGHT_TREE_DEVICE, &at, e);
	rc = rc ? rc : entitle_check_role(c->z->db, c->arena, role, e);
	struct store_grant g = {
		.holder_kind = h.kind,
		.holder = h.id,
		.what = arena_printf(c->arena, STORE_GRANT_ROLE "%s", role),
		.tree = at.tree,
		.folder = at.folder,
	};
	if (!rc && give)
		rc = grant_role(c, h.kind, h.id, role, &at, e);
	else if (!rc && store_grant_delete(c->z->db, &g, NULL))
		rc = err_set(e, ERR_NOT_FOUND, "\"%s\" has no role \"%s\" there", h.name, role);
	rc = rc ? rc : rights_tell(c, "right", "changed", h.id, h.name, e);
	return rc ? rc : answer_ref(c, h.id, h.name);
}

static int give_role(struct command *c, struct err *e)
{
	return move_role(c, true, e);
}

static int take_role(struct command *c, struct err *e)
{
	return move_role(c, false, e);
}

int command_ROLE_GRANT(struct command *c, struct err *e)
{
	return under_law(c, give_role, e);
}

int command_ROLE_REVOKE(struct command *c, struct err *e)
{
	return under_law(c, take_role, e);
}
