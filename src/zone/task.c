#include "zone/task.h"

#include <stdlib.h>

#include "base/base.h"

struct task {
	struct list link;
	const struct task_kind *kind;
	struct zone_command *m; /* owned once the round that made the task is committed */
	bool owns;
	struct task_state state, saved;
	unsigned failures; /* slices that took their round down */
	struct err last;
	void *own;
};

#define FAILURES_MAX 3

static void task_free(struct task *t)
{
	list_remove(&t->link);
	if (t->owns)
		t->m->mail.free(&t->m->mail);
	t->kind->free(t->own);
	free(t);
}

struct task_state *task_add(struct command *c, const struct task_kind *kind, void *own)
{
	struct task *t = mem_alloc(sizeof(*t));
	t->kind = kind;
	t->m = (struct zone_command *)(uintptr_t)c->m; /* the round's until it is committed */
	t->own = own;
	list_append(&c->z->tasks, &t->link);
	c->later = true;
	return &t->state;
}

void *task_own(struct task *t)
{
	return t->own;
}

static int answer_error(struct command *c, struct task *t, const struct err *e)
{
	command_answer_error(c->z, c->m, e, &API_ERROR_NONE);
	t->state.done = true;
	return 0;
}

static int run_slice(struct command *c, struct task *t, struct err *e)
{
	if (t->failures >= FAILURES_MAX)
		return answer_error(c, t, &t->last);
	struct err own = ERR_INIT;
	int rc = t->kind->step(c, t, &t->state, &own);
	if (!rc && t->state.done)
		command_answer(c->z, t->m->request, 200, &c->body);
	if (!rc)
		return 0;
	if (db_total_changes(c->z->db) == c->z->change_base && err_class(rc) == ERR_CLASS_INPUT)
		return answer_error(c, t, &own);
	t->failures++;
	t->last = own;
	return err_wrap(e, err_set(e, rc, "%s", own.msg), "command in slices");
}

int task_step(struct zone *z, struct err *e)
{
	struct task *t = LIST_FIRST(&z->tasks, struct task, link);
	if (!t)
		return 0;
	arena_reset(z->arena);
	z->change_base = db_total_changes(z->db);
	struct command c = {.z = z, .m = t->m, .call = t->m->call, .arena = z->arena};
	struct entitled entitled;
	(void)command_set_asker(&c, &entitled,
				NULL); /* ended meanwhile: it has no rights any more, what was begun goes on */
	buf_init(&c.body, COMMAND_BODY_MAX);
	int rc = run_slice(&c, t, e);
	entitled_release(&entitled);
	buf_release(&c.body);
	free(c.names);
	return rc;
}

bool task_took(struct zone *z, const struct mail *m)
{
	LIST_EACH(&z->tasks, it, safe) {
		struct task *t = LIST_ENTRY(it, struct task, link);
		if (&t->m->mail == m)
			return true;
	}
	return false;
}

void task_committed(struct zone *z)
{
	LIST_EACH(&z->tasks, it, safe) {
		struct task *t = LIST_ENTRY(it, struct task, link);
		t->owns = true;
		t->saved = t->state;
	}
}

void task_sweep(struct zone *z)
{
	LIST_EACH(&z->tasks, it, safe) {
		struct task *t = LIST_ENTRY(it, struct task, link);
		if (t->owns && t->state.done)
			task_free(t);
	}
}

void task_forget(struct zone *z)
{
	LIST_EACH(&z->tasks, it, safe) {
		struct task *t = LIST_ENTRY(it, struct task, link);
		t->state = t->saved;
		if (!t->owns)
			task_free(t);
	}
}

void task_free_all(struct zone *z)
{
	LIST_EACH(&z->tasks, it, safe)
		task_free(LIST_ENTRY(it, struct task, link));
}
