/* recur.h - when a schedule is due: from a rule to instants, and the rule as text.
 *
 * Pure and deterministic: the instant to start from and the time zone are parameters; nothing is asked, nothing kept.
 * It knows neither devices nor what is done when due. Any thread.
 *
 * CANONICAL TEXT. One line of words (codec/recur.tbl.h), in one order, so that two rules are the same exactly when
 * their texts are. It is stored in databases: what it says today it says for ever; words may be added, never changed.
 *
 *     none
 *     dates 2027-03-01,2027-12-24 at 07:30
 *     dates 2028-02-29 yearly at 07:30 utc
 *     weekly mon,tue,wed,thu,fri at 07:30 to 08:00 random during 2027-01-01..2027-06-30 catchup
 *     monthly 1,15,last at 22:00
 *     every 2 weeks from 2027-01-04T07:30
 *     every 90 minutes from 2027-01-04T07:30 utc
 *     refresh after 1d2h30m
 *
 *     rule     = "none" | kind *option
 *     kind     = "dates" DATE *("," DATE) ["yearly"] "at" TIME | "weekly" DAY *("," DAY) "at" TIME
 *              | "monthly" (1..31 | "last") *("," ...) "at" TIME | "every" 1..9999 UNIT "from" DATE "T" TIME
 *              | "refresh" ["after" DURATION]
 *     option   = "to" TIME ["random"] | "utc" | "during" [DATE] ".." [DATE] | "catchup"
 *     UNIT     = "minutes" | "hours" | "days" | "weeks" | "months"
 *     DAY      = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"
 *     DATE     = YYYY-MM-DD, 1970 to 2999      TIME = HH:MM      DURATION = [N "d"] [N "h"] [N "m"], up to 366d
 *
 * Written: days and dates rising and once each, seven days by name, units in the plural, DURATION in its largest units.
 * Read besides: any order of the words, spans of days ("mon-fri", "sat-mon"), "1 day", "90m" for 1h30m, more blanks.
 * refresh takes of the options only utc (for its dates) and during; utc goes with all kinds but none.
 *
 * WHAT IT MEANS.
 * - A time is the wall clock's of the given zone, or UTC's with "utc". In a gap it is due once, at the first valid
 *   instant after the gap; in a repeated hour at the first pass only. Where a whole day is missing (Apia, 2011-12-30)
 *   the same holds; if what is due on the next day falls on that very instant, both are one.
 * - dates ... yearly: 29 February is 28 February in years without one ("every year" is kept).
 * - monthly: a day that a month lacks is left out there; "last" is the last day of every month.
 * - every N days, weeks or months keep the wall clock of the first time. Months are counted from the first time, not
 *   from the one before, and take the last day of a month that lacks the day: 31 Jan, 28 Feb, 31 Mar.
 * - every N minutes or hours count elapsed time from the first time on: 24 hours from 07:30 is 08:30 in summer.
 * - "to" is later than "at" on the same day. Work that has not started by then does not start. With "random" each
 *   device has its own instant in between (recur_slot), without it all start at the start time. For minutes and hours
 *   the span from the first time to "to" goes with every time, and may not be longer than N.
 * - during: the local date of the start time lies between the two, both included.
 * - A rule ends with the year 2999. */
#ifndef CODEC_RECUR_H
#define CODEC_RECUR_H

#include "codec/tzif.h"

#define RECUR_DATES_MAX 100
#define RECUR_TEXT_MAX  2048 /* longer texts are refused; none that is written is longer */
#define RECUR_KEY_SIZE  24
#define RECUR_EVERY_MAX 9999
#define RECUR_DELAY_MAX (366 * 24 * 60) /* minutes */
#define RECUR_DAY_FIRST 0               /* 1970-01-01 */
#define RECUR_DAY_LAST  376199          /* 2999-12-31 */
#define RECUR_NO_MINUTE (-1)

enum recur_kind {
	RECUR_NONE,
	RECUR_DATES,
	RECUR_WEEKLY,
	RECUR_MONTHLY,
	RECUR_EVERY,
	RECUR_REFRESH,
};

enum recur_unit { /* those up to HOURS count elapsed time, the others keep the wall clock */
		  RECUR_MINUTES,
		  RECUR_HOURS,
		  RECUR_DAYS,
		  RECUR_WEEKS,
		  RECUR_MONTHS,
};

/* Only the members of its kind are used, the others are 0; so rules made by recur_parse and recur_build may be compared
 * by recur_equal. Copied by assignment; owns nothing. */
struct recur {
	enum recur_kind kind;
	bool yearly, random, utc, catch_up;
	bool last_day;       /* MONTHLY */
	uint8_t weekdays;    /* WEEKLY: bit 0 Monday .. bit 6 Sunday */
	uint32_t month_days; /* MONTHLY: bit 0 is the 1st */
	enum recur_unit unit;
	int32_t every;
	int64_t from_s;                 /* EVERY: the wall clock at the first time */
	int32_t delay_minute;           /* REFRESH */
	int16_t at_minute;              /* 0..1439; of EVERY too; 0 without */
	int16_t to_minute;              /* RECUR_NO_MINUTE: none */
	int32_t during_from, during_to; /* days, both included; RECUR_DAY_FIRST and RECUR_DAY_LAST: open */
	size_t dates_len;
	int32_t dates[RECUR_DATES_MAX]; /* rising */
};

