#include "store/audit.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

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

/* What a MAC stands for, besides id and hash. */
struct stamp {
	char tag[5];
	int64_t id;
	const uint8_t *hash;
	int64_t more[2];
	size_t more_count;
};

static void add_be64(struct buf *b, uint64_t v)
{
	(void)buf_add_be32(b, (uint32_t)(v >> 32)); /* there is room */
	(void)buf_add_be32(b, (uint32_t)v);
}

static int stamp_mac(struct bytes key, const struct stamp *s, uint8_t ret[HASH_SIZE], struct err *e)
{
	uint8_t b[4 + 8 + HASH_SIZE + 16 + 1];
	struct buf text = {.p = b, .cap = sizeof(b), .max = sizeof(b) - 1};
	unsigned len = 0;
	(void)buf_add(&text, s->tag, 4); /* there is room for all of it */
	add_be64(&text, (uint64_t)s->id);
	(void)buf_add(&text, s->hash, HASH_SIZE);
	for (size_t i = 0; i < s->more_count; i++)
		add_be64(&text, (uint64_t)s->more[i]);
	if (HMAC(EVP_sha256(), key.p, (int)key.len, text.p, text.len, ret, &len) && len == HASH_SIZE)
		return 0;
	return err_set(e, ERR_FAILED, "audit row %lld: no HMAC", (long long)s->id);
}

static bool stamp_fits(struct bytes key, const struct stamp *s, struct bytes mac)
{
	uint8_t own[HASH_SIZE];
	return mac.len == HASH_SIZE && stamp_mac(key, s, own, NULL) == 0 && memcmp(own, mac.p, HASH_SIZE) == 0;
}

static struct stamp stamp_of(const char *tag, int64_t id, const uint8_t *hash)
{
	struct stamp s = {.id = id, .hash = hash};
	memcpy(s.tag, tag, 4);
	return s;
}

static struct stamp stamp_of_cut(const struct store_audit_checkpoint *c)
{
	struct stamp s = stamp_of("cut ", c->id, c->hash);
	s.more[0] = c->time;
	s.more[1] = c->removed;
	s.more_count = 2;
	return s;
}

static struct stamp stamp_of_seal(int64_t id, const uint8_t *hash, int64_t time)
{
	struct stamp s = stamp_of("seal", id, hash);
	s.more[0] = time;
	s.more_count = 1;
	return s;
}

/* Binds the MAC, or NULL where there is no key. mac lives until the statement has run. */
static int bind_mac(struct db_stmt *st, struct bytes key, const struct stamp *s, uint8_t mac[HASH_SIZE], struct err *e)
{
	int rc = key.len ? stamp_mac(key, s, mac, e) : 0;
	db_bind_blob(st, key.len ? BYTES(mac, HASH_SIZE) : BYTES_NONE);
	return rc;
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

/* The end of a chain. */
struct end {
	int64_t id; /* of the newest row; of sequence 0 when there is none */
	uint8_t hash[HASH_SIZE];
	bool torn; /* it is not what was written */
};

static int read_end(struct db *db, const struct store_audit_chain *of, struct end *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_HEAD);
	*ret = (struct end){.id = STORE_SEQ_ID(of->server, 0), .torn = of->key.len != 0};
	db_bind_i64(st, of->server);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	if (rc == 0) /* somebody took the head away: the chain goes on all the same */
		return last_row(db, of->server, &ret->id, ret->hash, e);
	ret->id = db_take_i64(st);
	rc = take_hash(st, ret->id, ret->hash, e);
	struct stamp s = stamp_of("head", ret->id, ret->hash);
	ret->torn = of->key.len && !stamp_fits(of->key, &s, db_take_blob(st));
	db_end(st);
	return rc;
}

/* Where the next row goes. An end that was put back to an older one has rows behind it. */
static int find_end(struct db *db, const struct store_audit_chain *of, struct end *ret, struct err *e)
{
	struct end last = {.id = 0};
	struct err why = ERR_INIT;
	int rc = read_end(db, of, ret, &why);
	if (rc && (rc != ERR_TAMPERED || !of->key.len))
		return err_set(e, rc, "%s", why.msg);
	if (!ret->torn && rc == 0)
		return 0;
	ret->torn = true;
	rc = last_row(db, of->server, &last.id, last.hash, e);
	if (rc == ERR_TAMPERED)
		rc = 0;
	if (last.id >= ret->id) {
		ret->id = last.id;
		memcpy(ret->hash, last.hash, HASH_SIZE);
	}
	return rc;
}

