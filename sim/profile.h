/* profile.h - what differs between firmware generations: the rows of profile.tbl.h and the hardware that goes with
 * them. Constant data and questions about it; no state. */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum profile_flag {
	PROFILE_EOI = 1,       /* speaks the old SOAP interface */
	PROFILE_WSMAN = 2,     /* speaks WS-Management */
	PROFILE_KVM = 4,       /* a SKU with KVM redirection */
	PROFILE_NOTEBOOK = 8,  /* battery, Wi-Fi */
	PROFILE_LMS = 16,      /* the host's LMS runs while the host is on: graceful power states are offered */
	PROFILE_TLS_ONLY = 32, /* no remote access without TLS */
	PROFILE_NO_CD = 64,    /* no optical drive, so no boot from one */
};

/* One computer model; texts as its SMBIOS tables have them, blanks included. */
struct hardware {
	const char *chassis_model, *chassis_version;
	const char *board_model, *board_version;
	const char *bios_version, *bios_date; /* date as xs:dateTime */
	const char *cpu;                      /* brand string */
	uint16_t cpu_family;                  /* SMBIOS code */
	uint16_t cpu_mhz, cpu_max_mhz;
	uint8_t cpu_upgrade; /* SMBIOS socket code */
	uint8_t memory_type; /* SMBIOS code: 19 DDR2, 24 DDR3, 26 DDR4, 34 DDR5 */
	uint8_t memory_form; /* SMBIOS code: 9 DIMM, 13 SODIMM */
	uint16_t memory_mhz;
	const char *memory_maker, *memory_part;
	uint8_t memory_modules;
	uint64_t memory_bytes; /* per module */
	const char *disk_model;
	uint64_t disk_kb; /* units of 1000 bytes */
};

struct profile {
	const char *name;
	uint8_t major, minor;
	const char *version;
	unsigned build;
	const char *server;
	uint16_t tls_least, tls_most; /* as on the wire */
	const char *qop;
	unsigned flags; /* enum profile_flag */
	const char *source;
};

/* major and minor as one number that compares. */
#define PROFILE_VERSION(major, minor) ((unsigned)(major) << 8 | (unsigned)(minor))

extern const struct profile profiles[];
extern const size_t profile_count;

const struct profile *profile_find(const char *name); /* NULL: no such profile */
const struct hardware *profile_hardware(const struct profile *p);
unsigned profile_version(const struct profile *p);
/* The profile of device number i in a "mixed" net: the rows in turn, the common generations first. */
const struct profile *profile_mixed(size_t i);

/* Does the firmware refuse SHA-1 and RSA below 2048 bits in certificates: 15 on desktops, 16 and later. */
bool profile_wants_sha2(const struct profile *p);

/* Does the firmware answer RMCP presence pings when set up? Setting "ping-16" decides for 16.1 and later. */
bool profile_answers_ping(const struct profile *p, bool configured, bool ping_16);
/* Bytes 20 and 21 of its pong. */
uint8_t profile_ping_entities(const struct profile *p);
uint8_t profile_ping_interactions(const struct profile *p);

/* CIM power states that AvailableRequestedPowerStates lists in a host state; ends with 0. lms: the host's LMS runs. */
const uint8_t *profile_power_states(const struct profile *p, unsigned power_state, bool lms);

#endif
