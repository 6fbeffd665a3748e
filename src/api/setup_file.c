#include "api/setup_file.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "api/usb_image.h"
#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/vault.h"
#include "codec/api.h"
#include "codec/hello.h"
#include "codec/password.h"
#include "codec/psk.h"
#include "codec/setup_bin.h"
#include "pki/pki.h"
#include "store/certificate.h"
#include "store/server.h"

#define HASHES_MAX    3 /* that a device takes from people */
#define FACTORY_LOGIN "admin"
#define SET_MAX       32
#define ENTRIES_MAX   (24 + SET_MAX)
#define VALUE_MAX     512

/* What all records have in common. */
struct plan {
	const struct setup_file_order *o;
	const struct api_call *call;
	enum setup_bin_version version;
	bool psk, shared;
	int64_t records;
	const char *fqdn, *suffix, *hash_name;
	struct setup_bin_entry entries[ENTRIES_MAX];
	size_t count;
};

static int invalid(struct err *e, const char *sentence)
{
	return err_set(e, ERR_INVALID, "%s", sentence);
}

static int read_version(struct plan *p, struct err *e)
{
	const char *text = api_str(p->call, "version");
	text = text ? text : "3";
	if (!setup_bin_version_from_name(bytes_str(text), &p->version))
		return err_set(e, ERR_INVALID, "version \"%s\" is none of 1, 2, 2.1, 3, 4", text);
	if (api_bool(p->call, "scrambled") && p->version < SETUP_BIN_V4)
		return invalid(e, "only files of version 4 can be scrambled");
	if (p->version == SETUP_BIN_V1 && !p->psk)
		return invalid(e, "a file of version 1 holds a pre-shared key and no root certificate: say --psk");
	return 0;
}

static int read_records(struct plan *p, struct err *e)
{
	p->records = api_int(p->call, "records", 1);
	if (p->records < 1 || p->records > SETUP_FILE_RECORDS_MAX)
		return err_set(e, ERR_INVALID, "records: between 1 and %d", SETUP_FILE_RECORDS_MAX);
	if (p->shared && p->records != 1)
		return invalid(e, "a shared file has one record");
	if (p->shared && p->psk)
		return invalid(e, "a pre-shared key is for one computer: not in a shared file");
	return 0;
}

static int read_names(struct plan *p, struct err *e)
{
	struct store_server s;
	int rc = store_server_get(p->o->db, p->call->arena, p->o->server, &s, e);
	if (rc)
		return rc;
	const char *dot = strchr(s.fqdn, '.');
	p->fqdn = api_str(p->call, "fqdn");
	p->fqdn = p->fqdn ? p->fqdn : dot ? s.fqdn : "";
	p->suffix = api_str(p->call, "dns");
	p->suffix = p->suffix ? p->suffix : dot ? dot + 1 : "";
	p->hash_name = api_str(p->call, "hash-name");
	struct store_zone zone;
	if (!p->hash_name && store_zone_get(p->o->db, p->call->arena, &zone, NULL) == 0)
		p->hash_name = zone.name;
	return 0;
}

static int add(struct plan *p, uint32_t id, struct bytes value, struct err *e)
{
	uint8_t *copy = arena_alloc(p->call->arena, value.len ? value.len : 1);
	if (p->count == ENTRIES_MAX)
		return err_set(e, ERR_TOO_BIG, "more settings than a file holds");
	if (value.len)
		memcpy(copy, value.p, value.len);
	p->entries[p->count++] = (struct setup_bin_entry){id, BYTES(copy, value.len)};
	return 0;
}

static int add_number(struct plan *p, uint32_t id, uint32_t number, struct err *e)
{
	const struct setup_bin_variable *v = setup_bin_variable(id);
	const uint8_t le[] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
			      (uint8_t)(number >> 24)};
	size_t len = v->kind == SETUP_BIN_NUMBER_1 ? 1 : v->kind == SETUP_BIN_NUMBER_2 ? 2 : 4;
	if (number < v->least || number > v->most)
		return err_set(e, ERR_INVALID, "%s cannot be %u: %s", v->name, number, v->words);
	return add(p, id, BYTES(le, len), e);
}

static int add_text(struct plan *p, uint32_t id, const char *text, struct err *e)
{
	return *text ? add(p, id, bytes_str(text), e) : 0;
}

