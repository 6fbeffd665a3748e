/* Attempts to get more than one was given: by moving devices, credentials and folders, by groups, rules, schedules,
 * tokens and accounts. Each is refused, and nothing of it stays. */
#include "harness.h"

#include <stdio.h>

static void give(struct harness *h, const char *name, const char *rights, const char *at)
{
	assert_int_equal(
		askf(h, "POST /rights/grant", "{\"holder\":\"%s\",\"rights\":[%s],\"at\":\"%s\"}", name, rights, at),
		200);
}

#define MANAGE                                                                                                         \
	"\"device.view\",\"device.modify\",\"device.create\",\"device.folder-create\",\"device.folder-modify\","       \
	"\"credential.view\""

static struct principal manager(struct harness *h, const char *name)
{
	assert_int_equal(askf(h, "POST /admins", "{\"name\":\"%s\",\"password\":\"x\"}", name), 200);
	give(h, name, MANAGE, "zone");
	return session_by(h, name);
}

/* d1 in /Workstations/a/, d2 in /Workstations/b/, d3 in /Workstations/a/sub/; pia may switch in b. */
static void furnish_places(struct harness *h)
{
	furnish(h, 3);
	static const struct ask_row rows[] = {
		{"POST /folders", "{\"path\":\"/Workstations/a/sub/\"}", 200, NULL},
		{"POST /folders", "{\"path\":\"/Workstations/b/\"}", 200, NULL},
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/a/\"}", 200, NULL},
		{"PATCH /devices/d2", "{\"folder\":\"/Workstations/b/\"}", 200, NULL},
		{"PATCH /devices/d3", "{\"folder\":\"/Workstations/a/sub/\"}", 200, NULL},
	};
	ask_all(h, rows, ARRAY_LEN(rows));
}

struct attempt {
	const char *what, *json;
	int status;
};

static void try_all(struct harness *h, const struct principal *by, const struct attempt *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ask_by(h, by, rows[i].what, rows[i].json) != rows[i].status)
			fail_msg("row %zu, %s %s: %d %s", i, rows[i].what, rows[i].json ? rows[i].json : "", h->status,
				 answer(h));
}

static void nobody_gains_a_right_by_moving_a_device(void **state)
{
	struct harness *h = *state;
	furnish_places(h);
	struct principal mia = manager(h, "mia");
	give(h, "mia", "\"power.switch\"", "/Workstations/b/");
	static const struct attempt rows[] = {
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/b/\"}", 403},
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/b/new/\"}", 403},
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/b/\",\"note\":\"x\"}", 403},
		{"POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}", 403},
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/a/\"}", 200}, /* where it is */
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/\"}", 200},
		{"PATCH /devices/d2", "{\"folder\":\"/Workstations/a/\"}", 200}, /* less than before */
		{"PATCH /devices/d2", "{\"folder\":\"/Workstations/b/\"}", 403},
		{"PATCH /devices/d2", "{\"note\":\"x\"}", 200},
	};
	try_all(h, &mia, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM folder WHERE path = '/Workstations/b/new/'"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device WHERE note = 'x'"), 1);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"folder\":\"/Workstations/b/\"}"), 200);
}

static void nobody_gives_others_a_right_by_moving(void **state)
{
	struct harness *h = *state;
	furnish_places(h);
	struct principal max = manager(h, "max");
	static const struct attempt rows[] = {
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/b/\"}", 403},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/\",\"to\":\"/Workstations/b/a/\"}", 403},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/sub/\",\"to\":\"/Workstations/b/sub/\"}", 403},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/sub/\",\"to\":\"/Workstations/sub/\"}", 200},
		{"POST /folders/move", "{\"path\":\"/Workstations/sub/\",\"to\":\"/Workstations/a/sub/\"}", 200},
	};
	static const struct attempt freely[] = {
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/b/\"}", 200},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/sub/\",\"to\":\"/Workstations/b/sub/\"}", 200},
	};
	static const char *const gain[] = {
		"{\"name\":\"pia\",\"password\":\"x\",\"role\":\"power\",\"at\":\"/Workstations/b/\"}",
		NULL,
	};
	assert_int_equal(ask(h, "POST /admins", gain[0]), 200);
	try_all(h, &max, rows, ARRAY_LEN(rows));
	assert_int_equal(ask(h, "DELETE /admins/pia", NULL), 204);
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"ci\",\"role\":\"power\",\"at\":\"/Workstations/b/\"}"),
			 200);
	try_all(h, &max, rows, ARRAY_LEN(rows));
	assert_int_equal(ask(h, "DELETE /tokens/ci", NULL), 204);
	assert_int_equal(ask(h, "POST /admin-groups", "{\"group\":\"night\"}"), 200);
	assert_int_equal(ask(h, "POST /admins", "{\"name\":\"pia\",\"password\":\"x\"}"), 200);
	assert_int_equal(ask(h, "POST /admin-groups/night/join", "{\"admin\":\"pia\"}"), 200);
	assert_int_equal(ask(h, "POST /roles/power/grant", "{\"holder\":\"group:night\",\"at\":\"/Workstations/b/\"}"),
			 200);
	try_all(h, &max, rows, ARRAY_LEN(rows));
	give(h, "max", "\"power.switch\"", "/Workstations/a/"); /* now it is his to give */
	try_all(h, &max, freely, ARRAY_LEN(freely));
}

