/* TLS: who agrees with whom, pins, names, resumption, and every way in which a handshake fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/file.h"
#include "make_cert.h"
#include "two_ends.h"

static struct test_cert authority, modern, old, other_authority; /* old: RSA-1024 with SHA-1 */
static struct two_ends t;

static int make_certs(void **state)
{
	test_cert_make(&authority, &(struct test_cert_kind){.hash = "SHA256", .name = "zone"});
	test_cert_make(&other_authority, &(struct test_cert_kind){.hash = "SHA256", .name = "zone"});
	test_cert_make(&modern, &(struct test_cert_kind){.hash = "SHA256",
							 .name = "desk-17",
							 .alt_names = "DNS:desk-17.example,IP:127.0.0.1",
							 .issuer = &authority});
	test_cert_make(&old, &(struct test_cert_kind){.rsa_bits = 1024, .hash = "SHA1", .name = "old"});
	return 0;
}

static int release_certs(void **state)
{
	test_cert_release(&authority);
	test_cert_release(&other_authority);
	test_cert_release(&modern);
	test_cert_release(&old);
	return 0;
}

static void set_server(const struct test_cert *c)
{
	tls_ctx_free(t.server_tls);
	t.server_tls = NULL;
	assert_int_equal(tls_ctx_new(TLS_SERVER, &t.server_tls, NULL), 0);
	assert_int_equal(tls_ctx_set_identity_mem(t.server_tls, buf_bytes(&c->cert_pem), buf_bytes(&c->key_pem), NULL),
			 0);
}

static int set_up(void **state)
{
	two_ends_init(&t, NULL);
	set_server(&modern);
	return tls_ctx_new(TLS_CLIENT, &t.to.tls, NULL);
}

static int tear_down(void **state)
{
	tls_session_free(t.resume);
	two_ends_release(&t);
	tls_ctx_free(t.to.tls);
	tls_ctx_free(t.server_tls);
	return 0;
}

static void open_both(void)
{
	two_ends_connect(&t);
	two_ends_wait(&t, &t.client.opens, 1);
	two_ends_wait(&t, &t.server.opens, 1);
}

/* The client's code, and in t.client.e why. */
static int refused(void)
{
	two_ends_connect(&t);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.opens, 0);
	return t.client.code;
}

static void both_ends_agree_and_know_the_leaf(void **state)
{
	uint8_t pin[TLS_PIN_SIZE];
	two_ends_connect(&t);
	assert_false(stream_tls_leaf(t.client.stream, pin));
	assert_string_equal(stream_tls_version(t.client.stream), "");
	two_ends_wait(&t, &t.client.opens, 1);
	two_ends_wait(&t, &t.server.opens, 1);
	assert_true(stream_tls_leaf(t.client.stream, pin));
	assert_memory_equal(pin, modern.pin, sizeof(pin));
	assert_false(stream_tls_leaf(t.server.stream, pin)); /* the client has none */
	assert_string_equal(stream_tls_version(t.client.stream), "TLSv1.3");
	assert_false(stream_tls_resumed(t.client.stream));
	assert_int_equal(stream_bytes_sent(t.client.stream), 0);
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("question"), NULL), 0);
	assert_int_equal(stream_bytes_sent(t.client.stream), 8);
	two_ends_wait_got(&t, &t.server, 8);
	assert_int_equal(stream_write(t.server.stream, BYTES_LIT("answer"), NULL), 0);
	two_ends_wait_got(&t, &t.client, 6);
	stream_free(t.client.stream);
	t.client.stream = NULL;
	two_ends_wait(&t, &t.server.closes, 1);
	assert_int_equal(t.server.code, ERR_END);
}

static void an_end_without_close_notify_is_told_apart(void **state)
{
	open_both();
	assert_int_equal(shutdown(stream_fd(t.server.stream), SHUT_WR), 0); /* behind the back of TLS */
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_CLOSED);
	assert_non_null(strstr(t.client.e.msg, "without close_notify"));
	two_ends_again(&t);
	open_both();
	stream_shutdown(t.server.stream);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_END);
	two_ends_wait(&t, &t.server.closes, 1);
	assert_int_equal(t.server.code, ERR_END);
}

