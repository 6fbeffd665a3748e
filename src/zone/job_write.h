/* job_write.h - the object "job" with its sums, as both sides answer it: the zone after an order, api in what it reads.
 */
#ifndef ZONE_JOB_WRITE_H
#define ZONE_JOB_WRITE_H

#include "amt/act.h"

struct json_writer;
struct store_job;

/* name: of the member; NULL at the top. */
void job_write(struct json_writer *json, const char *name, const struct store_job *j, enum boot_choice boot);

#endif
