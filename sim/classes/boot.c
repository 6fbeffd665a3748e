/* Options for the next boot. Recorded: AMT 12.0.67 (capabilities) and a 2022 NUC (settings); Intel AMT guide. */
#include "audit.h"
#include "base/base.h"
#include "classes/classes.h"

/* Return values of the CIM boot methods. */
enum { BOOT_INVALID_REFERENCE = 4, BOOT_INVALID_PARAMETER = 5, BOOT_ACCESS_DENIED = 6 };
enum { ROLE_NEXT_SINGLE_USE = 1, ROLE_NOT_NEXT = 32768 };

#define DATA "AMT_BootSettingData"

/* Choices, as setting boot-choices has them. */
enum { CAN_BIOS = 1, CAN_PXE = 2, CAN_DISK = 4, CAN_CD = 8 };

static bool can(const struct get *g, unsigned choice)
{
	if (choice == CAN_CD && g->p->flags & PROFILE_NO_CD)
		return false;
	return (g->s->set.boot_choices & choice) == choice;
}

static void can_bios(const struct get *g, struct values *to)
{
	values_bool(to, can(g, CAN_BIOS));
}

static void can_pxe(const struct get *g, struct values *to)
{
	values_bool(to, can(g, CAN_PXE));
}

static void can_disk(const struct get *g, struct values *to)
{
	values_bool(to, can(g, CAN_DISK));
}

static void can_cd(const struct get *g, struct values *to)
{
	values_bool(to, can(g, CAN_CD));
}

static const struct prop capabilities_props[] = {
	{"AMTSecureBootControl", PROP_BOOL, 0, SINCE(16, 0), .value = "true"},
	FIXED("BIOSPause", BOOL, "false"),
	FIXED("BIOSReflash", BOOL, "true"),
	{"BIOSSecureBoot", PROP_BOOL, 0, SINCE(9, 0), .value = "true"},
	MADE("BIOSSetup", BOOL, can_bios),
	FIXED("ConfigurationDataReset", BOOL, "false"),
	FIXED("ElementName", STR, "Intel(r) AMT: Boot Capabilities"),
	MADE("ForceCDorDVDBoot", BOOL, can_cd),
	{"ForceDiagnosticBoot", PROP_BOOL, 0, UNTIL(7, 0), .value = "true"},
	{"ForceDiagnosticBoot", PROP_BOOL, 0, SINCE(7, 0), .value = "false"},
	MADE("ForceHardDriveBoot", BOOL, can_disk),
	FIXED("ForceHardDriveSafeModeBoot", BOOL, "false"),
	MADE("ForcePXEBoot", BOOL, can_pxe),
	{"ForceUEFIHTTPSBoot", PROP_BOOL, 0, SINCE(15, 0), .value = "true"},
	{"ForceUEFIPBABoot", PROP_BOOL, 0, SINCE(15, 0), .value = "false"},
	{"ForceWinREBoot", PROP_BOOL, 0, SINCE(15, 0), .value = "false"},
	FIXED("ForcedProgressEvents", BOOL, "true"),
	FIXED("IDER", BOOL, "true"),
	KEY("InstanceID", "Intel(r) AMT:BootCapabilities 0"),
	FIXED("KeyboardLock", BOOL, "true"),
	{"PlatformErase", PROP_INT, 0, SINCE(16, 0), .value = "0"},
	FIXED("PowerButtonLock", BOOL, "false"),
	FIXED("ResetButtonLock", BOOL, "false"),
	FIXED("SOL", BOOL, "true"),
	{"SecureErase", PROP_BOOL, 0, SINCE(11, 0), .value = "false"},
	FIXED("SleepButtonLock", BOOL, "false"),
	{"UEFIWiFiCoExistenceAndProfileShare", PROP_BOOL, 0, SINCE(15, 0), .value = "false"},
	FIXED("UserPasswordBypass", BOOL, "true"),
	FIXED("VerbosityQuiet", BOOL, "false"),
	FIXED("VerbosityScreenBlank", BOOL, "false"),
	FIXED("VerbosityVerbose", BOOL, "false"),
};

