#include "base/base.h"
#include "base/err.h"
#include "codec/wsman_priv.h"

#define OPERATION_TIMEOUT "PT60S"
#define MAX_ELEMENTS      999 /* as other clients ask for; firmware gives one class at a time whatever is asked */
#define MAX_CHARACTERS    99999
#define QUOTE_MAX         160 /* bytes of a device's own words in an error */

void wsman_message_id(const struct uuid *id, char to[WSMAN_MESSAGE_ID_SIZE])
{
	memcpy(to, "uuid:", 5);
	uuid_text(id, to + 5);
}

static void add_action(struct buf *out, const struct wsman_request *rq)
{
	const struct wsman_op_row *op = &wsman_ops[rq->op];
	if (rq->op == WSMAN_METHOD)
		wsman_add_uri(out, bytes_str(rq->class_name));
	else
		buf_adds(out, xml_ns_uri(op->ns));
	buf_addc(out, '/');
	buf_adds(out, rq->op == WSMAN_METHOD ? rq->method : op->name);
}

static void add_header(const struct wsman_writer *w, const struct wsman_request *rq)
{
	char id[WSMAN_MESSAGE_ID_SIZE];
	wsman_message_id(&rq->message_id, id);
	buf_adds(w->out, "<Header><a:Action>");
	add_action(w->out, rq);
	buf_adds(w->out, "</a:Action><a:To>" WSMAN_PATH "</a:To><w:ResourceURI>");
	wsman_add_uri(w->out, bytes_str(rq->class_name));
	buf_adds(w->out, "</w:ResourceURI><a:MessageID>");
	buf_adds(w->out, id);
	buf_adds(w->out, "</a:MessageID><a:ReplyTo><a:Address>" WSMAN_ANONYMOUS "</a:Address></a:ReplyTo>"
			 "<w:OperationTimeout>" OPERATION_TIMEOUT "</w:OperationTimeout>");
	if (rq->selector_count)
		wsman_add_selectors(w, rq->selectors, rq->selector_count);
	buf_adds(w->out, "</Header>");
}

/* <r:Class xmlns:r="..."> or <r:Method_INPUT xmlns:r="...">. */
static void open_content(const struct wsman_writer *w, const struct wsman_request *rq)
{
	bool is_method = rq->op == WSMAN_METHOD;
	buf_adds(w->out, "<r:");
	buf_adds(w->out, is_method ? rq->method : rq->class_name);
	buf_adds(w->out, is_method ? "_INPUT xmlns:r=\"" : " xmlns:r=\"");
	wsman_add_uri(w->out, bytes_str(rq->class_name));
	buf_adds(w->out, "\">");
}

static void close_content(const struct wsman_writer *w, const struct wsman_request *rq)
{
	bool is_method = rq->op == WSMAN_METHOD;
	buf_adds(w->out, "</r:");
	buf_adds(w->out, is_method ? rq->method : rq->class_name);
	buf_adds(w->out, is_method ? "_INPUT>" : ">");
}

static void open_enumeration(struct buf *out, const char *name)
{
	buf_addc(out, '<');
	buf_adds(out, name);
	buf_adds(out, " xmlns=\"");
	buf_adds(out, xml_ns_uri(XML_NS_ENUMERATION));
	buf_adds(out, "\">");
}

static void add_enumeration(struct buf *out, const struct wsman_request *rq)
{
	const char *name = wsman_ops[rq->op].name;
	open_enumeration(out, name);
	if (rq->op != WSMAN_ENUMERATE)
		xml_leaf(out, NULL, "EnumerationContext", rq->context);
	if (rq->op == WSMAN_PULL)
		buf_addf(out, "<MaxElements>%d</MaxElements><MaxCharacters>%d</MaxCharacters>", MAX_ELEMENTS,
			 MAX_CHARACTERS);
	xml_close(out, NULL, name);
}

static bool has_content(enum wsman_op op)
{
	return op == WSMAN_PUT || op == WSMAN_CREATE || op == WSMAN_METHOD;
}

struct wsman_writer wsman_request_begin(struct buf *out, const struct wsman_request *rq)
{
	ASSERT(rq->op != WSMAN_SUBSCRIBE && rq->op != WSMAN_UNSUBSCRIBE && rq->op != WSMAN_RENEW);
	struct wsman_writer w = {.out = out, .prop = "r", .addressing = "a", .wsman = "w"};
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope xmlns:a=\"");
	buf_adds(out, xml_ns_uri(XML_NS_ADDRESSING));
	buf_adds(out, "\" xmlns:w=\"");
	buf_adds(out, xml_ns_uri(XML_NS_WSMAN));
	buf_adds(out, "\" xmlns=\"");
	buf_adds(out, xml_ns_uri(XML_NS_SOAP));
	buf_adds(out, "\">");
	add_header(&w, rq);
	buf_adds(out, "<Body>");
	if (has_content(rq->op))
		open_content(&w, rq);
	else if (wsman_ops[rq->op].ns == XML_NS_ENUMERATION)
		add_enumeration(out, rq);
	return w;
}

