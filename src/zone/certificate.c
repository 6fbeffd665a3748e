/* Certificates that lampd and people have made. What takes time (keys, signatures, reading what others made) was done
 * by a worker before; here it is compared with what the zone holds by now, and kept. The zone is the only writer, and
 * where two servers make a root at once the first one counts. */
#include "zone/certificate.h"

#include "base/log.h"
#include "base/text.h"
#include "pki/management.h"
#include "store/amt.h"
#include "store/server.h"
#include "zone/command.h"

#define DAY_MS    INT64_C(86400000)
#define SOON_DAYS 90
#define PEM_MAX   (4 * PKI_CERT_MAX)

static int newest(struct zone *z, const char *kind, int64_t server, struct store_certificate *ret, bool *ret_there,
		  struct err *e)
{
	int rc = store_certificate_newest(z->db, z->arena, kind, server, ret, NULL);
	*ret_there = rc == 0;
	return rc && rc != ERR_NOT_FOUND ? err_set(e, rc, "the certificates cannot be read") : 0;
}

int certificate_keep(struct zone *z, const struct zone_certificate *m, struct err *e)
{
	bool is_root = strcmp(m->kind, STORE_CERTIFICATE_CA) == 0, there = false;
	struct store_certificate root;
	int rc = is_root ? newest(z, STORE_CERTIFICATE_CA, 0, &root, &there, e) : 0;
	if (rc || there)
		return rc;
	struct store_certificate row = {
		.id = m->id,
		.kind = m->kind,
		.server = is_root ? 0 : z->server,
		.cert = m->cert,
		.key = m->key,
		.key_version = 1,
		.not_before = m->not_before,
		.not_after = m->not_after,
		.created_at = z->now,
	};
	const char *object = arena_printf(z->arena, "certificate:%s", m->kind);
	rc = store_certificate_add(z->db, &row, e);
	rc = rc ? rc : audit_add(z, z->deps.server_name, "certificate.make", object, NULL, e);
	if (!rc)
		log_event(LOG_NOTICE, "certificate made", LOG_S("kind", m->kind), LOG_I("id", m->id));
	return rc;
}

static const char *role_of(const struct store_certificate *c, bool in_use)
{
	if (strcmp(c->kind, STORE_CERTIFICATE_CA) == 0)
		return in_use ? "root" : "former-root";
	return strcmp(c->kind, STORE_CERTIFICATE_SERVER) == 0 ? "api" : c->kind;
}

static const char *status_of(const struct store_certificate *c, const struct certificate_about *about)
{
	if (about->now >= c->not_after)
		return "expired";
	if (about->now < c->not_before)
		return "not-yet-valid";
	if (!about->in_use)
		return "replaced";
	return c->not_after - about->now < SOON_DAYS * DAY_MS ? "expires-soon" : "active";
}

static void put_chain(struct api_writer *w, struct arena *a, struct bytes chain)
{
	const char *names[PKI_CHAIN_MOST];
	struct pki_view v;
	struct bytes one;
	size_t n = 0;
	while (n < PKI_CHAIN_MOST && pki_chain_take(&chain, &one))
		names[n++] = arena_str(a, bytes_str(pki_view_read(one, &v, NULL) ? "?" : v.subject));
	api_put_strs(w, "chain", names, n);
}

static void put_prints(struct api_writer *w, struct bytes cert)
{
	static const enum pki_hash hashes[] = {PKI_HASH_SHA256, PKI_HASH_SHA384, PKI_HASH_SHA1};
	char text[PKI_FINGERPRINT_SIZE];
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		bool fails = pki_fingerprint(cert, hashes[i], text, NULL) != 0;
		api_put_str(w, pki_hash_name(hashes[i]), fails ? "?" : text);
	}
}

