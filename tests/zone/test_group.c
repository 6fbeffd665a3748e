/* Groups: who is a member at the moment of an order, and what a group never does. */
#include "harness.h"

#include "zone/group.h"
#include "zone/zone_priv.h"

static int count_member(void *arg, const struct store_device_view *row)
{
	++*(int *)arg;
	return 0;
}

static int members(struct harness *h, const char *name)
{
	struct store_group g;
	struct err e = ERR_INIT;
	int n = 0;
	assert_int_equal(store_group_by_name(h->z->db, h->z->arena, name, &g, &e), 0);
	int rc = group_members(h->z->db, &g, h->z->now, count_member, &n, &e);
	if (rc)
		fail_msg("%s", e.msg);
	return n;
}

static void a_static_group_has_the_members_that_were_chosen(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"kiosks\",\"note\":\"n\"}", 200, "kiosks"},
		{"POST /groups", "{\"name\":\"kiosks\"}", 409, "exists"},
		{"POST /groups", "{\"name\":\"a/b\"}", 400, NULL},
		{"POST /groups", "{\"name\":\"group:x\"}", 400, NULL},
		{"POST /groups/kiosks/members", "{\"targets\":[\"d1\",\"d2\",\"d1\"]}", 200,
		 "{\"changed\":2,\"members\":2}"},
		{"POST /groups/kiosks/members", "{\"targets\":[\"/Workstations/\"]}", 200,
		 "{\"changed\":2,\"members\":4}"},
		{"POST /groups/kiosks/members", "{\"targets\":[\"none\"]}", 404, "\"names\":[\"none\"]"},
		{"POST /groups/kiosks/members", "{}", 400, "missing"},
		{"POST /groups/none/members", "{\"targets\":[\"d1\"]}", 404, "\"names\":[\"none\"]"},
		{"POST /groups", "{\"name\":\"more\"}", 200, NULL},
		{"POST /groups/more/members", "{\"targets\":[\"group:kiosks\"]}", 200, "{\"changed\":4,\"members\":4}"},
		{"POST /groups/kiosks/members/remove", "{\"targets\":[\"d2\"]}", 200, "{\"changed\":1,\"members\":3}"},
		{"POST /groups/kiosks/members/remove", "{\"targets\":[\"d2\"]}", 200, "{\"changed\":0,\"members\":3}"},
		{"PATCH /groups/kiosks", "{\"filter\":\"tag:x\"}", 400, "a filter needs another group"},
		{"PATCH /groups/kiosks", "{\"name\":\"more\"}", 409, "exists"},
		{"PATCH /groups/kiosks", "{\"name\":\"lobby\",\"note\":\"\"}", 200, "lobby"},
		{"DELETE /devices/d1", NULL, 204, NULL},
		{"POST /groups/more/members/remove", "{\"all\":true}", 200, "{\"changed\":3,\"members\":0}"},
		{"DELETE /groups/none", NULL, 404, NULL},
	};
	struct harness *h = *state;
	furnish(h, 4);
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(members(h, "lobby"), 2);
	assert_int_equal(members(h, "more"), 0);
	assert_int_equal(ask(h, "DELETE /groups/lobby", NULL), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM group_member"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 3);
}

