/* Orders of people: from the command to the counts of the job. */
#include "harness.h"

#include <sqlite3.h>

#include "base/metric.h"
#include "store/job.h"
#include "zone/zone.h"

static void a_status_act_goes_from_the_command_to_done(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	assert_int_equal(answer_int(h, "job"), 1);
	assert_int_equal(answer_int(h, "total"), 1);
	assert_int_equal(answer_int(h, "open"), 1);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	assert_int_equal(s->verb, VERB_STATUS);
	assert_int_equal(s->mode, ACT_RUN);
	assert_string_equal(s->at.host, "10.0.0.1");
	assert_string_equal(s->at.login, "admin");
	assert_int_equal(s->at.plain_port, 16992);
	assert_int_equal(s->at.sealed_len, strlen("P@ssw0rd1"));
	assert_memory_equal(s->at.sealed, "P@ssw0rd1", s->at.sealed_len);
	struct act_outcome *o = outcome_of(s, ACT_END_DONE, 0);
	o->evidence = ACT_EVIDENCE_REPLY;
	o->power_after = POWER_STATE_ON;
	o->learned.answered = true;
	harness_round(h, &o->mail);
	assert_string_equal(state_of(h, (int64_t)s->act), "done");
	assert_int_equal(query(h, "SELECT state FROM job"), JOB_STATE_ENDED);
	assert_int_equal(query(h, "SELECT done FROM job"), 1);
	assert_int_equal(query(h, "SELECT power FROM amt_state"), POWER_STATE_ON);
	assert_int_equal(query(h, "SELECT seen_at FROM amt_state"), clock_wall_ms(h->clock));
	assert_non_null(strstr(buf_cstr(&h->events), "job final"));
	assert_null(strstr(buf_cstr(&h->events), "act final")); /* told by the sums */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE action = 'credential.use'"), 1);
	mail_drop(s);
}

static void an_order_goes_round_twice_and_is_sent_once(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	send_gate(h, s, POWER_STATE_OFF_SOFT);
	assert_string_equal(state_of(h, (int64_t)s->act), "sent");
	struct act_gate_answer *a = take_gate_answer(h);
	assert_true(a->go);
	assert_int_equal(a->act, s->act);
	assert_int_equal(a->fence, s->fence);
	assert_int_equal(a->committed_boot_ms, clock_boot_ms(h->clock));
	assert_string_equal(query_text(h, "SELECT message_id FROM act"), "uuid:1");
	send_gate(h, s, POWER_STATE_OFF_SOFT); /* once more: no */
	struct act_gate_answer *second = take_gate_answer(h);
	assert_false(second->go);
	send_outcome(h, s, ACT_END_DONE, 0);
	assert_string_equal(state_of(h, (int64_t)s->act), "done");
	assert_non_null(strstr(buf_cstr(&h->events), "act final"));
	mail_drop(second);
	mail_drop(a);
	mail_drop(s);
}

static void finish_all(struct harness *h, enum act_end end, int reason)
{
	struct act_start *s;
	while ((s = take_start(h))) {
		send_outcome(h, s, end, reason);
		mail_drop(s);
	}
}

static void devices_are_chosen_by_name_folder_tag_and_all_and_each_once(void **state)
{
	static const struct {
		const char *targets;
		int total;
	} rows[] = {
		{"\"targets\":[\"d1\"]", 1},
		{"\"targets\":[\"d1\",\"d2\",\"d1\"]", 2},
		{"\"targets\":[\"/Workstations/\"]", 5},
		{"\"targets\":[\"/Workstations/lab/\"]", 2},
		{"\"targets\":[\"/\"]", 6},
		{"\"targets\":[\"tag:kiosk\"]", 2},
		{"\"targets\":[\"tag:kiosk\",\"d4\",\"d1\"]", 3},
		{"\"all\":true", 6},
	};
	struct harness *h = *state;
	furnish(h, 6);
	assert_int_equal(ask(h, "PATCH /devices/d5", "{\"folder\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d6", "{\"folder\":\"/Workstations/lab/deep/\"}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"folder\":\"/Servers/\",\"add-tags\":[\"kiosk\"]}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"add-tags\":[\"kiosk\"]}"), 200);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(askf(h, "POST /power", "{\"verb\":\"status\",%s}", rows[i].targets), 200);
		assert_int_equal(answer_int(h, "total"), rows[i].total);
		finish_all(h, ACT_END_DONE, 0);
	}
}

