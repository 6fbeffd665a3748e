/* What the zone tells people: which happenings become messages, and how long they stay open and stay at all. */
#include "harness.h"

#include "base/metric.h"
#include "store/certificate.h"
#include "store/message.h"
#include "store/store.h"
#include "zone/zone.h"

#define HOUR_MS INT64_C(3600000)

static struct act_start *order(struct harness *h, const char *verb)
{
	assert_int_equal(askf(h, "POST /power", "{\"verb\":\"%s\",\"targets\":[\"d1\"]}", verb), 200);
	struct act_start *s = take_start(h);
	assert_non_null(s);
	return s;
}

static int64_t count(struct harness *h, const char *where)
{
	char sql[256];
	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM message WHERE %s", where);
	return query(h, sql);
}

static const char *newest(struct harness *h)
{
	return query_text(h, "SELECT number || ' ' || severity || ' ' || actor || ' ' || kind || ' ' || name || ': ' ||"
			     " text FROM message ORDER BY id DESC");
}

static void a_start_is_told(void **state)
{
	struct harness *h = *state;
	assert_int_equal(count(h, "number = 100 AND severity = 3 AND kind = 3"), 1);
	harness_restart(h);
	assert_int_equal(count(h, "number = 100"), 2);
	assert_int_equal(count(h, "1") + query(h, "SELECT MIN(id) FROM message") - 1,
			 query(h, "SELECT MAX(id) FROM message"));
}

static const struct failure {
	const char *verb;
	int reason, message; /* 0: none */
	const char *says;
} failures[] = {
	{"on", ERR_INVALID_STATE, MESSAGE_ACT_FAILED, "on of device \"d1\" failed: the device refuses"},
	{"status", ERR_INVALID_STATE, 0, NULL},
	{"status", ERR_WRONG_PASSWORD, MESSAGE_DEVICE_LOGIN, "device \"d1\": the device does not accept this login"},
	{"status", ERR_TLS_PIN, MESSAGE_DEVICE_IDENTITY, "device \"d1\": the device shows another certificate"},
};

static void what_failed_at_a_device_is_told_about_the_device(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		const struct failure *f = &failures[i];
		int64_t before = count(h, "kind = 2");
		struct act_start *s = order(h, f->verb);
		send_outcome(h, s, ACT_END_FAILED, f->reason);
		assert_int_equal(count(h, "kind = 2"), before + (f->message != 0));
		char where[128];
		(void)snprintf(where, sizeof(where), "kind = 2 AND number = %d AND name = 'd1' AND text LIKE '%s%%'",
			       f->message, f->says ? f->says : "");
		assert_int_equal(count(h, where), f->message != 0);
		mail_drop(s);
	}
}

static void an_order_without_an_outcome_is_an_error(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "reset");
	send_gate(h, s, POWER_STATE_ON);
	send_outcome(h, s, ACT_END_DOUBT, ERR_NO_REPLY);
	mail_drop(s);
	harness_pass(h, 10 * 60000);
	assert_int_equal(count(h, "number = 203 AND severity = 1 AND kind = 2 AND related = 1"), 1);
	assert_int_equal(count(h, "number = 201 AND severity = 2 AND kind = 8 AND related = 1"), 1);
	assert_non_null(strstr(newest(h), "201 2 root (local) 8 reset: job 1 (reset) ended: 1 unknown"));
}

static void holds_and_refusals_are_told(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"d1\",\"note\":\"fire\"}"), 200);
	assert_int_equal(count(h, "number = 210 AND kind = 2 AND name = 'd1' AND more = 'fire'"), 1);
	assert_int_equal(ask(h, "POST /holds/remove", "{\"target\":\"d1\"}"), 204);
	assert_int_equal(count(h, "number = 211 AND kind = 2"), 1);
	h->role = RIGHT_ROLE_VIEWER;
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"d1\"]}"), 403);
	assert_int_equal(count(h, "number = 500 AND actor = 'root (local)'"), 1);
}

