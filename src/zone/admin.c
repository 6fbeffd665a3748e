/* Accounts of administrators and their groups. */
#include "zone/admin.h"

#include "base/base.h"
#include "store/notice.h"
#include "store/session.h"
#include "store/token.h"
#include "store/user_source.h"
#include "zone/entitle.h"

#define FULL_NAME_MAX 255

int admin_find(struct command *c, const char *name, struct store_admin *ret, struct err *e)
{
	int rc = store_admin_by_name(c->z->db, c->arena, name, ret, NULL);
	if (rc == ERR_NOT_FOUND) {
		command_name(c, name);
		return err_set(e, rc, "administrator \"%s\" does not exist", name);
	}
	return rc ? err_set(e, rc, "administrator \"%s\" cannot be read", name) : 0;
}

static int find_admin_group(struct command *c, const char *name, struct store_bundle *ret, struct err *e)
{
	int rc = store_admin_group_by_name(c->z->db, c->arena, name, ret, NULL);
	if (rc == ERR_NOT_FOUND) {
		command_name(c, name);
		return err_set(e, rc, "group \"%s\" of administrators does not exist", name);
	}
	return rc ? err_set(e, rc, "group \"%s\" cannot be read", name) : 0;
}

static int find_role_or_token(struct command *c, struct holder *h, struct err *e)
{
	struct store_bundle role;
	struct store_token token;
	int rc;
	if (h->kind == STORE_HOLDER_ROLE) {
		rc = store_role_by_name(c->z->db, c->arena, h->name, &role, NULL);
		h->id = rc ? 0 : role.id;
	} else {
		rc = store_token_by_name(c->z->db, c->arena, h->name, &token, NULL);
		h->id = rc ? 0 : token.id;
	}
	return rc ? err_set(e, rc, "%s \"%s\" does not exist%s", store_holder_name(h->kind), h->name,
			    h->kind == STORE_HOLDER_ROLE ? " among the zone's own" : "")
		  : 0;
}

int holder_find(struct command *c, const char *text, struct holder *ret, struct err *e)
{
	struct store_admin a;
	struct store_bundle g;
	*ret = (struct holder){.kind = STORE_HOLDER_ADMIN, .name = text};
	for (int k = STORE_HOLDER_ADMIN; k <= STORE_HOLDER_TOKEN; k++) {
		size_t n = strlen(store_holder_name((enum store_holder)k));
		if (strncmp(text, store_holder_name((enum store_holder)k), n) == 0 && text[n] == ':')
			*ret = (struct holder){.kind = (enum store_holder)k, .name = text + n + 1};
	}
	int rc;
	switch (ret->kind) {
	case STORE_HOLDER_ADMIN:
		rc = admin_find(c, ret->name, &a, e);
		ret->id = rc ? 0 : a.id;
		return rc;
	case STORE_HOLDER_GROUP:
		rc = find_admin_group(c, ret->name, &g, e);
		ret->id = rc ? 0 : g.id;
		return rc;
	default:
		return find_role_or_token(c, ret, e);
	}
}

int place_find(struct command *c, const char *text, enum right_tree by_default, struct place *ret, struct err *e)
{
	static const char vault[] = "vault:";
	struct store_folder f;
	bool is_vault = text && strncmp(text, vault, strlen(vault)) == 0;
	*ret = (struct place){RIGHT_TREE_ZONE, 0};
	if (!text || strcmp(text, "zone") == 0)
		return 0;
	ret->tree = is_vault ? RIGHT_TREE_VAULT : by_default;
	const char *path = is_vault ? text + strlen(vault) : text;
	int rc = check_path(path, e);
	if (rc)
		return rc;
	enum store_tree tree = ret->tree == RIGHT_TREE_VAULT ? STORE_TREE_CREDENTIAL : STORE_TREE_DEVICE;
	rc = store_folder_by_path(c->z->db, c->arena, tree, path, &f, NULL);
	if (rc) {
		command_name(c, text);
		return err_set(e, rc, "folder \"%s\"%s does not exist", path,
			       tree == STORE_TREE_CREDENTIAL ? " of the vault" : "");
	}
	ret->folder = f.id;
	return 0;
}

