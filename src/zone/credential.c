/* The vault: folders of credentials, and AMT logins whose passwords are sealed bytes here. */
#include <stdlib.h>

#include "base/base.h"
#include "zone/command.h"
#include "zone/move.h"

#define CREDENTIAL_ID_MIN (INT64_C(1) << 40) /* api draws ids of new credentials above the blocks of ids */

static int tell(struct command *c, const char *change, int64_t id, const char *name, struct err *e)
{
	credential_forget(c->z);
	c->object = arena_printf(c->arena, "credential:%s", name);
	return event_tell(c->z, &(struct tell){.kind = "credential", .change = change, .id = id, .name = name}, e);
}

static int check_login(const char *user, struct err *e)
{
	int rc = check_text("user", user, ACT_LOGIN_SIZE - 1, e);
	if (rc)
		return rc;
	if (!*user || strchr(user, ':') || strchr(user, '"'))
		return err_set(e, ERR_INVALID, "user \"%s\" is empty or has a colon or double quote", user);
	return 0;
}

static int check_sealed(const struct api_value *password, struct err *e)
{
	if (password->v.secret.sealed.len == 0 || password->v.secret.sealed.len > ACT_SEALED_SIZE)
		return err_set(e, ERR_TOO_BIG, "password is too long");
	return 0;
}

static int check_texts(const char *name, const char *user, const char *description, struct err *e)
{
	int rc = check_name("credential name", name, e);
	rc = rc ? rc : check_login(user, e);
	return rc ? rc : check_text("description", description, STORE_NOTE_MAX, e);
}

static int fold_exists(int rc, const char *name, const char *path, struct err *e)
{
	if (rc != ERR_EXISTS)
		return rc;
	return err_set(e, rc, "credential \"%s\" exists already in folder \"%s\"", name, path);
}

int command_CREDENTIAL_ADD(struct command *c, struct err *e)
{
	const struct api_value *password = api_value(c->call, "password");
	const char *path = command_str(c, "folder", "/");
	struct store_credential row = {
		.id = (int64_t)password->v.secret.row,
		.name = command_str(c, "name", ""),
		.login = command_str(c, "user", "admin"),
		.description = command_str(c, "description", ""),
		.secret = password->v.secret.sealed,
		.version = (int64_t)password->v.secret.version,
		.created_at = c->z->now,
		.changed_at = c->z->now,
	};
	int rc = check_texts(row.name, row.login, row.description, e);
	rc = rc ? rc : check_sealed(password, e);
	rc = rc ? rc : check_path(path, e);
	if (!rc && (row.id < CREDENTIAL_ID_MIN || row.id > API_INT_MAX || row.version != 1))
		rc = err_set(e, ERR_CONFLICT, "password was sealed for another place");
	struct store_credential there;
	if (!rc && store_credential_get(c->z->db, c->arena, row.id, &there, NULL) == 0)
		rc = err_set(e, ERR_CONFLICT, "id %lld is taken; try again", (long long)row.id);
	struct store_folder f;
	if (!rc && store_folder_by_path(c->z->db, c->arena, STORE_TREE_CREDENTIAL, path, &f, NULL) == 0 &&
	    store_credential_by_name(c->z->db, c->arena, f.id, row.name, &there, NULL) == 0)
		rc = fold_exists(ERR_EXISTS, row.name, path, e);
	rc = rc ? rc : command_folder(c, STORE_TREE_CREDENTIAL, path, &row.folder, e);
	rc = rc ? rc : fold_exists(store_credential_add(c->z->db, &row, e), row.name, path, e);
	rc = rc ? rc : tell(c, "added", row.id, row.name, e);
	return rc ? rc : answer_ref(c, row.id, row.name);
}

/* A new password was sealed by api for this row and its next version. */
static int take_password(struct command *c, struct store_credential *row, struct err *e)
{
	const struct api_value *password = api_value(c->call, "password");
	if (!password->set)
		return 0;
	if ((int64_t)password->v.secret.row != row->id || (int64_t)password->v.secret.version != row->version + 1)
		return err_set(e, ERR_CONFLICT, "credential \"%s\" was changed meanwhile", row->name);
	row->secret = password->v.secret.sealed;
	row->version++;
	return check_sealed(password, e);
}

/* To move a credential is to take it out of one folder and to make it in another; all else is to change it. */
static int check_may_set(struct command *c, const struct store_credential *row, const char *to, struct err *e)
{
	static const char *const changes[] = {"name", "user", "password", "description"};
	struct store_folder f;
	bool any = !to;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		any = any || api_has(c->call, changes[i]);
	int rc = store_folder_get(c->z->db, c->arena, row->folder, &f, e);
	if (!rc && any)
		rc = access_need(&c->who, RIGHT_CREDENTIAL_MODIFY, f.path, row->name, e);
	if (!rc && to)
		rc = access_need(&c->who, RIGHT_CREDENTIAL_CREATE, f.path, row->name, e);
	return rc || !to ? rc : access_need(&c->who, RIGHT_CREDENTIAL_CREATE, to, to, e);
}

