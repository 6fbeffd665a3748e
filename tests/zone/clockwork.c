#include "clockwork.h"

#include <stdlib.h>
#include <time.h>

#include "base/map.h"

#define MINUTE_MS   INT64_C(60000)
#define HOUR_MS     (60 * MINUTE_MS)
#define DAY_MS      (24 * HOUR_MS)
#define STEP_MAX_MS (50 * MINUTE_MS) /* less than what is made up for */
#define FOLDERS_MAX 32
#define ENTRIES_MAX 128

struct entry {
	int folder, month_day, minute;
	unsigned weekdays;
};

struct due {
	int64_t at;
	int folder;
};

/* What the oracle wants, and what came. */
struct count {
	unsigned wanted, got;
};

struct clockwork {
	struct harness *h;
	struct rng rng;
	int folders, devices;
	int *folder_of; /* by device, from 1 */
	struct entry entries[ENTRIES_MAX];
	size_t entry_count;
	struct due *dues;
	size_t due_count, due_cap, due_next;
	struct map_u64 *talks;  /* act_start by act */
	struct map_u64 *obeyed; /* by act */
	struct map_u64 *counts; /* by device and due time */
	unsigned crashes, crashes_wanted, rounds, crash_round, commands;
	bool crash_after;
};

struct clockwork *clockwork_new(struct harness *h, uint64_t seed, int folders, int per_folder)
{
	struct clockwork *w = mem_alloc(sizeof(*w));
	assert_true(folders <= FOLDERS_MAX);
	w->h = h;
	w->folders = folders;
	w->devices = folders * per_folder;
	w->folder_of = mem_array((size_t)w->devices + 1, sizeof(int));
	w->talks = map_u64_new();
	w->obeyed = map_u64_new();
	w->counts = map_u64_new();
	rng_init(&w->rng, seed);
	assert_int_equal(ask(h, "PUT /settings/time-zone", "{\"value\":\"" CLOCKWORK_ZONE "\"}"), 200);
	/* as many as there may be crashes during one act */
	assert_int_equal(ask(h, "PUT /settings/act-tries", "{\"value\":\"20\"}"), 200);
	assert_int_equal(ask(h, "PUT /settings/missed-off-limit", "{\"value\":\"1h\"}"), 200);
	assert_int_equal(ask(h, "POST /credentials", "{\"name\":\"lab\",\"password\":\"P@ssw0rd1\"}"), 200);
	for (int f = 0; f < folders; f++)
		assert_int_equal(askf(h, "POST /folders", "{\"path\":\"/Workstations/f%d/\"}", f), 200);
	for (int d = 1; d <= w->devices; d++) {
		w->folder_of[d] = (d - 1) / per_folder;
		assert_int_equal(askf(h, "POST /devices",
				      "{\"name\":\"d%d\",\"amt\":\"10.%d.%d.%d\",\"credential\":\"lab\","
				      "\"folder\":\"/Workstations/f%d/\"}",
				      d, (d - 1) / 65536, (d - 1) / 250 % 256, (d - 1) % 250 + 1, w->folder_of[d]),
				 200);
	}
	return w;
}

static void forget_talks(struct clockwork *w)
{
	size_t it = 0;
	uint64_t act;
	void *s;
	while (map_u64_each(w->talks, &it, &act, &s))
		mail_drop(s);
	map_u64_free(w->talks);
	w->talks = map_u64_new();
}

static void free_counts(struct map_u64 *counts)
{
	size_t it = 0;
	uint64_t key;
	void *c;
	while (map_u64_each(counts, &it, &key, &c))
		free(c);
	map_u64_free(counts);
}

void clockwork_free(struct clockwork *w)
{
	forget_talks(w);
	map_u64_free(w->talks);
	map_u64_free(w->obeyed);
	free_counts(w->counts);
	free(w->folder_of);
	free(w->dues);
	free(w);
}

void clockwork_crash_at(struct clockwork *w, unsigned n, bool after_commit)
{
	w->crash_round = n;
	w->crash_after = after_commit;
}

unsigned clockwork_rounds(const struct clockwork *w)
{
	return w->rounds;
}

unsigned clockwork_crashes(const struct clockwork *w)
{
	return w->crashes;
}

unsigned clockwork_commands(const struct clockwork *w)
{
	return w->commands;
}

