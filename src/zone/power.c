/* Jobs: one order of a person, or one occurrence of a schedule, for one or many devices becomes acts.
 *
 * The selection is frozen when the job is accepted. Up to ZONE_SLICE acts are made in the same commit; a longer
 * selection is stored with the job and made into acts slice by slice. Counts are gathered during a round and written
 * once per job and round. */
#include <stdlib.h>

#include "base/base.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/recur.h"
#include "zone/calendar.h"
#include "zone/command.h"
#include "zone/crash.h"
#include "zone/group.h"
#include "zone/job_write.h"

#define DEADLINE_MIN_MS 1000
#define PROGRESS_MS     250 /* at most four a second */
#define KEY_MAX         128
#define TARGET_TEXT_MAX 512
#define OPTIONS_MAX     4096
#define START_MS        30000 /* what is due at the end of a window may still start for so long */

/* The job as it will stand when this round is written. */
static struct store_job row_of(const struct job *j)
{
	return (struct store_job){
		.id = j->id,
		.verb = (int)j->verb,
		.state = j->state,
		.requested_by = j->by,
		.created_at = j->created_at,
		.ended_at = j->ended_at,
		.total = j->total,
		.counts = j->counts,
		.cancelled_at = j->cancelled_at,
	};
}

static void write_data(const struct job *j, struct buf *out)
{
	struct store_job row = row_of(j);
	struct json_writer json;
	json_writer_init(&json, out);
	job_write(&json, NULL, &row, j->boot);
}

static int tell_job(struct zone *z, const struct job *j, const char *change, struct err *e)
{
	struct buf data;
	buf_init(&data, 4096);
	write_data(j, &data);
	struct tell t = {"job", change, j->id, verb_name(j->verb), j->id, 0, buf_bytes(&data)};
	int rc = event_tell(z, &t, e);
	buf_release(&data);
	return rc;
}

static void tell_progress(struct zone *z, struct job *j)
{
	struct buf data;
	if (z->now - j->told_at < PROGRESS_MS && z->now >= j->told_at)
		return;
	j->told_at = z->now;
	buf_init(&data, 4096);
	write_data(j, &data);
	event_tell_progress(z,
			    &(struct tell){"job", "progress", j->id, verb_name(j->verb), j->id, 0, buf_bytes(&data)});
	buf_release(&data);
}

struct job *job_get(struct zone *z, int64_t id)
{
	return map_u64_get(z->jobs, (uint64_t)id);
}

enum boot_choice job_boot(struct zone *z, int64_t job)
{
	const struct job *j = job_get(z, job);
	return j ? j->boot : BOOT_NONE;
}

static struct job *job_new(struct zone *z, const struct store_job *row, const struct job_options *o)
{
	struct job *j = mem_alloc(sizeof(*j));
	j->id = row->id;
	j->verb = (enum verb)row->verb;
	j->state = row->state;
	j->created_at = row->created_at;
	j->deadline = row->deadline;
	j->cancelled_at = row->cancelled_at;
	j->act_first = row->act_first;
	j->total = row->total;
	j->expanded = row->expanded;
	j->counts = row->counts;
	j->include_protected = o->include_protected;
	j->deadline_given = o->deadline_given;
	j->boot = o->boot;
	j->setup = o->setup;
	j->from = o->from;
	bytes_to_str(bytes_str(row->requested_by), j->by, sizeof(j->by));
	j->cancel_next = j->act_first;
	list_init(&j->last);
	list_init(&j->touched);
	list_init(&j->busy);
	map_u64_put(z->jobs, (uint64_t)j->id, j);
	return j;
}

static void job_free(struct zone *z, struct job *j)
{
	map_u64_delete(z->jobs, (uint64_t)j->id);
	list_remove(&j->touched);
	list_remove(&j->busy);
	map_u64_free(j->credentials);
	free(j);
}

void job_forget_all(struct zone *z)
{
	size_t it = 0;
	uint64_t id;
	void *j;
	while (map_u64_each(z->jobs, &it, &id, &j)) {
		map_u64_free(((struct job *)j)->credentials);
		free(j);
	}
	map_u64_free(z->jobs);
	z->jobs = map_u64_new();
	list_init(&z->touched);
	list_init(&z->busy);
}

static void touch(struct zone *z, struct job *j)
{
	if (list_is_empty(&j->touched))
		list_append(&z->touched, &j->touched);
}

void job_count(struct zone *z, struct job *j, enum act_state final)
{
	++*store_job_count_of(&j->more, final);
	++*store_job_count_of(&j->counts, final);
	touch(z, j);
}

void job_keep_last(struct zone *z, struct slot *s)
{
	struct job *j = job_get(z, s->job);
	if (j && s->due == QUEUE_NEVER)
		list_append(&j->last, &s->waiting);
}

static int64_t open_of(const struct job *j)
{
	return j->total - store_job_counts_sum(&j->counts);
}

static int64_t waiting_of(const struct job *j)
{
	int64_t n = 0;
	for (const struct list *l = j->last.next; l != &j->last; l = l->next)
		n++;
	return n;
}

