#include "store/inventory.h"

#include "store/row.h"

static void read_record(struct db_stmt *st, struct arena *a, struct store_inventory *ret)
{
	ret->device = db_take_i64(st);
	db_take_uuid(st, &ret->uuid);
	ret->macs = row_text(st, a);
	ret->fqdn = row_text(st, a);
	ret->addresses = row_text(st, a);
	ret->serial = row_text(st, a);
	ret->source = row_text(st, a);
	ret->pin = (enum store_pin)db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
}

static void read_view(struct db_stmt *st, struct arena *a, struct store_inventory_view *ret)
{
	read_record(st, a, &ret->record);
	ret->name = row_text(st, a);
	ret->folder_path = row_text(st, a);
	ret->amt_host = row_text(st, a);
	db_take_uuid(st, &ret->amt_uuid);
	ret->amt_mac = row_text(st, a);
	ret->discovered = row_text(st, a);
}

int store_inventory_put(struct db *db, const struct store_inventory *r, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_INVENTORY_PUT);
	db_bind_i64(st, r->device);
	db_bind_uuid(st, &r->uuid);
	db_bind_text(st, r->macs);
	db_bind_text(st, r->fqdn);
	db_bind_text(st, r->addresses);
	db_bind_text(st, r->serial);
	db_bind_text(st, r->source);
	db_bind_i64(st, r->pin);
	db_bind_i64(st, r->created_at);
	db_bind_i64(st, r->changed_at);
	return row_add(st, e, "inventory record of device %lld", (long long)r->device);
}

int store_inventory_set_pin(struct db *db, int64_t device, enum store_pin pin, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_INVENTORY_PIN);
	db_bind_i64(st, device);
	db_bind_i64(st, pin);
	return row_change(st, e, "inventory record of device %lld", (long long)device);
}

int store_inventory_delete(struct db *db, int64_t device, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_INVENTORY_DELETE);
	db_bind_i64(st, device);
	return row_change(st, e, "inventory record of device %lld", (long long)device);
}

int store_inventory_get(struct db *db, struct arena *a, int64_t device, struct store_inventory *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_INVENTORY_GET);
	db_bind_i64(st, device);
	int rc = row_need(st, e, "inventory record of device %lld", (long long)device);
	if (rc < 0)
		return rc;
	read_record(st, a, ret);
	db_end(st);
	return 0;
}

int store_inventory_count(struct db *db, int64_t *ret, struct err *e)
{
	return row_number(db_stmt(db, SQL_INVENTORY_COUNT), ret, e);
}

int store_inventory_list(struct db *db, const char *prefix, const char *after_name, int limit, store_inventory_fn each,
			 void *arg, struct err *e)
{
	char end[ROW_PREFIX_END_MAX];
	struct db_stmt *st = db_stmt(db, SQL_INVENTORY_LIST);
	row_prefix_end(prefix, end);
	db_bind_text(st, after_name ? after_name : "");
	db_bind_text(st, prefix);
	db_bind_text(st, end);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_inventory_view, read_view, each, arg, e);
}

int store_inventory_view(struct db *db, struct arena *a, int64_t device, struct store_inventory_view *ret,
			 struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_INVENTORY_VIEW);
	db_bind_i64(st, device);
	int rc = row_need(st, e, "inventory record of device %lld", (long long)device);
	if (rc < 0)
		return rc;
	read_view(st, a, ret);
	db_end(st);
	return 0;
}
