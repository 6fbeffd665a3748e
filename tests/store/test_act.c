/* The life of an act: every transition is compare-and-set, and a lost race is an answer. */
#include "fixture.h"

#include <sqlite3.h>

#include "store/hold.h"

#define NOW    1800000000000
#define MINUTE 60000

/* Server, credential, devices 20..20+n-1 and a job with one queued act each: ids 1..n. */
static void add_job(struct fixture *f, int64_t job, int n, int64_t first)
{
	const struct store_job j = {.id = job,
				    .verb = 1,
				    .state = JOB_STATE_OPEN,
				    .requested_by = "root (local)",
				    .created_at = NOW,
				    .deadline = NOW + 10 * MINUTE,
				    .target = "/Workstations/",
				    .options = "{}",
				    .act_first = first,
				    .total = n,
				    .expanded = n};
	OK(f, store_job_add(f->db, &j, &f->e));
	struct store_act acts[16] = {{0}};
	for (int i = 0; i < n; i++) {
		acts[i] = (struct store_act){.id = first + i,
					     .job = job,
					     .device = 20 + i,
					     .amt = 1020 + i,
					     .server = 1,
					     .verb = 1,
					     .state = ACT_STATE_QUEUED,
					     .due = NOW,
					     .deadline = NOW + 10 * MINUTE};
	}
	int64_t inserted;
	OK(f, store_act_insert(f->db, acts, (size_t)n, &inserted, &f->e));
	assert_int_equal(inserted, n);
	OK(f, store_act_insert(f->db, acts, (size_t)n, &inserted, &f->e));
	assert_int_equal(inserted, 0);
}

static void add_zone(struct fixture *f, int devices)
{
	add_server(f);
	add_credential(f);
	for (int i = 0; i < devices; i++)
		add_device(f, 20 + i, STORE_FOLDER_WORKSTATIONS);
}

static bool claim(struct fixture *f, int64_t id, int64_t fence, int64_t now, bool hold_counts)
{
	const struct store_act_claim c = {.id = id,
					  .fence = fence,
					  .server = 1,
					  .epoch = 5,
					  .now = now,
					  .lease_end = now + 30000,
					  .hold_counts = hold_counts};
	bool won;
	OK(f, store_act_claim(f->db, &c, &won, &f->e));
	return won;
}

static bool send_act(struct fixture *f, struct store_act_send s)
{
	bool won;
	OK(f, store_act_send(f->db, &s, &won, &f->e));
	return won;
}

static const struct store_act_send good_send = {.id = 1,
						.fence = 1,
						.server = 1,
						.epoch = 5,
						.now = NOW + 1,
						.settle_after = NOW + MINUTE,
						.power_before = 2,
						.message_id = "uuid:1",
						.evidence = "{\"power\":2}"};

static struct store_act get(struct fixture *f, int64_t id)
{
	struct store_act act;
	OK(f, store_act_get(f->db, f->a, id, &act, &f->e));
	return act;
}

static void an_act_of_power_costs_four_writes_of_its_row(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	int64_t before = db_total_changes(f->db);
	const struct store_act act = {
		.id = 1, .job = 7, .device = 20, .amt = 1020, .server = 1, .due = NOW, .deadline = NOW + MINUTE};
	OK(f, store_act_insert(f->db, &act, 1, NULL, &f->e));
	assert_true(claim(f, 1, 0, NOW, true));
	assert_true(send_act(f, good_send));
	const struct store_act_outcome o = {.id = 1,
					    .fence = 1,
					    .now = NOW + 5000,
					    .from = ACT_STATE_SENT,
					    .to = ACT_STATE_DONE,
					    .evidence_kind = 2,
					    .power_after = 8,
					    .detail = "seen off"};
	bool won;
	OK(f, store_act_finish(f->db, &o, &won, &f->e));
	assert_true(won);
	assert_int_equal(db_total_changes(f->db) - before, 4);
	struct store_act got = get(f, 1);
	assert_int_equal(got.state, ACT_STATE_DONE);
	assert_int_equal(got.fence, 1);
	assert_int_equal(got.epoch, 5);
	assert_int_equal(got.attempt, 1);
	assert_true(got.lease_end == NOW + 30000);
	assert_true(got.sent_at == NOW + 1);
	assert_true(got.ended_at == NOW + 5000);
	assert_int_equal(got.evidence_kind, 2);
	assert_int_equal(got.power_before, 2);
	assert_int_equal(got.power_after, 8);
	assert_string_equal(got.message_id, "uuid:1");
	assert_string_equal(got.evidence, "{\"power\":2}");
	assert_string_equal(got.detail, "seen off");
}

