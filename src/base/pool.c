#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/loop.h"

struct queue {
	struct pool_job *first, **end;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct queue waiting;
	size_t count, limit;
	bool stop;
	void (*per_thread)(void *arg, bool start);
	void *arg;
	unsigned thread_max, started, idle; /* idle: wait for a job, or were called to one and are not there yet */
	pthread_t threads[];
};

struct pool_client {
	struct pool *pool;
	struct loop_fd *watch;
	int fd; /* an eventfd: readable when something is back */
	size_t open;
	pthread_mutex_t lock;
	struct queue back;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->end = &q->first;
}

static void queue_put(struct queue *q, struct pool_job *job)
{
	job->next = NULL;
	*q->end = job;
	q->end = &job->next;
}

static struct pool_job *queue_take(struct queue *q)
{
	struct pool_job *job = q->first;
	if (!job)
		return NULL;
	q->first = job->next;
	if (!q->first)
		q->end = &q->first;
	return job;
}

static void bring_back(struct pool_job *job)
{
	struct pool_client *c = job->client;
	pthread_mutex_lock(&c->lock);
	bool first = c->back.first == NULL;
	queue_put(&c->back, job);
	/* Inside the lock: once it is open, the loop may take the job, see that it was the last, and free the client.
	 */
	if (first)
		ASSERT(eventfd_write(c->fd, 1) == 0);
	pthread_mutex_unlock(&c->lock);
}

static struct pool_job *next_job(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->idle++;
	while (!p->stop && !p->waiting.first)
		pthread_cond_wait(&p->changed, &p->lock);
	p->idle--;
	struct pool_job *job = p->stop ? NULL : queue_take(&p->waiting);
	p->count -= job != NULL;
	pthread_mutex_unlock(&p->lock);
	return job;
}

static void *work(void *arg)
{
	struct pool *p = arg;
	if (p->per_thread)
		p->per_thread(p->arg, true);
	for (struct pool_job *job = next_job(p); job; job = next_job(p)) {
		job->run(job);
		bring_back(job);
	}
	if (p->per_thread)
		p->per_thread(p->arg, false);
	return NULL;
}

struct pool *pool_new(unsigned threads, size_t limit, void (*per_thread)(void *arg, bool start), void *arg)
{
	struct pool *p = mem_alloc(sizeof(*p) + threads * sizeof(p->threads[0]));
	p->limit = limit;
	p->per_thread = per_thread;
	p->arg = arg;
	p->thread_max = threads;
	queue_init(&p->waiting);
	ASSERT(pthread_mutex_init(&p->lock, NULL) == 0);
	ASSERT(pthread_cond_init(&p->changed, NULL) == 0);
	return p;
}

static void start_worker(struct pool *p)
{
	sigset_t all, was;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	if (pthread_create(&p->threads[p->started], NULL, work, p) == 0) {
		(void)pthread_setname_np(p->threads[p->started], "worker"); /* for people only */
		p->started++;
	}
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

/* One more where all that there are have something to do. False when there is none at all. */
static bool has_worker(struct pool *p)
{
	if (p->count >= p->idle && p->started < p->thread_max)
		start_worker(p);
	return p->started > 0;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->started; i++)
		pthread_join(p->threads[i], NULL);
	for (struct pool_job *job = queue_take(&p->waiting); job; job = queue_take(&p->waiting))
		bring_back(job);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static struct pool_job *take_back(struct pool_client *c)
{
	pthread_mutex_lock(&c->lock);
	struct pool_job *all = c->back.first;
	queue_init(&c->back);
	pthread_mutex_unlock(&c->lock);
	return all;
}

static void finish_all(struct pool_client *c)
{
	for (struct pool_job *job = take_back(c), *next; job; job = next) {
		next = job->next;
		c->open--;
		job->done(job);
	}
}

static void on_back(void *arg, int events)
{
	struct pool_client *c = arg;
	eventfd_t count;
	(void)eventfd_read(c->fd, &count); /* which jobs are back, the queue says */
	finish_all(c);
}

struct pool_client *pool_client_new(struct pool *p, struct loop *l)
{
	struct pool_client *c = mem_alloc(sizeof(*c));
	c->pool = p;
	queue_init(&c->back);
	ASSERT(pthread_mutex_init(&c->lock, NULL) == 0);
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT(c->fd >= 0);
	c->watch = loop_fd_new(l, c->fd, on_back, c);
	loop_fd_want(c->watch, LOOP_READ);
	return c;
}

void pool_client_free(struct pool_client *c)
{
	if (!c)
		return;
	finish_all(c);
	ASSERT(c->open == 0);
	loop_fd_close(c->watch);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

bool pool_submit(struct pool_client *c, struct pool_job *job)
{
	struct pool *p = c->pool;
	job->client = c;
	pthread_mutex_lock(&p->lock);
	bool taken = p->count < p->limit && has_worker(p);
	if (taken) {
		queue_put(&p->waiting, job);
		p->count++;
		c->open++;
		pthread_cond_signal(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return taken;
}

size_t pool_client_open(const struct pool_client *c)
{
	return c->open;
}
