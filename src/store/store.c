#include "store/store.h"

#include "base/base.h"
#include "base/err.h"
#include "store/migrations.h"
#include "store/row.h"

int store_schema_version(void)
{
	return migrations[migrations_len - 1].number;
}

static int check_not_newer(int64_t version, struct err *e)
{
	if (version <= store_schema_version())
		return 0;
	return err_set(e, ERR_DATABASE_NEWER, "the database has schema %lld, this program knows up to %d",
		       (long long)version, store_schema_version());
}

static int read_version(struct db *db, int64_t *ret, struct err *e)
{
	int rc = row_number(db_stmt(db, SQL_SCHEMA_VERSION), ret, e);
	return rc == 0 ? check_not_newer(*ret, e) : rc;
}

/* Servers that start at once meet here: the second waits for the first one's commit. */
static int lock_schema(struct db *db, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SCHEMA_LOCK);
	db_bind_text(st, "migration");
	return db_run(st, NULL, e);
}

static int apply(struct db *db, const struct migration *m, struct err *e)
{
	int rc = db_define(db, m->script, e);
	if (rc < 0)
		return err_wrap(e, rc, "migration %s", m->name);
	struct db_stmt *st = db_stmt(db, SQL_SCHEMA_VERSION_ADD);
	db_bind_i64(st, m->number);
	return db_run(st, NULL, e);
}

/* Inside a transaction: applies the next migration, if there is one. */
static int migrate_one(struct db *db, bool *ret_more, struct err *e)
{
	int64_t version;
	int rc = db_define(db, migrations[0].script, e);
	if (rc == 0)
		rc = lock_schema(db, e);
	if (rc == 0)
		rc = read_version(db, &version, e);
	if (rc < 0)
		return rc;
	*ret_more = version < store_schema_version();
	return *ret_more ? apply(db, &migrations[version + 1], e) : 0;
}

static int migrate(struct db *db, struct err *e)
{
	bool more = true;
	while (more) {
		int rc = db_begin(db, e);
		if (rc < 0)
			return rc;
		rc = migrate_one(db, &more, e);
		if (rc == 0 && more)
			rc = db_commit(db, e);
		if (rc < 0 || !more)
			db_rollback(db);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_version(struct db *db, struct err *e)
{
	int64_t version;
	int rc = read_version(db, &version, e);
	if (rc < 0)
		return rc;
	if (version < store_schema_version())
		return err_set(e, ERR_DATABASE, "the database has the older schema %lld; lampd brings it up to date",
			       (long long)version);
	return 0;
}

int store_open(const char *target, enum db_mode mode, unsigned flags, struct db **ret, struct err *e)
{
	struct db *db;
	int rc = db_open(target, mode, flags, &db, e);
	if (rc < 0)
		return rc;
	rc = mode == DB_READ_WRITE ? migrate(db, e) : check_version(db, e);
	if (rc < 0) {
		db_close(db);
		return err_wrap(e, rc, "database \"%s\"", target);
	}
	*ret = db;
	return 0;
}