static void a_status_act_costs_four_writes_with_what_was_learned(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	int64_t before = db_total_changes(f->db);
	const struct store_act act = {
		.id = 1, .job = 7, .device = 20, .amt = 1020, .server = 1, .due = NOW, .deadline = NOW + MINUTE};
	OK(f, store_act_insert(f->db, &act, 1, NULL, &f->e));
	assert_true(claim(f, 1, 0, NOW, false));
	const struct store_act_outcome o = {.id = 1,
					    .fence = 1,
					    .now = NOW + 50,
					    .from = ACT_STATE_CLAIMED,
					    .to = ACT_STATE_DONE,
					    .power_after = 2};
	bool won;
	OK(f, store_act_finish(f->db, &o, &won, &f->e));
	assert_true(won);
	struct store_amt_state s;
	OK(f, store_amt_state_get(f->db, f->a, 1020, &s, &f->e));
	s.power = 2;
	s.power_at = s.seen_at = s.last_at = NOW + 50;
	s.digest = "MD5 auth 00000001";
	OK(f, store_amt_state_put(f->db, &s, &f->e));
	assert_int_equal(db_total_changes(f->db) - before, 4);
}

struct seen {
	int n;
	int64_t id[16];
	int64_t due;
	char host[32];
};

static void a_claim_is_won_once_and_only_when_due_and_before_the_deadline(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	add_job(f, 7, 1, 1);
	assert_false(claim(f, 1, 0, NOW - 1, false));
	assert_false(claim(f, 1, 0, NOW + 10 * MINUTE, false));
	assert_false(claim(f, 1, 1, NOW, false));
	assert_false(claim(f, 99, 0, NOW, false));
	assert_true(claim(f, 1, 0, NOW, false));
	assert_false(claim(f, 1, 0, NOW, false));
	assert_false(claim(f, 1, 1, NOW, false));
	assert_int_equal(get(f, 1).attempt, 1);
}

static void an_interface_has_one_live_act_at_a_time(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	add_job(f, 7, 1, 1);
	add_job(f, 8, 1, 2);
	assert_true(claim(f, 1, 0, NOW, false));
	assert_false(claim(f, 2, 0, NOW, false));
	assert_true(send_act(f, good_send));
	assert_false(claim(f, 2, 0, NOW, false));
	/* Whoever goes round the condition meets the index. */
	assert_int_equal(db_define(f->db, "UPDATE act SET state = 1 WHERE id = 2", &f->e), ERR_EXISTS);
	const struct store_act_outcome o = {
		.id = 1, .fence = 1, .now = NOW, .from = ACT_STATE_SENT, .to = ACT_STATE_UNKNOWN, .reason = 80};
	bool won;
	OK(f, store_act_finish(f->db, &o, &won, &f->e));
	assert_true(won);
	assert_true(claim(f, 2, 0, NOW, false));
}

static void a_job_has_one_act_per_interface(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	const struct store_act acts[] = {
		{.id = 1, .job = 7, .device = 20, .amt = 1020, .server = 1},
		{.id = 2, .job = 7, .device = 20, .amt = 1020, .server = 1},
		{.id = 3, .job = 7, .device = 30, .amt = 0, .state = ACT_STATE_FAILED, .reason = 70, .detail = "none"},
		{.id = 4, .job = 7, .device = 31, .amt = 0, .state = ACT_STATE_FAILED, .reason = 70},
	};
	int64_t inserted;
	OK(f, store_act_insert(f->db, acts, 4, &inserted, &f->e));
	assert_int_equal(inserted, 3);
	struct store_act got = get(f, 3);
	assert_int_equal(got.amt, 0);
	assert_int_equal(got.device, 30);
	assert_int_equal(got.reason, 70);
	assert_string_equal(got.detail, "none");
	assert_null(got.message_id);
}

