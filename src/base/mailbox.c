#include "base/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"

struct mailbox {
	pthread_mutex_t lock;
	struct mail *first, **end; /* end: where the next one is linked */
	size_t count, limit;
	bool closed;
	void (*wake)(void *arg);
	void *arg;
};

struct mailbox *mailbox_new(size_t limit, void (*wake)(void *arg), void *arg)
{
	struct mailbox *mb = mem_alloc(sizeof(*mb));
	ASSERT(pthread_mutex_init(&mb->lock, NULL) == 0);
	mb->end = &mb->first;
	mb->limit = limit;
	mb->wake = wake;
	mb->arg = arg;
	return mb;
}

void mailbox_free(struct mailbox *mb)
{
	if (!mb)
		return;
	while (mb->first) {
		struct mail *m = mb->first;
		mb->first = m->next;
		m->free(m);
	}
	pthread_mutex_destroy(&mb->lock);
	free(mb);
}

static bool put(struct mailbox *mb, struct mail *m, bool always)
{
	pthread_mutex_lock(&mb->lock);
	bool taken = !mb->closed && (always || mb->count < mb->limit);
	bool first = taken && mb->count == 0;
	if (taken) {
		m->next = NULL;
		*mb->end = m;
		mb->end = &m->next;
		mb->count++;
	}
	pthread_mutex_unlock(&mb->lock);
	if (first && mb->wake)
		mb->wake(mb->arg);
	return taken;
}

bool mailbox_put(struct mailbox *mb, struct mail *m)
{
	return put(mb, m, false);
}

bool mailbox_put_always(struct mailbox *mb, struct mail *m)
{
	return put(mb, m, true);
}

struct mail *mailbox_take(struct mailbox *mb, size_t max, size_t *ret_count)
{
	pthread_mutex_lock(&mb->lock);
	struct mail *first = mb->first, **end = &mb->first;
	size_t n = max < mb->count ? max : mb->count;
	if (n == mb->count)
		end = mb->end;
	else
		for (size_t i = 0; i < n; i++)
			end = &(*end)->next;
	if (n) {
		mb->first = *end;
		*end = NULL;
	}
	if (!mb->first)
		mb->end = &mb->first;
	mb->count -= n;
	pthread_mutex_unlock(&mb->lock);
	if (ret_count)
		*ret_count = n;
	return n ? first : NULL;
}

size_t mailbox_count(struct mailbox *mb)
{
	pthread_mutex_lock(&mb->lock);
	size_t n = mb->count;
	pthread_mutex_unlock(&mb->lock);
	return n;
}

void mailbox_close(struct mailbox *mb)
{
	pthread_mutex_lock(&mb->lock);
	mb->closed = true;
	pthread_mutex_unlock(&mb->lock);
}
