/* psk.h - pairs of PID and PPS, by which a device before AMT 11 and its server know each other at setup (TLS-PSK):
 * made, and checked before a person's typing goes on a USB key. 8 and 32 characters of 0-9A-Z; shown and typed with a
 * dash after each four. The last of the PID, and each fourth of the PPS, is the sum of the ASCII codes before it (7 or
 * 3) modulo 36, as a character of the same alphabet. Sources: Intel AMT guide, "Setup and Configuration: PSK"; the
 * check characters as MeshCommander makes them. Pure; any thread. */
#ifndef CODEC_PSK_H
#define CODEC_PSK_H

#include "base/secret.h"

struct err;

#define PSK_PID_LEN 8
#define PSK_PPS_LEN 32

/* random fills memory with chance: rng_secret. NUL behind the PID. */
void psk_make(void (*random)(void *to, size_t len), char pid[PSK_PID_LEN + 1], struct secret *ret_pps);

/* Without dashes. 0, or ERR_INVALID saying what is wrong; quotes nothing. */
int psk_pid_check(struct bytes pid, struct err *e);
int psk_pps_check(struct bytes pps, struct err *e);

#endif