static void messages_are_acknowledged_by_hand(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"d1\"}"), 200);
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"d2\"}"), 200);
	assert_int_equal(count(h, "acked_at = 0"), 3);
	int64_t seq = query(h, "SELECT id & 1099511627775 FROM message WHERE name = 'd1'");
	assert_int_equal(askf(h, "POST /messages/ack", "{\"messages\":[\"%lld\",\"99\"]}", (long long)seq), 404);
	assert_int_equal(count(h, "acked_at = 0"), 3);
	assert_int_equal(askf(h, "POST /messages/ack", "{\"messages\":[\"%lld\"]}", (long long)seq), 204);
	assert_int_equal(count(h, "name = 'd1' AND acked_at > 0 AND acked_by = 'root (local)'"), 1);
	assert_int_equal(ask(h, "POST /messages/ack", "{\"messages\":[\"x\"]}"), 400);
	assert_int_equal(ask(h, "POST /messages/ack-all", "{\"device\":\"none\"}"), 404);
	assert_int_equal(ask(h, "POST /messages/ack-all", "{\"severity\":\"bad\"}"), 400);
	assert_int_equal(ask(h, "POST /messages/ack-all", "{\"device\":\"d1\"}"), 200);
	assert_int_equal(answer_int(h, "acknowledged"), 0);
	assert_int_equal(ask(h, "POST /messages/ack-all", "{\"severity\":\"warning\"}"), 200);
	assert_int_equal(answer_int(h, "acknowledged"), 1);
	assert_int_equal(count(h, "acked_at = 0"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit WHERE action = 'message.ack-all'"), 2);
}

static void many_messages_are_acknowledged_in_slices(void **state)
{
	struct harness *h = *state;
	for (int i = 0; i < 1100; i++)
		assert_int_equal(ask(h, "POST /holds", "{\"target\":\"zone\"}"), 200);
	assert_int_equal(ask(h, "POST /messages/ack-all", NULL), 200);
	assert_int_equal(answer_int(h, "acknowledged"), 1101);
	assert_int_equal(count(h, "acked_at = 0"), 0);
}

static void messages_are_acknowledged_and_removed_by_time(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "PUT /settings/message-ack", "{\"value\":\"3h\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/keep-messages", "{\"value\":\"6h\"}"), 200);
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"zone\"}"), 200);
	harness_pass(h, 2 * HOUR_MS);
	assert_int_equal(count(h, "acked_at = 0"), 2);
	harness_pass(h, 2 * HOUR_MS);
	assert_int_equal(count(h, "acked_at = 0"), 0);
	assert_int_equal(count(h, "acked_by = 'server'"), 2);
	harness_pass(h, 4 * HOUR_MS);
	assert_int_equal(count(h, "1"), 1); /* the newest stays, so that numbers go on */
	assert_int_equal(ask(h, "POST /holds", "{\"target\":\"zone\"}"), 200);
	assert_int_equal(query(h, "SELECT MAX(id) & 1099511627775 FROM message"), 3);
}

static void the_worst_open_message_is_the_state_of_a_thing(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	struct act_start *s = order(h, "on");
	send_outcome(h, s, ACT_END_FAILED, ERR_INVALID_STATE);
	mail_drop(s);
	s = order(h, "status");
	send_outcome(h, s, ACT_END_FAILED, ERR_TLS_PIN);
	mail_drop(s);
	static const char sql[] = "SELECT MIN(severity) FROM message WHERE kind = 2 AND acked_at = 0";
	assert_int_equal(query(h, sql), MESSAGE_ERROR);
	assert_int_equal(ask(h, "POST /messages/ack-all", "{\"device\":\"d1\",\"severity\":\"error\"}"), 200);
	assert_int_equal(query(h, sql), MESSAGE_WARNING);
}

