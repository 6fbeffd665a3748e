/* Rounds: one transaction each, undone whole when they fail, and the same every time. */
#include "world.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/metric.h"
#include "base/rng.h"
#include "zone/zone.h"

#define DEVICES 12

static const struct faults every_fault = {.unreachable = 10,
					  .lost_request = 8,
					  .lost_reply = 10,
					  .late = 8,
					  .busy = 6,
					  .no_change = 4,
					  .no_audit = 50,
					  .crash = 1,
					  .freeze = 1};

static void live(struct harness *h, uint64_t seed)
{
	static const char *const verbs[] = {"reset", "status", "off", "on", "cycle"};
	furnish(h, DEVICES);
	struct world *w = world_new(h, seed, &every_fault, DEVICES);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		assert_int_equal(
			askf(h, "POST /power", "{\"verb\":\"%s\",\"all\":true,\"confirm\":%d}", verbs[i], DEVICES),
			200);
		(void)world_run(w, 30000); /* what is still open meets the next order */
	}
	assert_int_equal(ask(h, "POST /scans", "{\"ranges\":[\"10.0.0.0/24\"]}"), 200);
	assert_true(world_run(w, 3600000));
	world_check(w);
	world_free(w);
}

static void the_same_messages_clock_and_seed_give_the_same_bytes(void **state)
{
	struct buf first, second;
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct harness *a = harness_new(seed), *b = harness_new(seed);
		buf_init(&first, 64u << 20);
		buf_init(&second, 64u << 20);
		live(a, seed);
		live(b, seed);
		dump(a, &first);
		dump(b, &second);
		assert_true(first.len > 10000);
		assert_int_equal(first.len, second.len);
		assert_memory_equal(first.p, second.p, first.len);
		assert_int_equal(a->log.len, b->log.len);
		assert_memory_equal(a->log.p, b->log.p, a->log.len);
		buf_release(&first);
		buf_release(&second);
		harness_free(a);
		harness_free(b);
	}
}

static void its_memory_can_be_dropped_at_any_moment(void **state)
{
	struct harness *h = *state;
	h->forgetful = true;
	live(h, 9);
}

/* A trigger stands in for a fault that no check of ours foresees. */
static void plant_fault(struct harness *h)
{
	struct sqlite3 *db;
	assert_int_equal(sqlite3_open_v2(h->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "CREATE TRIGGER boom BEFORE INSERT ON device WHEN NEW.name = 'boom'"
				      " BEGIN SELECT RAISE(ABORT, 'boom'); END",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

static int status_of(const struct zone_out *out, uint64_t request)
{
	for (const struct mail *m = out->to_api; m; m = m->next)
		if (m->kind == API_ANSWER && ((const struct api_answer *)m)->request == request)
			return ((const struct api_answer *)m)->status;
	return 0;
}

static void a_message_that_fails_does_not_take_the_others_with_it(void **state)
{
	struct harness *h = *state;
	struct zone_out out;
	furnish(h, 1);
	plant_fault(h);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	struct zone_command *c[4] = {
		command_of(h, "POST /devices", "{\"name\":\"one\"}"),
		command_of(h, "POST /devices", "{\"name\":\"boom\",\"folder\":\"/New/\"}"),
		command_of(h, "POST /devices", "{\"name\":\"two\"}"),
		command_of(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"),
	};
	for (size_t i = 0; i < 3; i++)
		c[i]->mail.next = &c[i + 1]->mail;
	uint64_t first = c[0]->request;
	int64_t rollbacks = metric_get(METRIC_zone_rollbacks);
	machine_round(h->z, &c[0]->mail, &outcome_of(s, ACT_END_DONE, 0)->mail, &out);
	assert_int_equal(metric_get(METRIC_zone_rollbacks), rollbacks + 2);
	assert_int_equal(status_of(&out, first), 200);
	assert_int_equal(status_of(&out, first + 1), 503);
	assert_int_equal(status_of(&out, first + 2), 200);
	assert_int_equal(status_of(&out, first + 3), 200);
	assert_string_equal(state_of(h, 1), "done");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 3);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM folder WHERE path = '/New/'"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM event"), query(h, "SELECT MAX(id) - MIN(id) + 1 FROM event"));
	mail_free_all(out.to_api);
	mail_free_all(out.to_wire);
	harness_round(h, NULL);
	mail_drop(s);
}

static void a_wrong_command_costs_no_rollback(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	int64_t rollbacks = metric_get(METRIC_zone_rollbacks), commits = metric_get(METRIC_zone_commits);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"d1\"}"), 409);
	assert_int_equal(ask(h, "DELETE /devices/none", NULL), 404);
	assert_int_equal(metric_get(METRIC_zone_rollbacks), rollbacks);
	assert_int_equal(metric_get(METRIC_zone_commits), commits);
}

