/* The runner against a device that goes wrong in every way we know: how each act ends, and how often its order came
 * over the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "bench.h"

static void a_cold_status_is_two_requests_and_a_warm_one_is_one(void **state)
{
	struct bench b;
	bench_init(&b);
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_STATUS));
	assert_int_equal(o->end, ACT_END_DONE);
	assert_int_equal(o->evidence, ACT_EVIDENCE_REPLY);
	assert_int_equal(o->power_after, 2);
	assert_int_equal(o->requests, 2);
	assert_int_equal(o->interface, 5);
	assert_true(o->learned.answered && o->learned.has_digest && o->learned.has_version);
	assert_false(o->learned.used_tls || o->learned.has_pin);
	assert_string_equal(o->learned.version, "11.8.50.3425");
	assert_string_equal(o->learned.digest.realm, PEER_REALM);
	assert_int_equal(o->learned.digest.nc, 1);
	assert_int_equal(b.peer.connects, 1);
	struct act_start *warm = bench_order(&b, VERB_STATUS);
	warm->at.digest = o->learned.digest;
	o = bench_act(&b, warm);
	assert_int_equal(o->end, ACT_END_DONE);
	assert_int_equal(o->requests, 1);
	assert_int_equal(o->learned.digest.nc, 2);
	assert_int_equal(b.peer.connects, 2);
	assert_int_equal(b.peer.unauthorized, 1);
	bench_release(&b);
}

static void a_device_that_closes_after_its_401_is_connected_again_at_once(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.close_after_401 = true;
	int64_t before = clock_mono_ms(b.clock);
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_STATUS));
	assert_int_equal(o->end, ACT_END_DONE);
	assert_int_equal(o->requests, 2);
	assert_int_equal(b.peer.connects, 2);
	assert_true(clock_mono_ms(b.clock) - before < 500);
	bench_release(&b);
}

static void an_old_nonce_costs_one_request_and_no_failure(void **state)
{
	struct bench b;
	bench_init(&b);
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_STATUS));
	struct act_start *old = bench_order(&b, VERB_STATUS);
	old->at.digest = o->learned.digest;
	b.peer.nonce++;
	o = bench_act(&b, old);
	assert_int_equal(o->end, ACT_END_DONE);
	assert_int_equal(o->requests, 2);
	bench_release(&b);
}

static void on_is_read_ordered_and_observed(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.power = 8;
	int64_t before = clock_mono_ms(b.clock);
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_ON));
	assert_int_equal(o->end, ACT_END_DONE);
	assert_int_equal(o->evidence, ACT_EVIDENCE_OBSERVED);
	assert_int_equal(o->power_before, 8);
	assert_int_equal(o->power_after, 2);
	assert_int_equal(o->requests, 4); /* 401, read, order, first look */
	assert_int_equal(b.gates, 1);
	assert_int_equal(b.gate.power_before, 8);
	assert_int_equal(strlen(b.gate.message_id), 41);
	assert_int_equal(b.peer.connects, 1);
	assert_int_equal(b.peer.acts, 1);
	int64_t took = clock_mono_ms(b.clock) - before;
	assert_true(took >= 2000 && took < 3000);
	bench_release(&b);
}

