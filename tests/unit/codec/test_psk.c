/* PID and PPS against the example of the Intel AMT guide's form. */
#include "testing.h"

#include "base/rng.h"
#include "codec/psk.h"

static void check_characters_are_counted(void **state)
{
	static const struct {
		const char *text;
		bool is_pid, is_pps;
	} rows[] = {
		{"0000ABCU", true, false},
		{"AMTAPSKMABCIDEFRGHI0JKL9MNOIPQRR", false, true},
		{"0000ABCV", false, false},
		{"0000abcU", false, false},
		{"0000-ABCU", false, false},
		{"", false, false},
		{"AMTAPSKMABCIDEFRGHI0JKL9MNOIPQRS", false, false},
		{"AMTBPSKMABCIDEFRGHI0JKL9MNOIPQRR", false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes text = bytes_str(rows[i].text);
		assert_int_equal(psk_pid_check(text, NULL), rows[i].is_pid ? 0 : ERR_INVALID);
		assert_int_equal(psk_pps_check(text, NULL), rows[i].is_pps ? 0 : ERR_INVALID);
	}
	assert_int_equal(psk_pid_check(BYTES_LIT("0000AB\0U"), NULL), ERR_INVALID);
}

static void a_refusal_quotes_nothing(void **state)
{
	struct err e = ERR_INIT;
	assert_int_equal(psk_pps_check(bytes_str("AMTAPSKMABCIDEFRGHI0JKL9MNOIPQRS"), &e), ERR_INVALID);
	assert_null(strstr(e.msg, "MNOI"));
	assert_contains(e.msg, "place 32");
}

static void pairs_from_the_systems_chance_are_right_and_differ(void **state)
{
	enum { PAIRS = 200 };
	static char pids[PAIRS][PSK_PID_LEN + 1];
	struct secret pps = SECRET_INIT, before = SECRET_INIT;
	for (size_t i = 0; i < PAIRS; i++) {
		psk_make(rng_secret, pids[i], &pps);
		assert_int_equal(psk_pid_check(bytes_str(pids[i]), NULL), 0);
		assert_int_equal(psk_pps_check(BYTES(pps.p, pps.len), NULL), 0);
		assert_false(secret_equal(&pps, &before));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(pids[i], pids[j]);
		secret_set(&before, pps.p, pps.len);
	}
	secret_release(&pps);
	secret_release(&before);
}

static uint8_t next_byte;

static void counting(void *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = next_byte++;
}

/* 36 goes seven times into 256, which leaves four bytes that would favour the first letters. */
static void each_letter_is_as_likely_as_the_others(void **state)
{
	unsigned seen[256] = {0};
	char pid[PSK_PID_LEN + 1];
	struct secret pps = SECRET_INIT;
	next_byte = 0;
	/* 31 letters are drawn for a pair; after 252 pairs each of 252 bytes was drawn 31 times. */
	for (int i = 0; i < 252; i++) {
		psk_make(counting, pid, &pps);
		for (size_t j = 0; j < PSK_PID_LEN - 1; j++)
			seen[(uint8_t)pid[j]]++;
		for (size_t j = 0; j < PSK_PPS_LEN; j++)
			if (j % 4 != 3)
				seen[pps.p[j]]++;
	}
	for (const char *p = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"; *p; p++)
		assert_int_equal(seen[(uint8_t)*p], 252 * 31 / 36);
	secret_release(&pps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_characters_are_counted),
		cmocka_unit_test(a_refusal_quotes_nothing),
		cmocka_unit_test(pairs_from_the_systems_chance_are_right_and_differ),
		cmocka_unit_test(each_letter_is_as_likely_as_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
