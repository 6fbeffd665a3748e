/* flow_priv.h - the flows of this folder for the table in flow.c, and what they share. */
#ifndef AMT_FLOW_PRIV_H
#define AMT_FLOW_PRIV_H

#include "amt/flow.h"

extern const struct flow power_flow_status, power_flow_on, power_flow_off, power_flow_reset, power_flow_cycle;
extern const struct flow power_flow_boot_on, power_flow_boot_reset, power_flow_boot_cycle; /* with a boot choice */
extern const struct flow power_flow_clear_on, power_flow_clear_reset, power_flow_clear_cycle;
extern const struct flow boot_flow_unboot;
extern const struct flow test_flow;
extern const struct flow adopt_flow, provision_flow, unprovision_flow;
extern const struct flow settle_flow_on, settle_flow_off, settle_flow_reset, settle_flow_cycle;

#define POWER_CLASS      "CIM_AssociatedPowerManagementService"
#define POWER_LIST_CLASS "CIM_ServiceAvailableToElement"

/* Three rows that read the power state: one Get, and for firmware that has no such instance the enumeration that all
 * other consoles use. fn is a read function that begins with power_read. */
#define POWER_STEPS(fn, flag)                                                                                          \
	{.name = "read the power state",                                                                               \
	 .flags = (flag) | STEP_FLAG_FAULTS,                                                                           \
	 .op = WSMAN_GET,                                                                                              \
	 .class_name = POWER_CLASS,                                                                                    \
	 .read = (fn)},                                                                                                \
		{.name = "list the power services",                                                                    \
		 .flags = (flag),                                                                                      \
		 .op = WSMAN_ENUMERATE,                                                                                \
		 .class_name = POWER_LIST_CLASS,                                                                       \
		 .read = (fn)},                                                                                        \
	{                                                                                                              \
		.name = "read the listed power state", .op = WSMAN_PULL, .class_name = POWER_LIST_CLASS, .read = (fn)  \
	}
#define POWER_STEP_COUNT 3

/* Reads the reply of any of the three; sets *ret_known when ctx->power holds the state, else ctx->next leads on to
 * it. */
int power_read(struct flow_ctx *ctx, const struct wsman_reply *r, bool *ret_known, struct err *e);

/* Rows that say who answers; each notes what it read in the outcome. */
#define LOOK_GENERAL_STEP                                                                                              \
	{                                                                                                              \
		.name = "read the general settings", .op = WSMAN_GET, .class_name = "AMT_GeneralSettings",             \
		.read = look_general_read                                                                              \
	}
#define LOOK_SOFTWARE_STEP                                                                                             \
	{                                                                                                              \
		.name = "read the firmware version", .flags = STEP_FLAG_FAULTS, .op = WSMAN_GET,                       \
		.class_name = "CIM_SoftwareIdentity", .key = "InstanceID", .key_value = "AMT",                         \
		.read = look_software_read                                                                             \
	}
int look_general_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
int look_software_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
/* CIM_ComputerSystemPackage: ends the flow where another device than the expected one answers. */
int look_package_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);

/* SetAdminAclEntryEx with the password of order->setup->next; from the answer on the device has that. */
int setup_password_write(const struct flow_ctx *ctx, struct buf *out, struct err *e);
int setup_password_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
#define SETUP_PASSWORD "SetAdminAclEntryEx"

#define BOOT_SETTINGS_CLASS "AMT_BootSettingData"
#define BOOT_ROLE_STEP(what)                                                                                           \
	.name = (what), .op = WSMAN_METHOD, .class_name = "CIM_BootService", .method = CIM_BOOT_ROLE
#define BOOT_ORDER_STEP(what)                                                                                          \
	.name = (what), .op = WSMAN_METHOD, .class_name = "CIM_BootConfigSetting", .method = CIM_BOOT_ORDER

/* The rows of a boot choice; they stand between the state before and the order. Consent is looked at only after boot
 * options were refused. */