/* For whoever waits until the order is off the wire. Where nothing is observed the outcome says it. */
static void that_an_order_was_answered_is_told_while_its_effect_is_observed(void **state)
{
	static const struct {
		enum verb verb;
		int power;
		bool wanted;
		enum does act;
		int answered;
	} rows[] = {
		{VERB_ON, 8, true, DOES_WELL, 1},    {VERB_ON, 8, false, DOES_WELL, 0},
		{VERB_ON, 2, true, DOES_WELL, 0},    {VERB_RESET, 2, true, DOES_WELL, 0},
		{VERB_ON, 8, true, DOES_HANG, 0},    {VERB_ON, 8, true, DOES_503, 0},
		{VERB_ON, 8, true, DOES_GARBAGE, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		b.peer.power = rows[i].power;
		b.peer.act = rows[i].act;
		struct act_start *order = bench_order(&b, rows[i].verb);
		order->tell_answered = rows[i].wanted;
		(void)bench_act(&b, order);
		if (b.answered != rows[i].answered)
			fail_msg("row %zu: told %d times", i, b.answered);
		if (b.answered)
			assert_true(clock_mono_ms(b.clock) - b.answered_ms >= 2000); /* the first look */
		bench_release(&b);
	}
	(void)state;
}

/* What the device does with the order itself. */
static void each_end_of_an_order_is_told_as_what_it_proves(void **state)
{
	static const struct {
		enum does act;
		enum act_end end;
		int reason;
		int device_status;
	} rows[] = {
		{DOES_WELL, ACT_END_DONE, 0, 0},
		{DOES_LIE, ACT_END_DONE, 0, 0}, /* nothing shows that a reset was not done */
		{DOES_TWICE, ACT_END_DONE, 0, 0},
		{DOES_HANG, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_CLOSE, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_RESET, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_CLOSE_HALF, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_STOP_HALF, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_DRIP, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_GARBAGE, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_BAD_XML, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_BOMB, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_WRONG_ID, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_NO_ID, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_EMPTY, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_404, ACT_END_DOUBT, ERR_BAD_REPLY, 404},
		{DOES_302, ACT_END_DOUBT, ERR_BAD_REPLY, 302},
		{DOES_400_EMPTY, ACT_END_DOUBT, ERR_BAD_REPLY, 400},
		{DOES_503, ACT_END_REFUSED, ERR_DEVICE_BUSY, 503},
		{DOES_401, ACT_END_DOUBT, ERR_BAD_REPLY, 401},
		{DOES_401_STALE, ACT_END_REFUSED, ERR_DEVICE_BUSY, 401},
		{DOES_401_REALM, ACT_END_DOUBT, ERR_BAD_REPLY, 401},
		{DOES_FAULT, ACT_END_FAILED, ERR_ACCESS_DENIED, 0},
		{DOES_CHUNK_HUGE, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_CHUNK_NEGATIVE, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_CHUNK_NO_END, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_LENGTH_SHORT, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_LENGTH_LONG, ACT_END_DOUBT, ERR_NO_REPLY, 0},
		{DOES_LENGTH_TWICE, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_HEADERS, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{DOES_HUGE, ACT_END_DOUBT, ERR_BAD_REPLY, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		b.peer.act = rows[i].act;
		int64_t before = clock_mono_ms(b.clock);
		const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
		if (o->end != rows[i].end || o->reason != rows[i].reason || b.peer.acts != 1)
			fail_msg("row %zu: ended %d, %s: %s; %d orders", i, o->end, err_name(o->reason), o->detail,
				 b.peer.acts);
		assert_int_equal(o->device_status, rows[i].device_status);
		assert_int_equal(o->power_before, 2);
		assert_true(o->learned.has_digest);
		assert_true((o->detail[0] == 0) == (rows[i].reason == 0));
		assert_true(clock_mono_ms(b.clock) - before < 32000);
		bench_release(&b);
	}
}

static void each_return_value_that_refuses_is_one(void **state)
{
	static const struct {
		uint32_t value;
		enum act_end end;
		int reason;
	} rows[] = {
		{2, ACT_END_REFUSED, ERR_DEVICE_BUSY},  {4099, ACT_END_REFUSED, ERR_DEVICE_BUSY},
		{1, ACT_END_FAILED, ERR_UNSUPPORTED},   {4097, ACT_END_FAILED, ERR_SESSION_OPEN},
		{36, ACT_END_FAILED, ERR_DEVICE_FAULT},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		b.peer.act = DOES_REFUSE;
		b.peer.return_value = rows[i].value;
		const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_CYCLE));
		assert_int_equal(o->end, rows[i].end);
		assert_int_equal(o->reason, rows[i].reason);
		assert_int_equal(o->device_status, rows[i].value);
		assert_int_equal(b.peer.acts, 1);
		bench_release(&b);
	}
}

#define ALWAYS(d)                                                                                                      \
	{                                                                                                              \
		d, d, d, d, d, d                                                                                       \
	}

/* What the device does with the reads in front of the order: nothing that changes power may ever be sent. */
static void each_failure_of_a_read_is_told_and_orders_nothing(void **state)
{
	static const struct {
		enum does read[6], challenge;
		enum act_end end;
		int reason, requests;
	} rows[] = {
		{ALWAYS(DOES_HANG), 0, ACT_END_NOT_SENT, ERR_NO_ANSWER, 3},
		{ALWAYS(DOES_CLOSE), 0, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, 4},
		{ALWAYS(DOES_RESET), 0, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, 4},
		{ALWAYS(DOES_CLOSE_HALF), 0, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, 3},
		{ALWAYS(DOES_STOP_HALF), 0, ACT_END_NOT_SENT, ERR_NO_ANSWER, 3},
		{ALWAYS(DOES_DRIP), 0, ACT_END_NOT_SENT, ERR_NO_ANSWER, 3},
		{ALWAYS(DOES_503), 0, ACT_END_NOT_SENT, ERR_DEVICE_BUSY, 3},
		{ALWAYS(DOES_GARBAGE), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_BAD_XML), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_BOMB), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_WRONG_ID), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_NO_ID), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_EMPTY), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_404), 0, ACT_END_FAILED, ERR_NOT_AMT, 2},
		{ALWAYS(DOES_302), 0, ACT_END_FAILED, ERR_NOT_AMT, 2},
		{ALWAYS(DOES_400_EMPTY), 0, ACT_END_FAILED, ERR_DEVICE_FAULT, 2},
		{ALWAYS(DOES_FAULT), 0, ACT_END_FAILED, ERR_ACCESS_DENIED, 2},
		{ALWAYS(DOES_401), 0, ACT_END_FAILED, ERR_WRONG_PASSWORD, 2},
		{ALWAYS(DOES_401_STALE), 0, ACT_END_NOT_SENT, ERR_DEVICE_BUSY, 6},
		{ALWAYS(DOES_CHUNK_HUGE), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_CHUNK_NEGATIVE), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_CHUNK_NO_END), 0, ACT_END_NOT_SENT, ERR_NO_ANSWER, 3},
		{ALWAYS(DOES_LENGTH_SHORT), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_LENGTH_LONG), 0, ACT_END_NOT_SENT, ERR_LOST_CONNECTION, 3},
		{ALWAYS(DOES_LENGTH_TWICE), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_HEADERS), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{ALWAYS(DOES_HUGE), 0, ACT_END_FAILED, ERR_MALFORMED, 2},
		{{0}, DOES_401_BASIC, ACT_END_FAILED, ERR_WEAK_AUTH, 1},
		{{0}, DOES_401_NO_QOP, ACT_END_FAILED, ERR_WEAK_AUTH, 1},
		{{0}, DOES_401_BARE, ACT_END_FAILED, ERR_MALFORMED, 1},
		{{0}, DOES_401_FOREIGN, ACT_END_FAILED, ERR_NOT_AMT, 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		memcpy(b.peer.read, rows[i].read, sizeof(b.peer.read));
		b.peer.challenge = rows[i].challenge;
		int64_t before = clock_mono_ms(b.clock);
		const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
		if (o->end != rows[i].end || o->reason != rows[i].reason || o->requests != rows[i].requests)
			fail_msg("row %zu: ended %d, %s: %s; %d requests", i, o->end, err_name(o->reason), o->detail,
				 o->requests);
		assert_int_equal(b.peer.acts, 0);
		assert_int_equal(b.gates, 0);
		assert_true(*o->detail);
		assert_true(clock_mono_ms(b.clock) - before < 62000);
		bench_release(&b);
	}
}

