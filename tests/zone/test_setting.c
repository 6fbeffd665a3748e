/* Settings of zone, folders and devices: the nearest counts, whatever was moved, set and taken back before. */
#include "harness.h"

#include "base/rng.h"
#include "zone/zone_priv.h"

static int64_t at(struct harness *h, enum setting_id id, const char *folder, int64_t device)
{
	int64_t v = -1;
	struct err e = ERR_INIT;
	const struct tree_folder *f = folder ? tree_by_path(h->z->tree, folder) : NULL;
	assert_int_equal(setting_at(h->z, id, f ? f->id : 0, device, &v, &e), 0);
	return v;
}

static void settings_are_set_where_they_may_be(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /folders", "{\"path\":\"/Workstations/lab/\"}", 200, NULL},
		{"POST /devices", "{\"name\":\"d1\",\"folder\":\"/Workstations/lab/\"}", 200, NULL},
		{"PUT /settings/act-tries", "{\"value\":\"2\",\"at\":\"zone\"}", 200, "act-tries"},
		{"PUT /settings/act-tries", "{\"value\":\"3\",\"at\":\"/Workstations/\"}", 200, NULL},
		{"PUT /settings/act-tries", "{\"value\":\"5\",\"at\":\"d1\"}", 200, NULL},
		{"PUT /settings/act-tries", "{\"value\":\"0\",\"at\":\"d1\"}", 400, "is not between 1 and 1000"},
		{"PUT /settings/act-tries", "{\"value\":\"5\",\"at\":\"/none/\"}", 404, "\"names\":[\"/none/\"]"},
		{"PUT /settings/act-tries", "{\"value\":\"5\",\"at\":\"none\"}", 404, "\"names\":[\"none\"]"},
		{"PUT /settings/act-tries", "{\"value\":\"5\",\"at\":\"group:x\"}", 400,
		 "groups carry tasks and never settings"},
		{"PUT /settings/act-tries", "{\"value\":\"5\",\"at\":\"tag:x\"}", 400, "neither the word zone"},
		{"PUT /settings/lease", "{\"value\":\"40s\",\"at\":\"/Servers/\"}", 400, "for the zone only"},
		{"PUT /settings/lease", "{\"value\":\"40s\",\"at\":\"d1\"}", 400, "for the zone only"},
		{"PUT /settings/tls-default", "{\"value\":\"never\",\"at\":\"d1\"}", 400,
		 "for the zone and for folders only"},
		{"PUT /settings/time-zone", "{\"value\":\"Mars/Olympus\",\"at\":\"d1\"}", 400, "Mars/Olympus"},
		{"PUT /settings/time-zone", "{\"value\":\"../../../etc/passwd\"}", 400, "not the name of a time zone"},
		{"PUT /settings/time-zone", "{\"value\":\"Europe\"}", 400, "has none of that name"},
		{"PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\"}", 200, NULL},
		{"PUT /settings/removal-after", "{\"value\":\"90d\"}", 200, NULL},
		{"PUT /settings/removal-after", "{\"value\":\"never\",\"at\":\"/Servers/\"}", 200, NULL},
		{"DELETE /settings/act-tries?at=d1", NULL, 204, NULL},
		{"DELETE /settings/act-tries?at=d1", NULL, 204, NULL},
		{"DELETE /settings/lease?at=d1", NULL, 400, "for the zone only"},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	int64_t d1 = query(h, "SELECT id FROM device");
	assert_int_equal(at(h, SETTING_ACT_TRIES, NULL, 0), 2);
	assert_int_equal(at(h, SETTING_ACT_TRIES, NULL, d1), 3);
	assert_int_equal(at(h, SETTING_ACT_TRIES, "/Workstations/lab/", d1), 3);
	assert_int_equal(at(h, SETTING_ACT_TRIES, "/Servers/", 0), 2);
	assert_int_equal(at(h, SETTING_REMOVAL_AFTER, "/Servers/", 0), 0);
	assert_int_equal(at(h, SETTING_REMOVAL_AFTER, "/Workstations/lab/", 0), INT64_C(7776000000));
	assert_string_equal(query_text(h, "SELECT object FROM audit WHERE action = 'setting.reset' LIMIT 1"),
			    "setting:act-tries at d1");
	assert_non_null(strstr(query_text(h, "SELECT body FROM event WHERE kind = 'setting' ORDER BY id DESC"),
			       "{\\\"at\\\":\\\"d1\\\",\\\"value\\\":null}"));
}