void clockwork_entry(struct clockwork *w, int folder, const char *verb, unsigned weekdays, int month_day, int minute)
{
	static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	char days[64] = "";
	assert_true(w->entry_count < ENTRIES_MAX);
	for (size_t i = 0; i < ARRAY_LEN(names) && !month_day; i++)
		if (weekdays & 1u << i)
			(void)snprintf(days + strlen(days), sizeof(days) - strlen(days), "%s%s", *days ? "," : "",
				       names[i]);
	if (month_day == 32)
		(void)snprintf(days, sizeof(days), "last");
	else if (month_day)
		(void)snprintf(days, sizeof(days), "%d", month_day);
	assert_int_equal(askf(w->h, "POST /schedules",
			      "{\"name\":\"s%zu\",\"verb\":\"%s\",\"target\":\"/Workstations/f%d/\",\"%s\":\"%s\","
			      "\"at\":\"%02d:%02d\",\"catchup\":true}",
			      w->entry_count, verb, folder, month_day ? "monthly" : "weekly", days, minute / 60,
			      minute % 60),
			 200);
	w->entries[w->entry_count++] = (struct entry){folder, month_day, minute, weekdays};
}

/* The oracle's own wall clock: the first instant that Berlin shows as this reading; in a gap, the end of the gap. */
static int64_t instant_of(int year, int month, int day, int minute)
{
	struct tm want = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_min = minute};
	time_t reading = timegm(&want);
	for (int hours = 2; hours >= 1; hours--) { /* the offsets that Berlin has, summer first */
		time_t t = reading - hours * 3600;
		struct tm shown;
		localtime_r(&t, &shown);
		shown.tm_isdst = 0;
		if (timegm(&shown) == reading)
			return (int64_t)t * 1000;
	}
	struct tm night = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 1};
	return (int64_t)timegm(&night) * 1000; /* clocks go forward at 01:00 UTC */
}

static bool fits(const struct entry *en, const struct tm *day)
{
	struct tm next = *day;
	next.tm_mday++;
	next.tm_isdst = 0;
	(void)timegm(&next); /* brings it into order */
	if (en->month_day == 32)
		return next.tm_mon != day->tm_mon;
	if (en->month_day)
		return day->tm_mday == en->month_day;
	return en->weekdays & 1u << (day->tm_wday + 6) % 7;
}

static int compare_dues(const void *a, const void *b)
{
	const struct due *x = a, *y = b;
	return x->at != y->at ? (x->at < y->at ? -1 : 1) : x->folder - y->folder;
}

static void list_dues(struct clockwork *w, int64_t from, int64_t to)
{
	for (int64_t at = from / DAY_MS - 1; at <= to / DAY_MS + 1; at++) {
		time_t t = (time_t)(at * 86400);
		struct tm day;
		gmtime_r(&t, &day);
		for (size_t i = 0; i < w->entry_count; i++) {
			const struct entry *en = &w->entries[i];
			int64_t due = instant_of(day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, en->minute);
			if (!fits(en, &day) || due <= from || due > to)
				continue;
			if (w->due_count == w->due_cap) {
				w->due_cap = w->due_cap ? w->due_cap * 2 : 64;
				w->dues = mem_grow(w->dues, w->due_cap, sizeof(w->dues[0]));
			}
			w->dues[w->due_count++] = (struct due){due, en->folder};
		}
	}
	qsort(w->dues, w->due_count, sizeof(w->dues[0]), compare_dues);
}

static int64_t now(const struct clockwork *w)
{
	return clock_wall_ms(w->h->clock);
}

/* A round, in which the process may die on either side of the commit; then nothing that it decided has left. */
static void run_round(struct clockwork *w, struct mail *messages)
{
	bool planned = w->crash_round && ++w->rounds == w->crash_round;
	if (!w->crash_round)
		w->rounds++;
	bool by_chance = w->crashes < w->crashes_wanted && messages && rng_below(&w->rng, 8) == 0;
	buf_reset(&w->h->log);
	buf_reset(&w->h->events);
	if (!planned && !by_chance) {
		harness_round(w->h, messages);
		return;
	}
	if (planned ? w->crash_after : rng_below(&w->rng, 2) == 0) {
		struct zone_out out;
		machine_round(w->h->z, NULL, messages, &out);
		mail_free_all(out.to_wire);
		mail_free_all(out.to_api);
	} else {
		mail_free_all(messages);
	}
	w->crashes++;
	forget_talks(w);
	harness_restart(w->h);
	harness_round(w->h, NULL);
}