#define BOOT_STEPS                                                                                                     \
	{.name = "read what it can boot into",                                                                         \
	 .flags = STEP_FLAG_FAULTS,                                                                                    \
	 .op = WSMAN_GET,                                                                                              \
	 .class_name = "AMT_BootCapabilities",                                                                         \
	 .read = boot_capabilities_read},                                                                              \
		{.name = "read the boot settings",                                                                     \
		 .op = WSMAN_GET,                                                                                      \
		 .class_name = BOOT_SETTINGS_CLASS,                                                                    \
		 .read = boot_settings_read},                                                                          \
		{BOOT_ORDER_STEP("clear the boot source"), .flags = STEP_FLAG_FAULTS | STEP_FLAG_WRITES,               \
		 .write = boot_no_source_write, .read = boot_written_read},                                            \
		{.name = "write the boot settings",                                                                    \
		 .flags = STEP_FLAG_FAULTS | STEP_FLAG_WRITES,                                                         \
		 .op = WSMAN_PUT,                                                                                      \
		 .class_name = BOOT_SETTINGS_CLASS,                                                                    \
		 .write = boot_settings_write,                                                                         \
		 .read = boot_written_read},                                                                           \
		{BOOT_ROLE_STEP("let the boot choice count once"), .flags = STEP_FLAG_FAULTS | STEP_FLAG_WRITES,       \
		 .write = boot_next_write, .read = boot_written_read},                                                 \
		{BOOT_ORDER_STEP("choose the boot source"), .flags = STEP_FLAG_FAULTS | STEP_FLAG_WRITES,              \
		 .write = boot_source_write, .read = boot_source_read},                                                \
	{                                                                                                              \
		.name = "look at the user's consent", .flags = STEP_FLAG_FAULTS, .op = WSMAN_GET,                      \
		.class_name = "IPS_OptInService", .read = boot_consent_read                                            \
	}
#define BOOT_STEP_COUNT   7
#define BOOT_CONSENT_STEP (POWER_STEP_COUNT + BOOT_STEP_COUNT - 1)

int boot_capabilities_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
int boot_settings_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
int boot_no_source_write(const struct flow_ctx *ctx, struct buf *out, struct err *e);
int boot_settings_write(const struct flow_ctx *ctx, struct buf *out, struct err *e);
int boot_next_write(const struct flow_ctx *ctx, struct buf *out, struct err *e);
int boot_source_write(const struct flow_ctx *ctx, struct buf *out, struct err *e);
int boot_written_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
int boot_source_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
int boot_consent_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);

/* Four rows after which no boot choice stands in the device: the whole of unboot, the undo of a flow with BOOT_STEPS,
 * and what comes before an order without a choice where an earlier one may stand. "Not next" first: that alone makes it
 * void.
 */
#define BOOT_CLEAR_STEPS                                                                                               \
	{BOOT_ROLE_STEP("let the boot choice count no more"), .flags = STEP_FLAG_FAULTS, .write = boot_not_next_write, \
	 .read = boot_clear_read},                                                                                     \
		{BOOT_ORDER_STEP("clear the boot source"), .flags = STEP_FLAG_FAULTS, .write = boot_no_source_write,   \
		 .read = boot_clear_read},                                                                             \
		{.name = "read the boot settings",                                                                     \
		 .op = WSMAN_GET,                                                                                      \
		 .class_name = BOOT_SETTINGS_CLASS,                                                                    \
		 .read = boot_clear_settings_read},                                                                    \
	{                                                                                                              \
		.name = "clear the boot settings", .flags = STEP_FLAG_FAULTS, .op = WSMAN_PUT,                         \
		.class_name = BOOT_SETTINGS_CLASS, .write = boot_clear_settings_write, .read = boot_cleared_read       \
	}
#define BOOT_CLEAR_COUNT 4

int boot_not_next_write(const struct flow_ctx *ctx, struct buf *out, struct err *e);
int boot_clear_settings_write(const struct flow_ctx *ctx, struct buf *out, struct err *e);
int boot_clear_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
int boot_clear_settings_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
int boot_cleared_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);

extern const struct step boot_clear_steps[BOOT_CLEAR_COUNT];

#endif
