/* The flows that change how AMT is set up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"
#include "look.h"

#define GENERAL                                                                                                        \
	{                                                                                                              \
		WSMAN_GET, "AMT_GeneralSettings", NULL, NULL,                                                          \
			"<g:AMT_GeneralSettings><g:DigestRealm>Digest:F3EB554784E729164447A89F60B641C5"                \
			"</g:DigestRealm><g:HostName>desk-17</g:HostName><g:InstanceID>Intel(r) AMT: General Settings" \
			"</g:InstanceID></g:AMT_GeneralSettings>",                                                     \
			0                                                                                              \
	}
#define DOWN(method, value)                                                                                            \
	{                                                                                                              \
		WSMAN_METHOD, "AMT_SetupAndConfigurationService", method, NULL,                                        \
			"<g:" method "_OUTPUT><g:ReturnValue>" value "</g:ReturnValue></g:" method "_OUTPUT>", 0       \
	}

static struct act_setup setup;

static void begin(struct play *p, enum verb verb)
{
	play_begin(p, verb, ACT_RUN);
	setup = (struct act_setup){0};
	p->order.setup = &setup;
}

static void want_password(void)
{
	setup.next.credential = 77;
	memcpy(setup.next.login, "admin", sizeof("admin"));
}

static void adopting_without_a_new_password_reads_four_times_and_writes_nothing(void **state)
{
	static const struct row rows[] = {GENERAL, SOFTWARE, SETUP("2"), PACKAGE};
	struct play p;
	begin(&p, VERB_ADOPT);
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.requests, 4);
	assert_int_equal(p.out.end, ACT_END_DONE);
	assert_int_equal(p.out.evidence, ACT_EVIDENCE_REPLY);
	assert_true(p.out.learned.has_mode && p.out.learned.mode == 1);
	assert_string_equal(p.out.detail, "AMT 11.8.50, no TLS, host name desk-17");
	play_end(&p);
}

static void what_is_not_set_up_cannot_be_adopted(void **state)
{
	static const struct row rows[] = {GENERAL, SOFTWARE, SETUP("1")};
	struct play p;
	begin(&p, VERB_ADOPT);
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.end, ACT_END_FAILED);
	assert_int_equal(p.out.reason, ERR_NOT_PROVISIONED);
	assert_string_equal(p.out.step, "read how it is set up");
	play_end(&p);
}

/* The digest of the password was computed with Python's hashlib: MD5(admin:realm:N3w!password). */
static void a_new_password_is_two_requests_more_and_needs_leave(void **state)
{
	static const struct row looks[] = {GENERAL, SOFTWARE, SETUP("2"), PACKAGE};
	static const struct row change[] = {{WSMAN_METHOD, "AMT_AuthorizationService", "SetAdminAclEntryEx", NULL,
					     "<g:SetAdminAclEntryEx_OUTPUT><g:ReturnValue>0</g:ReturnValue>"
					     "</g:SetAdminAclEntryEx_OUTPUT>",
					     0}};
	static const struct row proof[] = {SETUP("2")};
	struct secret password = SECRET_INIT;
	struct play p;
	begin(&p, VERB_ADOPT);
	want_password();
	assert_int_equal(play_script(&p, looks, ARRAY_LEN(looks)), 0);
	assert_int_equal(flow_step(&p.ctx)->flags, STEP_FLAG_KEEP | STEP_FLAG_SECRET);
	secret_set(&password, "N3w!password", strlen("N3w!password"));
	p.ctx.password = &password;
	assert_int_equal(play_script(&p, change, 1), 0);
	p.ctx.password = NULL;
	assert_non_null(strstr(buf_cstr(&p.request), "Username>admin<"));
	assert_non_null(strstr(buf_cstr(&p.request), "DigestPassword>w/gBI9e5K2ec/KSJlBsE3g==<"));
	assert_true(p.ctx.take_next && !p.ctx.over);
	assert_int_equal(play_script(&p, proof, 1), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.requests, 6);
	assert_int_equal(p.out.end, ACT_END_DONE);
	secret_release(&password);
	play_end(&p);
}

static void a_device_that_has_the_new_password_is_not_told_again(void **state)
{
	static const struct row rows[] = {GENERAL, SOFTWARE, SETUP("2"), PACKAGE};
	struct play p;
	begin(&p, VERB_ADOPT);
	want_password();
	p.ctx.has_next = true;
	assert_int_equal(play_script(&p, rows, ARRAY_LEN(rows)), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.end, ACT_END_DONE);
	play_end(&p);
}

