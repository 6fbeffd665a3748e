/* Fast Call for Help and its settings: management presence servers, policies, environment detection, proxies. Recorded:
 * AMT 12 and newer; limits as recorded in AMT_RemoteAccessCapabilities. */
#include "base/base.h"
#include "classes/classes.h"

#define SAP          "AMT_ManagementPresenceRemoteSAP"
#define LOGIN        "AMT_MPSUsernamePassword"
#define RULE         "AMT_RemoteAccessPolicyRule"
#define APPLIES      "AMT_RemoteAccessPolicyAppliesToMPS"
#define PROXY        "IPS_HTTPProxyAccessPoint"
#define SERVERS_MAX  6
#define POLICIES_MAX 3
#define PROXIES_MAX  15
#define SAP_NAME     "Intel(r) AMT:Management Presence Server "
#define PROXY_NAME   "Intel(r) ME:HTTP Proxy Access Point "

static const struct prop environment_props[] = {
	PUT("DetectionAlgorithm", INT, "0"),
	{"DetectionIPv6LocalPrefixes", PROP_STR, PROP_ARRAY | PROP_PUT, .value = NULL},
	{"DetectionStrings", PROP_STR, PROP_ARRAY | PROP_PUT, .value = NULL},
	FIXED("ElementName", STR, "Intel(r) AMT Environment Detection Settings"),
	KEY("InstanceID", "Intel(r) AMT Environment Detection Settings"),
};

static const struct class environment = {.name = "AMT_EnvironmentDetectionSettingData",
					 CLASS_PROPS(environment_props),
					 .instances = 1,
					 .flags = CLASS_PUT};

static const struct prop sap_props[] = {
	PUT_NULL("AccessInfo", STR),   PUT_NULL("CN", STR),
	KEY("CreationClassName", SAP), FIXED("ElementName", STR, "Intel(r) AMT:Management Presence Server"),
	PUT_NULL("InfoFormat", INT),   {"Name", PROP_STR, PROP_KEY},
	PUT_NULL("Port", INT),         IN_AMT,
};

static const struct class sap = {
	.name = SAP, CLASS_PROPS(sap_props), .flags = CLASS_COMMON | CLASS_PUT | CLASS_DELETE, SINCE(4, 0)};

static const struct prop login_props[] = {
	{"InstanceID", PROP_STR, PROP_KEY},
	PUT_NULL("RemoteID", STR),
	{"Secret", PROP_STR, PROP_PUT, .value = NULL},
};

/* What was put as Secret is never read. */
static bool login_changed(struct invoke *i, enum wsman_fault *fault)
{
	more_unset(i->x->d, LOGIN, i->g.instance, "Secret");
	return true;
}

static const struct class login = {.name = LOGIN,
				   CLASS_PROPS(login_props),
				   .flags = CLASS_COMMON | CLASS_PUT | CLASS_DELETE,
				   .changed = login_changed,
				   SINCE(4, 0)};

static void keep(struct device *d, const struct object *o, const char *prop, struct bytes text)
{
	char to[512];

	if (text.p && bytes_to_str(text, to, sizeof(to)))
		more_set_str(d, o->class_name, o->id, prop, to);
}

/* "Name 0", "Name 1", ...: the first that is free. */
static void name_new(const struct invoke *i, const char *class_name, const char *form, char to[64])
{
	struct get g;
	struct values v;

	for (unsigned n = 0;; n++) {
		bool used = false;

		snprintf(to, 64, "%s%u", form, n);
		g = i->g;
		for (uint32_t k = 0; class_instance_at(class_find(bytes_str(class_name)), &g, k); k++)
			used |= strcmp(class_text(class_name, "Name", &g, &v), to) == 0;
		if (!used)
			return;
	}
}

