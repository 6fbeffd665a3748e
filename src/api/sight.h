/* sight.h - which events a follower may see. Events of a kind are seen all, none, or those whose thing may be seen; who
 * has a kind of the last sort is served by workers, which can look the thing up. */
#ifndef API_SIGHT_H
#define API_SIGHT_H

#include "store/event.h"
#include "zone/access.h"

struct sight {
	unsigned all, some; /* sets of bits of sight_bit */
	bool job;           /* the one job that is followed may be seen */
};

unsigned sight_bit(struct bytes kind); /* of an event; kinds that are not known share one */
void sight_of(const struct asker *who, struct sight *ret);
/* Any thread with a connection of its own. What is gone is seen by those who see everything of its tree. */
bool sight_may_see(struct db *db, struct arena *a, const struct asker *who, const struct sight *s,
		   const struct store_event *row);

#endif