/* Protected devices come when all others are final, one by one. */
static int release_last(struct zone *z, struct job *j, struct err *e)
{
	struct slot *s = LIST_FIRST(&j->last, struct slot, waiting);
	if (!s || j->state != JOB_STATE_OPEN || open_of(j) != waiting_of(j))
		return 0;
	int64_t span = j->deadline - j->created_at;
	int rc = j->deadline_given ? 0 : setting_at(z, SETTING_ACT_DEADLINE, 0, s->device, &span, e);
	return rc ? rc : act_release(z, s, later(z->now, span), e);
}

/* "11 done, 1 failed": what there is any of. */
static const char *sums_text(struct arena *a, const struct store_job_counts *n)
{
	const struct {
		int64_t count;
		const char *of;
	} sums[] = {
		{n->done, "done"},       {n->already, "already so"},  {n->failed, "failed"},    {n->unknown, "unknown"},
		{n->expired, "expired"}, {n->cancelled, "cancelled"}, {n->skipped, "left out"},
	};
	const char *text = "";
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		if (sums[i].count)
			text = arena_printf(a, "%s%s%lld %s", text, *text ? ", " : "", (long long)sums[i].count,
					    sums[i].of);
	return *text ? text : "no devices";
}

/* What changed power, or was asked of many, is worth a message. */
static int say_ended(struct zone *z, const struct job *j, struct err *e)
{
	const struct store_job_counts *n = &j->counts;
	int64_t bad = n->failed + n->unknown + n->expired;
	if (!verb_changes_power(j->verb) && !verb_sets_up(j->verb))
		return 0;
	struct message m = {
		.id = bad ? MESSAGE_JOB_FAILED : MESSAGE_JOB_ENDED,
		.by = j->by,
		.kind = MESSAGE_OF_JOB,
		.object = j->id,
		.name = verb_name(j->verb),
		.related = j->id,
		.text = arena_printf(z->arena, "job %lld (%s) ended: %s", (long long)j->id, verb_name(j->verb),
				     sums_text(z->arena, n)),
	};
	return message_add(z, &m, e);
}

static int flush_one(struct zone *z, struct job *j, struct err *e)
{
	bool ended = false;
	int rc = store_job_count(z->db, j->id, &j->more, z->now, &ended, e);
	if (rc)
		return rc;
	crash_mark(z, CRASH_COUNT);
	j->more = (struct store_job_counts){0};
	list_remove(&j->touched);
	if (!ended) {
		tell_progress(z, j);
		return release_last(z, j, e);
	}
	j->state = JOB_STATE_ENDED;
	j->ended_at = z->now;
	log_event(LOG_INFO, "job finished", LOG_I("job", j->id), LOG_S("verb", verb_name(j->verb)), LOG_S("by", j->by),
		  LOG_I("total", j->total), LOG_I("done", j->counts.done + j->counts.already),
		  LOG_I("failed", j->counts.failed), LOG_I("unknown", j->counts.unknown),
		  LOG_I("ms", z->now - j->created_at));
	rc = tell_job(z, j, "final", e);
	rc = rc ? rc : say_ended(z, j, e);
	job_free(z, j);
	return rc;
}

int job_flush(struct zone *z, struct err *e)
{
	struct job *j;
	int rc = 0;
	while (!rc && (j = LIST_FIRST(&z->touched, struct job, touched)))
		rc = flush_one(z, j, e);
	return rc;
}

static int see_own(void *arg, const struct store_amt_user *row)
{
	struct job_own *o = arg;
	if (row->device && o->count < JOB_OWN_MAX)
		o->device[o->count++] = row->device;
	return 0;
}

int job_find_own(struct zone *z, struct job_own *ret, struct err *e)
{
	ret->count = 0;
	if (discover_uuid_is_none(&z->deps.machine))
		return 0;
	return store_amt_list_by_uuid(z->db, &z->deps.machine, see_own, ret, e);
}

bool job_is_own(const struct job_own *o, int64_t device)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->device[i] == device)
			return true;
	return false;
}

/* What a device lacks for an act of this job; 0 nothing. */
static int lacks(const struct job *j, const struct store_target *t)
{
	bool is_first = j->verb == VERB_ADOPT || j->verb == VERB_PROVISION;
	if (!t->amt || !*t->host || (t->mode == STORE_AMT_MODE_NONE && !is_first))
		return ERR_NOT_CONFIGURED;
	if (j->verb == VERB_PROVISION && t->mode == STORE_AMT_MODE_ENTERPRISE)
		return ERR_ALREADY_SET_UP;
	return j->verb == VERB_PROVISION || setup_credential(j, t->credential) ? 0 : ERR_NO_CREDENTIAL;
}

static void end_at_once(struct store_act *a, enum act_state state, int code, int64_t now)
{
	a->state = state;
	a->reason = REASON(code);
	a->ended_at = now;
}

/* How long an act of this device may wait and try. */
static int own_deadline(struct zone *z, int64_t device, int64_t from, int64_t *ret, struct err *e)
{
	int64_t span;
	int rc = setting_at(z, SETTING_ACT_DEADLINE, 0, device, &span, e);
	if (!rc)
		*ret = later(from, span);
	return rc;
}

