/* flow_priv.h - the flows of this folder for the table in flow.c, and what they share. */
#ifndef AMT_FLOW_PRIV_H
#define AMT_FLOW_PRIV_H

#include "amt/flow.h"

extern const struct flow power_flow_status, power_flow_on, power_flow_off, power_flow_reset, power_flow_cycle;
extern const struct flow test_flow;
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
/* The row to begin with when the three stand at base. */
uint8_t power_first_step(const struct flow_ctx *ctx, uint8_t base);

#endif
