/* wsman.h - WS-Management messages as Intel AMT speaks them (DSP0226 1.0, DSP0227): both ends of the conversation.
 *
 * The client writes a request (wsman_request_*) and reads the reply (wsman_reply_*, wsman_pull_read, ...); the
 * simulator reads the request (wsman_call_parse) and writes the reply (wsman_answer_*, wsman_fault_write). What stands
 * inside an instance or a method's parameters is written with wsman_add_* on both sides. Nothing here opens a socket,
 * waits or asks the time. What a struct borrows (struct bytes, const struct xml_node *) lives until the parser reads
 * its next document. Any thread, each with a parser of its own. */
#ifndef CODEC_WSMAN_H
#define CODEC_WSMAN_H

#include "base/text.h"
#include "codec/xml.h"

#define WSMAN_PATH        "/wsman"
#define WSMAN_ANONYMOUS   "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
#define WSMAN_MAX_REQUEST 16384 /* the client's ceiling for a request; AMT asks for MaxEnvelopeSize >= 50000 */

enum wsman_op {
	WSMAN_GET,
	WSMAN_PUT,
	WSMAN_CREATE,
	WSMAN_DELETE,
	WSMAN_ENUMERATE,
	WSMAN_PULL,
	WSMAN_RELEASE,
	WSMAN_SUBSCRIBE,
	WSMAN_UNSUBSCRIBE,
	WSMAN_RENEW,
	WSMAN_METHOD,
};

const char *wsman_op_name(enum wsman_op op); /* "Get", ...; "method" */

/* A class's resource URI is also the namespace of its instances: a prefix by CIM_, AMT_ or IPS_, then the name. NULL
 * for other names. */
const char *wsman_class_prefix(struct bytes class_name);
/* "CIM_Chassis" from its resource URI; no bytes when it is not the URI of such a class. */
struct bytes wsman_class_of(struct bytes uri);
bool wsman_is_of_class(const struct xml_node *n, const char *class_name); /* name and namespace */

/* References. */

#define WSMAN_MAX_SELECTORS 16

struct wsman_epr;

struct wsman_selector {
	struct bytes name;
	struct bytes value;          /* text; none when epr is set */
	const struct wsman_epr *epr; /* a reference as value; reading: see wsman_epr_read on node */
	const struct xml_node *node; /* reading: the Selector element */
};

#define WSMAN_SELECTOR(n, v) ((struct wsman_selector){.name = BYTES_LIT(n), .value = BYTES_LIT(v)})

/* Reference to an instance. Writing: class_name or uri. */
struct wsman_epr {
	struct bytes address;    /* writing: none means the anonymous address */
	struct bytes uri;        /* resource URI; may be empty in what AMT sends */
	struct bytes class_name; /* reading: none when the URI is not of a class */
	struct wsman_selector selectors[WSMAN_MAX_SELECTORS];
	size_t selector_count;
};

/* Reads the reference in n, or in the EndpointReference that is n's first child. An address of "default" with nothing
 * else is what AMT sends for things it has just made; it is fine. ERR_MALFORMED: no reference, too many selectors. */
int wsman_epr_read(const struct xml_node *n, struct wsman_epr *ret, struct err *e);
/* The selector's value as text; no bytes when it is not there. */
struct bytes wsman_selector_get(const struct wsman_selector *sel, size_t count, const char *name);

/* What stands inside an instance or a method's parameters. */

/* Made by wsman_request_begin and wsman_answer_begin. */
struct wsman_writer {
	struct buf *out;
	const char *prop;       /* prefix of the class's namespace */
	const char *addressing; /* prefixes of these namespaces */
	const char *wsman;
	const char *common; /* NULL: declared where it is used */
};

/* One property or parameter each; for an array call once for each element, for NULL not at all. */
void wsman_add_str(const struct wsman_writer *w, const char *name, const char *value);
void wsman_add_bytes(const struct wsman_writer *w, const char *name, struct bytes text);
void wsman_add_u64(const struct wsman_writer *w, const char *name, uint64_t v);
void wsman_add_i64(const struct wsman_writer *w, const char *name, int64_t v);
void wsman_add_bool(const struct wsman_writer *w, const char *name, bool v);
void wsman_add_base64(const struct wsman_writer *w, const char *name, struct bytes data);
void wsman_add_datetime(const struct wsman_writer *w, const char *name, const char *utc); /* "2030-01-01T08:00:00Z" */
void wsman_add_interval(const struct wsman_writer *w, const char *name, const char *iso); /* "P1DT2H3M" */
void wsman_add_epr(const struct wsman_writer *w, const char *name, const struct wsman_epr *epr);
void wsman_add_open(const struct wsman_writer *w, const char *name); /* an element that holds others */
void wsman_add_close(const struct wsman_writer *w, const char *name);

