/* TLS to devices: whose certificate is believed, what is never said to a stranger, and which way is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../base/make_cert.h"
#include "base/base.h"
#include "base/err.h"
#include "bench.h"

#define NOBODY 1 /* a port of 127.0.0.1 that nobody listens on */

struct site {
	struct bench b;
	struct test_cert cert, other;
};

static void site_init(struct site *s)
{
	static const struct test_cert_kind kind = {.hash = "SHA256", .name = "amt"};
	bench_init(&s->b);
	test_cert_make(&s->cert, &kind);
	test_cert_make(&s->other, &kind);
	assert_int_equal(tls_ctx_new(TLS_SERVER, &s->b.peer.tls, NULL), 0);
	assert_int_equal(tls_ctx_set_identity_mem(s->b.peer.tls, buf_bytes(&s->cert.cert_pem),
						  buf_bytes(&s->cert.key_pem), NULL),
			 0);
}

static void site_release(struct site *s)
{
	struct tls_ctx *tls = s->b.peer.tls;
	bench_release(&s->b);
	tls_ctx_free(tls);
	test_cert_release(&s->cert);
	test_cert_release(&s->other);
}

/* An order for a device that has a TLS port alone. */
static struct act_start *order_of(struct site *s, enum verb verb)
{
	struct act_start *o = bench_order(&s->b, verb);
	o->at.tls_port = s->b.peer.port;
	o->at.plain_port = NOBODY;
	return o;
}

static void pin(struct act_start *o, const struct test_cert *c)
{
	o->at.has_pin = true;
	memcpy(o->at.pin, c->pin, sizeof(o->at.pin));
}

static void the_first_leaf_is_pinned_and_known_again(void **state)
{
	struct site s;
	site_init(&s);
	const struct act_outcome *o = bench_act(&s.b, order_of(&s, VERB_STATUS));
	assert_int_equal(o->end, ACT_END_DONE);
	assert_true(o->learned.used_tls && o->learned.has_pin);
	assert_memory_equal(o->learned.pin, s.cert.pin, TLS_PIN_SIZE);
	struct act_start *again = order_of(&s, VERB_RESET);
	pin(again, &s.cert);
	again->at.tls_seen = true;
	o = bench_act(&s.b, again);
	assert_int_equal(o->end, ACT_END_DONE);
	assert_true(o->learned.used_tls);
	assert_false(o->learned.has_pin);
	assert_int_equal(s.b.peer.acts, 1);
	site_release(&s);
}

static void another_leaf_hears_nothing(void **state)
{
	struct site s;
	site_init(&s);
	struct act_start *o = order_of(&s, VERB_RESET);
	pin(o, &s.other);
	const struct act_outcome *out = bench_act(&s.b, o);
	assert_int_equal(out->end, ACT_END_FAILED);
	assert_int_equal(out->reason, ERR_TLS_PIN);
	assert_int_equal(out->requests, 0);
	assert_int_equal(s.b.peer.requests, 0);
	assert_false(out->learned.has_pin);
	site_release(&s);
}

/* The right certificate stands behind the foreign one in the chain. */
static void a_right_certificate_behind_a_foreign_leaf_is_none(void **state)
{
	struct site s;
	struct buf chain;
	site_init(&s);
	buf_init(&chain, 65536);
	buf_add_bytes(&chain, buf_bytes(&s.other.cert_pem));
	buf_add_bytes(&chain, buf_bytes(&s.cert.cert_pem));
	assert_int_equal(tls_ctx_set_identity_mem(s.b.peer.tls, buf_bytes(&chain), buf_bytes(&s.other.key_pem), NULL),
			 0);
	struct act_start *o = order_of(&s, VERB_STATUS);
	pin(o, &s.cert);
	assert_int_equal(bench_act(&s.b, o)->reason, ERR_TLS_PIN);
	assert_int_equal(s.b.peer.requests, 0);
	buf_release(&chain);
	site_release(&s);
}

