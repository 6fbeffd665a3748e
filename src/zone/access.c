#include "zone/access.h"

#include <string.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "store/credential.h"
#include "store/device.h"
#include "store/folder.h"
#include "store/job.h"

#define WORKSTATIONS "/Workstations/"

static int refuse(const struct asker *who, enum right_id r, const char *where, struct err *e)
{
	return err_set(e, ERR_NOT_ALLOWED, "'%s' has no right %s%s%s", who->name, right_name(r), where ? " at " : "",
		       where ? where : "");
}

int access_refuse_thing(const struct asker *who, enum right_id r, const char *thing, struct err *e)
{
	return err_set(e, ERR_NOT_ALLOWED, "'%s' has no right %s for \"%s\", if there is such a thing", who->name,
		       right_name(r), thing);
}

int access_need(const struct asker *who, enum right_id r, const char *path, const char *thing, struct err *e)
{
	return rights_may(who->rights, r, path) ? 0 : access_refuse_thing(who, r, thing, e);
}

int access_need_below(const struct asker *who, enum right_id r, const char *path, struct err *e)
{
	return rights_may_below(who->rights, r, path) ? 0 : refuse(who, r, path, e);
}

int access_check_somewhere(const struct asker *who, const struct api_command *c, struct err *e)
{
	if (c->scope == API_SCOPE_OWN || rights_may_somewhere(who->rights, c->right))
		return 0;
	return refuse(who, c->right, NULL, e);
}

struct check {
	struct db *db;
	struct arena *arena;
	const struct asker *who;
	const struct api_call *call;
	enum right_id right;
};

static bool is_missing(int rc)
{
	return rc == ERR_NOT_FOUND || rc == ERR_CONFLICT;
}

/* A thing in a folder; rc and folder are what looking it up gave. */
static int check_thing(const struct check *k, int rc, int64_t folder, const char *text, struct err *e)
{
	struct store_folder f;
	if (is_missing(rc) && rights_may_below(k->who->rights, k->right, "/"))
		return 0; /* the command says what is wrong */
	if (is_missing(rc))
		return access_refuse_thing(k->who, k->right, text, e);
	rc = rc ? rc : store_folder_get(k->db, k->arena, folder, &f, NULL);
	if (rc)
		return err_set(e, rc, "\"%s\" cannot be read", text);
	return access_need(k->who, k->right, f.path, text, e);
}

static bool is_id(const char *text, int64_t *ret)
{
	uint64_t id;
	if (!text_to_u64(bytes_str(text), &id) || id > INT64_MAX)
		return false;
	*ret = (int64_t)id;
	return true;
}

static int check_device(const struct check *k, const char *text, struct err *e)
{
	struct store_device d = {0};
	int64_t id;
	int rc = store_device_by_name(k->db, k->arena, text, &d, NULL);
	if (rc == ERR_NOT_FOUND && is_id(text, &id))
		rc = store_device_get(k->db, k->arena, id, &d, NULL);
	return check_thing(k, rc, d.folder, text, e);
}

static int find_credential_in(const struct check *k, const char *text, struct store_credential *ret)
{
	struct store_folder f;
	const char *name = strrchr(text, '/') + 1;
	int rc = store_folder_by_path(k->db, k->arena, STORE_TREE_CREDENTIAL,
				      arena_str(k->arena, BYTES(text, (size_t)(name - text))), &f, NULL);
	return rc ? rc : store_credential_by_name(k->db, k->arena, f.id, name, ret, NULL);
}

static int check_credential(const struct check *k, const char *text, struct err *e)
{
	struct store_credential c = {0};
	int64_t id;
	int rc = text[0] == '/' ? find_credential_in(k, text, &c)
				: store_credential_find(k->db, k->arena, text, &c, NULL);
	if (rc == ERR_NOT_FOUND && is_id(text, &id))
		rc = store_credential_get(k->db, k->arena, id, &c, NULL);
	return check_thing(k, rc, c.folder, text, e);
}

static bool has_argument(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < call->command->arg_count; i++)
		if (strcmp(call->command->args[i].name, name) == 0)
			return api_has(call, name);
	return false;
}

static const char *argument(const struct api_call *call, const char *name, const char *or_else, const char *left_out)
{
	if (has_argument(call, name))
		return api_str(call, name);
	return has_argument(call, or_else) ? api_str(call, or_else) : left_out;
}