/* A controller in its sleep drops the first request. */
static void the_first_failure_of_a_read_is_tried_again_soon(void **state)
{
	static const enum does first[] = {DOES_HANG, DOES_CLOSE_HALF, DOES_503};
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		struct bench b;
		bench_init(&b);
		b.peer.read[0] = first[i];
		const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
		assert_int_equal(o->end, ACT_END_DONE);
		assert_int_equal(b.peer.reads, 2);
		assert_int_equal(b.peer.acts, 1);
		bench_release(&b);
	}
}

static void nothing_is_tried_again_when_the_time_is_over(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.read[0] = DOES_HANG;
	struct act_start *order = bench_order(&b, VERB_STATUS);
	order->give_up_after_ms = 5000;
	const struct act_outcome *o = bench_act(&b, order);
	assert_int_equal(o->end, ACT_END_NOT_SENT);
	assert_int_equal(o->reason, ERR_NO_ANSWER);
	assert_int_equal(b.peer.reads, 1);
	bench_release(&b);
}

static void a_known_realm_that_changed_gets_no_digest(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.challenge = DOES_401_REALM;
	struct act_start *order = bench_order(&b, VERB_RESET);
	(void)bytes_to_str(BYTES_LIT(PEER_REALM), order->at.digest.realm, sizeof(order->at.digest.realm));
	const struct act_outcome *o = bench_act(&b, order);
	assert_int_equal(o->end, ACT_END_FAILED);
	assert_int_equal(o->reason, ERR_REALM_CHANGED);
	assert_int_equal(o->requests, 1);
	assert_false(o->learned.has_digest);
	bench_release(&b);
}

