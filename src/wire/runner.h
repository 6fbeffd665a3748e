/* runner.h - carries out acts: runs each one's flow over a conversation with its device.
 *
 * A read that fails is tried once more after a second. The order itself is written once, only with zone's leave, only
 * within 2 s of zone's commit (R8), and only on a connection that was seen to live in the last 5 s; from its first byte
 * on, everything but a complete reply that answers it is told as doubt. What a flow has written for an order that does
 * not follow is taken back before the outcome is told; the outcome says when that could not be done. Whatever happens,
 * each act that was started gets exactly one outcome. One thread. */
#ifndef WIRE_RUNNER_H
#define WIRE_RUNNER_H

#include "amt/act.h"

struct runner;
struct wire_kit;

struct runner *runner_new(struct wire_kit *kit);
void runner_free(struct runner *r); /* nothing may be open */

void runner_start(struct runner *r, struct act_start *order); /* takes */
void runner_answer(struct runner *r, const struct act_gate_answer *answer);
void runner_cancel(struct runner *r, const struct act_gate_answer *cancel);
/* Gives back what was not sent. What was has until give_up_ms for its reply. */
void runner_stop(struct runner *r, int64_t give_up_ms);
size_t runner_open(const struct runner *r);

#endif
