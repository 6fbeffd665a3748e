/* Live events: from memory, from the database, with filters, and what happens to the slow and the late. */
#include "fixture.h"

static int follow(const struct fixture *f, const char *query, const char *headers)
{
	char text[512];
	int fd = dial(f);
	(void)snprintf(text, sizeof(text), "GET /api/v1/events%s HTTP/1.1\r\nHost: x\r\n%s\r\n", query, headers);
	say(fd, text);
	return fd;
}

static void a_stream_begins_with_the_place_where_it_stands(void **state)
{
	struct fixture *f = *state;
	zone_keeps(f, 41, "job", 7, "{\"seq\":41}");
	int fd = follow(f, "", "");
	char *text = hear(fd, "id: 1-41\n\n");
	assert_int_equal(status_of(text), 200);
	assert_non_null(strstr(text, "Content-Type: text/event-stream\r\n"));
	assert_non_null(strstr(text, "retry: "));
	assert_null(strstr(text, "data:"));
	free(text);
	zone_tells(f, 42, 7, "{\"seq\":42}");
	text = hear(fd, "data: {\"seq\":42}\n\n");
	assert_non_null(strstr(text, "id: 1-42\n"));
	free(text);
	close(fd);
}

static void a_client_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	for (uint64_t seq = 1; seq <= 1200; seq++) { /* more than one read of the database */
		char json[32];
		(void)snprintf(json, sizeof(json), "{\"seq\":%d}", (int)seq);
		zone_keeps(f, seq, "device", 3, json);
	}
	zone_tells(f, 1199, 0, "{\"seq\":1199}");
	zone_tells(f, 1200, 0, "{\"seq\":1200}");
	int fd = follow(f, "", "Last-Event-ID: 1-17\r\n");
	free(hear(fd, "{\"seq\":1200}\n\n"));
	zone_tells(f, 1201, 0, "{\"seq\":1201}");
	free(hear(fd, "{\"seq\":1201}\n\n"));
	close(fd);
	fd = follow(f, "?from=0", "");
	char *text = hear(fd, "{\"seq\":1201}\n\n"), *at = text;
	for (int seq = 1; seq <= 1201; seq++) { /* each once, in order */
		char part[48];
		(void)snprintf(part, sizeof(part), "id: 1-%d\ndata: {\"seq\":%d}\n\n", seq, seq);
		char *found = strstr(at, part);
		if (!found || strstr(found + 1, part))
			fail_msg("event %d is missing, late or doubled", seq);
		at = found;
	}
	free(text);
	close(fd);
}

static void what_is_no_longer_kept_is_said(void **state)
{
	struct fixture *f = *state;
	zone_keeps(f, 50, "device", 3, "{\"seq\":50}");
	int fd = follow(f, "?from=1-10", "");
	char *text = hear(fd, "{\"seq\":50}\n\n");
	assert_non_null(strstr(text, "event: missed\ndata: {\"error\":\"expired\""));
	free(text);
	close(fd);
	fd = follow(f, "?from=1-49", "");
	text = hear(fd, "{\"seq\":50}\n\n");
	assert_null(strstr(text, "missed"));
	free(text);
	close(fd);
}

static void a_filter_leaves_out_other_jobs(void **state)
{
	struct fixture *f = *state;
	zone_keeps(f, 1, "job", 7, "{\"kept\":1}");
	zone_keeps(f, 2, "job", 8, "{\"kept\":2}");
	zone_keeps(f, 3, "device", 7, "{\"kept\":3}");
	zone_keeps(f, 4, "act", 7, "{\"kept\":4}");
	int fd = follow(f, "?job=7&from=0", "");
	char *text = hear(fd, "{\"kept\":4}");
	assert_non_null(strstr(text, "{\"kept\":1}"));
	assert_null(strstr(text, "{\"kept\":2}"));
	assert_null(strstr(text, "{\"kept\":3}"));
	free(text);
	zone_tells(f, 5, 8, "{\"live\":5}");
	zone_tells(f, 6, 7, "{\"live\":6}");
	text = hear(fd, "{\"live\":6}");
	assert_null(strstr(text, "{\"live\":5}"));
	free(text);
	close(fd);
}