static void a_time_zone_is_inherited_as_text(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /devices", "{\"name\":\"d1\",\"folder\":\"/Workstations/ny/\"}", 200, NULL},
		{"PUT /settings/time-zone", "{\"value\":\"America/New_York\",\"at\":\"/Workstations/ny/\"}", 200, NULL},
	};
	struct harness *h = *state;
	const char *text;
	struct err e = ERR_INIT;
	assert_int_equal(setting_text_at(h->z, SETTING_TIME_ZONE, STORE_FOLDER_SERVERS, 0, &text, &e), 0);
	assert_string_equal(text, "UTC");
	ask_all(h, rows, ARRAY_LEN(rows));
	int64_t d1 = query(h, "SELECT id FROM device");
	assert_int_equal(setting_text_at(h->z, SETTING_TIME_ZONE, 0, d1, &text, &e), 0);
	assert_string_equal(text, "America/New_York");
	assert_int_equal(ask(h, "PUT /settings/time-zone", "{\"value\":\"Europe/Berlin\"}"), 200);
	harness_restart(h);
	assert_int_equal(setting_text_at(h->z, SETTING_TIME_ZONE, 0, d1, &text, &e), 0);
	assert_string_equal(text, "America/New_York");
	assert_int_equal(setting_text_at(h->z, SETTING_TIME_ZONE, STORE_FOLDER_SERVERS, 0, &text, &e), 0);
	assert_string_equal(text, "Europe/Berlin");
}

static void what_was_set_goes_with_its_folder_or_device(void **state)
{
	static const struct ask_row rows[] = {
		{"POST /devices", "{\"name\":\"d1\",\"folder\":\"/a/\"}", 200, NULL},
		{"PUT /settings/act-tries", "{\"value\":\"3\",\"at\":\"/a/\"}", 200, NULL},
		{"PUT /settings/act-tries", "{\"value\":\"5\",\"at\":\"d1\"}", 200, NULL},
		{"POST /holds", "{\"target\":\"/a/\"}", 200, NULL},
		{"DELETE /devices/d1", NULL, 204, NULL},
		{"POST /folders/remove", "{\"path\":\"/a/\"}", 204, NULL},
	};
	struct harness *h = *state;
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM setting"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM hold"), 0);
	assert_false(overrides_below_zone(h->z->overrides, SETTING_ACT_TRIES));
	assert_null(tree_by_path(h->z->tree, "/a/"));
}

static void a_value_of_another_version_counts_as_not_set(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "PUT /settings/act-tries", "{\"value\":\"3\",\"at\":\"/Servers/\"}"), 200);
	struct db *db = h->z->db;
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_define(db,
				   "UPDATE setting SET value = 'many' WHERE name = 'act-tries';"
				   "INSERT INTO setting (scope, object, name, value) VALUES (1, 2, 'of-old', 'x');",
				   NULL),
			 0);
	assert_int_equal(db_commit(db, NULL), 0);
	harness_restart(h);
	assert_int_equal(at(h, SETTING_ACT_TRIES, "/Servers/", 0), 4);
}

static void acts_go_by_the_settings_of_their_device(void **state)
{
	static const struct ask_row rows[] = {
		{"PATCH /devices/d1", "{\"folder\":\"/Workstations/slow/\"}", 200, NULL},
		{"PUT /settings/observe-time", "{\"value\":\"90s\",\"at\":\"/Workstations/slow/\"}", 200, NULL},
		{"PUT /settings/act-deadline", "{\"value\":\"30m\",\"at\":\"/Workstations/slow/\"}", 200, NULL},
		{"PUT /settings/act-deadline", "{\"value\":\"20m\"}", 200, NULL},
		{"PUT /settings/tls-default", "{\"value\":\"require\",\"at\":\"/Workstations/slow/\"}", 200, NULL},
		{"POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\",\"d2\"]}", 200, NULL},
	};
	struct harness *h = *state;
	furnish(h, 2);
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(query(h, "SELECT MAX(deadline) FROM act"), HARNESS_START_MS + 30 * 60000);
	assert_int_equal(query(h, "SELECT MIN(deadline) FROM act"), HARNESS_START_MS + 20 * 60000);
	for (int i = 0; i < 2; i++) {
		struct act_start *s = take_start(h);
		bool slow = strcmp(s->at.host, "10.0.0.1") == 0;
		assert_int_equal(s->observe_ms, slow ? 90000 : 60000);
		assert_int_equal(s->at.tls_policy, slow ? TLS_POLICY_REQUIRE : TLS_POLICY_AUTO);
		send_outcome(h, s, ACT_END_DONE, 0);
		mail_drop(s);
	}
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"tls\":\"never\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"],\"deadline\":60000}"), 200);
	struct act_start *s = take_start(h);
	assert_int_equal(s->at.tls_policy, TLS_POLICY_NEVER);
	assert_int_equal(query(h, "SELECT deadline FROM act ORDER BY id DESC"), HARNESS_START_MS + 60000);
	mail_drop(s);
}