static int put_head(struct db *db, const struct store_audit_chain *of, int64_t id, const uint8_t hash[HASH_SIZE],
		    struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_HEAD_PUT);
	struct stamp s = stamp_of("head", id, hash);
	uint8_t mac[HASH_SIZE];
	db_bind_i64(st, of->server);
	db_bind_i64(st, id);
	db_bind_blob(st, BYTES(hash, HASH_SIZE));
	int rc = bind_mac(st, of->key, &s, mac, e);
	return rc ? rc : db_run(st, NULL, e);
}

int store_audit_last(struct db *db, int64_t server, int64_t *ret_id, struct err *e)
{
	struct end end;
	int rc = read_end(db, &(struct store_audit_chain){.server = server}, &end, e);
	if (!rc)
		*ret_id = end.id;
	return rc;
}

static int insert_row(struct db *db, const struct store_audit_chain *of, const struct store_audit *row, bool torn,
		      const uint8_t hash[HASH_SIZE], struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_ADD);
	struct stamp s = stamp_of(torn ? "torn" : "row ", row->id, hash);
	uint8_t mac[HASH_SIZE];
	db_bind_i64(st, row->id);
	db_bind_i64(st, row->time);
	db_bind_text(st, row->actor);
	db_bind_text(st, row->action);
	db_bind_text(st, row->object);
	db_bind_text(st, row->detail);
	db_bind_blob(st, BYTES(hash, HASH_SIZE));
	int rc = bind_mac(st, of->key, &s, mac, e);
	return rc ? rc : row_add(st, e, "audit row %lld", (long long)row->id);
}

int store_audit_add(struct db *db, const struct store_audit_chain *of, const struct store_audit *a, int64_t *ret_id,
		    struct err *e)
{
	struct store_audit row = *a;
	struct end end;
	uint8_t hash[HASH_SIZE];
	int rc = find_end(db, of, &end, e);
	row.id = end.id + 1;
	rc = rc ? rc : chain(end.hash, &row, hash, e);
	rc = rc ? rc : insert_row(db, of, &row, end.torn, hash, e);
	rc = rc ? rc : put_head(db, of, row.id, hash, e);
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
	ret->mac = row_blob(st, a);
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

static int read_checkpoint(struct db *db, const struct store_audit_chain *of, struct store_audit_checkpoint *ret,
			   bool *ret_fits, struct err *e)
{
	struct store_audit_checkpoint c = {.id = STORE_SEQ_ID(of->server, 0)};
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_CHECKPOINT);
	*ret_fits = true;
	db_bind_i64(st, STORE_SEQ_ID(of->server, 0));
	db_bind_i64(st, STORE_SEQ_ID(of->server + 1, 0));
	int rc = db_step(st, e);
	if (rc > 0) {
		c.id = db_take_i64(st);
		c.time = db_take_i64(st);
		rc = take_hash(st, c.id, c.hash, e);
		c.removed = db_take_i64(st);
		struct stamp s = stamp_of_cut(&c);
		*ret_fits = !of->key.len || stamp_fits(of->key, &s, db_take_blob(st));
		db_end(st);
	}
	if (rc == 0)
		*ret = c;
	return rc;
}

int store_audit_checkpoint(struct db *db, int64_t server, struct store_audit_checkpoint *ret, struct err *e)
{
	bool fits;
	return read_checkpoint(db, &(struct store_audit_chain){.server = server}, ret, &fits, e);
}

