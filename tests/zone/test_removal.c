/* What goes with a device, a folder or a group that is removed: everything that was said of it, wherever it stands.
 * What happened to it stays. */
#include <sqlite3.h>

#include "harness.h"

/* Tables that tell what happened. */
static const char *const records[] = {"act", "audit",         "event",   "history",
				      "job", "job_selection", "message", "occurrence"};

static bool is_record(const char *table)
{
	for (size_t i = 0; i < ARRAY_LEN(records); i++)
		if (strcmp(records[i], table) == 0)
			return true;
	return false;
}

/* How many rows of a table mean the thing in this column; all ids of things are of one block. */
static int64_t rows_that_mean(struct harness *h, const char *table, const char *column, int64_t id)
{
	char sql[256];
	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM \"%s\" WHERE \"%s\" = %lld", table, column,
		       (long long)id);
	return query(h, sql);
}

/* Rows of all tables that mean the thing, outside of records. */
static int64_t mentions(struct harness *h, int64_t id, bool must_be_none)
{
	int64_t sum = 0;
	sqlite3_stmt *st;
	assert_int_equal(
		sqlite3_prepare_v2(h->sql,
				   "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE"
				   " m.type = 'table' AND c.name IN ('id', 'object', 'folder', 'device', 'member_of',"
				   " 'group_id', 'parent')",
				   -1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(st, 0);
		const char *column = (const char *)sqlite3_column_text(st, 1);
		if (is_record(table))
			continue;
		int64_t n = rows_that_mean(h, table, column, id);
		if (n && must_be_none)
			fail_msg("%lld rows in %s.%s", (long long)n, table, column);
		sum += n;
	}
	sqlite3_finalize(st);
	return sum;
}

static void ask_rows(struct harness *h, const struct ask_row *rows, size_t count)
{
	ask_all(h, rows, count);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
}

static void with_a_device_goes_what_was_said_of_it(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"PATCH /devices/d1", "{\"add-tags\":[\"kiosk\"]}", 200, NULL},
		{"PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\",\"at\":\"d1\"}", 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"d1\",\"weekly\":\"mon\",\"at\":\"07:30\"}", 200, NULL},
		{"POST /holds", "{\"target\":\"d1\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"g\"}", 200, NULL},
		{"POST /groups/g/members", "{\"targets\":[\"d1\",\"d2\"]}", 200, NULL},
	};
	furnish(h, 2);
	ask_rows(h, rows, ARRAY_LEN(rows));
	int64_t id = query(h, "SELECT id FROM device WHERE name = 'd1'");
	assert_int_equal(mentions(h, id, false),
			 8); /* itself, its interface, tag, member, setting, list, entry, hold */
	assert_int_equal(ask(h, "DELETE /devices/d1", NULL), 204);
	(void)mentions(h, id, true);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM schedule"), 0);
}

static void with_a_folder_goes_what_was_said_of_it(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /folders", "{\"path\":\"/Workstations/lab/\"}", 200, NULL},
		{"PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\",\"at\":\"/Workstations/lab/\"}", 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"/Workstations/lab/"
		 "\",\"weekly\":\"mon\",\"at\":\"07:30\"}",
		 200, NULL},
		{"POST /holds", "{\"target\":\"/Workstations/lab/\"}", 200, NULL},
		{"POST /admins", "{\"name\":\"ann\",\"password\":\"x\"}", 200, NULL},
		{"POST /rights/grant",
		 "{\"holder\":\"ann\",\"rights\":[\"power.switch\"],\"at\":\"/Workstations/lab/\"}", 200, NULL},
		{"POST /roles/viewer/grant", "{\"holder\":\"ann\",\"at\":\"/Workstations/lab/\"}", 200, NULL},
		{"POST /tokens", "{\"name\":\"t\",\"role\":\"power\",\"at\":\"/Workstations/lab/\"}", 200, NULL},
	};
	furnish(h, 1);
	ask_rows(h, rows, ARRAY_LEN(rows));
	int64_t id = query(h, "SELECT id FROM folder WHERE path = '/Workstations/lab/'");
	assert_int_equal(mentions(h, id, false), 8); /* itself, setting, list, entry, hold, three grants */
	assert_int_equal(ask(h, "POST /folders/remove", "{\"path\":\"/Workstations/lab/\"}"), 204);
	(void)mentions(h, id, true);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM schedule"), 0);
	/* one of the same name later inherits nothing of it */
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/lab/\"}"), 200);
	id = query(h, "SELECT id FROM folder WHERE path = '/Workstations/lab/'");
	assert_int_equal(mentions(h, id, false), 1);
}

