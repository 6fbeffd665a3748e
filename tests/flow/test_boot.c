/* Orders with a boot choice: what is asked and written, in which order, in how many round trips; what is taken back
 * when the order does not follow; and the flow that takes back what an earlier conversation left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "play.h"

#define CAPABILITIES(bios, pxe, disk, cd)                                                                              \
	"<g:AMT_BootCapabilities><g:BIOSSetup>" bios "</g:BIOSSetup><g:ForceCDorDVDBoot>" cd "</g:ForceCDorDVDBoot>"   \
	"<g:ForceHardDriveBoot>" disk "</g:ForceHardDriveBoot><g:ForcePXEBoot>" pxe "</g:ForcePXEBoot>"                \
	"<g:InstanceID>Intel(r) AMT:BootCapabilities 0</g:InstanceID></g:AMT_BootCapabilities>"
#define CAPABLE CAPABILITIES("true", "true", "true", "true")

/* A NUC of 2022 as recorded, and the same when somebody has left options behind. */
#define SETTINGS(setup, ider, erase)                                                                                   \
	"<g:AMT_BootSettingData><g:BIOSLastStatus>2</g:BIOSLastStatus><g:BIOSLastStatus>0</g:BIOSLastStatus>"          \
	"<g:BIOSPause>false</g:BIOSPause><g:BIOSSetup>" setup "</g:BIOSSetup><g:BootMediaIndex>0</g:BootMediaIndex>"   \
	"<g:BootguardStatus>127</g:BootguardStatus><g:ConfigurationDataReset>false</g:ConfigurationDataReset>"         \
	"<g:ElementName>Intel(r) AMT Boot Configuration Settings</g:ElementName>"                                      \
	"<g:EnforceSecureBoot>false</g:EnforceSecureBoot><g:FirmwareVerbosity>0</g:FirmwareVerbosity>"                 \
	"<g:ForcedProgressEvents>false</g:ForcedProgressEvents><g:IDERBootDevice>" ider "</g:IDERBootDevice>"          \
	"<g:InstanceID>Intel(r) AMT:BootSettingData 0</g:InstanceID><g:LockKeyboard>false</g:LockKeyboard>"            \
	"<g:LockPowerButton>false</g:LockPowerButton><g:LockResetButton>false</g:LockResetButton>"                     \
	"<g:LockSleepButton>false</g:LockSleepButton><g:OptionsCleared>true</g:OptionsCleared>"                        \
	"<g:OwningEntity>Intel(r) AMT</g:OwningEntity><g:PlatformErase>" erase "</g:PlatformErase>"                    \
	"<g:RPEEnabled>true</g:RPEEnabled><g:RSEPassword></g:RSEPassword><g:ReflashBIOS>false</g:ReflashBIOS>"         \
	"<g:SecureBootControlEnabled>true</g:SecureBootControlEnabled><g:SecureErase>" erase "</g:SecureErase>"        \
	"<g:UEFIHTTPSBootEnabled>true</g:UEFIHTTPSBootEnabled><g:UEFILocalPBABootEnabled>true"                         \
	"</g:UEFILocalPBABootEnabled><g:UefiBootNumberOfParams>0</g:UefiBootNumberOfParams><g:UseIDER>false"           \
	"</g:UseIDER><g:UseSOL>false</g:UseSOL><g:UseSafeMode>false</g:UseSafeMode><g:UserPasswordBypass>false"        \
	"</g:UserPasswordBypass><g:WinREBootEnabled>true</g:WinREBootEnabled></g:AMT_BootSettingData>"
#define CLEAN SETTINGS("false", "0", "false")
#define LEFT  SETTINGS("true", "1", "true")

#define DATA "AMT_BootSettingData"
#define GET_CAPABLE(body)                                                                                              \
	{                                                                                                              \
		WSMAN_GET, "AMT_BootCapabilities", NULL, NULL, body, 0, NULL                                           \
	}
#define GET_SETTINGS(body)                                                                                             \
	{                                                                                                              \
		WSMAN_GET, DATA, NULL, NULL, body, 0, NULL                                                             \
	}
#define PUT_SETTINGS(file)                                                                                             \
	{                                                                                                              \
		WSMAN_PUT, DATA, NULL, NULL, CLEAN, 0, file                                                            \
	}
