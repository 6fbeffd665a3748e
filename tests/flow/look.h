/* look.h - what a device of 11.8 answers to those who look who it is: exchanges of more than one test. */
#ifndef TESTS_FLOW_LOOK_H
#define TESTS_FLOW_LOOK_H

#include "play.h"

#define SOFTWARE                                                                                                       \
	{                                                                                                              \
		WSMAN_GET, "CIM_SoftwareIdentity", NULL, NULL,                                                         \
			"<g:CIM_SoftwareIdentity><g:InstanceID>AMT</g:InstanceID><g:IsEntity>true</g:IsEntity>"        \
			"<g:VersionString>11.8.50</g:VersionString></g:CIM_SoftwareIdentity>",                         \
			0                                                                                              \
	}
#define SETUP(state)                                                                                                   \
	{                                                                                                              \
		WSMAN_GET, "AMT_SetupAndConfigurationService", NULL, NULL,                                             \
			"<g:AMT_SetupAndConfigurationService><g:ProvisioningMode>1</g:ProvisioningMode>"               \
			"<g:ProvisioningState>" state "</g:ProvisioningState></g:AMT_SetupAndConfigurationService>",   \
			0                                                                                              \
	}
/* The UUID in SMBIOS memory order: from a capture of AMT 11.8. */
#define PACKAGE                                                                                                        \
	{                                                                                                              \
		WSMAN_GET, "CIM_ComputerSystemPackage", NULL, NULL,                                                    \
			"<g:CIM_ComputerSystemPackage><g:PlatformGUID>4C93F0849703E7119C43BC0000520000"                \
			"</g:PlatformGUID></g:CIM_ComputerSystemPackage>",                                             \
			0                                                                                              \
	}

#endif
