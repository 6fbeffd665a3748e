/* taken.h - who listens on this machine already, from /proc/net. Sockets of several amtsim may share a port (one on all
 * addresses, others on single ones), so the system does not notice when two want the same address; this does. */
#ifndef SIM_TAKEN_H
#define SIM_TAKEN_H

#include <stdbool.h>
#include <stdint.h>

struct taken;

/* Never fails: what cannot be read is not taken, and binding will say what it thinks. */
struct taken *taken_read(bool udp);
void taken_free(struct taken *t);
bool taken_has(const struct taken *t, uint32_t address, uint16_t port); /* host order; 0: all addresses */

#endif
