/* The flow that tests a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "look.h"

#define GENERAL(realm)                                                                                                 \
	{                                                                                                              \
		WSMAN_GET, "AMT_GeneralSettings", NULL, NULL,                                                          \
			"<g:AMT_GeneralSettings><g:DigestRealm>" realm "</g:DigestRealm><g:HostName>desk-17"           \
			"</g:HostName><g:InstanceID>Intel(r) AMT: General Settings</g:InstanceID>"                     \
			"</g:AMT_GeneralSettings>",                                                                    \
			0                                                                                              \
	}
#define REALM "Digest:F3EB554784E729164447A89F60B641C5"
#define UUID  "84f0934c-0397-11e7-9c43-bc0000520000"

static void a_test_tells_version_mode_uuid_and_power(void **state)
{
	static const struct row rows[] = {GENERAL(REALM), SOFTWARE, SETUP("2"), PACKAGE, POWER_GET("8")};
	struct play p;
	play_begin(&p, VERB_TEST, ACT_RUN);
	p.order.at.has_uuid = uuid_parse(BYTES_LIT(UUID), &p.order.at.uuid);
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.requests, 5);
	assert_int_equal(p.gates, 0);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_int_equal(p.out.power_after, 8);
	assert_true(p.out.learned.has_version && p.out.learned.has_mode && p.out.learned.has_uuid);
	assert_string_equal(p.out.learned.version, "11.8.50");
	assert_int_equal(p.out.learned.mode, 1);
	assert_true(uuid_equal(&p.out.learned.uuid, &p.order.at.uuid));
	assert_string_equal(p.out.detail, "AMT 11.8.50, SMB mode, no TLS, power off, host name desk-17");
	play_end(&p);
}

static void what_a_device_does_not_have_is_left_out(void **state)
{
	static const struct row rows[] = {
		GENERAL(REALM),
		{WSMAN_GET, "CIM_SoftwareIdentity", NULL, NULL, UNREACHABLE, 0},
		{WSMAN_GET, "AMT_SetupAndConfigurationService", NULL, NULL, UNREACHABLE, 0},
		{WSMAN_GET, "CIM_ComputerSystemPackage", NULL, NULL, UNREACHABLE, 0},
		POWER_GET("2"),
	};
	struct play p;
	play_begin(&p, VERB_TEST, ACT_RUN);
	p.ctx.tls = "TLSv1.2";
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), 0);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_false(p.out.learned.has_version || p.out.learned.has_mode || p.out.learned.has_uuid);
	assert_string_equal(p.out.detail, "AMT of unknown version, unknown mode, TLSv1.2, power on, host name desk-17");
	play_end(&p);
}

static void with_tls_it_is_enterprise_mode_and_before_the_setup_none(void **state)
{
	static const struct row done[] = {GENERAL(REALM), SOFTWARE, SETUP("2"), PACKAGE, POWER_GET("8")};
	static const struct row before[] = {GENERAL(REALM), SOFTWARE, SETUP("0"), PACKAGE, POWER_GET("8")};
	struct play p;
	play_begin(&p, VERB_TEST, ACT_RUN);
	p.ctx.tls = "TLSv1.2";
	assert_int_equal(play_script(&p, done, ARRAY_LEN(done)), 0);
	assert_int_equal(p.out.learned.mode, 2);
	play_end(&p);
	play_begin(&p, VERB_TEST, ACT_RUN);
	assert_int_equal(play_script(&p, before, ARRAY_LEN(before)), 0);
	assert_int_equal(p.out.learned.mode, 0);
	play_end(&p);
}

static void another_uuid_is_another_device(void **state)
{
	static const struct row rows[] = {GENERAL(REALM), SOFTWARE, SETUP("2"), PACKAGE};
	struct play p;
	play_begin(&p, VERB_TEST, ACT_RUN);
	p.order.at.has_uuid = true;
	p.order.at.uuid.b[0] = 1;
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.end, ACT_END_FAILED);
	assert_int_equal(p.out.reason, ERR_WRONG_DEVICE);
	assert_true(p.out.learned.has_uuid);
	play_end(&p);
}

static void a_realm_that_differs_inside_is_a_relay(void **state)
{
	static const struct row rows[] = {GENERAL("Digest:A4070000000000000000000000000000")};
	struct play p;
	play_begin(&p, VERB_TEST, ACT_RUN);
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), ERR_NOT_AMT);
	play_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_test_tells_version_mode_uuid_and_power),
		cmocka_unit_test(what_a_device_does_not_have_is_left_out),
		cmocka_unit_test(with_tls_it_is_enterprise_mode_and_before_the_setup_none),
		cmocka_unit_test(another_uuid_is_another_device),
		cmocka_unit_test(a_realm_that_differs_inside_is_a_relay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