static void a_wrong_password_is_told_after_one_try_of_it(void **state)
{
	struct bench b;
	bench_init(&b);
	struct act_start *order = bench_order(&b, VERB_STATUS);
	(void)bytes_to_str(BYTES_LIT("nobody"), order->at.login, sizeof(order->at.login));
	const struct act_outcome *o = bench_act(&b, order);
	assert_int_equal(o->end, ACT_END_FAILED);
	assert_int_equal(o->reason, ERR_WRONG_PASSWORD);
	assert_int_equal(o->device_status, 401);
	assert_int_equal(o->requests, 2);
	assert_false(o->learned.has_digest);
	bench_release(&b);
}

static void a_sealed_password_of_another_place_is_not_opened(void **state)
{
	struct bench b;
	bench_init(&b);
	struct act_start *order = bench_order(&b, VERB_STATUS);
	order->at.credential_version++;
	const struct act_outcome *o = bench_act(&b, order);
	assert_int_equal(o->end, ACT_END_FAILED);
	assert_int_equal(o->reason, ERR_TAMPERED);
	assert_int_equal(o->requests, 1); /* to get the nonce */
	order = bench_order(&b, VERB_STATUS);
	order->at.sealed_len = 0;
	o = bench_act(&b, order);
	assert_int_equal(o->reason, ERR_NO_CREDENTIAL);
	bench_release(&b);
}

/* Everything that can happen between the gate and the order. */
static void an_order_that_may_not_leave_does_not(void **state)
{
	static const struct {
		bool deny, cancel, suspend;
		int64_t think_ms, commit_ms;
		enum act_end end;
		int reason, acts;
	} rows[] = {
		{.end = ACT_END_DONE, .acts = 1},
		{.commit_ms = 2000, .end = ACT_END_DONE, .acts = 1},
		{.commit_ms = 2001, .end = ACT_END_NOT_SENT, .reason = ERR_BUSY},
		{.suspend = true, .commit_ms = 3600000, .end = ACT_END_NOT_SENT, .reason = ERR_BUSY},
		{.think_ms = 4000, .end = ACT_END_DONE, .acts = 1},
		{.think_ms = 6000, .end = ACT_END_NOT_SENT, .reason = ERR_BUSY},
		{.deny = true, .end = ACT_END_NOT_SENT, .reason = ERR_HELD},
		{.cancel = true, .end = ACT_END_NOT_SENT, .reason = ERR_CANCELLED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		b.deny = rows[i].deny;
		b.cancel = rows[i].cancel;
		b.suspend = rows[i].suspend;
		b.think_ms = rows[i].think_ms;
		b.commit_ms = rows[i].commit_ms;
		const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
		if (o->end != rows[i].end || o->reason != rows[i].reason || b.peer.acts != rows[i].acts)
			fail_msg("row %zu: ended %d, %s: %s", i, o->end, err_name(o->reason), o->detail);
		assert_int_equal(b.peer.obeyed, rows[i].acts);
		assert_int_equal(b.gates, 1);
		bench_release(&b);
	}
}

static void peer_goes(struct bench *b)
{
	peer_refuse(&b->peer);
	for (int i = 0; i < 20; i++)
		(void)loop_run_once(b->w->kit.loop, 0);
}

static void a_connection_that_closes_at_the_gate_carries_no_order(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.close_at_gate = true;
	b.at_gate = peer_goes;
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
	assert_int_equal(o->end, ACT_END_NOT_SENT);
	assert_int_equal(o->reason, ERR_LOST_CONNECTION);
	assert_int_equal(b.peer.acts, 0);
	bench_release(&b);
}

static void a_device_that_closes_after_each_reply_gets_the_order_on_a_new_connection(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.close_after_reply = true;
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
	assert_int_equal(o->end, ACT_END_DONE);
	assert_int_equal(b.peer.acts, 1);
	assert_int_equal(b.peer.connects, 2);
	bench_release(&b);
}

static void a_zone_that_never_answers_a_gate_gets_the_act_back(void **state)
{
	struct bench b;
	bench_init(&b);
	b.silent = true;
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
	assert_int_equal(o->end, ACT_END_NOT_SENT);
	assert_int_equal(o->reason, ERR_BUSY);
	assert_int_equal(b.peer.acts, 0);
	bench_release(&b);
}

static void a_change_that_is_not_seen_has_failed(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.act = DOES_LIE;
	int64_t before = clock_mono_ms(b.clock);
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_OFF));
	assert_int_equal(o->end, ACT_END_FAILED);
	assert_int_equal(o->reason, ERR_NO_CHANGE);
	assert_int_equal(o->evidence, ACT_EVIDENCE_OBSERVED);
	assert_int_equal(o->requests, 9);
	assert_true(clock_mono_ms(b.clock) - before >= 60000);
	assert_int_equal(b.peer.acts, 1);
	bench_release(&b);
}

