/* Requests and answers on the wire, up to the zone's mailbox. */
#include "fixture.h"

static void pages_are_served_without_a_login(void **state)
{
	struct fixture *f = *state;
	expect(ask_with(f, "GET /healthz", "", ""), 200, "\r\n\r\nok\n");
	expect(ask_with(f, "GET /", "", ""), 200, "lamp --help");
	expect(ask_with(f, "GET /openapi.json", "", ""), 200, "\"openapi\":\"3.1.0\"");
	expect(ask_with(f, "GET /metrics", "", ""), 200, "lampd_api_requests");
	expect(ask_with(f, "GET /ca.pem", "", ""), 503, "is being made");
}

static void every_answer_has_the_security_headers(void **state)
{
	static const char *const headers[] = {
		"X-Content-Type-Options: nosniff\r\n",
		"Content-Security-Policy: default-src 'none'",
		"Cache-Control: no-store\r\n",
		"Date: Sun, 22 Nov 2026 15:23:16 GMT\r\n",
	};
	static const char *const lines[] = {"GET /healthz", "GET /nothing", "GET /api/v1/version", "DELETE /healthz"};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		for (size_t k = 0; k < ARRAY_LEN(headers); k++) {
			char *answer = ask_with(*state, lines[i], "", "");
			assert_non_null(strstr(answer, headers[k]));
			free(answer);
		}
}

static void unknown_paths_and_methods_are_refused(void **state)
{
	struct fixture *f = *state;
	expect(ask_with(f, "GET /api/v1/nothing", "", ""), 404, "\"error\":\"not_found\"");
	expect(ask_with(f, "GET /../etc/passwd", "", ""), 404, "\"error\":\"not_found\"");
	expect(ask_with(f, "DELETE /api/v1/devices", "", ""), 405, "Allow: GET, HEAD, POST, OPTIONS\r\n");
	expect(ask_with(f, "BREW /api/v1/devices", "", ""), 400, "\"error\":");
	expect(ask_with(f, "OPTIONS /api/v1/devices", "", ""), 204, "Allow: GET, HEAD, POST, OPTIONS\r\n");
	expect(ask_with(f, "OPTIONS /nothing", "", ""), 404, "");
}

static void head_is_get_without_the_body(void **state)
{
	char *answer = ask_with(*state, "HEAD /healthz", "", "");
	assert_int_equal(status_of(answer), 200);
	assert_non_null(strstr(answer, "Content-Length: 3\r\n"));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	free(answer);
}

static void bodies_are_checked_before_the_zone_hears_of_them(void **state)
{
	struct fixture *f = *state;
	expect(ask_with(f, "POST /api/v1/devices", "Content-Type: text/plain\r\n", "{}"), 415, "application/json");
	expect(ask_with(f, "POST /api/v1/devices", "", "{}"), 415, "application/json");
	expect(ask_with(f, "POST /api/v1/devices", JSON, "{"), 400, "\"error\":\"invalid\"");
	expect(ask_with(f, "POST /api/v1/devices", JSON, "{}"), 400, "'name' is missing");
	expect(ask_with(f, "POST /api/v1/devices", JSON, "{\"name\":\"a\",\"colour\":1}"), 400, "colour");
	expect(ask_with(f, "GET /api/v1/devices?colour=1", "", ""), 400, "colour");
	expect(ask(f, "POST /api/v1/devices HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 99999999\r\n\r\n"), 413,
	       "\"error\":\"too_big\"");
	expect(ask(f, "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400,
	       "\"error\":\"malformed\"");
	expect(ask(f, "GET /healthz HTTP/1.1\r\n\r\n"), 400, "Connection: close");
	no_command(f);
}

static void changes_from_other_sites_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const foreign[] = {
		JSON "Sec-Fetch-Site: cross-site\r\n",
		JSON "Sec-Fetch-Site: same-site\r\n",
		JSON "Origin: https://evil.example\r\n",
		JSON "Origin: http://x\r\n",
		JSON "Origin: null\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		expect(ask_with(f, "POST /api/v1/devices", foreign[i], "{\"name\":\"a\"}"), 403,
		       "\"error\":\"not_allowed\"");
	no_command(f);
	expect(ask_with(f, "GET /api/v1/version", "Sec-Fetch-Site: cross-site\r\n", ""), 200, "\"api\":\"1\"");
}

static void a_change_goes_to_the_zone_and_is_answered_by_it(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	char *text = request_text("POST /api/v1/devices", JSON "Origin: https://x\r\nSec-Fetch-Site: same-origin\r\n",
				  "{\"name\":\"desk-17\",\"tags\":[\"a\"]}");
	say(fd, text);
	free(text);
	struct zone_command *m = zone_hears(f);
	assert_int_equal(m->call->command->id, API_CMD_DEVICE_ADD);
	assert_string_equal(api_str(m->call, "name"), "desk-17");
	assert_int_equal(m->by.kind, PRINCIPAL_LOCAL);
	assert_non_null(strstr(m->by.name, "(local)"));
	zone_answers(f, m->request, 200, "{\"id\":7,\"name\":\"desk-17\"}");
	expect(hear(fd, NULL), 200, "\r\n\r\n{\"id\":7,\"name\":\"desk-17\"}");
	close(fd);
	m->mail.free(&m->mail);
}

static void an_answer_without_a_body_is_a_204(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	char *text = request_text("DELETE /api/v1/devices/desk-17", "", "");
	say(fd, text);
	free(text);
	struct zone_command *m = zone_hears(f);
	zone_answers(f, m->request, 204, "");
	expect(hear(fd, NULL), 204, "HTTP/1.1 204 No Content\r\n");
	close(fd);
	m->mail.free(&m->mail);
}

