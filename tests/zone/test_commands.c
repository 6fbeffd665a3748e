/* What people manage: devices, credentials, folders, settings, holds, tokens; and the audit of all of it. */
#include "harness.h"

#include "store/audit.h"
#include "store/server.h"
#include "store/store.h"
#include "zone/zone.h"

static void credentials_live_in_folders_and_are_unique_there(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /credentials", "{\"name\":\"lab\",\"password\":\"P@ssw0rd1\"}", 200, "\"name\":\"lab\""},
		{"POST /credentials", "{\"name\":\"lab\",\"password\":\"P@ssw0rd1\"}", 409, "\"exists\""},
		{"POST /credentials", "{\"name\":\"lab\",\"folder\":\"/amt/\",\"password\":\"P@ssw0rd1\"}", 200, NULL},
		{"POST /credentials", "{\"name\":\"x\",\"folder\":\"amt\",\"password\":\"P@ssw0rd1\"}", 400, "slash"},
		{"POST /credentials", "{\"name\":\"a/b\",\"password\":\"P@ssw0rd1\"}", 400, "slash"},
		{"POST /credentials", "{\"name\":\"17\",\"password\":\"P@ssw0rd1\"}", 400, "number"},
		{"POST /credentials", "{\"name\":\" x\",\"password\":\"P@ssw0rd1\"}", 400, NULL},
		{"POST /credentials", "{\"name\":\"x\",\"user\":\"a:b\",\"password\":\"P@ssw0rd1\"}", 400, "user"},
		{"POST /credentials", "{\"name\":\"dom\",\"user\":\"corp\\\\joe\",\"password\":\"P@ssw0rd1\"}", 200,
		 NULL},
		{"POST /devices", "{\"name\":\"d1\",\"amt\":\"10.0.0.1\",\"credential\":\"lab\"}", 400, "several"},
		{"POST /devices", "{\"name\":\"d1\",\"amt\":\"10.0.0.1\",\"credential\":\"/amt/lab\"}", 200, NULL},
		{"DELETE /credentials/%2Famt%2Flab", NULL, 409, "\"names\":[\"d1\"]"},
		{"PATCH /credentials/%2Famt%2Flab", "{\"name\":\"lab2\",\"folder\":\"/old/\"}", 200, "lab2"},
		{"PATCH /credentials/lab2", "{\"user\":\"root\",\"description\":\"text\"}", 200, NULL},
		{"PATCH /credentials/lab", "{\"password\":\"N3w!passw\"}", 200, NULL},
		{"PATCH /credentials/lab2", "{\"password\":\"N3w!passw\"}", 409,
		 "conflict"}, /* sealed for the other one */
		{"PATCH /credentials/lab2", "{\"name\":\"lab\",\"folder\":\"/\"}", 409, "exists"},
		{"PATCH /credentials/none", "{\"user\":\"root\"}", 404, "\"names\":[\"none\"]"},
		{"DELETE /credentials/lab2?force=true", NULL, 204, NULL},
		{"DELETE /credentials/lab", NULL, 204, NULL},
		{"DELETE /credentials/lab", NULL, 404, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM credential"), 1);
	assert_string_equal(query_text(h, "SELECT login FROM credential"), "corp\\joe");
	assert_int_equal(query(h, "SELECT credential IS NULL FROM amt"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM folder WHERE tree = 1"), 3); /* /, /amt/, /old/ */
}

static void a_changed_password_is_sent_next_time(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	assert_int_equal(s->at.credential_version, 1);
	send_outcome(h, s, ACT_END_DONE, 0);
	mail_drop(s);
	assert_int_equal(ask(h, "PATCH /credentials/lab", "{\"password\":\"N3w!passw\",\"user\":\"op\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	s = take_start(h);
	assert_int_equal(s->at.credential_version, 2);
	assert_string_equal(s->at.login, "op");
	assert_memory_equal(s->at.sealed, "N3w!passw", 9);
	mail_drop(s);
}

static void folders_are_made_moved_and_removed(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /folders", "{\"path\":\"/Workstations/lab/a/\"}", 200, "/Workstations/lab/a/"},
		{"POST /folders", "{\"path\":\"/Workstations/lab/a/\"}", 409, "exists"},
		{"POST /folders", "{\"path\":\"/x//y/\"}", 400, "empty part"},
		{"POST /folders", "{\"path\":\"x/\"}", 400, NULL},
		{"POST /devices", "{\"name\":\"d1\",\"folder\":\"/Workstations/lab/a/\"}", 200, NULL},
		{"POST /folders/move", "{\"path\":\"/Workstations/lab/\",\"to\":\"/Workstations/lab/a/b/\"}", 400,
		 "itself"},
		{"POST /folders/move", "{\"path\":\"/Workstations/lab/\",\"to\":\"/Old/lab2/\"}", 200, "/Old/lab2/"},
		{"POST /folders/move", "{\"path\":\"/none/\",\"to\":\"/Old/x/\"}", 404, "/none/"},
		{"POST /folders/move", "{\"path\":\"/Old/\",\"to\":\"/Servers/\"}", 409, "exists"},
		{"POST /folders/move", "{\"path\":\"/Old/\",\"to\":\"/\"}", 400, "root"},
		{"POST /folders/remove", "{\"path\":\"/Old/\"}", 409, "in_use"},
		{"POST /folders/remove", "{\"path\":\"/Old/lab2/a/\"}", 409, "in_use"},
		{"POST /folders/remove", "{\"path\":\"/\"}", 409, "in_use"},
		{"PATCH /devices/d1", "{\"folder\":\"/New/\"}", 200, NULL},
		{"POST /folders/remove", "{\"path\":\"/Old/lab2/a/\"}", 204, NULL},
		{"POST /credential-folders", "{\"path\":\"/amt/lab/\"}", 200, NULL},
		{"POST /credential-folders/move", "{\"path\":\"/amt/lab/\",\"to\":\"/lab/\"}", 200, NULL},
		{"POST /credential-folders/remove", "{\"path\":\"/amt/\"}", 204, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_string_equal(query_text(h, "SELECT path FROM folder f JOIN device d ON d.folder = f.id"), "/New/");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM folder WHERE path = '/Old/lab2/'"), 1);
}

static void addresses_of_devices_are_checked(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /devices", "{\"name\":\"a1\",\"amt\":\"10.0.0.1\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"a2\",\"amt\":\"10.0.0.1\"}", 409, "\"names\":[\"a1\"]"},
		{"POST /devices", "{\"name\":\"a3\",\"amt\":\"desk-17.corp.example\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"10.0.0.256\"}", 400, "invalid"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"10.0.0\"}", 400, "invalid"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"a..b\"}", 400, "invalid"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"-a.b\"}", 400, "invalid"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"http://a/\"}", 400, "invalid"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"8.8.8.8\"}", 400, "net_not_allowed"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"127.0.0.1\"}", 400, "allow-loopback"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"::1\"}", 400, "allow-loopback"},
		{"POST /devices", "{\"name\":\"a4\",\"amt\":\"169.254.1.1\"}", 400, "net_not_allowed"},
		{"PUT /settings/allowed-nets", "{\"value\":\"0.0.0.0/0 fe80::1 2001:db8::7\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"a5\",\"amt\":\"8.8.8.8\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"a6\",\"amt\":\"169.254.1.1\"}", 400, "net_not_allowed"},
		{"POST /devices", "{\"name\":\"a6\",\"amt\":\"fe80::1\"}", 400, "net_not_allowed"},
		{"POST /devices", "{\"name\":\"a6\",\"amt\":\"224.0.0.1\"}", 400, "net_not_allowed"},
		{"POST /devices", "{\"name\":\"a6\",\"amt\":\"0.0.0.0\"}", 400, "net_not_allowed"},
		{"POST /devices", "{\"name\":\"a6\",\"amt\":\"[2001:DB8:0::7]\"}", 200, NULL},
		{"PUT /settings/allow-loopback", "{\"value\":\"on\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"a7\",\"amt\":\"127.9.0.1\"}", 200, NULL},
		{"PATCH /devices/a7", "{\"amt\":\"10.0.0.1\"}", 409, "\"names\":[\"a1\"]"},
		{"PATCH /devices/a1", "{\"amt\":\"10.0.0.1\"}", 200, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM amt WHERE host = '2001:db8::7' AND mode = 1"), 1);
}

static void devices_are_added_changed_and_removed(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /credentials", "{\"name\":\"lab\",\"password\":\"P@ssw0rd1\"}", 200, NULL},
		{"POST /devices",
		 "{\"name\":\"d1\",\"amt\":\"10.0.0.1\",\"credential\":\"lab\",\"tls\":\"require\",\"old-tls\":true,"
		 "\"server\":\"lamp1\",\"uuid\":\"84f0934c-0397-11e7-9c43-bc0000520000\",\"tags\":[\"a\",\"b\"],"
		 "\"note\":\"n\","
		 "\"protected\":true}",
		 200, "\"name\":\"d1\""},
		{"POST /devices", "{\"name\":\"d1\"}", 409, "exists"},
		{"POST /devices", "{\"name\":\"42\"}", 400, "number"},
		{"POST /devices", "{\"name\":\"tag:x\"}", 400, NULL},
		{"POST /devices", "{\"name\":\"d2\",\"credential\":\"none\"}", 404, "none"},
		{"POST /devices", "{\"name\":\"d2\",\"server\":\"none\"}", 404, "none"},
		{"POST /devices", "{\"name\":\"d2\",\"tls\":\"maybe\"}", 400, "maybe"},
		{"POST /devices", "{\"name\":\"d2\",\"uuid\":\"1\"}", 400, "UUID"},
		{"POST /devices", "{\"name\":\"d2\",\"uuid\":\"03000200-0400-0500-0006-000700080009\"}", 400,
		 "default"},
		{"POST /devices", "{\"name\":\"d2\",\"tags\":[\"a,b\"]}", 400, "tag"},
		{"POST /devices", "{\"name\":\"d2\",\"folder\":\"x\"}", 400, "path"},
		{"POST /devices", "{\"name\":\"d2\"}", 200, NULL},
		{"PATCH /devices/d2", "{\"name\":\"d1\"}", 409, "exists"},
		{"PATCH /devices/d2", "{\"name\":\"d3\",\"add-tags\":[\"c\",\"d\"],\"note\":\"\"}", 200, "d3"},
		{"PATCH /devices/d3", "{\"remove-tags\":[\"c\",\"x\"],\"amt\":\"10.0.0.3\"}", 200, NULL},
		{"PATCH /devices/none", "{\"note\":\"x\"}", 404, "none"},
		{"POST /devices/d3/repin", NULL, 200, NULL},
		{"DELETE /devices/d3/amt", NULL, 204, NULL},
		{"DELETE /devices/d3/amt", NULL, 400, "not_configured"},
		{"POST /devices/d3/repin", NULL, 400, "not_configured"},
		{"POST /holds", "{\"target\":\"d3\"}", 200, NULL},
		{"DELETE /devices/d3", NULL, 204, NULL},
		{"DELETE /devices/d3", NULL, 404, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device WHERE is_protected = 1 AND note = 'n'"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM amt WHERE tls_policy = 1 AND old_tls = 1 AND server = 1"), 1);
	assert_int_equal(
		query(h, "SELECT COUNT(*) FROM amt_state WHERE hex(uuid) = '84F0934C039711E79C43BC0000520000'"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM tag"), 2);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM hold"), 0);
}

static void a_device_with_an_open_act_stays(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	assert_int_equal(ask(h, "DELETE /devices/d1", NULL), 409);
	assert_non_null(strstr(answer(h), "in_use"));
	assert_int_equal(ask(h, "DELETE /devices/d1/amt", NULL), 409);
	struct act_start *s = take_start(h);
	send_outcome(h, s, ACT_END_DONE, 0);
	assert_int_equal(ask(h, "DELETE /devices/d1", NULL), 204);
	mail_drop(s);
}

static void settings_are_checked_and_count_at_once(void **state)
{
	static const struct ask_row rows[] = {
		{"PUT /settings/discovery-validity", "{\"value\":\"12h\"}", 200, NULL},
		{"PUT /settings/discovery-validity", "{\"value\":\"12\"}", 400, "discovery-validity"},
		{"PUT /settings/none", "{\"value\":\"12h\"}", 404, "none"},
		{"PUT /settings/allowed-nets", "{\"value\":\"10.0.0.7/24\"}", 400, NULL},
		{"PUT /settings/allowed-nets", "{\"value\":\"10.0.0.0/24\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"a1\",\"amt\":\"10.0.1.1\"}", 400, "net_not_allowed"},
		{"DELETE /settings/allowed-nets", NULL, 204, NULL},
		{"POST /devices", "{\"name\":\"a1\",\"amt\":\"10.0.1.1\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"local6\",\"amt\":\"fd12:3456::17\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"world6\",\"amt\":\"2001:db8::17\"}", 400, "net_not_allowed"},
		{"PUT /settings/tls-default", "{\"value\":\"require\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"a2\",\"amt\":\"10.0.1.2\"}", 200, NULL},
		{"PATCH /zone", "{\"name\":\"Berlin\"}", 200, "Berlin"},
	};
	struct harness *h = *state;
	mail_free_all(h->wire);
	h->wire = NULL;
	char id[64];
	(void)snprintf(id, sizeof(id), "%s", query_text(h, "SELECT hex(id) FROM zone"));
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT tls_policy FROM amt WHERE host = '10.0.1.2'"), 3); /* default */
	assert_string_equal(query_text(h, "SELECT name FROM zone"), "Berlin");
	assert_string_equal(query_text(h, "SELECT hex(id) FROM zone"), id);
	assert_int_equal(count_wire(h, WIRE_CONFIG), 4);
	struct wire_config *w = (struct wire_config *)take_wire(h, WIRE_CONFIG);
	struct buf nets;
	buf_init(&nets, 1024);
	assert_int_equal(range_text(w->allowed_nets, &nets), 0);
	assert_string_equal(buf_cstr(&nets), "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7");
	buf_release(&nets);
	assert_false(w->allow_loopback);
	mail_drop(w);
}

static void loopback_comes_from_the_setting_or_the_command_line(void **state)
{
	static const struct {
		const char *nets, *setting;
		bool loopback;
	} rows[] = {
		{NULL, "off", false},         {NULL, "on", true},        {"127.20.0.0/16", "off", true},
		{"127.0.0.0/8", "off", true}, {"9.9.9.9", "off", false},
	};
	struct harness *h = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		h->deps.allow_nets = rows[i].nets;
		assert_int_equal(askf(h, "PUT /settings/allow-loopback", "{\"value\":\"%s\"}", rows[i].setting), 200);
		harness_restart(h);
		struct wire_config *w = (struct wire_config *)take_wire(h, WIRE_CONFIG);
		assert_int_equal(w->allow_loopback, rows[i].loopback);
		mail_drop(w);
	}
}

static void tokens_are_kept_as_hashes(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"ci\",\"role\":\"operator\",\"expires\":60000}"), 200);
	const char *end = "\"token\":null}";
	assert_string_equal(answer(h) + strlen(answer(h)) - strlen(end), end);
	assert_int_equal(query(h, "SELECT expires_at FROM token"), HARNESS_START_MS + 60000);
	assert_string_equal(query_text(h, "SELECT what FROM right_grant"), "role:operator");
	assert_int_equal(query(h, "SELECT length(hash) FROM token"), 32);
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"ci\"}"), 409);
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"x\",\"role\":\"king\"}"), 404);
	assert_int_equal(ask(h, "DELETE /tokens/none", NULL), 404);
	char path[64];
	(void)snprintf(path, sizeof(path), "DELETE /tokens/%lld", (long long)query(h, "SELECT id FROM token"));
	assert_int_equal(ask(h, path, NULL), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM token"), 0);
}

