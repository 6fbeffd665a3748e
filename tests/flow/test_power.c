/* Power flows: each outcome, and how many round trips it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "play.h"

#define ROWS 10

static const struct {
	const char *what;
	enum verb verb;
	struct row rows[ROWS];
	int requests, gates, ordered;
	enum act_end end;
	int reason;
	enum act_evidence evidence;
	int device_status, before, after;
} flows[] = {
	{"status is one request", VERB_STATUS, {POWER_GET("8")}, 1, 0, 0, ACT_END_DONE, 0, ACT_EVIDENCE_REPLY, 0, 0, 8},
	{"on: read, order, one look",
	 VERB_ON,
	 {POWER_GET("8"), POWER_ORDER("0"), POWER_GET("2")},
	 3,
	 1,
	 2,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 8,
	 2},
	{"on from sleep",
	 VERB_ON,
	 {POWER_GET("4"), POWER_ORDER("0"), POWER_GET("4"), POWER_GET("2")},
	 4,
	 1,
	 2,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 4,
	 2},
	{"on what is on", VERB_ON, {POWER_GET("2")}, 1, 0, 0, ACT_END_ALREADY, 0, ACT_EVIDENCE_OBSERVED, 0, 2, 2},
	{"on that does nothing",
	 VERB_ON,
	 {POWER_GET("8"), POWER_ORDER("0"), POWER_GET("8"), POWER_GET("8"), POWER_GET("8"), POWER_GET("8"),
	  POWER_GET("8"), POWER_GET("8"), POWER_GET("2")},
	 8,
	 1,
	 2,
	 ACT_END_FAILED,
	 ERR_NO_CHANGE,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 8,
	 8},
	{"off: hard off counts too",
	 VERB_OFF,
	 {POWER_GET("2"), POWER_ORDER("0"), POWER_GET("6")},
	 3,
	 1,
	 8,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 2,
	 6},
	{"off what is off", VERB_OFF, {POWER_GET("8")}, 1, 0, 0, ACT_END_ALREADY, 0, ACT_EVIDENCE_OBSERVED, 0, 8, 8},
	{"off ends a hibernation",
	 VERB_OFF,
	 {POWER_GET("7"), POWER_ORDER("0"), POWER_GET("8")},
	 3,
	 1,
	 8,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 7,
	 8},
	{"reset is a read and the order",
	 VERB_RESET,
	 {POWER_GET("2"), POWER_ORDER("0")},
	 2,
	 1,
	 10,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_REPLY,
	 0,
	 2,
	 0},
	{"cycle is a read and the order",
	 VERB_CYCLE,
	 {POWER_GET("2"), POWER_ORDER("0")},
	 2,
	 1,
	 5,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_REPLY,
	 0,
	 2,
	 0},
	{"a job that was started is accepted",
	 VERB_CYCLE,
	 {POWER_GET("2"), POWER_ORDER("4096")},
	 2,
	 1,
	 5,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_REPLY,
	 0,
	 2,
	 0},
	{"reset of what is off",
	 VERB_RESET,
	 {POWER_GET("8")},
	 1,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_INVALID_STATE,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 8,
	 0},
	{"cycle of what sleeps",
	 VERB_CYCLE,
	 {POWER_GET("4")},
	 1,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_INVALID_STATE,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 4,
	 0},
	{"off in the middle of a cycle",
	 VERB_OFF,
	 {POWER_GET("9")},
	 1,
	 0,
	 0,
	 ACT_END_NOT_SENT,
	 ERR_DEVICE_BUSY,
	 ACT_EVIDENCE_OBSERVED,
	 0,
	 9,
	 0},
	{"a state that is none of the list is left to the device",
	 VERB_RESET,
	 {POWER_GET("1"), POWER_ORDER("0")},
	 2,
	 1,
	 10,
	 ACT_END_DONE,
	 0,
	 ACT_EVIDENCE_REPLY,
	 0,
	 1,
	 0},
};

static void each_flow_ends_as_it_should_in_so_many_requests(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct play p;
		play_begin(&p, flows[i].verb, ACT_RUN);
		assert_int_equal(play_script(&p, flows[i].rows, ROWS), 0);
		assert_true(p.ctx.over);
		assert_int_equal(p.out.act, 7);
		assert_int_equal(p.out.fence, 3);
		assert_int_equal(p.out.interface, 11);
		assert_int_equal(p.out.requests, flows[i].requests);
		assert_int_equal(p.gates, flows[i].gates);
		assert_int_equal(p.ordered, flows[i].ordered);
		assert_int_equal(p.out.end, flows[i].end);
		assert_int_equal(p.out.reason, flows[i].reason);
		assert_int_equal(p.out.evidence, flows[i].evidence);
		assert_int_equal(p.out.device_status, flows[i].device_status);
		assert_int_equal(p.out.power_before, flows[i].before);
		assert_int_equal(p.out.power_after, flows[i].after);
		play_end(&p);
	}
}

#define ORDER_FAULT(subcode)                                                                                           \
	{                                                                                                              \
		WSMAN_METHOD, "CIM_PowerManagementService", "RequestPowerStateChange", NULL, FAULT_BODY(subcode), 0    \
	}

/* Every complete answer to an order that is not "accepted". Values: DSP1027; PT_STATUS of the Intel AMT guide. */
static void each_refusal_has_its_meaning(void **state)
{
	static const struct {
		enum verb verb;
		struct row row;
		enum act_end end;
		int reason, device_status;
	} rows[] = {
		{VERB_RESET, POWER_ORDER("1"), ACT_END_FAILED, ERR_UNSUPPORTED, 1},
		{VERB_RESET, POWER_ORDER("2"), ACT_END_REFUSED, ERR_DEVICE_BUSY, 2},
		{VERB_RESET, POWER_ORDER("3"), ACT_END_DOUBT, ERR_BAD_REPLY, 3},
		{VERB_RESET, POWER_ORDER("4"), ACT_END_FAILED, ERR_DEVICE_FAULT, 4},
		{VERB_RESET, POWER_ORDER("5"), ACT_END_FAILED, ERR_DEVICE_FAULT, 5},
		{VERB_RESET, POWER_ORDER("6"), ACT_END_REFUSED, ERR_DEVICE_BUSY, 6},
		{VERB_RESET, POWER_ORDER("36"), ACT_END_FAILED, ERR_DEVICE_FAULT, 36},
		{VERB_RESET, POWER_ORDER("4097"), ACT_END_FAILED, ERR_INVALID_STATE, 4097},
		{VERB_RESET, POWER_ORDER("4098"), ACT_END_FAILED, ERR_DEVICE_FAULT, 4098},
		{VERB_RESET, POWER_ORDER("4099"), ACT_END_REFUSED, ERR_DEVICE_BUSY, 4099},
		{VERB_RESET, POWER_ORDER("4294967295"), ACT_END_FAILED, ERR_DEVICE_FAULT, INT32_MAX},
		{VERB_OFF, POWER_ORDER("4097"), ACT_END_FAILED, ERR_SESSION_OPEN, 4097},
		{VERB_CYCLE, POWER_ORDER("4097"), ACT_END_FAILED, ERR_SESSION_OPEN, 4097},
		{VERB_RESET, ORDER_FAULT("e:AccessDenied"), ACT_END_FAILED, ERR_ACCESS_DENIED, 0},
		{VERB_RESET, ORDER_FAULT("b:DestinationUnreachable"), ACT_END_FAILED, ERR_UNSUPPORTED, 0},
		{VERB_RESET, ORDER_FAULT("e:QuotaLimit"), ACT_END_REFUSED, ERR_DEVICE_BUSY, 0},
		{VERB_RESET, ORDER_FAULT("b:EndpointUnavailable"), ACT_END_REFUSED, ERR_DEVICE_BUSY, 0},
		{VERB_RESET, ORDER_FAULT("e:InternalError"), ACT_END_REFUSED, ERR_DEVICE_FAULT, 0},
		{VERB_RESET, ORDER_FAULT("e:TimedOut"), ACT_END_DOUBT, ERR_BAD_REPLY, 0},
		{VERB_RESET, ORDER_FAULT("b:NeverSeen"), ACT_END_FAILED, ERR_DEVICE_FAULT, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p;
		struct row script[] = {POWER_GET("2"), rows[i].row};
		play_begin(&p, rows[i].verb, ACT_RUN);
		assert_int_equal(play_script(&p, script, ARRAY_LEN(script)), 0);
		assert_true(p.ctx.over);
		assert_int_equal(p.out.end, rows[i].end);
		assert_int_equal(p.out.reason, rows[i].reason);
		assert_int_equal(p.out.device_status, rows[i].device_status);
		assert_int_equal(p.out.evidence, ACT_EVIDENCE_REPLY);
		assert_int_equal(p.out.power_before, 2);
		assert_true(*p.out.detail);
		play_end(&p);
	}
}

static void what_does_not_answer_the_order_is_an_error(void **state)
{
	static const struct row rows[] = {
		{WSMAN_METHOD, "CIM_PowerManagementService", "RequestPowerStateChange", NULL,
		 "<g:RequestPowerStateChange_OUTPUT></g:RequestPowerStateChange_OUTPUT>", 0},
		{WSMAN_METHOD, "CIM_PowerManagementService", "RequestPowerStateChange", NULL,
		 "<g:SetBootConfigRole_OUTPUT><g:ReturnValue>0</g:ReturnValue></g:SetBootConfigRole_OUTPUT>", 0},
		{WSMAN_METHOD, "CIM_PowerManagementService", "RequestPowerStateChange", NULL, "", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p;
		struct row script[] = {POWER_GET("2"), rows[i]};
		play_begin(&p, VERB_RESET, ACT_RUN);
		assert_int_equal(play_script(&p, script, ARRAY_LEN(script)), ERR_MALFORMED);
		assert_false(p.ctx.over);
		assert_true(flow_step(&p.ctx)->flags & STEP_FLAG_GATE);
		play_end(&p);
	}
}

#define LISTED(inner) "<g:PullResponse>" inner "</g:PullResponse>"
#define ITEM(state)                                                                                                    \
	"<h:CIM_AssociatedPowerManagementService><h:PowerState>" state                                                 \
	"</h:PowerState></h:CIM_AssociatedPowerManagementService>"
#define NO_GET                                                                                                         \
	{                                                                                                              \
		WSMAN_GET, "CIM_AssociatedPowerManagementService", NULL, NULL, UNREACHABLE, 0                          \
	}
#define LIST                                                                                                           \
	{                                                                                                              \
		WSMAN_ENUMERATE, "CIM_ServiceAvailableToElement", NULL, ENUMERATION, CONTEXT("c1"), 0                  \
	}
#define PULL(inner)                                                                                                    \
	{                                                                                                              \
		WSMAN_PULL, "CIM_ServiceAvailableToElement", NULL, ENUMERATION, LISTED(inner), 0                       \
	}
#define END "<g:EndOfSequence></g:EndOfSequence>"

static void firmware_without_the_instance_is_asked_for_the_list(void **state)
{
	static const struct row script[] = {
		NO_GET,
		LIST,
		PULL("<g:EnumerationContext>c2</g:EnumerationContext><g:Items>" ITEM("8") "</g:Items>"),
		PULL("<g:Items></g:Items>" END),
		POWER_ORDER("0"),
		LIST, /* the Get is not tried again */
		PULL("<g:Items>" ITEM("8") "</g:Items>" END),
		LIST,
		PULL("<g:Items>" ITEM("2") "</g:Items>" END),
	};
	struct play p;
	play_begin(&p, VERB_ON, ACT_RUN);
	assert_int_equal(play_script(&p, script, ARRAY_LEN(script)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_int_equal(p.out.power_before, 8);
	assert_int_equal(p.out.power_after, 2);
	assert_int_equal(p.wait_count, 2);
	play_end(&p);
}

static void firmware_that_is_known_for_it_is_asked_for_the_list_at_once(void **state)
{
	static const struct row script[] = {LIST, PULL("<g:Items>" ITEM("2") "</g:Items>" END)};
	struct play p;
	play_begin(&p, VERB_STATUS, ACT_RUN);
	flow_without_power_get(&p.ctx);
	assert_int_equal(play_script(&p, script, ARRAY_LEN(script)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_int_equal(p.out.power_after, 2);
	play_end(&p);
}

static void a_list_without_a_state_or_without_an_end_is_an_error(void **state)
{
	struct row script[60] = {NO_GET, LIST, PULL("<g:Items></g:Items>" END)};
	struct play p;
	play_begin(&p, VERB_STATUS, ACT_RUN);
	assert_int_equal(play_script(&p, script, 3), ERR_MALFORMED);
	play_end(&p);
	for (size_t i = 2; i < ARRAY_LEN(script); i++)
		script[i] = (struct row)PULL("<g:EnumerationContext>c</g:EnumerationContext><g:Items></g:Items>");
	play_begin(&p, VERB_STATUS, ACT_RUN);
	assert_int_equal(play_script(&p, script, ARRAY_LEN(script)), ERR_TOO_BIG);
	play_end(&p);
}

/* The default gives reads at 2, 4, 8, 15, 30 and 60 s after the order; a shorter time is divided alike. */
static void observations_are_few_and_further_and_further_apart(void **state)
{
	static const int64_t due[] = {2000, 4000, 8000, 15000, 30000, 60000};
	static const struct row script[] = {POWER_GET("2"), POWER_ORDER("0"), POWER_GET("2"), POWER_GET("2"),
					    POWER_GET("2"), POWER_GET("2"),   POWER_GET("2"), POWER_GET("2")};
	struct play p;
	play_begin(&p, VERB_OFF, ACT_RUN);
	assert_int_equal(play_script(&p, script, ARRAY_LEN(script)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.wait_count, ARRAY_LEN(due));
	for (size_t i = 0; i < ARRAY_LEN(due); i++)
		assert_int_equal(p.waits[i], due[i]);
	play_end(&p);
	play_begin(&p, VERB_OFF, ACT_RUN);
	p.order.observe_ms = 3000;
	assert_int_equal(flow_wait_ms(&p.ctx), 100);
	for (int i = 0; i < 5; i++)
		assert_true(flow_skip_observation(&p.ctx));
	assert_int_equal(flow_wait_ms(&p.ctx), 3000);
	assert_false(flow_skip_observation(&p.ctx));
	play_end(&p);
}

static void a_refused_read_says_why(void **state)
{
	static const struct row script[] = {
		{WSMAN_GET, "CIM_AssociatedPowerManagementService", NULL, NULL, FAULT_BODY("e:AccessDenied"), 0}};
	struct play p;
	play_begin(&p, VERB_ON, ACT_RUN);
	assert_int_equal(play_script(&p, script, 1), ERR_ACCESS_DENIED);
	assert_false(p.ctx.over);
	play_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flow_ends_as_it_should_in_so_many_requests),
		cmocka_unit_test(each_refusal_has_its_meaning),
		cmocka_unit_test(what_does_not_answer_the_order_is_an_error),
		cmocka_unit_test(firmware_without_the_instance_is_asked_for_the_list),
		cmocka_unit_test(firmware_that_is_known_for_it_is_asked_for_the_list_at_once),
		cmocka_unit_test(a_list_without_a_state_or_without_an_end_is_an_error),
		cmocka_unit_test(observations_are_few_and_further_and_further_apart),
		cmocka_unit_test(a_refused_read_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
