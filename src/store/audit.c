#include "store/audit.h"

#include <openssl/evp.h>

#include "base/base.h"
#include "store/row.h"

#define HASH_SIZE 32

static bool add_u64(EVP_MD_CTX *c, uint64_t v)
{
	uint8_t b[8];
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	return EVP_DigestUpdate(c, b, sizeof(b)) == 1;
}

static bool add_text(EVP_MD_CTX *c, const char *s)
{
	size_t len = strlen(s);
	const uint8_t b[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
	return EVP_DigestUpdate(c, b, sizeof(b)) == 1 && EVP_DigestUpdate(c, s, len) == 1;
}

static int chain(const uint8_t before[HASH_SIZE], const struct store_audit *a, uint8_t ret[HASH_SIZE], struct err *e)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(c, before, HASH_SIZE) == 1 &&
		  add_u64(c, (uint64_t)a->id) && add_u64(c, (uint64_t)a->time) && add_text(c, a->actor) &&
		  add_text(c, a->action) && add_text(c, a->object) && add_text(c, a->detail) &&
		  EVP_DigestFinal_ex(c, ret, NULL) == 1;
	EVP_MD_CTX_free(c);
	return ok ? 0 : err_set(e, ERR_FAILED, "audit row %lld: no SHA-256", (long long)a->id);
}

static int take_hash(struct db_stmt *st, int64_t id, uint8_t ret[HASH_SIZE], struct err *e)
{
	struct bytes hash = db_take_blob(st);
	if (hash.len != HASH_SIZE)
		return err_set(e, ERR_TAMPERED, "audit row %lld: its hash has %zu bytes", (long long)id, hash.len);
	memcpy(ret, hash.p, HASH_SIZE);
	return 0;
}

static int last_row(struct db *db, int64_t server, int64_t *ret_id, uint8_t ret[HASH_SIZE], struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_LAST);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	int rc = db_step(st, e);
	if (rc <= 0)
		return rc;
	*ret_id = db_take_i64(st);
	rc = take_hash(st, *ret_id, ret, e);
	db_end(st);
	return rc;
}

/* Id and hash of the newest row; id of sequence 0 and zeros when there is none. */
static int newest(struct db *db, int64_t server, int64_t *ret_id, uint8_t ret[HASH_SIZE], struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_HEAD);
	db_bind_i64(st, server);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret_id = STORE_SEQ_ID(server, 0);
	memset(ret, 0, HASH_SIZE);
	if (rc == 0) /* somebody took the head away: the chain goes on all the same */
		return last_row(db, server, ret_id, ret, e);
	*ret_id = db_take_i64(st);
	rc = take_hash(st, *ret_id, ret, e);
	db_end(st);
	return rc;
}

static int put_head(struct db *db, int64_t server, int64_t id, const uint8_t hash[HASH_SIZE], struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_HEAD_PUT);
	db_bind_i64(st, server);
	db_bind_i64(st, id);
	db_bind_blob(st, BYTES(hash, HASH_SIZE));
	return db_run(st, NULL, e);
}

int store_audit_last(struct db *db, int64_t server, int64_t *ret_id, struct err *e)
{
	uint8_t hash[HASH_SIZE];
	return newest(db, server, ret_id, hash, e);
}

int store_audit_add(struct db *db, int64_t server, const struct store_audit *a, int64_t *ret_id, struct err *e)
{
	struct store_audit row = *a;
	uint8_t before[HASH_SIZE], hash[HASH_SIZE];
	int rc = newest(db, server, &row.id, before, e);
	row.id++;
	if (rc == 0)
		rc = chain(before, &row, hash, e);
	if (rc < 0)
		return rc;
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_ADD);
	db_bind_i64(st, row.id);
	db_bind_i64(st, row.time);
	db_bind_text(st, row.actor);
	db_bind_text(st, row.action);
	db_bind_text(st, row.object);
	db_bind_text(st, row.detail);
	db_bind_blob(st, BYTES(hash, sizeof(hash)));
	rc = row_add(st, e, "audit row %lld", (long long)row.id);
	rc = rc ? rc : put_head(db, server, row.id, hash, e);
	if (rc == 0 && ret_id)
		*ret_id = row.id;
	return rc;
}

static void read_audit(struct db_stmt *st, struct arena *a, struct store_audit *ret)
{
	ret->id = db_take_i64(st);
	ret->time = db_take_i64(st);
	ret->actor = row_text(st, a);
	ret->action = row_text(st, a);
	ret->object = row_text(st, a);
	ret->detail = row_text(st, a);
	ret->hash = row_blob(st, a);
}