int under_law(struct command *c, command_fn *change, struct err *e)
{
	struct entitle_all *before = NULL, *after = NULL;
	int rc = entitle_all_load(c->z->db, &before, e);
	rc = rc ? rc : change(c, e);
	rc = rc ? rc : entitle_all_load(c->z->db, &after, e);
	rc = rc ? rc : entitle_check_change(c->who.rights, before, after, e);
	entitle_all_free(before);
	entitle_all_free(after);
	return rc;
}

int rights_tell(struct command *c, const char *kind, const char *change, int64_t id, const char *name, struct err *e)
{
	struct tell t = {.kind = kind, .change = change, .id = id, .name = name, .of_rights = true};
	c->object = arena_printf(c->arena, "%s:%s", kind, name);
	return event_tell(c->z, &t, e);
}

static struct bytes hash_of(struct command *c)
{
	const struct api_value *v = api_value(c->call, "password");
	return v->set ? v->v.secret.sealed : BYTES_NONE;
}

int admin_check_name(const char *name, struct err *e)
{
	int rc = check_name("name", name, e);
	if (!rc && strlen(name) > ADMIN_NAME_MAX)
		rc = err_set(e, ERR_TOO_BIG, "name \"%s\" has more than %d bytes", name, ADMIN_NAME_MAX);
	if (!rc && strchr(name, ':'))
		rc = err_set(e, ERR_INVALID, "name \"%s\" has a colon", name);
	return rc;
}

/* NAME@SOURCE belongs to people of that source. */
static int check_is_local(struct command *c, const char *name, struct err *e)
{
	struct store_user_source s;
	const char *at = strrchr(name, '@');
	if (!at || store_user_source_by_name(c->z->db, c->arena, at + 1, &s, NULL))
		return 0;
	return err_set(e, ERR_INVALID, "name \"%s\" ends like those of the user source \"%s\"", name, s.name);
}

static int refuse_of_source(const struct store_admin *a, const char *what, struct err *e)
{
	if (a->origin == STORE_ADMIN_LOCAL)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, "\"%s\" comes from a user source: its %s is kept there", a->name, what);
}

int admin_make(struct command *c, const char *name, const char *full_name, struct bytes hash, int64_t *ret_id,
	       struct err *e)
{
	struct store_admin there;
	struct store_admin a = {
		.name = name,
		.full_name = full_name,
		.origin = STORE_ADMIN_LOCAL,
		.subject = "",
		.hash = arena_str(c->arena, hash),
		.version = 1,
		.created_at = c->z->now,
		.changed_at = hash.len ? c->z->now : 0,
		.login_from = "",
	};
	int rc = admin_check_name(name, e);
	rc = rc ? rc : check_is_local(c, name, e);
	rc = rc ? rc : check_text("full name", full_name, FULL_NAME_MAX, e);
	if (!rc && store_admin_by_name(c->z->db, c->arena, name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "administrator \"%s\" exists already", name);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &a.id, e);
	rc = rc ? rc : store_admin_add(c->z->db, &a, e);
	*ret_id = rc ? 0 : a.id;
	return rc;
}

int grant_role(struct command *c, enum store_holder kind, int64_t holder, const char *role, const struct place *at,
	       struct err *e)
{
	struct store_grant g = {
		.holder_kind = kind,
		.holder = holder,
		.what = arena_printf(c->arena, STORE_GRANT_ROLE "%s", role),
		.tree = at->tree,
		.folder = at->folder,
		.effect = RIGHT_ALLOW,
		.created_at = c->z->now,
		.created_by = c->m->by.name,
	};
	return store_grant_put(c->z->db, &g, e);
}

static int add(struct command *c, struct err *e)
{
	const char *name = api_str(c->call, "name"), *role = api_str(c->call, "role");
	struct place at;
	int64_t id;
	int rc = place_find(c, api_str(c->call, "at"), RIGHT_TREE_DEVICE, &at, e);
	rc = rc || !role ? rc : entitle_check_role(c->z->db, c->arena, role, e);
	rc = rc ? rc : admin_make(c, name, command_str(c, "full-name", ""), hash_of(c), &id, e);
	rc = rc || !role ? rc : grant_role(c, STORE_HOLDER_ADMIN, id, role, &at, e);
	rc = rc ? rc : rights_tell(c, "admin", "added", id, name, e);
	return rc ? rc : answer_ref(c, id, name);
}

