#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "amt/act.h"
#include "base/base.h"

/* Orders: DSP1027, values of RequestedState of RequestPowerStateChange. */
static void each_verb_has_its_row(void **state)
{
	static const struct {
		enum verb verb;
		const char *name;
		int number, order;
		bool changes, harmful;
	} rows[] = {
		{VERB_STATUS, "status", 1, 0, false, false}, {VERB_ON, "on", 2, 2, true, false},
		{VERB_OFF, "off", 3, 8, true, true},         {VERB_RESET, "reset", 4, 10, true, true},
		{VERB_CYCLE, "cycle", 5, 5, true, true},     {VERB_TEST, "test", 6, 0, false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(rows[i].verb, rows[i].number);
		assert_string_equal(verb_name(rows[i].verb), rows[i].name);
		enum verb v;
		assert_true(verb_from_name(rows[i].name, &v));
		assert_int_equal(v, rows[i].verb);
		assert_int_equal(verb_order(v), rows[i].order);
		assert_int_equal(verb_changes_power(v), rows[i].changes);
		assert_int_equal(verb_is_harmful(v), rows[i].harmful);
		assert_true(*verb_sentence(v));
	}
}

static void what_is_no_verb_has_no_name(void **state)
{
	enum verb v = VERB_ON;
	assert_false(verb_from_name("", &v));
	assert_false(verb_from_name("ON", &v));
	assert_false(verb_from_name("on ", &v));
	assert_int_equal(v, VERB_ON);
	assert_string_equal(verb_name((enum verb)99), "?");
	assert_false(verb_changes_power((enum verb)0));
}

static void power_states_have_words(void **state)
{
	static const struct {
		int state;
		const char *word;
		bool is_on, is_off;
	} rows[] = {
		{0, "unknown", false, false}, {2, "on", true, false},       {3, "sleep", false, false},
		{4, "sleep", false, false},   {6, "off", false, true},      {7, "hibernate", false, false},
		{8, "off", false, true},      {9, "cycling", false, false}, {77, "other", false, false},
		{-1, "other", false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_string_equal(power_state_name(rows[i].state), rows[i].word);
		assert_int_equal(power_state_is_on(rows[i].state), rows[i].is_on);
		assert_int_equal(power_state_is_off(rows[i].state), rows[i].is_off);
	}
}

static void a_detail_is_printable_and_fits(void **state)
{
	struct act_outcome o = {0};
	char text[ACT_DETAIL_SIZE + 2];
	act_outcome_set_detail(&o, "the device said \"no\"");
	assert_string_equal(o.detail, "the device said \"no\"");
	act_outcome_set_detail(&o, "a\nb\xff");
	assert_string_equal(o.detail, "a\\x0ab\\xff");
	act_outcome_set_detail(&o, "");
	assert_string_equal(o.detail, "");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	memcpy(text + ACT_DETAIL_SIZE - 2, "\xc3\xa4", 2); /* does not fit any more */
	act_outcome_set_detail(&o, text);
	assert_int_equal(strlen(o.detail), ACT_DETAIL_SIZE - 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verb_has_its_row),
		cmocka_unit_test(what_is_no_verb_has_no_name),
		cmocka_unit_test(power_states_have_words),
		cmocka_unit_test(a_detail_is_printable_and_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
