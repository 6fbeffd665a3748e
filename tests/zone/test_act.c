/* Every edge of the table of states, and who may not pass it. */
#include "harness.h"

#include "store/act.h"
#include "zone/zone.h"

static struct act_start *order(struct harness *h, const char *verb)
{
	assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"targets\":[\"d1\"]}", verb), 200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	return s;
}

/* Into doubt, and past the drain: answers the settling conversation. */
static struct act_start *let_settle(struct harness *h, struct act_start *s)
{
	let_through(h, s);
	send_outcome(h, s, ACT_END_DOUBT, ERR_NO_REPLY);
	assert_string_equal(state_of(h, (int64_t)s->act), "sent");
	assert_null(take_start(h));
	harness_pass(h, 59900);
	assert_null(take_start(h)); /* R5 */
	harness_pass(h, 200);
	struct act_start *settle = take_start(h);
	assert_non_null(settle);
	assert_int_equal(settle->mode, ACT_SETTLE);
	assert_int_equal(settle->power_before, POWER_STATE_ON);
	assert_int_equal(settle->fence, s->fence);
	assert_true(strncmp(settle->message_id, "uuid:", 5) == 0);
	mail_drop(s);
	return settle;
}

enum stage { CLAIMED, SENT, DOUBT };

static const struct edge {
	const char *verb;
	enum stage stage;
	enum act_end end;
	int reason;
	const char *state, *why;
} edges[] = {
	{"status", CLAIMED, ACT_END_DONE, 0, "done", "ok"},
	{"status", CLAIMED, ACT_END_FAILED, ERR_WRONG_PASSWORD, "failed", "wrong_password"},
	{"status", CLAIMED, ACT_END_NOT_SENT, ERR_UNREACHABLE, "failed", "unreachable"}, /* reads are tried once */
	{"status", CLAIMED, ACT_END_REFUSED, ERR_DEVICE_BUSY, "failed", "device_busy"},
	{"on", CLAIMED, ACT_END_ALREADY, 0, "already", "ok"},
	{"on", CLAIMED, ACT_END_DONE, 0, "failed", "failed"}, /* never let go: cannot be */
	{"on", CLAIMED, ACT_END_FAILED, ERR_INVALID_STATE, "failed", "invalid_state"},
	{"on", CLAIMED, ACT_END_NOT_SENT, ERR_UNREACHABLE, "queued", "unreachable"},
	{"on", CLAIMED, ACT_END_NOT_SENT, ERR_WRONG_PASSWORD, "failed", "wrong_password"},
	{"on", CLAIMED, ACT_END_NOT_SENT, ERR_NET_NOT_ALLOWED, "failed", "net_not_allowed"},
	{"on", CLAIMED, ACT_END_NOT_SENT, ERR_CANCELLED, "queued", "ok"}, /* wire stops */
	{"on", CLAIMED, ACT_END_REFUSED, ERR_DEVICE_BUSY, "queued", "device_busy"},
	{"on", CLAIMED, ACT_END_DOUBT, ERR_NO_REPLY, "failed", "no_reply"}, /* no order can have left */
	{"reset", SENT, ACT_END_DONE, 0, "done", "ok"},
	{"on", SENT, ACT_END_FAILED, ERR_NO_CHANGE, "failed", "no_change"},
	{"reset", SENT, ACT_END_FAILED, ERR_ACCESS_DENIED, "failed", "access_denied"},
	{"reset", SENT, ACT_END_NOT_SENT, ERR_TIMEOUT, "queued", "timeout"}, /* R8 */
	{"reset", SENT, ACT_END_REFUSED, ERR_DEVICE_BUSY, "queued", "device_busy"},
	{"reset", SENT, ACT_END_REFUSED, ERR_WRONG_PASSWORD, "queued", "wrong_password"}, /* a complete 401 */
	{"reset", SENT, ACT_END_DOUBT, ERR_BAD_REPLY, "sent", "bad_reply"},
	{"reset", SENT, ACT_END_ALREADY, 0, "sent", "ok"},  /* nonsense after sending is doubt */
	{"reset", SENT, ACT_END_NOT_DONE, 0, "sent", "ok"}, /* too early to prove it */
	{"reset", DOUBT, ACT_END_DONE, 0, "done", "ok"},
	{"off", DOUBT, ACT_END_FAILED, ERR_NO_CHANGE, "failed", "no_change"},
	{"reset", DOUBT, ACT_END_NOT_DONE, 0, "queued", "ok"}, /* R4, R6 */
	{"reset", DOUBT, ACT_END_DOUBT, ERR_NO_REPLY, "sent", "no_reply"},
	{"reset", DOUBT, ACT_END_NOT_SENT, ERR_UNREACHABLE, "sent", "no_reply"},
	{"reset", DOUBT, ACT_END_REFUSED, ERR_DEVICE_BUSY, "sent", "no_reply"},
	{"reset", DOUBT, ACT_END_ALREADY, 0, "sent", "no_reply"},
};