#define ORDER_RV(file, value)                                                                                          \
	{                                                                                                              \
		WSMAN_METHOD, "CIM_BootConfigSetting", "ChangeBootOrder", NULL,                                        \
			"<g:ChangeBootOrder_OUTPUT><g:ReturnValue>" value                                              \
			"</g:ReturnValue></g:ChangeBootOrder_OUTPUT>",                                                 \
			0, file                                                                                        \
	}
#define ROLE_RV(file, value)                                                                                           \
	{                                                                                                              \
		WSMAN_METHOD, "CIM_BootService", "SetBootConfigRole", NULL,                                            \
			"<g:SetBootConfigRole_OUTPUT><g:ReturnValue>" value                                            \
			"</g:ReturnValue></g:SetBootConfigRole_OUTPUT>",                                               \
			0, file                                                                                        \
	}
#define BEFORE          POWER_GET("2"), GET_CAPABLE(CAPABLE), GET_SETTINGS(CLEAN)
#define CHOSEN(put, to) ORDER_RV("no-source", "0"), PUT_SETTINGS(put), ROLE_RV("next", "0"), ORDER_RV(to, "0")
#define UNDONE          ROLE_RV("not-next", "0"), ORDER_RV("no-source", "0"), GET_SETTINGS(LEFT), PUT_SETTINGS("settings")
#define CONSENT(required, state)                                                                                       \
	{                                                                                                              \
		WSMAN_GET, "IPS_OptInService", NULL, NULL,                                                             \
			"<g:IPS_OptInService><g:OptInRequired>" required "</g:OptInRequired><g:OptInState>" state      \
			"</g:OptInState></g:IPS_OptInService>",                                                        \
			0, NULL                                                                                        \
	}

#define ROWS 16