static void large_data_goes_both_ways_through_full_buffers(void **state)
{
	static uint8_t p[STREAM_PENDING_MAX];
	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)(i * 2654435761U >> 13);
	open_both();
	size_t given[2] = {0};
	struct end *ends[2] = {&t.client, &t.server};
	for (int i = 0; i < 2; i++)
		stream_pause(ends[i]->stream, true);
	for (int i = 0; i < 2; i++) {
		while (stream_write(ends[i]->stream, BYTES(p, sizeof(p)), NULL) == 0)
			given[i] += sizeof(p);
		size_t pending = stream_pending(ends[i]->stream);
		assert_true(pending > 0 && stream_bytes_sent(ends[i]->stream) == given[i] - pending);
	}
	loop_run_once(t.loop, 20);
	for (int i = 0; i < 2; i++)
		stream_pause(ends[i]->stream, false);
	for (int i = 0; i < 2; i++) {
		two_ends_wait(&t, &ends[i]->drains, 1);
		two_ends_wait_got(&t, ends[!i], given[i]);
		for (size_t at = 0; at < given[i]; at += sizeof(p))
			assert_memory_equal(ends[!i]->got.p + at, p, sizeof(p));
		assert_int_equal(stream_bytes_sent(ends[i]->stream), given[i]);
	}
}

/* A strict context refuses old peers; with old_tls, for one connection, it takes them; and the next strict one of the
 * same context refuses them again. */
static void old_versions_are_taken_only_where_allowed(void **state)
{
	static const struct {
		enum tls_version least, most;
		const char *name;
		bool is_old;
	} peers[] = {
		{TLS_1_0, TLS_1_0, "TLSv1", true},   {TLS_1_1, TLS_1_1, "TLSv1.1", true},
		{TLS_1_0, TLS_1_1, "TLSv1.1", true}, {TLS_1_2, TLS_1_2, "TLSv1.2", false},
		{0, TLS_1_2, "TLSv1.2", false},      {TLS_1_3, TLS_1_3, "TLSv1.3", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		t.server_opts = (struct tls_opts){.least = peers[i].least, .most = peers[i].most};
		for (int round = 0; round < 3; round++) {
			t.to.tls_opts.old_tls = round == 1;
			if (peers[i].is_old && round != 1) {
				assert_int_equal(refused(), ERR_TLS_FAILED);
			} else {
				open_both();
				assert_string_equal(stream_tls_version(t.client.stream), peers[i].name);
			}
			two_ends_again(&t);
		}
	}
}

static void a_weak_certificate_is_taken_only_where_allowed(void **state)
{
	set_server(&old);
	for (int round = 0; round < 3; round++) {
		uint8_t pin[TLS_PIN_SIZE];
		bool allowed = round == 1;
		t.to.tls_opts.old_tls = allowed;
		t.server_opts.least = TLS_1_0; /* a server that would show it to anybody */
		if (!allowed) {
			assert_int_equal(refused(), ERR_TLS_FAILED);
		} else {
			open_both();
			assert_true(stream_tls_leaf(t.client.stream, pin));
			assert_memory_equal(pin, old.pin, sizeof(pin));
		}
		two_ends_again(&t);
	}
}

static void a_strict_server_refuses_an_old_client(void **state)
{
	t.to.tls_opts = (struct tls_opts){.old_tls = true, .most = TLS_1_1};
	assert_int_equal(refused(), ERR_TLS_FAILED);
	two_ends_wait(&t, &t.server.closes, 1);
	assert_int_equal(t.server.code, ERR_TLS_FAILED);
	assert_int_equal(t.server.opens, 0);
}

static void each_connection_may_show_its_own_certificate(void **state)
{
	struct tls_identity *id = NULL;
	uint8_t pin[TLS_PIN_SIZE];
	assert_int_equal(tls_identity_new(buf_bytes(&old.cert_pem), buf_bytes(&old.key_pem), &id, NULL), 0);
	t.server_opts = (struct tls_opts){.identity = id, .least = TLS_1_0};
	t.to.tls_opts.old_tls = true;
	open_both();
	assert_true(stream_tls_leaf(t.client.stream, pin));
	assert_memory_equal(pin, old.pin, sizeof(pin));
	two_ends_again(&t);
	t.server_opts.identity = NULL;
	open_both();
	assert_true(stream_tls_leaf(t.client.stream, pin));
	assert_memory_equal(pin, modern.pin, sizeof(pin));
	tls_identity_free(id);
}

static void with_an_authority_chain_and_name_must_be_right(void **state)
{
	static const struct {
		const struct test_cert *authority;
		const char *name, *why; /* NULL: opens */
	} rows[] = {
		{&authority, "desk-17.example", NULL},
		{&authority, "127.0.0.1", NULL},
		{&authority, "other.example", "hostname mismatch"},
		{&authority, "desk-17", "hostname mismatch"}, /* the common name counts for nothing beside names */
		{&authority, "127.0.0.2", "IP address mismatch"},
		{&authority, NULL, "prepare a TLS connection"},
		{&other_authority, "desk-17.example", "certificate signature failure"},
		{&old, "desk-17.example", "unable to get local issuer certificate"},
	};
	char path[64];
	(void)snprintf(path, sizeof(path), "/tmp/test_base_tls.%d", (int)getpid());
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tls_ctx_free(t.to.tls);
		assert_int_equal(tls_ctx_new(TLS_CLIENT, &t.to.tls, NULL), 0);
		assert_int_equal(file_write(path, 0600, buf_bytes(&rows[i].authority->cert_pem), NULL), 0);
		assert_int_equal(tls_ctx_set_ca(t.to.tls, path, NULL), 0);
		t.to.tls_opts.server_name = rows[i].name;
		if (rows[i].why) {
			assert_int_equal(refused(), ERR_TLS_FAILED);
			assert_non_null(strstr(t.client.e.msg, rows[i].why));
		} else {
			open_both();
		}
		two_ends_again(&t);
	}
	struct err e = ERR_INIT;
	assert_int_equal(file_write(path, 0600, BYTES_LIT("no certificate"), NULL), 0);
	assert_int_equal(tls_ctx_set_ca(t.to.tls, path, &e), ERR_INVALID);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(tls_ctx_set_ca(t.to.tls, path, &e), ERR_INVALID);
}

