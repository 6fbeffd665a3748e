/* Records of AMT_AuditLog. The three records are those published in device-management-toolkit/go-wsman-messages (AMT
 * 12); what they mean is in the Intel AMT guide, "Audit Log". Others are built here by the layout that stands there. */
#include "testing.h"

#include "codec/auditlog.h"

static struct xml_parser *parser;

#define HEAD                                                                                                           \
	"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' "                                               \
	"xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing'><s:Header><a:Action>x</a:Action></"                \
	"s:Header><s:Body>"                                                                                            \
	"<g:ReadRecords_OUTPUT xmlns:g='http://intel.com/wbem/wscim/1/amt-schema/1/AMT_AuditLog'>"
#define TAIL "</g:ReadRecords_OUTPUT></s:Body></s:Envelope>"

static const struct {
	const char *base64;
	uint16_t app, event;
	enum auditlog_initiator initiator;
	const char *user;
	int64_t at;
	uint8_t location;
	const char *address;
	struct bytes extra;
} recorded[] = {
	{"ABUAAAAJJCRPc0FkbWluXvnewgAJMTI3LjAuMC4xBF76QRI=",
	 21,
	 0,
	 AUDITLOG_BY_DIGEST,
	 "$$OsAdmin",
	 0x5ef9dec2,
	 0,
	 "127.0.0.1",
	 {(const uint8_t *)"\x5e\xfa\x41\x12", 4}},
	{"ABAAEwJe+jS5AgABAg==", 16, 19, AUDITLOG_BY_LOCAL, "", 0x5efa34b9, 2, "", {(const uint8_t *)"\x02", 1}},
	{"ABMAAAI/9M1uAgAQAAwAAAAoBZkADAAAACQFlA==",
	 19,
	 0,
	 AUDITLOG_BY_LOCAL,
	 "",
	 0x3ff4cd6e,
	 2,
	 "",
	 {(const uint8_t *)"\x00\x0c\x00\x00\x00\x28\x05\x99\x00\x0c\x00\x00\x00\x24\x05\x94", 16}},
};

static void recorded_records_are_read(void **state)
{
	struct buf b, back;
	buf_init(&b, AUDITLOG_MAX_RECORD);
	buf_init(&back, AUDITLOG_MAX_RECORD);
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		struct auditlog_record r;
		buf_reset(&b);
		buf_reset(&back);
		assert_int_equal(base64_decode(bytes_str(recorded[i].base64), &b), 0);
		assert_int_equal(auditlog_record_parse(buf_bytes(&b), &r, NULL), 0);
		assert_int_equal(r.app, recorded[i].app);
		assert_int_equal(r.event, recorded[i].event);
		assert_int_equal(r.initiator, recorded[i].initiator);
		assert_bytes_equal_str(r.user, recorded[i].user);
		assert_true(r.at == recorded[i].at);
		assert_int_equal(r.location, recorded[i].location);
		assert_bytes_equal_str(r.net_address, recorded[i].address);
		assert_true(bytes_equal(r.extra, recorded[i].extra));
		assert_int_equal(auditlog_record_encode(&r, &back, NULL), 0);
		assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&b)));
	}
	buf_release(&b);
	buf_release(&back);
}

static void an_early_end_at_every_byte_and_one_byte_more_are_malformed(void **state)
{
	struct buf b;
	buf_init(&b, AUDITLOG_MAX_RECORD);
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		struct auditlog_record r = {.app = 7};
		struct err e = ERR_INIT;
		buf_reset(&b);
		assert_int_equal(base64_decode(bytes_str(recorded[i].base64), &b), 0);
		for (size_t len = 0; len < b.len; len++) {
			struct bytes part = visible(buf_bytes(&b), len);
			assert_int_equal(auditlog_record_parse(part, &r, &e), ERR_MALFORMED);
			free((void *)(uintptr_t)part.p);
		}
		assert_contains(e.msg, "cut short");
		buf_addc(&b, 0);
		assert_int_equal(auditlog_record_parse(buf_bytes(&b), &r, &e), ERR_MALFORMED);
		assert_contains(e.msg, "followed by 1 bytes");
		assert_int_equal(r.app, 7);
	}
	buf_release(&b);
}

