/* The simulator's side: requests as clients of all kinds send them, and replies that are byte for byte those of AMT.
 * Requests are written here in the manner of the client that a comment names; replies are golden files. */
#include "testing.h"

#include "codec/wsman.h"

static struct xml_parser *parser;

#define ENVELOPE                                                                                                       \
	"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' "                                               \
	"xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' "                                                  \
	"xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' "                                                    \
	"xmlns:n='http://schemas.xmlsoap.org/ws/2004/09/enumeration'>"
#define CIM     "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
#define AMT     "http://intel.com/wbem/wscim/1/amt-schema/1/"
#define T       "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define N       "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define EV      "http://schemas.xmlsoap.org/ws/2004/08/eventing"
#define GET     "<a:Action>" T "/Get</a:Action>"
#define CARD    "<w:ResourceURI>" CIM "CIM_Card</w:ResourceURI>"
#define MID     "<a:MessageID>1</a:MessageID>"
#define NOTHING "<s:Body/></s:Envelope>"

static struct wsman_call parse(const char *text)
{
	struct wsman_call c;
	struct err e = ERR_INIT;
	if (wsman_call_parse(parser, bytes_str(text), &c, &e))
		fail_msg("%s", e.msg);
	return c;
}

/* A Get of one class, as six families of clients write it. */
static void a_get_is_understood_from_every_client(void **state)
{
	static const struct {
		const char *xml, *id, *to;
	} rows[] = {
		/* MeshCommander, wsman-messages: soap as default namespace, a number as MessageID */
		{"<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope "
		 "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
		 "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
		 "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
		 "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" "
		 "xmlns=\"http://www.w3.org/2003/05/soap-envelope\"><Header><a:Action>" T "/Get</a:Action>"
		 "<a:To>/wsman</a:To><w:ResourceURI>" CIM "CIM_Card</w:ResourceURI><a:MessageID>17</a:MessageID>"
		 "<a:ReplyTo><a:Address>" WSMAN_ANONYMOUS "</a:Address></a:ReplyTo>"
		 "<w:OperationTimeout>PT60S</w:OperationTimeout></Header><Body /></Envelope>",
		 "17", "/wsman"},
		/* OpenWSMAN: all prefixed, mustUnderstand, full address, uuid, line ends */
		{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope "
		 "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
		 "xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
		 "xmlns:wsman=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">\n  <s:Header>\n    <wsa:Action "
		 "s:mustUnderstand=\"true\">" T "/Get</wsa:Action>\n    <wsa:To "
		 "s:mustUnderstand=\"true\">http://127.0.0.1:16992/wsman</wsa:To>\n    <wsman:ResourceURI "
		 "s:mustUnderstand=\"true\">" CIM "CIM_Card</wsman:ResourceURI>\n    <wsa:MessageID "
		 "s:mustUnderstand=\"true\">uuid:d7a6b0f0-2f3a-1f3a-8002-7a1b2c3d4e5f</wsa:MessageID>\n    "
		 "<wsa:ReplyTo>\n "
		 "<wsa:Address>" WSMAN_ANONYMOUS "</wsa:Address>\n    </wsa:ReplyTo>\n  </s:Header>\n  <s:Body/>\n"
		 "</s:Envelope>\n",
		 "uuid:d7a6b0f0-2f3a-1f3a-8002-7a1b2c3d4e5f", "http://127.0.0.1:16992/wsman"},
		/* WinRM: xmlns on each element, Locale to be ignored, MaxEnvelopeSize */
		{"<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\"><Header>\r\n<To "
		 "xmlns=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\">http://desk-17:16992/wsman</To>\r\n"
		 "<ResourceURI xmlns:m=\"http://www.w3.org/2003/05/soap-envelope\" m:mustUnderstand=\"1\" "
		 "xmlns=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">" CIM "CIM_Card</ResourceURI>"
		 "<Action xmlns=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\">" T "/Get</Action>"
		 "<MaxEnvelopeSize xmlns:m=\"http://www.w3.org/2003/05/soap-envelope\" m:mustUnderstand=\"true\" "
		 "xmlns=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">153600</MaxEnvelopeSize>"
		 "<MessageID xmlns=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\">uuid:1</MessageID>"
		 "<Locale xml:lang=\"en-US\" xmlns:m=\"http://www.w3.org/2003/05/soap-envelope\" "
		 "m:mustUnderstand=\"false\" "
		 "xmlns=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\"/></Header><Body></Body></Envelope>",
		 "uuid:1", "http://desk-17:16992/wsman"},
		/* no To, nothing optional; a MessageID with blanks stays as it is */
		{ENVELOPE "<s:Header>" GET CARD "<a:MessageID> x y </a:MessageID></s:Header>" NOTHING, " x y ", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wsman_call c = parse(rows[i].xml);
		assert_int_equal(c.refuse, WSMAN_FAULT_NONE);
		assert_int_equal(c.op, WSMAN_GET);
		assert_bytes_equal_str(c.class_name, "CIM_Card");
		assert_bytes_equal_str(c.uri, CIM "CIM_Card");
		assert_bytes_equal_str(c.message_id, rows[i].id);
		assert_bytes_equal_str(c.to, rows[i].to);
		assert_int_equal(c.selector_count, 0);
		assert_null(c.body);
	}
}

static void every_action_is_told_apart(void **state)
{
	static const struct {
		const char *action, *uri;
		enum wsman_op op;
		const char *method;
		enum wsman_fault refuse;
	} rows[] = {
		{T "/Put", CIM "CIM_Card", WSMAN_PUT, "", WSMAN_FAULT_NONE},
		{T "/Create", CIM "CIM_Card", WSMAN_CREATE, "", WSMAN_FAULT_NONE},
		{T "/Delete", CIM "CIM_Card", WSMAN_DELETE, "", WSMAN_FAULT_NONE},
		{N "/Enumerate", CIM "CIM_Card", WSMAN_ENUMERATE, "", WSMAN_FAULT_NONE},
		{EV "/Subscribe", CIM "CIM_FilterCollection", WSMAN_SUBSCRIBE, "", WSMAN_FAULT_NONE},
		{EV "/Unsubscribe", CIM "CIM_FilterCollectionSubscription", WSMAN_UNSUBSCRIBE, "", WSMAN_FAULT_NONE},
		{EV "/Renew", CIM "CIM_FilterCollection", WSMAN_RENEW, "", WSMAN_FAULT_NONE},
		{CIM "CIM_Card/Reset", CIM "CIM_Card", WSMAN_METHOD, "Reset", WSMAN_FAULT_NONE},
		{" " CIM "CIM_Card/Reset\n", "\n" CIM "CIM_Card ", WSMAN_METHOD, "Reset", WSMAN_FAULT_NONE},
		{CIM "CIM_Chassis/Reset", CIM "CIM_Card", WSMAN_METHOD, "", WSMAN_FAULT_ACTION_NOT_SUPPORTED},
		{CIM "CIM_Card/", CIM "CIM_Card", WSMAN_METHOD, "", WSMAN_FAULT_ACTION_NOT_SUPPORTED},
		{CIM "CIM_Card", CIM "CIM_Card", WSMAN_METHOD, "", WSMAN_FAULT_ACTION_NOT_SUPPORTED},
		{CIM "CIM_Card/a/b", CIM "CIM_Card", WSMAN_METHOD, "a/b", WSMAN_FAULT_ACTION_NOT_SUPPORTED},
		{CIM "CIM_Card/a&lt;b", CIM "CIM_Card", WSMAN_METHOD, "a<b", WSMAN_FAULT_ACTION_NOT_SUPPORTED},
		{T "/Fetch", CIM "CIM_Card", WSMAN_METHOD, "", WSMAN_FAULT_ACTION_NOT_SUPPORTED},
		{T "/Get", "", WSMAN_GET, "", WSMAN_FAULT_DESTINATION_UNREACHABLE},
		{"", CIM "CIM_Card", WSMAN_METHOD, "", WSMAN_FAULT_HEADER_REQUIRED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		buf_init(&b, 4000);
		buf_addf(&b,
			 ENVELOPE "<s:Header><a:Action>%s</a:Action><w:ResourceURI>%s</w:ResourceURI>" MID
				  "</s:Header>" NOTHING,
			 rows[i].action, rows[i].uri);
		struct wsman_call c = parse(buf_cstr(&b));
		if (c.refuse != rows[i].refuse)
			fail_msg("row %zu is refused with %s", i, wsman_fault_name(c.refuse));
		assert_int_equal(c.op, rows[i].op);
		assert_bytes_equal_str(c.method, rows[i].method);
		buf_release(&b);
	}
}

static void selectors_are_text_or_references(void **state)
{
	struct wsman_call c =
		parse(ENVELOPE
		      "<s:Header>" GET CARD MID "<w:SelectorSet>\n"
		      "<w:Selector Name='InstanceID'>\n Intel(r) AMT:All \n</w:Selector>"
		      "<w:Selector w:Name='Filter'><a:EndpointReference><a:Address>" WSMAN_ANONYMOUS
		      "</a:Address><a:ReferenceParameters><w:ResourceURI>" CIM
		      "CIM_FilterCollection</w:ResourceURI><w:SelectorSet><w:Selector Name='InstanceID'>x</w:Selector>"
		      "</w:SelectorSet></a:ReferenceParameters></a:EndpointReference></w:Selector></w:SelectorSet>"
		      "</s:Header>" NOTHING);
	struct wsman_epr epr;
	assert_int_equal(c.refuse, WSMAN_FAULT_NONE);
	assert_int_equal(c.selector_count, 2);
	assert_bytes_equal_str(wsman_selector_get(c.selectors, c.selector_count, "InstanceID"), "Intel(r) AMT:All");
	assert_bytes_equal_str(c.selectors[1].name, "Filter");
	assert_int_equal(wsman_epr_read(c.selectors[1].node, &epr, NULL), 0);
	assert_bytes_equal_str(epr.class_name, "CIM_FilterCollection");
	assert_bytes_equal_str(epr.selectors[0].value, "x");
}

static void a_pull_tells_its_context_and_limits(void **state)
{
	static const struct {
		const char *op, *body, *context;
		uint64_t max;
		enum wsman_fault refuse;
	} rows[] = {
		{"Pull",
		 "<Pull xmlns='" N "'><EnumerationContext>5</EnumerationContext><MaxElements>999</MaxElements>"
		 "<MaxCharacters>99999</MaxCharacters></Pull>",
		 "5", 999, WSMAN_FAULT_NONE},
		{"Pull", "<n:Pull>\n<n:EnumerationContext> 5 </n:EnumerationContext></n:Pull>", "5", 0,
		 WSMAN_FAULT_NONE},
		{"Release", "<n:Release><n:EnumerationContext>6</n:EnumerationContext></n:Release>", "6", 0,
		 WSMAN_FAULT_NONE},
		{"Pull", "<n:Pull/>", "", 0, WSMAN_FAULT_INVALID_CONTEXT},
		{"Pull", "", "", 0, WSMAN_FAULT_INVALID_CONTEXT},
		{"Enumerate", "<n:Enumerate/>", "", 0, WSMAN_FAULT_NONE},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		buf_init(&b, 4000);
		buf_addf(&b,
			 ENVELOPE "<s:Header><a:Action>" N "/%s</a:Action>" CARD MID "</s:Header><s:Body>%s</s:Body>"
				  "</s:Envelope>",
			 rows[i].op, rows[i].body);
		struct wsman_call c = parse(buf_cstr(&b));
		assert_int_equal(c.refuse, rows[i].refuse);
		assert_bytes_equal_str(c.context, rows[i].context);
		assert_true(c.max_elements == rows[i].max);
		buf_release(&b);
	}
}

static void what_cannot_be_granted_is_refused_with_its_fault(void **state)
{
	static const struct {
		const char *header;
		enum wsman_fault refuse;
	} rows[] = {
		{GET CARD MID "<w:OptionSet s:mustUnderstand='true'/>", WSMAN_FAULT_MUST_UNDERSTAND},
		{GET CARD MID "<w:OptionSet s:mustUnderstand='1'/>", WSMAN_FAULT_MUST_UNDERSTAND},
		{GET CARD MID "<w:OptionSet s:mustUnderstand='false'/>", WSMAN_FAULT_NONE},
		{GET CARD MID "<w:OptionSet/>", WSMAN_FAULT_NONE},
		{GET CARD MID "<x xmlns='urn:x' s:mustUnderstand='true'/>", WSMAN_FAULT_MUST_UNDERSTAND},
		{GET CARD MID "<w:OperationTimeout s:mustUnderstand='true'>PT5S</w:OperationTimeout>",
		 WSMAN_FAULT_NONE},
		{GET CARD MID "<w:MaxEnvelopeSize>50000</w:MaxEnvelopeSize>", WSMAN_FAULT_NONE},
		{GET CARD MID "<w:MaxEnvelopeSize>49999</w:MaxEnvelopeSize>", WSMAN_FAULT_ENCODING_LIMIT},
		{GET CARD MID "<w:SelectorSet><w:Selector>v</w:Selector></w:SelectorSet>",
		 WSMAN_FAULT_INVALID_SELECTORS},
		{GET CARD, WSMAN_FAULT_HEADER_REQUIRED},
		{CARD MID, WSMAN_FAULT_HEADER_REQUIRED},
		{GET MID, WSMAN_FAULT_DESTINATION_UNREACHABLE},
		{"", WSMAN_FAULT_HEADER_REQUIRED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		buf_init(&b, 4000);
		buf_addf(&b, ENVELOPE "<s:Header>%s</s:Header>" NOTHING, rows[i].header);
		struct wsman_call c = parse(buf_cstr(&b));
		if (c.refuse != rows[i].refuse)
			fail_msg("row %zu is refused with \"%s\"", i, wsman_fault_name(c.refuse));
		buf_release(&b);
	}
}

static void what_is_no_request_is_malformed(void **state)
{
	static const char *const rows[] = {
		"",
		"garbage",
		"<a>\xff</a>",
		"<!DOCTYPE a><a/>",
		"<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Header/><Body/></Envelope>",
		"<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Header/></Envelope>",
	};
	struct wsman_call c;
	struct err e = ERR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(wsman_call_parse(parser, bytes_str(rows[i]), &c, &e), ERR_MALFORMED);
		assert_int_equal(e.code, ERR_MALFORMED);
		assert_contains(e.msg, "request");
	}
	struct buf b;
	golden_read("wsman/request-power-change.bin", &b);
	for (size_t len = 0; len < b.len; len++) {
		struct bytes part = visible(buf_bytes(&b), len);
		assert_int_equal(wsman_call_parse(parser, part, &c, NULL), ERR_MALFORMED);
		free((void *)(uintptr_t)part.p);
	}
	assert_int_equal(wsman_call_parse(parser, buf_bytes(&b), &c, NULL), 0);
	assert_bytes_equal_str(c.method, "RequestPowerStateChange");
	uint64_t v = 0;
	assert_true(xml_u64(xml_child(c.body, c.body->ns, "PowerState"), &v) && v == 10);
	buf_release(&b);
}

static struct wsman_call call_of(enum wsman_op op, const char *action, const char *uri, const char *id)
{
	struct wsman_call c = {
		.op = op, .action = bytes_str(action), .uri = bytes_str(uri), .message_id = bytes_str(id)};
	c.class_name = wsman_class_of(c.uri);
	c.method = op == WSMAN_METHOD ? bytes_str(strrchr(action, '/') + 1) : BYTES_NONE;
	return c;
}

/* The written reply, and the same in every buffer that is too small for it. */
static void assert_answer(const struct wsman_answer *a, void (*fill)(const struct wsman_writer *), const char *golden)
{
	struct buf want, out;
	struct err e = ERR_INIT;
	golden_read(golden, &want);
	for (size_t max = 0; max <= want.len; max++) {
		buf_init(&out, max);
		struct wsman_writer w = wsman_answer_begin(&out, a);
		if (fill)
			fill(&w);
		assert_int_equal(wsman_answer_end(&w, a, &e), max == want.len ? 0 : ERR_TOO_BIG);
		if (max == want.len)
			assert_bytes_equal_str(buf_bytes(&out), buf_cstr(&want));
		buf_release(&out);
	}
	buf_release(&want);
}

static void fill_power(const struct wsman_writer *w)
{
	static const unsigned states[] = {10, 8, 5, 11};
	struct wsman_epr service = {.class_name = BYTES_LIT("CIM_PowerManagementService"), .selector_count = 4};
	struct wsman_epr user = {.class_name = BYTES_LIT("CIM_ComputerSystem"), .selector_count = 2};
	service.selectors[0] = WSMAN_SELECTOR("CreationClassName", "CIM_PowerManagementService");
	service.selectors[1] = WSMAN_SELECTOR("Name", "Intel(r) AMT Power Management Service");
	service.selectors[2] = WSMAN_SELECTOR("SystemCreationClassName", "CIM_ComputerSystem");
	service.selectors[3] = WSMAN_SELECTOR("SystemName", "Intel(r) AMT");
	user.selectors[0] = WSMAN_SELECTOR("CreationClassName", "CIM_ComputerSystem");
	user.selectors[1] = WSMAN_SELECTOR("Name", "ManagedSystem");
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		wsman_add_u64(w, "AvailableRequestedPowerStates", states[i]);
	wsman_add_u64(w, "PowerState", 2);
	wsman_add_epr(w, "ServiceProvided", &service);
	wsman_add_epr(w, "UserOfService", &user);
}

static void fill_power_item(const struct wsman_writer *w)
{
	wsman_add_open(w, "CIM_AssociatedPowerManagementService");
	fill_power(w);
	wsman_add_close(w, "CIM_AssociatedPowerManagementService");
}

static void a_get_is_answered_as_amt_does(void **state)
{
	struct wsman_call c = call_of(WSMAN_GET, T "/Get", CIM "CIM_AssociatedPowerManagementService", "7");
	struct wsman_answer a = {.call = &c, .serial = 0x144, .has_common = true};
	assert_answer(&a, fill_power, "wsman/get-power.bin");
}

static void an_enumeration_is_answered_as_amt_does(void **state)
{
	struct wsman_call c = call_of(WSMAN_ENUMERATE, N "/Enumerate", CIM "CIM_ServiceAvailableToElement", "68");
	struct wsman_answer a = {.call = &c, .serial = 0x144, .context = "53000000-0000-0000-0000-000000000000"};
	assert_answer(&a, NULL, "wsman/enumerate.bin");
	c = call_of(WSMAN_PULL, N "/Pull", CIM "CIM_ServiceAvailableToElement", "69");
	a = (struct wsman_answer){
		.call = &c, .serial = 0x145, .item_class = "CIM_AssociatedPowerManagementService", .has_common = true};
	assert_answer(&a, fill_power_item, "wsman/pull-power.bin");
	c = call_of(WSMAN_PULL, N "/Pull", CIM "CIM_Battery", "35");
	a = (struct wsman_answer){.call = &c, .serial = 0x11f};
	assert_answer(&a, NULL, "wsman/pull-empty.bin");
}

static void fill_card(const struct wsman_writer *w)
{
	wsman_add_open(w, "CIM_Card");
	wsman_add_bool(w, "CanBeFRUed", true);
	wsman_add_str(w, "Manufacturer", "Example & Sons");
	wsman_add_str(w, "Model", "");
	wsman_add_close(w, "CIM_Card");
}

static void fill_audit_log(const struct wsman_writer *w)
{
	wsman_add_open(w, "AMT_AuditLog");
	wsman_add_u64(w, "AuditState", 16);
	wsman_add_u64(w, "CurrentNumberOfRecords", 7);
	wsman_add_str(w, "ElementName", "Intel(r) AMT Audit Log");
	wsman_add_u64(w, "EnabledState", 2);
	wsman_add_u64(w, "PercentageFree", 99);
	wsman_add_u64(w, "StoragePolicy", 1);
	wsman_add_datetime(w, "TimeOfLastRecord", "2026-03-01T12:30:45Z");
	wsman_add_close(w, "AMT_AuditLog");
}

static void a_pull_with_more_behind_it_or_a_date_is_answered_as_amt_does(void **state)
{
	struct wsman_call c = call_of(WSMAN_PULL, N "/Pull", CIM "CIM_PhysicalPackage", "50");
	struct wsman_answer a = {.call = &c,
				 .serial = 0x12e,
				 .item_class = "CIM_Card",
				 .context = "4B000000-0000-0000-0000-000000000000"};
	assert_answer(&a, fill_card, "wsman/pull-more.bin");
	c = call_of(WSMAN_PULL, N "/Pull", AMT "AMT_AuditLog", "45");
	a = (struct wsman_answer){.call = &c, .serial = 0x129, .item_class = "AMT_AuditLog", .has_common = true};
	assert_answer(&a, fill_audit_log, "wsman/pull-audit-log.bin");
}

static void fill_done(const struct wsman_writer *w)
{
	wsman_add_u64(w, "ReturnValue", 0);
}

static void fill_created(const struct wsman_writer *w)
{
	struct wsman_epr cert = {.class_name = BYTES_LIT("AMT_PublicKeyCertificate"), .selector_count = 1};
	struct wsman_epr ends = {.class_name = BYTES_LIT("AMT_TLSProtocolEndpointCollection"), .selector_count = 1};
	struct wsman_epr epr = {.class_name = BYTES_LIT("AMT_TLSCredentialContext"), .selector_count = 2};
	cert.selectors[0] = WSMAN_SELECTOR("InstanceID", "Intel(r) AMT Certificate: Handle: 1");
	ends.selectors[0] = WSMAN_SELECTOR("ElementName", "TLSProtocolEndpoint Instances Collection");
	epr.selectors[0] = (struct wsman_selector){.name = BYTES_LIT("ElementInContext"), .epr = &cert};
	epr.selectors[1] = (struct wsman_selector){.name = BYTES_LIT("ElementProvidingContext"), .epr = &ends};
	wsman_add_reference(w, &epr);
}

static void changes_are_answered_as_amt_does(void **state)
{
	struct wsman_call c = call_of(WSMAN_METHOD, CIM "CIM_PowerManagementService/RequestPowerStateChange",
				      CIM "CIM_PowerManagementService", "uuid:6f1d6fcd-0d36-4e6c-9d4b-1f3f5a3b7c11");
	struct wsman_answer a = {.call = &c, .serial = 0x28bb};
	assert_answer(&a, fill_done, "wsman/power-change-output.bin");
	c = call_of(WSMAN_CREATE, T "/Create", AMT "AMT_TLSCredentialContext", "11");
	a.serial = 0x4ce5c;
	assert_answer(&a, fill_created, "wsman/create.bin");
	c = call_of(WSMAN_DELETE, T "/Delete", AMT "AMT_PublicKeyCertificate", "15");
	a.serial = 0x2f9;
	assert_answer(&a, NULL, "wsman/delete.bin");
}

static void other_operations_have_their_response_element(void **state)
{
	static const struct {
		enum wsman_op op;
		const char *action;
		bool is_empty;
		const char *part;
	} rows[] = {
		{WSMAN_SUBSCRIBE, EV "/Subscribe", false,
		 "<a:Body><g:SubscribeResponse></g:SubscribeResponse></a:Body>"},
		{WSMAN_RENEW, EV "/Renew", false, "<a:Body><g:RenewResponse></g:RenewResponse></a:Body>"},
		{WSMAN_UNSUBSCRIBE, EV "/Unsubscribe", false, "<a:Body></a:Body>"},
		{WSMAN_RELEASE, N "/Release", false, "<a:Body></a:Body>"},
		{WSMAN_PUT, T "/Put", true, "<a:Body></a:Body>"},
		{WSMAN_PUT, T "/Put", false, "<a:Body><g:CIM_Card></g:CIM_Card></a:Body>"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		struct wsman_call c = call_of(rows[i].op, rows[i].action, CIM "CIM_FilterCollection", "<&>");
		struct wsman_answer a = {.call = &c, .is_empty = rows[i].is_empty, .class_name = "CIM_Card"};
		buf_init(&out, 10000);
		struct wsman_writer w = wsman_answer_begin(&out, &a);
		assert_int_equal(wsman_answer_end(&w, &a, NULL), 0);
		assert_contains(buf_cstr(&out), rows[i].part);
		assert_contains(buf_cstr(&out), "<b:RelatesTo>&lt;&amp;&gt;</b:RelatesTo>");
		struct wsman_reply r;
		assert_int_equal(wsman_reply_parse(parser, buf_bytes(&out), &r, NULL), 0);
		buf_release(&out);
	}
}

static void faults_are_written_as_amt_does(void **state)
{
	static const struct {
		enum wsman_fault fault;
		int pt_status;
		const char *id;
		uint64_t serial;
		const char *golden;
	} rows[] = {
		{WSMAN_FAULT_DESTINATION_UNREACHABLE, 0, "34", 0x11e, "wsman/fault-unreachable.bin"},
		{WSMAN_FAULT_INTERNAL_ERROR, 38, "15", 0xc7, "wsman/fault-internal.bin"},
		{WSMAN_FAULT_INVALID_REPRESENTATION, 0, "16", 0xc8, "wsman/fault-representation.bin"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf want, out;
		struct wsman_call c = call_of(WSMAN_GET, T "/Get", CIM "CIM_Card", rows[i].id);
		golden_read(rows[i].golden, &want);
		for (size_t max = 0; max <= want.len; max++) {
			buf_init(&out, max);
			assert_int_equal(
				wsman_fault_write(&out, &c, rows[i].serial, rows[i].fault, rows[i].pt_status, NULL),
				max == want.len ? 0 : ERR_TOO_BIG);
			if (max == want.len)
				assert_bytes_equal_str(buf_bytes(&out), buf_cstr(&want));
			buf_release(&out);
		}
		buf_release(&want);
	}
}

static void every_fault_is_read_back_as_what_it_is(void **state)
{
	struct buf out;
	buf_init(&out, 10000);
	for (enum wsman_fault f = WSMAN_FAULT_NONE + 1; f < WSMAN_FAULT_COUNT; f++) {
		struct wsman_reply r;
		buf_reset(&out);
		assert_int_equal(wsman_fault_write(&out, NULL, f, f, 0, NULL), 0);
		assert_int_equal(wsman_reply_parse(parser, buf_bytes(&out), &r, NULL), 0);
		assert_true(r.is_fault);
		assert_int_equal(r.fault, f);
		assert_true(r.fault_reason.len > 0);
		assert_int_equal(r.relates_to.len, 0);
	}
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
		cmocka_unit_test(a_get_is_understood_from_every_client),
		cmocka_unit_test(every_action_is_told_apart),
		cmocka_unit_test(selectors_are_text_or_references),
		cmocka_unit_test(a_pull_tells_its_context_and_limits),
		cmocka_unit_test(what_cannot_be_granted_is_refused_with_its_fault),
		cmocka_unit_test(what_is_no_request_is_malformed),
		cmocka_unit_test(a_get_is_answered_as_amt_does),
		cmocka_unit_test(an_enumeration_is_answered_as_amt_does),
		cmocka_unit_test(a_pull_with_more_behind_it_or_a_date_is_answered_as_amt_does),
		cmocka_unit_test(changes_are_answered_as_amt_does),
		cmocka_unit_test(other_operations_have_their_response_element),
		cmocka_unit_test(faults_are_written_as_amt_does),
		cmocka_unit_test(every_fault_is_read_back_as_what_it_is),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
