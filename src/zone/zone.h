/* zone.h - the rules of the zone, and the only writer of its database.
 *
 * zone/ is a deterministic state machine. A round takes what lies in the mailboxes (people's commands first), opens one
 * transaction, handles every message, commits, and only then lets go of what it decided: orders to wire, events and
 * answers to api. Time and chance come in as parameters, so that the same messages, clock and seed give the same
 * database and the same outputs. It opens no socket; wire and api are mailboxes to it. A command that starts a job or a
 * scan is answered as soon as that is on disk; what becomes of it is told by events.
 *
 * Entry points: lampd starts the thread with zone_start and stops it with zone_stop; tests drive struct zone itself
 * with zone_round (zone/machine.h). */
#ifndef ZONE_ZONE_H
#define ZONE_ZONE_H

#include "base/buf.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "codec/api.h"
#include "pki/ca.h"

struct clock;
struct err;
struct person; /* directory/person.h */
struct zone_thread;

/* Messages of api to the zone. */
enum zone_api_mail {
	ZONE_COMMAND = 1,
	ZONE_STOP,
	ZONE_CERTIFICATE,
	ZONE_USED,
	ZONE_REFUSED,
	ZONE_PERSON,
};

/* Who asks, as api found out: by the kernel, by a session or by a token. What he may do is looked up where it is asked
 * (zone/entitle.h). */
enum principal_kind { PRINCIPAL_NOBODY, PRINCIPAL_LOCAL, PRINCIPAL_SESSION, PRINCIPAL_TOKEN };
struct principal {
	enum principal_kind kind;
	int64_t id;      /* of the session or token */
	int64_t admin;   /* of the session; who owns the token; 0 nobody */
	char name[64];   /* "root (local)", "admin alice", "token ci": for audit and job */
	char source[64]; /* address, or "local" */
};

/* What comparing a password gave; the comparing takes time, so a worker does it. For LOGIN, and for the present
 * password of ADMIN_PASSWORD. What a user source says of somebody comes as a struct person instead. */
struct proof {
	int64_t admin, version; /* the account and the version of its password; 0: there is none of this name */
	bool matches;
};

/* What api drew for the records of a file for USB keys: sealed as store/setup_file.h says, with ids that are drawn as
 * those of credentials. Lives in the call's arena. */
struct zone_setup_record {
	int64_t id;
	struct bytes password, pps; /* sealed; no pps: empty */
	const char *pid;            /* "" none */
};
struct zone_setup {
	const char *version, *fqdn, *suffix;
	const struct zone_setup_record *records;
	size_t count;
};

/* What a worker made or read for a command about certificates, for the zone to keep. Keys are sealed for the row with
 * this id: place table "certificate" (REQUEST_ADD: "certificate_request"), field "key", version 1. */
struct zone_made {
	int64_t id;               /* drawn */
	int64_t from;             /* CREATE, BACKUP: the root that was used; IMPORT: the request it answers; 0 none */
	struct pki_stored stored; /* REQUEST_ADD: cert is the PKCS#10 */
	int64_t root_id;          /* CREATE: there was no root, so this one was made; 0: there was */
	struct pki_stored root;
	unsigned notices; /* IMPORT: enum pki_notice */
	const char *name; /* REQUEST_ADD: common name; lives with the call */
	struct buf file;  /* BACKUP */
};
struct zone_made *zone_made_new(void);
void zone_made_free(struct zone_made *m); /* NULL is fine */

/* Secrets that a call carries are sealed by api for their place, which the zone checks:
 * - password of CREDENTIAL_ADD: row is the id that the credential will have, which api draws at random between 2^40 and
 *   2^53 - 1; version 1. Place: table "credential", field "secret".
 * - password of CREDENTIAL_SET: row is the credential's id and version its version + 1, as api read them; ERR_CONFLICT
 *   when they changed meanwhile.
 * - secret of TARGET_ADD and TARGET_SET: the same, in the table "sink"; of SOURCE_ADD and SOURCE_SET: in "user_source".
 * - passwords of administrators (SETUP, ADMIN_ADD, ADMIN_PASSWORD): an argon2id string. Those that are only compared
 *   (LOGIN, current-password) are empty; the proof says what came of it.
 * - LOGIN: as TOKEN_ADD, for the object "login". SETUP: token_hash is of the setup token that was given.
 * - SETUP_FILE_ADD: passwords stay with api; what it drew and sealed comes in setup. The answer ends in "file":null}.
 * - passwords of files of certificates are used by the worker and are empty here.
 * - TOKEN_ADD: api makes the secret and sends its SHA-256 only. The answer is the object "token" that ends in
 *   "token":null} and api puts the secret in place of the null. */
struct zone_command {
	struct mail mail; /* ZONE_COMMAND */
	uint64_t request; /* api's; comes back with the answer */
	struct principal by;
	struct api_call *call;  /* owned: arguments checked against the table, secrets sealed */
	uint8_t token_hash[32]; /* TOKEN_ADD, LOGIN, SETUP */
	struct proof proof;
	const struct zone_setup *setup; /* SETUP_FILE_ADD */
	struct person *person;          /* owned; LOGIN, SOURCE_TEST: what a user source says; NULL: none was asked */
	struct zone_made *made;         /* owned; of commands about certificates */
};

