/* Plain connections over the loopback, and every way in which they end. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "two_ends.h"

static struct two_ends t;

static int set_up(void **state)
{
	two_ends_init(&t, NULL);
	return 0;
}

static int tear_down(void **state)
{
	two_ends_release(&t);
	return 0;
}

static void connect_both(void)
{
	two_ends_connect(&t);
	assert_int_equal(t.client.opens, 0); /* never from inside the call */
	two_ends_wait(&t, &t.client.opens, 1);
	two_ends_wait(&t, &t.server.opens, 1);
}

static void both_ends_exchange_bytes_and_the_end(void **state)
{
	connect_both();
	assert_int_equal(stream_bytes_sent(t.client.stream), 0);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("question"), NULL), 0);
	assert_int_equal(stream_bytes_sent(t.client.stream), 8);
	assert_int_equal(stream_pending(t.client.stream), 0);
	two_ends_wait_got(&t, &t.server, 8);
	assert_int_equal(stream_write(t.server.stream, BYTES_LIT("answer"), NULL), 0);
	two_ends_wait_got(&t, &t.client, 6);
	assert_string_equal(buf_cstr(&t.server.got), "question");
	assert_string_equal(buf_cstr(&t.client.got), "answer");
	assert_int_equal(stream_bytes_received(t.client.stream), 6);
	stream_free(t.client.stream);
	t.client.stream = NULL;
	two_ends_wait(&t, &t.server.closes, 1);
	assert_int_equal(t.server.code, ERR_END);
	assert_int_equal(t.client.closes, 0);
	assert_int_equal(t.client.drains, 0); /* all went at once */
	assert_int_equal(stream_fd(t.server.stream), -1);
	assert_int_equal(stream_write(t.server.stream, BYTES_LIT("x"), NULL), ERR_CLOSED);
}

static void the_socket_has_its_options_from_birth(void **state)
{
	connect_both();
	for (int i = 0; i < 2; i++) {
		int fd = stream_fd(i ? t.client.stream : t.server.stream), on = 0;
		unsigned ms = 0;
		socklen_t len = sizeof(on), ms_len = sizeof(ms);
		assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &ms_len), 0);
		assert_true(on);
		assert_int_equal(ms, 10000);
	}
}

static void a_port_without_listener_refuses(void **state)
{
	loop_fd_want(t.listener, 0);
	struct stream_connect was = t.to;
	int fd;
	((struct sockaddr_in *)&t.to.to)->sin_port = 0;
	assert_int_equal(stream_listen_tcp((struct sockaddr *)&t.to.to, t.to.to_len, 1, &fd, NULL), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&t.to.to, &t.to.to_len), 0);
	close(fd);
	two_ends_connect(&t);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("x"), NULL), 0);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_REFUSED_PORT);
	assert_string_equal(t.client.e.msg, "connect: Connection refused");
	assert_int_equal(t.client.opens, 0);
	assert_int_equal(stream_bytes_sent(t.client.stream), 0);
	t.to = was;
}

static void an_address_without_route_is_told_from_the_loop(void **state)
{
	assert_int_equal(stream_parse_address("224.0.0.1:80", &t.to.to, &t.to.to_len, NULL),
			 0); /* TCP to many is none */
	two_ends_connect(&t);
	assert_int_equal(t.client.closes, 0);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_UNREACHABLE);
}

static void no_descriptor_left_is_told_from_the_loop(void **state)
{
	struct rlimit was, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	two_ends_connect(&t);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(t.client.closes, 0);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_SYSTEM);
	assert_string_equal(t.client.e.msg, "connect: Too many open files");
}

/* A queue of pending connections that is full drops what comes: nothing answers. */
static void connecting_ends_after_its_time(void **state)
{
	struct clock *c = clock_driven_new(0);
	struct two_ends d;
	two_ends_init(&d, c);
	loop_fd_want(d.listener, 0);
	assert_int_equal(listen(d.listen_fd, 0), 0);
	int full[2];
	for (int i = 0; i < 2; i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(full[i], (struct sockaddr *)&d.to.to, d.to.to_len);
	}
	two_ends_connect(&d);
	clock_advance(c, 4999);
	assert_false(loop_run_once(d.loop, 20));
	clock_advance(c, 1);
	two_ends_wait(&d, &d.client.closes, 1);
	assert_int_equal(d.client.code, ERR_TIMEOUT);
	assert_string_equal(d.client.e.msg, "connecting took longer than 5000 ms");
	close(full[0]);
	close(full[1]);
	two_ends_release(&d);
	clock_free(c);
}

static uint8_t *pattern(size_t len)
{
	uint8_t *p = mem_alloc(len);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 2654435761U >> 13);
	return p;
}