static const struct class capabilities = {
	.name = "AMT_BootCapabilities", CLASS_PROPS(capabilities_props), .instances = 1};

#define READ_ONLY(n, t, major, v)                                                                                      \
	{                                                                                                              \
		n, PROP_##t, PROP_READONLY, SINCE(major, 0), .value = v                                                \
	}

static const struct prop data_props[] = {
	{"BIOSLastStatus", PROP_INT, PROP_ARRAY | PROP_READONLY, SINCE(15, 0), .value = "2|0"},
	PUT("BIOSPause", BOOL, "false"),
	PUT("BIOSSetup", BOOL, "false"),
	PUT("BootMediaIndex", INT, "0"),
	READ_ONLY("BootguardStatus", INT, 15, "127"),
	PUT("ConfigurationDataReset", BOOL, "false"),
	FIXED("ElementName", STR, "Intel(r) AMT Boot Configuration Settings"),
	{"EnforceSecureBoot", PROP_BOOL, PROP_PUT, SINCE(9, 0), .value = "false"},
	PUT("FirmwareVerbosity", INT, "0"),
	PUT("ForcedProgressEvents", BOOL, "false"),
	PUT("IDERBootDevice", INT, "0"),
	KEY("InstanceID", "Intel(r) AMT:BootSettingData 0"),
	PUT("LockKeyboard", BOOL, "false"),
	PUT("LockPowerButton", BOOL, "false"),
	PUT("LockResetButton", BOOL, "false"),
	PUT("LockSleepButton", BOOL, "false"),
	READ_ONLY("OptionsCleared", BOOL, 11, "true"),
	FIXED("OwningEntity", STR, "Intel(r) AMT"),
	{"PlatformErase", PROP_BOOL, PROP_PUT, SINCE(15, 0), .value = "false"},
	READ_ONLY("RPEEnabled", BOOL, 15, "true"),
	{"RSEPassword", PROP_STR, PROP_PUT | PROP_SECRET, SINCE(15, 0), .value = ""},
	PUT("ReflashBIOS", BOOL, "false"),
	READ_ONLY("SecureBootControlEnabled", BOOL, 15, "true"),
	{"SecureErase", PROP_BOOL, PROP_PUT, SINCE(11, 0), .value = "false"},
	READ_ONLY("UEFIHTTPSBootEnabled", BOOL, 15, "true"),
	READ_ONLY("UEFILocalPBABootEnabled", BOOL, 15, "true"),
	{"UefiBootNumberOfParams", PROP_INT, PROP_PUT, SINCE(15, 0), .value = "0"},
	{"UefiBootParametersArray", PROP_BASE64, PROP_PUT, SINCE(15, 0)},
	PUT("UseIDER", BOOL, "false"),
	PUT("UseSOL", BOOL, "false"),
	PUT("UseSafeMode", BOOL, "false"),
	PUT("UserPasswordBypass", BOOL, "false"),
	READ_ONLY("WinREBootEnabled", BOOL, 15, "true"),
};

/* Numbers of the audit records' special command. */
static const struct {
	const char *source;
	uint8_t command;
} special[] = {
	{"Intel(r) AMT: Force PXE Boot", 1},
	{"Intel(r) AMT: Force Hard-drive Boot", 2},
	{"Intel(r) AMT: Force Diagnostic Boot", 4},
	{"Intel(r) AMT: Force CD/DVD Boot", 5},
	{"Intel(r) AMT: Force OCR UEFI HTTPS Boot", 194},
};

void boot_audit_bytes(const struct device *d, uint8_t to[7])
{
	memset(to, 0, 7);
	for (size_t i = 0; d->more && d->more->boot_role && i < ARRAY_LEN(special); i++)
		if (strcmp(d->more->boot_source, special[i].source) == 0)
			to[0] = special[i].command;
}

