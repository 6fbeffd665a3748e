/* snmp.h - writes SNMPv2c traps (RFC 3416 4.2.6, RFC 1901), in the basic encoding rules of ASN.1. Reads nothing.
 *
 * Pure functions, any thread. */
#ifndef CODEC_SNMP_H
#define CODEC_SNMP_H

#include "base/buf.h"

struct err;

enum snmp_type {
	SNMP_INTEGER = 0x02, /* 32 bits, RFC 2578 */
	SNMP_OCTETS = 0x04,
	SNMP_OID = 0x06,
	SNMP_TICKS = 0x43, /* hundredths of a second, 32 bits unsigned */
};

struct snmp_var {
	const char *oid; /* "1.3.6.1.2.1.1.3.0" */
	enum snmp_type type;
	int64_t i;       /* INTEGER, TICKS */
	struct bytes s;  /* OCTETS */
	const char *ref; /* OID */
};

struct snmp_trap {
	struct bytes community;
	int32_t request_id;
	uint32_t uptime;      /* hundredths of a second */
	const char *trap_oid; /* which trap */
	const struct snmp_var *vars;
	size_t var_count;
};

/* Appends one datagram. ERR_INVALID for an OID that is none or a number that does not fit; ERR_TOO_BIG. */
int snmp_trap_encode(const struct snmp_trap *t, struct buf *out, struct err *e);

#endif
