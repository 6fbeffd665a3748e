/* hello.h - what devices that want to be set up say of themselves, in the list of what was discovered. */
#ifndef ZONE_HELLO_H
#define ZONE_HELLO_H

#include "amt/act.h"
#include "store/discovered.h"

struct zone;

#define HELLO_ROWS_MAX 50000 /* things that nothing but a hello told of */

/* Puts a message into what earlier ones said; pid and hashes point into m. True for the first one, for a new series,
 * and when it says something else than before. */
bool hello_merge(struct store_hello *h, const struct sighting_hello *m, int64_t now);
/* Before one more row is added: so many strangers' hellos push out the oldest of them, so that a device which says
 * hello again is in the list again. */
int hello_make_room(struct zone *z, struct err *e);

#endif