static int put_checkpoint(struct db *db, const struct store_audit_chain *of, const struct store_audit_checkpoint *c,
			  struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_CHECKPOINT_PUT);
	struct stamp s = stamp_of_cut(c);
	uint8_t mac[HASH_SIZE];
	db_bind_i64(st, c->id);
	db_bind_i64(st, c->time);
	db_bind_blob(st, BYTES(c->hash, HASH_SIZE));
	db_bind_i64(st, c->removed);
	int rc = bind_mac(st, of->key, &s, mac, e);
	return rc ? rc : db_run(st, NULL, e);
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
	case STORE_AUDIT_REWRITTEN:
		return "was not written by this zone, however well it fits the one before it";
	case STORE_AUDIT_TORN:
		return "is where the chain was torn: its end was changed, and records may be missing there";
	case STORE_AUDIT_BEHEADED:
		return "follows a checkpoint that this zone did not make: records before it may be missing";
	}
	return "?";
}

static void found(struct store_audit_walk *w, enum store_audit_fault fault, int64_t bad)
{
	w->fault = fault;
	w->bad = bad;
	w->done = true;
}

/* Of a row that fits those before it. */
static enum store_audit_fault check_mac(const struct store_audit_walk *w, const struct store_audit *row,
					const uint8_t hash[HASH_SIZE])
{
	struct stamp own = stamp_of("row ", row->id, hash), torn = stamp_of("torn", row->id, hash);
	if (!w->of.key.len || row->id < w->sealed)
		return STORE_AUDIT_FINE;
	if (row->id == w->sealed)
		return memcmp(hash, w->sealed_hash, HASH_SIZE) == 0 ? STORE_AUDIT_FINE : STORE_AUDIT_REWRITTEN;
	if (stamp_fits(w->of.key, &own, row->mac))
		return STORE_AUDIT_FINE;
	return stamp_fits(w->of.key, &torn, row->mac) ? STORE_AUDIT_TORN : STORE_AUDIT_REWRITTEN;
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
	enum store_audit_fault fault = check_mac(w, row, hash);
	if (fault) {
		found(w, fault, row->id);
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
	struct end end;
	int rc = read_end(db, &w->of, &end, NULL);
	if (rc == ERR_TAMPERED) {
		found(w, STORE_AUDIT_CHANGED, w->expected - 1);
		return 0;
	}
	if (rc)
		return err_set(e, rc, "head of the audit cannot be read");
	if (end.id >= w->expected)
		found(w, STORE_AUDIT_REMOVED, w->expected);
	else if (end.id < w->expected - 1)
		found(w, STORE_AUDIT_ADDED, end.id + 1);
	else if (memcmp(end.hash, w->hash, HASH_SIZE) != 0 && w->rows)
		found(w, STORE_AUDIT_CHANGED, end.id);
	else if (end.torn)
		found(w, STORE_AUDIT_TORN, w->expected);
	w->done = true;
	return 0;
}

static int read_seal(struct db *db, struct store_audit_walk *w, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_SEAL);
	db_bind_i64(st, w->of.server);
	int rc = db_step(st, e);
	if (rc <= 0)
		return rc;
	int64_t id = db_take_i64(st), time = db_take_i64(st);
	uint8_t hash[HASH_SIZE];
	rc = take_hash(st, id, hash, NULL);
	struct stamp s = stamp_of_seal(id, hash, time);
	if (!rc && stamp_fits(w->of.key, &s, db_take_blob(st))) { /* else it says nothing */
		w->sealed = id;
		memcpy(w->sealed_hash, hash, HASH_SIZE);
	}
	db_end(st);
	return 0;
}

/* Begins behind the newest checkpoint. */
static int begin(struct db *db, struct store_audit_walk *w, struct err *e)
{
	bool fits;
	int rc = read_checkpoint(db, &w->of, &w->from, &fits, e);
	if (rc)
		return rc;
	w->expected = w->from.id + 1;
	memcpy(w->hash, w->from.hash, HASH_SIZE);
	w->fault = STORE_AUDIT_FINE;
	w->bad = 0;
	w->done = false;
	if (!fits)
		found(w, STORE_AUDIT_BEHEADED, w->expected);
	return 0;
}

int store_audit_walk_start(struct db *db, const struct store_audit_chain *of, struct store_audit_walk *ret,
			   struct err *e)
{
	struct store_audit_walk w = {.of = *of};
	int rc = of->key.len ? read_seal(db, &w, e) : 0;
	rc = rc ? rc : begin(db, &w, e);
	if (!rc)
		*ret = w;
	return rc;
}

