#include "power.h"

#include "base/base.h"
#include "profile.h"
#include "setting.h"

#include <string.h>

#define ON         1
#define ASLEEP     2
#define HIBERNATED 4
#define OFF        8

const struct power_request power_requests[POWER_ACT_COUNT] = {
#define POWER_REQUEST(id, code, act, states, lms, since, audit, ...)                                                   \
	{code, act, states, lms, since, audit, __VA_ARGS__},
#include "power.tbl.h"
#undef POWER_REQUEST
};

/* CIM value map of state changes. */
enum { RV_OK = 0, RV_NOT_SUPPORTED = 1, RV_INVALID_PARAMETER = 5, RV_BUSY = 4099 };

static unsigned state_bit(unsigned state)
{
	switch (state) {
	case POWER_ON:
		return ON;
	case POWER_ASLEEP:
		return ASLEEP;
	case POWER_HIBERNATED:
		return HIBERNATED;
	default:
		return OFF;
	}
}

void power_init(struct power *p, enum power_state state)
{
	*p = (struct power){.state = (uint8_t)state, .os_saving = 2};
}

unsigned power_settle(struct power *p, int64_t now)
{
	unsigned boots = 0;

	while (p->steps > 0 && p->at[0] <= now) {
		/* Waking from S3 is no boot. */
		if (p->step[0] == POWER_ON && p->state != POWER_ASLEEP)
			boots++;
		p->state = p->step[0];
		p->os_saving = 2;
		p->step[0] = p->step[1];
		p->at[0] = p->at[1];
		p->steps--;
	}
	p->boots += boots;
	return boots;
}

static const struct power_request *find(unsigned code)
{
	for (size_t i = 0; i < POWER_ACT_COUNT; i++)
		if (power_requests[i].code == code)
			return &power_requests[i];
	return NULL;
}

/* A state that is on its way counts as busy: it would otherwise be left twice. */
static bool is_busy(const struct power *p, int64_t now)
{
	return now < p->busy_until || (p->steps > 0 && (p->step[0] != p->state || p->steps > 1));
}

uint32_t power_check(const struct power *p, const struct profile *profile, const struct settings *set, unsigned code,
		     int64_t now, enum power_act *ret)
{
	const struct power_request *r = find(code);

	if (!r)
		return code >= 1 && code <= 16 ? RV_NOT_SUPPORTED : RV_INVALID_PARAMETER;
	if (profile->major < r->since || (r->needs_lms && !(set->lms && (profile->flags & PROFILE_LMS))))
		return RV_NOT_SUPPORTED;
	if (is_busy(p, now))
		return RV_BUSY;
	if (!(r->states & state_bit(p->state)))
		return (uint32_t)set->invalid_transition;
	/* Intel AMT guide: an open redirection session blocks power off and power cycle, not reset. */
	if (p->session && (code == 8 || code == 5))
		return (uint32_t)set->invalid_transition;
	*ret = (enum power_act)(r - power_requests);
	return RV_OK;
}

void power_start(struct power *p, enum power_act act, const struct settings *set, int64_t now)
{
	const struct power_request *r = &power_requests[act];
	int64_t at = now + set->power_time;

	p->steps = 0;
	for (unsigned i = 0; i < POWER_STEPS && r->steps[i]; i++) {
		p->step[i] = r->steps[i];
		p->at[i] = at;
		at += set->cycle_time;
		p->steps++;
	}
	p->busy_until = set->busy_window ? now + set->busy_window : 0;
}

void power_force(struct power *p, enum power_state state)
{
	if (state == POWER_ON && p->state != POWER_ON && p->state != POWER_ASLEEP)
		p->boots++;
	p->state = (uint8_t)state;
	p->steps = 0;
	p->busy_until = 0;
}

static const struct {
	uint8_t state;
	const char *name, *also;
} names[] = {
	{POWER_ON, "on", "s0"},
	{POWER_ASLEEP, "sleep", "s3"},
	{POWER_HIBERNATED, "hibernate", "s4"},
	{POWER_OFF, "off", "s5"},
};

const char *power_state_name(unsigned state)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].state == state)
			return names[i].name;
	return "off";
}

bool power_state_from_name(const char *name, enum power_state *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i].name, name) == 0 || strcmp(names[i].also, name) == 0) {
			*ret = (enum power_state)names[i].state;
			return true;
		}
	return false;
}