/* The DER inside the first pair of PEM lines. */
static int certificate_of_pem(struct bytes pem, struct buf *der, struct err *e)
{
	static const char begins[] = "-----BEGIN CERTIFICATE-----", ends[] = "-----END CERTIFICATE-----";
	const char *text = (const char *)pem.p;
	const char *from = pem.len ? memmem(text, pem.len, begins, strlen(begins)) : NULL;
	from = from ? from + strlen(begins) : NULL;
	const char *to = from ? memmem(from, pem.len - (size_t)(from - text), ends, strlen(ends)) : NULL;
	if (!to)
		return invalid(e, "the file of --hash is not a certificate in PEM");
	struct buf packed;
	buf_init(&packed, API_FILE_MAX);
	for (; from < to; from++)
		if (!strchr(" \t\r\n", *from))
			(void)buf_addc(&packed, *from); /* no more than came */
	int rc = base64_decode(buf_bytes(&packed), der);
	buf_release(&packed);
	return rc ? invalid(e, "the file of --hash is not a certificate in PEM") : 0;
}

static int read_certificate(struct plan *p, struct buf *der, struct err *e)
{
	struct store_certificate ca;
	int64_t from, until;
	int rc;
	if (api_has(p->call, "hash")) {
		rc = certificate_of_pem(api_file(p->call, "hash"), der, e);
	} else {
		rc = store_certificate_newest(p->o->db, p->call->arena, STORE_CERTIFICATE_CA, 0, &ca, NULL);
		rc = rc ? err_set(e, ERR_NOT_FOUND, "the zone has no root certificate yet: give one with --hash")
			: buf_add_bytes(der, ca.cert);
	}
	return rc ? rc : pki_cert_validity(buf_bytes(der), &from, &until, e);
}

static int add_hash(struct plan *p, struct bytes der, enum pki_hash kind, struct err *e)
{
	static const uint8_t types[PKI_HASH_COUNT] = {[PKI_HASH_SHA1] = HELLO_HASH_SHA1,
						      [PKI_HASH_SHA256] = HELLO_HASH_SHA256,
						      [PKI_HASH_SHA384] = HELLO_HASH_SHA384};
	uint8_t hash[PKI_HASH_MAX], to[SETUP_BIN_HASH_SIZE];
	size_t len = 0;
	if (!types[kind])
		return invalid(e, "firmware takes no such hash: sha1, sha256 or sha384");
	int rc = pki_hash(der, kind, hash, e);
	struct setup_bin_hash h = {types[kind], BYTES(hash, pki_hash_size(kind)), bytes_str(p->hash_name)};
	rc = rc ? rc : setup_bin_hash_encode(&h, to, &len, e);
	return rc ? rc : add(p, SETUP_BIN_HASH, BYTES(to, len), e);
}

static int add_hashes(struct plan *p, struct err *e)
{
	struct buf der;
	enum pki_hash kind = p->version < SETUP_BIN_V3 ? PKI_HASH_SHA1 : PKI_HASH_SHA256;
	size_t count = 0;
	const struct bytes *types = api_has(p->call, "hash-type") ? api_strs(p->call, "hash-type", &count) : NULL;
	buf_init(&der, PKI_CERT_MAX);
	int rc = count > HASHES_MAX ? invalid(e, "hash-type: a device takes three hashes at most") : 0;
	rc = rc ? rc : read_certificate(p, &der, e);
	if (!rc && !count)
		rc = add_hash(p, buf_bytes(&der), kind, e);
	for (size_t i = 0; i < count && !rc; i++)
		rc = pki_hash_from_name((const char *)types[i].p, &kind)
			     ? add_hash(p, buf_bytes(&der), kind, e)
			     : invalid(e, "hash-type is none of sha1, sha256, sha384");
	buf_release(&der);
	return rc ? rc : add_number(p, SETUP_BIN_USER_HASHES, 1, e);
}

static int add_server(struct plan *p, struct err *e)
{
	const char *address = api_str(p->call, "address");
	int64_t port = api_int(p->call, "port", 0);
	struct in_addr a;
	int rc = 0;
	if (address && inet_pton(AF_INET, address, &a) != 1)
		return err_set(e, ERR_INVALID, "address \"%s\" is not an IPv4 address", address);
	if (port < 0 || port > UINT16_MAX)
		return invalid(e, "port: between 1 and 65535");
	if ((address || port) && p->version == SETUP_BIN_V1)
		return invalid(e, "a file of version 1 cannot name a server");
	if (address) {
		uint32_t host = ntohl(a.s_addr); /* the last byte first */
		const uint8_t le[] = {(uint8_t)host, (uint8_t)(host >> 8), (uint8_t)(host >> 16),
				      (uint8_t)(host >> 24)};
		rc = add(p, SETUP_BIN_SERVER_ADDRESS, BYTES(le, sizeof(le)), e);
	}
	return rc || !port ? rc : add_number(p, SETUP_BIN_SERVER_PORT, (uint32_t)port, e);
}