static void sending_needs_fence_server_epoch_lease_and_deadline(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	add_job(f, 7, 1, 1);
	assert_false(send_act(f, good_send)); /* not claimed */
	assert_true(claim(f, 1, 0, NOW, true));
	struct store_act_send s = good_send;
	s.fence = 0;
	assert_false(send_act(f, s));
	s = good_send;
	s.server = 2;
	assert_false(send_act(f, s));
	s = good_send;
	s.epoch = 4;
	assert_false(send_act(f, s));
	s = good_send;
	s.now = NOW + 30000; /* the lease ends in this very millisecond */
	assert_false(send_act(f, s));
	int64_t n;
	OK(f, store_act_renew(f->db, 1, 5, NOW + 31000, NOW + 20 * MINUTE, &n, &f->e));
	assert_int_equal(n, 1);
	s.now = NOW + 10 * MINUTE; /* the deadline */
	assert_false(send_act(f, s));
	s.now = NOW + 10 * MINUTE - 1;
	assert_true(send_act(f, s));
	assert_false(send_act(f, s));
}

static void hold(struct fixture *f, enum store_scope scope, int64_t object, bool on)
{
	const struct store_hold h = {
		.scope = scope, .object = object, .actor = "root", .reason = "fire", .created_at = NOW};
	if (on)
		OK(f, store_hold_put(f->db, &h, &f->e));
	else
		OK(f, store_hold_delete(f->db, scope, object, &f->e));
}

