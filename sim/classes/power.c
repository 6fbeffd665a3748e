/* Power: CIM_PowerManagementService and what hangs on it. Recorded: AMT 11.8.50, 12.0.67; Intel AMT guide; DSP1027. */
#include "audit.h"
#include "base/base.h"
#include "class.h"
#include "classes/classes.h"
#include "login.h"

#define REALM_REMOTE_CONTROL 5

static void available_states(const struct get *g, struct values *to)
{
	const uint8_t *p = profile_power_states(g->p, g->d->power.state, g->s->set.lms);

	for (; *p; p++)
		values_u64(to, *p);
}

static void power_state(const struct get *g, struct values *to)
{
	values_u64(to, g->d->power.state);
}

#define EPR_SERVICE                                                                                                    \
	"CIM_PowerManagementService?CreationClassName=CIM_PowerManagementService&Name=Intel(r) AMT Power Management "  \
	"Service&SystemCreationClassName=CIM_ComputerSystem&SystemName=Intel(r) AMT"

static const struct prop associated_props[] = {
	{"AvailableRequestedPowerStates", PROP_INT, PROP_ARRAY, .make = available_states},
	{"PowerState", PROP_INT, 0, .make = power_state},
	{"ServiceProvided", PROP_EPR, PROP_KEY, .value = EPR_SERVICE},
	{"UserOfService", PROP_EPR, PROP_KEY, .value = EPR_MANAGED_SYSTEM},
};

static const struct class associated = {.name = "CIM_AssociatedPowerManagementService",
					CLASS_PROPS(associated_props),
					.instances = 1,
					.flags = CLASS_COMMON};

static const char *const available_members[] = {"CIM_AssociatedPowerManagementService", NULL};
static const struct class available_to_element = {.name = "CIM_ServiceAvailableToElement",
						  .members = available_members};

static const struct prop service_props[] = {
	{"CreationClassName", PROP_STR, PROP_KEY, .value = "CIM_PowerManagementService"},
	{"ElementName", PROP_STR, 0, .value = "Intel(r) AMT Power Management Service"},
	{"EnabledState", PROP_INT, 0, .value = "5"},
	{"Name", PROP_STR, PROP_KEY, .value = "Intel(r) AMT Power Management Service"},
	{"RequestedState", PROP_INT, 0, .value = "12"},
	{"SystemCreationClassName", PROP_STR, PROP_KEY, .value = "CIM_ComputerSystem"},
	{"SystemName", PROP_STR, PROP_KEY, .value = "Intel(r) AMT"},
};

/* Clients name the managed system in several ways; only its name counts. */
static bool is_managed_system(const struct invoke *i)
{
	struct wsman_epr epr;

	return invoke_epr(i, "ManagedElement", &epr) && bytes_equal_str(epr.class_name, "CIM_ComputerSystem") &&
	       bytes_equal_str(wsman_selector_get(epr.selectors, epr.selector_count, "Name"), "ManagedSystem");
}

static bool is_boot(enum power_act act)
{
	unsigned event = power_requests[act].audit;

	return event == 0 || event == 2 || event == 3 || event == 6;
}

/* The records of acts that boot tell the boot options. */
static void audit_power(const struct invoke *i, enum power_act act)
{
	uint8_t options[7];

	boot_audit_bytes(i->x->d, options);
	audit_add(i->x, AUDIT_REMOTE_CONTROL, power_requests[act].audit,
		  is_boot(act) ? BYTES(options, sizeof(options)) : BYTES_NONE);
}

static uint32_t decide(struct invoke *i, uint64_t code, enum power_act *act)
{
	struct sim *s = i->x->s;
	struct power now = i->x->d->power;

	if (i->x->fault.kind == FAULT_RETURN_VALUE)
		return i->x->fault.value;
	now.session = now.session || fault_is_on(s, i->x->d, FAULT_SESSION_OPEN, NULL);
	return power_check(&now, i->g.p, &s->set, (unsigned)code, sim_now(s), act);
}

