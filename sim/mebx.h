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
	const char *mode;          /* Provision Mode: "smb", "enterprise", or "none" to take it back */
	const char *host_name;     /* Host Name */
	const char *domain;        /* Domain name */
	const char *dhcp;          /* "on" or "off" */
	const char *address, *mask, *gateway, *dns, *dns2;
	const char *server, *port, *server_fqdn; /* Provisioning Server: IP address and port; FQDN */
	const char *remote;                      /* Remote Configuration: "on" or "off" */
	const char *preinstalled;                /* Pre-installed certificates: "on" or "off" */
	const char *suffix;                      /* PKI DNS Suffix; "" for none */
	const char *hash, *hash_name;            /* Manage Certificate Hashes, Insert: hex, also in groups */
	const char *hash_delete, *hash_enable, *hash_disable; /* by name */
	const char *pid, *pps;                                /* TLS PSK, dashes allowed; firmware before 11 */
};

/* AMT's own rule: 8 to 32 characters, upper and lower case, a digit and a special one, none of : , and the quote;
 * an underscore is not special. ERR_PASSWORD_RULE says what is missing. */
int mebx_check_password(struct bytes password, struct err *e);

/* PID or PPS: so many characters of 0-9A-Z; with the setting psk-checksum each group of four ends with its checksum. */
bool mebx_is_psk(const struct sim *s, struct bytes text, size_t len);

/* The factory password must be changed at the first use. Everything is checked before anything is
 * saved. ERR_WRONG_PASSWORD, ERR_PASSWORD_RULE, ERR_INVALID,
 * ERR_IN_USE (set up by a server: to be undone first), ERR_UNSUPPORTED, and what setup_hash_add says. */
int mebx_save(struct sim *s, struct device *d, const struct mebx *m, struct err *e);

#endif