static void the_strictest_folder_says_when_to_confirm(void **state)
{
	struct harness *h = *state;
	furnish(h, 4);
	assert_int_equal(ask(h, "PUT /settings/confirm-above", "{\"value\":\"100\"}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"folder\":\"/Servers/\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/confirm-above", "{\"value\":\"0\",\"at\":\"/Servers/\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d2\",\"d3\"]}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\",\"d3\"]}"), 409);
	assert_int_equal(answer_int(h, "expected"), 2);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\",\"d3\"],\"confirm\":2}"), 200);
}

/* A simple answer to compare with: folders and devices as arrays, walked up one by one. */
#define FOLDERS 24
#define DEVICES 16
struct model {
	struct {
		int parent; /* -1: the root */
		char name[8];
		int64_t value; /* 0: none */
	} folder[FOLDERS];
	struct {
		int folder;
		int64_t value, id;
	} device[DEVICES];
	int64_t zone;
	int folders;
};

static void path_of(const struct model *m, int folder, char to[256])
{
	char above[256] = "/";
	if (m->folder[folder].parent >= 0)
		path_of(m, m->folder[folder].parent, above);
	(void)snprintf(to, 256, folder ? "%.200s%s/" : "/", above, m->folder[folder].name);
}

static int64_t model_at(const struct model *m, int folder, int device)
{
	if (device >= 0 && m->device[device].value)
		return m->device[device].value;
	for (; folder >= 0; folder = m->folder[folder].parent)
		if (m->folder[folder].value)
			return m->folder[folder].value;
	return m->zone ? m->zone : 4;
}

static bool is_in(const struct model *m, int folder, int above)
{
	for (; folder >= 0; folder = m->folder[folder].parent)
		if (folder == above)
			return true;
	return false;
}

static int depth_of(const struct model *m, int folder)
{
	int n = 0;
	while ((folder = m->folder[folder].parent) >= 0)
		n++;
	return n;
}

static void set_or_reset(struct harness *h, struct rng *r, int64_t *value, const char *place)
{
	*value = rng_below(r, 3) ? 1 + (int64_t)rng_below(r, 1000) : 0;
	if (*value)
		assert_int_equal(askf(h, "PUT /settings/act-tries", "{\"value\":\"%lld\",\"at\":\"%s\"}",
				      (long long)*value, place),
				 200);
	else {
		char what[300];
		(void)snprintf(what, sizeof(what), "DELETE /settings/act-tries?at=%s", place);
		assert_int_equal(ask(h, what, NULL), 204);
	}
}

static void move_folder(struct harness *h, struct rng *r, struct model *m)
{
	int f = 1 + (int)rng_below(r, (uint64_t)m->folders - 1), to = (int)rng_below(r, (uint64_t)m->folders);
	char from[256], above[256];
	path_of(m, f, from);
	path_of(m, to, above);
	int status =
		askf(h, "POST /folders/move", "{\"path\":\"%s\",\"to\":\"%s%s/\"}", from, above, m->folder[f].name);
	bool may = !is_in(m, to, f) && to != m->folder[f].parent;
	assert_int_equal(status == 200, may);
	if (may)
		m->folder[f].parent = to;
}

static void step(struct harness *h, struct rng *r, struct model *m)
{
	char path[256], device[16], what[32];
	int f = (int)rng_below(r, (uint64_t)m->folders), d = (int)rng_below(r, DEVICES);
	path_of(m, f, path);
	(void)snprintf(device, sizeof(device), "d%d", d + 1);
	switch (rng_below(r, 6)) {
	case 0:
		set_or_reset(h, r, &m->zone, "zone");
		break;
	case 1:
		set_or_reset(h, r, &m->device[d].value, device);
		break;
	case 2:
		(void)snprintf(what, sizeof(what), "PATCH /devices/%s", device);
		assert_int_equal(askf(h, what, "{\"folder\":\"%s\"}", path), 200);
		m->device[d].folder = f;
		break;
	case 3:
		move_folder(h, r, m);
		break;
	default:
		set_or_reset(h, r, &m->folder[f].value, path);
	}
}

