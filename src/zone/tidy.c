/* What is done once a minute and once an hour, in slices: the server's sign of life, and what is kept no longer. */
#include "base/base.h"
#include "store/discovered.h"
#include "store/event.h"
#include "store/power.h"
#include "store/server.h"
#include "store/session.h"
#include "zone/engine.h"
#include "zone/person.h"

#define SEEN_MS            60000
#define TIDY_MS            3600000
#define KEEP_GUARDS_MS     86400000 /* as long as failed logins count */
#define KEEP_EVENTS_MS     86400000
#define KEEP_DISCOVERED_MS (30 * INT64_C(86400000)) /* after the end of its validity */

static const enum verb verbs[] = {
#define VERB(name, number, order, changes, harmful, sentence) VERB_##name,
#include "amt/verb.tbl.h"
#undef VERB
};

static int64_t before(const struct zone *z, int64_t keep_ms)
{
	return z->now - keep_ms;
}

typedef int tidy_fn(struct db *db, int verb, int64_t before, int limit, int64_t *ret_count, struct err *e);

static int in_slices(struct zone *z, tidy_fn *step, enum verb verb, enum setting_id keep, int64_t *left, struct err *e)
{
	int64_t n;
	int rc = 0;
	do {
		n = 0;
		if (*left > 0)
			rc = step(z->db, (int)verb, before(z, setting(z, keep)), (int)*left, &n, e);
		*left -= n;
	} while (!rc && n && *left > 0);
	return rc;
}

/* What changed power moves to the history after a day and stays there; the rest just goes. */
static int purge_jobs(struct zone *z, int64_t *left, struct err *e)
{
	int rc = 0;
	for (size_t i = 0; i < ARRAY_LEN(verbs) && *left > 0 && !rc; i++) {
		bool changes = verb_changes_power(verbs[i]);
		enum setting_id keep = changes ? SETTING_KEEP_JOBS : SETTING_KEEP_STATUS;
		rc = in_slices(z, store_job_purge, verbs[i], keep, left, e);
		if (!rc && changes)
			rc = in_slices(z, store_job_archive, verbs[i], SETTING_KEEP_ACTS, left, e);
		if (!rc && changes)
			rc = in_slices(z, store_job_purge_archived, verbs[i], keep, left, e);
	}
	return rc;
}

static int purge_logins(struct zone *z, int64_t *left, struct err *e)
{
	int64_t sessions = 0, guards = 0;
	int rc = *left > 0 ? store_session_purge(z->db, z->now, (int)*left, &sessions, e) : 0;
	*left -= sessions;
	if (!rc && *left > 0)
		rc = store_guard_purge(z->db, before(z, KEEP_GUARDS_MS), (int)*left, &guards, e);
	*left -= guards;
	return rc;
}

static int purge(struct zone *z, int64_t *left, struct err *e)
{
	int64_t n = 0;
	int rc = purge_jobs(z, left, e);
	rc = rc ? rc : purge_logins(z, left, e);
	if (!rc && *left > 0)
		rc = store_event_purge(z->db, z->server, before(z, KEEP_EVENTS_MS), (int)*left, &n, e);
	*left -= n;
	n = 0;
	if (!rc && *left > 0)
		rc = store_discovered_purge(z->db, before(z, KEEP_DISCOVERED_MS), (int)*left, &n, e);
	*left -= n;
	n = 0;
	if (!rc && *left > 0)
		rc = store_power_purge(z->db, before(z, setting(z, SETTING_KEEP_POWER)), (int)*left, &n, e);
	*left -= n;
	n = 0;
	if (!rc && *left > 0)
		rc = store_occurrence_purge(z->db, before(z, setting(z, SETTING_KEEP_JOBS)), (int)*left, &n, e);
	*left -= n;
	rc = rc ? rc : expiry_tidy(z, e);
	rc = rc ? rc : message_tidy(z, left, e);
	return rc ? rc : audit_tidy(z, left, e);
}

int tidy(struct zone *z, struct err *e)
{
	int64_t left = ZONE_SLICE;
	int rc = 0;
	if (z->now >= z->seen_at) {
		rc = store_server_seen(z->db, z->server, z->now, e);
		rc = rc ? rc : engine_keep(z, e);
		rc = rc ? rc : person_recheck(z, e);
		z->seen_at = later(z->now, SEEN_MS);
		queue_tidy(z->queue, z->now);
	}
	if (rc || z->now < z->tidy_at)
		return rc;
	rc = purge(z, &left, e);
	if (left > 0)
		z->tidy_at = later(z->now, TIDY_MS);
	else
		z->run_again = true;
	return rc;
}
