/* Files in a folder of the test's own. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"

static char folder[64];

static int set_up(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test_base_file.XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const made[] = {"a", "a.tmp", "lock", "sub/a", "full"};
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		(void)unlink(made[i]);
	(void)rmdir("sub");
	return rmdir(folder);
}

static void what_is_written_is_read(void **state)
{
	struct buf b;
	struct stat st;
	buf_init(&b, 1000);
	buf_adds(&b, "before ");
	assert_int_equal(file_write("a", 0600, BYTES_LIT("old"), NULL), 0);
	assert_int_equal(file_write("a", 0640, BYTES_LIT("new\0text"), NULL), 0);
	assert_int_equal(file_read("a", &b, NULL), 0);
	assert_true(bytes_equal(buf_bytes(&b), BYTES_LIT("before new\0text")));
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_not_equal(access("a.tmp", F_OK), 0);
	buf_release(&b);
}

static void a_file_over_the_ceiling_leaves_the_buffer_alone(void **state)
{
	assert_int_equal(file_write("a", 0600, BYTES_LIT("123456"), NULL), 0);
	for (size_t max = 0; max < 10; max++) {
		struct buf b;
		struct err e = ERR_INIT;
		buf_init(&b, max);
		buf_addc(&b, 'x');
		b.failed = false;
		size_t was = b.len;
		assert_int_equal(file_read("a", &b, &e), max < 7 ? ERR_TOO_BIG : 0);
		assert_int_equal(b.len, max < 7 ? was : 7);
		assert_int_equal(e.code, max < 7 ? ERR_TOO_BIG : 0);
		buf_release(&b);
	}
}

static void a_file_larger_than_a_piece_is_read_whole(void **state)
{
	struct buf b, back;
	buf_init(&b, 300000);
	buf_init(&back, 200000);
	for (int i = 0; i < 20000; i++)
		buf_addf(&b, "%09d\n", i);
	assert_int_equal(file_write("a", 0600, buf_bytes(&b), NULL), 0);
	assert_int_equal(file_read("a", &back, NULL), 0);
	assert_true(bytes_equal(buf_bytes(&b), buf_bytes(&back)));
	buf_release(&b);
	buf_release(&back);
}

static void what_fails_says_which_file_and_why(void **state)
{
	struct buf b;
	struct err e = ERR_INIT;
	buf_init(&b, 10);
	assert_int_equal(file_read("none", &b, &e), ERR_NOT_FOUND);
	assert_string_equal(e.msg, "open \"none\": No such file or directory");
	assert_int_equal(file_read(".", &b, &e), ERR_SYSTEM);
	assert_int_equal(file_write("none/a", 0600, BYTES_LIT("x"), &e), ERR_NOT_FOUND);
	assert_int_equal(file_make_folder("none/sub", 0700, &e), ERR_NOT_FOUND);
	buf_release(&b);
}

static void a_link_in_the_place_of_the_new_file_is_not_followed(void **state)
{
	struct err e = ERR_INIT;
	assert_int_equal(symlink("/dev/full", "full"), 0);
	assert_int_equal(file_write("a", 0600, BYTES_LIT("old"), NULL), 0);
	assert_int_equal(rename("full", "a.tmp"), 0);
	assert_int_equal(file_write("a", 0600, BYTES_LIT("new"), &e), ERR_SYSTEM);
	struct buf b;
	buf_init(&b, 10);
	assert_int_equal(file_read("a", &b, NULL), 0);
	assert_string_equal(buf_cstr(&b), "old");
	buf_release(&b);
}

static void a_folder_may_exist_but_must_be_one(void **state)
{
	struct err e = ERR_INIT;
	struct stat st;
	assert_int_equal(file_make_folder("sub", 0700, NULL), 0);
	assert_int_equal(file_make_folder("sub", 0700, NULL), 0);
	assert_int_equal(stat("sub", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(file_write("sub/a", 0600, BYTES_LIT("x"), NULL), 0);
	assert_int_equal(file_make_folder("sub/a", 0700, &e), ERR_SYSTEM);
}

static int try_lock_elsewhere(void)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		int fd;
		_exit(-file_lock("lock", &fd, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return -WEXITSTATUS(status);
}

static void a_lock_keeps_other_processes_out_until_it_is_closed(void **state)
{
	int fd = -1;
	struct err e = ERR_INIT;
	assert_int_equal(file_lock("lock", &fd, NULL), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(try_lock_elsewhere(), ERR_LOCKED);
	int other = -1;
	assert_int_equal(file_lock("lock", &other, &e), ERR_LOCKED);
	assert_int_equal(other, -1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(try_lock_elsewhere(), 0);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(what_is_written_is_read),
		IN_FOLDER(a_file_over_the_ceiling_leaves_the_buffer_alone),
		IN_FOLDER(a_file_larger_than_a_piece_is_read_whole),
		IN_FOLDER(what_fails_says_which_file_and_why),
		IN_FOLDER(a_link_in_the_place_of_the_new_file_is_not_followed),
		IN_FOLDER(a_folder_may_exist_but_must_be_one),
		IN_FOLDER(a_lock_keeps_other_processes_out_until_it_is_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
