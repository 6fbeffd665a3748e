#include "api/read.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/api_priv.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/credential.h"
#include "store/device.h"
#include "store/folder.h"

#define BATCHES_MAX 20 /* rows looked at for one page: about 20,000 */
#define KEY_SPLIT   '\x1f'

/* A READ or LIST without its function does not link; the table is complete by construction. */
static const read_fn handlers[API_CMD_COUNT] = {
#define READ_ROW_READ(id) [API_CMD_##id] = read_##id,
#define READ_ROW_LIST(id) [API_CMD_##id] = read_##id,
#define READ_ROW_WRITE(id)
#define READ_ROW_STREAM(id)
#define API_COMMAND(id, noun, verb, method, path, kind, ...) READ_ROW_##kind(id)
#include "codec/api.tbl.h"
};

void read_row(struct read *r)
{
	r->rows++;
}

bool read_take(struct read *r)
{
	r->more = r->count == r->call->limit;
	if (!r->more)
		r->count++;
	return !r->more;
}

void read_key(struct read *r, const char *a, const char *b)
{
	(void)snprintf(r->key[0], sizeof(r->key[0]), "%s", a);
	(void)snprintf(r->key[1], sizeof(r->key[1]), "%s", b ? b : "");
}

void read_key_id(struct read *r, int64_t id)
{
	(void)snprintf(r->key[0], sizeof(r->key[0]), "%" PRId64, id);
}

int64_t read_after_id(const struct read *r)
{
	uint64_t id;
	return text_to_u64(bytes_str(r->key[0]), &id) && id <= INT64_MAX ? (int64_t)id : 0;
}

const char *read_after(const struct read *r, int part)
{
	return *r->key[part] ? r->key[part] : NULL;
}

int read_pages(struct read *r, read_fetch fetch, struct err *e)
{
	for (int i = 0; i < BATCHES_MAX; i++) {
		r->rows = 0;
		int code = fetch(r, e);
		if (code < 0)
			return code;
		if (code > 0 || r->rows < READ_BATCH)
			return 0;
	}
	r->more = true;
	return 0;
}

int64_t read_id(const struct api_call *call, const char *name)
{
	return api_int(call, name, 0);
}

int read_missing(const char *what, const char *name, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "%s '%s' does not exist", what, name);
}

/* "next" is the key in hexadecimal: opaque, and safe in an address. */
static int decode_after(struct read *r, struct err *e)
{
	struct buf key;
	struct bytes after = r->call->after;
	buf_init(&key, sizeof(r->key));
	int code = after.len ? hex_decode(after, &key) : 0;
	struct bytes k = buf_bytes(&key);
	const uint8_t *split = k.len ? memchr(k.p, KEY_SPLIT, k.len) : NULL;
	if (!code && after.len) {
		bool fine =
			split && bytes_to_str(BYTES(k.p, (size_t)(split - k.p)), r->key[0], sizeof(r->key[0])) &&
			bytes_to_str(BYTES(split + 1, (size_t)(k.p + k.len - split - 1)), r->key[1], sizeof(r->key[1]));
		code = fine ? 0 : ERR_INVALID;
	}
	buf_release(&key);
	return code ? err_set(e, ERR_INVALID, "'after' is not the 'next' of a page") : 0;
}

static void write_next(struct read *r)
{
	struct buf key, hex;
	if (!r->more) {
		json_put_null(&r->json, "next");
		return;
	}
	buf_init(&key, sizeof(r->key));
	buf_init(&hex, 2 * sizeof(r->key));
	(void)buf_addf(&key, "%s%c%s", r->key[0], KEY_SPLIT, r->key[1]); /* both fit */
	hex_encode(&hex, buf_bytes(&key));
	json_put_bytes(&r->json, "next", buf_bytes(&hex));
	buf_release(&key);
	buf_release(&hex);
}

static int run_list(struct read *r, struct err *e)
{
	int code = decode_after(r, e);
	if (code)
		return code;
	json_begin_object(&r->json, NULL);
	json_begin_array(&r->json, "items");
	code = handlers[r->call->command->id](r, e);
	if (code)
		return code;
	json_end(&r->json);
	write_next(r);
	json_end(&r->json);
	return 0;
}