/* When an act of a schedule may start, and until when: each device has its own slot. */
static int set_slot(struct zone *z, const struct job *j, struct store_act *a, struct err *e)
{
	const struct job_origin *f = &j->from;
	a->due = recur_slot(f->base, f->window, a->device, f->schedule);
	int64_t end = f->ends > later(a->due, START_MS) ? f->ends : later(a->due, START_MS);
	int rc = own_deadline(z, a->device, a->due, &a->deadline, e);
	if (!rc && a->deadline > end)
		a->deadline = end;
	return rc;
}

/* Whether the slot of an act of a schedule lies in a black-out of its device. */
static int find_black_out(struct zone *z, const struct job *j, const struct store_act *a, bool *ret, struct err *e)
{
	const struct recur_out *out = NULL;
	int rc = j->from.schedule ? calendar_black_out(z, 0, a->device, a->due, &out, e) : 0;
	if (!rc && !out && j->from.schedule)
		rc = calendar_black_out(z, 0, a->device, j->from.due, &out, e);
	*ret = out != NULL;
	return rc;
}

/* A device of the selection as it stands now. *ret_host is what the act is lined up by. */
static int make_act(struct zone *z, const struct job *j, const struct job_own *own, int64_t id, struct store_act *a,
		    struct store_target *t, struct err *e)
{
	int64_t device = id < 0 ? -id : id;
	*a = (struct store_act){
		.job = j->id,
		.device = device,
		.server = z->server,
		.verb = (int)j->verb,
		.state = ACT_STATE_QUEUED,
		.due = j->verb == VERB_UNBOOT ? 0 : z->now, /* ahead of whatever waits at its interface */
		.deadline = j->deadline,
	};
	int rc = store_target_get(z->db, z->arena, device, t, NULL);
	if (rc == ERR_NOT_FOUND) {
		*t = (struct store_target){.host = ""};
		end_at_once(a, ACT_STATE_FAILED, ERR_NOT_FOUND, z->now);
		return 0;
	}
	if (rc)
		return err_set(e, rc, "device %lld cannot be read", (long long)device);
	bool is_protected = verb_is_harmful(j->verb) && (t->is_protected || job_is_own(own, device));
	a->amt = t->amt;
	a->server = t->server ? t->server : z->server;
	bool blacked_out = false;
	rc = j->from.schedule ? set_slot(z, j, a, e) : 0;
	rc = rc ? rc : find_black_out(z, j, a, &blacked_out, e);
	if (!rc && !j->from.schedule && !j->deadline_given)
		rc = own_deadline(z, device, j->created_at, &a->deadline, e);
	if (rc)
		return rc;
	if (j->cancelled_at)
		end_at_once(a, ACT_STATE_CANCELLED, ERR_CANCELLED, z->now);
	else if (id < 0)
		end_at_once(a, ACT_STATE_SKIPPED, ERR_SUPERSEDED, z->now);
	else if (j->from.schedule && a->due + JOB_LATE_MS < j->created_at)
		end_at_once(a, ACT_STATE_SKIPPED, ERR_MISSED, z->now);
	else if (blacked_out)
		end_at_once(a, ACT_STATE_SKIPPED, ERR_BLACKED_OUT, z->now);
	else if (is_protected && !j->include_protected)
		end_at_once(a, ACT_STATE_SKIPPED, ERR_PROTECTED, z->now);
	else if (lacks(j, t))
		end_at_once(a, ACT_STATE_FAILED, lacks(j, t), z->now);
	else if (is_protected)
		a->due = a->deadline = QUEUE_NEVER;
	return 0;
}

static int audit_devices(struct zone *z, const struct job *j, const char *credential, const char *device, struct err *e)
{
	struct buf detail;
	struct json_writer w;
	const char *object = j->total == 1 ? arena_printf(z->arena, "device:%s", device)
					   : arena_printf(z->arena, "job:%lld", (long long)j->id);
	buf_init(&detail, 4096);
	json_writer_init(&w, &detail);
	json_begin_object(&w, NULL);
	json_put_i64(&w, "job", j->id);
	json_put_str(&w, "verb", verb_name(j->verb));
	json_put_str(&w, "credential", credential);
	json_put_i64(&w, "devices", j->total);
	json_end(&w);
	int rc = buf_check(&detail, e, "audit record");
	rc = rc ? rc
		: audit_add(z, j->by, verb_sets_up(j->verb) ? "device.setup" : "device.power", object,
			    buf_cstr(&detail), e);
	buf_release(&detail);
	return rc;
}

static int audit_use(struct zone *z, const struct job *j, const struct store_credential *row, struct err *e)
{
	char object[STORE_NAME_MAX + 16], detail[128];
	(void)snprintf(object, sizeof(object), "credential:%s", row->name);
	(void)snprintf(detail, sizeof(detail), "{\"job\":%lld,\"verb\":\"%s\"}", (long long)j->id, verb_name(j->verb));
	return audit_add(z, j->by, "credential.use", object, detail, e);
}

/* What the audit has of a job's use of a credential: values of job.credentials. */
static char used_in_audit, devices_in_audit;

/* One row for each credential that a job uses, before its first use; and one device event, where the job changes
 * devices, before the first one for which that is wanted. */
