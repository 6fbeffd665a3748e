/* What is written down: jobs and their counts, events, the audit chain. */
#include "fixture.h"

#include "store/audit.h"
#include "store/event.h"

static const struct store_job good_job = {.id = 42,
					  .verb = 3,
					  .state = JOB_STATE_EXPANDING,
					  .requested_by = "token ci",
					  .idempotency = "k-1",
					  .server = 1,
					  .created_at = 100,
					  .deadline = 700,
					  .target = "/Workstations/lab/",
					  .options = "{\"wait\":true}",
					  .act_first = 1,
					  .total = 3};

static void a_job_is_kept_and_its_key_is_unique_per_principal(void **state)
{
	struct fixture *f = *state;
	OK(f, store_job_add(f->db, &good_job, &f->e));
	struct store_job j;
	OK(f, store_job_get(f->db, f->a, 42, &j, &f->e));
	assert_int_equal(j.verb, 3);
	assert_int_equal(j.state, JOB_STATE_EXPANDING);
	assert_string_equal(j.requested_by, "token ci");
	assert_string_equal(j.idempotency, "k-1");
	assert_int_equal(j.server, 1);
	assert_int_equal(j.created_at, 100);
	assert_int_equal(j.deadline, 700);
	assert_int_equal(j.ended_at, 0);
	assert_string_equal(j.target, "/Workstations/lab/");
	assert_string_equal(j.options, "{\"wait\":true}");
	assert_int_equal(j.act_first, 1);
	assert_int_equal(j.total, 3);
	assert_int_equal(j.expanded, 0);
	j.id = 43;
	assert_int_equal(store_job_add(f->db, &j, &f->e), ERR_EXISTS);
	j.requested_by = "root (local)";
	OK(f, store_job_add(f->db, &j, &f->e));
	j.id = 44;
	j.idempotency = NULL;
	OK(f, store_job_add(f->db, &j, &f->e));
	j.id = 45;
	OK(f, store_job_add(f->db, &j, &f->e));
	OK(f, store_job_by_key(f->db, f->a, "token ci", "k-1", &j, &f->e));
	assert_int_equal(j.id, 42);
	assert_int_equal(store_job_by_key(f->db, f->a, "token ci", "k-2", &j, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_job_get(f->db, f->a, 99, &j, &f->e), ERR_NOT_FOUND);
}

static void a_job_ends_with_its_last_act(void **state)
{
	struct fixture *f = *state;
	OK(f, store_job_add(f->db, &good_job, &f->e));
	bool ended;
	const struct store_job_counts two = {.done = 1, .failed = 1}, one = {.unknown = 1};
	OK(f, store_job_count(f->db, 42, &two, 200, &ended, &f->e));
	assert_false(ended);
	OK(f, store_job_count(f->db, 42, &one, 201, &ended, &f->e));
	assert_false(ended); /* not all acts are made yet, as far as the row knows */
	OK(f, store_job_expand(f->db, 42, JOB_STATE_OPEN, 3, &f->e));
	const struct store_job_counts none = {0};
	OK(f, store_job_count(f->db, 42, &none, 202, &ended, &f->e));
	assert_true(ended);
	OK(f, store_job_count(f->db, 42, &none, 203, &ended, &f->e));
	assert_false(ended); /* once */
	struct store_job j;
	OK(f, store_job_get(f->db, f->a, 42, &j, &f->e));
	assert_int_equal(j.state, JOB_STATE_ENDED);
	assert_int_equal(j.ended_at, 202);
	assert_int_equal(j.counts.done, 1);
	assert_int_equal(j.counts.failed, 1);
	assert_int_equal(j.counts.unknown, 1);
	assert_int_equal(store_job_counts_sum(&j.counts), 3);
	assert_int_equal(store_job_count(f->db, 99, &none, 203, &ended, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_job_expand(f->db, 99, JOB_STATE_OPEN, 3, &f->e), ERR_NOT_FOUND);
}

static void an_open_job_is_cancelled_once(void **state)
{
	struct fixture *f = *state;
	OK(f, store_job_add(f->db, &good_job, &f->e));
	bool won;
	OK(f, store_job_cancel(f->db, 42, 300, &won, &f->e));
	assert_true(won);
	OK(f, store_job_cancel(f->db, 42, 301, &won, &f->e));
	assert_false(won);
	struct store_job j;
	OK(f, store_job_get(f->db, f->a, 42, &j, &f->e));
	assert_int_equal(j.cancelled_at, 300);
	j = good_job;
	j.id = 43;
	j.idempotency = NULL;
	j.state = JOB_STATE_ENDED;
	OK(f, store_job_add(f->db, &j, &f->e));
	OK(f, store_job_cancel(f->db, 43, 300, &won, &f->e));
	assert_false(won);
}

struct ids {
	int64_t id[32];
	int n;
};

static int see_job(void *arg, const struct store_job *row)
{
	struct ids *s = arg;
	s->id[s->n++] = row->id;
	return 0;
}

static void jobs_are_listed_newest_first_and_open_ones_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct store_job j = good_job;
	j.idempotency = NULL;
	for (j.id = 1; j.id <= 4; j.id++) {
		j.state = j.id == 2 ? JOB_STATE_ENDED : JOB_STATE_OPEN;
		OK(f, store_job_add(f->db, &j, &f->e));
	}
	struct ids s = {{0}};
	OK(f, store_job_list(f->db, 0, 3, see_job, &s, &f->e));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.id[0], 4);
	OK(f, store_job_list(f->db, 2, 3, see_job, &s, &f->e));
	assert_int_equal(s.n, 4);
	assert_int_equal(s.id[3], 1);
	s.n = 0;
	OK(f, store_job_list_open(f->db, 0, 9, see_job, &s, &f->e));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.id[0], 1);
	assert_int_equal(s.id[1], 3);
	s.n = 0;
	OK(f, store_job_list_open(f->db, 1, 1, see_job, &s, &f->e));
	assert_int_equal(s.n, 1);
	assert_int_equal(s.id[0], 3);
}