/* The peer ends badly each time (no close_notify): its session is good all the same. */
static void sessions_are_resumed(void **state)
{
	static const enum tls_version versions[] = {TLS_1_0, TLS_1_2, TLS_1_3};
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		t.server_opts = (struct tls_opts){.least = versions[i], .most = versions[i]};
		t.to.tls_opts.old_tls = versions[i] < TLS_1_2;
		for (int round = 0; round < 3; round++) {
			uint8_t pin[TLS_PIN_SIZE];
			open_both();
			assert_int_equal(stream_tls_resumed(t.client.stream), round > 0);
			assert_true(stream_tls_leaf(t.client.stream, pin));
			assert_memory_equal(pin, modern.pin, sizeof(pin));
			/* TLS 1.3 brings the session behind the handshake, before the first byte. */
			assert_int_equal(stream_write(t.server.stream, BYTES_LIT("x"), NULL), 0);
			two_ends_wait_got(&t, &t.client, 1);
			tls_session_free(t.resume);
			t.resume = stream_tls_session(t.client.stream);
			assert_non_null(t.resume);
			stream_abort(t.server.stream);
			two_ends_wait(&t, &t.client.closes, 1);
			two_ends_again(&t);
		}
		tls_session_free(t.resume);
		t.resume = NULL;
	}
}

/* What an old, permitted connection agreed on does not lower a later strict one. */
static void an_old_session_does_not_open_a_strict_connection(void **state)
{
	t.server_opts = (struct tls_opts){.least = TLS_1_0, .most = TLS_1_0};
	t.to.tls_opts.old_tls = true;
	open_both();
	t.resume = stream_tls_session(t.client.stream);
	assert_non_null(t.resume);
	two_ends_again(&t);
	t.to.tls_opts.old_tls = false;
	assert_int_equal(refused(), ERR_TLS_FAILED);
	two_ends_again(&t);
	t.server_opts = (struct tls_opts){0};
	open_both();
	assert_false(stream_tls_resumed(t.client.stream));
}

static int accept_raw(void)
{
	loop_fd_want(t.listener, 0);
	two_ends_connect(&t);
	int fd = accept(t.listen_fd, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

static void a_peer_that_ends_in_the_handshake_has_closed(void **state)
{
	int fd = accept_raw();
	close(fd);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_CLOSED);
	assert_non_null(strstr(t.client.e.msg, "the TLS handshake"));
}

static void a_peer_that_does_not_speak_tls_fails_it(void **state)
{
	int fd = accept_raw();
	assert_int_equal(send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, 0), 28);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_TLS_FAILED);
	close(fd);
}

static void a_peer_that_says_nothing_is_left_after_the_time(void **state)
{
	struct clock *c = clock_driven_new(0);
	struct tls_ctx *client = t.to.tls;
	two_ends_release(&t);
	struct tls_ctx *server = t.server_tls;
	two_ends_init(&t, c);
	t.to.tls = client;
	t.server_tls = server;
	int fd = accept_raw();
	while (loop_run_once(t.loop, 20))
		;
	clock_advance(c, 4999);
	assert_false(loop_run_once(t.loop, 20));
	clock_advance(c, 1);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.code, ERR_NO_ANSWER);
	assert_string_equal(t.client.e.msg, "the TLS handshake took longer than 5000 ms");
	close(fd);
	two_ends_release(&t);
	clock_free(c);
	two_ends_init(&t, NULL);
	t.to.tls = client;
	t.server_tls = server;
}

