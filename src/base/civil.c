#include "base/civil.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/base.h"
#include "base/cursor.h"
#include "base/text.h"

int64_t civil_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Counted in eras of 400 years (146,097 days) that begin on the first of March, so that a leap day is the last day of
 * its year. */
int64_t civil_to_days(struct civil c)
{
	int64_t year = c.month <= 2 ? c.year - 1 : c.year;
	int64_t era = civil_floor_div(year, 400), of_era = year - era * 400;
	int64_t month_from_march = (c.month + 9) % 12;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + c.day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
}

struct civil civil_from_days(int64_t days)
{
	days += 719468;
	int64_t era = civil_floor_div(days, 146097), of_era = days - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t day_of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	struct civil c = {.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
	c.month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	c.year = year + era * 400 + (c.month <= 2);
	return c;
}

int civil_month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

int civil_weekday(int64_t days)
{
	int64_t since_monday = days + 3; /* 1970-01-01 was a Thursday */
	return (int)(since_monday - civil_floor_div(since_monday, 7) * 7);
}

bool civil_is_date(int64_t year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= civil_month_days(year, month);
}

/* Exactly len digits. */
static bool read_number(struct cursor *c, size_t len, int *ret)
{
	uint64_t v;
	if (!text_to_u64(cursor_take(c, len), &v))
		return false;
	*ret = (int)v;
	return true;
}

bool civil_parse_date(struct bytes text, int64_t *ret_days)
{
	struct cursor c;
	int year, month, day;
	cursor_init(&c, text);
	if (!read_number(&c, 4, &year) || cursor_u8(&c) != '-' || !read_number(&c, 2, &month) || cursor_u8(&c) != '-' ||
	    !read_number(&c, 2, &day) || cursor_left(&c) || !civil_is_date(year, month, day))
		return false;
	*ret_days = civil_to_days((struct civil){year, month, day});
	return true;
}

bool civil_parse_time(struct bytes text, int *ret_minute)
{
	struct cursor c;
	int hour, minute;
	cursor_init(&c, text);
	if (!read_number(&c, 2, &hour) || cursor_u8(&c) != ':' || !read_number(&c, 2, &minute) || cursor_left(&c) ||
	    hour > 23 || minute > 59)
		return false;
	*ret_minute = hour * 60 + minute;
	return true;
}

void civil_date_text(int64_t days, char to[CIVIL_DATE_SIZE])
{
	struct civil c = civil_from_days(days);
	(void)snprintf(to, CIVIL_DATE_SIZE, "%04d-%02d-%02d", (int)c.year, c.month, c.day);
}

void civil_text(int64_t wall_clock_s, char to[CIVIL_TEXT_SIZE])
{
	int64_t days = civil_floor_div(wall_clock_s, CIVIL_DAY_S);
	int minute = (int)((wall_clock_s - days * CIVIL_DAY_S) / 60);
	char date[CIVIL_DATE_SIZE];
	civil_date_text(days, date);
	(void)snprintf(to, CIVIL_TEXT_SIZE, "%sT%02d:%02d", date, minute / 60, minute % 60);
}
