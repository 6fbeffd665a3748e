/* command_priv.h - what the files of the commands share: one request of "amtsim ctl", and how its answer is written. */
#ifndef SIM_COMMAND_PRIV_H
#define SIM_COMMAND_PRIV_H

#include "codec/json.h"
#include "command.h"

struct device;

#define ASK_TEXT_MAX 4096

/* One request and where its answer goes. */
struct ask {
	struct sim *s;
	const struct json_t *args;
	struct buf *out;
	struct json_writer w;
};

const char *ask_text(const struct ask *a, const char *name); /* NULL: not given */
bool ask_flag(const struct ask *a, const char *name);
/* The one that is named. ERR_MISSING, ERR_NOT_FOUND. */
int ask_device(const struct ask *a, struct device **ret, struct err *e);
/* Runs each for the one device that is named, or for all; must_choose: all only with --all. */
int ask_devices(struct ask *a, bool must_choose, int (*each)(struct ask *a, struct device *d, struct err *e),
		struct err *e);
void ask_begin(struct ask *a); /* a line */
void ask_end(struct ask *a);
void ask_put_device(struct ask *a, const struct device *d);
int ask_ok(struct ask *a);

/* Commands of command_setup.c. */
int do_setup(struct ask *a, struct err *e);
int do_hashes(struct ask *a, struct err *e);
int do_agent(struct ask *a, struct err *e);
int do_dhcp(struct ask *a, struct err *e);
int do_dns(struct ask *a, struct err *e);
int do_usb(struct ask *a, struct err *e);
int do_clear(struct ask *a, struct err *e);

#endif