/* Rows that are not there may have been cut off since the walk began: it goes on behind the new checkpoint. */
static int look_at_cut(struct db *db, struct store_audit_walk *w, struct err *e)
{
	struct store_audit_checkpoint c;
	int rc = store_audit_checkpoint(db, w->of.server, &c, e);
	return rc || c.id < w->expected ? rc : begin(db, w, e);
}

/* A row that does not fit and stands behind the head was put in. */
static int look_at_added(struct db *db, struct store_audit_walk *w, struct err *e)
{
	struct end end;
	int rc = read_end(db, &w->of, &end, e);
	if (!rc && w->bad > end.id && w->fault != STORE_AUDIT_BEHEADED)
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

struct cutting {
	struct store_audit_walk walk;
	int64_t before, newest;
};

/* The rows that may go are those at the beginning: the first one that is young enough, or that does not hold, ends
 * them.
 */
static int see_oldest(void *arg, const struct store_audit *row)
{
	struct cutting *c = arg;
	return row->time >= c->before || row->id >= c->newest ? 1 : check_row(&c->walk, row);
}

int store_audit_cut(struct db *db, const struct store_audit_chain *of, int64_t before, int64_t now, int limit,
		    struct store_audit_checkpoint *ret, struct err *e)
{
	struct cutting c = {.before = before};
	int rc = store_audit_walk_start(db, of, &c.walk, e);
	rc = rc ? rc : store_audit_last(db, of->server, &c.newest, e);
	if (!rc && !c.walk.done)
		rc = store_audit_follow(db, c.walk.from.id, limit, see_oldest, &c, e);
	if (rc < 0)
		return rc;
	struct store_audit_checkpoint cut = {.id = c.walk.expected - 1, .time = now, .removed = c.walk.rows};
	memcpy(cut.hash, c.walk.hash, HASH_SIZE);
	rc = cut.removed ? put_checkpoint(db, of, &cut, e) : 0;
	if (!rc && cut.removed) {
		struct db_stmt *st = db_stmt(db, SQL_AUDIT_CUT);
		db_bind_i64(st, STORE_SEQ_ID(of->server, 0));
		db_bind_i64(st, cut.id);
		rc = db_run(st, NULL, e);
	}
	if (!rc)
		*ret = cut;
	return rc;
}

#define VERIFY_PAGE 10000

int store_audit_verify(struct db *db, const struct store_audit_chain *of, int64_t *ret_bad, struct err *e)
{
	struct store_audit_walk w;
	int rc = store_audit_walk_start(db, of, &w, e);
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

static int put_seal(struct db *db, const struct store_audit_chain *of, const struct end *end, int64_t now,
		    struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AUDIT_SEAL_PUT);
	struct stamp s = stamp_of_seal(end->id, end->hash, now);
	uint8_t mac[HASH_SIZE];
	db_bind_i64(st, of->server);
	db_bind_i64(st, end->id);
	db_bind_i64(st, now);
	db_bind_blob(st, BYTES(end->hash, HASH_SIZE));
	int rc = bind_mac(st, of->key, &s, mac, e);
	return rc ? rc : db_run(st, NULL, e);
}

int store_audit_seal(struct db *db, const struct store_audit_chain *of, int64_t now, int64_t *ret_last,
		     uint8_t ret_hash[32], int64_t *ret_bad, struct err *e)
{
	struct store_audit_chain plain = {.server = of->server};
	struct store_audit_checkpoint c;
	struct end end;
	ASSERT(of->key.len == STORE_AUDIT_KEY_SIZE);
	struct err why = ERR_INIT;
	int rc = store_audit_verify(db, &plain, ret_bad, &why);
	if (rc && rc != ERR_TAMPERED)
		return err_set(e, rc, "%s", why.msg);
	rc = find_end(db, of, &end, e);
	rc = rc ? rc : store_audit_checkpoint(db, of->server, &c, e);
	rc = rc || !STORE_SEQ_OF(c.id) ? rc : put_checkpoint(db, of, &c, e);
	rc = rc ? rc : put_seal(db, of, &end, now, e);
	rc = rc ? rc : put_head(db, of, end.id, end.hash, e);
	if (!rc) {
		*ret_last = end.id;
		memcpy(ret_hash, end.hash, HASH_SIZE);
	}
	return rc;
}
