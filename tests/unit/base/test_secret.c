/* Secrets of every size and from everywhere; the terminal is a real one (a pseudo terminal). */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"
#include "base/secret.h"

static void a_secret_is_a_copy_with_a_zero_behind(void **state)
{
	for (size_t len = 0; len < 300; len++) {
		char plain[300];
		memset(plain, 'p', sizeof(plain));
		struct secret s = SECRET_INIT;
		secret_set(&s, plain, len);
		assert_int_equal(s.len, len);
		assert_int_equal(s.p[len], 0);
		assert_true(secret_equal_bytes(&s, BYTES(plain, len)));
		secret_set(&s, s.p, len / 2); /* from itself */
		assert_true(secret_equal_bytes(&s, BYTES(plain, len / 2)));
		secret_release(&s);
		assert_null(s.p);
		secret_release(&s);
	}
}

static void equal_means_length_and_bytes(void **state)
{
	struct secret a = SECRET_INIT, b = SECRET_INIT, none = SECRET_INIT;
	secret_set(&a, "P@ssw0rd", 8);
	secret_set(&b, "P@ssw0rd", 8);
	assert_true(secret_equal(&a, &b));
	assert_false(secret_equal_bytes(&a, BYTES_LIT("P@ssw0rD")));
	assert_false(secret_equal_bytes(&a, BYTES_LIT("P@ssw0rd1")));
	assert_false(secret_equal(&a, &none));
	assert_true(secret_equal(&none, &none));
	secret_release(&a);
	secret_release(&b);
}

/* Its slot stays mapped, so the bytes can be looked at. */
static void a_released_secret_is_gone_from_memory(void **state)
{
	struct secret s = SECRET_INIT;
	secret_set(&s, "canary-canary-canary", 20);
	const uint8_t *was = s.p;
	secret_release(&s);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(was[i], 0);
	char stack[] = "canary";
	secret_wipe(stack, sizeof(stack));
	assert_memory_equal(stack, "\0\0\0\0\0\0", 7);
}

#define MANY 17000 /* more than there are slots */

static void more_secrets_than_slots_are_kept_apart(void **state)
{
	struct secret *all = calloc(MANY, sizeof(*all));
	for (uint32_t i = 0; i < MANY; i++)
		secret_set(&all[i], &i, sizeof(i));
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(secret_equal_bytes(&all[i], BYTES(&i, sizeof(i))));
	for (uint32_t i = 0; i < MANY; i++)
		secret_release(&all[i]);
	free(all);
}

static char taken_twice;

static void *set_and_release(void *arg)
{
	uint64_t mine = (uintptr_t)&mine;
	for (int i = 0; i < 20000; i++) {
		struct secret s = SECRET_INIT;
		secret_set(&s, &mine, sizeof(mine));
		bool mine_still = secret_equal_bytes(&s, BYTES(&mine, sizeof(mine)));
		secret_release(&s);
		if (!mine_still)
			return arg;
	}
	return NULL;
}

static void threads_never_share_a_slot(void **state)
{
	pthread_t t[4];
	void *bad;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, set_and_release, &taken_twice), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
}

static void the_first_line_of_a_file_is_the_secret(void **state)
{
	static char most[SECRET_LINE_MAX + 2];
	memset(most, 'm', sizeof(most));
	most[SECRET_LINE_MAX] = '\n';
	const struct {
		struct bytes content;
		int code;
		struct bytes want;
	} rows[] = {
		{BYTES_LIT("P@ssw0rd\n"), 0, BYTES_LIT("P@ssw0rd")},
		{BYTES_LIT("P@ssw0rd"), 0, BYTES_LIT("P@ssw0rd")},
		{BYTES_LIT("P@ssw0rd\r\nsecond\n"), 0, BYTES_LIT("P@ssw0rd")},
		{BYTES_LIT(" with blanks \n"), 0, BYTES_LIT(" with blanks ")},
		{BYTES(most, SECRET_LINE_MAX + 1), 0, BYTES(most, SECRET_LINE_MAX)},
		{BYTES(most, SECRET_LINE_MAX), 0, BYTES(most, SECRET_LINE_MAX)},
		{BYTES_LIT(""), ERR_MISSING, BYTES_NONE},
		{BYTES_LIT("\n"), ERR_MISSING, BYTES_NONE},
		{BYTES_LIT("\r\nx"), ERR_MISSING, BYTES_NONE},
		{BYTES_LIT("a\0b\n"), ERR_INVALID, BYTES_NONE},
	};
	char path[64];
	(void)snprintf(path, sizeof(path), "/tmp/test_base_secret.%d", (int)getpid());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret s = SECRET_INIT;
		struct err e = ERR_INIT;
		assert_int_equal(file_write(path, 0600, rows[i].content, NULL), 0);
		assert_int_equal(secret_read_file(path, &s, &e), rows[i].code);
		assert_int_equal(e.code, rows[i].code);
		assert_true(secret_equal_bytes(&s, rows[i].want));
		secret_release(&s);
	}
	struct secret s = SECRET_INIT;
	most[SECRET_LINE_MAX] = 'm';
	assert_int_equal(file_write(path, 0600, BYTES(most, sizeof(most)), NULL), 0);
	assert_int_equal(secret_read_file(path, &s, NULL), ERR_TOO_BIG);
	(void)unlink(path);
	assert_int_equal(secret_read_file(path, &s, NULL), ERR_NOT_FOUND);
}

