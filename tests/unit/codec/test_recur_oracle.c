/* Many random rules against libical, an implementation of RFC 5545 by others: floating times, where both mean the same.
 * (In gaps and repeated hours libical differs from the RFC and from us; test_recur.c has those.) */
#include "testing.h"

#include <libical/ical.h>

#include "base/rng.h"
#include "codec/recur.h"

#define ROUNDS 1500
#define TIMES  40
#define SEED   UINT64_C(20270328)

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const ical_days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

struct pair {
	struct buf ours, theirs;
	struct civil start; /* DTSTART */
	int minute;
};

static void add_comma(struct buf *b, bool *first)
{
	if (!*first)
		buf_addc(b, ',');
	*first = false;
}

static void make_weekly(struct rng *rng, struct pair *p)
{
	bool first = true, first_theirs = true;
	uint64_t set = 1 + rng_below(rng, 127);
	buf_adds(&p->ours, "weekly ");
	buf_adds(&p->theirs, "FREQ=WEEKLY;BYDAY=");
	for (size_t i = 0; i < 7; i++)
		if (set & 1u << i) {
			add_comma(&p->ours, &first);
			add_comma(&p->theirs, &first_theirs);
			buf_adds(&p->ours, days[i]);
			buf_adds(&p->theirs, ical_days[i]);
		}
	buf_addf(&p->ours, " at %02d:%02d", p->minute / 60, p->minute % 60);
}

static void make_monthly(struct rng *rng, struct pair *p)
{
	bool first = true, first_theirs = true;
	size_t n = 1 + rng_below(rng, 4);
	buf_adds(&p->ours, "monthly ");
	buf_adds(&p->theirs, "FREQ=MONTHLY;BYMONTHDAY=");
	for (size_t i = 0; i < n; i++) {
		int day = (int)rng_below(rng, 32); /* 0: the last */
		add_comma(&p->ours, &first);
		add_comma(&p->theirs, &first_theirs);
		if (day == 0)
			buf_adds(&p->ours, "last");
		else
			buf_addf(&p->ours, "%d", day);
		buf_addf(&p->theirs, "%d", day == 0 ? -1 : day);
	}
	buf_addf(&p->ours, " at %02d:%02d", p->minute / 60, p->minute % 60);
}

/* The 29th of February is another matter: RFC 5545 leaves it out, we do not. */
static void make_yearly(struct rng *rng, struct pair *p)
{
	if (p->start.month == 2 && p->start.day == 29)
		p->start.day = 28;
	buf_addf(&p->ours, "dates %04d-%02d-%02d yearly at %02d:%02d", (int)p->start.year, p->start.month, p->start.day,
		 p->minute / 60, p->minute % 60);
	buf_adds(&p->theirs, "FREQ=YEARLY");
}

static void make_every(struct rng *rng, struct pair *p)
{
	static const struct {
		const char *ours, *theirs;
		uint64_t most;
	} units[] = {{"minutes", "MINUTELY", 3000},
		     {"hours", "HOURLY", 200},
		     {"days", "DAILY", 60},
		     {"weeks", "WEEKLY", 12},
		     {"months", "MONTHLY", 30}};
	size_t unit = rng_below(rng, ARRAY_LEN(units));
	unsigned n = 1 + (unsigned)rng_below(rng, units[unit].most);
	if (unit == 4 && p->start.day > 28) /* shorter months: left out there, the last day here */
		p->start.day = 28;
	buf_addf(&p->ours, "every %u %s from %04d-%02d-%02dT%02d:%02d", n, units[unit].ours, (int)p->start.year,
		 p->start.month, p->start.day, p->minute / 60, p->minute % 60);
	buf_addf(&p->theirs, "FREQ=%s;INTERVAL=%u", units[unit].theirs, n);
}

static int64_t seconds_of(struct icaltimetype t)
{
	return civil_to_days((struct civil){t.year, t.month, t.day}) * CIVIL_DAY_S + t.hour * 3600 + t.minute * 60 +
	       t.second;
}

static void expect_same(struct pair *p, const struct recur *r)
{
	struct icaltimetype start = {.year = (int)p->start.year,
				     .month = p->start.month,
				     .day = p->start.day,
				     .hour = p->minute / 60,
				     .minute = p->minute % 60};
	icalrecur_iterator *it = icalrecur_iterator_new(icalrecurrencetype_from_string(buf_cstr(&p->theirs)), start);
	int64_t after = seconds_of(start) - 1;
	assert_non_null(it);
	for (size_t i = 0; i < TIMES; i++) {
		struct recur_due d;
		struct icaltimetype t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t) || t.year >= 2200)
			break;
		if (!recur_next(r, tz_utc(), after * 1000, &d) || d.due_ms != seconds_of(t) * 1000)
			fail_msg("%s - %s from %s: time %zu is %s, not %s", buf_cstr(&p->ours), buf_cstr(&p->theirs),
				 icaltime_as_ical_string(start), i, d.key, icaltime_as_ical_string(t));
		after = d.due_ms / 1000;
	}
	icalrecur_iterator_free(it);
}

static void rules_are_due_when_libical_says(void **state)
{
	static void (*const makers[])(struct rng *, struct pair *) = {make_weekly, make_monthly, make_yearly,
								      make_every};
	struct rng rng;
	rng_init(&rng, SEED);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct pair p;
		struct recur r;
		struct err e = ERR_INIT;
		buf_init(&p.ours, 256);
		buf_init(&p.theirs, 256);
		p.start = civil_from_days(18000 + (int64_t)rng_below(&rng, 12000));
		p.minute = (int)rng_below(&rng, 1440);
		makers[rng_below(&rng, ARRAY_LEN(makers))](&rng, &p);
		if (recur_parse(buf_cstr(&p.ours), &r, &e))
			fail_msg("%s: %s", buf_cstr(&p.ours), e.msg);
		expect_same(&p, &r);
		buf_release(&p.ours);
		buf_release(&p.theirs);
	}
	icalmemory_free_ring();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_due_when_libical_says),
	};
	return cmocka_run_group_tests_name("recur_oracle", tests, NULL, NULL);
}