static void holds_are_set_and_lifted(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /holds", "{\"target\":\"zone\",\"note\":\"fire\"}", 200, "zone"},
		{"POST /holds", "{\"target\":\"zone\"}", 200, NULL},
		{"POST /holds", "{\"target\":\"/none/\"}", 404, "/none/"},
		{"POST /holds", "{\"target\":\"none\"}", 404, "none"},
		{"POST /holds/remove", "{\"target\":\"/Servers/\"}", 404, "not held"},
		{"POST /holds/remove", "{\"target\":\"zone\"}", 204, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM hold"), 0);
}

static void every_command_is_in_the_audit_without_its_secrets(void **state)
{
	struct harness *h = *state;
	struct db *db;
	int64_t bad;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"d1\"}"), 409); /* refused: nothing was done */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit"), 2);
	assert_string_equal(query_text(h, "SELECT actor || ' ' || action || ' ' || object FROM audit ORDER BY id"),
			    "root (local) credential.add credential:lab");
	assert_string_equal(query_text(h, "SELECT detail FROM audit ORDER BY id"),
			    "{\"name\":\"lab\",\"password\":\"(sealed)\"}");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE detail LIKE '%P@ssw0rd1%'"), 0);
	h->role = RIGHT_ROLE_VIEWER;
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"), 403);
	assert_string_equal(query_text(h, "SELECT action || ' ' || object FROM audit ORDER BY id DESC"),
			    "power refused");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job"), 0);
	assert_int_equal(store_open(h->path, DB_READ_ONLY, 0, &db, NULL), 0);
	assert_int_equal(store_audit_verify(db, &(struct store_audit_chain){1, h->deps.audit_key}, &bad, NULL), 0);
	db_close(db);
}

