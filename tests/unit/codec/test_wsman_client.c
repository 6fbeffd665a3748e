/* Requests that go out, and replies as AMT sends them. Replies are golden files in the raw shape of AMT 11.8 to 16.1
 * or written here in other shapes that mean the same. */
#include "testing.h"

#include "codec/cim.h"

static struct xml_parser *parser;

#define ID_TEXT "6f1d6fcd-0d36-4e6c-9d4b-1f3f5a3b7c11"

static struct uuid id(void)
{
	struct uuid u;
	assert_true(uuid_parse(BYTES_LIT(ID_TEXT), &u));
	return u;
}

/* Any envelope: S soap, A addressing, N enumeration, W wsman. */
#define HEAD                                                                                                           \
	"<S:Envelope xmlns:S='http://www.w3.org/2003/05/soap-envelope' "                                               \
	"xmlns:A='http://schemas.xmlsoap.org/ws/2004/08/addressing' "                                                  \
	"xmlns:W='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' "                                                    \
	"xmlns:N='http://schemas.xmlsoap.org/ws/2004/09/enumeration'>\n <S:Header>"                                    \
	"<A:RelatesTo>uuid:" ID_TEXT "</A:RelatesTo><A:Action>x</A:Action></S:Header>\n <S:Body>\n"
#define TAIL "\n</S:Body></S:Envelope>"

static struct wsman_reply parse(struct bytes text)
{
	struct wsman_reply r;
	struct err e = ERR_INIT;
	if (wsman_reply_parse(parser, text, &r, &e))
		fail_msg("%s", e.msg);
	return r;
}

static void assert_writes(const struct wsman_request *rq, const char *golden)
{
	struct buf out, want;
	buf_init(&out, WSMAN_MAX_REQUEST);
	golden_read(golden, &want);
	assert_int_equal(wsman_request_write(&out, rq, NULL), 0);
	assert_bytes_equal_str(buf_bytes(&out), buf_cstr(&want));
	buf_release(&out);
	buf_release(&want);
}

static void a_pull_is_written_as_other_clients_do(void **state)
{
	struct wsman_request rq = {.op = WSMAN_PULL, .class_name = "CIM_SoftwareIdentity", .message_id = id()};
	rq.context = BYTES_LIT("53000000-0000-0000-0000-000000000000");
	assert_writes(&rq, "wsman/request-pull.bin");
}

static void a_power_change_is_written_as_other_clients_do(void **state)
{
	struct buf out, want;
	struct uuid u = id();
	buf_init(&out, WSMAN_MAX_REQUEST);
	golden_read("wsman/request-power-change.bin", &want);
	assert_int_equal(cim_power_change_write(&out, &u, CIM_POWER_RESET, NULL), 0);
	assert_bytes_equal_str(buf_bytes(&out), buf_cstr(&want));
	buf_release(&out);
	buf_release(&want);
}

