#include "amt/act.h"
#include "api/read.h"
#include "base/err.h"
#include "store/act.h"
#include "store/device.h"
#include "store/job.h"
#include "zone/job_write.h"

/* Returns 1 when the page is full. */
static int take_job(struct read *r, const struct store_job *j)
{
	const char *state = api_str(r->call, "state");
	bool final = j->state >= JOB_STATE_ENDED;
	bool wanted = !state || final == (strcmp(state, "final") == 0);
	if (wanted) {
		int code = access_may_see_job(r->db, r->who, j->id, j->requested_by, &wanted, NULL);
		if (code)
			return code;
	}
	if (wanted) {
		if (!read_take(r))
			return 1;
		job_write(&r->json, NULL, j, boot_from_options(j->options));
	}
	read_key_id(r, j->id);
	return 0;
}

static int put_job_row(void *arg, const struct store_job *j)
{
	read_row(arg);
	return take_job(arg, j);
}

static int fetch_jobs(struct read *r, struct err *e)
{
	return store_job_list(r->db, read_after_id(r), READ_BATCH, put_job_row, r, e);
}

/* Jobs of one device: by the acts of its interface. */
static int put_job_of_act(void *arg, const struct store_past *p)
{
	struct read *r = arg;
	struct store_job j;
	read_row(r);
	int code = store_job_get(r->db, r->arena, p->job, &j, NULL);
	if (code == ERR_NOT_FOUND)
		return 0; /* purged between */
	return code ? code : take_job(r, &j);
}

static int fetch_past(struct read *r, store_past_fn each, struct err *e)
{
	struct store_device d;
	struct store_amt amt = {0};
	int code = read_find_device(r, api_str(r->call, "device"), &d, e);
	if (!code && !read_may_see_device(r, d.id))
		code = access_refuse_thing(r->who, RIGHT_DEVICE_VIEW, d.name, e);
	if (code)
		return code;
	code = store_amt_of_device(r->db, r->arena, d.id, &amt, e);
	if (code && code != ERR_NOT_FOUND)
		return code;
	return store_act_history(r->db, d.id, amt.id, read_after_id(r), READ_BATCH, each, r, e);
}

static int fetch_jobs_of_device(struct read *r, struct err *e)
{
	return fetch_past(r, put_job_of_act, e);
}

int read_JOB_LIST(struct read *r, struct err *e)
{
	const char *state = api_str(r->call, "state");
	if (state && strcmp(state, "running") != 0 && strcmp(state, "final") != 0)
		return err_set(e, ERR_INVALID, "'state' is neither running nor final");
	return read_pages(r, api_has(r->call, "device") ? fetch_jobs_of_device : fetch_jobs, e);
}

static int get_job(struct read *r, struct store_job *ret, struct err *e)
{
	int64_t id = read_id(r->call, "job");
	int code = store_job_get(r->db, r->arena, id, ret, e);
	return code == ERR_NOT_FOUND ? err_set(e, code, "job %lld does not exist", (long long)id) : code;
}

int read_JOB_SHOW(struct read *r, struct err *e)
{
	struct store_job j;
	int code = get_job(r, &j, e);
	if (!code)
		job_write(&r->json, NULL, &j, boot_from_options(j.options));
	return code;
}

/* Sent, and no reply that settles it: people see that as a state of its own. */
static bool is_in_doubt(const struct store_act *a)
{
	return a->state == ACT_STATE_SENT && a->reason;
}

static const char *evidence_name(const struct store_act *a)
{
	if (!act_state_is_final(a->state))
		return NULL;
	switch (a->evidence_kind) {
	case ACT_EVIDENCE_REPLY:
		return "reply";
	case ACT_EVIDENCE_OBSERVED:
		return "observed";
	case ACT_EVIDENCE_AUDIT:
		return "audit";
	default:
		return "none";
	}
}

