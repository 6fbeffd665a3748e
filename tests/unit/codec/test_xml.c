/* XML in both directions: what is understood, what is refused and why, and what goes out. Expected readings come from
 * XML 1.0 and Namespaces in XML 1.0. */
#include "testing.h"

#include "codec/xml.h"

static struct xml_parser *parser;

static const struct xml_node *parse(const char *text)
{
	const struct xml_node *root = NULL;
	struct err e = ERR_INIT;
	if (xml_parse(parser, bytes_str(text), &root, &e))
		fail_msg("\"%s\": %s", text, e.msg);
	return root;
}

static void names_are_told_by_namespace_and_not_by_prefix(void **state)
{
	static const char *const same[] = {
		"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>",
		"<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Body></Body></Envelope>",
		"<a:Envelope xmlns:a='http://www.w3.org/2003/05/soap-envelope'>\r\n <b:Body "
		"xmlns:b='http://www.w3.org/2003/05/soap-envelope'/>\r\n</a:Envelope>",
		"\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?><!-- c --><?pi x?><Envelope "
		"xmlns='http://www.w3.org/2003/05/soap-envelope'><!-- c --><Body/></Envelope><!-- d -->\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		const struct xml_node *root = parse(same[i]);
		assert_true(xml_is(root, XML_NS_SOAP, "Envelope"));
		assert_bytes_equal_str(root->uri, "http://www.w3.org/2003/05/soap-envelope");
		const struct xml_node *body = xml_child(root, XML_NS_SOAP, "Body");
		assert_non_null(body);
		assert_ptr_equal(body->parent, root);
		assert_null(xml_child(root, XML_NS_NONE, "Body"));
		assert_null(xml_child(root, XML_NS_SOAP, "body"));
		assert_ptr_equal(xml_child(root, XML_NS_ANY, "Body"), body);
	}
}

static void unknown_namespaces_are_numbered_for_one_document(void **state)
{
	const struct xml_node *root = parse("<a xmlns='urn:one' xmlns:t='urn:two'><t:a/><a/><t:a/><x xmlns=''/></a>");
	assert_true(root->ns >= XML_NS_COUNT);
	assert_bytes_equal_str(root->uri, "urn:one");
	const struct xml_node *two = root->child;
	assert_int_not_equal(two->ns, root->ns);
	assert_bytes_equal_str(two->uri, "urn:two");
	assert_ptr_equal(xml_child(root, root->ns, "a"), two->next);
	assert_ptr_equal(xml_next(two), two->next->next);
	assert_null(xml_next(xml_next(two)));
	assert_non_null(xml_child(root, XML_NS_NONE, "x"));
}

static void every_namespace_of_the_table_is_known(void **state)
{
	for (enum xml_ns ns = XML_NS_NONE + 1; ns < XML_NS_COUNT; ns++) {
		struct buf b;
		buf_init(&b, 1000);
		buf_addf(&b, "<r xmlns='%s'/>", xml_ns_uri(ns));
		assert_int_equal(parse(buf_cstr(&b))->ns, ns);
		buf_release(&b);
	}
}

