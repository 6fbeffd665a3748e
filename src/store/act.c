#include "store/act.h"

#include "base/base.h"
#include "store/amt_row.h"
#include "store/job.h"
#include "store/row.h"

static const struct {
	const char *name, *sentence;
	bool is_final;
} states[ACT_STATE_COUNT] = {
#define ACT_STATE(NAME, number, final, name, text) [number] = {name, text, final},
#include "store/act.tbl.h"
#undef ACT_STATE
};

const char *act_state_name(enum act_state s)
{
	return s < ACT_STATE_COUNT ? states[s].name : "?";
}

const char *act_state_sentence(enum act_state s)
{
	return s < ACT_STATE_COUNT ? states[s].sentence : "?";
}

bool act_state_from_name(const char *name, enum act_state *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (strcmp(states[i].name, name) == 0) {
			*ret = (enum act_state)i;
			return true;
		}
	}
	return false;
}

bool act_state_is_final(enum act_state s)
{
	return s < ACT_STATE_COUNT && states[s].is_final;
}

static void read_act(struct db_stmt *st, struct arena *a, struct store_act *ret)
{
	ret->id = db_take_i64(st);
	ret->job = db_take_i64(st);
	ret->device = db_take_i64(st);
	ret->amt = db_take_i64(st);
	if (ret->amt < 0) /* see store_act_insert */
		ret->amt = 0;
	ret->server = db_take_i64(st);
	ret->verb = (int)db_take_i64(st);
	ret->state = (enum act_state)db_take_i64(st);
	ret->fence = db_take_i64(st);
	ret->epoch = db_take_i64(st);
	ret->attempt = (int)db_take_i64(st);
	ret->due = db_take_i64(st);
	ret->deadline = db_take_i64(st);
	ret->lease_end = db_take_i64(st);
	ret->sent_at = db_take_i64(st);
	ret->settle_after = db_take_i64(st);
	ret->ended_at = db_take_i64(st);
	ret->evidence_kind = (int)db_take_i64(st);
	ret->reason = (int)db_take_i64(st);
	ret->device_status = (int)db_take_i64(st);
	ret->power_before = (int)db_take_i64(st);
	ret->power_after = (int)db_take_i64(st);
	ret->message_id = row_text_or_null(st, a);
	ret->evidence = row_text_or_null(st, a);
	ret->detail = row_text_or_null(st, a);
}

static int insert_one(struct db *db, const struct store_act *act, int64_t *ret_changes, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_INSERT);
	db_bind_i64(st, act->id);
	db_bind_i64(st, act->job);
	db_bind_i64(st, act->device);
	db_bind_i64(st, act->amt ? act->amt : -act->device);
	db_bind_i64(st, act->server);
	db_bind_i64(st, act->verb);
	db_bind_i64(st, act->state);
	db_bind_i64(st, act->due);
	db_bind_i64(st, act->deadline);
	db_bind_i64(st, act->ended_at);
	db_bind_i64(st, act->reason);
	db_bind_text(st, act->detail);
	return db_run(st, ret_changes, e);
}

int store_act_insert(struct db *db, const struct store_act *acts, size_t n, int64_t *ret_inserted, struct err *e)
{
	int64_t sum = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t changes;
		int rc = insert_one(db, &acts[i], &changes, e);
		if (rc < 0)
			return rc;
		sum += changes;
	}
	if (ret_inserted)
		*ret_inserted = sum;
	return 0;
}

static void read_due(struct db_stmt *st, struct arena *a, struct store_act_due *ret)
{
	ret->id = db_take_i64(st);
	ret->job = db_take_i64(st);
	ret->device = db_take_i64(st);
	ret->amt = db_take_i64(st);
	ret->verb = (int)db_take_i64(st);
	ret->fence = db_take_i64(st);
	ret->attempt = (int)db_take_i64(st);
	ret->due = db_take_i64(st);
	ret->deadline = db_take_i64(st);
	ret->is_protected = db_take_bool(st);
	amt_row_read(st, a, &ret->interface);
	amt_state_row_read(st, a, &ret->state);
}

int store_act_due_get(struct db *db, struct arena *a, int64_t id, struct store_act_due *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_DUE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "act %lld", (long long)id);
	if (rc < 0)
		return rc;
	read_due(st, a, ret);
	db_end(st);
	return 0;
}

int store_act_claim(struct db *db, const struct store_act_claim *c, bool *ret_won, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_CLAIM);
	db_bind_i64(st, c->id);
	db_bind_i64(st, c->fence);
	db_bind_i64(st, c->server);
	db_bind_i64(st, c->epoch);
	db_bind_i64(st, c->now);
	db_bind_i64(st, c->lease_end);
	db_bind_bool(st, c->hold_counts);
	return row_won(st, ret_won, e);
}