static void free_now(struct end *end)
{
	stream_free(end->stream);
	end->stream = NULL;
}

static void a_stream_may_be_freed_in_its_callbacks_and_its_handshake(void **state)
{
	for (int where = 0; where < 3; where++) {
		t.server.on_open = where == 0 ? free_now : NULL;
		t.server.on_data = where == 1 ? free_now : NULL;
		two_ends_connect(&t);
		if (where == 2) {
			loop_run_once(t.loop, 1000);
			two_ends_again(&t);
			while (loop_run_once(t.loop, 20))
				;
			two_ends_again(&t);
			continue;
		}
		assert_int_equal(stream_write(t.client.stream, BYTES_LIT("early"), NULL), 0);
		two_ends_wait(&t, &t.client.closes, 1);
		assert_null(t.server.stream);
		two_ends_again(&t);
	}
}

static void what_is_no_identity_is_refused(void **state)
{
	static const struct {
		const struct test_cert *cert, *key;
		const char *why;
	} rows[] = {
		{NULL, &modern, "read a certificate"},
		{&modern, NULL, "read a private key"},
		{&modern, &old, "match a certificate with its private key"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		struct bytes cert = rows[i].cert ? buf_bytes(&rows[i].cert->cert_pem) : BYTES_LIT("x");
		struct bytes key = rows[i].key ? buf_bytes(&rows[i].key->key_pem) : BYTES_NONE;
		assert_int_equal(tls_ctx_set_identity_mem(t.server_tls, cert, key, &e), ERR_INVALID);
		assert_non_null(strstr(e.msg, rows[i].why));
		assert_int_equal(tls_ctx_set_identity_mem(t.server_tls, cert, key, NULL), ERR_INVALID);
	}
	open_both(); /* the one from before still stands */
	struct err e = ERR_INIT;
	assert_int_equal(tls_ctx_set_identity(t.server_tls, "/no/cert", "/no/key", &e), ERR_NOT_FOUND);
	tls_identity_free(NULL);
	tls_ctx_free(NULL);
}

static void an_identity_comes_from_files_with_its_chain(void **state)
{
	char cert[64], key[64];
	struct buf chain;
	(void)snprintf(cert, sizeof(cert), "/tmp/test_base_tls.%d.cert", (int)getpid());
	(void)snprintf(key, sizeof(key), "/tmp/test_base_tls.%d.key", (int)getpid());
	buf_init(&chain, 65536);
	buf_add_bytes(&chain, buf_bytes(&modern.cert_pem));
	buf_add_bytes(&chain, buf_bytes(&authority.cert_pem));
	assert_int_equal(file_write(cert, 0600, buf_bytes(&chain), NULL), 0);
	assert_int_equal(file_write(key, 0600, buf_bytes(&modern.key_pem), NULL), 0);
	assert_int_equal(tls_ctx_set_identity(t.server_tls, cert, key, NULL), 0);
	open_both();
	unlink(cert);
	unlink(key);
	buf_release(&chain);
}

#define WITH_TLS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TLS(both_ends_agree_and_know_the_leaf),
		WITH_TLS(an_end_without_close_notify_is_told_apart),
		WITH_TLS(large_data_goes_both_ways_through_full_buffers),
		WITH_TLS(old_versions_are_taken_only_where_allowed),
		WITH_TLS(a_weak_certificate_is_taken_only_where_allowed),
		WITH_TLS(a_strict_server_refuses_an_old_client),
		WITH_TLS(each_connection_may_show_its_own_certificate),
		WITH_TLS(with_an_authority_chain_and_name_must_be_right),
		WITH_TLS(sessions_are_resumed),
		WITH_TLS(an_old_session_does_not_open_a_strict_connection),
		WITH_TLS(a_peer_that_ends_in_the_handshake_has_closed),
		WITH_TLS(a_peer_that_does_not_speak_tls_fails_it),
		WITH_TLS(a_peer_that_says_nothing_is_left_after_the_time),
		WITH_TLS(a_stream_may_be_freed_in_its_callbacks_and_its_handshake),
		WITH_TLS(what_is_no_identity_is_refused),
		WITH_TLS(an_identity_comes_from_files_with_its_chain),
	};
	return cmocka_run_group_tests(tests, make_certs, release_certs);
}
