#include "codec/snmp.h"

#include "testing.h"

#define BASE "1.3.6.1.4.1.8072.9999.9999.1099"

static const struct snmp_var *vars_of_the_golden_trap(size_t *ret_count)
{
	static char many[200];
	static struct snmp_var vars[5];
	memset(many, 'x', sizeof(many));
	vars[0] = (struct snmp_var){.oid = BASE ".1.1.0", .type = SNMP_OCTETS, .s = BYTES_LIT("warning")};
	vars[1] = (struct snmp_var){.oid = BASE ".1.6.0", .type = SNMP_INTEGER, .i = -129};
	vars[2] = (struct snmp_var){.oid = BASE ".1.7.0", .type = SNMP_INTEGER, .i = 128};
	vars[3] = (struct snmp_var){.oid = "2.39.3.16384", .type = SNMP_OCTETS, .s = BYTES(many, sizeof(many))};
	vars[4] = (struct snmp_var){.oid = "1.3.6.1.6.3.1.1.4.3.0", .type = SNMP_OID, .ref = "1.3.6.1.4.1.4294967295"};
	*ret_count = ARRAY_LEN(vars);
	return vars;
}

static struct snmp_trap golden_trap(void)
{
	struct snmp_trap t = {
		.community = BYTES_LIT("publ1c"),
		.request_id = 0x791a79be,
		.uptime = 4294967295,
		.trap_oid = BASE ".0.202",
	};
	t.vars = vars_of_the_golden_trap(&t.var_count);
	return t;
}

static void a_trap_has_the_bytes_that_net_snmp_writes(void **state)
{
	struct snmp_trap t = golden_trap();
	struct buf golden, out;
	golden_read("snmp/trap.bin", &golden);
	buf_init(&out, 2000);
	assert_int_equal(snmp_trap_encode(&t, &out, NULL), 0);
	assert_int_equal(out.len, golden.len);
	assert_memory_equal(out.p, golden.p, golden.len);
	buf_release(&golden);
	buf_release(&out);
}

static void a_buffer_that_is_too_small_is_said_at_every_byte(void **state)
{
	struct snmp_trap t = golden_trap();
	for (size_t max = 0; max < 402; max++) {
		struct buf out;
		struct err e = ERR_INIT;
		buf_init(&out, max);
		assert_int_equal(snmp_trap_encode(&t, &out, &e), ERR_TOO_BIG);
		buf_release(&out);
	}
}

static void what_is_no_identifier_or_does_not_fit_is_refused(void **state)
{
	static const struct snmp_var bad[] = {
		{.oid = "", .type = SNMP_INTEGER},
		{.oid = "1", .type = SNMP_INTEGER},
		{.oid = "3.1", .type = SNMP_INTEGER},
		{.oid = "1.40", .type = SNMP_INTEGER},
		{.oid = "1.3.", .type = SNMP_INTEGER},
		{.oid = "1.3.x", .type = SNMP_INTEGER},
		{.oid = "1.3.4294967296", .type = SNMP_INTEGER},
		{.oid = "1.3.6", .type = SNMP_INTEGER, .i = INT64_C(2147483648)},
		{.oid = "1.3.6", .type = SNMP_TICKS, .i = -1},
		{.oid = "1.3.6", .type = SNMP_OID, .ref = "x"},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct snmp_trap t = golden_trap();
		struct buf out;
		t.vars = &bad[i];
		t.var_count = 1;
		buf_init(&out, 2000);
		assert_int_equal(snmp_trap_encode(&t, &out, NULL), ERR_INVALID);
		assert_int_equal(out.len, 0);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trap_has_the_bytes_that_net_snmp_writes),
		cmocka_unit_test(a_buffer_that_is_too_small_is_said_at_every_byte),
		cmocka_unit_test(what_is_no_identifier_or_does_not_fit_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