static void events_are_numbered_without_a_gap_and_over_restarts(void **state)
{
	struct harness *h = *state;
	furnish(h, 3);
	harness_restart(h);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"later\"}"), 200);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM event"), query(h, "SELECT MAX(id) - MIN(id) + 1 FROM event"));
	assert_int_equal(query(h,
			       "SELECT COUNT(*) FROM event WHERE body NOT LIKE '{\"seq\":' || (id & 1099511627775) ||"
			       " ',%'"),
			 0);
}

static void free_plainly(struct mail *m)
{
	free(m);
}

static struct mail *certificate(const char *kind, int64_t id)
{
	struct zone_certificate *m = mem_alloc(sizeof(*m));
	*m = (struct zone_certificate){
		.mail = {.kind = ZONE_CERTIFICATE, .free = free_plainly},
		.id = id,
		.kind = kind,
		.cert = BYTES_LIT("cert"),
		.key = BYTES_LIT("sealed"),
		.not_before = 1,
		.not_after = 2,
	};
	return &m->mail;
}

static void certificates_are_kept_and_the_first_root_counts(void **state)
{
	struct harness *h = *state;
	harness_round(h, certificate("ca", 5000));
	harness_round(h, certificate("ca", 4000));
	harness_round(h, certificate("server", 6000));
	clock_advance(h->clock, 1000);
	harness_round(h, certificate("server", 5500)); /* ids are drawn: time tells which is the newest */
	assert_int_equal(query(h, "SELECT id FROM certificate WHERE kind = 'ca'"), 5000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM certificate"), 3);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM certificate c JOIN server s ON s.id = c.server"), 2);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE action = 'certificate.make'"), 3);
}