static void a_wrong_password_pins_nothing(void **state)
{
	struct site s;
	site_init(&s);
	struct act_start *o = order_of(&s, VERB_STATUS);
	(void)bytes_to_str(BYTES_LIT("nobody"), o->at.login, sizeof(o->at.login));
	const struct act_outcome *out = bench_act(&s.b, o);
	assert_int_equal(out->reason, ERR_WRONG_PASSWORD);
	assert_false(out->learned.has_pin || out->learned.used_tls || out->learned.has_digest);
	site_release(&s);
}

/* Which port is tried, and which never again. */
static void the_way_never_goes_down(void **state)
{
	static const struct {
		enum tls_policy policy;
		bool peer_is_tls; /* else the peer is plain, and the TLS port is nobody's */
		bool seen, pinned;
		const char *version;
		int reason;
		bool used_tls;
		int connects; /* at the peer */
	} rows[] = {
		{TLS_POLICY_AUTO, true, false, false, "", 0, true, 1},
		{TLS_POLICY_AUTO, false, false, false, "", 0, false, 1},
		{TLS_POLICY_AUTO, false, true, false, "", ERR_REFUSED_PORT, false, 0},
		{TLS_POLICY_AUTO, false, false, true, "", ERR_REFUSED_PORT, false, 0},
		{TLS_POLICY_AUTO, false, false, false, "16.1.25.1917", ERR_REFUSED_PORT, false, 0},
		{TLS_POLICY_REQUIRE, true, false, false, "", 0, true, 1},
		{TLS_POLICY_REQUIRE, false, false, false, "", ERR_REFUSED_PORT, false, 0},
		{TLS_POLICY_NEVER, true, false, false, "", ERR_REFUSED_PORT, false, 0},
		{TLS_POLICY_NEVER, false, false, false, "", 0, false, 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct site s;
		site_init(&s);
		struct tls_ctx *tls = s.b.peer.tls;
		struct act_start *o = rows[i].peer_is_tls ? order_of(&s, VERB_STATUS) : bench_order(&s.b, VERB_STATUS);
		o->at.tls_policy = rows[i].policy;
		o->at.tls_seen = rows[i].seen;
		if (rows[i].pinned)
			pin(o, &s.cert);
		(void)bytes_to_str(bytes_str(rows[i].version), o->at.version, sizeof(o->at.version));
		s.b.peer.tls = rows[i].peer_is_tls ? tls : NULL;
		const struct act_outcome *out = bench_act(&s.b, o);
		if (out->reason != rows[i].reason || s.b.peer.connects != rows[i].connects * (rows[i].reason ? 2 : 1))
			fail_msg("row %zu: %s: %s; %d connects", i, err_name(out->reason), out->detail,
				 s.b.peer.connects);
		assert_int_equal(out->learned.used_tls, rows[i].used_tls);
		s.b.peer.tls = tls;
		site_release(&s);
	}
}

/* A plain port that takes connections only to reset them, as a proxy in front of nothing does. */
static void a_plain_port_that_resets_leads_to_tls(void **state)
{
	struct site s;
	struct peer shut;
	site_init(&s);
	peer_init(&shut, s.b.w->kit.loop);
	shut.connect = DOES_RESET;
	struct act_start *o = order_of(&s, VERB_STATUS);
	o->at.plain_port = shut.port;
	const struct act_outcome *out = bench_act(&s.b, o);
	assert_int_equal(out->end, ACT_END_DONE);
	assert_true(out->learned.used_tls);
	o = order_of(&s, VERB_STATUS);
	o->at.plain_port = shut.port;
	o->at.tls_port = NOBODY;
	assert_int_equal(bench_act(&s.b, o)->reason, ERR_LOST_CONNECTION);
	o = order_of(&s, VERB_STATUS); /* it was plain before: then it is only out of order */
	o->at.plain_port = shut.port;
	(void)bytes_to_str(BYTES_LIT(PEER_REALM), o->at.digest.realm, sizeof(o->at.digest.realm));
	out = bench_act(&s.b, o);
	assert_int_equal(out->reason, ERR_LOST_CONNECTION);
	peer_release(&shut);
	site_release(&s);
}

static void old_tls_is_for_the_device_that_has_it_set(void **state)
{
	struct site s;
	site_init(&s);
	s.b.peer.tls_opts = (struct tls_opts){.least = TLS_1_0, .most = TLS_1_1};
	assert_int_equal(bench_act(&s.b, order_of(&s, VERB_STATUS))->reason, ERR_TLS_FAILED);
	struct act_start *o = order_of(&s, VERB_STATUS);
	o->at.old_tls = true;
	assert_int_equal(bench_act(&s.b, o)->end, ACT_END_DONE);
	site_release(&s);
}

static void a_handshake_that_hangs_ends_in_time(void **state)
{
	struct site s;
	site_init(&s);
	s.b.peer.connect = DOES_HANG;
	int64_t before = clock_mono_ms(s.b.clock);
	const struct act_outcome *out = bench_act(&s.b, order_of(&s, VERB_STATUS));
	assert_int_equal(out->end, ACT_END_NOT_SENT);
	assert_int_equal(out->reason, ERR_NO_ANSWER); /* it is there, and its network is */
	assert_string_equal(out->detail, "the TLS handshake took longer than 5000 ms");
	assert_true(clock_mono_ms(s.b.clock) - before < 13000);
	site_release(&s);
}

static void handshakes_wait_for_their_turn(void **state)
{
	struct site s;
	site_init(&s);
	struct wire_config *c = bench_config(&s.b);
	c->handshakes_at_once = 1;
	bench_send(&s.b, &c->mail);
	s.b.peer.connect = DOES_HANG;
	for (int i = 0; i < 3; i++)
		bench_send(&s.b, &order_of(&s, VERB_STATUS)->mail);
	for (int i = 0; i < 5; i++)
		(void)loop_run_once(s.b.w->kit.loop, 0);
	assert_int_equal(s.b.peer.connects, 1);
	for (int i = 2; i <= 3; i++) { /* a peer that lets us wait does not keep the others waiting */
		clock_advance(s.b.clock, 250);
		for (int j = 0; j < 5; j++)
			(void)loop_run_once(s.b.w->kit.loop, 0);
		assert_int_equal(s.b.peer.connects, i);
	}
	bench_run(&s.b, 3);
	assert_int_equal(s.b.peer.connects, 6); /* each tried twice */
	assert_int_equal(s.b.out->reason, ERR_NO_ANSWER);
	site_release(&s);
}

static struct act_start *next_of(struct site *s, const struct act_outcome *before)
{
	struct act_start *o = order_of(s, VERB_RESET);
	pin(o, &s->cert);
	o->at.tls_seen = true;
	o->at.digest = before->learned.digest;
	return o;
}

/* What happens between two acts, and whether the second finds the connection of the first. */
static void a_connection_is_kept_for_the_next_act(void **state)
{
	static const struct {
		int64_t pause_s;
		bool other_login, hang_up, configure;
		int connects;
	} rows[] = {
		{.pause_s = 0, .connects = 1},    {.pause_s = 50, .connects = 1},
		{.pause_s = 61, .connects = 2},   {.other_login = true, .connects = 2},
		{.hang_up = true, .connects = 2}, {.configure = true, .connects = 2},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct site s;
		site_init(&s);
		const struct act_outcome *out = bench_act(&s.b, order_of(&s, VERB_STATUS));
		struct act_start *o = next_of(&s, out);
		if (rows[i].other_login)
			(void)bytes_to_str(BYTES_LIT("other"), o->at.login, sizeof(o->at.login));
		if (rows[i].hang_up)
			peer_hang_up(&s.b.peer);
		if (rows[i].configure)
			bench_send(&s.b, &bench_config(&s.b)->mail);
		for (int64_t t = 0; t < rows[i].pause_s; t++) {
			clock_advance(s.b.clock, 1000);
			(void)loop_run_once(s.b.w->kit.loop, 0);
		}
		out = bench_act(&s.b, o);
		assert_int_equal(out->end, rows[i].other_login ? ACT_END_FAILED : ACT_END_DONE);
		assert_int_equal(s.b.peer.connects, rows[i].connects);
		assert_int_equal(s.b.peer.acts, rows[i].other_login ? 0 : 1);
		if (!rows[i].other_login)
			assert_int_equal(out->requests, 2);
		site_release(&s);
	}
}

/* A pin that was changed by a person meanwhile. */
static void a_kept_connection_is_nothing_to_another_pin(void **state)
{
	struct site s;
	site_init(&s);
	struct act_start *o = next_of(&s, bench_act(&s.b, order_of(&s, VERB_STATUS)));
	pin(o, &s.other);
	assert_int_equal(bench_act(&s.b, o)->reason, ERR_TLS_PIN);
	assert_int_equal(s.b.peer.acts, 0);
	site_release(&s);
}

static void the_connection_after_a_401_resumes_the_session(void **state)
{
	struct site s;
	site_init(&s);
	s.b.peer.close_after_401 = true;
	const struct act_outcome *out = bench_act(&s.b, order_of(&s, VERB_STATUS));
	assert_int_equal(out->end, ACT_END_DONE);
	assert_memory_equal(out->learned.pin, s.cert.pin, TLS_PIN_SIZE);
	assert_int_equal(s.b.peer.connects, 2);
	assert_int_equal(s.b.peer.resumed, 1);
	site_release(&s);
}

/* A device that has nothing but TLS, and perhaps old TLS, is looked at without a login all the same. */
static void a_scan_looks_through_tls(void **state)
{
	for (int old = 0; old < 2; old++) {
		struct site s;
		site_init(&s);
		if (old)
			s.b.peer.tls_opts = (struct tls_opts){.least = TLS_1_0, .most = TLS_1_1};
		struct scan_start *o = scan_start_new();
		o->scan = 1;
		o->ranges = mem_alloc(sizeof(*o->ranges));
		range_init(o->ranges);
		assert_int_equal(range_parse("127.0.0.1", NULL, 1, o->ranges, NULL), 0);
		o->tcp = true;
		o->rmcp_port = NOBODY;
		o->plain_port = NOBODY;
		o->tls_port = s.b.peer.port;
		bench_send(&s.b, &o->mail);
		bench_wait(&s.b, &s.b.scan_ends, 1);
		assert_int_equal(s.b.sightings, 1);
		assert_true(s.b.sighting.tls && !s.b.sighting.plain && s.b.sighting.tcp);
		assert_string_equal(s.b.sighting.realm, PEER_REALM);
		assert_int_equal(s.b.peer.requests, 1);
		site_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_leaf_is_pinned_and_known_again),
		cmocka_unit_test(another_leaf_hears_nothing),
		cmocka_unit_test(a_right_certificate_behind_a_foreign_leaf_is_none),
		cmocka_unit_test(a_wrong_password_pins_nothing),
		cmocka_unit_test(the_way_never_goes_down),
		cmocka_unit_test(a_plain_port_that_resets_leads_to_tls),
		cmocka_unit_test(old_tls_is_for_the_device_that_has_it_set),
		cmocka_unit_test(a_handshake_that_hangs_ends_in_time),
		cmocka_unit_test(handshakes_wait_for_their_turn),
		cmocka_unit_test(a_connection_is_kept_for_the_next_act),
		cmocka_unit_test(a_kept_connection_is_nothing_to_another_pin),
		cmocka_unit_test(the_connection_after_a_401_resumes_the_session),
		cmocka_unit_test(a_scan_looks_through_tls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
