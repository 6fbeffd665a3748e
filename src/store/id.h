/* id.h - ids from blocks that are reserved in the database, so that two servers never make the same one.
 *
 * struct store_ids is the writer's memory of a block. When the transaction that reserved is rolled back the block was
 * never reserved: call store_ids_forget after every rollback. Ids that were taken and not used are lost, no harm. */
#ifndef STORE_ID_H
#define STORE_ID_H

#include "store/store.h"

/* Acts and jobs have numbers of their own: acts of a job are consecutive, and people read job numbers. */
enum store_id_kind {
	STORE_ID_OBJECT,
	STORE_ID_ACT,
	STORE_ID_JOB,
	STORE_ID_DISCOVERED,
	STORE_ID_SERVER,
	STORE_ID_KINDS
};

struct store_ids {
	struct {
		int64_t next, end;
	} block[STORE_ID_KINDS];
};

void store_ids_forget(struct store_ids *ids); /* also the initialisation */
/* n consecutive ids; reserves a new block when the rest of the last is too short. Inside a transaction. */
int store_ids_take(struct db *db, struct store_ids *ids, enum store_id_kind kind, int64_t n, int64_t *ret_first,
		   struct err *e);

#endif
