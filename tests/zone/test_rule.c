/* Registration rules: where new devices are put, in which order the rules are asked, and what stands in the way. */
#include "harness.h"

#include "zone/rule.h"
#include "zone/zone_priv.h"

static const char *order_of(struct harness *h)
{
	return query_text(h, "SELECT group_concat(name || place, ' ') FROM (SELECT name, place FROM registration_rule"
			     " ORDER BY place)");
}

static const char *folder_of(struct harness *h, const char *device)
{
	char sql[200];
	(void)snprintf(sql, sizeof(sql),
		       "SELECT f.path FROM device d JOIN folder f ON f.id = d.folder WHERE d.name = '%s'", device);
	return query_text(h, sql);
}

static void rules_stand_in_an_order(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /rules", "{\"name\":\"a\",\"filter\":\"name:a*\",\"folder\":\"/A/\"}", 200, NULL},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"name:b*\",\"folder\":\"/B/\"}", 200, NULL},
		{"POST /rules", "{\"name\":\"c\",\"filter\":\"name:c*\",\"folder\":\"/C/\",\"place\":2}", 200, NULL},
		{"POST /rules", "{\"name\":\"d\",\"filter\":\"name:d*\",\"folder\":\"/D/\",\"place\":99}", 200, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_string_equal(order_of(h), "a1 c2 b3 d4");
	assert_int_equal(ask(h, "POST /rules/d/move", "{\"place\":1}"), 200);
	assert_string_equal(order_of(h), "d1 a2 c3 b4");
	assert_int_equal(ask(h, "POST /rules/d/move", "{\"place\":3}"), 200);
	assert_string_equal(order_of(h), "a1 c2 d3 b4");
	assert_int_equal(ask(h, "DELETE /rules/c", NULL), 204);
	assert_string_equal(order_of(h), "a1 d2 b3");
	assert_int_equal(ask(h, "POST /rules/a/move", "{\"place\":0}"), 400);
	assert_int_equal(ask(h, "POST /rules/none/move", "{\"place\":1}"), 404);
	assert_int_equal(ask(h, "DELETE /rules/c", NULL), 404);
}

static void wrong_rules_are_refused(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"dyn\",\"filter\":\"name:x\"}", 200, NULL},
		{"POST /rules", "{\"name\":\"a\",\"filter\":\"name:a\",\"folder\":\"/A/\"}", 200, NULL},
		{"POST /rules", "{\"name\":\"a\",\"filter\":\"name:a\",\"folder\":\"/A/\"}", 409, "exists"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"folder:/x/\",\"folder\":\"/A/\"}", 400, "there already"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"power:on\",\"folder\":\"/A/\"}", 400, "there already"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"x\",\"folder\":\"/A/\"}", 400, "does not begin"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"name:x\",\"folder\":\"A\"}", 400, "slash"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"name:x\",\"folder\":\"/A/\",\"tags\":[\"a,b\"]}", 400,
		 "tag"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"name:x\",\"folder\":\"/A/\",\"groups\":[\"none\"]}", 404,
		 "none"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"name:x\",\"folder\":\"/A/\",\"groups\":[\"dyn\"]}", 400,
		 "that fit its filter"},
		{"POST /rules", "{\"name\":\"b\",\"filter\":\"name:x\",\"folder\":\"/A/\",\"place\":0}", 400, "place"},
		{"POST /folders/remove", "{\"path\":\"/A/\"}", 409, "rule \\\"a\\\" puts new devices there"},
		{"POST /folders/remove", "{\"path\":\"/A/\",\"recursive\":true}", 409, "rule \\\"a\\\""},
		{"DELETE /rules/a", NULL, 204, NULL},
		{"POST /folders/remove", "{\"path\":\"/A/\"}", 204, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM registration_rule"), 0);
}