static void add_certificate(struct harness *h, int64_t id, const char *kind, int64_t server, int64_t end)
{
	struct db *db;
	const struct store_certificate c = {.id = id,
					    .kind = kind,
					    .server = server,
					    .cert = BYTES_LIT("c"),
					    .key = BYTES_LIT("k"),
					    .key_version = 1,
					    .not_after = end,
					    .created_at = 1};
	assert_int_equal(store_open(h->path, DB_READ_WRITE, 0, &db, NULL), 0);
	assert_int_equal(store_certificate_add(db, &c, NULL), 0);
	db_close(db);
}

static void what_expires_soon_is_told_once_a_day(void **state)
{
	struct harness *h = *state;
	int64_t now = HARNESS_START_MS, day = 24 * HOUR_MS;
	add_certificate(h, 7001, "ca", 0, now + 91 * day);
	add_certificate(h, 7002, "server", 1, now + 60 * day);
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"ci\",\"expires\":345600000}"), 200); /* 4 days */
	harness_pass(h, 7 * HOUR_MS);
	assert_int_equal(metric_get(METRIC_certificate_days_left), 59);
	assert_int_equal(metric_get(METRIC_tokens_expiring), 1);
	assert_int_equal(count(h, "number = 600"), 0);
	assert_int_equal(count(h, "number = 601 AND severity = 2 AND name = 'ci'"), 1);
	harness_pass(h, 2 * day);
	assert_int_equal(count(h, "number = 600 AND object = 7001 AND severity = 2"), 2);
	assert_int_equal(count(h, "number = 601"), 3);
	harness_restart(h);
	harness_pass(h, HOUR_MS);
	assert_int_equal(count(h, "number = 600"), 2);
	clock_advance(h->clock, 84 * day);
	harness_pass(h, 7 * HOUR_MS);
	assert_int_equal(count(h, "number = 600 AND object = 7001 AND severity = 1"), 1);
	assert_int_equal(count(h, "number = 600 AND object = 7002 AND severity = 1 AND text LIKE '%has expired%'"), 1);
}

static size_t told(struct harness *h, const char *who)
{
	assert_int_equal(log_in(h, who, "192.0.2.1", true), 200);
	size_t n = 0;
	for (const char *at = answer(h); (at = strstr(at, "expire")) != NULL; at++)
		n += strncmp(at, "expires in", 10) == 0 || strncmp(at, "expired", 7) == 0;
	return n;
}

/* M60: with 89 days once a day, with 4 days at every login; each administrator for himself. */
static void an_administrator_is_told_once_a_day_and_at_the_end_at_every_login(void **state)
{
	struct harness *h = *state;
	int64_t day = 24 * HOUR_MS;
	add_admin(h, "ann", "viewer", "zone");
	add_admin(h, "bob", "viewer", "zone");
	add_admin(h, "pia", "power", "zone");
	add_certificate(h, 7001, "ca", 0, HARNESS_START_MS + 90 * day);
	assert_int_equal(told(h, "ann"), 0); /* 90 days and no less */
	clock_advance(h->clock, HOUR_MS);
	assert_int_equal(told(h, "ann"), 1);
	assert_non_null(strstr(answer(h), "the zone's root certificate expires in 89 days, on 2027-02-16T"));
	assert_int_equal(told(h, "ann"), 0);
	assert_int_equal(told(h, "bob"), 1);
	assert_int_equal(told(h, "pia"), 0); /* sees nothing of the zone */
	clock_advance(h->clock, day - 1);
	assert_int_equal(told(h, "ann"), 0);
	clock_advance(h->clock, 1);
	assert_int_equal(told(h, "ann"), 1);
	clock_advance(h->clock, 84 * day);
	assert_int_equal(told(h, "ann"), 1);
	assert_int_equal(told(h, "ann"), 1);
	assert_non_null(strstr(answer(h), "expires in 4 days"));
	clock_advance(h->clock, 5 * day);
	assert_int_equal(told(h, "ann"), 1);
	assert_non_null(strstr(answer(h), "has expired"));
	assert_int_equal(told(h, "ann"), 1);
}

