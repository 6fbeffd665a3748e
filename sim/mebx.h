/* mebx.h - the setup menus that a person sees after Ctrl+P (MEBx), as one call: what was typed into them, then Y. */
#ifndef SIM_MEBX_H
#define SIM_MEBX_H

#include "base/buf.h"
#include "device.h"

struct err;
struct sim;

/* NULL and no bytes: left as it is. Names are those of the menus. */
struct mebx {
	struct bytes password;     /* Intel ME Password; factory: "admin" */
	struct bytes new_password; /* Intel ME New Password */
	const char *mode;          /* Provision Mode: "smb" or "none" */
	const char *host_name;     /* Host Name */
	const char *domain;        /* Domain name */
	const char *dhcp;          /* "on" or "off" */
	const char *address, *mask, *gateway, *dns, *dns2;
};

/* AMT's own rule: 8 to 32 characters, upper and lower case, a digit and a special one, none of : , and the quote;
 * an underscore is not special. ERR_PASSWORD_RULE says what is missing. */
int mebx_check_password(struct bytes password, struct err *e);

/* Everything is checked before anything is saved. ERR_WRONG_PASSWORD, ERR_PASSWORD_RULE, ERR_INVALID. */
int mebx_save(struct sim *s, struct device *d, const struct mebx *m, struct err *e);

#endif
