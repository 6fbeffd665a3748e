/* What ends soon: certificates of the zone and API tokens. Once a day each gets a message, from 90 days (tokens: 5)
 * before its end on; in the last 5 days it is an error. */
#include "base/base.h"
#include "base/clock.h"
#include "base/metric.h"
#include "store/certificate.h"
#include "store/token.h"
#include "zone/zone_priv.h"

#define DAY_MS    INT64_C(86400000)
#define WARN_DAYS 90
#define RENEW_DAYS                                                                                                     \
	30 /* a server's certificate is made anew by itself from here on: a warning before would be noise              \
	    */
#define LAST_DAYS 5
#define LOOK_MS   (6 * INT64_C(3600000))
#define NO_END    INT64_C(99999)

static int64_t days_left(const struct zone *z, int64_t end)
{
	return (end - z->now) / DAY_MS;
}

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

static int say(struct zone *z, struct message *m, const char *what, int64_t end, struct err *e)
{
	char when[CLOCK_TEXT_SIZE];
	bool said;
	int64_t days = days_left(z, end);
	clock_text(end, when);
	int rc = was_said(z, m, &said, e);
	if (rc || said)
		return rc;
	if (days < LAST_DAYS && !m->severity)
		m->severity = MESSAGE_ERROR;
	if (end <= z->now)
		m->text = arena_printf(z->arena, "%s has expired, on %s", what, when);
	else
		m->text = arena_printf(z->arena, "%s expires in %lld days, on %s", what, (long long)days, when);
	return message_add(z, m, e);
}

static int look_at_certificate(struct zone *z, const char *kind, int64_t server, int64_t warn_days, const char *what,
			       int64_t *days, struct err *e)
{
	struct store_certificate c;
	int rc = store_certificate_newest(z->db, z->arena, kind, server, &c, NULL);
	if (rc == ERR_NOT_FOUND) /* not made yet */
		return 0;
	if (rc)
		return err_set(e, rc, "%s cannot be read", what);
	if (days_left(z, c.not_after) < *days)
		*days = days_left(z, c.not_after);
	if (days_left(z, c.not_after) >= warn_days)
		return 0;
	struct message m = {
		.id = MESSAGE_CERTIFICATE_EXPIRING, .kind = MESSAGE_OF_CERTIFICATE, .object = c.id, .name = kind};
	return say(z, &m, what, c.not_after, e);
}

struct ending {
	struct zone *z;
	int64_t count;
	struct {
		int64_t id, end;
		const char *name;
	} tokens[100];
};

static int see_token(void *arg, const struct store_token *t)
{
	struct ending *s = arg;
	bool soon = t->expires_at > s->z->now && days_left(s->z, t->expires_at) < LAST_DAYS;
	if (soon && s->count < (int64_t)ARRAY_LEN(s->tokens)) {
		s->tokens[s->count].id = t->id;
		s->tokens[s->count].end = t->expires_at;
		s->tokens[s->count++].name = arena_str(s->z->arena, bytes_str(t->name));
	}
	return 0;
}

static int look_at_tokens(struct zone *z, struct err *e)
{
	struct ending s = {.z = z};
	int rc = store_token_list(z->db, see_token, &s, e);
	for (int64_t i = 0; i < s.count && !rc; i++) {
		struct message m = {.id = MESSAGE_TOKEN_EXPIRING,
				    .severity = MESSAGE_WARNING,
				    .kind = MESSAGE_OF_TOKEN,
				    .object = s.tokens[i].id,
				    .name = s.tokens[i].name};
		const char *what = arena_printf(z->arena, "API token \"%s\"", s.tokens[i].name);
		rc = say(z, &m, what, s.tokens[i].end, e);
	}
	metric_set(METRIC_tokens_expiring, s.count);
	return rc;
}

int expiry_tidy(struct zone *z, struct err *e)
{
	int64_t days = NO_END;
	if (z->now < z->ends_at)
		return 0;
	z->ends_at = later(z->now, LOOK_MS);
	int rc = look_at_certificate(z, STORE_CERTIFICATE_CA, 0, WARN_DAYS, "the zone's root certificate", &days, e);
	rc = rc ? rc
		: look_at_certificate(z, STORE_CERTIFICATE_SERVER, z->server, RENEW_DAYS, "this server's certificate",
				      &days, e);
	metric_set(METRIC_certificate_days_left, days);
	return rc ? rc : look_at_tokens(z, e);
}
