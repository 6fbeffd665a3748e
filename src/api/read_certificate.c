#include "api/read.h"
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "pki/view.h"
#include "store/server.h"
#include "zone/certificate.h"

#define FILE_MAX (2 * (size_t)PKI_CHAIN_MAX)

static const char *server_name(struct read *r, int64_t id)
{
	struct store_server s;
	return id && store_server_get(r->db, r->arena, id, &s, NULL) == 0 ? s.name : NULL;
}

/* The newest of its kind and server is the one that counts. */
static bool is_in_use(struct read *r, const struct store_certificate *c)
{
	struct store_certificate newest;
	return store_certificate_newest(r->db, r->arena, c->kind, c->server, &newest, NULL) == 0 && newest.id == c->id;
}

static int write_one(struct read *r, const struct store_certificate *c, struct err *e)
{
	const struct certificate_about about = {server_name(r, c->server), is_in_use(r, c), r->now};
	return certificate_write(&r->json, r->arena, c, &about, e);
}

/* Rows live for the call only, and more is asked of the database for each: ids first. */
struct ids {
	int64_t *p;
	size_t count;
};

static int note_id(void *arg, const struct store_certificate *c)
{
	struct ids *ids = arg;
	ids->p[ids->count++] = c->id;
	return 0;
}

static int fetch_certificates(struct read *r, struct err *e)
{
	struct ids ids = {arena_alloc(r->arena, READ_BATCH * sizeof(int64_t)), 0};
	int rc = store_certificate_list(r->db, read_after_id(r), READ_BATCH, note_id, &ids, e);
	for (size_t i = 0; i < ids.count && rc >= 0; i++) {
		struct store_certificate c;
		read_row(r);
		if (!read_take(r))
			return 1;
		rc = store_certificate_get(r->db, r->arena, ids.p[i], &c, e);
		rc = rc ? rc : write_one(r, &c, e);
		read_key_id(r, ids.p[i]);
	}
	return rc;
}

int read_CERTIFICATE_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_certificates, e);
}

