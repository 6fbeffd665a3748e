/* Redirection, KVM, user consent, screens. Recorded: AMT 12.0.67; user consent: Intel AMT guide. */
#include "audit.h"
#include "base/base.h"
#include "classes/classes.h"

enum optin_state { OPTIN_NONE, OPTIN_REQUESTED, OPTIN_DISPLAYED, OPTIN_RECEIVED, OPTIN_IN_SESSION };
enum { OPTIN_INVALID_STATE = 2, OPTIN_BLOCKED = 3 };

#define OPTIN_ALL   UINT32_MAX
#define OPTIN_TRIES 3
#define GRANT_MS    120000 /* a grant lapses after two minutes without a session */

static void set_number(struct device *d, const char *class_name, const char *prop, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	more_set_str(d, class_name, 0, prop, text);
}

static const struct prop redirection_props[] = {
	KEY("CreationClassName", "AMT_RedirectionService"),
	FIXED("ElementName", STR, "Intel(r) AMT Redirection Service"),
	PUT("EnabledState", INT, "32771"),
	PUT("ListenerEnabled", BOOL, "true"),
	KEY("Name", "Intel(r) AMT Redirection Service"),
	IN_AMT,
};

static uint32_t redirection_state(struct invoke *i)
{
	uint64_t v;

	if (!invoke_u64(i, "RequestedState", &v) || v < 32768 || v > 32771)
		return CIM_INVALID_PARAMETER;
	set_number(i->x->d, "AMT_RedirectionService", "EnabledState", v);
	if (v == 32768)
		i->x->d->power.session = 0;
	return RV_OK;
}

static const struct method redirection_methods[] = {{"RequestStateChange", redirection_state, 0}};

static const struct class redirection = {.name = "AMT_RedirectionService",
					 CLASS_PROPS(redirection_props),
					 CLASS_METHODS(redirection_methods),
					 .instances = 1,
					 .flags = CLASS_COMMON | CLASS_PUT};

static const struct prop kvm_props[] = {
	KEY("CreationClassName", "CIM_KVMRedirectionSAP"),
	FIXED("ElementName", STR, "KVM Redirection Service Access Point"),
	FIXED("EnabledState", INT, "6"),
	FIXED("KVMProtocol", INT, "4"),
	KEY("Name", "KVM Redirection Service Access Point"),
	FIXED("RequestedState", INT, "2"),
	IN_HOST,
};

/* Enabled but nobody there reads 6. */
static uint32_t kvm_state(struct invoke *i)
{
	uint64_t v;

	if (!invoke_u64(i, "RequestedState", &v) || (v != 2 && v != 3))
		return CIM_INVALID_PARAMETER;
	set_number(i->x->d, "CIM_KVMRedirectionSAP", "EnabledState", v == 2 ? 6 : 3);
	set_number(i->x->d, "CIM_KVMRedirectionSAP", "RequestedState", v);
	return RV_OK;
}

static const struct method kvm_methods[] = {{"RequestStateChange", kvm_state, 0}};

static const struct class kvm = {.name = "CIM_KVMRedirectionSAP",
				 CLASS_PROPS(kvm_props),
				 CLASS_METHODS(kvm_methods),
				 .instances = 1,
				 .needs = PROFILE_KVM,
				 SINCE(6, 0),
				 .flags = CLASS_COMMON};

static const struct prop kvm_service_props[] = {
	KEY("CreationClassName", "CIM_RedirectionService"),
	FIXED("ElementName", STR, "Intel(r) ME KVM Redirection Service"),
	FIXED("EnabledState", INT, "3"),
	FIXED("MaxCurrentEnabledSAPs", INT, "1"),
	KEY("Name", "Intel(r) AMT KVM Redirection Service"),
	LIST("RedirectionServiceType", INT, "3"),
	FIXED("RequestedState", INT, "12"),
	FIXED("SharingMode", INT, "3"),
	IN_AMT,
};

static const struct class kvm_service = {.name = "CIM_RedirectionService",
					 CLASS_PROPS(kvm_service_props),
					 .instances = 1,
					 .needs = PROFILE_KVM,
					 SINCE(6, 0),
					 .flags = CLASS_COMMON};

