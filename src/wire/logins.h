/* logins.h - the logins that an order carries: which one is used, and the password that the device is to have next.
 *
 * A device that was left half done may have the login of its interface, one of an earlier change, or the next one. They
 * are tried in this order, each once. Passwords are opened here at the moment of use, and the caller wipes them. One
 * thread. */
#ifndef WIRE_LOGINS_H
#define WIRE_LOGINS_H

#include "amt/act.h"
#include "base/secret.h"

struct wire_kit;
struct err;

enum login_at { LOGIN_PRESENT, LOGIN_BEFORE, LOGIN_NEXT };

/* Makes another login that of order->at; *at is which one was used, and becomes which one is. False when all were. */
bool logins_next(struct act_start *order, uint8_t *at);
/* l becomes the login of the interface; the nonce of the other one is dropped. */
void logins_take(struct act_interface *at, const struct act_login *l);

/* Draws a password that firmware takes, seals it for l's credential, and keeps it in l. */
int logins_draw(struct wire_kit *kit, struct act_login *l, struct err *e);
/* ERR_TAMPERED. */
int logins_open(const struct wire_kit *kit, const struct act_login *l, struct secret *ret, struct err *e);

#endif