static void every_outcome_leads_where_the_table_says(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		const struct edge *g = &edges[i];
		struct harness *h = harness_new(3);
		furnish(h, 1);
		struct act_start *s = order(h, g->verb);
		if (g->stage == SENT)
			let_through(h, s);
		else if (g->stage == DOUBT)
			s = let_settle(h, s);
		send_outcome(h, s, g->end, g->reason);
		if (strcmp(state_of(h, (int64_t)s->act), g->state) || strcmp(reason_of(h, (int64_t)s->act), g->why))
			fail_msg("row %zu: %s %s", i, state_of(h, (int64_t)s->act), reason_of(h, (int64_t)s->act));
		mail_drop(s);
		harness_free(h);
	}
}

static void an_unreachable_device_is_tried_again_with_growing_pauses_and_then_failed(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "on");
	int64_t act = (int64_t)s->act, last = clock_wall_ms(h->clock), pause = 0;
	for (uint32_t n = 1; n <= 4; n++) {
		assert_non_null(s);
		assert_int_equal(s->fence, n);
		send_outcome(h, s, ACT_END_NOT_SENT, ERR_UNREACHABLE);
		mail_drop(s);
		s = NULL;
		while (n < 4 && !(s = take_start(h)))
			harness_pass(h, 100);
		int64_t waited = clock_wall_ms(h->clock) - last;
		assert_true(n == 4 || waited >= pause);
		last = clock_wall_ms(h->clock);
		pause = waited;
	}
	assert_string_equal(state_of(h, act), "failed");
	assert_string_equal(reason_of(h, act), "unreachable");
	assert_int_equal(query(h, "SELECT attempt FROM act"), 4);
	assert_int_equal(query(h, "SELECT failed FROM job WHERE state = 2"), 1);
}

static void what_was_tried_fails_at_its_deadline_and_what_was_never_tried_expires(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "PUT /settings/act-tries", "{\"value\":\"1000\"}"), 200);
	struct act_start *s = order(h, "on");
	assert_int_equal(askf(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"],\"deadline\":5000}"), 200);
	harness_pass(h, 4999);
	assert_string_equal(state_of(h, 2), "queued"); /* behind the first */
	harness_pass(h, 1);
	assert_string_equal(state_of(h, 2), "expired");
	assert_string_equal(reason_of(h, 2), "expired");
	for (int64_t end = HARNESS_START_MS + 700000; clock_wall_ms(h->clock) < end; harness_pass(h, 1000)) {
		if (!s)
			continue;
		send_outcome(h, s, ACT_END_NOT_SENT, ERR_UNREACHABLE);
		mail_drop(s);
		s = take_start(h);
		while (!s && clock_wall_ms(h->clock) < end) {
			harness_pass(h, 1000);
			s = take_start(h);
		}
	}
	mail_drop(s);
	assert_string_equal(state_of(h, 1), "failed");
	assert_string_equal(reason_of(h, 1), "unreachable");
	assert_true(query(h, "SELECT ended_at FROM act WHERE id = 1") <= HARNESS_START_MS + 600000);
}

