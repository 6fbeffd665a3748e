#include "zone/entitle.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "store/session.h"
#include "store/token.h"
#include "store/user_source.h"

#define GROUPS_MAX 256

struct filling {
	struct db *db;
	struct rights *to;
	enum right_tree at; /* of a role */
	const char *path;
};

static int add_right_of_role(void *arg, const struct store_grant *g)
{
	struct filling *f = arg;
	enum right_id r;
	if (right_from_name(g->what, &r))
		rights_add(f->to, r, g->effect, f->at, f->path);
	return 0;
}

/* A grant at a folder that is gone is no grant; so is one of a role or right that is not known. */
static int add_grant(void *arg, const struct store_grant *g)
{
	struct filling *f = arg;
	enum right_role role;
	enum right_id r;
	size_t prefix = strlen(STORE_GRANT_ROLE);
	if (!*g->path)
		return 0;
	if (strncmp(g->what, STORE_GRANT_ROLE, prefix) != 0) {
		if (right_from_name(g->what, &r))
			rights_add(f->to, r, g->effect, g->tree, g->path);
		return 0;
	}
	if (right_role_from_name(g->what + prefix, &role)) {
		rights_add_role(f->to, role, g->tree, g->path);
		return 0;
	}
	f->at = g->tree;
	f->path = g->path;
	return store_grant_of_role(f->db, g->what + prefix, add_right_of_role, f, NULL);
}

struct groups {
	int64_t id[GROUPS_MAX];
	size_t count;
};

static int see_group(void *arg, const struct store_bundle *g)
{
	struct groups *s = arg;
	if (s->count == GROUPS_MAX)
		return ERR_TOO_BIG;
	s->id[s->count++] = g->id;
	return 0;
}

int entitle_holder(struct db *db, enum store_holder kind, int64_t holder, struct rights *ret, struct err *e)
{
	struct filling f = {.db = db, .to = ret};
	struct groups groups = {.count = 0};
	int rc = store_grant_of(db, kind, holder, add_grant, &f, e);
	if (!rc && kind == STORE_HOLDER_ADMIN)
		rc = store_admin_group_of_admin(db, holder, see_group, &groups, e);
	for (size_t i = 0; i < groups.count && !rc; i++)
		rc = store_grant_of(db, STORE_HOLDER_GROUP, groups.id[i], add_grant, &f, e);
	return rc ? err_set(e, rc, "the rights of %s %lld cannot be read", store_holder_name(kind), (long long)holder)
		  : 0;
}

static int ended(const struct principal *p, struct err *e)
{
	return err_set(e, ERR_NOT_ALLOWED, "the login of '%s' has ended", p->name);
}

static int of_admin(struct db *db, struct arena *a, int64_t admin, struct rights *ret, struct err *e)
{
	struct store_admin row;
	int rc = store_admin_get(db, a, admin, &row, NULL);
	if (rc == ERR_NOT_FOUND || (!rc && (row.is_disabled || row.is_gone)))
		return err_set(e, ERR_NOT_ALLOWED, "the account has ended");
	return rc ? err_set(e, rc, "the account cannot be read")
		  : entitle_holder(db, STORE_HOLDER_ADMIN, admin, ret, e);
}

static int of_session(struct db *db, struct arena *a, const struct principal *p, int64_t now, struct rights *ret,
		      struct err *e)
{
	struct store_session s;
	int rc = store_session_get(db, a, p->id, &s, NULL);
	if (rc == ERR_NOT_FOUND || (!rc && store_session_is_over(&s, now)))
		return ended(p, e);
	return rc ? err_set(e, rc, "the session cannot be read") : of_admin(db, a, s.admin, ret, e);
}

static int of_token(struct db *db, struct arena *a, const struct principal *p, int64_t now, struct entitled *ret,
		    struct err *e)
{
	struct store_token t;
	int rc = store_token_get(db, a, p->id, &t, NULL);
	if (rc == ERR_NOT_FOUND || (!rc && t.expires_at && now >= t.expires_at))
		return ended(p, e);
	rc = rc ? err_set(e, rc, "the token cannot be read")
		: entitle_holder(db, STORE_HOLDER_TOKEN, t.id, &ret->rights, e);
	if (rc || !t.owner)
		return rc;
	ret->rights.within = &ret->limit;
	return of_admin(db, a, t.owner, &ret->limit, e);
}

