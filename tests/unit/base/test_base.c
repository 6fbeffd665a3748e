/* Memory that must be there, and what happens when something of ours is not true. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"

static void memory_is_zeroed_and_never_null(void **state)
{
	unsigned char *p = mem_alloc(100), *q = mem_array(10, 10), *none = mem_alloc(0);
	for (int i = 0; i < 100; i++)
		assert_true(p[i] == 0 && q[i] == 0);
	assert_non_null(none);
	p[99] = 7;
	p = mem_grow(p, 1000, 2);
	assert_int_equal(p[99], 7);
	AUTO_FREE char *s = mem_str("text");
	assert_string_equal(s, "text");
	assert_null(mem_str(NULL));
	free(p);
	free(q);
	free(none);
}

static void overflow(void)
{
	free(mem_array(SIZE_MAX / 2, 3));
}

static void grow_overflow(void)
{
	free(mem_grow(NULL, SIZE_MAX / 2, 3));
}

static void not_true(void)
{
	ASSERT(1 + 1 == 3);
}

/* How f ends in a process of its own, and what it says on standard error. */
static int ending_of(void (*f)(void), char *said, size_t size)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		f();
		_exit(0);
	}
	close(fds[1]);
	FILE *in = fdopen(fds[0], "r");
	if (!fgets(said, (int)size, in))
		said[0] = '\0';
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)fclose(in);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void our_own_mistakes_abort_with_a_message(void **state)
{
	char said[256];
	assert_int_equal(ending_of(not_true, said, sizeof(said)), SIGABRT);
	assert_non_null(strstr(said, "not_true: not true: 1 + 1 == 3"));
	assert_int_equal(ending_of(grow_overflow, said, sizeof(said)), SIGABRT);
	assert_non_null(strstr(said, "out of memory"));
	(void)ending_of(overflow, said, sizeof(said)); /* a sanitizer's calloc may stop it in its own way */
	assert_true(said[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_never_null),
		cmocka_unit_test(our_own_mistakes_abort_with_a_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
