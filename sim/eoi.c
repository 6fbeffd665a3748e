#include "eoi.h"

#include "audit.h"
#include "base/base.h"
#include "class.h"
#include "classes/classes.h"
#include "codec/xml.h"
#include "login.h"

#define SCHEMA               "http://schemas.intel.com/platform/client/"
#define SCHEMA_END           "/2004/01"
#define ENVELOPE             "http://schemas.xmlsoap.org/soap/envelope/"
#define INTEL_IANA           343
#define REALM_REMOTE_CONTROL 5

enum { PT_NOT_READY = 2, PT_UNSUPPORTED_OEM = 0x801, PT_INVALID_COMMAND = 0x803 };

struct call {
	struct exchange *x;
	const struct xml_node *in; /* the method's element */
	struct buf *out;           /* what follows the status */
};

struct eoi_method {
	const char *name;
	bool remote; /* needs the realm of remote control */
	uint32_t (*run)(struct call *c);
};

struct eoi_service {
	const char *name; /* of the schema; the path has Service behind it */
	const struct eoi_method *methods;
	size_t method_count;
};

static void put(struct call *c, const char *name, const char *value)
{
	buf_addf(c->out, "<b:%s>%s</b:%s>", name, value, name);
}

static void put_number(struct call *c, const char *name, unsigned value)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", value);
	put(c, name, text);
}

static uint32_t core_version(struct call *c)
{
	put(c, "Version", device_profile(c->x->d)->version);
	return RV_OK;
}

static uint32_t host_name(struct call *c)
{
	char name[DEVICE_TEXT_SIZE];

	device_name(c->x->s, c->x->d, name, sizeof(name));
	put(c, "Host", name);
	return RV_OK;
}

static uint32_t domain_name(struct call *c)
{
	put(c, "Domain", c->x->s->opt.domain);
	return RV_OK;
}

/* The low nibble is the S-state. */
static uint32_t power_state(struct call *c)
{
	static const struct {
		uint8_t state, s;
	} rows[] = {{POWER_ON, 0}, {POWER_ASLEEP, 3}, {POWER_HIBERNATED, 4}, {POWER_OFF, 5}};

	device_settle(c->x->s, c->x->d);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].state == c->x->d->power.state)
			put_number(c, "SystemPowerState", rows[i].s);
	return RV_OK;
}

static uint32_t capabilities(struct call *c)
{
	put_number(c, "IanaOemNumber", INTEL_IANA);
	put_number(c, "OemDefinedCapabilities", 0x1B);     /* IDE-R, SOL, BIOS setup and pause */
	put_number(c, "SpecialCommandsSupported", 0x1700); /* PXE, disk, disk in safe mode, CD */
	put_number(c, "SystemCapabilitiesSupported", 0x0F);
	put_number(c, "SystemFirmwareCapabilities", 0x15);
	return RV_OK;
}

static bool number(const struct call *c, const char *name, uint64_t *ret)
{
	return xml_u64(xml_child(c->in, XML_NS_ANY, name), ret);
}

static uint32_t decide(const struct call *c, unsigned code, enum power_act *ret)
{
	struct exchange *x = c->x;
	struct power now = x->d->power;

	if (x->fault.kind == FAULT_RETURN_VALUE)
		return x->fault.value;
	now.session = now.session || fault_is_on(x->s, x->d, FAULT_SESSION_OPEN, NULL);
	uint32_t rv = power_check(&now, device_profile(x->d), &x->s->set, code, sim_now(x->s), ret);
	return rv == RV_OK ? RV_OK : now.steps ? PT_NOT_READY : PT_INTERNAL_ERROR;
}

static void obey(const struct call *c, enum power_act act)
{
	struct exchange *x = c->x;
	uint8_t options[7];

	boot_audit_bytes(x->d, options);
	power_start(&x->d->power, act, &x->s->set, sim_now(x->s));
	audit_add(x, AUDIT_REMOTE_CONTROL, power_requests[act].audit,
		  power_requests[act].audit == 1 ? BYTES_NONE : BYTES(options, sizeof(options)));
	sim_note_act(x->s, x->d, act, BYTES_NONE, NULL);
}