int entitle(struct db *db, struct arena *a, const struct principal *p, int64_t now, struct entitled *ret, struct err *e)
{
	int rc = 0;
	*ret = (struct entitled){RIGHTS_INIT, RIGHTS_INIT};
	switch (p->kind) {
	case PRINCIPAL_NOBODY:
		return 0;
	case PRINCIPAL_LOCAL:
		ret->rights = RIGHTS_ALL;
		return 0;
	case PRINCIPAL_SESSION:
		rc = of_session(db, a, p, now, &ret->rights, e);
		break;
	case PRINCIPAL_TOKEN:
		rc = of_token(db, a, p, now, ret, e);
		break;
	}
	if (rc)
		entitled_release(ret);
	return rc;
}

void entitled_release(struct entitled *s)
{
	rights_release(&s->rights);
	rights_release(&s->limit);
}

int entitle_check_role(struct db *db, struct arena *a, const char *role, struct err *e)
{
	enum right_role built_in;
	struct store_bundle row;
	if (right_role_from_name(role, &built_in) || store_role_by_name(db, a, role, &row, NULL) == 0)
		return 0;
	return err_set(e, ERR_NOT_FOUND, "role \"%s\" does not exist", role);
}

struct one {
	enum store_holder kind;
	int64_t id;
	char *name;
	bool has;    /* its rights count */
	bool counts; /* an account of the zone's own that is enabled: no directory has to answer for it to log in */
	struct rights rights;
};

struct entitle_all {
	struct one *one;
	size_t count, cap;
};

static struct one *add_one(struct entitle_all *all, enum store_holder kind, int64_t id, const char *name)
{
	if (all->count == all->cap) {
		all->cap = all->cap ? all->cap * 2 : 16;
		all->one = mem_grow(all->one, all->cap, sizeof(all->one[0]));
	}
	struct one *o = &all->one[all->count++];
	*o = (struct one){.kind = kind, .id = id, .name = mem_str(name), .rights = RIGHTS_INIT};
	return o;
}

static int see_admin(void *arg, const struct store_admin *row)
{
	struct one *o = add_one(arg, STORE_HOLDER_ADMIN, row->id, row->name);
	o->has = !row->is_disabled;
	o->counts = o->has && row->origin == STORE_ADMIN_LOCAL;
	return 0;
}

static int see_token(void *arg, const struct store_token *row)
{
	add_one(arg, STORE_HOLDER_TOKEN, row->id, row->name)->has = true;
	return 0;
}

/* A group that a user source fills has members whom nobody knows yet: so what it has is given to somebody. */
static int see_map(void *arg, const struct store_user_source_map *row)
{
	const struct entitle_all *all = arg;
	for (size_t i = 0; i < all->count; i++)
		if (all->one[i].kind == STORE_HOLDER_GROUP && all->one[i].id == row->group)
			return 0;
	add_one(arg, STORE_HOLDER_GROUP, row->group, row->group_name)->has = true;
	return 0;
}

int entitle_all_load(struct db *db, struct entitle_all **ret, struct err *e)
{
	struct entitle_all *all = mem_alloc(sizeof(*all));
	int rc = store_admin_list(db, see_admin, all, e);
	rc = rc ? rc : store_token_list(db, see_token, all, e);
	rc = rc ? rc : store_user_source_map_list(db, 0, see_map, all, e);
	for (size_t i = 0; i < all->count && !rc; i++)
		rc = entitle_holder(db, all->one[i].kind, all->one[i].id, &all->one[i].rights, e);
	if (rc)
		entitle_all_free(all);
	else
		*ret = all;
	return rc;
}

void entitle_all_free(struct entitle_all *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->count; i++) {
		free(all->one[i].name);
		rights_release(&all->one[i].rights);
	}
	free(all->one);
	free(all);
}