static int audit_act(struct zone *z, struct job *j, const struct store_act *a, const struct store_target *t,
		     struct err *e)
{
	struct store_credential row;
	int64_t wanted = 0;
	int64_t credential = j->verb == VERB_PROVISION ? j->setup.next : setup_credential(j, t->credential);
	bool changes = verb_changes_power(j->verb) || verb_sets_up(j->verb);
	if (!j->credentials)
		j->credentials = map_u64_new();
	const char *has = map_u64_get(j->credentials, (uint64_t)credential);
	if (has == &devices_in_audit)
		return 0;
	int rc = changes ? setting_at(z, SETTING_AUDIT_DEVICES, 0, a->device, &wanted, e) : 0;
	if (rc || (has && !wanted))
		return rc;
	row.name = "";
	rc = credential ? store_credential_get(z->db, z->arena, credential, &row, e) : 0;
	rc = rc || has || !credential ? rc : audit_use(z, j, &row, e);
	rc = rc || !wanted ? rc : audit_devices(z, j, row.name, t->name, e);
	if (!rc)
		(void)map_u64_put(j->credentials, (uint64_t)credential, wanted ? &devices_in_audit : &used_in_audit);
	return rc;
}

static int keep_act(struct zone *z, struct job *j, const struct store_act *a, const struct store_target *t,
		    struct err *e)
{
	if (a->state != ACT_STATE_QUEUED) {
		job_count(z, j, a->state);
		return act_tell_final(z, a, e);
	}
	int rc = j->from.schedule ? act_supersede(z, a, j->from.due, e) : 0;
	if (!rc && a->server == z->server)
		act_remember(z, a, t->host);
	return rc ? rc : audit_act(z, j, a, t, e);
}

/* Makes the acts of the next n devices of the selection. */
static int expand(struct zone *z, struct job *j, const int64_t *devices, size_t n, struct err *e)
{
	struct job_own own;
	int64_t first = j->act_first + j->expanded;
	int rc = job_find_own(z, &own, e);
	for (size_t i = 0; i < n && !rc; i++) {
		struct store_act a;
		struct store_target t;
		arena_reset(z->arena);
		rc = make_act(z, j, &own, devices[i], &a, &t, e);
		a.id = first + (int64_t)i;
		rc = rc ? rc : store_act_insert(z->db, &a, 1, NULL, e);
		rc = rc ? rc : keep_act(z, j, &a, &t, e);
	}
	if (rc)
		return rc;
	j->expanded += (int64_t)n;
	touch(z, j);
	return 0;
}

int job_unboot(struct zone *z, const struct slot *s, struct err *e)
{
	const struct job *from = job_get(z, s->job);
	char target[64];
	struct store_job row = {
		.verb = VERB_UNBOOT,
		.state = JOB_STATE_OPEN,
		.requested_by = from->by,
		.server = z->server,
		.created_at = z->now,
		.deadline = later(z->now, setting(z, SETTING_ACT_DEADLINE)),
		.target = target,
		.options = "{}",
		.total = 1,
		.expanded = 1,
	};
	(void)snprintf(target, sizeof(target), "boot choice of job %lld", (long long)from->id);
	int rc = new_id(z, STORE_ID_JOB, &row.id, e);
	rc = rc ? rc : store_ids_take(z->db, &z->ids, STORE_ID_ACT, row.total, &row.act_first, e);
	rc = rc ? rc : store_job_add(z->db, &row, e);
	if (rc)
		return rc;
	row.expanded = 0;
	struct job *j = job_new(z, &row, &(struct job_options){0});
	rc = tell_job(z, j, "added", e);
	return rc ? rc : expand(z, j, &s->device, 1, e);
}

static int expand_slice(struct zone *z, struct job *j, struct err *e)
{
	int64_t devices[STORE_SELECTION_PART], part = j->expanded / STORE_SELECTION_PART;
	size_t n;
	int rc = store_job_selection_get(z->db, j->id, part, devices, &n, e);
	rc = rc ? rc : expand(z, j, devices, n, e);
	rc = rc ? rc : store_job_selection_delete(z->db, j->id, part, e);
	if (rc)
		return rc;
	crash_mark(z, CRASH_SLICE);
	if (j->expanded >= j->total)
		j->state = JOB_STATE_OPEN;
	return store_job_expand(z->db, j->id, j->state, j->expanded, e);
}

static int cancel_slice(struct zone *z, struct job *j, struct err *e)
{
	int64_t end = j->act_first + j->expanded;
	int64_t last = j->cancel_next + ZONE_SLICE - 1;
	if (last >= end)
		last = end - 1;
	int rc = act_cancel_queued(z, j, j->cancel_next, last, e);
	j->cancel_next = last + 1;
	return rc;
}

static bool is_busy(const struct job *j)
{
	if (j->state == JOB_STATE_EXPANDING)
		return true;
	return j->cancelled_at && j->cancel_next < j->act_first + j->expanded;
}

int job_slice(struct zone *z, struct err *e)
{
	struct job *j = LIST_FIRST(&z->busy, struct job, busy);
	if (!j)
		return 0;
	int rc = j->state == JOB_STATE_EXPANDING ? expand_slice(z, j, e) : cancel_slice(z, j, e);
	list_remove(&j->busy);
	if (!rc && is_busy(j))
		list_append(&z->busy, &j->busy);
	return rc;
}