static const struct prop kvm_settings_props[] = {
	PUT("BackToBackFbMode", BOOL, "false"),
	PUT("DefaultScreen", INT, "0"),
	{"DoubleBufferActive", PROP_BOOL, 0, SINCE(16, 0), .value = "false"},
	{"DoubleBufferEnabled", PROP_BOOL, PROP_PUT, SINCE(16, 0), .value = "false"},
	FIXED("ElementName", STR, "Intel(r) KVM Redirection Settings"),
	FIXED("EnabledByMEBx", BOOL, "true"),
	{"GrayscalePixelFormatSupported", PROP_BOOL, 0, SINCE(16, 0), .value = "true"},
	{"InitialDecimationModeForLowRes", PROP_INT, PROP_PUT, SINCE(16, 0), .value = "1"},
	KEY("InstanceID", "Intel(r) KVM Redirection Settings"),
	PUT("Is5900PortEnabled", BOOL, "false"),
	PUT("OptInPolicy", BOOL, "true"),
	PUT("OptInPolicyTimeout", INT, "300"),
	{"RFBPassword", PROP_STR, PROP_PUT | PROP_SECRET, .value = ""},
	PUT("SessionTimeout", INT, "3"),
	{"ZlibControlSupported", PROP_BOOL, 0, SINCE(16, 0), .value = "true"},
};

static uint32_t terminate_session(struct invoke *i)
{
	i->x->d->power.session = 0;
	return RV_OK;
}

static const struct method kvm_settings_methods[] = {{"TerminateSession", terminate_session, 0}};

static const struct class kvm_settings = {.name = "IPS_KVMRedirectionSettingData",
					  CLASS_PROPS(kvm_settings_props),
					  CLASS_METHODS(kvm_settings_methods),
					  .instances = 1,
					  .flags = CLASS_PUT,
					  .needs = PROFILE_KVM,
					  SINCE(6, 0)};

/* The present state: codes and grants lapse. */
static enum optin_state optin_now(const struct get *g)
{
	const struct more *m = g->d->more;
	int64_t age = m ? sim_now(g->s) - m->optin_at : 0;

	if (!m)
		return OPTIN_NONE;
	if (m->optin_state == OPTIN_DISPLAYED &&
	    age > (int64_t)class_number(g, "IPS_OptInService", "OptInCodeTimeout") * 1000)
		return OPTIN_NONE;
	if (m->optin_state == OPTIN_RECEIVED && age > GRANT_MS)
		return OPTIN_NONE;
	return (enum optin_state)m->optin_state;
}

bool optin_is_missing(const struct get *g)
{
	return g->s->set.enforce_consent && g->p->major >= 6 &&
	       class_number(g, "IPS_OptInService", "OptInRequired") == OPTIN_ALL && optin_now(g) < OPTIN_RECEIVED;
}

static void optin_state(const struct get *g, struct values *to)
{
	values_u64(to, optin_now(g));
}

static const struct prop optin_props[] = {
	FIXED("CanModifyOptInPolicy", INT, "1"),
	KEY("CreationClassName", "IPS_OptInService"),
	FIXED("ElementName", STR, "Intel(r) AMT OptIn Service"),
	KEY("Name", "Intel(r) AMT OptIn Service"),
	PUT("OptInCodeTimeout", INT, "120"),
	PUT("OptInDisplayTimeout", INT, "300"),
	PUT("OptInRequired", INT, "0"),
	MADE("OptInState", INT, optin_state),
	IN_AMT,
};

static void optin_set(const struct invoke *i, enum optin_state state)
{
	struct more *m = more_get(i->x->d);

	m->optin_state = (uint8_t)state;
	m->optin_at = sim_now(i->x->s);
}

static uint32_t start_optin(struct invoke *i)
{
	struct more *m;

	if (class_number(&i->g, "IPS_OptInService", "OptInRequired") == 0 || optin_now(&i->g) != OPTIN_NONE)
		return OPTIN_INVALID_STATE;
	m = more_get(i->x->d);
	m->optin_code = (uint32_t)(rng_hash(device_hash(i->x->s, i->x->d, "consent"), &i->x->d->serial,
					    sizeof(i->x->d->serial)) %
				   1000000);
	m->optin_tries = 0;
	optin_set(i, OPTIN_DISPLAYED);
	return RV_OK;
}