static void add_reference(const struct invoke *i, const char *out, const char *class_name, const char *key,
			  const char *value)
{
	struct wsman_epr epr = {.class_name = bytes_str(class_name), .selector_count = 4};

	epr.selectors[0] =
		(struct wsman_selector){.name = BYTES_LIT("CreationClassName"), .value = bytes_str(class_name)};
	epr.selectors[1] = (struct wsman_selector){.name = bytes_str(key), .value = bytes_str(value)};
	epr.selectors[2] = WSMAN_SELECTOR("SystemCreationClassName", "CIM_ComputerSystem");
	epr.selectors[3] = WSMAN_SELECTOR("SystemName", "Intel(r) AMT");
	wsman_add_epr(i->w, out, &epr);
}

/* What AMT sends for something that is there already: an address and nothing in it. */
static void add_no_reference(const struct invoke *i, const char *out)
{
	struct wsman_epr epr = {.address = BYTES_LIT("default")};

	wsman_add_epr(i->w, out, &epr);
}

static bool exists(const struct invoke *i, const char *class_name, const char *prop, struct bytes value)
{
	struct get g = i->g;
	struct values v;

	for (uint32_t k = 0; class_instance_at(class_find(bytes_str(class_name)), &g, k); k++)
		if (bytes_equal_str(value, class_text(class_name, prop, &g, &v)))
			return true;
	return false;
}

/* AuthMethod 2 is user name and password, which become an instance of their own. */
static uint32_t add_server(struct invoke *i)
{
	struct bytes address = invoke_text(i, "AccessInfo");
	struct device *d = i->x->d;
	struct object *o, *l;
	uint64_t format, port;
	char name[64], id[64];

	if (address.len == 0 || !invoke_u64(i, "InfoFormat", &format) || !invoke_u64(i, "Port", &port) || port > 65535)
		return PT_INVALID_PARAMETER;
	if (exists(i, SAP, "AccessInfo", address))
		return PT_DUPLICATE;
	if (more_object_count(d, SAP) >= SERVERS_MAX)
		return PT_MAX_LIMIT_REACHED;
	name_new(i, SAP, SAP_NAME, name);
	o = more_object_new(d, SAP);
	l = o ? more_object_new(d, LOGIN) : NULL;
	if (!l)
		return PT_MAX_LIMIT_REACHED;
	more_set_str(d, SAP, o->id, "Name", name);
	keep(d, o, "AccessInfo", address);
	keep(d, o, "CN", invoke_text(i, "CN"));
	keep(d, o, "InfoFormat", invoke_text(i, "InfoFormat"));
	keep(d, o, "Port", invoke_text(i, "Port"));
	snprintf(id, sizeof(id), "Intel(r) AMT:MPS Username Password %s", name + sizeof(SAP_NAME) - 1);
	more_set_str(d, LOGIN, l->id, "InstanceID", id);
	keep(d, l, "RemoteID", invoke_text(i, "Username"));
	add_reference(i, "MpServer", SAP, "Name", name);
	return RV_OK;
}

static const struct prop rule_props[] = {
	KEY("CreationClassName", RULE),
	FIXED("ElementName", STR, "Inte(r) AMT:Remote Access Policy"), /* so spelt by firmware */
	PUT_NULL("ExtendedData", BASE64),
	{"PolicyRuleName", PROP_STR, PROP_KEY},
	IN_AMT,
	PUT_NULL("Trigger", INT),
	PUT_NULL("TunnelLifeTime", INT),
};

static const struct class rule = {
	.name = RULE, CLASS_PROPS(rule_props), .flags = CLASS_PUT | CLASS_DELETE, SINCE(4, 0)};

static const struct prop applies_props[] = {
	{"ManagedElement", PROP_EPR, PROP_KEY},
	{"MpsType", PROP_INT, PROP_PUT, SINCE(11, 6), .value = "0"},
	PUT("OrderOfAccess", INT, "0"),
	{"PolicySet", PROP_EPR, PROP_KEY},
};

static const struct class applies = {
	.name = APPLIES, CLASS_PROPS(applies_props), .flags = CLASS_PUT | CLASS_DELETE, SINCE(4, 0)};

