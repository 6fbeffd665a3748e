/* firmware.h - what a device says of its firmware before any login, and what follows from it. Pure; any thread. */
#ifndef AMT_FIRMWARE_H
#define AMT_FIRMWARE_H

#include "amt/act.h"

/* From an HTTP Server header. False when no product of Intel's management engine is named there; else the version, or
 * "" where the header tells none ("AMT" of some AMT 11). Products: Intel(R) Active Management Technology, Intel(R) Con.
 * Management Engine, Intel(R) Standard Manageability. */
bool firmware_from_server(struct bytes server, char ret_version[ACT_VERSION_SIZE]);

/* "Digest:" and 32 hexadecimal digits, as the realm of every AMT. */
bool firmware_is_realm(const char *realm);

/* Before AMT 3.0: the old SOAP interface only. False when the version is unknown. */
bool firmware_is_too_old(const char *version);

enum quirk {
#define QUIRK(name, first_major, first_minor, last_major, last_minor, what, where) QUIRK_##name,
#include "amt/quirk.tbl.h"
#undef QUIRK
	QUIRK_COUNT
};
bool firmware_has(const char *version, enum quirk q); /* false when the version is unknown */

#endif
