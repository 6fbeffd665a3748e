/* What is written into the audit and what is not, by zone, folder and device; and who may have a copy of it sent. */
#include "harness.h"

#include <stdio.h>

static int64_t rows(struct harness *h, const char *action)
{
	char sql[128];
	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM audit WHERE action = '%s'", action);
	return query(h, sql);
}

static void set_at(struct harness *h, const char *name, const char *value, const char *at)
{
	char what[64];
	(void)snprintf(what, sizeof(what), "PUT /settings/%s", name);
	assert_int_equal(askf(h, what, "{\"value\":\"%s\",\"at\":\"%s\"}", value, at), 200);
}

/* M195: enabled per zone or per device. */
static void changes_are_written_where_the_nearest_switch_is_on(void **state)
{
	struct harness *h = *state;
	furnish(h, 3);
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"folder\":\"/Workstations/lab/\"}"), 200);
	set_at(h, "audit-changes", "off", "zone");
	set_at(h, "audit-changes", "on", "/Workstations/lab/");
	set_at(h, "audit-changes", "on", "d3");
	int64_t before = rows(h, "device.set"), holds = rows(h, "hold.add");
	static const struct ask_row asked[] = {
		{"PATCH /devices/d1", "{\"note\":\"x\"}", 200, NULL},
		{"PATCH /devices/d2", "{\"note\":\"x\"}", 200, NULL},
		{"PATCH /devices/d3", "{\"note\":\"x\"}", 200, NULL},
		{"POST /holds", "{\"target\":\"d1\"}", 200, NULL},
		{"POST /holds", "{\"target\":\"d2\"}", 200, NULL},
		{"POST /holds", "{\"target\":\"/Workstations/\"}", 200, NULL},
		{"POST /holds", "{\"target\":\"/Workstations/lab/\"}", 200, NULL},
		{"DELETE /devices/d2", NULL, 204, NULL},
		{"DELETE /devices/d1", NULL, 204, NULL},
		{"POST /schedules",
		 "{\"name\":\"s1\",\"target\":\"/Workstations/lab/"
		 "\",\"verb\":\"on\",\"weekly\":\"mon\",\"at\":\"08:00\"}",
		 200, NULL},
		{"POST /schedules",
		 "{\"name\":\"s2\",\"target\":\"/Workstations/\",\"verb\":\"on\",\"weekly\":\"mon\",\"at\":\"08:00\"}",
		 200, NULL},
	};
	ask_all(h, asked, ARRAY_LEN(asked));
	assert_int_equal(rows(h, "device.set"), before + 2);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE action = 'device.set' AND object = 'device:d1'"),
			 0);
	assert_int_equal(rows(h, "hold.add"), holds + 2);
	assert_int_equal(rows(h, "device.remove"), 1);
	assert_int_equal(rows(h, "schedule.add"), 1);
}

static void device_events_are_written_where_the_nearest_switch_is_on(void **state)
{
	struct harness *h = *state;
	furnish(h, 3);
	set_at(h, "audit-devices", "off", "zone");
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\",\"d2\"]}"), 200);
	assert_int_equal(rows(h, "device.power"), 0);
	assert_int_equal(rows(h, "credential.use"), 1);
	set_at(h, "audit-devices", "on", "d3");
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\",\"d2\",\"d3\"]}"), 200);
	assert_int_equal(rows(h, "device.power"), 1);
	assert_int_equal(rows(h, "credential.use"), 2);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d3\"]}"), 200);
	assert_int_equal(rows(h, "device.power"), 1);
}