/* A text that is no path lies nowhere below a folder, so it is asked for at the root. */
static const char *as_folder(const char *path)
{
	size_t len = strlen(path);
	return len && path[0] == '/' && path[len - 1] == '/' ? path : "/";
}

static int check_folder(const struct check *k, const char *path, struct err *e)
{
	path = as_folder(path);
	return rights_may(k->who->rights, k->right, path) ? 0 : refuse(k->who, k->right, path, e);
}

/* What is changed for a folder works in all below it; to look at it needs no more than the folder itself. */
static int check_target(const struct check *k, const char *text, struct err *e)
{
	if (strcmp(text, "zone") == 0)
		text = "/";
	if (text[0] != '/')
		return check_device(k, text, e);
	if (k->call->command->kind != API_WRITE)
		return check_folder(k, text, e);
	return access_need_below(k->who, k->right, as_folder(text), e);
}

struct folders {
	const struct asker *who;
	enum right_id right;
	bool some, all;
};

static int see_some(void *arg, const char *path)
{
	struct folders *f = arg;
	f->some = rights_may(f->who->rights, f->right, path);
	return f->some;
}

static int see_all(void *arg, const char *path)
{
	struct folders *f = arg;
	f->all = rights_may(f->who->rights, f->right, path);
	return !f->all;
}

int access_may_see_job(struct db *db, const struct asker *who, int64_t job, const char *requested_by, bool *ret,
		       struct err *e)
{
	struct folders f = {who, RIGHT_DEVICE_VIEW, false, true};
	*ret = strcmp(requested_by, who->name) == 0 || rights_may_below(who->rights, RIGHT_DEVICE_VIEW, "/");
	if (*ret || !rights_may_somewhere(who->rights, RIGHT_DEVICE_VIEW))
		return 0;
	int rc = store_job_folders(db, job, see_some, &f, e);
	*ret = f.some;
	return rc < 0 ? rc : 0;
}

/* Acts that are still to be made have no device yet that could be asked about. */
static int check_job_devices(const struct check *k, const struct store_job *j, struct err *e)
{
	struct folders f = {k->who, k->right, false, true};
	if (rights_may_below(k->who->rights, k->right, "/") || strcmp(j->requested_by, k->who->name) == 0)
		return 0;
	int rc = store_job_folders(k->db, j->id, see_all, &f, e);
	if (rc < 0)
		return rc;
	if (f.all && j->expanded == j->total)
		return 0;
	return err_set(e, ERR_NOT_ALLOWED, "'%s' has no right %s for every device of job %lld", k->who->name,
		       right_name(k->right), (long long)j->id);
}

static int check_job(const struct check *k, struct err *e)
{
	struct store_job j;
	int64_t id = api_int(k->call, "job", 0);
	bool may = false;
	int rc = store_job_get(k->db, k->arena, id, &j, NULL);
	if (rc == ERR_NOT_FOUND)
		return 0; /* numbers of jobs follow each other: no secret */
	if (rc)
		return err_set(e, rc, "job %lld cannot be read", (long long)id);
	if (k->right != RIGHT_LOGIN)
		return check_job_devices(k, &j, e);
	rc = access_may_see_job(k->db, k->who, id, j.requested_by, &may, e);
	if (rc || may)
		return rc;
	return err_set(e, ERR_NOT_ALLOWED, "'%s' may see no device of job %lld", k->who->name, (long long)id);
}

int access_check(struct db *db, struct arena *a, const struct asker *who, const struct api_call *call, struct err *e)
{
	struct check k = {db, a, who, call, call->command->right};
	int rc = access_check_somewhere(who, call->command, e);
	if (rc)
		return rc;
	switch (call->command->scope) {
	case API_SCOPE_ZONE:
		return check_folder(&k, "/", e);
	case API_SCOPE_DEVICE:
		return check_device(&k, api_str(call, "device"), e);
	case API_SCOPE_FOLDER:
		return check_folder(&k, argument(call, "path", "folder", WORKSTATIONS), e);
	case API_SCOPE_VAULT:
		return check_folder(&k, argument(call, "path", "folder", "/"), e);
	case API_SCOPE_CREDENTIAL:
		return check_credential(&k, api_str(call, "credential"), e);
	case API_SCOPE_TARGET:
		return check_target(&k, argument(call, "target", "at", "zone"), e);
	case API_SCOPE_JOB:
		return check_job(&k, e);
	case API_SCOPE_EACH:
	case API_SCOPE_OWN:
	case API_SCOPE_COUNT:
		break;
	}
	return 0;
}