/* "root", "management", "api", or an id. */
static int find(struct read *r, const char *text, struct store_certificate *ret, struct err *e)
{
	uint64_t id;
	int rc = ERR_NOT_FOUND;
	if (strcmp(text, "root") == 0)
		rc = store_certificate_newest(r->db, r->arena, STORE_CERTIFICATE_CA, 0, ret, e);
	else if (strcmp(text, "management") == 0)
		rc = store_certificate_newest(r->db, r->arena, STORE_CERTIFICATE_MANAGEMENT, r->server, ret, e);
	else if (strcmp(text, "api") == 0)
		rc = store_certificate_newest(r->db, r->arena, STORE_CERTIFICATE_SERVER, r->server, ret, e);
	else if (text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		rc = store_certificate_get(r->db, r->arena, (int64_t)id, ret, e);
	if (rc == ERR_NOT_FOUND && strcmp(text, "management") == 0)
		return err_set(e, ERR_NO_MANAGEMENT_CERT, "this server has no management certificate");
	return rc == ERR_NOT_FOUND ? read_missing("certificate", text, e) : rc;
}

int read_CERTIFICATE_SHOW(struct read *r, struct err *e)
{
	struct store_certificate c;
	int rc = find(r, api_str(r->call, "certificate"), &c, e);
	return rc ? rc : write_one(r, &c, e);
}

int read_CERTIFICATE_EXPORT(struct read *r, struct err *e)
{
	const char *which = api_str(r->call, "certificate"), *format = api_str(r->call, "format");
	bool der = format && strcmp(format, "der") == 0;
	struct store_certificate c;
	struct buf out;
	if (format && !der && strcmp(format, "pem") != 0)
		return err_set(e, ERR_INVALID, "\"%s\" is no format: pem or der", format);
	int rc = find(r, which, &c, e);
	if (rc)
		return rc;
	buf_init(&out, FILE_MAX);
	rc = der ? buf_add_bytes(&out, c.cert) : pki_chain_pem(c.cert, c.chain, &out, e);
	const char *name = arena_printf(r->arena, "%s.%s", which, der ? "der" : "pem");
	if (!rc)
		certificate_file_write(&r->json, name, der ? "application/pkix-cert" : "application/x-pem-file",
				       buf_bytes(&out));
	buf_release(&out);
	return rc;
}

/* Which firmware has use for which hash: Intel AMT Implementation and Reference Guide, release notes; from AMT 22 on
 * the device management toolkit asks for SHA-384. */
static const struct {
	enum pki_hash hash;
	const char *fits;
} firmware[] = {
	{PKI_HASH_SHA256, "AMT 6 and later"},
	{PKI_HASH_SHA384, "AMT 6 and later by setup.bin version 3; asked for from AMT 22 on"},
	{PKI_HASH_SHA1, "AMT 2.2 to 10; AMT 11 to 14 when added by hand; refused from AMT 15 (H) and 16 on"},
	{PKI_HASH_MD5, "not for AMT"},
};

static const char *note_of(const struct pki_view *v)
{
	if (!v->is_rsa)
		return "its key is no RSA key: no AMT firmware is known to take that";
	if (v->is_sha1)
		return "it is signed with SHA-1: AMT 15 (H), 16 and later refuse it";
	return v->key_bits < 2048 ? "its key is short: AMT 15 (H), 16 and later refuse it" : NULL;
}

int read_CERTIFICATE_HASH(struct read *r, struct err *e)
{
	const char *names[ARRAY_LEN(firmware)], *fits[ARRAY_LEN(firmware)], *mebx[ARRAY_LEN(firmware)];
	struct bytes root;
	struct pki_view v;
	struct api_writer w;
	bool outside;
	char text[PKI_FINGERPRINT_SIZE];
	int rc = certificate_anchor(r->db, r->arena, r->server, &root, &outside, e);
	rc = rc ? rc : pki_view_read(root, &v, e);
	for (size_t i = 0; i < ARRAY_LEN(firmware) && !rc; i++) {
		names[i] = pki_hash_name(firmware[i].hash);
		fits[i] = firmware[i].fits;
		rc = pki_fingerprint_mebx(root, firmware[i].hash, text, e);
		mebx[i] = rc ? NULL : arena_str(r->arena, bytes_str(text));
	}
	if (rc)
		return rc;
	api_begin(&w, &r->json, NULL, API_OBJECT_root_hash);
	api_put_str(&w, "subject", v.subject);
	api_put_str(&w, "origin", outside ? "outside" : "zone");
	api_put_str(&w, "key", v.key);
	api_put_str(&w, "signature", v.signature);
	api_put_time(&w, "expires", v.not_after);
	for (size_t i = 0; i < ARRAY_LEN(firmware); i++)
		api_put_str(&w, names[i], pki_fingerprint(root, firmware[i].hash, text, NULL) ? "" : text);
	api_put_map(&w, "mebx", names, mebx, ARRAY_LEN(firmware));
	api_put_map(&w, "fits", names, fits, ARRAY_LEN(firmware));
	api_put_str(&w, "note", note_of(&v));
	api_end(&w);
	return 0;
}

struct requests {
	struct read *r;
	struct err *e;
	int rc;
};

static int put_request(void *arg, const struct store_request *q)
{
	struct requests *s = arg;
	read_row(s->r);
	if (!read_take(s->r))
		return 1;
	const char *server = server_name(s->r, q->server);
	s->rc = certificate_request_write(&s->r->json, q, server ? server : "?", s->e);
	read_key_id(s->r, q->id);
	return s->rc ? 1 : 0;
}

static int fetch_requests(struct read *r, struct err *e)
{
	struct requests s = {.r = r, .e = e};
	int rc = store_request_list(r->db, r->arena, read_after_id(r), READ_BATCH, put_request, &s, e);
	return s.rc ? s.rc : rc;
}

int read_CERTIFICATE_REQUEST_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_requests, e);
}