static uint32_t request_power_state(struct invoke *i)
{
	struct device *d = i->x->d;
	enum power_act act = POWER_ACT_COUNT;
	uint64_t code;
	uint32_t rv;

	if (!(i->x->realms & (1u << REALM_REMOTE_CONTROL | 1u << LOGIN_REALM_ADMIN))) {
		i->fault = WSMAN_FAULT_ACCESS_DENIED;
		return 0;
	}
	if (!invoke_u64(i, "PowerState", &code) || code > 65535 || !is_managed_system(i)) {
		d->count.acts_refused++;
		return CIM_INVALID_PARAMETER;
	}
	rv = decide(i, code, &act);
	d->count.acts_refused += rv != RV_OK;
	if (rv != RV_OK || i->x->fault.kind == FAULT_LIE || act == POWER_ACT_COUNT)
		return rv;
	power_start(&d->power, act, &i->x->s->set, sim_now(i->x->s));
	audit_power(i, act);
	sim_note_act(i->x->s, d, act, i->call->message_id, is_boot(act) ? boot_next(i->x->s, d) : NULL);
	return rv;
}

static const struct method service_methods[] = {{"RequestPowerStateChange", request_power_state, 0}};

static const struct class service = {.name = "CIM_PowerManagementService",
				     CLASS_PROPS(service_props),
				     CLASS_METHODS(service_methods),
				     .instances = 1,
				     .flags = CLASS_COMMON};

static const struct prop capabilities_props[] = {
	{"ElementName", PROP_STR, 0, .value = "Power Management Capabilities"},
	{"InstanceID", PROP_STR, PROP_KEY, .value = "Intel(r) AMT:PowerManagementCapabilities 0"},
	{"OtherPowerChangeCapabilities", PROP_STR, 0, .value = ""},
	{"PowerChangeCapabilities", PROP_INT, PROP_ARRAY, .value = "2|3|4|7|8"},
	{"PowerStatesSupported", PROP_INT, PROP_ARRAY, 0, PROFILE_VERSION(9, 0), .value = "5|8|2|10"},
	{"PowerStatesSupported", PROP_INT, PROP_ARRAY, PROFILE_VERSION(9, 0), .value = "5|8|2|10|11|12|14"},
	{"RequestedPowerStatesSupported", PROP_INT, PROP_ARRAY, 0, PROFILE_VERSION(9, 0), .value = "5|8|2|10"},
	{"RequestedPowerStatesSupported", PROP_INT, PROP_ARRAY, PROFILE_VERSION(9, 0), .value = "5|8|2|10|11|12|14"},
};

static const struct class capabilities = {.name = "CIM_PowerManagementCapabilities",
					  CLASS_PROPS(capabilities_props),
					  .instances = 1,
					  .flags = CLASS_EMPTY_PULL};

/* IPS_PowerManagementService: modern standby. */

static void os_saving(const struct get *g, struct values *to)
{
	values_u64(to, g->d->power.os_saving);
}

/* The recording has OSPowerSavingState last, but was edited by hand; ASCII order as in all others. */
static const struct prop os_props[] = {
	{"CreationClassName", PROP_STR, PROP_KEY, .value = "IPS_PowerManagementService"},
	{"ElementName", PROP_STR, 0, .value = "Intel(r) AMT Power Management Service"},
	{"EnabledState", PROP_INT, 0, .value = "5"},
	{"Name", PROP_STR, PROP_KEY, .value = "Intel(r) AMT Power Management Service"},
	{"OSPowerSavingState", PROP_INT, 0, .make = os_saving},
	{"RequestedState", PROP_INT, 0, .value = "12"},
	{"SystemCreationClassName", PROP_STR, PROP_KEY, .value = "CIM_ComputerSystem"},
	{"SystemName", PROP_STR, PROP_KEY, .value = "Intel(r) AMT"},
};

static uint32_t request_os_saving(struct invoke *i)
{
	uint64_t state;

	if (!invoke_u64(i, "OSPowerSavingState", &state) || (state != 2 && state != 3))
		return CIM_INVALID_PARAMETER;
	if (i->x->d->power.state != POWER_ON)
		return CIM_INVALID_TRANSITION;
	i->x->d->power.os_saving = (uint8_t)state;
	return RV_OK;
}

static const struct method os_methods[] = {{"RequestOSPowerSavingStateChange", request_os_saving, 0}};

static const struct class os_service = {.name = "IPS_PowerManagementService",
					CLASS_PROPS(os_props),
					CLASS_METHODS(os_methods),
					.instances = 1,
					.since = PROFILE_VERSION(10, 0),
					.flags = CLASS_COMMON};

/* AMT_SystemPowerScheme: the power package. */

