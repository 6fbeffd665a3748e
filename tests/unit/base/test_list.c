/* Membership: which list a thing is on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/list.h"

struct thing {
	int number;
	struct list link;
};

static int digits_of(struct list *head)
{
	int n = 0;
	LIST_EACH(head, it, safe)
		n = n * 10 + LIST_ENTRY(it, struct thing, link)->number;
	return n;
}

static void members_keep_their_order_and_move(void **state)
{
	struct list a, b;
	struct thing things[4];
	list_init(&a);
	list_init(&b);
	assert_true(list_is_empty(&a));
	assert_null(LIST_FIRST(&a, struct thing, link));
	for (int i = 0; i < 4; i++) {
		things[i].number = i + 1;
		list_append(&a, &things[i].link);
	}
	assert_int_equal(digits_of(&a), 1234);
	list_remove(&things[2].link);
	list_remove(&things[2].link);
	assert_int_equal(digits_of(&a), 124);
	list_prepend(&b, &things[2].link);
	list_remove(&things[0].link);
	list_prepend(&b, &things[0].link);
	assert_int_equal(digits_of(&b), 13);
	assert_ptr_equal(LIST_FIRST(&b, struct thing, link), &things[0]);
	LIST_EACH(&a, it, safe)
		list_remove(it);
	assert_true(list_is_empty(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(members_keep_their_order_and_move)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
