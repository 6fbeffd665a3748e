/* Flows carried by replies that real firmware gave; LAMPLIGHTER_RECORDED names a folder of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "play.h"

#define FILE_ROW(op, class_name, method, path)                                                                         \
	{                                                                                                              \
		op, class_name, method, NULL, path, 1                                                                  \
	}

static void recorded_replies_of_real_firmware_carry_the_flows(void **state)
{
	static const struct row connection[] = {
		FILE_ROW(WSMAN_GET, "AMT_GeneralSettings", NULL, "amt/general/get.xml"),
		FILE_ROW(WSMAN_GET, "CIM_SoftwareIdentity", NULL, "cim/software/identity/get.xml"),
		FILE_ROW(WSMAN_GET, "AMT_SetupAndConfigurationService", NULL, "amt/setupandconfiguration/get.xml"),
		FILE_ROW(WSMAN_GET, "CIM_ComputerSystemPackage", NULL, "cim/computer/systempackage/get.xml"),
		FILE_ROW(WSMAN_GET, "CIM_AssociatedPowerManagementService", NULL,
			 "cim/associatedpower/managementservice/get.xml"),
	};
	static const struct row reset[] = {
		{WSMAN_GET, "CIM_AssociatedPowerManagementService", NULL, NULL, UNREACHABLE, 0},
		FILE_ROW(WSMAN_ENUMERATE, "CIM_ServiceAvailableToElement", NULL,
			 "cim/service/availabletoelement/enumerate.xml"),
		FILE_ROW(WSMAN_PULL, "CIM_ServiceAvailableToElement", NULL, "cim/service/availabletoelement/pull.xml"),
		FILE_ROW(WSMAN_METHOD, "CIM_PowerManagementService", "RequestPowerStateChange",
			 "cim/power/managementservice/requestpowerstatechange.xml"),
	};
	static const struct row boot[] = {
		FILE_ROW(WSMAN_GET, "CIM_AssociatedPowerManagementService", NULL,
			 "cim/associatedpower/managementservice/get.xml"),
		FILE_ROW(WSMAN_GET, "AMT_BootCapabilities", NULL, "amt/boot/capabilities/get.xml"),
		FILE_ROW(WSMAN_GET, "AMT_BootSettingData", NULL, "amt/boot/settingdata/get.xml"),
		FILE_ROW(WSMAN_METHOD, "CIM_BootConfigSetting", "ChangeBootOrder",
			 "cim/boot/configsetting/changebootorder.xml"),
		{WSMAN_PUT, "AMT_BootSettingData", NULL, NULL, "", 0, "settings"}, /* its recording is no reply */
		FILE_ROW(WSMAN_METHOD, "CIM_BootService", "SetBootConfigRole",
			 "cim/boot/service/setbootconfigrole.xml"),
		FILE_ROW(WSMAN_METHOD, "CIM_BootConfigSetting", "ChangeBootOrder",
			 "cim/boot/configsetting/changebootorder.xml"),
		FILE_ROW(WSMAN_METHOD, "CIM_PowerManagementService", "RequestPowerStateChange",
			 "cim/power/managementservice/requestpowerstatechange.xml"),
	};
	struct play p;
	play_begin(&p, VERB_TEST, ACT_RUN);
	assert_int_equal(play_script(&p, connection, ARRAY_LEN(connection)), 0);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_string_equal(p.out.learned.version, "12.0.67");
	play_end(&p);
	play_begin(&p, VERB_RESET, ACT_RUN);
	assert_int_equal(play_script(&p, reset, ARRAY_LEN(reset)), 0);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_int_equal(p.out.power_before, 2);
	play_end(&p);
	play_begin_boot(&p, VERB_RESET, BOOT_PXE);
	assert_int_equal(play_script(&p, boot, ARRAY_LEN(boot)), 0);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_int_equal(p.out.requests, 8);
	play_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(recorded_replies_of_real_firmware_carry_the_flows)};
	const char *no_skip = getenv("LAMPLIGHTER_NO_SKIP");
	if (!getenv("LAMPLIGHTER_RECORDED") && (!no_skip || strcmp(no_skip, "1") != 0)) {
		printf("1..0 # SKIP no folder of recorded replies is named\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