static void a_denial_is_not_left_behind_by_moving(void **state)
{
	struct harness *h = *state;
	furnish_places(h);
	struct principal eve = manager(h, "eve");
	give(h, "eve", "\"power.switch\"", "zone");
	assert_int_equal(ask(h, "POST /rights/deny",
			     "{\"holder\":\"eve\",\"rights\":[\"power.switch\"],\"at\":\"/Workstations/a/\"}"),
			 200);
	static const struct attempt rows[] = {
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/b/\"}", 403},
		{"PATCH /devices/d3", "{\"folder\":\"/Servers/\"}", 403},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/sub/\",\"to\":\"/Workstations/sub/\"}", 403},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/\",\"to\":\"/Workstations/c/\"}", 200},
		{"POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}", 403}, /* it went with its folder */
		{"POST /power", "{\"verb\":\"on\",\"targets\":[\"d3\"]}", 403},
		{"POST /folders/move", "{\"path\":\"/Workstations/c/\",\"to\":\"/Servers/c/\"}", 200},
		{"POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}", 403},
	};
	try_all(h, &eve, rows, ARRAY_LEN(rows));
}

static void nothing_is_moved_out_of_a_hold_by_who_may_not_lift_it(void **state)
{
	struct harness *h = *state;
	furnish_places(h);
	struct principal max = manager(h, "max");
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"/Workstations/a/\"}"), 200);
	static const struct attempt rows[] = {
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/\"}", 403},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/sub/\",\"to\":\"/Workstations/sub/\"}", 403},
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/a/sub/\"}", 200},
		{"PATCH /devices/d2", "{\"folder\":\"/Workstations/a/\"}", 200},
		{"POST /folders/move", "{\"path\":\"/Workstations/a/\",\"to\":\"/Workstations/c/\"}", 200},
		{"PATCH /devices/d2", "{\"folder\":\"/Workstations/\"}", 403},
	};
	try_all(h, &max, rows, ARRAY_LEN(rows));
	give(h, "max", "\"power.switch\"", "/Workstations/");
	assert_int_equal(ask_by(h, &max, "PATCH /devices/d2", "{\"folder\":\"/Workstations/\"}"), 200);
}

static void groups_and_rules_order_nothing_that_their_maker_may_not(void **state)
{
	struct harness *h = *state;
	furnish_places(h);
	struct principal max = manager(h, "max");
	static const struct ask_row made[] = {
		{"POST /groups", "{\"name\":\"nightly\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"quiet\"}", 200, NULL},
		{"POST /groups", "{\"name\":\"tagged\",\"filter\":\"tag:x\"}", 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"s\",\"target\":\"group:nightly\",\"verb\":\"off\",\"weekly\":\"mon\",\"at\":\"20:00\"}",
		 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"t\",\"target\":\"group:tagged\",\"verb\":\"off\",\"weekly\":\"mon\",\"at\":\"20:00\"}",
		 200, NULL},
	};
	static const struct attempt rows[] = {
		{"POST /groups/nightly/members", "{\"targets\":[\"d1\"]}", 403},
		{"POST /groups/quiet/members", "{\"targets\":[\"d1\"]}", 200},
		{"PATCH /groups/tagged", "{\"filter\":\"tag:y\"}", 403},
		{"PATCH /groups/tagged", "{\"note\":\"y\"}", 200},
		{"DELETE /groups/nightly", NULL, 403},
		{"DELETE /groups/quiet", NULL, 204},
		{"POST /rules",
		 "{\"name\":\"r\",\"filter\":\"name:x*\",\"folder\":\"/Workstations/\",\"groups\":[\"nightly\"]}", 403},
		{"POST /rules", "{\"name\":\"r\",\"filter\":\"name:x*\",\"folder\":\"/Workstations/a/\"}", 200},
		{"POST /rules", "{\"name\":\"r2\",\"filter\":\"name:y*\",\"folder\":\"/Workstations/b/\"}", 403},
		{"POST /devices", "{\"name\":\"x1\"}", 200},
	};
	ask_all(h, made, ARRAY_LEN(made));
	assert_int_equal(ask(h, "POST /rights/deny",
			     "{\"holder\":\"max\",\"rights\":[\"device.create\"],\"at\":\"/Workstations/b/\"}"),
			 200);
	try_all(h, &max, rows, ARRAY_LEN(rows));
	give(h, "max", "\"power.switch\"", "/Workstations/a/");
	static const struct attempt then[] = {
		{"POST /groups/nightly/members", "{\"targets\":[\"d1\"]}", 200},
		{"POST /groups/nightly/members", "{\"targets\":[\"d1\",\"d2\"]}", 403},
	};
	try_all(h, &max, then, ARRAY_LEN(then));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM group_member"), 1);
}

