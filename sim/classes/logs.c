/* The two logs. Recorded: AMT 12.0.67 and newer; Intel AMT guide, classes AMT_MessageLog and AMT_AuditLog. */
#include "audit.h"
#include "base/base.h"
#include "classes/classes.h"
#include "events.h"

#define MESSAGE_LOG "Intel(r) AMT:MessageLog 1"
#define AUDIT_LOG   "Intel(r) AMT:Audit Log"

enum { LOG_NOT_SUPPORTED = 1, LOG_INVALID_ITERATOR = 2, LOG_NO_RECORD = 3 };
/* Bits of AuditState. */
enum { AUDIT_IS_DISABLED = 1, AUDIT_IS_LOCKED = 2, AUDIT_IS_FULL = 8, AUDIT_NO_KEY = 16 };

static void event_count(const struct get *g, struct values *to)
{
	values_u64(to, events_count(g->s, g->d));
}

static void event_frozen(const struct get *g, struct values *to)
{
	values_bool(to, g->d->more && g->d->more->events_frozen);
}

static const struct prop message_props[] = {
	LIST("Capabilities", INT, "5|6|8|7"),
	FIXED("CharacterSet", INT, "10"),
	KEY("CreationClassName", "AMT_MessageLog"),
	MADE("CurrentNumberOfRecords", INT, event_count),
	FIXED("ElementName", STR, MESSAGE_LOG),
	FIXED("EnabledDefault", INT, "2"),
	FIXED("EnabledState", INT, "2"),
	FIXED("HealthState", INT, "5"),
	MADE("IsFrozen", BOOL, event_frozen),
	FIXED("LastChange", INT, "0"),
	FIXED("LogState", INT, "4"),
	FIXED("MaxLogSize", INT, "0"),
	FIXED("MaxNumberOfRecords", INT, "390"),
	FIXED("MaxRecordSize", INT, "21"),
	KEY("Name", MESSAGE_LOG),
	LIST("OperationalStatus", INT, "2"),
	FIXED("OverwritePolicy", INT, "2"),
	FIXED("PercentageNearFull", INT, "100"),
	FIXED("RequestedState", INT, "12"),
	FIXED("SizeOfHeader", INT, "0"),
	FIXED("SizeOfRecordHeader", INT, "0"),
	FIXED("Status", STR, "OK"),
};

/* An iteration identifier is the number of the record to come, from 1. */
static uint32_t position_to_first(struct invoke *i)
{
	if (events_count(i->x->s, i->x->d) == 0)
		return LOG_INVALID_ITERATOR;
	wsman_add_u64(i->w, "IterationIdentifier", 1);
	return RV_OK;
}

static uint32_t get_records(struct invoke *i)
{
	uint32_t count = events_count(i->x->s, i->x->d), n = 0;
	uint64_t at, most;
	uint8_t record[EVENTS_RECORD];

	if (!invoke_u64(i, "IterationIdentifier", &at) || at == 0 || !invoke_u64(i, "MaxReadRecords", &most) ||
	    most == 0)
		return LOG_INVALID_ITERATOR;
	if (at > count)
		return LOG_NO_RECORD;
	n = count - (uint32_t)at + 1;
	n = n < most ? n : (uint32_t)most;
	wsman_add_u64(i->w, "IterationIdentifier", at + n);
	wsman_add_bool(i->w, "NoMoreRecords", at + n > count);
	for (uint32_t k = 0; k < n; k++) {
		events_at(i->x->s, i->x->d, (uint32_t)at - 1 + k, record);
		wsman_add_base64(i->w, "RecordArray", BYTES(record, sizeof(record)));
	}
	return RV_OK;
}

/* One record, its bytes as numbers. */
static uint32_t get_record(struct invoke *i)
{
	uint32_t count = events_count(i->x->s, i->x->d);
	uint64_t at;
	bool next = false;
	uint8_t record[EVENTS_RECORD];

	if (!invoke_u64(i, "IterationIdentifier", &at) || at == 0)
		return LOG_INVALID_ITERATOR;
	if (at > count)
		return LOG_NO_RECORD;
	(void)invoke_bool(i, "PositionToNext", &next); /* not given: stay */
	events_at(i->x->s, i->x->d, (uint32_t)at - 1, record);
	wsman_add_u64(i->w, "IterationIdentifier", at + next);
	for (unsigned k = 0; k < sizeof(record); k++)
		wsman_add_u64(i->w, "RecordData", record[k]);
	return RV_OK;
}

static uint32_t clear_messages(struct invoke *i)
{
	events_clear(i->x->d);
	audit_add(i->x, 24, 2, BYTES_NONE);
	return RV_OK;
}

static uint32_t freeze(struct invoke *i)
{
	bool on;

	if (!invoke_bool(i, "Freeze", &on))
		return LOG_NOT_SUPPORTED;
	more_get(i->x->d)->events_frozen = on;
	return RV_OK;
}

static const struct method message_methods[] = {
	{"PositionToFirstRecord", position_to_first, 0},
	{"GetRecords", get_records, 0},
	{"GetRecord", get_record, 0},
	{"ClearLog", clear_messages, 0},
	{"FreezeLog", freeze, 0},
};