static void a_new_device_goes_where_the_first_rule_says(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"g\"}", 200, NULL},
		{"POST /rules",
		 "{\"name\":\"boston\",\"filter\":\"address:10.9.0.0/16\",\"folder\":\"/W/boston/"
		 "\",\"tags\":[\"us\",\"x\"],"
		 "\"groups\":[\"g\"]}",
		 200, NULL},
		{"POST /rules", "{\"name\":\"kiosk\",\"filter\":\"name:kiosk-* source:add\",\"folder\":\"/W/kiosk/\"}",
		 200, NULL},
		{"POST /devices", "{\"name\":\"kiosk-1\",\"amt\":\"10.9.1.1\",\"tags\":[\"x\",\"y\"]}", 200, NULL},
		{"POST /devices", "{\"name\":\"KIOSK-2\",\"amt\":\"10.8.1.1\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"desk\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"kiosk-3\",\"folder\":\"/mine/\"}", 200, NULL},
		{"POST /folders/move", "{\"path\":\"/W/\",\"to\":\"/X/\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"kiosk-4\"}", 200, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_string_equal(folder_of(h, "kiosk-1"), "/X/boston/");
	assert_string_equal(folder_of(h, "KIOSK-2"), "/X/kiosk/");
	assert_string_equal(folder_of(h, "desk"), "/Workstations/");
	assert_string_equal(folder_of(h, "kiosk-3"), "/mine/");
	assert_string_equal(folder_of(h, "kiosk-4"), "/X/kiosk/");
	assert_string_equal(query_text(h, "SELECT group_concat(name, ' ') FROM (SELECT t.name FROM tag t JOIN device d"
					  " ON d.id = t.device WHERE d.name = 'kiosk-1' ORDER BY t.name)"),
			    "us x y");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM group_member"), 1);
	assert_int_equal(ask(h, "DELETE /groups/g", NULL), 204);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"later\",\"amt\":\"10.9.1.9\"}"), 200);
	assert_string_equal(folder_of(h, "later"), "/X/boston/");
}

static void see(struct harness *h, const char *address)
{
	struct sighting *s = sighting_new();
	s->rmcp = true;
	s->provisioning = 2;
	(void)snprintf(s->address, sizeof(s->address), "%s", address);
	(void)snprintf(s->version, sizeof(s->version), "11.8.79");
	harness_round(h, &s->mail);
}

static void what_was_discovered_is_imported_by_the_rules(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /rules",
		 "{\"name\":\"new\",\"filter\":\"address:10.0.0.1-10.0.0.2 amt:11 source:rmcp\",\"folder\":\"/new/\"}",
		 200, NULL},
		{"POST /devices/import", "{\"discovered\":[\"discovered\"]}", 200, "\"imported\":3"},
	};
	for (int i = 1; i <= 3; i++) {
		char address[32];
		(void)snprintf(address, sizeof(address), "10.0.0.%d", i);
		see(h, address);
	}
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_string_equal(folder_of(h, "10.0.0.1"), "/new/");
	assert_string_equal(folder_of(h, "10.0.0.2"), "/new/");
	assert_string_equal(folder_of(h, "10.0.0.3"), "/Workstations/");
}

static void folders_without_devices_go_with_all_below(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /folders", "{\"path\":\"/a/b/c/\"}", 200, NULL},
		{"POST /folders", "{\"path\":\"/a/d/\"}", 200, NULL},
		{"POST /folders", "{\"path\":\"/ab/\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"d1\",\"folder\":\"/a/b/c/\"}", 200, NULL},
		{"PUT /settings/act-tries", "{\"value\":\"9\",\"at\":\"/a/d/\"}", 200, NULL},
		{"POST /folders/remove", "{\"path\":\"/a/\"}", 409, "not empty"},
		{"POST /folders/remove", "{\"path\":\"/a/\",\"recursive\":true}", 409, "1 devices are in it or below"},
		{"POST /folders/remove", "{\"path\":\"/\",\"recursive\":true}", 409, NULL},
		{"DELETE /devices/d1", NULL, 204, NULL},
		{"POST /folders/remove", "{\"path\":\"/\",\"recursive\":true}", 409, "built in"},
		{"POST /folders/remove", "{\"path\":\"/a/\",\"recursive\":true}", 204, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM folder WHERE tree = 0"), 4);
	assert_int_equal(tree_count(h->z->tree), 4);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM setting"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(rules_stand_in_an_order),
		ZONE_TEST(wrong_rules_are_refused),
		ZONE_TEST(a_new_device_goes_where_the_first_rule_says),
		ZONE_TEST(what_was_discovered_is_imported_by_the_rules),
		ZONE_TEST(folders_without_devices_go_with_all_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
