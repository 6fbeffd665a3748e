/* Counters and their text, against the rules of the Prometheus text format 0.0.4. */
#include <ctype.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/metric.h"

static void values_add_up_and_the_largest_stays(void **state)
{
	metric_set(METRIC_scan_pings, 5);
	metric_add(METRIC_scan_pings, 3);
	metric_add(METRIC_scan_pings, -1);
	assert_int_equal(metric_get(METRIC_scan_pings), 7);
	metric_max(METRIC_wire_round_ms_max, 12);
	metric_max(METRIC_wire_round_ms_max, 4);
	assert_int_equal(metric_get(METRIC_wire_round_ms_max), 12);
}

static void each_counter_has_help_type_and_value(void **state)
{
	struct buf out;
	buf_init(&out, 100000);
	metric_set(METRIC_scan_pings, 7);
	assert_int_equal(metric_write(&out), 0);
	size_t lines = 0;
	char *text = bytes_dup_str(buf_bytes(&out)), *rest = text;
	for (char *line = strsep(&rest, "\n"); rest; line = strsep(&rest, "\n"), lines++) {
		static const char *const starts[] = {"# HELP lampd_", "# TYPE lampd_", "lampd_"};
		assert_memory_equal(line, starts[lines % 3], strlen(starts[lines % 3]));
		for (const char *p = line + strlen(starts[lines % 3]); *p != ' '; p++)
			assert_true(islower((unsigned char)*p) || *p == '_' || isdigit((unsigned char)*p));
	}
	assert_int_equal(lines, 3 * METRIC_COUNT);
	assert_non_null(strstr(buf_cstr(&out), "# HELP lampd_scan_pings presence pings sent\n"
					       "# TYPE lampd_scan_pings counter\n"
					       "lampd_scan_pings 7\n"));
	assert_non_null(strstr(buf_cstr(&out), "since start, in ms\n# TYPE lampd_zone_round_ms_max gauge\n"));
	free(text);
	buf_release(&out);
	buf_init(&out, 100);
	assert_int_equal(metric_write(&out), ERR_TOO_BIG);
	buf_release(&out);
}

static void *add_many(void *arg)
{
	for (int i = 1; i <= 10000; i++) {
		metric_add(METRIC_scan_pongs, 1);
		metric_max(METRIC_zone_round_ms_max, i);
	}
	return NULL;
}

static void threads_lose_no_count(void **state)
{
	pthread_t t[3];
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, add_many, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(metric_get(METRIC_scan_pongs), 30000);
	assert_int_equal(metric_get(METRIC_zone_round_ms_max), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_add_up_and_the_largest_stays),
		cmocka_unit_test(each_counter_has_help_type_and_value),
		cmocka_unit_test(threads_lose_no_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
