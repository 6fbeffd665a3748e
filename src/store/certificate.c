#include "store/certificate.h"

#include "store/row.h"

int store_certificate_add(struct db *db, const struct store_certificate *c, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CERTIFICATE_ADD);
	db_bind_i64(st, c->id);
	db_bind_text(st, c->kind);
	db_bind_id(st, c->server);
	db_bind_blob(st, c->cert);
	db_bind_blob(st, c->key);
	db_bind_i64(st, c->key_version);
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

int store_certificate_newest(struct db *db, struct arena *a, const char *kind, int64_t server,
			     struct store_certificate *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_CERTIFICATE_NEWEST);
	db_bind_text(st, kind);
	db_bind_i64(st, server);
	int rc = row_need(st, e, "certificate \"%s\"", kind);
	if (rc < 0)
		return rc;
	ret->id = db_take_i64(st);
	ret->kind = row_text(st, a);
	ret->server = db_take_i64(st);
	ret->cert = row_blob(st, a);
	ret->key = row_blob(st, a);
	ret->key_version = db_take_i64(st);
	ret->not_before = db_take_i64(st);
	ret->not_after = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	db_end(st);
	return 0;
}