static const struct {
	const char *what;
	enum verb verb;
	enum boot_choice boot;
	struct row rows[ROWS];
	int requests, gates, ordered, undone;
	enum act_end end;
	int reason;
	bool left; /* something stands in the device */
} flows[] = {
	{"reset into PXE: eight requests, one of them the order",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE, CHOSEN("settings", "source-pxe"), POWER_ORDER("0")},
	 8,
	 1,
	 10,
	 0,
	 ACT_END_DONE,
	 0,
	 true},
	{"cycle from the disk",
	 VERB_CYCLE,
	 BOOT_DISK,
	 {BEFORE, CHOSEN("settings", "source-disk"), POWER_ORDER("0")},
	 8,
	 1,
	 5,
	 0,
	 ACT_END_DONE,
	 0,
	 true},
	{"reset into the BIOS set-up: a setting, and no source",
	 VERB_RESET,
	 BOOT_BIOS,
	 {BEFORE, CHOSEN("settings-bios", "no-source"), POWER_ORDER("0")},
	 8,
	 1,
	 10,
	 0,
	 ACT_END_DONE,
	 0,
	 true},
	{"on from a CD: nine, with one look",
	 VERB_ON,
	 BOOT_CD,
	 {POWER_GET("8"), GET_CAPABLE(CAPABLE), GET_SETTINGS(CLEAN), CHOSEN("settings", "source-cd"), POWER_ORDER("0"),
	  POWER_GET("2")},
	 9,
	 1,
	 2,
	 0,
	 ACT_END_DONE,
	 0,
	 true},
	{"what somebody left behind is not used",
	 VERB_RESET,
	 BOOT_PXE,
	 {POWER_GET("2"), GET_CAPABLE(CAPABLE), GET_SETTINGS(LEFT), CHOSEN("settings", "source-pxe"), POWER_ORDER("0")},
	 8,
	 1,
	 10,
	 0,
	 ACT_END_DONE,
	 0,
	 true},
	{"on from hibernation boots",
	 VERB_ON,
	 BOOT_PXE,
	 {POWER_GET("7"), GET_CAPABLE(CAPABLE), GET_SETTINGS(CLEAN), CHOSEN("settings", "source-pxe"), POWER_ORDER("0"),
	  POWER_GET("2")},
	 9,
	 1,
	 2,
	 0,
	 ACT_END_DONE,
	 0,
	 true},
	{"on of what is on would not boot: nothing is written",
	 VERB_ON,
	 BOOT_PXE,
	 {POWER_GET("2")},
	 1,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_ALREADY_ON,
	 false},
	{"nor of what sleeps", VERB_ON, BOOT_PXE, {POWER_GET("4")}, 1, 0, 0, 0, ACT_END_FAILED, ERR_ALREADY_ON, false},
	{"reset of what is off: nothing is written",
	 VERB_RESET,
	 BOOT_PXE,
	 {POWER_GET("8")},
	 1,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_INVALID_STATE,
	 false},
	{"no CD in this firmware: nothing is written",
	 VERB_RESET,
	 BOOT_CD,
	 {POWER_GET("2"), GET_CAPABLE(CAPABILITIES("true", "true", "true", "false"))},
	 2,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_BOOT_UNSUPPORTED,
	 false},
	{"no BIOS set-up in this one",
	 VERB_RESET,
	 BOOT_BIOS,
	 {POWER_GET("2"), GET_CAPABLE(CAPABILITIES("false", "true", "true", "true"))},
	 2,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_BOOT_UNSUPPORTED,
	 false},
	{"firmware without boot options at all",
	 VERB_RESET,
	 BOOT_PXE,
	 {POWER_GET("2"), GET_CAPABLE(UNREACHABLE)},
	 2,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_BOOT_UNSUPPORTED,
	 false},
	{"a source that it does not have after all is taken back",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE, ORDER_RV("no-source", "0"), PUT_SETTINGS("settings"), ROLE_RV("next", "0"),
	  ORDER_RV("source-pxe", "4"), UNDONE},
	 11,
	 0,
	 0,
	 4,
	 ACT_END_FAILED,
	 ERR_BOOT_UNSUPPORTED,
	 false},
	{"not supported, said at the first writing: nothing to take back",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE, ORDER_RV("no-source", "1")},
	 4,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_BOOT_UNSUPPORTED,
	 false},
	{"consent is missing",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE, ORDER_RV("no-source", "6"), CONSENT("4294967295", "0")},
	 5,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_CONSENT_REQUIRED,
	 false},
	{"consent is there, and it is refused all the same",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE, ORDER_RV("no-source", "6"), CONSENT("4294967295", "3")},
	 5,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_ACCESS_DENIED,
	 false},
	{"a user without the right, before there was consent",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE,
	  {WSMAN_METHOD, "CIM_BootConfigSetting", "ChangeBootOrder", NULL, FAULT_BODY("e:AccessDenied"), 0, NULL},
	  {WSMAN_GET, "IPS_OptInService", NULL, NULL, UNREACHABLE, 0, NULL}},
	 5,
	 0,
	 0,
	 0,
	 ACT_END_FAILED,
	 ERR_ACCESS_DENIED,
	 false},
	{"settings refused by a fault: the source was cleared, and the rest is put back",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE,
	  ORDER_RV("no-source", "0"),
	  {WSMAN_PUT, DATA, NULL, NULL, FAULT_BODY("e:AccessDenied"), 0, "settings"},
	  CONSENT("0", "0"),
	  UNDONE},
	 10,
	 0,
	 0,
	 4,
	 ACT_END_FAILED,
	 ERR_ACCESS_DENIED,
	 false},
	{"the order is refused: the choice is taken back",
	 VERB_CYCLE,
	 BOOT_PXE,
	 {BEFORE, CHOSEN("settings", "source-pxe"), POWER_ORDER("4097"), UNDONE},
	 12,
	 1,
	 5,
	 4,
	 ACT_END_FAILED,
	 ERR_SESSION_OPEN,
	 false},
	{"the device is busy: taken back, and tried again later",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE, CHOSEN("settings", "source-pxe"), POWER_ORDER("4099"), UNDONE},
	 12,
	 1,
	 10,
	 4,
	 ACT_END_REFUSED,
	 ERR_DEVICE_BUSY,
	 false},
	{"in doubt: not touched, as the order may be under way",
	 VERB_RESET,
	 BOOT_PXE,
	 {BEFORE, CHOSEN("settings", "source-pxe"), POWER_ORDER("3")},
	 8,
	 1,
	 10,
	 0,
	 ACT_END_DOUBT,
	 ERR_BAD_REPLY,
	 true},
};