static void add(struct mail ***end, struct mail *m)
{
	**end = m;
	*end = &m->next;
}

static void on_start(struct clockwork *w, struct act_start *s, struct mail ***to_zone)
{
	mail_drop(map_u64_put(w->talks, s->act, s));
	if (s->mode == ACT_SETTLE)
		add(to_zone, &outcome_of(s, map_u64_get(w->obeyed, s->act) ? ACT_END_DONE : ACT_END_NOT_DONE, 0)->mail);
	else
		add(to_zone, &gate_of(s, s->verb == VERB_ON ? POWER_STATE_OFF_SOFT : POWER_STATE_ON)->mail);
}

static uint64_t key_of(int device, int64_t due)
{
	return (uint64_t)device << 44 | (uint64_t)(due / 1000);
}

static struct count *count_of(struct clockwork *w, int device, int64_t due)
{
	struct count *c = map_u64_get(w->counts, key_of(device, due));
	if (!c) {
		c = mem_alloc(sizeof(*c));
		map_u64_put(w->counts, key_of(device, due), c);
	}
	return c;
}

/* An order was let go: whose, and for which due time. Acts do not stay in the database for ever. */
static void note_command(struct clockwork *w, const struct act_start *s)
{
	unsigned a, b, c;
	char sql[128];
	assert_int_equal(sscanf(s->at.host, "10.%u.%u.%u", &a, &b, &c), 3);
	(void)snprintf(
		sql, sizeof(sql),
		"SELECT json_extract(options, '$.due') FROM job WHERE id = (SELECT job FROM act WHERE id = %llu)",
		(unsigned long long)s->act);
	count_of(w, (int)(a * 65536 + b * 250 + c), query(w->h, sql))->got++;
}

static void on_answer(struct clockwork *w, const struct act_gate_answer *a, struct mail ***to_zone)
{
	const struct act_start *s = map_u64_get(w->talks, a->act);
	if (!s || s->fence != a->fence)
		return;
	if (!a->go) {
		add(to_zone, &outcome_of(s, ACT_END_NOT_SENT, a->reason)->mail);
		return;
	}
	uintptr_t times = (uintptr_t)map_u64_get(w->obeyed, a->act);
	map_u64_put(w->obeyed, a->act, (void *)(times + 1));
	w->commands++;
	note_command(w, s);
	add(to_zone, &outcome_of(s, ACT_END_DONE, 0)->mail);
}

/* Devices do at once what they are told, until nobody has anything to say. */
static void serve(struct clockwork *w)
{
	while (w->h->wire) {
		struct mail *m = w->h->wire, *chain = NULL, **end = &chain;
		w->h->wire = NULL;
		while (m) {
			struct mail *next = m->next;
			m->next = NULL;
			if (m->kind == WIRE_ACT_START) {
				on_start(w, (struct act_start *)m, &end);
			} else {
				if (m->kind == WIRE_ACT_GATE_ANSWER)
					on_answer(w, (struct act_gate_answer *)m, &end);
				mail_drop(m);
			}
			m = next;
		}
		*end = NULL;
		if (chain)
			run_round(w, chain);
	}
}

static bool is_quiet(struct clockwork *w)
{
	return query(w->h, "SELECT COUNT(*) FROM job WHERE state < 2") == 0;
}

/* The oracle: what is due by now goes to who is in the folder now. */
static void expect(struct clockwork *w)
{
	for (; w->due_next < w->due_count && w->dues[w->due_next].at <= now(w); w->due_next++) {
		const struct due *due = &w->dues[w->due_next];
		for (int d = 1; d <= w->devices; d++) {
			if (w->folder_of[d] != due->folder)
				continue;
			count_of(w, d, due->at)->wanted = 1;
		}
	}
}

static void work_off(struct clockwork *w)
{
	run_round(w, NULL);
	serve(w);
}

static void move_device(struct clockwork *w)
{
	int d = 1 + (int)rng_below(&w->rng, (uint64_t)w->devices), f = (int)rng_below(&w->rng, (uint64_t)w->folders);
	char what[64];
	(void)snprintf(what, sizeof(what), "PATCH /devices/d%d", d);
	assert_int_equal(askf(w->h, what, "{\"folder\":\"/Workstations/f%d/\"}", f), 200);
	w->folder_of[d] = f;
}

