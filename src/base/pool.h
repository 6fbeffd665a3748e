/* pool.h - a bounded set of threads for what is slow (DNS, key making, password hashes, reads of the API). They own
 * nothing: a job carries all it needs, and its done runs on the loop that asked. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct pool;

struct pool_job {
	void (*run)(struct pool_job *job);  /* on a worker */
	void (*done)(struct pool_job *job); /* on the loop's thread; frees the job */
	struct pool_job *next;              /* the pool's */
};

/* limit: most jobs waiting. per_thread(arg, true) runs on each worker before its first job, (arg, false) at its end. */
struct pool *pool_new(unsigned threads, size_t limit, void (*per_thread)(void *arg, bool start), void *arg);
void pool_free(struct pool *p); /* waits for running jobs; waiting ones are done without run having been called */
/* A queue to bring results back to a loop: one per loop that submits. It uses an fd of the loop, not loop_set_wake. */
struct pool_client;
struct pool_client *pool_client_new(struct pool *p, struct loop *l);
void pool_client_free(struct pool_client *c);                  /* after its jobs came back */
bool pool_submit(struct pool_client *c, struct pool_job *job); /* false when full: the job stays the caller's */
size_t pool_client_open(const struct pool_client *c);          /* jobs not yet back */

#endif