static void observing_outlives_failed_looks(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.read[1] = DOES_HANG;
	b.peer.read[2] = DOES_CLOSE_HALF;
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_OFF));
	assert_int_equal(o->end, ACT_END_DONE);
	assert_int_equal(o->power_after, 8);
	assert_int_equal(b.peer.acts, 1);
	bench_release(&b);
	bench_init(&b);
	for (size_t i = 1; i < ARRAY_LEN(b.peer.read); i++)
		b.peer.read[i] = DOES_HANG;
	o = bench_act(&b, bench_order(&b, VERB_OFF));
	assert_int_equal(o->end, ACT_END_DOUBT);
	assert_int_equal(o->reason, ERR_NO_ANSWER);
	assert_int_equal(b.peer.acts, 1);
	bench_release(&b);
}

static void nonces_that_are_good_for_one_request_are_met_by_a_fresh_one(void **state)
{
	for (int close = 0; close < 2; close++) {
		struct bench b;
		bench_init(&b);
		b.peer.nonce_for_one = true;
		b.peer.close_after_401 = close;
		const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_RESET));
		assert_int_equal(o->end, ACT_END_DOUBT);
		assert_int_equal(b.peer.obeyed, 0);
		for (int i = 0; i < 2; i++) {
			struct act_start *again = bench_order(&b, VERB_RESET);
			again->at.digest = o->learned.digest;
			o = bench_act(&b, again);
			assert_int_equal(o->end, ACT_END_DONE);
			assert_int_equal(o->requests, 3 + i); /* perhaps a 401; read, a new nonce, order */
			assert_int_equal(b.peer.obeyed, 1 + i);
		}
		bench_release(&b);
	}
}

static void unreachable_things_are_told_apart(void **state)
{
	static const struct {
		const char *host;
		enum does connect;
		bool refuse;
		int reason;
	} rows[] = {
		{"127.0.0.1", 0, true, ERR_REFUSED_PORT},
		{"127.0.0.1", DOES_HANG, false, ERR_NO_ANSWER},
		{"127.0.0.1", DOES_CLOSE, false, ERR_LOST_CONNECTION},
		{"name.invalid", 0, false, ERR_NAME_UNRESOLVED},
		{"192.0.2.1", 0, false, ERR_NET_NOT_ALLOWED},
		{"224.0.0.1", 0, false, ERR_NET_NOT_ALLOWED},
		{"0.0.0.0", 0, false, ERR_NET_NOT_ALLOWED},
		{"255.255.255.255", 0, false, ERR_NET_NOT_ALLOWED},
		{"169.254.1.1", 0, false, ERR_NET_NOT_ALLOWED},
		{"::1", 0, false, ERR_NET_NOT_ALLOWED},
		{"fe80::1", 0, false, ERR_NET_NOT_ALLOWED},
		{"", 0, false, ERR_NOT_CONFIGURED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		b.peer.connect = rows[i].connect;
		if (rows[i].refuse)
			peer_refuse(&b.peer);
		struct act_start *order = bench_order(&b, VERB_STATUS);
		(void)bytes_to_str(bytes_str(rows[i].host), order->at.host, sizeof(order->at.host));
		order->at.tls_policy = TLS_POLICY_NEVER;
		const struct act_outcome *o = bench_act(&b, order);
		if (o->reason != rows[i].reason)
			fail_msg("row %zu: %s: %s", i, err_name(o->reason), o->detail);
		assert_int_equal(o->end, err_class(o->reason) == ERR_CLASS_RETRY ? ACT_END_NOT_SENT : ACT_END_FAILED);
		assert_true(*o->detail);
		bench_release(&b);
	}
}

static void loopback_is_a_setting_of_its_own(void **state)
{
	struct bench b;
	bench_init(&b);
	struct wire_config *c = bench_config(&b);
	c->allow_loopback = false;
	bench_send(&b, &c->mail);
	const struct act_outcome *o = bench_act(&b, bench_order(&b, VERB_STATUS));
	assert_int_equal(o->reason, ERR_NET_NOT_ALLOWED);
	assert_int_equal(b.peer.connects, 0);
	bench_release(&b);
}

static void a_name_is_resolved_by_the_workers(void **state)
{
	struct bench b;
	bench_init(&b);
	for (int i = 0; i < 3; i++) {
		struct act_start *order = bench_order(&b, VERB_STATUS);
		(void)bytes_to_str(BYTES_LIT("localhost"), order->at.host, sizeof(order->at.host));
		assert_int_equal(bench_act(&b, order)->end, ACT_END_DONE);
	}
	assert_int_equal(b.peer.connects, 3);
	bench_release(&b);
}

static void firmware_without_the_power_get_is_asked_for_it_once(void **state)
{
	static const int requests[] = {4, 2, 2}; /* the first 401, the Get, and the two that tell; then those two */
	struct bench b;
	bench_init(&b);
	b.peer.no_power_get = true;
	b.peer.power = 8;
	struct digest_session session = {.nc = 0};
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		int before = b.peer.requests;
		struct act_start *order = bench_order(&b, VERB_STATUS);
		if (i)
			order->at.digest = session;
		const struct act_outcome *out = bench_act(&b, order);
		assert_int_equal(out->end, ACT_END_DONE);
		assert_int_equal(out->power_after, 8);
		assert_int_equal(b.peer.requests - before, requests[i]);
		session = out->learned.digest;
	}
	struct act_start *other = bench_order(&b, VERB_STATUS);
	other->at.id++; /* nothing is known of another device */
	other->at.digest = session;
	int before = b.peer.requests;
	assert_int_equal(bench_act(&b, other)->end, ACT_END_DONE);
	assert_int_equal(b.peer.requests - before, 3);
	bench_release(&b);
}

