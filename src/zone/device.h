/* device.h - what import.c and discover.c need of devices. */
#ifndef ZONE_DEVICE_H
#define ZONE_DEVICE_H

#include "zone/command.h"

int device_tell(struct zone *z, const char *change, int64_t id, const char *name, struct err *e);
/* An IP address in its canonical form, allowed here, or a host name. ERR_INVALID, ERR_NET_NOT_ALLOWED. */
int device_check_host(struct command *c, const char *text, const char **ret, struct err *e);
/* A new interface with an id, the defaults, and neither host nor mode. */
int device_amt_init(struct zone *z, int64_t device, struct store_amt *ret, struct err *e);
/* With all that was set for it. Nothing may be queued for its interface. */
int device_remove(struct zone *z, const struct store_device *d, struct err *e);
int device_check_tags(struct command *c, const char *arg, struct err *e);
const char *device_joined_tags(struct command *c, const char *arg); /* with commas; in the arena */
int device_set_tags(struct command *c, int64_t device, const char *arg, bool there, struct err *e);

#endif
