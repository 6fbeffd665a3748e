/* setup_file.h - files for USB keys: what is kept of their records, and how a record becomes the login of a device. */
#ifndef ZONE_SETUP_FILE_H
#define ZONE_SETUP_FILE_H

#include "store/setup_file.h"

struct err;
struct zone;

#define SETUP_FILE_CREDENTIALS "/setup/" /* folder of the vault for logins that came with keys */

/* A device showed that it took this record: its password becomes the credential of the same id ("lab-keys-007" in
 * SETUP_FILE_CREDENTIALS), and the record is used. Of a shared record any number of devices, of any other one: a second
 * one is ERR_IN_USE. A record whose time is over can be taken all the same, since a computer may have been started from
 * the key before; who calls decides. */
int setup_file_use(struct zone *z, const struct store_setup_record *r, int64_t device, int64_t *ret_credential,
		   struct err *e);

#endif