static void a_stale_message_changes_nothing(void **state)
{
	struct bench b;
	bench_init(&b);
	b.silent = true;
	struct act_start *order = bench_order(&b, VERB_RESET);
	uint64_t act = order->act;
	bench_send(&b, &order->mail);
	bench_wait(&b, &b.gates, 1);
	for (int i = 0; i < 2; i++) {
		struct act_gate_answer *a = act_gate_answer_new(i ? WIRE_ACT_CANCEL : WIRE_ACT_GATE_ANSWER);
		a->act = act;
		a->fence = 0; /* of an earlier start */
		a->go = true;
		a->committed_boot_ms = clock_boot_ms(b.clock);
		bench_send(&b, &a->mail);
	}
	for (int i = 0; i < 10; i++)
		bench_step(&b);
	assert_int_equal(b.outcomes, 0);
	assert_int_equal(b.peer.acts, 0);
	bench_run(&b, 1);
	bench_release(&b);
}

static void a_newer_start_of_an_act_replaces_the_older(void **state)
{
	struct bench b;
	bench_init(&b);
	b.silent = true;
	struct act_start *first = bench_order(&b, VERB_RESET), *second = bench_order(&b, VERB_RESET);
	second->act = first->act;
	second->fence = 2;
	bench_send(&b, &first->mail);
	bench_wait(&b, &b.gates, 1);
	b.silent = false;
	bench_send(&b, &second->mail);
	bench_run(&b, 1);
	assert_int_equal(b.out->fence, 1);
	assert_int_equal(b.out->end, ACT_END_NOT_SENT);
	bench_run(&b, 2);
	assert_int_equal(b.out->fence, 2);
	assert_int_equal(b.out->end, ACT_END_DONE);
	assert_int_equal(b.peer.acts, 1);
	bench_release(&b);
}

static void at_the_end_each_open_act_has_its_outcome(void **state)
{
	struct bench b;
	bench_init(&b);
	b.silent = true;
	bench_send(&b, &bench_order(&b, VERB_RESET)->mail); /* will wait at its gate */
	bench_wait(&b, &b.gates, 1);
	b.peer.read[1] = DOES_HANG;
	bench_send(&b, &bench_order(&b, VERB_STATUS)->mail);
	bench_wait(&b, &b.peer.reads, 2);
	wire_stop(b.w);
	bench_run(&b, 2);
	assert_int_equal(b.out->end, ACT_END_NOT_SENT);
	assert_int_equal(b.out->reason, ERR_CLOSED);
	assert_int_equal(b.peer.acts, 0);
	bench_release(&b);
}