/* Client: requests. */

struct wsman_request {
	enum wsman_op op;       /* not SUBSCRIBE, UNSUBSCRIBE, RENEW */
	const char *class_name; /* "CIM_..." */
	const char *method;     /* METHOD only */
	struct uuid message_id; /* never used before; the reply must name it */
	const struct wsman_selector *selectors;
	size_t selector_count;
	struct bytes context; /* PULL, RELEASE: from the last reply */
};

/* Whole requests: GET, DELETE, ENUMERATE, PULL, RELEASE, and methods without parameters. out holds one message and is
 * empty before. Returns 0, or ERR_TOO_BIG: then out is of no use. */
int wsman_request_write(struct buf *out, const struct wsman_request *rq, struct err *e);

/* Those with something inside: PUT, CREATE, METHOD. Write it between begin and end, with the writer. */
struct wsman_writer wsman_request_begin(struct buf *out, const struct wsman_request *rq);
int wsman_request_end(const struct wsman_writer *w, const struct wsman_request *rq, struct err *e);

#define WSMAN_MESSAGE_ID_SIZE 42 /* "uuid:" and the text, with NUL */
void wsman_message_id(const struct uuid *id, char to[WSMAN_MESSAGE_ID_SIZE]);

/* Client: replies. */

enum wsman_fault {
	WSMAN_FAULT_NONE, /* no fault, or one that is not in the table */
#define FAULT(id, ns, subcode, code, http, err, reason, detail) WSMAN_FAULT_##id,
#include "codec/wsman_fault.tbl.h"
#undef FAULT
	WSMAN_FAULT_COUNT
};

struct wsman_reply {
	struct bytes action;
	struct bytes relates_to; /* none when the header lacks it */
	struct bytes message_id;
	struct bytes class_name;     /* from ResourceURI: the class that was asked for, not that of the items */
	const struct xml_node *body; /* first element in Body; NULL when it is empty */
	bool is_fault;               /* then the rest is set: */
	enum wsman_fault fault;
	struct bytes fault_code;    /* local name, as "Sender" */
	struct bytes fault_subcode; /* local name, as "AccessDenied" */
	struct bytes fault_reason;
	struct bytes fault_detail;
	int pt_status; /* of an internal error ("AMT-STATUS 1"), else 0 */
};

/* ERR_MALFORMED when in is not a SOAP 1.2 envelope with Header, Action and Body, also when it passes a limit of
 * xml.h. */
int wsman_reply_parse(struct xml_parser *p, struct bytes in, struct wsman_reply *ret, struct err *e);
/* 0 when the reply answers the request. ERR_MALFORMED when it names another message or none; else, for a fault, the
 * error of the fault table (ERR_DEVICE_FAULT for one that is not in it) with the device's own words. */
int wsman_reply_check(const struct wsman_reply *r, const struct wsman_request *rq, struct err *e);
/* Both. */
int wsman_reply_read(struct xml_parser *p, struct bytes in, const struct wsman_request *rq, struct wsman_reply *ret,
		     struct err *e);

/* Get and Put: the instance, whose concrete class must be class_name. ERR_MALFORMED. */
int wsman_instance_read(const struct wsman_reply *r, const char *class_name, const struct xml_node **ret,
			struct err *e);

#define WSMAN_CONTEXT_SIZE 128
struct wsman_context {
	char text[WSMAN_CONTEXT_SIZE]; /* empty: the enumeration is finished */
};

/* Copies the context of an EnumerateResponse. */
int wsman_enumerate_read(const struct wsman_reply *r, struct wsman_context *ret, struct err *e);
/* ret_items: the Items element, whose children are instances, perhaps of other classes than the one asked for; NULL or
 * childless when there are none. ret_context: for the next Pull, or empty when this was the last. A firmware gives one
 * concrete class in each reply, so always pull until the end; the caller limits the number of pulls. */
