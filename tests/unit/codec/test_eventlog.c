/* Records of AMT_MessageLog. The two records are those published in device-management-toolkit/go-wsman-messages; their
 * layout is in the Intel AMT guide, class AMT_MessageLog. */
#include "testing.h"

#include "codec/eventlog.h"

static struct xml_parser *parser;

#define ENVELOPE(method, inside)                                                                                       \
	"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' "                                               \
	"xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing'><s:Header><a:Action>x</a:Action></"                \
	"s:Header><s:Body>"                                                                                            \
	"<g:" method "_OUTPUT xmlns:g='http://intel.com/wbem/wscim/1/amt-schema/1/AMT_MessageLog'>" inside             \
	"</g:" method "_OUTPUT></s:Body></s:Envelope>"

static const struct {
	const char *base64;
	struct eventlog_record want;
} recorded[] = {
	{"Y8iYZf8GbwVoEP8mYaoKAAAAAAAA",
	 {0x6598c863, 255, 6, 0x6f, 5, 0x68, EVENTLOG_CRITICAL, 255, 38, 0x61, {0xaa, 10}}},
	{"IgYBZf8PbwJoAf8iAEAHAAAAAAAA", {0x65010622, 255, 15, 0x6f, 2, 0x68, EVENTLOG_MONITOR, 255, 34, 0, {0x40, 7}}},
};

static void recorded_records_are_read(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		struct buf b, back;
		struct eventlog_record r;
		const struct eventlog_record *w = &recorded[i].want;
		buf_init(&b, EVENTLOG_RECORD_SIZE);
		buf_init(&back, EVENTLOG_RECORD_SIZE);
		assert_int_equal(base64_decode(bytes_str(recorded[i].base64), &b), 0);
		assert_int_equal(eventlog_record_parse(buf_bytes(&b), &r, NULL), 0);
		assert_int_equal(r.at, w->at);
		assert_int_equal(r.device_address, w->device_address);
		assert_int_equal(r.sensor_type, w->sensor_type);
		assert_int_equal(r.event_type, w->event_type);
		assert_int_equal(r.event_offset, w->event_offset);
		assert_int_equal(r.source_type, w->source_type);
		assert_int_equal(r.severity, w->severity);
		assert_int_equal(r.sensor_number, w->sensor_number);
		assert_int_equal(r.entity, w->entity);
		assert_int_equal(r.entity_instance, w->entity_instance);
		assert_memory_equal(r.data, w->data, sizeof(r.data));
		assert_false(eventlog_record_is_empty(&r));
		assert_int_equal(eventlog_record_encode(&r, &back, NULL), 0);
		assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&b)));
		buf_release(&b);
		buf_release(&back);
	}
}

static void any_other_length_is_malformed(void **state)
{
	uint8_t all[64] = {0};
	for (size_t len = 0; len <= sizeof(all); len++) {
		struct eventlog_record r;
		struct bytes part = visible(BYTES(all, sizeof(all)), len);
		assert_int_equal(eventlog_record_parse(part, &r, NULL), len == 21 ? 0 : ERR_MALFORMED);
		free((void *)(uintptr_t)part.p);
	}
	struct eventlog_record r = {0};
	struct buf small;
	buf_init(&small, EVENTLOG_RECORD_SIZE - 1);
	assert_int_equal(eventlog_record_encode(&r, &small, NULL), ERR_TOO_BIG);
	buf_release(&small);
	assert_true(eventlog_record_is_empty(&r));
	r.at = UINT32_MAX;
	assert_true(eventlog_record_is_empty(&r));
}

static void the_first_record_or_an_empty_log(void **state)
{
	static const struct {
		const char *xml;
		int rc;
		bool is_empty;
		uint32_t iterator;
	} rows[] = {
		{ENVELOPE("PositionToFirstRecord", "<g:IterationIdentifier>1</g:IterationIdentifier>"
						   "<g:ReturnValue>0</g:ReturnValue>"),
		 0, false, 1},
		{ENVELOPE("PositionToFirstRecord", "<g:ReturnValue>2</g:ReturnValue>"), 0, true, 99},
		{ENVELOPE("PositionToFirstRecord", "<g:ReturnValue>0</g:ReturnValue>"), ERR_MALFORMED, false, 99},
		{ENVELOPE("PositionToFirstRecord", "<g:ReturnValue>1</g:ReturnValue>"), ERR_DEVICE_FAULT, false, 99},
		{ENVELOPE("GetRecords", "<g:ReturnValue>0</g:ReturnValue>"), ERR_MALFORMED, false, 99},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wsman_reply r;
		uint32_t iterator = 99;
		bool is_empty = false;
		assert_int_equal(wsman_reply_parse(parser, bytes_str(rows[i].xml), &r, NULL), 0);
		assert_int_equal(eventlog_first_read(&r, &iterator, &is_empty, NULL), rows[i].rc);
		assert_int_equal(iterator, rows[i].iterator);
		assert_int_equal(is_empty, rows[i].is_empty);
	}
}

