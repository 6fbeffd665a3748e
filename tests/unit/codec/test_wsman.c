/* What both ends of WS-Management share: class names and URIs, references, values, meanings of return values. */
#include "testing.h"

#include "codec/wsman.h"

static struct xml_parser *parser;

static const struct xml_node *parse(const char *text)
{
	const struct xml_node *root = NULL;
	struct err e = ERR_INIT;
	if (xml_parse(parser, bytes_str(text), &root, &e))
		fail_msg("\"%s\": %s", text, e.msg);
	return root;
}

static void a_class_has_its_uri_by_its_prefix(void **state)
{
	static const struct {
		const char *name, *uri;
	} rows[] = {
		{"CIM_Chassis", "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Chassis"},
		{"AMT_GeneralSettings", "http://intel.com/wbem/wscim/1/amt-schema/1/AMT_GeneralSettings"},
		{"IPS_OptInService", "http://intel.com/wbem/wscim/1/ips-schema/1/IPS_OptInService"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		buf_init(&b, 200);
		buf_addf(&b, "%s%s", wsman_class_prefix(bytes_str(rows[i].name)), rows[i].name);
		assert_bytes_equal_str(buf_bytes(&b), rows[i].uri);
		assert_bytes_equal_str(wsman_class_of(bytes_str(rows[i].uri)), rows[i].name);
		buf_release(&b);
	}
}

static void other_uris_are_of_no_class(void **state)
{
	static const char *const uris[] = {
		"",
		"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/",
		"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/AMT_GeneralSettings",
		"http://schemas.dmtf.org/wbem/wscim/1/*",
		"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_A<b>",
		"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_A/b",
		"CIM_Chassis",
		"urn:x",
	};
	for (size_t i = 0; i < ARRAY_LEN(uris); i++)
		assert_int_equal(wsman_class_of(bytes_str(uris[i])).len, 0);
	assert_null(wsman_class_prefix(BYTES_LIT("Msvm_ComputerSystem")));
	assert_null(wsman_class_prefix(BYTES_NONE));
}

static void an_instance_is_of_its_class_by_name_and_namespace(void **state)
{
	static const struct {
		const char *xml;
		bool is;
	} rows[] = {
		{"<CIM_Card xmlns='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Card'/>", true},
		{"<CIM_Card xmlns='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Chassis'/>", false},
		{"<CIM_Chassis xmlns='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Card'/>", false},
		{"<CIM_Card/>", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(wsman_is_of_class(parse(rows[i].xml), "CIM_Card"), rows[i].is);
	assert_false(wsman_is_of_class(NULL, "CIM_Card"));
}

#define A  "xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing'"
#define W  "xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'"
#define PK "http://intel.com/wbem/wscim/1/amt-schema/1/AMT_PublicKeyCertificate"

/* AMT's AddKey answers a key under the class of certificates, so the text of InstanceID is what counts. */
static void a_reference_is_read_with_its_selectors(void **state)
{
	static const char *const same[] = {
		"<CreatedKey " A " " W "><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
		"</a:Address><a:ReferenceParameters><w:ResourceURI>" PK "</w:ResourceURI><w:SelectorSet><w:Selector "
		"Name='InstanceID'>Intel(r) AMT Key: Handle: 3</w:Selector></w:SelectorSet></a:ReferenceParameters>"
		"</CreatedKey>",
		"<x " A " " W "><a:EndpointReference>\n<a:Address> default </a:Address>\n<a:ReferenceParameters>"
		"<w:ResourceURI>" PK "</w:ResourceURI>\n<w:SelectorSet>\n<w:Selector w:Name='InstanceID'>\n"
		"Intel(r) AMT Key: Handle: 3 </w:Selector></w:SelectorSet></a:ReferenceParameters>"
		"</a:EndpointReference></x>",
	};
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct wsman_epr epr;
		assert_int_equal(wsman_epr_read(parse(same[i]), &epr, NULL), 0);
		assert_bytes_equal_str(epr.address, i == 0 ? WSMAN_ANONYMOUS : "default");
		assert_bytes_equal_str(epr.uri, PK);
		assert_bytes_equal_str(epr.class_name, "AMT_PublicKeyCertificate");
		assert_int_equal(epr.selector_count, 1);
		assert_bytes_equal_str(wsman_selector_get(epr.selectors, epr.selector_count, "InstanceID"),
				       "Intel(r) AMT Key: Handle: 3");
		assert_null(wsman_selector_get(epr.selectors, epr.selector_count, "Name").p);
	}
}

static void a_reference_with_nothing_in_it_is_fine(void **state)
{
	struct wsman_epr epr;
	const struct xml_node *n = parse("<AlarmClock " A " " W "><a:Address>default</a:Address><a:ReferenceParameters>"
					 "<w:ResourceURI></w:ResourceURI><w:SelectorSet></w:SelectorSet>"
					 "</a:ReferenceParameters></AlarmClock>");
	assert_int_equal(wsman_epr_read(n, &epr, NULL), 0);
	assert_bytes_equal_str(epr.address, "default");
	assert_int_equal(epr.uri.len, 0);
	assert_int_equal(epr.class_name.len, 0);
	assert_int_equal(epr.selector_count, 0);
}

static void a_bad_reference_is_refused(void **state)
{
	struct wsman_epr epr = {.selector_count = 77};
	struct err e = ERR_INIT;
	assert_int_equal(wsman_epr_read(parse("<x/>"), &epr, &e), ERR_MALFORMED);
	assert_contains(e.msg, "no address");
	assert_int_equal(wsman_epr_read(NULL, &epr, &e), ERR_MALFORMED);
	assert_int_equal(wsman_epr_read(parse("<x " A " " W "><a:Address/><a:ReferenceParameters><w:SelectorSet>"
					      "<w:Selector>v</w:Selector></w:SelectorSet></a:ReferenceParameters></x>"),
					&epr, &e),
			 ERR_MALFORMED);
	assert_contains(e.msg, "no name");
	struct buf b;
	buf_init(&b, 10000);
	buf_adds(&b, "<x " A " " W "><a:Address/><a:ReferenceParameters><w:SelectorSet>");
	for (int i = 0; i <= WSMAN_MAX_SELECTORS; i++)
		buf_adds(&b, "<w:Selector Name='n'>v</w:Selector>");
	buf_adds(&b, "</w:SelectorSet></a:ReferenceParameters></x>");
	assert_int_equal(wsman_epr_read(parse(buf_cstr(&b)), &epr, &e), ERR_MALFORMED);
	assert_contains(e.msg, "more than 16");
	assert_int_equal(epr.selector_count, 77);
	buf_release(&b);
}

static void values_are_written_as_their_type_asks(void **state)
{
	struct buf b;
	buf_init(&b, 4000);
	struct wsman_writer w = {.out = &b, .prop = "g", .addressing = "b", .wsman = "c", .common = "h"};
	wsman_add_str(&w, "S", "a<b");
	wsman_add_str(&w, "E", "");
	wsman_add_u64(&w, "U", UINT64_MAX);
	wsman_add_i64(&w, "I", INT64_MIN);
	wsman_add_i64(&w, "J", 7);
	wsman_add_bool(&w, "T", true);
	wsman_add_bool(&w, "F", false);
	wsman_add_base64(&w, "B", BYTES_LIT("foobar"));
	wsman_add_datetime(&w, "D", "2020-08-10T00:00:00Z");
	w.common = NULL;
	wsman_add_interval(&w, "P", "P1DT2H3M");
	assert_bytes_equal_str(
		buf_bytes(&b),
		"<g:S>a&lt;b</g:S><g:E></g:E><g:U>18446744073709551615</g:U><g:I>-9223372036854775808</g:I><g:J>7</g:J>"
		"<g:T>true</g:T><g:F>false</g:F><g:B>Zm9vYmFy</g:B><g:D><h:Datetime>2020-08-10T00:00:00Z</h:Datetime>"
		"</g:D><g:P><p:Interval xmlns:p=\"http://schemas.dmtf.org/wbem/wscim/1/common\">P1DT2H3M</p:Interval>"
		"</g:P>");
	buf_release(&b);
}

static void references_are_written_with_nested_ones(void **state)
{
	struct wsman_epr inner = {.class_name = BYTES_LIT("CIM_Card"), .selector_count = 1};
	inner.selectors[0] = WSMAN_SELECTOR("Tag", "a\"b");
	struct wsman_epr outer = {.address = BYTES_LIT("default"), .selector_count = 1};
	outer.selectors[0] = (struct wsman_selector){.name = BYTES_LIT("Of"), .epr = &inner};
	struct buf b;
	buf_init(&b, 4000);
	struct wsman_writer w = {.out = &b, .prop = "r", .addressing = "a", .wsman = "w"};
	wsman_add_epr(&w, "X", &outer);
	assert_bytes_equal_str(
		buf_bytes(&b),
		"<r:X><a:Address>default</a:Address><a:ReferenceParameters><w:ResourceURI></w:ResourceURI>"
		"<w:SelectorSet><w:Selector Name=\"Of\"><a:EndpointReference><a:Address>" WSMAN_ANONYMOUS
		"</a:Address><a:ReferenceParameters><w:ResourceURI>http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
		"CIM_Card</w:ResourceURI><w:SelectorSet><w:Selector Name=\"Tag\">a\"b</w:Selector></w:SelectorSet>"
		"</a:ReferenceParameters></a:EndpointReference></w:Selector></w:SelectorSet></a:ReferenceParameters>"
		"</r:X>");
	buf_release(&b);
}

static void return_values_have_a_meaning_by_method(void **state)
{
	static const struct {
		const char *method;
		uint32_t value;
		const char *name;
		int error;
	} rows[] = {
		{"RequestPowerStateChange", 1, "not supported", ERR_UNSUPPORTED},
		{"RequestPowerStateChange", 2, "unknown or unspecified error", ERR_DEVICE_FAULT},
		{"RequestPowerStateChange", 4097, "invalid state transition", ERR_INVALID_STATE},
		{"RequestPowerStateChange", 4099, "busy", ERR_DEVICE_BUSY},
		{"RequestPowerStateChange", 36, NULL, ERR_DEVICE_FAULT},
		{"RequestPowerStateChange", 32768 + 16, "not permitted", ERR_ACCESS_DENIED},
		{"RequestStateChange", 5, "invalid parameter", ERR_DEVICE_FAULT},
		{"SetBootConfigRole", 6, "access denied", ERR_ACCESS_DENIED},
		{"ChangeBootOrder", 3, "busy", ERR_DEVICE_BUSY},
		{"Unprovision", 1, "internal error", ERR_DEVICE_FAULT},
		{"AddProxyAccessPoint", 2058, "duplicate", ERR_DEVICE_FAULT},
		{"SetSomething", 2081, "user consent required", ERR_CONSENT_REQUIRED},
		{"SetSomething", 4000000000, NULL, ERR_DEVICE_FAULT},
		{"SetSomething", 0, NULL, ERR_DEVICE_FAULT},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = wsman_status_name(rows[i].method, rows[i].value);
		assert_int_equal(name == NULL, rows[i].name == NULL);
		if (name)
			assert_string_equal(name, rows[i].name);
		assert_int_equal(wsman_status_error(rows[i].method, rows[i].value), rows[i].error);
	}
}

static void every_fault_and_operation_has_a_name(void **state)
{
	assert_string_equal(wsman_op_name(WSMAN_GET), "Get");
	assert_string_equal(wsman_op_name(WSMAN_METHOD), "method");
	assert_string_equal(wsman_fault_name(WSMAN_FAULT_ACCESS_DENIED), "AccessDenied");
	assert_string_equal(wsman_fault_name(WSMAN_FAULT_MUST_UNDERSTAND), "MustUnderstand");
	assert_string_equal(wsman_fault_name(WSMAN_FAULT_NONE), "");
	assert_int_equal(wsman_fault_http(WSMAN_FAULT_INTERNAL_ERROR), 500);
	assert_int_equal(wsman_fault_http(WSMAN_FAULT_DESTINATION_UNREACHABLE), 400);
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
		cmocka_unit_test(a_class_has_its_uri_by_its_prefix),
		cmocka_unit_test(other_uris_are_of_no_class),
		cmocka_unit_test(an_instance_is_of_its_class_by_name_and_namespace),
		cmocka_unit_test(a_reference_is_read_with_its_selectors),
		cmocka_unit_test(a_reference_with_nothing_in_it_is_fine),
		cmocka_unit_test(a_bad_reference_is_refused),
		cmocka_unit_test(values_are_written_as_their_type_asks),
		cmocka_unit_test(references_are_written_with_nested_ones),
		cmocka_unit_test(return_values_have_a_meaning_by_method),
		cmocka_unit_test(every_fault_and_operation_has_a_name),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