static void what_one_has_seen_is_not_due_until_it_is_again(void **state)
{
	struct harness *h = *state;
	add_admin(h, "ann", "viewer", "zone");
	add_certificate(h, 7001, "ca", 0, HARNESS_START_MS + 40 * 24 * HOUR_MS);
	struct principal ann = session_by(h, "ann");
	assert_int_equal(ask_by(h, &ann, "POST /notices/ack", ""), 200);
	assert_int_equal(answer_int(h, "acknowledged"), 0); /* the login told it */
	for (int i = 0; i < 49; i++) {                      /* kept alive by its use */
		struct zone_used *used = zone_used_new();
		used->by = ann;
		if (i % 24 == 23)
			ann = session_by(h, "ann");
		harness_mail(h, &used->mail);
		clock_advance(h->clock, 30 * 60000 - 1);
	}
	assert_int_equal(ask_by(h, &ann, "POST /notices/ack", ""), 200);
	assert_int_equal(answer_int(h, "acknowledged"), 1);
	assert_int_equal(ask_by(h, &ann, "POST /notices/ack", ""), 200);
	assert_int_equal(answer_int(h, "acknowledged"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM notice"), 1);
	assert_int_equal(ask(h, "POST /notices/ack", ""), 200); /* on the server itself */
	assert_int_equal(answer_int(h, "acknowledged"), 1);
	assert_int_equal(ask(h, "POST /tokens", "{\"name\":\"ci\"}"), 200);
	struct principal ci = token_by(h, "ci");
	assert_int_equal(ask_by(h, &ci, "POST /notices/ack", ""), 400);
}

static void who_made_a_token_is_told_that_it_ends(void **state)
{
	struct harness *h = *state;
	add_admin(h, "ann", "viewer", "zone");
	add_admin(h, "bob", "viewer", "zone");
	add_admin(h, "uta", "auditor", "zone"); /* sees administrators */
	assert_int_equal(ask(h, "POST /rights/grant", "{\"holder\":\"ann\",\"rights\":[\"administrator.modify\"]}"),
			 200);
	struct principal ann = session_by(h, "ann");
	assert_int_equal(ask_by(h, &ann, "POST /tokens", "{\"name\":\"ci\",\"expires\":864000000}"), 200); /* 10 days */
	assert_int_equal(told(h, "ann"), 0);
	clock_advance(h->clock, 6 * 24 * HOUR_MS);
	assert_int_equal(told(h, "ann"), 1);
	assert_int_equal(told(h, "uta"), 1);
	assert_int_equal(told(h, "bob"), 0);
	clock_advance(h->clock, 5 * 24 * HOUR_MS);
	assert_int_equal(told(h, "ann"), 0); /* it has ended */
	assert_int_equal(ask(h, "DELETE /admins/uta", NULL), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM notice"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_start_is_told),
		ZONE_TEST(what_failed_at_a_device_is_told_about_the_device),
		ZONE_TEST(an_order_without_an_outcome_is_an_error),
		ZONE_TEST(holds_and_refusals_are_told),
		ZONE_TEST(messages_are_acknowledged_by_hand),
		ZONE_TEST(many_messages_are_acknowledged_in_slices),
		ZONE_TEST(messages_are_acknowledged_and_removed_by_time),
		ZONE_TEST(what_expires_soon_is_told_once_a_day),
		ZONE_TEST(an_administrator_is_told_once_a_day_and_at_the_end_at_every_login),
		ZONE_TEST(what_one_has_seen_is_not_due_until_it_is_again),
		ZONE_TEST(who_made_a_token_is_told_that_it_ends),
		ZONE_TEST(the_worst_open_message_is_the_state_of_a_thing),
	};
	return cmocka_run_group_tests_name("zone_message", tests, NULL, NULL);
}
