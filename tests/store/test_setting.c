/* Settings: each row's own default, and what is refused with which words. */
#include "fixture.h"

#include "store/setting.h"

static void every_default_is_a_value_of_its_own_row(void **state)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_row *row = setting_row((enum setting_id)i);
		enum setting_id id;
		struct err e = ERR_INIT;
		assert_int_equal(row->id, i);
		assert_true(setting_from_name(row->name, &id));
		assert_int_equal(id, i);
		assert_true(row->sentence[0]);
		assert_string_not_equal(setting_type_name(row->type), "?");
		int rc = setting_check(id, row->def, NULL, &e);
		if (rc)
			print_error("%s\n", e.msg);
		assert_int_equal(rc, 0);
	}
	enum setting_id id;
	assert_false(setting_from_name("no-such-setting", &id));
}

static void values_are_checked_against_the_table(void **state)
{
	static const struct {
		enum setting_id id;
		const char *text;
		int rc;
		int64_t value;
		const char *says;
	} rows[] = {
		{SETTING_ACT_DEADLINE, "10m", 0, 600000, NULL},
		{SETTING_ACT_DEADLINE, "9999ms", ERR_INVALID, 0,
		 "setting act-deadline: \"9999ms\" is not between 10 and"},
		{SETTING_ACT_DEADLINE, "soon", ERR_INVALID, 0, "is not a duration, as 30s, 10m or 24h"},
		{SETTING_DISCOVERY_VALIDITY, "12h", 0, 43200000, NULL},
		{SETTING_DISCOVERY_VALIDITY, "1h", 0, 3600000, NULL},
		{SETTING_DISCOVERY_VALIDITY, "59m", ERR_INVALID, 0, "between 3600 and"},
		{SETTING_IN_FLIGHT_SUBNET, "256", 0, 256, NULL},
		{SETTING_IN_FLIGHT_SUBNET, "0", ERR_INVALID, 0, "is not between 1 and 65536 acts"},
		{SETTING_IN_FLIGHT_SUBNET, "many", ERR_INVALID, 0, "is not a number"},
		{SETTING_IN_FLIGHT_SUBNET, "", ERR_INVALID, 0, "is not a number"},
		{SETTING_ALLOW_LOOPBACK, "on", 0, 1, NULL},
		{SETTING_ALLOW_LOOPBACK, "off", 0, 0, NULL},
		{SETTING_ALLOW_LOOPBACK, "yes", ERR_INVALID, 0, "is neither on nor off"},
		{SETTING_TLS_DEFAULT, "auto", 0, 0, NULL},
		{SETTING_TLS_DEFAULT, "require", 0, 1, NULL},
		{SETTING_TLS_DEFAULT, "never", 0, 2, NULL},
		{SETTING_TLS_DEFAULT, "nev", ERR_INVALID, 0, "is none of auto|require|never"},
		{SETTING_TLS_DEFAULT, "auto|require", ERR_INVALID, 0, "is none of"},
		{SETTING_TLS_DEFAULT, "", ERR_INVALID, 0, "is none of"},
		{SETTING_REMOVAL_AFTER, "never", 0, 0, NULL},
		{SETTING_REMOVAL_AFTER, "30d", 0, 2592000000, NULL},
		{SETTING_REMOVAL_AFTER, "1h", ERR_INVALID, 0, "is not between 86400 and"},
		{SETTING_REMOVAL_AFTER, "", ERR_INVALID, 0, "is not a duration"},
		{SETTING_MISSED_OFF_LIMIT, "0", 0, 0, NULL},
		{SETTING_TIME_ZONE, "UTC", 0, 0, NULL},
		{SETTING_TIME_ZONE, "America/Argentina/Buenos_Aires", 0, 0, NULL},
		{SETTING_TIME_ZONE, "Etc/GMT+12", 0, 0, NULL},
		{SETTING_TIME_ZONE, "", ERR_INVALID, 0, "is not the name of a time zone"},
		{SETTING_TIME_ZONE, "/etc/passwd", ERR_INVALID, 0, "is not the name of a time zone"},
		{SETTING_TIME_ZONE, "../../../etc/passwd", ERR_INVALID, 0, "is not the name of a time zone"},
		{SETTING_TIME_ZONE, "Europe//Berlin", ERR_INVALID, 0, "is not the name of a time zone"},
		{SETTING_TIME_ZONE, "Europe/", ERR_INVALID, 0, "is not the name of a time zone"},
		{SETTING_TIME_ZONE, "Europe Berlin", ERR_INVALID, 0, "is not the name of a time zone"},
		{SETTING_ALLOWED_NETS, "", 0, 0, NULL},
		{SETTING_ALLOWED_NETS, " , ", 0, 0, NULL},
		{SETTING_ALLOWED_NETS, "10.0.0.0/8, 192.168.4.0/24", 0, 2, NULL},
		{SETTING_ALLOWED_NETS, "10.0.0.0/33", ERR_INVALID, 0, "setting allowed-nets: "},
		{SETTING_ALLOWED_NETS, "ten", ERR_INVALID, 0, "setting allowed-nets: "},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t v = -1;
		struct err e = ERR_INIT;
		assert_int_equal(setting_check(rows[i].id, rows[i].text, &v, &e), rows[i].rc);
		if (rows[i].rc) {
			if (!strstr(e.msg, rows[i].says))
				print_error("%s\n", e.msg);
			assert_non_null(strstr(e.msg, rows[i].says));
			assert_int_equal(v, -1);
		} else {
			assert_int_equal(v, rows[i].value);
		}
	}
}