/* What a wrong code is answered is not known; as a wrong state here. After the third the code is gone. */
static uint32_t send_code(struct invoke *i)
{
	uint64_t code;
	struct more *m = i->x->d->more;
	bool right;

	if (optin_now(&i->g) != OPTIN_DISPLAYED)
		return OPTIN_INVALID_STATE;
	right = invoke_u64(i, "OptInCode", &code) && code == m->optin_code;
	audit_add(i->x, AUDIT_OPTIN, 1, BYTES(right ? "\0" : "\1", 1));
	if (right) {
		optin_set(i, OPTIN_RECEIVED);
		return RV_OK;
	}
	if (++m->optin_tries < OPTIN_TRIES)
		return OPTIN_INVALID_STATE;
	optin_set(i, OPTIN_NONE);
	return OPTIN_BLOCKED;
}

/* Boot options that were set under the grant go with it. */
static uint32_t cancel_optin(struct invoke *i)
{
	if (optin_now(&i->g) == OPTIN_NONE)
		return OPTIN_INVALID_STATE;
	optin_set(i, OPTIN_NONE);
	i->x->d->more->boot_role = false;
	i->x->d->more->boot_source[0] = '\0';
	more_unset(i->x->d, "AMT_BootSettingData", 0, NULL);
	return RV_OK;
}

static const struct method optin_methods[] = {
	{"StartOptIn", start_optin, 0}, {"SendOptInCode", send_code, 0}, {"CancelOptIn", cancel_optin, 0}};

/* None, KVM or all; in client control mode it is all and stays so. */
static bool optin_changed(struct invoke *i, enum wsman_fault *fault)
{
	uint64_t required = class_number(&i->g, "IPS_OptInService", "OptInRequired");

	if (i->g.d->mode == DEVICE_CLIENT && required != OPTIN_ALL) {
		set_number(i->x->d, "IPS_OptInService", "OptInRequired", OPTIN_ALL);
		*fault = WSMAN_FAULT_ACCESS_DENIED;
		return false;
	}
	return true;
}

static const struct class optin = {.name = "IPS_OptInService",
				   CLASS_PROPS(optin_props),
				   CLASS_METHODS(optin_methods),
				   .instances = 1,
				   .flags = CLASS_COMMON | CLASS_PUT,
				   .changed = optin_changed,
				   SINCE(6, 0)};

static const struct prop screen_props[] = {
	FIXED("ElementName", STR, "Intel(r) Screen Settings"),
	KEY("InstanceID", "Intel(r) Screen Settings"),
	LIST("IsActive", BOOL, "true|false|false|false"),
	FIXED("PrimaryIndex", INT, "0"),
	FIXED("QuadraryIndex", INT, "3"),
	LIST("ResolutionX", INT, "1920|0|0|0"),
	LIST("ResolutionY", INT, "1080|0|0|0"),
	FIXED("SecondaryIndex", INT, "1"),
	FIXED("TertiaryIndex", INT, "2"),
	LIST("UpperLeftX", INT, "0|-1|-1|-1"),
	LIST("UpperLeftY", INT, "0|-1|-1|-1"),
};

static const struct class screen = {
	.name = "IPS_ScreenSettingData", CLASS_PROPS(screen_props), .instances = 1, .needs = PROFILE_KVM, SINCE(9, 0)};

static const struct prop blanking_props[] = {
	KEY("CreationClassName", "IPS_ScreenConfigurationService"),
	FIXED("ElementName", STR, "Intel(r) Screen Configuration Service"),
	FIXED("EnabledState", INT, "0"),
	KEY("Name", "Intel(r) Screen Configuration Service"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
};

static const struct class blanking = {.name = "IPS_ScreenConfigurationService",
				      CLASS_PROPS(blanking_props),
				      .instances = 1,
				      .needs = PROFILE_KVM,
				      SINCE(10, 0),
				      .flags = CLASS_COMMON};

static const struct prop secio_props[] = {
	KEY("CreationClassName", "IPS_SecIOService"),
	PUT("DefaultScreen", INT, "0"),
	FIXED("EnabledState", INT, "2"),
	KEY("Name", "SecIO"),
	PUT("RequestedLanguage", INT, "65535"),
	FIXED("Started", BOOL, "true"),
	FIXED("Status", STR, "OK"),
	IN_HOST,
	PUT("language", INT, "0"),
	PUT("zoom", INT, "65535"),
};

static const struct class secio = {.name = "IPS_SecIOService",
				   CLASS_PROPS(secio_props),
				   .instances = 1,
				   .flags = CLASS_COMMON | CLASS_PUT,
				   .needs = PROFILE_KVM,
				   SINCE(6, 0)};

const struct class *const classes_redirection[] = {
	&redirection, &kvm, &kvm_service, &kvm_settings, &optin, &screen, &blanking, &secio, NULL,
};
