/* The breaker of a subnet: by itself, and what it does to the acts of a zone. */
#include "harness.h"

#include "base/metric.h"
#include "zone/breaker.h"

static const struct breaker_rule half = {.share = 50, .pause_ms = 30000};

/* So many places are tried, all at once. Answers whether the breaker changed. */
static enum breaker_change try_places(struct breaker *b, int from, int n, bool reached)
{
	enum breaker_change any = BREAKER_SAME;
	for (int i = from; i < from + n; i++)
		breaker_start(b, (uint8_t)i, &half, 0);
	for (int i = from; i < from + n; i++) {
		enum breaker_change change = breaker_end(b, (uint8_t)i, reached, false, &half, 0);
		any = any ? any : change;
	}
	return any;
}

static void it_opens_at_its_share_of_twenty_or_more(void **state)
{
	static const struct {
		int reached, failed;
		enum breaker_change change;
	} rows[] = {
		{0, 19, BREAKER_SAME},    {0, 20, BREAKER_OPENED}, {10, 9, BREAKER_SAME},      {11, 9, BREAKER_SAME},
		{10, 10, BREAKER_OPENED}, {100, 99, BREAKER_SAME}, {100, 100, BREAKER_OPENED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct breaker b = {.open = false};
		assert_int_equal(try_places(&b, 0, rows[i].reached, true), BREAKER_SAME);
		assert_int_equal(try_places(&b, rows[i].reached, rows[i].failed, false), rows[i].change);
		assert_int_equal(b.open, rows[i].change == BREAKER_OPENED);
		assert_int_equal(breaker_tried(&b), rows[i].reached + rows[i].failed);
		assert_int_equal(breaker_failed(&b), rows[i].failed);
	}
	(void)state;
}

static void it_counts_devices_and_not_tries(void **state)
{
	struct breaker b = {.open = false};
	(void)state;
	try_places(&b, 0, 200, true);
	for (int round = 0; round < 100; round++)
		assert_int_equal(try_places(&b, 200, 25, false), BREAKER_SAME);
	assert_int_equal(breaker_failed(&b), 25);
	/* A place that failed and is reached later counts no more. */
	try_places(&b, 200, 5, true);
	assert_int_equal(breaker_failed(&b), 20);
}

static void who_is_still_being_tried_counts_as_not_failed(void **state)
{
	struct breaker b = {.open = false};
	(void)state;
	for (int i = 0; i < 60; i++)
		breaker_start(&b, (uint8_t)i, &half, 0);
	for (int i = 0; i < 29; i++)
		assert_int_equal(breaker_end(&b, (uint8_t)i, false, false, &half, 0), BREAKER_SAME);
	assert_int_equal(breaker_end(&b, 29, false, false, &half, 0), BREAKER_OPENED);
}

static void open_it_lets_one_through_after_each_pause_until_one_succeeds(void **state)
{
	struct breaker b = {.open = false};
	(void)state;
	try_places(&b, 0, 20, false);
	assert_false(breaker_lets_through(&b));
	assert_int_equal(b.try_at, 30000);
	/* One that began before says nothing new. */
	assert_int_equal(breaker_end(&b, 7, true, false, &half, 1), BREAKER_SAME);
	b.may_try = true;
	assert_true(breaker_lets_through(&b));
	breaker_start(&b, 3, &half, 40000);
	assert_false(breaker_lets_through(&b));
	assert_int_equal(b.try_at, 70000);
	assert_int_equal(breaker_end(&b, 3, false, true, &half, 45000), BREAKER_SAME);
	assert_int_equal(breaker_end(&b, 3, true, true, &half, 75000), BREAKER_CLOSED);
	assert_true(breaker_lets_through(&b));
	assert_int_equal(breaker_tried(&b), 0);
}

static void a_share_of_zero_never_opens_it(void **state)
{
	static const struct breaker_rule never = {.share = 0, .pause_ms = 30000};
	struct breaker b = {.open = false};
	(void)state;
	for (int i = 0; i < 256; i++)
		assert_int_equal(breaker_end(&b, (uint8_t)i, false, false, &never, 0), BREAKER_SAME);
}

/* All 40 devices are ordered; whatever starts fails to connect. Answers how many started. */
static int order_and_fail(struct harness *h, const char *verb, int reason)
{
	struct act_start *s;
	int n = 0;
	assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"all\":true,\"confirm\":40}", verb), 200);
	struct mail *chain = NULL, **end = &chain;
	while ((s = take_start(h))) {
		struct mail *m = &outcome_of(s, ACT_END_NOT_SENT, reason)->mail;
		*end = m;
		end = &m->next;
		mail_drop(s);
		n++;
	}
	harness_round(h, chain);
	return n;
}

static void succeed(struct harness *h, const struct act_start *s)
{
	struct act_outcome *o = outcome_of(s, ACT_END_DONE, 0);
	o->learned.answered = true;
	harness_round(h, &o->mail);
}

