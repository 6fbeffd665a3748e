/* rmcp.h - RMCP/ASF presence ping and pong on UDP 623 (DSP0136; Intel AMT guide, "RMCP ping"). Pure; any thread.
 *
 * What a pong says is a hint and no more: anybody can send one. No RMCP acknowledgement is ever asked for or made. */
#ifndef CODEC_RMCP_H
#define CODEC_RMCP_H

#include "base/buf.h"

struct err;

#define RMCP_PORT       623
#define RMCP_PING_SIZE  12
#define RMCP_PONG_SIZE  28
#define RMCP_IANA_ASF   4542u
#define RMCP_IANA_INTEL 343u

struct rmcp_ping {
	uint8_t sequence; /* known clients send 0 */
	uint8_t tag;      /* comes back in the pong */
};

enum rmcp_provisioning {
	RMCP_PROVISIONING_PRE = 0,
	RMCP_PROVISIONING_IN = 1,
	RMCP_PROVISIONING_POST = 2,
	RMCP_PROVISIONING_UNUSED = 3,
};

#define RMCP_ENTITIES_ASF  0x01u /* entities: ASF 1.0 */
#define RMCP_ENTITIES_DASH 0x20u /* entities: DASH, AMT 4.x to 5.0 */
#define RMCP_ENTITIES_IPMI 0x80u
#define RMCP_INTERACTIONS_DASH                                                                                         \
	0x20u /* interactions: DASH, AMT 5.1 and later; widespread scanners look for this bit                          \
	       */

struct rmcp_pong {
	uint8_t sequence;
	uint8_t tag;
	uint32_t enterprise;  /* IANA number; RMCP_IANA_INTEL for AMT */
	uint16_t port;        /* 16992, 16993; 0: AMT is there but not set up */
	uint8_t major, minor; /* AMT version; both 0: not told (before 6.0) */
	uint8_t provisioning; /* enum rmcp_provisioning; 0 also before 6.0, which does not tell */
	bool both_ports;      /* 16992 and 16993 are open */
	uint8_t entities;
	uint8_t interactions;
};

void rmcp_ping_encode(const struct rmcp_ping *ping, uint8_t to[RMCP_PING_SIZE]);
/* A major above 15 goes to the second pair of version bytes, as AMT 16 and later do. */
void rmcp_pong_encode(const struct rmcp_pong *pong, uint8_t to[RMCP_PONG_SIZE]);

/* Both read one datagram. Return 0; ERR_UNSUPPORTED for what is well formed but something else (an acknowledgement of
 * 4 bytes, another class or message type): to be passed over in silence; ERR_MALFORMED for what is not RMCP or is cut
 * short. A pong needs 20 bytes; the second pair of version bytes counts only when all 28 are there. */
int rmcp_ping_parse(struct bytes in, struct rmcp_ping *ret, struct err *e);
int rmcp_pong_parse(struct bytes in, struct rmcp_pong *ret, struct err *e);

bool rmcp_pong_is_amt(const struct rmcp_pong *pong); /* Intel's number */

#endif
