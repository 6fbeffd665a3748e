/* list.h - a list whose links live in its members. The head is a link too; an initialised link is a list of none.
 * The state of many things is which list they are on. No ownership. One thread. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_append(struct list *head, struct list *member)
{
	member->prev = head->prev;
	member->next = head;
	head->prev->next = member;
	head->prev = member;
}

static inline void list_prepend(struct list *head, struct list *member)
{
	list_append(head->next, member);
}

/* Takes the member out and makes it a list of none; harmless when it is on no list. */
static inline void list_remove(struct list *member)
{
	member->prev->next = member->next;
	member->next->prev = member->prev;
	list_init(member);
}

#define LIST_ENTRY(ptr, type, field)  ((type *)(void *)((char *)(ptr)-offsetof(type, field)))
#define LIST_FIRST(head, type, field) (list_is_empty(head) ? NULL : LIST_ENTRY((head)->next, type, field))
/* The member may be removed inside the loop. */
#define LIST_EACH(head, it, safe)                                                                                      \
	for (struct list *it = (head)->next, *safe = it->next; it != (head); it = safe, safe = it->next)

#endif
