/* bench.h - a network thread without a thread, with a driven clock: the test plays the zone, and time passes only when
 * nothing else happens. */
#ifndef TESTS_WIRE_BENCH_H
#define TESTS_WIRE_BENCH_H

#include "amt/act.h"
#include "peer.h"
#include "wire/wire_priv.h"

#define BENCH_OUTCOMES 64

struct bench {
	struct clock *clock;
	struct pool *pool;
	struct vault *vault;
	struct wire *w;
	struct mailbox *zone;
	struct peer peer;
	char folder[64];

	/* How the zone answers a gate. */
	bool deny, silent, cancel;
	int64_t think_ms;  /* passes between the gate and its answer */
	int64_t commit_ms; /* passes between the commit and the answer's arrival: rule R8 */
	bool suspend;      /* and the machine sleeps meanwhile */
	void (*at_gate)(struct bench *b);

	int gates;
	int answered;            /* orders of which that was told before their outcome */
	int64_t answered_ms;     /* mono, the last */
	struct act_gate gate;    /* the last */
	struct act_outcome *out; /* the last */
	int outcomes;

	void (*saw)(void *arg, const struct sighting *s); /* each, before it is freed */
	void *saw_arg;
	int sightings, progresses, scan_ends;
	uint64_t progress_done_max;
	struct sighting sighting; /* the last */
	struct scan_progress scan_end;
};

void bench_init(struct bench *b);
void bench_release(struct bench *b);
/* An order for the peer, with a sealed password and no digest session; the test may change it before it is sent. */
struct act_start *bench_order(struct bench *b, enum verb verb);
void bench_send(struct bench *b, struct mail *m);
/* Runs until so many outcomes came. */
void bench_run(struct bench *b, int outcomes);
void bench_wait(struct bench *b, const int *what, int n); /* until *what is at least n */
void bench_step(struct bench *b);                         /* one round, or a second when there is nothing to do */
void bench_take(struct bench *b);                         /* reads what was told to the zone */
struct wire_config *bench_config(struct bench *b);
/* An order that is carried out, from start to outcome. */
const struct act_outcome *bench_act(struct bench *b, struct act_start *order);

#endif