bool read_may(const struct read *r, enum right_id right, const char *path)
{
	return rights_may(r->who->rights, right, path);
}

bool read_may_see_device(struct read *r, int64_t device)
{
	struct store_device d;
	struct store_folder f;
	if (rights_may_below(r->who->rights, RIGHT_DEVICE_VIEW, "/"))
		return true;
	if (!device || device == r->seen_device)
		return device && r->seen;
	r->seen_device = device;
	r->seen = store_device_get(r->db, r->arena, device, &d, NULL) == 0 &&
		  store_folder_get(r->db, r->arena, d.folder, &f, NULL) == 0 && read_may(r, RIGHT_DEVICE_VIEW, f.path);
	return r->seen;
}

int read_run(struct api *a, struct db *db, const struct asker *who, const struct api_call *call, struct buf *out,
	     struct err *e)
{
	struct read *r = mem_alloc(sizeof(*r));
	r->db = db;
	r->call = call;
	r->who = who;
	r->arena = call->arena;
	r->now = clock_wall_ms(a->clock);
	r->server = a->server;
	r->audit_key = a->audit_key;
	json_writer_init(&r->json, out);
	int code = db_begin(db, e);
	if (!code) {
		code = access_check(db, call->arena, who, call, e);
		if (!code)
			code = call->command->kind == API_LIST ? run_list(r, e) : handlers[call->command->id](r, e);
		db_rollback(db); /* it only read */
	}
	free(r);
	return code ? code : buf_check(out, e, "the answer");
}

static int find_by_path(struct db *db, struct arena *arena, const char *text, struct store_credential *ret,
			struct err *e)
{
	const char *name = strrchr(text, '/') + 1;
	struct store_folder f;
	int code = store_folder_by_path(db, arena, STORE_TREE_CREDENTIAL,
					arena_str(arena, BYTES(text, (size_t)(name - text))), &f, e);
	return code ? code : store_credential_by_name(db, arena, f.id, name, ret, e);
}

int read_find_credential(struct db *db, struct arena *arena, const char *text, struct store_credential *ret,
			 struct err *e)
{
	uint64_t id;
	int code =
		*text == '/' ? find_by_path(db, arena, text, ret, e) : store_credential_find(db, arena, text, ret, e);
	if (code == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		code = store_credential_get(db, arena, (int64_t)id, ret, e);
	if (code == ERR_NOT_FOUND)
		return read_missing("credential", text, e);
	if (code == ERR_CONFLICT)
		return err_set(e, ERR_INVALID, "several credentials are called '%s'; say which as /folder/%s", text,
			       text);
	return code;
}

int read_find_device(struct read *r, const char *text, struct store_device *ret, struct err *e)
{
	uint64_t id;
	int code = store_device_by_name(r->db, r->arena, text, ret, e);
	if (code == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		code = store_device_get(r->db, r->arena, (int64_t)id, ret, e);
	return code == ERR_NOT_FOUND ? read_missing("device", text, e) : code;
}

const char *read_credential_path(struct read *r, int64_t credential)
{
	struct store_credential c;
	struct store_folder f;
	if (credential == r->path_of)
		return r->path;
	r->path_of = credential;
	r->path = NULL;
	if (credential && !store_credential_get(r->db, r->arena, credential, &c, NULL) &&
	    !store_folder_get(r->db, r->arena, c.folder, &f, NULL))
		r->path = read_may(r, RIGHT_CREDENTIAL_VIEW, f.path) ? arena_printf(r->arena, "%s%s", f.path, c.name)
								     : NULL;
	return r->path;
}

int read_check_folder(struct read *r, enum store_tree tree, const char *path, struct err *e)
{
	struct store_folder f;
	int code = path ? store_folder_by_path(r->db, r->arena, tree, path, &f, e) : 0;
	if (code == ERR_NOT_FOUND)
		return read_missing("folder", path, e);
	return code;
}
