/* Orders with a boot choice: what is accepted, how the choice travels, and what happens to it when its order does not
 * follow: a conversation that broke, a process that died, a hold, a person who cancels. */
#include "harness.h"

#include <string.h>

#include "store/act.h"
#include "zone/zone.h"

static struct act_start *order(struct harness *h, const char *verb, const char *boot)
{
	assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"targets\":[\"d1\"],\"boot\":\"%s\"}", verb, boot),
			 200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	return s;
}

static void send_left(struct harness *h, const struct act_start *s, enum act_end end, int reason, bool left)
{
	struct act_outcome *o = outcome_of(s, end, reason);
	o->boot_left = left;
	harness_round(h, &o->mail);
}

static int64_t unboots(struct harness *h)
{
	return query(h, "SELECT COUNT(*) FROM job WHERE verb = 7");
}

/* The act that takes the choice back, as wire gets it; it is answered well. */
static void expect_unboot(struct harness *h)
{
	assert_int_equal(unboots(h), 1);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	assert_int_equal(s->verb, VERB_UNBOOT);
	assert_int_equal(s->boot, BOOT_NONE);
	assert_string_equal(s->at.host, "10.0.0.1");
	send_outcome(h, s, ACT_END_DONE, 0);
	assert_string_equal(state_of(h, (int64_t)s->act), "done");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job WHERE state < 2"), 0);
	mail_drop(s);
}

static void a_boot_choice_goes_with_on_reset_and_cycle_alone(void **state)
{
	static const struct {
		const char *verb, *boot;
		int status;
		const char *says;
	} rows[] = {
		{"on", "pxe", 200, "\"boot\":\"pxe\""},
		{"reset", "bios", 200, "\"boot\":\"bios\""},
		{"cycle", "cd", 200, "\"boot\":\"cd\""},
		{"cycle", "disk", 200, "\"boot\":\"disk\""},
		{"off", "pxe", 400, "\\\"off\\\" boots nothing; a boot choice goes with on, reset or cycle"},
		{"status", "pxe", 400, "\\\"status\\\" boots nothing; a boot choice goes with on, reset or cycle"},
		{"on", "floppy", 400, "boot choice \\\"floppy\\\" is none of bios, pxe, disk or cd"},
		{"on", "PXE", 400, "boot choice \\\"PXE\\\" is none of bios, pxe, disk or cd"},
		{"on", "", 400, "boot choice \\\"\\\" is none of bios, pxe, disk or cd"},
		{"unboot", "pxe", 400, "is none of on, off, reset, cycle, status"},
	};
	struct harness *h = *state;
	furnish(h, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = askf(h, "POST /power", "{\"verb\":\"%s\",\"targets\":[\"d1\"],\"boot\":\"%s\"}",
				  rows[i].verb, rows[i].boot);
		if (status != rows[i].status || !strstr(answer(h), rows[i].says))
			fail_msg("%s %s: %d %s", rows[i].verb, rows[i].boot, status, answer(h));
	}
	assert_int_equal(query(h, "SELECT COUNT(*) FROM job"), 4);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"), 200);
	assert_non_null(strstr(answer(h), "\"boot\":null"));
}

static void the_choice_travels_with_the_job(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset", "pxe");
	assert_int_equal(s->boot, BOOT_PXE);
	assert_string_equal(query_text(h, "SELECT options FROM job"), "{\"boot\":\"pxe\"}");
	let_through(h, s);
	send_left(h, s, ACT_END_DONE, 0, false);
	assert_string_equal(state_of(h, 1), "done");
	assert_non_null(strstr(query_text(h, "SELECT body FROM event WHERE kind = 'act'"), "\\\"boot\\\":\\\"pxe\\\""));
	assert_int_equal(unboots(h), 0);
	mail_drop(s);
	assert_int_equal(ask(h, "POST /power",
			     "{\"verb\":\"cycle\",\"targets\":[\"d1\"],\"boot\":\"cd\",\"include-protected\":true}"),
			 200);
	assert_string_equal(query_text(h, "SELECT options FROM job WHERE id = 2"),
			    "{\"include_protected\":true,\"boot\":\"cd\"}");
}