int command_ADMIN_ADD(struct command *c, struct err *e)
{
	return under_law(c, add, e);
}

int command_ADMIN_SET(struct command *c, struct err *e)
{
	struct store_admin a, there;
	int rc = admin_find(c, api_str(c->call, "admin"), &a, e);
	if (rc)
		return rc;
	int64_t id = a.id;
	rc = refuse_of_source(&a, "name", e);
	a.name = command_str(c, "name", a.name);
	a.full_name = command_str(c, "full-name", a.full_name);
	rc = rc ? rc : admin_check_name(a.name, e);
	rc = rc ? rc : check_is_local(c, a.name, e);
	rc = rc ? rc : check_text("full name", a.full_name, FULL_NAME_MAX, e);
	if (!rc && store_admin_by_name(c->z->db, c->arena, a.name, &there, NULL) == 0 && there.id != id)
		rc = err_set(e, ERR_EXISTS, "administrator \"%s\" exists already", a.name);
	rc = rc ? rc : store_admin_put(c->z->db, &a, e);
	rc = rc ? rc : rights_tell(c, "admin", "changed", id, a.name, e);
	return rc ? rc : answer_ref(c, id, a.name);
}

static int set_disabled(struct command *c, bool disabled, struct err *e)
{
	struct store_admin a;
	int rc = admin_find(c, api_str(c->call, "admin"), &a, e);
	a.is_disabled = disabled;
	rc = rc ? rc : store_admin_put(c->z->db, &a, e);
	if (!rc && disabled)
		rc = store_session_delete_of(c->z->db, a.id, 0, e);
	rc = rc ? rc : rights_tell(c, "admin", "changed", a.id, a.name, e);
	return rc ? rc : answer_ref(c, a.id, a.name);
}

static int disable(struct command *c, struct err *e)
{
	return set_disabled(c, true, e);
}

static int enable(struct command *c, struct err *e)
{
	return set_disabled(c, false, e);
}

int command_ADMIN_DISABLE(struct command *c, struct err *e)
{
	return under_law(c, disable, e);
}

int command_ADMIN_ENABLE(struct command *c, struct err *e)
{
	return under_law(c, enable, e);
}

static int remove_admin(struct command *c, struct err *e)
{
	struct store_admin a;
	int rc = admin_find(c, api_str(c->call, "admin"), &a, e);
	rc = rc ? rc : store_admin_delete(c->z->db, a.id, e);
	rc = rc ? rc : store_notice_forget(c->z->db, a.id, e);
	rc = rc ? rc : store_guard_delete(c->z->db, STORE_GUARD_ACCOUNT, a.name, e);
	return rc ? rc : rights_tell(c, "admin", "removed", a.id, a.name, e);
}

int command_ADMIN_REMOVE(struct command *c, struct err *e)
{
	return under_law(c, remove_admin, e);
}

int command_ADMIN_UNLOCK(struct command *c, struct err *e)
{
	struct store_admin a;
	int rc = admin_find(c, api_str(c->call, "admin"), &a, e);
	rc = rc ? rc : store_guard_delete(c->z->db, STORE_GUARD_ACCOUNT, a.name, e);
	if (rc)
		return rc;
	c->object = arena_printf(c->arena, "admin:%s", a.name);
	return answer_ref(c, a.id, a.name);
}

/* Whoever sets the password of another becomes that other: so he must have all that the other has. */
static int check_may_set_password(struct command *c, const struct store_admin *a, struct err *e)
{
	const struct rights nothing = RIGHTS_INIT;
	struct rights of_other = RIGHTS_INIT;
	enum right_id r;
	const char *path;
	int rc = access_need(&c->who, RIGHT_ADMINISTRATOR_MODIFY, "/", a->name, e);
	rc = rc ? rc : entitle_holder(c->z->db, STORE_HOLDER_ADMIN, a->id, &of_other, e);
	if (!rc && !rights_may_give(c->who.rights, &nothing, &of_other, &r, &path))
		rc = err_set(e, ERR_NOT_ALLOWED, "'%s' has the right %s at %s, which '%s' has not", a->name,
			     right_name(r), path, c->who.name);
	rights_release(&of_other);
	return rc;
}

