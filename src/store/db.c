#include "store/db.h"

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db_priv.h"

#define DB_MAGIC 0x6c64622du

struct db_stmt {
	struct db *db;
	void *prepared; /* the driver's; NULL: preparing failed, see code */
	const char *name;
	int bound, taken;
	int code; /* sticky error of preparing or binding; its sentence is the connection's reason */
	bool is_open;
};

struct db {
	unsigned magic;
	const struct db_ops *ops;
	void *conn;
	enum db_mode mode;
	bool in_transaction;
	int64_t steps;
	struct err reason; /* of the last failure to prepare or bind */
	struct db_stmt *stmts[SQL_COUNT];
};

static const struct {
	const char *name;
	const char *text;
	bool may_scan;
} statements[SQL_COUNT] = {
#define SQL(name, text)      [SQL_##name] = {#name, text, false},
#define SQL_SCAN(name, text) [SQL_##name] = {#name, text, true},
#include "store/sql.tbl.h"
#undef SQL
#undef SQL_SCAN
};

const char *sql_text(enum sql_id id)
{
	return statements[id].text;
}

const char *sql_name(enum sql_id id)
{
	return statements[id].name;
}

bool sql_may_scan(enum sql_id id)
{
	return statements[id].may_scan;
}

int db_open(const char *target, enum db_mode mode, unsigned flags, struct db **ret, struct err *e)
{
	if (bytes_starts_with(bytes_str(target), "postgresql://") ||
	    bytes_starts_with(bytes_str(target), "postgres://"))
		return err_set(e, ERR_UNSUPPORTED, "database \"%s\": this build has no PostgreSQL driver", target);
	void *conn;
	int rc = db_sqlite_ops.open(target, mode, flags, &conn, e);
	if (rc < 0)
		return rc;
	struct db *db = mem_alloc(sizeof(*db));
	db->magic = DB_MAGIC;
	db->ops = &db_sqlite_ops;
	db->conn = conn;
	db->mode = mode;
	*ret = db;
	return 0;
}

static void stmt_free(struct db_stmt *st)
{
	if (st && st->prepared)
		st->db->ops->finalize(st->prepared);
	free(st);
}

void db_close(struct db *db)
{
	if (!db)
		return;
	ASSERT(db->magic == DB_MAGIC);
	for (size_t i = 0; i < SQL_COUNT; i++)
		stmt_free(db->stmts[i]);
	db_rollback(db);
	db->ops->close(db->conn);
	db->magic = 0;
	free(db);
}

int db_begin(struct db *db, struct err *e)
{
	ASSERT(db->magic == DB_MAGIC && !db->in_transaction);
	int rc = db->ops->begin(db->conn, db->mode, e);
	db->in_transaction = rc == 0;
	if (rc < 0)
		db->ops->rollback(db->conn); /* it may have begun before it failed */
	return rc;
}

int db_commit(struct db *db, struct err *e)
{
	ASSERT(db->magic == DB_MAGIC && db->in_transaction);
	int rc = db->ops->commit(db->conn, e);
	if (rc < 0)
		db->ops->rollback(db->conn);
	db->in_transaction = false;
	return rc;
}

void db_rollback(struct db *db)
{
	ASSERT(db->magic == DB_MAGIC);
	if (db->in_transaction)
		db->ops->rollback(db->conn);
	db->in_transaction = false;
}

bool db_in_transaction(const struct db *db)
{
	return db->in_transaction;
}

int64_t db_total_changes(const struct db *db)
{
	return db->ops->total_changes(db->conn);
}

void *db_driver_conn(struct db *db)
{
	return db->conn;
}

int db_define(struct db *db, const char *script, struct err *e)
{
	ASSERT(db->magic == DB_MAGIC);
	return db->ops->define(db->conn, script, e);
}

static struct db_stmt *stmt_alloc(struct db *db, const char *name, const char *text)
{
	struct db_stmt *st = mem_alloc(sizeof(*st));
	st->db = db;
	st->name = name;
	st->code = db->ops->prepare(db->conn, text, &st->prepared, &db->reason);
	return st;
}

