/* control.h - the control socket: one JSON request a line, answered with lines of JSON and an empty line. For "amtsim
 * ctl" and for tests. Anybody who can open the socket may do everything; it is made for its owner only. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

struct control;
struct err;
struct sim;

/* ERR_SYSTEM, ERR_PORT_TAKEN when another process answers there; a stale socket is replaced. */
int control_open(struct sim *s, struct err *e);
void control_free(struct control *c);

#endif
