#include "store/job.h"

#include "base/base.h"
#include "store/names.h"
#include "store/row.h"

const char *job_state_name(enum job_state s)
{
	static const char *const names[] = {
#define JOB_STATE(NAME, number, name, text) [number] = name,
#include "store/job.tbl.h"
#undef JOB_STATE
	};
	return names_of(names, ARRAY_LEN(names), (int)s);
}

int64_t *store_job_count_of(struct store_job_counts *c, enum act_state s)
{
	switch (s) {
	case ACT_STATE_DONE:
		return &c->done;
	case ACT_STATE_ALREADY:
		return &c->already;
	case ACT_STATE_FAILED:
		return &c->failed;
	case ACT_STATE_UNKNOWN:
		return &c->unknown;
	case ACT_STATE_CANCELLED:
		return &c->cancelled;
	case ACT_STATE_EXPIRED:
		return &c->expired;
	case ACT_STATE_SKIPPED:
		return &c->skipped;
	default:
		return NULL;
	}
}

int64_t store_job_counts_sum(const struct store_job_counts *c)
{
	return c->done + c->already + c->failed + c->unknown + c->cancelled + c->expired + c->skipped;
}

static void read_counts(struct db_stmt *st, struct store_job_counts *ret)
{
	ret->done = db_take_i64(st);
	ret->already = db_take_i64(st);
	ret->failed = db_take_i64(st);
	ret->unknown = db_take_i64(st);
	ret->cancelled = db_take_i64(st);
	ret->expired = db_take_i64(st);
	ret->skipped = db_take_i64(st);
}

static void bind_counts(struct db_stmt *st, const struct store_job_counts *c)
{
	db_bind_i64(st, c->done);
	db_bind_i64(st, c->already);
	db_bind_i64(st, c->failed);
	db_bind_i64(st, c->unknown);
	db_bind_i64(st, c->cancelled);
	db_bind_i64(st, c->expired);
	db_bind_i64(st, c->skipped);
}

static void read_job(struct db_stmt *st, struct arena *a, struct store_job *ret)
{
	ret->id = db_take_i64(st);
	ret->verb = (int)db_take_i64(st);
	ret->state = (enum job_state)db_take_i64(st);
	ret->requested_by = row_text(st, a);
	ret->idempotency = row_text_or_null(st, a);
	ret->server = db_take_i64(st);
	ret->created_at = db_take_i64(st);
	ret->deadline = db_take_i64(st);
	ret->ended_at = db_take_i64(st);
	ret->target = row_text(st, a);
	ret->options = row_text(st, a);
	ret->act_first = db_take_i64(st);
	ret->total = db_take_i64(st);
	ret->expanded = db_take_i64(st);
	read_counts(st, &ret->counts);
	ret->cancelled_at = db_take_i64(st);
}

int store_job_add(struct db *db, const struct store_job *j, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_ADD);
	db_bind_i64(st, j->id);
	db_bind_i64(st, j->verb);
	db_bind_i64(st, j->state);
	db_bind_text(st, j->requested_by);
	db_bind_text(st, j->idempotency);
	db_bind_i64(st, j->server);
	db_bind_i64(st, j->created_at);
	db_bind_i64(st, j->deadline);
	db_bind_i64(st, j->ended_at);
	db_bind_text(st, j->target);
	db_bind_text(st, j->options);
	db_bind_i64(st, j->act_first);
	db_bind_i64(st, j->total);
	db_bind_i64(st, j->expanded);
	bind_counts(st, &j->counts);
	db_bind_i64(st, j->cancelled_at);
	return row_add(st, e, "job %lld", (long long)j->id);
}

static int get_job(struct db_stmt *st, struct arena *a, struct store_job *ret)
{
	read_job(st, a, ret);
	db_end(st);
	return 0;
}

int store_job_get(struct db *db, struct arena *a, int64_t id, struct store_job *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "job %lld", (long long)id);
	return rc < 0 ? rc : get_job(st, a, ret);
}

