/* The two trees of folders: of devices and of credentials. */
#include "store/admin.h"
#include "store/hold.h"
#include "zone/command.h"
#include "zone/engine.h"
#include "zone/group.h"
#include "zone/move.h"
#include "zone/rule.h"

static int tell(struct command *c, const char *change, int64_t id, const char *path, struct err *e)
{
	c->object = arena_printf(c->arena, "folder:%s", path);
	c->at_folder = id;
	return event_tell(c->z, &(struct tell){.kind = "folder", .change = change, .id = id, .name = path}, e);
}

static int find(struct command *c, enum store_tree tree, const char *path, struct store_folder *ret, struct err *e)
{
	int rc = check_path(path, e);
	rc = rc ? rc : store_folder_by_path(c->z->db, c->arena, tree, path, ret, e);
	if (rc != ERR_NOT_FOUND)
		return rc;
	command_name(c, path);
	return err_set(e, rc, "folder \"%s\" does not exist", path);
}

static int add(struct command *c, enum store_tree tree, struct err *e)
{
	const char *path = api_str(c->call, "path");
	struct store_folder f;
	int64_t id;
	int rc = check_path(path, e);
	if (!rc && store_folder_by_path(c->z->db, c->arena, tree, path, &f, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "folder \"%s\" exists already", path);
	rc = rc ? rc : folder_make(c->z, tree, path, &id, e);
	if (rc)
		return rc;
	c->object = arena_printf(c->arena, "folder:%s", path);
	c->at_folder = id;
	return answer_ref(c, id, path);
}

/* "/a/b/" is "b" in "/a/". */
static int split(struct command *c, const char *path, const char **ret_parent, const char **ret_name, struct err *e)
{
	size_t len = strlen(path);
	if (len < 2)
		return err_set(e, ERR_INVALID, "the root cannot be moved or replaced");
	size_t at = len - 1;
	while (path[at - 1] != '/')
		at--;
	*ret_parent = arena_str(c->arena, BYTES(path, at));
	*ret_name = arena_str(c->arena, BYTES(path + at, len - 1 - at));
	return 0;
}

/* Features M179: to rename a folder one must be allowed to change what is in it, to move it to make and remove there.
 */
struct move_rights {
	enum right_id folder_modify, modify, folder_create, create;
};

static const struct move_rights move_rights[] = {
	[STORE_TREE_DEVICE] = {RIGHT_DEVICE_FOLDER_MODIFY, RIGHT_DEVICE_MODIFY, RIGHT_DEVICE_FOLDER_CREATE,
			       RIGHT_DEVICE_CREATE},
	[STORE_TREE_CREDENTIAL] = {RIGHT_CREDENTIAL_FOLDER_MODIFY, RIGHT_CREDENTIAL_MODIFY,
				   RIGHT_CREDENTIAL_FOLDER_CREATE, RIGHT_CREDENTIAL_CREATE},
};

static int check_may_move(struct command *c, enum store_tree tree, const char *from, const char *to,
			  const char *to_parent, struct err *e)
{
	const struct move_rights *m = &move_rights[tree];
	size_t parent_len = strlen(to_parent);
	bool stays =
		strncmp(from, to_parent, parent_len) == 0 && strchr(from + parent_len, '/') == from + strlen(from) - 1;
	int rc = access_need_below(&c->who, m->folder_modify, from, e);
	if (stays)
		return rc ? rc : access_need_below(&c->who, m->modify, from, e);
	rc = rc ? rc : access_need_below(&c->who, m->folder_create, from, e);
	rc = rc ? rc : access_need_below(&c->who, m->create, from, e);
	rc = rc ? rc : access_need_below(&c->who, m->folder_create, to, e);
	return rc ? rc : access_need_below(&c->who, m->create, to, e);
}

struct moving {
	enum store_tree tree;
	struct store_folder f;
	const char *to, *parent_path, *name;
};

static int carry(struct command *c, void *arg, struct err *e)
{
	struct moving *m = arg;
	int64_t parent;
	int rc = command_folder(c, m->tree, m->parent_path, &parent, e);
	rc = rc ? rc : store_folder_move(c->z->db, m->f.id, parent, m->name, e);
	rc = rc || m->tree != STORE_TREE_DEVICE ? rc : tree_load(c->z->tree, c->z->db, e);
	return rc || m->tree != STORE_TREE_DEVICE ? rc : group_follow(c->z, m->f.path, m->to, e);
}

static int move(struct command *c, enum store_tree tree, struct err *e)
{
	const char *from = api_str(c->call, "path"), *to = api_str(c->call, "to");
	struct moving m = {.tree = tree, .to = to};
	struct store_folder there;
	int rc = check_path(from, e);
	rc = rc ? rc : check_path(to, e);
	rc = rc ? rc : access_need_below(&c->who, move_rights[tree].folder_modify, from, e);
	rc = rc ? rc : split(c, to, &m.parent_path, &m.name, e);
	rc = rc ? rc : check_may_move(c, tree, from, to, m.parent_path, e);
	rc = rc ? rc : find(c, tree, from, &m.f, e);
	if (!rc && store_folder_by_path(c->z->db, c->arena, tree, to, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "folder \"%s\" exists already", to);
	if (!rc && strncmp(to, m.f.path, strlen(m.f.path)) == 0)
		rc = err_set(e, ERR_INVALID, "folder \"%s\" cannot be moved into itself", m.f.path);
	const struct move law = {
		.tree = tree == STORE_TREE_DEVICE ? RIGHT_TREE_DEVICE : RIGHT_TREE_VAULT,
		.from = from,
		.to = to,
		.is_folder = true,
	};
	rc = rc ? rc : move_under_law(c, &law, carry, &m, e);
	rc = rc ? rc : tell(c, "changed", m.f.id, to, e);
	return rc ? rc : answer_ref(c, m.f.id, to);
}

static int check_no_rule(struct command *c, const struct store_folder *f, struct err *e)
{
	struct store_rule r;
	int rc = store_rule_by_folder(c->z->db, c->arena, f->id, &r, NULL);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : err_set(e, rc, "rules cannot be read");
	command_name(c, r.name);
	return err_set(e, ERR_IN_USE, "folder \"%s\": rule \"%s\" puts new devices there", f->path, r.name);
}

/* What was said of a folder goes with it. */
static int forget(struct zone *z, int64_t id, struct err *e)
{
	tree_drop(z->tree, id);
	int rc = setting_forget(z, STORE_SCOPE_FOLDER, id, e);
	rc = rc ? rc : engine_forget_level(z, STORE_SCOPE_FOLDER, id, e);
	rc = rc ? rc : store_hold_delete(z->db, STORE_SCOPE_FOLDER, id, e);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int remove_one(struct command *c, const struct store_folder *f, struct err *e)
{
	int rc = store_folder_delete(c->z->db, f->id, e);
	rc = rc ? rc : store_grant_forget_folder(c->z->db, f->id, e);
	if (!rc && f->tree == STORE_TREE_DEVICE)
		rc = forget(c->z, f->id, e);
	rc = rc ? rc : tell(c, "removed", f->id, f->path, e);
	c->at_folder = f->parent;
	return rc;
}

/* A folder with all below it, parents first; in the arena of the command. */
struct subtree {
	struct command *c;
	struct store_folder v[ZONE_SLICE];
	size_t count;
};

static int see_below(void *arg, const struct store_folder *row)
{
	struct subtree *s = arg;
	if (s->count == ZONE_SLICE)
		return 1;
	struct store_folder *f = &s->v[s->count++];
	*f = *row;
	f->name = arena_str(s->c->arena, bytes_str(row->name));
	f->path = arena_str(s->c->arena, bytes_str(row->path));
	return 0;
}

static int check_subtree(struct command *c, const struct store_folder *top, struct subtree *s, struct err *e)
{
	int64_t devices = 0;
	int rc = access_need_below(&c->who, RIGHT_DEVICE_FOLDER_CREATE, top->path, e);
	rc = rc ? rc : store_device_count_below(c->z->db, top->path, &devices, e);
	if (!rc && devices)
		rc = err_set(e, ERR_IN_USE, "folder \"%s\": %lld devices are in it or below; move or remove them first",
			     top->path, (long long)devices);
	rc = rc ? rc : store_folder_list(c->z->db, STORE_TREE_DEVICE, top->path, NULL, -1, see_below, s, e);
	if (rc > 0)
		rc = err_set(e, ERR_TOO_BIG, "folder \"%s\" has more than %d folders below it; begin further down",
			     top->path, ZONE_SLICE);
	for (size_t i = 0; i < s->count && !rc; i++) {
		rc = check_no_rule(c, &s->v[i], e);
		if (!rc && s->v[i].id <= STORE_FOLDER_CREDENTIALS)
			rc = err_set(e, ERR_IN_USE, "folder \"%s\": it is built in", s->v[i].path);
	}
	return rc;
}

static int remove_tree(struct command *c, const struct store_folder *top, struct err *e)
{
	struct subtree *s = arena_alloc(c->arena, sizeof(*s));
	s->c = c;
	int rc = check_subtree(c, top, s, e);
	for (size_t i = s->count; i > 0 && !rc; i--)
		rc = remove_one(c, &s->v[i - 1], e);
	return rc;
}

int command_FOLDER_REMOVE(struct command *c, struct err *e)
{
	struct store_folder f;
	int rc = find(c, STORE_TREE_DEVICE, api_str(c->call, "path"), &f, e);
	if (rc)
		return rc;
	if (api_bool(c->call, "recursive"))
		return remove_tree(c, &f, e);
	rc = check_no_rule(c, &f, e);
	return rc ? rc : remove_one(c, &f, e);
}

int command_CREDENTIAL_FOLDER_REMOVE(struct command *c, struct err *e)
{
	struct store_folder f;
	int rc = find(c, STORE_TREE_CREDENTIAL, api_str(c->call, "path"), &f, e);
	return rc ? rc : remove_one(c, &f, e);
}

int command_FOLDER_ADD(struct command *c, struct err *e)
{
	return add(c, STORE_TREE_DEVICE, e);
}

int command_FOLDER_MOVE(struct command *c, struct err *e)
{
	return move(c, STORE_TREE_DEVICE, e);
}

int command_CREDENTIAL_FOLDER_ADD(struct command *c, struct err *e)
{
	return add(c, STORE_TREE_CREDENTIAL, e);
}

int command_CREDENTIAL_FOLDER_MOVE(struct command *c, struct err *e)
{
	return move(c, STORE_TREE_CREDENTIAL, e);
}
