#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "amt/firmware.h"
#include "base/base.h"

/* Headers as public captures of AMT 3.0.5 to 16.1 have them. */
static void the_server_header_tells_the_version(void **state)
{
	static const struct {
		const char *server;
		bool is_amt;
		const char *version;
	} rows[] = {
		{"Intel(R) Active Management Technology 11.8.50.3425", true, "11.8.50.3425"},
		{"Intel(R) Active Management Technology 3.0.5", true, "3.0.5"},
		{" Intel(R) Active Management Technology 7.1.91 ", true, "7.1.91"},
		{"Intel(R) Con. Management Engine 5.0.1", true, "5.0.1"},
		{"Intel(R) Standard Manageability 9.5.22", true, "9.5.22"},
		{"AMT", true, ""},
		{"Intel(R) Active Management Technology", true, ""},
		{"Intel(R) Active Management Technology 11.8.", true, ""},
		{"Intel(R) Active Management Technology 11..8", true, ""},
		{"Intel(R) Active Management Technology 1234567.1", true, ""},
		{"Intel(R) Active Management Technology 11.8.50.3425.11.8.50.3425", true, ""},
		{"Apache/2.4.57 (Debian)", false, ""},
		{"AMT 11", false, ""},
		{"", false, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char version[ACT_VERSION_SIZE] = "x";
		assert_int_equal(firmware_from_server(bytes_str(rows[i].server), version), rows[i].is_amt);
		assert_string_equal(version, rows[i].version);
	}
}

static void a_realm_is_digest_and_32_hex_digits(void **state)
{
	assert_true(firmware_is_realm("Digest:A4070000000000000000000000000000"));
	assert_true(firmware_is_realm("Digest:727734d63a1fc0423736e48da554e462"));
	assert_false(firmware_is_realm("Digest:A407000000000000000000000000000"));
	assert_false(firmware_is_realm("Digest:A40700000000000000000000000000000"));
	assert_false(firmware_is_realm("Digest:G4070000000000000000000000000000"));
	assert_false(firmware_is_realm("A4070000000000000000000000000000"));
	assert_false(firmware_is_realm(""));
}

static void versions_tell_age_and_quirks(void **state)
{
	assert_true(firmware_is_too_old("2.6.30"));
	assert_false(firmware_is_too_old("3.0.5"));
	assert_false(firmware_is_too_old("16.1.25.1917"));
	assert_false(firmware_is_too_old(""));
	assert_true(firmware_has("16.1.25.1917", QUIRK_NO_PLAIN));
	assert_true(firmware_has("18.0", QUIRK_NO_PLAIN));
	assert_false(firmware_has("16.0.15", QUIRK_NO_PLAIN));
	assert_false(firmware_has("11.8.50", QUIRK_NO_PLAIN));
	assert_false(firmware_has("16.x", QUIRK_NO_PLAIN));
	assert_false(firmware_has("", QUIRK_NO_PLAIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_header_tells_the_version),
		cmocka_unit_test(a_realm_is_digest_and_32_hex_digits),
		cmocka_unit_test(versions_tell_age_and_quirks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