static void more_than_the_kernel_takes_is_kept_and_drained(void **state)
{
	size_t len = STREAM_PENDING_MAX;
	AUTO_FREE uint8_t *p = pattern(len);
	connect_both();
	stream_pause(t.server.stream, true);
	size_t given = 0;
	while (stream_write(t.client.stream, BYTES(p, len), NULL) == 0)
		given += len;
	assert_true(stream_pending(t.client.stream) > 0);
	assert_true(given >= len);
	size_t pending = stream_pending(t.client.stream);
	assert_int_equal(stream_bytes_sent(t.client.stream), given - pending);
	/* Up to the ceiling, byte by byte: what fits is taken whole, what does not is not taken at all. */
	assert_int_equal(stream_write(t.client.stream, BYTES(p, len - pending + 1), NULL), ERR_TOO_BIG);
	assert_int_equal(stream_pending(t.client.stream), pending);
	assert_int_equal(stream_write(t.client.stream, BYTES(p, len - pending), NULL), 0);
	assert_int_equal(stream_pending(t.client.stream), len);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("x"), NULL), ERR_TOO_BIG);
	given += len - pending;
	loop_run_once(t.loop, 20);
	assert_int_equal(t.server.got.len, 0);
	stream_pause(t.server.stream, false);
	two_ends_wait_got(&t, &t.server, given);
	two_ends_wait(&t, &t.client.drains, 1);
	assert_int_equal(t.client.drains, 1);
	for (size_t at = 0; at < given; at += len)
		assert_memory_equal(t.server.got.p + at, p, given - at < len ? given - at : len);
	assert_int_equal(stream_bytes_sent(t.client.stream), given);
	assert_int_equal(stream_bytes_received(t.server.stream), given);
}

static void write_again(struct end *end)
{
	static uint8_t piece[100000];
	while (end->drains < 3 && stream_pending(end->stream) == 0)
		assert_int_equal(stream_write(end->stream, BYTES(piece, sizeof(piece)), NULL), 0);
}

static void a_writer_may_go_on_in_drained(void **state)
{
	connect_both();
	t.client.on_drained = write_again;
	write_again(&t.client);
	two_ends_wait(&t, &t.client.drains, 3);
	two_ends_wait_got(&t, &t.server, stream_bytes_sent(t.client.stream));
}

static void what_is_written_before_it_is_open_follows(void **state)
{
	two_ends_connect(&t);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("early"), NULL), 0);
	assert_int_equal(stream_bytes_sent(t.client.stream), 0);
	two_ends_wait_got(&t, &t.server, 5);
	assert_string_equal(buf_cstr(&t.server.got), "early");
	assert_int_equal(stream_bytes_sent(t.client.stream), 5);
}

static void free_now(struct end *end)
{
	stream_free(end->stream);
	end->stream = NULL;
}

static void a_stream_may_be_freed_in_each_of_its_callbacks(void **state)
{
	static uint8_t big[STREAM_PENDING_MAX];
	for (int where = 0; where < 4; where++) {
		t.client.on_open = where == 0 ? free_now : NULL;
		t.client.on_data = where == 1 ? free_now : NULL;
		t.client.on_closed = where == 2 ? free_now : NULL;
		t.client.on_drained = where == 3 ? free_now : NULL;
		two_ends_connect(&t);
		two_ends_wait(&t, &t.server.opens, 1);
		if (where == 1 || where == 2)
			assert_int_equal(stream_write(t.server.stream, BYTES_LIT("x"), NULL), 0);
		if (where == 2)
			stream_shutdown(t.server.stream);
		if (where == 3) {
			two_ends_wait(&t, &t.client.opens, 1);
			while (stream_pending(t.client.stream) == 0)
				assert_int_equal(stream_write(t.client.stream, BYTES(big, sizeof(big)), NULL), 0);
		}
		two_ends_wait(&t, &t.server.closes, 1);
		assert_null(t.client.stream);
		two_ends_again(&t);
	}
	stream_free(NULL);
}

static void a_paused_stream_tells_nothing_and_loses_nothing(void **state)
{
	connect_both();
	stream_pause(t.server.stream, true);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("one"), NULL), 0);
	stream_free(t.client.stream);
	t.client.stream = NULL;
	loop_run_once(t.loop, 20);
	loop_run_once(t.loop, 20);
	assert_int_equal(t.server.got.len, 0);
	assert_int_equal(t.server.closes, 0);
	stream_pause(t.server.stream, false);
	assert_int_equal(t.server.got.len, 0); /* from the loop only */
	two_ends_wait(&t, &t.server.closes, 1);
	assert_string_equal(buf_cstr(&t.server.got), "one");
	assert_int_equal(t.server.code, ERR_END);
}

static void pause_self(struct end *end)
{
	stream_pause(end->stream, true);
}

