/* recur.tbl.h - the words of a recurrence, in their canonical order.
 *
 * WORD(ID, "word", takes a value?, "value", "sentence")
 *
 * From this come the canonical text, its parser, and the arguments and members of the same names elsewhere. */

/* clang-format off */
/* The kind: exactly one of these. */
WORD(NONE,    "none",    false, "",            "nothing happens by itself")
WORD(DATES,   "dates",   true,  "DATE,...",    "on these dates, written 2027-03-01")
WORD(WEEKLY,  "weekly",  true,  "DAY,...",     "on these days of the week: mon tue wed thu fri sat sun, or spans as mon-fri")
WORD(MONTHLY, "monthly", true,  "NUMBER,...",  "on these days of the month, 1 to 31, or last for the last one; months that lack the day are left out")
WORD(EVERY,   "every",   true,  "NUMBER UNIT", "again and again after so many minutes, hours, days, weeks or months")
WORD(REFRESH, "refresh", false, "",            "whenever a device is seen again")
/* What goes with it. */
WORD(YEARLY,  "yearly",  false, "",            "run the dates every year; the 29th of February is the 28th in years without one")
WORD(FROM,    "from",    true,  "DATETIME",    "the first time of every, written 2027-03-01T07:30")
WORD(AFTER,   "after",   true,  "DURATION",    "how long after a device was seen, written 1d2h30m")
WORD(AT,      "at",      true,  "TIME",        "start time, written 07:30")
WORD(TO,      "to",      true,  "TIME",        "end time: what has not started by then does not start")
WORD(RANDOM,  "random",  false, "",            "each device starts at an instant of its own between start and end time")
WORD(UTC,     "utc",     false, "",            "times are UTC instead of local")
WORD(DURING,  "during",  true,  "DATE..DATE",  "only on these dates, the first and the last included; one side may be left out")
WORD(CATCHUP, "catchup", false, "",            "when it could not run on time, run it as soon as possible")
/* clang-format on */