static void unknown_and_missing_targets_are_named_and_nothing_happens(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\",\"x1\",\"/x/\",\"tag:x\"]}"), 404);
	assert_non_null(strstr(answer(h), "\"names\":[\"x1\",\"/x/\",\"tag:x\"]"));
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\"}"), 400);
	assert_non_null(strstr(answer(h), "\"missing\""));
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"jump\",\"targets\":[\"d1\"]}"), 400);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"test\",\"targets\":[\"d1\"]}"), 400);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"/Servers/\"]}"), 404);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"],\"deadline\":10}"), 400);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act"), 0);
}

static void a_device_that_is_not_set_up_fails_with_what_it_lacks(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"bare\"}"), 200);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"open\",\"amt\":\"10.9.9.9\"}"), 200);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"half\",\"credential\":\"lab\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"bare\",\"open\",\"half\"]}"), 200);
	assert_string_equal(reason_of(h, 1), "not_configured");
	assert_string_equal(reason_of(h, 2), "no_credential");
	assert_string_equal(reason_of(h, 3), "not_configured");
	assert_int_equal(query(h, "SELECT failed FROM job WHERE state = 2"), 3);
	assert_null(take_start(h));
	/* Taken away between the order and its start. */
	assert_int_equal(ask(h, "PUT /settings/in-flight-zone", "{\"value\":\"1\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"all\":true}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	assert_int_equal(ask(h, "DELETE /credentials/lab?force=true", NULL), 204);
	finish_all(h, ACT_END_DONE, 0);
	assert_string_equal(query_text(h, "SELECT reason FROM act WHERE job = 3"), "71"); /* no_credential */
}

static void off_reset_and_cycle_of_many_are_repeated_with_their_number(void **state)
{
	struct harness *h = *state;
	furnish(h, 30);
	static const char *const harmful[] = {"off", "reset", "cycle"};
	for (size_t i = 0; i < ARRAY_LEN(harmful); i++) {
		assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"targets\":[\"d1\",\"d2\",\"d3\",\"d4\"]}",
				      harmful[i]),
				 409);
		assert_non_null(strstr(answer(h), "\"confirm\""));
		assert_int_equal(answer_int(h, "expected"), 4);
		assert_int_equal(askf(h, "POST /power",
				      "{\"verb\":\"%s\",\"targets\":[\"d1\",\"d2\",\"d3\",\"d4\"],"
				      "\"confirm\":5}",
				      harmful[i]),
				 409);
		assert_int_equal(
			askf(h, "POST /power", "{\"verb\":\"%s\",\"targets\":[\"d1\",\"d2\",\"d3\"]}", harmful[i]),
			200); /* 10 % is not more than 10 % */
		assert_int_equal(askf(h, "POST /power",
				      "{\"verb\":\"%s\",\"targets\":[\"d1\",\"d2\",\"d3\",\"d4\"],"
				      "\"confirm\":4}",
				      harmful[i]),
				 200);
	}
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"all\":true}"), 200);
	assert_int_equal(ask(h, "PUT /settings/confirm-above", "{\"value\":\"50\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\",\"d2\",\"d3\",\"d4\"]}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"all\":true}"), 409);
}

static void one_device_is_never_many(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\"]}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"all\":true}"), 409);
}

static void protected_devices_are_left_out_of_what_harms(void **state)
{
	struct harness *h = *state;
	furnish(h, 3);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"protected\":true}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"all\":true,\"confirm\":2}"), 200);
	assert_int_equal(answer_int(h, "total"), 3);
	assert_int_equal(answer_int(h, "skipped"), 1);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 2);
	assert_string_equal(query_text(h, "SELECT reason FROM act WHERE state = 9"), "73"); /* protected */
	finish_all(h, ACT_END_ALREADY, 0);
	assert_int_equal(query(h, "SELECT already FROM job WHERE state = 2"), 2);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true}"), 200);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 3); /* on harms nobody */
}

