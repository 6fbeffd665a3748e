#include "zone/notice.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "codec/right.h"
#include "store/certificate.h"
#include "store/notice.h"
#include "store/token.h"

#define DAY_MS    INT64_C(86400000)
#define WARN_DAYS 90
#define RENEW_DAYS                                                                                                     \
	30 /* a server's certificate is made anew by itself from here on: a warning before would be noise              \
	    */

struct walk {
	struct db *db;
	struct arena *arena;
	ending_fn each;
	void *arg;
	int stopped;
};

static int see_certificate(struct walk *w, const char *kind, int64_t server, int64_t warn_days, const char *what,
			   struct err *e)
{
	struct store_certificate c;
	int rc = store_certificate_newest(w->db, w->arena, kind, server, &c, NULL);
	if (rc == ERR_NOT_FOUND) /* not made yet */
		return 0;
	if (rc)
		return err_set(e, rc, "%s cannot be read", what);
	const struct ending x = {MESSAGE_OF_CERTIFICATE, c.id, kind, what, c.not_after, warn_days, 0};
	return w->each(w->arg, &x);
}

static int see_token(void *arg, const struct store_token *t)
{
	struct walk *w = arg;
	const struct ending x = {
		.kind = MESSAGE_OF_TOKEN,
		.object = t->id,
		.name = t->name,
		.what = arena_printf(w->arena, "API token \"%s\"", t->name),
		.end = t->expires_at,
		.warn_days = NOTICE_LAST_DAYS,
		.owner = t->owner,
	};
	return t->expires_at ? w->each(w->arg, &x) : 0;
}

int ending_each(struct db *db, struct arena *a, int64_t server, ending_fn each, void *arg, struct err *e)
{
	struct walk w = {db, a, each, arg, 0};
	int rc = see_certificate(&w, STORE_CERTIFICATE_CA, 0, WARN_DAYS, "the zone's root certificate", e);
	rc = rc ? rc
		: see_certificate(&w, STORE_CERTIFICATE_SERVER, server, RENEW_DAYS, "this server's certificate", e);
	rc = rc ? rc
		: see_certificate(&w, STORE_CERTIFICATE_MANAGEMENT, server, WARN_DAYS,
				  "this server's management certificate", e);
	return rc ? rc : store_token_list(db, see_token, &w, e);
}

int64_t ending_days(const struct ending *x, int64_t now)
{
	int64_t left = x->end - now;
	return left >= 0 ? left / DAY_MS : -((-left + DAY_MS - 1) / DAY_MS);
}

/* A token that has ended is of no use to anybody, and nothing breaks anew: it is not told of any more. */
bool ending_is_soon(const struct ending *x, int64_t now)
{
	return ending_days(x, now) < x->warn_days && (x->kind != MESSAGE_OF_TOKEN || x->end > now);
}

const char *ending_text(struct arena *a, const struct ending *x, int64_t now)
{
	char when[CLOCK_TEXT_SIZE];
	int64_t days = ending_days(x, now);
	clock_text(x->end, when);
	if (x->end <= now)
		return arena_printf(a, "%s has expired, on %s", x->what, when);
	return arena_printf(a, "%s expires in %lld day%s, on %s", x->what, (long long)days, days == 1 ? "" : "s", when);
}

struct telling {
	struct db *db;
	int64_t now;
	const struct notice_reader *to;
	notice_fn each;
	void *arg;
	struct err *e;
};

static bool may_know(const struct notice_reader *to, const struct ending *x)
{
	if (x->kind == MESSAGE_OF_TOKEN)
		return (x->owner && x->owner == to->admin) || rights_may(to->rights, RIGHT_ADMINISTRATOR_VIEW, "/");
	return rights_may(to->rights, RIGHT_ZONE_VIEW, "/");
}

static struct store_notice key_of(const struct notice_reader *to, const struct ending *x)
{
	return (struct store_notice){to->admin, (int)x->kind, x->object};
}

static int see_ending(void *arg, const struct ending *x)
{
	struct telling *t = arg;
	struct notice n = {.of = x};
	const struct store_notice key = key_of(t->to, x);
	if (!ending_is_soon(x, t->now) || !may_know(t->to, x))
		return 0;
	int rc = store_notice_get(t->db, &key, &n.shown_at, t->e);
	if (rc)
		return rc;
	bool is_last = ending_days(x, t->now) < NOTICE_LAST_DAYS;
	n.due = !n.shown_at || t->now - n.shown_at >= DAY_MS || (is_last && n.shown_at < t->to->login_at);
	return t->each(t->arg, &n);
}

int notice_each(struct db *db, struct arena *a, int64_t server, int64_t now, const struct notice_reader *to,
		notice_fn each, void *arg, struct err *e)
{
	struct telling t = {db, now, to, each, arg, e};
	return ending_each(db, a, server, see_ending, &t, e);
}

int notice_seen(struct db *db, const struct notice_reader *to, const struct notice *n, int64_t now, struct err *e)
{
	const struct store_notice key = key_of(to, n->of);
	return store_notice_put(db, &key, now, e);
}
