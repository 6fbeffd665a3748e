#include "base/metric.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "base/err.h"

static const struct {
	const char *name, *kind, *unit, *help;
} rows[METRIC_COUNT] = {
#define COUNTER                        "counter"
#define GAUGE                          "gauge"
#define METRIC(name, kind, unit, help) {#name, kind, unit, help},
#include "base/metric.tbl.h"
#undef METRIC
#undef COUNTER
#undef GAUGE
};

static _Atomic int64_t values[METRIC_COUNT];

void metric_add(enum metric m, int64_t n)
{
	atomic_fetch_add_explicit(&values[m], n, memory_order_relaxed);
}

void metric_set(enum metric m, int64_t v)
{
	atomic_store_explicit(&values[m], v, memory_order_relaxed);
}

void metric_max(enum metric m, int64_t v)
{
	int64_t was = metric_get(m);
	while (was < v &&
	       !atomic_compare_exchange_weak_explicit(&values[m], &was, v, memory_order_relaxed, memory_order_relaxed))
		;
}

int64_t metric_get(enum metric m)
{
	return atomic_load_explicit(&values[m], memory_order_relaxed);
}

int metric_write(struct buf *out)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const char *name = rows[i].name, *unit = rows[i].unit;
		buf_addf(out, "# HELP lampd_%s %s%s%s\n", name, rows[i].help, unit[0] ? ", in " : "", unit);
		buf_addf(out, "# TYPE lampd_%s %s\n", name, rows[i].kind);
		buf_addf(out, "lampd_%s %" PRId64 "\n", name, metric_get((enum metric)i));
	}
	return buf_check(out, NULL, "metrics");
}
