/* People of user sources: logins by a source's word, and the regular question whether they are still there. */
#include "zone/person.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "codec/json.h"
#include "directory/source.h"
#include "store/session.h"
#include "zone/admin.h"
#include "zone/login.h"
#include "zone/refusal.h"
#include "zone/source.h"

#define SERVER_ACTOR  "server"
#define FULL_NAME_MAX 255
#define OURS_MAX      256

static int find_default(void *arg, const struct store_user_source *row)
{
	int64_t *id = arg;
	if (row->is_default && row->enabled && row->kind == SOURCE_LDAP)
		*id = row->id;
	return 0;
}

int person_find_source(struct db *db, struct arena *a, const char *typed, struct store_user_source *ret,
		       const char **ret_login, struct err *e)
{
	struct store_admin row;
	struct store_user_source s;
	const char *at = strrchr(typed, '@');
	int64_t by_default = 0;
	int rc = store_admin_by_name(db, a, typed, &row, NULL);
	if (rc && rc != ERR_NOT_FOUND)
		return err_set(e, rc, "the accounts cannot be read");
	if (rc == 0 && row.origin == STORE_ADMIN_LOCAL)
		return ERR_NOT_FOUND;
	if (at && at > typed && store_user_source_by_name(db, a, at + 1, &s, NULL) == 0) {
		if (!s.enabled || s.kind != SOURCE_LDAP)
			return ERR_NOT_FOUND;
		*ret = s;
		*ret_login = arena_str(a, BYTES(typed, (size_t)(at - typed)));
		return 0;
	}
	rc = store_user_source_list(db, find_default, &by_default, e);
	rc = rc || !by_default ? rc : store_user_source_get(db, a, by_default, ret, e);
	if (rc || !by_default || !*typed)
		return rc ? rc : ERR_NOT_FOUND;
	*ret_login = arena_str(a, bytes_str(typed));
	return 0;
}

const char *person_account(struct arena *a, const struct store_user_source *s, const char *login, const char *typed)
{
	char *name = arena_printf(a, "%s@%s", login ? login : typed, s->name);
	for (char *p = name; !login && *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
	return name;
}

/* Which groups of ours follow from those of a person. */
struct following {
	const struct person *p;
	int64_t group[OURS_MAX];
	size_t count;
};

static bool follows(const struct following *f, int64_t group)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->group[i] == group)
			return true;
	return false;
}

static int see_map(void *arg, const struct store_user_source_map *row)
{
	struct following *f = arg;
	if (f->count < OURS_MAX && !follows(f, row->group) && person_is_in(f->p, row->outside))
		f->group[f->count++] = row->group;
	return 0;
}

static int find_following(struct zone *z, const struct person *p, struct following *ret, struct err *e)
{
	*ret = (struct following){.p = p};
	return store_user_source_map_list(z->db, p->source, see_map, ret, e);
}

struct given {
	int64_t group[OURS_MAX];
	size_t count;
};

static int see_given(void *arg, int64_t group)
{
	struct given *g = arg;
	if (g->count < OURS_MAX)
		g->group[g->count++] = group;
	return 0;
}

/* The memberships that the source gives are now those that follow. */
static int set_groups(struct zone *z, const struct store_admin *a, const struct following *f, bool *ret_changed,
		      struct err *e)
{
	struct given was = {.count = 0};
	int64_t before = db_total_changes(z->db);
	int rc = store_admin_group_given_by(z->db, a->id, a->source, see_given, &was, e);
	for (size_t i = 0; i < was.count && !rc; i++)
		if (!follows(f, was.group[i]))
			rc = store_admin_group_leave_by(z->db, was.group[i], a->id, a->source, e);
	for (size_t i = 0; i < f->count && !rc; i++)
		rc = store_admin_group_join_by(z->db, f->group[i], a->id, a->source, e);
	*ret_changed = db_total_changes(z->db) != before;
	return rc;
}

