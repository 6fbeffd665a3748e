/* filter.h - search filters of LDAP (RFC 4515) made of a template and of what somebody typed. Pure; any thread.
 *
 * A template is a filter in which {login} stands where the login name goes; what is put there is escaped, so that no
 * name can end a value or match more than itself. */
#ifndef DIRECTORY_FILTER_H
#define DIRECTORY_FILTER_H

#include "base/buf.h"

struct err;

#define FILTER_MAX 8192

/* RFC 4515 section 3: as \NN everything but the ASCII characters that mean nothing in a filter. */
void filter_escape(struct buf *out, struct bytes value);

/* Parentheses match, and {login} is there, as a whole value or a part of one. ERR_INVALID. */
int filter_check(const char *template, struct err *e);

/* The template with login in the places of {login}. ERR_TOO_BIG. */
int filter_fill(const char *template, struct bytes login, struct buf *out, struct err *e);

#endif
