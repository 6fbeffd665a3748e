/* How fast schedules come to a subnet, as its devices see it: orders on the wire at once, starts in any second; and
 * that nobody who waits for either is forgotten. Devices are slow and quick by turns, which is what such rules break
 * on. */
#include <stdlib.h>

#include "base/rng.h"
#include "harness.h"

#define SECOND      1000
#define DEVICES     300 /* 250 of them in one subnet */
#define SUBNETS     2
#define ORDERS      10
#define STARTS      20
#define FLIGHTS_MAX 4096

/* One conversation with a device. */
struct flight {
	struct act_start *s;
	enum { FLIGHT_READING, FLIGHT_ORDERED, FLIGHT_OBSERVED, FLIGHT_OVER } stage;
	int64_t at; /* of its next word to the zone */
};

struct fleet {
	struct harness *h;
	struct rng rng;
	struct flight flights[FLIGHTS_MAX];
	size_t count;
	bool always_slow;
	unsigned orders[SUBNETS], most_orders;
	unsigned open[SUBNETS], most_open; /* with an order that came or may come */
	int64_t starts[SUBNETS][FLIGHTS_MAX];
	unsigned started[SUBNETS], most_starts;
};

static unsigned subnet_of(const struct act_start *s)
{
	unsigned a, b, c;
	assert_int_equal(sscanf(s->at.host, "10.%u.%u.%u", &a, &b, &c), 3);
	assert_true(b < SUBNETS);
	return b;
}

static int64_t now_of(const struct fleet *f)
{
	return clock_wall_ms(f->h->clock);
}

/* Seven seconds at ease, seven in haste. */
static int64_t latency(struct fleet *f)
{
	bool slow = f->always_slow || now_of(f) / 7000 % 2 == 0;
	return (int64_t)(slow ? 2000 + rng_below(&f->rng, 9000) : rng_below(&f->rng, 50));
}

static void note_start(struct fleet *f, unsigned net)
{
	int64_t now = now_of(f);
	unsigned in_second = 0;
	if (++f->open[net] > f->most_open)
		f->most_open = f->open[net];
	f->starts[net][f->started[net]++] = now;
	for (unsigned i = f->started[net]; i-- > 0 && f->starts[net][i] > now - SECOND;)
		in_second++;
	if (in_second > f->most_starts)
		f->most_starts = in_second;
}

static void take_starts(struct fleet *f)
{
	struct act_start *s;
	while ((s = take_start(f->h))) {
		assert_true(f->count < FLIGHTS_MAX);
		note_start(f, subnet_of(s));
		f->flights[f->count++] = (struct flight){.s = s, .at = now_of(f) + latency(f)};
	}
}

static void order(struct fleet *f, struct flight *w)
{
	unsigned net = subnet_of(w->s);
	send_gate(f->h, w->s, POWER_STATE_OFF_SOFT);
	struct act_gate_answer *a = take_gate_answer(f->h);
	bool go = a->go;
	int reason = a->reason;
	mail_drop(a);
	if (!go) {
		w->stage = FLIGHT_OVER;
		f->open[net]--;
		send_outcome(f->h, w->s, ACT_END_NOT_SENT, reason);
		return;
	}
	w->stage = FLIGHT_ORDERED;
	if (++f->orders[net] > f->most_orders)
		f->most_orders = f->orders[net];
}

static void answer_order(struct fleet *f, struct flight *w)
{
	f->orders[subnet_of(w->s)]--;
	f->open[subnet_of(w->s)]--;
	if (rng_below(&f->rng, 10) == 0) { /* refused, and again later */
		w->stage = FLIGHT_OVER;
		send_outcome(f->h, w->s, ACT_END_REFUSED, ERR_DEVICE_BUSY);
		return;
	}
	w->stage = FLIGHT_OBSERVED;
	struct act_gate *m = gate_of(w->s, 0);
	m->mail.kind = ZONE_ACT_ANSWERED;
	harness_round(f->h, &m->mail);
}

static void go_on(struct fleet *f, struct flight *w)
{
	w->at = now_of(f) + latency(f);
	if (w->stage == FLIGHT_READING) {
		order(f, w);
	} else if (w->stage == FLIGHT_ORDERED) {
		answer_order(f, w);
	} else {
		w->stage = FLIGHT_OVER;
		send_outcome(f->h, w->s, ACT_END_DONE, 0);
	}
	take_starts(f);
}

static struct flight *next_flight(struct fleet *f)
{
	struct flight *first = NULL;
	for (size_t i = 0; i < f->count; i++)
		if (f->flights[i].stage != FLIGHT_OVER && (!first || f->flights[i].at < first->at))
			first = &f->flights[i];
	return first;
}

static void fly(struct fleet *f, int64_t end)
{
	for (;;) {
		take_starts(f);
		struct flight *w = next_flight(f);
		int64_t wake = machine_wake(f->h->z), at = w && w->at < wake ? w->at : wake;
		if (at >= end)
			break;
		clock_advance(f->h->clock, at > now_of(f) ? at - now_of(f) : 0);
		if (w && w->at <= now_of(f))
			go_on(f, w);
		else
			harness_round(f->h, NULL);
	}
	clock_advance(f->h->clock, end - now_of(f));
	harness_round(f->h, NULL);
	take_starts(f);
}