static void a_client_that_goes_away_does_not_matter(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	char *text = request_text("DELETE /api/v1/devices/desk-17", "", "");
	say(fd, text);
	free(text);
	struct zone_command *m = zone_hears(f);
	close(fd);
	zone_answers(f, m->request, 204, "");
	m->mail.free(&m->mail);
	expect(ask_with(f, "GET /healthz", "", ""), 200, "ok");
}

static void a_full_mailbox_says_when_to_come_again(void **state)
{
	struct fixture *f = *state;
	int fds[ZONE_BOX];
	char *text = request_text("DELETE /api/v1/devices/desk-17", "", "");
	for (int i = 0; i < ZONE_BOX; i++) {
		fds[i] = dial(f);
		say(fds[i], text);
	}
	while (mailbox_count(f->zone) < ZONE_BOX) /* the workers are at it */
		(void)poll(NULL, 0, 1);
	char *answer = ask(f, text);
	assert_non_null(strstr(answer, "Retry-After: "));
	expect(answer, 503, "\"error\":\"busy\"");
	free(text);
	for (int i = 0; i < ZONE_BOX; i++) {
		struct zone_command *m = zone_hears(f);
		zone_answers(f, m->request, 204, "");
		m->mail.free(&m->mail);
	}
	for (int i = 0; i < ZONE_BOX; i++) {
		expect(hear(fds[i], NULL), 204, "");
		close(fds[i]);
	}
}

static void a_zone_that_has_gone_answers_nobody(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	char *text = request_text("DELETE /api/v1/devices/desk-17", "", "");
	say(fd, text);
	struct zone_command *m = zone_hears(f);
	m->mail.free(&m->mail);
	struct mail *stopped = mem_alloc(sizeof(*stopped));
	*stopped = (struct mail){.kind = API_STOPPED, .free = (void (*)(struct mail *))(void (*)(void))free};
	assert_true(mailbox_put(api_mailbox(f->api), stopped));
	expect(hear(fd, NULL), 503, "stopped");
	close(fd);
	expect(ask(f, text), 503, "stopping");
	expect(ask_with(f, "GET /healthz", "", ""), 503, "stopping");
	free(text);
}

static void requests_in_one_packet_are_answered_in_order(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	struct buf text;
	buf_init(&text, HEARD_MAX);
	for (int i = 0; i < 2000; i++)
		OK(buf_adds(&text, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
	OK(buf_adds(&text, "GET /api/v1/version HTTP/1.1\r\nHost: x\r\n\r\n"
			   "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	say(fd, buf_cstr(&text));
	char *answer = hear(fd, NULL), *at = answer;
	int answers = 0;
	for (; (at = strstr(at, "HTTP/1.1 200 OK\r\n")); at++)
		answers++;
	assert_int_equal(answers, 2002);
	assert_true(strstr(answer, "\"api\":\"1\"") > strstr(answer, "ok\n"));
	assert_string_equal(answer + strlen(answer) - 3, "ok\n");
	free(answer);
	buf_release(&text);
	close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	char *text = request_text("POST /api/v1/devices", JSON, "{\"name\":\"\"}");
	int fd = dial(f);
	for (char *c = text; *c; c++) {
		char one[2] = {*c, 0};
		say(fd, one);
	}
	expect(hear(fd, NULL), 400, "'name' is empty");
	free(text);
	close(fd);
}

static void slow_requests_end_in_time(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(fd, "GET /healthz HTTP/1.1\r\nHost:");
	expect(ask_with(f, "GET /healthz", "", ""), 200, "ok"); /* the first one was read by now */
	clock_advance(f->clock, 10000);
	expect(hear(fd, NULL), 408, "Connection: close");
	close(fd);
}

static void idle_connections_end_in_time(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	free(hear(fd, "ok\n"));
	clock_advance(f->clock, 59000);
	say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	free(hear(fd, "ok\n"));
	expect(ask_with(f, "GET /healthz", "", ""), 200, "ok"); /* the wait has begun by now */
	clock_advance(f->clock, 60000);
	char *rest = hear(fd, NULL);
	assert_string_equal(rest, "");
	free(rest);
	close(fd);
}

static void a_zone_that_does_not_answer_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	char *text = request_text("DELETE /api/v1/devices/desk-17", "", "");
	say(fd, text);
	free(text);
	struct zone_command *m = zone_hears(f);
	expect(ask_with(f, "GET /healthz", "", ""), 200, "ok"); /* the wait has begun by now */
	clock_advance(f->clock, 60000);
	expect(hear(fd, NULL), 503, "may still be carried out");
	zone_answers(f, m->request, 204, "");
	m->mail.free(&m->mail);
	close(fd);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(pages_are_served_without_a_login),
		WITH(every_answer_has_the_security_headers),
		WITH(unknown_paths_and_methods_are_refused),
		WITH(head_is_get_without_the_body),
		WITH(bodies_are_checked_before_the_zone_hears_of_them),
		WITH(changes_from_other_sites_are_refused),
		WITH(a_change_goes_to_the_zone_and_is_answered_by_it),
		WITH(an_answer_without_a_body_is_a_204),
		WITH(a_client_that_goes_away_does_not_matter),
		WITH(a_full_mailbox_says_when_to_come_again),
		WITH(a_zone_that_has_gone_answers_nobody),
		WITH(requests_in_one_packet_are_answered_in_order),
		WITH(a_request_may_come_byte_by_byte),
		WITH(slow_requests_end_in_time),
		WITH(idle_connections_end_in_time),
		WITH(a_zone_that_does_not_answer_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