static void each_operation_has_its_action_and_body(void **state)
{
	static const struct {
		enum wsman_op op;
		const char *method, *action, *body;
	} rows[] = {
		{WSMAN_GET, NULL, "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action>",
		 "<Body></Body>"},
		{WSMAN_DELETE, NULL, "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete</a:Action>",
		 "<Body></Body>"},
		{WSMAN_PUT, NULL, "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Put</a:Action>",
		 "<Body><r:CIM_Card "
		 "xmlns:r=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Card\"></r:CIM_Card>"},
		{WSMAN_CREATE, NULL, "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Create</a:Action>",
		 "<Body><r:CIM_Card xmlns:r="},
		{WSMAN_ENUMERATE, NULL,
		 "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate</a:Action>",
		 "<Body><Enumerate xmlns=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"></Enumerate></Body>"},
		{WSMAN_RELEASE, NULL, "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release</a:Action>",
		 "<Release xmlns=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"><EnumerationContext>c&amp;d"
		 "</EnumerationContext></Release>"},
		{WSMAN_METHOD, "Reset",
		 "<a:Action>http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Card/Reset</a:Action>",
		 "<r:Reset_INPUT xmlns:r=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Card\">"
		 "</r:Reset_INPUT></Body>"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wsman_request rq = {.op = rows[i].op, .class_name = "CIM_Card", .method = rows[i].method};
		rq.context = BYTES_LIT("c&d");
		struct buf out;
		buf_init(&out, WSMAN_MAX_REQUEST);
		assert_int_equal(wsman_request_write(&out, &rq, NULL), 0);
		assert_contains(buf_cstr(&out), rows[i].action);
		assert_contains(buf_cstr(&out), rows[i].body);
		buf_release(&out);
	}
}

static void selectors_stand_last_in_the_header(void **state)
{
	static const struct wsman_selector sel[] = {
		{.name = {(const uint8_t *)"InstanceID", 10}, .value = {(const uint8_t *)"Intel(r) <1>", 12}}};
	struct wsman_request rq = {.op = WSMAN_DELETE, .class_name = "CIM_Card", .selectors = sel, .selector_count = 1};
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	assert_int_equal(wsman_request_write(&out, &rq, NULL), 0);
	assert_contains(buf_cstr(&out), "<w:OperationTimeout>PT60S</w:OperationTimeout><w:SelectorSet><w:Selector "
					"Name=\"InstanceID\">Intel(r) &lt;1&gt;</w:Selector></w:SelectorSet></Header>");
	buf_release(&out);
}

static void a_request_that_does_not_fit_is_an_error(void **state)
{
	struct wsman_request rq = {.op = WSMAN_GET, .class_name = "CIM_Card"};
	struct buf out;
	struct err e = ERR_INIT;
	buf_init(&out, WSMAN_MAX_REQUEST);
	assert_int_equal(wsman_request_write(&out, &rq, NULL), 0);
	size_t whole = out.len;
	buf_release(&out);
	for (size_t max = 0; max < whole; max++) {
		buf_init(&out, max);
		assert_int_equal(wsman_request_write(&out, &rq, &e), ERR_TOO_BIG);
		assert_contains(e.msg, "request");
		buf_release(&out);
	}
	buf_init(&out, whole);
	assert_int_equal(wsman_request_write(&out, &rq, NULL), 0);
	buf_release(&out);
}

/* Prefixes mean nothing. The same reply in AMT's shape and in three others. */
static void a_reply_is_read_whatever_its_prefixes(void **state)
{
	static const char card[] = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Card";
	static const char *const shapes[] = {
		HEAD "<q:CIM_Card xmlns:q='%s'><q:Tag>t</q:Tag></q:CIM_Card>" TAIL,
		HEAD "<CIM_Card xmlns='%s'>\n\t<Tag>t</Tag>\n</CIM_Card>" TAIL,
		HEAD
		"<g:CIM_Card xmlns:g='%s'><x:Tag xmlns:x='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Card'"
		">t</x:Tag></g:CIM_Card>" TAIL,
	};
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct buf b;
		buf_init(&b, 4000);
		const char *hole = strstr(shapes[i], "%s");
		buf_add(&b, shapes[i], (size_t)(hole - shapes[i]));
		buf_adds(&b, card);
		buf_adds(&b, hole + 2);
		struct wsman_reply r = parse(buf_bytes(&b));
		const struct xml_node *n;
		assert_int_equal(wsman_instance_read(&r, "CIM_Card", &n, NULL), 0);
		assert_bytes_equal_str(xml_text(xml_child(n, n->ns, "Tag")), "t");
		assert_int_equal(wsman_instance_read(&r, "CIM_Chassis", &n, NULL), ERR_MALFORMED);
		buf_release(&b);
	}
}

static void a_reply_of_the_device_is_told_with_all_its_headers(void **state)
{
	struct buf b;
	golden_read("wsman/get-power.bin", &b);
	struct wsman_reply r = parse(buf_bytes(&b));
	assert_bytes_equal_str(r.action, "http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse");
	assert_bytes_equal_str(r.relates_to, "7");
	assert_bytes_equal_str(r.message_id, "uuid:00000000-8086-8086-8086-000000000144");
	assert_bytes_equal_str(r.class_name, "CIM_AssociatedPowerManagementService");
	assert_false(r.is_fault);
	assert_true(wsman_is_of_class(r.body, "CIM_AssociatedPowerManagementService"));
	buf_release(&b);
}

static void an_early_end_at_every_byte_of_a_reply_is_malformed(void **state)
{
	struct buf b;
	struct wsman_reply r;
	golden_read("wsman/get-power.bin", &b);
	for (size_t len = 0; len < b.len; len++) {
		struct bytes part = visible(buf_bytes(&b), len);
		assert_int_equal(wsman_reply_parse(parser, part, &r, NULL), ERR_MALFORMED);
		free((void *)(uintptr_t)part.p);
	}
	buf_release(&b);
}

static void what_is_no_reply_is_malformed(void **state)
{
	static const struct {
		const char *xml, *why;
	} rows[] = {
		{"garbage", "reply: XML"},
		{"<html><body>no</body></html>", "no SOAP 1.2 envelope"},
		{"<Envelope/>", "no SOAP 1.2 envelope"},
		{"<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Header/><Body/></Envelope>",
		 "no SOAP 1.2 envelope"},
		{"<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Header/></Envelope>",
		 "no SOAP 1.2 envelope"},
		{"<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Body/></Envelope>",
		 "no SOAP 1.2 envelope"},
		{"<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Header/><Body/></Envelope>", "no action"},
		{"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"},
		{"<a>\x80</a>", "reply: XML"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wsman_reply r;
		struct err e = ERR_INIT;
		assert_int_equal(wsman_reply_parse(parser, bytes_str(rows[i].xml), &r, &e), ERR_MALFORMED);
		assert_int_equal(e.code, ERR_MALFORMED);
		assert_contains(e.msg, rows[i].why);
	}
}

static void a_reply_past_a_limit_is_malformed_and_not_too_big(void **state)
{
	struct wsman_reply r;
	struct err e = ERR_INIT;
	static uint8_t huge[XML_MAX_LEN + 1];
	assert_int_equal(wsman_reply_parse(parser, BYTES(huge, sizeof(huge)), &r, &e), ERR_MALFORMED);
	assert_int_equal(e.code, ERR_MALFORMED);
	assert_contains(e.msg, "longer than");
	struct buf deep;
	buf_init(&deep, XML_MAX_LEN);
	for (int i = 0; i < 100000; i++)
		buf_adds(&deep, "<a>");
	assert_int_equal(wsman_reply_parse(parser, buf_bytes(&deep), &r, &e), ERR_MALFORMED);
	assert_contains(e.msg, "nested too deep");
	buf_release(&deep);
}

static void a_reply_to_another_message_is_malformed(void **state)
{
	static const struct {
		const char *relates_to;
		int rc;
	} rows[] = {
		{"<A:RelatesTo>uuid:" ID_TEXT "</A:RelatesTo>", 0},
		{"<A:RelatesTo>\r\n uuid:" ID_TEXT "\r\n</A:RelatesTo>", 0},
		{"<A:RelatesTo>" ID_TEXT "</A:RelatesTo>", ERR_MALFORMED},
		{"<A:RelatesTo>uuid:7f1d6fcd-0d36-4e6c-9d4b-1f3f5a3b7c11</A:RelatesTo>", ERR_MALFORMED},
		{"<A:RelatesTo>1</A:RelatesTo>", ERR_MALFORMED},
		{"<A:RelatesTo></A:RelatesTo>", ERR_MALFORMED},
		{"", ERR_MALFORMED},
	};
	struct wsman_request rq = {.op = WSMAN_GET, .class_name = "CIM_Card", .message_id = id()};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		struct wsman_reply r = {0};
		struct err e = ERR_INIT;
		buf_init(&b, 2000);
		buf_addf(&b,
			 "<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope' "
			 "xmlns:A='http://schemas.xmlsoap.org/ws/2004/08/addressing'><Header>%s<A:Action>x</A:Action>"
			 "</Header><Body/></Envelope>",
			 rows[i].relates_to);
		assert_int_equal(wsman_reply_read(parser, buf_bytes(&b), &rq, &r, &e), rows[i].rc);
		assert_int_equal(r.action.p != NULL, rows[i].rc == 0);
		if (rows[i].rc)
			assert_contains(e.msg, "another message than \"uuid:" ID_TEXT "\"");
		buf_release(&b);
	}
}

static void faults_are_told_with_the_devices_own_words(void **state)
{
	static const struct {
		const char *golden;
		enum wsman_fault fault;
		int error, pt_status;
		const char *code, *subcode, *message;
	} rows[] = {
		{"wsman/fault-unreachable.bin", WSMAN_FAULT_DESTINATION_UNREACHABLE, ERR_UNSUPPORTED, 0, "Sender",
		 "DestinationUnreachable", "\"DestinationUnreachable\": \"No route can be determined"},
		{"wsman/fault-internal.bin", WSMAN_FAULT_INTERNAL_ERROR, ERR_DEVICE_FAULT, 38, "Receiver",
		 "InternalError", "\"AMT-STATUS 38\""},
		{"wsman/fault-representation.bin", WSMAN_FAULT_INVALID_REPRESENTATION, ERR_DEVICE_FAULT, 0, "Sender",
		 "InvalidRepresentation", "\"The XML content is not valid.\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		struct err e = ERR_INIT;
		golden_read(rows[i].golden, &b);
		struct wsman_reply r = parse(buf_bytes(&b));
		assert_true(r.is_fault);
		assert_int_equal(r.fault, rows[i].fault);
		assert_int_equal(r.pt_status, rows[i].pt_status);
		assert_bytes_equal_str(r.fault_code, rows[i].code);
		assert_bytes_equal_str(r.fault_subcode, rows[i].subcode);
		struct wsman_request rq = {.op = WSMAN_GET, .message_id = id()};
		r.relates_to = BYTES_LIT("uuid:" ID_TEXT);
		assert_int_equal(wsman_reply_check(&r, &rq, &e), rows[i].error);
		assert_int_equal(e.device_status, rows[i].pt_status);
		assert_contains(e.msg, rows[i].message);
		assert_int_equal(wsman_reply_check(&r, &rq, NULL), rows[i].error);
		buf_release(&b);
	}
}

static void a_fault_of_any_shape_is_an_error_of_its_kind(void **state)
{
	static const struct {
		const char *fault;
		int error;
	} rows[] = {
		{"<S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>W:AccessDenied</S:Value></S:Subcode></S:Code>",
		 ERR_ACCESS_DENIED},
		{"<S:Code><S:Value> env:Receiver </S:Value><S:Subcode><S:Value>\n wsman:QuotaLimit </S:Value>"
		 "</S:Subcode></S:Code><S:Reason><S:Text>busy\n\n</S:Text></S:Reason>",
		 ERR_DEVICE_BUSY},
		{"<S:Code><S:Value>S:MustUnderstand</S:Value></S:Code>", ERR_UNSUPPORTED},
		{"<S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>x:SomethingNew</S:Value></S:Subcode></S:Code>",
		 ERR_DEVICE_FAULT},
		{"<S:Code><S:Value>S:Sender</S:Value></S:Code>", ERR_DEVICE_FAULT},
		{"", ERR_DEVICE_FAULT},
		{"<S:Code><S:Value>:</S:Value><S:Subcode/></S:Code><S:Reason/><S:Detail><x><y> AMT-STATUS x</y></x>"
		 "</S:Detail>",
		 ERR_DEVICE_FAULT},
	};
	struct wsman_request rq = {.op = WSMAN_GET, .message_id = id()};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		struct wsman_reply r;
		struct err e = ERR_INIT;
		buf_init(&b, 4000);
		buf_addf(&b, HEAD "<S:Fault>%s</S:Fault>" TAIL, rows[i].fault);
		assert_int_equal(wsman_reply_read(parser, buf_bytes(&b), &rq, &r, &e), rows[i].error);
		assert_contains(e.msg, "device answered with the fault \"");
		assert_null(strchr(e.msg, '\n'));
		buf_release(&b);
	}
}

/* Items of another class than asked for, and a context that stands before them. */
static void items_of_any_class_and_a_context_before_them(void **state)
{
	struct buf b;
	struct wsman_context c;
	const struct xml_node *items;
	golden_read("wsman/pull-power.bin", &b);
	struct wsman_reply r = parse(buf_bytes(&b));
	assert_bytes_equal_str(r.class_name, "CIM_ServiceAvailableToElement");
	assert_int_equal(wsman_pull_read(&r, &c, &items, NULL), 0);
	assert_string_equal(c.text, "");
	assert_true(wsman_is_of_class(items->child, "CIM_AssociatedPowerManagementService"));
	assert_null(items->child->next);
	buf_release(&b);

	golden_read("wsman/pull-more.bin", &b);
	r = parse(buf_bytes(&b));
	assert_int_equal(wsman_pull_read(&r, &c, &items, NULL), 0);
	assert_string_equal(c.text, "4B000000-0000-0000-0000-000000000000");
	assert_true(wsman_is_of_class(items->child, "CIM_Card"));
	assert_bytes_equal_str(xml_text(xml_child(items->child, items->child->ns, "Manufacturer")), "Example & Sons");
	buf_release(&b);
}

static void the_end_of_a_sequence_is_seen_in_every_form(void **state)
{
	static const struct {
		const char *body, *context;
		int rc;
	} rows[] = {
		{"<N:PullResponse><N:Items/><N:EndOfSequence/></N:PullResponse>", "", 0},
		{"<N:PullResponse><N:EndOfSequence/></N:PullResponse>", "", 0},
		{"<N:PullResponse><N:Items/></N:PullResponse>", "", 0},
		{"<N:PullResponse><N:EnumerationContext> 7 </N:EnumerationContext><N:Items/></N:PullResponse>", "7", 0},
		{"<N:PullResponse><N:Items/><N:EnumerationContext>7</N:EnumerationContext></N:PullResponse>", "7", 0},
		{"<N:PullResponse><N:EnumerationContext>7</N:EnumerationContext><N:Items/><N:EndOfSequence/>"
		 "</N:PullResponse>",
		 "", 0},
		{"<N:PullResponse><N:EnumerationContext>"
		 "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
		 "123456789012345678901234567890</N:EnumerationContext></N:PullResponse>",
		 NULL, ERR_MALFORMED},
		{"<N:EnumerateResponse/>", NULL, ERR_MALFORMED},
		{"<PullResponse/>", NULL, ERR_MALFORMED},
		{"", NULL, ERR_MALFORMED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		struct wsman_context c = {"untouched"};
		const struct xml_node *items = NULL;
		buf_init(&b, 4000);
		buf_addf(&b, HEAD "%s" TAIL, rows[i].body);
		struct wsman_reply r = parse(buf_bytes(&b));
		assert_int_equal(wsman_pull_read(&r, &c, &items, NULL), rows[i].rc);
		assert_string_equal(c.text, rows[i].rc ? "untouched" : rows[i].context);
		buf_release(&b);
	}
}

/* As many pulls as it takes, and none at all when the list is empty. */
static void an_enumeration_goes_on_until_its_end(void **state)
{
	static const char *const files[] = {"wsman/pull-more.bin", "wsman/pull-more.bin", "wsman/pull-empty.bin"};
	struct buf b;
	struct wsman_context c;
	const struct xml_node *items;
	int pulls = 0, found = 0;
	golden_read("wsman/enumerate.bin", &b);
	struct wsman_reply r = parse(buf_bytes(&b));
	assert_int_equal(wsman_enumerate_read(&r, &c, NULL), 0);
	assert_string_equal(c.text, "53000000-0000-0000-0000-000000000000");
	buf_release(&b);
	while (*c.text) {
		golden_read(files[pulls++], &b);
		r = parse(buf_bytes(&b));
		assert_int_equal(wsman_pull_read(&r, &c, &items, NULL), 0);
		for (const struct xml_node *n = items->child; n; n = n->next)
			found++;
		buf_release(&b);
	}
	assert_int_equal(pulls, 3);
	assert_int_equal(found, 2);
}

static void an_enumeration_without_a_context_is_malformed(void **state)
{
	static const char *const bodies[] = {
		"", "<N:EnumerateResponse/>",
		"<N:EnumerateResponse><N:EnumerationContext> </N:EnumerationContext></N:EnumerateResponse>",
		"<EnumerateResponse><EnumerationContext>1</EnumerationContext></EnumerateResponse>"};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct buf b;
		struct wsman_context c;
		buf_init(&b, 4000);
		buf_addf(&b, HEAD "%s" TAIL, bodies[i]);
		struct wsman_reply r = parse(buf_bytes(&b));
		assert_int_equal(wsman_enumerate_read(&r, &c, NULL), ERR_MALFORMED);
		buf_release(&b);
	}
}

/* HTTP 200 and a ReturnValue that says no. */
static void a_method_says_by_its_return_value_what_became_of_it(void **state)
{
	static const struct {
		const char *body;
		int rc, status;
		const char *message;
	} rows[] = {
		{"<p:Go_OUTPUT xmlns:p='urn:p'><p:ReturnValue>0</p:ReturnValue></p:Go_OUTPUT>", 0, 0, ""},
		{"<p:Go_OUTPUT xmlns:p='urn:p'><p:X>1</p:X><p:ReturnValue> 0\n</p:ReturnValue></p:Go_OUTPUT>", 0, 0,
		 ""},
		{"<p:Go_OUTPUT xmlns:p='urn:p'><p:ReturnValue>4096</p:ReturnValue></p:Go_OUTPUT>", 0, 0, ""},
		{"<p:Go_OUTPUT xmlns:p='urn:p'><p:ReturnValue>2</p:ReturnValue></p:Go_OUTPUT>", ERR_DEVICE_BUSY, 2,
		 "device refused \"Go\" with status 2, not ready"},
		{"<p:Go_OUTPUT xmlns:p='urn:p'><p:ReturnValue>7777</p:ReturnValue></p:Go_OUTPUT>", ERR_DEVICE_FAULT,
		 7777, "device refused \"Go\" with status 7777"},
		{"<p:Go_OUTPUT xmlns:p='urn:p'><p:ReturnValue>4294967296</p:ReturnValue></p:Go_OUTPUT>", ERR_MALFORMED,
		 0, "no return value"},
		{"<p:Go_OUTPUT xmlns:p='urn:p'><p:ReturnValue>-1</p:ReturnValue></p:Go_OUTPUT>", ERR_MALFORMED, 0,
		 "no return value"},
		{"<p:Go_OUTPUT xmlns:p='urn:p'></p:Go_OUTPUT>", ERR_MALFORMED, 0, "no return value"},
		{"<p:Gone_OUTPUT xmlns:p='urn:p'><p:ReturnValue>0</p:ReturnValue></p:Gone_OUTPUT>", ERR_MALFORMED, 0,
		 "no output of the method"},
		{"<p:Go xmlns:p='urn:p'><p:ReturnValue>0</p:ReturnValue></p:Go>", ERR_MALFORMED, 0,
		 "no output of the method"},
		{"", ERR_MALFORMED, 0, "no output of the method"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		struct err e = ERR_INIT;
		const struct xml_node *out = NULL;
		buf_init(&b, 4000);
		buf_addf(&b, HEAD "%s" TAIL, rows[i].body);
		struct wsman_reply r = parse(buf_bytes(&b));
		assert_int_equal(wsman_method_done(&r, "Go", &out, &e), rows[i].rc);
		assert_int_equal(out != NULL, rows[i].rc == 0);
		assert_int_equal(e.device_status, rows[i].status);
		assert_contains(e.msg, rows[i].message);
		buf_release(&b);
	}
}

static void the_answer_to_a_power_change_is_matched_and_read(void **state)
{
	struct buf b;
	struct wsman_reply r;
	const struct xml_node *out;
	struct wsman_request rq = {.op = WSMAN_METHOD, .class_name = CIM_POWER_SERVICE, .method = CIM_POWER_CHANGE};
	rq.message_id = id();
	golden_read("wsman/power-change-output.bin", &b);
	assert_int_equal(wsman_reply_read(parser, buf_bytes(&b), &rq, &r, NULL), 0);
	assert_int_equal(wsman_method_done(&r, CIM_POWER_CHANGE, &out, NULL), 0);
	rq.message_id.b[15]++;
	assert_int_equal(wsman_reply_read(parser, buf_bytes(&b), &rq, &r, NULL), ERR_MALFORMED);
	buf_release(&b);
}

static void a_created_thing_is_told_by_a_reference_with_references(void **state)
{
	struct buf b;
	struct wsman_epr epr, inner;
	golden_read("wsman/create.bin", &b);
	struct wsman_reply r = parse(buf_bytes(&b));
	assert_true(xml_is(r.body, XML_NS_TRANSFER, "ResourceCreated"));
	assert_int_equal(wsman_epr_read(r.body, &epr, NULL), 0);
	assert_bytes_equal_str(epr.class_name, "AMT_TLSCredentialContext");
	assert_int_equal(epr.selector_count, 2);
	assert_bytes_equal_str(epr.selectors[1].name, "ElementProvidingContext");
	assert_int_equal(epr.selectors[1].value.len, 0);
	assert_int_equal(wsman_epr_read(epr.selectors[1].node, &inner, NULL), 0);
	assert_bytes_equal_str(inner.class_name, "AMT_TLSProtocolEndpointCollection");
	assert_bytes_equal_str(inner.selectors[0].value, "TLSProtocolEndpoint Instances Collection");
	buf_release(&b);

	golden_read("wsman/delete.bin", &b);
	r = parse(buf_bytes(&b));
	assert_null(r.body);
	buf_release(&b);
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
		cmocka_unit_test(a_pull_is_written_as_other_clients_do),
		cmocka_unit_test(a_power_change_is_written_as_other_clients_do),
		cmocka_unit_test(each_operation_has_its_action_and_body),
		cmocka_unit_test(selectors_stand_last_in_the_header),
		cmocka_unit_test(a_request_that_does_not_fit_is_an_error),
		cmocka_unit_test(a_reply_is_read_whatever_its_prefixes),
		cmocka_unit_test(a_reply_of_the_device_is_told_with_all_its_headers),
		cmocka_unit_test(an_early_end_at_every_byte_of_a_reply_is_malformed),
		cmocka_unit_test(what_is_no_reply_is_malformed),
		cmocka_unit_test(a_reply_past_a_limit_is_malformed_and_not_too_big),
		cmocka_unit_test(a_reply_to_another_message_is_malformed),
		cmocka_unit_test(faults_are_told_with_the_devices_own_words),
		cmocka_unit_test(a_fault_of_any_shape_is_an_error_of_its_kind),
		cmocka_unit_test(items_of_any_class_and_a_context_before_them),
		cmocka_unit_test(the_end_of_a_sequence_is_seen_in_every_form),
		cmocka_unit_test(an_enumeration_goes_on_until_its_end),
		cmocka_unit_test(an_enumeration_without_a_context_is_malformed),
		cmocka_unit_test(a_method_says_by_its_return_value_what_became_of_it),
		cmocka_unit_test(the_answer_to_a_power_change_is_matched_and_read),
		cmocka_unit_test(a_created_thing_is_told_by_a_reference_with_references),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