static void compare(struct harness *h, const struct model *m)
{
	char path[256];
	for (int f = 0; f < m->folders; f++) {
		path_of(m, f, path);
		const struct tree_folder *t = tree_by_path(h->z->tree, path);
		assert_non_null(t);
		assert_int_equal(t->depth, depth_of(m, f));
		assert_int_equal(at(h, SETTING_ACT_TRIES, path, 0), model_at(m, f, -1));
		for (int g = 0; g < m->folders; g++) {
			char other[256];
			path_of(m, g, other);
			assert_int_equal(tree_is_below(h->z->tree, t->id, tree_by_path(h->z->tree, other)->id),
					 is_in(m, f, g));
		}
	}
	for (int d = 0; d < DEVICES; d++) {
		path_of(m, m->device[d].folder, path);
		int64_t wanted = model_at(m, m->device[d].folder, d), stored;
		assert_int_equal(at(h, SETTING_ACT_TRIES, path, m->device[d].id), wanted);
		assert_int_equal(at(h, SETTING_ACT_TRIES, NULL, m->device[d].id), wanted);
		assert_int_equal(store_setting_get(h->z->db, SETTING_ACT_TRIES, STORE_SCOPE_DEVICE, m->device[d].id,
						   &stored, NULL),
				 0);
		assert_int_equal(stored, wanted);
	}
}

static void make_model(struct harness *h, struct rng *r, struct model *m)
{
	char path[256];
	*m = (struct model){.folders = 1, .folder[0].parent = -1};
	for (; m->folders < FOLDERS; m->folders++) {
		m->folder[m->folders].parent = (int)rng_below(r, (uint64_t)m->folders);
		(void)snprintf(m->folder[m->folders].name, sizeof(m->folder[0].name), "f%d", m->folders);
		path_of(m, m->folders, path);
		assert_int_equal(askf(h, "POST /folders", "{\"path\":\"%s\"}", path), 200);
	}
	for (int d = 0; d < DEVICES; d++) {
		m->device[d].folder = (int)rng_below(r, FOLDERS);
		path_of(m, m->device[d].folder, path);
		assert_int_equal(askf(h, "POST /devices", "{\"name\":\"d%d\",\"folder\":\"%s\"}", d + 1, path), 200);
		m->device[d].id = answer_int(h, "id");
	}
}

static void nearest_wins_after_any_changes(void **state)
{
	struct harness *h = *state;
	struct model m;
	struct rng r;
	rng_init(&r, 183);
	make_model(h, &r, &m);
	for (int i = 0; i < 600; i++) {
		h->forgetful = i % 100 >= 90; /* the memory made anew must be the same */
		step(h, &r, &m);
		if (i % 20 == 0)
			compare(h, &m);
		if (i % 200 == 199)
			harness_restart(h);
	}
	compare(h, &m);
}

static void a_deep_tree_has_a_bottom(void **state)
{
	struct harness *h = *state;
	char path[1200] = "/";
	int depth = 0;
	for (size_t len = 1; len + 3 < sizeof(path); len += 2, depth++) {
		memcpy(path + len, "x/", 3);
		if (askf(h, "POST /folders", "{\"path\":\"%s\"}", path) != 200) {
			path[len] = '\0';
			break;
		}
	}
	assert_int_equal(depth, 511);
	assert_int_equal(tree_by_path(h->z->tree, path)->depth, 511);
	assert_int_equal(ask(h, "PUT /settings/act-tries", "{\"value\":\"7\",\"at\":\"/x/\"}"), 200);
	assert_int_equal(at(h, SETTING_ACT_TRIES, path, 0), 7);
	harness_restart(h);
	assert_int_equal(at(h, SETTING_ACT_TRIES, path, 0), 7);
	assert_int_equal(ask(h, "POST /folders/move", "{\"path\":\"/x/\",\"to\":\"/x/x/x/y/\"}"), 400);
	assert_non_null(strstr(answer(h), "into itself"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(settings_are_set_where_they_may_be),
		ZONE_TEST(a_time_zone_is_inherited_as_text),
		ZONE_TEST(what_was_set_goes_with_its_folder_or_device),
		ZONE_TEST(a_value_of_another_version_counts_as_not_set),
		ZONE_TEST(acts_go_by_the_settings_of_their_device),
		ZONE_TEST(the_strictest_folder_says_when_to_confirm),
		ZONE_TEST(nearest_wins_after_any_changes),
		ZONE_TEST(a_deep_tree_has_a_bottom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