static void a_stream_may_pause_itself_between_two_reads(void **state)
{
	AUTO_FREE uint8_t *p = pattern(300000);
	connect_both();
	t.server.on_data = pause_self;
	assert_int_equal(stream_write(t.client.stream, BYTES(p, 300000), NULL), 0);
	size_t was = 0;
	while (t.server.got.len < 300000) {
		assert_true(loop_run_once(t.loop, 10000));
		assert_true(t.server.got.len <= was + 65536); /* one read each time */
		if (t.server.got.len > was)
			stream_pause(t.server.stream, false);
		was = t.server.got.len;
	}
	assert_memory_equal(t.server.got.p, p, 300000);
}

static void after_shutdown_the_rest_still_arrives_both_ways(void **state)
{
	AUTO_FREE uint8_t *p = pattern(900000);
	connect_both();
	stream_pause(t.client.stream, true);
	size_t given = 0;
	while (stream_pending(t.server.stream) == 0) {
		assert_int_equal(stream_write(t.server.stream, BYTES(p, 900000), NULL), 0);
		given += 900000;
	}
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("bye"), NULL), 0);
	stream_shutdown(t.client.stream);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("x"), NULL), ERR_CLOSED);
	two_ends_wait_got(&t, &t.server, 3);
	loop_run_once(t.loop, 20);
	assert_int_equal(t.server.closes, 0); /* it still has bytes to send */
	stream_pause(t.client.stream, false);
	two_ends_wait(&t, &t.server.closes, 1);
	assert_int_equal(t.server.code, ERR_END);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_END);
	assert_int_equal(t.client.got.len, given);
}

static void a_shutdown_waits_for_what_is_pending(void **state)
{
	AUTO_FREE uint8_t *p = pattern(900000);
	connect_both();
	stream_pause(t.server.stream, true);
	size_t given = 0;
	while (stream_pending(t.client.stream) == 0) {
		assert_int_equal(stream_write(t.client.stream, BYTES(p, 900000), NULL), 0);
		given += 900000;
	}
	stream_shutdown(t.client.stream);
	stream_shutdown(t.client.stream);
	stream_pause(t.server.stream, false);
	two_ends_wait(&t, &t.server.closes, 1);
	assert_int_equal(t.server.code, ERR_END);
	assert_int_equal(t.server.got.len, given);
}

static void an_abort_is_a_reset_for_the_peer(void **state)
{
	connect_both();
	stream_abort(t.client.stream);
	two_ends_wait(&t, &t.server.closes, 1);
	assert_int_equal(t.server.code, ERR_CLOSED);
	assert_string_equal(t.server.e.msg, "the connection broke: Connection reset by peer");
	assert_int_equal(t.client.closes, 0);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("x"), NULL), ERR_CLOSED);
}

/* A device that answers before it has read all, and closes: its answer counts. */
static void what_was_said_before_a_reset_is_still_read(void **state)
{
	loop_fd_want(t.listener, 0);
	two_ends_connect(&t);
	int peer = accept(t.listen_fd, NULL, NULL);
	assert_true(peer >= 0);
	two_ends_wait(&t, &t.client.opens, 1);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("a long question"), NULL), 0);
	assert_int_equal(send(peer, "401", 3, 0), 3);
	close(peer); /* with unread bytes: a reset follows the answer */
	struct err e = ERR_INIT;
	int rc = stream_write(t.client.stream, BYTES_LIT("more"), &e);
	assert_true(rc == 0 || rc == ERR_CLOSED);
	assert_int_equal(e.code, rc);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_CLOSED);
	assert_string_equal(buf_cstr(&t.client.got), "401");
}