static void a_hold_on_zone_folder_or_device_stops_claim_and_send(void **state)
{
	struct fixture *f = *state;
	add_server(f);
	add_credential(f);
	struct store_folder lab = {.id = 50, .parent = STORE_FOLDER_WORKSTATIONS, .name = "lab"};
	struct store_folder lab2 = {.id = 51, .parent = STORE_FOLDER_WORKSTATIONS, .name = "lab2"};
	OK(f, store_folder_add(f->db, &lab, &f->e));
	OK(f, store_folder_add(f->db, &lab2, &f->e));
	add_device(f, 20, 50);
	add_device(f, 21, 51);
	add_job(f, 7, 2, 1);
	static const struct {
		enum store_scope scope;
		int64_t object;
		bool covers_20, covers_21;
	} rows[] = {
		{STORE_SCOPE_ZONE, 0, true, true},
		{STORE_SCOPE_FOLDER, STORE_FOLDER_ROOT, true, true},
		{STORE_SCOPE_FOLDER, STORE_FOLDER_WORKSTATIONS, true, true},
		{STORE_SCOPE_FOLDER, 50, true, false},
		{STORE_SCOPE_FOLDER, 51, false, true},
		{STORE_SCOPE_FOLDER, STORE_FOLDER_SERVERS, false, false},
		{STORE_SCOPE_DEVICE, 20, true, false},
		{STORE_SCOPE_DEVICE, 21, false, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(f, db_begin(f->db, &f->e));
		bool covers;
		hold(f, rows[i].scope, rows[i].object, true);
		hold(f, rows[i].scope, rows[i].object, true);
		OK(f, store_hold_covers(f->db, 20, &covers, &f->e));
		assert_int_equal(covers, rows[i].covers_20);
		OK(f, store_hold_covers(f->db, 21, &covers, &f->e));
		assert_int_equal(covers, rows[i].covers_21);
		assert_int_equal(claim(f, 1, 0, NOW, true), !rows[i].covers_20);
		assert_int_equal(claim(f, 2, 0, NOW, true), !rows[i].covers_21);
		db_rollback(f->db);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(f, db_begin(f->db, &f->e));
		assert_true(claim(f, 1, 0, NOW, true));
		hold(f, rows[i].scope, rows[i].object, true);
		assert_int_equal(send_act(f, good_send), !rows[i].covers_20);
		hold(f, rows[i].scope, rows[i].object, false);
		assert_int_equal(send_act(f, good_send), rows[i].covers_20);
		db_rollback(f->db);
	}
	hold(f, STORE_SCOPE_ZONE, 0, true);
	assert_true(claim(f, 1, 0, NOW, false)); /* a read is not held */
	assert_int_equal(store_hold_delete(f->db, STORE_SCOPE_DEVICE, 20, &f->e), ERR_NOT_FOUND);
}

static void a_claim_given_back_waits_for_its_back_off_and_has_a_new_fence(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	add_job(f, 7, 1, 1);
	assert_true(claim(f, 1, 0, NOW, false));
	struct store_act_back b = {.id = 1,
				   .fence = 0,
				   .from = ACT_STATE_CLAIMED,
				   .due = NOW + 5000,
				   .reason = 42,
				   .device_status = 503,
				   .detail = "no route"};
	bool won;
	OK(f, store_act_requeue(f->db, &b, &won, &f->e));
	assert_false(won);
	b.fence = 1;
	OK(f, store_act_requeue(f->db, &b, &won, &f->e));
	assert_true(won);
	OK(f, store_act_requeue(f->db, &b, &won, &f->e));
	assert_false(won);
	struct store_act got = get(f, 1);
	assert_int_equal(got.state, ACT_STATE_QUEUED);
	assert_int_equal(got.reason, 42);
	assert_int_equal(got.device_status, 503);
	assert_string_equal(got.detail, "no route");
	assert_true(got.lease_end == 0);
	assert_false(claim(f, 1, 1, NOW, false));
	assert_true(claim(f, 1, 1, NOW + 5000, false));
	got = get(f, 1);
	assert_int_equal(got.fence, 2);
	assert_int_equal(got.attempt, 2);
	/* The first sender comes back from the dead. */
	struct store_act_send s = good_send;
	s.now = NOW + 5001;
	assert_false(send_act(f, s));
	s.fence = 2;
	assert_true(send_act(f, s));
	b.fence = 2;
	OK(f, store_act_requeue(f->db, &b, &won, &f->e));
	assert_false(won); /* it is sent now */
	b.from = ACT_STATE_SENT;
	OK(f, store_act_requeue(f->db, &b, &won, &f->e));
	assert_true(won);
	assert_true(get(f, 1).sent_at == 0);
}

static int see_act(void *arg, const struct store_act *row)
{
	struct seen *s = arg;
	s->id[s->n++] = row->id;
	return 0;
}

static void what_is_in_doubt_is_settled_after_its_time(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	add_job(f, 7, 1, 1);
	assert_true(claim(f, 1, 0, NOW, false));
	struct store_act_settle k = {.id = 1, .fence = 1, .settle_after = NOW + 2 * MINUTE, .reason = 80};
	bool won;
	OK(f, store_act_keep_sent(f->db, &k, &won, &f->e));
	assert_false(won);
	assert_true(send_act(f, good_send));
	OK(f, store_act_keep_sent(f->db, &k, &won, &f->e));
	assert_true(won);
	assert_true(get(f, 1).settle_after == NOW + 2 * MINUTE);
	assert_int_equal(get(f, 1).reason, 80);
	assert_false(claim(f, 1, 1, NOW + 3 * MINUTE, false)); /* R3 */
	const struct store_act_outcome o = {
		.id = 1, .fence = 0, .now = NOW, .from = ACT_STATE_SENT, .to = ACT_STATE_DONE};
	OK(f, store_act_finish(f->db, &o, &won, &f->e));
	assert_false(won);
}

static void a_server_that_starts_requeues_its_claims_and_doubts_what_it_sent(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 4);
	add_job(f, 7, 4, 1);
	for (int64_t id = 1; id <= 3; id++)
		assert_true(claim(f, id, 0, NOW, false));
	assert_true(send_act(f, good_send));
	int64_t requeued, doubted;
	OK(f, store_act_server_start(f->db, 1, 5, NOW + 9, NOW + MINUTE, 82, &requeued, &doubted, &f->e));
	assert_int_equal(requeued, 0); /* this very epoch's */
	assert_int_equal(doubted, 0);
	OK(f, store_act_server_start(f->db, 2, 6, NOW + 9, NOW + MINUTE, 82, &requeued, &doubted, &f->e));
	assert_int_equal(requeued, 0); /* another server's */
	OK(f, store_act_server_start(f->db, 1, 6, NOW + 9, NOW + 2 * MINUTE, 82, &requeued, &doubted, &f->e));
	assert_int_equal(requeued, 2);
	assert_int_equal(doubted, 1);
	struct store_act got = get(f, 1);
	assert_int_equal(got.state, ACT_STATE_SENT);
	assert_int_equal(got.reason, 82);
	assert_true(got.settle_after == NOW + 2 * MINUTE);
	got = get(f, 2);
	assert_int_equal(got.state, ACT_STATE_QUEUED);
	assert_true(got.due == NOW + 9);
	assert_int_equal(got.fence, 1);
	struct seen s = {0};
	OK(f, store_act_live(f->db, 1, 0, 10, see_act, &s, &f->e));
	assert_int_equal(s.n, 1);
	assert_int_equal(s.id[0], 1);
}

