#include "codec/cim.h"

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"

enum kind { KIND_STR, KIND_BOOL, KIND_U64, KIND_U64S, KIND_UUID, KIND_MAC, KIND_DATA, KIND_TIME };

#define NEED      1
#define READ_ONLY 2

struct field {
	const char *name;
	enum kind kind;
	int flags;
	size_t room;  /* bytes or elements */
	size_t at;    /* offset of the value */
	size_t count; /* offset of its length or number of elements */
};

struct class_row {
	const char *name;
	const struct field *fields;
	size_t field_count;
};

/* clang-format off */
#define ROW(S, kind, property, field, room, count, flags) \
	{#property, kind, flags, room, offsetof(struct cim_##S, field), offsetof(struct cim_##S, count)},
#define CIM_CLASS(S, class) static const struct field S##_fields[] = {
#define CIM_CLASS_END(S) };
#define CIM_STR(S, property, field, room, flags) ROW(S, KIND_STR, property, field, room, field, flags)
#define CIM_BOOL(S, property, field, flags) ROW(S, KIND_BOOL, property, field, 1, field, flags)
#define CIM_U64(S, property, field, flags) ROW(S, KIND_U64, property, field, 1, field, flags)
#define CIM_U64S(S, property, field, room, flags) ROW(S, KIND_U64S, property, field, room, field##_count, flags)
#define CIM_UUID(S, property, field, flags) ROW(S, KIND_UUID, property, field, 16, field, flags)
#define CIM_MAC(S, property, field, flags) ROW(S, KIND_MAC, property, field, 6, field, flags)
#define CIM_DATA(S, property, field, room, flags) ROW(S, KIND_DATA, property, field, room, field##_len, flags)
#define CIM_TIME(S, property, field, flags) ROW(S, KIND_TIME, property, field, 1, field, flags)
#include "codec/cim.tbl.h"
#include "codec/cim_undef.h"
/* clang-format on */

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly n pairs of hex digits, with or without one '-' or ':' between all of them. */
static bool hex_pairs(struct bytes s, uint8_t *to, size_t n)
{
	size_t step = s.len == 3 * n - 1 ? 3 : 2;
	if (s.len != step * n - (step - 2))
		return false;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = s.p + step * i;
		int high = hex_digit(p[0]), low = hex_digit(p[1]);
		if (high < 0 || low < 0 || (step == 3 && i + 1 < n && p[2] != '-' && p[2] != ':'))
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool read_uuid(struct bytes s, struct uuid *ret)
{
	uint8_t wire[16];
	if (!hex_pairs(s, wire, sizeof(wire)))
		return false;
	*ret = uuid_from_smbios(wire);
	return true;
}

static bool read_base64(struct bytes s, uint8_t *to, size_t room, size_t *ret_len)
{
	struct buf b;
	buf_init(&b, room);
	bool fits = base64_decode(s, &b) == 0 && b.len <= room;
	if (fits && b.len)
		memcpy(to, b.p, b.len);
	if (fits)
		*ret_len = b.len;
	buf_release(&b);
	return fits;
}

static bool read_time(const struct xml_node *n, int64_t *ret_ms)
{
	char text[CLOCK_TEXT_SIZE];
	struct bytes s = xml_text(xml_child(n, XML_NS_COMMON, "Datetime"));
	return bytes_to_str(s, text, sizeof(text)) && clock_parse(text, ret_ms);
}

static bool read_element(const struct field *f, const struct xml_node *n, uint8_t *out)
{
	size_t *count = (size_t *)(void *)(out + f->count);
	uint64_t *elements = (uint64_t *)(void *)(out + f->at);
	if (*count == f->room || !xml_u64(n, &elements[*count]))
		return false;
	++*count;
	return true;
}

static bool read_value(const struct field *f, const struct xml_node *n, uint8_t *out)
{
	void *to = out + f->at;
	switch (f->kind) {
	case KIND_STR:
		return bytes_to_str(xml_text(n), to, f->room);
	case KIND_BOOL:
		return xml_bool(n, to);
	case KIND_U64:
		return xml_u64(n, to);
	case KIND_U64S:
		return read_element(f, n, out);
	case KIND_UUID:
		return read_uuid(xml_text(n), to);
	case KIND_MAC:
		return hex_pairs(xml_text(n), to, 6);
	case KIND_DATA:
		return read_base64(xml_text(n), to, f->room, (size_t *)(void *)(out + f->count));
	case KIND_TIME:
		return read_time(n, to);
	}
	return false;
}

/* Properties come in the order of the table, so the search begins behind the last one found. */
static const struct field *find_field(const struct class_row *c, const struct xml_node *n, size_t *hint)
{
	for (size_t i = 0; i < c->field_count; i++) {
		size_t at = (*hint + i) % c->field_count;
		if (bytes_equal_str(n->name, c->fields[at].name)) {
			*hint = at;
			return &c->fields[at];
		}
	}
	return NULL;
}

static void read_fields(const struct class_row *c, const struct xml_node *instance, uint64_t *has, uint8_t *out)
{
	size_t hint = 0;
	for (const struct xml_node *n = instance->child; n; n = n->next) {
		const struct field *f = n->ns == instance->ns ? find_field(c, n, &hint) : NULL;
		uint64_t bit = f ? (uint64_t)1 << (f - c->fields) : 0;
		bool is_more = f && f->kind == KIND_U64S;
		if (f && (is_more || !(*has & bit)) && read_value(f, n, out))
			*has |= bit;
	}
}

static int read_instance(const struct class_row *c, const struct xml_node *instance, uint64_t *has, void *out,
			 struct err *e)
{
	if (!wsman_is_of_class(instance, c->name))
		return err_set(e, ERR_MALFORMED, "no instance of \"%s\"", c->name);
	read_fields(c, instance, has, out);
	for (size_t i = 0; i < c->field_count; i++)
		if ((c->fields[i].flags & NEED) && !(*has >> i & 1))
			return err_set(e, ERR_MALFORMED, "instance of \"%s\" has no valid \"%s\"", c->name,
				       c->fields[i].name);
	return 0;
}

static void put_mac(const struct wsman_writer *w, const char *name, const uint8_t *mac)
{
	wsman_add_open(w, name);
	for (int i = 0; i < 6; i++)
		buf_addf(w->out, i ? "-%02x" : "%02x", mac[i]);
	wsman_add_close(w, name);
}

static void put_uuid(const struct wsman_writer *w, const char *name, const struct uuid *u)
{
	uint8_t wire[16];
	uuid_to_smbios(u, wire);
	wsman_add_open(w, name);
	hex_encode_upper(w->out, BYTES(wire, sizeof(wire)));
	wsman_add_close(w, name);
}

static void put_time(const struct wsman_writer *w, const char *name, int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];
	clock_text(wall_ms, text);
	wsman_add_datetime(w, name, text);
}

static void put_field(const struct wsman_writer *w, const struct field *f, const uint8_t *in)
{
	const void *at = in + f->at;
	const uint64_t *u = at;
	size_t n = f->kind == KIND_U64S || f->kind == KIND_DATA ? *(const size_t *)(const void *)(in + f->count) : 1;
	switch (f->kind) {
	case KIND_STR:
		wsman_add_str(w, f->name, at);
		break;
	case KIND_BOOL:
		wsman_add_bool(w, f->name, *(const bool *)at);
		break;
	case KIND_U64:
	case KIND_U64S:
		for (size_t i = 0; i < n; i++)
			wsman_add_u64(w, f->name, u[i]);
		break;
	case KIND_UUID:
		put_uuid(w, f->name, at);
		break;
	case KIND_MAC:
		put_mac(w, f->name, at);
		break;
	case KIND_DATA:
		wsman_add_base64(w, f->name, BYTES(at, n));
		break;
	case KIND_TIME:
		put_time(w, f->name, *(const int64_t *)at);
		break;
	}
}

static int put_instance(const struct class_row *c, struct buf *out, const struct uuid *message_id, uint64_t has,
			const void *in, struct err *e)
{
	struct wsman_request rq = {.op = WSMAN_PUT, .class_name = c->name, .message_id = *message_id};
	struct wsman_writer w = wsman_request_begin(out, &rq);
	for (size_t i = 0; i < c->field_count; i++)
		if ((has >> i & 1) && !(c->fields[i].flags & READ_ONLY))
			put_field(&w, &c->fields[i], in);
	return wsman_request_end(&w, &rq, e);
}

/* clang-format off */
#define CIM_CLASS(S, class) \
	static const struct class_row S##_class = {class, S##_fields, ARRAY_LEN(S##_fields)}; \
	_Static_assert(ARRAY_LEN(S##_fields) <= 64, "one bit of has for each property"); \
	int cim_##S##_read(const struct xml_node *instance, struct cim_##S *ret, struct err *e) \
	{ \
		struct cim_##S v = {0}; \
		int rc = read_instance(&S##_class, instance, &v.has, &v, e); \
		if (rc == 0) \
			*ret = v; \
		return rc; \
	} \
	int cim_##S##_put(struct buf *out, const struct uuid *message_id, const struct cim_##S *v, struct err *e) \
	{ \
		return put_instance(&S##_class, out, message_id, v->has, v, e); \
	}
#define CIM_CLASS_END(S)
#define CIM_STR(S, property, field, room, flags)
#define CIM_BOOL(S, property, field, flags)
#define CIM_U64(S, property, field, flags)
#define CIM_U64S(S, property, field, room, flags)
#define CIM_UUID(S, property, field, flags)
#define CIM_MAC(S, property, field, flags)
#define CIM_DATA(S, property, field, room, flags)
#define CIM_TIME(S, property, field, flags)
#include "codec/cim.tbl.h"
#include "codec/cim_undef.h"
/* clang-format on */

/* What all known clients put into the Address of a reference in a request: the namespace, not the anonymous address. */
static struct wsman_epr reference(const char *class_name)
{
	return (struct wsman_epr){.address = bytes_str(xml_ns_uri(XML_NS_ADDRESSING)),
				  .class_name = bytes_str(class_name)};
}

static struct wsman_epr managed_system(void)
{
	struct wsman_epr epr = reference("CIM_ComputerSystem");
	epr.selectors[0] = WSMAN_SELECTOR("CreationClassName", "CIM_ComputerSystem");
	epr.selectors[1] = WSMAN_SELECTOR("Name", "ManagedSystem");
	epr.selector_count = 2;
	return epr;
}

static struct wsman_request call_of(const char *class_name, const char *method, const struct uuid *message_id)
{
	return (struct wsman_request){
		.op = WSMAN_METHOD, .class_name = class_name, .method = method, .message_id = *message_id};
}

static int state_of_system_write(struct buf *out, const struct wsman_request *rq, const char *parameter, unsigned state,
				 struct err *e)
{
	struct wsman_epr system = managed_system();
	struct wsman_writer w = wsman_request_begin(out, rq);
	wsman_add_u64(&w, parameter, state);
	wsman_add_epr(&w, "ManagedElement", &system);
	return wsman_request_end(&w, rq, e);
}

int cim_power_change_write(struct buf *out, const struct uuid *message_id, unsigned state, struct err *e)
{
	struct wsman_request rq = call_of(CIM_POWER_SERVICE, CIM_POWER_CHANGE, message_id);
	return state_of_system_write(out, &rq, "PowerState", state, e);
}

int cim_os_power_write(struct buf *out, const struct uuid *message_id, unsigned saving_state, struct err *e)
{
	struct wsman_request rq = call_of("IPS_PowerManagementService", CIM_OS_POWER_CHANGE, message_id);
	return state_of_system_write(out, &rq, "OSPowerSavingState", saving_state, e);
}

int cim_boot_order_write(struct buf *out, const struct uuid *message_id, const char *source, struct err *e)
{
	struct wsman_request rq = call_of("CIM_BootConfigSetting", CIM_BOOT_ORDER, message_id);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	if (source) {
		struct wsman_epr epr = reference("CIM_BootSourceSetting");
		epr.selectors[0] = (struct wsman_selector){BYTES_LIT("InstanceID"), bytes_str(source), NULL, NULL};
		epr.selector_count = 1;
		wsman_add_epr(&w, "Source", &epr);
	}
	return wsman_request_end(&w, &rq, e);
}

int cim_boot_role_write(struct buf *out, const struct uuid *message_id, unsigned role, struct err *e)
{
	struct wsman_request rq = call_of("CIM_BootService", CIM_BOOT_ROLE, message_id);
	struct wsman_epr config = reference("CIM_BootConfigSetting");
	config.selectors[0] = WSMAN_SELECTOR("InstanceID", "Intel(r) AMT: Boot Configuration 0");
	config.selector_count = 1;
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_epr(&w, "BootConfigSetting", &config);
	wsman_add_u64(&w, "Role", role);
	return wsman_request_end(&w, &rq, e);
}

int cim_state_change_write(struct buf *out, const struct uuid *message_id, const char *class_name, unsigned state,
			   struct err *e)
{
	struct wsman_request rq = call_of(class_name, CIM_STATE_CHANGE, message_id);
	struct wsman_writer w = wsman_request_begin(out, &rq);
	wsman_add_u64(&w, "RequestedState", state);
	return wsman_request_end(&w, &rq, e);
}

int cim_uuid_read(const struct wsman_reply *r, struct uuid *ret, struct err *e)
{
	const struct xml_node *output;
	uint8_t wire[16];
	size_t len = 0;
	int rc = wsman_method_done(r, CIM_GET_UUID, &output, e);
	if (rc)
		return rc;
	struct bytes text = xml_text(xml_child(output, XML_NS_ANY, "UUID"));
	if (!read_base64(text, wire, sizeof(wire), &len) || len != sizeof(wire))
		return err_set(e, ERR_MALFORMED, "reply of the method \"%s\" holds no UUID", CIM_GET_UUID);
	*ret = uuid_from_smbios(wire);
	return 0;
}

static void keep_version(struct cim_versions *v, const struct cim_software *s)
{
	static const struct {
		const char *id;
		size_t at;
	} lines[] = {
		{"AMT", offsetof(struct cim_versions, amt)},
		{"Build Number", offsetof(struct cim_versions, build)},
		{"Flash", offsetof(struct cim_versions, flash)},
		{"Recovery Version", offsetof(struct cim_versions, recovery)},
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (strcmp(s->instance_id, lines[i].id) == 0)
			(void)bytes_to_str(bytes_str(s->version), (char *)v + lines[i].at, sizeof(v->amt));
	if (strcmp(s->instance_id, "Sku") == 0)
		(void)text_to_u64(bytes_str(s->version), &v->sku); /* unreadable stays unknown, as above */
}

void cim_versions_read(const struct xml_node *items, struct cim_versions *ret)
{
	struct cim_software s;
	for (const struct xml_node *n = items ? items->child : NULL; n; n = n->next)
		if (cim_software_read(n, &s, NULL) == 0)
			keep_version(ret, &s);
}