int certificate_write(struct json_writer *json, struct arena *a, const struct store_certificate *c,
		      const struct certificate_about *about, struct err *e)
{
	struct api_writer w;
	struct pki_view v;
	int rc = pki_view_read(c->cert, &v, e);
	if (rc)
		return rc;
	api_begin(&w, json, NULL, API_OBJECT_certificate);
	api_put_int(&w, "id", c->id);
	api_put_str(&w, "role", role_of(c, about->in_use));
	api_put_text(&w, "server", about->server);
	api_put_str(&w, "status", status_of(c, about));
	api_put_str(&w, "subject", v.subject);
	api_put_str(&w, "issuer", v.issuer);
	api_put_str(&w, "serial", v.serial);
	api_put_text(&w, "common_name", v.common_name);
	api_put_str(&w, "key", v.key);
	api_put_str(&w, "signature", v.signature);
	api_put_bool(&w, "authority", v.is_ca);
	api_put_time(&w, "valid_from", c->not_before);
	api_put_time(&w, "expires", c->not_after);
	api_put_int(&w, "days_left", (c->not_after - about->now) / DAY_MS);
	put_prints(&w, c->cert);
	put_chain(&w, a, c->chain);
	api_put_text(&w, "note", c->note);
	api_end(&w);
	return 0;
}

int certificate_request_write(struct json_writer *json, const struct store_request *r, const char *server,
			      struct err *e)
{
	struct api_writer w;
	struct buf pem;
	buf_init(&pem, PEM_MAX);
	int rc = pki_request_pem(r->request, &pem, e);
	if (!rc) {
		api_begin(&w, json, NULL, API_OBJECT_certificate_request);
		api_put_int(&w, "id", r->id);
		api_put_str(&w, "name", r->name);
		api_put_str(&w, "server", server);
		api_put_str(&w, "type", r->kind);
		api_put_bool(&w, "is_ca", r->is_ca);
		api_put_time(&w, "created", r->created_at);
		api_put_str(&w, "pem", buf_cstr(&pem));
		api_end(&w);
	}
	buf_release(&pem);
	return rc;
}

void certificate_file_write(struct json_writer *json, const char *name, const char *media, struct bytes content)
{
	struct api_writer w;
	struct buf text;
	buf_init(&text, 2 * PKI_BAG_FILE);
	base64_encode(&text, content);
	api_begin(&w, json, NULL, API_OBJECT_file);
	api_put_str(&w, "name", name);
	api_put_str(&w, "media", media);
	api_put_str(&w, "data", buf_cstr(&text));
	api_end(&w);
	buf_release(&text);
}

int certificate_anchor(struct db *db, struct arena *a, int64_t server, struct bytes *ret_root, bool *ret_outside,
		       struct err *e)
{
	struct store_certificate management, root;
	int own = store_certificate_newest(db, a, STORE_CERTIFICATE_CA, 0, &root, NULL);
	int rc = store_certificate_newest(db, a, STORE_CERTIFICATE_MANAGEMENT, server, &management, NULL);
	if (rc == 0) {
		*ret_root = pki_chain_root(management.cert, management.chain);
		*ret_outside = own || !bytes_equal(*ret_root, root.cert);
		return 0;
	}
	if (rc != ERR_NOT_FOUND || (own && own != ERR_NOT_FOUND))
		return err_set(e, rc != ERR_NOT_FOUND ? rc : own, "the certificates cannot be read");
	if (own)
		return err_set(e, ERR_NOT_FOUND,
			       "the zone has no root certificate yet; it is made with the first management "
			       "certificate");
	*ret_root = root.cert;
	*ret_outside = false;
	return 0;
}

static int tell(struct command *c, const char *change, int64_t id, const char *kind, struct err *e)
{
	c->object = arena_printf(c->arena, "certificate:%s", kind);
	return event_tell(c->z, &(struct tell){.kind = "certificate", .change = change, .id = id, .name = kind}, e);
}

static int add(struct command *c, int64_t id, const char *kind, const struct pki_stored *s, const char *note,
	       struct store_certificate *ret, struct err *e)
{
	struct store_certificate row = {
		.id = id,
		.kind = kind,
		.server = strcmp(kind, STORE_CERTIFICATE_CA) == 0 ? 0 : c->z->server,
		.cert = buf_bytes(&s->cert),
		.chain = buf_bytes(&s->chain),
		.key = buf_bytes(&s->key),
		.key_version = 1,
		.note = note,
		.not_before = s->not_before,
		.not_after = s->not_after,
		.created_at = c->z->now,
	};
	*ret = row;
	int rc = store_certificate_add(c->z->db, &row, e);
	return rc ? rc : tell(c, "added", id, kind, e);
}