static void refused_at_gate(struct harness *h, struct act_start *s, int reason)
{
	send_gate(h, s, POWER_STATE_ON);
	struct act_gate_answer *a = take_gate_answer(h);
	assert_false(a->go);
	assert_int_equal(a->reason, reason);
	assert_string_equal(state_of(h, (int64_t)s->act), "claimed");
	assert_int_equal(query(h, "SELECT sent_at FROM act"), 0);
	mail_drop(a);
}

static void a_hold_closes_the_gate_and_cancels_the_act(void **state)
{
	static const char *const targets[] = {"zone", "/", "/Workstations/", "d1"};
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct harness *h = harness_new(3);
		furnish(h, 1);
		struct act_start *s = order(h, "reset");
		assert_int_equal(askf(h, "POST /holds", "{\"target\":\"%s\"}", targets[i]), 200);
		refused_at_gate(h, s, ERR_HELD);
		send_outcome(h, s, ACT_END_NOT_SENT, ERR_HELD);
		assert_string_equal(state_of(h, 1), "cancelled");
		assert_string_equal(reason_of(h, 1), "held");
		/* One that comes later is not even claimed; reads go on. */
		assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\"]}"), 200);
		assert_null(take_start(h));
		assert_int_equal(query(h, "SELECT COUNT(*) FROM act WHERE state = 7"), 2);
		mail_drop(s);
		s = order(h, "status");
		mail_drop(s);
		assert_int_equal(askf(h, "POST /holds/remove", "{\"target\":\"%s\"}", targets[i]), 204);
		harness_free(h);
	}
	(void)state;
}

static void a_hold_elsewhere_stops_nothing(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	assert_int_equal(ask(h, "POST /folders", "{\"path\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"/Workstations/lab/\"}"), 200);
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"d2\"}"), 200);
	struct act_start *s = order(h, "reset");
	let_through(h, s);
	mail_drop(s);
}

static void the_gate_stays_closed_behind_the_deadline(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d1\"],\"deadline\":2000}"), 200);
	struct act_start *s = take_start(h);
	harness_pass(h, 2000);
	refused_at_gate(h, s, ERR_EXPIRED);
	send_outcome(h, s, ACT_END_NOT_SENT, ERR_EXPIRED);
	assert_string_equal(state_of(h, 1), "expired");
	mail_drop(s);
}

static void the_gate_stays_closed_when_the_lease_is_over(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset");
	clock_advance(h->clock, 30001); /* the process stood still: nothing was renewed */
	send_gate(h, s, POWER_STATE_ON);
	struct act_gate_answer *a = take_gate_answer(h);
	assert_false(a->go);
	assert_int_equal(a->reason, ERR_CONFLICT);
	mail_drop(a);
	assert_string_equal(state_of(h, 1), "queued");
	assert_int_equal(count_wire(h, WIRE_ACT_CANCEL), 1);
	assert_null(take_start(h)); /* not before wire has let go of the device */
	harness_pass(h, 5000);
	assert_null(take_start(h));
	send_outcome(h, s, ACT_END_NOT_SENT, ERR_CANCELLED);
	struct act_start *again = take_start(h);
	assert_non_null(again);
	assert_int_equal(again->fence, s->fence + 1);
	send_gate(h, s, POWER_STATE_ON); /* of the lost claim: stale */
	a = take_gate_answer(h);
	assert_false(a->go);
	mail_drop(a);
	let_through(h, again);
	mail_drop(again);
	mail_drop(s);
}

static void leases_are_renewed_while_wire_works(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset");
	harness_pass(h, 300000);
	let_through(h, s);
	mail_drop(s);
}

static void stale_outcomes_change_nothing(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset");
	let_through(h, s);
	struct act_start other = *s;
	other.fence++;
	send_outcome(h, &other, ACT_END_FAILED, ERR_NO_CHANGE);
	assert_string_equal(state_of(h, 1), "sent");
	other.fence = s->fence;
	other.act = 999;
	send_outcome(h, &other, ACT_END_DONE, 0);
	send_outcome(h, s, ACT_END_DONE, 0);
	send_outcome(h, s, ACT_END_FAILED, ERR_NO_CHANGE);
	assert_string_equal(state_of(h, 1), "done");
	assert_int_equal(query(h, "SELECT done + failed FROM job"), 1);
	mail_drop(s);
}