/* We wrote it; what is absent is false. */
static void read_options(const char *text, struct job_options *ret)
{
	struct json_t *doc;
	*ret = (struct job_options){.boot = boot_from_options(text)};
	if (json_parse(bytes_str(text), OPTIONS_MAX, &doc, NULL))
		return;
	(void)json_opt_bool(doc, "include_protected", &ret->include_protected, NULL);
	(void)json_opt_bool(doc, "deadline_given", &ret->deadline_given, NULL);
	(void)json_opt_i64(doc, "credential", 0, INT64_MAX, &ret->setup.credential, NULL);
	(void)json_opt_i64(doc, "next", 0, INT64_MAX, &ret->setup.next, NULL);
	(void)json_opt_bool(doc, "new_passwords", &ret->setup.new_passwords, NULL);
	(void)json_opt_bool(doc, "full", &ret->setup.full, NULL);
	(void)json_opt_bool(doc, "delete_failed", &ret->setup.delete_failed, NULL);
	(void)json_opt_i64(doc, "schedule", 0, INT64_MAX, &ret->from.schedule, NULL);
	(void)json_opt_i64(doc, "due", 0, INT64_MAX, &ret->from.due, NULL);
	(void)json_opt_i64(doc, "base", 0, INT64_MAX, &ret->from.base, NULL);
	(void)json_opt_i64(doc, "window", 0, INT64_MAX, &ret->from.window, NULL);
	(void)json_opt_i64(doc, "ends", 0, INT64_MAX, &ret->from.ends, NULL);
	json_free(doc);
}

static const char *options_text(struct arena *arena, const struct job_options *o)
{
	struct json_writer w;
	struct buf text;
	buf_init(&text, OPTIONS_MAX);
	json_writer_init(&w, &text);
	json_begin_object(&w, NULL);
	if (o->include_protected)
		json_put_bool(&w, "include_protected", true);
	if (o->deadline_given)
		json_put_bool(&w, "deadline_given", true);
	if (o->boot)
		json_put_str(&w, "boot", boot_name(o->boot));
	if (o->setup.credential)
		json_put_i64(&w, "credential", o->setup.credential);
	if (o->setup.next)
		json_put_i64(&w, "next", o->setup.next);
	if (o->setup.new_passwords)
		json_put_bool(&w, "new_passwords", true);
	if (o->setup.full)
		json_put_bool(&w, "full", true);
	if (o->setup.delete_failed)
		json_put_bool(&w, "delete_failed", true);
	if (o->from.schedule) {
		json_put_i64(&w, "schedule", o->from.schedule);
		json_put_i64(&w, "due", o->from.due);
		json_put_i64(&w, "base", o->from.base);
		json_put_i64(&w, "window", o->from.window);
		json_put_i64(&w, "ends", o->from.ends);
	}
	json_end(&w);
	const char *s = arena_str(arena, buf_bytes(&text));
	buf_release(&text);
	return s;
}

struct loading {
	struct zone *z;
	int64_t last;
	int count;
};

static int see_job(void *arg, const struct store_job *row)
{
	struct loading *l = arg;
	l->last = row->id;
	l->count++;
	struct job_options o;
	read_options(row->options, &o);
	struct job *j = job_new(l->z, row, &o);
	touch(l->z, j);
	if (is_busy(j))
		list_append(&l->z->busy, &j->busy);
	return 0;
}

int job_load(struct zone *z, struct err *e)
{
	struct loading l = {.z = z};
	int rc;
	do {
		l.count = 0;
		rc = store_job_list_open(z->db, l.last, ZONE_SLICE, see_job, &l, e);
	} while (!rc && l.count == ZONE_SLICE);
	return rc;
}

/* The devices that a command means, each once, in the order in which they were named. */
struct selection {
	struct command *c;
	struct job_own own;
	int64_t *ids;
	size_t count, cap;
	size_t kept_out;       /* protected ones among them */
	size_t refused;        /* meant, but not to be touched by whoever asks */
	bool everywhere;       /* the right covers the whole tree */
	int64_t confirm_above; /* the least of all that are meant */
	struct map_u64 *seen;
	int rows; /* of the last page */
	const char *last_path, *last_name;
};

static void select_device(struct selection *s, int64_t device, int64_t folder, bool is_protected)
{
	int64_t percent;
	if (map_u64_put(s->seen, (uint64_t)device, s))
		return;
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->ids = mem_grow(s->ids, s->cap, sizeof(s->ids[0]));
	}
	s->ids[s->count++] = device;
	s->kept_out += is_protected || job_is_own(&s->own, device);
	if (!setting_at(s->c->z, SETTING_CONFIRM_ABOVE, folder, 0, &percent, NULL) && percent < s->confirm_above)
		s->confirm_above = percent;
}

static bool may_select(const struct selection *s, const char *path)
{
	return s->everywhere || rights_may(s->c->who.rights, s->c->call->command->right, path);
}

static int see_target(void *arg, const struct store_target *row)
{
	struct selection *s = arg;
	const struct tree_folder *folder = tree_by_path(s->c->z->tree, row->folder_path);
	if (may_select(s, row->folder_path))
		select_device(s, row->device, folder ? folder->id : 0, row->is_protected);
	else
		s->refused++;
	if (++s->rows == ZONE_SLICE) {
		s->last_path = arena_str(s->c->arena, bytes_str(row->folder_path));
		s->last_name = arena_str(s->c->arena, bytes_str(row->name));
	}
	return 0;
}

