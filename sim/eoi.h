/* eoi.h - the SOAP interface of firmware before AMT 9 (SOAP 1.1, one path per service), the only one before AMT 3.0:
 * what clients of that time need to look at a machine and to switch it. A method that is not here is answered with a
 * fault.
 *
 * Facts: Intel AMT guide, "Network Interface Guide" of release 2.x; the Debian client amttool 1.4, which is what it is
 * tested with. Unverified: which status a refused change of power has. */
#ifndef SIM_EOI_H
#define SIM_EOI_H

#include "operation.h"

struct eoi_service;

const struct eoi_service *eoi_find(struct bytes path); /* NULL: none has this path */
/* Does the request of x->eoi and writes the answer's envelope to out, which is empty before. */
void eoi_run(struct exchange *x, struct buf *out);

#endif
