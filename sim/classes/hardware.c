/* The computer around the controller. Recorded: a NUC9 with AMT 12; order of pulls from captures of 11.8.50. */
#include "base/base.h"
#include "classes/classes.h"

static const struct hardware *hw(const struct get *g)
{
	return profile_hardware(g->p);
}

static void serial(const struct get *g, struct values *to, const char *what)
{
	char text[DEVICE_TEXT_SIZE];

	device_serial(g->s, g->d, what, text);
	values_str(to, text);
}

static void chassis_model(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->chassis_model);
}

static void chassis_version(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->chassis_version);
}

static void chassis_serial(const struct get *g, struct values *to)
{
	serial(g, to, "chassis");
}

static void chassis_type(const struct get *g, struct values *to)
{
	values_u64(to, g->p->flags & PROFILE_NOTEBOOK ? 10 : 0);
}

static const struct prop chassis_props[] = {
	MADE("ChassisPackageType", INT, chassis_type),
	KEY("CreationClassName", "CIM_Chassis"),
	FIXED("ElementName", STR, "Managed System Chassis"),
	FIXED("Manufacturer", STR, "Intel(R) Client Systems"),
	MADE("Model", STR, chassis_model),
	LIST("OperationalStatus", INT, "0"),
	FIXED("PackageType", INT, "3"),
	MADE("SerialNumber", STR, chassis_serial),
	KEY("Tag", "CIM_Chassis"),
	MADE("Version", STR, chassis_version),
};

static const struct class chassis = {
	.name = "CIM_Chassis", CLASS_PROPS(chassis_props), .instances = 1, .flags = CLASS_COMMON};

static void board_model(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->board_model);
}

static void board_version(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->board_version);
}

static void board_serial(const struct get *g, struct values *to)
{
	serial(g, to, "board");
}

static const struct prop card_props[] = {
	FIXED("CanBeFRUed", BOOL, "true"),
	KEY("CreationClassName", "CIM_Card"),
	FIXED("ElementName", STR, "Managed System Base Board"),
	FIXED("Manufacturer", STR, "Intel Corporation"),
	MADE("Model", STR, board_model),
	LIST("OperationalStatus", INT, "0"),
	FIXED("PackageType", INT, "9"),
	MADE("SerialNumber", STR, board_serial),
	KEY("Tag", "CIM_Card"),
	MADE("Version", STR, board_version),
};

static const struct class card = {.name = "CIM_Card", CLASS_PROPS(card_props), .instances = 1, .flags = CLASS_COMMON};

static void bios_version(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->bios_version);
}

static void bios_date(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->bios_date);
}

static const struct prop bios_props[] = {
	FIXED("ElementName", STR, "Primary BIOS"),
	FIXED("Manufacturer", STR, "Intel Corp."),
	KEY("Name", "Primary BIOS"),
	LIST("OperationalStatus", INT, "0"),
	FIXED("PrimaryBIOS", BOOL, "true"),
	MADE("ReleaseDate", DATETIME, bios_date),
	{"SoftwareElementID", PROP_STR, PROP_KEY, .make = bios_version},
	{"SoftwareElementState", PROP_INT, PROP_KEY, .value = "2"},
	{"TargetOperatingSystem", PROP_INT, PROP_KEY, .value = "66"},
	{"Version", PROP_STR, PROP_KEY, .make = bios_version},
};

static const struct class bios = {
	.name = "CIM_BIOSElement", CLASS_PROPS(bios_props), .instances = 1, .flags = CLASS_COMMON};

static const struct prop feature_props[] = {
	LIST("Characteristics", INT, "7|11|12|27|28|29|31"),
	FIXED("ElementName", STR, "Primary BIOS Features"),
	{"IdentifyingNumber", PROP_STR, PROP_KEY, .make = chassis_version},
	KEY("Name", "Primary BIOS Features"),
	LIST("OperationalStatus", INT, "0"),
	MADE("ProductName", STR, chassis_model),
	FIXED("Vendor", STR, "Intel(R) Client Systems"),
	MADE("Version", STR, chassis_version),
};

static const struct class bios_feature = {
	.name = "CIM_BIOSFeature", CLASS_PROPS(feature_props), .instances = 1, .flags = CLASS_COMMON};

static void cpu_mhz(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->cpu_mhz);
}

static void cpu_max_mhz(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->cpu_max_mhz);
}

static void cpu_family(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->cpu_family);
}

static void cpu_upgrade(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->cpu_upgrade);
}

