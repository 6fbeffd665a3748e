/* The error table and the three ways to write into a struct err. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"

static void a_null_error_is_accepted(void **state)
{
	assert_int_equal(err_set(NULL, ERR_INVALID, "x"), ERR_INVALID);
	assert_int_equal(err_wrap(NULL, ERR_INVALID, "x"), ERR_INVALID);
}

static void context_comes_before_the_message(void **state)
{
	struct err e = ERR_INIT;
	int rc = err_set_sys(&e, ERR_SYSTEM, ENOENT, "open \"%s\"", "/x");
	rc = err_wrap(&e, rc, "start %s", "lampd");
	assert_int_equal(rc, ERR_SYSTEM);
	assert_string_equal(e.msg, "start lampd: open \"/x\": No such file or directory");
}

static void each_argument_is_evaluated_once(void **state)
{
	struct err e = ERR_INIT;
	int codes[] = {ERR_TIMEOUT, ERR_CLOSED}, n = 0;
	assert_int_equal(err_set(&e, codes[n++], "number %d", n), ERR_TIMEOUT);
	assert_int_equal(n, 1);
	assert_int_equal(err_wrap(&e, err_set(&e, ERR_INVALID, "inner"), "outer"), ERR_INVALID);
	assert_string_equal(e.msg, "outer: inner");
}

static void every_code_has_name_class_sentence_and_next_step(void **state)
{
	static const int all[] = {
#define ERR(name, number, class, sentence, next) ERR_##name,
#include "base/err.tbl.h"
#undef ERR
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(err_from_name(err_name(all[i])), all[i]);
		assert_int_not_equal(err_class(all[i]), ERR_CLASS_NONE);
		assert_true(err_sentence(all[i])[0]);
		assert_true(err_next(all[i])[0]);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(all[i], all[j]);
	}
	assert_string_equal(err_name(ERR_WRONG_PASSWORD), "wrong_password");
	assert_int_equal(err_from_name("no such name"), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_null_error_is_accepted),
		cmocka_unit_test(context_comes_before_the_message),
		cmocka_unit_test(each_argument_is_evaluated_once),
		cmocka_unit_test(every_code_has_name_class_sentence_and_next_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