int store_job_by_key(struct db *db, struct arena *a, const char *principal, const char *key, struct store_job *ret,
		     struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_BY_KEY);
	db_bind_text(st, principal);
	db_bind_text(st, key);
	int rc = row_need(st, e, "job with key \"%s\"", key);
	return rc < 0 ? rc : get_job(st, a, ret);
}

int store_job_list(struct db *db, int64_t before_id, int limit, store_job_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_LIST);
	db_bind_i64(st, before_id ? before_id : INT64_MAX);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_job, read_job, each, arg, e);
}

int store_job_list_open(struct db *db, int64_t after_id, int limit, store_job_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_LIST_OPEN);
	db_bind_i64(st, after_id);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_job, read_job, each, arg, e);
}

int store_job_cancel(struct db *db, int64_t id, int64_t now, bool *ret_won, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_CANCEL);
	db_bind_i64(st, id);
	db_bind_i64(st, now);
	return row_won(st, ret_won, e);
}

int store_job_expand(struct db *db, int64_t id, enum job_state state, int64_t expanded, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_EXPAND);
	db_bind_i64(st, id);
	db_bind_i64(st, state);
	db_bind_i64(st, expanded);
	return row_change(st, e, "job %lld", (long long)id);
}

int store_job_count(struct db *db, int64_t id, const struct store_job_counts *more, int64_t now, bool *ret_ended,
		    struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_COUNT);
	db_bind_i64(st, id);
	bind_counts(st, more);
	int rc = row_change(st, e, "job %lld", (long long)id);
	if (rc < 0)
		return rc;
	st = db_stmt(db, SQL_JOB_END);
	db_bind_i64(st, id);
	db_bind_i64(st, now);
	return row_won(st, ret_ended, e);
}

int store_job_recount(struct db *db, int64_t id, struct store_job_counts *ret, struct err *e)
{
	struct store_job_counts c = {0};
	struct db_stmt *st = db_stmt(db, SQL_JOB_RECOUNT);
	db_bind_i64(st, id);
	int rc;
	while ((rc = db_step(st, e)) > 0) {
		int64_t *count = store_job_count_of(&c, (enum act_state)db_take_i64(st));
		if (count)
			*count = db_take_i64(st);
	}
	if (rc == 0)
		*ret = c;
	return rc;
}

int store_job_folders(struct db *db, int64_t job, int (*each)(void *arg, const char *path), void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_FOLDERS);
	int rc;
	db_bind_i64(st, job);
	while ((rc = db_step(st, e)) > 0) {
		rc = each(arg, row_text(st, NULL));
		if (rc)
			break;
	}
	db_end(st);
	return rc;
}

int store_job_selection_put(struct db *db, int64_t job, int64_t part, const int64_t *ids, size_t n, struct err *e)
{
	ASSERT(n <= STORE_SELECTION_PART);
	uint8_t packed[STORE_SELECTION_PART * 8];
	for (size_t i = 0; i < n * 8; i++)
		packed[i] = (uint8_t)((uint64_t)ids[i / 8] >> (56 - 8 * (i % 8)));
	struct db_stmt *st = db_stmt(db, SQL_JOB_SELECTION_PUT);
	db_bind_i64(st, job);
	db_bind_i64(st, part);
	db_bind_blob(st, BYTES(packed, n * 8));
	return row_add(st, e, "part %lld of job %lld", (long long)part, (long long)job);
}

int store_job_selection_get(struct db *db, int64_t job, int64_t part, int64_t *ids, size_t *ret_n, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_SELECTION_GET);
	db_bind_i64(st, job);
	db_bind_i64(st, part);
	int rc = row_need(st, e, "part %lld of job %lld", (long long)part, (long long)job);
	if (rc < 0)
		return rc;
	struct bytes b = db_take_blob(st);
	size_t n = b.len / 8 < STORE_SELECTION_PART ? b.len / 8 : STORE_SELECTION_PART;
	for (size_t i = 0; i < n; i++) {
		uint64_t v = 0;
		for (size_t k = 0; k < 8; k++)
			v = v << 8 | b.p[i * 8 + k];
		ids[i] = (int64_t)v;
	}
	db_end(st);
	*ret_n = n;
	return 0;
}