static void link_servers(struct invoke *i, const char *rule_name)
{
	struct device *d = i->x->d;
	struct wsman_epr epr;
	char policy[256];

	snprintf(policy, sizeof(policy), RULE "?CreationClassName=" RULE "&PolicyRuleName=%s" SELECTORS_IN_AMT,
		 rule_name);
	for (const struct xml_node *n = invoke_node(i, "MpServer"); n; n = xml_next(n)) {
		struct object *o;
		struct buf text;

		buf_init(&text, 1024);
		if (wsman_epr_read(n, &epr, NULL) == 0 && epr_to_text(&epr, &text) == 0 &&
		    (o = more_object_new(d, APPLIES))) {
			more_set_str(d, APPLIES, o->id, "ManagedElement", buf_cstr(&text));
			more_set_str(d, APPLIES, o->id, "PolicySet", policy);
		}
		buf_release(&text);
	}
}

static uint32_t add_policy(struct invoke *i)
{
	static const char *const names[] = {"User Initiated", "Alert", "Periodic"};
	struct device *d = i->x->d;
	uint64_t trigger;
	struct object *o;

	if (!invoke_u64(i, "Trigger", &trigger) || trigger >= ARRAY_LEN(names) || !invoke_node(i, "MpServer"))
		return PT_INVALID_PARAMETER;
	if (exists(i, RULE, "PolicyRuleName", bytes_str(names[trigger])))
		return PT_DUPLICATE;
	o = more_object_count(d, RULE) < POLICIES_MAX ? more_object_new(d, RULE) : NULL;
	if (!o)
		return PT_MAX_LIMIT_REACHED;
	more_set_str(d, RULE, o->id, "PolicyRuleName", names[trigger]);
	keep(d, o, "Trigger", invoke_text(i, "Trigger"));
	keep(d, o, "TunnelLifeTime", invoke_text(i, "TunnelLifeTime"));
	keep(d, o, "ExtendedData", invoke_text(i, "ExtendedData"));
	link_servers(i, names[trigger]);
	add_reference(i, "PolicyRule", RULE, "PolicyRuleName", names[trigger]);
	return RV_OK;
}

static const struct prop service_props[] = {
	KEY("CreationClassName", "AMT_RemoteAccessService"),
	FIXED("ElementName", STR, "Intel(r) AMT Remote Access Service"),
	FIXED("IsRemoteTunnelConnected", BOOL, "false"),
	KEY("Name", "Intel(r) AMT Remote Access Service"),
	FIXED("RemoteTunnelKeepAliveTimeout", INT, "4294967295"),
	IN_AMT,
};

static const struct method service_methods[] = {{"AddMpServer", add_server, 0},
						{"AddRemoteAccessPolicyRule", add_policy, 0}};

static const struct class service = {.name = "AMT_RemoteAccessService",
				     CLASS_PROPS(service_props),
				     CLASS_METHODS(service_methods),
				     .instances = 1,
				     SINCE(4, 0),
				     .flags = CLASS_COMMON};

static const struct prop capabilities_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT:Remote Access Capabilities"),
	KEY("InstanceID", "Intel(r) AMT:Remote Access Capabilities"),
	FIXED("MaxMpsPerPolicy", INT, "2"),
	FIXED("MaxTotalMpServers", INT, "6"),
	FIXED("MaxTotalPolicies", INT, "3"),
	FIXED("MaxTotalProxyEntryPoints", INT, "15"),
};

static const struct class capabilities = {
	.name = "AMT_RemoteAccessCapabilities", CLASS_PROPS(capabilities_props), .instances = 1, SINCE(4, 0)};

static const struct prop credential_props[] = {
	{"ElementInContext", PROP_EPR, PROP_KEY},
	{"ElementProvidingContext", PROP_EPR, PROP_KEY},
};

static const struct class credential = {
	.name = "AMT_RemoteAccessCredentialContext", CLASS_PROPS(credential_props), SINCE(4, 0)};

