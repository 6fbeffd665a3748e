/* amt.h - AMT interfaces: how the AMT of a device, or of something discovered, is reached (store_amt, set by people),
 * and what was learned of it (store_amt_state, written once per act).
 *
 * tls_pin, realm and transport are latches: zone/ lets only a person's command lower or change them. The digest
 * session lets the next request go out authenticated at once; after a restart its counter goes on at stored + 64. */
#ifndef STORE_AMT_H
#define STORE_AMT_H

#include "base/text.h"
#include "store/store.h"

struct arena;

enum store_amt_mode { STORE_AMT_MODE_NONE, STORE_AMT_MODE_SMB, STORE_AMT_MODE_ENTERPRISE };
enum store_tls_policy {
	STORE_TLS_POLICY_AUTO,
	STORE_TLS_POLICY_REQUIRE,
	STORE_TLS_POLICY_NEVER,
	STORE_TLS_POLICY_DEFAULT
};
enum store_transport { STORE_TRANSPORT_UNKNOWN, STORE_TRANSPORT_PLAIN, STORE_TRANSPORT_TLS };

const char *store_amt_mode_name(enum store_amt_mode m); /* "none", "smb", "enterprise" */
bool store_amt_mode_from_name(const char *name, enum store_amt_mode *ret);
const char *store_tls_policy_name(enum store_tls_policy p); /* "auto", "require", "never", "default" */
bool store_tls_policy_from_name(const char *name, enum store_tls_policy *ret);
const char *store_transport_name(enum store_transport t); /* "", "plain", "tls" */

struct store_amt {
	int64_t id;
	int64_t device, discovered; /* one of them is set */
	const char *host;           /* IPv4, IPv6 without brackets, or a name */
	int port_plain, port_tls;   /* 16992, 16993 */
	enum store_amt_mode mode;
	int64_t credential, server; /* 0 none */
	enum store_tls_policy tls_policy;
	bool old_tls; /* TLS 1.0 and 1.1 allowed for this one */
	int64_t changed_at;
};

struct store_amt_state {
	int64_t amt;
	struct uuid uuid;    /* nil: not read */
	const char *version; /* "11.8.79"; "" not read */
	enum store_transport transport;
	struct bytes tls_pin; /* SHA-256 of the leaf; BYTES_NONE: not pinned */
	const char *realm;    /* the latch; "" none yet */
	const char *digest;   /* digest_session_encode of the last session; "" none */
	int power;            /* number of amt/; 0 not read */
	int64_t power_at;
	int64_t seen_at;  /* last reply of any kind */
	int64_t last_act; /* 0 none, and the four below mean nothing */
	int last_verb, last_state, last_reason;
	int64_t last_at;
};

/* Adds the interface together with an empty state. ERR_EXISTS: the device or discovered thing has one already. */
int store_amt_add(struct db *db, const struct store_amt *m, struct err *e);
int store_amt_put(struct db *db, const struct store_amt *m, struct err *e); /* ERR_NOT_FOUND */
int store_amt_delete(struct db *db, int64_t id, struct err *e);             /* ERR_NOT_FOUND */
int store_amt_get(struct db *db, struct arena *a, int64_t id, struct store_amt *ret, struct err *e);
int store_amt_of_device(struct db *db, struct arena *a, int64_t device, struct store_amt *ret, struct err *e);
/* The three give ERR_NOT_FOUND. _put overwrites every field but the UUID: read, change, put in one transaction. */
int store_amt_state_get(struct db *db, struct arena *a, int64_t amt, struct store_amt_state *ret, struct err *e);
int store_amt_state_put(struct db *db, const struct store_amt_state *s, struct err *e);
/* What one act taught, in one statement. The latches tls_pin and realm are kept where they are set, and transport only
 * rises. */
struct store_amt_learned {
	int64_t amt;
	const char *version;            /* NULL keeps */
	enum store_transport transport; /* unknown keeps */
	struct bytes tls_pin;           /* BYTES_NONE: none seen */
	const char *realm, *digest;     /* NULL keeps */
	int power;                      /* 0 keeps */
	bool answered;                  /* seen at this time */
	int64_t last_act;
	int last_verb, last_state, last_reason;
	int64_t at;
};
int store_amt_state_learn(struct db *db, const struct store_amt_learned *l, struct err *e);    /* ERR_NOT_FOUND */
int store_amt_state_set_uuid(struct db *db, int64_t amt, const struct uuid *u, struct err *e); /* nil: forgets it */

/* Interfaces in which a boot choice stands, or may. */
int store_boot_left_put(struct db *db, int64_t amt, struct err *e);    /* fine when it is there */
int store_boot_left_delete(struct db *db, int64_t amt, struct err *e); /* fine when it is not */
typedef void (*store_boot_left_fn)(void *arg, int64_t amt);
int store_boot_left_list(struct db *db, store_boot_left_fn each, void *arg, struct err *e);

/* An interface with its device, for the list of devices that use a credential, a host or a UUID. */
struct store_amt_user {
	int64_t amt, device, discovered;
	const char *device_name; /* NULL: discovered only */
	const char *host;
};
typedef int (*store_amt_user_fn)(void *arg, const struct store_amt_user *row);
int store_amt_list_by_credential(struct db *db, int64_t credential, int64_t after_amt, int limit,
				 store_amt_user_fn each, void *arg, struct err *e);
int store_amt_list_by_uuid(struct db *db, const struct uuid *u, store_amt_user_fn each, void *arg, struct err *e);
int store_amt_list_by_host(struct db *db, const char *host, store_amt_user_fn each, void *arg, struct err *e);
/* Takes the credential away from every interface that uses it (forced deletion). */
int store_amt_clear_credential(struct db *db, int64_t credential, int64_t *ret_count, struct err *e);
int store_amt_count_mode(struct db *db, enum store_amt_mode mode, int64_t *ret, struct err *e); /* of devices */
int store_amt_count(struct db *db, int64_t *ret, struct err *e);

#endif
