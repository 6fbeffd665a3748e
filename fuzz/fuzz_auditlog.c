/* Audit records: what is taken is written back as the same bytes. A reply of ReadRecords with them is read too. */
#include "base/base.h"
#include "base/err.h"
#include "codec/auditlog.h"
#include "fuzz/fuzz.h"

static struct xml_parser *parser;

static void as_record(struct bytes in)
{
	struct auditlog_record r;
	struct err e = ERR_INIT;
	struct buf out;
	if (auditlog_record_parse(in, &r, &e)) {
		ASSERT(e.code == ERR_MALFORMED);
		return;
	}
	buf_init(&out, AUDITLOG_MAX_RECORD);
	ASSERT(auditlog_record_encode(&r, &out, NULL) == 0);
	ASSERT(bytes_equal(buf_bytes(&out), in));
	ASSERT(!auditlog_event_name(r.app, r.event) || auditlog_app_name(r.app));
	buf_release(&out);
}

static void as_reply(struct bytes in)
{
	struct wsman_reply reply;
	struct auditlog_page page;
	struct auditlog_record r;
	struct buf scratch, out;
	struct uuid id = {{1}};
	parser = parser ? parser : xml_parser_new();
	if (wsman_reply_parse(parser, in, &reply, NULL) || auditlog_page_read(&reply, &page, NULL))
		return;
	buf_init(&scratch, AUDITLOG_MAX_RECORD);
	for (const struct xml_node *n = page.first; n; n = xml_next(n))
		(void)auditlog_node_read(n, &scratch, &r, NULL); /* may be anything */
	buf_init(&out, WSMAN_MAX_REQUEST);
	ASSERT(auditlog_read_write(&out, &id, page.total, NULL) == 0);
	buf_release(&out);
	buf_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_record(BYTES(data, size));
	as_reply(BYTES(data, size));
	return 0;
}
