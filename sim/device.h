/* device.h - one simulated AMT device: who it is and what it is doing. What never changes (UUID, names, addresses,
 * serial numbers) is computed from the seed and its number whenever somebody asks; what strangers change is kept in
 * struct more (more.h), which an untouched device does not have. An idle device holds no file, timer or buffer. */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "base/text.h"
#include "power.h"
#include "profile.h"

struct sim;
struct setup;
struct more;
struct err;

enum device_mode {
	DEVICE_FACTORY,    /* not set up: its ports are closed */
	DEVICE_SETUP,      /* waits to be set up over the network: TLS for the set-up server only */
	DEVICE_SMB,        /* set up by hand in MEBx */
	DEVICE_ENTERPRISE, /* set up by a server: admin control mode */
	DEVICE_CLIENT,     /* set up by a program of the host: client control mode */
};

struct counters {
#define COUNTER(id, sentence) uint64_t id;
#include "counter.tbl.h"
#undef COUNTER
};
#define COUNTER_COUNT (sizeof(struct counters) / sizeof(uint64_t))
extern const char *const counter_names[COUNTER_COUNT];
uint64_t counter_get(const struct counters *c, size_t i);
void counters_sum(struct counters *to, const struct counters *from);

#define DEVICE_TLS   1u  /* 16993 is open */
#define DEVICE_PLAIN 2u  /* 16992 is open */
#define DEVICE_HA1   4u  /* ha1 is made */
#define DEVICE_AUDIT 8u  /* auditing of power acts is on */
#define DEVICE_REALM 16u /* the realm is another one for a while (fault) */
#define DEVICE_OWN   32u /* its self-signed certificate is among those it lists */

struct device {
	uint32_t number;
	uint8_t profile;      /* place in profiles[] */
	uint8_t mode;         /* enum device_mode */
	uint8_t wrong_logins; /* in a row */
	uint16_t flags;
	uint16_t tls_epoch;   /* TLS sessions of other epochs are not resumed */
	uint16_t realm_epoch; /* a new realm per unprovisioning */
	uint16_t identity;    /* other than 0: another machine has taken the address */
	uint16_t open;        /* connections */
	uint16_t contexts;    /* last enumeration context given */
	uint32_t serial;      /* of the last MessageID */
	uint32_t nonce_count; /* highest seen with nonce_seen */
	uint64_t nonce_seen;  /* hash of the nonce used last */
	uint64_t nonce_epoch; /* nonces of other epochs are stale */
	int64_t heard_ms;     /* last request, mono; for the sleep of the controller */
	int64_t began_ms;     /* first request after a pause, wall */
	uint32_t answer_ms;   /* how long the answer to the last request takes */
	uint8_t ha1[16];      /* of admin, current realm and password */
	struct power power;
	struct counters count;
	struct setup *setup; /* what set-up left; NULL: nothing that is not from the start */
	struct more *more;
};

void device_init(struct sim *s, struct device *d, uint32_t number, uint8_t profile);
void device_release(struct device *d);

const struct profile *device_profile(const struct device *d);
uint32_t device_address(const struct sim *s, const struct device *d); /* host order */
struct device *device_at(struct sim *s, uint32_t address);            /* NULL: nobody has this address */
/* By number ("#17"), address, host name or UUID. NULL: not found. */
struct device *device_find(struct sim *s, const char *text);

/* Brings power to the present and does what a boot does (boot options are used up, the event log grows). */
void device_settle(struct sim *s, struct device *d);
/* By hand, at once, whatever the state; also a boot. */
void device_force(struct sim *s, struct device *d, enum power_state state);
/* The device's own clock, UTC seconds. */
int64_t device_clock_s(const struct sim *s, const struct device *d);
/* A request has come: wakes the controller, and says how many ms its answer takes. */
int64_t device_hear(struct sim *s, struct device *d);
bool device_is_set_up(const struct device *d);
bool device_port_is_open(const struct device *d, bool tls);
/* Opens the ports that mode and profile ask for; tls: TLS where there is a choice. */
void device_set_mode(struct sim *s, struct device *d, enum device_mode mode, bool tls);
/* Sets the admin's password. */
void device_set_password(struct sim *s, struct device *d, struct bytes password);
/* Makes true what the faults address-taken (another machine, with other UUID, names and realm but the same password,
 * until the first comes back) and realm-changed say. */
void device_apply_faults(struct sim *s, struct device *d);
/* The password of its admin, as long as it is known in clear. */
struct bytes device_password(const struct sim *s, const struct device *d);

/* 64 bits that belong to this device and what: always the same. */
uint64_t device_hash(const struct sim *s, const struct device *d, const char *what);

#define DEVICE_TEXT_SIZE 64
struct uuid device_uuid(const struct sim *s, const struct device *d);
void device_realm(const struct sim *s, const struct device *d, char to[DEVICE_TEXT_SIZE]); /* "Digest:..." */
void device_address_text(const struct sim *s, const struct device *d, char to[DEVICE_TEXT_SIZE]);
/* Host name as AMT_GeneralSettings has it. */
void device_name(const struct sim *s, const struct device *d, char *to, size_t to_size);
void device_mac(const struct sim *s, const struct device *d, unsigned port, uint8_t to[6]);
void device_serial(const struct sim *s, const struct device *d, const char *what, char to[DEVICE_TEXT_SIZE]);

#endif
