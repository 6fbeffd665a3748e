#include "base/base.h"
#include "base/err.h"
#include "codec/wsman_priv.h"

#define MIN_ENVELOPE_SIZE 50000 /* a smaller MaxEnvelopeSize is refused (Intel AMT guide, WS-Management compliance) */

/* Header elements that are understood, or may be passed over although they say mustUnderstand. */
static const struct {
	enum xml_ns ns;
	const char *name;
} known_headers[] = {
	{XML_NS_ADDRESSING, "Action"},      {XML_NS_ADDRESSING, "To"},      {XML_NS_ADDRESSING, "MessageID"},
	{XML_NS_ADDRESSING, "ReplyTo"},     {XML_NS_ADDRESSING, "FaultTo"}, {XML_NS_ADDRESSING, "From"},
	{XML_NS_ADDRESSING, "RelatesTo"},   {XML_NS_WSMAN, "ResourceURI"},  {XML_NS_WSMAN, "SelectorSet"},
	{XML_NS_WSMAN, "OperationTimeout"}, {XML_NS_WSMAN, "Locale"},       {XML_NS_WSMAN, "MaxEnvelopeSize"},
	{XML_NS_WSMAN, "RequestEPR"},       {XML_NS_TRUST, "IssuedTokens"},
};

static bool is_known_header(const struct xml_node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(known_headers); i++)
		if (xml_is(n, known_headers[i].ns, known_headers[i].name))
			return true;
	return false;
}

static bool must_understand(const struct xml_node *n)
{
	const struct xml_attr *a = xml_attr(n, "mustUnderstand");
	return a && (bytes_equal_str(a->value, "true") || bytes_equal_str(a->value, "1"));
}

static enum wsman_fault check_headers(const struct xml_node *header)
{
	uint64_t size;
	for (const struct xml_node *n = header->child; n; n = n->next)
		if (must_understand(n) && !is_known_header(n))
			return WSMAN_FAULT_MUST_UNDERSTAND;
	if (xml_u64(xml_child(header, XML_NS_WSMAN, "MaxEnvelopeSize"), &size) && size < MIN_ENVELOPE_SIZE)
		return WSMAN_FAULT_ENCODING_LIMIT;
	return WSMAN_FAULT_NONE;
}

/* What follows start and a slash in s; no bytes when it does not start so. */
static struct bytes after(struct bytes s, struct bytes start)
{
	if (s.len <= start.len + 1 || s.p[start.len] != '/' || !bytes_equal(BYTES(s.p, start.len), start))
		return BYTES_NONE;
	return BYTES(s.p + start.len + 1, s.len - start.len - 1);
}

static bool find_op(struct wsman_call *c)
{
	for (enum wsman_op op = WSMAN_GET; op < WSMAN_METHOD; op++) {
		struct bytes name = after(c->action, bytes_str(xml_ns_uri(wsman_ops[op].ns)));
		if (bytes_equal_str(name, wsman_ops[op].name)) {
			c->op = op;
			return true;
		}
	}
	c->op = WSMAN_METHOD;
	c->method = after(c->action, c->uri);
	return c->uri.len && wsman_is_name(c->method);
}

static enum wsman_fault read_headers(struct wsman_call *c)
{
	const struct xml_node *id = xml_child(c->header, XML_NS_ADDRESSING, "MessageID");
	const struct xml_node *set = xml_child(c->header, XML_NS_WSMAN, "SelectorSet");
	c->action = xml_text(xml_child(c->header, XML_NS_ADDRESSING, "Action"));
	c->to = xml_text(xml_child(c->header, XML_NS_ADDRESSING, "To"));
	c->uri = xml_text(xml_child(c->header, XML_NS_WSMAN, "ResourceURI"));
	c->class_name = wsman_class_of(c->uri);
	c->message_id = id ? id->text : BYTES_NONE;
	bool is_op = find_op(c);
	if (!id || !c->action.len)
		return WSMAN_FAULT_HEADER_REQUIRED;
	if (!is_op)
		return WSMAN_FAULT_ACTION_NOT_SUPPORTED;
	if (!c->uri.len)
		return WSMAN_FAULT_DESTINATION_UNREACHABLE;
	if (wsman_selectors_read(set, c->selectors, &c->selector_count, NULL))
		return WSMAN_FAULT_INVALID_SELECTORS;
	return check_headers(c->header);
}

static enum wsman_fault read_enumeration(struct wsman_call *c)
{
	if (c->op == WSMAN_ENUMERATE || wsman_ops[c->op].ns != XML_NS_ENUMERATION)
		return WSMAN_FAULT_NONE;
	c->context = xml_text(xml_child(c->body, XML_NS_ENUMERATION, "EnumerationContext"));
	(void)xml_u64(xml_child(c->body, XML_NS_ENUMERATION, "MaxElements"), &c->max_elements); /* may be missing */
	return c->context.len ? WSMAN_FAULT_NONE : WSMAN_FAULT_INVALID_CONTEXT;
}