static uint32_t remote_control(struct call *c)
{
	static const struct {
		uint8_t command, code; /* RequestedPowerState of WS-Management */
	} rows[] = {{16, 10}, {17, 2}, {18, 8}, {19, 5}};
	enum power_act act = POWER_ACT_COUNT;
	uint64_t command, iana;
	size_t i = 0;

	device_settle(c->x->s, c->x->d);
	if (!number(c, "Command", &command) || !number(c, "IanaOemNumber", &iana))
		return PT_INVALID_PARAMETER;
	if (iana != INTEL_IANA)
		return PT_UNSUPPORTED_OEM;
	while (i < ARRAY_LEN(rows) && rows[i].command != command)
		i++;
	if (i == ARRAY_LEN(rows))
		return PT_INVALID_COMMAND;
	uint32_t rv = decide(c, rows[i].code, &act);
	c->x->d->count.acts_refused += rv != RV_OK;
	if (rv == RV_OK && c->x->fault.kind != FAULT_LIE && act != POWER_ACT_COUNT)
		obey(c, act);
	return rv;
}

static const struct eoi_method security[] = {{"GetCoreVersion", false, core_version}};
static const struct eoi_method network[] = {{"GetHostName", false, host_name}, {"GetDomainName", false, domain_name}};
static const struct eoi_method remote[] = {
	{"GetSystemPowerState", true, power_state},
	{"GetRemoteControlCapabilities", true, capabilities},
	{"RemoteControl", true, remote_control},
};

static const struct eoi_service services[] = {
	{"SecurityAdministration", security, ARRAY_LEN(security)},
	{"NetworkAdministration", network, ARRAY_LEN(network)},
	{"RemoteControl", remote, ARRAY_LEN(remote)},
};

const struct eoi_service *eoi_find(struct bytes path)
{
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		snprintf(text, sizeof(text), "/%sService", services[i].name);
		if (bytes_equal_str(path, text))
			return &services[i];
	}
	return NULL;
}

static const struct eoi_method *find_method(const struct exchange *x, const struct xml_node **ret_in)
{
	const struct xml_node *root;

	if (xml_parse(x->s->xml, x->request, &root, NULL) != 0 || !bytes_equal_str(root->uri, ENVELOPE))
		return NULL;
	const struct xml_node *body = xml_child(root, root->ns, "Body");
	*ret_in = body ? body->child : NULL;
	for (size_t i = 0; *ret_in && i < x->eoi->method_count; i++)
		if (bytes_equal_str((*ret_in)->name, x->eoi->methods[i].name))
			return &x->eoi->methods[i];
	return NULL;
}

static uint32_t run(struct call *c, const struct eoi_method *m)
{
	bool may = c->x->realms & (1u << REALM_REMOTE_CONTROL | 1u << LOGIN_REALM_ADMIN);

	return m->remote && !may ? PT_NOT_PERMITTED : m->run(c);
}

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a:Envelope xmlns:a=\"" ENVELOPE "\""

void eoi_run(struct exchange *x, struct buf *out)
{
	struct call c = {.x = x};
	const struct eoi_method *m = find_method(x, &c.in);
	struct buf more;

	if (!m) {
		x->status = 500;
		x->d->count.soap_faults++;
		buf_adds(out, HEAD "><a:Body><a:Fault><faultcode>a:Client</faultcode><faultstring>no such method"
				   "</faultstring></a:Fault></a:Body></a:Envelope>");
		return;
	}
	buf_init(&more, 4096);
	c.out = &more;
	uint32_t status = run(&c, m);
	x->status = 200;
	buf_addf(out, HEAD " xmlns:b=\"" SCHEMA "%s" SCHEMA_END "\"><a:Body><b:%sResponse><b:Status>%u</b:Status>",
		 x->eoi->name, m->name, status);
	if (status == RV_OK)
		buf_add_bytes(out, buf_bytes(&more));
	buf_addf(out, "</b:%sResponse></a:Body></a:Envelope>", m->name);
	buf_release(&more);
}
