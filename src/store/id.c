#include "store/id.h"

#include "base/base.h"
#include "store/row.h"

/* Job and server numbers are for people: no gaps after a restart. */
static const struct {
	const char *name;
	int64_t block;
} kinds[STORE_ID_KINDS] = {
	[STORE_ID_OBJECT] = {"object", 64},         [STORE_ID_ACT] = {"act", 4096},    [STORE_ID_JOB] = {"job", 1},
	[STORE_ID_DISCOVERED] = {"discovered", 64}, [STORE_ID_SERVER] = {"server", 1},
};

void store_ids_forget(struct store_ids *ids)
{
	*ids = (struct store_ids){0};
}

static int reserve(struct db *db, enum store_id_kind kind, int64_t n, int64_t *ret_first, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ID_TAKE);
	db_bind_text(st, kinds[kind].name);
	db_bind_i64(st, n);
	int rc = row_need(st, e, "block of ids \"%s\"", kinds[kind].name);
	if (rc < 0)
		return rc;
	*ret_first = db_take_i64(st) - n;
	return db_run(st, NULL, e);
}

int store_ids_take(struct db *db, struct store_ids *ids, enum store_id_kind kind, int64_t n, int64_t *ret_first,
		   struct err *e)
{
	ASSERT(n > 0 && kind < STORE_ID_KINDS);
	int64_t *next = &ids->block[kind].next, *end = &ids->block[kind].end;
	if (*end - *next < n) {
		int64_t size = n > kinds[kind].block ? n : kinds[kind].block, first;
		int rc = reserve(db, kind, size, &first, e);
		if (rc < 0)
			return rc;
		*next = first;
		*end = first + size;
	}
	*ret_first = *next;
	*next += n;
	return 0;
}