static const struct prop processor_props[] = {
	FIXED("CPUStatus", INT, "1"),
	KEY("CreationClassName", "CIM_Processor"),
	MADE("CurrentClockSpeed", INT, cpu_mhz),
	KEY("DeviceID", "CPU 0"),
	FIXED("ElementName", STR, "Managed System CPU"),
	FIXED("EnabledState", INT, "2"),
	FIXED("ExternalBusClockSpeed", INT, "100"),
	MADE("Family", INT, cpu_family),
	FIXED("HealthState", INT, "0"),
	MADE("MaxClockSpeed", INT, cpu_max_mhz),
	LIST("OperationalStatus", INT, "0"),
	FIXED("OtherFamilyDescription", STR, ""),
	FIXED("RequestedState", INT, "12"),
	FIXED("Role", STR, "Central"),
	FIXED("Stepping", STR, "13"),
	IN_HOST,
	MADE("UpgradeMethod", INT, cpu_upgrade),
};

static const struct class processor = {
	.name = "CIM_Processor", CLASS_PROPS(processor_props), .instances = 1, .flags = CLASS_COMMON};

static void cpu_brand(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->cpu);
}

static const struct prop chip_props[] = {
	FIXED("CanBeFRUed", BOOL, "true"),
	KEY("CreationClassName", "CIM_Chip"),
	FIXED("ElementName", STR, "Managed System Processor Chip"),
	FIXED("Manufacturer", STR, "Intel(R) Corporation"),
	LIST("OperationalStatus", INT, "0"),
	KEY("Tag", "CPU 0"),
	MADE("Version", STR, cpu_brand),
};

static const char *const chip_members[] = {"CIM_Chip", "CIM_PhysicalMemory", NULL};
static const struct class chip = {
	.name = "CIM_Chip", CLASS_PROPS(chip_props), .instances = 1, .members = chip_members, .flags = CLASS_COMMON};

static uint32_t memory_modules(const struct get *g)
{
	return hw(g)->memory_modules;
}

static void memory_bank(const struct get *g, struct values *to)
{
	values_fmt(to, "BANK %u", g->instance * 2);
}

static void memory_capacity(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->memory_bytes);
}

static void memory_mhz(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->memory_mhz);
}

static void memory_form(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->memory_form);
}

static void memory_maker(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->memory_maker);
}

static void memory_type(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->memory_type);
}

static void memory_part(const struct get *g, struct values *to)
{
	values_str(to, hw(g)->memory_part);
}

static void memory_serial(const struct get *g, struct values *to)
{
	values_fmt(to, "%08X", (unsigned)(device_hash(g->s, g->d, "memory") + g->instance * 0x600));
}

/* The asset tag that nobody has set is the same on all modules, so firmware numbers the doubles. */
static void memory_tag(const struct get *g, struct values *to)
{
	if (g->instance == 0)
		values_str(to, "9876543210");
	else
		values_fmt(to, "9876543210 (#%u)", g->instance);
}

static const struct prop memory_props[] = {
	MADE("BankLabel", STR, memory_bank),
	MADE("Capacity", INT, memory_capacity),
	{"ConfiguredMemoryClockSpeed", PROP_INT, 0, SINCE(9, 0), .make = memory_mhz},
	KEY("CreationClassName", "CIM_PhysicalMemory"),
	FIXED("ElementName", STR, "Managed System Memory Chip"),
	MADE("FormFactor", INT, memory_form),
	{"IsSpeedInMhz", PROP_BOOL, 0, SINCE(9, 0), .value = "true"},
	MADE("Manufacturer", STR, memory_maker),
	{"MaxMemorySpeed", PROP_INT, 0, SINCE(9, 0), .make = memory_mhz},
	MADE("MemoryType", INT, memory_type),
	MADE("PartNumber", STR, memory_part),
	MADE("SerialNumber", STR, memory_serial),
	{"Speed", PROP_INT, 0, UNTIL(9, 0), .make = memory_mhz},
	{"Speed", PROP_INT, 0, SINCE(9, 0), .value = "0"},
	MADE_KEY("Tag", memory_tag),
};

static const struct class memory = {
	.name = "CIM_PhysicalMemory", CLASS_PROPS(memory_props), .count = memory_modules, .flags = CLASS_COMMON};

/* Disks: CIM_MediaAccessDevice and its CIM_PhysicalPackage. */

static void disk_size(const struct get *g, struct values *to)
{
	values_u64(to, hw(g)->disk_kb);
}

static const struct prop media_props[] = {
	LIST("Capabilities", INT, "4"),
	KEY("CreationClassName", "CIM_MediaAccessDevice"),
	KEY("DeviceID", "MEDIA DEV 0"),
	FIXED("ElementName", STR, "Managed System Media Access Device"),
	FIXED("EnabledDefault", INT, "2"),
	FIXED("EnabledState", INT, "0"),
	MADE("MaxMediaSize", INT, disk_size),
	LIST("OperationalStatus", INT, "0"),
	FIXED("RequestedState", INT, "12"),
	FIXED("Security", INT, "2"),
	IN_HOST,
};

