/* A request to the simulator: what is understood can be answered, and the answer belongs to the request. */
#include "base/base.h"
#include "codec/wsman.h"
#include "fuzz/fuzz.h"

static struct xml_parser *parser, *again;

static void check_reply(const struct buf *out, struct bytes message_id, bool is_fault)
{
	struct wsman_reply r;
	ASSERT(wsman_reply_parse(again, buf_bytes(out), &r, NULL) == 0);
	ASSERT(bytes_equal(r.relates_to, bytes_trim(message_id)));
	ASSERT(r.is_fault == is_fault);
}

static void fill(const struct wsman_writer *w, const struct wsman_call *c)
{
	struct wsman_epr epr = {.uri = c->uri, .selector_count = c->selector_count};
	for (size_t i = 0; i < c->selector_count; i++)
		epr.selectors[i] = c->selectors[i];
	switch (c->op) {
	case WSMAN_GET:
	case WSMAN_PUT:
	case WSMAN_METHOD:
		wsman_add_bytes(w, "To", c->to);
		wsman_add_u64(w, "Max", c->max_elements);
		wsman_add_i64(w, "Less", -(int64_t)c->selector_count);
		wsman_add_bool(w, "HasBody", c->body);
		wsman_add_base64(w, "Data", c->message_id);
		wsman_add_interval(w, "Wait", "PT1M");
		wsman_add_epr(w, "Self", &epr);
		break;
	case WSMAN_CREATE:
		wsman_add_reference(w, &epr);
		break;
	default:
		break;
	}
}

static void answer(const struct wsman_call *c)
{
	struct wsman_answer a = {.call = c, .serial = c->max_elements, .has_common = c->selector_count & 1};
	struct buf out;
	a.item_class = c->op == WSMAN_PULL ? "CIM_Card" : NULL;
	a.context = c->op == WSMAN_ENUMERATE || c->max_elements == 1 ? "7" : NULL;
	buf_init(&out, 16 << 20);
	struct wsman_writer w = wsman_answer_begin(&out, &a);
	fill(&w, c);
	if (wsman_answer_end(&w, &a, NULL) == 0 && out.len <= XML_MAX_LEN)
		check_reply(&out, c->message_id, false);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wsman_call c;
	struct wsman_epr epr;
	struct buf out;
	parser = parser ? parser : xml_parser_new();
	again = again ? again : xml_parser_new();
	if (wsman_call_parse(parser, BYTES(data, size), &c, NULL))
		return 0;
	ASSERT(c.selector_count <= WSMAN_MAX_SELECTORS);
	for (size_t i = 0; i < c.selector_count; i++)
		if (c.selectors[i].node->child)
			(void)wsman_epr_read(c.selectors[i].node, &epr, NULL); /* may be refused */
	if (c.refuse == WSMAN_FAULT_NONE && c.class_name.len) {
		ASSERT(c.message_id.p && *wsman_op_name(c.op));
		answer(&c);
	}
	buf_init(&out, 16 << 20);
	enum wsman_fault f = c.refuse ? c.refuse : 1 + (enum wsman_fault)(size % (WSMAN_FAULT_COUNT - 1));
	if (wsman_fault_write(&out, &c, size, f, (int)(size & 1), NULL) == 0 && out.len <= XML_MAX_LEN)
		check_reply(&out, c.message_id, true);
	ASSERT(wsman_fault_http(f) >= 400 && *wsman_fault_name(f));
	buf_release(&out);
	return 0;
}