static void a_server_keeps_its_identity_when_it_is_renamed(void **state)
{
	struct harness *h = *state;
	h->deps.server_name = "lamp2";
	harness_restart(h);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM server"), 1);
	assert_string_equal(query_text(h, "SELECT name FROM server"), "lamp2");
	assert_int_equal(query(h, "SELECT epoch FROM server"), 2);
}

static void what_is_kept_no_longer_goes_away(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	send_outcome(h, s, ACT_END_DONE, 0);
	mail_drop(s);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"), 200);
	s = take_start(h);
	send_outcome(h, s, ACT_END_ALREADY, 0);
	mail_drop(s);
	harness_pass(h, 23 * 3600000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act"), 2);
	harness_pass(h, 3 * 3600000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM history"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job WHERE state = 3"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM event"), 1); /* the newest stays */
	clock_advance(h->clock, INT64_C(401) * 86400000);
	harness_pass(h, 2 * 3600000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM history"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job"), 0);
	assert_true(clock_wall_ms(h->clock) - query(h, "SELECT seen_at FROM server") <= 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(credentials_live_in_folders_and_are_unique_there),
		ZONE_TEST(a_changed_password_is_sent_next_time),
		ZONE_TEST(folders_are_made_moved_and_removed),
		ZONE_TEST(addresses_of_devices_are_checked),
		ZONE_TEST(devices_are_added_changed_and_removed),
		ZONE_TEST(a_device_with_an_open_act_stays),
		ZONE_TEST(settings_are_checked_and_count_at_once),
		ZONE_TEST(loopback_comes_from_the_setting_or_the_command_line),
		ZONE_TEST(tokens_are_kept_as_hashes),
		ZONE_TEST(holds_are_set_and_lifted),
		ZONE_TEST(every_command_is_in_the_audit_without_its_secrets),
		ZONE_TEST(events_are_numbered_without_a_gap_and_over_restarts),
		ZONE_TEST(certificates_are_kept_and_the_first_root_counts),
		ZONE_TEST(a_server_keeps_its_identity_when_it_is_renamed),
		ZONE_TEST(what_is_kept_no_longer_goes_away),
	};
	return cmocka_run_group_tests_name("zone/commands", tests, NULL, NULL);
}
