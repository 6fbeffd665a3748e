/* ical.h - black-out ranges from a calendar file (iCalendar, RFC 5545): holidays, maintenance.
 *
 * Each event gives the ranges that it covers: whole days by the wall clock of whoever asks; times in UTC or in a time
 * zone as instants of UTC (by our own tzif, whatever time zone definitions the file brings along); times without a zone
 * by the wall clock. What recurs is expanded within the range that is asked for. Alarms, to-dos, attendees, categories
 * and the rest are not looked at, "transparent" neither (holiday calendars say it of all their events); cancelled
 * events are left out. An event that moves one time of another (RECURRENCE-ID) replaces it.
 *
 * Lines and properties are libical's to read, event by event, each within bounds. Recurrences are expanded here: in
 * libical a rule that never fires runs for a second, and one that does by the hour for six. Taken are FREQ=YEARLY,
 * MONTHLY, WEEKLY and DAILY with INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY, BYYEARDAY and WKST as RFC 5545
 * 3.3.10 combines them, RDATE and EXDATE; the rest is refused by name. DTSTART is a time of its own always. Any thread.
 */
#ifndef CODEC_ICAL_H
#define CODEC_ICAL_H

#include "codec/recur.h"

struct arena;

#define ICAL_TEXT_MAX   (8 << 20)
#define ICAL_EVENTS_MAX 10000
#define ICAL_EVENT_MAX  (16 * 1024) /* bytes of what is looked at of one event */
#define ICAL_DEPTH_MAX  8           /* components in components */
#define ICAL_DATES_MAX  400 /* RDATE and EXDATE of one event; libical leaves out what follows the 500th of a line */
#define ICAL_RANGES_MAX 20000
#define ICAL_STEPS_MAX  5000000 /* days looked at for all recurrences together: some tenths of a second */
#define ICAL_NAME_MAX   120     /* bytes of a name; longer ones are cut */

struct ical {
	struct recur_out *v; /* as recur_outs_sort leaves them; names belong to this struct */
	size_t len;
	size_t events;    /* in the file */
	size_t cancelled; /* of them: said to be cancelled */
	size_t empty;     /* of them: without any length */
	struct arena *names;
};

/* Ranges of text that lie at least partly in from_s .. to_s (read as UTC and as wall clock alike; a day more or less
 * does not matter to the caller). ERR_INVALID, ERR_UNSUPPORTED or ERR_TOO_BIG with a sentence that names the event and
 * its line; *ret is filled on success only. Asks zones for the time zones that events name. */
int ical_read(struct bytes text, struct tz_cache *zones, int64_t from_s, int64_t to_s, struct ical *ret, struct err *e);
void ical_release(struct ical *c);

#endif
