/* play.h - plays the device's part of a flow from a script, with no network: each row says which request must come
 * and what is answered. Envelopes are those of AMT 11.8 (tests/golden/wsman has whole ones). */
#ifndef TESTS_FLOW_PLAY_H
#define TESTS_FLOW_PLAY_H

#include "amt/flow.h"
#include "base/err.h"

struct row {
	enum wsman_op op;
	const char *class_name;
	const char *method; /* METHOD only */
	const char *ns;     /* what prefix g stands for: a class, or a whole namespace; NULL: the class */
	const char *body;   /* inside Body */
	int file;           /* 1: body is a file of LAMPLIGHTER_RECORDED instead */
	const char *golden; /* tests/golden/boot/NAME.bin: the request, but for prefixes and MessageID; NULL: not
			       compared */
};

#define FAULT_BODY(subcode)                                                                                            \
	"<a:Fault><a:Code><a:Value>a:Sender</a:Value><a:Subcode><a:Value>" subcode "</a:Value></a:Subcode></a:Code>"   \
	"<a:Reason><a:Text xml:lang=\"en-US\">no</a:Text></a:Reason><a:Detail></a:Detail></a:Fault>"
#define UNREACHABLE FAULT_BODY("b:DestinationUnreachable")
#define ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define CONTEXT(id) "<g:EnumerateResponse><g:EnumerationContext>" id "</g:EnumerationContext></g:EnumerateResponse>"

#define POWER_IS(state)                                                                                                \
	"<g:CIM_AssociatedPowerManagementService><g:AvailableRequestedPowerStates>8</g:AvailableRequestedPowerStates>" \
	"<g:PowerState>" state "</g:PowerState></g:CIM_AssociatedPowerManagementService>"
#define POWER_GET(state)                                                                                               \
	{                                                                                                              \
		WSMAN_GET, "CIM_AssociatedPowerManagementService", NULL, NULL, POWER_IS(state), 0                      \
	}
#define POWER_ORDER(value)                                                                                             \
	{                                                                                                              \
		WSMAN_METHOD, "CIM_PowerManagementService", "RequestPowerStateChange", NULL,                           \
			"<g:RequestPowerStateChange_OUTPUT><g:ReturnValue>" value                                      \
			"</g:ReturnValue></g:RequestPowerStateChange_OUTPUT>",                                         \
			0                                                                                              \
	}

struct play {
	struct act_start order;
	struct act_outcome out;
	struct flow_ctx ctx;
	struct xml_parser *client, *device;
	struct buf request, reply, scratch;
	struct err e;
	int64_t wall_ms;   /* each exchange takes 100 */
	int gates;         /* steps with a gate that were met */
	int undone;        /* requests of the undo */
	int ordered;       /* PowerState of the last order, 0 when none came */
	int64_t waits[16]; /* when observations were due, after the order */
	int wait_count;
};

void play_begin(struct play *p, enum verb verb, enum act_mode mode);
void play_begin_boot(struct play *p, enum verb verb, enum boot_choice boot);
void play_begin_left(struct play *p, enum verb verb); /* an earlier boot choice may stand in the device */
void play_end(struct play *p);
/* Answers until the flow, with its undo, or the script is over; each request must be the row's. Returns the first error
 * of a read. */
int play_script(struct play *p, const struct row *rows, size_t count);

#endif