static void a_key_means_one_choice(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"],\"boot\":\"pxe\",\"key\":\"k\"}"),
			 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"],\"boot\":\"pxe\",\"key\":\"k\"}"),
			 200);
	assert_int_equal(answer_int(h, "job"), 1);
	assert_non_null(strstr(answer(h), "\"boot\":\"pxe\""));
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"],\"key\":\"k\"}"), 409);
	assert_non_null(strstr(answer(h), "which is on with boot choice pxe"));
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"],\"boot\":\"cd\",\"key\":\"k\"}"),
			 409);
}

static void what_a_conversation_left_is_taken_back_by_an_act_of_its_own(void **state)
{
	static const struct {
		enum act_end end;
		int reason;
		bool sent, left;
		const char *state;
		int unboots;
	} rows[] = {
		{ACT_END_FAILED, ERR_BOOT_UNSUPPORTED, false, false, "failed", 0},
		{ACT_END_FAILED, ERR_DEVICE_FAULT, false, true, "failed", 1},
		{ACT_END_FAILED, ERR_SESSION_OPEN, true, false, "failed", 0},
		{ACT_END_FAILED, ERR_NO_CHANGE, true, true, "failed", 1},
		{ACT_END_NOT_SENT, ERR_LOST_CONNECTION, false, true, "queued", 0}, /* tried again: written anew */
		{ACT_END_REFUSED, ERR_DEVICE_BUSY, true, true, "queued", 0},
		{ACT_END_DONE, 0, true, false, "done", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct harness *h = harness_new(5);
		furnish(h, 1);
		struct act_start *s = order(h, "reset", "pxe");
		if (rows[i].sent)
			let_through(h, s);
		send_left(h, s, rows[i].end, rows[i].reason, rows[i].left);
		if (strcmp(state_of(h, 1), rows[i].state) != 0 || unboots(h) != rows[i].unboots)
			fail_msg("row %zu: %s, %d unboots", i, state_of(h, 1), (int)unboots(h));
		if (rows[i].unboots)
			expect_unboot(h);
		mail_drop(s);
		harness_free(h);
	}
}

/* The process dies when the settings may have been written, before the order. */
static void die_before_the_gate(struct harness *h)
{
	mail_drop(order(h, "reset", "pxe"));
	harness_restart(h);
	harness_round(h, NULL);
}

static void after_a_crash_the_order_is_taken_up_with_its_choice(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	die_before_the_gate(h);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	assert_int_equal(s->boot, BOOT_PXE);
	assert_int_equal(s->fence, 2);
	let_through(h, s);
	send_left(h, s, ACT_END_DONE, 0, false);
	assert_string_equal(state_of(h, 1), "done");
	assert_int_equal(unboots(h), 0);
	assert_null(take_start(h));
	mail_drop(s);
}

static void after_a_crash_and_a_cancel_the_choice_is_taken_back(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	die_before_the_gate(h);
	struct act_start *s = take_start(h);
	assert_int_equal(ask(h, "POST /jobs/1/cancel", NULL), 200);
	struct mail *cancel = take_wire(h, WIRE_ACT_CANCEL);
	assert_non_null(cancel);
	send_left(h, s, ACT_END_NOT_SENT, ERR_CANCELLED, true); /* it could not be taken back in time */
	assert_string_equal(state_of(h, 1), "cancelled");
	expect_unboot(h);
	mail_drop(cancel);
	mail_drop(s);
}

static void a_cancel_while_it_waits_to_be_tried_again_takes_it_back(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset", "pxe");
	send_left(h, s, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, true);
	assert_string_equal(state_of(h, 1), "queued");
	assert_int_equal(ask(h, "POST /jobs/1/cancel", NULL), 200);
	harness_round(h, NULL);
	assert_string_equal(state_of(h, 1), "cancelled");
	expect_unboot(h);
	mail_drop(s);
}

static void a_deadline_that_passes_while_it_waits_takes_it_back(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(
		ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"],\"boot\":\"cd\",\"deadline\":1000}"),
		200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	mail_drop(s);
	harness_restart(h);
	clock_advance(h->clock, 5000); /* while no process runs */
	harness_round(h, NULL);
	harness_pass(h, 100);
	assert_string_equal(state_of(h, 1), "expired");
	expect_unboot(h);
}

static void a_hold_stops_the_order_and_not_the_taking_back(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset", "pxe");
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"zone\"}"), 200);
	send_gate(h, s, POWER_STATE_ON);
	struct act_gate_answer *a = take_gate_answer(h);
	assert_false(a->go);
	assert_int_equal(a->reason, ERR_HELD);
	send_left(h, s, ACT_END_NOT_SENT, ERR_HELD, true);
	assert_string_equal(state_of(h, 1), "cancelled");
	expect_unboot(h);
	mail_drop(a);
	mail_drop(s);
}

