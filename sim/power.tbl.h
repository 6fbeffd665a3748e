/* power.tbl.h - the power requests of CIM_PowerManagementService.RequestPowerStateChange (DSP1027, Intel AMT guide).
 *
 * POWER_REQUEST(id, code, "act", states in which it is accepted, needs LMS, first major version, audit event, steps)
 *
 * States: ON, ASLEEP (S3), HIBERNATED (S4), OFF (S5). The steps are the states that follow, in order; REBOOT stands for
 * a boot without leaving S0. Audit events are those of application 17. */

/* clang-format off */
POWER_REQUEST(ON,         2, "on",          ASLEEP | HIBERNATED | OFF, 0, 2,  0, {POWER_ON})
POWER_REQUEST(SLEEP,      4, "sleep",       ON,                        1, 9,  7, {POWER_ASLEEP})
POWER_REQUEST(CYCLE,      5, "cycle",       ON,                        0, 2,  2, {POWER_OFF, POWER_ON})
POWER_REQUEST(HIBERNATE,  7, "hibernate",   ON,                        1, 9,  8, {POWER_HIBERNATED})
POWER_REQUEST(OFF,        8, "off",         ON | ASLEEP | HIBERNATED,  0, 2,  1, {POWER_OFF})
POWER_REQUEST(RESET,     10, "reset",       ON,                        0, 2,  3, {POWER_ON})
POWER_REQUEST(NMI,       11, "nmi",         ON,                        0, 9,  9, {0})
POWER_REQUEST(SOFT_OFF,  12, "soft-off",    ON,                        1, 9,  5, {POWER_OFF})
POWER_REQUEST(SOFT_RESET,14, "soft-reset",  ON,                        1, 9,  6, {POWER_ON})
/* clang-format on */
