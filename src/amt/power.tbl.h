/* power.tbl.h - POWER_STATE(name, CIM number, "word for people", is on, is off): values of PowerState of
 * CIM_AssociatedPowerManagementService (DSP1027). UNKNOWN: never read. Sleep and hibernate are neither on nor off. */
/* clang-format off */
POWER_STATE(UNKNOWN,     0, "unknown",   false, false)
POWER_STATE(OTHER,       1, "other",     false, false)
POWER_STATE(ON,          2, "on",        true,  false)
POWER_STATE(LIGHT_SLEEP, 3, "sleep",     false, false)
POWER_STATE(DEEP_SLEEP,  4, "sleep",     false, false)
POWER_STATE(CYCLE_SOFT,  5, "cycling",   false, false)
POWER_STATE(OFF_HARD,    6, "off",       false, true)
POWER_STATE(HIBERNATE,   7, "hibernate", false, false)
POWER_STATE(OFF_SOFT,    8, "off",       false, true)
POWER_STATE(CYCLE_HARD,  9, "cycling",   false, false)
/* clang-format on */