static int answer_certificate(struct command *c, const struct store_certificate *row, struct err *e)
{
	struct json_writer json;
	const struct certificate_about about = {
		.server = row->server ? c->z->deps.server_name : NULL, .in_use = true, .now = c->z->now};
	json_writer_init(&json, &c->body);
	return certificate_write(&json, c->arena, row, &about, e);
}

/* There is one at most for a server: two would make it a question which one a device sees. */
static int check_none(struct command *c, struct err *e)
{
	struct store_certificate there;
	bool is;
	int rc = newest(c->z, STORE_CERTIFICATE_MANAGEMENT, c->z->server, &there, &is, e);
	if (!rc && is)
		rc = err_set(e, ERR_EXISTS,
			     "this server has a management certificate (id %lld); remove it first with 'lamp "
			     "certificate remove'",
			     (long long)there.id);
	return rc;
}

static int changed_meanwhile(struct err *e)
{
	return err_set(e, ERR_CONFLICT, "the zone's root was changed meanwhile");
}

/* What was made rests on the root that the worker saw, or on one that it made because there was none. */
static int settle_root(struct command *c, const struct zone_made *m, struct err *e)
{
	struct store_certificate root;
	bool there;
	int rc = newest(c->z, STORE_CERTIFICATE_CA, 0, &root, &there, e);
	if (!rc && (there ? root.id != m->from : !m->root_id))
		rc = changed_meanwhile(e);
	return rc || there ? rc : add(c, m->root_id, STORE_CERTIFICATE_CA, &m->root, "", &root, e);
}

int command_CERTIFICATE_CREATE(struct command *c, struct err *e)
{
	const struct zone_made *m = c->m->made;
	struct store_certificate row;
	int rc = check_none(c, e);
	rc = rc ? rc : settle_root(c, m, e);
	rc = rc ? rc : add(c, m->id, STORE_CERTIFICATE_MANAGEMENT, &m->stored, "", &row, e);
	return rc ? rc : answer_certificate(c, &row, e);
}

int command_CERTIFICATE_IMPORT(struct command *c, struct err *e)
{
	const struct zone_made *m = c->m->made;
	struct store_certificate row;
	struct store_request request;
	struct buf note;
	int rc = check_none(c, e);
	if (!rc && m->from && store_request_get(c->z->db, c->arena, m->from, &request, NULL))
		rc = err_set(e, ERR_CONFLICT, "its certificate request was removed meanwhile");
	if (rc)
		return rc;
	buf_init(&note, 4096);
	pki_notice_text(m->notices, &note);
	rc = add(c, m->id, STORE_CERTIFICATE_MANAGEMENT, &m->stored, buf_cstr(&note), &row, e);
	rc = rc || !m->from ? rc : store_request_delete(c->z->db, m->from, e);
	rc = rc ? rc : answer_certificate(c, &row, e);
	buf_release(&note);
	return rc;
}

struct own {
	const struct zone *z;
	int64_t ids[16];
	size_t count;
};

static int see_own(void *arg, const struct store_certificate *row)
{
	struct own *o = arg;
	bool is = row->server == o->z->server && strcmp(row->kind, STORE_CERTIFICATE_MANAGEMENT) == 0;
	if (is && o->count < sizeof(o->ids) / sizeof(o->ids[0]))
		o->ids[o->count++] = row->id;
	return 0;
}

