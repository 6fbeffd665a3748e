/* discover.h - what import.c needs of discovered things. */
#ifndef ZONE_DISCOVER_H
#define ZONE_DISCOVER_H

#include "store/discovered.h"
#include "zone/command.h"

/* By address or id. ERR_NOT_FOUND. */
int discover_find(struct command *c, const char *text, struct store_discovered *ret, struct err *e);

#endif
