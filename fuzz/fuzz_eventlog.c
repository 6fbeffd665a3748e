/* Event records: what is taken is written back as the same bytes. Replies with them are read too. */
#include "base/base.h"
#include "base/err.h"
#include "codec/eventlog.h"
#include "fuzz/fuzz.h"

static struct xml_parser *parser;

static void as_record(struct bytes in)
{
	struct eventlog_record r;
	struct err e = ERR_INIT;
	struct buf out;
	if (eventlog_record_parse(in, &r, &e)) {
		ASSERT(e.code == ERR_MALFORMED && in.len != EVENTLOG_RECORD_SIZE);
		return;
	}
	buf_init(&out, EVENTLOG_RECORD_SIZE);
	ASSERT(eventlog_record_encode(&r, &out, NULL) == 0);
	ASSERT(bytes_equal(buf_bytes(&out), in));
	ASSERT(eventlog_record_is_empty(&r) == (r.at == 0 || r.at == UINT32_MAX));
	buf_release(&out);
}

static void as_reply(struct bytes in)
{
	struct wsman_reply reply;
	struct eventlog_page page = {0};
	struct eventlog_record r;
	struct buf out;
	struct uuid id = {{1}};
	uint32_t first = 0;
	bool is_empty = false;
	parser = parser ? parser : xml_parser_new();
	if (wsman_reply_parse(parser, in, &reply, NULL))
		return;
	if (eventlog_page_read(&reply, &page, NULL) && eventlog_first_read(&reply, &first, &is_empty, NULL))
		return;
	for (const struct xml_node *n = page.first; n; n = xml_next(n))
		(void)eventlog_node_read(n, &r, NULL); /* may be anything */
	buf_init(&out, WSMAN_MAX_REQUEST);
	ASSERT(eventlog_get_write(&out, &id, page.first ? page.next : first, EVENTLOG_MAX_RECORDS, NULL) == 0);
	buf_reset(&out);
	ASSERT(eventlog_first_write(&out, &id, NULL) == 0);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_record(BYTES(data, size));
	as_reply(BYTES(data, size));
	return 0;
}