/* The same folder below one that is removed with all that is below it. */
static void with_a_tree_of_folders_goes_what_was_said_of_each(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /folders", "{\"path\":\"/Workstations/a/b/\"}", 200, NULL},
		{"PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\",\"at\":\"/Workstations/a/b/\"}", 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"/Workstations/a/b/"
		 "\",\"weekly\":\"mon\",\"at\":\"07:30\"}",
		 200, NULL},
	};
	furnish(h, 1);
	ask_rows(h, rows, ARRAY_LEN(rows));
	int64_t id = query(h, "SELECT id FROM folder WHERE path = '/Workstations/a/b/'");
	assert_int_equal(mentions(h, id, false), 4);
	assert_int_equal(ask(h, "POST /folders/remove", "{\"path\":\"/Workstations/a/\",\"recursive\":true}"), 204);
	(void)mentions(h, id, true);
}

static void a_folder_that_a_rule_names_stays(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /folders", "{\"path\":\"/Workstations/a/b/\"}", 200, NULL},
		{"POST /rules", "{\"name\":\"r\",\"filter\":\"name:k*\",\"folder\":\"/Workstations/a/b/\"}", 200, NULL},
		{"POST /folders/remove", "{\"path\":\"/Workstations/a/b/\"}", 409,
		 "rule \\\"r\\\" puts new devices there"},
		{"POST /folders/remove", "{\"path\":\"/Workstations/a/\",\"recursive\":true}", 409,
		 "rule \\\"r\\\" puts new devices there"},
		{"DELETE /rules/r", NULL, 204, NULL},
		{"POST /folders/remove", "{\"path\":\"/Workstations/a/\",\"recursive\":true}", 204, NULL},
	};
	ask_rows(h, rows, ARRAY_LEN(rows));
}

static void with_a_group_go_its_tasks_and_members_and_rules_no_longer_name_it(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"g\"}", 200, NULL},
		{"POST /groups/g/members", "{\"targets\":[\"d1\",\"d2\"]}", 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"group:g\",\"weekly\":\"mon\",\"at\":\"07:30\"}", 200,
		 NULL},
		{"POST /rules",
		 "{\"name\":\"r\",\"filter\":\"name:k*\",\"folder\":\"/Workstations/\",\"groups\":[\"g\"]}", 200, NULL},
	};
	furnish(h, 2);
	ask_rows(h, rows, ARRAY_LEN(rows));
	int64_t id = query(h, "SELECT id FROM device_group");
	assert_int_equal(mentions(h, id, false), 5); /* itself, two members, entry, rule */
	assert_int_equal(ask(h, "DELETE /groups/g", NULL), 204);
	(void)mentions(h, id, true);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM schedule"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM registration_rule"), 1);
}

/* What a task of the group had ordered and not yet sent ends with it; and the memory agrees with the disk. */
static void what_a_removed_group_had_ordered_does_not_start(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"g\"}", 200, NULL},
		{"POST /groups/g/members", "{\"targets\":[\"d1\",\"d2\"]}", 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"group:g\",\"weekly\":\"thu\",\"at\":\"06:00\",\"to\":"
		 "\"18:00\","
		 "\"random\":true}",
		 200, NULL},
	};
	int64_t at;
	furnish(h, 2);
	assert_true(clock_parse("2027-03-25T05:59:59Z", &at));
	clock_set_wall(h->clock, at);
	harness_round(h, NULL);
	ask_rows(h, rows, ARRAY_LEN(rows));
	harness_pass(h, 2000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 0"), 2);
	assert_int_equal(ask(h, "DELETE /devices/d1", NULL), 409); /* it has an act that is not final */
	assert_int_equal(ask(h, "DELETE /groups/g", NULL), 204);
	harness_pass(h, 13 * INT64_C(3600000));
	assert_int_equal(count_wire(h, WIRE_ACT_START), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state < 3"), 0);
	assert_int_equal(ask(h, "DELETE /devices/d1", NULL), 204);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(with_a_device_goes_what_was_said_of_it),
		ZONE_TEST(with_a_folder_goes_what_was_said_of_it),
		ZONE_TEST(with_a_tree_of_folders_goes_what_was_said_of_each),
		ZONE_TEST(a_folder_that_a_rule_names_stays),
		ZONE_TEST(with_a_group_go_its_tasks_and_members_and_rules_no_longer_name_it),
		ZONE_TEST(what_a_removed_group_had_ordered_does_not_start),
	};
	return cmocka_run_group_tests_name("zone/removal", tests, NULL, NULL);
}