int store_job_selection_delete(struct db *db, int64_t job, int64_t part, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_SELECTION_DELETE);
	db_bind_i64(st, job);
	db_bind_i64(st, part);
	return row_change(st, e, "part %lld of job %lld", (long long)part, (long long)job);
}

static int purge_acts(struct db *db, enum sql_id sql, int64_t job, int64_t first, int64_t total, int limit,
		      int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, sql);
	db_bind_i64(st, first);
	db_bind_i64(st, first + total);
	db_bind_i64(st, job);
	db_bind_i64(st, limit);
	return db_run(st, ret_count, e);
}

static int purge(struct db *db, enum sql_id choose, enum sql_id acts, int verb, int64_t before, int limit,
		 int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, choose);
	db_bind_i64(st, verb);
	db_bind_i64(st, before);
	int64_t removed = 0;
	int rc = db_step(st, e);
	if (rc > 0) {
		int64_t job = db_take_i64(st), first = db_take_i64(st), total = db_take_i64(st);
		db_end(st);
		rc = purge_acts(db, acts, job, first, total, limit, &removed, e);
		if (rc == 0 && removed < limit) {
			st = db_stmt(db, SQL_JOB_DELETE);
			db_bind_i64(st, job);
			rc = row_change(st, e, "job %lld", (long long)job);
			removed++;
		}
	}
	if (rc == 0)
		*ret_count = removed;
	return rc;
}

int store_job_purge(struct db *db, int verb, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	return purge(db, SQL_JOB_TO_PURGE, SQL_JOB_PURGE_ACTS, verb, before, limit, ret_count, e);
}

int store_job_purge_archived(struct db *db, int verb, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	return purge(db, SQL_ARCHIVED_TO_PURGE, SQL_HISTORY_PURGE, verb, before, limit, ret_count, e);
}

/* The next slice of a job's acts: [from, to) by id. 0 and *ret_count = 0 when none is left. */
static int move_acts(struct db *db, int64_t job, int64_t from, int64_t to, int64_t created_at, int64_t *ret_count,
		     struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_HISTORY_FILL);
	db_bind_i64(st, from);
	db_bind_i64(st, to);
	db_bind_i64(st, job);
	db_bind_i64(st, created_at);
	int rc = db_run(st, NULL, e);
	if (rc)
		return rc;
	st = db_stmt(db, SQL_HISTORY_MOVED);
	db_bind_i64(st, from);
	db_bind_i64(st, to);
	db_bind_i64(st, job);
	return db_run(st, ret_count, e);
}

static int first_act(struct db *db, int64_t job, int64_t from, int64_t to, int64_t *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_FIRST_ACT);
	db_bind_i64(st, from);
	db_bind_i64(st, to);
	db_bind_i64(st, job);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret = rc ? db_take_i64(st) : to;
	if (rc)
		db_end(st);
	return 0;
}

static int set_archived(struct db *db, int64_t job, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_ARCHIVED);
	db_bind_i64(st, job);
	return row_change(st, e, "job %lld", (long long)job);
}

int store_job_archive(struct db *db, int verb, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_JOB_TO_ARCHIVE);
	db_bind_i64(st, verb);
	db_bind_i64(st, before);
	int64_t moved = 0, first = 0;
	int rc = db_step(st, e);
	if (rc <= 0) {
		if (rc == 0)
			*ret_count = 0;
		return rc;
	}
	int64_t job = db_take_i64(st), from = db_take_i64(st), end = from + db_take_i64(st);
	int64_t created_at = db_take_i64(st);
	db_end(st);
	rc = first_act(db, job, from, end, &first, e);
	int64_t to = first + limit < end ? first + limit : end;
	if (!rc && first < to)
		rc = move_acts(db, job, first, to, created_at, &moved, e);
	if (!rc && to == end) {
		rc = set_archived(db, job, e);
		moved++;
	}
	if (!rc)
		*ret_count = moved;
	return rc;
}