int store_act_send(struct db *db, const struct store_act_send *s, bool *ret_won, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_SEND);
	db_bind_i64(st, s->id);
	db_bind_i64(st, s->fence);
	db_bind_i64(st, s->server);
	db_bind_i64(st, s->epoch);
	db_bind_i64(st, s->now);
	db_bind_i64(st, s->settle_after);
	db_bind_i64(st, s->power_before);
	db_bind_text(st, s->message_id);
	db_bind_text(st, s->evidence);
	return row_won(st, ret_won, e);
}

int store_act_finish(struct db *db, const struct store_act_outcome *o, bool *ret_won, struct err *e)
{
	ASSERT(act_state_is_final(o->to) && !act_state_is_final(o->from));
	struct db_stmt *st = db_stmt(db, SQL_ACT_FINISH);
	db_bind_i64(st, o->id);
	db_bind_i64(st, o->fence);
	db_bind_i64(st, o->from);
	db_bind_i64(st, o->to);
	db_bind_i64(st, o->now);
	db_bind_i64(st, o->evidence_kind);
	db_bind_i64(st, o->reason);
	db_bind_i64(st, o->device_status);
	db_bind_i64(st, o->power_before);
	db_bind_i64(st, o->power_after);
	db_bind_text(st, o->evidence);
	db_bind_text(st, o->detail);
	return row_won(st, ret_won, e);
}

int store_act_requeue(struct db *db, const struct store_act_back *b, bool *ret_won, struct err *e)
{
	ASSERT(b->from == ACT_STATE_QUEUED || b->from == ACT_STATE_CLAIMED || b->from == ACT_STATE_SENT);
	struct db_stmt *st = db_stmt(db, SQL_ACT_REQUEUE);
	db_bind_i64(st, b->id);
	db_bind_i64(st, b->fence);
	db_bind_i64(st, b->from);
	db_bind_i64(st, b->due);
	db_bind_i64(st, b->reason);
	db_bind_i64(st, b->device_status);
	db_bind_text(st, b->detail);
	return row_won(st, ret_won, e);
}

int store_act_keep_sent(struct db *db, const struct store_act_settle *s, bool *ret_won, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_KEEP_SENT);
	db_bind_i64(st, s->id);
	db_bind_i64(st, s->fence);
	db_bind_i64(st, s->settle_after);
	db_bind_i64(st, s->evidence_kind);
	db_bind_i64(st, s->reason);
	db_bind_i64(st, s->device_status);
	db_bind_text(st, s->detail);
	return row_won(st, ret_won, e);
}

int store_act_renew(struct db *db, int64_t server, int64_t epoch, int64_t before, int64_t lease_end, int64_t *ret_count,
		    struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_RENEW);
	db_bind_i64(st, server);
	db_bind_i64(st, epoch);
	db_bind_i64(st, before);
	db_bind_i64(st, lease_end);
	return db_run(st, ret_count, e);
}

int store_act_lapsed(struct db *db, int64_t now, int limit, store_act_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_LAPSED);
	db_bind_i64(st, now);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_act, read_act, each, arg, e);
}

int store_act_live(struct db *db, int64_t server, int64_t after_amt, int limit, store_act_fn each, void *arg,
		   struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_LIVE);
	db_bind_i64(st, server);
	db_bind_i64(st, after_amt);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_act, read_act, each, arg, e);
}

int store_act_server_start(struct db *db, int64_t server, int64_t epoch, int64_t now, int64_t settle_after, int reason,
			   int64_t *ret_requeued, int64_t *ret_doubted, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_START_REQUEUE);
	db_bind_i64(st, server);
	db_bind_i64(st, epoch);
	db_bind_i64(st, now);
	int64_t requeued, doubted;
	int rc = db_run(st, &requeued, e);
	if (rc < 0)
		return rc;
	st = db_stmt(db, SQL_ACT_START_DOUBT);
	db_bind_i64(st, server);
	db_bind_i64(st, epoch);
	db_bind_i64(st, settle_after);
	db_bind_i64(st, reason);
	rc = db_run(st, &doubted, e);
	if (rc < 0)
		return rc;
	*ret_requeued = requeued;
	*ret_doubted = doubted;
	return 0;
}

int store_act_end_queued(struct db *db, const struct store_act_range *r, int64_t *ret_count, struct err *e)
{
	ASSERT(r->to == ACT_STATE_CANCELLED || r->to == ACT_STATE_EXPIRED || r->to == ACT_STATE_SKIPPED);
	struct db_stmt *st = db_stmt(db, SQL_ACT_END_QUEUED);
	db_bind_i64(st, r->first);
	db_bind_i64(st, r->last);
	db_bind_i64(st, r->job);
	db_bind_i64(st, r->to);
	db_bind_i64(st, r->reason);
	db_bind_i64(st, r->now);
	return db_run(st, ret_count, e);
}

