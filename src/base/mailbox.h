/* mailbox.h - how threads talk: messages that own what they carry, handed over whole. Many writers, one reader,
 * bounded. The only place with a lock. */
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

/* First member of every message. */
struct mail {
	struct mail *next;
	int kind;                    /* of the reader's own list */
	void (*free)(struct mail *); /* frees an unread message */
};

struct mailbox;

/* wake is called, with arg, by a writer's thread when the box stops being empty. */
struct mailbox *mailbox_new(size_t limit, void (*wake)(void *arg), void *arg);
void mailbox_free(struct mailbox *mb); /* frees what was not read; no writer may be left. NULL is fine */

/* False when full or closed: the message stays the caller's. The box is never blocking. */
bool mailbox_put(struct mailbox *mb, struct mail *m);
/* As mailbox_put, but past the limit too: for answers that must not be lost and whose number is bounded elsewhere. */
bool mailbox_put_always(struct mailbox *mb, struct mail *m);
/* Takes up to max messages, oldest first, as a chain linked by next; NULL when empty. Reader only. What stays behind
 * because of max wakes nobody again: the reader comes back for it by itself. */
struct mail *mailbox_take(struct mailbox *mb, size_t max, size_t *ret_count);
size_t mailbox_count(struct mailbox *mb);
void mailbox_close(struct mailbox *mb); /* refuses further messages */

#endif