static void a_page_has_one_many_or_no_records(void **state)
{
	static const struct {
		const char *xml;
		int rc;
		size_t records;
		bool is_last;
		uint32_t next;
	} rows[] = {
		{ENVELOPE("GetRecords", "<g:IterationIdentifier>3</g:IterationIdentifier><g:NoMoreRecords>false"
					"</g:NoMoreRecords><g:RecordArray>Y8iYZf8GbwVoEP8mYaoKAAAAAAAA</g:RecordArray>"
					"<g:RecordArray>IgYBZf8PbwJoAf8iAEAHAAAAAAAA</g:RecordArray>"
					"<g:ReturnValue>0</g:ReturnValue>"),
		 0, 2, false, 3},
		{ENVELOPE("GetRecords", "<g:NoMoreRecords>true</g:NoMoreRecords><g:RecordArray>"
					"Y8iYZf8GbwVoEP8mYaoKAAAAAAAA</g:RecordArray><g:ReturnValue>0</g:ReturnValue>"),
		 0, 1, true, 0},
		{ENVELOPE("GetRecords", "<g:NoMoreRecords>true</g:NoMoreRecords><g:ReturnValue>0</g:ReturnValue>"), 0,
		 0, true, 0},
		{ENVELOPE("GetRecords", "<g:NoMoreRecords>false</g:NoMoreRecords><g:ReturnValue>0</g:ReturnValue>"),
		 ERR_MALFORMED, 0, false, 0},
		{ENVELOPE("GetRecords", "<g:ReturnValue>0</g:ReturnValue>"), ERR_MALFORMED, 0, false, 0},
		{ENVELOPE("GetRecords", "<g:ReturnValue>3</g:ReturnValue>"), ERR_DEVICE_FAULT, 0, false, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wsman_reply r;
		struct eventlog_page page;
		struct eventlog_record rec;
		size_t n = 0;
		assert_int_equal(wsman_reply_parse(parser, bytes_str(rows[i].xml), &r, NULL), 0);
		assert_int_equal(eventlog_page_read(&r, &page, NULL), rows[i].rc);
		if (rows[i].rc)
			continue;
		assert_int_equal(page.is_last, rows[i].is_last);
		assert_int_equal(page.next, rows[i].next);
		for (const struct xml_node *x = page.first; x; x = xml_next(x), n++)
			assert_int_equal(eventlog_node_read(x, &rec, NULL), 0);
		assert_int_equal(n, rows[i].records);
	}
}

static void a_record_that_is_no_record_is_malformed(void **state)
{
	static const char *const rows[] = {"<x></x>", "<x>Y8iYZf8GbwVoEP8mYaoKAAAAAA==</x>",
					   "<x>Y8iYZf8GbwVoEP8mYaoKAAAAAAAAAAAA</x>",
					   "<x>*8iYZf8GbwVoEP8mYaoKAAAAAAAA</x>"};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct xml_node *n;
		struct eventlog_record r;
		assert_int_equal(xml_parse(parser, bytes_str(rows[i]), &n, NULL), 0);
		assert_int_equal(eventlog_node_read(n, &r, NULL), ERR_MALFORMED);
	}
}

static void requests_carry_their_parameters(void **state)
{
	struct uuid id = {{1}};
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	assert_int_equal(eventlog_first_write(&out, &id, NULL), 0);
	assert_contains(buf_cstr(&out), "AMT_MessageLog\"></r:PositionToFirstRecord_INPUT></Body>");
	buf_reset(&out);
	assert_int_equal(eventlog_get_write(&out, &id, 1, EVENTLOG_MAX_RECORDS, NULL), 0);
	assert_contains(buf_cstr(&out), "<r:IterationIdentifier>1</r:IterationIdentifier><r:MaxReadRecords>390"
					"</r:MaxReadRecords></r:GetRecords_INPUT>");
	buf_release(&out);
}

static int setup(void **state)
{
	parser = xml_parser_new();
	return 0;
}

static int teardown(void **state)
{
	xml_parser_free(parser);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_records_are_read),
		cmocka_unit_test(any_other_length_is_malformed),
		cmocka_unit_test(the_first_record_or_an_empty_log),
		cmocka_unit_test(a_page_has_one_many_or_no_records),
		cmocka_unit_test(a_record_that_is_no_record_is_malformed),
		cmocka_unit_test(requests_carry_their_parameters),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
