#include "events.h"

#include "more.h"
#include "sim.h"

#include <string.h>

/* Sensor types, severities and entities: IPMI numbering, as the records of 11.8 and 12 use them. */
struct event {
	uint8_t sensor, offset, severity, entity, data[4];
};

static const struct event boot_events[] = {
	{15, 2, 1, 34, {0x40, 0x01}}, /* memory initialisation */
	{15, 2, 1, 34, {0x40, 0x07}}, /* PCI resource configuration */
	{15, 2, 1, 34, {0x40, 0x09}}, /* video initialisation */
	{15, 2, 1, 34, {0x40, 0x13}}, /* operating system boot */
};
static const struct event past_events[] = {
	{15, 2, 1, 34, {0x40, 0x13}}, {6, 5, 16, 38, {0xaa, 0x01, 0x00}},  {15, 2, 1, 34, {0x40, 0x07}},
	{5, 0, 8, 23, {0xaa, 0x00}},  {192, 0, 2, 38, {0xaa, 0x30, 0x00}},
};

static void encode(uint32_t at, const struct event *ev, uint8_t to[EVENTS_RECORD])
{
	memset(to, 0, EVENTS_RECORD);
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(at >> 8 * i);
	to[4] = 0xff; /* device address: none */
	to[5] = ev->sensor;
	to[6] = 0x6f; /* sensor specific */
	to[7] = ev->offset;
	to[8] = 0x68; /* event source, as in every recorded sample */
	to[9] = ev->severity;
	to[10] = 0xff; /* sensor number: not specified */
	to[11] = ev->entity;
	memcpy(to + 13, ev->data, sizeof(ev->data));
}

/* Three to ten records of earlier days. */
static uint32_t past_count(const struct sim *s, const struct device *d)
{
	if (d->more && d->more->events_cleared)
		return 0;
	return 3 + (uint32_t)(device_hash(s, d, "events") % 8);
}

uint32_t events_count(const struct sim *s, const struct device *d)
{
	uint32_t n = past_count(s, d) + (d->more ? d->more->events.count : 0);

	return n < EVENTS_MAX ? n : EVENTS_MAX;
}

/* The i-th newest record of earlier days; the first lies 2 to 5 hours before the first of March 2024. */
static void past_at(const struct sim *s, const struct device *d, uint32_t i, uint8_t to[EVENTS_RECORD])
{
	uint64_t h = device_hash(s, d, "events") >> 8;
	uint32_t at = 1709251200u - (uint32_t)(h % 10800) - 7200 - i * 86413u;

	encode(at, &past_events[(h + i) % (sizeof(past_events) / sizeof(past_events[0]))], to);
}

void events_at(const struct sim *s, const struct device *d, uint32_t i, uint8_t to[EVENTS_RECORD])
{
	uint32_t fresh = d->more ? d->more->events.count : 0;
	struct bytes record;

	if (i >= fresh) {
		past_at(s, d, i - fresh, to);
		return;
	}
	record = log_at(&d->more->events, fresh - 1 - i);
	memcpy(to, record.p, EVENTS_RECORD);
}

void events_clear(struct device *d)
{
	struct more *m = more_get(d);

	log_clear(&m->events);
	m->events_cleared = true;
}

static void add(struct sim *s, struct device *d, const struct event *ev)
{
	uint8_t record[EVENTS_RECORD];

	if (d->more && d->more->events_frozen)
		return;
	encode((uint32_t)device_clock_s(s, d), ev, record);
	log_add(&more_get(d)->events, record, EVENTS_RECORD, EVENTS_MAX);
}

void events_boot(struct sim *s, struct device *d)
{
	for (size_t i = 0; i < sizeof(boot_events) / sizeof(boot_events[0]); i++)
		add(s, d, &boot_events[i]);
}

void events_failed_login(struct sim *s, struct device *d, unsigned times)
{
	struct event ev = {6, 5, 16, 38, {0xaa, (uint8_t)times, (uint8_t)(times >> 8)}};

	add(s, d, &ev);
}
