#include "api/ask.h"

#include <stdlib.h>

#include "api/api_priv.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/vault.h"
#include "directory/ldapdir.h"
#include "directory/oidc.h"
#include "store/session.h"
#include "zone/person.h"

/* What an answer about one person is braked by. */
struct brake {
	struct db *db;
	struct arena *arena;
	const struct store_user_source *s;
	const char *source;
	int64_t now;
};

static bool must_wait(const struct brake *b, enum store_guard_kind kind, const char *name)
{
	struct store_guard g;
	return store_guard_get(b->db, kind, name, &g, NULL) == 0 && g.until > b->now;
}

/* However a name was written, it counts as the one that the directory knows. */
static bool may_try(void *arg, const char *login)
{
	const struct brake *b = arg;
	return !must_wait(b, STORE_GUARD_ACCOUNT, person_account(b->arena, b->s, login, NULL)) &&
	       !must_wait(b, STORE_GUARD_SOURCE, b->source);
}

static int open_secret(struct api *a, const struct store_user_source *s, struct secret *ret, struct err *e)
{
	struct vault_place place = {"user_source", (uint64_t)s->id, "secret", (uint64_t)s->version};
	return s->secret.len ? vault_unseal(a->vault, place, s->secret, ret, e) : 0;
}

/* A provider says something about people only when they log in; so only whether it answers. */
static void ask_provider(struct api *a, const struct source_options *options, const struct secret *secret,
			 const char *login, struct person *p)
{
	struct oidc o = {options, secret, clock_wall_ms(a->clock) / 1000};
	struct oidc_flow *flow = mem_alloc(sizeof(*flow));
	struct oidc_begun *begun = mem_alloc(sizeof(*begun));
	int rc = oidc_begin(&o, !*options->text[SOURCE_REDIRECT], flow, begun, &p->err);
	if (!rc && login) {
		p->state = PERSON_REFUSED;
		(void)err_set(&p->err, ERR_WRONG_LOGIN, "a provider says nothing about people who do not log in");
	} else if (!rc) {
		p->state = PERSON_PROVEN;
	}
	free(flow);
	free(begun);
}

struct person *ask_source(struct api *a, struct db *db, struct arena *arena, const struct store_user_source *s,
			  const char *login, const struct bytes *password, const char *brake, int64_t now)
{
	struct person *p = person_new(s->id);
	struct secret bind = SECRET_INIT, typed = SECRET_INIT;
	struct source_options options;
	struct brake b = {db, arena, s, brake, now};
	struct ldapdir_question q = {
		.options = &options,
		.bind = &bind,
		.login = login,
		.password = password ? &typed : NULL,
		.may_try = brake ? may_try : NULL,
		.arg = &b,
	};
	int rc = source_options_parse(s->options, arena, &options, &p->err);
	rc = rc ? rc : open_secret(a, s, &bind, &p->err);
	if (password && password->len)
		secret_set(&typed, password->p, password->len);
	if (!rc && s->kind == SOURCE_OIDC)
		ask_provider(a, &options, &bind, login, p);
	else if (!rc)
		ldapdir_ask(&q, p);
	secret_release(&bind);
	secret_release(&typed);
	return p;
}

/* Several accounts, one after the other. */
struct recheck {
	struct pool_job job;
	struct api *api;
	size_t count;
	struct {
		int64_t admin, source;
		char *login;
		struct person *person; /* NULL: not asked */
	} at[API_RECHECK_MAX];
};

static bool is_silent(const struct recheck *r, size_t upto, int64_t source)
{
	for (size_t i = 0; i < upto; i++)
		if (r->at[i].source == source && r->at[i].person && r->at[i].person->state == PERSON_UNKNOWN)
			return true;
	return false;
}

static void run(struct pool_job *job)
{
	struct recheck *r = LIST_ENTRY(job, struct recheck, job);
	struct err e = ERR_INIT;
	struct db *db = work_db(r->api, &e);
	for (size_t i = 0; db && i < r->count; i++) {
		struct arena *arena = arena_new(0);
		struct store_user_source s;
		int rc = store_user_source_get(db, arena, r->at[i].source, &s, &e);
		if (!rc && s.enabled && !is_silent(r, i, s.id)) /* one time limit for all of a source that is down */
			r->at[i].person = ask_source(r->api, db, arena, &s, r->at[i].login, NULL, NULL, 0);
		arena_free(arena);
	}
	if (e.code)
		log_event(LOG_WARNING, "user sources cannot be read, trying again", LOG_S("cause", e.msg));
}

static void tell(struct recheck *r, size_t i)
{
	struct zone_person *m = zone_person_new();
	m->admin = r->at[i].admin;
	m->person = r->at[i].person;
	if (r->api->zone_stopped || !mailbox_put(r->api->to_zone, &m->mail))
		m->mail.free(&m->mail);
}

static void done(struct pool_job *job)
{
	struct recheck *r = LIST_ENTRY(job, struct recheck, job);
	r->api->rechecking = false;
	for (size_t i = 0; i < r->count; i++) {
		if (r->at[i].person)
			tell(r, i);
		free(r->at[i].login);
	}
	free(r);
}

void ask_recheck(struct api *a, const struct api_recheck *m)
{
	if (a->rechecking || a->stopping)
		return;
	struct recheck *r = mem_alloc(sizeof(*r));
	r->job = (struct pool_job){.run = run, .done = done};
	r->api = a;
	r->count = m->count;
	for (size_t i = 0; i < m->count; i++) {
		r->at[i].admin = m->at[i].admin;
		r->at[i].source = m->at[i].source;
		r->at[i].login = mem_str(m->at[i].login);
	}
	a->rechecking = pool_submit(a->askers, &r->job);
	if (!a->rechecking)
		done(&r->job);
}
