/* metric.h - counters that are born with their sentence: a row in metric.tbl.h. Any thread; relaxed atomics. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/buf.h"

enum metric {
#define METRIC(name, kind, unit, help) METRIC_##name,
#include "base/metric.tbl.h"
#undef METRIC
	METRIC_COUNT
};

void metric_add(enum metric m, int64_t n);
void metric_set(enum metric m, int64_t v);
void metric_max(enum metric m, int64_t v); /* keeps the larger */
int64_t metric_get(enum metric m);
int metric_write(struct buf *out); /* Prometheus text, version 0.0.4; 0 or ERR_TOO_BIG */

#endif