static void protected_devices_come_last_and_alone_when_they_are_asked_for(void **state)
{
	struct harness *h = *state;
	furnish(h, 5);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"protected\":true}"), 200);
	assert_int_equal(ask(h, "PATCH /devices/d4", "{\"protected\":true}"), 200);
	assert_int_equal(
		ask(h, "POST /power", "{\"verb\":\"off\",\"all\":true,\"confirm\":5,\"include-protected\":true}"), 200);
	assert_int_equal(count_wire(h, WIRE_ACT_START), 3);
	harness_pass(h, 500000);
	struct act_start *others[3];
	for (size_t i = 0; i < 3; i++)
		others[i] = take_start(h);
	for (size_t i = 0; i < 3; i++) {
		assert_null(take_start(h));
		send_outcome(h, others[i], ACT_END_ALREADY, 0);
		mail_drop(others[i]);
	}
	struct act_start *first = take_start(h);
	assert_string_equal(first->at.host, "10.0.0.2");
	assert_null(take_start(h));
	harness_pass(h, 500000); /* past the deadline of the others: its own began when it was let go */
	assert_string_equal(state_of(h, (int64_t)first->act), "claimed");
	harness_restart(h); /* neither the order nor the waiting is lost */
	harness_pass(h, 1);
	mail_drop(first);
	first = take_start(h);
	assert_string_equal(first->at.host, "10.0.0.2");
	assert_null(take_start(h));
	send_outcome(h, first, ACT_END_ALREADY, 0);
	struct act_start *second = take_start(h);
	assert_string_equal(second->at.host, "10.0.0.4");
	send_outcome(h, second, ACT_END_ALREADY, 0);
	assert_int_equal(query(h, "SELECT state FROM job"), JOB_STATE_ENDED);
	mail_drop(first);
	mail_drop(second);
}

static void the_machine_of_the_server_is_protected_by_its_uuid(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	assert_int_equal(ask(h, "PATCH /devices/d2", "{\"uuid\":\"84f0934c-0397-11e7-9c43-bc0000520000\"}"), 200);
	assert_true(uuid_parse(BYTES_LIT("84f0934c-0397-11e7-9c43-bc0000520000"), &h->deps.machine));
	harness_restart(h);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"all\":true}"), 200);
	assert_int_equal(answer_int(h, "skipped"), 1);
	struct act_start *s = take_start(h);
	assert_string_equal(s->at.host, "10.0.0.1");
	mail_drop(s);
}

static void the_same_key_gives_the_same_job(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true,\"key\":\"k\"}"), 200);
	assert_int_equal(answer_int(h, "job"), 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true,\"key\":\"k\"}"), 200);
	assert_int_equal(answer_int(h, "job"), 1);
	harness_restart(h);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true,\"key\":\"k\"}"), 200);
	assert_int_equal(answer_int(h, "job"), 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\"],\"key\":\"k\"}"), 409);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true,\"key\":\"l\"}"), 200);
	assert_int_equal(answer_int(h, "job"), 2);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act"), 4);
}

static void what_is_not_sent_can_be_cancelled(void **state)
{
	struct harness *h = *state;
	furnish(h, 4);
	assert_int_equal(ask(h, "PUT /settings/in-flight-zone", "{\"value\":\"3\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"all\":true,\"confirm\":4}"), 200);
	struct act_start *a = take_start(h), *b = take_start(h), *c = take_start(h);
	assert_null(take_start(h));
	send_gate(h, a, POWER_STATE_ON);
	assert_int_equal(ask(h, "POST /jobs/1/cancel", NULL), 200);
	assert_non_null(strstr(answer(h), "\"cancelling\""));
	assert_int_equal(count_wire(h, WIRE_ACT_CANCEL), 2); /* not for the one that was sent */
	assert_string_equal(state_of(h, 4), "cancelled");
	send_gate(h, b, POWER_STATE_ON); /* too late */
	mail_drop(take_gate_answer(h));
	struct act_gate_answer *no = take_gate_answer(h);
	assert_false(no->go);
	assert_int_equal(no->reason, ERR_CANCELLED);
	send_outcome(h, b, ACT_END_NOT_SENT, ERR_CANCELLED);
	send_outcome(h, c, ACT_END_NOT_SENT, ERR_UNREACHABLE);
	send_outcome(h, a, ACT_END_DONE, 0);
	assert_int_equal(query(h, "SELECT cancelled FROM job WHERE state = 2"), 3);
	assert_int_equal(query(h, "SELECT done FROM job"), 1);
	assert_int_equal(ask(h, "POST /jobs/1/cancel", NULL), 200); /* again does nothing */
	assert_non_null(strstr(answer(h), "\"final\""));
	assert_int_equal(ask(h, "POST /jobs/77/cancel", NULL), 404);
	mail_drop(no);
	mail_drop(a);
	mail_drop(b);
	mail_drop(c);
}