static void scheme_description(const struct get *g, struct values *to)
{
	bool notebook = g->p->flags & PROFILE_NOTEBOOK;
	const char *what = notebook ? "Mobile" : "Desktop";

	values_fmt(to,
		   g->instance == 0 ? "%s: ON in S0"
		   : notebook       ? "%s: ON in S0, ME Wake in S3, S4-5 (AC only)"
				    : "%s: ON in S0, ME Wake in S3, S4-5",
		   what);
}

static void scheme_id(const struct get *g, struct values *to)
{
	values_fmt(to, "SCHEME %u", g->instance);
}

/* The raw GUIDs of the power packages, as firmware sends them, in base64: desktop, mobile. */
static const char *const scheme_guids[2][2] = {{"lE+DEvsQT9yWjh4jKwyQZQ==", "cyJzRiPcQy+pihPTeYLYVQ=="},
					       {"djmXEQtWUEOIcJgS85G1YA==", "MIAN7gnAeEOvKHhootu+Og=="}};

static void scheme_guid(const struct get *g, struct values *to)
{
	values_str(to, scheme_guids[(g->p->flags & PROFILE_NOTEBOOK) != 0][g->instance & 1]);
}

static const struct prop scheme_props[] = {
	{"Description", PROP_STR, 0, .make = scheme_description},
	{"ElementName", PROP_STR, 0, .value = "Intel(r) AMT Power Scheme"},
	{"InstanceID", PROP_STR, PROP_KEY, .make = scheme_id},
	{"SchemeGUID", PROP_BASE64, PROP_KEY, .make = scheme_guid},
};

static uint32_t set_scheme(struct invoke *i)
{
	char text[12];

	if (i->call->selector_count == 0)
		return PT_INVALID_PARAMETER;
	snprintf(text, sizeof(text), "%u", i->g.instance);
	more_set_str(i->x->d, "AMT_SystemPowerScheme", 0, "active", text);
	return RV_OK;
}

static const struct method scheme_methods[] = {{"SetPowerScheme", set_scheme, 0}};

static const struct class scheme = {
	.name = "AMT_SystemPowerScheme", CLASS_PROPS(scheme_props), CLASS_METHODS(scheme_methods), .instances = 2};

void power_scheme_epr(const struct get *g, unsigned scheme_number, struct values *to)
{
	values_fmt(to, "AMT_SystemPowerScheme?InstanceID=SCHEME %u&SchemeGUID=%s", scheme_number,
		   scheme_guids[(g->p->flags & PROFILE_NOTEBOOK) != 0][scheme_number & 1]);
}

unsigned power_scheme_active(const struct get *g)
{
	const struct change *c = more_change(g->d, "AMT_SystemPowerScheme", 0, "active");

	return c ? c->values[0] != '0' : 1;
}

/* CIM_ComputerSystem: the host and the controller. */

static void system_name(const struct get *g, struct values *to)
{
	values_str(to, g->instance == 0 ? "ManagedSystem" : "Intel(r) AMT");
}

static void system_element(const struct get *g, struct values *to)
{
	values_str(to, g->instance == 0 ? "Managed System" : "Intel(r) AMT Subsystem");
}

static void system_state(const struct get *g, struct values *to)
{
	values_u64(to, g->instance == 1 || g->d->power.state == POWER_ON ? 2 : 3);
}

static void system_dedicated(const struct get *g, struct values *to)
{
	values_str(to, g->instance == 0 ? "32" : "14"); /* personal computer; management */
}

static const struct prop system_props[] = {
	{"CreationClassName", PROP_STR, PROP_KEY, .value = "CIM_ComputerSystem"},
	{"Dedicated", PROP_INT, PROP_ARRAY, .make = system_dedicated},
	{"ElementName", PROP_STR, 0, .make = system_element},
	{"EnabledState", PROP_INT, 0, .make = system_state},
	{"Name", PROP_STR, PROP_KEY, .make = system_name},
	{"NameFormat", PROP_STR, 0, .value = "Other"},
	{"RequestedState", PROP_INT, 0, .value = "12"},
};

static const struct class computer_system = {
	.name = "CIM_ComputerSystem", CLASS_PROPS(system_props), .instances = 2, .flags = CLASS_COMMON};

const struct class *const classes_power[] = {
	&associated, &available_to_element, &service, &capabilities, &os_service, &scheme, &computer_system, NULL,
};
