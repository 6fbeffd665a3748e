#include "store/audit.h"

#include <openssl/evp.h>

#include "base/base.h"
#include "store/row.h"

#define HASH_SIZE 32

static bool add_u64(EVP_MD_CTX *c, uint64_t v)
{
	uint8_t b[8];
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	return EVP_DigestUpdate(c, b, sizeof(b)) == 1;
}

static bool add_text(EVP_MD_CTX *c, const char *s)
{
	size_t len = strlen(s);
	const uint8_t b[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
	return EVP_DigestUpdate(c, b, sizeof(b)) == 1 && EVP_DigestUpdate(c, s, len) == 1;
}

static int chain(const uint8_t before[HASH_SIZE], const struct store_audit *a, uint8_t ret[HASH_SIZE], struct err *e)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(c, before, HASH_SIZE) == 1 &&
		  add_u64(c, (uint64_t)a->id) && add_u64(c, (uint64_t)a->time) && add_text(c, a->actor) &&
		  add_text(c, a->action) && add_text(c, a->object) && add_text(c, a->detail) &&
		  EVP_DigestFinal_ex(c, ret, NULL) == 1;
	EVP_MD_CTX_free(c);
	return ok ? 0 : err_set(e, ERR_FAILED, "audit row %lld: no SHA-256", (long long)a->id);
}

/* Id and hash of the newest row; id of sequence 0 and zeros when there is none. */
static int newest(struct db *db, int64_t server, int64_t *ret_id, uint8_t ret[HASH_SIZE], struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_LAST);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret_id = STORE_SEQ_ID(server, 0);
	memset(ret, 0, HASH_SIZE);
	if (rc == 0)
		return 0;
	*ret_id = db_take_i64(st);
	struct bytes hash = db_take_blob(st);
	if (hash.len == HASH_SIZE)
		memcpy(ret, hash.p, HASH_SIZE);
	else
		rc = err_set(e, ERR_TAMPERED, "audit row %lld: its hash has %zu bytes", (long long)*ret_id, hash.len);
	db_end(st);
	return rc < 0 ? rc : 0;
}

int store_audit_add(struct db *db, int64_t server, const struct store_audit *a, int64_t *ret_id, struct err *e)
{
	struct store_audit row = *a;
	uint8_t before[HASH_SIZE], hash[HASH_SIZE];
	int rc = newest(db, server, &row.id, before, e);
	row.id++;
	if (rc == 0)
		rc = chain(before, &row, hash, e);
	if (rc < 0)
		return rc;
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_ADD);
	db_bind_i64(st, row.id);
	db_bind_i64(st, row.time);
	db_bind_text(st, row.actor);
	db_bind_text(st, row.action);
	db_bind_text(st, row.object);
	db_bind_text(st, row.detail);
	db_bind_blob(st, BYTES(hash, sizeof(hash)));
	rc = row_add(st, e, "audit row %lld", (long long)row.id);
	if (rc == 0 && ret_id)
		*ret_id = row.id;
	return rc;
}

static void read_audit(struct db_stmt *st, struct arena *a, struct store_audit *ret)
{
	ret->id = db_take_i64(st);
	ret->time = db_take_i64(st);
	ret->actor = row_text(st, a);
	ret->action = row_text(st, a);
	ret->object = row_text(st, a);
	ret->detail = row_text(st, a);
	ret->hash = row_blob(st, a);
}

int store_audit_list(struct db *db, int64_t server, int64_t before_id, int limit, store_audit_fn each, void *arg,
		     struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_LIST);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, before_id ? before_id : STORE_SEQ_ID(server + 1, 0));
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_audit, read_audit, each, arg, e);
}

struct walk {
	int64_t expected; /* id of the next row */
	uint8_t hash[HASH_SIZE];
	int64_t bad;
};

static int check_row(void *arg, const struct store_audit *row)
{
	struct walk *w = arg;
	uint8_t hash[HASH_SIZE];
	int rc = chain(w->hash, row, hash, NULL);
	if (rc < 0)
		return rc;
	if (row->id != w->expected || row->hash.len != HASH_SIZE || memcmp(hash, row->hash.p, HASH_SIZE) != 0) {
		w->bad = w->expected;
		return ERR_TAMPERED;
	}
	memcpy(w->hash, hash, HASH_SIZE);
	w->expected++;
	return 0;
}

int store_audit_verify(struct db *db, int64_t server, int64_t *ret_bad, struct err *e)
{
	struct walk w = {.expected = STORE_SEQ_ID(server, 1)};
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_WALK);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	int rc = ROW_EACH(st, struct store_audit, read_audit, check_row, &w, e);
	if (rc == 0 || rc == ERR_TAMPERED)
		*ret_bad = w.bad;
	if (rc == ERR_TAMPERED)
		return err_set(e, rc, "audit row %lld does not follow from the rows before it", (long long)w.bad);
	return rc;
}