static void schedules_order_nothing_that_their_maker_may_not(void **state)
{
	struct harness *h = *state;
	furnish_places(h);
	struct principal sam = manager(h, "sam");
	give(h, "sam", "\"schedule.modify\",\"schedule.view\"", "zone");
	give(h, "sam", "\"power.switch\"", "/Workstations/b/");
	static const struct ask_row made[] = {
		{"POST /schedules",
		 "{\"name\":\"all\",\"target\":\"zone\",\"verb\":\"off\",\"weekly\":\"mon\",\"at\":\"20:00\"}", 200,
		 NULL},
		{"POST /schedule-levels/override", "{\"target\":\"/Workstations/a/\",\"nothing\":true}", 200, NULL},
	};
	static const struct attempt rows[] = {
		{"POST /schedules",
		 "{\"name\":\"x\",\"target\":\"/Workstations/a/"
		 "\",\"verb\":\"off\",\"weekly\":\"mon\",\"at\":\"20:00\"}",
		 403},
		{"POST /schedules",
		 "{\"name\":\"x\",\"target\":\"/Workstations/b/"
		 "\",\"verb\":\"off\",\"weekly\":\"mon\",\"at\":\"20:00\"}",
		 200},
		{"PATCH /schedules/all", "{\"at\":\"10:00\"}", 403},
		{"POST /schedules/all/suspend", "", 200},
		{"POST /schedules/all/resume", "", 403},
		{"POST /schedule-levels/revert", "{\"target\":\"/Workstations/a/\"}", 403},
	};
	ask_all(h, made, ARRAY_LEN(made));
	try_all(h, &sam, rows, ARRAY_LEN(rows));
}

static void nobody_shows_a_credential_to_others_by_moving_it(void **state)
{
	struct harness *h = *state;
	static const struct ask_row made[] = {
		{"POST /credential-folders", "{\"path\":\"/secret/\"}", 200, NULL},
		{"POST /credential-folders", "{\"path\":\"/open/\"}", 200, NULL},
		{"POST /credentials", "{\"name\":\"k\",\"password\":\"x\",\"folder\":\"/secret/\"}", 200, NULL},
		{"POST /admins", "{\"name\":\"cris\",\"password\":\"x\"}", 200, NULL},
		{"POST /admins", "{\"name\":\"vic\",\"password\":\"x\"}", 200, NULL},
	};
	ask_all(h, made, ARRAY_LEN(made));
	give(h, "cris", "\"credential.create\",\"credential.folder-create\",\"credential.folder-modify\"", "zone");
	give(h, "vic", "\"credential.view\"", "vault:/open/");
	struct principal cris = session_by(h, "cris");
	static const struct attempt rows[] = {
		{"PATCH /credentials/%2Fsecret%2Fk", "{\"folder\":\"/open/\"}", 403},
		{"PATCH /credentials/%2Fsecret%2Fk", "{\"folder\":\"/secret/deep/\"}", 200},
		{"POST /credential-folders/move", "{\"path\":\"/secret/\",\"to\":\"/open/secret/\"}", 403},
	};
	try_all(h, &cris, rows, ARRAY_LEN(rows));
	give(h, "cris", "\"credential.view\"", "zone");
	assert_int_equal(
		ask_by(h, &cris, "POST /credential-folders/move", "{\"path\":\"/secret/\",\"to\":\"/open/secret/\"}"),
		200);
}

/* Two targets that write one file would spoil the audit's copy. */
static void no_target_writes_the_file_of_another(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /targets", "{\"name\":\"a\",\"kind\":\"file\",\"address\":\"audit.csv\"}", 409, NULL},
		{"POST /targets", "{\"name\":\"a\",\"kind\":\"file\",\"address\":\"audit.csv.1\"}", 409, NULL},
		{"POST /targets", "{\"name\":\"a\",\"kind\":\"file\",\"address\":\"audit\"}", 409, NULL},
		{"POST /targets", "{\"name\":\"a\",\"kind\":\"file\",\"address\":\"audit2\"}", 200, NULL},
		{"PATCH /targets/a", "{\"address\":\"messages.log\"}", 409, NULL},
		{"PATCH /targets/a", "{\"severity\":\"error\"}", 200, NULL},
	};
	ask_all(h, rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(nobody_gains_a_right_by_moving_a_device),
		ZONE_TEST(nobody_gives_others_a_right_by_moving),
		ZONE_TEST(a_denial_is_not_left_behind_by_moving),
		ZONE_TEST(nothing_is_moved_out_of_a_hold_by_who_may_not_lift_it),
		ZONE_TEST(groups_and_rules_order_nothing_that_their_maker_may_not),
		ZONE_TEST(schedules_order_nothing_that_their_maker_may_not),
		ZONE_TEST(nobody_shows_a_credential_to_others_by_moving_it),
		ZONE_TEST(no_target_writes_the_file_of_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