static const struct prop user_props[] = {
	KEY("CreationClassName", "AMT_UserInitiatedConnectionService"),
	FIXED("ElementName", STR, "Intel(r) AMT User Initiated Connection Service"),
	FIXED("EnabledState", INT, "32771"),
	KEY("Name", "Intel(r) AMT User Initiated Connection Service"),
	IN_AMT,
};

static uint32_t user_state(struct invoke *i)
{
	uint64_t v;
	char text[8];

	if (!invoke_u64(i, "RequestedState", &v) || v < 32768 || v > 32771)
		return CIM_INVALID_PARAMETER;
	snprintf(text, sizeof(text), "%u", (unsigned)v);
	more_set_str(i->x->d, "AMT_UserInitiatedConnectionService", 0, "EnabledState", text);
	return RV_OK;
}

static const struct method user_methods[] = {{"RequestStateChange", user_state, 0}};

static const struct class user_initiated = {.name = "AMT_UserInitiatedConnectionService",
					    CLASS_PROPS(user_props),
					    CLASS_METHODS(user_methods),
					    .instances = 1,
					    SINCE(4, 0),
					    .flags = CLASS_COMMON};

static const struct prop proxy_service_props[] = {
	FIXED("CanModifyProxySettings", BOOL, "true"),
	KEY("CreationClassName", "IPS_HTTPProxyService"),
	FIXED("ElementName", STR, "Intel(r) ME HTTP Proxy Service"),
	KEY("Name", "Intel(r) ME HTTP Proxy Service"),
	FIXED("SyncEnabled", INT, "0"),
	IN_AMT,
};

static const struct prop proxy_props[] = {
	PUT_NULL("AccessInfo", STR),
	KEY("CreationClassName", PROXY),
	FIXED("ElementName", STR, "Intel(r) ME:HTTP Proxy Access Point"),
	PUT_NULL("InfoFormat", INT),
	{"Name", PROP_STR, PROP_KEY},
	PUT_NULL("NetworkDnsSuffix", STR),
	PUT_NULL("Port", INT),
	IN_AMT,
};

static uint32_t add_proxy(struct invoke *i)
{
	struct bytes address = invoke_text(i, "AccessInfo");
	struct device *d = i->x->d;
	struct object *o;
	char name[64];

	if (address.len == 0)
		return PT_INVALID_PARAMETER;
	if (exists(i, PROXY, "AccessInfo", address)) {
		add_no_reference(i, "ProxyAccessPoint");
		return PT_DUPLICATE;
	}
	name_new(i, PROXY, PROXY_NAME, name);
	o = more_object_count(d, PROXY) < PROXIES_MAX ? more_object_new(d, PROXY) : NULL;
	if (!o)
		return PT_MAX_LIMIT_REACHED;
	more_set_str(d, PROXY, o->id, "Name", name);
	keep(d, o, "AccessInfo", address);
	keep(d, o, "InfoFormat", invoke_text(i, "InfoFormat"));
	keep(d, o, "Port", invoke_text(i, "Port"));
	keep(d, o, "NetworkDnsSuffix", invoke_text(i, "NetworkDnsSuffix"));
	add_reference(i, "ProxyAccessPoint", PROXY, "Name", name);
	return RV_OK;
}

static const struct method proxy_methods[] = {{"AddProxyAccessPoint", add_proxy, 0}};

static const struct class proxy_service = {.name = "IPS_HTTPProxyService",
					   CLASS_PROPS(proxy_service_props),
					   CLASS_METHODS(proxy_methods),
					   .instances = 1,
					   SINCE(11, 6),
					   .flags = CLASS_COMMON};
static const struct class proxy = {
	.name = PROXY, CLASS_PROPS(proxy_props), .flags = CLASS_COMMON | CLASS_DELETE, SINCE(11, 6)};

const struct class *const classes_remote[] = {
	&environment,  &sap,        &login,          &rule,          &applies, &service,
	&capabilities, &credential, &user_initiated, &proxy_service, &proxy,   NULL,
};
