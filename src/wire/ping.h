/* ping.h - presence pings to a whole range of addresses, and their pongs (DSP0136 over UDP 623).
 *
 * One ordinary UDP socket a family, used in batches. The order is a fixed stride through the range, so neighbours are
 * not asked one after the other. One bit an address says whether it is done with, and four bytes for 256 of them when
 * they were asked last; nothing else grows with the range. Tags are not guessable, so that a pong from somewhere else
 * is passed over. The caller says when to send and how much. One thread. */
#ifndef WIRE_PING_H
#define WIRE_PING_H

#include "codec/range.h"
#include "codec/rmcp.h"

struct err;
struct net;
struct pinger;
struct wire_kit;

/* An address answered, for the first time. From the loop or from inside pinger_send. */
typedef void (*pinger_pong_fn)(void *arg, const struct range_addr *from, const struct rmcp_pong *pong);

#define PINGER_MAX ((uint64_t)1 << 28) /* addresses */

/* range is borrowed. ERR_TOO_BIG over PINGER_MAX addresses; ERR_SYSTEM, ERR_PRIVILEGE. */
int pinger_new(struct wire_kit *kit, const struct range *range, uint16_t port, pinger_pong_fn pong, void *arg,
	       struct pinger **ret, struct err *e);
void pinger_free(struct pinger *p); /* not from inside pong; NULL is fine */

enum pinger_state {
	PINGER_MORE,    /* of this pass */
	PINGER_BLOCKED, /* the system takes no more just now */
	PINGER_OVER,    /* everybody was asked in this pass */
};

/* Asks up to limit more addresses that have not answered, and takes the answers that are there. */
enum pinger_state pinger_send(struct pinger *p, uint64_t limit);
void pinger_next_pass(struct pinger *p);
uint64_t pinger_place(const struct pinger *p);  /* how far this pass has come: addresses asked or passed over */
uint64_t pinger_silent(const struct pinger *p); /* addresses that may be talked to and have not answered */

/* After the passes: the next address that has not answered; false when there is none left. *it starts at 0. */
bool pinger_next_silent(const struct pinger *p, uint64_t *it, struct range_addr *ret);

#endif
