/* net.h - which addresses the network thread may talk to, and names made to addresses by the workers.
 *
 * Never allowed, whatever the setting says: unspecified, multicast, reserved and link-local addresses, those of this
 * machine, and loopback unless that is allowed by itself. The check is made on the address that a name resolved to,
 * which is the one that is then connected to. Resolved names are kept 60 s. One thread. */
#ifndef WIRE_NET_H
#define WIRE_NET_H

#include "base/list.h"
#include "codec/range.h"

struct err;
struct loop;
struct net;
struct pool;

struct net *net_new(struct loop *l, struct pool *workers);
/* Nobody may wait any more. Returns once the loop has nothing of it: call net_is_idle first. */
void net_free(struct net *n);
bool net_is_idle(const struct net *n); /* no worker has a job of it */

/* Takes allowed (from mem_alloc; NULL: nothing is allowed). */
void net_set_allowed(struct net *n, struct range *allowed, bool allow_loopback);
int net_check(struct net *n, const struct range_addr *a, struct err *e); /* 0 or ERR_NET_NOT_ALLOWED */

/* In the struct of who waits. Told once, from the loop: 0 and the address, ERR_NAME_UNRESOLVED or ERR_NET_NOT_ALLOWED.
 */
struct net_wait {
	struct list link;
	void (*done)(void *arg, int code, const struct range_addr *address, const struct err *e);
	void *arg;
};

#define NET_LATER 1

/* Returns 0 and *ret for an address or a name that is known and allowed; an error; or NET_LATER: then w waits. */
int net_resolve(struct net *n, const char *host, struct net_wait *w, struct range_addr *ret, struct err *e);
void net_cancel(struct net_wait *w); /* harmless when it does not wait; needs net_wait_init first */
void net_wait_init(struct net_wait *w,
		   void (*done)(void *arg, int code, const struct range_addr *a, const struct err *e), void *arg);

#endif
