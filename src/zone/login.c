/* Logins and what becomes of them: sessions, the first administrator, and the brake on guessing.
 *
 * api compares passwords on a worker (it takes 20 ms by design) and sends what came of it as a proof; whether that
 * opens a session is decided here, in the order in which logins come, so that a burst of guesses is counted like any
 * other. Unknown names are counted as known ones are: neither the answer nor the brake tells them apart. */
#include "zone/login.h"
#include "base/base.h"
#include "base/secret.h"
#include "codec/json.h"
#include "store/session.h"
#include "zone/admin.h"
#include "zone/entitle.h"
#include "zone/person.h"

#define ACCOUNT_FREE 5  /* failures before an account waits */
#define SOURCE_FREE  20 /* behind one address there can be many people */
#define WAIT_MIN_MS  (30 * INT64_C(1000))
#define WAIT_MAX_MS  (15 * INT64_C(60000))
#define FORGET_MS    (24 * INT64_C(3600000)) /* failures count for so long after the last */

/* 30 s, then twice as long with each failure, up to 15 min. */
static int64_t wait_after(int64_t failures, int64_t are_free)
{
	int64_t wait = WAIT_MIN_MS;
	if (failures < are_free)
		return 0;
	for (int64_t i = are_free; i < failures && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static int count_failure(struct zone *z, enum store_guard_kind kind, const char *name, struct err *e)
{
	struct store_guard g;
	int rc = store_guard_get(z->db, kind, name, &g, e);
	if (rc)
		return rc;
	if (z->now - g.last_at >= FORGET_MS)
		g.failures = 0;
	g.failures++;
	g.last_at = z->now;
	g.until = later(z->now, wait_after(g.failures, kind == STORE_GUARD_ACCOUNT ? ACCOUNT_FREE : SOURCE_FREE));
	return store_guard_put(z->db, &g, e);
}

int login_count(struct command *c, const char *name, struct err *e)
{
	int rc = count_failure(c->z, STORE_GUARD_ACCOUNT, name, e);
	return rc ? rc : count_failure(c->z, STORE_GUARD_SOURCE, c->m->by.source, e);
}

int login_failed(struct command *c, const struct store_admin *a, const char *why, struct err *e)
{
	c->object = arena_printf(c->arena, "admin:%s", a->name);
	err_set(&c->refusal, ERR_WRONG_LOGIN, "%s", why);
	return login_count(c, a->name, e);
}

int login_find_wait(struct command *c, const char *name, int64_t *ret, struct err *e)
{
	struct store_guard account, source;
	int rc = store_guard_get(c->z->db, STORE_GUARD_ACCOUNT, name, &account, e);
	rc = rc ? rc : store_guard_get(c->z->db, STORE_GUARD_SOURCE, c->m->by.source, &source, e);
	if (rc)
		return rc;
	int64_t until = account.until > source.until ? account.until : source.until;
	*ret = until > c->z->now ? until : 0;
	return 0;
}

int login_refuse_for_now(struct command *c, int64_t until)
{
	err_set(&c->refusal, ERR_LOCKED_OUT, "too many logins failed; try again in %lld s",
		(long long)(until - c->z->now + 999) / 1000);
	return 0;
}

/* *ret is there for known names only, right password or not. */
static int check_proof(struct command *c, const char *name, struct store_admin *ret, bool *ret_known, bool *ret_right)
{
	const struct proof *p = &c->m->proof;
	int rc = store_admin_by_name(c->z->db, c->arena, name, ret, NULL);
	*ret_known = rc == 0;
	*ret_right = rc == 0 && p->matches && p->admin == ret->id && p->version == ret->version && !ret->is_disabled &&
		     ret->origin == STORE_ADMIN_LOCAL;
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int answer_session(struct command *c, const struct store_session *s, const struct store_admin *a,
			  const struct notices *notices)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_login);
	api_put_int(&w, "id", s->id);
	api_put_str(&w, "admin", a->name);
	api_put_time(&w, "expires", s->expires_at);
	api_put_int(&w, "idle", s->idle_ms);
	api_put_strs(&w, "notices", notices->texts, notices->count);
	api_put_null(&w, "token");
	api_end(&w);
	return 0;
}

int login_open(struct command *c, struct store_admin *a, int64_t longest, struct err *e)
{
	struct zone *z = c->z;
	int64_t lifetime = setting(z, SETTING_SESSION_LIFETIME);
	struct store_session s = {
		.hash = BYTES(c->m->token_hash, sizeof(c->m->token_hash)),
		.admin = a->id,
		.source = c->m->by.source,
		.created_at = z->now,
		.used_at = z->now,
		.idle_ms = setting(z, SETTING_SESSION_IDLE),
		.expires_at = later(z->now, lifetime < longest ? lifetime : longest),
	};
	a->login_at = z->now;
	a->login_from = s.source;
	int rc = new_id(z, STORE_ID_OBJECT, &s.id, e);
	rc = rc ? rc : store_session_add(z->db, &s, e);
	rc = rc ? rc : store_admin_put(z->db, a, e);
	rc = rc ? rc : store_guard_delete(z->db, STORE_GUARD_ACCOUNT, a->name, e);
	struct tell t = {.kind = "session", .change = "added", .id = s.id, .name = a->name};
	rc = rc ? rc : event_tell(z, &t, e);
	struct notices notices;
	rc = rc ? rc : notices_at_login(c, a->id, &notices, e);
	return rc ? rc : answer_session(c, &s, a, &notices);
}

static int login_local(struct command *c, const char *name, struct err *e)
{
	struct store_admin a;
	bool known, right;
	int64_t until;
	int rc = login_find_wait(c, name, &until, e);
	rc = rc ? rc : check_proof(c, name, &a, &known, &right);
	if (rc)
		return rc;
	c->object = known ? arena_printf(c->arena, "admin:%s", name) : "admin:(unknown)";
	if (until)
		return login_refuse_for_now(c, until);
	if (right)
		return login_open(c, &a, INT64_MAX, e);
	err_set(&c->refusal, ERR_WRONG_LOGIN, "name or password is wrong");
	return login_count(c, name, e);
}

int command_LOGIN(struct command *c, struct err *e)
{
	const char *name = api_str(c->call, "name"), *there;
	struct store_user_source source;
	int rc = check_text("name", name, ADMIN_NAME_MAX, e);
	if (rc)
		return rc;
	rc = person_find_source(c->z->db, c->arena, name, &source, &there, e);
	if (rc == 0)
		return person_login(c, &source, there, e);
	return rc == ERR_NOT_FOUND ? login_local(c, name, e) : rc;
}

static int end_session(struct command *c, int64_t id, const char *admin, struct err *e)
{
	int rc = store_session_delete(c->z->db, id, e);
	return rc ? rc : rights_tell(c, "session", "removed", id, admin, e);
}

int command_LOGOUT(struct command *c, struct err *e)
{
	struct store_session s;
	if (c->m->by.kind != PRINCIPAL_SESSION)
		return err_set(e, ERR_INVALID, "'%s' has no session to end", c->m->by.name);
	int rc = store_session_get(c->z->db, c->arena, c->m->by.id, &s, e);
	return rc ? rc : end_session(c, s.id, s.admin_name, e);
}

/* One's own, or anybody's by who may change administrators. */
int command_SESSION_END(struct command *c, struct err *e)
{
	struct store_session s;
	int64_t id = api_int(c->call, "session", 0);
	bool any = rights_may(c->who.rights, RIGHT_ADMINISTRATOR_MODIFY, "/");
	int rc = store_session_get(c->z->db, c->arena, id, &s, NULL);
	if (!any && (rc || c->m->by.kind != PRINCIPAL_SESSION || s.admin != c->m->by.admin))
		return access_need(&c->who, RIGHT_ADMINISTRATOR_MODIFY, "/",
				   arena_printf(c->arena, "session %lld", (long long)id), e);
	if (rc)
		return err_set(e, rc, "session %lld does not exist", (long long)id);
	return end_session(c, s.id, s.admin_name, e);
}

static int make_first(struct command *c, struct err *e)
{
	static const struct place zone_place = {RIGHT_TREE_ZONE, 0};
	const char *name = api_str(c->call, "name");
	const struct api_value *v = api_value(c->call, "password");
	int64_t id;
	int rc = admin_make(c, name, "", v->v.secret.sealed, &id, e);
	rc = rc ? rc : grant_role(c, STORE_HOLDER_ADMIN, id, right_role_name(RIGHT_ROLE_ADMINISTRATOR), &zone_place, e);
	rc = rc ? rc : rights_tell(c, "admin", "added", id, name, e);
	return rc ? rc : answer_ref(c, id, name);
}

/* Once, for whoever holds the token that lampd left for the server's own user. */
int command_SETUP(struct command *c, struct err *e)
{
	const struct zone_deps *d = &c->z->deps;
	struct secret told = SECRET_INIT;
	int64_t administrators, until;
	int rc = login_find_wait(c, "", &until, e);
	rc = rc ? rc : entitle_count_administrators(c->z->db, &administrators, e);
	if (rc)
		return rc;
	if (until)
		return login_refuse_for_now(c, until);
	if (administrators || !d->has_setup) {
		err_set(&c->refusal, ERR_NOT_ALLOWED, "this zone has an administrator already");
		return 0;
	}
	secret_set(&told, d->setup_hash, sizeof(d->setup_hash));
	bool right = secret_equal_bytes(&told, BYTES(c->m->token_hash, sizeof(c->m->token_hash)));
	secret_release(&told);
	if (right)
		return make_first(c, e);
	err_set(&c->refusal, ERR_WRONG_LOGIN, "the token is not the one that lampd made at its start");
	return login_count(c, "", e);
}