static void acts_of_a_subnet_that_is_down_wait_and_go_on_when_a_try_succeeds(void **state)
{
	struct harness *h = *state;
	furnish(h, 40);
	int64_t opened = metric_get(METRIC_breakers_opened);
	assert_int_equal(order_and_fail(h, "status", ERR_UNREACHABLE), 40);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 5"), 40);
	assert_int_equal(metric_get(METRIC_breakers_opened), opened + 1);
	assert_int_equal(metric_get(METRIC_breakers_open), 1);
	assert_non_null(strstr(buf_cstr(&h->events), "subnet changed"));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM message WHERE number = 220"), 1);

	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"all\":true}"), 200);
	assert_null(take_start(h));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 0 AND reason = 48"), 40);
	assert_string_equal(query_text(h, "SELECT detail FROM act WHERE state = 0"),
			    "waits for the breaker of 10.0.0.0/24: 40 of 40 addresses tried there cannot be reached");

	/* One try every 30 s. */
	harness_pass(h, 29900);
	assert_null(take_start(h));
	harness_pass(h, 200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	assert_null(take_start(h));
	send_outcome(h, s, ACT_END_NOT_SENT, ERR_UNREACHABLE);
	mail_drop(s);
	harness_pass(h, 29000);
	assert_null(take_start(h));
	harness_pass(h, 1100);
	s = take_start(h);
	assert_non_null(s);
	assert_null(take_start(h));
	succeed(h, s);
	mail_drop(s);
	assert_int_equal(metric_get(METRIC_breakers_open), 0);
	int n = 0;
	while ((s = take_start(h))) {
		succeed(h, s);
		mail_drop(s);
		n++;
	}
	assert_int_equal(n, 38);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM message WHERE number = 221"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 3 AND reason = 0"), 39);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 0"), 0);
}

static void what_waits_for_a_breaker_expires_with_that_reason(void **state)
{
	struct harness *h = *state;
	furnish(h, 40);
	order_and_fail(h, "status", ERR_REFUSED_PORT);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\",\"d2\"],\"deadline\":20000}"),
			 200);
	harness_pass(h, 19999);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 0"), 2);
	harness_pass(h, 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 8 AND reason = 48"), 2);
	assert_int_equal(query(h, "SELECT expired FROM job WHERE id = (SELECT MAX(id) FROM job)"), 2);
}

static void other_subnets_and_other_failures_are_not_held_back(void **state)
{
	static const int reasons[] = {ERR_NO_ANSWER, ERR_WRONG_PASSWORD, ERR_NAME_UNRESOLVED, ERR_LOST_CONNECTION};
	struct harness *h = *state;
	furnish(h, 40);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		assert_int_equal(order_and_fail(h, "status", reasons[i]), 40);
	order_and_fail(h, "status", ERR_UNREACHABLE);
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"far\",\"amt\":\"10.0.1.1\",\"credential\":\"lab\"}"),
			 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\",\"far\"]}"), 200);
	struct act_start *s = take_start(h);
	assert_string_equal(s->at.host, "10.0.1.1");
	assert_null(take_start(h));
	mail_drop(s);
}

static void it_can_be_switched_off_while_it_is_open(void **state)
{
	struct harness *h = *state;
	furnish(h, 40);
	order_and_fail(h, "status", ERR_UNREACHABLE);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	assert_null(take_start(h));
	assert_int_equal(ask(h, "PUT /settings/breaker-share", "{\"value\":\"0\"}"), 200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	mail_drop(s);
	assert_int_equal(metric_get(METRIC_breakers_open), 0);
}

static void an_orders_settling_does_not_wait_for_it(void **state)
{
	struct harness *h = *state;
	furnish(h, 40);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	send_gate(h, s, POWER_STATE_ON);
	mail_drop(take_gate_answer(h));
	send_outcome(h, s, ACT_END_DOUBT, ERR_NO_REPLY);
	mail_drop(s);
	order_and_fail(h, "status", ERR_UNREACHABLE);
	assert_int_equal(metric_get(METRIC_breakers_open), 1);
	harness_pass(h, 60100);
	bool settles = false;
	while ((s = take_start(h))) {
		settles = settles || s->mode == ACT_SETTLE;
		mail_drop(s);
	}
	assert_true(settles);
}

static void a_zone_without_memory_holds_back_the_same(void **state)
{
	char ends[2][4096];
	for (int forgetful = 0; forgetful < 2; forgetful++) {
		struct harness *h = harness_new(3);
		h->forgetful = forgetful;
		furnish(h, 40);
		order_and_fail(h, "status", ERR_UNREACHABLE);
		assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"all\":true}"), 200);
		harness_pass(h, 30100);
		struct act_start *s = take_start(h);
		assert_null(take_start(h));
		succeed(h, s);
		mail_drop(s);
		(void)snprintf(ends[forgetful], sizeof(ends[0]), "%s",
			       query_text(h, "SELECT group_concat(x) FROM (SELECT d.name || ' ' || a.state || ' ' ||"
					     " a.reason AS x FROM act a JOIN device d ON d.id = a.device"
					     " ORDER BY a.job, d.name)"));
		harness_free(h);
	}
	assert_string_equal(ends[0], ends[1]);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_opens_at_its_share_of_twenty_or_more),
		cmocka_unit_test(it_counts_devices_and_not_tries),
		cmocka_unit_test(who_is_still_being_tried_counts_as_not_failed),
		cmocka_unit_test(open_it_lets_one_through_after_each_pause_until_one_succeeds),
		cmocka_unit_test(a_share_of_zero_never_opens_it),
		ZONE_TEST(acts_of_a_subnet_that_is_down_wait_and_go_on_when_a_try_succeeds),
		ZONE_TEST(what_waits_for_a_breaker_expires_with_that_reason),
		ZONE_TEST(other_subnets_and_other_failures_are_not_held_back),
		ZONE_TEST(it_can_be_switched_off_while_it_is_open),
		ZONE_TEST(an_orders_settling_does_not_wait_for_it),
		cmocka_unit_test(a_zone_without_memory_holds_back_the_same),
	};
	return cmocka_run_group_tests_name("zone/breaker", tests, NULL, NULL);
}
