#include "lamp/provider.h"

#include <stdio.h>
#include <time.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/json.h"
#include "lamp/client.h"

#define TEXT_MAX      4096
#define EXPIRES_AFTER INT64_C(600000) /* the server lets nobody wait longer */

static int ask(struct client *c, const char *method, const char *path, struct bytes body, struct json_t **ret,
	       struct err *e)
{
	struct reply r = {0};
	int rc = client_ask(c, method, path, body, &r, e);
	rc = rc ? rc : reply_check(&r, e);
	rc = rc ? rc : json_parse(buf_bytes(&r.body), r.body.len, ret, e);
	buf_release(&r.body);
	return rc;
}

static int begin(struct client *c, const char *source, struct json_t **ret, struct err *e)
{
	struct buf path;
	buf_init(&path, TEXT_MAX);
	(void)buf_adds(&path, API_PREFIX "/login/oidc?device=true&source="); /* checked below */
	api_escape(&path, bytes_str(source));
	int rc = buf_check(&path, e, "name of the source");
	rc = rc ? rc : ask(c, "GET", buf_cstr(&path), BYTES_NONE, ret, e);
	buf_release(&path);
	return rc;
}

static int show(const struct json_t *begun, struct err *e)
{
	const char *url, *code, *complete = NULL;
	int rc = json_get_str(begun, "url", TEXT_MAX, &url, e);
	rc = rc ? rc : json_get_str(begun, "user_code", TEXT_MAX, &code, e);
	if (rc)
		return rc;
	(void)json_opt_str(begun, "complete_url", TEXT_MAX, &complete, NULL); /* not all have one */
	fprintf(stderr, "Open %s in a browser and type the code %s\n", url, code);
	if (complete)
		fprintf(stderr, "or open %s\n", complete);
	fprintf(stderr, "Waiting ...\n");
	return 0;
}

static void pause_ms(int64_t ms)
{
	struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
	(void)nanosleep(&t, NULL); /* a signal ends the program */
}

static int wait_for(struct client *c, const struct json_t *begun, struct json_t **ret, struct err *e)
{
	const char *flow = NULL;
	int64_t interval = 5000, end = clock_boot_ms(clock_real()) + EXPIRES_AFTER;
	struct json_writer w;
	struct buf body;
	int rc = json_get_str(begun, "flow", TEXT_MAX, &flow, e);
	if (rc)
		return rc;
	(void)json_opt_i64(begun, "interval", 1000, 300000, &interval, NULL); /* RFC 8628: five seconds otherwise */
	buf_init(&body, TEXT_MAX + 64);
	json_writer_init(&w, &body);
	json_begin_object(&w, NULL);
	json_put_str(&w, "flow", flow);
	json_end(&w);
	do {
		pause_ms(interval);
		rc = ask(c, "POST", API_PREFIX "/login/oidc", buf_bytes(&body), ret, e);
	} while (rc == ERR_LOGIN_PENDING && clock_boot_ms(clock_real()) < end);
	buf_release(&body);
	return rc == ERR_LOGIN_PENDING ? err_set(e, ERR_EXPIRED, "nobody confirmed the login in time") : rc;
}

int provider_login(struct client *c, const char *source, struct json_t **ret, struct err *e)
{
	struct json_t *begun = NULL;
	int rc = begin(c, source, &begun, e);
	rc = rc ? rc : show(begun, e);
	rc = rc ? rc : wait_for(c, begun, ret, e);
	json_free(begun);
	return rc;
}
