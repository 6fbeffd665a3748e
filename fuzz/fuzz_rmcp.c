/* RMCP datagrams: a pong that is read is written and read again as the same. */
#include "base/base.h"
#include "codec/rmcp.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmcp_ping ping, ping_again;
	struct rmcp_pong pong, again;
	uint8_t wire[RMCP_PONG_SIZE];
	if (rmcp_ping_parse(BYTES(data, size), &ping, NULL) == 0) {
		rmcp_ping_encode(&ping, wire);
		ASSERT(rmcp_ping_parse(BYTES(wire, RMCP_PING_SIZE), &ping_again, NULL) == 0);
		ASSERT(ping_again.tag == ping.tag && ping_again.sequence == ping.sequence);
	}
	if (rmcp_pong_parse(BYTES(data, size), &pong, NULL) == 0) {
		rmcp_pong_encode(&pong, wire);
		ASSERT(rmcp_pong_parse(BYTES(wire, RMCP_PONG_SIZE), &again, NULL) == 0);
		ASSERT(again.port == pong.port && again.major == pong.major && again.minor == pong.minor);
		ASSERT(again.provisioning == pong.provisioning && again.both_ports == pong.both_ports);
		ASSERT(rmcp_pong_is_amt(&again) == rmcp_pong_is_amt(&pong));
	}
	return 0;
}