int store_audit_list(struct db *db, const struct store_audit_filter *f, int64_t before_id, int limit,
		     store_audit_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, *f->object ? SQL_AUDIT_LIST_OF : SQL_AUDIT_LIST);
	db_bind_i64(st, STORE_SEQ_ID(f->server, 0));
	db_bind_i64(st, before_id ? before_id : STORE_SEQ_ID(f->server + 1, 0));
	db_bind_text(st, f->actor);
	db_bind_text(st, f->action);
	db_bind_i64(st, f->since);
	db_bind_i64(st, f->until ? f->until : INT64_MAX);
	db_bind_text(st, f->object);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_audit, read_audit, each, arg, e);
}

int store_audit_follow(struct db *db, int64_t after_id, int limit, store_audit_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_WALK);
	db_bind_i64(st, after_id);
	db_bind_i64(st, STORE_SEQ_ID(STORE_SEQ_SERVER(after_id) + 1, 0));
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_audit, read_audit, each, arg, e);
}

int store_audit_counts(struct db *db, int64_t since, int64_t until, store_audit_count_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_COUNTS);
	db_bind_i64(st, since);
	db_bind_i64(st, until ? until : INT64_MAX);
	int rc;
	while ((rc = db_step(st, e)) > 0) {
		const char *action = row_text(st, NULL);
		bool refused = db_take_i64(st) != 0;
		rc = each(arg, action, refused, db_take_i64(st));
		if (rc) {
			db_end(st);
			break;
		}
	}
	return rc;
}

int store_audit_checkpoint(struct db *db, int64_t server, struct store_audit_checkpoint *ret, struct err *e)
{
	struct store_audit_checkpoint c = {.id = STORE_SEQ_ID(server, 0)};
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_CHECKPOINT);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	int rc = db_step(st, e);
	if (rc > 0) {
		c.id = db_take_i64(st);
		c.time = db_take_i64(st);
		rc = take_hash(st, c.id, c.hash, e);
		c.removed = db_take_i64(st);
		db_end(st);
	}
	if (rc == 0)
		*ret = c;
	return rc;
}

struct oldest {
	int64_t before, newest;
	struct store_audit_checkpoint *at;
};

/* The rows that may go are those at the beginning: the first one that is young enough ends them. */
static int see_oldest(void *arg, const struct store_audit *row)
{
	struct oldest *o = arg;
	if (row->time >= o->before || row->id >= o->newest || row->hash.len != HASH_SIZE)
		return 1;
	o->at->id = row->id;
	o->at->removed++;
	memcpy(o->at->hash, row->hash.p, HASH_SIZE);
	return 0;
}

static int record_cut(struct db *db, const struct store_audit_checkpoint *c, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_CHECKPOINT_ADD);
	db_bind_i64(st, c->id);
	db_bind_i64(st, c->time);
	db_bind_blob(st, BYTES(c->hash, HASH_SIZE));
	db_bind_i64(st, c->removed);
	return row_add(st, e, "audit checkpoint %lld", (long long)c->id);
}

int store_audit_cut(struct db *db, int64_t server, int64_t before, int64_t now, int limit,
		    struct store_audit_checkpoint *ret, struct err *e)
{
	struct store_audit_checkpoint c;
	uint8_t hash[HASH_SIZE];
	struct oldest o = {.before = before, .at = &c};
	int rc = store_audit_checkpoint(db, server, &c, e);
	rc = rc ? rc : newest(db, server, &o.newest, hash, e);
	if (rc)
		return rc;
	c.removed = 0;
	c.time = now;
	rc = store_audit_follow(db, c.id, limit, see_oldest, &o, e);
	if (rc >= 0 && c.removed) {
		rc = record_cut(db, &c, e);
		struct db_stmt *st = db_stmt(db, SQL_AUDIT_CUT);
		db_bind_i64(st, STORE_SEQ_ID(server, 0));
		db_bind_i64(st, c.id);
		rc = rc ? rc : db_run(st, NULL, e);
	}
	if (rc < 0)
		return rc;
	*ret = c;
	return 0;
}

const char *store_audit_fault_text(enum store_audit_fault f)
{
	switch (f) {
	case STORE_AUDIT_FINE:
		return "holds";
	case STORE_AUDIT_CHANGED:
		return "was changed, or the one before it together with its hash";
	case STORE_AUDIT_REMOVED:
		return "was removed";
	case STORE_AUDIT_ADDED:
		return "was put in behind the end of the chain";
	}
	return "?";
}

