/* act.h - what zone/ and wire/ say to each other: plain messages through mailboxes, declared once, here.
 *
 * An act is one verb on one device. zone decides, wire carries out and decides nothing. A power act goes round twice:
 *
 *   zone --act_start--> wire           reads; the precondition holds
 *   zone <--act_gate--- wire           stopped before the only step that changes power
 *   zone commits `sent` (R1, R2, R10)
 *   zone --act_gate_answer--> wire     lets that one request go, at most 2 s after the commit (R8), else taken back
 *   zone <--act_outcome-- wire         how it ended, and what it rests on
 *
 * Each start is answered by exactly one outcome, unless the process dies. act and fence identify the conversation: a
 * message with another fence is stale and is dropped by either side. Messages own what they carry; the reader frees
 * them with mail.free. One conversation per interface at any time is zone's duty. */
#ifndef AMT_ACT_H
#define AMT_ACT_H

#include "amt/boot.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "base/tls.h"
#include "codec/digest.h"
#include "codec/hello.h"
#include "codec/range.h"

enum verb {
#define VERB(name, number, order, changes, harmful, sentence) VERB_##name = (number),
#include "amt/verb.tbl.h"
#undef VERB
};

const char *verb_name(enum verb v); /* "on"; "?" for a number that is none */
bool verb_from_name(const char *name, enum verb *ret);
bool verb_changes_power(enum verb v);
bool verb_is_harmful(enum verb v);
bool verb_boots(enum verb v);   /* a boot choice goes with it */
bool verb_sets_up(enum verb v); /* adopt, provision, unprovision: how AMT is set up changes */
int verb_order(enum verb v);    /* the power state that is ordered; 0: none */
const char *verb_sentence(enum verb v);

enum power_state {
#define POWER_STATE(name, number, word, is_on, is_off) POWER_STATE_##name = (number),
#include "amt/power.tbl.h"
#undef POWER_STATE
};

const char *power_state_name(int state); /* the word for people; "other" for a number that is none */
bool power_state_is_on(int state);
bool power_state_is_off(int state);

enum tls_policy {
	/* Plain where the device takes it and never was reached by TLS, else TLS; and TLS for ever once it was. */
	TLS_POLICY_AUTO = 0,
	TLS_POLICY_REQUIRE = 1,
	TLS_POLICY_NEVER = 2,
};

#define ACT_HOST_SIZE       256
#define ACT_LOGIN_SIZE      64
#define ACT_SEALED_SIZE     256
#define ACT_DETAIL_SIZE     256
#define ACT_MESSAGE_ID_SIZE 48
#define ACT_VERSION_SIZE    24

/* How an AMT interface is reached; part of an order. */
struct act_interface {
	uint64_t id;
	char host[ACT_HOST_SIZE];      /* IPv4, IPv6 or name */
	uint16_t plain_port, tls_port; /* 16992, 16993 */
	enum tls_policy tls_policy;
	bool old_tls;
	bool has_pin;
	bool in_setup; /* it waits to be set up: we show our certificate, and it may ask for no login */
	bool factory;  /* the login is the factory's: nothing is sealed */
	bool tls_seen; /* it was reached by TLS before: never plain again (the latch) */
	bool has_uuid;
	uint8_t pin[TLS_PIN_SIZE];
	struct uuid uuid;               /* expected, where known */
	char version[ACT_VERSION_SIZE]; /* of the firmware, where known: tells its quirks; else "" */
	char login[ACT_LOGIN_SIZE];
	uint64_t credential;         /* id: the row of the sealed password */
	uint64_t credential_version; /* its version: part of the seal's place */
	uint16_t sealed_len;
	uint8_t sealed[ACT_SEALED_SIZE];
	struct digest_session digest; /* realm "" when there is none; else the realm is latched */
};

/* A login beside that of the interface: whose password it is, sealed for its credential. */
struct act_login {
	char login[ACT_LOGIN_SIZE];
	uint64_t credential; /* 0: none */
	uint64_t credential_version;
	uint16_t sealed_len;
	uint8_t sealed[ACT_SEALED_SIZE];
};

/* What goes with a change of how AMT is set up, and with any act on a device that such a change left half done. A login
 * that is refused is followed by the others: after a crash the device may have either. */
struct act_setup {
	struct act_login before; /* an earlier change that was not proven got so far, or not */
	struct act_login next;   /* what the admin of the device is to have; sealed_len 0: wire draws a password */
	bool has_pin;            /* PROVISION: of the certificate that this run, or an earlier one, issued */
	uint8_t pin[TLS_PIN_SIZE];
	char host_name[64];       /* PROVISION: for a device that has none; "" none is known */
	char fqdn[ACT_HOST_SIZE]; /* PROVISION: what its certificate is made out to */
	bool full;                /* UNPROVISION: also what a partial one keeps */
	bool told;                /* UNPROVISION: an earlier run was let go, so that a device that is gone is proof */
};

enum act_mode {
	ACT_RUN,    /* the verb's flow */
	ACT_SETTLE, /* reads only: was the order, sent at sent_at with message_id, obeyed? */
};

