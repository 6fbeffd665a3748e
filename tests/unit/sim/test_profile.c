#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/base.h"
#include "profile.h"

#include <stdio.h>
#include <string.h>

static void every_profile_is_whole(void **state)
{
	for (size_t i = 0; i < profile_count; i++) {
		const struct profile *p = &profiles[i];
		char version[32];

		assert_ptr_equal(profile_find(p->name), p);
		snprintf(version, sizeof(version), "%u.%u.", p->major, p->minor);
		assert_memory_equal(p->version, version, strlen(version));
		assert_non_null(strstr(p->server, p->version));
		assert_true(p->tls_least <= p->tls_most);
		assert_true(p->source[0] != '\0');
		assert_true(p->flags & (PROFILE_EOI | PROFILE_WSMAN));
		assert_non_null(profile_hardware(p)->cpu);
	}
	assert_null(profile_find("99"));
}

/* Intel AMT guide, TLS by generation. */
static void tls_follows_the_generation(void **state)
{
	static const struct {
		const char *name;
		unsigned least, most;
	} rows[] = {{"2.6", 0x301, 0x302},         {"5.2", 0x301, 0x302},  {"7.1", 0x301, 0x302}, {"8.1", 0x301, 0x302},
		    {"9.5", 0x301, 0x302},         {"11.8", 0x301, 0x302}, {"12", 0x302, 0x303},  {"15", 0x303, 0x303},
		    {"15-notebook", 0x302, 0x303}, {"16.1", 0x303, 0x303}, {"18", 0x303, 0x303}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(profile_find(rows[i].name)->tls_least, rows[i].least);
		assert_int_equal(profile_find(rows[i].name)->tls_most, rows[i].most);
	}
	assert_true(profile_find("16.1")->flags & PROFILE_TLS_ONLY);
	assert_false(profile_find("15")->flags & PROFILE_TLS_ONLY);
}

/* Intel AMT guide: silent below 4.0, only when set up below 6.1; 16.1 and later is a setting. */
static void pings_are_answered_by_generation(void **state)
{
	static const struct {
		const char *name;
		bool set_up, ping_16, answers;
	} rows[] = {{"2.6", true, true, false},   {"5.2", true, true, true},   {"5.2", false, true, false},
		    {"7.1", false, true, true},   {"11.8", true, false, true}, {"16.1", true, true, true},
		    {"16.1", true, false, false}, {"18", false, false, false}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(profile_answers_ping(profile_find(rows[i].name), rows[i].set_up, rows[i].ping_16),
				 rows[i].answers);
	/* The DASH bit that scanners look for. */
	assert_int_equal(profile_ping_interactions(profile_find("5.2")), 0x20);
	assert_int_equal(profile_ping_entities(profile_find("5.2")), 0x01);
}

/* Recorded: 11.8.50, and 12 with LMS. */
static void offered_power_states_follow_state_and_generation(void **state)
{
	static const struct {
		const char *name;
		unsigned power;
		bool lms;
		uint8_t want[9];
	} rows[] = {{"11.8", 2, true, {10, 8, 5, 11}},
		    {"12", 2, true, {10, 8, 5, 11, 4, 7, 14, 12}},
		    {"12", 2, false, {10, 8, 5, 11}},
		    {"7.1", 2, true, {10, 8, 5}},
		    {"12", 8, true, {2}},
		    {"12", 4, true, {2, 8}}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint8_t *got = profile_power_states(profile_find(rows[i].name), rows[i].power, rows[i].lms);

		assert_string_equal((const char *)got, (const char *)rows[i].want);
	}
}

static void a_mixed_net_has_every_profile(void **state)
{
	for (size_t i = 0; i < profile_count; i++) {
		bool found = false;

		for (size_t k = 0; k < profile_count; k++)
			found |= profile_mixed(k) == &profiles[i];
		assert_true(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_is_whole),
		cmocka_unit_test(tls_follows_the_generation),
		cmocka_unit_test(pings_are_answered_by_generation),
		cmocka_unit_test(offered_power_states_follow_state_and_generation),
		cmocka_unit_test(a_mixed_net_has_every_profile),
	};

	return cmocka_run_group_tests_name("sim/profile", tests, NULL, NULL);
}
