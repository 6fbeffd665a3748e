/* pool.h - a bounded set of threads for what is slow (DNS, key making, password hashes, reads of the API). They own
 * nothing: a job carries all it needs, and its done runs on the loop that asked. To end: pool_free, then run each loop
 * until its client has nothing open (or just free the client), then pool_client_free. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct pool;
struct pool_client;

struct pool_job {
	void (*run)(struct pool_job *job);  /* on a worker */
	void (*done)(struct pool_job *job); /* on the loop's thread, from the loop; frees the job */
	struct pool_job *next;              /* the pool's, as is client */
	struct pool_client *client;
};

/* limit: most jobs waiting. At most so many threads; each is started by the job that finds the others busy, and stays.
 * per_thread(arg, true) runs on each worker before its first job, (arg, false) at its end; may be NULL. Workers block
 * all signals. */
struct pool *pool_new(unsigned threads, size_t limit, void (*per_thread)(void *arg, bool start), void *arg);
/* Waits for running jobs; waiting ones come back without run having been called: a job that must know keeps a mark of
 * its own. Nothing may be submitted any more. NULL is fine. */
void pool_free(struct pool *p);
/* A queue to bring results back to a loop: one per loop that submits. It uses an fd of the loop, not loop_set_wake. */
struct pool_client *pool_client_new(struct pool *p, struct loop *l);
/* Calls done of what has come back; nothing else may be open. On the loop's thread, before the loop is freed. */
void pool_client_free(struct pool_client *c);
bool pool_submit(struct pool_client *c, struct pool_job *job); /* false when full: the job stays the caller's */
size_t pool_client_open(const struct pool_client *c);          /* jobs not yet back; the loop's thread */

#endif
