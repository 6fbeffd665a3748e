/* person.h - what a user source says of somebody: told by a worker, judged by the zone. Plain data; one thread at a
 * time.
 */
#ifndef DIRECTORY_PERSON_H
#define DIRECTORY_PERSON_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define PERSON_GROUPS_MAX 1000
#define PERSON_TEXT_MAX   1024 /* bytes of one text; a longer one makes a person unknown */

enum person_state {
	PERSON_UNKNOWN, /* the source could not be asked, or its answer makes no sense: err says why */
	PERSON_REFUSED, /* nobody is called so there, or the password is not his: err says which */
	PERSON_PROVEN,  /* it is he; where no password was given: he is there */
};

struct person {
	enum person_state state;
	int64_t source; /* that was asked */
	char *subject;  /* what the source knows him by, whatever his name becomes; NULL: nobody was found */
	char *login;    /* as the source writes it; NULL: nobody was found */
	char *name;     /* for people; "" or NULL unknown */
	bool is_exact;  /* groups are the same only when they are written the same, as claims are */
	char **groups;  /* that he is in, as the source names them */
	size_t group_count;
	struct err err;
};

struct person *person_new(int64_t source); /* UNKNOWN */
void person_free(struct person *p);        /* NULL is fine */
/* ERR_TOO_BIG: too many, or too long. One that is there already is not added again. */
int person_add_group(struct person *p, struct bytes name, struct err *e);
/* Sets one of the texts of p. ERR_TOO_BIG, ERR_MALFORMED: not for people's eyes, or empty. */
int person_set(char **to, const char *what, struct bytes text, struct err *e);

/* Whether two names of one group are the same: ASCII letters count without case, and blanks around , = + not at all, as
 * directories compare distinguished names. */
bool person_same_group(const char *a, const char *b);
bool person_is_in(const struct person *p, const char *group);

#endif
