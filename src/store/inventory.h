/* inventory.h - what an inventory says of managed devices: one record a device at most, removed with it. Whether two
 * records name the same key is for zone/ to say. */
#ifndef STORE_INVENTORY_H
#define STORE_INVENTORY_H

#include "base/text.h"
#include "store/store.h"

struct arena;

enum store_pin { STORE_PIN_NONE, STORE_PIN_LINKED, STORE_PIN_APART };

struct store_inventory {
	int64_t device;
	struct uuid uuid;      /* as it was given, be it a vendor's default; nil: none */
	const char *macs;      /* "02:00:00:00:00:01,..." sorted, joined with commas; "" none */
	const char *fqdn;      /* lower case, without a dot at its end; "" none */
	const char *addresses; /* canonical, sorted, joined with commas; "" none */
	const char *serial;    /* "" none */
	const char *source;    /* who said it: "csv", "json", "ldap" or what an import was called */
	enum store_pin pin;
	int64_t created_at, changed_at;
};

/* Makes the record or overwrites it, but for created_at and pin, which a record keeps. */
int store_inventory_put(struct db *db, const struct store_inventory *r, struct err *e);
int store_inventory_set_pin(struct db *db, int64_t device, enum store_pin pin, struct err *e); /* ERR_NOT_FOUND */
int store_inventory_delete(struct db *db, int64_t device, struct err *e);                      /* ERR_NOT_FOUND */
int store_inventory_get(struct db *db, struct arena *a, int64_t device, struct store_inventory *ret, struct err *e);
int store_inventory_count(struct db *db, int64_t *ret, struct err *e);

/* With its device, by the device's name; prefix "" all; behind after_name (NULL: from the start). */
struct store_inventory_view {
	struct store_inventory record;
	const char *name, *folder_path;
	const char *amt_host; /* of its own interface; "" none */
	struct uuid amt_uuid; /* of that; nil unknown */
	const char *amt_mac;  /* "" unknown */
	const char
		*discovered; /* address of an AMT interface that was linked with it and has no settings yet; "" none */
};
typedef int (*store_inventory_fn)(void *arg, const struct store_inventory_view *row);
int store_inventory_list(struct db *db, const char *prefix, const char *after_name, int limit, store_inventory_fn each,
			 void *arg, struct err *e);
int store_inventory_view(struct db *db, struct arena *a, int64_t device, struct store_inventory_view *ret,
			 struct err *e);

#endif
