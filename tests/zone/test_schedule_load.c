/* What 100,000 devices that fall due at once cost: CPU, commits, how early the first act is there; and that an idle
 * zone sleeps. The number can be chosen: SCHEDULE_DEVICES. */
#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

#include "base/metric.h"
#include "base/text.h"
#include "harness.h"

static __attribute__((format(printf, 2, 3))) void run_sql(sqlite3 *db, const char *fmt, ...)
{
	char sql[1024];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

/* Copies of device d1, in twenty folders, behind the zone's back: making them by commands is not what is measured. */
static void multiply(struct harness *h, int devices)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	run_sql(db, "BEGIN");
	run_sql(db, "INSERT INTO folder (id, tree, parent, name, path, created_at) WITH RECURSIVE n(i) AS (SELECT 1 "
		    "UNION ALL"
		    " SELECT i + 1 FROM n WHERE i < 20) SELECT 900000000 + i, 0, 3, 'f' || i, '/Workstations/f' || i "
		    "|| '/', 0"
		    " FROM n");
	run_sql(db,
		"CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" SELECT i FROM n",
		devices);
	run_sql(db,
		"INSERT INTO device (id, folder, name, note, is_protected, created_at, changed_at) SELECT 1000000 + i,"
		" 900000001 + i %% 20, 'd' || i, '', 0, 0, 0 FROM n");
	run_sql(db,
		"INSERT INTO amt SELECT 2000000 + n.i, 1000000 + n.i, NULL, '10.' || (n.i / 65536) || '.' ||"
		" (n.i / 250 %% 256) || '.' || (n.i %% 250 + 1), port_plain, port_tls, mode, credential, server, "
		"tls_policy,"
		" old_tls, changed_at FROM amt m JOIN n WHERE m.device = (SELECT id FROM device WHERE name = 'd1')");
	run_sql(db, "INSERT INTO amt_state (amt, uuid, version, transport, tls_pin, realm, digest, power, power_at, "
		    "seen_at,"
		    " last_act, last_verb, last_state, last_reason, last_at)"
		    " SELECT 2000000 + i, NULL, '', 0, NULL, '', '', 0, 0, 0, 0, 0, 0, 0, 0 FROM n");
	run_sql(db, "COMMIT");
	sqlite3_close(db);
	assert_int_equal(machine_forget(h->z, NULL), 0);
}

static void one_due_time_of_all_devices_is_made_into_acts_cheaply(void **state)
{
	struct harness *h = *state;
	int devices = (int)harness_number("SCHEDULE_DEVICES", 100000);
	int64_t at;
	furnish(h, 1);
	assert_true(clock_parse("2027-03-25T05:59:00Z", &at));
	clock_set_wall(h->clock, at);
	harness_round(h, NULL);
	multiply(h, devices);
	assert_int_equal(ask(h, "POST /schedules",
			     "{\"name\":\"all\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\","
			     "\"at\":\"06:00\",\"to\":\"07:00\",\"random\":true}"),
			 200);
	clock_advance(h->clock, 60000);
	int64_t commits = metric_get(METRIC_zone_commits);
	clock_t before = clock();
	harness_round(h, NULL);
	double cpu = (double)(clock() - before) / CLOCKS_PER_SEC;
	commits = metric_get(METRIC_zone_commits) - commits;
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act"), devices);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE due < 1805954400000 OR due >= 1805958000000"), 0);
	print_message("# %d devices: %.2f s of CPU, %lld commits\n", devices, cpu, (long long)commits);
	assert_true(commits * 100000 <= INT64_C(1200) * devices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {ZONE_TEST(one_due_time_of_all_devices_is_made_into_acts_cheaply)};
	return cmocka_run_group_tests_name("zone/schedule_load", tests, NULL, NULL);
}