static void a_setting_is_the_default_until_it_is_set(void **state)
{
	struct fixture *f = *state;
	int64_t v;
	struct store_setting_value at;
	OK(f, store_setting_get(f->db, SETTING_LEASE, STORE_SCOPE_ZONE, 0, &v, &f->e));
	assert_int_equal(v, 30000);
	OK(f, store_setting_find(f->db, f->a, SETTING_LEASE, STORE_SCOPE_ZONE, 0, &at, &f->e));
	assert_string_equal(at.text, "30s");
	assert_true(at.is_default);
	OK(f, store_setting_put(f->db, SETTING_LEASE, STORE_SCOPE_ZONE, 0, "40s", &f->e));
	OK(f, store_setting_put(f->db, SETTING_LEASE, STORE_SCOPE_ZONE, 0, "45s", &f->e));
	OK(f, store_setting_find(f->db, f->a, SETTING_LEASE, STORE_SCOPE_ZONE, 0, &at, &f->e));
	assert_string_equal(at.text, "45s");
	assert_false(at.is_default);
	assert_int_equal(at.from, STORE_SCOPE_ZONE);
	OK(f, store_setting_inherited(f->db, f->a, SETTING_LEASE, STORE_SCOPE_ZONE, 0, &at, &f->e));
	assert_string_equal(at.text, "30s");
	OK(f, store_setting_delete(f->db, SETTING_LEASE, STORE_SCOPE_ZONE, 0, &f->e));
	OK(f, store_setting_delete(f->db, SETTING_LEASE, STORE_SCOPE_ZONE, 0, &f->e));
	OK(f, store_setting_get(f->db, SETTING_LEASE, STORE_SCOPE_ZONE, 0, &v, &f->e));
	assert_int_equal(v, 30000);
}

