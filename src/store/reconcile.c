#include "store/reconcile.h"

#include "store/row.h"

static void read_state(struct db_stmt *st, struct arena *a, struct store_reconcile *ret)
{
	ret->rule = row_text(st, a);
	ret->time_zone = row_text(st, a);
	ret->handled = db_take_i64(st);
	ret->started_at = db_take_i64(st);
	ret->ended_at = db_take_i64(st);
	ret->started_by = row_text(st, a);
	ret->linked = db_take_i64(st);
	ret->unmatched_amt = db_take_i64(st);
	ret->unmatched_host = db_take_i64(st);
	ret->conflicts = db_take_i64(st);
	ret->changed = db_take_i64(st);
}

int store_reconcile_get(struct db *db, struct arena *a, struct store_reconcile *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RECONCILE_GET);
	int rc = row_need(st, e, "state of the reconciliation");
	if (rc < 0)
		return rc;
	read_state(st, a, ret);
	db_end(st);
	return 0;
}

int store_reconcile_put(struct db *db, const struct store_reconcile *r, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RECONCILE_PUT);
	db_bind_text(st, r->rule);
	db_bind_text(st, r->time_zone);
	db_bind_i64(st, r->handled);
	db_bind_i64(st, r->started_at);
	db_bind_i64(st, r->ended_at);
	db_bind_text(st, r->started_by);
	db_bind_i64(st, r->linked);
	db_bind_i64(st, r->unmatched_amt);
	db_bind_i64(st, r->unmatched_host);
	db_bind_i64(st, r->conflicts);
	db_bind_i64(st, r->changed);
	return row_add(st, e, "state of the reconciliation");
}

static void read_host(struct db_stmt *st, struct arena *a, struct store_reconcile_host *ret)
{
	ret->device = db_take_i64(st);
	db_take_uuid(st, &ret->uuid);
	ret->macs = row_text(st, a);
	ret->fqdn = row_text(st, a);
	ret->addresses = row_text(st, a);
	ret->pin = (enum store_pin)db_take_i64(st);
	ret->amt = db_take_i64(st);
	ret->host = row_text(st, a);
	db_take_uuid(st, &ret->amt_uuid);
}

static struct db_stmt *page(struct db *db, enum sql_id id, int64_t after, int limit)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, after);
	db_bind_i64(st, limit);
	return st;
}

int store_reconcile_hosts(struct db *db, int64_t after_device, int limit, store_reconcile_host_fn each, void *arg,
			  struct err *e)
{
	return ROW_EACH(page(db, SQL_RECONCILE_HOSTS, after_device, limit), struct store_reconcile_host, read_host,
			each, arg, e);
}

static void read_amt(struct db_stmt *st, struct arena *a, struct store_reconcile_amt *ret)
{
	ret->id = db_take_i64(st);
	ret->device = db_take_i64(st);
	db_take_uuid(st, &ret->uuid);
	ret->mac = row_text(st, a);
	ret->name = row_text(st, a);
	ret->address = row_text(st, a);
	ret->realm = row_text(st, a);
	ret->seen_at = db_take_i64(st);
	ret->valid_until = db_take_i64(st);
}

int store_reconcile_discovered(struct db *db, int64_t after_id, int limit, store_reconcile_amt_fn each, void *arg,
			       struct err *e)
{
	return ROW_EACH(page(db, SQL_RECONCILE_DISCOVERED, after_id, limit), struct store_reconcile_amt, read_amt, each,
			arg, e);
}

int store_reconcile_interfaces(struct db *db, int64_t after_amt, int limit, store_reconcile_amt_fn each, void *arg,
			       struct err *e)
{
	return ROW_EACH(page(db, SQL_RECONCILE_INTERFACES, after_amt, limit), struct store_reconcile_amt, read_amt,
			each, arg, e);
}

int store_reconcile_bare(struct db *db, int64_t after_device, int limit, store_reconcile_device_fn each, void *arg,
			 struct err *e)
{
	struct db_stmt *st = page(db, SQL_RECONCILE_BARE, after_device, limit);
	int rc;
	while ((rc = db_step(st, e)) > 0) {
		rc = each(arg, db_take_i64(st));
		if (rc)
			break;
	}
	db_end(st);
	return rc;
}