static void text_is_what_stands_before_the_first_child(void **state)
{
	static const struct {
		const char *xml, *text;
	} rows[] = {
		{"<r>plain</r>", "plain"},
		{"<r></r>", ""},
		{"<r/>", ""},
		{"<r>a&amp;b&lt;c&gt;d&quot;e&apos;f&#65;&#x42;</r>", "a&b<c>d\"e'fAB"},
		{"<r><![CDATA[<x>&amp;]]>!</r>", "<x>&amp;!"},
		{"<r>a<!-- no -->b<?pi?>c</r>", "abc"},
		{"<r>one\r\ntwo\rthree</r>", "one\ntwo\nthree"},
		{"<r> before <c>inside</c> behind </r>", " before "},
		{"<r>\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80</r>", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct xml_node *root = parse(rows[i].xml);
		assert_bytes_equal_str(root->text, rows[i].text);
		if (root->text.len)
			assert_int_equal(root->text.p[root->text.len], 0);
	}
	assert_bytes_equal_str(xml_text(parse("<r> \t\r\n x y \n</r>")), "x y");
	assert_int_equal(xml_text(NULL).len, 0);
}

static void a_long_text_in_many_pieces_is_kept_whole(void **state)
{
	struct buf b;
	buf_init(&b, XML_MAX_LEN);
	buf_adds(&b, "<r>");
	for (int i = 0; i < 40000; i++)
		buf_adds(&b, "ab&#67;\n");
	buf_adds(&b, "</r>");
	const struct xml_node *root = parse(buf_cstr(&b));
	assert_int_equal(root->text.len, 4 * 40000);
	for (size_t i = 0; i < root->text.len; i += 4)
		assert_memory_equal(root->text.p + i, "abC\n", 4);
	buf_release(&b);
}

static void attributes_are_found_with_and_without_a_namespace(void **state)
{
	const struct xml_node *root = parse("<r a='1' t:b='2 &amp; 3' xmlns:t='urn:t' xml:lang='en'/>");
	assert_bytes_equal_str(xml_attr(root, "a")->value, "1");
	assert_bytes_equal_str(xml_attr(root, "b")->value, "2 & 3");
	assert_int_equal(xml_attr(root, "a")->ns, XML_NS_NONE);
	assert_true(xml_attr(root, "b")->ns >= XML_NS_COUNT);
	assert_bytes_equal_str(xml_attr(root, "lang")->value, "en");
	assert_null(xml_attr(root, "c"));
	assert_null(xml_attr(NULL, "a"));
}

static void numbers_and_truth_are_read_strictly(void **state)
{
	static const struct {
		const char *xml;
		bool is_u, is_i, is_b, b;
		uint64_t u;
		int64_t i;
	} rows[] = {
		{"<r>0</r>", true, true, true, false, 0, 0},
		{"<r> 1\n</r>", true, true, true, true, 1, 1},
		{"<r>17179869184</r>", true, true, false, false, UINT64_C(17179869184), INT64_C(17179869184)},
		{"<r>4294967295</r>", true, true, false, false, UINT32_MAX, UINT32_MAX},
		{"<r>18446744073709551615</r>", true, false, false, false, UINT64_MAX, 0},
		{"<r>18446744073709551616</r>", false, false, false, false, 0, 0},
		{"<r>-1</r>", false, true, false, false, 0, -1},
		{"<r>true</r>", false, false, true, true, 0, 0},
		{"<r>false</r>", false, false, true, false, 0, 0},
		{"<r>TRUE</r>", false, false, false, false, 0, 0},
		{"<r>2x</r>", false, false, false, false, 0, 0},
		{"<r></r>", false, false, false, false, 0, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct xml_node *n = parse(rows[i].xml);
		uint64_t u = 99;
		int64_t s = 99;
		bool b = !rows[i].b;
		assert_int_equal(xml_u64(n, &u), rows[i].is_u);
		assert_true(u == (rows[i].is_u ? rows[i].u : 99));
		assert_int_equal(xml_i64(n, &s), rows[i].is_i);
		assert_true(s == (rows[i].is_i ? rows[i].i : 99));
		assert_int_equal(xml_bool(n, &b), rows[i].is_b);
		assert_int_equal(b, rows[i].is_b ? rows[i].b : !rows[i].b);
	}
	bool b;
	assert_false(xml_bool(NULL, &b));
}

static void what_is_not_xml_or_not_allowed_is_refused(void **state)
{
	static const struct {
		struct bytes doc;
		int code;
		const char *why;
	} rows[] = {
		{BYTES_NONE, ERR_MALFORMED, "empty"},
		{BYTES_LIT(" \n"), ERR_MALFORMED, "no element"},
		{BYTES_LIT("garbage"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("\x01\x02\x7f\xe9\x80 not xml"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a><b></a>"), ERR_MALFORMED, "mismatched"},
		{BYTES_LIT("<a>"), ERR_MALFORMED, "no element"},
		{BYTES_LIT("<a/><b/>"), ERR_MALFORMED, "junk"},
		{BYTES_LIT("<a/>\0"), ERR_MALFORMED, "NUL"},
		{BYTES_LIT("<a>x\0y</a>"), ERR_MALFORMED, "NUL"},
		{BYTES_LIT("<a>\x01</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a>&#0;</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a>&#x1;</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a>&other;</a>"), ERR_MALFORMED, "undefined entity"},
		{BYTES_LIT("<a>\xff</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a>\xc0\xaf</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a>\xed\xa0\x80</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a>\xf4\x90\x80\x80</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("<a>\xe2\x82</a>"), ERR_MALFORMED, "line 1"},
		{BYTES_LIT("\xff\xfe<\0a\0/\0>\0"), ERR_MALFORMED, "UTF-8"},
		{BYTES_LIT("\xfe\xff\0<\0a\0/\0>"), ERR_MALFORMED, "UTF-8"},
		{BYTES_LIT("<\0a\0/\0>\0"), ERR_MALFORMED, "UTF-8"},
		{BYTES_LIT("<?xml version='1.0' encoding='iso-8859-1'?><a/>"), ERR_MALFORMED, "UTF-8"},
		{BYTES_LIT("<!DOCTYPE a><a/>"), ERR_MALFORMED, "document type"},
		{BYTES_LIT("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), ERR_MALFORMED, "document type"},
		{BYTES_LIT("<!DOCTYPE a SYSTEM 'http://127.0.0.1/x.dtd'><a/>"), ERR_MALFORMED, "document type"},
		{BYTES_LIT("<p:a/>"), ERR_MALFORMED, "unbound prefix"},
		{BYTES_LIT("<a x='1' x='2'/>"), ERR_MALFORMED, "duplicate attribute"},
		{BYTES_LIT("<a xmlns:p='urn:a&#10;b'><p:b/></a>"), ERR_MALFORMED, "line 1"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct xml_node *root = (const struct xml_node *)&rows[i];
		struct err e = ERR_INIT;
		int rc = xml_parse(parser, rows[i].doc, &root, &e);
		if (rc != rows[i].code)
			fail_msg("row %zu gave %d: %s", i, rc, e.msg);
		assert_int_equal(e.code, rows[i].code);
		assert_contains(e.msg, rows[i].why);
		assert_ptr_equal(root, &rows[i]);
		assert_int_equal(xml_parse(parser, rows[i].doc, &root, NULL), rows[i].code);
	}
}

/* Entities that grow by ten with each line: never expanded, because no document type is let in. */
static void an_entity_bomb_is_refused_at_its_first_line(void **state)
{
	struct buf b;
	const struct xml_node *root;
	struct err e = ERR_INIT;
	buf_init(&b, 10000);
	buf_adds(&b, "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a0 'ha'>");
	for (int i = 1; i < 20; i++) {
		buf_addf(&b, "<!ENTITY a%d '", i);
		for (int j = 0; j < 10; j++)
			buf_addf(&b, "&a%d;", i - 1);
		buf_adds(&b, "'>");
	}
	buf_adds(&b, "]><r>&a19;</r>");
	assert_int_equal(xml_parse(parser, buf_bytes(&b), &root, &e), ERR_MALFORMED);
	assert_contains(e.msg, "document type");
	buf_release(&b);
}

static void repeat(struct buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_adds(b, text);
}

static void limits_hold_at_their_last_and_first_value(void **state)
{
	static const struct {
		const char *start, *each, *behind, *end;
		size_t n;
		int code;
		const char *why;
	} rows[] = {
		{"", "<a>", "</a>", "", XML_MAX_DEPTH, 0, ""},
		{"", "<a>", "</a>", "", XML_MAX_DEPTH + 1, ERR_TOO_BIG, "nested too deep"},
		{"", "<a>", "</a>", "", 100000, ERR_TOO_BIG, "nested too deep"},
		{"<r>", "<a/>", "", "</r>", XML_MAX_NODES - 1, 0, ""},
		{"<r>", "<a/>", "", "</r>", XML_MAX_NODES, ERR_TOO_BIG, "too many elements"},
		{"<r>", "x", "", "</r>", XML_MAX_LEN - 7, 0, ""},
		{"<r>", "x", "", "</r>", XML_MAX_LEN - 6, ERR_TOO_BIG, "longer than"},
		{"<", "n", "", " xmlns='urn:x'/>", XML_MAX_LEN - 100, 0, ""},
		{"<r xmlns='", "u", "", "'/>", XML_MAX_URI, 0, ""},
		{"<r xmlns='", "u", "", "'/>", XML_MAX_URI + 1, ERR_TOO_BIG, "too long"},
		{"<r xmlns='", "u", "", "'/>", XML_MAX_LEN - 100, ERR_TOO_BIG, "too long"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		struct err e = ERR_INIT;
		const struct xml_node *root;
		buf_init(&b, 2 * XML_MAX_LEN);
		buf_adds(&b, rows[i].start);
		repeat(&b, rows[i].each, rows[i].n);
		repeat(&b, rows[i].behind, *rows[i].behind ? rows[i].n : 0);
		buf_adds(&b, rows[i].end);
		int rc = xml_parse(parser, buf_bytes(&b), &root, &e);
		if (rc != rows[i].code)
			fail_msg("row %zu gave %d: %s", i, rc, e.msg);
		assert_contains(e.msg, rows[i].why);
		buf_release(&b);
	}
}

static void too_many_attributes_or_namespaces_are_refused(void **state)
{
	static const struct {
		const char *fmt;
		size_t n;
		int code;
		bool in_children;
	} rows[] = {
		{" a%zu='1'", XML_MAX_ATTRS, 0, false},
		{" a%zu='1'", XML_MAX_ATTRS + 1, ERR_TOO_BIG, false},
		{" a%zu='1'", 60000, ERR_TOO_BIG, false},
		{"<c xmlns='urn:%zu'/>", XML_MAX_NAMESPACES - 1, 0, true},
		{"<c xmlns='urn:%zu'/>", XML_MAX_NAMESPACES, ERR_TOO_BIG, true},
		{"<c a='%zu' b='' c='' d=''/>", XML_MAX_NODES / 4 - 1, 0, true},
		{"<c a='%zu' b='' c='' d=''/>", XML_MAX_NODES / 4 + 1, ERR_TOO_BIG, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		const struct xml_node *root;
		buf_init(&b, XML_MAX_LEN);
		buf_adds(&b, rows[i].in_children ? "<r>" : "<r");
		for (size_t j = 0; j < rows[i].n; j++) {
			char part[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			(void)snprintf(part, sizeof(part), rows[i].fmt, j);
#pragma GCC diagnostic pop
			buf_adds(&b, part);
		}
		buf_adds(&b, rows[i].in_children ? "</r>" : "/>");
		assert_false(b.failed);
		if (xml_parse(parser, buf_bytes(&b), &root, NULL) != rows[i].code)
			fail_msg("row %zu", i);
		buf_release(&b);
	}
	assert_non_null(parse("<ok/>")); /* the parser is as before */
}

/* Ten megabytes are refused by their length alone. */
static void ten_megabytes_of_garbage_are_not_looked_at(void **state)
{
	static uint8_t garbage[1]; /* one readable byte: reading on would be seen */
	const struct xml_node *root;
	struct err e = ERR_INIT;
	assert_int_equal(xml_parse(parser, BYTES(garbage, 10u << 20), &root, &e), ERR_TOO_BIG);
	assert_contains(e.msg, "longer than 1048576 bytes");
}

static void an_early_end_at_every_byte_is_an_error(void **state)
{
	struct buf b;
	golden_read("wsman/create.bin", &b);
	const struct xml_node *root;
	for (size_t len = 0; len < b.len; len++) {
		struct bytes part = visible(buf_bytes(&b), len);
		assert_int_equal(xml_parse(parser, part, &root, NULL), ERR_MALFORMED);
		free((void *)(uintptr_t)part.p);
	}
	assert_int_equal(xml_parse(parser, buf_bytes(&b), &root, NULL), 0);
	buf_release(&b);
}

static void what_goes_out_is_escaped(void **state)
{
	static const struct {
		struct bytes in;
		const char *text, *attr;
	} rows[] = {
		{BYTES_NONE, "", ""},
		{BYTES_LIT("plain"), "plain", "plain"},
		{BYTES_LIT("<&>\"'"), "&lt;&amp;&gt;\"'", "&lt;&amp;&gt;&quot;&apos;"},
		{BYTES_LIT("a\tb\nc\rd"), "a\tb\nc&#13;d", "a&#9;b&#10;c&#13;d"},
		{BYTES_LIT("\xC3\xA4\xF0\x9F\x98\x80"), "\xC3\xA4\xF0\x9F\x98\x80", "\xC3\xA4\xF0\x9F\x98\x80"},
		{BYTES_LIT("a\0b\x1f"), "a\xEF\xBF\xBD\x62\xEF\xBF\xBD", "a\xEF\xBF\xBD\x62\xEF\xBF\xBD"},
		{BYTES_LIT("\xff\xc3"), "\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"},
		{BYTES_LIT("\xEF\xBF\xBF"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
		 "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;
		buf_init(&b, 100);
		xml_add_text(&b, rows[i].in);
		assert_bytes_equal_str(buf_bytes(&b), rows[i].text);
		buf_reset(&b);
		xml_add_attr(&b, rows[i].in);
		assert_bytes_equal_str(buf_bytes(&b), rows[i].attr);
		buf_release(&b);
	}
}

static void tags_are_opened_and_closed_and_never_short(void **state)
{
	struct buf b;
	buf_init(&b, 100);
	xml_open(&b, "g", "A");
	xml_leaf(&b, NULL, "B", BYTES_NONE);
	xml_leaf(&b, "", "C", BYTES_LIT("x>y"));
	xml_close(&b, "g", "A");
	assert_bytes_equal_str(buf_bytes(&b), "<g:A><B></B><C>x&gt;y</C></g:A>");
	buf_release(&b);
}

/* Any bytes at all, as text or attribute, come back from a parser as the same text where XML can carry it. */
static void all_that_is_written_can_be_read(void **state)
{
	struct buf b;
	for (unsigned c = 1; c < 0x10000; c += c < 0x800 ? 1 : 61) {
		uint8_t utf8[3] = {(uint8_t)c};
		size_t len = 1;
		if (c >= 0x800) {
			utf8[0] = (uint8_t)(0xe0 | c >> 12);
			utf8[1] = (uint8_t)(0x80 | (c >> 6 & 63));
			utf8[2] = (uint8_t)(0x80 | (c & 63));
			len = 3;
		} else if (c >= 0x80) {
			utf8[0] = (uint8_t)(0xc0 | c >> 6);
			utf8[1] = (uint8_t)(0x80 | (c & 63));
			len = 2;
		}
		buf_init(&b, 1000);
		buf_adds(&b, "<r a=\"");
		xml_add_attr(&b, BYTES(utf8, len));
		buf_adds(&b, "\">");
		xml_add_text(&b, BYTES(utf8, len));
		buf_adds(&b, "</r>");
		const struct xml_node *root = parse(buf_cstr(&b));
		bool is_carried = (c >= 0x20 || c == 9 || c == 10 || c == 13) && (c < 0xd800 || c > 0xdfff);
		if (is_carried) {
			assert_true(bytes_equal(root->text, BYTES(utf8, len)));
			assert_true(bytes_equal(xml_attr(root, "a")->value, BYTES(utf8, len)));
		}
		buf_release(&b);
	}
}

static int setup(void **state)
{
	parser = xml_parser_new();
	return 0;
}

static int teardown(void **state)
{
	xml_parser_free(parser);
	xml_parser_free(NULL);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_told_by_namespace_and_not_by_prefix),
		cmocka_unit_test(unknown_namespaces_are_numbered_for_one_document),
		cmocka_unit_test(every_namespace_of_the_table_is_known),
		cmocka_unit_test(text_is_what_stands_before_the_first_child),
		cmocka_unit_test(a_long_text_in_many_pieces_is_kept_whole),
		cmocka_unit_test(attributes_are_found_with_and_without_a_namespace),
		cmocka_unit_test(numbers_and_truth_are_read_strictly),
		cmocka_unit_test(what_is_not_xml_or_not_allowed_is_refused),
		cmocka_unit_test(an_entity_bomb_is_refused_at_its_first_line),
		cmocka_unit_test(limits_hold_at_their_last_and_first_value),
		cmocka_unit_test(too_many_attributes_or_namespaces_are_refused),
		cmocka_unit_test(ten_megabytes_of_garbage_are_not_looked_at),
		cmocka_unit_test(an_early_end_at_every_byte_is_an_error),
		cmocka_unit_test(what_goes_out_is_escaped),
		cmocka_unit_test(tags_are_opened_and_closed_and_never_short),
		cmocka_unit_test(all_that_is_written_can_be_read),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
