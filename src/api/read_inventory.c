#include "api/read.h"
#include "base/err.h"
#include "store/device.h"
#include "store/inventory.h"

static void put_record(struct read *r, const struct store_inventory_view *v)
{
	const struct store_inventory *i = &v->record;
	struct api_writer w;
	char uuid[UUID_TEXT_SIZE];
	uuid_text(&i->uuid, uuid);
	api_begin(&w, &r->json, NULL, API_OBJECT_inventory);
	api_put_int(&w, "id", i->device);
	api_put_str(&w, "name", v->name);
	api_put_str(&w, "folder", v->folder_path);
	api_put_str(&w, "uuid", uuid_is_nil(&i->uuid) ? NULL : uuid);
	api_put_list(&w, "macs", i->macs, ',');
	api_put_text(&w, "fqdn", i->fqdn);
	api_put_list(&w, "addresses", i->addresses, ',');
	api_put_text(&w, "serial", i->serial);
	api_put_str(&w, "source", i->source);
	api_put_text(&w, "amt", *v->amt_host ? v->amt_host : v->discovered);
	api_put_time(&w, "created", i->created_at);
	api_put_time(&w, "changed", i->changed_at);
	api_end(&w);
}

static int put_row(void *arg, const struct store_inventory_view *v)
{
	struct read *r = arg;
	read_row(r);
	if (!read_take(r))
		return 1;
	put_record(r, v);
	read_key(r, v->name, NULL);
	return 0;
}

static int fetch(struct read *r, struct err *e)
{
	const char *prefix = api_has(r->call, "name") ? api_str(r->call, "name") : "";
	return store_inventory_list(r->db, prefix, read_after(r, 0), READ_BATCH, put_row, r, e);
}

int read_INVENTORY_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch, e);
}

int read_INVENTORY_SHOW(struct read *r, struct err *e)
{
	struct store_device d;
	struct store_inventory_view v;
	int code = read_find_device(r, api_str(r->call, "device"), &d, e);
	code = code ? code : store_inventory_view(r->db, r->arena, d.id, &v, e);
	if (code == ERR_NOT_FOUND)
		return read_missing("inventory record of", api_str(r->call, "device"), e);
	if (!code)
		put_record(r, &v);
	return code;
}
