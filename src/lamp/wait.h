/* wait.h - follows a job or a discovery task to its end: a progress line on a terminal, a line of JSON for each step
 * with --json, and at the end what came of each device. */
#ifndef LAMP_WAIT_H
#define LAMP_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lamp/lamp.h"

struct client;

/* from: the event to go on after, "" for all that are kept. The last line with json is the job's sums. LAMP_DONE when
 * every act is done or already there. */
enum lamp_exit wait_job(struct client *c, int64_t job, const char *from, bool json);
enum lamp_exit wait_scan(struct client *c, int64_t scan, const char *from, bool json);

#endif
