/* The flow that tests a connection: who answers, which firmware, how it is set up, and its power. Nothing is changed.
 * What the device does not have is left out of the detail. */
#include "amt/flow_priv.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/cim.h"

#define SETUP_DONE 2 /* ProvisioningState: post */

/* Whoever passes the digest on from another device cannot know that device's realm inside: then this is no AMT. */
int look_general_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_general general;
	int rc = wsman_instance_read(r, "AMT_GeneralSettings", &instance, e);
	if (!rc)
		rc = cim_general_read(instance, &general, e);
	if (rc)
		return rc;
	if (CIM_HAS(general, &general, digest_realm) && strcmp(general.digest_realm, ctx->realm) != 0)
		return err_set(e, ERR_NOT_AMT, "its settings name the digest realm \"%s\", its login \"%s\"",
			       general.digest_realm, ctx->realm);
	if (CIM_HAS(general, &general, host_name) && *general.host_name)
		(void)bytes_to_str(bytes_str(general.host_name), ctx->host_name,
				   sizeof(ctx->host_name)); /* too long: left out */
	return 0;
}

int look_software_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_software software;
	if (ctx->fault)
		return 0;
	int rc = wsman_instance_read(r, "CIM_SoftwareIdentity", &instance, e);
	if (!rc)
		rc = cim_software_read(instance, &software, e);
	if (rc)
		return rc;
	struct act_learned *learned = &ctx->out->learned;
	if (CIM_HAS(software, &software, version) && *software.version)
		learned->has_version =
			bytes_to_str(bytes_str(software.version), learned->version, sizeof(learned->version));
	return 0;
}

/* Small business mode is what was set up by hand without TLS; firmware from 6.0 on has no other name for it. */
static int setup_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_setup setup;
	if (ctx->fault)
		return 0;
	int rc = wsman_instance_read(r, "AMT_SetupAndConfigurationService", &instance, e);
	if (!rc)
		rc = cim_setup_read(instance, &setup, e);
	if (rc)
		return rc;
	ctx->out->learned.has_mode = true;
	ctx->out->learned.mode = setup.provisioning_state != SETUP_DONE ? 0 : *ctx->tls ? 2 : 1;
	return 0;
}

int look_package_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	const struct xml_node *instance;
	struct cim_system_package package;
	if (ctx->fault)
		return 0;
	int rc = wsman_instance_read(r, "CIM_ComputerSystemPackage", &instance, e);
	if (!rc)
		rc = cim_system_package_read(instance, &package, e);
	if (rc)
		return rc;
	ctx->out->learned.has_uuid = true;
	ctx->out->learned.uuid = package.uuid;
	const struct act_interface *at = &ctx->order->at;
	if (at->has_uuid && !uuid_equal(&at->uuid, &package.uuid)) {
		char is[UUID_TEXT_SIZE], was[UUID_TEXT_SIZE];
		uuid_text(&package.uuid, is);
		uuid_text(&at->uuid, was);
		flow_end(ctx, ACT_END_FAILED, ERR_WRONG_DEVICE, ACT_EVIDENCE_REPLY, "its UUID is %s, not %s", is, was);
	}
	return 0;
}

static int power_state_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e)
{
	static const char *const modes[] = {"not set up", "SMB mode", "enterprise mode"};
	bool known;
	int rc = power_read(ctx, r, &known, e);
	if (rc || !known)
		return rc;
	const struct act_learned *l = &ctx->out->learned;
	ctx->out->power_after = ctx->power;
	flow_end(ctx, ACT_END_DONE, 0, ACT_EVIDENCE_REPLY, "AMT %s, %s, %s, power %s%s%s",
		 l->has_version ? l->version : "of unknown version", l->has_mode ? modes[l->mode] : "unknown mode",
		 *ctx->tls ? ctx->tls : "no TLS", power_state_name(ctx->power), *ctx->host_name ? ", host name " : "",
		 ctx->host_name);
	return 0;
}

static const struct step steps[] = {
	LOOK_GENERAL_STEP,
	LOOK_SOFTWARE_STEP,
	{.name = "read how it is set up",
	 .flags = STEP_FLAG_FAULTS,
	 .op = WSMAN_GET,
	 .class_name = "AMT_SetupAndConfigurationService",
	 .read = setup_read},
	{.name = "read the UUID",
	 .flags = STEP_FLAG_FAULTS,
	 .op = WSMAN_GET,
	 .class_name = "CIM_ComputerSystemPackage",
	 .read = look_package_read},
	POWER_STEPS(power_state_read, 0),
};

const struct flow test_flow = {"test", steps, ARRAY_LEN(steps)};