static void in_doubt_the_choice_is_left_alone_until_it_is_settled(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset", "pxe");
	let_through(h, s);
	send_left(h, s, ACT_END_DOUBT, ERR_NO_REPLY, true);
	mail_drop(s);
	assert_int_equal(unboots(h), 0);
	while (strcmp(state_of(h, 1), "sent") == 0) {
		harness_pass(h, 1000);
		if ((s = take_start(h))) {
			if (s->verb == VERB_UNBOOT)
				break;
			assert_int_equal(s->mode, ACT_SETTLE);
			send_outcome(h, s, ACT_END_DOUBT, ERR_NO_REPLY);
			mail_drop(s);
		}
	}
	assert_string_equal(state_of(h, 1), "unknown");
	assert_int_equal(unboots(h), 1);
	s = s && s->verb == VERB_UNBOOT ? s : take_start(h);
	assert_int_equal(s->verb, VERB_UNBOOT);
	mail_drop(s);
}

static void taking_back_comes_before_what_waits_at_the_device_and_is_repeated(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset", "pxe");
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"), 200);
	send_left(h, s, ACT_END_FAILED, ERR_DEVICE_FAULT, true);
	mail_drop(s);
	s = take_start(h);
	assert_int_equal(s->verb, VERB_UNBOOT);
	send_outcome(h, s, ACT_END_NOT_SENT, ERR_UNREACHABLE);
	assert_string_equal(state_of(h, (int64_t)s->act), "queued");
	mail_drop(s);
}

static void no_other_order_uses_what_was_left(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	struct act_start *s = order(h, "reset", "pxe");
	assert_false(s->boot_left);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM boot_left"), 1);
	send_left(h, s, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, true); /* waits to be tried again */
	mail_drop(s);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	s = take_start(h);
	assert_false(s->boot_left);
	send_outcome(h, s, ACT_END_DONE, 0);
	mail_drop(s);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM boot_left"), 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"]}"), 200);
	s = take_start(h);
	assert_int_equal(s->verb, VERB_RESET);
	assert_int_equal(s->boot, BOOT_NONE);
	assert_true(s->boot_left);
	mail_drop(s);
	harness_restart(h); /* it is on disk */
	harness_round(h, NULL);
	s = take_start(h);
	assert_true(s->boot_left && s->boot == BOOT_NONE);
	let_through(h, s);
	send_left(h, s, ACT_END_DONE, 0, false);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM boot_left"), 0);
	mail_drop(s);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d2\"]}"), 200);
	s = take_start(h);
	assert_false(s->boot_left);
	mail_drop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_boot_choice_goes_with_on_reset_and_cycle_alone),
		ZONE_TEST(the_choice_travels_with_the_job),
		ZONE_TEST(a_key_means_one_choice),
		ZONE_TEST(what_a_conversation_left_is_taken_back_by_an_act_of_its_own),
		ZONE_TEST(after_a_crash_the_order_is_taken_up_with_its_choice),
		ZONE_TEST(after_a_crash_and_a_cancel_the_choice_is_taken_back),
		ZONE_TEST(a_cancel_while_it_waits_to_be_tried_again_takes_it_back),
		ZONE_TEST(a_deadline_that_passes_while_it_waits_takes_it_back),
		ZONE_TEST(a_hold_stops_the_order_and_not_the_taking_back),
		ZONE_TEST(in_doubt_the_choice_is_left_alone_until_it_is_settled),
		ZONE_TEST(no_other_order_uses_what_was_left),
		ZONE_TEST(taking_back_comes_before_what_waits_at_the_device_and_is_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
