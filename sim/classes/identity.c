/* Who the device is, its names and its clock. Recorded: AMT 12.0.67, newer properties from a NUC12; Intel AMT guide. */
#include "audit.h"
#include "base/base.h"
#include "classes/classes.h"
#include "setup.h"

#define SKU_PRO_CORPORATE "16392"     /* 0x4008, as recorded */
#define TIME_LEAST        1072915200u /* 2004-01-01: earlier times are refused */

enum software { SW_VERSION, SW_SKU, SW_VENDOR, SW_BUILD, SW_LEGACY };

/* In the order of the recording. */
static const struct {
	const char *id;
	enum software what;
} software[] = {
	{"Flash", SW_VERSION},
	{"Netstack", SW_VERSION},
	{"AMTApps", SW_VERSION},
	{"AMT", SW_VERSION},
	{"Sku", SW_SKU},
	{"VendorID", SW_VENDOR},
	{"Build Number", SW_BUILD},
	{"Recovery Version", SW_VERSION},
	{"Recovery Build Num", SW_BUILD},
	{"Legacy Mode", SW_LEGACY},
	{"AMT FW Core Version", SW_VERSION},
};

static void software_id(const struct get *g, struct values *to)
{
	values_str(to, software[g->instance].id);
}

static void software_version(const struct get *g, struct values *to)
{
	switch (software[g->instance].what) {
	case SW_SKU:
		values_str(to, SKU_PRO_CORPORATE);
		return;
	case SW_VENDOR:
		values_str(to, "8086");
		return;
	case SW_BUILD:
		values_u64(to, g->p->build);
		return;
	case SW_LEGACY:
		values_str(to, "False");
		return;
	default:
		values_str(to, g->p->version);
	}
}

static const struct prop software_props[] = {
	MADE_KEY("InstanceID", software_id),
	FIXED("IsEntity", BOOL, "true"),
	MADE("VersionString", STR, software_version),
};

static const struct class software_identity = {.name = "CIM_SoftwareIdentity",
					       CLASS_PROPS(software_props),
					       .instances = ARRAY_LEN(software),
					       .flags = CLASS_COMMON};

static void digest_realm(const struct get *g, struct values *to)
{
	char realm[DEVICE_TEXT_SIZE];

	device_realm(g->s, g->d, realm);
	values_str(to, realm);
}

static void host_name(const struct get *g, struct values *to)
{
	char name[DEVICE_TEXT_SIZE];

	device_name(g->s, g->d, name, sizeof(name));
	values_str(to, name);
}

static void domain_name(const struct get *g, struct values *to)
{
	values_str(to, g->s->opt.domain);
}

static void host_fqdn(const struct get *g, struct values *to)
{
	char name[DEVICE_TEXT_SIZE];

	device_name(g->s, g->d, name, sizeof(name));
	values_fmt(to, "%s%s%s", name, g->s->opt.domain[0] ? "." : "", g->s->opt.domain);
}

static const struct prop general_props[] = {
	{"AMTNetworkEnabled", PROP_INT, PROP_PUT, SINCE(5, 1), .value = "1"},
	{"DDNSPeriodicUpdateInterval", PROP_INT, PROP_PUT, SINCE(6, 0), .value = "1440"},
	{"DDNSTTL", PROP_INT, PROP_PUT, SINCE(6, 0), .value = "900"},
	{"DDNSUpdateByDHCPServerEnabled", PROP_BOOL, PROP_PUT, SINCE(6, 0), .value = "true"},
	{"DDNSUpdateEnabled", PROP_BOOL, PROP_PUT, SINCE(6, 0), .value = "false"},
	{"DHCPSyncRequiresHostname", PROP_INT, 0, SINCE(15, 0), .value = "1"},
	{"DHCPv6ConfigurationTimeout", PROP_INT, PROP_PUT, SINCE(6, 0), .value = "0"},
	MADE("DigestRealm", STR, digest_realm),
	PUT_MADE("DomainName", STR, domain_name),
	FIXED("ElementName", STR, "Intel(r) AMT: General Settings"),
	PUT_MADE("HostName", STR, host_name),
	{"HostOSFQDN", PROP_STR, 0, SINCE(6, 0), .make = host_fqdn},
	PUT("IdleWakeTimeout", INT, "65535"),
	KEY("InstanceID", "Intel(r) AMT: General Settings"),
	FIXED("NetworkInterfaceEnabled", BOOL, "true"),
	{"PingResponseEnabled", PROP_BOOL, PROP_PUT | PROP_NEED, .value = "true"},
	FIXED("PowerSource", INT, "0"),
	{"PreferredAddressFamily", PROP_INT, PROP_PUT, SINCE(6, 0), .value = "0"},
	{"PresenceNotificationInterval", PROP_INT, PROP_PUT, SINCE(5, 1), .value = "0"},
	{"PrivacyLevel", PROP_INT, 0, SINCE(5, 1), .value = "0"},
	{"RmcpPingResponseEnabled", PROP_BOOL, PROP_PUT, SINCE(5, 0), .value = "true"},
	{"SharedFQDN", PROP_BOOL, PROP_PUT, SINCE(6, 0), .value = "true"},
	{"ThunderboltDockEnabled", PROP_INT, PROP_PUT, SINCE(15, 0), .value = "0"},
	{"WsmanOnlyMode", PROP_BOOL, PROP_PUT | PROP_NEED, .value = "false"},
};