static const struct class media = {
	.name = "CIM_MediaAccessDevice", CLASS_PROPS(media_props), .instances = 1, .flags = CLASS_COMMON};

static void disk_model(const struct get *g, struct values *to)
{
	values_fmt(to, "%-40s", hw(g)->disk_model);
}

static void disk_serial(const struct get *g, struct values *to)
{
	char text[DEVICE_TEXT_SIZE];

	device_serial(g->s, g->d, "disk", text);
	values_fmt(to, "%20s", text);
}

static const struct prop storage_props[] = {
	FIXED("CanBeFRUed", BOOL, "true"),
	KEY("CreationClassName", "CIM_PhysicalPackage"),
	FIXED("ElementName", STR, "Managed System Storage Media Package"),
	FIXED("Manufacturer", STR, ""),
	MADE("Model", STR, disk_model),
	LIST("OperationalStatus", INT, "0"),
	FIXED("PackageType", INT, "15"),
	MADE("SerialNumber", STR, disk_serial),
	KEY("Tag", "Storage Media Package 0"),
};

static const char *const package_members[] = {"CIM_Card", "CIM_PhysicalPackage", "CIM_Chassis", NULL};
static const struct class physical_package = {.name = "CIM_PhysicalPackage",
					      CLASS_PROPS(storage_props),
					      .instances = 1,
					      .members = package_members,
					      .flags = CLASS_COMMON};

/* CIM_Battery: notebooks only. */

static void battery_charge(const struct get *g, struct values *to)
{
	values_u64(to, 40 + device_hash(g->s, g->d, "battery") % 60);
}

static const struct prop battery_props[] = {
	FIXED("BatteryStatus", INT, "2"),      FIXED("ChargingStatus", INT, "0"),
	FIXED("Chemistry", INT, "6"),          KEY("CreationClassName", "CIM_Battery"),
	FIXED("DesignCapacity", INT, "57020"), FIXED("DesignVoltage", INT, "11550"),
	KEY("DeviceID", "CC03056XL"),          FIXED("ElementName", STR, ""),
	FIXED("EnabledState", INT, "2"),       MADE("EstimatedChargeRemaining", INT, battery_charge),
	FIXED("FullChargeCapacity", INT, "0"), FIXED("HealthState", INT, "0"),
	FIXED("RequestedState", INT, "2"),     IN_HOST,
};

static const struct class battery = {.name = "CIM_Battery",
				     CLASS_PROPS(battery_props),
				     .instances = 1,
				     .needs = PROFILE_NOTEBOOK,
				     .flags = CLASS_COMMON};

static const struct prop fan_props[] = {
	FIXED("ActiveCooling", BOOL, "true"),  KEY("CreationClassName", "CIM_Fan"),
	FIXED("DesiredSpeed", INT, "0"),       KEY("DeviceID", "Fan 0"),
	FIXED("ElementName", STR, "Fan"),      FIXED("EnabledState", INT, "5"),
	FIXED("HealthState", INT, "5"),        LIST("OperationalStatus", INT, "2"),
	FIXED("RequestedState", INT, "12"),    IN_HOST,
	FIXED("VariableSpeed", BOOL, "false"),
};

static const struct class fan = {.name = "CIM_Fan", CLASS_PROPS(fan_props), .instances = 1, .flags = CLASS_COMMON};

static const struct prop sensor_props[] = {
	KEY("CreationClassName", "CIM_Sensor"),
	FIXED("CurrentState", STR, "Unknown"),
	KEY("DeviceID", "Sensor 1"),
	FIXED("ElementName", STR, "Sensor"),
	FIXED("EnabledState", INT, "5"),
	FIXED("HealthState", INT, "5"),
	LIST("OperationalStatus", INT, "2"),
	LIST("PossibleStates", STR, "Bad|Good|Unknown"),
	FIXED("RequestedState", INT, "12"),
	FIXED("SensorType", INT, "0"),
	IN_HOST,
};

static const struct class sensor = {
	.name = "CIM_Sensor", CLASS_PROPS(sensor_props), .instances = 1, .flags = CLASS_COMMON | CLASS_EMPTY_PULL};

const struct class *const classes_hardware[] = {
	&chassis,          &card,    &bios, &bios_feature, &processor, &chip, &memory, &media,
	&physical_package, &battery, &fan,  &sensor,       NULL,
};
