#include "lamp/wait.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/json.h"
#include "lamp/client.h"
#include "lamp/list.h"
#include "lamp/print.h"

#define EVENT_MAX (1u << 20)

/* What is waited for, and how its progress is written. */
struct waiting {
	const char *kind; /* of the events that count, and of the filter */
	bool json, terminal;
	void (*progress)(const struct json_t *data);
};

static int64_t number(const struct json_t *j, const char *name)
{
	int64_t n = 0;
	(void)json_opt_i64(j, name, INT64_MIN, INT64_MAX, &n, NULL); /* a member that is missing counts as 0 */
	return n;
}

static void job_progress(const struct json_t *j)
{
	int64_t total = number(j, "total"), open = number(j, "open");
	fprintf(stderr, "\r\033[K%lld of %lld finished: %lld done, %lld already, %lld failed, %lld unknown",
		(long long)(total - open), (long long)total, (long long)number(j, "done"),
		(long long)number(j, "already"), (long long)number(j, "failed"), (long long)number(j, "unknown"));
}

static void scan_progress(const struct json_t *j)
{
	fprintf(stderr, "\r\033[K%lld of %lld addresses, %lld found, %lld a second", (long long)number(j, "done"),
		(long long)number(j, "total"), (long long)number(j, "found"), (long long)number(j, "rate"));
	if (number(j, "left_ms") > 0)
		fprintf(stderr, ", %lld s left", (long long)(number(j, "left_ms") + 999) / 1000);
}

static bool on_event(void *arg, struct bytes text)
{
	const struct waiting *w = arg;
	struct json_t *event = NULL, *data = NULL;
	const char *kind = NULL, *change = NULL, *data_text = NULL;
	bool final = false;
	if (json_parse(text, EVENT_MAX, &event, NULL) == 0 && json_get_str(event, "kind", 64, &kind, NULL) == 0 &&
	    json_get_str(event, "change", 64, &change, NULL) == 0 &&
	    json_get_str(event, "data", EVENT_MAX, &data_text, NULL) == 0 && strcmp(kind, w->kind) == 0 &&
	    json_parse(bytes_str(data_text), EVENT_MAX, &data, NULL) == 0) {
		final = strcmp(change, "final") == 0;
		if (w->json && !final)
			print_object_json(data);
		else if (!w->json && w->terminal)
			w->progress(data);
	}
	json_free(data);
	json_free(event);
	return final;
}

static int follow(struct client *c, struct waiting *w, int64_t id, const char *from, struct err *e)
{
	char path[192];
	/* From its beginning: it may have ended before anybody listened. */
	(void)snprintf(path, sizeof(path), "/api/v1/events?%s=%lld&from=%s", w->kind, (long long)id,
		       *from ? from : "0"); /* fits */
	int rc = client_follow(c, path, on_event, w, e);
	if (w->terminal && !w->json)
		fprintf(stderr, "\r\033[K");
	return rc;
}

static int get(struct client *c, const char *what, int64_t id, struct json_t **ret, struct err *e)
{
	char path[96];
	(void)snprintf(path, sizeof(path), "/api/v1/%s/%lld", what, (long long)id); /* fits */
	struct reply r = {0};
	int rc = client_ask(c, "GET", path, BYTES_NONE, &r, e);
	if (!rc)
		rc = reply_check(&r, e);
	if (!rc)
		rc = json_parse(buf_bytes(&r.body), r.body.len, ret, e);
	buf_release(&r.body);
	return rc;
}

static void print_sums(const struct json_t *j)
{
	static const char *const sums[] = {"done", "already", "failed", "unknown", "cancelled", "expired", "skipped"};
	const char *verb = "";
	(void)json_opt_str(j, "verb", 64, &verb, NULL); /* printed as it is */
	long long total = (long long)number(j, "total");
	printf("job %lld, %s: %lld device%s", (long long)number(j, "job"), verb, total, total == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		if (number(j, sums[i]))
			printf(", %lld %s", (long long)number(j, sums[i]), sums[i]);
	printf("\n");
}

enum lamp_exit wait_job(struct client *c, int64_t job, const char *from, bool json)
{
	struct err e = ERR_INIT;
	struct waiting w = {"job", json, isatty(STDERR_FILENO), job_progress};
	struct json_t *sums = NULL;
	char path[96];
	(void)snprintf(path, sizeof(path), "/api/v1/jobs/%lld/acts", (long long)job); /* fits */
	int rc = follow(c, &w, job, from, &e);
	if (!rc)
		rc = list_all(c, path, "act", json ? LIST_JSON : LIST_TABLE, 0, &e);
	if (!rc)
		rc = get(c, "jobs", job, &sums, &e);
	if (rc)
		return lamp_complain(rc, &e);
	if (json)
		print_object_json(sums);
	else
		print_sums(sums);
	bool all = number(sums, "done") + number(sums, "already") == number(sums, "total");
	json_free(sums);
	return all ? LAMP_DONE : LAMP_SOME_FAILED;
}

enum lamp_exit wait_scan(struct client *c, int64_t scan, const char *from, bool json)
{
	struct err e = ERR_INIT;
	struct waiting w = {"scan", json, isatty(STDERR_FILENO), scan_progress};
	struct json_t *result = NULL;
	int rc = follow(c, &w, scan, from, &e);
	if (!rc)
		rc = get(c, "scans", scan, &result, &e);
	if (rc)
		return lamp_complain(rc, &e);
	const char *state = "", *reason = NULL;
	(void)json_opt_str(result, "state", 64, &state, NULL); /* printed as it is */
	(void)json_opt_str(result, "reason", 64, &reason, NULL);
	if (json)
		print_object_json(result);
	else
		printf("scan %lld %s: %lld of %lld addresses looked at, %lld AMT interfaces found\n", (long long)scan,
		       state, (long long)number(result, "done"), (long long)number(result, "total"),
		       (long long)number(result, "found"));
	bool done = strcmp(state, "done") == 0;
	if (!done && reason && !json)
		fprintf(stderr, "lamp: %s; %s\n", err_sentence(err_from_name(reason)), err_next(err_from_name(reason)));
	json_free(result);
	return done ? LAMP_DONE : LAMP_SOME_FAILED;
}