static int64_t count_administrators(const struct entitle_all *all)
{
	int64_t n = 0;
	for (size_t i = 0; i < all->count; i++)
		n += all->one[i].counts && rights_may(&all->one[i].rights, RIGHT_ADMINISTRATOR_MODIFY, "/");
	return n;
}

int entitle_count_administrators(struct db *db, int64_t *ret, struct err *e)
{
	struct entitle_all *all;
	int rc = entitle_all_load(db, &all, e);
	if (rc)
		return rc;
	*ret = count_administrators(all);
	entitle_all_free(all);
	return 0;
}

/* A disabled account has nothing until it is enabled; so to enable it is to give. */
static const struct rights *rights_of(const struct entitle_all *all, const struct one *of)
{
	static const struct rights nothing = {NULL, 0, 0, false, NULL};
	for (size_t i = 0; i < all->count; i++) {
		const struct one *o = &all->one[i];
		if (o->kind == of->kind && o->id == of->id)
			return o->has ? &o->rights : &nothing;
	}
	return &nothing;
}

int entitle_check_change(const struct rights *giver, const struct entitle_all *before, const struct entitle_all *after,
			 struct err *e)
{
	enum right_id r;
	const char *path;
	if (count_administrators(before) && !count_administrators(after))
		return err_set(e, ERR_LAST_ADMINISTRATOR,
			       "no enabled account would be left that may change administrators");
	for (size_t i = 0; i < after->count; i++) {
		const struct one *o = &after->one[i];
		if (!rights_may_give(giver, rights_of(before, o), rights_of(after, o), &r, &path))
			return err_set(e, ERR_NOT_ALLOWED,
				       "this would give '%s' the right %s at %s, which the giver has not", o->name,
				       right_name(r), path);
	}
	return 0;
}

struct becoming {
	struct db *db;
	const struct rights *giver;
	int64_t source;
};

/* ERR_NOT_ALLOWED where the holder has what the giver has not. */
static int check_one(const struct becoming *b, enum store_holder kind, int64_t id, const char *name, struct err *e)
{
	const struct rights nothing = RIGHTS_INIT;
	struct rights there = RIGHTS_INIT;
	enum right_id r;
	const char *path;
	int rc = entitle_holder(b->db, kind, id, &there, e);
	if (!rc && !rights_may_give(b->giver, &nothing, &there, &r, &path))
		rc = err_set(e, ERR_NOT_ALLOWED,
			     "'%s' has the right %s at %s, which who changes its user source has not", name,
			     right_name(r), path);
	rights_release(&there);
	return rc;
}

struct becoming_walk {
	struct becoming b;
	struct err *e;
};

static int see_person(void *arg, const struct store_admin *row)
{
	struct becoming_walk *w = arg;
	return row->source == w->b.source ? check_one(&w->b, STORE_HOLDER_ADMIN, row->id, row->name, w->e) : 0;
}

static int see_filled(void *arg, const struct store_user_source_map *row)
{
	struct becoming_walk *w = arg;
	return check_one(&w->b, STORE_HOLDER_GROUP, row->group, row->group_name, w->e);
}

int entitle_check_source(struct db *db, const struct rights *giver, int64_t source, struct err *e)
{
	struct err own = ERR_INIT;
	struct becoming_walk w = {{db, giver, source}, &own};
	int rc = store_admin_list(db, see_person, &w, e);
	rc = rc ? rc : store_user_source_map_list(db, source, see_filled, &w, e);
	return own.code ? err_set(e, own.code, "%s", own.msg) : rc;
}

int entitle_check_move(const struct rights *giver, const struct entitle_all *before, const struct entitle_all *after,
		       const struct right_move *m, struct err *e)
{
	enum right_id r;
	for (size_t i = 0; i < after->count; i++) {
		const struct one *o = &after->one[i];
		if (!rights_may_move(giver, rights_of(before, o), rights_of(after, o), m, &r))
			return err_set(
				e, ERR_NOT_ALLOWED,
				"this would give '%s' the right %s for what is moved from %s, which who moves it "
				"has not there",
				o->name, right_name(r), m->from);
	}
	return 0;
}
