#include "store/certificate.h"

#include "store/row.h"

static int read_certificate(struct db_stmt *st, struct arena *a, struct store_certificate *ret)
{
	ret->id = db_take_i64(st);
	ret->kind = row_text(st, a);
	ret->server = db_take_i64(st);
	ret->cert = row_blob(st, a);
	ret->chain = row_blob(st, a);
	ret->key = row_blob(st, a);
	ret->key_version = db_take_i64(st);
	ret->note = row_text(st, a);
	ret->not_before = db_take_i64(st);
	ret->not_after = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	return 0;
}

int store_certificate_add(struct db *db, const struct store_certificate *c, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CERTIFICATE_ADD);
	db_bind_i64(st, c->id);
	db_bind_text(st, c->kind);
	db_bind_id(st, c->server);
	db_bind_blob(st, c->cert);
	db_bind_blob(st, c->chain.p ? c->chain : BYTES_LIT(""));
	db_bind_blob(st, c->key);
	db_bind_i64(st, c->key_version);
	db_bind_text(st, c->note ? c->note : "");
	db_bind_i64(st, c->not_before);
	db_bind_i64(st, c->not_after);
	db_bind_i64(st, c->created_at);
	return row_add(st, e, "certificate %lld", (long long)c->id);
}

int store_certificate_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CERTIFICATE_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "certificate %lld", (long long)id);
}

static int take_certificate(struct db_stmt *st, struct arena *a, struct store_certificate *ret)
{
	read_certificate(st, a, ret);
	db_end(st);
	return 0;
}

int store_certificate_get(struct db *db, struct arena *a, int64_t id, struct store_certificate *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CERTIFICATE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "certificate %lld", (long long)id);
	return rc < 0 ? rc : take_certificate(st, a, ret);
}

int store_certificate_newest(struct db *db, struct arena *a, const char *kind, int64_t server,
			     struct store_certificate *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CERTIFICATE_NEWEST);
	db_bind_text(st, kind);
	db_bind_i64(st, server);
	int rc = row_need(st, e, "certificate \"%s\"", kind);
	return rc < 0 ? rc : take_certificate(st, a, ret);
}

int store_certificate_list(struct db *db, int64_t after, int limit, store_certificate_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CERTIFICATE_LIST);
	db_bind_i64(st, after);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_certificate, read_certificate, each, arg, e);
}

static int read_request(struct db_stmt *st, struct arena *a, struct store_request *ret)
{
	ret->id = db_take_i64(st);
	ret->server = db_take_i64(st);
	ret->kind = row_text(st, a);
	ret->is_ca = db_take_i64(st) != 0;
	ret->name = row_text(st, a);
	ret->request = row_blob(st, a);
	ret->key = row_blob(st, a);
	ret->key_version = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	return 0;
}

int store_request_add(struct db *db, const struct store_request *r, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_REQUEST_ADD);
	db_bind_i64(st, r->id);
	db_bind_i64(st, r->server);
	db_bind_text(st, r->kind);
	db_bind_i64(st, r->is_ca);
	db_bind_text(st, r->name);
	db_bind_blob(st, r->request);
	db_bind_blob(st, r->key);
	db_bind_i64(st, r->key_version);
	db_bind_i64(st, r->created_at);
	return row_add(st, e, "certificate request %lld", (long long)r->id);
}

int store_request_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_REQUEST_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "certificate request %lld", (long long)id);
}

int store_request_get(struct db *db, struct arena *a, int64_t id, struct store_request *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_REQUEST_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "certificate request %lld", (long long)id);
	if (rc < 0)
		return rc;
	read_request(st, a, ret);
	db_end(st);
	return 0;
}

int store_request_list(struct db *db, struct arena *a, int64_t after, int limit, store_request_fn each, void *arg,
		       struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_REQUEST_LIST);
	struct store_request row;
	int rc, said = 0;
	db_bind_i64(st, after);
	db_bind_i64(st, limit);
	while (!said && (rc = db_step(st, e)) > 0) {
		read_request(st, a, &row);
		said = each(arg, &row);
	}
	if (!said)
		return rc;
	db_end(st);
	return said;
}
