#include "api/certify.h"

#include <string.h>

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/secret.h"
#include "pki/management.h"
#include "store/certificate.h"
#include "store/server.h"

#define PENDING_MAX  100
#define PASSWORD_MIN 12

bool certify_takes(enum api_command_id id)
{
	switch (id) {
	case API_CMD_CERTIFICATE_CREATE:
	case API_CMD_CERTIFICATE_IMPORT:
	case API_CMD_CERTIFICATE_REQUEST_ADD:
	case API_CMD_CERTIFICATE_AUTHORITY_BACKUP:
	case API_CMD_CERTIFICATE_AUTHORITY_RESTORE:
	case API_CMD_CERTIFICATE_AUTHORITY_REMINT:
		return true;
	default:
		return false;
	}
}

static int64_t draw_id(void)
{
	uint64_t random;
	rng_secret(&random, sizeof(random));
	return ZONE_DRAWN_ID(random);
}

static struct vault_place place_of(int64_t id)
{
	return (struct vault_place){"certificate", (uint64_t)id, "key", 1};
}

static int find_root(const struct certify *c, struct store_certificate *ret, bool *ret_there, struct err *e)
{
	int rc = store_certificate_newest(c->db, c->call->arena, STORE_CERTIFICATE_CA, 0, ret, NULL);
	*ret_there = rc == 0;
	return rc && rc != ERR_NOT_FOUND ? err_set(e, rc, "the zone's root cannot be read") : 0;
}

static int read_choice(const struct certify *c, struct pki_ca_choice *choice, struct err *e)
{
	const char *key = api_str(c->call, "key"), *hash = api_str(c->call, "hash");
	if (key && !pki_key_from_name(key, &choice->key))
		return err_set(e, ERR_INVALID, "\"%s\" is no kind of key: rsa-2048, rsa-3072 or p-384", key);
	if (hash && !pki_hash_from_name(hash, &choice->hash))
		return err_set(e, ERR_INVALID, "\"%s\" is no hash: sha256 or sha384", hash);
	return 0;
}

static int make_root(const struct certify *c, struct pki_ca_choice choice, int64_t id, struct pki_stored *ret,
		     struct err *e)
{
	struct store_zone zone;
	char zone_id[UUID_TEXT_SIZE];
	int rc = store_zone_get(c->db, c->call->arena, &zone, e);
	if (rc)
		return rc;
	uuid_text(&zone.id, zone_id);
	return pki_ca_make(c->vault, place_of(id), zone.name, zone_id, choice, c->now, ret, e);
}

static const char *name_of_server(const struct certify *c)
{
	struct store_server s;
	return store_server_get(c->db, c->call->arena, c->server, &s, NULL) ? "" : s.fqdn;
}

/* The root that signs: the zone's, or a new one where it has none yet. */
static int open_root(const struct certify *c, struct zone_made *m, struct pki_ca **ret, struct err *e)
{
	struct store_certificate root;
	bool there;
	int rc = find_root(c, &root, &there, e);
	if (!rc && there) {
		m->from = root.id;
		return pki_ca_load(c->vault, place_of(root.id), root.cert, root.key, ret, e);
	}
	m->root_id = draw_id();
	rc = rc ? rc : make_root(c, PKI_CA_CHOICE, m->root_id, &m->root, e);
	return rc ? rc
		  : pki_ca_load(c->vault, place_of(m->root_id), buf_bytes(&m->root.cert), buf_bytes(&m->root.key), ret,
				e);
}

static int create(const struct certify *c, struct zone_made *m, struct err *e)
{
	struct pki_ca_choice choice = {PKI_KEY_RSA_2048, PKI_HASH_SHA256};
	const char *name = api_str(c->call, "common-name");
	struct pki_ca *ca = NULL;
	int rc = read_choice(c, &choice, e);
	rc = rc ? rc : open_root(c, m, &ca, e);
	const struct pki_management_wish wish = {name ? name : name_of_server(c), choice.key, choice.hash};
	rc = rc ? rc : pki_management_make(ca, c->vault, place_of(m->id), &wish, c->now, &m->stored, e);
	pki_ca_free(ca);
	return rc;
}

struct pending {
	const struct certify *c;
	struct pki_pending rows[PENDING_MAX];
	size_t count;
};

static int see_request(void *arg, const struct store_request *r)
{
	struct pending *p = arg;
	bool fits = r->server == p->c->server && strcmp(r->kind, "management") == 0;
	if (fits && p->count < PENDING_MAX)
		p->rows[p->count++] = (struct pki_pending){
			.id = r->id,
			.place = {"certificate_request", (uint64_t)r->id, "key", (uint64_t)r->key_version},
			.request = r->request,
			.key = r->key,
		};
	return 0;
}

/* The server's domain: devices that find it by "provisionserver" trust that suffix. NULL: its name has none. */
static const char *own_suffix(const struct certify *c)
{
	const char *name = name_of_server(c), *dot = strchr(name, '.');
	if (!dot || !dot[1])
		return NULL;
	return strchr(dot + 1, '.') ? dot + 1 : name;
}

