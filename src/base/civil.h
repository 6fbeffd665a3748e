/* civil.h - dates of the Gregorian calendar, and wall-clock readings as plain numbers.
 *
 * A day is counted from 1970-01-01 (day 0); a reading of a wall clock is the seconds from 1970-01-01T00:00 on that very
 * clock, as if it never were put forward or back. No time zones here (codec/tzif.h), no asking for the time
 * (base/clock.h). Pure; any thread. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include "base/buf.h"

#define CIVIL_DAY_S INT64_C(86400)

struct civil {
	int64_t year;
	int month, day; /* from 1 */
};

int64_t civil_floor_div(int64_t a, int64_t b); /* rounds down, also below zero; b > 0 */
int64_t civil_to_days(struct civil c);         /* c is a date that exists */
struct civil civil_from_days(int64_t days);
int civil_month_days(int64_t year, int month); /* 28 to 31 */
int civil_weekday(int64_t days);               /* 0 Monday .. 6 Sunday (ISO 8601) */
bool civil_is_date(int64_t year, int month, int day);

/* "2027-03-28": a date that exists, years 0000 to 9999; all of the input or nothing. */
bool civil_parse_date(struct bytes text, int64_t *ret_days);
/* "07:30": minutes from midnight, up to 23:59. */
bool civil_parse_time(struct bytes text, int *ret_minute);

#define CIVIL_DATE_SIZE 16
#define CIVIL_TEXT_SIZE 32
void civil_date_text(int64_t days, char to[CIVIL_DATE_SIZE]);    /* "2027-03-28"; years 0 to 9999 */
void civil_text(int64_t wall_clock_s, char to[CIVIL_TEXT_SIZE]); /* "2027-03-28T02:30": minutes, seconds cut off */

#endif
