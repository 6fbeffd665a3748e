/* Administrators: who may what and where, who may give what, logins and the brake on them, refusals in the audit. */
#include "harness.h"

#include <stdio.h>

#include "base/text.h"
#include "codec/right.h"

/* Devices d1 in /Workstations/ and, moved, d2 in /Workstations/lab/. */
static void furnish_folders(struct harness *h)
{
	furnish(h, 2);
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"folder\":\"/Workstations/lab/\"}"), 200);
}

/* M138, M176: works there, 403 elsewhere; what is not there is refused with the same words. */
static void a_power_only_role_switches_in_its_folder_and_nothing_else(void **state)
{
	struct harness *h = *state;
	furnish_folders(h);
	add_admin(h, "pia", "power", "/Workstations/lab/");
	struct principal pia = session_by(h, "pia");
	assert_int_equal(ask_by(h, &pia, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d2\"]}"), 200);
	assert_int_equal(ask_by(h, &pia, "POST /power", "{\"verb\":\"status\",\"targets\":[\"/Workstations/lab/\"]}"),
			 200);
	static const char *const elsewhere[] = {
		"{\"verb\":\"on\",\"targets\":[\"d1\"]}",
		"{\"verb\":\"on\",\"targets\":[\"none\"]}",
		"{\"verb\":\"on\",\"targets\":[\"/Workstations/\"]}",
		"{\"verb\":\"on\",\"targets\":[\"d2\",\"d1\"]}",
		"{\"verb\":\"on\",\"targets\":[\"tag:none\"]}",
		"{\"verb\":\"on\",\"all\":true}",
	};
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		assert_int_equal(ask_by(h, &pia, "POST /power", elsewhere[i]), 403);
	char known[256];
	assert_int_equal(ask_by(h, &pia, "PATCH /devices/d1", "{\"note\":\"x\"}"), 403);
	(void)snprintf(known, sizeof(known), "%s", answer(h));
	assert_int_equal(ask_by(h, &pia, "PATCH /devices/d0", "{\"note\":\"x\"}"), 403);
	char *at = strstr(known, "d1");
	assert_non_null(at);
	at[1] = '0';
	assert_string_equal(known, answer(h));
	assert_int_equal(ask_by(h, &pia, "POST /devices/test", "{\"targets\":[\"d2\"]}"), 403);
	assert_int_equal(ask_by(h, &pia, "POST /holds", "{\"target\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(ask_by(h, &pia, "POST /holds", "{\"target\":\"zone\"}"), 403);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job"), 2);
}

/* M181 */
static void a_viewer_cannot_start_a_scan(void **state)
{
	struct harness *h = *state;
	h->role = RIGHT_ROLE_VIEWER;
	assert_int_equal(ask(h, "POST /scans", "{\"ranges\":[\"10.0.0.0/24\"]}"), 403);
}

/* M179, a row a line of it: what is given in the folder /amt/ of the vault, and what may be done there then. */
static void rights_of_credentials_line_by_line(void **state)
{
	struct harness *h = *state;
	static const struct {
		const char *allow, *deny, *what, *json;
		int status;
	} rows[] = {
		{"[\"credential.modify\"]", NULL, "PATCH /credentials/%2Famt%2Fk", "{\"description\":\"x\"}", 200},
		{"[\"credential.modify\"]", NULL, "PATCH /credentials/%2Famt%2Fk", "{\"folder\":\"/amt/b/\"}", 403},
		{"[\"credential.modify\"]", NULL, "DELETE /credentials/%2Famt%2Fk?force=true", NULL, 403},
		{"[\"credential.view\"]", NULL, "PATCH /credentials/%2Famt%2Fk", "{\"name\":\"x\"}", 403},
		{"[\"credential.create\"]", NULL, "PATCH /credentials/%2Famt%2Fk", "{\"folder\":\"/amt/b/\"}", 200},
		{"[\"credential.create\"]", NULL, "PATCH /credentials/%2Famt%2Fb%2Fk", "{\"folder\":\"/amt/\"}", 200},
		{"[\"credential.create\"]", NULL, "PATCH /credentials/%2Famt%2Fk", "{\"folder\":\"/\"}", 403},
		{"[\"credential.create\"]", NULL, "PATCH /credentials/%2Famt%2Fk", "{\"folder\":\"/amt/new/\"}", 403},
		{"[\"credential.create\"]", NULL, "PATCH /credentials/%2Famt%2Fk", "{\"name\":\"x\"}", 403},
		{"[\"credential.create\"]", NULL, "POST /credentials",
		 "{\"name\":\"n\",\"password\":\"x\",\"folder\":\"/amt/\"}", 200},
		{"[\"credential.create\"]", NULL, "POST /credentials", "{\"name\":\"n\",\"password\":\"x\"}", 403},
		{"[\"credential.create\"]", NULL, "DELETE /credentials/%2Famt%2Fn", NULL, 204},
		{"[\"credential.folder-modify\"]", NULL, "POST /credential-folders/move",
		 "{\"path\":\"/amt/b/\",\"to\":\"/amt/c/\"}", 403},
		{"[\"credential.folder-modify\",\"credential.modify\"]", NULL, "POST /credential-folders/move",
		 "{\"path\":\"/amt/b/\",\"to\":\"/amt/c/\"}", 200},
		{"[\"credential.folder-modify\",\"credential.modify\"]", NULL, "POST /credential-folders/move",
		 "{\"path\":\"/amt/c/\",\"to\":\"/amt/d/c/\"}", 403},
		{"[\"credential.folder-modify\",\"credential.folder-create\",\"credential.create\"]", NULL,
		 "POST /credential-folders/move", "{\"path\":\"/amt/c/\",\"to\":\"/amt/d/c/\"}", 200},
		{"[\"credential.folder-modify\",\"credential.folder-create\",\"credential.create\"]", NULL,
		 "POST /credential-folders/move", "{\"path\":\"/amt/d/c/\",\"to\":\"/c/\"}", 403},
		{"[\"credential.folder-create\"]", NULL, "POST /credential-folders", "{\"path\":\"/amt/e/\"}", 200},
		{"[\"credential.folder-create\"]", NULL, "POST /credential-folders/remove", "{\"path\":\"/amt/e/\"}",
		 204},
		{"[\"credential.create\"]", NULL, "POST /credential-folders", "{\"path\":\"/amt/e/\"}", 403},
		{"[\"credential.modify\"]", "[\"credential.view\"]", "PATCH /credentials/%2Famt%2Fk",
		 "{\"description\":\"x\"}", 403},
		{"[\"credential.create\"]", "[\"credential.view\"]", "POST /credentials",
		 "{\"name\":\"n\",\"password\":\"x\",\"folder\":\"/amt/\"}", 403},
		{"[\"credential.folder-create\"]", "[\"credential.view\"]", "POST /credential-folders",
		 "{\"path\":\"/amt/e/\"}", 403},
		{"[\"credential.folder-modify\",\"credential.modify\"]", "[\"credential.view\"]",
		 "POST /credential-folders/move", "{\"path\":\"/amt/d/\",\"to\":\"/amt/f/\"}", 403},
	};
	assert_int_equal(ask(h, "POST /credential-folders", "{\"path\":\"/amt/b/\"}"), 200);
	assert_int_equal(ask(h, "POST /credentials", "{\"name\":\"k\",\"password\":\"x\",\"folder\":\"/amt/\"}"), 200);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "t%zu", i);
		assert_int_equal(askf(h, "POST /tokens", "{\"name\":\"%s\",\"rights\":%s,\"at\":\"vault:/amt/\"}", name,
				      rows[i].allow),
				 200);
		if (rows[i].deny)
			assert_int_equal(askf(h, "POST /rights/deny",
					      "{\"holder\":\"token:%s\",\"rights\":%s,\"at\":\"/amt/\"}", name,
					      rows[i].deny),
					 200);
		struct principal by = token_by(h, name);
		if (ask_by(h, &by, rows[i].what, rows[i].json) != rows[i].status)
			fail_msg("row %zu: %d %s", i, h->status, answer(h));
	}
}