enum action { MOVE, STEP, OUTAGE };

struct happening {
	int64_t at;
	enum action what;
};

static int compare_happenings(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;
	return x->at != y->at ? (x->at < y->at ? -1 : 1) : (int)x->what - (int)y->what;
}

/* Some of the moves come at the very instant at which something is due. */
static size_t plan_happenings(struct clockwork *w, int64_t from, int64_t to, const struct clockwork_chances *c,
			      struct happening *list)
{
	const int wanted[] = {c->moves, c->steps, c->outages};
	size_t n = 0;
	for (size_t kind = 0; kind < ARRAY_LEN(wanted); kind++)
		for (int i = 0; i < wanted[kind]; i++) {
			int64_t at = from + (int64_t)rng_below(&w->rng, (uint64_t)(to - from));
			if (kind == MOVE && w->due_count && rng_below(&w->rng, 2))
				at = w->dues[rng_below(&w->rng, w->due_count)].at;
			list[n++] = (struct happening){at, (enum action)kind};
		}
	qsort(list, n, sizeof(list[0]), compare_happenings);
	return n;
}

static void step_clock(struct clockwork *w)
{
	int64_t by = (int64_t)rng_below(&w->rng, STEP_MAX_MS);
	clock_set_wall(w->h->clock, rng_below(&w->rng, 2) ? now(w) + by : now(w) - HOUR_MS);
}

/* The computer is off for a while. */
static void go_down(struct clockwork *w)
{
	w->crashes++;
	forget_talks(w);
	machine_free(w->h->z);
	w->h->z = NULL;
	clock_advance(w->h->clock, (int64_t)rng_below(&w->rng, STEP_MAX_MS));
	harness_restart(w->h);
	harness_round(w->h, NULL);
}

static void happen(struct clockwork *w, const struct happening *a)
{
	if (a->what == MOVE)
		move_device(w);
	else if (a->what == STEP)
		step_clock(w);
	else
		go_down(w);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void run(struct clockwork *w, int64_t end, const struct happening *list, size_t n)
{
	for (size_t next = 0; now(w) < end || !is_quiet(w);) {
		bool quiet = is_quiet(w);
		int64_t due = w->due_next < w->due_count ? w->dues[w->due_next].at : INT64_MAX;
		int64_t happens = next < n && quiet ? list[next].at : INT64_MAX;
		int64_t wake = quiet ? end : machine_wake(w->h->z);
		int64_t to = least(least(due, happens), wake);
		if (to > now(w))
			clock_advance(w->h->clock, to - now(w));
		bool late = rng_below(&w->rng, 2);
		if (late && due <= now(w)) { /* what is due first, then what happens */
			expect(w);
			work_off(w);
			quiet = is_quiet(w);
		}
		for (; quiet && next < n && list[next].at <= now(w); next++) {
			happen(w, &list[next]);
			expect(w);
			work_off(w);
			quiet = is_quiet(w);
		}
		expect(w);
		work_off(w);
	}
}

static void check_counts(const struct map_u64 *counts)
{
	size_t it = 0;
	uint64_t key;
	void *at;
	while (map_u64_each(counts, &it, &key, &at)) {
		const struct count *c = at;
		char text[CLOCK_TEXT_SIZE];
		clock_text((int64_t)(key & ((UINT64_C(1) << 44) - 1)) * 1000, text);
		if (c->wanted != c->got)
			fail_msg("device d%d, due %s: %u commands instead of %u", (int)(key >> 44), text, c->got,
				 c->wanted);
	}
}

void clockwork_run(struct clockwork *w, int days, const struct clockwork_chances *c)
{
	int64_t from = now(w), end = from + days * DAY_MS;
	struct happening *list = mem_array((size_t)(c->moves + c->steps + c->outages), sizeof(*list));
	setenv("TZ", ":" CLOCKWORK_ZONE, 1);
	tzset();
	w->crashes_wanted = (unsigned)c->crashes;
	list_dues(w, from, end);
	size_t n = plan_happenings(w, from, end, c, list);
	run(w, end, list, n);
	check_counts(w->counts);
	free(list);
}
