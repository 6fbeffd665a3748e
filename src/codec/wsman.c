#include "codec/wsman.h"

#include "base/base.h"
#include "base/err.h"
#include "codec/wsman_priv.h"

static const struct {
	const char *name_start;
	const char *uri;
} prefixes[] = {
	{"CIM_", "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"},
	{"AMT_", "http://intel.com/wbem/wscim/1/amt-schema/1/"},
	{"IPS_", "http://intel.com/wbem/wscim/1/ips-schema/1/"},
};

const struct wsman_op_row wsman_ops[] = {
	[WSMAN_GET] = {"Get", XML_NS_TRANSFER},
	[WSMAN_PUT] = {"Put", XML_NS_TRANSFER},
	[WSMAN_CREATE] = {"Create", XML_NS_TRANSFER},
	[WSMAN_DELETE] = {"Delete", XML_NS_TRANSFER},
	[WSMAN_ENUMERATE] = {"Enumerate", XML_NS_ENUMERATION},
	[WSMAN_PULL] = {"Pull", XML_NS_ENUMERATION},
	[WSMAN_RELEASE] = {"Release", XML_NS_ENUMERATION},
	[WSMAN_SUBSCRIBE] = {"Subscribe", XML_NS_EVENTING},
	[WSMAN_UNSUBSCRIBE] = {"Unsubscribe", XML_NS_EVENTING},
	[WSMAN_RENEW] = {"Renew", XML_NS_EVENTING},
	[WSMAN_METHOD] = {"method", XML_NS_NONE},
};

const char *wsman_op_name(enum wsman_op op)
{
	ASSERT(op >= WSMAN_GET && op <= WSMAN_METHOD);
	return wsman_ops[op].name;
}

const char *wsman_class_prefix(struct bytes class_name)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (bytes_starts_with(class_name, prefixes[i].name_start))
			return prefixes[i].uri;
	return NULL;
}

bool wsman_is_name(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i], letter = c | 0x20;
		if (c != '_' && (c < '0' || c > '9') && (letter < 'a' || letter > 'z'))
			return false;
	}
	return s.len > 0;
}

struct bytes wsman_class_of(struct bytes uri)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t len = strlen(prefixes[i].uri);
		struct bytes name = uri.len > len ? BYTES(uri.p + len, uri.len - len) : BYTES_NONE;
		if (bytes_starts_with(uri, prefixes[i].uri) && bytes_starts_with(name, prefixes[i].name_start) &&
		    wsman_is_name(name))
			return name;
	}
	return BYTES_NONE;
}

bool wsman_is_of_class(const struct xml_node *n, const char *class_name)
{
	return n && bytes_equal_str(n->name, class_name) && bytes_equal_str(wsman_class_of(n->uri), class_name);
}

void wsman_add_uri(struct buf *out, struct bytes class_name)
{
	const char *prefix = wsman_class_prefix(class_name);
	ASSERT(prefix);
	buf_adds(out, prefix);
	xml_add_text(out, class_name);
}

static int selectors_read(const struct xml_node *set, struct wsman_selector *to, size_t *ret_count, struct err *e)
{
	size_t n = 0;
	const struct xml_node *s = xml_child(set, XML_NS_WSMAN, "Selector");
	for (; s; s = xml_next(s)) {
		const struct xml_attr *name = xml_attr(s, "Name");
		if (!name)
			return err_set(e, ERR_MALFORMED, "selector has no name");
		if (n == WSMAN_MAX_SELECTORS)
			return err_set(e, ERR_MALFORMED, "selector set holds more than %d", WSMAN_MAX_SELECTORS);
		to[n++] = (struct wsman_selector){.name = name->value, .value = xml_text(s), .node = s};
	}
	*ret_count = n;
	return 0;
}

int wsman_selectors_read(const struct xml_node *set, struct wsman_selector *to, size_t *ret_count, struct err *e)
{
	return selectors_read(set, to, ret_count, e);
}

int wsman_epr_read(const struct xml_node *n, struct wsman_epr *ret, struct err *e)
{
	const struct xml_node *inner = xml_child(n, XML_NS_ADDRESSING, "EndpointReference");
	n = inner ? inner : n;
	const struct xml_node *address = xml_child(n, XML_NS_ADDRESSING, "Address");
	if (!address)
		return err_set(e, ERR_MALFORMED, "reference has no address");
	const struct xml_node *params = xml_child(n, XML_NS_ADDRESSING, "ReferenceParameters");
	struct wsman_epr epr = {.address = xml_text(address)};
	epr.uri = xml_text(xml_child(params, XML_NS_WSMAN, "ResourceURI"));
	epr.class_name = wsman_class_of(epr.uri);
	int rc = selectors_read(xml_child(params, XML_NS_WSMAN, "SelectorSet"), epr.selectors, &epr.selector_count, e);
	if (rc)
		return rc;
	*ret = epr;
	return 0;
}

struct bytes wsman_selector_get(const struct wsman_selector *sel, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal_str(sel[i].name, name))
			return sel[i].value;
	return BYTES_NONE;
}

void wsman_add_open(const struct wsman_writer *w, const char *name)
{
	xml_open(w->out, w->prop, name);
}

void wsman_add_close(const struct wsman_writer *w, const char *name)
{
	xml_close(w->out, w->prop, name);
}

void wsman_add_bytes(const struct wsman_writer *w, const char *name, struct bytes text)
{
	xml_leaf(w->out, w->prop, name, text);
}

