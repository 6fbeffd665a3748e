/* listen.h - the TCP sockets of the devices. Two ways: one listener a port on all addresses of the loopback, where
 * the connection's own address tells the device (no file per device, and closed ports reset after the handshake), or
 * one listener for each device and open port (closed ports really refuse, and several amtsim share a machine). Either
 * way nothing outside the devices' own addresses is ever answered: the sockets are bound to the loopback interface and
 * filter what is not for a device. */
#ifndef SIM_LISTEN_H
#define SIM_LISTEN_H

struct device;
struct err;
struct sim;

struct listeners;

/* ERR_PORT_TAKEN, ERR_PRIVILEGE, ERR_SYSTEM. */
int listen_open(struct sim *s, struct err *e);
void listen_free(struct listeners *l);

/* Opens and closes what mode, profile and faults ask for now; d NULL: for all devices. Harmless before listen_open. */
void listen_update(struct sim *s, struct device *d);

/* Binds a socket's fd to the loopback interface, and drops what is not addressed to one of the simulated devices. */
int listen_confine(struct sim *s, int fd, struct err *e);

#endif
