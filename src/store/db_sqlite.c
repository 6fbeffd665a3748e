/* SQLite behind db.h. Only this file knows it. */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "store/db_priv.h"

#define PARAMS_MAX   40
#define BUSY_WAIT_MS 5000

/* Negative cache sizes are KiB. The writer's 4 MiB hold the hot pages of 100,000 interfaces' acts; readers are many
 * and short. */
#define WRITER_PRAGMAS                                                                                                 \
	"PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -4096; PRAGMA mmap_size = 0;"        \
	"PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 33554432; PRAGMA temp_store = MEMORY;"          \
	"PRAGMA trusted_schema = OFF;"
#define READER_PRAGMAS                                                                                                 \
	"PRAGMA query_only = ON; PRAGMA cache_size = -1024; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"         \
	"PRAGMA trusted_schema = OFF;"

struct sqlite_stmt {
	sqlite3_stmt *s;
	uint8_t index_of[PARAMS_MAX + 1]; /* "$3" is a name to SQLite, numbered by first appearance */
};

static const struct {
	int sqlite; /* primary result code */
	int code;
	const char *sentence;
} causes[] = {
	{SQLITE_FULL, ERR_DISK, "the disk is full"},
	{SQLITE_IOERR, ERR_DISK, "reading or writing the disk failed"},
	{SQLITE_READONLY, ERR_DISK, "the database cannot be written"},
	{SQLITE_CANTOPEN, ERR_DISK, "the database file cannot be opened"},
	{SQLITE_PERM, ERR_DISK, "the database file may not be opened"},
	{SQLITE_BUSY, ERR_BUSY, "another program is writing to the database"},
	{SQLITE_LOCKED, ERR_BUSY, "another connection is using the table"},
	{SQLITE_CORRUPT, ERR_DATABASE, "the database file is damaged"},
	{SQLITE_NOTADB, ERR_DATABASE, "the file is not a database"},
};

static int constraint_code(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return ERR_EXISTS;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return ERR_CONFLICT;
	default:
		return ERR_DATABASE;
	}
}

static int fail(sqlite3 *c, struct err *e)
{
	int rc = sqlite3_extended_errcode(c);
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return err_set(e, constraint_code(rc), "%s", sqlite3_errmsg(c));
	int sys = sqlite3_system_errno(c);
	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		if (causes[i].sqlite != (rc & 0xff))
			continue;
		if (sys && causes[i].code == ERR_DISK)
			return err_set_sys(e, ERR_DISK, sys, "%s", causes[i].sentence);
		return err_set(e, causes[i].code, "%s", causes[i].sentence);
	}
	return err_set(e, ERR_DATABASE, "%s (%d)", sqlite3_errmsg(c), rc);
}

static int run(sqlite3 *c, const char *sql, struct err *e)
{
	return sqlite3_exec(c, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(c, e);
}

static void configure_once(void)
{
	/* Counting its own memory costs SQLite a lock per allocation; nobody asks for the figure. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int set_up(sqlite3 *c, enum db_mode mode, unsigned flags, struct err *e)
{
	(void)sqlite3_extended_result_codes(c, 1);
	(void)sqlite3_busy_timeout(c, BUSY_WAIT_MS);
	if (mode == DB_READ_ONLY)
		return run(c, READER_PRAGMAS "SELECT 1 FROM sqlite_master LIMIT 1;", e);
	if (sqlite3_db_readonly(c, "main") == 1)
		return err_set(e, ERR_DISK, "the database cannot be written");
	int rc = run(c, WRITER_PRAGMAS, e);
	if (rc == 0)
		rc = run(c, flags & DB_FLAG_UNSAFE ? "PRAGMA synchronous = OFF;" : "PRAGMA synchronous = FULL;", e);
	return rc;
}

static int sqlite_open(const char *target, enum db_mode mode, unsigned flags, void **ret_conn, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, configure_once);
	if (!(flags & DB_FLAG_CREATE) && access(target, F_OK) != 0)
		return err_set_sys(e, ERR_NOT_FOUND, errno, "database \"%s\"", target);
	int how = SQLITE_OPEN_NOMUTEX | (mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	if (mode == DB_READ_WRITE && (flags & DB_FLAG_CREATE))
		how |= SQLITE_OPEN_CREATE;
	sqlite3 *c = NULL;
	int rc = 0;
	if (sqlite3_open_v2(target, &c, how, NULL) != SQLITE_OK)
		rc = c ? fail(c, e) : err_set(e, ERR_DATABASE, "no memory for a connection");
	else
		rc = set_up(c, mode, flags, e);
	if (rc < 0) {
		(void)sqlite3_close(c); /* a connection without statements always closes */
		return err_wrap(e, rc, "database \"%s\"", target);
	}
	*ret_conn = c;
	return 0;
}

static void sqlite_close(void *conn)
{
	int rc = sqlite3_close(conn);
	ASSERT(rc == SQLITE_OK);
}

