/* Records of managed computers: imported in slices, row by row, with the rules for new devices; and again. */
#include "harness.h"

#include "codec/json.h"

static int import(struct harness *h, const char *file, const char *more)
{
	struct buf body;
	buf_init(&body, 2 << 20);
	buf_adds(&body, "{\"file\":");
	json_quote(&body, bytes_str(file));
	buf_addf(&body, "%s}", more);
	int status = ask(h, "POST /inventory/import", buf_cstr(&body));
	buf_release(&body);
	return status;
}

static void assert_answer(struct harness *h, int64_t added, int64_t changed, int64_t unchanged, int64_t failed)
{
	if (answer_int(h, "added") != added || answer_int(h, "changed") != changed ||
	    answer_int(h, "unchanged") != unchanged || answer_int(h, "failed") != failed)
		fail_msg("%s", answer(h));
}

static void assert_says(struct harness *h, const char *part)
{
	if (!strstr(answer(h), part))
		fail_msg("no \"%s\" in %s", part, answer(h));
}

static void rows_become_records_and_devices(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"old\",\"folder\":\"/mine/\"}"), 200);
	assert_int_equal(import(h,
				"name,uuid,mac,fqdn,address,serial,folder\n"
				"old,4c4c4544-0043-4a10-8052-b4c04f564433,,old.corp.example,,,/elsewhere/\n"
				"new,,02:00:5e:10:00:01,,10.1.0.9,S9,/Workstations/lab/\n"
				"plain,,,,,,\n",
				""),
			 200);
	assert_answer(h, 3, 0, 0, 0);
	assert_string_equal(query_text(h, "SELECT group_concat(d.name || ' ' || f.path, ';') FROM (SELECT * FROM device"
					  " ORDER BY name) d JOIN folder f ON f.id = d.folder"),
			    "new /Workstations/lab/;old /mine/;plain /Workstations/");
	assert_string_equal(query_text(h, "SELECT i.macs || ' ' || i.addresses || ' ' || i.serial || ' ' || i.source"
					  " FROM inventory i JOIN device d ON d.id = i.device WHERE d.name = 'new'"),
			    "02:00:5e:10:00:01 10.1.0.9 S9 csv");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM inventory"), 3);
	assert_non_null(strstr(query_text(h, "SELECT group_concat(action) FROM audit"), "inventory.import"));
}

