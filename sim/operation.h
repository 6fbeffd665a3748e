/* operation.h - what a device does with a WS-Management request: Get, Put, Create, Delete, Enumerate, Pull, Release and
 * methods on the classes of classes/, with the faults and ReturnValues that firmware gives. */
#ifndef SIM_OPERATION_H
#define SIM_OPERATION_H

#include "base/buf.h"
#include "fault.h"

struct eoi_service;

/* One request of somebody whose login was right. */
struct exchange {
	struct sim *s;
	struct device *d;
	uint32_t peer; /* IPv4 of the client, host order */
	bool tls;
	const char *user;
	uint32_t realms;               /* bit per realm of the user */
	struct fault_hit fault;        /* what is done to an act: lie, return-value-N, wrong-message-id */
	const struct eoi_service *eoi; /* by the old SOAP interface; NULL: WS-Management */
	struct bytes request;
	/* results */
	int status; /* HTTP: 200, 400, 500 */
	bool drop;  /* the connection ends after the answer */
};

/* Does it and writes the answer's envelope to out, which is empty before and stays so when the request was no
 * envelope at all (status 400). */
void operation_run(struct exchange *x, struct buf *out);

/* Enumeration contexts: single use, with an end. */
struct contexts *contexts_new(void);
void contexts_free(struct contexts *c);

#endif