int wsman_pull_read(const struct wsman_reply *r, struct wsman_context *ret_context, const struct xml_node **ret_items,
		    struct err *e);

/* A method's output element and its ReturnValue, which is an answer and not an error here. */
int wsman_method_read(const struct wsman_reply *r, const char *method, const struct xml_node **ret_output,
		      uint32_t *ret_value, struct err *e);
/* As above, but every ReturnValue that is a refusal is an error: see wsman_status_error. It stands in e->device_status.
 * 0 is none, and 4096 of a state change (a job was started) is none. */
int wsman_method_done(const struct wsman_reply *r, const char *method, const struct xml_node **ret_output,
		      struct err *e);

/* What a method's ReturnValue means: the value maps of DSP1027 and DSP1012 for the CIM methods that have one,
 * PT_STATUS for the others, also with 32768 added. NULL for an unknown value and for 0. */
const char *wsman_status_name(const char *method, uint32_t value);
/* The error to report for a value other than 0; ERR_DEVICE_FAULT when nothing better is known. */
int wsman_status_error(const char *method, uint32_t value);

/* Simulator: requests. */

struct wsman_call {
	enum wsman_op op;
	struct bytes action;
	struct bytes uri;        /* ResourceURI as it came */
	struct bytes class_name; /* none: a URI of no class */
	struct bytes method;     /* METHOD only */
	struct bytes message_id; /* verbatim, not trimmed */
	struct bytes to;
	struct wsman_selector selectors[WSMAN_MAX_SELECTORS];
	size_t selector_count;
	const struct xml_node *header;
	const struct xml_node *body; /* first element in Body: instance, Enumerate, Pull, X_INPUT; NULL when empty */
	struct bytes context;        /* PULL, RELEASE */
	uint64_t max_elements;       /* PULL; 0: not given */
	enum wsman_fault refuse;     /* answer this fault: unknown action, missing header, ... */
};

/* Takes what WS-Management clients of all kinds send: any prefixes, xmlns anywhere, white space, Name with a prefix,
 * mustUnderstand on known headers, any To. ERR_MALFORMED: not an envelope at all (HTTP 400 without a body). */
int wsman_call_parse(struct xml_parser *p, struct bytes in, struct wsman_call *ret, struct err *e);

/* Simulator: replies, byte for byte in the shape of AMT 11.8. */

struct wsman_answer {
	const struct wsman_call *call;
	uint64_t serial;        /* of MessageIDs since the start of the controller: uuid:00000000-8086-8086-8086-... */
	const char *item_class; /* PULL: class of the items (one for each reply), or NULL when there are none */
	const char *context;    /* ENUMERATE: the new context. PULL: for the next one, or NULL: the last reply */
	const char *class_name; /* namespace of a Get's, Put's or method's content; NULL: the class that was called */
	bool has_common;        /* the class's schema has a datetime or an interval, present or not */
	bool is_empty;          /* an empty Body: DELETE, and PUT of some classes */
};

/* Begin opens what the operation needs, so that the caller writes properties between begin and end:
 * GET, PUT the instance; METHOD X_OUTPUT (end with ReturnValue); ENUMERATE, DELETE, RELEASE nothing more to write;
 * PULL Items: surround each instance with wsman_add_open/close(item_class); CREATE ResourceCreated:
 * wsman_add_reference; SUBSCRIBE, UNSUBSCRIBE, RENEW the response element. */
struct wsman_writer wsman_answer_begin(struct buf *out, const struct wsman_answer *a);
int wsman_answer_end(const struct wsman_writer *w, const struct wsman_answer *a, struct err *e);
/* The inside of a reference (Address, ReferenceParameters) without an element around it. */
void wsman_add_reference(const struct wsman_writer *w, const struct wsman_epr *epr);

/* A whole fault reply. call may be NULL (nothing was understood); pt_status other than 0 is told as "AMT-STATUS n". */
int wsman_fault_write(struct buf *out, const struct wsman_call *call, uint64_t serial, enum wsman_fault f,
		      int pt_status, struct err *e);
int wsman_fault_http(enum wsman_fault f);         /* 400 or 500 */
const char *wsman_fault_name(enum wsman_fault f); /* the subcode, else the code; "" for none */

#endif
