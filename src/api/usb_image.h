/* usb_image.h - the image of a USB key that a computer takes its first AMT settings from: FAT16, labelled AMT_USB, with
 * setup.bin in its root and nothing else. Made by the programs of mtools, in memory: nothing is written to a disk.
 * Blocks for some milliseconds: for workers. */
#ifndef API_USB_IMAGE_H
#define API_USB_IMAGE_H

#include "base/secret.h"

struct err;

#define USB_IMAGE_LABEL "AMT_USB"

/* ERR_SYSTEM: mtools is not installed, or refused. ERR_TOO_BIG: the file does not fit. */
int usb_image_make(struct bytes file, struct secret *ret, struct err *e);

#endif
