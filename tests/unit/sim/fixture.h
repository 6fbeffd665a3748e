/* fixture.h - a simulator of one device without sockets, for the tests of this folder. */
#ifndef TEST_SIM_FIXTURE_H
#define TEST_SIM_FIXTURE_H

#include "sim.h"

#define FIXTURE_NET 0x7fc80000u /* 127.200.0.0 */

static inline struct sim *fixture_new(const char *profile, uint32_t devices)
{
	struct sim_options opt = {.devices = devices,
				  .net = FIXTURE_NET,
				  .net_mask = 0xffff0000u,
				  .profile = profile,
				  .seed = 7,
				  .mode = DEVICE_SMB,
				  .power = POWER_ON,
				  .tls = SIM_TLS_BOTH,
				  .domain = "corp.example",
				  .driven = true,
				  .audit = true,
				  .port_plain = 16992,
				  .port_tls = 16993};
	struct settings set;

	settings_init(&set);
	return sim_new(&opt, &set, BYTES_LIT("Str0ng!pass"));
}

#endif