static void of_standard_input_only_the_line_is_read(void **state)
{
	int fds[2], was = dup(STDIN_FILENO);
	char rest[8] = "";
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "one\ntwo\n", 8), 8);
	dup2(fds[0], STDIN_FILENO);
	struct secret s = SECRET_INIT;
	assert_int_equal(secret_read_file("-", &s, NULL), 0);
	assert_true(secret_equal_bytes(&s, BYTES_LIT("one")));
	assert_int_equal(read(STDIN_FILENO, rest, sizeof(rest)), 4);
	assert_string_equal(rest, "two\n");
	secret_release(&s);
	dup2(was, STDIN_FILENO);
	close(was);
	close(fds[0]);
	close(fds[1]);
}

/* Exit status of the child: 0 when the password arrived and the echo is on again. */
static void child_at_terminal(const char *name)
{
	setsid();
	int tty = open(name, O_RDWR);
	ioctl(tty, TIOCSCTTY, 0);
	struct secret s = SECRET_INIT;
	int rc = secret_read_terminal("Password: ", &s, NULL);
	struct termios now;
	bool echo = tcgetattr(tty, &now) == 0 && (now.c_lflag & ECHO);
	bool good = rc == 0 && secret_equal_bytes(&s, BYTES_LIT("P@ssw0rd"));
	secret_release(&s);
	_exit(!echo ? 3 : good ? 0 : rc == ERR_CANCELLED ? 2 : 1);
}

/* Plays the person: waits for the prompt, types. Gives the child's wait status; said is all that the screen showed. */
static int at_terminal(const char *typed, char *said, size_t size)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	const char *name = ptsname(master);
	int keep = open(name, O_RDWR | O_NOCTTY); /* so that reading the master does not end early */
	pid_t child = fork();
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		close(master);
		child_at_terminal(name);
	}
	size_t len = 0;
	while (len < strlen("Password: ")) {
		ssize_t n = read(master, said + len, size - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_int_equal(write(master, typed, strlen(typed)), (ssize_t)strlen(typed));
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	close(keep);
	ssize_t n;
	while ((n = read(master, said + len, size - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(master);
	return status;
}

static void a_password_is_typed_unseen(void **state)
{
	char said[256];
	int status = at_terminal("P@ssw0rd\n", said, sizeof(said));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(said, "Password: \r\n");
}

static void an_interrupt_ends_the_process_with_the_echo_on(void **state)
{
	char said[256];
	int status = at_terminal("P@ss\003", said, sizeof(said));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	assert_null(strstr(said, "P@ss"));
}

static void without_a_terminal_there_is_no_password(void **state)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		struct secret s = SECRET_INIT;
		setsid();
		_exit(secret_read_terminal("Password: ", &s, NULL) == ERR_MISSING ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_a_copy_with_a_zero_behind),
		cmocka_unit_test(equal_means_length_and_bytes),
		cmocka_unit_test(a_released_secret_is_gone_from_memory),
		cmocka_unit_test(more_secrets_than_slots_are_kept_apart),
		cmocka_unit_test(threads_never_share_a_slot),
		cmocka_unit_test(the_first_line_of_a_file_is_the_secret),
		cmocka_unit_test(of_standard_input_only_the_line_is_read),
		cmocka_unit_test(a_password_is_typed_unseen),
		cmocka_unit_test(an_interrupt_ends_the_process_with_the_echo_on),
		cmocka_unit_test(without_a_terminal_there_is_no_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