static void who_may_do_what_is_written_whatever_the_switches_say(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	set_at(h, "audit-changes", "off", "zone");
	int64_t before = query(h, "SELECT COUNT(*) FROM audit");
	static const struct ask_row asked[] = {
		{"POST /admins", "{\"name\":\"ann\",\"password\":\"x\",\"role\":\"viewer\"}", 200, NULL},
		{"POST /admin-groups", "{\"group\":\"g\"}", 200, NULL},
		{"POST /admin-groups/g/join", "{\"admin\":\"ann\"}", 200, NULL},
		{"POST /roles", "{\"role\":\"own\",\"allow\":[\"power.switch\"]}", 200, NULL},
		{"POST /roles/own/grant", "{\"holder\":\"ann\"}", 200, NULL},
		{"POST /rights/grant", "{\"holder\":\"ann\",\"rights\":[\"power.test\"]}", 200, NULL},
		{"POST /tokens", "{\"name\":\"ci\"}", 200, NULL},
		{"POST /targets", "{\"name\":\"t\",\"kind\":\"udp\",\"address\":\"127.0.0.1:9\"}", 200, NULL},
		{"PATCH /credentials/lab", "{\"description\":\"x\"}", 200, NULL},
		{"POST /credential-folders", "{\"path\":\"/a/\"}", 200, NULL},
	};
	ask_all(h, asked, ARRAY_LEN(asked));
	assert_int_equal(log_in(h, "ann", "192.0.2.1", true), 200);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit"), before + (int64_t)ARRAY_LEN(asked) + 1);
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"note\":\"x\"}"), 200);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit"), before + (int64_t)ARRAY_LEN(asked) + 1);
}

/* What goes to a target can be read there. */
static void the_audit_is_sent_by_those_only_who_may_read_it(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"post\",\"rights\":[\"message.view\",\"message.modify\"]}"),
			 200);
	assert_int_equal(ask(h, "POST /targets",
			     "{\"name\":\"kept\",\"kind\":\"udp\",\"address\":\"127.0.0.1:9\",\"feed\":\"audit\"}"),
			 200);
	struct principal post = token_by(h, "post");
	static const struct {
		const char *what, *json;
		int status;
	} asked[] = {
		{"POST /targets", "{\"name\":\"a\",\"kind\":\"udp\",\"address\":\"127.0.0.1:9\",\"feed\":\"audit\"}",
		 403},
		{"POST /targets", "{\"name\":\"m\",\"kind\":\"udp\",\"address\":\"127.0.0.1:9\"}", 200},
		{"PATCH /targets/m", "{\"feed\":\"audit\"}", 403},
		{"PATCH /targets/m", "{\"severity\":\"error\"}", 200},
		{"PATCH /targets/kept", "{\"address\":\"127.0.0.1:10\"}", 403},
		{"PATCH /targets/kept", "{\"feed\":\"messages\"}", 403},
		{"PATCH /targets/kept", "{\"enabled\":\"off\"}", 403},
		{"PATCH /targets/local-audit", "{\"enabled\":\"on\"}", 403},
		{"DELETE /targets/kept", NULL, 403},
		{"DELETE /targets/m", NULL, 204},
	};
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (ask_by(h, &post, asked[i].what, asked[i].json) != asked[i].status)
			fail_msg("row %zu: %d %s", i, h->status, answer(h));
	assert_int_equal(ask(h, "POST /rights/grant", "{\"holder\":\"token:post\",\"rights\":[\"audit.view\"]}"), 200);
	assert_int_equal(ask_by(h, &post, "PATCH /targets/kept", "{\"address\":\"127.0.0.1:10\"}"), 200);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM sink WHERE feed = 1 AND enabled = 1"), 1);
}

/* Whoever may change targets does not learn their passwords by sending them elsewhere. */
static void a_new_address_needs_the_secret_again(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "POST /targets",
			     "{\"name\":\"nms\",\"kind\":\"snmp\",\"address\":\"nms.example\",\"secret\":\"s3cret\"}"),
			 200);
	assert_int_equal(ask(h, "PATCH /targets/nms", "{\"severity\":\"error\"}"), 200);
	assert_int_equal(ask(h, "PATCH /targets/nms", "{\"address\":\"evil.example\"}"), 400);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM sink WHERE address = 'nms.example'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(changes_are_written_where_the_nearest_switch_is_on),
		ZONE_TEST(device_events_are_written_where_the_nearest_switch_is_on),
		ZONE_TEST(who_may_do_what_is_written_whatever_the_switches_say),
		ZONE_TEST(the_audit_is_sent_by_those_only_who_may_read_it),
		ZONE_TEST(a_new_address_needs_the_secret_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
