/* What ends soon becomes a message once a day for each thing, and an error in its last days. What administrators are
 * told of it is in notice.c. */
#include "base/base.h"
#include "base/metric.h"
#include "codec/json.h"
#include "store/notice.h"
#include "store/session.h"
#include "zone/command.h"
#include "zone/notice.h"

#define DAY_MS  INT64_C(86400000)
#define LOOK_MS (6 * INT64_C(3600000))
#define KEEP_MS (100 * DAY_MS) /* longer than anything is told of */
#define NO_END  INT64_C(99999)

static int note_said(void *arg, const struct store_message *m)
{
	*(bool *)arg = true;
	return 1;
}

/* One a day for each thing, also over a restart. */
static int was_said(struct zone *z, const struct message *m, bool *ret, struct err *e)
{
	struct store_message_filter f = STORE_MESSAGE_FILTER_INIT(z->server);
	f.number = m->id;
	f.kind = m->kind;
	f.object = m->object;
	f.since = z->now - DAY_MS + 1;
	*ret = false;
	int rc = store_message_list(z->db, &f, 0, 1, note_said, ret, e);
	return rc < 0 ? rc : 0;
}

struct look {
	struct zone *z;
	int64_t days, tokens;
	struct err *e;
};

static int say(struct look *l, const struct ending *x)
{
	bool is_token = x->kind == MESSAGE_OF_TOKEN, said;
	bool is_last = ending_days(x, l->z->now) < NOTICE_LAST_DAYS;
	struct message m = {
		.id = is_token ? MESSAGE_TOKEN_EXPIRING : MESSAGE_CERTIFICATE_EXPIRING,
		.severity = is_token || !is_last ? MESSAGE_WARNING : MESSAGE_ERROR,
		.kind = x->kind,
		.object = x->object,
		.name = x->name,
		.text = ending_text(l->z->arena, x, l->z->now),
	};
	int rc = was_said(l->z, &m, &said, l->e);
	return rc || said ? rc : message_add(l->z, &m, l->e);
}

static int see_ending(void *arg, const struct ending *x)
{
	struct look *l = arg;
	bool is_token = x->kind == MESSAGE_OF_TOKEN;
	int64_t days = ending_days(x, l->z->now);
	if (!is_token && days < l->days)
		l->days = days;
	if (!ending_is_soon(x, l->z->now))
		return 0;
	l->tokens += is_token;
	return say(l, x);
}

int expiry_tidy(struct zone *z, struct err *e)
{
	struct look l = {z, NO_END, 0, e};
	if (z->now < z->ends_at)
		return 0;
	z->ends_at = later(z->now, LOOK_MS);
	int rc = ending_each(z->db, z->arena, z->server, see_ending, &l, e);
	metric_set(METRIC_certificate_days_left, l.days);
	metric_set(METRIC_tokens_expiring, l.tokens);
	return rc ? rc : store_notice_purge(z->db, z->now - KEEP_MS, e);
}

struct marking {
	struct command *c;
	struct notice_reader to;
	struct notices *list;
	struct err *e;
};

static int mark(void *arg, const struct notice *n)
{
	struct marking *k = arg;
	struct zone *z = k->c->z;
	if (!n->due || k->list->count == ARRAY_LEN(k->list->texts))
		return 0;
	k->list->texts[k->list->count++] = ending_text(k->c->arena, n->of, z->now);
	return notice_seen(z->db, &k->to, n, z->now, k->e);
}

static int tell_due(struct command *c, const struct notice_reader *to, struct notices *ret, struct err *e)
{
	struct marking k = {c, *to, ret, e};
	ret->count = 0;
	return notice_each(c->z->db, c->arena, c->z->server, c->z->now, to, mark, &k, e);
}

int notices_at_login(struct command *c, int64_t admin, struct notices *ret, struct err *e)
{
	struct rights rights = RIGHTS_INIT;
	int rc = entitle_holder(c->z->db, STORE_HOLDER_ADMIN, admin, &rights, e);
	const struct notice_reader to = {admin, &rights, c->z->now + 1}; /* behind all that was shown before */
	rc = rc ? rc : tell_due(c, &to, ret, e);
	rights_release(&rights);
	return rc;
}

static int login_time(struct command *c, int64_t *ret, struct err *e)
{
	struct store_session s;
	*ret = 0;
	if (c->m->by.kind != PRINCIPAL_SESSION)
		return 0;
	int rc = store_session_get(c->z->db, c->arena, c->m->by.id, &s, e);
	*ret = rc ? 0 : s.created_at;
	return rc;
}

int command_NOTICE_ACK(struct command *c, struct err *e)
{
	struct notice_reader to = {.admin = c->m->by.admin, .rights = c->who.rights};
	struct notices list;
	struct json_writer json;
	struct api_writer w;
	if (c->m->by.kind == PRINCIPAL_TOKEN)
		return err_set(e, ERR_INVALID, "notices are for people: a program has seen nothing for them");
	int rc = login_time(c, &to.login_at, e);
	rc = rc ? rc : tell_due(c, &to, &list, e);
	if (rc)
		return rc;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_acknowledged);
	api_put_int(&w, "acknowledged", (int64_t)list.count);
	api_end(&w);
	return 0;
}