static void a_local_socket_is_made_with_its_mode_and_replaced_when_stale(void **state)
{
	char path[64];
	struct stat st;
	struct err e = ERR_INIT;
	int fd, other = -1;
	(void)snprintf(path, sizeof(path), "/tmp/test_base_stream.%d", (int)getpid());
	assert_int_equal(stream_listen_unix(path, 0660, &fd, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(stream_listen_unix(path, 0660, &other, &e), ERR_PORT_TAKEN);
	close(fd); /* as after kill -9: the file stays */
	assert_int_equal(stream_listen_unix(path, 0600, &fd, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	struct sockaddr_un un = {.sun_family = AF_UNIX};
	memcpy(un.sun_path, path, strlen(path) + 1);
	memcpy(&t.to.to, &un, sizeof(un));
	t.to.to_len = sizeof(un);
	two_ends_connect(&t);
	two_ends_wait(&t, &t.client.opens, 1);
	close(fd);
	assert_int_equal(unlink(path), 0);
	int file = open(path, O_CREAT | O_WRONLY, 0600);
	close(file);
	assert_int_equal(stream_listen_unix(path, 0600, &fd, &e), ERR_PORT_TAKEN); /* a file of somebody else's */
	assert_int_equal(unlink(path), 0);
	char longer[200];
	memset(longer, 'x', sizeof(longer));
	longer[199] = '\0';
	assert_int_equal(stream_listen_unix(longer, 0600, &fd, &e), ERR_INVALID);
	assert_int_equal(stream_listen_unix("/no/such/folder/s", 0600, &fd, &e), ERR_SYSTEM);
}

static void a_taken_port_is_named(void **state)
{
	int fd = -1;
	struct err e = ERR_INIT;
	char want[128], text[STREAM_ADDRESS_SIZE];
	stream_address_text((struct sockaddr *)&t.to.to, text, sizeof(text), true);
	(void)snprintf(want, sizeof(want), "listen on %s: Address already in use", text);
	assert_int_equal(stream_listen_tcp((struct sockaddr *)&t.to.to, t.to.to_len, 1, &fd, &e), ERR_PORT_TAKEN);
	assert_string_equal(e.msg, want);
	assert_int_equal(fd, -1);
}

static void addresses_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *written, *without_port; /* NULL: refused */
	} rows[] = {
		{"127.0.0.1:8443", "127.0.0.1:8443", "127.0.0.1"},
		{"0.0.0.0:0", "0.0.0.0:0", "0.0.0.0"},
		{"[::1]:80", "[::1]:80", "::1"},
		{"[2001:db8:0:0::ff]:65535", "[2001:db8::ff]:65535", "2001:db8::ff"},
		{"[::ffff:10.0.0.1]:80", "10.0.0.1:80", "10.0.0.1"},
		{"127.0.0.1", NULL, NULL},
		{"127.0.0.1:", NULL, NULL},
		{"127.0.0.1:65536", NULL, NULL},
		{"127.0.0.1:-1", NULL, NULL},
		{"127.0.0.1:80 ", NULL, NULL},
		{"127.0.0.01:80", NULL, NULL},
		{"127.1:80", NULL, NULL},
		{"::1:80", NULL, NULL},
		{"[::1]", NULL, NULL},
		{"[::1]80", NULL, NULL},
		{"[::1:80", NULL, NULL},
		{"[]:80", NULL, NULL},
		{"[127.0.0.1]:80", NULL, NULL},
		{"[:80", NULL, NULL},
		{":80", NULL, NULL},
		{"", NULL, NULL},
		{"localhost:80", NULL, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sockaddr_storage a;
		socklen_t len;
		struct err e = ERR_INIT;
		char text[STREAM_ADDRESS_SIZE];
		assert_int_equal(stream_parse_address(rows[i].text, &a, &len, &e), rows[i].written ? 0 : ERR_INVALID);
		if (!rows[i].written)
			continue;
		stream_address_text((struct sockaddr *)&a, text, sizeof(text), true);
		assert_string_equal(text, rows[i].written);
		stream_address_text((struct sockaddr *)&a, text, sizeof(text), false);
		assert_string_equal(text, rows[i].without_port);
	}
	char text[STREAM_ADDRESS_SIZE];
	stream_address_text(&(struct sockaddr){.sa_family = AF_UNIX}, text, sizeof(text), true);
	assert_string_equal(text, "local");
}

#define WITH_ENDS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ENDS(both_ends_exchange_bytes_and_the_end),
		WITH_ENDS(the_socket_has_its_options_from_birth),
		WITH_ENDS(a_port_without_listener_refuses),
		WITH_ENDS(an_address_without_route_is_told_from_the_loop),
		WITH_ENDS(no_descriptor_left_is_told_from_the_loop),
		WITH_ENDS(connecting_ends_after_its_time),
		WITH_ENDS(more_than_the_kernel_takes_is_kept_and_drained),
		WITH_ENDS(a_writer_may_go_on_in_drained),
		WITH_ENDS(what_is_written_before_it_is_open_follows),
		WITH_ENDS(a_stream_may_be_freed_in_each_of_its_callbacks),
		WITH_ENDS(a_paused_stream_tells_nothing_and_loses_nothing),
		WITH_ENDS(a_stream_may_pause_itself_between_two_reads),
		WITH_ENDS(after_shutdown_the_rest_still_arrives_both_ways),
		WITH_ENDS(a_shutdown_waits_for_what_is_pending),
		WITH_ENDS(an_abort_is_a_reset_for_the_peer),
		WITH_ENDS(what_was_said_before_a_reset_is_still_read),
		WITH_ENDS(a_local_socket_is_made_with_its_mode_and_replaced_when_stale),
		WITH_ENDS(a_taken_port_is_named),
		WITH_ENDS(addresses_are_read_and_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