struct db_stmt *db_stmt(struct db *db, enum sql_id id)
{
	ASSERT(db->magic == DB_MAGIC && id < SQL_COUNT);
	struct db_stmt *st = db->stmts[id];
	if (st && !st->prepared) { /* failed for want of a lock or memory: another try may do */
		stmt_free(st);
		st = NULL;
	}
	if (!st)
		st = db->stmts[id] = stmt_alloc(db, sql_name(id), sql_text(id));
	ASSERT(!st->is_open);
	st->is_open = true;
	st->bound = 0;
	if (st->prepared)
		st->code = 0;
	return st;
}

int db_stmt_new(struct db *db, const char *text, struct db_stmt **ret, struct err *e)
{
	struct db_stmt *st = stmt_alloc(db, "statement", text);
	if (st->code < 0) {
		int rc = err_set(e, st->code, "%s", db->reason.msg);
		stmt_free(st);
		return rc;
	}
	st->is_open = true;
	*ret = st;
	return 0;
}

void db_stmt_drop(struct db_stmt *st)
{
	stmt_free(st);
}

void db_bind_i64(struct db_stmt *st, int64_t v)
{
	ASSERT(st->is_open);
	if (st->code == 0)
		st->code = st->db->ops->bind_i64(st->prepared, ++st->bound, v, &st->db->reason);
}

static void bind_null(struct db_stmt *st)
{
	ASSERT(st->is_open);
	if (st->code == 0)
		st->code = st->db->ops->bind_null(st->prepared, ++st->bound, &st->db->reason);
}

void db_bind_id(struct db_stmt *st, int64_t id)
{
	if (id)
		db_bind_i64(st, id);
	else
		bind_null(st);
}

void db_bind_bool(struct db_stmt *st, bool v)
{
	db_bind_i64(st, v ? 1 : 0);
}

void db_bind_text(struct db_stmt *st, const char *s)
{
	ASSERT(st->is_open);
	if (!s)
		bind_null(st);
	else if (st->code == 0)
		st->code = st->db->ops->bind_text(st->prepared, ++st->bound, s, &st->db->reason);
}

void db_bind_blob(struct db_stmt *st, struct bytes b)
{
	ASSERT(st->is_open);
	if (!b.p)
		bind_null(st);
	else if (st->code == 0)
		st->code = st->db->ops->bind_blob(st->prepared, ++st->bound, b, &st->db->reason);
}

void db_bind_uuid(struct db_stmt *st, const struct uuid *u)
{
	db_bind_blob(st, uuid_is_nil(u) ? BYTES_NONE : BYTES(u->b, sizeof(u->b)));
}

int64_t db_total_steps(const struct db *db)
{
	return db->steps;
}

void db_end(struct db_stmt *st)
{
	if (st->is_open && st->prepared)
		st->db->ops->reset(st->prepared);
	st->is_open = false;
}

int db_step(struct db_stmt *st, struct err *e)
{
	ASSERT(st->is_open);
	struct err why = ERR_INIT;
	int rc = st->code;
	if (rc < 0)
		why = st->db->reason;
	else
		rc = st->db->ops->step(st->prepared, &why);
	st->db->steps++;
	st->taken = 0;
	if (rc > 0)
		return rc;
	db_end(st);
	return rc < 0 ? err_set(e, rc, "database, %s: %s", st->name, why.msg) : 0;
}

int db_run(struct db_stmt *st, int64_t *ret_changes, struct err *e)
{
	int rc;
	do
		rc = db_step(st, e);
	while (rc > 0);
	if (rc == 0 && ret_changes)
		*ret_changes = st->db->ops->changes(st->db->conn);
	return rc;
}

int64_t db_take_i64(struct db_stmt *st)
{
	return st->db->ops->column_i64(st->prepared, st->taken++);
}

bool db_take_bool(struct db_stmt *st)
{
	return db_take_i64(st) != 0;
}

const char *db_take_text(struct db_stmt *st)
{
	return st->db->ops->column_text(st->prepared, st->taken++);
}

struct bytes db_take_blob(struct db_stmt *st)
{
	return st->db->ops->column_blob(st->prepared, st->taken++);
}

void db_take_uuid(struct db_stmt *st, struct uuid *ret)
{
	struct bytes b = db_take_blob(st);
	*ret = (struct uuid){{0}};
	if (b.len == sizeof(ret->b))
		memcpy(ret->b, b.p, b.len);
}