static int tell_account(struct zone *z, const char *change, const struct store_admin *a, struct err *e)
{
	struct tell t = {.kind = "admin", .change = change, .id = a->id, .name = a->name, .of_rights = true};
	return event_tell(z, &t, e);
}

static int audit_account(struct zone *z, const char *action, const struct store_admin *a, const char *why,
			 struct err *e)
{
	struct buf detail;
	struct json_writer w;
	buf_init(&detail, 4096);
	json_writer_init(&w, &detail);
	json_begin_object(&w, NULL);
	json_put_str(&w, "why", why);
	json_end(&w);
	int rc = audit_add(z, SERVER_ACTOR, action, arena_printf(z->arena, "admin:%s", a->name), buf_cstr(&detail), e);
	buf_release(&detail);
	return rc;
}

/* An account that was right until now may not log in any more. */
static int let_go(struct zone *z, struct store_admin *a, const char *why, struct err *e)
{
	bool was = a->is_gone;
	a->is_gone = true;
	a->checked_at = z->now;
	int rc = store_admin_put(z->db, a, e);
	rc = rc ? rc : store_session_delete_of(z->db, a->id, 0, e);
	if (rc || was)
		return rc;
	struct message m = {
		.id = MESSAGE_ADMIN_GONE,
		.kind = MESSAGE_OF_ADMIN,
		.object = a->id,
		.name = a->name,
		.text = arena_printf(z->arena, "\"%s\" may not log in any more: %s", a->name, why),
	};
	rc = tell_account(z, "changed", a, e);
	rc = rc ? rc : audit_account(z, "admin.gone", a, why, e);
	return rc ? rc : message_add(z, &m, e);
}

static const char *full_name_of(struct zone *z, const struct person *p)
{
	size_t len = p->name ? strlen(p->name) : 0;
	return p->name && len <= FULL_NAME_MAX ? arena_str(z->arena, bytes_str(p->name)) : "";
}

/* Whether somebody else has the name: an account of a person who was called so before, or of the zone's own. */
static int check_name_is_free(struct zone *z, const char *name, int64_t own, struct err *e)
{
	struct store_admin there;
	int rc = admin_check_name(name, e);
	if (!rc && store_admin_by_name(z->db, z->arena, name, &there, NULL) == 0 && there.id != own)
		rc = err_set(e, ERR_EXISTS, "there is an account \"%s\" of somebody else; remove it first", name);
	return rc;
}

/* The account as it is from now on: the source's names, there, just asked about. */
static int bring_up_to_date(struct zone *z, const struct person *p, const char *name, struct store_admin *a,
			    const struct following *f, struct err *e)
{
	bool changed, was_gone = a->is_gone;
	int rc = check_name_is_free(z, name, a->id, e);
	a->name = name;
	a->full_name = full_name_of(z, p);
	a->is_gone = false;
	a->checked_at = z->now;
	rc = rc ? rc : store_admin_put(z->db, a, e);
	rc = rc ? rc : set_groups(z, a, f, &changed, e);
	return rc || (!changed && !was_gone) ? rc : tell_account(z, "changed", a, e);
}

static int make_account(struct zone *z, const struct person *p, const char *name, struct store_admin *ret,
			const struct following *f, struct err *e)
{
	bool changed;
	struct store_admin a = {
		.name = name,
		.full_name = full_name_of(z, p),
		.origin = STORE_ADMIN_OF_SOURCE,
		.subject = p->subject,
		.hash = "",
		.version = 1,
		.created_at = z->now,
		.login_from = "",
		.source = p->source,
		.checked_at = z->now,
	};
	int rc = check_name_is_free(z, name, 0, e);
	rc = rc ? rc : new_id(z, STORE_ID_OBJECT, &a.id, e);
	rc = rc ? rc : store_admin_add(z->db, &a, e);
	rc = rc ? rc : set_groups(z, &a, f, &changed, e);
	rc = rc ? rc : audit_account(z, "admin.add", &a, "first login by a user source", e);
	*ret = a;
	return rc ? rc : tell_account(z, "added", &a, e);
}