/* Each length field made too long: nothing is read behind the end. */
static void a_wrong_length_is_malformed(void **state)
{
	static const size_t lengths_at[] = {5, 20, 30}; /* of user, address and extra in the first record */
	struct buf b;
	buf_init(&b, AUDITLOG_MAX_RECORD);
	assert_int_equal(base64_decode(bytes_str(recorded[0].base64), &b), 0);
	for (size_t i = 0; i < ARRAY_LEN(lengths_at); i++) {
		uint8_t was = b.p[lengths_at[i]];
		for (unsigned v = 0; v <= UINT8_MAX; v++) {
			struct auditlog_record r;
			b.p[lengths_at[i]] = (uint8_t)v;
			struct bytes exact = visible(buf_bytes(&b), b.len);
			if (v != was)
				assert_int_equal(auditlog_record_parse(exact, &r, NULL), ERR_MALFORMED);
			free((void *)(uintptr_t)exact.p);
		}
		b.p[lengths_at[i]] = was;
	}
	buf_release(&b);
}

static void each_initiator_has_its_layout(void **state)
{
	static const struct {
		struct bytes in;
		int rc;
		struct auditlog_record want;
	} rows[] = {
		{{(const uint8_t *)"\x00\x11\x00\x03\x01\x00\x00\x01\xf4\x03SID\x00\x00\x00\x09\x01\x03::1\x00", 23},
		 0,
		 {17,
		  3,
		  AUDITLOG_BY_KERBEROS,
		  {(const uint8_t *)"SID", 3},
		  500,
		  9,
		  1,
		  {(const uint8_t *)"::1", 3},
		  {0}}},
		{{(const uint8_t *)"\x00\x12\x00\x08\x03\xff\xff\xff\xff\x02\x00\x00", 12},
		 0,
		 {18, 8, AUDITLOG_BY_KVM, {0}, 0, UINT32_MAX, 2, {0}, {0}}},
		{{(const uint8_t *)"\x00\x12\x00\x08\x04\xff\xff\xff\xff\x02\x00\x00", 12}, ERR_MALFORMED, {0}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auditlog_record r;
		struct err e = ERR_INIT;
		struct buf back;
		assert_int_equal(auditlog_record_parse(rows[i].in, &r, &e), rows[i].rc);
		if (rows[i].rc) {
			assert_contains(e.msg, "unknown initiator 4");
			continue;
		}
		assert_int_equal(r.app, rows[i].want.app);
		assert_int_equal(r.initiator, rows[i].want.initiator);
		assert_int_equal(r.user_in_domain, rows[i].want.user_in_domain);
		assert_true(bytes_equal(r.user, rows[i].want.user));
		assert_true(bytes_equal(r.net_address, rows[i].want.net_address));
		assert_true(r.at == rows[i].want.at);
		assert_int_equal(r.location, rows[i].want.location);
		buf_init(&back, AUDITLOG_MAX_RECORD);
		assert_int_equal(auditlog_record_encode(&r, &back, NULL), 0);
		assert_true(bytes_equal(buf_bytes(&back), rows[i].in));
		buf_release(&back);
	}
}

static void a_record_that_cannot_be_written_is_an_error(void **state)
{
	static const uint8_t long_user[256];
	struct auditlog_record r = {.initiator = AUDITLOG_BY_DIGEST, .user = {long_user, 256}};
	struct buf b;
	buf_init(&b, AUDITLOG_MAX_RECORD);
	assert_int_equal(auditlog_record_encode(&r, &b, NULL), ERR_TOO_BIG);
	buf_release(&b);
	r.user.len = 255;
	buf_init(&b, 100);
	assert_int_equal(auditlog_record_encode(&r, &b, NULL), ERR_TOO_BIG);
	buf_release(&b);
}

static void events_have_names(void **state)
{
	assert_string_equal(auditlog_app_name(17), "remote control");
	assert_string_equal(auditlog_event_name(17, 3), "reset");
	assert_string_equal(auditlog_event_name(16, 19), "unprovisioning started");
	assert_null(auditlog_app_name(31));
	assert_null(auditlog_event_name(17, 10));
	assert_null(auditlog_event_name(99, 0));
}

static void a_page_tells_the_whole_and_its_records(void **state)
{
	static const struct {
		const char *xml;
		int rc;
		uint32_t total;
		size_t records;
	} rows[] = {
		{HEAD "<g:TotalRecordCount>115</g:TotalRecordCount><g:RecordsReturned>2</g:RecordsReturned>"
		      "<g:EventRecords>ABAAEwJe+jS5AgABAg==</g:EventRecords><g:EventRecords>ABAAEwJe+jS5AgABAg=="
		      "</g:EventRecords><g:ReturnValue>0</g:ReturnValue>" TAIL,
		 0, 115, 2},
		{HEAD "<g:TotalRecordCount>0</g:TotalRecordCount><g:ReturnValue>0</g:ReturnValue>" TAIL, 0, 0, 0},
		{HEAD "<g:TotalRecordCount>-1</g:TotalRecordCount><g:ReturnValue>0</g:ReturnValue>" TAIL, ERR_MALFORMED,
		 0, 0},
		{HEAD "<g:ReturnValue>0</g:ReturnValue>" TAIL, ERR_MALFORMED, 0, 0},
		{HEAD "<g:ReturnValue>35</g:ReturnValue>" TAIL, ERR_DEVICE_FAULT, 0, 0},
	};
	struct buf scratch;
	buf_init(&scratch, AUDITLOG_MAX_RECORD);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wsman_reply reply;
		struct auditlog_page page;
		struct auditlog_record r;
		struct err e = ERR_INIT;
		size_t n = 0;
		assert_int_equal(wsman_reply_parse(parser, bytes_str(rows[i].xml), &reply, NULL), 0);
		assert_int_equal(auditlog_page_read(&reply, &page, &e), rows[i].rc);
		if (rows[i].rc)
			continue;
		assert_int_equal(page.total, rows[i].total);
		for (const struct xml_node *x = page.first; x; x = xml_next(x), n++) {
			assert_int_equal(auditlog_node_read(x, &scratch, &r, NULL), 0);
			assert_int_equal(r.app, 16);
		}
		assert_int_equal(n, rows[i].records);
	}
	buf_release(&scratch);
}

