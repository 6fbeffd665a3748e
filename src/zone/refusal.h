/* refusal.h - who was refused what, in the audit. The first refusal of a kind is written at once; those like it within
 * the same minute (same source, principal, command and reason) become one row with their number at its end, so that a
 * flood costs no more than a few rows a minute. */
#ifndef ZONE_REFUSAL_H
#define ZONE_REFUSAL_H

#include <stdint.h>

struct err;
struct zone;

#define REFUSAL_KINDS_MAX 100 /* different ones in one minute; the others are counted together */

struct refusal {
	const char *source, *by, *action; /* address; principal; name of the command */
	int code;
	const char *why;
	const char *object; /* what it was about, "" nothing */
};

int refusal_note(struct zone *z, const struct refusal *r, struct err *e);
int refusal_flush(struct zone *z, struct err *e); /* what the time brings; z->refuse_at */
void refusal_forget(struct zone *z);

#endif
