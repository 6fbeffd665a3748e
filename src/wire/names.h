/* names.h - host names of addresses, by reverse look-ups of the workers (DNS and whatever else the system asks).
 *
 * A name is a hint for people: it is what the owner of the reverse zone wrote there. What is no host name (RFC 1123
 * 2.1) or is itself an address counts as none. Answers are kept 60 s, also that there is none. A resolver that does
 * not answer is not asked again for a minute, so that a scan does not wait for it device by device. One thread. */
#ifndef WIRE_NAMES_H
#define WIRE_NAMES_H

#include "base/list.h"
#include "codec/range.h"

struct loop;
struct names;
struct pool;

struct names *names_new(struct loop *l, struct pool *workers);
/* Nobody may wait any more. Returns once the loop has nothing of it: call names_is_idle first. */
void names_free(struct names *n);
bool names_is_idle(const struct names *n); /* no worker has a job of it */

/* In the struct of who waits. Told at most once, from the loop, and as late as the resolver likes; name is borrowed,
 * "" for none. */
struct names_wait {
	struct list link;
	void (*done)(void *arg, const char *name);
	void *arg;
};

void names_wait_init(struct names_wait *w, void (*done)(void *arg, const char *name), void *arg);
/* What is known already, borrowed for the moment ("" none); NULL: w waits. */
const char *names_ask(struct names *n, const struct range_addr *a, struct names_wait *w);
void names_cancel(struct names_wait *w); /* harmless when it does not wait */

/* Whether text may be a host name. */
bool names_is_host(const char *text);

#endif