static void doubt_that_nothing_settles_ends_as_unknown(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = let_settle(h, order(h, "reset"));
	int looks = 0;
	while (s) {
		looks++;
		send_outcome(h, s, ACT_END_DOUBT, ERR_NO_REPLY);
		mail_drop(s);
		s = NULL;
		for (int i = 0; i < 60 && !s && strcmp(state_of(h, 1), "sent") == 0; i++) {
			harness_pass(h, 1000);
			s = take_start(h);
		}
	}
	assert_true(looks > 5);
	assert_string_equal(state_of(h, 1), "unknown");
	assert_string_equal(reason_of(h, 1), "no_reply");
	assert_int_equal(query(h, "SELECT ended_at FROM act"), HARNESS_START_MS + 120000);
	assert_int_equal(query(h, "SELECT unknown FROM job WHERE state = 2"), 1);
}

static void an_order_without_an_outcome_ends_all_the_same(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	struct act_start *s = order(h, "reset");
	let_through(h, s);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d2\"]}"), 200);
	struct act_start *claimed = take_start(h);
	harness_pass(h, 20 * 60000); /* wire says nothing at all */
	assert_string_equal(state_of(h, 1), "unknown");
	assert_string_equal(state_of(h, 2), "failed");
	assert_string_equal(reason_of(h, 2), "timeout");
	assert_true(count_wire(h, WIRE_ACT_CANCEL) >= 2);
	mail_drop(claimed);
	mail_drop(s);
}

static void a_restart_takes_back_what_was_claimed_and_doubts_what_was_sent(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	struct act_start *sent = order(h, "reset");
	let_through(h, sent);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"reset\",\"targets\":[\"d2\"]}"), 200);
	int64_t epoch = query(h, "SELECT epoch FROM server");
	harness_restart(h);
	assert_int_equal(query(h, "SELECT epoch FROM server"), epoch + 1);
	assert_string_equal(state_of(h, 1), "sent");
	assert_string_equal(reason_of(h, 1), "restarted");
	assert_string_equal(state_of(h, 2), "queued");
	harness_pass(h, 1);
	struct act_start *again = take_start(h);
	assert_int_equal(again->act, 2);
	assert_int_equal(again->fence, 2);
	assert_null(take_start(h));
	harness_pass(h, 60000);
	struct act_start *settle = take_start(h);
	assert_int_equal(settle->act, 1);
	assert_int_equal(settle->mode, ACT_SETTLE);
	assert_int_equal(settle->sent_at_ms, HARNESS_START_MS);
	mail_drop(settle);
	mail_drop(again);
	mail_drop(sent);
}

static void one_act_at_a_time_talks_to_a_device(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *first = order(h, "reset");
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"off\",\"targets\":[\"d1\"]}"), 200);
	assert_null(take_start(h));
	let_through(h, first);
	send_outcome(h, first, ACT_END_DOUBT, ERR_NO_REPLY);
	harness_pass(h, 10000);
	assert_null(take_start(h)); /* in doubt is live */
	harness_pass(h, 50000);
	struct act_start *settle = take_start(h);
	assert_int_equal(settle->act, first->act);
	send_outcome(h, settle, ACT_END_DONE, 0);
	struct act_start *second = take_start(h);
	assert_int_equal(second->act, 2);
	assert_null(take_start(h));
	send_outcome(h, second, ACT_END_DONE, 0);
	struct act_start *third = take_start(h);
	assert_int_equal(third->verb, VERB_OFF);
	mail_drop(third);
	mail_drop(second);
	mail_drop(settle);
	mail_drop(first);
}