/* Who makes a schedule orders by it: he needs the right of what it does, where it does it. */
static void a_schedule_needs_the_right_of_its_verb_too(void **state)
{
	struct harness *h = *state;
	static const struct {
		const char *by, *what, *json;
		int status;
	} rows[] = {
		{"plans", "POST /schedules", "{\"name\":\"n\",\"verb\":\"off\",\"target\":\"/Workstations/lab/\"%s}",
		 403},
		{"plans", "POST /schedules", "{\"name\":\"n\",\"verb\":\"status\",\"target\":\"d2\"%s}", 403},
		{"plans", "PATCH /schedules/s", "{\"at\":\"08:00\"}", 403},
		{"plans", "POST /schedules/s/suspend", NULL, 200},
		{"plans", "POST /schedules/s/resume", NULL, 403},
		{"both", "POST /schedules/s/resume", NULL, 200},
		{"both", "PATCH /schedules/s", "{\"at\":\"08:00\"}", 200},
		{"both", "POST /schedules", "{\"name\":\"n\",\"verb\":\"off\",\"target\":\"d2\"%s}", 200},
		{"both", "POST /schedules", "{\"name\":\"m\",\"verb\":\"off\",\"target\":\"/Workstations/\"%s}", 403},
		{"both", "POST /schedules", "{\"name\":\"m\",\"verb\":\"off\",\"target\":\"zone\"%s}", 403},
		{"both", "POST /schedules", "{\"name\":\"m\",\"verb\":\"off\",\"target\":\"group:g\"%s}", 403},
		{"switches", "POST /schedules", "{\"name\":\"m\",\"verb\":\"on\",\"target\":\"d2\"%s}", 403},
		{"plans", "DELETE /schedules/s", NULL, 204},
	};
	furnish_folders(h);
	assert_int_equal(ask(h, "POST /groups", "{\"name\":\"g\"}"), 200);
	assert_int_equal(ask(h, "POST /schedules",
			     "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"/Workstations/lab/\","
			     "\"weekly\":\"mon\",\"at\":\"07:30\"}"),
			 200);
	static const char *const tokens[][2] = {
		{"plans", "\"schedule.modify\""},
		{"switches", "\"power.switch\""},
		{"both", "\"schedule.modify\",\"power.switch\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		assert_int_equal(askf(h, "POST /tokens",
				      "{\"name\":\"%s\",\"rights\":[%s],\"at\":\"/Workstations/lab/\"}", tokens[i][0],
				      tokens[i][1]),
				 200);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char json[256] = "";
		struct principal by = token_by(h, rows[i].by);
		const char *rule = rows[i].json ? strstr(rows[i].json, "%s") : NULL;
		if (rule)
			(void)snprintf(json, sizeof(json), "%.*s,\"weekly\":\"tue\",\"at\":\"09:00\"}",
				       (int)(rule - rows[i].json), rows[i].json);
		if (ask_by(h, &by, rows[i].what, rule ? json : rows[i].json) != rows[i].status)
			fail_msg("row %zu: %d %s", i, h->status, answer(h));
	}
}