static void each_answer_to_unprovisioning_is_told_as_what_it_means(void **state)
{
	static const struct {
		bool full;
		struct row row;
		enum act_end end;
		int reason, device_status;
	} rows[] = {
		{false, DOWN("PartialUnprovision", "0"), ACT_END_DONE, 0, 0},
		{true, DOWN("Unprovision", "0"), ACT_END_DONE, 0, 0},
		{true, DOWN("Unprovision", "16"), ACT_END_FAILED, ERR_ACCESS_DENIED, 16},
		{false, DOWN("PartialUnprovision", "2076"), ACT_END_FAILED, ERR_UNPROVISION_BLOCKED, 2076},
		{false, DOWN("PartialUnprovision", "1"), ACT_END_FAILED, ERR_DEVICE_FAULT, 1},
	};
	static const struct row look[] = {SETUP("2")};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p;
		begin(&p, VERB_UNPROVISION);
		setup.full = rows[i].full;
		assert_int_equal(play_script(&p, look, 1), 0);
		assert_int_equal(flow_step(&p.ctx)->flags, STEP_FLAG_KEEP | STEP_FLAG_ENDS);
		assert_int_equal(play_script(&p, &rows[i].row, 1), 0);
		assert_true(p.ctx.over);
		assert_int_equal(p.out.requests, 2);
		assert_int_equal(p.out.end, rows[i].end);
		assert_int_equal(p.out.reason, rows[i].reason);
		assert_int_equal(p.out.device_status, rows[i].device_status);
		assert_int_equal(p.out.learned.has_mode, rows[i].end == ACT_END_DONE);
		assert_int_equal(p.out.learned.mode, 0);
		play_end(&p);
	}
}

static void a_device_that_is_gone_proves_it_only_after_it_was_told(void **state)
{
	static const struct {
		uint8_t at;
		bool told;
		int code;
		bool proven;
	} rows[] = {
		{0, false, ERR_REFUSED_PORT, false},    {0, true, ERR_REFUSED_PORT, true},
		{0, true, ERR_REALM_CHANGED, true},     {0, true, ERR_TLS_PIN, true},
		{0, true, ERR_WRONG_PASSWORD, false},   {0, true, ERR_UNREACHABLE, false},
		{2, false, ERR_REFUSED_PORT, true},     {2, false, ERR_WRONG_PASSWORD, true},
		{2, false, ERR_LOST_CONNECTION, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p;
		begin(&p, VERB_UNPROVISION);
		setup.told = rows[i].told;
		p.ctx.at = rows[i].at;
		assert_int_equal(flow_failed(&p.ctx, rows[i].code), rows[i].proven);
		assert_int_equal(p.ctx.over, rows[i].proven);
		if (rows[i].proven) {
			assert_int_equal(p.out.end, ACT_END_DONE);
			assert_int_equal(p.out.evidence, ACT_EVIDENCE_OBSERVED);
		}
		play_end(&p);
	}
}

static void a_lost_reply_leads_to_a_look(void **state)
{
	static const struct row look[] = {SETUP("2")};
	struct play p;
	begin(&p, VERB_UNPROVISION);
	assert_int_equal(play_script(&p, look, 1), 0);
	flow_lost(&p.ctx);
	assert_int_equal(play_script(&p, look, 1), 0);
	assert_true(p.ctx.over);
	assert_int_equal(p.out.end, ACT_END_FAILED);
	assert_int_equal(p.out.reason, ERR_NO_CHANGE);
	play_end(&p);
}

static void what_is_not_set_up_need_not_be_taken_down(void **state)
{
	static const struct row look[] = {SETUP("0")};
	struct play p;
	begin(&p, VERB_UNPROVISION);
	assert_int_equal(play_script(&p, look, 1), 0);
	assert_int_equal(p.out.end, ACT_END_ALREADY);
	play_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adopting_without_a_new_password_reads_four_times_and_writes_nothing),
		cmocka_unit_test(what_is_not_set_up_cannot_be_adopted),
		cmocka_unit_test(a_new_password_is_two_requests_more_and_needs_leave),
		cmocka_unit_test(a_device_that_has_the_new_password_is_not_told_again),
		cmocka_unit_test(each_answer_to_unprovisioning_is_told_as_what_it_means),
		cmocka_unit_test(a_device_that_is_gone_proves_it_only_after_it_was_told),
		cmocka_unit_test(a_lost_reply_leads_to_a_look),
		cmocka_unit_test(what_is_not_set_up_need_not_be_taken_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