int wsman_request_end(const struct wsman_writer *w, const struct wsman_request *rq, struct err *e)
{
	if (has_content(rq->op))
		close_content(w, rq);
	buf_adds(w->out, "</Body></Envelope>");
	return buf_check(w->out, e, "request");
}

int wsman_request_write(struct buf *out, const struct wsman_request *rq, struct err *e)
{
	struct wsman_writer w = wsman_request_begin(out, rq);
	return wsman_request_end(&w, rq, e);
}

bool wsman_envelope(const struct xml_node *root, const struct xml_node **ret_header, const struct xml_node **ret_body)
{
	if (!xml_is(root, XML_NS_SOAP, "Envelope"))
		return false;
	*ret_header = xml_child(root, XML_NS_SOAP, "Header");
	*ret_body = xml_child(root, XML_NS_SOAP, "Body");
	return *ret_header && *ret_body;
}

/* "a:Sender" -> "Sender". Only the local part is looked at: the prefixes of values are not resolved. */
static struct bytes local_part(struct bytes qname)
{
	const uint8_t *colon = qname.len ? memchr(qname.p, ':', qname.len) : NULL;
	return colon ? BYTES(colon + 1, (size_t)(qname.p + qname.len - colon - 1)) : qname;
}

/* The first text in or below n that is not blank. */
static struct bytes first_text(const struct xml_node *n)
{
	struct bytes t = xml_text(n);
	for (const struct xml_node *c = n ? n->child : NULL; c && !t.len; c = c->next)
		t = first_text(c);
	return t;
}

static int amt_status_of(struct bytes detail)
{
	static const char start[] = "AMT-STATUS ";
	uint64_t v;
	if (!bytes_starts_with(detail, start))
		return 0;
	detail = BYTES(detail.p + sizeof(start) - 1, detail.len - (sizeof(start) - 1));
	return text_to_u64(bytes_trim(detail), &v) && v <= INT32_MAX ? (int)v : 0;
}

static enum wsman_fault fault_of(struct bytes code, struct bytes subcode)
{
	for (enum wsman_fault f = WSMAN_FAULT_NONE + 1; f < WSMAN_FAULT_COUNT; f++)
		if (bytes_equal_str(subcode, wsman_faults[f].subcode) &&
		    (subcode.len || bytes_equal_str(code, wsman_faults[f].code)))
			return f;
	return WSMAN_FAULT_NONE;
}

static void fault_read(const struct xml_node *n, struct wsman_reply *ret)
{
	const struct xml_node *code = xml_child(n, XML_NS_SOAP, "Code");
	const struct xml_node *subcode = xml_child(code, XML_NS_SOAP, "Subcode");
	ret->is_fault = true;
	ret->fault_code = local_part(xml_text(xml_child(code, XML_NS_SOAP, "Value")));
	ret->fault_subcode = local_part(xml_text(xml_child(subcode, XML_NS_SOAP, "Value")));
	ret->fault_reason = first_text(xml_child(n, XML_NS_SOAP, "Reason"));
	ret->fault_detail = first_text(xml_child(n, XML_NS_SOAP, "Detail"));
	ret->fault = fault_of(ret->fault_code, ret->fault_subcode);
	ret->pt_status = amt_status_of(ret->fault_detail);
}

static int malformed(struct err *e, const char *what)
{
	return err_set(e, ERR_MALFORMED, "reply is no WS-Management message: %s", what);
}

int wsman_reply_parse(struct xml_parser *p, struct bytes in, struct wsman_reply *ret, struct err *e)
{
	const struct xml_node *root, *header, *body;
	if (xml_parse(p, in, &root, e)) {
		if (e)
			e->code = ERR_MALFORMED; /* whatever limit it was: the device's mistake, not the user's */
		return err_wrap(e, ERR_MALFORMED, "reply");
	}
	if (!wsman_envelope(root, &header, &body))
		return malformed(e, "no SOAP 1.2 envelope with header and body");
	const struct xml_node *action = xml_child(header, XML_NS_ADDRESSING, "Action");
	if (!action)
		return malformed(e, "no action");
	struct wsman_reply r = {.action = xml_text(action), .body = body->child};
	r.relates_to = xml_text(xml_child(header, XML_NS_ADDRESSING, "RelatesTo"));
	r.message_id = xml_text(xml_child(header, XML_NS_ADDRESSING, "MessageID"));
	r.class_name = wsman_class_of(xml_text(xml_child(header, XML_NS_WSMAN, "ResourceURI")));
	if (xml_is(r.body, XML_NS_SOAP, "Fault"))
		fault_read(r.body, &r);
	*ret = r;
	return 0;
}

