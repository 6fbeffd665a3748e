/* clockwork.h - schedules in simulated time: devices that do at once what they are told, an independent calculation of
 * when what is due, and a zone that loses its process, its memory and its clock on the way.
 *
 * The oracle knows nothing of codec/recur or codec/tzif: it counts days itself and asks the C library for Berlin's
 * offset. It follows which device is in which folder when a due time is handled, so that it can say for every device
 * and due time how many commands there must be. Orders are counted when they are let go to the device. */
#ifndef TESTS_ZONE_CLOCKWORK_H
#define TESTS_ZONE_CLOCKWORK_H

#include "base/rng.h"
#include "harness.h"

#define CLOCKWORK_ZONE "Europe/Berlin"

struct clockwork;

struct clockwork *clockwork_new(struct harness *h, uint64_t seed, int folders, int per_folder);
void clockwork_free(struct clockwork *w);
/* An entry of one folder (from 0): every day whose weekday bit (0 Monday) and whose day of the month (0: any, 32: the
 * last) fit, at this minute. */
void clockwork_entry(struct clockwork *w, int folder, const char *verb, unsigned weekdays, int month_day, int minute);
struct clockwork_chances {
	int crashes;               /* in all, at random moments of work */
	int moves, steps, outages; /* in all, spread over the time */
};
/* From the clock's present time for so many days; then every device and due time has exactly the commands that the
 * oracle says. */
void clockwork_run(struct clockwork *w, int days, const struct clockwork_chances *c);
/* The process dies at the n-th round that writes (from 1), before its commit or right behind it. */
void clockwork_crash_at(struct clockwork *w, unsigned n, bool after_commit);
unsigned clockwork_rounds(const struct clockwork *w);
unsigned clockwork_crashes(const struct clockwork *w);
unsigned clockwork_commands(const struct clockwork *w);

#endif
