#include "profile.h"

#include "base/base.h"
#include "codec/rmcp.h"

#include <string.h>

#define TLS10    0x0301
#define TLS11    0x0302
#define TLS12    0x0303
#define EOI      PROFILE_EOI
#define WSMAN    PROFILE_WSMAN
#define KVM      PROFILE_KVM
#define NOTEBOOK PROFILE_NOTEBOOK
#define LMS      PROFILE_LMS
#define TLS_ONLY PROFILE_TLS_ONLY
#define NO_CD    PROFILE_NO_CD

#define GB (1024ull * 1024 * 1024)

/* One row per row of profile.tbl.h, in its order. Boards of their generation; codes of the SMBIOS reference and, for
 * the form factor, of CIM_PhysicalMemory. Part numbers and disk serial numbers are padded as their makers do it. */
static const struct hardware hardware[] = {
	{.chassis_model = "HP Compaq 6910p",
	 .chassis_version = "F.0E",
	 .board_model = "30C1",
	 .board_version = "KBC 68.34",
	 .bios_version = "68MCD Ver. F.0E",
	 .bios_date = "2007-11-02T00:00:00Z",
	 .cpu = "Intel(R) Core(TM)2 Duo CPU     T7500  @ 2.20GHz",
	 .cpu_family = 191,
	 .cpu_mhz = 2200,
	 .cpu_max_mhz = 2200,
	 .cpu_upgrade = 1,
	 .memory_type = 19,
	 .memory_form = 13,
	 .memory_mhz = 667,
	 .memory_maker = "CE00000000000000",
	 .memory_part = "M4 70T2953EZ3-CE6 ",
	 .memory_modules = 2,
	 .memory_bytes = GB,
	 .disk_model = "HTS722012K9A300",
	 .disk_kb = 120034123},
	{.chassis_model = "DQ45CB",
	 .chassis_version = " ",
	 .board_model = "DQ45CB",
	 .board_version = "AAE30148-206",
	 .bios_version = "CBQ4510H.86A.0128.2011.0413.1103",
	 .bios_date = "2011-04-13T00:00:00Z",
	 .cpu = "Intel(R) Core(TM)2 Duo CPU     E8400  @ 3.00GHz",
	 .cpu_family = 191,
	 .cpu_mhz = 3000,
	 .cpu_max_mhz = 4000,
	 .cpu_upgrade = 21,
	 .memory_type = 19,
	 .memory_form = 9,
	 .memory_mhz = 800,
	 .memory_maker = "0x7F98000000000000",
	 .memory_part = "0x392D4B564D3830304432000000000000",
	 .memory_modules = 2,
	 .memory_bytes = 2 * GB,
	 .disk_model = "ST3250318AS",
	 .disk_kb = 250059350},
	{.chassis_model = "DQ67SW",
	 .chassis_version = " ",
	 .board_model = "DQ67SW",
	 .board_version = "AAG12527-309",
	 .bios_version = "SWQ6710H.86A.0067.2014.0313.1347",
	 .bios_date = "2014-03-13T00:00:00Z",
	 .cpu = "Intel(R) Core(TM) i5-2400 CPU @ 3.10GHz",
	 .cpu_family = 205,
	 .cpu_mhz = 3100,
	 .cpu_max_mhz = 3800,
	 .cpu_upgrade = 36,
	 .memory_type = 24,
	 .memory_form = 9,
	 .memory_mhz = 1333,
	 .memory_maker = "0x0198",
	 .memory_part = "9905403-439.A00LF ",
	 .memory_modules = 2,
	 .memory_bytes = 4 * GB,
	 .disk_model = "WDC WD5000AAKX-001CA0",
	 .disk_kb = 500107862},
	{.chassis_model = "DQ77MK",
	 .chassis_version = " ",
	 .board_model = "DQ77MK",
	 .board_version = "AAG39642-500",
	 .bios_version = "MKQ7710H.86A.0071.2015.0728.1443",
	 .bios_date = "2015-07-28T00:00:00Z",
	 .cpu = "Intel(R) Core(TM) i7-3770 CPU @ 3.40GHz",
	 .cpu_family = 198,
	 .cpu_mhz = 3400,
	 .cpu_max_mhz = 3900,
	 .cpu_upgrade = 36,
	 .memory_type = 24,
	 .memory_form = 9,
	 .memory_mhz = 1600,
	 .memory_maker = "Kingston",
	 .memory_part = "99U5471-012.A00LF ",
	 .memory_modules = 2,
	 .memory_bytes = 8 * GB,
	 .disk_model = "INTEL SSDSC2CW180A3",
	 .disk_kb = 180045766},
	{.chassis_model = "HP EliteDesk 800 G1 DM",
	 .chassis_version = " ",
	 .board_model = "1825",
	 .board_version = "KBC Version 05.28",
	 .bios_version = "L04 v02.33",
	 .bios_date = "2017-11-14T00:00:00Z",
	 .cpu = "Intel(R) Core(TM) i5-4590T CPU @ 2.00GHz",
	 .cpu_family = 205,
	 .cpu_mhz = 2000,
	 .cpu_max_mhz = 3000,
	 .cpu_upgrade = 45,
	 .memory_type = 24,
	 .memory_form = 13,
	 .memory_mhz = 1600,
	 .memory_maker = "Micron",
	 .memory_part = "8KTF51264HZ-1G6N1 ",
	 .memory_modules = 2,
	 .memory_bytes = 4 * GB,
	 .disk_model = "SAMSUNG MZ7TE128HMGR-000H1",
	 .disk_kb = 128035676},
	{.chassis_model = "NUC7i7DNHE",
	 .chassis_version = "J85069-204",
	 .board_model = "NUC7i7DNB",
	 .board_version = "J83500-204",
	 .bios_version = "DNKBLi7v.86A.0063.2019.0716.1730",
	 .bios_date = "2019-07-16T00:00:00Z",
	 .cpu = "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz",
	 .cpu_family = 198,
	 .cpu_mhz = 1900,
	 .cpu_max_mhz = 4200,
	 .cpu_upgrade = 1,
	 .memory_type = 26,
	 .memory_form = 13,
	 .memory_mhz = 2400,
	 .memory_maker = "Samsung",
	 .memory_part = "M471A1K43CB1-CRC    ",
	 .memory_modules = 2,
	 .memory_bytes = 8 * GB,
	 .disk_model = "Samsung SSD 970 EVO 500GB",
	 .disk_kb = 500107862},
	{.chassis_model = "20HES2K600",
	 .chassis_version = "ThinkPad T470",
	 .board_model = "20HES2K600",
	 .board_version = "SDK0J40697 WIN",
	 .bios_version = "N1QET82W (1.57 )",
	 .bios_date = "2019-03-26T00:00:00Z",
	 .cpu = "Intel(R) Core(TM) i5-7300U CPU @ 2.60GHz",
	 .cpu_family = 205,
	 .cpu_mhz = 2600,
	 .cpu_max_mhz = 3500,
	 .cpu_upgrade = 51,
	 .memory_type = 26,
	 .memory_form = 13,
	 .memory_mhz = 2400,
	 .memory_maker = "SK Hynix",
	 .memory_part = "HMA81GS6AFR8N-UH    ",
	 .memory_modules = 2,
	 .memory_bytes = 8 * GB,
	 .disk_model = "SAMSUNG MZVLW256HEHP-000L7",
	 .disk_kb = 256060514},
	{.chassis_model = "NUC9V7QNX",
	 .chassis_version = "K47174-402",
	 .board_model = "NUC9V7QNB",
	 .board_version = "K47180-402",
	 .bios_version = "QNCFLX70.34",
	 .bios_date = "2020-08-10T00:00:00Z",
	 .cpu = "Intel(R) Core(TM) i7-9850H CPU @ 2.60GHz",
	 .cpu_family = 198,
	 .cpu_mhz = 2600,
	 .cpu_max_mhz = 8300,
	 .cpu_upgrade = 1,
	 .memory_type = 26,
	 .memory_form = 13,
	 .memory_mhz = 2667,
	 .memory_maker = "Kingston",
	 .memory_part = "9905702-137.A00G    ",
	 .memory_modules = 2,
	 .memory_bytes = 16 * GB,
	 .disk_model = "INTEL SSDPEKNW512G8",
	 .disk_kb = 512110190},
	{.chassis_model = "NUC11TNHv7",
	 .chassis_version = "M11904-403",
	 .board_model = "NUC11TNBv7",
	 .board_version = "M11900-403",
	 .bios_version = "TNTGLV57.0064.2022.0217.1535",
	 .bios_date = "2022-02-17T00:00:00Z",
	 .cpu = "11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz",
	 .cpu_family = 198,
	 .cpu_mhz = 3000,
	 .cpu_max_mhz = 4800,
	 .cpu_upgrade = 1,
	 .memory_type = 26,
	 .memory_form = 13,
	 .memory_mhz = 3200,
	 .memory_maker = "Micron Technology",
	 .memory_part = "8ATF1G64HZ-3G2R1    ",
	 .memory_modules = 2,
	 .memory_bytes = 8 * GB,
	 .disk_model = "KINGSTON SNVS1000G",
	 .disk_kb = 1000204886},
	{.chassis_model = "Latitude 5420",
	 .chassis_version = " ",
	 .board_model = "01M3M4",
	 .board_version = "A00",
	 .bios_version = "1.21.0",
	 .bios_date = "2022-07-14T00:00:00Z",
	 .cpu = "11th Gen Intel(R) Core(TM) i5-1145G7 @ 2.60GHz",
	 .cpu_family = 205,
	 .cpu_mhz = 2600,
	 .cpu_max_mhz = 4400,
	 .cpu_upgrade = 1,
	 .memory_type = 26,
	 .memory_form = 13,
	 .memory_mhz = 3200,
	 .memory_maker = "80AD000080AD",
	 .memory_part = "HMA81GS6DJR8N-XN    ",
	 .memory_modules = 2,
	 .memory_bytes = 8 * GB,
	 .disk_model = "KBG40ZNS256G NVMe KIOXIA 256GB",
	 .disk_kb = 256060514},
	{.chassis_model = "NUC12WSHv7",
	 .chassis_version = "M46654-302",
	 .board_model = "NUC12WSBv7",
	 .board_version = "M46649-302",
	 .bios_version = "WSADLV57.0087.2023.0306.1931",
	 .bios_date = "2023-03-06T00:00:00Z",
	 .cpu = "12th Gen Intel(R) Core(TM) i7-1270P",
	 .cpu_family = 198,
	 .cpu_mhz = 2200,
	 .cpu_max_mhz = 4800,
	 .cpu_upgrade = 1,
	 .memory_type = 26,
	 .memory_form = 13,
	 .memory_mhz = 3200,
	 .memory_maker = "Crucial Technology",
	 .memory_part = "CT16G4SFRA32A.C16FP ",
	 .memory_modules = 2,
	 .memory_bytes = 16 * GB,
	 .disk_model = "Samsung SSD 980 PRO 1TB",
	 .disk_kb = 1000204886},
	{.chassis_model = "NUC14RVHv7",
	 .chassis_version = "M91337-400",
	 .board_model = "NUC14RVBv7",
	 .board_version = "M91330-400",
	 .bios_version = "RVMTLV57.0041.2024.0129.1015",
	 .bios_date = "2024-01-29T00:00:00Z",
	 .cpu = "Intel(R) Core(TM) Ultra 7 165H",
	 .cpu_family = 198,
	 .cpu_mhz = 1400,
	 .cpu_max_mhz = 5000,
	 .cpu_upgrade = 1,
	 .memory_type = 34,
	 .memory_form = 13,
	 .memory_mhz = 5600,
	 .memory_maker = "Micron Technology",
	 .memory_part = "CT16G56C46S5.M8G1   ",
	 .memory_modules = 2,
	 .memory_bytes = 16 * GB,
	 .disk_model = "WD_BLACK SN770 1TB",
	 .disk_kb = 1000204886},
};