static int import(const struct certify *c, struct zone_made *m, struct err *e)
{
	struct pending *pending = mem_alloc(sizeof(*pending));
	struct pki_imported got;
	struct store_certificate root;
	struct buf files;
	bool there;
	const char *suffix = api_str(c->call, "suffix");
	pending->c = c;
	buf_init(&files, 2 * PKI_BAG_FILE);
	(void)buf_add_bytes(&files, api_file(c->call, "file")); /* two of 1 MiB at most */
	(void)buf_addc(&files, '\n');
	(void)buf_add_bytes(&files, api_file(c->call, "chain"));
	int rc = find_root(c, &root, &there, e);
	rc = rc ? rc : store_request_list(c->db, c->call->arena, 0, PENDING_MAX, see_request, pending, e);
	const struct pki_import in = {
		.files = buf_bytes(&files),
		.password = c->password,
		.more = !rc && there ? root.cert : BYTES_NONE,
		.pending = pending->rows,
		.pending_count = pending->count,
		.suffix = api_bool(c->call, "any-suffix") ? NULL
			  : suffix                        ? suffix
							  : own_suffix(c),
		.now_ms = c->now,
	};
	rc = rc < 0 ? rc : pki_management_import(c->vault, place_of(m->id), &in, &got, e);
	if (!rc) {
		m->stored = got.stored;
		m->from = got.request;
		m->notices = got.notices;
	}
	secret_wipe(files.p, files.cap);
	buf_release(&files);
	free(pending);
	return rc;
}

static int request(const struct certify *c, struct zone_made *m, struct err *e)
{
	struct pki_ca_choice choice = {PKI_KEY_RSA_2048, PKI_HASH_SHA256};
	const char *type = api_str(c->call, "type"), *name = api_str(c->call, "common-name");
	const char *key = api_str(c->call, "key");
	if (type && strcmp(type, "management") != 0 && strcmp(type, "device") != 0)
		return err_set(e, ERR_INVALID, "\"%s\" is no type of request: management or device", type);
	if (key && !pki_key_from_name(key, &choice.key))
		return err_set(e, ERR_INVALID, "\"%s\" is no kind of key: rsa-2048 or rsa-3072", key);
	m->name = name ? name : name_of_server(c);
	const struct pki_request_wish wish = {
		.for_device = type && strcmp(type, "device") == 0,
		.is_ca = api_bool(c->call, "is-ca"),
		.country = api_str(c->call, "country"),
		.state = api_str(c->call, "state"),
		.organization = api_str(c->call, "organization"),
		.unit = api_str(c->call, "orgunit"),
		.common_name = m->name,
		.key = choice.key,
	};
	const struct vault_place place = {"certificate_request", (uint64_t)m->id, "key", 1};
	return pki_request_make(c->vault, place, &wish, &m->stored, e);
}

static int backup(const struct certify *c, struct zone_made *m, struct err *e)
{
	struct store_certificate root;
	struct pki_ca *ca = NULL;
	bool there;
	int rc = c->password->len >= PASSWORD_MIN ? 0
						  : err_set(e, ERR_INVALID,
							    "the password of a backup has at least %d bytes: whoever "
							    "guesses it has the zone's key",
							    PASSWORD_MIN);
	rc = rc ? rc : find_root(c, &root, &there, e);
	if (!rc && !there)
		rc = err_set(e, ERR_NOT_FOUND, "the zone has no root yet that could be backed up");
	if (rc)
		return rc;
	m->from = root.id;
	rc = pki_ca_load(c->vault, place_of(root.id), root.cert, root.key, &ca, e);
	rc = rc ? rc : pki_ca_backup(ca, c->password, &m->file, e);
	pki_ca_free(ca);
	return rc;
}

static int remint(const struct certify *c, struct zone_made *m, struct err *e)
{
	struct pki_ca_choice choice = PKI_CA_CHOICE;
	int rc = read_choice(c, &choice, e);
	return rc ? rc : make_root(c, choice, m->id, &m->stored, e);
}

static int make(const struct certify *c, struct zone_made *m, struct err *e)
{
	switch (c->call->command->id) {
	case API_CMD_CERTIFICATE_CREATE:
		return create(c, m, e);
	case API_CMD_CERTIFICATE_IMPORT:
		return import(c, m, e);
	case API_CMD_CERTIFICATE_REQUEST_ADD:
		return request(c, m, e);
	case API_CMD_CERTIFICATE_AUTHORITY_BACKUP:
		return backup(c, m, e);
	case API_CMD_CERTIFICATE_AUTHORITY_RESTORE:
		return pki_ca_restore(c->vault, place_of(m->id), api_file(c->call, "file"), c->password, c->now,
				      &m->stored, e);
	default:
		return remint(c, m, e);
	}
}

/* Files may hold keys; the zone needs their length only, for the audit. */
static void wipe_files(const struct api_call *call)
{
	for (size_t i = 0; i < call->command->arg_count; i++)
		if (call->command->args[i].type == API_DATA && call->values[i].set)
			secret_wipe((void *)(uintptr_t)call->values[i].v.s.p, call->values[i].v.s.len);
}

int certify_run(const struct certify *c, struct zone_made **ret, struct err *e)
{
	int rc = access_check(c->db, c->call->arena, c->who, c->call, e);
	struct zone_made *m = rc ? NULL : zone_made_new();
	if (m)
		m->id = draw_id();
	rc = rc ? rc : make(c, m, e);
	wipe_files(c->call);
	if (rc)
		zone_made_free(m);
	else
		*ret = m;
	return rc;
}