int wsman_call_parse(struct xml_parser *p, struct bytes in, struct wsman_call *ret, struct err *e)
{
	const struct xml_node *root, *header, *body;
	int rc = xml_parse(p, in, &root, e);
	if (rc) {
		if (e)
			e->code = ERR_MALFORMED;
		return err_wrap(e, ERR_MALFORMED, "request");
	}
	if (!wsman_envelope(root, &header, &body))
		return err_set(e, ERR_MALFORMED, "request is no SOAP 1.2 envelope with header and body");
	*ret = (struct wsman_call){.header = header, .body = body->child};
	ret->refuse = read_headers(ret);
	if (ret->refuse == WSMAN_FAULT_NONE)
		ret->refuse = read_enumeration(ret);
	return 0;
}

/* xmlns:P="uri class_name" */
static void declare(struct buf *out, char prefix, const char *uri, struct bytes class_name)
{
	char start[] = " xmlns:?=\"";
	start[7] = prefix;
	buf_adds(out, start);
	if (class_name.len)
		wsman_add_uri(out, class_name);
	else
		buf_adds(out, uri);
	buf_addc(out, '"');
}

struct declaration {
	char prefix;
	enum xml_ns ns;
};

static void begin_envelope(struct buf *out, const struct declaration *d)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a:Envelope");
	for (; d->prefix; d++)
		declare(out, d->prefix, xml_ns_uri(d->ns), BYTES_NONE);
}

/* Ends the declarations too. */
static void begin_header(struct buf *out, struct bytes relates_to)
{
	buf_adds(out, " xmlns:xsi=\"");
	buf_adds(out, xml_ns_uri(XML_NS_XSI));
	buf_adds(out, "\"><a:Header><b:To>" WSMAN_ANONYMOUS "</b:To><b:RelatesTo>");
	xml_add_text(out, relates_to);
	buf_adds(out, "</b:RelatesTo><b:Action a:mustUnderstand=\"true\">");
}

/* AMT numbers its messages from the start of the controller. */
static void end_action(struct buf *out, uint64_t serial)
{
	buf_addf(out, "</b:Action><b:MessageID>uuid:00000000-8086-8086-8086-%012llX</b:MessageID>",
		 (unsigned long long)serial & 0xffffffffffff);
}

static bool is_bodyless(const struct wsman_answer *a)
{
	enum wsman_op op = a->call->op;
	return a->is_empty || op == WSMAN_DELETE || op == WSMAN_RELEASE || op == WSMAN_UNSUBSCRIBE;
}

static struct bytes content_class(const struct wsman_answer *a)
{
	return a->class_name ? bytes_str(a->class_name) : a->call->class_name;
}

static bool is_content_of_class(enum wsman_op op)
{
	return op == WSMAN_GET || op == WSMAN_PUT || op == WSMAN_METHOD;
}

static void declare_content(struct buf *out, const struct wsman_answer *a)
{
	enum wsman_op op = a->call->op;
	if (is_bodyless(a))
		return;
	if (is_content_of_class(op))
		declare(out, 'g', NULL, content_class(a));
	else
		declare(out, 'g', xml_ns_uri(wsman_ops[op].ns), BYTES_NONE);
	if (op == WSMAN_PULL && a->item_class)
		declare(out, 'h', NULL, bytes_str(a->item_class));
	if (a->has_common)
		declare(out, op == WSMAN_PULL ? 'i' : 'h', xml_ns_uri(XML_NS_COMMON), BYTES_NONE);
}

/* The element that the caller fills; "" when there is none. */
static void content_tag(struct buf *out, const char *start, const struct wsman_answer *a)
{
	enum wsman_op op = a->call->op;
	buf_adds(out, start);
	buf_adds(out, "g:");
	if (op == WSMAN_METHOD)
		buf_add_bytes(out, a->call->method);
	else if (is_content_of_class(op))
		xml_add_text(out, content_class(a));
	else
		buf_adds(out, op == WSMAN_CREATE ? "ResourceCreated" : wsman_ops[op].name);
	buf_adds(out, op == WSMAN_METHOD                              ? "_OUTPUT>"
		      : is_content_of_class(op) || op == WSMAN_CREATE ? ">"
								      : "Response>");
}

static void begin_content(const struct wsman_writer *w, const struct wsman_answer *a)
{
	enum wsman_op op = a->call->op;
	content_tag(w->out, "<", a);
	if (a->context && (op == WSMAN_ENUMERATE || op == WSMAN_PULL))
		xml_leaf(w->out, "g", "EnumerationContext", bytes_str(a->context));
	if (op == WSMAN_PULL)
		xml_open(w->out, "g", "Items");
}