static void an_order_on_its_way_gets_three_seconds_at_the_end(void **state)
{
	static const struct {
		enum does act;
		enum act_end end;
		int reason;
	} rows[] = {{DOES_HANG, ACT_END_DOUBT, ERR_RESTARTED}, {DOES_WELL, ACT_END_DONE, 0}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		b.peer.act = rows[i].act;
		bench_send(&b, &bench_order(&b, VERB_RESET)->mail);
		bench_wait(&b, &b.peer.acts, 1);
		wire_stop(b.w);
		int64_t before = clock_mono_ms(b.clock);
		bench_run(&b, 1);
		assert_int_equal(b.out->end, rows[i].end);
		assert_int_equal(b.out->reason, rows[i].reason);
		assert_true(clock_mono_ms(b.clock) - before <= 3200);
		bench_release(&b);
	}
}

static void what_a_settling_cannot_read_stays_in_doubt(void **state)
{
	struct bench b;
	bench_init(&b);
	peer_refuse(&b.peer);
	struct act_start *order = bench_order(&b, VERB_RESET);
	order->mode = ACT_SETTLE;
	order->power_before = 2;
	const struct act_outcome *o = bench_act(&b, order);
	assert_int_equal(o->end, ACT_END_DOUBT);
	assert_int_equal(o->reason, ERR_REFUSED_PORT);
	bench_release(&b);
}

static struct act_start *boot_order(struct bench *b)
{
	struct act_start *order = bench_order(b, VERB_RESET);
	order->boot = BOOT_PXE;
	return order;
}

/* Capabilities, settings, no source, settings, role, source. */
#define BOOT_STEPS 6

static void a_boot_choice_is_taken_back_when_its_order_may_not_leave(void **state)
{
	static const struct {
		bool deny, cancel;
		int64_t think_ms, commit_ms;
		enum act_end end;
		int reason, acts, boots;
	} rows[] = {
		{.end = ACT_END_DONE, .acts = 1, .boots = BOOT_STEPS},
		{.deny = true, .end = ACT_END_NOT_SENT, .reason = ERR_HELD, .boots = BOOT_STEPS + 3},
		{.cancel = true, .end = ACT_END_NOT_SENT, .reason = ERR_CANCELLED, .boots = BOOT_STEPS + 3},
		{.commit_ms = 2001, .end = ACT_END_NOT_SENT, .reason = ERR_BUSY, .boots = BOOT_STEPS + 3},
		{.think_ms = 6000, .end = ACT_END_NOT_SENT, .reason = ERR_BUSY, .boots = BOOT_STEPS + 3},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;
		bench_init(&b);
		b.deny = rows[i].deny;
		b.cancel = rows[i].cancel;
		b.think_ms = rows[i].think_ms;
		b.commit_ms = rows[i].commit_ms;
		const struct act_outcome *o = bench_act(&b, boot_order(&b));
		if (o->end != rows[i].end || o->reason != rows[i].reason || b.peer.acts != rows[i].acts ||
		    b.peer.boots != rows[i].boots || b.peer.armed || o->boot_left)
			fail_msg("row %zu: ended %d, %s: %s; %d orders, %d about booting, armed %d", i, o->end,
				 err_name(o->reason), o->detail, b.peer.acts, b.peer.boots, b.peer.armed);
		bench_release(&b);
	}
}

static void each_failure_of_a_boot_step_orders_nothing_and_leaves_nothing_untold(void **state)
{
	static const enum does kinds[] = {DOES_CLOSE,   DOES_RESET,   DOES_CLOSE_HALF, DOES_GARBAGE,
					  DOES_BAD_XML, DOES_BOMB,    DOES_WRONG_ID,   DOES_EMPTY,
					  DOES_503,     DOES_404,     DOES_FAULT,      DOES_401,
					  DOES_HUGE,    DOES_HEADERS, DOES_HANG,       DOES_LENGTH_TWICE};
	for (size_t i = 0; i < ARRAY_LEN(kinds) * BOOT_STEPS; i++) {
		enum does kind = kinds[i / BOOT_STEPS];
		size_t step = i % BOOT_STEPS;
		struct bench b;
		bench_init(&b);
		b.peer.boot[step] = b.peer.boot[step + 1] = b.peer.boot[step + 2] = kind;
		const struct act_outcome *o = bench_act(&b, boot_order(&b));
		if ((o->end != ACT_END_FAILED && o->end != ACT_END_NOT_SENT) || !o->reason || b.peer.acts ||
		    (b.peer.armed && !o->boot_left))
			fail_msg("%d at step %zu: ended %d, %s: %s; %d orders, armed %d, left %d", (int)kind, step,
				 o->end, err_name(o->reason), o->detail, b.peer.acts, b.peer.armed, o->boot_left);
		bench_release(&b);
	}
}

