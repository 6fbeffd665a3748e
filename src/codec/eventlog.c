#include "codec/eventlog.h"

#include "base/base.h"
#include "base/cursor.h"
#include "base/err.h"

#define NO_RECORD 2 /* ReturnValue of PositionToFirstRecord */

int eventlog_record_parse(struct bytes in, struct eventlog_record *ret, struct err *e)
{
	struct cursor c;
	cursor_init(&c, in);
	struct eventlog_record r = {.at = cursor_le32(&c)};
	r.device_address = cursor_u8(&c);
	r.sensor_type = cursor_u8(&c);
	r.event_type = cursor_u8(&c);
	r.event_offset = cursor_u8(&c);
	r.source_type = cursor_u8(&c);
	r.severity = cursor_u8(&c);
	r.sensor_number = cursor_u8(&c);
	r.entity = cursor_u8(&c);
	r.entity_instance = cursor_u8(&c);
	struct bytes data = cursor_take(&c, sizeof(r.data));
	if (c.failed || cursor_left(&c))
		return err_set(e, ERR_MALFORMED, "event record has %zu bytes instead of %d", in.len,
			       EVENTLOG_RECORD_SIZE);
	memcpy(r.data, data.p, sizeof(r.data));
	*ret = r;
	return 0;
}

int eventlog_record_encode(const struct eventlog_record *r, struct buf *out, struct err *e)
{
	const uint8_t middle[] = {r->device_address, r->sensor_type,   r->event_type, r->event_offset,   r->source_type,
				  r->severity,       r->sensor_number, r->entity,     r->entity_instance};
	buf_add_le32(out, r->at);
	buf_add(out, middle, sizeof(middle));
	buf_add(out, r->data, sizeof(r->data));
	return buf_check(out, e, "event record");
}

bool eventlog_record_is_empty(const struct eventlog_record *r)
{
	return r->at == 0 || r->at == UINT32_MAX;
}

static struct wsman_request call_of(const char *method, const struct uuid *message_id)
{
	return (struct wsman_request){
		.op = WSMAN_METHOD, .class_name = "AMT_MessageLog", .method = method, .message_id = *message_id};
}

int eventlog_first_write(struct buf *out, const struct uuid *message_id, struct err *e)
{
	struct wsman_request rq = call_of(EVENTLOG_POSITION_FIRST, message_id);
	return wsman_request_write(out, &rq, e);
}

int eventlog_get_write(struct buf *out, const struct uuid *message_id, uint32_t iterator, uint32_t max, struct err *e)
{
	struct wsman_request rq = call_of(EVENTLOG_GET, message_id);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_u64(&w, "IterationIdentifier", iterator);
	wsman_add_u64(&w, "MaxReadRecords", max);
	return wsman_request_end(&w, &rq, e);
}

static int iterator_read(const struct xml_node *output, uint32_t *ret, struct err *e)
{
	uint64_t v;
	if (!xml_u64(xml_child(output, output->ns, "IterationIdentifier"), &v) || v > UINT32_MAX)
		return err_set(e, ERR_MALFORMED, "event log gives no iteration identifier");
	*ret = (uint32_t)v;
	return 0;
}

int eventlog_first_read(const struct wsman_reply *r, uint32_t *ret_iterator, bool *ret_is_empty, struct err *e)
{
	const struct xml_node *output;
	uint32_t value;
	int rc = wsman_method_read(r, EVENTLOG_POSITION_FIRST, &output, &value, e);
	if (rc == 0 && value == NO_RECORD) {
		*ret_is_empty = true;
		return 0;
	}
	if (rc == 0)
		rc = wsman_method_done(r, EVENTLOG_POSITION_FIRST, &output, e);
	if (rc == 0)
		rc = iterator_read(output, ret_iterator, e);
	if (rc == 0)
		*ret_is_empty = false;
	return rc;
}

int eventlog_page_read(const struct wsman_reply *r, struct eventlog_page *ret, struct err *e)
{
	const struct xml_node *output;
	struct eventlog_page page = {0};
	int rc = wsman_method_done(r, EVENTLOG_GET, &output, e);
	if (rc)
		return rc;
	if (!xml_bool(xml_child(output, output->ns, "NoMoreRecords"), &page.is_last))
		return err_set(e, ERR_MALFORMED, "event log does not say whether there is more");
	page.first = xml_child(output, output->ns, "RecordArray");
	rc = page.is_last ? 0 : iterator_read(output, &page.next, e);
	if (rc == 0)
		*ret = page;
	return rc;
}

int eventlog_node_read(const struct xml_node *n, struct eventlog_record *ret, struct err *e)
{
	struct buf b;
	buf_init(&b, EVENTLOG_RECORD_SIZE);
	int rc = base64_decode(xml_text(n), &b);
	rc = rc ? err_set(e, ERR_MALFORMED, "event record is not base64 or is too long")
		: eventlog_record_parse(buf_bytes(&b), ret, e);
	buf_release(&b);
	return rc;
}
