/* wire_priv.h - the parts of one network thread, for thread.c and for tests that run them without a thread. */
#ifndef WIRE_WIRE_PRIV_H
#define WIRE_WIRE_PRIV_H

#include <pthread.h>

#include "wire/kit.h"
#include "wire/wire.h"

struct hearer;
struct runner;
struct scanner;

struct wire {
	struct wire_kit kit;
	struct runner *runner;
	struct scanner *scanner;
	struct hearer *hearer; /* NULL: none */
	struct mailbox *inbox;
	size_t inbox_limit;
	pthread_t thread;
	bool started, configured;
	bool stopping; /* no more messages are taken; the loop ends when nothing is open */
};

/* What the thread does before its loop runs; then loop_run_once(w->kit.loop) is what the thread would do. */
void wire_begin(struct wire *w, struct mailbox *to_zone);
bool wire_is_over(const struct wire *w);

#endif
