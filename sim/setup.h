/* setup.h - how a device gets from the factory to being managed: what MEBx, a USB key or the host's agent left in its
 * flash (password, hashes, server, names), the time in which it may be set up over the network, why it refused, and
 * the way back. Only devices that were touched have a struct setup; it survives unprovisioning. What the network asks
 * for while a device is set up is in classes/setup.c, the hellos are in announce.h, the check of a chain in trust.h.
 * Source: Intel AMT guide, "Setup and Configuration"; HP and Altiris papers for the times. */
#ifndef SIM_SETUP_H
#define SIM_SETUP_H

#include "base/buf.h"
#include "base/loop.h"
#include "device.h"

struct err;
struct exchange;
struct announce;
struct trust;

enum refusal {
	REFUSED_NOT,
#define REFUSAL(id, word, error, alert, sentence) REFUSED_##id,
#include "refusal.tbl.h"
#undef REFUSAL
	REFUSED_COUNT
};

struct refusal_row {
	const char *word, *alert, *sentence;
};
extern const struct refusal_row refusal_rows[REFUSED_COUNT]; /* [REFUSED_NOT] is empty */

enum hash_type { HASH_SHA1 = 1, HASH_SHA256, HASH_SHA384 }; /* as in hellos and setup.bin */

#define HASH_SIZE_MAX       48
#define HASH_NAME_SIZE      33
#define SETUP_USER_HASHES   3 /* Intel AMT guide, MEBx of AMT 6 */
#define SETUP_HOST_SIZE     256
#define SETUP_PID_LEN       8
#define SETUP_PPS_LEN       32
#define SETUP_OTP_LEAST     8
#define SETUP_OTP_MOST      32
#define SETUP_PASSWORD_SIZE 33

struct cert_hash {
	uint8_t type; /* enum hash_type */
	uint8_t len;
	bool active;
	bool builtin;
	uint8_t value[HASH_SIZE_MAX];
	char name[HASH_NAME_SIZE];
};

/* Of devices that do not exist, so nothing here is a secret. */
struct setup {
	struct sim *s;
	struct device *d;
	char mebx[SETUP_PASSWORD_SIZE]; /* "": still "admin" */
	char pid[SETUP_PID_LEN + 1], pps[SETUP_PPS_LEN + 1];
	char otp[SETUP_OTP_MOST + 1];
	char *suffix;      /* PKI DNS suffix; NULL: none */
	char *server_fqdn; /* NULL: none */
	char *dhcp_suffix; /* of option 15; NULL: the domain of all devices, "" none */
	uint32_t server;   /* IPv4, host order; 0: none */
	uint16_t port;     /* 0: 9971 */
	bool remote_off;   /* remote configuration (zero touch) is switched off */
	bool builtin_off;  /* pre-installed hashes are switched off */
	bool client_off;   /* client control mode is forbidden from now on */
	bool opened;       /* the network interface was open once: the next window is the short one */
	bool admin_set;    /* the admin's password was set in this set-up */
	bool clock_set;
	uint8_t refused; /* enum refusal: the last one */
	uint8_t user_count;
	struct cert_hash user[SETUP_USER_HASHES];
	uint32_t builtin_changed; /* bit per built-in hash: it is not as active as it came */
	uint32_t refusals;
	uint32_t nonces;                   /* ConfigurationNonce: how often it was renewed */
	int64_t closes_ms, first_hello_ms; /* mono; first_hello_ms 0: none yet */
	struct loop_timer window;
	struct announce *announce; /* NULL: says no hello */
	struct trust *record;      /* of the set-up that ended well; NULL: by hand */
	int64_t record_s;          /* the device's clock then */
	void *chain;               /* STACK_OF(X509): by AddNextCertInChain, or of the present TLS session */
	struct trust *pending;     /* what the session that sets it up showed */
};

struct setup *setup_get(struct sim *s, struct device *d); /* made when it is not there */
void setup_free(struct setup *p);                         /* NULL is fine */

/* The password of MEBx: "admin" from the factory, that of all devices where set-up is where they begin. */
struct bytes setup_password(const struct sim *s, const struct device *d);
bool setup_password_is_factory(const struct device *d);
void setup_set_password(struct sim *s, struct device *d, struct bytes password); /* checked by the caller */

/* Hash i of all that the device knows: those of the firmware, then the user's. False past the end. */
bool setup_hash_at(const struct sim *s, const struct device *d, unsigned i, struct cert_hash *ret);
/* Does this firmware take hashes of the type? */
bool setup_takes_hash(const struct device *d, enum hash_type type);
/* May a hello tell it, and a chain end in it? Faults considered. */
bool setup_hash_counts(const struct sim *s, const struct device *d, const struct cert_hash *h);
/* ERR_TOO_BIG (a fourth), ERR_EXISTS, ERR_UNSUPPORTED (type), ERR_INVALID (size, name). */
int setup_hash_add(struct sim *s, struct device *d, enum hash_type type, struct bytes value, const char *name,
		   struct err *e);
/* By name. ERR_NOT_FOUND; ERR_NOT_ALLOWED: built in, so it can only be disabled. */
int setup_hash_delete(struct sim *s, struct device *d, const char *name, struct err *e);
int setup_hash_enable(struct sim *s, struct device *d, const char *name, bool on, struct err *e);
void setup_hash_clear(struct sim *s, struct device *d); /* all of the user's */

/* The suffix that a certificate must fit, and where it is from; "" when there is none. */
const char *setup_suffix(const struct sim *s, const struct device *d, bool *ret_secure);
const char *setup_dhcp_suffix(const struct sim *s, const struct device *d); /* "": option 15 is missing */
bool setup_uses_psk(const struct device *d);
/* The name of its mode for people: factory, setup, smb, enterprise, client. */
const char *setup_mode_name(const struct device *d);

/* Opens the network interface for being set up and begins to say hello. REFUSED_NOT, or why nothing happens. */
enum refusal setup_open(struct sim *s, struct device *d);
/* So many hours from now on, never past 255 hours after the first hello; 0 closes at once. */
void setup_extend(struct sim *s, struct device *d, unsigned hours);
void setup_close(struct sim *s, struct device *d);
/* Mono ms at which the interface closes; 0: it is not open for set-up. */
int64_t setup_closes_ms(const struct device *d);
/* Waits to be set up, but a fault has closed its port. */
bool setup_is_shut(const struct sim *s, const struct device *d);
/* The same for its hellos. */
bool setup_is_silent(const struct sim *s, const struct device *d);
/* A set-up server has got through to the device. */
void setup_reached(struct sim *s, struct device *d);
/* Notes a refusal. */
void setup_refuse(struct sim *s, struct device *d, enum refusal why);

/* It is set up now: mode ENTERPRISE or CLIENT. Ends the hellos. */
void setup_done(struct sim *s, struct device *d, enum device_mode mode);

/* By IPS_HostBasedSetupService.Setup on the host: client control mode, user consent for everything. */
void setup_activate_client(struct sim *s, struct device *d, struct bytes password);

enum setup_forget {
	SETUP_PARTIAL, /* server, hashes, names and the admin's password stay; the device asks to be set up again */
	SETUP_FULL,    /* only the MEBx password stays */
	SETUP_FACTORY, /* nothing stays, as after clearing CMOS */
};
void setup_forget(struct sim *s, struct device *d, enum setup_forget what);

#endif