static void conversations_are_limited_in_the_zone_and_in_each_subnet(void **state)
{
	struct harness *h = *state;
	furnish(h, 8);
	for (int i = 6; i <= 8; i++)
		assert_int_equal(askf(h,
				      i == 6   ? "PATCH /devices/d6"
				      : i == 7 ? "PATCH /devices/d7"
					       : "PATCH /devices/d8",
				      "{\"amt\":\"10.1.0.%d\"}", i),
				 200);
	assert_int_equal(ask(h, "PUT /settings/in-flight-subnet", "{\"value\":\"2\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"all\":true}"), 200);
	assert_int_equal(machine_in_flight(h->z), 4);
	int most = 0;
	for (int left = 8; left; left--) {
		struct act_start *s = take_start(h);
		assert_non_null(s);
		most = (int)machine_in_flight(h->z) > most ? (int)machine_in_flight(h->z) : most;
		send_outcome(h, s, ACT_END_DONE, 0);
		mail_drop(s);
	}
	assert_int_equal(most, 4);
	assert_int_equal(ask(h, "PUT /settings/in-flight-zone", "{\"value\":\"3\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"all\":true}"), 200);
	assert_int_equal(machine_in_flight(h->z), 3);
	assert_int_equal(ask(h, "PUT /settings/in-flight-zone", "{\"value\":\"100\"}"), 200);
	assert_int_equal(machine_in_flight(h->z), 4);
}

/* Devices straight into the database: 10,000 commands are not what is measured. */
static void add_devices(struct harness *h, int n)
{
	struct sqlite3 *db;
	char sql[2048];
	assert_int_equal(sqlite3_open_v2(h->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	(void)snprintf(
		sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO device SELECT 1000000 + i, 3, 'm' || i, '', 0, 0, 0 FROM n;"
		"INSERT INTO amt SELECT id + 1000000, id, NULL, '10.' || (id %% 1000000 / 62500) || '.' ||"
		" (id %% 1000000 / 250 %% 250) || '.' || (id %% 250 + 1), 16992, 16993, 1,"
		" (SELECT id FROM credential), 1, 0, 0, 0 FROM device WHERE id > 1000000;"
		"INSERT INTO amt_state SELECT id, NULL, '', 0, NULL, '', '', 0, 0, 0, 0, 0, 0, 0, 0, '' FROM amt;",
		n);
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message))
		fail_msg("%s", message);
	sqlite3_close(db);
}

/* Answers all conversations in batches of the size that the thread makes. */
static void answer_in_batches(struct harness *h)
{
	while (h->wire) {
		struct mail *batch = NULL;
		for (int i = 0; i < ZONE_BATCH_MAX; i++) {
			struct act_start *s = take_start(h);
			if (!s)
				break;
			struct act_outcome *o = outcome_of(s, ACT_END_DONE, 0);
			o->mail.next = batch;
			batch = &o->mail;
			mail_drop(s);
		}
		if (!batch)
			break;
		harness_round(h, batch);
	}
}

static void ten_thousand_acts_cost_few_commits(void **state)
{
	struct harness *h = *state;
	furnish(h, 0);
	add_devices(h, 10000);
	int64_t before = metric_get(METRIC_zone_commits);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"all\":true}"), 200);
	assert_int_equal(answer_int(h, "total"), 10000);
	answer_in_batches(h);
	int64_t commits = metric_get(METRIC_zone_commits) - before;
	print_message("# 10000 status acts: %lld commits\n", (long long)commits);
	assert_int_equal(query(h, "SELECT done FROM job WHERE state = 2"), 10000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job_selection"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE action = 'credential.use'"), 1);
	assert_true(query(h, "SELECT COUNT(*) FROM event WHERE object = 1 AND kind = 'job'") <= 3);
	assert_true(commits <= 120);
}

static void a_job_that_is_cancelled_while_it_is_made_ends_without_a_start(void **state)
{
	struct harness *h = *state;
	struct zone_out out;
	furnish(h, 0);
	add_devices(h, 5000);
	struct zone_command *order = command_of(h, "POST /power", "{\"verb\":\"on\",\"all\":true}");
	struct zone_command *cancel = command_of(h, "POST /jobs/1/cancel", NULL);
	order->mail.next = &cancel->mail;
	cancel->mail.next = NULL;
	machine_round(h->z, &order->mail, NULL, &out);
	mail_free_all(out.to_api);
	assert_null(out.to_wire);
	harness_restart(h); /* in the middle */
	harness_pass(h, 1);
	assert_null(take_start(h));
	assert_int_equal(query(h, "SELECT cancelled FROM job WHERE state = 2"), 5000);
}