static const struct class message_log = {.name = "AMT_MessageLog",
					 CLASS_PROPS(message_props),
					 CLASS_METHODS(message_methods),
					 .instances = 1,
					 .flags = CLASS_COMMON};

static bool is_on(const struct get *g, enum fault_kind kind)
{
	return fault_is_on(g->s, g->d, kind, NULL);
}

static void audit_state(const struct get *g, struct values *to)
{
	unsigned state = AUDIT_NO_KEY;

	state |= audit_is_on(g->s, g->d) || is_on(g, FAULT_AUDIT_FULL) ? 0 : AUDIT_IS_DISABLED;
	state |= is_on(g, FAULT_AUDIT_LOCKED) ? AUDIT_IS_LOCKED : 0;
	state |= is_on(g, FAULT_AUDIT_FULL) ? AUDIT_IS_FULL : 0;
	values_u64(to, state);
}

static void audit_records(const struct get *g, struct values *to)
{
	values_u64(to, audit_count(g->d));
}

static void audit_enabled(const struct get *g, struct values *to)
{
	values_str(to, audit_is_on(g->s, g->d) || is_on(g, FAULT_AUDIT_FULL) ? "2" : "3");
}

static void audit_free(const struct get *g, struct values *to)
{
	values_u64(to, is_on(g, FAULT_AUDIT_FULL) ? 0 : 100 - audit_count(g->d) * 100 / AUDIT_MAX);
}

static void audit_last(const struct get *g, struct values *to)
{
	char text[CLOCK_TEXT_SIZE];

	if (audit_count(g->d) == 0)
		return;
	clock_text(audit_last_s(g->d) * 1000, text);
	values_str(to, text);
}

static const struct prop audit_props[] = {
	MADE("AuditState", INT, audit_state),
	MADE("CurrentNumberOfRecords", INT, audit_records),
	FIXED("ElementName", STR, "Intel(r) AMT Audit Log"),
	MADE("EnabledState", INT, audit_enabled),
	FIXED("MaxAllowedAuditors", INT, "1"),
	FIXED("MaxNumberOfRecords", INT, "0"),
	KEY("Name", AUDIT_LOG),
	FIXED("OverwritePolicy", INT, "2"),
	MADE("PercentageFree", INT, audit_free),
	MADE("RequestedState", INT, audit_enabled),
	FIXED("StoragePolicy", INT, "1"),
	MADE("TimeOfLastRecord", DATETIME, audit_last),
};

/* Ten records from StartIndex on, which counts from 1; the oldest comes first. */
static uint32_t read_records(struct invoke *i)
{
	uint32_t total = audit_count(i->x->d), n = 0;
	uint64_t start;
	struct buf record;

	if (is_on(&i->g, FAULT_AUDIT_LOCKED))
		return PT_NOT_PERMITTED;
	if (!invoke_u64(i, "StartIndex", &start) || start == 0 || (start > total && start != 1))
		return PT_INVALID_INDEX;
	if (start <= total)
		n = total - (uint32_t)start + 1;
	n = n < AUDIT_PER_READ ? n : AUDIT_PER_READ;
	wsman_add_u64(i->w, "TotalRecordCount", total);
	wsman_add_u64(i->w, "RecordsReturned", n);
	buf_init(&record, 4096);
	for (uint32_t k = 0; k < n; k++) {
		buf_reset(&record);
		audit_at(i->x->s, i->x->d, (uint32_t)start - 1 + k, &record);
		wsman_add_base64(i->w, "EventRecords", buf_bytes(&record));
	}
	buf_release(&record);
	return RV_OK;
}

static uint32_t audit_request_state(struct invoke *i)
{
	uint64_t v;

	if (!invoke_u64(i, "RequestedState", &v) || (v != 2 && v != 3))
		return CIM_INVALID_PARAMETER;
	if (v == 3)
		audit_add(i->x, AUDIT_LOG_APP, 2, BYTES_NONE);
	more_get(i->x->d)->audit_off = v == 3;
	if (v == 2) {
		i->x->d->flags |= DEVICE_AUDIT;
		audit_add(i->x, AUDIT_LOG_APP, 3, BYTES_NONE);
	}
	return RV_OK;
}

static uint32_t audit_clear(struct invoke *i)
{
	if (is_on(&i->g, FAULT_AUDIT_LOCKED))
		return PT_NOT_PERMITTED;
	log_clear(&more_get(i->x->d)->audit);
	audit_add(i->x, AUDIT_LOG_APP, 0, BYTES_NONE);
	return RV_OK;
}

static const struct method audit_methods[] = {
	{"ReadRecords", read_records, 0},
	{"RequestStateChange", audit_request_state, 0},
	{"ClearLog", audit_clear, 0},
};

static const struct class audit_log = {.name = "AMT_AuditLog",
				       CLASS_PROPS(audit_props),
				       CLASS_METHODS(audit_methods),
				       .instances = 1,
				       .flags = CLASS_COMMON,
				       SINCE(4, 0)};

const struct class *const classes_logs[] = {&message_log, &audit_log, NULL};