static void a_zone_at_rest_commits_once_a_minute(void **state)
{
	struct harness *h = *state;
	harness_pass(h, 3600000);
	int64_t commits = metric_get(METRIC_zone_commits);
	harness_pass(h, 10 * 60000);
	assert_in_range(metric_get(METRIC_zone_commits) - commits, 9, 11);
}

/* No file of this process may grow beyond this: a disk without room, without a disk. */
static void limit_files(rlim_t bytes)
{
	struct rlimit r;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static rlim_t size_of_wal(const struct harness *h)
{
	char path[128];
	struct stat st;
	(void)snprintf(path, sizeof(path), "%s-wal", h->path);
	assert_int_equal(stat(path, &st), 0);
	return (rlim_t)st.st_size;
}

static void a_full_disk_loses_no_outcome(void **state)
{
	struct harness *h = *state;
	(void)signal(SIGXFSZ, SIG_IGN);
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	send_gate(h, s, POWER_STATE_ON);
	mail_drop(take_gate_answer(h));
	limit_files(size_of_wal(h));
	send_outcome(h, s, ACT_END_DONE, 0);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"more\"}"), 507);
	assert_string_equal(state_of(h, 1), "sent");
	harness_pass(h, 5000);
	assert_string_equal(state_of(h, 1), "sent");
	limit_files(RLIM_INFINITY);
	harness_pass(h, 1000);
	assert_string_equal(state_of(h, 1), "done");
	assert_int_equal(query(h, "SELECT done FROM job WHERE state = 2"), 1);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"more\"}"), 200);
	mail_drop(s);
}

static void a_gate_stays_closed_on_a_full_disk(void **state)
{
	struct harness *h = *state;
	(void)signal(SIGXFSZ, SIG_IGN);
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	limit_files(size_of_wal(h));
	send_gate(h, s, POWER_STATE_ON);
	assert_null(take_gate_answer(h)); /* R1 */
	limit_files(RLIM_INFINITY);
	harness_pass(h, 1000);
	struct act_gate_answer *a = take_gate_answer(h);
	assert_true(a->go);
	assert_string_equal(state_of(h, 1), "sent");
	mail_drop(a);
	mail_drop(s);
}

static void nothing_is_started_while_it_stops(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	machine_stop(h->z);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d2\"]}"), 200);
	assert_null(take_start(h));
	send_outcome(h, s, ACT_END_NOT_SENT, ERR_CANCELLED); /* wire gives back what it has */
	harness_pass(h, 10000);
	assert_string_equal(state_of(h, 1), "queued");
	assert_int_equal(machine_in_flight(h->z), 0);
	mail_drop(s);
	harness_restart(h);
	harness_pass(h, 1);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_messages_clock_and_seed_give_the_same_bytes),
		ZONE_TEST(its_memory_can_be_dropped_at_any_moment),
		ZONE_TEST(a_message_that_fails_does_not_take_the_others_with_it),
		ZONE_TEST(a_wrong_command_costs_no_rollback),
		ZONE_TEST(a_zone_at_rest_commits_once_a_minute),
		ZONE_TEST(a_full_disk_loses_no_outcome),
		ZONE_TEST(a_gate_stays_closed_on_a_full_disk),
		ZONE_TEST(nothing_is_started_while_it_stops),
	};
	return cmocka_run_group_tests_name("zone/machine", tests, NULL, NULL);
}
