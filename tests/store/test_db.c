/* The driver interface and its errors, on SQLite. */
#include "fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void parameters_are_bound_by_number_whatever_comes_first(void **state)
{
	struct fixture *f = *state;
	struct db_stmt *st;
	OK(f, db_stmt_new(f->db, "SELECT $2, $1, $2, $3", &st, &f->e));
	db_bind_text(st, "one");
	db_bind_text(st, "two");
	db_bind_text(st, NULL);
	assert_int_equal(db_step(st, &f->e), 1);
	assert_string_equal(db_take_text(st), "two");
	assert_string_equal(db_take_text(st), "one");
	assert_string_equal(db_take_text(st), "two");
	assert_null(db_take_text(st));
	db_stmt_drop(st);
}

static void a_statement_of_the_table_whose_first_parameter_is_not_the_first_works(void **state)
{
	struct fixture *f = *state;
	assert_true(strstr(sql_text(SQL_ID_TAKE), "$2") < strstr(sql_text(SQL_ID_TAKE), "$1"));
	struct db_stmt *st = db_stmt(f->db, SQL_ID_TAKE);
	db_bind_text(st, "job");
	db_bind_i64(st, 41);
	assert_int_equal(db_step(st, &f->e), 1);
	assert_int_equal(db_take_i64(st), 42);
	assert_int_equal(db_step(st, &f->e), 0);
}

static void every_type_comes_back_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	static const struct uuid u = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
	static const struct uuid nil;
	struct db_stmt *st;
	OK(f, db_stmt_new(f->db, "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9", &st, &f->e));
	db_bind_i64(st, INT64_MIN);
	db_bind_id(st, 0);
	db_bind_bool(st, true);
	db_bind_text(st, "J\xc3\xbcrgen's \"pc\"");
	db_bind_blob(st, BYTES_LIT("a\0b"));
	db_bind_blob(st, BYTES("", 0));
	db_bind_blob(st, BYTES_NONE);
	db_bind_uuid(st, &u);
	db_bind_uuid(st, &nil);
	assert_int_equal(db_step(st, &f->e), 1);
	assert_true(db_take_i64(st) == INT64_MIN);
	assert_int_equal(db_take_i64(st), 0);
	assert_true(db_take_bool(st));
	assert_string_equal(db_take_text(st), "J\xc3\xbcrgen's \"pc\"");
	assert_true(bytes_equal(db_take_blob(st), BYTES_LIT("a\0b")));
	struct bytes empty = db_take_blob(st);
	assert_non_null(empty.p);
	assert_int_equal(empty.len, 0);
	assert_null(db_take_blob(st).p);
	struct uuid got;
	db_take_uuid(st, &got);
	assert_true(uuid_equal(&got, &u));
	db_take_uuid(st, &got);
	assert_true(uuid_is_nil(&got));
	assert_int_equal(db_step(st, &f->e), 0);
	db_stmt_drop(st);
}

static void a_rolled_back_transaction_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	OK(f, db_begin(f->db, &f->e));
	assert_true(db_in_transaction(f->db));
	add_server(f);
	db_rollback(f->db);
	assert_false(db_in_transaction(f->db));
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM server"), 0);
	OK(f, db_begin(f->db, &f->e));
	add_server(f);
	OK(f, db_commit(f->db, &f->e));
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM server"), 1);
}

static void a_taken_name_and_a_missing_reference_are_told_apart(void **state)
{
	struct fixture *f = *state;
	add_server(f);
	struct store_server s = {.id = 2, .name = "alpha", .fqdn = "", .address = "", .version = ""};
	assert_int_equal(store_server_add(f->db, &s, &f->e), ERR_EXISTS);
	assert_string_equal(f->e.msg, "server \"alpha\": a thing of this name exists already");
	s.name = "beta";
	s.id = 1;
	assert_int_equal(store_server_add(f->db, &s, &f->e), ERR_EXISTS);
	const struct store_device d = {.id = 5, .folder = 999, .name = "x", .note = ""};
	assert_int_equal(store_device_add(f->db, &d, &f->e), ERR_CONFLICT);
}

static void a_second_writer_is_busy_and_a_reader_sees_the_last_commit(void **state)
{
	struct fixture *f = *state;
	struct db *reader, *other;
	OK(f, store_open(f->path, DB_READ_ONLY, 0, &reader, &f->e));
	OK(f, store_open(f->path, DB_READ_WRITE, 0, &other, &f->e));
	(void)sqlite3_busy_timeout(db_driver_conn(other), 1);
	OK(f, db_begin(f->db, &f->e));
	add_server(f);
	assert_int_equal(db_begin(other, &f->e), ERR_BUSY);
	assert_non_null(strstr(f->e.msg, "another program is writing"));
	struct store_server s;
	assert_int_equal(store_server_get(reader, f->a, 1, &s, &f->e), ERR_NOT_FOUND);
	OK(f, db_commit(f->db, &f->e));
	OK(f, store_server_get(reader, f->a, 1, &s, &f->e));
	assert_string_equal(s.fqdn, "alpha.example");
	db_close(other);
	db_close(reader);
}