static void the_nearest_value_counts(void **state)
{
	struct fixture *f = *state;
	const struct store_folder lab = {.id = 50, .parent = STORE_FOLDER_WORKSTATIONS, .name = "lab"};
	static const struct {
		enum store_scope scope; /* set here ... */
		int64_t object;
		const char *value;
		enum store_scope at; /* ... and asked for there */
		int64_t asked;
		int64_t wanted;
		enum store_scope from;
		int64_t from_object;
	} rows[] = {
		{STORE_SCOPE_ZONE, 0, "2", STORE_SCOPE_DEVICE, 20, 2, STORE_SCOPE_ZONE, 0},
		{STORE_SCOPE_FOLDER, 1, "3", STORE_SCOPE_DEVICE, 20, 3, STORE_SCOPE_FOLDER, 1},
		{STORE_SCOPE_FOLDER, 2, "9", STORE_SCOPE_DEVICE, 20, 3, STORE_SCOPE_FOLDER, 1}, /* not above it */
		{STORE_SCOPE_FOLDER, 3, "4", STORE_SCOPE_DEVICE, 20, 4, STORE_SCOPE_FOLDER, 3},
		{STORE_SCOPE_FOLDER, 50, "5", STORE_SCOPE_DEVICE, 20, 5, STORE_SCOPE_FOLDER, 50},
		{STORE_SCOPE_DEVICE, 20, "6", STORE_SCOPE_DEVICE, 20, 6, STORE_SCOPE_DEVICE, 20},
		{STORE_SCOPE_DEVICE, 21, "7", STORE_SCOPE_FOLDER, 50, 5, STORE_SCOPE_FOLDER, 50},
		{STORE_SCOPE_ZONE, 0, "8", STORE_SCOPE_FOLDER, 3, 4, STORE_SCOPE_FOLDER, 3},
	};
	struct store_setting_value v;
	int64_t n;
	add_server(f);
	add_credential(f);
	OK(f, store_folder_add(f->db, &lab, &f->e));
	add_device(f, 20, 50);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(f, store_setting_put(f->db, SETTING_ACT_TRIES, rows[i].scope, rows[i].object, rows[i].value, &f->e));
		OK(f, store_setting_get(f->db, SETTING_ACT_TRIES, rows[i].at, rows[i].asked, &n, &f->e));
		assert_int_equal(n, rows[i].wanted);
		OK(f, store_setting_find(f->db, f->a, SETTING_ACT_TRIES, rows[i].at, rows[i].asked, &v, &f->e));
		assert_int_equal(v.from, rows[i].from);
		assert_int_equal(v.from_object, rows[i].from_object);
	}
	OK(f, store_setting_inherited(f->db, f->a, SETTING_ACT_TRIES, STORE_SCOPE_DEVICE, 20, &v, &f->e));
	assert_string_equal(v.text, "5");
	OK(f, store_setting_forget(f->db, STORE_SCOPE_FOLDER, 50, &f->e));
	OK(f, store_setting_inherited(f->db, f->a, SETTING_ACT_TRIES, STORE_SCOPE_DEVICE, 20, &v, &f->e));
	assert_string_equal(v.text, "4");
	assert_int_equal(store_setting_find(f->db, f->a, SETTING_ACT_TRIES, STORE_SCOPE_DEVICE, 99, &v, &f->e),
			 ERR_NOT_FOUND);
}

static int count_row(void *arg, const struct store_setting *row)
{
	assert_string_equal(row->name, "act-tries");
	++*(int *)arg;
	return 0;
}

static void all_that_is_set_can_be_listed(void **state)
{
	struct fixture *f = *state;
	int n = 0;
	OK(f, store_setting_list(f->db, count_row, &n, &f->e));
	assert_int_equal(n, 0);
	OK(f, store_setting_put(f->db, SETTING_ACT_TRIES, STORE_SCOPE_ZONE, 0, "2", &f->e));
	OK(f, store_setting_put(f->db, SETTING_ACT_TRIES, STORE_SCOPE_FOLDER, 3, "3", &f->e));
	OK(f, store_setting_list(f->db, count_row, &n, &f->e));
	assert_int_equal(n, 2);
}

static void what_is_refused_is_not_stored(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(store_setting_put(f->db, SETTING_LEASE, STORE_SCOPE_ZONE, 0, "1 week", &f->e), ERR_INVALID);
	assert_int_equal(store_setting_put(f->db, SETTING_LEASE, STORE_SCOPE_FOLDER, 3, "40s", &f->e), ERR_INVALID);
	assert_non_null(strstr(f->e.msg, "for the zone only"));
	assert_int_equal(store_setting_put(f->db, SETTING_REMOVAL_AFTER, STORE_SCOPE_DEVICE, 20, "40d", &f->e),
			 ERR_INVALID);
	assert_non_null(strstr(f->e.msg, "for the zone and for folders only"));
	char text[5000];
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(store_setting_put(f->db, SETTING_ALLOWED_NETS, STORE_SCOPE_ZONE, 0, text, &f->e), ERR_INVALID);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM setting"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_default_is_a_value_of_its_own_row),
		cmocka_unit_test(values_are_checked_against_the_table),
		FIXTURE_TEST(a_setting_is_the_default_until_it_is_set),
		FIXTURE_TEST(the_nearest_value_counts),
		FIXTURE_TEST(all_that_is_set_can_be_listed),
		FIXTURE_TEST(what_is_refused_is_not_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