int command_CERTIFICATE_REMOVE(struct command *c, struct err *e)
{
	struct own o = {.z = c->z};
	struct json_writer json;
	struct api_writer w;
	int rc = store_certificate_list(c->z->db, 0, INT32_MAX, see_own, &o, e);
	for (size_t i = 0; i < o.count && !rc; i++) {
		rc = store_certificate_delete(c->z->db, o.ids[i], e);
		rc = rc ? rc : tell(c, "removed", o.ids[i], STORE_CERTIFICATE_MANAGEMENT, e);
	}
	if (rc)
		return rc;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_removed);
	api_put_int(&w, "removed", (int64_t)o.count);
	api_end(&w);
	return 0;
}

int command_CERTIFICATE_REQUEST_ADD(struct command *c, struct err *e)
{
	const struct zone_made *m = c->m->made;
	struct json_writer json;
	struct store_request row = {
		.id = m->id,
		.server = c->z->server,
		.kind = command_str(c, "type", "management"),
		.is_ca = api_bool(c->call, "is-ca"),
		.name = m->name,
		.request = buf_bytes(&m->stored.cert),
		.key = buf_bytes(&m->stored.key),
		.key_version = 1,
		.created_at = c->z->now,
	};
	int rc = store_request_add(c->z->db, &row, e);
	c->object = arena_printf(c->arena, "certificate-request:%s", row.name);
	json_writer_init(&json, &c->body);
	return rc ? rc : certificate_request_write(&json, &row, c->z->deps.server_name, e);
}

int command_CERTIFICATE_REQUEST_REMOVE(struct command *c, struct err *e)
{
	int64_t id = api_int(c->call, "request", 0);
	int rc = store_request_delete(c->z->db, id, e);
	c->object = arena_printf(c->arena, "certificate-request:%lld", (long long)id);
	return rc;
}

int command_CERTIFICATE_AUTHORITY_BACKUP(struct command *c, struct err *e)
{
	const struct zone_made *m = c->m->made;
	struct json_writer json;
	struct store_certificate root;
	bool there;
	int rc = newest(c->z, STORE_CERTIFICATE_CA, 0, &root, &there, e);
	if (!rc && (!there || root.id != m->from))
		rc = changed_meanwhile(e);
	if (rc)
		return rc;
	c->object = "certificate:ca";
	json_writer_init(&json, &c->body);
	certificate_file_write(&json, "lamplighter-root.p12", "application/x-pkcs12", buf_bytes(&m->file));
	return 0;
}

/* A new root leaves everything behind that trusts the one before: told, and done only by who repeats how many devices
 * that concerns. */
static int confirm(struct command *c, struct err *e)
{
	int64_t devices = 0;
	int rc = store_amt_count_mode(c->z->db, STORE_AMT_MODE_ENTERPRISE, &devices, e);
	if (rc || (api_has(c->call, "confirm") && api_int(c->call, "confirm", -1) == devices))
		return rc;
	c->expected = devices;
	return err_set(
		e, ERR_CONFIRM,
		"a new root makes a new ca.pem for every client of the API, management certificates of the old "
		"root no longer set up devices that are told the new hash, and devices that were set up with the "
		"old root have to be set up again: %lld devices are in Enterprise mode (unprovision them first)",
		(long long)devices);
}

static int change_root(struct command *c, struct err *e)
{
	const struct zone_made *m = c->m->made;
	struct store_certificate root, row;
	bool there;
	int rc = newest(c->z, STORE_CERTIFICATE_CA, 0, &root, &there, e);
	if (!rc && there && bytes_equal(root.cert, buf_bytes(&m->stored.cert)))
		rc = err_set(e, ERR_EXISTS, "this is the zone's root already");
	if (!rc && there) /* with no root before there is nothing that could break */
		rc = confirm(c, e);
	rc = rc ? rc : add(c, m->id, STORE_CERTIFICATE_CA, &m->stored, "", &row, e);
	if (!rc)
		log_event(LOG_NOTICE, "the zone's root was changed", LOG_I("id", m->id));
	return rc ? rc : answer_certificate(c, &row, e);
}

int command_CERTIFICATE_AUTHORITY_RESTORE(struct command *c, struct err *e)
{
	return change_root(c, e);
}

int command_CERTIFICATE_AUTHORITY_REMINT(struct command *c, struct err *e)
{
	return change_root(c, e);
}