/* For setup by certificates over the network. DHCP, as the firmware takes no server's word without. */
static int add_pki(struct plan *p, struct err *e)
{
	int64_t ztc = api_int(p->call, "ztc", 1);
	int rc = ztc == 0 || ztc == 1 ? 0 : invalid(e, "ztc: 0 or 1");
	rc = rc ? rc : add_text(p, SETUP_BIN_DNS_SUFFIX, p->suffix, e);
	rc = rc ? rc : add_text(p, SETUP_BIN_SERVER_FQDN, p->fqdn, e);
	rc = rc ? rc : add_number(p, SETUP_BIN_REMOTE_SETUP, (uint32_t)ztc, e);
	return rc ? rc : add_hashes(p, e);
}

static const struct setup_bin_variable *variable_of(struct bytes name)
{
	for (uint32_t module = 1; module <= 2; module++)
		for (uint32_t i = 1; i < 64; i++) {
			const struct setup_bin_variable *v = setup_bin_variable(SETUP_BIN_ID(module, i));
			if (v && bytes_equal_str(name, v->name))
				return v;
		}
	return NULL;
}

static void replace(struct plan *p, uint32_t id)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->entries[i].id == id && id != SETUP_BIN_HASH)
			p->entries[i--] = p->entries[--p->count];
}

static int set_one(struct plan *p, struct bytes text, struct err *e)
{
	const uint8_t *equals = text.len ? memchr(text.p, '=', text.len) : NULL;
	struct bytes name = equals ? BYTES(text.p, (size_t)(equals - text.p)) : text;
	struct bytes value = equals ? BYTES(equals + 1, text.len - name.len - 1) : BYTES_NONE;
	const struct setup_bin_variable *v = equals ? variable_of(name) : NULL;
	uint64_t number;
	if (!v || v->is_secret || v->id == SETUP_BIN_PID)
		return err_set(e, ERR_INVALID, "set \"%.*s\" is not NAME=VALUE with a name that the guide lists",
			       (int)text.len, (const char *)text.p);
	replace(p, v->id);
	if (v->kind == SETUP_BIN_TEXT)
		return add(p, v->id, value, e);
	if (v->kind != SETUP_BIN_RAW) {
		bool is_number = text_to_u64(value, &number) && number <= UINT32_MAX;
		return is_number ? add_number(p, v->id, (uint32_t)number, e)
				 : err_set(e, ERR_INVALID, "%s takes a number: %s", v->name, v->words);
	}
	struct buf raw;
	buf_init(&raw, VALUE_MAX);
	int rc = hex_decode(value, &raw) ? err_set(e, ERR_INVALID, "%s takes bytes as hexadecimal digits", v->name)
					 : add(p, v->id, buf_bytes(&raw), e);
	buf_release(&raw);
	return rc;
}

static int add_set(struct plan *p, struct err *e)
{
	size_t count = 0;
	const struct bytes *set = api_has(p->call, "set") ? api_strs(p->call, "set", &count) : NULL;
	int rc = count > SET_MAX ? invalid(e, "set: at most 32 settings") : 0;
	for (size_t i = 0; i < count && !rc; i++)
		rc = set_one(p, set[i], e);
	return rc;
}

static int make_plan(struct plan *p, struct err *e)
{
	int rc = read_version(p, e);
	rc = rc ? rc : read_records(p, e);
	rc = rc ? rc : read_names(p, e);
	if (!rc && p->version >= SETUP_BIN_V3)
		rc = add_number(p, SETUP_BIN_MANAGEABILITY, 1, e);
	rc = rc || p->psk ? rc : add_pki(p, e);
	rc = rc ? rc : add_server(p, e);
	if (!rc && p->version >= SETUP_BIN_V3) {
		rc = add_number(p, SETUP_BIN_DHCP, 2, e);
		rc = rc ? rc : add_number(p, SETUP_BIN_START, 1, e);
	}
	return rc ? rc : add_set(p, e);
}

/* What is secret in one record. */
struct secrets {
	struct secret password, pps;
	char pid[PSK_PID_LEN + 1];
};

static void draw(const struct plan *p, struct secrets *s)
{
	const struct secret *fresh = p->o->fresh;
	if (fresh->len)
		secret_set(&s->password, fresh->p, fresh->len);
	else
		password_make(rng_secret, &s->password);
	s->pid[0] = '\0';
	if (p->psk)
		psk_make(rng_secret, s->pid, &s->pps);
}

static int seal(const struct plan *p, struct vault_place place, const struct secret *s, struct bytes *ret,
		struct err *e)
{
	struct buf sealed;
	buf_init(&sealed, VAULT_SEALED_MAX);
	int rc = vault_seal(p->o->vault, place, BYTES(s->p, s->len), &sealed, e);
	if (!rc)
		*ret = arena_bytes(p->call->arena, buf_bytes(&sealed));
	buf_release(&sealed);
	return rc;
}