static void a_dynamic_group_has_whoever_fits_now(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"bad\",\"filter\":\"colour:red\"}", 400, "colour:red"},
		{"POST /groups", "{\"name\":\"bad\",\"filter\":\"power:hot\"}", 400, "is no power"},
		{"POST /groups", "{\"name\":\"bad\",\"filter\":\"source:rmcp\"}", 400, "being made"},
		{"POST /groups", "{\"name\":\"bad\",\"filter\":\"\"}", 400, "missing"},
		{"POST /groups", "{\"name\":\"lab\",\"filter\":\"folder:/Workstations/lab/ name:d*\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"tagged\",\"filter\":\"tag:x,y mode:smb\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"others\",\"filter\":\"!tag:x,y\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"net\",\"filter\":\"address:10.0.0.2-10.0.0.3\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"lost\",\"filter\":\"not-seen:30d\"}", 200, NULL},
		{"POST /groups/lab/members", "{\"targets\":[\"d1\"]}", 400, "that fit its filter"},
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/lab/a/\",\"add-tags\":[\"x\"]}", 200, NULL},
		{"PATCH /devices/d2", "{\"add-tags\":[\"y\",\"xy\"]}", 200, NULL},
	};
	struct harness *h = *state;
	furnish(h, 4);
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(members(h, "lab"), 1);
	assert_int_equal(members(h, "tagged"), 2);
	assert_int_equal(members(h, "others"), 2);
	assert_int_equal(members(h, "net"), 2);
	assert_int_equal(members(h, "lost"), 0);
	assert_int_equal(ask(h, "PATCH /devices/d3", "{\"folder\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(members(h, "lab"), 2);
	assert_int_equal(ask(h, "PATCH /groups/lab", "{\"filter\":\"folder:/Workstations/lab/ name:d3\"}"), 200);
	assert_int_equal(members(h, "lab"), 1);
	harness_pass(h, INT64_C(31) * 86400000);
	assert_int_equal(members(h, "lost"), 4);
}

static void an_order_for_a_group_is_for_its_members_at_that_moment(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"hand\"}", 200, NULL},
		{"POST /groups/hand/members", "{\"targets\":[\"d1\",\"d2\"]}", 200, NULL},
		{"POST /groups", "{\"name\":\"rule\",\"filter\":\"name:d?\"}", 200, NULL},
		{"POST /power", "{\"verb\":\"status\",\"targets\":[\"group:hand\",\"d2\"]}", 200, "\"total\":2"},
		{"POST /power", "{\"verb\":\"status\",\"targets\":[\"group:hand\",\"group:rule\"]}", 200,
		 "\"total\":3"},
		{"PATCH /devices/d3", "{\"name\":\"other\"}", 200, NULL},
		{"POST /power", "{\"verb\":\"status\",\"targets\":[\"group:rule\"]}", 200, "\"total\":2"},
		{"POST /power", "{\"verb\":\"status\",\"targets\":[\"group:none\"]}", 404,
		 "\"names\":[\"group:none\"]"},
		{"POST /groups", "{\"name\":\"empty\"}", 200, NULL},
		{"POST /power", "{\"verb\":\"status\",\"targets\":[\"group:empty\"]}", 404, "no device is meant"},
		{"PUT /settings/act-tries", "{\"value\":\"2\",\"at\":\"group:hand\"}", 400, "never settings"},
	};
	struct harness *h = *state;
	furnish(h, 3);
	ask_all(h, rows, ARRAY_LEN(rows));
}

static void filters_follow_a_folder_that_moves(void **state)
{
	static const struct ask_row rows[] = {
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/lab/a/\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"lab\",\"filter\":\"folder:/Workstations/lab/a/ name:*\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"same\",\"filter\":\"folder:/Workstations/ name:*\"}", 200, NULL},
		{"POST /folders/move", "{\"path\":\"/Workstations/lab/\",\"to\":\"/Old lab/\"}", 200, NULL},
	};
	struct harness *h = *state;
	furnish(h, 2);
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_string_equal(query_text(h, "SELECT filter FROM device_group WHERE name = 'lab'"),
			    "folder:\"/Old lab/a/\" name:*");
	assert_string_equal(query_text(h, "SELECT filter FROM device_group WHERE name = 'same'"),
			    "folder:/Workstations/ name:*");
	assert_int_equal(members(h, "lab"), 1);
}

static void thousands_become_members_in_slices(void **state)
{
	struct harness *h = *state;
	furnish(h, 2500);
	assert_int_equal(ask(h, "POST /groups", "{\"name\":\"all\"}"), 200);
	assert_int_equal(ask(h, "POST /groups/all/members", "{\"all\":true}"), 200);
	assert_string_equal(answer(h), "{\"changed\":2500,\"members\":2500}");
	assert_int_equal(members(h, "all"), 2500);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"group:all\"]}"), 200);
	assert_int_equal(answer_int(h, "total"), 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_static_group_has_the_members_that_were_chosen),
		ZONE_TEST(a_dynamic_group_has_whoever_fits_now),
		ZONE_TEST(an_order_for_a_group_is_for_its_members_at_that_moment),
		ZONE_TEST(filters_follow_a_folder_that_moves),
		ZONE_TEST(thousands_become_members_in_slices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