static void teach(struct act_outcome *o, uint32_t nc)
{
	struct act_learned *l = &o->learned;
	l->answered = l->has_digest = l->used_tls = l->has_pin = l->has_uuid = l->has_version = l->has_mode = true;
	memset(l->pin, 7, sizeof(l->pin));
	uuid_parse(BYTES_LIT("84f0934c-0397-11e7-9c43-bc0000520000"), &l->uuid);
	(void)snprintf(l->version, sizeof(l->version), "11.8.79");
	l->mode = 1;
	struct digest_challenge c = {
		.algorithm = DIGEST_MD5, .qop = DIGEST_QOP_AUTH, .realm = "Digest:1", .nonce = "abc"};
	digest_session_start(&l->digest, &c, (const uint8_t[16]){1});
	l->digest.nc = nc;
}

static void what_a_conversation_taught_is_used_in_the_next_one(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "status");
	assert_false(s->at.has_pin || s->at.has_uuid || s->at.tls_seen);
	assert_string_equal(s->at.digest.realm, "");
	struct act_outcome *o = outcome_of(s, ACT_END_DONE, 0);
	teach(o, 5);
	harness_round(h, &o->mail);
	mail_drop(s);
	s = order(h, "status");
	assert_true(s->at.has_pin && s->at.has_uuid && s->at.tls_seen);
	assert_int_equal(s->at.pin[0], 7);
	assert_string_equal(s->at.version, "11.8.79");
	assert_string_equal(s->at.digest.realm, "Digest:1");
	assert_string_equal(s->at.digest.nonce, "abc");
	assert_int_equal(s->at.digest.nc, 5);
	mail_drop(s);
	harness_restart(h);
	harness_pass(h, 1);
	s = take_start(h);
	assert_int_equal(s->at.digest.nc, 5 + 64); /* what an older process may have used and not written */
	o = outcome_of(s, ACT_END_DONE, 0);
	teach(o, 70);
	memset(o->learned.pin, 9, TLS_PIN_SIZE); /* the latch holds */
	harness_round(h, &o->mail);
	mail_drop(s);
	s = order(h, "status");
	assert_int_equal(s->at.digest.nc, 70);
	assert_int_equal(s->at.pin[0], 7);
	mail_drop(s);
}

static void a_repinned_device_is_met_as_a_stranger(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "status");
	struct act_outcome *o = outcome_of(s, ACT_END_DONE, 0);
	teach(o, 5);
	harness_round(h, &o->mail);
	mail_drop(s);
	assert_int_equal(ask(h, "POST /devices/d1/repin", NULL), 200);
	s = order(h, "status");
	assert_false(s->at.has_pin || s->at.tls_seen);
	assert_true(s->at.has_uuid);
	assert_string_equal(s->at.digest.realm, "");
	mail_drop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome_leads_where_the_table_says),
		ZONE_TEST(an_unreachable_device_is_tried_again_with_growing_pauses_and_then_failed),
		ZONE_TEST(what_was_tried_fails_at_its_deadline_and_what_was_never_tried_expires),
		cmocka_unit_test(a_hold_closes_the_gate_and_cancels_the_act),
		ZONE_TEST(a_hold_elsewhere_stops_nothing),
		ZONE_TEST(the_gate_stays_closed_behind_the_deadline),
		ZONE_TEST(the_gate_stays_closed_when_the_lease_is_over),
		ZONE_TEST(leases_are_renewed_while_wire_works),
		ZONE_TEST(stale_outcomes_change_nothing),
		ZONE_TEST(doubt_that_nothing_settles_ends_as_unknown),
		ZONE_TEST(an_order_without_an_outcome_ends_all_the_same),
		ZONE_TEST(a_restart_takes_back_what_was_claimed_and_doubts_what_was_sent),
		ZONE_TEST(one_act_at_a_time_talks_to_a_device),
		ZONE_TEST(what_a_conversation_taught_is_used_in_the_next_one),
		ZONE_TEST(a_repinned_device_is_met_as_a_stranger),
	};
	return cmocka_run_group_tests_name("zone/act", tests, NULL, NULL);
}