static void fleet_end(struct fleet *f)
{
	for (size_t i = 0; i < f->count; i++)
		mail_drop(f->flights[i].s);
	free(f);
}

static struct fleet *fleet_begin(struct harness *h)
{
	struct fleet *f = calloc(1, sizeof(*f));
	int64_t at;
	assert_non_null(f);
	f->h = h;
	rng_init(&f->rng, 3);
	furnish(h, DEVICES);
	assert_true(clock_parse("2027-03-25T05:59:00Z", &at));
	clock_set_wall(h->clock, at);
	harness_round(h, NULL);
	assert_int_equal(ask(h, "PUT /settings/act-deadline", "{\"value\":\"1h\"}"), 200);
	return f;
}

static void add(struct harness *h, const char *json)
{
	if (ask(h, "POST /schedules", json) != 200)
		fail_msg("%s: %s", json, answer(h));
}

#define ALL_AT_ONCE                                                                                                    \
	"{\"name\":\"all\",\"verb\":\"on\",\"target\":\"zone\",\"weekly\":\"thu\",\"at\":\"06:00\",\"spread\":0}"

static void run(struct fleet *f)
{
	add(f->h, ALL_AT_ONCE);
	fly(f, now_of(f) + INT64_C(3900) * SECOND);
	assert_int_equal(query(f->h, "SELECT COUNT(*) FROM act WHERE state < 3"), 0);
	assert_int_equal(query(f->h, "SELECT COUNT(*) FROM act WHERE ended_at > due + 1800000"), 0);
}

static void a_subnet_has_few_orders_on_the_wire_and_few_starts_a_second(void **state)
{
	struct fleet *f = fleet_begin(*state);
	run(f);
	assert_true(f->most_orders <= ORDERS);
	assert_int_equal(f->most_open, ORDERS);
	assert_int_equal(f->most_starts, STARTS);
	assert_int_equal(query(f->h, "SELECT COUNT(*) FROM act WHERE state = 3"), DEVICES);
	fleet_end(f);
}

static void without_the_caps_the_same_devices_see_more(void **state)
{
	struct fleet *f = fleet_begin(*state);
	assert_int_equal(ask(f->h, "PUT /settings/schedule-orders", "{\"value\":\"1000\"}"), 200);
	assert_int_equal(ask(f->h, "PUT /settings/schedule-starts", "{\"value\":\"1000\"}"), 200);
	run(f);
	assert_true(f->most_orders > ORDERS);
	assert_true(f->most_starts > STARTS);
	fleet_end(f);
}

static void several_folders_that_switch_on_slowly_do_not_add_up(void **state)
{
	struct fleet *f = fleet_begin(*state);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(askf(f->h, "POST /folders", "{\"path\":\"/Workstations/f%d/\"}", i), 200);
		assert_int_equal(askf(f->h, "PUT /settings/power-on-rate",
				      "{\"value\":\"100\",\"at\":\"/Workstations/f%d/\"}", i),
				 200);
	}
	for (int i = 1; i <= DEVICES; i++) {
		char what[64];
		(void)snprintf(what, sizeof(what), "PATCH /devices/d%d", i);
		assert_int_equal(askf(f->h, what, "{\"folder\":\"/Workstations/f%d/\"}", (i - 1) / 50 % 5), 200);
	}
	assert_int_equal(ask(f->h, "PUT /settings/schedule-orders", "{\"value\":\"1000\"}"), 200);
	run(f);
	assert_int_equal(f->most_starts, STARTS);
	assert_int_equal(query(f->h, "SELECT COUNT(*) FROM act WHERE state = 3"), DEVICES);
	fleet_end(f);
}

/* Ten have started; of those who wait forty are held by somebody, and end without a word to their device. */
static void who_cannot_start_does_not_keep_those_behind_him_waiting(void **state)
{
	struct fleet *f = fleet_begin(*state);
	f->always_slow = true;
	add(f->h, ALL_AT_ONCE);
	fly(f, now_of(f) + 61 * SECOND);
	assert_int_equal(f->count, SUBNETS * ORDERS);
	int64_t held = 0;
	for (int i = 1; i <= 250 && held < 40; i++) {
		char sql[256];
		(void)snprintf(sql, sizeof(sql),
			       "SELECT COUNT(*) FROM act a JOIN device d ON d.id = a.device WHERE d.name = 'd%d' AND"
			       " a.state = 0",
			       i);
		if (!query(f->h, sql))
			continue;
		assert_int_equal(askf(f->h, "POST /holds", "{\"target\":\"d%d\"}", i), 200);
		held++;
	}
	fly(f, now_of(f) + 900 * SECOND);
	assert_int_equal(query(f->h, "SELECT COUNT(*) FROM act WHERE state < 3"), 0);
	assert_int_equal(query(f->h, "SELECT COUNT(*) FROM act WHERE state = 3"), DEVICES - held);
	fleet_end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_subnet_has_few_orders_on_the_wire_and_few_starts_a_second),
		ZONE_TEST(without_the_caps_the_same_devices_see_more),
		ZONE_TEST(several_folders_that_switch_on_slowly_do_not_add_up),
		ZONE_TEST(who_cannot_start_does_not_keep_those_behind_him_waiting),
	};
	return cmocka_run_group_tests_name("zone/pace", tests, NULL, NULL);
}