static void each_choice_is_written_before_the_order_and_taken_back_without_it(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct play p;
		size_t count = 0;
		while (count < ROWS && flows[i].rows[count].class_name)
			count++;
		play_begin_boot(&p, flows[i].verb, flows[i].boot);
		if (play_script(&p, flows[i].rows, count))
			fail_msg("%s: %s", flows[i].what, p.e.msg);
		if (!p.ctx.over || p.out.requests != flows[i].requests || p.gates != flows[i].gates ||
		    p.ordered != flows[i].ordered || p.undone != flows[i].undone || p.out.end != flows[i].end ||
		    p.out.reason != flows[i].reason || p.ctx.dirty != flows[i].left)
			fail_msg("%s: over %d, %d requests, %d gates, ordered %d, undone %d, end %d, reason %d, left "
				 "%d: %s",
				 flows[i].what, p.ctx.over, p.out.requests, p.gates, p.ordered, p.undone, p.out.end,
				 p.out.reason, p.ctx.dirty, p.out.detail);
		play_end(&p);
	}
}

static void what_comes_to_nothing_is_taken_back(void **state)
{
	static const struct row rows[] = {
		POWER_GET("8"),   GET_CAPABLE(CAPABLE), GET_SETTINGS(CLEAN), CHOSEN("settings", "source-pxe"),
		POWER_ORDER("0"), POWER_GET("8"),       POWER_GET("8"),      POWER_GET("8"),
		POWER_GET("8"),   POWER_GET("8"),       POWER_GET("8"),      UNDONE,
	};
	struct play p;
	play_begin_boot(&p, VERB_ON, BOOT_PXE);
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), 0);
	assert_true(p.ctx.over && !p.ctx.dirty);
	assert_int_equal(p.out.end, ACT_END_FAILED);
	assert_int_equal(p.out.reason, ERR_NO_CHANGE);
	assert_int_equal(p.undone, 4);
	play_end(&p);
}

static void a_lost_reply_leaves_it_open_whether_something_stands_there(void **state)
{
	static const struct row before[] = {BEFORE};
	struct play p;
	struct buf request;
	buf_init(&request, WSMAN_MAX_REQUEST);
	play_begin_boot(&p, VERB_RESET, BOOT_PXE);
	assert_int_equal(play_script(&p, before, ARRAY_LEN(before)), 0);
	assert_false(p.ctx.dirty);
	assert_int_equal(flow_write(&p.ctx, &request, &p.e), 0); /* clear the source; nothing comes back */
	assert_true(p.ctx.dirty);
	p.out.end = ACT_END_NOT_SENT;
	assert_true(flow_undo(&p.ctx));
	assert_false(flow_undo(&p.ctx)); /* once */
	buf_release(&request);
	play_end(&p);
}

static void an_undo_that_is_refused_says_so(void **state)
{
	static const struct row rows[] = {BEFORE, CHOSEN("settings", "source-pxe"), POWER_ORDER("4099"),
					  ROLE_RV("not-next", "2")};
	struct play p;
	play_begin_boot(&p, VERB_RESET, BOOT_PXE);
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), ERR_DEVICE_FAULT);
	assert_true(p.ctx.dirty);
	assert_int_equal(p.out.end, ACT_END_REFUSED);
	assert_int_equal(p.out.reason, ERR_DEVICE_BUSY);
	play_end(&p);
}

