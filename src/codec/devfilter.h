/* devfilter.h - which devices are meant, as people write it: for dynamic groups, registration rules and lists.
 *
 *   folder:/Workstations/lab/ tag:kiosk,lobby name:desk-* amt:>=11.8 address:10.1.0.0/16 !power:on not-seen:30d
 *
 * Conditions with blanks between them, all of which must hold. A condition is KEY:VALUE, or !KEY:VALUE for the
 * opposite; a comma separates values of which any one is enough. A value with a blank, a comma or a double quote stands
 * between double quotes, and a quote in it is doubled. What is not known of a device fits no value.
 *
 * Pure; a struct devfilter does not change once it is parsed: any thread. */
#ifndef CODEC_DEVFILTER_H
#define CODEC_DEVFILTER_H

#include "codec/range.h"

struct err;
struct devfilter;

enum devfilter_key {
	DEVFILTER_FOLDER,   /* a path with its slashes: in it or below */
	DEVFILTER_TAG,      /* has this tag */
	DEVFILTER_NAME,     /* with * for any characters and ? for one; case does not matter */
	DEVFILTER_AMT,      /* firmware: "11", "11.8" (that and what begins so), ">=11.8", "<12" */
	DEVFILTER_MODE,     /* smb, enterprise, none */
	DEVFILTER_POWER,    /* last seen: on, sleep, off, ... */
	DEVFILTER_ADDRESS,  /* AMT address in this range: "10.1.0.0/16", "10.1.0.1-99", "fe80::1"; never a name */
	DEVFILTER_NOT_SEEN, /* has not answered for this long: "30d" */
	DEVFILTER_SOURCE,   /* of a new device: rmcp, tcp, hello, ... as it was discovered; add: by hand */
	DEVFILTER_KEY_COUNT,
};

#define DEVFILTER_TEXT_MAX   4096
#define DEVFILTER_VALUES_MAX 256 /* in all conditions together */

const char *devfilter_key_name(enum devfilter_key k); /* "not-seen" */

/* Whether a word is one of mode, power or source. */
typedef bool devfilter_known_fn(enum devfilter_key k, const char *word);

/* The filter of text, which the caller frees. ERR_INVALID quotes the part that is wrong; ERR_MISSING: no condition;
 * ERR_TOO_BIG. known may be NULL: then every word is. */
int devfilter_parse(const char *text, devfilter_known_fn *known, struct devfilter **ret, struct err *e);
void devfilter_free(struct devfilter *f); /* NULL is fine */

bool devfilter_uses(const struct devfilter *f, enum devfilter_key k);
/* The one value of k that every device of the filter has, for looking at few; NULL: there is none. Only for folder and
 * tag. */
const char *devfilter_only(const struct devfilter *f, enum devfilter_key k);

/* What is known of a device; NULL, or "", is not known. */
struct devfilter_facts {
	const char *folder, *name;
	const char *tags; /* with commas between */
	const char *amt;  /* "11.8.79" */
	const char *mode, *power;
	const char *source; /* with commas between, as it may have several */
	bool has_address;
	struct range_addr address;
	int64_t unseen_ms; /* since it answered, or else was made; below 0: not known */
};
bool devfilter_match(const struct devfilter *f, const struct devfilter_facts *d);

/* The canonical text; folders below `from` are written as below `to` (both NULL: as they are). Parsing it gives the
 * same filter. ERR_TOO_BIG. */
int devfilter_text(const struct devfilter *f, const char *from, const char *to, struct buf *out);

#endif