void wsman_add_str(const struct wsman_writer *w, const char *name, const char *value)
{
	wsman_add_bytes(w, name, bytes_str(value));
}

void wsman_add_u64(const struct wsman_writer *w, const char *name, uint64_t v)
{
	wsman_add_open(w, name);
	buf_add_u64(w->out, v);
	wsman_add_close(w, name);
}

void wsman_add_i64(const struct wsman_writer *w, const char *name, int64_t v)
{
	wsman_add_open(w, name);
	if (v < 0)
		buf_addc(w->out, '-');
	buf_add_u64(w->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
	wsman_add_close(w, name);
}

void wsman_add_bool(const struct wsman_writer *w, const char *name, bool v)
{
	wsman_add_str(w, name, v ? "true" : "false");
}

void wsman_add_base64(const struct wsman_writer *w, const char *name, struct bytes data)
{
	wsman_add_open(w, name);
	base64_encode(w->out, data);
	wsman_add_close(w, name);
}

/* <r:Name><i:Datetime>..., or with the namespace declared on the spot, as clients do. */
static void add_common(const struct wsman_writer *w, const char *name, const char *type, const char *value)
{
	wsman_add_open(w, name);
	if (w->common)
		xml_open(w->out, w->common, type);
	else
		buf_addf(w->out, "<p:%s xmlns:p=\"%s\">", type, xml_ns_uri(XML_NS_COMMON));
	xml_add_text(w->out, bytes_str(value));
	xml_close(w->out, w->common ? w->common : "p", type);
	wsman_add_close(w, name);
}

void wsman_add_datetime(const struct wsman_writer *w, const char *name, const char *utc)
{
	add_common(w, name, "Datetime", utc);
}

void wsman_add_interval(const struct wsman_writer *w, const char *name, const char *iso)
{
	add_common(w, name, "Interval", iso);
}

static void add_selector(const struct wsman_writer *w, const struct wsman_selector *s)
{
	buf_addc(w->out, '<');
	buf_adds(w->out, w->wsman);
	buf_adds(w->out, ":Selector Name=\"");
	xml_add_attr(w->out, s->name);
	buf_adds(w->out, "\">");
	if (s->epr) {
		xml_open(w->out, w->addressing, "EndpointReference");
		wsman_add_reference(w, s->epr);
		xml_close(w->out, w->addressing, "EndpointReference");
	} else {
		xml_add_text(w->out, s->value);
	}
	xml_close(w->out, w->wsman, "Selector");
}

void wsman_add_selectors(const struct wsman_writer *w, const struct wsman_selector *sel, size_t count)
{
	xml_open(w->out, w->wsman, "SelectorSet");
	for (size_t i = 0; i < count; i++)
		add_selector(w, &sel[i]);
	xml_close(w->out, w->wsman, "SelectorSet");
}

void wsman_add_reference(const struct wsman_writer *w, const struct wsman_epr *epr)
{
	xml_leaf(w->out, w->addressing, "Address", epr->address.p ? epr->address : BYTES_LIT(WSMAN_ANONYMOUS));
	xml_open(w->out, w->addressing, "ReferenceParameters");
	xml_open(w->out, w->wsman, "ResourceURI");
	if (epr->class_name.p)
		wsman_add_uri(w->out, epr->class_name);
	else
		xml_add_text(w->out, epr->uri);
	xml_close(w->out, w->wsman, "ResourceURI");
	wsman_add_selectors(w, epr->selectors, epr->selector_count);
	xml_close(w->out, w->addressing, "ReferenceParameters");
}

void wsman_add_epr(const struct wsman_writer *w, const char *name, const struct wsman_epr *epr)
{
	wsman_add_open(w, name);
	wsman_add_reference(w, epr);
	wsman_add_close(w, name);
}

struct status_row {
	uint32_t value;
	int code;
	const char *name;
};

static const struct status_row pt_status[] = {
#define PT_STATUS(value, code, name) {value, ERR_##code, name},
#include "codec/wsman_status.tbl.h"
#undef PT_STATUS
	{0}};

static const struct status_row state_change[] = {
#define STATE_CHANGE(value, code, name) {value, ERR_##code, name},
#include "codec/wsman_status.tbl.h"
#undef STATE_CHANGE
	{0}};

static const struct status_row boot[] = {
#define BOOT(value, code, name) {value, ERR_##code, name},
#include "codec/wsman_status.tbl.h"
#undef BOOT
	{0}};

static const struct {
	const char *method;
	const struct status_row *rows;
} method_maps[] = {
#define METHOD_MAP(method, map) {method, map},
#include "codec/wsman_status.tbl.h"
#undef METHOD_MAP
};

#define VENDOR 32768 /* CIM methods add this to a PT_STATUS */

static const struct status_row *map_of(const char *method)
{
	for (size_t i = 0; i < ARRAY_LEN(method_maps); i++)
		if (strcmp(method, method_maps[i].method) == 0)
			return method_maps[i].rows;
	return pt_status;
}

static const struct status_row *status_row(const char *method, uint32_t value)
{
	const struct status_row *row = value > VENDOR ? pt_status : map_of(method);
	value -= value > VENDOR ? VENDOR : 0;
	while (row->value && row->value != value)
		row++;
	return row;
}

const char *wsman_status_name(const char *method, uint32_t value)
{
	return value ? status_row(method, value)->name : NULL;
}

int wsman_status_error(const char *method, uint32_t value)
{
	const struct status_row *row = status_row(method, value);
	return row->value ? row->code : ERR_DEVICE_FAULT;
}
