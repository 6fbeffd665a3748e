/* eventlog.h - the records of AMT_MessageLog, the platform's event log: 21 bytes each, base64 on the wire.
 * Source: Intel AMT guide, class AMT_MessageLog; IPMI Platform Event Trap numbering; recorded records. Any thread. */
#ifndef CODEC_EVENTLOG_H
#define CODEC_EVENTLOG_H

#include "codec/wsman.h"

#define EVENTLOG_POSITION_FIRST "PositionToFirstRecord"
#define EVENTLOG_GET            "GetRecords"
#define EVENTLOG_RECORD_SIZE    21
#define EVENTLOG_MAX_RECORDS    390

enum eventlog_severity {
	EVENTLOG_UNSPECIFIED = 0,
	EVENTLOG_MONITOR = 1,
	EVENTLOG_INFORMATION = 2,
	EVENTLOG_OK = 4,
	EVENTLOG_NON_CRITICAL = 8,
	EVENTLOG_CRITICAL = 16,
	EVENTLOG_NON_RECOVERABLE = 32,
};

struct eventlog_record {
	uint32_t at; /* UTC seconds since 1970; 0 and 0xFFFFFFFF: no record */
	uint8_t device_address;
	uint8_t sensor_type;
	uint8_t event_type; /* 0x6F: sensor specific */
	uint8_t event_offset;
	uint8_t source_type;
	uint8_t severity; /* enum eventlog_severity */
	uint8_t sensor_number;
	uint8_t entity;
	uint8_t entity_instance;
	uint8_t data[8]; /* data[0] 0xAA: Intel's own, 0xEB: invalid */
};

/* ERR_MALFORMED when in has another length than EVENTLOG_RECORD_SIZE. */
int eventlog_record_parse(struct bytes in, struct eventlog_record *ret, struct err *e);
int eventlog_record_encode(const struct eventlog_record *r, struct buf *out, struct err *e); /* ERR_TOO_BIG */
bool eventlog_record_is_empty(const struct eventlog_record *r);

/* PositionToFirstRecord: ReturnValue 2 is an empty log. GetRecords from an iteration identifier on. */
int eventlog_first_write(struct buf *out, const struct uuid *message_id, struct err *e);
int eventlog_get_write(struct buf *out, const struct uuid *message_id, uint32_t iterator, uint32_t max, struct err *e);

struct eventlog_page {
	uint32_t next; /* iteration identifier */
	bool is_last;
	const struct xml_node *first; /* of the records, newest first; NULL when there are none. Next: xml_next */
};

/* *ret_is_empty: the log holds nothing. */
int eventlog_first_read(const struct wsman_reply *r, uint32_t *ret_iterator, bool *ret_is_empty, struct err *e);
int eventlog_page_read(const struct wsman_reply *r, struct eventlog_page *ret, struct err *e);
int eventlog_node_read(const struct xml_node *n, struct eventlog_record *ret, struct err *e);

#endif