const struct profile profiles[] = {
#define PROFILE(name, major, minor, version, build, server, least, most, qop, flags, source)                           \
	{name, major, minor, version, build, server, least, most, qop, flags, source},
#include "profile.tbl.h"
#undef PROFILE
};
const size_t profile_count = ARRAY_LEN(profiles);
_Static_assert(ARRAY_LEN(profiles) == ARRAY_LEN(hardware), "one computer model per profile");

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < profile_count; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

const struct hardware *profile_hardware(const struct profile *p)
{
	ASSERT(p >= profiles && p < profiles + profile_count);
	return &hardware[p - profiles];
}

unsigned profile_version(const struct profile *p)
{
	return PROFILE_VERSION(p->major, p->minor);
}

const struct profile *profile_mixed(size_t i)
{
	static const char *const order[] = {"11.8", "12", "16.1",          "8.1", "15",          "9.5",
					    "7.1",  "18", "11.8-notebook", "5.2", "15-notebook", "2.6"};

	return profile_find(order[i % ARRAY_LEN(order)]);
}

/* IG, "Intel AMT and Security Considerations": CSME 15.0 (H), then all from 16.0. */
bool profile_wants_sha2(const struct profile *p)
{
	return p->major >= 16 || (p->major == 15 && !(p->flags & NOTEBOOK));
}

