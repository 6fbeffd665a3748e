/* wire.h - the network thread: it owns every socket to devices, never blocks, and decides nothing.
 *
 * runner   carries out acts: runs the flow that amt/ has for a verb over HTTP, digest and TLS, stops at gates, and says
 *          how it ended (amt/act.h is all that zone and wire know of each other)
 * scan     finds devices: presence pings in batches, then TCP where it was asked for, then a look without login
 * hear     listens for the hellos of devices that want to be set up
 * net      which addresses may be talked to, and names resolved by the workers
 * names    host names of what a scan finds
 *
 * One struct wire is one thread with its own loop; nothing is shared between two of them, so there may be several, each
 * with its own devices. Entry points: lampd makes it with wire_new, gives wire_mailbox to the zone, and starts it with
 * the zone's mailbox. Until the first WIRE_CONFIG has come every address is refused. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/mailbox.h"

struct clock;
struct err;
struct pool;
struct vault;
struct wire;

struct wire_deps {
	struct clock *clock;
	struct vault *vault;  /* opens passwords at the moment of use */
	struct pool *pool;    /* resolves names */
	const char *hello;    /* where hellos are listened for, "0.0.0.0:9971"; NULL: nowhere */
	size_t mailbox_limit; /* most unread messages; 0: 20000 */
};

/* All that is lent must outlive the thread. ERR_FAILED or ERR_SYSTEM when TLS or the loop cannot be set up; what
 * hearer_new gives for the address of hellos. */
int wire_new(const struct wire_deps *deps, struct wire **ret, struct err *e);
uint16_t wire_hello_port(const struct wire *w); /* 0: hellos are not listened for */
/* Takes what amt/act.h calls enum wire_mail; any thread. When a message was refused because the box was full,
 * ZONE_WIRE_ROOM tells when there is room again. */
struct mailbox *wire_mailbox(struct wire *w);
/* Runs the thread; it tells to_zone what amt/act.h calls enum zone_wire_mail. Once. ERR_SYSTEM. */
int wire_start(struct wire *w, struct mailbox *to_zone, struct err *e);
/* Asks for the end: what was not sent is given back at once, an order that is on its way gets 3 s for its reply, then
 * each open act has its outcome and the thread ends. Does not wait. Any thread; harmless before wire_start. */
void wire_stop(struct wire *w);
void wire_free(struct wire *w); /* wire_stop, waits for the thread's end, frees; NULL is fine */

#endif