enum wire_mail {
	WIRE_ACT_START = 1,
	WIRE_ACT_GATE_ANSWER,
	WIRE_ACT_CANCEL,
	WIRE_SCAN_START,
	WIRE_SCAN_CANCEL,
	WIRE_CONFIG,
	WIRE_IDENTITY,
	WIRE_STOP, /* finish or give back what runs: each open act gets its outcome; then the thread ends */
};

struct act_start {
	struct mail mail; /* WIRE_ACT_START */
	uint64_t act;
	uint32_t fence;
	enum verb verb;
	enum act_mode mode;
	bool tell_answered;    /* ZONE_ACT_ANSWERED is wanted */
	enum boot_choice boot; /* of verbs that boot */
	bool boot_left;        /* an earlier act's choice may stand in the device: never to be used */
	struct act_interface at;
	struct act_setup *setup;              /* owned; NULL: none */
	int64_t give_up_after_ms;             /* from receipt: no new try of a read after this */
	int64_t observe_ms;                   /* on, off: how long the wanted state is waited for */
	int64_t sent_at_ms;                   /* SETTLE: wall time of the commit of `sent` */
	int power_before;                     /* SETTLE: enum power_state read before the order */
	char message_id[ACT_MESSAGE_ID_SIZE]; /* SETTLE */
};

/* Also used as WIRE_ACT_CANCEL: nothing that was not sent yet is sent any more; answered by an outcome. */
struct act_gate_answer {
	struct mail mail; /* WIRE_ACT_GATE_ANSWER */
	uint64_t act;
	uint32_t fence;
	bool go;
	int reason;                /* ERR_ code when !go */
	int64_t committed_boot_ms; /* clock_boot_ms read before the commit began */
};

/* Ranges, parsed and checked by zone against the allowed nets. Pings go out in an order spread over the range. */
struct scan_start {
	struct mail mail; /* WIRE_SCAN_START */
	uint64_t scan;
	struct range *ranges; /* owned: from mem_alloc and range_init */
	bool tcp;             /* also try TCP where no pong came */
	bool presence_only;   /* who answers is not looked at any closer */
	uint32_t rate;        /* pings a second; 0: as fast as the socket takes them */
	uint32_t passes;      /* most pings to one address; 0: 2 */
	uint16_t rmcp_port, plain_port, tls_port;
};

struct scan_cancel {
	struct mail mail; /* WIRE_SCAN_CANCEL */
	uint64_t scan;
};

/* Sent at start and whenever a setting changes. */
struct wire_config {
	struct mail mail;           /* WIRE_CONFIG */
	struct range *allowed_nets; /* owned, as above; checked again on the resolved address. NULL: none is allowed */
	bool allow_loopback;
	bool reverse_names;                       /* host names are looked up for what scans find */
	int64_t connect_ms, head_ms, exchange_ms; /* 5 s, 10 s, 30 s */
	uint32_t handshakes_at_once;              /* TLS handshakes under way (each is memory and CPU) */
};

/* A certificate with its sealed key, as it is kept: place "certificate", row, "key", key_version. DER. */
struct wire_certificate {
	uint64_t row, key_version;
	struct bytes cert, chain, key;
};

/* Who this server is towards devices that it sets up. Sent before the first order that needs it, and when it changes.
 */
struct wire_identity {
	struct mail mail;                  /* WIRE_IDENTITY */
	struct wire_certificate client;    /* the management certificate */
	struct wire_certificate authority; /* issues the certificates of devices */
	uint8_t bytes[];                   /* what they point to */
};

enum zone_wire_mail {
	ZONE_ACT_GATE = 100,
	ZONE_ACT_ANSWERED, /* a struct act_gate: its order was answered, what follows only reads; if tell_answered says
			      so */
	ZONE_ACT_OUTCOME,
	ZONE_SIGHTING,
	ZONE_SCAN_PROGRESS,
	ZONE_SCAN_END,
	ZONE_WIRE_ROOM, /* wire can take acts again after its mailbox was full */
};

/* What zone must have on disk before a step that sets up AMT may be taken. Such a step may be repeated, so its act
 * stays claimed, and is run again from its start after a crash. */
struct act_keep {
	const char *step;    /* its name; a constant text */
	uint64_t credential; /* of the login that the device has now */
	uint16_t sealed_len; /* of the password of setup.next, where wire has drawn it; else 0 */
	uint8_t sealed[ACT_SEALED_SIZE];
	bool has_pin; /* of the certificate that the device is to show */
	uint8_t pin[TLS_PIN_SIZE];
};

struct act_gate {
	struct mail mail; /* ZONE_ACT_GATE, ZONE_ACT_ANSWERED */
	uint64_t act;
	uint32_t fence;
	bool keeps; /* keep is what it is about; else the only order of an act that changes power */
	struct act_keep keep;
	int power_before;                     /* enum power_state */
	char message_id[ACT_MESSAGE_ID_SIZE]; /* of the order that waits */
};

