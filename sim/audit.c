#include "audit.h"

#include "fault.h"
#include "more.h"
#include "operation.h"
#include "sim.h"

#define RECORD_MAX       600
/* Layout of a record by a digest user: app, event, initiator type, name. */
#define OFFSET_INITIATOR 4
#define OFFSET_NAME_LEN  5
#define INITIATOR_DIGEST 0
#define INITIATOR_LOCAL  2
#define LOCATION_IPV4    0
#define LOCATION_NONE    2

bool audit_is_on(const struct sim *s, const struct device *d)
{
	if (!(d->flags & DEVICE_AUDIT) || (d->more && d->more->audit_off))
		return false;
	return !fault_is_on(s, d, FAULT_AUDIT_OFF, NULL) && !fault_is_on(s, d, FAULT_AUDIT_FULL, NULL);
}

void audit_add(const struct exchange *x, unsigned app, uint16_t event, struct bytes extra)
{
	struct buf r;
	char from[16];
	size_t name_len = strlen(x->user);

	if (!audit_is_on(x->s, x->d))
		return;
	snprintf(from, sizeof(from), "%u.%u.%u.%u", x->peer >> 24, x->peer >> 16 & 255, x->peer >> 8 & 255,
		 x->peer & 255);
	buf_init(&r, RECORD_MAX);
	buf_add_be16(&r, (uint16_t)app);
	buf_add_be16(&r, event);
	buf_addc(&r, INITIATOR_DIGEST);
	buf_addc(&r, (char)name_len);
	buf_adds(&r, x->user);
	buf_add_be32(&r, (uint32_t)device_clock_s(x->s, x->d));
	buf_addc(&r, LOCATION_IPV4);
	buf_addc(&r, (char)strlen(from));
	buf_adds(&r, from);
	buf_addc(&r, (char)extra.len);
	buf_add_bytes(&r, extra);
	if (!r.failed)
		log_add(&more_get(x->d)->audit, r.p, (uint16_t)r.len, AUDIT_MAX);
	buf_release(&r);
}

void audit_add_local(struct sim *s, struct device *d, unsigned app, uint16_t event, struct bytes extra)
{
	struct buf r;

	if (!audit_is_on(s, d))
		return;
	buf_init(&r, RECORD_MAX);
	buf_add_be16(&r, (uint16_t)app);
	buf_add_be16(&r, event);
	buf_addc(&r, INITIATOR_LOCAL);
	buf_add_be32(&r, (uint32_t)device_clock_s(s, d));
	buf_addc(&r, LOCATION_NONE);
	buf_addc(&r, 0);
	buf_addc(&r, (char)extra.len);
	buf_add_bytes(&r, extra);
	if (!r.failed)
		log_add(&more_get(d)->audit, r.p, (uint16_t)r.len, AUDIT_MAX);
	buf_release(&r);
}

uint32_t audit_count(const struct device *d)
{
	return d->more ? d->more->audit.count : 0;
}

/* Where the time stands: behind the name of a digest user, or where that would begin. */
static size_t time_offset(const uint8_t *record)
{
	return record[OFFSET_INITIATOR] == INITIATOR_DIGEST ? OFFSET_NAME_LEN + 1u + record[OFFSET_NAME_LEN]
							    : OFFSET_NAME_LEN;
}

void audit_at(const struct sim *s, const struct device *d, uint32_t i, struct buf *out)
{
	struct bytes r = log_at(&d->more->audit, i);
	size_t start = out->len, time = time_offset(r.p);

	buf_add_bytes(out, r);
	if (out->failed || !fault_is_on(s, d, FAULT_AUDIT_LENGTHS, NULL))
		return;
	/* Each length in turn: of the name, of the address, of what is extra; then the record itself is cut short. */
	switch (i % 4) {
	case 0:
		out->p[start + OFFSET_NAME_LEN] = 0xff;
		break;
	case 1:
		out->p[start + time + 5] = 0xff;
		break;
	case 2:
		out->p[out->len - 1] = 0xff;
		break;
	default:
		buf_truncate(out, start + OFFSET_INITIATOR);
	}
}

int64_t audit_last_s(const struct device *d)
{
	struct bytes r;
	const uint8_t *t;

	if (audit_count(d) == 0)
		return 0;
	r = log_at(&d->more->audit, audit_count(d) - 1);
	t = r.p + time_offset(r.p);
	return (int64_t)((uint32_t)t[0] << 24 | t[1] << 16 | t[2] << 8 | t[3]);
}