static void audit_options(const struct invoke *i)
{
	uint8_t options[7];

	boot_audit_bytes(i->x->d, options);
	audit_add(i->x, AUDIT_REMOTE_CONTROL, 4, BYTES(options, sizeof(options)));
}

static bool asks_for(const struct invoke *i, const char *prop)
{
	bool yes;

	return xml_bool(xml_child(i->call->body, i->call->body->ns, prop), &yes) && yes;
}

/* The BIOS set-up, a pause there and IDE-R go with no boot source. What a firmware answers is assumed. */
static bool data_allowed(struct invoke *i, enum wsman_fault *fault)
{
	bool source = i->x->d->more && i->x->d->more->boot_source[0];

	if (optin_is_missing(&i->g))
		return false;
	*fault = WSMAN_FAULT_INVALID_REPRESENTATION;
	if (asks_for(i, "BIOSSetup") && (source || !can(&i->g, CAN_BIOS)))
		return false;
	return !source || !(asks_for(i, "BIOSPause") || asks_for(i, "UseIDER"));
}

static bool data_changed(struct invoke *i, enum wsman_fault *fault)
{
	more_set_str(i->x->d, DATA, 0, "OptionsCleared", "false");
	audit_options(i);
	return true;
}

static const struct class data = {.name = DATA,
				  CLASS_PROPS(data_props),
				  .instances = 1,
				  .flags = CLASS_PUT,
				  .allowed = data_allowed,
				  .changed = data_changed};

static const struct boot_source {
	const char *id, *boot_string, *word;
	unsigned choice;
	unsigned since; /* major version */
} sources[] = {
	{"Intel(r) AMT: Force Hard-drive Boot", "CIM:Hard-Disk:1", "disk", CAN_DISK, 0},
	{"Intel(r) AMT: Force PXE Boot", "CIM:Network:1", "pxe", CAN_PXE, 0},
	{"Intel(r) AMT: Force CD/DVD Boot", "CIM:CD/DVD:1", "cd", CAN_CD, 0},
	{"Intel(r) AMT: Force OCR UEFI HTTPS Boot", "CIM:Network:2", "https", 0, 15}, /* its string is assumed */
};

/* The n-th that this device has; NULL past the end. */
static const struct boot_source *source_at(const struct get *g, uint32_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (g->p->major >= sources[i].since && can(g, sources[i].choice) && n-- == 0)
			return &sources[i];
	return NULL;
}

static uint32_t source_count(const struct get *g)
{
	uint32_t n = 0;

	while (source_at(g, n))
		n++;
	return n;
}

static void source_id(const struct get *g, struct values *to)
{
	values_str(to, source_at(g, g->instance)->id);
}

static void source_string(const struct get *g, struct values *to)
{
	values_str(to, source_at(g, g->instance)->boot_string);
}

static const struct prop source_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT: Boot Source"),
	FIXED("FailThroughSupported", INT, "2"),
	MADE_KEY("InstanceID", source_id),
	MADE("StructuredBootString", STR, source_string),
};

static const struct class source = {.name = "CIM_BootSourceSetting", CLASS_PROPS(source_props), .count = source_count};

static const struct prop config_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT: Boot Configuration"),
	KEY("InstanceID", "Intel(r) AMT: Boot Configuration 0"),
};

/* No source clears what was set; only the first of several counts. */
static uint32_t change_boot_order(struct invoke *i)
{
	const struct xml_node *n = invoke_node(i, "Source");
	struct get g = i->g;
	struct wsman_epr epr;
	struct bytes id;

	if (optin_is_missing(&i->g))
		return BOOT_ACCESS_DENIED;
	if (!n || !n->child) {
		more_get(i->x->d)->boot_source[0] = '\0';
		return RV_OK;
	}
	if (wsman_epr_read(n, &epr, NULL) != 0 || !class_select(&source, &g, epr.selectors, epr.selector_count))
		return BOOT_INVALID_REFERENCE;
	id = wsman_selector_get(epr.selectors, epr.selector_count, "InstanceID");
	(void)bytes_to_str(id, more_get(i->x->d)->boot_source, sizeof(i->x->d->more->boot_source)); /* it matched */
	return RV_OK;
}

