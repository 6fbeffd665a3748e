/* RMCP ping and pong against the bytes of DSP0136 and the Intel AMT guide. */
#include "testing.h"

#include "codec/rmcp.h"

static void a_ping_is_the_twelve_bytes_of_the_standard(void **state)
{
	static const uint8_t wanted[] = {0x06, 0, 0, 0x06, 0, 0, 0x11, 0xbe, 0x80, 0x05, 0, 0};
	uint8_t is[RMCP_PING_SIZE];
	rmcp_ping_encode(&(struct rmcp_ping){.sequence = 0, .tag = 5}, is);
	assert_memory_equal(is, wanted, sizeof(wanted));
	struct rmcp_ping ping;
	assert_int_equal(rmcp_ping_parse(BYTES(wanted, sizeof(wanted)), &ping, NULL), 0);
	assert_int_equal(ping.tag, 5);
	assert_int_equal(ping.sequence, 0);
}

#define HEAD 0x06, 0, 0, 0x06, 0, 0, 0x11, 0xbe, 0x40, 0x05, 0, 0x10

static const struct row {
	uint8_t bytes[RMCP_PONG_SIZE];
	struct rmcp_pong pong;
} rows[] = {
	/* AMT 11.8, set up, both ports */
	{{HEAD, 0, 0, 1, 0x57, 0x42, 0x61, 0xb8, 0x06, 0x01, 0x20, 0, 0, 0, 0, 0, 0},
	 {0, 5, RMCP_IANA_INTEL, 16993, 11, 8, RMCP_PROVISIONING_POST, true, 1, 0x20}},
	/* AMT 16.1: the major does not fit into four bits */
	{{HEAD, 0, 0, 1, 0x57, 0x42, 0x61, 0x00, 0x02, 0x01, 0x20, 16, 1, 0, 0, 0, 0},
	 {0, 5, RMCP_IANA_INTEL, 16993, 16, 1, RMCP_PROVISIONING_POST, false, 1, 0x20}},
	/* AMT 7.1, not set up */
	{{HEAD, 0, 0, 1, 0x57, 0, 0, 0x71, 0, 0x01, 0x20, 0, 0, 0, 0, 0, 0},
	 {0, 5, RMCP_IANA_INTEL, 0, 7, 1, RMCP_PROVISIONING_PRE, false, 1, 0x20}},
	/* AMT 5.0: no version */
	{{HEAD, 0, 0, 1, 0x57, 0x42, 0x60, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0},
	 {0, 5, RMCP_IANA_INTEL, 16992, 0, 0, RMCP_PROVISIONING_PRE, false, 0x21, 0}},
};

static void assert_pong(const struct rmcp_pong *is, const struct rmcp_pong *wanted)
{
	assert_int_equal(is->sequence, wanted->sequence);
	assert_int_equal(is->tag, wanted->tag);
	assert_int_equal(is->enterprise, wanted->enterprise);
	assert_int_equal(is->port, wanted->port);
	assert_int_equal(is->major, wanted->major);
	assert_int_equal(is->minor, wanted->minor);
	assert_int_equal(is->provisioning, wanted->provisioning);
	assert_int_equal(is->both_ports, wanted->both_ports);
	assert_int_equal(is->entities, wanted->entities);
	assert_int_equal(is->interactions, wanted->interactions);
}

static void a_pong_is_read_and_written_for_each_generation(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rmcp_pong pong;
		assert_int_equal(rmcp_pong_parse(BYTES(rows[i].bytes, RMCP_PONG_SIZE), &pong, NULL), 0);
		assert_pong(&pong, &rows[i].pong);
		assert_true(rmcp_pong_is_amt(&pong));
		uint8_t again[RMCP_PONG_SIZE];
		rmcp_pong_encode(&pong, again);
		assert_memory_equal(again, rows[i].bytes, RMCP_PONG_SIZE);
	}
}

