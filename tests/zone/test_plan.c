/* Which entries apply to a device, and what asking for one of many costs: steps of statements are counted, not time. */
#include "harness.h"

#include "codec/tzif.h"
#include "store/store.h"
#include "zone/plan.h"

static void add(struct harness *h, const char *json)
{
	if (ask(h, "POST /schedules", json) != 200)
		fail_msg("%s: %s", json, answer(h));
}

/* So many devices, all in a static and in a dynamic group; each group has two tasks. */
static void set_up(struct harness *h, int devices)
{
	furnish(h, devices);
	assert_int_equal(ask(h, "POST /groups", "{\"name\":\"by-hand\"}"), 200);
	assert_int_equal(ask(h, "POST /groups/by-hand/members", "{\"all\":true}"), 200);
	assert_int_equal(ask(h, "POST /groups", "{\"name\":\"by-name\",\"filter\":\"name:d*\"}"), 200);
	add(h, "{\"name\":\"a\",\"verb\":\"on\",\"target\":\"group:by-hand\",\"weekly\":\"mon\",\"at\":\"07:00\"}");
	add(h, "{\"name\":\"b\",\"verb\":\"off\",\"target\":\"group:by-hand\",\"weekly\":\"mon\",\"at\":\"17:00\"}");
	add(h, "{\"name\":\"c\",\"verb\":\"on\",\"target\":\"group:by-name\",\"weekly\":\"tue\",\"at\":\"07:00\"}");
	add(h, "{\"name\":\"d\",\"verb\":\"off\",\"target\":\"group:by-name\",\"weekly\":\"tue\",\"at\":\"17:00\"}");
	add(h, "{\"name\":\"e\",\"verb\":\"reset\",\"target\":\"zone\",\"weekly\":\"wed\",\"at\":\"07:00\"}");
}

static int count_entry(void *arg, const struct plan_entry *en)
{
	(void)en;
	++*(int *)arg;
	return 0;
}

struct reader {
	struct db *db;
	struct tz_cache *zones;
	struct plan *plan;
};

static void reader_open(struct reader *r, struct harness *h)
{
	assert_int_equal(store_open(h->path, DB_READ_ONLY, 0, &r->db, NULL), 0);
	r->zones = tz_cache_new(NULL);
	assert_int_equal(plan_load(r->db, r->zones, &r->plan, NULL), 0);
}

static void reader_close(struct reader *r)
{
	plan_free(r->plan);
	tz_cache_free(r->zones);
	db_close(r->db);
}

static int entries_of(struct reader *r, struct harness *h, const char *device)
{
	char sql[128];
	int n = 0;
	(void)snprintf(sql, sizeof(sql), "SELECT id FROM device WHERE name = '%s'", device);
	int64_t id = query(h, sql);
	(void)snprintf(sql, sizeof(sql), "SELECT folder FROM device WHERE name = '%s'", device);
	assert_int_equal(
		plan_of_device(r->plan, r->db, id, query(h, sql), clock_wall_ms(h->clock), count_entry, &n, NULL), 0);
	return n;
}

static int64_t cost_of_all(struct harness *h, int devices)
{
	struct reader r;
	set_up(h, devices);
	reader_open(&r, h);
	int64_t before = db_total_steps(r.db);
	for (int i = 1; i <= devices; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "d%d", i);
		assert_int_equal(entries_of(&r, h, name), 5);
	}
	int64_t cost = db_total_steps(r.db) - before;
	reader_close(&r);
	return cost;
}

static void asking_for_each_device_costs_the_same_however_many_there_are(void **state)
{
	(void)state;
	struct harness *few = harness_new(1), *many = harness_new(2);
	int64_t one = cost_of_all(few, 20), ten = cost_of_all(many, 200);
	print_message("# %lld steps for 20 devices, %lld for 200\n", (long long)one, (long long)ten);
	assert_int_equal(ten, 10 * one);
	assert_true(one <= 20 * 5 * 4);
	harness_free(few);
	harness_free(many);
}

static void a_device_has_the_tasks_of_its_groups_beside_its_list(void **state)
{
	struct harness *h = *state;
	struct reader r;
	set_up(h, 3);
	assert_int_equal(ask(h, "POST /groups/by-hand/members/remove", "{\"targets\":[\"d2\"]}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d3", "{\"name\":\"x3\"}"), 200);
	reader_open(&r, h);
	assert_int_equal(entries_of(&r, h, "d1"), 5);
	assert_int_equal(entries_of(&r, h, "d2"), 3);
	assert_int_equal(entries_of(&r, h, "x3"), 3);
	int n = 0;
	assert_int_equal(plan_of_device(r.plan, r.db, 999999, 1, clock_wall_ms(h->clock), count_entry, &n, NULL), 0);
	assert_int_equal(n, 1); /* of the zone's list: nothing else is known of what is gone */
	reader_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asking_for_each_device_costs_the_same_however_many_there_are),
		ZONE_TEST(a_device_has_the_tasks_of_its_groups_beside_its_list),
	};
	return cmocka_run_group_tests_name("zone/plan", tests, NULL, NULL);
}