/* A user source was asked about an account that is logged in. */
struct zone_person {
	struct mail mail; /* ZONE_PERSON */
	int64_t admin;
	struct person *person; /* owned */
};

/* A session or token was used, a minute or more after the last time. */
struct zone_used {
	struct mail mail; /* ZONE_USED */
	struct principal by;
};

/* api refused a request by itself: for the audit. */
struct zone_refused {
	struct mail mail; /* ZONE_REFUSED */
	struct principal by;
	char action[64]; /* command, or "request" */
	int code;
	char why[256];
};

/* Zeroed, with mail.kind and mail.free set. */
struct zone_command *zone_command_new(void);
struct zone_used *zone_used_new(void);
struct zone_refused *zone_refused_new(void);
struct zone_person *zone_person_new(void);

/* Ids of rows that are sealed before the zone has seen them: apart from those that it gives itself. */
#define ZONE_DRAWN_ID(random)                                                                                          \
	(int64_t)((UINT64_C(1) << 40) + (uint64_t)(random) % ((UINT64_C(1) << 53) - (UINT64_C(1) << 40)))

/* Of lampd: a certificate that was made for this server (or the zone's root, which is dropped when there is one by
 * now). Not answered: mail.free is called when it is on disk, or was refused; who sent it then reads what is there. */
struct zone_certificate {
	struct mail mail;       /* ZONE_CERTIFICATE */
	int64_t id;             /* drawn; place of the sealed key: table "certificate", field "key", version 1 */
	const char *kind;       /* STORE_CERTIFICATE_... */
	struct bytes cert, key; /* owned by the message's maker */
	int64_t not_before, not_after;
};

/* Messages of the zone to api, after the commit. */
enum api_zone_mail {
	API_ANSWER = 1,
	API_EVENTS,
	API_PROGRESS,
	API_STOPPED, /* the zone has stopped: no more answers will come */
	API_RECHECK,
};

/* Accounts about which their user sources have to be asked: a struct zone_person comes back for each, or nothing when
 * there is too much to do: they are asked for again. */
#define API_RECHECK_MAX 50
struct api_recheck {
	struct mail mail; /* API_RECHECK */
	size_t count;
	struct {
		int64_t admin, source;
		char login[64];
	} at[API_RECHECK_MAX];
};

struct api_answer {
	struct mail mail; /* API_ANSWER */
	uint64_t request;
	int status;      /* HTTP status */
	uint64_t before; /* seq of the last event before the transaction that made the answer */
	struct buf body; /* JSON, empty for 204 */
};

struct zone_event {
	uint64_t seq;
	uint64_t job; /* 0: none; for the filter */
	uint64_t scan;
	const char *kind; /* a constant text */
	bool of_rights;   /* somebody may do less from now on: who follows is asked anew who he is */
	struct buf json;  /* the whole event object */
};

/* Committed events in order; API_PROGRESS: volatile ones (last value only, seq 0). */
struct api_events {
	struct mail mail;
	size_t count;
	struct zone_event *events;
};

struct zone_deps {
	const char *database; /* target for store_open */
	struct clock *clock;
	uint64_t seed;
	const char *server_name, *fqdn;
	/* ranges that are allowed beside the setting allowed-nets, also of loopback; NULL: none */
	const char *allow_nets;
	bool has_setup; /* the first administrator may be made with the token whose SHA-256 this is */
	uint8_t setup_hash[32];
	/* For the MACs of the audit (store/audit.h), borrowed; BYTES_NONE: it has none. is_new: nothing was written
	 * with this key so far. */
	struct bytes audit_key;
	bool audit_is_new;
	struct uuid machine; /* SMBIOS UUID of this computer; nil: unknown. Its own device is protected */
	bool crash_points;   /* test builds: die at the named point of LAMPD_CRASH */
	bool no_sync;        /* tests: do not wait for the disk at commits */
	struct mailbox *to_wire;
	struct mailbox *to_api;
	struct mailbox *to_post; /* NULL: messages are passed on to nobody */
};

/* Opens the database, migrates it, does what the start of a server needs (epoch, acts of older epochs), then runs the
 * thread. Fails with the store's errors before any thread exists. */
int zone_start(const struct zone_deps *deps, struct zone_thread **ret, struct err *e);
struct mailbox *zone_commands(struct zone_thread *z); /* for api: read first */
struct mailbox *zone_messages(struct zone_thread *z); /* for wire */
/* Asks for the end: a last round is committed, wire's outcomes are waited for up to wait_ms. */
void zone_stop(struct zone_thread *z, int wait_ms);
/* After zone_stop: waits for the end of the thread. Its mailboxes take messages until zone_free, for nobody; so free it
 * when neither api nor wire run any more, and free those when this thread runs no more. */
void zone_join(struct zone_thread *z);
void zone_free(struct zone_thread *z); /* after zone_stop; joins, if nobody has. NULL is fine */

#endif