static void a_frozen_selection_is_kept_in_parts(void **state)
{
	struct fixture *f = *state;
	OK(f, store_job_add(f->db, &good_job, &f->e));
	int64_t ids[STORE_SELECTION_PART], got[STORE_SELECTION_PART];
	for (int i = 0; i < STORE_SELECTION_PART; i++)
		ids[i] = (int64_t)1 << (i % 62);
	OK(f, store_job_selection_put(f->db, 42, 0, ids, STORE_SELECTION_PART, &f->e));
	OK(f, store_job_selection_put(f->db, 42, 1, ids, 3, &f->e));
	size_t n;
	OK(f, store_job_selection_get(f->db, 42, 0, got, &n, &f->e));
	assert_int_equal(n, STORE_SELECTION_PART);
	assert_memory_equal(ids, got, sizeof(ids));
	OK(f, store_job_selection_get(f->db, 42, 1, got, &n, &f->e));
	assert_int_equal(n, 3);
	OK(f, store_job_selection_delete(f->db, 42, 0, &f->e));
	assert_int_equal(store_job_selection_get(f->db, 42, 0, got, &n, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_job_selection_put(f->db, 99, 0, ids, 3, &f->e), ERR_CONFLICT);
}

static void ended_jobs_are_purged_in_slices(void **state)
{
	struct fixture *f = *state;
	struct store_job j = good_job;
	j.state = JOB_STATE_ENDED;
	j.ended_at = 500;
	OK(f, store_job_add(f->db, &j, &f->e));
	for (int64_t id = 1; id <= 4; id++) {
		const struct store_act a = {
			.id = id, .job = id == 4 ? 50 : 42, .device = id, .amt = id, .state = ACT_STATE_DONE};
		OK(f, store_act_insert(f->db, &a, 1, NULL, &f->e));
	}
	int64_t n;
	OK(f, store_job_purge(f->db, 3, 500, 2, &n, &f->e));
	assert_int_equal(n, 0); /* not older than that */
	OK(f, store_job_purge(f->db, 1, 900, 2, &n, &f->e));
	assert_int_equal(n, 0); /* another verb */
	OK(f, store_job_purge(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 2);
	OK(f, store_job_purge(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 2); /* the last act and the job */
	OK(f, store_job_purge(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 0);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM act"), 1);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM job"), 0);
}

static int note_past(void *arg, const struct store_past *p)
{
	return buf_addf(arg, "%lld job %lld: %s evidence %d reason %d attempt %d power %d-%d at %lld by %s\n",
			(long long)p->id, (long long)p->job, act_state_name(p->state), p->evidence_kind, p->reason,
			p->attempt, p->power_before, p->power_after, (long long)p->ended_at, p->requested_by);
}

static int note_view(void *arg, const struct store_act_view *v)
{
	return buf_addf(arg, "%lld %s %d %s\n", (long long)v->act.id, act_state_name(v->act.state), v->act.reason,
			v->device_name ? v->device_name : "-");
}

static void acts_of_ended_jobs_move_to_the_history_in_slices(void **state)
{
	struct fixture *f = *state;
	struct store_job j = good_job;
	struct buf text;
	int64_t n;
	j.state = JOB_STATE_ENDED;
	j.ended_at = 500;
	j.created_at = 100;
	j.act_first = 1;
	j.total = 3;
	OK(f, store_job_add(f->db, &j, &f->e));
	for (int64_t id = 1; id <= 3; id++) {
		const struct store_act a = {
			.id = id, .job = 42, .device = 20 + id, .amt = id, .verb = j.verb, .state = ACT_STATE_QUEUED};
		OK(f, store_act_insert(f->db, &a, 1, NULL, &f->e));
	}
	OK(f, db_define(f->db,
			"UPDATE act SET state = 5, reason = 59, attempt = 4, evidence_kind = 2, power_before = 8,"
			" power_after = 2, ended_at = 7100",
			&f->e));
	buf_init(&text, 2000);
	OK(f, store_act_history(f->db, 22, 2, 0, 10, note_past, &text, &f->e));
	static const char expected[] =
		"2 job 42: failed evidence 2 reason 59 attempt 4 power 8-2 at 7100 by token ci\n";
	assert_string_equal(buf_cstr(&text), expected);
	OK(f, store_job_archive(f->db, 3, 500, 2, &n, &f->e));
	assert_int_equal(n, 0); /* not older than that */
	OK(f, store_job_archive(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 2);
	OK(f, store_job_archive(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 2); /* the last act and the job */
	OK(f, store_job_archive(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 0);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM act"), 0);
	buf_reset(&text);
	OK(f, store_act_history(f->db, 22, 2, 0, 10, note_past, &text, &f->e));
	assert_string_equal(buf_cstr(&text), expected);
	buf_reset(&text);
	OK(f, store_act_list(f->db, 42, 1, 0, 10, note_view, &text, &f->e));
	assert_string_equal(buf_cstr(&text), "2 failed 59 -\n3 failed 59 -\n");
	OK(f, store_job_purge(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 0);
	OK(f, store_job_purge_archived(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 2);
	OK(f, store_job_purge_archived(f->db, 3, 501, 2, &n, &f->e));
	assert_int_equal(n, 2);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM history"), 0);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM job"), 0);
	buf_release(&text);
}

static int see_event(void *arg, const struct store_event *row)
{
	struct ids *s = arg;
	s->id[s->n++] = row->id;
	assert_string_equal(row->kind, "job.ended");
	assert_string_equal(row->body, "{}");
	assert_int_equal(row->object, 42);
	return 0;
}

static void events_of_a_server_go_on_where_a_client_was(void **state)
{
	struct fixture *f = *state;
	int64_t last, first;
	OK(f, store_event_last(f->db, 3, &last, &f->e));
	assert_true(last == STORE_SEQ_ID(3, 0));
	OK(f, store_event_first(f->db, 3, &first, &f->e));
	assert_true(first == 0);
	struct store_event ev = {.kind = "job.ended", .object = 42, .body = "{}"};
	for (int server = 2; server <= 4; server++) {
		for (int seq = 1; seq <= 5; seq++) {
			ev.id = STORE_SEQ_ID(server, seq);
			ev.time = seq * 100;
			OK(f, store_event_add(f->db, &ev, &f->e));
		}
	}
	OK(f, store_event_last(f->db, 3, &last, &f->e));
	assert_true(last == STORE_SEQ_ID(3, 5));
	assert_int_equal(STORE_SEQ_SERVER(last), 3);
	assert_int_equal(STORE_SEQ_OF(last), 5);
	struct ids s = {{0}};
	OK(f, store_event_list(f->db, STORE_SEQ_ID(3, 3), 10, see_event, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_true(s.id[0] == STORE_SEQ_ID(3, 4));
	s.n = 0;
	OK(f, store_event_list(f->db, STORE_SEQ_ID(3, 0), 2, see_event, &s, &f->e));
	assert_int_equal(s.n, 2);
	assert_int_equal(store_event_add(f->db, &ev, &f->e), ERR_EXISTS);
}

static void old_events_go_but_the_newest_stays(void **state)
{
	struct fixture *f = *state;
	struct store_event ev = {.kind = "job.ended", .object = 42, .body = "{}"};
	for (int seq = 1; seq <= 6; seq++) {
		ev.id = STORE_SEQ_ID(1, seq);
		ev.time = seq * 100;
		OK(f, store_event_add(f->db, &ev, &f->e));
	}
	int64_t n, id;
	OK(f, store_event_purge(f->db, 1, 350, 2, &n, &f->e));
	assert_int_equal(n, 2);
	OK(f, store_event_purge(f->db, 1, 350, 2, &n, &f->e));
	assert_int_equal(n, 1);
	OK(f, store_event_first(f->db, 1, &id, &f->e));
	assert_true(id == STORE_SEQ_ID(1, 4));
	OK(f, store_event_purge(f->db, 1, 9999, 100, &n, &f->e));
	assert_int_equal(n, 2);
	OK(f, store_event_last(f->db, 1, &id, &f->e));
	assert_true(id == STORE_SEQ_ID(1, 6));
}

/* Of the chain that the present test writes; none at first. */
static struct bytes audit_key;
static const struct bytes a_key = BYTES_LIT("0123456789abcdef0123456789abcdef");

static void seal(struct fixture *f, int64_t last, int64_t bad)
{
	int64_t ret_last, ret_bad;
	uint8_t hash[32];
	OK(f, store_audit_seal(f->db, &(struct store_audit_chain){1, a_key}, 7000, &ret_last, hash, &ret_bad, &f->e));
	assert_int_equal(STORE_SEQ_OF(ret_last), last);
	assert_int_equal(STORE_SEQ_OF(ret_bad), bad);
	audit_key = a_key;
}

static int set_up_keyed(void **state)
{
	int rc = fixture_set_up(state);
	seal(*state, 0, 0);
	return rc;
}

static int tear_down_keyed(void **state)
{
	audit_key = BYTES_NONE;
	return fixture_tear_down(state);
}

#define KEYED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_keyed, tear_down_keyed)

static void add_audit(struct fixture *f, int64_t server, int64_t time, const char *detail)
{
	const struct store_audit a = {.time = time,
				      .actor = "root (local)",
				      .action = "device.add",
				      .object = "device:pc-1",
				      .detail = detail};
	OK(f, store_audit_add(f->db, &(struct store_audit_chain){server, audit_key}, &a, NULL, &f->e));
}

struct hashes {
	char hex[8][65];
	int64_t id[8];
	int n;
};

static int see_audit(void *arg, const struct store_audit *row)
{
	struct hashes *h = arg;
	struct buf b;
	buf_init(&b, 64);
	hex_encode(&b, row->hash);
	(void)snprintf(h->hex[h->n], sizeof(h->hex[0]), "%s", buf_cstr(&b));
	buf_release(&b);
	h->id[h->n++] = row->id;
	assert_string_equal(row->actor, "root (local)");
	assert_string_equal(row->action, "device.add");
	assert_string_equal(row->object, "device:pc-1");
	return 0;
}

/* Computed by Python's hashlib from the layout in audit.h:
 *   def t(s): return struct.pack(">I", len(s)) + s
 *   h = sha256(prev + struct.pack(">QQ", (1 << 40) + n, 1000 + n) + t(b"root (local)") + t(b"device.add") +
 *              t(b"device:pc-1") + t(b"{}")) */
static const char *const expected_chain[] = {
	"25b11ef7c40bf077733a614ac69d55275a035a8970a2bab9ead6cc15212f892b",
	"1f5b87a049dc5960fa5349d35219eb90336fbc3d398e86d844d69a838614b277",
};

static void the_audit_chain_has_the_hashes_that_its_header_says(void **state)
{
	struct fixture *f = *state;
	add_audit(f, 1, 1001, "{}");
	add_audit(f, 1, 1002, "{}");
	add_audit(f, 2, 1003, "{}");
	struct hashes h = {{{0}}};
	struct store_audit_filter filter = STORE_AUDIT_FILTER_INIT(1);
	OK(f, store_audit_list(f->db, &filter, 0, 9, see_audit, &h, &f->e));
	assert_int_equal(h.n, 2);
	assert_true(h.id[0] == STORE_SEQ_ID(1, 2));
	assert_string_equal(h.hex[0], expected_chain[1]);
	assert_string_equal(h.hex[1], expected_chain[0]);
	h.n = 0;
	OK(f, store_audit_list(f->db, &filter, STORE_SEQ_ID(1, 2), 9, see_audit, &h, &f->e));
	assert_int_equal(h.n, 1);
}

static void a_changed_row_of_the_chain_is_named(void **state)
{
	static const struct {
		const char *damage;
		int64_t bad;
	} rows[] = {
		{"UPDATE audit SET actor = 'nobody' WHERE id & 255 = 3", 3},
		{"UPDATE audit SET time = time + 1 WHERE id & 255 = 1", 1},
		{"UPDATE audit SET action = 'device.ad', object = 'ddevice:pc-1' WHERE id & 255 = 2", 2},
		{"UPDATE audit SET detail = '{ }' WHERE id & 255 = 4", 4},
		{"UPDATE audit SET hash = zeroblob(32) WHERE id & 255 = 2", 2},
		{"UPDATE audit SET hash = X'00' WHERE id & 255 = 5", 5},
		{"DELETE FROM audit WHERE id & 255 = 2", 2},
		{"DELETE FROM audit WHERE id & 255 = 1", 1},
		{"UPDATE audit SET id = id + 1 WHERE id & 255 = 5", 5},
		{"DELETE FROM audit WHERE id & 255 = 5", 5},
		{"DELETE FROM audit WHERE id & 255 > 3", 4},
		{"INSERT INTO audit SELECT id + 1, time, actor, action, object, detail, hash, mac FROM audit WHERE id "
		 "& 255 "
		 "= 5",
		 6},
		{"UPDATE audit_head SET hash = zeroblob(32) WHERE server = 1", 5},
	};
	struct fixture *f = *state;
	for (int i = 1; i <= 5; i++)
		add_audit(f, 1, 1000 + i, "{}");
	int64_t bad = -1;
	OK(f, store_audit_verify(f->db, &(struct store_audit_chain){1, audit_key}, &bad, &f->e));
	assert_int_equal(bad, 0);
	OK(f, store_audit_verify(f->db, &(struct store_audit_chain){2, audit_key}, &bad, &f->e));
	assert_int_equal(bad, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(f, db_begin(f->db, &f->e));
		OK(f, db_define(f->db, rows[i].damage, &f->e));
		assert_int_equal(store_audit_verify(f->db, &(struct store_audit_chain){1, audit_key}, &bad, &f->e),
				 ERR_TAMPERED);
		assert_int_equal(bad, STORE_SEQ_ID(1, rows[i].bad));
		db_rollback(f->db);
	}
}

static int64_t verify(struct fixture *f)
{
	int64_t bad = -1;
	int rc = store_audit_verify(f->db, &(struct store_audit_chain){1, audit_key}, &bad, &f->e);
	assert_true(rc == 0 || rc == ERR_TAMPERED);
	assert_int_equal(rc == 0, bad == 0);
	return STORE_SEQ_OF(bad);
}

static void old_rows_are_cut_off_at_a_checkpoint(void **state)
{
	struct fixture *f = *state;
	struct store_audit_checkpoint c;
	for (int i = 1; i <= 9; i++)
		add_audit(f, 1, 1000 + i, "{}");
	OK(f, store_audit_cut(f->db, &(struct store_audit_chain){1, audit_key}, 1000, 5000, 10, &c, &f->e));
	assert_int_equal(c.removed, 0);
	OK(f, store_audit_cut(f->db, &(struct store_audit_chain){1, audit_key}, 1007, 5000, 4, &c, &f->e));
	assert_int_equal(c.removed, 4);
	assert_true(c.id == STORE_SEQ_ID(1, 4));
	OK(f, store_audit_cut(f->db, &(struct store_audit_chain){1, audit_key}, 1007, 5001, 4, &c, &f->e));
	assert_int_equal(c.removed, 2);
	assert_int_equal(ask(f, "SELECT MIN(id) & 255 FROM audit"), 7);
	assert_int_equal(ask(f, "SELECT SUM(removed) FROM audit_checkpoint"), 6);
	assert_int_equal(verify(f), 0);
	OK(f, store_audit_cut(f->db, &(struct store_audit_chain){1, audit_key}, 9000, 5002, 100, &c, &f->e));
	assert_int_equal(c.removed, 2);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM audit"), 1); /* the newest stays */
	assert_int_equal(verify(f), 0);
	static const struct {
		const char *damage;
		int64_t bad;
	} rows[] = {
		{"UPDATE audit_checkpoint SET hash = zeroblob(32) WHERE id & 255 = 8", 9},
		{"DELETE FROM audit_checkpoint WHERE id & 255 = 8", 7},
		{"DELETE FROM audit", 9},
		{"UPDATE audit SET actor = 'x'", 9},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(f, db_begin(f->db, &f->e));
		OK(f, db_define(f->db, rows[i].damage, &f->e));
		assert_int_equal(verify(f), rows[i].bad);
		db_rollback(f->db);
	}
}

/* Computed by Python's hmac: hmac.new(key, tag + struct.pack(">Q", (1 << 40) + n) + hash, "sha256"). */
static void rows_and_head_carry_the_macs_that_the_header_says(void **state)
{
	struct fixture *f = *state;
	add_audit(f, 1, 1001, "{}");
	add_audit(f, 1, 1002, "{}");
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM audit WHERE id & 255 = 1 AND mac = "
				"X'f65235eefe62542156bd829994c4b8f65be516ba67334a56219be2caa7e23c50'"),
			 1);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM audit WHERE id & 255 = 2 AND mac = "
				"X'97855fcd708dfa3b486701ece2e5ae7807b4b76d8ab9461b20b2564154cfd4f0'"),
			 1);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM audit_head WHERE mac = "
				"X'e9d48ec62341677762608ae39c87af3b829c7cc900b4dd20795e92a2e20f33ce'"),
			 1);
}

/* As somebody would who has the database and knows the format: rows from first to last made anew with right hashes,
 * and the head with them. */
static void write_anew(struct fixture *f, int64_t first, int64_t last, const char *detail)
{
	char sql[256];
	struct bytes key = audit_key;
	(void)snprintf(sql, sizeof(sql), "DELETE FROM audit WHERE id & 255 >= %lld", (long long)first);
	OK(f, db_define(f->db, sql, &f->e));
	OK(f, db_define(f->db, "DELETE FROM audit_head", &f->e));
	audit_key = BYTES_NONE;
	for (int64_t i = first; i <= last; i++)
		add_audit(f, 1, 1000 + i, i == first ? detail : "{}");
	audit_key = key;
}

static void who_has_the_database_alone_cannot_write_the_audit_anew(void **state)
{
	static const char forged_head[] = "INSERT OR REPLACE INTO audit_head SELECT 1, id, hash, mac FROM audit"
					  " ORDER BY id DESC LIMIT 1";
	static const struct {
		const char *damage[3];
		int64_t anew, to, bad;
	} rows[] = {
		{{NULL}, 2, 5, 2},                                       /* all behind it made anew */
		{{NULL}, 1, 5, 1},                                       /* the whole chain */
		{{NULL}, 4, 9, 4},                                       /* with more rows */
		{{NULL}, 6, 6, 6},                                       /* one more at the end */
		{{"CREATE TABLE kept AS SELECT * FROM audit"}, 3, 5, 3}, /* and then with the old MACs, below */
		{{"UPDATE audit SET id = -id WHERE id & 255 IN (3, 4)",
		  "UPDATE audit SET id = CASE WHEN -id & 255 = 3 THEN 1 - id ELSE -id - 1 END WHERE id < 0"},
		 0,
		 0,
		 3}, /* swapped */
		{{"UPDATE audit SET detail = '{ }' WHERE id & 255 = 4"}, 0, 0, 4},
		{{"DELETE FROM audit WHERE id & 255 = 2"}, 0, 0, 2},
		{{"UPDATE audit SET mac = NULL WHERE id & 255 = 3"}, 0, 0, 3},
		{{"UPDATE audit SET mac = (SELECT mac FROM audit WHERE id & 255 = 2) WHERE id & 255 = 3"}, 0, 0, 3},
		{{"DELETE FROM audit WHERE id & 255 > 3", forged_head}, 0, 0, 4}, /* the end taken off */
		{{"DELETE FROM audit_head"}, 0, 0, 6},
		{{"UPDATE audit_head SET mac = NULL"}, 0, 0, 6},
		{{"DELETE FROM audit", "DELETE FROM audit_head"}, 0, 0, 1},
		{{"INSERT INTO audit_checkpoint SELECT id, time, hash, 3, mac FROM audit WHERE id & 255 = 3",
		  "DELETE FROM audit WHERE id & 255 <= 3"},
		 0,
		 0,
		 4}, /* the beginning taken off */
	};
	struct fixture *f = *state;
	for (int i = 1; i <= 5; i++)
		add_audit(f, 1, 1000 + i, "{}");
	assert_int_equal(verify(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(f, db_begin(f->db, &f->e));
		for (size_t k = 0; k < ARRAY_LEN(rows[i].damage) && rows[i].damage[k]; k++)
			OK(f, db_define(f->db, rows[i].damage[k], &f->e));
		if (rows[i].anew)
			write_anew(f, rows[i].anew, rows[i].to, "{\"x\":1}");
		if (i == 4)
			OK(f, db_define(f->db, "UPDATE audit SET mac = (SELECT mac FROM kept WHERE kept.id = audit.id)",
					&f->e));
		if (verify(f) != rows[i].bad)
			fail_msg("row %zu: %lld", i, (long long)verify(f));
		/* And it stays found when the server writes on. */
		add_audit(f, 1, 2000, "{}");
		if (verify(f) != rows[i].bad)
			fail_msg("row %zu, written on: %lld", i, (long long)verify(f));
		db_rollback(f->db);
	}
}

static void what_does_not_hold_is_not_cut_off(void **state)
{
	struct fixture *f = *state;
	struct store_audit_checkpoint c;
	for (int i = 1; i <= 5; i++)
		add_audit(f, 1, 1000 + i, "{}");
	OK(f, db_define(f->db, "UPDATE audit SET time = 1, detail = 'away' WHERE id & 255 = 3", &f->e));
	OK(f, store_audit_cut(f->db, &(struct store_audit_chain){1, audit_key}, 2000, 5000, 10, &c, &f->e));
	assert_int_equal(c.removed, 2);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM audit"), 3);
	assert_int_equal(verify(f), 3);
}

static void a_chain_of_before_there_was_a_key_is_sealed_as_it_is(void **state)
{
	static const struct {
		const char *damage;
		int64_t anew, bad;
	} rows[] = {
		{"UPDATE audit SET actor = 'x' WHERE id & 255 = 2", 0, 2},
		{"UPDATE audit SET actor = 'x' WHERE id & 255 = 5", 0, 5},
		{"DELETE FROM audit_seal", 0, 1},
		{"UPDATE audit_seal SET id = id + 2", 0, 1}, /* so that later ones need no MAC */
		{"UPDATE audit_seal SET hash = zeroblob(32)", 0, 1},
		{NULL, 2, 3}, /* made anew: the last of the old ones has not the hash that was sealed */
		{NULL, 4, 4},
	};
	struct fixture *f = *state;
	audit_key = BYTES_NONE;
	for (int i = 1; i <= 3; i++)
		add_audit(f, 1, 1000 + i, "{}");
	seal(f, 3, 0);
	assert_int_equal(verify(f), 0);
	for (int i = 4; i <= 5; i++)
		add_audit(f, 1, 1000 + i, "{}");
	assert_int_equal(verify(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OK(f, db_begin(f->db, &f->e));
		if (rows[i].damage)
			OK(f, db_define(f->db, rows[i].damage, &f->e));
		if (rows[i].anew)
			write_anew(f, rows[i].anew, 5, "{\"x\":1}");
		if (verify(f) != rows[i].bad)
			fail_msg("row %zu: %lld", i, (long long)verify(f));
		db_rollback(f->db);
	}
}

static void a_seal_says_what_did_not_hold_before(void **state)
{
	struct fixture *f = *state;
	struct store_audit_checkpoint c;
	audit_key = BYTES_NONE;
	for (int i = 1; i <= 6; i++)
		add_audit(f, 1, 1000 + i, "{}");
	OK(f, store_audit_cut(f->db, &(struct store_audit_chain){.server = 1}, 1003, 5000, 10, &c, &f->e));
	assert_int_equal(c.removed, 2);
	OK(f, db_begin(f->db, &f->e));
	seal(f, 6, 0); /* also the checkpoint has its MAC now */
	add_audit(f, 1, 2000, "{}");
	assert_int_equal(verify(f), 0);
	db_rollback(f->db);
	OK(f, db_define(f->db, "UPDATE audit SET actor = 'x' WHERE id & 255 = 4", &f->e));
	seal(f, 6, 4);
	add_audit(f, 1, 2000, "{}");
	assert_int_equal(verify(f), 4);
}

static int count_row(void *arg, const struct store_audit *row)
{
	++*(int *)arg;
	return 0;
}

static void audit_rows_are_found_by_who_what_and_when(void **state)
{
	static const struct {
		const char *actor, *action, *object;
	} acts[] = {
		{"root (local)", "device.add", "device:a"},
		{"token ci", "device.set", "device:a"},
		{"token ci", "power", "job:1"},
		{"token ci", "power", "refused: role"},
		{"root (local)", "devices", "device:b"},
	};
	static const struct {
		struct store_audit_filter f;
		int count;
	} rows[] = {
		{{1, "", "", "", 0, 0}, 5},         {{1, "token ci", "", "", 0, 0}, 3},
		{{1, "", "device", "", 0, 0}, 2},   {{1, "", "device.set", "", 0, 0}, 1},
		{{1, "", "", "device:a", 0, 0}, 2}, {{1, "token ci", "", "device:a", 0, 0}, 1},
		{{1, "", "", "", 1002, 0}, 3},      {{1, "", "", "", 1001, 1003}, 2},
		{{2, "", "", "", 0, 0}, 0},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		const struct store_audit a = {.time = 1000 + (int64_t)i,
					      .actor = acts[i].actor,
					      .action = acts[i].action,
					      .object = acts[i].object,
					      .detail = "{}"};
		OK(f, store_audit_add(f->db, &(struct store_audit_chain){1, audit_key}, &a, NULL, &f->e));
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int n = 0;
		OK(f, store_audit_list(f->db, &rows[i].f, 0, 9, count_row, &n, &f->e));
		assert_int_equal(n, rows[i].count);
	}
}

static int note_count(void *arg, const char *action, bool refused, int64_t count)
{
	return buf_addf(arg, "%s%s %lld\n", action, refused ? "!" : "", (long long)count);
}

static void audit_rows_are_counted_by_action_in_a_time(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	buf_init(&text, 256);
	for (int i = 0; i < 3; i++)
		add_audit(f, 1 + i % 2, 1000 + i, "{}");
	const struct store_audit refused = {
		.time = 1002, .actor = "x", .action = "power", .object = "refused: role", .detail = "{}"};
	OK(f, store_audit_add(f->db, &(struct store_audit_chain){1, audit_key}, &refused, NULL, &f->e));
	OK(f, store_audit_counts(f->db, 1001, 0, note_count, &text, &f->e));
	assert_string_equal(buf_cstr(&text), "device.add 2\npower! 1\n");
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_job_is_kept_and_its_key_is_unique_per_principal),
		FIXTURE_TEST(a_job_ends_with_its_last_act),
		FIXTURE_TEST(an_open_job_is_cancelled_once),
		FIXTURE_TEST(jobs_are_listed_newest_first_and_open_ones_oldest_first),
		FIXTURE_TEST(a_frozen_selection_is_kept_in_parts),
		FIXTURE_TEST(ended_jobs_are_purged_in_slices),
		FIXTURE_TEST(acts_of_ended_jobs_move_to_the_history_in_slices),
		FIXTURE_TEST(events_of_a_server_go_on_where_a_client_was),
		FIXTURE_TEST(old_events_go_but_the_newest_stays),
		FIXTURE_TEST(the_audit_chain_has_the_hashes_that_its_header_says),
		FIXTURE_TEST(a_changed_row_of_the_chain_is_named),
		FIXTURE_TEST(old_rows_are_cut_off_at_a_checkpoint),
		KEYED_TEST(rows_and_head_carry_the_macs_that_the_header_says),
		KEYED_TEST(who_has_the_database_alone_cannot_write_the_audit_anew),
		KEYED_TEST(what_does_not_hold_is_not_cut_off),
		KEYED_TEST(a_chain_of_before_there_was_a_key_is_sealed_as_it_is),
		KEYED_TEST(a_seal_says_what_did_not_hold_before),
		FIXTURE_TEST(audit_rows_are_found_by_who_what_and_when),
		FIXTURE_TEST(audit_rows_are_counted_by_action_in_a_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