int store_act_release(struct db *db, int64_t id, int64_t fence, int64_t due, int64_t deadline, bool *ret_won,
		      struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_RELEASE);
	db_bind_i64(st, id);
	db_bind_i64(st, fence);
	db_bind_i64(st, due);
	db_bind_i64(st, deadline);
	return row_won(st, ret_won, e);
}

int store_act_get(struct db *db, struct arena *a, int64_t id, struct store_act *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "act %lld", (long long)id);
	if (rc < 0)
		return rc;
	read_act(st, a, ret);
	db_end(st);
	return 0;
}

static void read_view(struct db_stmt *st, struct arena *a, struct store_act_view *ret)
{
	read_act(st, a, &ret->act);
	ret->device_name = row_text_or_null(st, a);
	ret->host = row_text_or_null(st, a);
}

int store_act_queued(struct db *db, int64_t server, int64_t after_due, int64_t after_id, int limit,
		     store_act_view_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_ACT_QUEUED);
	db_bind_i64(st, server);
	db_bind_i64(st, after_due);
	db_bind_i64(st, after_id);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_act_view, read_view, each, arg, e);
}

static void read_past(struct db_stmt *st, struct arena *a, struct store_past *ret)
{
	ret->id = db_take_i64(st);
	ret->job = db_take_i64(st);
	ret->device = db_take_i64(st);
	int64_t outcome = db_take_i64(st), power = db_take_i64(st);
	ret->state = (enum act_state)(outcome & 15);
	ret->evidence_kind = (int)(outcome >> 4 & 3);
	ret->attempt = (int)(outcome >> 6 & 1023);
	ret->reason = (int)(outcome >> 16);
	ret->power_before = (int)(power & 255);
	ret->power_after = (int)(power >> 8);
	ret->ended_at = db_take_i64(st);
	ret->verb = (int)db_take_i64(st);
	ret->requested_by = row_text(st, a);
}

/* An act of the history as far as it is still known. */
static void read_past_view(struct db_stmt *st, struct arena *a, struct store_act_view *ret)
{
	struct store_past p;
	read_past(st, a, &p);
	*ret = (struct store_act_view){
		.act = {.id = p.id,
			.job = p.job,
			.device = p.device,
			.verb = p.verb,
			.state = p.state,
			.evidence_kind = p.evidence_kind,
			.attempt = p.attempt,
			.reason = p.reason,
			.power_before = p.power_before,
			.power_after = p.power_after,
			.ended_at = p.ended_at},
		.device_name = row_text_or_null(st, a),
	};
}

/* The ids of a job's acts. */
static int job_range(struct db *db, int64_t job, int64_t *ret_first, int64_t *ret_last, bool *ret_archived,
		     struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_RANGE);
	db_bind_i64(st, job);
	int rc = row_need(st, e, "job %lld", (long long)job);
	if (rc < 0)
		return rc;
	*ret_first = db_take_i64(st);
	*ret_last = *ret_first + db_take_i64(st) - 1;
	*ret_archived = db_take_i64(st) == JOB_STATE_ARCHIVED;
	db_end(st);
	return 0;
}

int store_act_list(struct db *db, int64_t job, int64_t after_id, unsigned wanted, int limit, store_act_view_fn each,
		   void *arg, struct err *e)
{
	int64_t first, last;
	bool archived;
	int rc = job_range(db, job, &first, &last, &archived, e);
	if (rc < 0)
		return rc;
	struct db_stmt *st = db_stmt(db, archived ? SQL_PAST_OF_JOB : SQL_ACT_LIST);
	db_bind_i64(st, after_id < first ? first - 1 : after_id);
	db_bind_i64(st, last);
	db_bind_i64(st, job);
	db_bind_i64(st, wanted);
	db_bind_i64(st, limit);
	if (archived)
		return ROW_EACH(st, struct store_act_view, read_past_view, each, arg, e);
	return ROW_EACH(st, struct store_act_view, read_view, each, arg, e);
}

int store_act_history(struct db *db, int64_t device, int64_t amt, int64_t before_job, int limit, store_past_fn each,
		      void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_PAST_OF_DEVICE);
	db_bind_i64(st, amt ? amt : -device); /* how an act without an interface stands there */
	db_bind_i64(st, device);
	db_bind_i64(st, before_job ? before_job : INT64_MAX);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_past, read_past, each, arg, e);
}