static void a_cancel_waits_for_what_is_being_written(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.boot[4] = DOES_HANG; /* the role: it may have been taken */
	struct act_start *order = boot_order(&b);
	struct act_gate_answer *cancel = act_gate_answer_new(WIRE_ACT_CANCEL);
	cancel->act = order->act;
	cancel->fence = order->fence;
	cancel->reason = ERR_CANCELLED;
	bench_send(&b, &order->mail);
	bench_wait(&b, &b.peer.boots, 5);
	bench_send(&b, &cancel->mail);
	bench_run(&b, 1);
	assert_int_equal(b.out->end, ACT_END_NOT_SENT);
	assert_int_equal(b.out->reason, ERR_CANCELLED);
	assert_false(b.out->boot_left || b.peer.armed);
	assert_int_equal(b.peer.boots, 5 + 3);
	assert_int_equal(b.peer.acts, 0);
	assert_int_equal(b.gates, 0);
	bench_release(&b);
}

static void what_an_earlier_act_left_is_taken_back_before_the_order(void **state)
{
	struct bench b;
	bench_init(&b);
	b.peer.armed = true;
	struct act_start *order = bench_order(&b, VERB_RESET);
	order->boot_left = true;
	const struct act_outcome *o = bench_act(&b, order);
	assert_int_equal(o->end, ACT_END_DONE);
	assert_false(o->boot_left || b.peer.armed);
	assert_int_equal(b.peer.boots, 3);
	assert_int_equal(b.peer.acts, 1);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cold_status_is_two_requests_and_a_warm_one_is_one),
		cmocka_unit_test(a_device_that_closes_after_its_401_is_connected_again_at_once),
		cmocka_unit_test(an_old_nonce_costs_one_request_and_no_failure),
		cmocka_unit_test(on_is_read_ordered_and_observed),
		cmocka_unit_test(that_an_order_was_answered_is_told_while_its_effect_is_observed),
		cmocka_unit_test(each_end_of_an_order_is_told_as_what_it_proves),
		cmocka_unit_test(each_return_value_that_refuses_is_one),
		cmocka_unit_test(each_failure_of_a_read_is_told_and_orders_nothing),
		cmocka_unit_test(the_first_failure_of_a_read_is_tried_again_soon),
		cmocka_unit_test(nothing_is_tried_again_when_the_time_is_over),
		cmocka_unit_test(a_known_realm_that_changed_gets_no_digest),
		cmocka_unit_test(a_wrong_password_is_told_after_one_try_of_it),
		cmocka_unit_test(a_sealed_password_of_another_place_is_not_opened),
		cmocka_unit_test(an_order_that_may_not_leave_does_not),
		cmocka_unit_test(a_connection_that_closes_at_the_gate_carries_no_order),
		cmocka_unit_test(a_device_that_closes_after_each_reply_gets_the_order_on_a_new_connection),
		cmocka_unit_test(a_zone_that_never_answers_a_gate_gets_the_act_back),
		cmocka_unit_test(a_change_that_is_not_seen_has_failed),
		cmocka_unit_test(observing_outlives_failed_looks),
		cmocka_unit_test(nonces_that_are_good_for_one_request_are_met_by_a_fresh_one),
		cmocka_unit_test(unreachable_things_are_told_apart),
		cmocka_unit_test(loopback_is_a_setting_of_its_own),
		cmocka_unit_test(a_name_is_resolved_by_the_workers),
		cmocka_unit_test(firmware_without_the_power_get_is_asked_for_it_once),
		cmocka_unit_test(a_stale_message_changes_nothing),
		cmocka_unit_test(a_newer_start_of_an_act_replaces_the_older),
		cmocka_unit_test(at_the_end_each_open_act_has_its_outcome),
		cmocka_unit_test(an_order_on_its_way_gets_three_seconds_at_the_end),
		cmocka_unit_test(a_boot_choice_is_taken_back_when_its_order_may_not_leave),
		cmocka_unit_test(each_failure_of_a_boot_step_orders_nothing_and_leaves_nothing_untold),
		cmocka_unit_test(a_cancel_waits_for_what_is_being_written),
		cmocka_unit_test(what_an_earlier_act_left_is_taken_back_before_the_order),
		cmocka_unit_test(what_a_settling_cannot_read_stays_in_doubt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
