/* auditlog.h - the records of AMT_AuditLog: who did what to the controller, in binary, big-endian, base64 on the wire.
 * Source: Intel AMT guide, "Audit Log" and the class AMT_AuditLog; recorded records of AMT 11 to 12. Any thread. */
#ifndef CODEC_AUDITLOG_H
#define CODEC_AUDITLOG_H

#include "codec/wsman.h"

#define AUDITLOG_READ       "ReadRecords"
#define AUDITLOG_MAX_RECORD 1024 /* bytes; a record's own length fields allow about 800 */

enum auditlog_initiator {
	AUDITLOG_BY_DIGEST = 0,
	AUDITLOG_BY_KERBEROS = 1,
	AUDITLOG_BY_LOCAL = 2,
	AUDITLOG_BY_KVM = 3,
};

struct auditlog_record {
	uint16_t app; /* 16 security admin, 17 remote control, ... */
	uint16_t event;
	enum auditlog_initiator initiator;
	struct bytes user;        /* digest: the name. Kerberos: the SID. Else none */
	uint32_t user_in_domain;  /* Kerberos */
	int64_t at;               /* UTC seconds since 1970, by the controller's clock */
	uint8_t location;         /* 0 IPv4, 1 IPv6, 2 none */
	struct bytes net_address; /* text */
	struct bytes extra;       /* depends on the event; numbers in it are big-endian */
};

/* What is in in is borrowed by *ret. ERR_MALFORMED: cut short, longer than it says, or an unknown initiator. */
int auditlog_record_parse(struct bytes in, struct auditlog_record *ret, struct err *e);
int auditlog_record_encode(const struct auditlog_record *r, struct buf *out, struct err *e); /* ERR_TOO_BIG */

/* "remote control", "power up"; NULL when unknown. */
const char *auditlog_app_name(uint16_t app);
const char *auditlog_event_name(uint16_t app, uint16_t event);

/* ReadRecords from the record start on, which counts from 1; the oldest comes first, about ten in a reply. */
int auditlog_read_write(struct buf *out, const struct uuid *message_id, uint32_t start, struct err *e);

struct auditlog_page {
	uint32_t total;               /* records in the log */
	const struct xml_node *first; /* of the records of this page; NULL when there are none. Next: xml_next */
};

/* ERR_MALFORMED, or the error of a ReturnValue other than 0 (35 invalid index: start is past the end). */
int auditlog_page_read(const struct wsman_reply *r, struct auditlog_page *ret, struct err *e);
/* Decodes one record of a page into scratch (emptied first; its ceiling at least AUDITLOG_MAX_RECORD), where *ret
 * points to. ERR_MALFORMED. */
int auditlog_node_read(const struct xml_node *n, struct buf *scratch, struct auditlog_record *ret, struct err *e);

#endif
