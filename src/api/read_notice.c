#include "api/read.h"
#include "base/err.h"
#include "store/session.h"
#include "zone/notice.h"

static void put_notice(struct read *r, const struct notice *n)
{
	const struct ending *x = n->of;
	bool is_token = x->kind == MESSAGE_OF_TOKEN;
	int64_t days = ending_days(x, r->now);
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_notice);
	api_put_str(&w, "kind", is_token ? "token" : "certificate");
	api_put_str(&w, "name", x->name);
	api_put_time(&w, "expires", x->end);
	api_put_int(&w, "days", days);
	api_put_str(&w, "severity", days < NOTICE_LAST_DAYS ? "error" : "warning");
	api_put_str(&w, "text", ending_text(r->arena, x, r->now));
	api_put_str(&w, "next", message_row(is_token ? MESSAGE_TOKEN_EXPIRING : MESSAGE_CERTIFICATE_EXPIRING)->next);
	api_put_time(&w, "shown", n->shown_at);
	api_put_bool(&w, "due", n->due);
	api_end(&w);
}

static int put_notice_row(void *arg, const struct notice *n)
{
	struct read *r = arg;
	if (r->rows++ < read_after_id(r))
		return 0;
	if (!read_take(r))
		return 1;
	put_notice(r, n);
	read_key_id(r, r->rows);
	return 0;
}

/* Few: the key is the place in the list. */
int read_NOTICE_LIST(struct read *r, struct err *e)
{
	struct store_session s;
	const struct principal *by = r->who->by;
	struct notice_reader to = {.admin = by->admin, .rights = r->who->rights};
	if (by->kind == PRINCIPAL_SESSION && store_session_get(r->db, r->arena, by->id, &s, NULL) == 0)
		to.login_at = s.created_at;
	int code = notice_each(r->db, r->arena, r->server, r->now, &to, put_notice_row, r, e);
	return code < 0 ? code : 0;
}
