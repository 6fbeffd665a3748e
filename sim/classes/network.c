/* The controller's network: wired and wireless ports, addresses, 802.1X. Recorded: AMT 12.0.67 and a NUC12. */
#include "base/base.h"
#include "classes/classes.h"

#define PORT_NAME         "Intel(r) AMT Ethernet Port Settings"
#define WIFI_PROFILES_MAX 16

static bool has_wifi(const struct get *g)
{
	return g->p->flags & PROFILE_NOTEBOOK;
}

/* AMT_EthernetPortSettings: 0 wired; 1 wireless, also where the adapter is missing (12 and later). */

static uint32_t port_count(const struct get *g)
{
	return has_wifi(g) || g->p->major >= 12 ? 2 : 1;
}

static bool is_wired(const struct get *g)
{
	return g->instance == 0;
}

static void for_wireless(const struct get *g, struct values *to, const char *value)
{
	if (!is_wired(g))
		values_str(to, value);
}

static void for_wired(const struct get *g, struct values *to, const char *value)
{
	if (is_wired(g))
		values_str(to, value);
}

static void retransmissions(const struct get *g, struct values *to)
{
	for_wireless(g, to, "5");
}

static void address_text(struct values *to, uint32_t a)
{
	values_fmt(to, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

/* Gateway and name server of the simulated net: its last host. */
static void gateway(const struct get *g, struct values *to)
{
	if (is_wired(g))
		address_text(to, g->s->opt.net + ~g->s->opt.net_mask - 1);
}

static void ip_address(const struct get *g, struct values *to)
{
	if (is_wired(g))
		address_text(to, device_address(g->s, g->d));
}

static void net_mask(const struct get *g, struct values *to)
{
	if (is_wired(g))
		address_text(to, g->s->opt.net_mask);
}

static void port_id(const struct get *g, struct values *to)
{
	values_fmt(to, PORT_NAME " %u", g->instance);
}

static void ip_sync(const struct get *g, struct values *to)
{
	for_wired(g, to, "true");
}

static void link_control(const struct get *g, struct values *to)
{
	for_wireless(g, to, "2");
}

static void link_up(const struct get *g, struct values *to)
{
	values_bool(to, is_wired(g));
}

static void link_policy(const struct get *g, struct values *to)
{
	for_wired(g, to, "1");
	for_wired(g, to, "14");
}

static void mac_dashes(const struct get *g, struct values *to)
{
	uint8_t m[6];

	device_mac(g->s, g->d, g->instance, m);
	if (!is_wired(g) && !has_wifi(g))
		values_str(to, "00-00-00-00-00-00");
	else
		values_fmt(to, "%02x-%02x-%02x-%02x-%02x-%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void connection_type(const struct get *g, struct values *to)
{
	values_str(to, is_wired(g) ? "0" : "3");
}

static void shared_static(const struct get *g, struct values *to)
{
	for_wired(g, to, "false");
}

static void protection_level(const struct get *g, struct values *to)
{
	for_wireless(g, to, "1");
}

static const struct prop ethernet_props[] = {
	MADE("ConsoleTcpMaxRetransmissions", INT, retransmissions),
	PUT("DHCPEnabled", BOOL, "true"),
	PUT_MADE("DefaultGateway", STR, gateway),
	FIXED("ElementName", STR, PORT_NAME),
	PUT_MADE("IPAddress", STR, ip_address),
	MADE_KEY("InstanceID", port_id),
	{"IpSyncEnabled", PROP_BOOL, PROP_PUT, SINCE(6, 0), .make = ip_sync},
	MADE("LinkControl", INT, link_control),
	MADE("LinkIsUp", BOOL, link_up),
	{"LinkPolicy", PROP_INT, PROP_ARRAY | PROP_PUT, .make = link_policy},
	PUT_MADE("LinkPreference", INT, link_control),
	MADE("MACAddress", STR, mac_dashes),
	{"PhysicalConnectionType", PROP_INT, 0, SINCE(9, 0), .make = connection_type},
	PUT_MADE("PrimaryDNS", STR, gateway),
	PUT_NULL("SecondaryDNS", STR),
	{"SharedDynamicIP", PROP_BOOL, 0, SINCE(6, 0), .make = ip_sync},
	FIXED("SharedMAC", BOOL, "true"),
	PUT_MADE("SharedStaticIp", BOOL, shared_static),
	PUT_MADE("SubnetMask", STR, net_mask),
	MADE("WLANLinkProtectionLevel", INT, protection_level),
};

static const struct class ethernet = {
	.name = "AMT_EthernetPortSettings", CLASS_PROPS(ethernet_props), .count = port_count, .flags = CLASS_PUT};

static void mac_plain(const struct get *g, struct values *to)
{
	uint8_t m[6];

	device_mac(g->s, g->d, 0, m);
	values_fmt(to, "%02x%02x%02x%02x%02x%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static const struct prop nic_props[] = {
	KEY("CreationClassName", "CIM_EthernetPort"),
	FIXED("Description", STR, "Wired0"),
	KEY("DeviceID", "Intel(r) AMT Ethernet Port 0"),
	FIXED("ElementName", STR, "Intel(r) AMT Ethernet Port"),
	FIXED("EnabledDefault", INT, "5"),
	FIXED("EnabledState", INT, "2"),
	FIXED("LinkTechnology", INT, "2"),
	FIXED("MaxSpeed", INT, "2500000000"),
	{"NetworkAddresses", PROP_STR, PROP_ARRAY, .make = mac_plain},
	LIST("OperationalStatus", INT, "0"),
	FIXED("PortType", INT, "53"),
	FIXED("RequestedState", INT, "12"),
	FIXED("Speed", INT, "1000000000"),
	IN_AMT,
};

static const struct class nic = {
	.name = "CIM_EthernetPort", CLASS_PROPS(nic_props), .instances = 1, .flags = CLASS_COMMON};

static const struct prop lan_props[] = {
	KEY("CreationClassName", "IPS_LANEndpoint"),
	FIXED("EnabledState", INT, "2"),
	FIXED("LANType", INT, "2"),
	MADE("MACAddress", STR, mac_plain),
	KEY("Name", "Intel(r) AMT LAN Endpoint"),
	FIXED("ProtocolType", INT, "0"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
};

static const struct class lan = {
	.name = "IPS_LANEndpoint", CLASS_PROPS(lan_props), .instances = 1, SINCE(9, 0), .flags = CLASS_COMMON};

static const struct prop host_ip_props[] = {
	FIXED("DHCPEnabled", BOOL, "false"),
	FIXED("ElementName", STR, "Intel(r) AMT: Host IP Settings"),
	KEY("InstanceID", "Intel(r) AMT: Host IP Settings"),
};

static const struct class host_ip = {
	.name = "IPS_HostIPSettings", CLASS_PROPS(host_ip_props), .instances = 1, SINCE(9, 0)};

static const struct prop ipv6_props[] = {
	FIXED("CurrentDefaultRouter", STR, "::"),
	FIXED("CurrentPrimaryDNS", STR, "::"),
	FIXED("CurrentSecondaryDNS", STR, "::"),
	PUT("DefaultRouter", STR, "::"),
	FIXED("ElementName", STR, "Intel(r) IPS IPv6 Settings 0"),
	PUT("IPv6Address", STR, "::"),
	KEY("InstanceID", "Intel(r) IPS IPv6 Settings 0"),
	PUT("InterfaceIDType", INT, "0"),
	PUT("ManualInterfaceID", STR, "0000000000000000"),
	PUT("PrimaryDNS", STR, "::"),
	PUT("SecondaryDNS", STR, "::"),
};

static const struct class ipv6 = {
	.name = "IPS_IPv6PortSettings", CLASS_PROPS(ipv6_props), .instances = 1, .flags = CLASS_PUT, SINCE(6, 0)};

/* CIM_ElementSettingData: which power scheme is in force, and whether IPv6 is on. */

static uint32_t element_count(const struct get *g)
{
	return g->p->major >= 6 ? 3 : 2;
}

static void element_current(const struct get *g, struct values *to)
{
	bool yes = g->instance < 2 && power_scheme_active(g) == g->instance;

	values_str(to, yes ? "1" : "2");
}

static void element_managed(const struct get *g, struct values *to)
{
	if (g->instance < 2)
		values_str(to, EPR_MANAGED_SYSTEM);
	else
		values_str(to, "CIM_EthernetPort?CreationClassName=CIM_EthernetPort&DeviceID=Intel(r) AMT Ethernet "
			       "Port 0" SELECTORS_IN_AMT);
}

/* Clients take the selectors by place: InstanceID and SchemeGUID; for IPv6 exactly one. */
static void element_setting(const struct get *g, struct values *to)
{
	if (g->instance < 2)
		power_scheme_epr(g, g->instance, to);
	else
		values_str(to, "IPS_IPv6PortSettings?InstanceID=Intel(r) IPS IPv6 Settings 0");
}

static const struct prop element_props[] = {
	MADE("IsCurrent", INT, element_current),
	FIXED("IsDefault", INT, "2"),
	{"ManagedElement", PROP_EPR, PROP_KEY, .make = element_managed},
	{"SettingData", PROP_EPR, PROP_KEY, .make = element_setting},
};

static const struct class element = {
	.name = "CIM_ElementSettingData", CLASS_PROPS(element_props), .count = element_count};

/* Wi-Fi: notebooks only. */

static const struct prop wifi_service_props[] = {
	KEY("CreationClassName", "AMT_WiFiPortConfigurationService"),
	FIXED("ElementName", STR, "Intel(r) AMT WiFiPort Configuration Service"),
	FIXED("EnabledState", INT, "5"),
	FIXED("HealthState", INT, "5"),
	FIXED("LastConnectedSsidUnderMeControl", STR, ""),
	KEY("Name", "Intel(r) AMT WiFi Port Configuration Service"),
	PUT("NoHostCsmeSoftwarePolicy", INT, "0"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
	{"UEFIWiFiProfileShareEnabled", PROP_BOOL, PROP_PUT, SINCE(15, 0), .value = "false"},
	PUT("localProfileSynchronizationEnabled", INT, "0"),
};

static const char *const wifi_fields[] = {"AuthenticationMethod", "ElementName", "EncryptionMethod",
					  "InstanceID",           "Priority",    "SSID"};

static bool has_wifi_profile(const struct invoke *i, const char *id)
{
	struct get g = i->g;
	struct values v;

	for (uint32_t k = 0; class_instance_at(class_find(BYTES_LIT("CIM_WiFiEndpointSettings")), &g, k); k++)
		if (strcmp(class_text("CIM_WiFiEndpointSettings", "InstanceID", &g, &v), id) == 0)
			return true;
	return false;
}

/* A field of the settings, which stand in the namespace of their own class. */
static bool wifi_field(const struct xml_node *in, const char *name, char *to, size_t to_size)
{
	const struct xml_node *n = in && in->child ? xml_child(in, in->child->ns, name) : NULL;

	return n && bytes_to_str(xml_text(n), to, to_size);
}

static uint32_t add_wifi(struct invoke *i)
{
	const struct xml_node *in = invoke_node(i, "WiFiEndpointSettingsInput");
	struct object *o;
	char text[256];

	for (size_t k = 0; k < ARRAY_LEN(wifi_fields); k++)
		if (!wifi_field(in, wifi_fields[k], text, sizeof(text)))
			return PT_INVALID_PARAMETER;
	if (wifi_field(in, "InstanceID", text, sizeof(text)) && has_wifi_profile(i, text))
		return PT_DUPLICATE;
	o = more_object_count(i->x->d, "CIM_WiFiEndpointSettings") < WIFI_PROFILES_MAX
		    ? more_object_new(i->x->d, "CIM_WiFiEndpointSettings")
		    : NULL;
	if (!o)
		return PT_MAX_LIMIT_REACHED;
	for (size_t k = 0; k < ARRAY_LEN(wifi_fields); k++) {
		(void)wifi_field(in, wifi_fields[k], text, sizeof(text)); /* it was there above */
		more_set_str(i->x->d, "CIM_WiFiEndpointSettings", o->id, wifi_fields[k], text);
	}
	return RV_OK;
}

static const struct method wifi_service_methods[] = {{"AddWiFiSettings", add_wifi, 0}};

static const struct class wifi_service = {.name = "AMT_WiFiPortConfigurationService",
					  CLASS_PROPS(wifi_service_props),
					  CLASS_METHODS(wifi_service_methods),
					  .instances = 1,
					  .flags = CLASS_COMMON | CLASS_PUT,
					  .needs = PROFILE_NOTEBOOK,
					  SINCE(6, 0)};

static void wifi_mac(const struct get *g, struct values *to)
{
	uint8_t m[6];

	device_mac(g->s, g->d, 1, m);
	values_fmt(to, "%02x%02x%02x%02x%02x%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static const struct prop wifi_port_props[] = {
	KEY("CreationClassName", "CIM_WiFiPort"), KEY("DeviceID", "WiFi Port 0"),
	FIXED("ElementName", STR, "WiFi Port 0"), FIXED("EnabledState", INT, "3"),
	FIXED("HealthState", INT, "5"),           FIXED("LinkTechnology", INT, "11"),
	MADE("PermanentAddress", STR, wifi_mac),  FIXED("PortType", INT, "0"),
	FIXED("RequestedState", INT, "3"),        IN_AMT,
};

/* 3 off, 32768 on in S0, 32769 on in S0 and Sx. */
static uint32_t wifi_request_state(struct invoke *i)
{
	uint64_t v;
	char text[8];

	if (!invoke_u64(i, "RequestedState", &v) || (v != 3 && v != 32768 && v != 32769))
		return CIM_INVALID_PARAMETER;
	snprintf(text, sizeof(text), "%u", (unsigned)v);
	more_set_str(i->x->d, "CIM_WiFiPort", 0, "EnabledState", text);
	more_set_str(i->x->d, "CIM_WiFiPort", 0, "RequestedState", text);
	return RV_OK;
}

static const struct method wifi_port_methods[] = {{"RequestStateChange", wifi_request_state, 0}};

static const struct class wifi_port = {.name = "CIM_WiFiPort",
				       CLASS_PROPS(wifi_port_props),
				       CLASS_METHODS(wifi_port_methods),
				       .instances = 1,
				       .needs = PROFILE_NOTEBOOK,
				       .flags = CLASS_COMMON};

static const struct prop wifi_capabilities_props[] = {
	FIXED("ElementName", STR, "CIM_WiFiPortCapabilities"),
	KEY("InstanceID", "Intel(r) AMT:WiFi Port Capabilities 0"),
};

static const struct class wifi_capabilities = {.name = "CIM_WiFiPortCapabilities",
					       CLASS_PROPS(wifi_capabilities_props),
					       .instances = 1,
					       .needs = PROFILE_NOTEBOOK};

static const struct prop wifi_endpoint_props[] = {
	KEY("CreationClassName", "CIM_WiFiEndpoint"),
	FIXED("ElementName", STR, "Intel(r) AMT WiFi Endpoint"),
	FIXED("EnabledState", INT, "2"),
	FIXED("LANID", STR, ""),
	KEY("Name", "WiFi Endpoint 0"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
};

static const struct class wifi_endpoint = {.name = "CIM_WiFiEndpoint",
					   CLASS_PROPS(wifi_endpoint_props),
					   .instances = 1,
					   .needs = PROFILE_NOTEBOOK,
					   .flags = CLASS_COMMON};

static const struct prop wifi_settings_props[] = {
	PUT_NULL("AuthenticationMethod", INT),
	PUT("BSSType", INT, "3"),
	PUT_NULL("ElementName", STR),
	PUT_NULL("EncryptionMethod", INT),
	{"InstanceID", PROP_STR, PROP_KEY},
	PUT_NULL("Priority", INT),
	PUT_NULL("SSID", STR),
};

static const struct class wifi_settings = {.name = "CIM_WiFiEndpointSettings",
					   CLASS_PROPS(wifi_settings_props),
					   .flags = CLASS_PUT | CLASS_DELETE,
					   .needs = PROFILE_NOTEBOOK};

static const struct prop profile_8021x_props[] = {
	PUT("ActiveInS0", BOOL, "true"), FIXED("ElementName", STR, "Intel(r) AMT 802.1x Profile"),
	PUT("Enabled", BOOL, "false"),   KEY("InstanceID", "Intel(r) AMT 802.1x Profile 0"),
	PUT("PxeTimeout", INT, "0"),
};

static const struct class profile_8021x = {
	.name = "AMT_8021XProfile", CLASS_PROPS(profile_8021x_props), .instances = 1, .flags = CLASS_PUT, SINCE(3, 0)};

static const struct prop ips_8021x_props[] = {
	PUT("AvailableInS0", BOOL, "false"),
	FIXED("ElementName", STR, "Intel(r) AMT: 8021X Settings"),
	PUT("Enabled", INT, "3"),
	KEY("InstanceID", "Intel(r) AMT: 8021X Settings"),
	PUT("PxeTimeout", INT, "120"),
};

static const struct class ips_8021x = {.name = "IPS_IEEE8021xSettings",
				       CLASS_PROPS(ips_8021x_props),
				       .instances = 1,
				       .flags = CLASS_PUT,
				       SINCE(10, 0)};

static const struct prop cim_8021x_props[] = {
	PUT_NULL("AuthenticationProtocol", INT),
	PUT_NULL("ElementName", STR),
	{"InstanceID", PROP_STR, PROP_KEY},
	PUT_NULL("Username", STR),
};

static const char *const cim_8021x_members[] = {"CIM_IEEE8021xSettings", "IPS_IEEE8021xSettings", NULL};
static const struct class cim_8021x = {.name = "CIM_IEEE8021xSettings",
				       CLASS_PROPS(cim_8021x_props),
				       .members = cim_8021x_members,
				       .flags = CLASS_DELETE};

static const struct prop context_8021x_props[] = {
	{"ElementInContext", PROP_EPR, PROP_KEY},
	{"ElementProvidingContext", PROP_EPR, PROP_KEY},
};

static const struct class amt_8021x_context = {.name = "AMT_8021xCredentialContext", CLASS_PROPS(context_8021x_props)};
static const struct class ips_8021x_context = {
	.name = "IPS_8021xCredentialContext", CLASS_PROPS(context_8021x_props), SINCE(10, 0)};

const struct class *const classes_network[] = {
	&ethernet,          &nic,           &lan,       &host_ip,           &ipv6,
	&element,           &wifi_service,  &wifi_port, &wifi_capabilities, &wifi_endpoint,
	&wifi_settings,     &profile_8021x, &ips_8021x, &cim_8021x,         &amt_8021x_context,
	&ips_8021x_context, NULL,
};
