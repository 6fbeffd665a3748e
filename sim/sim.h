/* sim.h - amtsim: from one to 100,000 Intel AMT devices in one process, on addresses of the loopback net, faithful
 * enough for clients that others wrote. It uses base and codec and nothing else of Lamplighter.
 *
 * profile   what differs between firmware generations      device    who a device is, what it is doing
 * power     the host's power states                        more      what strangers changed in a device
 * setting   what can be switched                           mebx      setting a device up by hand
 * listen    sockets and who they belong to                 http      one HTTP conversation
 * login     digest nonces and passwords                    tls       keys, certificates, protocol ranges
 * operation Get, Put, Enumerate, ... on classes            class     how classes are written down
 * classes/  the classes themselves                         eventlog, audit   the device's two logs
 * ping      RMCP on UDP 623                                fault     what goes wrong on purpose
 * setup     how far a device is set up, and the way back   trust     whose certificates it takes
 * announce  the hellos of devices that wait               usb       starting from a USB key
 * control   the socket for "amtsim ctl"                    ctl       that program
 *
 * One thread; everything runs from its loop. An act is obeyed when its request has been read, its answer leaves after
 * the delay that was asked for, and the host's power changes some time after that. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/loop.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/secret.h"
#include "device.h"
#include "setting.h"

struct xml_parser;
struct faults;
struct listeners;
struct http_server;
struct tls_keys;
struct contexts;
struct control;
struct ping;
struct announces;

#define SIM_MAX_DEVICES 100000
#define SIM_MAX_EACH    256  /* up to so many devices have sockets of their own by default, */
#define SIM_MAX_OWN     4096 /* and so many when it is asked for */

enum sim_tls {
	SIM_TLS_PROFILE, /* plain, or TLS where the firmware offers nothing else */
	SIM_TLS_ON,      /* TLS instead of plain */
	SIM_TLS_BOTH,
};

struct sim_options {
	uint32_t devices;
	uint32_t net, net_mask; /* host order */
	const char *profile;    /* a name of profile.tbl.h or "mixed" */
	uint64_t seed;
	const char *control; /* path of the control socket; NULL: none */
	enum device_mode mode;
	enum power_state power;
	enum sim_tls tls;
	const char *domain; /* DNS domain of all devices; "" for none */
	int64_t delay_ms;   /* of each answer, the least */
	int64_t delay_span; /* by how many ms an answer may take longer, by chance */
	bool sleepy;        /* preset s5: slow first answer after silence, slow while the host is off */
	bool each;          /* sockets of their own for each device, instead of one on all addresses */
	bool audit;         /* power acts are audited */
	bool driven;        /* the clock moves only by "ctl clock" */
	uint16_t port_plain, port_tls, port_rmcp;
};

/* One power request that a device obeyed. */
struct act {
	int64_t time_ms;    /* wall */
	int64_t began_ms;   /* wall; when the client began to talk to the device, after it had let it be for a while */
	uint32_t answer_ms; /* how long the answer takes, unless a fault changes that */
	uint32_t device;
	uint8_t act; /* enum power_act */
	char message_id[51];
	const char *boot; /* what the act boots into by a client's choice: a word of boot_next; NULL: none */
};
#define SIM_MAX_ACTS 2000000

struct sim {
	struct sim_options opt;
	struct settings set;
	struct secret password;
	struct clock *clock;
	struct loop *loop;
	int64_t start_ms; /* mono */
	struct device *devices;
	uint32_t first; /* address of device 0, host order */
	struct act *acts;
	size_t act_count, act_cap;
	struct xml_parser *xml;
	struct faults *faults;
	struct listeners *listeners;
	struct http_server *http;
	struct tls_keys *tls;
	struct contexts *contexts;
	struct control *control;
	struct ping *ping;
	struct announces *announces;
	uint8_t nonce_key[16];
	uint64_t nonces; /* given */
};

int64_t sim_now(struct sim *s); /* mono ms */

/* Notes an obeyed act; boot as in struct act. */
void sim_note_act(struct sim *s, struct device *d, enum power_act act, struct bytes message_id, const char *boot);

/* Makes the devices; nothing is open yet. The options must be valid. */
struct sim *sim_new(const struct sim_options *opt, const struct settings *set, struct bytes password);
/* Opens what the devices listen on, and the control socket. */
int sim_open(struct sim *s, struct err *e);
void sim_run(struct sim *s); /* until SIGTERM, SIGINT or "ctl stop" */
void sim_free(struct sim *s);

#endif