static void progress_has_no_number(void **state)
{
	struct fixture *f = *state;
	zone_keeps(f, 1, "job", 7, "{}");
	int fd = follow(f, "", "");
	free(hear(fd, "id: 1-1\n\n"));
	zone_tells(f, 0, 7, "{\"open\":5}");
	char *text = hear(fd, "data: {\"open\":5}\n\n");
	assert_null(strstr(text, "id:"));
	free(text);
	close(fd);
}

static void a_quiet_stream_beats(void **state)
{
	struct fixture *f = *state;
	int fd = follow(f, "", "");
	free(hear(fd, "id: 1-0\n\n"));
	expect(ask_with(f, "GET /healthz", "", ""), 200, "ok");
	clock_advance(f->clock, 15000);
	free(hear(fd, ":"));
	close(fd);
}

static void a_wrong_place_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const wrong[] = {"?from=x", "?from=1-", "?from=-1", "?from=1-2-3",
					    "?from=1-99999999999999999"};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		int fd = follow(f, wrong[i], "Connection: close\r\n");
		expect(hear(fd, NULL), 400, "'from' is not the id of an event");
		close(fd);
	}
}

static void a_place_of_a_lost_time_begins_anew(void **state)
{
	struct fixture *f = *state;
	zone_keeps(f, 5, "job", 7, "{}");
	int fd = follow(f, "?from=1-4000", ""); /* the database is an older backup */
	free(hear(fd, "id: 1-5\n\n"));
	zone_tells(f, 6, 7, "{\"seq\":6}");
	free(hear(fd, "{\"seq\":6}"));
	close(fd);
}

/* Reads nothing until the ring has gone round, then everything: nothing is lost, for the database has it. */
static void a_slow_client_gets_everything_later(void **state)
{
	struct fixture *f = *state;
	enum { EVENTS = 9000, SIZE = 300 };
	char json[SIZE + 64];
	zone_keeps(f, 1, "job", 7, "{}");
	int fd = follow(f, "", "");
	free(hear(fd, "id: 1-1\n\n"));
	OK(db_begin(f->db, NULL));
	for (int seq = 2; seq <= EVENTS; seq++) {
		(void)snprintf(json, sizeof(json), "{\"seq\":%d,\"pad\":\"%0*d\"}", seq, SIZE, 0);
		zone_keeps(f, (uint64_t)seq, "job", 7, json);
	}
	OK(db_commit(f->db, NULL));
	for (int seq = 2; seq <= EVENTS; seq++) {
		(void)snprintf(json, sizeof(json), "{\"seq\":%d,\"pad\":\"%0*d\"}", seq, SIZE, 0);
		zone_tells(f, (uint64_t)seq, 7, json);
	}
	expect(ask_with(f, "GET /healthz", "", ""), 200, "ok");
	char *buffer = mem_alloc(65536);
	size_t len = 0;
	for (int seq = 2; seq <= EVENTS;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		ssize_t n = read(fd, buffer + len, 65535 - len);
		assert_true(n > 0);
		len += (size_t)n;
		buffer[len] = 0;
		char *end, *at = buffer;
		for (; (end = strstr(at, "\n\n")); at = end + 2) {
			char want[32];
			(void)snprintf(want, sizeof(want), "id: 1-%d\n", seq);
			if (strncmp(at, want, strlen(want)) != 0)
				fail_msg("wanted %d: %.60s", seq, at);
			seq++;
		}
		len = (size_t)(buffer + len - at);
		memmove(buffer, at, len + 1);
	}
	free(buffer);
	close(fd);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_stream_begins_with_the_place_where_it_stands),
		WITH(a_client_goes_on_where_it_was),
		WITH(what_is_no_longer_kept_is_said),
		WITH(a_filter_leaves_out_other_jobs),
		WITH(progress_has_no_number),
		WITH(a_quiet_stream_beats),
		WITH(a_wrong_place_is_refused),
		WITH(a_place_of_a_lost_time_begins_anew),
		WITH(a_slow_client_gets_everything_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
