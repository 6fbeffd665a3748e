/* A device's reply, read in every way a flow may read it; and what goes into the next request arrives there. */
#include "base/base.h"
#include "base/err.h"
#include "codec/wsman.h"
#include "fuzz/fuzz.h"

static struct xml_parser *parser, *again;

static void as_enumeration(const struct wsman_reply *r)
{
	struct wsman_context c = {{0}};
	const struct xml_node *items = NULL;
	struct wsman_request rq = {.op = WSMAN_PULL, .class_name = "CIM_Card"};
	struct wsman_call call;
	struct buf out;
	if (wsman_enumerate_read(r, &c, NULL) && wsman_pull_read(r, &c, &items, NULL))
		return;
	rq.context = bytes_str(c.text);
	buf_init(&out, WSMAN_MAX_REQUEST);
	ASSERT(wsman_request_write(&out, &rq, NULL) == 0);
	ASSERT(wsman_call_parse(again, buf_bytes(&out), &call, NULL) == 0);
	ASSERT(bytes_equal_str(call.context, c.text) && call.max_elements > 0);
	buf_release(&out);
}

static void as_method(const struct wsman_reply *r)
{
	struct err e = ERR_INIT;
	const struct xml_node *output = NULL;
	uint32_t value = 0;
	int rc = wsman_method_read(r, "Go", &output, &value, &e);
	ASSERT((rc == 0) == (output != NULL));
	output = NULL;
	rc = wsman_method_done(r, "Go", &output, &e);
	ASSERT((rc == 0) == (output != NULL));
	(void)wsman_method_done(r, "RequestPowerStateChange", &output, NULL); /* any answer will do */
}

static void as_reference(const struct wsman_reply *r)
{
	struct wsman_epr epr;
	if (!r->body || wsman_epr_read(r->body, &epr, NULL))
		return;
	ASSERT(epr.selector_count <= WSMAN_MAX_SELECTORS);
	(void)wsman_selector_get(epr.selectors, epr.selector_count, "InstanceID"); /* may not be there */
	struct wsman_request rq = {.op = WSMAN_DELETE,
				   .class_name = "CIM_Card",
				   .selectors = epr.selectors,
				   .selector_count = epr.selector_count};
	struct buf out;
	struct wsman_call call;
	buf_init(&out, XML_MAX_LEN);
	if (wsman_request_write(&out, &rq, NULL) == 0) {
		ASSERT(wsman_call_parse(again, buf_bytes(&out), &call, NULL) == 0);
		ASSERT(call.selector_count == epr.selector_count);
	}
	buf_release(&out);
}

static void as_instance(const struct wsman_reply *r)
{
	const struct xml_node *n;
	if (wsman_instance_read(r, "CIM_Card", &n, NULL))
		return;
	struct wsman_request rq = {.op = WSMAN_PUT, .class_name = "CIM_Card"};
	struct wsman_call call;
	struct buf out;
	buf_init(&out, XML_MAX_LEN);
	struct wsman_writer w = wsman_request_begin(&out, &rq);
	wsman_add_bytes(&w, "Tag", n->text);
	if (wsman_request_end(&w, &rq, NULL) == 0) {
		ASSERT(wsman_call_parse(again, buf_bytes(&out), &call, NULL) == 0);
		ASSERT(bytes_equal(xml_child(call.body, call.body->ns, "Tag")->text, n->text));
	}
	buf_release(&out);
}

static void against_a_request(struct bytes in, struct bytes relates_to)
{
	struct wsman_request rq = {.op = WSMAN_METHOD, .class_name = "CIM_Card", .method = "Go"};
	struct wsman_reply r;
	struct err e = ERR_INIT;
	if (relates_to.len > 5)
		(void)uuid_parse(BYTES(relates_to.p + 5, relates_to.len - 5),
				 &rq.message_id); /* else it will not match */
	int rc = wsman_reply_read(again, in, &rq, &r, &e);
	ASSERT(rc == 0 || (e.code == rc && *e.msg));
	struct buf out;
	buf_init(&out, WSMAN_MAX_REQUEST);
	ASSERT(wsman_request_write(&out, &rq, NULL) == 0);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wsman_reply r;
	struct err e = ERR_INIT;
	parser = parser ? parser : xml_parser_new();
	again = again ? again : xml_parser_new();
	if (wsman_reply_parse(parser, BYTES(data, size), &r, &e)) {
		ASSERT(e.code == ERR_MALFORMED);
		return 0;
	}
	ASSERT(!r.is_fault || r.body);
	ASSERT(r.pt_status >= 0);
	as_enumeration(&r);
	as_method(&r);
	as_reference(&r);
	as_instance(&r);
	against_a_request(BYTES(data, size), r.relates_to);
	return 0;
}
