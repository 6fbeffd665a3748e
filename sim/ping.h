/* ping.h - RMCP presence pings on UDP 623: who answers, and what its pong says (Intel AMT guide, "RMCP ping"; DSP0136).
 * One socket for all devices, or one each; a reply leaves from the address that was asked. */
#ifndef SIM_PING_H
#define SIM_PING_H

struct err;
struct ping;
struct sim;

/* ERR_PORT_TAKEN, ERR_PRIVILEGE, ERR_SYSTEM. Nothing is opened when the options say port 0. */
int ping_open(struct sim *s, struct err *e);
void ping_free(struct ping *p);

#endif
