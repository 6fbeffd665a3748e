#include "codec/psk.h"

#include "base/base.h"
#include "base/err.h"

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
#define LETTERS (sizeof(alphabet) - 1)
#define GROUP   4 /* of a PPS: three letters and their check */

static char check_of(const uint8_t *p, size_t len)
{
	unsigned sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += p[i];
	return alphabet[sum % LETTERS];
}

/* One byte a letter, those that would favour some letters drawn again. */
static uint8_t letter(void (*random)(void *to, size_t len))
{
	uint8_t b;
	do
		random(&b, 1);
	while (b >= 256 / LETTERS * LETTERS);
	return (uint8_t)alphabet[b % LETTERS];
}

/* Groups of len characters of which the last checks the others. */
static void fill(void (*random)(void *to, size_t len), uint8_t *to, size_t groups, size_t len)
{
	for (size_t g = 0; g < groups; g++, to += len) {
		for (size_t i = 0; i < len - 1; i++)
			to[i] = letter(random);
		to[len - 1] = (uint8_t)check_of(to, len - 1);
	}
}

void psk_make(void (*random)(void *to, size_t len), char pid[PSK_PID_LEN + 1], struct secret *ret_pps)
{
	uint8_t pps[PSK_PPS_LEN];
	uint8_t name[PSK_PID_LEN];
	fill(random, name, 1, PSK_PID_LEN);
	memcpy(pid, name, PSK_PID_LEN);
	pid[PSK_PID_LEN] = '\0';
	fill(random, pps, PSK_PPS_LEN / GROUP, GROUP);
	secret_set(ret_pps, pps, sizeof(pps));
	secret_wipe(pps, sizeof(pps));
}

static int check(struct bytes s, size_t whole, size_t group, const char *what, struct err *e)
{
	if (s.len != whole)
		return err_set(e, ERR_INVALID, "a %s has %zu characters without its dashes, not %zu", what, whole,
			       s.len);
	for (size_t i = 0; i < s.len; i++)
		if (!s.p[i] || !strchr(alphabet, s.p[i]))
			return err_set(e, ERR_INVALID, "a %s is of digits and capital letters", what);
	for (size_t at = 0; at < whole; at += group)
		if (s.p[at + group - 1] != check_of(s.p + at, group - 1))
			return err_set(e, ERR_INVALID, "the check character at place %zu of the %s is wrong",
				       at + group, what);
	return 0;
}

int psk_pid_check(struct bytes pid, struct err *e)
{
	return check(pid, PSK_PID_LEN, PSK_PID_LEN, "PID", e);
}

int psk_pps_check(struct bytes pps, struct err *e)
{
	return check(pps, PSK_PPS_LEN, GROUP, "PPS", e);
}
