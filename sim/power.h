/* power.h - the power of a simulated host: which requests a state takes and what follows. No timers: the states to
 * come are written down with their times, and power_settle brings a host to the present when somebody looks. */
#ifndef SIM_POWER_H
#define SIM_POWER_H

#include <stdbool.h>
#include <stdint.h>

struct profile;
struct settings;

/* Numbers of CIM_AssociatedPowerManagementService.PowerState. */
enum power_state {
	POWER_ON = 2,         /* S0 */
	POWER_ASLEEP = 4,     /* S3 */
	POWER_HIBERNATED = 7, /* S4 */
	POWER_OFF = 8,        /* S5 */
};

enum power_act {
#define POWER_REQUEST(id, code, act, states, lms, since, audit, ...) POWER_ACT_##id,
#include "power.tbl.h"
#undef POWER_REQUEST
	POWER_ACT_COUNT
};

#define POWER_STEPS 2

struct power {
	int64_t at[POWER_STEPS]; /* when each step comes, mono ms */
	int64_t busy_until;      /* mono ms; 0: not busy */
	uint8_t step[POWER_STEPS];
	uint8_t steps;     /* still to come */
	uint8_t state;     /* enum power_state */
	uint8_t os_saving; /* IPS_PowerManagementService.OSPowerSavingState: 2 full power, 3 power saving */
	uint8_t session;   /* a redirection session is open: no off, no cycle */
	uint32_t boots;    /* since the controller started */
};

struct power_request {
	uint8_t code; /* of the request */
	const char *act;
	uint8_t states; /* bit set of power_state_bit */
	bool needs_lms;
	uint8_t since; /* major version */
	uint8_t audit; /* event of audit application 17 */
	uint8_t steps[POWER_STEPS];
};

extern const struct power_request power_requests[POWER_ACT_COUNT];

void power_init(struct power *p, enum power_state state);

/* Takes the steps that are due at now; ret_boots is how often the host booted in them. */
unsigned power_settle(struct power *p, int64_t now);

/* What a request is answered, without doing it: the ReturnValue (0: accepted; then *ret is the act). p is settled. */
uint32_t power_check(const struct power *p, const struct profile *profile, const struct settings *set, unsigned code,
		     int64_t now, enum power_act *ret);
/* Does an accepted act: writes down what follows. The answer leaves before the state changes. */
void power_start(struct power *p, enum power_act act, const struct settings *set, int64_t now);
/* By hand, at once, whatever the state. */
void power_force(struct power *p, enum power_state state);

const char *power_state_name(unsigned state);                        /* "on", "sleep", "hibernate", "off" */
bool power_state_from_name(const char *name, enum power_state *ret); /* also "sleep", "s0", "s3", "s4", "s5" */

#endif
