#include "codec/auditlog.h"

#include "base/base.h"
#include "base/cursor.h"
#include "base/err.h"

static struct bytes take_counted(struct cursor *c)
{
	return cursor_take(c, cursor_u8(c));
}

/* False for an initiator that we know no layout of. */
static bool parse_initiator(struct cursor *c, struct auditlog_record *r)
{
	r->initiator = cursor_u8(c);
	switch (r->initiator) {
	case AUDITLOG_BY_DIGEST:
		r->user = take_counted(c);
		return true;
	case AUDITLOG_BY_KERBEROS:
		r->user_in_domain = cursor_be32(c);
		r->user = take_counted(c);
		return true;
	case AUDITLOG_BY_LOCAL:
	case AUDITLOG_BY_KVM:
		return true;
	}
	return false;
}

int auditlog_record_parse(struct bytes in, struct auditlog_record *ret, struct err *e)
{
	struct cursor c;
	cursor_init(&c, in);
	struct auditlog_record r = {.app = cursor_be16(&c), .event = cursor_be16(&c)};
	if (!parse_initiator(&c, &r))
		return err_set(e, ERR_MALFORMED, "audit record has the unknown initiator %d", (int)r.initiator);
	r.at = cursor_be32(&c);
	r.location = cursor_u8(&c);
	r.net_address = take_counted(&c);
	r.extra = take_counted(&c);
	if (c.failed)
		return err_set(e, ERR_MALFORMED, "audit record of %zu bytes is cut short", in.len);
	if (cursor_left(&c))
		return err_set(e, ERR_MALFORMED, "audit record is followed by %zu bytes", cursor_left(&c));
	*ret = r;
	return 0;
}

static void add_counted(struct buf *out, struct bytes s)
{
	if (s.len > UINT8_MAX)
		out->failed = true;
	buf_addc(out, (char)s.len);
	buf_add_bytes(out, s);
}

int auditlog_record_encode(const struct auditlog_record *r, struct buf *out, struct err *e)
{
	buf_add_be16(out, r->app);
	buf_add_be16(out, r->event);
	buf_addc(out, (char)r->initiator);
	if (r->initiator == AUDITLOG_BY_KERBEROS)
		buf_add_be32(out, r->user_in_domain);
	if (r->initiator == AUDITLOG_BY_KERBEROS || r->initiator == AUDITLOG_BY_DIGEST)
		add_counted(out, r->user);
	buf_add_be32(out, (uint32_t)r->at);
	buf_addc(out, (char)r->location);
	add_counted(out, r->net_address);
	add_counted(out, r->extra);
	return buf_check(out, e, "audit record");
}

const char *auditlog_app_name(uint16_t app)
{
	switch (app) {
#define AUDIT_APP(number, name)                                                                                        \
	case number:                                                                                                   \
		return name;
#include "codec/auditlog.tbl.h"
#undef AUDIT_APP
	default:
		return NULL;
	}
}

const char *auditlog_event_name(uint16_t app, uint16_t event)
{
	static const struct {
		uint16_t app, event;
		const char *name;
	} rows[] = {
#define AUDIT_EVENT(app, number, name) {app, number, name},
#include "codec/auditlog.tbl.h"
#undef AUDIT_EVENT
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].app == app && rows[i].event == event)
			return rows[i].name;
	return NULL;
}

int auditlog_read_write(struct buf *out, const struct uuid *message_id, uint32_t start, struct err *e)
{
	struct wsman_request rq = {.op = WSMAN_METHOD, .class_name = "AMT_AuditLog", .method = AUDITLOG_READ};
	rq.message_id = *message_id;
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_u64(&w, "StartIndex", start);
	return wsman_request_end(&w, &rq, e);
}

int auditlog_page_read(const struct wsman_reply *r, struct auditlog_page *ret, struct err *e)
{
	const struct xml_node *output;
	uint64_t total;
	int rc = wsman_method_done(r, AUDITLOG_READ, &output, e);
	if (rc)
		return rc;
	if (!xml_u64(xml_child(output, output->ns, "TotalRecordCount"), &total) || total > UINT32_MAX)
		return err_set(e, ERR_MALFORMED, "audit log does not say how many records it has");
	*ret = (struct auditlog_page){(uint32_t)total, xml_child(output, output->ns, "EventRecords")};
	return 0;
}

int auditlog_node_read(const struct xml_node *n, struct buf *scratch, struct auditlog_record *ret, struct err *e)
{
	buf_reset(scratch);
	if (base64_decode(xml_text(n), scratch))
		return err_set(e, ERR_MALFORMED, "audit record is not base64 or is too long");
	return auditlog_record_parse(buf_bytes(scratch), ret, e);
}