static int select_filter(struct selection *s, struct store_device_filter f, struct err *e)
{
	int rc;
	f.limit = ZONE_SLICE;
	do {
		s->rows = 0;
		rc = store_target_list(s->c->z->db, &f, see_target, s, e);
		f.after_path = f.folder ? s->last_path : NULL;
		f.after_name = s->last_name;
	} while (!rc && s->rows == ZONE_SLICE);
	return rc;
}

static int select_folder(struct selection *s, const char *path, struct err *e)
{
	struct store_folder f;
	struct store_device_filter filter = STORE_DEVICE_FILTER_INIT;
	int rc = store_folder_by_path(s->c->z->db, s->c->arena, STORE_TREE_DEVICE, path, &f, NULL);
	if (rc == ERR_NOT_FOUND && !may_select(s, path)) {
		s->refused++;
		return 0;
	}
	if (rc == ERR_NOT_FOUND) {
		command_name(s->c, path);
		return 0;
	}
	filter.folder = path;
	return rc ? err_set(e, rc, "folder \"%s\" cannot be read", path) : select_filter(s, filter, e);
}

static int select_tag(struct selection *s, const char *target, struct err *e)
{
	size_t before = s->count;
	struct store_device_filter filter = STORE_DEVICE_FILTER_INIT;
	filter.tag = target + strlen("tag:");
	int rc = select_filter(s, filter, e);
	if (rc || s->count != before || s->rows)
		return rc;
	if (s->everywhere)
		command_name(s->c, target);
	else
		s->refused++;
	return 0;
}

static int see_member(void *arg, const struct store_device_view *row)
{
	struct selection *s = arg;
	if (may_select(s, row->folder_path))
		select_device(s, row->device.id, row->device.folder, row->device.is_protected);
	else
		s->refused++;
	return 0;
}

/* Its members at this moment. */
static int select_group(struct selection *s, const char *target, struct err *e)
{
	struct store_group g;
	const char *name = target + strlen("group:");
	int rc = store_group_by_name(s->c->z->db, s->c->arena, name, &g, NULL);
	if (rc == ERR_NOT_FOUND && s->everywhere)
		command_name(s->c, target);
	else if (rc == ERR_NOT_FOUND)
		s->refused++;
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc)
		return err_set(e, rc, "group \"%s\" cannot be read", name);
	return group_members(s->c->z->db, &g, s->c->z->now, see_member, s, e);
}

static int select_name(struct selection *s, const char *name, struct err *e)
{
	struct store_device d;
	struct store_folder f;
	struct err why = ERR_INIT;
	size_t names = s->c->name_count;
	int rc = find_device(s->c, name, &d, &why);
	if (rc && rc != ERR_NOT_FOUND) /* a missing one is among the names already */
		return err_set(e, rc, "%s", why.msg);
	if (rc && !s->everywhere) { /* whether it is there is not for everybody to know */
		s->c->name_count = names;
		s->refused++;
		return 0;
	}
	if (rc)
		return 0;
	rc = s->everywhere ? 0 : store_folder_get(s->c->z->db, s->c->arena, d.folder, &f, e);
	if (!rc && (s->everywhere || may_select(s, f.path)))
		select_device(s, d.id, d.folder, d.is_protected);
	else
		s->refused++;
	return rc;
}

static int select_target(struct selection *s, const char *target, struct err *e)
{
	if (target[0] == '/')
		return select_folder(s, target, e);
	if (strncmp(target, "tag:", 4) == 0)
		return select_tag(s, target, e);
	if (strncmp(target, "group:", 6) == 0)
		return select_group(s, target, e);
	return select_name(s, target, e);
}

static int select_all(struct selection *s, struct err *e)
{
	struct command *c = s->c;
	size_t count = 0;
	const struct bytes *targets = api_has(c->call, "targets") ? api_strs(c->call, "targets", &count) : NULL;
	int rc = job_find_own(c->z, &s->own, e);
	if (!rc && api_bool(c->call, "all"))
		rc = select_filter(s, STORE_DEVICE_FILTER_INIT, e);
	else if (!rc && !count)
		rc = err_set(e, ERR_MISSING,
			     "no device is named; name devices, /folders/, tag:NAME or group:NAME, or ask for all");
	for (size_t i = 0; i < count && !rc; i++)
		rc = select_target(s, (const char *)targets[i].p, e);
	if (!rc && s->refused)
		rc = err_set(e, ERR_NOT_ALLOWED, "'%s' has no right %s for %zu of the devices that are meant",
			     c->who.name, right_name(c->call->command->right), s->refused);
	if (!rc && c->name_count)
		rc = err_set(e, ERR_NOT_FOUND, "%s\"%s\" does not exist", c->name_count > 1 ? "among others, " : "",
			     c->names[0]);
	if (!rc && !s->count)
		rc = err_set(e, ERR_NOT_FOUND, "no device is meant");
	return rc;
}

static void selection_init(struct selection *s, struct command *c)
{
	*s = (struct selection){
		.c = c,
		.seen = map_u64_new(),
		.everywhere = rights_may_below(c->who.rights, c->call->command->right, "/"),
		.confirm_above = 100,
	};
}