static void a_lease_that_ended_is_seen_by_everybody(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 2);
	add_job(f, 7, 2, 1);
	assert_true(claim(f, 1, 0, NOW, false));
	assert_true(claim(f, 2, 0, NOW + 10, false));
	struct seen s = {0};
	OK(f, store_act_lapsed(f->db, NOW + 30000, 10, see_act, &s, &f->e));
	assert_int_equal(s.n, 1);
	assert_int_equal(s.id[0], 1);
	int64_t n;
	OK(f, store_act_renew(f->db, 1, 4, NOW + MINUTE, NOW + MINUTE, &n, &f->e));
	assert_int_equal(n, 0); /* an older epoch renews nothing */
	OK(f, store_act_renew(f->db, 1, 5, NOW + 30005, NOW + MINUTE, &n, &f->e));
	assert_int_equal(n, 1);
	s.n = 0;
	OK(f, store_act_lapsed(f->db, NOW + 30005, 10, see_act, &s, &f->e));
	assert_int_equal(s.n, 0);
}

static void queued_acts_end_by_cancel_and_by_deadline_but_live_ones_do_not(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 6);
	add_job(f, 7, 6, 1);
	assert_true(claim(f, 1, 0, NOW, false));
	const struct store_act_range r = {
		.job = 7, .first = 1, .last = 3, .now = NOW + 3, .to = ACT_STATE_CANCELLED, .reason = 13};
	int64_t n;
	OK(f, store_act_end_queued(f->db, &r, &n, &f->e));
	assert_int_equal(n, 2);
	assert_int_equal(get(f, 1).state, ACT_STATE_CLAIMED);
	assert_int_equal(get(f, 2).state, ACT_STATE_CANCELLED);
	assert_int_equal(get(f, 2).reason, 13);
	assert_true(get(f, 3).ended_at == NOW + 3);
	const struct store_act_range late = {
		.job = 7, .first = 4, .last = 6, .now = NOW + 4, .to = ACT_STATE_EXPIRED, .reason = -ERR_EXPIRED};
	OK(f, store_act_end_queued(f->db, &late, &n, &f->e));
	assert_int_equal(n, 3);
	assert_int_equal(get(f, 6).state, ACT_STATE_EXPIRED);
	assert_int_equal(get(f, 6).reason, -ERR_EXPIRED);
	struct store_job_counts c;
	OK(f, store_job_recount(f->db, 7, &c, &f->e));
	assert_int_equal(c.cancelled, 2);
	assert_int_equal(c.expired, 3);
	assert_int_equal(store_job_counts_sum(&c), 5);
}

static int see_view(void *arg, const struct store_act_view *row)
{
	struct seen *s = arg;
	s->id[s->n++] = row->act.id;
	(void)snprintf(s->host, sizeof(s->host), "%s %s", row->device_name ? row->device_name : "(gone)",
		       row->host ? row->host : "(gone)");
	return 0;
}

static int see_past(void *arg, const struct store_past *row)
{
	struct seen *s = arg;
	s->id[s->n++] = row->id;
	return 0;
}

