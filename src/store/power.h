/* power.h - what power states were seen when: for reports. */
#ifndef STORE_POWER_H
#define STORE_POWER_H

#include "store/store.h"

/* A state was read from the device of this interface. Written only where it differs from the last one (amt_state), so
 * before that is overwritten. */
int store_power_seen(struct db *db, int64_t amt, int64_t at, int power, struct err *e);

struct store_power {
	int64_t device, created_at; /* when the device was made */
	int64_t time;               /* 0: nothing was seen until the end of the range */
	int power;                  /* CIM number */
};
typedef int (*store_power_fn)(void *arg, const struct store_power *row);
/* The devices that are directly in a folder, by id: for each the state that held at `from`, and all changes behind it
 * and before `to`, in the order of time; one row with time 0 where there is none. */
int store_power_list(struct db *db, int64_t folder, int64_t from, int64_t to, store_power_fn each, void *arg,
		     struct err *e);
/* Up to limit rows before, but not the last one of a device: it still tells what held then. */
int store_power_purge(struct db *db, int64_t before, int limit, int64_t *ret_count, struct err *e);

#endif