static const struct method config_methods[] = {{"ChangeBootOrder", change_boot_order, 0}};

static const struct class config = {
	.name = "CIM_BootConfigSetting", CLASS_PROPS(config_props), CLASS_METHODS(config_methods), .instances = 1};

static void service_state(const struct get *g, struct values *to)
{
	values_str(to, g->p->major >= 15 ? "32769" : "2");
}

static const struct prop service_props[] = {
	KEY("CreationClassName", "CIM_BootService"),
	FIXED("ElementName", STR, "Intel(r) AMT Boot Service"),
	MADE("EnabledState", INT, service_state),
	KEY("Name", "Intel(r) AMT Boot Service"),
	LIST("OperationalStatus", INT, "0"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
};

static uint32_t set_role(struct invoke *i)
{
	struct wsman_epr epr;
	struct get g = i->g;
	uint64_t role;

	if (optin_is_missing(&i->g))
		return BOOT_ACCESS_DENIED;
	if (!invoke_epr(i, "BootConfigSetting", &epr) || !class_select(&config, &g, epr.selectors, epr.selector_count))
		return BOOT_INVALID_REFERENCE;
	if (!invoke_u64(i, "Role", &role) || (role != ROLE_NEXT_SINGLE_USE && role != ROLE_NOT_NEXT))
		return BOOT_INVALID_PARAMETER;
	more_get(i->x->d)->boot_role = role == ROLE_NEXT_SINGLE_USE;
	if (role == ROLE_NEXT_SINGLE_USE)
		audit_options(i);
	return RV_OK;
}

/* 32768 to 32771: One-Click Recovery and remote platform erase, off and on. */
static uint32_t service_request_state(struct invoke *i)
{
	uint64_t v;
	char text[8];

	if (!invoke_u64(i, "RequestedState", &v) || v < 32768 || v > 32771)
		return CIM_INVALID_PARAMETER;
	snprintf(text, sizeof(text), "%u", (unsigned)v);
	more_set_str(i->x->d, "CIM_BootService", 0, "EnabledState", text);
	return RV_OK;
}

static const struct method service_methods[] = {
	{"SetBootConfigRole", set_role, 0},
	{"RequestStateChange", service_request_state, PROFILE_VERSION(15, 0)},
};

static const struct class service = {.name = "CIM_BootService",
				     CLASS_PROPS(service_props),
				     CLASS_METHODS(service_methods),
				     .instances = 1,
				     .flags = CLASS_COMMON};

static bool option_is_set(const struct get *g, const char *prop)
{
	struct values v;

	return strcmp(class_text(DATA, prop, g, &v), "true") == 0;
}

static const char *chosen(const struct get *g)
{
	if (option_is_set(g, "BIOSSetup"))
		return "bios";
	if (option_is_set(g, "UseIDER"))
		return "ider";
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (strcmp(g->d->more->boot_source, sources[i].id) == 0)
			return sources[i].word;
	return "default";
}

const char *boot_next(struct sim *s, struct device *d)
{
	struct get g = {.s = s, .d = d, .p = device_profile(d)};

	return d->more && d->more->boot_role ? chosen(&g) : NULL;
}

bool boot_is_set(struct sim *s, struct device *d)
{
	static const char *const options[] = {"BIOSPause",   "BIOSSetup",         "ConfigurationDataReset",
					      "ReflashBIOS", "SecureErase",       "UseIDER",
					      "UseSOL",      "UserPasswordBypass"};
	struct get g = {.s = s, .d = d, .p = device_profile(d)};

	if (d->more && d->more->boot_source[0])
		return true;
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (option_is_set(&g, options[i]))
			return true;
	return false;
}

const struct class *const classes_boot[] = {&capabilities, &data, &source, &config, &service, NULL};
