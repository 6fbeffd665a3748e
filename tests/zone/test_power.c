/* Orders of people: from the command to the counts of the job. */
#include "harness.h"

#include "zone/zone.h"

static void a_status_act_goes_from_the_command_to_done(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	int64_t job = answer_int(h, "job");
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
	assert_int_equal(query(h, "SELECT state FROM job"), 2);
	assert_int_equal(query(h, "SELECT done FROM job"), 1);
	assert_int_equal(query(h, "SELECT power FROM amt_state"), POWER_STATE_ON);
	assert_int_equal(query(h, "SELECT seen_at FROM amt_state"), clock_wall_ms(h->clock));
	assert_non_null(strstr(buf_cstr(&h->events), "job final"));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE action = 'credential.use'"), 1);
	assert_int_equal(job, 1);
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
	assert_null(take_gate_answer(h));
	send_outcome(h, s, ACT_END_DONE, 0);
	assert_string_equal(state_of(h, (int64_t)s->act), "done");
	assert_non_null(strstr(buf_cstr(&h->events), "act final"));
	mail_drop(a);
	mail_drop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_status_act_goes_from_the_command_to_done),
		ZONE_TEST(an_order_goes_round_twice_and_is_sent_once),
	};
	return cmocka_run_group_tests_name("zone/power", tests, NULL, NULL);
}