static void a_reader_keeps_its_snapshot_and_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct db *reader;
	OK(f, store_open(f->path, DB_READ_ONLY, 0, &reader, &f->e));
	OK(f, db_begin(reader, &f->e));
	int64_t n;
	OK(f, store_device_count(reader, &n, &f->e));
	add_server(f);
	add_credential(f);
	add_device(f, 20, STORE_FOLDER_WORKSTATIONS);
	OK(f, store_device_count(reader, &n, &f->e));
	assert_int_equal(n, 0);
	OK(f, db_commit(reader, &f->e));
	OK(f, store_device_count(reader, &n, &f->e));
	assert_int_equal(n, 1);
	assert_int_equal(store_device_delete(reader, 20, &f->e), ERR_DISK);
	assert_non_null(strstr(f->e.msg, "cannot be written"));
	db_close(reader);
}

/* Fills the database until it says no. */
static int fill(struct fixture *f)
{
	char note[4000];
	memset(note, 'x', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	for (int64_t id = 100; id < 100000; id++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "pc-%lld", (long long)id);
		const struct store_device d = {.id = id, .folder = 3, .name = name, .note = note};
		int rc = store_device_add(f->db, &d, &f->e);
		if (rc)
			return rc;
	}
	return 0;
}

static void a_full_disk_is_said_and_what_was_committed_stays(void **state)
{
	struct fixture *f = *state;
	add_server(f);
	assert_int_equal(sqlite3_exec(db_driver_conn(f->db), "PRAGMA max_page_count = 120", NULL, NULL, NULL), 0);
	OK(f, db_begin(f->db, &f->e));
	assert_int_equal(fill(f), ERR_DISK);
	assert_non_null(strstr(f->e.msg, "the disk is full"));
	db_rollback(f->db);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM device"), 0);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM server"), 1);
	assert_int_equal(sqlite3_exec(db_driver_conn(f->db), "PRAGMA max_page_count = 100000", NULL, NULL, NULL), 0);
	add_credential(f);
	add_device(f, 20, STORE_FOLDER_WORKSTATIONS);
}

