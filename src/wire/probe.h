/* probe.h - a look at one address without a login: which of AMT's ports are open, what the HTTP Server header says and
 * which digest realm is asked for. One request to each port at most, nothing that changes anything; no password is
 * near. One thread. */
#ifndef WIRE_PROBE_H
#define WIRE_PROBE_H

#include "amt/act.h"

struct wire_kit;

enum probe_port {
	PROBE_ASK, /* not known: connect to it */
	PROBE_OPEN,
	PROBE_CLOSED,
};

struct probe_target {
	struct range_addr address;
	uint16_t plain_port, tls_port;
	enum probe_port plain, tls;
	int64_t connect_ms;
};

struct probe_result {
	bool plain, tls; /* the port is open */
	bool is_amt;     /* its Server header or its realm says so */
	char version[ACT_VERSION_SIZE];
	char realm[DIGEST_FIELD_SIZE];
};

struct probe;

/* done comes from the loop, once; the probe is gone when it returns. */
struct probe *probe_start(struct wire_kit *kit, const struct probe_target *target,
			  void (*done)(void *arg, struct probe *p, const struct probe_target *target,
				       const struct probe_result *result),
			  void *arg);
void probe_free(struct probe *p); /* before done; then done does not come */

#endif