static void a_second_import_of_the_same_writes_nothing_but_the_audit(void **state)
{
	static const char file[] = "[{\"name\":\"a\",\"mac\":\"02:00:5e:10:00:01\"},{\"name\":\"b\"}]";
	struct harness *h = *state;
	assert_int_equal(import(h, file, ",\"source\":\"cmdb\""), 200);
	assert_answer(h, 2, 0, 0, 0);
	struct buf before, after;
	buf_init(&before, 8 << 20);
	buf_init(&after, 8 << 20);
	assert_int_equal(ask(h, "PUT /settings/audit-changes", "{\"value\":\"off\"}"), 200);
	dump(h, &before);
	assert_int_equal(import(h, file, ",\"source\":\"cmdb\""), 200);
	assert_answer(h, 0, 0, 2, 0);
	dump(h, &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	assert_int_equal(import(h, "name,mac\na,02:00:5e:10:00:02\nb,\n", ",\"source\":\"cmdb\""), 200);
	assert_answer(h, 0, 1, 1, 0);
	buf_release(&before);
	buf_release(&after);
}

static void a_dry_run_says_the_same_and_changes_nothing(void **state)
{
	static const char file[] = "name,folder\na,/new/folder/\nb,bad\nc,\n";
	struct harness *h = *state;
	assert_int_equal(import(h, file, ",\"dry-run\":true"), 200);
	assert_answer(h, 2, 0, 0, 1);
	assert_says(h, "\"dry_run\":true");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM folder WHERE path LIKE '/new%'"), 0);
	assert_int_equal(import(h, file, ""), 200);
	assert_answer(h, 2, 0, 0, 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 2);
}

static void rows_that_cannot_be_taken_are_named_and_leave_the_others(void **state)
{
	struct harness *h = *state;
	assert_int_equal(import(h,
				"name,uuid,address,folder,color\n"
				"a,,,,\n"
				"b,xyz,,,\n"
				"a,,10.1.0.1,,\n"
				"17,,,,\n"
				"tag:x,,,,\n"
				"c,,,no-slash,\n"
				"d,,,,,,\n"
				"e,,,,red\n",
				",\"first-row\":1002"),
			 200);
	assert_answer(h, 2, 0, 0, 6);
	assert_says(h, "row 1003, column uuid: invalid: ");
	assert_says(h, "row 1004, column name: exists: \\\"a\\\" stands in row 1002 already");
	assert_says(h, "row 1005, column name: invalid: ");
	assert_says(h, "row 1006, column name: invalid: ");
	assert_says(h, "row 1007, column folder: invalid: ");
	assert_says(h, "row 1008: invalid: has 7 cells, the header row 5");
	assert_says(h, "\"ignored\":[\"color\"]");
	assert_int_equal(import(h, "mac\nx\n", ""), 400);
	assert_int_equal(import(h, "[1", ""), 400);
}

static void new_devices_go_where_the_rules_say(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"g\"}", 200, NULL},
		{"POST /rules",
		 "{\"name\":\"r\",\"filter\":\"source:import name:pc-* address:10.9.0.0/16\",\"folder\":\"/boston/\","
		 "\"tags\":[\"us\"],\"groups\":[\"g\"]}",
		 200, NULL},
	};
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(import(h, "name,address,folder\npc-1,10.9.0.1,\npc-2,10.8.0.1,\npc-3,10.9.0.3,/x/\n", ""),
			 200);
	assert_answer(h, 3, 0, 0, 0);
	assert_string_equal(query_text(h, "SELECT group_concat(d.name || ' ' || f.path, ';') FROM (SELECT * FROM device"
					  " ORDER BY name) d JOIN folder f ON f.id = d.folder"),
			    "pc-1 /boston/;pc-2 /Workstations/;pc-3 /x/");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM tag WHERE name = 'us'"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM group_member"), 1);
	assert_int_equal(import(h, "name\npc-4\n", ",\"folder\":\"/all/\""), 200);
	assert_int_equal(
		query(h, "SELECT COUNT(*) FROM device d JOIN folder f ON f.id = d.folder WHERE f.path = '/all/'"), 1);
}

static void thousands_of_rows_go_in_slices_also_when_memory_is_dropped(void **state)
{
	struct harness *h = *state;
	struct buf file;
	buf_init(&file, 1 << 20);
	buf_adds(&file, "name,mac\n");
	for (int i = 0; i < 2500; i++)
		buf_addf(&file, "pc-%d,02:00:5e:10:%02x:%02x\n", i, (unsigned)i >> 8, (unsigned)i & 255);
	h->forgetful = true;
	assert_int_equal(import(h, buf_cstr(&file), ""), 200);
	assert_answer(h, 2500, 0, 0, 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM inventory"), 2500);
	assert_int_equal(import(h, buf_cstr(&file), ""), 200);
	assert_answer(h, 0, 0, 2500, 0);
	buf_release(&file);
}

static void a_record_goes_with_its_device_and_without(void **state)
{
	struct harness *h = *state;
	assert_int_equal(import(h, "name\na\nb\n", ""), 200);
	assert_int_equal(ask(h, "DELETE /inventory/a", NULL), 204);
	assert_int_equal(ask(h, "DELETE /inventory/a", NULL), 404);
	assert_int_equal(ask(h, "DELETE /inventory/none", NULL), 404);
	assert_int_equal(ask(h, "DELETE /devices/b", NULL), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM inventory"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(rows_become_records_and_devices),
		ZONE_TEST(a_second_import_of_the_same_writes_nothing_but_the_audit),
		ZONE_TEST(a_dry_run_says_the_same_and_changes_nothing),
		ZONE_TEST(rows_that_cannot_be_taken_are_named_and_leave_the_others),
		ZONE_TEST(new_devices_go_where_the_rules_say),
		ZONE_TEST(thousands_of_rows_go_in_slices_also_when_memory_is_dropped),
		ZONE_TEST(a_record_goes_with_its_device_and_without),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
