#include "store/discovered.h"

#include "store/row.h"

static void read_discovered(struct db_stmt *st, struct arena *a, struct store_discovered *ret)
{
	ret->id = db_take_i64(st);
	ret->address = row_text(st, a);
	ret->name = row_text(st, a);
	ret->port = (int)db_take_i64(st);
	db_take_uuid(st, &ret->uuid);
	ret->version = row_text(st, a);
	ret->provisioned = (enum store_provisioned)db_take_i64(st);
	ret->mode = (enum store_amt_mode)db_take_i64(st);
	ret->transport = (enum store_transport)db_take_i64(st);
	ret->realm = row_text(st, a);
	ret->sources = (unsigned)db_take_i64(st);
	ret->first_at = db_take_i64(st);
	ret->seen_at = db_take_i64(st);
	ret->valid_until = db_take_i64(st);
	ret->reason = (int)db_take_i64(st);
	ret->detail = row_text(st, a);
	ret->device = db_take_i64(st);
	ret->plain = (enum store_answer)db_take_i64(st);
	ret->tls = (enum store_answer)db_take_i64(st);
	ret->hello.version = (int)db_take_i64(st);
	ret->hello.retry = db_take_i64(st);
	ret->hello.at = db_take_i64(st);
	ret->hello.since = db_take_i64(st);
	ret->hello.until = db_take_i64(st);
	ret->hello.admin_set = db_take_bool(st);
	ret->hello.pid = row_text(st, a);
	ret->hello.hashes = row_blob(st, a);
}

static struct db_stmt *bind_discovered(struct db *db, enum sql_id id, const struct store_discovered *d)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, d->id);
	db_bind_text(st, d->address);
	db_bind_text(st, d->name);
	db_bind_i64(st, d->port);
	db_bind_uuid(st, &d->uuid);
	db_bind_text(st, d->version);
	db_bind_i64(st, d->provisioned);
	db_bind_i64(st, d->mode);
	db_bind_i64(st, d->transport);
	db_bind_text(st, d->realm);
	db_bind_i64(st, d->sources);
	db_bind_i64(st, d->first_at);
	db_bind_i64(st, d->seen_at);
	db_bind_i64(st, d->valid_until);
	db_bind_i64(st, d->reason);
	db_bind_text(st, d->detail);
	db_bind_id(st, d->device);
	db_bind_i64(st, d->plain);
	db_bind_i64(st, d->tls);
	db_bind_i64(st, d->hello.version);
	db_bind_i64(st, d->hello.retry);
	db_bind_i64(st, d->hello.at);
	db_bind_i64(st, d->hello.since);
	db_bind_i64(st, d->hello.until);
	db_bind_bool(st, d->hello.admin_set);
	db_bind_text(st, d->hello.pid ? d->hello.pid : "");
	db_bind_blob(st, d->hello.hashes);
	return st;
}

int store_discovered_add(struct db *db, const struct store_discovered *d, struct err *e)
{
	return row_add(bind_discovered(db, SQL_DISCOVERED_ADD, d), e, "discovered \"%s\"", d->address);
}

int store_discovered_put(struct db *db, const struct store_discovered *d, struct err *e)
{
	return row_change(bind_discovered(db, SQL_DISCOVERED_PUT, d), e, "discovered \"%s\"", d->address);
}

int store_discovered_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "discovered %lld", (long long)id);
}

static int get_discovered(struct db_stmt *st, struct arena *a, struct store_discovered *ret)
{
	read_discovered(st, a, ret);
	db_end(st);
	return 0;
}

int store_discovered_get(struct db *db, struct arena *a, int64_t id, struct store_discovered *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "discovered %lld", (long long)id);
	return rc < 0 ? rc : get_discovered(st, a, ret);
}

int store_discovered_by_address(struct db *db, struct arena *a, const char *address, struct store_discovered *ret,
				struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_BY_ADDRESS);
	db_bind_text(st, address);
	int rc = row_need(st, e, "discovered \"%s\"", address);
	return rc < 0 ? rc : get_discovered(st, a, ret);
}

int store_discovered_by_uuid(struct db *db, const struct uuid *u, store_discovered_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_BY_UUID);
	db_bind_uuid(st, u);
	return ROW_EACH(st, struct store_discovered, read_discovered, each, arg, e);
}

int store_discovered_link(struct db *db, int64_t id, int64_t device, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_LINK);
	db_bind_i64(st, id);
	db_bind_id(st, device);
	return row_change(st, e, "discovered %lld", (long long)id);
}

int store_discovered_list(struct db *db, const struct store_discovered_filter *f, store_discovered_fn each, void *arg,
			  struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_LIST);
	db_bind_i64(st, f->after_id);
	db_bind_i64(st, f->imported);
	db_bind_i64(st, f->valid_at);
	db_bind_i64(st, f->limit);
	return ROW_EACH(st, struct store_discovered, read_discovered, each, arg, e);
}

int store_discovered_next_end(struct db *db, int64_t after, int64_t *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_NEXT_END);
	db_bind_i64(st, after);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret = rc > 0 ? db_take_i64(st) : 0;
	db_end(st);
	return 0;
}

int store_discovered_ended(struct db *db, int64_t after, int64_t until, int64_t last_until, int64_t last_id, int limit,
			   store_discovered_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_ENDED);
	db_bind_i64(st, after);
	db_bind_i64(st, until);
	db_bind_i64(st, last_until);
	db_bind_i64(st, last_id);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_discovered, read_discovered, each, arg, e);
}

int store_discovered_count(struct db *db, int64_t *ret, struct err *e)
{
	return row_number(db_stmt(db, SQL_DISCOVERED_COUNT), ret, e);
}

int store_discovered_count_hello(struct db *db, int64_t *ret, struct err *e)
{
	return row_number(db_stmt(db, SQL_DISCOVERED_COUNT_HELLO), ret, e);
}

int store_discovered_drop_hello(struct db *db, int limit, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_DROP_HELLO);
	db_bind_i64(st, limit);
	return db_run(st, NULL, e);
}

int store_discovered_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_DISCOVERED_PURGE);
	db_bind_i64(st, before);
	db_bind_i64(st, limit);
	return db_run(st, ret_count, e);
}