static void found(struct store_audit_walk *w, enum store_audit_fault fault, int64_t bad)
{
	w->fault = fault;
	w->bad = bad;
	w->done = true;
}

static int check_row(void *arg, const struct store_audit *row)
{
	struct store_audit_walk *w = arg;
	uint8_t hash[HASH_SIZE];
	if (row->id != w->expected) {
		found(w, STORE_AUDIT_REMOVED, w->expected);
		return 1;
	}
	int rc = chain(w->hash, row, hash, NULL);
	if (rc < 0)
		return rc;
	if (row->hash.len != HASH_SIZE || memcmp(hash, row->hash.p, HASH_SIZE) != 0) {
		found(w, STORE_AUDIT_CHANGED, row->id);
		return 1;
	}
	memcpy(w->hash, hash, HASH_SIZE);
	w->last_time = row->time;
	w->expected++;
	w->rows++;
	return 0;
}

/* The chain has to end where its head says. */
static int check_end(struct db *db, struct store_audit_walk *w, struct err *e)
{
	int64_t head;
	uint8_t hash[HASH_SIZE];
	int rc = newest(db, w->server, &head, hash, NULL);
	if (rc == ERR_TAMPERED) {
		found(w, STORE_AUDIT_CHANGED, w->expected - 1);
		return 0;
	}
	if (rc)
		return err_set(e, rc, "head of the audit cannot be read");
	if (head >= w->expected)
		found(w, STORE_AUDIT_REMOVED, w->expected);
	else if (head < w->expected - 1)
		found(w, STORE_AUDIT_ADDED, head + 1);
	else if (memcmp(hash, w->hash, HASH_SIZE) != 0 && w->rows)
		found(w, STORE_AUDIT_CHANGED, head);
	w->done = true;
	return 0;
}

int store_audit_walk_start(struct db *db, int64_t server, struct store_audit_walk *ret, struct err *e)
{
	struct store_audit_walk w = {.server = server};
	int rc = store_audit_checkpoint(db, server, &w.from, e);
	if (rc)
		return rc;
	w.expected = w.from.id + 1;
	memcpy(w.hash, w.from.hash, HASH_SIZE);
	*ret = w;
	return 0;
}

/* Rows that are not there may have been cut off since the walk began: it goes on behind the new checkpoint. */
static int look_at_cut(struct db *db, struct store_audit_walk *w, struct err *e)
{
	struct store_audit_checkpoint c;
	int rc = store_audit_checkpoint(db, w->server, &c, e);
	if (rc || c.id < w->expected)
		return rc;
	w->from = c;
	w->expected = c.id + 1;
	memcpy(w->hash, c.hash, HASH_SIZE);
	w->fault = STORE_AUDIT_FINE;
	w->bad = 0;
	w->done = false;
	return 0;
}

/* A row that does not fit and stands behind the head was put in. */
static int look_at_added(struct db *db, struct store_audit_walk *w, struct err *e)
{
	int64_t head;
	uint8_t hash[HASH_SIZE];
	int rc = newest(db, w->server, &head, hash, e);
	if (!rc && w->bad > head)
		w->fault = STORE_AUDIT_ADDED;
	return rc == ERR_TAMPERED ? 0 : rc;
}

int store_audit_walk_page(struct db *db, struct store_audit_walk *w, int limit, struct err *e)
{
	int64_t before = w->rows;
	int rc = w->done ? 0 : store_audit_follow(db, w->expected - 1, limit, check_row, w, e);
	if (rc < 0)
		return rc;
	if (w->fault == STORE_AUDIT_REMOVED)
		return look_at_cut(db, w, e);
	if (w->done)
		return look_at_added(db, w, e);
	return w->rows - before < limit ? check_end(db, w, e) : 0;
}

#define VERIFY_PAGE 10000

int store_audit_verify(struct db *db, int64_t server, int64_t *ret_bad, struct err *e)
{
	struct store_audit_walk w;
	int rc = store_audit_walk_start(db, server, &w, e);
	while (!rc && !w.done)
		rc = store_audit_walk_page(db, &w, VERIFY_PAGE, e);
	if (rc)
		return rc;
	*ret_bad = w.bad;
	if (w.fault)
		return err_set(e, ERR_TAMPERED, "audit row %lld does not follow from the rows before it",
			       (long long)STORE_SEQ_OF(w.bad));
	return 0;
}