static int find_to_set(struct command *c, const char *to, struct store_credential *ret, struct err *e)
{
	const char *name = api_str(c->call, "credential");
	int rc = find_credential(c, name, ret, e);
	if (rc && !rights_may_below(c->who.rights, RIGHT_CREDENTIAL_MODIFY, "/")) {
		c->name_count = 0;
		return access_refuse_thing(&c->who, RIGHT_CREDENTIAL_MODIFY, name, e);
	}
	return rc ? rc : check_may_set(c, ret, to, e);
}

/* A device that is being set up may have its password already, and nothing but the vault knows it. */
static int check_unused(struct command *c, const struct store_credential *row, struct err *e)
{
	if (!setup_may_use(c->z, row->id))
		return 0;
	return err_set(e, ERR_IN_USE, "a device is just being given the password of credential \"%s\"", row->name);
}

static int set(struct command *c, void *arg, struct err *e)
{
	struct store_credential *row = arg;
	const char *path = api_str(c->call, "folder");
	int rc = check_texts(row->name, row->login, row->description, e);
	if (!rc && path)
		rc = command_folder(c, STORE_TREE_CREDENTIAL, path, &row->folder, e);
	rc = rc ? rc : fold_exists(store_credential_put(c->z->db, row, e), row->name, path ? path : "", e);
	return rc ? rc : tell(c, "changed", row->id, row->name, e);
}

static int set_elsewhere(struct command *c, struct store_credential *row, const char *path, struct err *e)
{
	struct store_folder f;
	int rc = store_folder_get(c->z->db, c->arena, row->folder, &f, e);
	const struct move m = {.tree = RIGHT_TREE_VAULT, .from = f.path, .to = path};
	return rc ? rc : move_under_law(c, &m, set, row, e);
}

int command_CREDENTIAL_SET(struct command *c, struct err *e)
{
	struct store_credential row;
	const char *path = api_str(c->call, "folder");
	int rc = find_to_set(c, path, &row, e);
	if (!rc && api_has(c->call, "password"))
		rc = check_unused(c, &row, e);
	rc = rc ? rc : take_password(c, &row, e);
	if (rc)
		return rc;
	if (api_has(c->call, "password") || api_has(c->call, "user"))
		row.changed_at = c->z->now;
	row.name = command_str(c, "name", row.name);
	row.login = command_str(c, "user", row.login);
	row.description = command_str(c, "description", row.description);
	rc = path ? set_elsewhere(c, &row, path, e) : set(c, &row, e);
	return rc ? rc : answer_ref(c, row.id, row.name);
}

static int name_user(void *arg, const struct store_amt_user *row)
{
	command_name(arg, row->device_name ? row->device_name : row->host);
	return 0;
}

int command_CREDENTIAL_REMOVE(struct command *c, struct err *e)
{
	struct store_credential row;
	int rc = find_credential(c, api_str(c->call, "credential"), &row, e);
	rc = rc ? rc : check_unused(c, &row, e);
	if (rc)
		return rc;
	if (!api_bool(c->call, "force")) {
		rc = store_amt_list_by_credential(c->z->db, row.id, 0, COMMAND_NAMES_MAX, name_user, c, e);
		if (!rc && c->name_count)
			rc = err_set(e, ERR_IN_USE, "credential \"%s\" is used by %zu%s devices", row.name,
				     c->name_count, c->name_count == COMMAND_NAMES_MAX ? " or more" : "");
	}
	rc = rc ? rc : store_amt_clear_credential(c->z->db, row.id, NULL, e);
	rc = rc ? rc : store_credential_delete(c->z->db, row.id, e);
	return rc ? rc : tell(c, "removed", row.id, row.name, e);
}

int credential_login(struct zone *z, int64_t id, const struct login **ret, struct err *e)
{
	struct login *l = map_u64_get(z->logins, (uint64_t)id);
	struct store_credential row;
	*ret = l;
	if (l)
		return 0;
	if (id == 0 || store_credential_get(z->db, z->arena, id, &row, NULL))
		return err_set(e, ERR_NO_CREDENTIAL, "credential %lld does not exist", (long long)id);
	if (row.secret.len > ACT_SEALED_SIZE)
		return err_set(e, ERR_TOO_BIG, "sealed password of credential \"%s\"", row.name);
	l = mem_alloc(sizeof(*l));
	l->id = row.id;
	l->version = row.version;
	bytes_to_str(bytes_str(row.login), l->login, sizeof(l->login));
	l->sealed_len = (uint16_t)row.secret.len;
	memcpy(l->sealed, row.secret.p, row.secret.len);
	map_u64_put(z->logins, (uint64_t)id, l);
	*ret = l;
	return 0;
}

void credential_forget(struct zone *z)
{
	size_t it = 0;
	uint64_t id;
	void *l;
	while (map_u64_each(z->logins, &it, &id, &l))
		free(l);
	map_u64_free(z->logins);
	z->logins = map_u64_new();
}
