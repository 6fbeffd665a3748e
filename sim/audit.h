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

enum audit_app { AUDIT_SECURITY = 16, AUDIT_REMOTE_CONTROL = 17, AUDIT_LOG_APP = 20, AUDIT_TIME = 21 };

/* Is auditing on, faults considered? */
bool audit_is_on(const struct sim *s, const struct device *d);
/* Adds a record of an exchange's user when auditing is on. */
void audit_add(const struct exchange *x, unsigned app, uint16_t event, struct bytes extra);
uint32_t audit_count(const struct device *d);
/* Record i, the oldest first, into out; with the fault audit-bad-lengths each length in it is wrong. */
void audit_at(const struct sim *s, const struct device *d, uint32_t i, struct buf *out);
/* UTC seconds of the newest record; 0 when there is none. */
int64_t audit_last_s(const struct device *d);

#endif
