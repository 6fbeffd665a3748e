/* verb.tbl.h - what can be asked of a device.
 *
 * VERB(name, number, POWER_STATE that is ordered (0: none), changes power, may lose work, "sentence")
 * The number is stored in the database and never reused. What changes power has a gate in its flow and is never
 * repeated by the runner; what may lose work is confirmed first and kept from protected devices. Order codes:
 * DSP1027 / CIM_PowerManagementService.RequestPowerStateChange. */
/* clang-format off */
VERB(STATUS, 1, 0,  false, false, "Read the power state.")
VERB(ON,     2, 2,  true,  false, "Switch on.")
VERB(OFF,    3, 8,  true,  true,  "Switch off at once, without asking the operating system.")
VERB(RESET,  4, 10, true,  true,  "Reset at once, power stays on, without asking the operating system.")
VERB(CYCLE,  5, 5,  true,  true,  "Take power away and give it back, without asking the operating system.")
VERB(TEST,   6, 0,  false, false, "Test the connection: reachability, port, login, firmware version, mode, TLS.")
VERB(UNBOOT, 7, 0,  false, false, "Take back a boot choice that may have stayed in the device.")
VERB(ADOPT,  8, 0,  false, false, "Take over a device whose password is known.")
VERB(PROVISION,   9,  0, false, false, "Set AMT up.")
VERB(UNPROVISION, 10, 0, false, true,  "Take AMT down: the device can no longer be managed until it is set up again.")
/* clang-format on */