static void put_why(struct api_writer *w, const struct store_act *a)
{
	const char *own = a->detail && *a->detail ? a->detail : NULL;
	api_put_str(w, "reason", a->reason ? err_name(-a->reason) : NULL);
	api_put_str(w, "message", !own && a->reason ? err_sentence(-a->reason) : own);
	api_put_str(w, "next", a->reason ? err_next(-a->reason) : NULL);
	api_put_str(w, "evidence", evidence_name(a));
}

static const char *power_name(int state)
{
	return state ? power_state_name(state) : NULL;
}

static void put_act(struct read *r, const struct store_act_view *v)
{
	const struct store_act *a = &v->act;
	const char *name = v->device_name ? v->device_name : v->host;
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_act);
	api_put_int(&w, "id", a->id);
	api_put_int(&w, "job", a->job);
	api_put_str(&w, "device", name ? name : "(removed)");
	api_put_str(&w, "verb", verb_name((enum verb)a->verb));
	api_put_str(&w, "boot", boot_name(r->boot));
	api_put_str(&w, "state", is_in_doubt(a) ? "doubt" : act_state_name(a->state));
	put_why(&w, a);
	api_put_str(&w, "power_before", power_name(a->power_before));
	api_put_str(&w, "power_after", power_name(a->power_after));
	api_put_int(&w, "attempt", a->attempt);
	api_put_time(&w, "sent", a->sent_at);
	api_put_time(&w, "ended", a->ended_at);
	api_put_text(&w, "message_id", a->message_id);
	api_put_text(&w, "detail", a->detail);
	api_end(&w);
}

static int put_act_row(void *arg, const struct store_act_view *v)
{
	struct read *r = arg;
	const char *state = api_str(r->call, "state");
	bool doubt = state && strcmp(state, "doubt") == 0;
	read_row(r);
	if ((!doubt || is_in_doubt(&v->act)) && (r->own || read_may_see_device(r, v->act.device))) {
		if (!read_take(r))
			return 1;
		put_act(r, v);
	}
	read_key_id(r, v->act.id);
	return 0;
}

static int fetch_acts(struct read *r, struct err *e)
{
	const char *state = api_str(r->call, "state");
	enum act_state s = ACT_STATE_SENT;
	if (state && strcmp(state, "doubt") != 0 && !act_state_from_name(state, &s))
		return err_set(e, ERR_INVALID, "'state' is not a state of an act: '%s'", state);
	return store_act_list(r->db, read_id(r->call, "job"), read_after_id(r), state ? 1u << s : 0, READ_BATCH,
			      put_act_row, r, e);
}

int read_JOB_ACTS(struct read *r, struct err *e)
{
	struct store_job j;
	int code = get_job(r, &j, e);
	if (code)
		return code;
	r->boot = boot_from_options(j.options);
	r->own = strcmp(j.requested_by, r->who->name) == 0;
	return read_pages(r, fetch_acts, e);
}

static int put_past(void *arg, const struct store_past *p)
{
	struct read *r = arg;
	const struct store_act a = {.state = p->state, .evidence_kind = p->evidence_kind, .reason = p->reason};
	struct api_writer w;
	read_row(r);
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_past);
	api_put_int(&w, "job", p->job);
	api_put_str(&w, "verb", verb_name((enum verb)p->verb));
	api_put_str(&w, "by", p->requested_by);
	api_put_str(&w, "state", is_in_doubt(&a) ? "doubt" : act_state_name(p->state));
	api_put_str(&w, "reason", p->reason ? err_name(-p->reason) : NULL);
	api_put_str(&w, "evidence", evidence_name(&a));
	api_put_str(&w, "power_before", power_name(p->power_before));
	api_put_str(&w, "power_after", power_name(p->power_after));
	api_put_int(&w, "attempt", p->attempt);
	api_put_time(&w, "ended", p->ended_at);
	api_end(&w);
	read_key_id(r, p->job);
	return 0;
}

static int fetch_device_history(struct read *r, struct err *e)
{
	return fetch_past(r, put_past, e);
}

int read_DEVICE_HISTORY(struct read *r, struct err *e)
{
	return read_pages(r, fetch_device_history, e);
}
