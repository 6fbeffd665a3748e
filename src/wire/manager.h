/* manager.h - who this server is towards devices that are being set up: its management certificate with key, as a
 * client of TLS, and the authority that issues their certificates. Told by zone (WIRE_IDENTITY), opened here, wiped
 * with the thread. One thread. */
#ifndef WIRE_MANAGER_H
#define WIRE_MANAGER_H

#include "amt/act.h"

struct err;
struct manager;
struct tls_identity;
struct wire_kit;

/* Takes the place of *at. Failing leaves no identity, with the reason in the log. Older ones live on until
 * manager_free, as handshakes may be using them. */
void manager_set(struct wire_kit *kit, const struct wire_identity *m);
void manager_free(struct manager *i); /* with the older ones; NULL is fine */

/* ERR_NO_MANAGEMENT_CERT: none was told, or it could not be opened. */
int manager_tls(const struct wire_kit *kit, const struct tls_identity **ret, struct err *e);
/* A certificate for the device's public key. Appends DER; *ret_pin is its pin. */
int manager_issue(const struct wire_kit *kit, const struct act_start *order, const struct uuid *uuid,
		  struct bytes public_key, struct buf *out, uint8_t ret_pin[TLS_PIN_SIZE], struct err *e);

#endif
