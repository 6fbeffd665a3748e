/* PID and PPS: the input is checked as either, and is the chance from which a pair and a password are made, which must
 * be right. */
#include "base/base.h"
#include "base/err.h"
#include "codec/password.h"
#include "codec/psk.h"
#include "fuzz/fuzz.h"

static struct bytes chance;
static size_t taken;

static void from_input(void *to, size_t len)
{
	for (size_t i = 0; i < len; i++, taken++)
		((uint8_t *)to)[i] = taken < chance.len ? chance.p[taken] : (uint8_t)taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size);
	char pid[PSK_PID_LEN + 1];
	struct secret pps = SECRET_INIT;
	(void)psk_pid_check(in, NULL); /* may be either */
	(void)psk_pps_check(in, NULL);
	chance = in;
	taken = 0;
	psk_make(from_input, pid, &pps);
	ASSERT(psk_pid_check(bytes_str(pid), NULL) == 0);
	ASSERT(psk_pps_check(BYTES(pps.p, pps.len), NULL) == 0);
	password_make(from_input, &pps);
	ASSERT(password_check(BYTES(pps.p, pps.len), NULL) == 0);
	secret_release(&pps);
	return 0;
}