struct wsman_writer wsman_answer_begin(struct buf *out, const struct wsman_answer *a)
{
	static const struct declaration fixed[] = {{'a', XML_NS_SOAP},
						   {'b', XML_NS_ADDRESSING},
						   {'c', XML_NS_WSMAN},
						   {'d', XML_NS_TRUST},
						   {'e', XML_NS_SECEXT},
						   {'f', XML_NS_CIMBINDING},
						   {0}};
	bool is_pull = a->call->op == WSMAN_PULL;
	struct wsman_writer w = {.out = out, .prop = is_pull ? "h" : "g", .addressing = "b", .wsman = "c"};
	w.common = !a->has_common ? NULL : is_pull ? "i" : "h";
	begin_envelope(out, fixed);
	declare_content(out, a);
	begin_header(out, a->call->message_id);
	xml_add_text(out, a->call->action);
	buf_adds(out, "Response");
	end_action(out, a->serial);
	xml_leaf(out, "c", "ResourceURI", a->call->uri);
	buf_adds(out, "</a:Header><a:Body>");
	if (!is_bodyless(a))
		begin_content(&w, a);
	return w;
}

int wsman_answer_end(const struct wsman_writer *w, const struct wsman_answer *a, struct err *e)
{
	if (a->call->op == WSMAN_PULL) {
		xml_close(w->out, "g", "Items");
		if (!a->context)
			xml_leaf(w->out, "g", "EndOfSequence", BYTES_NONE);
	}
	if (!is_bodyless(a))
		content_tag(w->out, "</", a);
	buf_adds(w->out, "</a:Body></a:Envelope>");
	return buf_check(w->out, e, "reply");
}

const struct wsman_fault_row wsman_faults[] = {
	{.subcode = "", .code = "", .http = 400, .err = ERR_DEVICE_FAULT},
#define FAULT(id, ns, subcode, code, http, err, reason, detail)                                                        \
	{XML_NS_##ns, subcode, code, http, ERR_##err, reason, detail},
#include "codec/wsman_fault.tbl.h"
#undef FAULT
};

/* Another order and other prefixes than in replies. */
static const struct declaration fault_declarations[] = {
	{'g', XML_NS_CIMBINDING},  {'f', XML_NS_EVENTING},
	{'e', XML_NS_WSMAN},       {'d', XML_NS_TRANSFER},
	{'c', XML_NS_ENUMERATION}, {'b', XML_NS_ADDRESSING},
	{'a', XML_NS_SOAP},        {'h', XML_NS_TRUST},
	{'i', XML_NS_SECEXT},      {0},
};

static char fault_prefix(enum xml_ns ns)
{
	const struct declaration *d = fault_declarations;
	while (d->prefix && d->ns != ns)
		d++;
	return d->prefix;
}

static void add_detail(struct buf *out, const struct wsman_fault_row *f, int pt_status)
{
	xml_open(out, "a", "Detail");
	if (pt_status)
		buf_addf(out, "AMT-STATUS %d", pt_status);
	else if (*f->detail)
		xml_leaf(out, "e", "FaultDetail", bytes_str(f->detail));
	xml_close(out, "a", "Detail");
}

int wsman_fault_write(struct buf *out, const struct wsman_call *call, uint64_t serial, enum wsman_fault f,
		      int pt_status, struct err *e)
{
	ASSERT(f > WSMAN_FAULT_NONE && f < WSMAN_FAULT_COUNT);
	const struct wsman_fault_row *row = &wsman_faults[f];
	begin_envelope(out, fault_declarations);
	begin_header(out, call ? call->message_id : BYTES_NONE);
	buf_adds(out, row->ns == XML_NS_ADDRESSING ? "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"
						   : "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault");
	end_action(out, serial);
	buf_addf(out, "</a:Header><a:Body><a:Fault><a:Code><a:Value>a:%s</a:Value>", row->code);
	if (*row->subcode)
		buf_addf(out, "<a:Subcode><a:Value>%c:%s</a:Value></a:Subcode>", fault_prefix(row->ns), row->subcode);
	buf_adds(out, "</a:Code><a:Reason><a:Text xml:lang=\"en-US\">");
	xml_add_text(out, bytes_str(row->reason));
	buf_adds(out, "</a:Text></a:Reason>");
	add_detail(out, row, pt_status);
	buf_adds(out, "</a:Fault></a:Body></a:Envelope>");
	return buf_check(out, e, "fault");
}

int wsman_fault_http(enum wsman_fault f)
{
	ASSERT(f >= WSMAN_FAULT_NONE && f < WSMAN_FAULT_COUNT);
	return wsman_faults[f].http;
}

const char *wsman_fault_name(enum wsman_fault f)
{
	ASSERT(f >= WSMAN_FAULT_NONE && f < WSMAN_FAULT_COUNT);
	return *wsman_faults[f].subcode ? wsman_faults[f].subcode : wsman_faults[f].code;
}
