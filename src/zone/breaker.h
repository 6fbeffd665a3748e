/* breaker.h - the breaker of one subnet: when most of its addresses cannot be connected to, one try at a time is let
 * through, so that a switch or route that is down costs no storm of connects.
 *
 * It remembers of each of 256 places (the last byte of an IPv4 address) whether the last conversation reached it. That
 * is the share of devices and not of tries: dead devices are tried more often than healthy ones, and their failures
 * come back earlier (refused) or later (silent) than the successes of the same herd, so the last tries in a row would
 * tell a wrong share. A place whose first conversation is still under way counts as not failed.
 *
 * Pure: time comes in. One thread. */
#ifndef ZONE_BREAKER_H
#define ZONE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_PLACES 256
#define BREAKER_LEAST  20 /* places tried before it may open */

struct breaker_rule {
	unsigned share;   /* percent of the tried places that opens it; 0: never */
	int64_t pause_ms; /* between two tries while it is open */
};

struct breaker {
	uint64_t tried[BREAKER_PLACES / 64], failed[BREAKER_PLACES / 64];
	bool open;
	bool may_try;   /* open: the next try is due */
	int64_t try_at; /* open and not may_try: when it is */
};

enum breaker_change {
	BREAKER_SAME,
	BREAKER_OPENED,
	BREAKER_CLOSED,
};

bool breaker_lets_through(const struct breaker *b);
/* A conversation with this place starts. Open: the next one is let through a pause later. */
void breaker_start(struct breaker *b, uint8_t place, const struct breaker_rule *rule, int64_t now);
/* How a conversation ended. A success of one that started while the breaker was open closes it, and what was counted
 * is forgotten: the count begins anew. */
enum breaker_change breaker_end(struct breaker *b, uint8_t place, bool reached, bool was_open,
				const struct breaker_rule *rule, int64_t now);
unsigned breaker_tried(const struct breaker *b);
unsigned breaker_failed(const struct breaker *b);

#endif
