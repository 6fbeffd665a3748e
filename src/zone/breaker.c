#include "zone/breaker.h"

#include "base/base.h"

static unsigned count(const uint64_t bits[BREAKER_PLACES / 64])
{
	unsigned n = 0;
	for (size_t i = 0; i < BREAKER_PLACES / 64; i++)
		n += (unsigned)__builtin_popcountll(bits[i]);
	return n;
}

static void set_bit(uint64_t bits[BREAKER_PLACES / 64], uint8_t place, bool on)
{
	uint64_t bit = UINT64_C(1) << (place % 64);
	if (on)
		bits[place / 64] |= bit;
	else
		bits[place / 64] &= ~bit;
}

unsigned breaker_tried(const struct breaker *b)
{
	return count(b->tried);
}

unsigned breaker_failed(const struct breaker *b)
{
	return count(b->failed);
}

bool breaker_lets_through(const struct breaker *b)
{
	return !b->open || b->may_try;
}

static void pause_tries(struct breaker *b, const struct breaker_rule *rule, int64_t now)
{
	b->may_try = false;
	b->try_at = now + rule->pause_ms;
}

void breaker_start(struct breaker *b, uint8_t place, const struct breaker_rule *rule, int64_t now)
{
	set_bit(b->tried, place, true);
	if (b->open)
		pause_tries(b, rule, now);
}

enum breaker_change breaker_end(struct breaker *b, uint8_t place, bool reached, bool was_open,
				const struct breaker_rule *rule, int64_t now)
{
	set_bit(b->tried, place, true);
	set_bit(b->failed, place, !reached);
	if (b->open && was_open && reached) {
		*b = (struct breaker){.open = false};
		return BREAKER_CLOSED;
	}
	unsigned tried = breaker_tried(b);
	if (b->open || reached || !rule->share || tried < BREAKER_LEAST ||
	    breaker_failed(b) * 100 < rule->share * tried)
		return BREAKER_SAME;
	b->open = true;
	pause_tries(b, rule, now);
	return BREAKER_OPENED;
}
