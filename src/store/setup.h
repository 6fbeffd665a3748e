/* setup.h - interfaces whose set-up was begun to be changed and is not proven to have ended: one row each, written
 * before the device is told. After a crash it says which logins the device may have. */
#ifndef STORE_SETUP_H
#define STORE_SETUP_H

#include "store/store.h"

struct store_setup_left {
	int64_t amt;
	int64_t credential; /* the device's admin may have its password; 0: no password was changed */
	bool drawn;         /* that credential was made for this device */
	struct bytes pin;   /* of the certificate that it may show; BYTES_NONE: none was issued */
	bool told;          /* AMT was told to be taken down */
	const char *step;   /* the last one that was let go */
	int64_t changed_at;
};

int store_setup_left_put(struct db *db, const struct store_setup_left *s, struct err *e); /* replaces */
int store_setup_left_delete(struct db *db, int64_t amt, struct err *e); /* fine when it is not there */
typedef int (*store_setup_left_fn)(void *arg, const struct store_setup_left *row);
int store_setup_left_list(struct db *db, store_setup_left_fn each, void *arg, struct err *e);

#endif
