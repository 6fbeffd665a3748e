/* more.h - what a device has become through what strangers did to it: changed properties, made instances, users, logs,
 * boot options, consent, certificates. Allocated when it is first needed. */
#ifndef SIM_MORE_H
#define SIM_MORE_H

#include "base/buf.h"
#include "base/list.h"

struct device;

/* A property whose value is no longer the one computed. */
struct change {
	struct change *next;
	const char *class_name; /* of the class table: compared by pointer */
	const char *prop;       /* as above */
	uint32_t instance;
	uint32_t count; /* values; 0: NULL */
	char values[];  /* each ends with NUL */
};

/* An instance that was made at run time (certificate, key pair, alarm, ...). */
struct object {
	struct object *next;
	const char *class_name;
	uint32_t id; /* its instance number; unique in its class, above those of static instances */
};
#define MORE_OBJECT_FIRST 1000u /* instance numbers from here on belong to objects */
#define MORE_OBJECTS_MAX  64    /* of one device */
#define MORE_VALUE_MAX    8192  /* bytes of one property's values */

struct user {
	struct user *next;
	uint32_t handle;
	char name[17];
	uint8_t ha1[16];
	uint8_t permission; /* 0 local, 1 network, 2 any */
	bool enabled;
	uint32_t realms; /* bit per number */
};

struct log {
	uint8_t *p; /* records, oldest first: each a be16 length and its bytes */
	size_t len, cap;
	uint32_t count;
	uint32_t lost; /* dropped at the old end */
};

struct more {
	struct change *changes;
	struct object *objects;
	struct user *users;
	struct log events, audit;
	void *certificate; /* X509 of the TLS port; tls.c */
	uint32_t next_object;
	uint32_t next_user;
	bool events_cleared; /* the records made from the seed are gone too */
	bool events_frozen;
	bool audit_off;
	/* boot */
	bool boot_role;       /* "is next single use" */
	char boot_source[64]; /* InstanceID of the CIM_BootSourceSetting, "" for none */
	const char *booted;   /* what the last boot was into: a word of boot_next; NULL: "default" */
	/* user consent */
	uint8_t optin_state;
	uint8_t optin_tries;
	uint32_t optin_code;
	int64_t optin_at;       /* mono ms of the last change of state */
	int64_t clock_offset_s; /* of the device's clock against ours */
	bool tls_staged;        /* AMT_TLSSettingData changed, not yet committed */
	void *serving;          /* what the TLS port shows instead of its own certificate; tls.c */
	struct more *owner;     /* another machine has the address: what belongs to the first */
};

struct more *more_get(struct device *d); /* made when it is not there */
void more_free(struct more *m);          /* NULL is fine */

/* NULL: not changed. */
const struct change *more_change(const struct device *d, const char *class_name, uint32_t instance, const char *prop);
/* Values are count texts that end with NUL, len bytes together. */
void more_set(struct device *d, const char *class_name, uint32_t instance, const char *prop, uint32_t count,
	      const char *values, size_t len);
void more_set_str(struct device *d, const char *class_name, uint32_t instance, const char *prop, const char *value);
/* Forgets what was changed in one instance; prop NULL: in all its properties. */
void more_unset(struct device *d, const char *class_name, uint32_t instance, const char *prop);

/* A new instance; NULL when the device holds MORE_OBJECTS_MAX already. */
struct object *more_object_new(struct device *d, const char *class_name);
struct object *more_object_find(const struct device *d, const char *class_name, uint32_t id);
unsigned more_object_count(const struct device *d, const char *class_name);
void more_object_delete(struct device *d, const char *class_name, uint32_t id);

void log_add(struct log *l, const void *record, uint16_t len, uint32_t max_records);
/* Record number i, oldest first. */
struct bytes log_at(const struct log *l, uint32_t i);
void log_clear(struct log *l);

#endif