static void what_was_left_is_taken_back_by_a_flow_of_its_own(void **state)
{
	static const struct {
		struct row rows[4];
		size_t count;
	} scripts[] = {
		{{ROLE_RV("not-next", "0"), ORDER_RV("no-source", "0"), GET_SETTINGS(CLEAN)}, 3},
		{{ROLE_RV("not-next", "0"), ORDER_RV("no-source", "0"), GET_SETTINGS(LEFT), PUT_SETTINGS("settings")},
		 4},
		{{{WSMAN_METHOD, "CIM_BootService", "SetBootConfigRole", NULL, UNREACHABLE, 0, "not-next"}}, 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct play p;
		play_begin_left(&p, VERB_UNBOOT);
		assert_int_equal(play_script(&p, scripts[i].rows, scripts[i].count), 0);
		assert_true(p.ctx.over && !p.ctx.dirty);
		assert_int_equal(p.out.end, ACT_END_DONE);
		assert_int_equal(p.out.requests, scripts[i].count);
		assert_int_equal(p.gates, 0);
		play_end(&p);
	}
}

/* An order without a choice, where one of an earlier act may stand. */
static void no_order_uses_a_choice_that_it_did_not_make(void **state)
{
	static const struct {
		enum verb verb;
		struct row rows[8];
		size_t count;
		int ordered;
	} scripts[] = {
		{VERB_RESET,
		 {POWER_GET("2"), ROLE_RV("not-next", "0"), ORDER_RV("no-source", "0"), GET_SETTINGS(CLEAN),
		  POWER_ORDER("0")},
		 5,
		 10},
		{VERB_CYCLE,
		 {POWER_GET("2"), ROLE_RV("not-next", "0"), ORDER_RV("no-source", "0"), GET_SETTINGS(LEFT),
		  PUT_SETTINGS("settings"), POWER_ORDER("0")},
		 6,
		 5},
		{VERB_ON,
		 {POWER_GET("8"), ROLE_RV("not-next", "0"), ORDER_RV("no-source", "0"), GET_SETTINGS(CLEAN),
		  POWER_ORDER("0"), POWER_GET("2")},
		 6,
		 2},
		{VERB_RESET,
		 {POWER_GET("2"),
		  {WSMAN_METHOD, "CIM_BootService", "SetBootConfigRole", NULL, UNREACHABLE, 0, "not-next"},
		  POWER_ORDER("0")},
		 3,
		 10},
	};
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct play p;
		play_begin_left(&p, scripts[i].verb);
		assert_int_equal(play_script(&p, scripts[i].rows, scripts[i].count), 0);
		assert_true(p.ctx.over && !p.ctx.dirty);
		assert_int_equal(p.out.end, ACT_END_DONE);
		assert_int_equal(p.out.requests, scripts[i].count);
		assert_int_equal(p.ordered, scripts[i].ordered);
		play_end(&p);
	}
	static const struct row refused[] = {POWER_GET("2"), ROLE_RV("not-next", "2")};
	struct play p;
	play_begin_left(&p, VERB_RESET);
	assert_int_equal(play_script(&p, refused, ARRAY_LEN(refused)), ERR_DEVICE_FAULT);
	assert_non_null(strstr(p.e.msg, "an earlier boot choice may stand there and cannot be taken back"));
	assert_true(p.ctx.dirty && p.gates == 0 && p.ordered == 0);
	play_end(&p);
}

static void the_words_are_those_of_the_table(void **state)
{
	enum boot_choice b = BOOT_NONE;
	assert_true(boot_from_name("pxe", &b) && b == BOOT_PXE);
	assert_true(boot_from_name("bios", &b) && b == BOOT_BIOS);
	assert_true(boot_from_name("disk", &b) && b == BOOT_DISK);
	assert_true(boot_from_name("cd", &b) && b == BOOT_CD);
	assert_false(boot_from_name("PXE", &b) || boot_from_name("", &b) || boot_from_name("floppy", &b));
	assert_string_equal(boot_name(BOOT_CD), "cd");
	assert_null(boot_name(BOOT_NONE));
	assert_int_equal(boot_from_options("{\"include_protected\":true,\"boot\":\"bios\"}"), BOOT_BIOS);
	assert_int_equal(boot_from_options("{}"), BOOT_NONE);
	assert_int_equal(boot_from_options("{\"boot\":null}"), BOOT_NONE);
	assert_int_equal(boot_from_options("{\"boot\":\"floppy\"}"), BOOT_NONE);
	assert_int_equal(boot_from_options("no json"), BOOT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_choice_is_written_before_the_order_and_taken_back_without_it),
		cmocka_unit_test(what_comes_to_nothing_is_taken_back),
		cmocka_unit_test(a_lost_reply_leaves_it_open_whether_something_stands_there),
		cmocka_unit_test(an_undo_that_is_refused_says_so),
		cmocka_unit_test(what_was_left_is_taken_back_by_a_flow_of_its_own),
		cmocka_unit_test(no_order_uses_a_choice_that_it_did_not_make),
		cmocka_unit_test(the_words_are_those_of_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
