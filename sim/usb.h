/* usb.h - a computer starts from a USB key with setup.bin on it: BIOS looks for the first record that is not used up,
 * compares the MEBx password in it, hands the rest to the firmware, and marks the record in the file. Source: Intel AMT
 * guide, "USB Key Provisioning File". */
#ifndef SIM_USB_H
#define SIM_USB_H

struct device;
struct err;
struct sim;

/* path: setup.bin itself, or the image of a key with a FAT file system and setup.bin in its root, in one piece.
 * ERR_NOT_FOUND: no such file, or every record is used up; ERR_MALFORMED; ERR_UNSUPPORTED: a later version of the file
 * than the firmware knows; ERR_WRONG_PASSWORD; ERR_IN_USE: it is set up; what mebx_save says. */
int usb_boot(struct sim *s, struct device *d, const char *path, struct err *e);

#endif