enum recur_word {
#define WORD(id, word, takes_value, value, sentence) RECUR_WORD_##id,
#include "codec/recur.tbl.h"
#undef WORD
	RECUR_WORD_COUNT,
};

const char *recur_word_name(enum recur_word w); /* "weekly" */
bool recur_word_takes_value(enum recur_word w);

/* A rule by its words, as a command has them: NULL is not given; a word without a value is given by any text. */
struct recur_words {
	const char *value[RECUR_WORD_COUNT];
};

/* Both check everything that can be said without zone and clock. ERR_INVALID or ERR_MISSING with a sentence that quotes
 * the slip: 31 February, 25:00, an end that is not later than its start, a word that does not go with the kind. */
int recur_parse(const char *text, struct recur *ret, struct err *e);
int recur_build(const struct recur_words *words, struct recur *ret, struct err *e);

/* The canonical text; 0 or ERR_TOO_BIG by out's ceiling. */
int recur_write(const struct recur *r, struct buf *out);
/* The value of one word ("mon,tue"), nothing for a word without value; false when the rule does not have the word. */
bool recur_word_write(const struct recur *r, enum recur_word w, struct buf *out);
/* In plain words: "every Monday to Friday at 07:30, Europe/Berlin". zone: as it shall be named; not said where it does
 * not matter (utc, none, refresh). */
int recur_sentence(const struct recur *r, const char *zone, struct buf *out);
bool recur_equal(const struct recur *a, const struct recur *b);

enum recur_shift {
	RECUR_SHIFT_NONE,
	RECUR_SHIFT_GAP,  /* the wall clock skips the time: due at the first instant after */
	RECUR_SHIFT_FOLD, /* the wall clock shows the time twice: due the first time */
};
const char *recur_shift_sentence(enum recur_shift s); /* "" for none */

/* One time at which a rule is due. */
struct recur_due {
	/* What the time is called, unique within rule and zone: "2027-11-07T01:30" by the wall clock; with "utc", and
	 * for every N minutes or hours (whose local times may come twice), by UTC: "2027-11-07T05:30Z". */
	char key[RECUR_KEY_SIZE];
	int64_t wall_s; /* the wall clock that was asked for, base/civil.h; UTC with "utc" and for minutes and hours */
	int64_t due_ms; /* UTC; the start of the window */
	int64_t end_ms; /* UTC; what has not started by then does not start; INT64_MAX: no such end */
	int64_t window_ms; /* within which each device has its slot; 0 without "random" */
	enum recur_shift shift;
};

/* The first time that is due later than after_utc_ms; true and *ret, or false when there is none any more (always for
 * none and refresh). Costs at most some hundred steps, however rare the rule or far the instant. Rising instants, each
 * once: asking again with due_ms gives the next. */
bool recur_next(const struct recur *r, const struct tz *tz, int64_t after_utc_ms, struct recur_due *ret);

/* What can be said only with zone and clock when a rule is saved: ERR_INVALID when it never is due again, with the
 * reason, and for a date (without yearly) that is over. */
int recur_check(const struct recur *r, const struct tz *tz, int64_t now_utc_ms, struct err *e);

/* Does a device that gets both meet a contradiction? The first instant after from_utc_ms at which both are due - with
 * "random": at which their windows have an instant in common - within RECUR_CLASH_YEARS. */
#define RECUR_CLASH_YEARS 5
bool recur_clash(const struct recur *a, const struct tz *tz_a, const struct recur *b, const struct tz *tz_b,
		 int64_t from_utc_ms, int64_t *ret_utc_ms);

/* The instant of one device: due_ms plus 0 .. window_ms - 1 by a hash of the two ids. The same device has the same
 * place in every window of a schedule; over many devices the places are uniform. The hash never changes. */
int64_t recur_slot(int64_t due_ms, int64_t window_ms, int64_t device, int64_t schedule);

/* Black-outs: ranges in which nothing runs, from from_s up to but without to_s. By the wall clock of whoever asks
 * (holidays), or by UTC (a meeting that was planned in another zone). */
struct recur_out {
	int64_t from_s, to_s;
	bool utc;
	const char *name; /* borrowed */
	int64_t reach_s;  /* the latest to_s up to this one: recur_outs_sort fills it */
};
struct recur_outs {
	const struct recur_out *v; /* as recur_outs_sort leaves them */
	size_t len;
};
void recur_outs_sort(struct recur_out *v, size_t len);
/* The black-out in which the instant lies, by the wall clock of tz; NULL: none. Ask for due_ms and for a device's slot.
 */
const struct recur_out *recur_out_at(const struct recur_outs *outs, const struct tz *tz, int64_t utc_ms);

#endif
