/* boot.h - the one-time boot: into what a computer boots at the change of power that an act orders, and never after it.
 *
 * The choice is written into the controller before the order (steps of the flows with a boot choice), counts for one
 * boot, and is taken back by the flow's undo where the order does not follow. What may have stayed in a device whose
 * conversation broke is taken back by an act with the verb unboot. Pure; any thread. */
#ifndef AMT_BOOT_H
#define AMT_BOOT_H

#include <stdbool.h>

enum boot_choice {
	BOOT_NONE, /* whatever the computer is set up for */
#define BOOT_CHOICE(name, number, capability, source, sentence) BOOT_##name = (number),
#include "amt/boot.tbl.h"
#undef BOOT_CHOICE
};

#define BOOT_WORDS "bios, pxe, disk or cd" /* for people */

const char *boot_name(enum boot_choice b);     /* "pxe"; NULL for none */
const char *boot_sentence(enum boot_choice b); /* "the network (PXE)"; "" for none */
bool boot_from_name(const char *name, enum boot_choice *ret);
/* The choice of a job: member "boot" of its options, a JSON object; BOOT_NONE when it is absent. */
enum boot_choice boot_from_options(const char *options);

#endif
