#include "zone/job_write.h"

#include "codec/api.h"
#include "codec/json.h"
#include "store/job.h"

static bool is_open(const struct store_job *j)
{
	return j->state < JOB_STATE_ENDED;
}

static const char *state_text(const struct store_job *j)
{
	if (!is_open(j))
		return "final";
	return j->cancelled_at ? "cancelling" : j->state == JOB_STATE_EXPANDING ? "expanding" : "running";
}

void job_write(struct json_writer *json, const char *name, const struct store_job *j, enum boot_choice boot)
{
	struct api_writer w;
	api_begin(&w, json, name, API_OBJECT_job);
	api_put_int(&w, "job", j->id);
	api_put_str(&w, "verb", verb_name((enum verb)j->verb));
	api_put_str(&w, "boot", boot_name(boot));
	api_put_str(&w, "by", j->requested_by);
	api_put_time(&w, "created", j->created_at);
	api_put_time(&w, "ended", j->ended_at);
	api_put_str(&w, "state", state_text(j));
	api_put_int(&w, "total", j->total);
	api_put_int(&w, "open", j->total - store_job_counts_sum(&j->counts));
	api_put_int(&w, "done", j->counts.done);
	api_put_int(&w, "already", j->counts.already);
	api_put_int(&w, "failed", j->counts.failed);
	api_put_int(&w, "unknown", j->counts.unknown);
	api_put_int(&w, "cancelled", j->counts.cancelled);
	api_put_int(&w, "expired", j->counts.expired);
	api_put_int(&w, "skipped", j->counts.skipped);
	api_end(&w);
}
