/* Instances and outputs of AMT's classes: what is read of one can be put, and the put is read as the same. */
#include "base/base.h"
#include "codec/cim.h"
#include "fuzz/fuzz.h"

static struct xml_parser *parser, *again;

/* clang-format off */
#define CIM_CLASS(S, class) \
	static void try_##S(const struct xml_node *n) \
	{ \
		static struct cim_##S v, back; \
		struct wsman_call call; \
		struct uuid id = {{1}}; \
		struct buf out; \
		if (cim_##S##_read(n, &v, NULL)) \
			return; \
		buf_init(&out, XML_MAX_LEN); \
		ASSERT(cim_##S##_put(&out, &id, &v, NULL) == 0); \
		ASSERT(wsman_call_parse(again, buf_bytes(&out), &call, NULL) == 0); \
		if (cim_##S##_read(call.body, &back, NULL) == 0) \
			ASSERT((back.has & ~v.has) == 0); \
		buf_release(&out); \
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
#undef CIM_CLASS

static void try_all(const struct xml_node *n)
{
#define CIM_CLASS(S, class) try_##S(n);
#include "codec/cim.tbl.h"
#include "codec/cim_undef.h"
}
/* clang-format on */

static void sent(struct buf *out, const char *method)
{
	struct wsman_call call;
	ASSERT(wsman_call_parse(again, buf_bytes(out), &call, NULL) == 0);
	ASSERT(call.refuse == WSMAN_FAULT_NONE && bytes_equal_str(call.method, method));
	buf_reset(out);
}

/* Numbers of a stranger as the parameters of our calls. */
static void calls(const struct cim_power *p, const char *source)
{
	struct uuid id = {{1}};
	struct buf out;
	unsigned state = (unsigned)p->state;
	buf_init(&out, WSMAN_MAX_REQUEST);
	ASSERT(cim_power_change_write(&out, &id, state, NULL) == 0);
	sent(&out, CIM_POWER_CHANGE);
	ASSERT(cim_os_power_write(&out, &id, state, NULL) == 0);
	sent(&out, CIM_OS_POWER_CHANGE);
	ASSERT(cim_boot_order_write(&out, &id, source, NULL) == 0);
	sent(&out, CIM_BOOT_ORDER);
	ASSERT(cim_boot_role_write(&out, &id, state, NULL) == 0);
	sent(&out, CIM_BOOT_ROLE);
	ASSERT(cim_state_change_write(&out, &id, "AMT_RedirectionService", state, NULL) == 0);
	sent(&out, CIM_STATE_CHANGE);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wsman_reply r;
	struct uuid u;
	struct cim_power power;
	struct cim_versions versions = {{0}};
	parser = parser ? parser : xml_parser_new();
	again = again ? again : xml_parser_new();
	if (wsman_reply_parse(parser, BYTES(data, size), &r, NULL))
		return 0;
	try_all(r.body);
	(void)cim_uuid_read(&r, &u, NULL); /* most replies hold none */
	cim_versions_read(r.body, &versions);
	if (cim_power_read(r.body, &power, NULL) == 0)
		calls(&power, versions.amt);
	return 0;
}