static int refuse_wrong(struct command *c, const char *name, struct err *e)
{
	err_set(&c->refusal, ERR_WRONG_LOGIN, "name or password is wrong");
	return login_count(c, name, e);
}

/* Not a guess: nothing is counted, but it is in the audit. */
static int refuse_unasked(struct command *c, const struct store_user_source *s, const struct person *p, struct err *e)
{
	int rc = source_note_failure(c->z, s, p->err.msg, e);
	err_set(&c->refusal, ERR_SOURCE_DOWN, "user source \"%s\" cannot be asked", s->name);
	struct refusal r = {c->m->by.source, c->m->by.name, "login", ERR_SOURCE_DOWN, p->err.msg, c->object};
	return rc ? rc : refusal_note(c->z, &r, e);
}

static int refuse_no_group(struct command *c, const char *name, struct store_admin *a, bool known, struct err *e)
{
	err_set(&c->refusal, ERR_NOT_ALLOWED, "'%s' is in no group whose people may log in here", name);
	return known ? let_go(c->z, a, "in no group whose people may log in here", e) : 0;
}

static int settle(struct command *c, const struct store_user_source *s, const struct person *p, const char *name,
		  struct err *e)
{
	struct store_admin a;
	struct following f;
	int rc = find_following(c->z, p, &f, e);
	int found = store_admin_by_subject(c->z->db, c->arena, s->id, p->subject, &a, NULL);
	bool known = found == 0;
	if (rc || (found && found != ERR_NOT_FOUND))
		return rc ? rc : err_set(e, found, "the accounts cannot be read");
	if (!f.count)
		return refuse_no_group(c, name, &a, known, e);
	if (known && a.is_disabled)
		return refuse_wrong(c, name, e);
	rc = known ? bring_up_to_date(c->z, p, name, &a, &f, e) : make_account(c->z, p, name, &a, &f, e);
	int64_t longest = s->kind == SOURCE_OIDC ? setting(c->z, SETTING_OIDC_SESSION) : INT64_MAX;
	return rc ? rc : login_open(c, &a, longest, e);
}

/* p NULL: the source was not asked. */
static int judge(struct command *c, const struct store_user_source *s, const struct person *p, const char *typed,
		 struct err *e)
{
	const char *name = person_account(c->arena, s, p ? p->login : NULL, typed);
	int64_t until;
	c->object = p && p->login ? arena_printf(c->arena, "admin:%s", name)
				  : arena_printf(c->arena, "admin:(unknown)@%s", s->name);
	int rc = login_find_wait(c, name, &until, e);
	if (rc)
		return rc;
	if (until)
		return login_refuse_for_now(c, until);
	if (p && p->state == PERSON_UNKNOWN)
		return refuse_unasked(c, s, p, e);
	rc = p ? source_note_answer(c->z, s, e) : 0;
	if (rc)
		return rc;
	return p && p->state == PERSON_PROVEN ? settle(c, s, p, name, e) : refuse_wrong(c, name, e);
}

int person_login(struct command *c, const struct store_user_source *s, const char *typed, struct err *e)
{
	return judge(c, s, c->m->person && c->m->person->source == s->id ? c->m->person : NULL, typed, e);
}

/* The provider proved who it is; what is left to say is whether he may. */
int command_OIDC_FINISH(struct command *c, struct err *e)
{
	const struct person *p = c->m->person;
	struct store_user_source s;
	int64_t until;
	if (!p) { /* api asks nobody while logins from there have to wait */
		int rc = login_find_wait(c, "", &until, e);
		if (!rc && until)
			return login_refuse_for_now(c, until);
		return rc ? rc : err_set(e, ERR_CONFLICT, "the login was not looked at; try again");
	}
	int rc = store_user_source_get(c->z->db, c->arena, p->source, &s, NULL);
	if (rc || !s.enabled || s.kind != SOURCE_OIDC)
		return err_set(e, ERR_CONFLICT, "the user source of this login was changed meanwhile");
	return judge(c, &s, p, "(unknown)", e);
}