int command_ADMIN_PASSWORD(struct command *c, struct err *e)
{
	const char *name = api_str(c->call, "admin");
	const struct principal *by = &c->m->by;
	struct store_admin a;
	int rc = store_admin_by_name(c->z->db, c->arena, name, &a, NULL);
	bool own = !rc && by->kind == PRINCIPAL_SESSION && by->admin == a.id;
	if (rc && !rights_may(c->who.rights, RIGHT_ADMINISTRATOR_MODIFY, "/"))
		return access_refuse_thing(&c->who, RIGHT_ADMINISTRATOR_MODIFY, name, e);
	if (rc)
		return err_set(e, rc, "administrator \"%s\" does not exist", name);
	if (own && (!c->m->proof.matches || c->m->proof.admin != a.id || c->m->proof.version != a.version))
		return login_failed(c, &a, "the present password is not this one", e);
	rc = own ? 0 : check_may_set_password(c, &a, e);
	rc = rc ? rc : refuse_of_source(&a, "password", e);
	if (rc)
		return rc;
	a.hash = arena_str(c->arena, hash_of(c));
	a.version++;
	a.changed_at = c->z->now;
	rc = store_admin_put(c->z->db, &a, e);
	rc = rc ? rc : store_session_delete_of(c->z->db, a.id, own ? by->id : 0, e);
	rc = rc ? rc : store_guard_delete(c->z->db, STORE_GUARD_ACCOUNT, a.name, e);
	return rc ? rc : rights_tell(c, "admin", "changed", a.id, a.name, e);
}

int command_ADMIN_GROUP_ADD(struct command *c, struct err *e)
{
	struct store_bundle there;
	struct store_bundle g = {
		.name = api_str(c->call, "group"),
		.note = command_str(c, "note", ""),
		.created_at = c->z->now,
	};
	int rc = admin_check_name(g.name, e);
	rc = rc ? rc : check_text("note", g.note, STORE_NOTE_MAX, e);
	if (!rc && store_admin_group_by_name(c->z->db, c->arena, g.name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "group \"%s\" of administrators exists already", g.name);
	rc = rc ? rc : new_id(c->z, STORE_ID_OBJECT, &g.id, e);
	rc = rc ? rc : store_admin_group_add(c->z->db, &g, e);
	rc = rc ? rc : rights_tell(c, "admin-group", "added", g.id, g.name, e);
	return rc ? rc : answer_ref(c, g.id, g.name);
}

static int remove_group(struct command *c, struct err *e)
{
	struct store_bundle g;
	int rc = find_admin_group(c, api_str(c->call, "group"), &g, e);
	rc = rc ? rc : store_admin_group_delete(c->z->db, g.id, e);
	return rc ? rc : rights_tell(c, "admin-group", "removed", g.id, g.name, e);
}

int command_ADMIN_GROUP_REMOVE(struct command *c, struct err *e)
{
	return under_law(c, remove_group, e);
}

static int change_member(struct command *c, bool join, struct err *e)
{
	struct store_bundle g;
	struct store_admin a;
	int rc = find_admin_group(c, api_str(c->call, "group"), &g, e);
	rc = rc ? rc : admin_find(c, api_str(c->call, "admin"), &a, e);
	if (!rc && join)
		rc = store_admin_group_join(c->z->db, g.id, a.id, e);
	else if (!rc && store_admin_group_leave(c->z->db, g.id, a.id, NULL))
		rc = err_set(e, ERR_NOT_FOUND, "administrator \"%s\" is not in group \"%s\"", a.name, g.name);
	rc = rc ? rc : rights_tell(c, "admin-group", "changed", g.id, g.name, e);
	return rc ? rc : answer_ref(c, g.id, g.name);
}

static int join(struct command *c, struct err *e)
{
	return change_member(c, true, e);
}

static int leave(struct command *c, struct err *e)
{
	return change_member(c, false, e);
}

int command_ADMIN_GROUP_JOIN(struct command *c, struct err *e)
{
	return under_law(c, join, e);
}

int command_ADMIN_GROUP_LEAVE(struct command *c, struct err *e)
{
	return under_law(c, leave, e);
}
