#include "zone/crash.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/text.h"
#include "zone/zone_priv.h"

static const char *const names[CRASH_POINT_COUNT] = {
#define CRASH_POINT(NAME, name, what) [CRASH_##NAME] = name,
	CRASH_POINTS
#undef CRASH_POINT
};

void crash_mark(struct zone *z, enum crash_point p)
{
	z->crash_marks |= 1u << p;
}

/* Counts down to the time that was asked for; the only state of its kind, in test builds alone. */
static bool is_the_time(struct bytes wanted)
{
	static uint64_t left;
	uint64_t n = 1;
	const uint8_t *colon = memchr(wanted.p, ':', wanted.len);
	if (colon && !text_to_u64(BYTES(colon + 1, wanted.len - (size_t)(colon + 1 - wanted.p)), &n))
		return false;
	if (!left)
		left = n ? n : 1;
	return --left == 0;
}

static bool names_place(struct bytes wanted, const char *when, const char *name)
{
	struct bytes place = wanted;
	const uint8_t *colon = memchr(wanted.p, ':', wanted.len);
	if (colon)
		place.len = (size_t)(colon - wanted.p);
	size_t when_len = strlen(when);
	return bytes_starts_with(place, when) && bytes_equal_str(BYTES(place.p + when_len, place.len - when_len), name);
}

void crash_here(const struct zone *z, bool committed)
{
	const char *env = z->deps.crash_points && z->crash_marks ? getenv("LAMPD_CRASH") : NULL;
	if (!env || !*env)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (z->crash_marks & 1u << i &&
		    names_place(bytes_str(env), committed ? "after-" : "before-", names[i]) &&
		    is_the_time(bytes_str(env)))
			(void)kill(getpid(), SIGKILL); /* does not return */
}