bool profile_answers_ping(const struct profile *p, bool configured, bool ping_16)
{
	unsigned v = profile_version(p);

	if (v < PROFILE_VERSION(4, 0))
		return false;
	if (!configured && v < PROFILE_VERSION(6, 1))
		return false;
	return ping_16 || v < PROFILE_VERSION(16, 1);
}

/* IG, "Discovering an Intel AMT device": DASH in data byte 9 for 4.x to 5.0, in byte 10 from 5.1. */
uint8_t profile_ping_entities(const struct profile *p)
{
	return profile_version(p) <= PROFILE_VERSION(5, 0) ? RMCP_ENTITIES_ASF | RMCP_ENTITIES_DASH : RMCP_ENTITIES_ASF;
}

uint8_t profile_ping_interactions(const struct profile *p)
{
	return profile_version(p) <= PROFILE_VERSION(5, 0) ? 0 : RMCP_INTERACTIONS_DASH;
}

/* Recorded: 10 8 5 11 (11.8.50, no LMS) and 10 8 5 11 4 7 14 12 (12 and later with LMS). The rest follows from what
 * each request is valid for. */
const uint8_t *profile_power_states(const struct profile *p, unsigned power_state, bool lms)
{
	static const uint8_t on_old[] = {10, 8, 5, 0}, on[] = {10, 8, 5, 11, 0};
	static const uint8_t on_lms[] = {10, 8, 5, 11, 4, 7, 14, 12, 0}, asleep[] = {2, 8, 0}, off[] = {2, 0};

	if (power_state == 3 || power_state == 4)
		return asleep;
	if (power_state != 2)
		return off;
	if (p->major < 9)
		return on_old;
	return lms && (p->flags & PROFILE_LMS) ? on_lms : on;
}