static void selection_release(struct selection *s)
{
	map_u64_free(s->seen);
	free(s->ids);
}

int select_devices(struct command *c, int64_t **ret_ids, size_t *ret_count, struct err *e)
{
	struct selection s;
	selection_init(&s, c);
	int rc = select_all(&s, e);
	*ret_ids = s.ids;
	*ret_count = s.count;
	s.ids = NULL;
	selection_release(&s);
	return rc;
}

/* Off, reset and cycle of more than a share of the zone are repeated with their number. One device is never many. */
static int check_confirmation(struct command *c, const struct selection *s, enum verb verb, struct err *e)
{
	int64_t all, given = api_int(c->call, "confirm", -1);
	int64_t n = (int64_t)(api_bool(c->call, "include-protected") ? s->count : s->count - s->kept_out);
	int rc = store_device_count(c->z->db, &all, e);
	if (rc || n == given)
		return rc;
	if (given < 0 && (n < 2 || n * 100 <= all * s->confirm_above))
		return 0;
	c->expected = n;
	return err_set(e, ERR_CONFIRM, "%s of %lld of %lld devices", verb_name(verb), (long long)n, (long long)all);
}

static const char *target_text(struct command *c)
{
	size_t count = 0;
	const struct bytes *targets = api_has(c->call, "targets") ? api_strs(c->call, "targets", &count) : NULL;
	struct buf text;
	if (api_bool(c->call, "all"))
		return "all";
	buf_init(&text, TARGET_TEXT_MAX);
	size_t i = 0;
	for (; i < count && text.len + targets[i].len + 32 < TARGET_TEXT_MAX; i++) {
		buf_adds(&text, i ? " " : "");
		buf_add_bytes(&text, targets[i]);
	}
	if (i < count)
		buf_addf(&text, "%sand %zu more", i ? " " : "", count - i);
	const char *s = arena_str(c->arena, buf_bytes(&text));
	buf_release(&text);
	return s;
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static int store_selection(struct zone *z, const struct job *j, const int64_t *ids, size_t count, struct err *e)
{
	int rc = 0;
	for (size_t at = 0; at < count && !rc; at += STORE_SELECTION_PART) {
		size_t n = count - at < STORE_SELECTION_PART ? count - at : STORE_SELECTION_PART;
		rc = store_job_selection_put(z->db, j->id, (int64_t)(at / STORE_SELECTION_PART), ids + at, n, e);
	}
	return rc;
}

static int add_row(struct zone *z, const struct job_order *o, size_t count, struct job **ret, struct err *e)
{
	bool at_once = count <= ZONE_SLICE;
	struct store_job row = {
		.verb = (int)o->verb,
		.state = at_once ? JOB_STATE_OPEN : JOB_STATE_EXPANDING,
		.requested_by = o->by,
		.idempotency = o->key,
		.server = z->server,
		.created_at = z->now,
		.deadline = o->deadline,
		.target = o->target,
		.options = options_text(z->arena, &o->options),
		.total = (int64_t)count,
		.expanded = at_once ? (int64_t)count : 0,
	};
	int rc = new_id(z, STORE_ID_JOB, &row.id, e);
	rc = rc ? rc : store_ids_take(z->db, &z->ids, STORE_ID_ACT, row.total, &row.act_first, e);
	rc = rc ? rc : store_job_add(z->db, &row, e);
	if (rc)
		return rc;
	row.expanded = 0;
	*ret = job_new(z, &row, &o->options);
	crash_mark(z, CRASH_JOB);
	return 0;
}

int job_start(struct zone *z, const struct job_order *o, const int64_t *ids, size_t count, struct job **ret,
	      struct err *e)
{
	struct job *j;
	int rc = add_row(z, o, count, &j, e);
	rc = rc ? rc : tell_job(z, j, "added", e);
	if (rc)
		return rc;
	if (j->state == JOB_STATE_EXPANDING) {
		rc = store_selection(z, j, ids, count, e);
		list_append(&z->busy, &j->busy);
	} else {
		rc = expand(z, j, ids, count, e);
	}
	if (!rc)
		*ret = j;
	return rc;
}

static int answer_job(struct command *c, const struct store_job *row, enum boot_choice boot)
{
	struct json_writer json;
	json_writer_init(&json, &c->body);
	job_write(&json, NULL, row, boot);
	return 0;
}

/* In the order of ids when they are many: neighbours in the database are then started, and answer, at about the same
 * time, and a commit rewrites a fifth of the pages that it would in the order of names. */
static int start_job(struct command *c, struct job_order *o, struct selection *s, struct err *e)
{
	struct job *j;
	if (s->count > ZONE_SLICE)
		qsort(s->ids, s->count, sizeof(s->ids[0]), compare_ids);
	o->by = c->m->by.name;
	o->target = target_text(c);
	c->object = NULL; /* expanding uses the arena anew */
	int rc = job_start(c->z, o, s->ids, s->count, &j, e);
	if (rc)
		return rc;
	struct store_job row = row_of(j);
	c->object = arena_printf(c->arena, "job:%lld", (long long)j->id);
	return answer_job(c, &row, j->boot);
}

int order_devices(struct command *c, struct job_order *o, struct err *e)
{
	struct selection s;
	selection_init(&s, c);
	int rc = select_all(&s, e);
	rc = rc || !verb_is_harmful(o->verb) ? rc : check_confirmation(c, &s, o->verb, e);
	rc = rc ? rc : start_job(c, o, &s, e);
	selection_release(&s);
	return rc;
}

/* The same key again gives the same job. */
static int find_by_key(struct command *c, const struct job_order *o, bool *ret_found, struct err *e)
{
	struct store_job row;
	*ret_found = false;
	if (!o->key)
		return 0;
	int rc = store_job_by_key(c->z->db, c->arena, c->m->by.name, o->key, &row, NULL);
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc)
		return err_set(e, rc, "job with key \"%s\" cannot be read", o->key);
	enum boot_choice boot = boot_from_options(row.options);
	if (row.verb != (int)o->verb || boot != o->options.boot)
		return err_set(e, ERR_CONFLICT, "key \"%s\" belongs to job %lld, which is %s%s%s", o->key,
			       (long long)row.id, verb_name((enum verb)row.verb), boot ? " with boot choice " : "",
			       boot ? boot_name(boot) : "");
	*ret_found = true;
	c->object = arena_printf(c->arena, "job:%lld", (long long)row.id);
	return answer_job(c, &row, boot);
}