static void the_acts_of_a_job_are_listed_by_page_and_state_and_outlive_their_device(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 3);
	add_job(f, 7, 3, 1);
	add_job(f, 8, 3, 4);
	assert_true(claim(f, 5, 0, NOW, false));
	struct seen s = {0};
	OK(f, store_act_list(f->db, 8, 0, 0, 2, see_view, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.id[0], 4);
	OK(f, store_act_list(f->db, 8, 5, 0, 10, see_view, &s, &f->e));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.id[2], 6);
	assert_string_equal(s.host, "pc-22 127.1.0.22");
	s.n = 0;
	OK(f, store_act_list(f->db, 8, 0, 1u << ACT_STATE_CLAIMED, 10, see_view, &s, &f->e));
	assert_int_equal(s.n, 1);
	assert_int_equal(s.id[0], 5);
	s.n = 0;
	OK(f, store_act_history(f->db, 21, 1021, 0, 10, see_past, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.id[0], 5);
	assert_int_equal(s.id[1], 2);
	OK(f, store_device_delete(f->db, 22, &f->e));
	s.n = 0;
	OK(f, store_act_list(f->db, 8, 5, 0, 10, see_view, &s, &f->e));
	assert_string_equal(s.host, "(gone) (gone)");
	assert_int_equal(store_act_list(f->db, 99, 0, 0, 10, see_view, &s, &f->e), ERR_NOT_FOUND);
}

static void one_act_is_read_with_all_that_it_needs(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 2);
	add_job(f, 7, 2, 1);
	struct store_act_due got;
	OK(f, store_act_due_get(f->db, f->a, 2, &got, &f->e));
	assert_int_equal(got.id, 2);
	assert_int_equal(got.job, 7);
	assert_int_equal(got.device, 21);
	assert_int_equal(got.amt, 1021);
	assert_int_equal(got.verb, 1);
	assert_true(got.due == NOW);
	assert_true(got.deadline == NOW + 10 * MINUTE);
	assert_string_equal(got.interface.host, "127.1.0.21");
	assert_int_equal(got.interface.port_tls, 16993);
	assert_int_equal(got.state.amt, 1021);
	OK(f, store_device_delete(f->db, 21, &f->e));
	OK(f, store_act_due_get(f->db, f->a, 2, &got, &f->e));
	assert_int_equal(got.interface.id, 0);
	assert_string_equal(got.interface.host, "");
	assert_int_equal(store_act_due_get(f->db, f->a, 99, &got, &f->e), ERR_NOT_FOUND);
}

static int see_queued(void *arg, const struct store_act_view *row)
{
	struct seen *s = arg;
	s->id[s->n++] = row->act.id;
	s->due = row->act.due;
	(void)snprintf(s->host, sizeof(s->host), "%s", row->host);
	return 0;
}

static void queued_acts_are_read_in_pages_whether_due_or_not(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 4);
	add_job(f, 7, 4, 1);
	bool won;
	OK(f, store_act_release(f->db, 2, 1, NOW, NOW, &won, &f->e));
	assert_false(won); /* another fence */
	OK(f, store_act_release(f->db, 2, 0, NOW + 5 * MINUTE, NOW + 9 * MINUTE, &won, &f->e));
	assert_true(won);
	assert_true(get(f, 2).due == NOW + 5 * MINUTE);
	assert_true(get(f, 2).deadline == NOW + 9 * MINUTE);
	assert_true(claim(f, 3, 0, NOW, false));
	OK(f, store_act_release(f->db, 3, 1, NOW, NOW, &won, &f->e));
	assert_false(won); /* not queued any more */
	struct seen s = {0};
	OK(f, store_act_queued(f->db, 1, 0, 0, 2, see_queued, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.id[0], 1);
	assert_int_equal(s.id[1], 4);
	OK(f, store_act_queued(f->db, 1, s.due, 4, 9, see_queued, &s, &f->e));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.id[2], 2);
	assert_string_equal(s.host, "127.1.0.21");
	OK(f, store_act_queued(f->db, 2, 0, 0, 9, see_queued, &s, &f->e));
	assert_int_equal(s.n, 3);
}

/* Lets SQLite work for a while, then interrupts it: at any instruction of any statement. */
static int interrupt(void *left)
{
	return --*(int *)left == 0; /* once: the rollback gets through */
}