int store_reconcile_link(struct db *db, int64_t discovered, int64_t device, int64_t was, bool *ret_won, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RECONCILE_LINK);
	db_bind_i64(st, discovered);
	db_bind_id(st, device);
	db_bind_i64(st, was);
	return row_won(st, ret_won, e);
}

static int carry_over(struct db *db, enum sql_id id, int64_t from, int64_t to, struct err *e)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, from);
	db_bind_i64(st, to);
	return db_run(st, NULL, e);
}

int store_reconcile_move(struct db *db, int64_t amt, int64_t from, int64_t to, int64_t now, bool *ret_won,
			 struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RECONCILE_MOVE);
	db_bind_i64(st, amt);
	db_bind_i64(st, from);
	db_bind_i64(st, to);
	db_bind_i64(st, now);
	int rc = row_won(st, ret_won, e);
	if (rc || !*ret_won)
		return rc;
	rc = carry_over(db, SQL_RECONCILE_MOVE_TAGS, from, to, e);
	rc = rc ? rc : carry_over(db, SQL_RECONCILE_MOVE_MEMBERS, from, to, e);
	return rc ? rc : carry_over(db, SQL_RECONCILE_MOVE_DISCOVERED, from, to, e);
}

int store_reconcile_has_own(struct db *db, int64_t device, bool *ret, struct err *e)
{
	int64_t n;
	struct db_stmt *st = db_stmt(db, SQL_RECONCILE_HAS_OWN);
	db_bind_i64(st, device);
	int rc = row_number(st, &n, e);
	if (!rc)
		*ret = n != 0;
	return rc;
}

int store_reconcile_unlink(struct db *db, int64_t device, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RECONCILE_UNLINK);
	db_bind_i64(st, device);
	return db_run(st, ret_count, e);
}

int store_reconcile_by_realm(struct db *db, const char *realm, int64_t *ret_device, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_RECONCILE_BY_REALM);
	int count = 0, rc;
	db_bind_text(st, realm);
	while ((rc = db_step(st, e)) > 0) {
		*ret_device = db_take_i64(st);
		count++;
	}
	if (count != 1)
		*ret_device = 0;
	return rc;
}

static void read_finding(struct db_stmt *st, struct arena *a, struct store_finding *ret)
{
	ret->kind = (enum store_finding_kind)db_take_i64(st);
	ret->object = db_take_i64(st);
	ret->reason = (int)db_take_i64(st);
	ret->key = (int)db_take_i64(st);
	ret->other = db_take_i64(st);
}

static struct db_stmt *finding_page(struct db *db, enum sql_id id, int kind, int64_t after, int limit)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, kind);
	db_bind_i64(st, after);
	db_bind_i64(st, limit);
	return st;
}

int store_finding_list(struct db *db, int kind, int64_t after_object, int limit, store_finding_fn each, void *arg,
		       struct err *e)
{
	return ROW_EACH(finding_page(db, SQL_FINDING_LIST, kind, after_object, limit), struct store_finding,
			read_finding, each, arg, e);
}

int store_finding_put(struct db *db, const struct store_finding *f, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_FINDING_PUT);
	db_bind_i64(st, f->kind);
	db_bind_i64(st, f->object);
	db_bind_i64(st, f->reason);
	db_bind_i64(st, f->key);
	db_bind_i64(st, f->other);
	return row_add(st, e, "finding");
}

int store_finding_delete(struct db *db, int kind, int64_t object, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_FINDING_DELETE);
	db_bind_i64(st, kind);
	db_bind_i64(st, object);
	return db_run(st, NULL, e);
}

static void read_finding_view(struct db_stmt *st, struct arena *a, struct store_finding_view *ret)
{
	read_finding(st, a, &ret->finding);
	ret->address = row_text(st, a);
	ret->name = row_text(st, a);
	ret->other_name = row_text(st, a);
}

int store_finding_views(struct db *db, int kind, int64_t after_object, int limit, store_finding_view_fn each, void *arg,
			struct err *e)
{
	return ROW_EACH(finding_page(db, SQL_FINDING_VIEWS, kind, after_object, limit), struct store_finding_view,
			read_finding_view, each, arg, e);
}