static int read_boot(struct command *c, struct job_order *o, struct err *e)
{
	const char *word = api_str(c->call, "boot");
	if (!word)
		return 0;
	if (!boot_from_name(word, &o->options.boot))
		return err_set(e, ERR_INVALID, "boot choice \"%s\" is none of " BOOT_WORDS, word);
	if (!verb_boots(o->verb))
		return err_set(e, ERR_INVALID, "\"%s\" boots nothing; a boot choice goes with on, reset or cycle",
			       verb_name(o->verb));
	return 0;
}

static bool is_for_people(enum verb v)
{
	return v != VERB_TEST && v != VERB_UNBOOT && !verb_sets_up(v);
}

static int read_order(struct command *c, struct job_order *o, struct err *e)
{
	const char *verb = api_str(c->call, "verb");
	int64_t deadline_ms = api_int(c->call, "deadline", setting(c->z, SETTING_ACT_DEADLINE));
	*o = (struct job_order){
		.deadline = later(c->z->now, deadline_ms),
		.key = api_str(c->call, "key"),
		.options = {.include_protected = api_bool(c->call, "include-protected"),
			    .deadline_given = api_has(c->call, "deadline")},
	};
	if (!verb_from_name(verb, &o->verb) || !is_for_people(o->verb))
		return err_set(e, ERR_INVALID, "verb \"%s\" is none of on, off, reset, cycle, status", verb);
	int64_t most = setting_row(SETTING_ACT_DEADLINE)->max;
	if (deadline_ms < DEADLINE_MIN_MS || deadline_ms > most)
		return err_set(e, ERR_INVALID, "deadline of %lld ms is not between 1s and %lldh",
			       (long long)deadline_ms, (long long)(most / 3600000));
	int rc = read_boot(c, o, e);
	return rc || !o->key ? rc : check_text("key", o->key, KEY_MAX, e);
}

int command_POWER(struct command *c, struct err *e)
{
	struct job_order o;
	bool found;
	int rc = read_order(c, &o, e);
	rc = rc ? rc : find_by_key(c, &o, &found, e);
	return rc || found ? rc : order_devices(c, &o, e);
}

int command_DEVICE_TEST(struct command *c, struct err *e)
{
	struct job_order o = {.verb = VERB_TEST, .deadline = later(c->z->now, setting(c->z, SETTING_ACT_DEADLINE))};
	return order_devices(c, &o, e);
}

int job_cancel(struct zone *z, int64_t id, bool *ret_won, struct err *e)
{
	int rc = store_job_cancel(z->db, id, z->now, ret_won, e);
	if (rc || !*ret_won)
		return rc;
	struct job *j = job_get(z, id);
	if (!j)
		return err_set(e, ERR_FAILED, "job %lld is open but not known", (long long)id);
	j->cancelled_at = z->now;
	if (list_is_empty(&j->busy))
		list_append(&z->busy, &j->busy);
	act_cancel_talks(z, j);
	return tell_job(z, j, "changed", e);
}

int job_cancel_schedule(struct zone *z, int64_t schedule, struct err *e)
{
	size_t it = 0;
	uint64_t id;
	void *at;
	int rc = 0;
	while (!rc && map_u64_each(z->jobs, &it, &id, &at)) {
		bool won;
		if (((const struct job *)at)->from.schedule == schedule)
			rc = job_cancel(z, (int64_t)id, &won, e);
	}
	return rc;
}

int command_JOB_CANCEL(struct command *c, struct err *e)
{
	struct store_job row;
	bool won;
	int64_t id = api_int(c->call, "job", 0);
	int rc = store_job_get(c->z->db, c->arena, id, &row, NULL);
	if (rc)
		return err_set(e, rc, "job %lld does not exist", (long long)id);
	c->object = arena_printf(c->arena, "job:%lld", (long long)id);
	enum boot_choice boot = boot_from_options(row.options);
	rc = job_cancel(c->z, id, &won, e);
	if (!rc && won)
		row = row_of(job_get(c->z, id));
	return rc ? rc : answer_job(c, &row, boot);
}