static int check_proven(struct zone *z, const struct store_user_source *s, struct store_admin *a,
			const struct person *p, struct err *e)
{
	struct following f;
	struct err why = ERR_INIT;
	const char *name = person_account(z->arena, s, p->login, NULL);
	if (strcmp(p->subject, a->subject) != 0)
		return let_go(z, a, "somebody else is called so there now", e);
	int rc = find_following(z, p, &f, e);
	if (rc)
		return rc;
	if (!f.count)
		return let_go(z, a, "in no group whose people may log in here", e);
	if (check_name_is_free(z, name, a->id, &why))
		return let_go(z, a, why.msg, e);
	return bring_up_to_date(z, p, name, a, &f, e);
}

int person_on_check(struct zone *z, const struct zone_person *m, struct err *e)
{
	const struct person *p = m->person;
	struct store_admin a;
	struct store_user_source s;
	int rc = store_admin_get(z->db, z->arena, m->admin, &a, NULL);
	rc = rc ? rc : store_user_source_get(z->db, z->arena, p->source, &s, NULL);
	if (rc == ERR_NOT_FOUND || (!rc && a.source != s.id))
		return 0; /* removed meanwhile */
	if (rc)
		return err_set(e, rc, "the accounts cannot be read");
	if (p->state == PERSON_UNKNOWN)
		return source_note_failure(z, &s, p->err.msg, e);
	rc = source_note_answer(z, &s, e);
	if (rc)
		return rc;
	return p->state == PERSON_PROVEN ? check_proven(z, &s, &a, p, e) : let_go(z, &a, p->err.msg, e);
}

static void recheck_mail_free(struct mail *m)
{
	free(m);
}

static int see_due(void *arg, const struct store_admin *a)
{
	struct api_recheck *m = arg;
	const char *at = strrchr(a->name, '@');
	size_t len = at ? (size_t)(at - a->name) : 0;
	m->at[m->count].admin = a->id;
	m->at[m->count].source = a->source;
	if (bytes_to_str(BYTES(a->name, len), m->at[m->count].login, sizeof(m->at[0].login)))
		m->count++;
	return 0;
}

struct absent {
	int64_t id[API_RECHECK_MAX];
	size_t count;
};

static int see_absent(void *arg, const struct store_admin *a)
{
	struct absent *s = arg;
	s->id[s->count++] = a->id;
	return 0;
}

/* Nothing is heard of people of a provider but by their logins: who stays away for long is taken for gone. */
static int let_go_absent(struct zone *z, struct err *e)
{
	struct absent s = {.count = 0};
	int rc = store_admin_due(z->db, SOURCE_OIDC, z->now - setting(z, SETTING_OIDC_ABSENCE), API_RECHECK_MAX,
				 see_absent, &s, e);
	for (size_t i = 0; i < s.count && !rc; i++) {
		struct store_admin a;
		rc = store_admin_get(z->db, z->arena, s.id[i], &a, e);
		rc = rc ? rc : let_go(z, &a, "no login by the provider for long", e);
	}
	return rc;
}

int person_recheck(struct zone *z, struct err *e)
{
	struct api_recheck *m = mem_alloc(sizeof(*m));
	m->mail = (struct mail){.kind = API_RECHECK, .free = recheck_mail_free};
	int rc = store_admin_due(z->db, SOURCE_LDAP, z->now - setting(z, SETTING_DIRECTORY_RECHECK), API_RECHECK_MAX,
				 see_due, m, e);
	if (rc || !m->count)
		free(m);
	else
		chain_add(&z->to_api, &m->mail);
	return rc ? rc : let_go_absent(z, e);
}
