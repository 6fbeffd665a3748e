#include "api/read.h"
#include "base/err.h"
#include "store/credential.h"
#include "store/folder.h"

static int put_credential_folder(void *arg, const struct store_folder *f)
{
	struct read *r = arg;
	struct api_writer w;
	read_row(r);
	if (!read_may(r, RIGHT_CREDENTIAL_VIEW, f->path)) {
		read_key(r, f->path, NULL);
		return 0;
	}
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_credential_folder);
	api_put_int(&w, "id", f->id);
	api_put_str(&w, "path", f->path);
	api_end(&w);
	read_key(r, f->path, NULL);
	return 0;
}

static int fetch_credential_folders(struct read *r, struct err *e)
{
	return store_folder_list(r->db, STORE_TREE_CREDENTIAL, "/", read_after(r, 0), READ_BATCH, put_credential_folder,
				 r, e);
}

int read_CREDENTIAL_FOLDER_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_credential_folders, e);
}

static void put_credential(struct read *r, const struct store_credential *c, const char *folder, int64_t used_by)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_credential);
	api_put_int(&w, "id", c->id);
	api_put_str(&w, "name", c->name);
	api_put_str(&w, "folder", folder);
	api_put_str(&w, "login", c->login);
	api_put_str(&w, "description", c->description);
	api_put_int(&w, "devices", used_by);
	api_put_time(&w, "changed", c->changed_at);
	api_end(&w);
}

static int put_credential_row(void *arg, const struct store_credential_view *row)
{
	struct read *r = arg;
	bool may = read_may(r, RIGHT_CREDENTIAL_VIEW, row->folder_path);
	read_row(r);
	if (may && !read_take(r))
		return 1;
	if (may)
		put_credential(r, &row->credential, row->folder_path, row->used_by);
	read_key(r, row->folder_path, row->credential.name);
	return 0;
}

static int fetch_credentials(struct read *r, struct err *e)
{
	return store_credential_list(r->db, api_str(r->call, "folder"), read_after(r, 0), read_after(r, 1), READ_BATCH,
				     put_credential_row, r, e);
}

int read_CREDENTIAL_LIST(struct read *r, struct err *e)
{
	int code = read_check_folder(r, STORE_TREE_CREDENTIAL, api_str(r->call, "folder"), e);
	return code ? code : read_pages(r, fetch_credentials, e);
}

struct only {
	struct read *r;
	int64_t id;
};

static int put_only(void *arg, const struct store_credential_view *row)
{
	struct only *o = arg;
	if (row->credential.id != o->id)
		return 0;
	put_credential(o->r, &row->credential, row->folder_path, row->used_by);
	return 1;
}

/* The one row of the folder's list: that is where the number of devices comes from. */
int read_CREDENTIAL_SHOW(struct read *r, struct err *e)
{
	struct store_credential c;
	struct store_folder f;
	const char *name = api_str(r->call, "credential");
	int code = read_find_credential(r->db, r->arena, name, &c, e);
	if (!code)
		code = store_folder_get(r->db, r->arena, c.folder, &f, e);
	if (code)
		return code;
	struct only o = {r, c.id};
	code = store_credential_list(r->db, f.path, NULL, NULL, INT32_MAX, put_only, &o, e);
	return code == 0 ? read_missing("credential", name, e) : code < 0 ? code : 0;
}