/* A file system that is really full, where this user may mount one. */
static void a_full_file_system_is_said_too(void **state)
{
	struct fixture *f = *state;
	char folder[96], path[128];
	(void)snprintf(folder, sizeof(folder), "%s/small", f->folder);
	(void)snprintf(path, sizeof(path), "%s/zone.db", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	if (mount("none", folder, "tmpfs", 0, "size=1536k") != 0) {
		assert_int_equal(rmdir(folder), 0);
		print_message("# not allowed to mount a small file system: the page limit above stands for it\n");
		return;
	}
	struct db *was = f->db;
	OK(f, store_open(path, DB_READ_WRITE, DB_FLAG_CREATE, &f->db, &f->e));
	add_server(f);
	int rc = db_begin(f->db, &f->e);
	assert_int_equal(rc, 0);
	rc = fill(f);
	if (rc == 0)
		rc = db_commit(f->db, &f->e);
	assert_int_equal(rc, ERR_DISK);
	assert_non_null(strstr(f->e.msg, "disk"));
	db_rollback(f->db);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM server"), 1);
	db_close(f->db);
	f->db = was;
	assert_int_equal(umount(folder), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void files_that_are_no_database_are_refused_and_left_alone(void **state)
{
	struct fixture *f = *state;
	char path[128], word[16] = {0};
	(void)snprintf(path, sizeof(path), "%s/other", f->folder);
	struct db *db = NULL;
	assert_int_equal(db_open(path, DB_READ_WRITE, 0, &db, &f->e), ERR_NOT_FOUND);
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(write(fd, "no database ", 12), 12);
	assert_int_equal(store_open(path, DB_READ_WRITE, 0, &db, &f->e), ERR_DATABASE);
	assert_non_null(strstr(f->e.msg, "not a database"));
	assert_int_equal(store_open(path, DB_READ_ONLY, 0, &db, &f->e), ERR_DATABASE);
	assert_int_equal(pread(fd, word, 12, 11988), 12);
	assert_string_equal(word, "no database ");
	assert_null(db);
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(db_open("postgresql://h/d", DB_READ_WRITE, 0, &db, &f->e), ERR_UNSUPPORTED);
	assert_int_equal(db_open("/nowhere/at/all/zone.db", DB_READ_WRITE, DB_FLAG_CREATE, &db, &f->e), ERR_DISK);
}

static void a_damaged_file_is_noticed(void **state)
{
	struct fixture *f = *state;
	OK(f, db_begin(f->db, &f->e));
	char note[2000];
	memset(note, 'y', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	for (int64_t id = 100; id < 400; id++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "pc-%lld", (long long)id);
		const struct store_device d = {.id = id, .folder = 3, .name = name, .note = note};
		OK(f, store_device_add(f->db, &d, &f->e));
	}
	OK(f, db_commit(f->db, &f->e));
	db_close(f->db);
	f->db = NULL;
	int fd = open(f->path, O_RDWR | O_CLOEXEC);
	static const uint8_t rubbish[4096] = {0xff, 0xff, 0xff};
	struct stat sb;
	assert_int_equal(fstat(fd, &sb), 0);
	for (off_t at = 4096; at < sb.st_size; at += 4096)
		assert_int_equal(pwrite(fd, rubbish, sizeof(rubbish), at), (ssize_t)sizeof(rubbish));
	(void)close(fd);
	assert_int_equal(store_open(f->path, DB_READ_WRITE, 0, &f->db, &f->e), ERR_DATABASE);
	assert_non_null(strstr(f->e.msg, "damaged"));
}

static void a_file_that_cannot_be_written_is_refused_for_writing(void **state)
{
	struct fixture *f = *state;
	db_close(f->db);
	f->db = NULL;
	assert_int_equal(chmod(f->path, 0400), 0);
	if (geteuid() == 0 && access(f->path, W_OK) == 0) {
		print_message("# root may write everything: a read-only mount stands for it\n");
		char copy[96];
		(void)snprintf(copy, sizeof(copy), "%s/ro", f->folder);
		assert_int_equal(mkdir(copy, 0700), 0);
		if (mount(f->folder, copy, NULL, MS_BIND, NULL) == 0) {
			char path[128];
			(void)snprintf(path, sizeof(path), "%s/zone.db", copy);
			if (mount(NULL, copy, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0)
				assert_int_equal(store_open(path, DB_READ_WRITE, 0, &f->db, &f->e), ERR_DISK);
			assert_int_equal(umount(copy), 0);
		}
		assert_int_equal(rmdir(copy), 0);
		return;
	}
	assert_int_equal(store_open(f->path, DB_READ_WRITE, 0, &f->db, &f->e), ERR_DISK);
	assert_non_null(strstr(f->e.msg, "cannot be written"));
}

/* Asks SQLite itself, on the connection of the product. */
static const char *pragma(struct fixture *f, const char *what)
{
	static char text[64];
	struct db_stmt *st;
	OK(f, db_stmt_new(f->db, what, &st, &f->e));
	assert_int_equal(db_step(st, &f->e), 1);
	(void)snprintf(text, sizeof(text), "%s", db_take_text(st));
	db_stmt_drop(st);
	return text;
}

static void the_writer_waits_for_the_disk_and_keeps_references(void **state)
{
	struct fixture *f = *state;
	db_close(f->db);
	OK(f, store_open(f->path, DB_READ_WRITE, 0, &f->db, &f->e));
	assert_string_equal(pragma(f, "PRAGMA journal_mode"), "wal");
	assert_string_equal(pragma(f, "PRAGMA synchronous"), "2"); /* FULL */
	assert_string_equal(pragma(f, "PRAGMA foreign_keys"), "1");
	assert_string_equal(pragma(f, "PRAGMA integrity_check"), "ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(parameters_are_bound_by_number_whatever_comes_first),
		FIXTURE_TEST(a_statement_of_the_table_whose_first_parameter_is_not_the_first_works),
		FIXTURE_TEST(every_type_comes_back_as_it_went_in),
		FIXTURE_TEST(a_rolled_back_transaction_leaves_nothing),
		FIXTURE_TEST(a_taken_name_and_a_missing_reference_are_told_apart),
		FIXTURE_TEST(a_second_writer_is_busy_and_a_reader_sees_the_last_commit),
		FIXTURE_TEST(a_reader_keeps_its_snapshot_and_cannot_write),
		FIXTURE_TEST(a_full_disk_is_said_and_what_was_committed_stays),
		FIXTURE_TEST(a_full_file_system_is_said_too),
		FIXTURE_TEST(files_that_are_no_database_are_refused_and_left_alone),
		FIXTURE_TEST(a_damaged_file_is_noticed),
		FIXTURE_TEST(a_file_that_cannot_be_written_is_refused_for_writing),
		FIXTURE_TEST(the_writer_waits_for_the_disk_and_keeps_references),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
