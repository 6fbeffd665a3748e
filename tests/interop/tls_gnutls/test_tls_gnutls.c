/* Our TLS client against GnuTLS, another library: old versions, weak certificates, no RFC 5746. Skipped where
 * gnutls-serv is not installed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/file.h"
#include "make_cert.h"
#include "two_ends.h"

static char folder[] = "/tmp/test_tls_gnutls.XXXXXX";
static struct test_cert modern, weak;
static struct two_ends t;
static pid_t server;
static int server_says;

static void write_pem(const char *name, const struct test_cert *c)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s.cert", folder, name);
	assert_int_equal(file_write(path, 0600, buf_bytes(&c->cert_pem), NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/%s.key", folder, name);
	assert_int_equal(file_write(path, 0600, buf_bytes(&c->key_pem), NULL), 0);
}

static int make_certs(void **state)
{
	assert_non_null(mkdtemp(folder));
	test_cert_make(&modern, &(struct test_cert_kind){.rsa_bits = 2048, .hash = "SHA256", .name = "modern"});
	test_cert_make(&weak, &(struct test_cert_kind){.rsa_bits = 1024, .hash = "SHA1", .name = "weak"});
	write_pem("modern", &modern);
	write_pem("weak", &weak);
	return 0;
}

static int release_certs(void **state)
{
	static const char *const names[] = {"modern.cert", "modern.key", "weak.cert", "weak.key"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	test_cert_release(&modern);
	test_cert_release(&weak);
	return rmdir(folder);
}

/* A port that nobody had a moment ago. */
static unsigned free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int fd;
	assert_int_equal(stream_listen_tcp((struct sockaddr *)&a, len, 1, &fd, NULL), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void become_server(int out, const char *priority, const char *cert, unsigned port)
{
	char port_text[16], cert_path[128], key_path[128];
	(void)snprintf(port_text, sizeof(port_text), "%u", port);
	(void)snprintf(cert_path, sizeof(cert_path), "%s/%s.cert", folder, cert);
	(void)snprintf(key_path, sizeof(key_path), "%s/%s.key", folder, cert);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execlp("gnutls-serv", "gnutls-serv", "--echo", "--disable-client-cert", "--port", port_text, "--priority",
	       priority, "--x509certfile", cert_path, "--x509keyfile", key_path, (char *)NULL);
	_exit(127);
}

/* Starts it and waits until it says that it listens; false when it is not installed. */
static bool start_server(const char *priority, const char *cert)
{
	int fds[2];
	char said[4096] = "";
	size_t len = 0;
	unsigned port = free_port();
	assert_int_equal(pipe(fds), 0);
	server = fork();
	if (server == 0)
		become_server(fds[1], priority, cert, port);
	close(fds[1]);
	while (!strstr(said, "done")) {
		ssize_t n = read(fds[0], said + len, sizeof(said) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		said[len] = '\0';
	}
	server_says = fds[0]; /* stays open: what the server says later must not end it */
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(&t.to.to, &a, sizeof(a));
	return strstr(said, "done") != NULL;
}

static void stop_server(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(server_says);
}

static int set_up(void **state)
{
	two_ends_init(&t, NULL);
	return tls_ctx_new(TLS_CLIENT, &t.to.tls, NULL);
}

static int tear_down(void **state)
{
	two_ends_release(&t);
	tls_ctx_free(t.to.tls);
	return 0;
}

static void exchange(const char *version, const struct test_cert *cert)
{
	uint8_t pin[TLS_PIN_SIZE];
	two_ends_connect(&t);
	two_ends_wait(&t, &t.client.opens, 1);
	assert_string_equal(stream_tls_version(t.client.stream), version);
	assert_true(stream_tls_leaf(t.client.stream, pin));
	assert_memory_equal(pin, cert->pin, sizeof(pin));
	assert_int_equal(stream_write(t.client.stream, BYTES_LIT("question\n"), NULL), 0);
	two_ends_wait_got(&t, &t.client, 9);
	assert_string_equal(buf_cstr(&t.client.got), "question\n");
	two_ends_again(&t);
}

static void refused(void)
{
	two_ends_connect(&t);
	two_ends_wait(&t, &t.client.closes, 1);
	assert_int_equal(t.client.opens, 0);
	assert_int_equal(t.client.code, ERR_TLS_FAILED);
	two_ends_again(&t);
}

static const struct {
	const char *priority, *cert, *version;
	bool strict_too;
} peers[] = {
	{"NORMAL", "modern", "TLSv1.3", true},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.2", "modern", "TLSv1.2", true},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION", "modern", "TLSv1.2", false},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.1", "modern", "TLSv1.1", false},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.0", "modern", "TLSv1", false},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.0:-KX-ALL:+RSA:%DISABLE_SAFE_RENEGOTIATION", "weak", "TLSv1", false},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.2", "weak", "TLSv1.2", false},
};

static void each_peer_is_taken_only_where_allowed(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		const struct test_cert *cert = strcmp(peers[i].cert, "weak") == 0 ? &weak : &modern;
		if (!start_server(peers[i].priority, peers[i].cert)) {
			stop_server();
			skip();
		}
		for (int round = 0; round < 3; round++) {
			t.to.tls_opts.old_tls = round == 1;
			if (peers[i].strict_too || round == 1)
				exchange(peers[i].version, cert);
			else
				refused();
		}
		stop_server();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_peer_is_taken_only_where_allowed, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, make_certs, release_certs);
}
