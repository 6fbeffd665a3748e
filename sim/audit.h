/* audit.h - the audit log of a device (AMT_AuditLog): who did what to the controller, in binary big-endian records.
 * Source: Intel AMT guide, "Audit Log"; recorded records of AMT 11 and 12. */
#ifndef SIM_AUDIT_H
#define SIM_AUDIT_H

#include "base/buf.h"

struct device;
struct exchange;
struct sim;

#define AUDIT_MAX      500 /* records; the oldest go */
#define AUDIT_PER_READ 10

enum audit_app {
	AUDIT_SECURITY = 16,
	AUDIT_REMOTE_CONTROL = 17,
	AUDIT_LOG_APP = 20,
	AUDIT_TIME = 21,
	AUDIT_NETWORK = 22,
	AUDIT_OPTIN = 30,
};

/* Events of AUDIT_SECURITY. */
enum audit_security {
	AUDIT_SETUP_STARTED = 0,
	AUDIT_SETUP_DONE = 1,
	AUDIT_ACL_ADDED = 2,
	AUDIT_ACL_CHANGED = 3,
	AUDIT_ACL_REMOVED = 4,
	AUDIT_ACL_STATE = 6,
	AUDIT_TLS_STATE = 7,
	AUDIT_TLS_CERTIFICATE = 8,
	AUDIT_CERTIFICATE_REMOVED = 9,
	AUDIT_ROOT_ADDED = 10,
	AUDIT_ROOT_REMOVED = 11,
	AUDIT_PSK_SET = 12,
	AUDIT_UPGRADED = 18,
	AUDIT_UNSETUP_STARTED = 19,
};

/* Is auditing on, faults considered? */
bool audit_is_on(const struct sim *s, const struct device *d);
/* Adds a record of an exchange's user when auditing is on. */
void audit_add(const struct exchange *x, unsigned app, uint16_t event, struct bytes extra);
/* As above, of somebody at the computer itself: MEBx, BIOS, a program of the host. */
void audit_add_local(struct sim *s, struct device *d, unsigned app, uint16_t event, struct bytes extra);
uint32_t audit_count(const struct device *d);
/* Record i, the oldest first, into out; with the fault audit-bad-lengths each length in it is wrong. */
void audit_at(const struct sim *s, const struct device *d, uint32_t i, struct buf *out);
/* UTC seconds of the newest record; 0 when there is none. */
int64_t audit_last_s(const struct device *d);

#endif
