/* fixture.h - a new zone's database in a folder of its own, for each test of store/. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "store/act.h"
#include "store/amt.h"
#include "store/credential.h"
#include "store/db_priv.h"
#include "store/device.h"
#include "store/folder.h"
#include "store/job.h"
#include "store/server.h"
#include "store/store.h"

struct fixture {
	char folder[64];
	char path[96];
	struct db *db;
	struct arena *a;
	struct err e;
};

static inline int fixture_set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/lamp-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof(f->path), "%s/zone.db", f->folder);
	f->a = arena_new(0);
	int rc = store_open(f->path, DB_READ_WRITE, DB_FLAG_CREATE | DB_FLAG_UNSAFE, &f->db, &f->e);
	if (rc)
		print_error("%s\n", f->e.msg);
	assert_int_equal(rc, 0);
	*state = f;
	return 0;
}

static inline int fixture_tear_down(void **state)
{
	struct fixture *f = *state;
	db_close(f->db);
	arena_free(f->a);
	DIR *d = opendir(f->folder);
	for (struct dirent *entry; (entry = readdir(d));)
		(void)unlinkat(dirfd(d), entry->d_name, 0); /* "." and ".." stay */
	(void)closedir(d);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* 0, or the test fails with the error's own words. */
#define OK(f, call)                                                                                                    \
	do {                                                                                                           \
		int ok_rc_ = (call);                                                                                   \
		if (ok_rc_)                                                                                            \
			print_error("%s: %s\n", #call, (f)->e.msg);                                                    \
		assert_int_equal(ok_rc_, 0);                                                                           \
	} while (0)

/* One number from any statement without parameters. */
static inline int64_t ask(struct fixture *f, const char *sql)
{
	struct db_stmt *st;
	OK(f, db_stmt_new(f->db, sql, &st, &f->e));
	assert_int_equal(db_step(st, &f->e), 1);
	int64_t n = db_take_i64(st);
	db_stmt_drop(st);
	return n;
}

/* Server 1 "alpha", credential 10 "lab", device id "pc-ID" in folder with AMT interface id + 1000. */
static inline void add_server(struct fixture *f)
{
	const struct store_server s = {
		.id = 1, .name = "alpha", .fqdn = "alpha.example", .address = "127.0.0.1", .version = "0.1.0"};
	OK(f, store_server_add(f->db, &s, &f->e));
}

static inline void add_credential(struct fixture *f)
{
	const struct store_credential c = {.id = 10,
					   .folder = STORE_FOLDER_CREDENTIALS,
					   .name = "lab",
					   .login = "admin",
					   .description = "",
					   .secret = BYTES_LIT("sealed"),
					   .version = 1};
	OK(f, store_credential_add(f->db, &c, &f->e));
}

static inline void add_device(struct fixture *f, int64_t id, int64_t folder)
{
	char name[32], host[32];
	(void)snprintf(name, sizeof(name), "pc-%lld", (long long)id);
	(void)snprintf(host, sizeof(host), "127.1.0.%lld", (long long)id);
	const struct store_device d = {.id = id, .folder = folder, .name = name, .note = ""};
	OK(f, store_device_add(f->db, &d, &f->e));
	const struct store_amt m = {.id = id + 1000,
				    .device = id,
				    .host = host,
				    .port_plain = 16992,
				    .port_tls = 16993,
				    .mode = STORE_AMT_MODE_SMB,
				    .credential = 10,
				    .server = 1};
	OK(f, store_amt_add(f->db, &m, &f->e));
}

#endif