static int fault_error(const struct wsman_reply *r, struct err *e)
{
	int code = r->fault == WSMAN_FAULT_NONE ? ERR_DEVICE_FAULT : wsman_faults[r->fault].err;
	struct buf words;
	buf_init(&words, QUOTE_MAX);
	text_escape(&words, r->fault_subcode.len ? r->fault_subcode : r->fault_code);
	buf_adds(&words, "\": \"");
	text_escape(&words, r->fault_reason);
	if (r->fault_detail.len) {
		buf_adds(&words, "\", \"");
		text_escape(&words, r->fault_detail);
	}
	err_set(e, code, "device answered with the fault \"%s\"", buf_cstr(&words));
	buf_release(&words);
	if (e)
		e->device_status = r->pt_status;
	return code;
}

int wsman_reply_check(const struct wsman_reply *r, const struct wsman_request *rq, struct err *e)
{
	char id[WSMAN_MESSAGE_ID_SIZE];
	wsman_message_id(&rq->message_id, id);
	if (!bytes_equal_str(r->relates_to, id))
		return err_set(e, ERR_MALFORMED, "reply belongs to another message than \"%s\"", id);
	return r->is_fault ? fault_error(r, e) : 0;
}

int wsman_reply_read(struct xml_parser *p, struct bytes in, const struct wsman_request *rq, struct wsman_reply *ret,
		     struct err *e)
{
	struct wsman_reply r;
	int rc = wsman_reply_parse(p, in, &r, e);
	if (rc == 0)
		rc = wsman_reply_check(&r, rq, e);
	if (rc == 0)
		*ret = r;
	return rc;
}

int wsman_instance_read(const struct wsman_reply *r, const char *class_name, const struct xml_node **ret, struct err *e)
{
	if (!wsman_is_of_class(r->body, class_name))
		return err_set(e, ERR_MALFORMED, "reply holds no instance of \"%s\"", class_name);
	*ret = r->body;
	return 0;
}

static int context_copy(const struct xml_node *n, struct wsman_context *ret, struct err *e)
{
	struct wsman_context c;
	if (!bytes_to_str(xml_text(n), c.text, sizeof(c.text)))
		return err_set(e, ERR_MALFORMED, "enumeration context is longer than %d bytes", WSMAN_CONTEXT_SIZE - 1);
	*ret = c;
	return 0;
}

int wsman_enumerate_read(const struct wsman_reply *r, struct wsman_context *ret, struct err *e)
{
	const struct xml_node *c = NULL;
	if (xml_is(r->body, XML_NS_ENUMERATION, "EnumerateResponse"))
		c = xml_child(r->body, XML_NS_ENUMERATION, "EnumerationContext");
	if (xml_text(c).len == 0)
		return err_set(e, ERR_MALFORMED, "reply holds no enumeration context");
	return context_copy(c, ret, e);
}

int wsman_pull_read(const struct wsman_reply *r, struct wsman_context *ret_context, const struct xml_node **ret_items,
		    struct err *e)
{
	if (!xml_is(r->body, XML_NS_ENUMERATION, "PullResponse"))
		return err_set(e, ERR_MALFORMED, "reply holds no items of an enumeration");
	bool is_last = xml_child(r->body, XML_NS_ENUMERATION, "EndOfSequence");
	const struct xml_node *c = is_last ? NULL : xml_child(r->body, XML_NS_ENUMERATION, "EnumerationContext");
	int rc = context_copy(c, ret_context, e);
	if (rc == 0)
		*ret_items = xml_child(r->body, XML_NS_ENUMERATION, "Items");
	return rc;
}

/* "GetUuid_OUTPUT". */
static bool is_output(const struct xml_node *n, const char *method)
{
	static const char end[] = "_OUTPUT";
	size_t len = strlen(method);
	return n && bytes_starts_with(n->name, method) &&
	       bytes_equal_str(BYTES(n->name.p + len, n->name.len - len), end);
}

int wsman_method_read(const struct wsman_reply *r, const char *method, const struct xml_node **ret_output,
		      uint32_t *ret_value, struct err *e)
{
	uint64_t value;
	if (!is_output(r->body, method))
		return err_set(e, ERR_MALFORMED, "reply holds no output of the method \"%s\"", method);
	if (!xml_u64(xml_child(r->body, XML_NS_ANY, "ReturnValue"), &value) || value > UINT32_MAX)
		return err_set(e, ERR_MALFORMED, "reply of the method \"%s\" has no return value", method);
	*ret_output = r->body;
	*ret_value = (uint32_t)value;
	return 0;
}

#define JOB_STARTED 4096

int wsman_method_done(const struct wsman_reply *r, const char *method, const struct xml_node **ret_output,
		      struct err *e)
{
	const struct xml_node *output;
	uint32_t value;
	int rc = wsman_method_read(r, method, &output, &value, e);
	if (rc)
		return rc;
	if (value != 0 && value != JOB_STARTED) {
		const char *name = wsman_status_name(method, value);
		if (e)
			e->device_status = (int)value;
		return err_set(e, wsman_status_error(method, value), "device refused \"%s\" with status %u%s%s", method,
			       value, name ? ", " : "", name ? name : "");
	}
	*ret_output = output;
	return 0;
}
