#include "zone/move.h"

#include "base/base.h"
#include "store/hold.h"
#include "zone/engine.h"
#include "zone/plan.h"

struct lifting {
	const struct zone *z;
	const struct move *m;
	bool lifts;
};

/* A hold at a folder above the old place and not above the new one. One at the moved folder itself goes with it. */
static int see_hold(void *arg, const struct store_hold *h)
{
	struct lifting *l = arg;
	const struct tree_folder *f = h->scope == STORE_SCOPE_FOLDER ? tree_get(l->z->tree, h->object) : NULL;
	if (!f || !right_path_is_below(l->m->from, f->path) || right_path_is_below(l->m->to, f->path))
		return 0;
	l->lifts = l->lifts || !l->m->is_folder || strcmp(f->path, l->m->from) != 0;
	return 0;
}

/* To take something out of a hold is to lift the hold for it. */
static int check_hold(struct command *c, const struct move *m, struct err *e)
{
	struct lifting l = {c->z, m, false};
	if (m->tree != RIGHT_TREE_DEVICE)
		return 0;
	int rc = store_hold_list(c->z->db, see_hold, &l, e);
	return rc || !l.lifts ? rc : access_need_below(&c->who, RIGHT_POWER_SWITCH, m->from, e);
}

int move_under_law(struct command *c, const struct move *m, int (*change)(struct command *c, void *arg, struct err *e),
		   void *arg, struct err *e)
{
	struct entitle_all *before = NULL, *after = NULL;
	const struct right_move what = {m->tree, m->from, m->to, m->is_folder};
	c->of_rights = true;
	if (c->who.rights->all && !c->who.rights->within)
		return change(c, arg, e);
	int rc = check_hold(c, m, e);
	rc = rc ? rc : entitle_all_load(c->z->db, &before, e);
	rc = rc ? rc : change(c, arg, e);
	rc = rc ? rc : entitle_all_load(c->z->db, &after, e);
	rc = rc ? rc : entitle_check_move(c->who.rights, before, after, &what, e);
	entitle_all_free(before);
	entitle_all_free(after);
	return rc;
}

int move_check_group(struct command *c, int64_t group, const char *path, struct err *e)
{
	struct plan *plan;
	int rc = rights_may_below(c->who.rights, RIGHT_POWER_SWITCH, path) ? 1 : engine_plan(c->z, &plan, e);
	for (size_t i = 0; !rc && i < plan_count(plan); i++) {
		const struct plan_entry *en = plan_at(plan, i);
		if (en->scope == STORE_SCHEDULE_GROUP && en->object == group)
			rc = access_need_below(&c->who, RIGHT_POWER_SWITCH, path, e);
	}
	return rc > 0 ? 0 : rc;
}
