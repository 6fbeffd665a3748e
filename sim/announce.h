/* announce.h - how a device that waits to be set up says hello: to whom, when, and how often. Every message goes from
 * the device's own address, in one write, to a server on the loopback net and nowhere else. Names are looked up in a
 * table of our own, which stands for DNS. Source: Intel AMT guide, "Setup Mode Hello Messages"; the times are those of
 * an Altiris paper: five messages a minute apart, five ten minutes apart, five an hour apart. */
#ifndef SIM_ANNOUNCE_H
#define SIM_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct announce;
struct device;
struct sim;

#define ANNOUNCE_MOST 15

struct announces *announces_new(void);
void announces_free(struct announces *all); /* no device may announce any more; NULL is fine */

/* From the first message on, the first at once. Replaces what was going on. */
void announce_start(struct sim *s, struct device *d);
void announce_stop(struct device *d); /* fine when nothing goes on */
/* How many tries there were, and in how many ms the next is; -1: none will be. */
unsigned announce_tries(const struct device *d);
int64_t announce_next_ms(const struct device *d);

/* Where the device looks for its server now. False: it finds none. */
bool announce_server(const struct sim *s, const struct device *d, uint32_t *ret_address, uint16_t *ret_port);

/* What DNS tells from now on; address 0: no such name. */
void announce_name_set(struct sim *s, const char *name, uint32_t address);
bool announce_name_get(const struct sim *s, const char *name, uint32_t *ret_address);
/* The i-th name of all; NULL past the end. */
const char *announce_name_at(const struct sim *s, unsigned i, uint32_t *ret_address);

#endif