static void what_is_not_base64_or_too_long_is_malformed(void **state)
{
	struct buf scratch;
	struct auditlog_record r;
	const struct xml_node *n;
	buf_init(&scratch, 8);
	assert_int_equal(xml_parse(parser, BYTES_LIT("<x>ABAAEw*e</x>"), &n, NULL), 0);
	assert_int_equal(auditlog_node_read(n, &scratch, &r, NULL), ERR_MALFORMED);
	assert_int_equal(xml_parse(parser, BYTES_LIT("<x>ABAAEwJe+jS5AgABAg==</x>"), &n, NULL), 0);
	assert_int_equal(auditlog_node_read(n, &scratch, &r, NULL), ERR_MALFORMED);
	assert_int_equal(xml_parse(parser, BYTES_LIT("<x></x>"), &n, NULL), 0);
	assert_int_equal(auditlog_node_read(n, &scratch, &r, NULL), ERR_MALFORMED);
	buf_release(&scratch);
}

static void reading_begins_at_a_record(void **state)
{
	struct uuid id = {{1}};
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	assert_int_equal(auditlog_read_write(&out, &id, 11, NULL), 0);
	assert_contains(buf_cstr(&out), "<r:ReadRecords_INPUT xmlns:r=\"http://intel.com/wbem/wscim/1/amt-schema/1/"
					"AMT_AuditLog\"><r:StartIndex>11</r:StartIndex></r:ReadRecords_INPUT>");
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
		cmocka_unit_test(an_early_end_at_every_byte_and_one_byte_more_are_malformed),
		cmocka_unit_test(a_wrong_length_is_malformed),
		cmocka_unit_test(each_initiator_has_its_layout),
		cmocka_unit_test(a_record_that_cannot_be_written_is_an_error),
		cmocka_unit_test(events_have_names),
		cmocka_unit_test(a_page_tells_the_whole_and_its_records),
		cmocka_unit_test(what_is_not_base64_or_too_long_is_malformed),
		cmocka_unit_test(reading_begins_at_a_record),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
