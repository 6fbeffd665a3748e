/* machine.h - the zone without its thread: a state machine that is given messages, a clock and a seed, and that gives
 * back what leaves after the commit. thread.c drives it in lampd, tests drive it by hand.
 *
 * A round is one transaction. When it fails it is rolled back and its messages are run again one by one; a message of
 * wire that cannot be kept because the disk or the database fails is kept in memory and tried again later, a command is
 * answered with the error. What a round decided leaves only after its commit. The memory of a struct zone is a cache of
 * the database; it is made anew after every rollback. One thread. */
#ifndef ZONE_MACHINE_H
#define ZONE_MACHINE_H

#include "zone/zone.h"

struct zone;

/* Chains of messages, oldest first, that belong to whoever took them (mail_free_all). NULL: none. */
struct zone_out {
	struct mail *to_wire, *to_api, *to_post;
};

/* The batching rule: commands never wait. While more than ZONE_BATCH_ABOVE conversations are open, messages of wire are
 * gathered until there are ZONE_BATCH_MAX of them or the first one is so old; else each is committed at once. */
#define ZONE_BATCH_MAX     512
#define ZONE_BATCH_ABOVE   32
#define ZONE_BATCH_MS      20
#define ZONE_BATCH_MANY    1000 /* conversations; from here on a message may wait longer */
#define ZONE_BATCH_MANY_MS 50

/* Opens and migrates the database and starts the server in it: next epoch, acts of older epochs taken up again. What
 * deps lends must outlive the zone. The errors of store_open. */
int machine_new(const struct zone_deps *deps, struct zone **ret, struct zone_out *ret_out, struct err *e);
void machine_free(struct zone *z); /* harmless at any moment: all that counts is on disk. NULL is fine */

/* Handles the messages (chains, either may be NULL; it takes them) and what the time brings. Commands come first. */
void machine_round(struct zone *z, struct mail *commands, struct mail *messages, struct zone_out *ret_out);
/* Wall time in ms when a round is due even if no message comes; INT64_MIN: at once, INT64_MAX: never. */
int64_t machine_wake(const struct zone *z);
size_t machine_in_flight(const struct zone *z); /* conversations open in wire */
/* No act and no scan is started any more; everything else goes on. */
void machine_stop(struct zone *z);
/* Makes the memory anew from the database, as after a failed round. */
int machine_forget(struct zone *z, struct err *e);

void mail_free_all(struct mail *chain);

#endif