static void a_long_job_goes_on_where_it_was_after_a_restart(void **state)
{
	struct harness *h = *state;
	struct zone_out out;
	furnish(h, 0);
	add_devices(h, 4500);
	struct zone_command *order = command_of(h, "POST /power", "{\"verb\":\"status\",\"all\":true}");
	machine_round(h->z, &order->mail, NULL, &out);
	mail_free_all(out.to_api);
	mail_free_all(out.to_wire);
	int64_t made = query(h, "SELECT COUNT(*) FROM act");
	assert_true(made <= 1000);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job_selection"), 5 - made / 1000);
	/* A device that comes now is not meant; one that goes is accounted for. */
	harness_restart(h);
	harness_pass(h, 1);
	answer_in_batches(h);
	assert_int_equal(query(h, "SELECT done FROM job WHERE state = 2"), 4500);
	assert_int_equal(query(h, "SELECT COUNT(DISTINCT device) FROM act"), 4500);
}

/* Counts the starts of the seconds that pass. */
static void count_starts(struct harness *h, int seconds, int *starts)
{
	for (int i = 0; i < seconds; i++) {
		struct act_start *s;
		starts[i] = 0;
		while ((s = take_start(h))) {
			starts[i]++;
			send_outcome(h, s, ACT_END_ALREADY, 0);
			mail_drop(s);
		}
		harness_pass(h, 1000);
	}
}

static void computers_of_a_folder_are_switched_on_at_its_rate(void **state)
{
	static const int paced[] = {1, 0, 1, 0, 1, 0, 1, 0}, at_once[] = {8, 0, 0, 0, 0, 0, 0, 0};
	static const int mixed[] = {5, 0, 1, 0, 1, 0, 1, 0};
	struct harness *h = *state;
	int starts[8];
	furnish(h, 8);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true}"), 200);
	count_starts(h, 8, starts);
	assert_memory_equal(starts, at_once, sizeof(starts)); /* without a bound */
	assert_int_equal(ask(h, "PUT /settings/power-on-rate", "{\"value\":\"5\",\"at\":\"/Workstations/\"}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"all\":true,\"confirm\":8}"), 200);
	count_starts(h, 8, starts);
	assert_memory_equal(starts, at_once, sizeof(starts)); /* off is not bound */
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\",\"d2\",\"d3\",\"d4\"]}"), 200);
	count_starts(h, 8, starts);
	assert_memory_equal(starts, paced, sizeof(starts)); /* five in ten seconds */
	for (int i = 5; i <= 8; i++) {
		char what[32];
		(void)snprintf(what, sizeof(what), "PATCH /devices/d%d", i);
		assert_int_equal(ask(h, what, "{\"folder\":\"/Servers/\"}"), 200);
	}
	harness_pass(h, 2000);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"all\":true}"), 200);
	count_starts(h, 8, starts);
	assert_memory_equal(starts, mixed, sizeof(starts));                         /* another folder does not wait */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state <> 4"), 0); /* all were done */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_status_act_goes_from_the_command_to_done),
		ZONE_TEST(an_order_goes_round_twice_and_is_sent_once),
		ZONE_TEST(devices_are_chosen_by_name_folder_tag_and_all_and_each_once),
		ZONE_TEST(unknown_and_missing_targets_are_named_and_nothing_happens),
		ZONE_TEST(a_device_that_is_not_set_up_fails_with_what_it_lacks),
		ZONE_TEST(off_reset_and_cycle_of_many_are_repeated_with_their_number),
		ZONE_TEST(one_device_is_never_many),
		ZONE_TEST(protected_devices_are_left_out_of_what_harms),
		ZONE_TEST(protected_devices_come_last_and_alone_when_they_are_asked_for),
		ZONE_TEST(the_machine_of_the_server_is_protected_by_its_uuid),
		ZONE_TEST(the_same_key_gives_the_same_job),
		ZONE_TEST(what_is_not_sent_can_be_cancelled),
		ZONE_TEST(conversations_are_limited_in_the_zone_and_in_each_subnet),
		ZONE_TEST(ten_thousand_acts_cost_few_commits),
		ZONE_TEST(a_job_that_is_cancelled_while_it_is_made_ends_without_a_start),
		ZONE_TEST(computers_of_a_folder_are_switched_on_at_its_rate),
		ZONE_TEST(a_long_job_goes_on_where_it_was_after_a_restart),
	};
	return cmocka_run_group_tests_name("zone/power", tests, NULL, NULL);
}
