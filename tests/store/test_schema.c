/* Migrations, and what SQLite's planner makes of every statement. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "store/migrations.h"

static void migrations_are_numbered_without_gaps(void **state)
{
	assert_true(migrations_len >= 2);
	for (size_t i = 0; i < migrations_len; i++) {
		assert_int_equal(migrations[i].number, (int)i);
		assert_true(migrations[i].script[0]);
	}
	assert_int_equal(store_schema_version(), (int)migrations_len - 1);
}

static void a_new_database_has_the_newest_schema_and_the_built_in_folders(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ask(f, "SELECT MAX(version) FROM schema_version"), store_schema_version());
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM schema_version"), store_schema_version());
	struct store_folder folder;
	OK(f, store_folder_by_path(f->db, f->a, STORE_TREE_DEVICE, "/Workstations/", &folder, &f->e));
	assert_int_equal(folder.id, STORE_FOLDER_WORKSTATIONS);
	OK(f, store_folder_by_path(f->db, f->a, STORE_TREE_DEVICE, "/Servers/", &folder, &f->e));
	assert_int_equal(folder.id, STORE_FOLDER_SERVERS);
	OK(f, store_folder_by_path(f->db, f->a, STORE_TREE_CREDENTIAL, "/", &folder, &f->e));
	assert_int_equal(folder.id, STORE_FOLDER_CREDENTIALS);
}

static void opening_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	add_server(f);
	db_close(f->db);
	OK(f, store_open(f->path, DB_READ_WRITE, DB_FLAG_CREATE, &f->db, &f->e));
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM server"), 1);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM schema_version"), store_schema_version());
}

static void an_interrupted_first_start_is_taken_up_again(void **state)
{
	struct fixture *f = *state;
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/half", f->folder);
	struct db *db;
	OK(f, db_open(path, DB_READ_WRITE, DB_FLAG_CREATE, &db, &f->e));
	OK(f, db_begin(db, &f->e));
	OK(f, db_define(db, migrations[0].script, &f->e));
	OK(f, db_commit(db, &f->e));
	db_close(db);
	assert_int_equal(store_open(path, DB_READ_ONLY, 0, &db, &f->e), ERR_DATABASE);
	assert_non_null(strstr(f->e.msg, "older schema 0"));
	OK(f, store_open(path, DB_READ_WRITE, 0, &db, &f->e));
	db_close(db);
	OK(f, store_open(path, DB_READ_ONLY, 0, &db, &f->e));
	db_close(db);
}

static void a_migration_that_fails_leaves_the_schema_as_it_was(void **state)
{
	struct fixture *f = *state;
	OK(f, db_begin(f->db, &f->e));
	assert_true(db_define(f->db, "CREATE TABLE t (id BIGINT PRIMARY KEY); CREATE TABLE zone (x TEXT);", &f->e) < 0);
	db_rollback(f->db);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM sqlite_master WHERE name = 't'"), 0);
}

static struct buf file_content(const char *path)
{
	struct buf b;
	struct stat sb;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &sb), 0);
	buf_init(&b, (size_t)sb.st_size);
	uint8_t *to = buf_reserve(&b, (size_t)sb.st_size);
	assert_int_equal(read(fd, to, (size_t)sb.st_size), sb.st_size);
	buf_commit(&b, (size_t)sb.st_size);
	(void)close(fd);
	return b;
}

static void a_newer_database_is_refused_and_not_a_byte_is_changed(void **state)
{
	struct fixture *f = *state;
	OK(f, db_define(f->db, "INSERT INTO schema_version (version) VALUES (999)", &f->e));
	db_close(f->db);
	f->db = NULL;
	struct buf before = file_content(f->path);
	assert_int_equal(store_open(f->path, DB_READ_WRITE, DB_FLAG_CREATE, &f->db, &f->e), ERR_DATABASE_NEWER);
	assert_non_null(strstr(f->e.msg, "schema 999"));
	assert_int_equal(store_open(f->path, DB_READ_ONLY, 0, &f->db, &f->e), ERR_DATABASE_NEWER);
	struct buf after = file_content(f->path);
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	buf_release(&before);
	buf_release(&after);
}

static void keys_are_row_numbers_to_sqlite(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM sqlite_master WHERE sql LIKE '%BIGINT PRIMARY KEY%'"), 0);
	assert_true(ask(f, "SELECT COUNT(*) FROM sqlite_master WHERE sql LIKE '%INTEGER PRIMARY KEY%'") > 10);
}

/* one_live_act holds only the acts that are live, so walking all of it is no scan of the table. */
static bool is_scan(const char *step)
{
	return strncmp(step, "SCAN ", 5) == 0 && strcmp(step, "SCAN CONSTANT ROW") != 0 &&
	       !strstr(step, "USING INDEX one_live_act");
}

static void only_marked_statements_read_a_table_from_end_to_end(void **state)
{
	struct fixture *f = *state;
	for (int id = 0; id < SQL_COUNT; id++) {
		char text[4096];
		(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql_text((enum sql_id)id));
		struct db_stmt *st;
		OK(f, db_stmt_new(f->db, text, &st, &f->e));
		while (db_step(st, &f->e) > 0) {
			for (int skipped = 0; skipped < 3; skipped++)
				(void)db_take_i64(st);
			const char *step = db_take_text(st);
			if (is_scan(step) && !sql_may_scan((enum sql_id)id)) {
				print_error("%s: %s\n", sql_name((enum sql_id)id), step);
				fail();
			}
		}
		db_stmt_drop(st);
	}
}

static void lists_in_the_order_of_an_index_do_not_sort(void **state)
{
	static const enum sql_id ids[] = {
		SQL_DEVICE_LIST_BY_NAME,
		SQL_DEVICE_LIST_BY_FOLDER,
		SQL_TARGET_LIST_BY_NAME,
		SQL_TARGET_LIST_BY_FOLDER,
		SQL_CREDENTIAL_LIST,
		SQL_ACT_QUEUED,
		SQL_ACT_LIST,
		SQL_PAST_OF_DEVICE,
		SQL_PAST_OF_JOB,
		SQL_EVENT_LIST,
		SQL_DISCOVERED_LIST,
		SQL_JOB_LIST,
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		char text[4096];
		(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql_text(ids[i]));
		struct db_stmt *st;
		OK(f, db_stmt_new(f->db, text, &st, &f->e));
		while (db_step(st, &f->e) > 0) {
			for (int skipped = 0; skipped < 3; skipped++)
				(void)db_take_i64(st);
			assert_null(strstr(db_take_text(st), "TEMP B-TREE"));
		}
		db_stmt_drop(st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(migrations_are_numbered_without_gaps),
		FIXTURE_TEST(a_new_database_has_the_newest_schema_and_the_built_in_folders),
		FIXTURE_TEST(opening_again_changes_nothing),
		FIXTURE_TEST(an_interrupted_first_start_is_taken_up_again),
		FIXTURE_TEST(a_migration_that_fails_leaves_the_schema_as_it_was),
		FIXTURE_TEST(a_newer_database_is_refused_and_not_a_byte_is_changed),
		FIXTURE_TEST(keys_are_row_numbers_to_sqlite),
		FIXTURE_TEST(only_marked_statements_read_a_table_from_end_to_end),
		FIXTURE_TEST(lists_in_the_order_of_an_index_do_not_sort),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
