/* task.h - commands that are too long for one round. A task takes the command over once its first round is committed,
 * does one slice a round, and answers at its end. Its state is copied before each slice, so that a round that failed is
 * undone in memory too. What is done when the server stops stays done; the command can simply be given again. */
#ifndef ZONE_TASK_H
#define ZONE_TASK_H

#include "zone/command.h"

/* What a slice may change. */
struct task_state {
	int64_t after;     /* how far it got: an id or a place in a list */
	int64_t counts[4]; /* of the kind's own */
	bool done;
};

struct task;
struct task_kind {
	/* One slice of at most ZONE_SLICE rows; c answers when it sets s->done. */
	int (*step)(struct command *c, struct task *t, struct task_state *s, struct err *e);
	void (*free)(void *own);
};

/* Called by a handler, as the last thing it does. own is the kind's, freed with the task; also when the round fails. */
struct task_state *task_add(struct command *c, const struct task_kind *kind, void *own); /* what it starts with */
void *task_own(struct task *t);

int task_step(struct zone *z, struct err *e); /* one slice of the oldest task */
bool task_took(struct zone *z, const struct mail *m);
void task_committed(struct zone *z);
void task_sweep(struct zone *z);  /* after the messages of the round were let go: frees what is done */
void task_forget(struct zone *z); /* the round failed */
void task_free_all(struct zone *z);

#endif
