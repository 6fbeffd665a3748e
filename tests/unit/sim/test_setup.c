/* How names, pre-shared keys and hashes are compared, and what a device that waits to be set up costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "fixture.h"
#include "mebx.h"
#include "setup.h"
#include "trust.h"

static struct sim *make(const char *profile)
{
	struct sim *s = fixture_new(profile, 1);

	setup_forget(s, &s->devices[0], SETUP_FACTORY);
	return s;
}

static void a_name_fits_a_suffix_as_firmware_compares_them(void **state)
{
	static const struct {
		const char *profile, *name, *suffix;
		bool fits;
	} rows[] = {
		{"12", "oob.example.com", "example.com", true},
		{"12", "OOB.Example.COM", "example.com", true},
		{"12", "example.com", "example.com", true},
		{"12", "*.example.com", "example.com", true},
		{"12", "oob.example.com", "floor3.example.com", true}, /* the last two labels count */
		{"12", "oob.example.com", "example.org", false},
		{"12", "oobexample.com", "example.com", false},
		{"12", "oob.corp.co.uk", "lab.corp.co.uk", true}, /* three below .uk */
		{"12", "oob.corp.co.uk", "lab.other.co.uk", false},
		{"12", "oob.example.xyz", "floor3.example.xyz", false}, /* below others the whole name counts */
		{"12", "oob.example.xyz", "example.xyz", true},
		{"12", "", "example.com", false},
		{"2.6", "oob.example.net", "floor3.example.net", true},
		{"2.6", "oob.example.org", "floor3.example.org", false}, /* at first .com and .net only */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim *s = make(rows[i].profile);

		if (trust_name_fits(&s->devices[0], rows[i].name, rows[i].suffix) != rows[i].fits)
			fail_msg("%s, %s, %s", rows[i].profile, rows[i].name, rows[i].suffix);
		sim_free(s);
	}
}

/* PID and first group of MeshCommander's generator: 0000ABC and U, AMT and A, PSK and M. */
static void pre_shared_keys_have_their_form(void **state)
{
	struct sim *s = make("9.5");

	assert_true(mebx_is_psk(s, BYTES_LIT("0000ABCU"), SETUP_PID_LEN));
	assert_true(mebx_is_psk(s, BYTES_LIT("0000ABCX"), SETUP_PID_LEN));
	assert_false(mebx_is_psk(s, BYTES_LIT("0000abcu"), SETUP_PID_LEN));
	assert_false(mebx_is_psk(s, BYTES_LIT("0000ABC"), SETUP_PID_LEN));
	s->set.psk_checksum = 1;
	assert_true(mebx_is_psk(s, BYTES_LIT("0000ABCU"), SETUP_PID_LEN));
	assert_false(mebx_is_psk(s, BYTES_LIT("0000ABCX"), SETUP_PID_LEN));
	assert_true(mebx_is_psk(s, BYTES_LIT("AMTAPSKMAMTAPSKMAMTAPSKMAMTAPSKM"), SETUP_PPS_LEN));
	assert_false(mebx_is_psk(s, BYTES_LIT("AMTAPSKMAMTAPSKMAMTAPSKMAMTAPSKX"), SETUP_PPS_LEN));
	sim_free(s);
}

static void each_generation_has_hashes_of_its_time(void **state)
{
	static const struct {
		const char *profile;
		unsigned sha1, sha256;
		bool takes_sha1, takes_sha256;
	} rows[] = {
		{"2.6", 9, 0, true, false},        {"5.2", 9, 0, true, false}, {"7.1", 9, 9, true, true},
		{"9.5", 9, 9, true, true},         {"11.8", 0, 9, true, true}, {"12", 0, 9, true, true},
		{"15-notebook", 0, 9, true, true}, {"15", 0, 9, false, true},  {"16.1", 0, 9, false, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim *s = make(rows[i].profile);
		unsigned count[4] = {0};
		struct cert_hash h;

		for (unsigned k = 0; setup_hash_at(s, &s->devices[0], k, &h); k++)
			count[h.type]++;
		assert_int_equal(count[HASH_SHA1], rows[i].sha1);
		assert_int_equal(count[HASH_SHA256], rows[i].sha256);
		assert_int_equal(setup_takes_hash(&s->devices[0], HASH_SHA1), rows[i].takes_sha1);
		assert_int_equal(setup_takes_hash(&s->devices[0], HASH_SHA256), rows[i].takes_sha256);
		sim_free(s);
	}
}

static void a_hash_that_is_switched_off_does_not_count(void **state)
{
	struct sim *s = make("12");
	struct device *d = &s->devices[0];
	struct cert_hash h;

	assert_int_equal(setup_hash_enable(s, d, "Comodo AAA CA", false, NULL), 0);
	assert_true(setup_hash_at(s, d, 0, &h));
	assert_string_equal(h.name, "Comodo AAA CA");
	assert_false(setup_hash_counts(s, d, &h));
	assert_int_equal(setup_hash_enable(s, d, "Comodo AAA CA", true, NULL), 0);
	assert_true(setup_hash_at(s, d, 0, &h) && setup_hash_counts(s, d, &h));
	assert_int_equal(setup_hash_enable(s, d, "Nobody", true, NULL), ERR_NOT_FOUND);
	sim_free(s);
}

static void a_device_that_waits_stays_small(void **state)
{
	assert_true(sizeof(struct device) + sizeof(struct setup) <= 2048);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_fits_a_suffix_as_firmware_compares_them),
		cmocka_unit_test(pre_shared_keys_have_their_form),
		cmocka_unit_test(each_generation_has_hashes_of_its_time),
		cmocka_unit_test(a_hash_that_is_switched_off_does_not_count),
		cmocka_unit_test(a_device_that_waits_stays_small),
	};

	return cmocka_run_group_tests_name("sim/setup", tests, NULL, NULL);
}