/* The password is sealed as that of the credential that it will be. */
static int keep(const struct plan *p, const struct secrets *s, struct zone_setup_record *ret, struct err *e)
{
	uint64_t random;
	rng_secret(&random, sizeof(random));
	*ret = (struct zone_setup_record){.id = ZONE_DRAWN_ID(random)};
	ret->pid = arena_str(p->call->arena, bytes_str(s->pid));
	struct vault_place place = {"credential", (uint64_t)ret->id, "secret", 1};
	int rc = seal(p, place, &s->password, &ret->password, e);
	place = (struct vault_place){"setup_record", (uint64_t)ret->id, "pps", 1};
	return rc || !s->pps.len ? rc : seal(p, place, &s->pps, &ret->pps, e);
}

static int write_record(const struct plan *p, const struct secrets *s, struct setup_bin_writer *w, struct err *e)
{
	struct setup_bin_entry entries[ENTRIES_MAX + 4];
	size_t n = p->count;
	const struct secret *current = p->o->current;
	uint32_t flags = SETUP_BIN_RECORD_VALID | (api_bool(p->call, "scrambled") ? SETUP_BIN_RECORD_SCRAMBLED : 0);
	memcpy(entries, p->entries, n * sizeof(*entries));
	entries[n].id = SETUP_BIN_PASSWORD;
	entries[n++].value = current->len ? BYTES(current->p, current->len) : bytes_str(FACTORY_LOGIN);
	entries[n].id = SETUP_BIN_NEW_PASSWORD;
	entries[n++].value = BYTES(s->password.p, s->password.len);
	if (p->psk) {
		entries[n].id = SETUP_BIN_PID;
		entries[n++].value = bytes_str(s->pid);
		entries[n].id = SETUP_BIN_PPS;
		entries[n++].value = BYTES(s->pps.p, s->pps.len);
	}
	return setup_bin_add(w, entries, n, flags, e);
}

static int make_record(const struct plan *p, struct setup_bin_writer *w, struct zone_setup_record *ret, struct err *e)
{
	struct secrets s = {SECRET_INIT, SECRET_INIT, ""};
	draw(p, &s);
	int rc = keep(p, &s, ret, e);
	rc = rc ? rc : write_record(p, &s, w, e);
	secret_release(&s.password);
	secret_release(&s.pps);
	return rc;
}

/* base64, in memory that is wiped. */
static void pack(struct bytes file, struct secret *ret)
{
	struct buf text;
	size_t len = (file.len + 2) / 3 * 4;
	buf_init(&text, len + 1);
	(void)buf_reserve(&text, len); /* at once, so that no copies are left behind */
	base64_encode(&text, file);
	secret_set(ret, text.p, text.len);
	secret_wipe(text.p, text.cap);
	buf_release(&text);
}

static int give(const struct plan *p, struct bytes file, struct secret *ret, struct err *e)
{
	if (!api_bool(p->call, "image")) {
		pack(file, ret);
		return 0;
	}
	struct secret image = SECRET_INIT;
	int rc = usb_image_make(file, &image, e);
	if (!rc)
		pack(BYTES(image.p, image.len), ret);
	secret_release(&image);
	return rc;
}

int setup_file_make(const struct setup_file_order *o, const struct zone_setup **ret, struct secret *ret_file,
		    struct err *e)
{
	struct plan p = {
		.o = o, .call = o->call, .psk = api_bool(o->call, "psk"), .shared = api_bool(o->call, "shared")};
	int rc = o->fresh->len ? password_check(BYTES(o->fresh->p, o->fresh->len), e) : 0;
	rc = rc ? rc : make_plan(&p, e);
	if (rc)
		return rc;
	struct zone_setup *m = arena_alloc(o->call->arena, sizeof(*m));
	struct zone_setup_record *records = arena_alloc(o->call->arena, (size_t)p.records * sizeof(*records));
	size_t size = setup_bin_size((uint32_t)p.records);
	uint8_t *file = mem_alloc(size);
	struct setup_bin_writer w;
	setup_bin_begin(&w, p.version, p.shared ? SETUP_BIN_FLAG_KEEP : 0, file, size);
	for (int64_t i = 0; i < p.records && !rc; i++)
		rc = make_record(&p, &w, &records[i], e);
	if (!rc)
		rc = give(&p, BYTES(file, setup_bin_end(&w)), ret_file, e);
	secret_wipe(file, size);
	free(file);
	*m = (struct zone_setup){setup_bin_version_name(p.version), p.psk ? "" : p.fqdn, p.psk ? "" : p.suffix, records,
				 (size_t)p.records};
	if (!rc)
		*ret = m;
	return rc;
}