static int whole_life(struct fixture *f)
{
	const struct store_act act = {
		.id = 50, .job = 9, .device = 20, .amt = 1020, .server = 1, .due = NOW, .deadline = NOW + MINUTE};
	const struct store_act_claim c = {
		.id = 50, .server = 1, .epoch = 5, .now = NOW, .lease_end = NOW + 30000, .hold_counts = true};
	struct store_act_send s = good_send;
	s.id = 50;
	const struct store_act_outcome o = {
		.id = 50, .fence = 1, .now = NOW, .from = ACT_STATE_SENT, .to = ACT_STATE_DONE, .power_after = 8};
	const struct store_amt_learned l = {.amt = 1020, .power = 8, .answered = true, .last_act = 50, .at = NOW};
	bool won = true;
	int rc = db_begin(f->db, &f->e);
	if (rc == 0)
		rc = store_act_insert(f->db, &act, 1, NULL, &f->e);
	if (rc == 0)
		rc = store_act_claim(f->db, &c, &won, &f->e);
	if (rc == 0 && won)
		rc = store_act_send(f->db, &s, &won, &f->e);
	if (rc == 0 && won)
		rc = store_act_finish(f->db, &o, &won, &f->e);
	if (rc == 0 && won)
		rc = store_amt_state_learn(f->db, &l, &f->e);
	assert_true(won);
	return rc;
}

static void a_statement_that_fails_anywhere_leaves_nothing_half_done(void **state)
{
	struct fixture *f = *state;
	add_zone(f, 1);
	int failures = 0;
	for (int after = 1;; after++) {
		int left = after;
		sqlite3_progress_handler(db_driver_conn(f->db), 1, interrupt, &left);
		int rc = whole_life(f);
		sqlite3_progress_handler(db_driver_conn(f->db), 0, NULL, NULL);
		if (rc == 0)
			break;
		failures++;
		assert_int_equal(rc, ERR_DATABASE);
		assert_non_null(strstr(f->e.msg, "interrupted"));
		db_rollback(f->db);
		assert_int_equal(ask(f, "SELECT COUNT(*) FROM act"), 0);
		assert_int_equal(ask(f, "SELECT power FROM amt_state WHERE amt = 1020"), 0);
	}
	assert_true(failures > 10);
	OK(f, db_commit(f->db, &f->e));
	assert_int_equal(get(f, 50).state, ACT_STATE_DONE);
	assert_int_equal(ask(f, "SELECT power FROM amt_state WHERE amt = 1020"), 8);
}

static void states_have_numbers_and_names(void **state)
{
	enum act_state s;
	for (int i = 0; i < ACT_STATE_COUNT; i++) {
		assert_true(act_state_from_name(act_state_name((enum act_state)i), &s));
		assert_int_equal(s, i);
		assert_true(act_state_sentence(s)[0]);
		assert_int_equal(act_state_is_final(s), i >= ACT_STATE_DONE);
		struct store_job_counts c = {0};
		assert_int_equal(store_job_count_of(&c, s) != NULL, act_state_is_final(s));
	}
	assert_false(act_state_from_name("asleep", &s));
	assert_string_equal(act_state_name((enum act_state)77), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(an_act_of_power_costs_four_writes_of_its_row),
		FIXTURE_TEST(a_status_act_costs_four_writes_with_what_was_learned),
		FIXTURE_TEST(a_claim_is_won_once_and_only_when_due_and_before_the_deadline),
		FIXTURE_TEST(an_interface_has_one_live_act_at_a_time),
		FIXTURE_TEST(a_job_has_one_act_per_interface),
		FIXTURE_TEST(sending_needs_fence_server_epoch_lease_and_deadline),
		FIXTURE_TEST(a_hold_on_zone_folder_or_device_stops_claim_and_send),
		FIXTURE_TEST(a_claim_given_back_waits_for_its_back_off_and_has_a_new_fence),
		FIXTURE_TEST(what_is_in_doubt_is_settled_after_its_time),
		FIXTURE_TEST(a_server_that_starts_requeues_its_claims_and_doubts_what_it_sent),
		FIXTURE_TEST(a_lease_that_ended_is_seen_by_everybody),
		FIXTURE_TEST(queued_acts_end_by_cancel_and_by_deadline_but_live_ones_do_not),
		FIXTURE_TEST(the_acts_of_a_job_are_listed_by_page_and_state_and_outlive_their_device),
		FIXTURE_TEST(one_act_is_read_with_all_that_it_needs),
		FIXTURE_TEST(queued_acts_are_read_in_pages_whether_due_or_not),
		FIXTURE_TEST(a_statement_that_fails_anywhere_leaves_nothing_half_done),
		FIXTURE_TEST(states_have_numbers_and_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