/* 20 bytes are enough for all but the bits behind; the second version counts when all 28 are there. */
static void a_pong_may_end_early_but_not_too_early(void **state)
{
	for (size_t len = 0; len <= RMCP_PONG_SIZE; len++) {
		struct bytes in = visible(BYTES(rows[1].bytes, RMCP_PONG_SIZE), len);
		struct rmcp_pong pong;
		int rc = rmcp_pong_parse(in, &pong, NULL);
		assert_int_equal(rc, len < 20 ? ERR_MALFORMED : 0);
		if (rc == 0)
			assert_int_equal(pong.major, len < RMCP_PONG_SIZE ? 0 : 16);
		free((void *)(uintptr_t)in.p);
	}
	for (size_t len = 0; len <= RMCP_PING_SIZE; len++) {
		struct bytes in = visible(BYTES_LIT("\x06\0\0\x06\0\0\x11\xbe\x80\x01\0\0"), len);
		struct rmcp_ping ping;
		assert_int_equal(rmcp_ping_parse(in, &ping, NULL), len < RMCP_PING_SIZE ? ERR_MALFORMED : 0);
		free((void *)(uintptr_t)in.p);
	}
}

static void what_is_something_else_is_told_apart_from_what_is_broken(void **state)
{
	static const struct {
		uint8_t bytes[RMCP_PONG_SIZE];
		size_t len;
		int rc;
	} cases[] = {
		{{0x06, 0, 0, 0x86}, 4, ERR_UNSUPPORTED},                                      /* acknowledgement */
		{{0x06, 0, 0xff, 0x07, 0, 0, 0, 0}, 8, ERR_UNSUPPORTED},                       /* IPMI */
		{{0x06, 0, 0, 0x06, 0, 0, 0x11, 0xbe, 0x80, 1, 0, 0}, 12, ERR_UNSUPPORTED},    /* our own ping */
		{{0x06, 0, 0, 0x06, 0, 0, 0x11, 0xbe, 0x41, 1, 0, 0}, 12, ERR_UNSUPPORTED},    /* capabilities */
		{{0x06, 0, 0, 0x06, 0, 0, 0x01, 0x57, 0x40, 1, 0, 0x10}, 28, ERR_UNSUPPORTED}, /* other enterprise */
		{{0x05, 0, 0, 0x06, 0, 0, 0x11, 0xbe, 0x40, 1, 0, 0x10}, 28, ERR_MALFORMED},
		{{0x06, 0, 0, 0x06, 0, 0, 0x11, 0xbe, 0x40, 1, 0, 7}, 28, ERR_MALFORMED},
		{{0x06, 0, 0}, 3, ERR_MALFORMED},
		{{0}, 0, ERR_MALFORMED},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rmcp_pong pong = {.port = 1};
		struct err e = ERR_INIT;
		assert_int_equal(rmcp_pong_parse(BYTES(cases[i].bytes, cases[i].len), &pong, &e), cases[i].rc);
		assert_int_equal(e.code, cases[i].rc);
		assert_int_equal(pong.port, 1);
	}
}

static void a_management_controller_of_others_is_not_amt(void **state)
{
	static const uint8_t bmc[] = {HEAD, 0, 0, 0x11, 0xbe, 0, 0, 0, 0, 0x81, 0, 0, 0, 0, 0, 0, 0};
	struct rmcp_pong pong;
	assert_int_equal(rmcp_pong_parse(BYTES(bmc, sizeof(bmc)), &pong, NULL), 0);
	assert_false(rmcp_pong_is_amt(&pong));
	assert_int_equal(pong.entities & RMCP_ENTITIES_IPMI, RMCP_ENTITIES_IPMI);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ping_is_the_twelve_bytes_of_the_standard),
		cmocka_unit_test(a_pong_is_read_and_written_for_each_generation),
		cmocka_unit_test(a_pong_may_end_early_but_not_too_early),
		cmocka_unit_test(what_is_something_else_is_told_apart_from_what_is_broken),
		cmocka_unit_test(a_management_controller_of_others_is_not_amt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