/* From 15 on a client may ask for a proof; the nonce that it sends comes back in a signature that we cannot make. */
static uint32_t amt_authenticate(struct invoke *i)
{
	return PT_UNSUPPORTED;
}

static const struct method general_methods[] = {{"AMTAuthenticate", amt_authenticate, PROFILE_VERSION(15, 0)}};

static const struct class general = {.name = "AMT_GeneralSettings",
				     CLASS_PROPS(general_props),
				     CLASS_METHODS(general_methods),
				     .instances = 1,
				     .flags = CLASS_PUT};

static const struct prop time_props[] = {
	KEY("CreationClassName", "AMT_TimeSynchronizationService"),
	FIXED("ElementName", STR, "Intel(r) AMT Time Synchronization Service"),
	FIXED("EnabledState", INT, "5"),
	{"LocalTimeSyncEnabled", PROP_INT, 0, SINCE(9, 0), .value = "0"},
	KEY("Name", "Intel(r) AMT Time Synchronization Service"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
	{"TimeSource", PROP_INT, 0, SINCE(9, 0), .value = "0"},
};

static uint32_t get_time(struct invoke *i)
{
	wsman_add_u64(i->w, "Ta0", (uint64_t)device_clock_s(i->x->s, i->x->d));
	return RV_OK;
}

/* Ta0: what was read; Tm1, Tm2: the client's own time when that came and when this left. */
static uint32_t set_time(struct invoke *i)
{
	uint64_t ta0, tm1, tm2;
	struct device *d = i->x->d;
	int64_t offset;
	uint8_t now[4];

	if (!invoke_u64(i, "Ta0", &ta0) || !invoke_u64(i, "Tm1", &tm1) || !invoke_u64(i, "Tm2", &tm2) ||
	    tm1 < TIME_LEAST || tm2 < tm1 || tm2 > UINT32_MAX)
		return PT_INVALID_PARAMETER;
	offset = (int64_t)tm2 - device_clock_s(i->x->s, d);
	more_get(d)->clock_offset_s += offset;
	setup_get(i->x->s, d)->clock_set = true;
	for (int k = 0; k < 4; k++)
		now[k] = (uint8_t)(tm2 >> 8 * (3 - k));
	audit_add(i->x, AUDIT_TIME, 0, BYTES(now, sizeof(now)));
	return RV_OK;
}

static const struct method time_methods[] = {
	{"GetLowAccuracyTimeSynch", get_time, 0},
	{"SetHighAccuracyTimeSynch", set_time, 0},
};

static const struct class time_sync = {.name = "AMT_TimeSynchronizationService",
				       CLASS_PROPS(time_props),
				       CLASS_METHODS(time_methods),
				       .instances = 1,
				       .flags = CLASS_COMMON};

void wire_uuid(const struct get *g, uint8_t to[16])
{
	struct uuid u = device_uuid(g->s, g->d);

	uuid_to_smbios(&u, to);
}

static void platform_guid(const struct get *g, struct values *to)
{
	uint8_t raw[16];
	char text[33];

	wire_uuid(g, raw);
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02X", raw[i]);
	values_str(to, text);
}

static const struct prop package_props[] = {
	{"Antecedent", PROP_EPR, PROP_KEY, .value = EPR_CHASSIS},
	{"Dependent", PROP_EPR, PROP_KEY, .value = EPR_MANAGED_SYSTEM},
	MADE("PlatformGUID", STR, platform_guid),
};

static const struct class package = {.name = "CIM_ComputerSystemPackage", CLASS_PROPS(package_props), .instances = 1};

static const char *const packaging_members[] = {"CIM_ComputerSystemPackage", NULL};
static const struct class packaging = {.name = "CIM_SystemPackaging", .members = packaging_members};

static const struct prop boot_reason_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT:Host Boot Reason"),
	KEY("InstanceID", "Intel(r) AMT:Host Boot Reason"),
	FIXED("PreviousSxState", INT, "0"),
	FIXED("Reason", INT, "1"),
	FIXED("ReasonDetails", STR, ""),
};

static const struct class boot_reason = {
	.name = "IPS_HostBootReason", CLASS_PROPS(boot_reason_props), .instances = 1, SINCE(16, 0)};

const struct class *const classes_identity[] = {
	&software_identity, &general, &time_sync, &package, &packaging, &boot_reason, NULL,
};
