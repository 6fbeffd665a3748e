/* The line's form, texts of strangers that try to forge one, and thinning. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define START "2026-11-22T15:03:16.123Z"

static int fd;
static struct clock *test_clock;

/* What was logged since the last call. */
static const char *logged(void)
{
	static char text[1 << 20];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	return text;
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static int set_up(void **state)
{
	int64_t start;
	assert_true(clock_parse(START, &start));
	test_clock = clock_driven_new(start);
	fd = memfd_create("log", MFD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	log_set_clock(test_clock);
	log_set_fd(fd);
	return 0;
}

static int tear_down(void **state)
{
	log_flush();
	log_set_level(LOG_INFO);
	log_set_fd(STDERR_FILENO);
	log_set_clock(NULL);
	clock_free(test_clock);
	return close(fd);
}

static void a_line_has_priority_time_subject_and_fields(void **state)
{
	log_event(LOG_INFO, "act finished", LOG_S("device", "desk-17"), LOG_U("job", 42), LOG_I("left", -1),
		  LOG_B("verb", BYTES_LIT("reset")), LOG_S("none", NULL));
	assert_string_equal(logged(), "<6>" START " act finished device=\"desk-17\" job=42 left=-1 verb=\"reset\" "
				      "none=\"\"\n");
	log_write(LOG_ERROR, "no fields", &LOG_END);
	assert_string_equal(logged(), "<3>" START " no fields\n");
}

static void levels_are_syslogs(void **state)
{
	static const char *const names[] = {"error", "warning", "notice", "info", "debug"};
	for (enum log_level most = LOG_ERROR; most <= LOG_DEBUG; most++) {
		enum log_level got;
		assert_true(log_level_from_name(names[most], &got));
		assert_int_equal(got, most);
		log_set_level(most);
		for (enum log_level level = LOG_ERROR; level <= LOG_DEBUG; level++) {
			char want[8] = "";
			if (level <= most)
				(void)snprintf(want, sizeof(want), "<%d>", 3 + (int)level);
			log_event(level, "x", LOG_U("n", 1));
			assert_memory_equal(logged(), want, strlen(want) + (want[0] == '\0'));
		}
	}
	enum log_level got;
	assert_false(log_level_from_name("Error", &got));
}

static int evaluated;

static uint64_t evaluate(void)
{
	return (uint64_t)++evaluated;
}

static void fields_of_a_level_that_is_off_are_not_evaluated(void **state)
{
	log_event(LOG_DEBUG, "x", LOG_U("n", evaluate()));
	assert_int_equal(evaluated, 0);
	assert_string_equal(logged(), "");
}

/* Nothing that a stranger sends ends the line, the quotes or the UTF-8. */
static void a_strangers_text_cannot_forge_a_line(void **state)
{
	static const struct {
		struct bytes in;
		const char *want;
	} rows[] = {
		{BYTES_LIT("a\n<0>" START " act finished"), "a\\x0a<0>" START " act finished"},
		{BYTES_LIT("a\" outcome=\"done"), "a\\\" outcome=\\\"done"},
		{BYTES_LIT("a\\\" b"), "a\\\\\\\" b"},
		{BYTES_LIT("a\\"), "a\\\\"},
		{BYTES_LIT("\x1b]0;title\x07"), "\\x1b]0;title\\x07"},
		{BYTES_LIT("a\0b\r"), "a\\x00b\\x0d"},
		{BYTES_LIT("\xff\xc3"), "\\xff\\xc3"},
		{BYTES_LIT("\xe2\x80\xae"
			   "live"),
		 "\\xe2\\x80\\xaelive"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[512];
		(void)snprintf(want, sizeof(want), "<6>" START " hello ignored name=\"%s\" n=1\n", rows[i].want);
		log_event(LOG_INFO, "hello ignored", LOG_B("name", rows[i].in), LOG_U("n", 1));
		assert_string_equal(logged(), want);
	}
	for (int c = 0; c < 256; c++) {
		uint8_t in[] = {'a', (uint8_t)c, 'b'};
		log_event(LOG_INFO, "x", LOG_B("v", BYTES(in, 3)));
		const char *line = logged();
		assert_int_equal(count_of(line, "\n"), 1);
		assert_true(text_is_printable(BYTES(line, strlen(line) - 1)));
	}
}

static void long_texts_and_lines_are_cut_and_say_so(void **state)
{
	AUTO_FREE char *s = mem_alloc(100001);
	memset(s, '\n', 100000);
	log_event(LOG_INFO, "x", LOG_S("a", s), LOG_U("n", 1));
	const char *line = logged();
	assert_int_equal(strlen(line), strlen("<6>" START " x cut=1\n")); /* 1,000 bytes escaped are over 4,000 */
	memset(s, 'y', 100000);
	log_event(LOG_INFO, "x", LOG_S("a", s), LOG_U("n", 1));
	line = logged();
	assert_non_null(strstr(line, "yyy...\" n=1\n"));
	assert_int_equal(count_of(line, "y"), 1000);
	log_event(LOG_INFO, "x", LOG_S("a", s), LOG_S("b", s), LOG_S("c", s), LOG_S("d", s), LOG_S("e", s));
	line = logged();
	assert_true(strlen(line) <= 4096);
	assert_non_null(strstr(line, "\" cut=1\n"));
}

static void warn(int n)
{
	log_event(LOG_WARNING, "pong ignored", LOG_I("n", n));
}

static void a_flood_is_thinned_and_counted(void **state)
{
	for (int i = 0; i < 1000; i++)
		warn(i);
	const char *text = logged();
	assert_int_equal(count_of(text, "pong ignored n="), 20);
	assert_non_null(strstr(text, " n=19\n"));
	log_event(LOG_INFO, "others go on", LOG_U("n", 1));
	assert_int_equal(count_of(logged(), "\n"), 1);
	clock_advance(test_clock, 1000);
	log_event(LOG_INFO, "others", LOG_U("n", 1));
	assert_string_equal(logged(), "<4>2026-11-22T15:03:17.123Z more of the same, not written "
				      "subject=\"pong ignored\" count=980\n"
				      "<6>2026-11-22T15:03:17.123Z others n=1\n");
	warn(1);
	assert_int_equal(count_of(logged(), "pong ignored n=1\n"), 1);
	log_flush();
	assert_string_equal(logged(), "");
}

static void what_was_thinned_is_said_at_the_end(void **state)
{
	for (int i = 0; i < 21; i++)
		warn(i);
	(void)logged();
	log_flush();
	assert_non_null(strstr(logged(), "subject=\"pong ignored\" count=1\n"));
}

static void finished_acts_are_never_thinned(void **state)
{
	for (int i = 0; i < 1000; i++)
		log_event(LOG_INFO, "act finished", LOG_I("n", i));
	assert_int_equal(count_of(logged(), "\n"), 1000);
}

static void *flood(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		warn(i);
		if (i % 500 == 0)
			clock_advance(test_clock, 1000);
	}
	return NULL;
}

static void threads_write_whole_lines_and_none_is_uncounted(void **state)
{
	pthread_t t[3];
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, flood, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	log_flush();
	const char *text = logged();
	size_t sum = count_of(text, "pong ignored n=");
	for (const char *p = strstr(text, "count="); p; p = strstr(p + 1, "count="))
		sum += strtoul(p + 6, NULL, 10);
	assert_int_equal(sum, 6000);
	assert_int_equal(count_of(text, "\n<4>"), count_of(text, "\n") - 1);
}

#define WITH_LOG(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOG(a_line_has_priority_time_subject_and_fields),
		WITH_LOG(levels_are_syslogs),
		WITH_LOG(fields_of_a_level_that_is_off_are_not_evaluated),
		WITH_LOG(a_strangers_text_cannot_forge_a_line),
		WITH_LOG(long_texts_and_lines_are_cut_and_say_so),
		WITH_LOG(a_flood_is_thinned_and_counted),
		WITH_LOG(what_was_thinned_is_said_at_the_end),
		WITH_LOG(finished_acts_are_never_thinned),
		WITH_LOG(threads_write_whole_lines_and_none_is_uncounted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
