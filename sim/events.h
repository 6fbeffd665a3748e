/* events.h - the platform event log of a device (AMT_MessageLog): records of 21 bytes. What a machine of its age would
 * have in it comes from the seed; what happens while it is simulated is added. */
#ifndef SIM_EVENTS_H
#define SIM_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct device;
struct sim;

#define EVENTS_MAX    390
#define EVENTS_RECORD 21

uint32_t events_count(const struct sim *s, const struct device *d);
/* Record i, the newest first. */
void events_at(const struct sim *s, const struct device *d, uint32_t i, uint8_t to[EVENTS_RECORD]);
void events_clear(struct device *d);

/* The host booted. */
void events_boot(struct sim *s, struct device *d);
/* "authentication failed N times". */
void events_failed_login(struct sim *s, struct device *d, unsigned times);

#endif