static int sqlite_begin(void *conn, enum db_mode mode, struct err *e)
{
	return run(conn, mode == DB_READ_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", e);
}

static int sqlite_commit(void *conn, struct err *e)
{
	return run(conn, "COMMIT", e);
}

static void sqlite_rollback(void *conn)
{
	/* Some errors have rolled back already; a rollback that fails leaves nothing that could be done here. */
	if (!sqlite3_get_autocommit(conn))
		(void)sqlite3_exec(conn, "ROLLBACK", NULL, NULL, NULL);
}

/* A BIGINT key is no alias of SQLite's row number and would cost a second tree per table; an INTEGER key is one, with
 * the same 64 bits. */
static int sqlite_define(void *conn, const char *script, struct err *e)
{
	static const char theirs[] = "BIGINT PRIMARY KEY", ours[] = "INTEGER PRIMARY KEY";
	struct buf b;
	buf_init(&b, 1 << 20);
	for (const char *hit; (hit = strstr(script, theirs)); script = hit + sizeof(theirs) - 1) {
		(void)buf_add(&b, script, (size_t)(hit - script)); /* looked at below */
		(void)buf_adds(&b, ours);
	}
	(void)buf_adds(&b, script);
	int rc = buf_check(&b, e, "migration");
	if (rc == 0)
		rc = run(conn, buf_cstr(&b), e);
	buf_release(&b);
	return rc;
}

static int64_t sqlite_changes(void *conn)
{
	return sqlite3_changes64(conn);
}

static int64_t sqlite_total_changes(void *conn)
{
	return sqlite3_total_changes64(conn);
}

static int sqlite_prepare(void *conn, const char *text, void **ret_stmt, struct err *e)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v3(conn, text, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
		return fail(conn, e);
	struct sqlite_stmt *st = mem_alloc(sizeof(*st));
	st->s = s;
	for (int n = 1; n <= PARAMS_MAX; n++) {
		char name[8];
		(void)snprintf(name, sizeof(name), "$%d", n); /* two digits at most */
		st->index_of[n] = (uint8_t)sqlite3_bind_parameter_index(s, name);
	}
	*ret_stmt = st;
	return 0;
}

static void sqlite_finalize(void *stmt)
{
	struct sqlite_stmt *st = stmt;
	(void)sqlite3_finalize(st->s); /* repeats the error of the last step, which was told */
	free(st);
}

static int bound(struct sqlite_stmt *st, int n, int rc, struct err *e)
{
	if (rc == SQLITE_OK)
		return 0;
	return err_set(e, ERR_DATABASE, "parameter $%d of \"%s\": %s", n, sqlite3_sql(st->s), sqlite3_errstr(rc));
}

static int place(struct sqlite_stmt *st, int n)
{
	ASSERT(n >= 1 && n <= PARAMS_MAX && st->index_of[n] > 0);
	return st->index_of[n];
}

static int sqlite_bind_i64(void *stmt, int n, int64_t v, struct err *e)
{
	struct sqlite_stmt *st = stmt;
	return bound(st, n, sqlite3_bind_int64(st->s, place(st, n), v), e);
}

static int sqlite_bind_null(void *stmt, int n, struct err *e)
{
	struct sqlite_stmt *st = stmt;
	return bound(st, n, sqlite3_bind_null(st->s, place(st, n)), e);
}

static int sqlite_bind_text(void *stmt, int n, const char *s, struct err *e)
{
	struct sqlite_stmt *st = stmt;
	return bound(st, n, sqlite3_bind_text64(st->s, place(st, n), s, strlen(s), SQLITE_STATIC, SQLITE_UTF8), e);
}

static int sqlite_bind_blob(void *stmt, int n, struct bytes b, struct err *e)
{
	struct sqlite_stmt *st = stmt;
	return bound(st, n, sqlite3_bind_blob64(st->s, place(st, n), b.p, b.len, SQLITE_STATIC), e);
}

static int sqlite_step(void *stmt, struct err *e)
{
	struct sqlite_stmt *st = stmt;
	switch (sqlite3_step(st->s)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return fail(sqlite3_db_handle(st->s), e);
	}
}

static void sqlite_reset(void *stmt)
{
	struct sqlite_stmt *st = stmt;
	(void)sqlite3_reset(st->s); /* repeats the error of the last step, which was told */
	(void)sqlite3_clear_bindings(st->s);
}

static int64_t sqlite_column_i64(void *stmt, int n)
{
	return sqlite3_column_int64(((struct sqlite_stmt *)stmt)->s, n);
}

static const char *sqlite_column_text(void *stmt, int n)
{
	return (const char *)sqlite3_column_text(((struct sqlite_stmt *)stmt)->s, n);
}

static struct bytes sqlite_column_blob(void *stmt, int n)
{
	sqlite3_stmt *s = ((struct sqlite_stmt *)stmt)->s;
	const void *p = sqlite3_column_blob(s, n);
	if (!p)
		return sqlite3_column_type(s, n) == SQLITE_NULL ? BYTES_NONE : BYTES("", 0);
	return BYTES(p, (size_t)sqlite3_column_bytes(s, n));
}

const struct db_ops db_sqlite_ops = {
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.define = sqlite_define,
	.changes = sqlite_changes,
	.total_changes = sqlite_total_changes,
	.prepare = sqlite_prepare,
	.finalize = sqlite_finalize,
	.bind_i64 = sqlite_bind_i64,
	.bind_null = sqlite_bind_null,
	.bind_text = sqlite_bind_text,
	.bind_blob = sqlite_bind_blob,
	.step = sqlite_step,
	.reset = sqlite_reset,
	.column_i64 = sqlite_column_i64,
	.column_text = sqlite_column_text,
	.column_blob = sqlite_column_blob,
};