/* It is the zone's from then on: somebody who leaves switches nothing off by that. */
static void a_schedule_outlives_the_rights_of_its_maker(void **state)
{
	struct harness *h = *state;
	int64_t at;
	furnish_folders(h);
	assert_true(clock_parse("2027-03-25T05:00:00Z", &at));
	clock_set_wall(h->clock, at);
	harness_round(h, NULL);
	add_admin(h, "ann", "administrator", "zone");
	add_admin(h, "pat", "administrator", "zone");
	struct principal pat = session_by(h, "pat");
	assert_int_equal(
		ask_by(h, &pat, "POST /schedules",
		       "{\"name\":\"s\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"06:00\"}"),
		200);
	assert_int_equal(ask(h, "DELETE /admins/pat", NULL), 204);
	harness_pass(h, INT64_C(3600000));
	assert_int_equal(count_wire(h, WIRE_ACT_START), 2);
}

static void nobody_gives_what_he_has_not(void **state)
{
	struct harness *h = *state;
	furnish_folders(h);
	add_admin(h, "root2", "administrator", "zone");
	add_admin(h, "gus", "power", "/Workstations/lab/");
	assert_int_equal(ask(h, "POST /rights/grant", "{\"holder\":\"gus\",\"rights\":[\"administrator.modify\"]}"),
			 200);
	struct principal gus = session_by(h, "gus");
	static const struct {
		const char *what, *json;
		int status;
	} rows[] = {
		{"POST /admins", "{\"name\":\"a\",\"password\":\"x\"}", 200},
		{"POST /rights/grant", "{\"holder\":\"a\",\"rights\":[\"power.switch\"],\"at\":\"/Workstations/lab/\"}",
		 200},
		{"POST /rights/grant", "{\"holder\":\"a\",\"rights\":[\"power.switch\"],\"at\":\"/Workstations/\"}",
		 403},
		{"POST /rights/grant", "{\"holder\":\"gus\",\"rights\":[\"device.view\"]}", 403},
		{"POST /roles/administrator/grant", "{\"holder\":\"gus\"}", 403},
		{"POST /roles/power/grant", "{\"holder\":\"a\"}", 403},
		{"POST /roles/power/grant", "{\"holder\":\"a\",\"at\":\"/Workstations/lab/\"}", 200},
		{"POST /tokens", "{\"name\":\"t\",\"role\":\"administrator\"}", 403},
		{"POST /tokens", "{\"name\":\"t\",\"role\":\"power\",\"at\":\"/Workstations/lab/\"}", 200},
		{"POST /admins", "{\"name\":\"b\",\"password\":\"x\",\"role\":\"viewer\"}", 403},
		{"POST /admins/root2/password", "{\"password\":\"x\"}", 403},
		{"POST /admins/a/password", "{\"password\":\"x\"}", 204},
		{"POST /admin-groups", "{\"group\":\"g\"}", 200},
		{"POST /admin-groups/g/join", "{\"admin\":\"gus\"}", 200},
		{"POST /roles/viewer/grant", "{\"holder\":\"group:g\"}", 403},
		{"POST /roles", "{\"role\":\"own\",\"allow\":[\"power.switch\"]}", 200},
		{"POST /roles/own/grant", "{\"holder\":\"a\",\"at\":\"/Workstations/lab/\"}", 200},
		{"PATCH /roles/own", "{\"allow\":[\"device.modify\"]}", 403},
		{"POST /rights/deny", "{\"holder\":\"root2\",\"rights\":[\"power.test\"]}", 200},
		{"POST /rights/unset", "{\"holder\":\"root2\",\"rights\":[\"power.test\"]}", 403},
		{"POST /admins/root2/disable", "", 200},
		{"POST /admins/root2/enable", "", 403},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (ask_by(h, &gus, rows[i].what, rows[i].json) != rows[i].status)
			fail_msg("row %zu: %d %s", i, h->status, answer(h));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM right_grant WHERE what = 'role:administrator'"), 1);
	harness_pass(h, 60000); /* also what was taken back is told of */
	assert_in_range(query(h, "SELECT COUNT(*) FROM audit WHERE actor = 'admin gus' AND object LIKE 'refused%' AND"
				 " action = 'right.grant' AND detail LIKE '%which the giver has not%'"),
			1, 2);
}

static void the_last_administrator_stays(void **state)
{
	struct harness *h = *state;
	add_admin(h, "ann", "administrator", "zone");
	static const struct {
		const char *what, *json;
	} rows[] = {
		{"POST /admins/ann/disable", ""},
		{"DELETE /admins/ann", NULL},
		{"POST /roles/administrator/revoke", "{\"holder\":\"ann\"}"},
		{"POST /rights/deny", "{\"holder\":\"ann\",\"rights\":[\"administrator.modify\"]}"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(ask(h, rows[i].what, rows[i].json), 409);
		assert_non_null(strstr(answer(h), "last_administrator"));
	}
	add_admin(h, "bob", "administrator", "zone");
	assert_int_equal(ask(h, "DELETE /admins/ann", NULL), 204);
	assert_int_equal(ask(h, "DELETE /admins/bob", NULL), 409);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM admin"), 1);
}

static void a_session_ends_with_the_right_and_the_account(void **state)
{
	struct harness *h = *state;
	furnish_folders(h);
	add_admin(h, "ann", "administrator", "zone");
	add_admin(h, "eve", "administrator", "zone");
	struct principal eve = session_by(h, "eve");
	assert_int_equal(ask_by(h, &eve, "PATCH /devices/d1", "{\"note\":\"1\"}"), 200);
	assert_int_equal(ask(h, "POST /rights/deny",
			     "{\"holder\":\"eve\",\"rights\":[\"device.modify\"],\"at\":\"/Workstations/\"}"),
			 200);
	assert_int_equal(ask_by(h, &eve, "PATCH /devices/d1", "{\"note\":\"2\"}"), 403);
	assert_int_equal(ask_by(h, &eve, "POST /tokens", "{\"name\":\"hers\",\"role\":\"power\"}"), 200);
	struct principal hers = token_by(h, "hers");
	hers.admin = eve.admin;
	assert_int_equal(ask_by(h, &hers, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	assert_int_equal(ask(h, "POST /admins/eve/disable", ""), 200);
	assert_int_equal(ask_by(h, &eve, "PATCH /devices/d2", "{\"note\":\"3\"}"), 403);
	assert_non_null(strstr(answer(h), "has ended"));
	assert_int_equal(ask_by(h, &hers, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 403);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM session"), 0);
	assert_int_equal(log_in(h, "eve", "192.0.2.1", true), 401);
}

static void a_session_ends_when_idle_and_at_its_latest(void **state)
{
	struct harness *h = *state;
	add_admin(h, "ann", "viewer", "zone");
	struct principal ann = session_by(h, "ann");
	harness_pass(h, 30 * 60000 - 1);
	assert_int_equal(ask_by(h, &ann, "POST /logout", ""), 204);
	ann = session_by(h, "ann");
	harness_pass(h, 30 * 60000);
	assert_int_equal(ask_by(h, &ann, "POST /logout", ""), 403);
	ann = session_by(h, "ann");
	for (int i = 0; i < 12 * 60 / 20; i++) {
		struct zone_used *used = zone_used_new();
		used->by = ann;
		harness_pass(h, 20 * 60000);
		harness_mail(h, &used->mail);
	}
	assert_int_equal(ask_by(h, &ann, "POST /logout", ""), 403);
}

static void guessing_has_to_wait_longer_and_longer_whether_the_name_exists_or_not(void **state)
{
	struct harness *h = *state;
	char known[512];
	add_admin(h, "ann", "viewer", "zone");
	for (int round = 0; round < 2; round++) {
		const char *name = round ? "nobody-of-this-name" : "ann";
		const char *source = round ? "192.0.2.2" : "192.0.2.1";
		for (int i = 0; i < 5; i++)
			assert_int_equal(log_in(h, name, source, false), 401);
		if (round == 0)
			(void)snprintf(known, sizeof(known), "%s", answer(h));
		assert_int_equal(log_in(h, name, source, true), 429); /* also the right one waits */
		assert_non_null(strstr(answer(h), "30 s"));
		assert_int_equal(log_in(h, name, "198.51.100.1", true), 429); /* from anywhere */
		harness_pass(h, 30000);
		assert_int_equal(log_in(h, name, source, false), 401);
		if (round)
			assert_string_equal(known, answer(h));
		assert_int_equal(log_in(h, name, source, false), 429);
		assert_non_null(strstr(answer(h), "60 s"));
		harness_pass(h, 60000);
	}
	assert_int_equal(log_in(h, "ann", "192.0.2.1", true), 200);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM login_guard WHERE kind = 0 AND name = 'ann'"), 0);
	assert_int_equal(log_in(h, "ann", "192.0.2.1", true), 200);
}

static void one_source_may_not_try_many_names(void **state)
{
	struct harness *h = *state;
	add_admin(h, "ann", "viewer", "zone");
	for (int i = 0; i < 20; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "name%d", i);
		assert_int_equal(log_in(h, name, "192.0.2.1", false), 401);
	}
	assert_int_equal(log_in(h, "ann", "192.0.2.1", true), 429);
	assert_int_equal(log_in(h, "ann", "192.0.2.3", true), 200);
}

static void refusals_are_in_the_audit_merged_by_source_and_minute(void **state)
{
	struct harness *h = *state;
	furnish_folders(h);
	add_admin(h, "pia", "power", "/Workstations/lab/");
	struct principal pia = session_by(h, "pia");
	static const char rows[] = "SELECT COUNT(*) FROM audit WHERE object LIKE 'refused%'";
	for (int i = 0; i < 50; i++)
		assert_int_equal(ask_by(h, &pia, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"), 403);
	assert_int_equal(query(h, rows), 1);
	assert_int_equal(ask_by(h, &pia, "POST /devices", "{\"name\":\"x\"}"), 403); /* another command */
	assert_int_equal(query(h, rows), 2);
	for (int i = 0; i < 3; i++) {
		struct zone_refused *m = zone_refused_new();
		m->by = (struct principal){.name = "nobody", .source = "203.0.113.5"};
		m->code = ERR_NOT_ALLOWED;
		(void)snprintf(m->action, sizeof(m->action), "device.list");
		harness_mail(h, &m->mail);
	}
	assert_int_equal(query(h, rows), 3);
	harness_pass(h, 60000);
	assert_int_equal(query(h, rows), 5);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE actor = 'admin pia' AND action = 'power' AND"
				  " detail LIKE '%\"more_within_a_minute\":49%' AND detail LIKE '%192.0.2.8%'"),
			 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE action = 'device.list' AND"
				  " detail LIKE '%\"more_within_a_minute\":2%'"),
			 1);
	assert_int_equal(log_in(h, "nobody-of-this-name", "192.0.2.1", false), 401);
	assert_int_equal(
		query(h, "SELECT COUNT(*) FROM audit WHERE action = 'login' AND object LIKE 'refused%unknown%'"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE detail LIKE '%nobody-of-this-name%'"), 0);
}

static void a_flood_of_refusals_from_everywhere_stays_a_few_rows(void **state)
{
	struct harness *h = *state;
	for (int i = 0; i < 1000; i++) {
		struct zone_refused *m = zone_refused_new();
		m->by.kind = PRINCIPAL_NOBODY;
		(void)snprintf(m->by.source, sizeof(m->by.source), "2001:db8::%x", i);
		m->code = ERR_NOT_ALLOWED;
		harness_mail(h, &m->mail);
	}
	harness_pass(h, 60000);
	assert_in_range(query(h, "SELECT COUNT(*) FROM audit WHERE object LIKE 'refused%'"), 100, 102);
}

static void the_use_of_a_token_is_kept_to_the_minute(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"ci\"}"), 200);
	struct principal ci = token_by(h, "ci");
	for (int i = 0; i < 4; i++) {
		struct zone_used *used = zone_used_new();
		used->by = ci;
		harness_mail(h, &used->mail);
		harness_pass(h, 30000);
	}
	assert_int_equal(query(h, "SELECT used_at FROM token"), HARNESS_START_MS + 60000);
}

static void set_setup(struct harness *h, const char *seen)
{
	h->deps.has_setup = true;
	memset(h->deps.setup_hash, 7, sizeof(h->deps.setup_hash));
	harness_restart(h);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM admin"), seen ? 1 : 0);
}

static int set_up(struct harness *h, const char *name, int byte)
{
	char json[128];
	(void)snprintf(json, sizeof(json), "{\"name\":\"%s\",\"password\":\"x\",\"setup-token\":\"t\"}", name);
	struct zone_command *m = command_of(h, "POST /setup", json);
	m->by = (struct principal){.name = "nobody", .source = "192.0.2.1"};
	memset(m->token_hash, byte, sizeof(m->token_hash));
	return harness_give(h, m);
}

static void the_first_administrator_is_made_once_with_the_token_of_the_start(void **state)
{
	struct harness *h = *state;
	assert_int_equal(set_up(h, "ann", 7), 403); /* no token was offered */
	set_setup(h, NULL);
	assert_int_equal(set_up(h, "ann", 8), 401);
	assert_int_equal(set_up(h, "ann", 7), 200);
	assert_int_equal(set_up(h, "bob", 7), 403);
	set_setup(h, "ann");
	assert_int_equal(set_up(h, "bob", 7), 403);
	struct principal ann = session_by(h, "ann");
	assert_int_equal(ask_by(h, &ann, "PATCH /zone", "{\"name\":\"hers\"}"), 200);
}

static void one_s_own_password_needs_the_present_one(void **state)
{
	struct harness *h = *state;
	add_admin(h, "ann", "viewer", "zone");
	struct principal one = session_by(h, "ann"), other = session_by(h, "ann");
	assert_int_equal(ask_by(h, &one, "POST /admins/ann/password", "{\"password\":\"x\"}"), 401);
	struct zone_command *m = command_of(h, "POST /admins/ann/password", "{\"password\":\"x\"}");
	m->by = one;
	m->proof = (struct proof){.admin = one.admin, .version = 1, .matches = true};
	assert_int_equal(harness_give(h, m), 204);
	assert_int_equal(ask_by(h, &other, "POST /logout", ""), 403); /* the other session ended */
	assert_int_equal(ask_by(h, &one, "POST /logout", ""), 204);
	assert_int_equal(query(h, "SELECT version FROM admin"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_power_only_role_switches_in_its_folder_and_nothing_else),
		ZONE_TEST(a_viewer_cannot_start_a_scan),
		ZONE_TEST(rights_of_credentials_line_by_line),
		ZONE_TEST(a_schedule_needs_the_right_of_its_verb_too),
		ZONE_TEST(a_schedule_outlives_the_rights_of_its_maker),
		ZONE_TEST(nobody_gives_what_he_has_not),
		ZONE_TEST(the_last_administrator_stays),
		ZONE_TEST(a_session_ends_with_the_right_and_the_account),
		ZONE_TEST(a_session_ends_when_idle_and_at_its_latest),
		ZONE_TEST(guessing_has_to_wait_longer_and_longer_whether_the_name_exists_or_not),
		ZONE_TEST(one_source_may_not_try_many_names),
		ZONE_TEST(refusals_are_in_the_audit_merged_by_source_and_minute),
		ZONE_TEST(a_flood_of_refusals_from_everywhere_stays_a_few_rows),
		ZONE_TEST(the_use_of_a_token_is_kept_to_the_minute),
		ZONE_TEST(the_first_administrator_is_made_once_with_the_token_of_the_start),
		ZONE_TEST(one_s_own_password_needs_the_present_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