enum act_end {
	ACT_END_DONE,     /* matched reply, or evidence */
	ACT_END_ALREADY,  /* the wanted state was there; nothing that changes power was sent */
	ACT_END_FAILED,   /* proven not done, or the wanted state was not reached in time */
	ACT_END_NOT_SENT, /* a read failed, or the sender proves that no byte of the order left: may be queued again */
	ACT_END_REFUSED,  /* the order was wholly refused for now (busy, nonce too old): may be queued again */
	ACT_END_DOUBT,    /* the order may have been obeyed and nothing tells */
	ACT_END_NOT_DONE, /* SETTLE: evidence of absence as rule R6 wants it */
};

enum act_evidence {
	ACT_EVIDENCE_NONE,
	ACT_EVIDENCE_REPLY,    /* 200, RelatesTo is our MessageID, ReturnValue 0 */
	ACT_EVIDENCE_OBSERVED, /* the power state was seen to be, or to change */
	ACT_EVIDENCE_AUDIT,    /* the device's audit log says it was us */
};

/* What a conversation taught about the interface; has_x says what is set. */
struct act_learned {
	bool answered;   /* the device answered at all */
	bool has_digest; /* store, replaces the old session; the counter goes on from here */
	bool has_pin;    /* first TLS contact: pin this leaf */
	bool used_tls;
	bool has_uuid;
	bool has_version;
	bool has_mode;
	struct digest_session digest;
	uint8_t pin[TLS_PIN_SIZE];
	struct uuid uuid;
	char version[ACT_VERSION_SIZE];
	int mode;            /* 1 smb, 2 enterprise (TLS), 0 none */
	uint64_t credential; /* whose login was good last; 0: none was */
};

struct act_outcome {
	struct mail mail; /* ZONE_ACT_OUTCOME */
	uint64_t act;
	uint64_t interface;
	uint32_t fence;
	enum act_end end;
	int reason; /* ERR_ code; 0 with DONE and ALREADY */
	enum act_evidence evidence;
	int device_status;             /* ReturnValue or HTTP status where there was one */
	int power_before, power_after; /* enum power_state; UNKNOWN: not read */
	uint16_t requests;             /* written to the device in this run */
	bool boot_left;                /* a boot choice of ours stands in the device, or may */
	const char *step; /* of verbs that set up: where it ended; a constant text. NULL: before the first */
	struct act_learned learned;
	char detail[ACT_DETAIL_SIZE]; /* one line for a person: the cause, or what a test found; may be empty */
};

/* Copies text, which may hold a stranger's bytes: what is not printable UTF-8 is escaped, what does not fit is cut. */
void act_outcome_set_detail(struct act_outcome *o, const char *text);

/* What a device said of itself when it asked to be set up. */
struct sighting_hello {
	bool admin_set;  /* its password was changed from the factory's */
	uint8_t version; /* enum hello_version */
	uint32_t retry;
	char pid[HELLO_PID_LEN + 1]; /* PSK; else "" */
	uint16_t hashes_len;
	uint8_t hashes[]; /* PKI: of the roots that it trusts, as in the message: type, length, bytes (hello_hash_next)
			   */
};

/* Something that may be an AMT interface. A hint only: never a cause of power or provisioning. */
struct sighting {
	struct mail mail;         /* ZONE_SIGHTING */
	uint64_t scan;            /* 0: unasked (hello) */
	char address[64];         /* text of the IP address */
	char host[ACT_HOST_SIZE]; /* its name by reverse DNS; "" not known */
	bool rmcp, tcp;           /* how it was seen */
	bool has_plain, has_tls;  /* plain, tls are known */
	bool plain, tls;
	bool has_uuid;
	struct uuid uuid;
	int provisioning; /* 0 not configured, 1 in setup, 2 configured, -1 unknown */
	int note;         /* ERR_TOO_OLD and the like; 0 */
	char version[ACT_VERSION_SIZE];
	char realm[DIGEST_FIELD_SIZE];
	struct sighting_hello *hello; /* owned; NULL: none */
};

struct scan_progress {
	struct mail mail; /* ZONE_SCAN_PROGRESS, ZONE_SCAN_END */
	uint64_t scan;
	uint64_t total, done, found;
	uint32_t rate;
	int64_t left_ms; /* -1: unknown */
	int reason;      /* END: 0, ERR_CANCELLED, ERR_PRIVILEGE, ... */
	char detail[ACT_DETAIL_SIZE];
};

/* Allocates a zeroed message of the right size with mail.kind and mail.free set. free wipes nothing: passwords are
 * sealed. */
struct act_start *act_start_new(void);
struct act_gate_answer *act_gate_answer_new(enum wire_mail kind);
struct scan_start *scan_start_new(void);
struct scan_cancel *scan_cancel_new(void);
struct wire_config *wire_config_new(void);
/* Copies what the two point to. */
struct wire_identity *wire_identity_new(const struct wire_certificate *client,
					const struct wire_certificate *authority);
struct act_gate *act_gate_new(void);
struct act_outcome *act_outcome_new(void);
struct sighting *sighting_new(void);
struct scan_progress *scan_progress_new(enum zone_wire_mail kind);

#endif
