/* reconcile.h - what a reconciliation reads and writes: the keys of inventory records and of AMT interfaces, in pages,
 * and what was found. Which belong together is for zone/ to say. */
#ifndef STORE_RECONCILE_H
#define STORE_RECONCILE_H

#include "store/inventory.h"

struct store_reconcile {
	const char *rule, *time_zone; /* "" : the default */
	int64_t handled;
	int64_t started_at, ended_at; /* of the last run; 0 none */
	const char *started_by;
	int64_t linked, unmatched_amt, unmatched_host, conflicts;
	int64_t changed; /* rows that it wrote, its own and what it found aside */
};
int store_reconcile_get(struct db *db, struct arena *a, struct store_reconcile *ret, struct err *e); /* NOT_FOUND */
int store_reconcile_put(struct db *db, const struct store_reconcile *r, struct err *e); /* makes or overwrites */

/* A record and the interface of its device (amt 0: none). */
struct store_reconcile_host {
	int64_t device;
	struct uuid uuid;
	const char *macs, *fqdn, *addresses;
	enum store_pin pin;
	int64_t amt;
	const char *host;
	struct uuid amt_uuid;
};
typedef int (*store_reconcile_host_fn)(void *arg, const struct store_reconcile_host *row);
int store_reconcile_hosts(struct db *db, int64_t after_device, int limit, store_reconcile_host_fn each, void *arg,
			  struct err *e);

/* Something that is discovered, or the interface of a device without a record. */
struct store_reconcile_amt {
	int64_t id;     /* of what is discovered, or of the interface */
	int64_t device; /* that it belongs to; 0 none */
	struct uuid uuid;
	const char *mac, *name, *address, *realm;
	int64_t seen_at, valid_until;
};
typedef int (*store_reconcile_amt_fn)(void *arg, const struct store_reconcile_amt *row);
int store_reconcile_discovered(struct db *db, int64_t after_id, int limit, store_reconcile_amt_fn each, void *arg,
			       struct err *e);
int store_reconcile_interfaces(struct db *db, int64_t after_amt, int limit, store_reconcile_amt_fn each, void *arg,
			       struct err *e);
/* Devices with neither interface nor record. */
typedef int (*store_reconcile_device_fn)(void *arg, int64_t device);
int store_reconcile_bare(struct db *db, int64_t after_device, int limit, store_reconcile_device_fn each, void *arg,
			 struct err *e);

/* Links what is discovered with a device (0: takes the link away), if it is linked as `was` and the device is there. */
int store_reconcile_link(struct db *db, int64_t discovered, int64_t device, int64_t was, bool *ret_won, struct err *e);
/* The interface goes from one device to another, with tags, memberships and what is discovered. */
int store_reconcile_move(struct db *db, int64_t amt, int64_t from, int64_t to, int64_t now, bool *ret_won,
			 struct err *e);
/* Whether something was said for this device alone that would be lost with it: protection, settings, schedules, hold.
 */
int store_reconcile_has_own(struct db *db, int64_t device, bool *ret, struct err *e);
/* Takes away every link of what is discovered with this device. */
int store_reconcile_unlink(struct db *db, int64_t device, int64_t *ret_count, struct err *e);
/* The device whose interface has this login realm; 0: none, or several. */
int store_reconcile_by_realm(struct db *db, const char *realm, int64_t *ret_device, struct err *e);

enum store_finding_kind { STORE_FINDING_DISCOVERED, STORE_FINDING_AMT, STORE_FINDING_HOST };
struct store_finding {
	enum store_finding_kind kind;
	int64_t object; /* discovered id, or device id */
	int reason, key;
	int64_t other;
};
typedef int (*store_finding_fn)(void *arg, const struct store_finding *row);
/* In the order of kind and object, behind these. */
int store_finding_list(struct db *db, int kind, int64_t after_object, int limit, store_finding_fn each, void *arg,
		       struct err *e);
int store_finding_put(struct db *db, const struct store_finding *f, struct err *e);
int store_finding_delete(struct db *db, int kind, int64_t object, struct err *e);

struct store_finding_view {
	struct store_finding finding;
	const char *address, *name; /* of the interface; name of the device */
	const char *other_name;
};
typedef int (*store_finding_view_fn)(void *arg, const struct store_finding_view *row);
int store_finding_views(struct db *db, int kind, int64_t after_object, int limit, store_finding_view_fn each, void *arg,
			struct err *e);

#endif
